"""Who came in, who was refused, what left: kept beside the ledger, for a while.

Nobody waits for it: a note goes into memory and is written by a thread of its own. A disk that
is full stops nobody; what could not be written yet is kept in memory up to a bound, written
later, and told in the log.
"""

from __future__ import annotations

import datetime as dt
import os
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass

from data.store import Store
from forecasting import operation
from forecasting.errors import StorageFailed

LOG = operation.log("audit")
REFUSED = "refused"
"""Kind of a note: a right was missing."""
DAYS_SETTING = "CONCORD_AUDIT_DAYS"
USUAL_DAYS = 400
"""Days that a note is kept where nobody sets another number: a year and a month."""
MOST_WAITING = 10_000
"""Notes that wait in memory at most; then the oldest go."""
REPEATED_S = 600.0
"""Within so many seconds the same is noted once: a page that is refused asks repeatedly."""
WRITES_EVERY_S = 0.5
PRUNES_EVERY = dt.timedelta(hours=6)
LONGEST = 300
"""Characters that are kept of what it was."""


def days_kept() -> int:
    """Days that a note is kept."""
    stated = os.environ.get(DAYS_SETTING, "")
    return (
        int(stated) if stated.isascii() and stated.isdecimal() and int(stated) else USUAL_DAYS
    )


@dataclass(frozen=True, slots=True)
class Note:
    """One row."""

    at: dt.datetime
    """UTC, without a zone."""
    kind: str
    person: str
    what: str


class AuditLog:
    """Takes notes at once, and writes them soon.

    Parameters
    ----------
    store : Store
    clock : callable
        What time it is, UTC without a zone.
    """

    def __init__(self, store: Store, *, clock: Callable[[], dt.datetime]) -> None:
        self._store, self._clock = store, clock
        self._waiting: deque[Note] = deque(maxlen=MOST_WAITING)
        self._recent: OrderedDict[tuple[str, ...], float] = OrderedDict()
        self._lock, self._writing = threading.Lock(), threading.Lock()
        self._wake, self._closed = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        self._failed = False
        self._pruned_at: dt.datetime | None = None

    @property
    def is_behind(self) -> bool:
        """Whether notes could not be written yet, for want of space or rights."""
        return self._failed

    def note(self, kind: str, person: str, what: str, *, once: str = "") -> None:
        """Take a note; the same one again within ten minutes is none.

        Parameters
        ----------
        once : str, optional
            What tells it from others of the same words.
        """
        now = time.monotonic()
        key = (kind, person, what[:LONGEST], once)
        with self._lock:
            before = self._recent.pop(key, None)
            self._recent[key] = now
            while len(self._recent) > MOST_WAITING:
                self._recent.popitem(last=False)
            if self._closed.is_set() or (before is not None and now - before < REPEATED_S):
                return
            self._waiting.append(Note(self._clock(), kind, person[:LONGEST], what[:LONGEST]))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="audit", daemon=True)
                self._thread.start()
        self._wake.set()

    def flush(self) -> None:
        """Write what waits; where that fails it goes on waiting."""
        with self._writing:
            with self._lock:
                notes = list(self._waiting)
            try:
                self._write(notes)
            except StorageFailed as error:
                if not self._failed:
                    LOG.warning("audit_not_written", waiting=len(notes), error=str(error))
                self._failed = True
                return
            if self._failed:
                LOG.info("audit_written_again", notes=len(notes))
            self._failed = False
            written = set(map(id, notes))
            with self._lock:
                kept = [n for n in self._waiting if id(n) not in written]
                self._waiting = deque(kept, maxlen=MOST_WAITING)

    def close(self) -> None:
        """Write what waits and take no more."""
        with self._lock:
            thread = self._thread
            self._closed.set()
        self._wake.set()
        if thread is not None:
            thread.join(timeout=2.0)
            self.flush()

    def _run(self) -> None:
        while True:
            self._wake.wait()
            # Several at once cost as much as one; where it failed, it may take a while.
            if self._closed.wait(WRITES_EVERY_S * (10 if self._failed else 1)):
                return
            self._wake.clear()
            self.flush()
            if self._failed:
                self._wake.set()

    def _write(self, notes: list[Note]) -> None:
        now = self._clock()
        prunes = self._pruned_at is None or now - self._pruned_at >= PRUNES_EVERY
        if not notes and not prunes:  # who only looks is shown nothing that is over, either
            return
        with self._store.transaction() as cursor:
            if notes:
                cursor.executemany(
                    "insert into audit values (?, ?, ?, ?)",
                    [[n.at, n.kind, n.person, n.what] for n in notes],
                )
            if prunes:
                oldest = now - dt.timedelta(days_kept())
                cursor.execute("delete from audit where noted_at < ?", [oldest])
        if prunes:
            self._pruned_at = now
