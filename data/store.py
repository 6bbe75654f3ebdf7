"""The database file: one connection, its migrations, and named queries.

One process owns the file. Readers take a cursor per call; everything that lasts is
written by the ledger's writer (ledger.py). Statements live in `queries/`, one per file,
with `$parameters`; the first comment line says what one row is.
"""

from __future__ import annotations

import datetime as dt
import re
import threading
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from data import tables
from forecasting.errors import DatabaseBusy, Refused

HERE = Path(__file__).parent
DEFAULT_PATH = HERE / "local" / "concord.duckdb"


@lru_cache
def sql(name: str) -> str:
    """Text of `queries/NAME.sql`."""
    return (HERE / "queries" / f"{name}.sql").read_text(encoding="utf-8")


MOST_MEMORY = "3GB"
"""Of the database engine; the plan has its own beside it."""


class Store:
    """The open database.

    Parameters
    ----------
    path : Path or None
        The file, made with its folder where it does not exist; None keeps everything in
        memory (tests).

    Raises
    ------
    DatabaseBusy
        If another process holds the file; the message names it.
    Refused
        If the file is not a Concord database.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._connection = duckdb.connect(str(path) if path else ":memory:")
        except duckdb.IOException as error:
            raise _opened_elsewhere(path, error) from error
        # Files that are being checked are staged here, never in the durable file.
        self._connection.execute("attach ':memory:' as staging")
        self._connection.execute("set timezone = 'UTC'")
        if path is not None:  # beyond this it works on disk, beside the file
            self._connection.execute(f"set memory_limit = '{MOST_MEMORY}'")
        self._staging = threading.Lock()
        self._migrate()

    @property
    def staging(self) -> threading.Lock:
        """Held while files are staged: one import is checked at a time."""
        return self._staging

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A connection of its own for one thread's one task; close it after use."""
        return self._connection.cursor()

    def query(self, name: str, **parameters: Any) -> pd.DataFrame:
        """Run `queries/NAME.sql` and return its rows."""
        with self.cursor() as cursor:
            return cursor.execute(sql(name), parameters).df()

    def table(self, name: str) -> pd.DataFrame:
        """Rows in force of one table of the contract, without their batch."""
        columns = ", ".join(f'"{column}"' for column in tables.TABLES[name].names)
        with self.cursor() as cursor:
            return cursor.execute(f"select {columns} from {name}_now order by all").df()

    def backup(self, target: Path) -> None:
        """Write a consistent copy of the whole database to a new file.

        Raises
        ------
        Refused
            If the target exists.
        """
        if target.exists():
            raise Refused(f"{target} exists already; choose a new name.")
        target.parent.mkdir(parents=True, exist_ok=True)
        with self.cursor() as cursor:
            source = cursor.execute("select current_database()").fetchall()[0][0]
            name = str(target).replace("'", "''")
            cursor.execute(f"attach '{name}' as copy_of_all")
            try:
                cursor.execute(f'copy from database "{source}" to copy_of_all')
            finally:
                cursor.execute("detach copy_of_all")

    def close(self) -> None:
        """Merge the write-ahead log and release the file."""
        self._connection.close()

    def _migrate(self) -> None:
        with self.cursor() as cursor:
            cursor.execute(
                "create table if not exists migration (name varchar, applied_at timestamp)"
            )
            done = {row[0] for row in cursor.execute("select name from migration").fetchall()}
            for name, statements in _migrations():
                if name in done:
                    continue
                cursor.execute("begin")
                for statement in statements:
                    cursor.execute(statement)
                now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
                cursor.execute("insert into migration values (?, ?)", [name, now])
                cursor.execute("commit")


def _migrations() -> list[tuple[str, list[str]]]:
    """Names and statements, in the order in which they are applied."""
    written = {
        path.stem: [
            text for text in path.read_text(encoding="utf-8").split(";\n") if text.strip()
        ]
        for path in (HERE / "schema").glob("*.sql")
    }
    made = {
        "0003_facts": tables.create_sql(),
        "0008_sell_out": tables.added_sql("activations", "sell_out"),
        "0015_in_force": tables.in_force_sql(),
    }
    return sorted({**written, **made}.items())


def _opened_elsewhere(path: Path | None, error: duckdb.IOException) -> Refused:
    holder = re.search(r"held in (.+?) \(PID (\d+)\)", str(error))
    if holder:
        return DatabaseBusy(
            f"{path} is held by {holder[1]} (process {holder[2]}). "
            "Close that program (or the running app) first."
        )
    return Refused(f"{path} cannot be opened as a Concord database: {error}")
