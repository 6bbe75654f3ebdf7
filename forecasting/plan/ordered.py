"""Orders that were decided, beside what the files say: what of them is counted there by now.

An open order line, or goods that came, under a name that was not there when the order was
decided, are taken to be it: its units count in the files from then on, and not twice. One
line never stands for two orders.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.consensus.moves import Move
from forecasting.hierarchy import Floats

LINES = ("sku", "door", "receipt", "units", "received")
"""Columns of lines that may be an order: positions, units as promised; received is NaT while
the line is open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """What the files have of one order."""

    units: float
    """Of it, on order or come; at most the order's."""
    receipts: tuple[str, ...]
    """Names of the lines."""
    came: float
    """Of the units, those that came already."""


class Matching:
    """Gives lines of one SKU to its orders, the order decided first before the others.

    Parameters
    ----------
    lines : DataFrame
        Those of the SKU (LINES).
    """

    def __init__(self, lines: pd.DataFrame) -> None:
        self._door = lines["door"].to_numpy(dtype=np.int64)
        self._names = lines["receipt"].to_numpy(dtype=object)
        self._day = pd.to_datetime(lines["received"]).to_numpy().astype("datetime64[D]")
        self._left: Floats = lines["units"].to_numpy(dtype=float).copy()

    def of(self, order: Move, place: int) -> Matched:
        """What is there of the next order; what is found is nobody else's any more."""
        is_open = np.isnat(self._day)
        later = is_open | (self._day >= np.datetime64(order.leaves, "D"))
        new = (self._door == place) & (self._names != "") & later & (self._left > 0)
        new &= ~np.isin(self._names.astype(str), order.known)
        found, came, names = 0.0, 0.0, []
        for line in np.flatnonzero(new):
            taken = min(float(self._left[line]), order.units - found)
            if taken <= 0:
                break
            self._left[line] -= taken
            found += taken
            came += 0.0 if is_open[line] else taken
            names.append(str(self._names[line]))
        return Matched(units=found, receipts=tuple(dict.fromkeys(names)), came=came)


def nothing_arrived() -> pd.DataFrame:
    """No lines that came."""
    frame = pd.DataFrame(columns=["receipt", "sku", "door", "units", "received"])
    return frame.astype({"units": float, "received": "datetime64[us]"})


def ordered_at(moves: Iterable[Move]) -> list[str]:
    """SKUs that are newly ordered by some moves."""
    return sorted({m.sku for m in moves if m.is_order})


def week_of(day: dt.date, first: np.datetime64) -> int:
    """Position of the week that a day lies in, from the first."""
    return int((np.datetime64(day, "D") - first).astype(int)) // 7
