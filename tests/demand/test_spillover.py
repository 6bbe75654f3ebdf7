"""What activations do outside their own cells conserves the demand of the class."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from forecasting.demand import spillover

LIFTS = st.lists(st.floats(1.0, 9.0), min_size=2, max_size=8)


@given(LIFTS, st.integers(0, 2**31), st.floats(-1.0, 0.0))
def test_a_class_never_sells_less_for_its_activations(lifts, seed, g):
    base = np.random.default_rng(seed).uniform(1, 50, len(lifts))
    multiplier = np.array(lifts)[:, None]
    group = np.zeros(len(lifts), int)
    share = spillover.share_of_group(base, group)
    after = (
        base
        * multiplier[:, 0]
        * np.exp(g * spillover.log_others(multiplier, share, group)[:, 0])
    )
    assert after.sum() >= base.sum() * (1 - 1e-9)


@given(st.floats(1.0, 9.0), st.integers(0, 2**31), st.floats(-1.0, 0.0))
def test_others_never_lose_more_than_one_activation_gained(lift, seed, g):
    base = np.random.default_rng(seed).uniform(1, 50, 5)
    multiplier = np.ones((5, 1))
    multiplier[2] = lift
    group = np.zeros(5, int)
    share = spillover.share_of_group(base, group)
    factor = np.exp(g * spillover.log_others(multiplier, share, group)[:, 0])
    lost = (base * (1 - factor)).sum()
    assert abs(factor[2] - 1) < 1e-9  # it does not take from itself
    assert lost <= base[2] * (lift - 1) + 1e-9


def test_other_classes_and_doors_are_left_alone():
    multiplier = np.array([[3.0], [1.0], [1.0]])
    logs = spillover.log_others(multiplier, np.array([0.5, 0.5, 1.0]), np.array([0, 0, 1]))
    assert logs[1, 0] > 0
    assert logs[2, 0] == 0


@given(st.lists(st.floats(1.0, 6.0), min_size=1, max_size=6), st.floats(0.0, 0.5))
def test_the_dip_never_takes_back_more_than_its_share_of_the_bump(lifts, f):
    multiplier = np.ones((1, len(lifts) + 5))
    multiplier[0, : len(lifts)] = lifts
    exposed = multiplier > 1
    dip = 1 - np.exp(-f * spillover.bought_ahead(multiplier, exposed))
    assert dip.sum() <= f * (multiplier - 1).sum() + 1e-9


def test_a_new_activation_cancels_the_rest_of_the_dip():
    multiplier = np.array([[2.0, 1.0, 2.0, 1.0]])
    ahead = spillover.bought_ahead(multiplier, multiplier > 1)
    assert ahead[0, 2] == 0
    np.testing.assert_allclose(ahead[0, 1], 0.6)
    np.testing.assert_allclose(ahead[0, 3], 0.6 + 0.1)


def test_what_was_bought_ahead_before_the_plan_is_carried_into_it():
    multiplier = np.array([[1.0, 2.0, 3.0, 1.0, 1.0, 1.0]])
    whole = spillover.bought_ahead(multiplier, multiplier > 1)
    carried = spillover.still_ahead(multiplier[:, :3])
    later = spillover.bought_ahead(multiplier[:, 3:], multiplier[:, 3:] > 1, before=carried)
    np.testing.assert_allclose(later, whole[:, 3:])
