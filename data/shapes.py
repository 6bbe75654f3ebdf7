"""How a file of somebody else's making becomes a table of ours, as values.

A shape says how the file is read (`Reading`), what stands in each of our columns (`Field`),
what a second file adds (`Join`) and which rows of ours give way (`replaces`). It is plain
data: made on a page or a command line, kept in the ledger under a name, and carried out by
the process that opens files (data/parser/shaping.py).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16 (big-endian)",
    "cp1252": "Windows-1252 (Latin-1)",
    "cp850": "DOS (code page 850)",
}
"""What text may be written in, and what people call it."""

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}

DECIMALS = {".": "1,234.5", ",": "1.234,5"}
"""The sign before decimals, and a number written with it."""

DATES = {
    "ymd": "year-month-day",
    "dmy": "day/month/year",
    "mdy": "month/day/year",
    "y2md": "year-month-day, year in two digits",
    "yyyymmdd": "yyyymmdd",
    "named": "day and name of the month",
    "serial": "days as a spreadsheet counts them",
    "month": "a month: its first day",
    "week": "a week of the year: its first day",
}
"""Orders in which a date is written, and what people call them."""

REPLACES = {
    "key": "rows with the same key",
    "dates": "all rows of the dates that the file spans",
    "whole": "the whole table",
}
"""Which rows of ours give way to a file, and how that is put."""

_MONTHS = (
    "jan feb mar apr may jun jul aug sep oct nov dec",
    "jan feb mär apr mai jun jul aug sep okt nov dez",
    "janv févr mars avr mai juin juil août sept oct nov déc",
    "ene feb mar abr may jun jul ago sep oct nov dic",
    "gen feb mar apr mag giu lug ago set ott nov dic",
    "jan feb mrt apr mei jun jul aug sep okt nov dec",
    "jan fev mar abr mai jun jul ago set out nov dez",
)
"""How names of months begin: English, German, French, Spanish, Italian, Dutch, Portuguese."""
MONTHS = {
    name: number for language in _MONTHS for number, name in enumerate(language.split(), 1)
} | {"fév": 2, "fevr": 2, "aout": 8, "maer": 3, "mrz": 3, "jui": 6}
_NUMERIC = re.compile(r"(\d{1,4})[-/. ](\d{1,2})[-/. ](\d{1,4})\.?")
_DAY_NAMED = re.compile(
    r"(\d{1,2})(?:st|nd|rd|th)?[-/. ]*([^\W\d_]{3,12})[-/., ']*(\d{2}|\d{4})"
)
_NAMED_DAY = re.compile(
    r"([^\W\d_]{3,12})[-/. ]+(\d{1,2})(?:st|nd|rd|th)?[-/., ]+(\d{2}|\d{4})"
)
_MONTH_NAMED = re.compile(r"([^\W\d_]{3,12})[-/. ']*(\d{2}|\d{4})")
_MONTH = re.compile(r"(\d{4})[-/.]?(0[1-9]|1[0-2])|(0?[1-9]|1[0-2])[-/.](\d{4})")
_WEEK = re.compile(
    r"(\d{4})[-/. ]?(?:[WK]|KW|CW|WK)?[-/. ]?(\d{2})"
    r"|(?:W|K|KW|CW|WK)[-/. ]?(\d{1,2})[-/. ](\d{4})",
    re.I,
)
_DAY_BEFORE = dt.date(1899, 12, 30)
"""Day 0 of spreadsheets, for days after February 1900: they count a 29 February 1900 that never
was."""
_SERIALS = range(32_874, 73_415)
"""Serial numbers of the days from 1990 to 2100."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How the text of a file is read; what is blank is worked out from the file."""

    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    header: int = 0
    """Line of the column names, from 1; 0: found by what stands there."""
    totals: bool = True
    """Whether totals below the rows are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """What stands in one of our columns."""

    target: str
    """Our column."""
    column: str = ""
    """Theirs; blank: `constant`."""
    constant: str = ""
    decimal: str = ""
    """The sign before decimals, '.' or ','; blank: the numbers are plain."""
    date: str = ""
    """One of `DATES`; blank: YYYY-MM-DD."""
    year: str = ""
    """The column of years, where `column` holds numbers of weeks."""
    factor: float = 1.0
    """Our units in one of theirs."""
    factor_column: str = ""
    """The column that holds the factor of each row (units in a case)."""
    percent: bool = False
    """Whether numbers without a sign are per cents."""
    minus_column: str = ""
    """Rows in which this column holds one of `minus_values` count below zero (returns)."""
    minus_values: tuple[str, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)
    """Their words to ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """What a second file adds to each row: its columns, by a key."""

    name: str
    """How the second file is called; its columns are named NAME.COLUMN."""
    left: str
    """The column of the first file that is looked up."""
    right: str
    """The column of the second file in which it is found, once."""
    reading: Reading = field(default_factory=Reading)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How one file becomes one table."""

    table: str
    fields: tuple[Field, ...]
    reading: Reading = field(default_factory=Reading)
    join: Join | None = None
    across: tuple[str, ...] = ()
    """Columns that each hold the same thing for another date or name: they become rows. Their
    name is the column `@name`, and what stands in them the column `@value`."""
    leave_out: tuple[tuple[str, str], ...] = ()
    """(column, value) of rows that are left out; a value that ends with * is how it begins, a
    blank one that it holds nothing."""
    added_up: bool = False
    """Whether rows of one key become one, their numbers added."""
    calendar: str = ""
    """The calendar that numbers of weeks are of; blank: the workspace's."""
    replaces: str = "key"
    """One of `REPLACES`."""

    def field(self, target: str) -> Field | None:
        """What stands in one of our columns; None: nothing."""
        return next((one for one in self.fields if one.target == target), None)

    def as_dict(self) -> dict[str, Any]:
        """As it is kept."""
        return asdict(self)

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> Shape:
        """As it was kept; what a later version added to it is passed over.

        Raises
        ------
        KeyError, TypeError
            If it is none.
        """
        join = told.get("join")
        return cls(
            **{
                **_known(cls, told),
                "fields": tuple(
                    Field(
                        **{**_known(Field, f), "minus_values": tuple(f.get("minus_values", ()))}
                    )
                    for f in told["fields"]
                ),
                "reading": Reading(**_known(Reading, told.get("reading", {}))),
                "join": Join(
                    **{
                        **_known(Join, join),
                        "reading": Reading(**_known(Reading, join.get("reading", {}))),
                    }
                )
                if join
                else None,
                "across": tuple(told.get("across", ())),
                "leave_out": tuple((str(c), str(v)) for c, v in told.get("leave_out", ())),
            }
        )


