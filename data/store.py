"""The database file: opened, lent out cursor by cursor, opened anew when the engine gives up.

One process owns the file. Readers take a cursor for one task; what is written is written in
a `transaction`. DuckDB stops answering for good after some failures (a checkpoint on a full
disk is one), until every connection is closed and the file is opened again. So cursors are
lent and come back: when the engine is dead, the next borrower waits until the others are
back, opens the file anew and goes on. Statements live in `queries/`, one per file, with
`$parameters`; the first comment line says what one row is.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from data import before_upgrade, failures, identity, migrations, tables
from data.quoting import Sql, identifier, literal
from data.quoting import sql as sql_of
from data.whole import whole
from forecasting.errors import DatabaseBusy, NoDatabase, NotOurs, Refused, StorageFailed

HERE = Path(__file__).parent
DEFAULT_PATH = HERE / "local" / "concord.duckdb"

COPY = "/copy"
"""What a copy is attached as: no file can be called that, so no database is."""
MOST_MEMORY = "3GB"
"""Of the database engine; the plan has its own beside it."""
COMES_BACK_SECONDS = 1.0
"""How long a dead engine waits for cursors that others hold: their statements fail at once."""
BETWEEN_ATTEMPTS_SECONDS = 0.5
"""How soon a file that could not be opened anew is tried again: many may be asking."""


@lru_cache
def sql(name: str) -> str:
    """Text of `queries/NAME.sql`."""
    return (HERE / "queries" / f"{name}.sql").read_text(encoding="utf-8")


def stated(name: str) -> Sql:
    """The same for a gap of another statement: a file of ours, with nothing from outside."""
    return Sql(sql(name))


class AtOnce:
    """A cursor, and what was asked over it already."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self._cursor = cursor
        self._answers: dict[tuple[str, str], pd.DataFrame] = {}

    def rows(self, name: str, parameters: dict[str, Any]) -> pd.DataFrame:
        """Rows of `queries/NAME.sql`; whoever asks may change them."""
        key = (name, repr(sorted(parameters.items())))
        if key not in self._answers:
            self._answers[key] = self._cursor.execute(sql(name), parameters).df()
        return self._answers[key].copy()


