"""The budget by week: what Finance plans by the month laid over the weeks of the plan.

A budget is a goal, never mixed with a forecast. Its rows are of weeks or of months, and only
their dates say which:

- Rows of a class or SKU, one in a calendar month and always at the same place of it (the first,
  as Finance exports it, the first working day, the last) are of calendar months. Each is
  spread evenly over the days of its month, and so over the weeks that these fall in. A week
  counts where all of its days have a budget: five days of a month compared with seven of a
  forecast would mislead.
- Rows of which no two fall in one fiscal month are of fiscal months, spread over its weeks.
- All others are of the week that their date falls in.

One row alone says nothing of itself: it is read like the others of the table.
"""

from __future__ import annotations

import datetime as dt
from calendar import monthrange
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import pandas as pd

from forecasting import write
from forecasting.calendar import fiscal_week, period_weeks, week_start
from forecasting.hierarchy import Floats, Ints

WEEK_DAYS = 7
"""Of a week."""
NEAR_DAYS = 4
"""The first working day of a month, or its last, is one of so many."""


class Rhythm(StrEnum):
    """What one row of a budget is of."""

    WEEK = "week"
    FISCAL_MONTH = "fiscal month"
    CALENDAR_MONTH = "calendar month"


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Targets by week: (2, W) each, units and value, NaN where there is none."""

    by_class: Mapping[str, Floats]
    by_sku: Mapping[str, Floats]

    @classmethod
    def of(cls, rows: pd.DataFrame, weeks: Sequence[dt.date]) -> Budget:
        """Arrange the rows of the table over some weeks.

        Parameters
        ----------
        rows : DataFrame
            date, class, sku, units, value.
        weeks : sequence of date
            First days of weeks, W of them.
        """
        laid = {
            key: _by_week(mine, weeks, rhythm) for key, (mine, rhythm) in _groups(rows).items()
        }
        return cls(
            by_class={name: found for (level, name), found in laid.items() if level == "class"},
            by_sku={name: found for (level, name), found in laid.items() if level == "sku"},
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


def odd_budgets(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """What is assumed of the budget's dates: rows of what looks odd in the data.

    Returns
    -------
    list of dict
        kind, subject, count, example, assumed, todo, weight (units spread).
    """
    found = [
        (name, mine) for (_, name), (mine, rhythm) in _groups(rows).items()
        if rhythm is Rhythm.CALENDAR_MONTH
    ]  # fmt: skip
    if not found:
        return []
    name, mine = found[0]
    one = mine.iloc[0]
    return [
        {
            "kind": "budget_of_calendar_months",
            "subject": f"budget of {name}" + (
                f" and {len(found) - 1} more" if len(found) > 1 else ""
            ),
            "count": sum(len(part) for _, part in found),
            "example": f"{name}, {write.day(one['day'])}: {write.figure(one['units'])} "
            "units over that month's days",
            "assumed": "The budget is dated by calendar month: each month is spread evenly "
            "over its days, and so over fiscal weeks and months.",
            "todo": "Nothing, if it is a monthly budget; else date its rows by week.",
            "touches": frozenset(),
            "weight": float(sum(part["units"].sum() for _, part in found)),
        }
    ]  # fmt: skip


_Groups = dict[tuple[str, str], tuple[pd.DataFrame, Rhythm]]


def _groups(rows: pd.DataFrame) -> _Groups:
    """Rows of each class, and of each SKU without a class, and what each is of."""
    dated = rows.assign(day=pd.to_datetime(rows["date"]).dt.date)
    mine = {("class", str(c)): r for c, r in dated.groupby("class")}
    mine |= {("sku", str(s)): r for s, r in dated[dated["class"].isna()].groupby("sku")}
    told = {key: _rhythm(list(part["day"])) for key, part in mine.items()}
    known = Counter(rhythm for rhythm in told.values() if rhythm is not None)
    usual = known.most_common(1)[0][0] if known else Rhythm.FISCAL_MONTH
    return {key: (part, told[key] or usual) for key, part in mine.items()}


def _rhythm(days: Sequence[dt.date]) -> Rhythm | None:
    """What rows of these dates are of; None where a single one does not say."""
    dates = set(days)
    if len(dates) < 2:
        return None
    if _is_monthly(dates) and any(day != _weeks_of(day)[0] for day in dates):
        return Rhythm.CALENDAR_MONTH
    named = [fiscal_week(week_start(day)) for day in dates]
    if len({(n.year, n.period) for n in named}) == len(dates):
        return Rhythm.FISCAL_MONTH
    return Rhythm.WEEK


def _is_monthly(dates: Collection[dt.date]) -> bool:
    """Whether there is one date in each calendar month, always at the same place in it."""
    if len({(day.year, day.month) for day in dates}) < len(dates):
        return False
    left = [monthrange(day.year, day.month)[1] - day.day for day in dates]
    begun = [day.day - 1 for day in dates]
    return len(set(begun)) == 1 or min(max(begun), max(left)) < NEAR_DAYS


def _by_week(rows: pd.DataFrame, weeks: Sequence[dt.date], rhythm: Rhythm) -> Floats:
    """Budget rows of one class or SKU by week, (2, W)."""
    values = rows[["units", "value"]].to_numpy(dtype=float)
    if rhythm is Rhythm.CALENDAR_MONTH:
        return _by_days(rows["day"], values, weeks)
    column = {w: n for n, w in enumerate(weeks)}
    found = np.full((2, len(weeks)), np.nan)
    for day, pair in zip(rows["day"], values, strict=True):
        inside = _weeks_of(day) if rhythm is Rhythm.FISCAL_MONTH else (week_start(day),)
        for at in (column[w] for w in inside if w in column):
            found[:, at] = np.where(np.isnan(found[:, at]), 0.0, found[:, at])
            found[:, at] += pair / len(inside)
    return found


def _weeks_of(day: dt.date) -> Sequence[dt.date]:
    """Weeks of the fiscal month that a day falls in."""
    named = fiscal_week(week_start(day))
    return period_weeks(named.year, named.period)


def _by_days(days: pd.Series, values: Floats, weeks: Sequence[dt.date]) -> Floats:
    """Budgets of calendar months by week, (2, W); NaN where a day of a week has none."""
    of_day: dict[tuple[int, int], Floats] = {}
    for day, pair in zip(days, values, strict=True):
        month = (day.year, day.month)
        of_day[month] = of_day.get(month, np.zeros(2)) + pair / monthrange(*month)[1]
    unknown = np.full(2, np.nan)
    found: Floats = (
        np.array(
            [[of_day.get((d.year, d.month), unknown) for d in _days_of(week)] for week in weeks]
        )
        .reshape(len(weeks), WEEK_DAYS, 2)
        .sum(axis=1)
        .T
    )
    return found


def _days_of(week: dt.date) -> list[dt.date]:
    return [week + dt.timedelta(n) for n in range(WEEK_DAYS)]
