"""The ledger: events appended by one writer thread, in groups, each exactly once.

Callers hand in a function that prepares an event; the writer runs it when its turn comes,
so that it sees every event before it, then commits a group of events that do not touch
each other in one transaction and only afterwards answers. A repeated client id is answered
with the event that it made the first time.

Whatever fails, every caller gets an answer and the writer goes on. What became of a commit
that broke off is not guessed: the file is asked, and until it answers nothing is written.
"""

from __future__ import annotations

import datetime as dt
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

from data.store import Store, sql
from forecasting import operation
from forecasting.consensus.events import Event, Kind, Leaves, Scope
from forecasting.consensus.events.reading import read_body, write_body
from forecasting.errors import StorageFailed

LOG = operation.log("ledger")

GROUP = 200
"""Most events of one transaction."""
FEW_LEAVES = 2_000
"""Up to so many are bound as parameters: for few, to register a table costs more than it
saves."""
REMEMBERED = 20_000
"""Latest events kept in memory, for conflict detection and refresh."""

EVERYTHING: frozenset[str] = frozenset()
"""Touches of an event that must stand alone in its transaction."""

Work = Callable[[duckdb.DuckDBPyConnection, int], None]


@dataclass(slots=True, kw_only=True)
class _Request:
    """One caller waiting for its events: all of them are written, or none."""

    prepare: Mapping[str, Callable[[], Event]]
    """By the client id of each event."""
    touches: frozenset[str]
    work: Work | None
    answer: Future[list[Event]] = field(default_factory=Future)
    made: list[Event] = field(default_factory=list)
    """What was prepared when its turn came, not numbered yet."""

    def refuse(self, error: BaseException) -> None:
        """Let the caller go with an error, unless it has its answer."""
        if not self.answer.done():
            self.answer.set_exception(error)


def utc_now() -> dt.datetime:
    """What time it is, UTC without a zone."""
    return dt.datetime.now(dt.UTC).replace(tzinfo=None)


