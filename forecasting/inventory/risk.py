"""Probability that demand is not met, and how many units short.

The error of a lift is the same error in every week and at every door of an activation: it
does not average out. So it is drawn on a few nodes (Gauss-Hermite), and given each node
the weeks scatter on their own. Along the weeks the stock's mean and variance are carried
through sales and receipts, cut off at zero each week, so that units lost once are not lost
again. The usual replenishment sees what each world sold and orders accordingly: what it
fills up is forgotten, so doubt does not grow for ever. A simulation is the test's oracle,
not the engine.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from forecasting.hierarchy import Floats, Ints
from forecasting.inventory.projection import Routine

_Z, _W = np.polynomial.hermite_e.hermegauss(5)
NODES: Floats = _Z
NODE_WEIGHTS: Floats = _W / _W.sum()
_AT_ZERO = 1 / np.sqrt(2 * np.pi)
"""Density of the normal at its mean."""

HALF_A_UNIT = 0.5
"""Customers want whole units: demand is not met from half a unit below zero on."""
_NO_DOUBT = 1e-12
"""Variance of what is sure, units squared: a z is divided by its root."""
_LEAST_SKEW, _MOST_SKEW = 1e-3, 4.0
"""Skewness of demand that the transformation is used for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """Risk of n places over W weeks."""

    p_stockout: Floats
    """Probability that the week's demand is not met in full, (n, W)."""
    units_short: Floats
    """Expected units short in the week, (n, W)."""
    stock_mean: Floats
    """Mean stock before each week's receipts, node by node, (K, n, W)."""
    stock_sd: Floats
    demand: Floats
    """Demand node by node, (K, n, W)."""
    demand_sd: Floats
    demand_third: Floats
    """Third central moment of demand, (K, n, W)."""
    receipts: Floats
    """Orders and the usual replenishment, node by node, (K, n, W)."""
    forgotten: Floats
    """Variance that the replenishment arriving in a week takes away, (K, n, W)."""
    doubt: Floats
    """Variance of what orders have brought by each week, because they may be late, (n, W)."""

    def take(self, rows: Ints) -> Risk:
        """The same of some places."""
        return Risk(
            p_stockout=self.p_stockout[rows],
            units_short=self.units_short[rows],
            stock_mean=self.stock_mean[:, rows],
            stock_sd=self.stock_sd[:, rows],
            demand=self.demand[:, rows],
            demand_sd=self.demand_sd[:, rows],
            demand_third=self.demand_third[:, rows],
            receipts=self.receipts[:, rows],
            forgotten=self.forgotten[:, rows],
            doubt=self.doubt[rows],
        )

    def p_any(self, first: int, last: int) -> Floats:
        """Probability of a stockout in at least one of the weeks `first` to `last`.

        Returns
        -------
        float array, shape (n,)
        """
        if first == last:
            return self.p_stockout[:, first]
        mean, sd = self.stock_mean[:, :, first], self.stock_sd[:, :, first]
        survived = np.ones(mean.shape)
        for t in range(first, last + 1):
            left = mean + self.receipts[:, :, t] - self.demand[:, :, t]
            sure = np.maximum(sd**2 - self.forgotten[:, :, t], 0.0)
            spread = np.sqrt(sure + self.demand_sd[:, :, t] ** 2 + self.doubt[:, t])
            spread = np.maximum(spread, 1e-9)
            survived = survived * suffices(left, spread, self.demand_third[:, :, t])
            if t == last:
                break
            # Stock of those worlds that did not run out: a normal cut off at zero.
            z = (left + HALF_A_UNIT) / spread
            stays = ndtr(z)
            hazard = density(z) / np.maximum(stays, 1e-12)
            hazard = np.where(stays < 1e-6, 0.0, hazard)
            mean = np.maximum(left + spread * hazard, 0.0)
            sd = spread * np.sqrt(np.clip(1 - hazard * (hazard + z), 1e-6, 1.0))
        p: Floats = np.clip(1 - NODE_WEIGHTS @ survived, 0.0, 1.0)
        return p


