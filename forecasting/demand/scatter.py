"""How far a result may be off: what weeks without activation scatter around their surroundings.

A week without any activation, measured as an activation would be, should come out at nothing
beyond its base. What it comes out at is chance: of the cell by itself, of its SKU or class in
that week, or of the level that was drawn from the weeks around, which all weeks of a window
share. Products of any two misses say how much is whose (pairs of one window: same week or not,
same series, SKU or class), as `intervals.shared_squares` does for forecasts.

A placebo test, in the words of the literature on effects without a control group: Abadie,
Diamond and Hainmueller 2010, Synthetic control methods for comparative case studies.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from forecasting.demand import intervals
from forecasting.demand.cleansing import Panel
from forecasting.demand.model import Factors
from forecasting.hierarchy import Floats, Ints

if TYPE_CHECKING:
    from forecasting.demand.promotion_result import Cells

FEW = 200.0
"""Cells in windows that what is usual is worth beside those that were seen."""
_MOST_SD = 4.0
"""A miss counts as no more than so many usual standard deviations: one is no rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scatter:
    """Relative variances of what weeks come out at beyond their base."""

    cell: float
    """Overdispersion of a cell by itself, beyond what it shares."""
    sku_week: float
    """Of a SKU in one week, all doors alike."""
    class_week: float
    """Of a class in one week."""
    series: float
    """Of the level of one series over a window."""
    sku: float
    """Of the level of a SKU."""
    of_class: float
    """Of the level of a class."""

    @staticmethod
    def of(
        panel: Panel, factors: Factors, level: Callable[[Ints, Ints, Ints], Floats]
    ) -> Scatter:
        """Look at windows of two weeks without activation, none of them in two windows.

        Parameters
        ----------
        level : callable
            Level of series in weeks first to last by all weeks but these.
        """
        known = factors.fitted.shape[1]
        effects = factors.effects
        plain = (panel.exposure[:, :known] > 0) & ~effects.exposed[:, :known]
        first = np.arange(0, known - 1, 2)
        series, window = np.nonzero(plain[:, first] & plain[:, first + 1])
        weeks = first[window], first[window] + 1
        base = level(series, *weeks) * np.exp(factors.calibration.surprise[0])
        beside = effects.baseline * effects.others * effects.ahead
        mean = np.stack([base * beside[series, week] for week in weeks])  # (2, m)
        units = np.stack([factors.clean[series, week] for week in weeks])
        enough = (mean > 1e-6).all(axis=0)
        return _split(units[:, enough], mean[:, enough], series[enough], window[enough], panel)

    def of_rows(self, cells: Cells, row: Ints) -> tuple[Floats, Floats]:
        """Variance of what each row added: its SKU's own, and what its class shares, (rows,).

        Parameters
        ----------
        cells : Cells
        row : int array, shape (m,)
            Row (activation and SKU) of each cell.
        """
        n_rows = int(row.max(initial=-1)) + 1
        seen = np.where(cells.is_shut, 0.0, cells.base + np.maximum(cells.expected, 0.0))
        by_week = _groups(row, cells.week)
        by_series = _groups(row, cells.series)
        week_sums = np.bincount(by_week, seen) ** 2
        week_row = _first_of(row, by_week)
        base_sums = np.bincount(by_series, cells.base) ** 2
        series_row = _first_of(row, by_series)
        squares = np.bincount(week_row, week_sums, minlength=n_rows)
        whole = np.bincount(row, cells.base, minlength=n_rows) ** 2
        chance = seen * cells.share + self.cell * seen**2
        own = (
            np.bincount(row, chance, minlength=n_rows)
            + self.sku_week * squares
            + self.series * np.bincount(series_row, base_sums, minlength=n_rows)
            + self.sku * whole
        )
        return own, self.class_week * squares + self.of_class * whole


_USUAL = Scatter(
    cell=0.15, sku_week=0.01, class_week=0.005, series=0.02, sku=0.005, of_class=0.002
)
"""Before any window was looked at."""


def _split(units: Floats, mean: Floats, series: Ints, window: Ints, panel: Panel) -> Scatter:
    """Whose the misses of windows of two weeks are, (2, m) cells each.

    Of two cells that only share a class, a product of misses is the class's; of two that
    share the SKU, less that, the SKU's; and so on down to the cell.
    """
    if not len(series):
        return _USUAL
    reach = _MOST_SD * np.sqrt(mean + intervals.USUAL_ALPHA[0] * mean**2)
    miss = np.clip(units - mean, -reach, reach)
    sku = panel.sku_of[series]
    of_cell = np.arange(len(series))
    of_sku = _groups(sku, window)
    of_class = _groups(panel.classes[sku], window)
    pairs = _Pairs(miss=miss, mean=mean)
    apart = pairs.ratio(of_class, of_sku, same_week=False)
    together = pairs.ratio(of_class, of_sku, same_week=True)
    doors_apart = pairs.ratio(of_sku, of_cell, same_week=False)
    doors_together = pairs.ratio(of_sku, of_cell, same_week=True)
    itself = pairs.ratio(of_cell, None, same_week=False)
    total = intervals.overdispersion(units.ravel(), mean.ravel())
    class_week = max(together - apart, 0.0)
    found = Scatter(
        cell=max(total - max(doors_together, 0.0) - max(itself - doors_apart, 0.0), 0.02),
        sku_week=max(doors_together - doors_apart - class_week, 0.0),
        class_week=class_week,
        series=max(itself - doors_apart, 0.0),
        sku=max(doors_apart - apart, 0.0),
        of_class=max(apart, 0.0),
    )
    weight = len(series) / (len(series) + FEW)
    return Scatter(
        **{
            name: weight * getattr(found, name) + (1 - weight) * getattr(_USUAL, name)
            for name in found.__slots__
        }
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pairs:
    """Misses and means of cells in windows of two weeks, (2, m) each."""

    miss: Floats
    mean: Floats

    def ratio(self, group: Ints, inner: Ints | None, *, same_week: bool) -> float:
        """Products of misses of two cells of a group over those of their means.

        Cells of one inner group are no pair. Groups count by what they can tell: large ones,
        whose chance is small, do not drown the rest.
        """
        outer = self._products(group, same_week=same_week)
        n_groups = outer.shape[1]
        if inner is not None:
            within = self._products(inner, same_week=same_week)
            of_inner = _first_of(group, inner)
            outer = outer - np.stack(
                [np.bincount(of_inner, one, minlength=n_groups) for one in within]
            )
        size = np.bincount(group, self.mean.sum(axis=0), minlength=n_groups)
        weight = 1 / (1 + 0.1 * size) ** 2
        top, bottom = (weight * outer).sum(axis=1)
        return float(top / bottom) if bottom > 1e-12 else 0.0

    def _products(self, group: Ints, *, same_week: bool) -> Floats:
        """Products of the sums of misses, and of means, of each group, (2, groups)."""
        found = []
        for values in (self.miss, self.mean):
            first, second = (np.bincount(group, one) for one in values)
            found.append((first**2 + second**2) / 2 if same_week else first * second)
        return np.stack(found)


def _groups(first: Ints, second: Ints) -> Ints:
    """Number of each pair, (m,)."""
    keys = first * (int(second.max(initial=0)) + 1) + second
    found: Ints = np.asarray(np.unique(keys, return_inverse=True)[1], dtype=np.int64)
    return found


def _first_of(values: Ints, group: Ints) -> Ints:
    """The value that all members of each group have."""
    found = np.zeros(int(group.max(initial=-1)) + 1, dtype=np.int64)
    found[group] = values
    return found
