"""The same database for whoever may look at a part of its products only.

Beside the file stands a schema in memory with the file's own names, holding what is in the
part alone. A cursor looks a name up there first, so every statement of `queries/` speaks of
the part without knowing of it. What has a SKU is cut by it. What sums up over SKUs is made
anew by the statement that made it, on what was cut. What tells of doors and weeks of the
company, such as which week is closed, stays as it is.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from data import migrations, versions
from data.quoting import Sql, identifier, listed, literal, sql
from data.store import Store
from forecasting.errors import Refused
from forecasting.rights import Remit

WHOLE_COMPANY = frozenset(
    {
        "batch_now", "door_week", "fiscal_week", "given", "gives_way", "known_week",
        "last_known", "sent_again", "doors", "doors_now", "lanes", "lanes_now", "kpis",
        "kpis_now",
    }
)  # fmt: skip
"""Views and tables of no product: of doors, weeks, imports, and what people gave."""
OF_DOORS = frozenset({"door_reports", "netted_doors"})
"""Statements with a day that tell of doors, by all that they sell."""

_BY_SKU = "sku in (select sku from part_sku)"
_BY_CLASS = "class in (select class from part_class)"
_BY_STYLE = " or (sku is null and style in (select style from part_sku))"
CUT = {
    "budget": _BY_SKU + " or (sku is null and " + _BY_CLASS + ")",
    "terms": " or ".join(
        [
            _BY_SKU,
            "(sku is null and " + _BY_CLASS + ")",
            "(sku is null and class is null and supplier in (select supplier from part_sku))",
        ]
    ),
    "activation_items": _BY_SKU + _BY_STYLE,
    "coming_item": _BY_SKU + _BY_STYLE,
    "activations": "activation in (select activation from activation_items) or "
    "activation not in (select activation from {whole}.activation_items)",
    "class_quarter": _BY_CLASS,
    "class_week": _BY_CLASS,
    "backtest_sum": _BY_CLASS,
}
"""What is in the part of tables that are not cut by SKU alone."""
AS_OF_ALL = frozenset({"stock", "lateness", "reported_days", "door_spans", "versions"})
"""Statements whose answer rests on other SKUs too, such as on which day a door counts: asked of
everything, and cut afterwards."""


class PartStore(Store):
    """A store that answers of a part of the products; it writes to the whole.

    Parameters
    ----------
    whole : Store
        The open database.
    remit : Remit
        Departments and classes that are seen; its regions do not count here.
    """

    def __init__(self, whole: Store, remit: Remit) -> None:
        self._whole, self._remit = whole, remit
        self.path = whole.path
        self._here = threading.local()
        self._making = threading.Lock()
        told = "\x1f".join([*remit.departments, "\x1e", *remit.classes])
        self._name = "part " + hashlib.sha256(told.encode()).hexdigest()[:16]

    def query(self, name: str, **parameters: Any) -> pd.DataFrame:
        """Run `queries/NAME.sql` and return its rows of the part."""
        if name not in AS_OF_ALL:
            return super().query(name, **parameters)
        rows = self._whole.query(name, **parameters)
        if name == "versions":
            here = set(super().query("where_skus_stand")["department"])
            return rows.assign(digest=[versions.of_some(told, here) for told in rows["digest"]])
        if "sku" not in rows:
            return rows
        inside = super().query("where_skus_stand")["sku"]
        return rows[rows["sku"].isin(inside)].reset_index(drop=True)

    @property
    def staging(self) -> threading.Lock:
        """As of the whole."""
        return self._whole.staging

    @contextmanager
    def cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection of its own for one thread's one task, that sees the part only."""
        with self._whole.cursor() as cursor:
            try:
                self._look_here(cursor)
            except duckdb.Error:  # never made, or the file was opened anew
                with self._making:
                    self._make(cursor)
                self._look_here(cursor)
            yield cursor

    @contextmanager
    def transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """One transaction on the whole: there is one ledger."""
        with self._whole.transaction() as cursor:
            yield cursor

    def backup(self, target: Path) -> None:
        """A copy holds everything, so there is none of a part.

        Raises
        ------
        Refused
        """
        raise Refused(
            f"{target} was not written: a backup holds the whole company, and you may see "
            f"{self._remit} only. Ask somebody who is not limited."
        )

    def close(self) -> None:
        """Nothing: the whole stays open."""

    def _look_here(self, cursor: duckdb.DuckDBPyConnection) -> None:
        cursor.execute(sql("set search_path = {path}", path=_path(cursor, self._name)))

    def _make(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Make the schema, whole or not: what it is cut by, what is cut, what sums up."""
        part, whole = identifier(self._name), _file_of(cursor)
        cursor.execute(sql("attach if not exists ':memory:' as {part}", part=part))
        (there,) = cursor.execute(
            "select count(*) from duckdb_schemas() "
            "where database_name = $1 and schema_name = 'made'",
            [self._name],
        ).fetchone() or (0,)
        if there:  # another thread was faster
            return
        cursor.execute("begin")
        try:
            cursor.execute(sql("create schema {part}.made", part=part))
            self._look_here(cursor)
            for statement in self._statements(cursor, whole):
                cursor.execute(statement)
            cursor.execute("commit")
        except BaseException:
            cursor.execute("rollback")
            raise

    def _statements(self, cursor: duckdb.DuckDBPyConnection, whole: Sql) -> Iterator[Sql]:
        has = relations(cursor)
        yield self._what_it_is_cut_by(whole)
        yield sql("create view part_class as select distinct class from part_sku")
        summing = list[str]()
        for name in sorted(has, key=lambda name: (name != "activation_items", name)):
            base = name.removesuffix("_now")
            if name in WHOLE_COMPANY:
                continue
            if base in CUT:
                cut = sql(CUT[base], whole=whole)
            elif "sku" in has[name]:
                cut = sql(_BY_SKU)
            else:
                summing.append(name)
                continue
            yield sql(
                "create view {name} as select * from {whole}.{name} where {cut}",
                name=identifier(name),
                whole=whole,
                cut=cut,
            )
        yield sql(
            "create macro could_sell(until) as table "
            "select * from {whole}.could_sell(until) where {cut}",
            whole=whole,
            cut=sql(_BY_SKU),
        )
        views = [name for name in summing if name in _views(cursor)]
        yield from _as_they_were_made(views)

    def _what_it_is_cut_by(self, whole: Sql) -> Sql:
        """SKUs of the part, as files state them now."""
        inside = [
            sql(
                "{level} in ({names})",
                level=identifier(level), names=listed(map(literal, names)),
            )
            for level, names in (
                ("department", self._remit.departments), ("class", self._remit.classes),
            )
            if names
        ]  # fmt: skip
        return sql(
            "create view part_sku as select sku, style, class, supplier from {whole}.skus_now "
            "where {inside}",
            whole=whole,
            inside=listed(inside, " or "),
        )


def _file_of(cursor: duckdb.DuckDBPyConnection) -> Sql:
    """The schema of the file, by its name."""
    ((name,),) = cursor.execute(
        "select database_name from duckdb_tables() where table_name = 'migration'"
    ).fetchall()
    return sql("{name}.main", name=identifier(name))


def _path(cursor: duckdb.DuckDBPyConnection, part: str) -> Sql:
    return literal(f"{identifier(part)}.made,{_file_of(cursor)}")


def relations(cursor: duckdb.DuckDBPyConnection) -> dict[str, set[str]]:
    """Columns of every table and view of the file."""
    rows = cursor.execute(
        "select table_name, list(column_name) from duckdb_columns() "
        "where concat('\"', replace(database_name, '\"', '\"\"'), '\".', schema_name) = $1 "
        "group by all",
        [_file_of(cursor)],
    ).fetchall()
    return {name: set(columns) for name, columns in rows}


def _views(cursor: duckdb.DuckDBPyConnection) -> set[str]:
    rows = cursor.execute("select view_name from duckdb_views() where not internal").fetchall()
    return {name for (name,) in rows}


_MAKES = re.compile(r"create (?:or replace )?(view|macro) (\w+)", re.IGNORECASE)


@lru_cache
def made_by() -> dict[str, tuple[int, bool, str]]:
    """The last statement that makes each view, and each macro that is a table; in order."""
    found: dict[str, tuple[int, bool, str]] = {}
    for _, statements in migrations.steps():
        for statement in statements:
            makes = _MAKES.search(statement)
            if makes is None:
                continue
            is_macro = makes[1].lower() == "macro"
            if not is_macro or re.search(r"\)\s+as\s+table\b", statement, re.IGNORECASE):
                found[makes[2]] = (len(found), is_macro, statement)
    return found


def _as_they_were_made(views: list[str]) -> Iterator[Sql]:
    """The statements that make views, and the macros that they ask; macros first."""
    made = made_by()
    kept = OF_DOORS | {"could_sell"}
    for name, (_, is_macro, statement) in made.items():
        if is_macro and name not in kept:
            yield Sql(statement)
    for name in sorted(views, key=lambda name: made[name][0]):
        yield Sql(made[name][2])
