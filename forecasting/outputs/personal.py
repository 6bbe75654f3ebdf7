"""What the company keeps of one person: as files for them, and without their name.

The ledger knows people by an id, and names are looked up by it. So somebody who has left can
get another id and name, everywhere at once (data/personal.py), and every plan, signature,
comment and comparison stands as it stood, under the pseudonym.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

import pandas as pd

from data import leaving, personal
from data.leaving import Leaving
from data.personal import Renamed
from forecasting.arguments import Name, verb
from forecasting.consensus.events import Event, Kind
from forecasting.consensus.events.governance import PersonSet
from forecasting.consensus.events.reading import write_body
from forecasting.errors import OutOfBounds, Refused
from forecasting.governance.naming import called
from forecasting.outputs import exports
from forecasting.rights import LOCAL_ADMIN, Person
from forecasting.workspace import Workspace

ID = "former-"
"""How the id of somebody begins whose name was taken out; a number follows."""
NAME = "Former colleague"
SECRET = (Kind.TOKEN, Kind.FEED)
"""Events that hold the mark of a secret, which is nobody's to read."""
ABOUT = """What is kept of {name} ({person}), {day}

person.json      who they are here, and what they may do
events.csv       what they entered, with what the ledger keeps beside it in 'details'
about.csv        what others entered that names them: comments, actions, changes of their access
tokens.csv       tokens of programs that speak for them, without their secrets
audit.csv        sign-ins, refusals, downloads and exports, for as long as they are kept
draft.csv        what they have begun and not entered yet
seen.csv         what they have seen of their inbox
word_wish.csv    how they wish to be told, and at which address
letter.csv       messages to them that are kept

A file that is not here would be empty. What is collected blind at the moment is not in it; it
is as soon as the numbers are revealed. Files that the company imported are the company's.
"""


@verb
def export(space: Workspace, by: str, identity: Name) -> Leaving:
    """Everything that is kept of a person, as an archive of CSV and JSON.

    Raises
    ------
    NotAllowed
        For everybody but Admin.
    UnknownName
    """
    space.desk.allowed(by, "people")
    person = space.desk.person(identity)
    space.desk.audit.flush()
    ledger = exports.EXPORTS["ledger"].made(space)
    events = {e.seq: e for e in space.ledger.tail(0)}
    ledger["details"] = [_details(events[seq]) for seq in ledger["seq"]]
    theirs = ledger["person"] == person.id
    told = [_is_told(events[seq], person) for seq in ledger["seq"]]
    tables = {
        "events": ledger[theirs], "about": ledger[~theirs & pd.Series(told, ledger.index)],
        "tokens": _tokens(space, person), **personal.kept_of(space.store, person.id),
    }  # fmt: skip
    about = ABOUT.format(name=person.name, person=person.id, day=space.desk.today)
    files = {
        "README.txt": leaving.as_document(about),
        "person.json": leaving.as_document(json.dumps(_facts(person), indent=2, default=str)),
        **{f"{name}.csv": leaving.as_csv(rows) for name, rows in tables.items() if len(rows)},
    }  # fmt: skip
    return leaving.as_files(files)


