"""Any file into rows of text: CSV, Parquet and XLSX, without judging what they say.

CSV goes through DuckDB's parallel reader where the file is well formed. Where it is not,
Python's csv module walks it line by line, which is slow and can say exactly what is wrong
where; it also turns row numbers into line numbers when a value has to be reported.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import xml.etree.ElementTree as ElementTree
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import duckdb
import pyarrow as pa
from python_calamine import CalamineWorkbook

from data.tables import TABLES
from forecasting.errors import BadFiles, Problem

SUFFIXES = (".csv", ".parquet", ".xlsx")
XLSX = "an XLSX file"
LARGEST_UNPACKED = 2 * 1024**3
LONGEST_VALUE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One table in one file."""

    table: str
    path: Path
    sheet: str | None = None

    @property
    def label(self) -> str:
        """How errors name it."""
        return f"{self.path.name} sheet {self.sheet}" if self.sheet else self.path.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """The rows of a source, staged as `staging.raw`, before any judgement."""

    source: Source
    header: tuple[str, ...]
    problems: tuple[Problem, ...]
    """Lines that could not be read as rows at all; they are not staged."""
    broken: tuple[tuple[int, str, str], ...] = ()
    """Line, text and reason of those lines, for the file of rejects."""
    lines: tuple[int, ...] | None = None
    """Line of each staged row where rows were walked; None: walk on demand."""

    def line_of(self, rows: Sequence[int]) -> dict[int, int]:
        """Line number in the file of each staged row (counted from 0)."""
        if self.lines is not None:
            return {row: self.lines[row] for row in rows}
        if self.source.path.suffix.lower() != ".csv" or not rows:
            return {row: row + 1 for row in rows}
        wanted, found = set(rows), {}
        with self.source.path.open(encoding="utf-8-sig", newline="") as file:
            for row, (line, _) in enumerate(_records(file), -1):
                if row in wanted:
                    found[row] = line
                if row >= max(wanted):
                    break
        return found


def find_sources(paths: Iterable[Path]) -> tuple[list[Source], list[str]]:
    """The tables in files and folders, and remarks on what is passed over.

    Raises
    ------
    BadFiles
        If a file does not exist, is of a kind or name that Concord does not know, or a
        table comes twice.
    """
    found: list[Source] = []
    notes: list[str] = []
    problems: list[Problem] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(p for p in path.iterdir() if p.suffix.lower() in SUFFIXES)
            known = [p for p in inside if p.suffix.lower() == ".xlsx" or p.stem in TABLES]
            notes += [
                f"{p.name}: not a table of Concord, ignored" for p in inside if p not in known
            ]
            if not known:
                problems.append(
                    _problem(path.name, "no table", "files such as sales.csv or skus.parquet")
                )
        else:
            known = [path]
        for file in known:
            try:
                found += _sources_of(file)
            except BadFiles as error:
                problems += error.problems
    for table in TABLES:
        again = [source.label for source in found if source.table == table]
        if len(again) > 1:
            problems.append(
                _problem(again[1], f"table {table} again", f"it once, as in {again[0]}")
            )
    if problems:
        raise BadFiles(problems)
    return sorted(found, key=lambda s: list(TABLES).index(s.table)), notes


def stage(source: Source, cursor: duckdb.DuckDBPyConnection) -> Raw:
    """Read a source into `staging.raw`: its columns as text, and `_row` from 0.

    Raises
    ------
    BadFiles
        If nothing of the file can be read: no header, a wrong encoding, a broken file.
    """
    match source.path.suffix.lower():
        case ".csv":
            return _stage_csv(source, cursor)
        case ".parquet":
            return _stage_parquet(source, cursor)
        case _:
            return _stage_sheet(source, cursor)


def _sources_of(path: Path) -> list[Source]:
    suffix = path.suffix.lower()
    if not path.exists():
        raise _bad(path.name, "no such file", "an existing file or folder")
    if suffix not in SUFFIXES:
        raise _bad(path.name, f"a '{suffix}' file", "CSV, Parquet or XLSX (no macros)")
    if suffix == ".xlsx":
        check_workbook(path, path.name)
        names = workbook(path, path.name).sheet_names
        sheets = [name for name in names if name in TABLES]
        if not sheets:
            raise _bad(path.name, f"sheets {', '.join(names)}", "sheets named after tables")
        return [Source(table=name, path=path, sheet=name) for name in sheets]
    if path.stem not in TABLES:
        raise _bad(path.name, f"table '{path.stem}'", "one of " + ", ".join(TABLES))
    return [Source(table=path.stem, path=path)]


# CSV ------------------------------------------------------------------------------------


