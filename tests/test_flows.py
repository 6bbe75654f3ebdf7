"""Facts with dates, and the flows that shops have, on one small company of nearly even paces."""

import numpy as np
import pandas as pd
import pytest

from data.facts import beside, facts
from forecasting.intake.flows import odd_flows
from forecasting.inventory.arrivals import beside_orders, chance
from forecasting.inventory.flows import coming_back, flows, not_counting
from forecasting.inventory.lateness import MOST_WEEKS
from forecasting.inventory.projection import project, routine
from forecasting.inventory.risk import assess
from forecasting.monthly import buying
from forecasting.plan import views
from forecasting.vocabulary import Measure
from tests.company import imported

WEEKS = pd.date_range("2025-03-30", "2026-10-04", freq="7D")
FIRST = pd.Timestamp("2026-10-11")
"""First week of the plan."""
PRICED = ("CUT", "CUT-S1", "TWICE", "RISE", "OWN", "STEADY")
ORDERED = ("MUG", "PART", "NEAR", "FAR", "OLD1", "OLD4", "OLD12")
OTHERS = ("OWED", "JEANS", "BARE", "LITTLE")


def week(n):
    return FIRST + pd.Timedelta(weeks=n)


def sales_of(sku, door, pace, *, back=0):
    steps = np.tile([0, 1, -1, 2, -2], len(WEEKS) // 5 + 1)[: len(WEEKS)] * pace // 40
    sold = pd.DataFrame(
        {"date": WEEKS, "sku": sku, "door": door, "units": pace + steps, "in_stock": 1.0}
    )
    if not back:
        return sold
    returned = sold.assign(date=WEEKS + pd.Timedelta(days=3), units=-back)
    return pd.concat([sold, returned])


def stock(sku, door, on_hand, in_transit=0, *, weeks=1):
    days = pd.date_range(end="2026-10-10", periods=weeks, freq="7D")
    return pd.DataFrame(
        {"date": days, "sku": sku, "door": door, "on_hand": on_hand, "in_transit": in_transit}
    )


def line(receipt, sku, eta, units, status, door="S1"):
    return {
        "receipt": receipt, "sku": sku, "door": door, "eta": eta, "units": units,
        "status": status,
    }  # fmt: skip


def price(sku, since, amount, door=None):
    return {"date": pd.Timestamp(since), "sku": sku, "door": door, "regular_price": amount}


def tables():
    names = [*PRICED, *ORDERED, *OTHERS]
    both = [s for s in names if s != "JEANS"]
    sold = [sales_of(s, d, 40) for s in both for d in ("S1", "S2")]
    sold += [sales_of("JEANS", "WEB", 40, back=16), sales_of("JEANS", "S1", 40)]
    sold += [sales_of("OWED", "WEB", 40)]
    counted = [stock(s, d, 60) for s in PRICED for d in ("S1", "S2")]
    counted += [
        stock(s, "S1", 200, t) for s, t in zip(ORDERED, (60, 100, 60, 60, 0, 0, 0), strict=True)
    ]
    counted += [stock(s, "S2", 200) for s in ORDERED]
    counted += [stock("OWED", "S1", -30), stock("OWED", "S2", 60)]
    counted += [stock("JEANS", "WEB", 400), stock("JEANS", "S1", 400)]
    counted += [stock("BARE", d, 60, weeks=26) for d in ("S1", "S2")]
    counted += [stock("BARE", "DC", 2000, weeks=26)]
    counted += [stock("LITTLE", d, 60, weeks=26) for d in ("S1", "S2")]
    counted += [stock("LITTLE", "DC", 150, weeks=26)]
    return {
        "skus": pd.DataFrame(
            {
                "sku": names, "class": "Home", "department": "Home", "unit_cost": 10.0,
                "unit_price": 30.0, "case_pack": 1.0, "moq": 0.0, "lead_time_weeks": 4,
                "service_level": 0.95, "supplier": "Mill",
            }
        ),
        "doors": pd.DataFrame(
            {
                "door": ["S1", "S2", "WEB", "DC"], "kind": ["store", "store", "online", "dc"],
                "region": "North", "channel": ["Stores", "Stores", "Online", "Centre"],
                "transfer_weeks": 1, "transfer_cost": 1.0,
            }
        ),
        "sales": pd.concat(sold),
        "inventory": pd.concat(counted),
        "prices": pd.DataFrame(
            [
                *(price(s, WEEKS[0], 30.0) for s in names),
                price("CUT", week(1), 20.0),
                price("CUT-S1", week(1), 20.0, "S1"),
                price("TWICE", week(1), 25.0),
                price("TWICE", week(5), 20.0),
                price("RISE", week(8) + pd.Timedelta(days=2), 40.0),
                price("OWN", WEEKS[5], 28.0, "S1"),
                price("OWN", week(1), 20.0),
            ]
        ),
        "receipts": pd.DataFrame(
            [
                line("PO-1", "MUG", week(0), 60, "in_transit"),
                line("PO-2", "PART", week(3), 60, "in_transit"),
                line("PO-3", "NEAR", week(1), 60, "confirmed"),
                line("PO-4", "FAR", week(6), 60, "confirmed"),
                line("PO-5", "OLD1", week(-1), 80, "confirmed"),
                line("PO-6", "OLD4", week(-4), 80, "confirmed"),
                line("PO-7", "OLD12", week(-12), 80, "confirmed"),
                line("PO-8", "OWED", week(2), 100, "confirmed"),
            ]
        ),
        "activations": pd.DataFrame(
            {
                "activation": ["LIGHTS"], "name": ["Lights"], "type": ["price"],
                "start": [week(0)], "end": [week(2) + pd.Timedelta(days=6)],
            }
        ),
        "activation_items": pd.DataFrame(
            {"activation": "LIGHTS", "sku": PRICED, "discount": 0.2, "lift": 2.0}
        ),
    }  # fmt: skip


@pytest.fixture(scope="module")
def shop():
    space = imported(tables())
    space.runs.refresh("admin", workers=1)
    yield space
    space.close()


def at(shop, sku, door):
    return shop.plan.sku_index[sku], shop.plan.door_index[door]


def firm(shop, sku):
    return shop.plan.sku_with(shop.plan.sku_index[sku], supply="firm")


# Facts with dates ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sku", "door", "of_weeks"),
    [
        ("CUT", "S2", {0: 30, 1: 20, 51: 20}),
        ("CUT-S1", "S1", {0: 30, 1: 20, 51: 20}),
        ("CUT-S1", "S2", {0: 30, 1: 30, 51: 30}),
        ("TWICE", "S1", {0: 30, 1: 25, 4: 25, 5: 20, 51: 20}),
        ("RISE", "S1", {7: 30, 8: 40, 51: 40}),
        ("OWN", "S1", {0: 28, 1: 28, 51: 28}),
        ("OWN", "S2", {0: 30, 1: 20, 51: 20}),
        ("STEADY", "S1", {0: 30, 51: 30}),
    ],
)
def test_a_week_is_worth_the_price_that_holds_in_it(shop, sku, door, of_weeks):
    s, d = at(shop, sku, door)
    prices = shop.plan.base.price_of(s)[d]
    assert {w: prices[w] for w in of_weeks} == of_weeks
    paid, margin = (shop.plan.worth(s, m)[d] for m in (Measure.REVENUE, Measure.MARGIN))
    off = 1 - shop.plan.sku(s).depth[d]
    np.testing.assert_allclose(paid, prices * off)
    np.testing.assert_allclose(margin, prices * off - 10)


