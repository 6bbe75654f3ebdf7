"""The connection to a log in PostgreSQL: where it is, who has it, what its errors mean.

One process at a time has a log: it holds a lock of its session, which PostgreSQL frees when
that process ends, however it ends. A connection that is lost is made anew by whoever next
needs it, with the lock.
"""

from __future__ import annotations

import os
import platform
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, LiteralString, cast

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict

from forecasting import write
from forecasting.errors import DatabaseBusy, Refused, StorageFailed

KEY = (0x434F4E, 1)
"""Of the lock: one log in a database."""
CONNECT_SECONDS = 3
STATEMENT_SECONDS = 30
LOCK_SECONDS = 5
SILENT_SECONDS = 6
"""How long the other end may say nothing before it counts as gone."""
FREED_SECONDS = 2.0
"""How long the lock of a process that has just ended may take to be free."""
BETWEEN_ATTEMPTS_SECONDS = 0.25
"""How soon a log that did not answer is asked again: many may be waiting."""

Connection = psycopg.Connection[tuple[Any, ...]]


@lru_cache
def statement(name: str) -> LiteralString:
    """Text of `statements/NAME.sql`: a file of ours."""
    path = Path(__file__).parent / "statements" / f"{name}.sql"
    text: Any = path.read_text(encoding="utf-8")
    return cast(LiteralString, text)


