"""The monthly cycle: blind inputs, agreement, signatures that void, versions that never move."""

import datetime as dt
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.versions import Version
from forecasting.calendar import as_date
from forecasting.consensus import proposal
from forecasting.consensus.activations import Activation, Item
from forecasting.consensus.cycle import Stage, following
from forecasting.consensus.events import Scope
from forecasting.consensus.proposal import EQUAL, FLOOR, Record, weigh
from forecasting.consensus.rules import Rules
from forecasting.errors import Conflicted, NotAllowed, OutOfBounds, Refused, UnknownName
from forecasting.hierarchy import THOUSANDTHS
from forecasting.monthly.inputs import Change
from forecasting.outputs import consensus_pack
from forecasting.vocabulary import INPUTS, Function
from forecasting.workspace import Workspace
from tests.cycling import open_cycle

SIGNERS = ("mara", "ines", "dana")


def department_of(space, sku=0) -> str:
    return str(space.plan.products.nodes["department"][sku])


def scope(space, sku=0, first=3, last=None, **more) -> Scope:
    weeks = space.plan.base.weeks
    fields = {
        "product_level": "sku",
        "product": space.plan.sku_names[sku],
        "first_week": as_date(weeks[first]),
        "last_week": as_date(weeks[first if last is None else last]),
    }
    return Scope(**(fields | more))


def units(space, layer, sku, week) -> float:
    return space.plan.totals[layer][sku, week] / THOUSANDTHS


def busiest(space) -> int:
    return int(space.plan.totals["statistical"].sum(axis=1).argmax())


@pytest.fixture
def opened(space):
    open_cycle(space, "2026-12", blind=False)
    return space


def sign_all(space):
    for department in space.plan.products.names("department"):
        for person in SIGNERS:
            space.cycles.sign(person, department)


def test_a_cycle_goes_from_inputs_to_review_to_signed_to_published(space):
    cycles = space.cycles
    open_cycle(space, "2026-12", blind=True)
    assert cycles.standing().stage is Stage.INPUTS
    for person in SIGNERS:
        cycles.submit(person)
    assert set(cycles.standing().submitted) == {str(f) for f in INPUTS}
    cycles.reveal("dana")
    assert cycles.standing().stage is Stage.REVIEW
    with pytest.raises(Refused, match="lack signatures"):
        cycles.publish("dana")
    sign_all(space)
    assert cycles.standing().stage is Stage.SIGNED
    event = cycles.publish("dana")
    assert cycles.standing().stage is Stage.PUBLISHED
    assert not cycles.is_open
    (version,) = cycles.published()
    assert (version.version, version.cycle) == (event.seq, "2026-12")
    fed = event.body.fed["buy plan"]
    assert fed["units"] == pytest.approx(space.plan.totals["draft"].sum() / THOUSANDTHS)


def test_only_those_who_have_the_right_move_the_cycle(opened):
    cycles = opened.cycles
    for person in ("mara", "ines", "victor", "sam"):
        with pytest.raises(NotAllowed):
            cycles.publish(person)
        with pytest.raises(NotAllowed):
            cycles.agree(person, scope(opened), column="proposed")
        with pytest.raises(NotAllowed):
            cycles.open(person, "2027-01")
    for person in ("victor", "sam"):
        with pytest.raises(NotAllowed):
            cycles.sign(person, department_of(opened))
        with pytest.raises(NotAllowed):
            cycles.submit(person)
    with pytest.raises(Refused, match="does not speak for Marketing"):
        cycles.sign("dana", department_of(opened), function="marketing")


def test_an_agreement_is_the_draft_and_inputs_do_not_move_it_any_more(opened):
    sku = busiest(opened)
    opened.override("mara", scope(opened, sku), "add", 40, reason="EVENT")
    opened.cycles.agree("dana", scope(opened, sku), column="marketing")
    assert units(opened, "draft", sku, 3) == units(opened, "marketing", sku, 3)
    opened.override("ines", scope(opened, sku), "add", 900, reason="PRICE")
    assert units(opened, "draft", sku, 3) == units(opened, "marketing", sku, 3)
    assert units(opened, "proposed", sku, 3) > units(opened, "draft", sku, 3)
    opened.cycles.agree("dana", scope(opened, sku), units=777)
    assert units(opened, "draft", sku, 3) == 777
    other = units(opened, "draft", sku, 4)
    assert other == units(opened, "proposed", sku, 4)


