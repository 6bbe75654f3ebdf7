"""What a kind of event says besides who, when and where: the ground of every body."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, Protocol, Self

from forecasting.consensus.activations import Activation
from forecasting.consensus.moves import Move
from forecasting.vocabulary import Measure

AGREED = "agreed"
"""The input that an agreement belongs to: nobody's own."""
Stored = Mapping[str, Any]
"""A body as the ledger has it: JSON."""


class Kind(StrEnum):
    """What happened."""

    OVERRIDE = "override"
    HOLD = "hold"
    RELEASE = "release"
    COMMENT = "comment"
    ACTIVATION = "activation"
    LIFT = "lift"
    UNDO = "undo"
    IMPORT = "import"
    ROLLBACK = "rollback"
    RUN = "run"
    PERSON = "person"
    GROUP = "group"
    SETTING = "setting"
    CYCLE = "cycle"
    SUBMIT = "submit"
    AGREE = "agree"
    SIGN = "sign"
    ADOPT = "adopt"
    RESOLVE = "resolve"
    PUBLISH = "publish"
    ASSUMPTION = "assumption"
    ACTION = "action"
    DECISION = "decision"
    EXPEDITE = "expedite"
    TRANSFER = "transfer"
    POSTPONE = "postpone"
    SHIFT = "shift"
    REDUCE = "reduce"
    ACCEPT = "accept"
    CLOSE = "close"
    ORDER = "order"
    ORDERED = "ordered"
    APPROVE = "approve"
    WITHDRAW = "withdraw"
    SENSE = "sense"
    QUARTER = "quarter"
    REASON = "reason"
    ACCEPT_ODD = "accept_odd"
    CONVENTIONS = "conventions"
    SOURCE = "source"
    PROPOSE = "propose"
    ANSWER = "answer"
    VIEW = "view"
    TOKEN = "token"  # noqa: S105  (a name)
    SCHEDULE = "schedule"
    FEED = "feed"
    READING = "reading"


class Told(Protocol):
    """What a sentence may speak of beside the body: the rest of its event."""

    @property
    def scope(self) -> object:
        """Where it means."""

    @property
    def operation(self) -> str:
        """How its value is meant."""

    @property
    def value(self) -> float | None:
        """As the person gave it."""

    @property
    def note(self) -> str:
        """What the person entered."""

    @property
    def function(self) -> str:
        """What the person spoke for."""

    @property
    def cycle(self) -> str:
        """The cycle that it belongs to."""

    @property
    def units(self) -> float:
        """Net change of demand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarState:
    """What an event leaves an activation as."""

    activation: str
    after: Activation | None
    """None: it is not in the calendar any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarEdit(CalendarState):
    """A change of an activation that also says what it was before."""

    before: Activation | None
    """None: it is new."""

    @classmethod
    def read(cls, stored: Stored) -> Self:
        """As read from the ledger."""
        return cls(
            activation=str(stored["activation"]),
            before=activation_of(stored["before"]),
            after=activation_of(stored["after"]),
        )

    def write(self) -> dict[str, Any]:
        """As stored in the ledger."""
        return {
            "activation": self.activation,
            "before": self.before.to_dict() if self.before else None,
            "after": self.after.to_dict() if self.after else None,
        }

    @property
    def name(self) -> str:
        """What the activation is called."""
        known = self.after or self.before
        return known.name if known else self.activation


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyChange:
    """Moves of supply that are to be counted from now on, or not any more."""

    decision: int | None
    """Number of the event that decided them; None: this one."""
    moves: tuple[Move, ...]
    stands: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """That a decision accepts what somebody else proposed."""

    proposal: int
    """Number of the event that proposed it."""
    by: str
    """Name of who did."""
    changed: bool
    """With other values than were proposed."""

    @classmethod
    def read(cls, stored: Stored) -> Self | None:
        """As read from a decision; None where it answers nothing."""
        found = stored.get("answers")
        if found is None:
            return None
        return cls(
            proposal=int(found["proposal"]), by=str(found["by"]), changed=bool(found["changed"])
        )

    def write(self) -> dict[str, Any]:
        """As stored in a decision."""
        return {"answers": {"proposal": self.proposal, "by": self.by, "changed": self.changed}}

    @property
    def words(self) -> str:
        """What it adds to the sentence of a decision."""
        how = "changed from what" if self.changed else "as"
        return f", {how} {self.by} proposed (#{self.proposal})"


class Body(ABC):
    """What one kind of event says; a frozen value, never a loose mapping.

    A body that comes to say something else gets a higher `version`: what is in the ledger is
    never written anew, so every version that was ever written goes on being read (`reading`).
    A field that is merely added, with a default for events that lack it, needs none.
    """

    __slots__ = ()

    kind: ClassVar[Kind]
    version: ClassVar[int] = 1
    """What `write` gives now."""

    @classmethod
    @abstractmethod
    def read(cls, stored: Stored) -> Body:
        """As read from the ledger, in the present version."""

    @abstractmethod
    def write(self) -> dict[str, Any]:
        """As stored in the ledger; days may stay days."""

    @abstractmethod
    def sentence(self, event: Told) -> str:
        """The event in plain words, without who and when."""

    # What only some kinds speak of ------------------------------------------------------

    @property
    def whose(self) -> str:
        """The input it belongs to; '' where that is the function's own."""
        return ""

    @property
    def measured_in(self) -> Measure:
        """What the event's value is counted in."""
        return Measure.UNITS

    @property
    def link(self) -> str:
        """Link to what the person goes by, '' where none was given."""
        return ""

    @property
    def calendar(self) -> CalendarState | None:
        """What it does to the marketing calendar; None: nothing."""
        return None

    @property
    def supply(self) -> SupplyChange | None:
        """What it does to supply; None: nothing."""
        return None

    @property
    def answering(self) -> Answering | None:
        """The proposal that it accepts; None: none."""
        return None

    @property
    def is_sensing(self) -> bool:
        """Whether it is a weekly correction, or the undoing of one."""
        return False


def activation_of(stored: Stored | None) -> Activation | None:
    """An activation as it is stored, None where there was none."""
    return None if stored is None else Activation.from_dict(stored)


def moves_of(stored: Stored) -> tuple[Move, ...]:
    """Moves of supply, as the ledger has them."""
    return tuple(Move.from_dict(move) for move in stored.get("moves", ()))
