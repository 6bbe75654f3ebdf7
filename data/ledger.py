"""The ledger: events appended by one writer thread, in groups, each exactly once.

Callers hand in a function that prepares an event; the writer runs it when its turn comes,
so that it sees every event before it, then commits a group of events that do not touch
each other in one transaction and only afterwards answers. A repeated client id is answered
with the event that it made the first time.
"""

from __future__ import annotations

import datetime as dt
import json
import queue
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from data.store import Store, sql
from forecasting.consensus.events import Event, Kind, Leaves, Scope

GROUP = 200
"""Most events of one transaction."""
FEW_LEAVES = 2_000
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
        with store.cursor() as cursor:
            rows = cursor.execute("select client_id, seq from event").fetchall()
        self._known: dict[str, int] = dict(rows)
        self.seq = max(self._known.values(), default=0)
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
        """
        request = _Request(prepare={client_id: prepare}, touches=touches, work=work)
        self._requests.put(request)
        return request.answer.result()[0]

    def submit_all(
        self,
        prepare: Mapping[str, Callable[[], Event]],
        *,
        touches: frozenset[str] = EVERYTHING,
    ) -> list[Event]:
        """Append several events in one transaction: all of them, or none if one refuses.

        Each is prepared as if it were alone, so they must not depend on each other.

        Parameters
        ----------
        prepare : mapping
            Client id to what makes the event; ids that are known are answered again.
        touches : frozenset of str
            As of `submit`, of all of them.
        """
        request = _Request(prepare=prepare, touches=touches, work=None)
        self._requests.put(request)
        return request.answer.result()

    def tail(self, after: int) -> list[Event]:
        """Events after a sequence number, oldest first."""
        recent = list(self._recent)
        if not recent or recent[0].seq <= after + 1:
            return [event for event in recent if event.seq > after]
        return self._read(after)

    def events(self, seqs: Sequence[int]) -> list[Event]:
        """Some events with their leaves, oldest first."""
        with self._store.cursor() as cursor:
            return _events(cursor, "event_some", {"seqs": list(seqs)})

    def event(self, seq: int) -> Event | None:
        """One event with its leaves."""
        return next(iter(self.events([seq])), None)

    def of_kinds(self, *kinds: Kind) -> list[Event]:
        """Every event of some kinds, oldest first."""
        with self._store.cursor() as cursor:
            return _events(cursor, "event_of_kinds", {"kinds": [k.value for k in kinds]})

    def close(self) -> None:
        """Finish what was handed in, then stop the writer."""
        self._requests.put(None)
        self._writer.join()

    def _read(self, after: int) -> list[Event]:
        with self._store.cursor() as cursor:
            return _events(cursor, "event_tail", {"after": after})

    def _run(self) -> None:
        with self._store.cursor() as cursor:
            while (request := self._requests.get()) is not None:
                waiting = [request]
                stop = False
                while len(waiting) < GROUP:
                    try:
                        more = self._requests.get_nowait()
                    except queue.Empty:
                        break
                    if more is None:
                        stop = True
                        break
                    waiting.append(more)
                while waiting:
                    waiting = self._commit_group(waiting, cursor)
                if stop:
                    return

    def _commit_group(
        self, waiting: list[_Request], cursor: duckdb.DuckDBPyConnection
    ) -> list[_Request]:
        """Commit the first requests that do not touch each other; return the rest."""
        touched: set[str] = set()
        group: list[tuple[_Request, list[Event]]] = []
        ids: set[str] = set()
        later: list[_Request] = []
        seq = self.seq
        for i, request in enumerate(waiting):
            alone = not request.touches
            repeated = not ids.isdisjoint(request.prepare)
            if group and (alone or touched & request.touches or repeated):
                later = waiting[i:]
                break
            new = {c: make for c, make in request.prepare.items() if c not in self._known}
            if not new:
                self._answer(request, [])
                continue
            try:
                events = [make() for make in new.values()]
            except BaseException as error:  # the caller gets it, the writer goes on
                request.answer.set_exception(error)
                continue
            now = self._clock()
            numbered = enumerate(events, start=seq + 1)
            group.append((request, [e.written(seq=n, recorded_at=now) for n, e in numbered]))
            seq += len(events)
            touched |= request.touches
            ids.update(new)
            if alone:
                later = waiting[i + 1 :]
                break
        if group:
            self._write(group, cursor)
        return later

    def _answer(self, request: _Request, written: Sequence[Event]) -> None:
        """Give a caller its events, those that were known before with those just written."""
        fresh = {event.client_id: event for event in written}
        before = [self._known[c] for c in request.prepare if c not in fresh]
        known = {event.client_id: event for event in self.events(before)} if before else {}
        request.answer.set_result([(fresh.get(c) or known[c]) for c in request.prepare])

    def _write(
        self, group: list[tuple[_Request, list[Event]]], cursor: duckdb.DuckDBPyConnection
    ) -> None:
        events = [event for _, made in group for event in made]
        try:
            cursor.execute("begin")
            _insert(cursor, events)
            for request, made in group:
                if request.work is not None:
                    request.work(cursor, made[0].seq)
            cursor.execute("commit")
        except BaseException as error:
            cursor.execute("rollback")
            for request, _ in group:
                request.answer.set_exception(error)
            return
        self.seq = events[-1].seq
        self._known.update((event.client_id, event.seq) for event in events)
        self._recent.extend(events)
        failure: BaseException | None = None
        try:
            self._on_commit(events)
        except BaseException as error:  # durable all the same: say so to the caller
            failure = error
        for request, made in group:
            if failure is None:
                self._answer(request, made)
            else:
                request.answer.set_exception(failure)


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
            json.dumps(dict(event.body), default=str),
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
    leaves: dict[int, Leaves] = {}
    frame = cursor.execute(sql(name.replace("event", "leaf")), parameters).df()
    for _, rows in frame.groupby("seq"):
        leaves[int(rows["seq"].iloc[0])] = Leaves.of(rows)
    return [
        Event(
            seq=row[0],
            recorded_at=row[1],
            person=row[2],
            function=row[3],
            kind=Kind(row[4]),
            cycle=row[5],
            scope=Scope.from_json(row[6]) if row[6] else None,
            operation=row[7],
            value=row[8],
            body=json.loads(row[9]),
            reason=row[10],
            note=row[11],
            base=row[12],
            client_id=row[13],
            leaves=leaves.get(row[0], Leaves()),
        )
        for row in cursor.execute(sql(name), parameters).fetchall()
    ]
