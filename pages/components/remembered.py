"""Who sits at this browser, remembered over a reload and a deep link.

The choice of a person is not a login, and remembering it makes it none: a browser keeps a
note that this process signed, and hands it back when it connects again. Everything about it
stands here, so that a real login replaces one module
(docs/decisions/0025-who-sits-here.md). The name is in no address. A page hands its choice to
the browser as a ticket, which the app's own script (remember.js) brings to `answer`; only a
ticket signed here, a minute old at most, becomes a cookie.
"""

import hashlib
import hmac
import secrets
import time
from pathlib import Path

import streamlit as st
from starlette.requests import Request
from starlette.responses import Response

COOKIE = "concord-who"
"""The name under which a browser keeps it."""
SCRIPT = Path(__file__).parent / "remember.js"
_KEY = secrets.token_bytes(32)
"""Of this process: after a restart everybody is asked once more."""
TICKET_S = 60
"""Seconds for which a ticket can be turned into a cookie; the page's script does so at once."""
COOKIE_S = 12 * 3600
"""A working day."""
_LONGEST = 1000
"""Characters of a note, and of what is read of a request: ours are much shorter."""


def _signed(purpose: str, person: str, until: int) -> str:
    body = f"{person.encode().hex()}-{until:x}"
    seal = hmac.new(_KEY, f"{purpose}-{body}".encode(), hashlib.sha256).hexdigest()
    return f"{body}-{seal}"


def _read(purpose: str, note: str, *, now: float) -> str | None:
    """The person a note names; None if it is not ours, was made for another use or is old."""
    if len(note) > _LONGEST or not note.isascii():
        return None
    try:
        name, until, _ = note.split("-")
        person, last = bytes.fromhex(name).decode(), int(until, 16)
    except ValueError:
        return None
    if not hmac.compare_digest(_signed(purpose, person, last), note) or last < now:
        return None
    return person


def ticket(person: str, *, now: float | None = None) -> str:
    """What asks the browser to remember a person; '' asks it to forget."""
    return _signed("ticket", person, int((now or time.time()) + TICKET_S))


async def answer(request: Request) -> Response:
    """Turn a ticket into a cookie; anything else changes nothing."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LONGEST:
            return Response(status_code=413)
    person = _read("ticket", body.decode("ascii", "replace"), now=time.time())
    if person is None:
        return Response(status_code=403)
    response = Response(status_code=204)
    response.headers["cache-control"] = "no-store"
    if person:
        until = int(time.time() + COOKIE_S)
        response.set_cookie(
            COOKIE, _signed("cookie", person, until), max_age=COOKIE_S, httponly=True,
            samesite="strict", secure=request.url.scheme == "https", path="/",
        )  # fmt: skip
    else:
        response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
    return response


def recall() -> None:
    """At the first run of a window: be whoever was chosen here before."""
    if "person" in st.session_state or "recalled" in st.session_state:
        return
    st.session_state["recalled"] = True
    person = _read("cookie", st.context.cookies.get(COOKIE, ""), now=time.time())
    if person:
        st.session_state["person"] = person


def choose(person: str) -> None:
    """Be somebody, or with '' nobody, here and at the next reload."""
    st.session_state["recalled"] = True
    st.session_state["ticket"] = ticket(person)
    if person:
        st.session_state["person"] = person
    else:
        st.session_state.pop("person", None)


def place() -> str:
    """Key of the container by which the browser is handed what to remember."""
    return f"concordwho-{st.session_state.get('ticket', 'none')}"
