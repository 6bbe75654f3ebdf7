"""One's own last steps, to take back and bring back one by one: what Ctrl+Z means here.

A step is what a person wrote at once: one number, a paste, a fill, a change of several weeks,
a workbook. It is taken back as one, by events like any others; nothing is erased.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from forecasting.arguments import verbs
from forecasting.consensus.events import Event, Kind
from forecasting.consensus.events.undoing import Undone
from forecasting.errors import Refused
from forecasting.governance.desk import Desk
from forecasting.governance.projector import Projector, Recorded
from forecasting.record.reversals import Reversals

MOST = 100
"""Steps of a person that are remembered; older ones are taken back one change at a time."""

Step = tuple[int, ...]
"""Sequence numbers of what was written at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """What one person can take back, and bring back; the last one is the next."""

    done: tuple[Step, ...] = ()
    undone: tuple[Step, ...] = ()
    backs: Mapping[int, int] = field(default_factory=dict)
    """By change, the event that took it back: taking that back brings the change back."""


@verbs
class Steps(Projector[Mapping[str, Stack]]):
    """Verbs of one step back and forth.

    Steps are those since the product was started; what was done before is taken back where
    it is listed.

    Parameters
    ----------
    desk : Desk
    reversals : Reversals
    """

    kinds = (Kind.OVERRIDE, Kind.UNDO)

    def __init__(self, desk: Desk, reversals: Reversals) -> None:
        self._desk, self._reversals = desk, reversals
        self._state: Mapping[str, Stack] = {}
        self._taken = desk.ledger.seq

    def _begin(self) -> Mapping[str, Stack]:
        return {}

    def take_up(self, ledger: Recorded) -> None:
        """Forget: what is in memory is made anew, and so are steps."""
        self._state, self._taken = self._begin(), ledger.seq

    def _with(self, state: Mapping[str, Stack], events: Sequence[Event]) -> Mapping[str, Stack]:
        stacks = dict(state)
        for together in _written_together(events):
            first = together[0]
            stack = stacks.get(first.person, Stack())
            if first.kind is Kind.OVERRIDE:
                step = tuple(event.seq for event in together)
                stacks[first.person] = Stack(done=(*stack.done, step)[-MOST:])
            else:
                by = {e.body.target: e.seq for e in together if isinstance(e.body, Undone)}
                stacks = {who: _turned(mine, by) for who, mine in stacks.items()}
        return stacks

    def of(self, by: str) -> Stack:
        """What a person can take back and bring back."""
        self._desk.allowed(by, "read")
        return self._state.get(by, Stack())

    def step(self, by: str, seq: int) -> Step:
        """What was written together with a change of the person's; the change alone where
        that is not known any more.
        """
        stack = self.of(by)
        return next((s for s in (*stack.done, *stack.undone) if seq in s), (seq,))

    def back(self, by: str) -> list[Event]:
        """Take the last step back.

        Raises
        ------
        Refused
            If there is none.
        """
        self._desk.allowed(by, "undo")
        stack = self.of(by)
        if not stack.done:
            raise Refused("There is no step of yours to take back since you came.")
        return self._reversals.undo_all(by, stack.done[-1])

    def forth(self, by: str) -> list[Event]:
        """Bring back the step that was taken back last.

        Raises
        ------
        Refused
            If there is none.
        """
        self._desk.allowed(by, "undo")
        stack = self.of(by)
        if not stack.undone:
            raise Refused("There is no step of yours to bring back.")
        return self._reversals.undo_all(by, [stack.backs[seq] for seq in stack.undone[-1]])


def _written_together(events: Sequence[Event]) -> list[list[Event]]:
    """Events in a row of one person, of one kind, that were committed at one moment."""
    groups: list[list[Event]] = []
    for event in events:
        last = groups[-1][-1] if groups else None
        joins = last is not None and (
            (last.person, last.kind, last.recorded_at, last.seq + 1, last.note)
            == (event.person, event.kind, event.recorded_at, event.seq, event.note)
        )
        if joins:
            groups[-1].append(event)
        else:
            groups.append([event])
    return groups


def _turned(stack: Stack, by: Mapping[int, int]) -> Stack:
    """What is left once some changes were taken back, or brought back.

    Parameters
    ----------
    by : mapping
        Change to the event that did it.
    """
    done, undone = [*stack.done], [*stack.undone]
    targets = set(by)
    for source, target in ((done, undone), (undone, done)):
        for at, step in reversed(list(enumerate(source))):
            turned = tuple(seq for seq in step if seq in targets)
            left = tuple(seq for seq in step if seq not in targets)
            targets -= set(turned)
            if turned:
                source[at : at + 1] = [left] if left else []
                target.append(turned)
    gone = {seq: by.get(seq) or stack.backs[seq] for step in undone for seq in step}
    return Stack(done=tuple(done), undone=tuple(undone), backs=gone)
