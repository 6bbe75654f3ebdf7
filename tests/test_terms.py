"""Costs, lead times and service levels that have a date, from the file to every number."""

import numpy as np
import pandas as pd
import pytest

from forecasting.errors import BadFiles
from forecasting.inventory.buy_plan import Terms, kept, rows_of
from forecasting.inventory.netting import net
from forecasting.monthly import buying
from forecasting.vocabulary import Measure
from forecasting.weekly.orders import terms_of
from forecasting.weekly.service import service_of
from tests.company import imported
from tests.odd import changed, company, found, sku, week

WEEKS = pd.date_range("2025-03-30", "2026-10-04", freq="7D")
FIRST = pd.Timestamp("2026-10-11")
"""First week of the plan."""
NAMES = ("DEAR", "PLAIN", "SLOW", "SURE", "OWN")
TERMS = (
    {"date": FIRST - pd.Timedelta(weeks=10), "sku": "DEAR", "unit_cost": 11.0},
    {"date": FIRST + pd.Timedelta(days=16), "sku": "DEAR", "unit_cost": 14.2},
    {"date": FIRST + pd.Timedelta(weeks=3), "sku": "SLOW", "lead_time_weeks": 9},
    {"date": FIRST + pd.Timedelta(weeks=8), "class": "Sure", "service_level": 0.995},
    {"date": FIRST - pd.Timedelta(weeks=2), "supplier": "Mill", "lead_time_weeks": 3},
    {"date": FIRST - pd.Timedelta(weeks=9), "sku": "OWN", "lead_time_weeks": 5},
)


def tables(terms=TERMS):
    both = [(s, d) for s in NAMES for d in ("S1", "S2")]
    steps = np.tile([0, 1, -1, 2, -2], len(WEEKS) // 5 + 1)[: len(WEEKS)]
    made = {
        "skus": pd.DataFrame(
            {
                "sku": NAMES, "class": ["Home", "Home", "Home", "Sure", "Home"],
                "unit_cost": 10.0, "unit_price": 30.0, "lead_time_weeks": 4,
                "service_level": 0.9, "supplier": ["Mill", None, None, None, "Mill"],
            }
        ),
        "doors": pd.DataFrame({"door": ["S1", "S2"], "kind": "store"}),
        "sales": pd.concat(
            [
                pd.DataFrame({"date": WEEKS, "sku": s, "door": d, "units": 40 + steps,
                              "revenue": 30.0 * (40 + steps), "in_stock": 1.0})
                for s, d in both
            ]
        ),
        "inventory": pd.DataFrame(
            [{"date": "2026-10-10", "sku": s, "door": d, "on_hand": 200} for s, d in both]
        ),
        "terms": pd.DataFrame(terms),
    }  # fmt: skip
    return {name: frame for name, frame in made.items() if len(frame)}


@pytest.fixture(scope="module")
def shop():
    space = imported(tables())
    space.runs.refresh("admin", workers=1)
    yield space
    space.close()


@pytest.fixture(scope="module")
def bought(shop):
    return buying.rows(shop.plan)


def of(shop, name):
    return shop.plan.sku_index[name]


def test_each_week_of_the_plan_has_the_cost_that_holds_in_it(shop):
    base, dear = shop.plan.base, of(shop, "DEAR")
    assert base.cost_of(dear)[:4].tolist() == [11.0, 11.0, 14.2, 14.2]
    assert (base.cost_of(of(shop, "PLAIN")) == 10.0).all()
    margin = shop.plan.worth(dear, Measure.MARGIN)
    np.testing.assert_allclose(margin[:, 1], 19.0)
    np.testing.assert_allclose(margin[:, 2], 15.8)


def test_orders_cost_what_holds_in_the_week_in_which_they_arrive(shop, bought):
    told = buying.summary(shop.plan, bought).set_index("class")
    mine = bought[(bought["source"] == "supplier") & (bought["kind"] == "planned")]
    late = mine["receipt_week"] >= FIRST + pd.Timedelta(weeks=2)
    dear, home = mine["sku"] == "DEAR", mine["sku"].isin(["PLAIN", "SLOW", "OWN"])
    expected = (
        11.0 * mine["units"][dear & ~late].sum()
        + 14.2 * mine["units"][dear & late].sum()
        + 10.0 * mine["units"][home].sum()
    )
    assert told["planned_cost"]["Home"] == pytest.approx(expected)


def test_a_year_before_and_the_scorecard_have_the_cost_of_their_weeks(shop):
    dear = np.array([of(shop, "DEAR")])
    one = shop.comparisons.last_year("admin", dear, np.array([0]), Measure.MARGIN)
    units = shop.comparisons.last_year("admin", dear, np.array([0]), Measure.UNITS)
    np.testing.assert_allclose(one, units * 20)
    with shop.store.cursor() as cursor:
        rows = cursor.execute(
            "select distinct week >= date '2026-08-02' as later, unit_cost from cost_of"
        ).fetchall()
    assert set(rows) <= {(True, 11.0)}


def test_what_is_released_before_a_longer_lead_time_covers_the_weeks_it_cannot_reach(
    shop, bought
):
    terms = terms_of(shop.plan.base, of(shop, "SLOW"), frozen=0)
    assert (terms.first, terms.lead_time) == (4, 4)
    mine = bought[(bought["sku"] == "SLOW") & (bought["kind"] != "expedite")]
    released = (mine["release_week"] - FIRST).dt.days // 7
    arrives = (mine["receipt_week"] - FIRST).dt.days // 7
    assert (arrives - released >= np.where(released < 3, 4, 9)).all()
    between = arrives.between(7, 11)
    assert between.any()
    assert (released[between] == 2).all()
    assert (arrives[released >= 3] >= 12).all()


def test_a_suppliers_lead_time_holds_where_the_sku_has_no_nearer_one(shop):
    base = shop.plan.base
    found = {name: int(base.lead_time[of(shop, name)]) for name in NAMES}
    assert found == {"DEAR": 3, "PLAIN": 4, "SLOW": 4, "SURE": 4, "OWN": 5}


def test_a_class_asks_more_service_from_its_week_on(shop, bought):
    plan, sure = shop.plan, of(shop, "SURE")
    assert service_of(plan.base, sure, plan.limits, week=7) == 0.9
    assert service_of(plan.base, sure, plan.limits, week=8) == 0.995
    held = {
        name: bought[bought["sku"] == name].groupby("receipt_week")["units"].sum()
        for name in ("SURE", "PLAIN")
    }
    eighth = FIRST + pd.Timedelta(weeks=8)
    assert held["SURE"][:eighth].iloc[:-1].equals(held["PLAIN"][:eighth].iloc[:-1])
    assert held["SURE"][eighth] > held["PLAIN"][eighth]


def test_a_later_import_of_a_row_replaces_it_and_others_stand(shop, tmp_path):
    again = pd.DataFrame([TERMS[1] | {"unit_cost": 13.0}])
    again.to_csv(tmp_path / "terms.csv", index=False, date_format="%Y-%m-%d")
    shop.imports.import_files("admin", [tmp_path])
    base = shop.plan.base
    assert base.cost_of(of(shop, "DEAR"))[:3].tolist() == [11.0, 11.0, 13.0]


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ({"class": "Hme", "unit_cost": 5}, "'Hme', expected one that stands in skus"),
        ({"supplier": "Mil", "unit_cost": 5}, "'Mil', expected one that stands in skus"),
        ({"unit_cost": 5}, "expected sku or class or supplier"),
    ],
)
def test_a_row_of_terms_that_is_of_nothing_we_know_is_refused(shop, tmp_path, row, found):
    pd.DataFrame([{"date": "2026-11-01", **row}]).to_csv(tmp_path / "terms.csv", index=False)
    with pytest.raises(BadFiles, match=found):
        shop.imports.import_files("admin", [tmp_path])


