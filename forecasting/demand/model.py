"""The demand model: history in, factors out.

Level, season, launches and response are estimated in turn, each given the others, a few
times over: a promotion that is taken for season, or a season taken for level, is sorted out
by the next round. First on the history without its last weeks: what came in those chooses the
methods, says how wide the intervals are, and starts the estimate on all of the history.

What comes out is not a table of forecasts but their factors, small enough to keep for
every run and quick to multiply out for one SKU.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from forecasting.calendar import Dates
from forecasting.demand import (
    baseline,
    intervals,
    launch,
    methods,
    priors,
    response,
    season,
    spillover,
)
from forecasting.demand.baseline import Evidence
from forecasting.demand.cleansing import Panel, lone_peaks
from forecasting.demand.intervals import Calibration, Residuals
from forecasting.demand.lift import Exposures, Layout
from forecasting.demand.methods import Method
from forecasting.demand.priors import REGULAR, RIVALS, STOCKED, Prior
from forecasting.demand.response import Response
from forecasting.hierarchy import Bools, Floats, Ints, aggregate

ROUNDS = 2
"""Rounds of level, response and season in each look at the history."""
TEMPER = 1.0
"""Standard deviations above expectation from which a week says no more."""
TYPICAL_ALPHA = 0.15
"""Overdispersion of a week's demand, as real and drawn histories have it (.13 to .2)."""
SURPRISING_ALPHA = 0.4
"""Overdispersion of what a week may have wanted, where what an event did to it is not known
either: of weeks not seen whole, and of how far one may surprise."""
LEARNT_AT = (0.4, TYPICAL_ALPHA)
"""Overdispersion at which responses may be learnt: the larger, the more weeks count alike,
however much was sold in them. Held-out weeks choose; where there are none, the first."""
_CLASSES_THAT_AGREE = 3
"""Classes from which on what they agree on is what the company responds like."""
_TOO_LITTLE = 0.02
"""A cell whose regressors are all smaller than this says nothing of them."""

Progress = Callable[[str, float], None]


def silent(_text: str, _share: float) -> None:
    """Tell nobody."""


