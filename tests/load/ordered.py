"""What following the Bridge comes to where orders may be placed, on drawn futures.

Every week of eight, in a company that is drawn: what is featured and lacks of what it needs is
ordered where an order can still help, the worst first, one order a SKU and week; then what supply can
still do (orders brought forward, units moved) is done; then what can wait of what is on order
for doors with excess is pushed back. The calendar stays as it is. Buyers
go on ordering as they always did, and see what was decided. Beside units lost in activations
stands what is left four weeks behind them beyond what is enough, and against nothing done.
`python -m tests.load.ordered [SEED ...]`
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from forecasting.hierarchy import Floats
from forecasting.inventory import actions
from forecasting.plan.live import LivePlan
from forecasting.sample.company import make_sample
from forecasting.weekly import best_mix, excess, options
from forecasting.weekly.option import Option, situation_of
from tests.company import imported
from tests.load.followed import AHEAD, DOORS, SKUS, WEEKS, Shelves, World

SEEDS = (61, 62, 63, 64, 65, 66, 67, 68)
"""Eight companies; none was looked at while options were built."""
BEHIND, ENOUGH = 4, 8.0
"""Weeks after an activation at which stock is looked at; weeks of demand that are enough."""


class Counted(Shelves):
    """Shelves of which every week's end is kept."""

    def __init__(self, plan: LivePlan) -> None:
        super().__init__(plan)
        self.ends = np.zeros_like(self.lost)

    def live(self, world: World, t: int) -> None:
        super().live(world, t)
        self.ends[:, :, t] = self.stock


def ordered(now: LivePlan, shelves: Shelves, week: int) -> list[Option]:
    """Orders that help what lacks of its service, placed one after the other."""
    placed: list[Option] = []
    short = [item for items in now.items.values() for item in items if item.first < AHEAD]
    done: set[int] = set()
    for item in sorted(short, key=lambda i: -i.short.sum()):
        if item.sku in done:  # one order a SKU and week: the next look counts it
            continue
        start = situation_of(now, now.sku(item.sku), item)
        before = actions.outcome(start, now.limits)
        more = options.order_more(now, item, start, before).option
        if more.is_open and more.moves:
            placed.append(more)
            done.add(item.sku)
    shelves.decide(now, placed, week)
    return placed


def pushed_back(now: LivePlan) -> list[Option]:
    """What can wait of what is on order for doors with excess; a SKU is looked at once."""
    found: dict[int, Option] = {}
    for items in now.items.values():
        for item in items:
            if item.first < AHEAD and item.sku not in found:
                option = excess.push_back(now, item)
                if option.is_open:
                    found[item.sku] = option
    return list(found.values())


def reviewed(plan: LivePlan, world: World) -> tuple[Counted, list[Option]]:
    """Shelves after a review every week, and all that was decided."""
    shelves, done = Counted(plan), []
    calendar = plan.activations()
    for week in range(WEEKS):
        if week < AHEAD:
            now = LivePlan(shelves.basis(week), activations=calendar, limits=plan.limits)
            done += ordered(now, shelves, week)
            now = LivePlan(shelves.basis(week), activations=calendar, limits=plan.limits)
            mix = best_mix.best_mix(best_mix.watch_list(now, weeks=AHEAD))
            supply = [option for option in mix.chosen if option.moves]
            shelves.decide(now, supply, week)
            done += supply
            now = LivePlan(shelves.basis(week), activations=calendar, limits=plan.limits)
            later = pushed_back(now)
            shelves.decide(now, later, week)
            done += later
        shelves.live(world, week)
    return shelves, done


def left_alone(plan: LivePlan, world: World) -> Counted:
    """Shelves of which nobody decides anything."""
    shelves = Counted(plan)
    for week in range(WEEKS):
        shelves.live(world, week)
    return shelves


def left_too_much(plan: LivePlan, world: World, ends: Floats) -> tuple[float, float]:
    """Units, and money at cost, left some weeks behind activations beyond what is enough."""
    cells: set[tuple[int, int, int]] = set()
    for items in plan.items.values():
        for item in items:
            if item.first < AHEAD:
                at = min(item.window.stop - 1 + BEHIND, WEEKS - 1)
                cells |= {(item.sku, int(door), at) for door in item.doors}
    sku, door, week = np.array(sorted(cells)).T
    pace = world.baseline[:, :, -BEHIND:].mean(axis=2)
    over = np.maximum(ends[sku, door, week] - ENOUGH * pace[sku, door], 0.0)
    cost = plan.base.skus["unit_cost"].fillna(0.0).to_numpy(dtype=float)
    return float(over.sum()), float((over * cost[sku]).sum())


def lost_in(plan: LivePlan, lost: Floats) -> dict[str, float]:
    """Units lost in activations: all, and of SKUs whose lead time ends before the start."""
    inside, able = np.zeros(lost.shape, bool), np.zeros(lost.shape, bool)
    for items in plan.items.values():
        for item in items:
            if item.first < AHEAD:
                inside[item.sku, item.doors, item.window] = True
                if plan.base.lead_time[item.sku] <= item.first:
                    able[item.sku, item.doors, item.window] = True
    return {
        "lost": float(lost[inside].sum()), "in_time": float(lost[able].sum()),
    }  # fmt: skip


def one(seed: int) -> dict[str, Any]:
    """One company, with nothing done and with a review every week."""
    sample = make_sample(skus=SKUS, doors=DOORS, weeks=130, seed=seed)
    space = imported(sample.tables)
    space.runs.refresh("admin", workers=2)
    plan = space.plan
    world = World.of(sample, plan, WEEKS)
    alone = left_alone(plan, world)
    followed, done = reviewed(plan, world)
    space.close()
    before, after = lost_in(plan, alone.lost), lost_in(plan, followed.lost)
    over, money = left_too_much(plan, world, alone.ends)
    over_then, money_then = left_too_much(plan, world, followed.ends)
    return {
        "seed": seed,
        **{name: round(value) for name, value in before.items()},
        **{f"{name}_after": round(value) for name, value in after.items()},
        "excess": round(over), "excess_after": round(over_then),
        "excess_cost": round(money), "excess_cost_after": round(money_then),
        "ordered": round(sum(m.units for o in done for m in o.moves if o.action == "order")),
        "actions": dict(Counter(o.action.value for o in done)),
    }  # fmt: skip


def measure(seeds: Sequence[int] = SEEDS) -> pd.DataFrame:
    """Several companies, one row each, told as they are done."""
    rows = []
    for seed in seeds:
        rows.append(one(seed))
        print(rows[-1], flush=True)
    return pd.DataFrame(rows)


if __name__ == "__main__":
    table = measure([int(s) for s in sys.argv[1:]] or SEEDS)
    total = table.sum(numeric_only=True)
    for name in ("lost", "in_time", "excess", "excess_cost"):
        print(f"{name}: {total[f'{name}_after'] / total[name] - 1:+.1%}")
