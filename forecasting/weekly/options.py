"""The ways out of a stockout, side by side: what each saves, costs, and until when.

Five for every featured SKU that is short: order more, expedite, reallocate, shift the
featured SKU, reduce the expectation. Each is tried on the live plan and judged by what the
plan would then say. What is best of them together is in best_mix.py.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np

from forecasting.calendar import as_date
from forecasting.consensus.activations import Activation, Item
from forecasting.consensus.moves import Move
from forecasting.hierarchy import THOUSANDTHS, Floats
from forecasting.inventory import actions
from forecasting.inventory.actions import Outcome, Shipment, Situation
from forecasting.inventory.bridge import ItemRisk
from forecasting.plan.basis import Base
from forecasting.plan.live import LivePlan
from forecasting.plan.sku import SkuPlan, WhatIf
from forecasting.weekly import orders
from forecasting.weekly.orders import Bought

SUBSTITUTES = 5
"""Substitutes that are worked out in full, of those most alike."""
HELPS = 0.2
"""Share of a shortage that an end of the lift has to prevent where it does not prevent it
all."""
SERVICE = 0.95
"""Service level of a SKU that states none."""
MOST_SERVICE = 0.999
"""Highest service level that stock is planned for: no stock is enough for certain."""


class Action(StrEnum):
    """What can be decided about a featured SKU; its value is the right to (rights.RIGHTS)."""

    ORDER = "order"
    EXPEDITE = "expedite"
    TRANSFER = "transfer"
    SHIFT = "shift"
    REDUCE = "reduce"
    ACCEPT = "accept"

    @property
    def label(self) -> str:
        """As shown on a page."""
        return {
            "order": "Order more",
            "expedite": "Expedite receipts",
            "transfer": "Reallocate from other doors",
            "shift": "Shift the featured SKU",
            "reduce": "Reduce the expectation",
            "accept": "Accept the risk",
        }[self.value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One way out, worked out."""

    action: Action
    activation: str
    sku: str
    said: str
    """What would be done, in words."""
    moves: tuple[Move, ...] = ()
    before: Activation | None = None
    after: Activation | None = None
    """The activation as it is, and as it would be."""
    short_before: float = 0.0
    """Expected units short in the activation as it is; of a shift, of both SKUs."""
    substitute: str = ""
    lift_kept: float = 1.0
    """Of a reduction, the share of the lift that is left."""
    units_saved: float = 0.0
    """Expected units short that it prevents, at all doors; of a shift, units sold more."""
    margin_saved: float = np.nan
    """The same in margin; sales given up count against it. NaN: no margin is known."""
    cost: float = 0.0
    short_after: float = np.nan
    """Expected units short in the activation that remain."""
    fill_after: float = np.nan
    meets: bool = False
    """No fair share of demand is red any more."""
    last_date: dt.date | None = None
    """Last day on which it can be decided; None where it never could be."""
    is_past: bool = False
    """That day is over."""
    bought: Bought | None = None
    """Of an order, what it costs and is likely to leave over."""
    why_not: str = ""
    """Why there is nothing to do, '' where there is."""

    @property
    def net(self) -> float:
        """Margin saved less cost."""
        return self.margin_saved - self.cost

    @property
    def is_open(self) -> bool:
        """Whether it can be decided now."""
        return not self.why_not and not self.is_past

    def laid_over(self, now: Activation) -> Activation:
        """An activation as a change of the calendar makes it, whatever others made of it."""
        assert self.before is not None
        assert self.after is not None
        changed = dict(zip(self.before.items, self.after.items, strict=True))
        return replace(now, items=tuple(changed.get(i, i) for i in now.items))


def service_of(base: Base, sku: int, least: float) -> float:
    """Service level of a SKU: what it states, or what policy asks at least.

    No stock is enough for certain: more than `MOST_SERVICE` is planned for as that.
    """
    return min(max(base.stated(sku, "service_level", SERVICE), least), MOST_SERVICE)


