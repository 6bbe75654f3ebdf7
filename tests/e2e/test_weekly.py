"""A weekly review in Chromium, from open to minutes, asserted in the ledger."""

import re

import pytest
from playwright.sync_api import expect

from forecasting.consensus.events import Kind
from forecasting.workspace import Workspace

from . import screen

pytestmark = pytest.mark.browser


def go(page, name):
    screen.go(page, name)
    screen.settled(page)
    screen.nothing_is_broken(page)


def test_a_weekly_review_decides_on_a_risk_and_writes_its_minutes(company_copy, serve, visit):
    server = serve(company_copy)
    page = visit(server.url, "Dana Okoro")
    screen.settled(page)
    expect(page.get_by_text("can still be helped")).to_be_visible()
    bar = page.locator(".st-key-risks_bar")
    expect(bar).to_contain_text("to decide on")
    page.keyboard.press("n")
    expect(bar).to_contain_text("Risk ")
    screen.settled(page)
    first = bar.inner_text()
    page.keyboard.press("n")
    screen.settled(page)
    assert bar.inner_text() != first
    page.keyboard.press("p")
    screen.settled(page)
    assert bar.inner_text() == first
    go(page, "Weekly review")
    expect(page.get_by_role("heading", name="Weekly review")).to_be_visible()
    first = bar.inner_text()
    expect(page.get_by_text("Nothing is open from earlier meetings.")).to_be_visible()

    # The dearest risk: look at what an option of hers would do, and decide.
    card = page.get_by_test_id("stVerticalBlock").filter(has_text="Planning decides").last
    card.get_by_role("button", name="Preview and decide").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Short in the activation")).to_be_visible()
    note = dialog.get_by_role("textbox").last
    note.press_sequentially("Agreed in the weekly review")  # with p and n in it
    dialog.press("n")  # nor does the key lead on beneath a dialog
    page.wait_for_timeout(500)
    assert bar.inner_text() == first
    dialog.get_by_role("button", name="Decide", exact=True).click()
    expect(dialog).to_have_count(0)
    screen.settled(page)
    expect(page.get_by_text("Decided by Dana Okoro").first).to_be_visible()
    expect(page.locator(".st-key-just_decided")).to_contain_text(
        re.compile(r"short → [\d,]+ u")
    )

    # The minutes write themselves, and a spoken decision is added.
    box = page.get_by_label("Record a decision")
    box.fill("Holiday e-mail stays as planned")
    page.get_by_role("button", name="Record", exact=True).click()
    expect(page.get_by_text("decided: Holiday e-mail stays as planned")).to_be_visible()
    go(page, "Buy plan")
    expect(page.get_by_text("to release today")).to_be_visible()
    page.get_by_role("radio", name="Marketing calendar").or_(
        page.get_by_text("Marketing calendar")
    ).first.click()
    screen.settled(page)
    expect(page.get_by_text(re.compile("needs? a decision")).first).to_be_visible()

    # What was decided is taken back where it stands.
    go(page, "Weekly review")
    page.get_by_role("button", name="Take back").first.click()
    expect(page.get_by_text("Nothing is open from earlier meetings.")).to_be_visible()
    server.stop()
    space = Workspace(company_copy)
    decided = space.decisions.all
    assert [d.state for d in decided] == ["taken back"]
    assert decided[0].note == "Agreed in the weekly review"
    assert space.ledger.of_kinds(Kind.DECISION)[-1].note == "Holiday e-mail stays as planned"
    space.close()


def test_each_function_decides_its_part_of_the_best_mix(company_copy, serve, visit):
    server = serve(company_copy)

    def decide(name, note=""):
        page = visit(server.url, name)
        screen.settled(page)
        page.get_by_role("button", name="Best mix for all weeks").click()
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_text("meet the service target")).to_be_visible()
        if note:  # promotions are touched only where that is asked for
            expect(dialog.get_by_text("With the tick:")).to_be_visible()
            dialog.get_by_text("May also reduce or shift promotions").click()
            screen.settled(page)
            expect(dialog.get_by_text("to decide.")).to_be_visible()
            box = dialog.get_by_label("What will be cut")
            box.fill(note)
            box.press("Enter")
            page.wait_for_timeout(800)
        dialog.get_by_role("button", name="Decide").click()
        expect(dialog).to_have_count(0)
        screen.settled(page)
        screen.nothing_is_broken(page)
        return page

    page = decide("Dana Okoro")
    page.get_by_role("button", name="Best mix for all weeks").click()
    page.get_by_role("dialog").get_by_text("Most margin", exact=True).click()
    expect(page.get_by_role("dialog")).to_be_visible()
    decide("Mara Quill", note="A third less spend")
    server.stop()
    space = Workspace(company_copy)
    kinds = {d.action.value for d in space.decisions.all}
    by = {d.action.value: d.person for d in space.decisions.all}
    assert {"transfer", "reduce"} <= kinds
    assert by["transfer"] == "dana"
    assert by["reduce"] == "mara"
    assert {d.note for d in space.decisions.all if d.action.value == "reduce"} == {
        "A third less spend"
    }
    space.close()
