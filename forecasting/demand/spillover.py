"""Spillover: what an activation does outside its own cells.

Other SKUs of the class at the same door lose to it, or gain: each demand is multiplied by
(demand of the others, lifted, over the same unlifted) to a power g, estimated per class. At
g = 0 the class grows by all of the lift; at g = -1 it does not grow at all; below, nobody
could have bought less, so g is never below -1 and the others never lose more than the
activation gained.

And customers buy ahead: in the three weeks after, while nothing else runs, demand is
multiplied by exp(-f x what was bought ahead), which never takes back more than the share f
of the lift.
"""

from __future__ import annotations

import numpy as np

from forecasting.hierarchy import Bools, Floats, Ints, aggregate

AFTER = (0.6, 0.3, 0.1)
"""How what was bought ahead is spread over the weeks after."""
_MOST_AHEAD = 3.0
"""Weeks of demand that are bought ahead at most, however large the lift: a bound, so that one
huge lift does not empty the weeks after it."""
LEAST_OTHERS = 0.2
"""Whatever the rest of a class is expected to lose, this share of it stays."""


def share_of_group(level: Floats, group: Ints) -> Floats:
    """Share of each series in the demand of its group (class at a door), (n,)."""
    total = np.bincount(group, level)
    share: Floats = level / np.maximum(total[group], 1e-12)
    return share


def log_others(multiplier: Floats, share: Floats, group: Ints) -> Floats:
    """Log of what lifts do to the rest of the group, seen from each series, (n, W).

    Parameters
    ----------
    multiplier : float array, shape (n, W)
        Lift of each series, as a multiple of its demand without.
    share : float array, shape (n,)
        Of its group's demand.
    group : int array, shape (n,)
    """
    push = share[:, None] * (multiplier - 1)
    together = aggregate(push, group, int(group.max(initial=-1)) + 1)
    logs: Floats = np.log(np.maximum(1 + together[group] - push, LEAST_OTHERS))
    return logs


def bought_ahead(multiplier: Floats, exposed: Bools, *, before: Floats | None = None) -> Floats:
    """What was bought ahead of each week, in weeks of demand, (n, W).

    Nothing where another activation runs: it sells again what would have been missing.

    Parameters
    ----------
    multiplier : float array, shape (n, W)
    exposed : bool array, shape (n, W)
        An activation runs.
    before : float array, shape (n, 3), optional
        What was bought ahead of the first three weeks, before them.
    """
    extra = np.maximum(multiplier - 1, 0.0)
    ahead = np.zeros_like(extra)
    for k, part in enumerate(AFTER, start=1):
        ahead[:, k:] += part * extra[:, :-k]
    if before is not None:
        ahead[:, : before.shape[1]] += before[:, : ahead.shape[1]]
    return np.where(exposed, 0.0, np.minimum(ahead, _MOST_AHEAD))


def still_ahead(multiplier: Floats) -> Floats:
    """What the last weeks bought ahead of the three weeks after them, (n, 3)."""
    extra = np.maximum(multiplier[:, -len(AFTER) :] - 1, 0.0)
    n_weeks = extra.shape[1]
    ahead = np.zeros((len(extra), len(AFTER)))
    for week in range(len(AFTER)):
        for k, part in enumerate(AFTER, start=1):
            at = n_weeks + week - k
            if 0 <= at < n_weeks:
                ahead[:, week] += part * extra[:, at]
    return ahead
