"""A till's export is read as it is, on the Data page, and kept as a source."""

import pytest
from playwright.sync_api import expect

from tests import shop_exports as shop

from . import screen

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_exports_of_a_shop_are_read_asked_about_kept_and_imported(serve, visit, tmp_path):
    server = serve(tmp_path / "new.duckdb")
    admin = visit(server.url, "Local admin")
    screen.go(admin, "Data")
    ours = shop.own(tmp_path)[:2]
    upload = admin.locator("[data-testid=stFileUploader] input[type=file]").first
    upload.set_input_files([str(path) for path in ours])
    admin.get_by_role("button", name="Import 6 rows").click()
    expect(admin.get_by_text("3 skus").first).to_be_visible()

    upload = admin.locator("[data-testid=stFileUploader] input[type=file]").first
    upload.set_input_files([str(shop.till(tmp_path))])
    expect(admin.get_by_text("Windows-1252 (Latin-1)")).to_be_visible()
    expect(admin.get_by_text("comma before decimals")).to_be_visible()
    admin.get_by_role("textbox", name="Keep it as").fill("kasse")
    admin.get_by_role("button", name="Keep this source").click()
    expect(admin.get_by_text("sales: date from", exact=False).first).to_be_visible()
    admin.get_by_role("button", name="Import 84 rows").click()
    expect(admin.get_by_text("84 sales").first).to_be_visible()


def test_a_report_with_totals_called_off_rows_and_cases_is_read_on_the_page(
    serve, visit, tmp_path
):
    server = serve(tmp_path / "new.duckdb")
    admin = visit(server.url, "Local admin")
    screen.go(admin, "Data")
    (tmp_path / "skus.csv").write_text("sku,class\nA1,Cups\nA2,Cups\n")
    (tmp_path / "doors.csv").write_text("door,name\nD1,Mill\n")
    (tmp_path / "sales.csv").write_text(
        "Tag;Filiale;Artikel;Menge;Status\n2026-11-01;D1;A1;2;ok\n2026-11-01;D1;A1;1;ok\n"
        "2026-11-01;D1;A2;4;storniert\n2026-11-02;D1;A2;1;ok\n"
    )
    upload = admin.locator("[data-testid=stFileUploader] input[type=file]").first
    upload.set_input_files([str(tmp_path / f"{n}.csv") for n in ("skus", "doors", "sales")])
    admin.get_by_role("button", name="as a file of your own form").click()
    expect(admin.get_by_text("Rows that do not count (1)")).to_be_visible()
    expect(admin.get_by_role("button", name="Import 6 rows")).to_be_visible()
    admin.get_by_text("Add up rows of the same key").click()
    admin.get_by_role("button", name="Import 5 rows").click()
    expect(admin.get_by_text("2 sales").first).to_be_visible()
