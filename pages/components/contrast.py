"""High contrast: chosen in the menu of who is here, and remembered by the browser.

The browser keeps it as a cookie, set by contrast.js from what the page is drawn with, so that
a reload and a deep link are drawn so from the start. It says nothing about who somebody is.
"""

from functools import lru_cache

import streamlit as st

COOKIE = "concord-contrast"
KEY = "contrast"
LEAST = 4.5
"""Contrast of every colour of a picture with its ground, as of text (WCAG 1.4.3)."""


def recall() -> None:
    """At the first run of a window: as it was chosen here before."""
    if KEY not in st.session_state:
        st.session_state[KEY] = st.context.cookies.get(COOKIE) == "1"


def is_on() -> bool:
    """Whether this window is drawn so."""
    return bool(st.session_state.get(KEY))


def place() -> str:
    """Key of the container by which style sheet and browser know."""
    return "contrast_on" if is_on() else "contrast_off"


def switch() -> None:
    """The choice."""
    st.toggle(
        "High contrast", key=KEY, persist_state="session",
        help="Black on white, or white on black, and stronger pictures. This browser remembers "
        "it. A system that asks for more contrast gets it by itself.",
    )  # fmt: skip


def _parts(colour: str) -> list[int]:
    return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]


def ratio(one: str, other: str) -> float:
    """Contrast of two colours, 1 to 21 (WCAG 2.2, relative luminance)."""

    def bright(colour: str) -> float:
        lit = [
            p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4
            for p in (part / 255 for part in _parts(colour))
        ]
        return 0.2126 * lit[0] + 0.7152 * lit[1] + 0.0722 * lit[2]

    light, dark = sorted((bright(one), bright(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@lru_cache(maxsize=256)
def strong(colour: str, *, ink: str, ground: str) -> str:
    """A colour with so much ink in it that it is told from its ground as text is.

    Examples
    --------
    >>> strong("#000000", ink="#000000", ground="#ffffff")
    '#000000'
    """
    for tenth in range(11):
        mixed = "#" + "".join(
            f"{round(a + tenth / 10 * (b - a)):02x}"
            for a, b in zip(_parts(colour), _parts(ink), strict=True)
        )
        if ratio(mixed, ground) >= LEAST:
            return mixed
    return ink
