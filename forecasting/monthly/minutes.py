"""What a meeting writes down: assumptions to watch, actions to do, decisions taken.

An assumption says what has to be true for a number to hold, who watches it, and when it is
looked at again; past that day it comes back by itself.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from forecasting.arguments import Name, verbs
from forecasting.consensus.events import Body, Event, Kind, Scope
from forecasting.consensus.events.inputs import MeetingDecided
from forecasting.consensus.events.minutes import Assigned, Assumed
from forecasting.errors import OutOfBounds, Refused, UnknownName
from forecasting.governance.desk import Desk, checked_note
from forecasting.governance.projector import Projector

STATES = ("open", "held", "broken")


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumption:
    """What somebody takes to be true."""

    seq: int
    statement: str
    owner: str
    """A person's id."""
    watch: str
    """What to look at: a metric, and from which value on it is broken."""
    review: dt.date
    expires: dt.date
    """From this day on nothing may rest on it any more."""
    state: str
    scope: Scope | None
    cycle: str

    def is_due(self, today: dt.date) -> bool:
        """Whether it has to be looked at again."""
        return self.state == "open" and self.review <= today

    def is_expired(self, today: dt.date) -> bool:
        """Whether it is past its day and nobody has entered how it came out."""
        return self.state == "open" and self.expires <= today


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What somebody is to do."""

    seq: int
    text: str
    owner: str
    due: dt.date
    is_done: bool
    scope: Scope | None
    cycle: str

    def is_late(self, today: dt.date) -> bool:
        """Whether it should have been done."""
        return not self.is_done and self.due < today


@dataclass(frozen=True, slots=True, kw_only=True)
class _Noted:
    """What was written down, by the number of the event that wrote it first."""

    assumptions: Mapping[int, Assumption] = field(default_factory=dict)
    actions: Mapping[int, Action] = field(default_factory=dict)


@verbs
class Minutes(Projector[_Noted]):
    """Verbs of the minutes.

    Parameters
    ----------
    desk : Desk
    """

    kinds = (Kind.ASSUMPTION, Kind.ACTION)

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.take_up(desk.ledger)

    @property
    def assumptions(self) -> list[Assumption]:
        """All of them, next to be looked at first."""
        return sorted(self._state.assumptions.values(), key=lambda a: (a.review, a.seq))

    @property
    def actions(self) -> list[Action]:
        """All of them, next due first."""
        return sorted(self._state.actions.values(), key=lambda a: (a.due, a.seq))

    def decisions(self, cycle: str) -> list[Event]:
        """Decisions recorded in a cycle, oldest first."""
        return [e for e in self._desk.ledger.of_kinds(Kind.DECISION) if e.cycle == cycle]

    def _begin(self) -> _Noted:
        return _Noted()

    def _with(self, state: _Noted, events: Sequence[Event]) -> _Noted:
        assumptions, actions = dict(state.assumptions), dict(state.actions)
        for event in events:
            match event.body:
                case Assumed(of=of) as body:
                    first = of or event.seq
                    assumptions[first] = _assumption(first, event, body)
                case Assigned(of=of) as body:
                    first = of or event.seq
                    actions[first] = _action(first, event, body)
        return _Noted(assumptions=assumptions, actions=actions)

    def assume(
        self,
        by: str,
        statement: str,
        *,
        owner: Name,
        watch: str,
        review: dt.date,
        expires: dt.date | None = None,
        scope: Scope | None = None,
    ) -> Event:
        """Write down an assumption.

        Parameters
        ----------
        review : date
            When the owner looks at what is watched.
        expires : date, optional
            From when on nothing may rest on it: it comes back as an exception of the meeting
            until somebody enters how it came out. The day of review if left out.

        Raises
        ------
        NotAllowed, UnknownName, OutOfBounds
        """
        ends = expires or review
        if ends < review:
            raise OutOfBounds("An assumption is looked at before it expires, not after.")
        body = Assumed(
            statement=_checked(statement, "An assumption"),
            owner=self._desk.person(owner).id,
            watch=_checked(watch, "An assumption, to be checked,"),
            review=review,
            expires=ends,
            state="open",
        )
        return self._append(by, body, scope)

    def judge(self, by: str, seq: int, state: Name) -> Event:
        """Say whether an assumption held or broke."""
        if seq not in self._state.assumptions:
            raise UnknownName(f"There is no assumption #{seq}.")
        if state not in STATES:
            raise OutOfBounds(f"An assumption is {', '.join(STATES)}; not '{state}'.")
        old = self._state.assumptions[seq]
        body = Assumed(
            of=seq, statement=old.statement, owner=old.owner, watch=old.watch,
            review=old.review, expires=old.expires, state=state,
        )  # fmt: skip
        return self._append(by, body, old.scope)

    def assign(
        self, by: str, text: str, *, owner: Name, due: dt.date, scope: Scope | None = None
    ) -> Event:
        """Ask somebody to do something by a day."""
        body = Assigned(
            text=_checked(text, "An action"),
            owner=self._desk.person(owner).id,
            owner_name=self._desk.person(owner).name,
            due=due,
        )
        return self._append(by, body, scope)

    def close(self, by: str, seq: int) -> Event:
        """Say that an action is done."""
        actor = self._desk.allowed(by, "minute")
        if seq not in self._state.actions:
            raise UnknownName(f"There is no action #{seq}.")
        old = self._state.actions[seq]
        if old.is_done:
            raise Refused(f"Action #{seq} is done already.")
        body = Assigned(of=seq, text=old.text, owner=old.owner, due=old.due, is_done=True)
        return self._desk.append(actor, body, scope=old.scope)

    def decide(self, by: str, text: str, *, scope: Scope | None = None) -> Event:
        """Record what the meeting decided."""
        actor = self._desk.allowed(by, "agree")
        words = _checked(text, "A decision")
        return self._desk.append(actor, MeetingDecided(), note=words, scope=scope)

    def _append(self, by: str, body: Body, scope: Scope | None) -> Event:
        actor = self._desk.allowed(by, "minute")
        return self._desk.append(actor, body, scope=scope)


def _assumption(first: int, event: Event, body: Assumed) -> Assumption:
    return Assumption(
        seq=first,
        statement=body.statement,
        owner=body.owner,
        watch=body.watch,
        review=body.review,
        expires=body.expires,
        state=body.state,
        scope=event.scope,
        cycle=event.cycle,
    )


def _action(first: int, event: Event, body: Assigned) -> Action:
    return Action(
        seq=first,
        text=body.text,
        owner=body.owner,
        due=body.due,
        is_done=body.is_done,
        scope=event.scope,
        cycle=event.cycle,
    )


def _checked(text: str, what: str) -> str:
    if not text.strip():
        raise OutOfBounds(f"{what} needs words.")
    return checked_note(text)