def test_an_agreement_taken_back_leaves_the_one_before_it_or_the_proposal(opened):
    sku = busiest(opened)
    opened.override("mara", scope(opened, sku), "add", 40, reason="EVENT")
    first = opened.cycles.agree("dana", scope(opened, sku), units=500)
    second = opened.cycles.agree("dana", scope(opened, sku), units=600)
    opened.reversals.undo("dana", second.seq)
    assert units(opened, "draft", sku, 3) == 500
    opened.reversals.undo("dana", first.seq)
    assert units(opened, "draft", sku, 3) == units(opened, "proposed", sku, 3)
    opened.override("mara", scope(opened, sku), "add", 10, reason="EVENT")
    assert units(opened, "draft", sku, 3) == units(opened, "proposed", sku, 3)
    opened.reversals.undo("dana", opened.seq - 1)  # brings the first agreement back
    assert units(opened, "draft", sku, 3) == 500


def test_agreeing_on_the_statistical_number_is_an_agreement_too(opened):
    sku = busiest(opened)
    opened.cycles.agree("dana", scope(opened, sku), column="statistical")
    opened.override("ines", scope(opened, sku), "add", 90, reason="PRICE")
    assert units(opened, "draft", sku, 3) == units(opened, "statistical", sku, 3)


def test_cancelling_an_activation_takes_its_lift_out_of_what_was_agreed(opened):
    act = next(
        a for a in opened.plan.activations() if a.is_live and opened.plan.scope_weeks(a)[0] > 1
    )
    sku = opened.plan.sku_index[act.items[0].sku]
    week = opened.plan.scope_weeks(act)[0]
    opened.cycles.agree("dana", scope(opened, sku, week), units=2000)
    lift = sum(u[:, week].sum() for a, u in opened.plan.sku(sku).lifts if a == act.activation)
    assert lift > 0
    before = opened.plan.totals["statistical"][sku, week]
    opened.calendar.cancel("mara", act.activation)
    moved = before - opened.plan.totals["statistical"][sku, week]
    assert opened.plan.totals["draft"][sku, week] == 2000 * THOUSANDTHS - moved


def test_a_later_edit_voids_the_signatures_of_its_department_and_says_so(opened):
    sku = busiest(opened)
    mine = department_of(opened, sku)
    other = next(d for d in opened.plan.products.names("department") if d != mine)
    for department in (mine, other):
        for person in SIGNERS:
            opened.cycles.sign(person, department)
    opened.override("ines", scope(opened, sku), "add", 25, reason="PRICE")
    standing = opened.cycles.standing()
    assert standing.signed[mine] == {}
    assert len(standing.signed[other]) == 3
    assert all("Ines" in why for (_, d), why in standing.voided.items() if d == mine)
    assert mine in standing.missing
    assert other not in standing.missing
    for person in SIGNERS:
        opened.cycles.sign(person, mine)
    assert mine not in opened.cycles.standing().missing


def test_a_shift_between_doors_voids_a_signature_though_no_total_moves(opened):
    sku = busiest(opened)
    department = department_of(opened, sku)
    doors = opened.plan.sku(sku).active[:, 3].nonzero()[0]
    opened.cycles.sign("dana", department)
    for door, change in ((doors[0], 1), (doors[1], -1)):
        where = scope(opened, sku, location_level="door", location=opened.plan.door_names[door])
        opened.override("dana", where, "add", change, reason="ASSORTMENT")
    assert opened.cycles.standing().signed[department] == {}


def test_a_signature_stands_again_where_the_numbers_are_again_what_was_signed(opened):
    sku = busiest(opened)
    department = department_of(opened, sku)
    opened.cycles.sign("dana", department)
    edit = opened.override("dana", scope(opened, sku), "add", 5, reason="TREND")
    assert opened.cycles.standing().signed[department] == {}
    opened.reversals.undo("dana", edit.seq)
    assert set(opened.cycles.standing().signed[department]) == {"planning"}


