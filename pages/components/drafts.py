"""What somebody has typed and not entered yet: kept for them, and back when they come back."""

import datetime as dt
import json
from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from forecasting.errors import ConcordError
from pages.components import frame, theme

_LATER = "500ms"
"""Pause in typing after which words are kept: nobody has to leave the field for it."""


def words(label: str, *, key: str, **options: Any) -> str:
    """A line of text that is kept while it is typed."""
    return str(
        st.text_input(label, key=key, live=_LATER, persist_state="session", **options) or ""
    )


def entered(**fields: Any) -> None:
    """What stood in these fields is entered: the next time the page is drawn they are blank.

    Parameters
    ----------
    **fields
        Field to what it holds when it is blank.
    """
    st.session_state["blanked"] = st.session_state.get("blanked", {}) | fields


def begin(page: str, usable: Mapping[str, Callable[[Any], bool]]) -> None:
    """Before anything is drawn: blank what was entered; once a session, put back what was begun.

    Parameters
    ----------
    usable : mapping
        Field to whether a value of it can still be taken.
    """
    for name, blank in st.session_state.pop("blanked", {}).items():
        st.session_state[name] = blank
    space, person = frame.workspace(), frame.me()
    flag = f"draft of {page}, {person.id}"
    if flag in st.session_state or not person.may("draft"):
        return
    st.session_state[flag] = None
    draft = space.drafts.of(person.id, page)
    if draft is None:
        return
    found = {
        name: value for name, value in draft.fields.items()
        if name in usable and usable[name](value)
    }  # fmt: skip
    for name, value in found.items():
        st.session_state.setdefault(name, value)
    if found:
        st.session_state[flag] = draft.saved_at


def keep(page: str, fields: Mapping[str, Any]) -> None:
    """Keep what stands in the fields of a page; blank ones are no draft."""
    space, person = frame.workspace(), frame.me()
    if not person.may("draft"):
        return
    begun = {name: value for name, value in fields.items() if value not in (None, "", 0, 0.0)}
    kept, now = f"kept of {page}, {person.id}", _as_text(begun)
    if kept not in st.session_state:
        # What is there from before counts as kept: a page that opens writes nothing.
        before = space.drafts.of(person.id, page)
        st.session_state[kept] = _as_text(before.fields if before else {})
    if now == st.session_state[kept]:
        return
    try:
        space.drafts.keep(person.id, page, begun)
    except ConcordError as error:
        frame.refused(error)
    else:
        st.session_state[kept] = now


def _as_text(fields: Mapping[str, Any]) -> str:
    """What stands in some fields, to tell whether it has changed."""
    return json.dumps(dict(fields), default=str, sort_keys=True)


def say_restored(page: str, blank: Mapping[str, Any]) -> None:
    """Say what is back, with a way to be rid of it.

    Parameters
    ----------
    blank : mapping
        Field to what it holds when it is blank.
    """
    person = frame.me()
    flag = f"draft of {page}, {person.id}"
    when: dt.datetime | None = st.session_state.get(flag)
    if when is None:
        return
    row = st.container(horizontal=True, vertical_alignment="center")
    row.caption(
        f"Your unfinished entry is back (kept {theme.moment(when)}).",
        width="content",
    )
    if row.button("Discard it", key=f"drop {page}", type="tertiary"):
        frame.workspace().drafts.drop(person.id, page)
        st.session_state[f"kept of {page}, {person.id}"] = _as_text({})
        st.session_state[flag] = None
        entered(**blank)
        st.rerun()
    if row.button("Good", key=f"good {page}", type="tertiary"):
        st.session_state[flag] = None
        st.rerun()
