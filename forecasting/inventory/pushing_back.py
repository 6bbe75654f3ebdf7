"""Open orders that may come later: what a door does not need yet waits until it does.

A door with more than enough takes in whatever was ordered before anybody knew. As long as an
order has not left the supplier it can come later (the reschedule-out message of material
requirements planning: Orlicky, J. (1975), Material requirements planning). Line by line it is
asked for in the week in which the door, without it, is down to the supply that the company aims
at; what is not needed within the plan is taken out of it.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from forecasting.hierarchy import Floats
from forecasting.inventory.arrivals import NEAR_WEEKS
from forecasting.inventory.buy_plan import left_of
from forecasting.inventory.order_lines import OrderLines
from forecasting.inventory.shipments import Shipment

LEAST_WEEKS = 2
"""Weeks by which an order is pushed back at least: a week is not worth a call."""


def movable(lines: OrderLines, doors: Collection[int], *, n_weeks: int) -> OrderLines:
    """Lines of some doors that can still come later: ordered, named, and not on a truck yet.

    What is due within two weeks may be in transit (arrivals.py).
    """
    at = np.isin(lines.door, np.array(sorted(doors), dtype=np.int64))
    due = (lines.week >= NEAR_WEEKS) & (lines.week < n_weeks)
    return lines.take(at & due & (lines.receipt != "") & ~lines.planned & (lines.units > 0))


def push_back(
    opening: Floats,
    receipts: Floats,
    demand: Floats,
    lines: OrderLines,
    *,
    enough: int,
    safety: Floats,
) -> list[Shipment]:
    """Lines that come later than they are due, each as a whole.

    Parameters
    ----------
    opening : float array, shape (D,)
        Units on hand, at least zero.
    receipts, demand : float array, shape (D, W)
        Units that are firmly expected by week, `lines` among them, and demand.
    lines : OrderLines
    enough : int
        Weeks of supply that a door is to have at the start of every week, arrivals counted.
    safety : float array, shape (D, W)
        Units that it is to have beyond the demand of a week: before a season ends, some weeks
        of supply are little more than that.

    Returns
    -------
    list of Shipment, whose `arrives` is W where a line is not needed within the plan

    Examples
    --------
    >>> import pandas as pd
    >>> four = np.array([[4.0, 4, 4, 4, 4, 4, 4, 4]])
    >>> due = np.array([[0.0, 0, 12, 0, 0, 0, 0, 0]])
    >>> line = OrderLines.of(
    ...     pd.DataFrame(
    ...         {
    ...             **{"receipt": ["PO1"], "door": 0, "week": 2, "units": 12.0},
    ...             **{"chance": 1.0, "expedite": -1, "planned": False, "slipped": 0},
    ...         }
    ...     )
    ... )
    >>> later = push_back(np.array([24.0]), due, four, line, enough=2, safety=0 * four)
    >>> [(one.leaves, one.arrives, one.units) for one in later]
    [(2, 5, 12.0)]
    """
    others = receipts.copy()
    np.subtract.at(others, (lines.door, lines.week), lines.units)
    asked = np.maximum(_ahead(demand, enough), demand + safety)
    found: list[Shipment] = []
    for door in np.unique(lines.door).tolist():
        at = np.flatnonzero(lines.door == door)
        mine = lines.take(at[np.argsort(lines.week[at], kind="stable")])
        arrives = _arrivals(opening[door], others[door], demand[door], asked[door], mine)
        found += _shipments(door, mine, arrives)
    return found


def _ahead(demand: Floats, weeks: int) -> Floats:
    """Demand of each week and those after it, so many in all, (D, W)."""
    n_weeks = demand.shape[1]
    # Beyond the plan it goes on as in its last weeks.
    on = np.repeat(demand[:, -weeks:].mean(axis=1)[:, None], weeks, axis=1)
    total = np.cumsum(np.concatenate([np.zeros((len(demand), 1)), demand, on], axis=1), axis=1)
    found: Floats = total[:, weeks : weeks + n_weeks] - total[:, :n_weeks]
    return found


def _arrivals(
    opening: float, others: Floats, demand: Floats, asked: Floats, lines: OrderLines
) -> list[int]:
    """Week in which each of one door's lines, by the week it is due, is asked for."""
    n_weeks = len(demand)
    arrives, next_one, stock = [n_weeks] * len(lines), 0, np.array(opening)
    for week in range(n_weeks):
        stock = stock + others[week]
        while next_one < len(lines) and lines.week[next_one] <= week and stock < asked[week]:
            arrives[next_one], stock = week, stock + lines.units[next_one]
            next_one += 1
        stock = left_of(stock, demand[week])
    return arrives


def _shipments(door: int, lines: OrderLines, arrives: list[int]) -> list[Shipment]:
    """Those of one door's lines that come later by enough weeks."""
    return [
        Shipment(
            origin=-1, to=door, units=float(lines.units[i]), leaves=int(lines.week[i]),
            arrives=week, cost=0.0, receipt=str(lines.receipt[i]),
        )
        for i, week in enumerate(arrives)
        if week - lines.week[i] >= LEAST_WEEKS
    ]  # fmt: skip
