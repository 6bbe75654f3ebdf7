"""What a database file says of itself: whose copy it is, if its log is elsewhere."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from data.store import Store


@dataclass(frozen=True, slots=True)
class Mark:
    """The log that a file is a copy of."""

    id: str
    place: str
    """Where it was when the file became its copy, in words."""


def of(store: Store) -> Mark | None:
    """Whose copy a file is; None where it is the log itself."""
    with store.cursor() as cursor:
        rows = cursor.execute("select id, place from log_of_record").fetchall()
    return Mark(*rows[0]) if rows else None


def put(store: Store, mark: Mark) -> None:
    """Make a file a copy of a log from now on."""
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    with store.transaction() as cursor:
        cursor.execute("delete from log_of_record")
        cursor.execute("insert into log_of_record values (?, ?, ?)", [mark.id, mark.place, now])


def remove(store: Store) -> None:
    """Make a file its own log."""
    with store.transaction() as cursor:
        cursor.execute("delete from log_of_record")
