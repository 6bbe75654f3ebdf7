"""Numbers that went out to Excel and came back: judged cell by cell, then written.

A cell that was typed over is the person's own input set to that number, based on the moment
of the export. What somebody else changed since is a conflict, what cannot be spread or may
not be changed is refused, both with the reason; nothing is written before it was seen.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import BinaryIO

import numpy as np
import pandas as pd

from data import sheets
from data.leaving import Leaving
from forecasting.arguments import AsMade, Name, verb
from forecasting.consensus.events import Event, Scope
from forecasting.errors import ConcordError, Conflicted, OutOfBounds
from forecasting.monthly.inputs import Change
from forecasting.vocabulary import Measure, Operation
from forecasting.workspace import Workspace

SAME = 0.0005
"""Units by which a number in a file may differ and still be the one that was exported."""


class Verdict(StrEnum):
    """What becomes of a cell."""

    APPLIED = "applied"
    CONFLICT = "conflict"
    REFUSED = "refused"

    @property
    def label(self) -> str:
        """As shown on a page."""
        return {"applied": "Will be applied", "conflict": "Conflict", "refused": "Refused"}[
            self.value
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell that was typed over."""

    scope: Scope
    was: float
    """When it was exported, in the measure of the file."""
    value: float
    """As typed."""
    verdict: Verdict
    why: str = ""
    is_small: bool = False
    """It would be asked what it decides (nudges.small)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """A file that came back, judged."""

    base: int
    """Sequence number of the moment of its export."""
    measure: Measure
    cells: tuple[Cell, ...]
    unchanged: int

    def of(self, verdict: Verdict) -> list[Cell]:
        """Cells with one verdict."""
        return [cell for cell in self.cells if cell.verdict is verdict]


@verb
def export(
    space: Workspace,
    by: str,
    grid: pd.DataFrame,
    *,
    level: str,
    location_level: str = "all",
    location: str = "all",
    measure: Measure = Measure.UNITS,
) -> Leaving:
    """A workbook of the person's own input.

    Parameters
    ----------
    grid : DataFrame
        Index: node of the level; columns: weeks as dates; values: in `measure`.
    """
    about = {
        "base": str(space.seq),
        "input": space.desk.allowed(by, "read").function.value,
        "level": level,
        "location_level": location_level,
        "location": location,
        "measure": measure.value,
    }
    return sheets.write(grid.rename_axis(level), about)


@verb
def judge(space: Workspace, by: str, file: BinaryIO, name: str) -> Return:
    """What of a file that came back can be written; nothing is.

    Raises
    ------
    BadFiles
        If the workbook is not as it was exported.
    OutOfBounds
        If it holds the input of another function.
    """
    sheet = sheets.read(file, name)
    function = space.desk.allowed(by, "read").function
    if sheet.about.get("input") != function.value:
        raise OutOfBounds(
            f"This file holds the input of {sheet.about.get('input', 'nobody').capitalize()}; "
            f"you speak for {function.label}."
        )
    base, measure = _about(sheet)
    before = sheet.before.reindex(index=sheet.typed.index, columns=sheet.typed.columns)
    moved = (sheet.typed - before).abs() > SAME
    blanked = sheet.typed.isna() & before.notna()
    cells = []
    nodes, weeks = sheet.typed.index.tolist(), sheet.typed.columns.tolist()
    typed, exported = sheet.typed.to_numpy(dtype=float), before.to_numpy(dtype=float)
    for row, column in zip(*np.nonzero((moved | blanked).to_numpy()), strict=True):
        scope = Scope(
            product_level=sheet.about["level"],
            product=str(nodes[row]),
            location_level=sheet.about["location_level"],
            location=sheet.about["location"],
            first_week=weeks[column],
            last_week=weeks[column],
        )
        was, value = float(exported[row, column]), float(typed[row, column])
        verdict, why, small = _judged(space, by, scope, value, measure, base)
        cells.append(
            Cell(scope=scope, was=was, value=value, verdict=verdict, why=why, is_small=small)
        )
    unchanged = int(sheet.typed.size) - len(cells)
    return Return(base=base, measure=measure, cells=tuple(cells), unchanged=unchanged)


@verb
def apply(
    space: Workspace,
    by: str,
    returned: AsMade[Return],
    *,
    reason: Name,
    note: str = "",
    evidence: str = "",
    mine_over_theirs: bool = False,
) -> list[Event]:
    """Write what can be written; conflicts only where the person chose their own number.

    All of it is written, or nothing if somebody changed one of the cells meanwhile. Each cell
    is written once, however often the same file is given.

    Raises
    ------
    NotAllowed, OutOfBounds, ImpossibleSpread, Conflicted
    """
    chosen = list(returned.of(Verdict.APPLIED))
    if mine_over_theirs:
        chosen += returned.of(Verdict.CONFLICT)
    changes = [
        Change(
            scope=cell.scope, operation=Operation.SET, value=cell.value,
            base=space.seq if cell.verdict is Verdict.CONFLICT else returned.base,
            client_id=_client_id(by, returned, cell),
        )
        for cell in chosen
    ]  # fmt: skip
    return space.override_all(
        by, changes, measure=returned.measure, reason=reason, note=note, evidence=evidence
    )


def _about(sheet: sheets.Sheet) -> tuple[int, Measure]:
    """Base and measure of a workbook, which anybody may have written."""
    about = {"measure": Measure.UNITS.value, **sheet.about}
    missing = {"base", "level", "location_level", "location"} - set(about)
    base, measures = about.get("base", ""), [m.value for m in Measure]
    axes = (sheet.typed.columns, sheet.before.columns, sheet.before.index)
    if (
        missing
        or not (base.isascii() and base.isdecimal() and len(base) < 16)
        or about["measure"] not in measures
        or any(axis.has_duplicates for axis in axes)
    ):
        raise OutOfBounds(
            "This workbook does not say as it was exported which rows, weeks and moment it "
            "holds. Export it again, and type into that one."
        )
    return int(base), Measure(about["measure"])


def _client_id(by: str, returned: Return, cell: Cell) -> str:
    """The same for the same cell of the same file, however long its names are."""
    told = (by, returned.base, cell.scope.to_json(), str(returned.measure), cell.value)
    return f"sheet:{hashlib.blake2b(repr(told).encode(), digest_size=16).hexdigest()}"


def _judged(
    space: Workspace, by: str, scope: Scope, value: float, measure: Measure, base: int
) -> tuple[Verdict, str, bool]:
    """Verdict, why, and whether it is a small change."""
    if np.isnan(value):
        why = "The cell is blank; type a number, or leave it as it was."
        return Verdict.REFUSED, why, False
    try:
        (event,) = space.preview_override(
            by, [scope], Operation.SET, value, measure=measure, base=base
        )
    except Conflicted as error:
        return Verdict.CONFLICT, str(error), False
    except ConcordError as error:
        return Verdict.REFUSED, str(error), False
    return Verdict.APPLIED, "", space.small(by, event) is not None


def by_verdict(cells: Sequence[Cell], measure: Measure) -> pd.DataFrame:
    """Cells as a table for people: verdict, where, week, was, typed, why."""
    return pd.DataFrame(
        {
            "Verdict": [c.verdict.label for c in cells],
            "Row": [c.scope.product for c in cells],
            "Week": [c.scope.first_week for c in cells],
            f"Exported, {measure.unit}": [c.was for c in cells],
            f"Typed, {measure.unit}": [c.value for c in cells],
            "Why": [c.why for c in cells],
        }
    )
