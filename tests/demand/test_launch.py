"""Launches: found in history, their shape learnt from others of the class."""

import numpy as np
import pandas as pd
import pytest

from forecasting.calendar import weeks_from
from forecasting.demand import baseline, launch, looks, model
from forecasting.demand.cleansing import build_panel
from tests import company

WEEKS = weeks_from(pd.Timestamp("2024-02-04").date(), 60)


def panel_of(sold, *, launch_dates=None):
    """One door; `sold` maps SKUs to units per week, None where there is no row."""
    rows = [
        (sku, "S1", WEEKS[w], float(u), 1.0, np.nan)
        for sku, units in sold.items()
        for w, u in enumerate(units)
        if u is not None
    ]
    history = pd.DataFrame(
        rows, columns=["sku", "door", "week", "units", "in_stock", "on_hand"]
    )
    skus = pd.DataFrame({"sku": list(sold), "class": "Coats"})
    if launch_dates is not None:
        skus["launch_date"] = [launch_dates.get(sku) for sku in sold]
    prices = pd.DataFrame({"sku": [], "door": [], "week": [], "regular_price": []})
    series = pd.DataFrame({"sku": list(sold), "door": "S1"})
    return build_panel(history, series, prices, skus=skus, doors=["S1"], weeks=WEEKS)


def silence(weeks, units):
    return [None] * weeks + units


def test_a_steady_seller_after_long_silence_was_launched_when_it_first_sold():
    panel = panel_of({"old": [5.0] * 60, "new": silence(20, [5.0] * 40)})
    assert launch.weeks_of(panel, 60).tolist() == [launch.LONG_AGO, 20]


def test_a_rare_seller_that_was_silent_at_first_was_not_launched():
    now_and_then = silence(12, [1.0 if w % 6 == 0 else None for w in range(48)])
    panel = panel_of({"rare": now_and_then})
    assert launch.weeks_of(panel, 60).tolist() == [launch.LONG_AGO]


def test_a_stated_launch_counts_from_its_first_sale_and_from_its_date_before_that():
    dates = {"late": str(WEEKS[30]), "coming": str(WEEKS[58]), "before": "2020-01-05"}
    panel = panel_of(
        {"late": silence(33, [4.0] * 27), "coming": [None] * 60, "before": [4.0] * 60},
        launch_dates=dates,
    )
    # The one that should have come has not yet: from now on, then.
    assert launch.weeks_of(panel, 60).tolist() == [33, 60, launch.LONG_AGO]
    assert launch.weeks_of(panel, 50).tolist() == [33, 58, launch.LONG_AGO]
    # What followed was not known then.
    assert launch.weeks_of(panel, 32).tolist()[0] == 32


def test_the_shape_of_launches_is_learnt_from_others():
    rng = np.random.default_rng(4)
    age = np.arange(40)
    truth = -0.9 * np.exp(-age / 4)

    def found(n):
        sold = {
            f"N{k}": silence(
                20, (200 * (1 + k % 3) * np.exp(truth + rng.normal(0, 0.1, 40))).tolist()
            )
            for k in range(n)
        }
        panel = panel_of(sold)
        launched = launch.weeks_of(panel, 60)
        return launch.curves(panel, panel.units, panel.exposure, launched, n_classes=1)[0]

    assert found(12) == pytest.approx(truth[:13], abs=0.12)
    assert not launch.curves(
        panel_of({"old": [5.0] * 60}), np.full((1, 60), 5.0), np.ones((1, 60)),
        np.array([launch.LONG_AGO]), n_classes=1,
    ).any()  # fmt: skip


def test_a_launch_is_over_after_a_quarter_and_nothing_before_it():
    log_curves = np.full((1, launch.WEEKS), np.log(0.5))
    ramp = launch.ramp(log_curves, np.array([5, launch.LONG_AGO]), np.array([0, 0]), 30)
    assert (ramp[0, :5] == 1).all()
    assert ramp[0, 5 : 5 + launch.WEEKS] == pytest.approx(0.5)
    assert (ramp[0, 5 + launch.WEEKS :] == 1).all()
    assert (ramp[1] == 1).all()


def test_skus_in_their_first_weeks_are_foreseen_near_what_they_come_to(monkeypatch):
    """Against a company's truth, and against the same model that knows of no launches."""

    def forecast(drawn):
        rows = model.predict(
            model.fit(drawn.panel, drawn.exposures, known=drawn.known), drawn.panel
        )
        rows = company.beside_truth(drawn, rows)
        launched = dict(
            zip(drawn.panel.skus, launch.weeks_of(drawn.panel, drawn.known), strict=True)
        )
        age = drawn.known - rows["sku"].map(launched)
        young = rows[(age >= 0) & (age < launch.WEEKS)]
        return young["our_baseline"].sum(), young["baseline"].sum()

    companies = [company.draw(skus=240, doors=6, weeks=110, seed=seed) for seed in (31, 32, 33)]
    with_shape = np.sum([forecast(drawn) for drawn in companies], axis=0)
    monkeypatch.setattr(looks, "_launch", lambda _p, _u, effects, _e, _k: effects.launch)
    without = np.sum([forecast(drawn) for drawn in companies], axis=0)
    assert abs(with_shape[0] / with_shape[1] - 1) < 0.15
    assert abs(without[0] / without[1] - 1) > abs(with_shape[0] / with_shape[1] - 1)


@pytest.mark.parametrize("alpha", [0.02, 0.27])
def test_weeks_before_a_launch_take_nothing_of_what_is_believed_of_it(alpha):
    """One week without a sale is one week's evidence, however long it was not there before."""
    units, effect = np.zeros((2, 120)), np.zeros((2, 120))
    effect[0, -1] = 1.0  # launched in the last week
    effect[1, 0] = 1.0  # the same, at once
    levels = baseline.smooth_level(
        units, effect, alpha=np.full(2, alpha), prior=np.full(2, 3.0), prior_weeks=2.0
    )
    assert levels[0, 119] == pytest.approx(3.0)
    assert levels[0, 120] == pytest.approx(levels[1, 1])
    assert 1.5 < levels[0, 120] < 3.0
