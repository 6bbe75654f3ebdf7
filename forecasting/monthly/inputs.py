"""What people say of demand: changes of the own input, holds and comments.

A change is worked out when its turn comes, on the plan as it is then, so that two people who
change the same cells meet each other's numbers and not the ones that they looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from forecasting.arguments import AsMade, ClientId, Name, OneOf, verbs
from forecasting.consensus.events import Event, Kind, Scope
from forecasting.consensus.events.inputs import Commented, Held, Overridden, Released
from forecasting.consensus.overrides import resolve
from forecasting.errors import OutOfBounds, Refused
from forecasting.governance.desk import Desk, Request, checked_link, checked_note
from forecasting.governance.naming import named_in
from forecasting.governance.policy import Policies
from forecasting.governance.reasons import Reasons
from forecasting.hierarchy import THOUSANDTHS, Bools, Ints
from forecasting.monthly import large_changes, small_changes
from forecasting.monthly.large_changes import Large
from forecasting.monthly.small_changes import Small
from forecasting.plan.live import LivePlan
from forecasting.plan.selection import Selection
from forecasting.vocabulary import Measure, Operation

CLEAR = "clear"
"""Operation of an override that takes the own input back to statistical."""
How = Annotated[Operation | str, OneOf((*Operation, CLEAR))]
"""How a change is meant, or clear."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One of several changes that are made together."""

    scope: Scope
    operation: How
    value: float | None
    base: int | None = None
    """Sequence number of the state it is based on, where it is another than the others'."""
    client_id: ClientId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Why:
    """What a person gives for a change: reason, note, evidence."""

    reason: str = ""
    note: str = ""
    evidence: str = ""