def test_a_shorter_lead_time_to_come_is_waited_for():
    terms = Terms(lead_time=9).of_leads(np.array([9, 9, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3]))
    assert terms.first == 5
    demand = np.full((1, 12), 10.0)
    none = np.zeros(demand.shape)
    plan = net(np.array([20.0]), none, demand, kept(np.array([20.0]), demand, none), terms)
    lines = rows_of(plan, terms.waits_in(12))
    ordered = np.array(lines["kind"]) != "expedite"
    assert lines["receipt"][ordered].tolist() == list(range(5, 12))
    assert lines["release"][ordered].tolist() == list(range(2, 9))


@pytest.mark.parametrize(
    ("kind", "subject", "example", "rows"),
    [
        ("cost_above_price", "Cups", "from", [{"date": week(-6), "sku": "CUP", "unit_cost": 13.0}]),
        ("service_at_the_edge", "Trays", "TRAY: 1", [{"date": week(-6), "class": "Trays", "service_level": 1.0}]),
    ],
)  # fmt: skip
def test_what_looks_odd_in_terms_is_named(kind, subject, example, rows):
    more = changed("terms", *rows)
    columns = {n: None for n in ("sku", "class", "supplier") if n not in more["terms"]}
    odd = found(more | {"terms": more["terms"].assign(**columns)})
    (one,) = [o for o in odd if o.kind == kind]
    assert one.subject == subject
    assert example in one.example


def test_terms_that_fill_what_skus_lacks_are_not_missed():
    bare = company(skus=[sku("CUP", unit_cost=None), sku("TRAY", **{"class": "Trays"})])
    assert any(o.subject == "skus.unit_cost" for o in found(bare))
    dated = {"terms": pd.DataFrame([{"date": week(20), "sku": "CUP", "unit_cost": 5.0}])}
    assert not any(o.subject == "skus.unit_cost" for o in found(bare | dated))