@dataclass(frozen=True, kw_only=True)
class Effects:
    """What multiplies the level of each series in each week, history and future; (n, W)."""

    season: Floats
    launch: Floats
    """Of being new."""
    price: Floats
    """Of the regular price, against the series' mean price."""
    lift: Floats
    """Of the cell's own activations."""
    others: Floats
    """Of activations of other SKUs in the class at the door."""
    ahead: Floats
    """Of what was bought ahead in the weeks before."""
    exposed: Bools

    @cached_property
    def baseline(self) -> Floats:
        """Without any activation."""
        return self.season * self.launch * self.price

    @cached_property
    def total(self) -> Floats:
        """Everything."""
        return self.baseline * self.lift * self.others * self.ahead


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
        return found, _effects(problem, found, self.effects, self.share)


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

    def beside(self, panel: Panel, price: Floats) -> Floats:
        """What the regular prices of others in the class do to each series, (n, W).

        Parameters
        ----------
        panel : Panel
        price : float array, shape (n, W)
            What each series' own regular price does to it.
        """
        others = self.response.series[:, [self.response.columns.index(RIVALS)]]
        felt: Floats = np.exp(others * spillover.log_others(price, self.share, _group(panel)))
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
        group = _group(panel)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What a fit works on: the same for every look."""

    panel: Panel
    layout: Layout
    of_class: Ints
    """Class of each series, (n,)."""
    group: Ints
    """Class at a door, (n,)."""
    exposed: Bools
    event: Ints
    """What each cell was exposed to, (n, W): the activation's week, else the SKU's."""
    columns: tuple[str, ...]
    prior: Prior
    event_sd: float = priors.USUAL_EVENT_SD
    """Log lift that doors of one SKU and week share, as far as it is known."""
    learnt_at: float = LEARNT_AT[0]
    """Overdispersion at which responses are learnt."""


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
    problem = _problem(panel, exposures.unstated(known), prior)
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
        problem = replace(problem, event_sd=_event_sd(problem, trial))
        if prior is None:
            problem = replace(problem, prior=_agreed(problem.prior, trial.response))
    final = _estimate(problem, known, start=trial)
    progress("uncertainty", 0.9)
    calibration = intervals.calibrate(residuals) if residuals else intervals.uncalibrated()
    calibration = replace(calibration, surprise=final.surprise)
    learnt = final.effects.total[:, :known] * final.seen
    told = Evidence.of(panel, final.units, learnt, overdispersion=TYPICAL_ALPHA)
    levels = told.levels(methods.paces(chosen, panel, known))
    if not np.isnan(exposures.fixed).all():  # what people say of weeks to come stands
        problem = _problem(panel, exposures, problem.prior)
    found, effects = final.foreseen(problem)
    growth = methods.growth(chosen, final.around, problem.of_class, panel, known)
    future = slice(known, len(panel.weeks))
    first = np.array([_first(problem.of_class == c) for c in range(len(growth))])
    index = np.where((first >= 0)[:, None], effects.season[np.maximum(first, 0), future], 1.0)
    ahead = np.arange(1, len(panel.weeks) - known + 1)
    return Factors(
        weeks=panel.weeks[future],
        level=levels[:, -1] * np.exp(final.surprise[0]),
        index=index * np.exp(growth[:, None] * methods.damped(ahead)),
        response=found,
        share=final.share,
        ahead=spillover.still_ahead(effects.lift[:, :known]),
        calibration=calibration,
        event_sd=_event_sd(problem, final),
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


def _group(panel: Panel) -> Ints:
    """Class at a door of each series, (n,)."""
    group: Ints = panel.classes[panel.sku_of] * len(panel.doors) + panel.door_of
    return group


def _problem(panel: Panel, exposures: Exposures, prior: Prior | None) -> Problem:
    columns = (*exposures.columns, *priors.BESIDE)
    layout = Layout.of(exposures.at_prices(panel.followed_price))
    exposed = np.zeros(panel.units.shape, dtype=bool)
    exposed[layout.series, layout.week] = True
    of_class = panel.classes[panel.sku_of]
    return Problem(
        panel=panel,
        layout=layout,
        of_class=of_class,
        group=_group(panel),
        exposed=exposed,
        event=_events(panel, layout),
        columns=columns,
        prior=prior or priors.usual(columns),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
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
class _Ground:
    """What a round learns a response from."""

    believed: Floats
    """Level believed of each series, (n,)."""
    around: Floats
    """Level around each week, (n, T)."""
    share: Floats
    rows: response.Rows


def _trial(problem: Problem, until: int, known: int) -> tuple[Problem, Estimate]:
    """A look at the first weeks, and how responses are best learnt, by promoted weeks after."""
    first = _round(problem, _first_look(problem, until, start=None))
    ground = _ground(problem, first)
    tried = []
    for learnt_at in LEARNT_AT:
        other = replace(problem, learnt_at=learnt_at)
        look = _round(other, first, ground)
        for _ in range(ROUNDS - 2):
            look = _round(other, look)
        estimate = _concluded(other, look)
        tried.append((_missed(problem, estimate, known), other, estimate))
    _, best, estimate = min(tried, key=lambda one: one[0])
    return best, estimate


def _missed(problem: Problem, estimate: Estimate, known: int) -> float:
    """Units by which the promoted weeks after an estimate are missed, lag by lag."""
    ahead = slice(estimate.known, known)
    wanted, scored = problem.panel.until(known).wanted()
    counted = scored[:, ahead] & problem.exposed[:, ahead]
    return float(np.abs(wanted[:, ahead] - estimate.ahead(known))[counted].sum())


def _estimate(problem: Problem, known: int, *, start: Estimate | None) -> Estimate:
    """Level, season and response of the first `known` weeks."""
    look = _first_look(problem, known, start=start)
    for _ in range(ROUNDS):
        look = _round(problem, look)
    return _concluded(problem, look)


def _first_look(problem: Problem, known: int, *, start: Estimate | None) -> _Look:
    history = problem.panel.until(known)
    share = spillover.share_of_group(history.units.sum(axis=1) + 1e-9, problem.group)
    effects = _no_effects(problem)
    if start is not None:
        # The season is looked for anew: what the shorter history took for it may be lift.
        anew = replace(effects, launch=start.effects.launch)
        effects = _effects(problem, start.response, anew, share)
    return _Look(
        history=history,
        demand=history.units,
        units=history.units,
        seen=history.exposure,
        share=share,
        effects=effects,
        found=start.response if start else None,
    )


def _ground(problem: Problem, look: _Look) -> _Ground:
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
    return _Ground(believed=believed, around=around, share=share, rows=rows)


def _round(problem: Problem, look: _Look, ground: _Ground | None = None) -> _Look:
    """Level, response, season and launches once more, each given the others."""
    known, seen = look.units.shape[1], look.seen
    ground = ground or _ground(problem, look)
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
    effects = _effects(problem, found, look.effects, ground.share)
    index = _season(problem, look.units, effects, seen, ground.believed, known)
    effects = replace(effects, season=index[problem.of_class])
    effects = replace(effects, launch=_launch(problem, look.units, effects, seen, known))
    expected = ground.around * effects.total[:, :known]
    demand, seen = _cleansed(look.history, expected, problem.exposed[:, :known])
    return replace(
        look,
        demand=demand,
        units=_tempered(demand, expected * seen),
        seen=seen,
        share=ground.share,
        effects=effects,
        found=found,
    )


def _concluded(problem: Problem, look: _Look) -> Estimate:
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


def _rows(problem: Problem, look: _Look, around: Floats, share: Floats) -> response.Rows:
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


def _events(panel: Panel, layout: Layout) -> Ints:
    """Number of what each cell was exposed to, (n, W); of several activations, the first."""
    n_weeks = len(panel.weeks)
    count = int(layout.exposures.activation.max(initial=-1)) + 1
    first = np.full(len(layout.series), count, dtype=np.int64)
    np.minimum.at(first, layout.cell, layout.exposures.activation)
    event: Ints = (count + panel.sku_of[:, None]) * n_weeks + np.arange(n_weeks)
    event[layout.series, layout.week] = first * n_weeks + layout.week
    return event


def _no_effects(problem: Problem) -> Effects:
    ones = np.ones(problem.panel.units.shape)
    return Effects(
        season=ones,
        launch=ones,
        price=ones,
        lift=ones,
        others=ones,
        ahead=ones,
        exposed=problem.exposed,
    )


def _effects(problem: Problem, found: Response, former: Effects, share: Floats) -> Effects:
    """Multiply a response out over history and future; season and launch stay."""
    panel, layout = problem.panel, problem.layout
    beside = {name: found.columns.index(name) for name in priors.BESIDE}
    logs = layout.log_lifts(found.series[:, : layout.design.shape[1]])
    lifted = np.ones(panel.units.shape)
    lifted[layout.series, layout.week] = np.exp(
        np.bincount(layout.cell, logs, minlength=len(layout.series))
    )
    price = np.exp(found.series[:, [beside[REGULAR]]] * panel.followed_price)
    others = spillover.log_others(lifted * price, share, problem.group)
    ahead = spillover.bought_ahead(lifted, problem.exposed)
    return replace(
        former,
        price=price,
        lift=lifted,
        others=np.exp(found.series[:, [beside[RIVALS]]] * others),
        ahead=np.exp(found.series[:, [beside[STOCKED]]] * ahead),
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
    with what the rest of it is likely to have wanted: in part it would say the less, the
    more was wanted.
    """
    known = (history.exposure >= 0.999) & ~exposed
    peaks = lone_peaks(history.units, expected, known, alpha=TYPICAL_ALPHA)
    units = np.where(peaks, expected, history.units)
    if history.sold_out.any():
        likely = intervals.at_least(expected, SURPRISING_ALPHA, history.units)
        units = np.where(history.sold_out, likely, units)
    return _made_whole(units, history.exposure, expected)


