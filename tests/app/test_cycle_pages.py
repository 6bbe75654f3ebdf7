"""Meeting, Cycle and Value added where there is something to show: a cycle that was scored."""

import datetime as dt
import re
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from forecasting.calendar import as_date
from forecasting.consensus.events import Scope
from forecasting.workspace import Workspace
from tests.app.test_pages import APP, PAGES, text_of
from tests.cycling import open_cycle
from tests.monthly.test_cycle import busiest, publish, scope

STEPS = ("performance", "total", "disagreements", "calendar", "outlook", "sign")


@pytest.fixture(scope="module")
def scored(company, tmp_path_factory):
    """A company that published a cycle ten weeks ago and is in the next one."""
    path = shutil.copy(company, tmp_path_factory.mktemp("scored") / "scored.duckdb")
    space = Workspace(path)
    now = space.plan.base.as_of
    space.runs.refresh("dana", as_of=now - dt.timedelta(70))
    open_cycle(space, "2026-09", blind=False)
    weeks = space.plan.base.weeks
    for person, units in (("mara", 45), ("ines", -15), ("dana", 8)):
        everything = Scope(first_week=as_date(weeks[0]), last_week=as_date(weeks[12]))
        space.override(person, everything, "percent", units, reason="TREND")
    publish(space)
    space.runs.refresh("dana", as_of=now)
    open_cycle(space, "2026-12", blind=False)
    space.override("mara", scope(space, busiest(space), 1, 8), "percent", 60, reason="EVENT")
    space.cycles.reveal("dana")
    space.cycles.agree("dana", scope(space, busiest(space), 1, 4), column="proposed")
    space.cycles.sign("mara", str(space.plan.products.nodes["department"][busiest(space)]))
    space.override("ines", scope(space, busiest(space), 6), "add", 30, reason="PRICE")
    space.minutes.assign("dana", "Ask the mill", owner="ines", due=now)
    space.minutes.assume(
        "mara", "The partner posts", owner="mara", watch="Sessions", review=now
    )  # fmt: skip
    space.runs.refresh("dana", full=True)
    space.close()
    with pytest.MonkeyPatch.context() as patch:
        import streamlit as st

        st.cache_resource.clear()
        patch.setenv("CONCORD_DB", str(path))
        yield path
        st.cache_resource.clear()


def opened(page: str, who: str, **params: str) -> AppTest:
    app = AppTest.from_file(APP, default_timeout=60)
    if Path(PAGES[page]).stem != page:
        app.run()  # asks who it is: pages are known by their addresses from here on
    app.session_state["person"] = who
    app.switch_page(PAGES[page])
    if params:
        app.run()  # the page as it is, before its link changes
    for key, value in params.items():
        app.query_params[key] = value
    return app.run()


@pytest.mark.parametrize("who", ["dana", "mara", "victor"])
@pytest.mark.parametrize("step", STEPS)
def test_every_step_of_the_meeting_opens_for_facilitator_function_and_reader(scored, who, step):
    app = opened("meeting", who, step=step)
    assert not app.exception
    assert not app.error
    assert "2026-12" in text_of(app)
    buttons = [b.label for b in app.button]
    assert any(b.startswith("Agree on") for b in buttons) == (
        who == "dana" and step == "disagreements"
    )
    assert ("Publish the consensus" in buttons) == (who == "dana" and step == "sign")


def test_the_meeting_begins_with_what_is_due(scored):
    app = opened("meeting", "dana", step="performance")
    assert "Ask the mill" in text_of(app)
    assert "The partner posts" in text_of(app)
    assert "did not help" in text_of(app)


@pytest.mark.parametrize("who", ["dana", "ines", "victor", "sam"])
def test_the_cycle_page_shows_the_void_signature_and_the_run_that_waits(scored, who):
    app = opened("cycle", who)
    assert not app.exception
    text = text_of(app) + " ".join(w.value for w in app.warning)
    assert "is void: Ines Falk" in text
    assert "was made" in text
    assert ("Adopt this run" in [b.label for b in app.button]) == (who == "dana")


@pytest.mark.parametrize("who", ["dana", "mara", "victor"])
def test_value_added_by_person_is_shown_to_the_facilitator_and_to_oneself(scored, who):
    app = opened("value", who, by="person", function="marketing", lag="1")
    assert not app.exception
    named = [d.value["Person"].tolist() for d in app.dataframe if "Person" in d.value.columns]
    assert named == ([] if who == "victor" else [["Mara Quill"]])
    text = text_of(app)
    assert ("you see everybody" in text) == (who == "dana")


def test_the_meeting_holds_the_total_against_last_year_and_budget(scored):
    app = opened("meeting", "dana", step="total")
    tiles = {m.label: m.value for m in app.metric}
    for label in ("Draft vs last year's sales", "Draft vs budget"):
        (full,) = [one for one in tiles if re.fullmatch(rf"{label}, \d+ weeks?", one)]
        assert tiles[full].endswith("%")
    of_both = [re.search(r", (\d+ weeks?)", one) for one in tiles if "Draft vs" not in one]
    assert len({found and found[1] for found in of_both}) == 1  # one span for all three


