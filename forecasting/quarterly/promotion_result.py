"""What past activations came to: units and margin that they added, beside plan and spend.

The units are the demand model's (demand/promotion_result.py): demand beyond what it would
have been without, less what other SKUs of the class lost, less what was bought ahead. The
margin is what was earned: of what was sold, at the price that was paid, less what would have
been earned without the activation at the regular price, less the margin of what others lost
and of what was bought ahead. So a discount costs its part on what would have been sold anyway.

Return on spend = (margin added - spend) / spend: zero has paid for itself, below zero it cost
more than it brought. Farris, Bendle, Pfeifer and Reibstein, Marketing Metrics, chapter on
marketing return on investment.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from data import versions
from data.store import Store
from data.versions import Version
from forecasting.calendar import fiscal_quarter
from forecasting.consensus.activations import Activation
from forecasting.demand.spillover import AFTER
from forecasting.plan.lift_library import EIGHTY

COLUMNS = (
    "activation", "name", "type", "quarter", "start", "end", "skus", "spend", "base", "lift",
    "taken", "ahead", "added", "added_low", "added_high", "planned_added", "lost", "margin",
    "margin_low", "margin_high", "planned_margin", "return_on_spend", "return_low",
    "return_high", "planned_return", "left_units", "left_value", "remark",
)  # fmt: skip
"""Of an activation's result; units, money, and shares of what was spent."""
OF_SKUS = (
    "activation", "sku", "class", "base", "lift", "taken", "ahead", "added", "planned_added",
    "lost", "margin", "planned_margin", "left_units", "left_value",
)  # fmt: skip
"""Of the result of one SKU in an activation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """Results of every activation that is over."""

    activations: pd.DataFrame
    """One row each, latest first: COLUMNS."""
    skus: pd.DataFrame
    """One row per activation and SKU: OF_SKUS."""


def drawn_up(
    store: Store, activations: Iterable[Activation], *, run: int, as_of: dt.date | None
) -> Results:
    """Results of the activations that are over, as a run measured them.

    Parameters
    ----------
    store : Store
        With the sums of data/scores.py up to date: prices paid and stock left are theirs.
    activations : iterable of Activation
        The calendar.
    run : int
        The run in force; 0 before the first.
    as_of : date, optional
        First day of the last week that it knows.
    """
    ended = over(activations, as_of) if as_of else {}
    rows = store.query("promotion_results", run=run)
    plans = planned(store, versions.published(store), ended.values())
    skus = of_skus(rows, plans, ended)
    return Results(
        activations=of_activations(skus, ended, as_of=as_of or dt.date.min),
        skus=skus[list(OF_SKUS)],
    )


def over(activations: Iterable[Activation], as_of: dt.date) -> dict[str, Activation]:
    """Activations that are over by the end of the week that begins on `as_of`."""
    last = as_of + dt.timedelta(6)
    return {a.activation: a for a in activations if a.is_live and a.end <= last}


def planned(
    store: Store, published: Sequence[Version], activations: Iterable[Activation]
) -> pd.DataFrame:
    """What the last consensus published before each activation began expected of it.

    Returns
    -------
    DataFrame, one row per activation and SKU that was in such a version
        activation, sku, planned_lift (units).
    """
    asked = {
        a.activation: before[-1].version
        for a in activations
        if (before := [v for v in published if v.first_week <= a.start and _is_before(v, a)])
    }
    return store.query("planned_lifts", activations=list(asked), versions=list(asked.values()))


def _is_before(version: Version, activation: Activation) -> bool:
    """Whether it was published before the activation's first day."""
    return version.made_at.date() < activation.start


def of_skus(
    rows: pd.DataFrame, plans: pd.DataFrame, activations: Mapping[str, Activation]
) -> pd.DataFrame:
    """Results in units and money, SKU by SKU.

    Parameters
    ----------
    rows : DataFrame, one row per activation and SKU
        Of queries/promotion_results.sql.
    plans : DataFrame
        Of `planned`.
    activations : mapping
        Those that are over, by identity; rows of others are left out.

    Returns
    -------
    DataFrame, one row per activation and SKU
        OF_SKUS, and variance, common (units) and worth (margin of a unit at regular price).
    """
    mine = rows[rows["activation"].isin(list(activations))]
    found = mine.merge(plans, on=["activation", "sku"], how="left")
    stated = [
        1 - activations[a].discount_of(s)
        for a, s in zip(found["activation"], found["sku"], strict=True)
    ]
    regular, cost = (found[n].astype(float) for n in ("regular_price", "unit_cost"))
    paid = found["paid"].astype(float).fillna(regular * stated)
    worth, earned = regular - cost, paid - cost
    of_class = found["class_margin"].astype(float).fillna(worth)
    base, lift = found["base"], found["lift"]
    sold = base + lift - found["lost"]
    aside = found["taken"] * of_class + found["ahead"] * worth
    # What a unit of lift takes from others and from later weeks: the same for the plan.
    up = lift.where(lift > 0)
    expected = found["planned_lift"].astype(float)
    rate = ((found["taken"] + found["ahead"]) / up).fillna(0.0)
    return found.assign(
        added=lift - found["taken"] - found["ahead"],
        planned_added=expected * (1 - rate),
        margin=sold * earned - base * worth - aside,
        planned_margin=expected * earned
        - base * (regular - paid)
        - expected * (aside / up).fillna(0.0),
        left_units=found["left_units"].astype(float),
        left_value=found["left_units"].astype(float) * cost,
        worth=worth,
    )


