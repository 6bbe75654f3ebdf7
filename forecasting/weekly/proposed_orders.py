"""Orders of the buy plan that are proposed: what they are worth, and what has changed since."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

import numpy as np

from forecasting import write
from forecasting.calendar import as_date
from forecasting.consensus.events.proposals import OrdersProposed, Worth
from forecasting.consensus.moves import Move
from forecasting.plan.live import LivePlan
from forecasting.plan.sku import WhatIf
from forecasting.weekly.ground import Ground, State, is_same
from forecasting.weekly.judging import expected
from forecasting.weekly.order_terms import in_words, lines_of, refusals, spend
from forecasting.weekly.ordering import Orders


def body_of(plan: LivePlan, moves: tuple[Move, ...]) -> OrdersProposed:
    """What the event says that proposes orders."""
    return OrdersProposed(
        right="order", text=f"Approve {in_words(moves)}", moves=moves,
        worth=worth_of(plan, moves), spend=spend(plan, moves),
    )  # fmt: skip


def worth_of(plan: LivePlan, moves: Sequence[Move]) -> Worth:
    """Units short that orders prevent, and the margin of what is sold more, all doors.

    Beside them only what is open and decided counts, no usual re-ordering: these orders are
    that. Weeks count until what is ordered on the day of arrival could be there: so long
    nothing else can stand in for an order that was not placed.
    """
    base = plan.base
    begins, units, margin, last = as_date(base.weeks[0]), 0.0, 0.0, 0
    for name in dict.fromkeys(m.sku for m in moves):
        sku = plan.sku_index[name]
        arrives = max((m.arrives for m in moves if m.sku == name), default=begins)
        week = (arrives - begins).days // 7 + max(int(base.lead_time[sku]), 1)
        weeks = min(max(week, 1), len(base.weeks))
        mine = WhatIf(moves=tuple(m for m in moves if m.sku == name))
        before, after = (
            expected(plan, plan.sku_if(sku, one, supply="firm"), weeks)
            for one in (WhatIf(), mine)
        )
        units, margin = units + before[0] - after[0], margin + after[1] - before[1]
        last = max(last, weeks - 1)
    return Worth(
        units=round(units, 3), margin=None if np.isnan(margin) else round(margin, 2), cost=0.0,
        first_week=begins, last_week=as_date(base.weeks[last]), as_of=base.as_of,
    )  # fmt: skip


def last_day(body: OrdersProposed) -> dt.date:
    """Last day of the week in which the first of the orders has to leave."""
    return min(m.leaves for m in body.moves) + dt.timedelta(6)


def state_of(body: OrdersProposed, orders: Orders) -> State:
    """The orders of the same SKUs that stand: as much as can be compared in no time."""
    return None, tuple(o.seq for o in orders.of(body.skus))


def ground_of(
    seq: int,
    body: OrdersProposed,
    *,
    plan: LivePlan,
    orders: Orders,
    name_of: Callable[[str], str],
) -> Ground:
    """What proposed orders stand on now; see `ground.of`."""
    state = state_of(body, orders)
    changed = [
        f"{name_of(o.person)} ordered {write.number(o.units)} u of {o.sku} since then "
        f"(#{o.id})."
        for o in orders.of(body.skus)
        if o.seq > seq
    ]
    why = list(refusals(plan, lines_of(body.moves)).values())
    if why:
        more = f" And {len(why) - 1} more." if len(why) > 1 else ""
        return Ground(gone=why[0] + more, changed=tuple(changed), state=state)
    now, was = worth_of(plan, body.moves), body.worth
    if not is_same(was.units, now.units):
        changed.append(
            f"They prevent {write.number(now.units)} u short now; {write.number(was.units)} u "
            "when they were proposed: stock, orders or demand are others now."
        )
    return Ground(changed=tuple(changed), worth=now, state=state)
