"""Inbox: everything that needs whoever is here, new things first, each one click away."""

import datetime as dt

import streamlit as st

from forecasting.monthly.waiting import Item
from forecasting.outputs import inbox
from forecasting.rights import LOCAL_ADMIN
from forecasting.workspace import Workspace
from pages.components import frame, theme, waiting, wishes
from pages.components.text import Markdown, ours, plain

MOST = 60
"""Lines that are drawn; the rest is counted."""


def found(space: Workspace) -> list[Item]:
    """What is in the inbox, with the risks as they stand now."""
    if space.has_forecast:  # worked out once a change, for everybody
        shown = space.working_plan_for(LOCAL_ADMIN.id)
        inbox.notice(space, frame.watch_list(shown, weeks=inbox.WEEKS))
    return inbox.items(space, frame.me().id)


def finding(items: list[Item]) -> Markdown:
    if not items:
        return ours("**Nothing needs you.**")
    new, today = inbox.new_count(items), frame.workspace().desk.today
    late = sum(one.due is not None and one.due < today for one in items)
    parts = [f"**{theme.number(new)} new**" if new else "Nothing new"]
    parts.append(f"{theme.plural(len(items), 'thing needs', 'things need')} you")
    if late:
        parts.append(f"{theme.number(late)} overdue")
    return ours(" · ".join(parts))


def when(one: Item, today: dt.date) -> Markdown:
    parts = []
    if one.due is not None:
        due = theme.weekday(one.due)
        parts.append(f":red[● Overdue since {due}]" if one.due < today else f"By {due}")
    if one.since is not None:
        parts.append(f":gray[since {theme.moment(one.since)}]")
    return ours(" · ".join(parts))


def line(number: int, one: Item, today: dt.date) -> None:
    with st.container(
        horizontal=True, vertical_alignment="center", key=f"inbox{number}", gap="small"
    ):
        new = "● " if one.is_new else ""
        st.markdown(f"{new}:gray[{plain(one.need.label)}]", width=190)
        st.page_link(
            f"pages/{waiting.PLACES[one.page]}", label=ours(plain(one.text)),
            query_params=dict(one.link), width="stretch",
        )  # fmt: skip
        st.markdown(when(one, today) or "–", width=330)
        with st.container(width=70):
            if one.is_new:
                st.button(
                    "Seen", key=f"seen_{one.key}", type="tertiary", on_click=see,
                    args=([one.key],),
                    help="It stays here until it is dealt with, and counts as new no more.",
                )  # fmt: skip


def see(keys: list[str]) -> None:
    inbox.mark_seen(frame.workspace(), frame.me().id, keys)
    waiting.forget()


def page() -> None:
    space = frame.workspace()
    frame.watch_rows(None)
    items = found(space)
    new = [one for one in items if one.is_new]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        with st.container(width="stretch"):
            frame.title("Inbox", finding(items))
        if new:
            st.button(
                "Mark all as seen", on_click=see, args=([one.key for one in new],),
                icon=":material/done_all:",
            )  # fmt: skip
    today = space.desk.today
    if not items:
        st.markdown(
            "Here stands what others propose to you, risks of activations that you own or "
            "follow, signatures that became void, what the cycle asks of you, what is yours to "
            "do, comments that name you, and work that failed by itself."
        )
    for number, one in enumerate(items[:MOST]):
        line(number, one, today)
    if len(items) > MOST:
        st.caption(f"and {theme.number(len(items) - MOST)} more, seen before.")
    wishes.section()


page()
