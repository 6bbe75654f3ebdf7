"""The retail 4-5-4 calendar as the National Retail Federation (NRF) defines it.

A fiscal week runs from Sunday to Saturday and is known everywhere by the date of its
Sunday. A fiscal year ends on the Saturday nearest to 31 January and is named by the
calendar year in which it starts; every five or six years it has 53 weeks. Quarters are
three months of 4, 5 and 4 weeks; week 53 is a fifth week of January.

Source: NRF, 4-5-4 Calendar; docs/metrics.md.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import numpy as np
import numpy.typing as npt

WEEK = dt.timedelta(days=7)
MONTH_NAMES = (
    "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Jan",
)  # fmt: skip
_MONTH_ENDS = (4, 9, 13, 17, 22, 26, 30, 35, 39, 43, 48, 52)  # last week of each month

Dates = npt.NDArray[np.datetime64]


class Comparison(StrEnum):
    """Which week of last year a week is compared with."""

    WEEK_NUMBER = "week_number"
    """Week k with week k; week 53 has no partner."""
    RESTATED = "restated"
    """The same weekday 364 days before, as NRF restates 53-week years."""
    EVENT = "event"
    """The week of the same holiday or campaign, where one is known."""


@dataclass(frozen=True, slots=True, order=True)
class FiscalWeek:
    """A fiscal week by name: year 2026, week 43."""

    year: int
    """Calendar year in which the fiscal year starts."""
    week: int
    """1 to 53."""

    @property
    def start(self) -> dt.date:
        """The Sunday it starts on."""
        return year_start(self.year) + (self.week - 1) * WEEK

    @property
    def period(self) -> int:
        """Fiscal month, 1 (February) to 12 (January)."""
        return next((i for i, end in enumerate(_MONTH_ENDS, 1) if self.week <= end), 12)

    @property
    def quarter(self) -> int:
        """1 to 4."""
        return (self.period + 2) // 3

    @property
    def season(self) -> str:
        """Spring (quarters 1 and 2) or Fall (quarters 3 and 4)."""
        return "Spring" if self.quarter <= 2 else "Fall"


def year_end(year: int) -> dt.date:
    """Last day of a fiscal year: the Saturday nearest to 31 January."""
    january_end = dt.date(year + 1, 1, 31)
    back = (january_end.weekday() - 5) % 7
    return january_end + dt.timedelta(-back if back <= 3 else 7 - back)


def year_start(year: int) -> dt.date:
    """First day (a Sunday) of a fiscal year."""
    return year_end(year - 1) + dt.timedelta(1)


def weeks_in_year(year: int) -> int:
    """52 or 53."""
    return ((year_end(year) - year_start(year)).days + 1) // 7


def week_start(date: dt.date) -> dt.date:
    """The Sunday of the fiscal week in which a date falls."""
    return date - dt.timedelta((date.weekday() + 1) % 7)


@lru_cache(maxsize=4096)
def fiscal_week(date: dt.date) -> FiscalWeek:
    """Name of the fiscal week in which a date falls."""
    year = date.year if date >= year_start(date.year) else date.year - 1
    return FiscalWeek(year, (date - year_start(year)).days // 7 + 1)


def fiscal_quarter(date: dt.date) -> str:
    """Name of the fiscal quarter in which a date falls, '2026-Q3'; names sort as time does."""
    week = fiscal_week(week_start(date))
    return f"{week.year}-Q{week.quarter}"


def quarter_label(quarter: str) -> str:
    """How people read a fiscal quarter: 'Q3 FY26'."""
    return f"{quarter[5:]} FY{quarter[2:4]}"


def quarters_back(quarter: str, count: int) -> str:
    """The fiscal quarter so many before another one: four back is last year's."""
    year, number = int(quarter[:4]), int(quarter[6:])
    at = 4 * year + number - 1 - count
    return f"{at // 4}-Q{at % 4 + 1}"


def weeks_from(start: dt.date, count: int) -> Dates:
    """`count` consecutive weeks as datetime64[D], from the week that holds `start`."""
    first = np.datetime64(week_start(start), "D")
    return first + np.arange(count) * np.timedelta64(7, "D")


def as_date(week: np.datetime64) -> dt.date:
    """A datetime64 day as a plain date."""
    date = week.astype("datetime64[D]").item()
    assert isinstance(date, dt.date)
    return date


def week_numbers(weeks: Dates) -> npt.NDArray[np.int64]:
    """Fiscal week number (1 to 53) of each week, shape of `weeks`."""
    return np.array([fiscal_week(as_date(w)).week for w in weeks], dtype=np.int64)


def period_starts(year: int) -> tuple[dt.date, ...]:
    """First day of each of the twelve months of a fiscal year."""
    weeks_before = (0, *_MONTH_ENDS[:-1])
    return tuple(year_start(year) + before * WEEK for before in weeks_before)


def period_weeks(year: int, period: int) -> tuple[dt.date, ...]:
    """The week starts of one fiscal month: 4 or 5 of them."""
    starts = (*period_starts(year), year_start(year + 1))
    first, after = starts[period - 1], starts[period]
    return tuple(first + i * WEEK for i in range((after - first).days // 7))


def quarter_weeks(year: int, quarter: int) -> tuple[dt.date, ...]:
    """The week starts of one fiscal quarter: 13 or 14 of them."""
    months = range(3 * quarter - 2, 3 * quarter + 1)
    return tuple(week for month in months for week in period_weeks(year, month))


def last_year(
    week: dt.date,
    *,
    mode: Comparison = Comparison.WEEK_NUMBER,
    events: Mapping[dt.date, dt.date] | None = None,
) -> dt.date | None:
    """The week of last year that a week is compared with.

    Parameters
    ----------
    week : date
        Any day of the week in question.
    mode : Comparison
        Week number, restated or event; no single one aligns every holiday.
    events : mapping of week start to week start, optional
        For `event`: this year's week of a holiday or campaign to last year's. A week
        without an entry is compared by week number.

    Returns
    -------
    date or None
        The Sunday of the partner week; None for a week 53 compared by number.
    """
    start = week_start(week)
    if mode is Comparison.RESTATED:
        return start - dt.timedelta(364)
    if mode is Comparison.EVENT and events is not None and start in events:
        return week_start(events[start])
    name = fiscal_week(start)
    if name.week > weeks_in_year(name.year - 1):
        return None
    return FiscalWeek(name.year - 1, name.week).start


def week_label(week: dt.date) -> str:
    """How people read a week: 'W43 Nov 22'."""
    start = week_start(week)
    return f"W{fiscal_week(start).week:02d} {start:%b} {start.day}"


def month_label(week: dt.date) -> str:
    """How people read a fiscal month: 'Nov 2026'."""
    name = fiscal_week(week)
    return f"{MONTH_NAMES[name.period - 1]} FY{name.year % 100:02d}"


def demand_before(
    weekday_shares: npt.NDArray[np.float64] | None,
) -> npt.NDArray[np.float64]:
    """Share of a week's demand before each day from Sunday on, and before its end, (8,).

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
        Share of a week's demand on each day from Sunday on; a seventh each if not known.

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
