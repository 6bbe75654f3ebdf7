"""How good a forecast was. Error is forecast minus actual; undefined is None, not 0."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

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


def of_sums(sums: pd.DataFrame) -> dict[str, float | int | None]:
    """Accuracy of cells that were summed up: from the sums, never a mean of ratios.

    Parameters
    ----------
    sums : DataFrame
        cells, units, forecast, inside, error_p50, error_naive, error_mean13.

    Returns
    -------
    dict
        cells; wape (of p50), wape_of_naive, wape_of_mean13; bias (of forecast, forecast
        minus actual); within_p10_p90. None where nothing was sold, or nothing scored.
    """
    cells, units = int(sums["cells"].sum()), float(sums["units"].sum())

    def per_unit(column: str) -> float | None:
        return float(sums[column].sum()) / units if units > 0 else None

    return {
        "cells": cells,
        "wape": per_unit("error_p50"),
        "wape_of_naive": per_unit("error_naive"),
        "wape_of_mean13": per_unit("error_mean13"),
        "bias": (float(sums["forecast"].sum()) - units) / units if units > 0 else None,
        "within_p10_p90": int(sums["inside"].sum()) / cells if cells else None,
    }


def summed(sums: pd.DataFrame) -> dict[str, Any]:
    """The same for all, promoted and other cells, and by lag."""
    promoted = sums["promoted"].to_numpy(dtype=bool)
    return {
        "all": of_sums(sums),
        "promoted": of_sums(sums[promoted]),
        "not_promoted": of_sums(sums[~promoted]),
        "by_lag": {int(str(lag)): of_sums(rows) for lag, rows in sums.groupby("lag")},
    }
