"""Which door gives how many units to which: the best moves, found by a real solver.

Every door that is short values its next units by the expected shortage that they prevent,
and each further unit less than the one before. Every place that has units to spare gives
no more than those. The moves that gain most, less what they cost, are a mixed-integer
linear program, solved by HiGHS to a hundredth of what they gain, or exactly if asked.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array

from forecasting.hierarchy import Floats, Ints, rows_of

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

    @property
    def smallest(self) -> Floats:
        """Fewest units that can go, in whole lots, (L,)."""
        lots: Floats = np.maximum(np.ceil(self.least / self.lot), 1.0)
        return lots * self.lot

    def take(self, some: Ints) -> Lanes:
        """Some of them."""
        return rows_of(self, some)


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
        Of each taker, K steps: whole units in the step, and money that one unit in it is
        worth; values fall from step to step, and what comes beyond the last is worth
        nothing.
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
    to what it can spare, and x either 0 or from the least move on (semi-continuous). A
    door that lacks three units may get a case of four.
    """
    moved = np.zeros(len(lanes.origin))
    share = np.ones(len(moved)) if worth is None else worth
    first = values[lanes.target, 0]
    gain = first * share - lanes.cost
    needed = sizes.sum(axis=1)[lanes.target] > 0
    used = np.flatnonzero((gain > 0) & needed & (spare[lanes.origin] >= lanes.smallest))
    used = _dearest(used, lanes.target, gain)
    if not len(used):
        return moved
    # A late lane's units are worth less: what is lost is a cost of the lane.
    dear = replace(lanes, cost=lanes.cost + first * (1 - share)).take(used)
    problem = _Problem(spare=spare, sizes=sizes, values=values, lanes=dear).with_surplus()
    unit = float(dear.lot[0])
    if unit > 1 and (dear.lot == unit).all():
        moved[used] = unit * _solved(problem.counted_in(unit), gap)
    else:
        moved[used] = _solved(problem, gap)
    return moved


@dataclass(frozen=True, slots=True, kw_only=True)
class _Problem:
    """What there is to give, what the next units are worth to each taker, and the lanes."""

    spare: Floats
    sizes: Floats
    values: Floats
    lanes: Lanes

    def with_surplus(self) -> _Problem:
        """A last step that is worth nothing: the rest of a case, or of a smallest move."""
        rest = np.zeros(len(self.sizes))
        np.maximum.at(rest, self.lanes.target, self.lanes.smallest - 1)
        return replace(
            self,
            sizes=np.column_stack([self.sizes, rest]),
            values=np.column_stack([self.values, np.zeros(len(rest))]),
        )

    def balance(self) -> LinearConstraint:
        """No giver gives more than it has; what comes to a taker fills its steps.

        Columns are lots per lane, then units per taker and step.
        """
        lanes, givers, (takers, steps) = self.lanes, len(self.spare), self.sizes.shape
        lane = np.arange(len(lanes.lot))
        step = len(lane) + np.arange(takers * steps)
        of_taker = givers + np.repeat(np.arange(takers), steps)
        matrix = coo_array(
            (
                np.concatenate([lanes.lot, -lanes.lot, np.ones(len(step))]),
                (
                    np.concatenate([lanes.origin, givers + lanes.target, of_taker]),
                    np.concatenate([lane, lane, step]),
                ),
            ),
            shape=(givers + takers, len(lane) + len(step)),
        ).tocsr()
        none = np.zeros(takers)
        return LinearConstraint(
            matrix,
            np.concatenate([np.full(givers, -np.inf), none]),
            np.concatenate([self.spare, none]),
        )

    def worth(self, units: Floats) -> float:
        """What moving so many units on each lane gains, money."""
        into = self._into(units)
        gained = self._gained(into, np.arange(len(into)))
        return float(gained.sum() - units @ self.lanes.cost)

    def rounded(self, units: Floats) -> Floats:
        """The same in whole lots, a lane's least at least; the rest where it gains most."""
        lanes = self.lanes
        moved = np.floor(units / lanes.lot + 1e-9) * lanes.lot
        moved[moved < lanes.smallest] = 0.0
        left = self.spare - np.bincount(lanes.origin, weights=moved, minlength=len(self.spare))
        into = self._into(moved)
        room = self.sizes.sum(axis=1)
        while True:
            more = np.where(moved > 0, lanes.lot, lanes.smallest)
            fits = (more <= left[lanes.origin] + 1e-9) & (
                into[lanes.target] + more <= room[lanes.target] + 1e-9
            )
            gain = self._gained(into[lanes.target] + more, lanes.target)
            gain -= self._gained(into[lanes.target], lanes.target) + more * lanes.cost
            best = int(np.where(fits, gain / more, 0.0).argmax())
            if not fits[best] or gain[best] <= 1e-9:
                return moved
            moved[best] += more[best]
            left[lanes.origin[best]] -= more[best]
            into[lanes.target[best]] += more[best]

    def _into(self, units: Floats) -> Floats:
        """Units that come to each taker, (T,), of those on each lane."""
        come: Floats = np.zeros(len(self.sizes))
        np.add.at(come, self.lanes.target, units)
        return come

    def _gained(self, units: Floats, takers: Ints) -> Floats:
        """What so many units into each of some takers are worth, money."""
        before = np.cumsum(self.sizes, axis=1)[takers] - self.sizes[takers]
        filled = np.clip(units[:, None] - before, 0.0, self.sizes[takers])
        worth: Floats = (filled * self.values[takers]).sum(axis=1)
        return worth

    def counted_in(self, unit: float) -> _Problem:
        """The same in lots of some units, where every lane ships in such lots.

        What n lots are worth runs straight between the lots around each end of a step, so
        steps from one of these to the next say all. In lots the best corner is whole.
        """
        upto = np.cumsum(self.sizes, axis=1)
        worth = np.cumsum(self.sizes * self.values, axis=1)
        ends = np.concatenate([np.floor(upto / unit), np.ceil(upto / unit)], axis=1)
        ends = np.sort(np.minimum(ends, np.floor(upto[:, -1:] / unit)), axis=1)
        ends_worth = np.stack(
            [
                np.interp(unit * n, np.append(0.0, u), np.append(0.0, w))
                for n, u, w in zip(ends, upto, worth, strict=True)
            ]
        )
        sizes = np.diff(ends, axis=1, prepend=0.0)
        more = np.diff(ends_worth, axis=1, prepend=0.0)
        lanes = self.lanes
        return _Problem(
            spare=np.floor(self.spare / unit),
            sizes=sizes,
            values=np.divide(more, sizes, out=np.zeros_like(more), where=sizes > 0),
            lanes=replace(
                lanes,
                cost=lanes.cost * unit,
                least=lanes.smallest / unit,
                lot=np.ones(len(lanes.lot)),
            ),
        )


