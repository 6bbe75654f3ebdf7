"""A pack as what it says, before it is a page or a print: figures are worked out once.

The HTML page and the PDF are drawn from the same value (`printed`), so neither can hold a
number that the other does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

Tone = Literal["", "good", "bad"]
"""Better or worse than it should be; a sign goes with it, so that colour is never alone."""
SIGNS: dict[Tone, str] = {"": "", "good": "✓ ", "bad": "● "}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell of a table."""

    text: str
    tone: Tone = ""
    beside: str = ""
    """Small print behind the text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows below their heads."""

    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    words: int = 1
    """How many columns from the left hold words; the others hold numbers."""
    is_summed: bool = False
    """The last row is the sum of the others."""
    wide: str = ""
    """Head of a column that holds sentences, if any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """Sentences below each other."""

    lines: tuple[tuple[str, str], ...]
    """What stands in bold first, and the sentence."""
    is_numbered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A drawing of ours: numbers and our own words only."""

    svg: Markup
    alt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A sentence where there is nothing to list."""

    words: str


Part = Table | Items | Picture | Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A heading, on what it stands, and what it shows."""

    title: str
    basis: str = ""
    parts: tuple[Part, ...]
    after: str = ""
    """Small print below."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One headline."""

    label: str
    figure: str
    picture: Picture | None = None
    notes: tuple[Cell, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A whole pack."""

    title: str
    subject: str
    """What a window or a file manager calls it."""
    basis: str
    tiles: tuple[Tile, ...]
    below: str
    """Small print below the tiles."""
    sections: tuple[Section, ...]
    footer: str


def row(*cells: str | Cell) -> tuple[Cell, ...]:
    """Cells of a row; a word is a cell without a tone."""
    return tuple(one if isinstance(one, Cell) else Cell(text=one) for one in cells)


def table_or(
    none: str,
    rows: Sequence[tuple[Cell, ...]],
    *,
    heads: Sequence[str],
    words: int = 1,
    is_summed: bool = False,
    wide: str = "",
) -> Table | Text:
    """A table, or the sentence that says that there is none."""
    if not rows:
        return Text(words=none)
    return Table(
        heads=tuple(heads), rows=tuple(rows), words=words, is_summed=is_summed, wide=wide
    )
