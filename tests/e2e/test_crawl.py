"""Every page in Chromium, and whatever is on it opened, chosen, pressed and downloaded.

What a person sees and the test driver does not: dialogs, popovers, selected rows, files that
arrive, the address and the way back, the former page still standing there, what the browser's
console and the server's log say. Controls are found by their roles on the screen, so that new
ones are tried without a word here. The function that can do most sees all pages; with
`CONCORD_CRAWL=full` each other one sees them too.
"""

import re
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from playwright.sync_api import Error, Locator, Page
from streamlit.testing.v1 import AppTest

from tests import crawling
from tests.app.test_crawl import controls
from tests.crawling import NAMES, PEOPLE, Seen, Visit
from tests.e2e import screen

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PAGES = crawling.pages()
BACK = PAGES if crawling.FULL else PAGES[3::6]
"""Pages from which the way back is tried."""
EYES = (Path(__file__).parent / "crawl.js").read_text(encoding="utf-8")
MOST_STEPS = 400 if crawling.FULL else 45
"""On one page, for one function: more than any page needs, or a page that makes ever new ones."""
DRIVEN = frozenset(
    () if crawling.FULL
    else ("selectbox", "multiselect", "text", "number", "date", "slider", "checkbox", "submit")
)  # fmt: skip
"""Kinds that the test driver (tests/app/test_crawl.py) sets to everything there is, and that
look in a browser as they do to it; the long form tries them here too."""
ALLOWED = (
    # Opened below its root, Streamlit asks there first where its server is.
    r"404 .*/[\w-]+/_stcore/(health|host-config)",
)
"""What the console may say."""
WRONG = re.compile(r"Traceback|Warning:|ERROR|Uncaught|Exception in")
"""What a server that is well does not write."""


@dataclass(frozen=True, slots=True)
class Found:
    """A control on the screen."""

    at: int
    kind: str
    label: str
    path: str
    key: str

    @property
    def name(self) -> str:
        where = f"{self.path} / " if self.path else ""
        return f"{where}{self.kind} {self.label}" + (f" [{self.key}]" if self.key else "")


