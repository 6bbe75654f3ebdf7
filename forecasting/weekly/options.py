"""The options for a shortage, side by side: what each saves, costs, and until when.

Five for every featured SKU that is short: order more, expedite, reallocate, shift the
featured SKU, reduce the expectation. Each is found by quick arithmetic, and judged in the
figures that the plan would then show (judging.py). What is best of them together is in
best_mix.py.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from forecasting import write
from forecasting.calendar import as_date, week_label
from forecasting.consensus.moves import Move
from forecasting.errors import OutOfBounds
from forecasting.hierarchy import THOUSANDTHS, Floats
from forecasting.inventory import actions, buy_plan
from forecasting.inventory.actions import Outcome, Situation
from forecasting.inventory.bridge import ItemRisk
from forecasting.inventory.shipments import SUPPLIER, Shipment, supply_change
from forecasting.plan.live import LivePlan
from forecasting.weekly import orders
from forecasting.weekly.judging import judged
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
NO_LIFT = 1.05
"""Lift below which nothing is left of a promotion."""
TRIES, LESS = 4, 1 / 16
"""How often, and by what share of the lift, a reduction is made smaller that does not hold."""


def for_shortage(
    plan: LivePlan, activation: str, sku: str, *, alone: bool = False
) -> list[Option]:
    """The five options for one featured SKU's shortage, and leaving it as it is.

    Parameters
    ----------
    alone : bool
        Look at the SKU and what is featured in its place only. What the rest of the class
        gains, or becomes short of, is left out: for lists of many, where nobody decides.
    """
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
        *shift(plan, item),
        _reduction_that_holds(plan, item, situation, before),
    ]
    # What keeps the promise and the promotion comes first, where there is time for it.
    found = [more, *found] if more.is_open else [*found, more]
    known = [o.why_not != "" or (alone and o.effect is not None) for o in found]
    found_out = [
        o if is_known else judged(plan, o, touched=_own(plan, o, alone))
        for o, is_known in zip(found, known, strict=True)
    ]
    # Whoever robs another comes last, and says so.
    found_out.sort(key=lambda o: o.is_open and o.warning != "")
    return [*found_out, accept(plan, item)]


def _own(plan: LivePlan, option: Option, alone: bool) -> set[int] | None:
    """SKUs to look at, where the rest of the class is left out."""
    names = {option.sku, option.substitute or option.sku}
    return {plan.sku_index[name] for name in names} if alone else None


def order_more(plan: LivePlan, item: ItemRisk, situation: Situation, before: Outcome) -> Tried:
    """Order more from the supplier."""
    chosen, slack, why_not = orders.shipments(plan, item, situation)

    names = _place_names(plan)

    def in_words(moves: Sequence[Move]) -> str:
        to = sorted({names[m.to] for m in moves})
        return (
            f"Order {write.number(sum(m.units for m in moves))} u more for "
            f"{listed(to, 'door')}, to "
            f"arrive in {week_label(moves[0].arrives)}"
        )

    tried = _tried(
        plan, item, situation, before, Action.ORDER, chosen, slack, in_words=in_words,
        nothing=why_not, late=why_not, dear=why_not,
    )  # fmt: skip
    if not chosen:
        return tried
    if not orders.saves(before, tried.outcome):
        nothing = replace(
            blank(plan, item, Action.ORDER),
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

    names = _place_names(plan)

    def in_words(moves: Sequence[Move]) -> str:
        orders, to = sorted({m.receipt for m in moves}), sorted({names[m.to] for m in moves})
        gained = max((m.leaves - m.arrives).days // 7 for m in moves)
        return (
            f"Bring {write.number(sum(m.units for m in moves))} u of "
            f"{listed(orders, 'order')} forward "
            f"by up to {gained} week{'' if gained == 1 else 's'} for {listed(to, 'door')}"
        )

    return _tried(
        plan, item, situation, before, Action.EXPEDITE, chosen, slack, in_words=in_words,
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
    names = _place_names(plan)

    def in_words(moves: Sequence[Move]) -> str:
        givers = sorted({names[m.origin] for m in moves})
        takers = sorted({names[m.to] for m in moves})
        return (
            f"Move {write.number(sum(m.units for m in moves))} u from "
            f"{listed(givers, 'place')} to "
            f"{listed(takers, 'door')}"
        )

    return _tried(
        plan, item, situation, before, Action.TRANSFER, chosen, slack, in_words=in_words,
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
    share = actions.supported_lift(situation, before, plan.limits)
    return _cut_back(plan, item, situation, before, share)


def _reduction_that_holds(
    plan: LivePlan, item: ItemRisk, situation: Situation, before: Outcome
) -> Option:
    """A reduction that still holds once the whole class has answered to it, if there is one."""
    share = actions.supported_lift(situation, before, plan.limits)
    option = _cut_back(plan, item, situation, before, share).option
    for _ in range(TRIES):
        if option.why_not or option.gives_up:
            break
        effect = judged(plan, option, touched=[item.sku]).effect
        if effect is None or effect.of[1].meets:
            break
        share = max(share - LESS, 0.0)
        option = _cut_back(plan, item, situation, before, share).option
    return option


def _cut_back(
    plan: LivePlan, item: ItemRisk, situation: Situation, before: Outcome, share: float
) -> Tried:
    """Less lift: a share of what it is."""
    empty = blank(plan, item, Action.REDUCE)
    activation, name = plan.activation(item.activation), plan.sku_names[item.sku]
    dated = replace(empty, **calendar_deadline(plan, activation))

    def nothing(why: str) -> Tried:
        return Tried(option=replace(dated, why_not=why), situation=situation, outcome=before)

    if share >= 1.0:
        return nothing("Stock supports the whole lift.")
    window, at = item.window, item.doors
    plain = float((situation.demand - situation.lift_units)[at, window].sum())
    lifted = float(situation.lift_units[at, window].sum())
    full = 1 + lifted / plain if plain > 0 else 1.0
    lift = round(1 + share * (full - 1), 2)
    if lift < NO_LIFT:
        lift = 1.0
    share = (lift - 1) / (full - 1) if full > 1 else 0.0
    reduced = situation.with_lift(share)
    after = actions.outcome(reduced, plan.limits)
    units, _ = actions.worth(before, after, situation.margin)
    if share <= 0.0 and units < max(HELPS * float(before.lost.sum()), 1.0):
        return nothing("Stock would be short without any lift: less of it does not help.")
    text = (
        f"Cut the activation back so that it lifts {name} {write.figure(lift, 2)}x instead "
        f"of {write.figure(full, 2)}x"
        if lift > 1
        else f"Give up the promotion of {name}: it would sell without lift, 1x instead of "
        f"{write.figure(full, 2)}x"
    )
    option = replace(
        dated,
        text=text,
        before=activation,
        after=activation.with_lift(name, _stated(plan, item, share)),
        lift_kept=share,
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


def accept(plan: LivePlan, item: ItemRisk) -> Option:
    """Leave it as it is, on record."""
    option = replace(
        blank(plan, item, Action.ACCEPT),
        text=f"Accept that about {write.number(item.short.sum())} u will be short",
        last_date=as_date(plan.base.weeks[item.last]) + dt.timedelta(6),
    )
    return judged(plan, option)


def with_units(plan: LivePlan, option: Option, units: Sequence[float]) -> Option:
    """An option with other units of each of its moves; 0 leaves a move out.

    Raises
    ------
    OutOfBounds
        If nothing is left of it, or it moves nothing.
    """
    if not option.moves or len(units) != len(option.moves) or not sum(units) > 0:
        raise OutOfBounds("There are no such units in it: choose another option, or decline.")
    if list(units) == [m.units for m in option.moves]:
        return option
    moves = tuple(
        replace(m, units=n, cost=round(m.cost * n / m.units, 2))
        for m, n in zip(option.moves, units, strict=True)
        if n > 0
    )
    changed = replace(
        option, moves=moves, cost=sum(m.cost for m in moves), bought=None,
        text=f"{option.text} (changed to {write.number(sum(units))} u)",
    )  # fmt: skip
    return judged(plan, changed)


def in_total(plan: LivePlan, option: Option, units: float) -> Option:
    """An option with other units over all its moves, divided as it divides its own.

    Raises
    ------
    OutOfBounds
        As of `with_units`, or where units are no whole cases.
    """
    case = plan.base.stated(plan.sku_index[option.sku], "case_pack", 1.0)
    planned = np.array([m.units for m in option.moves])
    if not option.moves or units <= 0:
        raise OutOfBounds("Give units above zero, of an option that moves or orders some.")
    if abs(units / case - round(units / case)) > 1e-6:
        raise OutOfBounds(
            f"{option.sku} comes in cases of {write.figure(case)}: {write.figure(units, 6)} u "
            "is none."
        )
    parts = buy_plan.in_cases(planned, round(units / case)) * case
    return with_units(plan, option, parts.tolist())


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
    in_words: Callable[[Sequence[Move]], str],
    nothing: str,
    late: str,
    dear: str,
) -> Tried:
    """What shipments come to, or why there are none."""
    option = blank(plan, item, action)
    if slack is not None:
        option = replace(option, **_deadline(plan, slack))
    if not shipments:
        why = nothing if slack is None else late if slack < 0 else dear
        return Tried(option=replace(option, why_not=why), situation=situation, outcome=before)
    moved = situation.with_supply(supply_change(shipments, situation.demand.shape))
    after = actions.outcome(moved, plan.limits)
    moves = tuple(moves_of(plan, item.sku, shipments))
    option = replace(
        option, text=in_words(moves), moves=moves, cost=sum(s.cost for s in shipments)
    )
    return Tried(option=option, situation=moved, outcome=after)


def moves_of(plan: LivePlan, sku: int, shipments: Iterable[Shipment]) -> list[Move]:
    """Shipments of a SKU as what people have to carry out."""
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


def _place_names(plan: LivePlan) -> dict[str, str]:
    """What each place is called, by its code."""
    return dict(zip(plan.base.network.names, plan.base.network.labels, strict=True))


def _known(plan: LivePlan, sku: int, order: Shipment) -> tuple[str, ...]:
    """Open orders of a SKU for the door of a new one."""
    lines = plan.inbound.lines(sku)
    mine = lines.receipt[lines.door == order.to]
    return tuple(sorted({str(name) for name in mine if name}))


def listed(names: Sequence[str], noun: str) -> str:
    """A few names, or how many there are."""
    if len(names) <= 2:
        return " and ".join(names)
    return f"{len(names)} {noun}s"
