"""Sources: how a company's own files are read, stated once, kept under a name, used again.

A source is a shape (data/shapes.py) that somebody confirmed. Whoever imports by it is asked
nothing again. Two that are saved under one name are the same source, as it is now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from data import looking
from data.files import Shaped
from data.looking import Look
from data.shapes import (
    DATES,
    DECIMALS,
    DELIMITERS,
    ENCODINGS,
    REPLACES,
    Field,
    Reading,
    Shape,
)
from data.tables import BEYOND_ANY_RETAILER, TABLES
from forecasting.arguments import Name, verbs
from forecasting.consensus.events import Event, Kind
from forecasting.consensus.events.record import SourceSaved
from forecasting.errors import OutOfBounds, Refused, UnknownName
from forecasting.governance.desk import Desk
from forecasting.governance.projector import Projector
from forecasting.intake import weeks
from forecasting.rights import Person, require

CALENDAR = frozenset({"activations", "activation_items"})
"""Tables that are the marketing calendar: Marketing's to import."""
LONGEST = 200
"""Characters of a name in a file, and of a word in it."""
MOST = 500
"""Columns, words and names of a shape."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A shape that somebody confirmed."""

    name: str
    shape: Shape
    person: str
    seq: int

    @property
    def sentence(self) -> str:
        """What it does, in words."""
        parts = [f"{f.target} from '{f.column}'" for f in self.shape.fields if f.column]
        parts += [f"{f.target} is '{f.constant}'" for f in self.shape.fields if not f.column]
        if self.shape.join:
            parts.append(
                f"with '{self.shape.join.name}' by {self.shape.join.left} = "
                f"{self.shape.join.right}"
            )
        if self.shape.calendar:
            parts.append(weeks.CALENDARS[self.shape.calendar][0])
        return (
            f"{self.shape.table}: {', '.join(parts)}; replaces {REPLACES[self.shape.replaces]}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """A file, and the shape that it is to be read by."""

    path: Path
    shape: Shape
    second: Path | None = None
    """The file that joins it."""
    read: object = None
    """The `Look` that was had of it a moment ago, so that a preview need not read it twice;
    what is imported is always read anew."""


@verbs
class Sources(Projector[Mapping[str, Source]]):
    """Verbs of sources.

    Parameters
    ----------
    desk : Desk
    """

    kinds = (Kind.SOURCE,)

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.take_up(desk.ledger)

    def _begin(self) -> Mapping[str, Source]:
        return {}

    def _with(
        self, state: Mapping[str, Source], events: Sequence[Event]
    ) -> Mapping[str, Source]:
        now = dict(state)
        for event in events:
            told = event.told(SourceSaved)
            if told.shape is None:
                now.pop(told.name, None)
                continue
            now[told.name] = Source(
                name=told.name, shape=Shape.from_dict(told.shape), person=event.person,
                seq=event.seq,
            )  # fmt: skip
        return now

    @property
    def all(self) -> list[Source]:
        """Every source, by name."""
        return sorted(self._state.values(), key=lambda one: one.name)

    def one(self, name: str) -> Source:
        """The source of a name.

        Raises
        ------
        UnknownName
        """
        if name not in self._state:
            known = ", ".join(one.name for one in self.all[:10]) or "none yet"
            raise UnknownName(f"There is no source '{name[:100]}'; there are: {known}.")
        return self._state[name]

    def look(
        self, by: str, path: Path, folder: Path, *, reading: Reading | None = None
    ) -> Look:
        """Read a file of any making into a folder, to see what stands in it.

        Raises
        ------
        NotAllowed, BadFiles
        """
        self._desk.allowed(by, "import the calendar")
        if not folder.is_dir():
            raise OutOfBounds("A file is read into a folder that is there.")
        if reading is not None:
            _check_reading(reading)
        return looking.look(path, folder, reading=reading)

    def save(self, by: str, name: Name, shape: Shape) -> Event:
        """Keep a shape under a name; what had the name before gives way.

        Raises
        ------
        NotAllowed, OutOfBounds, Refused
        """
        actor = self._desk.allowed(by, "import the calendar")
        require_table(actor, shape.table)
        name = name.strip()
        if not name:
            raise OutOfBounds("A source needs a name.")
        check(shape)

        def prepare() -> Event:
            had = self._state.get(name)
            if had is not None:
                require_table(actor, had.shape.table)
                if had.shape == shape:
                    raise Refused(f"The source '{name}' is like that already.")
            return self._desk.event(actor, SourceSaved(name=name, shape=shape.as_dict()))

        return self._desk.submit(prepare)

    def remove(self, by: str, name: Name) -> Event:
        """Forget a source; what was imported by it stays.

        Raises
        ------
        NotAllowed, UnknownName
        """
        actor = self._desk.allowed(by, "import the calendar")

        def prepare() -> Event:
            require_table(actor, self.one(name).shape.table)
            return self._desk.event(actor, SourceSaved(name=name, shape=None))

        return self._desk.submit(prepare)


def shaped(mapped: Sequence[Mapped]) -> list[Shaped]:
    """Files and their shapes as the import takes them, with the weeks of their calendars.

    Raises
    ------
    OutOfBounds
        If a shape is not one that could be saved.
    """
    for one in mapped:
        check(one.shape)
    return [
        Shaped(
            path=one.path,
            shape=one.shape,
            second=one.second,
            read=one.read if isinstance(one.read, Look) and one.read.rows.exists() else None,
            weeks=weeks.first_days(one.shape.calendar) if _has_weeks(one.shape) else {},
        )
        for one in mapped
    ]


def require_table(actor: Person, table: str) -> None:
    """Refuse a table that is not the person's to import: Marketing has its calendar."""
    if table not in CALENDAR:
        require(actor, "import")


def _has_weeks(shape: Shape) -> bool:
    return any(f.year or f.date == "week" for f in shape.fields)


def check(shape: Shape) -> None:
    """Refuse a shape that cannot be carried out.

    Raises
    ------
    OutOfBounds
        Naming what was expected and found.
    """
    table = TABLES.get(shape.table)
    if table is None:
        raise OutOfBounds(f"'{shape.table[:60]}' is no table: {', '.join(TABLES)}.")
    targets = [f.target for f in shape.fields]
    for name in targets:
        if name not in table.names:
            raise OutOfBounds(f"{table.name} has no column '{name[:60]}'.")
    if len(set(targets)) < len(targets):
        raise OutOfBounds("One of our columns is filled twice; each can be filled once.")
    missing = [c.name for c in table.columns if c.required and c.name not in targets]
    if missing:
        raise OutOfBounds(
            f"{table.name} needs {', '.join(missing)}: choose a column, or give a constant."
        )
    if shape.replaces not in REPLACES:
        raise OutOfBounds(
            f"'{shape.replaces[:60]}' is no way to replace: {', '.join(REPLACES)}."
        )
    if shape.replaces == "dates" and not table.is_dated:
        raise OutOfBounds(
            f"Rows of {table.name} are of no date: replace those of the same key, or the whole."
        )
    weeks.checked_calendar(shape.calendar)
    for reading in (shape.reading, *([shape.join.reading] if shape.join else [])):
        _check_reading(reading)
    for one in shape.fields:
        _check_field(one)
    texts = [*shape.across, *(t for pair in shape.leave_out for t in pair)]
    texts += [shape.join.name, shape.join.left, shape.join.right] if shape.join else []
    _check_texts(texts)


def _check_field(one: Field) -> None:
    if one.column and one.constant:
        raise OutOfBounds(f"{one.target} is either a column or a constant, not both.")
    if one.decimal and one.decimal not in DECIMALS:
        raise OutOfBounds(f"The sign before decimals is . or , (of {one.target}).")
    if one.date and one.date not in DATES:
        raise OutOfBounds(f"'{one.date[:40]}' is no order of dates: {', '.join(DATES)}.")
    if not 0 < one.factor <= BEYOND_ANY_RETAILER:
        raise OutOfBounds(f"The factor of {one.target} has to be above zero.")
    _check_texts([one.column, one.constant, one.year, one.factor_column, one.minus_column])
    _check_texts([*one.minus_values, *one.values, *one.values.values()])


def _check_texts(texts: Sequence[str]) -> None:
    if len(texts) > MOST:
        raise OutOfBounds(f"A source speaks of at most {MOST} columns or words at one place.")
    for text in texts:
        if len(text) > LONGEST or "\0" in text:
            raise OutOfBounds(f"A name or word in a source has at most {LONGEST} characters.")


def _check_reading(reading: Reading) -> None:
    if reading.encoding and reading.encoding not in ENCODINGS:
        raise OutOfBounds(f"An encoding is one of {', '.join(ENCODINGS)}.")
    if reading.delimiter and reading.delimiter not in DELIMITERS:
        raise OutOfBounds("Columns are parted by comma, semicolon, tab or bar.")
    if not 0 <= reading.header <= 100_000:
        raise OutOfBounds("The line of the column names is a number from 1 on.")
    _check_texts([reading.sheet])
