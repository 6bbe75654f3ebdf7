"""How good a forecast was. Error is forecast minus actual; undefined is None, not 0."""

from __future__ import annotations

import numpy as np

from forecasting.hierarchy import Floats


def wape(actual: Floats, forecast: Floats) -> float | None:
    """Weighted absolute percentage error: sum of |forecast - actual| over sum of actual.

    Parameters
    ----------
    actual, forecast : float array, same shape
        Units. Cells whose actual is NaN are left out.

    Returns
    -------
    float or None
        A share; None where nothing was sold.

    Examples
    --------
    >>> a, f = np.array([100.0, 0, 50, 10]), np.array([90.0, 5, 70, 10])
    >>> round(wape(a, f), 3)
    0.219
    """
    known = ~np.isnan(actual)
    total = float(actual[known].sum())
    if total <= 0:
        return None
    return float(np.abs(forecast[known] - actual[known]).sum()) / total


def bias(actual: Floats, forecast: Floats) -> float | None:
    """Relative bias: sum of (forecast - actual) over sum of actual; above 0 is too much.

    Examples
    --------
    >>> a, f = np.array([100.0, 0, 50, 10]), np.array([90.0, 5, 70, 10])
    >>> round(bias(a, f), 3)
    0.094
    """
    known = ~np.isnan(actual)
    total = float(actual[known].sum())
    if total <= 0:
        return None
    return float((forecast[known] - actual[known]).sum()) / total


def coverage(actual: Floats, low: Floats, high: Floats) -> float | None:
    """Share of actuals within an interval, both ends included."""
    known = ~np.isnan(actual)
    if not known.any():
        return None
    inside = (actual[known] >= low[known]) & (actual[known] <= high[known])
    return float(inside.mean())
