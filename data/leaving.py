"""The one door through which text leaves in a file.

A spreadsheet takes a cell that begins with = + - or @ for a formula, and such a formula can
send away what stands beside it. Whatever leaves as CSV or as a workbook goes through here,
values and column names alike; tests/test_doors.py proves from the source that nothing else
writes them. The rules are those of OWASP's page on CSV injection: also signs of full width,
also after blanks, tabs and line ends, also behind what another program may take for the end of
a cell.
"""

from __future__ import annotations

import csv
import io
import math
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NewType

import numpy as np
import pandas as pd

from forecasting import operation

LOG = operation.log("leaving")

Leaving = NewType("Leaving", bytes)
"""Bytes of a file that may leave."""

_BLANK = r"[\s\u0000-\u001f\u00a0\u200b-\u200f\u2060\ufeff\"]*"
"""What may stand before a formula without being seen."""
_SIGN = "=+@\\-−＝＋＠－﹦﹢﹫﹣"
"""What begins a formula, in its wide and small forms too."""
_STARTS = re.compile(rf"^(?:{_BLANK}[{_SIGN}]|[\t\r\n])")
_STARTS_BEHIND = re.compile(rf"(?<=[;,|\t\r\n])(?={_BLANK}[=+@＝＋＠﹦﹢﹫]|[-−－﹣])")
"""What a program that splits at another sign would take for a cell that starts so; a minus
after a comma and a blank is left alone, because people write it."""
_TIMES_AND_NUMBERS = "biufcmM"
"""Kinds of numpy columns that hold no text, so that nothing in them can be a formula."""


def defused(text: str) -> str:
    """Text that no spreadsheet takes for a formula: an apostrophe goes before what would be."""
    safe = _STARTS_BEHIND.sub("'", text)
    return f"'{safe}" if _STARTS.search(safe) else safe


def _value(value: object) -> object:
    """A cell: numbers, dates and what is unknown as they are, everything else as safe text."""
    if isinstance(value, str):
        return defused(value)
    if isinstance(value, float) and math.isinf(value):
        return None
    is_plain = pd.api.types.is_scalar(value) and not isinstance(value, bytes)
    return value if is_plain else defused(str(value))


def _finite(column: pd.Series) -> pd.Series:
    """A column of numbers; one that is no number leaves as unknown, and the log says so."""
    if column.dtype.kind != "f" or not np.isinf(column.to_numpy(dtype=float)).any():
        return column
    LOG.warning("infinite_number", column=str(column.name))
    return column.replace([np.inf, -np.inf], np.nan)


def table(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with every text in it made safe, names of columns too, and finite numbers."""
    safe = {
        place: _finite(frame.iloc[:, place])
        if frame.dtypes.iloc[place].kind in _TIMES_AND_NUMBERS
        else frame.iloc[:, place].astype(object).map(_value)
        for place in range(frame.shape[1])
    }
    made = pd.DataFrame(safe, index=frame.index)
    made.columns = pd.Index([_value(name) for name in frame.columns], dtype=object)
    return made


def as_csv(frame: pd.DataFrame) -> Leaving:
    """A frame as CSV."""
    return Leaving(table(frame).to_csv(index=False).encode())


def as_workbook(sheets: Mapping[str, pd.DataFrame], *, fit: bool = False) -> Leaving:
    """Frames as an XLSX workbook, one sheet each; nothing in it is a formula or a link.

    Parameters
    ----------
    fit : bool
        Columns as wide as what they hold.
    """
    target = io.BytesIO()
    options = {"options": {"strings_to_formulas": False, "strings_to_urls": False}}
    with pd.ExcelWriter(target, engine="xlsxwriter", engine_kwargs=options) as book:
        for name, frame in sheets.items():
            table(frame).to_excel(book, index=False, sheet_name=_sheet_name(name))
        if fit:
            for sheet in book.sheets.values():
                sheet.autofit()
    return Leaving(target.getvalue())


def _sheet_name(name: str) -> str:
    """At most 31 characters, none of those that a workbook does not take."""
    return re.sub(r"[\[\]:*?/\\']", " ", name)[:31].strip() or "Sheet"


def as_document(text: str) -> Leaving:
    """A page or a note that no spreadsheet opens."""
    return Leaving(text.encode())


def as_print(made: bytes) -> Leaving:
    """A PDF that the house set: no spreadsheet opens it."""
    return Leaving(made)


def as_calendar(made: bytes) -> Leaving:
    """A calendar (RFC 5545) that a library wrote: no spreadsheet opens it."""
    return Leaving(made)


def as_files(files: Mapping[str, Leaving]) -> Leaving:
    """Files that may leave, by their names, as one archive."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, made in files.items():
            archive.writestr(name, made)
    return Leaving(target.getvalue())


def as_archive(paths: Iterable[Path]) -> Leaving:
    """Files that the house wrote itself, zipped."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for path in paths:
            archive.write(path, path.name)
    return Leaving(target.getvalue())


def write_rows(path: Path, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write rows as CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([_value(name) for name in head])
        writer.writerows([_value(value) for value in row] for row in rows)
