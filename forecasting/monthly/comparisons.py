"""What a forecast is held against beside itself: last year's sales, and the budget.

Neither is a forecast: sales are not demand, and a budget is a goal. Both are read week by
week, so that a sum is only ever compared over the weeks that both sides know.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.arguments import verbs
from forecasting.calendar import (
    Comparison,
    as_date,
    fiscal_week,
    last_year,
    period_weeks,
    week_start,
)
from forecasting.governance.desk import Desk
from forecasting.hierarchy import Floats, Ints, check_places
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


def held_against(forecast: Floats, reference: Floats) -> Held:
    """Sum both over the weeks in which the reference is known (not NaN), (W,) each."""
    known = ~np.isnan(reference)
    return Held(
        forecast=float(forecast[known].sum()),
        reference=float(reference[known].sum()),
        weeks=int(known.sum()),
    )


def year_before(
    sold: pd.DataFrame, weeks: Sequence[dt.date], unit_cost: Floats
) -> dict[Measure, Floats]:
    """What was sold in the same fiscal week numbers of the year before.

    Parameters
    ----------
    sold : DataFrame, one row per SKU and week
        at (position of the SKU), week, units, revenue.
    weeks : sequence of date
        Sundays, W of them.
    unit_cost : float array, shape (S,)
        Of today.

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
    found = {}
    for measure in (Measure.UNITS, Measure.REVENUE):
        values = np.full((len(unit_cost), len(weeks)), np.nan)
        values[at] = sold[measure.value].to_numpy(dtype=float)[inside]
        found[measure] = values
    spent = found[Measure.UNITS] * unit_cost[:, None]
    return found | {Measure.MARGIN: found[Measure.REVENUE] - spent}


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Targets by week: (2, W) each, units and value, NaN where there is none."""

    by_class: Mapping[str, Floats]
    by_sku: Mapping[str, Floats]

    @classmethod
    def of(cls, rows: pd.DataFrame, weeks: Sequence[dt.date]) -> Budget:
        """Arrange the rows of the table over some weeks.

        A class or SKU with one row in each fiscal month has a budget of the month: it is
        spread evenly over the month's weeks.

        Parameters
        ----------
        rows : DataFrame
            date, class, sku, units, value.
        weeks : sequence of date
            Sundays, W of them.
        """
        dated = rows.assign(week=[week_start(d) for d in pd.to_datetime(rows["date"]).dt.date])
        return cls(
            by_class={str(c): _by_week(r, weeks) for c, r in dated.groupby("class")},
            by_sku={
                str(s): _by_week(r, weeks)
                for s, r in dated[dated["class"].isna()].groupby("sku")
            },
        )

    def total(self, skus: pd.DataFrame, chosen: Ints) -> Floats:
        """The budget of some SKUs, (2, W); NaN where some of what is asked for has none.

        A budget of a class counts where all its SKUs are chosen; a class without one is the
        sum of its SKUs' own.

        Parameters
        ----------
        skus : DataFrame
            Every SKU: sku, class.
        chosen : int array
            Positions of those that are asked for.
        """
        classes = skus["class"].to_numpy(dtype=object)
        inside = np.zeros(len(skus), dtype=bool)
        inside[chosen] = True
        parts: list[Floats | None] = []
        for name in dict.fromkeys(classes[inside]):
            mine = classes == name
            if str(name) in self.by_class:
                whole = inside[mine].all()  # a part of a class has no budget of its own
                parts.append(self.by_class[str(name)] if whole else None)
            else:
                names = skus["sku"].to_numpy()[inside & mine]
                parts += [self.by_sku.get(str(sku)) for sku in names]
        known = [part for part in parts if part is not None]
        if not known or len(known) < len(parts):
            return np.full((2, 1), np.nan)
        total: Floats = np.sum(known, axis=0)
        return total


def _by_week(rows: pd.DataFrame, weeks: Sequence[dt.date]) -> Floats:
    """Budget rows of one class or SKU by week, (2, W); a monthly one spread over its weeks."""
    named = [fiscal_week(w) for w in rows["week"]]
    months = [(n.year, n.period) for n in named]
    values = rows[["units", "value"]].to_numpy(dtype=float)
    monthly = len(set(months)) == len(months)
    column = {w: n for n, w in enumerate(weeks)}
    found = np.full((2, len(weeks)), np.nan)
    for week, month, pair in zip(rows["week"], months, values, strict=True):
        inside = period_weeks(*month) if monthly else (week,)
        for at in (column[w] for w in inside if w in column):
            found[:, at] = np.where(np.isnan(found[:, at]), 0.0, found[:, at])
            found[:, at] += pair / len(inside)
    return found


@verbs
class Comparisons:
    """Reads what a forecast is held against.

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
            self._known = (base, year_before(sold, days, base.unit_cost), goals)
        return self._known
