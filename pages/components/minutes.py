"""Actions and assumptions of the meetings: what is open, and writing one down."""

import datetime as dt
from collections.abc import Sequence

import streamlit as st

from forecasting.calendar import as_date
from forecasting.consensus.events import Scope
from forecasting.monthly.minutes import Action
from forecasting.rights import Person
from forecasting.workspace import Workspace
from pages.components import drafts, frame, lists, theme
from pages.components.text import ours, plain


def open_ones(space: Workspace, person: Person) -> None:
    """Actions and assumptions that are due: every meeting begins with them."""
    today = as_date(space.plan.base.weeks[0])
    actions = [a for a in space.minutes.actions if not a.is_done]
    due = [a for a in space.minutes.assumptions if a.is_due(today)]
    if not actions and not due:
        st.caption("No action is open and no assumption is due.")
    lists.draw(
        lambda at, _place: _promised(space, person, [actions[n] for n in at], today),
        {"Owner": [space.person(a.owner).name for a in actions]},
        [float("nan")] * len(actions), key="promises", what=(ours("action"), ours("actions")),
    )  # fmt: skip
    for one in due:
        row = st.columns([8, 1, 1], vertical_alignment="center")
        over = f" · :red[expired {theme.day(one.expires)}]" if one.is_expired(today) else ""
        row[0].markdown(
            f"◆ Assumed: **{plain(one.statement)}** · watch {plain(one.watch)} · "
            f"{plain(space.person(one.owner).name)}, {theme.day(one.review)}{over}"
        )
        if person.may("minute"):
            if row[1].button("It was right", key=f"held_{one.seq}"):
                frame.do(space.minutes.judge, person.id, one.seq, "held")
            if row[2].button("It was wrong", key=f"broke_{one.seq}"):
                frame.do(space.minutes.judge, person.id, one.seq, "broken")


def _promised(
    space: Workspace, person: Person, actions: Sequence[Action], today: dt.date
) -> None:
    """Actions that are not done, a line each."""
    for action in actions:
        late = ":red[● Late] · " if action.is_late(today) else ""
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(
                f"{late}**{plain(action.text)}** · {plain(space.person(action.owner).name)}, due "
                f"{theme.weekday(action.due)}"
            )
            if person.may("minute") and st.button(
                "Done", key=f"done_{action.seq}", type="tertiary"
            ):
                frame.do(space.minutes.close, person.id, action.seq)


def write_down(space: Workspace, person: Person, scope: Scope | None) -> None:
    """An action with owner and date, or an assumption with what to watch."""
    if not person.may("minute"):
        st.caption("Marketing, Merchandising and Planning write the minutes.")
        return
    people = {p.id: p.name for p in space.people}
    kind = st.segmented_control("What", ["Action", "Assumption"], default="Action")
    text = drafts.words("In words", key="minute_text")
    owner = st.selectbox("Owner", list(people), format_func=people.__getitem__)
    when = st.date_input(
        "Due" if kind == "Action" else "Review on",
        as_date(space.plan.base.weeks[0]) + dt.timedelta(14),
    )
    if kind == "Action":
        if st.button("Assign", type="primary", disabled=not text):
            frame.do(
                space.minutes.assign, person.id, text, owner=owner, due=when, scope=scope,
                then=lambda: drafts.entered(minute_text=""),
            )  # fmt: skip
        return
    ends = st.date_input(
        "Expires on", when + dt.timedelta(28),
        help="After that day it is listed as an exception until somebody records whether it was right.",
    )  # fmt: skip
    watch = drafts.words(
        "Watch",
        key="minute_watch",
        placeholder="Sell-through of the first two weeks below 12%",
    )
    if st.button("Write down", type="primary", disabled=not (text and watch)):
        frame.do(
            space.minutes.assume, person.id, text, owner=owner, watch=watch, review=when,
            expires=ends, scope=scope,
            then=lambda: drafts.entered(minute_text="", minute_watch=""),
        )  # fmt: skip
