"""Scoring of a replay: worked by hand, and each cell once."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecasting.inventory.replay import (
    cells_of,
    compared_with_actuals,
    saved_by,
    score,
    scored,
)


def rows(**columns):
    base = {"as_of": pd.Timestamp("2026-01-04"), "units_lost": 0.0, "units_short": 1.0}
    return pd.DataFrame({**base, **columns})


def test_scores_are_those_worked_out_by_hand():
    p = np.array([0.9, 0.8, 0.2, 0.1])
    flagged, out = p > 0.3, np.array([True, False, True, False])
    scores = score(p, flagged, out, np.array([6.0, 0, 2, 0]))
    assert scores.base_rate == 0.5
    assert scores.recall == 0.5
    assert scores.precision == 0.5
    assert scores.brier == pytest.approx((0.01 + 0.64 + 0.64 + 0.01) / 4)
    assert scores.skill == pytest.approx(1 - 0.325 / 0.25)
    assert scores.auc == pytest.approx(3 / 4)
    assert scores.lost_in_red == 0.75
    assert scores.calibration["cells"].tolist() == [0, 1, 1, 0, 0, 0, 0, 0, 1, 1]


def test_what_cannot_be_divided_is_null_not_zero():
    scores = score(np.array([0.2]), np.array([False]), np.array([False]), np.array([0.0]))
    assert scores.as_dict()["recall"] is None
    assert scores.as_dict()["precision"] is None
    assert scores.as_dict()["skill"] is None


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=2, max_size=60))
def test_always_saying_the_base_rate_has_no_skill(cells):
    out = np.array([o for _, o in cells])
    if out.all() or not out.any():
        return
    p = np.full(len(out), out.mean())
    scores = score(p, p > 0.3, out, np.zeros(len(out)))
    assert scores.skill == pytest.approx(0, abs=1e-9)
    assert scores.auc == pytest.approx(0.5)


def test_a_cell_of_two_activations_counts_once_and_an_unknown_one_not_at_all():
    week = pd.Timestamp("2026-02-15")
    frame = rows(
        activation=["A", "B", "A"], sku=["S", "S", "T"], door=["D"] * 3, week=[week] * 3,
        flagged=[False, True, True], status=["green", "red", "red"],
        p_stockout=[0.2, 0.6, 0.9], p_window=[0.2, 0.6, 0.9],
        stocked_out=pd.array([True, True, pd.NA], dtype="boolean"),
    )  # fmt: skip
    cells = cells_of(frame)
    assert len(cells) == 1
    assert cells["p"].iloc[0] == 0.6
    assert scored(cells).recall == 1.0


WEEK = pd.Timedelta(7, "D")
FIRST = pd.Timestamp("2026-01-04")


def past(*, lost, on_hand, sold=5.0, door="A"):
    """One SKU at one door, week by week from the first week of the activation."""
    weeks = [FIRST + i * WEEK for i in range(len(lost))]
    return pd.DataFrame(
        {"sku": "S", "door": door, "week": weeks, "units": sold, "units_lost": lost,
         "on_hand": on_hand}
    )  # fmt: skip


def cut(*shares, activation="X"):
    """A smaller lift of one SKU at one door: what it takes of each week's demand."""
    return pd.DataFrame(
        {"activation": activation, "sku": "S", "door": "A", "kept": 0.5, "cut": shares,
         "week": [FIRST + i * WEEK for i in range(len(shares))], "unit_margin": 5.0}
    )  # fmt: skip


NO_CUTS = cut().assign(prevented=0.0, given_up=0.0)
NO_MOVES = pd.DataFrame(columns=["activation", "sku", "door", "arrives"])


def moved(*, units, leaves=-2, arrives=0, origin="B", cost=10.0):
    return {
        "activation": "X", "sku": "S", "door": "A", "origin": origin, "receipt": "",
        "units": float(units), "leaves": FIRST + leaves * WEEK,
        "arrives": FIRST + arrives * WEEK, "cost": cost, "unit_margin": 5.0,
    }  # fmt: skip


def judged(moves, *happened, n_weeks=3):
    rows = pd.DataFrame({"activation": "X", "week": [FIRST + i * WEEK for i in range(n_weeks)]})
    return compared_with_actuals(pd.DataFrame(moves), cut(), pd.concat(happened), rows)[0]


