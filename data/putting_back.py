"""A copy put in the place of the database that is there, without a moment without one.

The database that is there may be a newer version's, which this program does not open. So it is
opened as a file alone: that keeps every other program off it, and says what its ledger holds.
It gets a second name beside its own before the copy takes its place in one step, so whenever
the process dies there is a whole database: the one that was there, or the copy.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb

from data import failures
from data.quoting import literal, sql
from data.store import copied_into, not_opened, to_be_made
from data.whole import whole
from forecasting import write
from forecasting.errors import Refused, StorageFailed

MOST_NAMED = 4
"""Kinds of events that are named; the others are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """What a ledger holds that a copy of it does not."""

    events: int
    since: int
    """Number of the last event that both have."""
    first: dt.datetime | None = None
    last: dt.datetime | None = None
    """UTC without a zone; None where there are none."""
    people: tuple[str, ...] = ()
    kinds: tuple[tuple[str, int], ...] = ()
    """What was done and how often, the most frequent first."""

    def __str__(self) -> str:
        if not self.events or self.first is None or self.last is None:
            return "nothing: both ledgers end with the same event"
        what = ", ".join(f"{write.number(n)} {kind}" for kind, n in self.kinds[:MOST_NAMED])
        rest = len(self.kinds) - MOST_NAMED
        more = f" and {rest} more kinds" if rest > 0 else ""
        return (
            f"{write.number(self.events)} event{'s' if self.events != 1 else ''} after "
            f"#{write.number(self.since)}, from {write.day(self.first)}, {self.first:%H:%M} to "
            f"{write.day(self.last)}, {self.last:%H:%M} UTC, by {', '.join(self.people)} "
            f"({what}{more})"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PutBack:
    """A copy that took a database's place."""

    lost: Lost
    kept: Path
    """The database that was there, as it was."""


def put_back(source: Path, target: Path, *, sure: bool) -> PutBack:
    """Put a copy in the place of the database that is there, and keep that one beside it.

    Parameters
    ----------
    source : Path
        A copy of this database; it is only read.
    sure : bool
        Whether what is lost by it is known. Without it nothing is done but to say it.

    Raises
    ------
    NoDatabase, NotOurs, StorageFailed
    DatabaseBusy
        If a program has the database open.
    Refused
        Without `sure`; or if the copy is none of this database.
    """
    to_be_made(source, create=False)
    if source.resolve() == target.resolve():
        raise Refused(f"{source} is the database itself. Name the copy that takes its place.")
    try:
        there = duckdb.connect(str(target))  # held until the end: nobody else opens it
    except duckdb.Error as error:
        raise not_opened(target, error) from error
    try:
        lost = _lost(there, source, target)
        if not sure:
            raise Refused(
                f"{target} is there, and {source} would take its place. What would be lost: "
                f"{lost}. Say --yes to go on; {target.name} as it is now is kept beside it."
            )
        there.execute("checkpoint")
        kept = _free_name(target)
        with whole(target) as partial:
            with duckdb.connect(":memory:") as connection:
                connection.execute(
                    sql("attach {path} as backup (read_only)", path=literal(str(source)))
                )
                copied_into(connection, "backup", partial)
            _check_same(source, partial)
            _refuse_log(target)
            _second_name(target, kept)
        return PutBack(lost=lost, kept=kept)
    except duckdb.Error as error:
        raise failures.storage_failed(error, target) or error from error
    except OSError as error:
        raise failures.storage_failed(error, target) or error from error
    finally:
        there.close()


def _lost(there: duckdb.DuckDBPyConnection, source: Path, target: Path) -> Lost:
    """What the ledger of a database holds after the end of a copy's."""
    with duckdb.connect(str(source), read_only=True) as copy:
        asked = "select seq, client_id from event order by seq desc limit 1"
        ends = copy.execute(asked).fetchone()
    since = ends[0] if ends else 0
    if ends is not None:
        same = there.execute("select client_id from event where seq = $1", [since]).fetchone()
        if same != (ends[1],):
            raise Refused(
                f"{source} is no copy of {target}: its ledger ends with another event "
                f"#{write.number(since)}. To use it, move {target.name} away first."
            )
    after = "from event where seq > $1"
    ((count, first, last),) = there.execute(
        f"select count(*), min(recorded_at), max(recorded_at) {after}", [since]
    ).fetchall()
    people = there.execute(f"select distinct person {after} order by person", [since])
    names = tuple(name for (name,) in people.fetchall())
    kinds = there.execute(
        f"select kind, count(*) {after} group by kind order by 2 desc, 1", [since]
    )
    return Lost(
        events=count, since=since, first=first, last=last, people=names,
        kinds=tuple(kinds.fetchall()),
    )  # fmt: skip


def _free_name(target: Path) -> Path:
    """A name by time (UTC), which sorts by time."""
    now = dt.datetime.now(dt.UTC)
    while True:
        kept = target.with_name(f"{target.stem}.replaced-{now:%Y%m%dT%H%M%SZ}{target.suffix}")
        if not kept.exists():
            return kept
        now += dt.timedelta(seconds=1)


def _second_name(target: Path, kept: Path) -> None:
    """Let a file be found under another name, too: by a link, else by a copy."""
    try:
        os.link(target, kept)
    except OSError:
        with whole(kept) as partial:
            shutil.copyfile(target, partial)


def _check_same(source: Path, made: Path) -> None:
    """See that what takes the place can be read, and ends where the copy does."""
    asked, ends = "select count(*), max(seq) from event", []
    for path in (source, made):
        with duckdb.connect(str(path), read_only=True) as connection:
            ends.append(connection.execute(asked).fetchall())
    if ends[0] != ends[1]:
        raise StorageFailed(f"{made} could not be written whole. Nothing was changed.")


def _refuse_log(target: Path) -> None:
    """Refuse to go on while a log of the old file is left: it would be replayed on the new."""
    log = target.with_name(target.name + ".wal")
    if log.exists() and log.stat().st_size:
        raise StorageFailed(
            f"{log} could not be merged into {target.name}, so nothing was changed. Start the "
            "app once and stop it, then do this again."
        )
    with suppress(FileNotFoundError):
        log.unlink()
