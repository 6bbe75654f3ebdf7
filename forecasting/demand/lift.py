"""Lift: what an activation does to the demand of the cells it exposes.

A cell's lift is the exponential of a sum over the activations in it: one term for the type
of each, one for the depth of its price cut (and its depth beyond 15 %, where more price may
buy less), one for a low price that people are told of, one for any cut at all that they are
told of (a sale sign sells, however small the saving), one for the second and later weeks of
the same activation, one for activations that meet. What each is worth is estimated in
response.py; this module only says which cell is exposed to what, and how the increments add up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from forecasting.calendar import Dates, demand_before
from forecasting.hierarchy import Bools, Floats, Ints, aggregate

PRICE = "price depth"
PRICE_TOLD = "price that is told of"
CUT_TOLD = "cut that is told of"
DEEP = "price depth beyond 15 %"
LATER = "later weeks"
MEETING = "several at once"
SHAPES = (PRICE, PRICE_TOLD, CUT_TOLD, DEEP, LATER, MEETING)
"""Columns of the design beside one column per type of activation."""

BARE_PRICE = "price"
"""The one type of activation that only cuts a price and tells nobody."""

DEEPEST = 0.95
"""A deeper discount is taken as this one: a price of zero has no logarithm."""
KNEE = float(np.log(0.85))
"""Log price from which more depth may count for less."""
LEAST_CUT = float(np.log(0.995))
"""Log price that is no cut yet: prices are rounded."""

LEAST_LOG, MOST_LOG = -1.5, 3.5
"""Bounds of one activation's log lift: between a fifth and 33 times the baseline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposures:
    """Which activation exposes which series in which week: m rows."""

    activation: Ints
    """Position of the activation, shape (m,)."""
    series: Ints
    week: Ints
    """Position of the week."""
    share: Floats
    """Share of the week's demand on whose days it runs, 0 to 1."""
    kind: Ints
    """Position of its type in `kinds`."""
    log_price: Floats
    """log(1 - discount) where this activation states the cell's price, else 0."""
    log_regular: Floats
    """Log regular price of the cell against its series' mean, 0 where not known."""
    later: Bools
    """Not the activation's first week."""
    fixed: Floats
    """Log of a lift that people stated; NaN where it is to be estimated."""
    kinds: tuple[str, ...]
    n_weeks: int

    def __len__(self) -> int:
        return len(self.series)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the design's columns."""
        return (*self.kinds, *SHAPES)

    def cells(self) -> tuple[Ints, Ints, Ints]:
        """Cell of each row, and series and week of each cell."""
        keys, cell = np.unique(self.series * self.n_weeks + self.week, return_inverse=True)
        series, week = np.divmod(keys, self.n_weeks)
        return cell, series, week

    def take(self, rows: Bools | Ints) -> Exposures:
        """Only some rows."""
        return replace(
            self,
            activation=self.activation[rows],
            series=self.series[rows],
            week=self.week[rows],
            share=self.share[rows],
            kind=self.kind[rows],
            log_price=self.log_price[rows],
            log_regular=self.log_regular[rows],
            later=self.later[rows],
            fixed=self.fixed[rows],
        )

    def unstated(self, before: int) -> Exposures:
        """The same, with lifts that people stated for weeks before one forgotten.

        What happened then is for history to say.
        """
        return replace(self, fixed=np.where(self.week < before, np.nan, self.fixed))

    def design(self, cell: Ints) -> Floats:
        """Regressors of each row at full exposure, shape (m, p), given its cell."""
        tells = np.array([kind != BARE_PRICE for kind in self.kinds] or [True])[self.kind]
        matrix = np.zeros((len(self), len(self.columns)))
        matrix[np.arange(len(self)), self.kind] = 1.0
        matrix[:, len(self.kinds) :] = np.column_stack(
            shapes(
                log_price=self.log_price,
                log_regular=self.log_regular,
                later=self.later,
                tells=tells,
                telling=np.bincount(cell, tells)[cell],
                in_cell=np.bincount(cell)[cell],
            )
        )
        return matrix

    def at_prices(self, log_regular: Floats) -> Exposures:
        """The same with the regular prices of all series and weeks, (n, T)."""
        return replace(self, log_regular=log_regular[self.series, self.week])


