"""Choice of method: what would have forecast the last weeks best, segment by segment.

A segment is a class, and within it what sells every week or only now and then. Tried are
how fast the level follows (exponential smoothing), whether the class has a season, and
whether its growth goes on for a while. Simple wins unless something else is clearly
better on weeks that the estimate had not seen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from forecasting.demand import baseline
from forecasting.demand.cleansing import Panel
from forecasting.demand.intervals import Residuals, shared_squares
from forecasting.hierarchy import Bools, Floats, Ints

LAGS = (1, 4, 8)
"""Weeks ahead at which methods are compared."""
RESIDUAL_LAGS = (1, 2, 4, 6, 8)
"""Weeks ahead at which the last weeks are held against the forecast."""
DAMPING = 0.94
"""What is left of a week's growth in the next one."""
CLEARLY = 0.99
"""What is chosen must bring the error below this share of the usual method's."""
_ALPHA = 0.4


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """What was chosen for one segment, and on what evidence."""

    of_class: int
    """Position of the class."""
    intermittent: bool
    series: int
    """How many series it has."""
    smoothing: float
    season: bool
    growth: float
    """Weekly log growth at the end of history, damped from there; 0 is none."""
    error: float
    """Scaled squared error on held-out weeks, of what was chosen."""
    error_plain: float
    """Of the usual smoothing, with season and without growth."""
    weeks: int
    """Held-out weeks."""

    @property
    def in_words(self) -> str:
        """One sentence for the Baseline page."""
        pace = (
            "hardly moves"
            if self.smoothing <= 0.03
            else "moves slowly"
            if self.smoothing <= 0.08
            else "follows recent weeks"
        )
        kind = "now and then" if self.intermittent else "every week"
        seasonal = "with the season of its class" if self.season else "without a season"
        yearly = np.expm1(self.growth / (1 - DAMPING) * 1.0)
        trend = f", growth of {yearly:+.0%} in all still to come" if abs(yearly) >= 0.01 else ""
        gain = 1 - self.error / self.error_plain if self.error_plain > 0 else 0.0
        better = (
            f"; {gain:.0%} less squared error than a plain level on {self.weeks} held-out weeks"
            if gain >= 0.005
            else f"; nothing did clearly better on {self.weeks} held-out weeks"
        )
        return f"Sells {kind}; a level that {pace} {seasonal}{trend}{better}."


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
    with_season: Floats,
    without: Floats,
    levels: Callable[[bool, float], Floats],
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
    with_season, without : float array, shape (n, T)
        All effects, with the season that history up to the cut shows, and with none.
    levels : callable of (with season, smoothing)
        Level before every week, (n, T + 1).
    around : float array, shape (n, cut)
        Level of the weeks before the cut.
    """
    known = units.shape[1]
    tail = slice(cut, known)
    often = ~baseline.is_intermittent(panel.units[:, :cut], panel.exposure[:, :cut] > 0)
    segment = of_class * 2 + ~often
    n_segments = int(segment.max(initial=-1)) + 1
    seen = scored[:, tail]
    # Where history shows no season there is nothing to try without one.
    seasons = (True,) if np.array_equal(with_season, without) else (False, True)
    candidates = [(s, a) for s in seasons for a in baseline.SMOOTHING]
    usual = candidates.index((True, baseline.USUAL_SMOOTHING))
    means: dict[int, dict[tuple[bool, float], Floats]] = {}
    cost = np.zeros((len(candidates), n_segments))
    kept = {}
    for i, (seasonal, alpha) in enumerate(candidates):
        level = levels(seasonal, alpha)
        effect = (with_season if seasonal else without)[:, tail]
        kept[i] = level
        for lag in LAGS:
            mean = level[:, cut - lag + 1 : known - lag + 1] * effect
            means.setdefault(lag, {})[(seasonal, alpha)] = mean
    for lag in LAGS:
        plain = means[lag][candidates[usual]]
        spread = plain + _ALPHA * plain**2 + 0.1
        for i, candidate in enumerate(candidates):
            error = (means[lag][candidate] - units[:, tail]) ** 2 / spread
            # One wild cell must not choose for a whole segment.
            error = np.where(seen, np.minimum(error, 25.0), 0.0)
            cost[i] += np.bincount(segment, error.sum(axis=1), minlength=n_segments)
    # The usual is given up only for what is clearly better: differences of less are chance.
    favoured = cost.copy()
    favoured[usual] *= CLEARLY
    best = np.argmin(favoured, axis=0)
    growths = _growth(around, of_class, panel.exposure[:, :cut] > 0)
    growths = _if_it_helped(growths, kept, best, segment, with_season, without, units,
                            seen, cut, of_class, candidates)  # fmt: skip
    now = np.bincount(segment, minlength=n_segments)
    chosen = tuple(
        Method(
            of_class=int(s // 2),
            intermittent=bool(s % 2),
            series=int(now[s]),
            smoothing=candidates[best[s]][1],
            season=candidates[best[s]][0],
            growth=float(growths[s // 2]),
            error=float(cost[best[s], s]),
            error_plain=float(cost[usual, s]),
            weeks=known - cut,
        )
        for s in np.flatnonzero(now)
    )
    return chosen, _residuals(
        kept, best[segment], candidates, with_season, without, units, seen,
        exposed[:, tail], cut,
    )  # fmt: skip


def smoothing(chosen: tuple[Method, ...], panel: Panel, known: int) -> Floats:
    """Smoothing parameter of every series, (n,)."""
    alpha: Floats = np.full(len(panel.sku_of), baseline.USUAL_SMOOTHING)
    of_class = panel.classes[panel.sku_of]
    rare = baseline.is_intermittent(panel.units[:, :known], panel.exposure[:, :known] > 0)
    for method in chosen:
        alpha[of_class == method.of_class] = method.smoothing
    for method in chosen:  # where a class has both kinds, each its own
        alpha[(of_class == method.of_class) & (rare == method.intermittent)] = method.smoothing
    return alpha


def flat_season(chosen: tuple[Method, ...], of_class: Ints) -> Bools:
    """Which series have no season; a class has one if most of its series do better."""
    votes: dict[int, int] = {}
    for method in chosen:
        ballot = method.series if method.season else -method.series
        votes[method.of_class] = votes.get(method.of_class, 0) + ballot
    flat = [c for c, vote in votes.items() if vote <= 0]
    without: Bools = np.isin(of_class, flat)
    return without


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
    levels: dict[int, Floats],
    best: Ints,
    segment: Ints,
    with_season: Floats,
    without: Floats,
    units: Floats,
    seen: Bools,
    cut: int,
    of_class: Ints,
    candidates: list[tuple[bool, float]],
) -> Floats:
    """Growth only of those classes whose held-out weeks were foreseen better with it."""
    known = units.shape[1]
    ahead = np.arange(1, known - cut + 1)
    drift = np.exp(growths[of_class][:, None] * damped(ahead))
    flat, moved = np.zeros(len(growths)), np.zeros(len(growths))
    for i in np.unique(best):
        rows = best[segment] == i
        effect = (with_season if candidates[i][0] else without)[rows, cut:known]
        mean = levels[i][rows, cut][:, None] * effect
        actual, certain = units[rows, cut:known], seen[rows]
        spread = mean + _ALPHA * mean**2 + 0.1
        for totals, guess in ((flat, mean), (moved, mean * drift[rows])):
            error = np.where(certain, np.minimum((guess - actual) ** 2 / spread, 25.0), 0.0)
            totals += np.bincount(of_class[rows], error.sum(axis=1), minlength=len(growths))
    return np.where(moved < CLEARLY * flat, growths, 0.0)


def _residuals(
    levels: dict[int, Floats],
    chosen: Ints,
    candidates: list[tuple[bool, float]],
    with_season: Floats,
    without: Floats,
    units: Floats,
    seen: Bools,
    exposed: Bools,
    cut: int,
) -> Residuals:
    """Held-out cells at several lags, by the methods chosen."""
    known = units.shape[1]
    several = []
    for i in np.unique(chosen):
        rows = chosen == i
        effect = (with_season if candidates[i][0] else without)[rows, cut:known]
        certain = seen[rows]
        once = levels[i][rows, cut][:, None] * effect
        plain = certain & ~exposed[rows]
        level = shared_squares(units[rows, cut:known], once, plain)
        for lag in RESIDUAL_LAGS:
            mean = levels[i][rows, cut - lag + 1 : known - lag + 1] * effect
            several.append(
                Residuals(
                    units=units[rows, cut:known][certain],
                    mean=mean[certain],
                    promoted=exposed[rows][certain],
                    lag=np.full(int(certain.sum()), lag),
                    level=level if lag == RESIDUAL_LAGS[0] else (0.0, 0.0),
                )
            )
    return Residuals.together(several)
