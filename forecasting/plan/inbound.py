"""What is on its way to the doors: open orders, how late they may be, what moves do to them.

Orders come with the basis and stay; how many of them count is asked each time (`SUPPLIES`),
and so are the moves that people decided on or try.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from forecasting.consensus.moves import Move
from forecasting.hierarchy import Floats
from forecasting.inventory.lateness import expected, still_late
from forecasting.inventory.order_lines import OrderLines
from forecasting.plan.basis import Base

SUPPLIES = ("firm", "planned", "routine")
"""What counts as supply: what is ordered; what the files plan to order, too; and the usual
replenishment as well, which is worked out in the plan."""
FIRM, PLANNED, ROUTINE = SUPPLIES


class Inbound:
    """Open receipts of a basis, SKU by SKU."""

    def __init__(self, base: Base, door_index: Mapping[str, int]) -> None:
        self._base = base
        self._door_index = door_index
        self._lines, self._spans = _by_sku(base.receipts)
        self._suppliers = [str(name or "") for name in base.skus["supplier"]]
        self._lateness: dict[tuple[int, str], tuple[Floats, Floats]] = {}

    def lines(self, sku: int) -> OrderLines:
        """Open receipt lines of a SKU, as in the basis."""
        return self._lines.take(self._spans.get(sku, slice(0, 0)))

    def receipts(self, sku: int, *, supply: str) -> Floats:
        """What is due at each door in each week, units, (D, W)."""
        _, n_doors, n_weeks = self._base.shape3
        due = np.zeros((n_doors, n_weeks))
        lines = self._counted(sku, supply)
        np.add.at(due, (lines.door, lines.week), lines.units)
        return due

    def late(self, sku: int, *, supply: str) -> tuple[Floats, Floats]:
        """What the supplier's record lets expect of a SKU's receipts, (D, W) each.

        Returns
        -------
        (what late orders change of what is due, units; the variance of what has arrived)
        """
        key = (sku, supply)
        if key not in self._lateness:
            _, n_doors, n_weeks = self._base.shape3
            shape = (n_doors, n_weeks)
            lines = self._counted(sku, supply)
            shares = self._base.delay.get(self._suppliers[sku], self._base.delay[""])
            found = (np.zeros(shape), np.zeros(shape))
            if len(lines) and shares[0] < 1:
                delay = still_late(shares, lines.slipped)
                found = expected(lines.door, lines.week, lines.units, delay, shape)
            found = (found[0], found[1] + _lost(lines, shape))
            self._lateness[key] = found
        return self._lateness[key]

    def moved(self, sku: int, moves: Iterable[Move]) -> Floats:
        """What moves add to and take from the supply of a SKU, units, (D, W).

        What left or arrived before the plan begins is in the stock that was counted. An
        order that the files have meanwhile at the earlier date is not moved again.
        """
        _, n_doors, n_weeks = self._base.shape3
        change = np.zeros((n_doors, n_weeks))
        lines = self.lines(sku)
        unmatched = lines.units / np.maximum(lines.chance, 1e-9)
        for move in moves:
            to = self._door_index.get(move.to)
            arrives = _week_of(move.arrives, self._base)
            if to is None:
                continue
            units = move.units
            if move.is_order:
                units -= _found(lines, to, move, unmatched)
            if move.receipt:
                rows = lines.take(
                    (lines.door == to)
                    & (lines.receipt == move.receipt)
                    & (lines.week > arrives)
                )
                units = min(units, float(rows.units.sum()))
                for week, line in zip(rows.week, rows.units, strict=True):
                    taken = min(float(line), units)
                    change[to, int(week)] -= taken
                    change[to, max(arrives, 0)] += taken
                    units -= taken
                continue
            leaves = _week_of(move.leaves, self._base)
            origin = self._door_index.get(move.origin)
            if origin is not None and 0 <= leaves < n_weeks:
                change[origin, leaves] -= units
            if 0 <= arrives < n_weeks:
                change[to, arrives] += units
        return change

    def _counted(self, sku: int, supply: str) -> OrderLines:
        """Those of them that a supply counts."""
        lines = self.lines(sku)
        return lines.take(~lines.planned) if supply == FIRM else lines


def _found(lines: OrderLines, to: int, order: Move, unmatched: Floats) -> float:
    """Units of a decided order that the files have as an open order by now.

    What is found is taken off `unmatched`, so that no line stands for two orders.
    """
    new = (lines.door == to) & (lines.receipt != "")
    new &= ~np.isin(lines.receipt.astype(str), order.known)
    found = 0.0
    for line in np.flatnonzero(new):
        taken = min(float(unmatched[line]), order.units - found)
        unmatched[line] -= taken
        found += taken
    return found


def _lost(lines: OrderLines, shape: tuple[int, int]) -> Floats:
    """Variance of what has arrived because old lines may never come, units^2, (D, W)."""
    doubt = np.zeros(shape)
    unsure = lines.take(lines.chance < 1)
    if len(unsure):
        variance = unsure.units**2 * (1 - unsure.chance) / unsure.chance
        np.add.at(doubt, (unsure.door, unsure.week), variance)
        doubt = np.cumsum(doubt, axis=1)
    return doubt


def _week_of(day: dt.date, base: Base) -> int:
    return int((np.datetime64(day, "D") - base.weeks[0]).astype(int)) // 7


def _by_sku(lines: pd.DataFrame) -> tuple[OrderLines, dict[int, slice]]:
    """Open receipt lines in the order of their SKUs, and where each SKU's are."""
    ordered = lines.sort_values("sku", kind="stable")
    sku = ordered["sku"].to_numpy(dtype=np.int64)
    starts = np.flatnonzero(np.diff(sku, prepend=-1))
    ends = np.append(starts[1:], len(sku))
    spans = zip(starts.tolist(), ends.tolist(), strict=True) if len(sku) else ()
    return OrderLines.of(ordered), {int(sku[a]): slice(a, b) for a, b in spans}
