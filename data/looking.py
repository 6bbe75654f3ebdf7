"""Files of others, as they were read: what a person is shown before anything is decided.

Another process reads the file once, whole, into a Parquet file of our own, and says what it
found (data/parser/foreign.py). From there a shape makes a table of ours, without the file
being opened again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from data import parsing
from data.limits import LIMITS, Limits
from data.reading import SUFFIXES, Raw, Source, bad, named
from data.shapes import DELIMITERS, ENCODINGS, Reading, Shape
from forecasting import write
from forecasting.errors import Problem

Weeks = Mapping[int, Sequence[str]]
"""Year to the first day of each of its weeks, ISO."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a file leaves open: two readings of it differ, and nobody may guess."""

    key: str
    """What an answer is given to: `--read KEY=CHOICE`."""
    about: str
    """What is in doubt, in words."""
    choices: tuple[tuple[str, str], ...]
    """(choice, what the example would be by it)."""

    @property
    def sentence(self) -> str:
        """The question, its choices, and how the command line answers."""
        choices = ", ".join(f"{choice} ({means})" for choice, means in self.choices)
        return f"{self.about}: {choices}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What stands in one column of a file, by all of its rows."""

    name: str
    filled: int
    """Rows in which it is not blank."""
    examples: tuple[str, ...]
    values: tuple[str, ...]
    """All of them, where they are few."""
    number: Mapping[str, Any] | None
    """How many values are numbers by which sign; None: it holds no numbers."""
    dates: Mapping[str, int]
    """How many values are dates, by the order in which they are written."""
    doubt: Mapping[str, Any] | None
    """A text that two orders read differently, and what it means in each."""
    differing: float
    """Share of its first values that differ, 0 to 1."""
    lost: int
    """Codes that a spreadsheet has shown in scientific notation."""
    stored: bool
    """Whether the file stores its numbers as numbers, so that there is nothing to read."""

    @property
    def is_number(self) -> bool:
        """Whether nearly all of it are numbers."""
        counts = self.number
        most = max(counts["point"], counts["comma"]) if counts else 0
        return self.filled > 0 and most >= 0.9 * self.filled

    @property
    def forms(self) -> tuple[str, ...]:
        """Orders of dates that hold for all of it; those of most, where none holds for all."""
        if not self.dates or not self.filled:
            return ()
        whole = tuple(form for form, n in self.dates.items() if n >= self.filled)
        if whole:
            return whole
        return tuple(form for form, n in self.dates.items() if n >= 0.5 * self.filled)

    @property
    def decimal(self) -> str:
        """The sign before decimals that its own values settle; '' where they do not."""
        counts = self.number
        if counts is None or self.stored:
            return ""
        point, comma = counts["only_point"], counts["only_comma"]
        if bool(point) == bool(comma):
            return ""
        return "." if point else ","


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What was read of a file, and where its rows lie."""

    path: Path
    label: str
    rows: Path
    """A Parquet file of columns c0, c1, ... and `_row`."""
    header: tuple[str, ...]
    reading: Reading
    sheets: tuple[str, ...]
    left_out: tuple[tuple[int, str], ...]
    """Line and text of what stands above the column names and below the rows."""
    count: int
    sample: tuple[tuple[str, ...], ...]
    columns: tuple[Seen, ...]
    asks: tuple[Question, ...]
    problems: tuple[Problem, ...]
    broken: tuple[tuple[int, str, str], ...]
    has_lines: bool

    def column(self, name: str) -> Seen | None:
        """What stands in a column; None: there is none."""
        return next((one for one in self.columns if one.name == name), None)

    @property
    def sentence(self) -> str:
        """How it was read, in words."""
        parts = [f"{write.number(self.count)} rows"]
        if self.reading.sheet:
            parts.append(f"sheet '{self.reading.sheet}'")
        if self.reading.encoding:
            parts.append(ENCODINGS[self.reading.encoding])
            parts.append(f"{DELIMITERS[self.reading.delimiter]} between columns")
        parts.append(f"column names in line {self.reading.header}")
        if self.left_out:
            lines = ", ".join(f"line {line}: {text}" for line, text in self.left_out[:4])
            more = f" and {len(self.left_out) - 4} more" if len(self.left_out) > 4 else ""
            parts.append(f"left out: {lines}{more}")
        return "; ".join(parts)


def look(
    path: Path, folder: Path, *, reading: Reading | None = None, limits: Limits = LIMITS
) -> Look:
    """Have a file of any making read into a folder.

    Raises
    ------
    BadFiles
        If nothing of it can be read.
    """
    label = named(path)
    if path.suffix.lower() not in SUFFIXES:
        raise bad(label, f"a '{path.suffix.lower()}' file", "CSV, XLSX or Parquet")
    if not path.exists():
        raise bad(label, "no such file", "an existing file")
    told = reading or Reading()
    rows = folder / f"look-{len(list(folder.iterdir()))}.parquet"
    found = parsing.ask(
        label, path.resolve(), "look", kind=path.suffix.lower(), table="", sheet=None,
        target=str(rows), reading=asdict(told), limits=limits,
    )  # fmt: skip
    return Look(
        path=path,
        label=label,
        rows=rows,
        header=tuple(map(str, found["header"])),
        reading=Reading(**found["reading"]),
        sheets=tuple(found["sheets"]),
        left_out=tuple((int(line), str(text)) for line, text in found["left_out"]),
        count=int(found["count"]),
        sample=tuple(tuple(row) for row in found["sample"]),
        columns=tuple(
            Seen(**{**one, "examples": tuple(one["examples"]), "values": tuple(one["values"])})
            for one in found["columns"]
        ),
        asks=tuple(
            Question(
                key=one["key"],
                about=one["about"],
                choices=tuple(
                    (_choice(one["key"], choice), means)
                    for choice, means in one["choices"].items()
                ),
            )
            for one in found["asks"]
        ),
        problems=tuple(Problem(**one) for one in found.get("problems", ())),
        broken=tuple((line, text, why) for line, text, why in found.get("broken", ())),
        has_lines=bool(found["has_lines"]),
    )


_SIGN_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}


def _choice(key: str, choice: str) -> str:
    return _SIGN_NAMES.get(choice, choice) if key == "delimiter" else choice


def told(reading: Reading, key: str, choice: str) -> Reading:
    """A reading with one question answered.

    Raises
    ------
    BadFiles
        If it is no answer.
    """
    match key:
        case "delimiter":
            signs = {name: sign for sign, name in _SIGN_NAMES.items()}
            if choice in signs or choice in DELIMITERS:
                return replace(reading, delimiter=signs.get(choice, choice))
        case "encoding" if choice in ENCODINGS:
            return replace(reading, encoding=choice)
        case "sheet":
            return replace(reading, sheet=choice)
        case "header" if re.fullmatch(r"[1-9]\d{0,4}", choice):
            return replace(reading, header=int(choice))
        case "totals" if choice in ("yes", "no"):
            return replace(reading, totals=choice == "no")
    expected = {
        "delimiter": ", ".join(_SIGN_NAMES.values()), "encoding": ", ".join(ENCODINGS),
        "header": "the line of the column names", "totals": "yes (they are rows) or no",
    }.get(key, "encoding, delimiter, sheet, header or totals")  # fmt: skip
    raise bad("--read", f"{key}={choice}", expected)


def shaped(
    look: Look,
    shape: Shape,
    folder: Path,
    *,
    second: Look | None = None,
    weeks: Weeks | None = None,
    limits: Limits = LIMITS,
) -> Raw:
    """The rows of a table of ours, made of what was read.

    Raises
    ------
    BadFiles
        If a column that the shape speaks of is not there, or a key of the second file
        stands in it more than once.
    """
    rows = folder / f"{shape.table}-{len(list(folder.iterdir()))}.parquet"
    files = [{"rows": str(one.rows), "header": list(one.header), "label": one.label}
             for one in (look, second) if one is not None]  # fmt: skip
    found = parsing.ask(
        look.label, look.path.resolve(), "shape", kind=look.path.suffix.lower(),
        table=shape.table, sheet=None, target=str(rows), shape=shape.as_dict(), files=files,
        weeks={str(year): list(days) for year, days in (weeks or {}).items()}, limits=limits,
    )  # fmt: skip
    return Raw(
        source=Source(table=shape.table, path=look.path, sheet=look.reading.sheet or None),
        rows=rows,
        header=tuple(found["header"]),
        types=tuple(found["types"]),
        problems=look.problems,
        broken=look.broken,
        limits=limits,
        read_as=look.reading,
        lines_from=look.rows if look.has_lines else None,
        notes=_notes(int(found["left_out"]), int(found["added_up"])),
    )


def _notes(left_out: int, added_up: int) -> tuple[str, ...]:
    """What a shape did to the number of rows, in words."""
    notes = []
    if left_out:
        notes.append(f"rows left out, as the source says: {write.number(left_out)}")
    if added_up:
        notes.append(f"rows added to others of the same key: {write.number(added_up)}")
    return tuple(notes)