@verb
def anonymise(space: Workspace, by: str, identity: Name) -> Event:
    """Put a pseudonym in the place of somebody who was taken out, in all that is kept.

    It cannot be taken back: nothing here knows who it was afterwards.

    Returns
    -------
    Event
        The entry of the pseudonym.

    Raises
    ------
    NotAllowed, UnknownName
    Refused
        If they still have access, or have a pseudonym already.
    """
    actor = space.desk.allowed(by, "people")
    person = space.desk.person(identity)
    if person.id == LOCAL_ADMIN.id:
        raise OutOfBounds("The local admin is nobody in particular.")
    if not has_name(person):
        raise Refused(f"{person.name} has no name here any more.")
    if not person.has_left:
        raise Refused(
            f"{person.name} still has access. Take them out first; what they own is somebody "
            "else's then."
        )
    for token in space.tokens.alive:
        if token.person == person.id:
            space.tokens.revoke(by, token.id)
    renamed: list[Renamed] = []

    def prepare() -> Event:
        """On the writer's thread: nobody else takes the same number, or enters meanwhile."""
        number = _next(space)
        renamed.append(_renamed(space, person, number))
        body = PersonSet(
            person=f"{ID}{number}", name=f"{NAME} {number}", function=person.function,
            has_left=True,
        )  # fmt: skip
        note = "The name was taken out of all that is kept."
        return space.desk.event(actor, body, note=note, base=space.seq)

    space.desk.audit.flush()
    event = space.desk.submit(
        prepare, None, work=lambda cursor, _seq: personal.take_out(cursor, renamed[-1])
    )
    space.ledger.read_again()
    space.remade()
    personal.settle(space.store)
    return event


def known(space: Workspace) -> list[Person]:
    """Everybody who was ever here and is somebody in particular; those who left last."""
    told = [e.told(PersonSet).person for e in space.ledger.of_kinds(Kind.PERSON)]
    people = [space.person(one) for one in dict.fromkeys(told)]
    return sorted(people, key=lambda p: (p.has_left, p.name))


def has_name(person: Person) -> bool:
    """Whether somebody's name was not taken out."""
    return not re.fullmatch(rf"{ID}\d+", person.id)


def _next(space: Workspace) -> int:
    """The number of the next pseudonym."""
    taken = [e.told(PersonSet).person for e in space.ledger.of_kinds(Kind.PERSON)]
    numbers = [int(t.removeprefix(ID)) for t in taken if re.fullmatch(rf"{ID}\d{{1,9}}", t)]
    return max(numbers, default=0) + 1


def _renamed(space: Workspace, person: Person, number: int) -> Renamed:
    """The person by every name that they ever had here."""
    known = [e.told(PersonSet) for e in space.ledger.of_kinds(Kind.PERSON)]
    mine = [one for one in known if one.person == person.id]
    names = {one.name for one in mine} | {one.signs_in_as for one in mine}
    others = {p.id: p for p in map(_person, known) if p.id != person.id}.values()
    first = {called(p, [p, *others]) for p in map(_person, mine)}
    return Renamed(
        person=person.id, names=tuple(sorted(names - {""})), called=tuple(sorted(first)),
        new_person=f"{ID}{number}", new_name=f"{NAME} {number}",
    )  # fmt: skip


def _person(told: PersonSet) -> Person:
    return Person(id=told.person, name=told.name, function=told.function)


def _details(event: Event) -> str:
    return "" if event.kind in SECRET else write_body(event.body)


def _is_told(event: Event, person: Person) -> bool:
    """Whether an event of somebody else names a person."""
    told = f"{write_body(event.body)}\n{event.note}"
    return f'"{person.id}"' in told or person.name in told or f"@{person.id}" in told


def _tokens(space: Workspace, person: Person) -> pd.DataFrame:
    used = space.tokens.last_used()
    rows = [
        (
            t.id,
            t.label,
            t.level.value,
            t.until,
            t.is_revoked,
            t.made_by,
            t.made_at,
            used.get(t.id),
        )
        for t in space.tokens.of(LOCAL_ADMIN.id)
        if t.person == person.id
    ]
    columns = ["token", "label", "level", "until", "revoked", "made_by", "made_at", "last_used"]
    return pd.DataFrame(rows, columns=columns)


def _facts(person: Person) -> dict[str, object]:
    return {
        "id": person.id, "name": person.name, "function": person.function.value,
        "also": _values(person.also), "signs_in_as": person.signs_in_as,
        "delegate_for": person.delegate_for and person.delegate_for.value,
        "by_group": person.is_by_group, "has_left": person.has_left,
        "limits": {f.value: str(remit) for f, remit in person.limits},
    }  # fmt: skip


def _values(functions: Sequence[object]) -> list[str]:
    return [str(one) for one in functions]
