"""Lift: what an activation does to baseline demand.

One pooled regression (negative binomial, through statsmodels) says what each type of
activation and each per cent of price does on average. Every class, SKU and series then
departs from its parent only as far as its own evidence goes: a Gaussian prior around the
parent, a few Newton steps on its own rows. Rows of one SKU and week share an unexplained
event error, so that eighty doors of one event do not pass for eighty events.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import statsmodels.api as sm

from forecasting.calendar import Dates
from forecasting.hierarchy import Bools, Floats, Ints

PRICE, PRICE_WITH_OTHERS = "price depth", "price depth with others"
"""Columns of the design beside one column per type of activation."""

DEEPEST = 0.95
"""A deeper discount is taken as this one: a price of zero has no logarithm."""

EVENT_SD = 0.25
"""Log lift that differs from event to event, unexplained."""

_PRIOR_SD = {"class": 0.30, "sku": 0.25, "series": 0.12}
_PRICE_TIMES = 3.0
"""Elasticities are per log price: their spread is this many times that of a lift."""

_MOST_ROWS = 200_000
"""The pooled regression needs no more rows than this; more are thinned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposures:
    """Which activation exposes which series in which week: m rows."""

    activation: Ints
    """Position of the activation, shape (m,)."""
    series: Ints
    week: Ints
    """Position of the week."""
    share: Floats
    """Share of the week's days on which it runs, 0 to 1."""
    kind: Ints
    """Position of its type in `kinds`."""
    log_price: Floats
    """log(1 - discount) where this activation states the cell's price, else 0."""
    fixed: Floats
    """Log of a lift that people stated; NaN where it is to be estimated."""
    kinds: tuple[str, ...]
    n_weeks: int

    def __len__(self) -> int:
        return len(self.series)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the design's columns."""
        return (*self.kinds, PRICE, PRICE_WITH_OTHERS)

    def cells(self) -> tuple[Ints, Ints, Ints]:
        """Cell of each row, and series and week of each cell."""
        keys, cell = np.unique(self.series * self.n_weeks + self.week, return_inverse=True)
        return cell, keys // self.n_weeks, keys % self.n_weeks

    def take(self, rows: Bools) -> Exposures:
        """Only some rows."""
        return replace(
            self,
            activation=self.activation[rows],
            series=self.series[rows],
            week=self.week[rows],
            share=self.share[rows],
            kind=self.kind[rows],
            log_price=self.log_price[rows],
            fixed=self.fixed[rows],
        )

    def design(self) -> Floats:
        """Regressors of each row, shape (m, p): its type, its price, and their meeting."""
        matrix = np.zeros((len(self), len(self.columns)))
        matrix[np.arange(len(self)), self.kind] = 1.0
        matrix[:, -2] = self.log_price
        matrix[:, -1] = self.log_price * self._meets_others()
        return matrix

    def _meets_others(self) -> Bools:
        """Whether the cell of each row is also exposed to something without a price."""
        cell, series, _ = self.cells()
        plain = np.zeros(len(series))
        np.add.at(plain, cell, self.log_price == 0)
        meets: Bools = plain[cell] > 0
        return meets


def expose(
    items: pd.DataFrame,
    series: pd.DataFrame,
    *,
    kinds: Sequence[str],
    weeks: Dates,
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
    days_in = np.minimum(weeks[week] + np.timedelta64(6, "D"), end[row]) - np.maximum(
        weeks[week], start[row]
    )
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
        share=(days_in.astype(int) + 1) / 7.0,
        kind=kind[row],
        log_price=log_price,
        fixed=np.log(np.maximum(lift, 1e-3)),
        kinds=tuple(kinds),
        n_weeks=len(weeks),
    )


def log_lifts(exposures: Exposures, coefficients: Floats) -> Floats:
    """Log lift that each row adds to its cell, shape (m,).

    Parameters
    ----------
    exposures : Exposures
    coefficients : float array, shape (n series, p)

    Notes
    -----
    At full exposure a row's lift is m = exp(x . b), or what people stated. At share s of
    the week it is 1 + (m - 1) s: half a week of a doubled demand is one and a half.
    """
    full = np.einsum("mp,mp->m", exposures.design(), coefficients[exposures.series])
    full = np.where(np.isnan(exposures.fixed), full, exposures.fixed)
    logs: Floats = np.log1p(np.expm1(np.clip(full, -3, 4)) * exposures.share)
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
class Response:
    """How series respond to activations."""

    columns: tuple[str, ...]
    pooled: Floats
    """Coefficients over everything, shape (p,)."""
    series: Floats
    """Coefficients of each series, shape (n, p)."""
    sku_sd: Floats
    """Their standard deviation, SKU by SKU, shape (S, p)."""


