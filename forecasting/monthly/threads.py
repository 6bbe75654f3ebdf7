"""Comments as threads: on an activation, on a decision, on a SKU in some weeks.

What is written is an event, so nothing of it is lost, and whoever is named in it with an @
finds it in their inbox.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from forecasting.arguments import ClientId, Name, verbs
from forecasting.consensus.activations import Activation
from forecasting.consensus.events import Event, Kind, Scope
from forecasting.consensus.events.inputs import Commented
from forecasting.errors import OutOfBounds, UnknownName
from forecasting.governance.desk import Desk, Request, checked_note
from forecasting.governance.naming import named_in
from forecasting.governance.projector import Projector
from forecasting.plan.live import LivePlan
from forecasting.plan.selection import Selection
from forecasting.weekly.decisions import Decisions

ACTIVATION, DECISION = "activation", "decision"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """One comment."""

    seq: int
    person: str
    text: str
    at: dt.datetime
    about: str
    """'activation/ID', 'decision/NUMBER', or 'sku/NAME' and the like of a part of the plan."""
    place: str
    """What that is called."""
    scope: Scope | None
    thread: int
    """Number of the comment that began its thread."""
    names: tuple[str, ...]
    """Ids of the people whom it names."""


@verbs
class Threads(Projector[Mapping[int, Comment]]):
    """Verbs of comments.

    Parameters
    ----------
    desk : Desk
    plan : callable
        The live plan.
    activation : callable
        An activation as it stands, by identity.
    decisions : Decisions
    """

    kinds = (Kind.COMMENT,)

    def __init__(
        self,
        desk: Desk,
        *,
        plan: Callable[[], LivePlan],
        activation: Callable[[str], Activation],
        decisions: Decisions,
    ) -> None:
        self._desk, self._plan = desk, plan
        self._activation, self._decisions = activation, decisions
        self.take_up(desk.ledger)

    def _begin(self) -> Mapping[int, Comment]:
        return {}

    def _with(
        self, state: Mapping[int, Comment], events: Sequence[Event]
    ) -> Mapping[int, Comment]:
        found = dict(state)
        for event in events:
            told = event.told(Commented)
            found[event.seq] = Comment(
                seq=event.seq, person=event.person, text=event.note, at=event.recorded_at,
                about=told.about or _about(event.scope), place=told.place or str(event.scope),
                scope=event.scope, thread=told.answers or event.seq, names=told.names,
            )  # fmt: skip
        return found

    def about(self, by: str, about: Name) -> list[list[Comment]]:
        """Threads on one thing, the latest spoken in first; in each the oldest comment first.

        Parameters
        ----------
        about : str
            As `Comment.about`.
        """
        self._desk.allowed(by, "read")
        threads: dict[int, list[Comment]] = {}
        for one in self._state.values():
            if one.about == about:
                threads.setdefault(one.thread, []).append(one)
        return sorted(threads.values(), key=lambda thread: -thread[-1].seq)

    def naming(self, by: str) -> list[Comment]:
        """Comments of others that name somebody, latest first."""
        person = self._desk.allowed(by, "read")
        return [
            one for one in reversed(list(self._state.values()))
            if person.id in one.names and one.person != person.id
        ]  # fmt: skip

    def write(
        self,
        by: str,
        text: str,
        *,
        about: Name = "",
        scope: Scope | None = None,
        client_id: ClientId | None = None,
    ) -> Event:
        """Begin a thread on an activation, a decision or a part of the plan.

        Raises
        ------
        NotAllowed, OutOfBounds
        UnknownName
            If there is no such thing, or nobody who is called like somebody named with an @.
        """
        actor = self._desk.allowed(by, "comment")
        if (scope is None) == (not about):
            raise OutOfBounds("A comment is about one thing: an activation, decision or part.")
        if scope is not None:
            Selection.of(self._plan(), scope)
        place = self._place(about) if about else ""
        body = Commented(about=about, place=place, names=named_in(text, self._desk.people))
        return self._written(actor.id, body, text, scope, client_id)

    def answer(
        self, by: str, seq: int, text: str, *, client_id: ClientId | None = None
    ) -> Event:
        """Write a comment in the thread that another one is in.

        Raises
        ------
        NotAllowed, OutOfBounds, UnknownName
        """
        actor = self._desk.allowed(by, "comment")
        found = self._state.get(seq)
        if found is None:
            raise UnknownName(f"There is no comment #{seq}.")
        is_scope = found.scope is not None
        body = Commented(
            about="" if is_scope else found.about, place="" if is_scope else found.place,
            answers=found.thread, names=named_in(text, self._desk.people),
        )  # fmt: skip
        return self._written(actor.id, body, text, found.scope, client_id)

    def _written(
        self, by: str, body: Commented, text: str, scope: Scope | None, client: str | None
    ) -> Event:
        words = checked_note(text)
        if not words:
            raise OutOfBounds("A comment needs words.")
        actor = self._desk.person(by)
        request = Request.of(client, actor, Kind.COMMENT, lambda e: e.note == words)
        return self._desk.submit(
            lambda: self._desk.event(
                actor, body, scope=scope, note=words, base=self._desk.ledger.seq
            ),
            request,
        )

    def _place(self, about: str) -> str:
        """What a thing is called that is commented on."""
        kind, _, name = about.partition("/")
        if kind == ACTIVATION:
            return self._activation(name).name
        if kind == DECISION:
            for one in self._decisions.all:
                if str(one.seq) == name:
                    return f"the decision {one.text} (#{one.seq})"
        raise UnknownName(f"There is nothing called '{about[:80]}' to comment on.")


def _about(scope: Scope | None) -> str:
    return f"{scope.product_level}/{scope.product}" if scope is not None else ""
