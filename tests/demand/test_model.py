"""The demand model: equal to statsmodels where it stands in for it, right where truth is known."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.tsa.holtwinters import SimpleExpSmoothing

from forecasting.calendar import weeks_from
from forecasting.demand import baseline, cleansing, lift, model
from forecasting.demand.accuracy import bias, coverage, wape
from tests import company

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


def three_skus(like):
    """A fast and a slow SKU of one class, and a new one that has not sold yet, at two doors."""
    rows = [
        (sku, door, week, units, 1.0, 9)
        for sku, units in (("FAST", 40), ("SLOW", 2))
        for door in ("D", "E")
        for week in WEEKS
    ]
    return cleansing.build_panel(
        history(rows),
        pd.DataFrame([(s, d) for s in ("FAST", "NEW", "SLOW") for d in ("D", "E")], columns=["sku", "door"]),
        pd.DataFrame({"sku": [], "door": [], "week": [], "regular_price": []}),
        skus=pd.DataFrame({"sku": ["FAST", "NEW", "SLOW"], "class": "c", "like_sku": [None, like, None]}),
        doors=["D", "E"], weeks=WEEKS,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("like", "low", "high"), [("SLOW", 1, 8), ("FAST", 30, 45), (None, 12, 26)]
)
def test_a_new_sku_starts_from_the_one_it_is_like_else_from_its_class(like, low, high):
    built = three_skus(like)
    level = baseline.prior_level(built, built.units, built.exposure)
    new = built.skus[built.sku_of] == "NEW"
    assert ((level[new] > low) & (level[new] < high)).all(), level


def test_missing_weeks_leave_the_level_where_it_was():
    y = np.array([[10.0, 0, 0, 14]])
    seen = np.array([[1.0, 0, 0, 1]])
    levels = baseline.smooth_level(
        y, seen, alpha=np.array([0.3]), prior=np.array([10.0]), prior_weeks=5
    )
    assert levels[0, 1] == levels[0, 2] == levels[0, 3]


def test_what_a_level_follows_of_a_regressor_is_how_it_moves_when_the_lift_is_divided_out():
    rng = np.random.default_rng(6)
    regressor = rng.integers(0, 2, (3, 60)).astype(float)
    effect, weight = np.ones((3, 60)), np.ones((3, 60))
    units = rng.uniform(20, 40, (3, 60))
    flat = units.mean(axis=1, keepdims=True) * np.ones((3, 60))
    follows = baseline.follower(effect, weight)(regressor)
    step = 1e-4
    prior = flat[:, 0]
    before = baseline.level_around(flat, effect, weight, prior)
    after = baseline.level_around(flat * np.exp(-step * regressor), effect, weight, prior)
    moved = -(np.log(after) - np.log(before)) / step
    np.testing.assert_allclose(follows, moved, atol=1e-3)


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
        ("A", "D", WEEKS[1], 3, 0.4, 0),      # on the shelf 40% of the week
        ("A", "D", WEEKS[2], 0, 0.0, 0),      # never on the shelf: no evidence
        ("A", "D", WEEKS[3], np.nan, np.nan, 7),  # no sale, but stock: a true zero
        ("A", "D", WEEKS[4], 4, np.nan, 0),   # ended empty, nobody knows when
    ]  # fmt: skip
    built = panel(rows)
    np.testing.assert_allclose(built.exposure[0], [1, 0.4, 0, 1, 1, 0])
    np.testing.assert_allclose(built.units[0], [5, 3, 0, 0, 4, 0])
    assert built.sold_out[0].tolist() == [False, False, False, False, True, False]


def test_a_lone_peak_is_not_believed_but_a_level_that_rose_is():
    units = np.full((2, 30), 10.0)
    units[0, 20] = 400
    units[1, 20:] = 400
    known = np.ones((2, 30), bool)
    peaks = cleansing.lone_peaks(units, np.full((2, 30), 10.0), known, alpha=0.3)
    assert np.argwhere(peaks).tolist() == [[0, 20]]


def test_a_week_hardly_on_the_shelf_is_not_what_a_forecast_is_compared_with():
    rows = [
        ("A", "D", w, 6, s, 3) for w, s in zip(WEEKS, [1, 0.8, 0.5, 0.4, 0.2, 0], strict=True)
    ]
    demand, known = panel(rows).demand()
    assert known[0].tolist() == [True, True, True, False, False, False]
    np.testing.assert_allclose(demand[0, :3], [6, 7.5, 12])


@pytest.fixture(scope="module")
def drawn():
    """A company with some price moves in its history."""
    return company.draw(skus=24, doors=4, weeks=80, seed=5)


@pytest.mark.parametrize(("then", "moves"), [(0.9, True), (0.6, True), (0.3, False)])
def test_a_regular_price_is_followed_to_a_third_off_and_no_further(drawn, then, moves):
    def forecast(price):
        logs = drawn.panel.regular_price.copy()
        logs[:, drawn.known :] = np.log(price)
        now = replace(drawn.panel, regular_price=logs)
        factors = model.fit(now, drawn.exposures, known=drawn.known)
        return model.predict(factors, now)["forecast"].sum()

    assert (forecast(then) > 1.02 * forecast(then + 0.1)) == moves


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


def test_the_price_of_a_cell_is_the_best_of_its_offers_and_counts_once():
    exposed = lift.expose(
        items(
            (0, "email", "A", "D", "2026-03-01", "2026-03-07", None, None),
            (1, "price", "A", "D", "2026-03-01", "2026-03-07", 0.2, None),
            (2, "event", "A", "D", "2026-03-01", "2026-03-07", 0.3, None),
        ),
        SERIES, kinds=["email", "event", "price"], weeks=WEEKS,
    )  # fmt: skip
    design = lift.Layout.of(exposed).design
    price = design[:, exposed.columns.index(lift.PRICE)]
    np.testing.assert_allclose(np.exp(price), [1.0, 0.8, 0.7 / 0.8])
    (deep,) = np.unique(design[:, exposed.columns.index(lift.DEEP)].sum().round(6))
    assert deep == pytest.approx(np.log(0.7) - lift.KNEE, abs=1e-6)


def test_a_cut_that_nobody_is_told_of_and_a_message_without_one_are_no_sale_sign():
    exposed = lift.expose(
        items(
            (0, "email", "A", "D", "2026-03-01", "2026-03-07", None, None),
            (1, "price", "A", "D", "2026-03-08", "2026-03-14", 0.2, None),
            (2, "email", "A", "D", "2026-03-15", "2026-03-21", 0.05, None),
            (3, "email", "A", "D", "2026-03-22", "2026-03-28", 0.003, None),
            (4, "email", "A", "D", "2026-03-29", "2026-04-04", None, None),
            (5, "price", "A", "D", "2026-03-29", "2026-04-04", 0.1, None),
        ),
        SERIES, kinds=["email", "price"], weeks=WEEKS,
    )  # fmt: skip
    cell, _, week = exposed.cells()
    signs = exposed.design(cell)[:, exposed.columns.index(lift.CUT_TOLD)]
    assert np.bincount(cell, signs).tolist() == [0, 0, 1, 0, 1]
    assert week.tolist() == [0, 1, 2, 3, 4]


def exposures_of(logs, shares, log_price=(), kinds=("email",)):
    n = len(logs)
    return lift.Exposures(
        activation=np.zeros(n, int), series=np.zeros(n, int), week=np.arange(n),
        share=np.array(shares, float), kind=np.zeros(n, int),
        days=(np.zeros(n, int), np.full(n, 6)), before=np.arange(8) / 7,
        log_price=np.array(log_price or [0.0] * n), log_regular=np.zeros(n), later=np.zeros(n, bool),
        fixed=np.array(logs, float), kinds=kinds, n_weeks=n,
    )  # fmt: skip


def test_the_worked_example_of_a_campaign_over_two_weeks():
    # B = 200 a week, m = 1.8, exposed for .54 and .25 of the weeks: 286.4 and 240.0 units.
    exposures = exposures_of(np.log([1.8, 1.8]), [0.54, 0.25])
    logs = lift.Layout.of(exposures).log_lifts(np.zeros((1, len(exposures.columns))))
    shares, multiplier = lift.parts(logs, np.array([0, 1]), 2)
    np.testing.assert_allclose(200 * multiplier, [286.4, 240.0])
    np.testing.assert_allclose(200 * shares, [86.4, 40.0])


def test_days_of_the_week_count_by_what_they_sell():
    days = np.array([0.15, 0.10, 0.10, 0.11, 0.13, 0.18, 0.23])
    exposed = lift.expose(
        items((0, "email", "A", "D", "2026-03-05", "2026-03-09", None, None)),
        SERIES, kinds=["email"], weeks=WEEKS, weekday_shares=days,
    )  # fmt: skip
    np.testing.assert_allclose(exposed.share, [0.54, 0.25])
    assert exposed.later.tolist() == [False, True]


def test_a_week_that_is_partly_exposed_enters_with_the_part_of_the_log_it_comes_to():
    whole = np.zeros((1, len(lift.SHAPES) + 1))
    whole[0, 0] = np.log(3.0)
    exposures = exposures_of([np.nan], [0.5])
    design = lift.Layout.of(exposures).of_cells(whole)
    assert design[0, 0] * np.log(3.0) == pytest.approx(np.log(2.0))


@given(st.lists(st.floats(-1.5, 1.5), min_size=1, max_size=6))
def test_the_parts_of_a_cell_add_up_to_its_increment(logs):
    shares, multiplier = lift.parts(np.array(logs), np.zeros(len(logs), int), 1)
    assert shares.sum() == pytest.approx(multiplier[0] - 1, abs=1e-9)


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
