"""One featured SKU as frames: its stock to come with its 80% interval, and its doors."""

from __future__ import annotations

import numpy as np
import pandas as pd

from forecasting.hierarchy import THOUSANDTHS, Ints
from forecasting.inventory.bridge import GREY, STATUSES, ItemRisk
from forecasting.inventory.risk import NODE_WEIGHTS
from forecasting.plan.lift_library import EIGHTY
from forecasting.plan.live import LivePlan


def on_hand_fan(plan: LivePlan, sku: int, doors: Ints) -> pd.DataFrame:
    """Projected on hand of a SKU over some doors, before and after lift, with its range.

    Returns
    -------
    DataFrame, one row per week as far as risk is assessed
        week, before_lift, after_lift, low, high (P10 and P90), receipts, demand, needed
        (lift units so far in the activation, the threshold), all in units.

    Notes
    -----
    Doors share the lift's error and scatter on their own: node by node their means and
    variances add up, and the range is that of the mixture, cut off at zero.
    """
    computed = plan.sku(sku)
    risk = computed.risk
    n_weeks = risk.demand.shape[2] if risk is not None else 13
    after = computed.projection.on_hand[doors, :n_weeks].sum(axis=0)
    before = computed.no_lift.on_hand[doors, :n_weeks].sum(axis=0)
    low = high = np.full(n_weeks, np.nan)
    if risk is not None:
        left = risk.stock_mean[:, doors] + risk.receipts[:, doors] - risk.demand[:, doors]
        mean = np.maximum(left, 0).sum(axis=1)  # (K, R)
        carried = np.maximum(risk.stock_sd[:, doors] ** 2 - risk.forgotten[:, doors], 0.0)
        unsure = risk.doubt[doors].sum(axis=0)
        variance = (carried + risk.demand_sd[:, doors] ** 2).sum(axis=1) + unsure
        weights = NODE_WEIGHTS[:, None]
        centre = (weights * mean).sum(axis=0)
        spread = np.sqrt((weights * (variance + (mean - centre) ** 2)).sum(axis=0))
        low = np.maximum(centre - EIGHTY * spread, 0)
        high = centre + EIGHTY * spread
    lifts = np.sum([u[doors].sum(axis=0) for _, u in computed.lifts], axis=0)
    needed = np.cumsum(lifts)[:n_weeks] / THOUSANDTHS if computed.lifts else np.zeros(n_weeks)
    return pd.DataFrame(
        {
            "week": plan.base.weeks[:n_weeks],
            "before_lift": before,
            "after_lift": after,
            "low": low,
            "high": high,
            "receipts": computed.arriving[doors, :n_weeks].sum(axis=0),
            "demand": computed.draft[doors, :n_weeks].sum(axis=0) / THOUSANDTHS,
            "needed": needed,
        }
    )


def doors_of(plan: LivePlan, item: ItemRisk) -> pd.DataFrame:
    """Doors of one featured SKU, worst first.

    Returns
    -------
    DataFrame, one row per door
        door, name, status, p_window, units_short, on_hand (now), demand (in the
        activation), first_short.
    """
    named = plan.base.doors.iloc[item.doors]
    grey = item.status == GREY
    soon = np.where(item.first_short >= 0, item.first_short, 0)
    frame = pd.DataFrame(
        {
            "door": named["door"].to_numpy(),
            "name": named["name"].to_numpy(),
            "status": [STATUSES[code].value for code in item.status],
            "p_window": np.where(grey, np.nan, item.p_window),
            "units_short": np.where(grey, np.nan, item.short),
            "on_hand": plan.base.opening[item.sku, item.doors],
            "demand": item.window_demand,
            "first_short": np.where(
                item.first_short >= 0, plan.base.weeks[soon], np.datetime64("NaT", "D")
            ),
        }
    )
    return frame.sort_values("p_window", ascending=False, ignore_index=True)
