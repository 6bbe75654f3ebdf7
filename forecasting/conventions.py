"""How a company writes: its money, its numbers, its dates, its time zone; and its calendar.

One value, set once for a workspace and in force for the process that serves it, as
`forecasting.calendar` has it: pages, packs, messages and the sentences of the ledger all
write by it, so no number looks different in two places. Nothing is converted: an amount is
in the one currency that the files are in, a moment is kept in UTC and shown in the zone.

Signs and patterns are few and named, so that what is set can be shown as an example.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from typing import TypeVar
from zoneinfo import ZoneInfo, available_timezones

from forecasting import calendar
from forecasting.calendar import NRF, Days, FiscalCalendar, NamedBy, Pattern, YearEnd
from forecasting.errors import OutOfBounds

E = TypeVar("E", bound=StrEnum)

LONGEST_SIGN = 4
"""Characters of a currency: codes have three."""
MOST_DECIMALS = 3
"""Of a price: the smallest coins in use are thousandths."""


class Place(StrEnum):
    """Where the sign of the currency stands."""

    BEFORE = "before"
    AFTER = "after"


class Numbers(StrEnum):
    """How a number is written, by its example."""

    POINT = "1,234.5"
    COMMA = "1.234,5"
    SPACE = "1 234,5"
    APOSTROPHE = "1'234.5"

    @property
    def signs(self) -> tuple[str, str]:
        """What stands between thousands, and before what is less than one."""
        between = self.value[1]
        return ("\u202f" if between == " " else between), self.value[-2]


@lru_cache
def zones() -> tuple[str, ...]:
    """Names of all time zones, in order; looked up on the disk once a process."""
    return tuple(sorted(available_timezones()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Conventions:
    """How one company writes.

    Raises
    ------
    OutOfBounds
        If one of them is none that can be; it says which can.
    """

    currency: str = "$"
    """Its sign or its three letters."""
    place: Place = Place.BEFORE
    decimals: int = 2
    """Of a price; sums are written without."""
    numbers: Numbers = Numbers.POINT
    days: Days = Days.MONTH_FIRST
    zone: str = "UTC"
    """Name of the IANA time zone database, 'Europe/Vienna'."""
    fiscal: FiscalCalendar = NRF

    def __post_init__(self) -> None:
        sign = self.currency
        if not 0 < len(sign) <= LONGEST_SIGN or any(c.isdigit() or c.isspace() for c in sign):
            raise OutOfBounds(
                f"A currency is a sign or letters, 1 to {LONGEST_SIGN} of them, like $, € or "
                f"CHF; found '{sign[:40]}'."
            )
        if not sign.isprintable() or set(sign) & set("<>&`*_[]\\|#"):
            raise OutOfBounds(f"A currency is a sign or letters; found '{sign[:40]}'.")
        if not 0 <= self.decimals <= MOST_DECIMALS:
            raise OutOfBounds(
                f"A price has 0 to {MOST_DECIMALS} decimals; found {self.decimals}."
            )
        if self.zone not in zones():
            raise OutOfBounds(
                f"'{self.zone[:60]}' is no time zone; name one like Europe/Vienna or "
                "America/New_York."
            )

    # Numbers ----------------------------------------------------------------------------

    def number(self, value: float, digits: int = 0, *, sign: bool = False) -> str:
        """A number: '1,234.5'; never '-0'."""
        return self.spelled(f"{value:{'+' if sign else ''}z,.{digits}f}")

    def spelled(self, figures: str) -> str:
        """A number that Python wrote ('1,234.5') as the company writes it."""
        thousands, point = self.numbers.signs
        return figures.translate({ord(","): thousands, ord("."): point})

    def money(self, figures: str) -> str:
        """Figures that are an amount, with the currency: '$1,234', '1.234 €'."""
        written = self.spelled(figures)
        minus = "-" if written.startswith("-") else "+" if written.startswith("+") else ""
        size = written.removeprefix(minus)
        if self.place is Place.AFTER:
            return f"{minus}{size}\u00a0{self.currency}"
        between = "\u00a0" if self.currency[-1].isalpha() else ""
        return f"{minus}{self.currency}{between}{size}"

    def price(self, value: float) -> str:
        """An amount with its decimals: '$12.50'."""
        return self.money(f"{value:,.{self.decimals}f}")

    # Days and moments -------------------------------------------------------------------

    def day(self, day: dt.date) -> str:
        """A day: 'Nov 22, 2026'."""
        return self.days.long(day)

    def short_day(self, day: dt.date) -> str:
        """A day of a year that is clear: 'Nov 22'."""
        return self.days.short(day)

    def local(self, moment: dt.datetime) -> dt.datetime:
        """A moment in UTC without a zone, as the company's clocks show it."""
        return moment.replace(tzinfo=dt.UTC).astimezone(ZoneInfo(self.zone))

    def moment(self, moment: dt.datetime, *, year: bool = False) -> str:
        """A moment in UTC without a zone: 'Nov 22 14:05 UTC', in the company's zone."""
        here = self.local(moment)
        day = self.day(here) if year else self.short_day(here)
        return f"{day} {here:%H:%M} {here:%Z}"

    def time(self, moment: dt.datetime) -> str:
        """The time of a moment in UTC without a zone: '14:05 UTC'."""
        here = self.local(moment)
        return f"{here:%H:%M} {here:%Z}"

    # As it is kept ----------------------------------------------------------------------

    def as_dict(self) -> dict[str, str | int]:
        """Plain values, by name: what `read` reads."""
        of = self.fiscal
        return {
            "currency": self.currency,
            "place": self.place.value,
            "decimals": self.decimals,
            "numbers": self.numbers.value,
            "days": self.days.value,
            "zone": self.zone,
            "pattern": of.pattern.value,
            "first_weekday": of.first_weekday,
            "first_month": of.first_month,
            "year_end": of.year_end.value,
            "named_by": of.named_by.value,
            "year_starts": ", ".join(day.isoformat() for day in of.year_starts),
        }

    @classmethod
    def read(cls, kept: Mapping[str, str | int]) -> Conventions:
        """From plain values; what is not among them is as a new workspace has it."""
        return US.with_(kept)

    def with_(self, changes: Mapping[str, str | int]) -> Conventions:
        """The same with some things otherwise.

        Parameters
        ----------
        changes : mapping
            Names of `as_dict` to values.

        Raises
        ------
        OutOfBounds
            If a name is unknown or a value is none that can be.
        """
        given = {**self.as_dict(), **changes}
        unknown = sorted(set(given) - set(self.as_dict()))
        if unknown:
            raise OutOfBounds(
                f"There is no convention '{unknown[0][:60]}'; there is "
                f"{', '.join(self.as_dict())}."
            )
        fiscal = FiscalCalendar(
            pattern=_one_of(Pattern, given["pattern"], "pattern"),
            first_weekday=str(given["first_weekday"]).capitalize(),
            first_month=_whole(given["first_month"], "first_month"),
            year_end=_one_of(YearEnd, given["year_end"], "year_end"),
            named_by=_one_of(NamedBy, given["named_by"], "named_by"),
            year_starts=tuple(
                sorted(_day(day) for day in str(given["year_starts"]).split(",") if day.strip())
            ),
        )
        return replace(
            self,
            currency=str(given["currency"]),
            place=_one_of(Place, given["place"], "place"),
            decimals=_whole(given["decimals"], "decimals"),
            numbers=_one_of(Numbers, given["numbers"], "numbers"),
            days=_one_of(Days, given["days"], "days"),
            zone=str(given["zone"]),
            fiscal=fiscal,
        )


def _one_of(kind: type[E], value: str | int, name: str) -> E:
    try:
        return kind(str(value))
    except ValueError:
        offered = ", ".join(repr(one.value) for one in kind)
        raise OutOfBounds(f"{name} is one of {offered}; found '{str(value)[:60]}'.") from None


def _whole(value: int | str, name: str) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        raise OutOfBounds(f"{name} is a whole number; found '{str(value)[:60]}'.") from None


def _day(value: str) -> dt.date:
    try:
        return dt.date.fromisoformat(value.strip())
    except ValueError:
        raise OutOfBounds(f"A day is written YYYY-MM-DD; found '{value[:60]}'.") from None


US = Conventions()
"""What holds until a company sets its own: dollars, the retail 4-5-4 calendar, UTC."""

_in_force = US


def in_force() -> Conventions:
    """How the company that this process serves writes."""
    return _in_force


def keep(conventions: Conventions) -> None:
    """Let conventions, and their calendar, be in force in this process, from now on."""
    global _in_force
    _in_force = conventions
    calendar.keep(conventions.fiscal, days=conventions.days)
