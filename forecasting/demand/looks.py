"""An estimate: level, season, launches and response of the first weeks of a history.

Each is estimated given the others, `ROUNDS` times over: a promotion that is taken for season,
or a season taken for level, is sorted out by the next round. The order within a round is from
what is surest given the rest to what is least: levels, then the response of promoted cells,
then what is left to season and to being new, then what history is believed to have been.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from forecasting.demand import baseline, intervals, launch, response, season, spillover
from forecasting.demand.cleansing import Panel, lone_peaks
from forecasting.demand.problem import (
    SURPRISING_ALPHA,
    TYPICAL_ALPHA,
    Effects,
    Problem,
    effects_of,
    no_effects,
)
from forecasting.demand.response import Response
from forecasting.hierarchy import Bools, Floats, aggregate

ROUNDS = 2
"""Rounds of level, response and season in each look at the history."""


TEMPER = 1.0
"""Standard deviations above expectation from which a week says no more."""


_TOO_LITTLE = 0.02
"""A cell whose regressors are all smaller than this says nothing of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What one look at T weeks of history gave."""

    known: int
    """T."""
    demand: Floats
    """Demand as it is believed, (n, T)."""
    units: Floats
    """Demand as it is learnt from, (n, T)."""
    seen: Floats
    """Share of each week that it stands for, (n, T)."""
    effects: Effects
    response: Response
    share: Floats
    """Share of each series in its class at its door, (n,)."""
    around: Floats
    """Level seen from both sides, (n, T)."""
    surprise: tuple[float, float]
    """Log of what surprises add to what is learnt, without and with activations."""

    def ahead(self, until: int) -> Floats:
        """Demand expected of the weeks after it, to before one, at the last level, (n, H)."""
        expected: Floats = self.around[:, -1:] * self.effects.total[:, self.known : until]
        return expected

    def foreseen(self, problem: Problem) -> tuple[Response, Effects]:
        """The response with what surprises add to lifts, and what it comes to."""
        plain, promoted = self.surprise
        n_kinds = len(problem.layout.exposures.kinds)
        found = self.response.lifted(promoted - plain, n_kinds)
        return found, effects_of(problem, found, self.effects, self.share)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What is believed between two rounds of an estimate."""

    history: Panel
    """T weeks."""
    demand: Floats
    """Demand as it is believed, (n, T)."""
    units: Floats
    """Demand as it is learnt from, (n, T)."""
    seen: Floats
    """Share of each week that it stands for, (n, T)."""
    share: Floats
    effects: Effects
    found: Response | None
    """None where no lift is known yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a round learns a response from."""

    believed: Floats
    """Level believed of each series, (n,)."""
    around: Floats
    """Level around each week, (n, T)."""
    share: Floats
    rows: response.Rows


def estimate(problem: Problem, known: int, *, start: Estimate | None) -> Estimate:
    """Level, season and response of the first `known` weeks."""
    look = first_look(problem, known, start=start)
    for _ in range(ROUNDS):
        look = one_round(problem, look)
    return concluded(problem, look)


def first_look(problem: Problem, known: int, *, start: Estimate | None) -> Look:
    """What is believed before the first round: nothing, or what a shorter history showed."""
    history = problem.panel.until(known)
    share = spillover.share_of_group(history.units.sum(axis=1) + 1e-9, problem.group)
    effects = no_effects(problem)
    if start is not None:
        # The season is looked for anew: what the shorter history took for it may be lift.
        anew = replace(effects, launch=start.effects.launch)
        effects = effects_of(problem, start.response, anew, share)
    return Look(
        history=history,
        demand=history.units,
        units=history.units,
        seen=history.exposure,
        share=share,
        effects=effects,
        found=start.response if start else None,
    )


def ground_of(problem: Problem, look: Look) -> Ground:
    """Levels, and the cells that say something of the response."""
    known, effects = look.units.shape[1], look.effects
    effect = effects.total[:, :known] * look.seen
    if look.found is None:
        # It knows no lift yet: it looks at weeks without activation only, unless a
        # series hardly has any.
        exposed = problem.exposed[:, :known]
        rarely = (exposed & (effect > 0)).mean(axis=1) < 0.6
        effect = np.where(exposed & rarely[:, None], 0.0, effect)
    believed, around = _levels_around(problem.panel, look.units, effect)
    share = spillover.share_of_group(around.mean(axis=1), problem.group)
    rows = _rows(problem, look, around, share)
    return Ground(believed=believed, around=around, share=share, rows=rows)


