"""When something recurs: a time of day and days of the week, on the company's clocks."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Self
from zoneinfo import ZoneInfo

from forecasting.errors import OutOfBounds

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
"""In the order of date.weekday()."""
EVERY_DAY = tuple(range(7))


@dataclass(frozen=True, slots=True, kw_only=True)
class Timetable:
    """A time of day on some days of the week."""

    at: dt.time
    """As the company's clocks show it."""
    days: tuple[int, ...] = EVERY_DAY
    """0 is Monday."""

    def __post_init__(self) -> None:
        if not self.days or not set(self.days) <= set(EVERY_DAY):
            raise OutOfBounds(f"Name at least one day of the week: {', '.join(DAYS)}.")
        object.__setattr__(self, "days", tuple(sorted(set(self.days))))
        object.__setattr__(self, "at", self.at.replace(second=0, microsecond=0, tzinfo=None))

    @classmethod
    def of(cls, at: str, days: tuple[int, ...] = EVERY_DAY) -> Self:
        """From '03:15' and days.

        Raises
        ------
        OutOfBounds
        """
        try:
            hour, minute = at.strip().split(":")
            time = dt.time(int(hour), int(minute))
        except ValueError:
            raise OutOfBounds(
                f"A time of day is like 03:15 or 22:00; found '{at[:40]}'."
            ) from None
        return cls(at=time, days=days)

    def __str__(self) -> str:
        if self.days == EVERY_DAY:
            on = "every day"
        elif self.days == EVERY_DAY[:5]:
            on = "Mon to Fri"
        else:
            on = ", ".join(DAYS[day] for day in self.days)
        return f"{self.at:%H:%M} {on}"

    def after(self, moment: dt.datetime, zone: str) -> dt.datetime:
        """The first time after a moment; both in UTC without a zone."""
        day = _local(moment, zone).date() - dt.timedelta(1)
        while True:
            found = self._on(day, zone)
            if found is not None and found > moment:
                return found
            day += dt.timedelta(1)

    def last(self, moment: dt.datetime, zone: str) -> dt.datetime:
        """The latest time up to a moment; both in UTC without a zone."""
        day = _local(moment, zone).date() + dt.timedelta(1)
        while True:
            found = self._on(day, zone)
            if found is not None and found <= moment:
                return found
            day -= dt.timedelta(1)

    def _on(self, day: dt.date, zone: str) -> dt.datetime | None:
        """Its time on a day, if that is one of its days.

        A time that the clocks skip in spring comes as much later, and one that they show
        twice in autumn is the first of the two: once a day in any case.
        """
        if day.weekday() not in self.days:
            return None
        local = dt.datetime.combine(day, self.at, ZoneInfo(zone))
        return local.astimezone(dt.UTC).replace(tzinfo=None)


def _local(moment: dt.datetime, zone: str) -> dt.datetime:
    return moment.replace(tzinfo=dt.UTC).astimezone(ZoneInfo(zone))


def days_of(text: str) -> tuple[int, ...]:
    """Days of the week from 'mon,tue', 'mon-fri' or 'every'.

    Raises
    ------
    OutOfBounds
    """
    short = [day.lower() for day in DAYS]
    found: list[int] = []
    for part in text.lower().replace(" ", "").split(","):
        first, dash, last = part.partition("-")
        ends = [first[:3], last[:3]] if dash else [first[:3]]
        if part in ("every", "daily", ""):
            found += EVERY_DAY
        elif all(end in short for end in ends):
            begin, end = short.index(ends[0]), short.index(ends[-1])
            found += (
                range(begin, end + 1) if begin <= end else [*range(begin, 7), *range(end + 1)]
            )
        else:
            raise OutOfBounds(
                f"Days are like mon,wed,fri, mon-fri or every; found '{text[:40]}'."
            )
    return tuple(sorted(set(found)))
