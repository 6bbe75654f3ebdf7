"""The marketing calendar that the stock allows, as it leaves: rows, a workbook, and ICS.

One row is one activation. In a calendar program each activation is an all-day event, and so
is the day by which something has to be decided about it. What a name holds stays text, in a
workbook (data/leaving.py) as in a calendar (RFC 5545, written by icalendar).
"""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Iterator, Sequence
from typing import Annotated

import pandas as pd
from icalendar import Calendar, Event

from data import leaving
from data.came_back import AS_OF, CALENDAR, FEATURED
from data.leaving import Leaving
from forecasting.arguments import Between, verb
from forecasting.version import version
from forecasting.weekly.readiness import Readiness, State, calendar_of
from forecasting.workspace import Workspace

WEEKS = 26
"""Weeks ahead, where nothing else is stated."""
COLUMNS = (
    "activation", "name", "type", "start", "end", "state", "decided_by", "decide_by",
    "last_day", "why", "short_skus", "skus", "units_short", "margin_at_risk", "decisions",
    "proposals", "planned_as", "owner", "channel", "spend", "lock_date", AS_OF,
)  # fmt: skip
ITEM_COLUMNS = ("activation", "sku", "door", "discount", "lift")
"""Of the sheet of featured SKUs: what is stated, a blank lift is estimated."""
_STATUS = {State.APPROVED: "CONFIRMED", State.CANCELLED: "CANCELLED"}
_UNSAID = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]")
"""Control characters, line ends that RFC 5545 does not know, and halves of characters."""
NAMESPACE = uuid.UUID("3c4f5a52-7b0d-4d5e-9a52-5a1d8f0f6c11")
"""Of identities of events: the same activation is the same event in every export."""

Ahead = Annotated[int, Between(1, 52)]
"""Weeks to look ahead."""


@verb
def calendar(space: Workspace, by: str, *, weeks: Ahead = WEEKS) -> list[Readiness]:
    """What the stock allows of each activation of the next weeks, by first day."""
    plan = space.working_plan_for(by)
    return calendar_of(
        plan, space.decisions, space.proposals, weeks=weeks, today=space.desk.today
    )


def frame_of(found: Sequence[Readiness], *, seq: int) -> pd.DataFrame:
    """One row per activation; days are days, and what is not known is blank.

    Parameters
    ----------
    seq : int
        Number of the last event that was known before it was worked out: what comes back
        is compared with the calendar of then (outputs/calendar_return.py).
    """
    rows = [
        (
            a.activation, a.name, a.type, a.start, a.end, one.state.value,
            one.who, one.until, one.last_day, one.why,
            one.short_skus, one.n_skus, round(one.units_short, 1), one.margin_at_risk,
            one.decided, "; ".join(p.body.text for p in one.proposed), a.status, a.owner,
            a.channel, a.spend, a.lock_date, seq,
        )
        for one in found
        for a in [one.activation]
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    numbers = ["units_short", "margin_at_risk", "spend"]
    frame[numbers] = frame[numbers].astype(float).round(2)
    return frame


def items_of(found: Sequence[Readiness]) -> pd.DataFrame:
    """One row per featured SKU of each activation."""
    rows = [
        (one.activation.activation, i.sku, i.door, i.discount, i.lift)
        for one in found
        for i in one.activation.items
    ]
    frame = pd.DataFrame(rows, columns=list(ITEM_COLUMNS))
    frame[["discount", "lift"]] = frame[["discount", "lift"]].astype(float)
    return frame


def as_workbook(found: Sequence[Readiness], *, seq: int) -> Leaving:
    """Activations and what they feature as a workbook; nothing in it is a formula."""
    sheets = {CALENDAR: frame_of(found, seq=seq), FEATURED: items_of(found)}
    return leaving.as_workbook(sheets, fit=True)


def as_ics(found: Sequence[Readiness], *, now: dt.datetime, seq: int) -> Leaving:
    """The calendar by RFC 5545: activations, and days by which to decide.

    Parameters
    ----------
    now : datetime
        When it is made, UTC without a zone.
    seq : int
        Number of the last event that was known before it was worked out: a later export
        takes the place of this one.
    """
    made = Calendar()
    made.add("prodid", f"-//Concord//Marketing calendar {version()}//EN")
    made.add("version", "2.0")
    made.add("method", "PUBLISH")
    made.add("x-wr-calname", "Marketing calendar")
    stamp = now.replace(tzinfo=dt.UTC, microsecond=0)
    for one in found:
        for event in _events(one):
            event.add("dtstamp", stamp)
            event.add("sequence", seq)
            event.add("x-concord-as-of", str(seq))  # programs count the sequence on
            event.add("transp", "TRANSPARENT")
            made.add_component(event)
    return leaving.as_calendar(made.to_ical())


def _events(one: Readiness) -> Iterator[Event]:
    act = one.activation
    event = Event()
    event.add("uid", identity_of(act.activation, "runs"))
    event.add("summary", as_text(f"{one.state.label}: {act.name}"))
    event.add("dtstart", act.start)
    event.add("dtend", act.end + dt.timedelta(1))  # the day after the last
    event.add("status", _STATUS.get(one.state, "TENTATIVE"))
    event.add("categories", [as_text(act.type), one.state.label])
    event.add("description", as_text(_described(one)))
    yield event
    if one.state is State.NEEDS and one.until is not None:
        due = Event()
        due.add("uid", identity_of(act.activation, "decide"))
        due.add("summary", as_text(f"To decide by today ({one.who}): {act.name}"))
        due.add("dtstart", one.until)
        due.add("dtend", one.until + dt.timedelta(1))
        due.add("status", "CONFIRMED")
        due.add("categories", ["Deadline"])
        due.add("description", as_text(one.why))
        yield due


def _described(one: Readiness) -> str:
    act = one.activation
    lines = [f"{one.state.label}. {one.why}"]
    if one.by:
        lines.append(f"Decided by {one.who}" + (f", by {one.until}." if one.until else "."))
    if one.last_day and one.last_day != one.until:
        lines.append(f"Nothing can be done after {one.last_day}.")
    lines += [f"Proposed: {p.body.text}." for p in one.proposed]
    lines.append(f"{act.type}, {act.start} to {act.end}, {one.n_skus} featured SKUs.")
    if act.owner:
        lines.append(f"Owner: {act.owner}")
    lines.append(f"Activation {act.activation}")
    return "\n".join(lines)


def identity_of(activation: str, what: str) -> str:
    """Of the event that says when an activation "runs", or when to "decide" about it."""
    return f"{uuid.uuid5(NAMESPACE, f'{what}:{activation}')}@concord"


def as_text(text: str) -> str:
    """Text as a calendar can hold it."""
    return _UNSAID.sub(" ", text)
