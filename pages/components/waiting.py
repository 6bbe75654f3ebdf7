"""How much of the inbox somebody has not seen, beside their name on every page."""

import time

import streamlit as st

from forecasting.errors import ConcordError
from forecasting.outputs import inbox
from pages.components import frame, theme
from pages.components.text import ours

PLACES = {
    "bridge": "weekly/bridge.py", "signals": "weekly/signals.py",
    "activations": "weekly/activations.py", "sku": "explore/sku.py",
    "consensus": "monthly/consensus.py", "meeting": "monthly/meeting.py",
    "cycle": "setup/cycle.py", "data": "setup/data.py", "schedules": "setup/schedules.py",
    "inbox": "home/inbox.py", "history": "explore/history.py",
}  # fmt: skip
"""Where each item of the inbox leads."""
ANEW_S = 15.0
"""Seconds after which the number is counted anew: every page shows it, and an edit must not
wait for it."""
_KEPT = "inbox counted"


def bell() -> None:
    """The way to the inbox, with how many things in it are new."""
    count = _count()
    st.page_link(
        "pages/home/inbox.py", icon=":material/inbox:", width="content",
        label=ours(f"**{theme.number(count)} new**") if count else ours("Inbox"),
        help="Your inbox: what needs you, each one click from its place.",
    )  # fmt: skip


def forget() -> None:
    """Count anew the next time: somebody has seen something."""
    st.session_state.pop(_KEPT, None)


def _count() -> int:
    kept = st.session_state.get(_KEPT)
    now, by = time.monotonic(), frame.me().id
    if kept and kept[0] == by and now - kept[1] < ANEW_S:
        return int(kept[2])
    try:
        count = inbox.new_count(inbox.items(frame.workspace(), by))
    except ConcordError:  # the plan is being made anew: the page itself says so
        return 0
    st.session_state[_KEPT] = (by, now, count)
    return count