def test_a_quorum_of_two_is_enough_where_the_rules_say_so(space):
    open_cycle(space, "2026-12", blind=False, quorum=2)
    space.cycles.reveal("dana")
    for department in space.plan.products.names("department"):
        for person in ("mara", "dana"):
            space.cycles.sign(person, department)
    assert space.cycles.standing().stage is Stage.SIGNED
    with pytest.raises(OutOfBounds):
        Rules(quorum=4)


def test_nothing_that_comes_later_changes_what_a_published_cycle_shows(space, tmp_path):
    """A budget, a refresh, other people's changes and the next cycle are none of its record."""
    open_cycle(space, "2026-12", quorum=2)
    space.cycles.submit("mara")
    sign_all(space)
    mine = department_of(space)
    space.override("mara", scope(space), "add", 10, reason="TREND")
    for person in ("ines", "dana"):
        space.cycles.sign(person, mine)
    was = space.cycles.standing()
    assert set(was.voided) == {("marketing", mine)}
    space.cycles.publish("dana")
    record = space.cycles.standing()
    assert replace(record, cycle=was.cycle, stage=was.stage) == was
    (version,) = space.cycles.published()
    pack_then = consensus_pack.as_html(space, version.version)

    def is_as_it_was(space) -> bool:
        return space.cycles.record(version) == record and (
            consensus_pack.as_html(space, version.version) == pack_then
        )

    (tmp_path / "budget.csv").write_text(
        "date,class,sku,units,value\n2026-11-01,"
        f"{space.plan.products.nodes['class'][0]},,420,50400\n"
    )
    space.import_files("dana", [tmp_path / "budget.csv"])
    assert space.cycles.standing() == record
    assert is_as_it_was(space)
    space.override("mara", scope(space), "add", 10, reason="TREND")
    run = space.runs.refresh("dana").seq
    assert space.plan.base.run == run
    assert space.cycles.standing() == record
    assert is_as_it_was(space)
    open_cycle(space, "2027-01", quorum=2)
    assert is_as_it_was(space)
    assert space.cycles.standing().signed[mine] == {}
    path = space.store.path
    space.close()
    again = Workspace(path)
    assert is_as_it_was(again)
    again.close()


def test_departments_are_told_apart_whatever_they_are_called():
    digests = {"a=b:c": "0" * 32, ":": "1" * 32, "d=": "2" * 32}
    version = Version(
        version=1, cycle="2026-12", as_of=dt.date(2026, 1, 4), first_week=dt.date(2026, 1, 11),
        run=1, made_at=dt.datetime(2026, 1, 5), person="dana",
        digest=":".join(f"{name}={digest}" for name, digest in digests.items()),
    )  # fmt: skip
    assert version.covered == digests


def test_a_delegate_signs_for_a_function(opened):
    department = department_of(opened)
    opened.set_person(
        "sam", identity="dana", name="Dana Okoro", function=Function.PLANNING,
        delegate_for=Function.MARKETING,
    )  # fmt: skip
    opened.cycles.sign("dana", department, function="marketing")
    assert set(opened.cycles.standing().signed[department]) == {"marketing"}


def test_frozen_weeks_stay_whoever_asks(space):
    open_cycle(space, "2026-12", blind=False, fence_weeks=2)
    sku = busiest(space)
    with pytest.raises(Refused, match="frozen"):
        space.override("mara", scope(space, sku, 1), "add", 10, reason="EVENT")
    with pytest.raises(Refused, match="frozen"):
        space.cycles.agree("dana", scope(space, sku, 0, 1), column="proposed")
    before = units(space, "marketing", sku, 1)
    space.override("mara", scope(space, sku, 1, 2), "add", 10, reason="EVENT")
    assert units(space, "marketing", sku, 1) == before
    assert units(space, "marketing", sku, 2) == pytest.approx(
        units(space, "statistical", sku, 2) + 10
    )


