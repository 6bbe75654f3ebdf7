"""Whether limits to a part of the company hold for what people see, too."""

from __future__ import annotations

from collections.abc import Sequence

from forecasting.arguments import verbs
from forecasting.consensus.events import Event, Kind
from forecasting.consensus.events.governance import ReadingSet
from forecasting.errors import OutOfBounds
from forecasting.governance.desk import Desk
from forecasting.governance.projector import Projector
from forecasting.rights import Person, Remit


@verbs
class Reading(Projector[bool]):
    """The verb that lets limits hold for reading, and whom it concerns.

    Parameters
    ----------
    desk : Desk
    """

    kinds = (Kind.READING,)

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.take_up(desk.ledger)

    def _begin(self) -> bool:
        return False

    def _with(self, state: bool, events: Sequence[Event]) -> bool:
        return events[-1].told(ReadingSet).is_limited if events else state

    @property
    def is_limited(self) -> bool:
        """Whether somebody who is limited to departments or classes sees those only."""
        return self._state

    def limit(self, by: str, limited: bool) -> Event:
        """Let limits hold for what people see, too, or let everybody see everything.

        It holds from everybody's next click on. Regions limit what is changed only: doors
        share the stock of a centre, and what one of them gets rests on all the others.

        Raises
        ------
        NotAllowed
        OutOfBounds
            If it is so already.
        """
        actor = self._desk.allowed(by, "people")
        if limited == self._state:
            how = "hold for what people see already" if limited else "hold for changes alone"
            raise OutOfBounds(f"Limits {how}. Nothing was changed.")
        return self._desk.append(actor, ReadingSet(is_limited=limited))

    def seen_by(self, person: Person) -> Remit | None:
        """The departments and classes that somebody sees alone; None: they see everything.

        Whoever speaks for several functions sees what any of them does.
        """
        if not self._state:
            return None
        remits = [person.remit_for(function) for function in person.functions]
        if any(not remit.limits_products for remit in remits):
            return None
        return Remit(
            departments=tuple(sorted({d for remit in remits for d in remit.departments})),
            classes=tuple(sorted({c for remit in remits for c in remit.classes})),
        )