def _stage_csv(source: Source, cursor: duckdb.DuckDBPyConnection) -> Raw:
    _check_encoding(source)
    with source.path.open(encoding="utf-8-sig", newline="") as file:
        first = next(_records(file), (1, []))[1]
    header = _check_header(source, first)
    columns = "{" + ", ".join(f"'{_quoted(name)}': 'VARCHAR'" for name in header) + "}"
    try:
        cursor.execute(
            "create or replace table staging.raw as "
            "select *, row_number() over () - 1 as _row from read_csv(?, header = true, "
            "delim = ',', quote = '\"', escape = '\"', auto_detect = false, "
            f"strict_mode = true, columns = {columns})",
            [str(source.path)],
        )
    except duckdb.Error:
        return _walk_csv(source, header, cursor)
    return Raw(source=source, header=header, problems=())


def _walk_csv(
    source: Source, header: tuple[str, ...], cursor: duckdb.DuckDBPyConnection
) -> Raw:
    """Read line by line, keep the rows that have the header's shape, name the others."""
    rows: list[list[str]] = []
    lines: list[int] = []
    broken: list[tuple[int, str, str]] = []
    with source.path.open(encoding="utf-8-sig", newline="") as file:
        for line, values in _records(file):
            if len(values) == len(header):
                rows.append(values)
                lines.append(line)
            else:
                found = f"{len(values)} values" if values else "a quote that never closes"
                broken.append((line, ",".join(values), found))
    problems = _group(source, broken, f"{len(header)} values, as the header has")
    _stage_rows(header, rows[1:], cursor)
    return Raw(
        source=source,
        header=header,
        problems=problems,
        broken=tuple(broken),
        lines=tuple(lines[1:]),
    )