def test_while_blind_nobody_sees_the_inputs_of_others_by_any_exit(space):
    sku = busiest(space)
    open_cycle(space, "2026-12", blind=True)
    space.override("mara", scope(space, sku), "add", 500, reason="EVENT", note="secret")
    mine = space.plan_for("mara")
    assert mine.totals["marketing"][sku, 3] > mine.totals["statistical"][sku, 3]
    for person in ("dana", "ines", "victor", "sam"):
        seen = space.plan_for(person)
        stat = space.plan.totals["statistical"][sku]
        for layer in ("marketing", "proposed", "draft"):
            np.testing.assert_array_equal(seen.totals[layer][sku], stat)
            np.testing.assert_array_equal(seen.sku(sku).layer(layer).sum(axis=0), stat)
        assert not any(e.note == "secret" for e in space.history.events(person))
        assert not any(
            e.note == "secret" for e in space.history.of_cells(person, scope(space, sku))
        )
        assert "marketing" not in set(space.history.input_at(person, space.seq)["input"])
    assert any(e.note == "secret" for e in space.history.events("mara"))
    space.cycles.reveal("dana")
    assert (
        space.plan_for("dana").totals["marketing"][sku, 3] == mine.totals["marketing"][sku, 3]
    )
    assert any(e.note == "secret" for e in space.history.events("dana"))


def test_nothing_is_agreed_or_signed_while_inputs_are_blind(space):
    open_cycle(space, "2026-12", blind=True)
    with pytest.raises(Refused, match="blind"):
        space.cycles.agree("dana", scope(space), column="proposed")
    with pytest.raises(Refused, match="blind"):
        space.cycles.sign("dana", department_of(space))


def test_a_second_facilitator_meets_the_agreement_of_the_first(opened):
    opened.set_person("sam", identity="pia", name="Pia", function=Function.PLANNING)
    sku, seen = busiest(opened), opened.seq
    opened.cycles.agree("dana", scope(opened, sku), units=300, base=seen)
    with pytest.raises(Conflicted, match="Dana"):
        opened.cycles.agree("pia", scope(opened, sku), units=310, base=seen)


def publish(space, name="2026-12"):
    if not space.cycles.is_open:
        open_cycle(space, name, blind=False)
    space.cycles.reveal("dana")
    sign_all(space)
    return space.cycles.version(space.cycles.publish("dana").seq)


def test_a_version_never_moves_and_its_parts_add_up_to_the_unit(opened):
    sku = busiest(opened)
    opened.override("mara", scope(opened, sku), "add", 40, reason="EVENT")
    opened.override("mara", scope(opened, sku), "percent", 10, reason="TREND")
    opened.override("ines", scope(opened, sku), "add", -15, reason="PRICE")
    opened.cycles.agree("dana", scope(opened, sku, 4), units=321)
    draft = opened.plan.totals["draft"].copy()
    version = publish(opened)
    layers, parts = opened.cycles.layers(version), opened.cycles.parts(version)
    name = opened.plan.sku_names[sku]
    of_sku = layers[layers["sku"] == name].sort_values("week")
    np.testing.assert_allclose(of_sku["consensus"] * THOUSANDTHS, draft[sku])
    summed = parts.groupby(["sku", "week"])["units"].sum()
    published = layers.set_index(["sku", "week"])["consensus"]
    np.testing.assert_array_equal(
        (summed.reindex(published.index) * THOUSANDTHS).round(),
        (published * THOUSANDTHS).round(),
    )
    reasons = set(parts.loc[(parts["sku"] == name) & (parts["kind"] == "voice"), "reason"])
    assert reasons == {"EVENT", "TREND", "PRICE"}
    opened.cycles.reopen("dana", note="A price moved")
    opened.override("ines", scope(opened, sku), "add", 60, reason="PRICE")
    opened.cycles.agree("dana", scope(opened, sku), column="proposed")
    again = opened.cycles.layers(version)
    assert again.equals(layers)
    sign_all(opened)
    opened.cycles.publish("dana")
    assert opened.cycles.layers(version).equals(layers)
    assert len(opened.cycles.published()) == 2


