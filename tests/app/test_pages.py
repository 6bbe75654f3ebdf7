"""Every page, for every function, through Streamlit's own test driver."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from forecasting.__main__ import STAFF
from forecasting.vocabulary import Function

ROOT = Path(__file__).parents[2]
APP = ROOT / "app.py"
PAGES = {
    "bridge": "pages/weekly/bridge.py",
    "signals": "pages/weekly/signals.py",
    "activations": "pages/weekly/activations.py",
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
    if who:
        app.session_state["person"] = who
    if page != "bridge":
        app.run()
        app.switch_page(PAGES[page]).run()  # a change of page empties the link
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
    app = opened("bridge", None)
    assert app.title[0].value == "Who are you today?"
    assert "This is not a login" in text_of(app)
    chosen = next(b for b in app.button if "Dana Okoro" in b.label)
    chosen.click().run()
    assert app.session_state["person"] == "dana"
    assert app.title[0].value == "Bridge"


def test_choices_in_a_link_are_what_the_page_shows(served):
    linked = opened("bridge", "dana", weeks="12", supply="firm", activation="nonsense")
    assert linked.session_state["Bridge.weeks"] == 12
    assert linked.session_state["Bridge.supply"] == "firm"
    assert not linked.exception


def grid_key(app: AppTest) -> str:
    return app.session_state["grid_key"]


def test_typing_into_the_grid_changes_the_own_input(served):
    from pages.components import frame

    app = opened("consensus", "dana", level="class", weeks="13")
    before = app.session_state["seen"]
    app.session_state[grid_key(app)] = {
        "edited_rows": {0: {week_column(app): 4321.0}},
        "added_rows": [],
        "deleted_rows": [],
    }
    app.run()
    assert not app.exception
    events = frame.workspace().events("dana", most=1)
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

    app = opened("consensus", "victor", layer="planning")
    before = frame.workspace().seq
    app.session_state[grid_key(app)] = {
        "edited_rows": {0: {week_column(app): 1.0}},
        "added_rows": [],
        "deleted_rows": [],
    }
    app.run()
    assert not app.exception
    assert frame.workspace().seq == before


def test_a_conflict_is_shown_with_a_name_and_a_choice(served):
    from forecasting.calendar import as_date
    from forecasting.consensus.events import Scope
    from pages.components import frame

    space = frame.workspace()
    space.set_person("admin", identity="nora", name="Nora Second", function=Function.PLANNING)
    app = opened("consensus", "dana", level="class", weeks="13")
    day = as_date(space.plan.base.weeks[3])
    klass = app.session_state["Consensus.row"]
    space.override(
        "nora", Scope(product_level="class", product=klass, first_week=day, last_week=day), "set", 777,
        reason="TREND",
    )  # fmt: skip
    app.session_state[grid_key(app)] = {
        "edited_rows": {0: {week_column(app, 3): 555.0}},
        "added_rows": [],
        "deleted_rows": [],
    }
    app.run()
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
    assert "between mine and Nora" in space.events("dana", most=1)[0].note


def test_every_activation_opens_on_its_page_and_on_the_bridge(served):
    from pages.components import frame

    for act in frame.workspace().plan.activations():
        for page in ("activations", "bridge"):
            app = opened(page, "mara", activation=act.activation, weeks="26")
            assert not app.exception, (page, act.name)
            assert act.name in " ".join(text_of(app).split()) or any(
                act.name in s.value for s in app.subheader
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
        assert "Import your files" in app.info[0].value
    for page in ("scorecard", "why", "side", "review"):
        app = opened(page, "admin")
        assert not app.exception
        assert "needs sales" in app.info[0].value
    data = opened("data", "admin")
    assert "No sales are in yet" in text_of(data)
    assert "Nothing has been imported yet" in text_of(data)
    st.cache_resource.clear()
