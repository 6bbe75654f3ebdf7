"""What is on its way: goods in transit and open order lines, each counted once.

Systems tell of the same truck twice: the stock file as goods in transit, the order file as a
line. And nobody deletes an order that will never come. What is expected here is what the
two say together.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecasting.hierarchy import Bools, Floats, Ints

NEAR_WEEKS = 2
"""A confirmed line that is due within so many weeks may be goods that are in transit."""
HALF_LIFE_WEEKS = 1
"""Past what a supplier's record knows, the chance that a line still comes halves so often."""
LEAST_CHANCE = 0.05
"""Below this a line is taken as one that does not come."""
_OF_NOTE = 0.02
"""Share of a supplier's lines from which a delay is one that happens."""


def longest_delay(shares: Floats) -> int:
    """Weeks by which a supplier's lines are late now and then, at least one.

    Examples
    --------
    >>> longest_delay(np.array([0.5, 0.2, 0.2, 0.1, 0, 0, 0]))
    3
    """
    later = shares[::-1].cumsum()[::-1]
    return max(int(np.flatnonzero(later >= _OF_NOTE).max(initial=0)), 1)


def chance(
    past_due: Ints, supplier: npt.NDArray[np.object_], record: Mapping[str, Floats]
) -> Floats:
    """Probability that lines still come, by the weeks that they are past due, (n,).

    Up to the longest delay of the supplier's record they do; then the chance halves with every
    week, and below one in twenty they are taken as lost.

    Parameters
    ----------
    past_due : int array, shape (n,)
        Weeks since the promised date, negative or 0 where it is ahead.
    supplier : array of str, shape (n,)
    record : mapping of supplier to float array, shape (MOST_WEEKS + 1,)
        Share of lines by weeks late, '' everybody's.

    Examples
    --------
    >>> on_time = {"": np.eye(MOST_WEEKS + 1)[0]}
    >>> chance(np.array([-3, 1, 2, 4, 12]), np.array([""] * 5, object), on_time).tolist()
    [1.0, 1.0, 0.5, 0.125, 0.0]
    """
    longest = {name: longest_delay(shares) for name, shares in record.items()}
    usual = np.array([longest.get(str(s), longest[""]) for s in supplier], dtype=np.int64)
    over = np.maximum(past_due - usual, 0)
    found = 0.5 ** (over / HALF_LIFE_WEEKS)
    return np.where(found < LEAST_CHANCE, 0.0, found)


def may_be_in_transit(week: Ints, status: npt.NDArray[np.object_]) -> Bools:
    """Lines that may be the goods of the column `in_transit`, (n,).

    Those that say so, and confirmed ones that are due soon or overdue.

    Parameters
    ----------
    week : int array, shape (n,)
        In which a line is due, 0 the first to come.
    """
    found: Bools = (status == "in_transit") | ((status == "confirmed") & (week < NEAR_WEEKS))
    return found


def beside_orders(
    moving: pd.DataFrame, lines: pd.DataFrame, *, keys: tuple[str, str] = ("sku", "door")
) -> Floats:
    """Goods in transit that no open order line tells of already, units, (n,).

    Parameters
    ----------
    moving : DataFrame, one row per SKU and place
        sku, door, units.
    lines : DataFrame, one row per order line
        sku, door, week, status, units (expected).
    """
    same = lines[may_be_in_transit(lines["week"].to_numpy(), lines["status"].to_numpy(object))]
    told = same.groupby(list(keys))["units"].sum()
    at = pd.MultiIndex.from_frame(moving[list(keys)])
    already: Floats = told.reindex(at).fillna(0.0).to_numpy(dtype=float)
    left: Floats = np.maximum(moving["units"].to_numpy(dtype=float) - already, 0.0)
    return left
