"""Tables write amounts as the company writes money, below zero as well."""

import ast
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from forecasting import conventions
from forecasting.conventions import US, Numbers, Place
from pages.components import written

PAGES = Path(__file__).parents[2] / "pages"


def shown(values: list[float]) -> list[str]:
    """What the browser is told to show of a column of amounts."""
    made, _ = written.shown(pd.DataFrame({"A": values}), {"A": written.money("Amount")})
    lines = made.hide(axis="index").to_string(delimiter="|").splitlines()
    return lines[1:]


@pytest.fixture(autouse=True)
def as_it_was():
    yield
    conventions.keep(US)


def test_the_minus_stands_before_the_sign_of_the_currency():
    assert shown([-568256.4, 1234.0, -0.2, float("nan")]) == ["-$568,256", "$1,234", "$0", "–"]


def test_another_company_reads_its_own_convention():
    conventions.keep(replace(US, currency="€", place=Place.AFTER, numbers=Numbers.COMMA))
    assert shown([-568256.4, 1234.0]) == ["-568.256\u00a0€", "1.234\u00a0€"]


def test_a_very_large_table_shows_amounts_without_sign_rather_than_wrongly():
    frame = pd.DataFrame({"A": [-1.0] * (written.MOST_CELLS + 1)})
    made, config = written.shown(frame, {"A": written.money()})
    assert made is frame
    assert config["A"]["type_config"]["format"] == "%,.0f"


def test_no_page_draws_amounts_but_through_the_one_place_that_writes_them():
    strays = []
    for path in sorted(PAGES.rglob("*.py")):
        text = path.read_text()
        for node in ast.walk(ast.parse(text)):
            if not isinstance(node, ast.Call):
                continue
            called, part = ast.unparse(node.func), ast.get_source_segment(text, node) or ""
            own = called in ("st.dataframe", "st.data_editor") and "written.money(" in part
            signed = called.endswith("NumberColumn") and ("$" in part or "currency" in part)
            euro = 'format="dollar"' in part or 'format="euro"' in part
            if (own or signed or euro) and path.name != "written.py":
                strays.append(f"{path.name}:{node.lineno}")
    assert strays == []
