"""Home: the three things that wait for whoever is here, each one click from its place."""

import datetime as dt

import streamlit as st

from forecasting.consensus.cycle import following
from forecasting.errors import ConcordError
from forecasting.monthly import agenda, today
from forecasting.monthly.today import Campaign, Task
from forecasting.rights import Person
from forecasting.vocabulary import Function
from forecasting.workspace import Workspace
from pages.components import beginning, followed, frame, guide, proposals, theme
from pages.components.text import Markdown, ours, plain

PLACES = {
    "bridge": "weekly/bridge.py", "signals": "weekly/signals.py",
    "consensus": "monthly/consensus.py", "meeting": "monthly/meeting.py",
    "cycle": "setup/cycle.py", "data": "setup/data.py",
}  # fmt: skip
WEEKS = 8
"""Weeks ahead that are looked through, as the Bridge does by itself."""
LOOKED = "home"
"""Under this name it is kept up to where somebody has seen what others did."""


def tasks_of(space: Workspace, person: Person, day: dt.date) -> list[Task]:
    """Everything that waits for a person, the most pressing first."""
    found = today.promised(
        person,
        space.decisions.open,
        space.minutes.actions,
        space.minutes.assumptions,
        today=day,
    )
    found += today.proposed(
        space.proposals.waiting_for(person), {p.id: p.name for p in space.people}, today=day
    )
    found += today.of_data(person, len(space.oddities.open(person.id)))
    if space.has_forecast:
        found += _of_plan(space, person, day)
    return today.ranked(found, day)


def _of_plan(space: Workspace, person: Person, day: dt.date) -> list[Task]:
    version = space.last_version()
    stands_on = f"plan published in {version.cycle}" if version else "draft, nothing published"
    plan = frame.working_plan()
    campaigns = {
        a.activation: Campaign(name=a.name, owner=a.owner, start=a.start)
        for a in plan.activations()
    }
    watched = []
    if person.function in (Function.MARKETING, Function.MERCHANDISING, Function.PLANNING):
        watched = [
            w for w in frame.watch_list(plan, weeks=WEEKS)
            if not space.decisions.is_settled(w.activation, w.sku, w.units_short)
        ]  # fmt: skip
    first, last = (theme.week(plan.base.weeks[at]) for at in (0, WEEKS - 1))
    found = today.at_risk(
        person, watched, campaigns, today=day,
        scope=f"activations that begin {first} to {last}, {stands_on}",
    )  # fmt: skip
    current = space.cycles.current
    standing = space.cycles.standing() if current else None
    name = following(current.name) if current else f"{plan.base.weeks[0]}"[:7]
    found += today.of_cycle(person, standing, following="" if space.cycles.is_open else name)
    if current and space.cycles.is_open and current.revealed and person.may("agree"):
        left = agenda.exceptions(frame.plan(), weeks=agenda.WEEKS)
        found += today.of_meeting(
            person, int((left["agreed"] < 1).sum()) if len(left) else 0,
            scope=f"{current.name} draft, {agenda.WEEKS} weeks",
        )  # fmt: skip
    return found


def when(task: Task, day: dt.date) -> Markdown:
    """Its day in words: what is overdue says so with a sign."""
    if task.due is None:
        return ours("No fixed day")
    if task.is_late(day):
        return ours(f":red[● Overdue since {theme.weekday(task.due)}]")
    if task.due == day:
        return ours("**Due today**")
    return ours(f"By {theme.weekday(task.due)}")


def card(number: int, task: Task, day: dt.date) -> None:
    worth = ours(f" · **{theme.money(task.money)}**") if task.money == task.money else ours("")
    with st.container(border=True, key=f"task{number}", height="stretch"):
        st.markdown(f"{when(task, day)}{worth}")
        st.markdown(f"**{plain(task.text)}**")
        st.caption(plain(task.scope))
        st.page_link(
            f"pages/{PLACES[task.page]}", label=ours(plain(task.go)),
            icon=":material/arrow_forward:", query_params=dict(task.link),
        )  # fmt: skip


