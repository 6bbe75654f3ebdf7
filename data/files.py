"""Import and export: files in, all or nothing; any frame out, safely.

An import is judged whole before anything is written (reading.py, checking.py). What is
accepted is inserted by the ledger's writer in the transaction of the import's own event,
whose sequence number is the batch that every row carries.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pandas as pd

from data import leaving, looking, parsing, reading
from data.checking import Verdict, judge
from data.in_force import gives_way_sql, gone_through_sql, sent_again_sql
from data.limits import LIMITS, Limits, in_words
from data.quoting import Sql, identifier, listed, literal, sql
from data.reading import Raw, Source
from data.shapes import Shape
from data.store import Store
from data.tables import TABLES
from data.whole import whole
from forecasting import write
from forecasting.errors import BadFiles, Problem, Refused

WRITTEN = (".csv", ".xlsx", ".parquet")
"""Endings of the files that leave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """An import that has been read and judged, and not yet been written."""

    verdicts: tuple[Verdict, ...]
    notes: tuple[str, ...]
    problems: tuple[Problem, ...]
    """Of files that could not be read at all."""

    replaces: Mapping[str, str] = field(default_factory=dict)
    """Table to which of its rows give way, where it is not those of the same key."""

    concerns: tuple[str, ...] = ()
    """What it would do to what people have signed, in words."""
    held: Mapping[str, int] = field(default_factory=dict)
    """Table to rows that would not be imported but proposed to who may decide."""
    proposed: tuple[str, ...] = ()
    """What would be proposed, in words, one an activation."""

    @property
    def at_once(self) -> int:
        """Rows that would be imported."""
        return sum(v.accepted for v in self.verdicts) - sum(self.held.values())

    @property
    def all_problems(self) -> tuple[Problem, ...]:
        """Everything that is wrong, file by file."""
        return self.problems + tuple(p for v in self.verdicts for p in v.problems)

    @property
    def summary(self) -> str:
        """What would be imported, in words."""
        rows = {v.table: v.accepted - self.held.get(v.table, 0) for v in self.verdicts}
        parts = [f"{write.number(n)} {table}" for table, n in rows.items() if n]
        return ", ".join(parts) or "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shaped:
    """A file of others, and how it becomes a table of ours."""

    path: Path
    shape: Shape
    second: Path | None = None
    """The file that joins it."""
    weeks: looking.Weeks = field(default_factory=dict)
    read: looking.Look | None = None
    """What was read of it already, by the shape's own reading; None: it is read now."""


@contextmanager
def judged(
    store: Store,
    paths: Sequence[Path],
    *,
    shaped: Sequence[Shaped] = (),
    limits: Limits = LIMITS,
) -> Iterator[Judged]:
    """Read and judge files; within the block the accepted rows are staged.

    Files are read before their turn comes to be judged: nobody waits for a slow one. What is
    wrong with one hides nothing of the others.

    Parameters
    ----------
    paths : sequence of Path
        Files and folders in our own form, named after their tables.
    shaped : sequence of Shaped
        Files in any other form.
    """
    sources, notes, problems = reading.find_sources(paths, limits=limits)
    with parsing.private_folder() as folder:
        read = list(_read(sources, folder, limits, problems))
        read += _shaped(shaped, folder, limits, problems, {raw.source.table for raw in read})
        read.sort(key=lambda raw: list(TABLES).index(raw.source.table))
        with store.staging, store.cursor() as cursor:
            try:
                verdicts = list(_judge(read, cursor, problems))
                yield Judged(
                    verdicts=tuple(verdicts), notes=tuple(notes), problems=tuple(problems),
                    replaces={
                        one.shape.table: one.shape.replaces
                        for one in shaped
                        if one.shape.replaces != "key"
                    },
                )  # fmt: skip
            finally:
                for name in ("typed", "bad", "refused", *TABLES):
                    cursor.execute(
                        sql("drop table if exists staging.{name}", name=identifier(name))
                    )


def _read(
    sources: Sequence[Source], folder: Path, limits: Limits, problems: list[Problem]
) -> Iterator[Raw]:
    """The rows of every source that can be read; why the others cannot."""
    for source in sources:
        try:
            yield reading.stage(source, folder, limits=limits)
        except BadFiles as error:
            problems += error.problems


