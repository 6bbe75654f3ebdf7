"""Where a verb is handed in: the person's right is checked, the event goes to the ledger.

Everything that a person can do passes here, whichever module has the verb.
"""

from __future__ import annotations

import datetime as dt
import re
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any

from data.audit import REFUSED, AuditLog
from data.ledger import Ledger, utc_now
from data.log.protocol import Work
from data.store import Store
from forecasting import conventions, metering, operation, write
from forecasting.consensus.events import TOTAL, Body, Conflict, Event, Kind, Leaves
from forecasting.consensus.events.governance import PersonSet
from forecasting.consensus.overrides import collisions
from forecasting.errors import (
    ConcordError,
    Conflicted,
    NotAllowed,
    OutOfBounds,
    Outside,
    Refused,
    UnknownName,
)
from forecasting.governance import bearer
from forecasting.governance.projector import Projector
from forecasting.governance.reach import OF_ONESELF, Places, Reach, Reaches, refusal
from forecasting.rights import LOCAL_ADMIN, Person, Remit, require
from forecasting.vocabulary import Function, Measure

LOG = operation.log("desk")
LONGEST_NOTE = 2000
"""Characters of a note, or of a link to evidence: about a page of text."""
SLOW_SECONDS = 1.0
"""An edit that takes longer is noted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request under an id of its own: sent again, it is answered with its first event.

    The id alone would hand one person's event to whoever guesses it, and the event of one
    change to another that reuses its id. So it is bound to who asked and to what was asked.
    """

    person: str
    kind: Kind
    says: Callable[[Event], bool] = lambda _event: True
    """Whether an event of this person and kind says what this request asks."""
    id: str = field(default_factory=bearer.new_id)

    @classmethod
    def of(
        cls,
        client_id: str | None,
        actor: Person,
        kind: Kind,
        says: Callable[[Event], bool] = lambda _event: True,
    ) -> Request:
        """A request under the id that its client gave it, or under a new one."""
        if client_id is None:
            return cls(person=actor.id, kind=kind, says=says)
        if not client_id.strip():
            raise OutOfBounds("The id of a request is not blank; leave it out for a new one.")
        return cls(person=actor.id, kind=kind, says=says, id=client_id)

    def check(self, event: Event) -> Event:
        """The event that its id has made, if it made it.

        Raises
        ------
        Refused
            If the id was somebody else's, or was used for something else.
        """
        mine = event.person == self.person and event.kind is self.kind
        if not mine or not self.says(event):
            raise Refused(
                "The id of this request was used before, for another one. Nothing was "
                "changed; send it again under a new id."
            )
        return event


