"""Runs and backtests as people have them: only what changed, seen by all, stopped without harm."""

import datetime as dt
import threading
import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from data import runs
from forecasting.demand.accuracy import of_sums, summed
from forecasting.errors import Cancelled, JobRunning, NotAllowed, OutOfBounds, Refused
from forecasting.governance.jobs import Job, Progress
from forecasting.plan import lift_library
from forecasting.plan.assembly import _weeks_of
from forecasting.record.runs import LONGEST_WEEKS


def fitted(event):
    return event.body.facts["series_fitted"]


def test_a_refresh_without_news_fits_nothing_and_says_the_same(space):
    space.runs.refresh("dana", full=True)
    before = space.plan.totals["statistical"].copy()
    lifts = space.runs.lift_library()
    event = space.runs.refresh("dana")
    assert fitted(event) == 0
    np.testing.assert_array_equal(space.plan.totals["statistical"], before)
    pd.testing.assert_frame_equal(space.runs.lift_library(), lifts)


def test_only_blocks_whose_history_changed_are_fitted_again(space, tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "BLOCK_SERIES", 60)
    first = space.runs.refresh("dana", full=True)
    blocks = first.body.facts["blocks"]
    assert len(blocks) > 3
    sales = space.store.table("sales")
    sku = sales["sku"].iloc[0]
    recent = sales[sales["sku"] == sku].tail(20).assign(units=lambda f: f["units"] + 30)
    recent.to_parquet(tmp_path / "sales.parquet", index=False)
    before = space.plan.totals["statistical"].copy()
    space.import_files("dana", [tmp_path / "sales.parquet"])
    event = space.runs.refresh("dana")
    assert 0 < fitted(event) < first.body.series / 2
    moved = np.any(space.plan.totals["statistical"] != before, axis=1)
    classes = space.plan.base.skus["class"].to_numpy()
    mine = classes == classes[space.plan.sku_index[sku]]
    assert moved[space.plan.sku_index[sku]]
    assert not moved[~mine].all()


def test_an_activation_to_come_changes_no_fit(space):
    space.runs.refresh("dana", full=True)
    act = space.plan.activations()[-1]
    space.calendar.cancel("mara", act.activation)
    assert fitted(space.runs.refresh("dana")) == 0


def test_a_backtest_is_kept_summed_and_the_last_one_stays_when_another_is_stopped(space):
    told = []
    result = space.hindsight.backtest(
        "dana", origins=2, step=4, horizon=4, tell=lambda _text, share: told.append(share)
    )
    assert told == sorted(told)
    assert result.rows == result.sums["cells"].sum() > 500
    kept = space.hindsight.last_backtest()
    pd.testing.assert_frame_equal(kept.sums, result.sums, check_dtype=False)
    found = summed(kept.sums)
    assert set(found["by_lag"]) == {1, 2, 3, 4}
    assert found["all"]["cells"] == found["promoted"]["cells"] + found["not_promoted"]["cells"]
    assert found["all"]["wape"] < found["all"]["wape_of_naive"]
    failed = []

    def run():
        try:
            space.hindsight.backtest("dana", origins=6, step=4, horizon=8)
        except Cancelled as error:
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    for _ in range(200):
        if space.hindsight.backtesting.progress and space.hindsight.stop_backtest("dana"):
            break
        time.sleep(0.05)
    thread.join(60)
    assert failed
    assert space.hindsight.backtesting.progress is None
    assert "stopped" in space.hindsight.backtesting.error
    assert space.hindsight.last_backtest().made_at == kept.made_at


def test_who_may_not_run_a_backtest_may_not_stop_one(space):
    for verb in (
        lambda: space.hindsight.backtest("mara"),
        lambda: space.hindsight.stop_backtest("victor"),
    ):
        with pytest.raises(NotAllowed):
            verb()


def test_a_history_too_short_for_a_backtest_is_refused_in_words(space):
    with pytest.raises(Refused, match="needs at least"):
        space.hindsight.backtest("dana", horizon=150)


def test_two_jobs_of_a_kind_do_not_run_at_once_and_others_see_the_first():
    job = Job("refresh")
    with job.running("Dana", lambda *_: None) as told:
        told("half way", 0.5)
        assert job.progress.text == "half way"
        assert job.progress.by == "Dana"
        with pytest.raises(JobRunning), job.running("Mara", lambda *_: None):
            pass
        with pytest.raises(JobRunning):
            job.in_background(lambda: None)
    assert job.progress is None
    with pytest.raises(Refused), job.running("Dana", lambda *_: None):
        raise Refused("no history")
    assert job.error == "no history"