def assess(
    opening: Floats,
    receipts: Floats,
    demand: Floats,
    *,
    lift_sd: Floats,
    alpha: float | Floats,
    level_sd: float = 0.1,
    usual: Routine | None = None,
    doubt: Floats | None = None,
) -> Risk:
    """Assess the risk of running out, week by week.

    Parameters
    ----------
    opening : float array, shape (n,)
        Units on hand before the first week.
    receipts, demand : float array, shape (n, W)
        Units on order, and mean demand.
    lift_sd : float array, shape (W,)
        Standard deviation of the log lift in each week; 0 without activation.
    alpha : float or float array, shape (W,)
        Overdispersion of a week's demand around its mean.
    level_sd : float
        Log error of the baseline's level, which all weeks share.
    usual : Routine, optional
        Replenishment that goes on in every world, by what that world sold.
    doubt : float array, shape (n, W), optional
        Variance of what orders have brought by each week. It passes when they come, so it
        is not carried along.

    Returns
    -------
    Risk
    """
    moments = _Demand.of(demand, lift_sd=lift_sd, alpha=alpha, level_sd=level_sd)
    unsure = np.zeros(demand.shape) if doubt is None else doubt
    along = _carried(opening, receipts, moments, usual)
    spread = np.sqrt(along.variance + unsure.T[:, None, :])
    short = loss(along.left, spread)
    p = 1 - suffices(along.left, spread, moments.third)
    return Risk(
        p_stockout=np.minimum(np.maximum((NODE_WEIGHTS @ p).T, 0.0), 1.0),
        units_short=np.maximum((NODE_WEIGHTS @ short).T, 0.0),
        stock_mean=_weeks_last(along.stock_mean),
        stock_sd=_weeks_last(along.stock_sd),
        demand=_weeks_last(moments.mean),
        demand_sd=_weeks_last(moments.sd),
        demand_third=_weeks_last(moments.third),
        receipts=_weeks_last(along.arriving),
        forgotten=_weeks_last(along.forgotten),
        doubt=unsure,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Demand:
    """Demand given each node, (W, K, n): with weeks first each week is one piece of memory."""

    mean: Floats
    sd: Floats
    third: Floats
    """Third central moment."""

    @classmethod
    def of(
        cls, demand: Floats, *, lift_sd: Floats, alpha: float | Floats, level_sd: float
    ) -> _Demand:
        """Demand at each node of what weeks and doors share; arguments as of `assess`."""
        shared = np.sqrt(level_sd**2 + lift_sd**2)
        scale = np.exp(NODES[:, None] * shared - 0.5 * shared**2)  # (K, W), mean 1
        mean = demand.T[:, None, :] * scale.T[:, :, None]
        own = np.broadcast_to(alpha, shared.shape)[:, None, None] * mean
        # A negative binomial: variance m + alpha m^2, third moment as in `suffices`.
        return cls(
            mean=mean, sd=np.sqrt(mean * (1 + own)), third=mean * (1 + own * (3 + 2 * own))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Along:
    """Stock along the weeks at each node, (W, K, n)."""

    stock_mean: Floats
    """Before the week's receipts."""
    stock_sd: Floats
    arriving: Floats
    forgotten: Floats
    left: Floats
    """Mean of stock less demand at the end of the week; below zero: short."""
    variance: Floats
    """Of `left`."""


def _carried(
    opening: Floats, receipts: Floats, demand: _Demand, usual: Routine | None
) -> _Along:
    """Carry the stock's mean and variance through sales and receipts."""
    shape = demand.mean.shape
    n_weeks = shape[0]
    along = _Along(
        stock_mean=np.empty(shape),
        stock_sd=np.empty(shape),
        arriving=np.broadcast_to(receipts.T[:, None, :], shape).copy(),
        forgotten=np.zeros(shape),
        left=np.empty(shape),
        variance=np.empty(shape),
    )
    arriving, forgotten = along.arriving, along.forgotten
    mean, variance = np.broadcast_to(opening, shape[1:]).astype(float), np.zeros(shape[1:])
    # Of stock and everything on order: it grows with what is sold and ends with an order.
    unordered = np.zeros(shape[1:])
    for t in range(n_weeks):
        along.stock_mean[t], along.stock_sd[t] = mean, np.sqrt(variance)
        due = t + usual.lead_time if usual is not None else n_weeks
        if usual is not None and due < n_weeks and usual.arrives_in(due):
            position = mean + arriving[t : due + 1].sum(axis=0)
            over = position - usual.aim[:, t]
            kept, beyond = cut_off(over, unordered + _NO_DOUBT)
            arriving[due] += kept - over
            # What stock lacked of the aim by chance is ordered too, and so is no doubt.
            forgotten[due] = np.maximum(unordered - beyond, 0.0)
            unordered = beyond
        left = mean + arriving[t] - demand.mean[t]
        before = np.maximum(variance - forgotten[t], 0.0)
        variance = before + demand.sd[t] ** 2 + _NO_DOUBT
        along.left[t], along.variance[t] = left, variance
        mean, variance = cut_off(left, variance)
        unordered = np.maximum(unordered + variance - before, 0.0)
    return along


def cut_off(mean: Floats, variance: Floats) -> tuple[Floats, Floats]:
    """Mean and variance of a normal that is cut off at zero; its variance above zero.

    Stock is what demand has left, never below zero; a position is over its aim by what it
    is, never below it once the rest is ordered.
    """
    sd = np.sqrt(variance)
    z = mean / sd
    above, more = ndtr(z), sd * density(z)
    kept = mean * above + more
    square = (mean**2 + variance) * above + mean * more
    return kept, np.maximum(square - kept**2, 0.0)


def loss(left: Floats, sd: Floats) -> Floats:
    """Units that are expected short of stock less demand with this mean and sd."""
    z = left / sd
    short: Floats = sd * density(z) - left * ndtr(-z)
    return short


def suffices(left: Floats, sd: Floats, third: Floats) -> Floats:
    """Probability that a week's demand is met in full, to the last whole unit.

    Parameters
    ----------
    left, sd : float array
        Mean and standard deviation of stock less demand, units.
    third : float array, same shape
        Third central moment of demand, a negative binomial: mean + 3 alpha mean^2 +
        2 alpha^2 mean^3. Now and then demand is far more than usual, seldom far fewer.

    Notes
    -----
    A gamma with these three moments, made normal by its cube root (Wilson, E. and Hilferty,
    M. (1931), The distribution of chi-square). It falls with every unit less in stock.
    """
    skew = np.minimum(np.maximum(third / sd**3, _LEAST_SKEW), _MOST_SKEW)
    root = np.cbrt(np.maximum(1 + 0.5 * skew * (left + HALF_A_UNIT) / sd, 0.0))
    met: Floats = ndtr(6 / skew * (root - 1) + skew / 6)
    return met


def _weeks_last(values: Floats) -> Floats:
    return values.transpose(1, 2, 0)


def density(z: Floats) -> Floats:
    """Density of the normal."""
    found: Floats = np.exp(-0.5 * z**2) * _AT_ZERO
    return found
