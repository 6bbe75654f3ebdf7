"""The guide's worked numbers of risk and of the four options, one week at one door."""

import numpy as np
import pytest
from scipy import stats

from forecasting.inventory.actions import Situation, gap
from forecasting.inventory.risk import NODE_WEIGHTS, assess

MARGIN, PRICE = 18.0, 40.0


def week(opening: float, mean: float = 560.0, sd: float = 110.0):
    """Risk of one week whose demand has this mean and standard deviation.

    The guide's doubt is a normal one, as that of receipts is; doubt of demand is skewed.
    """
    return assess(
        np.array([opening]), np.zeros((1, 1)), np.array([[mean]]), lift_sd=np.zeros(1),
        alpha=0.0, level_sd=0.0, doubt=np.array([[sd**2 - mean]]),
    )  # fmt: skip


def short(opening: float, **demand: float) -> float:
    return float(week(opening, **demand).units_short[0, 0])


def test_five_hundred_units_against_560_are_short_seven_times_in_ten_by_80_units():
    risk = week(500)
    # Half a unit of grace, because customers want whole units, is worth 0.2 points.
    assert risk.p_stockout[0, 0] == pytest.approx(0.707, abs=0.003)
    assert risk.units_short[0, 0] == pytest.approx(80.3, abs=0.05)
    assert 1 - risk.units_short[0, 0] / 560 == pytest.approx(0.857, abs=0.0005)
    assert PRICE * risk.units_short[0, 0] == pytest.approx(3_210, abs=3)


def test_what_looks_fine_on_average_is_short_one_time_in_ten():
    risk = week(700)
    assert risk.p_stockout[0, 0] == pytest.approx(0.10, abs=0.003)
    assert risk.units_short[0, 0] == pytest.approx(5.3, abs=0.1)


def test_the_gap_to_a_service_level_of_95_per_cent_is_241_units():
    none, mean = np.zeros((1, 1)), np.array([[560.0]])
    situation = Situation(
        doors=np.array([0]), first=0, last=0, opening=np.array([500.0]), receipts=none,
        demand=mean, lift_units=none, lift_sd=np.zeros(1),
        alpha=np.zeros(1), level_sd=0.0, usual=None, doubt=np.array([[110.0**2 - 560]]),
        late=none, known=np.array([True]), margin=np.array([[MARGIN]]), service=0.95, presentation=0.0,
    )  # fmt: skip
    assert gap(situation)[0] == pytest.approx(241, abs=1)


def test_few_units_are_counted_fourteen_for_a_demand_of_six_fail_three_times_in_a_hundred():
    """Mean 6, variance 15: a negative binomial says 3.3%, a normal 1.4%."""
    risk = assess(
        np.array([14.0]), np.zeros((1, 1)), np.array([[6.0]]), lift_sd=np.zeros(1),
        alpha=(15 - 6) / 36, level_sd=0.0,
    )  # fmt: skip
    exact = stats.nbinom.sf(14, 6**2 / (15 - 6), 6 / 15)
    assert exact == pytest.approx(0.033, abs=0.0005)
    assert risk.p_stockout[0, 0] == pytest.approx(exact, abs=0.002)


def test_the_error_of_a_lift_does_not_average_out_over_two_weeks():
    """Baseline 200 +/- 40 in two weeks, lift 1.8 +/- .45: mean 720, spread 208, not 165."""
    within = 1.8**2 * 40**2 + 0.45**2 * 40**2
    alpha = (within - 360) / 360**2
    risk = assess(
        np.array([5_000.0]), np.zeros((1, 2)), np.full((1, 2), 360.0),
        lift_sd=np.full(2, 0.45 / 1.8), alpha=alpha, level_sd=0.0,
    )  # fmt: skip
    total = risk.demand[:, 0].sum(axis=1)
    mean = float(NODE_WEIGHTS @ total)
    spread = np.sqrt(
        NODE_WEIGHTS @ (total - mean) ** 2
        + NODE_WEIGHTS @ (risk.demand_sd[:, 0] ** 2).sum(axis=1)
    )
    assert mean == pytest.approx(720, abs=0.5)
    assert spread == pytest.approx(208, rel=0.04)  # the lift's error is log-normal here


@pytest.mark.parametrize(
    ("moved", "cost", "left", "saved", "net"),
    [(120, 630.0, 20.3, 1_080, 450), (60, 150.0, 43.9, 655, 505)],
    ids=["expedite 120 units", "reallocate 60 units"],
)
def test_more_units_save_what_the_guide_says(moved, cost, left, saved, net):
    before, after = short(500), short(500 + moved)
    assert after == pytest.approx(left, abs=0.1)
    assert MARGIN * (before - after) == pytest.approx(saved, abs=2)
    assert MARGIN * (before - after) - cost == pytest.approx(net, abs=2)


def test_both_together_save_less_than_the_sum_of_each():
    before = short(500)
    both = before - short(680)
    assert both == pytest.approx(72.6, abs=0.1)
    assert both < (before - short(620)) + (before - short(560)) - 20


def test_expecting_less_protects_service_and_gives_up_sales():
    less = {"mean": 476.0, "sd": 94.0}
    assert short(500, **less) == pytest.approx(26.7, abs=0.1)
    sold, sold_less = 560 - short(500), 476 - short(500, **less)
    assert sold == pytest.approx(479.7, abs=0.1)
    assert sold_less == pytest.approx(449.3, abs=0.1)
    assert MARGIN * (sold_less - sold) == pytest.approx(-547, abs=2)