def test_money_at_risk_is_counted_week_by_week(shop):
    rows = views.bridge_rows(shop.plan, weeks=8, supply="firm")
    rows = rows[rows["units_short"] > 0.5].set_index(["sku", "door", "week"])
    each = rows["revenue_at_risk"] / rows["units_short"]
    profit = rows["margin_at_risk"] / rows["units_short"]
    for sku, door, n, paid in [
        ("CUT", "S1", 0, 24), ("CUT", "S1", 1, 16), ("CUT-S1", "S1", 2, 16),
        ("CUT-S1", "S2", 2, 24), ("TWICE", "S2", 1, 20), ("RISE", "S1", 1, 24),
    ]:  # fmt: skip
        assert each[sku, door, week(n)] == pytest.approx(paid)
        assert profit[sku, door, week(n)] == pytest.approx(paid - 10)


def test_the_verdict_on_an_activation_adds_up_its_weeks(shop):
    rows = views.bridge_rows(shop.plan, weeks=8, supply="firm")
    (verdict,) = views.verdicts(shop.plan, supply="firm")
    assert verdict.revenue_at_risk == pytest.approx(rows["revenue_at_risk"].sum())
    assert verdict.margin_at_risk == pytest.approx(rows["margin_at_risk"].sum())
    assert verdict.revenue_at_risk > 0


