"""What pages, exports and the command line show of the live plan, as frames.

Reading only: every number here is taken from the plan, none is made.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from forecasting import vocabulary, write
from forecasting.calendar import as_date
from forecasting.consensus.activations import Activation
from forecasting.hierarchy import THOUSANDTHS, Floats, Ints, aggregate
from forecasting.inventory.bridge import (
    RED,
    STATUSES,
    ItemRisk,
    activation_status,
    group_status,
    is_short,
    money,
)
from forecasting.inventory.projection import weeks_left, weeks_of_supply
from forecasting.plan.by_sku import BySku
from forecasting.plan.inbound import ROUTINE, SUPPLIES
from forecasting.plan.lift_library import EIGHTY
from forecasting.plan.live import LivePlan
from forecasting.plan.statistical import BOUGHT_AHEAD, OTHERS
from forecasting.vocabulary import WORST_FIRST, Measure, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One activation as the Bridge shows it."""

    activation: Activation
    status: Status
    units_short: float
    revenue_at_risk: float
    """NaN where no price is known."""
    margin_at_risk: float
    """NaN where no unit cost is known."""
    demand: float
    """Units expected in the activation, all featured SKUs and doors."""
    lift_units: float
    """Of which it adds."""
    n_skus: int
    n_doors: int
    n_cells: int
    """Featured SKUs times doors."""
    red_cells: int
    red_skus: int
    """SKUs that are Short, whatever the activation is."""
    first_short: pd.Timestamp | None
    """First week in which a red SKU and door is likely to run out."""
    weeks_to_start: int
    """Weeks from the first planned week to its start; below 1: it has begun."""

    @property
    def text(self) -> str:
        """What is short of it, in words: the same whatever its colour."""
        if not self.n_skus:
            return "Not known"
        at_risk = (
            f"{vocabulary.money(self.margin_at_risk)} at risk"
            if self.margin_at_risk == self.margin_at_risk
            else f"{write.number(self.units_short)} u"
        )
        skus = f"{self.red_skus} of {self.n_skus} SKU{'' if self.n_skus == 1 else 's'}"
        return f"Short: {skus}, {at_risk}"


def item_risks(
    plan: LivePlan, *, supply: str = ROUTINE, skus: Collection[str] | None = None
) -> list[ItemRisk]:
    """Every verdict on every featured SKU, or on some of them, counting a supply."""
    featured = [
        sku
        for sku, items in plan.items.items()
        if items and (skus is None or plan.sku_names[sku] in skus)
    ]
    found = plan.items if supply == ROUTINE else _COUNTING[supply].of(plan, featured)
    return [item for sku in featured for item in found[sku]]


def _counting(
    supply: str, plan: LivePlan, skus: Iterable[int]
) -> Iterator[tuple[int, tuple[ItemRisk, ...]]]:
    """Verdicts on SKUs, counting a supply: none of those that no activation features."""
    for sku in skus:
        yield sku, plan.sku_with(sku, supply=supply).items if plan.items.get(sku) else ()


_COUNTING = {
    supply: BySku(partial(_counting, supply)) for supply in SUPPLIES if supply != ROUTINE
}


def verdicts(plan: LivePlan, *, weeks: int = 8, supply: str = ROUTINE) -> list[Verdict]:
    """Activations that start or run in the next weeks, most margin at risk first.

    Parameters
    ----------
    plan : LivePlan
    weeks : int
        How far ahead to look.
    supply : str
        firm, planned or routine.
    """
    ahead = [a for a in plan.activations() if a.is_live and _is_within(plan, a, weeks)]
    skus = {featured.sku for activation in ahead for featured in activation.items}
    by_activation: dict[str, list[ItemRisk]] = {}
    for item in item_risks(plan, supply=supply, skus=skus):
        by_activation.setdefault(item.activation, []).append(item)
    found = [verdict_of(plan, a, by_activation.get(a.activation, [])) for a in ahead]
    return sorted(
        found,
        key=lambda v: (
            WORST_FIRST.index(v.status),
            -np.nan_to_num(v.margin_at_risk) - 1e-6 * v.units_short,
            v.activation.start,
        ),
    )


def _is_within(plan: LivePlan, activation: Activation, weeks: int) -> bool:
    """Whether an activation starts or runs in the next weeks."""
    first, last = plan.scope_weeks(activation)
    return last >= 0 and first < weeks


