"""Which rows of several imports are in force: the short way round says what the rule says."""

import datetime as dt
from collections import Counter
from contextlib import closing

from hypothesis import given, settings
from hypothesis import strategies as st

from data.files import insert_staged
from data.in_force import in_force_sql
from data.store import Store
from data.tables import TABLES

DAYS = [dt.date(2026, 11, 1) + dt.timedelta(n) for n in range(4)]
ROW = st.tuples(
    st.sampled_from(DAYS), st.sampled_from(["A", "B"]), st.sampled_from(["D1", "D2"]),
    st.integers(0, 9),
)  # fmt: skip
IMPORTS = st.lists(st.lists(ROW, max_size=8), min_size=1, max_size=4)


@settings(max_examples=60, deadline=None)
@given(imports=IMPORTS, rolled_back=st.sets(st.integers(1, 4)), is_older=st.booleans())
def test_a_row_is_in_force_if_no_later_import_in_force_speaks_of_its_key(
    imports, rolled_back, is_older
):
    assert TABLES["sales"].replaces_by == ("sku", "door", "date")
    with closing(Store()) as store, store.cursor() as cursor:
        cursor.execute("create or replace view batch_now as select 0 as batch")
        cursor.execute("create table staging.sales as select *, 0 as _row from sales limit 0")
        for batch, rows in enumerate(imports, start=1):
            cursor.execute("delete from staging.sales")
            for row in rows:
                cursor.execute(
                    "insert into staging.sales (date, sku, door, units) values (?, ?, ?, ?)",
                    row,
                )
            insert_staged(cursor, batch, ["sales"])
        standing = [n for n in range(1, len(imports) + 1) if n not in rolled_back]
        cursor.execute(
            f"create or replace view batch_now as select unnest({standing}::bigint[]) as batch"
        )
        again = {day for (day,) in cursor.execute("select date from sent_again").fetchall()}
        if is_older:  # a database in which that was not noted
            cursor.execute("drop table sent_again")
            for statement in in_force_sql():
                cursor.execute(statement)
        found = cursor.execute("select batch, date, sku, door, units from sales_now").fetchall()
    spoken = Counter(key for rows in imports for key in {row[:3] for row in rows})
    assert again == {day for (day, *_), n in spoken.items() if n > 1}
    latest = {row[:3]: n for n in standing for row in imports[n - 1]}
    expected = [(n, *row) for n in standing for row in imports[n - 1] if latest[row[:3]] == n]
    assert sorted(found) == sorted(expected)