def test_only_the_door_whose_price_moves_sells_more_or_less_for_it(shop):
    s, moved = at(shop, "CUT-S1", "S1")
    kept = shop.plan.door_index["S2"]
    base = shop.plan.base
    moves = base.moves_of(s)
    np.testing.assert_allclose(moves[kept], 1.0)
    selling = ~np.isnan(base.level[s])
    np.testing.assert_allclose(moves[selling].mean(axis=0), base.repriced[s])
    assert base.repriced[s][5] != pytest.approx(1.0, abs=1e-4)
    assert moves[moved, 5] - 1 == pytest.approx(2 * (base.repriced[s][5] - 1))


def test_open_to_buy_is_at_the_prices_of_its_weeks(shop):
    plan = shop.plan
    sold = buying.open_to_buy(plan, weeks=26)["sales"].sum()
    worth = 0.0
    months = buying.open_to_buy(plan, weeks=26)
    assert np.isfinite(months[["otb", "otb_cost"]].to_numpy()).all()
    for s in range(len(plan.sku_names)):
        units = firm_draft(plan, s)[:, :26]
        units = units - coming_back(units, plan.base.back[s])
        paid = plan.base.usual_by_week[s, :26] * (1 - plan.sku(s).depth[:, :26])
        worth += (units * paid).sum()
    assert sold == pytest.approx(worth)


def firm_draft(plan, s):
    return plan.sku(s).draft / 1000


# Returns -------------------------------------------------------------------------------


def test_what_comes_back_goes_back_on_the_shelf(shop):
    s, web = at(shop, "JEANS", "WEB")
    computed = firm(shop, "JEANS")
    on_hand = computed.projection.on_hand[web]
    assert computed.draft[web, :8].mean() / 1000 == pytest.approx(40, abs=2)
    assert (on_hand[0] - on_hand[6]) / 6 == pytest.approx(24, abs=3)
    store = shop.plan.door_index["S1"]
    assert computed.returned[store].sum() == 0
    assert shop.plan.base.back[s, store] == 0


def test_orders_settle_at_what_is_kept(shop):
    s, web = at(shop, "JEANS", "WEB")
    orders = buying.of_sku(shop.plan, s).plan.orders
    assert orders[web, 20:24].sum() == pytest.approx(96, abs=12)
    assert orders[shop.plan.door_index["S1"], 20:24].sum() == pytest.approx(160, abs=16)


def test_an_empty_shelf_takes_nothing_back():
    demand = np.full((1, 6), 10.0)
    found = flows(np.array([12.0]), np.zeros((1, 6)), demand, usual=None, back=np.array([0.5]))
    kept = project(np.array([12.0]), found.returned, demand)
    assert kept.on_hand.sum() + 12 >= 0
    sold = demand - kept.lost
    np.testing.assert_allclose(found.returned[:, 1:], 0.5 * sold[:, :-1])


def test_routine_orders_go_on_as_before_where_returns_are_on_their_way():
    demand = np.full((1, 20), 40.0)
    usual = routine(demand, cover=np.array([2.0]), lead_time=3)
    back = np.array([0.4])
    found = flows(np.array([240.0]), np.zeros((1, 20)), demand, usual=usual, back=back)
    assert found.routine[0, 8:].mean() == pytest.approx(24)
    risk = assess(
        np.array([240.0]), found.returned, demand, lift_sd=np.zeros(20), alpha=0.001,
        level_sd=0.01, usual=not_counting(usual, found.returned),
    )  # fmt: skip
    nodes = risk.receipts.mean(axis=0)[0, 8:] - found.returned[0, 8:]
    assert nodes.mean() == pytest.approx(24, abs=1)


# Owed, told of twice, old --------------------------------------------------------------


def test_what_is_owed_is_delivered_first_and_bought_as_well(shop):
    s, d = at(shop, "OWED", "S1")
    computed = firm(shop, "OWED")
    assert computed.owed[d].sum() == pytest.approx(30)
    demand = computed.draft[d] / 1000
    assert computed.projection.on_hand[d, 2] == pytest.approx(70 - demand[2])
    np.testing.assert_allclose(computed.projection.lost[d, :2], demand[:2])
    other = shop.plan.door_index["S2"]
    assert computed.owed[other].sum() == 0
    needed = buying.of_sku(shop.plan, s).plan.exceptions[d, :2].sum()
    assert needed >= 30 + demand[:2].sum() - 1


@pytest.mark.parametrize(
    ("sku", "units"),
    [("MUG", 60), ("PART", 100), ("NEAR", 60), ("FAR", 120)],
)
def test_the_same_truck_arrives_once(shop, sku, units):
    computed = firm(shop, sku)
    assert computed.arriving[shop.plan.door_index["S1"], :12].sum() == pytest.approx(units)
    assert computed.arriving[shop.plan.door_index["S2"], :12].sum() == 0


