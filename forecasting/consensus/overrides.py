"""What an override does, leaf by leaf; who it collides with; and how it is taken back."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from forecasting import conventions, write
from forecasting.consensus.events import Event, Kind, Leaves
from forecasting.consensus.events.undoing import Undone
from forecasting.errors import OutOfBounds
from forecasting.hierarchy import THOUSANDTHS, Bools, Floats, Ints, spread
from forecasting.vocabulary import Operation

LARGEST_UNITS = 1e9
"""Units of one total: a bound against slips of the hand. In thousandths, sums of millions of
such totals still fit into 64 bits."""
_CHANGES = (Kind.OVERRIDE, Kind.SENSE, Kind.AGREE, Kind.UNDO)
"""Events after which a number is another one: what a change can be in conflict with."""


def _meant(present: float, operation: Operation, value: float, *, one: float) -> float:
    """Total that a person means, where `one` of what they speak in counts for so much."""
    if not math.isfinite(value):
        raise OutOfBounds("Enter a number.")
    match operation:
        case Operation.SET:
            return value * one
        case Operation.ADD:
            return present + value * one
        case Operation.PERCENT:
            return present * (1 + value / 100)


def new_total(present: int, operation: Operation, value: float) -> int:
    """Total that a person means, in thousandths of a unit.

    Parameters
    ----------
    present : int
        Present total, thousandths.
    operation : Operation
    value : float
        Units for set and add, per cent for percent: 10 is ten per cent more.

    Raises
    ------
    OutOfBounds
        If the value is not a finite number that a retailer could mean.
    """
    total = _meant(present, operation, value, one=THOUSANDTHS)
    if total < 0:
        raise OutOfBounds(
            f"That would make the total {write.number(total / THOUSANDTHS, 1)} units; "
            "demand cannot be negative."
        )
    if total > LARGEST_UNITS * THOUSANDTHS:
        raise OutOfBounds("That is more units than any retailer sells; check the number.")
    return round(total)


def resolve(
    present: Ints,
    operation: Operation,
    value: float,
    *,
    held: Bools,
    active: Bools,
    reference: Floats,
    worth: Floats | None = None,
) -> Ints:
    """Leaf deltas of an override.

    Parameters
    ----------
    present : int array, shape (n,)
        The input's present leaves, thousandths of a unit.
    held, active : bool array, shape (n,)
    reference : float array, shape (n,)
        Profile used where the present leaves are all zero.
    worth : float array, shape (n,), optional
        Money that a unit of each leaf counts for, where the value is money and not units.
        Leaves keep their proportions; their money comes out within the value of a
        thousandth of a unit of each.

    Returns
    -------
    int array, shape (n,)

    Raises
    ------
    ImpossibleSpread, OutOfBounds
    """
    if worth is None:
        total = new_total(int(present.sum()), operation, value)
    else:
        mix = present if present[active & ~held].any() else np.maximum(reference, 0.0)
        total = _total_worth(
            present, operation, value, free=active & ~held, mix=mix, worth=worth
        )
    after = spread(present, total, held=held, active=active, reference=reference)
    return after - present


def _total_worth(
    present: Ints, operation: Operation, value: float, *, free: Bools, mix: Floats | Ints,
    worth: Floats,
) -> int:  # fmt: skip
    """Total, in thousandths of a unit, that is worth the money which a person means."""
    money = float((present * worth).sum()) / THOUSANDTHS
    target = _meant(money, operation, value, one=1.0)
    weights = mix[free].astype(float)
    if weights.sum() <= 0:
        weights = np.ones(int(free.sum()))
    each = float((weights * worth[free]).sum() / weights.sum()) if len(weights) else 0.0
    if not each > 0:
        raise OutOfBounds(
            f"A unit is worth {conventions.in_force().price(each)} here, so no number of "
            "units comes to that. Enter units instead."
        )
    kept = present[~free]
    left = target - float((kept * worth[~free]).sum()) / THOUSANDTHS
    units = int(kept.sum()) / THOUSANDTHS + left / each
    if left < 0:
        raise OutOfBounds(
            f"That would take {write.number(-left / each, 1)} units less than there are to "
            "change; "
            "demand cannot be negative."
        )
    return new_total(0, Operation.SET, units)


def collisions(
    events: Iterable[Event], *, person: str, input_of: str, aim: str, leaves: Leaves
) -> list[Event]:
    """Other people's later events of the same input that touch any of these leaves.

    Parameters
    ----------
    events : iterable of Event
        Those after the person's base.
    """
    keys: set[object] | None = None
    found = []
    for event in events:
        if event.kind not in _CHANGES or event.person == person:
            continue
        if event.input_of != input_of:
            continue
        if (event.scope.activation if event.scope else "") != aim or not len(event.leaves):
            continue
        keys = keys if keys is not None else set(leaves.keys())
        if not keys.isdisjoint(event.leaves.keys()):
            found.append(event)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class StackedChange:
    """One ordinary change of one leaf, as the ledger has it."""

    seq: int
    leaf: tuple[str, str, np.datetime64]
    delta: int
    is_undo: bool


def undone(events: Sequence[Event]) -> set[int]:
    """Sequence numbers that are taken back, given every undo event in order."""
    taken_back: set[int] = set()
    for event in events:
        if isinstance(event.body, Undone):
            taken_back ^= {event.body.target}
    return taken_back


def leaf_values(
    stack: Sequence[StackedChange], taken_back: set[int]
) -> dict[tuple[str, str, np.datetime64], int]:
    """What each leaf of an input is worth once some changes are taken back.

    A leaf is worth what its last standing change left it at, or nothing where none
    stands. A change that stands above one that is taken back keeps its value.
    """
    running: dict[tuple[str, str, np.datetime64], int] = {}
    worth: dict[tuple[str, str, np.datetime64], int] = {}
    for change in stack:
        running[change.leaf] = running.get(change.leaf, 0) + change.delta
        worth.setdefault(change.leaf, 0)
        if not change.is_undo and change.seq not in taken_back:
            worth[change.leaf] = running[change.leaf]
    return worth


def inverse(
    stack: Sequence[StackedChange], taken_back: set[int]
) -> tuple[Leaves, list[tuple[str, str, np.datetime64]]]:
    """Leaf deltas that bring leaves to what they are worth, and the leaves left alone."""
    present: dict[tuple[str, str, np.datetime64], int] = {}
    for change in stack:
        present[change.leaf] = present.get(change.leaf, 0) + change.delta
    worth = leaf_values(stack, taken_back)
    moved = {leaf: worth[leaf] - now for leaf, now in present.items() if worth[leaf] != now}
    superseded = [leaf for leaf in present if leaf not in moved]
    return leaves_of(moved), superseded


def leaves_of(deltas: Mapping[tuple[str, str, np.datetime64], int]) -> Leaves:
    """A mapping of leaf to delta as columns."""
    return Leaves(
        sku=tuple(sku for sku, _, _ in deltas),
        door=tuple(door for _, door, _ in deltas),
        week=np.array([week for _, _, week in deltas], dtype="datetime64[D]"),
        delta=np.array(list(deltas.values()), dtype=np.int64),
    )


def is_input_of(event: Event, functions: Collection[str]) -> bool:
    """Whether an event says something of an input of one of these functions."""
    spoken = (
        Kind.OVERRIDE, Kind.SENSE, Kind.UNDO, Kind.RESOLVE, Kind.HOLD, Kind.RELEASE
    )  # fmt: skip
    if event.kind not in spoken or event.body.calendar is not None:
        return False
    return event.input_of in functions
