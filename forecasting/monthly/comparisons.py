"""What a forecast is compared with beside itself: last year's sales, and the budget.

Neither is a forecast: sales are not demand, and a budget is a goal. Both are read week by
week, so that a sum is only ever compared over the weeks that both sides know.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from forecasting.arguments import verbs
from forecasting.calendar import (
    Comparison,
    as_date,
    last_year,
)
from forecasting.governance.desk import Desk
from forecasting.hierarchy import Floats, Ints, check_places
from forecasting.monthly.budgets import Budget, odd_budgets
from forecasting.plan.basis import Base
from forecasting.plan.live import LivePlan
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


def compared(forecast: Floats, reference: Floats) -> Held:
    """Sum both over the weeks in which the reference is known (not NaN), (W,) each."""
    known = ~np.isnan(reference)
    return Held(
        forecast=float(forecast[known].sum()),
        reference=float(reference[known].sum()),
        weeks=int(known.sum()),
    )


def year_before(
    sold: pd.DataFrame, weeks: Sequence[dt.date], n_skus: int
) -> dict[Measure, Floats]:
    """What was sold in the same fiscal week numbers of the year before.

    Parameters
    ----------
    sold : DataFrame, one row per SKU and week
        at (position of the SKU), week, units, revenue, unit_cost (of that week).
    weeks : sequence of date
        First days of weeks, W of them.
    n_skus : int

    Returns
    -------
    mapping of Measure to float array, shape (S, W)
        NaN where nothing was recorded, or its price or cost is not known.
    """
    partners = [last_year(w, mode=Comparison.WEEK_NUMBER) for w in weeks]
    column = {p: n for n, p in enumerate(partners) if p is not None}
    where = pd.to_datetime(sold["week"]).dt.date.map(column)
    inside = where.notna().to_numpy()
    at = (sold["at"].to_numpy()[inside], where[inside].to_numpy(dtype=np.int64))
    found: dict[str, Floats] = {}
    for name in (Measure.UNITS.value, Measure.REVENUE.value, "unit_cost"):
        values = np.full((n_skus, len(weeks)), np.nan)
        values[at] = sold[name].to_numpy(dtype=float)[inside]
        found[name] = values
    units, revenue, cost = found.values()
    return {
        Measure.UNITS: units,
        Measure.REVENUE: revenue,
        Measure.MARGIN: revenue - units * cost,
    }


@verbs
class Comparisons:
    """Reads what a forecast is compared with.

    Both come from imports alone, so they are read once for a basis of the plan, however
    often it is edited.

    Parameters
    ----------
    desk : Desk
    plan : callable
        The live plan.
    """

    def __init__(self, desk: Desk, *, plan: Callable[[], LivePlan]) -> None:
        self._desk, self._plan = desk, plan
        self._known: tuple[Base, dict[Measure, Floats], Budget] | None = None

    def last_year(self, by: str, skus: Ints, weeks: Ints, measure: Measure) -> Floats:
        """What was sold of some SKUs, all doors, a year before.

        Parameters
        ----------
        skus : int array, shape (n,)
        weeks : int array, shape (w,)
            Positions of the plan's weeks.

        Returns
        -------
        float array, shape (w,)
            NaN where nothing was recorded, or something sold has no price or cost.
        """
        self._desk.allowed(by, "read")
        self._check(skus, weeks)
        at, before = np.ix_(skus, weeks), self._read()[1]
        sold = ~np.isnan(before[Measure.UNITS][at])
        values = np.where(sold, before[measure][at], 0.0).sum(axis=0)
        return np.where(sold.any(axis=0), values, np.nan)

    def budget(self, by: str, skus: Ints, weeks: Ints, measure: Measure) -> Floats:
        """The budget of some SKUs, all doors (Budget.total), (w,); of margin there is none."""
        self._desk.allowed(by, "read")
        self._check(skus, weeks)
        if measure is Measure.MARGIN:
            return np.full(len(weeks), np.nan)
        base, _, known = self._read()
        total = known.total(base.skus, skus)[0 if measure is Measure.UNITS else 1]
        return np.broadcast_to(total, base.weeks.shape)[weeks]

    def odd_budgets(self) -> list[dict[str, Any]]:
        """What is assumed of the budget's dates: rows of what looks odd in the data."""
        return odd_budgets(self._desk.store.table("budget"))

    def _check(self, skus: Ints, weeks: Ints) -> None:
        base = self._plan().base
        check_places(skus, len(base.skus), "SKU")
        check_places(weeks, len(base.weeks), "week")

    def _read(self) -> tuple[Base, dict[Measure, Floats], Budget]:
        base = self._plan().base
        if self._known is None or self._known[0] is not base:
            days = [as_date(w) for w in base.weeks]
            partners = [p for w in days if (p := last_year(w, mode=Comparison.WEEK_NUMBER))]
            since, until = min(partners), max(partners) + dt.timedelta(7)
            sold = self._desk.store.query("sales_of", since=since, until=until)
            at = pd.Index(base.skus["sku"]).get_indexer(pd.Index(sold["sku"]))
            sold = sold.assign(at=at)[at >= 0]
            goals = Budget.of(self._desk.store.table("budget"), days)
            self._known = (base, year_before(sold, days, len(base.skus)), goals)
        return self._known
