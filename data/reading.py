"""Any file into rows: which files are tables, and where their rows lie once they are read.

Nothing is opened here. Another process does (parsing.py) and leaves the rows of a table in
a Parquet file of our own, under the names c0, c1, ...; the file's own header stays a value.
"""

from __future__ import annotations

import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb
import pandas as pd

from data import parsing
from data.limits import LIMITS, Limits
from data.shapes import Reading
from data.tables import TABLES
from forecasting.errors import BadFiles, Problem

SUFFIXES = (".csv", ".parquet", ".xlsx")
KINDS = "CSV, Parquet or XLSX (no macros)"
HIDDEN = (".", "~$")
"""How names begin of what systems and spreadsheets leave in a folder; not spoken of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One table in one file."""

    table: str
    path: Path
    """As it was given; rejects are written beside it."""
    sheet: str | None = None

    @property
    def kind(self) -> str:
        """Its ending: what kind of file it says it is."""
        return self.path.suffix.lower()

    @property
    def label(self) -> str:
        """How errors name it."""
        return f"{named(self.path)} sheet {self.sheet}" if self.sheet else named(self.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """The rows of a source before any judgement."""

    source: Source
    rows: Path
    """A Parquet file of columns c0, c1, ... and `_row` from 0; `_line` where `has_lines`."""
    header: tuple[str, ...]
    """What the file calls its columns, by position."""
    types: tuple[str, ...]
    """Of the columns, as the engine names them."""
    problems: tuple[Problem, ...] = ()
    """Lines that could not be read as rows at all; they are not among the rows."""
    broken: tuple[tuple[int, str, str], ...] = ()
    """Line, text and reason of those lines, for the file of rejects."""
    has_lines: bool = False
    """Whether the line of each row is known; otherwise the file is walked to find some."""
    limits: Limits = LIMITS
    read_as: Reading | None = None
    """How a file of others was read; None: it is written as ours are."""
    notes: tuple[str, ...] = ()
    """What became of rows before they were judged, in words."""
    lines_from: Path | None = None
    """Where the lines of its rows stand, if they were noted."""

    def position(self, column: str) -> int:
        """Where a column of the contract stands; -1: nowhere."""
        return self.header.index(column) if column in self.header else -1

    def line_of(self, rows: Sequence[int], cursor: duckdb.DuckDBPyConnection) -> dict[int, int]:
        """Line number in the file of each row (counted from 0)."""
        chosen = sorted(set(rows))
        if not chosen:
            return {}
        noted = self.rows if self.has_lines else self.lines_from
        if noted is not None:
            found = cursor.execute(
                "select _row, _line from read_parquet(?) where list_contains(?, _row)",
                [str(noted), chosen],
            ).fetchall()
            return {int(row): int(line) for row, line in found}
        if self.source.kind != ".csv":
            return {row: row + 1 for row in chosen}
        how = {"reading": asdict(self.read_as)} if self.read_as else {}
        lines = parsing.ask(
            self.source.label, _opened_as(self.source.path), "lines",
            kind=self.source.kind, rows=chosen, limits=self.limits, **how,
        )  # fmt: skip
        return dict(zip(chosen, lines, strict=True))


def find_sources(
    paths: Iterable[Path], *, limits: Limits = LIMITS
) -> tuple[list[Source], list[str], list[Problem]]:
    """The tables in files and folders, remarks on what is passed over, and what is wrong.

    Wrong is a file that does not exist, is of a kind or name that Concord does not know,
    leads out of the folder it was found in, or brings a table a second time. It hides
    nothing of the others: they are read all the same, so that all is listed at once.
    """
    found: list[Source] = []
    notes: list[str] = []
    problems: list[Problem] = []
    for path in paths:
        try:
            files = _in_folder(path, notes) if path.is_dir() else [path]
        except (BadFiles, OSError, ValueError) as error:
            problems += _problems(path, error)
            continue
        for file in files:
            try:
                found += _sources_of(file, path, limits)
            except (BadFiles, OSError, ValueError) as error:
                problems += _problems(file, error)
    for table in TABLES:
        again = [source.label for source in found if source.table == table]
        if len(again) > 1:
            problems.append(
                problem(again[1], f"table {table} again", f"it once, as in {again[0]}")
            )
            first = next(source for source in found if source.table == table)
            found = [source for source in found if source.table != table or source is first]
    return sorted(found, key=lambda s: list(TABLES).index(s.table)), notes, problems


def stage(source: Source, folder: Path, *, limits: Limits = LIMITS) -> Raw:
    """Have the rows of a source written to a folder.

    Raises
    ------
    BadFiles
        If nothing of the file can be read: no header, a wrong encoding, a broken file, or
        more than the limits allow.
    """
    rows = folder / f"{source.table}.parquet"
    found = parsing.ask(
        source.label, _opened_as(source.path), "stage", kind=source.kind,
        table=source.table, sheet=source.sheet, target=str(rows), limits=limits,
    )  # fmt: skip
    return Raw(
        source=source,
        rows=rows,
        header=tuple(map(str, found["header"])),
        types=tuple(map(str, found["types"])),
        problems=tuple(Problem(**one) for one in found.get("problems", ())),
        broken=tuple((line, text, why) for line, text, why in found.get("broken", ())),
        has_lines=bool(found["has_lines"]),
        limits=limits,
    )


Texts = tuple[tuple[str, ...], list[tuple[int, dict[str, str]]]]
"""A header, and of every row its line and its texts by column."""


def records(path: Path, *, limits: Limits = LIMITS) -> Texts:
    """A CSV file of any columns, row by row.

    Raises
    ------
    BadFiles
        If it cannot be read, or a line is no row.
    """
    label, file = named(path), _opened_as(path)
    with parsing.private_folder() as folder:
        target = folder / "rows.parquet"
        found = parsing.ask(
            label, file, "stage", kind=".csv", table="", sheet=None, target=str(target),
            limits=limits,
        )  # fmt: skip
        if problems := found.get("problems"):
            raise BadFiles([Problem(**one) for one in problems])
        rows = pd.read_parquet(target)
    header = tuple(map(str, found["header"]))
    values = rows[[f"c{i}" for i in range(len(header))]].fillna("").to_numpy(dtype=object)
    if found["has_lines"]:
        lines = rows["_line"].tolist()
    else:
        chosen = list(range(len(rows)))
        lines = parsing.ask(label, file, "lines", kind=".csv", rows=chosen, limits=limits)
    texts = (dict(zip(header, row, strict=True)) for row in values)
    return header, list(zip(lines, texts, strict=True))


def _in_folder(folder: Path, notes: list[str]) -> list[Path]:
    """What is to be read of a folder; the rest is noted."""
    inside = sorted(p for p in folder.iterdir() if not p.name.startswith(HIDDEN))
    taken = [p for p in inside if _is_ours(p)]
    for path in inside:
        if path in taken:
            continue
        if path.is_dir():
            notes.append(f"{named(path)}: a folder in a folder, ignored")
        elif path.suffix.lower() in SUFFIXES:
            notes.append(f"{named(path)}: not a table of Concord, ignored")
        else:
            notes.append(f"{named(path)}: not CSV, Parquet or XLSX, ignored")
    if not taken:
        names = ", ".join(named(p) for p in inside[:5]) or "nothing"
        raise bad(
            named(folder), f"no table ({names})", "files such as sales.csv or skus.parquet"
        )
    return taken


def _is_ours(path: Path) -> bool:
    """Whether a file of a folder would be missed, were it left out."""
    suffix = path.suffix.lower()
    if suffix in (".xlsx", ".xlsm"):
        return not (path.is_dir() and not path.is_symlink())
    return suffix in SUFFIXES and path.stem in TABLES


def _sources_of(path: Path, given: Path, limits: Limits) -> list[Source]:
    """The tables of a file that was given itself, or lies in the folder that was given."""
    suffix, name = path.suffix.lower(), named(path)
    if path.is_symlink() and path != given and not _stays_in(path, given):
        raise bad(name, "a link that leads out of its folder", "the file itself")
    if not path.exists():
        raise bad(name, "no such file", "an existing file or folder")
    if suffix not in SUFFIXES:
        raise bad(name, f"a '{suffix}' file", KINDS)
    if not stat.S_ISREG(path.stat().st_mode):
        raise bad(name, "a pipe, a device or a folder", "a file")
    if suffix == ".xlsx":
        sheets = parsing.ask(name, _opened_as(path), "tables", kind=suffix, limits=limits)
        return [Source(table=sheet, path=path, sheet=sheet) for sheet in sheets]
    if path.stem not in TABLES:
        raise bad(name, f"table '{path.stem[:60]}'", "one of " + ", ".join(TABLES))
    return [Source(table=path.stem, path=path)]


def _stays_in(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())


def _opened_as(path: Path) -> Path:
    """Where a path leads; a link that was put there since is not followed."""
    return path.resolve()


def _problems(path: Path, error: Exception) -> Iterator[Problem]:
    if isinstance(error, BadFiles):
        yield from error.problems
    else:  # a name that no file can have, a folder that may not be read
        words = getattr(error, "strerror", None) or str(error)
        yield problem(named(path), f"a file that cannot be opened ({words})", "a readable file")


def named(path: Path) -> str:
    """The name of a file as it can be shown: names on a disk may be no text."""
    shown = path.name.encode("utf-8", "replace").decode("utf-8")
    shown = "".join(letter if letter.isprintable() else "?" for letter in shown)
    return shown if len(shown) <= 100 else shown[:97] + "..."


def problem(file: str, found: str, expected: str) -> Problem:
    """One thing that is wrong with a whole file."""
    return Problem(file=file, line=None, column="", found=found, expected=expected)


def bad(file: str, found: str, expected: str) -> BadFiles:
    """The refusal of a file for one reason."""
    return BadFiles([problem(file, found, expected)])
