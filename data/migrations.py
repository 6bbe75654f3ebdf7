"""The schema and how it came about: named steps, each applied once, in order, whole or not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import lru_cache
from pathlib import Path

import duckdb

from data import in_force

HERE = Path(__file__).parent
FIRST = "0001_ledger"
"""The step that every database of Concord has."""


def apply(transaction: Callable[[], AbstractContextManager[duckdb.DuckDBPyConnection]]) -> int:
    """Bring a database up to date; how many steps it lacked.

    Each step and the note that it was done are one transaction, so a process that dies on
    the way leaves the steps before it whole and goes on from there.

    Parameters
    ----------
    transaction : callable
        Opens one transaction (Store.transaction).
    """
    with transaction() as cursor:
        cursor.execute(
            "create table if not exists migration (name varchar, applied_at timestamp)"
        )
        done = names_in(cursor)
    lacking = [step for step in steps() if step[0] not in done]
    for name, statements in lacking:
        with transaction() as cursor:
            for statement in statements:
                cursor.execute(statement)
            now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
            cursor.execute("insert into migration values (?, ?)", [name, now])
    return len(lacking)


def names_in(cursor: duckdb.DuckDBPyConnection) -> set[str]:
    """Steps that a database has behind it."""
    return {row[0] for row in cursor.execute("select name from migration").fetchall()}


@lru_cache
def steps() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Names and statements, in the order in which they are applied."""
    written = {
        path.stem: [
            text for text in path.read_text(encoding="utf-8").split(";\n") if text.strip()
        ]
        for path in (HERE / "schema").glob("*.sql")
    }
    made = {
        "0003_facts": in_force.create_sql(),
        "0008_sell_out": in_force.added_sql("activations", "sell_out"),
        "0015_in_force": in_force.in_force_sql(),
        "0021_gives_way": in_force.gives_way_views_sql(),
        "0026_terms": in_force.later_sql("terms"),
    }
    return tuple((name, tuple(texts)) for name, texts in sorted({**written, **made}.items()))
