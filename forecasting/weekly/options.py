"""The options for a shortage, side by side: what each saves, costs, and until when.

Five for every featured SKU that is short: order more, expedite, reallocate, shift the
featured SKU, reduce the expectation. Each is tried on the live plan and judged by what the
plan would then say. What is best of them together is in best_mix.py.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from forecasting.calendar import as_date
from forecasting.consensus.moves import Move
from forecasting.hierarchy import THOUSANDTHS, Floats
from forecasting.inventory import actions
from forecasting.inventory.actions import Outcome, Situation
from forecasting.inventory.bridge import ItemRisk
from forecasting.inventory.shipments import SUPPLIER, Shipment, supply_change
from forecasting.plan.live import LivePlan
from forecasting.weekly import orders
from forecasting.weekly.option import (
    Action,
    Option,
    Tried,
    blank,
    calendar_deadline,
    item_of,
    situation_of,
)
from forecasting.weekly.shifts import shift

HELPS = 0.2
"""Share of a shortage that an end of the lift has to prevent where it does not prevent it
all."""


def for_shortage(plan: LivePlan, activation: str, sku: str) -> list[Option]:
    """The five options for one featured SKU's shortage, and leaving it as it is."""
    item = item_of(plan, activation, sku)
    if item is None:
        return []
    computed = plan.sku(item.sku)
    situation = situation_of(plan, computed, item)
    before = actions.outcome(situation, plan.limits)
    more = order_more(plan, item, situation, before).option
    found = [
        expedite(plan, item, situation, before).option,
        reallocate(plan, item, situation, before).option,
        *shift(plan, item, situation, before),
        reduce(plan, item, situation, before).option,
    ]
    # What keeps the promise and the promotion comes first, where there is time for it.
    found = [more, *found] if more.is_open else [*found, more]
    return [*found, accept(plan, item, before)]


def order_more(plan: LivePlan, item: ItemRisk, situation: Situation, before: Outcome) -> Tried:
    """Order more from the supplier."""
    chosen, slack, why_not = orders.shipments(plan, item, situation)

    def said(moves: Sequence[Move]) -> str:
        to = sorted({m.to for m in moves})
        return (
            f"Order {sum(m.units for m in moves):,.0f} u more for {_listed(to, 'door')}, to "
            f"arrive in the week of {moves[0].arrives}"
        )

    tried = _tried(
        plan, item, situation, before, Action.ORDER, chosen, slack, said=said,
        nothing=why_not, late=why_not, dear=why_not,
    )  # fmt: skip
    if not chosen:
        return tried
    if not orders.saves(before, tried.outcome):
        nothing = replace(
            blank(plan, item, Action.ORDER, before),
            why_not="What would arrive in time is too little to matter.",
        )
        return Tried(option=nothing, situation=situation, outcome=before)
    cost = orders.bought(plan, item, situation, chosen)
    return replace(tried, option=replace(tried.option, bought=cost))


