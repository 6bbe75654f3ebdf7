"""Taking back: a change is undone by another event, and that one by a third.

What is taken back is what the change did, leaf by leaf, and only where nobody has changed
it since.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from forecasting.arguments import ClientId, verbs
from forecasting.consensus.events import Event, Kind, Leaves, Scope
from forecasting.consensus.events.body import CalendarEdit
from forecasting.consensus.events.calendar import ActivationSaved, LiftSet
from forecasting.consensus.events.cycle import Agreed
from forecasting.consensus.events.decisions import Decided, Reduced, Shifted
from forecasting.consensus.events.inputs import Commented, Held, Overridden, Sensed
from forecasting.consensus.events.orders import OrdersApproved
from forecasting.consensus.events.undoing import (
    AgreementUndone,
    CalendarUndone,
    HoldUndone,
    InputUndone,
    Undone,
)
from forecasting.consensus.overrides import StackedChange, inverse, leaves_of, undone
from forecasting.errors import OutOfBounds, Refused, UnknownName
from forecasting.governance.desk import Desk, Request
from forecasting.governance.projector import Projector
from forecasting.rights import Person, require
from forecasting.weekly import decisions
from forecasting.weekly.activations import MarketingCalendar
from forecasting.weekly.decisions import Decisions
from forecasting.weekly.ordering import Orders

UNDOABLE = frozenset(
    {
        Kind.OVERRIDE, Kind.AGREE, Kind.SENSE, Kind.HOLD, Kind.COMMENT, Kind.ACTIVATION,
        Kind.LIFT, Kind.UNDO, Kind.APPROVE, *decisions.KINDS,
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
    orders : Orders
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
        orders: Orders,
        seen_by: Callable[[str, list[Event]], list[Event]],
    ) -> None:
        self._desk, self._calendar, self._decisions = desk, calendar, decisions
        self._orders, self._seen_by = orders, seen_by
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
                body,
                scope=aim,
                base=self._desk.ledger.seq,
                leaves=preview.leaves,
            )

        return self._desk.submit(prepare, Request.of(client_id, actor, Kind.UNDO))

    def undo_all(self, by: str, seqs: Sequence[int]) -> list[Event]:
        """Take several changes back together: all of them, or none if one is refused.

        They must not be changes of the same cells: each is taken back as if it were alone.

        Raises
        ------
        NotAllowed, UnknownName, Refused
            As of `undo`.
        """
        actor = self._desk.allowed(by, "undo")
        if len(set(seqs)) < len(seqs):
            raise OutOfBounds("One of these changes is named twice.")

        def prepared(seq: int) -> Callable[[], Event]:
            def prepare() -> Event:
                preview, body, aim = self._undo_of(actor, seq)
                base, leaves = self._desk.ledger.seq, preview.leaves
                return self._desk.event(actor, body, scope=aim, base=base, leaves=leaves)

            return prepare

        asked = [(Request.of(None, actor, Kind.UNDO), prepared(seq)) for seq in seqs]
        return self._desk.submit_all(asked, touches=frozenset()) if asked else []

    def has_taken_back(self, seq: int) -> bool:
        """Whether a change stands taken back."""
        return seq in self._state

    def _undo_of(self, actor: Person, seq: int) -> tuple[UndoPreview, Undone, Scope | None]:
        """Preview, body and aim of the event that takes `seq` back."""
        found = self._desk.ledger.event(seq)
        # What is collected blind is not there for others, whatever number they guess.
        event = next(iter(self._seen_by(actor.id, [found] if found else [])), None)
        if event is None:
            raise UnknownName(f"There is no change #{seq}.")
        if event.person != actor.id:
            require(actor, "undo others' changes")
        root = event
        if isinstance(event.body, Undone):
            found = self._desk.ledger.event(event.body.target)
            assert found is not None
            root = found
            if root.seq not in self._state:
                raise Refused(f"#{root.seq} has been brought back already.")
        elif root.seq in self._state:
            raise Refused(f"#{root.seq} has been taken back already.")
        alone = UndoPreview(event=root, leaves=Leaves(), n_superseded=0)
        match root.body:
            case Overridden() | Agreed() | Sensed():
                return self._undo_override(root)
            case ActivationSaved() | LiftSet() | Shifted() | Reduced():
                if root.kind in decisions.KINDS:
                    self._decisions.undone(root)  # refused where it was carried out
                return alone, self._undo_activation(root), None
            case Decided():
                return alone, self._decisions.undone(root), None
            case OrdersApproved():
                return alone, self._orders.undone(root), None
            case Held() if event is root:
                return alone, HoldUndone(target=root.seq), None
            case Commented():
                return alone, Undone(target=root.seq), None
        raise Refused(f"A change of the kind '{root.kind.value}' cannot be taken back here.")

    def _undo_override(self, root: Event) -> tuple[UndoPreview, Undone, Scope | None]:
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
        body: Undone = InputUndone(
            target=root.seq, input=root.input_of, sensing=isinstance(root.body, Sensed)
        )
        if isinstance(root.body, Agreed):
            if root.cycle != self._desk.cycle:
                raise Refused(
                    f"#{root.seq} was agreed in the cycle {root.cycle}, which is over."
                )
            stands = 1 if root.seq in self._state else -1
            body = AgreementUndone(target=root.seq, standing=stands)
            # Every leaf says that the agreement stands no more, moved or not.
            kept = leaves.by_leaf()
            leaves = leaves_of({leaf: kept.get(leaf, 0) for leaf in root.leaves.by_leaf()})
            preview = replace(preview, leaves=leaves)
        return preview, body, root.scope

    def _undo_activation(self, root: Event) -> CalendarUndone:
        edit = root.body.calendar
        assert isinstance(edit, CalendarEdit)
        identity, back = edit.activation, root.seq in self._state
        left = edit.before if back else edit.after
        # What followed it and was taken back itself is not in the way.
        if left is None or left != self._calendar.at(identity):
            for later in self._desk.ledger.tail(root.seq):
                mine = later.body.calendar
                if mine is None or mine.activation != identity:
                    continue
                if not isinstance(later.body, Undone) or later.body.target != root.seq:
                    name = self._desk.person(later.person).name
                    raise Refused(
                        f"{name} changed {identity} after that (#{later.seq}); "
                        "take that back first."
                    )
        state = edit.after if back else edit.before
        return CalendarUndone(target=root.seq, activation=identity, state=state)
