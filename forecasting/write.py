"""Numbers, days and money within sentences, as the company in force writes them.

The one place for them: a sentence that reaches a screen, a pack or a command line writes
`{write.number(n)}`, never `{n:,}` (tests/ground/test_write.py looks for strays).
"""

from __future__ import annotations

import datetime as dt
import re

from forecasting import conventions


def number(value: float, digits: int = 0, *, sign: bool = False) -> str:
    """A number in a sentence, as the company in force writes it: '1,234.5'; never '-0'."""
    return conventions.in_force().number(value, digits, sign=sign)


def figure(value: float, digits: int = 10, *, sign: bool = False) -> str:
    """A number with as many decimals as it has, of at most so many digits: '1,234.5', '2'."""
    return conventions.in_force().spelled(f"{value:{'+' if sign else ''},.{digits}g}")


def percent(share: float, digits: int = 0, *, sign: bool = False) -> str:
    """A share in per cent: '12%'."""
    return conventions.in_force().spelled(f"{share:{'+' if sign else ''}z.{digits}%}")


def price(value: float) -> str:
    """An amount with its decimals: '$12.50'."""
    return conventions.in_force().price(value)


def day(of: dt.date) -> str:
    """A day: 'Nov 22, 2026'."""
    return conventions.in_force().day(of)


_TOLD = re.compile("\x02([dgnp])([^\x02\x03]*)\x03")
"""What the database told by the macros `told_...` of data/schema/: between signs that no name
from a file can hold."""


def written(told: str) -> str:
    """A sentence from the database, with its numbers and days as the company writes them."""
    return _TOLD.sub(_written, told)


def _written(found: re.Match[str]) -> str:
    kind, text = found.groups()
    if kind == "d":
        return day(dt.date.fromisoformat(text[:10]))
    digits, _, figures = text.rpartition(":")
    if kind == "p":
        return price(float(figures))
    if kind == "g":
        return figure(float(figures))
    return number(float(figures), int(digits or 0))
