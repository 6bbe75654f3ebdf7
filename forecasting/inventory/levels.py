"""How much stock a week needs for what is asked of it: a share of cycles, or of units.

An order is judged by the week in which it arrives. What will be left by then depends on
what sells until then, and that on what is there: where nobody waits, a week that sold out
takes no more, so less is missing afterwards than an order-up-to level says. So the stock's
mean and variance are carried from the day of the order through the weeks between, cut off
at zero each week where sales are lost, not where customers wait, and the order is what the
week of arrival then lacks. With sales lost that orders less than a fixed level, most where
little is on hand, and so it costs less (Morton, T. (1971), The near-myopic nature of the
lagged-proportional-cost inventory problem with lost sales; Zipkin, P. (2008), Old and new
methods for lost-sales inventory systems). With customers who wait it is the textbook's
order-up-to level.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from forecasting.hierarchy import Bools, Floats, Ints
from forecasting.inventory.over_stocked import asked_when_ordering
from forecasting.inventory.risk import HALF_A_UNIT, NODE_WEIGHTS, NODES, density, loss, suffices

OVERSHOOT, OVERSHOOT_WEIGHTS = np.polynomial.legendre.leggauss(3)
"""Where in a pack an order ends, judged at three places of the pack (-1 to 1)."""
STEPS = 4
"""Steps in which an order is found: to well below a tenth of a unit."""
_TINY = 1e-9
_SELDOM = 0.05
"""Units a week below which no rarer sale is told apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """How unsure demand is."""

    alpha: Floats
    """Overdispersion of each week's own demand, (W,); or door by door, (D, W)."""
    level_sd: float
    """Log error that all weeks share."""
    lift_sd: Floats
    """Log error of the lift, shared by the weeks of an activation, (W,) or (D, W)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """What stock is to do at D doors."""

    service: Floats
    """Share of cycles whose demand is met in full, or of units, (D,); or by the week of
    arrival, (D, W)."""
    waits: Bools
    """Customers wait for what is not there (backorders); else the sale is lost, (D,)."""
    by_units: bool = False
    """`service` is a share of units, not of cycles."""
    least: Floats | None = None
    """Units for display that are left whatever sells, (D, W)."""


class Outlook:
    """Stock to come at D doors, week after week, as an order's day sees it.

    For every week of arrival a window of its own begins on the day of its order, with the
    stock that is expected then, and is carried along to the arrival: first `lacking` of a
    week is asked, then `arrive` says what comes in it.

    Parameters
    ----------
    opening : float array, shape (D,)
        Units on hand; below zero: owed.
    demand : float array, shape (D, W)
    doubt : Doubt
    aim : Aim
    lead_time : int, or int array, shape (W,)
        Weeks from an order to its arrival; or by the week of arrival, in which no later one is
        ordered before an earlier one.
    pack : float array, shape (D,), optional
        Units that an order overshoots what is lacking by at most: the case it is rounded up
        to; one unit if left out.
    """

    def __init__(
        self,
        opening: Floats,
        demand: Floats,
        doubt: Doubt,
        aim: Aim,
        *,
        lead_time: int | Ints,
        pack: Floats | None = None,
    ) -> None:
        n_doors, n_weeks = demand.shape
        alpha = np.atleast_2d(doubt.alpha)[:, :n_weeks]
        lift_sd = np.atleast_2d(doubt.lift_sd)[:, :n_weeks]
        shared = np.sqrt(doubt.level_sd**2 + lift_sd.T[:, None, :] ** 2)
        # Weeks come first inside: each week is one piece of memory.
        self._path = demand.T[:, None, :] * np.exp(NODES[:, None] * shared - 0.5 * shared**2)
        over = alpha.T[:, None, :] * self._path
        self._variance = self._path * (1 + over)
        self._third = self._path * (1 + over * (3 + 2 * over))
        self._demand, self._aim = demand, aim
        waits = np.broadcast_to(lead_time, n_weeks)
        # Position behind the last week of arrival that was ordered by the end of each week.
        self._ordered = np.searchsorted(
            np.arange(n_weeks) - waits, np.arange(n_weeks + 1), side="right"
        )
        self._pack = np.ones(n_doors) if pack is None else pack
        service = aim.service if aim.service.ndim == 2 else aim.service[:, None]
        self._asked = np.broadcast_to(service, demand.shape)
        if not aim.waits.all():
            seldom = np.maximum(demand, _SELDOM)
            lower = asked_when_ordering(
                self._asked, alpha + 1 / seldom, lead_time=lead_time,
                weeks_a_pack=self._pack[:, None] / seldom, by_units=aim.by_units,
            )  # fmt: skip
            self._asked = np.where(aim.waits[:, None], self._asked, lower)
        shape = (n_weeks, len(NODES), n_doors)
        self._mean, self._var = np.empty(shape), np.zeros(shape)
        self._skewed = np.zeros(shape)
        self._mean[: self._ordered[0]] = opening
        self._week = 0

    def lacking(self, ahead: int = 0, coming: Sequence[Floats] = ()) -> Floats:
        """Units that a week lacks of what is asked, (D,); zero or more.

        Parameters
        ----------
        ahead : int
            Weeks from the present one; at most the lead time.
        coming : sequence of float array, shape (D,)
            What arrives in the weeks until then, and in it.
        """
        t = self._week + ahead
        window = self._mean[t], self._var[t], self._skewed[t]
        for week, units in enumerate(coming[:ahead], start=self._week):
            window = self._after(week, *window, units)
        mean, variance, skewed = window
        arriving = coming[ahead] if len(coming) > ahead else 0.0
        left = mean + arriving - self._path[t]
        sd = np.sqrt(variance + self._variance[t] + _TINY)
        middle = NODE_WEIGHTS @ left
        before = None
        if self._aim.by_units:
            # What is owed from before, after what arrives, is not this week's doing.
            before = (mean + arriving, np.sqrt(variance + _TINY), skewed)
        needed = self._needed(t, left, sd, skewed + self._third[t], before)
        needed = self._at_most_for_empty(t, needed, arriving)
        # A pack is judged by all the places to which it may bring stock. Nothing that sells is
        # left at none for good, which is no such place where the sale is lost.
        empty = (NODE_WEIGHTS @ mean) + arriving < HALF_A_UNIT
        due = empty & (self._pack > 1) & (self._demand[:, t] > _TINY)
        needed = np.where(due, np.maximum(needed, HALF_A_UNIT), needed)
        if self._aim.least is not None:
            display = self._aim.least[:, t]
            needed = np.where(display > 0, np.maximum(needed, display - middle), needed)
        return np.maximum(needed, 0.0)

    def missed(self, units: Floats) -> Floats:
        """Units that this week's demand is expected to miss, if so many arrive, (D,)."""
        t = self._week
        spread = self._var[t]
        left = self._mean[t] + units - self._path[t]
        short = loss(left, np.sqrt(spread + self._variance[t] + _TINY))
        # What is owed from before is not this week's doing.
        owed = loss(self._mean[t] + units, np.sqrt(spread + _TINY)) * self._aim.waits
        found: Floats = NODE_WEIGHTS @ np.maximum(short - owed, 0.0)
        return np.where(self._demand[:, t] > _TINY, found, 0.0)

    def arrive(self, units: Floats) -> None:
        """Let units arrive, (D,), and the week's demand take its course."""
        t = self._week
        for_weeks = slice(t, self._ordered[t])
        window = self._mean[for_weeks], self._var[for_weeks], self._skewed[for_weeks]
        window = self._after(t, *window, units)
        self._mean[for_weeks], self._var[for_weeks], self._skewed[for_weeks] = window
        # The next order is placed with what is then expected to be there.
        if self._ordered[t] < self._ordered[t + 1]:
            self._mean[self._ordered[t] : self._ordered[t + 1]] = NODE_WEIGHTS @ self._mean[t]
        self._week += 1

    def _after(
        self, week: int, mean: Floats, variance: Floats, skewed: Floats, units: Floats
    ) -> tuple[Floats, Floats, Floats]:
        """Stock after a week in which units arrive: mean, variance, skewness."""
        left = mean + units - self._path[week]
        variance = variance + self._variance[week] + _TINY
        skewed = skewed + self._third[week]
        waits = self._aim.waits
        if waits.all():
            return left, variance, skewed
        kept, spread, tail = _cut_off(left, variance, skewed)
        return (
            np.where(waits, left, kept), np.where(waits, variance, spread),
            np.where(waits, skewed, tail),
        )  # fmt: skip

    def _needed(
        self, t: int, left: Floats, sd: Floats, third: Floats, before: _Before
    ) -> Floats:
        """Units for what is reached, over the places of a pack, to be what is asked, (D,)."""
        needed = np.zeros(left.shape[1])
        sells = np.flatnonzero(self._demand[:, t] > _TINY)
        one = self._week_of(t, left, sd, third, sells, before)
        # Most doors have enough: only what is left is looked for.
        short = np.flatnonzero(one.missing(np.zeros(len(sells))) < 0)
        if len(short):
            rows = sells[short]
            needed[rows] = self._week_of(t, left, sd, third, rows, before).root()
        return needed

    def _at_most_for_empty(self, t: int, needed: Floats, arriving: Floats | float) -> Floats:
        """The same, and no more than a door needs that has nothing left: where sales are
        lost there is never less. Three moments of a stock that is either gone or plenty,
        as after a promotion, put some of it below zero.
        """
        rows = np.flatnonzero((needed > 0) & ~self._aim.waits)
        if not len(rows):
            return needed
        left = arriving - self._path[t]
        sd = np.sqrt(self._variance[t] + _TINY)
        empty = self._week_of(t, left, sd, self._third[t], rows, None).root()
        needed[rows] = np.minimum(needed[rows], np.maximum(empty, 0.0))
        return needed

    def _week_of(
        self, t: int, left: Floats, sd: Floats, third: Floats, rows: Ints, before: _Before
    ) -> _Week:
        waiting = None
        if before is not None:
            mean, spread, skewed = (part[:, rows] for part in before)
            waiting = (mean, spread, skewed, self._aim.waits[rows])
        return _Week(
            left=left[:, rows], sd=sd[:, rows], third=third[:, rows],
            demand=self._demand[rows, t], asked=self._asked[rows, t], pack=self._pack[rows],
            by_units=self._aim.by_units, waiting=waiting,
        )  # fmt: skip


