"""Taking back: a change is undone by another event, and that one by a third.

What is taken back is what the change did, leaf by leaf, and only where nobody has changed
it since.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from forecasting.arguments import ClientId, verbs
from forecasting.consensus.activations import Activation
from forecasting.consensus.events import Event, Kind, Leaves, Scope
from forecasting.consensus.overrides import StackedChange, inverse, leaves_of, undone
from forecasting.errors import Refused, UnknownName
from forecasting.governance.desk import Desk, Request
from forecasting.governance.projector import Projector
from forecasting.rights import Person, require
from forecasting.weekly import decisions
from forecasting.weekly.activations import MarketingCalendar
from forecasting.weekly.decisions import Decisions

UNDOABLE = frozenset(
    {
        Kind.OVERRIDE, Kind.AGREE, Kind.SENSE, Kind.HOLD, Kind.COMMENT, Kind.ACTIVATION,
        Kind.LIFT, Kind.UNDO, *decisions.KINDS,
    }
)  # fmt: skip
"""Kinds of events that can be taken back (`Reversals.undo`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoPreview:
    """What taking an event back would do."""

    event: Event
    leaves: Leaves
    """Deltas that would be written."""
    n_superseded: int
    """Leaves left alone, because somebody changed them later or they are back already."""


@verbs
class Reversals(Projector[frozenset[int]]):
    """Verbs of taking back.

    Parameters
    ----------
    desk : Desk
    calendar : MarketingCalendar
    decisions : Decisions
    seen_by : callable
        Given a person's id and events, those that the person may see.
    """

    kinds = (Kind.UNDO,)

    def __init__(
        self,
        desk: Desk,
        *,
        calendar: MarketingCalendar,
        decisions: Decisions,
        seen_by: Callable[[str, list[Event]], list[Event]],
    ) -> None:
        self._desk, self._calendar, self._decisions = desk, calendar, decisions
        self._seen_by = seen_by
        self.take_up(desk.ledger)

    def _begin(self) -> frozenset[int]:
        return frozenset()

    def _with(self, state: frozenset[int], events: Sequence[Event]) -> frozenset[int]:
        return state ^ undone(events)  # what is taken back once more stands again

    def preview(self, by: str, seq: int) -> UndoPreview:
        """What taking one change back would do; nothing is changed."""
        actor = self._desk.allowed(by, "undo")
        return self._undo_of(actor, seq)[0]

    def undo(self, by: str, seq: int, *, client_id: ClientId | None = None) -> Event:
        """Take one change back; taking that back brings the change back.

        Raises
        ------
        NotAllowed
            If it is another person's change and the actor does not facilitate.
        Refused
            If nothing is left to take back.
        """
        actor = self._desk.allowed(by, "undo")
        self._undo_of(actor, seq)

        def prepare() -> Event:
            preview, body, aim = self._undo_of(actor, seq)
            return self._desk.event(
                actor,
                Kind.UNDO,
                scope=aim,
                body=body,
                base=self._desk.ledger.seq,
                leaves=preview.leaves,
            )

        return self._desk.submit(prepare, Request.of(client_id, actor, Kind.UNDO))

    def has_taken_back(self, seq: int) -> bool:
        """Whether a change stands taken back."""
        return seq in self._state

    def _undo_of(
        self, actor: Person, seq: int
    ) -> tuple[UndoPreview, dict[str, Any], Scope | None]:
        """Preview, body and aim of the event that takes `seq` back."""
        found = self._desk.ledger.event(seq)
        # What is collected blind is not there for others, whatever number they guess.
        event = next(iter(self._seen_by(actor.id, [found] if found else [])), None)
        if event is None:
            raise UnknownName(f"There is no change #{seq}.")
        if event.person != actor.id:
            require(actor, "undo others' changes")
        root = event
        if event.kind is Kind.UNDO:
            found = self._desk.ledger.event(int(event.body["target"]))
            assert found is not None
            root = found
            if root.seq not in self._state:
                raise Refused(f"#{root.seq} has been brought back already.")
        elif root.seq in self._state:
            raise Refused(f"#{root.seq} has been taken back already.")
        body: dict[str, Any] = {"target": root.seq}
        match root.kind:
            case Kind.OVERRIDE | Kind.AGREE | Kind.SENSE:
                return self._undo_override(root, body)
            case Kind.EXPEDITE | Kind.TRANSFER | Kind.ACCEPT:
                body |= self._decisions.undone(root)
                return UndoPreview(event=root, leaves=Leaves(), n_superseded=0), body, None
            case Kind.ACTIVATION | Kind.LIFT | Kind.SHIFT | Kind.REDUCE:
                if root.kind in decisions.KINDS:
                    self._decisions.undone(root)
                preview, body = self._undo_activation(root, body)
                return preview, body, None
            case Kind.HOLD if event.kind is not Kind.UNDO:
                body["hold"] = True
                return UndoPreview(event=root, leaves=Leaves(), n_superseded=0), body, None
            case Kind.COMMENT:
                return UndoPreview(event=root, leaves=Leaves(), n_superseded=0), body, None
        raise Refused(f"A change of the kind '{root.kind.value}' cannot be taken back here.")

    def _undo_override(
        self, root: Event, body: dict[str, Any]
    ) -> tuple[UndoPreview, dict[str, Any], Scope | None]:
        rows = self._desk.store.query("leaf_stack", seq=root.seq)
        stack = [
            StackedChange(
                seq=int(seq),
                leaf=(str(sku), str(door), np.datetime64(week, "D")),
                delta=int(delta),
                is_undo=bool(is_undo),
            )
            for seq, sku, door, week, delta, is_undo in rows.itertuples(index=False)
        ]
        leaves, superseded = inverse(stack, set(self._state ^ {root.seq}))
        preview = UndoPreview(event=root, leaves=leaves, n_superseded=len(superseded))
        body["input"] = root.input_of
        if root.kind is Kind.SENSE:
            body["sensing"] = True
        if root.kind is Kind.AGREE:
            if root.cycle != self._desk.cycle:
                raise Refused(
                    f"#{root.seq} was agreed in the cycle {root.cycle}, which is over."
                )
            body["standing"] = 1 if root.seq in self._state else -1
            # Every leaf says that the agreement stands no more, moved or not.
            kept = leaves.by_leaf()
            leaves = leaves_of({leaf: kept.get(leaf, 0) for leaf in root.leaves.by_leaf()})
            preview = replace(preview, leaves=leaves)
        return preview, body, root.scope

    def _undo_activation(
        self, root: Event, body: dict[str, Any]
    ) -> tuple[UndoPreview, dict[str, Any]]:
        identity = str(root.body["activation"])
        back = root.seq in self._state
        left = root.body["before"] if back else root.body["after"]
        # What came after it and was taken back itself is not in the way.
        if left is None or Activation.from_dict(left) != self._calendar.at(identity):
            for later in self._desk.ledger.tail(root.seq):
                if later.body.get("activation") != identity:
                    continue
                if later.kind is not Kind.UNDO or later.body.get("target") != root.seq:
                    name = self._desk.person(later.person).name
                    raise Refused(
                        f"{name} changed {identity} after that (#{later.seq}); "
                        "take that back first."
                    )
        state = root.body["after"] if back else root.body["before"]
        body |= {"activation": identity, "activation_state": state}
        return UndoPreview(event=root, leaves=Leaves(), n_superseded=0), body