def test_what_rests_on_an_expired_assumption_comes_first_among_the_exceptions(scored):
    from pages.components import frame

    space = frame.workspace()
    quiet = int(space.plan.totals["statistical"].sum(axis=1).argmin())
    assumed = space.minutes.assume(
        "ines", "The buyer keeps it", owner="ines", watch="Orders", review=space.plan.base.as_of,
        scope=scope(space, quiet, 1, 8),
    )  # fmt: skip
    app = opened("meeting", "dana", step="disagreements")
    assert not app.exception
    shown = app.dataframe[0].value
    assert shown["SKU"].iloc[0] == space.plan.sku_names[quiet]
    assert shown["State"].iloc[0] == "◆ expired"
    assert "The buyer keeps it" in " ".join(w.value for w in app.warning)
    space.minutes.judge("ines", assumed.seq, "held")
    after = opened("meeting", "dana", step="disagreements").dataframe[0].value
    assert space.plan.sku_names[quiet] not in set(after["SKU"])


def test_what_is_typed_in_the_meeting_is_kept_until_it_is_entered(scored):
    app = opened("meeting", "dana", step="disagreements")
    next(b for b in app.text_input if b.key == "why_agreed").set_value("Two campaigns").run()
    again = opened("meeting", "dana", step="disagreements")
    box = next(b for b in again.text_input if b.key == "why_agreed")
    assert box.value == "Two campaigns"
    next(b for b in again.button if b.label.startswith("Proposed:")).click().run()
    assert not again.exception
    assert next(b for b in again.text_input if b.key == "why_agreed").value == ""
    later = opened("meeting", "dana", step="disagreements")
    assert next(b for b in later.text_input if b.key == "why_agreed").value == ""


@pytest.mark.parametrize("by", ["reason", "class", "department"])
def test_value_added_is_split_as_asked(scored, by):
    app = opened("value", "victor", by=by, function="marketing", lag="1")
    assert not app.exception
    assert not app.error
    assert "naive" in text_of(app)
    assert len(app.dataframe) >= 3
    evidence = next(d.value for d in app.dataframe if "Weight" in d.value.columns)
    assert set(evidence["Function"]) == {"Marketing", "Merchandising", "Planning"}
    assert (evidence["Cycles"] == 1).all()
    assert evidence["Weight"].to_numpy() == pytest.approx(100 / 3)  # below four cycles: equal


def test_an_agreement_made_on_the_page_stands_in_the_ledger(scored):
    from pages.components import frame

    app = opened("meeting", "dana", step="disagreements")
    space = frame.workspace()
    before = space.seq
    button = next(b for b in app.button if b.label.startswith("Marketing:"))
    button.click().run()
    assert not app.exception
    event = space.ledger.event(before + 1)
    assert (event.kind.value, event.body.column) == ("agree", "marketing")


def test_an_agreement_is_shown_the_next_exception_comes_and_it_can_be_taken_back(scored):
    from pages.components import frame

    app = opened("meeting", "dana", step="disagreements")
    space = frame.workspace()
    skus = list(app.selectbox(key="Meeting.exception").options)
    first = app.session_state["Meeting.exception"]
    assert "Ranked by revenue" in text_of(app)
    before = space.seq
    next(b for b in app.button if b.label.startswith("Planning:")).click().run()
    assert not app.exception
    assert app.session_state["Meeting.exception"] != first
    assert "**Agreed:**" in text_of(app)
    assert len(app.selectbox(key="Meeting.exception").options) == len(skus)
    next(b for b in app.button if b.key == "agreed_undo").click().run()
    assert not app.exception
    assert space.reversals.has_taken_back(before + 1)
    assert app.session_state["Meeting.exception"] == first
    assert "**Agreed:**" not in text_of(app)
    here = app.session_state["Meeting.exception"]
    app.button(key="exception_1").click().run()
    app.button(key="exception_-1").click().run()
    assert app.session_state["Meeting.exception"] == here


@given(
    agreed=st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=1, max_size=8),
    at=st.integers(0, 7),
)
def test_the_next_exception_is_open_and_another_one_and_found_where_there_is_any(agreed, at):
    from pages.components.exceptions import next_open

    skus = [f"s{n}" for n in range(len(agreed))]
    here = skus[at % len(skus)]
    found = next_open(skus, agreed, here)
    there = {s for s, share in zip(skus, agreed, strict=True) if share < 0.999} - {here}
    assert found in there if there else found is None


def test_the_clock_is_started_by_who_leads_and_seen_by_everybody(scored):
    from pages.components import clock

    lead = opened("meeting", "dana", step="total")
    viewer = opened("meeting", "victor", step="total")
    assert "60 min planned, 10 for this item" in text_of(viewer)
    assert "clock_turn" not in [b.key for b in viewer.button]
    lead.button(key="clock_turn").click().run()
    viewer.run()
    assert "**0 of 60 min** · 60 min left · this item: 10 min" in text_of(viewer)
    assert "15 min over" in clock.reading(75 * 60.0 + 100, 100, "sign")
    lead.button(key="clock_turn").click().run()
    viewer.run()
    assert "60 min planned" in text_of(viewer)


def test_a_big_screen_follows_who_leads_whoever_opened_it_and_never_leads(scored):
    from pages.components import frame

    wall = opened("meeting", "dana", step="total", big="1")
    assert not wall.exception
    assert [b.key for b in wall.button if b.key == "big_screen_out"]
    assert "2 Total" in text_of(wall)
    lead = opened("meeting", "dana", step="disagreements").run()  # the next look tells where
    exception = lead.session_state["Meeting.exception"]
    assert frame.presence().led("meeting") == ("disagreements", exception)
    wall.run()
    assert not wall.exception
    assert wall.session_state["Meeting.step"] == "disagreements"
    assert wall.session_state["Meeting.exception"] == exception
    assert frame.presence().led("meeting") == ("disagreements", exception)
    wall.button(key="big_screen_out").click().run()
    assert not [b.key for b in wall.button if b.key == "big_screen_out"]
