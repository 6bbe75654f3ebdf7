"""Push back receipts: what can be done about a featured SKU of which too much is there.

Where the Bridge says *Excess*, what is still on order for those doors can come when they need
it. It costs no sale: each line comes while its door still has the weeks of supply that the
company aims at. Shortages come first: what a door has plenty of can help others.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np

from forecasting import write
from forecasting.calendar import as_date
from forecasting.hierarchy import THOUSANDTHS, Ints
from forecasting.inventory import buy_plan, pushing_back
from forecasting.inventory.arrivals import NEAR_WEEKS
from forecasting.inventory.bridge import BLUE, ItemRisk
from forecasting.inventory.shipments import Shipment, supply_change
from forecasting.plan.by_sku import Stamp, stamp_of
from forecasting.plan.live import LivePlan
from forecasting.weekly import orders
from forecasting.weekly.judging import judged
from forecasting.weekly.option import Action, Option, blank, item_of, situation_of
from forecasting.weekly.options import for_shortage, listed, moves_of

SURE = 0.99
"""Probability with which a door does without a line that waits."""


def offered(plan: LivePlan, activation: str, sku: str) -> list[Option]:
    """Everything that can be decided about one featured SKU."""
    return [*for_shortage(plan, activation, sku), *for_excess(plan, activation, sku)]


def stands_on(plan: LivePlan, activation: str, sku: str) -> Stamp:
    """What is offered holds while this is the same, whatever else of the plan changes.

    An option is judged by what it does to the SKU's class, and to the whole activation.
    """
    now = plan.activation(activation)
    class_ = plan.base.rivals == plan.base.rivals[plan.sku_index[sku]]
    beside = {plan.sku_index[i.sku] for i in now.items if i.sku in plan.sku_index}
    return stamp_of(plan, {*np.flatnonzero(class_).tolist(), *beside}, now)


def for_excess(plan: LivePlan, activation: str, sku: str) -> list[Option]:
    """What can be done about one featured SKU's excess; empty where no door has any."""
    item = item_of(plan, activation, sku)
    if item is None or not (item.status == BLUE).any():
        return []
    option = push_back(plan, item)
    return [option if option.why_not else judged(plan, option)]


def push_back(plan: LivePlan, item: ItemRisk) -> Option:
    """Push back what is on order for doors with excess, as far as they can do without."""
    option = blank(plan, item, Action.POSTPONE)
    doors = item.doors[item.status == BLUE]
    later = _later(plan, item, doors) if len(doors) else []
    if not later:
        return replace(
            option, why_not="Nothing that is on order for doors with excess can wait."
        )
    later.sort(key=lambda one: (one.arrives, one.receipt, one.to))
    moves = tuple(moves_of(plan, item.sku, later))
    last = as_date(plan.base.weeks[0]) + dt.timedelta(
        7 * (min(one.leaves for one in later) - NEAR_WEEKS) + 6
    )
    return replace(option, text=_in_words(plan, item, later), moves=moves, last_date=last)


def _later(plan: LivePlan, item: ItemRisk, doors: Ints) -> list[Shipment]:
    computed, n_weeks = plan.sku(item.sku), plan.base.shape3[2]
    moved = {(m.receipt, m.to) for m in plan.standing.moves_of(item.sku) if m.receipt}
    lines = plan.inbound.lines(item.sku)
    lines = pushing_back.movable(lines, doors.tolist(), n_weeks=n_weeks)
    names = [plan.door_names[d] for d in lines.door]
    keys = zip(lines.receipt, names, strict=True)
    lines = lines.take(np.array([key not in moved for key in keys], dtype=bool))
    if not len(lines):
        return []
    # By the dates that were promised, and without replenishment that nobody has ordered yet:
    # what is on order comes before anything new.
    demand = computed.draft / THOUSANDTHS
    return pushing_back.push_back(
        computed.stock,
        computed.firm - computed.late[0],
        demand,
        lines,
        enough=round(plan.limits.target_cover_weeks),
        safety=buy_plan.safety_stock(
            demand, alpha=plan.base.alpha_at(computed.lift_sd), level_sd=plan.base.level_sd,
            lift_sd=computed.lift_sd, lead_time=int(plan.base.lead_time[item.sku]),
            service=SURE,
        ),
    )  # fmt: skip


def _in_words(plan: LivePlan, item: ItemRisk, later: list[Shipment]) -> str:
    named = sorted({one.receipt for one in later})
    to = sorted({plan.base.network.labels[one.to] for one in later})
    weeks = max(one.arrives - one.leaves for one in later)
    situation = situation_of(plan, plan.sku(item.sku), item)
    change = supply_change(later, situation.demand.shape)
    left, then = (
        orders.left_over(situation)[0],
        orders.left_over(situation.with_supply(change))[0],
    )
    return (
        f"Push back {write.number(sum(one.units for one in later))} u of "
        f"{listed(named, 'order')} by up to {weeks} weeks for {listed(to, 'door')}, to "
        f"when they are down to {round(plan.limits.target_cover_weeks)} weeks of supply; "
        f"after the activation about {write.number(then)} u are left instead of "
        f"{write.number(left)} u"
    )
