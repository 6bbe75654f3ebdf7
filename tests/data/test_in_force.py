"""Which rows of several imports are in force: the short way round says what the rule says."""

import datetime as dt

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from data.tables import TABLES, create_sql

DAYS = [dt.date(2026, 11, 1) + dt.timedelta(n) for n in range(4)]
ROWS = st.lists(
    st.tuples(
        st.integers(1, 4), st.sampled_from(DAYS), st.sampled_from(["A", "B"]),
        st.sampled_from(["D1", "D2"]), st.integers(0, 9),
    ),
    max_size=25,
)  # fmt: skip


@settings(max_examples=60)
@given(rows=ROWS, rolled_back=st.sets(st.integers(1, 4)))
def test_a_row_is_in_force_if_no_later_import_in_force_speaks_of_its_key(rows, rolled_back):
    with duckdb.connect() as connection:
        connection.execute("create table batch_now (batch bigint)")
        for statement in create_sql():
            if " sales" in statement:
                connection.execute(statement)
        for batch in {1, 2, 3, 4} - rolled_back:
            connection.execute("insert into batch_now values (?)", [batch])
        for batch, day, sku, door, units in rows:
            connection.execute(
                "insert into sales (batch, date, sku, door, units) values (?, ?, ?, ?, ?)",
                [batch, day, sku, door, units],
            )
        found = connection.execute(
            "select batch, date, sku, door, units from sales_now"
        ).fetchall()
    assert TABLES["sales"].replaces_by == ("sku", "door", "date")
    standing = [row for row in rows if row[0] not in rolled_back]
    latest: dict[tuple[object, ...], int] = {}
    for batch, *key, _ in standing:
        latest[tuple(key)] = max(batch, latest.get(tuple(key), 0))
    expected = [row for row in standing if row[0] == latest[row[1:4]]]
    assert sorted(found) == sorted(expected)
