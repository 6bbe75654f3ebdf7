"""Which log a database file goes by: its own, or one in PostgreSQL that CONCORD_LOG names.

A file whose log is elsewhere says so itself. So neither a setting that was forgotten nor one
that names another company's log begins a second history.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from data.log import marks
from data.log.embedded import Embedded
from data.log.marks import Mark
from data.log.protocol import Log
from data.store import Store
from forecasting import write
from forecasting.errors import NotOurs, Refused

if TYPE_CHECKING:
    from data.log.link import Link
    from data.log.postgres import Record

SETTING = "CONCORD_LOG"
"""Where the log of record is; not set, it is the database file."""
SCHEMES = ("postgresql://", "postgres://")


def log_of(store: Store) -> Log:
    """The log that a file goes by, opened and settled.

    Raises
    ------
    NotOurs
        If the setting and the file do not belong together.
    DatabaseBusy
        If another process has the log.
    StorageFailed
        If PostgreSQL does not answer.
    """
    url, mark = os.environ.get(SETTING, "").strip(), marks.of(store)
    if url:
        return _opened(store, url, mark)
    if mark is not None:
        raise NotOurs(
            f"The log of this company is in PostgreSQL at {mark.place}; the file is a copy of "
            f"it. Set {SETTING} to its address, or bring it back into the file: "
            "python -m forecasting move --to file."
        )
    return Embedded(store)


def refuse_elsewhere() -> None:
    """Refuse to build a new company while the log is set to be in PostgreSQL.

    What breaks off on the way would leave a log there without its file.

    Raises
    ------
    Refused
    """
    if os.environ.get(SETTING, "").strip():
        raise Refused(
            f"{SETTING} is set, and a new company is built in a file. Take it out for this "
            "command; then move the log: python -m forecasting move --to URL."
        )


def link_to(url: str) -> Link:
    """A link to a log by its address.

    Raises
    ------
    Refused
        If it is no address of PostgreSQL, or its driver is not installed.
    """
    if not url.startswith(SCHEMES):
        raise Refused(
            "A log is in the database file or in PostgreSQL: expected an address like "
            "postgresql://person@host/database."
        )
    try:
        from data.log.link import Link
    except ImportError:
        raise Refused(
            "A log in PostgreSQL needs its driver. Install Concord with it: "
            "pip install 'concord[postgres]'."
        ) from None
    return Link(url)


def _opened(store: Store, url: str, mark: Mark | None) -> Log:
    link = link_to(url)
    from data.log.link import FREED_SECONDS, statement
    from data.log.postgres import ARRIVING, IN_USE, Postgres, begun, record_of

    copy = Embedded(store)
    try:
        connection = link.get(patience=FREED_SECONDS)
        with link.in_words(), connection.transaction():
            record = record_of(connection)
            if record is None and mark is None and not copy.head():
                record = begun(connection, head=0, state=IN_USE)
            mine = _checked(record, mark, copy.head(), link.place)
            if mine.state == ARRIVING:  # the move was done but for this
                connection.execute(statement("set_state"), [IN_USE, mine.id])
        if mark is None:
            marks.put(store, Mark(mine.id, link.place))
        log = Postgres(link, copy, id=mine.id)
        log.settle()
    except BaseException:
        link.drop()
        raise
    store.let_go_with(log.close)
    return log


def _checked(record: Record | None, mark: Mark | None, here: int, place: str) -> Record:
    """The log, if it is the one that a file of so many events belongs to.

    Raises
    ------
    NotOurs
    """
    from data.log.postgres import LEFT

    if record is None or (mark is None and not record.head):
        if record is not None and not here:
            return record
        if mark is None:
            raise NotOurs(
                f"This database has {write.number(here)} entries and the log at {place} has "
                "none. Make a backup, then move it there: python -m forecasting move --to URL."
            )
        raise NotOurs(
            f"This database is a copy of a log at {mark.place}, and at {place} there is none. "
            f"Set {SETTING} to the right address, or restore PostgreSQL's backup."
        )
    if record.state == LEFT:
        raise NotOurs(
            f"The log at {place} was moved back into a database file. "
            + (
                "The move was cut off in this one: run python -m forecasting move --to file "
                "once more."
                if mark is not None and mark.id == record.id
                else f"Open that file without {SETTING}."
            )
        )
    if mark is None or mark.id != record.id:
        raise NotOurs(
            f"The log at {place} holds {write.number(record.head)} entries, and this database "
            "is no copy of it. Open the database that is, or restore its backup; to move this "
            "one to PostgreSQL, give it a database of its own there."
        )
    return record
