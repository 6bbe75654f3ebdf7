"""Order more: a new order of a featured SKU, where it can still arrive in time.

What each door lacks of its service level is ordered on the supplier's terms (cases, minimum,
lead time, frozen weeks, exit date) to be there when the activation begins, or as soon
after as it can. What it saves is judged as of every other option; what it is likely to
leave over is shown beside it, since an order is paid whether it sells or not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.special import ndtr

from forecasting.hierarchy import THOUSANDTHS, Floats
from forecasting.inventory import buy_plan
from forecasting.inventory.actions import Outcome, Situation
from forecasting.inventory.bridge import ItemRisk, level_of
from forecasting.inventory.buy_plan import Terms
from forecasting.inventory.newsvendor import cheapest_service
from forecasting.inventory.risk import NODE_WEIGHTS, cut_off
from forecasting.inventory.shipments import SUPPLIER, Shipment, supply_change
from forecasting.plan.basis import Base
from forecasting.plan.dated import LEAD_TIME
from forecasting.plan.live import LivePlan
from forecasting.weekly.service import MOST_SERVICE

HALVINGS = 40
LEAST_SAVED = 0.5
"""Units that an order has to save to be offered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bought:
    """What an order comes to besides what it saves."""

    units: float
    spend: float
    """At unit cost; NaN where none is known."""
    left: tuple[float, float]
    """Units left at all its doors after the activation's last week: half the time no more
    than the first, nine times in ten no more than the second."""
    left_without: tuple[float, float]
    """The same without the order."""
    aim: float
    """Share of such activations in which it is to be enough: the level that costs least."""
    stated: float
    """The level that the company states, which the buy plan orders for; at most `aim`."""
    stranded: float = 0.0
    """Of what it leaves more, half the time, units that are not sold by the exit date: worth
    their salvage only. 0 where the SKU has none."""

    @property
    def loss(self) -> float:
        """What those cost; NaN where no unit cost is known."""
        return self.stranded * self.spend / self.units if self.stranded else 0.0


def terms_of(base: Base, sku: int, *, frozen: int) -> Terms:
    """On what terms a SKU is ordered; `frozen`: first weeks without orders."""
    exit_date = base.facts["exit_date"][sku]
    last = None
    if not pd.isna(exit_date):
        last = int((np.datetime64(exit_date, "D") - base.weeks[0]).astype(int)) // 7
    terms = Terms(
        lead_time=int(base.lead_time[sku]),
        case=base.stated(sku, "case_pack", 1.0),
        least=base.stated(sku, "moq", 0.0),
        frozen=frozen,
        last=last,
    )
    if sku not in base.terms_ahead.get(LEAD_TIME, {}):
        return terms
    return terms.of_leads(base.lead_times_of(sku))


def shipments(
    plan: LivePlan, item: ItemRisk, situation: Situation
) -> tuple[list[Shipment], int | None, str]:
    """The order that would help.

    Returns
    -------
    shipments : list of Shipment
    slack : int or None
        Weeks that the decision can wait; negative: it is too late; None: no order can be
        placed at all.
    why_not : str
        '' where there is one.
    """
    base = plan.base
    if base.way(item.sku) is not None:
        return [], None, "Its orders go to a distribution centre: see the buy plan."
    terms = terms_of(base, item.sku, frozen=plan.limits.frozen_buy_weeks)
    arrives = max(situation.first, terms.first)
    until = arrives if terms.first <= situation.first else situation.last
    slack = until - terms.wait_for(until) - terms.frozen
    if slack < 0:
        late = f"An order takes {terms.lead_time} weeks and would come after the activation."
        return [], slack, late
    if terms.last is not None and arrives > terms.last:
        return [], None, "Nothing may arrive any more after its exit date."
    # That what is on order may be late is no reason to order it twice: both would be there.
    promised = replace(_as_promised(situation), service=service_in(plan, item, situation))
    room = _room(plan, item, promised)
    # Whole cases: of what a door has no room for the nearest number, else up to what it lacks.
    nearest = np.round(np.minimum(promised.lacking, room) / terms.case) * terms.case
    up = np.ceil(promised.lacking / terms.case - 1e-9) * terms.case
    lacking = np.where(up <= room, up, nearest)
    if not lacking.any():
        return [], slack, "No door lacks a unit that would sell soon enough afterwards."
    ahead = situation.demand[situation.doors, arrives:]
    units = buy_plan.rounded(lacking, ahead, terms)
    return (
        [
            Shipment(
                origin=SUPPLIER, to=int(door), units=float(n),
                leaves=arrives - terms.wait_for(arrives), arrives=arrives, cost=0.0,
            )
            for door, n in zip(situation.doors, units, strict=True)
            if n > 0
        ],
        slack,
        "",
    )  # fmt: skip


