"""Choice of method: what would have forecast the last weeks best, segment by segment.

A segment is a class, and within it what sells every week or only now and then. Tried are
how fast the level follows (exponential smoothing), whether the doors of a SKU go up and down
together, and whether the class's growth goes on for a while. The usual smoothing and no
growth win unless something else is clearly better on weeks that the estimate had not seen.
Whether a class has a season is not asked here: a quarter does not show it (season.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forecasting.demand import baseline
from forecasting.demand.baseline import PACES, USUAL_PACE, Pace
from forecasting.demand.cleansing import Panel
from forecasting.demand.intervals import Residuals, shared_squares
from forecasting.hierarchy import Bools, Floats, Ints

LAGS = (1, 4, 8)
"""Weeks ahead at which methods are compared."""
RESIDUAL_LAGS = (1, 2, 4, 6, 8)
"""Weeks ahead at which the last weeks are compared with the forecast."""
DAMPING = 0.94
"""What is left of a week's growth in the next one."""
CLEARLY = 0.99
"""Another smoothing than the usual, or growth, must bring the error below this share."""
_ALPHA = 0.4
"""Overdispersion by which misses are scaled while methods are compared. A round number that is
the same for all of them: it only decides how much large series count beside small ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """What was chosen for one segment, and on what evidence."""

    of_class: int
    """Position of the class."""
    intermittent: bool
    series: int
    """How many series it has."""
    pace: Pace
    growth: float
    """Weekly log growth at the end of history, damped from there; 0 is none."""
    error: float
    """Scaled squared error on held-out weeks, of what was chosen."""
    error_plain: float
    """Of the usual pace, without growth."""
    weeks: int
    """Held-out weeks."""

    @property
    def in_words(self) -> str:
        """One sentence for the Baseline page."""
        moves = (
            "hardly moves"
            if self.pace.smoothing <= 0.03
            else "moves slowly"
            if self.pace.smoothing <= 0.08
            else "follows recent weeks"
        )
        doors = ", at all doors of a SKU together" if self.pace.together else ""
        kind = "now and then" if self.intermittent else "every week"
        yearly = np.expm1(self.growth / (1 - DAMPING) * 1.0)
        trend = f", growth of {yearly:+.0%} in all still to come" if abs(yearly) >= 0.01 else ""
        gain = 1 - self.error / self.error_plain if self.error_plain > 0 else 0.0
        better = (
            f"; {gain:.0%} less squared error than a plain level on {self.weeks} held-out weeks"
            if gain >= 0.005
            else f"; nothing did clearly better on {self.weeks} held-out weeks"
        )
        return (
            f"Sells {kind}; a level that {moves}{doors}, with the season of its class{trend}"
            f"{better}."
        )


def weeks_held_out(known: int) -> int:
    """Weeks to hold out of a history; 0 where it is too short to spare any."""
    held = min(13, max(8, known // 5))
    return held if known - held >= 20 else 0


def choose(
    panel: Panel,
    units: Floats,
    scored: Bools,
    cut: int,
    *,
    of_class: Ints,
    exposed: Bools,
    effect: Floats,
    levels: Sequence[Floats],
    around: Floats,
) -> tuple[tuple[Method, ...], Residuals]:
    """Choose a method for every segment, and keep what the chosen ones missed by.

    Parameters
    ----------
    panel : Panel
    units : float array, shape (n, T)
        Demand seen.
    scored : bool array, shape (n, T)
        Cells whose demand is known for sure.
    cut : int
        First held-out week.
    of_class : int array, shape (n,)
    exposed : bool array, shape (n, T)
    effect : float array, shape (n, T)
        All effects, with the season that history up to the cut shows.
    levels : sequence of float array, shape (n, T + 1)
        Level before every week at each of `baseline.PACES`.
    around : float array, shape (n, cut)
        Level of the weeks before the cut.
    """
    known = units.shape[1]
    tail = slice(cut, known)
    often = ~baseline.is_intermittent(panel.units[:, :cut], panel.exposure[:, :cut] > 0)
    segment = of_class * 2 + ~often
    n_segments = int(segment.max(initial=-1)) + 1
    seen = scored[:, tail]
    ahead = effect[:, tail]
    cost = _costs(levels, units[:, tail], ahead, seen, segment, cut=cut, n_segments=n_segments)
    best = _cheapest(cost)
    chosen_levels = _of_paces(levels, best[segment])
    growths = _growth(around, of_class, panel.exposure[:, :cut] > 0)
    growths = _if_it_helped(
        growths, chosen_levels[:, cut], ahead, units[:, tail], seen, of_class
    )
    count = np.bincount(segment, minlength=n_segments)
    chosen = _methods(best, growths, cost, count=count, weeks=known - cut)
    return chosen, _residuals(chosen_levels, ahead, units, seen, exposed[:, tail], cut)


def _of_paces(levels: Sequence[Floats], pace: Ints) -> Floats:
    """Level of each series at its own pace, (n, T + 1)."""
    found = np.empty_like(levels[PACES.index(USUAL_PACE)])
    for i, level in enumerate(levels):
        found[pace == i] = level[pace == i]
    return found


def _methods(
    best: Ints, growths: Floats, cost: Floats, *, count: Ints, weeks: int
) -> tuple[Method, ...]:
    """The method of each segment that has series: twice its class, and one where rare."""
    usual = PACES.index(USUAL_PACE)
    return tuple(
        Method(
            of_class=int(s // 2),
            intermittent=bool(s % 2),
            series=int(count[s]),
            pace=PACES[best[s]],
            growth=float(growths[s // 2]),
            error=float(cost[best[s], s]),
            error_plain=float(cost[usual, s]),
            weeks=weeks,
        )
        for s in np.flatnonzero(count)
    )


def _costs(
    levels: Sequence[Floats],
    units: Floats,
    ahead: Floats,
    seen: Bools,
    segment: Ints,
    *,
    cut: int,
    n_segments: int,
) -> Floats:
    """Scaled squared error of each pace in each segment on held-out weeks, all lags, (K, S)."""
    usual, known = PACES.index(USUAL_PACE), cut + units.shape[1]
    cost = np.zeros((len(levels), n_segments))
    for lag in LAGS:
        means = [level[:, cut - lag + 1 : known - lag + 1] * ahead for level in levels]
        # 0.1 keeps a series that is expected to sell next to nothing from outweighing all.
        spread = means[usual] + _ALPHA * means[usual] ** 2 + 0.1
        for i, mean in enumerate(means):
            missed = _missed(mean, units, spread, seen)
            cost[i] += np.bincount(segment, missed, minlength=n_segments)
    return cost


def _cheapest(cost: Floats) -> Ints:
    """Position of the pace of each segment, (S,).

    The usual smoothing is given up only for what is clearly better: differences of less are
    chance. Doors of a SKU go together as likely as not: neither has a head start.
    """
    favoured = cost.copy()
    favoured[[pace.smoothing == USUAL_PACE.smoothing for pace in PACES]] *= CLEARLY
    best: Ints = np.argmin(favoured, axis=0)
    return best


def paces(chosen: tuple[Method, ...], panel: Panel, known: int) -> Ints:
    """Position in `baseline.PACES` of the pace of every series, (n,)."""
    found = np.full(len(panel.sku_of), PACES.index(USUAL_PACE))
    of_class = panel.classes[panel.sku_of]
    rare = baseline.is_intermittent(panel.units[:, :known], panel.exposure[:, :known] > 0)
    for method in chosen:
        found[of_class == method.of_class] = PACES.index(method.pace)
    for method in chosen:  # where a class has both kinds, each its own
        of_kind = (of_class == method.of_class) & (rare == method.intermittent)
        found[of_kind] = PACES.index(method.pace)
    return found


def growth(
    chosen: tuple[Method, ...], around: Floats, of_class: Ints, panel: Panel, known: int
) -> Floats:
    """Weekly log growth of every class at the end of history, (C,)."""
    n_classes = int(panel.classes.max(initial=0)) + 1
    now = _growth(around, of_class, panel.exposure[:, :known] > 0, n_classes)
    trusted = np.zeros(n_classes, dtype=bool)
    for method in chosen:
        trusted[method.of_class] |= method.growth != 0
    return np.where(trusted, now, 0.0)


def damped(ahead: Ints) -> Floats:
    """Sum of what is left of one week's growth after so many weeks."""
    left = DAMPING ** ahead.astype(float)
    total: Floats = DAMPING * (1 - left) / (1 - DAMPING)
    return total


