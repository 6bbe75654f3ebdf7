"""What several options come to together, and who decides which of them.

They are tried on the plan at once, as if all had been decided: so no unit is saved twice, and
what is shown is what the Bridge shows once they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import pandas as pd

from forecasting.inventory.bridge import ItemRisk
from forecasting.plan.live import LivePlan
from forecasting.plan.stock import RISK_WEEKS
from forecasting.rights import RIGHTS, Person
from forecasting.weekly.best_mix import Watched
from forecasting.weekly.effect import Pair
from forecasting.weekly.judging import (
    NOTHING,
    and_then,
    as_if,
    expected,
    judged,
    meets_target,
    touched_by,
)
from forecasting.weekly.option import Option

COLUMNS = [
    "action", "what", "sku", "activation", "short_before", "short_after", "margin", "cost",
    "net", "decide_by", "decided_by", "also", "buys",
]  # fmt: skip
"""Columns of `rows`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """What some options come to: each pair is without them, with them."""

    actions: int
    short: Pair
    """Units short in all activations of the weeks looked at, as the Bridge counts them."""
    at_risk: Pair
    """Margin of those."""
    earned: Pair
    """Expected margin of every featured SKU that they touch, all doors, in all weeks in which
    its risk is judged."""
    cost: float
    met: tuple[int, int]
    """Of the featured SKUs that were red or amber, how many meet the service target."""
    of: int
    """How many there are."""
    buys: float = 0.0
    """What its orders buy, at cost, NaN unknown: no part of the cost."""

    @property
    def net(self) -> float:
        """Margin earned more, less cost."""
        return self.earned.more - self.cost


def together(
    plan: LivePlan, options: Sequence[Option], watched: Sequence[Watched], *, weeks: int
) -> Together:
    """What options come to together.

    Parameters
    ----------
    options : sequence of Option
        Those of one SKU in the order in which they are decided.
    watched : sequence of Watched
        What was red or amber.
    weeks : int
        Activations that start or run in these first weeks are counted.
    """
    tried = NOTHING
    for option in options:
        tried = and_then(tried, option)
    skus = sorted(set[int]().union(*(touched_by(plan, o) for o in options)))
    without = {s: plan.sku(s) for s in skus}
    with_it = {s: as_if(plan, s, tried) for s in skus}
    span = {s: c.risk.demand.shape[2] if c.risk else RISK_WEEKS for s, c in without.items()}
    earned = [
        sum(expected(plan, computed, span[s])[1] for s, computed in one.items())
        for one in (without, with_it)
    ]
    short, at_risk = _on_the_bridge(plan, {s: c.items for s, c in with_it.items()}, weeks)
    instead = {(o.activation, o.sku): o.substitute for o in options if o.substitute}
    met = [w.menu[0].meets for w in watched]
    then = []
    for one, was in zip(watched, met, strict=True):
        key = (one.activation, one.sku)
        sku = plan.sku_index[instead.get(key, one.sku)]
        then.append(meets_target(plan, with_it[sku], one.activation) if sku in with_it else was)
    return Together(
        actions=len(options),
        short=short,
        at_risk=at_risk,
        earned=Pair(without=float(earned[0]), with_it=float(earned[1])),
        cost=float(sum(o.cost for o in options)),
        buys=float(sum(o.bought.spend for o in options if o.bought)),
        met=(sum(met), sum(then)),
        of=len(watched),
    )


def as_numbers(told: Together) -> dict[str, float | int | None]:
    """What options come to, as a command says it; None where it is not known."""
    found = {
        "short_before": told.short.without, "short_after": told.short.with_it,
        "at_risk_before": told.at_risk.without, "at_risk_after": told.at_risk.with_it,
        "margin": told.earned.more, "cost": told.cost, "net": told.net,
        "buys": told.buys,
    }  # fmt: skip
    amounts = {k: None if pd.isna(x) else round(float(x), 1) for k, x in found.items()}
    met = {"skus": told.of, "met_before": told.met[0], "met_after": told.met[1]}
    return {"actions": told.actions, **amounts, **met}


def one_by_one(
    plan: LivePlan, options: Sequence[Option], taken: Sequence[bool] | None = None
) -> list[Option]:
    """Options with what each does beside those before it of its SKU.

    Parameters
    ----------
    options : sequence of Option
        Those of one SKU stand beside each other.
    taken : sequence of bool, optional
        Which of them are decided: the others are left out of what stands before the next.
    """
    ticked = [True] * len(options) if taken is None else taken
    found = []
    pairs = zip(options, ticked, strict=True)
    for _, mine in groupby(pairs, key=lambda pair: (pair[0].activation, pair[0].sku)):
        since = NOTHING
        for option, is_taken in mine:
            found.append(judged(plan, option, since=since))
            since = and_then(since, option) if is_taken else since
    return found


def rows(plan: LivePlan, options: Sequence[Option]) -> pd.DataFrame:
    """Options that were judged, as a table.

    Returns
    -------
    DataFrame, one row per option
        COLUMNS: units short in the activation before and after, margin that it earns more,
        cost and net in money, last day to decide, who decides, what else it makes short, and
        what an order buys at cost (NaN unknown): no cost of it, the units are there then.
    """
    names = {a.activation: a.name for a in plan.activations()}
    found = [
        (
            o.label, o.told, o.sku, names.get(o.activation, o.activation), o.short_before,
            o.short_after, o.margin_saved, o.cost, o.net, o.last_date, deciders(o), o.warning,
            o.bought.spend if o.bought else 0.0,
        )
        for o in options
    ]  # fmt: skip
    frame = pd.DataFrame(found, columns=COLUMNS)
    digits = {"short_before": 3, "short_after": 3, "margin": 2, "cost": 2, "net": 2, "buys": 2}
    return frame.astype(dict.fromkeys(digits, float)).round(digits)


def deciders(option: Option) -> str:
    """Which function decides an option."""
    return " or ".join(f.label for f in RIGHTS[option.action])


@dataclass(frozen=True, slots=True, kw_only=True)
class Parted:
    """Options by whether a person may decide them."""

    mine: tuple[Option, ...]
    others: tuple[Option, ...]
    """Those that somebody else decides: they can be proposed to them."""

    @property
    def text(self) -> str:
        """Who decides the others; '' where there are none."""
        count: dict[str, int] = {}
        for option in self.others:
            count[deciders(option)] = count.get(deciders(option), 0) + 1
        return "; ".join(
            f"{n} of the actions {'is' if n == 1 else 'are'} for {who} to decide"
            for who, n in sorted(count.items())
        )


def parted(person: Person, options: Sequence[Option]) -> Parted:
    """What of some options a person may decide, and what is for others."""
    return Parted(
        mine=tuple(o for o in options if person.may(o.action)),
        others=tuple(o for o in options if not person.may(o.action)),
    )


def _on_the_bridge(
    plan: LivePlan, instead: Mapping[int, tuple[ItemRisk, ...]], weeks: int
) -> tuple[Pair, Pair]:
    """Units short and margin at risk on the Bridge, without and with other verdicts."""
    sums = []
    for items in (plan.items, {**plan.items, **instead}):
        mine = [i for found in items.values() for i in found if i.first < weeks]
        risks = [i.margin_at_risk for i in mine]
        known = [x for x in risks if x == x]
        sums.append(
            (float(sum(i.short.sum() for i in mine)), sum(known) if known else float("nan"))
        )
    (short, risk), (short_then, risk_then) = sums
    return Pair(without=short, with_it=short_then), Pair(without=risk, with_it=risk_then)
