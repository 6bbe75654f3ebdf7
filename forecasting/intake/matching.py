"""Which of our tables a file holds, and which of its columns are ours.

By names, and by what stands in the columns. A column that many tables know (a date, an
article) says little of which table it is; one that few know (a discount, a bin's stock) says
much. So each column has one vote, parted among the tables that know it, and a table pays for
every column that it cannot do without and the file has not.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from data.looking import Look, Seen
from data.shapes import DATES, NAME, VALUE, day_of
from data.tables import TABLES, Column, Kind, Table
from forecasting.intake import synonyms
from forecasting.intake.synonyms import likeness

COUNTED = (Kind.NUMBER, Kind.WHOLE, Kind.SHARE)
LEAST = 0.5
"""Likeness from which on a column is proposed."""
BY_CONTENT = 0.55
"""How sure a column is that only its content speaks for."""
ACROSS_FROM = 3
"""Columns named by dates from which on they are taken for one thing by date."""
LACKS = 0.6
"""Votes that a table pays for a column that it needs and the file has not."""
REPEATS = 0.9
"""Share of differing values below which a column is no list of things, each once."""
CERTAIN = 0.8
"""Likeness from which on a column is one of doors, whatever else it might be."""
_CODE = re.compile(r"\d{8}|\d{12,14}")
"""Article numbers that the world has agreed on: EAN, UPC, GTIN."""
_DAYS = {"ymd", "dmy", "mdy", "named"}

Match = dict[str, tuple[str, float]]
"""Our column to theirs and how sure that is, 0 to 1."""


def likely_table(look: Look) -> str:
    """The table that a file most probably holds."""
    return ranked(look)[0]


def ranked(look: Look) -> list[str]:
    """Our tables, the likeliest for a file first."""
    found = {name: _with_weeks(look, table) for name, table in TABLES.items()}
    known: dict[str, float] = {}
    for match in found.values():
        for theirs, sure in match.values():
            known[theirs] = known.get(theirs, 0.0) + sure

    has_door = any(match.get("door", ("", 0.0))[1] >= CERTAIN for match in found.values())

    def score(name: str) -> float:
        match, table = found[name], TABLES[name]
        votes = sum(sure * sure / known[theirs] for theirs, sure in match.values())
        lacks = len(lacking(table, match)) + (has_door and not _has_places(table))
        return votes - LACKS * (lacks + _is_no_list(look, table, match))

    return sorted(TABLES, key=lambda name: -score(name))


def _has_places(table: Table) -> bool:
    """Whether its rows are of a door: a file that names doors is no table of the company."""
    return any("door" in name for name in table.names)


def lacking(table: Table, have: Collection[str]) -> list[str]:
    """What a table cannot do without, and has not."""
    missing = [c.name for c in table.columns if c.required and c.name not in have]
    if table.one_of and not set(table.one_of) & set(have):
        missing.append(" or ".join(table.one_of))
    return missing


def _with_weeks(look: Look, table: Table) -> Match:
    """What is matched, with a date that is made of columns across, or of week and year."""
    found = matched(look, table)
    names, _ = across(look)
    counted = [name for name in ("value", "units") if name in table.names]
    if names and "date" in table.names and counted and not set(counted) & set(found):
        found |= {"date": (NAME, 1.0), counted[0]: (VALUE, 1.0)}
    if "date" in table.names and "date" not in found and week_columns(look):
        found["date"] = ("", 0.9)
    return found


def _is_no_list(look: Look, table: Table, match: Match) -> bool:
    """Whether what a table has once in each row comes again and again in the file."""
    if len(table.key) != 1 or table.key[0] not in match:
        return False
    seen = look.column(match[table.key[0]][0])
    return seen is not None and seen.differing < REPEATS


def matched(
    look: Look,
    table: Table,
    *,
    given: Mapping[str, str] | None = None,
    filled: Collection[str] = (),
) -> Match:
    """Our columns and theirs: the best pairs first, each column once.

    Parameters
    ----------
    given : mapping of our column to theirs, optional
        What a person has chosen; '' leaves a column out.
    filled : collection of str
        Our columns that hold a constant.
    """
    given = given or {}
    found: Match = {target: (name, 1.0) for target, name in given.items() if name}
    taken = {name for name, _ in found.values()}
    pairs = sorted(
        (
            (fit(seen, table.name, column), -n, column.name, seen.name)
            for n, column in enumerate(table.columns)
            for seen in look.columns
            if column.name not in given and column.name not in filled
        ),
        reverse=True,
    )
    for score, _, target, name in pairs:
        if score >= LEAST and target not in found and name not in taken:
            found[target] = (name, score)
            taken.add(name)
    have = {*found, *given, *filled}
    for target, name in _by_content(look, table, have, taken):
        found[target] = (name, BY_CONTENT)
    return found


def _by_content(
    look: Look, table: Table, have: Collection[str], taken: Collection[str]
) -> list[tuple[str, str]]:
    """Columns that what stands in them speaks for, whatever they are called.

    Only where there are as many of them as a table lacks of their kind: dates, numbers,
    article numbers.
    """
    free = [seen for seen in look.columns if seen.name not in taken and seen.filled]
    codes = [seen for seen in free if seen.examples and all(map(_is_code, seen.examples))]
    days = [seen for seen in free if set(seen.forms) & _DAYS and seen not in codes]
    numbers = [s for s in free if s.is_number and s not in codes and s not in days]
    lacks = [c for c in table.columns if c.required and c.name not in have]
    either = [c for c in table.columns if c.name in table.one_of]
    if either and not any(c.name in have for c in either):
        lacks.append(either[0])
    lacking = (
        ([c for c in lacks if c.kind is Kind.DATE], days),
        ([c for c in lacks if c.name == "sku"], codes),
        ([c for c in lacks if c.kind in COUNTED], numbers),
    )
    return [
        (column.name, seen.name)
        for columns, found in lacking
        if len(columns) == len(found)
        for column, seen in zip(columns, found, strict=True)
    ]


def _is_code(text: str) -> bool:
    return _CODE.fullmatch(text.strip()) is not None


def fit(seen: Seen, table: str, column: Column) -> float:
    """How well a column of a file fits one of ours, by name, and by what stands in it."""
    short = seen.name.rpartition(".")[2] or seen.name
    score = likeness(short, synonyms.called(table, column.name))
    if not seen.filled:
        return 0.3 * score
    if column.kind is Kind.DATE and not (set(seen.forms) - {"serial"} or score > 0.9):
        return 0.0
    if column.kind in COUNTED and not seen.is_number:
        return 0.0
    if column.kind is Kind.SHARE and seen.number and seen.number["percent"] >= seen.filled:
        return max(score, BY_CONTENT)
    if column.kind in (Kind.ID, Kind.TEXT) and set(seen.forms) & _DAYS:
        return 0.0
    return score


def across(look: Look) -> tuple[tuple[str, ...], str]:
    """Columns that are named by dates, and the order in which those are written."""
    for form in DATES:
        if form in ("serial", "week", "yyyymmdd"):
            continue
        names = tuple(name for name in look.header if day_of(name, form))
        if len(names) >= ACROSS_FROM:
            return names, form
    return (), ""


_NUMBERED_WEEK = re.compile(r"\s*\D{0,10}\d{1,2}\s*")
"""A week with its name before its number: KW07."""


def week_columns(look: Look) -> tuple[str, str] | None:
    """The columns of the number of a week and of its year."""
    found = []
    for names in (synonyms.WEEK, synonyms.YEAR):
        best = max(look.columns, key=lambda c: likeness(c.name, names), default=None)
        if best is None or likeness(best.name, names) < 0.6:
            return None
        if not (best.is_number or all(_NUMBERED_WEEK.fullmatch(t) for t in best.examples)):
            return None
        found.append(best.name)
    return found[0], found[1]
