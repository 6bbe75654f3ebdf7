"""People: who speaks for which function, and what each function may do."""

import pandas as pd
import streamlit as st

from forecasting.errors import ConcordError
from forecasting.rights import IN_WORDS, RIGHTS
from forecasting.vocabulary import INPUTS, Function
from pages.components import frame, theme
from pages.components.text import plain


def page() -> None:
    space, person = frame.workspace(), frame.me()
    frame.watch_rows([])
    missing = [
        plain(f.label) for f in Function if not any(p.function is f for p in space.people)
    ]
    gap = (
        f" Nobody speaks for {', '.join(missing)} yet."
        if missing
        else " Every function has somebody."
    )
    frame.title("People", f"**{theme.plural(len(space.people), 'person', 'people')}.**{gap}")
    st.dataframe(
        pd.DataFrame(
            [(p.name, p.function.label, p.delegate_for.label if p.delegate_for else "", p.id) for p in space.people],
            columns=["Name", "Function", "Also signs for", "Id"],
        ),
        hide_index=True, width=520,
    )  # fmt: skip
    if person.may("people"):
        with st.form("person", width=520):
            st.markdown("**Add somebody, or give them another function**")
            identity = st.text_input(
                "Id", help="Short and without spaces; an id that exists is changed."
            )
            name = st.text_input("Name")
            function = st.selectbox(
                "Function", list(Function), format_func=lambda f: Function(f).label
            )
            delegate = st.selectbox(
                "May also sign for", [None, *INPUTS], help="As the delegate of that function.",
                format_func=lambda f: Function(f).label if f else "nobody else",
            )  # fmt: skip
            if st.form_submit_button("Save", type="primary"):
                try:
                    space.set_person(
                        person.id, identity=identity, name=name, function=Function(str(function)),
                        delegate_for=Function(delegate) if delegate else None,
                    )  # fmt: skip
                except ConcordError as error:
                    frame.refused(error)
                else:
                    st.rerun()
    else:
        st.caption("Admin changes people and functions.")
    st.header("Who may do what", anchor=False)
    rights = {verb: holders for verb, holders in RIGHTS.items() if verb in IN_WORDS}
    st.dataframe(
        pd.DataFrame(
            [[IN_WORDS[verb].capitalize(), *("✓" if f in holders else "" for f in Function)] for verb, holders in rights.items()],
            columns=["", *(f.label for f in Function)],
        ),
        hide_index=True, alt="Rights by function",
    )  # fmt: skip
    st.caption("Rights are checked with every change, whatever the screen shows.")


page()
