"""Every page, in light and in dark, as those see it who see, hear or press less: axe looks for them.

The rules of WCAG 2.2, levels A and AA (docs/decisions/0028-looked-at-by-axe.md). What axe finds
stands in build/accessibility.json, the minor things too; what is serious or critical fails. So
do dialogs, open parts, the meeting and refusals; and keys are counted, and widths measured.
"""

import json
import re
import shutil
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from forecasting.workspace import Workspace
from tests import crawling
from tests.cycling import open_cycle
from tests.e2e import screen
from tests.e2e.conftest import PATIENCE, Server

pytestmark = pytest.mark.browser

REPORT = Path(__file__).parents[2] / "build" / "accessibility.json"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
GRAVE = {"serious", "critical"}


def looked_at(page: Page, where: str) -> list[dict[str, str]]:
    """What axe finds on the page as it stands, in the colours it has and in the others."""
    found = []
    looks: list[tuple[Literal["light", "dark"], dict[str, object]]] = [
        ("light", {"type": "tag", "values": RULES}),
        ("dark", {"type": "rule", "values": ["color-contrast"]}),
    ]
    for mode, rules in looks:
        screen.colours(page, mode)
        for broken in Axe().run(page, options={"runOnly": rules}).response["violations"]:
            found += [
                {
                    "page": where, "colours": mode, "impact": broken["impact"],
                    "rule": broken["id"], "what": broken["help"], "element": node["html"][:300],
                    "why": node["failureSummary"],
                }
                for node in broken["nodes"]
            ]  # fmt: skip
    screen.colours(page, "light")
    return found


@pytest.fixture(scope="module")
def server(company, tmp_path_factory):
    """One server for everything here, with a cycle under way."""
    folder = tmp_path_factory.mktemp("accessible")
    database = Path(shutil.copy(company, folder / "copy.duckdb"))
    space = Workspace(database)
    if not space.cycles.is_open:
        open_cycle(space, "2026-12", blind=False)
    space.close()
    started = Server(database, folder / "server.log")
    yield started
    started.stop()


@pytest.fixture
def window(browser):
    opened = browser.new_context(viewport={"width": 1440, "height": 900})
    opened.set_default_timeout(PATIENCE)
    yield opened
    opened.close()


def enter(window, server, path: str) -> Page:
    page = window.new_page()
    page.goto(f"{server.url}/{path}")
    page.get_by_role("button", name="Continue as Dana Okoro").click()
    page.get_by_text("Dana Okoro (").first.wait_for()
    screen.settled(page)
    return page


def report(name: str, found: list[dict[str, str]]) -> None:
    """Keep what was found beside what other tests here found, and judge it."""
    REPORT.parent.mkdir(exist_ok=True)
    known = json.loads(REPORT.read_text(encoding="utf-8")) if REPORT.exists() else []
    kept = [one for one in known if one.get("test") != name]
    new = [{**one, "test": name} for one in found]
    REPORT.write_text(json.dumps(kept + new, indent=1), encoding="utf-8")
    assert [f for f in found if f["impact"] in GRAVE] == []


def test_every_page_is_drawn_and_can_be_read_and_pressed_by_everybody(server, window):
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
    assert [url for url in outside if not url.startswith(("data:", "blob:"))] == []
    report("pages", found)


def test_what_opens_from_a_page_can_be_read_and_pressed_too(server, window):
    page = enter(window, server, "bridge")
    found = []
    page.get_by_role("button", name=re.compile("^Preview")).first.click()
    page.get_by_role("dialog").wait_for()
    screen.settled(page)
    found += looked_at(page, "preview of a decision")
    page.keyboard.press("Escape")
    page.get_by_text("Dana Okoro (").first.click()
    page.get_by_text("High contrast").wait_for()
    found += looked_at(page, "who is here")
    page.get_by_text("High contrast").click()
    page.locator(".st-key-contrast_on").first.wait_for(state="attached")
    screen.settled(page)
    page.keyboard.press("Escape")
    found += looked_at(page, "high contrast")
    page.reload()  # this browser remembers it
    page.locator(".st-key-contrast_on").first.wait_for(state="attached")
    screen.settled(page)
    assert not page.locator(".st-key-contrast_off").count()
    page.goto(f"{server.url}/scorecard")
    screen.settled(page)
    for closed in page.get_by_test_id("stExpander").all():
        closed.locator("summary").click()
    screen.settled(page)
    found += looked_at(page, "open parts of the scorecard")
    for step in ("performance", "total", "disagreements", "sign"):
        page.goto(f"{server.url}/meeting?step={step}")
        screen.settled(page)
        found += looked_at(page, f"meeting, {step}")
    page.goto(f"{server.url}/consensus?level=class")
    screen.settled(page)
    page.get_by_role("button", name=re.compile("Change several")).first.click()
    screen.settled(page)
    found += looked_at(page, "change several")
    report("states", found)