def test_the_walk_says_part_by_part_why_the_number_moved(opened):
    sku = busiest(opened)
    version = publish(opened)
    before = opened.plan.totals["draft"][sku].sum()
    open_cycle(opened, "2027-01", blind=False)
    opened.override("mara", scope(opened, sku), "add", 40, reason="EVENT")
    opened.override("ines", scope(opened, sku, 6), "add", -5, reason="PRICE")
    day = as_date(opened.plan.base.weeks[9])
    opened.calendar.save(
        "mara",
        Activation(
            activation="NEW", name="New one", type="feature", start=day, end=day + dt.timedelta(6),
            items=(Item(sku=opened.plan.sku_names[sku], discount=0.2),),
        ),
    )  # fmt: skip
    steps = opened.cycles.walk("dana", version, [sku])
    moved = opened.plan.totals["draft"][sku].sum() - before
    assert round(steps["change"].sum() * THOUSANDTHS) == moved
    named = steps.set_index(["kind", "name"])["change"]
    assert named["lift", "NEW"] > 0
    assert named["voice", "marketing"] == pytest.approx(40)
    assert named["voice", "merchandising"] == pytest.approx(-5)


def test_a_refresh_in_an_open_cycle_makes_a_candidate_that_is_adopted_with_a_preview(opened):
    sku = busiest(opened)
    opened.override("mara", scope(opened, sku, 3), "set", 500, reason="EVENT")
    opened.override("ines", scope(opened, sku, 4), "percent", 20, reason="PRICE")
    opened.override("dana", scope(opened, sku, 5), "add", 30, reason="TREND")
    before = opened.plan.totals["statistical"].copy()
    week = as_date(opened.plan.base.weeks[3])
    earlier = opened.plan.base.as_of - dt.timedelta(28)
    run = opened.runs.refresh("dana", as_of=earlier, full=True)
    assert not run.body.adopted
    np.testing.assert_array_equal(opened.plan.totals["statistical"], before)
    (candidate,) = opened.cycles.candidates()
    preview = opened.cycles.preview_adoption("dana", candidate.seq)
    assert preview.resolved == 2
    assert (preview.moves["statistical after"] != preview.moves["statistical before"]).any()
    with pytest.raises(NotAllowed):
        opened.cycles.adopt("mara", candidate.seq)
    opened.cycles.adopt("dana", candidate.seq)
    plan = opened.plan
    assert plan.base.run == candidate.seq
    at = [as_date(w) for w in plan.base.weeks].index(week)
    stat = plan.totals["statistical"][sku]
    assert plan.totals["marketing"][sku, at] == 500 * THOUSANDTHS
    assert plan.totals["merchandising"][sku, at + 1] == pytest.approx(stat[at + 1] * 1.2, abs=1)
    assert plan.totals["planning"][sku, at + 2] == stat[at + 2] + 30 * THOUSANDTHS
    # The preview compared the weeks that both plans have: all but the first four of this one.
    after = preview.moves["draft after"].sum()
    assert after == pytest.approx(plan.totals["draft"][:, 4:].sum() / THOUSANDTHS)
    assert not opened.cycles.candidates()


def test_signatures_lapse_by_name_only_where_a_new_run_moved_the_draft(opened):
    for department in opened.plan.products.names("department"):
        opened.cycles.sign("dana", department)
    same = opened.runs.refresh("dana", full=True)
    preview = opened.cycles.preview_adoption("dana", same.seq)
    assert (preview.moves["lapses"] == "").all()
    opened.cycles.adopt("dana", same.seq)
    assert all("planning" in by for by in opened.cycles.standing().signed.values())
    other = opened.runs.refresh(
        "dana", as_of=opened.plan.base.as_of - dt.timedelta(7 * 20), full=True
    )
    preview = opened.cycles.preview_adoption("dana", other.seq)
    lapsed = set(preview.moves.loc[preview.moves["lapses"] != "", "department"])
    assert lapsed
    assert set(preview.moves["lapses"]) <= {"", "Dana Okoro"}
    opened.cycles.adopt("dana", other.seq)
    signed = opened.cycles.standing().signed
    assert {d for d, by in signed.items() if not by} == lapsed


def test_a_target_that_is_no_longer_met_is_marked_stale(opened):
    sku = busiest(opened)
    opened.override("mara", scope(opened, sku, 3, 4), "set", 800, reason="EVENT")
    assert opened.cycles.stale("mara") == []
    opened.override("mara", scope(opened, sku, 3), "add", 100, reason="EVENT")
    (stale,) = opened.cycles.stale("mara")
    assert stale.now == pytest.approx(900)
    assert "set 800 u" in stale.sentence


