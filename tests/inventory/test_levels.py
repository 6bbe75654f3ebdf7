"""What is asked is what is delivered: orders against a plain simulation of the real process."""

import numpy as np
import pytest

from forecasting.inventory.levels import Aim, Doubt, Outlook

ASKED = np.array([0.70, 0.8333, 0.95])
WORLDS, WEEKS, WARM = 2_000, 75, 20


def delivered(*, mean, alpha, lead, waits=False, by_units=False, pack=1.0, seed=11):
    """Share of cycles, or of units, that a shop delivers which orders every week.

    Demand of a week is drawn from a negative binomial; what is ordered at a week's end comes
    `lead` weeks later; sales that stock does not allow are lost, or wait.
    """
    rng = np.random.default_rng(seed)
    service = np.repeat(ASKED, WORLDS)
    n = len(service)
    aim = Aim(service=service, waits=np.full(n, waits), by_units=by_units)
    doubt = Doubt(alpha=np.full(lead + 1, alpha), level_sd=0.0, lift_sd=np.zeros(lead + 1))
    stock, coming = np.full(n, np.round(1.5 * mean)), np.full((n, lead), np.round(mean))
    demand = np.full((n, lead + 1), float(mean))
    met = np.zeros((2, len(ASKED)))
    for week in range(WEEKS):
        outlook = Outlook(
            stock, demand, doubt, aim, lead_time=lead, pack=np.full(n, float(pack))
        )
        for ahead in range(lead):
            outlook.arrive(coming[:, ahead])
        ordered = np.ceil(outlook.lacking() / pack - 1e-9) * pack
        arriving = np.column_stack([coming, ordered])
        needed = rng.poisson(mean * rng.gamma(1 / alpha, alpha, n)).astype(float)
        there = stock + arriving[:, 0]
        sold = np.minimum(needed, np.maximum(there, 0.0))
        if week >= WARM:
            full = (needed <= there) * 1.0
            part, whole = (sold, needed) if by_units else (full, np.ones(n))
            met += np.stack([x.reshape(len(ASKED), -1).sum(axis=1) for x in (part, whole)])
        stock, coming = there - (needed if waits else sold), arriving[:, 1:]
    return met[0] / met[1]


@pytest.mark.parametrize(
    ("mean", "alpha", "lead"), [(20, 0.2, 2), (20, 0.8, 2), (100, 0.05, 2), (50, 0.3, 4)]
)
def test_where_sales_are_lost_the_share_of_cycles_met_in_full_is_the_one_asked(
    mean, alpha, lead
):
    np.testing.assert_allclose(delivered(mean=mean, alpha=alpha, lead=lead), ASKED, atol=0.005)


@pytest.mark.parametrize(("mean", "alpha", "lead"), [(60, 0.2, 2), (60, 0.05, 4)])
def test_where_customers_wait_it_is_the_one_asked_too(mean, alpha, lead):
    found = delivered(mean=mean, alpha=alpha, lead=lead, waits=True)
    np.testing.assert_allclose(found, ASKED, atol=0.005)


@pytest.mark.parametrize(
    ("mean", "alpha", "lead", "waits"),
    [(20, 0.2, 2, False), (20, 0.8, 2, False), (300, 0.2, 2, True)],
)  # fmt: skip
def test_a_share_of_units_is_delivered_as_one(mean, alpha, lead, waits):
    found = delivered(mean=mean, alpha=alpha, lead=lead, waits=waits, by_units=True)
    np.testing.assert_allclose(found, ASKED, atol=0.005)


@pytest.mark.parametrize("pack", [6, 60])
def test_a_pack_is_counted(pack):
    """Rounded up, every order would deliver more than was asked."""
    found = delivered(mean=20, alpha=0.2, lead=2, pack=pack)
    np.testing.assert_allclose(found[1:], ASKED[1:], atol=0.02)


def test_of_few_units_orders_come_as_near_as_whole_units_can():
    found = delivered(mean=3, alpha=0.5, lead=2)
    np.testing.assert_allclose(found, ASKED, atol=0.02)


def test_who_sells_seldom_in_large_packs_is_not_left_without_for_good():
    """No place of a pack lies below zero where the sale is lost."""
    assert (delivered(mean=3, alpha=0.5, lead=2, pack=24) > 0.7).all()


def test_lost_sales_need_less_than_customers_who_wait():
    level = {}
    for waits in (False, True):
        one = Outlook(
            np.array([20.0]), np.full((1, 3), 20.0),
            Doubt(alpha=np.full(3, 0.2), level_sd=0.0, lift_sd=np.zeros(3)),
            Aim(service=np.array([0.95]), waits=np.array([waits])), lead_time=2,
        )  # fmt: skip
        one.arrive(np.array([20.0]))
        one.arrive(np.array([20.0]))
        level[waits] = one.lacking()[0]
    assert level[False] < level[True] - 3


@pytest.mark.parametrize(("times", "alpha"), [(5, 0.1), (5, 0.2), (20, 0.2), (20, 0.4)])
def test_after_an_event_no_order_is_larger_than_that_of_a_shop_with_nothing_left(times, alpha):
    """A promotion that takes what it takes leaves none or plenty, and never less than none."""
    lead, event = 4, 1
    demand = np.full((2, lead + 1), 20.0)
    demand[:, event] *= times
    doubt = Doubt(
        alpha=np.full(lead + 1, alpha), level_sd=0.1, lift_sd=np.where(np.arange(5) == event, 0.2, 0.0)
    )  # fmt: skip
    aim = Aim(service=np.full(2, 0.98), waits=np.zeros(2, dtype=bool))
    outlook = Outlook(np.array([20.0 * times + 60, 0.0]), demand, doubt, aim, lead_time=lead)
    for _ in range(event + 1):
        outlook.arrive(np.zeros(2))
    after, empty = outlook.lacking()
    assert after <= empty + 0.1


@pytest.mark.parametrize("waits", [False, True])
@pytest.mark.parametrize(
    ("mean", "alpha", "opening"), [(20, 0.2, 45), (20, 0.8, 45), (4, 0.5, 6)]
)
def test_what_will_be_missed_until_an_order_comes_is_what_a_plain_simulation_misses(
    mean, alpha, opening, waits
):
    weeks, worlds = 5, 40_000
    come = np.array([0.0, 0.0, 15.0, 0.0, 0.0])
    doubt = Doubt(alpha=np.full(weeks, alpha), level_sd=0.0, lift_sd=np.zeros(weeks))
    aim = Aim(service=np.array([0.9]), waits=np.array([waits]))
    demand = np.full((1, weeks), float(mean))
    outlook = Outlook(np.array([float(opening)]), demand, doubt, aim, lead_time=weeks)
    rng = np.random.default_rng(3)
    stock, missed, expected = np.full(worlds, float(opening)), 0.0, 0.0
    for week in range(weeks):
        expected += outlook.missed(come[week : week + 1])[0]
        outlook.arrive(come[week : week + 1])
        needed = rng.poisson(mean * rng.gamma(1 / alpha, alpha, worlds))
        there = stock + come[week]
        missed += np.maximum(needed - np.maximum(there, 0), 0).mean()
        stock = there - needed if waits else np.maximum(there - needed, 0)
    assert expected == pytest.approx(missed, rel=0.07)
