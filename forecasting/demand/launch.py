"""Launch: how a new SKU's demand comes to its level in its first weeks.

Shape and scale are kept apart: the scale of a new SKU is its own pace as far as it has one,
else that of the SKU it is like, else of its class (baseline.prior_level). The shape is what
launches of its class did against the level they settled at, drawn to what all launches at
hand did, and to no shape at all where there were few.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from forecasting.demand.cleansing import NOT_STATED, Panel
from forecasting.hierarchy import Bools, Floats, Ints, aggregate

WEEKS = 13
"""Weeks after which a launch is over."""
LONG_AGO = NOT_STATED
"""Launch week of a SKU that was there before the history began."""

_SETTLED = (WEEKS, 3 * WEEKS)
"""Ages between which the level is measured that a launch settled at."""
_ENOUGH = 6
"""Weeks of that age without which a launch teaches nothing."""
_GAP = 8
"""Weeks of silence before a first sale that make it a launch where no date is given."""
_ALL_SD, _CLASS_SD = 0.8, 0.3
"""Spread of the curve's coefficients: around none, and of classes around all."""
_SCATTER = 0.1
"""Variance of a week's log demand over a SKU's doors beyond its count."""
_LEAST, _MOST = -2.0, 1.5


def weeks_of(panel: Panel, known: int) -> Ints:
    """Week in which each SKU first sold or is to, LONG_AGO if before the history, (S,).

    A launch date counts from the first week with sales on; where no date is given, a SKU
    that sells in most weeks after a long silence was launched then.
    """
    seen = panel.exposure[:, :known] > 0
    sold = aggregate(seen.astype(float), panel.sku_of, len(panel.skus)) > 0
    first = np.where(sold.any(axis=1), np.argmax(sold, axis=1), known)
    after = np.maximum(known - first, 1)
    steady = sold.sum(axis=1) >= 0.6 * after
    stated = panel.launch > LONG_AGO
    # Nothing was sold yet: the date is all there is.
    found = np.where(first < known, first, np.maximum(panel.launch, known))
    is_launch = np.where(stated, panel.launch > 0, (first >= _GAP) & (first < known) & steady)
    launched: Ints = np.where(is_launch, found, LONG_AGO)
    return launched


def curves(
    panel: Panel, units: Floats, effect: Floats, launched: Ints, *, n_classes: int
) -> Floats:
    """Log demand of each class at each age, against the level it settles at, (C, WEEKS).

    Parameters
    ----------
    panel : Panel
    units : float array, shape (n, T)
    effect : float array, shape (n, T)
        Expected demand per unit of level without the launch; 0 is no evidence.
    launched : int array, shape (S,)
        Week of each launch.
    n_classes : int
        C.
    """
    known = units.shape[1]
    flat = np.zeros((n_classes, WEEKS))
    age = np.arange(known)[None, :] - launched[panel.sku_of][:, None]
    settled = (age >= _SETTLED[0]) & (age < _SETTLED[1]) & (effect > 0)
    teaches = settled.sum(axis=1) >= _ENOUGH
    young = teaches[:, None] & (age >= 0) & (age < WEEKS) & (effect > 0)
    if not young.any():
        return flat
    rows = np.flatnonzero(teaches)
    total = np.where(settled[rows], effect[rows], 0.0).sum(axis=1)
    level = np.where(settled[rows], units[rows], 0.0).sum(axis=1) / np.maximum(total, 1e-9)
    inside = young[rows]
    of = np.broadcast_to(panel.sku_of[rows][:, None], inside.shape)[inside]
    cells = pd.DataFrame(
        {
            "sku": of,
            "age": age[rows][inside],
            "sold": units[rows][inside],
            "expected": (level[:, None] * effect[rows])[inside],
        }
    )
    cells = cells.groupby(["sku", "age"], as_index=False).sum()
    sold, expected = cells["sold"].to_numpy(), cells["expected"].to_numpy()
    log_ratio = np.log((sold + 0.5) / (expected + 0.5))
    weight = 1 / (1 / (expected + 1) + _SCATTER)
    design = _basis(cells["age"].to_numpy())
    of_class = panel.classes[cells["sku"].to_numpy()]
    everything = _ridge(design, log_ratio, weight, np.zeros(design.shape[1]), _ALL_SD)
    found = np.tile(everything, (n_classes, 1))
    for c in np.unique(of_class):
        mine = of_class == c
        found[c] = _ridge(design[mine], log_ratio[mine], weight[mine], everything, _CLASS_SD)
    logs: Floats = np.clip(found @ _basis(np.arange(WEEKS)).T, _LEAST, _MOST)
    return logs


def ramp(log_curves: Floats, launched: Ints, classes: Ints, n_weeks: int) -> Floats:
    """What launches do to each SKU in each week, 1 where nothing, (S, W)."""
    age = np.arange(n_weeks)[None, :] - launched[:, None]
    young: Bools = (age >= 0) & (age < WEEKS)
    logs = np.where(young, log_curves[classes[:, None], np.clip(age, 0, WEEKS - 1)], 0.0)
    multiplier: Floats = np.exp(logs)
    return multiplier


def _basis(age: Ints) -> Floats:
    """A quick part that is gone in a few weeks, and a slow one that ends with the launch."""
    return np.column_stack([np.exp(-age / 3.0), np.maximum(1 - age / WEEKS, 0.0) ** 2])


def _ridge(design: Floats, y: Floats, weight: Floats, around: Floats, sd: float) -> Floats:
    """Weighted least squares drawn to a belief, each coefficient with the same spread."""
    information = (design * weight[:, None]).T @ design
    pull = (design * weight[:, None]).T @ (y - design @ around)
    eye = np.eye(len(around)) / sd**2
    found: Floats = around + np.linalg.solve(information + eye, pull)
    return found
