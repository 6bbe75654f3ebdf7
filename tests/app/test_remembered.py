"""Who sits at this browser: a note that only this process can have written."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from http.cookies import SimpleCookie
from types import SimpleNamespace

from starlette.requests import Request

from pages.components import remembered


def brought(ticket):
    """What the server answers to a ticket: the response, and the cookie it sets."""

    async def receive():
        return {"type": "http.request", "body": ticket.encode(), "more_body": False}

    scope = {
        "type": "http", "method": "POST", "path": "/concord/who", "query_string": b"",
        "scheme": "http", "server": ("localhost", 80), "headers": [],
    }  # fmt: skip
    with ThreadPoolExecutor(1) as aside:  # a browser's loop may be running in this thread
        told = aside.submit(asyncio.run, remembered.answer(Request(scope, receive))).result()
    cookie = SimpleCookie(told.headers.get("set-cookie", ""))
    return told, cookie[remembered.COOKIE].value if cookie else ""


def test_a_ticket_becomes_a_cookie_that_no_script_and_no_other_site_can_use():
    told, kept = brought(remembered.ticket("dana"))
    assert told.status_code == 204
    cookie = told.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert remembered._read("cookie", kept, now=time.time()) == "dana"


def test_what_was_not_signed_here_is_old_or_was_made_for_another_use_is_nobody():
    good = remembered.ticket("dana")
    _, cookie = brought(good)
    forged = good.replace(b"dana".hex(), b"sam".hex())
    old = remembered.ticket("dana", now=time.time() - 61)
    for bad in (forged, old, cookie, "", "dana", "a-b", "a-b-c", "-" * 5000, "é-1-2"):
        told, _ = brought(bad)
        assert told.status_code in (403, 413), bad
        assert "set-cookie" not in told.headers
    assert remembered._read("cookie", good, now=time.time()) is None


def test_names_of_any_letters_are_remembered_and_an_empty_one_is_forgotten():
    name = "Zoë-Ω 1"
    _, kept = brought(remembered.ticket(name))
    assert remembered._read("cookie", kept, now=0) == name
    gone, _ = brought(remembered.ticket(""))
    assert 'concord-who=""' in gone.headers["set-cookie"]
    assert "max-age=0" in gone.headers["set-cookie"].lower()


def test_a_window_recalls_once_and_not_after_somebody_left(monkeypatch):
    _, cookie = brought(remembered.ticket("dana"))
    state: dict[str, object] = {}
    shown = SimpleNamespace(
        session_state=state, context=SimpleNamespace(cookies={remembered.COOKIE: cookie})
    )
    monkeypatch.setattr(remembered, "st", shown)
    remembered.recall()
    assert state["person"] == "dana"
    remembered.choose("")
    remembered.recall()
    assert "person" not in state
