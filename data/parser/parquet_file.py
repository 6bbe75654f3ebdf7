"""Parquet into rows: plain columns keep their type, the others become text."""

from __future__ import annotations

from typing import Any

import duckdb

from data.parser import engine
from data.parser.staged import SHOWN, Task, bad, checked_header, problem, shown
from data.quoting import Sql, identifier, listed, literal, sql
from data.tables import TABLES
from forecasting.errors import BadFiles

EXPECTED = "a Parquet file of plain columns"
KEPT = ("BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "FLOAT", "DOUBLE", "DATE")
"""Types that go on as they are. A decimal or a larger whole number is exact as text."""
_NESTED = ("[", "STRUCT(", "MAP(", "UNION(")
_NO_VALUES = ("BLOB", "BIT", "INTERVAL", "GEOMETRY", "VARIANT")


def stage(task: Task, file: int) -> dict[str, Any]:
    """Write the rows of an open file to the target; what they are."""
    try:
        with engine.connect(task) as connection:
            header = checked_header(task, _names(connection, file))
            described = connection.execute(
                sql("describe select * from {rows}", rows=_source(file))
            ).fetchall()
        types = [str(row[1]) for row in described]
        if len(types) != len(header):
            raise bad(task.label, "columns that contradict each other", EXPECTED)
        _check_types(task, header, types)
        engine.copy(task, _rows_of(file, types), len(types))
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        found = shown(str(error).split("\n")[0], 200)
        raise bad(task.label, found, EXPECTED) from error
    kept = [name if name in KEPT else "VARCHAR" for name in types]
    return {"header": header, "types": kept, "has_lines": False}


def _source(file: int) -> Sql:
    return sql("read_parquet({path}, binary_as_string = true)", path=engine.path_of(file))


def _names(connection: duckdb.DuckDBPyConnection, file: int) -> list[str]:
    """Names of the columns as the file says them; those inside a column are left out."""
    nodes = connection.execute(
        sql(
            "select name, coalesce(num_children, 0) from parquet_schema({path})",
            path=engine.path_of(file),
        )
    ).fetchall()
    names, inside = [], 0
    for name, children in nodes[1:]:
        if not inside:
            names.append(str(name))
        inside = max(inside - 1, 0) + children
    return names


def _check_types(task: Task, header: list[str], types: list[str]) -> None:
    """Refuse lists and the like where a column of the contract is expected."""
    problems = [
        problem(
            task.label,
            f"values of type {shown(kind)}",
            "text, numbers or dates",
            column=name,
        )
        for name, kind in zip(header, types, strict=True)
        if task.table and name in TABLES[task.table].names and not _is_plain(kind)
    ]
    if problems:
        raise BadFiles(problems[:SHOWN])


def _is_plain(kind: str) -> bool:
    return not any(part in kind for part in _NESTED) and not kind.startswith(_NO_VALUES)


def _rows_of(file: int, types: list[str]) -> Sql:
    columns = [identifier(f"c{i}") for i in range(len(types))]
    values = [_value(c, kind) for c, kind in zip(columns, types, strict=True)]
    return sql(
        "select {values} from {source} as file({columns})",
        values=listed(values),
        source=_source(file),
        columns=listed(columns),
    )


def _value(column: Sql, kind: str) -> Sql:
    if kind in KEPT:
        return column
    text = sql("cast({c} as varchar)", c=column) if _is_plain(kind) else literal("")
    return sql("{text} as {c}", text=text, c=column)
