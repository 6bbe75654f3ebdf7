"""Risk in closed form against simulation, bounds and monotony."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecasting.inventory.projection import routine
from forecasting.inventory.risk import assess

SHARED_SD = 0.1


def simulate(
    opening, receipts, demand, *, lift_sd, alpha, first, last, paths=40_000, seed=3, usual=None
):
    """The oracle: whole worlds with one lift error each, negative binomial weeks."""
    rng = np.random.default_rng(seed)
    n_weeks = demand.shape[1]
    shared = np.sqrt(SHARED_SD**2 + lift_sd**2)
    z = rng.standard_normal(paths)[:, None]
    mean = demand[0] * np.exp(z * shared - 0.5 * shared**2)
    drawn = rng.poisson(mean * rng.gamma(1 / alpha, alpha, (paths, n_weeks)))
    stock = np.full(paths, float(opening[0]))
    short = np.zeros((paths, n_weeks))
    arriving = np.tile(receipts[0].astype(float), (paths, 1))
    for t in range(n_weeks):
        due = n_weeks if usual is None else t + usual.lead_time
        if due < n_weeks and (due - usual.first) % usual.every == 0:
            position = stock + arriving[:, t : due + 1].sum(axis=1)
            arriving[:, due] += np.maximum(usual.aim[0, t] - position, 0)
        available = stock + arriving[:, t]
        short[:, t] = np.maximum(drawn[:, t] - available, 0)
        stock = np.maximum(available - drawn[:, t], 0)
    out = short[:, first : last + 1] > 0
    return (short > 0).mean(axis=0), out.any(axis=1).mean(), short.mean(axis=0)


@pytest.mark.parametrize("opening", [250.0, 420.0, 600.0])
@pytest.mark.parametrize("lift_sd", [0.05, 0.35])
def test_closed_form_agrees_with_simulation(opening, lift_sd):
    stock = np.array([opening])
    receipts = np.array([[0.0, 0, 100, 0, 0, 0]])
    demand = np.array([[80.0, 80, 160, 160, 80, 80]])
    spread = np.array([0, 0, lift_sd, lift_sd, 0, 0])
    risk = assess(stock, receipts, demand, lift_sd=spread, alpha=0.08)
    p, any_p, short = simulate(
        stock, receipts, demand, lift_sd=spread, alpha=0.08, first=2, last=3
    )
    np.testing.assert_allclose(risk.p_stockout[0], p, atol=0.05)
    assert risk.p_any(2, 3)[0] == pytest.approx(any_p, abs=0.05)
    np.testing.assert_allclose(risk.units_short[0].sum(), short.sum(), atol=0.04 * demand.sum())


@pytest.mark.parametrize("opening", [300.0, 420.0, 600.0])
@pytest.mark.parametrize("cover", [1.0, 3.0])
@pytest.mark.parametrize(("every", "first"), [(1, 0), (2, 1), (3, 1)])
def test_replenishment_that_sees_what_each_world_sold_agrees_with_simulation(
    opening, cover, every, first
):
    stock, none = np.array([opening]), np.zeros((1, 10))
    demand = np.full((1, 10), 80.0)
    demand[0, [2, 7]] = 180.0
    spread = np.array([0, 0, 0.3, 0, 0, 0, 0, 0.3, 0, 0])
    usual = routine(
        np.full((1, 10), 80.0), cover=np.array([cover]), lead_time=3, every=every, first=first
    )
    given = {"lift_sd": spread, "alpha": 0.1, "usual": usual}
    risk = assess(stock, none, demand, **given, level_sd=SHARED_SD)
    p, any_p, short = simulate(stock, none, demand, **given, first=7, last=8)
    np.testing.assert_allclose(risk.p_stockout[0], p, atol=0.12)
    assert risk.p_any(7, 8)[0] == pytest.approx(any_p, abs=0.1)
    np.testing.assert_allclose(risk.units_short[0].sum(), short.sum(), atol=0.04 * demand.sum())


@pytest.mark.parametrize(
    ("mean", "opening"), [(0.5, 1), (0.5, 2), (0.5, 4), (1.5, 3), (1.5, 9), (4, 16), (12, 50)]
)
def test_few_units_are_judged_as_counts_not_as_a_smooth_quantity(mean, opening):
    stock, none = np.array([float(opening)]), np.zeros((1, 5))
    demand, spread = np.full((1, 5), float(mean)), np.array([0, 0, 0.3, 0.3, 0])
    risk = assess(stock, none, demand, lift_sd=spread, alpha=0.2)
    _, any_p, short = simulate(stock, none, demand, lift_sd=spread, alpha=0.2, first=2, last=3)
    assert risk.p_any(2, 3)[0] == pytest.approx(any_p, abs=0.07)
    assert risk.units_short[0].sum() == pytest.approx(short.sum(), abs=0.07 * demand.sum())


@pytest.mark.parametrize("mean", [2.0, 6.0, 40.0])
@pytest.mark.parametrize("lead", [2, 3])
def test_doubt_of_stock_that_is_filled_up_is_that_of_a_lead_time_not_of_one_week(mean, lead):
    """What is ordered makes up for the last week; what sells until it comes is still open."""
    none, demand = np.zeros((1, 10)), np.full((1, 10), mean)
    demand[0, [2, 7]] = 2.2 * mean
    spread = np.zeros(10)
    spread[[2, 7]] = 0.3
    usual = routine(np.full((1, 10), mean), cover=np.array([2.0]), lead_time=lead)
    opening = np.array([round(5.0 * mean)], dtype=float)
    given = {"lift_sd": spread, "alpha": 0.3, "usual": usual}
    risk = assess(opening, none, demand, **given, level_sd=SHARED_SD)
    p, any_p, _ = simulate(opening, none, demand, **given, first=7, last=8)
    assert risk.p_any(7, 8)[0] == pytest.approx(any_p, abs=0.025)
    np.testing.assert_allclose(risk.p_stockout[0], p, atol=0.06)


def test_certain_cover_and_certain_shortage_are_told_apart():
    demand = np.full((2, 4), 50.0)
    none = np.zeros((2, 4))
    risk = assess(np.array([2_000.0, 0.0]), none, demand, lift_sd=np.zeros(4), alpha=0.2)
    any_p = risk.p_any(0, 3)
    assert any_p[0] < 0.001
    assert any_p[1] > 0.999
    assert risk.units_short[1].sum() == pytest.approx(200, rel=0.05)


@given(
    st.floats(0, 400),
    st.floats(1, 120),
    st.floats(0, 0.6),
    st.floats(0.01, 1.0),
    st.floats(1, 200),
)
def test_probabilities_stay_in_bounds_and_fall_with_stock(stock, mean, sd, alpha, more):
    demand, none = np.full((2, 5), mean), np.zeros((2, 5))
    opening = np.array([stock, stock + more])
    risk = assess(opening, none, demand, lift_sd=np.full(5, sd), alpha=alpha)
    any_p = risk.p_any(1, 3)
    assert ((risk.p_stockout >= 0) & (risk.p_stockout <= 1)).all()
    assert any_p[1] <= any_p[0] + 1e-6
    total = risk.units_short.sum(axis=1)
    assert total[1] <= total[0] + 1e-6
    assert (total >= np.maximum(5 * mean - opening, 0) - 1e-6 * mean - 1e-6).all()


def test_a_shared_lift_error_does_not_average_out_over_weeks():
    opening, none = np.array([900.0]), np.zeros((1, 4))
    demand = np.full((1, 4), 200.0)
    shared = assess(opening, none, demand, lift_sd=np.full(4, 0.4), alpha=0.02)
    sure = assess(opening, none, demand, lift_sd=np.zeros(4), alpha=0.02)
    assert shared.p_any(0, 3)[0] > sure.p_any(0, 3)[0] + 0.05
