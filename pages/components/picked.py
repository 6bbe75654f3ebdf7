"""What the browser says was picked, typed or named, as a place in what is shown; or as nothing.

The widgets keep what the browser sent, and that may be anything: a row below zero (which would
be counted from the end), one that a shorter table does not have any more, words for a number.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_LARGEST = 1e300
"""What is a number at all; whether somebody could mean it is for the verb to say."""


def place(given: Any, count: int) -> int | None:
    """A position among `count` things; None where it is none."""
    if isinstance(given, str):
        given = int(given) if re.fullmatch(r"[0-9]{1,9}", given) else None
    if isinstance(given, bool) or not isinstance(given, int):
        return None
    return given if 0 <= given < count else None


def row(event: Any, count: int) -> int | None:
    """The row that was chosen in a table of `count` rows; None where none is."""
    chosen = _told(event, "rows")
    return place(chosen[0], count) if chosen else None


def rows(event: Any, count: int) -> list[int]:
    """Every row that was chosen in a table of `count` rows."""
    there = (place(one, count) for one in _told(event, "rows"))
    return [at for at in dict.fromkeys(there) if at is not None]


def cell(event: Any, count: int, columns: Sequence[str]) -> tuple[int, str] | None:
    """Row and column of the cell that was chosen; None where none is."""
    chosen = _told(event, "cells")
    if not chosen or not isinstance(chosen[0], list | tuple) or len(chosen[0]) != 2:
        return None
    at, column = place(chosen[0][0], count), chosen[0][1]
    return None if at is None or column not in list(columns) else (at, column)


def cells(event: Any, count: int, columns: Sequence[str]) -> list[tuple[int, str]]:
    """Row and column of every cell that was chosen in a table of `count` rows."""
    there = []
    for one in _told(event, "cells"):
        if isinstance(one, list | tuple) and len(one) == 2:
            at = place(one[0], count)
            if at is not None and one[1] in list(columns):
                there.append((at, one[1]))
    return there


def point(event: Any, parameter: str, field: str) -> str | None:
    """The value of a field of the mark that was clicked in a picture."""
    chosen = _told(event, parameter)
    one = chosen[0] if chosen else None
    value = one.get(field) if isinstance(one, Mapping) else None
    return value if isinstance(value, str) else None


def typed(
    state: Any, nodes: Sequence[str], columns: Sequence[str]
) -> Iterator[tuple[str, str, float | None]]:
    """Row, column and number of each cell that was typed into a grid; None: it was blanked.

    Parameters
    ----------
    state : Any
        What the editor keeps under its key.
    nodes, columns : sequence of str
        The rows, from above, and the columns that can be typed into.
    """
    rows = _part(state, "edited_rows")
    for given, cells in rows.items() if isinstance(rows, Mapping) else ():
        at = place(given, len(nodes))
        if at is None or not isinstance(cells, Mapping):
            continue
        for column, value in cells.items():
            if column in columns and _is_number(value):
                yield nodes[at], column, value


def fits(state: Any, nodes: Sequence[str], columns: Sequence[str]) -> bool:
    """Whether all that an editor keeps can be laid over its grid: else Streamlit fails on it."""
    if state is None:
        return True
    rows = _part(state, "edited_rows")
    if not isinstance(rows, Mapping) or _part(state, "added_rows"):
        return False
    cells = sum(len(row) if isinstance(row, Mapping) else 1 for row in rows.values())
    return not _part(state, "deleted_rows") and cells == len(list(typed(state, nodes, columns)))


def fits_kinds(state: Any, count: int, kinds: Mapping[str, type]) -> bool:
    """The same for a table of `count` rows with columns of numbers (float) and ticks (bool)."""
    if state is None:
        return True
    changed = _part(state, "edited_rows")
    if not isinstance(changed, Mapping) or _part(state, "added_rows"):
        return False
    for given, cells in changed.items():
        if place(given, count) is None or not isinstance(cells, Mapping):
            return False
        for column, value in cells.items():
            kind = kinds.get(column) if isinstance(column, str) else None
            if kind is None or not (
                isinstance(value, bool) if kind is bool else _is_number(value)
            ):
                return False
    return not _part(state, "deleted_rows")


def word(given: Any) -> str | None:
    """A line of text out of a link; None where it is none."""
    text = given if isinstance(given, str) else ""
    return text if 0 < len(text) <= 2000 and text.isprintable() else None


def file_name(given: Any) -> str:
    """The name of a file that was sent, without any folder; 'file' where it is none."""
    name = re.split(r"[/\\]", given)[-1] if isinstance(given, str) else ""
    kept = "".join(c for c in name if c.isprintable()).strip(". ")
    stem, dot, kind = kept.rpartition(".")
    if not dot:
        return kept[:50] or "file"
    return f"{stem[:50] or 'file'}.{kind[:10]}"


def _is_number(value: Any) -> bool:
    if value is None:
        return True
    is_kind = isinstance(value, int | float) and not isinstance(value, bool)
    return is_kind and abs(value) <= _LARGEST  # NaN is not


def _told(event: Any, part: str) -> Sequence[Any]:
    chosen = _part(_part(event, "selection"), part)
    return chosen if isinstance(chosen, list | tuple) else ()


def _part(of: Any, name: str) -> Any:
    if isinstance(of, Mapping):
        return of.get(name)
    return getattr(of, name, None)
