"""Rows of text into typed rows, and every reason why a row cannot be one.

One scan counts all problems of a table; only the kinds that occur are looked at again
for their first rows. What is named in SQL comes from tables.py; a column of a file is taken
by its position, and what the file calls it is a value like any other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from data.quoting import Sql, identifier, listed, literal, sql
from data.reading import Raw
from data.store import stated
from data.tables import BEYOND_ANY_RETAILER, TABLES, Column, Kind, Table
from forecasting import write
from forecasting.errors import Problem

SHOWN = 5
"""Problems of one kind that are shown with their line; the rest are counted."""

NAMED = 20
"""Unknown columns that are named; the rest are counted."""
LONGEST_TEXT = 50_000
"""Characters of a refused row that are kept."""

NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$"
"""What a number of ours looks like: a point, no grouping, an exponent of three digits at
most."""
LOST_DIGITS = r"^\d([.,]\d+)?E\+\d{2}$"
"""How spreadsheets write a long code that they took for a number: its last digits are gone."""
DATE = r"^\d{4}-\d{2}-\d{2}([ T]00:00(:00(\.0+)?)?)?$"
"""A day; midnight may stand behind it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One way in which a row can be wrong."""

    column: str
    is_bad: Sql
    """Condition over staging.typed."""
    expected: str
    found: Sql | None = None
    """Expression for what was found; None: the column's own text."""


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
    excess: str = ""
    """That more rows were refused than are kept; then none of them is."""

    @property
    def rejected(self) -> int:
        """Rows refused."""
        return self.read - self.accepted


def judge(
    raw: Raw, cursor: duckdb.DuckDBPyConnection, known: Mapping[tuple[str, str], Sql]
) -> Verdict:
    """Type and check the rows of a source into `staging.NAME`, leaving refused rows out.

    Parameters
    ----------
    raw : Raw
        What `reading.stage` returned for the table.
    cursor : connection
        To the database in which it is staged.
    known : mapping of (table, column) to SQL
        A query of the names that exist, in the database or in this import.
    """
    table = TABLES[raw.source.table]
    present = [column for column in table.columns if column.name in raw.header]
    _type_columns(raw, table, cursor)
    checks = _checks(table, present, known)
    if table.name == "sales" and _has_sales(cursor):  # the first import has nothing to repeat
        checks.append(_week_again())
    _mark_bad(checks, cursor)
    totals = cursor.execute(
        "select check_no, count(*) from staging.bad group by 1 order by 1"
    ).fetchall()
    found = [row for number, _ in totals for row in _first(checks[number], number, cursor)]
    rejects, excess = _rejects(raw, cursor)
    lines = raw.line_of([row for row, *_ in rejects] + [row for row, *_ in found], cursor)
    problems = list(raw.problems)
    for number, total in totals:
        mine = [(lines.get(row), value) for row, value, check in found if check == number]
        problems += _described(raw.source.label, checks[number], mine, total)
    read, accepted = _keep(table, cursor)
    judged = [
        (lines[row], f"{checks[no].column}: expected {checks[no].expected}", text)
        for row, no, text in rejects
    ]
    unread = [(line, why, text) for line, text, why in raw.broken]
    return Verdict(
        table=table.name,
        path=raw.source.path,
        label=raw.source.label,
        read=read + len(raw.broken),
        accepted=accepted,
        problems=tuple(problems),
        notes=(*raw.notes, *_unknown(raw.header, table)),
        rejects=tuple(sorted(judged + unread)),
        excess=excess,
    )


def _mark_bad(checks: Sequence[Check], cursor: duckdb.DuckDBPyConnection) -> None:
    """Make staging.bad: a row per staged row and check that it fails."""
    bad_rows = [
        sql(
            "select _row, {number} as check_no from staging.typed where {is_bad}",
            number=literal(number),
            is_bad=check.is_bad,
        )
        for number, check in enumerate(checks)
    ]
    cursor.execute(
        sql(
            "create or replace table staging.bad as {rows}",
            rows=listed(bad_rows, " union all "),
        )
    )