NAME, VALUE = "@name", "@value"
"""The columns that columns across become: what the column was called, what stood in it."""


def _known(cls: Any, told: Mapping[str, Any]) -> dict[str, Any]:
    names = {one.name for one in fields(cls)}
    return {name: value for name, value in told.items() if name in names}


def day_of(text: str, form: str) -> dt.date | None:
    """The day that a text means in one form of dates; None where it means none in it.

    A time of the day behind it is passed over. Weeks (`week`) need a calendar: `week_of`.
    """
    text = text.strip()
    try:
        match form:
            case "ymd" | "dmy" | "mdy" | "y2md":
                return _numeric_day(text, form)
            case "yyyymmdd" if len(text) == 8 and text.isdigit():
                return dt.date(int(text[:4]), int(text[4:6]), int(text[6:]))
            case "named":
                return _named_day(text)
            case "serial":
                number = float(text)
                is_one = int(number) in _SERIALS
                return _DAY_BEFORE + dt.timedelta(int(number)) if is_one else None
            case "month":
                return _month(text)
    except (ValueError, OverflowError):
        pass
    return None


def week_of(text: str) -> tuple[int, int] | None:
    """Year and number of a week that is written in one text ('2026-W14'); None: it is none."""
    found = _WEEK.fullmatch(text.strip())
    if found is None:
        return None
    year, week = (found[1], found[2]) if found[1] else (found[4], found[3])
    return (int(year), int(week)) if 1 <= int(week) <= 53 else None


def _numeric_day(text: str, form: str) -> dt.date | None:
    found = _NUMERIC.fullmatch(text)
    if found is None:
        return None
    one, two, three = found.groups()
    year, month, day = {
        "ymd": (one, two, three), "y2md": (one, two, three),
        "dmy": (three, two, one), "mdy": (three, one, two),
    }[form]  # fmt: skip
    # With dots between, nobody writes the month or a short year first.
    if form in ("mdy", "y2md") and "." in text:
        return None
    if len(year) != (2 if form == "y2md" else 4) and (form == "ymd" or len(year) != 2):
        return None
    return dt.date(_year(year), int(month), int(day)) if len(day) <= 2 else None


def _named_day(text: str) -> dt.date | None:
    found = _DAY_NAMED.fullmatch(text)
    if found is not None:
        day, name, year = found.groups()
    else:
        found = _NAMED_DAY.fullmatch(text)
        if found is None:
            return None
        name, day, year = found.groups()
    month = month_of(name)
    return dt.date(_year(year), month, int(day)) if month else None


def _month(text: str) -> dt.date | None:
    found = _MONTH.fullmatch(text)
    if found is not None:
        year, month = (found[1], found[2]) if found[1] else (found[4], found[3])
        return dt.date(int(year), int(month), 1)
    found = _MONTH_NAMED.fullmatch(text)
    number = month_of(found[1]) if found else 0
    return dt.date(_year(found[2]), number, 1) if found and number else None


def month_of(name: str) -> int:
    """Number of a month by how its name begins, in any of seven languages; 0: none."""
    low = name.lower().rstrip(".")
    for size in (len(low), 5, 4, 3):
        if low[:size] in MONTHS:
            return MONTHS[low[:size]]
    return 0


def _year(text: str) -> int:
    number = int(text)
    return number if len(text) == 4 else number + (1900 if number >= 70 else 2000)
