"""The quarter: drawn up, looked behind, decided, closed for good; policy; who may do what."""

import datetime as dt

import pandas as pd
import pytest

from data import scores
from forecasting.consensus.activations import Activation, Item
from forecasting.consensus.events import Kind
from forecasting.errors import NotAllowed, OutOfBounds, Refused, UnknownName
from forecasting.governance.policy import SETTINGS, Policy
from forecasting.outputs import board_pack
from forecasting.quarterly import measures as measured
from forecasting.quarterly import quarters_ahead
from forecasting.quarterly.measures import MEASURES, OF_LEVEL
from forecasting.quarterly.scorecard import Scorecard
from forecasting.vocabulary import GLOSSARY, Status
from forecasting.workspace import Workspace
from tests.figures import flat

QUARTER = "2026-Q3"


@pytest.fixture
def ready(space):
    """The sample company without cycles, its sums taken."""
    space.quarters.sum_up()
    return space


# The scorecard -----------------------------------------------------------------------------


def test_the_usual_quarter_is_the_last_whole_one(ready):
    assert ready.quarters.usual() == QUARTER
    known = ready.quarters.quarters().set_index("quarter")
    assert not known.at["2026-Q4", "is_whole"]
    assert known.at[QUARTER, "weeks"] == 13


def test_every_measure_has_a_definition_and_every_target_a_setting():
    for measure in MEASURES.values():
        assert measure.term in GLOSSARY, measure.key
        assert not measure.target or measure.target in SETTINGS


def test_measures_stand_beside_last_quarter_last_year_and_target(ready):
    ready.policies.change("victor", "turn", 1.0, why="A low bar")
    ready.policies.change("victor", "promoted_stockout", 0.0, why="A high bar")
    shown = ready.quarters.scorecard("victor", QUARTER)
    assert len(shown.trend("turn_cost")) == 9
    assert shown.trend("turn_cost")[0][0] == "2024-Q3"
    rows = scores.shelf(ready.store, "all").set_index("quarter")["turn_cost"]
    assert shown.value("turn_cost") == pytest.approx(rows[QUARTER])
    assert shown.value("turn_cost", back=1) == pytest.approx(rows["2026-Q2"])
    assert shown.value("turn_cost", back=4) == pytest.approx(rows["2025-Q3"])
    assert shown.is_met("turn_cost") is True
    assert shown.is_met("exposure") is False  # lower is better
    assert shown.meets("exposure", 0.0) is True
    assert shown.is_met("gmroi") is None  # no target
    assert shown.meets("turn_cost", None) is None


def test_what_was_never_published_has_no_accuracy(ready):
    shown = ready.quarters.scorecard("victor", QUARTER)
    assert shown.value("bridge_accuracy") is None
    assert measured.in_words("bridge_accuracy", None) == "–"
    assert shown.steps == ()


def test_the_matrix_is_the_measure_looked_at_by_its_level(ready):
    shown = ready.quarters.scorecard("victor", QUARTER)
    for level, rows in shown.matrix.items():
        for key in ("exposure", "turn_cost", "item"):
            if level not in OF_LEVEL[MEASURES[key].source]:
                continue
            found = ready.quarters.why("victor", key, level)
            mine = found[found["quarter"] == QUARTER].set_index("member")["value"]
            for row in rows:
                value, kept = mine.get(row["member"], float("nan")), row.get(key)
                kept = float("nan") if kept is None else kept
                assert kept == pytest.approx(value, nan_ok=True)


def test_a_number_leads_down_to_the_cells_that_made_it(ready):
    by_sku = ready.quarters.why("mara", "exposure", "sku")
    worst = by_sku[by_sku["quarter"] == QUARTER].nlargest(1, "value").iloc[0]
    cells = ready.quarters.cells("mara", QUARTER, sku=worst["member"])
    assert cells["promoted_out"].sum() == pytest.approx(worst["promoted_out"])
    assert cells["promoted_out"].sum() / cells["promoted_days"].sum() == pytest.approx(
        worst["value"]
    )


