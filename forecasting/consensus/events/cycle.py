"""Steps of the monthly cycle."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from forecasting import write
from forecasting.consensus.events.body import AGREED, Body, Kind, Stored, Told
from forecasting.consensus.rules import Rules


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleOpened(Body):
    """A cycle was opened: inputs are collected."""

    kind = Kind.CYCLE
    name: str
    """Year and month."""
    run: int
    """The statistical run that it stands on."""
    as_of: dt.date
    rules: Rules

    @classmethod
    def read(cls, stored: Stored) -> Self:
        """As read from the ledger."""
        return cls(
            name=str(stored["name"]),
            run=int(stored["run"]),
            as_of=dt.date.fromisoformat(stored["as_of"]),
            rules=Rules.from_dict(stored["rules"]),
        )

    def write(self) -> dict[str, Any]:
        """As stored in the ledger."""
        return {
            "action": "open", "name": self.name, "run": self.run,
            "as_of": self.as_of.isoformat(), "rules": self.rules.to_dict(),
        }  # fmt: skip

    def sentence(self, event: Told) -> str:
        """In plain words."""
        return f"opened the cycle {event.cycle or self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class InputsRevealed(Body):
    """Everybody sees everybody's input."""

    kind = Kind.CYCLE

    @classmethod
    def read(cls, stored: Stored) -> Self:
        """As read from the ledger."""
        return cls()

    def write(self) -> dict[str, Any]:
        """As stored in the ledger."""
        return {"action": "reveal"}

    def sentence(self, event: Told) -> str:
        """In plain words."""
        return f"revealed the inputs of the cycle {event.cycle}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleReopened(Body):
    """A published cycle was opened again."""

    kind = Kind.CYCLE
    run: int
    as_of: dt.date

    @classmethod
    def read(cls, stored: Stored) -> Self:
        """As read from the ledger."""
        return cls(run=int(stored["run"]), as_of=dt.date.fromisoformat(stored["as_of"]))

    def write(self) -> dict[str, Any]:
        """As stored in the ledger."""
        return {"action": "reopen", "run": self.run, "as_of": self.as_of.isoformat()}

    def sentence(self, event: Told) -> str:
        """In plain words."""
        return f"opened again the cycle {event.cycle}"


STEPS: Mapping[str, type[CycleOpened | InputsRevealed | CycleReopened]] = {
    "open": CycleOpened, "reveal": InputsRevealed, "reopen": CycleReopened,
}  # fmt: skip


def read_step(stored: Stored) -> Body:
    """A step of the cycle as read from the ledger: one kind holds all three."""
    return STEPS[stored["action"]].read(stored)


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed(Body):
    """The meeting agreed on a number; the event's value is it, in units."""

    kind = Kind.AGREE
    column: str | None
    """Whose number was taken, None where the meeting gave its own."""
    before: float
    """Units that the draft held before it."""
    standing: int = 1
    """How many agreements more stand on each leaf."""

    @classmethod
    def read(cls, stored: Stored) -> Self:
        """As read from the ledger."""
        return cls(
            column=stored.get("column"),
            before=float(stored.get("before", "nan")),
            standing=int(stored["standing"]),
        )

    def write(self) -> dict[str, Any]:
        """As stored in the ledger."""
        return {
            "input": AGREED, "standing": self.standing, "column": self.column,
            "before": self.before,
        }  # fmt: skip

    def sentence(self, event: Told) -> str:
        """In plain words."""
        return f"recorded the agreement on {self._what(event.value)} for {event.scope}"

    def _what(self, value: float | None) -> str:
        if not self.column:
            return f"{write.figure(value or 0, 10)} u"
        mine = self.column in ("statistical", "proposed")
        return f"the {self.column} number" if mine else f"{self.column.capitalize()}'s number"

    @property
    def whose(self) -> str:
        """Nobody's own."""
        return AGREED


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed(Body):
    """A function signed a department's numbers as they were."""

    kind = Kind.SIGN
    department: str
    digest: str
    """Of the numbers that were signed: they are covered as long as they have it."""
    run: int

    @classmethod
    def read(cls, stored: Stored) -> Self:
        """As read from the ledger."""
        return cls(
            department=str(stored["department"]),
            digest=str(stored["digest"]),
            run=int(stored["run"]),
        )

    def write(self) -> dict[str, Any]:
        """As stored in the ledger."""
        return {"department": self.department, "digest": self.digest, "run": self.run}

    def sentence(self, event: Told) -> str:
        """In plain words."""
        return f"signed {self.department} for {event.function.capitalize()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunAdopted(Body):
    """The cycle stands on another run."""

    kind = Kind.ADOPT
    run: int
    as_of: dt.date
    carried: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Department that the run hardly moves to its digests before and after: what was signed
    of it goes on."""

    @classmethod
    def read(cls, stored: Stored) -> Self:
        """As read from the ledger."""
        carried = stored.get("carried", {}).items()
        return cls(
            run=int(stored["run"]),
            as_of=dt.date.fromisoformat(stored["as_of"]),
            carried={str(name): (str(old), str(new)) for name, (old, new) in carried},
        )

    def write(self) -> dict[str, Any]:
        """As stored in the ledger."""
        return {
            "run": self.run, "as_of": self.as_of.isoformat(), "carried": dict(self.carried)
        }  # fmt: skip

    def sentence(self, event: Told) -> str:
        """In plain words."""
        return f"adopted the forecast run #{self.run}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsensusPublished(Body):
    """The signed draft became a version."""

    kind = Kind.PUBLISH
    run: int
    fed: Mapping[str, Mapping[str, Any]]
    """What was made of it: the buy plan and the marketing calendar, in figures."""
    void: tuple[tuple[str, str, str], ...] = ()
    """Signatures that did not cover it: function, department and why."""

    @classmethod
    def read(cls, stored: Stored) -> Self:
        """As read from the ledger; the first did not say which signatures were void."""
        void = stored.get("void", ())
        return cls(
            run=int(stored["run"]),
            fed=stored["fed"],
            void=tuple((str(function), str(of), str(why)) for function, of, why in void),
        )

    def write(self) -> dict[str, Any]:
        """As stored in the ledger."""
        return {"run": self.run, "fed": self.fed, "void": [list(one) for one in self.void]}

    def sentence(self, event: Told) -> str:
        """In plain words."""
        return f"published the consensus of {event.cycle}"
