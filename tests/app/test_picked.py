"""What the browser sends becomes a place in what is shown, or nothing."""

import ast
import math
import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from pages.components import picked

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=12,
)
WIDGET = st.fixed_dictionaries({"selection": ANYTHING}) | st.fixed_dictionaries(
    {
        "selection": st.fixed_dictionaries(
            {"rows": ANYTHING, "cells": ANYTHING, "pick": ANYTHING}
        )
    }
)
NODES, WEEKS = ["Coats", "Shirts"], ["W43 Nov 22", "W44 Nov 29"]


@given(given=ANYTHING, count=st.integers(0, 5))
def test_a_place_is_inside_or_none(given, count):
    at = picked.place(given, count)
    assert at is None or 0 <= at < count


def test_a_row_below_zero_is_not_counted_from_the_end():
    assert picked.place(-1, 3) is None
    assert picked.place("-1", 3) is None
    assert picked.place("²", 3) is None
    assert picked.place(True, 3) is None
    assert picked.place("2", 3) == picked.place(2, 3) == 2


@given(event=ANYTHING | WIDGET, count=st.integers(0, 5))
def test_whatever_a_widget_holds_a_choice_is_one_of_what_is_shown(event, count):
    row = picked.row(event, count)
    assert row is None or 0 <= row < count
    cell = picked.cell(event, count, WEEKS)
    assert cell is None or (0 <= cell[0] < count and cell[1] in WEEKS)
    assert isinstance(picked.point(event, "pick", "activation"), str | None)


@given(
    state=ANYTHING
    | st.fixed_dictionaries(
        {
            "edited_rows": ANYTHING
            | st.dictionaries(
                st.integers(-3, 3) | st.text(),
                ANYTHING | st.dictionaries(st.sampled_from(WEEKS), ANYTHING),
            )
        }
    )
)
def test_whatever_is_typed_is_a_number_or_a_blank_in_a_row_that_is_shown(state):
    for node, column, value in picked.typed(state, NODES, WEEKS):
        assert node in NODES
        assert column in WEEKS
        assert value is None or math.isfinite(float(value))
    if picked.fits(state, NODES, WEEKS) and state is not None:
        rows = state["edited_rows"]
        assert all(picked.place(row, len(NODES)) is not None for row in rows if rows[row])


def test_what_is_typed_reaches_its_row_under_either_kind_of_key():
    state = {"edited_rows": {0: {WEEKS[0]: 5.0}, "1": {WEEKS[1]: None}, "-1": {WEEKS[0]: 9.0}}}
    assert list(picked.typed(state, NODES, WEEKS)) == [
        ("Coats", WEEKS[0], 5.0), ("Shirts", WEEKS[1], None)
    ]  # fmt: skip


@given(given=ANYTHING)
def test_a_file_that_was_sent_stays_in_its_folder(given, tmp_path_factory):
    name = picked.file_name(given)
    folder = tmp_path_factory.getbasetemp()
    assert (folder / name).resolve().parent == folder.resolve()
    assert len(name.encode()) <= 255  # what a file system takes
    assert picked.file_name(f"../../etc/{name}") == name


def test_a_file_keeps_the_name_of_its_table():
    assert picked.file_name("C:\\exports\\sales.csv") == "sales.csv"
    assert picked.file_name("..") == "file"


def test_pages_take_a_selection_only_through_this():
    """What a widget says was picked is an index nowhere else."""
    root = Path(__file__).parents[2]
    for path in (root / "pages").rglob("*.py"):
        if path.name == "picked.py":
            continue
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\w\.selection\b(?!_)|\[.selection.\]|edited_rows", text), path
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Attribute) and node.attr == "query_params":
                # Each only compares what the link says with what there is; a saved view is a
                # link, which is opened again or kept.
                assert path.stem in {
                    "frame",
                    "big_screen",
                    "why",
                    "activations",
                    "meeting",
                    "data",
                    "proposals",
                    "saved",
                }, path


def test_ticks_and_numbers_of_a_table_fit_it_and_nothing_else_does():
    kinds = {"Approve": bool, "Units": float}
    good = [None, {"edited_rows": {}}, {"edited_rows": {0: {"Approve": True, "Units": 5}}},
            {"edited_rows": {"1": {"Units": None}}}]  # fmt: skip
    assert all(picked.fits_kinds(state, 2, kinds) for state in good)
    wrong = [{2: {"Units": 1}}, {-1: {"Units": 1}}, {0: {"Units": True}}, {0: {"Approve": 1}},
             {0: {"Units": "x"}}, {0: {"SKU": "x"}}, {0: {"Units": float("nan")}}, {0: 5}]  # fmt: skip
    assert not any(picked.fits_kinds({"edited_rows": rows}, 2, kinds) for rows in wrong)
    assert not picked.fits_kinds({"edited_rows": {}, "added_rows": [1]}, 2, kinds)
    assert not picked.fits_kinds({"edited_rows": {}, "deleted_rows": [0]}, 2, kinds)


def test_of_chosen_rows_those_count_that_a_table_has():
    event = {"selection": {"rows": [1, 1, 5, -1, "0", None, True]}}
    assert picked.rows(event, 3) == [1, 0]
    assert picked.rows({"selection": {"rows": "all"}}, 3) == []
    assert picked.rows(None, 3) == []
