"""Tokens: how a program speaks for somebody, made and revoked in the ledger.

A token is 256 random bits that its owner sees once; the ledger has their digest. It speaks for
one person with the rights that they have at that moment, narrowed by its level (`bearer`), and
dies with them: on its last day, when it is revoked, when they are taken out. A service is a
person who does not sign in.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from data import token_use
from forecasting import operation
from forecasting.arguments import Name, OneOf, verbs
from forecasting.consensus.events import Event, Kind
from forecasting.consensus.events.tokens import TokenSet
from forecasting.errors import NotAllowed, OutOfBounds, Refused, StorageFailed, UnknownName
from forecasting.governance.bearer import Level
from forecasting.governance.desk import Desk
from forecasting.governance.projector import Projector
from forecasting.rights import Person, require

LOG = operation.log("tokens")
PREFIX = "concord_"
"""So that whoever finds one knows what it is; scanners for secrets look for such words."""
LONGEST_DAYS = 366
"""A token that nobody makes anew in a year is one that nobody knows of any more."""
USUAL_DAYS = 90
MOST_COMMANDS = 50
MOST_ALIVE = 50
"""Tokens of one person that are good at the same time."""
NOTED_EVERY = dt.timedelta(minutes=10)
"""How exactly it is known when a token was last used."""


class WrongToken(Refused):
    """Nobody's token, or one that is good no more."""

    title = "Who are you?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """One token, as everybody may see it who may see it."""

    id: str
    label: str
    person: str
    """Id of who it speaks for."""
    level: Level
    commands: tuple[str, ...]
    """The only verbs that it may be used for; none: all of its level."""
    until: dt.date
    """The last day on which it is good."""
    made_by: str
    made_at: dt.datetime
    """UTC, without a zone."""
    is_revoked: bool = False

    def is_good(self, today: dt.date) -> bool:
        """Whether it still opens anything on a day."""
        return not self.is_revoked and today <= self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A token that was made now: the only time that its secret is seen."""

    token: Token
    secret: str
    event: Event


