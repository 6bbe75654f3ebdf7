"""Receipts do not always come when they were promised: what a supplier's record says of it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from forecasting.hierarchy import Floats, Ints

MOST_WEEKS = 6
"""Weeks late that are told apart, at most."""
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


def still_late(shares: Floats, slipped: Ints) -> Floats:
    """What may still be added to delays that are announced already, (n, MOST_WEEKS + 1).

    Parameters
    ----------
    shares : float array, shape (MOST_WEEKS + 1,)
        Of one supplier.
    slipped : int array, shape (n,)
        Weeks by which each line's date has moved.

    Examples
    --------
    >>> still_late(np.array([0.5, 0.3, 0.2, 0, 0, 0, 0]), np.array([1])).round(2)[
    ...     0, :3
    ... ].tolist()
    [0.6, 0.4, 0.0]
    """
    after = np.zeros((MOST_WEEKS + 1, MOST_WEEKS + 1))
    for past in range(MOST_WEEKS + 1):
        rest = shares[past:]
        after[past, : len(rest)] = rest / rest.sum() if rest.sum() > 0 else 0.0
        after[past, 0] += 1.0 if rest.sum() <= 0 else 0.0
    found: Floats = after[np.clip(slipped, 0, MOST_WEEKS)]
    return found


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
    missing = 1 - np.cumsum(delay, axis=1)  # probability that it is not there yet
    for k in range(MOST_WEEKS + 1):
        inside = week + k < shape[1]
        at = (door[inside], week[inside] + k)
        size, gone = units[inside], missing[inside, k]
        np.add.at(change, at, size * (delay[inside, k] - (k == 0)))
        np.add.at(doubt, at, size**2 * gone * (1 - gone))
    return change, np.maximum(doubt, 0.0)
