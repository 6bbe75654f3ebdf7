"""How whoever is here wishes to be told of their inbox while they are not in the app."""

import streamlit as st

from forecasting.errors import ConcordError
from forecasting.governance.timetable import DAYS, EVERY_DAY
from forecasting.governance.wishes import MAIL, Rhythm, Wish
from forecasting.outputs.post import SETTINGS, Ways
from pages.components import frame, theme
from pages.components.text import Markdown, ours, plain

_LABELS = {
    Rhythm.OFF: "Not at all", Rhythm.DAILY: "Daily", Rhythm.WEEKLY: "Weekly",
    Rhythm.AT_ONCE: "At once",
}  # fmt: skip


def now(wish: Wish) -> Markdown:
    """How it is, in words."""
    if wish.rhythm is Rhythm.OFF:
        return ours("Tell me elsewhere: not at all")
    where = wish.address if wish.channel == MAIL else wish.channel
    when = "" if wish.rhythm is Rhythm.AT_ONCE else f" at {plain(wish.at)}"
    day = f" on {plain(DAYS[wish.day])}" if wish.rhythm is Rhythm.WEEKLY else ""
    how = plain(_LABELS[wish.rhythm].lower())
    return ours(f"Tell me elsewhere: {how}{day}{when}, {plain(where)}")


def section() -> None:
    """The choice, behind one line."""
    space, person = frame.workspace(), frame.me()
    wish = space.wishes.of(person.id)
    with st.expander(now(wish), icon=":material/outgoing_mail:"):
        try:
            names = Ways.of_server().names
        except ConcordError as error:
            frame.refused(error)
            return
        if not names:
            st.markdown(
                "This server has no way to send messages. Whoever runs it sets one up in the "
                f"file that {plain(SETTINGS)} names."
            )
            return
        with st.form("wish", border=False, width=560):
            rhythm = st.radio(
                "How often", list(Rhythm), index=list(Rhythm).index(wish.rhythm),
                format_func=lambda r: _LABELS[Rhythm(r)], horizontal=True,
            )  # fmt: skip
            channel = st.selectbox(
                "By", names, index=names.index(wish.channel) if wish.channel in names else 0,
                format_func=lambda c: "Mail" if c == MAIL else c,
            )  # fmt: skip
            address = st.text_input("Mail address", wish.address or person.signs_in_as)
            at = st.text_input("At", wish.at, help="Of a daily or weekly digest, like 07:00.")
            day = st.selectbox(
                "On", list(EVERY_DAY), index=wish.day, format_func=lambda d: DAYS[d],
                help="Of a weekly digest.",
            )  # fmt: skip
            done = st.form_submit_button("Save", type="primary")
        st.caption(
            f"By the company's clocks ({theme.zone()}). Only what is new to you, never more than "
            "one message an hour, and none that says nothing."
        )
        if done:
            frame.do(
                space.wishes.set, person.id, Rhythm(str(rhythm)), channel=str(channel),
                address=address, at=at, day=int(day),
            )  # fmt: skip
