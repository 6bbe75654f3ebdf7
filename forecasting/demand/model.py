"""The demand model: history in, factors out.

Level, season and lift are estimated in turn, each given the others, a few times over:
a promotion that is taken for season, or a season taken for level, is sorted out by the
next round. What comes out is not a table of forecasts but their factors, small enough to
keep for every run and quick to multiply out for one SKU.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.calendar import Dates
from forecasting.demand import baseline, intervals, lift
from forecasting.demand.cleansing import Panel
from forecasting.hierarchy import Floats

ROUNDS = 3
TYPICAL_ALPHA = 0.4
"""Overdispersion assumed while lifts are estimated; what it is comes out at the end."""

Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Factors:
    """A fitted run."""

    level: Floats
    """Units per week of each series at index 1, shape (n,)."""
    season: Floats
    """Seasonal index of each class in each future week, shape (C, H)."""
    price: Floats
    """Effect of regular price on each series, per log price, shape (n,)."""
    last_price: Floats
    """Log regular price against the series' mean at the as-of week, shape (n,)."""
    response: lift.Response
    alpha: float
    """Overdispersion of weeks without activation."""
    alpha_promoted: float
    """Overdispersion of weeks with one."""
    weeks: Dates
    """Future weeks, shape (H,)."""
    fitted: Floats
    """Expected demand of the history without activation, shape (n, T)."""


