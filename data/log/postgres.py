"""A log of record in PostgreSQL; the database file keeps a copy, from which everything is read.

An event that stands by itself is committed there first and in the copy next. One that brings
rows (an import, a run, a version) is committed in the copy first, since only the copy has the
rows, and there next. A process that dies in between leaves the two one group apart, and either
way the next one sees which of them lacks it (`settle`).
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import psycopg

from data.log.embedded import AT_ONCE, Embedded, insert
from data.log.lines import COLUMNS, Line
from data.log.link import BETWEEN_ATTEMPTS_SECONDS, Connection, Link, statement
from data.log.protocol import Work
from forecasting import operation, write
from forecasting.consensus.events import Event, Kind, Leaves
from forecasting.errors import NotOurs, StorageFailed

LOG = operation.log("log")
POLL_SECONDS = 1.0
"""A notification that was missed costs at most so long."""
FORM = 1
"""Of the tables, as this version of Concord makes and reads them."""
IN_USE, ARRIVING, LEFT = "in use", "arriving", "left"


@dataclass(frozen=True, slots=True)
class Record:
    """Which log it is, and how far it goes."""

    id: str
    head: int
    state: str


class Postgres:
    """The log of a company in PostgreSQL.

    Parameters
    ----------
    link : Link
        Where it is.
    copy : Embedded
        The database file.
    id : str
        Which log the file is a copy of: another in its place is refused.
    """

    def __init__(self, link: Link, copy: Embedded, *, id: str) -> None:
        self._link, self._copy, self._id = link, copy, id
        self._listening = threading.Lock()
        self._listener: Connection | None = None

    def append(self, events: Sequence[Event], works: Sequence[tuple[Work, int]]) -> None:
        """As of the protocol: in both, or in neither as far as can be known."""
        lines = [Line.of(event) for event in events]
        connection = None
        try:
            with self._copy.store.transaction() as cursor:
                insert(cursor, lines)
                for work, seq in works:
                    work(cursor, seq)
                connection = self._written(lines, brings=bool(works))
                if not works:
                    self._commit(connection)
        except BaseException:
            if connection is not None:  # nothing to be taken back where it was committed
                _taken_back(connection)
            raise
        if works:
            self._commit(connection)
        self._copy.tell(lines[-1].seq)

    def settle(self) -> None:
        """As of the protocol: what one of the two lacks is taken from the other."""
        connection = self._link.get()
        with self._link.in_time():
            record = record_of(connection)
            if record is None or record.id != self._id or record.state != IN_USE:
                raise NotOurs(
                    f"The log at {self._link.place} is another one now, or was moved away. "
                    "Restart Concord: it says what it found. Nothing was changed."
                )
            here = self._copy.head()
            self._same_until(connection, min(here, record.head))
        if record.head > here:
            with self._link.in_words():
                self._pull(connection, here, record.head)
        elif here > record.head:
            self._push(record.head, here)

    def known(self) -> Mapping[str, int]:
        """The number of every event, by its client id."""
        return self._copy.known()

    def read(self, after: int) -> list[Event]:
        """Events after a number, oldest first."""
        return self._copy.read(after)

    def some(self, seqs: Sequence[int]) -> list[Event]:
        """Some events with their leaves, oldest first."""
        return self._copy.some(seqs)

    def of_kinds(self, kinds: Sequence[Kind]) -> list[Event]:
        """Every event of some kinds, oldest first."""
        return self._copy.of_kinds(kinds)

    def wait(self, after: int, seconds: float) -> bool:
        """Whether the log of record has an event after a number, waiting at most so long.

        It is told by a notification and looks once a second besides; while PostgreSQL is away
        it goes on trying.
        """
        until = time.monotonic() + seconds
        with self._listening:
            while True:
                left = max(until - time.monotonic(), 0.0)
                try:
                    if self._has(after):
                        return True
                    if left and self._listener is not None:
                        told = self._listener.notifies(
                            timeout=min(left, POLL_SECONDS), stop_after=1
                        )
                        list(told)
                except (StorageFailed, psycopg.OperationalError):
                    self._hang_up()
                    time.sleep(min(left, BETWEEN_ATTEMPTS_SECONDS))
                if not left:
                    return False

    def lines(self) -> Iterator[Line]:
        """All of the log of record, as it is kept."""
        with self._link.in_words(), self._link.another() as connection:
            yield from lines_in(connection)

    def close(self) -> None:
        """Let go of the log: another process may have it."""
        self._link.drop()
        with self._listening:
            self._hang_up()

    # Writing ----------------------------------------------------------------------------

    def _written(self, lines: Sequence[Line], *, brings: bool) -> Connection:
        """A connection within a transaction that has written some events."""
        before, last = lines[0].seq - 1, lines[-1].seq
        connection = self._link.get()
        with self._link.in_time():
            try:
                is_next = self._advanced(connection, before, last)
            except psycopg.OperationalError:
                if not connection.closed:
                    _taken_back(connection)
                    raise
                # Lost while nobody used it: nothing is in doubt.
                connection = self._link.get()
                is_next = self._advanced(connection, before, last)
            try:
                if not is_next:
                    raise StorageFailed(
                        f"The log at {self._link.place} was changed by another copy of this "
                        "database. Look again, then repeat it."
                    )
                copied(connection, lines, brings=brings)
                connection.execute(statement("notify"), [str(last)])
            except BaseException:
                _taken_back(connection)
                raise
        return connection

    def _advanced(self, connection: Connection, before: int, after: int) -> bool:
        """Within a new transaction, whether the log's last number could be moved on."""
        connection.execute("begin")
        asked = [after, before, self._id]
        return connection.execute(statement("advance"), asked).rowcount == 1

    def _commit(self, connection: Connection) -> None:
        try:
            with self._link.in_time():
                connection.execute("commit")
        except BaseException:
            self._link.drop()  # whatever it was in the middle of
            raise

    # Settling ---------------------------------------------------------------------------

    def _same_until(self, connection: Connection, last: int) -> None:
        """Refuse two histories: the last event that both have is the same one."""
        if not last:
            return
        there = connection.execute(statement("client_at"), [last]).fetchone()
        here = self._copy.some([last])
        if there is None or not here or here[0].client_id != there[0]:
            raise NotOurs(
                f"This database and the log at {self._link.place} hold different histories: "
                f"#{write.number(last)} is not the same in both. Restore a backup of the "
                "database that belongs to this log. Nothing was changed."
            )

    def _pull(self, connection: Connection, here: int, head: int) -> None:
        bringing = connection.execute(statement("bringing"), [here]).fetchall()
        if bringing:
            named = ", ".join(f"#{write.number(seq)} ({kind})" for seq, kind in bringing[:5])
            raise NotOurs(
                f"The log at {self._link.place} has entries that brought rows which this "
                f"database does not have: {named}. Open the copy that wrote them, or restore "
                "a backup of it that was made after them. Nothing was changed."
            )
        for lines in _blocks(lines_in(connection, here)):
            self._copy.add(lines)
        LOG.info("copy_caught_up", events=head - here, seq=head)

    def _push(self, head: int, here: int) -> None:
        for lines in _blocks(self._copy.lines(head)):
            self._commit(self._written(lines, brings=True))
        LOG.info("log_caught_up", events=here - head, seq=here)

    # Waiting ----------------------------------------------------------------------------

    def _has(self, after: int) -> bool:
        if self._listener is None or self._listener.closed:
            self._listener = self._link.another()
            self._listener.execute(statement("listen"))
        row = self._listener.execute(statement("head")).fetchone()
        return row is not None and row[0] > after

    def _hang_up(self) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            with suppress(psycopg.Error):
                listener.close()


