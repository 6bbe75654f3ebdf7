"""What was begun and not entered: one person's, kept over closed tabs and restarts."""

import datetime as dt

import pytest

from forecasting.errors import NotAllowed, OutOfBounds
from forecasting.workspace import Workspace

BEGUN = {"note": "Partner posts on “Friday”; 3% more", "bulk_value": -12.5, "reason": "EVENT"}


def test_a_draft_is_there_after_a_restart_and_gone_once_dropped(company_copy):
    space = Workspace(company_copy, clock=lambda: dt.datetime(2026, 12, 1, 9, 30))
    seq = space.seq
    space.drafts.keep("mara", "consensus", {"note": "first"})
    space.drafts.keep("mara", "consensus", BEGUN)
    assert space.seq == seq  # nobody decided anything
    space.close()
    again = Workspace(company_copy)
    draft = again.drafts.of("mara", "consensus")
    assert draft.fields == BEGUN
    assert draft.saved_at == dt.datetime(2026, 12, 1, 9, 30)
    again.drafts.drop("mara", "consensus")
    assert again.drafts.of("mara", "consensus") is None
    again.close()


def test_a_draft_is_of_one_person_and_one_page(space):
    space.drafts.keep("mara", "consensus", BEGUN)
    assert space.drafts.of("dana", "consensus") is None
    assert space.drafts.of("mara", "meeting") is None
    space.drafts.keep("dana", "consensus", {"note": "hers"})
    assert space.drafts.of("mara", "consensus").fields == BEGUN


def test_those_who_give_no_input_begin_none(space):
    for person in ("victor", "sam"):
        with pytest.raises(NotAllowed, match="keep a draft"):
            space.drafts.keep(person, "consensus", BEGUN)


def test_a_draft_longer_than_anybody_types_is_refused_and_the_one_before_stays(space):
    space.drafts.keep("mara", "consensus", BEGUN)
    with pytest.raises(OutOfBounds, match="20,000"):
        space.drafts.keep("mara", "consensus", {"note": "x" * 30_000})
    assert space.drafts.of("mara", "consensus").fields == BEGUN
