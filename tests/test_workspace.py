"""Every verb: rights, bounds, conflicts, undo, and what moves with it."""

import datetime as dt
import subprocess
import threading
from contextlib import closing

import numpy as np
import pandas as pd
import pytest

from data import counts
from forecasting.calendar import as_date
from forecasting.consensus.activations import Activation, Item
from forecasting.consensus.events import Scope
from forecasting.demand import process
from forecasting.errors import (
    BadFiles,
    Conflicted,
    ImpossibleSpread,
    NoForecast,
    NotAllowed,
    OutOfBounds,
    Refused,
    UnknownName,
)
from forecasting.hierarchy import THOUSANDTHS
from forecasting.plan import views
from forecasting.plan.assembly import assemble
from forecasting.record import building
from forecasting.record import runs as runs_module
from forecasting.rights import LOCAL_ADMIN, RIGHTS
from forecasting.sample.build import STAFF
from forecasting.vocabulary import INPUTS, Function, Status
from forecasting.workspace import Workspace
from tests.postgres import both_engines

WHO = {function.value: identity for identity, _, function in STAFF}


def scope(space, sku=0, week=2, **more) -> Scope:
    day = as_date(space.plan.base.weeks[week])
    fields = {
        "product_level": "sku",
        "product": space.plan.sku_names[sku],
        "first_week": day,
        "last_week": day,
    }
    return Scope(**(fields | more))


def featured(space) -> int:
    """A SKU that an activation features, with stock and demand."""
    return next(
        s for s, items in space.plan.items.items() if items and space.plan.sku(s).known.any()
    )


def total(space, layer, sku, week) -> float:
    return space.plan.totals[layer][sku, week] / THOUSANDTHS


def test_a_set_holds_to_the_unit_and_moves_the_draft(space):
    sku = featured(space)
    before = total(space, "statistical", sku, 2)
    event = space.override("dana", scope(space, sku), "set", 123.0, reason="TREND")
    assert total(space, "planning", sku, 2) == 123.0
    assert total(space, "draft", sku, 2) == 123.0
    assert total(space, "statistical", sku, 2) == before
    assert event.units == pytest.approx(123.0 - before, abs=1e-9)


def test_the_draft_is_the_mean_of_those_who_spoke(space):
    sku = featured(space)
    stat = total(space, "statistical", sku, 3)
    space.override("dana", scope(space, sku, 3), "add", 40, reason="TREND")
    assert total(space, "draft", sku, 3) == pytest.approx(stat + 40, abs=0.01)
    space.override("mara", scope(space, sku, 3), "add", 20, reason="EVENT")
    assert total(space, "draft", sku, 3) == pytest.approx(stat + 30, abs=0.02)


def test_more_demand_means_more_risk_and_less_stock_at_once(space):
    sku = featured(space)
    item = space.plan.items[sku][0]
    before = space.plan.sku(sku)
    week = item.first
    space.override("dana", scope(space, sku, week), "percent", 300, reason="TREND")
    after = space.plan.sku(sku)
    assert after.items[0].p_window.max() >= item.p_window.max()
    assert after.items[0].short.sum() > item.short.sum()
    known = after.known
    assert (
        after.projection.on_hand[known, week] <= before.projection.on_hand[known, week] + 1e-9
    ).all()


def test_an_edit_on_a_class_spreads_over_its_skus_and_adds_up(space):
    plan = space.plan
    klass = plan.products.nodes["class"][featured(space)]
    at = scope(space, product_level="class", product=klass)
    members = plan.products.members("class", klass)
    space.override("ines", at, "set", 5000, reason="ASSORTMENT")
    assert plan.totals["merchandising"][members, 2].sum() == 5000 * THOUSANDTHS


def test_parts_add_up_to_the_draft_exactly(space):
    sku = featured(space)
    space.override("mara", scope(space, sku), "add", 7, reason="EVENT")
    computed = space.plan.sku(sku)
    lifts = sum(units for _, units in computed.lifts)
    spilt = sum(computed.spillover.values())
    np.testing.assert_array_equal(computed.baseline + lifts + spilt, computed.statistical)
    parts = views.parts_of(space.plan, [sku], np.arange(len(space.plan.door_names)))
    by_week = parts.groupby("week")["units"].sum().to_numpy()
    np.testing.assert_allclose(
        by_week * THOUSANDTHS, space.plan.totals["draft"][sku], atol=1e-6
    )