def situation_of(plan: LivePlan, computed: SkuPlan, item: ItemRisk) -> Situation:
    """What the actions on one featured SKU start from."""
    base, sku = plan.base, item.sku
    risk = computed.risk
    assert risk is not None
    ahead = slice(0, risk.demand.shape[2])
    lifts = dict(computed.lifts)[item.activation] / THOUSANDTHS
    margin = np.full(len(computed.opening), np.nan)
    margin[:] = (base.price_of(sku) - base.cost_of(sku))[:, item.window].mean(axis=1)
    margin[item.doors] = item.usual_margin
    return Situation(
        doors=item.doors,
        first=item.first,
        last=item.last,
        opening=np.maximum(np.nan_to_num(computed.opening), 0.0),
        receipts=computed.firm[:, ahead],
        doubt=computed.late[1][:, ahead],
        demand=computed.draft[:, ahead] / THOUSANDTHS,
        lift_units=lifts[:, ahead],
        lift_sd=computed.lift_sd[ahead],
        alpha=base.alpha_at(computed.lift_sd[ahead]),
        level_sd=base.level_sd,
        usual=computed.usual,
        known=computed.known,
        margin=margin,
        service=service_of(base, sku, plan.limits.least_service),
        presentation=base.stated(sku, "presentation_min", 0.0),
        assessed=risk,
    )


def item_of(plan: LivePlan, activation: str, sku: str) -> ItemRisk | None:
    """The verdict on one featured SKU; None where it is not judged."""
    at = plan.sku_index.get(sku)
    items = plan.sku(at).items if at is not None else ()
    return next((i for i in items if i.activation == activation), None)


def gap_to_service(plan: LivePlan, activation: str, sku: str) -> tuple[float, float]:
    """Units that a featured SKU lacks of its service level, over all doors; that level."""
    item = item_of(plan, activation, sku)
    if item is None:
        return 0.0, SERVICE
    situation = situation_of(plan, plan.sku(item.sku), item)
    return float(situation.lacking.sum()), situation.service


def ways_out(plan: LivePlan, activation: str, sku: str) -> list[Option]:
    """The five ways out of one featured SKU's shortage, and leaving it as it is."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A way out, and where it leaves the SKU."""

    option: Option
    situation: Situation
    outcome: Outcome


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
            _blank(plan, item, Action.ORDER, before),
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
    blank = _blank(plan, item, Action.REDUCE, before)
    activation = plan.activation(item.activation)
    dated = replace(blank, **calendar_deadline(plan, activation))

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
        _blank(plan, item, Action.ACCEPT, before),
        said=f"Accept that about {short:,.0f} u will be short",
        margin_saved=0.0,
        last_date=as_date(plan.base.weeks[item.last]) + dt.timedelta(6),
    )


def shift(
    plan: LivePlan,
    item: ItemRisk,
    situation: Situation,
    before: Outcome,
    *,
    instead: Sequence[int] | None = None,
) -> list[Option]:
    """Feature another SKU instead, the best substitute first; both SKUs worked out.

    Parameters
    ----------
    instead : sequence of int, optional
        SKUs that are tried; those most alike if left out.
    """
    blank = _blank(plan, item, Action.SHIFT, before)
    activation = plan.activation(item.activation)
    dated = replace(blank, **calendar_deadline(plan, activation))
    others = substitutes(plan, item) if instead is None else instead
    tried = [_shifted(plan, item, situation, before, dated, s) for s in others]
    good = sorted(
        (o for o in tried if o is not None and (o.meets or o.margin_saved > 0)),
        key=lambda o: (not o.meets, -np.nan_to_num(o.margin_saved)),
    )
    if good:
        return good[:2]
    return [
        replace(
            dated,
            why_not="No SKU of its class would sell more in its place with its stock.",
        )
    ]


def substitutes(plan: LivePlan, item: ItemRisk) -> list[int]:
    """SKUs of the class that could be featured instead, most alike and best covered first.

    Alike: same style, then near in price; covered: stock now over a month's baseline.
    """
    base = plan.base
    featured = {i.sku for i in plan.activation(item.activation).items}
    same = np.flatnonzero(base.rivals == base.rivals[item.sku])
    free = np.array([s for s in same if plan.sku_names[s] not in featured], dtype=np.int64)
    if not len(free):
        return []
    doors = item.doors
    level = np.nan_to_num(base.level[free][:, doors])
    pace = level.sum(axis=1) * base.shape[free][:, item.first]
    stock = np.nan_to_num(base.opening[free][:, doors]).sum(axis=1)
    ranged = (level > 0).mean(axis=1)
    price = base.usual_by_week[:, item.first]
    apart = np.abs(np.log(np.maximum(price[free], 0.01) / max(price[item.sku], 0.01)))
    style = (base.facts["style"][free] == base.facts["style"][item.sku]).astype(float)
    cover = np.minimum(stock / np.maximum(4 * pace, 1e-9), 3.0)
    likeness = style - np.nan_to_num(apart, nan=1.0) + 0.5 * cover
    able = (ranged >= 0.5) & (pace > 0) & (stock > 0)
    order = np.argsort(-np.where(able, likeness, -np.inf), kind="stable")
    return [int(free[i]) for i in order[:SUBSTITUTES] if able[i]]