def test_everything_of_a_cycle_is_there_after_a_restart(company_copy):
    space = Workspace(company_copy)
    open_cycle(space, "2026-12", blind=False, fence_weeks=1)
    sku = busiest(space)
    space.override("mara", scope(space, sku), "add", 40, reason="EVENT")
    first = space.cycles.agree("dana", scope(space, sku), units=500)
    space.cycles.agree("dana", scope(space, sku, 5), column="marketing")
    space.reversals.undo("dana", first.seq)
    space.cycles.sign("mara", department_of(space, sku))
    totals, standing = space.plan.totals, space.cycles.standing()
    space.close()
    again = Workspace(company_copy)
    for layer, values in totals.items():
        np.testing.assert_array_equal(again.plan.totals[layer], values, err_msg=layer)
    assert again.cycles.standing() == standing
    with pytest.raises(Refused, match="frozen"):
        again.override("mara", scope(again, sku, 0), "add", 10, reason="EVENT")
    again.close()


def test_the_guides_example_of_weights():
    records = [
        Record(function=f, cycles=6, cells=100, mse=m, bias=0.0)
        for f, m in zip(map(str, INPUTS), (900.0, 1600.0, 400.0), strict=True)
    ]
    weights = weigh(records)
    assert weights.weight == pytest.approx(
        {"planning": 0.462, "marketing": 0.298, "merchandising": 0.240}, abs=0.001
    )
    entered = {"planning": 1000, "marketing": 1300, "merchandising": 1100}
    deltas = {f: np.array([(v - 900) * THOUSANDTHS]) for f, v in entered.items()}
    stat = np.array([900 * THOUSANDTHS])
    parts = proposal.parts(stat, deltas, weights)
    assert proposal.total(stat, parts)[0] / THOUSANDTHS == pytest.approx(1113, abs=1)
    few = [Record(function=r.function, cycles=3, cells=9, mse=r.mse, bias=0.3) for r in records]
    alike = weigh(few)
    assert (alike.weight, alike.correction) == (EQUAL.weight, EQUAL.correction)


def test_a_bias_that_was_seen_is_corrected_as_far_as_it_is_believed():
    records = [
        Record(function=f, cycles=6, cells=100, mse=400.0, bias=b)
        for f, b in zip(map(str, INPUTS), (0.25, 0.0, 0.0), strict=True)
    ]
    assert weigh(records).correction["marketing"] == pytest.approx(1 / 1.125)


@given(
    statistical=st.lists(st.integers(0, 10**7), min_size=1, max_size=6),
    deltas=st.lists(
        st.lists(st.integers(-(10**7), 10**7), min_size=6, max_size=6), min_size=3, max_size=3
    ),
    mse=st.lists(st.floats(1, 1e6), min_size=3, max_size=3),
    bias=st.lists(st.floats(-0.5, 2), min_size=3, max_size=3),
)
def test_the_proposed_number_is_the_sum_of_its_parts_and_never_negative(
    statistical, deltas, mse, bias
):
    n = len(statistical)
    stat = np.array(statistical, dtype=np.int64)
    entered = {
        str(f): np.array(d[:n], dtype=np.int64) for f, d in zip(INPUTS, deltas, strict=True)
    }
    weights = weigh(
        [
            Record(function=str(f), cycles=8, cells=50, mse=m, bias=b)
            for f, m, b in zip(INPUTS, mse, bias, strict=True)
        ]
    )
    parts = proposal.parts(stat, entered, weights)
    total = proposal.total(stat, parts)
    assert (total >= 0).all()
    assert (total == stat + sum(parts.values())).all()
    silent = np.all([d == 0 for d in entered.values()], axis=0)
    assert (total[silent] == stat[silent]).all()
    assert (parts.get(FLOOR, np.zeros(n)) >= 0).all()


def test_cycles_follow_each_other_by_month():
    assert following("2026-11") == "2026-12"
    assert following("2026-12") == "2027-01"


def ten_percent(*scopes) -> list[Change]:
    return [Change(scope=s, operation="percent", value=10) for s in scopes]


