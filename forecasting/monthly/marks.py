"""What stands of the cells of a grid: changed, held, agreed, frozen, commented, stale.

A mark is a sign and a word, so that colour is never alone. Reading only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum

import numpy as np

from forecasting.consensus.events import Scope
from forecasting.hierarchy import Bools, Ints
from forecasting.plan.live import LivePlan
from forecasting.plan.periods import Period
from forecasting.vocabulary import INPUTS


class Mark(StrEnum):
    """Something to note at a cell."""

    CHANGED = "changed"
    HELD = "held"
    AGREED = "agreed"
    STALE = "stale"
    COMMENTED = "commented"
    FROZEN = "frozen"

    @property
    def sign(self) -> str:
        """Its shape."""
        return _SIGNS[self]

    @property
    def about(self) -> str:
        """What it means, in a few words."""
        return _ABOUT[self]


_SIGNS = {
    Mark.CHANGED: "▲", Mark.HELD: "■", Mark.AGREED: "✓", Mark.STALE: "!", Mark.COMMENTED: "✉",
    Mark.FROZEN: "❄",
}  # fmt: skip
_ABOUT = {
    Mark.CHANGED: "people moved it away from the statistical forecast",
    Mark.HELD: "it stays as it is when a total above it is changed",
    Mark.AGREED: "the meeting agreed on it in this cycle",
    Mark.STALE: "a number that was set for it is no longer met",
    Mark.COMMENTED: "somebody wrote a comment on it",
    Mark.FROZEN: "nobody may change it in this cycle",
}

Marked = dict[Mark, Bools]
"""By mark, the cells that have it: rows by columns."""


def marks(
    plan: LivePlan,
    layer: str,
    *,
    skus: Ints,
    groups: Ints,
    doors: Ints,
    columns: Sequence[Period],
    commented: Iterable[Scope] = (),
    stale: Iterable[Scope] = (),
) -> Marked:
    """What is to be marked at every cell of a grid.

    Parameters
    ----------
    plan : LivePlan
    layer : str
        What the grid shows: a function's input, statistical, proposed or the draft.
    skus, groups : int array, shape (n,)
        SKUs that take part and the row that each belongs to, from 0 without gaps.
    doors : int array
        Doors that are shown.
    columns : sequence of Period
    commented, stale : iterable of Scope
        Parts of the plan with a comment, and with a target that is no longer met.

    Returns
    -------
    dict of Mark to bool array, shape (rows, columns)
    """
    n_weeks = max((column.weeks[-1] + 1 for column in columns), default=0)
    n_rows = int(groups.max()) + 1 if len(groups) else 0
    row_of = dict(zip(skus.tolist(), groups.tolist(), strict=True))
    by_week = {mark: np.zeros((n_rows, n_weeks), dtype=bool) for mark in Mark}
    _mark_changes(plan, layer, by_week, row_of, doors)
    by_week[Mark.FROZEN][:, : plan.fence] = True
    for mark, scopes in ((Mark.COMMENTED, commented), (Mark.STALE, stale)):
        for scope in scopes:
            _spoken_of(plan, scope, by_week[mark], row_of, doors)
    return {mark: _by_period(found, columns, mark) for mark, found in by_week.items()}


def _mark_changes(
    plan: LivePlan, layer: str, found: Marked, row_of: dict[int, int], doors: Ints
) -> None:
    """What people changed, held and agreed on, of the SKUs that anybody spoke of."""
    standing = plan.standing
    for sku in row_of.keys() & (standing.inputs.keys() | standing.agreed.keys()):
        row = row_of[sku]
        weeks = slice(0, found[Mark.CHANGED].shape[1])
        moved = np.zeros(plan.base.shape3[2], dtype=bool)
        if layer in INPUTS:
            for (function, _), deltas in standing.inputs.get(sku, {}).items():
                if function == layer:
                    moved |= (deltas[doors] != 0).any(axis=0)
        elif layer != "statistical":
            computed = plan.sku(sku)
            change = computed.layer(layer) - computed.statistical
            moved |= (change[doors] != 0).any(axis=0)
        found[Mark.CHANGED][row] |= moved[weeks]
        agreed: Bools = plan.agreement(sku)[1][doors]
        found[Mark.AGREED][row] |= np.any(agreed[:, weeks], axis=0)
    for sku, held in standing.holds.get(layer, {}).items():
        if sku in row_of:
            there = held[doors, : found[Mark.HELD].shape[1]] > 0
            found[Mark.HELD][row_of[sku]] |= np.any(there, axis=0)


def _spoken_of(
    plan: LivePlan, scope: Scope, found: Bools, row_of: dict[int, int], doors: Ints
) -> None:
    """Mark the cells that a part of the plan has in common with the grid."""
    skus, theirs, weeks = plan.members(scope)
    if not np.isin(theirs, doors).any():
        return
    rows = sorted({row_of[s] for s in skus.tolist() if s in row_of})
    found[np.ix_(rows, weeks[weeks < found.shape[1]])] = True


def _by_period(found: Bools, columns: Sequence[Period], mark: Mark) -> Bools:
    """A month is marked where a week of it is; frozen only where all of them are."""
    inside = [found[:, list(column.weeks)] for column in columns]
    sums = [w.all(axis=1) if mark is Mark.FROZEN else w.any(axis=1) for w in inside]
    return np.column_stack(sums) if sums else np.zeros((len(found), 0), dtype=bool)


def of_cell(marked: Marked, row: int, column: int) -> list[Mark]:
    """What is to be marked at one cell."""
    return [mark for mark in Mark if bool(marked[mark][row, column])]


def of_row(marked: Marked, row: int) -> str:
    """What is to be marked at a row, short: '▲3 ■1', how many of its columns have what."""
    counts = {mark: int(marked[mark][row].sum()) for mark in Mark}
    return " ".join(f"{mark.sign}{count}" for mark, count in counts.items() if count)
