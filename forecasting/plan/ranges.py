"""How sure a part of the forecast is: the 80% interval of any rows, doors and weeks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecasting.hierarchy import THOUSANDTHS, Ints
from forecasting.plan.lift_library import EIGHTY
from forecasting.plan.live import LivePlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """What demand is expected to be, and its 80% interval."""

    units: float
    low: float
    high: float


def interval(plan: LivePlan, skus: Ints, doors: Ints, weeks: Ints) -> Range:
    """The statistical forecast of a part of the plan with its 80% interval, in units.

    Parameters
    ----------
    skus, doors, weeks : int array
        Positions.

    Notes
    -----
    Three errors add up by their variances: each cell's own scatter (a negative binomial's,
    with what the backtest measured), the lift's of each SKU, which its doors and weeks share,
    and the level's, which all cells share. The range is that of a log-normal with this mean
    and variance, as demand is never below zero.
    """
    at = np.ix_(doors, weeks)
    mean = own = lift = 0.0
    for sku in skus.tolist():
        computed = plan.sku(sku)
        units = computed.statistical[at] / THOUSANDTHS
        alpha = plan.base.alpha_at(computed.lift_sd)[weeks]
        mean += float(units.sum())
        own += float((units + alpha * units**2).sum())
        added = sum((lifted[at] for _, lifted in computed.lifts), np.zeros(units.shape))
        lift += float((computed.lift_sd[weeks] * added.sum(axis=0)).sum() / THOUSANDTHS) ** 2
    if mean <= 0:
        return Range(units=max(mean, 0.0), low=0.0, high=0.0)
    variance = own + lift + (plan.base.level_sd * mean) ** 2
    spread = np.sqrt(np.log1p(variance / mean**2))
    centre = np.log(mean) - spread**2 / 2
    low, high = np.exp(centre - EIGHTY * spread), np.exp(centre + EIGHTY * spread)
    return Range(units=mean, low=float(low), high=float(high))
