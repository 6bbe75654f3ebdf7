"""Receipts do not always come when they were promised: what a supplier's record says of it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from forecasting.hierarchy import Floats, Ints

MOST_WEEKS = 6
_AS_IF = 30.0
"""Lines of everybody's record that a supplier's own is weighed against."""


def record(lines: pd.DataFrame) -> dict[str, Floats]:
    """Share of a supplier's lines that came so many weeks late.

    Parameters
    ----------
    lines : DataFrame, one row per supplier and weeks late
        supplier, weeks (0 to MOST_WEEKS), lines.

    Returns
    -------
    dict of supplier to float array, shape (MOST_WEEKS + 1,)
        '' is everybody's. Few lines of one's own lean on everybody's; without any record
        all come on time.
    """
    every = _counted(lines)
    general = every / every.sum() if every.sum() else np.eye(MOST_WEEKS + 1)[0]
    found = {"": general}
    for name, mine in lines.groupby("supplier"):
        if name:
            own = _counted(mine)
            found[str(name)] = (own + _AS_IF * general) / (own.sum() + _AS_IF)
    return found


def _counted(lines: pd.DataFrame) -> Floats:
    count = np.zeros(MOST_WEEKS + 1)
    np.add.at(count, lines["weeks"].to_numpy(dtype=np.int64), lines["lines"].to_numpy(float))
    return count


def still_late(shares: Floats, slipped: int) -> Floats:
    """What may still be added to a delay that is announced already.

    Examples
    --------
    >>> still_late(np.array([0.5, 0.3, 0.2, 0, 0, 0, 0]), 1).round(2)[:3].tolist()
    [0.6, 0.4, 0.0]
    """
    past = min(max(slipped, 0), MOST_WEEKS)
    rest = shares[past:]
    if rest.sum() <= 0:
        on_time: Floats = np.eye(MOST_WEEKS + 1)[0]
        return on_time
    left = np.zeros(MOST_WEEKS + 1)
    left[: len(rest)] = rest / rest.sum()
    return left


def expected(
    door: Ints, week: Ints, units: Floats, delay: Floats, shape: tuple[int, int]
) -> tuple[Floats, Floats]:
    """What order lines are expected to bring, and how unsure that is.

    Parameters
    ----------
    door, week : int array, shape (n,)
        Where and when each line is due.
    units : float array, shape (n,)
    delay : float array, shape (n, MOST_WEEKS + 1)
        Probability of each number of further weeks.
    shape : (D, W)

    Returns
    -------
    change : float array, shape (D, W)
        What the expectation differs from the promised dates, units.
    doubt : float array, shape (D, W)
        Variance of what has arrived by each week: units^2 p (1 - p) of every line.
    """
    change, doubt = np.zeros(shape), np.zeros(shape)
    late = delay[:, 0] < 1
    for d, w, u, p in zip(
        door[late].tolist(), week[late].tolist(), units[late].tolist(), delay[late], strict=True
    ):
        missing = 1 - np.cumsum(p)  # probability that it is not there yet
        for k in range(MOST_WEEKS + 1):
            if w + k < shape[1]:
                change[d, w + k] += u * (p[k] - (k == 0))
                doubt[d, w + k] += u**2 * missing[k] * (1 - missing[k])
    return change, np.maximum(doubt, 0.0)
