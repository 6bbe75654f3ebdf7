"""What the monthly meeting looks at, in the order in which it does.

Everything here is read from the live plan and from published versions; nothing is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from forecasting.calendar import as_date
from forecasting.consensus import value_added, walk
from forecasting.consensus.value_added import Added
from forecasting.hierarchy import THOUSANDTHS, Bools, Floats
from forecasting.monthly.minutes import Assumption
from forecasting.plan import views
from forecasting.plan.dated import COST
from forecasting.plan.lift_library import EIGHTY
from forecasting.plan.live import LivePlan
from forecasting.vocabulary import INPUTS

WEEKS = 13
"""Weeks that the meeting speaks about."""
MOST = 15
"""Exceptions of one meeting; the rest is counted."""
SMALLEST = 0.02
"""Disagreement below which nobody has to talk."""
LEAST_LAG = 4
"""Weeks ahead at which the process is scored: when orders can still be moved."""
_USUAL_MISS, _AS_IF = 0.10, 4.0
"""Spread of a department's total around its consensus before it was measured, and the
number of measured cycles that this counts for."""
_SMALLEST_CHANGE = 0.0005
"""Half of a thousandth of a unit, which is what plans count in: less is rounding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    """How the process did, on the weeks known by now."""

    steps: list[Added]
    functions: list[Added]
    by_department: dict[str, list[Added]]
    """Functions' value added in each department."""
    cycles: int


def performance(scored: pd.DataFrame) -> Performance | None:
    """The staircase and each function's value added; None where nothing was scored.

    Parameters
    ----------
    scored : DataFrame
        Cycles.scored.
    """
    cells = scored[scored["lag"] <= 3 * WEEKS] if len(scored) else scored
    if cells.empty:
        return None
    return Performance(
        steps=value_added.staircase(cells),
        functions=value_added.of_functions(cells),
        by_department={
            str(d): value_added.of_functions(rows) for d, rows in cells.groupby("department")
        },
        cycles=int(cells["cycle"].nunique()),
    )


def causes(
    steps: pd.DataFrame, names: Mapping[str, str], reasons: Mapping[str, str], *, most: int = 10
) -> pd.DataFrame:
    """Why a number moved, in words, the largest first and the small ones together.

    Parameters
    ----------
    steps : DataFrame
        Of consensus.walk.
    names : mapping
        Activation to its name.
    reasons : mapping
        Code of a reason to what it is called.

    Returns
    -------
    DataFrame, one row per cause
        cause, before, after, change: units; the changes add up as in `steps`.
    """
    words = []
    for kind, name, reason in zip(steps["kind"], steps["name"], steps["reason"], strict=True):
        match kind:
            case walk.BASELINE:
                words.append("Baseline")
            case walk.LIFT:
                words.append(f"Lift: {names.get(name, name)}")
            case walk.SPILLOVER:
                words.append(views.SPILLOVER.get(name, "Spillover"))
            case walk.VOICE:
                why = reasons.get(reason, reason) if reason else "no reason given"
                words.append(f"{name.capitalize()}: {why}")
            case walk.FLOOR:
                words.append("Kept from being negative")
            case _:
                words.append("Agreed in the meeting")
    columns = ["before", "after", "change"]
    rows = steps.assign(cause=words).groupby("cause", as_index=False)[columns].sum()
    rows = rows[rows["change"].abs() >= _SMALLEST_CHANGE]
    rows = rows.reindex(rows["change"].abs().sort_values(ascending=False).index)
    if len(rows) > most + 1:
        rest = rows.iloc[most:]
        other = {"cause": f"{len(rest)} smaller causes", **rest[columns].sum()}
        rows = pd.concat([rows.iloc[:most], pd.DataFrame([other])])
    return rows.reset_index(drop=True)


