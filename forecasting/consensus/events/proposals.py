"""What one function proposes for another to decide, and what becomes of it.

A proposal changes nothing. Where it is accepted, the decision is an event of whoever decides,
and says which proposal it answers (`Answering`): one event, so that no decision stands whose
proposal still waits, and none is answered without its decision. Declining and withdrawing
are events of their own.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Self

from forecasting.consensus.events.body import (
    Body,
    CalendarEdit,
    Kind,
    Stored,
    Told,
    moves_of,
)
from forecasting.consensus.moves import Move
from forecasting.rights import RIGHTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """What a proposal was worth when it was made."""

    units: float
    """Of an option or orders, expected units short that they prevent; of a change of the
    calendar, units of demand that it adds."""
    margin: float | None
    """Money; None: no margin is known. Sales given up count against it."""
    cost: float
    """Money that carrying it out costs."""
    first_week: dt.date
    last_week: dt.date
    """First days of the first and last week that the figures are of."""
    as_of: dt.date
    """First day of the last week that the plan knew."""

    @classmethod
    def read(cls, stored: Stored) -> Self:
        """As read from the ledger."""
        margin = stored["margin"]
        return cls(
            units=float(stored["units"]),
            margin=None if margin is None else float(margin),
            cost=float(stored["cost"]),
            first_week=dt.date.fromisoformat(stored["first_week"]),
            last_week=dt.date.fromisoformat(stored["last_week"]),
            as_of=dt.date.fromisoformat(stored["as_of"]),
        )

    def write(self) -> dict[str, Any]:
        """As stored in the ledger."""
        return {
            "units": self.units, "margin": self.margin, "cost": self.cost,
            "first_week": self.first_week.isoformat(),
            "last_week": self.last_week.isoformat(), "as_of": self.as_of.isoformat(),
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed(Body):
    """Something was proposed to the functions that have a right."""

    kind = Kind.PROPOSE
    right: str
    """The right that it takes to decide it (rights.RIGHTS)."""
    text: str
    """What would be done, in words."""
    activation: str
    worth: Worth

    def sentence(self, event: Told) -> str:
        """In plain words."""
        return f"proposed to {holders(self.right)}: {self.text}"

    def _written(self) -> dict[str, Any]:
        return {
            "right": self.right, "said": self.text, "worth": self.worth.write(),
            "about": self.activation,
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionProposed(Proposed):
    """An option for a featured SKU that is short."""

    sku: str
    moves: tuple[Move, ...] = ()
    """What would have to be ordered, moved or brought forward."""
    edit: CalendarEdit | None = None
    """What it would change in the marketing calendar."""
    substitute: str = ""
    """Of a shift, the SKU that is featured instead."""
    lift_kept: float = 1.0
    """Of a reduction, the share of the lift that is left."""
    short_before: float = 0.0
    """Expected units short in the activation without it."""
    short_after: float | None = None
    """And with it."""
    last_date: dt.date | None = None
    """Last day on which it could be decided, as it was worked out."""
    warning: str = ""
    """What else it makes short, in words, as it was worked out."""

    @classmethod
    def read(cls, stored: Stored) -> Self:
        """As read from the ledger."""
        after, last = stored["short_after"], stored["last_date"]
        return cls(
            right=str(stored["right"]),
            text=str(stored["said"]),
            activation=str(stored["about"]),
            worth=Worth.read(stored["worth"]),
            sku=str(stored["sku"]),
            moves=moves_of(stored),
            edit=CalendarEdit.read(stored["edit"]) if stored["edit"] else None,
            substitute=str(stored["substitute"]),
            lift_kept=float(stored["lift_kept"]),
            short_before=float(stored["short_before"]),
            short_after=None if after is None else float(after),
            last_date=None if last is None else dt.date.fromisoformat(last),
            warning=str(stored.get("warning", "")),
        )

    def write(self) -> dict[str, Any]:
        """As stored in the ledger."""
        return {
            **self._written(),
            "sku": self.sku,
            "moves": [move.to_dict() for move in self.moves],
            "edit": self.edit.write() if self.edit else None,
            "substitute": self.substitute,
            "lift_kept": self.lift_kept,
            "short_before": self.short_before,
            "short_after": self.short_after,
            "last_date": self.last_date.isoformat() if self.last_date else None,
            "warning": self.warning,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeProposed(Proposed):
    """A change of the marketing calendar."""

    change: CalendarEdit
    file: str = ""
    """The files that it came with; '' where a person made it."""

    @classmethod
    def read(cls, stored: Stored) -> Self:
        """As read from the ledger."""
        return cls(
            right=str(stored["right"]),
            text=str(stored["said"]),
            activation=str(stored["about"]),
            worth=Worth.read(stored["worth"]),
            change=CalendarEdit.read(stored["change"]),
            file=str(stored["file"]),
        )

    def write(self) -> dict[str, Any]:
        """As stored in the ledger."""
        return {**self._written(), "change": self.change.write(), "file": self.file}


@dataclass(frozen=True, slots=True, kw_only=True)
class OrdersProposed(Proposed):
    """Orders of the buy plan, several at once; they belong to no activation."""

    activation: str = ""
    moves: tuple[Move, ...]
    """A line per SKU, place and week of arrival, as they would be approved."""
    spend: float | None
    """At unit cost; None: not all costs are known. No cost of it: the units are there then."""

    @property
    def skus(self) -> tuple[str, ...]:
        """What would be ordered."""
        return tuple(dict.fromkeys(m.sku for m in self.moves))

    @classmethod
    def read(cls, stored: Stored) -> Self:
        """As read from the ledger."""
        spend = stored["spend"]
        return cls(
            right=str(stored["right"]),
            text=str(stored["said"]),
            worth=Worth.read(stored["worth"]),
            moves=tuple(Move.from_dict(move) for move in stored["orders"]),
            spend=None if spend is None else float(spend),
        )

    def write(self) -> dict[str, Any]:
        """As stored in the ledger."""
        orders = [move.to_dict() for move in self.moves]
        return {**self._written(), "orders": orders, "spend": self.spend}


def read_proposed(stored: Stored) -> Body:
    """What was proposed, as read from the ledger: one kind holds all three."""
    if "orders" in stored:
        return OrdersProposed.read(stored)
    return (ChangeProposed if "change" in stored else OptionProposed).read(stored)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered(Body):
    """A proposal was declined by who decides, or withdrawn by who made it."""

    kind = Kind.ANSWER
    target: int
    """Number of the event that proposed it."""
    text: str
    """What was proposed, in words."""
    by: str
    """Name of who proposed it."""
    withdrawn: bool = False

    @classmethod
    def read(cls, stored: Stored) -> Self:
        """As read from the ledger."""
        return cls(
            target=int(stored["target"]), text=str(stored["said"]), by=str(stored["by"]),
            withdrawn=bool(stored["withdrawn"]),
        )  # fmt: skip

    def write(self) -> dict[str, Any]:
        """As stored in the ledger."""
        return {
            "target": self.target, "said": self.text, "by": self.by,
            "withdrawn": self.withdrawn,
        }  # fmt: skip

    def sentence(self, event: Told) -> str:
        """In plain words."""
        if self.withdrawn:
            return f"withdrew the proposal #{self.target}: {self.text}"
        why = f", because: {event.note}" if event.note else ""
        return f"declined the proposal #{self.target} of {self.by}: {self.text}{why}"


def holders(right: str) -> str:
    """The functions that have a right, in words."""
    return " or ".join(function.label for function in RIGHTS.get(right, ()))
