"""Lines of open orders: what comes to which door, when, and whether it can come earlier."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecasting.hierarchy import Bools, Floats, Ints, rows_of


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLines:
    """Open order lines of one SKU, n of them; goods in transit are such lines too."""

    receipt: npt.NDArray[np.object_]
    """The order; '' of goods in transit, (n,)."""
    door: Ints
    """Positions of the doors, (n,)."""
    week: Ints
    """In which it is due, from the first week of the plan, (n,)."""
    units: Floats
    """Expected: what was promised times `chance`, (n,)."""
    chance: Floats
    """Probability that it comes at all, (n,)."""
    expedite: Ints
    """Earliest week in which it can come; -1: it cannot move, (n,)."""
    planned: Bools
    """Planned and not ordered yet, (n,)."""
    slipped: Ints
    """Weeks that its date has moved already, (n,)."""

    @classmethod
    def of(cls, frame: pd.DataFrame) -> OrderLines:
        """From a table of the same columns."""
        return cls(
            receipt=frame["receipt"].to_numpy(dtype=object),
            door=frame["door"].to_numpy(dtype=np.int64),
            week=frame["week"].to_numpy(dtype=np.int64),
            units=frame["units"].to_numpy(dtype=float),
            chance=frame["chance"].to_numpy(dtype=float),
            expedite=frame["expedite"].to_numpy(dtype=np.int64),
            planned=frame["planned"].to_numpy(dtype=bool),
            slipped=frame["slipped"].to_numpy(dtype=np.int64),
        )

    def __len__(self) -> int:
        return len(self.door)

    def take(self, some: Bools | Ints | slice) -> OrderLines:
        """Some of them; a slice shares the memory."""
        return rows_of(self, some)
