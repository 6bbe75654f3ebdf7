"""What is on its way to the doors: open orders, how late they may be, what moves do to them.

Orders come with the basis and stay; how many of them count is asked each time (`SUPPLIES`),
and so are the moves that people decided on or try.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from forecasting.consensus.moves import Move
from forecasting.hierarchy import Floats
from forecasting.inventory.lateness import expected, still_late
from forecasting.inventory.order_lines import OrderLines
from forecasting.plan.basis import Base
from forecasting.plan.ordered import LINES, Matched, Matching, week_of

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
        self._of_orders: dict[tuple[int, str], pd.DataFrame] = {}

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

    def moved(self, sku: int, moves: Sequence[Move], *, supply: str = ROUTINE) -> Floats:
        """What moves add to and take from the supply of a SKU's doors, units, (D, W).

        What left or arrived before the plan begins is in the stock that was counted. An
        order that the files have meanwhile at the earlier date is not moved again, and a new
        order that they have is not counted again.
        """
        _, n_doors, n_weeks = self._base.shape3
        change = np.zeros((n_doors, n_weeks))
        lines = self.lines(sku)
        for move, units in self._uncounted(sku, moves, supply):
            to = self._door_index.get(move.to)
            arrives = week_of(move.arrives, self._base.weeks[0])
            if to is None:
                continue
            if move.receipt:
                moves_on = lines.week < arrives if move.is_later else lines.week > arrives
                rows = lines.take(
                    (lines.door == to) & (lines.receipt == move.receipt) & moves_on
                )
                left = min(units, float(rows.units.sum()))
                for week, line in zip(rows.week, rows.units, strict=True):
                    taken = min(float(line), left)
                    if week < n_weeks:
                        change[to, int(week)] -= taken
                    if arrives < n_weeks:
                        change[to, max(arrives, 0)] += taken
                    left -= taken
                continue
            leaves = week_of(move.leaves, self._base.weeks[0])
            origin = self._door_index.get(move.origin)
            if origin is not None and 0 <= leaves < n_weeks:
                change[origin, leaves] -= units
            if 0 <= arrives < n_weeks:
                change[to, arrives] += units
        return change

    def at_centre(self, sku: int, moves: Sequence[Move]) -> Floats:
        """What is on its way to the centre that a SKU is ordered for, by week, (W,).

        Open orders of the files, goods in transit, and orders that were decided.
        """
        due: Floats = self._base.inbound[sku]
        centre = int(self._base.centre[sku])
        ordered = [m for m in moves if m.is_order]
        if centre < 0 or not ordered:
            return due
        name = self._base.network.names[self._base.network.n_doors + centre]
        due = due.copy()
        for move, units in self._uncounted(sku, ordered, PLANNED):
            arrives = week_of(move.arrives, self._base.weeks[0])
            if move.to == name and 0 <= arrives < len(due):
                due[arrives] += units
        return due

    def matched(self, sku: int, orders: Sequence[Move]) -> list[Matched]:
        """What the files have by now of each new order, whether or not they plan more."""
        matching = Matching(self._lines_of_orders(sku, FIRM))
        places = self._base.network.index
        return [matching.of(order, places.get(order.to, -1)) for order in orders]

    def names_of(self, sku: int) -> dict[str, tuple[str, ...]]:
        """Open orders of a SKU by name, for each door and centre that has some."""
        lines = self._lines_of_orders(sku, PLANNED)
        mine = lines[lines["received"].isna() & (lines["receipt"] != "")]
        names = zip(mine["door"].tolist(), mine["receipt"].astype(str), strict=True)
        found: dict[str, tuple[str, ...]] = {}
        for at, name in names:
            place = self._base.network.names[at]
            found[place] = (*found.get(place, ()), name)
        return found

    def _uncounted(
        self, sku: int, moves: Sequence[Move], supply: str
    ) -> Iterator[tuple[Move, float]]:
        """Moves, and what of each the files do not count by themselves."""
        places = self._base.network.index
        matching = None
        for move in moves:
            found = 0.0
            if move.is_order:
                matching = matching or Matching(self._lines_of_orders(sku, supply))
                found = matching.of(move, places.get(move.to, -1)).units
            yield move, move.units - found

    def _lines_of_orders(self, sku: int, supply: str) -> pd.DataFrame:
        """Lines of a SKU that a decided order may be: open ones, and what arrived."""
        key = (sku, supply)
        if key not in self._of_orders:
            self._of_orders[key] = self._to_match(sku, supply)
        return self._of_orders[key]

    def _to_match(self, sku: int, supply: str) -> pd.DataFrame:
        lines = self._counted(sku, supply)
        open_ones = pd.DataFrame(
            {
                "sku": sku, "door": lines.door, "receipt": lines.receipt,
                "units": lines.units / np.maximum(lines.chance, 1e-9),
                "received": np.full(len(lines), np.datetime64("NaT", "D")),
            }
        )  # fmt: skip
        at_centre, came = (
            lines.take(rows.get(sku, [])) for lines, rows in self._by_sku_of_orders
        )
        # What arrived first: it was ordered before what is still open.
        return pd.concat([came, open_ones, at_centre], ignore_index=True)[list(LINES)]

    @cached_property
    def _by_sku_of_orders(self) -> list[tuple[pd.DataFrame, Mapping[Any, Any]]]:
        """Lines at centres, and lines that arrived; with the places of each SKU's."""
        both = (self._base.centre_lines, self._base.arrived)
        return [(lines, lines.groupby("sku").indices) for lines in both]

    def _counted(self, sku: int, supply: str) -> OrderLines:
        """Those of them that a supply counts."""
        lines = self.lines(sku)
        return lines.take(~lines.planned) if supply == FIRM else lines


def _lost(lines: OrderLines, shape: tuple[int, int]) -> Floats:
    """Variance of what has arrived because old lines may never come, units^2, (D, W)."""
    doubt = np.zeros(shape)
    unsure = lines.take(lines.chance < 1)
    if len(unsure):
        variance = unsure.units**2 * (1 - unsure.chance) / unsure.chance
        np.add.at(doubt, (unsure.door, unsure.week), variance)
        doubt = np.cumsum(doubt, axis=1)
    return doubt


def _by_sku(lines: pd.DataFrame) -> tuple[OrderLines, dict[int, slice]]:
    """Open receipt lines in the order of their SKUs, and where each SKU's are."""
    ordered = lines.sort_values("sku", kind="stable")
    sku = ordered["sku"].to_numpy(dtype=np.int64)
    starts = np.flatnonzero(np.diff(sku, prepend=-1))
    ends = np.append(starts[1:], len(sku))
    spans = zip(starts.tolist(), ends.tolist(), strict=True) if len(sku) else ()
    return OrderLines.of(ordered), {int(sku[a]): slice(a, b) for a, b in spans}
