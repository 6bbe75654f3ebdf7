"""Level: what a series sells in a week without season, price change or activation.

Exponential smoothing of evidence, all series at once: discounted demand over discounted
expectation, so that a week counts for as much as it was on the shelf, a promoted week
counts through its lift but for hardly more than another one (its demand is larger and as
uncertain), and a missing week counts for nothing. With full weeks and equal evidence it is
statsmodels' simple exponential smoothing, and a test holds it to that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from forecasting.demand.cleansing import Panel
from forecasting.hierarchy import Bools, Floats, Ints, aggregate


@dataclass(frozen=True, slots=True)
class Pace:
    """How a level follows what is sold."""

    smoothing: float
    """Weight of a week in the level after it, 0 to 1."""
    together: bool = False
    """Whether the doors of a SKU go up and down together, each with a share that hardly
    changes; else each by itself."""


PACES = tuple(
    Pace(smoothing, together)
    for together in (False, True)
    for smoothing in (0.02, 0.04, 0.07, 0.11, 0.17, 0.27)
)
"""Tried; the actuals of held-out weeks choose, segment by segment."""
USUAL_PACE = Pace(0.07)
"""Kept where none is clearly better (`methods.CLEARLY`): what a week says for the level counts
half after about ten weeks."""

STEADY = 0.015
"""Smoothing that hardly moves within a year."""

PRIOR_WEEKS = 2.0
"""Weeks of evidence that a SKU's pace at a typical door is worth to one door."""

AROUND = 0.15
"""Smoothing of the level around a week, from either side."""

DOORS_DEPART = 0.4
"""Log pace by which a door departs from what is typical of the SKU, standard deviation."""

LAUNCH_WEEKS = 4.0
"""Weeks at each door after which a new SKU's own pace weighs as much as the one it is like."""

INTERMITTENT = 1.32
"""Mean weeks between sales from which demand counts as intermittent (Syntetos-Boylan)."""


def smooth_level(
    units: Floats,
    effect: Floats,
    *,
    alpha: Floats,
    prior: Floats,
    prior_weeks: float,
    weight: Floats | None = None,
) -> Floats:
    """Level of every series before every week.

    Parameters
    ----------
    units : float array, shape (n, T)
        Demand seen.
    effect : float array, shape (n, T)
        Expected demand per unit of level: season x lift x exposure; 0 is no evidence.
    alpha : float array, shape (n,)
        Smoothing parameter, 0 to 1.
    prior : float array, shape (n,)
        Level believed before any evidence.
    prior_weeks : float
        Weeks of evidence that belief is worth.
    weight : float array, shape (n, T), optional
        Evidence of a week per unit of its effect; 1 if not given.

    Returns
    -------
    float array, shape (n, T + 1)
        Column t is the level known before week t; the last one is the level now.
    """
    counted = effect if weight is None else effect * weight
    sold = np.where(effect > 0, units, 0.0)
    if weight is not None:
        sold = sold * weight
    levels = np.empty((len(units), units.shape[1] + 1))
    levels[:, 0] = prior
    for value in np.unique(alpha):
        rows = slice(None) if (alpha == value).all() else alpha == value
        start = _until_seen(counted[rows], 1 - value) * prior_weeks * value
        seen = _discounted(value * sold[rows], 1 - value, start * prior[rows])
        known = _discounted(value * counted[rows], 1 - value, start)
        levels[rows, 1:] = seen / np.maximum(known, 1e-200)
    return levels


def _until_seen(counted: Floats, keep: float) -> Floats:
    """What a belief has to weigh at the start to weigh one when the first evidence comes, (n,).

    Weeks before a launch say nothing, so they take nothing of what is believed of it.
    """
    first = np.argmax(counted > 0, axis=1)
    weighs: Floats = keep ** -first.astype(float)
    return weighs