def one_round(problem: Problem, look: Look, ground: Ground | None = None) -> Look:
    """Level, response, season and launches once more, each given the others."""
    known, seen = look.units.shape[1], look.seen
    ground = ground or ground_of(problem, look)
    found = response.respond(
        ground.rows,
        prior=problem.prior,
        n_series=len(problem.panel.sku_of),
        sku_of=problem.panel.sku_of,
        class_of=problem.panel.classes,
        alpha=problem.learnt_at,
        event_sd=problem.event_sd,
        start=look.found,
    )
    effects = effects_of(problem, found, look.effects, ground.share)
    index = _season(problem, look.units, effects, seen, ground.believed, known)
    effects = replace(effects, season=index[problem.of_class])
    effects = replace(effects, launch=_launch(problem, look.units, effects, seen, known))
    expected = ground.around * effects.total[:, :known]
    demand, seen = _cleansed(look.history, expected, problem.exposed[:, :known])
    return replace(
        look,
        demand=demand,
        units=tempered(demand, expected * seen),
        seen=seen,
        share=ground.share,
        effects=effects,
        found=found,
    )


def concluded(problem: Problem, look: Look) -> Estimate:
    """The estimate that rounds have come to."""
    assert look.found is not None
    known = look.units.shape[1]
    effect = look.effects.total[:, :known] * look.seen
    _, around = _levels_around(problem.panel, look.units, effect)
    return Estimate(
        known=known,
        demand=look.demand,
        units=look.units,
        seen=look.seen,
        effects=look.effects,
        response=look.found,
        share=look.share,
        around=around,
        surprise=_surprise(look.demand, around * effect, problem.exposed[:, :known]),
    )


def _levels_around(panel: Panel, units: Floats, effect: Floats) -> tuple[Floats, Floats]:
    """Level that is believed of each series, (n,), and the one around each week, (n, T)."""
    believed = baseline.prior_level(panel, units * (effect > 0), effect)
    weight = baseline.evidence(believed[:, None] * effect, alpha=TYPICAL_ALPHA)
    return believed, baseline.level_around(units, effect, weight, believed)


def _rows(problem: Problem, look: Look, around: Floats, share: Floats) -> response.Rows:
    """Cells that say something of the response to anything, given level and season."""
    units, seen, effects, start = look.units, look.seen, look.effects, look.found
    known = units.shape[1]
    panel, layout = problem.panel, problem.layout
    lifted = effects.lift[:, :known]
    beside = [
        panel.followed_price[:, :known],
        spillover.log_others(lifted * effects.price[:, :known], share, problem.group),
        spillover.bought_ahead(lifted, problem.exposed[:, :known]),
    ]
    expected = around * (effects.season * effects.launch)[:, :known] * seen
    says = np.any([np.abs(r) > _TOO_LITTLE for r in beside], axis=0)
    at = np.flatnonzero((says | problem.exposed[:, :known]) & (expected > 1e-6))
    own = layout.of_cells(start.series[:, : layout.design.shape[1]] if start else None)
    past = np.flatnonzero(layout.week < known)
    cells = layout.series[past] * known + layout.week[past]

    def of_cells(column: int) -> Floats:
        """One regressor over all cells, (n, T)."""
        if column >= own.shape[1]:
            found: Floats = beside[column - own.shape[1]]
            return found
        spread = np.zeros(units.size)
        spread[cells] = own[past, column]
        return spread.reshape(units.shape)

    offset = expected.ravel()[at]
    series, week = np.divmod(at, known)
    design = np.zeros((len(at), len(problem.columns)), order="F")
    effect = effects.total[:, :known] * seen
    follows = (
        None
        if start is None
        else baseline.follower(effect, baseline.evidence(around * effect, alpha=TYPICAL_ALPHA))
    )
    log_back = np.zeros(len(at))
    for column in range(len(problem.columns)):
        regressor = of_cells(column)
        if not regressor.any():
            continue
        design[:, column] = regressor.ravel()[at]
        if follows is not None and start is not None:
            # The level follows what a response explains: what it would take back is no
            # evidence. To first order that is the same smoothing, of the regressor.
            taken_back = follows(regressor).ravel()[at]
            log_back += taken_back * start.series[:, column][series]
            design[:, column] -= taken_back
    sku = panel.sku_of[series]
    return response.Rows(
        units=units.ravel()[at],
        expected=offset * np.exp(log_back),
        design=design,
        week=week,
        series=series,
        sku=sku,
        of_class=panel.classes[sku],
        event=problem.event[:, :known].ravel()[at],
    )


