"""Every page, for every function, through Streamlit's own test driver."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from forecasting.sample.build import STAFF
from forecasting.vocabulary import Function

ROOT = Path(__file__).parents[2]
APP = ROOT / "app.py"
PAGES = {
    "home": "pages/home/today.py",
    "bridge": "pages/weekly/bridge.py",
    "signals": "pages/weekly/signals.py",
    "activations": "pages/weekly/activations.py",
    "board": "pages/weekly/board.py",
    "consensus": "pages/monthly/consensus.py",
    "buyplan": "pages/monthly/buy_plan.py",
    "meeting": "pages/monthly/meeting.py",
    "cycle": "pages/setup/cycle.py",
    "scorecard": "pages/quarterly/scorecard.py",
    "why": "pages/quarterly/why.py",
    "side": "pages/quarterly/side_by_side.py",
    "review": "pages/quarterly/review.py",
    "value": "pages/quarterly/value_added.py",
    "sku": "pages/explore/sku.py",
    "baseline": "pages/explore/baseline.py",
    "lifts": "pages/explore/lifts.py",
    "replay": "pages/explore/replay.py",
    "history": "pages/explore/history.py",
    "data": "pages/setup/data.py",
    "people": "pages/setup/people.py",
    "company": "pages/setup/company.py",
    "schedules": "pages/setup/schedules.py",
    "inbox": "pages/home/inbox.py",
}
NAMED = {"lifts": "lift", "signals": "weekly", "buyplan": "buy"}
"""First words of titles that are not the page's address."""
WHO = {function.value: identity for identity, _, function in STAFF}


@pytest.fixture(scope="module")
def served(company, tmp_path_factory):
    """The app on a company of its own, for all tests of this module."""
    import shutil

    import streamlit as st

    path = shutil.copy(company, tmp_path_factory.mktemp("app") / "app.duckdb")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONCORD_DB", str(path))
        yield path
        st.cache_resource.clear()


def opened(page: str, who: str | None, **params: str) -> AppTest:
    app = AppTest.from_file(APP, default_timeout=30)
    if page != "home":
        if Path(PAGES[page]).stem != page:
            app.run()  # asks who it is: pages are known by their addresses from here on
        app.switch_page(PAGES[page])
    if who:
        app.session_state["person"] = who
        app.session_state["landed"] = True
    if params:
        app.run()  # the page as it is, before its link changes
    for key, value in params.items():
        app.query_params[key] = value
    return app.run()


def text_of(app: AppTest) -> str:
    return " ".join(
        block.value for block in [*app.title, *app.markdown, *app.info, *app.caption]
    )


@pytest.mark.parametrize("function", list(Function))
@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_for_every_function_and_answers_in_words(served, page, function):
    app = opened(page, WHO[function])
    assert not app.exception
    assert not app.error
    assert app.title[0].value.split()[0].lower() == NAMED.get(page, page)
    assert len(text_of(app)) > 100


def test_somebody_unknown_is_asked_who_they_are_and_told_it_is_no_login(served):
    app = opened("home", None)
    assert app.title[0].value == "Concord"
    assert app.header[0].value == "Who are you today?"
    assert "This is not a login" in text_of(app)
    chosen = next(b for b in app.button if "Dana Okoro" in b.label)
    chosen.click().run()
    assert app.session_state["person"] == "dana"
    assert app.title[0].value == "Home"


def test_leadership_lands_on_the_scorecard_once_and_can_go_home(served):
    app = AppTest.from_file(APP, default_timeout=30).run()
    next(b for b in app.button if "Victor Lindqvist" in b.label).click().run()
    assert app.title[0].value == "Scorecard"
    app.switch_page(PAGES["home"]).run()
    assert app.title[0].value == "Home"


def test_choices_in_a_link_are_what_the_page_shows(served):
    linked = opened("bridge", "dana", weeks="12", supply="firm", activation="nonsense")
    assert linked.session_state["Bridge.weeks"] == 12
    assert linked.session_state["Bridge.supply"] == "firm"
    assert not linked.exception


def grid_key(app: AppTest) -> str:
    return app.session_state["grid_key"]


def type_into(app: AppTest, week: str, value: float, *, why: str | None = "TREND") -> None:
    """Type a number into the first row of the grid, as the browser tells it, and say why."""
    paste_into(app, {row_of(app): {week: value}}, why=why)


