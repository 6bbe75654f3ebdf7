"""Activations: what Marketing plans, as values that events add, change and cancel."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from forecasting.calendar import Dates, exposure_share
from forecasting.errors import OutOfBounds
from forecasting.hierarchy import Floats

CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One featured SKU."""

    sku: str
    door: str | None = None
    """None: every door where the SKU is ranged."""
    discount: float | None = None
    """0 to 1; None: no price cut."""
    lift: float | None = None
    """Multiplier on baseline; None: estimated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Activation:
    """One activation with its featured SKUs."""

    activation: str
    """Its identity."""
    name: str
    type: str
    start: dt.date
    end: dt.date
    """Last day, included."""
    status: str = "planned"
    owner: str = ""
    channel: str = ""
    spend: float | None = None
    lock_date: dt.date | None = None
    items: tuple[Item, ...] = ()

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise OutOfBounds(f"{self.name} ends on {self.end}, before its start {self.start}.")
        for item in self.items:
            if item.discount is not None and not 0 <= item.discount < 1:
                raise OutOfBounds(f"The discount of {item.sku} must be from 0 to below 1.")
            if item.lift is not None and not 0 <= item.lift <= 50:
                raise OutOfBounds(f"The lift of {item.sku} must be between 0x and 50x.")

    @property
    def is_live(self) -> bool:
        """Whether it moves demand: not cancelled."""
        return self.status != CANCELLED

    def share(self, weeks: Dates) -> Floats:
        """Share of each week's days on which it runs, (W,)."""
        return exposure_share(self.start, self.end, weeks)

    def cancelled(self) -> Activation:
        """The same, called off."""
        return replace(self, status=CANCELLED)

    def with_lift(self, sku: str, lift: float | None) -> Activation:
        """The same with another stated lift of one SKU (None: the estimate again)."""
        items = tuple(replace(i, lift=lift) if i.sku == sku else i for i in self.items)
        return replace(self, items=items)

    def to_dict(self) -> dict[str, Any]:
        """As stored in an event."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Activation:
        """As read from an event."""
        fields = dict(stored)
        for name in ("start", "end", "lock_date"):
            if isinstance(fields.get(name), str):
                fields[name] = dt.date.fromisoformat(fields[name])
        fields["items"] = tuple(Item(**item) for item in fields.get("items", ()))
        return cls(**fields)
