"""Netting: the guide's worked examples, its invariants, and terms of orders."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from forecasting.inventory.buy_plan import (
    Centre,
    Terms,
    kept,
    net_through,
    open_to_buy,
    rows_of,
    safety_stock,
)
from forecasting.inventory.levels import Aim, Doubt, Outlook, as_if_waiting
from forecasting.inventory.netting import net
from forecasting.weekly.service import MOST_SERVICE

DEMAND = np.array([[80.0, 80, 200, 200, 80, 80]])
DUE = np.array([[0.0, 100, 0, 0, 240, 0]])
UNITS = hnp.arrays(float, (3, 12), elements=st.integers(0, 60).map(float))
OPENING = hnp.arrays(float, 3, elements=st.integers(0, 200).map(float))


def test_the_worked_example_cannot_order_week_3_any_more_and_orders_216_for_week_4():
    terms = Terms(lead_time=3, case=24, least=120)
    plan = net(
        np.array([300.0]),
        DUE,
        DEMAND,
        kept(np.array([300.0]), DEMAND, np.full((1, 6), 50.0)),
        terms,
    )
    assert plan.exceptions[0].tolist() == [0, 0, 24, 0, 0, 0]
    assert plan.orders[0].tolist() == [0, 0, 0, 216, 0, 0]
    assert plan.on_hand[0, 3] == 56


def test_the_worked_example_rounds_a_lack_of_ten_up_to_the_minimum_of_120():
    terms = Terms(lead_time=2, case=24, least=120)
    plan = net(
        np.array([300.0]),
        DUE,
        DEMAND,
        kept(np.array([300.0]), DEMAND, np.full((1, 6), 50.0)),
        terms,
    )
    assert plan.orders[0, 2] == 120


@given(OPENING, UNITS, UNITS, st.integers(1, 4), st.integers(1, 6), st.integers(0, 40))
def test_stock_never_ends_a_week_below_its_safety_stock_once_orders_can_arrive(
    opening, due, demand, lead, case, least
):
    safety = np.full(demand.shape, 15.0)
    terms = Terms(lead_time=lead, case=case, least=least)
    plan = net(opening, due, demand, kept(opening, demand, safety), terms)
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
    plan = net(
        opening,
        due,
        demand,
        kept(opening, demand, np.full(demand.shape, 5.0)),
        Terms(lead_time=2),
    )
    stock = opening.copy()
    for t in range(demand.shape[1]):
        stock = np.maximum(stock + due[:, t] + plan.orders[:, t] - demand[:, t], 0)
        np.testing.assert_allclose(plan.on_hand[:, t], stock, atol=1e-6)


def test_a_centre_gives_first_and_no_more_than_it_has():
    demand, none = np.full((2, 8), 10.0), np.zeros((2, 8))
    plan = net(
        np.zeros(2),
        none,
        demand,
        kept(np.zeros(2), demand, none),
        Terms(lead_time=4),
        reserve=50.0,
    )
    assert plan.from_centre.sum() == 50
    assert plan.from_centre[:, 0].sum() == 0
    assert plan.orders.sum() == pytest.approx(2 * 4 * 10)


def test_nothing_lands_after_the_exit_date():
    demand, none = np.full((1, 8), 10.0), np.zeros((1, 8))
    plan = net(
        np.zeros(1), none, demand, kept(np.zeros(1), demand, none), Terms(lead_time=2, last=4)
    )
    assert plan.orders[0, 2:5].all()
    assert plan.orders[0, 5:].sum() == 0


def test_safety_stock_of_many_units_is_the_textbook_one():
    """95%, error of 30 a week, lead time 4 and review 1: 1.645 x 30 x sqrt(5) = 110."""
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


def through(opening, due, demand, *, stock, coming, lead=4, way=(1, 1, 2), **terms):
    """Three doors behind one centre."""
    centre = Centre(
        stock=float(stock), scheduled=coming, weeks=np.array(way),
        safety=np.zeros(demand.shape[1]),
    )  # fmt: skip
    none = np.zeros(demand.shape)
    plan = net_through(
        opening,
        due,
        demand,
        kept(opening, demand, none),
        Terms(lead_time=lead, **terms),
        centre,
    )
    return plan, centre


def test_a_centres_demand_is_what_doors_ask_for_not_what_they_sell():
    """Stock at the doors is sold first: the centre is asked a way before it is gone."""
    demand, none = np.full((3, 8), 10.0), np.zeros((3, 8))
    plan, _ = through(
        np.array([30.0, 30, 30]), none, demand, stock=0, coming=np.zeros(8), lead=1
    )
    leaves = plan.centre.orders  # ordered just in time for what leaves in the same week
    assert leaves.tolist() == [0, 10, 30, 30, 30, 30, 20, 0]
    assert plan.from_centre[:, :3].sum() == 0
    assert plan.from_centre[:, 3:].tolist() == [[10.0] * 5] * 3
    assert plan.orders.sum() == 0


def test_what_a_centre_lacks_before_an_order_can_arrive_is_an_exception_of_the_centre():
    demand, none = np.full((3, 8), 10.0), np.zeros((3, 8))
    plan, centre = through(np.zeros(3), none, demand, stock=25, coming=np.zeros(8), lead=4)
    assert plan.centre.exceptions[:4].sum() > 0
    assert plan.centre.exceptions[4:].sum() == 0
    assert plan.exceptions[:, 0].tolist() == [10.0, 10.0, 10.0]  # the way is too long
    lines = rows_of(plan, 4, centre=centre)
    at_centre = [s for s, d in zip(lines["source"], lines["door"], strict=True) if d == 3]
    assert set(at_centre) == {"supplier"}
    assert {
        s
        for s, d, k in zip(lines["source"], lines["door"], lines["kind"], strict=True)
        if d < 3 and k != "expedite"
    } == {"centre"}


def test_a_minimum_order_is_the_centres_not_each_doors():
    demand, none = np.full((3, 10), 2.0), np.zeros((3, 10))
    plan, _ = through(
        np.full(3, 4.0), none, demand, stock=0, coming=np.zeros(10), lead=1, least=40, case=8
    )
    orders = plan.centre.orders[plan.centre.orders > 0]
    assert (orders >= 40).all()
    assert (orders % 8 == 0).all()
    assert (plan.from_centre <= 6).all()


@given(
    OPENING, UNITS, UNITS, st.integers(0, 300),
    hnp.arrays(float, 12, elements=st.integers(0, 80).map(float)), st.integers(1, 5),
)  # fmt: skip
def test_a_centre_sends_no_more_than_it_has_and_every_unit_is_somewhere(
    opening, due, demand, stock, coming, lead
):
    plan, centre = through(opening, due, demand, stock=stock, coming=coming, lead=lead)
    leaving = np.zeros(12)
    for d, way in enumerate(centre.weeks):
        leaving[: 12 - way] += plan.from_centre[d, way:]
    left = stock + np.cumsum(coming + plan.centre.orders - leaving)
    assert (plan.centre.on_hand >= -1e-9).all()
    np.testing.assert_allclose(plan.centre.on_hand, left, atol=1e-6)
    assert (plan.orders == 0).all()
    at = opening.copy()
    for t in range(12):
        at = np.maximum(at + due[:, t] + plan.from_centre[:, t] - demand[:, t], 0)
        np.testing.assert_allclose(plan.on_hand[:, t], at, atol=1e-6)


@given(OPENING, UNITS, UNITS, st.integers(1, 4))
def test_once_an_order_can_reach_the_doors_through_the_centre_nothing_is_short(
    opening, due, demand, lead
):
    plan, centre = through(opening, due, demand, stock=0, coming=np.zeros(12), lead=lead)
    reach = lead + int(centre.weeks.max())
    short = np.zeros(demand.shape)
    stock = opening.copy()
    for t in range(12):
        there = stock + due[:, t] + plan.from_centre[:, t]
        short[:, t] = np.maximum(demand[:, t] - there, 0)
        stock = np.maximum(there - demand[:, t], 0)
    assert short[:, reach:].sum() == pytest.approx(0, abs=1e-6)


def test_in_frozen_weeks_nothing_is_released_and_what_is_needed_is_an_exception():
    demand, none = np.full((1, 10), 10.0), np.zeros((1, 10))
    free = net(np.zeros(1), none, demand, kept(np.zeros(1), demand, none), Terms(lead_time=2))
    frozen = net(
        np.zeros(1), none, demand, kept(np.zeros(1), demand, none), Terms(lead_time=2, frozen=3)
    )
    assert free.orders[0].tolist() == [0, 0, *[10] * 8]
    assert frozen.orders[0].tolist() == [0] * 5 + [10] * 5
    assert frozen.exceptions[0, :5].sum() > free.exceptions[0].sum()


def protected(demand, lift_sd, opening, *, lead, through=False):
    """Orders of one SKU by the forecast's own distribution, (1, W)."""
    doubt = Doubt(alpha=np.full(demand.shape[1], 0.02), level_sd=0.05, lift_sd=lift_sd)
    aim = Aim(service=np.array([0.95]), waits=np.array([False]))
    due, terms = np.zeros(demand.shape), Terms(lead_time=lead)
    opening = np.array([float(opening)])

    def needs(rows, weeks):
        return Outlook(opening[rows], demand[rows], doubt, aim, lead_time=weeks)

    if not through:
        return net(opening, due, demand, needs, terms).orders

    def safe(weeks):
        return safety_stock(
            demand, alpha=doubt.alpha, level_sd=0.05, lift_sd=lift_sd, lead_time=weeks,
            service=as_if_waiting(0.95, weeks=weeks + 1),
        )  # fmt: skip

    centre = Centre(
        stock=0.0, scheduled=due[0], weeks=np.array([1]), own=safe(1)[0],
        safety=np.maximum(safe(lead + 1) - safe(1), 0)[0],
    )  # fmt: skip
    return net_through(opening, due, demand, needs, terms, centre).centre.orders[None]


