"""A grid as a workbook that comes back: edited anywhere, read again cell by cell.

The first sheet is the grid: what identifies a row is locked, the weeks are open. Two hidden
sheets say what was exported and when, so that what was typed is told from what was there.
Values are read as they are stored, by the process that may die of a file (parsing.py);
nothing in the file is ever executed.
"""

from __future__ import annotations

import datetime as dt
import io
import math
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pandas as pd
import xlsxwriter

from data import parsing, reading
from data.cells import Cell, as_text
from data.leaving import Leaving
from data.limits import LIMITS, Limits
from forecasting.errors import BadFiles, Problem

GRID, ABOUT, BEFORE = "Forecast", "about", "as exported"
_FORMAT = "concord grid 1"
"""Stands in every workbook that we write; one that has another is not read."""
_OURS = "an XLSX file exported from Concord"
_ABOUT_LENGTH = 200
"""Characters of the longest fact that is taken back."""
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


def read(source: BinaryIO, name: str, *, limits: Limits = LIMITS) -> Sheet:
    """A grid that came back.

    Raises
    ------
    BadFiles
        Naming the sheet, row and column that is not as it was exported.
    """
    name = reading.named(Path(name))
    source.seek(0)  # it may have been read before
    rows = _rows(source, name, limits)
    missing = [s for s in (GRID, ABOUT, BEFORE) if s not in rows]
    if missing:
        raise _bad(name, missing[0], 0, "", "no such sheet", "the workbook as it was exported")
    about = _facts(rows[ABOUT])
    if about.get("format") != _FORMAT:
        raise _bad(name, ABOUT, 1, "format", about.get("format", "nothing"), _FORMAT)
    before = _table(name, BEFORE, rows[BEFORE], head=1)
    typed = _table(name, GRID, rows[GRID], head=2)
    known = set(before.index)
    strange = [n for n in typed.index if n not in known]
    if strange:
        row = next(number for number, values in rows[GRID] if _label_of(values) == strange[0])
        raise _bad(name, GRID, row, "A", strange[0][:60], "a row that was exported")
    unknown = [c for c in typed.columns if c not in before.columns]
    if unknown:
        raise _bad(name, GRID, 2, str(unknown[0]), "another week", "the weeks as exported")
    return Sheet(about=about, typed=typed, before=before)


Numbered = list[tuple[int, list[Cell]]]
"""Row numbers, from 1, and what stands in the row; blank is ''."""


def _rows(source: BinaryIO, name: str, limits: Limits) -> dict[str, Numbered]:
    """What stands in our three sheets."""
    with parsing.private_folder() as folder:
        copy = folder / "grid.xlsx"
        with copy.open("wb") as target:
            shutil.copyfileobj(source, target)
        found = parsing.ask(
            name, copy, "grid", kind=".xlsx", limits=limits,
            sheets=[GRID, ABOUT, BEFORE], expected=_OURS,
        )  # fmt: skip
    return {
        str(sheet): [(int(number), list(values)) for number, values in rows]
        for sheet, rows in found.items()
    }


def _facts(rows: Numbered) -> dict[str, str]:
    """What was written beside the grid, as far as it can be what we wrote."""
    texts = [[as_text(value) for value in values[:2]] for _, values in rows]
    return {
        pair[0]: pair[1]
        for pair in texts
        if len(pair) > 1 and max(map(len, pair)) <= _ABOUT_LENGTH
    }


def _label_of(values: list[Cell]) -> str:
    return as_text(values[0]) if values else ""


def _table(name: str, sheet: str, rows: Numbered, *, head: int) -> pd.DataFrame:
    """Rows below a head of weeks as numbers."""
    heads = dict(rows).get(head, [])
    weeks = [_day(name, sheet, head, value) for value in heads[1:] if value != ""]
    if not weeks:
        raise _bad(name, sheet, head, "", "nothing", "the weeks as exported")
    if len(set(weeks)) < len(weeks):
        raise _bad(name, sheet, head, "", "a week twice", "the weeks as exported")
    body: dict[str, list[float]] = {}
    for number, values in rows:
        label = _label_of(values)
        if number <= head or not label:
            continue
        if label in body:
            raise _bad(name, sheet, number, "A", f"{label[:60]} twice", "every row once")
        cells = [*values[1:], *[""] * len(weeks)][: len(weeks)]
        body[label] = [
            _number(name, sheet, number, week, value)
            for week, value in zip(weeks, cells, strict=True)
        ]
    return pd.DataFrame.from_dict(body, orient="index", columns=pd.Index(weeks))


def _day(name: str, sheet: str, head: int, value: Cell) -> dt.date:
    try:
        return dt.date.fromisoformat(str(value)[:10])
    except ValueError as error:
        where = str(value)[:60]
        raise _bad(name, sheet, head, where, "no date", "a week as exported") from error


def _number(name: str, sheet: str, row: int, week: dt.date, value: Cell) -> float:
    """A cell as it is stored; blank is NaN."""
    if value == "":
        return float("nan")
    if isinstance(value, bool | str) or not math.isfinite(value):
        raise _bad(name, sheet, row, week.isoformat(), repr(value)[:60], "a number")
    return float(value)


def _bad(name: str, sheet: str, line: int, column: str, found: str, expected: str) -> BadFiles:
    where = f"{name}, sheet {sheet}" if sheet else name
    problem = Problem(
        file=where, line=line or None, column=column, found=found, expected=expected
    )
    return BadFiles([problem])