def test_a_measure_cannot_be_looked_at_where_it_is_not_summed(ready):
    with pytest.raises(UnknownName, match="is summed by"):
        ready.quarters.why("mara", "notice", "class")
    with pytest.raises(UnknownName, match="are looked at within"):
        ready.quarters.why("mara", "exposure", "class", type="event")
    with pytest.raises(UnknownName):
        ready.quarters.scorecard("victor", "1999-Q1")


def test_sums_are_stale_after_an_import_a_changed_calendar_and_a_new_run(ready, tmp_path):
    assert ready.quarters.is_fresh()
    past = next(a for a in ready.calendar.activations if a.end <= dt.date(2026, 10, 1))
    ready.calendar.cancel("mara", past.activation)
    assert not ready.quarters.is_fresh()
    before = scores.promotions(ready.store, "activation")
    ready.quarters.sum_up()
    after = scores.promotions(ready.store, "activation")
    assert past.activation in set(before["member"])
    assert past.activation not in set(after["member"])
    table = ready.store.table("sales").head(1)
    table.to_csv(tmp_path / "sales.csv", index=False)
    ready.import_files("dana", [tmp_path / "sales.csv"])
    assert not ready.quarters.is_fresh()
    ready.quarters.sum_up()
    ready.runs.refresh("dana")
    assert not ready.quarters.is_fresh()


def test_an_activation_ahead_changes_no_sum(ready):
    ahead = next(a for a in ready.calendar.activations if a.start > dt.date(2026, 12, 1))
    ready.calendar.cancel("mara", ahead.activation)
    assert ready.quarters.is_fresh()


# Closing -----------------------------------------------------------------------------------


def test_a_closed_quarter_stays_as_it_was_whatever_comes_later(ready):
    before = ready.quarters.scorecard("victor", QUARTER)
    event = ready.quarters.close("victor", QUARTER, note="Reviewed")
    as_closed = ready.quarters.scorecard("victor", QUARTER)
    past = next(
        a
        for a in ready.calendar.activations
        if dt.date(2026, 8, 5) < a.start < a.end < dt.date(2026, 10, 20)
    )
    ready.calendar.cancel("mara", past.activation)
    ready.policies.change("victor", "promoted_stockout", 0.01, why="Harder")
    ready.quarters.sum_up()
    closed = ready.quarters.scorecard("victor", QUARTER)
    live = ready.quarters.scorecard("victor", QUARTER, live=True)
    assert closed == as_closed
    # Drawn up twice, a sum of many doubles may differ in its last digit.
    assert flat(closed.values) == pytest.approx(flat(before.values), rel=1e-12)
    assert closed.closed["by"] == "Victor Lindqvist"
    assert closed.closed["note"] == "Reviewed"
    assert closed.targets["exposure"] is None
    assert live.targets["exposure"] == 0.01
    assert live.value("exposure") != closed.value("exposure")
    assert ready.ledger.event(event.seq).kind is Kind.QUARTER


def test_a_closed_quarter_is_the_same_after_a_restart(company_copy):
    space = Workspace(company_copy)
    space.quarters.close("victor", QUARTER)
    shown = space.quarters.scorecard("dana", QUARTER)
    page = board_pack.as_html(space, "dana", QUARTER)
    space.close()
    again = Workspace(company_copy)
    assert again.quarters.scorecard("dana", QUARTER) == shown
    assert board_pack.as_html(again, "dana", QUARTER) == page
    again.close()


def test_a_quarter_is_closed_once_and_only_when_it_is_over(ready):
    with pytest.raises(Refused, match="not over"):
        ready.quarters.close("victor", "2026-Q4")
    ready.quarters.close("victor", QUARTER)
    with pytest.raises(Refused, match="closed already"):
        ready.quarters.close("victor", QUARTER)
    with pytest.raises(Refused, match="is closed"):
        ready.quarters.decide("victor", QUARTER, "More", owner="dana", due=dt.date(2027, 1, 1))


def test_a_scorecard_is_the_same_after_it_was_kept(ready):
    shown = ready.quarters.scorecard("victor", QUARTER)
    assert Scorecard.from_dict(shown.to_dict(), closed={}) == shown


# Decisions ---------------------------------------------------------------------------------