@pytest.mark.parametrize(("sku", "units"), [("OLD1", 80), ("OLD4", 10), ("OLD12", 0)])
def test_the_longer_an_order_is_past_due_the_less_is_counted_on(shop, sku, units):
    computed = firm(shop, sku)
    d = shop.plan.door_index["S1"]
    assert computed.arriving[d, :12].sum() == pytest.approx(units)
    unsure = computed.late[1][d].max()
    assert (unsure > 0) == (0 < units < 80)


def test_who_is_often_late_is_waited_for_longer():
    slow = np.array([0.4, 0.2, 0.1, 0.1, 0.1, 0.1, 0.0])
    record = {"": np.eye(MOST_WEEKS + 1)[0], "Slow": slow}
    weeks = np.array([5, 6, 5])
    who = np.array(["Slow", "Slow", "Quick"], dtype=object)
    assert chance(weeks, who, record).tolist() == [1.0, 0.5, 0.0625]


def test_goods_in_transit_of_another_door_are_other_goods():
    moving = pd.DataFrame({"sku": ["A", "A"], "door": ["S1", "S2"], "units": [60.0, 60.0]})
    lines = pd.DataFrame(
        {"sku": ["A", "A"], "door": ["S1", "S1"], "week": [9, 0], "units": [20.0, 15.0],
         "status": ["in_transit", "planned"]}
    )  # fmt: skip
    assert beside_orders(moving, lines).tolist() == [40.0, 60.0]


# A centre without orders on record -----------------------------------------------------


def test_a_centre_that_must_have_filled_the_doors_is_told_of_without_orders(shop):
    s, _ = at(shop, "BARE", "S1")
    base = shop.plan.base
    assert base.centre[s] == 0
    assert base.reorder_weeks[s] == 1
    assert shop.plan.sku(s).routine[:2, 1].sum() > 0
    rows = buying.rows(shop.plan)
    mine = rows[rows["sku"] == "BARE"]
    assert set(mine[mine["source"] == "supplier"]["door"]) <= {"DC"}
    assert len(mine[(mine["source"] == "centre") & (mine["receipt_week"] == week(1))])
    others = [at(shop, sku, "S1")[0] for sku in (*PRICED, *ORDERED, "JEANS")]
    assert (base.centre[others] == -1).all()


def test_a_centre_that_has_little_sends_what_it_has_on_the_bridge_as_in_the_buy_plan(shop):
    s, _ = at(shop, "LITTLE", "S1")
    computed = shop.plan.sku(s)
    assert shop.plan.base.reorder_weeks[s] == 4
    assert computed.sent.sum() == pytest.approx(150)
    assert computed.sent[:, 0].sum() == 0
    assert computed.sent[:, 1].sum() > 0
    assert computed.routine[:, :4].sum() == 0
    bought = buying.of_sku(shop.plan, s).plan
    assert bought.from_centre[:, :4].sum() == pytest.approx(150, abs=2)
    np.testing.assert_allclose(
        computed.arriving,
        computed.receipts + computed.late[0] + computed.sent + computed.routine,
    )


# What is listed of it --------------------------------------------------------------------


def test_everything_that_was_assumed_is_listed_with_its_size(shop):
    as_of = shop.plan.base.as_of
    read = facts(shop.store, as_of) | beside(shop.store, as_of)
    rows = {row["kind"]: row for row in odd_flows(read, as_of)}
    assert set(rows) == {
        "goods_twice", "stock_below_zero", "receipts_past_due", "many_returns",
        "prices_announced", "centre_without_orders", "sold_without_stock",
    }  # fmt: skip
    assert rows["sold_without_stock"]["subject"] == "WEB"
    assert rows["sold_without_stock"]["example"].endswith("counted at S2")
    assert rows["goods_twice"]["count"] == 3
    assert rows["goods_twice"]["weight"] == 180
    assert "MUG at S1" in rows["goods_twice"]["subject"]
    assert "PO-7" in rows["receipts_past_due"]["example"]
    assert rows["receipts_past_due"]["count"] == 2
    assert rows["stock_below_zero"]["example"] == "-30 of OWED at S1"
    assert "JEANS" in rows["many_returns"]["example"]
    assert rows["prices_announced"]["count"] == 6
    assert rows["centre_without_orders"]["subject"] == "BARE at DC, LITTLE at DC"
