"""Which door gives how many units to which: the best moves, found by a real solver.

Every door that is short values its next units by the expected shortage that they prevent,
and each further unit less than the one before. Every place that has units to spare gives
no more than those. The moves that gain most, less what they cost, are a mixed-integer
linear program, solved exactly by HiGHS.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array

from forecasting.hierarchy import Floats, Ints

MOST_LANES = 8
"""Lanes into one door that are looked at where there are many: those that gain most."""
SECONDS, GAP = 2.0, 1e-3
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
    spare: Floats, sizes: Floats, values: Floats, lanes: Lanes, *, worth: Floats | None = None
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

    Returns
    -------
    float array, shape (L,)
        Whole multiples of the lots, 0 where nothing is worth moving.

    Notes
    -----
    Maximise sum(value z) - sum(cost x), x the units of a lane, z those of a taker's step,
    with sum of a taker's z = sum of its x, z up to the step's size, sum of a giver's x up
    to what it can spare, and least y <= x <= spare y where y says whether a lane is used.
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
    m = len(used)
    # Columns: lots per lane (m), lane used or not (m), units per taker and step.
    z = 2 * m + np.arange(takers * steps)
    # A late lane's units are worth less: what is lost is a cost of the lane.
    late = values[target, 0] * (1 - share[used])
    cost = np.concatenate([(lanes.cost[used] + late) * lot, np.zeros(m), -values.ravel()])
    lane = np.arange(m)
    rows: list[Ints] = []
    columns: list[Ints] = []
    entries: list[Floats] = []
    low: list[Floats] = []
    high: list[Floats] = []

    def constrain(r: Ints, c: Ints, v: Floats, lower: Floats, upper: Floats) -> None:
        start = sum(map(len, low))
        rows.append(r + start)
        columns.append(c)
        entries.append(v)
        low.append(lower)
        high.append(upper)

    n_givers = len(spare)
    constrain(origin, lane, lot, np.full(n_givers, -np.inf), spare)
    of_taker = np.repeat(np.arange(takers), steps)
    constrain(
        np.concatenate([target, of_taker]),
        np.concatenate([lane, z]),
        np.concatenate([-lot, np.ones(len(z))]),
        np.zeros(takers),
        np.zeros(takers),
    )
    most = np.floor(spare[origin] / lot)
    both, switch = np.concatenate([lane, lane]), np.concatenate([lane, m + lane])
    constrain(both, switch, np.concatenate([lot, -least]), np.zeros(m), np.full(m, np.inf))
    constrain(
        both, switch, np.concatenate([np.ones(m), -most]), np.full(m, -np.inf), np.zeros(m)
    )
    matrix = coo_array(
        (np.concatenate(entries), (np.concatenate(rows), np.concatenate(columns))),
        shape=(sum(map(len, low)), len(cost)),
    ).tocsr()
    bounds = Bounds(np.zeros(len(cost)), np.concatenate([most, np.ones(m), sizes.ravel()]))
    lower, upper = np.concatenate(low), np.concatenate(high)
    # Without smallest moves and lots it is a transport problem, whose best corner is whole.
    plain = slice(0, n_givers + takers)
    relaxed = milp(
        cost, bounds=bounds,
        constraints=LinearConstraint(matrix[plain], lower[plain], upper[plain]),
    )  # fmt: skip
    if relaxed.x is not None and _is_allowed(relaxed.x[:m], lot, least):
        moved[used] = np.rint(relaxed.x[:m]) * lot
        return moved
    # With the lanes in use fixed it is a transport problem again: only lots above one unit
    # have to be told to be whole.
    result = milp(
        cost,
        integrality=np.concatenate([lot > 1, np.ones(m), np.zeros(len(z))]),
        bounds=bounds,
        constraints=LinearConstraint(matrix, lower, upper),
        options={"time_limit": SECONDS, "mip_rel_gap": GAP},
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
