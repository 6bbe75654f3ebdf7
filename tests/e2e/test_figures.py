"""The headline figures of all pages, read from the screen for one state: what means the same is the same."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.e2e import screen
from tests.e2e.conftest import PATIENCE, Server

pytestmark = pytest.mark.browser

JOINER = "\u2060"  # keeps a number from being read as a list; nobody sees it
UNITS, MONEY, SHARE = r"([+-]?[\d,]+ u)", r"(-?\$[\d.,]+[kM]?)", r"([+-]?[\d.]+%)"
WEEKS = r"(?:, \d+ weeks?)?"
"""Over which weeks, where some are known only."""


@dataclass(frozen=True, slots=True)
class Figure:
    """Where one figure stands: a page and its link, and the words around it."""

    at: str
    words: str


def tile(at: str, label: str, form: str) -> Figure:
    """The figure of a tile."""
    return Figure(at, rf"\n{label}\n+{form}\n")


WHOLE = "bridge?weeks=26"
DRAFT = "consensus?weeks=26&layer=draft"
YEAR = "consensus?weeks=52&layer=draft"
TOTAL = "meeting?step=total"
TARGETS = {
    "Stockout rate on promoted items": ("exposure", SHARE),
    "Forecast accuracy for the Bridge": ("bridge_accuracy", SHARE),
    "Inventory turn at cost": ("turn_cost", r"([\d.]+)"),
}
SAME: dict[str, list[Figure]] = {
    "activations that run out": [
        Figure(WHOLE, r"\n(\d+) of \d+ activations? will run out"),
        tile(WHOLE, "● Short", r"(\d+)"),
        Figure(WHOLE, r"\n(\d+) of \d+ activations? (?:is|are) short"),
        Figure("signals", r"(\d+) activations? short"),
        Figure("activations", r"(\d+) of all (?:is|are) short of stock"),
    ],
    "activations to come": [
        Figure(WHOLE, r"\n\d+ of (\d+) activations? will run out"),
        Figure(WHOLE, r"\n\d+ of (\d+) activations? (?:is|are) short"),
        Figure("activations", r"\n(\d+) activations? planned or running"),
        Figure("activations", r"\d+ of (\d+) activations?; \d+ of all"),
    ],
    "activations that need a decision": [
        Figure("activations", r"(\d+) needs? a decision\n"),
        Figure("activations", r"What the stock allows: (\d+) activations? needs? a decision"),
    ],
    "risks to decide on": [
        Figure("bridge", r"(\d+)(?: left)? to decide on"),
        Figure("signals", r"Risk \d+ of (\d+) to decide on"),
        Figure("signals", r"\n(\d+) SKUs to decide on"),
    ],
    "demand of last week": [
        Figure("signals", rf"company's demand {UNITS}"),
        Figure("value?lag=1", rf"actual demand was {UNITS}"),
    ],
    "published forecast of last week": [
        Figure("signals", rf"forecast {UNITS} \(version"),
        Figure("value?lag=1", rf"versions? had {UNITS}"),
    ],
    "how far last week was off": [
        Figure("signals", rf"demand was {SHARE} vs forecast"),
        Figure("value?lag=1", rf"actual demand was [\d,]+ u, {SHARE}\."),
    ],
    "draft of 26 weeks": [
        Figure(DRAFT, rf"\n{UNITS} in the next 26 weeks"),
        tile(DRAFT, "Draft", UNITS),
    ],
    "draft of a year against last year": [
        tile(YEAR, f"Draft vs last year's sales{WEEKS}", SHARE),
        tile(TOTAL, f"Draft vs last year's sales{WEEKS}", SHARE),
    ],
    "draft of a year against the budget": [
        tile(YEAR, f"Draft vs budget{WEEKS}", r"([+-]?[\d.]+%|–)"),
        tile(TOTAL, f"Draft vs budget{WEEKS}", r"([+-]?[\d.]+%|–)"),
    ],
    "how far the draft moved": [
        tile(TOTAL, rf"Change{WEEKS} \([^)]*\)", UNITS),
        Figure(TOTAL, rf"The draft moved by {UNITS}"),
    ],
    "the draft after it moved": [
        tile(TOTAL, f"Draft now{WEEKS}", UNITS),
        Figure(TOTAL, r"\n([\d,]+)\nTotal\nMore\n"),
    ],
    "units to release": [
        Figure("buyplan", rf"{UNITS} to release today"),
        tile("buyplan", "Release now", UNITS),
        Figure("buyplan", rf"orders?, {UNITS},"),
    ],
    "orders to release, at cost": [
        Figure("buyplan", rf"to release today, {MONEY} at cost"),
        Figure("buyplan", rf"orders?, [\d,]+ u, {MONEY} at cost"),
    ],
    "sales that will be lost": [
        Figure("buyplan", rf"of sales, {MONEY}, will be lost"),
        tile("buyplan", "Lost sales ahead", MONEY),
    ],
    "shared targets that are met": [
        Figure("scorecard", r"(\d of \d) shared targets met"),
        Figure("review", r"(\d of \d) shared targets met"),
    ],
} | {
    name: [
        Figure("scorecard", rf"{name} {form} \(target"),
        Figure("scorecard", rf"\n{name} *\n+{form}\n"),
        Figure(f"why?measure={key}", rf"\n{name}: {form} in Q"),
    ]
    for name, (key, form) in TARGETS.items()
}  # fmt: skip
"""What means the same, and every place that says it."""


@pytest.fixture(scope="module")
def read(played, tmp_path_factory, browser):
    """The text of a page as a planner sees it, each read once."""
    folder = tmp_path_factory.mktemp("figures")
    server = Server(Path(shutil.copy(played, folder / "copy.duckdb")), folder / "server.log")
    window = browser.new_context(viewport={"width": 1440, "height": 900})
    window.set_default_timeout(PATIENCE)
    page = window.new_page()
    page.goto(server.url)
    page.get_by_role("button", name="Continue as Dana Okoro").click()
    page.get_by_text("Dana Okoro (").first.wait_for()
    texts: dict[str, str] = {}

    def text_of(at: str) -> str:
        if at not in texts:
            texts[at] = words_on(page, f"{server.url}/{at}")
        return texts[at]

    yield text_of
    window.close()
    server.stop()


def words_on(page: Page, address: str) -> str:
    page.goto(address)
    page.get_by_text("Dana Okoro (").first.wait_for()
    screen.settled(page)
    screen.nothing_is_broken(page)
    return page.get_by_test_id("stMain").inner_text().replace(JOINER, "").replace("−", "-")


def test_figures_that_mean_the_same_are_the_same_on_every_page(read):
    wrong = []
    for what, places in SAME.items():
        told = {}
        for place in places:
            found = re.search(place.words, read(place.at))
            told[f"{place.at} /{place.words}/"] = (
                found.group(1).removesuffix(" u") if found else "not found"
            )
        if len(set(told.values())) != 1 or "not found" in told.values():
            wrong.append(f"{what}: {told}")
    assert wrong == [], "\n".join(wrong)


def test_every_headline_says_over_which_weeks_it_counts(read):
    for at, words in {
        WHOLE: r"first by|will run out",
        "signals": r"Last week",
        "board": r"short by W\d\d ",
        DRAFT: r"in the next 26 weeks",
        "buyplan": r"from W\d\d .* to W\d\d ",
        "scorecard": r"Q\d FY\d\d: .* to .*, \d+ weeks",
        TOTAL: r"\d+ weeks? that both forecasts have",
    }.items():
        assert re.search(words, read(at)), at
