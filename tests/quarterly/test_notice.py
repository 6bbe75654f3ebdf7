"""How early things were known and decided, on calendars small enough to count by hand."""

import datetime as dt
import json

import pandas as pd
import pytest

from forecasting.consensus.activations import Activation, Item
from forecasting.consensus.events import Event, Kind
from forecasting.consensus.events.reading import read_body
from forecasting.quarterly import notice
from forecasting.weekly.decisions import Decision
from forecasting.weekly.option import Action

START = dt.date(2026, 9, 20)


def activation(**changes) -> Activation:
    fields = {"activation": "A", "name": "Autumn", "type": "email", "start": START, "end": START + dt.timedelta(6),
              "items": (Item(sku="S", discount=0.1),)}  # fmt: skip
    return Activation(**{**fields, **changes})


def body(kind, **fields):
    """As the ledger has it; what a decision says besides does not matter here."""
    featured = {"activation": "A", "sku": "S"}
    usual = {"featured": featured, "said": "", "owner": "dana", "due": f"{START}", "cost": 0, "units_saved": 0,
             "margin_saved": None, "short": 1, "weeks_ahead": 3}  # fmt: skip
    return read_body(kind, json.dumps({**usual, **fields}, default=str), seq=1)


def changed(kind, before, after, day, *, function="marketing", seq=1) -> Event:
    return Event(
        seq=seq, recorded_at=dt.datetime.combine(day, dt.time(9)), person="mara", function=function,
        client_id=str(seq),
        body=body(kind, activation="A", sku="S", before=before and before.to_dict(), after=after.to_dict()),
    )  # fmt: skip


def flags(*rows) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["as_of", "activation", "sku", "status"])


def decision(
    action=Action.TRANSFER, *, weeks_ahead=3, sku="S", state="decided", seq=9
) -> Decision:
    return Decision(
        seq=seq, action=action, activation="A", sku=sku, text="", person="dana", owner="dana", due=START,
        decided_at=dt.datetime(2026, 9, 1), moves=(), cost=5.0, units_saved=1, margin_saved=1,
        weeks_ahead=weeks_ahead, note="", short=1, state=state,
    )  # fmt: skip


def only(known=None, events=(), flagged=None, decisions=(), act=None):
    found = notice.notices(
        [act or activation()],
        known or {},
        events,
        flags() if flagged is None else flagged,
        decisions,
        late_weeks=6,
    )
    return found[0] if found else None


def test_an_imported_activation_is_complete_when_its_last_part_entered():
    one = only({"A": START - dt.timedelta(63)})
    assert one.complete_weeks == 9
    assert one.quarter == "2026-Q3"
    assert not one.late_by


def test_what_files_do_not_say_is_not_known():
    assert pd.isna(only({"A": None}).complete_weeks)
    assert pd.isna(only({}).complete_weeks)


def test_another_sku_door_or_discount_makes_it_complete_later_a_name_does_not():
    day = START - dt.timedelta(21)
    before = activation()
    deeper = activation(items=(Item(sku="S", discount=0.3),))
    renamed = activation(name="Other")
    known = {"A": START - dt.timedelta(70)}
    assert only(known, [changed(Kind.ACTIVATION, before, deeper, day)]).complete_weeks == 3
    assert only(known, [changed(Kind.ACTIVATION, before, renamed, day)]).complete_weeks == 10
    assert (
        only(
            known, [changed(Kind.LIFT, before, before.with_lift("S", 2.0), day)]
        ).complete_weeks
        == 10
    )


def test_late_additions_and_changes_are_counted_by_function():
    late, early = START - dt.timedelta(20), START - dt.timedelta(50)
    before = activation()
    events = [
        changed(Kind.ACTIVATION, before, before, early, seq=1),
        changed(Kind.ACTIVATION, before, before, late, seq=2),
        changed(Kind.SHIFT, before, before, late, function="merchandising", seq=3),
        changed(Kind.REDUCE, before, before, START + dt.timedelta(30), seq=4),  # it is over
    ]
    assert only({"A": START - dt.timedelta(100)}, events).late_by == {
        "marketing": 1,
        "merchandising": 1,
    }
    assert only({"A": START - dt.timedelta(10)}).late_by == {"marketing": 1}


def test_notice_counts_from_the_first_red_to_the_start():
    flagged = flags(
        (START - dt.timedelta(70), "A", "S", "amber"),
        (START - dt.timedelta(35), "A", "S", "red"),
        (START - dt.timedelta(14), "A", "S", "red"),
        (START - dt.timedelta(14), "A", "T", "red"),
        (START, "A", "U", "red"),  # it has begun
    )
    one = only(flagged=flagged)
    assert one.notice_weeks == 5
    assert set(one.red) == {"S", "T"}
    assert pd.isna(only().notice_weeks)


@pytest.mark.parametrize(
    ("made", "counts"),
    [
        (decision(), True),
        (decision(Action.ACCEPT), True),
        (decision(Action.ACCEPT, weeks_ahead=0), False),
        (decision(state="taken back"), False),
        (decision(sku="T"), False),
    ],
)
def test_a_red_is_decided_in_time_when_something_was_decided_while_it_could_be(made, counts):
    flagged = flags((START - dt.timedelta(35), "A", "S", "red"))
    assert (only(flagged=flagged, decisions=[made]).decided == {"S": 9}) is counts


def test_a_cancelled_activation_has_no_lead_time():
    assert only(act=activation(status="cancelled")) is None


