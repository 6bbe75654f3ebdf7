"""Projected on hand: what is left at the end of each week, and what could not be sold.

Sales that stock does not allow are lost, not kept waiting. Signed balances would count a
shortage again in every later week; here a week that runs out starts the next one at zero.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from forecasting.hierarchy import Floats, Ints, rows_of

_PACE_WEEKS = 4
"""Weeks after the lead time whose pace weeks of supply are counted in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """Stock of n places over W weeks, units."""

    on_hand: Floats
    """At the end of each week, never below zero, (n, W)."""
    lost: Floats
    """Demand of each week that was not met, (n, W)."""
    signed: Floats
    """Opening stock plus receipts less demand, running, may be negative, (n, W)."""

    def take(self, rows: Ints) -> Projection:
        """The same of some places."""
        return rows_of(self, rows)


def project(opening: Floats, receipts: Floats, demand: Floats) -> Projection:
    """Project stock through weeks of receipts and demand.

    Parameters
    ----------
    opening : float array, shape (n,)
        Units on hand before the first week.
    receipts, demand : float array, shape (n, W)
        Units; a receipt can be sold in the week in which it arrives.

    Notes
    -----
    With S the signed balance and M = min(0, running minimum of S): on hand = S - M and
    lost = the fall of M. This is the week-by-week recursion in closed form.

    Examples
    --------
    >>> demand = np.array([[80.0, 80, 200, 200, 80, 80]])
    >>> receipts = np.array([[0.0, 100, 0, 0, 240, 0]])
    >>> result = project(np.array([300.0]), receipts, demand)
    >>> result.on_hand.tolist()
    [[220.0, 240.0, 40.0, 0.0, 160.0, 80.0]]
    >>> float(result.lost.sum())
    160.0
    """
    signed = opening[:, None] + np.cumsum(receipts - demand, axis=1)
    lowest = np.minimum(np.minimum.accumulate(signed, axis=1), 0.0)
    before = np.concatenate([np.zeros((len(opening), 1)), lowest[:, :-1]], axis=1)
    return Projection(on_hand=signed - lowest, lost=before - lowest, signed=signed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Routine:
    """Replenishment that goes on as history shows: it knows level and season, not the lift.

    Whenever it is time to order, it orders what stock and orders under way lack of an aim; it
    sees what has been sold, so after a promotion it fills up again, one lead time later.
    """

    aim: Floats
    """Units that stock at the start of a week and everything arriving until the lead time
    is over are raised to, (n, W); 0 where an order would come after the horizon."""
    lead_time: int
    """Weeks; an order released in the first week arrives at the start of week `lead_time`
    (counted from 0)."""
    every: int = 1
    """Weeks from one order to the next."""
    first: int = 0
    """A week in which an order may arrive."""

    def arrives_in(self, week: int) -> bool:
        """Whether an order may arrive in a week."""
        return (week - self.first) % self.every == 0

    def take(self, rows: Ints, *, until: int | None = None) -> Routine:
        """The same of some places, in the first weeks only if `until` is given."""
        return replace(self, aim=self.aim[rows, :until])


def routine(
    baseline: Floats, *, cover: Floats, lead_time: int, every: int = 1, first: int = 0
) -> Routine:
    """The usual replenishment of n places.

    Parameters
    ----------
    baseline : float array, shape (n, W)
        Units.
    cover : float array, shape (n,)
        Weeks of supply that an order raises stock to, beyond the lead time. Negative: stock
        and orders cover that much less than the lead time and the week after it.
    lead_time : int
        Weeks.
    every, first : int
        Weeks from one order to the next, and a week in which one may arrive.
    """
    n, n_weeks = baseline.shape
    start = np.arange(max(n_weeks - lead_time, 0))
    lead, pace = lead_and_pace(baseline, start, lead_time=np.full(n, lead_time))
    covered = np.clip(1 + cover / (lead_time + 1), 0.0, 1.0)
    beyond = np.maximum(cover, 0.0)
    aim = np.zeros((n, n_weeks))
    aim[:, start] = covered[:, None] * lead + beyond[:, None] * pace
    return Routine(aim=aim, lead_time=lead_time, every=every, first=first)


def usual_cover(position: Floats, lead: Floats, pace: Floats, *, lead_time: Ints) -> Floats:
    """The cover with which the usual replenishment now aims at a position.

    Parameters
    ----------
    position : float array, shape (n,)
        Units on hand and on order after an order.
    lead, pace : float array, shape (n,)
        Units of demand until the week after the lead time, and a week in the four weeks
        then (`lead_and_pace`).
    lead_time : int array, shape (n,)
    """
    beyond = (position - lead) / pace
    short = (position / lead - 1) * (lead_time + 1)
    cover: Floats = np.where(beyond < 0, short, beyond)
    return cover


def lead_and_pace(baseline: Floats, start: Ints, *, lead_time: Ints) -> tuple[Floats, Floats]:
    """Demand until the week after the lead time, and a week in the four weeks then.

    Parameters
    ----------
    baseline : float array, shape (n, W)
    start : int array, shape (k,)
        Weeks in which the lead time begins.
    lead_time : int array, shape (n,)

    Returns
    -------
    float array, shape (n, k), each
    """
    n, n_weeks = baseline.shape
    total = np.concatenate([np.zeros((n, 1)), np.cumsum(baseline, axis=1)], axis=1)
    end = np.minimum(start + lead_time[:, None] + 1, n_weeks)
    until = np.minimum(end + _PACE_WEEKS, n_weeks)
    row = np.arange(n)[:, None]
    upto = total[row, end]
    after = (total[row, until] - upto) / np.maximum(until - end, 1)
    return upto - total[:, start], np.where(until > end, after, baseline[:, -1:])


def replenished(opening: Floats, receipts: Floats, demand: Floats, usual: Routine) -> Floats:
    """What the usual replenishment adds while demand takes its course.

    Parameters
    ----------
    opening : float array, shape (n,)
    receipts, demand : float array, shape (n, W)
        Units on order already, and demand as it is expected.
    usual : Routine

    Returns
    -------
    float array, shape (n, W)
        Units arriving each week, on top of `receipts`.
    """
    n_weeks, lead = demand.shape[1], usual.lead_time
    # Weeks come first inside: each week is one piece of memory.
    arriving, leaving = receipts.T.copy(), np.ascontiguousarray(demand.T)
    aim, extra = np.ascontiguousarray(usual.aim.T), np.zeros_like(leaving)
    stock = opening.astype(float)
    for r in range(n_weeks):
        if r + lead < n_weeks and usual.arrives_in(r + lead):
            position = stock + arriving[r : r + lead + 1].sum(axis=0)
            extra[r + lead] = np.maximum(aim[r] - position, 0.0)
            arriving[r + lead] += extra[r + lead]
        stock = np.maximum(stock + arriving[r] - leaving[r], 0.0)
    return np.ascontiguousarray(extra.T)


def weeks_of_supply(on_hand: Floats, demand: Floats) -> Floats:
    """Weeks for which the stock at the end of each week meets the demand after it.

    Parameters
    ----------
    on_hand, demand : float array, shape (n, W)

    Returns
    -------
    float array, shape (n, W)
        The last week counts in part. Stock that outlasts the horizon is given the weeks
        that are left; NaN where nothing at all is demanded after the week.

    Examples
    --------
    >>> demand = np.array([[0.0, 80, 80, 200, 80, 80]])
    >>> weeks_of_supply(np.full((1, 6), 300.0), demand)[0, 0].round(2)
    np.float64(2.7)
    """
    n, n_weeks = demand.shape
    result = np.full((n, n_weeks), np.nan)
    for t in range(n_weeks - 1):
        later = demand[:, t + 1 :]
        used = np.cumsum(later, axis=1)
        stock = on_hand[:, [t]]
        before = used - later
        part = np.where(later > 0, (stock - before) / np.where(later > 0, later, 1), 1.0)
        weeks = np.clip(np.where(used <= stock, 1.0, part), 0.0, 1.0).sum(axis=1)
        result[:, t] = np.where(used[:, -1] > 0, weeks, np.nan)
    return result


def weeks_left(demand: Floats) -> Floats:
    """Weeks of the horizon after each week, (W,): stock that lasts so long outlasts it."""
    n_weeks = demand.shape[1]
    return np.arange(n_weeks - 1, -1, -1.0)


def due_weeks(eta_weeks: Ints, *, past_due_to: int = 1) -> Ints:
    """Week in which open receipts are counted; past-due ones are not "this week".

    Parameters
    ----------
    eta_weeks : int array
        Week of the promised date, 0 for the first planned week; negative is past due.
    past_due_to : int
        Week to which a past-due receipt is pushed.
    """
    pushed: Ints = np.where(eta_weeks < 0, past_due_to, eta_weeks)
    return pushed