def verdict_of(plan: LivePlan, activation: Activation, items: Sequence[ItemRisk]) -> Verdict:
    """One activation, given the verdicts on what it features."""
    start = (np.datetime64(activation.start, "D") - plan.base.weeks[0]).astype(int) // 7
    if not items:
        return Verdict(
            activation=activation, status=Status.GREY, units_short=0.0,
            revenue_at_risk=np.nan, margin_at_risk=np.nan, demand=0.0, lift_units=0.0,
            n_skus=0, n_doors=0, n_cells=0, red_cells=0, red_skus=0,
            first_short=None, weeks_to_start=int(start),
        )  # fmt: skip
    status = np.concatenate([i.status for i in items])
    short = np.concatenate([i.short for i in items])
    weekly = np.concatenate([i.units_short.ravel() for i in items])
    price = np.concatenate([i.price.ravel() for i in items])
    margin = np.concatenate([i.unit_margin.ravel() for i in items])
    weeks = np.concatenate([i.first_short[i.status == RED] for i in items])
    soon = weeks[weeks >= 0]
    demand = np.concatenate([i.window_demand for i in items])
    red_skus = sum(is_short(i, plan.limits) for i in items)
    at_risk = money(weekly, margin)
    lift = money(np.concatenate([i.lift_units.ravel() for i in items]), margin)
    return Verdict(
        activation=activation,
        status=activation_status(
            group_status(status, demand, plan.limits),
            red_skus=red_skus,
            at_risk=at_risk,
            lift=lift,
            limits=plan.limits,
        ),
        units_short=float(short.sum()),
        revenue_at_risk=money(weekly, price),
        margin_at_risk=at_risk,
        demand=float(demand.sum()),
        lift_units=float(sum(i.window_lift.sum() for i in items)),
        n_skus=len({i.sku for i in items}),
        n_doors=len(np.unique(np.concatenate([i.doors for i in items]))),
        n_cells=len(status),
        red_cells=int((status == RED).sum()),
        red_skus=red_skus,
        first_short=pd.Timestamp(plan.base.weeks[soon.min()]) if len(soon) else None,
        weeks_to_start=int(start),
    )


def flag_rows(plan: LivePlan, *, weeks: int) -> pd.DataFrame:
    """What the Bridge says now of the activations of the next weeks, SKU by SKU.

    Returns
    -------
    DataFrame, one row per activation ahead and featured SKU
        as_of, activation, sku, status, units_short, margin_at_risk (NaN unknown).
    """
    rows = [
        (
            plan.base.as_of, item.activation, plan.sku_names[item.sku],
            group_status(item.status, item.window_demand, plan.limits).value,
            float(item.short.sum()), item.margin_at_risk,
        )
        for item in item_risks(plan)
        if item.first < weeks
    ]  # fmt: skip
    names = ["as_of", "activation", "sku", "status", "units_short", "margin_at_risk"]
    return pd.DataFrame(rows, columns=names).astype({"margin_at_risk": float})


def skus_of(plan: LivePlan, identity: str, *, supply: str = ROUTINE) -> pd.DataFrame:
    """Featured SKUs of one activation, most units short first.

    Returns
    -------
    DataFrame, one row per SKU
        sku, description, status, demand, lift_units, lift, lift_low, lift_high (times
        baseline; low to high is the 80% interval), on_hand, units_short, revenue_at_risk,
        margin_at_risk, p_window (worst door), red_doors, doors, first_short (date or NaT).
    """
    rows = []
    mine = {i.sku for a in plan.activations() if a.activation == identity for i in a.items}
    for item in item_risks(plan, supply=supply, skus=mine):
        if item.activation != identity:
            continue
        named = plan.base.skus.iloc[item.sku]
        soon = item.first_short[item.first_short >= 0]
        opening = plan.base.opening[item.sku, item.doors]
        demand, added = item.window_demand.sum(), item.window_lift.sum()
        lift = demand / (demand - added) if demand - added > 0 else np.nan
        spread = EIGHTY * plan.sku(item.sku).lift_sd[item.window].max()
        rows.append(
            {
                "sku": named["sku"],
                "description": named["description"],
                "status": group_status(item.status, item.window_demand, plan.limits).value,
                "demand": demand,
                "lift_units": added,
                "lift": lift,
                "lift_low": lift * np.exp(-spread),
                "lift_high": lift * np.exp(spread),
                "on_hand": np.nansum(opening) if not np.isnan(opening).all() else np.nan,
                "units_short": item.short.sum(),
                "revenue_at_risk": money(item.units_short, item.price),
                "margin_at_risk": item.margin_at_risk,
                "p_window": item.p_window.max(),
                "red_doors": int((item.status == RED).sum()),
                "doors": len(item.doors),
                "first_short": plan.base.weeks[soon.min()] if len(soon) else pd.NaT,
            }
        )
    columns = [
        "sku", "description", "status", "demand", "lift_units", "lift", "lift_low",
        "lift_high", "on_hand", "units_short", "revenue_at_risk", "margin_at_risk",
        "p_window", "red_doors", "doors", "first_short",
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=columns)
    return frame.sort_values("units_short", ascending=False, ignore_index=True)


