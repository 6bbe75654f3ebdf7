"""Numbers of weeks into days, by the calendar that they are of.

A source keeps the name of that calendar. What calendars there are is stated here, and nowhere
else in the intake.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from functools import lru_cache

from forecasting import conventions, write
from forecasting.calendar import (
    DAY,
    FIRST_YEAR,
    LAST_YEAR,
    MIDDLE,
    NRF,
    WEEK,
    FiscalCalendar,
    Pattern,
    in_force,
)
from forecasting.errors import OutOfBounds

ISO = FiscalCalendar(pattern=Pattern.CALENDAR_MONTHS, first_weekday="Monday", first_month=1)
CALENDARS: Mapping[str, tuple[str, FiscalCalendar | None]] = {
    "fiscal": ("weeks of your own fiscal year", None),
    "iso": ("ISO weeks, from Monday on", ISO),
    "nrf": ("weeks of the NRF's 4-5-4 retail year", NRF),
}
"""Name to what people call it, and to the calendar; None: the one of the company."""


def checked_calendar(name: str) -> str:
    """The name of a calendar; blank is the company's own.

    Raises
    ------
    OutOfBounds
    """
    if name and name not in CALENDARS:
        raise OutOfBounds(f"'{name[:60]}' is no calendar of weeks: {', '.join(CALENDARS)}.")
    return name or "fiscal"


def calendar_of(name: str) -> FiscalCalendar:
    """The calendar of a name."""
    return CALENDARS[checked_calendar(name)][1] or in_force()


def that_differ(year: int, week: int) -> list[str]:
    """Names of calendars, one for each day that a week may begin on."""
    found: dict[str, str] = {}
    for name in CALENDARS:
        found.setdefault(example(name, year, week), name)
    return list(found.values())


def first_days(name: str) -> Mapping[int, Sequence[str]]:
    """Year to a day of each of its weeks, ISO: the first, where that says which week it is.

    Raises
    ------
    OutOfBounds
        If there is no such calendar.
    """
    return _first_days(calendar_of(name), in_force())


@lru_cache
def _first_days(theirs: FiscalCalendar, ours: FiscalCalendar) -> Mapping[int, Sequence[str]]:
    years = range(FIRST_YEAR, LAST_YEAR)
    return {
        year: [_told(day, ours).isoformat() for day in _weeks(theirs, year)] for year in years
    }


def _weeks(calendar: FiscalCalendar, year: int) -> list[dt.date]:
    start = calendar.year_start(year)
    return [start + n * WEEK for n in range(calendar.weeks_in_year(year))]


def _told(first: dt.date, ours: FiscalCalendar) -> dt.date:
    """A day of a week that is in the one of ours that holds most of it."""
    middle = first + MIDDLE * DAY
    return first if ours.week_start(first) == ours.week_start(middle) else middle


def example(name: str, year: int, week: int) -> str:
    """What one week is by a calendar: 'Mar 29 to Apr 4, 2026'."""
    if not FIRST_YEAR <= year < LAST_YEAR:
        return "no such week"
    days = _weeks(calendar_of(name), year)
    if not 1 <= week <= len(days):
        return "no such week"
    last = days[week - 1] + 6 * DAY
    return f"{conventions.in_force().short_day(days[week - 1])} to {write.day(last)}"
