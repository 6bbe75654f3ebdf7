"""The whole model against the sample company's known truth, and on real data."""

import numpy as np
import pandas as pd
import pytest

from data.sample import TRUE_ELASTICITY, TRUE_LIFT, make_sample
from forecasting.calendar import weeks_from
from forecasting.demand import backtest, cleansing, lift, model
from forecasting.demand.accuracy import bias, wape
from tests import orange_juice


@pytest.fixture(scope="module")
def learnt():
    """A company, fitted: sample, panel, factors, exposures of the past."""
    sample = make_sample(skus=120, doors=8, weeks=120, seed=11)
    tables = sample.tables
    sales = tables["sales"].rename(columns={"date": "week"})
    stock = tables["inventory"].rename(columns={"date": "week"})[
        ["week", "sku", "door", "on_hand"]
    ]
    history = sales.merge(stock, on=["week", "sku", "door"], how="left")
    series = tables["ranging"][["sku", "door"]].reset_index(drop=True)
    weeks = weeks_from(sales["week"].min().date(), 120)
    prices = tables["prices"].rename(columns={"date": "week"})
    prices["week"] = pd.to_datetime(prices["week"])
    panel = cleansing.build_panel(
        history,
        series,
        prices,
        skus=tables["skus"],
        doors=tables["doors"]["door"].tolist(),
        weeks=weeks,
    )
    acts = tables["activations"].reset_index(names="position")
    styles = (
        tables["activation_items"]
        .drop(columns="sku")
        .merge(tables["skus"][["sku", "style"]], on="style")
    )
    items = styles.merge(
        acts[["activation", "position", "type", "start", "end"]], on="activation"
    )
    items = items.assign(activation=items["position"], lift=np.nan).sort_values("position")
    exposures = lift.expose(items, series, kinds=sorted(items["type"].unique()), weeks=weeks)
    future = weeks_from((pd.Timestamp(weeks[-1]) + pd.Timedelta(7, "D")).date(), 8)
    factors = model.fit(panel, exposures, weeks=future)
    return sample, panel, exposures, factors, items, series


def test_pooled_lifts_are_near_the_true_ones(learnt):
    *_, factors, _, _ = learnt
    found = dict(zip(factors.response.columns, factors.response.pooled, strict=True))
    for kind in ("feature", "display", "partnership", "email"):
        assert found[kind] == pytest.approx(TRUE_LIFT[kind], abs=0.22), kind
    assert found["feature"] > found["email"]
    total = found[lift.PRICE]
    assert TRUE_ELASTICITY - 1.0 < total < TRUE_ELASTICITY + 1.2


def test_the_forecast_beats_naive_and_is_hardly_biased_against_true_demand(learnt):
    sample, panel, _, factors, items, series = learnt
    future = lift.expose(
        items, series, kinds=factors.response.columns[:-2], weeks=factors.weeks
    )
    log_price = np.repeat(factors.last_price[:, None], 8, axis=1)
    rows = model.predict(factors, panel, future, log_price=log_price)
    rows = rows.assign(
        sku=panel.skus[panel.sku_of[rows["series"]]],
        door=panel.doors[panel.door_of[rows["series"]]],
        week=factors.weeks[rows["week"]],
    )
    truth = sample.truth["demand"].merge(rows, on=["sku", "door", "week"])
    actual = truth["demand"].to_numpy(dtype=float)
    perfect = wape(actual, truth["mean"].to_numpy())
    ours = wape(actual, truth["forecast"].to_numpy())
    flat = wape(actual, np.full(len(truth), actual.mean()))
    assert ours < 1.35 * perfect, (ours, perfect)
    assert ours < 0.75 * flat
    assert abs(bias(actual, truth["forecast"].to_numpy())) < 0.12


def test_a_model_that_knew_no_promotions_would_be_far_off_on_promoted_weeks(learnt):
    _, panel, exposures, _, _, _ = learnt
    result = backtest.backtest(panel, exposures, origins=3, step=6, horizon=8)
    promoted = result.rows[result.rows["promoted"]]
    actual = promoted["units"].to_numpy(dtype=float)
    assert wape(actual, promoted["p50"].to_numpy()) < 0.85 * wape(
        actual, promoted["baseline"].to_numpy()
    )
    assert result.metrics["all"]["wape"] < result.metrics["all"]["wape_of_naive"]
    assert 0.70 < result.metrics["all"]["within_p10_p90"] < 0.95


def test_a_backtest_never_sees_the_sales_it_is_scored_on(learnt):
    _, panel, exposures, _, _, _ = learnt
    honest = backtest.backtest(panel, exposures, origins=1, step=1, horizon=8).rows
    units = panel.units.copy()
    units[:, -8:] = 10_000.0
    from dataclasses import replace

    tampered = backtest.backtest(
        replace(panel, units=units), exposures, origins=1, step=1, horizon=8
    ).rows
    np.testing.assert_allclose(honest["forecast"], tampered["forecast"])
    assert tampered["units"].min() == 10_000.0


def test_the_same_seed_gives_the_same_company_and_another_one_another():
    one, same = (make_sample(skus=36, doors=5, weeks=80, seed=3) for _ in range(2))
    other = make_sample(skus=36, doors=5, weeks=80, seed=4)
    for name, frame in one.tables.items():
        pd.testing.assert_frame_equal(frame, same.tables[name])
    assert not one.tables["sales"]["units"].equals(
        other.tables["sales"]["units"].iloc[: len(one.tables["sales"])]
    )


@pytest.mark.slow
def test_orange_juice_on_the_development_weeks_beats_naive_by_a_third(shared_data):
    tables = orange_juice.convert(shared_data, last_week=130)
    sales = (
        tables["sales"].rename(columns={"date": "week"}).assign(in_stock=np.nan, on_hand=np.nan)
    )
    series = sales[["sku", "door"]].drop_duplicates().reset_index(drop=True)
    weeks = weeks_from(orange_juice.FIRST_WEEK, 91)
    panel = cleansing.build_panel(
        sales, series, tables["prices"].rename(columns={"date": "week"}), skus=tables["skus"],
        doors=tables["doors"]["door"].tolist(), weeks=weeks,
    )  # fmt: skip
    items = tables["activation_items"].merge(
        tables["activations"][["activation", "type", "start", "end"]], on="activation"
    )
    items = items.assign(activation=pd.factorize(items["activation"])[0], lift=np.nan)
    exposures = lift.expose(items, series, kinds=["feature", "price"], weeks=weeks)
    metrics = backtest.backtest(panel, exposures, origins=6, step=4, horizon=8).metrics
    assert metrics["all"]["wape"] < 0.66 * metrics["all"]["wape_of_naive"]
    assert metrics["promoted"]["wape"] < 0.66 * metrics["promoted"]["wape_of_naive"]
