"""Levels: each door by itself, or the doors of a SKU together; held-out weeks choose."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.tsa.holtwinters import SimpleExpSmoothing

from forecasting.calendar import weeks_from
from forecasting.demand import lift, model
from forecasting.demand.baseline import PACES, Evidence, Pace
from tests.company import no_items, panel_of


def told(units, sku_of, prior):
    """Full weeks that all say the same."""
    return Evidence(
        sold=units, counted=np.ones(units.shape), prior=prior, sku_of=sku_of, overdispersion=0.0
    )


def test_levels_of_doors_that_move_together_add_up_to_simple_smoothing_of_their_sku():
    rng = np.random.default_rng(8)
    units = rng.poisson([[3.0], [9.0], [20.0]], (3, 400)).astype(float)
    sku_of = np.array([0, 0, 1])
    levels = told(units, sku_of, units.mean(axis=1)).level(Pace(0.11, together=True))
    total = units[:2].sum(axis=0)
    theirs = SimpleExpSmoothing(
        total, initialization_method="known", initial_level=total[0]
    ).fit(smoothing_level=0.11, optimized=False)
    assert levels[:2, -1].sum() == pytest.approx(theirs.forecast(1)[0], rel=1e-9)
    alone = told(units, sku_of, units.mean(axis=1)).level(Pace(0.11))
    np.testing.assert_allclose(levels[2], alone[2], rtol=1e-12)


def test_doors_keep_their_shares_when_their_sku_doubles():
    units = np.tile([[2.0], [6.0]], 120)
    units[:, 100:] *= 2
    levels = told(units, np.zeros(2, int), units[:, 0]).level(Pace(0.17, together=True))
    np.testing.assert_allclose(levels[1], 3 * levels[0], rtol=1e-6)
    assert levels[0, -1] == pytest.approx(4, rel=0.03)


def test_a_door_that_hardly_sells_leans_on_what_is_typical_and_one_that_sells_does_not():
    rng = np.random.default_rng(9)
    true = np.array([0.3, 0.3, 0.3, 0.3, 40.0, 40, 10, 10])
    units = rng.poisson(true[:, None], (8, 60)).astype(float)
    units[0] = 0
    evidence = told(units, np.repeat([0, 1], 4), np.array([0.3] * 4 + [25.0] * 4))
    alone, together = (evidence.level(Pace(0.02, t))[:, -1] for t in (False, True))
    assert 2 * alone[0] < together[0] < 0.5 * together[1:4].mean()
    np.testing.assert_allclose(together[4:], alone[4:], rtol=0.05)


def test_each_series_gets_the_level_of_its_own_pace():
    rng = np.random.default_rng(10)
    units = rng.poisson(5.0, (4, 50)).astype(float)
    evidence = told(units, np.array([0, 0, 1, 1]), np.full(4, 5.0))
    chosen = np.array([0, len(PACES) - 1, 3, 3])
    found = evidence.levels(chosen)
    for row, position in enumerate(chosen):
        np.testing.assert_array_equal(found[row], evidence.level(PACES[position])[row])


def method_of(level, rng):
    """What is chosen for most series of a company of this level, SKU x door x week."""
    n_skus, n_doors, known = level.shape
    weeks = weeks_from(pd.Timestamp("2024-03-03").date(), known + 8)
    units = rng.poisson(level).reshape(-1, known).astype(float)
    doors = [f"D{d}" for d in range(n_doors)]
    names = [f"S{s:02}" for s in range(n_skus)]
    series = pd.DataFrame([(s, d) for s in names for d in doors], columns=["sku", "door"])
    built = panel_of(
        units,
        series,
        skus=pd.DataFrame({"sku": names, "class": "one"}),
        doors=doors,
        weeks=weeks,
    )
    none = lift.expose(no_items(), series, kinds=[], weeks=weeks)
    methods = model.fit(built, none, known=known).methods
    return max(methods, key=lambda method: method.series)


@pytest.mark.parametrize("together", [True, False])
def test_held_out_weeks_show_whether_doors_go_up_and_down_together(together):
    rng = np.random.default_rng(11)
    n_skus, n_doors, known = 40, 6, 104
    moves = rng.normal(0, 0.12, (n_skus, 1 if together else n_doors, known)).cumsum(axis=2)
    level = rng.lognormal(1.0, 0.3, (n_skus, n_doors, 1)) * np.exp(moves - moves[:, :, :1])
    most = method_of(np.clip(level, 0.2, 60), rng)
    assert most.pace.together is together
    assert ("at all doors of a SKU together" in most.in_words) is together


def test_doors_go_together_where_that_is_a_little_better_than_each_by_itself():
    rng = np.random.default_rng(12)
    moves = rng.normal(0, 0.015, (40, 1, 104)).cumsum(axis=2)
    level = rng.lognormal(2.8, 0.3, (40, 6, 1)) * np.exp(moves - moves[:, :, :1])
    most = method_of(np.clip(level, 0.2, 60), rng)
    assert most.pace == Pace(0.07, together=True)
    assert 0.99 < most.error / most.error_plain < 1