def _taken_back(connection: Connection) -> None:
    """Leave a transaction, if there is one."""
    with suppress(psycopg.Error):
        connection.execute("rollback")


def _blocks(lines: Iterator[Line]) -> Iterator[list[Line]]:
    block = list[Line]()
    for line in lines:
        block.append(line)
        if len(block) == AT_ONCE:
            yield block
            block = []
    if block:
        yield block


# Of any connection, within whatever transaction it is in ----------------------------------


def record_of(connection: Connection) -> Record | None:
    """Which log is there; None where there is none.

    Raises
    ------
    NotOurs
        If a newer version of Concord made it.
    """
    made = connection.execute(statement("is_made")).fetchone()
    row = connection.execute(statement("record")).fetchone() if made and made[0] else None
    if row is None:
        return None
    if row[3] > FORM:
        raise NotOurs(
            "The log in PostgreSQL was made by a newer version of Concord. Use that version."
        )
    return Record(*row[:3])


def begun(connection: Connection, *, head: int, state: str) -> Record:
    """A new log where there is none, its tables made where they are not."""
    for name in ("make_schema", "make_log", "make_event"):
        connection.execute(statement(name))
    record = Record(uuid.uuid4().hex, head, state)
    connection.execute(statement("begin_log"), [record.id, record.head, record.state, FORM])
    return record


def copied(
    connection: Connection, lines: Iterator[Line] | Sequence[Line], *, brings: bool
) -> None:
    """Write events into a log's table."""
    with connection.cursor() as cursor, cursor.copy(statement("copy_events")) as copy:
        for line in lines:
            of = line.leaves
            copy.write_row(
                [
                    *line.values, line.input, line.activation, list(of.sku), list(of.door),
                    of.week.tolist(), of.delta.tolist(), brings,
                ]
            )  # fmt: skip


def lines_in(connection: Connection, after: int = 0) -> Iterator[Line]:
    """Events after a number, oldest first."""
    wide = len(COLUMNS)
    while True:
        rows = connection.execute(statement("span"), [after, after + AT_ONCE]).fetchall()
        for row in rows:
            about, (sku, door, week, delta) = row[wide : wide + 2], row[wide + 2 :]
            leaves = Leaves(
                sku=tuple(sku), door=tuple(door),
                week=np.array(week, "datetime64[D]"), delta=np.array(delta, np.int64),
            )  # fmt: skip
            yield Line(row[:wide], leaves, *(about if sku else ("", "")))
        if not rows:
            return
        after = rows[-1][0]
