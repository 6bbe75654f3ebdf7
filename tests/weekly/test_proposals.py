"""Proposals: who may not decide asks who may; accepted, changed, declined, withdrawn."""

import datetime as dt
from dataclasses import replace

import pytest

from forecasting.consensus.events import Kind
from forecasting.consensus.events.decisions import Decided
from forecasting.errors import NotAllowed, OutOfBounds, Refused, UnknownName
from forecasting.weekly import options
from forecasting.weekly.option import Action
from forecasting.workspace import Workspace
from tests.weekly.test_decisions import BY, NOTE, first_open, state_of

PROPOSERS = {"dana": "mara", "ines": "dana", "mara": "dana"}
"""Who decides, and somebody who may not."""


def proposed(space, action=Action.TRANSFER):
    option = first_open(space, action)
    by = PROPOSERS[BY[action]]
    return option, space.proposals.propose(by, option, note="It sells out")


def coming(space):
    return next(
        a for a in space.plan.activations()
        if a.is_live and a.items and space.plan.scope_weeks(a)[0] > 2
    )  # fmt: skip


def as_read(space):
    path = space.store.path
    space.close()
    return Workspace(path)


@pytest.mark.parametrize("action", list(Action))
def test_a_proposal_changes_nothing_until_the_function_that_has_the_right_accepts_it(
    space, action
):
    option = first_open(space, action)
    before = state_of(space)
    decider = BY[action]
    by = PROPOSERS[decider]
    event = space.proposals.propose(by, option, note="It sells out")
    assert state_of(space) == before
    (waits,) = space.proposals.waiting_for(space.person(decider))
    assert (waits.seq, waits.person, waits.state) == (event.seq, by, "open")
    assert waits.body.worth.units == pytest.approx(option.units_saved, abs=1e-3)
    assert waits.body.worth.as_of == space.plan.base.as_of
    for other in ("mara", "ines", "dana", "victor", "admin"):
        if other != decider:
            assert space.proposals.waiting_for(space.person(other)) == []
            with pytest.raises(NotAllowed):
                space.proposals.accept(other, event.seq, note="Yes")
    assert space.proposals.look(decider, event.seq).changes == ()
    decided = space.proposals.accept(decider, event.seq, note=NOTE)
    body = decided.told(Decided)
    assert (decided.kind, decided.person, decided.note) == (Kind(action.value), decider, NOTE)
    assert body.text == option.told
    assert body.answering.by == space.person(by).name
    assert f"as {space.person(by).name} proposed (#{event.seq})" in decided.sentence
    found = space.proposals.one(event.seq)
    assert (found.state, found.answered_by, found.answer, found.decision) == (
        "accepted", decider, NOTE, decided.seq,
    )  # fmt: skip
    assert space.proposals.waiting_for(space.person(decider)) == []


def test_accepting_does_exactly_what_deciding_does(space):
    option = first_open(space, Action.TRANSFER)
    decided = space.decisions.decide("dana", option, owner="dana")
    there = state_of(space)
    space.reversals.undo("dana", decided.seq)
    seq = space.proposals.propose("mara", option).seq
    space.proposals.accept("dana", seq, note="Yes")
    assert state_of(space) == there


def test_declining_needs_a_reason_that_the_proposer_reads_and_withdrawing_is_the_proposers(
    space,
):
    _, event = proposed(space)
    with pytest.raises(OutOfBounds, match="Say why"):
        space.proposals.decline("dana", event.seq, note=" ")
    with pytest.raises(NotAllowed):
        space.proposals.decline("mara", event.seq, note="No")
    with pytest.raises(Refused, match="only Mara"):
        space.proposals.withdraw("dana", event.seq)
    text = space.proposals.decline("dana", event.seq, note="The lane is closed")
    assert text.sentence.endswith("because: The lane is closed")
    (mine,) = space.proposals.made_by(space.person("mara"))
    assert (mine.state, mine.answer, mine.decision) == ("declined", "The lane is closed", None)
    for again in (
        lambda: space.proposals.accept("dana", event.seq, note="After all"),
        lambda: space.proposals.decline("dana", event.seq, note="No"),
        lambda: space.proposals.withdraw("mara", event.seq),
    ):
        with pytest.raises(Refused, match="was declined by"):
            again()
    option, second = proposed(space)
    space.proposals.withdraw("mara", second.seq)
    assert space.proposals.one(second.seq).state == "withdrawn"
    assert space.proposals.propose("mara", option).seq > second.seq


def test_nobody_proposes_what_they_may_decide_or_what_they_have_proposed(space):
    option, event = proposed(space)
    with pytest.raises(Refused, match="may decide this"):
        space.proposals.propose("dana", option)
    with pytest.raises(Refused, match=f"#{event.seq} waits"):
        space.proposals.propose("mara", option)
    for other in ("victor", "admin"):
        with pytest.raises(NotAllowed):
            space.proposals.propose(other, option)
    with pytest.raises(UnknownName):
        space.proposals.accept("dana", 10**6, note="Yes")


def test_accepted_with_other_values_it_is_changed_and_says_so(space):
    option, event = proposed(space)
    fewer = replace(option, moves=option.moves[:1], text="Move less")
    decided = space.proposals.change("dana", event.seq, option=fewer, note="Half is enough")
    assert decided.told(Decided).moves == option.moves[:1]
    assert f"changed from what {space.person('mara').name} proposed" in decided.sentence
    assert space.proposals.one(event.seq).state == "changed"


