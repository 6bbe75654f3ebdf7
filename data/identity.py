"""Whether a file is a database of ours, looked at without touching it.

Opening a database for writing merges its write-ahead log into it and migrates it. So a file
is first read: what is not ours, what a newer version wrote, and what holds two histories at
once is refused as it is.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from data import migrations
from forecasting import write
from forecasting.errors import NotOurs


def check(path: Path, cursor: duckdb.DuckDBPyConnection) -> None:
    """Refuse a file that Concord must not write to.

    Parameters
    ----------
    path : Path
        Named in the refusal.
    cursor : connection
        Opened read-only.

    Raises
    ------
    NotOurs
        If it is another program's, of a newer version, or its write-ahead log belongs to
        another copy.
    """
    tables = {
        name for (name,) in cursor.execute("select table_name from duckdb_tables()").fetchall()
    }
    if not tables:  # an empty database: one of ours that never got further
        return
    if "migration" not in tables:
        raise _foreign(path)
    columns = cursor.execute(
        "select column_name from duckdb_columns() where table_name = 'migration'"
    ).fetchall()
    if {name for (name,) in columns} != {"name", "applied_at"}:
        raise _foreign(path)
    done = migrations.names_in(cursor)
    if not done and tables == {"migration"}:  # ended within the first step
        return
    if migrations.FIRST not in done:
        raise _foreign(path)
    newer = sorted(done - {name for name, _ in migrations.steps()})
    if newer:
        raise NotOurs(
            f"{path} was written by a newer version of Concord (step {newer[-1]} of its schema "
            "is not known here). Use that version, or restore a backup made before it."
        )
    count, last, distinct = cursor.execute(
        "select count(*), coalesce(max(seq), 0), count(distinct seq) from event"
    ).fetchall()[0]
    if not count == last == distinct:
        raise NotOurs(
            f"{path} holds two histories: {write.number(count)} entries where the last has "
            "number "
            f"{write.number(last)}. Most likely {path.name}.wal beside it belongs to "
            "another copy of the "
            "database; move it away and try again, or restore a backup. Nothing was changed."
        )


def _foreign(path: Path) -> NotOurs:
    return NotOurs(
        f"{path} is a database of another program. Nothing in it was changed. Give the path of "
        "a Concord database, or of a file that does not exist yet to make a new one."
    )