@verbs
class Inputs:
    """Verbs on the own input.

    Parameters
    ----------
    desk : Desk
    plan : callable
        The live plan.
    reasons : Reasons
    policies : Policies
    """

    def __init__(
        self, desk: Desk, *, plan: Callable[[], LivePlan], reasons: Reasons, policies: Policies
    ) -> None:
        self._desk, self._plan = desk, plan
        self._reasons, self._policies = reasons, policies

    def override(
        self,
        by: str,
        scope: Scope,
        operation: How,
        value: float | None,
        *,
        measure: Measure | str = Measure.UNITS,
        reason: Name,
        note: str = "",
        evidence: str = "",
        base: int | None = None,
        client_id: ClientId | None = None,
    ) -> Event:
        """Change the own function's input.

        Parameters
        ----------
        by : str
            Who.
        scope : Scope
            What; `scope.activation` aims at one activation's lift instead of the total.
        operation : Operation or 'clear'
            How the value is meant.
        value : float or None
            In `measure` for set and add, per cent for percent; None with clear.
        measure : Measure
            Units, or money: revenue, or margin. Money becomes units at the price of the
            week and in the proportions that the cells have.
        reason : str
            Why: a code of the list (`reasons`); some need a note.
        evidence : str
            Link to what it rests on.
        base : int, optional
            Sequence number of the state that the person looked at; the present one if
            left out. Somebody else's later change of the same cells is a conflict.
        client_id : str, optional
            The request's own id; a repeated one is answered with the first event.

        Raises
        ------
        NotAllowed, UnknownName, OutOfBounds, ImpossibleSpread, Conflicted
            Nothing is changed.
        """
        why = self._why(reason, note, evidence)
        one = Change(scope=scope, operation=operation, value=value, client_id=client_id)
        prepare = self._prepared(by, one, Measure(measure), base, why)
        names = Selection.of(self._plan(), scope).names
        return self._desk.submit(prepare, self._request(by, one, measure), touches=names)

    def override_all(
        self,
        by: str,
        changes: Sequence[Change],
        *,
        measure: Measure | str = Measure.UNITS,
        reason: Name,
        note: str = "",
        evidence: str = "",
        base: int | None = None,
    ) -> list[Event]:
        """Several changes at once: every one of them, or none if one is refused.

        Raises
        ------
        NotAllowed, UnknownName, ImpossibleSpread, Conflicted
        OutOfBounds
            If two of them mean the same cell, too.
        """
        seen = self._desk.seen(base)
        why = self._why(reason, note, evidence)
        self._desk.allowed(by, "override")
        asked: list[tuple[Request, Callable[[], Event]]] = []
        for one in changes:
            from_when = one.base if one.base is not None else seen
            prepare = self._prepared(by, one, Measure(measure), from_when, why)
            asked.append((self._request(by, one, measure), prepare))
        touches = _apart(Selection.of(self._plan(), one.scope) for one in changes)
        return self._desk.submit_all(asked, touches=touches)

    def preview_override(
        self,
        by: str,
        scopes: Sequence[Scope],
        operation: How,
        value: float | None,
        *,
        measure: Measure | str = Measure.UNITS,
        base: int | None = None,
    ) -> list[Event]:
        """What a change of some rows would be written as now, or why it would not.

        Nothing is changed.

        Raises
        ------
        NotAllowed, UnknownName, OutOfBounds, ImpossibleSpread, Conflicted
        """
        self._desk.allowed(by, "override")
        in_what, no_reason = Measure(measure), _Why()
        changes = [Change(scope=scope, operation=operation, value=value) for scope in scopes]
        return [
            self._desk.refuse_outside(self._prepared(by, one, in_what, base, no_reason)())
            for one in changes
        ]

    def small(self, by: str, event: AsMade[Event]) -> Small | None:
        """What is small about an override, written or previewed: worth asking what it decides.

        None where nothing is. What counts as small is Leadership's to set.
        """
        self._desk.allowed(by, "read")
        policy = self._policies.now
        return small_changes.small(
            self._plan(), event, share=policy.number("small_share"),
            money=policy.number("small_money"),
        )  # fmt: skip

    def large(self, by: str, event: AsMade[Event]) -> Large | None:
        """What is large about an override, written or previewed: worth asking if it is meant.

        None where nothing is. From when on a change is large is Leadership's to set.
        """
        self._desk.allowed(by, "read")
        share = self._policies.now.number("large_share")
        return large_changes.large(event, share=share)

    def _request(self, by: str, one: Change, measure: Measure | str) -> Request:
        """A change under its client's id: the same person, cells and number."""
        asked: tuple[object, ...] = (one.scope, str(one.operation), one.value)
        if one.operation != CLEAR:
            asked = (*asked, Measure(measure))

        def says(event: Event) -> bool:
            told = (event.scope, event.operation, event.value, event.measure)
            return told[: len(asked)] == asked

        return Request.of(one.client_id, self._desk.person(by), Kind.OVERRIDE, says)

    def _why(self, reason: str, note: str, evidence: str) -> _Why:
        return _Why(
            reason=self._reasons.check(str(reason), note),
            note=checked_note(note),
            evidence=checked_link(evidence),
        )

    def _prepared(
        self, by: str, change: Change, measure: Measure, base: int | None, why: _Why
    ) -> Callable[[], Event]:
        """An override that is ready for its turn."""
        actor = self._desk.allowed(by, "override")
        is_clear = change.operation == CLEAR
        # Clearing has no money in it; what a conflict would show is in money all the same.
        asked_in, measure = measure, Measure.UNITS if is_clear else measure
        operation = CLEAR if is_clear else Operation(change.operation)
        if not is_clear and change.value is None:
            raise OutOfBounds("Enter a number.")
        seen = self._desk.seen(base)
        function = actor.function.value

        def prepare() -> Event:
            plan = self._plan()
            chosen = Selection.of(plan, change.scope)
            if chosen.frozen().all():
                raise Refused(
                    f"{change.scope} is frozen: the first {plan.fence} weeks of the plan "
                    "cannot be changed in this cycle."
                )
            deltas = _deltas(chosen, function, operation, change.value, measure)
            leaves = chosen.leaves(deltas, deltas != 0 if deltas.any() else chosen.active())
            present = chosen.present(function)
            self._desk.refuse_conflict(
                actor, function, leaves, aim=change.scope.activation, since=seen,
                now=chosen.amount(present, asked_in), measure=asked_in,
            )  # fmt: skip
            body = Overridden(
                input=function,
                before=int(present.sum()) / THOUSANDTHS,
                measure=measure,
                evidence=why.evidence,
            )
            return self._desk.event(
                actor, body, scope=change.scope, operation=str(operation), value=change.value,
                reason=why.reason, note=why.note, base=seen, leaves=leaves,
            )  # fmt: skip

        return prepare

    def input_amount(
        self, by: str, scope: Scope, measure: Measure | str = Measure.UNITS
    ) -> float:
        """What the person's own input holds for a scope, in units or money."""
        actor = self._desk.allowed(by, "read")
        chosen = Selection.of(self._plan(), scope)
        return chosen.amount(chosen.present(actor.function.value), Measure(measure))

    def hold(self, by: str, scope: Scope, *, client_id: ClientId | None = None) -> Event:
        """Hold cells of the own input: totals above spread around them."""
        return self._hold(by, scope, Held(), client_id)

    def release(self, by: str, scope: Scope, *, client_id: ClientId | None = None) -> Event:
        """Let held cells move again."""
        return self._hold(by, scope, Released(), client_id)

    def comment(
        self, by: str, scope: Scope, text: str, *, client_id: ClientId | None = None
    ) -> Event:
        """Say something about a part of the plan."""
        actor = self._desk.allowed(by, "comment")
        if not text.strip():
            raise OutOfBounds("A comment needs words.")
        Selection.of(self._plan(), scope)
        body = Commented(names=named_in(text, self._desk.people))
        return self._desk.append(
            actor, body, scope=scope, note=checked_note(text), client_id=client_id
        )

    def _hold(
        self, by: str, scope: Scope, body: Held | Released, client_id: str | None
    ) -> Event:
        actor = self._desk.allowed(by, "hold")
        chosen = Selection.of(self._plan(), scope)
        active = chosen.active()
        leaves = chosen.leaves(np.zeros(len(active), np.int64), active)
        return self._desk.append(actor, body, scope=scope, leaves=leaves, client_id=client_id)


def _deltas(
    chosen: Selection,
    function: str,
    operation: Operation | str,
    value: float | None,
    measure: Measure,
) -> Ints:
    """What a change adds to each leaf of a function's input, thousandths of a unit, (n,)."""
    held = chosen.held(function)
    if operation == CLEAR:
        deltas = np.where(held, 0, -chosen.own(function))
        if not deltas.any():
            raise OutOfBounds(
                "Your input adds nothing of its own here, so there is nothing to clear."
            )
        return deltas
    assert value is not None
    return resolve(
        chosen.present(function), Operation(operation), float(value), held=held,
        active=chosen.active(), reference=chosen.reference(), worth=chosen.worth(measure),
    )  # fmt: skip


def _apart(selections: Iterable[Selection]) -> frozenset[str]:
    """SKUs of changes made together; two of one cell are refused: each would undo the other."""
    taken: dict[str, Bools] = {}
    names: set[str] = set()
    for chosen in selections:
        aim = chosen.scope.activation
        if aim not in taken:
            taken[aim] = np.zeros(chosen.plan.base.shape3, dtype=bool)
        at = np.ix_(chosen.skus, chosen.doors, chosen.weeks)
        if taken[aim][at].any():
            raise OutOfBounds(f"Two of these changes mean the same cells: {chosen.scope}.")
        taken[aim][at] = True
        names |= chosen.names
    return frozenset(names)
