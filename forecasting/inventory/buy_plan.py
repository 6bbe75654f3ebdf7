"""What to order, when: time-phased netting of demand against stock and open orders.

Week by week each door lacks what its service level asks for beyond what will be there
(levels.py). It is ordered in cases, the doors' orders of one SKU together at least the
minimum, and released a lead time before. What would have had to be released before today is
no order but an exception: it can only be expedited.

An order protects the week in which it arrives and no week that is over by then: what
surprised before took no more than the stock that was there, and a lost sale does not wait.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

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
    waits: tuple[int, ...] = ()
    """Where the lead time changes: weeks from the last release that is in time to the arrival,
    by week of arrival; empty: the lead time."""
    earliest: int | None = None
    """First week in which an order can arrive; None: as the lead time has it."""

    @property
    def first(self) -> int:
        """First week in which an order can arrive."""
        return self.frozen + self.lead_time if self.earliest is None else self.earliest

    def waits_in(self, n_weeks: int) -> int | Ints:
        """Weeks from the last release that is in time to the arrival: the lead time, or where
        it changes by week of arrival, (n_weeks,).
        """
        return np.array(self.waits[:n_weeks], dtype=np.int64) if self.waits else self.lead_time

    def wait_for(self, week: int) -> int:
        """The same of one week of arrival."""
        return self.waits[min(week, len(self.waits) - 1)] if self.waits else self.lead_time

    def of_leads(self, leads: Ints) -> Terms:
        """The same terms with a lead time of each week of release, (W,).

        An order may be released early and asked for later: before a longer lead time begins,
        what is needed in the weeks that it cannot reach is released.

        Examples
        --------
        >>> terms = Terms(lead_time=2).of_leads(np.array([2, 2, 4, 4, 4, 4, 4, 4]))
        >>> terms.first, terms.waits
        (2, (2, 2, 2, 2, 3, 4, 4, 4))
        """
        week = np.arange(len(leads))
        arrives = np.where(week >= self.frozen, week + leads, np.iinfo(np.int64).max)
        here = int(leads[min(self.frozen, len(leads) - 1)])
        waits = [
            int(t - in_time[-1]) if len(in_time := np.flatnonzero(arrives <= t)) else here
            for t in week.tolist()
        ]
        return replace(self, lead_time=here, waits=tuple(waits), earliest=int(arrives.min()))


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
    lost: Floats
    """Units that demand is expected to miss in the weeks that no new order reaches."""
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
    service: float | Floats,
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
    service : float, or float array, shape (W,)
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


class Needs(Protocol):
    """What some doors lack, week after week; `levels.Outlook` is one."""

    def lacking(self, ahead: int = 0, coming: Sequence[Floats] = ()) -> Floats:
        """Units that a week lacks, so many weeks ahead, given what arrives until then."""
        ...

    def missed(self, units: Floats) -> Floats:
        """Units that the present week's demand misses, if so many arrive."""
        ...

    def arrive(self, units: Floats) -> None:
        """Let units arrive and the week's demand take its course."""
        ...


NeedsOf = Callable[[Ints, int | Ints], Needs]
"""What some doors lack, by their positions and the weeks from an order to its arrival (by the
week of arrival where they change)."""


class Kept:
    """Needs where demand is certain: it is met, and a safety stock is left.

    Parameters
    ----------
    opening : float array, shape (D,)
    demand, safety : float array, shape (D, W)
    """

    def __init__(self, opening: Floats, demand: Floats, safety: Floats) -> None:
        self._stock, self._demand, self._safety = opening.astype(float), demand, safety
        self._week = 0

    def lacking(self, ahead: int = 0, coming: Sequence[Floats] = ()) -> Floats:
        """Units that a week lacks of its safety stock."""
        stock, demand = self._stock, self._demand[:, self._week :]
        for week, units in enumerate(coming[:ahead]):
            stock = left_of(stock + units, demand[:, week])
        arriving = coming[ahead] if len(coming) > ahead else 0.0
        over = stock + arriving - demand[:, ahead]
        short: Floats = np.maximum(self._safety[:, self._week + ahead] - over, 0.0)
        return short

    def missed(self, units: Floats) -> Floats:
        """Units that the present week's demand misses."""
        stock, demand = self._stock + units, self._demand[:, self._week]
        short: Floats = np.maximum(demand - np.maximum(stock, 0.0), 0.0)
        return short

    def arrive(self, units: Floats) -> None:
        """Let units arrive and the week's demand take its course."""
        self._stock = left_of(self._stock + units, self._demand[:, self._week])
        self._week += 1


def kept(opening: Floats, demand: Floats, safety: Floats) -> NeedsOf:
    """Needs of any doors where demand is certain."""
    return lambda rows, _: Kept(opening[rows], demand[rows], safety[rows])


