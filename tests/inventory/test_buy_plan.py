"""Netting: the guide's worked examples, its invariants, and terms of orders."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from forecasting.inventory.buy_plan import Terms, net, open_to_buy, safety_stock

DEMAND = np.array([[80.0, 80, 200, 200, 80, 80]])
DUE = np.array([[0.0, 100, 0, 0, 240, 0]])
UNITS = hnp.arrays(float, (3, 12), elements=st.integers(0, 60).map(float))
OPENING = hnp.arrays(float, 3, elements=st.integers(0, 200).map(float))


def test_the_worked_example_cannot_order_week_3_any_more_and_orders_216_for_week_4():
    terms = Terms(lead_time=3, case=24, least=120)
    plan = net(np.array([300.0]), DUE, DEMAND, np.full((1, 6), 50.0), terms)
    assert plan.exceptions[0].tolist() == [0, 0, 24, 0, 0, 0]
    assert plan.orders[0].tolist() == [0, 0, 0, 216, 0, 0]
    assert plan.on_hand[0, 3] == 56


def test_the_worked_example_rounds_a_lack_of_ten_up_to_the_minimum_of_120():
    terms = Terms(lead_time=2, case=24, least=120)
    plan = net(np.array([300.0]), DUE, DEMAND, np.full((1, 6), 50.0), terms)
    assert plan.orders[0, 2] == 120


@given(OPENING, UNITS, UNITS, st.integers(1, 4), st.integers(1, 6), st.integers(0, 40))
def test_stock_never_ends_a_week_below_its_safety_stock_once_orders_can_arrive(
    opening, due, demand, lead, case, least
):
    safety = np.full(demand.shape, 15.0)
    terms = Terms(lead_time=lead, case=case, least=least)
    plan = net(opening, due, demand, safety, terms)
    later = slice(lead, None)
    still = np.flip(np.cumsum(np.flip(demand, 1), axis=1), 1) > 0
    held = plan.on_hand[:, later] >= safety[:, later] - 1e-9
    assert (held | ~still[:, later]).all()
    assert (plan.orders[:, :lead] == 0).all()
    np.testing.assert_allclose(plan.orders % case, 0, atol=1e-9)
    together = plan.orders.sum(axis=0)
    assert ((together == 0) | (together >= least)).all()


@given(OPENING, UNITS, UNITS)
def test_units_are_conserved(opening, due, demand):
    plan = net(opening, due, demand, np.full(demand.shape, 5.0), Terms(lead_time=2))
    stock = opening.copy()
    for t in range(demand.shape[1]):
        stock = np.maximum(stock + due[:, t] + plan.orders[:, t] - demand[:, t], 0)
        np.testing.assert_allclose(plan.on_hand[:, t], stock, atol=1e-6)


def test_a_centre_gives_first_and_no_more_than_it_has():
    demand, none = np.full((2, 8), 10.0), np.zeros((2, 8))
    plan = net(np.zeros(2), none, demand, none, Terms(lead_time=4), reserve=50.0)
    assert plan.from_centre.sum() == 50
    assert plan.from_centre[:, 0].sum() == 0
    assert plan.orders.sum() == pytest.approx(2 * 4 * 10)


def test_nothing_lands_after_the_exit_date():
    demand, none = np.full((1, 8), 10.0), np.zeros((1, 8))
    plan = net(np.zeros(1), none, demand, none, Terms(lead_time=2, last=4))
    assert plan.orders[0, 2:5].all()
    assert plan.orders[0, 5:].sum() == 0


def test_safety_stock_of_many_units_is_the_textbook_one():
    """95 %, error of 30 a week, lead time 4 and review 1: 1.645 x 30 x sqrt(5) = 110."""
    demand = np.full((1, 12), 1_000.0)
    alpha = np.full(12, (30.0**2 - 1_000.0) / 1_000.0**2)
    found = safety_stock(
        demand, alpha=alpha, level_sd=0.0, lift_sd=np.zeros(12), lead_time=4, service=0.95
    )
    assert found[0, -1] == pytest.approx(110, abs=2)


def test_an_error_that_weeks_share_does_not_average_out():
    demand, zero = np.full((1, 12), 100.0), np.zeros(12)
    given = {"alpha": np.full(12, 0.02), "lead_time": 4, "service": 0.95}
    own = safety_stock(demand, level_sd=0.0, lift_sd=zero, **given)
    shared = safety_stock(demand, level_sd=0.15, lift_sd=zero, **given)
    lifted = safety_stock(demand, level_sd=0.0, lift_sd=np.full(12, 0.3), **given)
    assert shared[0, -1] > 1.2 * own[0, -1]
    assert lifted[0, -1] > shared[0, -1]


def test_open_to_buy_is_290_and_116_at_cost():
    left = open_to_buy(*(np.array([v]) for v in (500.0, 40.0, 800.0, 700.0, 350.0)))
    assert left[0] == 290
    assert left[0] * (1 - 0.6) == pytest.approx(116)