def _shifted(
    plan: LivePlan,
    item: ItemRisk,
    situation: Situation,
    before: Outcome,
    dated: Option,
    other: int,
) -> Option | None:
    activation = plan.activation(item.activation)
    name, instead = plan.sku_names[item.sku], plan.sku_names[other]
    items = tuple(
        Item(sku=instead, door=i.door, discount=i.discount) if i.sku == name else i
        for i in activation.items
    )
    after = replace(activation, items=items)
    tried = WhatIf(activation=after)
    theirs = plan.sku_if(other, tried)
    judged = next((i for i in theirs.items if i.activation == item.activation), None)
    if judged is None or theirs.risk is None:
        return None
    featured = situation_of(plan, theirs, judged)
    result = actions.outcome(featured, plan.limits)
    # Sales of both SKUs in the weeks of the activation, with the one featured and the other.
    window, at = item.window, item.doors
    plain_mine = (situation.demand - situation.lift_units)[at, window].sum()
    alone = actions.outcome(situation.with_lift(0.0), plan.limits)
    now = plan.sku(other)
    wanted_before = now.draft[judged.doors, window].sum() / THOUSANDTHS
    sold_before = wanted_before - now.projection.lost[judged.doors, window].sum()
    # The other SKU may be short by itself: that is not the shift's doing.
    unfeatured = actions.outcome(featured.with_lift(0.0), plan.limits)
    value = float(np.nanmean(situation.margin[at]))
    price = np.nanmean(judged.usual_margin) if len(judged.doors) else np.nan
    mine = (alone.sold - before.sold) * value
    gained = (result.sold - sold_before) * float(price)
    lift = judged.window_demand.sum() / max(
        judged.window_demand.sum() - judged.window_lift.sum(), 1e-9
    )
    described = plan.base.facts["description"][other]
    shown = described if isinstance(described, str) and described else instead
    return replace(
        dated,
        said=f"Feature {shown} instead: it would lift {lift:.2g}x and cover "
        f"{result.fill:.0%} of its demand",
        before=activation,
        after=after,
        substitute=instead,
        units_saved=float(alone.sold - before.sold + result.sold - sold_before),
        margin_saved=float(mine + gained),
        short_before=dated.short_before + float(unfeatured.short[judged.doors].sum()),
        short_after=float(result.short[judged.doors].sum() + alone.short[at].sum()),
        fill_after=float(
            1
            - (result.short[judged.doors].sum() + alone.short[at].sum())
            / max(judged.window_demand.sum() + plain_mine, 1e-9)
        ),
        meets=result.meets(plan.limits) and alone.meets(plan.limits),
    )


def calendar_deadline(plan: LivePlan, activation: Activation) -> dict[str, Any]:
    """Until when the calendar can be changed: the lock date, else the day before it starts.

    Returns
    -------
    dict
        last_date, is_past: fields of an Option.
    """
    last = activation.lock_date or activation.start - dt.timedelta(1)
    return {"last_date": last, "is_past": last < as_date(plan.base.weeks[0])}


# Inside ---------------------------------------------------------------------------------


def _blank(plan: LivePlan, item: ItemRisk, action: Action, before: Outcome) -> Option:
    return Option(
        action=action,
        activation=item.activation,
        sku=plan.sku_names[item.sku],
        said="",
        short_before=float(before.short[item.doors].sum()),
        short_after=float(before.short[item.doors].sum()),
        fill_after=before.fill,
    )


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
    option = _blank(plan, item, action, before)
    if slack is not None:
        option = replace(option, **_deadline(plan, slack))
    if not shipments:
        why = nothing if slack is None else late if slack < 0 else dear
        return Tried(option=replace(option, why_not=why), situation=situation, outcome=before)
    moved = situation.with_supply(actions.supply_change(shipments, situation.demand.shape))
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
            known=_known(plan, sku, s) if s.origin == actions.SUPPLIER else (),
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
