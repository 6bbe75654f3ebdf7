"""The clock of a meeting: how long it has lasted, and how long each item of the agenda may take.

It is started by whoever leads and seen by everybody who has the meeting open. It belongs to
the meeting of this hour and not to the ledger: after a restart of the app it is started anew.
"""

import time

import streamlit as st

from forecasting.rights import Person
from pages.components import frame, theme
from pages.components.text import Markdown, ours

MINUTES = {
    "performance": 5, "total": 10, "disagreements": 30, "calendar": 5, "outlook": 5, "sign": 5,
}  # fmt: skip
"""Of each item of the agenda; an hour together."""
EVERY_S = 10
"""How often the clock is drawn anew: it shows minutes."""
_BEGAN = "meeting began"


def began() -> float | None:
    """When the meeting began, in seconds of the computer's clock; None where it has not."""
    at = frame.presence().led(_BEGAN)
    return float(at[0]) if at and at[0] else None


def reading(now: float, start: float, step: str) -> Markdown:
    """The clock in words: since when, what is left, and what the item may take.

    Parameters
    ----------
    now, start : float
        Seconds.
    step : str
        The item of the agenda that is on.
    """
    whole, gone = sum(MINUTES.values()), int((now - start) // 60)
    left = whole - gone
    rest = (
        f"{theme.number(left)} min left"
        if left >= 0
        else f":red[● {theme.number(-left)} min over]"
    )
    return ours(
        f"**{theme.number(gone)} of {theme.number(whole)} min** · {rest} · this item: "
        f"{theme.number(MINUTES[step])} min"
    )


@st.fragment(run_every=EVERY_S)
def clock(person: Person, step: str) -> None:
    """The clock; whoever leads starts and stops it."""
    start = began()
    with st.container(horizontal=True, vertical_alignment="center", key="clock"):
        if start is None:
            st.markdown(
                f":gray[{theme.number(sum(MINUTES.values()))} min planned, "
                f"{theme.number(MINUTES[step])} for this item]",
                width="content",
            )
        else:
            st.markdown(reading(time.time(), start, step), width="content")
        if person.may("cycle"):
            st.button(
                "Start the clock" if start is None else "Stop the clock", key="clock_turn",
                type="tertiary", on_click=_turn, args=(start is None,),
            )  # fmt: skip


def _turn(is_started: bool) -> None:
    frame.presence().lead(_BEGAN, (repr(time.time()),) if is_started else (None,))