def _keep(table: Table, cursor: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    """Make staging.NAME of the rows that are right; rows read, rows kept."""
    staged = sql("staging.{name}", name=identifier(table.name))
    cursor.execute(
        sql(
            "create or replace table {staged} as select {names}, _row "
            "from staging.typed where _row not in (select _row from staging.bad) order by _row",
            staged=staged,
            names=listed(map(identifier, table.names)),
        )
    )
    read, kept = cursor.execute(
        sql(
            "select (select count(*) from staging.typed), (select count(*) from {staged})",
            staged=staged,
        )
    ).fetchall()[0]
    return read, kept


def _unknown(header: tuple[str, ...], table: Table) -> tuple[str, ...]:
    """Remarks on columns that are not part of the contract."""
    unknown = [name for name in header if name not in table.names]
    notes = [
        f"column {_shown(name, plain=False)} is not known and was ignored"
        for name in unknown[:NAMED]
    ]
    if len(unknown) > NAMED:
        notes.append(
            f"{write.number(len(unknown) - NAMED)} more columns are not known and were ignored"
        )
    return tuple(notes)


def _rejects(
    raw: Raw, cursor: duckdb.DuckDBPyConnection
) -> tuple[list[tuple[int, int, str]], str]:
    """Every refused row once, with its first reason and its text; or that they are too many."""
    limits = raw.limits
    texts = [
        sql("coalesce(cast({c} as varchar), '')", c=identifier(f"c{i}"))
        for i in range(len(raw.header))
    ]
    cursor.execute(
        sql(
            "create or replace table staging.refused as "
            "select _row, min(check_no) as check_no, "
            "any_value(concat_ws(',', {texts}))[:{most}] as row_text "
            "from staging.bad join read_parquet(?) using (_row) group by 1",
            texts=listed(texts),
            most=literal(LONGEST_TEXT),
        ),
        [str(raw.rows)],
    )
    count, size = cursor.execute(
        "select count(*), coalesce(sum(strlen(row_text)), 0) from staging.refused"
    ).fetchall()[0]
    if count > limits.rejects or size > limits.rejects_text:
        return [], f"{write.number(count)} rows that are refused"
    rows = cursor.execute(
        "select _row, check_no, row_text from staging.refused order by 1"
    ).fetchall()
    return rows, ""


def _type_columns(raw: Raw, table: Table, cursor: duckdb.DuckDBPyConnection) -> None:
    """Make staging.typed: each column converted, its text kept where that failed."""
    parts = []
    for column in table.columns:
        position = raw.position(column.name)
        value, text = sql("null::{t}", t=_type_of(column)), sql("null")
        if position >= 0:
            there = identifier(f"c{position}")
            text = _text(column, there)
            value = _conversion(column, there, text, raw.types[position])
        parts.append(
            sql(
                "{value} as {name}, {text} as {as_text}",
                value=value,
                name=identifier(column.name),
                text=text,
                as_text=_text_name(column.name),
            )
        )
    cursor.execute(
        sql(
            "create or replace table staging.typed as "
            "select _row, {columns} from read_parquet(?)",
            columns=listed(parts),
        ),
        [str(raw.rows)],
    )


def _text_name(column: str) -> Sql:
    """Where staging.typed keeps the text of a column."""
    return identifier(f"{column}?")


def _type_of(column: Column) -> Sql:
    return Sql(column.sql_type)  # one of the four of tables.py


def _text(column: Column, there: Sql) -> Sql:
    if column.kind in (Kind.ID, Kind.TEXT):
        return sql("nullif(cast({c} as varchar), '')", c=there)
    return sql("nullif(trim(cast({c} as varchar)), '')", c=there)


def _conversion(column: Column, there: Sql, text: Sql, sql_type: str) -> Sql:
    """What turns a column into its type, null where it cannot."""
    if column.kind in (Kind.NUMBER, Kind.WHOLE, Kind.SHARE):
        number = _number(there, text, sql_type)
        if column.name == "in_stock":
            number = sql(
                "case lower({text}) when 'true' then 1.0 when 'false' then 0.0 "
                "else {number} end",
                text=text,
                number=number,
            )
        if column.kind is Kind.WHOLE:
            return sql("try_cast(case when {n} = floor({n}) then {n} end as bigint)", n=number)
        return number
    if column.kind is Kind.DATE:
        if sql_type == "DATE":
            return there
        return sql(
            "case when regexp_matches({text}, {date}) then try_cast({text}[1:10] as date) end",
            text=text,
            date=literal(DATE),
        )
    if column.kind is Kind.CHOICE:
        return sql("lower({text})", text=text)
    return text


def _number(there: Sql, text: Sql, sql_type: str) -> Sql:
    if sql_type not in ("VARCHAR", "BOOLEAN"):
        return sql("try_cast({c} as double)", c=there)
    return sql(
        "case when regexp_matches({text}, {number}) then try_cast({text} as double) end",
        text=text,
        number=literal(NUMBER),
    )


def _checks(
    table: Table, present: list[Column], known: Mapping[tuple[str, str], Sql]
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
                    is_bad=sql("{end} < {start}", end=identifier(end), start=identifier(start)),
                    expected=f"a date not before {start}",
                )
            )
    if table.one_of:
        blank = [sql("{t} is null", t=_text_name(name)) for name in table.one_of]
        checks.append(
            Check(
                column=table.one_of[0],
                is_bad=listed(blank, " and "),
                expected=" or ".join(table.one_of),
                found=literal("nothing"),
            )
        )
    keys = [name for name in table.key if name in names]
    if keys and all(name in names or not table.column(name).required for name in table.key):
        key = listed(map(identifier, keys))
        checks.append(
            Check(
                column=table.key[-1] if len(table.key) == 1 else ", ".join(table.key),
                is_bad=sql(
                    "_row in (select _row from staging.typed qualify "
                    "row_number() over (partition by {key} order by _row) > 1)",
                    key=key,
                ),
                expected="each one once",
                found=sql("'the same again: ' || concat_ws(', ', {key})", key=key),
            )
        )
    return checks


