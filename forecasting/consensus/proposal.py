"""The number proposed: what functions say, weighted by how right they have been.

Each function's number is corrected by the bias it has shown, shrunk to none while little
was scored; weights go by one over its mean squared error, half-way shrunk to equal, and
are equal below four scored cycles. A function that changed nothing on a cell does not vote
for the statistical number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from forecasting.hierarchy import Ints
from forecasting.vocabulary import INPUTS

FEWEST_CYCLES = 4
"""Scored cycles below which all functions weigh the same."""
BIAS_CYCLES = 6
"""Scored cycles at which half of a bias is believed."""
FLOOR = "not below zero"
"""The part that keeps a proposed number from being negative."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """How one function's numbers came out in one department, cycle by cycle."""

    function: str
    cycles: int
    """Scored."""
    cells: int
    mse: float
    """Mean squared error, units squared a week and class."""
    bias: float
    """(Forecast - actual) / actual."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What each function's number counts for in one department."""

    weight: Mapping[str, float] = field(
        default_factory=lambda: dict.fromkeys(map(str, INPUTS), 1.0 / len(INPUTS))
    )
    """By function; they add up to one."""
    correction: Mapping[str, float] = field(
        default_factory=lambda: dict.fromkeys(map(str, INPUTS), 1.0)
    )
    """What each function's number is multiplied by, for the bias it has shown."""
    records: tuple[Record, ...] = ()
    """The evidence; empty where nothing was scored."""


EQUAL = Weights()
"""Every function alike and nothing corrected: what holds where no weights are given."""


def weigh(records: Sequence[Record], *, equal_share: float = 0.5) -> Weights:
    """Weights and corrections of the functions of one department.

    Parameters
    ----------
    records : sequence of Record
        One per function, on the same cells.
    equal_share : float
        How far weights are drawn to equal: 0 by the record alone, 1 all the same.
    """
    if len(records) < len(INPUTS) or min(r.cycles for r in records) < FEWEST_CYCLES:
        return Weights(records=tuple(records))
    worth = {r.function: 1 / max(r.mse, 1e-9) for r in records}
    total = sum(worth.values())
    equal = 1 / len(worth)
    return Weights(
        weight={
            f: (1 - equal_share) * w / total + equal_share * equal for f, w in worth.items()
        },
        correction={
            r.function: 1 / (1 + max(r.bias, -0.9) * r.cycles / (r.cycles + BIAS_CYCLES))
            for r in records
        },
        records=tuple(records),
    )


def parts(
    statistical: Ints, deltas: Mapping[str, Ints], weights: Weights = EQUAL
) -> dict[str, Ints]:
    """What each function adds to the proposed number, thousandths of a unit.

    Parameters
    ----------
    statistical : int array
    deltas : mapping
        What each function's input adds, by function, same shape; zero where it is silent.
    weights : Weights

    Returns
    -------
    dict
        By function, and FLOOR where the sum would be negative; with the statistical number
        they add up to the proposed one exactly.
    """
    spoken = {f: deltas[f] for f in map(str, INPUTS) if f in deltas}
    if not spoken:
        return {}
    voices = np.sum([(d != 0) * weights.weight[f] for f, d in spoken.items()], axis=0)
    voices = np.where(voices > 0, voices, 1.0)
    found: dict[str, Ints] = {}
    for function, delta in spoken.items():
        number = np.maximum(statistical + delta, 0) * weights.correction[function]
        change = np.where(delta != 0, number - statistical, 0.0)
        share = weights.weight[function] / voices
        found[function] = np.rint(change * share).astype(np.int64)
    below = np.minimum(statistical + np.sum(list(found.values()), axis=0), 0)
    if below.any():
        found[FLOOR] = -below
    return found


def total(statistical: Ints, of_parts: Mapping[str, Ints]) -> Ints:
    """The proposed number: statistical and all parts."""
    if not of_parts:
        return statistical
    summed: Ints = statistical + np.sum(list(of_parts.values()), axis=0)
    return summed
