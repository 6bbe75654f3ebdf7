"""Rolling-origin evaluation: what would have been forecast then, against what came.

At every origin the model sees sales up to and including the origin week. The promotion
calendar and regular prices of the evaluated weeks are known, as they are when planning;
their sales are not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from forecasting.demand import lift, model
from forecasting.demand.accuracy import bias, coverage, wape
from forecasting.demand.cleansing import Panel
from forecasting.hierarchy import Bools


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtest:
    """Result of a backtest."""

    rows: pd.DataFrame
    """One row per origin, target week, SKU and door; the columns of the contract."""
    metrics: dict[str, Any]
    """By lag, promoted and not: wape (of p50), bias (of forecast), coverage."""


def backtest(
    panel: Panel,
    exposures: lift.Exposures,
    *,
    origins: int,
    step: int,
    horizon: int,
    progress: Callable[[str, float], None] = lambda _text, _share: None,
) -> Backtest:
    """Forecast from several origins and compare.

    Parameters
    ----------
    panel : Panel
        All known weeks.
    exposures : Exposures
        Every activation over the panel's weeks.
    origins : int
        How many origins; the last leaves exactly `horizon` known weeks after it.
    step : int
        Weeks between origins.
    horizon : int
        Weeks forecast from each origin.
    """
    n_weeks = len(panel.weeks)
    last = n_weeks - horizon
    ends = [end for end in range(last - step * (origins - 1), last + 1, step) if end >= 26]
    promoted = _promoted(panel, exposures)
    frames = []
    for number, end in enumerate(ends):
        progress(f"origin {number + 1} of {len(ends)}", number / len(ends))
        frames.append(_one_origin(panel, exposures, promoted, end, horizon))
    rows = pd.concat(frames, ignore_index=True)
    return Backtest(rows=rows, metrics=measure(rows))


def measure(rows: pd.DataFrame) -> dict[str, Any]:
    """Accuracy of a backtest's rows: all, promoted, others, and by lag."""
    lag = ((rows["target_week"] - rows["origin_week"]).dt.days // 7).to_numpy()
    promoted = rows["promoted"].to_numpy(dtype=bool)
    everything = np.ones(len(rows), dtype=bool)

    def of(chosen: Bools) -> dict[str, float | int | None]:
        part = rows[chosen]
        actual = part["units"].to_numpy(dtype=float)
        return {
            "cells": len(part),
            "wape": wape(actual, part["p50"].to_numpy()),
            "wape_of_naive": wape(actual, part["naive"].to_numpy()),
            "bias": bias(actual, part["forecast"].to_numpy()),
            "within_p10_p90": coverage(actual, part["p10"].to_numpy(), part["p90"].to_numpy()),
        }

    return {
        "all": of(everything),
        "promoted": of(promoted),
        "not_promoted": of(~promoted),
        "by_lag": {int(h): of(lag == h) for h in np.unique(lag)},
    }


def _one_origin(
    panel: Panel, exposures: lift.Exposures, promoted: Bools, end: int, horizon: int
) -> pd.DataFrame:
    known = panel.until(end)
    past = exposures.take(exposures.week < end)
    future = exposures.take((exposures.week >= end) & (exposures.week < end + horizon))
    target = panel.weeks[end : end + horizon]
    factors = model.fit(known, past, weeks=target)
    shifted = replace(future, week=future.week - end, n_weeks=horizon)
    log_price = panel.regular_price[:, end : end + horizon]
    predicted = model.predict(factors, known, shifted, log_price=log_price)
    series = predicted["series"].to_numpy()
    week = predicted["week"].to_numpy() + end
    exposure = panel.exposure[series, week]
    # A week that was not fully on the shelf is not scored: its sales are not demand.
    scored = (exposure >= 0.999) & (panel.exposure[series, :end].sum(axis=1) > 0)
    sku, door = panel.sku_of[series], panel.door_of[series]
    naive = panel.units[series, np.maximum(week - 52, 0)]
    recent = panel.units[:, max(end - 13, 0) : end].mean(axis=1)
    seasonal = (week >= 52) & (panel.exposure[series, np.maximum(week - 52, 0)] > 0)
    rows = pd.DataFrame(
        {
            "origin_week": panel.weeks[end - 1],
            "target_week": panel.weeks[week],
            "sku": panel.skus[sku],
            "door": panel.doors[door],
            "units": panel.units[series, week],
            "promoted": promoted[series, week],
            "naive": np.where(seasonal, naive, recent[series]),
            "baseline": predicted["baseline"],
            "forecast": predicted["forecast"],
            "p10": predicted["p10"],
            "p50": predicted["p50"],
            "p90": predicted["p90"],
        }
    )
    kept: pd.DataFrame = rows[scored].reset_index(drop=True)
    return kept


def _promoted(panel: Panel, exposures: lift.Exposures) -> Bools:
    promoted: Bools = np.zeros(panel.units.shape, dtype=bool)
    promoted[exposures.series, exposures.week] = True
    return promoted
