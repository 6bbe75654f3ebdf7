"""People: who speaks for which function, how they sign in, and what each function may do."""

import datetime as dt
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from data.audit import days_kept
from forecasting.governance.audit import MOST_ROWS, Noted
from forecasting.rights import EVERYWHERE, IN_WORDS, LOCAL_ADMIN, RIGHTS, Person, Remit
from forecasting.vocabulary import INPUTS, Function
from pages.components import (
    download,
    frame,
    personal_data,
    signed,
    theme,
    tokens,
    written,
)
from pages.components.text import plain

WIDTH = 640
SHOWN = 200
"""Notes of who came that are shown at once."""


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
    if not person.remit.is_everywhere:
        sees = space.reading.seen_by(person)
        seen = "everything" if sees is None else f"**{plain(sees)}**, and totals of that"
        st.info(
            f"You may change **{plain(person.remit)}** only. You see {seen}; what is done for "
            "the whole company, such as imports, is done by somebody who is not limited."
        )
    everybody(space.people)
    if person.may("people"):
        add, part, out, groups, notes, kept = st.tabs(
            [
                "Add or change", "Limit", "Take out", "Groups", "Who came and took what",
                "What is kept of somebody",
            ]
        )  # fmt: skip
        with add:
            add_or_change(person)
        with part:
            limit(person)
        with out:
            take_out(person)
        with groups:
            groups_of_the_provider(person)
        with notes:
            who_came(person)
        with kept:
            personal_data.section(person)
    else:
        st.caption("Admin changes people and functions.")
    tokens.section(person)
    st.header("Who may do what", anchor=False)
    rights = {verb: holders for verb, holders in RIGHTS.items() if verb in IN_WORDS}
    written.dataframe(
        pd.DataFrame(
            [[IN_WORDS[verb].capitalize(), *("✓" if f in holders else "" for f in Function)] for verb, holders in rights.items()],
            columns=["", *(f.label for f in Function)],
        ),
        hide_index=True, alt="Rights by function",
    )  # fmt: skip
    st.caption("Rights are checked with every change, whatever the screen shows.")


def everybody(people: list[Person]) -> None:
    written.dataframe(
        pd.DataFrame(
            [
                (
                    p.name, p.function.label, ", ".join(f.label for f in p.also),
                    p.delegate_for.label if p.delegate_for else "",
                    changes(p), p.signs_in_as, "Group" if p.is_by_group else "Admin", p.id,
                )
                for p in people
            ],
            columns=["Name", "Speaks for", "Or for", "Also signs for", "Limited to", "Signs in as", "Given by", "Id"],
        ),
        hide_index=True, alt="People",
        column_config={
            "Or for": st.column_config.Column(help="Other functions that they may choose to speak for."),
            "Limited to": st.column_config.Column(
                help="The part of the company that their function's rights hold for."
            ),
            "Given by": st.column_config.Column(
                help="Who gave them their function: Admin by name, or a group of the identity provider."
            ),
        },
    )  # fmt: skip


def changes(person: Person) -> str:
    """The part of the company that somebody is limited to; '' where they are not."""
    remits = {f: str(remit) for f, remit in person.limits}
    if len(set(remits.values())) < 2:
        return next(iter(remits.values()), "")
    return "; ".join(f"as {f.label}: {remit}" for f, remit in remits.items())


def part_of_the_company(key: str, remit: Remit) -> dict[str, Any]:
    """Choosers of departments, classes and regions, with what is chosen now."""
    names = frame.workspace().desk.places.names
    chosen = {}
    for level, title, now in (
        ("department", "Departments", remit.departments),
        ("class", "Classes", remit.classes),
        ("region", "Regions", remit.regions),
    ):
        known = list(dict.fromkeys([*names(level), *now]))
        chosen[level] = st.multiselect(
            title, known, default=list(now), format_func=plain, key=f"{key} {level}",
            placeholder="All" if level != "class" else "None besides the departments",
            disabled=not known,
        )  # fmt: skip
    return {
        "departments": chosen["department"], "classes": chosen["class"],
        "regions": chosen["region"],
    }  # fmt: skip