def _has_sales(cursor: duckdb.DuckDBPyConnection) -> bool:
    return bool(cursor.execute("select count(*) from (from sales limit 1)").fetchall()[0][0])


def _week_again() -> Check:
    """A week of a door is told once, by one row or by its days; else it would count twice."""
    return Check(
        column="date",
        is_bad=sql("_row in ({again})", again=stated("week_again")),
        expected="weeks that are not there yet; to replace a week send it under the same date, "
        "or roll back the import that it came with",
        found=sql("{date} || ': its week is there already, on another day'",
                  date=identifier("date")),
    )  # fmt: skip


def _column_checks(column: Column, known: Mapping[tuple[str, str], Sql]) -> list[Check]:
    name, text = identifier(column.name), _text_name(column.name)
    checks = []
    if column.required:
        missing = sql("{text} is null", text=text)
        checks.append(Check(column=column.name, is_bad=missing, expected=column.expected))
    if column.kind is Kind.ID:
        checks.append(_lost_digits(column))
    wrong = sql(_WRONG[column.kind], name=name, text=text, **_bounds(column))
    checks.append(Check(column=column.name, is_bad=wrong, expected=column.expected))
    if column.refers_to is not None and column.refers_to in known:
        other, _ = column.refers_to
        stranger = sql(
            "{name} is not null and {name} not in ({known})",
            name=name,
            known=known[column.refers_to],
        )
        expected = f"one that stands in {other}"
        checks.append(Check(column=column.name, is_bad=stranger, expected=expected))
    return checks


def _lost_digits(column: Column) -> Check:
    """A code as a spreadsheet shows it in a narrow column: what it was is not known."""
    return Check(
        column=column.name,
        is_bad=sql(
            "{name} like '%E+%' and regexp_matches({name}, {lost})",
            name=identifier(column.name),
            lost=literal(LOST_DIGITS),
        ),
        expected="all its digits: a spreadsheet has lost the last ones; give the column the "
        "format 'text' there, and export it again",
    )


_NUMBER_WRONG = (
    "({text} is not null and {name} is null) or isnan({name}::double) "
    "or not {name} between {least} and {most}"
)
_WRONG = {
    Kind.ID: "length({text}) > 200 or regexp_matches({text}, '[\\x00-\\x1f\\x7f]') "
    "or trim({text}) = ''",
    Kind.TEXT: "length({text}) > 2000 or regexp_matches({text}, '[\\x00-\\x08\\x0e-\\x1f]')",
    Kind.DATE: "({text} is not null and {name} is null) "
    "or {name} not between date '1990-01-01' and date '2100-12-31'",
    Kind.CHOICE: "{name} not in ({choices})",
    Kind.SHARE: "({text} is not null and {name} is null) or not {name} between 0 and 1",
    Kind.NUMBER: _NUMBER_WRONG,
    Kind.WHOLE: _NUMBER_WRONG,
}
"""When a value is wrong, by the kind of its column."""


def _bounds(column: Column) -> dict[str, Sql]:
    least = -BEYOND_ANY_RETAILER if column.low is None else column.low
    return {
        "least": literal(least),
        "most": literal(BEYOND_ANY_RETAILER if column.high is None else column.high),
        "choices": listed(map(literal, column.choices)),
    }


def _first(
    check: Check, number: int, cursor: duckdb.DuckDBPyConnection
) -> list[tuple[int, object, int]]:
    """Row, what was found and check of the first problems of one kind."""
    rows = cursor.execute(
        sql(
            "select _row, {found} from staging.typed join staging.bad using (_row) "
            "where check_no = {number} order by _row limit {shown}",
            found=_text_name(check.column) if check.found is None else check.found,
            number=literal(number),
            shown=literal(SHOWN),
        )
    ).fetchall()
    return [(row, value, number) for row, value in rows]


def _described(
    label: str, check: Check, rows: list[tuple[int | None, object]], total: int
) -> list[Problem]:
    """The first problems of one kind; the last counts the rest."""
    return [
        Problem(
            file=label,
            line=line,
            column=check.column,
            found=_shown(value, plain=check.found is not None),
            expected=check.expected,
            count=total - len(rows) + 1 if i == len(rows) - 1 else 1,
        )
        for i, (line, value) in enumerate(rows)
    ]


def _shown(value: object, *, plain: bool) -> str:
    if value is None:
        return "nothing"
    text = str(value)
    text = text if len(text) <= 60 else text[:57] + "..."
    return text if plain else f"'{text}'"
