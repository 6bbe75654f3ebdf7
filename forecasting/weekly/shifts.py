"""Featuring another SKU in the place of one that is short."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from forecasting.consensus.activations import Item
from forecasting.hierarchy import THOUSANDTHS
from forecasting.inventory import actions
from forecasting.inventory.actions import Outcome, Situation
from forecasting.inventory.bridge import ItemRisk
from forecasting.plan.live import LivePlan
from forecasting.plan.sku import WhatIf
from forecasting.weekly.option import Action, Option, blank, calendar_deadline, situation_of

SUBSTITUTES = 5
"""Substitutes that are worked out in full, of those most alike."""


def shift(
    plan: LivePlan,
    item: ItemRisk,
    situation: Situation,
    before: Outcome,
    *,
    instead: Sequence[int] | None = None,
) -> list[Option]:
    """Feature another SKU instead, the best substitute first; both SKUs worked out.

    Parameters
    ----------
    instead : sequence of int, optional
        SKUs that are tried; those most alike if left out.
    """
    empty = blank(plan, item, Action.SHIFT, before)
    activation = plan.activation(item.activation)
    dated = replace(empty, **calendar_deadline(plan, activation))
    others = substitutes(plan, item) if instead is None else instead
    tried = [_shifted(plan, item, situation, before, dated, s) for s in others]
    good = sorted(
        (o for o in tried if o is not None and (o.meets or o.margin_saved > 0)),
        key=lambda o: (not o.meets, -np.nan_to_num(o.margin_saved)),
    )
    if good:
        return good[:2]
    return [
        replace(
            dated,
            why_not="No SKU of its class would sell more in its place with its stock.",
        )
    ]


def substitutes(plan: LivePlan, item: ItemRisk) -> list[int]:
    """SKUs of the class that could be featured instead, most alike and best covered first.

    Alike: same style, then near in price; covered: stock now over a month's baseline.
    """
    base = plan.base
    featured = {i.sku for i in plan.activation(item.activation).items}
    same = np.flatnonzero(base.rivals == base.rivals[item.sku])
    free = np.array([s for s in same if plan.sku_names[s] not in featured], dtype=np.int64)
    if not len(free):
        return []
    doors = item.doors
    level = np.nan_to_num(base.level[free][:, doors])
    pace = level.sum(axis=1) * base.shape[free][:, item.first]
    stock = np.nan_to_num(base.opening[free][:, doors]).sum(axis=1)
    ranged = (level > 0).mean(axis=1)
    price = base.usual_by_week[:, item.first]
    apart = np.abs(np.log(np.maximum(price[free], 0.01) / max(price[item.sku], 0.01)))
    style = (base.facts["style"][free] == base.facts["style"][item.sku]).astype(float)
    cover = np.minimum(stock / np.maximum(4 * pace, 1e-9), 3.0)
    likeness = style - np.nan_to_num(apart, nan=1.0) + 0.5 * cover
    able = (ranged >= 0.5) & (pace > 0) & (stock > 0)
    order = np.argsort(-np.where(able, likeness, -np.inf), kind="stable")
    return [int(free[i]) for i in order[:SUBSTITUTES] if able[i]]


def _shifted(
    plan: LivePlan,
    item: ItemRisk,
    situation: Situation,
    before: Outcome,
    dated: Option,
    other: int,
) -> Option | None:
    activation = plan.activation(item.activation)
    name, instead = plan.sku_names[item.sku], plan.sku_names[other]
    items = tuple(
        Item(sku=instead, door=i.door, discount=i.discount) if i.sku == name else i
        for i in activation.items
    )
    after = replace(activation, items=items)
    tried = WhatIf(activation=after)
    theirs = plan.sku_if(other, tried)
    judged = next((i for i in theirs.items if i.activation == item.activation), None)
    if judged is None or theirs.risk is None:
        return None
    featured = situation_of(plan, theirs, judged)
    result = actions.outcome(featured, plan.limits)
    # Sales of both SKUs in the weeks of the activation, with the one featured and the other.
    window, at = item.window, item.doors
    plain_mine = (situation.demand - situation.lift_units)[at, window].sum()
    alone = actions.outcome(situation.with_lift(0.0), plan.limits)
    now = plan.sku(other)
    wanted_before = now.draft[judged.doors, window].sum() / THOUSANDTHS
    sold_before = wanted_before - now.projection.lost[judged.doors, window].sum()
    # The other SKU may be short by itself: that is not the shift's doing.
    unfeatured = actions.outcome(featured.with_lift(0.0), plan.limits)
    value = float(np.nanmean(situation.margin[at]))
    price = np.nanmean(judged.usual_margin) if len(judged.doors) else np.nan
    mine = (alone.sold - before.sold) * value
    gained = (result.sold - sold_before) * float(price)
    lift = judged.window_demand.sum() / max(
        judged.window_demand.sum() - judged.window_lift.sum(), 1e-9
    )
    described = plan.base.facts["description"][other]
    shown = described if isinstance(described, str) and described else instead
    return replace(
        dated,
        said=f"Feature {shown} instead: it would lift {lift:.2g}x and cover "
        f"{result.fill:.0%} of its demand",
        before=activation,
        after=after,
        substitute=instead,
        units_saved=float(alone.sold - before.sold + result.sold - sold_before),
        margin_saved=float(mine + gained),
        short_before=dated.short_before + float(unfeatured.short[judged.doors].sum()),
        short_after=float(result.short[judged.doors].sum() + alone.short[at].sum()),
        fill_after=float(
            1
            - (result.short[judged.doors].sum() + alone.short[at].sum())
            / max(judged.window_demand.sum() + plain_mine, 1e-9)
        ),
        meets=result.meets(plan.limits) and alone.meets(plan.limits),
    )
