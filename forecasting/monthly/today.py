"""What Home shows: the things that wait for one person, the most pressing first.

Everything is read from what the house already knows; nothing is kept. Each source makes
tasks of its own, so that a function's list is the sum of what only that function can do.
What a person may not see is not asked for: a task of a blind round says that an input is
due, never what others entered.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from forecasting import write
from forecasting.consensus.cycle import Cycle, Stage
from forecasting.monthly.minutes import Action, Assumption
from forecasting.monthly.standing import Standing
from forecasting.rights import Person
from forecasting.vocabulary import INPUTS, Function, Status
from forecasting.weekly.best_mix import Watched
from forecasting.weekly.decisions import Decision
from forecasting.weekly.proposed import Proposal

SOON = dt.timedelta(7)
"""Within these days a day is near enough to come before money."""
MOST = 3
"""Things of one day: more is a list, and a list is put off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One thing that waits for somebody."""

    text: str
    """What is to be done, in words."""
    scope: str
    """What its numbers count: weeks, plan, people."""
    page: str
    """Address of the page where it is done."""
    link: Mapping[str, str] = field(default_factory=dict)
    """What that page is asked to show."""
    go: str
    """The words of the way there."""
    money: float = float("nan")
    """What it is worth in margin; NaN where no money hangs on it."""
    due: dt.date | None = None
    """Last day on which it still helps, or by which it was promised."""

    def is_late(self, today: dt.date) -> bool:
        """Whether its day is over."""
        return self.due is not None and self.due < today


def ranked(tasks: Iterable[Task], today: dt.date) -> list[Task]:
    """Overdue first, then what is due within a week, then the rest.

    Within each, most money first, then the nearest day; words settle what is equal, so that
    the order never depends on where a task came from.
    """

    def key(task: Task) -> tuple[int, float, dt.date, str]:
        due = task.due or dt.date.max
        near = 0 if due < today else 1 if due - today <= SOON else 2
        return near, -(0.0 if math.isnan(task.money) else task.money), due, task.text

    return sorted(tasks, key=key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """What Home has to know of an activation."""

    name: str
    owner: str
    start: dt.date


def at_risk(
    person: Person,
    watched: Sequence[Watched],
    campaigns: Mapping[str, Campaign],
    *,
    today: dt.date,
    scope: str,
) -> list[Task]:
    """Activations that will run out and that this function can still do something about.

    Planning is shown what orders and transfers still save, net of their cost, by the last
    day for the first of them. Marketing can lower the expectation and Merchandising shift
    the SKU until the activation begins: they are shown the margin at risk.

    Parameters
    ----------
    watched : sequence of Watched
        Featured SKUs that are red or amber and about which nothing was decided.
    campaigns : mapping
        By identity; those not in it are left out.
    scope : str
        Which weeks of which plan were looked at.
    """
    found: dict[str, list[Watched]] = {}
    for one in watched:
        if one.status is Status.RED and one.activation in campaigns:
            found.setdefault(one.activation, []).append(one)
    tasks = []
    for activation, short in found.items():
        of = campaigns[activation]
        if person.function is Function.PLANNING:
            task = _by_supply(activation, of, short, today=today, scope=scope)
        elif person.function in (Function.MARKETING, Function.MERCHANDISING):
            task = _by_demand(person, activation, of, short, today=today, scope=scope)
        else:
            task = None
        if task is not None:
            tasks.append(task)
    return tasks


def _by_supply(
    activation: str, of: Campaign, short: Sequence[Watched], *, today: dt.date, scope: str
) -> Task | None:
    able = [
        w for w in short
        if w.best.options and w.last_date is not None and w.last_date >= today
    ]  # fmt: skip
    if not able:
        return None
    gained = sum(w.best.margin - w.best.cost for w in able)
    return Task(
        text=f"{of.name} runs out of {_skus(len(short))}; {len(able)} can still be helped",
        scope=f"Margin saved net of cost · {scope}",
        page="bridge",
        link={"activation": activation},
        go="Decide on the Bridge",
        money=gained if gained > 0 else float("nan"),
        due=min(w.last_date for w in able if w.last_date),
    )


def _by_demand(
    person: Person,
    activation: str,
    of: Campaign,
    short: Sequence[Watched],
    *,
    today: dt.date,
    scope: str,
) -> Task | None:
    if of.start <= today:
        return None
    known = [w.margin_at_risk for w in short if not math.isnan(w.margin_at_risk)]
    can = (
        "lower what you expect of it"
        if person.function is Function.MARKETING
        else "feature another SKU"
    )
    return Task(
        text=f"{of.name} runs out of {_skus(len(short))}; until it begins you can {can}",
        scope=f"Margin at risk · {scope}",
        page="bridge",
        link={"activation": activation},
        go="Look at it on the Bridge",
        money=sum(known) if known else float("nan"),
        due=of.start,
    )


def _skus(count: int) -> str:
    return f"{count} featured SKU{'' if count == 1 else 's'}"


def of_cycle(person: Person, standing: Standing | None, *, following: str = "") -> list[Task]:
    """What the monthly round asks of a function: an input, a signature, the next step.

    Parameters
    ----------
    standing : Standing or None
        Where the latest cycle is; None before the first.
    following : str
        Name of the cycle that can be opened; '' where none can.
    """
    if standing is None or standing.stage is Stage.PUBLISHED:
        if not (following and person.may("cycle")):
            return []
        return [
            Task(
                text=f"Open the {following} cycle, so that inputs can be collected",
                scope="No cycle is open", page="cycle", go="Open it",
            )
        ]  # fmt: skip
    cycle, mine = standing.cycle, str(person.function)
    if standing.stage is Stage.INPUTS:
        return _inputs(person, cycle)
    if standing.stage is Stage.SIGNED:
        if not person.may("cycle"):
            return []
        return [
            Task(
                text=f"Publish the {cycle.name} consensus: every department is signed",
                scope=_departments(len(standing.departments)), page="meeting",
                link={"step": "sign"}, go="Publish it", due=cycle.rules.publish_due,
            )
        ]  # fmt: skip
    unsigned = [d for d in standing.missing if mine not in standing.signed.get(d, {})]
    if not unsigned or person.function not in INPUTS:
        return []
    void = sum((mine, d) in standing.voided for d in unsigned)
    again = f"; {void} became void when numbers changed" if void else ""
    return [
        Task(
            text=f"Sign the {cycle.name} consensus for {_departments(len(unsigned))}{again}",
            scope=f"{cycle.name} cycle, {_departments(len(standing.departments))} in all",
            page="meeting", link={"step": "sign"}, go="Sign in the meeting",
            due=cycle.rules.publish_due,
        )
    ]  # fmt: skip


def _inputs(person: Person, cycle: Cycle) -> list[Task]:
    tasks = []
    waiting = [f for f in INPUTS if str(f) not in cycle.submitted]
    if person.function in waiting:
        tasks.append(
            Task(
                text=f"Enter and submit {person.function.label}'s input to {cycle.name}",
                scope=f"{cycle.name} cycle"
                + (", others' inputs hidden until revealed" if cycle.hides_inputs else ""),
                page="consensus", go="Give your input", due=cycle.rules.inputs_due,
            )
        )  # fmt: skip
    if not waiting and person.may("cycle"):
        tasks.append(
            Task(
                text=f"Reveal the inputs to {cycle.name}: all three functions have submitted",
                scope=f"{cycle.name} cycle", page="cycle", go="Reveal them",
                due=cycle.rules.review_due,
            )
        )  # fmt: skip
    return tasks


def _departments(count: int) -> str:
    return f"{count} department{'' if count == 1 else 's'}"


def promised(
    person: Person,
    decisions: Iterable[Decision],
    actions: Iterable[Action],
    assumptions: Iterable[Assumption],
    *,
    today: dt.date,
) -> list[Task]:
    """What this person is to carry out or look at, due within a week or overdue.

    Several things to carry out that are overdue are one task, and so are several due within
    the week: they are reported on the same page, and small ones must not hide what is dear.
    """
    until = today + SOON
    todo = [
        Task(
            text=d.text, scope=f"Decided {write.day(d.decided_at)}, yours to carry out",
            page="signals", go="Report it done", money=d.margin_saved, due=d.due,
        )
        for d in decisions
        if d.owner == person.id and d.state == "decided" and d.due <= until
    ]  # fmt: skip
    todo += [
        Task(
            text=a.text,
            scope=f"Action of the {a.cycle} meeting" if a.cycle else "Action of a meeting",
            page="signals", go="Report it done", due=a.due,
        )
        for a in actions
        if a.owner == person.id and not a.is_done and a.due <= until
    ]  # fmt: skip
    late = [t for t in todo if t.is_late(today)]
    tasks = [*_together(late), *_together([t for t in todo if not t.is_late(today)])]
    tasks += [
        Task(
            text=f"Say whether this held: {a.statement}", scope="An assumption you watch",
            page="meeting", link={"step": "total"}, go="Judge it", due=a.review,
        )
        for a in assumptions
        if a.owner == person.id and a.is_due(today)
    ]  # fmt: skip
    return tasks


def _together(todo: Sequence[Task]) -> list[Task]:
    """Several things to carry out as one task: the first due is named, the rest counted."""
    if len(todo) < 2:
        return list(todo)
    first = min(todo, key=lambda t: (t.due or dt.date.max, t.text))
    known = [t.money for t in todo if not math.isnan(t.money)]
    return [
        replace(
            first,
            text=f"{first.text}, and {len(todo) - 1} more to carry out",
            scope=f"{len(todo)} things that are yours to carry out, dated by the first",
            money=sum(known) if known else float("nan"),
        )
    ]


def proposed(
    waiting: Iterable[Proposal], names: Mapping[str, str], *, today: dt.date
) -> list[Task]:
    """What others propose to this person's function, until it is answered.

    As of what was promised, several that are due within a week are one task, and so are
    several that are overdue or that have time: a file of Marketing's may bring a hundred.

    Parameters
    ----------
    waiting : iterable of Proposal
        Those that the person may decide.
    names : mapping
        A person's name, by id.
    """
    tasks = [
        Task(
            text=f"{names[p.person]} proposes: {p.body.text}",
            scope=f"Proposed {write.day(p.proposed_at)}, yours to accept, change or decline",
            page="signals", link={"proposal": str(p.seq)}, go="Look and answer",
            money=abs(p.net), due=p.due,
        )
        for p in waiting
    ]  # fmt: skip
    late = [t for t in tasks if t.is_late(today)]
    soon = [t for t in tasks if t.due and today <= t.due <= today + SOON]
    rest = [t for t in tasks if t not in late and t not in soon]
    return [*_as_one(late), *_as_one(soon), *_as_one(rest)]


def _as_one(asked: Sequence[Task]) -> list[Task]:
    """Several proposals as one task: the dearest is named, the rest counted."""
    if len(asked) < 2:
        return list(asked)
    known = [t.money for t in asked if not math.isnan(t.money)]
    first = max(asked, key=lambda t: (0.0 if math.isnan(t.money) else t.money, t.text))
    return [
        replace(
            first,
            text=f"{first.text}, and {len(asked) - 1} more",
            scope=f"{len(asked)} proposals that are yours to answer, dated by the first",
            money=sum(known) if known else float("nan"),
            due=min((t.due for t in asked if t.due), default=None),
        )
    ]


def of_meeting(person: Person, open_exceptions: int, *, scope: str) -> list[Task]:
    """What the meeting has still to agree on, for whoever leads it."""
    if not open_exceptions or not person.may("agree"):
        return []
    s = "" if open_exceptions == 1 else "s"
    return [
        Task(
            text=f"Settle {open_exceptions} SKU{s} on which functions disagree",
            scope=scope, page="meeting", link={"step": "disagreements"}, go="Open the meeting",
        )
    ]  # fmt: skip


def of_data(person: Person, odd: int) -> list[Task]:
    """What looks odd in the data, for whoever may accept or mend it."""
    if not odd or person.function is not Function.ADMIN:
        return []
    things = "thing looks" if odd == 1 else "things look"
    return [
        Task(
            text=f"{odd} {things} odd in the data: accept it or import a better file",
            scope="All imported tables", page="data", go="Look at the data",
        )
    ]  # fmt: skip
