"""A meeting in Chromium: links, a shared grid in two browsers, a conflict, undo, risk."""

import time

import pytest
from playwright.sync_api import expect

from forecasting.vocabulary import Function
from forecasting.workspace import Workspace

from . import screen

pytestmark = pytest.mark.browser


@pytest.fixture
def meeting(company_copy, serve):
    space = Workspace(company_copy)
    space.set_person("admin", identity="nora", name="Nora Second", function=Function.PLANNING)
    item = next(
        item for items in space.plan.items.values() for item in items
        if (item.p_window < 0.3).all() and item.first >= 1 and item.status.max() < 4
    )  # fmt: skip
    sku = space.plan.sku_names[item.sku]
    klass = space.plan.products.nodes["class"][item.sku]
    space.close()
    return serve(company_copy), sku, klass, item


def test_a_deep_link_works_as_the_first_request_after_a_start(meeting, visit):
    server, sku, _, _ = meeting
    page = visit(server.url, "Victor Lindqvist", path=f"sku?sku={sku}")
    expect(page.get_by_role("heading", name=f"SKU {sku}")).to_be_visible()
    screen.settled(page)
    screen.nothing_is_broken(page)
    assert page.url.startswith(f"{server.url}/sku?sku={sku}")


def test_the_bridge_stands_under_its_name_too(meeting, visit):
    server, *_ = meeting
    page = visit(server.url, "Victor Lindqvist", path="bridge")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Bridge")
    screen.settled(page)
    screen.nothing_is_broken(page)
    expect(page.get_by_role("dialog")).to_have_count(0)  # "Page not found" is one


def test_two_planners_meet_on_one_cell_and_no_number_is_lost(meeting, visit):
    server, sku, klass, item = meeting
    path = f"consensus?class={klass}&level=sku&row={sku}&weeks=13"
    dana = visit(server.url, "Dana Okoro", path=path)
    nora = visit(server.url, "Nora Second", path=path)
    for page in (dana, nora):
        screen.settled(page)
        screen.nothing_is_broken(page)
        screen.say_why(page, "Trend")
    hers, theirs = screen.grid(dana), screen.grid(nora)
    row = next(r for r in range(40) if screen.cell(hers, 0, r).inner_text() == sku)
    column = 5 + item.first  # after the name, marks, description, total and difference
    before = screen.value(hers, column, row)
    draft = screen.number(screen.tile(dana, "Draft"))
    risky = dana.get_by_test_id("stDataFrame").nth(1)

    screen.edit_cell(dana, hers, column, row, round(before * 6 + 400))
    typed = round(before * 6 + 400)
    expect(screen.cell(theirs, column, row)).to_have_text(str(typed))
    screen.settled(dana)  # Enter went on to the row below; the detail did not
    expect(dana.get_by_text(f"set {typed:,} u for {sku}")).to_be_visible()
    assert screen.number(screen.tile(dana, "Draft")) == pytest.approx(
        draft + typed - before, abs=2
    )
    expect(risky.get_by_test_id("glide-cell-0-0")).to_have_text("● Short")

    # Both type into the same cell at the same time: the second meets the first by name, also
    # where what the first wrote has arrived on the second's screen beneath the open cell.
    other = column + 1
    screen.type_into(dana, hers, other, row, 55)
    screen.type_into(nora, theirs, other, row, 77)
    seen = screen.tile(nora, "Draft")
    screen.commit(dana)
    nora.wait_for_function(
        "was => ![...document.querySelectorAll('[data-testid=stMetric]')]"
        ".some(m => m.innerText.includes(was))", arg=seen,
    )  # fmt: skip
    screen.commit(nora)
    expect(nora.get_by_text("Changed by somebody else")).to_be_visible()
    expect(nora.get_by_text("Dana Okoro in Planning set 55 u")).to_be_visible()
    nora.get_by_role("button", name="Keep Dana Okoro's").click()
    screen.settled(nora)
    expect(screen.cell(screen.grid(nora), other, row)).to_have_text("55")

    # The first change is taken back; the number and the risk return.
    screen.select(dana, screen.grid(dana), column, row)
    changed = dana.locator("[data-testid=stHorizontalBlock]", has_text=f"set {typed:,} u")
    changed.get_by_role("button", name="Take back").last.click()
    expect(screen.cell(screen.grid(dana), column, row)).to_have_text(f"{before:g}")
    deadline = time.monotonic() + 3
    while abs(screen.value(screen.grid(nora), column, row) - before) > 0.05:
        assert time.monotonic() < deadline, "the other browser never saw it"
        time.sleep(0.1)
    for page in (dana, nora):
        screen.nothing_is_broken(page)
    server, *_ = meeting


