"""The demand model: equal to statsmodels where it stands in for it, right where truth is known."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.tsa.holtwinters import SimpleExpSmoothing

from forecasting.calendar import weeks_from
from forecasting.demand import baseline, cleansing, intervals, lift
from forecasting.demand.accuracy import bias, coverage, wape

WEEKS = weeks_from(pd.Timestamp("2026-03-01").date(), 6)


def history(rows):
    return pd.DataFrame(rows, columns=["sku", "door", "week", "units", "in_stock", "on_hand"])


def panel(rows, weeks=WEEKS):
    return cleansing.build_panel(
        history(rows),
        pd.DataFrame({"sku": ["A"], "door": ["D"]}),
        pd.DataFrame({"sku": [], "door": [], "week": [], "regular_price": []}),
        skus=pd.DataFrame({"sku": ["A"], "class": ["c"]}),
        doors=["D"],
        weeks=weeks,
    )


def test_a_level_with_full_weeks_is_simple_exponential_smoothing():
    rng = np.random.default_rng(4)
    y = rng.poisson(20, 80).astype(float)
    ours = baseline.smooth_level(
        y[None, :], np.ones((1, 80)), alpha=np.array([0.2]), prior=y[:1], prior_weeks=1 / 0.2
    )[0]
    theirs = SimpleExpSmoothing(y, initialization_method="known", initial_level=y[0]).fit(
        smoothing_level=0.2, optimized=False
    )
    np.testing.assert_allclose(ours[:-1], theirs.fittedvalues, rtol=1e-10)
    assert ours[-1] == pytest.approx(theirs.forecast(1)[0])


def test_missing_weeks_leave_the_level_where_it_was():
    y = np.array([[10.0, 0, 0, 14]])
    seen = np.array([[1.0, 0, 0, 1]])
    levels = baseline.smooth_level(
        y, seen, alpha=np.array([0.3]), prior=np.array([10.0]), prior_weeks=5
    )
    assert levels[0, 1] == levels[0, 2] == levels[0, 3]


def test_a_week_half_on_the_shelf_is_half_a_week_of_evidence():
    y = np.array([[20.0] * 20 + [10.0] * 20])
    seen = np.array([[1.0] * 20 + [0.5] * 20])
    levels = baseline.smooth_level(
        y, seen, alpha=np.array([0.2]), prior=np.array([20.0]), prior_weeks=5
    )
    np.testing.assert_allclose(levels, 20.0)


def test_stockouts_are_censored_and_silence_with_stock_is_a_true_zero():
    rows = [
        ("A", "D", WEEKS[0], 5, 1.0, 9),
        ("A", "D", WEEKS[1], 3, 0.4, 0),      # on the shelf 40 % of the week
        ("A", "D", WEEKS[2], 0, 0.0, 0),      # never on the shelf: no evidence
        ("A", "D", WEEKS[3], np.nan, np.nan, 7),  # no sale, but stock: a true zero
        ("A", "D", WEEKS[4], 4, np.nan, 0),   # ended empty, nobody knows when
    ]  # fmt: skip
    built = panel(rows)
    np.testing.assert_allclose(built.exposure[0], [1, 0.4, 0, 1, 1, 0])
    np.testing.assert_allclose(built.units[0], [5, 3, 0, 0, 4, 0])
    assert built.sold_out[0].tolist() == [False, False, False, False, True, False]


def test_returns_do_not_make_demand_negative():
    assert panel([("A", "D", WEEKS[0], -4, 1.0, 9)]).units[0, 0] == 0


def items(*rows):
    names = ["activation", "type", "sku", "door", "start", "end", "discount", "lift"]
    frame = pd.DataFrame(rows, columns=names)
    frame[["start", "end"]] = frame[["start", "end"]].apply(pd.to_datetime)
    frame[["discount", "lift"]] = frame[["discount", "lift"]].astype(float)
    return frame


SERIES = pd.DataFrame({"sku": ["A", "A", "B"], "door": ["D", "E", "D"]})


def test_an_activation_exposes_its_doors_and_weeks_by_share_of_days():
    exposed = lift.expose(
        items((0, "email", "A", None, "2026-03-04", "2026-03-10", None, None), (1, "price", "B", "D", "2026-03-01", "2026-03-07", 0.2, None)),
        SERIES, kinds=["email", "price"], weeks=WEEKS,
    )  # fmt: skip
    rows = set(
        zip(
            exposed.series.tolist(),
            exposed.week.tolist(),
            np.round(exposed.share * 7).tolist(),
            strict=True,
        )
    )
    assert rows == {(0, 0, 4), (1, 0, 4), (0, 1, 3), (1, 1, 3), (2, 0, 7)}
    assert exposed.log_price.min() == pytest.approx(np.log(0.8))


def test_a_price_cut_is_stated_once_per_cell_by_the_first_that_carries_one():
    exposed = lift.expose(
        items(
            (0, "email", "A", "D", "2026-03-01", "2026-03-07", None, None),
            (1, "price", "A", "D", "2026-03-01", "2026-03-07", 0.2, None),
            (2, "event", "A", "D", "2026-03-01", "2026-03-07", 0.3, None),
        ),
        SERIES, kinds=["email", "event", "price"], weeks=WEEKS,
    )  # fmt: skip
    assert np.exp(exposed.log_price).round(6).tolist() == [1.0, 0.8, 1.0]


def test_the_worked_example_of_a_campaign_over_two_weeks():
    # B = 200 a week, m = 1.8, exposed for .54 and .25 of the weeks: 286.4 and 240.0 units.
    exposures = lift.Exposures(
        activation=np.zeros(2, int), series=np.zeros(2, int), week=np.array([0, 1]),
        share=np.array([0.54, 0.25]), kind=np.zeros(2, int), log_price=np.zeros(2),
        fixed=np.log([1.8, 1.8]), kinds=("email",), n_weeks=2,
    )  # fmt: skip
    logs = lift.log_lifts(exposures, np.zeros((1, 3)))
    shares, multiplier = lift.parts(logs, np.array([0, 1]), 2)
    np.testing.assert_allclose(200 * multiplier, [286.4, 240.0])
    np.testing.assert_allclose(200 * shares, [86.4, 40.0])


@given(st.lists(st.floats(-1.5, 1.5), min_size=1, max_size=6))
def test_the_parts_of_a_cell_add_up_to_its_increment(logs):
    shares, multiplier = lift.parts(np.array(logs), np.zeros(len(logs), int), 1)
    assert shares.sum() == pytest.approx(multiplier[0] - 1, abs=1e-9)


def test_the_pooled_response_is_statsmodels_negative_binomial():
    rng = np.random.default_rng(8)
    design = np.column_stack([rng.integers(0, 2, 3000), rng.uniform(-0.4, 0, 3000)]).astype(
        float
    )
    expected = rng.uniform(5, 40, 3000)
    mean = expected * np.exp(design @ [0.4, -2.5])
    units = rng.poisson(mean * rng.gamma(4, 0.25, 3000)).astype(float)
    ours = lift._pooled(units, expected, design, alpha=0.25, prior=np.array([100.0, 100.0]))
    theirs = sm.GLM(
        units, design, family=sm.families.NegativeBinomial(alpha=0.25), offset=np.log(expected)
    ).fit()
    np.testing.assert_allclose(ours, theirs.params, atol=1e-4)
    np.testing.assert_allclose(ours, [0.4, -2.5], atol=0.15)


def test_a_group_without_evidence_has_its_parents_response_and_one_with_much_its_own():
    rng = np.random.default_rng(2)
    units = rng.poisson(30 * np.exp(1.0), 4000).astype(float)
    parent = np.full((3, 1), 0.3)
    group = np.where(np.arange(4000) < 3990, 0, 1)
    estimate, sd = lift._shrunk(
        units, np.full(4000, 30.0), np.ones((4000, 1)), 0.05, group, parent,
        worth=np.ones(4000), sd=np.array([0.25]), steps=6,
    )  # fmt: skip
    assert estimate[2, 0] == 0.3
    assert sd[2, 0] == pytest.approx(0.25)
    assert estimate[0, 0] == pytest.approx(1.0, abs=0.02)
    assert 0.3 < estimate[1, 0] < estimate[0, 0]


def test_quantiles_are_ordered_and_carry_the_mean_and_spread_asked_for():
    mean = np.array([0.2, 3.0, 40.0, 0.0])
    p10, p50, p90 = intervals.quantiles(mean, 0.3, (0.1, 0.5, 0.9))
    assert (p10 <= p50).all()
    assert (p50 <= p90).all()
    assert p50[2] < 40
    assert p90[3] == 0


def test_overdispersion_is_found_again():
    rng = np.random.default_rng(5)
    mean = rng.uniform(1, 60, 40_000)
    units = rng.poisson(mean * rng.gamma(1 / 0.35, 0.35, 40_000)).astype(float)
    found = intervals.overdispersion(units, mean, np.ones(40_000, bool))
    assert found == pytest.approx(0.35, abs=0.03)


ACTUAL, FORECAST = np.array([100.0, 0, 50, 10]), np.array([90.0, 5, 70, 10])


def test_the_guides_accuracy_example():
    assert wape(ACTUAL, FORECAST) == pytest.approx(0.21875)
    assert bias(ACTUAL, FORECAST) == pytest.approx(0.09375)


def test_bias_is_forecast_minus_actual_and_turns_with_the_sides():
    assert bias(np.array([100.0]), np.array([110.0])) > 0
    assert bias(np.array([100.0]), np.array([90.0])) < 0


def test_accuracy_of_nothing_is_unknown_not_zero():
    assert wape(np.zeros(3), np.ones(3)) is None
    assert bias(np.zeros(3), np.ones(3)) is None
    assert coverage(np.array([np.nan]), np.zeros(1), np.ones(1)) is None


@given(st.floats(0.01, 1000))
def test_accuracy_does_not_depend_on_the_unit(scale):
    assert wape(ACTUAL * scale, FORECAST * scale) == pytest.approx(wape(ACTUAL, FORECAST))
    assert bias(ACTUAL * scale, FORECAST * scale) == pytest.approx(bias(ACTUAL, FORECAST))
