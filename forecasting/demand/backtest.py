"""Rolling-origin evaluation: what would have been forecast then, beside the actuals.

At every origin the model sees sales up to and including the origin week. The promotion
calendar and regular prices of the evaluated weeks are known, as they are when planning;
their sales are not.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from forecasting.demand import lift, model
from forecasting.demand.accuracy import bias, coverage, wape
from forecasting.demand.cleansing import Panel
from forecasting.demand.origins import weeks_known
from forecasting.hierarchy import Bools


def backtest(
    panel: Panel,
    exposures: lift.Exposures,
    *,
    origins: int,
    step: int,
    horizon: int,
) -> pd.DataFrame:
    """Forecast from several origins, beside the actuals.

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

    Returns
    -------
    DataFrame, one row per origin, target week, SKU and door
        origin_week, target_week, sku, door, units (demand), promoted, naive (the same
        week last year, else mean13), mean13 (mean of the last 13 weeks), baseline, forecast
        (the mean), p10, p50, p90. Demand is sales over the share of the week on
        the shelf; weeks that were on it for less than half are left out.
    """
    ends = weeks_known(len(panel.weeks), origins=origins, step=step, horizon=horizon)
    frames = [one_origin(panel, exposures, known=end, horizon=horizon) for end in ends]
    return pd.concat(frames, ignore_index=True)


def measure(rows: pd.DataFrame) -> dict[str, Any]:
    """Accuracy of a backtest's rows: all, promoted, others, and by lag.

    Error is forecast minus actual.
    """
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
            "wape_of_mean13": wape(actual, part["mean13"].to_numpy()),
            "bias": bias(actual, part["forecast"].to_numpy()),
            "within_p10_p90": coverage(actual, part["p10"].to_numpy(), part["p90"].to_numpy()),
        }

    return {
        "all": of(everything),
        "promoted": of(promoted),
        "not_promoted": of(~promoted),
        "by_lag": {int(h): of(lag == h) for h in np.unique(lag)},
    }


def one_origin(
    panel: Panel, exposures: lift.Exposures, *, known: int, horizon: int
) -> pd.DataFrame:
    """The rows of one origin, which knows the first `known` weeks."""
    end = known
    then = panel.until(end + horizon)
    calendar = exposures.take(exposures.week < end + horizon)
    calendar = replace(calendar, n_weeks=end + horizon)
    predicted = model.predict(model.fit(then, calendar, known=end), then)
    series = predicted["series"].to_numpy()
    week = predicted["week"].to_numpy() + end
    demand, certain = panel.demand()
    scored = certain[series, week] & (panel.exposure[series, :end].sum(axis=1) > 0)
    sku, door = panel.sku_of[series], panel.door_of[series]
    seen = panel.exposure[:, max(end - 13, 0) : end]
    recent = panel.units[:, max(end - 13, 0) : end].sum(axis=1)
    mean13 = (recent / np.maximum(seen.sum(axis=1), 1.0))[series]
    last_year = np.maximum(week - 52, 0)
    seasonal = (week >= 52) & certain[series, last_year]
    rows = pd.DataFrame(
        {
            "origin_week": panel.weeks[end - 1],
            "target_week": panel.weeks[week],
            "sku": panel.skus[sku],
            "door": panel.doors[door],
            "units": demand[series, week],
            "promoted": predicted["promoted"],
            "naive": np.where(seasonal, demand[series, last_year], mean13),
            "mean13": mean13,
            "baseline": predicted["baseline"],
            "forecast": predicted["forecast"],
            "p10": predicted["p10"],
            "p50": predicted["p50"],
            "p90": predicted["p90"],
        }
    )
    kept: pd.DataFrame = rows[scored].reset_index(drop=True)
    return kept
