"""Links for calendar programs: what they open, for whom, and until when."""

import pytest
from icalendar import Calendar

from forecasting.errors import Refused, UnknownName
from forecasting.outputs import feed
from forecasting.vocabulary import Function
from forecasting.workspace import Workspace


@pytest.fixture(scope="module")
def space(company, tmp_path_factory):
    import shutil

    path = shutil.copy(company, tmp_path_factory.mktemp("feed") / "feed.duckdb")
    made = Workspace(path)
    made.set_person("admin", identity="temp", name="Temp", function=Function.MARKETING)
    yield made
    made.close()


def events(space: Workspace, secret: str) -> dict[str, object]:
    made = feed.calendar_of(space, secret)
    assert made is not None
    return {str(e["uid"]): e for e in Calendar.from_ical(made).walk("VEVENT")}


def test_a_link_shows_the_calendar_and_the_same_activation_is_the_same_event_later(space):
    secret = space.feeds.make("mara", "All")
    first = events(space, secret)
    assert first
    before = next(iter(first.values()))["sequence"]
    space.seen.notice([])  # nothing entered: the very same
    assert events(space, secret).keys() == first.keys()
    space.feeds.make("mara", "Another")
    again = events(space, secret)
    assert again.keys() == first.keys()
    assert next(iter(again.values()))["sequence"] > before
    assert secret not in str([e.body.write() for e in space.ledger.tail(0)])


def test_a_link_can_be_of_one_class_or_of_what_one_function_decides(space):
    every = events(space, space.feeds.make("dana", "All"))
    klass = str(space.plan.base.skus["class"].iloc[0])
    one = events(space, space.feeds.make("dana", "Class", klass=klass))
    assert one.keys() < every.keys()
    none = feed.calendar_of(space, space.feeds.make("dana", "None", klass="no such"))
    assert none is not None
    assert Calendar.from_ical(none).walk("VEVENT") == []
    mine = events(space, space.feeds.make("dana", "Mine", function=Function.PLANNING))
    assert mine.keys() <= every.keys()


def test_a_link_opens_nothing_once_revoked_or_once_its_maker_is_out(space):
    assert feed.calendar_of(space, "x" * 43) is None
    secret = space.feeds.make("temp", "Mine")
    with pytest.raises(Refused, match="already"):
        space.feeds.make("temp", "Mine")
    with pytest.raises(UnknownName):
        space.feeds.revoke("victor", "Mine")
    other = space.feeds.make("temp", "Other")
    assert feed.calendar_of(space, secret) is not None
    space.feeds.revoke("temp", "Mine")
    assert feed.calendar_of(space, secret) is None
    assert feed.calendar_of(space, other) is not None
    space.staff.take_out("admin", identity="temp")
    assert feed.calendar_of(space, other) is None
