"""XLSX into rows: cell by cell as they stand in the file, never as a rectangle.

A sheet says where its cells are, so one cell in the last corner costs one cell. Stored
values are read and nothing is computed; a date is a number whose format shows a date.
"""

from __future__ import annotations

import datetime as dt
import math
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from data.cells import Cell, as_text
from data.limits import Limits
from data.parser.archive import Archive, Gathered
from data.parser.staged import Broken, Rows, Task, bad, checked_header, walked
from data.tables import TABLES

XLSX = "an XLSX file"
LAST_ROW, LAST_COLUMN = 1_048_576, 16_384
BOOK, LINKS, STRINGS, STYLES = (
    "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/sharedStrings.xml", "xl/styles.xml"
)  # fmt: skip
DATE_FORMATS = {*range(14, 23), *range(27, 37), *range(50, 59)}
_NOT_SHOWN = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]')
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_FIRST_DAY = dt.datetime(1899, 12, 30)
_LAST_DAY = 2_958_465


@dataclass(slots=True)
class Row:
    """A row of a sheet as far as it holds something."""

    number: int
    """As people count, from 1."""
    cells: dict[int, Cell] = field(default_factory=dict)
    """Column, from 0, to value; blank ones are left out."""
    unstored: str = ""
    """The first cell with a formula that was saved without its value."""

    def values(self) -> list[Cell]:
        """From the first column to the last that holds something."""
        width = max(self.cells, default=-1) + 1
        return [self.cells.get(column, "") for column in range(width)]

    def texts(self) -> list[str]:
        """The same as a CSV would have held them."""
        return [as_text(value) for value in self.values()]