def projected(opening: Floats, arriving: Floats, demand: Floats) -> Floats:
    """Stock at the end of each week, never below zero, (D, W)."""
    stock, on_hand = opening.astype(float), np.zeros(demand.shape)
    for t in range(demand.shape[1]):
        stock = left_of(stock + arriving[:, t], demand[:, t])
        on_hand[:, t] = np.maximum(stock, 0.0)
    return on_hand


def net_through(
    opening: Floats,
    scheduled: Floats,
    demand: Floats,
    needs: NeedsOf,
    terms: Terms,
    centre: Centre,
) -> BuyPlan:
    """Net doors against a centre, and the centre against the supplier.

    What doors need is asked of the centre so many weeks before as the way takes; the
    centre's demand is the sum of that, not of sales (distribution requirements planning).
    Only the centre orders, on the supplier's terms. Where it has less than is asked, doors
    get shares of it, and ask again for what they still lack.

    Parameters
    ----------
    opening, scheduled, demand, needs
        Of D doors, as for `net`.
    terms : Terms
        The supplier's: lead time to the centre, cases, minimum.
    centre : Centre

    Examples
    --------
    >>> demand = np.full((2, 6), 10.0)
    >>> none = np.zeros((2, 6))
    >>> centre = Centre(
    ...     stock=40, scheduled=np.zeros(6), weeks=np.array([1, 1]), safety=np.zeros(6)
    ... )
    >>> needs = kept(np.full(2, 10.0), demand, none)
    >>> plan = net_through(np.full(2, 10.0), none, demand, needs, Terms(lead_time=2), centre)
    >>> plan.from_centre[0].tolist()
    [0.0, 10.0, 10.0, 10.0, 10.0, 10.0]
    >>> plan.centre.orders.tolist()
    [0.0, 0.0, 20.0, 20.0, 20.0, 0.0]
    """
    given = scheduled, demand, needs, terms, centre
    alone, helped = _Through(*given, helped=False), _Through(*given, helped=True)
    for t in range(demand.shape[1]):
        alone.go_through(t)
        helped.go_through(t)
    return BuyPlan(
        orders=np.zeros(demand.shape),
        from_centre=alone.sent,
        exceptions=helped.exceptions,
        lost=alone.lost,
        on_hand=projected(opening, scheduled + alone.sent, demand),
        centre=AtCentre(orders=alone.ordered, exceptions=helped.lacked, on_hand=alone.held),
    )


class _Through:
    """Doors and their centre, week by week.

    `helped`: what cannot be ordered in time is there all the same.
    """

    def __init__(
        self,
        scheduled: Floats,
        demand: Floats,
        needs: NeedsOf,
        terms: Terms,
        centre: Centre,
        *,
        helped: bool,
    ) -> None:
        n_weeks = demand.shape[1]
        self._scheduled, self._terms, self._centre = scheduled, terms, centre
        self._helped, self._left = helped, centre.stock
        self._still = np.cumsum(demand[:, ::-1], axis=1)[:, ::-1] > 0
        self._ways: list[tuple[int, Ints, Needs]] = []
        for way in np.unique(centre.weeks):
            rows = np.flatnonzero(centre.weeks == way)
            self._ways.append((int(way), rows, needs(rows, int(way))))
        self.sent: Floats = np.zeros(demand.shape)
        self.exceptions: Floats = np.zeros(demand.shape)
        self.lost: Floats = np.zeros(demand.shape)
        self.ordered: Floats = np.zeros(n_weeks)
        self.lacked: Floats = np.zeros(n_weeks)
        self.held: Floats = np.zeros(n_weeks)

    def go_through(self, t: int) -> None:
        """One week: doors ask, the centre orders and sends, demand takes its course."""
        asked = self._asked(t)
        self._order(t, asked)
        leaves = shared(asked, np.floor(self._left + 1e-9), 1.0) if asked.any() else asked
        self._left -= float(leaves.sum())
        self.held[t] = self._left
        reached = np.flatnonzero(leaves)
        self.sent[reached, t + self._centre.weeks[reached]] += leaves[reached]
        for way, rows, doors in self._ways:
            come = self._scheduled[rows, t] + self.sent[rows, t]
            if t < way:
                short = doors.lacking(0, [come]) * self._still[rows, t]
                self.exceptions[rows, t] = np.ceil(short)
            if t < self._terms.first + way and not self._helped:
                self.lost[rows, t] = doors.missed(come)
            doors.arrive(come + self.exceptions[rows, t] * self._helped)

    def _asked(self, t: int) -> Floats:
        """What doors ask the centre for in a week, (D,)."""
        n_doors, n_weeks = self.sent.shape
        asked = np.zeros(n_doors)
        last = n_weeks - 1 if self._terms.last is None else min(self._terms.last, n_weeks - 1)
        for way, rows, doors in self._ways:
            at = t + way
            if at > last:
                continue
            coming = [self._scheduled[rows, w] + self.sent[rows, w] for w in range(t, at + 1)]
            lacking = doors.lacking(way, coming)
            asked[rows] = np.ceil(np.maximum(lacking * self._still[rows, at] - 1e-9, 0.0))
        return asked

    def _order(self, t: int, asked: Floats) -> None:
        """What the centre orders for a week, or lacks where it is too late."""
        centre, terms = self._centre, self._terms
        # Surprises before can take no more than what was left at the end of the week before.
        own = np.inf if centre.own is None else float(centre.own[t]) + self._left
        safe = min(float(centre.safety[t]), own)
        self._left += centre.scheduled[t]
        lacking = safe * bool(asked.any()) - (self._left - float(asked.sum()))
        if lacking <= 1e-9:
            return
        if t >= terms.first:
            units = float(rounded(np.array([lacking]), np.ones((1, 1)), terms)[0])
            self.ordered[t] = units
            self._left += units
        else:
            self.lacked[t] = np.ceil(lacking / terms.case) * terms.case
            self._left += self.lacked[t] * self._helped


