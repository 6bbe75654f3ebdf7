"""What orders aim at so that what is asked is delivered: the table of over_stocked.py.

`python -m tests.load.levels` simulates weekly review, lost sales and demand of a gamma at
every lead time and scatter of the table, and prints it. It takes ten minutes.
"""

from __future__ import annotations

from unittest import mock

import numpy as np

from forecasting.hierarchy import Floats
from forecasting.inventory import levels, over_stocked

AIMED: Floats = np.array([0.4, 0.5, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.98, 0.995])
MEAN, WORLDS, WEEKS, WARM = 1_000.0, 400, 100, 25


def delivered(lead: int, spread: float) -> Floats:
    """Share of cycles met in full at each aim, without the table."""
    rng = np.random.default_rng(3)
    service = np.repeat(AIMED, WORLDS)
    n = len(service)
    doubt = levels.Doubt(
        alpha=np.full(lead + 1, spread), level_sd=0.0, lift_sd=np.zeros(lead + 1)
    )
    aim = levels.Aim(service=service, waits=np.zeros(n, dtype=bool))
    demand = np.full((n, lead + 1), MEAN)
    stock, coming, met = np.full(n, 1.5 * MEAN), np.full((n, lead), MEAN), np.zeros(len(AIMED))
    for week in range(WEEKS):
        with mock.patch.object(levels, "asked_when_ordering", lambda asked, _, **__: asked):
            outlook = levels.Outlook(
                stock, demand, doubt, aim, lead_time=lead, pack=np.full(n, 1e-3)
            )
        for ahead in range(lead):
            outlook.arrive(coming[:, ahead])
        arriving = np.column_stack([coming, outlook.lacking()])
        wanted = MEAN * np.tile(rng.gamma(1 / spread, spread, WORLDS), len(AIMED))
        there = stock + arriving[:, 0]
        if week >= WARM:
            met += (wanted <= there).reshape(len(AIMED), -1).mean(axis=1) / (WEEKS - WARM)
        stock, coming = np.maximum(there - wanted, 0.0), arriving[:, 1:]
    return met


def aimed(lead: int, spread: float) -> Floats:
    """What to aim at for each share that is asked."""
    if not lead:
        return np.array(over_stocked.ASKED)
    rising = np.maximum.accumulate(delivered(lead, spread) + 1e-7 * np.arange(len(AIMED)))
    found: Floats = np.interp(over_stocked.ASKED, rising, AIMED)
    return found


if __name__ == "__main__":
    for weeks in over_stocked.LEADS:
        for scatter in over_stocked.SPREADS:
            print(weeks, scatter, aimed(weeks, scatter).round(4).tolist(), flush=True)
