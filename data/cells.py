"""A cell as it is stored in a workbook, and the text that a CSV would have held for it.

Known on both sides: to the process that reads files, and to the app that it answers.
"""

from __future__ import annotations

Cell = str | float | bool
"""'' is blank; a date is its ISO text."""


def as_text(value: Cell) -> str:
    """A cell as the text that a CSV would have held."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)
