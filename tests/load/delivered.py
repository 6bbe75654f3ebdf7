"""What the buy plan delivers of the service that is asked, in companies that are drawn.

For thirty weeks whatever the buy plan says to release is ordered, week after week, with the
forecast of the first week and that week's stock and orders; suppliers are on time. Counted are
cycles, from the arrival of one such order of a SKU at a door to that of the next, in which demand
was met in full; and beside them weeks from the first arrival on. Where cases are large, an order
lasts for weeks that cannot run out: by week more is met than by cycle.
`python -m tests.load.delivered [SEED ...]`
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd

from forecasting.hierarchy import Bools
from forecasting.monthly import buying
from forecasting.plan.live import LivePlan
from forecasting.sample.company import make_sample
from tests.company import imported
from tests.load import followed
from tests.load.followed import Shelves, World

SEEDS = (71, 72)
ASKED = (0.70, 0.8333, 0.95)
SKUS, DOORS, WEEKS = 60, 8, 30
TERMS = {"presentation_min": 0}
"""What is asked beside service: no units for display, which are an aim of their own. Cases and
minimums are the company's."""


def order(shelves: Shelves, plan: LivePlan, now: int, ours: Bools) -> None:
    """Place what the buy plan releases, and note when and where it arrives, (S, D, weeks)."""
    bought = buying.rows(plan, weeks=WEEKS - now)
    lines = bought[(bought["kind"] == "release") & bought["door"].isin(list(plan.door_index))]
    sku = lines["sku"].map(plan.sku_index).to_numpy(dtype=int)
    door = lines["door"].map(plan.door_index).to_numpy(dtype=int)
    ahead = (lines["receipt_week"] - pd.Timestamp(plan.base.weeks[0])).dt.days // 7
    week = now + ahead.to_numpy(dtype=int)
    np.add.at(shelves.arriving, (sku, door, week), lines["units"].to_numpy(dtype=float))
    ours[sku, door, week] = True


class Cycles:
    """Cycles from one arrival of an order to the next, of SKUs at doors."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.under_way = np.zeros(shape, dtype=bool)
        self.kept = np.ones(shape, dtype=bool)
        self.weeks = self.weeks_met = self.ended = self.ended_met = 0

    def week(self, *, arrives: Bools, met: Bools, sold: Bools) -> None:
        """A week in which something arrives, demand is met in full, anything is sold at all."""
        over = arrives & self.under_way
        self.ended += int(over.sum())
        self.ended_met += int((over & self.kept).sum())
        self.under_way |= arrives
        self.kept = np.where(arrives, True, self.kept) & met
        counted = self.under_way & sold
        self.weeks += int(counted.sum())
        self.weeks_met += int((counted & met).sum())


def one(seed: int, asked: float) -> dict[str, Any]:
    """One company with one service level for every SKU."""
    tables = make_sample(skus=SKUS, doors=DOORS, weeks=130, seed=seed)
    tables.tables["skus"] = tables.tables["skus"].assign(service_level=asked, **TERMS)
    space = imported(tables.tables)
    space.runs.refresh("admin", workers=2)
    plan = space.plan
    with mock.patch.object(followed, "WEEKS", WEEKS):
        world, shelves = World.of(tables, plan, WEEKS), Shelves(plan)
        cycles = Cycles(shelves.stock.shape)
        ours = np.zeros((*shelves.stock.shape, WEEKS + 99), dtype=bool)
        for week in range(WEEKS):
            now = LivePlan(
                shelves.basis(week), activations=plan.activations(), limits=plan.limits
            )
            order(shelves, now, week, ours)
            available = shelves.stock + shelves.arriving[:, :, week]
            demand = world.demand[:, :, week]
            shelves.stock = np.maximum(available - demand, 0.0)
            cycles.week(
                arrives=ours[:, :, week], met=demand <= available,
                sold=world.baseline[:, :, week] > 0,
            )  # fmt: skip
    space.close()
    return {
        "seed": seed, "asked": asked, "cycles": cycles.ended,
        "by_cycle": round(cycles.ended_met / cycles.ended, 4),
        "weeks": cycles.weeks, "by_week": round(cycles.weeks_met / cycles.weeks, 4),
    }  # fmt: skip


def measure(seeds: Sequence[int] = SEEDS) -> pd.DataFrame:
    """Every company at every service, told as they are done."""
    rows = []
    for seed in seeds:
        for asked in ASKED:
            rows.append(one(seed, asked))
            print(rows[-1], flush=True)
    return pd.DataFrame(rows)


if __name__ == "__main__":
    table = measure([int(s) for s in sys.argv[1:]] or SEEDS)
    for asked, mine in table.groupby("asked"):
        by_cycle = np.average(mine["by_cycle"], weights=mine["cycles"])
        by_week = np.average(mine["by_week"], weights=mine["weeks"])
        print(f"asked {asked}: by cycle {by_cycle:.4f}, by week {by_week:.4f}")
