"""The big screen: a page for a whole room to read, larger and without anything to press.

It stands in the link (`big=1`), so that a screen on a wall is opened by a link; style.css does
the rest. It goes where whoever leads goes, and never leads itself.
"""

import streamlit as st

_PARAMETER, _ON = "big", "1"
KEY = "B"
"""Turns it on and off."""


def is_on() -> bool:
    """Whether this window is one."""
    return st.query_params.get(_PARAMETER) == _ON


def switch() -> None:
    """The button that turns it on; on a big screen only its key is left."""
    on = is_on()
    st.button(
        "Leave the big screen" if on else "Big screen", key="big_screen_switch",
        icon=":material/tv:", type="tertiary", shortcut=KEY, on_click=_turn, args=(not on,),
        help="For a room: type 1.4 times as large, nothing to press. It follows whoever leads.",
    )  # fmt: skip
    if on:  # a hand finds how to leave, too: seen while the mouse moves (style.css, reach.js)
        with st.container(key="bigscreen"):
            st.button(
                "Leave the big screen", key="big_screen_out", icon=":material/close_fullscreen:",
                type="tertiary", on_click=_turn, args=(False,),
            )  # fmt: skip


def _turn(is_to_be: bool) -> None:
    if is_to_be:
        st.query_params[_PARAMETER] = _ON
    else:
        st.query_params.pop(_PARAMETER, None)
