"""Orders of the buy plan: approved, several at once, and given up before they went out.

What becomes of one of them afterwards is told by the events that tell it of the Bridge's
orders: `OrderReleased` and `Closed` in `decisions`, with the numbers of those that are meant.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from forecasting.consensus.events.body import (
    Answering,
    Body,
    Kind,
    Stored,
    SupplyChange,
    Told,
    moves_of,
)
from forecasting.consensus.moves import Move


@dataclass(frozen=True, slots=True, kw_only=True)
class OrdersApproved(Body):
    """Orders of the buy plan count from now on; one decision, however many they are."""

    kind = Kind.APPROVE
    text: str
    moves: tuple[Move, ...]
    """A line per SKU, place and week of arrival; those of one SKU and week are one order."""
    cost: float | None
    """At unit cost; None: not all costs are known."""
    answers: Answering | None = None
    """The proposal that was accepted by it."""

    @classmethod
    def read(cls, stored: Stored) -> Self:
        """As read from the ledger."""
        cost = stored["cost"]
        return cls(
            text=str(stored["said"]),
            moves=moves_of(stored),
            cost=None if cost is None else float(cost),
            answers=Answering.read(stored),
        )

    def write(self) -> dict[str, Any]:
        """As stored in the ledger."""
        moves = [move.to_dict() for move in self.moves]
        body = {"said": self.text, "moves": moves, "cost": self.cost}
        return body | (self.answers.write() if self.answers else {})

    def sentence(self, event: Told) -> str:
        """In plain words."""
        return f"approved {self.text}" + (self.answers.words if self.answers else "")

    @property
    def answering(self) -> Answering | None:
        """The proposal that was accepted by it."""
        return self.answers

    @property
    def supply(self) -> SupplyChange:
        """What is ordered."""
        return SupplyChange(decision=None, moves=self.moves, stands=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrdersWithdrawn(Body):
    """Some orders of an approval were given up before they went to the supplier."""

    kind = Kind.WITHDRAW
    target: int
    """Number of the approval."""
    numbers: tuple[int, ...]
    """Which of its orders."""
    text: str
    moves: tuple[Move, ...]

    @classmethod
    def read(cls, stored: Stored) -> Self:
        """As read from the ledger."""
        return cls(
            target=int(stored["target"]),
            numbers=tuple(int(n) for n in stored["numbers"]),
            text=str(stored["said"]),
            moves=moves_of(stored),
        )

    def write(self) -> dict[str, Any]:
        """As stored in the ledger."""
        moves = [move.to_dict() for move in self.moves]
        return {
            "target": self.target, "numbers": list(self.numbers), "said": self.text,
            "moves": moves,
        }  # fmt: skip

    def sentence(self, event: Told) -> str:
        """In plain words."""
        return f"took {self.text} back before release (#{self.target})"

    @property
    def supply(self) -> SupplyChange:
        """They count no more."""
        return SupplyChange(decision=self.target, moves=self.moves, stands=False)
