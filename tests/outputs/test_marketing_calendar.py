"""The marketing calendar that the stock allows: what it says, and that it is safe to open."""

import datetime as dt
import io
from dataclasses import replace

import numpy as np
import openpyxl
import pytest
from icalendar import Calendar

from forecasting.errors import OutOfBounds
from forecasting.outputs import marketing_calendar as leaves
from forecasting.weekly import options
from forecasting.weekly.option import Action
from forecasting.weekly.readiness import State
from tests.weekly.test_decisions import NOTE, short_items

HOSTILE = "=cmd|'/c calc'!A1"
NAMES = [
    HOSTILE, "@SUM(1,2)", "-1+1", "Line\none", "BEGIN:VEVENT", "a;b,c\\d", "🎄" * 60,
    "\u202eעברית", "x" * 190,
]  # fmt: skip


def named(space, identity):
    found = leaves.calendar(space, "victor", weeks=52)
    return next(one for one in found if one.activation.activation == identity)


def hostile(space):
    """Activations whose names try something; each with its name."""
    act = next(a for a in space.plan.activations() if a.is_live and a.items)
    made = {}
    for n, name in enumerate(NAMES):
        one = replace(act, activation=f"H{n}", name=name, type="price", owner=name)
        space.calendar.save("mara", one)
        made[one.activation] = name
    return made


@pytest.fixture
def short(space):
    """An activation with a featured SKU that runs out and that something still helps."""
    for item in short_items(space):
        one = named(space, item.activation)
        if one.state is State.NEEDS and one.short_skus:
            return one
    raise AssertionError("nothing is short in the sample")


def test_what_is_short_says_who_decides_by_when_and_is_never_approved(space, short):
    assert short.why.startswith(f"Short: {short.short_skus} of {short.n_skus} SKU")
    assert short.by
    begins = short.until
    assert begins is not None
    assert short.last_day >= short.until
    plan, identity = space.working_plan_for("dana"), short.activation.activation
    days = [
        o.last_date for s in {i.sku for i in short.activation.items}
        for o in options.for_shortage(plan, identity, s)
        if o.is_open and o.action is not Action.ACCEPT
    ]  # fmt: skip
    assert short.until in days
    assert short.last_day in days


def test_what_was_accepted_or_decided_is_no_decision_any_more(space, short):
    identity = short.activation.activation
    plan = space.working_plan_for("dana")
    for sku in {i.sku for i in short.activation.items}:
        offered = options.for_shortage(plan, identity, sku)
        if offered and offered[-1].is_open:
            space.decisions.decide("dana", offered[-1], owner="dana", note=NOTE)
    now = named(space, identity)
    assert now.state is State.RISK
    assert "accepted" in now.why
    assert now.by == ()
    assert now.decided > 0


def test_no_activation_with_a_sku_that_is_short_is_called_approved(space):
    found = leaves.calendar(space, "victor", weeks=52)
    assert {one.state for one in found} >= {State.NEEDS, State.APPROVED}
    for one in found:
        assert (one.state is State.APPROVED) <= (one.short_skus == 0)
        assert (one.state is State.NEEDS) == bool(one.by)
    cancelled = found[-1].activation
    space.calendar.cancel("mara", cancelled.activation)
    assert named(space, cancelled.activation).state is State.CANCELLED


def test_a_day_that_is_over_is_no_day_to_decide_by(space):
    plan = space.working_plan_for("dana")
    first = plan.base.weeks[0].astype(dt.date)
    for day in (first - dt.timedelta(400), first + dt.timedelta(3), first + dt.timedelta(400)):
        found = leaves.calendar_of(plan, space.decisions, space.proposals, weeks=52, today=day)
        inside = min(max(day, first), first + dt.timedelta(6))
        assert all(one.until >= inside for one in found if one.until)


def test_a_workbook_has_a_row_an_activation_days_that_are_days_and_no_formula(space):
    made = hostile(space)
    found = leaves.calendar(space, "victor", weeks=52)
    book = openpyxl.load_workbook(io.BytesIO(leaves.as_workbook(found, seq=space.seq)))
    head, *rows = book.active.iter_rows()
    assert [c.value for c in head] == list(leaves.COLUMNS)
    assert len(rows) == len(found)
    at = {name: n for n, name in enumerate(leaves.COLUMNS)}
    by_name = {row[at["activation"]].value: row for row in rows}
    for row in rows:
        assert all(cell.data_type != "f" for cell in row)
        for name in ("start", "end"):
            assert row[at[name]].is_date
            assert row[at[name]].number_format == "YYYY-MM-DD"
    for identity, name in made.items():
        told = by_name[identity][at["name"]].value
        assert told.removeprefix("'").replace("_x000D_", "") == name
    assert by_name["H0"][at["name"]].value == f"'{HOSTILE}"


def test_a_calendar_is_read_back_as_it_was_stated_whatever_names_hold(space):
    made = hostile(space)
    space.calendar.cancel("mara", "H1")
    found = leaves.calendar(space, "victor", weeks=52)
    ics = leaves.as_ics(found, now=dt.datetime(2026, 11, 28, 9, 30, 1, 5), seq=7)
    lines = ics.split(b"\r\n")
    assert ics.endswith(b"\r\n")
    assert b"\n" not in ics.replace(b"\r\n", b"")
    assert max(map(len, lines)) <= 75  # octets: RFC 5545, 3.1
    ics.decode()  # folded between characters, not inside of one
    read = Calendar.from_ical(ics)
    assert (read["version"], read["method"]) == ("2.0", "PUBLISH")
    events = list(read.walk("VEVENT"))
    due = [one for one in found if one.state is State.NEEDS and one.until]
    assert len(events) == len(found) + len(due)
    assert len({str(e["uid"]) for e in events}) == len(events)
    for event in events:
        assert type(event["dtstart"].dt) is dt.date
        assert event["dtend"].dt > event["dtstart"].dt
        assert event["dtstamp"].dt == dt.datetime(2026, 11, 28, 9, 30, 1, tzinfo=dt.UTC)
        assert event["sequence"] == 7
    told = {str(e["summary"]).partition(": ")[2]: e for e in events}
    for one in found:
        event = told[one.activation.name]
        if event["categories"].cats[0] == "Deadline":
            continue
        assert (event["status"] == "CANCELLED") == (one.state is State.CANCELLED)
    assert set(made.values()) <= set(told)
    again = leaves.as_ics(found, now=dt.datetime(2026, 11, 29), seq=8)
    names = {str(e["uid"]) for e in Calendar.from_ical(again).walk("VEVENT")}
    assert names == {str(e["uid"]) for e in events}


def test_weeks_beyond_the_plan_are_refused(space):
    with pytest.raises(OutOfBounds):
        leaves.calendar(space, "victor", weeks=53)
    assert np.all([one.n_skus >= 0 for one in leaves.calendar(space, "victor", weeks=1)])