class Workbook:
    """An open workbook.

    Raises
    ------
    BadFiles
        If it is none; its methods, if what they read is broken.
    """

    def __init__(self, file: int, label: str, limits: Limits, *, expected: str = XLSX) -> None:
        self._label, self._limits = label, limits
        self._archive = Archive(file, label, limits, expected)
        self._links: dict[str, str] = {}
        self._sheets: list[tuple[str, str]] = []
        self._is_1904 = False
        self._archive.parse(BOOK, start=self._in_book, end=_nothing, text=_nothing)
        self._known: tuple[list[str], list[bool]] | None = None

    @property
    def sheets(self) -> list[str]:
        """Names of the sheets, in their order."""
        return [name for name, _ in self._sheets]

    def rows(self, sheet: str, *, most_cells: int) -> Iterator[Row]:
        """The rows of a sheet that hold something, as they stand in the file."""
        if self._known is None:
            self._archive.parse(LINKS, start=self._in_links, end=_nothing, text=_nothing)
            self._known = (self._strings(), self._date_styles())
        link = next(link for name, link in self._sheets if name == sheet)
        part = posixpath.normpath(posixpath.join("xl", self._links.get(link, "?")))
        strings, dates = self._known
        reader = _Sheet(self, strings, dates, most_cells)
        for _ in self._archive.parsed(
            part.removeprefix("/"), start=reader.start, end=reader.end, text=reader.text
        ):
            yield from reader.taken()

    def refused(self, found: str, expected: str, line: int | None = None) -> Exception:
        """The refusal of what a sheet says."""
        return bad(self._label, found, expected, line=line)

    def gathered(self) -> Gathered:
        """Room for the text of one cell."""
        return Gathered(self._label, self._limits.value)

    @property
    def limits(self) -> Limits:
        """What may be read of it."""
        return self._limits

    def date_of(self, number: float) -> str | float:
        """A number that is shown as a date, as an ISO date; it itself, where it is none."""
        number += 1462 if self._is_1904 else 0
        if not 61 <= number <= _LAST_DAY:  # before that, it is a time of the day or a wrong day
            return number
        moment = _FIRST_DAY + dt.timedelta(milliseconds=round(number * 86_400_000))
        return moment.date().isoformat() if moment.time() == dt.time() else moment.isoformat()

    def _in_book(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "sheet":
            links = [value for name, value in attributes.items() if name.endswith(":id")]
            self._sheets.append((attributes.get("name", ""), links[0] if links else ""))
        elif tag == "workbookPr":
            self._is_1904 = attributes.get("date1904") in ("1", "true")

    def _in_links(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "Relationship":
            self._links[attributes.get("Id", "")] = attributes.get("Target", "")

    def _strings(self) -> list[str]:
        """The texts that cells share, without their reading aids."""
        found: list[str] = []
        gathered = self.gathered()
        inside: list[str] = []

        def start(tag: str, _: dict[str, str]) -> None:
            inside.append(tag)

        def end(tag: str) -> None:
            inside.pop()
            if tag == "si":
                found.append(unescaped(gathered.take()))

        def text(value: str) -> None:
            if inside[-1] == "t" and "rPh" not in inside:
                gathered.add(value)

        if self._archive.has(STRINGS):
            self._archive.parse(STRINGS, start=start, end=end, text=text)
        return found

    def _date_styles(self) -> list[bool]:
        """Of every cell style, whether it shows a date."""
        custom: dict[str, bool] = {}
        styles: list[str] = []
        inside: list[str] = []

        def start(tag: str, attributes: dict[str, str]) -> None:
            if tag == "numFmt":
                code = attributes.get("formatCode", "")
                custom[attributes.get("numFmtId", "")] = shows_a_date(code)
            elif tag == "xf" and inside[-1:] == ["cellXfs"]:
                styles.append(attributes.get("numFmtId", "0"))
            inside.append(tag)

        def end(_: str) -> None:
            inside.pop()

        if self._archive.has(STYLES):
            self._archive.parse(STYLES, start=start, end=end, text=_nothing)
        built_in = {str(number) for number in DATE_FORMATS}
        return [custom.get(style, style in built_in) for style in styles]


class _Sheet:
    """What has been read of a sheet so far."""

    def __init__(
        self, book: Workbook, strings: list[str], dates: list[bool], most_cells: int
    ) -> None:
        self._book, self._strings, self._dates = book, strings, dates
        self._done: list[Row] = []
        self._row = Row(number=0)
        self._column = -1
        self._cell: Mapping[str, str] = {}
        self._kind, self._has_formula, self._reads = "n", False, False
        self._gathered = book.gathered()
        self._inside_reading_aid = False
        self._letters: dict[str, int] = {}
        self._cells, self._most_cells = 0, most_cells

    def taken(self) -> list[Row]:
        """The rows that are complete since this was last asked."""
        done, self._done = self._done, []
        return done

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        if tag == "c":
            self._begin_cell(attributes)
        elif tag in ("v", "t"):
            self._reads = not self._inside_reading_aid
        elif tag == "row":
            self._row = Row(number=self._number(attributes.get("r")))
            self._column = -1
        elif tag == "f":
            self._has_formula = True
        elif tag == "rPh":
            self._inside_reading_aid = True

    def end(self, tag: str) -> None:
        """An element ends."""
        if tag == "c":
            self._end_cell()
        elif tag in ("v", "t"):
            self._reads = False
        elif tag == "row" and (self._row.cells or self._row.unstored):
            self._done.append(self._row)
        elif tag == "rPh":
            self._inside_reading_aid = False

    def text(self, value: str) -> None:
        """Some characters of an element."""
        if self._reads:
            self._gathered.add(value)

    def _number(self, text: str | None) -> int:
        number = self._row.number + 1 if text is None else _whole(text)
        if not 0 < number <= LAST_ROW:
            raise self._book.refused(f"a row {text or number}", f"rows from 1 to {LAST_ROW:,}")
        return number

    def _begin_cell(self, attributes: dict[str, str]) -> None:
        name = attributes.get("r")
        if name is None:
            self._column += 1
        else:
            letters = name.rstrip("0123456789")
            column = self._letters.get(letters)
            if column is None:
                column = self._letters[letters] = _column(letters)
            if column < 0:
                raise self._book.refused(f"a cell '{name[:20]}'", "a cell such as B2")
            self._column = column
        self._cell = attributes
        self._kind = attributes.get("t", "n")
        self._has_formula = False
        self._gathered.take()

    def _end_cell(self) -> None:
        text = self._gathered.take()
        if not text:
            if self._has_formula and not self._row.unstored:
                self._row.unstored = self._cell.get("r") or f"column {self._column + 1}"
            return
        self._cells += 1
        if self._cells > self._most_cells:
            raise self._book.refused(
                f"more than {self._most_cells:,} cells", "fewer: split the file"
            )
        if self._column >= self._book.limits.columns:
            raise self._book.refused(
                f"a value in column {self._column + 1:,} ({self._cell.get('r', '')[:20]})",
                f"at most {self._book.limits.columns:,} columns",
                self._row.number,
            )
        value = self._value(text)
        if value != "":
            self._row.cells[self._column] = value

    def _value(self, text: str) -> Cell:
        if self._kind == "s":
            index = _whole(text)
            if not 0 <= index < len(self._strings):
                raise self._book.refused(
                    f"a shared text {text[:20]} that is not there",
                    "a workbook as a spreadsheet saves it",
                    self._row.number,
                )
            return self._strings[index]
        if self._kind == "b":
            return text.strip() in ("1", "true")
        if self._kind != "n":
            return unescaped(text)
        number = _plain_number(text)
        if number is None:
            return text
        style = self._cell.get("s")
        if style is not None and self._is_date(style):
            return self._book.date_of(number)
        return number

    def _is_date(self, style: str) -> bool:
        index = _whole(style)
        return 0 <= index < len(self._dates) and self._dates[index]


def stage(task: Task, file: int) -> dict[str, Any]:
    """Write the rows of a sheet of an open file to the target; what they are."""
    assert task.sheet is not None
    book = Workbook(file, task.label, task.limits)
    rows = book.rows(task.sheet, most_cells=task.limits.cells)
    first = next(rows, None)
    if first is None:
        raise bad(task.label, "an empty sheet", "a header row", line=1)
    if first.number != 1:
        raise bad(task.label, "no header", "a first row with column names", line=1)
    header = checked_header(task, first.texts())
    broken = Broken(task)
    with Rows(task, len(header)) as target:
        for row in rows:
            values = row.texts()
            if row.unstored:
                found = f"a formula without a stored value in {row.unstored}"
                broken.add(
                    row.number,
                    values,
                    found,
                    "a value (open the file, let it compute, save it)",
                )
            elif len(values) > len(header):
                expected = f"at most {len(header)} values, as the header has"
                broken.add(row.number, values, f"{len(values)} values", expected)
            else:
                target.add(row.number, values)
    return walked(header, broken)


def tables_of(file: int, label: str, limits: Limits) -> list[str]:
    """Names of the sheets that are tables.

    Raises
    ------
    BadFiles
        If none is.
    """
    names = Workbook(file, label, limits).sheets
    tables = [name for name in names if name in TABLES]
    if not tables:
        some = ", ".join(name[:31] for name in names[:10])
        raise bad(label, f"sheets {some}", "sheets named after tables")
    return tables


def grid(
    file: int, label: str, sheets: list[str], limits: Limits, *, expected: str
) -> dict[str, list[tuple[int, list[Cell]]]]:
    """Row numbers and values of some sheets; a sheet that is not there is left out."""
    book = Workbook(file, label, limits, expected=expected)
    return {
        name: [
            (row.number, row.values()) for row in book.rows(name, most_cells=limits.grid_cells)
        ]
        for name in sheets
        if name in book.sheets
    }


def shows_a_date(code: str) -> bool:
    """Whether a number format shows a day (not only how long something took)."""
    return any(letter in _NOT_SHOWN.sub("", code).lower() for letter in "yd")


def unescaped(text: str) -> str:
    """Text with the characters that XML cannot hold and a spreadsheet writes as _x000D_."""
    if "_x" not in text:
        return text
    return _ESCAPED.sub(_character, text)


def _character(found: re.Match[str]) -> str:
    code = int(found[1], 16)
    return found[0] if 0xD800 <= code <= 0xDFFF else chr(code)


def _column(letters: str) -> int:
    """Position of a column, from 0; -1 where its name is none."""
    if not 1 <= len(letters) <= 3 or not (letters.isascii() and letters.isalpha()):
        return -1
    column = 0
    for letter in letters.upper():
        column = column * 26 + ord(letter) - 64
    return column - 1 if column <= LAST_COLUMN else -1


def _whole(text: str) -> int:
    """A whole number of the file's own bookkeeping; -1 where it is none."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def _plain_number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and "_" not in text else None


def _nothing(*_: object) -> None:
    return None
