"""What to order, when: time-phased netting of demand against stock and open orders.

Week by week each door needs its safety stock at the end of the week. What is lacking is
ordered in cases, the doors' orders of one SKU together at least the minimum, and released
a lead time before. What would have had to be released before today is no order but an
exception: it can only be expedited.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from forecasting.hierarchy import Floats, Ints

REVIEW_WEEKS = 1
"""Weeks between two chances to order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """On what terms a SKU is ordered."""

    lead_time: int
    """Weeks; an order released in week r arrives at the start of week r + lead_time."""
    case: float = 1.0
    """Units that an order comes in multiples of."""
    least: float = 0.0
    """Smallest order over all doors, units; rounded up to whole cases."""
    frozen: int = 0
    """First weeks in which no order is released any more."""
    last: int | None = None
    """Last week in which anything may land; None: no end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuyPlan:
    """Orders of one SKU at D doors, units, (D, W), by the week in which they arrive."""

    orders: Floats
    from_centre: Floats
    """Units that a distribution centre has and sends."""
    exceptions: Floats
    """Units that were needed but cannot be ordered in time: to be expedited."""
    on_hand: Floats
    """Projected at week end, with the orders, never below zero."""


def safety_stock(
    demand: Floats,
    *,
    alpha: Floats,
    level_sd: float,
    lift_sd: Floats,
    lead_time: int,
    service: float,
    least: float = 0.0,
) -> Floats:
    """Units to have at the end of each week beyond expected demand, (D, W).

    Parameters
    ----------
    demand : float array, shape (D, W)
    alpha, lift_sd : float array, shape (W,)
        Each week's own overdispersion; log error of the lift.
    level_sd : float
        Log error that all weeks share.
    lead_time : int
        Weeks. What arrives in a week was ordered so long before: doubt is that of the
        demand of all weeks since, the week itself included (the protection interval).
    service : float
        Probability of no stockout until the next order arrives.
    least : float
        Units for display.

    Notes
    -----
    The quantile of a gamma with the interval's mean and variance, less the mean. Errors of
    a level and of a lift are shared by the weeks, so their variances do not just add up.
    """
    span = lead_time + REVIEW_WEEKS
    own = demand + alpha * demand**2
    mean, variance = _last(demand, span), _last(own, span)
    lifted = _last(demand * lift_sd, span)
    variance = variance + (level_sd * mean) ** 2 + lifted**2
    safe = np.maximum(mean, 1e-9)
    shape = safe**2 / np.maximum(variance, 1e-9)
    quantile = special.gammaincinv(shape, service) * (variance / safe)
    whole = np.ceil(quantile - 0.5)
    stock: Floats = np.where(mean > 1e-9, np.maximum(whole - mean, 0.0), 0.0)
    return np.maximum(stock, least)


def _last(values: Floats, span: int) -> Floats:
    """Sum of each week and those before it, `span` in all."""
    total = np.cumsum(values, axis=1)
    before = np.zeros_like(total)
    before[:, span:] = total[:, :-span]
    summed: Floats = total - before
    return summed


def net(
    opening: Floats,
    scheduled: Floats,
    demand: Floats,
    safety: Floats,
    terms: Terms,
    *,
    reserve: float = 0.0,
    reserve_weeks: int = 1,
) -> BuyPlan:
    """Net demand and safety stock against stock and what is scheduled.

    Parameters
    ----------
    opening : float array, shape (D,)
    scheduled, demand, safety : float array, shape (D, W)
        Units: open orders by week of arrival, expected demand, safety stock at week end.
    terms : Terms
    reserve : float
        Units at the distribution centre; used before anything is ordered.
    reserve_weeks : int
        Weeks from there to a door.

    Examples
    --------
    >>> demand = np.array([[80.0, 80, 200, 200, 80, 80]])
    >>> due = np.array([[0.0, 100, 0, 0, 240, 0]])
    >>> terms = Terms(lead_time=3, case=24, least=120)
    >>> plan = net(np.array([300.0]), due, demand, np.full((1, 6), 50.0), terms)
    >>> plan.exceptions[0].tolist()
    [0.0, 0.0, 24.0, 0.0, 0.0, 0.0]
    >>> plan.orders[0].tolist()
    [0.0, 0.0, 0.0, 216.0, 0.0, 0.0]
    """
    shape = demand.shape
    orders, centre, exceptions = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    on_hand = np.zeros(shape)
    stock, flagged = opening.astype(float), np.zeros(shape[0])
    first = max(terms.lead_time, terms.frozen + terms.lead_time if terms.frozen else 0)
    for t in range(shape[1]):
        stock = stock + scheduled[:, t]
        lacking = np.maximum(safety[:, t] - (stock - demand[:, t]), 0.0)
        lacking[demand[:, t:].sum(axis=1) <= 0] = 0.0
        if reserve >= 1 and t >= reserve_weeks and lacking.any():
            sent = _shared(lacking, np.floor(reserve), 1.0)
            centre[:, t] = sent
            reserve -= float(sent.sum())
            stock = stock + sent
            lacking = np.maximum(lacking - sent, 0.0)
        if t < first:
            more = np.ceil(np.maximum(lacking - flagged, 0.0) / terms.case) * terms.case
            exceptions[:, t] = more
            flagged = np.maximum(flagged, lacking)
        elif (terms.last is None or t <= terms.last) and (lacking > 1e-9).any():
            orders[:, t] = _rounded(lacking, demand[:, t:], terms)
            stock = stock + orders[:, t]
        stock = np.maximum(stock - demand[:, t], 0.0)
        on_hand[:, t] = stock
    return BuyPlan(orders=orders, from_centre=centre, exceptions=exceptions, on_hand=on_hand)


def _rounded(lacking: Floats, ahead: Floats, terms: Terms) -> Floats:
    """What doors lack in whole cases, and all together at least the minimum."""
    units: Floats = np.ceil(lacking / terms.case - 1e-9) * terms.case
    least = np.ceil(terms.least / terms.case) * terms.case
    more = least - units.sum()
    if more > 0:
        # What is ordered for the minimum's sake goes where it is sold soonest.
        weight = ahead[:, :8].sum(axis=1) + 1e-9
        units = units + _cases(weight, round(more / terms.case)) * terms.case
    return units


def _cases(weight: Floats, cases: int) -> Floats:
    """Divide whole cases by weight, largest remainder first."""
    exact = weight / weight.sum() * cases
    whole: Floats = np.floor(exact)
    left = int(cases - whole.sum())
    order = np.lexsort((np.arange(len(weight)), -(exact - whole)))
    whole[order[:left]] += 1
    return whole


def _shared(lacking: Floats, units: float, lot: float) -> Floats:
    """Divide what is there by what is lacking, in whole units, nobody more than needed."""
    wanted = np.ceil(lacking / lot) * lot
    if wanted.sum() <= units:
        return wanted
    return np.minimum(_cases(lacking + 1e-12, int(units)), wanted)


def open_to_buy(
    sales: Floats, markdowns: Floats, eom: Floats, bom: Floats, due: Floats
) -> Floats:
    """Money still to be bought, in the money of its arguments; below zero: over-bought.

    Planned sales + planned markdowns + planned stock at the end of the month - stock at its
    beginning - orders due in it.
    """
    left: Floats = sales + markdowns + eom - bom - due
    return left


def rows_of(plan: BuyPlan, lead_time: int) -> dict[str, Ints | Floats | list[str]]:
    """Orders of a SKU line by line: door, release and receipt (positions), units, kind."""
    doors: list[int] = []
    release: list[int] = []
    receipt: list[int] = []
    units: list[float] = []
    kind: list[str] = []
    source: list[str] = []
    for name, what in (
        ("order", plan.orders), ("centre", plan.from_centre), ("exception", plan.exceptions)
    ):  # fmt: skip
        for d, t in zip(*np.nonzero(what), strict=True):
            start = max(int(t) - lead_time, 0) if name == "order" else 0
            doors.append(int(d))
            release.append(start)
            receipt.append(int(t))
            units.append(float(what[d, t]))
            source.append("centre" if name == "centre" else "supplier")
            if name == "exception":
                kind.append("expedite")
            else:
                kind.append("release" if name == "centre" or start == 0 else "planned")
    return {
        "door": np.array(doors, dtype=np.int64),
        "release": np.array(release, dtype=np.int64),
        "receipt": np.array(receipt, dtype=np.int64),
        "units": np.array(units),
        "kind": kind,
        "source": source,
    }