def test_a_move_saves_what_was_lost_after_it_arrived_and_no_more_than_was_moved():
    taker = past(lost=[4.0, 6.0, 6.0], on_hand=[0.0, 0.0, 0.0])
    giver = past(lost=[0.0] * 3, on_hand=[30.0, 25.0, 20.0], door="B")
    (early,) = judged([moved(units=7)], taker, giver)["saved"]
    (late,) = judged([moved(units=20, arrives=1)], taker, giver)["saved"]
    assert (early, late) == (7.0, 12.0)


def test_a_lost_unit_is_saved_once_however_many_moves_there_are():
    taker = past(lost=[4.0, 6.0, 0.0], on_hand=[0.0, 0.0, 3.0])
    giver = past(lost=[0.0] * 3, on_hand=[90.0] * 3, door="B")
    found = judged([moved(units=8), moved(units=8)], taker, giver)
    assert found["saved"].tolist() == [8.0, 2.0]
    assert saved_by(found, NO_CUTS).units == 10
    assert saved_by(found, NO_CUTS).net == 10 * 5 - 20


def test_what_the_giver_would_have_lacked_counts_against_it():
    taker = past(lost=[9.0, 0.0, 0.0], on_hand=[0.0, 5.0, 5.0])
    giver = past(lost=[0.0, 0.0, 0.0], on_hand=[8.0, 2.0, 6.0], door="B")
    found = judged([moved(units=9, leaves=0)], taker, giver)
    assert found["saved"].tolist() == [9.0]
    assert found["lacked"].tolist() == [7.0]
    assert saved_by(found, NO_CUTS).units == 2


def test_an_order_that_comes_earlier_saves_only_until_it_would_have_come_anyway():
    door = past(lost=[3.0, 4.0, 5.0], on_hand=[0.0, 1.0, 0.0])
    (line,) = judged([moved(units=50, origin="", leaves=2, arrives=0)], door).to_dict("records")
    assert line["saved"] == 7
    assert line["lacked"] == 7  # its last week then begins without them, and ended empty


def test_without_a_move_nothing_is_saved():
    empty = pd.DataFrame([moved(units=1)]).iloc[:0]
    rows = pd.DataFrame({"activation": ["X"], "week": [FIRST]})
    held, _ = compared_with_actuals(empty, cut(), past(lost=[3.0], on_hand=[0.0]), rows)
    found = saved_by(held, NO_CUTS)
    assert (found.moves, found.units, found.margin, found.cost) == (0, 0.0, 0.0, 0.0)


def prevented(cuts, moves, *happened):
    rows = pd.DataFrame({"activation": "X", "week": [FIRST + i * WEEK for i in range(3)]})
    return compared_with_actuals(moves, cuts, pd.concat(happened), rows)[1]


def test_a_smaller_lift_prevents_what_it_would_not_have_asked_for_and_gives_up_the_rest():
    """5 sold and 5 lost, of which 30% would not have come; 5 sold and 1 lost, 50%."""
    door = past(lost=[5.0, 1.0, 0.0], on_hand=[0.0, 0.0, 4.0])
    found = prevented(cut(0.3, 0.5, 0.2), NO_MOVES, door)
    assert found["prevented"].tolist() == pytest.approx([3.0, 1.0, 0.0])
    assert found["given_up"].tolist() == pytest.approx([0.0, 2.0, 1.0])
    summed = saved_by(judged([moved(units=1)], door).iloc[:0], found)
    assert (summed.cuts, summed.moves) == (1, 0)
    assert summed.not_short == pytest.approx(4)
    assert summed.margin == pytest.approx(-3 * 5)


def test_a_lost_unit_that_was_moved_or_cut_before_is_not_prevented_again():
    taker = past(lost=[4.0, 0.0, 0.0], on_hand=[0.0, 3.0, 3.0])
    giver = past(lost=[0.0] * 3, on_hand=[90.0] * 3, door="B")
    both = pd.concat([cut(0.3), cut(0.3)], ignore_index=True)
    found = prevented(both, pd.DataFrame([moved(units=1)]), taker, giver)
    assert found["prevented"].tolist() == pytest.approx([2.7, 0.3])  # 4 lost, 1 of them moved


def test_a_week_of_which_nothing_is_known_prevents_nothing():
    found = prevented(cut(0.3, 0.3), NO_MOVES, past(lost=[np.nan], on_hand=[0.0]))
    assert found["prevented"].tolist() == [0.0, 0.0]
    assert found["given_up"].tolist() == pytest.approx([1.5, 0.0])
