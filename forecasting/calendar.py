"""The company's fiscal calendar: weeks, months, quarters and years, and what they are called.

A fiscal week is seven days and is known everywhere by the date of its first. Weeks make
months by a pattern (4-5-4, 4-4-5, 5-4-4, or the calendar month in which most of a week
lies), twelve months a year, and a year of 52 weeks has a 53rd every five or six years. What
a company uses is data (`FiscalCalendar`); the retail 4-5-4 calendar of the National Retail
Federation (NRF) is what holds until something else is set.

A process serves one company, so its calendar is in force for the whole of it, as a locale
is: `in_force` says which, `keep` sets it (a workspace does when it opens, a fit when it
begins), and the functions of this module are those of the calendar in force.

Sources: NRF, 4-5-4 Calendar; ISO 8601 (a week belongs to the year that holds its fourth
day); docs/metrics.md.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import accumulate

import numpy as np
import numpy.typing as npt

from forecasting.errors import OutOfBounds

DAY = dt.timedelta(1)
WEEK = dt.timedelta(7)
MONTHS = 12
MIDDLE = 3
"""Days from the first to the fourth day of a week, which says in which month most of it is."""
FARTHEST_DAYS = 45
"""A year begins no farther than this from the first of the month it is stated to begin in."""
FIRST_YEAR, LAST_YEAR = 1990, 2100
"""Fiscal years of which the database keeps the weeks."""
WEEKDAYS = (
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
)  # fmt: skip
MONTHS_OF_YEAR = (
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
)  # fmt: skip

Dates = npt.NDArray[np.datetime64]


class Comparison(StrEnum):
    """Which week of last year a week is compared with."""

    WEEK_NUMBER = "week_number"
    """Week k with week k; week 53 has no partner."""
    RESTATED = "restated"
    """The same weekday 364 days before, as NRF restates 53-week years."""
    EVENT = "event"
    """The week of the same holiday or campaign, where one is known."""


class Pattern(StrEnum):
    """How weeks make months."""

    FOUR_FIVE_FOUR = "4-5-4"
    FOUR_FOUR_FIVE = "4-4-5"
    FIVE_FOUR_FOUR = "5-4-4"
    CALENDAR_MONTHS = "calendar months"
    """A week is of the calendar month that its fourth day is in; with weeks from Monday on
    and a year from January on, weeks are numbered as ISO 8601 has them."""

    @property
    def weeks(self) -> tuple[int, ...]:
        """Weeks of the twelve months of a year of 52; the 53rd is one more of the last."""
        return tuple(int(part) for part in self.value.split("-")) * 4


class YearEnd(StrEnum):
    """On which last day of a week a year of a pattern ends."""

    NEAREST = "nearest"
    """The one nearest to the end of the last month, which may be in the next (NRF)."""
    LAST = "last"
    """The last one in the last month."""


class Days(StrEnum):
    """How a day is written, by its example."""

    MONTH_FIRST = "Nov 2, 2026"
    DAY_FIRST = "2 Nov 2026"
    ISO = "2026-11-02"

    def short(self, day: dt.date) -> str:
        """A day of a year that is clear: 'Nov 2'."""
        match self:
            case Days.MONTH_FIRST:
                return f"{day:%b} {day.day}"
            case Days.DAY_FIRST:
                return f"{day.day} {day:%b}"
            case Days.ISO:
                return f"{day:%m-%d}"

    def long(self, day: dt.date) -> str:
        """A day with its year: 'Nov 2, 2026'."""
        match self:
            case Days.MONTH_FIRST:
                return f"{self.short(day)}, {day.year}"
            case Days.DAY_FIRST:
                return f"{self.short(day)} {day.year}"
            case Days.ISO:
                return f"{day:%Y-%m-%d}"

    @property
    def axis(self) -> str:
        """The short form as a pattern of axes (d3-time-format)."""
        return {"Nov 2, 2026": "%b %-d", "2 Nov 2026": "%-d %b"}.get(self.value, "%m-%d")

    @property
    def tip(self) -> str:
        """The long form as such a pattern."""
        return {"Nov 2, 2026": "%b %-d, %Y", "2 Nov 2026": "%-d %b %Y"}.get(
            self.value, "%Y-%m-%d"
        )


class NamedBy(StrEnum):
    """Which calendar year a fiscal year is called by."""

    START = "start"
    END = "end"


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class FiscalWeek:
    """A fiscal week by name: year 2026, week 43."""

    year: int
    """As the calendar names it."""
    week: int
    """1 to 53."""
    start: dt.date
    """Its first day."""
    period: int
    """Fiscal month, 1 to 12."""

    @property
    def quarter(self) -> int:
        """1 to 4: three months each."""
        return (self.period + 2) // 3

    @property
    def quarter_name(self) -> str:
        """'2026-Q3'; names sort as time does."""
        return f"{self.year}-Q{self.quarter}"

    @property
    def season(self) -> str:
        """Half of the year: Spring (quarters 1 and 2) or Fall (quarters 3 and 4)."""
        return "Spring" if self.quarter <= 2 else "Fall"


@dataclass(frozen=True, slots=True, kw_only=True)
class FiscalCalendar:
    """How a company's weeks, months and years lie.

    Raises
    ------
    OutOfBounds
        If a value is none that a calendar can have; it says which can.
    """

    pattern: Pattern = Pattern.FOUR_FIVE_FOUR
    first_weekday: str = "Sunday"
    first_month: int = 2
    """Calendar month in which a year starts, or near whose first day: 1 to 12."""
    year_end: YearEnd = YearEnd.NEAREST
    named_by: NamedBy = NamedBy.START
    year_starts: tuple[dt.date, ...] = ()
    """First days of years that the company has by decree, in order; years that are not
    listed lie by rule. It decides which years have 53 weeks."""

    def __post_init__(self) -> None:
        if self.first_weekday not in WEEKDAYS:
            raise OutOfBounds(
                f"A week starts on one of {', '.join(WEEKDAYS)}; found '{self.first_weekday}'."
            )
        if not 1 <= self.first_month <= MONTHS:
            raise OutOfBounds(
                f"A year starts in a month from 1 to 12; found {self.first_month}."
            )
        if self.year_starts and self.pattern is Pattern.CALENDAR_MONTHS:
            raise OutOfBounds(
                "By calendar months the dates say which years have 53 weeks; a list of the "
                "first days of years goes with 4-5-4, 4-4-5 or 5-4-4."
            )
        for start in self.year_starts:
            if self.week_start(start) != start:
                raise OutOfBounds(
                    f"A fiscal year starts on a {self.first_weekday}; {start} is a {start:%A}."
                )
            if self._away(start, self._of_start(start)) > FARTHEST_DAYS:
                raise OutOfBounds(
                    f"A fiscal year starts near the first of "
                    f"{MONTHS_OF_YEAR[self.first_month - 1]}; {start} does not."
                )
        for year in {self._of_start(start) for start in self.year_starts}:
            for one in (year - 1, year):
                weeks = (_year_start(self, one + 1) - _year_start(self, one)).days // 7
                if weeks not in (52, 53):
                    raise OutOfBounds(
                        f"A fiscal year has 52 or 53 weeks; with these first days the one "
                        f"from {_year_start(self, one)} would have {weeks}. List the first "
                        "days of the years around it too."
                    )

    @property
    def label(self) -> str:
        """In a few words, for what is printed: 'Quarters of a 4-5-4 year from February on'."""
        month = dt.date(2000, self.first_month, 1)
        return (
            f"Quarters of a {self.pattern} year from {month:%B} on, weeks from "
            f"{self.first_weekday} on"
        )

    # Days and weeks ---------------------------------------------------------------------

    @property
    def first_day(self) -> int:
        """Place of the first weekday in WEEKDAYS: 0 is Sunday."""
        return WEEKDAYS.index(self.first_weekday)

    def week_start(self, date: dt.date) -> dt.date:
        """The first day of the week in which a date falls."""
        return date - ((date.weekday() + 1 - self.first_day) % 7) * DAY

    # Years ------------------------------------------------------------------------------

    def year_start(self, year: int) -> dt.date:
        """First day of a fiscal year, by its name."""
        return _year_start(self, year - self._later)

    def weeks_in_year(self, year: int) -> int:
        """52 or 53."""
        return (self.year_start(year + 1) - self.year_start(year)).days // 7

    def period_starts(self, year: int) -> tuple[dt.date, ...]:
        """First day of each of the twelve months of a fiscal year."""
        return _period_starts(self, year - self._later)

    def period_weeks(self, year: int, period: int) -> tuple[dt.date, ...]:
        """The week starts of one fiscal month: 4 or 5 of them."""
        starts = (*self.period_starts(year), self.year_start(year + 1))
        first, after = starts[period - 1], starts[period]
        return tuple(first + i * WEEK for i in range((after - first).days // 7))

    def week(self, date: dt.date) -> FiscalWeek:
        """The fiscal week in which a date falls."""
        return _week(self, date)

    def month_name(self, period: int) -> str:
        """What a fiscal month is called: 'Feb'."""
        return MONTHS_OF_YEAR[(self.first_month - 2 + period) % MONTHS]

    @property
    def _later(self) -> int:
        """Years by which the name of a year is ahead of the calendar year it starts in."""
        return int(self.named_by is NamedBy.END and self.first_month > 1)

    def _of_start(self, start: dt.date) -> int:
        """The calendar year that a fiscal year with this first day starts in, or near."""
        return min(
            (start.year - 1, start.year, start.year + 1), key=lambda y: self._away(start, y)
        )

    def _away(self, start: dt.date, year: int) -> int:
        """Days between a first day and the first of the month in which a year starts."""
        return abs((start - dt.date(year, self.first_month, 1)).days)

    def _by_rule(self, year: int) -> dt.date:
        """First day of the fiscal year that starts in a calendar year, were none listed."""
        begins = dt.date(year, self.first_month, 1)
        if self.pattern is Pattern.CALENDAR_MONTHS:  # the week of which most is in it
            return self.week_start(begins + MIDDLE * DAY)
        if self.year_end is YearEnd.LAST:  # the day after the last such day before the month
            return self.week_start(begins)
        return self.week_start(begins + MIDDLE * DAY)


NRF = FiscalCalendar()
"""The retail 4-5-4 calendar: weeks from Sunday on, years to the Saturday nearest to 31
January, named by the calendar year in which they start."""


@lru_cache(maxsize=4096)
def _year_start(calendar: FiscalCalendar, year: int) -> dt.date:
    """First day of the fiscal year that starts in, or near, a calendar year."""
    listed = {calendar._of_start(start): start for start in calendar.year_starts}
    return listed.get(year) or calendar._by_rule(year)


@lru_cache(maxsize=1024)
def _period_starts(calendar: FiscalCalendar, year: int) -> tuple[dt.date, ...]:
    if calendar.pattern is Pattern.CALENDAR_MONTHS:
        first = calendar.first_month - 1
        months = [(year + m // MONTHS, m % MONTHS + 1) for m in range(first, first + MONTHS)]
        return tuple(calendar.week_start(dt.date(y, m, 1) + MIDDLE * DAY) for y, m in months)
    before = accumulate(calendar.pattern.weeks[:-1], initial=0)
    return tuple(_year_start(calendar, year) + weeks * WEEK for weeks in before)


@lru_cache(maxsize=16_384)
def _week(calendar: FiscalCalendar, date: dt.date) -> FiscalWeek:
    start = calendar.week_start(date)
    year = date.year + 1  # a year may start up to a few days before its first month
    while _year_start(calendar, year) > start:
        year -= 1
    starts = _period_starts(calendar, year)
    return FiscalWeek(
        year=year + calendar._later,
        week=(start - starts[0]).days // 7 + 1,
        start=start,
        period=sum(first <= start for first in starts),
    )


def weeks_of(calendar: FiscalCalendar) -> list[FiscalWeek]:
    """Every week of the years that the database names, in order."""
    first, after = _year_start(calendar, FIRST_YEAR), _year_start(calendar, LAST_YEAR + 1)
    return [_week(calendar, first + n * WEEK) for n in range((after - first).days // 7)]


# The calendar in force ------------------------------------------------------------------

_in_force = NRF
_days = Days.MONTH_FIRST


def in_force() -> FiscalCalendar:
    """The calendar of the company that this process serves."""
    return _in_force


def keep(calendar: FiscalCalendar, *, days: Days = Days.MONTH_FIRST) -> None:
    """Let a calendar, and a way to write days, be in force in this process from now on."""
    global _in_force, _days
    _in_force, _days = calendar, days


def year_start(year: int) -> dt.date:
    """First day of a fiscal year."""
    return _in_force.year_start(year)


def weeks_in_year(year: int) -> int:
    """52 or 53."""
    return _in_force.weeks_in_year(year)


def week_start(date: dt.date) -> dt.date:
    """The first day of the fiscal week in which a date falls."""
    return _in_force.week_start(date)


def fiscal_week(date: dt.date) -> FiscalWeek:
    """The fiscal week in which a date falls."""
    return _week(_in_force, date)


def fiscal_quarter(date: dt.date) -> str:
    """Name of the fiscal quarter in which a date falls, '2026-Q3'; names sort as time does."""
    return fiscal_week(date).quarter_name


def quarter_weeks(year: int, quarter: int) -> tuple[dt.date, ...]:
    """The week starts of one fiscal quarter: its three months' one after the other."""
    months = range(3 * quarter - 2, 3 * quarter + 1)
    return tuple(week for month in months for week in period_weeks(year, month))


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


def period_weeks(year: int, period: int) -> tuple[dt.date, ...]:
    """The week starts of one fiscal month: 4 or 5 of them."""
    return _in_force.period_weeks(year, period)


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
        The first day of the partner week; None for a week 53 compared by number.
    """
    start = week_start(week)
    if mode is Comparison.RESTATED:
        return start - dt.timedelta(364)
    if mode is Comparison.EVENT and events is not None and start in events:
        return week_start(events[start])
    name = fiscal_week(start)
    if name.week > weeks_in_year(name.year - 1):
        return None
    return year_start(name.year - 1) + (name.week - 1) * WEEK


def week_label(week: dt.date) -> str:
    """How people read a week: 'W43 Nov 22'."""
    start = week_start(week)
    return f"W{fiscal_week(start).week:02d} {_days.short(start)}"


def month_label(week: dt.date) -> str:
    """How people read a fiscal month: 'Nov 2026'."""
    name = fiscal_week(week)
    return f"{_in_force.month_name(name.period)} FY{name.year % 100:02d}"
