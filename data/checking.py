"""Rows of text into typed rows, and every reason why a row cannot be one.

One scan counts all problems of a table; only the kinds that occur are looked at again
for their first rows. Identifiers in the SQL come from tables.py; every value is bound.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from data.reading import Raw
from data.tables import BEYOND_ANY_RETAILER, TABLES, Column, Kind, Table
from forecasting.errors import Problem

SHOWN = 5
"""Problems of one kind that are shown with their line; the rest are counted."""

NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$"
DATE = r"^\d{4}-\d{2}-\d{2}([ T]00:00(:00(\.0+)?)?)?$"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One way in which a row can be wrong."""

    column: str
    is_bad: str
    """SQL condition over staging.typed."""
    expected: str
    found: str = ""
    """SQL expression for what was found; '': the column's own text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of the rows of one table."""

    table: str
    path: Path
    label: str
    read: int
    accepted: int
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]
    """Columns that are not part of the contract, and other remarks."""
    rejects: tuple[tuple[int, str, str], ...]
    """Line, reason and text of every refused row."""

    @property
    def rejected(self) -> int:
        """Rows refused."""
        return self.read - self.accepted


def judge(
    raw: Raw, cursor: duckdb.DuckDBPyConnection, known: Mapping[tuple[str, str], str]
) -> Verdict:
    """Type and check `staging.raw` into `staging.NAME`, leaving refused rows out.

    Parameters
    ----------
    raw : Raw
        What `reading.stage` returned for the table.
    cursor : connection
        The one on which it was staged.
    known : mapping of (table, column) to SQL
        A query of the names that exist, in the database or in this import.
    """
    table = TABLES[raw.source.table]
    present = [column for column in table.columns if column.name in raw.header]
    _type_columns(table, present, cursor)
    checks = _checks(table, present, known)
    bad_rows = " union all ".join(
        f"select _row, {i} as check_no from staging.typed where {check.is_bad}"
        for i, check in enumerate(checks)
    )
    cursor.execute(f"create or replace table staging.bad as {bad_rows}")
    problems = list(raw.problems)
    for number, total in cursor.execute(
        "select check_no, count(*) from staging.bad group by 1 order by 1"
    ).fetchall():
        problems += _describe(raw, checks[number], number, total, cursor)
    names = ", ".join(f'"{name}"' for name in table.names)
    cursor.execute(
        f"create or replace table staging.{table.name} as select {names}, _row "
        "from staging.typed where _row not in (select _row from staging.bad) order by _row"
    )
    staged, kept = cursor.execute(
        "select (select count(*) from staging.typed), "
        f"(select count(*) from staging.{table.name})"
    ).fetchall()[0]
    unknown = [name for name in raw.header if name not in table.names]
    notes = [f"column '{name}' is not known and was ignored" for name in unknown]
    return Verdict(
        table=table.name,
        path=raw.source.path,
        label=raw.source.label,
        read=staged + len(raw.broken),
        accepted=kept,
        problems=tuple(problems),
        notes=tuple(notes),
        rejects=_rejects(raw, checks, cursor),
    )


def _rejects(
    raw: Raw, checks: list[Check], cursor: duckdb.DuckDBPyConnection
) -> tuple[tuple[int, str, str], ...]:
    """Every refused row once, with the first reason why."""
    columns = ", ".join(f'"{name}"::varchar' for name in raw.header)
    rows = cursor.execute(
        f"select _row, min(check_no), any_value(concat_ws(',', {columns})) "
        "from staging.bad join staging.raw using (_row) group by 1 order by 1"
    ).fetchall()
    lines = raw.line_of([row for row, _, _ in rows])
    judged = [
        (lines[row], f"{checks[no].column}: expected {checks[no].expected}", text)
        for row, no, text in rows
    ]
    unread = [(line, found, text) for line, text, found in raw.broken]
    return tuple(sorted(judged + unread))


def _type_columns(
    table: Table, present: list[Column], cursor: duckdb.DuckDBPyConnection
) -> None:
    """Make staging.typed: each column converted, its text kept where that failed."""
    described = cursor.execute("describe staging.raw").fetchall()
    types = {name: sql_type for name, sql_type, *_ in described}
    parts = []
    for column in table.columns:
        name = f'"{column.name}"'
        if column not in present:
            parts += [f"null::{column.sql_type} as {name}", f'null as "{column.name}?"']
            continue
        text = f"nullif(cast({name} as varchar), '')"
        if column.kind not in (Kind.ID, Kind.TEXT):
            text = f"nullif(trim(cast({name} as varchar)), '')"
        value = _conversion(column, name, text, types[column.name])
        parts += [f"{value} as {name}", f'{text} as "{column.name}?"']
    cursor.execute(
        f"create or replace table staging.typed as select _row, {', '.join(parts)} "
        "from staging.raw"
    )


