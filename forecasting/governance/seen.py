"""What people have seen of their inboxes, and since when what is worked out stands.

Neither decides anything, so both stand beside the drafts and not in the ledger.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Collection, Mapping, Sequence

from data import inboxes
from forecasting.arguments import Name, verbs
from forecasting.errors import OutOfBounds
from forecasting.governance.desk import Desk

MOST = 2_000
"""Things that one person is remembered to have seen."""


@verbs
class Seen:
    """Verbs of having seen something.

    Parameters
    ----------
    desk : Desk
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._writing = threading.Lock()
        self._known = inboxes.seen(desk.store)
        self._noticed = inboxes.noticed(desk.store)

    def of(self, by: str) -> dict[str, dt.datetime]:
        """By thing, when somebody saw it."""
        return dict(self._known.get(self._desk.allowed(by, "read").id, {}))

    def mark(self, by: str, things: Sequence[Name], *, there: Sequence[Name] = ()) -> None:
        """Note that somebody has seen things: one write, however many they are.

        Parameters
        ----------
        there : sequence of str
            What is in the inbox now: what is not there any more is forgotten.
        """
        actor = self._desk.allowed(by, "follow")
        if len(things) > MOST or len(there) > MOST:
            raise OutOfBounds(f"An inbox holds at most {MOST} things.")
        with self._writing:  # two tabs of one person
            had = self._known.get(actor.id, {})
            now = dict.fromkeys(things, self._desk.now) | had
            kept = {k: at for k, at in now.items() if not there or k in {*there, *things}}
            if kept != had:
                inboxes.see(self._desk.store, actor.id, kept)
                self._known = {**self._known, actor.id: kept}

    @property
    def noticed(self) -> Mapping[str, dt.datetime]:
        """Since when each risk stands."""
        return self._noticed

    def notice(self, things: Collection[str]) -> None:
        """Note which risks stand now: new ones stand since now, others are over."""
        with self._writing:
            new = dict.fromkeys((t for t in things if t not in self._noticed), self._desk.now)
            gone = self._noticed.keys() - set(things)
            if new or gone:
                inboxes.notice(self._desk.store, new=new, gone=gone)
                rest = {k: at for k, at in self._noticed.items() if k not in gone}
                self._noticed = {**rest, **new}