def _season(
    problem: Problem,
    units: Floats,
    effects: Effects,
    exposure: Floats,
    believed: Floats,
    known: int,
) -> Floats:
    """Seasonal index of every class over history and future, (C, W)."""
    panel = problem.panel
    effect = (effects.total / effects.season)[:, :known] * exposure
    weight = baseline.evidence(believed[:, None] * effect, alpha=TYPICAL_ALPHA)
    flat = np.full(len(units), baseline.STEADY)
    seasonal = effects.season[:, :known]
    slow = 0.5 * sum(
        baseline.smooth_level(
            units[:, ::step],
            (effect * seasonal)[:, ::step],
            weight=weight[:, ::step],
            alpha=flat,
            prior=believed,
            prior_weeks=baseline.PRIOR_WEEKS,
        )[:, :-1][:, ::step]
        for step in (1, -1)
    )
    n_classes = int(panel.classes.max(initial=0)) + 1
    # Promoted weeks count for less: what a lift misses is not season.
    counted = np.where(problem.exposed[:, :known], 0.3, 1.0) * weight * (effect > 0)
    total = aggregate(units * counted, problem.of_class, n_classes)
    steady = aggregate(slow * effect * counted, problem.of_class, n_classes)
    return season.seasonal_index(total, steady, panel.weeks, parent=panel.departments)


def _launch(
    problem: Problem, units: Floats, effects: Effects, exposure: Floats, known: int
) -> Floats:
    """What being new does to every series in every week, (n, W)."""
    panel = problem.panel
    launched = launch.weeks_of(panel, known)
    if (launched == launch.LONG_AGO).all():
        return effects.launch
    effect = (effects.total / effects.launch)[:, :known] * exposure
    found = launch.curves(
        panel, units, effect, launched, n_classes=int(panel.classes.max(initial=0)) + 1
    )
    of_skus = launch.ramp(found, launched, panel.classes, len(panel.weeks))
    return of_skus[panel.sku_of]


def _cleansed(history: Panel, expected: Floats, exposed: Bools) -> tuple[Floats, Floats]:
    """Demand as it is believed, and the share of each week that it stands for, (n, T) each.

    Where a week ended empty at an unknown time, what it was likely to be; where a lone
    peak has nothing to explain it, what was expected. A week partly on the shelf counts whole,
    with what the rest of it is likely to have sold: in part it would tell the less, the more
    demand there was.
    """
    known = (history.exposure >= 0.999) & ~exposed
    peaks = lone_peaks(history.units, expected, known, alpha=TYPICAL_ALPHA)
    units = np.where(peaks, expected, history.units)
    if history.sold_out.any():
        likely = intervals.at_least(expected, SURPRISING_ALPHA, history.units)
        units = np.where(history.sold_out, likely, units)
    return made_whole(units, history.exposure, expected)


def made_whole(units: Floats, share: Floats, expected: Floats) -> tuple[Floats, Floats]:
    """Demand with what the rest of each week is likely to have sold, and its share then."""
    partly = (share > 0) & (share < 1)
    if not partly.any():
        return units, share
    rest = intervals.rest_of_week(expected, units, share, alpha=SURPRISING_ALPHA)
    return np.where(partly, units + rest, units), np.where(partly, 1.0, share)


def tempered(units: Floats, expected: Floats) -> Floats:
    """Demand as it is learnt from: no week may say more than a surprising one says.

    Demand has a long tail: now and then an event sells three times what anybody could
    have expected. Taken as they are, such weeks decide what a SKU is expected to sell in
    all others. What they add on average is given back to the mean (`_surprise`).
    """
    reach = TEMPER * np.sqrt(SURPRISING_ALPHA) * expected + 3 * np.sqrt(expected)
    tempered: Floats = np.where(expected > 0, np.minimum(units, expected + reach), units)
    return tempered


def _surprise(demand: Floats, expected: Floats, exposed: Bools) -> tuple[float, float]:
    """Log of demand over what is expected, in weeks without and with activations.

    Drawn to none as if two hundred more weeks had shown so.
    """
    logs = []
    for side in (~exposed, exposed):
        chosen = side & (expected > 0)
        cells = int(chosen.sum())
        total = float(expected[chosen].sum())
        ratio = float(demand[chosen].sum()) / total if total > 0 else 1.0
        logs.append(float(np.log(np.clip(ratio, 1.0, 1.5))) * cells / (cells + 200))
    return logs[0], logs[1]
