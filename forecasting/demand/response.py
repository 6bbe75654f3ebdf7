"""Response: what each regressor is worth, from everything down to one series.

What is generally known of promotions (the prior of the types, docs/metrics.md) is moved by
what a class shows, that by what the SKU shows, that by what the SKU shows at one door, each
only as far as its own evidence goes. The class is a negative binomial regression by
statsmodels; SKUs and series are the same regression with a Gaussian prior around their
parent, a few Newton steps for all at once, which a test holds equal to statsmodels.

Doors of one SKU and week share what the event did to all of them, so eighty doors of one
event do not pass for eighty events.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from statsmodels.genmod.api import GLM, families
from statsmodels.tools.sm_exceptions import ConvergenceWarning, SingularMatrixWarning

from forecasting.demand.lift import CUT_TOLD, DEEP, LATER, MEETING, PRICE, PRICE_TOLD
from forecasting.demand.priors import REGULAR, RIVALS, STOCKED, Prior
from forecasting.hierarchy import Floats, Ints, rows_of

Singles = npt.NDArray[np.float32]

_BOUNDS = {
    PRICE: (-8.0, 0.0),
    # What single SKUs show scatters around nothing: a limit at 0 would lift all the others.
    CUT_TOLD: (-0.1, 1.5),
    REGULAR: (-6.0, 0.5),
    # At -1 the class sells no more for all its activations; above 0 they help each other.
    RIVALS: (-1.0, 0.3),
    STOCKED: (-0.5, 0.0),
}

_SCALE = {PRICE: 3.0, PRICE_TOLD: 3.0, DEEP: 3.0, REGULAR: 3.0, RIVALS: 0.5,
          STOCKED: 0.3, LATER: 0.5, MEETING: 0.5}  # fmt: skip
"""Spread of a coefficient within a class, against that of a type's log lift."""
SKU_SD, SERIES_SD = 0.20, 0.12
"""Spread of log lifts: SKUs around their class, doors around their SKU."""
_GROUPS_WORTH = 5
"""Groups that the usual spread is worth beside those that were seen."""

_FEW = 200
"""Groups that are summed one at a time by matrix products; more of them, by columns."""
_ALIKE = 1e-8
"""Regressors of length one whose difference is shorter (squared) pass for the same."""
_MOST_ROWS = 12_000
"""The regression of a class needs no more rows than this; more are thinned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Cells that say something of the response: m of them, with their regressors."""

    units: Floats
    """Demand seen, shape (m,)."""
    expected: Floats
    """Expected without the regressors, shape (m,)."""
    design: Floats
    """Shape (m, p)."""
    week: Ints
    series: Ints
    sku: Ints
    of_class: Ints
    event: Ints
    """What the cell was exposed to: cells of one activation and week share it."""

    def __len__(self) -> int:
        return len(self.units)


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """How series respond."""

    columns: tuple[str, ...]
    classes: Floats
    """Coefficients of each class, shape (C, p)."""
    class_sd: Floats
    """Their standard deviations."""
    skus: Floats
    """Coefficients of each SKU, shape (S, p)."""
    series: Floats
    """Coefficients of each series, shape (n, p)."""
    sku_covariance: Floats
    """How sure each SKU's are and how they go together, shape (S, p, p)."""
    spread: tuple[Floats, Floats]
    """How far SKUs depart from their class, and doors from their SKU, (p,) each."""

    @property
    def sku_sd(self) -> Floats:
        """Standard deviation of each SKU's, shape (S, p)."""
        return deviation_of(self.sku_covariance)

    def lifted(self, log_lift: float, n_kinds: int) -> Response:
        """The same with every promoted cell's log lift moved by as much.

        Each activation of a cell carries it, and each meeting takes one of them back.
        """
        move = np.zeros(len(self.columns))
        move[:n_kinds] = log_lift
        move[self.columns.index(MEETING)] = -log_lift
        return replace(
            self,
            classes=self.classes + move,
            skus=self.skus + move,
            series=self.series + move,
        )


