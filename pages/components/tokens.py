"""Tokens of programs: one's own for everybody, everybody's for Admin."""

import pandas as pd
import streamlit as st

from forecasting.errors import ConcordError
from forecasting.governance.bearer import Level
from forecasting.governance.tokens import LONGEST_DAYS, USUAL_DAYS, Token
from forecasting.rights import Person
from pages.components import frame, theme, written
from pages.components.text import plain

IN_WORDS = {
    Level.READ: "look at things",
    Level.WRITE: "look, and do the work of the function",
    Level.ADMIN: "all of that, and set what is for everybody",
}
MADE = "token made"
"""Key under which a new secret waits to be shown, once."""


def section(person: Person) -> None:
    """The list, a new one, and one that opens nothing any more."""
    st.header("Tokens for programs", anchor=False)
    st.markdown(
        "A program asks Concord with a token, under the rights of the person it speaks for. "
        "It ends on its last day, when it is revoked, and when that person is taken out."
    )
    secret = st.session_state.pop(MADE, None)
    if secret:
        st.markdown("**Copy this token now**; it is not shown again.")
        st.text_input("Token", secret, key=f"token_{hash(secret)}")
    found = frame.workspace().tokens.of(person.id)
    if found:
        listed(found)
    with st.container(horizontal=True):
        with st.popover("Make a token"):
            make(person)
        good = [one for one in found if one.is_good(frame.workspace().desk.today)]
        if good:
            with st.popover("Revoke a token"):
                revoke(person, good)


def listed(found: list[Token]) -> None:
    space = frame.workspace()
    used, today = space.tokens.last_used(), space.desk.today
    rows = [
        (
            one.label, space.desk.person(one.person).name, IN_WORDS[one.level],
            ", ".join(one.commands) or "all", one.until, used.get(one.id),
            "Revoked" if one.is_revoked else "Good" if one.is_good(today) else "Over", one.id,
        )
        for one in found
    ]  # fmt: skip
    written.dataframe(
        pd.DataFrame(
            rows, columns=["For", "Speaks for", "May", "Verbs", "Until", "Last used", "State", "Id"]
        ),
        hide_index=True, alt="Tokens of programs",
    )  # fmt: skip


def make(person: Person) -> None:
    space = frame.workspace()
    with st.form("token", border=False):
        name = st.text_input("What it is for", placeholder="nightly import")
        people = space.people if person.may("people") else [person]
        mine = next((n for n, one in enumerate(people) if one.id == person.id), 0)
        owner = st.selectbox(
            "Speaks for", people, index=mine, format_func=lambda p: plain(f"{p.name} ({p.id})")
        )
        level = st.selectbox("May", list(Level), format_func=lambda one: IN_WORDS[Level(one)])
        days = st.number_input("Good for days", 1, LONGEST_DAYS, USUAL_DAYS)
        done = st.form_submit_button("Make it", type="primary")
    if done and owner:
        try:
            made = space.tokens.make(
                person.id, label=name, level=Level(str(level)), days=int(days), person=owner.id
            )
        except ConcordError as error:
            frame.refused(error)
            return
        st.session_state[MADE] = made.secret
        st.rerun()


def revoke(person: Person, good: list[Token]) -> None:
    with st.form("revoke", border=False):
        one = st.selectbox(
            "Which", good, format_func=lambda t: plain(f"{t.label}, for {t.person} ({t.id})")
        )
        st.caption(f"{theme.plural(len(good), 'token is', 'tokens are')} good today.")
        if st.form_submit_button("Revoke it") and one:
            frame.do(frame.workspace().tokens.revoke, person.id, one.id)
