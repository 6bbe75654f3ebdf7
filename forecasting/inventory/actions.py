"""What can still be done about a featured SKU that will run out, and what it is worth.

Four options: bring open orders forward, move units from other doors, feature another
SKU, expect less. Each is judged by the same arithmetic as the flags: expected units short
at all doors, with it and without it. What one saves is less where another has saved
already, so actions that are taken together are judged together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from forecasting.hierarchy import Bools, Floats, Ints
from forecasting.inventory.bridge import Limits
from forecasting.inventory.network import NO_LANE, Network
from forecasting.inventory.order_lines import OrderLines
from forecasting.inventory.projection import Routine
from forecasting.inventory.risk import NODE_WEIGHTS, Risk, assess, suffices
from forecasting.inventory.shipments import Shipment, sent, supply_change
from forecasting.inventory.transfers import Lanes, best_moves

STEPS = 4
"""Steps into which the units are divided that a door lacks: each is worth less."""
KEPT_BY_DONORS = 1.2816
"""Standard deviations of its own demand that a giving door keeps: nine times in ten it
meets what it needs itself."""
TRIED_AT_ONCE, LOOKS = 8, 2
"""Shares of a lift that are tried at once, and how often: to a sixty-fourth."""
HALVINGS = 14
"""Of what a door may lack at most: to well below a unit."""
MOST_LINES = 3
"""Open orders of one door that are brought forward."""


@dataclass(frozen=True, kw_only=True)
class Situation:
    """One featured SKU of an activation, at all D doors, over the R weeks judged."""

    doors: Ints
    """Where the activation runs, (n,)."""
    first: int
    last: int
    opening: Floats
    """(D,)."""
    receipts: Floats
    """Units on order and decided moves, (D, R)."""
    demand: Floats
    lift_units: Floats
    """What this activation adds, (D, R)."""
    lift_sd: Floats
    """(R,)."""
    alpha: Floats
    """(R,)."""
    level_sd: float
    usual: Routine | None
    doubt: Floats
    """Variance of what orders have brought by each week, (D, R)."""
    late: Floats
    """What the supplier's record changes of `receipts` on average, (D, R)."""
    known: Bools
    """Stock and forecast are known, (D,)."""
    margin: Floats
    """Margin of one unit at each door and in each week, NaN unknown, (D, R)."""
    service: float
    """Probability of no stockout that is aimed at."""
    presentation: float
    """Units that a door needs for display."""
    assessed: Risk | None = None
    """Its risk where that is known already."""

    def with_supply(self, change: Floats) -> Situation:
        """The same with more or less arriving, (D, R)."""
        return replace(self, receipts=self.receipts + change, assessed=None)

    def with_lift(self, share: float) -> Situation:
        """The same with a share of this activation's lift."""
        less = self.demand - (1 - share) * self.lift_units
        return replace(
            self,
            demand=np.maximum(less, 0.0),
            lift_units=share * self.lift_units,
            assessed=None,
        )

    def risk(self) -> Risk:
        """The risk at every door; worked out once."""
        return self.assessed or self._risk

    @cached_property
    def lacking(self) -> Floats:
        """Units that each door of the activation lacks, see `gap`; worked out once."""
        return gap(self)

    @cached_property
    def _risk(self) -> Risk:
        return assess(
            self.opening, self.receipts, self.demand, lift_sd=self.lift_sd,
            alpha=self.alpha, level_sd=self.level_sd, usual=self.usual, doubt=self.doubt,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What is expected of a situation."""

    lost: Floats
    """Expected units short at each door in all weeks judged, (D,)."""
    short: Floats
    """Of it in the activation, (D,)."""
    sold: float
    """Expected units sold in the activation at its doors."""
    sold_everywhere: Floats
    """Expected units sold at each door in each week judged, (D, R)."""
    fill: float
    """Share of demand met in the activation."""
    p_window: Floats
    """Probability of a stockout in it, door by door, (n,)."""
    red_share: float
    """Share of its demand at doors that are red, or that meet less than the least fill."""
    late: Ints
    """Last week of the activation in which each of its doors is expected short, -1 for
    none, (n,)."""

    def meets(self, limits: Limits) -> bool:
        """Whether no fair share of demand is red or badly filled any more."""
        return self.red_share < limits.group_share


def outcome(situation: Situation, limits: Limits) -> Outcome:
    """What is expected of a situation as it is."""
    risk = situation.risk()
    window = slice(situation.first, situation.last + 1)
    lost = np.where(situation.known, risk.units_short.sum(axis=1), 0.0)
    in_window = np.where(situation.known[:, None], risk.units_short[:, window], 0.0)
    at = situation.doors
    demand = situation.demand[at, window].sum(axis=1)
    short = in_window.sum(axis=1)
    p = risk.p_any(situation.first, situation.last)[at]
    fill = np.where(demand > 0, 1 - short[at] / np.maximum(demand, 1e-9), 1.0)
    # A low fill alone makes no door red; who helps one does not stop at it all the same.
    badly = (p > limits.red_probability) | (fill < limits.least_fill)
    red = situation.known[at] & badly
    total = float(demand.sum())
    likely = in_window[at] > 0.02 * np.maximum(situation.demand[at, window], 1e-9)
    n_weeks = likely.shape[1]
    late = np.where(likely.any(axis=1), n_weeks - 1 - likely[:, ::-1].argmax(axis=1), -1)
    return Outcome(
        lost=lost,
        short=short,
        sold=total - float(short[at].sum()),
        sold_everywhere=np.where(
            situation.known[:, None], situation.demand - risk.units_short, 0.0
        ),
        fill=1 - float(short[at].sum()) / total if total else 1.0,
        p_window=p,
        red_share=float((demand * red).sum()) / total if total else 0.0,
        late=np.where(late >= 0, situation.first + late, -1),
    )


def worth(before: Outcome, after: Outcome, margin: Floats) -> tuple[float, float]:
    """Units short that a change prevents, and margin of what it sells more.

    Over all doors and weeks judged; the margin is that of a unit, (D, R). Where demand stays
    as it is, what is prevented is what is sold more; less lift prevents shortages and sells
    less. It is NaN where no unit's margin is known.
    """
    saved = before.lost - after.lost
    more = after.sold_everywhere - before.sold_everywhere
    known = ~np.isnan(margin)
    money = float((more * np.nan_to_num(margin)).sum()) if known.any() else float("nan")
    return float(saved.sum()), money


def gap(situation: Situation) -> Floats:
    """Units that each door of the activation lacks of its service level, (n,).

    What would have to be there before the activation's worst week for the probability of
    a stockout in that week to be 1 less the service level.
    """
    judged = situation.risk()
    at = situation.doors
    worst = np.full(len(at), -np.inf)
    for t in range(situation.first, situation.last + 1):
        arriving = judged.receipts[:, at, t]
        left = judged.stock_mean[:, at, t] + arriving - judged.demand[:, at, t]
        before = np.maximum(judged.stock_sd[:, at, t] ** 2 - judged.forgotten[:, at, t], 0.0)
        sd = np.sqrt(before + judged.demand_sd[:, at, t] ** 2 + judged.doubt[at, t] + 1e-12)
        third = judged.demand_third[:, at, t]
        low, high = np.zeros(len(at)), np.full(len(at), 1.0)
        high += 8 * sd.max(axis=0) + np.maximum(-left.min(axis=0), 0.0)
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            above = NODE_WEIGHTS @ suffices(left + middle, sd, third) < situation.service
            low, high = np.where(above, middle, low), np.where(above, high, middle)
        worst = np.maximum(worst, high)
    return np.where(situation.known[at] & (worst > 0.5), np.ceil(worst), 0.0)


def expedite(
    situation: Situation, lines: OrderLines, *, unit_cost: float
) -> tuple[list[Shipment], int | None]:
    """Open orders to bring forward: those that save more than they cost.

    Parameters
    ----------
    lines : OrderLines
        Of the SKU; nobody has decided on them yet.
    unit_cost : float
        What expediting one unit costs.

    Returns
    -------
    shipments : list of Shipment
    slack : int or None
        Weeks that the decision can wait; negative: it is too late; None: no order could
        ever have helped.
    """
    n_weeks = situation.demand.shape[1]
    able = lines.take(
        (lines.expedite >= 0)
        & (lines.expedite < lines.week)
        & (lines.week > situation.first)
        & (lines.units > 0)
        & (lines.receipt != "")
    )
    able = able.take(np.isin(able.door, situation.doors))
    if not len(able):
        return [], None
    last_useful = np.minimum(able.week - 1, situation.last)
    slack = int((last_useful - able.expedite).max())
    # One too far ahead does not change what is judged until it is brought into it.
    able = able.take(able.expedite <= situation.last)
    chosen: list[Shipment] = []
    left = [
        Shipment(
            origin=-1, to=int(able.door[i]), units=float(able.units[i]),
            leaves=int(able.week[i]), arrives=int(able.expedite[i]),
            cost=float(able.units[i]) * unit_cost, receipt=str(able.receipt[i]),
        )
        for i in range(len(able))
    ]  # fmt: skip
    now = situation
    for _ in range(MOST_LINES):
        if not left:
            break
        best = _best_of_each_door(now, left, n_weeks)
        if not best:
            break
        taken = list(best.values())
        chosen += taken
        left = [one for one in left if one not in taken and one.to in best]
        now = now.with_supply(supply_change(taken, now.demand.shape))
    return chosen, slack


def _best_of_each_door(
    situation: Situation, left: list[Shipment], n_weeks: int
) -> dict[int, Shipment]:
    """The shipment that gains most for the activation at each door, of those that pay."""
    gains, earned = _alone(situation, left, n_weeks)
    best: dict[int, tuple[float, Shipment]] = {}
    for one, gain, money in zip(left, gains, earned, strict=True):
        net = gain - one.cost
        pays = min(gain, money) > one.cost
        if pays and net > best.get(one.to, (0.0, one))[0]:
            best[one.to] = (net, one)
    return {door: one for door, (_, one) in best.items()}


def _alone(
    situation: Situation, shipments: list[Shipment], n_weeks: int
) -> tuple[Floats, Floats]:
    """What each shipment to a door would save there, taken by itself.

    Returns
    -------
    (units at the activation's margin; the margin of each week: what is taken out of a later
    week, at its full price, may be worth more there)
    """
    to = np.array([one.to for one in shipments])
    change = np.zeros((len(shipments), n_weeks))
    for row, one in enumerate(shipments):
        if one.origin < 0 and one.leaves < n_weeks:
            change[row, one.leaves] -= one.units
        if one.arrives < n_weeks:
            change[row, one.arrives] += one.units
    units, earned = _saved_at(situation, to, change)
    return units * _value(situation)[to], earned


def _saved_at(situation: Situation, rows: Ints, change: Floats) -> tuple[Floats, Floats]:
    """Units, and margin of them, that more supply saves at doors, each row by itself."""
    unique, at = np.unique(rows, return_inverse=True)
    stacked = np.concatenate([unique, rows])
    receipts = np.concatenate([situation.receipts[unique], situation.receipts[rows] + change])
    usual = situation.usual.take(stacked) if situation.usual else None
    risk = assess(
        situation.opening[stacked], receipts, situation.demand[stacked],
        lift_sd=situation.lift_sd, alpha=situation.alpha, level_sd=situation.level_sd,
        usual=usual, doubt=situation.doubt[stacked],
    )  # fmt: skip
    fewer = risk.units_short[: len(unique)][at] - risk.units_short[len(unique) :]
    fewer = np.where(situation.known[rows, None], fewer, 0.0)
    return fewer.sum(axis=1), (fewer * _each(situation)[rows]).sum(axis=1)


def _value(situation: Situation) -> Floats:
    """Margin of one unit in the activation at each door, at least nothing, (D,)."""
    value: Floats = _each(situation)[:, situation.first : situation.last + 1].mean(axis=1)
    return value


def _each(situation: Situation) -> Floats:
    """Margin of one unit at each door and in each week, at least nothing, (D, R).

    Where it is unknown, what is known on average.
    """
    known = situation.margin[~np.isnan(situation.margin)]
    usual = float(known.mean()) if len(known) else 1.0
    return np.maximum(np.where(np.isnan(situation.margin), usual, situation.margin), 0.0)


def spare(situation: Situation) -> Floats:
    """Units that each door can give now and still meet its own need, (D,).

    Its need goes on to the end of the activation and to its next receipt, whichever is
    later; nine times in ten what is left meets it, and the display stays filled.
    """
    judged = situation.risk()
    left = judged.stock_mean + judged.receipts - judged.demand  # (K, D, R)
    weights = NODE_WEIGHTS[:, None, None]
    before = np.maximum(judged.stock_sd**2 - judged.forgotten, 0.0)
    mean = (weights * left).sum(axis=0)
    within = (weights * (before + judged.demand_sd**2)).sum(axis=0) + judged.doubt
    sd = np.sqrt(within + (weights * (left - mean) ** 2).sum(axis=0))
    lowest = mean - KEPT_BY_DONORS * sd
    later = np.arange(left.shape[2])
    arriving = situation.receipts > 0
    next_receipt = np.where(arriving.any(axis=1), arriving.argmax(axis=1), 0)
    until = np.maximum(next_receipt, situation.last)[:, None]
    tightest = np.where(later <= until, lowest, np.inf).min(axis=1)
    units = np.minimum(tightest, situation.opening) - situation.presentation
    found: Floats = np.where(situation.known, np.floor(np.maximum(units, 0.0)), 0.0)
    return found


def reallocate(
    situation: Situation, network: Network, *, reserve: Floats, case_pack: float
) -> tuple[list[Shipment], int | None]:
    """Units to move from doors and centres that can spare them.

    Parameters
    ----------
    network : Network
    reserve : float array, shape (C,)
        Units at the distribution centres.
    case_pack : float
        Units in which a centre ships.

    Returns
    -------
    shipments : list of Shipment
    slack : int or None
        Weeks that the decision can wait; negative: it is too late; None: no lane leads
        from anybody who can spare a unit.
    """
    lacking = situation.lacking
    takers = situation.doors[lacking > 0]
    lacking = lacking[lacking > 0]
    n_doors = len(situation.opening)
    free = np.concatenate([spare(situation), np.floor(reserve)])
    free[takers] = 0.0  # who lacks units does not give any: no lane runs both ways
    givers = np.flatnonzero(free > 0)
    if not len(takers) or not len(givers):
        return [], None
    g, t = np.nonzero(network.weeks[np.ix_(givers, takers)] != NO_LANE)
    weeks = network.weeks[givers[g], takers[t]]
    if not len(weeks):
        return [], None
    slack = situation.last - int(weeks.min())
    intime = weeks <= situation.last
    g, t, weeks = g[intime], t[intime], weeks[intime]
    if not len(weeks):
        return [], slack
    # There when the activation begins: what leaves earlier only delays the taker's routine.
    arrives = np.maximum(weeks, situation.first)
    soonest = np.full(len(takers), situation.last)
    np.minimum.at(soonest, t, arrives)
    sizes, values = _steps(situation, takers, lacking, soonest)
    lanes = Lanes(
        origin=g,
        target=t,
        cost=network.cost[givers[g], takers[t]],
        least=network.least[givers[g], takers[t]],
        lot=np.where(givers[g] >= n_doors, max(case_pack, 1.0), 1.0),
    )
    units = best_moves(
        free[givers],
        sizes,
        values,
        lanes,
        worth=_later(situation, takers, lacking, t, arrives, soonest),
    )
    ways = givers[g], takers[t], arrives - weeks, arrives
    return sent(units, *ways, units * lanes.cost), slack


def _steps(
    situation: Situation, takers: Ints, lacking: Floats, arrives: Ints
) -> tuple[Floats, Floats]:
    """What each taker's next units are worth, step by step: sizes and values, (T, STEPS)."""
    upto = np.ceil(lacking[:, None] * np.arange(1, STEPS + 1) / STEPS)
    sizes = np.diff(upto, axis=1, prepend=0)
    rows = np.repeat(takers, STEPS)
    change = np.zeros((len(rows), situation.demand.shape[1]))
    change[np.arange(len(rows)), np.repeat(arrives, STEPS)] = upto.ravel()
    saved = _saved_at(situation, rows, change)[0].reshape(upto.shape)
    more = np.diff(saved, axis=1, prepend=0) / np.maximum(sizes, 1)
    falling = np.minimum.accumulate(np.maximum(more, 0.0), axis=1)
    return sizes, falling * _value(situation)[takers][:, None]


def _later(
    situation: Situation,
    takers: Ints,
    lacking: Floats,
    target: Ints,
    weeks: Ints,
    soonest: Ints,
) -> Floats:
    """What a unit is worth that comes by a slower lane, as a share of the fastest one's."""
    share = np.ones(len(weeks))
    slow = weeks > soonest[target]
    if not slow.any():
        return share
    some = np.maximum(np.ceil(lacking / STEPS), 1.0)
    rows, when = takers[target[slow]], weeks[slow]
    change = np.zeros((2 * len(rows), situation.demand.shape[1]))
    change[np.arange(len(rows)), when] = some[target[slow]]
    change[len(rows) + np.arange(len(rows)), soonest[target[slow]]] = some[target[slow]]
    saved, _ = _saved_at(situation, np.concatenate([rows, rows]), change)
    late, soon = saved[: len(rows)], saved[len(rows) :]
    share[slow] = np.clip(late / np.maximum(soon, 1e-9), 0.0, 1.0)
    return share


def supported_lift(situation: Situation, now: Outcome, limits: Limits) -> float:
    """The largest share of the activation's lift that stock supports, 0 to 1.

    Supported: no fair share of its demand is at doors that are red. `now` is the outcome
    of the situation as it is.
    """
    if now.meets(limits):
        return 1.0
    low, step = 0.0, 1.0
    for _ in range(LOOKS):
        step /= TRIED_AT_ONCE
        shares: Floats = low + step * np.arange(TRIED_AT_ONCE, dtype=float)
        met = _red_shares(situation, limits, shares) < limits.group_share
        if not met[0]:
            return 0.0
        fails = np.flatnonzero(~met)
        low += step * ((int(fails[0]) if len(fails) else len(shares)) - 1)
    return low


def _red_shares(situation: Situation, limits: Limits, shares: Floats) -> Floats:
    """Share of the activation's demand at red doors, for each share of its lift, (n,).

    Nothing after the activation is looked at: all shares are worked out in one go.
    """
    at, until = situation.doors, situation.last + 1
    n, weeks = len(at), slice(situation.first, until)
    less = (1 - shares)[:, None, None] * situation.lift_units[at, :until]
    demand = np.maximum(situation.demand[at, :until] - less, 0.0).reshape(-1, until)
    rows = np.tile(at, len(shares))
    risk = assess(
        situation.opening[rows], situation.receipts[rows, :until], demand,
        lift_sd=situation.lift_sd[:until], alpha=situation.alpha[:until],
        level_sd=situation.level_sd, doubt=situation.doubt[rows, :until],
        usual=situation.usual.take(rows, until=until) if situation.usual else None,
    )  # fmt: skip
    in_window = demand[:, weeks].sum(axis=1)
    fill = 1 - risk.units_short[:, weeks].sum(axis=1) / np.maximum(in_window, 1e-9)
    red = risk.p_any(situation.first, situation.last) > limits.red_probability
    red |= (in_window > 0) & (fill < limits.least_fill)
    at_red = np.where(red & situation.known[rows], in_window, 0.0).reshape(-1, n).sum(axis=1)
    total = in_window.reshape(-1, n).sum(axis=1)
    found: Floats = at_red / np.maximum(total, 1e-9)
    return found
