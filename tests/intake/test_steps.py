"""A level that has changed for good is named; season, offers and empty shelves are none."""

import datetime as dt

import pandas as pd
import pytest

from forecasting.intake.evidence import odd_selling
from tests.company import imported
from tests.odd import activation, company, item, sku, sold, week

NAMES = ("CUP", "TRAY", "LID", "BOX")
DOORS = ("HIGH ST", "MILL", "QUAY")


def made(units, **other) -> dict[str, pd.DataFrame]:
    """Four SKUs of one class at three doors, 110 weeks; `units(back, sku, door)`, None: no row."""
    cells = [(s, d) for s in NAMES for d in DOORS]
    rows = [
        sold(back, s, d, units(back, s, d))
        for back in range(110) for s, d in cells if units(back, s, d) is not None
    ]  # fmt: skip
    usual = {
        "doors": [{"door": d, "kind": "store"} for d in DOORS],
        "skus": [sku(s) for s in NAMES],
        "ranging": [{"sku": s, "door": d, "from": None, "to": None} for s, d in cells],
        "sales": rows,
    }
    return company(**usual | other)


def steps(tables) -> dict[str, dict]:
    """What is listed of steps, by kind and subject."""
    space = imported(tables)
    try:
        rows = odd_selling(space.store)
    finally:
        space.close()
    return {
        f"{r['kind']} {r['subject'].partition(' since ')[0]}": r
        for r in rows if r["kind"].startswith("step_")
    }  # fmt: skip


def of_sku(name, since, times):
    return lambda back, s, _d: 20.0 * (times if s == name and back < since else 1)


STEPS = [
    # key, words that the example must hold, weight, units
    ("step_of_skus CUP", ("18 units a week", "60 before"), 13 * 42, of_sku("CUP", 8, 0.3)),
    ("step_of_skus BOX", ("180 units a week", "60 before"), 13 * 120, of_sku("BOX", 20, 3.0)),
    ("step_of_doors MILL", ("8 units a week", "80 before"), 13 * 72, lambda b, _s, d: 2.0 if d == "MILL" and b < 5 else 20.0),
    ("step_of_doors QUAY", ("200 units a week", "80 before"), 13 * 120, lambda b, _s, d: 50.0 if d == "QUAY" and b < 13 else 20.0),
    ("step_of_company all doors", ("500 units a week", "240 before"), 13 * 260, lambda b, _s, _d: 500 / 12 if b < 9 else 20.0),
    ("step_of_company all doors", ("48 units a week", "240 before"), 13 * 192, lambda b, _s, _d: 4.0 if b < 25 else 20.0),
]  # fmt: skip


@pytest.mark.parametrize(("key", "words", "weight", "units"), STEPS, ids=[s[0] for s in STEPS])
def test_a_level_that_changed_for_good_is_named_once_with_both_levels(
    key, words, weight, units
):
    found = steps(made(units))
    assert set(found) == {key}
    row = found[key]
    assert all(word in row["example"] for word in words)
    assert row["weight"] == pytest.approx(weight, rel=0.02)
    assert row["assumed"]
    assert row["todo"]


def test_it_says_since_when():
    (row,) = steps(made(of_sku("CUP", 8, 0.3))).values()
    assert "in the 8 weeks since the week of Sep 27, 2026" in row["example"]
    assert row["subject"] == f"CUP since {week(7)}"
    assert row["touches"] == {"sku/CUP"}


SAME = {
    "a season that comes every year": lambda b, _s, _d: 60.0 if b < 6 or 52 <= b < 58 else 20.0,
    "a season of the class": lambda b, _s, _d: 20.0 + 6 * max(0, 10 - b),
    "three weeks are no level yet": of_sku("CUP", 3, 0.2),
    "one SKU grew slowly": lambda b, s, _d: 20.0 + (0.2 * (100 - b) if s == "CUP" else 0),
    "a door that did not tell": lambda b, _s, d: None if d == "MILL" and b < 8 else 20.0,
}


@pytest.mark.parametrize("units", SAME.values(), ids=SAME)
def test_what_is_season_noise_or_silence_is_no_step(units):
    every_year = made(units)
    assert not [key for key in steps(every_year) if "step_of_skus" in key or "MILL" in key]


def test_weeks_of_an_activation_an_empty_shelf_or_out_of_range_are_no_step():
    shown = activation("LONG", 8, end=week(0))
    of_cup = of_sku("CUP", 9, 3.0)
    assert steps(made(of_cup, activations=[shown], activation_items=[item("LONG")])) == {}
    bare = [
        {"date": week(back) + dt.timedelta(6), "sku": s, "door": d,
         "on_hand": 0.0 if s == "CUP" and back < 9 else 80.0}
        for back in range(40) for s in NAMES for d in DOORS
    ]  # fmt: skip
    assert steps(made(of_sku("CUP", 9, 0.1), inventory=bare)) == {}
    spans = [
        {"sku": s, "door": d, "from": None, "to": week(8) if (s, d) == ("CUP", "MILL") else None}
        for s in NAMES for d in DOORS
    ]  # fmt: skip
    gone = made(
        lambda b, s, d: None if (s, d) == ("CUP", "MILL") and b < 8 else 20.0, ranging=spans
    )
    assert steps(gone) == {}


def test_a_step_that_was_accepted_stays_so_in_the_weeks_after_it():
    def at(weeks_later):
        space = imported(made(of_sku("CUP", 6 + weeks_later, 0.3)))
        (one,) = [o for o in space.oddities.open("admin") if o.kind == "step_of_skus"]
        if not weeks_later:
            space.oddities.accept("admin", one.key, note="A rival opened next door")
            assert "step_of_skus" not in {o.kind for o in space.oddities.open("admin")}
        space.close()
        return one

    first, later = at(0), at(2)
    assert first.count == later.count == 1
    assert first.weight == pytest.approx(later.weight, rel=0.05)