def test_several_rows_are_changed_together_or_not_at_all(opened):
    plan = opened.plan
    good = ten_percent(*(scope(opened, s) for s in (0, 1, 2)))
    before = opened.seq
    events = opened.override_all("mara", good, reason="EVENT")
    assert [e.seq for e in events] == [before + 1, before + 2, before + 3]
    for s in (0, 1, 2):
        stat = plan.totals["statistical"][s, 3]
        assert opened.plan.totals["marketing"][s, 3] == pytest.approx(1.1 * stat, abs=1)
    bad = scope(opened, 3, location_level="door", location="NOWHERE")
    before = opened.seq
    with pytest.raises(Refused):
        opened.override_all("mara", ten_percent(scope(opened, 4), bad), reason="EVENT")
    assert opened.seq == before


def test_a_conflict_with_one_row_leaves_all_of_them_as_they_were(opened):
    opened.set_person("admin", identity="mo", name="Mo Second", function=Function.MARKETING)
    seen = opened.seq
    opened.override("mo", scope(opened, 2), "add", 5, reason="EVENT")
    before, totals = opened.seq, opened.plan.totals["marketing"].copy()
    rows = ten_percent(*(scope(opened, s) for s in (0, 1, 2)))
    with pytest.raises(Conflicted, match="Mo Second"):
        opened.override_all("mara", rows, reason="EVENT", base=seen)
    assert opened.seq == before
    np.testing.assert_array_equal(opened.plan.totals["marketing"], totals)


def test_changes_made_together_never_mean_the_same_cell_twice(opened):
    whole = Scope(
        product_level="class", product=str(opened.plan.products.nodes["class"][0]),
        first_week=scope(opened).first_week, last_week=scope(opened).last_week,
    )  # fmt: skip
    before = opened.seq
    with pytest.raises(OutOfBounds, match="same cells"):
        opened.override_all("mara", ten_percent(whole, scope(opened, 0)), reason="EVENT")
    assert opened.seq == before


def test_what_was_made_together_is_answered_once_however_often_it_is_sent(opened):
    rows = [
        Change(scope=scope(opened, s), operation="add", value=4, client_id=f"c{s}")
        for s in (0, 1)
    ]
    first = opened.override_all("mara", rows, reason="EVENT")
    again = opened.override_all("mara", rows, reason="EVENT")
    assert [e.seq for e in again] == [e.seq for e in first]
    more = [*rows, Change(scope=scope(opened, 2), operation="add", value=4, client_id="c2")]
    third = opened.override_all("mara", more, reason="EVENT")
    assert [e.seq for e in third] == [first[0].seq, first[1].seq, opened.seq]
    for event in third:  # each by itself
        opened.reversals.undo("mara", event.seq)
    np.testing.assert_array_equal(
        opened.plan.totals["marketing"], opened.plan.totals["statistical"]
    )


def test_what_changed_since_i_looked_is_what_others_did(space):
    sku, looked = busiest(space), space.seq
    space.override("mara", scope(space, sku), "add", 4, reason="EVENT")
    theirs = space.override("ines", scope(space, sku), "add", 5, reason="PRICE")
    assert [e.seq for e in space.history.since("mara", looked)] == [theirs.seq]
    space.cycles.open("dana", "2026-12")
    space.override("ines", scope(space, sku), "add", 6, reason="PRICE")
    seen = space.history.since("mara", looked)
    assert [e.kind.value for e in seen] == ["cycle", "override"]  # not what she entered blind


def test_history_is_found_by_activation(space):
    act = next(a for a in space.plan.activations() if a.is_live)
    sku = space.plan.sku_index[act.items[0].sku]
    week = space.plan.scope_weeks(act)[0]
    aimed = space.override(
        "mara",
        scope(space, sku, week, activation=act.activation),
        "percent",
        20,
        reason="EVENT",
    )
    stated = space.calendar.set_lift("mara", act.activation, act.items[0].sku, 1.9)
    space.override("mara", scope(space, sku, week), "add", 3, reason="EVENT")
    found = space.history.events("dana", activation=act.activation)
    assert [e.seq for e in found] == [stated.seq, aimed.seq]


