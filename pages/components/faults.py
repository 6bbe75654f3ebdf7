"""A page that fails by our fault: noted in our log, and explained calmly where it happened.

Streamlit catches whatever a page, a part of it or a callback raises, in one place: it tells
its own logger and shows a general text. We listen to the first and word the second, so that
no page has to remember to.
"""

import logging

import streamlit as st
from streamlit.elements import exception as shown

from forecasting import operation

STREAMLITS = "streamlit.error_util"
"""Logger that Streamlit tells of whatever a page has not caught."""


class _Listener(logging.Handler):
    """Passes on what Streamlit caught."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            page, person = (st.session_state.get(name, "") for name in ("page", "person"))
            operation.log("page").fault("page_failed", error, page=page, by=person)


def note_them() -> None:
    """Listen, once in a process, and say in our words that something was noted."""
    logger = logging.getLogger(STREAMLITS)
    if not any(isinstance(handler, _Listener) for handler in logger.handlers):
        logger.addHandler(_Listener())
    shown._GENERIC_UNCAUGHT_EXCEPTION_TEXT = (  # type: ignore[misc]
        f"This part of the page failed, and the fault is ours. {operation.noted()} Nothing that you "
        "saved is lost. Try again, or carry on with another page."
    )
