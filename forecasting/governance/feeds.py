"""Links by which calendar programs read the marketing calendar, made and revoked by people.

A calendar program cannot sign in, so the link itself is the key: 256 random bits that are
shown once, of which the ledger has the digest. It shows what its maker may see at that
moment, and dies with a click of theirs or Admin's, or when they are taken out.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from forecasting.arguments import Name, verbs
from forecasting.consensus.events import Event, Kind
from forecasting.consensus.events.word import FeedSaved
from forecasting.errors import NotAllowed, OutOfBounds, Refused, UnknownName
from forecasting.governance.desk import Desk
from forecasting.governance.projector import Projector
from forecasting.vocabulary import Function

LONGEST = 60
MOST = 20
"""Links of one person that are good at the same time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """One link that is good."""

    seq: int
    name: str
    person: str
    """Who made it: what they may see is in it."""
    function: Function | None
    klass: str
    digest: str


@verbs
class Feeds(Projector[Mapping[tuple[str, str], Feed]]):
    """Verbs of links, by person and name.

    Parameters
    ----------
    desk : Desk
    """

    kinds = (Kind.FEED,)

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.take_up(desk.ledger)

    def _begin(self) -> Mapping[tuple[str, str], Feed]:
        return {}

    def _with(
        self, state: Mapping[tuple[str, str], Feed], events: Sequence[Event]
    ) -> Mapping[tuple[str, str], Feed]:
        now = dict(state)
        for event in events:
            told = event.told(FeedSaved)
            now.pop((event.person, told.name), None)
            if told.digest:
                now[event.person, told.name] = Feed(
                    seq=event.seq, name=told.name, person=event.person, klass=told.klass,
                    function=Function(told.function) if told.function else None,
                    digest=told.digest,
                )  # fmt: skip
        return now

    def of(self, by: str) -> list[Feed]:
        """Somebody's own links, by name."""
        person = self._desk.allowed(by, "feed").id
        return sorted(
            (f for f in self._state.values() if f.person == person), key=lambda f: f.name
        )

    def make(
        self, by: str, name: Name, *, function: Function | None = None, klass: Name = ""
    ) -> str:
        """Make a link; what comes back is its secret, shown this once.

        Parameters
        ----------
        function : Function, optional
            Only activations about which this function has to decide something.
        klass : str
            Only activations that feature a SKU of this class; '' for all.

        Raises
        ------
        NotAllowed, OutOfBounds, Refused
        """
        actor = self._desk.allowed(by, "feed")
        name, secret = name.strip(), secrets.token_urlsafe(32)
        if not 0 < len(name) <= LONGEST:
            raise OutOfBounds(f"The name of a link has 1 to {LONGEST} characters.")
        body = FeedSaved(
            name=name, digest=digest_of(secret), function=function.value if function else "",
            klass=klass,
        )  # fmt: skip

        def prepare() -> Event:
            mine = [f.name for f in self._state.values() if f.person == actor.id]
            if name in mine:
                raise Refused(f"You have a link '{name}' already. Revoke it first.")
            if len(mine) >= MOST:
                raise OutOfBounds(f"A person has at most {MOST} links. Revoke one first.")
            return self._desk.event(actor, body)

        self._desk.submit(prepare)
        return secret

    def revoke(self, by: str, name: Name) -> Event:
        """Let one's own link open nothing any more.

        Raises
        ------
        NotAllowed, UnknownName
        """
        actor = self._desk.allowed(by, "feed")

        def prepare() -> Event:
            if (actor.id, name) not in self._state:
                raise UnknownName(f"You have no link '{name[:LONGEST]}'.")
            return self._desk.event(actor, FeedSaved(name=name, digest=""))

        return self._desk.submit(prepare)

    def opened(self, secret: str) -> Feed | None:
        """The link of a secret; None where it opens nothing."""
        digest = digest_of(secret)
        found = next((f for f in self._state.values() if f.digest == digest), None)
        if found is None:
            return None
        try:
            self._desk.allowed(found.person, "feed")
        except (NotAllowed, UnknownName):
            return None
        return found


def digest_of(secret: str) -> str:
    """What the ledger has of a secret: 256 random bits need no salt."""
    return hashlib.sha256(secret.encode()).hexdigest()
