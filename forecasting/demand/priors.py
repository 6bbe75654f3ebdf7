"""What is generally known of promotions, and what one company adds to it.

Where a company's history is silent, its classes are believed to respond as published
meta-analyses and trade figures say (docs/metrics.md names them). What the company's own
classes agree on moves that, and how far they differ says how much a class may depart.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from forecasting.demand.lift import CUT_TOLD, DEEP, LATER, MEETING, PRICE, PRICE_TOLD
from forecasting.hierarchy import Floats

REGULAR, RIVALS, STOCKED = "regular price", "others in the class", "bought ahead"
BESIDE = (REGULAR, RIVALS, STOCKED)
"""Regressors of a cell beside the activations in it."""

_KNOWN = {
    "price": (0.05, 0.20),
    "feature": (0.35, 0.30),
    "display": (0.25, 0.25),
    "email": (0.12, 0.15),
    "social": (0.15, 0.20),
    "event": (0.35, 0.35),
    "partnership": (0.45, 0.50),
    PRICE: (-2.4, 1.0),
    PRICE_TOLD: (-0.4, 0.8),
    CUT_TOLD: (0.0, 0.2),
    DEEP: (0.2, 0.4),
    LATER: (-0.08, 0.15),
    MEETING: (-0.05, 0.15),
    REGULAR: (-1.2, 1.2),
    RIVALS: (-0.15, 0.15),
    STOCKED: (-0.12, 0.12),
}
"""What a class responds like before its history is looked at: mean and standard deviation.

From published meta-analyses where there are any; docs/metrics.md says which."""
USUAL_EVENT_SD = 0.25
"""Log lift that differs from event to event, before history says how much."""
UNHEARD_OF = (0.15, 0.35)
"""A type of activation that nobody has published on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prior:
    """Coefficients that a class is believed to have before its own history."""

    columns: tuple[str, ...]
    mean: Floats
    """Shape (p,)."""
    sd: Floats
    """Shape (p,)."""

    def as_json(self) -> dict[str, Any]:
        """Plain lists."""
        return {
            "columns": list(self.columns),
            "mean": np.round(self.mean, 5).tolist(),
            "sd": np.round(self.sd, 5).tolist(),
        }

    @staticmethod
    def from_json(body: dict[str, Any]) -> Prior:
        """The same, read back."""
        return Prior(
            columns=tuple(body["columns"]),
            mean=np.array(body["mean"], dtype=float),
            sd=np.array(body["sd"], dtype=float),
        )


def usual(columns: tuple[str, ...]) -> Prior:
    """What is generally known, for the columns of a design."""
    pairs = np.array([_KNOWN.get(name, UNHEARD_OF) for name in columns])
    return Prior(columns=columns, mean=pairs[:, 0], sd=pairs[:, 1])


def learnt(prior: Prior, classes: list[tuple[Floats, Floats]]) -> Prior:
    """The prior of one company: what its classes agree on, and how far they differ.

    Parameters
    ----------
    prior : Prior
        What is generally known.
    classes : list of (coefficients, standard deviations), shape (p,) each
        Of the classes that were looked at.

    Notes
    -----
    Per column a random-effects mean: the general mean counts as one class more, with
    its own standard deviation.
    """
    if not classes:
        return prior
    found = np.stack([c for c, _ in classes])
    variance = np.stack([s for _, s in classes]) ** 2
    # What a class took over from the prior is no evidence of its own.
    own = 1 / np.maximum(1 / variance - 1 / prior.sd**2, 1e-6)
    raw = (found / variance - prior.mean / prior.sd**2) * own
    spread = np.maximum(
        np.average((raw - found.mean(0)) ** 2 - own, axis=0, weights=1 / own), 0
    )
    between = np.clip(spread, 0.05**2, prior.sd**2)
    weight = 1 / (own + between)
    general = 1 / (prior.sd**2 + between)
    mean = ((raw * weight).sum(axis=0) + prior.mean * general) / (weight.sum(axis=0) + general)
    sd = np.sqrt(between + 1 / (weight.sum(axis=0) + general))
    return replace(prior, mean=mean, sd=np.minimum(sd, prior.sd))
