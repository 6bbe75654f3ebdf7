"""How sure a forecast is: quantiles that held-out weeks have borne out.

A cell's demand is taken as a gamma with variance mean + alpha mean^2. Where the gamma put
too little or too much, held-out weeks say so: of all of them, promoted or not, near or far
ahead, small or large, a tenth should have come out below the p10. The level that really had
a tenth below it is what p10 means from then on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import special

from forecasting.hierarchy import Bools, Floats, Ints

LEVELS = (0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98)
"""Quantile levels that are calibrated; others lie between."""
LAGS = (2, 5)
"""Last lag of the first and of the second group of lags; the third is the rest."""
VOLUMES = (2.0, 12.0)
"""Units a week that divide small from middling from large cells."""

USUAL_ALPHA = (0.25, 0.4)
"""Overdispersion without and with activation, before held-out weeks say better."""
USUAL_LEVEL_SD = 0.15
"""Log error of a level a few weeks ahead, before held-out weeks say better."""
_ENOUGH = 20_000
"""More cells than this say nothing more."""
_FEW = 150.0
"""Held-out cells from which a group's own calibration weighs as much as everybody's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Residuals:
    """Held-out cells: actuals, and what had been expected."""

    units: Floats
    mean: Floats
    promoted: Bools
    lag: Ints
    level: tuple[float, float] = (0.0, 0.0)
    """Relative variance of series' levels: squares that cells of one series share, and
    what they are counted against (`shared_squares`); they add up over blocks."""

    @staticmethod
    def together(several: list[Residuals]) -> Residuals:
        """Those of several blocks."""
        return Residuals(
            units=np.concatenate([r.units for r in several]),
            mean=np.concatenate([r.mean for r in several]),
            promoted=np.concatenate([r.promoted for r in several]),
            lag=np.concatenate([r.lag for r in several]),
            level=(sum(r.level[0] for r in several), sum(r.level[1] for r in several)),
        )

    def thinned(self, most: int) -> Residuals:
        """Every k-th, so that about `most` remain."""
        step = max(len(self.units) // most, 1)
        return Residuals(
            units=self.units[::step],
            mean=self.mean[::step],
            promoted=self.promoted[::step],
            lag=self.lag[::step],
            level=self.level,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Overdispersion and the meaning of quantile levels, group by group.

    Groups: promoted or not x three groups of lags x three of volume.
    """

    alpha: Floats
    """Shape (2, 3, 3)."""
    levels: Floats
    """Gamma level that stands for each of LEVELS, shape (2, 3, 3, len(LEVELS))."""
    cells: Ints
    """Held-out cells behind each group, shape (2, 3, 3)."""
    surprise: tuple[float, float] = (0.0, 0.0)
    """Log of what surprises add to the mean and not to where most weeks lie, without and
    with activations: quantiles are measured from the mean less that."""
    level_sd: float = USUAL_LEVEL_SD
    """Log error of a series' level, which all its weeks to come share."""

    def as_json(self) -> dict[str, Any]:
        """Plain lists."""
        return {
            "alpha": np.round(self.alpha, 5).tolist(),
            "levels": np.round(self.levels, 5).tolist(),
            "cells": self.cells.tolist(),
            "surprise": [round(s, 5) for s in self.surprise],
            "level_sd": round(self.level_sd, 5),
        }

    @staticmethod
    def from_json(body: dict[str, Any]) -> Calibration:
        """The same, read back."""
        return Calibration(
            alpha=np.array(body["alpha"], dtype=float),
            levels=np.array(body["levels"], dtype=float),
            cells=np.array(body["cells"], dtype=np.int64),
            surprise=(float(body["surprise"][0]), float(body["surprise"][1])),
            level_sd=float(body.get("level_sd", USUAL_LEVEL_SD)),
        )

    @property
    def alpha_steady(self) -> float:
        """Overdispersion of weeks without activation, a few weeks ahead."""
        weight = self.cells[0, 1] + 1
        return float(np.average(self.alpha[0, 1], weights=weight))

    @property
    def alpha_promoted(self) -> float:
        """Overdispersion of weeks with activation, a few weeks ahead."""
        weight = self.cells[1, 1] + 1
        return float(np.average(self.alpha[1, 1], weights=weight))

    def quantiles(
        self,
        mean: Floats,
        promoted: Bools,
        lag: Ints,
        levels: tuple[float, ...],
        *,
        whole: bool = True,
    ) -> list[Floats]:
        """Calibrated quantiles of demand, units, one array per level.

        Parameters
        ----------
        mean : float array
            Expected units.
        promoted : bool array, same shape
        lag : int array, same shape
            Weeks ahead, 1 for the first.
        levels : tuple of float
        whole : bool
            In whole units, as demand comes. The limits of an interval are better not: whole
            ones, both included, enclose more than the share that they stand for.
        """
        usual = mean * np.exp(-np.where(promoted, self.surprise[1], self.surprise[0]))
        group = _groups(usual, promoted, lag)
        alpha = self.alpha[group]
        of_group = self.levels[group]
        found = []
        for level in levels:
            at = int(np.clip(np.searchsorted(LEVELS, level), 1, len(LEVELS) - 1))
            low, high = LEVELS[at - 1], LEVELS[at]
            part = (level - low) / (high - low)
            meant = of_group[..., at - 1] * (1 - part) + of_group[..., at] * part
            exact = gamma_quantile(usual, alpha, np.clip(meant, 1e-4, 1 - 1e-4))
            found.append(np.ceil(exact - 0.5) if whole else exact)
        return found


def uncalibrated() -> Calibration:
    """What holds before any week was held out."""
    levels = np.broadcast_to(np.array(LEVELS), (2, 3, 3, len(LEVELS))).copy()
    alpha = np.broadcast_to(np.array(USUAL_ALPHA)[:, None, None], (2, 3, 3)).copy()
    return Calibration(alpha=alpha, levels=levels, cells=np.zeros((2, 3, 3), dtype=np.int64))


def calibrate(residuals: Residuals) -> Calibration:
    """Learn from held-out cells what alpha and the quantile levels are.

    A group with few cells leans on the promoted (or not) cells of all lags and volumes.
    """
    residuals = residuals.thinned(_ENOUGH)
    calibration = uncalibrated()
    jitter = np.random.default_rng(0).random(len(residuals.units))
    p, lag, volume = _groups(residuals.mean, residuals.promoted, residuals.lag)
    alpha, levels = calibration.alpha.copy(), calibration.levels.copy()
    for side in (0, 1):
        whole = p == side
        if whole.sum() < 30:
            continue
        general = overdispersion(residuals.units[whole], residuals.mean[whole])
        for a in range(3):
            for v in range(3):
                mine = whole & (lag == a) & (volume == v)
                weight = mine.sum() / (mine.sum() + _FEW)
                own = general
                if mine.sum() >= 30:
                    own = overdispersion(residuals.units[mine], residuals.mean[mine])
                alpha[side, a, v] = np.exp(
                    weight * np.log(own) + (1 - weight) * np.log(general)
                )
    u = _place(residuals, alpha[p, lag, volume], jitter)
    cells = np.zeros((2, 3, 3), dtype=np.int64)
    for side in (0, 1):
        whole = p == side
        if whole.sum() < 30:
            continue
        general_levels = np.quantile(u[whole], LEVELS)
        for a in range(3):
            for v in range(3):
                mine = whole & (lag == a) & (volume == v)
                cells[side, a, v] = mine.sum()
                weight = mine.sum() / (mine.sum() + _FEW)
                own_levels = np.quantile(u[mine], LEVELS) if mine.any() else general_levels
                levels[side, a, v] = weight * own_levels + (1 - weight) * general_levels
    return replace(
        calibration, alpha=alpha, levels=levels, cells=cells, level_sd=level_sd(residuals)
    )


def shared_squares(units: Floats, mean: Floats, counted: Bools) -> tuple[float, float]:
    """What the misses of one series' weeks have in common, summed over series.

    Parameters
    ----------
    units, mean : float array, shape (n, T)
    counted : bool array, shape (n, T)

    Returns
    -------
    (float, float)
        Products of the misses of any two weeks of a series, and of their means: the first
        over the second is the relative variance of the level. Series count by what they
        can tell: large ones, whose chance is small, do not drown the rest.
    """
    miss = np.where(counted, units - mean, 0.0)
    expected = np.where(counted, mean, 0.0)
    pairs = miss.sum(axis=1) ** 2 - (miss**2).sum(axis=1)
    most = expected.sum(axis=1) ** 2 - (expected**2).sum(axis=1)
    total = expected.sum(axis=1)
    weight = 1 / (1 + 0.1 * total) ** 2
    # One series far off is one surprise, not the rule.
    pairs = np.clip(pairs, -most, most)
    return float((weight * pairs).sum()), float((weight * most).sum())


def level_sd(residuals: Residuals) -> float:
    """Log error that a series' weeks share; the usual one where nothing was held out."""
    top, bottom = residuals.level
    if bottom <= 0:
        return USUAL_LEVEL_SD
    return float(np.clip(np.sqrt(max(top / bottom, 0.0)), 0.05, 0.5))


def overdispersion(units: Floats, mean: Floats) -> float:
    """Moment estimate of alpha in variance = mean + alpha mean^2.

    Weighted by what each cell can tell, a few times refined; between 0.005 and 4. A cell
    further off than three standard deviations counts as three: a few that sold many times
    what was expected would else say how all the others scatter.
    """
    step = max(len(units) // _ENOUGH, 1)
    units, mean = units[::step], mean[::step]
    alpha = 0.4
    square, error = mean * mean, (units - mean) ** 2
    for _ in range(5):
        variance = mean + alpha * square + 1e-9
        told = square / (variance * variance)
        top = float(told @ (np.minimum(error, 9 * variance) - mean))
        bottom = float(told @ square)
        alpha = min(max(top / bottom, 5e-3), 4.0) if bottom > 0 else alpha
    return alpha


def gamma_quantile(mean: Floats, alpha: Floats | float, level: Floats | float) -> Floats:
    """Quantile of demand with a mean and an overdispersion, in units.

    A gamma with the count's own variance: not negative, skewed as demand is, and zero below
    half a unit.
    """
    safe = np.maximum(mean, 1e-9)
    variance = safe + np.asarray(alpha) * safe**2
    exact = special.gammaincinv(safe**2 / variance, level) * (variance / safe)
    found: Floats = np.where((mean > 1e-9) & (exact >= 0.5), exact, 0.0)
    return found


def at_least(mean: Floats, alpha: float, sold: Floats) -> Floats:
    """Expected demand where all that is known is that demand was at least so much.

    The mean of the gamma above `sold`. Never more than thrice the mean beyond it.
    """
    safe = np.maximum(mean, 1e-9)
    shape = safe**2 / (safe + alpha * safe**2)
    scale = safe / shape
    x = np.maximum(sold, 0.0) / scale
    beyond = special.gammaincc(shape, x)
    more = special.gammaincc(shape + 1, x)
    expected = np.where(beyond > 1e-9, safe * more / np.maximum(beyond, 1e-12), sold)
    kept: Floats = np.clip(expected, sold, sold + 3 * safe)
    return kept


def rest_of_week(mean: Floats, sold: Floats, share: Floats, *, alpha: float) -> Floats:
    """Demand expected in the share of a week that a SKU was off the shelf, given the rest.

    What sold faster than expected while it was there would have gone on doing so: a gamma
    of the week's pace around the mean, updated by what was sold in `share` of the week.
    """
    pace = (sold + 1 / alpha) / (share + 1 / (alpha * np.maximum(mean, 1e-9)))
    rest: Floats = (1 - share) * pace
    return rest


def _place(residuals: Residuals, alpha: Floats, jitter: Floats) -> Floats:
    """Where each held-out demand lay in its gamma, 0 to 1."""
    mean = np.maximum(residuals.mean, 1e-9)
    shape = mean / (1 + alpha * mean)
    scale = 1 + alpha * mean
    low = special.gammainc(shape, np.maximum(residuals.units - 0.5, 0.0) / scale)
    high = special.gammainc(shape, (residuals.units + 0.5) / scale)
    placed: Floats = low + jitter * (high - low)
    return placed


def _groups(mean: Floats, promoted: Bools, lag: Ints) -> tuple[Ints, Ints, Ints]:
    return (
        np.asarray(promoted).astype(np.int64),
        np.searchsorted(LAGS, lag, side="left"),
        np.searchsorted(VOLUMES, mean, side="right"),
    )
