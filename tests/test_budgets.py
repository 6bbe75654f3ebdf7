"""A budget by the month is spread over the month that Finance means."""

import datetime as dt
from calendar import monthrange

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasting.calendar import as_date, fiscal_week, period_weeks, weeks_from
from forecasting.monthly.budgets import Budget, odd_budgets

WEEKS = [as_date(w) for w in weeks_from(dt.date(2026, 10, 11), 52)]
MONTHS = [(2026, m) for m in range(2, 13)] + [(2027, m) for m in range(1, 13)]


def on(day: int) -> list[dt.date]:
    """A day of every month, its last where that is sooner; below 0 from its end."""
    return [
        dt.date(
            y, m, min(day, monthrange(y, m)[1]) if day > 0 else monthrange(y, m)[1] + day + 1
        )
        for y, m in MONTHS
    ]


def table(days, *, of="class", name="Shirts", units=400.0) -> pd.DataFrame:
    other = "sku" if of == "class" else "class"
    frame = pd.DataFrame({"date": list(days), of: name, "units": units})
    return frame.assign(**{other: None, "value": 30 * frame["units"]})


def by_month(found) -> dict[tuple[int, int], float]:
    """Units of the fiscal months that lie in the plan whole."""
    sums: dict[tuple[int, int], float] = {}
    for week, units in zip(WEEKS, found, strict=True):
        named = fiscal_week(week)
        sums[named.year, named.period] = sums.get((named.year, named.period), 0.0) + units
    whole = {
        (n.year, n.period) for n in map(fiscal_week, WEEKS)
        if set(period_weeks(n.year, n.period)) <= set(WEEKS)
    }  # fmt: skip
    return {month: units for month, units in sums.items() if month in whole}


@pytest.mark.parametrize("day", [1, 15, 28, 31, -1])
@pytest.mark.parametrize("of", ["class", "sku"])
def test_a_budget_by_calendar_month_fills_every_fiscal_month_and_no_week_stands_out(day, of):
    budget = Budget.of(table(on(day), of=of), WEEKS)
    found = (budget.by_class if of == "class" else budget.by_sku)["Shirts"]
    months = by_month(found[0])
    assert len(months) >= 10
    assert all(340 <= units <= 475 for units in months.values())
    assert found[0].max() == pytest.approx(7 * 400 / 28)
    np.testing.assert_allclose(found[1], 30 * found[0])


def test_the_first_working_day_of_each_month_is_a_month_too():
    days = [next(d for d in (dt.date(y, m, n) for n in (1, 2, 3)) if d.weekday() < 5)
            for y, m in MONTHS]  # fmt: skip
    found = Budget.of(table(days), WEEKS).by_class["Shirts"][0]
    np.testing.assert_allclose(found, Budget.of(table(on(1)), WEEKS).by_class["Shirts"][0])


def test_the_first_weeks_of_fiscal_months_are_fiscal_months():
    named = list(dict.fromkeys((fiscal_week(w).year, fiscal_week(w).period) for w in WEEKS))
    days = [period_weeks(*month)[0] for month in named]
    months = by_month(Budget.of(table(days), WEEKS).by_class["Shirts"][0])
    assert list(months.values()) == pytest.approx([400.0] * len(months))


def test_a_budget_by_week_stays_where_it_is():
    found = Budget.of(table(WEEKS, units=90.0), WEEKS).by_class["Shirts"]
    assert found[0].tolist() == [90.0] * len(WEEKS)


def test_a_single_row_is_read_like_the_others_of_its_table():
    rows = pd.concat([table(on(1)), table([dt.date(2026, 12, 1)], name="Hats")])
    hats = Budget.of(rows, WEEKS).by_class["Hats"][0]
    known = [w for w, units in zip(WEEKS, hats, strict=True) if not np.isnan(units)]
    assert known == [dt.date(2026, 12, n) for n in (6, 13, 20)]  # whole weeks of December


def test_a_week_with_days_that_have_no_budget_is_left_open():
    found = Budget.of(table(on(1)[:11]), WEEKS).by_class["Shirts"][0]  # until December
    last = [w for w, units in zip(WEEKS, found, strict=True) if not np.isnan(units)][-1]
    assert last + dt.timedelta(6) <= dt.date(2026, 12, 31) < last + dt.timedelta(13)


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.floats(0, 1e6), min_size=len(MONTHS), max_size=len(MONTHS)), st.integers(1, 31)
)
def test_spread_over_whole_months_nothing_is_lost(units, day):
    weeks = [as_date(w) for w in weeks_from(dt.date(2026, 2, 1), 104)]
    found = Budget.of(table(on(day), units=units), weeks).by_class["Shirts"][0]
    known = ~np.isnan(found)
    first, last = weeks[0], weeks[int(np.flatnonzero(known)[-1])] + dt.timedelta(6)
    expected = sum(
        u * max(0, (min(last, dt.date(y, m, n := monthrange(y, m)[1]))
                    - max(first, dt.date(y, m, 1))).days + 1) / n
        for u, (y, m) in zip(units, MONTHS, strict=True)
    )  # fmt: skip
    assert np.nansum(found) == pytest.approx(expected, abs=1e-3)


def test_that_a_budget_was_spread_is_listed_by_name():
    assert odd_budgets(table(WEEKS)) == []
    (found,) = odd_budgets(table(on(1)))
    assert "Shirts" in found["subject"]
    assert "month" in found["assumed"]
    assert found["count"] == len(MONTHS)
