"""Who may reach the app, what a page may do, and that going back goes back."""

import base64
import csv
import http.client
import io
import os
import socket
import urllib.request
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.e2e.screen import go, settled
from tests.load import felt

pytestmark = pytest.mark.browser


@pytest.fixture
def served(company_copy, serve):
    return serve(company_copy)


def answer(url: str, path: str, **headers: str) -> http.client.HTTPResponse:
    there = urlsplit(url)
    link = http.client.HTTPConnection(there.hostname, there.port, timeout=10)
    link.putrequest("GET", path, skip_host=True)
    for name, value in {"Host": there.netloc, **headers}.items():
        link.putheader(name.replace("_", "-"), value)
    link.endheaders()
    return link.getresponse()


def handshake(url: str, *, host: str, origin: str | None) -> int:
    """Status of opening the app's websocket by hand."""
    there = urlsplit(url)
    lines = [
        "GET /_stcore/stream HTTP/1.1", f"Host: {host}", "Upgrade: websocket",
        "Connection: Upgrade", f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
        "Sec-WebSocket-Version: 13", "Sec-WebSocket-Protocol: streamlit",
        *([f"Origin: {origin}"] if origin else []),
    ]  # fmt: skip
    with socket.create_connection((there.hostname, there.port), timeout=10) as link:
        link.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        return int(link.recv(1024).split()[1])


def test_only_the_apps_own_page_under_its_own_name_may_speak_to_it(served):
    port = urlsplit(served.url).port
    own = f"localhost:{port}"
    assert handshake(served.url, host=own, origin=served.url) == 101
    assert (
        handshake(served.url, host=f"127.0.0.1:{port}", origin=f"http://127.0.0.1:{port}")
        == 101
    )
    for host, origin in [
        ("evil.example", "http://evil.example"),
        (f"evil.example:{port}", f"http://evil.example:{port}"),
        (own, "http://evil.example"),
        (own, f"http://localhost:{port + 1}"),
        (own, "http://127.0.0.1:80"),
        (own, "null"),
        ("localhost.evil.example", None),
        ("", None),
    ]:
        assert handshake(served.url, host=host, origin=origin) == 403, (host, origin)
    for path in ("/", "/_stcore/health", "/_stcore/host-config", "/media/x", "/static/x.js"):
        assert answer(served.url, path, Host="evil.example").status == 403
        assert answer(served.url, path, Origin="http://evil.example").status == 403


def test_a_page_says_what_a_browser_may_do_with_it(served):
    for accept in ("text/html", "*/*"):
        page = answer(served.url, "/consensus", Accept=accept, Accept_Encoding="gzip, br")
        assert page.headers["X-Frame-Options"] == "DENY"
        assert page.headers["X-Content-Type-Options"] == "nosniff"
        assert page.headers["Referrer-Policy"] == "no-referrer"
        policy = page.headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe-eval" not in policy
        assert "script-src 'self' 'sha256-" in policy or accept == "*/*"
    script = urllib.request.urlopen(f"{served.url}/concord/address.js")
    assert script.headers["Content-Type"].startswith("text/javascript")


def test_home_is_found_under_its_name_and_a_link_to_it_keeps_what_it_asks(served):
    """Streamlit knows its first page by no name, and would say "Page not found" over it."""
    found = answer(served.url, "/home?proposal=12")
    assert (found.status, found.headers["location"]) == (307, "./?proposal=12")
    assert answer(served.url, "/home").headers["location"] == "./"


def test_one_navigation_is_one_step_back(served, visit):
    page = visit(served.url, "Dana Okoro")
    complaints = []
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    settled(page)
    before = page.evaluate("history.length")
    for name in ("Consensus", "SKU", "Buy plan"):
        go(page, name)
        expect(page.locator("h1").first).to_contain_text(name)
        settled(page)
    assert page.evaluate("history.length") == before + 3
    assert "class=" in page.url  # what is shown stands in the link all the same
    for name in ("SKU", "Consensus", "Bridge"):
        page.go_back()
        expect(page.locator("h1").first).to_contain_text(name)
        settled(page)
    assert not complaints  # also: the policy lets charts and tables through


GHOSTS = """() => { window.seen = [];
  new MutationObserver(() => {
    const told = [...document.querySelectorAll('h1, h2, [data-testid=stButton]')]
      .map(e => e.textContent);
    const two = told.some(t => t.includes(window.before)) && told.some(t => t.includes(window.after));
    if (two) window.seen.push(told.join(' | '));
  }).observe(document.body, {childList: true, subtree: true, characterData: true}); }"""


def test_what_a_former_page_drew_is_gone_when_the_next_one_begins(served, browser):
    window = browser.new_context(viewport={"width": 1440, "height": 900})
    try:
        page = window.new_page()
        page.set_default_timeout(90_000)
        page.goto(f"{served.url}/scorecard")
        page.get_by_role("button", name="Continue as Dana Okoro").wait_for()
        page.evaluate(GHOSTS)
        for before, after, name in [
            ("Continue as", "Scorecard", ""),
            ("Scorecard", "Consensus", "Consensus"),
            ("Consensus", "Bridge", "Bridge"),
        ]:
            page.evaluate("pair => { [window.before, window.after] = pair }", [before, after])
            if name:
                go(page, name)
            else:
                page.get_by_role("button", name="Continue as Dana Okoro").click()
            page.locator("h1").filter(has_text=after).wait_for()
            settled(page)
            assert page.evaluate("window.seen") == []
    finally:
        window.close()


def test_the_shape_of_a_page_stands_at_once_and_nothing_jumps_after_its_answer(served, browser):
    window = browser.new_context(viewport={"width": 1440, "height": 900})
    window.add_init_script(felt.WATCH)
    window.add_init_script(
        """window.shapes = 0; new MutationObserver((all) => { for (const one of all)
        for (const e of one.addedNodes) if (e.className === "concord-shape") window.shapes += 1;
        }).observe(document, { childList: true, subtree: true });"""
    )
    try:
        page = window.new_page()
        page.set_default_timeout(90_000)
        page.goto(f"{served.url}/activations")
        page.get_by_role("button", name="Continue as Dana Okoro").click()
        page.get_by_text("Dana Okoro (").first.wait_for()
        settled(page)
        assert page.evaluate("window.shapes") == 0  # it is for who goes from page to page
        for n, title in enumerate(("Consensus", "Scorecard", "Bridge"), 1):
            found = felt.to(page, title)
            assert found.moved < felt.SHIFT, title
            assert found.ghosts == 0, title
            assert page.evaluate("window.shapes") == n, title
            assert page.locator(".concord-shape").count() == 0
    finally:
        window.close()


def test_the_grid_and_the_own_input_of_consensus_are_given_away_whole(served, visit):
    page = visit(served.url, "Mara Quill", path="consensus")
    settled(page)
    with page.expect_download() as grid:
        page.get_by_role("button", name="Download this grid (CSV)").click()
    rows = list(csv.reader(io.StringIO(grid.value.path().read_text())))
    assert rows[0][:2] == ["class", "Total"]
    assert len(rows) > 3
    page.get_by_role("button", name="Excel").click()
    with page.expect_download() as book:
        page.get_by_role("button", name="Download my input (XLSX)").click()
    path = book.value.path().rename(book.value.path().with_suffix(".xlsx"))
    page.locator("[data-testid=stFileUploader] input[type=file]").set_input_files(path)
    expect(page.get_by_text("No number in this file differs from the export.")).to_be_visible()
    assert page.get_by_test_id("stException").count() == 0