class Link:
    """The one connection over which a process appends.

    Parameters
    ----------
    url : str
        As libpq reads it: postgresql://person@host/database.

    Raises
    ------
    Refused
        If it cannot be read.
    """

    def __init__(self, url: str) -> None:
        try:
            self._asked = conninfo_to_dict(url)
        except psycopg.ProgrammingError:  # its words quote the address, password and all
            raise Refused(
                "The address of the log cannot be read: expected one like "
                "postgresql://person@host/database."
            ) from None
        self.place = _place(self._asked)
        self._connection: Connection | None = None
        self._tried_at = float("-inf")
        self._failed: Refused | None = None

    def get(self, *, patience: float = 0.0) -> Connection:
        """The connection, with the lock; made anew if it was lost.

        Parameters
        ----------
        patience : float
            Seconds that another process's lock is waited for.

        Raises
        ------
        StorageFailed
            If PostgreSQL does not answer.
        DatabaseBusy
            If another process has the log.
        """
        if self._connection is not None and not self._connection.closed:
            return self._connection
        if time.monotonic() - self._tried_at < BETWEEN_ATTEMPTS_SECONDS and self._failed:
            raise type(self._failed)(*self._failed.args)
        self._connection = None
        connection = None
        try:
            connection = self.another()
            self._lock(connection, patience)
        except Refused as error:
            if connection is not None:
                connection.close()
            self._failed, self._tried_at = error, time.monotonic()
            raise
        self._connection, self._failed = connection, None
        return connection

    def another(self) -> Connection:
        """A connection beside, without the lock; whoever asks closes it."""
        usual: dict[str, Any] = {
            "connect_timeout": CONNECT_SECONDS,
            "application_name": f"concord {platform.node()} {os.getpid()}"[:60],
            "keepalives_idle": 2, "keepalives_interval": 2, "keepalives_count": 2,
            "tcp_user_timeout": SILENT_SECONDS * 1000,
        }  # fmt: skip
        settings = {
            "statement_timeout": STATEMENT_SECONDS * 1000, "lock_timeout": LOCK_SECONDS * 1000,
            "idle_in_transaction_session_timeout": 300_000, "timezone": "UTC",
            "tcp_keepalives_idle": 2, "tcp_keepalives_interval": 2, "tcp_keepalives_count": 2,
            "synchronous_commit": "on",
        }  # fmt: skip
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        asked = {name: value for name, value in self._asked.items() if value is not None}
        stated = f"{options} {asked.pop('options', '')}".strip()
        with self.in_words():
            return psycopg.connect(
                **cast(Any, {**usual, **asked}), options=stated, autocommit=True
            )

    def drop(self) -> None:
        """Let the connection go, and the lock with it."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(psycopg.Error):
                connection.close()

    @contextmanager
    def in_words(self) -> Iterator[None]:
        """Say in words what PostgreSQL refuses.

        Raises
        ------
        StorageFailed
            For what may work later.
        Refused
            For what cannot be kept as it is.
        """
        try:
            yield
        except psycopg.Error as error:
            raise refusal(error, self.place) from error

    @contextmanager
    def in_time(self) -> Iterator[None]:
        """The same, and cut the connection where nothing comes back for too long.

        A server that is frozen answers on the wire and never to a question: no timeout of its
        own, and none of the connection, ends that wait.

        Raises
        ------
        StorageFailed, Refused
        """
        cutting = threading.Timer(STATEMENT_SECONDS + LOCK_SECONDS, self._cut)
        cutting.daemon = True
        cutting.start()
        try:
            with self.in_words():
                yield
        finally:
            cutting.cancel()

    def _cut(self) -> None:
        """End the wait of whoever waits for an answer."""
        connection = self._connection
        with suppress(OSError, psycopg.Error):
            if connection is not None:
                with socket.socket(fileno=os.dup(connection.fileno())) as wire:
                    wire.shutdown(socket.SHUT_RDWR)

    def _lock(self, connection: Connection, patience: float) -> None:
        until = time.monotonic() + patience
        while True:
            with self.in_words():
                row = connection.execute(statement("take_log"), KEY).fetchone()
            if row is not None and row[0]:
                return
            if time.monotonic() >= until:
                break
            time.sleep(0.05)
        with self.in_words():
            holder = connection.execute(statement("who_has_log"), KEY).fetchone()
        who = (
            f"{holder[0]}, since {write.day(holder[1])}, {holder[1]:%H:%M} UTC"
            if holder
            else "another one"
        )
        raise DatabaseBusy(
            f"The log at {self.place} is in use ({who}). One Concord at a time writes to a "
            "log; several on one log are not possible yet. Close that one first."
        )


def _place(asked: dict[str, Any]) -> str:
    """Where a log is, in words, without who asks and by which password."""
    host = asked.get("host") or asked.get("hostaddr") or "this computer"
    host = "this computer" if str(host).startswith("/") else host
    port = f":{asked['port']}" if asked.get("port") else ""
    return f"{host}{port}/{asked.get('dbname') or asked.get('user') or 'postgres'}"


_SENTENCES: tuple[tuple[tuple[type[psycopg.Error], ...], str], ...] = (
    (
        (errors.QueryCanceled, errors.LockNotAvailable),
        "took too long to answer. Do it again in a moment.",
    ),
    ((errors.DiskFull,), "has no space left. Free some on its disk, then repeat it."),
    (
        (errors.ReadOnlySqlTransaction,),
        "may only be read now (a standby?). Name the one to write.",
    ),
    (
        (errors.InsufficientPrivilege,),
        "does not let this account do that ({why}). Give it the right to create a schema in "
        "the database, or make the schema 'concord' its own.",
    ),
    ((errors.UniqueViolation,), "has this already, from another copy. Look, and repeat it."),
    (
        (psycopg.OperationalError,),
        "does not answer ({why}). Reading goes on; nothing can be changed until it is back.",
    ),
    ((psycopg.Error,), "could not do that ({kind}: {why})."),
)
"""What PostgreSQL does where it fails, in words; the first that is meant, the widest last."""


def refusal(error: psycopg.Error, place: str) -> Refused:
    """What an error of PostgreSQL amounts to, in words."""
    why = _first(error)
    if isinstance(error, psycopg.DataError):
        return Refused(
            f"A text in this cannot be kept by PostgreSQL ({why}). Take the unusual "
            "character out, then do it again; nothing was changed."
        )
    does = next(text for kinds, text in _SENTENCES if isinstance(error, kinds))
    does = does.format(why=why, kind=type(error).__name__)
    return StorageFailed(f"PostgreSQL at {place}, which has this company's log, {does}")


def _first(error: psycopg.Error) -> str:
    """The first line of an error that says why, without the address that was tried."""
    text = error.diag.message_primary or str(error)
    lines = [line for line in text.strip().split("\n") if line.strip()]
    return lines[0].split("failed: ")[-1][:200] if lines else type(error).__name__
