"""Changes of the marketing calendar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from forecasting.consensus.activations import CANCELLED
from forecasting.consensus.events.body import (
    Answering,
    Body,
    CalendarEdit,
    Kind,
    Stored,
    Told,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivationSaved(Body):
    """An activation was added, changed or called off."""

    kind = Kind.ACTIVATION
    edit: CalendarEdit
    answers: Answering | None = None
    """The proposal that was accepted by it."""

    @classmethod
    def read(cls, stored: Stored) -> Self:
        """As read from the ledger."""
        return cls(edit=CalendarEdit.read(stored), answers=Answering.read(stored))

    def write(self) -> dict[str, Any]:
        """As stored in the ledger."""
        return {**self.edit.write(), **(self.answers.write() if self.answers else {})}

    def sentence(self, event: Told) -> str:
        """In plain words."""
        after, name = self.edit.after, self.edit.name
        proposed = self.answers.words if self.answers else ""
        if self.edit.before is None:
            return f"added the activation {name}{proposed}"
        if after and after.status == CANCELLED:
            return f"cancelled the activation {name}{proposed}"
        return f"changed the activation {name}{proposed}"

    @property
    def answering(self) -> Answering | None:
        """The proposal that was accepted by it."""
        return self.answers

    @property
    def calendar(self) -> CalendarEdit:
        """The activation before and after."""
        return self.edit


@dataclass(frozen=True, slots=True, kw_only=True)
class LiftSet(Body):
    """The lift of one featured SKU was stated; the event's value is the multiplier."""

    kind = Kind.LIFT
    sku: str
    edit: CalendarEdit

    @classmethod
    def read(cls, stored: Stored) -> Self:
        """As read from the ledger."""
        return cls(sku=str(stored["sku"]), edit=CalendarEdit.read(stored))

    def write(self) -> dict[str, Any]:
        """As stored in the ledger."""
        edit = self.edit.write()
        return {"activation": edit.pop("activation"), "sku": self.sku, **edit}

    def sentence(self, event: Told) -> str:
        """In plain words."""
        to = "the estimate" if event.value is None else f"{event.value:g}x"
        return f"set the lift of {self.sku} in {self.edit.name} to {to}"

    @property
    def calendar(self) -> CalendarEdit:
        """The activation before and after."""
        return self.edit
