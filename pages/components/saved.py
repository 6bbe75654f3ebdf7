"""Saved views of the page one is on: chosen, saved and removed behind one button.

A view is what the link of the page says (forecasting/governance/saved_views.py), so every page
whose choices stand in its link has them, and none has to know of them.
"""

from collections.abc import Mapping

import streamlit as st

from forecasting.errors import ConcordError
from forecasting.governance.saved_views import LONGEST, View
from pages.components import frame
from pages.components.text import Markdown, ours, plain

_ONCE = ("proposal",)
"""What a link says once and no view keeps."""


def begin(page: str) -> None:
    """Begin a page with its function's view: the first time in a window, where no link says more."""
    begun = st.session_state.setdefault(f"begun by {frame.me().id}", set())
    if page in begun:
        return
    begun.add(page)
    if len(st.query_params):
        return
    view = frame.workspace().views.opening(frame.me().id, page)
    if view is not None:  # what somebody carries along was chosen by hand, and later
        kept = {k: v for k, v in view.link.items() if k not in frame.carried()}
        st.query_params.update(kept)


def menu(page: str) -> None:
    """The button, and behind it the views of a page; nothing where a page has no choices."""
    views = frame.workspace().views.offered(frame.me().id, page)
    shown = {k: v for k, v in st.query_params.to_dict().items() if k not in _ONCE}
    if not views and not shown:
        return
    with st.popover("Views", type="tertiary", icon=":material/bookmark:"):
        refusal = st.session_state.pop("view refused", None)
        if refusal is not None:
            frame.refused(refusal)
        for view in views:
            _line(view)
        if not views:
            st.caption("None saved yet for this page.")
        _save(page, shown)


def _line(view: View) -> None:
    person = frame.me()
    key = f"{view.page}_{view.seq}"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            plain(view.name), key=f"view_{key}", on_click=_apply, args=(view.link,),
            type="tertiary",
        )  # fmt: skip
        st.markdown(f":gray[{_whose(view)}]", width="content")
        if view.person == person.id:
            st.button(
                "Remove", key=f"view_remove_{key}", type="tertiary", on_click=_remove,
                args=(view,),
            )  # fmt: skip


def _whose(view: View) -> Markdown:
    if not view.shared:
        return ours("yours alone")
    who = frame.workspace().person(view.person)
    begins = f", {plain(who.function.label)} begins with it" if view.opens else ""
    return ours(f"shared by {plain(who.name)}{begins}")


def _save(page: str, shown: Mapping[str, str]) -> None:
    person = frame.me()
    with st.form(f"save_view_{page}", border=False, clear_on_submit=True):
        name = st.text_input("Save what this page shows as", max_chars=LONGEST)
        shared = st.checkbox("For everybody")
        opens = st.checkbox(
            f"{plain(person.function.label)} begins this page with it",
            help="For everybody who speaks for the same function, until one of them saves another.",
        )
        if st.form_submit_button("Save the view") and name:
            frame.do(
                frame.workspace().views.save, person.id, page, name, dict(shown),
                shared=shared or opens, opens=opens,
            )  # fmt: skip


def _apply(link: Mapping[str, str]) -> None:
    st.query_params.from_dict(dict(link))


def _remove(view: View) -> None:
    try:
        frame.workspace().views.remove(frame.me().id, view.page, view.name, shared=view.shared)
    except ConcordError as error:
        st.session_state["view refused"] = error
