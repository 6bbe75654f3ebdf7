"""The best mix: what to do about everything that is short, worked out together.

Each action saves less beside another. So combinations are worked out SKU by SKU, one action
after the other, and one combination of each SKU is chosen within a budget. They are found and
chosen by quick arithmetic; what is shown of those chosen is in together.py.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array

from forecasting.inventory import actions
from forecasting.inventory.actions import Outcome, Situation
from forecasting.inventory.bridge import ItemRisk, group_status
from forecasting.plan.by_sku import stamp_of
from forecasting.plan.live import LivePlan
from forecasting.vocabulary import Status
from forecasting.weekly.option import Action, Option, calendar_deadline, situation_of
from forecasting.weekly.options import expedite, order_more, reallocate, reduce
from forecasting.weekly.shifts import shift, substitutes

AT_ONCE = 2
"""SKUs worked out at once: while the solver has one, Python has another; a third waits."""
WAYS = ((order_more, expedite, reallocate), (expedite, reallocate), (reallocate,))
"""In which order supply is tried: what keeps the promise at no cost first, where there is time
for it. Each goes on where those before it did not reach the target."""
SERVICE_STEP = 0.09
"""What a tenth of a shortage prevented counts for beside 1 for the service target."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Combination:
    """Actions on one SKU that were worked out one after the other."""

    options: tuple[Option, ...]
    meets: bool
    cost: float
    margin: float
    """Of what is sold more; sales given up count against it."""
    units: float
    """Units short that it prevents."""
    short: float
    """Units short as it is."""
    pays: bool = True
    """Each of its actions earns more than it costs, and than what it leaves at an exit date."""

    @property
    def service(self) -> float:
        """1 at the service target; below it by tenths of the shortage that are prevented."""
        if self.meets:
            return 1.0
        share = self.units / self.short if self.short > 0 else 0.0
        return SERVICE_STEP * float(np.floor(10 * np.clip(share, 0.0, 1.0)))

    @property
    def is_supply(self) -> bool:
        """Whether the calendar stays as it is."""
        return all(o.moves for o in self.options)

    @property
    def is_free(self) -> bool:
        """Whether it gives up nothing: no sale, no promotion, no margin."""
        return self.is_supply and self.pays