def _solved(problem: _Problem, gap: float) -> Floats:
    """Units to move on each of its lanes, (L,)."""
    lanes, lot = problem.lanes, problem.lanes.lot
    m, (takers, steps) = len(lot), problem.sizes.shape
    most = np.minimum(problem.spare[lanes.origin], problem.sizes.sum(axis=1)[lanes.target])
    high = np.concatenate([np.floor(most / lot), problem.sizes.ravel()])
    cost = np.concatenate([lanes.cost * lot, -problem.values.ravel()])
    balance = problem.balance()
    # Bounds are as tight as they can be: what presolve does costs more than it saves.
    options = {"time_limit": SECONDS, "presolve": False}
    if gap:
        # Without a least and whole lots the solver is quick, and nothing is worth more: where
        # what it finds can be rounded with next to no loss, there is no better to look for.
        loose = milp(cost, bounds=Bounds(0.0, high), constraints=balance, options=options)
        if loose.x is not None:
            near = problem.rounded(loose.x[:m] * lot)
            if problem.worth(near) >= (1 - gap) * -loose.fun:
                return near
    # A lane is not used, or carries its least at least. With the lanes in use fixed it is a
    # transport problem again: only lots above one unit have to be told to be whole.
    lots = lanes.smallest / lot
    kind = np.where(
        lots > 1,
        np.where(lot > 1, _WHOLE_OR_NONE, _OR_NONE),
        np.where(lot > 1, _WHOLE, _ANY),
    )
    result = milp(
        cost,
        integrality=np.concatenate([kind, np.full(takers * steps, _ANY)]),
        bounds=Bounds(
            np.concatenate([np.where(lots > 1, lots, 0.0), np.zeros(takers * steps)]), high
        ),
        constraints=balance,
        options={**options, "mip_rel_gap": gap},
    )
    return np.zeros(m) if result.x is None else np.rint(result.x[:m]) * lot


def _dearest(used: Ints, target: Ints, gain: Floats) -> Ints:
    """Of many lanes into one door, those that gain most."""
    order = used[np.lexsort((-gain[used], target[used]))]
    of = target[order]
    first = np.searchsorted(of, of)
    return np.sort(order[np.arange(len(order)) - first < MOST_LANES])
