"""What orders aim at so that what is asked is delivered: the table of over_stocked.py.

`python -m tests.load.levels` simulates weekly review, lost sales and demand of a gamma at
every lead time and scatter of the table of cycles, and prints it; with `units` that of units.
It takes ten minutes.
"""

from __future__ import annotations

import sys
from unittest import mock

import numpy as np

from forecasting.hierarchy import Floats
from forecasting.inventory import levels, over_stocked

AIMED: Floats = np.array([0.4, 0.5, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.98, 0.995])
MEAN, WORLDS, WEEKS, WARM = 1_000.0, 400, 100, 25


def delivered(lead: int, spread: float, *, by_units: bool) -> Floats:
    """Share of cycles, or of units, that is met at each aim, without the table."""
    rng = np.random.default_rng(3)
    service = np.repeat(AIMED, WORLDS)
    n = len(service)
    doubt = levels.Doubt(
        alpha=np.full(lead + 1, spread), level_sd=0.0, lift_sd=np.zeros(lead + 1)
    )
    aim = levels.Aim(service=service, waits=np.zeros(n, dtype=bool), by_units=by_units)
    demand = np.full((n, lead + 1), MEAN)
    stock, coming = np.full(n, 1.5 * MEAN), np.full((n, lead), MEAN)
    met, asked = np.zeros(len(AIMED)), 0.0
    for week in range(WEEKS):
        with mock.patch.object(levels, "asked_when_ordering", lambda asked, _, **__: asked):
            outlook = levels.Outlook(
                stock, demand, doubt, aim, lead_time=lead, pack=np.full(n, 1e-3)
            )
        for ahead in range(lead):
            outlook.arrive(coming[:, ahead])
        arriving = np.column_stack([coming, outlook.lacking()])
        needed = MEAN * np.tile(rng.gamma(1 / spread, spread, WORLDS), len(AIMED))
        there = stock + arriving[:, 0]
        if week >= WARM:
            part = np.minimum(needed, there) if by_units else (needed <= there) * 1.0
            met += part.reshape(len(AIMED), -1).mean(axis=1)
            asked += float(needed.mean()) if by_units else 1.0
        stock, coming = np.maximum(there - needed, 0.0), arriving[:, 1:]
    return met / asked


def aimed(lead: int, spread: float, *, by_units: bool) -> Floats:
    """What to aim at for each share that is asked."""
    if not lead and not by_units:
        return np.array(over_stocked.ASKED)
    found_at = delivered(lead, spread, by_units=by_units)
    rising = np.maximum.accumulate(found_at + 1e-7 * np.arange(len(AIMED)))
    found: Floats = np.interp(over_stocked.ASKED, rising, AIMED)
    return found


if __name__ == "__main__":
    for weeks in over_stocked.LEADS:
        for scatter in over_stocked.SPREADS:
            told = aimed(weeks, scatter, by_units="units" in sys.argv)
            print(weeks, scatter, told.round(4).tolist(), flush=True)