_Before = tuple[Floats, Floats, Floats] | None
"""Stock before a week's demand, with what arrives: mean, sd, third moment, (K, D); None where
no unit is owed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Week:
    """What some doors have left at the end of a week; node by node, (K, D)."""

    left: Floats
    sd: Floats
    third: Floats
    demand: Floats
    """Units, (D,)."""
    asked: Floats
    """Share of cycles, or of units, (D,)."""
    pack: Floats
    by_units: bool
    """Units are counted, and not cycles."""
    waiting: tuple[Floats, Floats, Floats, Bools] | None
    """Stock before the week's demand (mean, sd, third moment), and who waits for units."""

    def missing(self, units: Floats) -> Floats:
        """What is reached with so many units more, less what is asked; straightened."""
        places = 0.5 * (1 + OVERSHOOT)[:, None] * self.pack
        more = (units + places)[:, None, :]
        over: Floats = self._straight(0.5 * OVERSHOOT_WEIGHTS @ self._reached(more))
        return over - self._straight(self.asked)

    def _reached(self, more: Floats) -> Floats:
        """Share of cycles, or of units, that is met with so many units more, (..., D)."""
        left = self.left[None] + more
        if not self.by_units:
            met: Floats = NODE_WEIGHTS @ suffices(left, self.sd, self.third)
            return met
        short = skewed_loss(left, self.sd, self.third)
        if self.waiting is not None:
            mean, sd, third, waits = self.waiting
            short = short - skewed_loss(mean[None] + more, sd, third) * waits
        part: Floats = 1 - NODE_WEIGHTS @ np.maximum(short, 0.0) / np.maximum(
            self.demand, _TINY
        )
        return part

    def _straight(self, share: Floats) -> Floats:
        return _straight_units(share) if self.by_units else _straight_cycles(share)

    def root(self) -> Floats:
        """Units with which nothing is missing, (D,): zero or more where some is now."""
        middle = NODE_WEIGHTS @ self.left
        wide = np.sqrt(NODE_WEIGHTS @ (self.sd**2 + self.left**2) - middle**2)
        wide = wide + 0.5 * self.pack
        low, high = -middle - 6 * wide, -middle + 14 * wide
        # A line through two places, again and again: what is asked is nearly straight.
        before = -middle - 0.5 * self.pack + ndtri(self.asked) * wide
        now, was = before + 0.25 * wide, self.missing(before)
        for _ in range(STEPS):
            value = self.missing(now)
            slope = (value - was) / np.where(np.abs(now - before) > _TINY, now - before, 1.0)
            step = np.where(slope > _TINY, -value / np.maximum(slope, _TINY), 0.0)
            before, was = now, value
            now = np.clip(now + np.clip(step, -2 * wide, 2 * wide), low, high)
        found: Floats = now
        return found