def exceptions(
    plan: LivePlan, expired: Sequence[Assumption] = (), *, weeks: int = WEEKS
) -> pd.DataFrame:
    """SKUs that functions disagree on, by money x disagreement x uncertainty.

    SKUs whose number rests on an assumption that expired come first, whether or not anybody
    disagrees.

    Parameters
    ----------
    plan : LivePlan
    expired : sequence of Assumption
    weeks : int
        Weeks looked at, after the frozen ones.

    Returns
    -------
    DataFrame, one row per SKU
        sku, description, department, class, statistical, marketing, merchandising,
        planning, proposed, draft (units over the weeks), apart (spread of what was entered, as
        a share of statistical), money (of the draft, at regular price), doubt (standard
        deviation over mean), score, agreed (share of its cells), assumed (what expired,
        '' nothing).
    """
    ahead = slice(plan.fence, plan.fence + weeks)
    layers = {
        name: plan.totals[name][:, ahead].sum(axis=1) / THOUSANDTHS
        for name in ("statistical", *map(str, INPUTS), "proposed", "draft")
    }
    apart, spoke = _apart(layers)
    assumed = {
        plan.sku_index[a.scope.product]: a.statement
        for a in expired
        if a.scope and a.scope.product_level == "sku" and a.scope.product in plan.sku_index
    }
    disputed = np.flatnonzero(spoke & (apart > SMALLEST)).tolist()
    chosen = [*assumed, *(s for s in disputed if s not in assumed)]
    price = np.nan_to_num(plan.base.usual_by_week[:, ahead])
    worth = (plan.totals["draft"][:, ahead] / THOUSANDTHS * price).sum(axis=1)
    names = ("sku", "description", "department", "class")
    called = {name: plan.base.skus[name].tolist() for name in names}
    rows = []
    for sku in chosen:
        money = float(worth[sku])
        doubt = _doubt(plan, sku, ahead)
        rows.append(
            {
                **{name: every[sku] for name, every in called.items()},
                **{name: float(values[sku]) for name, values in layers.items()},
                "apart": float(apart[sku]),
                "money": money,
                "doubt": doubt,
                "score": max(money, 1.0) * float(apart[sku]) * doubt,
                "assumed": assumed.get(sku, ""),
                "agreed": _agreed(plan, sku, ahead),
            }
        )
    return _ranked(rows)


