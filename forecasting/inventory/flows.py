"""Stock that comes back, and stock that is owed.

What customers send back goes on the shelf again, a week after it was sold: gross demand has to
be met all the same, and less has to be bought. Stock below zero is owed to customers who
ordered already: what arrives goes to them first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from forecasting.hierarchy import Floats
from forecasting.inventory.projection import Routine, replenished

BACK_AFTER_WEEKS = 1
"""Weeks from a sale to its return."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flows:
    """What moves stock beside orders and sales, units, (n, W) each."""

    routine: Floats
    """What the usual replenishment adds."""
    returned: Floats
    """What comes back on the shelf."""
    owed: Floats
    """What arrives and goes to those who ordered before."""


def flows(
    opening: Floats,
    receipts: Floats,
    demand: Floats,
    *,
    usual: Routine | None,
    back: Floats,
) -> Flows:
    """Let n places sell, order, take back and deliver what is owed, week by week.

    Parameters
    ----------
    opening : float array, shape (n,)
        Units on hand; below zero: owed to customers.
    receipts, demand : float array, shape (n, W)
        Units on order, and demand before returns.
    usual : Routine, optional
        Replenishment that goes on; it sees what is owed and does not count on returns.
    back : float array, shape (n,)
        Share of what is sold that comes back.

    Examples
    --------
    >>> none = np.zeros((1, 3))
    >>> sold = np.full((1, 3), 40.0)
    >>> flows(np.array([400.0]), none, sold, usual=None, back=np.array([0.4])).returned.tolist()
    [[16.0, 16.0, 16.0]]
    >>> late = np.array([[0.0, 20, 20]])
    >>> flows(np.array([-30.0]), late, sold, usual=None, back=np.zeros(1)).owed.tolist()
    [[0.0, 20.0, 10.0]]
    """
    nothing = np.broadcast_to(0.0, demand.shape)
    if not (back.any() or (opening < 0).any()):
        if usual is None:
            return Flows(routine=nothing, returned=nothing, owed=nothing)
        extra = replenished(opening, receipts, demand, usual)
        return Flows(routine=extra, returned=nothing, owed=nothing)
    arriving = receipts.copy()
    extra, returned, paid = (np.zeros(demand.shape) for _ in range(3))
    stock, owing = np.maximum(opening, 0.0), np.maximum(-opening, 0.0)
    sold = demand[:, 0]
    for week in range(demand.shape[1]):
        lead = usual.lead_time if usual else 0
        due = week + lead
        if usual and due < demand.shape[1] and usual.arrives_in(due):
            position = stock - owing + arriving[:, week : due + 1].sum(axis=1)
            extra[:, due] = np.maximum(usual.aim[:, week] - position, 0.0)
            arriving[:, due] += extra[:, due]
        returned[:, week] = back * sold
        come = arriving[:, week] + returned[:, week]
        paid[:, week] = np.minimum(owing, np.maximum(come, 0.0))
        owing = owing - paid[:, week]
        there = np.maximum(stock + come - paid[:, week], 0.0)
        sold = np.minimum(there, demand[:, week])
        stock = there - sold
    return Flows(routine=extra, returned=returned, owed=paid)


def sent_on(
    opening: Floats, receipts: Floats, demand: Floats, usual: Routine, stock: float, due: Floats
) -> Floats:
    """What a centre sends to its n doors while it has something, units by arrival, (n, W).

    Parameters
    ----------
    opening : float array, shape (n,)
    receipts, demand : float array, shape (n, W)
    usual : Routine
        What doors ask for; its lead time is the way.
    stock : float
        Units that the centre has.
    due : float array, shape (W,)
        Units on their way to it.

    Examples
    --------
    >>> even = np.full((2, 4), 10.0)
    >>> asks = Routine(aim=np.full((2, 4), 20.0), lead_time=1)
    >>> none = np.zeros((2, 4))
    >>> sent_on(np.full(2, 10.0), none, even, asks, 30.0, np.zeros(4)).tolist()
    [[0.0, 10.0, 5.0, 0.0], [0.0, 10.0, 5.0, 0.0]]
    """
    arriving, sent = receipts.copy(), np.zeros(demand.shape)
    there, left = opening.astype(float), stock
    for week in range(demand.shape[1]):
        left += due[week]
        lands = week + usual.lead_time
        if lands < demand.shape[1]:
            position = there + arriving[:, week : lands + 1].sum(axis=1)
            asked = np.maximum(usual.aim[:, week] - position, 0.0)
            sent[:, lands] = asked * min(1.0, left / max(asked.sum(), 1e-9))
            arriving[:, lands] += sent[:, lands]
            left -= sent[:, lands].sum()
        there = np.maximum(there + arriving[:, week] - demand[:, week], 0.0)
    return sent


def coming_back(demand: Floats, back: Floats) -> Floats:
    """What comes back if all demand is met, units, (n, W).

    Parameters
    ----------
    demand : float array, shape (n, W)
    back : float array, shape (n,)
    """
    before = np.concatenate([demand[:, :BACK_AFTER_WEEKS], demand], axis=1)
    return before[:, : demand.shape[1]] * back[:, None]


def not_counting(usual: Routine, returned: Floats) -> Routine:
    """A replenishment that is told of returns among receipts, and still does not count on them.

    Buyers fill up to what they always had; what comes back shows once it is on the shelf.

    Parameters
    ----------
    returned : float array, shape (n, W)
    """
    if not returned.any():
        return usual
    n_weeks = returned.shape[1]
    total = np.concatenate([np.zeros((len(returned), 1)), np.cumsum(returned, axis=1)], axis=1)
    start = np.arange(n_weeks)
    end = np.minimum(start + usual.lead_time + 1, n_weeks)
    within = np.where(start + usual.lead_time < n_weeks, total[:, end] - total[:, start], 0.0)
    return replace(usual, aim=usual.aim + within)


def share_back(
    sold: Floats, returned: Floats, at_door: Floats, *, as_if: float = 20.0
) -> Floats:
    """Share of what is sold that comes back, leaning on what comes back at the door, (n,).

    Parameters
    ----------
    sold, returned : float array, shape (n,)
        Units of each SKU there.
    at_door : float array, shape (n,)
        The share of everything at the door.
    as_if : float
        Units of the door's record that a SKU's own are weighed against.
    """
    found: Floats = (returned + as_if * at_door) / (sold + as_if)
    return found