def risks_of(plan: LivePlan, skus: Iterable[int]) -> pd.DataFrame:
    """Verdicts on some SKUs in every activation that features them, worst first.

    Returns
    -------
    DataFrame, one row per activation and SKU
        name (of the activation), sku, status, p_window (worst door), units_short.
    """
    rows = []
    for sku in skus:
        for item in plan.items.get(int(sku), ()):
            status = group_status(item.status, item.window_demand, plan.limits)
            rows.append(
                (plan.activation(item.activation).name, plan.sku_names[int(sku)], status.value,
                 float(item.p_window.max()), float(item.short.sum()), WORST_FIRST.index(status))
            )  # fmt: skip
    names = ["name", "sku", "status", "p_window", "units_short", "rank"]
    found = pd.DataFrame(rows, columns=names).sort_values(
        ["rank", "units_short"], ascending=[True, False], ignore_index=True
    )
    return found.drop(columns="rank")


def short_ones(plan: LivePlan, skus: Iterable[int]) -> int:
    """How many verdicts on some SKUs are red: featured SKUs of activations."""
    return sum(
        is_short(item, plan.limits) for sku in skus for item in plan.items.get(int(sku), ())
    )


def bridge_rows(plan: LivePlan, *, weeks: int = 8, supply: str = ROUTINE) -> pd.DataFrame:
    """Every activation, featured SKU, door and week ahead with its risk.

    p_window and status are of all weeks of an activation, also where it runs on beyond these.
    """
    parts = []
    sku_names, door_names = np.array(plan.sku_names), np.array(plan.door_names)
    names = np.array([status.value for status in STATUSES])
    for item in item_risks(plan, supply=supply):
        if item.first >= weeks:
            continue
        n, length = len(item.doors), min(item.last + 1, weeks) - item.first
        before = np.column_stack([item.on_hand_start, item.on_hand])
        soon = np.where(item.first_short >= 0, item.first_short, 0)
        parts.append(
            pd.DataFrame(
                {
                    "activation": item.activation,
                    "sku": sku_names[item.sku],
                    "door": np.repeat(door_names[item.doors], length),
                    "week": np.tile(plan.base.weeks[item.first : item.first + length], n),
                    "demand": item.demand[:, :length].ravel(),
                    "lift_units": item.lift_units[:, :length].ravel(),
                    "on_hand_start": before[:, :length].ravel(),
                    "on_hand_end": item.on_hand[:, :length].ravel(),
                    "headroom": item.headroom[:, :length].ravel(),
                    "p_stockout": item.p_stockout[:, :length].ravel(),
                    "p_window": np.repeat(item.p_window, length),
                    "units_short": item.units_short[:, :length].ravel(),
                    "revenue_at_risk": (item.units_short * item.price)[:, :length].ravel(),
                    "margin_at_risk": (item.units_short * item.unit_margin)[:, :length].ravel(),
                    "status": np.repeat(names[item.status], length),
                    "first_short_week": np.repeat(
                        np.where(
                            item.first_short >= 0,
                            plan.base.weeks[soon],
                            np.datetime64("NaT", "D"),
                        ),
                        length,
                    ),
                }
            )
        )
    if not parts:
        columns = (
            "activation sku door week demand lift_units on_hand_start on_hand_end headroom "
            "p_stockout p_window units_short revenue_at_risk margin_at_risk status "
            "first_short_week"
        )
        return pd.DataFrame(columns=columns.split())
    frame = pd.concat(parts, ignore_index=True)
    # What nobody knows is blank, not zero.
    unknown = frame["status"] == Status.GREY.value
    blank = ["on_hand_start", "on_hand_end", "headroom", "p_stockout", "p_window"]
    blank += ["units_short", "revenue_at_risk", "margin_at_risk"]
    frame.loc[unknown, blank] = np.nan
    return frame


