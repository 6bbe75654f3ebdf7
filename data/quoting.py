"""The only place where anything is quoted for SQL.

A statement is a constant with gaps, and only what is SQL already goes into a gap: a name or
a value that was quoted here, or a statement that was made here. `Sql` is a type of its own,
so mypy refuses a plain text in a gap; tests/data/test_quoting.py refuses a statement of the
import that is not made this way. Names that come from a file never get this far: its
columns are staged by their position (data/parser).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NewType

Sql = NewType("Sql", str)
"""Text that may be run: made of our own constants and of what was quoted here."""


def identifier(name: str) -> Sql:
    """A name as SQL, whatever characters it holds.

    Raises
    ------
    ValueError
        If it holds a NUL, which no name in a database can.
    """
    return Sql('"' + _without_nul(name).replace('"', '""') + '"')


def literal(value: str | float) -> Sql:
    """A text or a number as SQL, for where a bound parameter cannot stand.

    Raises
    ------
    ValueError
        If a text holds a NUL.
    """
    if isinstance(value, str):
        return Sql("'" + _without_nul(value).replace("'", "''") + "'")
    return Sql(repr(value))


def sql(template: str, **parts: Sql) -> Sql:
    """A statement, or a piece of one: a constant of ours with its gaps `{name}` filled."""
    return Sql(template.format(**parts))


def listed(parts: Iterable[Sql], between: str = ", ") -> Sql:
    """Pieces of SQL one after the other."""
    return Sql(between.join(parts))


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("a NUL cannot stand in SQL")
    return text