def _conversion(column: Column, name: str, text: str, sql_type: str) -> str:
    """SQL that turns a column into its type, null where it cannot."""
    if column.kind in (Kind.NUMBER, Kind.WHOLE, Kind.SHARE):
        if sql_type not in ("VARCHAR", "BOOLEAN"):
            number = f"try_cast({name} as double)"
        else:
            number = (
                f"case when regexp_matches({text}, '{NUMBER}') "
                f"then try_cast({text} as double) end"
            )
        if column.name == "in_stock":
            number = (
                f"case lower({text}) when 'true' then 1.0 when 'false' then 0.0 "
                f"else {number} end"
            )
        if column.kind is Kind.WHOLE:
            whole = f"case when {number} = floor({number}) then {number} end"
            return f"try_cast({whole} as bigint)"
        return number
    if column.kind is Kind.DATE:
        if sql_type == "DATE":
            return name
        date = f"try_cast({text}[1:10] as date)"
        return f"case when regexp_matches({text}, '{DATE}') then {date} end"
    if column.kind is Kind.CHOICE:
        return f"lower({text})"
    return text


def _checks(
    table: Table, present: list[Column], known: Mapping[tuple[str, str], str]
) -> list[Check]:
    checks: list[Check] = []
    for column in present:
        checks += _column_checks(column, known)
    names = {column.name for column in present}
    for start, end in table.spans:
        if {start, end} <= names:
            checks.append(
                Check(
                    column=end,
                    is_bad=f'"{end}" < "{start}"',
                    expected=f"a date not before {start}",
                )
            )
    if table.one_of:
        blank = " and ".join(f'"{name}?" is null' for name in table.one_of)
        checks.append(
            Check(
                column=table.one_of[0],
                is_bad=blank,
                expected=" or ".join(table.one_of),
                found="'nothing'",
            )
        )
    if table.key and set(table.key) <= names:
        key = ", ".join(f'"{name}"' for name in table.key)
        checks.append(
            Check(
                column=table.key[-1] if len(table.key) == 1 else ", ".join(table.key),
                is_bad=f"_row in (select _row from staging.typed qualify "
                f"row_number() over (partition by {key} order by _row) > 1)",
                expected="each one once",
                found="'the same again: ' || concat_ws(', ', " + key + ")",
            )
        )
    return checks


def _column_checks(column: Column, known: Mapping[tuple[str, str], str]) -> list[Check]:
    name, text = f'"{column.name}"', f'"{column.name}?"'
    checks = []
    if column.required:
        checks.append(
            Check(column=column.name, is_bad=f"{text} is null", expected=column.expected)
        )
    wrong = {
        Kind.ID: f"length({text}) > 200 or regexp_matches({text}, '[\\x00-\\x1f\\x7f]') "
        f"or trim({text}) = ''",
        Kind.TEXT: f"length({text}) > 2000 "
        f"or regexp_matches({text}, '[\\x00-\\x08\\x0e-\\x1f]')",
        Kind.DATE: f"({text} is not null and {name} is null) "
        f"or {name} not between date '1990-01-01' and date '2100-12-31'",
        Kind.CHOICE: f"{name} not in ({', '.join(repr(choice) for choice in column.choices)})",
        Kind.SHARE: f"({text} is not null and {name} is null) or not {name} between 0 and 1",
    }.get(column.kind, "")
    if not wrong:
        least = -BEYOND_ANY_RETAILER if column.low is None else column.low
        wrong = (
            f"({text} is not null and {name} is null) or isnan({name}::double) "
            f"or not {name} between {least} and {BEYOND_ANY_RETAILER}"
        )
    checks.append(Check(column=column.name, is_bad=wrong, expected=column.expected))
    if column.refers_to is not None and column.refers_to in known:
        other, _ = column.refers_to
        checks.append(
            Check(
                column=column.name,
                is_bad=f"{name} is not null and {name} not in ({known[column.refers_to]})",
                expected=f"one that stands in {other}",
            )
        )
    return checks


def _describe(
    raw: Raw, check: Check, number: int, total: int, cursor: duckdb.DuckDBPyConnection
) -> list[Problem]:
    """The first problems of one kind, with their lines; the last counts the rest."""
    found = check.found or f'"{check.column}?"'
    rows = cursor.execute(
        f"select _row, {found} from staging.typed join staging.bad using (_row) "
        f"where check_no = {number} order by _row limit {SHOWN}"
    ).fetchall()
    lines = raw.line_of([row for row, _ in rows])
    return [
        Problem(
            file=raw.source.label,
            line=lines.get(row),
            column=check.column,
            found=_shown(value, plain=bool(check.found)),
            expected=check.expected,
            count=total - len(rows) + 1 if i == len(rows) - 1 else 1,
        )
        for i, (row, value) in enumerate(rows)
    ]


def _shown(value: object, *, plain: bool) -> str:
    if value is None:
        return "nothing"
    text = str(value)
    text = text if len(text) <= 60 else text[:57] + "..."
    return text if plain else f"'{text}'"