def test_the_next_review_opens_with_what_this_one_decided(ready):
    ready.quarters.decide(
        "victor", QUARTER, "Buyers see the calendar", owner="dana", due=dt.date(2026, 12, 31)
    )
    ready.quarters.close("victor", QUARTER)
    (one,) = ready.quarters.decisions()
    assert (one["text"], one["owner"], one["done"]) == (
        "Buyers see the calendar",
        "Dana Okoro",
        None,
    )
    assert (
        ready.quarters.scorecard("mara", QUARTER).decisions[0]["text"]
        == "Buyers see the calendar"
    )
    with pytest.raises(NotAllowed):
        ready.quarters.settle("mara", one["seq"])
    ready.quarters.settle("dana", one["seq"])  # who was asked says that it is done
    assert ready.quarters.decisions()[0]["done"]
    with pytest.raises(Refused, match="done already"):
        ready.quarters.settle("victor", one["seq"])
    # It counts among the actions of the house, too.
    assert [a.is_done for a in ready.minutes.actions] == [True]


def test_a_decision_needs_words_and_somebody_who_is_there(ready):
    with pytest.raises(OutOfBounds):
        ready.quarters.decide("victor", QUARTER, "  ", owner="dana", due=dt.date(2027, 1, 1))
    with pytest.raises(UnknownName):
        ready.quarters.decide(
            "victor", QUARTER, "More", owner="nobody", due=dt.date(2027, 1, 1)
        )
    assert ready.quarters.decisions() == []


# Policy ------------------------------------------------------------------------------------


def test_leadership_sets_and_nobody_else(ready):
    for person in ("mara", "dana", "ines", "sam", "admin"):
        before = ready.seq
        for refused in (
            lambda p=person: ready.policies.change(p, "turn", 9.0, why="Mine"),
            lambda p=person: ready.quarters.close(p, QUARTER),
            lambda p=person: ready.quarters.decide(
                p, QUARTER, "x", owner="dana", due=dt.date(2027, 1, 1)
            ),
        ):
            with pytest.raises(NotAllowed):
                refused()
        assert ready.seq == before
    assert ready.policies.now["turn"] is None


def test_leadership_reads_everything_and_changes_nothing_else(ready):
    ready.quarters.scorecard("victor", QUARTER)
    ready.quarters.why("victor", "turn_cost", "class")
    ready.quarters.cells("victor", QUARTER, sku="x")
    ready.history.events("victor")
    act = next(
        a for a in ready.calendar.activations if a.is_live and a.start > dt.date(2026, 12, 1)
    )
    before = ready.seq
    for verb in (
        lambda: ready.calendar.cancel("victor", act.activation),
        lambda: ready.calendar.save("victor", act),
        lambda: ready.cycles.open("victor", "2026-12"),
        lambda: ready.runs.refresh("victor"),
        lambda: ready.import_files("victor", []),
        lambda: ready.minutes.assign("victor", "x", owner="dana", due=dt.date(2027, 1, 1)),
        lambda: ready.minutes.decide("victor", "x"),
        lambda: ready.set_person("victor", identity="new", name="New", function="planning"),
        lambda: ready.weekly.sense("victor", ready.plan.sku_names[0], 2.0),
        lambda: ready.reversals.undo("victor", 1),
    ):
        with pytest.raises(NotAllowed):
            verb()
    assert ready.seq == before


def test_a_setting_has_a_reason_bounds_and_a_day(ready):
    with pytest.raises(OutOfBounds, match="why"):
        ready.policies.change("victor", "turn", 9.0, why=" ")
    with pytest.raises(OutOfBounds, match="between"):
        ready.policies.change("victor", "red_probability", 1.5, why="x")
    with pytest.raises(OutOfBounds, match="lower risk"):
        ready.policies.change("victor", "amber_probability", 0.5, why="x")
    with pytest.raises(OutOfBounds, match="whole number"):
        ready.policies.change("victor", "quorum", 2.5, why="x")
    with pytest.raises(OutOfBounds, match="already"):
        ready.policies.change("victor", "quorum", 3, why="x")
    with pytest.raises(OutOfBounds, match="later day"):
        ready.policies.change("victor", "quorum", 2, why="x", effective=dt.date(2020, 1, 1))
    with pytest.raises(UnknownName):
        ready.policies.change("victor", "weather", 2, why="x")
    assert ready.policies.changes == []


