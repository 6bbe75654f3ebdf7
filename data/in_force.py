"""Statements that make the fact tables, and views of which of their rows are in force.

Every row stays with the import that it came with; what a later import says of the same key, or
of whole tables and dates, stands in its place until that import is rolled back.
"""

from __future__ import annotations

from data.tables import TABLES, Table

_SENT_AGAIN = """
create table if not exists sent_again ("table" varchar not null, date date not null)
"""
"""Days of which a later import repeated a row, in force or not."""

_GIVES_WAY = """
create table if not exists gives_way ("table" varchar not null, first date, last date, batch bigint not null)
"""
"""Imports that took the place of whole tables (no dates) or of all rows of some dates."""


def create_sql() -> list[str]:
    """Statements that create every fact table and the view of what is in force.

    A row carries the import batch it came with. `sales_now` and its siblings show, for
    each key, the rows of the latest batch in force that speaks of it.
    """
    return [
        _SENT_AGAIN,
        _GIVES_WAY,
        *(text for table in TABLES.values() for text in _made(table)),
    ]


def later_sql(table: str) -> list[str]:
    """Statements that give an older database a table that came later."""
    return [_SENT_AGAIN, _GIVES_WAY, *_made(TABLES[table])]


def _made(table: Table) -> list[str]:
    columns = ", ".join(f'"{column.name}" {column.sql_type}' for column in table.columns)
    return [
        f"create table if not exists {table.name} ({columns}, batch bigint not null)",
        _view_sql(table),
    ]


def added_sql(table: str, column: str) -> list[str]:
    """Statements that give a table of an older database a column that came later."""
    kind = TABLES[table].column(column).sql_type
    added = f'alter table {table} add column if not exists "{column}" {kind}'
    return [_GIVES_WAY, added, _view_sql(TABLES[table])]


def in_force_sql() -> list[str]:
    """Statements that give an older database the views of today.

    Which of its days were sent again is not known row by row: those that came with more than
    one import count as such.
    """
    return [
        *later_sql("terms"),
        *(
            f"insert into sent_again select '{table.name}', date from {table.name} "
            "group by date having min(batch) <> max(batch)"
            for table in TABLES.values()
            if table.is_dated
        ),
        *map(_view_sql, TABLES.values()),
    ]


def sent_again_sql(table: str) -> str:
    """Statement that notes the days of which staged rows repeat what is there already."""
    same = " and ".join(
        f'sent."{name}" is not distinct from had."{name}"' for name in TABLES[table].replaces_by
    )
    return (
        f"insert into sent_again select distinct '{table}', date from {table} as had "
        f"where date >= (select min(date) from staging.{table}) and date not in {_again(table)} "
        f"and exists (from staging.{table} as sent where {same})"
    )


def gives_way_sql(table: str, span: str, batch: int) -> str:
    """Statement that notes that all rows of a table, or of staged dates, give way.

    Parameters
    ----------
    span : {"whole", "dates"}
    batch : int
        The import in whose favour; where it is rolled back, they are there again.
    """
    dates = "min(date), max(date)" if span == "dates" else "null, null"
    return f"insert into gives_way select '{table}', {dates}, {int(batch)} from staging.{table}"


def gone_through_sql(table: str, span: str) -> str:
    """Statement that notes the days that are gone through row by row from now on."""
    between = (
        f"and date between (select min(date) from staging.{table}) "
        f"and (select max(date) from staging.{table})"
        if span == "dates"
        else ""
    )
    return (
        f"insert into sent_again select distinct '{table}', date from {table} "
        f"where date not in {_again(table)} {between}"
    )


def gives_way_views_sql() -> list[str]:
    """Statements that give an older database what imports can take the place of."""
    return [*later_sql("terms"), *map(_view_sql, TABLES.values())]


def _again(table: str) -> str:
    return f"(select date from sent_again where \"table\" = '{table}')"


def _view_sql(table: Table) -> str:
    key = ", ".join(f'"{name}"' for name in table.replaces_by)
    rows = f"select * from {table.name} where batch in (select batch from batch_now)"
    latest = f"qualify batch = max(batch) over (partition by {key})"
    within = "and (way.first is null or date between way.first and way.last)"
    stands = (
        f"and not exists (from gives_way as way where way.\"table\" = '{table.name}' "
        f"and way.batch > {table.name}.batch and way.batch in (select batch from batch_now) "
        f"{within if table.is_dated else ''})"
    )
    if not table.is_dated:
        return f"create or replace view {table.name}_now as {rows} {stands} {latest}"
    # Ten million rows of history come once; only days that were sent again are gone through
    # row by row.
    again = _again(table.name)
    return (
        f"create or replace view {table.name}_now as {rows} and date not in {again} "
        f"union all {rows} and date in {again} {stands} {latest}"
    )
