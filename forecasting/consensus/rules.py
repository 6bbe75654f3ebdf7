"""How one cycle is run."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from forecasting.errors import OutOfBounds
from forecasting.vocabulary import INPUTS

LONGEST_FENCE = 26
"""Weeks: half of the year that a plan reaches. A bound against slips of the hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How one cycle is run; leadership's settings at the moment it was opened."""

    blind: bool = True
    """Nobody sees others' inputs until they are revealed together."""
    fence_weeks: int = 0
    """First weeks of the plan that nobody may change any more."""
    quorum: int = 3
    """Functions that must sign each department."""
    inputs_due: dt.date | None = None
    review_due: dt.date | None = None
    publish_due: dt.date | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.quorum <= len(INPUTS):
            raise OutOfBounds(f"A quorum is from 1 to {len(INPUTS)} functions.")
        if not 0 <= self.fence_weeks <= LONGEST_FENCE:
            raise OutOfBounds(f"The fence is from 0 to {LONGEST_FENCE} weeks.")
        dates = [d for d in (self.inputs_due, self.review_due, self.publish_due) if d]
        if dates != sorted(dates):
            raise OutOfBounds("Inputs are due before the review, the review before publishing.")

    def to_dict(self) -> dict[str, Any]:
        """As stored in an event."""
        return {
            "blind": self.blind,
            "fence_weeks": self.fence_weeks,
            "quorum": self.quorum,
            **{name: None if day is None else day.isoformat() for name, day in self._days()},
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Rules:
        """As read from an event."""
        days = {
            name: dt.date.fromisoformat(stored[name]) if stored.get(name) else None
            for name in ("inputs_due", "review_due", "publish_due")
        }
        return cls(
            blind=bool(stored["blind"]),
            fence_weeks=int(stored["fence_weeks"]),
            quorum=int(stored["quorum"]),
            **days,
        )

    def _days(self) -> list[tuple[str, dt.date | None]]:
        return [
            ("inputs_due", self.inputs_due),
            ("review_due", self.review_due),
            ("publish_due", self.publish_due),
        ]
