"""What a person sees of the company, where limits hold for reading, too.

Checks in every page, pack, export and route would be many, and one that is forgotten tells
what it should not. So there is one door: whoever reads asks here for the workspace, and whoever
sees a part gets one that holds that part alone.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import partial

from data.part import PartStore
from forecasting.consensus.events import Event, Kind
from forecasting.governance.part import Cut
from forecasting.governance.part_desk import PartDesk
from forecasting.plan.live import LivePlan
from forecasting.rights import Person, Remit
from forecasting.workspace import Workspace

_OTHER_FACTS = frozenset(
    {Kind.IMPORT, Kind.ROLLBACK, Kind.RUN, Kind.ADOPT, Kind.CONVENTIONS, Kind.PUBLISH}
)
"""What a part of the workspace is made anew after."""
_AS_OF_ALL = (
    "staff", "tokens", "wishes", "drafts", "following", "seen", "audit", "policies", "reading",
    "schedules", "sources", "conventions", "reasons",
)  # fmt: skip
"""What is of people and of the company, and says nothing of products."""


class Part(Workspace):
    """The workspace, for who sees the products of some departments and classes only.

    It has a store and a ledger that hold no more than that, so whatever is made from them,
    page, pack, export or total, holds no more either.

    Parameters
    ----------
    whole : Workspace
    remit : Remit
        What is seen.
    """

    def __init__(self, whole: Workspace, remit: Remit) -> None:
        self.store, self._least_weeks = PartStore(whole.store, remit), whole._least_weeks
        self.whole, self.sees = whole, remit
        self.is_old = False
        """Whether facts changed since it was made: another one takes its place."""
        self._early: list[Event] | None = []
        """Committed while it was being made."""
        self._following = threading.Lock()
        cut = Cut(
            remit=remit, places=lambda: whole.desk.places, event=whole.ledger.event,
            activation=whole.calendar.at,
        )  # fmt: skip
        self._cut = cut
        whole.ledger.followers = (*whole.ledger.followers, self._follow)
        self._wire(whole.desk._clock, partial(PartDesk, whole=whole.desk, cut=cut))
        self._take_up(build=False)
        for name in _AS_OF_ALL:
            setattr(self, name, getattr(whole, name))
        # Sums are taken and kept once, of everything, and cut when they are read.
        for name in ("summing", "is_fresh", "keep_up", "sum_up", "keep_flags"):
            setattr(self.quarters, name, getattr(whole.quarters, name))
        self.person, self.set_person = self.desk.person, self.staff.set_person
        with self._following:
            early, self._early = self._early, None
            self._fold(self._cut_down(early or ()))

    def close(self) -> None:
        """Nothing more is taken into it; the workspace itself goes on."""
        self.is_old = True
        self.whole.ledger.followers = tuple(
            one for one in self.whole.ledger.followers if one != self._follow
        )

    def _follow(self, events: Sequence[Event]) -> None:
        """Take what was committed, as far as it is seen."""
        if any(event.kind in _OTHER_FACTS for event in events):
            return self.close()
        with self._following:
            if self._early is not None:
                self._early.extend(events)
                return None
            return self._fold(self._cut_down(events))

    def _cut_down(self, events: Sequence[Event]) -> list[Event]:
        mine = [cut for event in events if (cut := self._cut.of(event)) is not None]
        if events:
            self.ledger.seq = events[-1].seq
        return mine

    def _live(self) -> LivePlan:
        """The live plan; departments are signed as they are in the whole one."""
        plan = super()._live()
        plan.signed_as = self.whole._live().digests
        return plan


_MAKING = threading.Lock()
"""Held while a part is made: it is made once, whoever asks."""


def seen_by(whole: Workspace, person: Person) -> Workspace:
    """The workspace as far as a person sees it: the one door to what they read."""
    remit = None if isinstance(whole, Part) else whole.reading.seen_by(person)
    if remit is None:
        return whole
    with _MAKING:
        found = whole.parts.get(remit)
        if not isinstance(found, Part) or found.is_old:
            whole.parts[remit] = found = Part(whole, remit)
        return found


def told(space: Workspace) -> str:
    """What a total is of, where it is not of the company; '' where it is."""
    return (
        f"You see {space.sees} only: every total is of that." if isinstance(space, Part) else ""
    )