def test_marketing_cancels_an_activation_and_the_bridge_forgets_it(meeting, visit):
    server, *_ = meeting
    mara = visit(server.url, "Mara Quill", path="activations")
    screen.settled(mara)
    name = "Holiday e-mail"
    box = mara.get_by_test_id("stSelectbox").filter(has_text="Activation").first
    box.get_by_role("combobox").click()
    mara.get_by_role("option", name=name).click()
    screen.settled(mara)
    mara.get_by_role("button", name=f"Cancel {name}").click()
    mara.get_by_role("button", name=f"Yes, cancel {name}").click()
    expect(mara.get_by_text(f"Cancelled {name}")).to_be_visible()
    screen.go(mara, "Bridge")
    screen.settled(mara)
    box = mara.get_by_test_id("stSelectbox").filter(has_text="Activation").first
    box.get_by_role("combobox").click()
    expect(mara.get_by_role("option").first).to_be_visible()
    assert mara.get_by_role("option", name=name).count() == 0


def test_marketing_adds_an_activation_and_the_bridge_judges_it(meeting, visit):
    server, *_ = meeting
    mara = visit(server.url, "Mara Quill", path="activations")
    screen.settled(mara)
    mara.get_by_role("tab", name="Add an activation").click()
    panel = mara.get_by_role("tabpanel").last
    panel.get_by_role("textbox", name="Name").fill("Candle flash")
    panel.get_by_role("combobox", name="Featured SKUs").click()
    mara.keyboard.type("Candle")
    mara.keyboard.press("Enter")
    mara.keyboard.press("Escape")
    panel.get_by_role("button", name="Save").click()
    expect(mara.get_by_text("Saved Candle flash")).to_be_visible()
    screen.settled(mara)
    screen.nothing_is_broken(mara)
    assert "activation=N" in mara.url
    mara.get_by_role("link", name="See it on the Bridge").click()
    expect(mara.get_by_role("heading", name="Candle flash")).to_be_visible()
    screen.nothing_is_broken(mara)


def test_a_planner_runs_a_backtest_while_marketing_weighs_a_lift_against_the_past(
    meeting, visit
):
    server, *_ = meeting
    dana = visit(server.url, "Dana Okoro", path="baseline")
    expect(dana.get_by_text("No backtest yet.")).to_be_visible()
    screen.settled(dana)
    dana.get_by_role("button", name="Run a backtest").click()
    mara = visit(server.url, "Mara Quill", path="activations")
    expect(mara.get_by_text("Similar activations").first).to_be_visible()
    expect(mara.get_by_text("A lift of").first).to_be_visible()
    expect(dana.get_by_text("Error by weeks ahead")).to_be_visible()
    screen.settled(dana)
    ours = screen.number(screen.tile(dana, "WAPE"))
    assert 0 < ours < screen.number(screen.tile(dana, "WAPE, naive forecast"))
    mara.goto(f"{server.url}/lifts")
    expect(mara.get_by_text("past activations").first).to_be_visible()
    screen.settled(mara)
    for page in (dana, mara):
        screen.nothing_is_broken(page)
