"""The buy plan of a company whose suppliers deliver to a distribution centre."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from forecasting.errors import Refused
from forecasting.monthly import buying, order_proposals
from forecasting.quarterly import policy_effects
from forecasting.sample.company import make_sample
from forecasting.vocabulary import Function
from forecasting.weekly.order_terms import divided
from tests.company import imported


@pytest.fixture(scope="module")
def behind_a_centre():
    """Half of the styles are ordered for the warehouse, the others for the doors."""
    tables = make_sample(skus=30, doors=6, weeks=70, seed=5).tables
    receipts = tables["receipts"]
    through = set(tables["skus"]["sku"][::2])
    dates = ["eta", "status", "supplier", "ordered", "original_eta", "received", "expedite_eta"]
    for_centre = receipts[receipts["sku"].isin(through)].assign(door="DC1")
    together = for_centre.groupby(["receipt", "sku", "door"], as_index=False).agg(
        {"units": "sum", **dict.fromkeys(dates, "first")}
    )
    others = receipts[~receipts["sku"].isin(through)]
    tables["receipts"] = pd.concat([together, others], ignore_index=True)
    space = imported(tables)
    space.runs.refresh("admin", workers=2)
    yield space, through
    space.close()


def test_who_is_ordered_for_is_read_from_the_orders_on_record(behind_a_centre):
    space, through = behind_a_centre
    base = space.plan.base
    told = set(base.skus["sku"][base.centre >= 0])
    ordered = set(space.store.table("receipts")["sku"])
    assert told == through & ordered
    assert len(told) > 5


def test_only_the_centre_orders_from_the_supplier_and_doors_are_sent_from_it(behind_a_centre):
    space, _ = behind_a_centre
    base = space.plan.base
    rows = buying.rows(space.plan)
    behind = rows["sku"].isin(set(base.skus["sku"][base.centre >= 0]))
    of_supplier = rows["source"] == "supplier"
    assert set(rows[behind & of_supplier]["door"]) == {"DC1"}
    assert "DC1" not in set(rows[behind & ~of_supplier]["door"])
    assert "DC1" not in set(rows[~behind]["door"])
    sent = rows[behind & ~of_supplier & (rows["kind"] == "planned")]
    way = (sent["receipt_week"] - sent["release_week"]).dt.days
    assert len(sent)
    assert set(way) == {7}


def test_the_centre_buys_on_the_suppliers_terms_and_no_more_than_doors_ask_for(behind_a_centre):
    space, _ = behind_a_centre
    base = space.plan.base
    checked = 0
    for sku in np.flatnonzero(base.centre >= 0):
        one = buying.of_sku(space.plan, int(sku))
        orders = one.plan.centre.orders[one.plan.centre.orders > 0]
        assert (orders >= one.terms.least).all()
        np.testing.assert_allclose(orders % one.terms.case, 0)
        assert (one.plan.centre.orders[: one.terms.lead_time] == 0).all()
        assert one.plan.orders.sum() == 0
        checked += len(orders)
    assert checked > 10


def test_chance_evens_out_at_the_centre_so_it_holds_less_than_doors_would(behind_a_centre):
    """Held at the doors, the same service would need the whole lead time's safety there."""
    space, _ = behind_a_centre
    sku = int(np.flatnonzero(space.plan.base.centre >= 0)[0])
    demand = space.plan.sku(sku).draft[:, :26] / 1000
    apart = buying._safety(space.plan, sku, demand, least_service=0.0, way=1)
    near = buying._safety(space.plan, sku, demand, least_service=0.0, lead_time=1)
    centre = buying.of_sku(space.plan, sku).centre
    assert 0 < near.sum() + centre.safety.sum() < apart.sum()


