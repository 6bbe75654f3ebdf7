"""Numbers of weeks into days, by the calendar that they are of.

A source keeps the name of that calendar. What calendars there are is said here, and nowhere
else in the intake.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from forecasting.calendar import WEEK, weeks_in_year, year_start
from forecasting.errors import OutOfBounds

YEARS = range(1990, 2101)


def _fiscal(year: int) -> list[dt.date]:
    return [year_start(year) + n * WEEK for n in range(weeks_in_year(year))]


def _iso(year: int) -> list[dt.date]:
    """ISO weeks begin on Monday; a day of each, so that it falls into the fiscal week that
    holds most of it.
    """
    last = dt.date(year, 12, 28).isocalendar().week
    return [dt.date.fromisocalendar(year, week, 1) for week in range(1, last + 1)]


CALENDARS: Mapping[str, tuple[str, Callable[[int], list[dt.date]]]] = {
    "fiscal": ("weeks of the fiscal year", _fiscal),
    "iso": ("ISO weeks, from Monday on", _iso),
}
"""Name to what people call it, and to the first days of the weeks of a year."""


def checked_calendar(name: str) -> str:
    """The name of a calendar; blank is the workspace's own.

    Raises
    ------
    OutOfBounds
    """
    if name and name not in CALENDARS:
        raise OutOfBounds(f"'{name[:60]}' is no calendar of weeks: {', '.join(CALENDARS)}.")
    return name or "fiscal"


@lru_cache
def first_days(calendar: str) -> Mapping[int, Sequence[str]]:
    """Year to the first day of each of its weeks, ISO."""
    _, weeks = CALENDARS[checked_calendar(calendar)]
    return {year: [day.isoformat() for day in weeks(year)] for year in YEARS}


def example(calendar: str, year: int, week: int) -> str:
    """What one week is by a calendar: 'Mar 29 to Apr 4, 2026'."""
    days = first_days(calendar).get(year, ())
    if not 1 <= week <= len(days):
        return "no such week"
    first = dt.date.fromisoformat(days[week - 1])
    last = first + dt.timedelta(6)
    return f"{first:%b} {first.day} to {last:%b} {last.day}, {last.year}"