def paste_into(
    app: AppTest, cells: dict[int, dict[str, float]], *, why: str | None = "TREND"
) -> None:
    if why is not None:
        app.session_state["reason"] = why
    edits = {"edited_rows": cells, "added_rows": [], "deleted_rows": []}
    app.session_state[grid_key(app)] = edits
    app.run()


def row_of(app: AppTest, name: str | None = None) -> int:
    """Where a row stands in the grid, from above; the first that is no sum."""
    labels = app.session_state["order of the grid"][1]
    if name is not None:
        return labels.index(name)
    return next(n for n, label in enumerate(labels) if label != "Total" and label[0] != "∑")


def test_typing_into_the_grid_changes_the_own_input(served):
    from pages.components import frame

    app = opened("consensus", "dana", level="class", weeks="13")
    before = app.session_state["seen"]
    type_into(app, week_column(app), 4321.0)
    assert not app.exception
    events = frame.workspace().history.events("dana", most=1)
    assert events[0].seq > before
    assert events[0].value == 4321.0
    assert events[0].operation == "set"
    assert events[0].function == "planning"


def week_column(app: AppTest, n: int = 2) -> str:
    from forecasting.calendar import as_date, week_label
    from pages.components import frame

    return week_label(as_date(frame.workspace().plan.base.weeks[n]))


def test_a_reader_cannot_type_whatever_the_browser_sends(served):
    from pages.components import frame

    writer = opened("consensus", "dana", layer="planning", level="class", weeks="13")
    app = opened("consensus", "victor", layer="planning", level="class", weeks="13")
    before = frame.workspace().seq
    assert "grid_key" not in app.session_state  # there is nothing to type into
    edits = {"edited_rows": {2: {week_column(app): 1.0}}, "added_rows": [], "deleted_rows": []}
    for key in (grid_key(writer), grid_key(writer).replace("grid_planning", "grid_leadership")):
        app.session_state[key] = edits
    app.session_state["reason"] = "TREND"
    app.run()
    assert not app.exception
    assert frame.workspace().seq == before


def test_a_crafted_message_of_the_grid_writes_nothing(served):
    """No row below zero is the last one, and words are no number."""
    from pages.components import frame

    app = opened("consensus", "dana", level="class", weeks="13")
    before, week = frame.workspace().seq, week_column(app)
    for row, value in [
        (-1, 5.0), (10**9, 5.0), (0, "abc"), (0, True), (0, [1]), (0, {"a": 1}), (0, 1e300),
        (0, 10**400), (0, float("nan")),
    ]:  # fmt: skip
        paste_into(app, {row: {week: value}})
        assert frame.workspace().seq == before
        assert not app.exception, (row, value)


def test_a_conflict_is_shown_with_a_name_and_a_choice(served):
    from forecasting.calendar import as_date
    from forecasting.consensus.events import Scope
    from pages.components import frame

    space = frame.workspace()
    space.set_person("admin", identity="nora", name="Nora Second", function=Function.PLANNING)
    app = opened("consensus", "dana", level="class", weeks="13")
    day = as_date(space.plan.base.weeks[3])
    klass = app.session_state["order of the grid"][1][row_of(app)]
    space.override(
        "nora", Scope(product_level="class", product=klass, first_week=day, last_week=day), "set", 777,
        reason="TREND",
    )  # fmt: skip
    type_into(app, week_column(app, 3), 555.0)
    warning = app.warning[0].value
    assert "Nora Second in Planning set 777 u" in warning
    assert "You entered 555 u" in warning
    labels = [b.label for b in app.button]
    assert "Keep Nora Second's (777 u)" in labels
    assert any(label.startswith("Keep mine") for label in labels)
    between = next(b for b in app.button if b.label == "In between (666 u)")
    between.click().run()
    scope = Scope(product_level="class", product=klass, first_week=day, last_week=day)
    assert space.input_amount("dana", scope) == 666.0
    assert "between mine and Nora" in space.history.events("dana", most=1)[0].note


