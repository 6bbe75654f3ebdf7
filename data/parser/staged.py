"""What a file becomes: rows under the names c0, c1, ..., and its header as values.

Nothing of a file is a name here. A header is a list of texts that says what stands at which
position; the app asks for a position.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from data.limits import Limits, in_words
from data.tables import TABLES, Column
from forecasting.errors import BadFiles, Problem

_AS_A_SOURCE = (
    "; a file of your own form is read by a source, whatever it is called: on the Data page, "
    "or by import --map NAME --table {}"
)
SHOWN = 5
"""Broken lines that are shown; the rest are counted."""
NAMED = 20
"""Columns that are named in a message."""
BATCH, BATCH_CHARACTERS = 20_000, 32_000_000
TEXT_OF_A_LINE = 50_000
"""Characters of a refused line that are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One table to be read."""

    label: str
    table: str
    """One of ours; blank: a file of others, whose columns are not known."""
    sheet: str | None
    target: Path
    limits: Limits


@dataclass(slots=True)
class Broken:
    """Lines that could not be read as rows at all."""

    task: Task
    lines: list[tuple[int, str, str, str]] = field(default_factory=list)
    """Line, text, what was found, what was expected."""
    characters: int = 0

    def add(self, line: int, values: Sequence[str], found: str, expected: str) -> None:
        """Note one; refuse the file where there are too many."""
        limits = self.task.limits
        text = ",".join(values)[:TEXT_OF_A_LINE]
        self.characters += len(text)
        if len(self.lines) >= limits.rejects or self.characters > limits.rejects_text:
            found = f"more than {len(self.lines):,} lines that are no rows"
            raise bad(self.task.label, found, "fewer of them: is it the right file?")
        self.lines.append((line, text, found, expected))

    def problems(self) -> list[dict[str, Any]]:
        """One problem for each of the first lines; the last counts the rest."""
        shown = self.lines[:SHOWN]
        return [
            asdict(
                Problem(
                    file=self.task.label,
                    line=line,
                    column="",
                    found=found,
                    expected=expected,
                    count=len(self.lines) - len(shown) + 1 if i == len(shown) - 1 else 1,
                )
            )
            for i, (line, _, found, expected) in enumerate(shown)
        ]


class Rows:
    """The rows of a walked file, written as they come."""

    def __init__(self, task: Task, width: int) -> None:
        # Loading it takes as long as all else: only who walks a file waits for it.
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._pa, self._task, self._width = pa, task, width
        fields = [(f"c{i}", pa.string()) for i in range(width)]
        self._schema = pa.schema([*fields, ("_row", pa.int64()), ("_line", pa.int64())])
        self._writer = pq.ParquetWriter(task.target, self._schema, compression="lz4")
        self._rows: list[Sequence[str]] = []
        self._lines: list[int] = []
        self._done = self._characters = self._text = 0

    def add(self, line: int, values: Sequence[str]) -> None:
        """One row; values that it lacks are blank."""
        self._rows.append(values)
        self._lines.append(line)
        self._characters += sum(map(len, values))
        if len(self._rows) >= BATCH or self._characters > BATCH_CHARACTERS:
            self._write()

    def _write(self) -> None:
        pa, rows = self._pa, self._rows
        self._text += self._characters
        check_size(self._task, self._done + len(rows), self._width, self._text)
        columns = [
            pa.array([row[i] if i < len(row) else "" for row in rows], pa.string())
            for i in range(self._width)
        ]
        columns.append(pa.array(range(self._done, self._done + len(rows)), pa.int64()))
        columns.append(pa.array(self._lines, pa.int64()))
        self._writer.write_table(pa.table(columns, schema=self._schema))
        self._done += len(rows)
        self._rows, self._lines, self._characters = [], [], 0

    def __enter__(self) -> Rows:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        if kind is None:
            self._write()
        self._writer.close()


def walked(header: Sequence[str], broken: Broken) -> dict[str, Any]:
    """The answer on a file that was walked row by row."""
    return {
        "header": list(header),
        "types": ["VARCHAR"] * len(header),
        "has_lines": True,
        "problems": broken.problems(),
        "broken": [(line, text, found) for line, text, found, _ in broken.lines],
    }


def checked_header(task: Task, names: Sequence[str]) -> list[str]:
    """The column names, if the table can be read with them.

    Raises
    ------
    BadFiles
        If there is none, one stands twice, a required one is missing, or they are too many.
    """
    header = [name.strip() for name in names]
    if not any(header):
        raise bad(task.label, "no header", "a first line with column names", line=1)
    if len(header) > task.limits.columns:
        most = f"at most {task.limits.columns:,} columns"
        raise bad(task.label, f"{len(header):,} columns", most, line=1)
    counts: dict[str, int] = {}
    for name in header:
        counts[name] = counts.get(name, 0) + 1
    problems = [
        problem(task.label, f"column '{shown(name)}' twice", "it once", line=1)
        for name, count in counts.items()
        if count > 1
    ][:SHOWN]
    missing = [c.name for c in _columns(task.table) if c.required and c.name not in counts]
    problems += [
        problem(
            task.label,
            "columns " + named(header),
            f"a column '{name}'" + (_AS_A_SOURCE.format(task.table) if n == 0 else ""),
            line=1,
            column=name,
        )
        for n, name in enumerate(missing)
    ]
    if problems:
        raise BadFiles(problems)
    return header


def _columns(table: str) -> tuple[Column, ...]:
    """The columns of a table; of a file of others (no table) none is asked for."""
    return TABLES[table].columns if table else ()


def check_size(task: Task, rows: int, columns: int, text: int) -> None:
    """Refuse more rows, cells or bytes of text than a table may have."""
    limits = task.limits
    if rows > limits.rows:
        raise bad(task.label, f"more than {limits.rows:,} rows", "fewer: split the file")
    if rows * columns > limits.cells:
        raise bad(task.label, f"more than {limits.cells:,} cells", "fewer: split the file")
    if text > limits.text:
        found = f"more than {in_words(limits.text)} of text"
        raise bad(task.label, found, "less: split the file")


def named(header: Sequence[str]) -> str:
    """Some column names, and how many more there are."""
    more = f" and {len(header) - NAMED:,} more" if len(header) > NAMED else ""
    return ", ".join(map(shown, header[:NAMED])) + more


def shown(text: str, most: int = 60) -> str:
    """The beginning of a text from a file."""
    return text if len(text) <= most else text[: most - 3] + "..."


def problem(
    file: str, found: str, expected: str, *, line: int | None = None, column: str = ""
) -> Problem:
    """One thing that is wrong with a file."""
    return Problem(file=file, line=line, column=column, found=found, expected=expected)


def bad(file: str, found: str, expected: str, *, line: int | None = None) -> BadFiles:
    """The refusal of a file for one reason."""
    return BadFiles([problem(file, found, expected, line=line)])