def test_held_cells_stay_when_a_total_above_is_changed(space):
    sku = featured(space)
    plan = space.plan
    active = np.flatnonzero(plan.sku(sku).active[:, 2])
    door = plan.door_names[active[0]]
    cell = scope(space, sku, location_level="door", location=door)
    before = space.input_amount("dana", cell)
    space.hold("dana", cell)
    space.override("dana", scope(space, sku), "percent", 100, reason="TREND")
    assert space.input_amount("dana", cell) == before
    event = space.release("dana", cell)
    space.override("dana", scope(space, sku), "percent", 100, reason="TREND")
    assert space.input_amount("dana", cell) > before
    with pytest.raises(Refused, match="cannot be taken back"):
        space.reversals.undo("dana", event.seq)


@pytest.mark.parametrize("then", ["nothing", "taken back", "released"])
def test_a_hold_does_not_keep_what_it_held_from_being_taken_back(space, then):
    cell = scope(space, featured(space))
    before = space.input_amount("dana", cell)
    change = space.override("dana", cell, "percent", 50, reason="TREND")
    held = space.hold("dana", cell)
    if then == "taken back":
        space.reversals.undo("dana", held.seq)
    if then == "released":
        space.release("dana", cell)
    assert space.reversals.preview("dana", change.seq).n_superseded == 0
    back = space.reversals.undo("dana", change.seq)
    assert space.input_amount("dana", cell) == before
    space.reversals.undo("dana", back.seq)
    assert space.input_amount("dana", cell) > before


def test_holding_everything_refuses_the_spread_whole(space):
    sku = featured(space)
    space.hold("dana", scope(space, sku))
    before = space.seq
    with pytest.raises(ImpossibleSpread, match="held"):
        space.override("dana", scope(space, sku), "set", 999, reason="TREND")
    assert space.seq == before


@both_engines
def test_two_people_on_one_cell_of_one_input_meet_a_conflict_with_a_name(space):
    space.set_person("admin", identity="nora", name="Nora Second", function=Function.PLANNING)
    base = space.seq
    sku = featured(space)
    space.override("dana", scope(space, sku), "set", 150, reason="TREND", base=base)
    with pytest.raises(Conflicted, match=r"Dana Okoro in Planning set 150 u") as refused:
        space.override("nora", scope(space, sku), "set", 90, reason="TREND", base=base)
    assert refused.value.conflicts[0].now == 150
    assert total(space, "planning", sku, 2) == 150
    space.override("nora", scope(space, sku), "set", 90, reason="TREND", base=space.seq)
    assert total(space, "planning", sku, 2) == 90


@both_engines
def test_other_inputs_other_cells_and_my_own_changes_are_no_conflict(space):
    base = space.seq
    sku = featured(space)
    space.override("dana", scope(space, sku), "set", 150, reason="TREND", base=base)
    space.override("mara", scope(space, sku), "set", 170, reason="EVENT", base=base)
    space.override("dana", scope(space, sku), "set", 160, reason="TREND", base=base)
    space.set_person("admin", identity="nora", name="Nora Second", function=Function.PLANNING)
    space.override("nora", scope(space, sku, 4), "set", 80, reason="TREND", base=base)


@both_engines
def test_undo_returns_the_number_and_redo_brings_it_back(space):
    sku = featured(space)
    stat = total(space, "statistical", sku, 2)
    change = space.override("dana", scope(space, sku), "set", 150, reason="TREND")
    preview = space.reversals.preview("dana", change.seq)
    assert preview.leaves.delta.sum() / THOUSANDTHS == pytest.approx(stat - 150, abs=1e-9)
    back = space.reversals.undo("dana", change.seq)
    assert total(space, "planning", sku, 2) == pytest.approx(stat, abs=1e-9)
    with pytest.raises(Refused, match="taken back already"):
        space.reversals.undo("dana", change.seq)
    space.reversals.undo("dana", back.seq)
    assert total(space, "planning", sku, 2) == 150


@both_engines
def test_only_the_facilitator_takes_back_what_others_did(space):
    sku = featured(space)
    change = space.override("mara", scope(space, sku), "set", 150, reason="EVENT")
    with pytest.raises(NotAllowed, match="Ines Falk"):
        space.reversals.undo("ines", change.seq)
    space.reversals.undo("dana", change.seq)
    assert (
        "marketing" not in space.plan.sku(sku).deltas
        or not space.plan.sku(sku).deltas["marketing"].any()
    )