def respond(
    rows: Rows,
    *,
    prior: Prior,
    n_series: int,
    sku_of: Ints,
    class_of: Ints,
    alpha: float,
    event_sd: float,
    start: Response | None = None,
) -> Response:
    """Estimate the response from exposed cells.

    Parameters
    ----------
    rows : Rows
        With an expectation above zero.
    prior : Prior
    n_series : int
    sku_of : int array, shape (n,)
        SKU of each series.
    class_of : int array, shape (S,)
        Class of each SKU.
    alpha : float
        Overdispersion: variance = mean + alpha mean^2.
    event_sd : float
        Log lift that doors of one SKU and week share beyond the model.
    start : Response, optional
        A former estimate to start from.
    """
    columns = prior.columns
    scale = np.array([_SCALE.get(name, 1.0) for name in columns])
    by_week = rows.sku * (int(rows.week.max(initial=0)) + 1) + rows.week
    worth = _worth(rows, by_week, alpha=alpha, event_sd=event_sd)
    of_events = _worth(rows, rows.event, alpha=alpha, event_sd=event_sd)
    classes, class_sd = _classes_from(
        rows, of_events, prior, int(class_of.max(initial=0)) + 1, alpha=alpha, start=start
    )
    classes = bounded(classes, columns)
    usual = SKU_SD * scale, SERIES_SD * scale
    of_skus, of_series = start.spread if start else usual
    per_sku, sku_covariance, spread_of_skus = _around(
        rows, rows.sku, classes[class_of], alpha=alpha, worth=worth, sd=of_skus,
        usual=usual[0], start=start.skus if start else None, steps=1 if start else 2,
    )  # fmt: skip
    per_sku = bounded(per_sku, columns)
    per_series, _, spread_of_series = _around(
        rows, rows.series, per_sku[sku_of], alpha=alpha, worth=np.ones(len(rows)),
        sd=of_series, usual=usual[1], start=start.series if start else None, steps=1,
    )  # fmt: skip
    assert per_series.shape == (n_series, len(columns))
    return Response(
        columns=columns,
        classes=classes,
        class_sd=class_sd,
        skus=per_sku,
        series=bounded(per_series, columns),
        sku_covariance=sku_covariance,
        spread=(spread_of_skus, spread_of_series),
    )


