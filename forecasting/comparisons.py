"""What a forecast is held against beside itself: last year's sales, and the budget.

Neither is a forecast: sales are not demand, and a budget is a goal. Both are read week by
week, so that a sum is only ever compared over the weeks that both sides know.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.calendar import Comparison, fiscal_week, last_year, period_weeks, week_start
from forecasting.desk import Desk
from forecasting.hierarchy import Floats, Ints
from forecasting.plan import LivePlan
from forecasting.vocabulary import Measure


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A forecast against something, over the weeks in which both are known."""

    forecast: float
    reference: float
    weeks: int

    @property
    def change(self) -> float | None:
        """Forecast over reference, less one; None where there is nothing to compare."""
        return self.forecast / self.reference - 1 if self.reference > 0 else None


def held_against(forecast: Floats, reference: Floats) -> Held:
    """Sum both over the weeks in which the reference is known (not NaN), (W,) each."""
    known = ~np.isnan(reference)
    return Held(
        forecast=float(forecast[known].sum()),
        reference=float(reference[known].sum()),
        weeks=int(known.sum()),
    )


def year_before(sold: pd.DataFrame, weeks: Sequence[dt.date]) -> pd.DataFrame:
    """What was sold in the same fiscal week numbers of the year before.

    Parameters
    ----------
    sold : DataFrame, one row per SKU and week
        week, units, revenue.
    weeks : sequence of date
        Sundays, W of them.

    Returns
    -------
    DataFrame, index: the W weeks
        units, revenue; NaN where the year before had no such week or nothing was recorded.
    """
    sums = sold.assign(week=pd.to_datetime(sold["week"]).dt.date)
    by_week = sums.groupby("week")[["units", "revenue"]].sum(min_count=1)
    partners = [last_year(w, mode=Comparison.WEEK_NUMBER) for w in weeks]
    found = by_week.reindex(pd.Index(partners, dtype=object))
    return found.set_axis(pd.Index(weeks, name="week")).astype(float)


def budget(
    rows: pd.DataFrame, weeks: Sequence[dt.date], skus: pd.DataFrame, chosen: Ints
) -> pd.DataFrame:
    """The budget of some SKUs by week.

    A class with one row in each fiscal month has a budget of the month: it is spread evenly
    over the month's weeks. A budget of a class counts where all its SKUs are chosen; a class
    without one is the sum of its SKUs' own.

    Parameters
    ----------
    rows : DataFrame
        date, class, sku, units, value.
    weeks : sequence of date
        Sundays, W of them.
    skus : DataFrame
        Every SKU: sku, class.
    chosen : int array
        Positions of those that are asked for.

    Returns
    -------
    DataFrame, index: the W weeks
        units, value; NaN where some of what was asked for has no budget.
    """
    of = skus["class"].to_numpy(dtype=object)
    inside = np.zeros(len(skus), dtype=bool)
    inside[chosen] = True
    names = set(skus["sku"].to_numpy()[inside])
    dated = rows.assign(week=[week_start(d) for d in pd.to_datetime(rows["date"]).dt.date])
    by_class = dated[dated["class"].notna()]
    total: pd.DataFrame | None = None
    for klass in dict.fromkeys(of[inside]):
        mine = by_class[by_class["class"] == klass]
        if len(mine):
            found = _by_week(mine, weeks)
            if not inside[of == klass].all():  # a part of a class has no budget of its own
                found = found * np.nan
        else:
            own = dated[dated["sku"].isin(names & set(skus["sku"].to_numpy()[of == klass]))]
            each = [_by_week(part, weeks) for _, part in own.groupby("sku")]
            found = sum(each[1:], each[0]) if each else _by_week(own, weeks)
        total = found if total is None else total + found
    if total is None:
        total = _by_week(dated.iloc[:0], weeks)
    return total


def _by_week(rows: pd.DataFrame, weeks: Sequence[dt.date]) -> pd.DataFrame:
    """Budget rows of one class or SKU by week; a monthly one spread over its weeks."""
    named = [fiscal_week(w) for w in rows["week"]]
    months = [(n.year, n.period) for n in named]
    values = rows[["units", "value"]].astype(float)
    if months and len(set(months)) == len(months):
        parts = [
            pd.DataFrame([row / len(of_month)] * len(of_month), index=list(of_month))
            for month, (_, row) in zip(months, values.iterrows(), strict=True)
            for of_month in [period_weeks(*month)]
        ]
        by_week = pd.concat(parts)
    else:
        by_week = values.groupby(rows["week"].to_numpy()).sum(min_count=1)
    return by_week.reindex(pd.Index(weeks, dtype=object)).rename_axis("week")


class Comparisons:
    """Reads what a forecast is held against.

    Parameters
    ----------
    desk : Desk
    plan : callable
        The live plan.
    """

    def __init__(self, desk: Desk, *, plan: Callable[[], LivePlan]) -> None:
        self._desk, self._plan = desk, plan

    def last_year(self, by: str, skus: Ints, weeks: Sequence[dt.date]) -> pd.DataFrame:
        """What was sold of some SKUs, all doors, a year before.

        Returns
        -------
        DataFrame, index: the weeks
            units, revenue, margin (at today's unit cost); NaN where unknown.
        """
        self._desk.allowed(by, "read")
        plan = self._plan()
        partners = [p for w in weeks if (p := last_year(w, mode=Comparison.WEEK_NUMBER))]
        since, until = min(partners), max(partners) + dt.timedelta(7)
        sold = self._desk.store.query("sales_of", since=since, until=until)
        at = pd.Index(plan.sku_names).get_indexer(pd.Index(sold["sku"]))
        inside = np.isin(at, skus)
        sold, cost = sold[inside], plan.base.unit_cost[at[inside]]
        found = year_before(sold, weeks)
        # One SKU whose cost nobody knows leaves the margin of its week unknown.
        spent = sold.assign(units=(sold["units"] * cost).fillna(np.inf))
        margin = found["revenue"] - year_before(spent, weeks)["units"]
        return found.assign(margin=margin.replace(-np.inf, np.nan))

    def budget(self, by: str, skus: Ints, weeks: Sequence[dt.date]) -> pd.DataFrame:
        """The budget of some SKUs, all doors (see `budget`).

        Returns
        -------
        DataFrame, index: the weeks
            units, revenue; NaN where unknown.
        """
        self._desk.allowed(by, "read")
        rows = self._desk.store.table("budget")
        found = budget(rows, weeks, self._plan().base.skus, skus)
        return found.rename(columns={"value": Measure.REVENUE.value})
