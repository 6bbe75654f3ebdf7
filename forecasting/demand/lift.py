"""Lift: what an activation does to the demand of the cells it exposes.

A cell's lift is the exponential of a sum over the activations in it: one term for the type
of each, one for the depth of its price cut (and its depth beyond 15%, where more price may
buy less; of several cuts the best price counts, offers.py), one for a low price that people
are told of, one for any cut at all that they are told of (a sale sign sells, however small
the saving), one for the second and later weeks of the same activation, one for activations
that meet. What each is worth is estimated in
response.py; this module only says which cell is exposed to what, and how the increments add up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from forecasting.calendar import Dates
from forecasting.demand import offers
from forecasting.demand.offers import BARE_PRICE
from forecasting.exposure import demand_before
from forecasting.hierarchy import Bools, Floats, Ints, aggregate

PRICE = "price depth"
"""Log of the share of the price that is paid, as far as it goes beyond what other activations
reach already."""
PRICE_TOLD = "price that is told of"
"""The same where somebody tells of the SKU; so is a low regular price that is told of."""
CUT_TOLD = "cut that is told of"
"""Whether there is a cut at all and somebody tells of it, however deep it is."""
DEEP = "price depth beyond 15 %"  # kept in every run under this name: it stays as it is
"""Log price beyond the knee (`KNEE`)."""
LATER = "later weeks"
"""Not the first week of its activation."""
MEETING = "several at once"
"""Its share of k - 1 meetings where k activations run at once."""
SHAPES = (PRICE, PRICE_TOLD, CUT_TOLD, DEEP, LATER, MEETING)
"""Columns of the design beside one column per type of activation."""

DEEPEST = 0.95
"""A deeper discount is learnt from as this one: a price of zero has no logarithm."""
SUPPORTED = float(np.log(0.6))
"""Log price up to which what is generally known of price cuts was seen: 40% off. Beyond it,
and beyond what a class itself has seen, no response is drawn (`Exposures.held_back`)."""
KNEE = float(np.log(0.85))
"""Log price from which more depth may count for less."""
LEAST_CUT = float(np.log(0.995))
"""Log price that is no cut yet: prices are rounded."""

LEAST_LOG, MOST_LOG = -1.5, 3.5
"""Bounds of one activation's estimated log lift: between a fifth and 33 times the baseline.
What people state has none."""
NOTHING = 1e-9
"""A stated lift of zero, which has no logarithm: of a million units it leaves none."""


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
    days: tuple[Ints, Ints]
    """First and last day of the week on which it runs, 0 to 6, (m,) each."""
    log_price: Floats
    """log(1 - discount) of what the activation takes off, 0 for nothing."""
    log_regular: Floats
    """Log regular price of the cell against its series' mean, 0 where not known."""
    later: Bools
    """Not the activation's first week."""
    fixed: Floats
    """Log of a lift that people stated; NaN where it is to be estimated."""
    kinds: tuple[str, ...]
    n_weeks: int
    before: Floats
    """Share of a week's demand before each day, from its first on, and before its end, (8,)."""

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
            days=(self.days[0][rows], self.days[1][rows]),
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

    def held_back(self, since: int, seen: Floats) -> Exposures:
        """The same, with price cuts from one week on no deeper than was ever seen.

        A curve drawn beyond everything that anybody saw must fill no order book.

        Parameters
        ----------
        since : int
            The first week held back.
        seen : float array, shape (n,)
            Deepest log price that the class of each series has seen, or that is supported.
        """
        held = np.maximum(self.log_price, seen[self.series])
        return replace(self, log_price=np.where(self.week >= since, held, self.log_price))

    def seen(self, before: int, of_class: Ints) -> Floats:
        """Deepest log price in the class of each series before a week, (n,).

        At least what is supported by what is generally known.
        """
        deepest = np.full(int(of_class.max(initial=0)) + 1, SUPPORTED)
        past = self.week < before
        np.minimum.at(deepest, of_class[self.series[past]], self.log_price[past])
        return deepest[of_class]

    @property
    def tells(self) -> Bools:
        """It tells people of the SKU: it is more than a bare price cut, (m,)."""
        told: Bools = np.array([kind != BARE_PRICE for kind in self.kinds] or [True])[self.kind]
        return told

    def settled(self, cell: Ints) -> offers.Settled:
        """What each row does beside the others of its cell, given it."""
        return offers.settle(
            cell,
            share=self.share,
            log_price=self.log_price,
            bare=~self.tells,
            stated=~np.isnan(self.fixed),
            days=self.days,
            before=self.before,
        )

    def design(self, cell: Ints, settled: offers.Settled | None = None) -> Floats:
        """Regressors of each row at full exposure, shape (m, p), given its cell."""
        settled = settled or self.settled(cell)
        counts = settled.own * (settled.share > 0)
        matrix = np.zeros((len(self), len(self.columns)))
        matrix[np.arange(len(self)), self.kind] = settled.own
        matrix[:, len(self.kinds) :] = np.column_stack(
            shapes(
                log_price=self.log_price,
                above=settled.above,
                log_regular=self.log_regular,
                later=self.later * settled.own,
                tells=self.tells,
                telling=np.bincount(cell, self.tells)[cell],
                in_cell=np.bincount(cell, counts)[cell],
                own=settled.own,
            )
        )
        matrix[settled.share <= 0] = 0.0
        return matrix

    def owed(self, cell: Ints, settled: offers.Settled) -> tuple[Ints, Floats]:
        """Stated rows over a price cut that was estimated, and its regressors, (k,), (k, p)."""
        rows = np.flatnonzero((settled.owed < 0) & ~np.isnan(self.fixed))
        none = np.zeros(len(rows))
        matrix = np.zeros((len(rows), len(self.columns)))
        matrix[:, len(self.kinds) :] = np.column_stack(
            shapes(
                log_price=settled.owed[rows],
                log_regular=none,
                later=none,
                tells=False,
                telling=np.bincount(cell, self.tells)[cell][rows],
                in_cell=np.ones(len(rows)),
            )
        )
        return rows, matrix

    def at_prices(self, log_regular: Floats) -> Exposures:
        """The same with the regular prices of all series and weeks, (n, T)."""
        return replace(self, log_regular=log_regular[self.series, self.week])


