"""What could not be sold is neither forecast nor bought for, and what was assumed is listed."""

import numpy as np
import pandas as pd
import pytest

from forecasting import write
from forecasting.intake.evidence import odd_selling
from forecasting.monthly import buying
from tests.company import imported

WEEKS = pd.date_range("2025-09-07", periods=52, freq="7D")
NEXT = WEEKS[-1] + pd.Timedelta(weeks=1)


def week(number):
    """First day of a week to come, 0 the first."""
    return NEXT + pd.Timedelta(weeks=number)


@pytest.fixture(scope="module")
def space():
    """SHOE is out of S1 in weeks 8 to 11 to come; S2 told nothing in its last four weeks; N
    has had NEW for six weeks and opens in week 2."""
    at = np.arange(52)
    silent = at >= 48
    rows = [("SHOE", "S1", w, 40) for w in WEEKS]
    rows += [("SHOE", "S2", w, 40) for w in WEEKS[~silent]]
    rows += [("NEW", "S1", w, 40) for w in WEEKS]
    rows += [("RARE", "S1", w, 1) for w in WEEKS[::4]]
    held = [("SHOE", d, w, 200) for d in ("S1", "S2") for w in WEEKS]
    held += [("NEW", "N", w, 60) for w in WEEKS[-6:]] + [("NEW", "S1", w, 90) for w in WEEKS]
    names = ["NEW", "RARE", "SHOE"]
    day = pd.Timedelta(days=1)
    made = imported(
        {
            "skus": pd.DataFrame(
                {"sku": names, "class": "C", "unit_cost": 4.0, "unit_price": 10.0,
                 "lead_time_weeks": 3, "case_pack": 1, "service_level": 0.95}
            ),
            "doors": pd.DataFrame({"door": ["N", "S1", "S2"]}),
            "sales": pd.DataFrame(rows, columns=["sku", "door", "date", "units"]),
            "inventory": pd.DataFrame(held, columns=["sku", "door", "date", "on_hand"]),
            "ranging": pd.DataFrame(
                [("SHOE", "S1", None, week(8) - day), ("SHOE", "S1", week(12), None),
                 ("SHOE", "S2", None, None), ("NEW", "S1", None, None),
                 ("NEW", "N", week(2), None), ("RARE", "S1", None, None)],
                columns=["sku", "door", "from", "to"],
            ),
        }
    )  # fmt: skip
    made.runs.refresh("admin")
    made.quarters.sum_up()
    yield made
    made.close()


def of(space, sku, door):
    plan = space.plan
    return plan, plan.sku_names.index(sku), plan.door_names.index(door)


def test_a_shut_door_is_neither_forecast_nor_bought_for(space):
    plan, sku, door = of(space, "SHOE", "S1")
    demand = plan.sku(sku).draft[door] / 1000
    assert demand[8:12].sum() == 0
    np.testing.assert_allclose(demand[[0, 7, 12, 20]], 40, rtol=0.1)
    bought = buying.of_sku(plan, sku).plan
    assert bought.orders[door, 8:12].sum() == 0
    assert bought.exceptions[door, 8:12].sum() == 0
    assert bought.orders[door, 12:14].sum() > 0


def test_a_door_that_opens_is_forecast_from_that_week_as_its_sisters(space):
    plan, sku, door = of(space, "NEW", "N")
    demand = plan.sku(sku).draft[door] / 1000
    assert demand[:2].sum() == 0
    np.testing.assert_allclose(demand[2:8], 40, rtol=0.2)


def test_days_before_an_opening_are_in_no_rate_of_empty_shelves(space):
    cells = space.store.query("scored_weeks", quarter="2026-Q2", in_sku="NEW", in_door=None,
                              in_class=None, in_department=None, in_region=None)  # fmt: skip
    days = cells.groupby("door")["other_days"].sum()
    assert days["S1"] > 0
    assert days.get("N", 0) == 0


def test_what_was_assumed_is_listed_by_door(space):
    found = {(row["kind"], row["subject"]): row for row in odd_selling(space.store)}
    assert set(found) == {
        ("silent_doors", "S2"), ("rows_when_sold", "S1"), ("stock_waiting", "N"),
    }  # fmt: skip
    silent = found["silent_doors", "S2"]
    assert silent["count"] == 4
    assert silent["weight"] == pytest.approx(160, rel=0.1)
    assert write.day(WEEKS[48]) in silent["example"]
    assert found["rows_when_sold", "S1"]["example"].startswith("RARE: 3")
    assert found["stock_waiting", "N"]["count"] == 1
