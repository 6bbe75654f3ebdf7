"""What people decide, as immutable events.

An event is the unit of truth: current state, undo, audit, conflict detection and the
state at any past moment all follow from the ledger of events. Leaf deltas say exactly
what an event did to demand, in thousandths of a unit; summing them up to a sequence
number gives every input at that moment.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import Any

import numpy as np
import pandas as pd

from forecasting.arguments import check_types
from forecasting.calendar import Dates, week_label, week_start
from forecasting.errors import OutOfBounds
from forecasting.hierarchy import THOUSANDTHS, Ints
from forecasting.vocabulary import Measure

AGREED = "agreed"
"""The input that an agreement belongs to: nobody's own."""
_SUNDAY = 6
TOTAL = ""
"""The aim of an input that changes total demand, not one activation's lift."""


class Kind(StrEnum):
    """What happened."""

    OVERRIDE = "override"
    HOLD = "hold"
    RELEASE = "release"
    COMMENT = "comment"
    ACTIVATION = "activation"
    LIFT = "lift"
    UNDO = "undo"
    IMPORT = "import"
    ROLLBACK = "rollback"
    RUN = "run"
    PERSON = "person"
    SETTING = "setting"
    CYCLE = "cycle"
    SUBMIT = "submit"
    AGREE = "agree"
    SIGN = "sign"
    ADOPT = "adopt"
    RESOLVE = "resolve"
    PUBLISH = "publish"
    ASSUMPTION = "assumption"
    ACTION = "action"
    DECISION = "decision"
    EXPEDITE = "expedite"
    TRANSFER = "transfer"
    SHIFT = "shift"
    REDUCE = "reduce"
    ACCEPT = "accept"
    CLOSE = "close"
    SENSE = "sense"
    QUARTER = "quarter"
    REASON = "reason"
    ACCEPT_ODD = "accept_odd"
    SOURCE = "source"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """A node of the product hierarchy, a node of the locations, and weeks."""

    product_level: str = "all"
    product: str = "all"
    location_level: str = "all"
    location: str = "all"
    first_week: dt.date
    """Sunday of the first week."""
    last_week: dt.date
    """Sunday of the last week; the same for a single week."""
    activation: str = TOTAL
    """The activation whose lift is meant; '' means total demand."""

    def __post_init__(self) -> None:
        check_types(self)
        weeks = (self.first_week, self.last_week)
        if self.last_week < self.first_week:
            raise OutOfBounds(f"A scope ends on {weeks[1]}, before its start {weeks[0]}.")
        if any(week.weekday() != _SUNDAY for week in weeks):
            raise OutOfBounds(
                f"A scope names its weeks by their Sundays; found {weeks[0]} to {weeks[1]}."
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
            sku=tuple(rows["sku"]),
            door=tuple(rows["door"]),
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
    kind: Kind
    cycle: str = ""
    scope: Scope | None = None
    operation: str = ""
    value: float | None = None
    """As the person gave it: units for set and add, per cent for percent."""
    body: Mapping[str, Any] = field(default_factory=dict)
    """Whatever else this kind of event needs; JSON."""
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
    def input_of(self) -> str:
        """Whose input it belongs to: the function's, or nobody's own where it is agreed."""
        return str(self.body.get("input", self.function))

    @property
    def measure(self) -> Measure:
        """What its value is counted in."""
        return Measure(self.body.get("measure", Measure.UNITS))

    @property
    def evidence(self) -> str:
        """Link to what the person goes by, '' where none was given."""
        return str(self.body.get("evidence", ""))

    @property
    def units(self) -> float:
        """Net change of demand, in units."""
        return float(self.leaves.delta.sum()) / THOUSANDTHS

    @property
    def sentence(self) -> str:
        """The event in plain words, without who and when."""
        match self.kind:
            case Kind.OVERRIDE:
                return f"{self._change()} for {self.scope}"
            case Kind.HOLD | Kind.RELEASE:
                verb = "held" if self.kind is Kind.HOLD else "released"
                return f"{verb} {self.scope}"
            case Kind.COMMENT:
                return f"commented on {self.scope}: {self.note}"
            case Kind.ACTIVATION:
                after, before = self.body.get("after"), self.body.get("before")
                name = str((after or before or {}).get("name", self.body["activation"]))
                if before is None:
                    return f"added the activation {name}"
                if after and after.get("status") == "cancelled":
                    return f"cancelled the activation {name}"
                return f"changed the activation {name}"
            case Kind.LIFT:
                to = "the estimate" if self.value is None else f"{self.value:g}x"
                what = self.body["sku"]
                name = self.body.get("after", {}).get("name", self.body["activation"])
                return f"set the lift of {what} in {name} to {to}"
            case Kind.UNDO:
                return f"took back #{self.body['target']}"
            case Kind.IMPORT:
                return f"imported {self.body.get('summary', 'files')}"
            case Kind.ROLLBACK:
                return f"rolled back import #{self.body['batch']}"
            case Kind.RUN:
                return f"made a forecast of {self.body.get('series', 0):,} series"
            case Kind.PERSON:
                return f"set {self.body['name']} to {self.body['function']}"
            case Kind.SETTING:
                return f"set the policy: {self.body['said']}"
            case Kind.REASON:
                one = self.body["reason"]
                verb = "put into" if one["in_use"] else "took out of"
                return f"{verb} the list of reasons: {one['label']} ({one['code']})"
            case Kind.ACCEPT_ODD:
                if not self.body["stands"]:
                    return f"shows again what is odd: {self.body['key']}"
                return f"accepted what is odd: {self.body['title']}: {self.body['subject']}"
            case Kind.SOURCE:
                verb = "removed" if self.body["shape"] is None else "saved"
                return f"{verb} the source {self.body['name']}"
            case Kind.QUARTER:
                return f"closed the quarter {self.body['quarter']}"
            case Kind.CYCLE:
                done = {"open": "opened", "reveal": "revealed the inputs of"}
                verb = done.get(self.body["action"], "opened again")
                return f"{verb} the cycle {self.cycle or self.body.get('name', '')}"
            case Kind.SUBMIT:
                return f"submitted the input of {self.function.capitalize()}"
            case Kind.AGREE:
                what = _agreed_on(str(self.body.get("column") or ""), self.value)
                return f"recorded the agreement on {what} for {self.scope}"
            case Kind.SIGN:
                return f"signed {self.body['department']} for {self.function.capitalize()}"
            case Kind.ADOPT:
                return f"adopted the forecast run #{self.body['run']}"
            case Kind.RESOLVE:
                return f"worked out {self.body['input'].capitalize()}'s targets and % again"
            case Kind.PUBLISH:
                return f"published the consensus of {self.cycle}"
            case Kind.ASSUMPTION:
                state = self.body.get("state", "open")
                verb = {"open": "assumed", "held": "saw held", "broken": "saw broken"}[state]
                return f"{verb}: {self.body['statement']}"
            case Kind.ACTION:
                if self.body.get("state") == "done":
                    return f"closed the action: {self.body['text']}"
                who = self.body.get("owner_name", self.body["owner"])
                return f"asked {who} for: {self.body['text']}"
            case Kind.DECISION:
                return f"decided: {self.note}"
            case Kind.EXPEDITE | Kind.TRANSFER | Kind.SHIFT | Kind.REDUCE | Kind.ACCEPT:
                return f"decided: {self.body['said']}"
            case Kind.SENSE:
                return f"corrected {self.scope} by {self.units:+,.0f} u (sensing)"
            case Kind.CLOSE:
                return f"closed #{self.body['target']}: {self.body['said']}"

    def _change(self) -> str:
        value, measure = self.value or 0.0, self.measure
        # Units are the usual thing to speak of; another measure is named.
        of = "" if measure is Measure.UNITS else f"{measure} "
        digits = 3 if measure is Measure.UNITS else 2
        match self.operation:
            case "set":
                to = "to " if of else ""
                return f"set {of}{to}{measure.said(value, digits=digits)}"
            case "clear":
                return "went back to the statistical number"
            case "percent":
                return f"changed {of}by {value:+,.10g} %"
            case _:
                return f"changed {of}by {measure.said(value, sign=True, digits=digits)}"


def _agreed_on(column: str, value: float | None) -> str:
    """What an agreement took, in words."""
    if not column:
        return f"{value or 0:,.10g} u"
    mine = column in ("statistical", "proposed")
    return f"the {column} number" if mine else f"{column.capitalize()}'s number"


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
        when = f"{self.theirs.recorded_at:%H:%M} UTC"
        function = self.theirs.function.capitalize()
        return (
            f"{self.name} in {function} {self.theirs.sentence} at {when}; "
            f"it is {self.measure.said(self.now)} now"
        )
