"""Pictures of every page in every size and in both themes, for eyes; nothing judges them.

`python -m tests.looked_at DATABASE [PERSON] [WIDTHxHEIGHT ...]` copies the database, serves it and leaves
build/looked_at/PERSON-WIDTH-THEME-PAGE.png. Sizes left out are 1440x900, 1024x768 and 1920x1080.
"""

import re
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests import crawling
from tests.e2e import screen
from tests.e2e.conftest import ARGS, PATIENCE, Server, chromium_path

HERE = Path(__file__).parents[1] / "build" / "looked_at"
SIZES = ("1440x900", "1024x768", "1920x1080")
MORE = (
    *(f"meeting?step={step}" for step in ("total", "disagreements", "calendar", "outlook", "sign")),
    "meeting?step=total&big=1",
    *(f"review?step={step}" for step in ("card", "causes", "policy", "outlook", "decide")),
    *(f"scorecard?view={view}" for view in ("lead", "results")),
    *(f"buyplan?view={view}" for view in ("book", "late", "money", "calendar")),
    "consensus?weeks=52&level=sku",
)  # fmt: skip
"""What stands behind a page's own choices."""


def look(browser: Browser, url: str, person: str, size: str, theme: str) -> None:
    """One person, one size, one theme: a picture a page."""
    width, height = map(int, size.split("x"))
    window = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=theme,  # type: ignore[arg-type]
    )
    window.set_default_timeout(PATIENCE)
    page = window.new_page()
    page.goto(url)
    page.get_by_role("button", name=f"Continue as {person}").click()
    page.get_by_text(f"{person} (").first.wait_for()
    for path in [*(entry.url for entry in crawling.pages()), *MORE]:
        page.goto(f"{url}/{path}")
        screen.settled(page)
        page.wait_for_timeout(1200)  # charts are drawn after the page has come to rest
        name = re.sub(r"\W+", "-", path)
        page.screenshot(path=HERE / f"{person.split()[0].lower()}-{width}-{theme}-{name}.png")
    window.close()


def main() -> None:
    """Look at all of it."""
    database, *rest = sys.argv[1:]
    sizes = [one for one in rest if re.fullmatch(r"\d+x\d+", one)] or SIZES
    people = [one for one in rest if one not in sizes] or ["Dana Okoro"]
    HERE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        mine = Path(shutil.copy(database, Path(folder) / "looked_at.duckdb"))
        server = Server(mine, Path(folder) / "server.log")
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGS)
        for person in people:
            for size in sizes:
                for theme in ("light", "dark"):
                    look(browser, server.url, person, size, theme)
        browser.close()
        server.stop()


if __name__ == "__main__":
    main()