def _discounted(added: Floats, keep: float, start: Floats) -> Floats:
    """Running sum in which each week keeps a share of the one before, (n, T)."""
    # Weeks first: one week of all series is one piece of memory.
    weeks = np.array(added.T, order="C")
    weeks[0] += keep * start
    for last, week in pairwise(weeks):
        week += keep * last
    return weeks.T


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What levels of n series are read from, over T weeks."""

    sold: Floats
    """Units as far as they are evidence, (n, T)."""
    counted: Floats
    """Expected demand per unit of level, as far, (n, T)."""
    prior: Floats
    """Level believed before any evidence, (n,)."""
    sku_of: Ints
    """SKU of each series, (n,)."""
    overdispersion: float

    @staticmethod
    def of(panel: Panel, units: Floats, effect: Floats, *, overdispersion: float) -> Evidence:
        """Weigh demand seen against its effects."""
        prior = prior_level(panel, units, effect)
        weight = evidence(prior[:, None] * effect, alpha=overdispersion)
        return Evidence(
            sold=np.where(effect > 0, units, 0.0) * weight,
            counted=effect * weight,
            prior=prior,
            sku_of=panel.sku_of,
            overdispersion=overdispersion,
        )

    def level(self, pace: Pace) -> Floats:
        """Level of every series before every week and after the last, (n, T + 1)."""
        if pace.together:
            sold, counted = self._of_skus
            prior = self._sum(self.prior)
            return self._smoothed(sold, counted, prior, pace)[self.sku_of] * self._shares
        return self._smoothed(self.sold, self.counted, self.prior, pace)

    def levels(self, chosen: Ints) -> Floats:
        """The same, each series at the pace at its position in `PACES`, (n, T + 1)."""
        found = np.empty((len(self.sold), self.sold.shape[1] + 1))
        for position in np.unique(chosen):
            rows = chosen == position
            found[rows] = self.level(PACES[position])[rows]
        return found

    @cached_property
    def _of_skus(self) -> tuple[Floats, Floats]:
        """Sold and counted of whole SKUs, (S, T) each."""
        return self._sum(self.sold), self._sum(self.counted * self._shares[:, :-1])

    @cached_property
    def _shares(self) -> Floats:
        """Share of each door in its SKU before every week and after the last, (n, T + 1).

        A door that sells little leans on what is typical of its size: a gamma belief, worth
        the more weeks the less is sold in one.
        """
        start = _until_seen(self.counted, 1 - STEADY) * PRIOR_WEEKS * STEADY
        seen = _discounted(STEADY * self.sold, 1 - STEADY, start * self.prior)
        known = _discounted(STEADY * self.counted, 1 - STEADY, start)
        typical = (self.prior / np.maximum(self._sum(self.prior), 1e-12)[self.sku_of])[:, None]
        of_sku = self._sum(seen) / np.maximum(self._sum(known * typical), 1e-200)
        weeks = (1 / np.maximum(self.prior, 1e-3) + self.overdispersion) / DOORS_DEPART**2
        belief = STEADY * weeks[:, None]
        own = (seen + belief * typical * of_sku[self.sku_of]) / (known + belief)
        own = np.concatenate([self.prior[:, None], own], axis=1)
        shares: Floats = own / np.maximum(self._sum(own), 1e-200)[self.sku_of]
        return shares

    def _sum(self, values: Floats) -> Floats:
        return aggregate(values, self.sku_of, int(self.sku_of.max(initial=-1)) + 1)

    def _smoothed(self, sold: Floats, counted: Floats, prior: Floats, pace: Pace) -> Floats:
        alpha = np.full(len(sold), pace.smoothing)
        return smooth_level(sold, counted, alpha=alpha, prior=prior, prior_weeks=PRIOR_WEEKS)


def evidence(mean: Floats, *, alpha: float) -> Floats:
    """What a unit of a week's expected demand is worth as evidence for the level.

    A week's demand varies by mean + alpha mean^2: the larger the mean, the less each unit
    of it says. Scaled so that a week without activation weighs about one.

    Parameters
    ----------
    mean : float array, shape (n, T)
        Expected demand; 0 is no evidence.
    alpha : float
        Overdispersion.
    """
    usual = _mean_where(mean, mean > 0)
    worth: Floats = (1 + alpha * usual)[:, None] / (1 + alpha * mean)
    return worth


def level_around(units: Floats, effect: Floats, weight: Floats, prior: Floats) -> Floats:
    """Level of each series in each week, seen from before and after it, without it.

    Lift and season are measured against what went on around a week, not only before it.

    Returns
    -------
    float array, shape (n, T)
    """
    flat = np.full(len(units), AROUND)

    def one_way(step: int) -> Floats:
        return smooth_level(
            units[:, ::step],
            effect[:, ::step],
            weight=weight[:, ::step],
            alpha=flat,
            prior=prior,
            prior_weeks=PRIOR_WEEKS,
        )[:, :-1][:, ::step]

    around: Floats = 0.5 * (one_way(1) + one_way(-1))
    return around


def level_before(
    units: Floats, effect: Floats, weight: Floats, prior: Floats
) -> tuple[Floats, Floats]:
    """Level of each series by the weeks before each week, and the evidence behind it.

    With the weeks turned round, by those after it. Smoothed as `level_around` is.

    Returns
    -------
    (level, evidence), float arrays, shape (n, T)
    """
    flat = np.full(len(units), AROUND)
    level = smooth_level(
        units, effect, weight=weight, alpha=flat, prior=prior, prior_weeks=PRIOR_WEEKS
    )
    counted = effect * weight
    believed = np.full(len(units), PRIOR_WEEKS * AROUND)
    says = _discounted(AROUND * counted, 1 - AROUND, believed)
    return level[:, :-1], np.concatenate([believed[:, None], says[:, :-1]], axis=1)


def follower(effect: Floats, weight: Floats) -> Callable[[Floats], Floats]:
    """What of a regressor the level around a week follows.

    A level that is smoothed from demand over lift takes on, to first order, the same
    smoothing of what the lift is made of.

    Returns
    -------
    callable
        Of a regressor, (n, T); gives an array of the same shape.
    """
    counted = effect * weight
    nothing = np.zeros(len(effect))

    def start(step: int) -> Floats:
        return _until_seen(counted[:, ::step], 1 - AROUND) * PRIOR_WEEKS * AROUND

    def before(values: Floats, first: Floats) -> Floats:
        summed = _discounted(AROUND * values, 1 - AROUND, first)
        return np.concatenate([first[:, None], summed[:, :-1]], axis=1)

    forth, back = (2 * before(counted[:, ::step], start(step)) for step in (1, -1))

    def followed(regressor: Floats) -> Floats:
        told = regressor * counted
        ahead = before(told, nothing) / forth
        behind = before(told[:, ::-1], nothing) / back
        return ahead + behind[:, ::-1]

    return followed


def prior_level(panel: Panel, units: Floats, effect: Floats) -> Floats:
    """Level that a series would have if its door were typical for the SKU.

    Pace of the SKU over all doors, times the door's size: what a new or slow series is
    believed to be before it has evidence of its own. A new SKU starts from the pace of the
    one it is stated to be like, else of its class, and has its own after a few weeks.
    """
    sold, seen = units.sum(axis=1), effect.sum(axis=1)
    n_skus = len(panel.skus)
    doors = np.bincount(panel.sku_of, minlength=n_skus)
    sku_sold = np.bincount(panel.sku_of, sold, minlength=n_skus).astype(float)
    sku_seen = np.bincount(panel.sku_of, seen, minlength=n_skus).astype(float)
    overall = sold.sum() / max(seen.sum(), 1e-9)
    of_class = _ratio(
        panel.classes, sku_sold, sku_seen, fallback=overall, believed=LAUNCH_WEEKS
    )
    like = of_class[panel.classes]
    known = (panel.like >= 0) & (sku_seen[panel.like] > LAUNCH_WEEKS)
    own = sku_sold / np.maximum(sku_seen, 1e-9)
    like = np.where(known, own[panel.like], like)
    weeks = LAUNCH_WEEKS * np.maximum(doors, 1)
    pace = (sku_sold + like * weeks) / (sku_seen + weeks)
    expected = pace[panel.sku_of] * seen
    size = _ratio(
        panel.door_of, sold, expected, fallback=1.0,
        believed=max(float(np.median(expected)), 1e-6), n=len(panel.doors),
    )  # fmt: skip
    return pace[panel.sku_of] * size[panel.door_of]


def is_intermittent(units: Floats, known: Bools) -> Bools:
    """Whether a series sells in fewer than three weeks of four, (n,)."""
    weeks = known.sum(axis=1)
    sold = ((units > 0) & known).sum(axis=1)
    often: Bools = weeks > INTERMITTENT * np.maximum(sold, 1)
    return often


def _mean_where(values: Floats, chosen: Bools) -> Floats:
    count = np.maximum(chosen.sum(axis=1), 1)
    mean: Floats = np.where(chosen, values, 0.0).sum(axis=1) / count
    return mean


def _ratio(
    group: Ints, part: Floats, whole: Floats, *, fallback: float, believed: float, n: int = 0
) -> Floats:
    """Sum of parts over sum of wholes per group, drawn to the fallback where thin."""
    parts = np.bincount(group, part, minlength=n)
    wholes = np.bincount(group, whole, minlength=n)
    ratio: Floats = (parts + fallback * believed) / (wholes + believed)
    return ratio
