"""Where an event means: a part of the assortment, of the locations and of the weeks."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass, field, fields

import numpy as np
import pandas as pd

from forecasting.arguments import check_types
from forecasting.calendar import Dates, week_label, week_start
from forecasting.errors import OutOfBounds
from forecasting.hierarchy import Ints

TOTAL = ""
"""The aim of an input that changes total demand, not one activation's lift."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """A node of the product hierarchy, a node of the locations, and weeks."""

    product_level: str = "all"
    product: str = "all"
    location_level: str = "all"
    location: str = "all"
    first_week: dt.date
    """First day of the first week."""
    last_week: dt.date
    """First day of the last week; the same for a single week."""
    activation: str = TOTAL
    """The activation whose lift is meant; '' means total demand."""

    def __post_init__(self) -> None:
        check_types(self)
        weeks = (self.first_week, self.last_week)
        if self.last_week < self.first_week:
            raise OutOfBounds(f"A scope ends on {weeks[1]}, before its start {weeks[0]}.")
        if not all(_begins_a_week(week) for week in weeks):
            raise OutOfBounds(
                f"A scope names its weeks by their first days; found {weeks[0]} to {weeks[1]}."
            )

    def __str__(self) -> str:
        place = "" if self.location_level == "all" else f" at {self.location}"
        weeks = week_label(self.first_week)
        if self.last_week != self.first_week:
            weeks += f" to {week_label(self.last_week)}"
        aim = f", lift of {self.activation}" if self.activation else ""
        product = "all products" if self.product_level == "all" else self.product
        return f"{product}{place}, {weeks}{aim}"

    def to_json(self) -> str:
        """As stored in the ledger."""
        return json.dumps({f.name: getattr(self, f.name) for f in fields(self)}, default=str)

    @classmethod
    def from_json(cls, text: str) -> Scope:
        """As read from the ledger."""
        given = json.loads(text)
        for name in ("first_week", "last_week"):
            given[name] = week_start(dt.date.fromisoformat(given[name]))
        return cls(**given)


def _begins_a_week(day: dt.date) -> bool:
    try:
        return week_start(day) == day
    except OverflowError:  # its week begins before the first day that there is
        return False


@dataclass(frozen=True, slots=True)
class Leaves:
    """Leaf deltas, as parallel columns of length n."""

    sku: tuple[str, ...] = ()
    door: tuple[str, ...] = ()
    week: Dates = field(default_factory=lambda: np.empty(0, "datetime64[D]"))
    delta: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    """Thousandths of a unit."""

    def __len__(self) -> int:
        return len(self.sku)

    @classmethod
    def of(cls, rows: pd.DataFrame) -> Leaves:
        """From a frame with columns sku, door, week and delta."""
        return cls(
            # One by one out of an Arrow column takes ten times as long.
            sku=tuple(rows["sku"].to_numpy(dtype=object)),
            door=tuple(rows["door"].to_numpy(dtype=object)),
            week=rows["week"].to_numpy().astype("datetime64[D]"),
            delta=rows["delta"].to_numpy(dtype=np.int64),
        )

    def by_leaf(self) -> dict[tuple[str, str, np.datetime64], int]:
        """The delta of every leaf touched."""
        leaves = zip(self.sku, self.door, self.week, strict=True)
        return dict(zip(leaves, self.delta.tolist(), strict=True))

    def keys(self) -> set[tuple[str, str, np.datetime64]]:
        """The leaves touched."""
        return set(zip(self.sku, self.door, self.week, strict=True))
