"""What is kept of a person: to take along, and to take the name out of."""

import streamlit as st

from forecasting.consensus.events.governance import PersonSet
from forecasting.errors import ConcordError
from forecasting.outputs import personal
from forecasting.rights import Person
from pages.components import download, frame
from pages.components.text import plain

WIDTH = 640
DONE = "anonymised"
"""Key under which a pseudonym that was given waits to be shown, once."""


def section(person: Person) -> None:
    """Somebody's data as files; and a pseudonym in the place of who has left."""
    space = frame.workspace()
    if done := st.session_state.pop(DONE, None):
        st.success(plain(done))
    people = personal.known(space)
    if not people:
        st.caption("Nobody but the local admin was ever here.")
        return
    st.markdown(
        "What somebody entered, what names them, sign-ins, messages and drafts, as files. Of "
        "somebody who has left, the name can be taken out of all of it."
    )
    whose = st.selectbox(
        "Of whom", people, key="kept_of", width=WIDTH,
        format_func=lambda p: plain(f"{p.name} ({p.id})" + (", has left" if p.has_left else "")),
    )  # fmt: skip
    download.button(
        "Download what is kept (ZIP)", lambda: personal.export(space, person.id, whose.id),
        f"{whose.id}.zip", key=f"kept_{whose.id}",
    )  # fmt: skip
    if not personal.has_name(whose):
        st.caption("The name was taken out already.")
    elif not whose.has_left:
        st.caption("Take them out first; then the name can be taken out, too.")
    else:
        _take_out(person, whose)


def _take_out(person: Person, whose: Person) -> None:
    with st.form(f"anonymise_{whose.id}", width=WIDTH):
        st.markdown(f"**Take the name of {plain(whose.name)} out**")
        st.caption(
            "Everywhere a pseudonym stands for them from then on: in comments, signatures, "
            "decisions, notes and files that are written later. No number changes. It cannot be "
            "taken back. Backups and files that were written before still hold the name."
        )
        sure = st.checkbox("I know that this cannot be taken back")
        if st.form_submit_button("Take the name out", type="primary"):
            if not sure:
                st.error("Tick the box above first: nobody can undo it.")
                return
            try:
                event = personal.anonymise(frame.workspace(), person.id, whose.id)
            except ConcordError as error:
                frame.refused(error)
                return
            name = event.told(PersonSet).name
            st.session_state[DONE] = f"They are called {name} from now on."
            st.rerun()
