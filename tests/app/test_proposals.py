"""Proposals as two functions meet them: one proposes, the other answers, the first reads it."""

import shutil

import pytest

from forecasting.weekly.option import Action
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
