"""`python -m tests.load.felt DATABASE`: how fast each page feels, in Chromium at 1440x900.

Goes through every page by its menu and prints, of each: seconds to the first answer (the new
page's heading), to idle, what moved after the first answer (layout shift), and what was left of
the former page at that moment. Then a hand goes through what is on each page: every choice is made,
every list is opened, the next risk is asked for. The server's part of those, the 95th percentile.
`--passes N` goes through them so often; the best of them stands, as the machine is shared.
Exits with 1 where a page is slower, or moves more, than it may.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, sync_playwright

from tests import crawling
from tests.e2e import screen
from tests.e2e.conftest import ARGS, PATIENCE, Server, chromium_path

FIRST_S, IDLE_S, SHIFT, SERVER_MS = 1.0, 2.5, 0.05, 150.0
"""What a page may take, and how much of the window may move once there is an answer."""
MOST_CHOICES = 12
"""Of one kind, that are tried on a page."""
WATCH = """
window.moved = [];
new PerformanceObserver((list) => {
  for (const one of list.getEntries()) window.moved.push([one.startTime, one.value]);
}).observe({ type: "layout-shift", buffered: true });
"""
FELT = """(link) => new Promise((done) => {
  const heading = () => document.querySelector("h1")?.innerText ?? "";
  const state = () => document.querySelector("[data-testid=stApp]")?.dataset.testScriptState;
  const before = heading(), from = performance.now();
  let first = null, still = null, ghosts = 0;
  const look = () => {
    const now = performance.now();
    if (first === null && heading() && heading() !== before) {
      first = now;
      ghosts = [...document.querySelectorAll("[data-testid=stMain] [data-testid=stElementContainer][data-stale=true]")]
        .filter((e) => e.offsetHeight > 8 && e.innerText.trim() && !e.closest(".st-key-whoami")).length;
    }
    if (first !== null && state() === "notRunning") {
      still ??= now;
      if (now - still > 700) {
        const moved = window.moved.filter(([at]) => at > first).map(([, by]) => by);
        return done({ first: (first - from) / 1e3, idle: (still - from) / 1e3, ghosts,
                      moved: moved.reduce((a, b) => a + b, 0) });
      }
    } else still = null;
    if (now - from > 20000) return done({ first: (first ?? now) - from, idle: 20, ghosts, moved: 0 });
    requestAnimationFrame(look);
  };
  link.click();
  look();
})"""


@dataclass(frozen=True)
class Felt:
    """One page, as it was felt once."""

    title: str
    first: float
    idle: float
    moved: float
    ghosts: int

    @property
    def is_good(self) -> bool:
        return (
            self.first < FIRST_S
            and self.idle < IDLE_S
            and self.moved < SHIFT
            and not self.ghosts
        )


def to(page: Page, title: str) -> Felt:
    """Open a page through its menu, and watch."""
    link = screen.link(page, title)
    page.evaluate("() => { window.moved = []; }")
    found = link.evaluate(FELT)
    return Felt(title, found["first"], found["idle"], found["moved"], found["ghosts"])


def hands(page: Page) -> None:
    """Use what is on a page as its user does: choices, lists, the next one."""
    choices = page.locator("[data-testid=stMain] [data-testid=stButtonGroup] button")
    for at in range(min(choices.count(), MOST_CHOICES)):
        if choices.nth(at).is_visible():
            choices.nth(at).click()
            screen.settled(page)
    lists = page.locator("[data-testid=stMain] [data-testid=stSelectbox] input")
    for at in range(min(lists.count(), MOST_CHOICES)):
        if lists.nth(at).is_visible() and lists.nth(at).is_enabled():
            lists.nth(at).click()
            page.keyboard.press("ArrowDown")
            page.keyboard.press("Enter")
            screen.settled(page)
    for _ in range(3):
        page.keyboard.press("n")
        screen.settled(page)


def felt(url: str, passes: int, times: Path) -> tuple[list[Felt], np.ndarray]:
    """Every page but the one that one begins on, the best of some passes; what hands cost, ms."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGS)
        window = browser.new_context(viewport={"width": 1440, "height": 900})
        window.set_default_timeout(PATIENCE)
        window.add_init_script(WATCH)
        page = window.new_page()
        page.goto(url)
        page.get_by_role("button", name="Continue as Dana Okoro").click()
        page.get_by_text("Dana Okoro (").first.wait_for()
        screen.settled(page)
        titles = [entry.title for entry in crawling.pages() if entry.title != "Home"]
        every = [to(page, title) for _ in range(passes) for title in [*titles, "Home"]]
        cost = []
        for title in titles:
            to(page, title)
            before = len(times.read_text().split())
            hands(page)
            spent = 1e3 * np.array(times.read_text().split()[before:], dtype=float)
            print(f"{title:<16}{len(spent):>4} uses, {spent.max(initial=0):>6.0f} ms at most")
            cost.append(spent)
        browser.close()
    return [
        min((one for one in every if one.title == title), key=lambda one: (one.idle, one.moved))
        for title in [*titles, "Home"]
    ], np.concatenate(cost)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("database", type=Path)
    parser.add_argument("--passes", type=int, default=2)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        database, times = Path(folder) / "felt.duckdb", Path(folder) / "times"
        shutil.copy(asked.database, database)
        start = ("-m", "tests.load.served", str(times))
        server = Server(database, Path(folder) / "server.log", start=start)
        try:
            found, spent = felt(server.url, asked.passes, times)
        finally:
            server.stop()
    print(f"{'page':<16}{'first, s':>10}{'idle, s':>10}{'moved':>8}{'ghosts':>8}")
    for one in found:
        sign = " " if one.is_good else "●"
        print(
            f"{one.title:<16}{one.first:>10.2f}{one.idle:>10.2f}{one.moved:>8.3f}{one.ghosts:>8d} {sign}"
        )
    p95 = float(np.quantile(spent, 0.95))
    print(
        f"server's part: {len(spent)} uses, median {np.median(spent):.0f} ms, p95 {p95:.0f} ms"
    )
    return 0 if p95 < SERVER_MS and all(one.is_good for one in found) else 1


if __name__ == "__main__":
    sys.exit(main())
