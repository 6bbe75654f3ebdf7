"""Minutes: assumptions that come back, actions until they are done, decisions on record."""

import datetime as dt

import pytest

from forecasting.errors import NotAllowed, OutOfBounds, Refused, UnknownName
from forecasting.workspace import Workspace

DAY = dt.date(2026, 12, 4)


def test_an_assumption_comes_back_on_its_day_until_it_is_judged(space):
    event = space.minutes.assume(
        "mara",
        "The partner posts on Friday",
        owner="mara",
        watch="Sessions below 40k",
        review=DAY,
    )
    (one,) = space.minutes.assumptions
    assert not one.is_due(DAY - dt.timedelta(1))
    assert one.is_due(DAY)
    space.minutes.judge("ines", event.seq, "broken")
    (one,) = space.minutes.assumptions
    assert one.state == "broken"
    assert not one.is_due(DAY)
    with pytest.raises(OutOfBounds):
        space.minutes.judge("ines", event.seq, "perhaps")
    with pytest.raises(UnknownName):
        space.minutes.judge("ines", 10_000, "held")


def test_an_assumption_expires_later_than_it_is_looked_at_and_not_before(space):
    later = DAY + dt.timedelta(21)
    event = space.minutes.assume(
        "mara", "The partner posts", owner="mara", watch="Sessions", review=DAY, expires=later
    )
    (one,) = space.minutes.assumptions
    assert one.is_due(DAY)
    assert not one.is_expired(DAY)
    assert one.is_expired(later)
    space.minutes.judge("mara", event.seq, "held")
    assert not space.minutes.assumptions[0].is_expired(later)
    with pytest.raises(OutOfBounds, match="before it expires"):
        space.minutes.assume(
            "mara", "No", owner="mara", watch="x", review=later, expires=DAY
        )  # fmt: skip


def test_an_action_is_open_until_its_owner_is_done(space):
    event = space.minutes.assign("dana", "Ask the mill for 400 more", owner="ines", due=DAY)
    (one,) = space.minutes.actions
    assert (one.owner, one.is_done) == ("ines", False)
    assert one.is_late(DAY + dt.timedelta(1))
    space.minutes.close("ines", event.seq)
    assert space.minutes.actions[0].is_done
    with pytest.raises(Refused, match="done already"):
        space.minutes.close("ines", event.seq)


def test_those_who_only_read_write_no_minutes(space):
    for person in ("victor", "sam"):
        with pytest.raises(NotAllowed):
            space.minutes.assign(person, "Do it", owner="ines", due=DAY)
        with pytest.raises(NotAllowed):
            space.minutes.decide(person, "Done")
    with pytest.raises(NotAllowed):
        space.minutes.decide("mara", "We go on")
    for text in ("", "   "):
        with pytest.raises(OutOfBounds):
            space.minutes.assign("dana", text, owner="ines", due=DAY)
    with pytest.raises(UnknownName):
        space.minutes.assign("dana", "Do it", owner="nobody", due=DAY)


def test_minutes_are_there_after_a_restart(company_copy):
    space = Workspace(company_copy)
    space.cycles.open("dana", "2026-12")
    space.minutes.assign("dana", "Ask the mill", owner="ines", due=DAY)
    space.minutes.decide("dana", "The catalogue goes to January")
    space.close()
    again = Workspace(company_copy)
    assert [a.text for a in again.minutes.actions] == ["Ask the mill"]
    assert [e.note for e in again.minutes.decisions("2026-12")] == [
        "The catalogue goes to January"
    ]
    assert again.minutes.decisions("2027-01") == []
    again.close()