@verbs
class Tokens(Projector[Mapping[str, tuple[Token, str]]]):
    """The verbs on tokens: by id, each with the digest of its secret.

    Parameters
    ----------
    desk : Desk
    """

    kinds = (Kind.TOKEN,)

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._noting = threading.Lock()
        self._noted: dict[str, dt.datetime] = {}
        self._by_digest: Mapping[str, str] = {}
        self.take_up(desk.ledger)

    def _begin(self) -> Mapping[str, tuple[Token, str]]:
        return {}

    def _with(
        self, state: Mapping[str, tuple[Token, str]], events: Sequence[Event]
    ) -> Mapping[str, tuple[Token, str]]:
        known = dict(state)
        for event in events:
            body = event.told(TokenSet)
            before = known.get(body.token)
            known[body.token] = (
                _token(event, body, before[0] if before else None),
                body.digest,
            )
        return known

    def _replaced(self) -> None:
        self._by_digest = {digest: token.id for token, digest in self._state.values()}

    def make(
        self,
        by: str,
        *,
        label: Name,
        level: Annotated[Level | str, OneOf(tuple(Level))] = Level.READ,
        days: int = USUAL_DAYS,
        person: Name | None = None,
        commands: Sequence[Name] = (),
    ) -> Made:
        """Make a token for oneself, or as Admin for somebody else.

        Parameters
        ----------
        label : str
            What it is for: "nightly import".
        level : Level
            How far it goes.
        days : int
            Days from today on for which it is good, today included.
        person : str, optional
            Id of who it speaks for; oneself if left out.
        commands : sequence of str, optional
            The only verbs that it may be used for.

        Raises
        ------
        NotAllowed
            If it is for somebody else, and one is not Admin.
        UnknownName, OutOfBounds, Refused
        """
        actor = self._desk.allowed(by, "token")
        owner = self._desk.person(person) if person is not None else actor
        if owner.id != actor.id:
            require(actor, "people")
            require(owner, "read")
        self._check(owner, label, days=days, commands=commands)
        secret = PREFIX + secrets.token_urlsafe(32)
        body = TokenSet(
            token=secrets.token_hex(4), label=label.strip(), person=owner.id,
            level=Level(level).value, commands=tuple(dict.fromkeys(commands)),
            until=self._desk.today + dt.timedelta(days - 1), digest=_digest(secret),
        )  # fmt: skip
        event = self._desk.append(actor, body)
        if event.told(TokenSet).digest != body.digest:
            raise Refused(
                "This request made its token already, and a token is shown once. Revoke that "
                "one and make another."
            )
        return Made(token=self.one(event.told(TokenSet).token), secret=secret, event=event)

    def _check(self, owner: Person, label: str, *, days: int, commands: Sequence[str]) -> None:
        """Refuse a token that is out of bounds."""
        if not label.strip():
            raise OutOfBounds("Say what the token is for, such as 'nightly import'.")
        if not 1 <= days <= LONGEST_DAYS:
            raise OutOfBounds(f"A token is good for 1 to {LONGEST_DAYS} days; found {days}.")
        if len(commands) > MOST_COMMANDS:
            raise OutOfBounds(f"A token names at most {MOST_COMMANDS} verbs.")
        if len([t for t in self.alive if t.person == owner.id]) >= MOST_ALIVE:
            raise Refused(
                f"{owner.name} has {MOST_ALIVE} tokens that are good. Revoke one that is not "
                "used any more."
            )

    def revoke(self, by: str, token: Name) -> Event:
        """Let a token open nothing any more, from now on.

        Raises
        ------
        UnknownName
            Also where it is somebody else's and one is not Admin.
        Refused
            If it was revoked already.
        """
        actor = self._desk.allowed(by, "token")
        known = self._state.get(token)
        if known is None or not (known[0].person == actor.id or actor.may("people")):
            raise UnknownName(f"There is no token '{token[:80]}' of yours.")
        found, digest = known
        if found.is_revoked:
            raise Refused(f"The token '{found.label}' was revoked already.")
        body = TokenSet(
            token=found.id, label=found.label, person=found.person, level=found.level.value,
            commands=found.commands, until=found.until, digest=digest, is_revoked=True,
        )  # fmt: skip
        return self._desk.append(actor, body)

    def of(self, by: str) -> list[Token]:
        """One's own tokens, as Admin everybody's: the newest first."""
        actor = self._desk.allowed(by, "read")
        every = actor.may("people")
        mine = [t for t, _ in self._state.values() if every or t.person == actor.id]
        return sorted(mine, key=lambda t: t.made_at, reverse=True)

    def one(self, token: str) -> Token:
        """One token by its id."""
        return self._state[token][0]

    @property
    def alive(self) -> list[Token]:
        """Those that are good today."""
        today = self._desk.today
        return [token for token, _ in self._state.values() if token.is_good(today)]

    # For whoever lets programs in -------------------------------------------------------

    def holder(self, secret: str) -> tuple[Token, Person]:
        """Whom a program speaks for that brings this secret.

        Raises
        ------
        WrongToken
        """
        # The digest of 256 random bits may be looked up: how long it takes says nothing.
        id_ = self._by_digest.get(_digest(secret))
        if id_ is None:
            raise WrongToken("This token is not known here. Ask Admin for another one.")
        token = self._state[id_][0]
        if token.is_revoked:
            raise WrongToken(f"The token '{token.label}' was revoked.")
        if not token.is_good(self._desk.today):
            raise WrongToken(f"The token '{token.label}' was good until {token.until}.")
        try:
            person = self._desk.allowed(token.person, "read")
        except NotAllowed as error:
            raise WrongToken(f"{error} The token '{token.label}' ended with it.") from None
        return token, person

    def last_used(self) -> Mapping[str, dt.datetime]:
        """Token to when it was last used, to ten minutes; UTC without a zone."""
        return token_use.all_of(self._desk.store)

    def is_use_due(self, token: str) -> bool:
        """Whether it was not noted lately that a token is used."""
        before = self._noted.get(token)
        return before is None or self._desk.now - before >= NOTED_EVERY

    def note_use(self, token: str) -> None:
        """Note when a token was used, if that is due."""
        with self._noting:
            if not self.is_use_due(token):
                return
            now = self._noted[token] = self._desk.now
            try:
                token_use.keep(self._desk.store, token, used_at=now)
            except StorageFailed:  # nobody is kept out because a note of it cannot be kept
                LOG.warning("use_not_noted", token=token)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _token(event: Event, body: TokenSet, before: Token | None) -> Token:
    if before is not None:
        return replace(before, is_revoked=body.is_revoked)
    return Token(
        id=body.token, label=body.label, person=body.person, level=Level(body.level),
        commands=body.commands, until=body.until, made_by=event.person,
        made_at=event.recorded_at, is_revoked=body.is_revoked,
    )  # fmt: skip
