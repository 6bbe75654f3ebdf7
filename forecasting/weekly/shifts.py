"""Featuring another SKU in the place of one that is short."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from forecasting import write
from forecasting.consensus.activations import Item
from forecasting.inventory.bridge import ItemRisk
from forecasting.plan.live import LivePlan
from forecasting.weekly.judging import judged
from forecasting.weekly.option import Action, Option, blank, calendar_deadline

SUBSTITUTES = 5
"""Substitutes that are worked out in full, of those most alike."""
SHOWN = 2
"""Of them, how many are offered."""


def shift(
    plan: LivePlan,
    item: ItemRisk,
    *,
    instead: Sequence[int] | None = None,
    most: int = SHOWN,
) -> list[Option]:
    """Feature another SKU instead, the best substitute first, judged for both SKUs.

    Parameters
    ----------
    instead : sequence of int, optional
        SKUs that are tried; those most alike if left out.
    most : int
        How many are offered.
    """
    activation = plan.activation(item.activation)
    dated = replace(blank(plan, item, Action.SHIFT), **calendar_deadline(plan, activation))
    others = substitutes(plan, item) if instead is None else instead
    tried = [_shifted(plan, item, dated, s) for s in others]
    good = sorted((_rank(o), n) for n, o in enumerate(tried) if _is_good(o))
    if good:
        return [tried[n] for _, n in good[:most]]
    return [
        replace(
            dated,
            why_not="No SKU of its class would sell more in its place with its stock.",
        )
    ]


def _is_good(option: Option) -> bool:
    """Whether it brings the service target, or money."""
    effect = option.effect
    return effect is not None and (effect.of[1].meets or effect.gained > 0)


def _rank(option: Option) -> tuple[bool, bool, float]:
    """What leaves nobody short comes first, then what meets the target, then most money."""
    effect = option.effect
    assert effect is not None
    return option.warning != "", not effect.of[1].meets, -float(np.nan_to_num(effect.gained))


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


def _shifted(plan: LivePlan, item: ItemRisk, dated: Option, other: int) -> Option:
    activation = plan.activation(item.activation)
    name, instead = plan.sku_names[item.sku], plan.sku_names[other]
    items = tuple(
        Item(sku=instead, door=i.door, discount=i.discount) if i.sku == name else i
        for i in activation.items
    )
    after = replace(activation, items=items)
    option = judged(
        plan,
        replace(dated, before=activation, after=after, substitute=instead),
        touched=[item.sku, other],
    )
    if option.effect is None:
        return option
    featured = option.effect.of[1]
    described = plan.base.facts["description"][other]
    shown = described if isinstance(described, str) and described else instead
    text = (
        f"Feature {shown} instead: it would lift {write.figure(featured.lift, 2)}x and meet "
        f"{write.percent(featured.fill)} of its demand"
    )
    return replace(option, text=text)
