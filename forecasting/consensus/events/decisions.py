"""What is decided about a featured SKU that may run out, and that it was carried out."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Self

from forecasting.consensus.events.body import (
    Answering,
    Body,
    CalendarEdit,
    Kind,
    Stored,
    SupplyChange,
    Told,
    moves_of,
)
from forecasting.consensus.moves import Move


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided(Body):
    """One option was chosen; each action is a kind of its own and says the same of it."""

    activation: str
    sku: str
    """The featured SKU that it is about."""
    text: str
    """What is to be done, in words."""
    owner: str
    due: dt.date
    cost: float
    """Money; so is `margin_saved`."""
    units_saved: float
    """Expected units short that it prevents."""
    margin_saved: float | None
    """None: no margin is known."""
    short: float
    """Expected units short before it."""
    weeks_ahead: int
    """Weeks from the decision to the activation's start; 0 or less: it runs already."""
    moves: tuple[Move, ...] = ()
    """What has to be moved or brought forward."""
    edit: CalendarEdit | None = None
    """What it changes in the marketing calendar."""
    answers: Answering | None = None
    """The proposal that was accepted by it."""

    @classmethod
    def read(cls, stored: Stored) -> Self:
        """As read from the ledger."""
        margin = stored["margin_saved"]
        return cls(
            activation=str(stored["featured"]["activation"]),
            sku=str(stored["featured"]["sku"]),
            text=str(stored["said"]),
            owner=str(stored["owner"]),
            due=dt.date.fromisoformat(stored["due"]),
            cost=float(stored["cost"]),
            units_saved=float(stored["units_saved"]),
            margin_saved=None if margin is None else float(margin),
            short=float(stored["short"]),
            weeks_ahead=int(stored["weeks_ahead"]),
            moves=moves_of(stored),
            edit=CalendarEdit.read(stored) if "activation" in stored else None,
            answers=Answering.read(stored),
        )

    def write(self) -> dict[str, Any]:
        """As stored in the ledger."""
        body: dict[str, Any] = {
            "featured": {"activation": self.activation, "sku": self.sku},
            "said": self.text,
            "owner": self.owner,
            "due": self.due.isoformat(),
            "cost": self.cost,
            "units_saved": self.units_saved,
            "margin_saved": self.margin_saved,
            "short": self.short,
            "weeks_ahead": self.weeks_ahead,
        }
        if self.moves:
            body["moves"] = [move.to_dict() for move in self.moves]
        if self.edit is not None:
            body |= self.edit.write()
        if self.answers is not None:
            body |= self.answers.write()
        return body

    def sentence(self, event: Told) -> str:
        """In plain words."""
        return f"decided: {self.text}" + (self.answers.words if self.answers else "")

    @property
    def answering(self) -> Answering | None:
        """The proposal that was accepted by it."""
        return self.answers

    @property
    def calendar(self) -> CalendarEdit | None:
        """What it changes in the marketing calendar."""
        return self.edit

    @property
    def supply(self) -> SupplyChange | None:
        """Its moves."""
        if not self.moves:
            return None
        return SupplyChange(decision=None, moves=self.moves, stands=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expedited(Decided):
    """Open orders come earlier."""

    kind = Kind.EXPEDITE


@dataclass(frozen=True, slots=True, kw_only=True)
class Postponed(Decided):
    """Open orders come later."""

    kind = Kind.POSTPONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Transferred(Decided):
    """Other places give units."""

    kind = Kind.TRANSFER


@dataclass(frozen=True, slots=True, kw_only=True)
class Shifted(Decided):
    """Another SKU is featured instead."""

    kind = Kind.SHIFT


@dataclass(frozen=True, slots=True, kw_only=True)
class Reduced(Decided):
    """The activation is cut back."""

    kind = Kind.REDUCE


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskAccepted(Decided):
    """It is left as it is."""

    kind = Kind.ACCEPT


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered(Decided):
    """More is ordered from the supplier."""

    kind = Kind.ORDER


BY_KIND: dict[Kind, type[Decided]] = {
    made.kind: made
    for made in (Expedited, Postponed, Transferred, Shifted, Reduced, RiskAccepted, Ordered)
}
"""The body of each action."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderReleased(Body):
    """Approved orders went to the supplier: they count on, and are not taken back any more."""

    kind = Kind.ORDERED
    target: int
    """Number of the decision."""
    text: str
    numbers: tuple[int, ...] = ()
    """Which orders of the buy plan's approval; none: the Bridge's one order."""

    @classmethod
    def read(cls, stored: Stored) -> Self:
        """As read from the ledger."""
        return cls(
            target=int(stored["target"]), text=str(stored["said"]), numbers=_numbers(stored)
        )

    def write(self) -> dict[str, Any]:
        """As stored in the ledger."""
        return {"target": self.target, "said": self.text, **_written(self.numbers)}

    def sentence(self, event: Told) -> str:
        """In plain words."""
        if self.numbers:
            return f"released {self.text} to the supplier (#{self.target})"
        return f"released order #{self.target} to the supplier: {self.text}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed(Body):
    """A decision was carried out: stock and orders of the files hold what it moves."""

    kind = Kind.CLOSE
    target: int
    """Number of the decision."""
    text: str
    moves: tuple[Move, ...] = ()
    numbers: tuple[int, ...] = ()
    """Which orders of the buy plan's approval; none: all of the decision."""

    @classmethod
    def read(cls, stored: Stored) -> Self:
        """As read from the ledger."""
        return cls(
            target=int(stored["target"]), text=str(stored["said"]), moves=moves_of(stored),
            numbers=_numbers(stored),
        )  # fmt: skip

    def write(self) -> dict[str, Any]:
        """As stored in the ledger."""
        moves = [move.to_dict() for move in self.moves]
        return {
            "target": self.target, "said": self.text, "moves": moves, "stand": False,
            **_written(self.numbers),
        }  # fmt: skip

    def sentence(self, event: Told) -> str:
        """In plain words."""
        return f"closed #{self.target}: {self.text}"

    @property
    def supply(self) -> SupplyChange:
        """Its moves count no more."""
        return SupplyChange(decision=self.target, moves=self.moves, stands=False)


def _numbers(stored: Stored) -> tuple[int, ...]:
    return tuple(int(n) for n in stored.get("numbers", ()))


def _written(numbers: tuple[int, ...]) -> dict[str, Any]:
    return {"numbers": list(numbers)} if numbers else {}