class Store:
    """The open database.

    Parameters
    ----------
    path : Path or None
        The file, made with its folder where it does not exist; None keeps everything in
        memory (tests).
    create : bool
        Whether a file that does not exist is made.

    Raises
    ------
    NoDatabase
        If there is no such file and none is to be made.
    DatabaseBusy
        If another process holds the file; the message names it.
    NotOurs
        If the file is not a Concord database, or a newer version's; it is left as it is.
    StorageFailed
        If it cannot be opened or made for want of space or rights; also where it has to be
        brought up to date and there is no room for a copy of what it was before.
    """

    def __init__(self, path: Path | None = None, *, create: bool = True) -> None:
        self.path = path
        self._gate = threading.Condition()
        """Held while a cursor is lent or comes back, and while the file is opened anew."""
        # DuckDB names a database after its file; this one name is taken (`_connect`).
        self._is_called_staging = path is not None and path.stem.lower() == "staging"
        self._lent: set[duckdb.DuckDBPyConnection] = set()
        self._dead = self._closed = False
        self._tried_at = 0.0
        self._staging = threading.Lock()
        self._copying = threading.Lock()
        self._here = threading.local()
        """Of each thread: what it asks at once (`at_once`)."""
        self._besides: list[Callable[[], None]] = []
        is_new = path is not None and _is_new(path, create=create)
        self._connection = self._connect()
        try:
            if path is not None and not is_new:
                with self.cursor() as cursor:
                    before_upgrade.keep(path, cursor, self.backup)
            if migrations.apply(self.transaction) and path is not None:
                with self.cursor() as cursor:  # so that no log of a migration is replayed
                    cursor.execute("checkpoint")
        except BaseException:
            with suppress(duckdb.Error):
                self._connection.close()
            if is_new and path is not None:  # half a database would only be in the way
                for left in (path, path.with_name(path.name + ".wal")):
                    left.unlink(missing_ok=True)
            raise

    @property
    def is_open(self) -> bool:
        """Whether it answers as it is: neither closed, nor to be opened anew first."""
        return not (self._dead or self._closed)

    @property
    def staging(self) -> threading.Lock:
        """Held while files are staged: one import is checked at a time."""
        return self._staging

    # Reading and writing ----------------------------------------------------------------

    @contextmanager
    def cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection of its own for one thread's one task.

        Raises
        ------
        StorageFailed
            If the file cannot be read or written; whoever asks later may find it works.
        """
        cursor = self._lend()
        try:
            yield cursor
        except (duckdb.Error, OSError, MemoryError) as error:
            if failures.is_fatal(error):
                self._dead = True
            known = failures.storage_failed(error, self.path)
            if known is None:
                raise
            raise known from error
        finally:
            self._take_back(cursor)

    @contextmanager
    def transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """One transaction: all that is done in it lasts, or nothing.

        Raises
        ------
        StorageFailed
            If it could not be kept. A commit that breaks off may have become durable all the
            same: whoever has to know looks (ledger.py does).
        """
        with self.cursor() as cursor:
            cursor.execute("begin")
            try:
                yield cursor
                cursor.execute("commit")
            except BaseException:
                with suppress(duckdb.Error):  # a failed commit leaves nothing to roll back
                    cursor.execute("rollback")
                raise

    @contextmanager
    def at_once(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Many questions of this thread over one cursor, each answered once.

        What is made on the cursor for the while (temporary tables and macros that stand in the
        place of views) is what `query` finds within, too.
        """
        with self.cursor() as cursor:
            self._here.asked = AtOnce(cursor)
            try:
                yield cursor
            finally:
                self._here.asked = None

    def query(self, name: str, **parameters: Any) -> pd.DataFrame:
        """Run `queries/NAME.sql` and return its rows."""
        asked: AtOnce | None = getattr(self._here, "asked", None)
        if asked is not None:
            try:
                return asked.rows(name, parameters)
            except duckdb.Error as error:
                if not failures.is_fatal(error):
                    raise
                self._here.asked = None  # that cursor says nothing more; another one does
        try:
            return self.ask(sql(name), parameters)
        except StorageFailed:  # the engine may just have died of somebody else's failure
            return self.ask(sql(name), parameters)

    def ask(self, statement: str, parameters: dict[str, Any]) -> pd.DataFrame:
        """Rows of one statement, on a cursor of its own."""
        with self.cursor() as cursor:
            return cursor.execute(statement, parameters).df()

    def table(self, name: str) -> pd.DataFrame:
        """Rows in force of one table of the contract, without their batch."""
        columns = ", ".join(f'"{column}"' for column in tables.TABLES[name].names)
        return self.ask(f"select {columns} from {name}_now order by all", {})

    def backup(self, target: Path) -> None:
        """Write a consistent copy of the whole database to a new file; whole, or none.

        Raises
        ------
        Refused
            If the target exists.
        StorageFailed
            If there is no room for it.
        """
        if target.exists():
            raise Refused(f"{target} exists already; choose a new name.")
        with self._copying, whole(target) as partial, self.cursor() as cursor:
            ((source,),) = cursor.execute("select current_database()").fetchall()
            _copy(cursor, source, partial)

    def let_go_with(self, close: Callable[[], None]) -> None:
        """Have something else let go when the file is."""
        self._besides.append(close)

    def close(self) -> None:
        """Merge the write-ahead log and release the file."""
        for close in self._besides:
            close()
        with self._gate:
            self._closed = True
            self._gate.wait_for(lambda: not self._lent, timeout=COMES_BACK_SECONDS)
            with suppress(duckdb.Error):  # on a full disk the log stays beside the file
                self._connection.close()

    # Lending ----------------------------------------------------------------------------

    def _lend(self) -> duckdb.DuckDBPyConnection:
        with self._gate:
            if self._dead:
                self._revive()
            if self._closed:
                raise StorageFailed("The database is closed; the app is going down.")
            cursor = self._connection.cursor()
            if self._is_called_staging:
                cursor.execute("use plan")
            self._lent.add(cursor)
            return cursor

    def _take_back(self, cursor: duckdb.DuckDBPyConnection) -> None:
        with self._gate:
            self._lent.discard(cursor)
            with suppress(duckdb.Error):
                cursor.close()
            self._gate.notify_all()

    def _revive(self) -> None:
        """Open the file anew once every cursor of the dead engine is back; the gate is held."""
        self._gate.wait_for(
            lambda: not self._lent or not self._dead, timeout=COMES_BACK_SECONDS
        )
        if not self._dead or self._closed:  # somebody else was faster
            return
        if time.monotonic() - self._tried_at < BETWEEN_ATTEMPTS_SECONDS:
            raise StorageFailed(
                f"{self.path} could not be opened again yet. Do it again in a moment; what was "
                "acknowledged before is kept."
            )
        self._tried_at = time.monotonic()
        for cursor in self._lent:
            with suppress(duckdb.Error):
                cursor.interrupt()
                cursor.close()
        with suppress(duckdb.Error):
            self._connection.close()
        self._connection = self._connect()
        self._dead = False

    def _connect(self) -> duckdb.DuckDBPyConnection:
        try:
            if self._is_called_staging:
                connection = duckdb.connect(":memory:")
                connection.execute(
                    sql_of("attach {path} as plan", path=literal(str(self.path)))
                )
            else:
                connection = duckdb.connect(str(self.path) if self.path else ":memory:")
        except duckdb.Error as error:
            raise _not_opened(self.path, error) from error
        # Files that are being checked are staged here, never in the durable file.
        connection.execute("attach ':memory:' as staging")
        connection.execute("set timezone = 'UTC'")
        if self.path is not None:  # beyond this it works on disk, beside the file
            connection.execute(f"set memory_limit = '{MOST_MEMORY}'")
        return connection


