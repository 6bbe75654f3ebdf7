"""Every page, in light and in dark, as those see it who see, hear or press less: axe looks for them.

The rules of WCAG 2.2, levels A and AA (docs/decisions/0028-looked-at-by-axe.md). What axe finds
stands in build/accessibility.json, the minor things too; what is serious or critical fails.
"""

import json
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests import crawling
from tests.e2e import screen
from tests.e2e.conftest import PATIENCE

pytestmark = pytest.mark.browser

REPORT = Path(__file__).parents[2] / "build" / "accessibility.json"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
GRAVE = {"serious", "critical"}


def looked_at(page: Page, where: str) -> list[dict[str, str]]:
    """What axe finds on the page as it stands, in the colours it has and in the others."""
    found = []
    for mode, rules in (("light", {"type": "tag", "values": RULES}),
                        ("dark", {"type": "rule", "values": ["color-contrast"]})):  # fmt: skip
        page.emulate_media(color_scheme=mode)
        page.wait_for_timeout(200)
        for broken in Axe().run(page, options={"runOnly": rules}).response["violations"]:
            found += [
                {
                    "page": where, "colours": mode, "impact": broken["impact"],
                    "rule": broken["id"], "what": broken["help"], "element": node["html"][:300],
                    "why": node["failureSummary"],
                }
                for node in broken["nodes"]
            ]  # fmt: skip
    page.emulate_media(color_scheme="light")
    return found


def test_every_page_is_drawn_and_can_be_read_and_pressed_by_everybody(
    company_copy, serve, browser
):
    server = serve(company_copy)
    window = browser.new_context(viewport={"width": 1440, "height": 900})
    window.set_default_timeout(PATIENCE)
    page, outside = window.new_page(), []
    page.on("request", lambda r: outside.append(r.url) if server.url[7:] not in r.url else None)
    page.goto(server.url)
    page.get_by_role("button", name="Continue as Dana Okoro").wait_for()
    found = looked_at(page, "front page")
    page.get_by_role("button", name="Continue as Dana Okoro").click()
    page.get_by_text("Dana Okoro (").first.wait_for()
    for entry in crawling.pages():
        screen.go(page, entry.title)
        if entry.title != "Home":
            expect(page.get_by_role("heading", level=1)).to_contain_text(entry.title)
        screen.settled(page)
        screen.nothing_is_broken(page)
        found += looked_at(page, entry.title)
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps(found, indent=1), encoding="utf-8")
    assert [url for url in outside if not url.startswith(("data:", "blob:"))] == []
    assert [f for f in found if f["impact"] in GRAVE] == []
    window.close()