def test_a_unit_that_goes_through_a_centre_is_bought_once(behind_a_centre):
    space, _ = behind_a_centre
    bought = buying.rows(space.plan)
    assert (bought["source"] == "centre").any()
    summed = buying.summary(space.plan, bought)
    ordered = bought[(bought["kind"] == "planned") & (bought["source"] == "supplier")]
    assert summed["planned"].sum() == ordered["units"].sum() > 0
    late = bought[bought["kind"] == "expedite"]
    assert summed["expedite"].sum() == late["units"].sum()


def test_an_order_of_a_centre_is_placed_there_counted_there_and_matched_there(
    behind_a_centre, tmp_path
):
    space, _ = behind_a_centre
    space.staff.set_person(
        "admin", identity="dana", name="Dana", function=Function.PLANNING, delegate_for=None
    )
    base, rows = space.plan.base, buying.rows(space.plan)
    mine = rows[(rows["door"] == "DC1") & (rows["kind"] == "planned")]
    name, day = mine.iloc[0]["sku"], mine.iloc[0]["receipt_week"].date()
    sku = space.plan.sku_index[name]
    (line,) = divided(space.plan, rows, {(name, day): float(mine.iloc[0]["units"])})
    assert line.place == "DC1"
    door = space.plan.door_names[0]
    with pytest.raises(Refused, match=f"for DC1, which serves {door}"):
        space.orders.approve("dana", [replace(line, place=door)])
    before = buying.due_at_centre(space.plan, sku)
    space.orders.approve("dana", [line])
    after = buying.due_at_centre(space.plan, sku)
    week = (day - base.weeks[0].astype(object)).days // 7
    assert after[week] - before[week] == pytest.approx(line.units)
    assert (after - before).sum() == pytest.approx(line.units)
    still = buying.rows(space.plan)
    again = still[
        (still["sku"] == name) & (still["door"] == "DC1") & (still["kind"] == "planned")
    ]
    assert again["units"].sum() < mine[mine["sku"] == name]["units"].sum()
    path = tmp_path / "receipts.csv"
    pd.DataFrame(
        [{"receipt": "PO-9", "sku": name, "door": "DC1", "eta": day, "units": line.units, "status": "confirmed"}]
    ).to_csv(path, index=False)  # fmt: skip
    space.import_files("dana", [path])
    np.testing.assert_allclose(buying.due_at_centre(space.plan, sku), after)
    space.orders.withdraw("dana", [space.orders.open[0].id])
    np.testing.assert_allclose(buying.due_at_centre(space.plan, sku), after)  # the file's own
    space.imports.roll_back("dana", int(space.store.query("batches")["batch"].max()))
    np.testing.assert_allclose(buying.due_at_centre(space.plan, sku), before)


def test_what_will_be_lost_is_no_more_than_is_needed_and_only_before_an_order_can_come(space):
    rows = buying.rows(space.plan)
    late = rows[rows["kind"] == "expedite"]
    assert late["lost_units"].sum() > 0
    assert (rows[rows["kind"] != "expedite"]["lost_units"] == 0).all()
    base = space.plan.base
    lead = dict(zip(base.skus["sku"], base.lead_time, strict=True))
    weeks = (late["receipt_week"] - pd.Timestamp(base.weeks[0])).dt.days // 7
    assert (weeks < late["sku"].map(lead)).all()
    for sku, mine in late.groupby("sku"):
        demand = space.plan.sku(space.plan.sku_index[sku]).draft[:, : lead[sku]].sum() / 1000
        assert mine["lost_units"].sum() <= demand
    paid = late["lost_value"] / late["lost_units"].where(late["lost_units"] > 0)
    usual = late["sku"].map(dict(zip(base.skus["sku"], base.usual_price, strict=True)))
    assert (paid.dropna() <= 1.5 * usual[paid.notna()]).all()


