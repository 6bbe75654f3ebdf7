"""Many questions about the same data, asked one after the other.

What they all start from (views of 0017_oddities.sql) is worked out once: of ten million rows
each question would else go through all of them again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import duckdb
import pandas as pd

from data.store import Store, sql

SHARED = ("last_known", "recent_units", "last_count", "coming_item")
"""Views that are kept while the questions are asked, each after what it stands on."""
ASKED: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "odd_weeks_of_company": (
        "odd_weeks", {"of_doors": False, "least": 20, "more": 1.8, "less": 0.55},
    ),
    "odd_weeks_of_doors": (
        "odd_weeks", {"of_doors": True, "least": 30, "more": 2.2, "less": 0.4},
    ),
}  # fmt: skip
"""Questions that are asked by a statement of another name, and what it is given."""


def answers(
    store: Store, names: Sequence[str]
) -> Iterator[tuple[str, pd.DataFrame | Exception]]:
    """The rows of each of some statements (`ASKED`, or `queries/NAME.sql`), or its failure."""
    with store.cursor() as cursor:
        for view in SHARED:
            # A temporary table is found before the view of the same name.
            cursor.execute(f"create temp table {view} as from {view}")
        for name in names:
            try:
                statement, given = ASKED.get(name, (name, {}))
                yield name, cursor.execute(sql(statement), given).df()
            except duckdb.Error as error:
                yield name, error
