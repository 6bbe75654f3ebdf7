"""The lift library: what every past activation was worth, beside what was expected of it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from forecasting.demand import lift, promotion_result
from forecasting.demand.cleansing import Panel
from forecasting.demand.lift import Exposures
from forecasting.demand.model import Factors

ENOUGH_UNITS = 1.0
"""Baseline units below which an activation of a SKU says nothing of its lift."""


def past_lifts(panel: Panel, exposures: Exposures, factors: Factors) -> pd.DataFrame:
    """Lift of every past activation and SKU, over the doors and weeks that were in stock.

    Where activations met in a cell, what was sold beyond the baseline is split as the
    model splits what it expects.

    Parameters
    ----------
    panel : Panel
        History and weeks ahead.
    exposures : Exposures
        Over the panel's weeks.
    factors : Factors
        Fitted on them.

    Returns
    -------
    DataFrame, one row per activation and SKU
        activation (position), sku, doors, first_week, baseline (units without it), actual
        and expected (units that it added), log_sd (standard deviation of the log lift that
        is expected of such an activation), promised (lift that people stated, NaN if none).
    """
    known = factors.fitted.shape[1]
    past = exposures.take(exposures.week < known)
    _, certain = panel.until(known).demand()
    seen = certain[past.series, past.week]
    base = promotion_result.without(panel, past, factors)[seen]
    past = past.take(seen)
    layout = lift.Layout.of(past.unstated(known).at_prices(panel.followed_price))
    own = factors.response.series[:, : layout.design.shape[1]]
    parts, multiplier = lift.parts(layout.log_lifts(own), layout.cell, len(layout.series))
    share = lift.shares(parts, multiplier, layout.cell)
    beyond = factors.clean[past.series, past.week] - base
    sku = panel.sku_of[past.series]
    spread = factors.response.sku_sd[sku][:, : layout.design.shape[1]]
    variance = ((layout.design * spread) ** 2).sum(axis=1) + factors.event_sd**2
    rows = pd.DataFrame(
        {
            "activation": past.activation,
            "sku": panel.skus[sku],
            "door": panel.door_of[past.series],
            "first_week": panel.weeks[past.week],
            "baseline": base,
            "actual": beyond * share,
            "expected": parts * base,
            "variance": variance,
            "promised": np.exp(past.fixed),
        }
    )
    return _summed(rows)


def _summed(rows: pd.DataFrame) -> pd.DataFrame:
    """Cells of each activation and SKU added up; the variance of its log lift is their mean."""
    found = rows.groupby(["activation", "sku"], as_index=False).agg(
        doors=("door", "nunique"),
        first_week=("first_week", "min"),
        baseline=("baseline", "sum"),
        actual=("actual", "sum"),
        expected=("expected", "sum"),
        log_sd=("variance", "mean"),
        promised=("promised", "mean"),
    )
    found = found[found["baseline"] >= ENOUGH_UNITS]
    return found.assign(log_sd=np.sqrt(found["log_sd"])).reset_index(drop=True)