def test_a_setting_holds_from_its_day_on_and_after_a_restart(company_copy):
    space = Workspace(company_copy)
    today = space.desk.today
    later = today + dt.timedelta(30)
    space.policies.change("victor", "turn", 9.0, why="For the year")
    space.policies.change("victor", "turn", 11.0, why="Next year", effective=later)
    space.close()
    again = Workspace(company_copy)
    assert again.policies.now["turn"] == 9.0
    assert again.policies.at(later)["turn"] == 11.0
    assert again.policies.at(today - dt.timedelta(1))["turn"] is None
    assert [c.why for c in again.policies.changes] == ["Next year", "For the year"]
    again.close()


def flags(space) -> dict[str, int]:
    plan = space.plan
    counts = dict.fromkeys(Status, 0)
    for items in plan.items.values():
        for item in items:
            for code in item.status.tolist():
                counts[
                    (Status.GREEN, Status.BLUE, Status.AMBER, Status.RED, Status.GREY)[code]
                ] += 1
    return counts


def test_a_threshold_judges_at_once_as_its_preview_did(ready):
    before = flags(ready)
    effect = {
        e.what: (e.now, e.then) for e in ready.quarters.effect("victor", "red_probability", 0.6)
    }
    told_before, told_after = effect["Featured SKUs that are Short"]
    assert flags(ready) == before  # a preview changes nothing
    assert int(told_after) < int(told_before)
    ready.policies.change("victor", "red_probability", 0.6, why="Fewer alarms")
    assert ready.plan.limits.red_probability == 0.6
    assert flags(ready)[Status.RED] < before[Status.RED]
    again = {e.what: e.now for e in ready.quarters.effect("victor", "red_probability", 0.3)}
    assert again["Featured SKUs that are Short"] == told_after
    ready.policies.change("victor", "red_probability", 0.3, why="Back")
    assert flags(ready) == before


def test_a_higher_service_level_says_what_stock_it_costs(ready):
    effects = ready.quarters.effect("victor", "least_service", 0.99)
    (stock,) = [e for e in effects if e.what.startswith("Safety stock")]
    now, then = (
        float(text.split(" u")[0].replace(",", "")) for text in (stock.now, stock.then)
    )
    assert then > 1.2 * now


def test_calendar_rules_say_how_many_would_have_kept_them(ready):
    (one,) = ready.quarters.effect("victor", "complete_weeks", 12)
    assert "complete in time" in one.what
    assert float(one.then.rstrip("%")) < float(one.now.rstrip("%"))


def test_a_threshold_set_for_later_judges_from_that_day_on(company_copy):
    moment = [dt.datetime(2026, 11, 24, 9)]
    space = Workspace(company_copy, clock=lambda: moment[0])
    before = flags(space)
    space.policies.change(
        "victor", "red_probability", 0.6, why="Next week", effective=dt.date(2026, 12, 1)
    )
    assert flags(space) == before
    moment[0] = dt.datetime(2026, 12, 1, 9)
    space.plan_for("dana")  # whoever looks next
    assert flags(space)[Status.RED] < before[Status.RED]
    space.close()


def test_weights_are_drawn_to_equal_as_far_as_leadership_says(company_cycles):
    space = company_cycles
    department, before = next(iter(space.plan.weights.items()))
    told = {e.what: e.then for e in space.quarters.effect("victor", "equal_share", 1.0)}
    assert told[f"Marketing counts in {department} for"] == "33%"
    space.policies.change("victor", "equal_share", 1.0, why="New people")
    after = space.plan.weights[department]
    assert set(after.weight.values()) == {1 / 3}
    assert after.weight != before.weight


