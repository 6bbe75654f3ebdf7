"""What to order, when: time-phased netting of demand against stock and open orders.

Week by week each door needs its safety stock at the end of the week. What is lacking is
ordered in cases, the doors' orders of one SKU together at least the minimum, and released
a lead time before. What would have had to be released before today is no order but an
exception: it can only be expedited.

Nothing is ordered to protect weeks that are over on arrival: what surprised in them took no
more than the stock that was there, and demand that was not met does not wait.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

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

    @property
    def first(self) -> int:
        """First week in which an order can arrive."""
        return self.frozen + self.lead_time


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
    centre: AtCentre | None = None
    """Of a SKU that is ordered for a distribution centre, which doors are sent from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Centre:
    """The distribution centre that a SKU is ordered for."""

    stock: float
    """Units."""
    scheduled: Floats
    """Open orders for it by week, (W,)."""
    weeks: Ints
    """Weeks from there to each door, (D,)."""
    safety: Floats
    """Safety stock at week end, (W,)."""
    own: Floats | None = None
    """The same against surprises of what leaves in the week itself; None: all of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AtCentre:
    """What is ordered for a centre, units by the week in which it arrives there, (W,)."""

    orders: Floats
    exceptions: Floats
    on_hand: Floats


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


def still_needed(safety: Floats, own: Floats | None, left: Floats) -> Floats:
    """Safety stock at the end of a week, as far as there is anything to protect.

    Parameters
    ----------
    safety : float array, shape (D,)
        Against surprises of all weeks since the order was released.
    own : float array, shape (D,), optional
        Against those of the week itself; all of it if left out.
    left : float array, shape (D,)
        Stock expected at the end of the week before: surprises before can take no more.
    """
    if own is None:
        return safety
    needed: Floats = np.minimum(safety, own + left)
    return needed


def net(
    opening: Floats,
    scheduled: Floats,
    demand: Floats,
    safety: Floats,
    terms: Terms,
    *,
    own: Floats | None = None,
    reserve: float = 0.0,
    reserve_weeks: int = 1,
) -> BuyPlan:
    """Net demand and safety stock against stock and what is scheduled.

    Parameters
    ----------
    opening : float array, shape (D,)
        Below zero: owed to customers, who are served first.
    scheduled, demand, safety : float array, shape (D, W)
        Units: open orders by week of arrival, expected demand, safety stock at week end.
    terms : Terms
    own : float array, shape (D, W), optional
        Safety stock against surprises of the week itself; `safety` is needed as far as
        surprises before can take what is there (still_needed). All of it if left out.
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
    stock = opening.astype(float)
    helped = stock
    """The same if what cannot be ordered in time were there all the same."""
    for t in range(shape[1]):
        of_week = None if own is None else own[:, t]
        safe = still_needed(safety[:, t], of_week, stock)
        safe_helped = still_needed(safety[:, t], of_week, helped)
        stock = stock + scheduled[:, t]
        lacking = np.maximum(safe - (stock - demand[:, t]), 0.0)
        lacking[demand[:, t:].sum(axis=1) <= 0] = 0.0
        if reserve >= 1 and t >= reserve_weeks and lacking.any():
            sent = _shared(lacking, np.floor(reserve), 1.0)
            centre[:, t] = sent
            reserve -= float(sent.sum())
            stock = stock + sent
            lacking = np.maximum(lacking - sent, 0.0)
        if t < terms.first:
            there = helped + scheduled[:, t] + centre[:, t]
            more = np.where(lacking > 0, safe_helped - (there - demand[:, t]), 0.0)
            exceptions[:, t] = np.ceil(np.maximum(more, 0.0) / terms.case) * terms.case
            helped = left_of(there + exceptions[:, t], demand[:, t])
        elif (terms.last is None or t <= terms.last) and (lacking > 1e-9).any():
            orders[:, t] = _rounded(lacking, demand[:, t:], terms)
            stock = stock + orders[:, t]
        stock = left_of(stock, demand[:, t])
        on_hand[:, t] = np.maximum(stock, 0.0)
    return BuyPlan(orders=orders, from_centre=centre, exceptions=exceptions, on_hand=on_hand)


def net_through(
    opening: Floats,
    scheduled: Floats,
    demand: Floats,
    safety: Floats,
    terms: Terms,
    centre: Centre,
    *,
    own: Floats | None = None,
) -> BuyPlan:
    """Net doors against a centre, and the centre against the supplier.

    What doors need is asked of the centre so many weeks before as the way takes; the
    centre's demand is the sum of that, not of sales (distribution requirements planning).
    Only the centre orders, on the supplier's terms. Where it has less than is asked, doors
    get shares of it, and ask again for what they still lack.

    Parameters
    ----------
    opening, scheduled, demand, safety
        Of D doors, as for `net`.
    terms : Terms
        The supplier's: lead time to the centre, cases, minimum.
    centre : Centre
    own : float array, shape (D, W), optional
        As for `net`.

    Examples
    --------
    >>> demand = np.full((2, 6), 10.0)
    >>> none = np.zeros((2, 6))
    >>> centre = Centre(
    ...     stock=40, scheduled=np.zeros(6), weeks=np.array([1, 1]), safety=np.zeros(6)
    ... )
    >>> plan = net_through(np.full(2, 10.0), none, demand, none, Terms(lead_time=2), centre)
    >>> plan.from_centre[0].tolist()
    [0.0, 10.0, 10.0, 10.0, 10.0, 10.0]
    >>> plan.centre.orders.tolist()
    [0.0, 0.0, 20.0, 20.0, 20.0, 0.0]
    """
    doors = opening, scheduled, demand, safety
    alone = _through(*doors, terms, centre, own=own, helped=False)
    helped = _through(*doors, terms, centre, own=own, helped=True)
    assert alone.centre is not None
    assert helped.centre is not None
    return replace(
        alone,
        exceptions=helped.exceptions,
        centre=replace(alone.centre, exceptions=helped.centre.exceptions),
    )


