"""The transfer solver against brute force, and what it promises."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecasting.inventory.transfers import Lanes, best_moves


def gain_of(units, sizes, values, lanes, worth):
    """Money that moves gain: each taker's units fill its dearest steps first."""
    total = -float((units * lanes.cost).sum())
    total -= float((units * values[lanes.target, 0] * (1 - worth)).sum())
    for taker in range(len(sizes)):
        left = units[lanes.target == taker].sum()
        for size, value in zip(sizes[taker], values[taker], strict=True):
            total += value * min(left, size)
            left -= min(left, size)
    return total


def by_brute_force(spare, sizes, values, lanes, worth):
    """Every way to move whole lots."""
    best = 0.0
    choices = []
    for i in range(len(lanes.origin)):
        most = int(spare[lanes.origin[i]] // lanes.lot[i])
        units = [k * lanes.lot[i] for k in range(most + 1)]
        choices.append([u for u in units if u == 0 or u >= lanes.least[i]])
    for units in itertools.product(*choices):
        moved = np.array(units)
        given = np.bincount(lanes.origin, moved, minlength=len(spare))
        if (given <= spare).all():
            best = max(best, gain_of(moved, sizes, values, lanes, worth))
    return best


SMALL = st.integers(0, 5)


def lots_of(lanes):
    """Lots of so many lanes: each its own, or all the same."""
    each = st.lists(st.integers(1, 3), min_size=lanes, max_size=lanes)
    return each | st.integers(1, 3).map(lambda lot: [lot] * lanes)


@given(st.data())
def test_the_solver_finds_as_much_as_trying_everything(data):
    givers, takers = data.draw(st.integers(1, 2)), data.draw(st.integers(1, 2))
    spare = np.array([float(data.draw(SMALL)) for _ in range(givers)])
    sizes = np.array([[float(data.draw(SMALL)) for _ in range(2)] for _ in range(takers)])
    values = np.sort(
        np.array([[data.draw(st.floats(0, 9)) for _ in range(2)] for _ in range(takers)])
    )[:, ::-1].copy()
    g, t = (a.ravel() for a in np.meshgrid(range(givers), range(takers), indexing="ij"))
    lanes = Lanes(
        origin=g,
        target=t,
        cost=np.array([data.draw(st.floats(0, 5)) for _ in g]),
        least=np.array([float(data.draw(st.integers(1, 3))) for _ in g]),
        lot=np.array([float(n) for n in data.draw(lots_of(len(g)))]),
    )
    worth = np.array([data.draw(st.floats(0.2, 1)) for _ in g])
    units = best_moves(spare, sizes, values, lanes, worth=worth, gap=0.0)
    found = gain_of(units, sizes, values, lanes, worth)
    best = by_brute_force(spare, sizes, values, lanes, worth)
    assert found == pytest.approx(best, rel=2e-3, abs=1e-5)
    given_away = np.bincount(lanes.origin, units, minlength=givers)
    assert (given_away <= spare + 1e-9).all()
    used = units > 0
    assert (units[used] >= lanes.least[used]).all()
    assert (units % lanes.lot == 0).all()


def test_the_worked_example_moves_forty_units_from_the_fuller_door():
    """W = 4: A 120 u at 10 a week can spare 80, C 60 at 10 can spare 20, B lacks 40."""
    lanes = Lanes(
        origin=np.array([0, 1]), target=np.array([0, 0]), cost=np.array([1.0, 1.5]),
        least=np.ones(2), lot=np.ones(2),
    )  # fmt: skip
    units = best_moves(np.array([80.0, 20.0]), np.array([[40.0]]), np.array([[9.0]]), lanes)
    assert units.tolist() == [40.0, 0.0]


def test_nothing_is_moved_that_costs_more_than_it_saves():
    lanes = Lanes(
        origin=np.array([0]), target=np.array([0]), cost=np.array([5.0]), least=np.ones(1),
        lot=np.ones(1),
    )  # fmt: skip
    units = best_moves(np.array([10.0]), np.array([[4.0, 4.0]]), np.array([[4.0, 2.0]]), lanes)
    assert units.tolist() == [0.0]


def test_a_door_that_lacks_three_units_gets_a_case_of_four_where_that_pays():
    lanes = Lanes(
        origin=np.zeros(2, dtype=int), target=np.array([0, 1]), cost=np.ones(2),
        least=np.ones(2), lot=np.full(2, 4.0),
    )  # fmt: skip
    lacking, worth = np.array([[3.0], [3.0]]), np.array([[5.0], [1.2]])
    assert best_moves(np.array([10.0]), lacking, worth, lanes).tolist() == [4.0, 0.0]
