"""How people wish to be told of what needs them, and the messages that are to be sent."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import pandas as pd

from data.store import Store

KEPT = dt.timedelta(30)
"""How long a message that was sent is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One message."""

    letter: str
    person: str
    channel: str
    """'mail', or a channel of the server."""
    title: str
    body: str
    made_at: dt.datetime
    """UTC without a zone, as all of these."""
    tries: int = 0
    next_try: dt.datetime | None = None
    """None: it was sent, or nobody tries any more."""
    sent_at: dt.datetime | None = None
    failed: str = ""
    """Why the last try failed."""


def wishes(store: Store) -> dict[str, str]:
    """By person, how they wish to be told, as JSON."""
    rows = store.query("word_wishes")
    return {str(p): str(body) for p, body in zip(rows["person"], rows["body"], strict=True)}


def wish(store: Store, person: str, body: str, *, now: dt.datetime) -> None:
    """Keep how somebody wishes to be told; an empty body forgets it."""
    with store.transaction() as cursor:
        _wish(cursor, person, body, now)


def write(store: Store, letter: Letter, *, wish: str) -> None:
    """Put a message down to be sent, and what its person was told by it: both, or neither."""
    with store.transaction() as cursor:
        cursor.execute(
            "insert into letter values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                letter.letter, letter.person, letter.channel, letter.title, letter.body,
                letter.made_at, letter.tries, letter.next_try, letter.sent_at, letter.failed,
            ],
        )  # fmt: skip
        _wish(cursor, letter.person, wish, letter.made_at)
        cursor.execute("delete from letter where sent_at < ?", [letter.made_at - KEPT])


def tried(store: Store, letter: Letter) -> None:
    """Keep what became of a try."""
    with store.transaction() as cursor:
        cursor.execute(
            "update letter set tries = ?, next_try = ?, sent_at = ?, failed = ? "
            "where letter = ?",
            [letter.tries, letter.next_try, letter.sent_at, letter.failed, letter.letter],
        )


def every(store: Store) -> list[Letter]:
    """Every message that is kept, oldest first."""
    return [
        Letter(
            **{name: str(row[name]) for name in _TEXTS},
            made_at=pd.Timestamp(row["made_at"]).to_pydatetime(), tries=int(row["tries"]),
            next_try=_moment(row["next_try"]), sent_at=_moment(row["sent_at"]),
        )
        for row in store.query("letters").to_dict("records")
    ]  # fmt: skip


_TEXTS = ("letter", "person", "channel", "title", "body", "failed")


def _wish(cursor: Any, person: str, body: str, now: dt.datetime) -> None:
    cursor.execute("delete from word_wish where person = ?", [person])
    if body:
        cursor.execute("insert into word_wish values (?, ?, ?)", [person, body, now])


def _moment(value: Any) -> dt.datetime | None:
    return None if pd.isna(value) else pd.Timestamp(value).to_pydatetime()