def test_a_refusal_can_be_read_by_everybody(server, window):
    page, found = enter(window, server, "company"), []
    page.get_by_role("textbox", name="First days of years").fill("the first Sunday")
    page.get_by_role("button", name="Save").click()
    page.get_by_test_id("stAlert").first.wait_for()
    screen.settled(page)
    found += looked_at(page, "a refused save")
    page.goto(f"{server.url}/data")
    page.locator("input[type=file]").first.set_input_files(
        {"name": "doors.csv", "mimeType": "text/csv", "buffer": b"door,kind\nD1,castle\n"}
    )
    page.get_by_test_id("stAlert").first.wait_for()
    screen.settled(page)
    found += looked_at(page, "a refused file")
    report("refusals", found)


def presses(page: Page, *keys: str) -> int:
    for key in keys:
        page.keyboard.press(key)
        screen.settled(page)
    return len(keys)


def focused(page: Page) -> str:
    return page.evaluate(
        "() => { const e = document.activeElement; return e.ariaLabel || e.innerText || ''; }"
    )


def test_a_decision_and_an_override_take_fewer_than_fifteen_keys(server, window):
    page = enter(window, server, "bridge")
    page.goto(f"{server.url}/bridge")
    screen.settled(page)
    preview = page.get_by_role("button", name=re.compile("^Preview")).locator("visible=true")
    preview.first.wait_for()  # a link to what is not there is not offered
    presses(page, "Tab")
    assert focused(page) == "To the first decision"
    count = presses(page, "F6")
    assert focused(page).startswith("Preview")
    count += presses(page, "Enter")
    dialog = page.get_by_role("dialog")
    dialog.wait_for()
    screen.settled(page)
    count += presses(page, "Control+Enter")
    expect(dialog).to_have_count(0)
    screen.nothing_is_broken(page)  # only its main button closes it on these keys
    assert count < 15

    page.goto(f"{server.url}/consensus?level=class&weeks=13")
    screen.settled(page)
    count = presses(page, "F6", "ArrowDown", "Enter")
    screen.settled(page)
    count += presses(page, "F6", "ArrowDown", *["ArrowRight"] * 5)
    cell = screen.grid(page).locator("td[aria-selected=true]").last
    before = cell.inner_text()
    count += presses(page, "7")
    expect(page.locator("#portal input, #portal textarea").first).to_have_value("7")
    count += presses(page, "Enter")
    screen.settled(page)
    assert count < 15
    assert before != "7"
    expect(page.get_by_role("button", name="Undo")).to_be_enabled()


def test_a_picture_is_taken_away_as_svg_png_and_numbers_without_a_network(server, window):
    page = enter(window, server, "baseline")
    page.goto(f"{server.url}/baseline")
    screen.settled(page)
    outside = []
    page.on("request", lambda r: outside.append(r.url))
    frame = page.get_by_test_id("stFullScreenFrame").filter(
        has=page.get_by_test_id("stVegaLiteChart")
    ).last  # fmt: skip
    frame.scroll_into_view_if_needed()
    frame.hover()
    for name, begins in (("Save as SVG", b"<svg"), ("Download as PNG", b"\x89PNG")):
        with page.expect_download() as told:
            frame.get_by_role("button", name=re.compile(f"^{name}")).click()
        data = Path(told.value.path()).read_bytes()
        assert data.startswith(begins)
        assert len(data) > 2_000
    with page.expect_download() as told:
        page.get_by_role("button", name="Data (CSV)").last.click()
    assert Path(told.value.path()).read_text(encoding="utf-8").startswith("class,week,index")
    elsewhere = [u for u in outside if server.url[7:] not in u]
    assert [u for u in elsewhere if not u.startswith(("data:", "blob:"))] == []


WIDE = """() => {
  const main = document.querySelector("[data-testid=stMain]");
  const parts = [...main.querySelectorAll("[data-testid=stElementContainer]")]
    .filter((e) => e.offsetParent && e.getBoundingClientRect().right > innerWidth + 1
      && !e.closest("[data-testid=stDataFrame]"));
  return [document.documentElement.scrollWidth - innerWidth, main.scrollWidth - main.clientWidth,
          parts.map((e) => e.innerText.slice(0, 60))];
}"""


CUT = """() => [...document.querySelectorAll("[data-testid=stMetricLabel] *, " +
    "[data-testid=stMetricValue] *, [data-testid=stMetricValue], [data-testid=stButtonGroup]")]
  .filter((e) => e.offsetParent && getComputedStyle(e).overflowX !== "visible"
    && e.scrollWidth > e.clientWidth + 1)
  .map((e) => e.innerText)"""
"""Words of tiles and steps of which a part is not seen."""


@pytest.mark.parametrize(
    ("width", "height", "paths"),
    [
        (
            720,
            450,
            ("home", "bridge", "signals", "consensus", "buyplan", "meeting", "scorecard"),
        ),
        (1024, 768, ("scorecard", "why", "side", "review", "value", "bridge", "sku")),
        (400, 800, ("home", "scorecard")),
    ],
    ids=["zoomed to 200%", "tablet", "phone"],
)
def test_nothing_runs_out_of_a_narrow_window_or_is_cut_off(
    server, window, width, height, paths
):
    page = enter(window, server, "scorecard")
    page.set_viewport_size({"width": width, "height": height})
    for path in paths:
        page.goto(f"{server.url}/{path}")
        screen.settled(page)
        assert page.evaluate(WIDE) == [0, 0, []], path
        assert page.evaluate(CUT) == [], path