def test_what_arrives_beneath_an_open_cell_is_met_and_never_overwritten_unseen(served):
    from forecasting.calendar import as_date
    from forecasting.consensus.events import Scope
    from pages.components import frame

    space = frame.workspace()
    space.set_person("admin", identity="nora", name="Nora Second", function=Function.PLANNING)
    app = opened("consensus", "dana", level="class", weeks="13")
    app.run()  # her hand goes to a cell, and opens it: what she sees now is what she goes by
    day = as_date(space.plan.base.weeks[6])
    klass = app.session_state["order of the grid"][1][row_of(app)]
    scope = Scope(product_level="class", product=klass, first_week=day, last_week=day)
    space.override("nora", scope, "set", 888, reason="TREND")
    for _ in range(2):  # the page is drawn anew by itself, twice, while the cell stands open
        app.session_state[frame._FOR_OTHERS] = True
        app.run()
    type_into(app, week_column(app, 6), 333.0)
    assert "Nora Second in Planning set 888 u" in app.warning[0].value
    assert space.input_amount("dana", scope) == 888.0

    # Once her hand has moved with the new number in view, it is hers to change.
    next(b for b in app.button if b.label.startswith("Keep Nora")).click().run()
    app.run()
    type_into(app, week_column(app, 6), 334.0)
    assert not app.warning
    assert space.input_amount("dana", scope) == 334.0


def test_every_activation_opens_on_its_page_and_on_the_bridge(served):
    from pages.components import frame

    for act in frame.workspace().plan.activations():
        for page in ("activations", "bridge"):
            app = opened(page, "mara", activation=act.activation, weeks="26")
            assert not app.exception, (page, act.name)
            assert act.name in " ".join(text_of(app).split()) or any(
                act.name in s.value for s in app.header
            )


def test_every_sku_opens_on_its_page(served):
    from pages.components import frame

    for sku in frame.workspace().plan.sku_names[::9]:
        app = opened("sku", "ines", sku=sku)
        assert not app.exception, sku
        assert app.title[0].value == f"SKU {sku}"


def test_without_a_forecast_a_page_says_what_to_do(tmp_path, monkeypatch):
    import streamlit as st

    monkeypatch.setenv("CONCORD_DB", str(tmp_path / "empty.duckdb"))
    st.cache_resource.clear()
    for page in ("bridge", "consensus", "activations", "sku"):
        app = opened(page, "admin")
        assert not app.exception
        assert "There is no forecast yet" in text_of(app)
        assert "Import SKUs" in text_of(app)
    for page in ("scorecard", "why", "side", "review"):
        app = opened(page, "admin")
        assert not app.exception
        assert "needs sales" in app.info[0].value
    data = opened("data", "admin")
    assert "No sales are in yet" in text_of(data)
    assert "Nothing has been imported yet" in text_of(data)
    st.cache_resource.clear()


def text_input(app: AppTest, key: str):
    return next(box for box in app.text_input if box.key == key)


def test_what_was_typed_and_not_applied_is_back_in_another_window_and_can_be_dropped(served):
    app = opened("consensus", "ines", level="class", weeks="13")
    text_input(app, "note").set_value("The mill says 400 more").run()
    assert not app.exception
    other = opened("consensus", "ines", level="class", weeks="13")
    assert text_input(other, "note").value == "The mill says 400 more"
    assert "is back (kept" in text_of(other)
    stranger = opened("consensus", "dana", level="class", weeks="13")
    assert text_input(stranger, "note").value == ""
    next(b for b in other.button if b.label == "Discard it").click().run()
    assert text_input(other, "note").value == ""
    assert text_input(opened("consensus", "ines", level="class"), "note").value == ""


def test_a_note_that_was_given_with_a_change_is_no_draft_any_more(served):
    from pages.components import frame

    app = opened("consensus", "ines", level="class", weeks="13")
    text_input(app, "note").set_value("Price moved").run()
    type_into(app, week_column(app, 4), 3210.0)
    assert frame.workspace().history.events("dana", most=1)[0].note == "Price moved"
    assert text_input(opened("consensus", "ines", level="class"), "note").value == ""


