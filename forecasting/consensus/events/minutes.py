"""What is written down to be looked at again: assumptions, and who does what by when."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Self

from forecasting.consensus.events.body import Body, Kind, Stored, Told


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumed(Body):
    """Something that the plan rests on was written down, or judged."""

    kind = Kind.ASSUMPTION
    statement: str
    owner: str
    watch: str
    """What to look at to see whether it holds."""
    review: dt.date
    expires: dt.date
    """From when on nothing may rest on it."""
    state: str
    """open, held or broken."""
    of: int | None = None
    """The event that wrote it down first; None: this one."""

    @classmethod
    def read(cls, stored: Stored) -> Self:
        """As read from the ledger; the first expired on the day of their review."""
        return cls(
            statement=str(stored["statement"]),
            owner=str(stored["owner"]),
            watch=str(stored["watch"]),
            review=dt.date.fromisoformat(stored["review"]),
            expires=dt.date.fromisoformat(stored.get("expires", stored["review"])),
            state=str(stored.get("state", "open")),
            of=None if stored.get("of") is None else int(stored["of"]),
        )

    def write(self) -> dict[str, Any]:
        """As stored in the ledger."""
        return {
            **({} if self.of is None else {"of": self.of}),
            "statement": self.statement, "owner": self.owner, "watch": self.watch,
            "review": self.review.isoformat(), "expires": self.expires.isoformat(),
            "state": self.state,
        }  # fmt: skip

    def sentence(self, event: Told) -> str:
        """In plain words."""
        verb = {"open": "assumed", "held": "saw held", "broken": "saw broken"}[self.state]
        return f"{verb}: {self.statement}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned(Body):
    """Somebody was asked to do something by a day, or has done it."""

    kind = Kind.ACTION
    text: str
    owner: str
    due: dt.date
    is_done: bool = False
    owner_name: str = ""
    """What the owner was called then, '' where only the id is known."""
    quarter: str = ""
    """The quarter in whose review it was decided, '' where it was no review."""
    of: int | None = None
    """The event that asked for it first; None: this one."""

    @classmethod
    def read(cls, stored: Stored) -> Self:
        """As read from the ledger."""
        return cls(
            text=str(stored["text"]),
            owner=str(stored["owner"]),
            due=dt.date.fromisoformat(stored["due"]),
            is_done=stored.get("state") == "done",
            owner_name=str(stored.get("owner_name", "")),
            quarter=str(stored.get("quarter", "")),
            of=None if stored.get("of") is None else int(stored["of"]),
        )

    def write(self) -> dict[str, Any]:
        """As stored in the ledger."""
        return {
            **({} if self.of is None else {"of": self.of}),
            "text": self.text, "owner": self.owner,
            **({"owner_name": self.owner_name} if self.owner_name else {}),
            "due": self.due.isoformat(), "state": "done" if self.is_done else "open",
            **({"quarter": self.quarter} if self.quarter else {}),
        }  # fmt: skip

    def sentence(self, event: Told) -> str:
        """In plain words."""
        if self.is_done:
            return f"closed the action: {self.text}"
        return f"asked {self.owner_name or self.owner} for: {self.text}"
