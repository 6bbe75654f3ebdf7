"""Aggregating and spreading: worked examples and invariants."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecasting.errors import ImpossibleSpread, UnknownName
from forecasting.hierarchy import Tree, aggregate, largest_remainder, spread

LEAVES = st.lists(st.integers(0, 500_000), min_size=1, max_size=30)


def test_largest_remainder_gives_the_worked_example():
    weights = np.array([17.0, 29, 41, 13])
    assert largest_remainder(50, weights).tolist() == [8, 15, 21, 6]


def test_a_held_leaf_stays_and_the_others_share_the_rest():
    leaves = np.array([17, 20, 41, 13])
    held = np.array([False, True, False, False])
    assert spread(leaves, 50, held=held).tolist() == [7, 20, 17, 6]


def test_leaves_that_are_all_zero_share_equally_or_by_the_reference():
    zeros = np.zeros(4, dtype=np.int64)
    assert spread(zeros, 8).tolist() == [2, 2, 2, 2]
    reference = np.array([1.0, 0, 3, 0])
    assert spread(zeros, 8, reference=reference).tolist() == [2, 0, 6, 0]


def test_a_leaf_that_is_not_ranged_gets_nothing():
    leaves = np.array([10, 0, 10])
    active = np.array([True, False, True])
    assert spread(leaves, 30, active=active).tolist() == [15, 0, 15]


def test_a_total_below_what_is_held_is_refused_whole():
    leaves = np.array([10_000, 20_000])
    with pytest.raises(ImpossibleSpread, match="20 units are held"):
        spread(leaves, 15_000, held=np.array([False, True]))


def test_a_spread_without_any_free_leaf_is_refused():
    leaves = np.array([10_000, 20_000])
    with pytest.raises(ImpossibleSpread, match="held or not ranged"):
        spread(leaves, 50_000, held=np.array([True, True]))


def test_a_negative_total_is_refused():
    with pytest.raises(ImpossibleSpread, match="cannot be negative"):
        spread(np.array([5, 5]), -1)


def test_negative_totals_of_a_plain_split_keep_their_sign():
    assert largest_remainder(-50, np.array([17.0, 29, 41, 13])).sum() == -50


@given(LEAVES, st.integers(0, 50_000_000), st.data())
def test_spread_leaves_add_up_exactly_and_held_ones_stay(values, total, data):
    leaves = np.array(values, dtype=np.int64)
    n = len(values)
    held = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    try:
        result = spread(leaves, total, held=held)
    except ImpossibleSpread:
        assert held.all() or leaves[held].sum() > total
        return
    assert result.sum() == total
    assert (result >= 0).all()
    assert (result[held] == leaves[held]).all()


@given(LEAVES)
def test_spreading_the_present_total_changes_nothing(values):
    leaves = np.array(values, dtype=np.int64)
    assert spread(leaves, int(leaves.sum())).tolist() == values


@given(LEAVES, st.integers(0, 10_000_000), st.randoms())
def test_the_order_of_the_rows_does_not_matter(values, total, random):
    leaves, ties = np.array(values, dtype=np.int64), np.arange(len(values))
    order = list(range(len(values)))
    random.shuffle(order)
    straight = spread(leaves, total, ties=ties)
    shuffled = spread(leaves[order], total, ties=ties[order])
    assert straight[order].tolist() == shuffled.tolist()


@given(LEAVES, st.integers(1, 5))
def test_groups_add_up_to_the_whole(values, n_groups):
    leaves = np.array(values, dtype=np.int64)
    groups = np.arange(len(values)) % n_groups
    assert aggregate(leaves, groups, n_groups).sum() == leaves.sum()


def test_a_tree_finds_the_leaves_of_every_node():
    frame = pd.DataFrame(
        {
            "sku": ["A", "B", "C"],
            "class": ["Coats", "Coats", "Lamps"],
            "department": ["Apparel", "Apparel", None],
        }
    )
    tree = Tree.of(frame, ["department", "class"], leaf="sku")
    assert tree.members("class", "Coats").tolist() == [0, 1]
    assert tree.members("department", "(none)").tolist() == [2]
    assert tree.members("all", "all").tolist() == [0, 1, 2]
    assert tree.names("class") == ["Coats", "Lamps"]
    with pytest.raises(UnknownName, match="No class 'Hats'"):
        tree.members("class", "Hats")


def test_a_tree_without_leaves_has_no_members_and_knows_no_node():
    empty = Tree.of(pd.DataFrame({"class": [], "sku": []}), ["class"], leaf="sku")
    assert empty.members("all", "all").size == 0
    with pytest.raises(UnknownName, match="No class 'Coats'"):
        empty.members("class", "Coats")