def test_clearing_returns_the_own_input_to_statistical(space):
    sku = featured(space)
    space.override("dana", scope(space, sku), "set", 150, reason="TREND")
    space.override("dana", scope(space, sku), "clear", None, reason="DATA_FIX")
    assert total(space, "planning", sku, 2) == total(space, "statistical", sku, 2)
    assert space.history.events("dana", most=1)[0].sentence.startswith(
        "went back to the statistical"
    )
    with pytest.raises(OutOfBounds, match="nothing to clear"):
        space.override("dana", scope(space, sku), "clear", None, reason="DATA_FIX")


@both_engines
def test_the_state_survives_closing_and_opening_again(space, company_copy):
    sku = featured(space)
    space.override("dana", scope(space, sku), "set", 150, reason="TREND")
    space.hold("mara", scope(space, sku, 5))
    taken = space.override("ines", scope(space, sku, 4), "set", 10, reason="PRICE")
    space.reversals.undo("ines", taken.seq)
    act = space.plan.items[sku][0].activation
    space.calendar.cancel("mara", act)
    before = {k: v.copy() for k, v in space.plan.totals.items()}
    held = space.plan.held("marketing", sku)
    seq = space.seq
    space.close()
    again = Workspace(company_copy)
    try:
        assert again.seq == seq
        for layer, values in before.items():
            np.testing.assert_array_equal(again.plan.totals[layer], values, err_msg=layer)
        np.testing.assert_array_equal(again.plan.held("marketing", sku), held)
        assert again.reversals.has_taken_back(taken.seq)
        assert not again.plan.activation(act).is_live
    finally:
        again.close()


@both_engines
def test_the_state_at_a_past_moment_is_what_it_was_then(space):
    sku = featured(space)
    first = space.override("dana", scope(space, sku), "add", 10, reason="TREND")
    space.override("dana", scope(space, sku), "add", 5, reason="TREND")
    then = space.history.input_at("victor", first.seq)
    assert then["units"].sum() == pytest.approx(10)
    assert space.history.input_at("victor", space.seq)["units"].sum() == pytest.approx(15)
    assert space.history.input_at("victor", first.seq - 1).empty


def test_cancelling_an_activation_removes_its_lift_and_what_was_aimed_at_it(space):
    sku = featured(space)
    item = space.plan.items[sku][0]
    act = item.activation
    aimed = scope(space, sku, item.first, activation=act)
    space.override("mara", aimed, "add", 30, reason="PROMO_CHANGE")
    assert total(space, "marketing", sku, item.first) == pytest.approx(
        total(space, "statistical", sku, item.first) + 30
    )
    space.calendar.cancel("mara", act)
    computed = space.plan.sku(sku)
    assert act not in dict(computed.lifts)
    assert "marketing" not in computed.deltas
    cancel = space.seq
    space.reversals.undo("mara", cancel)
    assert total(space, "marketing", sku, item.first) == pytest.approx(
        total(space, "statistical", sku, item.first) + 30
    )


def test_cancelling_at_some_doors_removes_lift_there_and_nowhere_else(space):
    sku = featured(space)
    name = space.plan.sku_names[sku]
    start = space.plan.base.as_of + dt.timedelta(28)
    doors = [space.plan.door_names[d] for d in np.flatnonzero(space.plan.sku(sku).active[:, 4])]
    act = Activation(
        activation="NEW", name="Door test", type="email", start=start, end=start + dt.timedelta(6),
        items=tuple(Item(sku=name, door=d, lift=2.0) for d in doors),
    )  # fmt: skip
    space.calendar.save("mara", act)
    with_all = dict(space.plan.sku(sku).lifts)["NEW"].copy()
    fewer = Activation(
        activation="NEW", name="Door test", type="email", start=start, end=start + dt.timedelta(6),
        items=tuple(Item(sku=name, door=d, lift=2.0) for d in doors[1:]),
    )  # fmt: skip
    space.calendar.save("mara", fewer)
    with_fewer = dict(space.plan.sku(sku).lifts)["NEW"]
    gone = space.plan.door_index[doors[0]]
    assert with_all[gone].sum() > 0
    assert with_fewer[gone].sum() == 0
    kept = [d for d in range(len(space.plan.door_names)) if d != gone]
    np.testing.assert_array_equal(with_all[kept], with_fewer[kept])


