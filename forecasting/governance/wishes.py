"""How each person wishes to be told of what needs them while they are not in the app.

Nobody is told anything unless they wished for it. A person's address stands beside the
drafts and not in the ledger, so that it can be forgotten.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from data import letters
from data.letters import Letter
from forecasting.arguments import Name, verbs
from forecasting.errors import OutOfBounds
from forecasting.governance.desk import Desk
from forecasting.governance.timetable import EVERY_DAY, Timetable

MAIL = "mail"
"""The channel that is everybody's own address."""
MOST_TOLD = 1_000
"""Things that somebody is remembered to have been told, the latest."""
_ADDRESS = re.compile(r"[^@\s<>,;:\"()\[\]\\/?&#%]{1,64}@[A-Za-z0-9.-]{1,190}")


class Rhythm(StrEnum):
    """How often somebody is told."""

    OFF = "off"
    DAILY = "daily"
    WEEKLY = "weekly"
    AT_ONCE = "at once"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How one person wishes to be told."""

    rhythm: Rhythm = Rhythm.OFF
    channel: str = MAIL
    address: str = ""
    """Where mail goes; '' where another channel is used."""
    at: str = "07:00"
    day: int = 0
    """Of the week, for what is weekly; 0 is Monday."""
    since: dt.datetime = dt.datetime(1990, 1, 1)
    """Up to when they were told; UTC without a zone."""
    told: tuple[str, ...] = ()
    """Keys of what they were told of, the latest last."""

    @property
    def when(self) -> Timetable:
        """When a digest is due."""
        days = (self.day,) if self.rhythm is Rhythm.WEEKLY else EVERY_DAY
        return Timetable.of(self.at, days)


@verbs
class Wishes:
    """Verbs of how somebody is told.

    Parameters
    ----------
    desk : Desk
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._writing = threading.Lock()
        self._known = {p: _read(text) for p, text in letters.wishes(desk.store).items()}
        self._letters = {one.letter: one for one in letters.every(desk.store)}

    def of(self, by: str) -> Wish:
        """How somebody wishes to be told."""
        return self._known.get(self._desk.allowed(by, "read").id, Wish())

    def set(
        self,
        by: str,
        rhythm: Rhythm,
        *,
        channel: Name = MAIL,
        address: Name = "",
        at: Name = "07:00",
        day: int = 0,
    ) -> Wish:
        """Wish to be told, in this way from now on.

        Parameters
        ----------
        channel : str
            'mail', or a channel that the server names.
        address : str
            Where mail goes.
        at : str
            Time of day of a daily or weekly digest.
        day : int
            Day of the week of a weekly one, 0 is Monday.

        Raises
        ------
        OutOfBounds
        """
        actor = self._desk.allowed(by, "follow")
        address = address.strip()
        if not re.fullmatch(r"[a-z0-9_-]{1,40}", channel):
            raise OutOfBounds("A channel is named as the server names it, in small letters.")
        if rhythm is not Rhythm.OFF and channel == MAIL and not _ADDRESS.fullmatch(address):
            raise OutOfBounds(f"'{address[:80]}' is no mail address, like mara@shop.example.")
        when = Timetable.of(at, (day,) if rhythm is Rhythm.WEEKLY else EVERY_DAY)
        with self._writing:
            had = self._known.get(actor.id, Wish())
            made = Wish(
                rhythm=rhythm, channel=channel, address=address if channel == MAIL else "",
                at=f"{when.at:%H:%M}", day=when.days[0] if rhythm is Rhythm.WEEKLY else 0,
                since=self._desk.now, told=had.told,
            )  # fmt: skip
            off = rhythm is Rhythm.OFF
            text = "" if off else _write(made)
            letters.wish(self._desk.store, actor.id, text, now=self._desk.now)
            rest = {p: w for p, w in self._known.items() if p != actor.id}
            self._known = rest if off else {**rest, actor.id: made}
        return made

    # What the post asks (outputs/post.py) -----------------------------------------------

    @property
    def everybody(self) -> dict[str, Wish]:
        """Wishes of whoever may still do something, by person."""
        here = {person.id for person in self._desk.people}
        return {p: wish for p, wish in self._known.items() if p in here}

    @property
    def letters(self) -> list[Letter]:
        """Every message that is kept, oldest first."""
        return sorted(self._letters.values(), key=lambda one: (one.made_at, one.letter))

    def told(self, letter: Letter, keys: Sequence[str], *, until: dt.datetime) -> None:
        """Put a message down to be sent, and that its person was told of these."""
        with self._writing:
            had = self._known.get(letter.person)
            if had is None:  # they wished to be told no more, just now
                return
            now = replace(had, told=(*had.told, *keys)[-MOST_TOLD:], since=until)
            letters.write(self._desk.store, letter, wish=_write(now))
            self._known = {**self._known, letter.person: now}
            self._letters[letter.letter] = letter

    def nothing_for(self, people: Collection[str], *, until: dt.datetime) -> None:
        """Note that these had nothing to be told at their time: kept in memory alone."""
        with self._writing:
            moved = {
                p: replace(self._known[p], since=until) for p in people if p in self._known
            }
            self._known = {**self._known, **moved}

    def tried(self, letter: Letter) -> None:
        """Keep what became of a try to send a message."""
        letters.tried(self._desk.store, letter)
        self._letters[letter.letter] = letter


def _write(wish: Wish) -> str:
    return json.dumps(
        {
            "rhythm": wish.rhythm.value, "channel": wish.channel, "address": wish.address,
            "at": wish.at, "day": wish.day, "since": wish.since.isoformat(),
            "told": list(wish.told),
        }
    )  # fmt: skip


def _read(text: str) -> Wish:
    kept: dict[str, Any] = json.loads(text)
    return Wish(
        rhythm=Rhythm(kept["rhythm"]), channel=str(kept["channel"]),
        address=str(kept["address"]), at=str(kept["at"]), day=int(kept["day"]),
        since=dt.datetime.fromisoformat(kept["since"]), told=tuple(map(str, kept["told"])),
    )  # fmt: skip
