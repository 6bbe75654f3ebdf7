"""Units that are to be somewhere else, or somewhere earlier, than they would be."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One line of what people have to carry out."""

    sku: str
    to: str
    """The door that gets the units."""
    units: float
    leaves: dt.date
    """First day of the week in which a transfer leaves, or in which the order was due."""
    arrives: dt.date
    """First day of the week from which the units can be sold."""
    cost: float
    """Of the whole move; for an order, what expediting it costs more."""
    origin: str = ""
    """The place that gives; '' where it is an order."""
    receipt: str = ""
    """The order that comes earlier, or later; '' for a transfer, or a new order."""
    known: tuple[str, ...] = ()
    """Of a new order, the open orders of the SKU for the door that there were when it was
    decided: one that comes later is it."""

    @property
    def is_order(self) -> bool:
        """Whether it is newly ordered."""
        return not self.origin and not self.receipt

    @property
    def is_later(self) -> bool:
        """Whether an open order is pushed back."""
        return self.receipt != "" and self.arrives > self.leaves

    def to_dict(self) -> dict[str, Any]:
        """As stored in an event."""
        stored = {
            **asdict(self),
            "leaves": self.leaves.isoformat(),
            "arrives": self.arrives.isoformat(),
        }
        known = stored.pop("known")
        return {**stored, "known": list(known)} if known else stored

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Move:
        """As read from an event."""
        fields = dict(stored)
        for name in ("leaves", "arrives"):
            fields[name] = dt.date.fromisoformat(fields[name])
        fields["known"] = tuple(fields.get("known", ()))
        return cls(**fields)


Orders = list[tuple[tuple[str, dt.date], list[Move]]]


def order_of(moves: Sequence[Move]) -> Orders:
    """Lines by SKU and week of arrival: each is one order, numbered from 1 in this order."""
    ordered = sorted(moves, key=lambda m: (m.sku, m.arrives, m.to))
    return [(key, list(m)) for key, m in groupby(ordered, key=lambda m: (m.sku, m.arrives))]