def _records(file: io.TextIOBase | Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    """Line number and values of every record that is not blank."""
    csv.field_size_limit(LONGEST_VALUE)
    reader = csv.reader(file, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield line, []
            return
        if values:
            yield line, values


def _check_encoding(source: Source) -> None:
    """Refuse what is not UTF-8, by the line of the first byte that is not."""
    expected = "UTF-8 text (save the file as 'CSV UTF-8')"
    line = 1
    with source.path.open("rb") as file:
        if file.read(2) in (b"\xff\xfe", b"\xfe\xff"):
            raise _bad(source.label, "UTF-16 text", expected, line=1)
        file.seek(0)
        rest = b""
        while block := file.read(1 << 24):
            block = rest + block
            try:
                block.decode("utf-8")
                rest = b""
            except UnicodeDecodeError as error:
                if error.start < len(block) - 4:
                    line += block.count(b"\n", 0, error.start)
                    found = f"the byte 0x{block[error.start]:02x}"
                    raise _bad(source.label, found, expected, line=line) from error
                rest = block[error.start :]
                block = block[: error.start]
            if b"\0" in block:
                line += block.count(b"\n", 0, block.index(b"\0"))
                raise _bad(source.label, "a NUL byte", expected, line=line)
            line += block.count(b"\n")
        if rest:
            raise _bad(source.label, f"the byte 0x{rest[0]:02x}", expected, line=line)


# Parquet --------------------------------------------------------------------------------


def _stage_parquet(source: Source, cursor: duckdb.DuckDBPyConnection) -> Raw:
    path = str(source.path)
    try:
        described = cursor.execute(
            "select name from parquet_schema(?) where num_children is null", [path]
        ).fetchall()
        header = _check_header(source, [name for (name,) in described])
        cursor.execute(
            "create or replace table staging.raw as "
            "select * exclude (file_row_number), file_row_number as _row "
            "from read_parquet(?, file_row_number = true)",
            [path],
        )
    except duckdb.Error as error:
        raise _bad(source.label, str(error).split("\n")[0], "a Parquet file") from error
    return Raw(source=source, header=header, problems=())


# XLSX -----------------------------------------------------------------------------------


def _stage_sheet(source: Source, cursor: duckdb.DuckDBPyConnection) -> Raw:
    assert source.sheet is not None
    sheet = workbook(source.path, source.path.name).get_sheet_by_name(source.sheet)
    values = sheet.to_python(skip_empty_area=False)
    if not values:
        raise _bad(source.label, "an empty sheet", "a header row", line=1)
    header = _check_header(source, [_as_text(value) for value in values[0]])
    unstored = _formulas_without_value(source.path, source.sheet)
    numbered = [
        (row, [_as_text(value) for value in record])
        for row, record in enumerate(values[1:], 2)
        if any(value != "" for value in record) or row in unstored
    ]
    broken = [
        (row, ",".join(record), f"a formula without a stored value in {unstored[row]}")
        for row, record in numbered
        if row in unstored
    ]
    kept = [(row, record) for row, record in numbered if row not in unstored]
    _stage_rows(header, [record for _, record in kept], cursor)
    return Raw(
        source=source,
        header=header,
        problems=_group(source, broken, "a value (open the file, let it compute, save it)"),
        broken=tuple(broken),
        lines=tuple(row for row, _ in kept),
    )


def workbook(source: Path | BinaryIO, name: str, *, expected: str = XLSX) -> CalamineWorkbook:
    """A workbook, opened.

    Raises
    ------
    BadFiles
        If it is none.
    """
    try:
        return CalamineWorkbook.from_object(source)
    except Exception as error:  # calamine has no common base class for its errors
        raise _bad(name, "a file that is not a workbook", expected) from error


def check_workbook(source: Path | BinaryIO, name: str, *, expected: str = XLSX) -> None:
    """Refuse archives that unpack to more than 2 GB, and workbooks with macros."""
    try:
        with zipfile.ZipFile(source) as archive:
            members = archive.infolist()
    except zipfile.BadZipFile as error:
        raise _bad(name, "a file that is not a workbook", expected) from error
    if sum(member.file_size for member in members) > LARGEST_UNPACKED:
        raise _bad(name, "a file that unpacks to more than 2 GB", "a smaller file")
    if any(member.filename.endswith("vbaProject.bin") for member in members):
        raise _bad(name, "a workbook with macros", "an XLSX file without macros")


def _formulas_without_value(path: Path, sheet: str) -> dict[int, str]:
    """Row number to cell name of formulas that were saved without their result."""
    main = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    link = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
    found: dict[int, str] = {}
    with zipfile.ZipFile(path) as archive:
        book = ElementTree.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314
        rels = ElementTree.fromstring(  # noqa: S314
            archive.read("xl/_rels/workbook.xml.rels")
        )
        targets = {rel.get("Id"): rel.get("Target", "") for rel in rels}
        ids = {s.get("name"): s.get(link) for s in book.iter(f"{main}sheet")}
        target = targets[ids[sheet]].removeprefix("/xl/")
        with archive.open(f"xl/{target}") as file:
            for _, cell in ElementTree.iterparse(file):  # noqa: S314
                if cell.tag != f"{main}c" or cell.find(f"{main}f") is None:
                    continue
                stored = cell.find(f"{main}v")
                if stored is None or not stored.text:
                    name = cell.get("r", "")
                    found.setdefault(int(re.sub(r"\D", "", name)), name)
    return found


def _as_text(value: object) -> str:
    """A cell as the text that a CSV would have held."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat()
    return str(value)


# Shared ---------------------------------------------------------------------------------


def _check_header(source: Source, names: Sequence[str]) -> tuple[str, ...]:
    header = tuple(name.strip() for name in names)
    table = TABLES[source.table]
    problems = []
    if not any(header):
        raise _bad(source.label, "no header", "a first line with column names", line=1)
    for name in dict.fromkeys(header):
        if header.count(name) > 1:
            problems.append(_problem(source.label, f"column '{name}' twice", "it once", line=1))
    for column in table.columns:
        if column.required and column.name not in header:
            problems.append(
                _problem(
                    source.label,
                    "columns " + ", ".join(header),
                    f"a column '{column.name}'",
                    line=1,
                    column=column.name,
                )
            )
    if problems:
        raise BadFiles(problems)
    return header


def _stage_rows(
    header: Sequence[str], rows: list[list[str]], cursor: duckdb.DuckDBPyConnection
) -> None:
    columns = [[row[i] if i < len(row) else "" for row in rows] for i in range(len(header))]
    arrays = [pa.array(values, pa.string()) for values in columns]
    arrays.append(pa.array(range(len(rows)), pa.int64()))
    staged = pa.table(arrays, names=[*header, "_row"])
    cursor.register("staged_rows", staged)
    cursor.execute("create or replace table staging.raw as select * from staged_rows")
    cursor.unregister("staged_rows")


def _group(
    source: Source, broken: list[tuple[int, str, str]], expected: str
) -> tuple[Problem, ...]:
    """One problem for each of the first five broken lines; the last counts the rest."""
    shown = broken[:5]
    return tuple(
        Problem(
            file=source.label,
            line=line,
            column="",
            found=found,
            expected=expected,
            count=len(broken) - len(shown) + 1 if i == len(shown) - 1 else 1,
        )
        for i, (line, _, found) in enumerate(shown)
    )


def _quoted(name: str) -> str:
    return name.replace("'", "''")


def _problem(
    file: str, found: str, expected: str, *, line: int | None = None, column: str = ""
) -> Problem:
    return Problem(file=file, line=line, column=column, found=found, expected=expected)


def _bad(file: str, found: str, expected: str, *, line: int | None = None) -> BadFiles:
    return BadFiles([_problem(file, found, expected, line=line)])
