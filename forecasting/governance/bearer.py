"""What a program may do under its token, and under which id it asks.

A person's rights follow from what they speak for; a token narrows them and never adds one. It
is held here, below every verb: the desk asks `check` before each right, and `check_writing`
before anything is written, so that no verb can forget it. Where no program asks (a page, the
command line on the file itself), nothing is narrowed.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum

from forecasting.errors import NotAllowed


class Level(StrEnum):
    """How far a token goes."""

    READ = "read"
    """Look at everything that its person may look at; change nothing."""
    WRITE = "write"
    """And do the work of its person's function."""
    ADMIN = "admin"
    """And what is set for everybody: people, tokens, settings, conventions, reasons,
    schedules."""


SET_FOR_EVERYBODY = frozenset({
    "people", "token", "settings", "conventions", "reasons", "schedule",
    "schedule from an address",
})  # fmt: skip
"""Rights that only a token of the level admin brings along."""


@dataclass(slots=True, kw_only=True)
class Call:
    """One request of a program."""

    level: Level
    key: str = ""
    """What the program calls this request, so that a repeated one is known; '' for nothing."""
    seen: int | None = None
    """The ledger's last event when the program looked; None: it does not say."""
    made: int = 0
    """Ids that were made for it so far."""

    def next_id(self) -> str:
        """The id of the next thing that it writes: the same ones when it is sent again."""
        self.made += 1
        return f"{self.key}/{self.made}"


_CALL: ContextVar[Call | None] = ContextVar("call", default=None)


@contextmanager
def calling(call: Call) -> Iterator[Call]:
    """Do something for a program, within its token."""
    token = _CALL.set(call)
    try:
        yield call
    finally:
        _CALL.reset(token)


def key_of(*parts: str) -> str:
    """The ledger's id of a request: of who asked for what, under which name of their own.

    The name alone would let one person's request be taken for another's.
    """
    told = "\x00".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:40]


class Digest:
    """Of files that come along with a request, piece by piece."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def add(self, piece: bytes) -> None:
        """Take another piece."""
        self._hash.update(piece)

    @property
    def value(self) -> bytes:
        """Of everything so far."""
        return self._hash.digest()


def new_id() -> str:
    """The id of what is written next, where its author gave none."""
    call = _CALL.get()
    return call.next_id() if call is not None and call.key else uuid.uuid4().hex


def seen() -> int | None:
    """The state that a program at hand says it looked at; None where it says none."""
    call = _CALL.get()
    return None if call is None else call.seen


def check(right: str) -> None:
    """Refuse a right that the token at hand does not bring along.

    Raises
    ------
    NotAllowed
    """
    call = _CALL.get()
    if call is None or call.level is Level.ADMIN or right == "read":
        return
    if call.level is Level.READ:
        check_writing()
    if right in SET_FOR_EVERYBODY:
        raise NotAllowed(
            "This token may do the work of its person's function; what is set for everybody "
            f"needs a token of the level '{Level.ADMIN}'. Nothing was changed."
        )


def check_writing() -> None:
    """Refuse to write where the token at hand may only read.

    Raises
    ------
    NotAllowed
    """
    call = _CALL.get()
    if call is not None and call.level is Level.READ:
        raise NotAllowed(
            f"This token may only read. Use one of the level '{Level.WRITE}'. Nothing was "
            "changed."
        )