def test_the_facilitator_opens_a_cycle_under_the_rules_of_leadership(ready):
    from forecasting.consensus.rules import Rules

    with pytest.raises(NotAllowed, match="Leadership's to set"):
        ready.cycles.open("dana", "2026-12", Rules(quorum=1, fence_weeks=1))
    ready.policies.change("victor", "quorum", 2, why="Holidays")
    ready.policies.change("victor", "fence_weeks", 3, why="Orders are placed")
    ready.cycles.open("dana", "2026-12", ready.cycles.rules(inputs_due=dt.date(2026, 12, 1)))
    rules = ready.cycles.current.rules
    assert (rules.quorum, rules.fence_weeks, rules.blind) == (2, 3, True)
    assert rules.inputs_due == dt.date(2026, 12, 1)


def test_delivered_policy_is_the_one_that_was_always_there():
    limits = Policy().limits
    assert (limits.red_probability, limits.amber_probability, limits.least_fill) == (
        0.3,
        0.1,
        0.9,
    )
    for setting in SETTINGS.values():
        assert setting.checked(setting.default) == setting.default
        assert setting.in_words(setting.low)


# The sample's past -------------------------------------------------------------------------


def test_the_sample_reviewed_a_quarter_and_its_decisions_come_back(company_cycles):
    space = company_cycles
    assert space.quarters.is_closed("2026-Q2")
    closed = space.quarters.scorecard("victor", "2026-Q2")
    assert closed.as_of == dt.date(2026, 7, 26)
    assert [bool(d["done"]) for d in space.quarters.decisions()] == [True, False]
    assert closed.value("bridge_accuracy") is not None


def test_accuracy_value_added_and_tasks_stand_in_the_scorecard(company_cycles):
    shown = company_cycles.quarters.scorecard("victor", QUARTER)
    assert 0 < shown.value("bridge_accuracy") < 1
    assert 0 < shown.value("buy_accuracy") < 1
    assert [s["name"] for s in shown.steps] == ["naive", "statistical", "proposed", "consensus"]
    assert 0 < shown.value("actions_on_time") <= 1
    assert shown.value("expedite_spend") is not None
    assert shown.value("notice") > 0


# The pack and the outlook ------------------------------------------------------------------


def test_the_board_s_pack_has_the_same_numbers_as_the_page_and_needs_nothing(company_cycles):
    page = board_pack.as_html(company_cycles, "victor", QUARTER)
    shown = company_cycles.quarters.scorecard("victor", QUARTER)
    for key in (*measured.HEADLINES, *measured.BELOW, *measured.LEAD):
        assert measured.in_words(key, shown.value(key)) in page, key
    for finding in shown.findings:
        assert finding.text.replace("'", "&#39;") in page
    assert "http" not in page.replace("http-equiv", "")
    assert "<script" not in page
    assert "nan" not in page.lower().replace("finance", "")


def test_the_pack_defuses_what_people_wrote(ready):
    ready.quarters.decide(
        "victor", QUARTER, "<script>alert(1)</script>", owner="dana", due=dt.date(2027, 1, 1)
    )
    page = board_pack.as_html(ready, "victor", QUARTER)
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_the_outlook_adds_up_to_the_plan(ready):
    rows = quarters_ahead.quarters_ahead(ready.plan, ready.quarters.weeks_by_class("victor"))
    weeks = rows.drop_duplicates("quarter")["weeks"].sum()
    planned = ready.plan.totals["draft"][:, :weeks].sum() / 1000
    assert rows["units"].sum() == pytest.approx(planned)
    sold = ready.quarters.weeks_by_class("victor")
    first = rows[rows["quarter"] == "2026-Q4"]
    begin, end = dt.date(2025, 11, 23), dt.date(2026, 1, 25)
    week = pd.to_datetime(sold["week"]).dt.date
    assert first["last_year"].sum() == pytest.approx(
        sold[(week >= begin) & (week <= end)]["units"].sum()
    )


def test_the_outlook_counts_what_is_still_to_begin(ready):
    before = quarters_ahead.activations_ahead(ready.plan)["activations"].sum()
    sku = ready.plan.sku_names[0]
    ready.calendar.save(
        "mara",
        Activation(activation="NEW", name="New", type="email", start=dt.date(2027, 3, 1), end=dt.date(2027, 3, 7), items=(Item(sku=sku),)),
    )  # fmt: skip
    after = quarters_ahead.activations_ahead(ready.plan)
    assert after["activations"].sum() == before + 1
    assert "2027-Q1" in set(after["quarter"])