def test_a_quarter_is_the_share_of_its_activations():
    def one(name, weeks, reds, decided):
        return notice.Notice(
            activation=name, name=name, type="email", start=START, quarter="2026-Q3", complete_weeks=weeks,
            late_by={"marketing": 1}, red={str(n): START - dt.timedelta(7 * (n + 2)) for n in range(reds)},
            decided={str(n): n for n in range(decided)},
        )  # fmt: skip

    found = notice.by_quarter(
        [one("a", 9.0, 2, 1), one("b", 7.0, 1, 1), one("c", 3.0, 0, 0), one("d", float("nan"), 0, 0)], complete_weeks=3
    )["2026-Q3"]  # fmt: skip
    assert (found.activations, found.known) == (4, 3)
    assert found.complete_8 == pytest.approx(1 / 3)
    assert found.complete_6 == pytest.approx(2 / 3)
    assert found.complete_rule == 1.0
    assert (found.reds, found.decided) == (3, 2)
    assert found.decided_share == pytest.approx(2 / 3)
    assert found.notice == pytest.approx(2.5)
    assert found.late_by == {"marketing": 4}


def test_a_swapped_sku_is_featured_until_the_day_of_the_swap():
    before = activation()
    after = activation(items=(Item(sku="T", discount=0.2),))
    swap = START + dt.timedelta(3)
    runs = notice.featured_days(after, [changed(Kind.SHIFT, before, after, swap)])
    assert runs == [
        ("T", None, swap, after.end, 0.2),
        ("S", None, START, swap - dt.timedelta(1), 0.1),
    ]
    early = [changed(Kind.SHIFT, before, after, START - dt.timedelta(3))]
    assert notice.featured_days(after, early) == [("T", None, START, after.end, 0.2)]
    other = [changed(Kind.SHIFT, before, after, swap)]
    assert notice.featured_days(activation(activation="B"), other) == [
        ("S", None, START, START + dt.timedelta(6), 0.1)
    ]


def test_tasks_are_on_time_late_open_or_taken_back():
    def told(seq, kind, day, **fields):
        return Event(
            seq=seq, recorded_at=dt.datetime.combine(day, dt.time(12)), person="dana", function="planning",
            client_id=str(seq), body=body(kind, **fields),
        )  # fmt: skip

    due = dt.date(2026, 9, 1)
    asked = {"owner": "dana", "due": due.isoformat()}
    events = [
        told(1, Kind.ACTION, due, text="a", state="open", **asked),
        told(2, Kind.ACTION, due, text="b", state="open", **asked),
        told(3, Kind.EXPEDITE, due, **{"said": "c"}, **asked),
        told(4, Kind.TRANSFER, due, **{"said": "d"}, **asked),
        told(5, Kind.ACTION, due, text="a", state="done", of=1, **asked),
        told(6, Kind.CLOSE, due + dt.timedelta(3), target=3, **{"said": "c"}),
        told(7, Kind.UNDO, due, target=4),
    ]
    found = {t.seq: t for t in notice.tasks(events)}
    assert set(found) == {1, 2, 3}
    assert [found[n].is_on_time for n in (1, 2, 3)] == [True, False, False]
    back = notice.tasks([*events, told(8, Kind.UNDO, due, target=4)])
    assert {t.seq for t in back} == {1, 2, 3, 4}


def test_people_s_changes_of_the_calendar_reach_the_scorecard(space):
    ahead = next(
        a
        for a in space.calendar.activations
        if a.is_live and a.start > space.plan.base.as_of + dt.timedelta(21)
    )
    before = {n.activation: n for n in space.quarters.notices()}[ahead.activation]
    assert before.complete_weeks >= 5
    deeper = tuple(Item(sku=i.sku, door=i.door, discount=0.5) for i in ahead.items)
    space.calendar.save("mara", Activation(**{**_fields(ahead), "items": deeper}))
    after = {n.activation: n for n in space.quarters.notices()}[ahead.activation]
    gap = (ahead.start - space.desk.today).days / 7
    assert after.complete_weeks == pytest.approx(gap)
    assert after.late_by.get("marketing", 0) == before.late_by.get("marketing", 0) + (gap < 6)


def _fields(act: Activation) -> dict:
    return {
        name: getattr(act, name)
        for name in (
            "activation",
            "name",
            "type",
            "start",
            "end",
            "status",
            "owner",
            "channel",
            "spend",
            "lock_date",
            "items",
        )
    }


def test_the_bridge_of_every_refresh_is_kept(space):
    from data import scores

    kept = scores.flags(space.store)
    assert len(kept)
    reds = [i for items in space.plan.items.values() for i in items if i.first < 12]
    assert len(kept) == len(reds)
    assert set(kept["status"]) <= {"red", "amber", "green", "blue", "grey"}


def test_what_the_bridge_says_is_kept_once_for_every_run_that_comes_into_force(space):
    from data import scores

    first = space._run()
    before = len(scores.flags(space.store))
    space.cycles.open("dana", "2026-12")
    candidate = space.runs.refresh("dana", full=True)
    assert not scores.has_flags(space.store, candidate.seq)  # nobody works with it yet
    space.cycles.adopt("dana", candidate.seq)
    assert scores.has_flags(space.store, candidate.seq)
    kept = space.store.query("flagged", run=first)
    assert len(kept) == 1
    # Of one week the run in force speaks; a rebuild meanwhile says nothing again.
    assert len(scores.flags(space.store)) == before
    space._rebuild_and_flag()
    assert len(scores.flags(space.store)) == before
