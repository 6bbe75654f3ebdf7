"""The columns of a grid: fiscal weeks, or months or quarters of them that open into weeks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

import numpy as np
import pandas as pd

from forecasting.calendar import (
    FiscalWeek,
    fiscal_week,
    in_force,
    month_label,
    quarter_label,
    week_label,
)


class By(StrEnum):
    """What a column stands for."""

    WEEK = "weeks"
    MONTH = "months"
    QUARTER = "quarters"


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """One column: a week, or the weeks of a fiscal month or quarter that are shown."""

    by: By
    label: str
    """What people call it: 'W43 Nov 22', 'Nov FY26', 'Q4 FY26'."""
    weeks: tuple[int, ...]
    """Positions of its weeks among those shown, in a row."""
    first: dt.date
    """First day of its first week shown."""
    last: dt.date
    """First day of its last week shown."""
    of: int
    """How many weeks it has by the calendar: more than are shown where it has begun, or
    where the weeks shown end inside it."""
    is_open: bool = False
    """Its weeks stand beside it, so it is only their sum."""

    @property
    def is_whole(self) -> bool:
        """Whether all its weeks are shown."""
        return len(self.weeks) == self.of


def periods(
    weeks: Sequence[dt.date], by: By, *, opened: Collection[str] = ()
) -> tuple[Period, ...]:
    """Columns of some weeks, from left to right.

    Parameters
    ----------
    weeks : sequence of date
        First days of the weeks shown, in a row.
    by : By
        Weeks; or months or quarters by the fiscal calendar in force.
    opened : collection of str
        Labels of months or quarters that stand open: their weeks follow them.
    """
    found: list[Period] = []
    at = 0
    for _, group in groupby(weeks, key=lambda week: _key(fiscal_week(week), by)):
        inside = list(group)
        places = tuple(range(at, at + len(inside)))
        at += len(inside)
        if by is By.WEEK:
            found.append(_week(inside[0], places[0]))
            continue
        label = _label(inside[0], by)
        whole = Period(
            by=by, label=label, weeks=places, first=inside[0], last=inside[-1],
            of=_length(fiscal_week(inside[0]), by), is_open=label in opened,
        )  # fmt: skip
        found.append(whole)
        if whole.is_open:
            found += [_week(w, p) for w, p in zip(inside, places, strict=True)]
    return tuple(found)


def summed(by_week: pd.DataFrame, columns: Sequence[Period]) -> pd.DataFrame:
    """A grid by period out of one by week: sums; unknown where a week of it is.

    Parameters
    ----------
    by_week : DataFrame
        Any rows; one column a week shown.
    columns : sequence of Period
    """
    values = by_week.to_numpy(dtype=float)
    sums = [values[:, list(column.weeks)].sum(axis=1) for column in columns]
    stacked = np.column_stack(sums) if sums else np.empty((len(values), 0))
    return pd.DataFrame(stacked, index=by_week.index, columns=[c.label for c in columns])


def _key(week: FiscalWeek, by: By) -> tuple[int, int]:
    match by:
        case By.WEEK:
            return (week.year, week.week)
        case By.MONTH:
            return (week.year, week.period)
        case By.QUARTER:
            return (week.year, week.quarter)


def _label(week: dt.date, by: By) -> str:
    return (
        month_label(week) if by is By.MONTH else quarter_label(fiscal_week(week).quarter_name)
    )


def _length(week: FiscalWeek, by: By) -> int:
    """Weeks of the month or quarter by the calendar."""
    months = [week.period]
    if by is By.QUARTER:
        months = [3 * week.quarter - 2 + n for n in range(3)]
    return sum(len(in_force().period_weeks(week.year, month)) for month in months)


def _week(week: dt.date, place: int) -> Period:
    return Period(
        by=By.WEEK, label=week_label(week), weeks=(place,), first=week, last=week, of=1
    )
