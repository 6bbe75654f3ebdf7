"""Concord's front door: who you are, which pages there are, and who else is here.

It computes nothing. Page scripts sit one level below `pages/` on purpose, so that a deep
link that is the first request after a start still comes through here
(docs/decisions/0003-pages-below-pages.md).
"""

import gc
import os
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from forecasting.vocabulary import Function
from pages.components import contrast, frame, guide, remembered, saved, signed, theme, waiting
from pages.components.text import Markdown, ours, plain

COMPONENTS = Path(__file__).parent / "pages" / "components"

# A Material icon would be fetched from the internet; this one is ours.
st.set_page_config(
    page_title="Concord", page_icon=str(COMPONENTS / "icon.png"), layout="wide",
    initial_sidebar_state="collapsed",
)  # fmt: skip
st.html(COMPONENTS / "style.css")

PAGES = {
    "": [
        ("home", "home/today.py", "Home", ":material/home:"),
        ("inbox", "home/inbox.py", "Inbox", ":material/inbox:"),
    ],
    "Weekly": [
        ("bridge", "weekly/bridge.py", "Bridge", ":material/calendar_view_week:"),
        ("signals", "weekly/signals.py", "Weekly review", ":material/sensors:"),
        ("activations", "weekly/activations.py", "Activations", ":material/campaign:"),
        ("board", "weekly/board.py", "Board", ":material/balance:"),
    ],
    "Monthly": [
        ("consensus", "monthly/consensus.py", "Consensus", ":material/edit_note:"),
        ("buyplan", "monthly/buy_plan.py", "Buy plan", ":material/local_shipping:"),
        ("meeting", "monthly/meeting.py", "Meeting", ":material/groups:"),
    ],
    "Quarterly": [
        ("scorecard", "quarterly/scorecard.py", "Scorecard", ":material/speed:"),
        ("why", "quarterly/why.py", "Why", ":material/account_tree:"),
        ("side", "quarterly/side_by_side.py", "Side by side", ":material/stacked_line_chart:"),
        ("review", "quarterly/review.py", "Review", ":material/gavel:"),
        ("value", "quarterly/value_added.py", "Value added", ":material/stairs:"),
    ],
    "Explore": [
        ("sku", "explore/sku.py", "SKU", ":material/sell:"),
        ("baseline", "explore/baseline.py", "Baseline", ":material/show_chart:"),
        ("lifts", "explore/lifts.py", "Lift library", ":material/trending_up:"),
        ("replay", "explore/replay.py", "Replay", ":material/replay:"),
        ("history", "explore/history.py", "History", ":material/history:"),
    ],
    "Set-up": [
        ("data", "setup/data.py", "Data", ":material/upload_file:"),
        ("cycle", "setup/cycle.py", "Cycle", ":material/event_repeat:"),
        ("people", "setup/people.py", "People", ":material/group:"),
        ("schedules", "setup/schedules.py", "Schedules", ":material/schedule:"),
        ("company", "setup/company.py", "Company", ":material/storefront:"),
    ],
}


def as_of() -> Markdown:
    """How far the data reaches."""
    space = frame.workspace()
    if not space.has_forecast:
        return ours("No forecast yet: whoever imports data begins on the Data page.")
    return ours(f"As of {theme.week(space.plan.base.as_of)}, the last closed week.")


LOOP = (
    "The loop: the marketing calendar meets stock on the Bridge, functions agree on one number "
    "in the Consensus, the number becomes a Buy plan, and the Scorecard tells how it went and "
    "feeds the next calendar"
)


def loop() -> str:
    """A picture of ours, in the ink of the page; no data is in it."""
    return (COMPONENTS / "loop.svg").read_text(encoding="utf-8").replace("INK", theme.ink())


def front_page() -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="brand"):
        st.image(str(COMPONENTS / "icon.png"), width=40, alt="Concord's mark")
        st.title("Concord", anchor=False)
    st.markdown(
        "One demand forecast that Marketing, Merchandising and Planning agree on, and what it "
        "does to stock, in time to act."
    )
    st.image(loop(), width=980, alt=LOOP)
    if signed.is_on():
        signed.front(frame.workspace())  # what the company knows is for those who are in
        return
    st.caption(as_of())
    with st.container(key=remembered.place()):
        choose_person()