def test_an_edit_that_met_another_and_was_left_meets_it_again_in_the_next_window(served):
    from forecasting.calendar import as_date
    from forecasting.consensus.events import Scope
    from pages.components import frame

    space = frame.workspace()
    space.set_person("admin", identity="olga", name="Olga Third", function=Function.PLANNING)
    app = opened("consensus", "dana", level="class", weeks="13")
    day = as_date(space.plan.base.weeks[5])
    klass = app.session_state["order of the grid"][1][row_of(app)]
    space.override(
        "olga", Scope(product_level="class", product=klass, first_week=day, last_week=day), "set", 888,
        reason="TREND",
    )  # fmt: skip
    type_into(app, week_column(app, 5), 444.0)
    assert app.warning
    other = opened("consensus", "dana", level="class", weeks="13")
    assert "Olga Third in Planning set 888 u" in other.warning[0].value
    assert "You entered 444 u" in other.warning[0].value
    next(b for b in other.button if b.label.startswith("Keep Olga")).click().run()
    assert not other.warning
    assert not opened("consensus", "dana", level="class", weeks="13").warning


def test_a_small_change_typed_into_the_grid_is_asked_and_can_be_taken_back(served):
    from pages.components import frame

    space = frame.workspace()
    app = opened("consensus", "ines", level="sku", weeks="13")
    week = week_column(app, 6)
    before = float(space.plan.totals["merchandising"][0, 6]) / 1000
    type_into(app, week, round(before * 1.04 + 0.1, 1))
    asked = [c.value for c in app.caption if c.value.startswith("A small change")]
    assert "would it change an order or a promotion?" in asked[0]
    next(b for b in app.button if b.label == "No, take back").click().run()
    assert not app.exception
    assert space.plan.totals["merchandising"][0, 6] / 1000 == pytest.approx(before, abs=0.001)
    assert not [c for c in app.caption if c.value.startswith("A small change")]


def test_a_paste_is_one_step_that_is_taken_back_and_brought_back_as_one(served):
    from pages.components import frame

    space = frame.workspace()
    app = opened("consensus", "ines", level="class", weeks="13")
    before, start = space.plan.total("merchandising").copy(), space.seq
    first = row_of(app)
    some = {week_column(app, 8): 1500.0, week_column(app, 9): 1600.0}
    paste_into(app, {first: some, first + 1: some})
    assert not app.exception
    assert space.seq == start + 4
    assert len({e.recorded_at for e in space.ledger.tail(start)}) == 1
    app.button(key="step_back").click().run()
    assert (space.plan.total("merchandising") == before).all()
    assert app.button(key="step_back").help != app.button(key="step_forth").help
    app.button(key="step_forth").click().run()
    assert not app.exception
    assert (space.plan.total("merchandising") != before).any()
    app.button(key="step_back").click().run()
    assert (space.plan.total("merchandising") == before).all()


def test_a_paste_of_which_one_cell_cannot_be_writes_nothing(served):
    from pages.components import frame

    app = opened("consensus", "ines", level="class", weeks="13")
    before, first = frame.workspace().seq, row_of(app)
    paste_into(app, {first: {week_column(app, 8): 1500.0, week_column(app, 9): -4.0}})
    assert "cannot be negative" in app.error[0].value
    assert frame.workspace().seq == before


def test_what_is_typed_waits_for_a_reason_and_none_is_preset(served):
    from pages.components import frame

    space = frame.workspace()
    app = opened("consensus", "mara", level="class", weeks="13")
    assert app.selectbox(key="reason").value is None
    before = space.seq
    type_into(app, week_column(app, 10), 777.0, why=None)
    assert space.seq == before
    assert "waits for a reason" in app.warning[0].value
    app.selectbox(key="reason").set_value("TREND").run()
    assert not app.exception
    assert not app.warning
    assert space.ledger.event(before + 1).value == 777.0
    fresh = opened("consensus", "mara", level="class", weeks="13")
    assert fresh.selectbox(key="reason").value is None
    fresh.button(key="as_before").click().run()  # the last one of today, once confirmed
    assert fresh.selectbox(key="reason").value == "TREND"


def test_a_large_change_is_asked_whether_it_is_meant_and_can_be_taken_back(served):
    from pages.components import frame

    space = frame.workspace()
    app = opened("consensus", "dana", level="sku", weeks="13")
    row = row_of(app)
    sku = space.plan.sku_index[app.session_state["order of the grid"][1][row]]
    held = float(space.plan.totals["planning"][sku, 11]) / 1000
    paste_into(app, {row: {week_column(app, 11): round(4.46 * held + 9)}})
    asked = [m.value for m in app.markdown if "A large change" in m.value]
    assert "Is it meant?" in asked[0]
    app.button(key="asked_no_large").click().run()
    assert not app.exception
    assert float(space.plan.totals["planning"][sku, 11]) / 1000 == pytest.approx(held, abs=1e-3)
    assert not [m for m in app.markdown if "A large change" in m.value]


