"""What following the best mix comes to, on the drawn future of made-up companies.

The same thirteen weeks several times, with the same customers: nothing is done; everything
that the mix says is done at once; or every week what it says then, from the stock and the
orders of that week, as in a weekly review (with the forecast of the first). Buyers go on
ordering as they always did. What is counted are featured SKUs at doors in activations that
begin within eight weeks.
`python -m tests.load.followed`
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from forecasting.calendar import as_date
from forecasting.hierarchy import Floats, Ints
from forecasting.inventory.lateness import MOST_WEEKS
from forecasting.plan.basis import Base
from forecasting.plan.live import LivePlan
from forecasting.sample.company import COVERED, Sample, make_sample
from forecasting.vocabulary import Measure
from forecasting.weekly import best_mix
from forecasting.weekly.best_mix import Aim
from forecasting.weekly.option import Action, Option
from forecasting.weekly.together import one_by_one
from tests.company import imported, placed

SKUS, DOORS, WEEKS, AHEAD = 120, 10, 13, 8
SEEDS = (41, 42, 43, 44)
WEEKLY = "service, weekly"


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

    def changed(
        self, plan: LivePlan, chosen: Sequence[Option], seed: int, *, passed: int = 0
    ) -> World:
        """The same customers after the calendar was changed, `passed` weeks later."""
        rng = np.random.default_rng(seed)
        mean, demand = self.mean.copy(), self.demand.copy()
        for option in chosen:
            if option.action not in (Action.SHIFT, Action.REDUCE):
                continue
            sku = plan.sku_index[option.sku]
            first, last = plan.scope_weeks(plan.activation(option.activation))
            window = slice(first + passed, last + passed + 1)
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


class Shelves:
    """Stock at every door as the weeks go by, and what buyers and decisions bring there.

    Parameters
    ----------
    plan : LivePlan
        Of the first week.
    """

    def __init__(self, plan: LivePlan) -> None:
        self.base = plan.base
        n_skus, n_doors, _ = plan.base.shape3
        self.stock = np.maximum(np.nan_to_num(plan.base.opening), 0.0)
        self.lines = plan.base.receipts.copy()
        """Open orders by name, weeks counted from the first."""
        self.reserve = plan.base.reserve.copy()
        self.arriving = np.zeros((n_skus, n_doors, WEEKS + 16))
        known = self.lines[self.lines["week"] < WEEKS]
        np.add.at(
            self.arriving,
            (known["sku"], known["door"], known["week"]),
            known["units"].to_numpy(dtype=float),
        )
        self.lost = np.zeros((n_skus, n_doors, WEEKS))

    def decide(self, plan: LivePlan, chosen: Sequence[Option], now: int) -> None:
        """Let what was decided in week `now` go its way."""
        doors, centres = plan.base.network.n_doors, plan.base.network.index
        for option in chosen:
            if not option.moves:
                continue
            sku = plan.sku_index[option.sku]
            change = plan.inbound.moved(sku, option.moves)
            ahead = min(change.shape[1], self.arriving.shape[2] - now)
            self.arriving[sku, :, now : now + ahead] += change[:, :ahead]
            # What comes later still is on order all the same: buyers know of it.
            self.arriving[sku, :, -1] += change[:, ahead:].sum(axis=1)
            for move in option.moves:
                if move.receipt:
                    mine = (
                        (self.lines["sku"] == sku)
                        & (self.lines["door"] == plan.door_index[move.to])
                        & (self.lines["receipt"] == move.receipt)
                    )
                    arrives = now + (move.arrives - as_date(plan.base.weeks[0])).days // 7
                    self.lines.loc[mine, "week"] = arrives
                    self.lines.loc[mine, "receipt"] = ""  # it was moved once
                elif centres.get(move.origin, -1) >= doors:
                    self.reserve[sku, centres[move.origin] - doors] -= move.units

    def live(self, world: World, t: int) -> None:
        """Let a week go by: sell, then order as buyers always did."""
        available = np.maximum(self.stock + self.arriving[:, :, t], 0.0)
        self.lost[:, :, t] = np.maximum(world.demand[:, :, t] - available, 0.0)
        self.stock = np.maximum(available - world.demand[:, :, t], 0.0)
        lead, weeks = self.base.lead_time, np.arange(WEEKS)
        pack = self.base.skus["case_pack"].fillna(1.0).to_numpy(dtype=float)[:, None]
        reviewed = (np.arange(len(lead)) + t) % 2 == 0
        ahead = (weeks > t) & (weeks[None, :] <= t + (lead + COVERED)[:, None])
        # Beyond the weeks that are drawn it goes on as in the last ones.
        beyond = np.maximum(t + lead + COVERED - (WEEKS - 1), 0)[:, None]
        need = (world.foreseen * ahead[:, None, :]).sum(axis=2)
        need += beyond * world.baseline[:, :, -4:].mean(axis=2)
        position = self.stock + self.arriving[:, :, t + 1 :].sum(axis=2)
        gap = np.maximum(need - position, 0.0) * reviewed[:, None]
        units = np.ceil(gap / pack) * pack
        for sku in range(len(lead)):
            self.arriving[sku, :, t + 1 + lead[sku]] += units[sku]

    def basis(self, now: int) -> Base:
        """What a plan of week `now` stands on: the forecast of the first, today's facts."""
        base = self.base
        named = self.lines[(self.lines["week"] >= now) & (self.lines["receipt"] != "")]
        rest = self.arriving[:, :, now:WEEKS].copy()
        shown = named[named["week"] < WEEKS]
        np.add.at(
            rest,
            (shown["sku"], shown["door"], shown["week"] - now),
            -shown["units"].to_numpy(dtype=float),
        )
        sku, door, week = np.nonzero(np.abs(rest) > 1e-9)
        others = pd.DataFrame(
            {
                "sku": sku, "door": door, "week": week, "units": rest[sku, door, week],
                "planned": False, "late": False, "receipt": "", "expedite": -1, "chance": 1.0,
                "slipped": MOST_WEEKS,  # in this world what is decided comes as it was decided
            }
        )  # fmt: skip
        early = np.where(named["expedite"] >= 0, np.maximum(named["expedite"] - now, 0), -1)
        named = named.assign(week=named["week"] - now, expedite=early)
        kept = np.zeros_like(base.ahead)
        kept[:, :, : max(3 - now, 0)] = base.ahead[:, :, now:]
        return replace(
            base,
            as_of=base.as_of + dt.timedelta(7 * now),
            weeks=base.weeks[now:],
            shape=base.shape[:, now:],
            repriced=base.repriced[:, now:],
            ranged=replace(base.ranged, weeks=base.weeks[now:]),
            ahead=kept,
            opening=np.where(np.isnan(base.opening), np.nan, self.stock),
            receipts=pd.concat([named, others], ignore_index=True),
            reserve=np.maximum(self.reserve, 0.0),
            inbound=base.inbound[:, now:],
        )


