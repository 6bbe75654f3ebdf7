"""The guided first meeting: ten steps through the loop, to be left and taken up again.

Where somebody is stands with their drafts; who has no drafts (Leadership, Admin) keeps it
for as long as the window is open.
"""

from dataclasses import dataclass

import streamlit as st

from pages.components import frame, theme
from pages.components.text import plain

KEPT = "guide"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step: what to do, and the page where it is done."""

    name: str
    text: str
    page: str


STEPS = (
    Step(name="See what waits", page="home/today.py",
         text="Home lists what only you can do, the most pressing first. Read the three cards."),
    Step(name="Find what runs out", page="weekly/bridge.py",
         text="Each bar is an activation. Red with a dot is Short: demand beats stock before it ends."),
    Step(name="Look at one SKU", page="weekly/bridge.py",
         text="Choose an activation, then its worst SKU. The picture shows stock with and without the lift."),
    Step(name="Weigh the options", page="weekly/bridge.py",
         text="Each option says what it saves, what it costs and its last day. Open Preview and decide."),
    Step(name="Review the week", page="weekly/signals.py",
         text="Actions due, last week against the forecast, and what is late: half an hour together."),
    Step(name="Give an input", page="monthly/consensus.py",
         text="Your function's number, week by week, always with a reason. Others give theirs beside it."),
    Step(name="Agree on one number", page="monthly/meeting.py",
         text="The meeting goes through what functions disagree on, dearest first, and then signs."),
    Step(name="See the buy", page="monthly/buy_plan.py",
         text="What the agreed number makes you order: by SKU, door and week, in time for lead times."),
    Step(name="Ask whether it pays", page="explore/replay.py",
         text="What the Bridge would have flagged six weeks ahead, against what then ran out."),
    Step(name="Read the quarter", page="quarterly/scorecard.py",
         text="Three shared measures against target: stockouts on promoted items, accuracy, turn."),
)  # fmt: skip


def at() -> int | None:
    """The step somebody is at, from 0; None where the guide is not open."""
    person = frame.me()
    if st.session_state.get("guide of") != person.id:
        kept = frame.workspace().drafts.of(person.id, KEPT) if person.may("draft") else None
        step = kept.fields.get("step") if kept else None
        known = isinstance(step, int) and 0 <= step <= len(STEPS)
        st.session_state["guide of"] = person.id
        st.session_state["guide left at"] = step if known else 0
        st.session_state["guide at"] = None
    found = st.session_state.get("guide at")
    return found if isinstance(found, int) else None


def move(step: int | None) -> None:
    """Go to a step and keep it; None closes the guide, which keeps the step it was at.

    The one after the last closes it, too: the tour was gone to its end.
    """
    st.session_state["guide at"] = step if step is not None and step < len(STEPS) else None
    if step is None:
        return
    st.session_state["guide left at"] = step
    person = frame.me()
    if person.may("draft"):
        frame.workspace().drafts.keep(person.id, KEPT, {"step": step})


def invite() -> None:
    """Offer to begin, or to go on where it was left."""
    if at() is not None:
        return
    left = int(st.session_state["guide left at"])
    if left == len(STEPS):
        words, to = "Take the tour again", 0
    elif left:
        words, to = f"Go on with the tour: {left:d} of {len(STEPS):d} steps done", left
    else:
        words, to = "New here? Take the tour: ten steps through the loop", 0
    st.button(words, icon=":material/explore:", type="tertiary", on_click=move, args=(to,))


def bar() -> None:
    """The step one is at, in one quiet line above the page."""
    here = at()
    if here is None:
        return
    step = STEPS[here]
    with st.container(border=True, key="guide", horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**{theme.number(here + 1)} of {theme.number(len(STEPS))} · {plain(step.name)}.** {plain(step.text)}"
        )
        st.page_link(f"pages/{step.page}", label="Go there", icon=":material/arrow_forward:")
        st.button("Back", key="guide_back", disabled=here == 0, on_click=move, args=(here - 1,))
        if here + 1 < len(STEPS):
            st.button("Next step", key="guide_next", on_click=move, args=(here + 1,))
        st.button(
            "Leave the tour" if here + 1 < len(STEPS) else "Finish", key="guide_leave",
            on_click=move, args=(None if here + 1 < len(STEPS) else len(STEPS),),
        )  # fmt: skip
