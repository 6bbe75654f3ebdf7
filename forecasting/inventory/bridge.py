"""The Bridge: a verdict on every featured SKU of an activation, door by door.

For each activation, SKU and door: is there enough stock, how likely is it to run out, how
many units and how much money are at risk, and when does it start. Limits are settings.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from forecasting.hierarchy import Bools, Floats, Ints
from forecasting.inventory.projection import Projection
from forecasting.inventory.risk import Risk
from forecasting.vocabulary import Status

STATUSES = (Status.GREEN, Status.BLUE, Status.AMBER, Status.RED, Status.GREY)
"""Order of status codes in arrays."""
GREEN, BLUE, AMBER, RED, GREY = range(5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Where one status ends and the next begins."""

    red_probability: float = 0.30
    amber_probability: float = 0.10
    least_fill: float = 0.90
    threshold_share: float = 1.0
    """Share of the expected lift that headroom must cover."""
    threshold_by_type: dict[str, float] = field(default_factory=dict)
    excess_cover: float = 2.0
    """Excess is weeks of supply after the end beyond this many times the target."""
    target_cover_weeks: float = 8.0
    least_service: float = 0.0
    """Service level of safety stock where a SKU states less."""
    service_by_units: bool = False
    """A service level is a share of units; else of cycles."""
    service_by_cost: bool = False
    """Stock is planned for the level that costs least, where that is known."""
    goodwill_share: float = 0.0
    """Share of the price that it costs, beside the margin, not to have a unit in a week."""
    stores_wait: bool = False
    """Customers of stores wait for what is not there; else the sale is lost."""
    online_waits: bool = False
    """The same of customers online."""
    frozen_buy_weeks: int = 0
    """First weeks in which no order is released any more."""
    group_share: float = 0.20
    """A group has a status where cells with this share of its demand have it or worse."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRisk:
    """One SKU of one activation, at n doors, in the w weeks of the activation."""

    activation: str
    sku: int
    doors: Ints
    """Positions of the doors, (n,)."""
    first: int
    """First and last of these weeks inside the plan."""
    last: int
    demand: Floats
    """Units per week, this activation and everything else included, (n, w)."""
    lift_units: Floats
    """Of which this activation adds, (n, w)."""
    headroom: Floats
    """Signed projected on hand had this activation no lift, (n, w)."""
    on_hand_start: Floats
    """Projected on hand before the first of them; 0 where nothing is known, (n,)."""
    on_hand: Floats
    """Projected on hand at week end, (n, w)."""
    p_stockout: Floats
    """Per week, (n, w)."""
    units_short: Floats
    """This activation's share of expected units short per week, (n, w)."""
    p_window: Floats
    """Probability of a stockout in any week of the activation, (n,)."""
    breach: Bools
    """The threshold rule is broken, (n,)."""
    status: npt.NDArray[np.int8]
    """Status codes, (n,)."""
    first_short: Ints
    """First week in which running out is likely, -1 for none, (n,)."""
    price: Floats
    """Best price in force in each of the weeks, NaN unknown, (n, w)."""
    unit_margin: Floats
    """That price less unit cost, NaN unknown, (n, w)."""

    @property
    def window(self) -> slice:
        """The weeks of the activation inside the plan."""
        return slice(self.first, self.last + 1)

    @property
    def is_watched(self) -> bool:
        """Red or amber at any door."""
        return bool(((self.status == RED) | (self.status == AMBER)).any())

    @property
    def usual_margin(self) -> Floats:
        """Margin of one unit over the activation, by what each week is to sell, (n,)."""
        return level_of(self.unit_margin, self.demand)

    @property
    def short(self) -> Floats:
        """Expected units short in the activation, door by door, (n,)."""
        total: Floats = self.units_short.sum(axis=1)
        return total

    @property
    def margin_at_risk(self) -> float:
        """Margin of the units short in the activation; NaN where none is known."""
        return money(self.units_short, self.unit_margin)

    @property
    def window_demand(self) -> Floats:
        """Demand in the activation, door by door, (n,)."""
        total: Floats = self.demand.sum(axis=1)
        return total

    @property
    def window_lift(self) -> Floats:
        """What the activation adds to it, (n,)."""
        total: Floats = self.lift_units.sum(axis=1)
        return total


