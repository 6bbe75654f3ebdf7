"""A program was given the right to speak for somebody, or lost it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Self

from forecasting.consensus.events.body import Body, Kind, Stored, Told


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSet(Body):
    """A token was made, or revoked."""

    kind = Kind.TOKEN
    token: str
    """Its name in the ledger; it opens nothing."""
    label: str
    """What it is for, in words of whoever made it."""
    person: str
    """Id of who it speaks for."""
    level: str
    """How far it goes (governance.bearer)."""
    commands: tuple[str, ...] = ()
    """The only verbs that it may be used for; none: all of its level."""
    until: dt.date
    """The last day on which it is good."""
    digest: str
    """Of the secret, which is nowhere but with its owner."""
    is_revoked: bool = False

    @classmethod
    def read(cls, stored: Stored) -> Self:
        """As read from the ledger."""
        return cls(
            token=str(stored["token"]),
            label=str(stored["label"]),
            person=str(stored["person"]),
            level=str(stored["level"]),
            commands=tuple(str(one) for one in stored.get("commands", ())),
            until=dt.date.fromisoformat(stored["until"]),
            digest=str(stored["digest"]),
            is_revoked=bool(stored.get("revoked", False)),
        )

    def write(self) -> dict[str, Any]:
        """As stored in the ledger."""
        return {
            "token": self.token, "label": self.label, "person": self.person,
            "level": self.level, "commands": list(self.commands),
            "until": self.until.isoformat(), "digest": self.digest, "revoked": self.is_revoked,
        }  # fmt: skip

    def sentence(self, event: Told) -> str:
        """In plain words."""
        if self.is_revoked:
            return f"revoked the token '{self.label}' of {self.person}"
        return (
            f"gave a program the token '{self.label}' to {self.level} for {self.person} until "
            f"{self.until}"
        )