def of_activations(
    skus: pd.DataFrame, activations: Mapping[str, Activation], *, as_of: dt.date
) -> pd.DataFrame:
    """Results of whole activations, latest first: COLUMNS.

    Parameters
    ----------
    skus : DataFrame
        Of `of_skus`.
    activations : mapping
        By identity.
    as_of : date
        First day of the last week that is known.
    """
    groups = skus.groupby("activation", sort=False)
    found = groups[["base", "lift", "taken", "ahead", "added", "lost"]].sum()
    found = found.join(groups["sku"].nunique().rename("skus"))
    told = groups[["planned_added", "planned_margin", "left_units", "left_value"]]
    found = found.join(told.sum(min_count=1))
    # One SKU without a cost would pass for one that earned nothing.
    unknown = skus["margin"].isna().groupby(skus["activation"]).any()
    found["margin"] = groups["margin"].sum().mask(unknown.reindex(found.index))
    units_sd, margin_sd = _deviations(skus)
    facts = [activations[str(name)] for name in found.index]
    spend = pd.Series([a.spend or np.nan for a in facts], index=found.index, dtype=float)
    off = EIGHTY * units_sd.reindex(found.index), EIGHTY * margin_sd.reindex(found.index)
    found = found.assign(
        name=[a.name for a in facts],
        type=[a.type for a in facts],
        start=[a.start for a in facts],
        end=[a.end for a in facts],
        quarter=[fiscal_quarter(a.start) for a in facts],
        spend=spend,
        added_low=found["added"] - off[0],
        added_high=found["added"] + off[0],
        margin_low=found["margin"] - off[1],
        margin_high=found["margin"] + off[1],
    )
    for name, margin in (
        ("return_on_spend", "margin"), ("return_low", "margin_low"),
        ("return_high", "margin_high"), ("planned_return", "planned_margin"),
    ):  # fmt: skip
        found[name] = (found[margin] - spend) / spend
    found["remark"] = [
        _remark(a, earned=earned, plan=plan, as_of=as_of)
        for a, earned, plan in zip(facts, found["margin"], found["planned_added"], strict=True)
    ]
    found = found.reset_index(names="activation")
    found = found.sort_values(["start", "activation"], ascending=[False, True])
    return found.reset_index(drop=True)[list(COLUMNS)]


def by_type(found: pd.DataFrame) -> pd.DataFrame:
    """Results summed to types of activation, best return first.

    Returns
    -------
    DataFrame, one row per type
        type, activations, spend, added (units), margin, return_on_spend (of those with spend
        and cost), of_plan (units added over units planned, of those that were planned).
    """
    rows = []
    for kind, mine in found.groupby("type"):
        both = mine[mine["planned_added"] > 0]
        rows.append(
            {
                "type": kind,
                "activations": len(mine),
                "spend": mine["spend"].sum(min_count=1),
                "added": mine["added"].sum(),
                "margin": mine["margin"].sum(min_count=1),
                "return_on_spend": together(mine),
                "of_plan": both["added"].sum() / both["planned_added"].sum()
                if len(both)
                else np.nan,
            }
        )
    names = [
        "type", "activations", "spend", "added", "margin", "return_on_spend", "of_plan",
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=names)
    return table.sort_values("return_on_spend", ascending=False, ignore_index=True)


def by_quarter(found: pd.DataFrame) -> dict[str, float]:
    """Return on spend of the activations that began in each quarter; without spend, none."""
    each = {str(quarter): together(mine) for quarter, mine in found.groupby("quarter")}
    return {quarter: value for quarter, value in each.items() if not np.isnan(value)}


def together(found: pd.DataFrame) -> float:
    """Return on spend of several together; NaN where none has spend and margin."""
    told = found.dropna(subset=["spend", "margin"])
    spend = float(told["spend"].sum())
    return float((told["margin"].sum() - spend) / spend) if spend > 0 else float("nan")


def _deviations(skus: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Standard deviation of what each activation added: in units, and of its margin.

    What SKUs share within a class adds up before it is squared. A unit more or less of what
    would have been sold is a unit at its regular margin.
    """
    found = []
    for worth in (1.0, skus["worth"].abs()):
        parts = skus.assign(own=skus["variance"] * worth**2, shared=skus["common"] * worth)
        parts["class"] = parts["class"].fillna("")
        classes = parts.groupby(["activation", "class"])[["own", "shared"]].sum()
        variance = classes["own"] + classes["shared"] ** 2
        found.append(variance.groupby("activation").sum() ** 0.5)
    return found[0], found[1]


def _remark(activation: Activation, *, earned: float, plan: float, as_of: dt.date) -> str:
    """What is missing for the whole result, in words."""
    missing = []
    if not activation.spend:
        missing.append("no spend given")
    if np.isnan(earned):
        missing.append("unit cost or price missing")
    if np.isnan(plan):
        missing.append("in no published plan")
    weeks = (as_of + dt.timedelta(6) - activation.end).days // 7
    if weeks < len(AFTER):
        missing.append(f"{len(AFTER) - weeks} of {len(AFTER)} weeks after it are still to come")
    return "; ".join(missing)