@dataclass(frozen=True, slots=True, kw_only=True)
class Prospect:
    """What lies ahead of one SKU at n doors, over W weeks."""

    sku: int
    doors: Ints
    """Positions of the doors, (n,)."""
    demand: Floats
    """Units a week, activations included, (n, W)."""
    lift_units: Floats
    """Of which all activations add, (n, W)."""
    opening: Floats
    """Units on hand before the first week, (n,)."""
    projection: Projection
    risk: Risk
    known: Bools
    """Stock, receipts and forecast are known and not stale, (n,)."""
    price: Floats
    """Best price of each week: regular less the deepest discount, NaN unknown, (n, W)."""
    unit_cost: Floats
    """Of each week, NaN unknown, (W,)."""

    def at(self, rows: Bools) -> Prospect:
        """The same at some of the doors; arrays are shared where that is all of them."""
        if rows.all():
            return self
        doors = np.flatnonzero(rows)
        return Prospect(
            sku=self.sku,
            doors=self.doors[doors],
            demand=self.demand[doors],
            lift_units=self.lift_units[doors],
            opening=self.opening[doors],
            projection=self.projection.take(doors),
            risk=self.risk.take(doors),
            known=self.known[doors],
            price=self.price[doors],
            unit_cost=self.unit_cost,
        )


def assess_item(
    prospect: Prospect,
    *,
    activation: str,
    kind: str,
    first: int,
    last: int,
    lift_units: Floats,
    limits: Limits,
) -> ItemRisk:
    """Judge one SKU of one activation.

    Parameters
    ----------
    prospect : Prospect
        Of the SKU at the n doors where the activation runs.
    activation, kind : str
        The activation and its type.
    first, last : int
        Its w weeks within the plan.
    lift_units : float array, shape (n, w)
        What this activation adds in them.
    limits : Limits
    """
    window = slice(first, last + 1)
    demand, projection, risk = prospect.demand, prospect.projection, prospect.risk
    upto = np.cumsum(lift_units, axis=1)
    headroom = projection.signed[:, window] + upto
    share = limits.threshold_by_type.get(kind, limits.threshold_share)
    breach: Bools = np.any(headroom < share * upto, axis=1)
    p_window = risk.p_any(first, last)
    missing = risk.units_short[:, window]
    units_short = missing * _part(lift_units, prospect.lift_units[:, window])
    needed = demand[:, window].sum(axis=1)
    fill = np.where(needed > 0, 1 - missing.sum(axis=1) / np.maximum(needed, 1e-9), 1.0)
    status = _status(prospect, last, p_window, fill, breach, limits)
    likely = risk.p_stockout[:, window] > limits.red_probability
    first_short = np.where(likely.any(axis=1), first + likely.argmax(axis=1), -1)
    units_short = np.where(prospect.known[:, None], units_short, 0.0)
    price = prospect.price[:, window]
    return ItemRisk(
        activation=activation,
        sku=prospect.sku,
        doors=prospect.doors,
        first=first,
        last=last,
        demand=demand[:, window],
        lift_units=lift_units,
        headroom=headroom,
        on_hand_start=projection.on_hand[:, first - 1] if first else prospect.opening,
        on_hand=projection.on_hand[:, window],
        p_stockout=risk.p_stockout[:, window],
        units_short=units_short,
        p_window=p_window,
        breach=breach,
        status=status,
        first_short=np.where(prospect.known, first_short, -1),
        price=price,
        unit_margin=price - prospect.unit_cost[window],
    )


