"""A day of inputs in Chromium: begun and left, found again, entered in money with evidence."""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import expect

from forecasting.calendar import as_date, week_label
from forecasting.consensus.events import Kind
from forecasting.vocabulary import Function
from forecasting.workspace import Workspace
from tests.load.visitor import Visitor

from . import screen

pytestmark = pytest.mark.browser

NOTE = "The partner posts on Friday, 40k followers"
LINK = "https://briefs.example/holiday(2).html"


def test_what_was_begun_outlives_the_tab_and_is_entered_with_its_evidence(
    company_copy, serve, visit
):
    before = Workspace(company_copy)
    start = before.seq
    before.close()
    server = serve(company_copy)
    path = "consensus?level=class&weeks=13&in=revenue"
    mara = visit(server.url, "Mara Quill", path=path)
    screen.settled(mara)
    mara.get_by_label("Note", exact=True).press_sequentially(NOTE, delay=8)
    screen.told(mara, NOTE)  # she never leaves the field
    mara.context.close()

    again = visit(server.url, "Mara Quill", path=path)
    expect(again.get_by_label("Note", exact=True)).to_have_value(NOTE)
    expect(again.get_by_text("Your unfinished entry is back")).to_be_visible()
    screen.settled(again)
    again.get_by_label("Evidence").fill(LINK)
    again.keyboard.press("Enter")
    screen.settled(again)
    grid = screen.grid(again)
    screen.say_why(again, "Trend")
    typed = round(screen.value(grid, 6, 2) * 1.5)
    total = screen.tile(again, "Draft")
    screen.edit_cell(again, grid, 6, 2, typed)
    screen.settled(again)  # Enter went on to the row below; the detail did not
    expect(again.get_by_text(f"set revenue to ${typed:,} for").first).to_be_visible()
    expect(
        again.get_by_test_id("stMetric").first.get_by_test_id("stMetricValue")
    ).not_to_have_text(total)
    link = again.get_by_role("link", name="evidence").first
    expect(link).to_have_attribute("href", re.compile(r"briefs\.example/holiday"))
    screen.nothing_is_broken(again)

    third = visit(server.url, "Mara Quill", path=path)
    screen.settled(third)
    expect(third.get_by_label("Note", exact=True)).to_have_value("")  # it was entered
    for page in (again, third):
        page.context.close()
    server.stop()
    after = Workspace(company_copy)
    (entered,) = [e for e in after.ledger.tail(start) if e.kind is Kind.OVERRIDE]
    assert (entered.value, entered.measure.value, entered.note, entered.evidence) == (
        typed, "revenue", NOTE, LINK,
    )  # fmt: skip
    after.close()


def test_a_small_change_is_asked_what_it_decides_and_taken_back(company_copy, serve, visit):
    server = serve(company_copy)
    path = "consensus?level=sku&weeks=13"
    ines = visit(server.url, "Ines Falk", path=path)
    screen.settled(ines)
    grid = screen.grid(ines)
    screen.say_why(ines, "Trend")
    before = screen.value(grid, 6, 3)
    screen.edit_cell(ines, grid, 6, 3, round(before + 0.3, 1))
    expect(ines.get_by_text("would it change an order or a promotion?")).to_be_visible()
    ines.get_by_role("button", name="No, take back").click()
    expect(screen.cell(screen.grid(ines), 6, 3)).to_have_text(f"{before:g}")
    expect(ines.get_by_text("would it change an order or a promotion?")).to_have_count(0)
    screen.nothing_is_broken(ines)


def test_an_edit_on_its_way_while_the_grid_is_renewed_is_not_lost(company_copy, serve):
    """Somebody else's change of a cell typed here renews the grid; what was typed meanwhile
    into another cell comes under the former grid's name.
    """
    space = Workspace(company_copy)
    space.set_person("admin", identity="nora", name="Nora Second", function=Function.PLANNING)
    weeks = [week_label(as_date(w)) for w in space.plan.base.weeks[:8]]
    start = space.seq
    space.close()
    server = serve(company_copy)
    path = "consensus?level=sku&weeks=13"

    async def meet() -> None:
        async with Visitor(server.url, path) as dana, Visitor(server.url, path) as nora:
            await dana.enter("Dana Okoro")
            await dana.say_why("Trend")
            await dana.type(2, weeks[2], 555.0)
            former = dana.editor  # a slow machine renews it before she does anything more
            await nora.enter("Nora Second")
            await nora.say_why("Trend")
            await nora.type(2, weeks[2], 777.0)
            await dana.type(3, weeks[3], 333.0)  # and sees that hers was changed
            assert dana.editor != former
            await dana.type(4, weeks[4], 444.0, into=former)

    with ThreadPoolExecutor(1) as aside:  # the browser's own loop runs in this thread
        aside.submit(asyncio.run, meet()).result()
    server.stop()
    after = Workspace(company_copy)
    entered = [(e.person, e.value) for e in after.ledger.tail(start) if e.kind is Kind.OVERRIDE]
    assert entered == [("dana", 555.0), ("nora", 777.0), ("dana", 333.0), ("dana", 444.0)]
    after.close()


def test_a_block_is_pasted_taken_back_and_brought_back_by_keys(company_copy, serve, visit):
    server = serve(company_copy)
    dana = visit(server.url, "Dana Okoro", path="consensus?level=class&weeks=13")
    dana.context.grant_permissions(["clipboard-read", "clipboard-write"])
    screen.settled(dana)
    screen.say_why(dana, "Trend")
    grid, total = screen.grid(dana), screen.tile(dana, "Draft")
    screen.point_at(dana, grid, row=3)
    chosen = dana.locator(".st-key-grid_cells input")
    expect(chosen).to_have_value(re.compile("rows"))  # the page knows where one is
    dana.evaluate("navigator.clipboard.writeText('2000\\t2100\\n1500\\t1600')")
    dana.keyboard.press("Control+V")
    value = dana.get_by_test_id("stMetric").first.get_by_test_id("stMetricValue")
    expect(value).not_to_have_text(total)
    pasted = value.inner_text()
    expect(dana.get_by_text("Is it meant?")).to_be_visible()
    dana.keyboard.press("Control+Z")
    expect(value).to_have_text(total)
    dana.keyboard.press("Control+Y")
    expect(value).to_have_text(pasted)
    screen.nothing_is_broken(dana)