def test_no_verb_tells_what_is_collected_blind(space):
    sku = busiest(space)
    version = publish(space)
    open_cycle(space, "2027-01", blind=True)
    entered = space.override("mara", scope(space, sku, 3, 4), "set", 9_000, reason="EVENT")
    space.override("mara", scope(space, sku, 3), "add", 800, reason="EVENT")
    assert "marketing" not in set(space.cycles.walk("dana", version, [sku])["name"])
    assert "marketing" in set(space.cycles.walk("mara", version, [sku])["name"])
    assert space.cycles.stale("dana") == []
    assert len(space.cycles.stale("mara")) == 1
    with pytest.raises(UnknownName):
        space.reversals.preview("dana", entered.seq)
    run = space.runs.refresh("dana", full=True)
    assert space.cycles.preview_adoption("dana", run.seq).moves["draft after"].isna().all()


def test_a_cycle_opened_again_freezes_its_weeks_again(space):
    open_cycle(space, "2026-12", blind=False, fence_weeks=2)
    publish(space)
    assert space.plan.fence == 0
    with pytest.raises(OutOfBounds, match="why"):
        space.cycles.reopen("dana", note=" ")
    space.cycles.reopen("dana", note="A price moved")
    assert space.plan.fence == 2


def test_value_added_by_person_is_for_the_facilitator_and_for_oneself(company_cycles):
    space = company_cycles
    cells = space.cycles.scored(least_lag=4)
    everybody = space.cycles.people("dana", cells, "merchandising")
    assert set(everybody["person"]) == {"ines"}
    assert len(space.cycles.people("ines", cells, "merchandising")) == len(everybody)
    for person in ("mara", "victor", "sam"):
        assert space.cycles.people(person, cells, "merchandising").empty


def test_a_cell_is_of_the_person_who_gave_most_of_it_and_an_undo_takes_it_away(space):
    space.set_person("admin", identity="mo", name="Mo Second", function=Function.MARKETING)
    now = space.plan.base.as_of
    space.runs.refresh("dana", as_of=now - dt.timedelta(70))
    open_cycle(space, "2026-09")
    sku = busiest(space)
    name = space.plan.sku_names[sku]
    space.override("mara", scope(space, sku, 6, 7), "add", 40, reason="EVENT")
    space.override("mo", scope(space, sku, 6), "add", 90, reason="PRICE")
    gone = space.override("mo", scope(space, sku, 7), "add", 500, reason="PRICE")
    space.reversals.undo("mo", gone.seq)
    publish(space)
    space.runs.refresh("dana", as_of=now)
    cells = space.cycles.scored()
    found = space.cycles.people("dana", cells[cells["sku"] == name], "marketing")
    assert found.sort_values("week")["person"].tolist() == ["mo", "mara"]
    # What Mo took back counts for nobody, whatever reason it had.


def test_a_calendar_file_says_what_it_changes_of_what_is_signed_and_voids_it_by_name(
    opened, tmp_path
):
    """By who may decide that; of Marketing it becomes a proposal (tests/test_calendar_files)."""
    for person in SIGNERS:
        opened.cycles.submit(person)
    opened.cycles.reveal("dana")
    sign_all(opened)
    act = next(
        a for a in opened.plan.activations() if a.is_live and opened.plan.scope_weeks(a)[0] > 1
    )
    path = tmp_path / "activations.csv"

    def written(status: str):
        path.write_text(
            "activation,name,type,start,end,status\n"
            f"{act.activation},{act.name},{act.type},{act.start},{act.end},{status}\n"
        )
        return [path]

    same = opened.preview_import("dana", written(act.status))
    assert same.concerns == ()
    (entered,) = opened.preview_import("dana", written("cancelled")).concerns
    assert entered.startswith(f"This changes 1 activation of signed departments: {act.name}.")
    named = set(re.findall(r"([\w &]+) \(Marketing: ", entered))
    assert opened.cycles.standing().voided == {}
    _, judged = opened.import_files("dana", written("cancelled"))
    assert judged.concerns == (entered,)
    voided = opened.cycles.standing().voided
    assert {department for _, department in voided} == {name.strip() for name in named}
    assert all("Dana" in why and "imported 1 activations" in why for why in voided.values())
