"""What the Bridge costs at 200 activations x 60 SKUs x 30 doors x 8 weeks."""

from __future__ import annotations

import datetime as dt
import time
from typing import Any

import numpy as np

from forecasting.calendar import as_date
from forecasting.consensus.activations import Activation, Item
from forecasting.inventory.bridge import RED
from forecasting.plan import views
from forecasting.plan.live import LivePlan
from forecasting.plan.sku import WhatIf
from forecasting.sample.company import make_sample
from forecasting.weekly import best_mix
from tests.company import imported

ACTIVATIONS, FEATURED, SKUS, DOORS = 200, 60, 1_000, 30


def calendar_of(plan: LivePlan, rng: np.random.Generator) -> list[Activation]:
    """Activations of one week each, spread over the first eight weeks."""
    kinds = [c for c in plan.base.columns if c in ("email", "display", "social", "feature")]
    found = []
    for n in range(ACTIVATIONS):
        week = as_date(plan.base.weeks[n % 8])
        skus = rng.choice(plan.sku_names, FEATURED, replace=False)
        found.append(
            Activation(
                activation=f"B{n:03d}", name=f"Bench {n}", type=kinds[n % len(kinds)],
                start=week, end=week + dt.timedelta(6),
                items=tuple(Item(sku=str(s)) for s in skus),
            )
        )  # fmt: skip
    return found


def measure() -> dict[str, Any]:
    tables = make_sample(skus=SKUS, doors=DOORS, weeks=104, seed=3).tables
    space = imported(tables)
    space.runs.refresh("admin", workers=2)
    calendar = calendar_of(space.plan, np.random.default_rng(1))
    started = time.perf_counter()
    plan = LivePlan(space.plan.base, activations=calendar)
    views.verdicts(plan)
    flags = time.perf_counter() - started
    featured = [s for s, items in plan.items.items() if items]
    one = []
    for sku in featured[:200]:
        started = time.perf_counter()
        plan.sku_if(sku, WhatIf())
        one.append(time.perf_counter() - started)
    risky = max(
        calendar,
        key=lambda a: sum(
            (i.status == RED).any()
            for items in plan.items.values()
            for i in items
            if i.activation == a.activation
        ),
    )
    started = time.perf_counter()
    watched = best_mix.watch_list(plan, activation=risky.activation)
    of_one = time.perf_counter() - started
    started = time.perf_counter()
    everything = best_mix.watch_list(plan, weeks=8)
    mix = best_mix.best_mix(everything)
    whole = time.perf_counter() - started
    accepted = []
    for option in mix.chosen[:50]:
        sku = plan.sku_index[option.sku]
        started = time.perf_counter()
        plan.sku_if(sku, WhatIf(moves=option.moves))
        accepted.append(time.perf_counter() - started)
    space.close()
    return {
        "scale": {"activations": ACTIVATIONS, "featured": FEATURED, "skus": SKUS, "doors": DOORS},
        "all_flags_s": round(flags, 2),
        "one_sku_ms": round(1000 * float(np.median(one)), 2),
        "actions_of_one_activation_s": round(of_one, 2),
        "skus_short_in_it": len(watched),
        "best_mix_s": round(whole, 2),
        "skus_short": len(everything),
        "accepted_action_ms": round(1000 * float(np.percentile(accepted or [0], 95)), 2),
    }  # fmt: skip


if __name__ == "__main__":
    print(measure())