def skewed_loss(left: Floats, sd: Floats, third: Floats) -> Floats:
    """Units that are expected short of stock less demand, whose demand is long to one side.

    Parameters
    ----------
    left, sd, third : float array
        Mean, standard deviation and third central moment of what is missing, as `suffices`.

    Notes
    -----
    The normal's, and Edgeworth's terms of skewness and of a gamma's kurtosis.
    """
    z = left / sd
    skewness = np.clip(third / sd**3, 0.0, 2.0)
    square = z * z
    beyond = skewness * z / 6 + skewness**2 * (square * square - 1.5 * square - 1.5) / 72
    short: Floats = sd * density(z) * (1 + beyond) - left * ndtr(-z)
    return np.maximum(short, 0.0)


def _cut_off(mean: Floats, variance: Floats, third: Floats) -> tuple[Floats, Floats, Floats]:
    """Mean, variance and skewness of stock that is cut off at zero.

    The third central moment is that of what is missing, -stock: long where now and then much
    demand is higher than usual, short again where nothing is left to be taken.
    """
    sd = np.sqrt(variance)
    z = mean / sd
    above, more = ndtr(z), sd * density(z)
    kept = mean * above + more
    square = (mean**2 + variance) * above + mean * more
    cube = (mean**2 + 3 * variance) * mean * above + (mean**2 + 2 * variance) * more
    spread = np.maximum(square - kept**2, 0.0)
    tail = cube - 3 * kept * square + 2 * kept**3
    return kept, spread, above * third - tail


