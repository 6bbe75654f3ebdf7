"""A quarterly review in Chromium: from the scorecard to its causes, policy, decision, close, pack."""

import re
import shutil
import time
from pathlib import Path

import pytest
from playwright.sync_api import expect

from forecasting.outputs import board_pack
from forecasting.quarterly import measures as measured
from forecasting.workspace import Workspace
from tests.figures import flat

from . import screen

pytestmark = pytest.mark.browser
QUARTER = "2026-Q3"
MOST_CLICKS = 30
"""From the scorecard to a closed quarter and its pack."""


def step(page, name):
    page.get_by_role("radio", name=re.compile(name)).or_(
        page.get_by_test_id("stButtonGroup").get_by_text(re.compile(name))
    ).first.click()
    screen.settled(page)
    screen.nothing_is_broken(page)


@pytest.fixture
def database(played, tmp_path):
    return shutil.copy(played, tmp_path / "quarter.duckdb")


def test_leadership_reviews_a_quarter_and_closes_it(database, serve, visit, capsys):
    space = Workspace(database)
    shown = space.quarters.scorecard("victor", QUARTER)
    story = next(f for f in shown.findings if f.kind == "sells out")
    space.close()
    server = serve(database)
    began = time.monotonic()
    page = visit(server.url, "Victor Lindqvist")

    # One page says whether the two functions are winning together.
    screen.go(page, "Scorecard")
    expect(page.get_by_text("shared targets met in Q3 FY26").first).to_be_visible()
    expect(
        page.get_by_text(measured.in_words("exposure", shown.value("exposure"))).first
    ).to_be_visible()
    expect(page.get_by_text(story.text[:60]).first).to_be_visible()

    # A click on the finding shows the promotions that it is made of; its link says the same tomorrow.
    page.get_by_role("link", name="Why ›").first.click()
    screen.settled(page)
    expect(page.get_by_text(f"› {story.member}").first).to_be_visible()
    assert f"class={story.member}" in page.url
    screen.nothing_is_broken(page)

    # The review goes through its agenda.
    screen.go(page, "Review")
    expect(
        page.get_by_text("Planning looks at what is left after each event").first
    ).to_be_visible()
    step(page, "Root causes")
    expect(page.get_by_text(story.text[:60]).first).to_be_visible()
    step(page, "Process and policy")
    box = page.get_by_role("spinbutton", name="Stockout rate on promoted items, %")
    box.fill("2")
    box.press("Enter")
    screen.settled(page)
    page.get_by_placeholder("What should it achieve?").fill("Closer to what others reach")
    page.get_by_placeholder("What should it achieve?").press("Enter")
    screen.settled(page)
    page.get_by_role("button", name="Set it").click()
    screen.settled(page)
    step(page, "Outlook")
    expect(page.get_by_text("Demand by quarter and department")).to_be_visible()
    step(page, "Decisions")
    page.get_by_label("Decision", exact=True).fill("Every buyer signs the calendar")
    page.get_by_role("button", name="Record the decision").click()
    screen.settled(page)
    expect(page.get_by_text("Every buyer signs the calendar").first).to_be_visible()
    page.get_by_text("Keep the scorecard as it is now for good").click()
    screen.settled(page)
    page.get_by_role("button", name="Close the quarter").click()
    expect(page.get_by_text("Its scorecard no longer changes").first).to_be_visible()
    with page.expect_download() as caught:
        page.get_by_role("button", name="The same as a page (HTML)").click()
    html = Path(caught.value.path()).read_text(encoding="utf-8")
    clicks = screen.clicks(page)
    with capsys.disabled():
        print(f"\na quarter closed: {clicks} clicks, {time.monotonic() - began:.0f} s")
    assert clicks <= MOST_CLICKS
    server.stop()

    # What the screen showed is in the ledger, and the file has the page's numbers.
    space = Workspace(database)
    assert space.policies.now["promoted_stockout"] == 0.02
    assert space.policies.changes[0].why == "Closer to what others reach"
    assert space.quarters.is_closed(QUARTER)
    closed = space.quarters.scorecard("dana", QUARTER)
    assert closed.targets["exposure"] == 0.02
    assert closed.decisions[0]["text"] == "Every buyer signs the calendar"
    assert flat(closed.values) == pytest.approx(flat(shown.values), rel=1e-12)
    assert html == board_pack.as_html(space, "victor", QUARTER)
    space.close()


def test_marketing_reads_the_scorecard_and_changes_nothing(database, serve, visit):
    server = serve(database)
    page = visit(server.url, "Mara Quill", dark=True)
    screen.go(page, "Scorecard")
    step(page, "Lead time")
    for name in ("Why", "Side by side"):
        screen.go(page, name)
        screen.nothing_is_broken(page)
    screen.go(page, "Review")
    step(page, "Process and policy")
    expect(page.get_by_text("Leadership changes policy.")).to_be_visible()
    assert page.get_by_role("button", name="Set it").count() == 0
    step(page, "Decisions")
    expect(page.get_by_text("Leadership closes the quarter.")).to_be_visible()
    assert page.get_by_role("button", name="Close the quarter").count() == 0
