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
