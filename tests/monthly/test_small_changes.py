"""Small changes are asked what they decide; nobody is kept from making one."""

import numpy as np
import pytest

from forecasting.hierarchy import THOUSANDTHS
from tests.monthly.test_cycle import busiest, scope


def test_a_change_is_small_only_below_both_share_and_money(space):
    sku = busiest(space)
    held = space.input_amount("dana", scope(space, sku))
    price = float(np.nanmean(space.plan.base.price[sku]))
    space.policies.change("victor", "small_money", 0.05 * held * price, why="For this test")
    few = space.override("dana", scope(space, sku), "percent", 2, reason="TREND")
    small = space.small("dana", few)
    assert small.share == pytest.approx(0.02, abs=0.001)
    assert small.units == pytest.approx(0.02 * held, abs=0.01)
    assert small.money == pytest.approx(0.02 * held * price, rel=0.05)
    much = space.override("dana", scope(space, sku), "percent", 12, reason="TREND")
    assert space.small("dana", much) is None
    dear = space.override("dana", scope(space, sku), "percent", 8, reason="TREND")
    assert space.small("dana", dear) is None  # little of it, and more money than the limit


def test_what_is_small_is_leaderships_to_set(space):
    sku = busiest(space)
    (event,) = space.preview_override("dana", [scope(space, sku)], "percent", 8)
    space.policies.change("victor", "small_money", 1e6, why="For this test")
    assert space.small("dana", event) is not None
    space.policies.change("victor", "small_share", 0.05, why="Eight per cent is not small")
    assert space.small("dana", event) is None


def test_units_moved_between_doors_are_a_change_though_the_total_stays(space):
    """What moves is looked at, not only what it nets to."""
    sku = busiest(space)
    space.policies.change("victor", "small_money", 1e6, why="For this test")
    (event,) = space.preview_override("dana", [scope(space, sku)], "percent", 50)
    half = np.where(np.arange(len(event.leaves)) % 2, -1, 1) * np.abs(event.leaves.delta)
    from dataclasses import replace

    moved = replace(event, leaves=replace(event.leaves, delta=half))
    assert abs(moved.units) < event.units
    assert np.abs(half).sum() / THOUSANDTHS >= 0.1 * event.body.before
    assert space.small("dana", moved) is None