@pytest.mark.parametrize("through", [False, True])
@pytest.mark.parametrize("times", [5, 20, 100])
@pytest.mark.parametrize(
    ("lead", "week", "weeks"), [(4, 1, 1), (4, 0, 2), (6, 3, 1), (3, 1, 1)]
)
def test_no_order_protects_a_window_that_is_over_when_it_arrives(
    times, lead, week, weeks, through
):
    calm = np.full((1, 12), 20.0)
    spiked, lift_sd = calm.copy(), np.zeros(12)
    spiked[:, week : week + weeks] *= times
    lift_sd[week : week + weeks] = 0.3
    usual = protected(calm, np.zeros(12), 20 * lead, lead=lead, through=through)
    opening = 20 * lead + (spiked - calm).sum()
    after = protected(spiked, lift_sd, opening, lead=lead, through=through)
    assert usual[0, lead] > 0
    # A surprise can take no more than what is left of the stock at the end of the window.
    left = 20 * (lead - week - weeks)
    assert after[0, lead : lead + 4].sum() <= usual[0, lead : lead + 4].sum() + left + 1


@pytest.mark.parametrize("through", [False, True])
def test_a_window_to_come_is_protected_as_before(through):
    demand, lift_sd = np.full((1, 12), 20.0), np.zeros(12)
    demand[:, 6] *= 5
    lift_sd[6] = 0.3
    sure = protected(demand, np.zeros(12), 100, lead=3, through=through)
    unsure = protected(demand, lift_sd, 100, lead=3, through=through)
    assert unsure[0, :7].sum() > sure[0, :7].sum() + 20


@given(st.floats(0, 1), st.floats(0, 1e6), st.floats(0, 50), st.integers(0, 60))
def test_safety_stock_of_any_level_that_can_be_planned_for_is_a_number(
    service, demand, alpha, lead
):
    stock = safety_stock(
        np.full((1, 8), demand), alpha=np.full(8, alpha), level_sd=0.1,
        lift_sd=np.full(8, 0.5), lead_time=lead, service=min(service, MOST_SERVICE),
    )  # fmt: skip
    assert np.isfinite(stock).all()
    assert (stock >= 0).all()
