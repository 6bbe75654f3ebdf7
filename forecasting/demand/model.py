"""The demand model: history in, factors out.

First a look at the history without its last weeks (looks.py): the actuals of those choose the
methods, says how wide the intervals are, and starts the estimate on all of the history.

What comes out is not a table of forecasts but their factors, small enough to keep for
every run and quick to multiply out for one SKU.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from forecasting.calendar import Dates
from forecasting.demand import baseline, intervals, looks, methods, priors, spillover
from forecasting.demand.baseline import Evidence
from forecasting.demand.cleansing import Panel
from forecasting.demand.event_spread import event_sd
from forecasting.demand.intervals import Calibration, Residuals
from forecasting.demand.lift import Exposures
from forecasting.demand.looks import Estimate, made_whole, tempered
from forecasting.demand.methods import Method
from forecasting.demand.priors import RIVALS, Prior
from forecasting.demand.problem import (
    LEARNT_AT,
    TYPICAL_ALPHA,
    Effects,
    Problem,
    group_of,
    problem_of,
)
from forecasting.demand.response import Response
from forecasting.hierarchy import Bools, Floats, aggregate

_CLASSES_THAT_AGREE = 3
"""Classes from which on what they agree on is what the company responds like."""


Progress = Callable[[str, float], None]


def silent(_text: str, _share: float) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Factors:
    """A fitted run of n series over T known weeks and H weeks ahead."""

    weeks: Dates
    """Weeks ahead, (H,)."""
    level: Floats
    """Units a week at index 1 and mean regular price, (n,)."""
    index: Floats
    """Season and trend of each class in each week ahead, (C, H)."""
    response: Response
    share: Floats
    """Share of each series in its class at its door, (n,)."""
    ahead: Floats
    """Weeks of demand bought ahead of the next three weeks, (n, 3)."""
    calibration: Calibration
    event_sd: float
    """Log lift that differs from event to event, shared by doors."""
    methods: tuple[Method, ...]
    """What was chosen for each segment, and on what evidence."""
    prior: Prior
    """What classes were believed to respond like."""
    residuals: Residuals | None
    """Held-out cells; None where the history is too short to hold any out."""
    effects: Effects
    """Over all T + H weeks."""
    fitted: Floats
    """Expected demand of the history without activation, (n, T)."""
    clean: Floats
    """Demand of whole weeks as history lets believe it, (n, T)."""

    @property
    def expected(self) -> Floats:
        """Expected demand of the history with everything that ran, (n, T)."""
        effects, known = self.effects, self.fitted.shape[1]
        beside = effects.lift * effects.others * effects.ahead
        expected: Floats = self.fitted * beside[:, :known]
        return expected

    def beside(self, panel: Panel, price: Floats) -> Floats:
        """What the regular prices of others in the class do to each series, (n, W).

        Parameters
        ----------
        panel : Panel
        price : float array, shape (n, W)
            What each series' own regular price does to it.
        """
        others = self.response.series[:, [self.response.columns.index(RIVALS)]]
        felt: Floats = np.exp(others * spillover.log_others(price, self.share, group_of(panel)))
        return felt

    def in_force(self, panel: Panel) -> tuple[Floats, Floats, Floats, Floats]:
        """What a plan needs, with the regular prices in force at the as-of week taken in.

        Returns
        -------
        (level of each series, (n,); its share in its class at its door, (n,); season,
        trend and coming moves of regular price of each SKU in each week ahead, (S, H); what
        those moves do by themselves, (S, H))
        """
        known = self.fitted.shape[1]
        group = group_of(panel)
        price = self.effects.price[:, [known - 1]]
        beside = self.beside(panel, price)
        shape = self.index[panel.classes].copy()
        shape[panel.sku_of] *= self.effects.launch[:, known:]
        moves = self.effects.price[:, known:] / price
        count = np.maximum(np.bincount(panel.sku_of, minlength=len(panel.skus)), 1)
        repriced = 1 + aggregate(moves - 1, panel.sku_of, len(panel.skus)) / count[:, None]
        level = self.level * (price * beside)[:, 0]
        share = spillover.share_of_group(self.share * price[:, 0], group)
        return level, share, shape * repriced, repriced


def fit(
    panel: Panel,
    exposures: Exposures,
    *,
    known: int,
    prior: Prior | None = None,
    progress: Progress = silent,
) -> Factors:
    """Estimate level, season, price, lift and spillover from history.

    Parameters
    ----------
    panel : Panel
        T weeks of demand history, then H weeks of which only prices are looked at.
    exposures : Exposures
        Every activation's cells, past and planned, over the panel's weeks.
    known : int
        T.
    prior : Prior, optional
        What classes respond like. If not given, what is generally known, moved by what
        these classes agree on where there are several.
    progress : callable
        Told (what is being done, share done).

    Returns
    -------
    Factors
    """
    seen = exposures.seen(known, panel.classes[panel.sku_of])
    exposures = exposures.held_back(known, seen)
    problem = problem_of(panel, exposures.unstated(known), prior)
    held = methods.weeks_held_out(known)
    chosen: tuple[Method, ...] = ()
    trial: Estimate | None = None
    residuals = None
    if held:
        progress("trying methods on the last weeks", 0.05)
        problem, trial = _trial(problem, known - held, known)
        chosen, residuals = _try(problem, trial, known)
    progress("level, season and response", 0.5)
    if trial:
        problem = replace(problem, event_sd=event_sd(problem, trial))
        if prior is None:
            problem = replace(problem, prior=_agreed(problem.prior, trial.response))
    final = looks.estimate(problem, known, start=trial)
    progress("uncertainty", 0.9)
    calibration = intervals.calibrate(residuals) if residuals else intervals.uncalibrated()
    calibration = replace(calibration, surprise=final.surprise)
    learnt = final.effects.total[:, :known] * final.seen
    told = Evidence.of(panel, final.units, learnt, overdispersion=TYPICAL_ALPHA)
    level = told.levels(methods.paces(chosen, panel, known))[:, -1]
    if not np.isnan(exposures.fixed).all():  # what people say of weeks to come stands
        problem = problem_of(panel, exposures, problem.prior)
    return _factors(
        problem, final, chosen=chosen, residuals=residuals, calibration=calibration, level=level
    )


def _factors(
    problem: Problem,
    final: Estimate,
    *,
    chosen: tuple[Method, ...],
    residuals: Residuals | None,
    calibration: Calibration,
    level: Floats,
) -> Factors:
    """What a plan multiplies out, from the last estimate and the level at its end, (n,)."""
    panel, known = problem.panel, final.known
    found, effects = final.foreseen(problem)
    growth = methods.growth(chosen, final.around, problem.of_class, panel, known)
    future = slice(known, len(panel.weeks))
    first = np.array([_first(problem.of_class == c) for c in range(len(growth))])
    index = np.where((first >= 0)[:, None], effects.season[np.maximum(first, 0), future], 1.0)
    ahead = np.arange(1, len(panel.weeks) - known + 1)
    return Factors(
        weeks=panel.weeks[future],
        level=level * np.exp(final.surprise[0]),
        index=index * np.exp(growth[:, None] * methods.damped(ahead)),
        response=found,
        share=final.share,
        ahead=spillover.still_ahead(effects.lift[:, :known]),
        calibration=calibration,
        event_sd=event_sd(problem, final),
        methods=chosen,
        prior=problem.prior,
        residuals=residuals,
        effects=effects,
        fitted=final.around * effects.baseline[:, :known] * np.exp(final.surprise[0]),
        clean=_whole_weeks(problem, final),
    )


def predict(factors: Factors, panel: Panel) -> pd.DataFrame:
    """Forecast every series in every week ahead.

    Parameters
    ----------
    factors : Factors
    panel : Panel
        The one the factors were fitted on.

    Returns
    -------
    DataFrame, one row per (series, week)
        series, week (positions), promoted, baseline, forecast (the mean), p10, p50, p90:
        units. The baseline is at everybody's regular price, with no activation.
    """
    n_weeks = len(factors.weeks)
    known = len(panel.weeks) - n_weeks
    effects = factors.effects
    of_class = panel.classes[panel.sku_of]
    base = factors.level[:, None] * factors.index[of_class]
    price = effects.price[:, known:]
    alone = base * effects.launch[:, known:] * price
    mean = alone * (effects.lift * effects.others * effects.ahead)[:, known:]
    base = alone * factors.beside(panel, price)
    promoted = effects.exposed[:, known:]
    lag = np.broadcast_to(np.arange(1, n_weeks + 1), mean.shape)
    quantiles = factors.calibration.quantiles
    (p50,) = quantiles(mean, promoted, lag, (0.5,))
    p10, p90 = quantiles(mean, promoted, lag, (0.1, 0.9), whole=False)
    at_series, at_week = np.divmod(np.arange(base.size), n_weeks)
    return pd.DataFrame(
        {
            "series": at_series,
            "week": at_week,
            "promoted": promoted.ravel(),
            "baseline": base.ravel(),
            "forecast": mean.ravel(),
            "p10": p10.ravel(),
            "p50": p50.ravel(),
            "p90": p90.ravel(),
        }
    )


def _agreed(prior: Prior, response: Response) -> Prior:
    """What is believed of classes once they were looked at, if there are enough of them."""
    if len(response.classes) < _CLASSES_THAT_AGREE:
        return prior
    return priors.learnt(prior, list(zip(response.classes, response.class_sd, strict=True)))


def _trial(problem: Problem, until: int, known: int) -> tuple[Problem, Estimate]:
    """A look at the first weeks, and how responses are best learnt, by promoted weeks after."""
    first = looks.one_round(problem, looks.first_look(problem, until, start=None))
    ground = looks.ground_of(problem, first)
    tried = []
    for learnt_at in LEARNT_AT:
        other = replace(problem, learnt_at=learnt_at)
        look = looks.one_round(other, first, ground)
        for _ in range(looks.ROUNDS - 2):
            look = looks.one_round(other, look)
        estimate = looks.concluded(other, look)
        tried.append((_missed(problem, estimate, known), other, estimate))
    _, best, estimate = min(tried, key=lambda one: one[0])
    return best, estimate


def _missed(problem: Problem, estimate: Estimate, known: int) -> float:
    """Units by which the promoted weeks after an estimate are missed, lag by lag."""
    ahead = slice(estimate.known, known)
    demand, scored = problem.panel.until(known).demand()
    counted = scored[:, ahead] & problem.exposed[:, ahead]
    return float(np.abs(demand[:, ahead] - estimate.ahead(known))[counted].sum())


def _whole_weeks(problem: Problem, estimate: Estimate) -> Floats:
    """Demand of every week had it been on the shelf throughout; 0 where nothing is known.

    A week on an empty shelf says nothing of itself: it counts as expected.
    """
    expected = estimate.around * estimate.effects.total[:, : estimate.known]
    shut = problem.panel.shut[:, : estimate.known]
    whole: Floats = np.where(shut, expected, estimate.demand)
    return whole


def _try(problem: Problem, trial: Estimate, known: int) -> tuple[tuple[Method, ...], Residuals]:
    """Let the held-out weeks choose methods and show how far off forecasts are."""
    panel = problem.panel
    units = panel.units[:, :known]
    demand, scored = panel.until(known).demand()
    effect = trial.effects.total[:, :known]
    held = slice(trial.known, known)
    expected = trial.ahead(known)
    whole, share = made_whole(units[:, held], panel.exposure[:, held], expected)
    calm = np.concatenate([trial.units, tempered(whole, expected * share)], axis=1)
    seen = np.concatenate([trial.seen, share], axis=1)
    told = Evidence.of(panel, calm, effect * seen, overdispersion=TYPICAL_ALPHA)
    return methods.choose(
        panel,
        demand,
        scored,
        trial.known,
        of_class=problem.of_class,
        exposed=problem.exposed[:, :known],
        effect=effect,
        levels=[told.level(pace) for pace in baseline.PACES],
        around=trial.around,
    )


def _first(chosen: Bools) -> int:
    return int(np.argmax(chosen)) if chosen.any() else -1
