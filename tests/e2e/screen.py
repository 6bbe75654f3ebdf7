"""What hands and eyes do on the screen."""

import re
from contextlib import suppress
from typing import Literal

from playwright.sync_api import Error, Locator, Page, TimeoutError, expect

COUNTING = """
for (const [kind, what] of [["pointerdown", "clicks"], ["keydown", "keys"]])
  addEventListener(kind, (event) => {
    if (event.isTrusted) sessionStorage[what] = Number(sessionStorage[what] || 0) + 1;
  }, true);
const send = WebSocket.prototype.send;
window.sent = [];
WebSocket.prototype.send = function (what) {
  window.sent.push(typeof what === "string" ? what : new TextDecoder().decode(what));
  return send.call(this, what);
};
"""
"""Counts in a window what hands do to it; a new address in the same window goes on counting. What
the page tells the server is kept, too, as text.
"""


def told(page: Page, text: str) -> None:
    """Wait until the page has told the server this, and whatever came of it is done."""
    page.wait_for_function("(text) => window.sent.some((one) => one.includes(text))", arg=text)
    settled(page)


def clicks(page: Page) -> int:
    """How often the mouse was pressed in this window."""
    return int(page.evaluate("() => Number(sessionStorage.clicks || 0)"))


QUIET = """
async (most) => {
  const until = performance.now() + most;
  const isAtRest = () => {
    const app = document.querySelector("[data-testid=stApp]");
    return app?.dataset.testConnectionState === "CONNECTED"
      && app.dataset.testScriptState === "notRunning"
      && document.querySelector("[data-testid=stMain] [data-testid=stElementContainer]") !== null;
  };
  for (let looks = 0; looks < 12; looks = isAtRest() ? looks + 1 : 0) {
    await new Promise((done) => setTimeout(done, 20));
    if (performance.now() > until) return false;
  }
  return true;
}
"""
"""Whether the page has come to rest: it is drawn and nothing runs at so many looks one after the other.

A table tells what is typed a seventh of a second later, so that one look is too early. Looks are
turns of the page's own, as what it has to do is: where it is slow, they are as much further apart.
"""
PATIENCE = 90_000
"""Milliseconds that a page may take on a slow, busy machine; what is there sooner is seen sooner."""


def settled(page: Page) -> None:
    """Wait until what was opened or pressed has begun, and ended."""
    while True:
        try:
            is_quiet = page.evaluate(QUIET, PATIENCE)
        except Error as error:  # another page was on its way
            if "context was destroyed" not in error.message.lower():
                raise
        else:
            assert is_quiet, f"{page.url} does not come to rest"
            return


STILL = """
() => document.getAnimations().every((one) =>
  one.playState !== "running" || one.effect?.getComputedTiming().endTime === Infinity)
"""
"""Whether every transition on the page has ended; a spinner that never ends is none."""

COLOURED = """
(dark) => {
  const app = document.querySelector("[data-testid=stApp]");
  const shades = getComputedStyle(app).backgroundColor.match(/[0-9.]+/g).slice(0, 3).map(Number);
  return (Math.max(...shades) < 128) === dark;
}
"""

DRAWN = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def still(page: Page) -> None:
    """Wait until nothing moves or fades any more: a colour in between is nobody's to judge."""
    page.evaluate(DRAWN)
    page.wait_for_function(STILL)


def colours(page: Page, mode: Literal["light", "dark"]) -> None:
    """See the page in these colours, once all of it has them."""
    page.emulate_media(color_scheme=mode)
    page.wait_for_function(COLOURED, arg=mode == "dark")
    still(page)


BESIDE = "a[href*=inbox]"
"""The way to the inbox: it stands beside one's name, with how much in it is new."""


def link(page: Page, name: str) -> Locator:
    """The way to a page: beside the menus, or in the one that it stands in, which is opened."""
    if name == "Home":
        return page.get_by_role("link", name="Home", exact=True).first
    if name == "Inbox":
        return page.locator(BESIDE).locator("visible=true").first
    menus, links = (page.get_by_test_id(f"stTopNav{n}") for n in ("Section", "DropdownLink"))
    for at in [*range(menus.count())] * 3:  # a menu that is being drawn anew closes again
        menus.nth(at).click()
        with suppress(TimeoutError):
            links.first.wait_for(timeout=5_000)
        found = links.filter(has=page.get_by_text(name, exact=True))
        if found.count():
            return found.first
        page.keyboard.press("Escape")
    raise AssertionError(f"no menu has a page called {name}")


def go(page: Page, name: str) -> None:
    """Open a page by its name."""
    link(page, name).click()
    settled(page)


def grid(page: Page) -> Locator:
    """The consensus grid: the first one whose cells can be reached."""
    found = page.get_by_test_id("stDataFrame").first
    expect(found.get_by_test_id("glide-cell-1-0")).to_be_attached()
    return found


def cell(found: Locator, column: int, row: int) -> Locator:
    return found.get_by_test_id(f"glide-cell-{column}-{row}")


def value(found: Locator, column: int, row: int) -> float:
    return float(cell(found, column, row).inner_text().replace(",", ""))


def edit_cell(page: Page, found: Locator, column: int, row: int, text: object) -> None:
    """Type into a cell and commit."""
    type_into(page, found, column, row, text)
    commit(page)


def select(page: Page, found: Locator, column: int, row: int) -> None:
    """Make a cell the active one, through the grid's accessible twin."""
    target = cell(found, column, row)
    point_at(page, found, row=row)  # a table that nobody has pointed at takes no focus by name
    for _ in range(30):
        target.evaluate("e => { e.blur(); e.focus(); }")
        if target.get_attribute("aria-selected") == "true":
            break
        page.wait_for_timeout(50)


def type_into(page: Page, found: Locator, column: int, row: int, text: object) -> None:
    """Select a cell, open the overlay, type."""
    select(page, found, column, row)
    page.keyboard.press("Enter")
    box = page.locator("#portal input, #portal textarea").first
    expect(box).to_be_visible()
    box.fill(str(text))


def commit(page: Page) -> None:
    """Leave the overlay by Enter."""
    page.keyboard.press("Enter")
    expect(page.locator("#portal input, #portal textarea")).to_have_count(0)


def say_why(page: Page, reason: str) -> None:
    """Choose the reason of what is typed from now on."""
    box = page.get_by_test_id("stSelectbox").filter(has_text="Reason for what you type")
    box.locator("input").click()
    page.get_by_role("option", name=reason, exact=True).click()
    settled(page)


def point_at(page: Page, found: Locator, *, row: int) -> None:
    """Click on a cell of a row, to the right: the first click takes the focus, the next one points."""
    box = found.bounding_box()
    assert box is not None
    for _ in range(4):
        page.mouse.click(box["x"] + 0.6 * box["width"], box["y"] + 31 * (row + 1) + 15)
        settled(page)
        if found.locator("td[aria-selected=true]").count():
            return
    raise AssertionError("no cell is chosen")


def tile(page: Page, label: str) -> str:
    box = page.get_by_test_id("stMetric").filter(has_text=label).first
    return box.get_by_test_id("stMetricValue").inner_text()


def number(text: str) -> float:
    return float(re.sub(r"[^\d.\-]", "", text.replace("−", "-")))


def nothing_is_broken(page: Page) -> None:
    assert page.get_by_test_id("stException").count() == 0
    assert page.get_by_text("Page not found").count() == 0