def test_the_total_counts_what_is_not_shown_and_can_be_set_where_it_is_a_node(served):
    from forecasting.calendar import as_date
    from forecasting.consensus.events import Scope
    from pages.components import frame

    space = frame.workspace()
    app = opened("consensus", "mara", level="sku", weeks="13")
    text = app.metric[0].value
    app.text_input(key="view_find").set_value(space.plan.sku_names[0]).run()
    assert len(app.session_state["order of the grid"][1]) == 2  # the total, and what was found
    assert app.metric[0].value == text
    paste_into(app, {0: {week_column(app, 12): 9000.0}})
    day = as_date(space.plan.base.weeks[12])
    assert space.input_amount("mara", Scope(first_week=day, last_week=day)) == 9000.0
    app.button(key="step_back").click().run()
    act = next(a for a in space.plan.activations() if a.is_live)
    part = opened("consensus", "mara", level="sku", weeks="13", activation=act.activation)
    before = space.seq
    paste_into(part, {0: {week_column(part, 12): 9000.0}})
    assert "no whole class or department" in part.error[0].value
    assert space.seq == before


def test_months_and_quarters_add_up_their_weeks_open_into_them_and_are_typed_into(served):
    from pages.components import frame

    space = frame.workspace()
    app = opened("consensus", "ines", level="class", weeks="26", columns="months")
    assert not app.exception
    grid = app.dataframe[0].value
    months = [c for c in grid.columns if "FY" in c]
    assert grid[months].sum(axis=1).to_numpy() == pytest.approx(grid["Total"].to_numpy(), abs=3)
    paste_into(app, {row_of(app): {months[2]: 5000.0}})
    event = space.ledger.event(space.seq)
    assert event.value == 5000.0
    assert event.scope.first_week < event.scope.last_week
    app.session_state["opened_months"] = [months[2]]
    app.run()
    weeks = [c for c in app.dataframe[0].value.columns if c.startswith("W")]
    assert 4 <= len(weeks) <= 5
    row = app.dataframe[0].value.iloc[row_of(app)]
    assert (
        row[weeks].sum() == pytest.approx(row[months[2]], abs=1) == pytest.approx(5000, abs=1)
    )
    app.button(key="step_back").click().run()
    quarters = opened("consensus", "ines", level="class", weeks="26", columns="quarters")
    assert [c for c in quarters.dataframe[0].value.columns if c.startswith("Q")]


def test_what_is_chosen_in_the_grid_is_shown_in_detail_and_changed_together(served):
    import json

    from pages.components import frame

    space = frame.workspace()
    app = opened("consensus", "dana", level="class", weeks="13")
    names = [n for n in app.session_state["order of the grid"][1] if n[0] not in "T∑"][1:3]
    weeks = [week_column(app, n) for n in (3, 4)]
    app.session_state["grid_cells"] = json.dumps({"rows": names, "columns": weeks})
    app.run()
    assert app.selectbox(key="Consensus.row").value == names[0]
    assert "80% interval" in text_of(app)
    app.session_state["several"] = True
    app.session_state["reason"] = "TREND"
    app.run()
    assert app.selectbox(key="bulk_from").value == weeks[0]
    app.number_input(key="bulk_value").set_value(10.0).run()
    before = space.seq
    next(b for b in app.button if b.label == "Apply").click().run()
    assert not app.exception
    assert [e.scope.product for e in space.ledger.tail(before)] == names
    app.button(key="step_back").click().run()  # several rows, one step
    assert space.seq == before + 4
    for absurd in (
        "[]",
        "{",
        '{"rows": 3}',
        "x" * 50_000,
        '{"rows": [1, null], "columns": {}}',
    ):
        app.session_state["grid_cells"] = absurd
        app.run()
        assert not app.exception


def test_cells_show_what_stands_of_them_and_a_legend_says_what_it_means(served):
    app = opened("consensus", "dana", level="class", weeks="13")
    app.session_state["reason"] = "TREND"
    type_into(app, week_column(app, 2), 4000.0)
    assert "▲" in app.dataframe[0].value["Marks"].iloc[row_of(app)]
    app.segmented_control(key="hand").set_value("marks").run()
    assert not app.exception
    assert any(c.value.startswith("▲ changed") for c in app.caption)
    app.button(key="step_back").click().run()
    reader = opened("consensus", "victor", level="class", weeks="13", layer="planning")
    assert not reader.exception


