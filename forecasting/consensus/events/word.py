"""What the app does by itself, and what leaves it on its own: schedules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from forecasting.consensus.events.body import Body, Kind, Stored, Told


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleSaved(Body):
    """A schedule was made, changed, paused, or taken away."""

    kind = Kind.SCHEDULE
    name: str
    does: str
    """What it does (governance.schedules.Does)."""
    at: str
    """Time of day where the company is, '03:15'."""
    days: tuple[int, ...]
    """0 is Monday."""
    options: Mapping[str, str] = field(default_factory=dict)
    """Where files come from and the rest; a secret only by where it is kept."""
    paused: bool = False
    removed: bool = False

    @classmethod
    def read(cls, stored: Stored) -> Self:
        """As read from the ledger."""
        return cls(
            name=str(stored["name"]), does=str(stored["does"]), at=str(stored["at"]),
            days=tuple(int(day) for day in stored["days"]),
            options={str(k): str(v) for k, v in dict(stored.get("options", {})).items()},
            paused=bool(stored.get("paused", False)),
            removed=bool(stored.get("removed", False)),
        )  # fmt: skip

    def write(self) -> dict[str, Any]:
        """As stored in the ledger."""
        return {
            "name": self.name, "does": self.does, "at": self.at, "days": list(self.days),
            "options": dict(self.options), "paused": self.paused, "removed": self.removed,
        }  # fmt: skip

    def sentence(self, event: Told) -> str:
        """In plain words."""
        if self.removed:
            return f"removed the schedule {self.name}"
        if self.paused:
            return f"paused the schedule {self.name}"
        return f"scheduled {self.name}: {self.does} at {self.at}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSaved(Body):
    """A link to the marketing calendar was made for a calendar program, or revoked."""

    kind = Kind.FEED
    name: str
    digest: str
    """SHA-256 of the secret in the link; '' where it was revoked."""
    function: str = ""
    """Only what this function decides; '' for all."""
    klass: str = ""
    """Only what features this class; '' for all."""

    @classmethod
    def read(cls, stored: Stored) -> Self:
        """As read from the ledger."""
        return cls(
            name=str(stored["name"]), digest=str(stored["digest"]),
            function=str(stored.get("function", "")), klass=str(stored.get("class", "")),
        )  # fmt: skip

    def write(self) -> dict[str, Any]:
        """As stored in the ledger."""
        return {
            "name": self.name, "digest": self.digest, "function": self.function,
            "class": self.klass,
        }  # fmt: skip

    def sentence(self, event: Told) -> str:
        """In plain words."""
        if not self.digest:
            return f"revoked the calendar link {self.name}"
        return f"made a calendar link, {self.name}"