class Aim(StrEnum):
    """What a mix is chosen for."""

    SERVICE = "service"
    MARGIN = "margin"

    @property
    def label(self) -> str:
        """As shown on a page."""
        return {"service": "Service target", "margin": "Most margin"}[self.value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """What to do about several featured SKUs together."""

    chosen: tuple[Option, ...]
    """Those of one SKU beside each other, in the order in which they were worked out."""
    left: tuple[tuple[str, str], ...]
    """Activation and SKU of what is not brought to the service target."""
    cost: float
    margin_saved: float
    """Sales that are given up count against it."""
    units_saved: float
    """Units short that are prevented."""
    budget: float | None
    considered: int
    """Featured SKUs that were red or amber."""

    @property
    def net(self) -> float:
        """Margin saved less cost."""
        return self.margin_saved - self.cost

    def of(self, *actions_: Action) -> tuple[Option, ...]:
        """Those of some actions."""
        return tuple(o for o in self.chosen if o.action in actions_)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """One featured SKU that is red or amber, and the most that supply can still do."""

    activation: str
    sku: str
    status: Status
    units_short: float
    margin_at_risk: float
    """NaN where no margin is known."""
    best: Combination
    """What supply can do that gains most; without options where nothing is left that pays."""
    menu: tuple[Combination, ...]
    """Everything that was worked out, doing nothing first."""

    @property
    def weight(self) -> float:
        """What it is listed by: money at risk times what can still be done about it."""
        return float(np.nan_to_num(self.margin_at_risk)) * (0.1 + 0.9 * self.share)

    @property
    def share(self) -> float:
        """Share of the shortage that can still be prevented."""
        if not self.best.options or self.units_short <= 0:
            return 0.0
        return float(np.clip(self.best.units / self.units_short, 0.0, 1.0))

    @property
    def last_date(self) -> dt.date | None:
        """Last day for the first of the actions that are worth it."""
        days = [o.last_date for o in self.best.options if o.last_date]
        return min(days) if days else None


def watch_list(
    plan: LivePlan, *, activation: str | None = None, weeks: int = 8, since: int = 0
) -> list[Watched]:
    """Featured SKUs that are red or amber, those first where most can still be saved.

    A SKU stands once, in the activation where most of it is short.

    Parameters
    ----------
    activation : str, optional
        Only this one; all that begin within `weeks` if left out, from week `since` on.
    """
    worst: dict[int, ItemRisk] = {}
    for found in plan.items.values():
        for item in found:
            begins = since <= item.first < weeks
            asked = item.activation == activation if activation else begins
            if not asked or not item.is_watched:
                continue
            if item.sku not in worst or item.short.sum() > worst[item.sku].short.sum():
                worst[item.sku] = item
    watched = []
    items = list(worst.values())
    # The solver works outside Python: two SKUs at once, in the order in which they came.
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        menus = list(pool.map(partial(_kept_menu, plan, short=frozenset(worst)), items))
    for item, menu in zip(items, menus, strict=True):
        watched.append(
            Watched(
                activation=item.activation,
                sku=plan.sku_names[item.sku],
                status=group_status(item.status, item.window_demand, plan.limits),
                units_short=float(item.short.sum()),
                margin_at_risk=item.margin_at_risk,
                best=max((c for c in menu if c.is_free), key=lambda c: c.margin - c.cost),
                menu=tuple(menu),
            )
        )
    return sorted(watched, key=lambda w: (-w.weight, -w.units_short, w.sku))


def best_mix(
    watched: Sequence[Watched],
    *,
    budget: float | None = None,
    aim: Aim = Aim.SERVICE,
    calendar: bool = False,
) -> Mix:
    """The cheapest feasible combination that brings what is short to its service target.

    For each featured SKU combinations are worked out together, since each action saves
    less beside the other: more ordered, orders brought forward, units moved, and where asked,
    less lift for what supply leaves or another SKU. One combination a SKU is then chosen, an
    exact multiple-choice knapsack within the budget; nobody stands in for two.

    Parameters
    ----------
    watched : sequence of Watched
        From `watch_list`.
    budget : float, optional
        Most money to spend on expediting and moving. What orders buy is there afterwards: it is
        no cost, but stated beside.
    aim : Aim
        SERVICE: as many SKUs as possible at their target, and where that cannot be the
        most of the shortage prevented; of the ways there, the one with most margin net of
        cost. MARGIN: the most margin net of cost, whoever stays short.
    calendar : bool
        Whether promotions may be reduced or shifted as well, and what costs more than it
        earns may be done where that reaches the aim. Else every action earns what it costs.
    """
    menus = [[c for c in w.menu if calendar or c.is_free] for w in watched]
    picked = _picked(menus, budget, aim)
    taken = [menu[n] for menu, n in zip(menus, picked, strict=True)]
    best_first = sorted(taken, key=lambda c: c.cost - c.margin)
    return Mix(
        chosen=tuple(option for c in best_first for option in c.options),
        left=tuple(
            (w.activation, w.sku) for w, c in zip(watched, taken, strict=True) if not c.meets
        ),
        cost=float(sum(c.cost for c in taken)),
        margin_saved=float(sum(c.margin for c in taken)),
        units_saved=float(sum(c.units for c in taken)),
        budget=budget,
        considered=len(watched),
    )


_MENUS: WeakKeyDictionary[LivePlan, dict[int, tuple[object, list[Combination]]]] = (
    WeakKeyDictionary()
)
"""Of every plan that is open, by SKU: what a menu stands on, and the menu."""


def _kept_menu(plan: LivePlan, item: ItemRisk, *, short: frozenset[int]) -> list[Combination]:
    """The menu of a SKU, worked out anew where anything changed that it stands on.

    That is the SKU and those that could be featured in its place: all else of the plan may
    change all day.
    """
    rivals = np.flatnonzero(plan.base.rivals == plan.base.rivals[item.sku]).tolist()
    stands_on = stamp_of(plan, {item.sku, *rivals}, plan.activation(item.activation))
    stamp = stands_on, short.intersection(rivals)
    known = _MENUS.setdefault(plan, {})
    if item.sku not in known or known[item.sku][0] != stamp:
        known[item.sku] = (stamp, _menu(plan, item, short=short))
    return known[item.sku][1]


def _menu(plan: LivePlan, item: ItemRisk, *, short: frozenset[int]) -> list[Combination]:
    """What can be done about one featured SKU; doing nothing comes first.

    Parameters
    ----------
    short : frozenset of int
        SKUs that are short themselves and stand in for nobody.
    """
    start = situation_of(plan, plan.sku(item.sku), item)
    before = actions.outcome(start, plan.limits)
    ends = _supply(plan, item, start, before)
    menu = list(ends)
    nothing = menu[0]
    best = max(menu, key=lambda c: c.margin - c.cost)
    for supplied in dict.fromkeys((nothing, best)):
        if not supplied.meets:
            tried = reduce(plan, item, *ends[supplied])
            if tried.option.is_open:
                options = (*supplied.options, tried.option)
                menu.append(_combined(options, start, before, tried.outcome, plan))
    if not best.meets:
        menu += _instead(plan, item, before, short)
    return menu


def _supply(
    plan: LivePlan, item: ItemRisk, start: Situation, before: Outcome
) -> dict[Combination, tuple[Situation, Outcome]]:
    """What supply can do about one SKU, and where each leaves it; doing nothing first."""
    ends = {_combined((), start, before, before, plan): (start, before)}
    for order in WAYS:
        situation, now = start, before
        taken: list[Option] = []
        pays = True
        for way in order:
            tried = way(plan, item, situation, now)
            if not tried.option.is_open:
                break
            taken.append(tried.option)
            gained = _gained(*actions.worth(now, tried.outcome, start.margin))
            pays &= gained >= tried.option.cost + _stranded(tried.option)
            situation, now = tried.situation, tried.outcome
            found = replace(_combined(tuple(taken), start, before, now, plan), pays=pays)
            ends[found] = situation, now
            if found.meets:
                break
    return ends


def _stranded(option: Option) -> float:
    """What an order loses in what it leaves at the exit date; where no cost is known, a unit
    counts as one, as it does where it is gained.
    """
    bought = option.bought
    if bought is None:
        return 0.0
    return bought.stranded if np.isnan(bought.loss) else bought.loss


def _instead(
    plan: LivePlan, item: ItemRisk, before: Outcome, short: frozenset[int]
) -> list[Combination]:
    """The substitute most alike that is not short itself, where it is not too late.

    One that would be short once it is featured stands in for nobody either.
    """
    if calendar_deadline(plan, plan.activation(item.activation))["is_past"]:
        return []
    able = [s for s in substitutes(plan, item) if s not in short]
    found = []
    for option in shift(plan, item, instead=able[:1]):
        effect = option.effect
        if not option.is_open or effect is None or effect.harmed:
            continue
        units = -effect.short.more
        found.append(
            Combination(
                options=(option,),
                meets=effect.of[1].meets,
                cost=0.0,
                margin=_gained(units, effect.gained),
                units=units,
                short=float(before.lost.sum()),
            )
        )
    return found


def _combined(
    taken: tuple[Option, ...], start: Situation, before: Outcome, now: Outcome, plan: LivePlan
) -> Combination:
    units, margin = actions.worth(before, now, start.margin)
    return Combination(
        options=taken,
        meets=now.meets(plan.limits),
        cost=sum(o.cost for o in taken),
        margin=_gained(units, margin),
        units=units,
        short=float(before.lost.sum()),
    )


def _gained(units: float, margin: float) -> float:
    """What is gained in money; where no margin is known, a unit counts as one."""
    return units if np.isnan(margin) else margin


def _picked(
    menus: Sequence[Sequence[Combination]], budget: float | None, aim: Aim
) -> list[int]:
    """One combination of every menu, within the budget, nobody standing in for two."""
    if not menus:
        return []
    group = np.repeat(np.arange(len(menus)), [len(m) for m in menus])
    every = [c for menu in menus for c in menu]
    n = len(every)
    cost = np.array([c.cost for c in every])
    gain = np.array([c.margin - c.cost for c in every])
    if aim is Aim.SERVICE:
        # The least step of service outweighs all the money there is.
        all_money = np.abs(gain).sum() + 1.0
        gain = gain + np.array([c.service for c in every]) / SERVICE_STEP * all_money
    one_each = coo_array((np.ones(n), (group, np.arange(n))))
    limits = [LinearConstraint(one_each.tocsc(), 1, 1)]
    if budget is not None:
        limits.append(LinearConstraint(cost[None, :], -np.inf, budget))
    names = [next((o.substitute for o in c.options if o.substitute), "") for c in every]
    stands_in, name = pd.factorize(np.array(names, dtype=object))
    where = np.flatnonzero(np.array([bool(x) for x in names]))
    if len(where):
        once = coo_array((np.ones(len(where)), (stands_in[where], where)), shape=(len(name), n))
        limits.append(LinearConstraint(once.tocsc(), -np.inf, 1))
    result = milp(-gain, integrality=np.ones(n), bounds=Bounds(0, 1), constraints=limits)
    chosen = np.rint(result.x) > 0 if result.x is not None else np.zeros(n, bool)
    picked = []
    for g in range(len(menus)):
        mine = np.flatnonzero(chosen[group == g])
        picked.append(int(mine[0]) if len(mine) else 0)
    return picked
