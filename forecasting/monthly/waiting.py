"""What needs one person: everything that waits for them, worked out from what the house knows.

Nothing of it is kept but what somebody has seen. An item has a key that says which thing it
is, so that what was seen stays seen until it is another thing: a proposal that is answered
goes, a risk that another SKU joins comes back as new.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from forecasting import conventions
from forecasting.consensus.activations import Activation
from forecasting.consensus.cycle import Stage
from forecasting.consensus.events import Event, Kind
from forecasting.monthly.minutes import Action, Assumption
from forecasting.monthly.standing import Standing
from forecasting.monthly.threads import ACTIVATION, DECISION, Comment
from forecasting.monthly.today import SOON, of_cycle
from forecasting.rights import Person
from forecasting.vocabulary import Status
from forecasting.weekly.best_mix import Watched
from forecasting.weekly.decisions import Decision
from forecasting.weekly.proposed import Proposal

RED, LOST = "red", "lost"
NEWS = dt.timedelta(7)
"""How long somebody finds what became of what they follow."""
_OF_A_CYCLE = frozenset({Kind.CYCLE, Kind.SUBMIT, Kind.SIGN, Kind.ADOPT, Kind.PUBLISH})
_OF_NOBODY = frozenset({Kind.PERSON, Kind.TOKEN, Kind.VIEW, Kind.FEED, Kind.RESOLVE})
"""What somebody does for themselves, or the app for them."""
STAYS = dt.timedelta(21)
"""How long somebody finds a comment that names them in their inbox."""


class Need(StrEnum):
    """Why something is in an inbox, in the order in which they are listed."""

    FAILED = "failed"
    VOIDED = "voided"
    MENTION = "mention"
    PROPOSAL = "proposal"
    LOST = "lost"
    RED = "red"
    DEADLINE = "deadline"
    ACTION = "action"
    NEWS = "news"

    @property
    def label(self) -> str:
        """As shown on a page."""
        return _LABELS[self]


_LABELS = {
    Need.FAILED: "Failed by itself", Need.VOIDED: "Signature void",
    Need.MENTION: "You were named", Need.PROPOSAL: "Proposed to you",
    Need.LOST: "Nothing helps any more", Need.RED: "Turned red",
    Need.DEADLINE: "Cycle", Need.ACTION: "Yours to do",
    Need.NEWS: "You follow it",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing that needs somebody."""

    need: Need
    key: str
    """Which thing it is: what was seen is remembered by it."""
    text: str
    """In one line."""
    page: str
    """Address of the page where it is dealt with."""
    link: Mapping[str, str] = field(default_factory=dict)
    since: dt.datetime | None = None
    """UTC without a zone; None where nobody knows."""
    due: dt.date | None = None
    seen_at: dt.datetime | None = None

    @property
    def is_new(self) -> bool:
        """Whether its person has not seen it."""
        return self.seen_at is None


def ordered(items: Iterable[Item]) -> list[Item]:
    """What was not seen first, then by need; within each what is due first, then the latest."""
    kinds = list(Need)

    def key(item: Item) -> tuple[bool, int, dt.date, float, str]:
        since = item.since or dt.datetime(1990, 1, 1)
        due = item.due or dt.date.max
        return not item.is_new, kinds.index(item.need), due, -since.timestamp(), item.key

    return sorted(items, key=key)


def risks_in(watched: Iterable[Watched], *, today: dt.date) -> set[str]:
    """Names of the risks that stand: 'red/activation/SKU', or 'lost/…' where no option pays.

    Parameters
    ----------
    watched : iterable of Watched
        Featured SKUs about which nothing was decided.
    """
    return {
        f"{LOST if _is_lost(one, today) else RED}/{one.activation}/{one.sku}"
        for one in watched
        if one.status is Status.RED
    }


def _is_lost(one: Watched, today: dt.date) -> bool:
    """Whether the last day on which supply could still help is over, or there is none."""
    return one.last_date is None or one.last_date < today


def of_risks(
    noticed: Mapping[str, dt.datetime],
    calendar: Iterable[Activation],
    *,
    mine: Iterable[str],
    today: dt.date,
) -> list[Item]:
    """Risks of somebody's activations that turned red or that nothing helps any more.

    Parameters
    ----------
    noticed : mapping
        Since when each risk stands, by its name (`risks_in`).
    mine : iterable of str
        Activations that are theirs: they own them or follow them.
    """
    own, known = set(mine), {a.activation: a for a in calendar}
    found: dict[tuple[str, str], list[tuple[str, dt.datetime]]] = {}
    for thing, since in noticed.items():
        how, _, rest = thing.partition("/")
        activation, _, sku = rest.rpartition("/")
        if activation in own and activation in known and known[activation].end >= today:
            found.setdefault((how, activation), []).append((sku, since))
    items = []
    for (how, activation), skus in found.items():
        since = max(at for _, at in skus)
        what = f"{len(skus)} featured SKU{'' if len(skus) == 1 else 's'}"
        verb = "turned red" if how == RED else "can no longer be helped by supply"
        items.append(
            Item(
                need=Need(how), key=f"{how}/{activation}/{since.isoformat()}",
                text=f"{known[activation].name}: {what} {verb}", since=since, page="bridge",
                link={"activation": activation},
                due=known[activation].start if how == RED else None,
            )
        )  # fmt: skip
    return items


