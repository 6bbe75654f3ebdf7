"""The forecast against what a user would install instead, on the same data and origins.

Real data from ../shared/data where it is present: orange juice (promotions, prices) and
VN2 (intermittent, no promotions). Peers are given what a competent user would give them.
`python -m tests.load.forecasts --development` leaves the test weeks alone.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from forecasting.calendar import week_numbers, weeks_from
from forecasting.demand import backtest, cleansing, lift, model
from forecasting.demand.accuracy import wape
from forecasting.demand.cleansing import Panel
from forecasting.demand.lift import Exposures
from tests import company, orange_juice
from tests.load.percentages import likeliest_in_percent

# One thread a process for everybody but LightGBM, which is told two.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

SHARED = Path(__file__).parents[3] / "shared" / "data"
ORIGINS, STEP, HORIZON = 6, 4, 8
LAST_WEEK, DEVELOPMENT_WEEK = 160, 130


def promoted_cells(panel: Panel, exposures: Exposures) -> np.ndarray:
    """Cells with a deal, or featured for most of the week: as ../shared/data says."""
    table = orange_juice.promoted_cells(SHARED)
    series = {
        (panel.skus[s], panel.doors[d]): i
        for i, (s, d) in enumerate(zip(panel.sku_of, panel.door_of, strict=True))
    }
    promoted = np.zeros(panel.units.shape, dtype=bool)
    week = ((table["week"] - pd.Timestamp(panel.weeks[0])).dt.days // 7).to_numpy()
    row = np.array(
        [series.get(key, -1) for key in zip(table["sku"], table["door"], strict=True)]
    )
    inside = (row >= 0) & (week < len(panel.weeks))
    promoted[row[inside], week[inside]] = True
    return promoted


def ends(panel: Panel) -> list[int]:
    """Known weeks at each origin."""
    last = len(panel.weeks) - HORIZON
    return [last - STEP * k for k in range(ORIGINS - 1, -1, -1)]


Cells = dict[str, np.ndarray]


def ours(panel: Panel, exposures: Exposures, promoted: np.ndarray) -> tuple[Cells, float]:
    """Concord's own, an origin a process, two at a time: what its backtest verb does."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        list(pool.map(_ready, range(2)))  # importing libraries is not forecasting
        started = time.perf_counter()
        each = pool.map(_one, [(panel, exposures, end) for end in ends(panel)])
        rows = pd.concat(list(each), ignore_index=True)
        spent = time.perf_counter() - started
    sku = pd.Index(panel.skus).get_indexer(pd.Index(rows["sku"]))
    door = pd.Index(panel.doors).get_indexer(pd.Index(rows["door"]))
    series = np.full((len(panel.skus), len(panel.doors)), -1)
    series[panel.sku_of, panel.door_of] = np.arange(len(panel.sku_of))
    week = ((rows["target_week"] - pd.Timestamp(panel.weeks[0])).dt.days // 7).to_numpy()
    named = {
        n: rows[n].to_numpy(dtype=float) for n in ("units", "forecast", "p10", "p50", "p90")
    }
    return {**named, "promoted": promoted[series[sku, door], week], "week": week}, spent


def _ready(_number: int) -> None:
    time.sleep(0.2)


def _one(task: tuple[Panel, Exposures, int]) -> pd.DataFrame:
    panel, exposures, end = task
    return backtest.one_origin(panel, exposures, known=end, horizon=HORIZON)


def each_origin(
    panel: Panel, promoted: np.ndarray, forecast: Callable[[int], np.ndarray]
) -> tuple[Cells, float]:
    """Cells and seconds of a peer that forecasts (n, HORIZON) from an origin."""
    units, means, sides, weeks = [], [], [], []
    started = time.perf_counter()
    for end in ends(panel):
        found = forecast(end)
        ahead = slice(end, end + HORIZON)
        scored = (panel.exposure[:, ahead] > 0) & (panel.exposure[:, :end].sum(axis=1) > 0)[
            :, None
        ]
        units.append(panel.units[:, ahead][scored])
        means.append(np.maximum(found, 0)[scored])
        sides.append(promoted[:, ahead][scored])
        weeks.append(np.broadcast_to(np.arange(end, end + HORIZON), scored.shape)[scored])
    spent = time.perf_counter() - started
    mean = np.concatenate(means)
    return {
        "units": np.concatenate(units), "forecast": mean, "p50": mean,
        "promoted": np.concatenate(sides), "week": np.concatenate(weeks),
    }, spent  # fmt: skip


def lightgbm(panel: Panel, exposures: Exposures) -> Callable[[int], np.ndarray]:
    """LightGBM with the features and settings of docs/contracts.md."""
    import lightgbm as lgb

    n, n_weeks = panel.units.shape
    units = np.where(panel.exposure > 0, panel.units, np.nan)
    depth = np.zeros((n, n_weeks))
    np.add.at(depth, (exposures.series, exposures.week), exposures.log_price)
    flags = {}
    for k, kind in enumerate(exposures.kinds):
        flags[kind] = np.zeros((n, n_weeks))
        mine = exposures.kind == k
        flags[kind][exposures.series[mine], exposures.week[mine]] = 1.0
    net = panel.regular_price + depth
    rivals = np.zeros((n, n_weeks))
    for d in range(len(panel.doors)):
        rows = np.flatnonzero(panel.door_of == d)
        if len(rows) > 1:
            rivals[rows] = (net[rows].sum(axis=0) - net[rows]) / (len(rows) - 1)

    def back(weeks: int) -> np.ndarray:
        return np.concatenate(
            [np.full((n, weeks), np.nan), units[:, : n_weeks - weeks]], axis=1
        )

    columns = {f"lag {k}": back(k) for k in (8, 9, 10, 12, 16, 52)}
    recent = pd.DataFrame(back(8).T)
    for span in (4, 8, 13, 26):
        columns[f"mean {span}"] = recent.rolling(span, min_periods=1).mean().to_numpy().T
    wide = (n, n_weeks)
    columns |= {
        "depth": depth, **flags, "regular": panel.regular_price, "rivals": rivals,
        "week": np.broadcast_to(week_numbers(panel.weeks).astype(float), wide),
        "class": np.broadcast_to(panel.classes[panel.sku_of][:, None], wide),
        "sku": np.broadcast_to(panel.sku_of[:, None], wide),
        "door": np.broadcast_to(panel.door_of[:, None], wide),
    }  # fmt: skip
    table = np.stack(list(columns.values()), axis=-1).astype(np.float32)
    settings = {
        "objective": "tweedie", "learning_rate": 0.05, "num_leaves": 127, "verbose": -1,
        "num_threads": 2, "seed": 1,
    }  # fmt: skip

    def forecast(end: int) -> np.ndarray:
        known = ~np.isnan(units[:, :end])
        data = lgb.Dataset(
            table[:, :end][known], units[:, :end][known], feature_name=list(columns),
            categorical_feature=["class", "sku", "door"],
        )  # fmt: skip
        trained = lgb.train(settings, data, 400)
        ahead = table[:, end : end + HORIZON].reshape(-1, len(columns))
        predicted: np.ndarray = trained.predict(ahead).reshape(n, HORIZON)
        return predicted

    return forecast


def univariate(
    panel: Panel, name: str, *, horizon: int = HORIZON
) -> Callable[[int], np.ndarray]:
    """One of statsforecast's models; absent weeks are filled from those around them."""
    from statsforecast import StatsForecast, models

    made = {
        "AutoETS": lambda: models.AutoETS(season_length=1),
        "AutoTheta": lambda: models.AutoTheta(season_length=1),
        "CrostonSBA": models.CrostonSBA,
        "TSB": lambda: models.TSB(alpha_d=0.2, alpha_p=0.2),
        "SES": models.SimpleExponentialSmoothingOptimized,
    }[name]
    seen = pd.DataFrame(np.where(panel.exposure >= 0.999, panel.units, np.nan).T)

    def forecast(end: int) -> np.ndarray:
        history = seen.iloc[:end]
        filled = history.interpolate(limit_direction="both").fillna(0.0).to_numpy()
        n_weeks, n = filled.shape
        frame = pd.DataFrame(
            {
                "unique_id": np.repeat(np.arange(n), n_weeks),
                "ds": np.tile(np.arange(n_weeks), n),
                "y": filled.T.ravel(),
            }
        )
        fitted = StatsForecast(models=[made()], freq=1, n_jobs=2)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            predicted = fitted.forecast(df=frame, h=horizon)
        column = next(c for c in predicted.columns if c not in ("unique_id", "ds"))
        ordered = predicted.sort_values(["unique_id", "ds"])[column].to_numpy()
        return ordered.reshape(n, horizon)

    return forecast


def scores(cells: Cells, seconds: float, n_series: int) -> dict[str, Any]:
    """What the contract asks for: speed, WAPE of p50, bias of the mean."""
    units, promoted = cells["units"], cells["promoted"]
    return {
        "series_per_s": round(n_series * ORIGINS / seconds, 1),
        "wape": _round(wape(units, cells["p50"])),
        "promo_wape": _round(wape(units[promoted], cells["p50"][promoted])),
        "bias": _round((cells["forecast"].sum() - units.sum()) / units.sum()),
    }


def covered(cells: Cells) -> dict[str, Any]:
    """Share within P10 to P90, with its interval from resampling weeks."""
    inside = (cells["units"] >= cells["p10"]) & (cells["units"] <= cells["p90"])
    rng = np.random.default_rng(1)
    found = {}
    for name, side in (("promoted", True), ("other", False)):
        mine = cells["promoted"] == side
        weeks, place = np.unique(cells["week"][mine], return_inverse=True)
        hits, count = np.bincount(place, inside[mine]), np.bincount(place)
        drawn = rng.integers(0, len(weeks), (2000, len(weeks)))
        shares = hits[drawn].sum(axis=1) / count[drawn].sum(axis=1)
        found[name] = {
            "share": _round(inside[mine].mean()),
            "from": _round(np.quantile(shares, 0.025)),
            "to": _round(np.quantile(shares, 0.975)),
        }
    return found


def rounds(panel: Panel, exposures: Exposures, *, last: int) -> dict[str, Any]:
    """The published protocol: twelve rounds, two weeks apart, two and three weeks ahead."""
    first = last - 22 - 3
    units, points, medians = [], [], []
    started = time.perf_counter()
    for number in range(12):
        end = first + 2 * number
        then = panel.until(end + 3)
        calendar = exposures.take(exposures.week < end + 3)
        factors = model.fit(then, replace(calendar, n_weeks=end + 3), known=end)
        rows = model.predict(factors, then)
        point = likeliest_in_percent(
            factors.calibration,
            rows["forecast"].to_numpy(),
            rows["promoted"].to_numpy(),
            rows["week"].to_numpy() + 1,
        )
        series, week = rows["series"].to_numpy(), rows["week"].to_numpy() + end
        asked = (rows["week"].to_numpy() >= 1) & (panel.exposure[series, week] > 0)
        units.append(panel.units[series, week][asked])
        points.append(point[asked])
        medians.append(rows["p50"].to_numpy()[asked])
    actual = np.concatenate(units)
    sold = actual > 0
    error = np.abs(np.concatenate(points) - actual)[sold] / actual[sold]
    return {
        "mape": round(float(error.mean()) * 100, 2),
        "wape": _round(wape(actual, np.concatenate(medians))),
        "seconds": round(time.perf_counter() - started, 1),
    }


def intermittent(*, held_out: int) -> dict[str, float]:
    """VN2: root mean squared scaled error of the last (or earlier) eight weeks, in stock."""
    table = pd.read_parquet(SHARED / "vn2_history.parquet")
    history = pd.DataFrame(
        {
            "sku": table["product"].astype(str),
            "door": table["store"].astype(str),
            "week": pd.to_datetime(table["week"]) - pd.Timedelta(1, "D"),
            "units": table["units"].astype(float),
            "in_stock": table["in_stock"].astype(float),
            "on_hand": np.nan,
        }
    )
    series = history[["sku", "door"]].drop_duplicates().sort_values(["sku", "door"])
    series = series.reset_index(drop=True)
    attributes = table.drop_duplicates("product").set_index(
        table.drop_duplicates("product")["product"].astype(str)
    )
    names = sorted(history["sku"].unique())
    skus = pd.DataFrame(
        {"sku": names, "class": attributes["department"].astype(str)[names].to_numpy()}
    )
    weeks = weeks_from(history["week"].min().date(), history["week"].nunique())
    none = pd.DataFrame({"sku": [], "door": [], "week": [], "regular_price": []})
    panel = cleansing.build_panel(
        history, series, none, skus=skus, doors=sorted(history["door"].unique()), weeks=weeks
    ).until(len(weeks) - held_out)
    end = len(panel.weeks) - HORIZON
    exposures = lift.expose(company.no_items(), series, kinds=[], weeks=panel.weeks)
    rows = model.predict(model.fit(panel, exposures, known=end), panel)
    mean = rows["forecast"].to_numpy().reshape(-1, HORIZON)
    found = {"ours": mean}
    for name in ("CrostonSBA", "TSB", "SES", "AutoETS"):
        found[name] = univariate(panel, name)(end)
    actual = panel.units[:, end:]
    known = panel.exposure[:, end:] >= 0.999
    scale = (np.diff(panel.units[:, :end], axis=1) ** 2).mean(axis=1)
    scored = known.any(axis=1) & (scale > 0)
    errors = {}
    for name, forecast in found.items():
        square = np.where(known, (forecast - actual) ** 2, 0.0).sum(axis=1)
        mean_square = square / np.maximum(known.sum(axis=1), 1)
        errors[name] = round(
            float(np.sqrt(mean_square / np.maximum(scale, 1e-9))[scored].mean()), 4
        )
    return errors


def _round(value: float | None) -> float | None:
    return None if value is None else round(float(value), 4)


def measure(*, last_week: int = LAST_WEEK, peers: bool = True) -> dict[str, Any]:
    """The `forecast` section of build/bench.json, and what else the figures ask for."""
    panel, exposures = orange_juice.panel(SHARED, last_week=last_week)
    promoted = promoted_cells(panel, exposures)
    n = len(panel.sku_of)
    cells, spent = ours(panel, exposures, promoted)
    result: dict[str, Any] = {
        "data": "oj",
        "origins": ORIGINS,
        "ours": scores(cells, spent, n),
        "covered": covered(cells),
        "twelve_rounds": rounds(panel, exposures, last=len(panel.weeks)),
        "peers": {},
    }
    if not peers:
        return result
    result["peers"]["LightGBM"] = scores(
        *each_origin(panel, promoted, lightgbm(panel, exposures)), n
    )
    for name in ("AutoETS", "AutoTheta", "CrostonSBA"):
        result["peers"][name] = scores(
            *each_origin(panel, promoted, univariate(panel, name)), n
        )
    result["intermittent_rmsse"] = intermittent(
        held_out=0 if last_week == LAST_WEEK else HORIZON
    )
    return result


if __name__ == "__main__":
    development = "--development" in sys.argv
    found = measure(
        last_week=DEVELOPMENT_WEEK if development else LAST_WEEK,
        peers="--alone" not in sys.argv,
    )
    print(json.dumps(found, indent=1))
