"""Which door gives how many units to which: the best moves, found by a real solver.

Every door that is short values its next units by the expected shortage that they prevent,
and each further unit less than the one before. Every place that has units to spare gives
no more than those. The moves that gain most, less what they cost, are a mixed-integer
linear program, solved by HiGHS to a hundredth of what they gain, or exactly if asked.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array

from forecasting.hierarchy import Floats, Ints

MOST_LANES = 8
"""Lanes into one door that are looked at where there are many: those that gain most."""
_ANY, _WHOLE, _OR_NONE, _WHOLE_OR_NONE = range(4)
"""Kinds of columns, as the solver names them: between its bounds; whole; or zero."""
SECONDS, GAP = 2.0, 1e-2
"""Where the solver stops: after so long, or this near to the best there can be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lanes:
    """Lanes by which units of one SKU can go, L of them."""

    origin: Ints
    """Which giver, (L,)."""
    target: Ints
    """Which taker, (L,)."""
    cost: Floats
    """Per unit, money, (L,)."""
    least: Floats
    """Smallest move, units, (L,)."""
    lot: Floats
    """Units come in multiples of this, (L,)."""


def best_moves(
    spare: Floats,
    sizes: Floats,
    values: Floats,
    lanes: Lanes,
    *,
    worth: Floats | None = None,
    gap: float = GAP,
) -> Floats:
    """Units to move on each lane.

    Parameters
    ----------
    spare : float array, shape (G,)
        Units that each giver can give.
    sizes, values : float array, shape (T, K)
        Of each taker, K steps: units in the step, and money that one unit in it is worth;
        values fall from step to step.
    lanes : Lanes
    worth : float array, shape (L,), optional
        Share of the value that a unit has when it comes by this lane; 1 if left out. A
        later lane prevents less.
    gap : float
        Share of the best there can be that may be missed; 0: none.

    Returns
    -------
    float array, shape (L,)
        Whole multiples of the lots, 0 where nothing is worth moving.

    Notes
    -----
    Maximise sum(value z) - sum(cost x), x the units of a lane, z those of a taker's step,
    with sum of a taker's z = sum of its x, z up to the step's size, sum of a giver's x up
    to what it can spare, and x either 0 or from the least move on (semi-continuous).
    """
    n, (takers, steps) = len(lanes.origin), sizes.shape
    moved = np.zeros(n)
    share = np.ones(n) if worth is None else worth
    gain = values[lanes.target, 0] * share - lanes.cost
    used = np.flatnonzero(
        (gain > 0) & (spare[lanes.origin] >= np.maximum(lanes.least, lanes.lot))
    )
    used = _dearest(used, lanes.target, gain)
    if not len(used):
        return moved
    origin, target = lanes.origin[used], lanes.target[used]
    lot, least = lanes.lot[used], lanes.least[used]
    m, n_givers = len(used), len(spare)
    # Columns: lots per lane (m), units per taker and step.
    lane, z = np.arange(m), m + np.arange(takers * steps)
    # A late lane's units are worth less: what is lost is a cost of the lane.
    late = values[target, 0] * (1 - share[used])
    cost = np.concatenate([(lanes.cost[used] + late) * lot, -values.ravel()])
    of_taker = n_givers + np.repeat(np.arange(takers), steps)
    matrix = coo_array(
        (
            np.concatenate([lot, -lot, np.ones(len(z))]),
            (
                np.concatenate([origin, n_givers + target, of_taker]),
                np.concatenate([lane, lane, z]),
            ),
        ),
        shape=(n_givers + takers, len(cost)),
    ).tocsr()
    balance = LinearConstraint(
        matrix,
        np.concatenate([np.full(n_givers, -np.inf), np.zeros(takers)]),
        np.concatenate([spare, np.zeros(takers)]),
    )
    high = np.concatenate([np.floor(spare[origin] / lot), sizes.ravel()])
    # Without smallest moves and lots it is a transport problem, whose best corner is whole.
    relaxed = milp(cost, bounds=Bounds(np.zeros(len(cost)), high), constraints=balance)
    if relaxed.x is not None and _is_allowed(relaxed.x[:m], lot, least):
        moved[used] = np.rint(relaxed.x[:m]) * lot
        return moved
    # A lane is not used, or carries its least at least. With the lanes in use fixed it is a
    # transport problem again: only lots above one unit have to be told to be whole.
    lots = np.ceil(least / lot)
    kind = np.where(
        lots > 1,
        np.where(lot > 1, _WHOLE_OR_NONE, _OR_NONE),
        np.where(lot > 1, _WHOLE, _ANY),
    )
    result = milp(
        cost,
        integrality=np.concatenate([kind, np.full(len(z), _ANY)]),
        bounds=Bounds(np.concatenate([np.where(lots > 1, lots, 0.0), np.zeros(len(z))]), high),
        constraints=balance,
        options={"time_limit": SECONDS, "mip_rel_gap": gap},
    )
    if result.x is not None:
        moved[used] = np.rint(result.x[:m]) * lot
    return moved


def _is_allowed(lots: Floats, lot: Floats, least: Floats) -> bool:
    """Whether a relaxed solution keeps to whole lots and smallest moves by itself."""
    whole = np.rint(lots)
    units = whole * lot
    kept = np.abs(lots - whole) < 1e-6
    return bool((kept & ((whole == 0) | (units >= least - 1e-9))).all())


def _dearest(used: Ints, target: Ints, gain: Floats) -> Ints:
    """Of many lanes into one door, those that gain most."""
    order = used[np.lexsort((-gain[used], target[used]))]
    of = target[order]
    first = np.searchsorted(of, of)
    return np.sort(order[np.arange(len(order)) - first < MOST_LANES])
