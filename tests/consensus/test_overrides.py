"""Overrides, and taking them back: the algebra that the ledger rests on."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecasting.consensus.overrides import StackedChange, inverse, leaf_values, resolve
from forecasting.errors import ImpossibleSpread, OutOfBounds
from forecasting.vocabulary import Operation

LEAF = [("A", "D1", np.datetime64("2026-12-06")), ("A", "D2", np.datetime64("2026-12-06"))]


def plain(n):
    return {"held": np.zeros(n, bool), "active": np.ones(n, bool), "reference": np.ones(n)}


def test_set_add_and_percent_mean_what_people_say():
    present = np.array([10_000, 30_000])
    assert resolve(present, Operation.SET, 60.0, **plain(2)).tolist() == [5_000, 15_000]
    assert resolve(present, Operation.ADD, -4.0, **plain(2)).tolist() == [-1_000, -3_000]
    assert resolve(present, Operation.PERCENT, 50.0, **plain(2)).tolist() == [5_000, 15_000]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -41.0, 1e12])
def test_a_value_that_nobody_could_mean_is_refused(value):
    with pytest.raises(OutOfBounds):
        resolve(np.array([10_000, 30_000]), Operation.ADD, value, **plain(2))


def test_a_total_whose_cells_are_all_held_is_refused():
    options = plain(2) | {"held": np.ones(2, bool)}
    with pytest.raises(ImpossibleSpread):
        resolve(np.array([10_000, 30_000]), Operation.SET, 50.0, **options)


class Book:
    """A ledger of one input, as small as it can be: changes, and what is taken back."""

    def __init__(self):
        self.stack, self.back, self.seq = [], set(), 0

    def now(self):
        total = dict.fromkeys(LEAF, 0)
        for change in self.stack:
            total[change.leaf] += change.delta
        return total

    def _write(self, deltas, *, is_undo):
        self.seq += 1
        self.stack += [
            StackedChange(seq=self.seq, leaf=leaf, delta=d, is_undo=is_undo)
            for leaf, d in deltas.items()
        ]
        return self.seq

    def change(self, leaves, delta):
        return self._write({LEAF[i]: delta for i in leaves}, is_undo=False)

    def toggle(self, seq):
        touched = {c.leaf for c in self.stack if c.seq == seq}
        stack = [c for c in self.stack if c.leaf in touched]
        leaves, _ = inverse(stack, self.back ^ {seq})
        keys = zip(leaves.sku, leaves.door, leaves.week, strict=True)
        self._write(dict(zip(keys, leaves.delta.tolist(), strict=True)), is_undo=True)
        self.back ^= {seq}


STEPS = st.lists(
    st.tuples(st.sampled_from([(0,), (1,), (0, 1)]), st.integers(-5000, 5000).filter(bool)),
    min_size=1, max_size=6,
)  # fmt: skip


@given(STEPS, st.randoms())
def test_undoing_everything_in_any_order_returns_the_statistical_number(steps, random):
    book = Book()
    changes = [book.change(*step) for step in steps]
    random.shuffle(changes)
    for seq in changes:
        book.toggle(seq)
    assert set(book.now().values()) == {0}


@given(STEPS, st.data())
def test_undo_then_redo_is_the_identity(steps, data):
    book = Book()
    changes = [book.change(*step) for step in steps]
    for seq in data.draw(st.lists(st.sampled_from(changes), max_size=3, unique=True)):
        book.toggle(seq)
    before = book.now()
    chosen = data.draw(st.sampled_from(changes))
    book.toggle(chosen)
    book.toggle(chosen)
    assert book.now() == before


@given(STEPS)
def test_redoing_everything_brings_everything_back(steps):
    book = Book()
    changes = [book.change(*step) for step in steps]
    before = book.now()
    for seq in changes:
        book.toggle(seq)
    for seq in reversed(changes):
        book.toggle(seq)
    assert book.now() == before


def test_a_change_under_a_later_one_is_left_where_the_later_one_put_it():
    book = Book()
    first = book.change((0, 1), 1000)
    second = book.change((0,), 500)
    book.toggle(first)
    assert [book.now()[leaf] for leaf in LEAF] == [1500, 0]
    book.toggle(second)
    assert [book.now()[leaf] for leaf in LEAF] == [0, 0]
    book.toggle(first)
    assert [book.now()[leaf] for leaf in LEAF] == [1000, 1000]


def test_disjoint_changes_commute():
    one, other = Book(), Book()
    one.change((0,), 700)
    one.change((1,), -300)
    other.change((1,), -300)
    other.change((0,), 700)
    assert one.now() == other.now()
    assert leaf_values(one.stack, set()) == leaf_values(other.stack, set())
