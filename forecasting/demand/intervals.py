"""How sure a forecast is: dispersion of demand around its mean, and quantiles.

Demand of a cell scatters as counts do and, beyond that, in proportion to its mean:
variance = mean + alpha mean^2, with one alpha for promoted weeks and one for others,
measured on errors four weeks ahead.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from forecasting.hierarchy import Bools, Floats


def overdispersion(units: Floats, mean: Floats, known: Bools) -> float:
    """Moment estimate of alpha in variance = mean + alpha mean^2.

    Weighted by what each cell can tell, twice refined; never negative.
    """
    y, m = units[known], mean[known]
    alpha = 0.2
    for _ in range(3):
        weight = 1 / (m + alpha * m**2 + 1e-9) ** 2
        top = float(np.sum(weight * ((y - m) ** 2 - m) * m**2))
        bottom = float(np.sum(weight * m**4))
        alpha = min(max(top / bottom, 1e-3), 4.0) if bottom > 0 else alpha
    return alpha


def quantiles(mean: Floats, alpha: Floats | float, levels: tuple[float, ...]) -> list[Floats]:
    """Quantiles of demand with a mean and an overdispersion, one array per level.

    A gamma with the count's own variance, rounded to whole units: not negative, skewed as
    demand is, and zero where zero is likely.
    """
    safe = np.maximum(mean, 1e-9)
    variance = safe + np.asarray(alpha) * safe**2
    shape = safe**2 / variance
    scale = variance / safe
    found = []
    for level in levels:
        exact = special.gammaincinv(shape, level) * scale
        found.append(np.where(mean > 1e-9, np.maximum(np.ceil(exact - 0.5), 0.0), 0.0))
    return found
