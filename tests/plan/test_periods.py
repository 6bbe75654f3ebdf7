"""Columns of a grid: weeks fold into fiscal months and quarters, and add up to the same."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecasting.calendar import as_date, weeks_from
from forecasting.plan.periods import By, periods, summed


@given(
    start=st.dates(dt.date(2020, 1, 1), dt.date(2030, 1, 1)),
    count=st.integers(1, 60),
    by=st.sampled_from(By),
)
def test_every_week_is_in_one_column_and_sums_stay_what_they_are(start, count, by):
    weeks = [as_date(w) for w in weeks_from(start, count)]
    columns = periods(weeks, by)
    assert [w for c in columns for w in c.weeks] == list(range(count))
    assert all(len(c.weeks) <= c.of for c in columns)
    assert all(c.is_whole for c in columns[1:-1])
    values = pd.DataFrame([np.arange(count) + 0.5], columns=weeks)
    assert summed(values, columns).to_numpy().sum() == pytest.approx(values.to_numpy().sum())


def test_an_open_month_stands_before_its_weeks_as_their_sum():
    weeks = [as_date(w) for w in weeks_from(dt.date(2026, 11, 22), 13)]
    closed = periods(weeks, By.MONTH)
    opened = periods(weeks, By.MONTH, opened={closed[1].label})
    month, *inside = opened[1 : 2 + len(closed[1].weeks)]
    assert month.is_open
    assert tuple(w for c in inside for w in c.weeks) == month.weeks
    assert len(opened) == len(closed) + len(month.weeks)
