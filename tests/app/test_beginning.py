"""A company without any data: every page says what it will show, and whose turn it is."""

import re
from contextlib import closing

import pytest
import streamlit as st

from forecasting.rights import LOCAL_ADMIN
from forecasting.vocabulary import Function
from forecasting.workspace import Workspace
from tests import crawling
from tests.app.test_pages import opened, text_of


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    path = tmp_path_factory.mktemp("beginning") / "new.duckdb"
    with closing(Workspace(path, create=True)) as space:
        space.set_person(
            LOCAL_ADMIN.id, identity="mara", name="Mara Quill", function=Function.MARKETING
        )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONCORD_DB", str(path))
        yield
        st.cache_resource.clear()


@pytest.mark.parametrize("page", [page.url for page in crawling.pages()])
@pytest.mark.parametrize("who", [LOCAL_ADMIN.id, "mara"])
def test_no_page_of_a_new_company_is_blank_or_broken(empty, page, who):
    app = opened(page, who)
    assert not app.exception
    assert [title.value for title in app.title]
    assert text_of(app)


def test_whoever_can_begin_is_shown_where_and_whoever_cannot_is_told_whose_turn_it_is(empty):
    told = text_of(opened("bridge", "mara"))
    assert "Once there is one, this page shows which activations run out of stock" in told
    assert re.search(r"Local admin \(Admin\) does that", told)
    told = text_of(opened("bridge", LOCAL_ADMIN.id))
    assert "does that" not in told
    assert (
        told.index("Import SKUs") < told.index("Refresh the forecast") < told.index("Say who")
    )
