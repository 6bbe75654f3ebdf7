"""What was brought in and what was made of it: imports, runs, what looks odd."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from forecasting import write
from forecasting.consensus.events.body import Body, Kind, Stored, Told


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported(Body):
    """Files were imported: a batch that has the event's number."""

    kind = Kind.IMPORT
    summary: str
    tables: Mapping[str, Sequence[int]]
    """Table to rows read, accepted and refused."""
    replaces: Mapping[str, str] = field(default_factory=dict)
    """Table to which of its rows gave way, where it was not those of the same key."""
    proposed: int = 0
    """Activations of the files that were not imported but proposed."""

    @classmethod
    def read(cls, stored: Stored) -> Self:
        """As read from the ledger."""
        return cls(
            summary=str(stored.get("summary", "files")),
            tables=stored.get("tables", {}),
            replaces=stored.get("replaces", {}),
            proposed=int(stored.get("proposed", 0)),
        )

    def write(self) -> dict[str, Any]:
        """As stored in the ledger."""
        tables = {name: list(counts) for name, counts in self.tables.items()}
        replaces = {"replaces": dict(self.replaces)} if self.replaces else {}
        proposed = {"proposed": self.proposed} if self.proposed else {}
        return {"summary": self.summary, "tables": tables, **replaces, **proposed}

    def sentence(self, event: Told) -> str:
        """In plain words."""
        if not self.proposed:
            return f"imported {self.summary}"
        of = f"{write.number(self.proposed)} activation{'s' if self.proposed != 1 else ''}"
        return f"imported {self.summary}, and proposed changes of {of} from the same files"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRolledBack(Body):
    """An import is out of force."""

    kind = Kind.ROLLBACK
    batch: int

    @classmethod
    def read(cls, stored: Stored) -> Self:
        """As read from the ledger."""
        return cls(batch=int(stored["batch"]))

    def write(self) -> dict[str, Any]:
        """As stored in the ledger."""
        return {"batch": self.batch}

    def sentence(self, event: Told) -> str:
        """In plain words."""
        return f"rolled back import #{self.batch}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSaved(Body):
    """How a company's own files are read was kept under a name, or forgotten."""

    kind = Kind.SOURCE
    name: str
    shape: Mapping[str, Any] | None
    """As a shape is kept (data.shapes); None: it is forgotten."""

    @classmethod
    def read(cls, stored: Stored) -> Self:
        """As read from the ledger."""
        shape = stored["shape"]
        return cls(name=str(stored["name"]), shape=None if shape is None else dict(shape))

    def write(self) -> dict[str, Any]:
        """As stored in the ledger."""
        shape = None if self.shape is None else dict(self.shape)
        return {"name": self.name, "shape": shape}

    def sentence(self, event: Told) -> str:
        """In plain words."""
        verb = "removed" if self.shape is None else "saved"
        return f"{verb} the source {self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunMade(Body):
    """A statistical run was fitted; its number is the event's."""

    kind = Kind.RUN
    facts: Mapping[str, Any]
    """What the fit says of itself (demand.worker): the next one goes on from it, so it is
    kept whole, whatever the fit of that day says."""
    left_out: tuple[Mapping[str, str], ...] = ()
    """Weeks with sales that are not in it: week, last_day and why."""
    adopted: bool = True
    """Whether it was put in force at once: no cycle had pinned another."""

    @classmethod
    def read(cls, stored: Stored) -> Self:
        """As read from the ledger."""
        facts = {k: v for k, v in stored.items() if k not in ("left_out", "adopted")}
        return cls(
            facts=facts,
            left_out=tuple(stored.get("left_out", ())),
            adopted=bool(stored.get("adopted", True)),
        )

    def write(self) -> dict[str, Any]:
        """As stored in the ledger."""
        return {**self.facts, "left_out": list(self.left_out), "adopted": self.adopted}

    def sentence(self, event: Told) -> str:
        """In plain words."""
        return f"made a forecast of {write.number(self.series)} series"

    @property
    def as_of(self) -> dt.date:
        """The last week that it knows."""
        return dt.date.fromisoformat(str(self.facts["as_of"]))

    @property
    def series(self) -> int:
        """Series that it forecasts."""
        return int(self.facts.get("series", 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class OddAccepted(Body):
    """Somebody lives with what looks odd in the data."""

    kind = Kind.ACCEPT_ODD
    key: str
    """Its name."""
    title: str
    subject: str
    count: int
    """How much of it there was."""

    @classmethod
    def read(cls, stored: Stored) -> Self:
        """As read from the ledger."""
        return cls(
            key=str(stored["key"]),
            title=str(stored["title"]),
            subject=str(stored["subject"]),
            count=int(stored["count"]),
        )

    def write(self) -> dict[str, Any]:
        """As stored in the ledger."""
        return {
            "key": self.key, "title": self.title, "subject": self.subject,
            "count": self.count, "stands": True,
        }  # fmt: skip

    def sentence(self, event: Told) -> str:
        """In plain words."""
        return f"accepted what is odd: {self.title}: {self.subject}"


@dataclass(frozen=True, slots=True, kw_only=True)
class OddShownAgain(Body):
    """Nobody lives with it any more."""

    kind = Kind.ACCEPT_ODD
    key: str

    @classmethod
    def read(cls, stored: Stored) -> Self:
        """As read from the ledger."""
        return cls(key=str(stored["key"]))

    def write(self) -> dict[str, Any]:
        """As stored in the ledger."""
        return {"key": self.key, "stands": False}

    def sentence(self, event: Told) -> str:
        """In plain words."""
        return f"shows again what is odd: {self.key}"


def read_odd(stored: Stored) -> Body:
    """What became of something odd, as read from the ledger: one kind holds both."""
    return (OddAccepted if stored["stands"] else OddShownAgain).read(stored)