def test_it_is_changed_only_into_something_about_the_same_that_one_may_decide(space):
    option, event = proposed(space)
    cases = [
        (replace(option, sku="other"), OutOfBounds), (None, OutOfBounds),
        (replace(option, action=Action.REDUCE), NotAllowed),
    ]  # fmt: skip
    for other, error in cases:
        with pytest.raises(error):
            space.proposals.change("dana", event.seq, option=other, note="Rather")
    assert space.proposals.one(event.seq).is_open


def test_what_changed_since_is_stated_and_is_not_accepted_unseen(space):
    option, event = proposed(space)
    accepted = options.for_shortage(space.plan, option.activation, option.sku)[-1]
    space.decisions.decide("dana", accepted, owner="dana")
    looked = space.proposals.look("dana", event.seq)
    assert looked.gone == ""
    assert any("Dana" in words and "decided since then" in words for words in looked.changed)
    for seen in ("", "0" * 8):
        with pytest.raises(Refused, match="Since it was proposed"):
            space.proposals.accept("dana", event.seq, note="Yes", seen=seen)
    assert space.proposals.one(event.seq).is_open
    space.proposals.accept("dana", event.seq, note="Yes", seen=looked.mark)
    assert space.proposals.one(event.seq).state == "accepted"


def test_what_cannot_be_done_any_more_is_stated_and_can_only_be_declined_or_changed(space):
    option, event = proposed(space)
    space.calendar.cancel("mara", option.activation)
    looked = space.proposals.look("dana", event.seq)
    assert "was cancelled" in looked.gone
    with pytest.raises(Refused, match="cannot be accepted as it is"):
        space.proposals.accept("dana", event.seq, note="Yes", seen=looked.mark)
    space.proposals.decline("dana", event.seq, note="It is off")


def test_stock_that_is_gone_meanwhile_is_not_promised_twice(space):
    option, event = proposed(space)
    space.decisions.decide("dana", option, owner="dana")
    looked = space.proposals.look("dana", event.seq)
    assert "decided the same already" in looked.gone


def test_a_change_of_the_calendar_is_proposed_to_marketing_and_merged_into_what_it_became(
    space,
):
    act = coming(space)
    later = replace(act, end=act.end + dt.timedelta(7))
    with pytest.raises(Refused, match="Marketing may decide this"):
        space.proposals.propose_change("mara", later)
    event = space.proposals.propose_change("dana", later, note="Stock for a week more")
    assert space.calendar.one(act.activation) == act
    found = space.proposals.one(event.seq)
    assert f"instead of {act.start} to {act.end}" in found.body.text
    assert found.body.worth.units > 0
    space.calendar.save("mara", replace(act, name="Renamed"))
    looked = space.proposals.look("mara", event.seq)
    assert looked.changed == (
        f"Changed by others since then, and it stays so: name of {act.name}.",
    )
    space.proposals.accept("mara", event.seq, note="Agreed", seen=looked.mark)
    assert space.calendar.one(act.activation) == replace(later, name="Renamed")


def test_two_changes_of_the_same_are_told_apart_from_two_of_different_things(space):
    act = coming(space)
    event = space.proposals.propose_change("dana", replace(act, end=act.end + dt.timedelta(7)))
    space.calendar.save("mara", replace(act, end=act.end + dt.timedelta(14)))
    looked = space.proposals.look("mara", event.seq)
    assert "accepting puts what is proposed in its place" in looked.changed[0]
    shorter = replace(act, end=act.end + dt.timedelta(3))
    space.proposals.change(
        "mara", event.seq, activation=shorter, note="Three days", seen=looked.mark
    )
    assert space.calendar.one(act.activation) == shorter
    assert space.proposals.one(event.seq).state == "changed"


def test_a_calendar_that_says_so_already_leaves_nothing_to_accept(space):
    act = coming(space)
    off = act.cancelled()
    event = space.proposals.propose_change("ines", off)
    space.calendar.save("mara", off)
    looked = space.proposals.look("mara", event.seq)
    assert "was cancelled" in looked.gone
    with pytest.raises(Refused, match="so in the calendar already"):
        space.proposals.propose_change("dana", off)


def test_a_restart_finds_every_proposal_as_it_stood(space):
    _, first = proposed(space)
    space.proposals.decline("dana", first.seq, note="No")
    option, second = proposed(space)
    act = coming(space)
    space.proposals.propose_change("ines", act.cancelled(), note="Too close to the last")
    taken = space.proposals.accept("dana", second.seq, note="Yes")
    space.reversals.undo("dana", taken.seq)
    before = space.proposals.all
    again = as_read(space)
    assert again.proposals.all == before
    assert [one.state for one in before] == ["open", "accepted", "declined"]
    # What was taken back is not proposed anew by itself.
    assert again.decisions.of(option.activation, option.sku) == []
    again.close()


def test_a_request_sent_again_proposes_once_and_accepts_once(space):
    option = first_open(space, Action.TRANSFER)
    one = space.proposals.propose("mara", option, client_id="p1")
    assert space.proposals.propose("mara", option, client_id="p1").seq == one.seq
    done = space.proposals.accept("dana", one.seq, note="Yes", client_id="a1")
    assert space.proposals.accept("dana", one.seq, note="Yes", client_id="a1").seq == done.seq
    assert space.seq == done.seq
    assert space.decisions.all[0].seq == done.seq
    with pytest.raises(Refused, match="was accepted by"):
        space.proposals.accept("dana", one.seq, note="Yes", client_id="a2")
