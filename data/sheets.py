"""A grid as a workbook that comes back: edited anywhere, read again cell by cell.

The first sheet is the grid: what identifies a row is locked, the weeks are open. Two hidden
sheets say what was exported and when, so that what was typed is told from what was there.
Values are read as they are stored; nothing in the file is ever executed.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

import pandas as pd
import xlsxwriter

from data.leaving import Leaving
from data.reading import check_workbook, workbook
from forecasting.errors import BadFiles, Problem

GRID, ABOUT, BEFORE = "Forecast", "about", "as exported"
_FORMAT = "concord grid 1"
_OURS = "an XLSX file exported from Concord"
_HINT = "Type over the numbers of the weeks; the grey columns are locked. "


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A grid that came back."""

    about: Mapping[str, str]
    """What was exported: base, input, level, location_level, location, measure, as given to
    `write`."""
    typed: pd.DataFrame
    """Index: node; columns: weeks as dates; values as they stand in the file, NaN blank."""
    before: pd.DataFrame
    """The same as it was exported."""


def write(grid: pd.DataFrame, about: Mapping[str, str]) -> Leaving:
    """A workbook of a grid.

    Parameters
    ----------
    grid : DataFrame
        Index: node; columns: weeks as dates; values: in the measure of `about`.
    about : mapping
        What has to come back with it, as text.
    """
    target = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(target, options) as book:
        locked = book.add_format({"bg_color": "#e9edf1", "bold": True})
        week = book.add_format(
            {"bg_color": "#e9edf1", "bold": True, "num_format": "yyyy-mm-dd"}
        )
        unlocked = book.add_format({"locked": False, "num_format": "#,##0.0"})
        sheet = book.add_worksheet(GRID)
        measure = about.get("measure", "units").capitalize()
        sheet.write_string(0, 0, f"{_HINT}{measure}.")
        sheet.write_string(1, 0, str(grid.index.name or "row"), locked)
        sheet.set_column(0, 0, 24)
        sheet.set_column(1, len(grid.columns), 11)
        sheet.freeze_panes(2, 1)
        hidden = book.add_worksheet(BEFORE)
        hidden.hide()
        days = [pd.Timestamp(str(column)).date() for column in grid.columns]
        for column, day in enumerate(days, start=1):
            sheet.write_datetime(1, column, dt.datetime.combine(day, dt.time()), week)
            hidden.write_string(0, column, day.isoformat())
        for row, (node, values) in enumerate(zip(grid.index, grid.to_numpy(), strict=True)):
            sheet.write_string(row + 2, 0, str(node), locked)
            hidden.write_string(row + 1, 0, str(node))
            for column, value in enumerate(values.tolist(), start=1):
                sheet.write_number(row + 2, column, round(value, 3), unlocked)
                hidden.write_number(row + 1, column, round(value, 3))
        sheet.protect("", {"format_cells": True, "format_columns": True})
        facts = book.add_worksheet(ABOUT)
        facts.hide()
        for row, (key, value) in enumerate({"format": _FORMAT, **about}.items()):
            facts.write_string(row, 0, key)
            facts.write_string(row, 1, value)
    return Leaving(target.getvalue())


def read(source: BinaryIO, name: str) -> Sheet:
    """A grid that came back.

    Raises
    ------
    BadFiles
        Naming the sheet, row and column that is not as it was exported.
    """
    check_workbook(source, name, expected=_OURS)
    source.seek(0)
    book = workbook(source, name, expected=_OURS)
    missing = [s for s in (GRID, ABOUT, BEFORE) if s not in book.sheet_names]
    if missing:
        raise _bad(name, missing[0], 0, "", "no such sheet", "the workbook as it was exported")
    about = {
        str(row[0]): str(row[1])
        for row in book.get_sheet_by_name(ABOUT).to_python()
        if len(row) > 1
    }
    if about.get("format") != _FORMAT:
        raise _bad(name, ABOUT, 1, "format", about.get("format", "nothing"), _FORMAT)
    before = _table(name, BEFORE, book.get_sheet_by_name(BEFORE).to_python(), head=0)
    typed = _table(name, GRID, book.get_sheet_by_name(GRID).to_python(), head=1)
    strange = [n for n in typed.index if n not in before.index]
    if strange:
        row = typed.index.tolist().index(strange[0]) + 3
        raise _bad(name, GRID, row, "A", str(strange[0]), "a row that was exported")
    if typed.index.has_duplicates:
        twice = typed.index[typed.index.duplicated()][0]
        raise _bad(name, GRID, 0, "A", f"{twice} twice", "every row once")
    unknown = [c for c in typed.columns if c not in before.columns]
    if unknown:
        raise _bad(name, GRID, 2, str(unknown[0]), "another week", "the weeks as exported")
    return Sheet(about=about, typed=typed, before=before)


def _table(name: str, sheet: str, rows: list[list[Any]], *, head: int) -> pd.DataFrame:
    """Rows below a head of weeks as numbers."""
    if len(rows) <= head:
        raise _bad(name, sheet, head + 1, "", "nothing", "the weeks as exported")
    weeks = [_day(name, sheet, head, value) for value in rows[head][1:] if value != ""]
    body: dict[str, list[float]] = {}
    for number, row in enumerate(rows[head + 1 :], start=head + 2):
        if not row or str(row[0]) == "":
            continue
        cells = [*row[1:], *[""] * len(weeks)][: len(weeks)]
        body[str(row[0])] = [
            _number(name, sheet, number, week, value)
            for week, value in zip(weeks, cells, strict=True)
        ]
    return pd.DataFrame.from_dict(body, orient="index", columns=pd.Index(weeks))


def _day(name: str, sheet: str, head: int, value: object) -> dt.date:
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    try:
        return dt.date.fromisoformat(str(value)[:10])
    except ValueError as error:
        raise _bad(
            name, sheet, head + 1, str(value), "no date", "a week as exported"
        ) from error


def _number(name: str, sheet: str, row: int, week: dt.date, value: object) -> float:
    """A cell as it is stored; blank is NaN."""
    if value == "" or value is None:
        return float("nan")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _bad(name, sheet, row, week.isoformat(), repr(value), "a number")
    return float(value)


def _bad(name: str, sheet: str, line: int, column: str, found: str, expected: str) -> BadFiles:
    where = f"{name}, sheet {sheet}" if sheet else name
    problem = Problem(
        file=where, line=line or None, column=column, found=found, expected=expected
    )
    return BadFiles([problem])
