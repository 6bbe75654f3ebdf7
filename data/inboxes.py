"""What people have seen of their inboxes, and since when a risk that is in them stands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from data.store import Store


def seen(store: Store) -> dict[str, dict[str, dt.datetime]]:
    """By person and thing, when it was seen."""
    found: dict[str, dict[str, dt.datetime]] = {}
    rows = store.query("seen_things")
    for person, thing, at in zip(rows["person"], rows["thing"], rows["seen_at"], strict=True):
        found.setdefault(str(person), {})[str(thing)] = at.to_pydatetime()
    return found


def see(store: Store, person: str, things: Mapping[str, dt.datetime]) -> None:
    """Keep what somebody has seen, in the place of what was kept before."""
    with store.transaction() as cursor:
        cursor.execute("delete from seen where person = ?", [person])
        if things:
            cursor.execute(
                "insert into seen select ?, unnest(?), unnest(?)",
                [person, list(things), list(things.values())],
            )


def noticed(store: Store) -> dict[str, dt.datetime]:
    """Since when each risk stands."""
    rows = store.query("noticed_things")
    return {
        str(thing): at.to_pydatetime()
        for thing, at in zip(rows["thing"], rows["since"], strict=True)
    }


def notice(store: Store, *, new: Mapping[str, dt.datetime], gone: Iterable[str]) -> None:
    """Keep risks that stand since now, and forget those that stand no more."""
    with store.transaction() as cursor:
        cursor.execute("delete from noticed where thing in (select unnest(?))", [list(gone)])
        if new:
            cursor.execute(
                "insert into noticed select unnest(?), unnest(?)",
                [list(new), list(new.values())],
            )