def test_a_stated_lift_is_what_the_week_shows(space):
    sku = featured(space)
    name = space.plan.sku_names[sku]
    start = as_date(space.plan.base.weeks[9])
    act = Activation(
        activation="L", name="Lift", type="social", start=start, end=start + dt.timedelta(6),
        items=(Item(sku=name),),
    )  # fmt: skip
    space.calendar.save("mara", act)
    others = [u for a, u in space.plan.sku(sku).lifts if a != "L"]
    assert not any(u[:, 9].any() for u in others), "the test needs a week of its own"
    space.calendar.set_lift("mara", "L", name, 2.5)
    base = space.plan.totals["baseline"][sku, 9]
    assert space.plan.totals["statistical"][sku, 9] == pytest.approx(2.5 * base, rel=1e-3)
    space.calendar.set_lift("mara", "L", name, None)
    assert space.plan.totals["statistical"][sku, 9] != pytest.approx(2.5 * base, rel=1e-3)


@both_engines
def test_two_people_changing_one_activation_meet_a_conflict(space):
    space.set_person("admin", identity="otto", name="Otto Second", function=Function.MARKETING)
    act = space.plan.activations()[0].activation
    base = space.seq
    space.calendar.cancel("mara", act, base=base)
    with pytest.raises(Conflicted, match="Mara Quill"):
        space.calendar.save("otto", space.plan.activation(act), base=base)


def stopped(*_, **__):
    raise Refused("not now")


def refusal_of(verb, space, who) -> Refused | None:
    try:
        verb(space, who)
    except Refused as error:
        return error
    return None


VERBS = {
    "override": lambda s, who: s.override(who, scope(s), "add", 1, reason="TREND"),
    "hold": lambda s, who: s.hold(who, scope(s)),
    "comment": lambda s, who: s.comment(who, scope(s), "looks high"),
    "activation": lambda s, who: s.calendar.cancel(who, s.plan.activations()[0].activation),
    "lift": lambda s, who: s.calendar.set_lift(who, s.plan.activations()[0].activation, s.plan.activations()[0].items[0].sku, 2.0),
    "people": lambda s, who: s.set_person(who, identity="new", name="New", function=Function.PLANNING),
    "import": lambda s, who: s.roll_back(who, 10_000),
    "import the calendar": lambda s, who: s.preview_import(who, []),
    "refresh": lambda s, who: s.runs.refresh(who),
    "backtest": lambda s, who: s.hindsight.backtest(who),
}  # fmt: skip


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_is_done_for_those_who_have_it_and_refused_to_the_others(
    space, verb, monkeypatch
):
    monkeypatch.setattr(runs_module, "run_in_process", stopped)
    for function, who in WHO.items():
        before = space.seq
        allowed = Function(function) in RIGHTS[verb]
        if allowed:
            refusal = refusal_of(VERBS[verb], space, who)
            assert not isinstance(refusal, NotAllowed)
        else:
            with pytest.raises(NotAllowed):
                VERBS[verb](space, who)
            assert space.seq == before


def test_bad_requests_are_refused_with_words_and_change_nothing(space):
    before = space.seq
    at = scope(space)
    with pytest.raises(UnknownName, match="nobody called"):
        space.override("ghost", at, "set", 1, reason="TREND")
    with pytest.raises(UnknownName, match="No sku"):
        space.override("dana", scope(space, product="NOPE"), "set", 1, reason="TREND")
    with pytest.raises(OutOfBounds, match="The plan runs from"):
        past = dt.date(2020, 1, 5)
        space.override(
            "dana", scope(space, first_week=past, last_week=past), "set", 1, reason="TREND"
        )
    with pytest.raises(OutOfBounds, match="cannot be negative"):
        space.override("dana", at, "set", -1, reason="TREND")
    with pytest.raises(OutOfBounds, match="has to be a number"):
        space.override("dana", at, "set", float("nan"), reason="TREND")
    with pytest.raises(OutOfBounds, match="not a reason"):
        space.override("dana", at, "set", 1, reason="BECAUSE")
    with pytest.raises(OutOfBounds, match="needs a note"):
        space.override("dana", at, "set", 1, reason="OTHER")
    with pytest.raises(OutOfBounds, match="at most"):
        space.override("dana", at, "set", 1, reason="OTHER", note="x" * 3000)
    with pytest.raises(UnknownName, match="no activation"):
        space.override("mara", scope(space, activation="NOPE"), "add", 1, reason="EVENT")
    with pytest.raises(OutOfBounds, match="before its start"):
        day = dt.date(2026, 12, 1)
        Activation(activation="X", name="X", type="email", start=day, end=day - dt.timedelta(1))
    assert space.seq == before


