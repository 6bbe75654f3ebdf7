"""The watch list: what somebody follows, and how it stood when they looked last.

It is nobody's decision and only its person ever sees it, so it stands beside the drafts and
not in the ledger.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from data import drafts
from forecasting.arguments import Name, verbs
from forecasting.errors import OutOfBounds
from forecasting.governance.desk import Desk

KEPT = "watch list"
"""Where among the drafts it stands; no page is called so."""
MOST = 200
"""Things that one person follows: more is a report, not a watch list."""


class What(StrEnum):
    """What can be followed."""

    ACTIVATION = "activation"
    CLASS = "class"
    SKU = "sku"
    CYCLE = "cycle"
    PERSON = "person"

    @property
    def label(self) -> str:
        """As shown on a page."""
        return "SKU" if self is What.SKU else self.value.capitalize()


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """One thing that somebody follows."""

    what: What
    name: str
    """Its identity."""
    seen: Mapping[str, float] = field(default_factory=dict)
    """Its figures when the person looked last, by name; empty before the first look."""


@verbs
class Following:
    """Verbs of the watch list.

    Parameters
    ----------
    desk : Desk
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._writing = threading.Lock()
        self._known: dict[str, tuple[Followed, ...]] = {}
        """By person, as the store has it: pages with a star ask, only here is it written."""

    def of(self, by: str) -> list[Followed]:
        """What somebody follows, in the order in which they began to."""
        return list(self._read(self._desk.allowed(by, "follow").id))

    def add(self, by: str, what: What, name: Name) -> None:
        """Put a thing on the own watch list; what stands there stays where it is.

        Raises
        ------
        NotAllowed, OutOfBounds
        """
        actor = self._desk.allowed(by, "follow")
        with self._writing:  # two tabs of one person
            found = self._read(actor.id)
            if any((f.what, f.name) == (what, name) for f in found):
                return
            if len(found) >= MOST:
                raise OutOfBounds(
                    f"A watch list holds at most {MOST} things. Take one off it first."
                )
            self._keep(actor.id, [*found, Followed(what=what, name=name)])

    def remove(self, by: str, what: What, name: Name) -> None:
        """Take a thing off the own watch list."""
        actor = self._desk.allowed(by, "follow")
        with self._writing:
            rest = [f for f in self._read(actor.id) if (f.what, f.name) != (what, name)]
            self._keep(actor.id, rest)

    def saw(self, by: str, looked: Sequence[Followed]) -> None:
        """Note what somebody has seen of things: the next look compares with it.

        One write, however many there are; none where their figures are as they were.
        """
        actor = self._desk.allowed(by, "follow")
        if len(looked) > MOST or any(len(one.seen) > MOST for one in looked):
            raise OutOfBounds(f"A look has at most {MOST} things with {MOST} figures each.")
        now = {(one.what, one.name): dict(one.seen) for one in looked}
        with self._writing:
            had = self._read(actor.id)
            kept = [replace(f, seen=now.get((f.what, f.name), f.seen)) for f in had]
            if kept != list(had):
                self._keep(actor.id, kept)

    def _read(self, person: str) -> tuple[Followed, ...]:
        if person not in self._known:
            self._known[person] = self._stored(person)
        return self._known[person]

    def _stored(self, person: str) -> tuple[Followed, ...]:
        found = drafts.of(self._desk.store, person, KEPT)
        kept = json.loads(found[1]) if found else []
        return tuple(
            Followed(what=What(one["what"]), name=one["name"], seen=one["seen"])
            for one in (kept if isinstance(kept, list) else ())
        )

    def _keep(self, person: str, followed: Sequence[Followed]) -> None:
        body = [{"what": f.what, "name": f.name, "seen": dict(f.seen)} for f in followed]
        text = json.dumps(body) if body else ""
        drafts.keep(self._desk.store, person, KEPT, text, saved_at=self._desk.now)
        self._known[person] = tuple(followed)
