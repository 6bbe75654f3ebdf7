"""The pictures of README and the documentation, drawn from the code as it is.

`python -m tests.pictures` builds a sample company (or copies the one it is given), lets its
people begin a cycle, opens each page in Chromium at 1440x900 and writes docs/images. Nothing
else changes them.
"""

import shutil
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from forecasting.calendar import as_date
from forecasting.consensus.events import Scope
from forecasting.workspace import Workspace
from tests.cycling import open_cycle
from tests.e2e import screen
from tests.e2e.conftest import ARGS, PATIENCE, Server, chromium_path

IMAGES = Path(__file__).parents[1] / "docs" / "images"
CHANGES = (
    ("mara", "Knitwear", 7, "EVENT", "Window at the flagship"),
    ("ines", "Knitwear", -4, "PRICE", "Entry price goes up in December"),
    ("dana", "Knitwear", 13, "TREND", ""),
    ("mara", "Scarves", 6, "EVENT", "Holiday e-mail"),
    ("dana", "Scarves", 18, "TREND", ""),
)
"""Who says by how many per cent what of a class is more, and why."""


def begin_a_cycle(database: Path) -> None:
    """Inputs on which the functions do not agree, revealed."""
    with closing(Workspace(database)) as space:
        open_cycle(space, "2026-12")
        first, last = (as_date(space.plan.base.weeks[w]) for w in (0, 12))
        for person, klass, percent, reason, note in CHANGES:
            scope = Scope(
                product_level="class", product=klass, first_week=first, last_week=last
            )
            space.override(person, scope, "percent", percent, reason=reason, note=note)
        for person in ("mara", "ines", "dana"):
            space.cycles.submit(person)
        space.cycles.reveal("dana")


def drawn(page: Page, name: str) -> None:
    """Take the picture of what is on the screen."""
    screen.settled(page)
    page.wait_for_timeout(1500)  # charts are drawn after the page has come to rest
    page.screenshot(path=IMAGES / f"{name}.png")


def draw(page: Page) -> None:
    """Go through the pages and take each picture."""
    screen.go(page, "Bridge")
    drawn(page, "bridge")
    page.get_by_role("button", name="Preview and decide").first.click()
    page.get_by_role("dialog").wait_for()
    drawn(page, "option")
    page.keyboard.press("Escape")
    for name in ("Consensus", "Buy plan", "Scorecard", "Baseline", "Home"):
        screen.go(page, name)
        drawn(page, name.lower().replace(" ", "-"))
    screen.go(page, "Meeting")
    page.get_by_text("3 Disagreements").click()
    drawn(page, "meeting")


def main() -> None:
    """Draw all of them."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        database = Path(folder) / "sample.duckdb"
        if len(sys.argv) > 1:
            shutil.copy(sys.argv[1], database)
        else:
            made = [sys.executable, "-m", "forecasting", "sample", "--db", str(database)]
            subprocess.run(made, check=True)
        begin_a_cycle(database)
        server = Server(database, Path(folder) / "server.log")
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGS)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(PATIENCE)
        page.goto(server.url)
        page.get_by_role("button", name="Continue as Dana Okoro").click()
        page.get_by_text("Dana Okoro (").first.wait_for()
        draw(page)
        browser.close()
        server.stop()


if __name__ == "__main__":
    main()