def fit(
    panel: Panel,
    exposures: lift.Exposures,
    *,
    weeks: Dates,
    progress: Progress = lambda _text, _share: None,
) -> Factors:
    """Estimate level, season, price and lift from history.

    Parameters
    ----------
    panel : Panel
        T weeks of demand history.
    exposures : Exposures
        Every past activation's cells, over the panel's weeks.
    weeks : datetime64 array, shape (H,)
        Weeks to forecast, after the panel's.
    progress : callable
        Told (what is being done, share done).
    """
    n_weeks = len(panel.weeks)
    everything = np.concatenate([panel.weeks, weeks])
    of_class = panel.classes[panel.sku_of]
    design, series, week = lift.design_of_cells(exposures)
    multiplier = np.ones(panel.units.shape)
    exposed = np.zeros(panel.units.shape, dtype=bool)
    exposed[series, week] = True
    index = np.ones((int(panel.classes.max(initial=0)) + 1, len(everything)))
    elasticity = np.zeros(len(panel.units))
    units = panel.units
    response = None
    for number in range(ROUNDS):
        progress(f"level, season and lift, round {number + 1} of {ROUNDS}", number / ROUNDS)
        price = np.exp(elasticity[:, None] * panel.regular_price)
        steady = index[of_class, :n_weeks] * price * panel.exposure
        # The first round knows no lift yet: it looks at weeks without activation only,
        # unless a series hardly has any.
        effect = steady * multiplier
        if number == 0:
            rarely = (exposed & (effect > 0)).mean(axis=1) < 0.6
            effect = np.where(exposed & rarely[:, None], 0.0, effect)
        believed = baseline.prior_level(panel, units * (effect > 0), effect)
        smoothing = baseline.choose_smoothing(panel, units, effect, believed)
        around = _level_around(units, effect, believed)
        index = baseline.season(
            panel,
            units * (effect > 0),
            around * price * panel.exposure * multiplier * (effect > 0),
            everything,
        )
        steady = index[of_class, :n_weeks] * price * panel.exposure
        expected = around * steady
        response = lift.estimate_response(
            units[series, week],
            expected[series, week],
            design,
            columns=exposures.columns,
            week=week,
            series=series,
            sku_of=panel.sku_of,
            class_of=panel.classes,
            alpha=TYPICAL_ALPHA,
        )
        multiplier = np.ones(units.shape)
        logs = lift.log_lifts(exposures, response.series)
        cell, at_series, at_week = exposures.cells()
        _, total = lift.parts(logs, cell, len(at_series))
        multiplier[at_series, at_week] = total
        elasticity = _elasticity(panel, units, around * steady * multiplier, elasticity)
        units = _uncensored(panel, around * steady * multiplier)
    assert response is not None
    progress("uncertainty", 0.9)
    price = np.exp(elasticity[:, None] * panel.regular_price)
    effect = index[of_class, :n_weeks] * price * panel.exposure * multiplier
    believed = baseline.prior_level(panel, units, effect)
    levels = baseline.smooth_level(
        units, effect, alpha=smoothing, prior=believed, prior_weeks=baseline.PRIOR_WEEKS
    )
    ahead = min(4, n_weeks - 1)
    foreseen = np.empty_like(units)
    foreseen[:, :ahead] = levels[:, [0]] * effect[:, :ahead]
    foreseen[:, ahead:] = levels[:, 1 : n_weeks - ahead + 1] * effect[:, ahead:]
    recent = np.zeros(units.shape, dtype=bool)
    recent[:, max(n_weeks - 78, min(26, n_weeks // 2)) :] = True
    seen = (effect > 0) & recent
    return Factors(
        level=levels[:, -1],
        season=index[:, n_weeks:],
        price=elasticity,
        last_price=panel.regular_price[:, -1],
        response=response,
        alpha=intervals.overdispersion(units, foreseen, seen & ~exposed),
        alpha_promoted=intervals.overdispersion(units, foreseen, seen & exposed),
        weeks=weeks,
        fitted=around * index[of_class, :n_weeks] * price,
    )


def predict(
    factors: Factors, panel: Panel, exposures: lift.Exposures, *, log_price: Floats
) -> pd.DataFrame:
    """Forecast every series in every future week.

    Parameters
    ----------
    factors : Factors
    panel : Panel
        The one the factors were fitted on.
    exposures : Exposures
        The activations of the future weeks.
    log_price : float array, shape (n, H)
        Log regular price of the future weeks against the series' mean.

    Returns
    -------
    DataFrame, one row per (series, week)
        series, week (positions), baseline, forecast (the mean), p10, p50, p90: units.
    """
    n_weeks = len(factors.weeks)
    base = (
        factors.level[:, None]
        * factors.season[panel.classes[panel.sku_of]]
        * np.exp(factors.price[:, None] * log_price)
    )
    mean = base.copy()
    exposed = np.zeros(base.shape, dtype=bool)
    cell, series, week = exposures.cells()
    logs = lift.log_lifts(exposures, factors.response.series)
    _, total = lift.parts(logs, cell, len(series))
    mean[series, week] *= total
    exposed[series, week] = True
    alpha = np.where(exposed, factors.alpha_promoted, factors.alpha)
    p10, p50, p90 = intervals.quantiles(mean, alpha, (0.1, 0.5, 0.9))
    at_series, at_week = np.divmod(np.arange(base.size), n_weeks)
    return pd.DataFrame(
        {
            "series": at_series,
            "week": at_week,
            "baseline": base.ravel(),
            "forecast": mean.ravel(),
            "p10": p10.ravel(),
            "p50": p50.ravel(),
            "p90": p90.ravel(),
        }
    )


def _level_around(units: Floats, effect: Floats, believed: Floats) -> Floats:
    """Level of each series in each week, seen from before and after it, without it.

    Lift and season are measured against what went on around a week, not only before it.
    """
    flat = np.full(len(units), 0.12)
    before = baseline.smooth_level(
        units, effect, alpha=flat, prior=believed, prior_weeks=baseline.PRIOR_WEEKS
    )[:, :-1]
    after = baseline.smooth_level(
        units[:, ::-1],
        effect[:, ::-1],
        alpha=flat,
        prior=believed,
        prior_weeks=baseline.PRIOR_WEEKS,
    )[:, :-1][:, ::-1]
    around: Floats = 0.5 * (before + after)
    return around


def _elasticity(panel: Panel, units: Floats, expected: Floats, current: Floats) -> Floats:
    """One step towards the effect of regular price: pooled, then each series' own, shrunk.

    A regular price that hardly moves says nothing, and leaves the effect at zero.
    """
    x = panel.regular_price
    weight = np.where(expected > 0, expected / (1 + 0.3 * expected), 0.0)
    score = np.where(expected > 0, (units - expected) / (1 + 0.3 * expected), 0.0)
    information = (weight * x**2).sum(axis=1)
    gradient = (score * x).sum(axis=1)
    total = information.sum()
    pooled = gradient.sum() / (total + 50.0)
    own_prior = 1 / 0.5**2
    own = (gradient - information * pooled) / (information * 0.2 + own_prior) * 0.2
    stepped: Floats = np.clip(current + pooled + own, -5.0, 0.0)
    return stepped


def _uncensored(panel: Panel, expected: Floats) -> Floats:
    """Demand where a week ended empty at an unknown time: at least what was expected.

    At most twice the sales, so that one sold-out day does not explode.
    """
    if not panel.sold_out.any():
        return panel.units
    believed = np.minimum(expected, 2 * panel.units + 1)
    lifted: Floats = np.where(panel.sold_out, np.maximum(panel.units, believed), panel.units)
    return lifted
