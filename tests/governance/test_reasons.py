"""The list of reasons: edited by those who keep it, and the past keeps its words."""

import pytest

from forecasting.errors import NotAllowed, OutOfBounds, Refused
from forecasting.outputs import consensus_pack
from forecasting.workspace import Workspace
from tests.cycling import open_cycle
from tests.monthly.test_cycle import busiest, publish, scope


def test_a_reason_of_the_companys_own_can_be_given_and_is_there_after_a_restart(company_copy):
    space = Workspace(company_copy)
    space.reasons.save("dana", "NEW_STORE", "A door opens")
    sku = busiest(space)
    event = space.override("ines", scope(space, sku), "add", 20, reason="NEW_STORE")
    space.close()
    again = Workspace(company_copy)
    assert again.ledger.event(event.seq).reason == "NEW_STORE"
    assert again.reasons.label("NEW_STORE") == "A door opens"
    assert [e.seq for e in again.history.events("victor", reason="NEW_STORE")] == [event.seq]
    again.close()


def test_a_retired_reason_is_not_given_any_more_and_is_still_called_by_its_name(space):
    space.override("dana", scope(space), "add", 5, reason="WEATHER")
    space.reasons.save("sam", "WEATHER", "Weather", in_use=False)
    assert "WEATHER" not in {one.code for one in space.reasons.offered}
    with pytest.raises(OutOfBounds, match="not a reason"):
        space.override("dana", scope(space), "add", 5, reason="WEATHER")
    assert space.reasons.label("WEATHER") == "Weather"
    space.reasons.save("sam", "WEATHER", "Weather")
    space.override("dana", scope(space), "add", 5, reason="WEATHER")


def test_a_reason_can_ask_for_a_note(space):
    space.reasons.save("dana", "TREND", "Trend", needs_note=True)
    with pytest.raises(OutOfBounds, match="needs a note"):
        space.override("dana", scope(space), "add", 5, reason="TREND")
    space.override("dana", scope(space), "add", 5, reason="TREND", note="Third week up")


def test_what_was_published_is_told_in_the_words_of_its_day(space):
    open_cycle(space, "2026-11")
    sku = busiest(space)
    space.override("mara", scope(space, sku, 3, 8), "percent", 60, reason="EVENT")
    first = publish(space)
    open_cycle(space, "2026-12")
    space.override("mara", scope(space, sku, 3, 8), "percent", 20, reason="EVENT")
    version = publish(space)
    before = consensus_pack.as_html(space, version.version)
    assert "Event or holiday" in before
    space.reasons.save("dana", "EVENT", "Happening")
    assert consensus_pack.as_html(space, version.version) == before
    assert space.reasons.label("EVENT") == "Happening"
    assert space.reasons.label("EVENT", at=first.version) == "Event or holiday"


@pytest.mark.parametrize("who", ["mara", "ines", "victor"])
def test_those_who_do_not_keep_the_list_cannot_edit_it(space, who):
    with pytest.raises(NotAllowed, match="edit the list of reasons"):
        space.reasons.save(who, "NEW_STORE", "A door opens")


@pytest.mark.parametrize("code", ["", "x", "lower", "1ST", "A" * 40, "TWO WORDS"])
def test_a_code_that_no_export_could_carry_is_refused(space, code):
    with pytest.raises(OutOfBounds, match="capital letters"):
        space.reasons.save("dana", code, "Something")


def test_the_list_has_no_two_of_one_name_and_never_loses_other(space):
    with pytest.raises(Refused, match="called already"):
        space.reasons.save("dana", "CLIMATE", "Weather")
    with pytest.raises(Refused, match="like that already"):
        space.reasons.save("dana", "WEATHER", "Weather")
    with pytest.raises(OutOfBounds, match="'Other' stays"):
        space.reasons.save("dana", "OTHER", "Other", in_use=False)
    with pytest.raises(OutOfBounds, match="characters"):
        space.reasons.save("dana", "LONG", "x" * 60)


@pytest.mark.parametrize(
    "link",
    ["javascript:alert(1)", "file:///etc/passwd", "see my mail", "https://", "http:// a"],
)
def test_evidence_is_a_web_address_and_nothing_else(space, link):
    before = space.seq
    with pytest.raises(OutOfBounds, match="https://"):
        space.override("dana", scope(space), "add", 5, reason="TREND", evidence=link)
    assert space.seq == before


def test_evidence_stands_with_the_change_it_was_given_for(space):
    link = "https://intranet.example/plan(1)?week=3"
    event = space.override("dana", scope(space), "add", 5, reason="TREND", evidence=f" {link} ")
    assert space.ledger.event(event.seq).evidence == link