class Desk(Projector[Mapping[str, Person]]):
    """People, their rights, and the ledger.

    Parameters
    ----------
    store : Store
    on_commit : callable
        Called with every committed group of events, before their authors are answered.
    clock : callable
        What time it is, UTC without a zone.
    """

    kinds = (Kind.PERSON, Kind.IMPORT, Kind.ROLLBACK)

    def __init__(
        self,
        store: Store,
        on_commit: Callable[[Sequence[Event]], None],
        *,
        clock: Callable[[], dt.datetime] = utc_now,
    ) -> None:
        self.store = store
        self._clock = clock
        self.ledger = Ledger(store, on_commit, clock=clock)
        self.cycle = ""
        """Name of the cycle that events belong to, '' where none is open."""
        self._reaches = Reaches(store, self.ledger.event)
        self.audit = AuditLog(store, clock=clock)
        """Takes notes of who came, was refused, and took something away."""
        self.take_up(self.ledger)

    def close(self) -> None:
        """Finish writing."""
        self.ledger.close()
        self.audit.close()

    @property
    def now(self) -> dt.datetime:
        """What time it is, UTC without a zone."""
        return self._clock()

    @property
    def today(self) -> dt.date:
        """The day it is where the company is."""
        return conventions.in_force().local(self.now).date()

    @property
    def people(self) -> list[Person]:
        """Everybody who may do something, by function and name."""
        order = list(Function)
        here = (person for person in self._state.values() if not person.has_left)
        return sorted(here, key=lambda p: (order.index(p.function), p.name))

    def signed_in(self, identity: str) -> Person | None:
        """Whoever the identity provider calls so, also if they left; None: nobody known."""
        found = [p for p in self._state.values() if p.signs_in_as == identity]
        return min(found, key=lambda p: p.has_left, default=None) if identity else None

    def person(self, identity: str) -> Person:
        """One person.

        Raises
        ------
        UnknownName
        """
        found = self._state.get(identity)
        if found is None:
            raise UnknownName(f"There is nobody called '{identity[:80]}' here.")
        return found

    def limits_of(self, identity: str) -> tuple[tuple[Function, Remit], ...]:
        """What somebody is limited to, of whom there may be nobody yet."""
        found = self._state.get(identity)
        return found.limits if found else ()

    def seen(self, base: int | None) -> int:
        """The state that a person looked at: the present one where they do not say.

        Raises
        ------
        OutOfBounds
            If there never was such a state: from a later one on nothing would conflict.
        """
        now = self.ledger.seq
        base = bearer.seen() if base is None else base
        if base is None:
            return now
        if not 0 <= base <= now:
            raise OutOfBounds(
                f"The ledger stands at #{write.number(now)}; there was no "
                f"#{write.number(base)} to look at. Look again."
            )
        return base

    def _begin(self) -> Mapping[str, Person]:
        return {LOCAL_ADMIN.id: LOCAL_ADMIN}

    def _with(
        self, state: Mapping[str, Person], events: Sequence[Event]
    ) -> Mapping[str, Person]:
        set_ = [_person(e.body) for e in events if isinstance(e.body, PersonSet)]
        return {**state, **{person.id: person for person in set_}}

    def _replaced(self) -> None:
        self._reaches.forget()

    def allowed(self, by: str, verb: str, *, at: Reach | None = None) -> Person:
        """The person, if their function has the right.

        Parameters
        ----------
        at : Reach, optional
            What will be touched, where it is known before there is an event: an event is
            held to its author's part of the company in any case (`submit`).

        Raises
        ------
        UnknownName, NotAllowed, Outside
        """
        person = self.person(by)
        try:
            require(person, verb)
            if at is not None:
                self._reaches.refuse_reach(person.name, person.remit, at)
            bearer.check(verb)
        except NotAllowed as error:
            self.audit.note(REFUSED, person.id, f"{verb}: {error}")
            raise
        return person

    @property
    def places(self) -> Places:
        """Where every SKU and every door stands."""
        return self._reaches.places

    def refuse_outside(self, event: Event) -> Event:
        """The event, if all that it touches is its author's to change, as it is now.

        Raises
        ------
        Outside
        """
        if event.kind in OF_ONESELF:  # whoever signs in for the first time is not known yet
            return event
        person = self.person(event.person)
        if person.limits or person.function.value != event.function:
            try:
                self._reaches.refuse(person, event, others=self.people)
            except Outside as error:
                self.audit.note(REFUSED, person.id, f"{event.kind.value}: {error}")
                raise
        return event

    def refuse_conflict(
        self,
        actor: Person,
        input_of: str,
        leaves: Leaves,
        *,
        aim: str = TOTAL,
        since: int,
        now: float,
        measure: Measure = Measure.UNITS,
    ) -> None:
        """Refuse a change of leaves that somebody else changed in the same input since.

        Parameters
        ----------
        since : int
            Sequence number of the state that the actor looked at.
        now : float
            What the leaves hold now, in the measure that the actor speaks in.

        Raises
        ------
        Conflicted
        """
        if since >= self.ledger.seq:
            return
        found = collisions(
            self.ledger.tail(since), person=actor.id, input_of=input_of, aim=aim, leaves=leaves
        )
        if found:
            theirs = found[-1]
            name = self.person(theirs.person).name
            raise Conflicted([Conflict(theirs=theirs, name=name, now=now, measure=measure)])

    def event(self, actor: Person, body: Body, **fields: Any) -> Event:
        """An event of a person's, not yet written."""
        fields["client_id"] = fields.get("client_id") or uuid.uuid4().hex
        fields.setdefault("cycle", self.cycle)
        return Event(person=actor.id, function=actor.function.value, body=body, **fields)

    def append(
        self, actor: Person, body: Body, *, client_id: str | None = None, **fields: Any
    ) -> Event:
        """Write an event that depends on nothing before it."""
        base = self.ledger.seq
        return self.submit(
            lambda: self.event(actor, body, base=base, **fields),
            Request.of(
                client_id, actor, body.kind,
                lambda e: (e.scope, e.note) == (fields.get("scope"), fields.get("note", "")),
            ),
        )  # fmt: skip

    def submit(
        self,
        prepare: Callable[[], Event],
        request: Request | None = None,
        *,
        touches: frozenset[str] = frozenset(),
        work: Work | None = None,
    ) -> Event:
        """Have an event prepared when its turn comes, and wait until it is folded.

        Raises
        ------
        Refused
            If the request's id was used before for another one.
        """
        bearer.check_writing()
        identity = request.id if request else bearer.new_id()
        with _watched(is_edit=work is None) as made:
            event = self.ledger.submit(
                identity, self._named(identity, prepare), touches=touches, work=work
            )
            made.append(event)
        return request.check(event) if request else event

    def submit_all(
        self,
        asked: Sequence[tuple[Request, Callable[[], Event]]],
        *,
        touches: frozenset[str],
        work: Work | None = None,
    ) -> list[Event]:
        """Have several events prepared and written together: all of them, or none.

        Parameters
        ----------
        asked : sequence
            Each request and what prepares its event; none may depend on another.
        work : callable, optional
            What is written with them, given the number of the first.

        Raises
        ------
        Refused
            If the id of one was used before for another one, or is the id of two of them.
        """
        bearer.check_writing()
        requests = {request.id: request for request, _ in asked}
        if len(requests) < len(asked):
            raise Refused("Two of these changes have the same request id.")
        # On the writer's thread, before the first is prepared: nothing comes between.
        checked = self._checking(requests)

        def after_check(prepare: Callable[[], Event]) -> Callable[[], Event]:
            def prepared() -> Event:
                with suppress(StopIteration):
                    next(checked)
                return prepare()

            return prepared

        try:
            with _watched(is_edit=work is None) as made:
                made += self.ledger.submit_all(
                    {r.id: self._named(r.id, after_check(prepare)) for r, prepare in asked},
                    touches=touches, work=work,
                )  # fmt: skip
        except Outside as first:
            raise self._all_outside(first, [prepare for _, prepare in asked]) from None
        return [requests[event.client_id].check(event) for event in made]

    def _named(self, client: str, prepare: Callable[[], Event]) -> Callable[[], Event]:
        """The same event under the id of the request that asked for it, if it may be."""
        return lambda: self.refuse_outside(replace(prepare(), client_id=client))

    def _all_outside(self, first: Outside, asked: Sequence[Callable[[], Event]]) -> Outside:
        """The refusal of several changes made together, naming what is outside of each."""
        events = list[Event]()
        for prepare in asked:
            with suppress(ConcordError):  # is refused for something else besides
                events.append(prepare())
        if len(events) < 2:
            return first
        person = self.person(events[0].person)
        reach = self._reaches.of(events[0])
        for event in events[1:]:
            reach = reach.with_(self._reaches.of(event))
        where = self.places.outside(person.remit, reach)
        return refusal(person.name, person.remit, where) if where else first

    def _checking(self, requests: Mapping[str, Request]) -> Iterator[None]:
        """Refuse, once, ids that were used before for other requests."""
        for event in self.ledger.made_under(requests):
            requests[event.client_id].check(event)
        yield


