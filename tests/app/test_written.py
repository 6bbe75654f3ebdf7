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


def test_numbers_beside_amounts_are_written_as_whole_numbers_are():
    """'2.000000' stood in the table of moves."""
    _, columns = written.shown(
        pd.DataFrame({"Units": [2.0, 12.0], "Cost": [0.0, 4.0]}), {"Cost": written.money()}
    )
    assert columns["Units"]["type_config"]["format"] == "localized"


def test_a_change_of_an_amount_says_more_or_less():
    made, _ = written.shown(
        pd.DataFrame({"A": [508.0, -18.0, 0.2, float("nan")]}), {"A": written.change()}
    )
    lines = made.hide(axis="index").to_string(delimiter="|").splitlines()[1:]
    assert lines == ["+$508", "-$18", "$0", "–"]


def test_a_table_is_tall_enough_for_its_lines_and_no_taller():
    lines = [written.height(rows, most=5) for rows in (0, 1, 5, 6)]
    assert lines[0] == lines[1] < lines[2] == lines[3]
    assert (lines[2] - lines[1]) % 4 == 0  # whole lines


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
            called = ast.unparse(node.func)
            part = ast.unparse(node) if called.startswith("st.") else ""
            own = called in ("st.dataframe", "st.data_editor") and "written.money(" in part
            signed = called.endswith("NumberColumn") and ("$" in part or "currency" in part)
            euro = 'format="dollar"' in part or 'format="euro"' in part
            if (own or signed or euro) and path.name != "written.py":
                strays.append(f"{path.name}:{node.lineno}")
    assert strays == []
