"""What an option does, in the figures that the Bridge will show once it is decided.

There is one rule for it, the plan's own: every SKU that an option touches is asked for as if it
had been decided (`LivePlan.sku_if`), and the Bridge's verdicts are read off. Options are found
by quicker arithmetic (inventory/actions.py); nothing that is shown of them comes from there.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np

from forecasting.calendar import as_date
from forecasting.consensus.activations import Activation
from forecasting.hierarchy import THOUSANDTHS
from forecasting.inventory import actions
from forecasting.inventory.bridge import RED, ItemRisk, group_status, money
from forecasting.plan.live import LivePlan
from forecasting.plan.sku import SkuPlan, WhatIf
from forecasting.plan.stock import risk_over
from forecasting.plan.views import verdict_of
from forecasting.weekly.effect import Effect, Harm, Line, Pair, Reading
from forecasting.weekly.option import Action, Option, situation_of

NOTHING = WhatIf()


def judged(
    plan: LivePlan,
    option: Option,
    *,
    since: WhatIf = NOTHING,
    touched: Collection[int] | None = None,
) -> Option:
    """An option with what it does.

    Parameters
    ----------
    since : WhatIf, optional
        What is taken as decided already.
    touched : collection of int, optional
        SKUs that are looked at; all whose demand or supply it changes if left out.
    """
    return replace(option, effect=effect_of(plan, option, since=since, touched=touched))


def and_then(since: WhatIf, option: Option) -> WhatIf:
    """What is tried, and an option as well."""
    changed = {a.activation: a for a in since.activations}
    if option.after is not None:
        before = changed.get(option.activation)
        changed[option.activation] = option.laid_over(before) if before else option.after
    return WhatIf(activations=tuple(changed.values()), moves=(*since.moves, *option.moves))


def effect_of(
    plan: LivePlan,
    option: Option,
    *,
    since: WhatIf = NOTHING,
    touched: Collection[int] | None = None,
) -> Effect | None:
    """What an option does; None where the Bridge does not judge its SKU.

    See `judged`.
    """
    sku = plan.sku_index[option.sku]
    tried = since if option.action is Action.ACCEPT else and_then(since, option)
    skus = sorted(touched_by(plan, option) if touched is None else touched)
    without = {s: as_if(plan, s, since) for s in skus}
    with_it = without if tried == since else {s: as_if(plan, s, tried) for s in skus}
    instead = plan.sku_index[option.substitute] if option.substitute else sku
    before = _reading(plan, without[sku], option.activation)
    after = _reading(plan, with_it[instead], option.activation)
    risk = without[sku].risk
    if before is None or after is None or risk is None:
        return None
    now = plan.activation(option.activation)
    # As far as its risk is judged: what an option does later counts as well.
    weeks = risk.demand.shape[2]
    short, earned = _over(plan, without, with_it, weeks)
    return Effect(
        of=(before, after),
        line=(
            _line(plan, _as_tried(since, now), without),
            _line(plan, _as_tried(tried, now), with_it),
        ),
        short=short,
        earned=earned,
        until=as_date(plan.base.weeks[weeks - 1]) + dt.timedelta(6),
        harmed=_harmed(plan, without, with_it),
    )


def touched_by(plan: LivePlan, option: Option) -> set[int]:
    """Featured SKUs that an option touches: itself, and what moves with it in its class."""
    sku = plan.sku_index[option.sku]
    if option.after is None:
        return {sku}
    rivals = np.flatnonzero(plan.base.rivals == plan.base.rivals[sku]).tolist()
    mine = {sku, plan.sku_index[option.substitute]} if option.substitute else {sku}
    return mine | {s for s in rivals if plan.items.get(s)}


def as_if(plan: LivePlan, sku: int, tried: WhatIf) -> SkuPlan:
    """A SKU had some things been decided; moves of other SKUs are passed over."""
    name = plan.sku_names[sku]
    mine = replace(tried, moves=tuple(m for m in tried.moves if m.sku == name))
    return plan.sku(sku) if mine == NOTHING else plan.sku_if(sku, mine)


def meets_target(plan: LivePlan, computed: SkuPlan, activation: str) -> bool:
    """Whether no fair share of a SKU's demand in an activation is Short or badly filled.

    Where the activation does not feature it, nothing is.
    """
    item = _item(computed, activation)
    if item is None:
        return True
    outcome = actions.outcome(situation_of(plan, computed, item), plan.limits)
    return outcome.meets(plan.limits)


def expected(plan: LivePlan, computed: SkuPlan, weeks: int) -> tuple[float, float]:
    """Units short and margin earned of one SKU at all doors in the first weeks."""
    base, at = plan.base, computed.known
    short = risk_over(base, computed, weeks).units_short[at, :weeks]
    sold = computed.draft[at, :weeks] / THOUSANDTHS - short
    paid = base.price_of(computed.sku) * (1 - computed.depth)
    each = (paid - base.cost_of(computed.sku))[at, :weeks]
    return float(short.sum()), money(sold, each)


# Inside ---------------------------------------------------------------------------------


def _as_tried(tried: WhatIf, now: Activation) -> Activation:
    """An activation as it would be."""
    return next((a for a in tried.activations if a.activation == now.activation), now)


def _item(computed: SkuPlan, activation: str) -> ItemRisk | None:
    return next((i for i in computed.items if i.activation == activation), None)


def _reading(plan: LivePlan, computed: SkuPlan, activation: str) -> Reading | None:
    item = _item(computed, activation)
    if item is None:
        return None
    return Reading(
        sku=plan.sku_names[item.sku],
        short=float(item.short.sum()),
        at_risk=item.margin_at_risk,
        demand=float(item.window_demand.sum()),
        lifted=float(item.window_lift.sum()),
        status=group_status(item.status, item.window_demand, plan.limits),
        red_doors=len(_red(item)),
        doors=len(item.doors),
        meets=meets_target(plan, computed, activation),
    )


def _line(plan: LivePlan, activation: Activation, asked: Mapping[int, SkuPlan]) -> Line:
    """The whole activation, with some of its SKUs as they would be."""
    names = dict.fromkeys(i.sku for i in activation.items)
    skus = [plan.sku_index[name] for name in names if name in plan.sku_index]
    every = [asked[s].items if s in asked else plan.items.get(s, ()) for s in skus]
    found = [i for items in every for i in items if i.activation == activation.activation]
    verdict = verdict_of(plan, activation, found)
    return Line(
        status=verdict.status,
        short=verdict.units_short,
        at_risk=verdict.margin_at_risk,
        red_skus=verdict.red_skus,
        skus=verdict.n_skus,
    )


def _over(
    plan: LivePlan, before: Mapping[int, SkuPlan], after: Mapping[int, SkuPlan], weeks: int
) -> tuple[Pair, Pair]:
    """Units short and margin earned in the first weeks, without and with an option."""
    without, with_it = (
        np.array([expected(plan, computed, weeks) for computed in one.values()]).sum(axis=0)
        for one in (before, after)
    )
    short, earned = (
        Pair(without=float(a), with_it=float(b)) for a, b in zip(without, with_it, strict=True)
    )
    return short, earned


def _harmed(
    plan: LivePlan, before: Mapping[int, SkuPlan], after: Mapping[int, SkuPlan]
) -> tuple[Harm, ...]:
    found = []
    for sku, computed in after.items():
        for item in computed.items:
            was = _item(before[sku], item.activation)
            reds = _red(item)
            newly = reds - (_red(was) if was else set())
            if newly:
                found.append(
                    Harm(
                        sku=plan.sku_names[sku],
                        activation=plan.activation(item.activation).name,
                        doors=tuple(plan.base.network.labels[d] for d in sorted(newly)),
                        red_doors=len(reds),
                        of=len(item.doors),
                        is_new=was is None,
                    )
                )
    return tuple(sorted(found, key=lambda h: -len(h.doors)))


def _red(item: ItemRisk) -> set[int]:
    reds: Sequence[int] = item.doors[item.status == RED].tolist()
    return set(reds)
