"""Every page, as somebody sees it who sees one department alone: nothing of another is on it."""

import shutil

import pytest
import streamlit as st

from forecasting.workspace import Workspace
from tests import seeing
from tests.app.test_pages import PAGES, opened, text_of
from tests.seeing import INSIDE, blocks, found_in

EXAMPLES = {"data"}
"""Pages with the files' own examples, which use words of a shop like this one."""


@pytest.fixture(scope="module")
def seen(company, tmp_path_factory):
    """A company in which Dana sees one department, and every name that is outside of it."""
    path = shutil.copy(company, tmp_path_factory.mktemp("part") / "part.duckdb")
    space = Workspace(path)
    space.staff.limit("admin", identity="dana", departments=[INSIDE])
    space.reading.limit("admin", True)
    names, sku = seeing.names(space), next(
        sku for sku, at in space.desk.places.skus.items() if at["department"] != INSIDE
    )  # fmt: skip
    space.close()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONCORD_DB", str(path))
        yield names, sku
        st.cache_resource.clear()
        st.cache_data.clear()


def on(app) -> bytes:
    """All that a page sent to the browser: words, tables and what charts draw."""
    sent = (getattr(block, "proto", None) for block in blocks(app._tree))
    return b"\n".join(proto.SerializeToString() for proto in sent if proto is not None)


def test_no_page_holds_a_name_from_outside_whoever_looked_before(seen):
    """Each is drawn for somebody who sees everything first: what is kept is kept apart."""
    names, _ = seen
    everywhere = set()
    for page in PAGES.keys() - EXAMPLES:
        if found_in(names, on(opened(page, "ines"))):
            everywhere.add(page)
        app = opened(page, "dana")
        assert not app.exception, page
        assert not found_in(names, on(app)), page
        if app.title and page not in ("home",):
            assert f"You see {INSIDE} only" in text_of(app), page
    assert everywhere >= {"bridge", "consensus", "sku", "history", "scorecard"}


def test_a_link_to_a_sku_outside_opens_what_a_link_to_none_opens(seen):
    names, sku = seen
    told = []
    for asked in (sku, "no-such-sku"):
        app = opened("sku", "dana", sku=asked)
        assert not app.exception
        assert not found_in(names, on(app).replace(asked.encode(), b""))
        words = [block.value for block in [*app.title, *app.markdown, *app.caption]]
        told.append([one for one in words if " is on **" not in one])  # who else is here
    assert told[0] == told[1]
