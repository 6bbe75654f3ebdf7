"""What a module keeps in memory of the ledger: one value, replaced by another with each batch.

A reader takes the value once and has something that nobody changes any more. Where taking
events failed, or memory is in doubt, the same function makes the value anew from the whole
ledger, so what is in memory is always what the ledger says.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar, Generic, Protocol, TypeVar

from forecasting.consensus.events import Event, Kind

S = TypeVar("S")


class Recorded(Protocol):
    """Where events stand for good."""

    seq: int
    """Number of the last one."""

    def of_kinds(self, *kinds: Kind) -> list[Event]:
        """Every event of some kinds, oldest first."""


class Projector(ABC, Generic[S]):
    """Folds some kinds of events into a value."""

    kinds: ClassVar[tuple[Kind, ...]]
    """What it folds; all else is passed over."""
    _state: S
    _taken: int = 0
    """The last event that is in the state: none is taken twice."""

    @abstractmethod
    def _begin(self) -> S:
        """The state before the first event."""

    @abstractmethod
    def _with(self, state: S, events: Sequence[Event]) -> S:
        """A new state that has taken some events; the one given is left as it is."""

    def apply(self, events: Sequence[Event]) -> None:
        """Take events, in order; those that are in the state already are passed over."""
        mine = [e for e in events if e.kind in self.kinds and e.seq > self._taken]
        if mine:
            self._state = self._with(self._state, mine)
            self._taken = mine[-1].seq
            self._replaced()

    def take_up(self, ledger: Recorded) -> None:
        """Make the state anew from the ledger."""
        events = ledger.of_kinds(*self.kinds)
        self._state = self._with(self._begin(), events)
        self._taken = max((e.seq for e in events), default=0)
        self._replaced()

    def _replaced(self) -> None:
        """Called when another state has taken the place of the one before."""