def test_time_left_is_shown_only_when_it_is_more_than_a_guess():
    progress = Progress(text="", share=0.25, started=100.0, by="Dana")
    assert progress.left(now=110.0) == pytest.approx(30.0)
    assert replace(progress, share=0.01).left(now=110.0) is None


def test_accuracy_of_nothing_sold_is_unknown():
    none = pd.DataFrame(
        {
            c: [0]
            for c in (
                "cells",
                "units",
                "forecast",
                "inside",
                "error_p50",
                "error_naive",
                "error_mean13",
            )
        }
    )
    found = of_sums(none)
    assert found["wape"] is None
    assert found["bias"] is None
    assert found["within_p10_p90"] is None


def test_the_library_holds_every_past_activation_with_its_own_units(space):
    rows = space.runs.lift_library()
    past = {
        a.activation
        for a in space.calendar.activations
        if a.is_live and a.end < space.plan.base.as_of
    }
    assert set(rows["activation"]) <= {a.activation for a in space.calendar.activations}
    assert len(set(rows["activation"]) & past) > 0.8 * len(past)
    assert (rows["low"] <= rows["expected_lift"] + 1e-9).all()
    assert (rows["high"] >= rows["expected_lift"] - 1e-9).all()
    summed_ = lift_library.by_activation(rows)
    assert summed_["actual"].sum() == pytest.approx(rows["actual"].sum())
    inside = rows["as_expected"].mean()
    assert 0.55 < inside < 0.95


def test_alike_means_same_type_class_and_discount_as_long_as_there_are_enough():
    rows = pd.DataFrame(
        {
            "activation": [f"a{i}" for i in range(8)], "name": "n", "type": ["price"] * 7 + ["email"],
            "class": ["Coats"] * 6 + ["Shirts", "Coats"], "discount": [0.2] * 5 + [0.5] * 2 + [0.0],
            "sku": "S", "first_week": pd.Timestamp("2026-01-04"), "baseline": 10.0,
            "actual": np.arange(8.0), "expected": 5.0, "promised": np.nan, "as_expected": True,
        }
    )  # fmt: skip
    found = lift_library.alike(rows, kind="price", klass="Coats", discount=0.25)
    assert len(found.rows) == 5
    assert found.whose == "price in Coats, similar discount"
    assert found.beaten_by(1.25) == 3
    assert len(lift_library.alike(rows, kind="price", klass="Shirts", discount=0.5).rows) == 2
    assert lift_library.alike(rows, kind="social", klass="Coats", discount=0.0).rows.empty


def test_the_plan_of_a_past_week_counts_the_orders_of_that_week(space):
    files = space.store.table("receipts")
    every = files.assign(is_here=files["received"].notna()).groupby("receipt")["is_here"].all()
    here = set(every[every].index)  # orders of which every line has come by now
    assert not here & set(space.plan.base.receipts["receipt"])
    space.runs.refresh("dana", as_of=dt.date(2026, 9, 6))
    counted = set(space.plan.base.receipts["receipt"])
    assert counted & here  # on their way then, come since
    placed = files[files["receipt"].isin(counted)]["ordered"]
    assert (pd.to_datetime(placed) < pd.Timestamp("2026-09-13")).all()


def test_leadership_sets_how_far_plans_look_and_the_weeks_before_stay_as_they_were(space):
    before = space.plan.totals["draft"].copy()
    working = space.working_plan_for("dana").totals["draft"].copy()
    assert before.shape[1] == 52
    for weeks in (51, 79):
        with pytest.raises(OutOfBounds, match="between 52 weeks and 78 weeks"):
            space.policies.change("victor", "horizon_weeks", weeks, why="As the range does")
    space.policies.change("victor", "horizon_weeks", 78, why="As the range does")
    for plan, was in ((space.plan, before), (space.working_plan_for("dana"), working)):
        assert plan.totals["draft"].shape[1] == 78
        np.testing.assert_array_equal(plan.totals["draft"][:, :52], was)
        assert plan.totals["draft"][:, 52:].sum() > 0
    made = space.runs.facts()
    factors = space.store.query("run_sku_of", run=space.plan.base.run)
    assert {len(shape) for shape in factors["shape"]} == {LONGEST_WEEKS}, made


def test_a_run_of_former_days_that_knows_fewer_weeks_goes_on_as_a_year_before():
    told = np.arange(1.0, 53.0)[None]
    np.testing.assert_array_equal(_weeks_of(told, 78)[0, 52:], told[0, :26])
    np.testing.assert_array_equal(_weeks_of(told, 60, yearly=False)[0, 52:], np.full(8, 52.0))
    np.testing.assert_array_equal(_weeks_of(told, 40), told[:, :40])