def _through(
    opening: Floats,
    scheduled: Floats,
    demand: Floats,
    safety: Floats,
    terms: Terms,
    centre: Centre,
    *,
    own: Floats | None,
    helped: bool,
) -> BuyPlan:
    """Week by week; `helped`: what cannot be ordered in time is there all the same."""
    n_doors, n_weeks = demand.shape
    still = np.cumsum(demand[:, ::-1], axis=1)[:, ::-1] > 0
    sent, exceptions = np.zeros(demand.shape), np.zeros(demand.shape)
    ordered, lacked, held = np.zeros(n_weeks), np.zeros(n_weeks), np.zeros(n_weeks)
    on_hand, stock, left = np.zeros(demand.shape), opening.astype(float), centre.stock
    ways = [(int(w), np.flatnonzero(centre.weeks == w)) for w in np.unique(centre.weeks)]
    for t in range(n_weeks):
        asked = np.zeros(n_doors)
        for way, mine in ways:
            at = t + way
            if at >= n_weeks or (terms.last is not None and at > terms.last):
                continue
            there = stock[mine]
            for week in range(t, at):
                come = scheduled[mine, week] + sent[mine, week]
                there = left_of(there + come, demand[mine, week])
            of_week = None if own is None else own[mine, at]
            safe = still_needed(safety[mine, at], of_week, there)
            there = there + scheduled[mine, at] + sent[mine, at] - demand[mine, at]
            asked[mine] = np.ceil(np.maximum(safe - there, 0.0) * still[mine, at])
        of_centre = None if centre.own is None else centre.own[t : t + 1]
        (kept,) = still_needed(centre.safety[t : t + 1], of_centre, np.array([left]))
        left += centre.scheduled[t]
        lacking = kept * asked.any() - (left - asked.sum())
        if lacking > 1e-9:
            units = float(_rounded(np.array([lacking]), np.ones((1, 1)), terms)[0])
            if t >= terms.first:
                ordered[t] = units
                left += units
            else:
                lacked[t] = np.ceil(lacking / terms.case) * terms.case
                left += lacked[t] * helped
        leaves = _shared(asked, np.floor(left + 1e-9), 1.0) if asked.any() else asked
        left -= float(leaves.sum())
        held[t] = left
        reached = np.flatnonzero(leaves)
        sent[reached, t + centre.weeks[reached]] += leaves[reached]
        come = scheduled[:, t] + sent[:, t]
        safe = still_needed(safety[:, t], None if own is None else own[:, t], stock)
        short = np.maximum(safe - (stock + come - demand[:, t]), 0.0) * still[:, t]
        exceptions[:, t] = np.ceil(np.where(t < centre.weeks, short, 0.0))
        stock = left_of(stock + come + exceptions[:, t] * helped, demand[:, t])
        on_hand[:, t] = np.maximum(stock, 0.0)
    return BuyPlan(
        orders=np.zeros(demand.shape), from_centre=sent, exceptions=exceptions,
        on_hand=on_hand, centre=AtCentre(orders=ordered, exceptions=lacked, on_hand=held),
    )  # fmt: skip


def left_of(stock: Floats, demand: Floats) -> Floats:
    """What demand leaves of stock: what is not met is lost, what is owed stays owed."""
    left: Floats = np.maximum(stock - demand, np.minimum(stock, 0.0))
    return left


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


def rows_of(
    plan: BuyPlan, lead_time: int, *, centre: Centre | None = None
) -> dict[str, Ints | Floats | list[str]]:
    """Orders of a SKU line by line: door, release and receipt (positions), units, kind.

    A line for the centre has the door D, one beyond the last.
    """
    n_doors, n_weeks = plan.orders.shape
    weeks = np.zeros(n_doors, dtype=np.int64) if centre is None else centre.weeks
    lines: list[tuple[int, int, int, float, str, str]] = []

    def add(units: Floats, kind: str, source: str, before: Ints, *, first: int = 0) -> None:
        for d, t in zip(*np.nonzero(units), strict=True):
            release = max(int(t) - int(before[d]), 0)
            said = kind or ("release" if release == 0 else "planned")
            lines.append((first + int(d), release, int(t), float(units[d, t]), said, source))

    supplier = np.full(n_doors + 1, lead_time)
    now = np.full(n_doors + 1, n_weeks)
    add(plan.orders, "", "supplier", supplier)
    add(plan.from_centre, "", "centre", now if centre is None else weeks)
    add(plan.exceptions, "expedite", "supplier" if centre is None else "centre", now)
    if plan.centre is not None:
        add(plan.centre.orders[None], "", "supplier", supplier, first=n_doors)
        add(plan.centre.exceptions[None], "expedite", "supplier", now, first=n_doors)
    columns = list(zip(*lines, strict=True)) or [()] * 6
    return {
        "door": np.array(columns[0], dtype=np.int64),
        "release": np.array(columns[1], dtype=np.int64),
        "receipt": np.array(columns[2], dtype=np.int64),
        "units": np.array(columns[3], dtype=float),
        "kind": list(columns[4]),
        "source": list(columns[5]),
    }
