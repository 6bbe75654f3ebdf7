"""What a day is of a week: the share of a week's demand on whose days something runs.

Days of a week do not sell alike: a campaign from Thursday to Monday has the weekend of its
first week and little of its second.
"""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from forecasting.calendar import Dates, as_date, weeks_from


def demand_before(
    weekday_shares: npt.NDArray[np.float64] | None,
) -> npt.NDArray[np.float64]:
    """Share of a week's demand before each day, from its first on, and before its end, (8,).

    A whole week is exactly one, as seven times a seventh, added up, is not.
    """
    days = np.ones(7) if weekday_shares is None else weekday_shares
    so_far = np.concatenate([[0.0], np.cumsum(days)])
    before: npt.NDArray[np.float64] = so_far / so_far[-1]
    return before


def exposure_share(
    start: dt.date,
    end: dt.date,
    weeks: Dates,
    weekday_shares: npt.NDArray[np.float64] | None = None,
) -> npt.NDArray[np.float64]:
    """Share of each week's demand on whose days an activation runs.

    Parameters
    ----------
    start, end : date
        First and last day, both included.
    weeks : datetime64 array, shape (W,)
        Week starts.
    weekday_shares : float array, shape (7,), optional
        Share of a week's demand on each day, from its first on; a seventh each if not known.

    Returns
    -------
    float array, shape (W,)
        0 to 1.

    Examples
    --------
    A campaign from Thursday to Monday, with the weekend of a shop:

    >>> days = np.array([0.15, 0.10, 0.10, 0.11, 0.13, 0.18, 0.23])
    >>> weeks = weeks_from(dt.date(2026, 4, 5), 2)
    >>> exposure_share(dt.date(2026, 4, 9), dt.date(2026, 4, 13), weeks, days).round(2)
    array([0.54, 0.25])
    """
    days = None if weekday_shares is None else tuple(weekday_shares.tolist())
    if not len(weeks):
        return np.zeros(0)
    return _exposure_share(start, end, as_date(weeks[0]), as_date(weeks[-1]), len(weeks), days)


@lru_cache(maxsize=16_384)
def _exposure_share(
    start: dt.date,
    end: dt.date,
    first: dt.date,
    last: dt.date,
    count: int,
    weekday_shares: tuple[float, ...] | None,
) -> npt.NDArray[np.float64]:
    """The same for weeks in a row, worked out once; it cannot be written to."""
    weeks = weeks_from(first, count)
    if as_date(weeks[-1]) != last:
        raise ValueError("Exposure is worked out for weeks in a row.")
    before = demand_before(None if weekday_shares is None else np.array(weekday_shares))
    since = np.clip((np.datetime64(start, "D") - weeks).astype(np.int64), 0, 7)
    until = np.clip((np.datetime64(end, "D") - weeks).astype(np.int64) + 1, 0, 7)
    share: npt.NDArray[np.float64] = np.maximum(before[until] - before[since], 0.0)
    share.setflags(write=False)
    return share
