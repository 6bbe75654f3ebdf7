"""Orders as people work them off: what is proposed, what was approved, what the files have."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import pandas as pd

from forecasting.calendar import as_date
from forecasting.plan.live import LivePlan
from forecasting.plan.ordered import Matched
from forecasting.weekly.ordering import APPROVED, RELEASED, Order

ACTION_LIST = (
    "order", "state", "supplier", "sku", "description", "place", "units", "release_week",
    "receipt_week", "cost", "confirmed", "receipts", "approved_by", "approved", "why",
)  # fmt: skip
"""Columns of the action list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingOrder:
    """An order, and what the files have of it by now."""

    order: Order
    lines: tuple[Matched, ...]
    """As the order's moves; empty where it does not count any more."""
    counts: dt.date | None = None
    """First day of the week in which it counts now: later than approved for where it was not
    released in its week."""

    @property
    def is_late(self) -> bool:
        """Whether it was not released in its week, and so cannot arrive as approved."""
        return self.counts is not None and self.counts > self.order.arrives

    @property
    def confirmed(self) -> float:
        """Units that the files have, as an open order or as goods that came."""
        return sum(line.units for line in self.lines)

    @property
    def receipts(self) -> tuple[str, ...]:
        """Names under which they have them."""
        return tuple(dict.fromkeys(name for line in self.lines for name in line.receipts))

    def in_words(self, begins: dt.date) -> str:
        """How far it is, in a few words; `begins`: the first day of the plan."""
        order = self.order
        if order.is_open and self.confirmed >= order.units - 0.5:
            came = sum(line.came for line in self.lines) >= order.units - 0.5
            return "Came" if came else "Confirmed"
        if order.state == APPROVED and order.leaves < begins:
            return "Release is late"
        if order.state == RELEASED and order.arrives < begins:
            return "Not in the files"
        return order.state.capitalize()


def standing(plan: LivePlan, orders: Sequence[Order]) -> list[StandingOrder]:
    """Orders with what the files have of each; none of their lines stands for two."""
    begins = as_date(plan.base.weeks[0])
    found: dict[tuple[int, str], list[Matched]] = {}
    counts: dict[tuple[int, str], dt.date] = {}
    for name in dict.fromkeys(o.sku for o in orders if o.is_open and o.sku in plan.sku_index):
        sku = plan.sku_index[name]
        by_decision = plan.standing.moves.get(sku, {})
        moves = [(seq, m) for seq, mine in by_decision.items() for m in mine if m.is_order]
        matched = plan.inbound.matched(sku, [m for _, m in moves])
        lead = int(plan.base.lead_time[sku])
        for seq, move in moves:
            now = plan.standing.releases.counted(seq, move, begins=begins, lead_time=lead)
            counts[seq, repr(move)] = now.arrives
        for (seq, move), one in zip(moves, matched, strict=True):
            found.setdefault((seq, repr(move)), []).append(one)
    return [
        StandingOrder(
            order=order,
            lines=tuple(
                found[order.seq, repr(move)][0]
                for move in order.moves
                if (order.seq, repr(move)) in found
            ),
            counts=counts.get((order.seq, repr(order.moves[0]))),
        )
        for order in orders
    ]


def not_released(plan: LivePlan, orders: Sequence[Order]) -> list[StandingOrder]:
    """Approved orders that did not go out in their week and that the files do not have."""
    late = [one for one in standing(plan, orders) if one.is_late]
    return [one for one in late if one.confirmed < one.order.units - 0.5]


def action_list(
    plan: LivePlan, orders: Sequence[Order], people: Mapping[str, str]
) -> pd.DataFrame:
    """Orders as somebody places them with suppliers: one row per order and place.

    Parameters
    ----------
    people : mapping of id to name

    Returns
    -------
    DataFrame
        ACTION_LIST; cost at unit cost, NaN unknown; confirmed is what the files have of it.
    """
    facts, begins = plan.base.facts, as_date(plan.base.weeks[0])
    rows = []
    for one in standing(plan, orders):
        order = one.order
        lines = one.lines or (Matched(units=0.0, receipts=(), came=0.0),) * len(order.moves)
        at = plan.sku_index.get(order.sku)
        about = (
            dict.fromkeys(("supplier", "description"))
            if at is None
            else {name: facts[name][at] for name in ("supplier", "description")}
        )
        cost_in = partial(plan.base.cost_in, at) if at is not None else _no_cost
        for move, line in zip(order.moves, lines, strict=True):
            rows.append(
                {
                    "order": order.id, "state": one.in_words(begins),
                    "supplier": about["supplier"], "sku": order.sku,
                    "description": about["description"], "place": move.to,
                    "units": move.units, "release_week": move.leaves,
                    "receipt_week": move.arrives,
                    "cost": move.units * cost_in(move.arrives),
                    "confirmed": line.units, "receipts": " ".join(line.receipts),
                    "approved_by": people.get(order.person, order.person),
                    "approved": order.decided_at.date(), "why": order.note,
                }
            )  # fmt: skip
    return pd.DataFrame(rows, columns=list(ACTION_LIST))


def _no_cost(_: dt.date) -> float:
    """Cost of what is no SKU any more: not known."""
    return float("nan")
