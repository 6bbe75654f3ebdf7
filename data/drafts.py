"""What people have begun and not entered yet, kept until they enter or drop it."""

from __future__ import annotations

import datetime as dt

from data.store import Store


def keep(store: Store, person: str, page: str, body: str, *, saved_at: dt.datetime) -> None:
    """Keep a draft in the place of the one before; an empty body drops it."""
    with store.transaction() as cursor:
        cursor.execute("delete from draft where person = ? and page = ?", [person, page])
        if body:
            cursor.execute(
                "insert into draft values (?, ?, ?, ?)", [person, page, saved_at, body]
            )


def of(store: Store, person: str, page: str) -> tuple[dt.datetime, str] | None:
    """When a draft was kept, and what it is; None where there is none."""
    found = store.query("draft_of", person=person, page=page)
    if found.empty:
        return None
    return found["saved_at"].iloc[0].to_pydatetime(), str(found["body"].iloc[0])
