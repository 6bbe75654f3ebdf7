"""The log of a company from its database file to PostgreSQL, and back.

Every step is whole or not done, and a second try goes on from wherever the first was cut off.
Until the file says that it is a copy, the file is the log; from then on PostgreSQL is.
"""

from __future__ import annotations

from dataclasses import dataclass

from data.log import marks
from data.log.choosing import link_to
from data.log.embedded import Embedded
from data.log.lines import digest
from data.log.link import FREED_SECONDS, Connection, statement
from data.log.marks import Mark
from data.log.postgres import (
    ARRIVING,
    IN_USE,
    LEFT,
    Postgres,
    Record,
    begun,
    copied,
    lines_in,
    record_of,
)
from data.store import Store
from forecasting import write
from forecasting.errors import NotOurs, Refused, StorageFailed


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What was moved."""

    events: int
    digest: str
    """Of all events, the same in both places."""
    place: str
    """Where the log is now."""


def to_postgres(store: Store, url: str) -> Moved:
    """Move the log of a file to an empty database of PostgreSQL; the file stays as its copy.

    Raises
    ------
    Refused
        If there is a log already, or the file is the copy of another one.
    DatabaseBusy, StorageFailed
    """
    copy, mark, link = Embedded(store), marks.of(store), link_to(url)
    try:
        connection = link.get(patience=FREED_SECONDS)
        with link.in_words():
            record = record_of(connection)
            if mark is not None:
                _check_finished(record, mark, link.place)
            else:
                mark = Mark(_arrived(connection, copy, record, link.place).id, link.place)
                marks.put(store, mark)
            connection.execute(statement("set_state"), [IN_USE, mark.id])
            found = digest(copy.lines())
        return Moved(events=copy.head(), digest=found, place=link.place)
    finally:
        link.drop()


def to_file(store: Store, url: str) -> Moved:
    """Move the log that a file is a copy of into the file; PostgreSQL's is closed for good.

    Raises
    ------
    Refused
        If the file is its own log, or the one at the address is another.
    DatabaseBusy, StorageFailed
    """
    copy, mark = Embedded(store), marks.of(store)
    if mark is None:
        raise Refused("The log of this company is in the file already; there is none to move.")
    link = link_to(url)
    try:
        connection = link.get(patience=FREED_SECONDS)
        with link.in_words():
            record = record_of(connection)
            if record is None or record.id != mark.id:
                raise NotOurs(
                    f"The log at {link.place} is not the one that this database is a copy of "
                    f"(that was at {mark.place}). Nothing was changed."
                )
            if record.state == ARRIVING:
                connection.execute(statement("set_state"), [IN_USE, mark.id])
            if record.state != LEFT:  # else an earlier try got so far
                Postgres(link, copy, id=mark.id).settle()
            here, there = digest(copy.lines()), digest(lines_in(connection))
            if here != there:
                raise NotOurs(
                    f"The copy in the file is not the same as the log at {link.place}, though "
                    "both are as long. Restore a backup of the file that belongs to it. "
                    "Nothing was changed."
                )
            connection.execute(statement("set_state"), [LEFT, mark.id])
        marks.remove(store)
        return Moved(events=copy.head(), digest=here, place="the file")
    finally:
        link.drop()


def _check_finished(record: Record | None, mark: Mark, place: str) -> None:
    """Refuse to move a copy, unless all but the last step of its move was done."""
    if record is not None and record.id == mark.id and record.state == ARRIVING:
        return
    if record is not None and record.id == mark.id:
        raise Refused(f"The log of this company is at {place} already; there is none to move.")
    raise Refused(
        f"The log of this company is at {mark.place}, and the file only a copy of it. Move it "
        "back into the file first: --to file."
    )


def _arrived(
    connection: Connection, copy: Embedded, record: Record | None, place: str
) -> Record:
    """All of a file's events in PostgreSQL, in one transaction that is checked at its end."""
    with connection.transaction():
        if record is not None:
            _check_empty(connection, copy, record, place)
            connection.execute(statement("forget_events"))
            connection.execute(statement("forget_log"))
        connection.execute("set local statement_timeout = 0")
        arrived = begun(connection, head=copy.head(), state=ARRIVING)
        copied(connection, copy.lines(), brings=True)
        if digest(copy.lines()) != digest(lines_in(connection)):
            raise StorageFailed(
                f"What arrived at {place} is not what was sent. Nothing was changed there; "
                "tell whoever runs PostgreSQL."
            )
    return arrived


def _check_empty(connection: Connection, copy: Embedded, record: Record, place: str) -> None:
    """Refuse a place that holds a log, unless it is what a cut-off move of this one left."""
    if not record.head:
        return
    first = connection.execute(statement("client_at"), [1]).fetchone()
    mine = copy.some([1])
    if record.state == ARRIVING and first and mine and mine[0].client_id == first[0]:
        return
    raise Refused(
        f"The log at {place} is not empty: it holds {write.number(record.head)} entries. Name "
        "a database without one; nothing was changed in either."
    )
