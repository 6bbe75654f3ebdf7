"""Inputs in revenue and margin: what money becomes in units, and what is refused."""

import datetime as dt
import io
from dataclasses import replace

import numpy as np
import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecasting.calendar import as_date
from forecasting.consensus.events import Kind, Scope
from forecasting.consensus.overrides import resolve
from forecasting.errors import Conflicted, ImpossibleSpread, OutOfBounds
from forecasting.hierarchy import THOUSANDTHS
from forecasting.outputs import workbook
from forecasting.plan import views
from forecasting.vocabulary import Function, Measure, Operation
from tests.cycling import open_cycle
from tests.monthly.test_cycle import busiest, scope

LEAVES = st.lists(
    st.tuples(st.integers(0, 400_000), st.floats(0.5, 400), st.booleans(), st.floats(0, 50)),
    min_size=1, max_size=12,
)  # fmt: skip


@given(LEAVES, st.sampled_from(list(Operation)), st.floats(-80, 5_000))
def test_money_is_met_within_a_thousandth_of_a_unit_of_each_leaf(leaves, operation, value):
    present, worth, held, reference = (np.array(column) for column in zip(*leaves, strict=True))
    money = (present * worth).sum() / THOUSANDTHS
    meant = {"set": value, "add": money + value, "percent": money * (1 + value / 100)}
    try:
        deltas = resolve(
            present, operation, value, held=held, active=np.ones(len(present), bool),
            reference=reference, worth=worth,
        )  # fmt: skip
    except (OutOfBounds, ImpossibleSpread):
        kept = (present * worth)[held].sum() / THOUSANDTHS
        assert meant[operation] < kept + 1e-9 or held.all()
        return
    after = present + deltas
    assert (after >= 0).all()
    assert (deltas[held] == 0).all()
    assert abs((after * worth).sum() / THOUSANDTHS - meant[operation]) <= worth.sum() / 1000


def test_money_keeps_the_proportions_that_the_cells_have():
    deltas = resolve(
        np.array([10_000, 30_000]), Operation.SET, 1_600.0, held=np.zeros(2, bool),
        active=np.ones(2, bool), reference=np.ones(2), worth=np.array([20.0, 20.0]),
    )  # fmt: skip
    assert deltas.tolist() == [10_000, 30_000]  # 80 units at 20 each


def test_where_a_unit_earns_nothing_no_number_of_units_makes_the_margin():
    with pytest.raises(OutOfBounds, match="Enter units instead"):
        resolve(
            np.array([10_000]), Operation.SET, 50.0, held=np.zeros(1, bool),
            active=np.ones(1, bool), reference=np.ones(1), worth=np.array([-2.0]),
        )  # fmt: skip


def department(space, sku) -> Scope:
    weeks = space.plan.base.weeks
    return Scope(
        product_level="department", product=str(space.plan.products.nodes["department"][sku]),
        first_week=as_date(weeks[2]), last_week=as_date(weeks[5]),
    )  # fmt: skip


@pytest.mark.parametrize("measure", [Measure.REVENUE, Measure.MARGIN])
def test_a_department_set_in_money_holds_that_money(space, measure):
    where = department(space, busiest(space))
    before = space.input_amount("mara", where, measure)
    event = space.override("mara", where, "set", 1.1 * before, measure=measure, reason="EVENT")
    assert space.input_amount("mara", where, measure) == pytest.approx(1.1 * before, abs=1.0)
    assert f"set {measure} to $" in event.sentence
    assert event.measure is measure
    assert space.cycles.stale("mara") == []
    grid = views.grid(
        space.plan, layer="marketing", level="department", skus=np.arange(len(space.plan.sku_names)),
        weeks=np.arange(2, 6), measure=measure,
    )  # fmt: skip
    assert grid.loc[where.product].sum() == pytest.approx(1.1 * before, abs=1.0)


def test_revenue_is_at_the_discounted_price_where_one_runs(space):
    plan = space.plan
    act = next(a for a in plan.activations() if any(i.discount for i in a.items))
    item = next(i for i in act.items if i.discount)
    sku, (first, _) = plan.sku_index[item.sku], plan.scope_weeks(act)
    runs = plan.exposed(sku, act.activation) & plan.sku(sku).active
    doors = np.flatnonzero(runs[:, first])
    paid = plan.worth(sku, Measure.REVENUE)
    assert paid[doors, first] == pytest.approx(
        plan.base.price[sku, doors] * (1 - item.discount)
    )
    quiet = np.flatnonzero((plan.sku(sku).depth == 0).all(axis=0))
    assert paid[:, quiet[0]] == pytest.approx(plan.base.price[sku])
    margin = plan.worth(sku, Measure.MARGIN)
    assert paid - margin == pytest.approx(plan.base.unit_cost[sku])


