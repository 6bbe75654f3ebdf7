"""A marketing calendar that comes back: rows of a workbook or CSV, or events of an ICS file.

Whoever edits it may have left out columns, sorted rows and added some. What a row does not
state is not in it; what it states is a value of its field, or a problem with its place.
"""

from __future__ import annotations

import datetime as dt
import math
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from data import parsing, reading
from data.cells import Cell, as_text
from data.limits import LIMITS, Limits
from data.tables import BEYOND_ANY_RETAILER, TABLES, Column, Kind
from forecasting import write
from forecasting.errors import BadFiles, Problem

CALENDAR, FEATURED = "Marketing calendar", "Featured SKUs"
"""Sheets of the workbook that goes out."""
KINDS = (".ics", ".xlsx", ".csv")
AS_OF = "as_of"
"""Column with the number of the last event that the row knew when it went out."""
IDENTITY, FIRST, LAST, STATUS = "activation", "start", "end", "planned_as"
OURS = {
    "name": "name", "type": "type", FIRST: "start", LAST: "end", STATUS: "status",
    "owner": "owner", "channel": "channel", "spend": "spend", "lock_date": "lock_date",
}  # fmt: skip
"""Columns that are read, and the column of the table of activations that each is held to."""
_NEEDED = (FIRST, LAST)
_FIRST_YEAR, _LAST_YEAR = 1990, 2100
_NOT_SHOWN = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Featured:
    """One featured SKU, as a file states it; None: blank."""

    sku: str
    door: str | None
    discount: float | None
    lift: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row or event."""

    file: str
    """As messages name it, with the sheet."""
    line: int
    identity: str = ""
    """Of the activation, as the file has it; '' where it has none."""
    uid: str = ""
    """Of the event, in an ICS file."""
    as_of: int | None = None
    """Number of the last event that it knew when it went out, if it says so."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """Field of the activation to what the row states of it; `is_live` of an event."""
    items: tuple[Featured, ...] | None = None
    """None: it states nothing of its featured SKUs."""
    is_event: bool = False
    problems: tuple[Problem, ...] = ()
    """Why it cannot be taken as it is."""

    def problem(self, column: str, found: str, expected: str) -> Problem:
        """One thing that is wrong with it."""
        return Problem(
            file=self.file, line=self.line, column=column, found=found, expected=expected
        )


def read(
    source: BinaryIO, name: str, *, zone: str = "UTC", limits: Limits = LIMITS
) -> tuple[Row, ...]:
    """Every row of a calendar that comes back.

    Parameters
    ----------
    zone : str
        Time zone of the company, by which a time of an event is of a day.

    Raises
    ------
    BadFiles
        If the file as a whole cannot be read; what is wrong with one row stands in it.
    """
    label, kind = reading.named(Path(name)), Path(name).suffix.lower()
    if kind not in KINDS:
        raise reading.bad(label, f"a file '{kind[:20]}'", "an .ics, .xlsx or .csv file")
    source.seek(0)
    with parsing.private_folder() as folder:
        copy = folder / f"calendar{kind}"
        with copy.open("wb") as target:
            shutil.copyfileobj(source, target)
        match kind:
            case ".ics":
                found = parsing.ask(label, copy, "events", kind=kind, limits=limits, zone=zone)
                return tuple(_of_event(label, one) for one in found)
            case ".xlsx":
                sheets = parsing.ask(
                    label, copy, "grid", kind=kind, limits=limits,
                    sheets=[CALENDAR, FEATURED], expected="an XLSX file",
                )  # fmt: skip
            case _:
                rows = parsing.ask(label, copy, "rows", kind=kind, limits=limits, column=FIRST)
                sheets = {CALENDAR: rows}
    if CALENDAR not in sheets:
        raise reading.bad(label, f"no sheet '{CALENDAR}'", "the calendar as it was exported")
    is_book = kind == ".xlsx"
    of = {n: f"{label}, sheet {n}" if is_book else label for n in (CALENDAR, FEATURED)}
    items = _items(of[FEATURED], sheets.get(FEATURED, ()))
    return tuple(_rows(of[CALENDAR], sheets[CALENDAR], items, limits))


# Rows of a workbook or a CSV ------------------------------------------------------------

Numbered = Sequence[tuple[int, Sequence[Cell]]]
"""Row numbers, from 1, and what stands in the row; blank is ''."""


def _table(
    label: str, rows: Numbered, needed: Sequence[str]
) -> Iterator[tuple[int, dict[str, Cell]]]:
    """Line and cells by column of every row that holds something."""
    if not rows:
        raise reading.bad(label, "nothing", "a first row with column names")
    line, head = rows[0][0], [as_text(cell).strip().lower() for cell in rows[0][1]]
    twice = next((n for n in head if n and head.count(n) > 1), None)
    missing = [n for n in needed if n not in head]
    if twice or missing:
        found = f"column '{twice[:60]}' twice" if twice else "no such column"
        raise BadFiles(
            [
                Problem(
                    file=label,
                    line=line,
                    column=twice or missing[0],
                    found=found,
                    expected="each column of the export once",
                )
            ]
        )
    for number, values in rows[1:]:
        cells = dict(zip(head, values, strict=False))
        if any(as_text(cell).strip() for cell in cells.values()):
            yield number, cells


def _rows(
    label: str, rows: Numbered, items: Mapping[str, list[Featured | Problem]], limits: Limits
) -> Iterator[Row]:
    for count, (line, cells) in enumerate(_table(label, rows, _NEEDED)):
        if count >= limits.events:
            most = f"more than {write.number(limits.events)} rows"
            raise reading.bad(label, most, "fewer: split the file")
        problems: list[Problem] = []
        identity = _told(label, line, _IDENTITY, cells.get(IDENTITY, ""), problems) or ""
        values = {
            ours: _told(label, line, _COLUMNS[name], cells.get(name, ""), problems, name)
            for name, ours in OURS.items()
            if name in cells
        }
        for name in _NEEDED:
            if as_text(cells.get(name, "")).strip() == "":
                problems.append(
                    Problem(
                        file=label,
                        line=line,
                        column=name,
                        found="nothing",
                        expected=_COLUMNS[name].expected,
                    )
                )
        mine = items.get(identity) or items.get(str(values.get("name") or "")) or None
        problems += [one for one in mine or () if isinstance(one, Problem)]
        yield Row(
            file=label,
            line=line,
            identity=identity,
            as_of=_as_of(cells),
            values=values,
            items=mine and tuple(one for one in mine if isinstance(one, Featured)),
            problems=tuple(problems),
        )


def _items(label: str, rows: Numbered) -> dict[str, list[Featured | Problem]]:
    """Featured SKUs by the activation that they are of, and what is wrong with some."""
    found: dict[str, list[Featured | Problem]] = {}
    if not rows:
        return found
    columns = TABLES["activation_items"]
    for line, cells in _table(label, rows, (IDENTITY, "sku")):
        problems: list[Problem] = []
        sku, door, discount, lift = (
            _told(label, line, columns.column(name), cells.get(name, ""), problems)
            for name in ("sku", "door", "discount", "lift")
        )
        if sku is None and not problems:
            problems.append(
                Problem(file=label, line=line, column="sku", found="nothing", expected="a SKU")
            )
        mine = found.setdefault(as_text(cells[IDENTITY]).strip(), [])
        mine += problems or [Featured(sku=sku, door=door, discount=discount, lift=lift)]
    return found


_IDENTITY = TABLES["activations"].column(IDENTITY)
_COLUMNS = {name: TABLES["activations"].column(ours) for name, ours in OURS.items()}


def _as_of(cells: Mapping[str, Cell]) -> int | None:
    text = as_text(cells.get(AS_OF, "")).strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else None


def _told(
    label: str, line: int, column: Column, cell: Cell, problems: list[Problem], name: str = ""
) -> Any:
    """What a cell states, of the kind that its column holds; None where it is blank."""
    text = as_text(cell).strip()
    if text == "":
        return None
    value = _READ[column.kind](text, column)
    if value is None:
        problems.append(
            Problem(
                file=label,
                line=line,
                column=name or column.name,
                found=repr(text)[:60],
                expected=column.expected,
            )
        )
    return value


def _day(text: str, _: Column) -> dt.date | None:
    try:
        found = dt.date.fromisoformat(text[:10])
    except ValueError:
        return None
    rest = text[10:]
    is_day = not rest or re.fullmatch(r"[T ]00:00(:00(\.0+)?)?", rest)
    return found if is_day and _FIRST_YEAR <= found.year <= _LAST_YEAR else None


def _number(text: str, column: Column) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    low = -BEYOND_ANY_RETAILER if column.low is None else column.low
    high = BEYOND_ANY_RETAILER if column.high is None else column.high
    if column.kind is Kind.SHARE:
        low, high = 0.0, 1.0
    return value if math.isfinite(value) and low <= value <= high and "_" not in text else None


def _word(text: str, column: Column) -> str | None:
    if column.kind is Kind.CHOICE:
        return text if text in column.choices else None
    most = 200 if column.kind is Kind.ID else 2_000
    return None if len(text) > most or _NOT_SHOWN.search(text) else text


_READ = {
    Kind.ID: _word, Kind.TEXT: _word, Kind.CHOICE: _word, Kind.DATE: _day,
    Kind.NUMBER: _number, Kind.SHARE: _number, Kind.WHOLE: _number,
}  # fmt: skip


# Events of an ICS file ------------------------------------------------------------------


def _of_event(label: str, one: Mapping[str, Any]) -> Row:
    """An event as a row: its name, its days, and whether it is called off."""
    row = Row(
        file=label, line=int(one["line"]), uid=str(one["uid"])[:1_000], as_of=one["as_of"],
        is_event=True,
    )  # fmt: skip
    problems = [row.problem(*map(str, each)) for each in one["wrong"]]
    if one["repeats"]:
        problems.append(
            row.problem("RRULE", "an event that repeats", "each activation as an event")
        )
    if not row.uid:
        problems.append(row.problem("UID", "nothing", "what tells the event from others"))
    name = _word(str(one["name"]), TABLES["activations"].column("name"))
    if not name:
        problems.append(row.problem("SUMMARY", "nothing that can be read", "a name"))
    days = {n: one[n] and _day(one[n], _COLUMNS[FIRST]) for n in (FIRST, LAST)}
    beyond = [
        n for n, text in (("DTSTART", FIRST), ("DTEND", LAST)) if one[text] and not days[text]
    ]
    problems += [row.problem(n, "another century", _COLUMNS[FIRST].expected) for n in beyond]
    values = {"name": name, **days}
    if one["status"]:
        values["is_live"] = one["status"] != "CANCELLED"
    if one["categories"]:
        values["type"] = _word(one["categories"][0], TABLES["activations"].column("type"))
    return Row(
        file=row.file, line=row.line, uid=row.uid, as_of=row.as_of, values=values,
        is_event=True, problems=tuple(problems),
    )  # fmt: skip