def projection_rows(plan: LivePlan, *, weeks: int, supply: str = ROUTINE) -> pd.DataFrame:
    """Projected on hand of every SKU, door and week: the contract's columns."""
    parts = []
    door_names = np.array(plan.door_names)
    for sku, name in enumerate(plan.sku_names):
        computed = plan.sku_with(sku, supply=supply)
        at = np.flatnonzero(computed.active.any(axis=1))
        if not len(at):
            continue
        demand = computed.draft[at] / THOUSANDTHS
        on_hand = computed.projection.on_hand[at]
        supplied = weeks_of_supply(on_hand, demand)[:, :weeks]
        missing = ~computed.known[at]
        columns = {
            "demand": demand[:, :weeks],
            "receipts": computed.arriving[at, :weeks],
            "on_hand": on_hand[:, :weeks],
            "lost_units": computed.projection.lost[at, :weeks],
            "weeks_of_supply": supplied,
            "outlasts": ((supplied >= weeks_left(demand)[:weeks]) & ~missing[:, None]),
        }
        for blank in ("on_hand", "lost_units", "weeks_of_supply"):
            columns[blank] = np.where(missing[:, None], np.nan, columns[blank])
        parts.append(
            pd.DataFrame(
                {
                    "week": np.tile(plan.base.weeks[:weeks], len(at)),
                    "sku": name,
                    "door": np.repeat(door_names[at], min(weeks, len(plan.base.weeks))),
                    **{key: values.ravel() for key, values in columns.items()},
                }
            )
        )
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def grid(
    plan: LivePlan,
    *,
    layer: str,
    level: str,
    skus: Ints,
    location_level: str = "all",
    location: str = "all",
    weeks: Ints,
    measure: Measure = Measure.UNITS,
) -> pd.DataFrame:
    """One layer by node and week, in units or money.

    Parameters
    ----------
    layer : str
        baseline, statistical, draft, or a function: its input.
    level : str
        department, class, style or sku: what a row is.
    skus : int array
        SKUs that take part.
    location_level, location : str
        Where.
    weeks : int array
        Positions of the weeks asked for.
    measure : Measure
        Money is what leaves are worth in their week (LivePlan.worth).

    Returns
    -------
    DataFrame
        Index: node; columns: week starts as dates; values: in `measure`; money is NaN where
        some of it has no price or cost.
    """
    leaves: Floats
    if location_level == "all" and measure is Measure.UNITS:
        leaves = plan.totals[layer][np.ix_(skus, weeks)].astype(float)
    else:
        at = np.ix_(plan.locations.members(location_level, location), weeks)
        leaves = np.stack(
            [_counted(plan, int(s), layer, measure)[at].sum(axis=0) for s in skus]
        )
    names, groups = plan.products.grouped(level, skus)
    totals = leaves if len(names) == len(skus) else aggregate(leaves, groups, len(names))
    dates = [as_date(w) for w in plan.base.weeks[weeks]]
    return pd.DataFrame(totals / THOUSANDTHS, index=pd.Index(names, name=level), columns=dates)


def _counted(plan: LivePlan, sku: int, layer: str, measure: Measure) -> Floats:
    """A layer of one SKU in thousandths of a measure, (D, W)."""
    units = plan.sku(sku).layer(layer)
    if measure is Measure.UNITS:
        return units.astype(float)
    # What nobody wants is worth nothing, whether or not its price is known.
    money: Floats = np.where(units == 0, 0.0, units * plan.worth(sku, measure))
    return money


SPILLOVER = {
    BOUGHT_AHEAD: "Spillover: bought ahead in weeks before",
    OTHERS: "Spillover: activations of other SKUs",
}
"""What the parts are called that activations have outside their own cells."""


def parts_of(plan: LivePlan, skus: Iterable[int], doors: Ints) -> pd.DataFrame:
    """The forecast of some SKUs unfolded into its parts, week by week.

    Returns
    -------
    DataFrame, one row per part and week
        part, week, units. The parts of a week add up to its draft exactly.
    """
    n_weeks = len(plan.base.weeks)
    sums: dict[str, Ints] = {"Baseline": np.zeros(n_weeks, np.int64)}
    for sku in skus:
        computed = plan.sku(sku)
        sums["Baseline"] = sums["Baseline"] + computed.baseline[doors].sum(axis=0)
        for name, units in computed.lifts:
            label = f"Lift: {plan.activation(name).name}"
            sums[label] = sums.get(label, 0) + units[doors].sum(axis=0)
        for name, units in computed.spillover.items():
            label = SPILLOVER[name]
            sums[label] = sums.get(label, 0) + units[doors].sum(axis=0)
        change = (computed.draft - computed.statistical)[doors].sum(axis=0)
        sums["People"] = sums.get("People", 0) + change
    rows = [
        pd.DataFrame({"part": name, "week": plan.base.weeks, "units": units / THOUSANDTHS})
        for name, units in sums.items()
        if name == "Baseline" or np.any(units)
    ]
    return pd.concat(rows, ignore_index=True)