@contextmanager
def _watched(*, is_edit: bool) -> Iterator[list[Event]]:
    """Note what fails by our fault while events are written, and edits that take too long."""
    begun, made = time.perf_counter(), list[Event]()
    try:
        yield made
    except ConcordError as error:
        metering.REFUSALS.labels(kind=type(error).__name__).inc()
        raise
    except Exception as error:
        metering.FAULTS.inc()
        LOG.fault("verb_failed", error, seconds=time.perf_counter() - begun)
        raise
    seconds = time.perf_counter() - begun
    if is_edit:
        metering.EDITS.observe(seconds)
    if is_edit and seconds > SLOW_SECONDS:
        first = made[0]
        LOG.warning(
            "slow_verb", verb=first.kind.value, by=first.person, seq=first.seq,
            events=len(made), seconds=seconds,
        )  # fmt: skip


def _person(body: PersonSet) -> Person:
    return Person(
        id=body.person, name=body.name, function=body.function, delegate_for=body.delegate_for,
        also=body.also, signs_in_as=body.signs_in_as, is_by_group=body.is_by_group,
        has_left=body.has_left, limits=body.limits,
    )  # fmt: skip


def checked_link(text: str) -> str:
    """A link to evidence without blanks around it, '' where there is none.

    Raises
    ------
    OutOfBounds
        If it is not a web address: nothing else may be behind what others click.
    """
    link = text.strip()
    if link and not re.fullmatch(r"https?://[^\s/]+\.?\S*", link, re.IGNORECASE):
        raise OutOfBounds(
            f"Evidence is linked by a web address that begins with https://; '{link[:80]}' "
            "does not. Say it in the note instead."
        )
    if len(link) > LONGEST_NOTE:
        raise OutOfBounds(f"A link has at most {write.number(LONGEST_NOTE)} characters.")
    return link


def checked_note(text: str) -> str:
    """A note without blanks around it.

    Raises
    ------
    OutOfBounds
        If it is too long.
    """
    if len(text) > LONGEST_NOTE:
        raise OutOfBounds(f"A note has at most {write.number(LONGEST_NOTE)} characters.")
    return text.strip()