def test_a_target_in_money_goes_stale_when_the_discount_is_called_off(space):
    plan = space.plan
    act = next(a for a in plan.activations() if any((i.discount or 0) >= 0.15 for i in a.items))
    item = next(i for i in act.items if (i.discount or 0) >= 0.15)
    sku, (first, last) = plan.sku_index[item.sku], plan.scope_weeks(act)
    where = scope(space, sku, first, last)
    before = space.input_amount("dana", where, "revenue")
    space.override("dana", where, "set", before * 1.2, measure="revenue", reason="TREND")
    assert space.cycles.stale("dana") == []
    dearer = replace(act, items=tuple(replace(i, discount=0.0, lift=2.0) for i in act.items))
    space.calendar.save("mara", dearer)
    (stale,) = space.cycles.stale("dana")
    assert stale.sentence.startswith("Planning set $")


def test_what_has_no_price_is_named_and_nothing_is_changed(space):
    sku = busiest(space)
    space.plan.base.price[sku, :] = np.nan
    before = space.seq
    with pytest.raises(OutOfBounds, match=space.plan.sku_names[sku]):
        space.override("dana", scope(space, sku), "set", 100, measure="revenue", reason="PRICE")
    assert space.seq == before
    row = views.grid(
        space.plan, layer="draft", level="sku", skus=np.array([sku]), weeks=np.arange(3),
        measure=Measure.REVENUE,
    )  # fmt: skip
    assert row.isna().all(axis=None)  # unknown, not zero


def test_a_conflict_says_money_where_the_person_speaks_of_money(space):
    sku = busiest(space)
    space.set_person("admin", identity="nora", name="Nora Second", function=Function.PLANNING)
    seen = space.seq
    space.override("nora", scope(space, sku), "set", 9_000, measure="revenue", reason="TREND")
    with pytest.raises(Conflicted, match=r"set revenue to \$9,000.*it is \$"):
        space.override(
            "dana",
            scope(space, sku),
            "set",
            8_000,
            measure="revenue",
            reason="TREND",
            base=seen,
        )


def test_a_workbook_in_revenue_comes_back_as_revenue(space):
    sku = busiest(space)
    name = space.plan.sku_names[sku]
    grid = views.grid(
        space.plan, layer="marketing", level="sku", skus=np.arange(len(space.plan.sku_names)),
        weeks=np.arange(4), measure=Measure.REVENUE,
    )  # fmt: skip
    file = workbook.export(space, "mara", grid, level="sku", measure=Measure.REVENUE)
    book = openpyxl.load_workbook(io.BytesIO(file))
    sheet = book["Forecast"]
    assert "Revenue" in sheet.cell(1, 1).value
    row = next(r for r in range(3, sheet.max_row + 1) if sheet.cell(r, 1).value == name)
    sheet.cell(row, 3).value = 7_500
    back = io.BytesIO()
    book.save(back)
    returned = workbook.judge(space, "mara", back, "m.xlsx")
    (event,) = workbook.apply(space, "mara", returned, reason="EVENT")
    assert event.measure is Measure.REVENUE
    assert space.input_amount("mara", scope(space, sku, 1), "revenue") == pytest.approx(
        7_500, abs=1
    )
    assert "Typed, $" in workbook.by_verdict(returned.cells, returned.measure).columns


@pytest.mark.parametrize("measure", list(Measure))
def test_an_adopted_run_keeps_a_target_in_its_own_measure(space, measure):
    now = space.plan.base.as_of
    space.runs.refresh("dana", as_of=now - dt.timedelta(28))
    open_cycle(space, "2026-12")
    sku = busiest(space)
    where = scope(space, sku, 6, 9)
    target = 1.3 * space.input_amount("mara", where, measure)
    entered = space.override("mara", where, "set", target, measure=measure, reason="EVENT")
    run = space.runs.refresh("dana", as_of=now)
    space.cycles.adopt("dana", run.seq)
    moved = [e for e in space.ledger.tail(entered.seq) if e.kind is Kind.RESOLVE]
    assert moved  # the statistical number under it is another one now
    assert space.input_amount("mara", where, measure) == pytest.approx(target, abs=1)


@pytest.mark.parametrize(
    ("value", "sign", "text"),
    [
        (0.0, True, "$0"),
        (-0.3, False, "$0"),
        (294.0, False, "$294"),
        (1_372.0, False, "$1.4k"),
        (105_204.0, False, "$105k"),
        (-2_562.0, False, "-$2.6k"),
        (1_254_000.0, True, "+$1.25M"),
    ],
)
def test_money_is_written_in_three_digits_at_most(value, sign, text):
    from forecasting.vocabulary import money

    assert money(value, sign=sign) == text
