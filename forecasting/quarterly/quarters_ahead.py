"""The quarters to come: planned demand against last year, and the activations that move it."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from forecasting.calendar import as_date, fiscal_quarter, last_year
from forecasting.hierarchy import THOUSANDTHS
from forecasting.plan.live import LivePlan

QUARTERS = 4
"""Quarters that a review looks ahead."""


def quarters_ahead(plan: LivePlan, sold: pd.DataFrame) -> pd.DataFrame:
    """Planned demand by quarter and department against what the same weeks sold last year.

    Parameters
    ----------
    plan : LivePlan
    sold : DataFrame, one row per class and week
        class, week, units.

    Returns
    -------
    DataFrame, one row per quarter and department
        quarter, department, weeks (planned), units, value (at regular price), last_year
        (units; NaN where a week has no partner with sales), change (share; NaN unknown).
    """
    weeks = [as_date(w) for w in plan.base.weeks]
    quarter = np.array([fiscal_quarter(w) for w in weeks])
    price = np.nan_to_num(plan.base.usual_by_week)
    units = plan.totals["draft"] / THOUSANDTHS
    week = pd.to_datetime(sold["week"]).dt.date
    by_class = sold.assign(week=week).groupby(["class", "week"])["units"].sum()
    rows = []
    for name in list(dict.fromkeys(quarter))[:QUARTERS]:
        at = np.flatnonzero(quarter == name)
        for department in plan.products.names("department"):
            members = plan.products.members("department", department)
            planned = units[np.ix_(members, at)]
            classes = plan.base.skus["class"].iloc[members].unique()
            before = _before(by_class, classes, [weeks[w] for w in at])
            rows.append(
                {
                    "quarter": name, "department": department, "weeks": len(at),
                    "units": float(planned.sum()),
                    "value": float((planned * price[np.ix_(members, at)]).sum()),
                    "last_year": before,
                    "change": float(planned.sum()) / before - 1 if before > 0 else np.nan,
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def _before(by_class: pd.Series, classes: np.ndarray, weeks: list[dt.date]) -> float:
    """Units that some classes sold in last year's partners of some weeks; NaN unknown."""
    partners = [last_year(week) for week in weeks]
    known = set(by_class.index.get_level_values("week"))
    if any(p is None or p not in known for p in partners):
        return float("nan")
    inside = by_class[by_class.index.get_level_values("class").isin(classes)]
    return float(inside[inside.index.get_level_values("week").isin(partners)].sum())


def activations_ahead(plan: LivePlan) -> pd.DataFrame:
    """Activations that are still to begin, by quarter and type.

    Returns
    -------
    DataFrame, one row per quarter and type
        quarter, type, activations, complete (of them with featured SKUs).
    """
    begins = as_date(plan.base.weeks[0])
    rows = [
        (fiscal_quarter(a.start), a.type, 1, int(bool(a.items)))
        for a in plan.activations()
        if a.is_live and a.start >= begins
    ]
    frame = pd.DataFrame(rows, columns=["quarter", "type", "activations", "complete"])
    return frame.groupby(["quarter", "type"], as_index=False).sum()
