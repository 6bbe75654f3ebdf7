"""Netting of many SKUs at once: what their doors lack, week after week.

Doors of different SKUs have nothing to do with one another, but a week of one SKU is a few
numbers, for which a computer takes as long as for thousands. So SKUs of one lead time go
through the weeks side by side; only what a SKU's doors share (its minimum, its reserve at
the centre) is looked at SKU by SKU, and only where something is lacking.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forecasting.hierarchy import Floats, Ints
from forecasting.inventory.buy_plan import BuyPlan, NeedsOf, Terms, projected, rounded, shared

_LEAST = 1e-9
"""Units below which nothing is lacking."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """One SKU that is netted."""

    opening: Floats
    """Units on hand, (D,); below zero: owed to customers, who are served first."""
    scheduled: Floats
    """Open orders by week of arrival, units, (D, W)."""
    demand: Floats
    """Expected, units, (D, W)."""
    terms: Terms
    reserve: float = 0.0
    """Units at the distribution centre; used before anything is ordered."""
    reserve_weeks: int = 1
    """Weeks from there to a door."""


def net(
    opening: Floats,
    scheduled: Floats,
    demand: Floats,
    needs: NeedsOf,
    terms: Terms,
    *,
    reserve: float = 0.0,
    reserve_weeks: int = 1,
) -> BuyPlan:
    """Net what doors need against stock and what is scheduled.

    Parameters
    ----------
    opening : float array, shape (D,)
        Below zero: owed to customers, who are served first.
    scheduled, demand : float array, shape (D, W)
        Units: open orders by week of arrival, expected demand.
    needs : callable
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
    >>> needs = kept(np.array([300.0]), demand, np.full((1, 6), 50.0))
    >>> plan = net(np.array([300.0]), due, demand, needs, terms)
    >>> plan.exceptions[0].tolist()
    [0.0, 0.0, 24.0, 0.0, 0.0, 0.0]
    >>> plan.orders[0].tolist()
    [0.0, 0.0, 0.0, 216.0, 0.0, 0.0]
    """
    asking = Asking(
        opening=opening, scheduled=scheduled, demand=demand, terms=terms, reserve=reserve,
        reserve_weeks=reserve_weeks,
    )  # fmt: skip
    return net_together([asking], needs)[0]


def net_together(skus: Sequence[Asking], needs: NeedsOf) -> list[BuyPlan]:
    """Net several SKUs of one lead time, side by side.

    Parameters
    ----------
    skus : sequence of Asking
        One or more, of the same lead time, frozen weeks and planned weeks.
    needs : callable
        Of the doors of all of them, one SKU's after the other's.

    Returns
    -------
    list of BuyPlan, as the SKUs
    """
    together = _Together(skus, needs)
    for t in range(together.n_weeks):
        together.go_through(t)
    return together.plans()


class _Together:
    """The doors of several SKUs, week by week."""

    def __init__(self, skus: Sequence[Asking], needs: NeedsOf) -> None:
        self._skus = skus
        self._opening = np.concatenate([s.opening for s in skus])
        self._scheduled = np.concatenate([s.scheduled for s in skus])
        self._demand = np.concatenate([s.demand for s in skus])
        self._ends = np.cumsum([len(s.demand) for s in skus])
        self._starts = self._ends - [len(s.demand) for s in skus]
        self._case = np.repeat([s.terms.case for s in skus], self._ends - self._starts)
        self._still = np.cumsum(self._demand[:, ::-1], axis=1)[:, ::-1] > 0
        self._reserve = [s.reserve for s in skus]
        self._first, lead_time = (
            skus[0].terms.first,
            skus[0].terms.waits_in(self._demand.shape[1]),
        )
        every = np.arange(len(self._demand))
        self._alone, self._helped = needs(every, lead_time), needs(every, lead_time)
        shape = self._demand.shape
        self.n_weeks = shape[1]
        self._orders, self._centre, self._late, self._lost = (np.zeros(shape) for _ in range(4))

    def go_through(self, t: int) -> None:
        """One week: what the centre has goes out, the rest is ordered or comes too late."""
        come = self._scheduled[:, t]
        lacking = self._alone.lacking(0, [come]) * self._still[:, t]
        asking = self._asking(lacking)
        for i in asking:
            self._from_centre(int(i), t, lacking)
        come = come + self._centre[:, t]
        if t < self._first:
            self._lost[:, t] = self._alone.missed(come)
            # As if what cannot be ordered in time were there all the same.
            more = self._helped.lacking(0, [come]) * (lacking > 0)
            cases = np.ceil(np.maximum(more / self._case - _LEAST, 0.0))
            self._late[:, t] = cases * self._case
            self._helped.arrive(come + self._late[:, t])
        else:
            for i in asking:
                self._order(int(i), t, lacking)
        self._alone.arrive(come + self._orders[:, t])

    def _asking(self, lacking: Floats) -> Ints:
        """SKUs of which a door lacks something."""
        most = np.maximum.reduceat(lacking, self._starts)
        found: Ints = np.flatnonzero(most > 0)
        return found

    def _rows(self, sku: int) -> slice:
        return slice(int(self._starts[sku]), int(self._ends[sku]))

    def _from_centre(self, sku: int, t: int, lacking: Floats) -> None:
        """Send what the centre has of a SKU; `lacking` is what is lacking still."""
        if self._reserve[sku] < 1 or t < self._skus[sku].reserve_weeks:
            return
        rows = self._rows(sku)
        sent = shared(lacking[rows], np.floor(self._reserve[sku]), 1.0)
        self._centre[rows, t] = sent
        self._reserve[sku] -= float(sent.sum())
        lacking[rows] = np.maximum(lacking[rows] - sent, 0.0)

    def _order(self, sku: int, t: int, lacking: Floats) -> None:
        rows, terms = self._rows(sku), self._skus[sku].terms
        if (terms.last is None or t <= terms.last) and (lacking[rows] > _LEAST).any():
            self._orders[rows, t] = rounded(lacking[rows], self._demand[rows, t:], terms)

    def plans(self) -> list[BuyPlan]:
        """What was found for each SKU."""
        arriving = self._scheduled + self._centre + self._orders
        on_hand = projected(self._opening, arriving, self._demand)
        return [
            BuyPlan(
                orders=self._orders[rows],
                from_centre=self._centre[rows],
                exceptions=self._late[rows],
                lost=self._lost[rows],
                on_hand=on_hand[rows],
            )
            for rows in map(self._rows, range(len(self._skus)))
        ]
