"""Product and location hierarchies: adding leaves up, and spreading a total down.

Department > class > style > SKU on one side, region > channel > door on the other. A
*leaf* is one SKU at one door in one week. Quantities that people agree on are integers,
thousandths of a unit, so that every total is exactly the sum of its leaves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from math import prod
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from forecasting import write
from forecasting.errors import ImpossibleSpread, OutOfBounds, UnknownName

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Flow = TypeVar("Flow", Ints, Floats)
Columns = TypeVar("Columns", bound="DataclassInstance")

THOUSANDTHS = 1000
"""Leaf quantities are stored in thousandths of a unit."""


@dataclass(frozen=True, slots=True)
class Tree:
    """One hierarchy: for every level, the node that each leaf belongs to."""

    nodes: dict[str, npt.NDArray[np.str_]]
    """Level name to node names, each of shape (n leaves,)."""
    _places: dict[str, dict[str, Ints]] = field(default_factory=dict, compare=False, repr=False)
    """Positions of the leaves under each node, by level; found when first asked for."""

    @classmethod
    def of(cls, frame: pd.DataFrame, levels: Sequence[str], *, leaf: str) -> Tree:
        """Build from a frame with one row per leaf and one column per level.

        A blank node is named '(none)'; the level 'all' has the single node 'all'.
        """
        nodes = {"all": np.full(len(frame), "all", dtype=object)}
        for level in levels:
            column = frame[level] if level in frame else pd.Series(None, frame.index)
            names = column.astype(object).where(column.notna(), "(none)")
            nodes[level] = names.to_numpy(dtype=object)
        nodes[leaf] = frame[leaf].to_numpy(dtype=object)
        return cls(nodes)

    def members(self, level: str, node: str) -> Ints:
        """Positions of the leaves under a node, ascending.

        Raises
        ------
        UnknownName
            If there is no such level or node.
        """
        if level not in self.nodes:
            raise UnknownName(f"No level '{level}'; there are {', '.join(self.nodes)}.")
        if level not in self._places:
            names, groups = self.grouped(level, np.arange(len(self.nodes[level])))
            order = np.argsort(groups, kind="stable")
            order.flags.writeable = False
            ends = np.cumsum(np.bincount(groups, minlength=len(names)))[:-1]
            parts = np.split(order, ends) if names else []  # nothing splits into one part
            self._places[level] = dict(zip(names, parts, strict=True))
        found = self._places[level].get(node)
        if found is None:
            if level == "all":
                return np.empty(0, np.int64)
            raise UnknownName(f"No {level} '{node}'.")
        return found

    def grouped(self, level: str, at: Ints) -> tuple[list[str], Ints]:
        """Nodes of a level that some leaves are under, in order of first appearance, and the
        position among them of each leaf's.
        """
        place: dict[str, int] = {}
        groups = [place.setdefault(str(name), len(place)) for name in self.nodes[level][at]]
        return list(place), np.array(groups, dtype=np.int64)

    def names(self, level: str) -> list[str]:
        """Nodes of a level, in order of first appearance."""
        return list(dict.fromkeys(self.nodes[level]))


def check_places(places: Sequence[int] | Ints, count: int, what: str) -> None:
    """Refuse positions that are none: below zero they would be counted from the end.

    Raises
    ------
    OutOfBounds
        If one is not from 0 to `count` - 1.
    """
    given = np.asarray(places)
    if not given.size:
        return
    if given.ndim != 1 or given.dtype.kind not in "iu":
        raise OutOfBounds(f"Positions of a {what} are whole numbers in a row.")
    if given.min() < 0 or given.max() >= count:
        raise OutOfBounds(
            f"There are {write.number(count)} positions of a {what}, from 0 on; found "
            f"{write.number(given.min())} to {write.number(given.max())}."
        )


def rows_of(columns: Columns, some: Bools | Ints | slice) -> Columns:
    """Some rows of a value whose every field is an array with a row for each.

    A slice shares the memory.
    """
    taken = {one.name: getattr(columns, one.name)[some] for one in fields(columns)}
    return replace(columns, **taken)


def aggregate(values: Flow, groups: Ints, n_groups: int) -> Flow:
    """Sum leaves into groups along the first axis.

    Parameters
    ----------
    values : int or float array, shape (n, ...)
        A flow (sales, demand, receipts). Stocks are summed over places, never weeks.
    groups : int array, shape (n,)
        Group of each leaf, 0 to `n_groups` - 1.
    n_groups : int

    Returns
    -------
    array of the same type, shape (n_groups, ...)
    """
    ones = np.ones(len(groups), dtype=values.dtype)
    member = sparse.csr_array((ones, (groups, np.arange(len(groups)))), (n_groups, len(groups)))
    rest = values.shape[1:]
    totals: Flow = (member @ values.reshape(len(values), prod(rest))).reshape(n_groups, *rest)
    return totals


def largest_remainder(total: int, weights: Floats, ties: Ints | None = None) -> Ints:
    """Split an integer total in proportion to weights, losing nothing.

    Each share is rounded down; what is left goes, one by one, to the largest
    remainders; ties go to the larger weight, then to the lower tie-breaker, so that
    the result does not depend on the order of the rows.

    Parameters
    ----------
    total : int
        May be negative: the split of its absolute value, with the sign.
    weights : float array, shape (n,)
        Not negative, with a positive sum.
    ties : int array, shape (n,), optional
        A stable identity per row; the position where none is given.

    Returns
    -------
    int array, shape (n,)
        Sums to `total` exactly.

    Examples
    --------
    >>> largest_remainder(50, np.array([17.0, 29, 41, 13])).tolist()
    [8, 15, 21, 6]
    """
    size = abs(int(total))
    order = np.arange(len(weights)) if ties is None else ties
    # Multiply before dividing: integer weights then tie exactly where people see a tie.
    exact = weights * size / weights.sum()
    split = np.floor(exact).astype(np.int64)
    left = size - int(split.sum())
    ranked = np.lexsort((order, -weights, -np.round(exact - split, 9)))
    if left > 0:
        split[ranked[:left]] += 1
    elif left < 0:  # floating point put a share a hair above a whole number
        split[ranked[left:]] -= 1
    signed: Ints = split if total >= 0 else -split
    return signed


def spread(
    leaves: Ints,
    new_total: int,
    *,
    held: Bools | None = None,
    active: Bools | None = None,
    reference: Floats | None = None,
    ties: Ints | None = None,
) -> Ints:
    """New leaf values that add up to a new total, in proportion to the old ones.

    Held leaves stay as they are; leaves that are not active (not ranged) stay at what
    they are, which is zero. Where all free leaves are zero the reference profile is
    used, and equal shares where that is zero too. Either every leaf gets its value or
    the whole spread is refused.

    Parameters
    ----------
    leaves : int array, shape (n,)
        Present values, thousandths of a unit, not negative.
    new_total : int
        What they are to add up to.
    held, active : bool array, shape (n,), optional (none held, all active)
    reference : float array, shape (n,), optional
        Profile for leaves that are all zero.
    ties : int array, shape (n,), optional
        Stable identity of each leaf.

    Returns
    -------
    int array, shape (n,)

    Raises
    ------
    ImpossibleSpread
        If the total is negative, below what is held, or no free leaf could take it.

    Examples
    --------
    >>> held = np.array([False, True, False, False])
    >>> spread(np.array([17, 20, 41, 13]), 50, held=held).tolist()
    [7, 20, 17, 6]
    """
    free = np.ones(len(leaves), dtype=bool)
    if held is not None:
        free &= ~held
    if active is not None:
        free &= active
    if int(new_total) == int(leaves.sum()):
        return leaves.copy()
    target = int(new_total) - int(leaves[~free].sum())
    _check_possible(new_total, target, free)
    weights = leaves[free].astype(float)
    if weights.sum() <= 0 and reference is not None:
        weights = np.maximum(reference[free], 0.0)
    if weights.sum() <= 0:
        weights = np.ones(int(free.sum()))
    result = leaves.copy()
    result[free] = largest_remainder(target, weights, None if ties is None else ties[free])
    return result


def _check_possible(new_total: int, target: int, free: Bools) -> None:
    """Refuse a total that the free leaves, `target` together, cannot make up."""
    if new_total < 0:
        raise ImpossibleSpread(
            f"The new total would be {write.number(new_total / THOUSANDTHS)} units; "
            "demand cannot be negative."
        )
    if target < 0:
        raise ImpossibleSpread(
            f"{write.number((new_total - target) / THOUSANDTHS)} units are held, more than "
            "the new "
            f"total of {write.number(new_total / THOUSANDTHS)}. Release a hold or enter a "
            "larger number."
        )
    if not free.any():
        raise ImpossibleSpread(
            "Every cell below is held or not ranged, so nothing can take the change. "
            "Release a hold first."
        )
