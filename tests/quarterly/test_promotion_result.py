"""Promotion results: what activations added, in money, beside plan and spend."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data import versions
from forecasting.consensus.activations import Activation, Item
from forecasting.outputs.exports import EXPORTS
from forecasting.quarterly import promotion_result
from forecasting.quarterly.promotion_result import COLUMNS

AS_OF = dt.date(2026, 6, 14)
EIGHTY = 1.2816


def activation(name="A", *, spend=500.0, start=dt.date(2026, 5, 3), items=("X",)):
    return Activation(
        activation=name, name=f"{name} feature", type="feature", start=start,
        end=start + dt.timedelta(6), spend=spend,
        items=tuple(Item(sku=s, discount=0.2) for s in items),
    )  # fmt: skip


def row(sku="X", name="A", **changed):
    """100 u without it, 60 u of lift, 10 lost; regular 10, paid 8, cost 5."""
    usual = {
        "activation": name, "sku": sku, "class": "Mugs", "base": 100.0, "lift": 60.0,
        "expected": 50.0, "lost": 10.0, "taken": 6.0, "ahead": 4.0, "variance": 64.0,
        "common": 6.0, "unit_cost": 5.0, "regular_price": 10.0, "paid": 8.0,
        "left_units": 40.0, "class_margin": 4.0,
    }  # fmt: skip
    return usual | changed


def results(rows, activations=None, planned=()):
    known = {a.activation: a for a in activations or [activation()]}
    plans = pd.DataFrame(list(planned), columns=["activation", "sku", "planned_lift"])
    plans = plans.astype({"activation": object, "sku": object, "planned_lift": float})
    skus = promotion_result.of_skus(pd.DataFrame(rows), plans, known)
    return skus, promotion_result.of_activations(skus, known, as_of=AS_OF)


def test_a_result_by_hand():
    """Sold 150 at 3 of margin = 450; without it 100 at 5 = 500; others lost 6 at 4, later weeks
    4 at 5: 450 - 500 - 24 - 20 = -94. Spend 500: -94 - 500 over 500 is -119%."""
    _, found = results([row()], planned=[("A", "X", 90.0)])
    one = found.iloc[0]
    assert one["added"] == 50.0
    assert one["margin"] == pytest.approx(-94.0)
    assert one["return_on_spend"] == pytest.approx(-1.188)
    assert one["left_value"] == 200.0
    # A lift of 90 takes and brings forward in proportion: a sixth of it.
    assert one["planned_added"] == pytest.approx(75.0)
    assert one["planned_margin"] == pytest.approx(90 * 3 - 100 * 2 - 1.5 * (24 + 20))
    assert one["planned_return"] == pytest.approx((4 - 500) / 500)


def test_the_interval_is_of_everything_that_may_be_off():
    """Own variance 64 and 36 that the class shares: 10 u; a unit at regular margin is 5."""
    _, found = results([row()])
    one = found.iloc[0]
    assert one["added_high"] - one["added"] == pytest.approx(EIGHTY * 10)
    assert one["added"] - one["added_low"] == pytest.approx(EIGHTY * 10)
    assert one["margin_high"] - one["margin"] == pytest.approx(EIGHTY * 50)
    assert one["return_high"] - one["return_on_spend"] == pytest.approx(EIGHTY * 50 / 500)


def test_what_skus_of_a_class_share_adds_up_and_what_is_their_own_does_not():
    both = [row("X", variance=9.0, common=4.0), row("Y", variance=7.0, common=4.0)]
    _, found = results(both, [activation(items=("X", "Y"))])
    same = found.iloc[0]["added_high"] - found.iloc[0]["added"]
    assert same == pytest.approx(EIGHTY * np.sqrt(9 + 7 + 8**2))
    both[1]["class"] = "Plates"
    _, found = results(both, [activation(items=("X", "Y"))])
    other = found.iloc[0]["added_high"] - found.iloc[0]["added"]
    assert other == pytest.approx(EIGHTY * np.sqrt(9 + 7 + 2 * 4**2))


@pytest.mark.parametrize("spend", [None, 0.0])
def test_without_spend_there_is_no_return_and_it_is_stated(spend):
    _, found = results([row()], [activation(spend=spend)])
    one = found.iloc[0]
    assert np.isnan(one["return_on_spend"])
    assert np.isnan(one["spend"])
    assert "no spend given" in one["remark"]
    assert one["margin"] == pytest.approx(-94.0)
    assert promotion_result.by_quarter(found) == {}


def test_a_sku_without_cost_leaves_no_margin_that_looks_whole():
    _, found = results([row(), row("Y", unit_cost=np.nan)], [activation(items=("X", "Y"))])
    one = found.iloc[0]
    assert np.isnan(one["margin"])
    assert np.isnan(one["return_on_spend"])
    assert one["added"] == 100.0
    assert "unit cost or price missing" in one["remark"]


def test_where_revenue_is_not_told_the_stated_discount_is_what_was_paid():
    told, untold = (results([row(paid=paid)])[1].iloc[0] for paid in (8.0, np.nan))
    assert untold["margin"] == pytest.approx(told["margin"])


def test_an_activation_that_took_more_than_it_brought_is_below_zero():
    _, found = results([row(lift=-20.0, lost=0.0, taken=0.0, ahead=0.0, paid=10.0)])
    one = found.iloc[0]
    assert one["added"] == -20.0
    assert one["margin"] == pytest.approx(-100.0)


def test_weeks_after_it_that_are_still_to_come_are_stated():
    late = activation(start=dt.date(2026, 6, 7))
    _, found = results([row()], [late])
    assert "2 of 3 weeks after it are still to come" in found.iloc[0]["remark"]
    _, found = results([row()])
    assert "to come" not in found.iloc[0]["remark"]


def test_what_still_runs_or_was_called_off_has_no_result():
    runs = activation("B", start=AS_OF + dt.timedelta(3))
    ended = promotion_result.over([activation(), runs, activation("C").cancelled()], AS_OF)
    assert list(ended) == ["A"]


def test_returns_of_several_are_of_their_sums():
    """1,100 of margin for 550 spent is +100%; the mean of +900% and 0% is another thing."""
    rows = [
        row("X", "A", lift=0.0, lost=0.0, taken=0.0, ahead=-100.0, paid=10.0),
        row("Y", "B", lift=0.0, lost=0.0, taken=0.0, ahead=-120.0, paid=10.0),
    ]
    _, found = results(rows, [activation("A", spend=50.0), activation("B", spend=500.0)])
    assert promotion_result.together(found) == pytest.approx((1100 - 550) / 550)
    assert promotion_result.by_quarter(found) == {"2026-Q2": pytest.approx(1.0)}
    (kind,) = promotion_result.by_type(found).to_dict("records")
    assert kind["activations"] == 2
    assert kind["return_on_spend"] == pytest.approx(1.0)
    assert np.isnan(kind["of_plan"])


def test_no_activation_at_all_is_an_empty_table_with_its_columns():
    nothing = pd.DataFrame([row()]).iloc[:0]
    skus, found = results(nothing)
    assert skus.empty
    assert list(found.columns) == list(COLUMNS)
    assert promotion_result.by_type(found).empty
    assert promotion_result.by_quarter(found) == {}


UNITS = st.floats(0.0, 1e4)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(UNITS, UNITS, st.floats(0, 1), st.floats(-0.2, 0.5)), min_size=1),
    st.floats(1.0, 1e6),
)
def test_skus_add_up_to_the_activation_and_more_spend_never_returns_more(cells, spend):
    names = [f"S{n}" for n in range(len(cells))]
    rows = [
        row(name, base=base, lift=lift, lost=lost * lift, taken=part * lift, ahead=0.1 * lift)
        for name, (base, lift, lost, part) in zip(names, cells, strict=True)
    ]
    skus, found = results(rows, [activation(spend=spend, items=names)])
    one = found.iloc[0]
    for name in ("base", "lift", "taken", "ahead", "added", "lost", "margin"):
        assert one[name] == pytest.approx(skus[name].sum(), abs=1e-6)
    assert one["added"] == pytest.approx(one["lift"] - one["taken"] - one["ahead"], abs=1e-6)
    dearer = results(rows, [activation(spend=2 * spend, items=names)])[1].iloc[0]
    if one["margin"] > 0:
        assert dearer["return_on_spend"] < one["return_on_spend"]


# On a company with past cycles -----------------------------------------------------------------


def test_planned_is_what_the_last_version_before_the_start_expected(company_cycles):
    space = company_cycles
    space.quarters.sum_up()
    found = space.quarters.results("mara")
    planned = found.activations.dropna(subset=["planned_added"])
    assert len(planned) >= 3
    published = versions.published(space.store)
    one = planned.iloc[0]
    before = [
        v for v in published if v.first_week <= one["start"] and v.made_at.date() < one["start"]
    ]
    parts = versions.parts(space.store, before[-1])
    lifts = parts[(parts["kind"] == "lift") & (parts["units"] != 0)]
    mine = lifts[lifts["name"] == one["activation"]]
    whole = lifts.groupby(["sku", "week"])["units"].sum()
    moved = parts[parts["kind"].isin(["voice", "floor", "agreement"])]
    moved = moved.groupby(["sku", "week"])["units"].sum()
    expected = 0.0
    for sku, week, units in zip(mine["sku"], mine["week"], mine["units"], strict=True):
        share = units / whole[(sku, week)]
        expected += units + share * moved.get((sku, week), 0.0)
    rows = space.store.query(
        "planned_lifts", activations=[one["activation"]], versions=[before[-1].version]
    )
    assert rows["planned_lift"].sum() == pytest.approx(expected)
    later = promotion_result.planned(space.store, published, [activation("A039")])
    assert later["planned_lift"].notna().all()


def test_the_scorecard_the_page_and_the_export_say_the_same(company_cycles):
    space = company_cycles
    table = EXPORTS["promotion-result"].made(space)
    assert len(table) >= 20
    assert list(table.columns) == list(COLUMNS)
    assert table["added"].sum() > 0
    assert (table["added_low"] < table["added"]).all()
    quarter = str(space.quarters.usual())
    mine = table[table["quarter"] == quarter]
    card = space.quarters.scorecard("victor", quarter)
    earned, spent = mine["margin"].sum(), mine["spend"].sum()
    assert card.value("promotion_return") == pytest.approx((earned - spent) / spent)


def test_a_run_that_was_made_before_results_were_measured_has_none(space):
    with space.store.transaction() as cursor:
        cursor.execute("delete from run_result")
    found = space.quarters.results("mara")
    assert found.activations.empty
    space.quarters.sum_up()
    assert space.quarters.scorecard("victor", "2026-Q3").value("promotion_return") is None
