"""Offers at the edge, from files to orders: what is planned, what it is worth, what is listed."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data import leaving
from forecasting.consensus.activations import Activation, Item
from forecasting.consensus.campaigns import campaigns
from forecasting.hierarchy import THOUSANDTHS
from forecasting.intake import offers
from forecasting.monthly import buying
from forecasting.plan import views
from forecasting.plan.basis import Base
from forecasting.plan.inbound import FIRM
from forecasting.plan.live import LivePlan
from forecasting.weekly.service import MOST_SERVICE
from tests.company import imported

WEEKS = 60
FIRST = pd.Timestamp("2025-08-17")
AS_OF = FIRST + pd.Timedelta(7 * (WEEKS - 1), "D")
PACE = 20.0
OFFERS = {
    # SKU: (activation, type, first week ahead, weeks, door, discount, lift), ...
    "TWIN": [("T1", "price", 3, 1, None, 0.4, None)],
    "NESTED": [
        ("N1", "price", 1, 5, None, 0.1, None),
        ("N2", "price", 2, 3, None, 0.2, None),
        ("N3", "price", 3, 1, None, 0.4, None),
    ],
    "DOORS": [
        ("D1", "price", 3, 1, None, 0.2, 1.5),
        ("D1", "price", 3, 1, "S2", 0.3, 2.0),
    ],
    "TOLD": [("F1", "display", 3, 1, None, None, 1.4), ("F2", "price", 3, 1, None, 0.2, 1.5)],
    "GIFT": [("G1", "price", 3, 1, "S1", 1.0, None)],
    "ZERO": [("Z1", "event", 3, 1, None, None, 0.0)],
    "HALF": [("H1", "event", 3, 1, None, None, 0.5)],
    "DROP": [("P1", "event", 3, 1, None, None, 50.0)],
    "WILD": [("W1", "event", 3, 1, None, None, 1000.0)],
    "TWICE": [("B1", "email", 3, 1, None, None, 2.0), ("B2", "email", 3, 1, None, None, 2.0)],
    "DEEP": [("X1", "price", 3, 1, None, 0.8, None)],
    "CALM": [],
}
ASKED = {"TWIN": 1.0, "NESTED": 0.0, "CALM": 0.9999}


def tables():
    skus = list(OFFERS)
    wave = np.array([0, 1, -1, 1, -1])
    dates = [FIRST + pd.Timedelta(7 * t, "D") for t in range(WEEKS)]
    sales = [
        (date, sku, door, PACE + wave[(t + k) % 5], 1.0)
        for k, sku in enumerate(skus)
        for door in ("S1", "S2")
        for t, date in enumerate(dates)
    ]
    rows = [(sku, *one) for sku, every in OFFERS.items() for one in every]
    offers = pd.DataFrame(
        rows,
        columns=["sku", "activation", "type", "first", "weeks", "door", "discount", "lift"],
    )
    start = AS_OF + pd.to_timedelta(7 * offers["first"], "D")
    end = start + pd.to_timedelta(7 * offers["weeks"] - 1, "D")
    calendar = offers.assign(start=start, end=end)[["activation", "type", "start", "end"]]
    return {
        "skus": pd.DataFrame(
            {
                "sku": skus, "class": skus, "department": "d", "unit_price": 30.0,
                "unit_cost": 10.0, "lead_time_weeks": 4,
                "service_level": [ASKED.get(s) for s in skus],
            }
        ),
        "doors": pd.DataFrame({"door": ["S1", "S2"], "kind": "store"}),
        "sales": pd.DataFrame(sales, columns=["date", "sku", "door", "units", "in_stock"]),
        "inventory": pd.DataFrame(
            [(AS_OF + pd.Timedelta(6, "D"), s, d, 20.0) for s in skus for d in ("S1", "S2")],
            columns=["date", "sku", "door", "on_hand"],
        ),
        "activations": calendar.drop_duplicates(),
        "activation_items": offers[["activation", "sku", "door", "discount", "lift"]],
    }  # fmt: skip


@pytest.fixture(scope="module")
def company():
    space = imported(tables())
    space.runs.refresh("admin")
    yield space
    space.close()


@pytest.fixture(scope="module")
def plan(company):
    return company.plan


def times(plan, sku, door=0, week=2):
    """Demand of the third week ahead over what it would be without activations."""
    computed = plan.sku(plan.sku_index[sku])
    lifted = sum(units for _, units in computed.lifts)
    return float((1 + lifted / computed.baseline)[door, week])


def test_a_flash_within_two_sales_sells_what_the_flash_alone_does(plan):
    assert times(plan, "NESTED") == pytest.approx(times(plan, "TWIN"), rel=0.1)
    assert times(plan, "NESTED") > 1.2 * times(plan, "NESTED", week=1)


def test_what_is_short_in_the_flash_is_worth_its_price_whichever_offer_it_is_put_down_to(plan):
    rows = views.bridge_rows(plan, weeks=8, supply=FIRM).query("sku == 'NESTED'")
    flash = rows[rows["week"] == pd.Timestamp(plan.base.weeks[2])]
    assert len(flash) == 3 * 2
    np.testing.assert_allclose(flash["revenue_at_risk"], 18.0 * flash["units_short"])
    sale = rows[rows["week"] == pd.Timestamp(plan.base.weeks[1])]
    np.testing.assert_allclose(sale["revenue_at_risk"], 24.0 * sale["units_short"])
    np.testing.assert_allclose(
        rows["margin_at_risk"], rows["revenue_at_risk"] - 10 * rows["units_short"]
    )
    items = [i for i in plan.sku_with(plan.sku_index["NESTED"], supply=FIRM).items]
    whole = sum(float((i.units_short * i.price).sum()) for i in items)
    assert whole == pytest.approx(rows["revenue_at_risk"].sum())


@pytest.mark.parametrize(
    ("sku", "door", "stated"),
    [
        ("DOORS", 0, 1.5), ("DOORS", 1, 2.0), ("TOLD", 0, 1.4 * 1.5), ("ZERO", 0, 0.0),
        ("HALF", 1, 0.5), ("DROP", 0, 50.0), ("WILD", 0, 1000.0), ("TWICE", 0, 2.0),
        ("CALM", 0, 1.0), ("GIFT", 1, 1.0),
    ],
)  # fmt: skip
def test_what_people_stated_is_what_is_planned(plan, sku, door, stated):
    assert times(plan, sku, door) == pytest.approx(stated, rel=2e-3, abs=1e-3)


def test_one_free_is_taken_for_a_usual_cut_in_demand_and_money_and_listed_by_name(
    company, plan
):
    assert 1.2 < times(plan, "GIFT") < times(plan, "TWIN")
    assert plan.sku(plan.sku_index["GIFT"]).depth[0, 2] == pytest.approx(0.25)
    sentence = offers.beyond_seen(plan, plan.activation("G1"), "GIFT")
    assert "100% off says nothing of the price" in sentence
    assert "as 25% off" in sentence
    assert offers.beyond_seen(plan, plan.activation("T1"), "TWIN") == ""


def test_what_is_odd_is_listed_with_what_is_assumed(company):
    rows = {(r["kind"], r["subject"]): r for r in offers.odd_offers(company.store)}
    assert set(rows) == {
        ("activations_twice", "B1 and B2"), ("general_row_replaced", "D1"),
        ("discount_beyond_seen", "X1"), ("lift_beyond_seen", "P1"), ("lift_beyond_seen", "W1"),
        ("service_beyond_reach", "TWIN"), ("service_beyond_reach", "CALM"),
    }  # fmt: skip
    assert "counts once" in rows["activations_twice", "B1 and B2"]["assumed"]
    fields = {"kind", "subject", "count", "example", "assumed", "todo", "weight"}
    assert all(set(row) == fields for row in rows.values())


def test_a_service_level_of_one_is_planned_for_as_the_highest_there_is(plan):
    bought = buying.rows(plan, weeks=12)
    assert np.isfinite(bought["units"]).all()
    first = bought[bought["kind"] == "release"].groupby("sku")["units"].sum()
    # Two doors: a week's demand, and at most the safety stock of five weeks.
    assert 40 <= first["TWIN"] <= 500


EDGES = {
    "service_level": [0.0, 1e-9, 0.5, MOST_SERVICE, 1.0, None],
    "moq": [0, 1, 10**9, None],
    "case_pack": [1, 12, 10**9, None],
    "presentation_min": [0.0, 1e9, None],
    "holding_cost": [0.0, 1e9, None],
    "unit_price": [0.0, 1e-9, 1e9, None],
    "unit_cost": [0.0, 1e9, None],
}
LEADS = [0, 1, 4, 51, 52, 10**6]


def at_the_edge(base: Base, facts, lead, price) -> Base:
    """The same company with every SKU at an edge of what files may say."""
    n = len(base.skus)
    told = {name: np.array([value] * n, dtype=object) for name, value in facts.items()}
    number = lambda value: np.nan if value is None else float(value)  # noqa: E731
    return replace(
        base, facts={**base.facts, **told}, lead_time=np.full(n, lead, dtype=np.int64),
        price=np.full(base.price.shape, number(price)), unit_cost=np.full(n, number(facts["unit_cost"])),
    )  # fmt: skip


@settings(max_examples=12)
@given(
    st.fixed_dictionaries({name: st.sampled_from(values) for name, values in EDGES.items()}),
    st.sampled_from(LEADS), st.sampled_from([0.0, 1e9, None]),
    st.sampled_from([None, 0.0, 0.5, 1.0]), st.sampled_from([None, 0.0, 0.5, 50.0, 1000.0]),
)  # fmt: skip
def test_whatever_files_may_say_no_order_and_no_risk_is_infinite(
    plan, facts, lead, price, discount, lift
):
    item = Item(sku="TWIN", discount=discount, lift=lift)
    start = dt.date(2026, 10, 25)
    edge = Activation(
        activation="E", name="E", type="price", start=start, end=start, items=(item,)
    )
    other = LivePlan(at_the_edge(plan.base, facts, lead, price), activations=[edge])
    assert np.isfinite(buying.rows(other, weeks=12)["units"]).all()
    risk = views.bridge_rows(other, weeks=12, supply=FIRM)
    for name in ("demand", "lift_units", "headroom", "p_stockout", "units_short"):
        assert np.isfinite(risk[name]).all(), name
    if price is not None:
        assert np.isfinite(risk["revenue_at_risk"]).all()
    computed = other.sku(other.sku_index["TWIN"])
    assert (np.abs(computed.draft) < 1_100 * PACE * THOUSANDTHS).all()


def test_no_file_that_leaves_holds_infinity():
    frame = pd.DataFrame({"units": [1.0, np.inf, -np.inf], "text": [np.inf, "x", 2]})
    assert leaving.as_csv(frame).decode().split() == ["units,text", "1.0,", ",x", ",2"]


def activation(name, *, type_="email", start="2026-10-18", end="2026-10-24", items=("A", "B")):
    found = tuple(i if isinstance(i, Item) else Item(sku=i) for i in items)
    return Activation(
        activation=name, name=name, type=type_, items=found,
        start=dt.date.fromisoformat(start), end=dt.date.fromisoformat(end),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("other", "is_one"),
    [
        (activation("2"), True),
        (activation("2", end="2026-10-25"), True),
        (activation("2", items=[Item(sku="A", lift=2.0), Item(sku="B")]), True),
        (activation("2", type_="social"), False),
        (activation("2", start="2026-10-25", end="2026-10-31"), False),
        (activation("2", start="2026-10-21", end="2026-10-27"), False),
        (activation("2", items=["A", "C"]), False),
        (activation("2", items=[Item(sku="A", door="S1"), Item(sku="B", door="S1")]), False),
        (activation("2", items=[Item(sku="A", lift=3.0), Item(sku="B")]), False),
    ],
)
def test_one_activation_under_two_names_is_known_by_type_days_skus_doors_and_terms(
    other, is_one
):
    first = activation("1", items=[Item(sku="A", lift=2.0), Item(sku="B")])
    assert (campaigns([first, other]) == [0, 0]) is is_one


def test_two_that_look_alike_but_state_different_lifts_both_count_and_are_shown():
    one, other = (
        activation(n, items=[Item(sku="A", lift=v)]) for n, v in (("1", 2.0), ("2", 3.0))
    )
    assert campaigns([one, other]) == [0, 1]
    (row,) = offers.twice([one, other])
    assert "both count" in row["assumed"]


def test_a_row_that_names_the_sku_replaces_its_styles_row_where_it_runs():
    space = imported(
        {
            **tables(),
            "skus": tables()["skus"].assign(style="ALL"),
            "activations": pd.DataFrame(
                {"activation": ["S"], "type": ["price"], "start": ["2026-10-25"], "end": ["2026-10-31"]}
            ),
            "activation_items": pd.DataFrame(
                {
                    "activation": "S", "style": ["ALL", None, None],
                    "sku": [None, "CALM", "HALF"], "door": [None, None, "S2"],
                    "discount": [0.2, 0.3, None], "lift": [1.5, 2.0, 3.0],
                }
            ),
        }
    )  # fmt: skip
    act = space.calendar.one("S")
    stated = {(i.sku, i.door): (i.discount, i.lift) for i in act.items}
    assert stated["CALM", None] == (0.3, 2.0)
    assert stated["HALF", None] == (0.2, 1.5)
    assert stated["HALF", "S2"] == (None, 3.0)
    assert stated["ZERO", None] == (0.2, 1.5)
    assert len(act.items) == len(OFFERS) + 1
    space.close()
