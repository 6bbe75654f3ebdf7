"""Whether an order can still be placed, or an open one still comes earlier or later."""

from __future__ import annotations

from forecasting import write
from forecasting.calendar import as_date
from forecasting.consensus.moves import Move
from forecasting.errors import OutOfBounds, Refused
from forecasting.inventory.arrivals import NEAR_WEEKS
from forecasting.plan.live import LivePlan
from forecasting.weekly.orders import terms_of


def check_moved_order(plan: LivePlan, sku: int, move: Move) -> None:
    """Refuse to move an open order to where it cannot come any more."""
    lines = plan.inbound.lines(sku)
    week = (move.arrives - as_date(plan.base.weeks[0])).days // 7
    mine = (lines.door == plan.door_index[move.to]) & (lines.receipt == move.receipt)
    can = (lines.expedite >= 0) & (lines.expedite <= week)
    if move.is_later:
        can = (lines.week >= NEAR_WEEKS) & (lines.week < week)
    able = lines.take(mine & can)
    moved = sum(
        m.units
        for m in plan.standing.moves_of(sku)
        if (m.receipt, m.to) == (move.receipt, move.to)
    )
    if able.units.sum() - moved < move.units - 1e-6:
        raise Refused(
            f"Order {move.receipt} for {move.to} cannot be moved to {move.arrives} any "
            "more. Look at the options again."
        )


def check_new_order(plan: LivePlan, sku: int, move: Move) -> None:
    """Refuse an order that the supplier's terms do not allow."""
    if plan.base.way(sku) is not None:
        raise Refused(f"{move.sku} is ordered for its distribution centre: see the buy plan.")
    terms = terms_of(plan.base, sku, frozen=plan.limits.frozen_buy_weeks)
    week = (move.arrives - as_date(plan.base.weeks[0])).days // 7
    if week < terms.first or (move.arrives - move.leaves).days < 7 * terms.wait_for(week):
        raise Refused(
            f"An order of {move.sku} cannot come by {move.arrives} any more: it takes "
            f"{terms.wait_for(max(week, 0))} weeks. Look at the options again."
        )
    if terms.last is not None and week > terms.last:
        raise Refused(f"{move.sku} is past its exit date by {move.arrives}.")
    if move.units % terms.case > 1e-6:
        raise OutOfBounds(
            f"{move.sku} is ordered in cases of {write.figure(terms.case)} units."
        )