def _classes_from(
    rows: Rows,
    worth: Floats,
    prior: Prior,
    n_classes: int,
    *,
    alpha: float,
    start: Response | None,
) -> tuple[Floats, Floats]:
    """Coefficients of each class and their standard deviations, (C, p) each.

    From a former estimate they only have to move on from what statsmodels found: one step.
    """
    if start is None:
        return _of_classes(rows, worth, prior, n_classes, alpha=alpha)
    step = max(len(rows) // (_MOST_ROWS * n_classes), 1)
    some = rows_of(rows, slice(None, None, step))
    classes, covariance = shrunk(
        some, some.of_class, np.tile(prior.mean, (n_classes, 1)), alpha=alpha,
        worth=worth[::step] * step, sd=prior.sd, start=start.classes, steps=1,
    )  # fmt: skip
    return classes, deviation_of(covariance)


def _around(
    rows: Rows,
    group: Ints,
    parent: Floats,
    *,
    alpha: float,
    worth: Floats,
    sd: Floats,
    usual: Floats,
    start: Floats | None,
    steps: int,
) -> tuple[Floats, Floats, Floats]:
    """Coefficients of groups around their parents, their covariance, and the spread seen.

    The parameters are those of `shrunk`; `usual` is the spread where little was seen.
    """
    found, covariance = shrunk(
        rows, group, parent, alpha=alpha, worth=worth, sd=sd, start=start, steps=steps
    )
    spread = spread_seen(found - parent, deviation_of(covariance), before=sd, usual=usual)
    return found, covariance, spread


def spread_seen(away: Floats, deviation: Floats, *, before: Floats, usual: Floats) -> Floats:
    """How far groups depart from their parents, by what they were seen to do, (p,).

    One step of expectation-maximisation over the groups that know more than their prior,
    with a few groups' worth of the usual spread; at most half as much again as usual.

    Parameters
    ----------
    away, deviation : float array, shape (G, p)
        Coefficients less their parents', and their standard deviations.
    before, usual : float array, shape (p,)
        The spread that was assumed, and the usual one.
    """
    knows = deviation < 0.9 * before
    count = knows.sum(axis=0)
    seen = np.where(knows, away**2 + deviation**2, 0.0).sum(axis=0)
    variance = (seen + _GROUPS_WORTH * usual**2) / (count + _GROUPS_WORTH)
    spread: Floats = np.clip(np.sqrt(variance), 0.2 * usual, 1.5 * usual)
    return spread


def bounded(coefficients: Floats, columns: tuple[str, ...]) -> Floats:
    """Coefficients kept where they make sense, (k, p).

    A price cut does not lower demand (by a tenth at most, where its sign puts people off),
    and a deeper one not either.
    """
    kept = coefficients.copy()
    for name, (low, high) in _BOUNDS.items():
        if name in columns:
            at = columns.index(name)
            kept[:, at] = np.clip(kept[:, at], low, high)
    price, told, deep = (columns.index(n) for n in (PRICE, PRICE_TOLD, DEEP))
    kept[:, told] = np.minimum(kept[:, told], -kept[:, price])
    steepest = np.minimum(kept[:, price], kept[:, price] + kept[:, told])
    flattest = np.maximum(kept[:, price], kept[:, price] + kept[:, told])
    kept[:, deep] = np.clip(kept[:, deep], np.minimum(steepest, -2.0), -flattest)
    return kept


def _of_classes(
    rows: Rows, worth: Floats, prior: Prior, n_classes: int, *, alpha: float
) -> tuple[Floats, Floats]:
    """Coefficients of each class and their standard deviations, (C, p) each."""
    classes = np.tile(prior.mean, (n_classes, 1))
    sd = np.tile(prior.sd, (n_classes, 1))
    for c in np.unique(rows.of_class):
        mine = np.flatnonzero(rows.of_class == c)
        classes[c], sd[c] = of_class(rows_of(rows, mine), worth[mine], prior, alpha=alpha)
    return classes, sd


def of_class(rows: Rows, worth: Floats, prior: Prior, *, alpha: float) -> tuple[Floats, Floats]:
    """Coefficients of one class and their standard deviations, by statsmodels, (p,) each.

    A regression of demand with the expectation as offset; the prior enters by its
    precision. Columns that the class never used keep the prior.
    """
    step = max(-(-len(rows) // _MOST_ROWS), 1)
    rows, worth = rows_of(rows, slice(None, None, step)), worth[::step] * step
    used = np.flatnonzero(np.abs(rows.design).sum(axis=0) > 1e-9)
    family = families.NegativeBinomial(alpha=max(alpha, 1e-3))
    around = rows.design @ prior.mean
    design = rows.design[:, used]
    ways = _told_apart(design)
    model = GLM(
        rows.units,
        design @ ways,
        family=family,
        offset=np.log(rows.expected) + np.clip(around, -4, 4),
        var_weights=worth,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SingularMatrixWarning)
        warnings.simplefilter("ignore", ConvergenceWarning)
        fitted = model.fit(start_params=np.zeros(ways.shape[1]), maxiter=8, tol=1e-5, scale=1.0)
    away = ways @ fitted.params
    weight = model.hessian_factor(fitted.params, scale=1.0, observed=False)
    information = (design.T * weight) @ design
    ridge = np.diag(1 / prior.sd[used] ** 2)
    covariance = np.linalg.inv(information + ridge)
    mean, sd = prior.mean.copy(), prior.sd.copy()
    mean[used] += covariance @ (information @ away)
    sd[used] = np.sqrt(np.diag(covariance))
    return mean, sd


def _told_apart(design: Floats) -> Floats:
    """Ways in which regressors can be told apart, (k, r): r <= k combinations of k columns.

    Types that always ran together are one regressor to data: of each by itself the
    likelihood knows no maximum, and a search for it would drift off. What they do together
    is found here, and the prior shares it out.
    """
    norm = np.sqrt((design**2).sum(axis=0))
    alike, ways = np.linalg.eigh((design / norm).T @ (design / norm))
    apart: Floats = ways[:, alike > _ALIKE] / norm[:, None]
    return apart


def _worth(rows: Rows, event: Ints, *, alpha: float, event_sd: float) -> Floats:
    """Share of its evidence that a row keeps, its event being shared with other rows."""
    precision = rows.expected / (1 + alpha * rows.expected)
    together = np.bincount(event, precision)
    worth: Floats = 1 / (1 + event_sd**2 * together[event])
    return worth


def shrunk(
    rows: Rows,
    group: Ints,
    parent: Floats,
    *,
    alpha: float,
    worth: Floats,
    sd: Floats,
    start: Floats | None = None,
    steps: int = 3,
) -> tuple[Floats, Floats]:
    """Each group's coefficients: its parent's, moved as far as its rows justify.

    Parameters
    ----------
    rows : Rows
    group : int array, shape (m,)
        Group of each row, 0 to G - 1.
    parent : float array, shape (G, p)
        Coefficients believed before the group's own rows.
    alpha : float
        Overdispersion.
    worth : float array, shape (m,)
        Weight of each row.
    sd : float array, shape (p,)
        Standard deviation of groups around their parents.
    start : float array, shape (G, p), optional
        Where the steps start; the parents' coefficients if not given.
    steps : int
        Newton steps on the posterior.

    Returns
    -------
    (coefficients, shape (G, p); their covariance, shape (G, p, p)). A group without rows has
    its parent's coefficients and the prior's covariance.
    """
    current = parent.copy()
    covariance = np.tile(np.diag(sd**2), (len(parent), 1, 1))
    used = np.flatnonzero(np.abs(rows.design).sum(axis=0) > 1e-9)
    if not len(rows) or not len(used):
        return current, covariance
    grouped = _Grouped.of(rows, group, worth, used)
    filled = grouped.filled
    ridge = np.diag(1 / sd[used] ** 2)
    anchor = parent[filled][:, used]
    local = (parent if start is None else start)[filled][:, used]
    for _ in range(steps):
        gradient, information = grouped.step(local, alpha)
        information += ridge
        away = (local - anchor) / sd[used] ** 2
        move = np.linalg.solve(information, (gradient - away)[:, :, None])[:, :, 0]
        # From far off a Newton step may overshoot: none moves a log lift by more than one.
        local += np.clip(move, -1.0, 1.0)
    current[np.ix_(filled, used)] = local
    covariance[np.ix_(filled, used, used)] = np.linalg.inv(information)
    return current, covariance


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grouped:
    """Rows in the order of their groups; single precision does for steps."""

    x: Singles
    """Regressors in use, one row each, (q, m)."""
    units: Singles
    base: Singles
    worth: Singles
    starts: Ints
    """First row of each group that has rows."""
    count: Ints
    filled: Ints
    """Groups that have rows."""

    @staticmethod
    def of(rows: Rows, group: Ints, worth: Floats, used: Ints) -> _Grouped:
        order: Ints | slice = slice(None)
        if np.any(np.diff(group) < 0):
            order = np.argsort(group, kind="stable")
        owner = group[order]
        starts = np.flatnonzero(np.diff(owner, prepend=-1))
        single = np.float32
        return _Grouped(
            x=np.stack([rows.design[order, column].astype(single) for column in used]),
            units=rows.units[order].astype(single),
            base=rows.expected[order].astype(single),
            worth=worth[order].astype(single),
            starts=starts,
            count=np.diff(np.append(starts, len(owner))),
            filled=owner[starts],
        )

    def step(self, local: Floats, alpha: float) -> tuple[Floats, Floats]:
        """Gradient, (G, q), and information, (G, q, q), of the likelihood at coefficients."""
        single = np.float32
        eta = np.zeros(self.x.shape[1], dtype=single)
        for a, of_groups in enumerate(local.T.astype(single)):
            eta += self.x[a] * np.repeat(of_groups, self.count)
        mean = self.base * np.exp(np.clip(eta, -4, 4))
        shared = self.worth / (1 + single(alpha) * mean)
        # Observed information counts a surprise for less, which keeps steps short.
        return _moments(self.x, shared * (self.units - mean), shared * mean, self.starts)


def deviation_of(covariance: Floats) -> Floats:
    """Standard deviations, (G, p), of covariances, (G, p, p)."""
    deviation: Floats = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
    return deviation


def _moments(
    x: Singles, score: Singles, weight: Singles, starts: Ints
) -> tuple[Floats, Floats]:
    """Sums of x score, and of x x' weight, over the rows of each group, (G, q), (G, q, q)."""
    q, groups = len(x), len(starts)
    gradient, information = np.empty((groups, q)), np.empty((groups, q, q))
    if groups < _FEW:
        for g, (first, last) in enumerate(pairwise((*starts.tolist(), x.shape[1]))):
            mine = x[:, first:last]
            gradient[g] = mine @ score[first:last]
            information[g] = (mine * weight[first:last]) @ mine.T
        return gradient, information
    for a in range(q):
        gradient[:, a] = np.add.reduceat(x[a] * score, starts)
        weighted = x[a] * weight
        for b in range(a, q):
            information[:, a, b] = np.add.reduceat(weighted * x[b], starts)
            information[:, b, a] = information[:, a, b]
    return gradient, information