def _made_whole(units: Floats, share: Floats, expected: Floats) -> tuple[Floats, Floats]:
    """Demand with what the rest of each week is likely to have wanted, and its share then."""
    partly = (share > 0) & (share < 1)
    if not partly.any():
        return units, share
    rest = intervals.rest_of_week(expected, units, share, alpha=SURPRISING_ALPHA)
    return np.where(partly, units + rest, units), np.where(partly, 1.0, share)


def _tempered(units: Floats, expected: Floats) -> Floats:
    """Demand as it is learnt from: no week may say more than a surprising one says.

    Demand has a long tail: now and then an event sells three times what anybody could
    have expected. Taken as they are, such weeks decide what a SKU is expected to sell in
    all others. What they add on average is given back to the mean (`_surprise`).
    """
    reach = TEMPER * np.sqrt(SURPRISING_ALPHA) * expected + 3 * np.sqrt(expected)
    tempered: Floats = np.where(expected > 0, np.minimum(units, expected + reach), units)
    return tempered


def _surprise(demand: Floats, expected: Floats, exposed: Bools) -> tuple[float, float]:
    """Log of what was wanted over what is expected, in weeks without and with activations.

    Drawn to none as if two hundred more weeks had said so.
    """
    logs = []
    for side in (~exposed, exposed):
        chosen = side & (expected > 0)
        cells = int(chosen.sum())
        total = float(expected[chosen].sum())
        ratio = float(demand[chosen].sum()) / total if total > 0 else 1.0
        logs.append(float(np.log(np.clip(ratio, 1.0, 1.5))) * cells / (cells + 200))
    return logs[0], logs[1]


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
    wanted, scored = panel.until(known).wanted()
    effect = trial.effects.total[:, :known]
    held = slice(trial.known, known)
    expected = trial.ahead(known)
    whole, share = _made_whole(units[:, held], panel.exposure[:, held], expected)
    tempered = np.concatenate([trial.units, _tempered(whole, expected * share)], axis=1)
    seen = np.concatenate([trial.seen, share], axis=1)
    told = Evidence.of(panel, tempered, effect * seen, overdispersion=TYPICAL_ALPHA)
    return methods.choose(
        panel,
        wanted,
        scored,
        trial.known,
        of_class=problem.of_class,
        exposed=problem.exposed[:, :known],
        effect=effect,
        levels=[told.level(pace) for pace in baseline.PACES],
        around=trial.around,
    )