def choose_person() -> None:
    st.header("Who are you today?", anchor=False)
    st.markdown(
        "**This is not a login**: nobody is checked, and "
        + (
            "whoever reaches this address may be anybody: it was started with --insecure. "
            if os.environ.get("CONCORD_INSECURE")
            else "the app can be reached from this computer only. "
        )
        + "What you may change depends on your function. New here? Be anybody: "
        "**Home** offers a tour of ten steps."
    )
    space = frame.workspace()
    tasks = {
        Function.MARKETING: "plans activations and states the expected lift",
        Function.MERCHANDISING: "owns assortment and price, adds its input to the forecast",
        Function.PLANNING: "owns the baseline, leads the consensus, imports data",
        Function.LEADERSHIP: "steers by the scorecard: targets, thresholds, the quarter",
        Function.ADMIN: "imports data, manages people and functions",
    }
    people = space.people
    for start in range(0, len(people), 3):
        for column, person in zip(st.columns(3), people[start : start + 3], strict=False):
            with column.container(border=True, height="stretch"):
                st.markdown(
                    f"**{plain(person.name)}**  \n{plain(person.function.label)}: "
                    f"{tasks[person.function]}."
                )
                if st.button(f"Continue as {plain(person.name)}", width="stretch"):
                    remembered.choose(person.id)
                    st.rerun()


def who_is_here() -> DeltaGenerator:
    """Who one is, and beside it the place for the views of the page."""
    person = frame.me()
    others = frame.presence().others(frame.session_id())
    here = f" · {len(others) + 1} here" if others else ""
    with (
        st.container(horizontal=True, horizontal_alignment="right", key="whoami"),
        st.container(
            horizontal=True,
            key=remembered.place(),
            width="content",
            vertical_alignment="center",
        ),
    ):
        waiting.bell()
        views = st.container(width="content")
        who = f"{plain(person.name)} ({plain(person.function.label)}){here}"
        with st.popover(who, type="tertiary"):
            for name, where in others:
                st.markdown(f"{plain(name)} is on **{plain(where)}**")
            if not others:
                st.markdown("Nobody else is here.")
            contrast.switch()
            (signed_in if signed.is_on() else chosen_person)()
    return views


def chosen_person() -> None:
    st.caption(
        "Choosing a person is not a login. This browser remembers it for 12 "
        "hours, until the app is started again or you are somebody else."
    )
    if st.button("Be somebody else"):
        remembered.choose("")
        st.rerun()


def signed_in() -> None:
    person = frame.me()
    if len(person.functions) > 1:
        spoken = st.radio(
            "You speak for", person.functions, index=person.functions.index(person.function),
            format_func=lambda f: plain(Function(f).label),
            help="In every window, from now on. What you enter belongs to this function.",
        )  # fmt: skip
        if spoken is not person.function:
            frame.do(frame.workspace().staff.speak_for, person.id, spoken)
    st.caption(f"Signed in as {plain(person.signs_in_as)}.")
    st.button("Sign out", on_click=signed.sign_out)


def menu_of(title: str) -> int:
    """Which menu holds a page, from 1: it is marked as the one that one is in (style.css)."""
    return next(
        (
            number
            for number, entries in enumerate(PAGES.values(), 1)
            if any(name == title for _, _, name, _ in entries)
        ),
        0,
    )


def land() -> None:
    """Leadership begins with the scorecard: once a window, where no page was asked for."""
    is_first = "landed" not in st.session_state
    st.session_state["landed"] = True
    if is_first and chosen.title == "Home" and frame.me().function is Function.LEADERSHIP:
        st.switch_page("pages/quarterly/scorecard.py")


pages = {
    section: [
        st.Page(
            f"pages/{path}",
            title=name,
            icon=icon,
            url_path=url,
            default=url == "home",
            # The way to the inbox is beside one's name, with how much in it is new.
            visibility="hidden" if url == "inbox" else "visible",
        )
        for url, path, name, icon in entries
    ]
    for section, entries in PAGES.items()
}
chosen = st.navigation(
    pages, position="top"
)  # a menu for each cadence: they would not fit side by side
contrast.recall()
if not signed.is_on():
    remembered.recall()
here = chosen.title if frame.is_somebody() else ""
if here != st.session_state.get("page"):
    st.session_state["turned"] = st.session_state.get("turned", 0) + 1
    st.session_state["page"] = here
# Two places in turn: what the former page drew is gone before the next one has anything.
places = (st.empty(), st.empty())
place = places[st.session_state.get("turned", 0) % 2].container()
if not here:
    with place:
        front_page()
else:
    land()
    if not st.session_state.get("_frozen"):
        gc.freeze()  # imports never go away; collections need not look at them again
        st.session_state["_frozen"] = True
    saved.begin(chosen.url_path or "home")
    with place:
        with (
            st.container(key=contrast.place()),
            st.container(key=f"inmenu{menu_of(chosen.title)}"),
        ):
            views = who_is_here()
        guide.bar()
        with frame.one_step():
            chosen.run()
        with views:  # now the link says what the page shows
            saved.menu(chosen.url_path or "home")
    frame.watcher(chosen.title)  # after the page has told what it shows
