"""DuckDB in the process that reads: an open file in, a Parquet file of our own out."""

from __future__ import annotations

import duckdb

from data.limits import MB
from data.parser.staged import Task, bad, check_size
from data.quoting import Sql, listed, literal, sql

THREADS = 2


def connect(task: Task) -> duckdb.DuckDBPyConnection:
    """An engine for one file, which loads nothing and keeps within its memory."""
    memory = f"{task.limits.memory // 2 // MB}MB"
    return duckdb.connect(
        config={
            "threads": THREADS,
            "memory_limit": memory,
            "temp_directory": str(task.target.parent),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
    )


def path_of(file: int) -> Sql:
    """An open file by a name in which nothing of its own name stands.

    DuckDB takes `*`, `?` and `[` in a name for a pattern, and an ending for a compression.
    """
    return literal(f"/dev/fd/{int(file)}")


def placed(path: str) -> Sql:
    """The rows of a file of our own, with their place in it as `_row`."""
    return sql(
        "(select columns('^c[0-9]+$'), file_row_number as _row "
        "from read_parquet({path}, file_row_number = true))",
        path=literal(path),
    )


def copy(task: Task, rows: Sql, width: int, *, numbered: bool = True) -> None:
    """Write rows in their order, and check that they are not too many.

    Parameters
    ----------
    numbered : bool
        Whether their numbers are written too (`_row`, from 0): it takes as long as the rest.
        Who goes without reads them by their place in the file (`placed`).
    """
    number = sql(", row_number() over () - 1 as _row") if numbered else sql("")
    with connect(task) as connection:
        connection.execute(
            sql(
                "copy (select *{number} from ({rows})) "
                "to {target} (format parquet, compression lz4)",
                number=number,
                rows=rows,
                target=literal(str(task.target)),
            )
        )
        columns = [sql("c{i}", i=literal(i)) for i in range(width)]
        sizes = [sql("sum(strlen(cast({c} as varchar)))", c=c) for c in columns]
        longest = [sql("max(strlen(cast({c} as varchar)))", c=c) for c in columns]
        count, size, most = connection.execute(
            sql(
                "select count(*), list_sum([{sizes}]), list_max([{longest}]) "
                "from read_parquet({target})",
                sizes=listed(sizes),
                longest=listed(longest),
                target=literal(str(task.target)),
            )
        ).fetchall()[0]
    check_size(task, count, width, size or 0)
    if (most or 0) > 4 * task.limits.value:  # bytes; a character has up to four
        found = f"a value of more than {task.limits.value:,} characters"
        raise bad(task.label, found, "shorter values")
