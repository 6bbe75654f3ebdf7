"""The inbox: one function from the state of the house to what needs one person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import replace

from forecasting import conventions
from forecasting.arguments import Name, verb
from forecasting.governance.following import What
from forecasting.governance.jobs import State
from forecasting.monthly import waiting
from forecasting.monthly.waiting import Item, Need
from forecasting.outputs.part import Part, seen_by
from forecasting.rights import LOCAL_ADMIN, Person
from forecasting.vocabulary import Function
from forecasting.weekly import best_mix
from forecasting.weekly.best_mix import Watched
from forecasting.workspace import Workspace

WEEKS = 8
"""Weeks ahead whose activations are looked through, as the Bridge does by itself."""


@verb
def items(space: Workspace, by: str) -> list[Item]:
    """Everything that needs somebody, what they have not seen first.

    Raises
    ------
    UnknownName, NotAllowed
    """
    person = space.desk.allowed(by, "read")
    space = seen_by(space, person)
    today = space.desk.today
    names = {p.id: p.name for p in space.people}
    found = _of_failures(space, person)
    found += waiting.of_proposals(space.proposals.waiting_for(person), names)
    found += waiting.of_mentions(space.threads.naming(by), names, today=today)
    found += waiting.of_promises(
        person, space.decisions.open, space.minutes.actions, space.minutes.assumptions,
        today=today,
    )  # fmt: skip
    if space.has_forecast:
        calendar = space.calendar.activations
        found += waiting.of_risks(
            _seen(space), calendar, mine=_mine(space, person), today=today
        )
        if space.cycles.is_open:
            found += waiting.of_standing(person, space.cycles.standing(), today=today)
    seen = space.seen.of(by)
    return waiting.ordered(replace(one, seen_at=seen.get(one.key)) for one in found)


@verb
def mark_seen(space: Workspace, by: str, keys: Sequence[Name]) -> None:
    """Note that somebody has seen these, and forget what is not in their inbox any more."""
    there = [one.key for one in items(space, by)]
    space.seen.mark(by, [key for key in keys if key in there], there=there)


def notice(space: Workspace, watched: Iterable[Watched] | None = None) -> None:
    """Note which risks stand now, so that since when is known; nobody has to be here.

    Parameters
    ----------
    watched : iterable of Watched, optional
        The working plan's watch list as everybody may see it, where it is known already.
    """
    if isinstance(space, Part):  # what stands is kept once, of everything
        space = space.whole
    if not space.has_forecast:
        return
    if watched is None:
        watched = best_mix.watch_list(space.working_plan_for(LOCAL_ADMIN.id), weeks=WEEKS)
    open_ones = [
        w for w in watched
        if not space.decisions.is_settled(w.activation, w.sku, w.units_short)
    ]  # fmt: skip
    space.seen.notice(waiting.risks_in(open_ones, today=space.desk.today))


def in_lines(found: Iterable[Item]) -> list[str]:
    """For a command line or a message: one line each."""
    return [in_line(one) for one in found]


def in_line(one: Item) -> str:
    """One item in one line, with since when and by when."""
    write = conventions.in_force()
    when = f", since {write.moment(one.since)}" if one.since else ""
    due = f", by {write.day(one.due)}" if one.due else ""
    return f"{'* ' if one.is_new else '  '}{one.need.label}: {one.text}{due}{when}"


def _seen(space: Workspace) -> dict[str, dt.datetime]:
    """Since when each risk stands, of SKUs that are seen."""
    skus = space.desk.places.skus
    return {t: at for t, at in space.seen.noticed.items() if t.rpartition("/")[2] in skus}


def _mine(space: Workspace, person: Person) -> list[str]:
    """Activations that somebody owns, follows, or that feature what they follow."""
    calendar = space.calendar.activations
    mine = waiting.owned_by(person, calendar)
    followed = space.following.of(person.id)
    mine += [f.name for f in followed if f.what is What.ACTIVATION]
    skus = {f.name for f in followed if f.what is What.SKU}
    classes = {f.name for f in followed if f.what is What.CLASS}
    if classes:
        base = space.plan.base.skus
        skus |= set(base.loc[base["class"].isin(classes), "sku"].astype(str))
    if skus:
        mine += [a.activation for a in calendar if any(i.sku in skus for i in a.items)]
    return mine


def _of_failures(space: Workspace, person: Person) -> list[Item]:
    """Work that failed while nobody looked on: of whoever it belongs to, and of Admin."""
    found = [
        Item(
            need=Need.FAILED, key=f"run/{one.run.run}", text=one.text,
            since=one.run.ended or one.run.begun, page="schedules",
            link={"schedule": one.schedule.name},
        )
        for one in space.schedules.failures
        if person.function is Function.ADMIN or one.schedule.person == person.id
    ]  # fmt: skip
    names = {p.id: p.name for p in space.people}
    found += [
        Item(
            need=Need.FAILED, key=f"letter/{one.letter}", page="inbox",
            text=f"A digest to {names.get(one.person, one.person)} was not sent: {one.failed}",
            since=one.made_at,
        )
        for one in space.wishes.letters
        if one.failed and one.sent_at is None and one.person in space.wishes.everybody
        and (person.function is Function.ADMIN or one.person == person.id)
    ]  # fmt: skip
    jobs = (space.runs.refreshing, space.hindsight.backtesting, space.hindsight.replaying)
    for job in jobs if person.may("refresh") else ():
        outcome = job.outcome
        if outcome is not None and outcome.state is State.FAILED:
            ended = outcome.ended or outcome.started
            found.append(
                Item(
                    need=Need.FAILED, key=f"job/{job.name}/{ended.isoformat()}",
                    text=str(outcome), since=ended, page="data",
                )
            )  # fmt: skip
    return found


def new_count(found: Iterable[Item]) -> int:
    """How many of them their person has not seen."""
    return sum(one.is_new for one in found)


def moment_of(one: Item) -> dt.datetime:
    """Since when it stands, for sorting; long ago where nobody knows."""
    return one.since or dt.datetime(1990, 1, 1)
