"""Tables of every page: numbers have their thousands set apart, days are days as people write them."""

import json
import re
import shutil

import pandas as pd
import pytest
import streamlit as st

from tests import crawling
from tests.app.test_pages import opened

BEHIND = {
    "meeting": [{"step": s} for s in ("total", "disagreements", "calendar", "outlook", "sign")],
    "review": [{"step": s} for s in ("card", "causes", "policy", "outlook", "decide")],
    "scorecard": [{"view": v} for v in ("lead", "results")],
    "buyplan": [{"view": v} for v in ("book", "late", "money", "calendar")],
    "consensus": [{"level": "sku", "layer": "draft"}],
}
"""What stands behind a page's own choices."""
VISITS = [(p.url, more) for p in crawling.pages() for more in [{}, *BEHIND.get(p.url, [])]]
ISO = re.compile(r"\d{4}-\d\d-\d\d")
NAMES = {"data", "history"}
"""Pages that name things by what the files call them."""


@pytest.fixture(scope="module")
def served(played, tmp_path_factory):
    path = shutil.copy(played, tmp_path_factory.mktemp("tables") / "app.duckdb")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONCORD_DB", str(path))
        yield path
        st.cache_resource.clear()


def bare(table: pd.DataFrame, columns: dict[str, dict], *, is_written: bool) -> list[str]:
    """Columns that are shown as the machine has them; cells of a table may be written for it."""
    found = []
    for name in table.columns:
        mine = columns.get(str(name)) or {}
        how = (mine.get("type_config") or {}).get("format")
        values = table[name]
        if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
            whole = (values.dropna() % 1 == 0).all()
            if not how and not is_written and (not whole or values.abs().max() >= 1000):
                found.append(f"{name}: {values.abs().max()}")
        elif pd.api.types.is_datetime64_any_dtype(values):
            if not how:
                found.append(f"{name}: a day without a form")
        elif any(ISO.search(str(one)) for one in values.dropna().head(50)) and not how:
            found.append(f"{name}: {values.dropna().iloc[0]}")
    return found


@pytest.mark.parametrize(
    ("url", "more"), VISITS, ids=[f"{u} {' '.join(m.values())}".strip() for u, m in VISITS]
)
def test_no_table_shows_a_number_or_a_day_as_the_machine_has_it(served, url, more):
    app = opened(url, "dana", **more)
    assert not app.exception
    wrong = [
        line
        for one in app.dataframe
        for line in bare(
            one.value.reset_index(drop=True),
            json.loads(one.proto.columns or "{}"),
            is_written=bool(one.proto.arrow_data.styler.display_values),
        )
        if not (url in NAMES and ISO.search(line))
    ]
    assert wrong == []