def of_proposals(waiting: Iterable[Proposal], names: Mapping[str, str]) -> list[Item]:
    """What others propose to this person's function, each by itself."""
    return [
        Item(
            need=Need.PROPOSAL, key=f"proposal/{p.seq}",
            text=f"{names.get(p.person, p.person)} proposes: {p.body.text}",
            since=p.proposed_at, due=p.due, page="signals", link={"proposal": str(p.seq)},
        )
        for p in waiting
    ]  # fmt: skip


def of_people(
    events: Iterable[Event], people: Collection[str], names: Mapping[str, str]
) -> list[Item]:
    """What people who are followed did: one item a person and day, however much it was."""
    days: dict[tuple[str, dt.date], list[Event]] = {}
    for event in events:
        if event.person in people and event.kind not in _OF_NOBODY:
            day = conventions.in_force().local(event.recorded_at).date()
            days.setdefault((event.person, day), []).append(event)
    items = []
    for (person, day), mine in days.items():
        last = max(mine, key=lambda e: e.seq)
        more = f", and {len(mine) - 1} more" if len(mine) > 1 else ""
        items.append(
            Item(
                need=Need.NEWS, key=f"person/{person}/{day}", page="history",
                text=f"{names[person]} {last.sentence}{more}", since=last.recorded_at,
                link={"who": person},
            )
        )  # fmt: skip
    return items


def of_cycles(
    events: Iterable[Event], cycles: Collection[str], names: Mapping[str, str]
) -> list[Item]:
    """Steps of the cycles that are followed: inputs handed in, signed, published."""
    return [
        Item(
            need=Need.NEWS, key=f"cycle/{event.seq}", page="cycle",
            text=f"{event.cycle}: {names.get(event.person, event.person)} {event.sentence}",
            since=event.recorded_at,
        )
        for event in events
        if event.cycle in cycles and event.kind in _OF_A_CYCLE
    ]  # fmt: skip


def of_promises(
    person: Person,
    decisions: Iterable[Decision],
    actions: Iterable[Action],
    assumptions: Iterable[Assumption],
    *,
    today: dt.date,
) -> list[Item]:
    """What this person is to carry out or look at within a week, or should have."""
    until = today + SOON
    found = [
        Item(
            need=Need.ACTION, key=f"decision/{d.seq}", text=d.text, since=d.decided_at,
            due=d.due, page="signals",
        )
        for d in decisions
        if d.owner == person.id and d.state == "decided" and d.due <= until
    ]  # fmt: skip
    found += [
        Item(
            need=Need.ACTION, key=f"action/{a.seq}", text=a.text, due=a.due, page="signals",
            since=_from(a.due),
        )
        for a in actions
        if a.owner == person.id and not a.is_done and a.due <= until
    ]  # fmt: skip
    found += [
        Item(
            need=Need.ACTION, key=f"assumption/{a.seq}",
            text=f"Say whether this held: {a.statement}", due=a.review, since=_from(a.review),
            page="meeting", link={"step": "total"},
        )
        for a in assumptions
        if a.owner == person.id and a.is_due(today)
    ]  # fmt: skip
    return found


def of_standing(person: Person, standing: Standing | None, *, today: dt.date) -> list[Item]:
    """What the open cycle asks of a function: its next step, and signatures that are void."""
    if standing is None or standing.stage is Stage.PUBLISHED:
        return []
    name, mine = standing.cycle.name, str(person.function)
    found = [
        Item(
            need=Need.VOIDED, key=f"void/{name}/{department}/{why}",
            text=f"The signature for {department} in {name} is void: {why}", page="meeting",
            link={"step": "sign"}, due=standing.cycle.rules.publish_due,
        )
        for (function, department), why in sorted(standing.voided.items())
        if function == mine and mine not in standing.signed.get(department, {})
    ]  # fmt: skip
    for task in of_cycle(person, standing):
        if task.due is not None and task.due <= today + SOON:
            stage = f"cycle/{name}/{standing.stage.value}/{task.page}"
            found.append(
                Item(
                    need=Need.DEADLINE, key=stage, text=task.text, due=task.due,
                    since=_from(task.due), page=task.page, link=task.link,
                )
            )  # fmt: skip
    return found


def of_mentions(
    comments: Iterable[Comment], names: Mapping[str, str], *, today: dt.date
) -> list[Item]:
    """Comments that name somebody, of the last weeks."""
    places = {ACTIVATION: "activations", DECISION: "signals", "sku": "sku"}
    found = []
    for one in comments:
        kind, _, name = one.about.partition("/")
        if today - one.at.date() > STAYS:
            continue
        page = places.get(kind, "consensus")
        text = f"{names.get(one.person, one.person)} on {one.place}: {one.text}"
        found.append(
            Item(
                need=Need.MENTION, key=f"mention/{one.seq}", text=" ".join(text.split())[:200],
                since=one.at, page=page,
                link={kind: name} if page in ("activations", "sku") else {},
            )
        )  # fmt: skip
    return found


def owned_by(person: Person, calendar: Sequence[Activation]) -> list[str]:
    """Activations whose owner is called like this person, or has their id.

    What a calendar adds in brackets, "Mara Quill (Brand)", is no part of a name.
    """
    called = {_name(person.name), _name(person.id)}
    return [a.activation for a in calendar if a.is_live and _name(a.owner) in called]


def _name(text: str) -> str:
    return re.sub(r"\s*\(.*\)\s*$", "", text).strip().casefold()


def _from(due: dt.date) -> dt.datetime:
    """The moment from which on something that is due then is in the inbox."""
    return dt.datetime.combine(due - SOON, dt.time())
