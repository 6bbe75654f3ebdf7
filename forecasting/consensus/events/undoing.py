"""Taking back: one type for each thing that has to be put back as it was.

All are events of one kind, and which it is shows in what they store: their first form had no
name for it, and is still what is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from forecasting.consensus.activations import Activation
from forecasting.consensus.events.body import (
    AGREED,
    Body,
    CalendarState,
    Kind,
    Stored,
    SupplyChange,
    Told,
    activation_of,
    moves_of,
)
from forecasting.consensus.moves import Move


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone(Body):
    """An event was taken back, or brought back where it was; nothing else has to move."""

    kind = Kind.UNDO
    target: int
    """Number of the event that is taken back; never of an undo."""

    @classmethod
    def read(cls, stored: Stored) -> Undone:
        """As read from the ledger, as what it takes back."""
        target = int(stored["target"])
        if stored.get("input") == AGREED:
            return AgreementUndone(target=target, standing=int(stored["standing"]))
        if "input" in stored:
            sensing = bool(stored.get("sensing", False))
            return InputUndone(target=target, input=str(stored["input"]), sensing=sensing)
        if "hold" in stored:
            return HoldUndone(target=target)
        if "activation" in stored:
            return CalendarUndone(
                target=target, activation=str(stored["activation"]),
                state=activation_of(stored["activation_state"]),
            )  # fmt: skip
        if "moves" in stored:
            return MovesUndone(
                target=target, moves=moves_of(stored), stands=bool(stored.get("stand", True))
            )
        return Undone(target=target)

    def write(self) -> dict[str, Any]:
        """As stored in the ledger."""
        return {"target": self.target}

    def sentence(self, event: Told) -> str:
        """In plain words."""
        return f"took back #{self.target}"


@dataclass(frozen=True, slots=True, kw_only=True)
class InputUndone(Undone):
    """A change of an input."""

    input: str
    sensing: bool = False
    """It was a weekly correction."""

    def write(self) -> dict[str, Any]:
        """As stored in the ledger."""
        more = {"sensing": True} if self.sensing else {}
        return {"target": self.target, "input": self.input, **more}

    @property
    def whose(self) -> str:
        """The input it belongs to."""
        return self.input

    @property
    def is_sensing(self) -> bool:
        """Whether it was a weekly correction."""
        return self.sensing


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementUndone(Undone):
    """What the meeting agreed on."""

    standing: int
    """-1: each leaf has one agreement less that stands; 1: one more again."""

    def write(self) -> dict[str, Any]:
        """As stored in the ledger."""
        return {"target": self.target, "input": AGREED, "standing": self.standing}

    @property
    def whose(self) -> str:
        """Nobody's own."""
        return AGREED


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldUndone(Undone):
    """A hold."""

    def write(self) -> dict[str, Any]:
        """As stored in the ledger."""
        return {"target": self.target, "hold": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class MovesUndone(Undone):
    """A decision on supply."""

    moves: tuple[Move, ...]
    stands: bool
    """Whether the moves count from now on, or no more."""

    def write(self) -> dict[str, Any]:
        """As stored in the ledger."""
        moves = [move.to_dict() for move in self.moves]
        return {"target": self.target, "moves": moves, "stand": self.stands}

    @property
    def supply(self) -> SupplyChange:
        """The decision's moves."""
        return SupplyChange(decision=self.target, moves=self.moves, stands=self.stands)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarUndone(Undone):
    """A change of the marketing calendar."""

    activation: str
    state: Activation | None
    """What it is again; None: it is not in the calendar any more."""

    def write(self) -> dict[str, Any]:
        """As stored in the ledger."""
        state = self.state.to_dict() if self.state else None
        return {
            "target": self.target, "activation": self.activation, "activation_state": state
        }  # fmt: skip

    @property
    def calendar(self) -> CalendarState:
        """What the activation is again."""
        return CalendarState(activation=self.activation, after=self.state)
