"""Baseline: level, season and regular price of every series, all series at once.

The level is exponential smoothing of evidence: discounted demand over discounted
exposure, so that a week counts for as much as it was on the shelf, a promoted week counts
through its lift, and a missing week counts for nothing. With full weeks and no season it
is statsmodels' simple exponential smoothing, and a test holds it to that.
"""

from __future__ import annotations

import numpy as np
import statsmodels.api as sm

from forecasting.calendar import Dates, week_numbers
from forecasting.demand.cleansing import Panel
from forecasting.hierarchy import Floats, Ints

SMOOTHING = (0.03, 0.06, 0.10, 0.15, 0.22, 0.32, 0.45)
"""Smoothing parameters tried; the backtest inside the history chooses, class by class."""

PRIOR_WEEKS = 2.0
"""Weeks of evidence that a SKU's pace at a typical door is worth to one door."""

HARMONICS = 5
"""Yearly waves of a class's season, each shrunk more than the slower ones."""

YEAR = 365.25 / 7


def smooth_level(
    units: Floats, effect: Floats, *, alpha: Floats, prior: Floats, prior_weeks: float
) -> Floats:
    """Level of every series before every week.

    Parameters
    ----------
    units : float array, shape (n, T)
        Demand seen.
    effect : float array, shape (n, T)
        Expected demand per unit of level: season x lift x exposure; 0 is no evidence.
    alpha : float array, shape (n,)
        Smoothing parameter, 0 to 1.
    prior : float array, shape (n,)
        Level believed before any evidence.
    prior_weeks : float
        Weeks of evidence that belief is worth.

    Returns
    -------
    float array, shape (n, T + 1)
        Column t is the level known before week t; the last one is the level now.
    """
    n_series, n_weeks = units.shape
    levels = np.empty((n_series, n_weeks + 1))
    seen = prior * prior_weeks * alpha
    weight = np.full(n_series, prior_weeks) * alpha
    keep = 1 - alpha
    levels[:, 0] = prior
    for t in range(n_weeks):
        informed = effect[:, t] > 0
        decay = np.where(informed, keep, 1.0)
        seen = seen * decay + alpha * units[:, t] * informed
        weight = weight * decay + alpha * effect[:, t]
        levels[:, t + 1] = seen / np.maximum(weight, 1e-12)
    return levels


def prior_level(panel: Panel, units: Floats, effect: Floats) -> Floats:
    """Level that a series would have if its door were typical for the SKU.

    Pace of the SKU over all doors, times the door's size: what a new or slow series is
    believed to be before it has evidence of its own.
    """
    sold, seen = units.sum(axis=1), effect.sum(axis=1)
    n_skus, n_doors = len(panel.skus), len(panel.doors)
    pace = _ratio(panel.sku_of, sold, seen, n_skus, fallback=sold.sum() / max(seen.sum(), 1e-9))
    expected = pace[panel.sku_of] * seen
    size = _ratio(panel.door_of, sold, expected, n_doors, fallback=1.0)
    return pace[panel.sku_of] * size[panel.door_of]


def season(panel: Panel, units: Floats, expected: Floats, weeks: Dates) -> Floats:
    """Seasonal index of every class in every week wanted.

    Parameters
    ----------
    panel : Panel
    units, expected : float array, shape (n, T)
        Demand seen, and expected without season.
    weeks : datetime64 array, shape (W,)
        Weeks wanted; history and future alike.

    Returns
    -------
    float array, shape (C, W)
        Geometric mean over a year is 1.

    Notes
    -----
    Weighted least squares of log(seen / expected) of the class and week on yearly waves
    and a line, with a ridge that grows with the wave's frequency; the line catches a
    trend that the level follows by itself, so it is not extrapolated.
    """
    n_classes = int(panel.classes.max(initial=0)) + 1
    of_series = panel.classes[panel.sku_of]
    total = np.zeros((n_classes, units.shape[1]))
    base = np.zeros_like(total)
    np.add.at(total, of_series, units)
    np.add.at(base, of_series, expected)
    waves = _waves(panel.weeks)
    years = np.arange(len(panel.weeks)) / YEAR
    design = np.column_stack([waves, np.ones(len(years)), years - years.mean()])
    spread = np.repeat(0.25 / np.arange(1, HARMONICS + 1), 2)
    wanted = _waves(weeks)
    index = np.ones((n_classes, len(weeks)))
    for c in range(n_classes):
        known = (base[c] > 0) & (total[c] > 0)
        if known.sum() < 26:
            continue
        log_ratio = np.log(total[c, known] / base[c, known])
        shrink = np.concatenate([1 / spread**2, [1e-6, 1 / 0.2**2]])
        padded = np.vstack([design[known], np.eye(design.shape[1])])
        target = np.concatenate([log_ratio, np.zeros(design.shape[1])])
        noise = 0.15  # what all of a class share in a week; the first fit measures it
        for _ in range(2):
            weights = 1 / (noise**2 + 1 / total[c, known])
            fitted = sm.WLS(target, padded, weights=np.concatenate([weights, shrink])).fit()
            noise = max(float(np.std(np.asarray(fitted.resid)[: known.sum()])), 0.02)
        index[c] = np.exp(wanted @ np.asarray(fitted.params)[: waves.shape[1]])
    return index


def choose_smoothing(panel: Panel, units: Floats, effect: Floats, prior: Floats) -> Floats:
    """Smoothing parameter of each class that predicts six weeks ahead best.

    Returns
    -------
    float array, shape (n,)
        One value a series, the same within a class.
    """
    n_weeks = units.shape[1]
    ahead = min(6, n_weeks - 1)
    tail = min(max(n_weeks - 52, 13, ahead), n_weeks - 1)
    of_series = panel.classes[panel.sku_of]
    n_classes = int(panel.classes.max(initial=0)) + 1
    cost = np.full((len(SMOOTHING), n_classes), np.inf)
    for i, alpha in enumerate(SMOOTHING):
        flat = np.full(len(units), alpha)
        levels = smooth_level(units, effect, alpha=flat, prior=prior, prior_weeks=PRIOR_WEEKS)
        mean = levels[:, tail - ahead + 1 : n_weeks - ahead + 1] * effect[:, tail:]
        error = np.abs(mean - units[:, tail:]) * (effect[:, tail:] > 0)
        cost[i] = np.bincount(of_series, error.sum(axis=1), minlength=n_classes)
    best = np.array(SMOOTHING)[np.argmin(cost, axis=0)]
    chosen: Floats = best[of_series]
    return chosen


def _ratio(group: Ints, part: Floats, whole: Floats, n: int, *, fallback: float) -> Floats:
    """Sum of parts over sum of wholes per group, drawn to the fallback where thin."""
    parts = np.bincount(group, part, minlength=n)
    wholes = np.bincount(group, whole, minlength=n)
    believed = max(float(np.median(wholes)) * 0.01, 1e-6)
    ratio: Floats = (parts + fallback * believed) / (wholes + believed)
    return ratio


def _waves(weeks: Dates) -> Floats:
    """Sines and cosines of the week of the fiscal year, shape (W, 2 x HARMONICS)."""
    angle = 2 * np.pi * (week_numbers(weeks) - 0.5) / 52.1775
    columns = [f(k * angle) for k in range(1, HARMONICS + 1) for f in (np.sin, np.cos)]
    return np.column_stack(columns)
