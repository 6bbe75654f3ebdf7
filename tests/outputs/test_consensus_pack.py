"""The pack: one file that needs nothing else, made again from the version's number."""

import datetime as dt
import io
import re
import shutil
from pathlib import Path

import openpyxl
import pytest

from forecasting.errors import UnknownName
from forecasting.outputs import consensus_pack
from forecasting.workspace import Workspace
from tests.cycling import open_cycle
from tests.monthly.test_cycle import busiest, publish, scope


@pytest.fixture(scope="module")
def published(company, tmp_path_factory):
    """A company with two versions; what is published stays, whatever one test goes on with."""
    folder = tmp_path_factory.mktemp("pack")
    space = Workspace(Path(shutil.copy(company, folder / "copy.duckdb")))
    open_cycle(space, "2026-11", blind=False)
    space.override("mara", scope(space, busiest(space), 1, 6), "percent", 30, reason="EVENT")
    publish(space)
    open_cycle(space, "2026-12", blind=False)
    space.override("ines", scope(space, busiest(space), 2, 5), "add", -60, reason="PRICE")
    space.minutes.decide("dana", "The <b>catalogue</b> goes to January & the drop stays")
    space.minutes.assign("dana", "Ask the mill", owner="ines", due=dt.date(2026, 12, 4))
    yield space, publish(space)
    space.close()


def test_the_pack_can_be_made_again_from_its_number(published):
    space, version = published
    first = consensus_pack.as_html(space, version.version)
    open_cycle(space, "2027-01", blind=False)
    space.override("mara", scope(space, busiest(space)), "add", 700, reason="EVENT")
    space.minutes.decide("dana", "Something of the next cycle")
    assert consensus_pack.as_html(space, version.version) == first


def test_the_pack_needs_nothing_else_and_escapes_what_people_wrote(published):
    space, version = published
    page = consensus_pack.as_html(space, version.version)
    assert not re.search(r"(src|href)=|@import|url\(", page)
    assert "The &lt;b&gt;catalogue&lt;/b&gt; goes to January &amp; the drop stays" in page
    assert "Ask the mill" in page
    assert "Merchandising: Price" in page
    for name in ("Mara Quill", "Ines Falk", "Dana Okoro"):
        assert name in page


def test_its_numbers_are_the_versions(published):
    space, version = published
    layers = space.cycles.layers(version)
    before, after = (
        space.cycles.layers(v).set_index(["sku", "week"])["consensus"]
        for v in space.cycles.published()
    )
    page = consensus_pack.as_html(space, version.version)
    moved = (after - before).sum()
    assert f"{moved:+,.0f} u" in page
    book = openpyxl.load_workbook(
        io.BytesIO(consensus_pack.as_workbook(space, version.version))
    )
    rows = list(book["By SKU and week"].values)
    assert rows[0][:4] == ("sku", "week", "lag", "naive")
    assert sum(r[-1] for r in rows[1:]) == pytest.approx(layers["consensus"].sum())
    assert min(r[2] for r in rows[1:]) == 1
    parts = list(book["Parts"].values)
    assert sum(r[-1] for r in parts[1:]) == pytest.approx(layers["consensus"].sum())


def test_a_number_that_is_no_version_has_no_pack(published):
    with pytest.raises(UnknownName, match="no published version"):
        consensus_pack.as_html(published[0], 3)