def _event_sd(problem: Problem, estimate: Estimate) -> float:
    """Log lift that doors of one SKU and week share beyond the model.

    What they share in promoted weeks, less what they share in any other.
    """
    known = estimate.known
    exposed = problem.exposed[:, :known]
    promoted, events = _shared_variance(problem, estimate, exposed)
    if events < 10:
        return priors.USUAL_EVENT_SD
    plain, _ = _shared_variance(problem, estimate, ~exposed)
    promoted += _learnt_from_them(problem, estimate)
    few = 20 * priors.USUAL_EVENT_SD**2
    return float(np.sqrt((max(promoted - plain, 0.0) * events + few) / (events + 20)))


def _learnt_from_them(problem: Problem, estimate: Estimate) -> float:
    """Variance that log lifts of SKUs still have once estimated, mean over their cells.

    What was estimated from a few events lies nearer to them than the truth does, by as
    much as it is unsure.
    """
    layout, learnt = problem.layout, estimate.response
    past = layout.week < estimate.known
    if not past.any():
        return 0.0
    own = layout.of_cells(learnt.series[:, : layout.design.shape[1]])[past]
    sku = problem.panel.sku_of[layout.series[past]]
    found = np.zeros(len(own))
    # Pair by pair of coefficients: a matrix for each cell would be too much to hold.
    used = np.flatnonzero(own.any(axis=0))
    for n, a in enumerate(used):
        beside = learnt.sku_covariance[:, a, a][sku] * own[:, a]
        for b in used[:n]:
            beside += 2 * learnt.sku_covariance[:, a, b][sku] * own[:, b]
        found += beside * own[:, a]
    return float(found.mean())


def _shared_variance(problem: Problem, estimate: Estimate, chosen: Bools) -> tuple[float, int]:
    """Variance of log demand that doors share in a SKU's week, and the SKU weeks seen.

    What SKU weeks scatter more than their doors would by themselves.
    """
    known, panel = estimate.known, problem.panel
    expected = estimate.around * estimate.effects.total[:, :known] * estimate.seen
    series, week = np.nonzero(chosen & (expected > 0))
    mean, units = expected[series, week], estimate.demand[series, week]
    place = panel.sku_of[series] * known + week
    total, sold = np.bincount(place, mean), np.bincount(place, units)
    enough = (total >= 5) & (np.bincount(place) >= 3)
    if enough.sum() < 10:
        return 0.0, int(enough.sum())
    inside = enough[place]
    of_event = (mean * (sold / np.maximum(total, 1e-9))[place])[inside]
    alpha = intervals.overdispersion(units[inside], of_event)
    scatter = np.bincount(place, mean + alpha * mean**2) / np.maximum(total, 1e-9) ** 2
    log_ratio = np.log((sold[enough] + 0.5) / (total[enough] + 0.5))
    weight = 1 / (scatter[enough] + 0.05)
    centre = np.average(log_ratio, weights=weight)
    variance = np.average((log_ratio - centre) ** 2 - scatter[enough], weights=weight)
    return max(float(variance), 0.0), int(enough.sum())


def _first(chosen: Bools) -> int:
    return int(np.argmax(chosen)) if chosen.any() else -1
