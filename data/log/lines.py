"""Events as a log keeps them: the same values in whichever engine, and a digest of them all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from forecasting.consensus.events import Event, Leaves, Scope
from forecasting.consensus.events.reading import read_body, write_body

COLUMNS = (
    "seq", "recorded_at", "person", "function", "kind", "cycle", "scope", "operation", "value",
    "body", "reason", "note", "base", "client_id",
)  # fmt: skip
"""Of the table `event`, in its order."""


@dataclass(frozen=True, slots=True)
class Line:
    """One event as it is kept, its body in the version in which it was written."""

    values: tuple[Any, ...]
    """By COLUMNS."""
    leaves: Leaves
    input: str
    """Whose input the leaves belong to."""
    activation: str
    """What they are aimed at, '' where at all of demand."""

    @classmethod
    def of(cls, event: Event) -> Line:
        """An event that has its number."""
        values = (
            event.seq,
            event.recorded_at,
            event.person,
            event.function,
            event.kind.value,
            event.cycle,
            event.scope.to_json() if event.scope else None,
            event.operation,
            event.value,
            write_body(event.body),
            event.reason,
            event.note,
            event.base,
            event.client_id,
        )
        aim = event.scope.activation if event.scope else ""
        return cls(values, event.leaves, event.input_of, aim)

    @property
    def seq(self) -> int:
        """Its number."""
        return int(self.values[0])

    @property
    def client_id(self) -> str:
        """What its request was called."""
        return str(self.values[-1])


def event_of(values: tuple[Any, ...], leaves: Leaves) -> Event:
    """The event of some values by COLUMNS.

    Raises
    ------
    NotOurs
        If a newer version of Concord wrote it.
    """
    return Event(
        seq=values[0],
        recorded_at=values[1],
        person=values[2],
        function=values[3],
        cycle=values[5],
        scope=Scope.from_json(values[6]) if values[6] else None,
        operation=values[7],
        value=values[8],
        body=read_body(values[4], values[9], seq=values[0]),
        reason=values[10],
        note=values[11],
        base=values[12],
        client_id=values[13],
        leaves=leaves,
    )


def digest(lines: Iterable[Line]) -> str:
    """SHA-256 of events and all that they did, in hexadecimal: equal logs, equal digests.

    The leaves of one event have no order of their own: they are taken by what they are.
    """
    found = hashlib.sha256()
    for line in lines:
        leaves = zip(
            line.leaves.sku, line.leaves.door, line.leaves.week.astype(str).tolist(),
            line.leaves.delta.tolist(), strict=True,
        )  # fmt: skip
        whole = [line.values, line.input, line.activation, sorted(leaves)]
        if not len(line.leaves):  # only leaves state whose they are and at what
            whole = [line.values]
        found.update(json.dumps(whole, default=str).encode())
    return found.hexdigest()
