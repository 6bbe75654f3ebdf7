"""People who are named in a text with an @, so that it lands in their inbox."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence

from forecasting.errors import UnknownName
from forecasting.rights import Person

_AT = re.compile(r"(?<![\w.@])@(?=\w)")
"""An @ that begins a name: not the one within an address."""
_WORD = re.compile(r"[\w.'-]+")
MOST = 20
"""People whom one text names."""


def called(person: Person, people: Iterable[Person]) -> str:
    """How somebody is named after an @: by first name where that is theirs alone."""
    first = person.name.split()[0] if person.name.split() else person.id
    alike = [p for p in people if p.name.split()[:1] == [first]]
    return first if len(alike) == 1 else person.name


def named_in(text: str, people: Sequence[Person]) -> tuple[str, ...]:
    """Ids of the people whom a text names, each once, in the order of the text.

    A name is the whole name, the id, or a first name that only one person has.

    Raises
    ------
    UnknownName
        If nobody is called so; it names who may be meant.
    """
    known: dict[str, str] = {}
    for person in people:
        for name in (person.id, person.name, called(person, people)):
            known[name.casefold()] = person.id
    by_length = sorted(known, key=len, reverse=True)
    found: list[str] = []
    for at in _AT.finditer(text):
        rest = text[at.end() :].casefold()
        meant = next((n for n in by_length if n and _begins(rest, n)), None)
        if meant is None:
            raise _unknown(text[at.end() :], known)
        if known[meant] not in found:
            found.append(known[meant])
    return tuple(found[:MOST])


def _begins(text: str, name: str) -> bool:
    """Whether a text begins with a name that ends there."""
    return text.startswith(name) and not re.match(r"\w", text[len(name) :])


def _unknown(text: str, known: Iterable[str]) -> UnknownName:
    word = _WORD.match(text)
    given = word.group().rstrip(".'-") if word else text[:20]
    close = difflib.get_close_matches(given.casefold(), list(known), n=1, cutoff=0.6)
    meant = f" Did you mean @{close[0]}?" if close else ""
    return UnknownName(f"Nobody here is called @{given[:40]}.{meant} Nothing was written.")
