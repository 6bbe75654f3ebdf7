"""How early things were known and decided: the one thing that says whether the process works.

An activation is complete once its dates, SKUs, doors and discount stand as they then ran.
A stockout risk can be helped while there is lead time left. Both are read from the
calendar, the ledger and what the Bridge flagged week by week; nothing is estimated.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.calendar import fiscal_quarter, week_start
from forecasting.consensus.activations import Activation
from forecasting.consensus.events import Event, Kind
from forecasting.consensus.events.body import CalendarEdit
from forecasting.consensus.events.decisions import Closed, Decided, RiskAccepted
from forecasting.consensus.events.minutes import Assigned
from forecasting.consensus.events.undoing import Undone
from forecasting.vocabulary import Function, Status
from forecasting.weekly.decisions import Decision
from forecasting.weekly.option import Action

CHANGES = (Kind.ACTIVATION, Kind.LIFT, Kind.SHIFT, Kind.REDUCE)
"""Kinds of events that change an activation."""
WEEK = dt.timedelta(7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """How early one activation was known, and its risks seen and decided."""

    activation: str
    name: str
    type: str
    start: dt.date
    quarter: str
    complete_weeks: float
    """Weeks before its start at which it stood as it ran; NaN: files do not say."""
    late_by: Mapping[str, int]
    """Function to additions and changes that came late."""
    red: Mapping[str, dt.date]
    """Featured SKU that was Short before the start to the first week at whose end it was."""
    decided: Mapping[str, int]
    """Those of them that were decided before the start to the event that did."""

    @property
    def notice_weeks(self) -> float:
        """Weeks from the first red to the start; NaN: never red before."""
        if not self.red:
            return float("nan")
        return (week_start(self.start) - min(self.red.values())).days / 7


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadTime:
    """The same, of the activations that began in one quarter."""

    quarter: str
    activations: int
    known: int
    """Of which is known when they were complete."""
    complete_8: float
    """Share of those complete 8 weeks before the start."""
    complete_6: float
    complete_rule: float
    """Share complete by the calendar rule in force."""
    reds: int
    """Featured SKUs that were Short before the start."""
    decided: int
    """Of these, decided while something could still be done."""
    notice: float
    """Median weeks from the first red to the start."""
    late_by: Mapping[str, int]

    @property
    def decided_share(self) -> float:
        """Share of reds decided in time; NaN without any."""
        return self.decided / self.reds if self.reds else float("nan")


def notices(
    activations: Iterable[Activation],
    known: Mapping[str, dt.date | None],
    events: Sequence[Event],
    flags: pd.DataFrame,
    decisions: Iterable[Decision],
    *,
    late_weeks: int,
) -> list[Notice]:
    """What is known of each activation that was not called off, by start.

    Parameters
    ----------
    activations : iterable of Activation
        As they stand.
    known : mapping
        Imported activation to the day on which the last part of it entered the calendar;
        None where files do not say. Activations that people added are in `events`.
    events : sequence of Event
        Changes of the calendar, oldest first.
    flags : DataFrame, one row per week, activation and featured SKU
        as_of, activation, sku, status: what the Bridge flagged at the end of that week.
    decisions : iterable of Decision
    late_weeks : int
        Weeks before the start from which on an addition or change is late.
    """
    changed, first_red, decided = _changed(events), _first_reds(flags), _decided(decisions)
    found = []
    for act in sorted(activations, key=lambda a: (a.start, a.activation)):
        if not act.is_live:
            continue
        first_week = week_start(act.start)
        red = {
            sku: day
            for sku, day in first_red.get(act.activation, {}).items()
            if day < first_week
        }
        mine = changed.get(act.activation, [])
        found.append(
            Notice(
                activation=act.activation,
                name=act.name,
                type=act.type,
                start=act.start,
                quarter=fiscal_quarter(act.start),
                complete_weeks=_complete(act, known.get(act.activation), mine),
                late_by=_late(act, known, mine, late_weeks),
                red=red,
                decided={
                    sku: seq
                    for sku, seq in decided.get(act.activation, {}).items()
                    if sku in red
                },
            )
        )
    return found


def _changed(events: Iterable[Event]) -> dict[str, list[Event]]:
    """Changes of each activation, as they came."""
    changed: dict[str, list[Event]] = {}
    for event in events:
        left = event.body.calendar
        if left is not None and event.kind in (*CHANGES, Kind.UNDO):
            changed.setdefault(left.activation, []).append(event)
    return changed


def _first_reds(flags: pd.DataFrame) -> dict[str, dict[str, dt.date]]:
    """First week in which each featured SKU of each activation was Short."""
    reds = flags[flags["status"] == Status.RED.value]
    first_red: dict[str, dict[str, dt.date]] = {}
    for identity, sku, as_of in reds[["activation", "sku", "as_of"]].itertuples(index=False):
        seen = first_red.setdefault(str(identity), {})
        day = pd.Timestamp(as_of).date()
        seen[str(sku)] = min(seen.get(str(sku), day), day)
    return first_red


def _decided(decisions: Iterable[Decision]) -> dict[str, dict[str, int]]:
    """The event that last decided each featured SKU of each activation, in time."""
    decided: dict[str, dict[str, int]] = {}
    for decision in decisions:
        # Whatever is decided was feasible then; to accept is to choose only while one can.
        late = decision.action is Action.ACCEPT and decision.weeks_ahead < 1
        if decision.stands and not late:
            decided.setdefault(decision.activation, {})[decision.sku] = decision.seq
    return decided


def _complete(act: Activation, known: dt.date | None, changes: Sequence[Event]) -> float:
    """Weeks before its start at which an activation stood as it ran."""
    days = [e.recorded_at.date() for e in changes if _is_essential(e)]
    if known is not None:
        days.append(known)
    return (act.start - max(days)).days / 7 if days else float("nan")


def _is_essential(event: Event) -> bool:
    """Whether a change is one of dates, type, SKUs, doors or discount."""
    edit = event.body.calendar
    if not isinstance(edit, CalendarEdit):  # the undoing of one
        return True
    return _essence(edit.before) != _essence(edit.after)


def _essence(act: Activation | None) -> object:
    if act is None:
        return None
    return (
        act.start,
        act.end,
        act.type,
        sorted((i.sku, i.door or "", i.discount or 0.0) for i in act.items),
    )


def _late(
    act: Activation,
    known: Mapping[str, dt.date | None],
    changes: Sequence[Event],
    late_weeks: int,
) -> dict[str, int]:
    """Additions and changes from so many weeks before the start to its end, by function."""
    from_day = act.start - late_weeks * WEEK
    counts: dict[str, int] = {}
    entered = known.get(act.activation)
    if entered is not None and from_day < entered <= act.end:
        counts[Function.MARKETING.value] = 1  # the calendar is Marketing's
    for event in changes:
        if from_day < event.recorded_at.date() <= act.end:
            counts[event.function] = counts.get(event.function, 0) + 1
    return counts


def by_quarter(found: Sequence[Notice], *, complete_weeks: int) -> dict[str, LeadTime]:
    """Lead time of every quarter in which an activation began.

    Parameters
    ----------
    complete_weeks : int
        The calendar rule: weeks before the start at which an activation is to be complete.
    """
    quarters: dict[str, list[Notice]] = {}
    for notice in found:
        quarters.setdefault(notice.quarter, []).append(notice)
    return {
        quarter: _of_quarter(quarter, mine, complete_weeks)
        for quarter, mine in sorted(quarters.items())
    }


def _of_quarter(quarter: str, mine: Sequence[Notice], complete_weeks: int) -> LeadTime:
    weeks = np.array([n.complete_weeks for n in mine])
    weeks = weeks[~np.isnan(weeks)]
    notice = [n.notice_weeks for n in mine if n.red]
    late_by: dict[str, int] = {}
    for one in mine:
        for function, count in one.late_by.items():
            late_by[function] = late_by.get(function, 0) + count

    def share(least: float) -> float:
        return float((weeks >= least).mean()) if len(weeks) else float("nan")

    return LeadTime(
        quarter=quarter,
        activations=len(mine),
        known=len(weeks),
        complete_8=share(8),
        complete_6=share(6),
        complete_rule=share(complete_weeks),
        reds=sum(len(n.red) for n in mine),
        decided=sum(len(n.decided) for n in mine),
        notice=float(np.median(notice)) if notice else float("nan"),
        late_by=late_by,
    )


def featured_days(
    act: Activation, changes: Sequence[Event]
) -> list[tuple[str, str | None, dt.date, dt.date, float | None]]:
    """From when to when each SKU was featured: one swapped while it ran counts to that day.

    Parameters
    ----------
    act : Activation
        As it stands.
    changes : sequence of Event
        Changes of the calendar that stand, oldest first.

    Returns
    -------
    list of (sku, door, first day, last day, discount)
    """
    begins: dict[str, dt.date] = {}
    gone = []
    for event in changes:
        day, edit = event.recorded_at.date(), event.body.calendar
        if not isinstance(edit, CalendarEdit) or edit.activation != act.activation:
            continue
        if not act.start < day <= act.end:
            continue
        had = {i.sku: i for i in (edit.before.items if edit.before else ())}
        has = {i.sku for i in (edit.after.items if edit.after else ())}
        for sku in has - set(had):
            begins[sku] = day
        for sku, item in had.items():
            if sku not in has:
                first = begins.pop(sku, act.start)
                last = day - dt.timedelta(1)
                gone.append((sku, item.door, first, last, item.discount))
    now = [
        (i.sku, i.door, begins.get(i.sku, act.start), act.end, i.discount) for i in act.items
    ]
    return [*now, *(run for run in gone if run[2] <= run[3])]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Something that somebody was to do by a day."""

    seq: int
    text: str
    owner: str
    due: dt.date
    done: dt.date | None

    @property
    def is_on_time(self) -> bool:
        """Whether it was done by its day."""
        return self.done is not None and self.done <= self.due


def tasks(events: Sequence[Event]) -> list[Task]:
    """Actions of the minutes and decisions to carry out, by the day they were due.

    Parameters
    ----------
    events : sequence of Event
        ACTION, the kinds that decide but ACCEPT, CLOSE and UNDO, oldest first.
    """
    found: dict[int, Task] = {}
    taken_back: set[int] = set()
    for event in events:
        match event.body:
            case Undone(target=target):
                taken_back ^= {target}
            case Closed(target=target) if target in found:
                found[target] = _done(found[target], event)
            case Assigned(of=int(first), is_done=is_done):
                if is_done:
                    found[first] = _done(found[first], event)
            case (
                Assigned(text=text, owner=owner, due=due)
                | Decided(text=text, owner=owner, due=due)
            ) if not isinstance(event.body, RiskAccepted):
                found[event.seq] = Task(
                    seq=event.seq, text=text, owner=owner, due=due, done=None
                )
    asked = [task for task in found.values() if task.seq not in taken_back]
    return sorted(asked, key=lambda t: (t.due, t.seq))


def _done(task: Task, event: Event) -> Task:
    return Task(
        seq=task.seq, text=task.text, owner=task.owner, due=task.due,
        done=event.recorded_at.date(),
    )  # fmt: skip
