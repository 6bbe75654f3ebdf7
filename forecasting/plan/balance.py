"""Which SKUs are short and which are over, all of them: featured in an activation or not.

Short is what the SKU page shows: demand that stock is not expected to meet. Over is judged as
the Bridge judges Excess, by the weeks for which stock lasts, but of all doors together: what
one door has too much of, another one may need.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from forecasting.hierarchy import THOUSANDTHS
from forecasting.inventory.bridge import money
from forecasting.plan.live import LivePlan

WEEKS = 8
"""Weeks ahead that are looked at, as the Bridge and the SKU page do by themselves."""
_AFTER = 13
"""Weeks after those whose demand says how long stock lasts."""
LEAST = 0.5
"""Units from which a SKU counts as short or over: less is rounding."""


def balances(plan: LivePlan, *, weeks: int = WEEKS) -> pd.DataFrame:
    """Every SKU with what it lacks and what it has too much of.

    Parameters
    ----------
    plan : LivePlan
    weeks : int
        Weeks ahead that are looked at.

    Returns
    -------
    DataFrame, one row per SKU that has a forecast
        sku, description, class, department; is_known (stock was counted at a door at least);
        demand, on_hand (now), short: units over those weeks, NaN unknown; margin (of what is
        short, NaN unknown); first_short (day or NaT); over (units at their end beyond twice
        the weeks of supply that are enough) and cost (of that, NaN unknown); cover (weeks
        that stock at their end lasts, inf where nothing is sold after them).
    """
    rows = [row for at in range(len(plan.sku_names)) if (row := _balance(plan, at, weeks))]
    columns = [
        "at", "is_known", "demand", "on_hand", "short", "margin", "first_short", "over", "cost",
        "cover",
    ]  # fmt: skip
    found = pd.DataFrame(rows, columns=columns)
    at = found.pop("at").to_numpy(dtype=np.int64)
    named = plan.base.skus.iloc[at][["sku", "description"]].reset_index(drop=True)
    for level in ("class", "department"):
        named[level] = np.asarray(plan.products.nodes[level], dtype=object)[at]
    found["first_short"] = pd.to_datetime(found["first_short"])
    return pd.concat([named, found], axis=1)


def _balance(plan: LivePlan, at: int, weeks: int) -> tuple[object, ...] | None:
    """One row of `balances`; None where nothing is forecast."""
    computed = plan.sku(at)
    ranged = computed.active.any(axis=1)
    if not ranged.any():
        return None
    demand = computed.draft / THOUSANDTHS
    counted = ranged & computed.known
    asked = float(demand[ranged, :weeks].sum())
    if not counted.any():
        return (at, False, asked, np.nan, np.nan, np.nan, None, np.nan, np.nan, np.nan)
    lost = computed.projection.lost[counted, :weeks]
    cost = plan.base.cost_of(at)[:weeks]
    price = plan.base.price_of(at)[counted, :weeks] * (1 - computed.depth[counted, :weeks])
    short = float(lost.sum())
    dry = np.flatnonzero(lost.sum(axis=0) >= LEAST)
    end = float(computed.projection.on_hand[counted, min(weeks, lost.shape[1]) - 1].sum())
    pace = float(demand[counted, weeks : weeks + _AFTER].sum(axis=0).mean())
    enough = plan.limits.excess_cover * plan.limits.target_cover_weeks
    over = max(end - enough * pace, 0.0)
    return (
        at, True, asked, float(np.nansum(plan.base.opening[at, counted])), short,
        money(lost, price - cost), plan.base.weeks[dry[0]] if len(dry) else None,
        over, over * float(cost[-1]), end / pace if pace > 1e-9 else np.inf,
    )  # fmt: skip


def by_class(found: pd.DataFrame) -> pd.DataFrame:
    """The same by class, most money first.

    Returns
    -------
    DataFrame, one row per class
        class, skus, short_skus, short, margin, over_skus, over, cost; money is NaN where none
        of it is known.
    """
    short, over = found["short"] >= LEAST, found["over"] >= LEAST
    rows = found.assign(
        short_skus=short, over_skus=over, short=found["short"].where(short, 0.0),
        margin=found["margin"].where(short), over=found["over"].where(over, 0.0),
        cost=found["cost"].where(over),
    ).groupby("class", as_index=False).agg(
        skus=("sku", "size"), short_skus=("short_skus", "sum"), short=("short", "sum"),
        margin=("margin", _known), over_skus=("over_skus", "sum"), over=("over", "sum"),
        cost=("cost", _known),
    )  # fmt: skip
    worth = rows["margin"].fillna(0.0) + rows["cost"].fillna(0.0)
    return rows.loc[worth.sort_values(ascending=False, kind="stable").index].reset_index(
        drop=True
    )


def _known(values: pd.Series) -> float:
    return float(values.sum(min_count=1))