def shapes(
    *,
    log_price: Floats,
    log_regular: Floats,
    later: Bools,
    tells: Bools | bool,
    telling: Ints | Floats,
    in_cell: Ints,
) -> tuple[Floats, ...]:
    """Regressors of activations beside their types, in the order of SHAPES.

    Parameters
    ----------
    log_price : float array
        log(1 - discount) where an activation states its cell's price, else 0.
    log_regular : float array
        Log regular price of the cell against its mean.
    later : bool array
        Not its first week.
    tells : bool array or bool
        It tells people of the SKU: it is more than a bare price cut.
    telling, in_cell : array
        How many activations of its cell tell of it; how many there are.

    Returns
    -------
    tuple of float array
        Of shapes that broadcast together, as the parameters do.
    """
    # Who tells of a SKU tells of its price, whether it was cut or is low anyway.
    told = log_price * (telling > 0)
    told = told + np.where(tells, log_regular / np.maximum(telling, 1), 0.0)
    deep = np.minimum(log_price - KNEE, 0.0)
    cut = ((log_price < LEAST_CUT) & (telling > 0)).astype(float)
    # Each of k that meet carries its share of k - 1 meetings.
    meeting = (in_cell - 1) / np.maximum(in_cell, 1)
    return log_price, told, cut, deep, np.asarray(later, dtype=float), meeting