def _ranked(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Exceptions as they are spoken of: what expired first, then by score."""
    columns = [
        "sku", "description", "department", "class", "statistical", *map(str, INPUTS),
        "proposed", "draft", "apart", "money", "doubt", "score", "agreed", "assumed",
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=columns)
    frame["rests"] = frame["assumed"] != ""
    ranked = frame.sort_values(
        ["rests", "score", "sku"], ascending=[False, False, True], ignore_index=True
    )
    return ranked.drop(columns="rests")


def _apart(layers: Mapping[str, Floats]) -> tuple[Floats, Bools]:
    """Spread of the numbers of each SKU, as a share of statistical; and who has any, (S,)."""
    numbers = np.stack([layers[str(f)] for f in INPUTS])
    spoke: Bools = np.any(np.abs(numbers - layers["statistical"]) > 0.5, axis=0)
    every = np.concatenate([numbers, layers["statistical"][None]])
    spread = every.max(axis=0) - every.min(axis=0)
    return spread / np.maximum(layers["statistical"], 1.0), spoke


def _agreed(plan: LivePlan, sku: int, ahead: slice) -> float:
    """Share of a SKU's active cells over some weeks that are agreed."""
    computed = plan.sku(sku)
    active = computed.active[:, ahead]
    if computed.agreed is None or not active.any():
        return 0.0
    return float(computed.agreed[:, ahead][active].mean())


def _doubt(plan: LivePlan, sku: int, ahead: slice) -> float:
    """Standard deviation over mean of a SKU's demand over some weeks and all doors.

    Doors and weeks scatter on their own; the error of a lift is shared by all of them.
    """
    computed = plan.sku(sku)
    mean = computed.draft[:, ahead] / THOUSANDTHS
    lift = sum((u[:, ahead].sum(axis=0) for _, u in computed.lifts), np.zeros(mean.shape[1]))
    shared = float((lift / THOUSANDTHS * computed.lift_sd[ahead]).sum())
    variance = float((mean + plan.base.alpha[0] * mean**2).sum()) + shared**2
    return float(np.sqrt(variance) / max(float(mean.sum()), 1.0))


def outlook(plan: LivePlan, scored: pd.DataFrame, *, weeks: int = WEEKS) -> pd.DataFrame:
    """Risks and opportunities: how far each department's total may come out from the draft.

    The spread is that of past consensus totals against actuals, drawn to ten per cent
    as if four cycles had shown so.

    Returns
    -------
    DataFrame, one row per department
        department, draft, low (P10), high (P90): units; price-weighted low_money, high_money
        (difference to the draft); cycles behind the spread.
    """
    ahead = slice(plan.fence, plan.fence + weeks)
    price = np.nan_to_num(plan.base.usual_by_week[:, ahead])
    rows = []
    for department in plan.products.names("department"):
        members = plan.products.members("department", department)
        units = plan.totals["draft"][members, ahead] / THOUSANDTHS
        sd, cycles = _spread(scored, department)
        total, money = float(units.sum()), float((units * price[members]).sum())
        rows.append(
            {
                "department": department,
                "draft": total,
                "low": total * np.exp(-EIGHTY * sd),
                "high": total * np.exp(EIGHTY * sd),
                "low_money": money * (np.exp(-EIGHTY * sd) - 1),
                "high_money": money * (np.exp(EIGHTY * sd) - 1),
                "cycles": cycles,
            }
        )
    return pd.DataFrame(rows)


def _spread(scored: pd.DataFrame, department: str) -> tuple[float, int]:
    """Log spread of past totals of a department around their consensus; cycles behind it."""
    if scored.empty:
        return _USUAL_MISS, 0
    mine = scored[scored["department"] == department]
    sums = mine.groupby("cycle")[["actual", "consensus"]].sum()
    sums = sums[(sums > 0).all(axis=1)]
    logs = np.log(
        sums["actual"].to_numpy(dtype=float) / sums["consensus"].to_numpy(dtype=float)
    )
    variance = (float(np.sum(logs**2)) + _AS_IF * _USUAL_MISS**2) / (len(logs) + _AS_IF)
    return float(np.sqrt(variance)), len(logs)


def launches_and_exits(plan: LivePlan, *, weeks: int = WEEKS) -> pd.DataFrame:
    """SKUs that are new, come or go within the weeks that the meeting speaks about.

    Returns
    -------
    DataFrame, one row per SKU
        sku, description, class, what (launch or exit), day, draft (units over the weeks).
    """
    skus = plan.base.skus
    first = pd.Timestamp(plan.base.weeks[0]) - pd.Timedelta(8 * 7, "D")
    last = pd.Timestamp(plan.base.weeks[0]) + pd.Timedelta(weeks * 7, "D")
    rows = []
    for what, column in (("launch", "launch_date"), ("exit", "exit_date")):
        days = pd.to_datetime(skus[column])
        begins = first if what == "launch" else pd.Timestamp(plan.base.weeks[0])
        inside = np.asarray((days >= begins) & (days <= last))
        for sku in np.flatnonzero(inside).tolist():
            draft = plan.totals["draft"][sku, :weeks].sum() / THOUSANDTHS
            rows.append(
                (skus["sku"].iloc[sku], skus["description"].iloc[sku], skus["class"].iloc[sku],
                 what, days.iloc[sku].date(), float(draft))
            )  # fmt: skip
    frame = pd.DataFrame(rows, columns=["sku", "description", "class", "what", "day", "draft"])
    return frame.sort_values(["day", "sku"], ignore_index=True)


def buy_impact(plan: LivePlan, before: pd.DataFrame, *, weeks: int = WEEKS) -> pd.DataFrame:
    """What the draft adds to what the last version would have bought, SKU by SKU.

    Parameters
    ----------
    before : DataFrame
        Layers of the last version: sku, week, consensus.

    Returns
    -------
    DataFrame, one row per SKU of that version, largest cost first
        sku, description, before, now, change: units over the weeks; cost: of the change.
    """
    ahead = slice(plan.fence, plan.fence + weeks)
    dates = {as_date(w) for w in plan.base.weeks[ahead]}
    then = before[pd.to_datetime(before["week"]).dt.date.isin(dates)]
    old = then.groupby("sku")["consensus"].sum()
    new = pd.Series(
        plan.totals["draft"][:, ahead].sum(axis=1) / THOUSANDTHS, index=plan.sku_names
    )
    facts = plan.base.skus.set_index("sku")
    rows = pd.DataFrame({"before": old, "now": new.reindex(old.index).fillna(0.0)})
    rows["change"] = rows["now"] - rows["before"]
    rows["cost"] = rows["change"] * facts["unit_cost"].reindex(rows.index).fillna(0.0)
    for sku in plan.base.terms_ahead.get(COST, {}):  # each week at its own cost
        name = plan.sku_names[sku]
        if name in rows.index:
            cost = np.nan_to_num(plan.base.cost_of(sku))
            had = then[then["sku"] == name]
            at_cost = [
                plan.base.cost_in(sku, day) for day in pd.to_datetime(had["week"]).dt.date
            ]
            now = plan.totals["draft"][sku, ahead] / THOUSANDTHS @ cost[ahead]
            rows.loc[name, "cost"] = now - had["consensus"].to_numpy() @ np.nan_to_num(at_cost)
    rows.insert(0, "description", facts["description"].reindex(rows.index))
    rows = rows.reindex(rows["cost"].abs().sort_values(ascending=False).index)
    return rows.rename_axis("sku").reset_index()
