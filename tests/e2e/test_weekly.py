"""The best mix in Chromium: each function decides its part, asserted in the ledger."""

import pytest
from playwright.sync_api import expect

from forecasting.workspace import Workspace

from . import screen

pytestmark = pytest.mark.browser


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
            screen.told(page, note)
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
