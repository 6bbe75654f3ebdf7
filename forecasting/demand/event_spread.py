"""How far the lift of one event departs from what such events usually do, all doors alike.

Doors of one SKU and week share what the event did to all of them. What they share in promoted
weeks, less what they share in any other, is the event's own; a plan needs it because it does
not average out over doors.
"""

from __future__ import annotations

import numpy as np

from forecasting.demand import intervals, priors
from forecasting.demand.looks import Estimate
from forecasting.demand.problem import Problem
from forecasting.hierarchy import Bools


def event_sd(problem: Problem, estimate: Estimate) -> float:
    """Log lift that doors of one SKU and week share beyond the model.

    What they share in promoted weeks, less what they share in any other.
    """
    known = estimate.known
    exposed = problem.exposed[:, :known]
    promoted, events = _shared_variance(problem, estimate, exposed)
    if events < 10:
        return priors.USUAL_EVENT_SD
    plain, _ = _shared_variance(problem, estimate, ~exposed)
    promoted += _learnt_from_them(problem, estimate)
    few = 20 * priors.USUAL_EVENT_SD**2
    return float(np.sqrt((max(promoted - plain, 0.0) * events + few) / (events + 20)))


def _learnt_from_them(problem: Problem, estimate: Estimate) -> float:
    """Variance that log lifts of SKUs still have once estimated, mean over their cells.

    What was estimated from a few events lies nearer to them than the truth does, by as
    much as it is unsure.
    """
    layout, learnt = problem.layout, estimate.response
    past = layout.week < estimate.known
    if not past.any():
        return 0.0
    own = layout.of_cells(learnt.series[:, : layout.design.shape[1]])[past]
    sku = problem.panel.sku_of[layout.series[past]]
    found = np.zeros(len(own))
    # Pair by pair of coefficients: a matrix for each cell would be too much to hold.
    used = np.flatnonzero(own.any(axis=0))
    for n, a in enumerate(used):
        beside = learnt.sku_covariance[:, a, a][sku] * own[:, a]
        for b in used[:n]:
            beside += 2 * learnt.sku_covariance[:, a, b][sku] * own[:, b]
        found += beside * own[:, a]
    return float(found.mean())


def _shared_variance(problem: Problem, estimate: Estimate, chosen: Bools) -> tuple[float, int]:
    """Variance of log demand that doors share in a SKU's week, and the SKU weeks seen.

    What SKU weeks scatter more than their doors would by themselves.
    """
    known, panel = estimate.known, problem.panel
    expected = estimate.around * estimate.effects.total[:, :known] * estimate.seen
    series, week = np.nonzero(chosen & (expected > 0))
    mean, units = expected[series, week], estimate.demand[series, week]
    place = panel.sku_of[series] * known + week
    total, sold = np.bincount(place, mean), np.bincount(place, units)
    enough = (total >= 5) & (np.bincount(place) >= 3)
    if enough.sum() < 10:
        return 0.0, int(enough.sum())
    inside = enough[place]
    of_event = (mean * (sold / np.maximum(total, 1e-9))[place])[inside]
    alpha = intervals.overdispersion(units[inside], of_event)
    scatter = np.bincount(place, mean + alpha * mean**2) / np.maximum(total, 1e-9) ** 2
    log_ratio = np.log((sold[enough] + 0.5) / (total[enough] + 0.5))
    weight = 1 / (scatter[enough] + 0.05)
    centre = np.average(log_ratio, weights=weight)
    variance = np.average((log_ratio - centre) ** 2 - scatter[enough], weights=weight)
    return max(float(variance), 0.0), int(enough.sum())
