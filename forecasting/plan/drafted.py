"""From the statistical forecast of a SKU to the draft: what people proposed and agreed on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from forecasting.consensus import proposal
from forecasting.consensus.events import TOTAL
from forecasting.consensus.proposal import Weights
from forecasting.hierarchy import Bools, Ints
from forecasting.plan.promoted import Forecast
from forecasting.plan.state import Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafted:
    """The number of one SKU as people left it, thousandths of a unit, (D, W)."""

    statistical: Ints
    deltas: Mapping[str, Ints]
    """What each function's input adds, by function."""
    voices: Mapping[str, Ints]
    """What each function adds to the proposed number (proposal.parts)."""
    proposed: Ints
    agreed: Bools | None
    """Cells that people agreed on; None where there are none."""
    units: Ints
    """Agreed where agreed, else proposed, else statistical."""


def drafted(standing: Standing, sku: int, forecast: Forecast, weights: Weights) -> Drafted:
    """Lay what people entered of a SKU over its forecast.

    What was agreed is kept as what it adds to the statistical number, and what a function
    aimed at an activation goes with it: so both move with the calendar.
    """
    live = {activation for activation, _ in forecast.lifts}
    deltas: dict[str, Ints] = {}
    for (function, aim), leaves in standing.inputs.get(sku, {}).items():
        if aim == TOTAL or aim in live:
            deltas[function] = deltas.get(function, 0) + leaves
    statistical = forecast.statistical
    voices = proposal.parts(statistical, deltas, weights)
    proposed = units = proposal.total(statistical, voices)
    agreed: Bools | None = None
    if sku in standing.agreed:
        change, stands = standing.agreed[sku]
        agreed = stands > 0
        units = np.where(agreed, np.maximum(statistical + change, 0), proposed)
    return Drafted(
        statistical=statistical,
        deltas=deltas,
        voices=voices,
        proposed=proposed,
        agreed=agreed,
        units=units,
    )