def _shaped(
    shaped: Sequence[Shaped],
    folder: Path,
    limits: Limits,
    problems: list[Problem],
    taken: set[str],
) -> Iterator[Raw]:
    """The rows of files of others; why some cannot be had."""
    for one in shaped:
        table = one.shape.table
        label = reading.named(one.path)
        if table in taken:
            problems.append(reading.problem(label, f"table {table} again", "it once"))
            continue
        taken.add(table)
        try:
            first = one.read or looking.look(
                one.path, folder, reading=one.shape.reading, limits=limits
            )
            second = None
            if one.second is not None and one.shape.join is not None:
                how = one.shape.join.reading
                second = looking.look(one.second, folder, reading=how, limits=limits)
            yield looking.shaped(
                first, one.shape, folder, second=second, weeks=one.weeks, limits=limits
            )
        except BadFiles as error:
            problems += error.problems


def _judge(
    read: Sequence[Raw], cursor: duckdb.DuckDBPyConnection, problems: list[Problem]
) -> Iterator[Verdict]:
    """What became of the rows of every source; why there is more wrong than can be listed."""
    staged: set[str] = set()
    for raw in read:
        label = raw.source.label
        try:
            verdict = judge(raw, cursor, _known(staged))
        except (duckdb.OutOfMemoryException, duckdb.IOException) as error:
            words = str(error).split("\n")[0][:200]
            found = f"more than there is room for ({words})"
            problems.append(reading.problem(label, found, "a smaller file: split it"))
            continue
        if verdict.excess:
            most = (
                f"at most {write.number(raw.limits.rejects)}, and not too long: is it "
                "the right file?"
            )
            problems.append(reading.problem(label, verdict.excess, most))
        yield verdict
        staged.add(raw.source.table)


def staged(store: Store, table: str) -> pd.DataFrame:
    """The accepted rows of a table, within the block that judges them."""
    with store.cursor() as cursor:
        return cursor.execute(sql("from staging.{name}", name=identifier(table))).df()


def set_aside(store: Store, table: str, activations: Sequence[str]) -> int:
    """Take the rows of some activations out of what is staged; how many they were."""
    named = listed(map(literal, activations))
    with store.cursor() as cursor:
        gone = cursor.execute(
            sql(
                "delete from staging.{table} where activation in ({named}) returning 1",
                table=identifier(table), named=named,
            )
        ).fetchall()  # fmt: skip
    return len(gone)


