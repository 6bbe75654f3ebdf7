"""What following the best mix comes to, on the drawn future of made-up companies.

Twice the same thirteen weeks, with the same customers: once nothing is done, once everything
the mix says is done at once. Buyers go on ordering as they always did. What is counted are
featured SKUs at doors in activations that begin within eight weeks.
`python -m tests.load.followed`
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from data.sample import COVERED, Sample, make_sample
from forecasting import options
from forecasting.calendar import as_date
from forecasting.hierarchy import Floats, Ints
from forecasting.options import Action, Aim, Option
from forecasting.plan import LivePlan
from forecasting.vocabulary import Measure
from tests.company import imported, placed

SKUS, DOORS, WEEKS, AHEAD = 120, 10, 13, 8
SEEDS = (41, 42, 43, 44)


@dataclass(frozen=True)
class World:
    """The weeks ahead as they are drawn: arrays are SKU x door x week."""

    baseline: Floats
    mean: Floats
    demand: Ints
    """What customers will want as the calendar stands."""
    foreseen: Floats
    """What buyers order for."""

    @staticmethod
    def of(sample: Sample, plan: LivePlan, weeks: int) -> World:
        baseline, mean, demand, foreseen = (
            placed(
                sample.truth["demand"], name, skus=plan.sku_names, doors=plan.door_names,
                weeks=pd.DatetimeIndex(plan.base.weeks[:weeks]),
            )
            for name in ("baseline", "mean", "demand", "foreseen")
        )  # fmt: skip
        return World(baseline, mean, demand.astype(np.int64), foreseen)

    def changed(self, plan: LivePlan, chosen: Sequence[Option], seed: int) -> World:
        """The same customers after the calendar was changed."""
        rng = np.random.default_rng(seed)
        mean, demand = self.mean.copy(), self.demand.copy()
        for option in chosen:
            if option.action not in (Action.SHIFT, Action.REDUCE):
                continue
            sku = plan.sku_index[option.sku]
            window = slice(*plan.scope_weeks(plan.activation(option.activation)))
            window = slice(window.start, window.stop + 1)
            extra = np.maximum(mean[sku, :, window] - self.baseline[sku, :, window], 0.0)
            share = option.lift_kept if option.action is Action.REDUCE else 0.0
            less = mean[sku, :, window] - (1 - share) * extra
            kept = np.where(
                mean[sku, :, window] > 0, less / np.maximum(mean[sku, :, window], 1e-9), 1.0
            )
            # Fewer of the same customers come.
            demand[sku, :, window] = rng.binomial(
                demand[sku, :, window], np.clip(kept, 0.0, 1.0)
            )
            if option.action is Action.SHIFT:
                # The substitute is lifted as the SKU would have been.
                other = plan.sku_index[option.substitute]
                lift = extra / np.maximum(self.baseline[sku, :, window], 1e-9)
                demand[other, :, window] += rng.poisson(self.baseline[other, :, window] * lift)
            mean[sku, :, window] = less
        return World(self.baseline, mean, demand, self.foreseen)


def live(plan: LivePlan, world: World, moves: Floats, dues: Floats) -> Floats:
    """Let the weeks go by; units lost, (S, D, W).

    Parameters
    ----------
    moves : float array, shape (S, D, W)
        What decisions add to and take from what arrives.
    dues : float array, shape (S, D, W)
        Open orders.
    """
    n_skus, n_doors, n_weeks = world.demand.shape
    lead = plan.base.lead_time
    opening = np.nan_to_num(np.stack([plan.base.opening[s] for s in range(n_skus)]))
    stock = np.maximum(opening, 0.0)
    arriving = np.concatenate([dues + moves, np.zeros((n_skus, n_doors, 16))], axis=2)
    lost = np.zeros(world.demand.shape)
    weeks = np.arange(n_weeks)
    pack = plan.base.skus["case_pack"].fillna(1.0).to_numpy(dtype=float)[:, None]
    for t in range(n_weeks):
        available = np.maximum(stock + arriving[:, :, t], 0.0)
        lost[:, :, t] = np.maximum(world.demand[:, :, t] - available, 0.0)
        stock = np.maximum(available - world.demand[:, :, t], 0.0)
        reviewed = (np.arange(n_skus) + t) % 2 == 0
        ahead = (weeks > t) & (weeks[None, :] <= t + (lead + COVERED)[:, None])
        # Beyond the weeks that are drawn it goes on as in the last ones.
        beyond = np.maximum(t + lead + COVERED - (n_weeks - 1), 0)[:, None]
        need = (world.foreseen * ahead[:, None, :]).sum(axis=2)
        need += beyond * world.baseline[:, :, -4:].mean(axis=2)
        position = stock + arriving[:, :, t + 1 :].sum(axis=2)
        gap = np.maximum(need - position, 0.0) * reviewed[:, None]
        units = np.ceil(gap / pack) * pack
        for sku in range(n_skus):
            arriving[sku, :, t + 1 + lead[sku]] += units[sku]
    return lost


def _moved(plan: LivePlan, chosen: Sequence[Option], n_weeks: int) -> Floats:
    """What decided moves add and take, (S, D, W)."""
    change = np.zeros((len(plan.sku_names), len(plan.door_names), n_weeks))
    for option in chosen:
        if option.moves:
            sku = plan.sku_index[option.sku]
            change[sku] += plan.moved(sku, option.moves)[:, :n_weeks]
    return change


def one(seed: int) -> list[dict[str, Any]]:
    """One company, by what the mix is chosen for."""
    sample = make_sample(skus=SKUS, doors=DOORS, weeks=130, seed=seed)
    space = imported(sample.tables)
    space.refresh("admin", workers=2)
    plan = space.plan
    world = World.of(sample, plan, WEEKS)
    skus = range(len(plan.sku_names))
    dues = np.stack([plan.sku(s).receipts[:, :WEEKS] for s in skus])
    margin = np.stack([(plan.worth(s, Measure.MARGIN)[:, :WEEKS]) for s in skus])
    watched = options.watch_list(plan, weeks=AHEAD)
    lost = live(plan, world, np.zeros_like(dues), dues)
    rows = []
    for aim in Aim:
        mix = options.best_mix(watched, aim=aim)
        then = world.changed(plan, mix.chosen, seed)
        left = live(plan, then, _moved(plan, mix.chosen, WEEKS), dues)
        more = (then.demand - left) - (world.demand - lost)
        rows.append(
            {
                "seed": seed,
                "aim": aim.value,
                **_counted(plan, lost, left),
                "cost": round(mix.cost),
                "margin_said": round(mix.margin_saved),
                "margin_came": round(float((more * margin).sum())),
                "actions": {a.value: len(mix.of(a)) for a in Action if mix.of(a)},
                "short_skus": mix.considered,
                "left": len(mix.left),
            }
        )
    space.close()
    return rows


def _counted(plan: LivePlan, lost: Floats, left: Floats) -> dict[str, int]:
    """Units lost and SKU-doors that ran out in activations, before and after."""
    first = as_date(plan.base.weeks[0])
    inside, able = np.zeros(lost.shape, bool), np.zeros(lost.shape, bool)
    for items in plan.items.values():
        for item in items:
            if item.first < AHEAD:
                activation = plan.activation(item.activation)
                inside[item.sku, item.doors, item.window] = True
                if (activation.lock_date or activation.start) >= first:
                    able[item.sku, item.doors, item.window] = True
    found = {}
    for name, where in (("", inside), ("_in_time", able)):
        for what, units in (("", lost), ("_after", left)):
            counted = np.where(where, units, 0.0)
            found[f"lost{name}{what}"] = int(counted.sum())
            found[f"ran_out{name}{what}"] = int((counted.sum(axis=2) > 0).sum())
    return found


def measure(seeds: Sequence[int] = SEEDS) -> list[dict[str, Any]]:
    """Several companies. `in_time`: of activations whose calendar could still be changed."""
    return [row for seed in seeds for row in one(seed)]


if __name__ == "__main__":
    table = pd.DataFrame(measure())
    print(table.to_string())
    print(table.groupby("aim").sum(numeric_only=True).to_string())