def left_of(stock: Floats, demand: Floats) -> Floats:
    """What demand leaves of stock: what is not met is lost, what is owed stays owed."""
    left: Floats = np.maximum(stock - demand, np.minimum(stock, 0.0))
    return left


def rounded(lacking: Floats, ahead: Floats, terms: Terms) -> Floats:
    """What doors lack in whole cases, and all together at least the minimum."""
    units: Floats = np.ceil(lacking / terms.case - 1e-9) * terms.case
    least = np.ceil(terms.least / terms.case) * terms.case
    more = least - units.sum()
    if more > 0:
        # What is ordered for the minimum's sake goes where it is sold soonest.
        weight = ahead[:, :8].sum(axis=1) + 1e-9
        units = units + in_cases(weight, round(more / terms.case)) * terms.case
    return units


def in_cases(weight: Floats, cases: int) -> Floats:
    """Divide whole cases by weight, largest remainder first."""
    exact = weight / weight.sum() * cases
    whole: Floats = np.floor(exact)
    left = int(cases - whole.sum())
    order = np.lexsort((np.arange(len(weight)), -(exact - whole)))
    whole[order[:left]] += 1
    return whole


def shared(lacking: Floats, units: float, lot: float) -> Floats:
    """Divide what is there by what is lacking, in whole units, nobody more than needed."""
    needed = np.ceil(lacking / lot) * lot
    if needed.sum() <= units:
        return needed
    return np.minimum(in_cases(lacking + 1e-12, int(units)), needed)


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
    plan: BuyPlan, lead_time: int | Ints, *, centre: Centre | None = None
) -> dict[str, Ints | Floats | list[str]]:
    """Orders of a SKU line by line: door, release and receipt (positions), units, kind, source,
    and of an exception what demand is expected to miss there.

    `lead_time`: weeks, or by the week of arrival, (W,). A line for the centre has the door D,
    one beyond the last.
    """
    n_doors, n_weeks = plan.orders.shape
    everywhere = (n_doors + 1, n_weeks)
    lines: list[tuple[int, int, int, float, str, str, float]] = []

    def add(units: Floats, kind: str, source: str, before: Ints, *, first: int = 0) -> None:
        lost = plan.lost if kind and not first else np.zeros(units.shape)
        for d, t in zip(*np.nonzero(units), strict=True):
            release = max(int(t) - int(before[d, t]), 0)
            label = kind or ("release" if release == 0 else "planned")
            lines.append(
                (first + int(d), release, int(t), float(units[d, t]), label, source,
                 float(lost[d, t]))
            )  # fmt: skip

    supplier = np.broadcast_to(lead_time, everywhere)
    now = np.full(everywhere, n_weeks)
    way = now if centre is None else np.repeat(centre.weeks[:, None], n_weeks, axis=1)
    add(plan.orders, "", "supplier", supplier)
    add(plan.from_centre, "", "centre", way)
    add(plan.exceptions, "expedite", "supplier" if centre is None else "centre", now)
    if plan.centre is not None:
        add(plan.centre.orders[None], "", "supplier", supplier, first=n_doors)
        add(plan.centre.exceptions[None], "expedite", "supplier", now, first=n_doors)
    columns = list(zip(*lines, strict=True)) or [()] * 7
    return {
        "door": np.array(columns[0], dtype=np.int64),
        "release": np.array(columns[1], dtype=np.int64),
        "receipt": np.array(columns[2], dtype=np.int64),
        "units": np.array(columns[3], dtype=float),
        "kind": list(columns[4]),
        "source": list(columns[5]),
        "lost": np.array(columns[6], dtype=float),
    }