def _straight_cycles(share: Floats) -> Floats:
    """A share of cycles as the normal distribution has it: nearly straight in stock."""
    found: Floats = ndtri(np.clip(share, 1e-6, 1 - 1e-6))
    return found


def _straight_units(share: Floats) -> Floats:
    """A share of units by the logarithm of what is missed: nearly straight in stock."""
    found: Floats = -np.log(np.maximum(1 - share, 1e-6))
    return found


def as_if_waiting(service: Floats, *, weeks: int) -> Floats:
    """The service that a level gives if customers wait, where it gives this if they do not.

    What is short under backorders is short in every week until a later order arrives, lost
    sales only once: of b short among `weeks` overlapping orders, b / (weeks - (weeks - 1) b)
    are left.

    Parameters
    ----------
    service : float array
        Share of cycles met in full where sales are lost.
    weeks : int
        Lead time and review.

    Notes
    -----
    Between the bounds of Huh, W., Janakiraman, G., Muckstadt, J. and Rusmevichientong, P.
    (2009), Asymptotic optimality of order-up-to policies in lost sales inventory systems.
    A first guess that `Outlook` does without: for a centre, which many doors stand behind.

    Examples
    --------
    >>> as_if_waiting(np.array([0.8333]), weeks=3).round(3).tolist()
    [0.625]
    """
    found: Floats = service / (service + weeks * (1 - service))
    return found
