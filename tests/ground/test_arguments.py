"""The door: what a verb's annotations say is what it gets, or a sentence comes back."""

import datetime as dt
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.tables import BEYOND_ANY_RETAILER
from forecasting import taking
from forecasting.arguments import Between, Name, OneOf, Plain, is_checked, verb, verbs
from forecasting.consensus.events import Scope
from forecasting.errors import OutOfBounds

SUNDAY = dt.date(2026, 11, 1)


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    units: float
    worth: float = math.nan
    name: Name = ""


@verb
def takes(
    by: str,
    whole: int = 0,
    number: float = 0.0,
    yes: bool = False,
    day: dt.date | None = None,
    colour: Colour | str = Colour.RED,
    how: Annotated[Colour | str, OneOf(("red", "clear"))] = "red",
    name: Name = "",
    few: Annotated[int, Between(1, 5)] = 1,
    inner: Inner | None = None,
    many: Sequence[Inner] = (),
    pair: tuple[str, str] = ("", ""),
    kept: Mapping[str, Plain] | None = None,
) -> tuple:
    return (whole, number, yes, day, colour, how, name, few, inner, many, pair, kept)


FITS = [
    ("whole", 5, 5), ("whole", np.int64(5), 5), ("number", 5, 5), ("number", 2.5, 2.5),
    ("number", np.float64(2.5), 2.5), ("yes", np.bool_(True), True), ("day", SUNDAY, SUNDAY),
    ("day", None, None), ("colour", "red", Colour.RED), ("how", "clear", "clear"),
    ("how", Colour.RED, "red"), ("name", "Zoë 東京", "Zoë 東京"), ("few", 5, 5),
    ("inner", Inner(units=1.0), Inner(units=1.0)), ("pair", ("a", "b"), ("a", "b")),
    ("many", [Inner(units=1.0)], [Inner(units=1.0)]),
    ("kept", {"a": [1, "x", True, None, {"b": 0.5}]}, {"a": [1, "x", True, None, {"b": 0.5}]}),
]  # fmt: skip
NAMES = ("whole", "number", "yes", "day", "colour", "how", "name", "few", "inner", "many",
         "pair", "kept")  # fmt: skip


@pytest.mark.parametrize(("name", "value", "taken"), FITS)
def test_what_fits_is_taken_as_plain_python(name, value, taken):
    found = takes("dana", **{name: value})[NAMES.index(name)]
    assert found == taken
    assert type(found) is type(taken)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("by", None, "'by' has to be text; found nothing"),
        ("by", "a\x00", "'by' has to be text without control characters"),
        ("by", "\ud800", "text without control characters"),
        ("by", "x" * 10**7, "at most 20,000 characters"),
        ("whole", True, "'whole' has to be a whole number; found yes"),
        ("whole", 1.0, "a whole number; found the number 1.0"),
        ("whole", 10**400, "found a number beyond all bounds"),
        ("number", "5", "found the text '5'"),
        ("number", False, "found no"),
        ("number", math.nan, "found the number nan"),
        ("number", -math.inf, "found the number -inf"),
        ("number", 1e30, "from -10,000,000,000 to 10,000,000,000"),
        ("yes", 1, "yes or no; found the number 1"),
        ("day", dt.datetime(2026, 1, 1), "a day; found a moment"),
        ("day", "2026-01-01", "a day"),
        ("day", dt.date.max, "a day from 1990 to 2100; found the day 9999-12-31"),
        ("colour", "blue", "one of red; found the text 'blue'"),
        ("how", "blue", "one of red, clear"),
        ("name", "x" * 201, "at most 200 characters"),
        ("name", "two\nlines", "text without control characters"),
        ("few", 6, "a whole number from 1 to 5"),
        ("inner", Inner(units=math.nan), "'inner.units' has to be"),
        ("inner", Inner(units=1.0, worth=math.inf), "'inner.worth' has to be"),
        ("many", [Inner(units=1.0), Inner(units=True)], r"'many\[1\].units' has to be"),
        ("many", "abc", "a list; found the text 'abc'"),
        ("pair", ("a",), "2 values"),
        ("kept", {"a": object()}, "text, numbers, yes or no, days, or lists of them"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(name, value, text):
    with pytest.raises(OutOfBounds, match=text):
        takes(**{"by": "dana", name: value})


def test_a_list_within_lists_without_end_is_refused():
    deep: list = []
    for _ in range(5_000):
        deep = [deep]
    with pytest.raises(OutOfBounds, match="at most 8 lists"):
        takes("dana", kept={"a": deep})


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary()
    | st.dates() | st.datetimes() | st.decimals() | st.complex_numbers(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    max_leaves=8,
)  # fmt: skip


@given(name=st.sampled_from(("by", *NAMES)), value=ANYTHING)
def test_anything_is_taken_or_refused_in_a_short_sentence(name, value):
    try:
        takes(**{"by": "dana", name: value})
    except OutOfBounds as error:
        text = str(error)
        assert f"'{name}" in text
        assert len(text) < 500
        text.encode("utf-8")


def test_the_door_stands_before_public_methods_with_a_person_and_no_others():
    @verbs
    class Part:
        def act(self, by: str, number: float) -> tuple[str, float]:
            return by, number

        def read(self, number: float) -> float:
            return number

        def _inside(self, by: str) -> str:
            return by

    part = Part()
    assert is_checked(part.act)
    assert not is_checked(part.read)
    assert not is_checked(part._inside)
    assert part.act("dana", number=2.0) == ("dana", 2.0)
    with pytest.raises(OutOfBounds):
        part.act("dana", number="2")


def test_files_and_verbs_have_the_same_bounds():
    assert taking.LARGEST == BEYOND_ANY_RETAILER
    assert (taking.FIRST_DAY.year, taking.LAST_DAY.year) == (1990, 2100)


def test_the_door_costs_little_of_an_edit():
    """An edit may take two milliseconds; of these the door is a small part."""
    inner = Inner(units=1.0)
    takes("dana", inner=inner)
    began = time.perf_counter()
    for _ in range(1_000):
        takes("dana", whole=1, number=2.0, day=SUNDAY, colour="red", name="x", inner=inner)
    assert time.perf_counter() - began < 0.2  # 0.2 ms each, on the busiest machine


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"first_week": "2026-11-01"}, "a day as its first_week"),
        ({"first_week": dt.datetime(2026, 11, 1)}, "a day as its first_week; found a moment"),
        ({"product": 5}, "text as its product"),
        ({"activation": None}, "text as its activation"),
        ({"last_week": SUNDAY - dt.timedelta(7)}, "before its start"),
        ({"last_week": SUNDAY + dt.timedelta(8)}, "by their first days"),
        ({"first_week": dt.date.min}, "by their first days"),
    ],
)
def test_a_scope_cannot_be_made_of_nonsense(fields, text):
    with pytest.raises(OutOfBounds, match=text):
        Scope(**({"first_week": SUNDAY, "last_week": SUNDAY} | fields))


def test_a_scope_that_was_written_before_is_read_by_its_weeks():
    told = Scope(first_week=SUNDAY, last_week=SUNDAY).to_json()
    assert Scope.from_json(told.replace("2026-11-01", "2026-11-04")).first_week == SUNDAY