def _part(lift_units: Floats, everyones: Floats) -> Floats:
    """Where activations share a cell, what is short is split by lift: this one's part."""
    part = np.divide(lift_units, everyones, out=np.ones_like(everyones), where=everyones > 1e-9)
    split: Floats = np.minimum(np.maximum(part, 0.0), 1.0)
    return split


def _status(
    prospect: Prospect, last: int, p_window: Floats, fill: Floats, breach: Bools, limits: Limits
) -> npt.NDArray[np.int8]:
    """Status of each door, (n,), the worst that holds; cover is that of the weeks after."""
    after = prospect.demand[:, last + 1 : last + 14]
    pace = after.sum(axis=1) / max(after.shape[1], 1)
    cover = prospect.projection.on_hand[:, last] / np.maximum(pace, 1e-9)
    excess = (pace > 0) & (cover > limits.excess_cover * limits.target_cover_weeks)
    status = np.where(excess, np.int8(BLUE), np.int8(GREEN))
    tight = (p_window >= limits.amber_probability) | (fill < limits.least_fill) | breach
    status[tight] = AMBER
    # A low fill alone is no second door to red: such cells ran out in a fifth of the cases.
    status[p_window > limits.red_probability] = RED
    status[~prospect.known] = GREY
    return status


def group_status(status: npt.NDArray[np.int8], demand: Floats, limits: Limits) -> Status:
    """Status of a group of doors or SKUs: the worst that a fair share of demand has.

    Red where cells with `group_share` of the group's demand are red; else grey where as
    much is unknown; else amber where as much is amber or red; blue where half is excess.
    """
    weight = demand + 1e-6
    share = np.bincount(status, weights=weight, minlength=5) / weight.sum()
    if share[RED] >= limits.group_share:
        return Status.RED
    if share[GREY] >= limits.group_share:
        return Status.GREY
    if share[RED] + share[AMBER] >= limits.group_share:
        return Status.AMBER
    return Status.BLUE if share[BLUE] >= 0.5 else Status.GREEN


def is_short(item: ItemRisk, limits: Limits) -> bool:
    """Whether a featured SKU is short, in every count of SKUs: a fair share of it is red."""
    return group_status(item.status, item.window_demand, limits) is Status.RED


def activation_status(
    by_share: Status, *, red_skus: int, at_risk: float, lift: float, limits: Limits
) -> Status:
    """Status of a whole activation: by the share of its demand, and by the money at risk.

    Red also where `group_share` of what its lift is to earn is at risk. Nothing of which a
    SKU is red is better than amber, nor what puts half of that share at risk.

    Parameters
    ----------
    by_share : Status
        As a group (`group_status`).
    red_skus : int
        SKUs that are red.
    at_risk, lift : float
        Margin of the units short, and of what the activation adds; NaN unknown.
    """
    # A lift that earns nothing has nothing to lose: then the share alone speaks.
    share = at_risk / lift if lift > 0 and at_risk == at_risk else 0.0
    if by_share is Status.RED or share >= limits.group_share:
        return Status.RED
    if by_share is Status.GREY:
        return by_share
    tight = by_share is Status.AMBER or red_skus > 0 or share >= limits.group_share / 2
    return Status.AMBER if tight else by_share


def money(units: Floats, each: Floats) -> float:
    """Sum of units times money; NaN where no money is known at all."""
    known = ~np.isnan(each)
    return float((units * np.nan_to_num(each)).sum()) if known.any() else float("nan")


def level_of(each: Floats, weight: Floats) -> Floats:
    """What a unit comes to over some weeks, by what each week counts for, (n,).

    Parameters
    ----------
    each, weight : float array, shape (n, w)
        Of a unit in each week, NaN unknown; weight at least 0.

    Notes
    -----
    Weighed against the first week, so that a value that stays the same comes back unchanged.
    """
    total = weight.sum(axis=1)
    share = np.where(
        total[:, None] > 0, weight / np.where(total > 0, total, 1.0)[:, None], 1 / each.shape[1]
    )
    found: Floats = each[:, 0] + ((each - each[:, :1]) * share).sum(axis=1)
    return found
