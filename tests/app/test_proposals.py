"""Proposals as two functions meet them: one proposes, the other answers, the first reads it."""

import shutil

import pytest

from forecasting.monthly import buying
from forecasting.weekly.option import Action
from forecasting.weekly.order_terms import divided
from tests.app.test_pages import opened, text_of
from tests.weekly.test_decisions import first_open


@pytest.fixture(scope="module")
def space(company, tmp_path_factory):
    import streamlit as st

    from pages.components import frame

    path = shutil.copy(company, tmp_path_factory.mktemp("app") / "proposals.duckdb")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONCORD_DB", str(path))
        yield frame.workspace()
        st.cache_resource.clear()


def press(app, label):
    """Press the last button of a label: a dialog is drawn after what lies under it."""
    found = [b for b in app.button if b.label == label and not b.disabled]
    assert found, f"no button says '{label}': {[b.label for b in app.button]}"
    return found[-1].click().run()


def test_planning_finds_what_marketing_proposes_and_marketing_what_became_of_it(space):
    option = first_open(space, Action.TRANSFER)
    seq = space.proposals.propose("mara", option, note="*It* sells out").seq
    assert "Proposals to you" not in " ".join(s.value for s in opened("home", "mara").header)
    app = opened("home", "dana")
    assert "\\*It\\* sells out" in text_of(app)
    assert any("proposes" in m.value for m in app.markdown)
    assert "Look and answer" in {b.label for b in app.button}
    space.proposals.accept("dana", seq, note="The stock is there")
    assert space.proposals.one(seq).state == "accepted"
    told = text_of(opened("home", "mara"))
    assert "Accepted" in told
    assert "The stock is there" in told


def test_who_may_not_decide_is_offered_to_propose_it_and_a_reader_is_not(space):
    option = first_open(space, Action.EXPEDITE)
    for person, offered in (("mara", True), ("victor", False)):
        app = opened("bridge", person, activation=option.activation)
        labels = {b.label for b in app.button}
        assert ("Preview and propose to Planning" in labels) is offered
        assert not app.exception


def test_a_change_of_an_activation_is_proposed_from_its_page(space):
    act = next(a for a in space.plan.activations() if a.is_live and a.items)
    app = opened("activations", "dana", activation=act.activation)
    app = press(app, f"Propose to cancel {act.name}")
    assert not app.exception
    (waits,) = space.proposals.waiting_for(space.person("mara"))
    assert waits.body.text == f"Cancel {act.name}"
    assert space.calendar.one(act.activation).is_live


def test_who_may_not_approve_orders_is_offered_to_propose_them_and_a_reader_is_not(space):
    rows = buying.rows(space.plan)
    first = rows[(rows["kind"] == "release") & (rows["source"] == "supplier")].iloc[0]
    key = first["sku"], first["receipt_week"].date()
    mine = rows[(rows["sku"] == key[0]) & (rows["receipt_week"] == first["receipt_week"])]
    lines = divided(space.plan, rows, {key: float(mine["units"].sum())})
    seq = space.proposals.propose_orders("ines", lines, note="It *runs* low").seq
    for person, label in (
        ("mara", "Propose the chosen to Planning"), ("dana", "Approve the chosen"), ("victor", None),
    ):  # fmt: skip
        app = opened("buyplan", person)
        assert not app.exception
        offered = {b.label for b in app.button}
        mine = {"Propose the chosen to Planning", "Approve the chosen"} & offered
        assert mine == ({label} if label else set())
        assert "prevents" in text_of(app) or person != "dana"
    app = press(opened("buyplan", "dana"), "Look and answer")
    assert not app.exception
    assert "It \\*runs\\* low" in text_of(app)
    space.proposals.decline("dana", seq, note="No money")
    assert "No money" in text_of(opened("home", "ines"))


def test_the_table_of_orders_has_no_ticks_left_once_they_were_proposed(space):
    app = opened("buyplan", "ines")
    (before,) = [d.proto.id.split("-", 2)[2] for d in app.dataframe if " release" in d.proto.id]
    app.session_state[before] = {
        "edited_rows": {0: {"Take": True}}, "added_rows": [], "deleted_rows": [],
    }  # fmt: skip
    app = press(app.run(), "Propose 1 chosen order to Planning")
    assert not app.exception
    assert [one.person for one in space.proposals.waiting_for(space.person("dana"))] == ["ines"]
    assert [b.label for b in app.button if "Propose" in b.label] == [
        "Propose the chosen to Planning"
    ]
    (waits,) = space.proposals.waiting_for(space.person("dana"))
    space.proposals.withdraw("ines", waits.seq)