def _as_promised(situation: Situation) -> Situation:
    """The same if whatever is on order comes when it was promised."""
    if not (situation.late.any() or situation.doubt.any()):
        return situation
    return replace(
        situation, receipts=situation.receipts - situation.late, assessed=None,
        late=np.zeros_like(situation.late), doubt=np.zeros_like(situation.doubt),
    )  # fmt: skip


def service_in(plan: LivePlan, item: ItemRisk, situation: Situation) -> float:
    """Probability of no stockout that an order for an activation aims at.

    The level that costs least, and at least the one that is stated: a unit short loses its
    margin in the activation; one too many is held for as long as stock that the company
    aims at lasts, since no more is ordered than sells then (`_room`). Where customers wait,
    or one of these is not known, the stated level.
    """
    margin = item.usual_margin
    known = ~np.isnan(margin)
    if plan.limits.stores_wait or not known.any():
        return situation.service
    price = level_of(item.price, item.demand)[known].mean()
    cost = price - margin[known].mean()
    weeks = plan.limits.target_cover_weeks
    level = cheapest_service(
        np.array([price]),
        np.array([cost]),
        np.array([plan.base.stated(item.sku, "holding_cost", np.nan) * weeks]),
        np.array([plan.limits.goodwill_share * price]),
        waits=False,
    )
    least = float(level[0]) if level[0] == level[0] else 0.0
    return max(situation.service, min(least, MOST_SERVICE))


def _room(plan: LivePlan, item: ItemRisk, situation: Situation) -> Floats:
    """Units that each door can take without more being left than sells soon, (n,).

    Safety stock for a promotion is left over half the time: it may be as much as sells in the
    weeks of supply that the company aims at, after the activation and before the exit date.
    Of goods whose season is over by then that is little, of others more than is lacking.
    """
    at, last = situation.doors, situation.last
    until = last + 1 + round(plan.limits.target_cover_weeks)
    exits = terms_of(plan.base, item.sku, frozen=0).last
    if exits is not None:
        until = min(until, max(exits, last) + 1)
    risk = situation.risk()
    left = risk.stock_mean[:, at, last] + risk.receipts[:, at, last] - risk.demand[:, at, last]
    sells = plan.sku(item.sku).draft[at, last + 1 : until].sum(axis=1) / THOUSANDTHS
    room: Floats = np.ceil(np.maximum(sells - NODE_WEIGHTS @ left, 0.0))
    return room


def bought(
    plan: LivePlan, item: ItemRisk, before: Situation, ordered: list[Shipment]
) -> Bought:
    """What an order costs and is likely to leave over."""
    units = sum(s.units for s in ordered)
    change = supply_change(ordered, before.demand.shape)
    left, without = left_over(before.with_supply(change)), left_over(before)
    terms = terms_of(plan.base, item.sku, frozen=0)
    stranded = 0.0
    if terms.last is not None:
        until = slice(before.last + 1, max(terms.last, before.last) + 1)
        sold = float(plan.sku(item.sku).draft[before.doors][:, until].sum()) / THOUSANDTHS
        stranded = max(left[0] - max(sold, without[0]), 0.0)
    return Bought(
        units=units,
        spend=units * float(plan.base.cost_of(item.sku)[item.first]),
        left=left, left_without=without, stranded=stranded,
        aim=service_in(plan, item, before), stated=before.service,
    )  # fmt: skip


def left_over(situation: Situation) -> tuple[float, float]:
    """Units left at the activation's doors after its last week, at P50 and P90."""
    risk, at, t = situation.risk(), situation.doors, situation.last
    at = at[situation.known[at]]
    left = risk.stock_mean[:, at, t] + risk.receipts[:, at, t] - risk.demand[:, at, t]
    sure = np.maximum(risk.stock_sd[:, at, t] ** 2 - risk.forgotten[:, at, t], 0.0)
    variance = sure + risk.demand_sd[:, at, t] ** 2 + risk.doubt[at, t] + 1e-9
    kept, spread = cut_off(left, variance)
    # Errors that doors share are in the nodes; given those, doors scatter on their own.
    mean, sd = kept.sum(axis=1), np.sqrt(spread.sum(axis=1)) + 1e-9
    return _quantile(mean, sd, 0.5), _quantile(mean, sd, 0.9)


def _quantile(mean: Floats, sd: Floats, share: float) -> float:
    low, high = 0.0, float((mean + 8 * sd).max())
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if float(NODE_WEIGHTS @ ndtr((middle - mean) / sd)) < share:
            low = middle
        else:
            high = middle
    return high


def saves(before: Outcome, after: Outcome) -> bool:
    """Whether an order prevents enough to be worth saying."""
    return float(before.lost.sum() - after.lost.sum()) >= LEAST_SAVED