def expose(
    items: pd.DataFrame,
    series: pd.DataFrame,
    *,
    kinds: Sequence[str],
    weeks: Dates,
    weekday_shares: Floats | None = None,
) -> Exposures:
    """Expand featured SKUs into the cells that they expose.

    Parameters
    ----------
    items : DataFrame, one row per featured SKU of an activation, in the calendar's order
        activation (position), type, sku, door (blank: all), start, end, discount, lift.
    series : DataFrame, one row per series
        sku, door.
    kinds : sequence of str
        The types with a column; others are left out.
    weeks : datetime64 array, shape (T,)
    weekday_shares : float array, shape (7,), optional
        Share of a week's demand on each day from Sunday on; a seventh each if not known.

    Notes
    -----
    A cell has one price: the first activation that carries a discount states it.
    """
    numbered = series[["sku", "door"]].assign(series=np.arange(len(series)))
    items = items.assign(order=np.arange(len(items)))
    everywhere = items["door"].isna()
    at_doors = items[~everywhere].merge(numbered, on=["sku", "door"])
    at_all = items[everywhere].drop(columns="door").merge(numbered, on="sku")
    rows = pd.concat([at_doors, at_all]).sort_values(["order", "series"], kind="stable")
    kind = pd.Index(list(kinds)).get_indexer(pd.Index(rows["type"]))
    rows, kind = rows[kind >= 0], kind[kind >= 0]
    start = rows["start"].to_numpy().astype("datetime64[D]")
    end = rows["end"].to_numpy().astype("datetime64[D]")
    first = np.clip((start - weeks[0]).astype(int) // 7, 0, len(weeks))
    last = np.clip((end - weeks[0]).astype(int) // 7, -1, len(weeks) - 1)
    length = np.maximum(last - first + 1, 0)
    row = np.repeat(np.arange(len(rows)), length)
    offset = np.arange(len(row)) - np.repeat(np.cumsum(length) - length, length)
    week = first[row] + offset
    until = np.minimum((end[row] - weeks[week]).astype(int), 6)
    since = np.maximum((start[row] - weeks[week]).astype(int), 0)
    before = demand_before(weekday_shares)
    discount = np.clip(rows["discount"].to_numpy(dtype=float)[row], 0, DEEPEST)
    of_series = rows["series"].to_numpy(dtype=np.int64)[row]
    states = ~np.isnan(discount) & (discount > 0)
    _, firsts = np.unique((of_series * len(weeks) + week)[states], return_index=True)
    log_price = np.zeros(len(row))
    stating = np.flatnonzero(states)[firsts]
    log_price[stating] = np.log1p(-discount[stating])
    lift = rows["lift"].to_numpy(dtype=float)[row]
    return Exposures(
        activation=rows["activation"].to_numpy(dtype=np.int64)[row],
        series=of_series,
        week=week,
        share=before[until + 1] - before[since],
        kind=kind[row],
        log_price=log_price,
        log_regular=np.zeros(len(row)),
        later=weeks[week] > start[row],
        fixed=np.log(np.maximum(lift, 1e-3)),
        kinds=tuple(kinds),
        n_weeks=len(weeks),
    )


def at_share(full: Floats, share: Floats) -> Floats:
    """Log lift over a week of an activation that runs on a share of its demand."""
    logs: Floats = np.clip(full, LEAST_LOG, MOST_LOG)
    if (share < 1).any():
        logs = np.log1p(np.expm1(logs) * share)
    return logs


def parts(logs: Floats, cell: Ints, n_cells: int) -> tuple[Floats, Floats]:
    """Incremental demand of each row as a multiple of its cell's baseline.

    Activations that meet in a cell multiply: total = baseline x exp(sum of logs). The
    increment is split in proportion to the logs, so that the rows of a cell add up to it
    exactly and a row that does nothing gets nothing.

    Returns
    -------
    (share of each row, shape (m,); multiplier of each cell, shape (n_cells,))
    """
    total = np.zeros(n_cells)
    np.add.at(total, cell, logs)
    rate = np.where(np.abs(total) > 1e-9, np.expm1(total) / np.where(total == 0, 1, total), 1.0)
    return logs * rate[cell], np.exp(total)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Exposures with what is needed of them again and again, worked out once."""

    exposures: Exposures
    design: Floats
    """Regressors of each row at full exposure, (m, p)."""
    cell: Ints
    """Cell of each row, (m,)."""
    series: Ints
    """Of each cell, (c,)."""
    week: Ints
    """Of each cell, (c,)."""
    whole: Floats
    """Regressors of each cell had its activations run all week, (c, p)."""

    @staticmethod
    def of(exposures: Exposures) -> Layout:
        """Lay exposures out."""
        cell, series, week = exposures.cells()
        design = exposures.design(cell)
        return Layout(
            exposures=exposures,
            design=design,
            cell=cell,
            series=series,
            week=week,
            whole=aggregate(design, cell, len(series)),
        )

    def log_lifts(self, coefficients: Floats) -> Floats:
        """Log lift that each row adds to its cell, shape (m,).

        Parameters
        ----------
        coefficients : float array, shape (n series, p)

        Notes
        -----
        At full exposure a row's lift is m = exp(x . b), or what people stated. At share s of
        the week it is 1 + (m - 1) s: half a week of a doubled demand is one and a half.
        """
        full = self._full(coefficients)
        fixed = self.exposures.fixed
        return at_share(np.where(np.isnan(fixed), full, fixed), self.exposures.share)

    def of_cells(self, coefficients: Floats | None = None) -> Floats:
        """Regressors summed over the rows of each cell, (c, p).

        An activation that runs on a share of the week's demand enters with the share of its
        log lift that this comes to, which depends on the lift: by `coefficients`, (n series,
        p), as far as they are known.
        """
        part = self.exposures.share
        told = part < 1
        if not told.any():
            return self.whole
        if coefficients is not None:
            full = np.clip(self._full(coefficients), LEAST_LOG, MOST_LOG)
            told &= np.abs(full) > 0.05
            part = part.copy()
            part[told] = at_share(full[told], part[told]) / full[told]
        return aggregate(self.design * part[:, None], self.cell, len(self.series))

    def _full(self, coefficients: Floats) -> Floats:
        full: Floats = np.einsum("mp,mp->m", self.design, coefficients[self.exposures.series])
        return full
