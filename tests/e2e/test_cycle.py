"""A monthly cycle in three browsers: blind inputs, reveal, exceptions, signatures, the pack."""

import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from forecasting.consensus.events import Kind
from forecasting.workspace import Workspace

from . import screen

pytestmark = pytest.mark.browser

EXCEPTIONS = 12
MOST_CLICKS = 150
"""Of all three together, over a whole cycle: inputs, twelve exceptions, signing twice, publishing."""


def go(page: Page, name: str) -> None:
    screen.go(page, name)
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)
    screen.settled(page)


def press(page: Page, name: str) -> None:
    button = page.get_by_role("button", name=name, exact=True)
    expect(button).to_be_enabled()
    button.click()
    screen.settled(page)


def step(page: Page, name: str) -> None:
    page.get_by_text(name, exact=True).click()
    screen.settled(page)


def change(page: Page, per_cent: float) -> None:
    """Change the first row of the own input over several weeks."""
    screen.say_why(page, "Trend")
    page.get_by_role("button", name="Change several weeks").click()
    box = page.get_by_role("spinbutton", name="Value")
    expect(box).to_be_visible()
    box.fill(str(per_cent))
    box.press("Tab")
    screen.settled(page)
    page.get_by_role("button", name="Apply", exact=True).click()
    screen.settled(page)
    page.get_by_role("button", name="Change several weeks").click()


def sign_everything(page: Page, departments: list[str]) -> None:
    for department in departments:
        press(page, f"Sign {department}")


def test_a_whole_cycle_in_three_browsers(company_copy, serve, visit, capsys):
    before = Workspace(company_copy)
    departments = before.plan.products.names("department")
    before.close()
    server = serve(company_copy)
    began = time.monotonic()
    dana, mara, ines = (
        visit(server.url, name) for name in ("Dana Okoro", "Mara Quill", "Ines Falk")
    )
    go(dana, "Cycle")
    press(dana, "Open the cycle")
    expect(dana.get_by_text("0 of 3 inputs submitted")).to_be_visible()

    # Inputs, each seeing only the own one.
    for page, per_cent in ((mara, 35), (ines, -12), (dana, 18)):
        go(page, "Consensus")
        change(page, per_cent)
        against = page.get_by_test_id("stMetric").filter(has_text="vs statistical")
        expect(against.get_by_test_id("stMetricValue")).not_to_have_text("+0.0%")
    own = screen.number(screen.tile(ines, "vs statistical"))
    assert own < 0  # Marketing's +35% would make it positive
    go(ines, "Meeting")
    step(ines, "3 Disagreements")
    expect(ines.get_by_text("Inputs are collected blind")).to_be_visible()
    for page, function in ((mara, "Marketing"), (ines, "Merchandising"), (dana, "Planning")):
        go(page, "Cycle")
        press(page, f"Submit {function}'s input")
    expect(dana.get_by_text("3 of 3 inputs submitted")).to_be_visible()

    # Revealed together; the meeting agrees, and the others' screens follow.
    press(dana, "Reveal the inputs")
    for page in (dana, mara, ines):
        go(page, "Meeting")
    step(dana, "3 Disagreements")
    expect(mara.get_by_text("ranked by revenue")).to_be_visible()
    expect(dana.get_by_text(re.compile("of 15 exceptions")).first).to_be_visible()
    for number in range(EXCEPTIONS):
        dana.get_by_test_id("stSelectbox").filter(has_text="Exception").locator("input").click()
        dana.get_by_role("option").nth(number).click()
        screen.settled(dana)
        dana.get_by_role("button", name="Proposed:").click()
        screen.settled(dana)
        screen.nothing_is_broken(dana)
        left = 14 - number
        expect(dana.get_by_text(f"{left} exceptions to talk about")).to_be_visible()

    # Signed; an edit voids what it touches, by name; signed again and published.
    step(dana, "6 Sign")
    for page in (mara, ines):
        expect(page.get_by_role("button", name=f"Sign {departments[0]}")).to_be_visible()
    for page in (dana, mara, ines):
        sign_everything(page, departments)
    done = f"{len(departments)} of {len(departments)} departments signed"
    expect(dana.get_by_text(done)).to_be_visible()
    go(ines, "Consensus")
    change(ines, -5)
    expect(dana.get_by_text("is void: Ines Falk").first).to_be_visible()
    expect(dana.get_by_role("button", name="Publish the consensus")).to_be_disabled()
    go(ines, "Meeting")
    step(ines, "6 Sign")
    for page in (dana, mara, ines):
        again = page.get_by_role("button", name="Sign ")
        expect(again.first).to_be_visible()
        while again.count():
            again.first.click()
            screen.settled(page)
    press(dana, "Publish the consensus")
    expect(dana.get_by_text("Published as version")).to_be_visible()
    with dana.expect_download() as download:
        dana.get_by_role("button", name="The pack (HTML)").click()
    pack = Path(download.value.path()).read_text(encoding="utf-8")
    for page in (dana, mara, ines):
        screen.nothing_is_broken(page)
    clicks = {page: screen.clicks(page) for page in (dana, mara, ines)}
    with capsys.disabled():
        print(
            f"\na cycle by three: {[*clicks.values()]} clicks, {time.monotonic() - began:.0f} s"
        )
    assert sum(clicks.values()) <= MOST_CLICKS
    server.stop()

    after = Workspace(company_copy)
    assert len(after.ledger.of_kinds(Kind.AGREE)) == EXCEPTIONS
    assert {e.person for e in after.ledger.of_kinds(Kind.SUBMIT)} == {"dana", "mara", "ines"}
    assert len(after.ledger.of_kinds(Kind.SIGN)) > 3 * len(departments)
    (version,) = after.cycles.published()
    assert f"Version #{version.version}" in pack
    for name in ("Mara Quill", "Ines Falk", "Dana Okoro"):
        assert name in pack
    layers = after.cycles.layers(version)
    assert layers["consensus"].sum() == pytest.approx(
        after.working_plan_for("dana").totals["draft"].sum() / 1000
    )
    after.close()
