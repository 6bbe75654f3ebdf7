"""One line of the ledger."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from typing import TypeVar

from forecasting import conventions
from forecasting.consensus.events.body import Body, Kind
from forecasting.consensus.events.scope import Leaves, Scope
from forecasting.hierarchy import THOUSANDTHS
from forecasting.vocabulary import Measure

B = TypeVar("B", bound=Body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One immutable line of the ledger."""

    seq: int = 0
    """Position in the ledger, from 1 without gaps; 0 before it was written."""
    recorded_at: dt.datetime = dt.datetime(1970, 1, 1)
    """UTC, without a zone."""
    person: str
    function: str
    """What the person spoke for at that moment; the input an override belongs to."""
    cycle: str = ""
    scope: Scope | None = None
    operation: str = ""
    value: float | None = None
    """As the person gave it: units for set and add, per cent for percent."""
    body: Body
    """Whatever else this kind of event says, and which kind it is."""
    reason: str = ""
    note: str = ""
    base: int = 0
    """Sequence number of the state that the person was looking at."""
    client_id: str
    """Made by the client, so that a repeated request is answered, not applied twice."""
    leaves: Leaves = field(default_factory=Leaves)

    def written(self, *, seq: int, recorded_at: dt.datetime) -> Event:
        """The same event with its place in the ledger."""
        return replace(self, seq=seq, recorded_at=recorded_at)

    @property
    def kind(self) -> Kind:
        """What happened."""
        return self.body.kind

    def told(self, kind: type[B]) -> B:
        """Its body as one of a kind that the caller knows it to be.

        Raises
        ------
        TypeError
            If it is another: a fault of ours.
        """
        if not isinstance(self.body, kind):
            raise TypeError(f"#{self.seq} is no {kind.__name__} but {type(self.body).__name__}")
        return self.body

    @property
    def input_of(self) -> str:
        """Whose input it belongs to: the function's, or nobody's own where it is agreed."""
        return self.body.whose or self.function

    @property
    def measure(self) -> Measure:
        """What its value is counted in."""
        return self.body.measured_in

    @property
    def evidence(self) -> str:
        """Link to what the person goes by, '' where none was given."""
        return self.body.link

    @property
    def units(self) -> float:
        """Net change of demand, in units."""
        return float(self.leaves.delta.sum()) / THOUSANDTHS

    @property
    def sentence(self) -> str:
        """The event in plain words, without who and when."""
        return self.body.sentence(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Somebody else's event that came between a person's look and their entry."""

    theirs: Event
    name: str
    """The other person's name."""
    now: float
    """What the cell holds now, in `measure`."""
    measure: Measure = Measure.UNITS

    @property
    def sentence(self) -> str:
        """Who did what, when."""
        when = conventions.in_force().time(self.theirs.recorded_at)
        function = self.theirs.function.capitalize()
        return (
            f"{self.name} in {function} {self.theirs.sentence} at {when}; "
            f"it is {self.measure.in_words(self.now)} now"
        )