def _growth(
    around: Floats, of_class: Ints, alive: Bools, n_classes: int | None = None
) -> Floats:
    """Weekly log growth of the last half year, drawn to none, (C,)."""
    count = n_classes or int(of_class.max(initial=0)) + 1
    found = np.zeros(count)
    span = min(26, around.shape[1])
    if span < 13:
        return found
    when = np.arange(span) - (span - 1) / 2
    for c in range(count):
        steady = (of_class == c) & alive[:, -span:].all(axis=1)
        if not steady.any():
            continue
        log_level = np.log(np.maximum(around[steady, -span:].sum(axis=0), 1e-9))
        slope = float(when @ (log_level - log_level.mean()) / (when @ when))
        found[c] = np.clip(0.5 * slope, -0.02, 0.02)
    return found


def _if_it_helped(
    growths: Floats,
    level: Floats,
    effect: Floats,
    units: Floats,
    seen: Bools,
    of_class: Ints,
) -> Floats:
    """Growth only of those classes whose held-out weeks were foreseen better with it."""
    drift = np.exp(growths[of_class][:, None] * damped(np.arange(1, units.shape[1] + 1)))
    mean = level[:, None] * effect
    spread = mean + _ALPHA * mean**2 + 0.1
    flat, moved = (
        np.bincount(of_class, _missed(guess, units, spread, seen), minlength=len(growths))
        for guess in (mean, mean * drift)
    )
    return np.where(moved < CLEARLY * flat, growths, 0.0)


def _missed(mean: Floats, units: Floats, spread: Floats, seen: Bools) -> Floats:
    """Scaled squared error of each series, (n,); no wild cell chooses for all the others."""
    error = np.where(seen, np.minimum((mean - units) ** 2 / spread, 25.0), 0.0)
    summed: Floats = error.sum(axis=1)
    return summed


def _residuals(
    level: Floats, effect: Floats, units: Floats, seen: Bools, exposed: Bools, cut: int
) -> Residuals:
    """Held-out cells at several lags, by the methods chosen."""
    known = units.shape[1]
    actual = units[:, cut:]
    at_once = shared_squares(actual, level[:, [cut]] * effect, seen & ~exposed)
    several = []
    for lag in RESIDUAL_LAGS:
        mean = level[:, cut - lag + 1 : known - lag + 1] * effect
        several.append(
            Residuals(
                units=actual[seen],
                mean=mean[seen],
                promoted=exposed[seen],
                lag=np.full(int(seen.sum()), lag),
                level=at_once if lag == RESIDUAL_LAGS[0] else (0.0, 0.0),
            )
        )
    return Residuals.together(several)