@dataclass
class Crawl:
    """One person in one window."""

    page: Page
    function: str
    log: Path
    seen: Seen
    visit: Visit
    url: str = ""
    told: list[str] = field(default_factory=list)
    """What console and page complained of since the last step."""
    logged: int = 0
    leaving: bool = False

    def listen(self) -> None:
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.told.append(f"page error: {error}"))
        self.page.on("websocket", lambda socket: socket.on("close", self._dropped))

    def _console(self, message: Any) -> None:
        text = f"{message.text} {message.location.get('url', '')}"
        if message.type == "error" and not any(re.search(a, text) for a in ALLOWED):
            self.told.append(f"console: {text}")

    def _dropped(self, *_: object) -> None:
        if not self.leaving:
            self.told.append("the connection to the server dropped")

    # Looking

    def settled(self) -> dict[str, Any]:
        """Wait until nothing runs any more; what is on the screen then."""
        return self.page.evaluate("() => window.crawl.settled()")

    def wrong(self, facts: dict[str, Any]) -> str:
        """What is not as it should be after a step; '' for nothing."""
        log = self.log.read_text(encoding="utf-8", errors="replace")
        fresh, self.logged = log[self.logged :], len(log)
        told, self.told = self.told, []
        if WRONG.search(fresh):
            told.append(f"server: {fresh[-1500:]}")
        told += [f"exception: {text}" for text in facts["exceptions"]]
        if facts["running"]:
            told.append("it never came to rest")
        if facts["ghosts"]:
            told.append(f"left over from before: {facts['ghosts']}")
        if facts["wide"]:
            told.append(f"wider than the window by {facts['wide']} px: {facts['widest']}")
        return "; ".join(told)

    def say(self, control: str, choice: str, facts: dict[str, Any], more: str = "") -> None:
        wrong = "; ".join(filter(None, (more, self.wrong(facts))))
        outcome = wrong or ("refused" if facts["errors"] else "fine")
        self.visit.say("played", self.url, self.function, control, choice[:60], outcome)

    # Going

    def go(self, to: crawling.Page, *, again: bool = False) -> None:
        """Open a page by its menu: one entry of history, nothing of the former page beside it."""
        self.url = to.url
        self.close()
        if self.page.locator(".st-key-bigscreen").count():  # a key is all that leads out of it
            self.page.keyboard.press("b")
            self.settled()
        before = self.page.evaluate("() => window.crawl.leave()")
        alone = self.page.get_by_test_id("stTopNavLink").filter(
            has=self.page.get_by_text(to.title, exact=True)
        )
        if to.url == "inbox":  # beside one's name, with how much in it is new
            alone = self.page.locator(screen.BESIDE).locator("visible=true")
        if alone.count():  # Home and the inbox stand in no menu
            alone.first.click()
            self.say("page", "open", self.settled())
            return
        for _ in range(3):  # a menu that is being redrawn closes again
            for section in self.page.get_by_test_id("stTopNavSection").all():
                section.click()
                link = self.page.get_by_test_id("stTopNavDropdownLink").filter(
                    has=self.page.get_by_text(to.title, exact=True)
                )
                self.page.get_by_test_id("stTopNavDropdownLink").first.wait_for()
                if link.count():
                    link.first.click()
                    facts = self.settled()
                    more = []
                    if facts["pushes"] - before > 1 and not again:
                        # The former page may have a last word on its way, on a busy machine;
                        # a page that writes twice does so each time.
                        self.page.get_by_test_id("stTopNavLink").first.click()
                        self.settled()
                        self.go(to, again=True)
                        return
                    if facts["pushes"] - before > 1:
                        more.append(f"{facts['pushes'] - before} entries of history")
                    if facts["former"]:
                        more.append(f"beside the new page stood the former: {facts['former']}")
                    self.say("page", "open", facts, "; ".join(more))
                    return
                self.page.keyboard.press("Escape")
        raise AssertionError(f"no menu has a page called {to.title}")

    def back(self, former: str) -> None:
        """The way back is one step."""
        self.page.go_back()
        facts = self.settled()
        path = re.sub(r"^\w+://[^/]*/?", "", self.page.url).split("?")[0] or "home"
        self.say("page", "back", facts, "" if path == former else f"Back leads to {path}")

    def crawl(self, to: crawling.Page) -> None:
        self.go(to)
        for _ in range(MOST_STEPS):
            if not self.is_here(to):
                self.go(to)
            found = self.next()
            if found is None:
                if not self.close():
                    return
                continue
            self.use(found)

    def enter(self, url: str) -> None:
        """Say who it is."""
        self.leaving = True
        self.page.context.clear_cookies()  # or the one who was last here is still known
        self.page.goto(url)
        self.leaving = False
        self.page.get_by_role("button", name=f"Continue as {NAMES[self.function]}").click()
        self.page.get_by_text(f"{NAMES[self.function]} (").first.wait_for()
        self.say("page", "enter", self.settled())

    def is_here(self, to: crawling.Page) -> bool:
        if not self.page.get_by_text(f"{NAMES[self.function]} (").count():  # became another
            self.enter(self.page.url.split("?")[0].rsplit("/", 1)[0])
        path = re.sub(r"^\w+://[^/]*/?", "", self.page.url).split("?")[0]
        return path == to.url or (to.url == "home" and path == "")

    def close(self) -> bool:
        """Leave a dialog or popover; whether there was one."""
        covered = False
        for _ in range(3):
            if not self.page.evaluate("() => window.crawl.isCovered()"):
                return covered
            covered = True
            self.page.keyboard.press("Escape")
            self.page.wait_for_timeout(300)
            self.settled()
        self.told.append("a dialog cannot be left")
        self.page.reload()
        return covered

    def next(self) -> Found | None:
        """The first control in reach that was not tried; what reads comes before what acts."""
        for row in self.page.evaluate("() => window.crawl.controls()"):
            found = Found(*row)
            if found.kind in DRIVEN:
                continue
            where = (self.url, self.function if crawling.FULL else "")
            kind = (*where, crawling.alike(found.name))
            if self.seen.is_new(kind, (*where, found.name)):
                return found
        return None

    def use(self, found: Found) -> None:
        control = self.page.locator(f"[data-crawl='{found.at}']")
        more, choice = "", "used"
        for _ in range(2):  # once more if it was just being drawn anew
            try:
                choice, more = getattr(self, f"_{found.kind}", self._press)(control)
                break
            except Error as error:
                if not control.count():
                    choice, more = "gone before it could be used", ""
                    break
                more = f"cannot be used: {error.message.splitlines()[0]}"
        self.say(found.name, choice, self.settled(), more)

    # Using

    def _press(self, control: Locator) -> tuple[str, str]:
        control.click(timeout=5_000)
        return "press", ""

    def _selectbox(self, control: Locator) -> tuple[str, str]:
        control.locator("input").first.click(timeout=5_000)
        options = self.page.get_by_role("option")
        options.first.wait_for(timeout=5_000)
        chosen = options.nth(options.count() - 1)
        text = chosen.inner_text()
        chosen.click(timeout=5_000)
        self.page.keyboard.press("Escape") if self.page.get_by_role("listbox").count() else None
        return text, ""

    _multiselect = _selectbox

    def _text(self, control: Locator) -> tuple[str, str]:
        control.fill(crawling.TEXTS[0], timeout=5_000)
        control.press("Tab")
        return crawling.TEXTS[0], ""

    def _number(self, control: Locator) -> tuple[str, str]:
        control.fill("3", timeout=5_000)
        control.press("Tab")
        return "3", ""

    def _slider(self, control: Locator) -> tuple[str, str]:
        control.press("ArrowRight", timeout=5_000)
        return "one on", ""

    def _date(self, control: Locator) -> tuple[str, str]:
        control.first.press("ArrowUp", timeout=5_000)
        control.first.press("Tab")
        return "one on", ""

    def _chart(self, control: Locator) -> tuple[str, str]:
        control.click(timeout=5_000, force=True)
        return "a mark", ""

    def _table(self, control: Locator) -> tuple[str, str]:
        """Its first row, where rows can be chosen; else a cell is shown as chosen."""
        control.scroll_into_view_if_needed(timeout=5_000)
        control.click(position={"x": 14, "y": 52}, timeout=5_000, force=True)
        return "first row", ""

    def _upload(self, control: Locator) -> tuple[str, str]:
        control.set_input_files(
            {"name": "doors.csv", "mimeType": "text/csv", "buffer": b"door,name\nD1,One\n"}
            if ".csv" in (control.get_attribute("accept") or ".csv")
            else {"name": "back.xlsx", "mimeType": "application/x", "buffer": b"no workbook"}
        )
        return "a file", ""

    def _download(self, control: Locator) -> tuple[str, str]:
        try:
            with self.page.expect_download(timeout=15_000) as arrives:
                control.click(timeout=5_000)
        except Error:
            return "press", "no file arrived"
        name = arrives.value.suggested_filename
        return name, crawling.problem_of(name, Path(arrives.value.path()).read_bytes())