class Ledger:
    """Append and read events.

    Parameters
    ----------
    store : Store
        The open database.
    on_commit : callable
        Called by the writer with the events of each committed group, before their
        callers are answered: it folds them into the live plan.
    clock : callable
        What time it is, UTC without a zone.
    """

    def __init__(
        self,
        store: Store,
        on_commit: Callable[[Sequence[Event]], None],
        *,
        clock: Callable[[], dt.datetime] = utc_now,
    ) -> None:
        self._store = store
        self._clock = clock
        self._on_commit = on_commit
        self._requests: queue.SimpleQueue[_Request | None] = queue.SimpleQueue()
        self._handing_in = threading.Lock()
        """Held while a request is put in the queue: none is put in after the last."""
        self._closed = False
        self._behind = False
        """A commit broke off: the file may hold events that memory does not."""
        with store.cursor() as cursor:
            rows = cursor.execute("select client_id, seq from event").fetchall()
        self._known: dict[str, int] = dict(rows)
        self.seq = max(self._known.values(), default=0)
        self._reading = threading.Lock()
        self._recent: deque[Event] = deque(self._read(self.seq - REMEMBERED), maxlen=REMEMBERED)
        self._writer = threading.Thread(target=self._run, name="ledger", daemon=True)
        self._writer.start()

    def submit(
        self,
        client_id: str,
        prepare: Callable[[], Event],
        *,
        touches: frozenset[str] = EVERYTHING,
        work: Work | None = None,
    ) -> Event:
        """Append one event and wait until it is durable and folded.

        Parameters
        ----------
        client_id : str
            The request's own id; the same one again is answered with the same event.
        prepare : callable
            Makes the event on the writer's thread, seeing all before it; may refuse.
        touches : frozenset of str
            What the event reads and changes; events that share any are not grouped.
        work : callable, optional
            (cursor, seq): more to be written in the same transaction.

        Raises
        ------
        StorageFailed
            If it could not be written. Asked again with the same id, it is answered or done.
        Whatever `prepare` or `work` raises: nothing is written then.
        """
        request = _Request(prepare={client_id: prepare}, touches=touches, work=work)
        return self._answered(request)[0]

    def submit_all(
        self,
        prepare: Mapping[str, Callable[[], Event]],
        *,
        touches: frozenset[str] = EVERYTHING,
        work: Work | None = None,
    ) -> list[Event]:
        """Append several events in one transaction: all of them, or none if one refuses.

        Each is prepared as if it were alone, so they must not depend on each other.

        Parameters
        ----------
        prepare : mapping
            Client id to what makes the event; ids that are known are answered again.
        touches : frozenset of str
            As of `submit`, of all of them.
        work : callable, optional
            As of `submit`, with the number of the first.

        Raises
        ------
        StorageFailed, and whatever `prepare` raises.
        """
        return self._answered(_Request(prepare=prepare, touches=touches, work=work))

    def tail(self, after: int) -> list[Event]:
        """Events after a sequence number, oldest first."""
        with self._reading:
            recent = tuple(self._recent)
        if not recent or recent[0].seq <= after + 1:
            return [event for event in recent if event.seq > after]
        return self._read(after)

    def events(self, seqs: Sequence[int]) -> list[Event]:
        """Some events with their leaves, oldest first."""
        with self._store.cursor() as cursor:
            return _events(cursor, "event_some", {"seqs": list(seqs)})

    def made_under(self, client_ids: Iterable[str]) -> list[Event]:
        """Events that were made under some requests' ids, oldest first."""
        known = [self._known[c] for c in client_ids if c in self._known]
        return self.events(known) if known else []

    def event(self, seq: int) -> Event | None:
        """One event with its leaves."""
        return next(iter(self.events([seq])), None)

    def of_kinds(self, *kinds: Kind) -> list[Event]:
        """Every event of some kinds, oldest first."""
        with self._store.cursor() as cursor:
            return _events(cursor, "event_of_kinds", {"kinds": [k.value for k in kinds]})

    def read_again(self) -> None:
        """Take events that are remembered from the file: a name was taken out of it."""
        with self._reading:
            first = self._recent[0].seq if self._recent else self.seq
        fresh = {event.seq: event for event in self._read(first - 1)}
        with self._reading:
            now = (fresh.get(event.seq, event) for event in self._recent)
            self._recent = deque(now, maxlen=REMEMBERED)

    def close(self) -> None:
        """Finish what was handed in, then stop the writer; later callers are refused."""
        with self._handing_in:
            if self._closed:
                return
            self._closed = True
            self._requests.put(None)
        self._writer.join()

    def _read(self, after: int) -> list[Event]:
        with self._store.cursor() as cursor:
            return _events(cursor, "event_tail", {"after": after})

    def _answered(self, request: _Request) -> list[Event]:
        """Hand a request in, and wait for the writer's answer."""
        with self._handing_in:
            if self._closed:
                raise StorageFailed("The app is going down; nothing was changed.")
            self._requests.put(request)
        return request.answer.result()

    # The writer's thread ----------------------------------------------------------------

    def _run(self) -> None:
        going_on = True
        while going_on:
            waiting, going_on = self._handed_in()
            try:
                rest = waiting
                while rest:
                    rest = self._commit_group(rest)
            except BaseException as error:  # whatever it is, everybody is answered
                LOG.fault("writer_failed", error, callers=len(waiting))
                self._behind = True
                for request in waiting:
                    request.refuse(error)

    def _handed_in(self) -> tuple[list[_Request], bool]:
        """Requests that are waiting, at least one; and whether there may be more later."""
        waiting: list[_Request] = []
        request = self._requests.get()
        while request is not None:
            waiting.append(request)
            if len(waiting) == GROUP:
                return waiting, True
            try:
                request = self._requests.get_nowait()
            except queue.Empty:
                return waiting, True
        return waiting, False

    def _commit_group(self, waiting: list[_Request]) -> list[_Request]:
        """Commit the first requests that do not touch each other; return the rest."""
        if self._behind and (error := self._catch_up()) is not None:
            for request in waiting:
                request.refuse(error)
            return []
        touched: set[str] = set()
        group: list[_Request] = []
        ids: set[str] = set()
        later: list[_Request] = []
        for i, request in enumerate(waiting):
            alone = not request.touches
            repeated = not ids.isdisjoint(request.prepare)
            if group and (alone or touched & request.touches or repeated):
                later = waiting[i:]
                break
            new = {c: make for c, make in request.prepare.items() if c not in self._known}
            try:
                if not new:
                    self._answer(request, [])
                    continue
                request.made = [make() for make in new.values()]
            except BaseException as error:  # the caller gets it, the writer goes on
                request.refuse(error)
                continue
            group.append(request)
            touched |= request.touches
            ids.update(new)
            if alone:
                later = waiting[i + 1 :]
                break
        if group:
            self._write(group)
        return later

    def _answer(self, request: _Request, written: Sequence[Event]) -> None:
        """Give a caller its events, those that were known before with those just written."""
        fresh = {event.client_id: event for event in written}
        before = [self._known[c] for c in request.prepare if c not in fresh]
        known = {event.client_id: event for event in self.events(before)} if before else {}
        request.answer.set_result([(fresh.get(c) or known[c]) for c in request.prepare])

    def _write(self, group: Sequence[_Request]) -> None:
        """Commit a group in one transaction and answer it."""
        now = self._clock()
        made = [event for request in group for event in request.made]
        events = [e.written(seq=n, recorded_at=now) for n, e in enumerate(made, self.seq + 1)]
        of = {event.client_id: event for event in events}
        try:
            with self._store.transaction() as cursor:
                _insert(cursor, events)
                for request in group:
                    if request.work is not None:
                        request.work(cursor, of[request.made[0].client_id].seq)
        except BaseException as error:
            self._broken_off(group, events, error)
            return
        self._take(events)
        for request in group:
            self._answer(request, [of[event.client_id] for event in request.made])

    def _broken_off(
        self, group: Sequence[_Request], events: Sequence[Event], error: BaseException
    ) -> None:
        """Answer a group whose transaction failed, by what the file says of it.

        A commit may break off after it became durable, so the file is asked. Where it holds
        nothing of the group and storage works, one request is at fault for all: each is
        tried alone, so that only that one is refused.
        """
        LOG.fault("commit_broke_off", error, events=len(events))
        self._behind = True
        unknown = self._catch_up()
        if unknown is None and self.seq >= events[-1].seq:
            for request in group:
                self._answer(request, [])
        elif unknown is None and len(group) > 1 and not isinstance(error, StorageFailed):
            for request in group:
                self._write([request])
        else:
            told = error if unknown is None else _not_known_yet(unknown)
            for request in group:
                request.refuse(told)

    def _catch_up(self) -> StorageFailed | None:
        """Take what the file holds and memory does not; why that cannot be known, if so."""
        try:
            found = self._read(self.seq)
        except StorageFailed as error:
            return error
        self._behind = False
        if found:
            self._take(found)
        return None

    def _take(self, events: Sequence[Event]) -> None:
        """Take committed events into memory, and let the plan take them."""
        self.seq = events[-1].seq
        self._known.update((event.client_id, event.seq) for event in events)
        with self._reading:
            self._recent.extend(events)
        try:
            self._on_commit(events)
        except BaseException as error:  # they are durable all the same: callers are told so
            LOG.fault("not_folded", error, seq=self.seq)


