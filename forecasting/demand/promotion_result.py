"""What past activations added, beside what would have been sold without them.

Nobody sees what would have been sold. It is drawn from the weeks around an activation: the
level before its first week and after its last one, without its own, times season, price and
whatever else ran at the time. Demand beyond that (lost sales filled in as everywhere,
cleansing.py) is the lift; less what other SKUs of the class lost to it, less what was bought
ahead of the weeks after, it is what the activation added on balance.

How far off that may be is learnt where the answer is known: weeks without any activation,
compared with their surroundings in the same way, should come out at nothing. What they scatter
is what a result may be off (scatter.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.demand import baseline, lift, priors, spillover
from forecasting.demand.cleansing import Panel
from forecasting.demand.lift import Exposures, Layout
from forecasting.demand.looks import tempered
from forecasting.demand.model import Factors
from forecasting.demand.problem import TYPICAL_ALPHA, group_of
from forecasting.demand.scatter import Scatter
from forecasting.hierarchy import Bools, Floats, Ints, aggregate

OWN_WEEKS = 6
"""Weeks of an activation on either side of each of its weeks that are no evidence of what
would have been sold in it. Of one that goes on for longer, those further off have to do."""
_MOST_TIMES = 3.0
"""Spillover is taken to be as many times what was expected as the lift was, up to this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Levels of each series seen from the weeks before and after each week; (n, T) each."""

    before: Floats
    """Level by the weeks before."""
    says_before: Floats
    """Evidence behind it."""
    after: Floats
    says_after: Floats

    @staticmethod
    def of(panel: Panel, factors: Factors) -> Surroundings:
        """Look at every week of a history from both of its sides."""
        known = factors.fitted.shape[1]
        seen = panel.exposure[:, :known] > 0
        effect = factors.effects.total[:, :known] * seen
        expected = factors.expected * seen
        units = tempered(np.where(seen, factors.clean, 0.0), expected)
        prior = baseline.prior_level(panel, units, effect)
        weight = baseline.evidence(prior[:, None] * effect, alpha=TYPICAL_ALPHA)
        before, says_before = baseline.level_before(units, effect, weight, prior)
        back = slice(None, None, -1)
        after, says_after = baseline.level_before(
            units[:, back], effect[:, back], weight[:, back], prior
        )
        return Surroundings(
            before=before,
            says_before=says_before,
            after=after[:, back],
            says_after=says_after[:, back],
        )

    def level(self, series: Ints, first: Ints, last: Ints) -> Floats:
        """Level in weeks `first` to `last` by all weeks but these, (m,)."""
        ahead, behind = self.says_before[series, first], self.says_after[series, last]
        both = self.before[series, first] * ahead + self.after[series, last] * behind
        level: Floats = both / np.maximum(ahead + behind, 1e-200)
        return level


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """Past cells of activations, one row per activation, series and week: m rows.

    Where activations meet in a cell, each has its share of everything in it.
    """

    activation: Ints
    series: Ints
    week: Ints
    share: Floats
    """Of its cell, 0 to 1; the rows of a cell add up to one."""
    base: Floats
    """Units of demand without, its share."""
    demand: Floats
    """Units of demand, its share."""
    expected: Floats
    """Units that the model expects it to add."""
    lost: Floats
    """Units of demand that were not sold, its share."""
    is_shut: Bools
    """Nothing was to be seen: demand is what is expected."""

    @property
    def added(self) -> Floats:
        """Units of demand beyond the base."""
        return self.demand - self.base


def without(
    panel: Panel, past: Exposures, factors: Factors, around: Surroundings | None = None
) -> Floats:
    """Units of whole weeks that would have been in demand without each row's activation, (m,).

    Parameters
    ----------
    panel : Panel
    past : Exposures
        Rows of weeks that are known: every row of an activation's weeks at its series.
    factors : Factors
    around : Surroundings, optional
        Where they are known already.
    """
    around = around or Surroundings.of(panel, factors)
    at = past.series, past.week
    effects = factors.effects
    beside = (effects.baseline * effects.others * effects.ahead)[at]
    level = around.level(past.series, *_own_weeks(past))
    base: Floats = level * np.exp(factors.calibration.surprise[0]) * beside
    return base


def results(panel: Panel, exposures: Exposures, factors: Factors) -> pd.DataFrame:
    """What every past activation added, SKU by SKU.

    Parameters
    ----------
    panel : Panel
        History and weeks ahead.
    exposures : Exposures
        Over the panel's weeks.
    factors : Factors
        Fitted on them.

    Returns
    -------
    DataFrame, one row per activation and SKU
        activation (position), sku, first_week, last_week (of those known), base (units that
        would have been in demand without it), lift (demand beyond that), expected (by the
        model), lost (demand not sold), taken (units that other SKUs of the class
        lost to it; below zero where they gained), ahead (units bought ahead of the weeks
        after), variance (of lift less taken less ahead, what is the SKU's own), common
        (standard deviation of it, units, that all SKUs of a class share). What it added on
        balance is lift - taken - ahead.
    """
    around = Surroundings.of(panel, factors)
    cells = _cells(panel, exposures, factors, around)
    scatter = Scatter.of(panel, factors, around.level)
    sku = panel.sku_of[cells.series]
    of_row = pd.DataFrame({"activation": cells.activation, "sku": sku})
    number = of_row.groupby(["activation", "sku"]).ngroup()
    row: Ints = np.asarray(number, dtype=np.int64)
    n_rows = int(row.max(initial=-1)) + 1

    def summed(values: Floats) -> Floats:
        return np.bincount(row, values, minlength=n_rows).astype(float)

    added, expected = summed(cells.added), summed(cells.expected)
    times = np.where(
        expected > 1, np.clip(added / np.where(expected > 1, expected, 1), 0, _MOST_TIMES), 1.0
    )
    taken, taken_sd = (times * summed(v) for v in _taken(panel, factors, cells))
    ahead, ahead_sd = (times * summed(v) for v in _ahead(panel, factors, cells))
    own, common = scatter.of_rows(cells, row)
    unseen = factors.event_sd * summed(cells.expected * cells.is_shut)
    named = of_row.assign(first_week=cells.week, last_week=cells.week).groupby(
        ["activation", "sku"], sort=True, as_index=False
    )
    found = named.agg(first_week=("first_week", "min"), last_week=("last_week", "max"))
    return found.assign(
        sku=panel.skus[found["sku"]],
        first_week=panel.weeks[found["first_week"]],
        last_week=panel.weeks[found["last_week"]],
        base=summed(cells.base),
        lift=added,
        expected=expected,
        lost=summed(cells.lost),
        taken=taken,
        ahead=ahead,
        variance=own,
        common=np.sqrt(common + taken_sd**2 + ahead_sd**2 + unseen**2),
    )


def _cells(panel: Panel, exposures: Exposures, factors: Factors, around: Surroundings) -> Cells:
    """Past cells of activations of which anything is known, with what would have been."""
    known = factors.fitted.shape[1]
    history = panel.until(known)
    past = exposures.take(exposures.week < known)
    heard = ((history.exposure > 0) | history.shut)[past.series, past.week]
    past = past.take(heard).unstated(known)
    layout = Layout.of(past.at_prices(panel.followed_price))
    logs = layout.log_lifts(factors.response.series[:, : layout.design.shape[1]])
    parts, multiplier = lift.parts(logs, layout.cell, len(layout.series))
    share = lift.shares(parts, multiplier, layout.cell)
    at = past.series, past.week
    base = without(panel, past, factors, around) * history.open[at]
    demand = factors.clean[at] * history.open[at]
    return Cells(
        activation=past.activation,
        series=past.series,
        week=past.week,
        share=share,
        base=base * share,
        demand=demand * share,
        expected=parts * base,
        lost=np.maximum(demand - history.units[at], 0.0) * share,
        is_shut=history.shut[at],
    )


def _own_weeks(past: Exposures) -> tuple[Ints, Ints]:
    """First and last week around each row that its activation has at its series, (m,) each."""
    keys = past.activation * (int(past.series.max(initial=0)) + 1) + past.series
    found, of_run = np.unique(keys, return_inverse=True)
    first = np.full(len(found), past.n_weeks)
    last = np.full(len(found), -1)
    np.minimum.at(first, of_run, past.week)
    np.maximum.at(last, of_run, past.week)
    return (
        np.maximum(first[of_run], past.week - OWN_WEEKS),
        np.minimum(last[of_run], past.week + OWN_WEEKS),
    )


def _taken(panel: Panel, factors: Factors, cells: Cells) -> tuple[Floats, Floats]:
    """Units that others of the class lost at the door to each row, and their deviation, (m,).

    The response of others is a power of the lifted share of the class (spillover.py): what
    they lost together is split by how much each row pushed.
    """
    known = factors.fitted.shape[1]
    column = factors.response.columns.index(priors.RIVALS)
    power = factors.response.series[:, [column]]
    group = group_of(panel)
    lifted = factors.effects.lift[:, :known]
    push = factors.share[:, None] * (lifted - 1)
    logs = spillover.log_others(lifted, factors.share, group)
    now = factors.expected
    n_groups = int(group.max(initial=-1)) + 1
    total = aggregate(push, group, n_groups)[group]
    others = total - push
    moved = np.abs(others) > 1e-9
    per_push = np.where(moved, now * np.expm1(-power * logs) / np.where(moved, others, 1), 0.0)
    per_power = np.where(moved, now * logs / np.where(moved, others, 1), 0.0)
    at = cells.series, cells.week
    of_class = panel.classes[panel.sku_of[cells.series]]
    sd = factors.response.class_sd[of_class, column]

    def lost_to(per: Floats) -> Floats:
        by_others = aggregate(per, group, n_groups)[group] - per
        lost: Floats = (push * by_others)[at] * cells.share
        return lost

    return lost_to(per_push), np.abs(lost_to(per_power)) * sd


def _ahead(panel: Panel, factors: Factors, cells: Cells) -> tuple[Floats, Floats]:
    """Units that customers of each row had bought ahead of the weeks after it, (m,).

    And the standard deviation of that. Nothing is missing where another activation runs, and
    of weeks that are still to come what is expected counts.
    """
    known = factors.fitted.shape[1]
    weeks = len(spillover.AFTER)
    column = factors.response.columns.index(priors.STOCKED)
    of_class = panel.classes[panel.sku_of[cells.series]]
    sd = factors.response.class_sd[of_class, column]
    power = factors.response.series[cells.series, column]
    effects = factors.effects
    extra = np.maximum(effects.lift - 1, 0.0)
    ahead = spillover.bought_ahead(effects.lift, effects.exposed)
    later = effects.baseline[:, known : known + weeks]
    last = factors.fitted[:, -1:] / np.maximum(effects.baseline[:, known - 1 : known], 1e-9)
    without = np.concatenate([factors.fitted, last * later], axis=1)
    without = without * effects.others[:, : known + weeks]
    missing, per_power = np.zeros(len(cells.series)), np.zeros(len(cells.series))
    for k, part in enumerate(spillover.AFTER, start=1):
        week = cells.week + k
        inside = week < without.shape[1]
        at = cells.series, np.minimum(week, without.shape[1] - 1)
        pulled = ahead[at] * inside
        # Its part of what all the weeks before bought ahead of this one.
        mine = part * extra[cells.series, cells.week] * cells.share
        base = without[at]
        per = np.where(pulled > 1e-9, mine / np.maximum(_reach(extra, at), 1e-9), 0.0)
        missing += per * base * -np.expm1(power * pulled)
        per_power += per * base * pulled
    return missing, per_power * sd


def _reach(extra: Floats, at: tuple[Ints, Ints]) -> Floats:
    """What the weeks before cells bought ahead of them altogether, in weeks of demand, (m,)."""
    series, week = at
    total = np.zeros(len(series))
    for k, part in enumerate(spillover.AFTER, start=1):
        total += part * extra[series, np.maximum(week - k, 0)] * (week >= k)
    return total
