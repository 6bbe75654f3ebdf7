"""Projection: the guide's worked examples, the plain recursion, and invariants."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from forecasting.inventory.projection import (
    due_weeks,
    lead_and_pace,
    project,
    replenished,
    routine,
    usual_cover,
    weeks_of_supply,
)

DEMAND = np.array([[80.0, 80, 200, 200, 80, 80]])
RECEIPTS = np.array([[0.0, 100, 0, 0, 240, 0]])
UNITS = hnp.arrays(float, (3, 9), elements=st.floats(0, 500))
OPENING = hnp.arrays(float, 3, elements=st.floats(0, 800))


def recursion(opening, receipts, demand):
    """Week by week, as a planner would on paper."""
    on_hand, lost = np.zeros_like(demand), np.zeros_like(demand)
    stock = opening.copy()
    for t in range(demand.shape[1]):
        available = stock + receipts[:, t]
        sales = np.minimum(available, demand[:, t])
        lost[:, t] = demand[:, t] - sales
        stock = available - sales
        on_hand[:, t] = stock
    return on_hand, lost


def test_the_worked_example_loses_160_units_in_week_4():
    result = project(np.array([300.0]), RECEIPTS, DEMAND)
    assert result.on_hand.tolist() == [[220, 240, 40, 0, 160, 80]]
    assert result.lost.tolist() == [[0, 0, 0, 160, 0, 0]]
    assert result.signed.tolist() == [[220, 240, 40, -160, 0, -80]]


@given(OPENING, UNITS, UNITS)
def test_the_closed_form_is_the_recursion(opening, receipts, demand):
    on_hand, lost = recursion(opening, receipts, demand)
    result = project(opening, receipts, demand)
    np.testing.assert_allclose(result.on_hand, on_hand, atol=1e-6)
    np.testing.assert_allclose(result.lost, lost, atol=1e-6)


@given(OPENING, UNITS, UNITS)
def test_units_are_conserved_and_stock_is_never_negative(opening, receipts, demand):
    result = project(opening, receipts, demand)
    sold = demand.sum(axis=1) - result.lost.sum(axis=1)
    np.testing.assert_allclose(
        result.on_hand[:, -1], opening + receipts.sum(axis=1) - sold, atol=1e-6
    )
    assert (result.on_hand >= -1e-6).all()
    assert (result.lost >= -1e-6).all()


@given(OPENING, UNITS, UNITS)
def test_units_lost_are_the_deepest_point_of_the_signed_balance(opening, receipts, demand):
    result = project(opening, receipts, demand)
    deepest = np.maximum(-result.signed.min(axis=1), 0)
    np.testing.assert_allclose(result.lost.sum(axis=1), deepest, atol=1e-6)


def test_weeks_of_supply_consume_the_demand_ahead():
    ahead = np.array([[0.0, 80, 80, 200, 80, 80]])
    assert weeks_of_supply(np.full((1, 6), 300.0), ahead)[0, 0] == pytest.approx(2.7)
    assert weeks_of_supply(np.zeros((1, 6)), ahead)[0, 0] == 0
    assert np.isnan(weeks_of_supply(np.ones((1, 6)), np.zeros((1, 6)))).all()


def test_a_week_without_demand_counts_as_a_whole_week_of_supply():
    ahead = np.array([[0.0, 10, 0, 10, 10]])
    assert weeks_of_supply(np.full((1, 5), 15.0), ahead)[0, 0] == pytest.approx(2.5)


def test_routine_replenishment_waits_for_the_lead_time_and_keeps_the_usual_cover():
    baseline = np.full((2, 12), 10.0)
    opening, receipts = np.array([45.0, 500.0]), np.zeros((2, 12))
    usual = routine(baseline, cover=np.array([3.0, 3.0]), lead_time=4)
    extra = replenished(opening, receipts, baseline, usual)
    assert (extra[:, :4] == 0).all()
    held = project(opening, receipts + extra, baseline).on_hand
    np.testing.assert_allclose(held[0, 4:], 30.0)
    assert extra[1].sum() == 0


def test_who_aims_at_less_than_the_lead_time_wants_keeps_to_that_share_of_it():
    rising = np.repeat([10.0, 10.0, 40.0], 6)[None, :]
    usual = routine(rising, cover=np.array([-2.0]), lead_time=3)
    # Before a peak that comes after the lead time, too.
    aimed = np.array([rising[0, t : t + 4].sum() for t in range(15)])
    np.testing.assert_allclose(usual.aim[0, :15], 0.5 * aimed)
    assert (routine(rising, cover=np.array([-9.0]), lead_time=3).aim == 0).all()


def test_the_usual_replenishment_aims_first_at_the_position_that_its_cover_was_read_from():
    rng = np.random.default_rng(7)
    baseline = rng.uniform(5, 40, (6, 20))
    position = np.array([0.0, 30, 80, 150, 400, 900])
    for lead_time in (0, 2, 5, 30):
        leads = np.full(6, lead_time)
        lead, pace = (x[:, 0] for x in lead_and_pace(baseline, np.array([0]), lead_time=leads))
        cover = usual_cover(position, lead, pace, lead_time=leads)
        assert (np.sign(cover) == np.sign(position - lead)).all()
        if lead_time < 20:
            aim = routine(baseline, cover=cover, lead_time=lead_time).aim[:, 0]
            np.testing.assert_allclose(aim, position)


def test_who_orders_every_other_week_fills_up_for_two():
    baseline, receipts = np.full((1, 12), 10.0), np.zeros((1, 12))
    usual = routine(baseline, cover=np.array([3.0]), lead_time=2, every=2, first=1)
    extra = replenished(np.array([60.0]), receipts, baseline, usual)
    # Orders arrive in weeks 1, 3, 5, ...; those of week 1 would have been placed by now.
    assert np.flatnonzero(extra[0]).tolist() == [3, 5, 7, 9, 11]
    np.testing.assert_allclose(extra[0, 5::2], 20.0)
    held = project(np.array([60.0]), receipts + extra, baseline).on_hand
    np.testing.assert_allclose(held[0, 3::2], 30.0)
    np.testing.assert_allclose(held[0, 4::2], 20.0)


def test_routine_replenishment_fills_up_after_a_promotion_one_lead_time_later():
    baseline, receipts = np.full((1, 12), 10.0), np.zeros((1, 12))
    usual = routine(baseline, cover=np.array([3.0]), lead_time=2)
    opening = np.array([40.0])
    promoted = baseline.copy()
    promoted[0, 3] = 25.0
    plain = replenished(opening, receipts, baseline, usual)
    filled = replenished(opening, receipts, promoted, usual)
    more = filled - plain
    # It did not see the promotion come: nothing more arrives before week 3 + 1 + 2.
    assert (more[0, :6] == 0).all()
    assert more[0, 6] == pytest.approx(15.0)
    assert more.sum() == pytest.approx(15.0)


def test_a_past_due_receipt_is_not_counted_as_arriving_this_week():
    assert due_weeks(np.array([-3, 0, 2])).tolist() == [1, 0, 2]