def others(company: Path, first: str) -> list[tuple[str, str]]:
    """(function, page) where a function sees what no function before it saw."""
    found, known = [], {page.url: set() for page in PAGES}
    for function in [first, *(f for f in PEOPLE if f != first)]:
        app = AppTest.from_file(crawling.ROOT / "app.py", default_timeout=60)
        app.run()
        app.session_state["person"] = PEOPLE[function]
        for page in PAGES:
            app.query_params.clear()
            app.switch_page(page.path).run()
            seen = {
                crawling.alike(c.name)
                for c in controls(app.main)
                if "button" in c.kind or c.form or getattr(c.proto, "id", "")
            }
            if function != first and (crawling.FULL or seen - known[page.url]):
                found.append((function, page.url))
            known[page.url] |= seen
    st.cache_resource.clear()
    return found


def test_whatever_is_on_a_page_works_in_a_browser(
    played, tmp_path, serve, browser, monkeypatch
):
    looked_at = shutil.copy(played, tmp_path / "looked_at.duckdb")
    monkeypatch.setenv("CONCORD_DB", str(looked_at))
    first = "planning"
    # The test driver tries every page as every function; the long form does so here too.
    more = others(Path(looked_at), first) if crawling.FULL else []
    server = serve(Path(shutil.copy(played, tmp_path / "crawled.duckdb")))
    visit, seen = Visit("in Chromium"), Seen(crawling.ALIKE if crawling.FULL else 1)
    (log,) = tmp_path.glob("server*.log")
    visits = {f: [p for p in PAGES if f == first or (f, p.url) in more] for f in PEOPLE}
    for function in [f for f in PEOPLE if visits[f]]:
        context = browser.new_context(
            viewport={"width": 1440, "height": 900}, accept_downloads=True
        )
        context.set_default_timeout(30_000)
        context.add_init_script(EYES)
        window = context.new_page()
        crawl = Crawl(window, function, log, seen, visit, "home")
        crawl.listen()
        crawl.enter(server.url)
        former = "home"
        for page in visits[function]:
            started = time.monotonic()
            if function == first and page.url != former and page in BACK:
                crawl.go(page)
                crawl.back(former)
            crawl.crawl(page)
            former = page.url
            visit.write()  # so that of a crawl that is stopped the pages before are known
            print(f"{function} {page.url}: {time.monotonic() - started:.1f} s")
        crawl.leaving = True
        context.close()
    visit.write()
    tried = {step.page for step in visit.steps if step.control != "page"}
    assert tried == {page.url for page in PAGES}
    assert not (faults := crawling.faults(visit.steps)), "\n" + "\n".join(faults)