def shapes(
    *,
    log_price: Floats,
    log_regular: Floats,
    later: Bools | Floats,
    tells: Bools | bool,
    telling: Ints | Floats,
    in_cell: Ints | Floats,
    above: Floats | float = 0.0,
    own: Floats | float = 1.0,
) -> tuple[Floats, ...]:
    """Regressors of activations beside their types, in the order of SHAPES.

    Parameters
    ----------
    log_price : float array
        log(1 - discount) of what an activation takes off, 0 for nothing.
    log_regular : float array
        Log regular price of the cell against its mean.
    later : bool array
        Not its first week.
    tells : bool array or bool
        It tells people of the SKU: it is more than a bare price cut.
    telling, in_cell : array
        How many activations of its cell tell of it; how many there are.
    above : float array or float
        Log price that other activations reach already: only what is beyond counts.
    own : float array or float
        Share of its days on which it is an activation of its own, not another price on
        the same sign.

    Returns
    -------
    tuple of float array
        Of shapes that broadcast together, as the parameters do.
    """
    # Who tells of a SKU tells of its price, whether it was cut or is low anyway.
    told = (log_price - above) * (telling > 0)
    told = told + np.where(tells, log_regular / np.maximum(telling, 1), 0.0)
    deep = np.minimum(log_price - KNEE, 0.0) - np.minimum(above - KNEE, 0.0)
    is_cut = (log_price < LEAST_CUT) & ~(np.asarray(above) < LEAST_CUT)
    cut = (is_cut & (telling > 0)).astype(float)
    # Each of k that meet carries its share of k - 1 meetings.
    meeting = own * np.maximum(in_cell - 1, 0) / np.maximum(in_cell, 1)
    return log_price - above, told, cut, deep, np.asarray(later, dtype=float), meeting