def _not_known_yet(error: StorageFailed) -> StorageFailed:
    return StorageFailed(
        "The disk failed while this was being saved, so it may or may not be there. Look again "
        f"before you repeat it, once the app answers. ({error})"
    )


def _insert(cursor: duckdb.DuckDBPyConnection, events: Sequence[Event]) -> None:
    rows = [
        (
            event.seq,
            event.recorded_at,
            event.person,
            event.function,
            event.kind.value,
            event.cycle,
            event.scope.to_json() if event.scope else None,
            event.operation,
            event.value,
            write_body(event.body),
            event.reason,
            event.note,
            event.base,
            event.client_id,
        )
        for event in events
    ]
    cursor.execute(sql("event_insert"), [list(column) for column in zip(*rows, strict=True)])
    with_leaves = [event for event in events if len(event.leaves)]
    if not with_leaves:
        return
    columns = _leaf_columns(with_leaves)
    if len(columns[0]) <= FEW_LEAVES:  # cheaper than registering a table
        cursor.execute(sql("leaf_insert"), [column.to_pylist() for column in columns])
        return
    names = ["seq", "input", "activation", "sku", "door", "week", "delta"]
    cursor.register("new_leaves", pa.table(columns, names=names))
    cursor.execute("insert into leaf select * from new_leaves")
    cursor.unregister("new_leaves")


def _leaf_columns(events: Sequence[Event]) -> list[pa.Array]:
    """The leaves of some events, one array per column of the table."""
    rows = np.repeat(np.arange(len(events)), [len(event.leaves) for event in events])

    def of_event(values: list[Any]) -> pa.Array:
        return pa.array(values).take(pa.array(rows))

    return [
        of_event([event.seq for event in events]),
        of_event([event.input_of for event in events]),
        of_event([event.scope.activation if event.scope else "" for event in events]),
        pa.array([sku for event in events for sku in event.leaves.sku]),
        pa.array([door for event in events for door in event.leaves.door]),
        pa.array(np.concatenate([event.leaves.week for event in events])),
        pa.array(np.concatenate([event.leaves.delta for event in events])),
    ]


def _events(
    cursor: duckdb.DuckDBPyConnection, name: str, parameters: dict[str, Any]
) -> list[Event]:
    leaves = _leaves_of(cursor.execute(sql(name.replace("event", "leaf")), parameters).df())
    return [
        Event(
            seq=row[0],
            recorded_at=row[1],
            person=row[2],
            function=row[3],
            cycle=row[5],
            scope=Scope.from_json(row[6]) if row[6] else None,
            operation=row[7],
            value=row[8],
            body=read_body(row[4], row[9], seq=row[0]),
            reason=row[10],
            note=row[11],
            base=row[12],
            client_id=row[13],
            leaves=leaves.get(row[0], Leaves()),
        )
        for row in cursor.execute(sql(name), parameters).fetchall()
    ]


def _leaves_of(rows: pd.DataFrame) -> dict[int, Leaves]:
    """The leaves of each event, by its number.

    Every column is turned into values once, for all events together: event by event it took
    twice as long.
    """
    seqs = rows["seq"].to_numpy()
    order = np.argsort(seqs, kind="stable")
    every, seqs = Leaves.of(rows.take(order)), seqs[order]
    found: dict[int, Leaves] = {}
    if not len(seqs):
        return found
    begins = np.flatnonzero(np.diff(seqs, prepend=seqs[0] - 1))
    for first, end in zip(begins, [*begins[1:], len(seqs)], strict=True):
        found[int(seqs[first])] = Leaves(
            sku=every.sku[first:end], door=every.door[first:end],
            week=every.week[first:end], delta=every.delta[first:end],
        )  # fmt: skip
    return found