@both_engines
def test_an_import_is_all_or_nothing_and_can_be_rolled_back(space, tmp_path):
    (tmp_path / "doors.csv").write_text("door,name,region,kind\nX9,New place,North,store\n")
    before = len(space.store.table("doors"))
    event, _ = space.import_files("dana", [tmp_path])
    assert len(space.store.table("doors")) == before + 1
    (tmp_path / "doors.csv").write_text("door,kind\nX8,store\nX7,kiosk\n")
    with pytest.raises(BadFiles, match=r"doors\.csv, line 3, column kind: found 'kiosk'"):
        space.import_files("dana", [tmp_path])
    assert len(space.store.table("doors")) == before + 1
    space.roll_back("dana", event.seq)
    assert len(space.store.table("doors")) == before
    with pytest.raises(Refused, match="rolled back already"):
        space.roll_back("dana", event.seq)


def test_the_only_sales_can_be_rolled_back_while_a_forecast_of_them_is_in_force(space):
    before = space.plan.totals["draft"].sum()
    (batch,) = space.store.query("batches")["batch"]
    space.roll_back("dana", int(batch))
    assert space.runs.complete().week is None
    assert space.plan.totals["draft"].sum() <= before
    with pytest.raises(Refused, match="no sales to learn from"):
        space.runs.refresh("dana")


def test_a_later_import_replaces_the_rows_it_speaks_of(space, tmp_path):
    stock = space.store.table("inventory")
    one = stock[stock["date"] == stock["date"].max()].iloc[[0]].assign(on_hand=4321.0)
    one.to_csv(tmp_path / "inventory.csv", index=False)
    space.import_files("dana", [tmp_path])
    after = space.store.table("inventory")
    assert len(after) == len(stock)
    assert (after["on_hand"] == 4321.0).sum() == 1


@both_engines
def test_a_fit_that_crashes_leaves_the_run_before_in_force(space, monkeypatch):
    run = space.plan.base.run
    process.WAITING.let_go()
    real = subprocess.Popen
    monkeypatch.setattr(
        process.subprocess, "Popen",
        lambda command, **more: real([command[0], "-c", "import sys; sys.exit('out of memory')"], **more),
    )  # fmt: skip
    with pytest.raises(Refused, match="out of memory"):
        space.runs.refresh("dana", full=True)
    assert space.plan.base.run == run
    assert space.runs.refreshing.progress is None
    assert "out of memory" in space.runs.refreshing.error


@both_engines
def test_a_refresh_puts_a_new_run_in_force_and_keeps_what_people_added(space):
    sku = featured(space)
    space.override("dana", scope(space, sku), "add", 25, reason="TREND")
    told = []
    event = space.runs.refresh("dana", full=True, tell=lambda _text, share: told.append(share))
    assert space.plan.base.run == event.seq
    assert total(space, "planning", sku, 2) == pytest.approx(
        total(space, "statistical", sku, 2) + 25, abs=0.01
    )
    assert told == sorted(told)
    assert len(told) > 4


def test_edits_made_while_the_plan_is_built_anew_are_in_the_new_one(space):
    sku = featured(space)
    stop = threading.Event()
    made = []

    def edit():
        while not stop.is_set():
            made.append(space.override("dana", scope(space, sku), "add", 1, reason="TREND"))

    before = total(space, "planning", sku, 2)
    editor = threading.Thread(target=edit)
    editor.start()
    for _ in range(4):
        space._rebuild()
    stop.set()
    editor.join()
    assert len(made) > 3
    assert total(space, "planning", sku, 2) == pytest.approx(before + len(made), abs=1e-6)


