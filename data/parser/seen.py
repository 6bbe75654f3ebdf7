"""What stands in the columns of a file: of all its rows, not of the first ones.

A date such as 03/04 is only settled by a 13/04 that may stand a million rows below. So each
column is judged by its distinct values, which are few where it holds dates, and quick to
look at where it holds numbers.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import Any

import duckdb

from data.parser import engine, numbers
from data.parser.staged import Task
from data.quoting import Sql, identifier, literal, sql
from data.shapes import DATES, day_of, week_of

LOOKED_AT = 2_000
"""Rows by which it is guessed what a column may hold at all."""
MOST_DAYS = 60_000
"""Distinct values above which a column holds no dates."""
FEW = 12
"""Distinct values that are all named."""
EXAMPLES = 3
SHOWN_ROWS = 8
LONGEST = 60
_PERHAPS_A_NUMBER = re.compile(r"^[-+−(€$£¥₹]*\s*(?:[A-Z]{3}|kr|zł)?\s*[-+]?[.,]?\d")
_PERHAPS_A_DATE = re.compile(
    r"\d{4,8}|\d{5}\.\d+|[KCW]{1,2}\s?\d{1,2}|.*\d.*[-/. ].*|[^\W\d_]{3,12}[-/. ']*\d{2,4}",
    re.I,
)


def seen(
    task: Task, header: Sequence[str], stored: Sequence[int]
) -> tuple[list[dict[str, Any]], int, list[list[str]]]:
    """Of each staged column what it may be; how many rows there are; the first ones.

    Parameters
    ----------
    stored : sequence of int
        Columns that a workbook or Parquet file stores as numbers: they are what they are.
    """
    with engine.connect(task) as connection:
        connection.execute(
            sql("create view rows as from {rows}", rows=engine.placed(str(task.target)))
        )
        count = connection.execute("select count(*) from rows").fetchall()[0][0]
        first = connection.execute(
            "select columns('^c[0-9]+$')::varchar from rows where _row < $n order by _row",
            {"n": LOOKED_AT},
        ).fetchall()
        columns = [
            _column(
                connection, place, name, [row[place] or "" for row in first], place in stored
            )
            for place, name in enumerate(header)
        ]
    sample = [[(v or "")[:LONGEST] for v in row] for row in first[:SHOWN_ROWS]]
    return columns, count, sample


def _column(
    connection: duckdb.DuckDBPyConnection,
    place: int,
    name: str,
    first: Sequence[str],
    is_stored: bool,
) -> dict[str, Any]:
    column = identifier(f"c{place}")
    texts = [value.strip() for value in first if value.strip()]
    examples = list(dict.fromkeys(text[:LONGEST] for text in texts))[:EXAMPLES]
    found: dict[str, Any] = {
        "name": name, "examples": examples, "values": [], "number": None, "dates": {},
        "doubt": None, "lost": 0, "stored": is_stored,
        "differing": len(set(texts)) / max(len(texts), 1),
    }  # fmt: skip
    may_count = not texts or _share(texts, _PERHAPS_A_NUMBER) > 0.3
    may_date = not texts or _share(texts, _PERHAPS_A_DATE) > 0.3
    some = len(set(texts)) <= FEW
    if not (may_count or may_date or some):
        found["filled"] = connection.execute(
            sql("select count(*) from rows where trim({c}::varchar) <> ''", c=column)
        ).fetchall()[0][0]
        return found
    connection.execute(
        sql(
            "create or replace temp table v as select trim({c}::varchar) as t, count(*) as n "
            "from rows where trim({c}::varchar) <> '' group by 1",
            c=column,
        )
    )
    filled, distinct = connection.execute(
        "select coalesce(sum(n), 0)::bigint, count(*) from v"
    ).fetchall()[0]
    found["filled"] = filled
    if distinct <= FEW:
        rows = connection.execute("select t from v order by n desc, t").fetchall()
        found["values"] = [text[:LONGEST] for (text,) in rows]
    if may_count:
        found["number"] = _number(connection)
        found["lost"] = found["number"].pop("lost")
    if may_date:
        found["dates"], found["doubt"] = _dates(connection)
    return found


def _share(texts: Sequence[str], pattern: re.Pattern[str]) -> float:
    return sum(pattern.match(text) is not None for text in texts) / len(texts)


def _number(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """How many values are numbers by either sign, and what would differ between them."""
    t = sql("t")
    point, comma = numbers.is_number(t, "."), numbers.is_number(t, ",")
    row = connection.execute(
        sql(
            "with judged as (select t, n, {point} as by_point, {comma} as by_comma, "
            "contains(t, '.') or contains(t, ',') as has_sign from v), "
            "plain as (select *, by_point and by_comma and has_sign and t not like '%.' "
            "as unclear from judged) "
            "select coalesce(sum(n) filter (by_point), 0)::bigint, "
            "coalesce(sum(n) filter (by_comma), 0)::bigint, "
            "coalesce(sum(n) filter (by_point and not by_comma), 0)::bigint, "
            "coalesce(sum(n) filter (by_comma and not by_point), 0)::bigint, "
            "coalesce(sum(n) filter (unclear), 0)::bigint, min(t) filter (unclear), "
            "coalesce(sum(n) filter (contains(t, '%')), 0)::bigint, "
            "coalesce(bool_and(regexp_matches(t, {digits})) filter (by_point or by_comma), "
            "false), "
            "max(try_cast(replace(t, ',', '.') as double)), "
            "min(try_cast(replace(t, ',', '.') as double)), "
            "coalesce(sum(n) filter (regexp_matches(t, {lost})), 0)::bigint from plain",
            point=point, comma=comma, digits=literal(r"^[+-]?\d*\.?\d+$"),
            lost=literal(numbers.LOST),
        )
    ).fetchall()[0]  # fmt: skip
    names = ("point", "comma", "only_point", "only_comma", "unclear", "example", "percent",
             "is_plain", "most", "least", "lost")  # fmt: skip
    return dict(zip(names, row, strict=True))


def _dates(
    connection: duckdb.DuckDBPyConnection,
) -> tuple[dict[str, int], dict[str, Any] | None]:
    """How many values are dates in each form; an example that two forms read differently."""
    days = connection.execute(
        sql("select {day} as t, sum(n)::bigint from v group by 1 limit {most}",
            day=day_text(sql("t")), most=literal(MOST_DAYS + 1))
    ).fetchall()  # fmt: skip
    if len(days) > MOST_DAYS:
        return {}, None
    counts = dict.fromkeys(DATES, 0)
    read: list[tuple[str, dict[str, str]]] = []
    for text, count in days:
        means: dict[str, str] = {}
        for form in DATES:
            day = week_of(text) if form == "week" else day_of(text, form)
            if day is not None:
                counts[form] += count
                means[form] = (
                    day.isoformat() if isinstance(day, dt.date) else f"{day[0]} week {day[1]}"
                )
        if len(means) > 1:
            read.append((text, means))
    # Who reads a file looks at the days that two forms read differently first.
    likely = {form for form, count in counts.items() if count}
    doubts = [(t, m) for t, m in sorted(read) if len(set(m.values())) > 1 and set(m) <= likely]
    found = {form: count for form, count in counts.items() if count}
    return found, {"text": doubts[0][0], "means": doubts[0][1]} if doubts else None


def day_text(text: Sql) -> Sql:
    """A text without the time of the day behind a date."""
    return sql(
        "trim(case when contains({t}, ':') then regexp_replace({t}, {time}, '') else {t} end)",
        t=text,
        time=literal(r"[T ,]+\d{1,2}:\d{2}.*$"),
    )
