"""Scoring of a replay: worked by hand, and each cell once."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecasting.inventory.replay import cells_of, score, scored


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