@pytest.mark.parametrize("measure", ["revenue", "margin"])
def test_the_grid_speaks_of_money_when_it_is_asked_to(served, measure):
    from pages.components import frame

    app = opened("consensus", "mara", level="class", weeks="13", **{"in": measure})
    assert not app.exception
    assert f" {measure} in the next 13 weeks" in text_of(app)
    assert "$" in app.metric[0].value
    type_into(app, week_column(app, 7), 65_000.0)
    event = frame.workspace().history.events("mara", most=1)[0]
    assert (event.value, event.measure.value) == (65_000.0, measure)
    assert not app.error


def test_a_change_of_several_weeks_can_aim_at_the_lift_of_an_activation(served):
    from pages.components import frame

    space = frame.workspace()
    act = next(
        a for a in space.plan.activations() if space.plan.scope_weeks(a)[0] in range(1, 9)
    )
    app = opened("consensus", "mara", level="class", weeks="13", activation=act.activation)
    app.session_state["several"] = True
    app.session_state["reason"] = "TREND"
    app.run()
    assert not app.exception
    first, last = space.plan.scope_weeks(act)
    box = {b.key: b for b in app.selectbox}
    box["bulk_from"].set_value(week_column(app, first)).run()
    box = {b.key: b for b in app.selectbox}
    box["bulk_to"].set_value(week_column(app, last)).run()
    box = {b.key: b for b in app.selectbox}
    assert box["bulk_aim"].value == act.activation  # Marketing speaks of the lift
    app.number_input(key="bulk_value").set_value(30.0).run()
    assert "would be" in text_of(app)
    before = space.seq
    next(b for b in app.button if b.label == "Apply").click().run()
    assert not app.exception
    event = space.ledger.event(before + 1)
    assert (event.scope.activation, event.operation, event.value) == (
        act.activation,
        "percent",
        30,
    )


def test_history_shows_a_class_and_says_when_a_sku_is_unknown(served):
    from forecasting.calendar import as_date
    from forecasting.consensus.events import Scope
    from pages.components import frame

    space = frame.workspace()
    klass = space.plan.products.names("class")[0]
    week = as_date(space.plan.base.weeks[9])
    where = Scope(product_level="class", product=klass, first_week=week, last_week=week)
    space.override("ines", where, "add", 50, reason="PRICE", evidence="https://prices.example")
    app = opened("history", "victor", **{"class": klass})
    assert not app.exception
    assert app.dataframe[0].value["Evidence"].iloc[0] == "https://prices.example"
    lost = text_input(app, "sku").set_value("NO-SUCH").run()
    assert not lost.exception
    assert "No sku 'NO-SUCH'" in text_of(lost)


@pytest.mark.parametrize("who", ["dana", "sam"])
def test_the_list_of_reasons_is_edited_on_the_cycle_page(served, who):
    from pages.components import frame

    app = opened("cycle", who)
    code, label = (b for b in app.text_input if b.label in ("Code", "Name on screen"))
    code.set_value(f"STORE_{who.upper()}")
    label.set_value(f"Store of {who}")
    next(b for b in app.button if b.label == "Save").click().run()
    assert not app.exception
    assert not app.error
    assert frame.workspace().reasons.label(f"STORE_{who.upper()}") == f"Store of {who}"


def test_the_trail_marks_a_target_that_is_no_longer_met(served):
    from forecasting.calendar import as_date
    from forecasting.consensus.events import Scope
    from pages.components import frame

    space = frame.workspace()
    sku = space.plan.sku_names[3]
    days = [as_date(w) for w in space.plan.base.weeks[3:6]]
    where = Scope(product_level="sku", product=sku, first_week=days[0], last_week=days[2])
    space.override("dana", where, "set", 300, reason="TREND")
    one = Scope(product_level="sku", product=sku, first_week=days[1], last_week=days[1])
    space.override("dana", one, "add", 60, reason="TREND")
    app = opened("consensus", "dana", level="sku", weeks="13", row=sku)
    assert not app.exception
    assert "(no longer met: 360 u now)" in text_of(app)
