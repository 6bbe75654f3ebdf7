"""Replays, kept: the last complete one is shown until another is complete."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TypeVar

import pandas as pd

from data.store import Store


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A complete replay as it is kept."""

    made_at: dt.datetime
    person: str
    weeks_ahead: int
    assumed: tuple[str, ...]
    rows: pd.DataFrame
    moves: pd.DataFrame
    cuts: pd.DataFrame


K = TypeVar("K", bound=Kept)


def keep(store: Store, kept: Kept) -> None:
    """Keep a complete replay in the place of the one before."""
    number = int(kept.made_at.timestamp() * 1000)
    with store.transaction() as cursor:
        for table in ("replay_row", "replay_move", "replay_cut", "replay"):
            cursor.execute(f"delete from {table}")  # noqa: S608 - our own names
        cursor.execute(
            "insert into replay values (?, ?, ?, ?, ?)",
            [number, kept.made_at, kept.person, kept.weeks_ahead, list(kept.assumed)],
        )
        for table, frame in (
            ("replay_row", kept.rows),
            ("replay_move", kept.moves),
            ("replay_cut", kept.cuts),
        ):
            cursor.register("made", frame)
            insert = f"insert into {table} by name select ? as id, * from made"  # noqa: S608
            cursor.execute(insert, [number])
            cursor.unregister("made")


def last(store: Store, kind: type[K]) -> K | None:
    """The last complete replay, or None."""
    found = store.query("last_replay")
    if found.empty:
        return None
    one = found.iloc[0]
    return kind(
        made_at=one["made_at"].to_pydatetime(),
        person=str(one["person"]),
        weeks_ahead=int(one["weeks_ahead"]),
        assumed=tuple(one["assumed"]),
        rows=store.query("replay_rows", id=int(one["id"])),
        moves=store.query("replay_moves", id=int(one["id"])),
        cuts=store.query("replay_cuts", id=int(one["id"])),
    )
