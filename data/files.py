"""Import and export: files in, all or nothing; any frame out, safely.

An import is judged whole before anything is written (reading.py, checking.py). What is
accepted is inserted by the ledger's writer in the transaction of the import's own event,
whose sequence number is the batch that every row carries.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd

from data import leaving, reading
from data.checking import Verdict, judge
from data.store import Store
from data.tables import TABLES, sent_again_sql
from forecasting.errors import BadFiles, Problem, Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """An import that has been read and judged, and not yet been written."""

    verdicts: tuple[Verdict, ...]
    notes: tuple[str, ...]
    problems: tuple[Problem, ...]
    """Of files that could not be read at all."""

    @property
    def all_problems(self) -> tuple[Problem, ...]:
        """Everything that is wrong, file by file."""
        return self.problems + tuple(p for v in self.verdicts for p in v.problems)

    @property
    def summary(self) -> str:
        """What would be imported, in words."""
        parts = [f"{v.accepted:,} {v.table}" for v in self.verdicts if v.accepted]
        return ", ".join(parts) or "nothing"


@contextmanager
def judged(store: Store, paths: Sequence[Path]) -> Iterator[Judged]:
    """Read and judge files; within the block the accepted rows are staged.

    Raises
    ------
    BadFiles
        If a path or file name is not one of a table.
    """
    sources, notes = reading.find_sources(paths)
    with store.staging, store.cursor() as cursor:
        verdicts: list[Verdict] = []
        problems: list[Problem] = []
        staged: set[str] = set()
        for source in sources:
            try:
                raw = reading.stage(source, cursor)
            except BadFiles as error:
                problems += error.problems
                continue
            verdicts.append(judge(raw, cursor, _known(staged)))
            staged.add(source.table)
        try:
            yield Judged(verdicts=tuple(verdicts), notes=tuple(notes), problems=tuple(problems))
        finally:
            for name in ("raw", "typed", "bad", *TABLES):
                cursor.execute(f"drop table if exists staging.{name}")


def insert_staged(cursor: duckdb.DuckDBPyConnection, batch: int, names: Sequence[str]) -> None:
    """Move staged rows into their tables, as part of the writer's transaction."""
    for name in names:
        columns = ", ".join(f'"{column}"' for column in TABLES[name].names)
        if TABLES[name].is_dated:
            cursor.execute(sent_again_sql(name))
        cursor.execute(
            f"insert into {name} ({columns}, batch) "
            f"select {columns}, {int(batch)} from staging.{name} order by _row"
        )


def write_rejects(verdict: Verdict, path: Path) -> Path:
    """Write refused rows, with line and reason, beside the file they came from."""
    target = path.with_name(path.name + ".rejects.csv")
    if path.suffix.lower() == ".xlsx":
        target = path.with_name(f"{path.name}.{verdict.table}.rejects.csv")
    leaving.write_rows(target, ["line", "reason", "row"], verdict.rejects)
    return target


def write_templates(folder: Path) -> list[Path]:
    """Write an empty file of every table, and COLUMNS.md that explains each column."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for table in TABLES.values():
        path = folder / f"{table.name}.csv"
        leaving.write_rows(path, table.names, [])
        written.append(path)
    guide = folder / "COLUMNS.md"
    guide.write_text(columns_guide(), encoding="utf-8")
    return [*written, guide]


def columns_guide() -> str:
    """Every table and column in words, as Markdown."""
    lines = [
        "# Files that go in",
        "",
        "CSV (UTF-8, comma, header row), Parquet, or one XLSX with a sheet per table. Files "
        "and sheets are named after the table. `*` is required; blank means unknown, which "
        "is not zero. Dates are YYYY-MM-DD and stand for the fiscal week they fall in.",
    ]
    for table in TABLES.values():
        lines += ["", f"## {table.name}", "", f"One row is {table.about}.", ""]
        lines += ["| column | holds | example | expected |", "|---|---|---|---|"]
        lines += [
            f"| {c.name}{'*' if c.required else ''} | {c.about} | {c.example} | {c.expected} |"
            for c in table.columns
        ]
    return "\n".join(lines) + "\n"


def export(frame: pd.DataFrame, path: Path) -> None:
    """Write a frame as CSV, XLSX or Parquet, by the file's ending.

    Text that a spreadsheet would take for a formula is defused with an apostrophe.

    Raises
    ------
    Refused
        If the ending is another one.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    match path.suffix.lower():
        case ".parquet":
            frame.to_parquet(path, index=False)
        case ".csv":
            path.write_bytes(leaving.as_csv(frame))
        case ".xlsx":
            path.write_bytes(leaving.as_workbook({path.stem: frame}))
        case other:
            raise Refused(
                f"'{other}' is not a kind of file that Concord writes: "
                "use .csv, .xlsx or .parquet."
            )


def _known(staged: set[str]) -> dict[tuple[str, str], str]:
    """Queries of the names that exist in the database or in this import."""
    columns = [("skus", "sku"), ("skus", "style"), ("doors", "door")]
    columns += [("activations", "activation")]
    return {
        (table, name): f"select {name} from {table}_now where {name} is not null"
        + (
            f" union all select {name} from staging.{table} where {name} is not null"
            if table in staged
            else ""
        )
        for table, name in columns
    }
