"""Level: what a series sells in a week without season, price change or activation.

Exponential smoothing of evidence, all series at once: discounted demand over discounted
expectation, so that a week counts for as much as it was on the shelf, a promoted week
counts through its lift but for hardly more than another one (its demand is larger and as
uncertain), and a missing week counts for nothing. With full weeks and equal evidence it is
statsmodels' simple exponential smoothing, and a test holds it to that.
"""

from __future__ import annotations

import numpy as np

from forecasting.demand.cleansing import Panel
from forecasting.hierarchy import Bools, Floats, Ints

SMOOTHING = (0.02, 0.04, 0.07, 0.11, 0.17, 0.27)
"""Smoothing parameters tried; what came in held-out weeks chooses, segment by segment."""
USUAL_SMOOTHING = 0.07

PRIOR_WEEKS = 2.0
"""Weeks of evidence that a SKU's pace at a typical door is worth to one door."""

INTERMITTENT = 1.32
"""Mean weeks between sales from which demand counts as intermittent (Syntetos-Boylan)."""


def smooth_level(
    units: Floats,
    effect: Floats,
    *,
    alpha: Floats,
    prior: Floats,
    prior_weeks: float,
    weight: Floats | None = None,
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
    weight : float array, shape (n, T), optional
        Evidence of a week per unit of its effect; 1 if not given.

    Returns
    -------
    float array, shape (n, T + 1)
        Column t is the level known before week t; the last one is the level now.
    """
    n_series, n_weeks = units.shape
    counted = effect if weight is None else effect * weight
    sold = units if weight is None else units * weight
    levels = np.empty((n_series, n_weeks + 1))
    seen = prior * prior_weeks * alpha
    known = np.full(n_series, prior_weeks) * alpha
    keep = 1 - alpha
    levels[:, 0] = prior
    for t in range(n_weeks):
        informed = effect[:, t] > 0
        decay = np.where(informed, keep, 1.0)
        seen = seen * decay + alpha * sold[:, t] * informed
        known = known * decay + alpha * counted[:, t]
        levels[:, t + 1] = seen / np.maximum(known, 1e-12)
    return levels


def evidence(mean: Floats, *, alpha: float) -> Floats:
    """What a unit of a week's expected demand is worth as evidence for the level.

    A week's demand varies by mean + alpha mean^2: the larger the mean, the less each unit
    of it says. Scaled so that a week without activation weighs about one.

    Parameters
    ----------
    mean : float array, shape (n, T)
        Expected demand; 0 is no evidence.
    alpha : float
        Overdispersion.
    """
    usual = _mean_where(mean, mean > 0)
    worth: Floats = (1 + alpha * usual)[:, None] / (1 + alpha * mean)
    return worth


def level_around(units: Floats, effect: Floats, weight: Floats, prior: Floats) -> Floats:
    """Level of each series in each week, seen from before and after it, without it.

    Lift and season are measured against what went on around a week, not only before it.

    Returns
    -------
    float array, shape (n, T)
    """
    flat = np.full(len(units), 0.15)

    def one_way(step: int) -> Floats:
        return smooth_level(
            units[:, ::step],
            effect[:, ::step],
            weight=weight[:, ::step],
            alpha=flat,
            prior=prior,
            prior_weeks=PRIOR_WEEKS,
        )[:, :-1][:, ::step]

    around: Floats = 0.5 * (one_way(1) + one_way(-1))
    return around


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


def is_intermittent(units: Floats, known: Bools) -> Bools:
    """Whether a series sells in fewer than three weeks of four, (n,)."""
    weeks = known.sum(axis=1)
    sold = ((units > 0) & known).sum(axis=1)
    often: Bools = weeks > INTERMITTENT * np.maximum(sold, 1)
    return often


def _mean_where(values: Floats, chosen: Bools) -> Floats:
    count = np.maximum(chosen.sum(axis=1), 1)
    mean: Floats = np.where(chosen, values, 0.0).sum(axis=1) / count
    return mean


def _ratio(group: Ints, part: Floats, whole: Floats, n: int, *, fallback: float) -> Floats:
    """Sum of parts over sum of wholes per group, drawn to the fallback where thin."""
    parts = np.bincount(group, part, minlength=n)
    wholes = np.bincount(group, whole, minlength=n)
    believed = max(float(np.median(wholes)) * 0.01, 1e-6)
    ratio: Floats = (parts + fallback * believed) / (wholes + believed)
    return ratio