def test_beside_an_order_stands_what_it_leaves_of_open_to_buy_and_after_the_promotion(space):
    plan = space.plan
    rows, left = buying.rows(plan), buying.open_to_buy(plan)
    found = order_proposals.proposals(plan, rows, left, kinds=("release", "planned"))
    one = found.groupby(["class", "month"]).tail(1).set_index(["class", "month"])
    spent = found.groupby(["class", "month"])["cost"].sum()
    there = left.set_index(["class", "month"])["otb_cost"].reindex(spent.index)
    np.testing.assert_allclose(one["otb_left"].reindex(spent.index), there - spent)
    over = order_proposals.over_spent(found, left)
    assert over == {k: v for k, v in (there - spent).items() if v < 0}
    events = found[found["event"] != ""]
    assert len(events)
    assert (events["left_p50"] <= events["left_p90"]).all()
    assert found[found["event"] == ""]["left_p50"].isna().all()
    names = {a.name: a for a in plan.standing.activations.values()}
    for row in events.head(20).to_dict("records"):
        runs = names[row["event"]]
        week = row["receipt_week"].date()
        assert runs.start <= week + dt.timedelta(6)
        assert week <= runs.end
    # Without the order less is left.
    row = events.iloc[0]
    plain = rows[rows["sku"] == row["sku"]].assign(units=1e-6)
    less = order_proposals.proposals(plan, plain, left, kinds=(row["kind"],))
    same = less[less["receipt_week"] == row["receipt_week"]]
    assert same["left_p50"].iloc[0] < row["left_p50"]


def test_weeks_that_leadership_freezes_release_nothing_and_become_exceptions(space):
    free = buying.rows(space.plan, frozen=0)
    frozen = buying.rows(space.plan, frozen=3)
    week = pd.Timestamp(space.plan.base.weeks[0])
    of = lambda rows, kind: rows[rows["kind"] == kind]  # noqa: E731
    ordered = of(frozen, "release")
    assert (ordered["source"] == "centre").all()
    supplier = frozen[(frozen["kind"] == "planned") & (frozen["source"] == "supplier")]
    assert (supplier["release_week"] >= week + pd.Timedelta(21, "D")).all()
    assert of(frozen, "expedite")["units"].sum() > of(free, "expedite")["units"].sum()
    (this_week, too_late) = policy_effects._of_orders(space.plan, 0, 3)
    assert this_week.then == "0"  # what leaves a centre for its doors is no order
    assert too_late.now == f"{of(free, 'expedite')['units'].sum():,.0f}"
    space.policies.change("victor", "frozen_buy_weeks", 3, why="Suppliers need notice")
    pd.testing.assert_frame_equal(buying.rows(space.plan), frozen)


def test_planned_markdowns_are_what_discounts_take_off_and_sales_are_what_is_paid(space):
    left = buying.open_to_buy(space.plan, weeks=8)
    assert left["markdowns"].sum() > 0
    units = sum(
        space.plan.sku(s).draft[:, :8].sum() / 1000 * space.plan.base.usual_price[s]
        for s in range(len(space.plan.sku_names))
        if not np.isnan(space.plan.base.usual_price[s])
    )
    assert left["sales"].sum() + left["markdowns"].sum() == pytest.approx(units)
    plan = left["sales"] + left["markdowns"] + left["eom"] - left["bom"] - left["due"]
    np.testing.assert_allclose(left["otb"], plan)


def test_doors_behind_a_centre_that_has_enough_are_filled_up_within_its_way(behind_a_centre):
    space, _ = behind_a_centre
    base = space.plan.base
    behind = base.centre >= 0
    near = behind & (base.reorder_weeks == 1)
    assert (base.reorder_weeks[~behind] == base.lead_time[~behind]).all()
    for sku in np.flatnonzero(behind):
        until = int(base.lead_time[sku]) + 1
        has = base.reserve[sku].sum() + base.inbound[sku, :until].sum()
        needs = np.nansum(base.level[sku]) * base.shape[sku, :until].sum()
        assert near[sku] == (has >= needs)
        usual = space.plan.usual(int(sku))
        assert usual.lead_time == base.reorder_weeks[sku]
    assert near.any()