def expedite(plan: LivePlan, item: ItemRisk, situation: Situation, before: Outcome) -> Tried:
    """Bring open orders forward."""
    lines = plan.inbound.lines(item.sku)
    moved = {(m.receipt, m.to) for m in plan.standing.moves_of(item.sku) if m.receipt}
    if moved:
        doors = [plan.door_names[d] for d in lines.door]
        keys = zip(lines.receipt, doors, strict=True)
        lines = lines.take(np.array([key not in moved for key in keys], dtype=bool))
    unit_cost = plan.base.stated(item.sku, "expedite_cost", 0.0)
    chosen, slack = actions.expedite(situation, lines, unit_cost=unit_cost)

    def said(moves: Sequence[Move]) -> str:
        orders, to = sorted({m.receipt for m in moves}), sorted({m.to for m in moves})
        gained = max((m.leaves - m.arrives).days // 7 for m in moves)
        return (
            f"Bring {sum(m.units for m in moves):,.0f} u of {_listed(orders, 'order')} forward "
            f"by up to {gained} week{'' if gained == 1 else 's'} for {_listed(to, 'door')}"
        )

    return _tried(
        plan, item, situation, before, Action.EXPEDITE, chosen, slack, said=said,
        nothing="No open order for its doors can come earlier.",
        late="An order could have come earlier, but not any more in time.",
        dear="No open order saves more than expediting it costs.",
    )  # fmt: skip


def reallocate(plan: LivePlan, item: ItemRisk, situation: Situation, before: Outcome) -> Tried:
    """Move units from doors and centres that can spare them."""
    case = plan.base.stated(item.sku, "case_pack", 1.0)
    chosen, slack = actions.reallocate(
        situation, plan.base.network, reserve=_unsent(plan, item.sku), case_pack=case
    )
    nothing = "No other door or centre can spare a unit, or no lane leads here."
    if slack is None and situation.lacking.sum() == 0:
        nothing = "No door lacks a unit of its service level."
    names = dict(zip(plan.base.network.names, plan.base.network.said, strict=True))

    def said(moves: Sequence[Move]) -> str:
        givers = sorted({names[m.origin] for m in moves})
        takers = sorted({names[m.to] for m in moves})
        return (
            f"Move {sum(m.units for m in moves):,.0f} u from {_listed(givers, 'place')} to "
            f"{_listed(takers, 'door')}"
        )

    return _tried(
        plan, item, situation, before, Action.TRANSFER, chosen, slack, said=said,
        nothing=nothing,
        late="Units could have been moved, but would not arrive any more in time.",
        dear="No move saves more than it costs.",
    )  # fmt: skip


def _unsent(plan: LivePlan, sku: int) -> Floats:
    """Units at each centre, neither decided on nor on their usual way to doors, (C,)."""
    spare, sent = plan.spare_reserve(sku).copy(), plan.sku(sku).sent
    if sent is not None:
        spare[plan.base.centre[sku]] -= sent.sum()
    return np.maximum(spare, 0.0)


def reduce(plan: LivePlan, item: ItemRisk, situation: Situation, before: Outcome) -> Tried:
    """Expect, and cause, only as much lift as the stock supports."""
    empty = blank(plan, item, Action.REDUCE, before)
    activation = plan.activation(item.activation)
    dated = replace(empty, **calendar_deadline(plan, activation))

    def nothing(why: str) -> Tried:
        return Tried(option=replace(dated, why_not=why), situation=situation, outcome=before)

    share = actions.supported_lift(situation, before, plan.limits)
    if share >= 1.0:
        return nothing("Stock supports the whole lift.")
    window, at = item.window, item.doors
    plain = float((situation.demand - situation.lift_units)[at, window].sum())
    lifted = float(situation.lift_units[at, window].sum())
    full = 1 + lifted / plain if plain > 0 else 1.0
    lift = round(1 + share * (full - 1), 2)
    share = (lift - 1) / (full - 1) if full > 1 else 0.0
    reduced = situation.with_lift(share)
    after = actions.outcome(reduced, plan.limits)
    units, margin = actions.worth(before, after, situation.margin)
    if share <= 0.0 and units < max(HELPS * float(before.lost.sum()), 1.0):
        return nothing("Stock would be short without any lift: less of it does not help.")
    changed = activation.with_lift(plan.sku_names[item.sku], _stated(plan, item, share))
    option = replace(
        dated,
        said=f"Cut the activation back so that it lifts {plan.sku_names[item.sku]} "
        f"{lift:.2g}x instead of {full:.2g}x; {before.sold - after.sold:,.0f} u of expected "
        "sales are given up",
        before=activation,
        after=changed,
        lift_kept=share,
        units_saved=units,
        margin_saved=margin,
        short_after=float(after.short[at].sum()),
        fill_after=after.fill,
        meets=after.meets(plan.limits),
    )
    return Tried(option=option, situation=reduced, outcome=after)


def _stated(plan: LivePlan, item: ItemRisk, share: float) -> float:
    """The lift to state for the whole weeks that it runs, so that a share of it is left."""
    computed = plan.sku(item.sku)
    window, at = item.window, item.doors
    shown = plan.activation(item.activation).share(
        plan.base.weeks[window], plan.base.weekday_shares
    )
    units = dict(computed.lifts)[item.activation][at, window] / THOUSANDTHS
    plain = computed.baseline[at, window] / THOUSANDTHS
    exposed = float((plain * shown).sum())
    full = 1 + float(units.sum()) / exposed if exposed > 0 else 1.0
    return float(np.clip(round(1 + share * (full - 1), 3), 0.0, 50.0))


def accept(plan: LivePlan, item: ItemRisk, before: Outcome) -> Option:
    """Leave it as it is, on record."""
    short = float(before.short[item.doors].sum())
    return replace(
        blank(plan, item, Action.ACCEPT, before),
        said=f"Accept that about {short:,.0f} u will be short",
        margin_saved=0.0,
        last_date=as_date(plan.base.weeks[item.last]) + dt.timedelta(6),
    )


# Inside ---------------------------------------------------------------------------------


def _deadline(plan: LivePlan, slack: int) -> dict[str, Any]:
    """Last day of the week in which it can be decided."""
    last = as_date(plan.base.weeks[0]) + dt.timedelta(7 * slack + 6)
    return {"last_date": last, "is_past": slack < 0}


def _tried(
    plan: LivePlan,
    item: ItemRisk,
    situation: Situation,
    before: Outcome,
    action: Action,
    shipments: list[Shipment],
    slack: int | None,
    *,
    said: Callable[[Sequence[Move]], str],
    nothing: str,
    late: str,
    dear: str,
) -> Tried:
    """What shipments come to, or why there are none."""
    option = blank(plan, item, action, before)
    if slack is not None:
        option = replace(option, **_deadline(plan, slack))
    if not shipments:
        why = nothing if slack is None else late if slack < 0 else dear
        return Tried(option=replace(option, why_not=why), situation=situation, outcome=before)
    moved = situation.with_supply(supply_change(shipments, situation.demand.shape))
    after = actions.outcome(moved, plan.limits)
    units, margin = actions.worth(before, after, situation.margin)
    moves = tuple(_moves(plan, item.sku, shipments))
    option = replace(
        option,
        said=said(moves),
        moves=moves,
        units_saved=units,
        margin_saved=margin,
        cost=sum(s.cost for s in shipments),
        short_after=float(after.short[item.doors].sum()),
        fill_after=after.fill,
        meets=after.meets(plan.limits),
    )
    return Tried(option=option, situation=moved, outcome=after)


def _moves(plan: LivePlan, sku: int, shipments: Iterable[Shipment]) -> list[Move]:
    begin = as_date(plan.base.weeks[0])
    return [
        Move(
            sku=plan.sku_names[sku],
            to=plan.door_names[s.to],
            units=s.units,
            leaves=begin + dt.timedelta(7 * s.leaves),
            arrives=begin + dt.timedelta(7 * s.arrives),
            cost=round(s.cost, 2),
            origin="" if s.origin < 0 else plan.base.network.names[s.origin],
            receipt=s.receipt,
            known=_known(plan, sku, s) if s.origin == SUPPLIER else (),
        )
        for s in shipments
    ]


def _known(plan: LivePlan, sku: int, order: Shipment) -> tuple[str, ...]:
    """Open orders of a SKU for the door of a new one."""
    lines = plan.inbound.lines(sku)
    mine = lines.receipt[lines.door == order.to]
    return tuple(sorted({str(name) for name in mine if name}))


def _listed(names: Sequence[str], noun: str) -> str:
    """A few names, or how many there are."""
    if len(names) <= 2:
        return " and ".join(names)
    return f"{len(names)} {noun}s"
