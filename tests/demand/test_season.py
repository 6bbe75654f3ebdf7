"""Seasons are found where history shows them, and nowhere else."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from forecasting.calendar import week_numbers, weeks_from
from forecasting.demand import lift, model, season
from tests import company

WEEKS = weeks_from(dt.date(2023, 1, 29), 160)


def counts(log_index, seed=1, size=4000.0):
    return np.random.default_rng(seed).poisson(size * np.exp(log_index))[None, :].astype(float)


def test_a_season_is_found_and_carried_into_weeks_ahead():
    angle = 2 * np.pi * np.arange(160) / 52.18
    true = 0.4 * np.cos(angle)
    index = season.seasonal_index(
        counts(true[:130]), np.full((1, 130), 4000.0), WEEKS, parent=np.zeros(1, int)
    )[0]
    ahead = np.log(index[130:])
    assert np.corrcoef(ahead, true[130:])[0, 1] > 0.97
    assert np.abs(ahead - ahead.mean() - true[130:] + true[130:].mean()).max() < 0.1


def test_noise_and_a_drifting_level_are_not_taken_for_season():
    rng = np.random.default_rng(3)
    drift = np.cumsum(rng.normal(0, 0.03, 130)) + rng.normal(0, 0.1, 130)
    index = season.seasonal_index(
        counts(drift), np.full((1, 130), 4000.0), WEEKS, parent=np.zeros(1, int)
    )
    assert np.abs(np.log(index)).max() < 0.15


def test_thanksgiving_moves_between_weeks_and_is_followed():
    for year, week in ((2023, "2023-11-19"), (2024, "2024-11-24"), (2025, "2025-11-23")):
        day = np.datetime64(week, "D").astype(int) // 7
        assert season._week_of("Thanksgiving", year) == day
    weeks = weeks_from(dt.date(2021, 1, 31), 260)
    peak = np.isin(
        weeks,
        [
            np.datetime64(d, "D")
            for d in ("2021-11-21", "2022-11-20", "2023-11-19", "2024-11-24", "2025-11-23")
        ],
    )
    index = season.seasonal_index(  # the one of 2025 is still to come
        counts(np.where(peak, 0.7, 0.0)[:205]), np.full((1, 205), 4000.0), weeks,
        parent=np.zeros(1, int),
    )[0]  # fmt: skip
    assert index[205:].argmax() == np.flatnonzero(peak[205:])[0]
    assert index[205:].max() > 1.4


@pytest.mark.parametrize(
    ("year", "day"), [(2024, "2024-03-31"), (2025, "2025-04-20"), (2026, "2026-04-05")]
)
def test_easter_is_the_right_sunday(year, day):
    assert (
        season._week_of("Easter", year)
        == pd.Timestamp(day).to_numpy().astype("datetime64[D]").astype(int) // 7
    )


def test_a_history_of_three_months_has_no_season():
    index = season.seasonal_index(
        np.full((1, 13), 100.0),
        np.full((1, 13), 100.0),
        WEEKS,
        parent=np.zeros(1, int),
    )
    assert (index == 1).all()


def test_a_small_class_leans_on_its_department():
    angle = 2 * np.pi * np.arange(160) / 52.18
    true = 0.5 * np.cos(angle)
    big, small = counts(true[:130]), counts(true[:130], seed=2, size=3.0)
    steady = np.array([np.full(130, 4000.0), np.full(130, 3.0)])
    index = season.seasonal_index(
        np.concatenate([big, small]), steady, WEEKS, parent=np.zeros(2, int)
    )
    assert np.abs(np.log(index[1]) - true + np.mean(true)).max() < 0.3


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_a_holiday_that_the_last_quarter_did_not_see_is_forecast_all_the_same(seed):
    """A class that has Decembers beside one that has winters; known until mid-November."""
    weeks, known = weeks_from(dt.date(2024, 8, 4), 128), 120
    numbers = week_numbers(weeks)
    peak = 0.7 * np.exp(-0.5 * ((numbers - 46) / 1.8) ** 2)
    winter = 0.5 * np.cos(2 * np.pi * (numbers - 46) / 52.18)
    skus = pd.DataFrame(
        {"sku": [f"S{i}" for i in range(8)], "class": list("aaaabbbb"), "department": "d"}
    )
    doors = [f"D{k}" for k in range(6)]
    series = pd.DataFrame([(s, d) for s in skus["sku"] for d in doors], columns=["sku", "door"])
    of_b = series["sku"].isin(skus["sku"][4:]).to_numpy()
    rng = np.random.default_rng(seed)
    mean = rng.uniform(2, 5, (len(series), 1)) * np.exp(peak + ~of_b[:, None] * winter)
    units = rng.poisson(mean * rng.gamma(6, 1 / 6, mean.shape))
    built = company.panel_of(units[:, :known], series, skus=skus, doors=doors, weeks=weeks)
    exposures = lift.expose(company.no_items(), series, kinds=[], weeks=weeks)
    told = model.predict(model.fit(built, exposures, known=known), built)
    forecast = told["forecast"].to_numpy().reshape(mean[:, known:].shape)
    december = peak[known:] > 0.3
    demand = mean[of_b, known:][:, december].sum()
    assert forecast[of_b][:, december].sum() == pytest.approx(demand, rel=0.15)
