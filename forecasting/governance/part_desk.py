"""The desk of whoever sees a part of the products: it reads a part, and writes to the ledger.

There is one ledger with one writer. What is handed in here is prepared from what its author
sees, completed by what they do not see, and refused by the limits of the whole.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence

from data.ledger import EVERYTHING, Ledger, Work
from data.store import Store
from forecasting.consensus.events import Event, Kind
from forecasting.errors import Outside
from forecasting.governance.desk import Desk
from forecasting.governance.part import Cut, completed
from forecasting.governance.reach import Reaches


class PartLedger(Ledger):
    """The ledger, as far as it is seen.

    Parameters
    ----------
    whole : Desk
        The desk of the company.
    cut : Cut
    """

    def __init__(self, whole: Desk, cut: Cut) -> None:
        self._desk, self._cut = whole, cut
        self.seq = whole.ledger.seq

    def submit(
        self,
        client_id: str,
        prepare: Callable[[], Event],
        *,
        touches: frozenset[str] = EVERYTHING,
        work: Work | None = None,
    ) -> Event:
        """Append one event to the one ledger (Ledger.submit)."""
        made = self._desk.ledger.submit(
            client_id, self._whole(prepare), touches=touches, work=work
        )
        return self._cut.of(made) or made

    def submit_all(
        self,
        prepare: Mapping[str, Callable[[], Event]],
        *,
        touches: frozenset[str] = EVERYTHING,
        work: Work | None = None,
    ) -> list[Event]:
        """Append several events to the one ledger (Ledger.submit_all)."""
        asked = {client: self._whole(one) for client, one in prepare.items()}
        made = self._desk.ledger.submit_all(asked, touches=touches, work=work)
        return [self._cut.of(event) or event for event in made]

    def tail(self, after: int) -> list[Event]:
        """Events after a sequence number, oldest first."""
        return self.seen(self._desk.ledger.tail(after))

    def events(self, seqs: Sequence[int]) -> list[Event]:
        """Some events with their leaves, oldest first."""
        return self.seen(self._desk.ledger.events(seqs))

    def made_under(self, client_ids: Iterable[str]) -> list[Event]:
        """Events that were made under some requests' ids, oldest first."""
        return self.seen(self._desk.ledger.made_under(client_ids))

    def of_kinds(self, *kinds: Kind) -> list[Event]:
        """Every event of some kinds, oldest first."""
        return self.seen(self._desk.ledger.of_kinds(*kinds))

    def close(self) -> None:
        """Nothing: the ledger goes on."""

    def seen(self, events: Sequence[Event]) -> list[Event]:
        """What is seen of some events."""
        return [mine for event in events if (mine := self._cut.of(event)) is not None]

    def _whole(self, prepare: Callable[[], Event]) -> Callable[[], Event]:
        """The same event with what is not seen as it is, if it may be."""

        def prepared() -> Event:
            event = completed(self._cut, prepare())
            try:
                return self._desk.refuse_outside(event)
            except Outside:  # its words name what lies outside
                name = self._desk.person(event.person).name
                raise Outside(
                    f"{name} may change what they see only, and this reaches beyond it. "
                    "Nothing was changed. Choose what is yours alone, or ask whoever has the "
                    "rest."
                ) from None

        return prepared


class PartDesk(Desk):
    """A desk over what is seen.

    Parameters
    ----------
    store : Store
        Cut to the part.
    on_commit : callable
        As of a desk; whoever makes this one lets the ledger call it.
    clock : callable
    whole : Desk
        The desk of the company.
    cut : Cut
    """

    def __init__(
        self,
        store: Store,
        on_commit: Callable[[Sequence[Event]], None],
        *,
        clock: Callable[[], dt.datetime],
        whole: Desk,
        cut: Cut,
    ) -> None:
        del on_commit
        self.store, self._clock = store, clock
        self.ledger = PartLedger(whole, cut)
        self.cycle = ""
        self._reaches = Reaches(store, self.ledger.event)
        self.audit = whole.audit
        self.take_up(self.ledger)

    def close(self) -> None:
        """Nothing: the desk of the company goes on."""
