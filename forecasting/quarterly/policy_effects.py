"""What a setting would change, worked out before it is made; nothing is changed by it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from data import scores
from data.store import Store
from forecasting import conventions, write
from forecasting.calendar import quarter_label
from forecasting.consensus import proposal
from forecasting.governance.policy import Policy
from forecasting.inventory.bridge import ItemRisk, Limits, group_status
from forecasting.monthly import buying
from forecasting.plan.live import LivePlan
from forecasting.quarterly.notice import Notice
from forecasting.vocabulary import INPUTS, Function, Status

WEEKS = 8
"""Activations of so many weeks are judged anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One thing that would be different."""

    what: str
    now: str
    then: str


def of(
    name: str,
    *,
    now: Policy,
    tried: Policy,
    plan: LivePlan,
    draft: LivePlan,
    store: Store,
    notices: Callable[[], Sequence[Notice]],
    quarter: str | None,
) -> list[Effect]:
    """What another value of one setting would change, in words; empty: no number changes.

    Parameters
    ----------
    name : str
        The setting.
    now, tried : Policy
        As it is, and as it would be.
    plan, draft : LivePlan
        The working plan, whose flags and stock are looked at, and the open cycle's.
    store : Store
        With the scorecard's sums.
    notices : callable
        How early every activation was known.
    quarter : str
        The quarter that a review looks at.
    """
    if name in ("complete_weeks", "late_weeks"):
        return _of_calendar(name, notices(), now.number(name), tried.number(name))
    if name == "event_in_stock" and quarter is not None:
        return _of_events(store, quarter, now.number(name), tried.number(name))
    if name == "equal_share":
        return _of_weights(draft, tried.number(name))
    if name == "frozen_buy_weeks":
        return _of_orders(plan, int(now.number(name)), int(tried.number(name)))
    if tried.limits == now.limits:
        return []
    before = _flags(plan, plan.judged_by(now.limits))
    after = _flags(plan, plan.judged_by(tried.limits))
    found = [
        Effect(
            what=f"Featured SKUs that are {status.label}",
            now=write.number(before[status]),
            then=write.number(after[status]),
        )
        for status in Status
        if before[status] or after[status]
    ]
    if name == "least_service":
        found.append(_of_stock(plan, now.limits, tried.limits))
    return found


def _of_calendar(name: str, notices: Sequence[Notice], now: float, then: float) -> list[Effect]:
    weeks = np.array([n.complete_weeks for n in notices])
    weeks = weeks[~np.isnan(weeks)]
    if not len(weeks):
        return []
    if name == "late_weeks":
        late = [write.number(int((weeks < limit).sum())) for limit in (now, then)]
        what = "Activations on record that were complete too late"
        return [Effect(what=what, now=late[0], then=late[1])]
    shares = [write.percent((weeks >= limit).mean()) for limit in (now, then)]
    what = "Activations on record that were complete in time"
    return [Effect(what=what, now=shares[0], then=shares[1])]


def _of_events(store: Store, quarter: str, now: float, then: float) -> list[Effect]:
    counts = []
    for least in (now, then):
        rows = scores.promotions(store, "all", least_in_stock=least)
        mine = rows[rows["quarter"] == quarter]
        counts.append(write.number(int(mine["activations_out"].sum())))
    what = f"Activations of {quarter_label(quarter)} that ran out"
    return [Effect(what=what, now=counts[0], then=counts[1])]


def _of_weights(draft: LivePlan, then: float) -> list[Effect]:
    """What each function's number would count for in the proposal."""
    return [
        Effect(
            what=f"{Function(f).label} counts in {department} for",
            now=write.percent(weights.weight[f]),
            then=write.percent(proposal.weigh(weights.records, equal_share=then).weight[f]),
        )
        for department, weights in draft.weights.items()
        for f in map(str, INPUTS)
    ]


def _flags(plan: LivePlan, items: Mapping[int, Sequence[ItemRisk]]) -> dict[Status, int]:
    """Featured SKUs of activations ahead by status."""
    counts = dict.fromkeys(Status, 0)
    for found in items.values():
        for item in found:
            if item.first < WEEKS:
                counts[group_status(item.status, item.window_demand, plan.limits)] += 1
    return counts


def _of_orders(plan: LivePlan, now: int, then: int) -> list[Effect]:
    """What the buy plan asks for now, and what it can only expedite."""
    labels = {"release": "Units to order this week", "expedite": "Units too late to order"}
    units = [
        buying.without_shipments(buying.rows(plan, frozen=frozen))
        .groupby("kind")["units"]
        .sum()
        for frozen in (now, then)
    ]
    return [
        Effect(
            what=what,
            now=write.number(units[0].get(k, 0)),
            then=write.number(units[1].get(k, 0)),
        )
        for k, what in labels.items()
    ]


def _of_stock(plan: LivePlan, now: Limits, then: Limits) -> Effect:
    """Safety stock of all SKUs at the end of the first planned week."""
    lines = []
    for limits in (now, then):
        units, cost = buying.safety_stock(plan, least_service=limits.least_service)
        lines.append(
            f"{write.number(units)} u ({conventions.in_force().money(f'{cost:,.0f}')} at cost)"
        )
    return Effect(what="Safety stock of all SKUs", now=lines[0], then=lines[1])
