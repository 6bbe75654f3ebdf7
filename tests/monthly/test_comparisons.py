"""Last year and budget: summed only over the weeks that both sides know."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from forecasting.calendar import (
    as_date,
    fiscal_week,
    last_year,
    period_weeks,
    weeks_from,
    year_start,
)
from forecasting.hierarchy import THOUSANDTHS
from forecasting.monthly.budgets import Budget
from forecasting.monthly.comparisons import compared, year_before
from forecasting.vocabulary import Measure

SKUS = pd.DataFrame({"sku": ["A", "B", "C"], "class": ["Coats", "Coats", "Hats"]})
WEEKS = [as_date(w) for w in weeks_from(dt.date(2026, 11, 1), 8)]


def rows(*given) -> pd.DataFrame:
    frame = pd.DataFrame(given, columns=["date", "class", "sku", "units", "value"])
    return frame.astype({"class": object, "sku": object})


def budget(given, chosen):
    """Units and value of some SKUs by week."""
    total = Budget.of(given, WEEKS).total(SKUS, np.array(chosen))
    return np.broadcast_to(total, (2, len(WEEKS)))


def test_a_weekly_budget_of_a_class_counts_where_the_whole_class_is_asked_for():
    given = rows(*((w, "Coats", None, 100.0 + n, 900.0) for n, w in enumerate(WEEKS)))
    assert budget(given, [0, 1])[0].tolist() == [100.0 + n for n in range(8)]
    assert np.isnan(budget(given, [0])).all()
    assert np.isnan(budget(given, [0, 1, 2])).all()  # no budget of hats


def test_a_budget_of_the_month_is_spread_over_its_weeks():
    months = sorted({(fiscal_week(w).year, fiscal_week(w).period) for w in WEEKS})
    given = rows(*((period_weeks(*m)[1], "Hats", None, 500.0, 5_000.0) for m in months))
    expected = [
        500.0 / len(period_weeks(fiscal_week(w).year, fiscal_week(w).period)) for w in WEEKS
    ]
    assert budget(given, [2])[0].tolist() == pytest.approx(expected)


def test_skus_with_a_budget_of_their_own_add_up_and_one_without_leaves_it_unknown():
    given = rows(
        *((w, None, "A", 10.0, 100.0) for w in WEEKS),
        *((w, None, "B", 5.0, np.nan) for w in WEEKS[:4]),
    )
    units, value = budget(given, [0, 1])
    assert units.tolist()[:4] == [15.0] * 4
    assert np.isnan(units).tolist() == [False] * 4 + [True] * 4
    assert np.isnan(value).all()  # what B is worth is not known
    assert budget(given, [0])[1].tolist() == [100.0] * 8


def test_only_weeks_that_both_know_are_compared():
    held = compared(np.array([10.0, 20, 30]), np.array([8.0, np.nan, 24]))
    assert (held.forecast, held.reference, held.weeks) == (40.0, 32.0, 2)
    assert held.change == pytest.approx(0.25)
    assert compared(np.array([10.0]), np.array([np.nan])).change is None


def test_last_year_is_the_same_week_number_and_a_week_53_has_none():
    extra = year_start(2029) - dt.timedelta(7)
    assert fiscal_week(extra).week == 53
    weeks = [extra + dt.timedelta(7 * n) for n in (-1, 0, 1)]
    assert last_year(weeks[1]) is None
    sold = pd.DataFrame(
        {
            "at": [0, 0, 1],
            "week": [last_year(weeks[0]), last_year(weeks[2]), last_year(weeks[2])],
            "units": [4.0, 7.0, 1.0],
            "revenue": [40.0, np.nan, 9.0],
            "unit_cost": [6.0, 6.0, np.nan],
        }
    )
    found = year_before(sold, weeks, 2)
    np.testing.assert_array_equal(found["units"], [[4, np.nan, 7], [np.nan, np.nan, 1]])
    np.testing.assert_array_equal(found["revenue"], [[40, np.nan, np.nan], [np.nan, np.nan, 9]])
    np.testing.assert_array_equal(found["margin"], [[16, np.nan, np.nan], [np.nan] * 3])


def test_the_sample_is_compared_with_what_its_tables_say(space):
    plan = space.plan
    coats = plan.products.members("class", plan.products.names("class")[0])
    weeks = [as_date(w) for w in plan.base.weeks[:6]]
    sales = space.store.table("sales")
    names = {plan.sku_names[s] for s in coats}
    day = pd.to_datetime(sales["date"]).dt.date
    expected = [
        sales[(day == last_year(w)) & sales["sku"].isin(names)]["units"].sum() for w in weeks
    ]
    first = np.arange(6)
    found = {m: space.comparisons.last_year("victor", coats, first, m) for m in Measure}
    assert found["units"].tolist() == pytest.approx(expected)
    cost = dict(zip(plan.sku_names, plan.base.unit_cost, strict=True))
    chosen = sales[(day == last_year(weeks[0])) & sales["sku"].isin(names)]
    margin = chosen["revenue"].sum() - (chosen["units"] * chosen["sku"].map(cost)).sum()
    assert found["margin"][0] == pytest.approx(margin)
    goal = space.comparisons.budget("victor", coats, first, Measure.UNITS)
    held = compared(plan.totals["draft"][coats, :6].sum(axis=0) / THOUSANDTHS, goal)
    assert held.weeks == 6
    assert -0.5 < held.change < 0.6