def glad(person: Person) -> None:
    """Nothing waits."""
    with st.container(border=True):
        st.markdown("**✓ Nothing waits for you today.**")
        st.markdown(
            "No risk that you can still help, nothing due, nothing to sign. A good day to look at "
            "what comes next."
        )
        if person.function is Function.LEADERSHIP:
            st.page_link("pages/quarterly/scorecard.py", label="See how the quarter goes")
        else:
            st.page_link("pages/weekly/bridge.py", label="Look ahead on the Bridge")


def changes(space: Workspace, person: Person) -> None:
    """What others did since this person was here last; kept for whoever may keep a draft."""
    if "home since" not in st.session_state:
        kept = space.drafts.of(person.id, LOOKED) if person.may("draft") else None
        seen = kept.fields.get("seen") if kept else None
        st.session_state["home since"] = (
            person.id,
            seen if isinstance(seen, int) else space.seq,
        )
    whose, since = st.session_state["home since"]
    if whose != person.id:
        del st.session_state["home since"]
        changes(space, person)
        return
    if person.may("draft") and st.session_state.get("home kept") != (person.id, space.seq):
        space.drafts.keep(person.id, LOOKED, {"seen": space.seq})
        st.session_state["home kept"] = (person.id, space.seq)
    st.header("Since you were last here", anchor=False)
    events = space.history.since(person.id, since)
    if not events:
        st.markdown(":gray[Nobody has changed anything that you may see.]")
        return
    who = sorted({space.person(e.person).name for e in events})
    st.markdown(
        f"{theme.plural(len(events), 'change')} by {plain(', '.join(who[:4]))}"
        + (f" and {theme.number(len(who) - 4)} others." if len(who) > 4 else ".")
    )
    st.page_link(
        "pages/explore/history.py", label="See them in History", icon=":material/history:"
    )


def finding(tasks: list[Task], day: dt.date) -> Markdown:
    if not tasks:
        return ours("**Nothing waits for you.**")
    late = sum(t.is_late(day) for t in tasks)
    near = sum(t.due is not None and day <= t.due <= day + today.SOON for t in tasks)
    parts = [f"**{theme.plural(len(tasks), 'thing waits', 'things wait')} for you**"]
    if late:
        parts.append(f"{theme.number(late)} overdue")
    if near:
        parts.append(f"{theme.number(near)} due within a week")
    return ours(" · ".join(parts))


def page() -> None:
    space, person = frame.workspace(), frame.me()
    frame.watch_rows(None)
    day = space.desk.today
    try:
        tasks = tasks_of(space, person, day)
    except ConcordError as error:
        frame.title("Home", ours("What waits for you cannot be worked out just now."))
        frame.refused(error)
        return
    if not beginning.reached("Home", "what waits for you, the most pressing first"):
        return
    frame.title("Home", finding(tasks, day))
    if tasks:
        st.header(
            "Your three things today" if len(tasks) >= today.MOST else "For today", anchor=False
        )
        for column, (number, task) in zip(
            st.columns(today.MOST), enumerate(tasks[: today.MOST], 1), strict=False
        ):
            with column:
                card(number, task, day)
        st.caption(
            "Overdue first, then what is due within a week, then the rest; within each, most "
            "money first."
        )
        if len(tasks) > today.MOST:
            with st.expander(f"{theme.number(len(tasks) - today.MOST)} more"):
                for start in range(today.MOST, len(tasks), 3):
                    row = tasks[start : start + 3]
                    for column, (number, task) in zip(
                        st.columns(3), enumerate(row, start + 1), strict=False
                    ):
                        with column:
                            card(number, task, day)
    else:
        glad(person)
    proposals.section(person)
    followed.home()
    changes(space, person)
    guide.invite()
    st.caption(f"As of {theme.week(space.plan.base.as_of)}, the last closed week.")


page()
