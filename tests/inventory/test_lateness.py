"""Late suppliers: shares from the record, expectation and doubt by hand and by simulation."""

import numpy as np
import pandas as pd
import pytest

from forecasting.inventory.lateness import MOST_WEEKS, expected, record, still_late
from forecasting.inventory.risk import assess


def lines(**weeks_of):
    rows = [
        (name, week, count) for name, each in weeks_of.items() for week, count in each.items()
    ]
    return pd.DataFrame(rows, columns=["supplier", "weeks", "lines"])


def test_a_long_record_speaks_for_itself_and_a_short_one_leans_on_everybodys():
    shares = record(lines(Slow={0: 500, 1: 500}, Few={0: 3}))
    assert shares["Slow"][1] == pytest.approx(0.5, abs=0.01)
    assert 0.4 < shares["Few"][1] < 0.5
    assert all(s.sum() == pytest.approx(1) for s in shares.values())


def test_without_any_record_orders_come_on_time():
    assert record(lines())[""].tolist() == [1.0, *[0.0] * MOST_WEEKS]


def test_a_delay_that_is_announced_is_not_expected_again():
    shares = np.array([0.6, 0.3, 0.1, 0, 0, 0, 0])
    announced = still_late(shares, np.array([1, 5]))
    np.testing.assert_allclose(announced[0, :3], [0.75, 0.25, 0])
    assert announced[1, 0] == 1


def test_expected_arrivals_are_conserved_and_doubt_passes_when_they_come():
    delay = np.array([[0.5, 0.3, 0.2, 0, 0, 0, 0]])
    change, doubt = expected(np.array([0]), np.array([2]), np.array([100.0]), delay, (1, 10))
    np.testing.assert_allclose(change[0, 2:5], [-50, 30, 20])
    assert change.sum() == pytest.approx(0)
    np.testing.assert_allclose(doubt[0, 2:4], [2500, 1600])
    assert doubt[0, 4:].sum() == 0


def test_risk_with_a_late_order_agrees_with_simulation():
    rng = np.random.default_rng(5)
    shares = np.array([0.55, 0.3, 0.15, 0, 0, 0, 0])
    demand, stock = np.full((1, 6), 50.0), np.array([130.0])
    receipts = np.array([[0.0, 0, 120, 0, 0, 0]])
    change, doubt = expected(
        np.array([0]), np.array([2]), np.array([120.0]), shares[None], (1, 6)
    )
    risk = assess(
        stock, receipts + change, demand, lift_sd=np.zeros(6), alpha=0.02, level_sd=0.05,
        doubt=doubt,
    )  # fmt: skip
    paths = 40_000
    late = rng.choice(7, paths, p=shares)
    scale = np.exp(rng.standard_normal(paths) * 0.05)
    drawn = rng.poisson(50 * scale[:, None] * rng.gamma(50, 1 / 50, (paths, 6)))
    held, out = np.full(paths, 130.0), np.zeros((paths, 6), bool)
    short = np.zeros(6)
    for t in range(6):
        available = held + np.where(2 + late == t, 120, 0)
        out[:, t] = drawn[:, t] > available
        short[t] = np.maximum(drawn[:, t] - available, 0).mean()
        held = np.maximum(available - drawn[:, t], 0)
    # One order that comes or does not is two worlds; the engine sees one that is wide.
    np.testing.assert_allclose(risk.p_stockout[0, 2], out[:, 2].mean(), atol=0.17)
    assert risk.p_any(2, 3)[0] == pytest.approx(out[:, 2:4].any(axis=1).mean(), abs=0.17)
    on_time = assess(stock, receipts, demand, lift_sd=np.zeros(6), alpha=0.02, level_sd=0.05)
    assert risk.units_short[0, 2] > on_time.units_short[0, 2] + 3
    assert risk.p_stockout[0, 2] > on_time.p_stockout[0, 2] + 0.1
    assert risk.units_short[0].sum() == pytest.approx(short.sum(), abs=0.06 * 300)