def expose(
    items: pd.DataFrame,
    series: pd.DataFrame,
    *,
    kinds: Sequence[str],
    weeks: Dates,
    weekday_shares: Floats | None = None,
    usual: Mapping[str, float] | None = None,
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
        Share of a week's demand on each day, from its first on; a seventh each if not known.
    usual : mapping, optional
        What each type usually takes off (offers.usual_discounts), for offers typed as free.

    Notes
    -----
    A row that names a door replaces the same activation's row for all of them there.
    """
    rows = _stated_once(items, series)
    kind = pd.Index(list(kinds)).get_indexer(pd.Index(rows["type"]))
    rows, kind = rows[kind >= 0], kind[kind >= 0]
    discount = _cuts(rows, usual or {})
    start = rows["start"].to_numpy().astype("datetime64[D]")
    end = rows["end"].to_numpy().astype("datetime64[D]")
    first = np.clip((start - weeks[0]).astype(int) // 7, 0, len(weeks))
    last = np.clip((end - weeks[0]).astype(int) // 7, -1, len(weeks) - 1)
    length = np.maximum(last - first + 1, 0)
    row = np.repeat(np.arange(len(rows)), length)
    offset = np.arange(len(row)) - np.repeat(np.cumsum(length) - length, length)
    week = first[row] + offset
    since, until = days_within(start[row], end[row], weeks[week])
    before = demand_before(weekday_shares)
    return Exposures(
        activation=rows["activation"].to_numpy(dtype=np.int64)[row],
        series=rows["series"].to_numpy(dtype=np.int64)[row],
        week=week,
        share=before[until + 1] - before[since],
        kind=kind[row],
        days=(since, until),
        log_price=log_paid(discount)[row],
        log_regular=np.zeros(len(row)),
        later=weeks[week] > start[row],
        fixed=log_stated(rows["lift"].to_numpy(dtype=float))[row],
        kinds=tuple(kinds),
        n_weeks=len(weeks),
        before=before,
    )


def _cuts(rows: pd.DataFrame, usual: Mapping[str, float]) -> Floats:
    """What each row takes off the price: as stated, or usually where it was typed as free."""
    discount: Floats = rows["discount"].to_numpy(dtype=float).copy()
    free = np.flatnonzero(discount >= offers.FREE)
    types = rows["type"].to_numpy()[free]
    discount[free] = [offers.usual_of(usual, str(kind)) for kind in types]
    return discount


def _stated_once(items: pd.DataFrame, series: pd.DataFrame) -> pd.DataFrame:
    """Items laid over series (a column of positions), one row per activation and series."""
    numbered = series[["sku", "door"]].assign(series=np.arange(len(series)))
    items = items.assign(order=np.arange(len(items)))
    everywhere = items["door"].isna()
    at_doors = items[~everywhere].merge(numbered, on=["sku", "door"])
    at_all = items[everywhere].drop(columns="door").merge(numbered, on="sku")
    at_doors, at_all = at_doors.assign(general=False), at_all.assign(general=True)
    rows = pd.concat([at_doors, at_all]).sort_values(["order", "series"], kind="stable")
    kept, discount, lift = offers.stated_once(
        rows["activation"].to_numpy(dtype=np.int64),
        rows["series"].to_numpy(dtype=np.int64),
        general=rows["general"].to_numpy(dtype=bool),
        discount=rows["discount"].to_numpy(dtype=float),
        lift=rows["lift"].to_numpy(dtype=float),
    )
    return rows.iloc[kept].assign(discount=discount, lift=lift)


def days_within(start: Dates, end: Dates, week: Dates) -> tuple[Ints, Ints]:
    """First and last day of a week on which something runs, 0 to 6, (m,) each."""
    since = np.maximum((start - week).astype(np.int64), 0)
    return since, np.minimum((end - week).astype(np.int64), 6)


def log_paid(discount: Floats) -> Floats:
    """Log of the share of the regular price that is paid; 0 where nothing is stated of it."""
    paid: Floats = np.log1p(-np.fmin(np.fmax(discount, 0.0), DEEPEST))
    return paid


def log_stated(lift: Floats) -> Floats:
    """Log of a stated lift, NaN where none is stated."""
    found: Floats = np.log(np.maximum(lift, NOTHING))
    return found


def at_share(full: Floats, share: Floats) -> Floats:
    """Log lift over a week of an activation that runs on a share of its demand."""
    if not (share < 1).any():
        return full
    found: Floats = np.log1p(np.expm1(full) * np.minimum(share, 1.0))
    return found


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


def shares(parts: Floats, multiplier: Floats, cell: Ints) -> Floats:
    """Share of each row in what its cell sold beyond its base, 0 to 1, (m,).

    As the model splits what it expects; a cell of which nothing is expected is split evenly.
    """
    increment = multiplier[cell] - 1
    even = 1 / np.bincount(cell)[cell]
    share = np.where(
        np.abs(increment) > 0.02, parts / np.where(increment == 0, 1, increment), even
    )
    return np.clip(share, 0.0, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Exposures with what is needed of them again and again, worked out once."""

    exposures: Exposures
    design: Floats
    """Regressors of each row at full exposure, (m, p)."""
    settled: offers.Settled
    """What each row does beside the others of its cell."""
    owed: tuple[Ints, Floats]
    """Rows of stated lift over an estimated price cut, and the cut's regressors."""
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
        settled = exposures.settled(cell)
        design = exposures.design(cell, settled)
        return Layout(
            exposures=exposures,
            design=design,
            settled=settled,
            owed=exposures.owed(cell, settled),
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
        the week it is 1 + (m - 1) s: half a week of a doubled demand is one and a half. What
        people stated stands for a whole offer: what its price does is in it already.
        """
        full = np.clip(self._full(coefficients), LEAST_LOG, MOST_LOG)
        fixed = self.exposures.fixed
        if len(self.owed[0]):
            rows, design = self.owed
            paid = np.einsum("kp,kp->k", design, coefficients[self.exposures.series[rows]])
            fixed = fixed.copy()
            fixed[rows] -= np.clip(paid, 0.0, MOST_LOG)
        return at_share(np.where(np.isnan(fixed), full, fixed), self.settled.share)

    def of_cells(self, coefficients: Floats | None = None) -> Floats:
        """Regressors summed over the rows of each cell, (c, p).

        An activation that runs on a share of the week's demand enters with the share of its
        log lift that this comes to, which depends on the lift: by `coefficients`, (n series,
        p), as far as they are known.
        """
        part = self.settled.share
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
