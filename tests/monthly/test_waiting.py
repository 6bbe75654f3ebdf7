"""The inbox: what is in it follows from the state, and what was seen stays seen."""

import datetime as dt
from dataclasses import replace
from types import SimpleNamespace

import pytest

from data import drafts
from forecasting.consensus.activations import Activation, Item
from forecasting.governance.following import What
from forecasting.monthly import waiting
from forecasting.monthly.waiting import Need
from forecasting.outputs import inbox
from forecasting.rights import Person
from forecasting.vocabulary import Function, Status
from forecasting.weekly.best_mix import Watched
from forecasting.workspace import Workspace

TODAY = dt.date(2026, 11, 28)
MARA = Person(id="mara", name="Mara Quill", function=Function.MARKETING)


def activation(name: str, owner: str = "Mara Quill (Brand)", days: int = 10) -> Activation:
    start = TODAY + dt.timedelta(days)
    return Activation(
        activation=name, name=f"{name} drop", type="email", start=start,
        end=start + dt.timedelta(6), owner=owner, items=(Item(sku="A"),),
    )  # fmt: skip


def watched(sku: str, status: Status, last: dt.date | None) -> Watched:
    best = SimpleNamespace(
        options=(SimpleNamespace(last_date=last),) if last else (), units=1.0
    )
    return Watched(
        activation="X", sku=sku, status=status, units_short=9.0, margin_at_risk=1.0,
        best=best, menu=(),
    )  # fmt: skip


def test_a_red_risk_is_lost_once_no_day_is_left_for_any_option():
    found = waiting.risks_in(
        [
            watched("A", Status.RED, TODAY),
            watched("B", Status.RED, TODAY - dt.timedelta(1)),
            watched("C", Status.RED, None),
            watched("D", Status.AMBER, None),
        ],
        today=TODAY,
    )
    assert found == {"red/X/A", "lost/X/B", "lost/X/C"}


def test_risks_are_of_ones_own_activations_one_line_each_and_new_again_when_another_joins():
    calendar = [activation("X"), activation("Y", owner="Theo"), activation("Z", days=-20)]
    own = waiting.owned_by(MARA, calendar)
    assert own == ["X", "Z"]
    first, later = dt.datetime(2026, 11, 27), dt.datetime(2026, 11, 28)
    noticed = {"red/X/A": first, "red/Y/A": first, "red/Z/A": first}
    (one,) = waiting.of_risks(noticed, calendar, mine=own, today=TODAY)  # Z is over
    assert (one.need, one.text) == (Need.RED, "X drop: 1 featured SKU turned red")
    assert (one.since, one.link) == (first, {"activation": "X"})
    more = noticed | {"red/X/B": later, "lost/X/C": later}
    again = waiting.of_risks(more, calendar, mine=own, today=TODAY)
    assert {i.need for i in again} == {Need.RED, Need.LOST}
    assert one.key not in {i.key for i in again}


@pytest.fixture
def space(tmp_path):
    made = Workspace(tmp_path / "inbox.duckdb")
    for identity, function in (("dana", Function.PLANNING), ("mara", Function.MARKETING)):
        made.set_person("admin", identity=identity, name=identity, function=function)
    yield made
    made.close()


def test_what_is_seen_is_ones_own_outlives_a_restart_and_is_forgotten_with_the_thing(
    space, tmp_path
):
    due = space.desk.today + dt.timedelta(2)
    action = space.minutes.assign("dana", "Do it", owner="mara", due=due).seq
    (item,) = inbox.items(space, "mara")
    assert (item.key, item.is_new, item.due) == (f"action/{action}", True, due)
    assert inbox.items(space, "dana") == []
    inbox.mark_seen(space, "mara", [item.key, "something else"])
    assert inbox.new_count(inbox.items(space, "mara")) == 0
    space.close()
    again = Workspace(tmp_path / "inbox.duckdb")
    try:
        (item,) = inbox.items(again, "mara")
        assert not item.is_new
        again.minutes.close("mara", action)
        assert inbox.items(again, "mara") == []
        later = again.minutes.assign("dana", "Next", owner="mara", due=due).seq
        inbox.mark_seen(again, "mara", [f"action/{later}"])
        assert set(again.seen.of("mara")) == {f"action/{later}"}
    finally:
        again.close()


def test_since_when_a_risk_stands_outlives_a_restart_and_ends_with_it(space, tmp_path):
    space.seen.notice(["red/X/A", "red/X/B"])
    since = dict(space.seen.noticed)
    space.seen.notice(["red/X/A", "lost/X/B"])
    assert space.seen.noticed["red/X/A"] == since["red/X/A"]
    space.close()
    again = Workspace(tmp_path / "inbox.duckdb")
    try:
        assert set(again.seen.noticed) == {"red/X/A", "lost/X/B"}
        assert again.seen.noticed["red/X/A"] == since["red/X/A"]
    finally:
        again.close()


def test_a_look_at_many_followed_things_is_one_write(space, monkeypatch):
    writes = []
    keep = drafts.keep
    monkeypatch.setattr(drafts, "keep", lambda *a, **k: (writes.append(a), keep(*a, **k)))
    for n in range(5):
        space.following.add("mara", What.SKU, f"S{n}")
    before = len(writes)
    looked = [replace(f, seen={"short": 1.0}) for f in space.following.of("mara")]
    space.following.saw("mara", looked)
    space.following.saw("mara", looked)
    assert len(writes) == before + 1
    assert all(f.seen == {"short": 1.0} for f in space.following.of("mara"))
