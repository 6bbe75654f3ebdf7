"""People: who speaks for which function, how they sign in, and what each function may do."""

import pandas as pd
import streamlit as st

from forecasting.rights import IN_WORDS, LOCAL_ADMIN, RIGHTS, Person
from forecasting.vocabulary import INPUTS, Function
from pages.components import frame, signed, theme
from pages.components.text import plain

WIDTH = 640


def label(function: Function) -> str:
    return Function(function).label


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
    everybody(space.people)
    if person.may("people"):
        add, out, groups = st.tabs(["Add or change", "Take out", "Groups"])
        with add:
            add_or_change(person)
        with out:
            take_out(person)
        with groups:
            groups_of_the_provider(person)
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


def everybody(people: list[Person]) -> None:
    st.dataframe(
        pd.DataFrame(
            [
                (
                    p.name, p.function.label, ", ".join(f.label for f in p.also),
                    p.delegate_for.label if p.delegate_for else "",
                    p.signs_in_as, "Group" if p.is_by_group else "Admin", p.id,
                )
                for p in people
            ],
            columns=["Name", "Speaks for", "Or for", "Also signs for", "Signs in as", "Given by", "Id"],
        ),
        hide_index=True, alt="People",
        column_config={
            "Or for": st.column_config.Column(help="Other functions that they may choose to speak for."),
            "Given by": st.column_config.Column(
                help="Who gave them their function: Admin by name, or a group of the identity provider."
            ),
        },
    )  # fmt: skip


def add_or_change(person: Person) -> None:
    with st.form("person", width=WIDTH):
        st.markdown("**Add somebody, or give them another function**")
        identity = st.text_input(
            "Id", help="Short and without spaces; an id that exists is changed."
        )
        name = st.text_input("Name")
        sign_in = st.text_input(
            "Signs in as",
            help="How your identity provider names them, as a rule their e-mail address. "
            "Blank where nobody signs in.",
        )
        function = st.selectbox("Function", list(Function), format_func=label)
        also = st.multiselect(
            "May also speak for", list(Function), format_func=label,
            help="They choose, at the top right, for which function they speak.",
        )  # fmt: skip
        delegate = st.selectbox(
            "May also sign for", [None, *INPUTS], help="As the delegate of that function.",
            format_func=lambda f: Function(f).label if f else "nobody else",
        )  # fmt: skip
        if st.form_submit_button("Save", type="primary"):
            frame.do(
                frame.workspace().set_person, person.id, identity=identity, name=name,
                function=Function(str(function)), also=[Function(str(f)) for f in also],
                delegate_for=Function(delegate) if delegate else None, signs_in_as=sign_in,
            )  # fmt: skip


def take_out(person: Person) -> None:
    others = [p for p in frame.workspace().people if p.id not in (person.id, LOCAL_ADMIN.id)]
    if not others:
        st.caption("Nobody but you is here.")
        return
    with st.form("out", width=WIDTH):
        st.markdown("**Take somebody out**")
        who = st.selectbox("Who", others, format_func=lambda p: plain(f"{p.name} ({p.id})"))
        st.caption(
            "From their next click on they see and change nothing any more. What they did "
            "stays under their name. Saving them again lets them back in."
        )
        if st.form_submit_button("Take out") and who:
            frame.do(frame.workspace().staff.take_out, person.id, identity=who.id)


def groups_of_the_provider(person: Person) -> None:
    space = frame.workspace()
    st.markdown(
        "Whoever signs in and is in one of these groups comes in with its function, without "
        "being entered. Somebody in several may choose between them."
    )
    if not signed.is_on():
        st.caption(
            "Nobody signs in here: groups count once Concord is served with a sign-in file."
        )
    if space.staff.groups:
        st.dataframe(
            pd.DataFrame(
                [(group, function.label) for group, function in space.staff.groups.items()],
                columns=["Group", "Speaks for"],
            ),
            hide_index=True, alt="Groups and their functions", width=WIDTH,
        )  # fmt: skip
    with st.form("group", width=WIDTH):
        group = st.text_input(
            "Group", help="As your identity provider writes it in the token; Entra sends an id."
        )
        function = st.selectbox(
            "Function", [*Function, None],
            format_func=lambda f: Function(f).label if f else "none any more",
        )  # fmt: skip
        if st.form_submit_button("Save the group", type="primary"):
            frame.do(
                space.staff.set_group, person.id, group,
                Function(str(function)) if function else None,
            )  # fmt: skip


page()
