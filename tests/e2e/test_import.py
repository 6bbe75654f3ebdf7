"""A newcomer brings real files: import, refresh, edit, and the Bridge, all in Chromium."""

import pytest
from playwright.sync_api import expect

from tests import orange_juice

from . import screen

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def juice(shared_data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    tables = orange_juice.convert(shared_data)
    for name, frame in (tables | orange_juice.made_up_stock(tables)).items():
        frame.to_parquet(folder / f"{name}.parquet", index=False)
    return folder


def test_real_files_are_imported_refreshed_edited_and_bridged(juice, serve, visit, tmp_path):
    server = serve(tmp_path / "new.duckdb")
    admin = visit(server.url, "Local admin")
    expect(admin.get_by_text("There is no forecast yet")).to_be_visible()
    screen.go(admin, "Data")
    expect(admin.get_by_text("Nothing has been imported yet")).to_be_visible()

    with admin.expect_download() as download:
        admin.get_by_role("button", name="Download templates").click()
    assert download.value.suggested_filename == "concord-templates.zip"

    upload = admin.locator("[data-testid=stFileUploader] input[type=file]").first
    upload.set_input_files([str(path) for path in sorted(juice.iterdir())])
    button = admin.get_by_role("button", name="rows", exact=False).filter(has_text="Import")
    expect(button).to_be_visible()
    button.click()
    expect(admin.get_by_text("106,139 sales").first).to_be_visible()

    admin.get_by_role("button", name="Refresh the forecast").click()
    expect(admin.get_by_text("is refreshing the forecast")).to_be_visible()
    expect(admin.get_by_text("In force: run #")).to_be_visible()

    screen.go(admin, "People")
    admin.get_by_label("Id", exact=True).fill("pia")
    admin.get_by_label("Name", exact=True).fill("Pia Planner")
    admin.get_by_role("combobox", name="Function", exact=True).locator("visible=true").click()
    admin.get_by_role("option", name="Planning").click()
    admin.get_by_role("button", name="Save").click()
    expect(admin.get_by_text("2 people")).to_be_visible()

    pia = visit(server.url, "Pia Planner", path="consensus?level=sku&weeks=8")
    screen.settled(pia)
    cells = screen.grid(pia)
    screen.say_why(pia, "Trend")
    before = screen.value(cells, 5, 2)
    draft = screen.number(screen.tile(pia, "Draft"))
    screen.edit_cell(pia, cells, 5, 2, round(before + 5000))
    screen.settled(pia)
    screen.point_at(pia, cells, row=2)
    expect(pia.get_by_text("Take back").first).to_be_visible()
    assert screen.number(screen.tile(pia, "Draft")) == pytest.approx(draft + 5000, abs=3)

    screen.go(pia, "Bridge")
    screen.settled(pia)
    screen.nothing_is_broken(pia)


def test_a_bad_file_is_explained_on_the_page_and_changes_nothing(
    company_copy, serve, visit, tmp_path
):
    bad = tmp_path / "doors.csv"
    bad.write_text("door,kind\nX1,kiosk\n")
    server = serve(company_copy)
    page = visit(server.url, "Dana Okoro", path="data")
    screen.settled(page)
    page.locator("[data-testid=stFileUploader] input[type=file]").first.set_input_files(
        str(bad)
    )
    text = "doors.csv, line 2, column kind: found 'kiosk', expected one of store, online, dc"
    expect(page.get_by_text(text)).to_be_visible()
    expect(page.get_by_role("button", name="Import 0 rows")).to_be_disabled()
