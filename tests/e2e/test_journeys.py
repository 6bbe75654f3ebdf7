"""What people come for, walked in Chromium as they do it: clicks and seconds are counted.

A cycle by three and the close of a quarter are walked, and counted, in test_cycle.py and
test_quarter.py.
"""

import re
import shutil
import time
from pathlib import Path

import pytest
from playwright.sync_api import expect

from forecasting.consensus.events import Kind
from forecasting.workspace import Workspace
from tests.e2e import screen

pytestmark = pytest.mark.browser

MOST_TO_DECIDE, MOST_TO_REVIEW = 6, 40
"""Clicks from the front page to a first decision, and for a whole weekly review."""
MOST_S = 120
"""Seconds of each journey, by a hand that never hesitates, on a machine that is busy with tests."""


@pytest.fixture
def company(played, tmp_path):
    return Path(shutil.copy(played, tmp_path / "walked.duckdb"))


def go(page, name):
    screen.go(page, name)
    screen.nothing_is_broken(page)


def decide(page):
    """Look at what the best option does that who is here may decide, and decide."""
    page.get_by_role("button", name="Preview and decide").locator("visible=true").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Short in the activation")).to_be_visible()
    dialog.get_by_role("textbox").last.press_sequentially("Agreed, plan and all")  # p, n in it
    dialog.get_by_role("button", name="Decide", exact=True).click()
    expect(dialog).to_have_count(0)
    screen.settled(page)
    expect(page.locator(".st-key-just_decided")).to_contain_text(
        re.compile(r"short → [\d,]+ u")
    )


def test_a_newcomer_decides_and_a_planner_walks_the_whole_weekly_review(
    company, serve, visit, capsys
):
    server = serve(company)
    began = time.monotonic()
    page = visit(server.url, "Dana Okoro", path="")
    expect(page.get_by_text("Your three things today")).to_be_visible()
    page.get_by_role("link", name="Decide on the Bridge").first.click()
    screen.settled(page)
    decide(page)
    first, first_s = screen.clicks(page), time.monotonic() - began
    screen.nothing_is_broken(page)

    # What the cards of Home say is what the page says that they lead to.
    go(page, "Home")
    before, began = screen.clicks(page), time.monotonic()
    go(page, "Weekly review")
    expect(page.get_by_role("heading", name="Weekly review")).to_be_visible()
    page.get_by_role("button", name="Done", exact=True).first.click()
    screen.settled(page)
    bar = page.locator(".st-key-risks_bar")
    expect(bar).to_contain_text("Risk ")
    at = bar.inner_text()
    for key in "np":
        page.keyboard.press(key)
        screen.settled(page)
        assert (bar.inner_text() == at) == (key == "p")
    for _ in range(3):
        page.keyboard.press("n")
        screen.settled(page)
        if (
            page.get_by_role("button", name="Preview and decide")
            .locator("visible=true")
            .count()
        ):
            decide(page)  # what it did stays in view: the next one comes when it is called
    stands = bar.inner_text()
    dialog = page.get_by_role("button", name=re.compile("^Preview")).locator("visible=true")
    if dialog.count():
        dialog.first.click()
        page.get_by_role("dialog").press("n")  # nor does the key lead on beneath a dialog
        screen.settled(page)
        assert bar.inner_text() == stands
        page.keyboard.press("Escape")
    box = page.get_by_label("Record a decision")
    box.fill("Holiday e-mail stays as planned")
    page.get_by_role("button", name="Record", exact=True).click()
    expect(page.get_by_text("decided: Holiday e-mail stays as planned")).to_be_visible()
    with page.expect_download() as printed:
        page.get_by_role("button", name="Print on one page").click()
    assert "Weekly review" in Path(printed.value.path()).read_text(encoding="utf-8")
    go(page, "Buy plan")
    expect(page.get_by_text("to release today")).to_be_visible()
    page.get_by_role("radio", name="Marketing calendar").or_(
        page.get_by_text("Marketing calendar")
    ).first.click()
    screen.settled(page)
    expect(page.get_by_text(re.compile("needs? a decision")).first).to_be_visible()
    go(page, "Weekly review")
    page.get_by_role("button", name="Take back").first.click()  # where it stands
    screen.settled(page)
    review, review_s = screen.clicks(page) - before, time.monotonic() - began
    screen.nothing_is_broken(page)
    server.stop()

    with capsys.disabled():
        print(f"\nfirst decision: {first} clicks, {first_s:.0f} s", end="; ")
        print(f"weekly review: {review} clicks, {review_s:.0f} s")
    assert first <= MOST_TO_DECIDE
    assert review <= MOST_TO_REVIEW
    assert max(first_s, review_s) < MOST_S
    space = Workspace(company)
    made = space.decisions.all
    states = [d.state for d in made]
    assert {d.note for d in made} >= {"Agreed, plan and all"}
    assert states.count("taken back") == 1
    assert states.count("decided") >= 2
    assert space.ledger.of_kinds(Kind.DECISION)[-1].note == "Holiday e-mail stays as planned"
    space.close()