def estimate_response(
    units: Floats,
    expected: Floats,
    design: Floats,
    *,
    columns: tuple[str, ...],
    week: Ints,
    series: Ints,
    sku_of: Ints,
    class_of: Ints,
    alpha: float,
) -> Response:
    """Estimate the response to activations from exposed cells.

    Parameters
    ----------
    units : float array, shape (m,)
        Demand seen in each exposed cell.
    expected : float array, shape (m,)
        What was expected there without activation (the baseline times evidence).
    design : float array, shape (m, p)
        Regressors of each cell: the sum of its rows, exposure included.
    columns : tuple of str
        Names of the regressors.
    week, series : int array, shape (m,)
    sku_of : int array, shape (n,)
        SKU of each series.
    class_of : int array, shape (S,)
        Class of each SKU.
    alpha : float
        Overdispersion: variance = mean + alpha mean^2.
    """
    n_series, n_skus, n_columns = len(sku_of), len(class_of), design.shape[1]
    prior = np.ones(n_columns)
    prior[[columns.index(PRICE), columns.index(PRICE_WITH_OTHERS)]] = _PRICE_TIMES
    usable = (expected > 1e-6) & (np.abs(design).sum(axis=1) > 0)
    units, expected, design = units[usable], expected[usable], design[usable]
    week, series = week[usable], series[usable]
    pooled = _pooled(units, expected, design, alpha=alpha, prior=prior)
    sku = sku_of[series]
    # Doors of one SKU and week share an event error: their evidence is worth less.
    weights = expected / (1 + alpha * expected)
    _, event = np.unique(sku * (week.max(initial=0) + 1) + week, return_inverse=True)
    together = np.zeros(event.max(initial=-1) + 1)
    np.add.at(together, event, weights)
    worth = 1 / (1 + EVENT_SD**2 * together[event])
    rows = (units, expected, design, alpha)
    per_class, _ = _shrunk(
        *rows, class_of[sku], pooled[None, :].repeat(class_of.max(initial=0) + 1, axis=0),
        worth=worth, sd=_PRIOR_SD["class"] * prior,
    )  # fmt: skip
    per_sku, sku_sd = _shrunk(
        *rows, sku, per_class[class_of], worth=worth, sd=_PRIOR_SD["sku"] * prior
    )
    per_series, _ = _shrunk(
        *rows, series, per_sku[sku_of], worth=np.ones(len(units)),
        sd=_PRIOR_SD["series"] * prior,
    )  # fmt: skip
    assert per_series.shape == (n_series, n_columns)
    assert sku_sd.shape == (n_skus, n_columns)
    return Response(columns=columns, pooled=pooled, series=per_series, sku_sd=sku_sd)


def _pooled(
    units: Floats, expected: Floats, design: Floats, *, alpha: float, prior: Floats
) -> Floats:
    """Average response: a negative binomial regression with the baseline as offset.

    A weak prior (one log unit around no effect) keeps a type that was hardly ever used
    finite.
    """
    coefficients = np.zeros(design.shape[1])
    if not len(units):
        return coefficients
    step = max(len(units) // _MOST_ROWS, 1)
    used = np.abs(design).sum(axis=0) > 0
    family = sm.families.NegativeBinomial(alpha=max(alpha, 1e-3))
    model = sm.GLM(
        units[::step],
        design[::step][:, used],
        family=family,
        offset=np.log(expected[::step]),
    )
    fitted = model.fit(maxiter=25, tol=1e-6)
    covariance = np.asarray(fitted.cov_params())
    precision = np.linalg.pinv(covariance)
    ridge = np.diag(1 / prior[used] ** 2)
    coefficients[used] = np.linalg.solve(
        precision + ridge, precision @ np.asarray(fitted.params)
    )
    return coefficients


def _shrunk(
    units: Floats,
    expected: Floats,
    design: Floats,
    alpha: float,
    group: Ints,
    parent: Floats,
    *,
    worth: Floats,
    sd: Floats,
    steps: int = 3,
) -> tuple[Floats, Floats]:
    """Each group's coefficients: its parent's, moved as far as its rows justify.

    Returns
    -------
    (coefficients, their standard deviations), shape (groups, p) each. A group without
    rows has its parent's coefficients and the prior's standard deviation.
    """
    n_groups, p = parent.shape
    ridge = np.diag(1 / sd**2)
    current = parent.copy()
    information = np.broadcast_to(ridge, (n_groups, p, p)).copy()
    order = np.argsort(group, kind="stable")
    starts = np.searchsorted(group[order], np.arange(n_groups))
    filled = np.flatnonzero(np.bincount(group, minlength=n_groups))
    x, y, base, w = design[order], units[order], expected[order], worth[order]
    owner = group[order]
    for _ in range(steps if len(filled) else 0):
        eta = np.clip(np.einsum("mp,mp->m", x, current[owner]), -4, 4)
        mean = base * np.exp(eta)
        weight = w * mean / (1 + alpha * mean)
        score = w * (y - mean) / (1 + alpha * mean)
        products = (x[:, :, None] * x[:, None, :]).reshape(len(x), p * p)
        hessian = np.add.reduceat(products * weight[:, None], starts[filled], axis=0)
        gradient = np.add.reduceat(x * score[:, None], starts[filled], axis=0)
        information[filled] = hessian.reshape(-1, p, p) + ridge
        away = (current - parent)[filled] / sd**2
        move = np.linalg.solve(information[filled], (gradient - away)[:, :, None])[:, :, 0]
        current[filled] += np.clip(move, -1.0, 1.0)
    deviation = np.sqrt(np.diagonal(np.linalg.inv(information), axis1=1, axis2=2))
    return current, deviation


def design_of_cells(exposures: Exposures) -> tuple[Floats, Ints, Ints]:
    """Regressors summed over the rows of each cell, with the cell's series and week."""
    cell, series, week = exposures.cells()
    design = np.zeros((len(series), len(exposures.columns)))
    np.add.at(design, cell, exposures.design() * exposures.share[:, None])
    return design, series, week
