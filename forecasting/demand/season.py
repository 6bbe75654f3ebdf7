"""Season: what the time of year does to a class.

The log of what a class sold against a steady level is taken apart into a season (waves of
the year, and holidays that move between weeks), a drift of the level, and noise. How large
each may be is what makes the history most likely (maximum marginal likelihood of a
Gaussian model), so a season that the history cannot show stays flat. Classes depart from
the season that all share as far as their own history says so.
"""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

import numpy as np
from dateutil.easter import easter
from scipy.linalg import cholesky, eigh, solve_triangular

from forecasting.calendar import Dates, as_date, week_numbers, week_start
from forecasting.hierarchy import Floats, Ints

HARMONICS = 12
"""Yearly waves; the k-th has a standard deviation of 1/k of the first."""
AROUND = {"Thanksgiving": (-1, 0, 1), "Christmas": (-2, -1, 0, 1), "Easter": (-1, 0, 1)}
"""Weeks around each holiday that may have an effect of their own."""
_HOLIDAY_SCALE = 0.4
"""Prior standard deviation of a holiday week's own pulse over that of the first yearly wave. A
round number; the size of both together is chosen by likelihood below."""

_SEASON_SD = (0.0, 0.05, 0.1, 0.2, 0.4)
"""Tried, in logs, for the first wave; 0 is no season. The likelihood chooses."""
_DRIFT_SD = (0.005, 0.02, 0.05)
"""Tried, in logs: how far the level wanders in one week beside the season."""
_NOISE_SD = (0.02, 0.06, 0.15, 0.35)
"""Tried, in logs: scatter of a week beyond that of counting units."""

FEWEST_WEEKS = 40
"""Weeks of history, and weeks with sales: with less than three quarters of a year a season
cannot be told from growth, and none is taken."""


def seasonal_index(total: Floats, steady: Floats, weeks: Dates, *, parent: Ints) -> Floats:
    """Seasonal index of every class in every week asked for.

    Parameters
    ----------
    total, steady : float array, shape (C, T)
        Units sold of each class, and what a steady level times lift would have sold.
    weeks : datetime64 array, shape (W,)
        Weeks for which the index is asked: the T of history, then those to come.
    parent : int array, shape (C,)
        Group (department) of each class, whose season it starts from.

    Returns
    -------
    float array, shape (C, W)
        Geometric mean over any 52 weeks of waves is 1; holidays come on top.
    """
    known = total.shape[1]
    log_index = np.zeros((len(total), len(weeks)))
    if known < FEWEST_WEEKS:
        return np.exp(log_index)
    basis = _basis(weeks)
    for group in np.unique(parent):
        members = np.flatnonzero(parent == group)
        shared = _season_of(total[members].sum(0), steady[members].sum(0), basis)
        log_index[members] = shared
        if len(members) == 1:
            continue
        for c in members:
            log_index[c] += _season_of(total[c], steady[c] * np.exp(shared[:known]), basis)
    # A bound: no class sells more than twelve times as much, or as little, by season alone.
    return np.exp(np.clip(log_index, -2.5, 2.5))


def _season_of(total: Floats, steady: Floats, basis: Floats) -> Floats:
    """Log season in every week of the basis, (W,), by the first T of them."""
    seen = (total > 0) & (steady > 0)
    if seen.sum() < FEWEST_WEEKS:
        return np.zeros(len(basis))
    log_ratio = np.log(total[seen] / steady[seen])
    log_ratio = log_ratio - log_ratio.mean()
    rows = basis[: len(seen)][seen]
    when = np.flatnonzero(seen).astype(float)
    # min(s, t) is the covariance of a random walk at s and t: the level that wanders.
    drift = np.minimum(when[:, None], when[None, :]) + 400.0  # 400: an unknown start
    best, weights = -np.inf, np.zeros(rows.shape[1])
    for noise in _NOISE_SD:
        floor = np.diag(noise**2 + 1 / total[seen])
        for drift_sd in _DRIFT_SD:
            # Without the season's part everything is white; along the season's own
            # directions any size of season is then one number each. All of it by scipy: its
            # threads and numpy's would wait for each other.
            factor = cholesky(floor + drift_sd**2 * drift, lower=True, check_finite=False)
            white = solve_triangular(
                factor, np.column_stack([log_ratio, rows]), lower=True, check_finite=False
            )
            seen_as, shape = white[:, 0], white[:, 1:]
            power, ways = eigh(shape.T @ shape, check_finite=False)
            along = ways.T @ (shape.T @ seen_as)
            square = seen_as @ seen_as + 2 * np.log(np.diag(factor)).sum()
            for season_sd in _SEASON_SD:
                more = season_sd**2 * np.maximum(power, 0.0)
                share = season_sd**2 / (1 + more)
                taken = share @ along**2 - np.log1p(more).sum()
                likelihood = -0.5 * (square - taken)
                if likelihood > best + 1e-9:
                    best, weights = likelihood, ways @ (share * along)
    log_season: Floats = basis @ weights
    return log_season


def _basis(weeks: Dates) -> Floats:
    """Waves of the week of the year and pulses around holidays, (W, q), by their scale."""
    # 365.2425 days are 52.1775 weeks; the middle of a week stands for it.
    angle = 2 * np.pi * (week_numbers(weeks) - 0.5) / 52.1775
    waves = [f(k * angle) / k for k in range(1, HARMONICS + 1) for f in (np.sin, np.cos)]
    numbers = weeks.astype("datetime64[D]").astype(np.int64) // 7
    pulses = []
    years = range(as_date(weeks[0]).year - 1, as_date(weeks[-1]).year + 2)
    for holiday, offsets in AROUND.items():
        since = numbers[:, None] - [_week_of(holiday, year) for year in years]
        pulses += [(since == k).any(axis=1) * _HOLIDAY_SCALE for k in offsets]
    return np.column_stack([*waves, *pulses])


@lru_cache(maxsize=512)
def _week_of(holiday: str, year: int) -> int:
    """Number of the fiscal week that a holiday falls in, counted from 1970."""
    if holiday == "Easter":
        day = easter(year)
    elif holiday == "Christmas":
        day = dt.date(year, 12, 25)
    else:  # the fourth Thursday of November
        first = dt.date(year, 11, 1)
        day = first + dt.timedelta((3 - first.weekday()) % 7 + 21)
    return int(np.datetime64(week_start(day), "D").astype(np.int64)) // 7
