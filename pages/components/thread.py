"""Comments on one thing: its threads, an answer under each, and a new one."""

from collections.abc import Callable, Mapping

import streamlit as st

from forecasting.consensus.events import Scope
from forecasting.errors import ConcordError
from forecasting.governance.naming import called
from forecasting.monthly.threads import Comment
from pages.components import frame, theme
from pages.components.text import Markdown, ours, plain

SHOWN = 5
"""Threads that are shown; older ones stand in History."""


def of(about: str, *, scopes: Mapping[str, Scope] | None = None) -> None:
    """Threads on an activation, a decision or a SKU, behind one line.

    Parameters
    ----------
    about : str
        As `Comment.about`.
    scopes : mapping, optional
        Parts of the plan that a new comment can be on, by what they are called; left out
        where it is on the thing itself.
    """
    space, person = frame.workspace(), frame.me()
    threads = space.threads.about(person.id, about)
    count = sum(map(len, threads))
    label = theme.plural(count, "comment") if count else ours("Comment")
    if not count and not person.may("comment"):
        return
    with st.expander(label, icon=":material/forum:", key=f"thread_{about}"):
        for thread in threads[:SHOWN]:
            _thread(thread)
        if len(threads) > SHOWN:
            st.caption(f"and {len(threads) - SHOWN} older threads; History has them all.")
        if person.may("comment"):
            _new(about, scopes or {})


def _thread(thread: list[Comment]) -> None:
    person = frame.me()
    first = thread[0]
    with st.container(border=True, key=f"comments_{first.seq}"):
        if first.scope is not None:
            st.caption(plain(first.place))
        for one in thread:
            st.markdown(_told(one))
        if person.may("comment"):
            _write(
                f"answer_{first.seq}", ours("Answer"),
                lambda words: frame.workspace().threads.answer(person.id, first.seq, words),
            )  # fmt: skip


def _told(one: Comment) -> Markdown:
    space = frame.workspace()
    is_me = ":material/alternate_email: " if frame.me().id in one.names else ""
    return ours(
        f"{is_me}**{plain(space.person(one.person).name)}** :gray[{theme.moment(one.at)}]  \n"
        f"{plain(one.text)}"
    )


def _new(about: str, scopes: Mapping[str, Scope]) -> None:
    space, by = frame.workspace(), frame.me().id
    if not scopes:
        _write(
            f"new_{about}",
            ours("Write"),
            lambda words: space.threads.write(by, words, about=about),
        )
        return
    chosen = st.selectbox("On", list(scopes), key=f"where_{about}", width=260)
    _write(
        f"new_{about}", ours("Write"),
        lambda words: space.threads.write(by, words, scope=scopes[str(chosen)]),
    )  # fmt: skip


def _write(key: str, label: Markdown, write: Callable[[str], object]) -> None:
    """A field for words, with the names of people to be told, and its button."""
    people = frame.workspace().people
    others = {p.id: f"{p.name} ({p.function.label})" for p in people if p.id != frame.me().id}
    written = f"{key}_written"  # a field that was sent gives way to an empty one
    key = f"{key}_{st.session_state.get(written, 0)}"
    with st.form(key, clear_on_submit=False, border=False):
        words = st.text_area(
            "Comment", key=f"{key}_words", height=70, label_visibility="collapsed",
            placeholder="Write a comment; @name tells somebody",
        )  # fmt: skip
        with st.container(horizontal=True, vertical_alignment="bottom"):
            told = st.multiselect(
                "Tell", list(others), key=f"{key}_told", format_func=lambda p: others[p],
                placeholder="Tell somebody", label_visibility="collapsed",
            )  # fmt: skip
            done = st.form_submit_button(label)
    if not done:
        return
    names = {p.id: called(p, people) for p in people}
    more = [f"@{names[p]}" for p in told if f"@{names[p]}".casefold() not in words.casefold()]
    try:
        write(" ".join([words.strip(), *more]).strip() if words.strip() else "")
    except ConcordError as error:
        frame.refused(error)
    else:
        st.session_state[written] = st.session_state.get(written, 0) + 1
        st.rerun()