def restore(source: Path, target: Path) -> None:
    """Put a copy of a backup where no database is yet; whole, or not at all.

    The backup is only read; the copy is brought up to date when it is next opened.

    Raises
    ------
    NoDatabase, NotOurs, StorageFailed
    Refused
        If there is a database at the target.
    """
    _is_new(source, create=False)
    log = target.with_name(target.name + ".wal")  # left alone it would be replayed
    for path in (target, log):
        if path.exists():
            raise Refused(f"{path} exists; move it away first, so that nothing is lost.")
    with whole(target) as partial, duckdb.connect(":memory:") as connection:
        try:
            backup = sql_of("attach {path} as backup (read_only)", path=literal(str(source)))
            connection.execute(backup)
            _copy(connection, "backup", partial)
        except duckdb.Error as error:
            raise failures.storage_failed(error, target) or error from error


def _copy(cursor: duckdb.DuckDBPyConnection, source: str, target: Path) -> None:
    """Copy an attached database into a new file."""
    copy = identifier(COPY)
    cursor.execute(sql_of("attach {path} as {copy}", path=literal(str(target)), copy=copy))
    try:
        whole_of = sql_of("copy from database {of} to {copy}", of=identifier(source), copy=copy)
        cursor.execute(whole_of)
    finally:
        with suppress(duckdb.Error):
            cursor.execute(sql_of("detach {copy}", copy=copy))


def _is_new(path: Path, *, create: bool) -> bool:
    """Whether a database is to be made there; what is none of ours is refused, untouched."""
    if not path.exists() and not create:
        raise NoDatabase(
            f"There is no database at {path}. Check the path (--db, or CONCORD_DB); "
            "'import' and 'sample' make a new one there."
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            return True
        if path.is_file() and path.stat().st_size == 0:  # made by hand, or just begun
            path.unlink()
            return True
    except OSError as error:
        raise failures.storage_failed(error, path) or error from error
    try:
        connection = duckdb.connect(str(path), read_only=True)
    except duckdb.Error as error:
        raise _not_opened(path, error) from error
    try:
        identity.check(path, connection)
    except duckdb.Error as error:
        raise _not_opened(path, error) from error
    finally:
        connection.close()
    return False


def _not_opened(path: Path | None, error: duckdb.Error) -> Refused:
    holder = re.search(r"held in (.+?) \(PID (\d+)\)", str(error))
    if holder:
        return DatabaseBusy(
            f"{path} is held by {holder[1]} (process {holder[2]}). "
            "Close that program (or the running app) first."
        )
    if isinstance(error, duckdb.ConnectionException):
        return DatabaseBusy(f"{path} is open in this very process already.")
    if isinstance(error, duckdb.IOException) and "not a valid DuckDB" in str(error):
        return NotOurs(f"{path} is not a database. Nothing in it was changed.")
    known = failures.storage_failed(error, path)
    if known is not None:
        return known
    first = str(error).split("\n")[0]
    return NotOurs(f"{path} cannot be opened as a Concord database: {first}")