def test_the_plan_is_built_once_and_only_when_it_is_asked_for(
    company_copy, tmp_path, monkeypatch
):
    built = []

    def counted(*given, **options):
        built.append(1)
        return assemble(*given, **options)

    monkeypatch.setattr(building, "assemble", counted)
    (tmp_path / "doors.csv").write_text("door,name,region,kind\nX9,New place,North,store\n")
    with closing(Workspace(company_copy)) as space:
        assert space.has_forecast
        assert space.calendar.activations
        space.import_files("dana", [tmp_path / "doors.csv"])
        assert not built
        seen = []
        readers = [threading.Thread(target=lambda: seen.append(space.plan)) for _ in range(4)]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
        assert built == [1]
        assert len(seen) == 4
        assert all(plan is seen[0] for plan in seen)
        assert "X9" in seen[0].door_names


def test_an_empty_database_says_what_to_do_first():
    empty = Workspace()
    try:
        with pytest.raises(NoForecast, match="Import data"):
            _ = empty.plan
        with pytest.raises(Refused, match="no sales"):
            empty.runs.refresh(LOCAL_ADMIN.id)
    finally:
        empty.close()


def test_the_bridge_shows_problems_of_every_kind_and_never_green_without_data(space):
    rows = views.bridge_rows(space.plan, weeks=52)
    kinds = set(rows["status"])
    assert {Status.RED.value, Status.GREEN.value, Status.GREY.value} <= kinds
    grey = rows[rows["status"] == "grey"]
    assert grey[["p_stockout", "units_short", "on_hand_end"]].isna().all().all()
    uncounted = np.isnan(space.plan.base.opening)
    for row in rows[["sku", "door", "status"]].drop_duplicates().itertuples():
        if uncounted[space.plan.sku_index[row.sku], space.plan.door_index[row.door]]:
            assert row.status == "grey"


def test_the_threshold_rule_is_the_contracts_example():
    from forecasting.inventory.bridge import Limits, Prospect, assess_item
    from forecasting.inventory.projection import project
    from forecasting.inventory.risk import assess

    # Without lift on hand would be 90 and 60; lift 40 then 35: 90 >= 40, then 60 < 75.
    lift, base = np.array([[40.0, 35.0]]), np.array([[30.0, 30.0]])
    opening, none = np.array([120.0]), np.zeros((1, 2))
    demand = base + lift
    prospect = Prospect(
        sku=0, doors=np.array([0]), demand=demand, lift_units=lift, opening=opening,
        projection=project(opening, none, demand),
        risk=assess(opening, none, demand, lift_sd=np.zeros(2), alpha=0.01),
        known=np.array([True]), price=np.full((1, 2), 10.0), unit_cost=np.full(2, 4.0),
    )  # fmt: skip

    def judged(limits):
        return assess_item(
            prospect, activation="A", kind="email", first=0, last=1,
            lift_units=lift, limits=limits,
        )  # fmt: skip

    item = judged(Limits())
    np.testing.assert_allclose(item.headroom, [[90, 60]])
    assert item.breach.tolist() == [True]
    assert judged(Limits(threshold_by_type={"email": 0.79})).breach.tolist() == [False]


def test_planned_supply_counts_more_than_firm_and_routine_more_than_planned(space):
    def short(supply):
        return views.bridge_rows(space.plan, weeks=12, supply=supply)["units_short"].sum()

    assert short("firm") >= short("planned") - 1e-6
    assert short("planned") >= short("routine") - 1e-6


def test_every_function_that_plans_has_an_input_and_nobody_else():
    assert [f for f in Function if f in RIGHTS["override"]] == [
        Function.MARKETING,
        Function.MERCHANDISING,
        Function.PLANNING,
    ]
    assert set(INPUTS) == set(RIGHTS["override"])


def test_comments_and_history_are_found_again(space):
    sku = featured(space)
    name = space.plan.sku_names[sku]
    space.comment("ines", scope(space, sku), "buyer says the colour is late")
    space.override("dana", scope(space, sku), "add", 3, reason="SUPPLY", note="boat")
    for node in (("sku", name), ("class", str(space.plan.products.nodes["class"][sku]))):
        found = [e.kind.value for e in space.history.events("victor", product=node)]
        assert found == ["override", "comment"]
    assert (
        space.history.events("victor", kind="comment")[0].note
        == "buyer says the colour is late"
    )
    assert space.history.events("victor", reason="SUPPLY")[0].person == "dana"
    found = space.history.of_cells("victor", scope(space, sku))
    assert [e.person for e in found] == ["dana", "ines"]