def insert_staged(
    cursor: duckdb.DuckDBPyConnection,
    batch: int,
    names: Sequence[str],
    replaces: Mapping[str, str] | None = None,
) -> None:
    """Move staged rows into their tables, as part of the writer's transaction.

    Parameters
    ----------
    replaces : mapping of table to {"key", "dates", "whole"}, optional
        Which rows of before give way; those of the same key, if nothing is stated.
    """
    for name in names:
        if TABLES[name].is_dated:
            cursor.execute(sent_again_sql(name))
        span = (replaces or {}).get(name, "key")
        if span != "key":
            cursor.execute(gives_way_sql(name, span, batch))
            if TABLES[name].is_dated:
                cursor.execute(gone_through_sql(name, span))
        cursor.execute(
            sql(
                "insert into {table} ({columns}, batch) "
                "select {columns}, {batch} from staging.{table} order by _row",
                table=identifier(name),
                columns=listed(map(identifier, TABLES[name].names)),
                batch=literal(int(batch)),
            )
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


def columns_guide(limits: Limits = LIMITS) -> str:
    """Every table and column, and how files are read, in words, as Markdown."""
    lines = [
        "# Files that go in",
        "",
        "CSV (UTF-8, comma, header row), Parquet, or one XLSX with a sheet per table. Files "
        "and sheets are named after the table. `*` is required; blank means unknown, which "
        "is not zero. Dates are YYYY-MM-DD and stand for the fiscal week they fall in. Files "
        "of any other form are read by a source: how-to/own-data.md.",
    ]
    for table in TABLES.values():
        lines += ["", f"## {table.name}", "", f"One row is {table.about}.", ""]
        lines += ["| column | holds | example | expected |", "|---|---|---|---|"]
        lines += [
            f"| {c.name}{'*' if c.required else ''} | {c.about} | {c.example} | {c.expected} |"
            for c in table.columns
        ]
    lines += ["", *_of_time(), "", *_of_evidence()]
    lines += [
        "",
        "## How files are read",
        "",
        "A file is opened by a process of its own, which may die of it; the app does not. What "
        "a file holds is a value: its column names, too, never become part of a command. "
        "Nothing in a workbook is computed, and a formula saved without its value is refused.",
        "",
        "- In a folder, what is not read is named: files of other names and kinds, folders "
        "in it. A workbook with macros (XLSM) and a link that leads out of the folder are "
        "refused. Only names that begin with `.` or `~$` are passed over in silence.",
        "- A table's first row is its header. A row of a CSV has as many values as the header; "
        "a row of a sheet may end earlier, not later.",
        "- A Parquet column holds text, numbers, truths or dates; lists and records are "
        "refused in a column of a table and ignored in others.",
        "",
        "What goes beyond these limits is refused, with the file and the limit:",
        "",
        "| of | at most |",
        "|---|---|",
        *(f"| {what} | {most} |" for what, most in _limits_in_words(limits)),
    ]
    return "\n".join(lines) + "\n"


def _of_time() -> list[str]:
    """What dates mean, and what is assumed where they leave something open."""
    return [
        "## What dates mean",
        "",
        "**The as-of week** is the last complete week, not the last one with sales. A door "
        "that reports by the day is done with a week when its rows reach the day that they "
        "usually reach; a door that reports by the week when it has its row. The week is "
        "complete when doors of four fifths of the usual units are done. Waited for is who "
        "reported in the week before and still ranges something: a door that stays silent "
        "longer holds nobody up. Weekly rows that sold less than half of the weakest of the "
        "weeks before are not believed to be over. A running week is left out and named; "
        "`refresh --as-of DATE` takes the week of that date as it is. Where daily rows "
        "begin within a week, nothing is learned from that first week.",
        "",
        "**A week is told once.** A door reports a week in one row, under any of its days, "
        "or day by day. Rows of a week that is there already on another day are refused "
        "where either file reports by the week (at least four weeks, all on one day): they "
        "would add up. Sent again under the same date, a row replaces the former. Returns "
        "(below zero) are taken.",
        "",
        "**A count is of the end of its day.** Stock at the end of the as-of week is the "
        "latest count, with what was received since and without what was sold since: by the "
        "day where sales are daily, else by the usual shares of the days (a seventh each "
        "where nothing says more). A count shortly after the week is taken back in the same "
        "way where it is nearer. A SKU that the last count of its door leaves out keeps the "
        "count before, rolled forward. With a count of more than 20 days before, the stock "
        "is unknown, and grey. Where sales are weekly and counts bear the same day as they "
        "do, that day is the name of the week, and the count is of its end. Counts at "
        "distribution centres are taken as they are.",
        "",
        "**A budget** with one row in each calendar month, always at the same place of it "
        "(the first, the first working day, the last), is spread over the days of its "
        "month, and so over fiscal weeks; a week of which some days have no budget is left "
        "open. Rows of which no two are in one fiscal month are spread over the weeks of "
        "that month. All others are of the week that their date falls in.",
        "",
        "**A price or a term** (terms: cost, lead time, service level) holds from the fiscal "
        "week of its date on, until the next one; before the first of them holds what skus "
        "says. Margin and the scorecard count a unit at the cost of the week in which it is "
        "sold, an order at that of the week in which it arrives. An order takes the lead time "
        "of the week in which it is released; before a longer one begins, what is needed in "
        "the weeks that it cannot reach is released early. Stock is planned for the service "
        "level of the week in which it arrives. Routine replenishment goes on with the lead "
        "time of the as-of week.",
    ]


def _of_evidence() -> list[str]:
    """What is made of returns and of a level that has changed, and of what is signed."""
    return [
        "**Returns** in rows of their own (below zero, beside the sales) take nothing back of "
        "demand, and go back on the shelf a week later. Where a door's units have "
        "returns taken off already (a day, of a door that reports by the day, or a week is "
        "below zero at times, and hardly ever has a sale of the SKU and a return beside each "
        "other), its weeks are net: what a week has below zero is taken off the sales before "
        "it, and nothing more comes back in the plan. What it tells is net, and so is what is "
        "foreseen; these doors are named.",
        "",
        "**A level** of a SKU, a door or the company that has changed and stayed so for four "
        "weeks (1.8 times, or .55 of what it was) is named. Season is no such change (what the "
        "rest of its class or the other doors do alike, or what was alike a year before), "
        "nor are weeks in activations, without stock, or of doors that did not tell.",
        "",
        "## What an import does to what is signed",
        "",
        "A signature covers the numbers of a department. Files of activations and "
        "activation_items change these numbers where they change an activation of a signed "
        "department (its type, days, status, SKUs, discounts or lifts) or add one. The preview "
        "and the command line name these activations, the departments and who signed before "
        "anything is written. Where Planning or Admin imports them, these signatures are "
        "void from then on, by name, and those who signed sign again. Where Marketing imports "
        "its calendar, such rows are set aside and become proposals to who may decide them; "
        "all other rows are in force at once. Activations that are over before the numbers "
        "begin void none, nor does a row that says what is known already.",
    ]


def _limits_in_words(limits: Limits) -> list[tuple[str, str]]:
    return [
        ("a CSV or Parquet file", in_words(limits.file)),
        ("an XLSX file, packed", in_words(limits.workbook)),
        ("an XLSX file, unpacked (counted as it is unpacked)", in_words(limits.unpacked)),
        ("rows of a table", write.number(limits.rows)),
        ("columns", write.number(limits.columns)),
        ("cells of a table", write.number(limits.cells)),
        ("text of a table", in_words(limits.text)),
        ("one value", f"{write.number(limits.value)} characters"),
        ("cells of a forecast workbook that comes back", write.number(limits.grid_cells)),
        ("a calendar (ICS) that comes back", in_words(limits.calendar)),
        ("events or rows of a calendar that comes back", write.number(limits.events)),
        ("refused rows that are kept with their reason", write.number(limits.rejects)),
        ("time to read one file or sheet", f"{write.figure(limits.seconds)} seconds"),
        ("memory to read it", in_words(limits.memory)),
        ("what reading it writes to the disk", in_words(limits.written)),
        ("files that are read at the same time", f"{limits.at_once}; the next one waits"),
    ]


def export(frame: pd.DataFrame, path: Path) -> None:
    """Write a frame as CSV, XLSX or Parquet, by the file's ending.

    Text that a spreadsheet would take for a formula is defused with an apostrophe. The file is
    there whole or not at all; one that stood there before then still does.

    Raises
    ------
    Refused
        If the ending is another one.
    StorageFailed
        If there is no room or no right to write.
    """
    ending = path.suffix.lower()
    if ending not in WRITTEN:
        raise Refused(
            f"'{ending}' is not a kind of file that Concord writes: "
            "use .csv, .xlsx or .parquet."
        )
    with whole(path) as partial:
        match ending:
            case ".parquet":
                frame.to_parquet(partial, index=False)
            case ".csv":
                partial.write_bytes(leaving.as_csv(frame))
            case _:
                partial.write_bytes(leaving.as_workbook({path.stem: frame}))


def _known(staged: set[str]) -> dict[tuple[str, str], Sql]:
    """Queries of the names that exist in the database or in this import."""
    columns = {c.refers_to for table in TABLES.values() for c in table.columns if c.refers_to}
    return {
        (table, name): listed(
            [
                sql(
                    "select {name} from {table} where {name} is not null",
                    name=identifier(name),
                    table=place,
                )
                for place in _places(table, staged)
            ],
            " union all ",
        )
        for table, name in sorted(columns)
    }


def _places(table: str, staged: set[str]) -> list[Sql]:
    """Where rows of a table stand."""
    places = [identifier(f"{table}_now")]
    if table in staged:
        places.append(sql("staging.{table}", table=identifier(table)))
    return places
