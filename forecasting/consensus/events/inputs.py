"""What functions say of demand: overrides, holds, comments, corrections."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from forecasting import write
from forecasting.consensus.events.body import Body, Kind, Stored, Told
from forecasting.vocabulary import Measure


@dataclass(frozen=True, slots=True, kw_only=True)
class Overridden(Body):
    """An input was changed."""

    kind = Kind.OVERRIDE
    input: str
    """The function whose input it is."""
    before: float
    """Units that the scope held before it."""
    measure: Measure = Measure.UNITS
    """What the event's value is counted in."""
    evidence: str = ""

    @classmethod
    def read(cls, stored: Stored) -> Self:
        """As read from the ledger."""
        return cls(
            input=str(stored["input"]),
            before=float(stored["before"]),
            measure=Measure(stored.get("measure", Measure.UNITS)),
            evidence=str(stored.get("evidence", "")),
        )

    def write(self) -> dict[str, Any]:
        """As stored in the ledger."""
        more = {} if self.measure is Measure.UNITS else {"measure": self.measure.value}
        if self.evidence:
            more["evidence"] = self.evidence
        return {"input": self.input, "before": self.before, **more}

    def sentence(self, event: Told) -> str:
        """In plain words."""
        return f"{self._change(event.operation, event.value or 0.0)} for {event.scope}"

    def _change(self, operation: str, value: float) -> str:
        measure = self.measure
        # Units are the usual thing to speak of; another measure is named.
        of = "" if measure is Measure.UNITS else f"{measure} "
        digits = 3 if measure is Measure.UNITS else 2
        match operation:
            case "set":
                to = "to " if of else ""
                return f"set {of}{to}{measure.in_words(value, digits=digits)}"
            case "clear":
                return "went back to the statistical number"
            case "percent":
                return f"changed {of}by {write.figure(value, 10, sign=True)}%"
            case _:
                return f"changed {of}by {measure.in_words(value, sign=True, digits=digits)}"

    @property
    def whose(self) -> str:
        """The input it belongs to."""
        return self.input

    @property
    def measured_in(self) -> Measure:
        """What the event's value is counted in."""
        return self.measure

    @property
    def link(self) -> str:
        """Link to what the person goes by."""
        return self.evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensed(Body):
    """The next weeks of a SKU were corrected by what last week sold."""

    kind = Kind.SENSE
    input: str
    sensing: bool = True
    """The first corrections did not say so, and count as part of the input only."""

    @classmethod
    def read(cls, stored: Stored) -> Self:
        """As read from the ledger."""
        return cls(input=str(stored["input"]), sensing=bool(stored.get("sensing", False)))

    def write(self) -> dict[str, Any]:
        """As stored in the ledger."""
        return {"input": self.input, "sensing": self.sensing}

    def sentence(self, event: Told) -> str:
        """In plain words."""
        return f"corrected {event.scope} by {write.number(event.units, sign=True)} u (sensing)"

    @property
    def whose(self) -> str:
        """The input it belongs to."""
        return self.input

    @property
    def is_sensing(self) -> bool:
        """Whether it counts by itself beside what was published."""
        return self.sensing


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved(Body):
    """Targets and per cents of an input were worked out again, on another run."""

    kind = Kind.RESOLVE
    input: str
    run: int

    @classmethod
    def read(cls, stored: Stored) -> Self:
        """As read from the ledger."""
        return cls(input=str(stored["input"]), run=int(stored["resolved"]))

    def write(self) -> dict[str, Any]:
        """As stored in the ledger."""
        return {"input": self.input, "resolved": self.run}

    def sentence(self, event: Told) -> str:
        """In plain words."""
        return f"worked out {self.input.capitalize()}'s targets and % again"

    @property
    def whose(self) -> str:
        """The input it belongs to."""
        return self.input


class _Wordless(Body):
    """A kind whose event says everything by its scope, its leaves or its note."""

    __slots__ = ()

    @classmethod
    def read(cls, stored: Stored) -> Self:
        """As read from the ledger."""
        return cls()

    def write(self) -> dict[str, Any]:
        """As stored in the ledger."""
        return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Held(_Wordless):
    """Cells of an input are kept from changes from above."""

    kind = Kind.HOLD

    def sentence(self, event: Told) -> str:
        """In plain words."""
        return f"held {event.scope}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Released(_Wordless):
    """Held cells may move again."""

    kind = Kind.RELEASE

    def sentence(self, event: Told) -> str:
        """In plain words."""
        return f"released {event.scope}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Commented(Body):
    """Somebody commented on a part of the plan, an activation or a decision."""

    kind = Kind.COMMENT
    about: str = ""
    """'activation/ID' or 'decision/NUMBER'; '' where the event's scope says it."""
    place: str = ""
    """What that is called."""
    answers: int | None = None
    """Number of the comment that began the thread; None: this one does."""
    names: tuple[str, ...] = ()
    """Ids of the people whom it names."""

    @classmethod
    def read(cls, stored: Stored) -> Self:
        """As read from the ledger; the first ones stated nothing besides."""
        return cls(
            about=str(stored.get("about", "")), place=str(stored.get("place", "")),
            answers=stored.get("answers"), names=tuple(stored.get("names", ())),
        )  # fmt: skip

    def write(self) -> dict[str, Any]:
        """As stored in the ledger; what is not stated is left out, as it always was."""
        told = {
            "about": self.about, "place": self.place, "answers": self.answers,
            "names": list(self.names),
        }  # fmt: skip
        return {name: value for name, value in told.items() if value}

    def sentence(self, event: Told) -> str:
        """In plain words."""
        how = "answered" if self.answers else "commented"
        return f"{how} on {self.place or event.scope}: {event.note}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted(_Wordless):
    """A function's input is complete."""

    kind = Kind.SUBMIT

    def sentence(self, event: Told) -> str:
        """In plain words."""
        return f"submitted the input of {event.function.capitalize()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingDecided(_Wordless):
    """The meeting decided something; the event's note says what."""

    kind = Kind.DECISION

    def sentence(self, event: Told) -> str:
        """In plain words."""
        return f"decided: {event.note}"
