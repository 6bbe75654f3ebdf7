"""One SKU of the plan as a frozen value, and what may be tried on it.

A computed SKU is swapped for a new one when something changes; readers never see half a
change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from forecasting.consensus.activations import Activation
from forecasting.consensus.moves import Move
from forecasting.hierarchy import THOUSANDTHS, Bools, Floats, Ints
from forecasting.inventory.bridge import ItemRisk
from forecasting.inventory.projection import Projection, Routine, project
from forecasting.inventory.risk import Risk


@dataclass(frozen=True, slots=True, kw_only=True)
class SkuPlan:
    """Everything the plan says of one SKU, door by door and week by week.

    Integer arrays are thousandths of a unit, (D, W).
    """

    sku: int
    active: Bools
    """Ranged and with a forecast, (D, W)."""
    baseline: Ints
    lifts: tuple[tuple[str, Ints], ...]
    """Incremental demand of each live activation, by identity."""
    lift_sd: Floats
    """Standard deviation of the log lift of its activations, shared by doors, (W,)."""
    depth: Floats
    """Share that the discount in force takes off the regular price, (D, W)."""
    spillover: Mapping[str, Ints]
    """What activations do outside their own cells: `BOUGHT_AHEAD` takes back in the weeks
    after, `OTHERS` is what other SKUs of the class take or bring."""
    deltas: Mapping[str, Ints]
    """What each function's input adds, by function."""
    statistical: Ints
    voices: Mapping[str, Ints]
    """What each function adds to the proposed number (proposal.parts)."""
    proposed: Ints
    agreed: Bools | None
    """Cells that people agreed on in the open cycle; None where there are none."""
    draft: Ints
    """Agreed where agreed, else proposed, else statistical; in a working plan what was
    published, moved on with the calendar."""
    opening: Floats
    receipts: Floats
    """Open receipts counted and what was decided to move, units, (D, W)."""
    returned: Floats
    """What customers are expected to bring back on the shelf, units, (D, W)."""
    owed: Floats
    """What arrives and goes to customers who ordered before, units, (D, W)."""
    sent: Floats | None
    """What a centre sends that has not enough for the usual replenishment, units, (D, W);
    None where there is no such centre."""
    late: tuple[Floats, Floats]
    """What late suppliers change of the receipts on average, and the variance of what has
    arrived by each week, (D, W) each."""
    routine: Floats
    """Routine replenishment counted, units, (D, W)."""
    usual: Routine | None
    """The rule behind it, as risk reads it; None where it is not counted."""
    projection: Projection
    risk: Risk | None
    """None where there is no activation to judge."""
    known: Bools
    """Stock and forecast are known, (D,)."""
    items: tuple[ItemRisk, ...]

    @property
    def arriving(self) -> Floats:
        """What is expected to arrive: orders, as late as their supplier's record says, returns
        and routine replenishment, units, (D, W).
        """
        return self._ordered + self.returned + self.routine

    @property
    def firm(self) -> Floats:
        """The same without routine replenishment, less what is owed already: what of it is
        there for demand to come, units, (D, W).
        """
        return self._ordered + self.returned - self.owed

    @property
    def stock(self) -> Floats:
        """On hand before the first week, 0 where nothing is known or less is owed, (D,)."""
        return np.fmax(self.opening, 0.0)

    @property
    def no_lift(self) -> Projection:
        """The projection had no activation any lift; worked out when it is asked for."""
        lifted = sum((units for _, units in self.lifts), np.zeros_like(self.draft))
        demand = np.maximum(self.draft - lifted, 0) / THOUSANDTHS
        return project(self.stock, self.firm + self.routine, demand)

    @property
    def _ordered(self) -> Floats:
        ordered: Floats = self.receipts + self.late[0]
        return ordered if self.sent is None else ordered + self.sent

    def layer(self, name: str) -> Ints:
        """Baseline, statistical, proposed, draft, or a function's whole input."""
        match name:
            case "baseline":
                return self.baseline
            case "statistical":
                return self.statistical
            case "proposed":
                return self.proposed
            case "draft":
                return self.draft
        return self.input_of(name)

    def input_of(self, function: str) -> Ints:
        """One function's whole input: the statistical forecast and what it adds."""
        delta = self.deltas.get(function)
        return self.statistical if delta is None else np.maximum(self.statistical + delta, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """Something that is tried on a SKU and changes nothing."""

    activations: tuple[Activation, ...] = ()
    """Activations as they would be, each named once."""
    moves: tuple[Move, ...] = ()
    """Units that would be elsewhere, or earlier."""
