"""The ledger: events appended by one writer thread, in groups, each exactly once.

Callers hand in a function that prepares an event; the writer runs it when its turn comes,
so that it sees every event before it, then commits a group of events that do not touch
each other in one transaction and only afterwards answers. A repeated client id is answered
with the event that it made the first time.

Where they stand for good is a log (data/log): the database file, or PostgreSQL. Whatever
fails, every caller gets an answer and the writer goes on. What became of a commit that broke
off is not guessed: the log is asked, and until it answers nothing is written.
"""

from __future__ import annotations

import datetime as dt
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from data.log.choosing import log_of
from data.log.protocol import Log, Work
from data.store import Store
from forecasting import operation
from forecasting.consensus.events import Event, Kind
from forecasting.errors import Refused, StorageFailed

LOG = operation.log("ledger")

GROUP = 200
"""Most events of one transaction."""
REMEMBERED = 20_000
"""Latest events kept in memory, for conflict detection and refresh."""

EVERYTHING: frozenset[str] = frozenset()
"""Touches of an event that must stand alone in its transaction."""


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


class _Recent:
    """The latest events; whoever reads them has what nobody changes any more."""

    def __init__(self, events: Sequence[Event]) -> None:
        self._lock = threading.Lock()
        self._events: deque[Event] = deque(events, maxlen=REMEMBERED)

    def all(self) -> tuple[Event, ...]:
        """All of them, oldest first."""
        with self._lock:
            return tuple(self._events)

    def take(self, events: Sequence[Event]) -> None:
        """The next ones; the oldest are forgotten for them."""
        with self._lock:
            self._events.extend(events)

    def renew(self, events: Sequence[Event]) -> None:
        """Put events as they are kept now in the place of the same ones."""
        fresh = {event.seq: event for event in events}
        with self._lock:
            now = [fresh.get(event.seq, event) for event in self._events]
            self._events = deque(now, maxlen=REMEMBERED)


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
    log : Log, optional
        Where events stand for good; the one that is set for the file if not given.

    Raises
    ------
    Refused
        If the log cannot be opened, or is not this file's.
    """

    def __init__(
        self,
        store: Store,
        on_commit: Callable[[Sequence[Event]], None],
        *,
        clock: Callable[[], dt.datetime] = utc_now,
        log: Log | None = None,
    ) -> None:
        self._log: Log = log_of(store) if log is None else log
        self._clock = clock
        self._on_commit = on_commit
        self._requests: queue.SimpleQueue[_Request | None] = queue.SimpleQueue()
        self._handing_in = threading.Lock()
        """Held while a request is put in the queue: none is put in after the last."""
        self._closed = False
        self._behind = False
        """A commit broke off: the log may hold events that memory does not."""
        self.followers: tuple[Callable[[Sequence[Event]], None], ...] = ()
        """Called after `on_commit` with the same; replaced with every change."""
        self._known: dict[str, int] = dict(self._log.known())
        self.seq = max(self._known.values(), default=0)
        self._recent = _Recent(self._log.read(self.seq - REMEMBERED))
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
        recent = self._recent.all()
        if not recent or recent[0].seq <= after + 1:
            return [event for event in recent if event.seq > after]
        return self._log.read(after)

    def events(self, seqs: Sequence[int]) -> list[Event]:
        """Some events with their leaves, oldest first."""
        recent, asked = self._recent.all(), sorted(set(seqs))
        if asked and recent and recent[0].seq <= asked[0]:
            first = recent[0].seq  # numbers have no gap
            return [recent[seq - first] for seq in asked if seq - first < len(recent)]
        return self._log.some(seqs)

    def made_under(self, client_ids: Iterable[str]) -> list[Event]:
        """Events that were made under some requests' ids, oldest first."""
        known = [self._known[c] for c in client_ids if c in self._known]
        return self.events(known) if known else []

    def event(self, seq: int) -> Event | None:
        """One event with its leaves."""
        return next(iter(self.events([seq])), None)

    def of_kinds(self, *kinds: Kind) -> list[Event]:
        """Every event of some kinds, oldest first."""
        recent = self._recent.all()
        if not recent or recent[0].seq == 1:  # all there are: a company's first years
            return [event for event in recent if event.kind in kinds]
        return self._log.of_kinds(kinds)

    def read_again(self) -> None:
        """Take events that are remembered from the file: a name was taken out of it."""
        recent = self._recent.all()
        self._recent.renew(self._log.read(recent[0].seq - 1 if recent else self.seq))
        for follower in self.followers:  # of no event: all that they took may be another now
            follower(())

    def close(self) -> None:
        """Finish what was handed in, then stop the writer; later callers are refused."""
        with self._handing_in:
            if self._closed:
                return
            self._closed = True
            self._requests.put(None)
        self._writer.join()
        self._log.close()

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
        works = [(r.work, of[r.made[0].client_id].seq) for r in group if r.work is not None]
        try:
            self._log.append(events, works)
        except BaseException as error:
            self._broken_off(group, events, error)
            return
        self._take(events)
        for request in group:
            self._answer(request, [of[event.client_id] for event in request.made])

    def _broken_off(
        self, group: Sequence[_Request], events: Sequence[Event], error: BaseException
    ) -> None:
        """Answer a group whose transaction failed, by what the log says of it.

        A commit may break off after it became durable, so the log is asked. Where it holds
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

    def _catch_up(self) -> Refused | None:
        """Take what the log holds and memory does not; why that cannot be known, if so."""
        try:
            self._log.settle()
            found = self._log.read(self.seq)
        except Refused as error:
            return error
        self._behind = False
        if found:
            self._take(found)
        return None

    def _take(self, events: Sequence[Event]) -> None:
        """Take committed events into memory, and let the plan take them."""
        self.seq = events[-1].seq
        self._known.update((event.client_id, event.seq) for event in events)
        self._recent.take(events)
        try:
            self._on_commit(events)
            for follower in self.followers:
                follower(events)
        except BaseException as error:  # they are durable all the same: callers are told so
            LOG.fault("not_folded", error, seq=self.seq)


def _not_known_yet(error: Refused) -> StorageFailed:
    return StorageFailed(
        "Saving was cut off on the way, so this may or may not be there. Look again "
        f"before you repeat it, once the app answers. ({error})"
    )
