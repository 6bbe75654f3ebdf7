"""What is asked of a small change before it is made: what does it decide.

Large changes of a forecast help more often than they hurt, small ones hurt more often than
they help (Fildes, Goodwin, Lawrence and Nikolopoulos 2009, on 60,000 forecasts of four firms).
Nobody is kept from making one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecasting.consensus.events import Event
from forecasting.consensus.events.inputs import Overridden
from forecasting.hierarchy import THOUSANDTHS
from forecasting.plan.live import LivePlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Small:
    """A change that is small in two ways."""

    units: float
    """With sign."""
    share: float
    """Of what the input held before, with sign; NaN where it held nothing."""
    money: float
    """Size of the change at regular price; what has no price counts for nothing."""


def small(plan: LivePlan, event: Event, *, share: float, money: float) -> Small | None:
    """What is small about an override, written or not yet; None if nothing is.

    Parameters
    ----------
    plan : LivePlan
    event : Event
        With its leaf deltas and, in its body, the units `before`.
    share, money : float
        It is small where it stays below both.
    """
    leaves = event.leaves
    if not leaves.delta.any():
        return None
    skus = np.array([plan.sku_index[s] for s in leaves.sku])
    doors = np.array([plan.door_index[d] for d in leaves.door])
    size = np.abs(leaves.delta) / THOUSANDTHS
    base = plan.base
    passed = (leaves.week - base.weeks[0]).astype(np.int64) // 7
    weeks = np.clip(passed, 0, len(base.weeks) - 1)
    each = [base.price_of(s)[d, w] for s, d, w in zip(skus, doors, weeks, strict=True)]
    worth = float((size * np.nan_to_num(each)).sum())
    before = event.told(Overridden).before
    part = event.units / before if before > 0 else float("nan")
    moved = float(size.sum())
    if moved >= share * max(before, 1.0) or worth >= money:
        return None
    return Small(units=event.units, share=part, money=worth)