def test_history_is_read_before_there_is_a_forecast():
    with closing(Workspace()) as empty:
        empty.set_person("admin", identity="dana", name="Dana", function=Function.PLANNING)
        assert [e.kind.value for e in empty.history.events("dana", kind="person")] == ["person"]
        with pytest.raises(NoForecast):
            empty.history.events("dana", product=("sku", "A"))


def test_last_sales_of_the_grid_agree_with_a_second_way_of_adding_up(space):
    grid = views.grid(
        space.plan, layer="statistical", level="class", skus=np.arange(len(space.plan.sku_names)),
        weeks=np.arange(6),
    )  # fmt: skip
    by_hand = pd.Series(0.0, index=grid.index)
    for s in range(len(space.plan.sku_names)):
        leaf = space.plan.sku(s).statistical[:, :6].sum() / THOUSANDTHS
        by_hand[space.plan.products.nodes["class"][s]] += leaf
    pd.testing.assert_series_equal(grid.sum(axis=1), by_hand, check_names=False)


def test_not_one_of_the_malformed_files_changes_a_single_value(space, tmp_path):
    from tests.data.test_import import GOOD, MALFORMED, write

    def content():
        with space.store.cursor() as cursor:
            names = [
                n
                for (n,) in cursor.execute(
                    "select table_name from duckdb_tables() where database_name = current_database()"
                ).fetchall()
            ]
            return {
                n: cursor.execute(f"select count(*), bit_xor(hash(t)) from {n} as t").fetchall()
                for n in names
            }

    before, seq = content(), space.seq
    for number, (tables, *_) in enumerate(MALFORMED.values()):
        folder = tmp_path / str(number)
        folder.mkdir()
        with pytest.raises(BadFiles):
            space.import_files("dana", write(folder, **{**GOOD, **tables}))
    assert content() == before
    assert space.seq == seq


def test_usual_weeks_of_supply_are_mean_stock_over_sales_of_the_weeks_it_could_be_sold(space):
    as_of = space.plan.base.as_of
    begin = pd.Timestamp(as_of) - pd.Timedelta(175, "D")
    stock, sales = space.store.table("inventory"), space.store.table("sales")
    for frame in (stock, sales):
        frame["date"] = pd.to_datetime(frame["date"])
    held = stock[stock["date"] >= begin].groupby(["sku", "door"])["on_hand"].mean()
    sold = sales[sales["date"] >= begin].groupby(["sku", "door"])["units"].sum() / 26
    found = counts.stock(space.store, as_of).set_index(["sku", "door"])["cover"]
    expected = (held / sold.where(sold > 0)).reindex(found.index)
    weeks = sales.groupby(["sku", "door"])["date"].agg(["min", "max"]).reindex(found.index)
    whole = (weeks["min"] <= begin) & (weeks["max"] >= pd.Timestamp(as_of)) & expected.notna()
    assert whole.mean() > 0.5
    np.testing.assert_allclose(found[whole], expected[whole])
    # What was launched since sold in fewer weeks: the same stock lasts less long.
    young = (weeks["min"] > begin) & expected.notna()
    assert young.any()
    assert (found[young] < expected[young]).all()


def test_history_is_found_by_any_node_that_a_change_touched(space):
    plan = space.plan
    sku = featured(space)
    door = plan.door_names[int(np.flatnonzero(plan.sku(sku).active[:, 2])[0])]
    other = next(d for d in plan.door_names if d != door)
    cell = scope(space, sku, location_level="door", location=door)
    entered = space.override("dana", cell, "add", 2, reason="TREND").seq
    act = next(
        a for a in plan.activations() if any(i.sku == plan.sku_names[sku] for i in a.items)
    )
    moved = space.calendar.set_lift("mara", act.activation, plan.sku_names[sku], 1.7).seq
    klass = str(plan.products.nodes["class"][sku])
    elsewhere = next(c for c in plan.products.names("class") if c != klass)
    of = lambda **node: [e.seq for e in space.history.events("victor", **node)]  # noqa: E731
    assert of(product=("class", klass))[:2] == [moved, entered]
    assert entered in of(product=("sku", plan.sku_names[sku]), location=("door", door))
    assert entered not in of(product=("class", elsewhere))
    assert entered not in of(location=("door", other))
    with pytest.raises(UnknownName):
        space.history.events("victor", product=("class", "Nothing"))