def limit(person: Person) -> None:
    able = [p for p in frame.workspace().people if any(f in INPUTS for f in p.functions)]
    mine = [p for p in able if not p.is_by_group]
    st.markdown(
        "What somebody's function may do can hold for a part of the company only: products of "
        "some departments or classes, at doors of some regions."
    )
    reading(person)
    if not mine:
        st.caption("Nobody who changes inputs was entered by name. Limit a group instead.")
        return
    by_id = {p.id: p for p in mine}  # as they are now: what is chosen stays when it is saved
    chosen_id = st.selectbox(
        "Whom to limit", list(by_id), width=WIDTH,
        format_func=lambda one: plain(f"{by_id[one].name} ({one})"),
    )  # fmt: skip
    who = by_id[chosen_id]
    with st.form("limit a person", width=WIDTH):
        now = next((remit for _, remit in who.limits), EVERYWHERE)
        st.markdown(f"**{plain(who.name)} may change {plain(now)}**")
        chosen = part_of_the_company(f"limit {who.id} {now}", now)
        st.caption(
            "Nothing chosen: everything. It holds from their next change on, in every window "
            "of theirs. A department is signed only by whoever may change all of it, at every "
            "door."
        )
        if st.form_submit_button("Save the limit", type="primary"):
            frame.do(
                partial(frame.workspace().staff.limit, **chosen), person.id, identity=who.id
            )


def reading(person: Person) -> None:
    """Whether limits hold for what people see, too: a setting of the company."""
    verbs, key = frame.workspace().reading, "limits hold for reading"

    def changed() -> None:
        frame.do(verbs.limit, person.id, bool(st.session_state[key]))
        st.session_state[key] = verbs.is_limited

    st.session_state[key] = verbs.is_limited
    st.toggle(
        "Limits hold for what people see, too", key=key, on_change=changed,
        help="Whoever is limited to departments or classes then finds those alone, on every "
        "page, in every file, mail and calendar, and every total is of them. Regions go on "
        "limiting what is changed only: doors share the stock of a centre. It holds from "
        "everybody's next click on.",
    )  # fmt: skip


def add_or_change(person: Person) -> None:
    with st.form("add or change", width=WIDTH):
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


def who_came(person: Person) -> None:
    space = frame.workspace()
    st.markdown(
        "Who signed in and out, who was not let in or was refused something, and what was "
        f"downloaded or exported. Kept for {theme.plural(days_kept(), 'day', 'days')}, beside "
        "what people decided."
    )
    if space.desk.audit.is_behind:
        st.warning(
            "The latest of it could not be written yet, for want of space or rights on the "
            "disk. It is written as soon as that works again."
        )
    columns = st.columns([1, 1, 1], vertical_alignment="bottom")
    who = columns[0].selectbox(
        "Whose", [None, *space.people], key="notes of",
        format_func=lambda p: plain(f"{p.name} ({p.id})") if p else "Everybody's",
    )  # fmt: skip
    kind = columns[1].selectbox(
        "What happened", [None, *Noted], key="notes kind",
        format_func=lambda k: str(k).capitalize() if k else "Anything",
    )  # fmt: skip
    since = columns[2].date_input(
        "From this day on", space.desk.today - dt.timedelta(30), key="notes since"
    )

    def rows(most: int) -> pd.DataFrame:
        found = space.audit.read(
            person.id, person=who.id if who else None, kind=kind,
            since=since if isinstance(since, dt.date) else None, most=most,
        )  # fmt: skip
        names = {p.id: p.name for p in space.people}
        return pd.DataFrame(
            {
                "When (UTC)": found["noted_at"],
                "Who": [names.get(one, one) for one in found["person"]],
                "What happened": [str(one).capitalize() for one in found["kind"]],
                "Of what": found["what"],
            }
        )

    shown = rows(SHOWN)
    if shown.empty:
        st.caption("Nothing of it in this time.")
        return
    written.dataframe(shown, hide_index=True, alt="Who came and took what")
    if len(shown) == SHOWN:
        st.caption(f"The latest {SHOWN}; the file has all of it.")
    download.spreadsheet(
        "As a file (CSV)", lambda: rows(MOST_ROWS), "who-came-and-took-what.csv"
    )


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
        written.dataframe(
            pd.DataFrame(
                [
                    (
                        group, brought.function.label,
                        "" if brought.remit.is_everywhere else str(brought.remit),
                    )
                    for group, brought in space.staff.groups.items()
                ],
                columns=["Group", "Speaks for", "Limited to"],
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
        chosen = part_of_the_company("group", EVERYWHERE)
        if st.form_submit_button("Save the group", type="primary"):
            frame.do(
                partial(space.staff.set_group, **chosen), person.id, group,
                Function(str(function)) if function else None,
            )  # fmt: skip


page()
