"""Forecast value added: what each step of the process, and each function, made better.

All steps are scored on the same cells: SKU and week, by the last version published so many
weeks before. Steps follow each other, so what each adds sums to what the process adds:
naive -> statistical -> proposed -> consensus. Functions work side by side: each is compared
with the statistical forecast, on the cells that it changed.

Error is forecast minus actual. Value added is the former step's WAPE less this one's:
above zero is better.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from forecasting.consensus.proposal import Record
from forecasting.hierarchy import Bools, Floats
from forecasting.vocabulary import INPUTS

STEPS = ("naive", "statistical", "proposed", "consensus")
"""The process, step by step."""
FEW_CELLS = 20
"""Below so many cells a value added is noise."""
_DRAWS = 1_000
"""Draws of whole weeks behind an interval: a hundred lie beyond each of its ends. A usual
number for a bootstrap; the draws are the same every time, so that a page shows the same
twice."""
_SPOKE = 0.0005
"""Units from which an input is another number than the statistical one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """What something added on the cells that it was scored on."""

    name: str
    cells: int
    weeks: int
    wape: float
    """NaN where there was no demand."""
    bias: float
    added: float
    """WAPE of what it is compared with, less its own; NaN where there is nothing to compare."""
    low: float
    high: float
    """The value added lies between with 80%, by which weeks it is measured on."""

    @property
    def is_sure(self) -> bool:
        """Whether there are enough cells and the interval is on one side of zero."""
        return self.cells >= FEW_CELLS and (self.low > 0 or self.high < 0)


def staircase(cells: pd.DataFrame) -> list[Added]:
    """The process, step by step, each against the step before it.

    Parameters
    ----------
    cells : DataFrame, one row per SKU and week
        week, actual, and one column per step, in units.
    """
    steps = [_added(cells, STEPS[0], against=None)]
    steps += [_added(cells, s, against=b) for b, s in pairwise(STEPS)]
    return steps


def of_functions(cells: pd.DataFrame) -> list[Added]:
    """Each function's input against the statistical forecast, where it gave another number."""
    return [_added(cells[spoke(cells, f)], f, against="statistical") for f in map(str, INPUTS)]


def by(cells: pd.DataFrame, column: str, *, function: str) -> list[Added]:
    """One function's value added by what a column says of the cells: class, reason, person."""
    mine = cells[spoke(cells, function)]
    return [
        _added(rows, function, against="statistical", name=str(name))
        for name, rows in mine.groupby(column)
    ]


def spoke(cells: pd.DataFrame, function: str) -> Bools:
    """Cells in which a function gave another number than the statistical one."""
    moved: Bools = ((cells[function] - cells["statistical"]).abs() > _SPOKE).to_numpy()
    return moved


def records(cells: pd.DataFrame) -> dict[str, list[Record]]:
    """How each function's numbers came out in each department, for the proposal's weights.

    Parameters
    ----------
    cells : DataFrame, one row per SKU and week
        cycle, department, class, week, actual, marketing, merchandising, planning.

    Returns
    -------
    dict
        Department to one record per function. Scored are sums by class and week: the level
        at which functions speak.
    """
    functions = [str(f) for f in INPUTS]
    found: dict[str, list[Record]] = {}
    for department, rows in cells.groupby("department"):
        sums = rows.groupby(["cycle", "class", "week"], as_index=False)[
            ["actual", *functions]
        ].sum()
        actual = sums["actual"].to_numpy(dtype=float)
        found[str(department)] = [
            Record(
                function=f,
                cycles=int(sums["cycle"].nunique()),
                cells=len(sums),
                mse=float(np.mean((sums[f].to_numpy(dtype=float) - actual) ** 2)),
                bias=float(sums[f].sum() / actual.sum() - 1) if actual.sum() > 0 else 0.0,
            )
            for f in functions
        ]
    return found


def _added(
    cells: pd.DataFrame, step: str, *, against: str | None, name: str | None = None
) -> Added:
    actual = cells["actual"].to_numpy(dtype=float)
    mine = cells[step].to_numpy(dtype=float)
    theirs = cells[against].to_numpy(dtype=float) if against else mine
    total = actual.sum()
    if not total > 0:
        return Added(
            name=name or step, cells=len(cells), weeks=0, wape=np.nan, bias=np.nan,
            added=np.nan, low=np.nan, high=np.nan,
        )  # fmt: skip
    gain = np.abs(theirs - actual) - np.abs(mine - actual)
    weeks, of_week = np.unique(cells["week"].to_numpy(), return_inverse=True)
    low, high = _interval(
        np.bincount(of_week, gain, minlength=len(weeks)).astype(float),
        np.bincount(of_week, actual, minlength=len(weeks)).astype(float),
    )
    nothing = against is None
    return Added(
        name=name or step,
        cells=len(cells),
        weeks=len(weeks),
        wape=float(np.abs(mine - actual).sum() / total),
        bias=float(mine.sum() / total - 1),
        added=np.nan if nothing else float(gain.sum() / total),
        low=np.nan if nothing else low,
        high=np.nan if nothing else high,
    )


def _interval(gain: Floats, actual: Floats) -> tuple[float, float]:
    """80% interval over draws of whole weeks with replacement: weeks hang together."""
    drawn = np.random.default_rng(0).integers(0, len(gain), (_DRAWS, len(gain)))
    ratio = gain[drawn].sum(axis=1) / np.maximum(actual[drawn].sum(axis=1), 1e-9)
    low, high = np.quantile(ratio, [0.1, 0.9])
    return float(low), float(high)


def summed(added: Sequence[Added]) -> float:
    """What a process adds in all: the sum of its steps."""
    return float(np.nansum([a.added for a in added]))
