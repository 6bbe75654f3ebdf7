"""Many questions about the same data, asked one after the other.

What they all start from (views of 0017_oddities.sql and 0023_week_units.sql, orders in force,
and when what could be sold, by `could_sell`) is worked out once: of ten million rows each
question would else go through all of them again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import duckdb
import pandas as pd

from data.closing import last_closed
from data.quoting import identifier, literal
from data.quoting import sql as sql_of
from data.store import Store

SHARED = (
    "receipts_now", "last_known", "recent_units", "last_count", "coming_item", "week_units",
)  # fmt: skip
"""Views that are kept while the questions are asked, each after what it stands on."""
BY_DAY = ("could_sell", "door_reports")
"""Macros of what was known before a day, kept for the day after the last closed week."""
ASKED: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "odd_weeks_of_company": (
        "odd_weeks", {"of_doors": False, "least": 20, "more": 1.8, "less": 0.55},
    ),
    "odd_weeks_of_doors": (
        "odd_weeks", {"of_doors": True, "least": 30, "more": 2.2, "less": 0.4},
    ),
}  # fmt: skip
"""Questions that are asked by a statement of another name, and what it is given."""


@contextmanager
def at_once(store: Store) -> Iterator[None]:
    """Within it, what many questions start from stands ready."""
    week = last_closed(store)
    until = None if week is None else week + dt.timedelta(7)
    with store.at_once() as cursor:
        for view in SHARED:  # a temporary table is found before the view of the same name
            cursor.execute(
                sql_of("create temp table {view} as from {view}", view=identifier(view))
            )
        for name in BY_DAY if until is not None else ():
            _keep(cursor, name, str(until))
        yield


def _keep(cursor: duckdb.DuckDBPyConnection, name: str, until: str) -> None:
    """Keep what a macro says of one day; of others it refuses to speak."""
    parts = {
        "macro": identifier(name), "kept": identifier(f"{name}_kept"),
        "day": literal(until), "other": literal(f"{name} is kept of {until} only"),
    }  # fmt: skip
    cursor.execute(sql_of("create temp table {kept} as from {macro}(date {day})", **parts))
    cursor.execute(
        sql_of(
            "create temp macro {macro}(until) as table from {kept} "
            "where case when until = date {day} then true else error({other}) end",
            **parts,
        )
    )


def answers(
    store: Store, names: Sequence[str]
) -> Iterator[tuple[str, pd.DataFrame | Exception]]:
    """The rows of each of some statements (`ASKED`, or `queries/NAME.sql`), or its failure."""
    for name in names:
        try:
            statement, given = ASKED.get(name, (name, {}))
            yield name, store.query(statement, **given)
        except duckdb.Error as error:
            yield name, error
