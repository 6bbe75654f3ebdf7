"""Quantiles mean what they say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecasting.demand import intervals
from forecasting.demand.intervals import Residuals
from tests.load.percentages import likeliest_in_percent

PLAIN = intervals.uncalibrated()


def drawn(n=60_000, alpha=0.35, seed=5, wrong=1.0):
    rng = np.random.default_rng(seed)
    mean = rng.uniform(5, 80, n)
    units = rng.poisson(mean * wrong * rng.gamma(1 / alpha, alpha, n)).astype(float)
    return Residuals(
        units=units, mean=mean, promoted=rng.random(n) < 0.3, lag=rng.integers(1, 9, n)
    )


def test_overdispersion_is_found_again():
    residuals = drawn()
    assert intervals.overdispersion(residuals.units, residuals.mean) == pytest.approx(
        0.35, abs=0.03
    )


@pytest.mark.parametrize("wrong", [0.7, 1.0, 1.3])
def test_four_fifths_of_new_cells_fall_from_p10_to_p90_even_where_the_mean_was_off(wrong):
    calibration = intervals.calibrate(drawn(wrong=wrong))
    new = drawn(seed=6, wrong=wrong)
    low, high = calibration.quantiles(new.mean, new.promoted, new.lag, (0.1, 0.9))
    for side in (True, False):
        mine = new.promoted == side
        inside = (new.units >= low) & (new.units <= high)
        assert inside[mine].mean() == pytest.approx(0.8, abs=0.03)


@given(st.floats(0.05, 400), st.booleans(), st.integers(1, 52))
def test_quantiles_are_ordered_whole_and_not_negative(mean, promoted, lag):
    found = PLAIN.quantiles(
        np.array([mean]), np.array([promoted]), np.array([lag]), (0.1, 0.5, 0.9)
    )
    values = [float(f[0]) for f in found]
    assert values == sorted(values)
    assert all(v >= 0 and v == round(v) for v in values)


def test_nothing_expected_is_nothing_at_every_quantile():
    found = PLAIN.quantiles(np.zeros(1), np.zeros(1, bool), np.ones(1, int), (0.1, 0.5, 0.9))
    assert [float(f[0]) for f in found] == [0, 0, 0]


def test_a_group_with_few_cells_leans_on_all_others():
    many = drawn()
    few = Residuals(
        units=np.array([500.0]),
        mean=np.array([1.0]),
        promoted=np.array([True]),
        lag=np.array([1]),
    )
    one = intervals.calibrate(Residuals.together([many, few]))
    without = intervals.calibrate(many)
    np.testing.assert_allclose(one.levels, without.levels, atol=0.02)


def test_the_point_for_percentage_error_has_less_of_it_than_mean_and_median():
    rng = np.random.default_rng(2)
    mean = np.full(20_000, 30.0)
    alpha = 0.25
    units = np.maximum(rng.poisson(mean * rng.gamma(1 / alpha, alpha, 20_000)), 1).astype(float)
    promoted, lag = np.zeros(20_000, bool), np.full(20_000, 3)
    calibration = intervals.calibrate(
        Residuals(units=units, mean=mean, promoted=promoted, lag=lag)
    )
    point = likeliest_in_percent(calibration, mean, promoted, lag)
    (median,) = calibration.quantiles(mean, promoted, lag, (0.5,))

    def mape(forecast):
        return np.mean(np.abs(forecast - units) / units)

    assert mape(point) < mape(median) < mape(mean)
    best = min(mape(np.full(20_000, float(p))) for p in range(1, 60))
    assert mape(point) < 1.03 * best


@given(st.floats(0.2, 80), st.floats(0, 120))
def test_demand_is_at_least_what_was_sold(mean, sold):
    found = float(intervals.at_least(np.array([mean]), 0.4, np.array([sold]))[0])
    assert found >= sold
    assert found >= min(mean, sold + 3 * mean) - 1e-9


def test_a_calibration_survives_being_kept():
    kept = intervals.Calibration.from_json(intervals.calibrate(drawn()).as_json())
    np.testing.assert_allclose(kept.levels, intervals.calibrate(drawn()).levels, atol=1e-4)
    assert kept.cells.sum() > 0