def _at_once(plan: LivePlan, world: World, chosen: Sequence[Option]) -> Floats:
    """Units lost, (S, D, W), where all is decided in the first week."""
    shelves = Shelves(plan)
    shelves.decide(plan, chosen, 0)
    for week in range(WEEKS):
        shelves.live(world, week)
    return shelves.lost


def _weekly(plan: LivePlan, world: World, seed: int) -> tuple[World, Floats, list[Option]]:
    """The world, units lost and all that was done, with a review every week."""
    calendar = {a.activation: a for a in plan.activations()}
    shelves, done = Shelves(plan), []
    for week in range(WEEKS):
        if week < AHEAD:
            now = LivePlan(
                shelves.basis(week), activations=calendar.values(), limits=plan.limits
            )
            watched = best_mix.watch_list(now, weeks=AHEAD)
            mix = best_mix.best_mix(watched, calendar=True)
            world = world.changed(now, mix.chosen, seed + week, passed=week)
            shelves.decide(now, mix.chosen, week)
            for option in mix.chosen:
                if option.after is not None:
                    calendar[option.activation] = option.laid_over(calendar[option.activation])
            done += one_by_one(now, mix.chosen)
        shelves.live(world, week)
    return world, shelves.lost, done


def one(seed: int) -> list[dict[str, Any]]:
    """One company, by what the mix is chosen for."""
    sample = make_sample(skus=SKUS, doors=DOORS, weeks=130, seed=seed)
    space = imported(sample.tables)
    space.runs.refresh("admin", workers=2)
    plan = space.plan
    world = World.of(sample, plan, WEEKS)
    skus = range(len(plan.sku_names))
    margin = np.stack([(plan.worth(s, Measure.MARGIN)[:, :WEEKS]) for s in skus])
    lost = _at_once(plan, world, ())
    done: dict[str, tuple[World, Floats, Sequence[Option]]] = {}
    watched = best_mix.watch_list(plan, weeks=AHEAD)
    for aim in Aim:
        chosen = one_by_one(plan, best_mix.best_mix(watched, aim=aim, calendar=True).chosen)
        then = world.changed(plan, chosen, seed)
        done[aim.value] = then, _at_once(plan, then, chosen), chosen
    done[WEEKLY] = _weekly(plan, world, seed)
    space.close()
    return [
        {
            "seed": seed,
            "aim": aim,
            **_counted(plan, lost, left),
            "cost": round(sum(o.cost for o in chosen)),
            "margin_expected": round(sum(np.nan_to_num(o.margin_saved) for o in chosen)),
            "margin_actual": round(
                float((((then.demand - left) - (world.demand - lost)) * margin).sum())
            ),
            "actions": dict(Counter(o.action.value for o in chosen)),
        }
        for aim, (then, left, chosen) in done.items()
    ]


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
