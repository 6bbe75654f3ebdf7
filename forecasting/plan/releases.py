"""When approved orders can arrive: one that did not go out in its week comes later.

An order counts in the week for which it was approved as long as it can still be placed in
time. Once its week to leave is over and nobody has said that it went to the supplier, the
earliest that it can arrive is a lead time from now: there it counts, until it is released or
taken back.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace

from forecasting.consensus.events import Event
from forecasting.consensus.events.decisions import OrderReleased
from forecasting.consensus.events.orders import OrdersApproved
from forecasting.consensus.moves import Move


@dataclass(slots=True, kw_only=True)
class Releases:
    """What went to suppliers, of all decisions that order; mutated under the plan's lock."""

    _numbers: dict[int, dict[tuple[str, dt.date], int]] = field(default_factory=dict)
    """Of each approval, the number of its order by SKU and week of arrival, from 1."""
    _released: dict[int, frozenset[int]] = field(default_factory=dict)
    """Numbers that went out, by decision; empty: all of it."""

    def copy(self) -> Releases:
        """The same, to be changed by itself."""
        return Releases(_numbers=dict(self._numbers), _released=dict(self._released))

    def take(self, event: Event) -> int | None:
        """Take an event; the decision whose orders went out by it, if there is one."""
        match event.body:
            case OrdersApproved(moves=moves):
                orders = sorted({(m.sku, m.arrives) for m in moves})
                self._numbers[event.seq] = {key: n for n, key in enumerate(orders, start=1)}
            case OrderReleased(target=target, numbers=numbers):
                before = self._released.get(target, frozenset(numbers))
                self._released[target] = before | frozenset(numbers)
                return target
        return None

    def counted(self, seq: int, move: Move, *, begins: dt.date, lead_time: int) -> Move:
        """A move as it counts in a plan that begins on a day.

        Parameters
        ----------
        seq : int
            Number of the decision.
        lead_time : int
            Of the SKU, weeks.
        """
        if not move.is_order or move.leaves >= begins or self._is_out(seq, move):
            return move
        earliest = begins + dt.timedelta(7 * lead_time)
        return move if move.arrives >= earliest else replace(move, arrives=earliest)

    def _is_out(self, seq: int, move: Move) -> bool:
        out = self._released.get(seq)
        if out is None:
            return False
        return not out or self._numbers.get(seq, {}).get((move.sku, move.arrives)) in out
