"""What looks odd about activations: entered twice, or beyond anything that was seen.

A row says what was found, what the numbers take for true instead, and what to do
(oddities.py collects them). `beyond_seen` says the same of one featured SKU, beside its row.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from data.closing import last_closed
from data.store import Store
from forecasting import write
from forecasting.consensus.activations import Activation, as_imported, by_name
from forecasting.consensus.campaigns import contradict, pairs_alike
from forecasting.demand.lift import SUPPORTED, log_paid
from forecasting.demand.offers import FREE, usual_of
from forecasting.plan.live import LivePlan
from forecasting.weekly.service import MOST_SERVICE

USUAL_LIFT = 5.0
"""Lift up to which activations of any class were seen."""
BEYOND = "beyond anything seen"

Row = dict[str, Any]


def odd_offers(store: Store) -> list[Row]:
    """Everything odd about the activations, and service levels, that files gave.

    Returns
    -------
    list of rows
        kind, subject, count, example, assumed, todo, weight.
    """
    items = store.query("item_rows")
    found = as_imported(store.query("activation_rows"), items)
    calendar = sorted((a for a, _ in found.values()), key=lambda a: (a.start, a.activation))
    skus = store.query("all_skus")
    week = last_closed(store)
    lifts = store.query("lifts_seen").set_index("class")["lift"]
    return [
        *twice(calendar),
        *replaced(items),
        *too_deep(calendar, skus, since=week),
        *too_high(calendar, skus, seen={str(k): float(v) for k, v in lifts.items()}),
        *too_sure(skus),
    ]


def twice(calendar: Sequence[Activation]) -> list[Row]:
    """Activations that look like one entered twice."""
    live = [a for a in calendar if a.is_live]
    return [_of_pair(live[m], live[n]) for m, n in pairs_alike(live)]


def _of_pair(one: Activation, other: Activation) -> Row:
    both = f"{one.activation} and {other.activation}"
    if contradict(one, other):
        assumed = "Their terms differ: both count, and their lifts multiply."
        todo = f"Cancel one of {both} if it is the same activation under two names."
    else:
        assumed = "They are one activation under two names: it counts once."
        todo = f"Cancel one of {both}; if both run, state the lift of each."
    return _row(
        "activations_twice",
        both,
        count=len(other.items),
        assumed=assumed,
        todo=todo,
        example=f"both are {one.type}, {write.day(one.start)} to "
        f"{write.day(one.end)} and {write.day(other.start)} to "
        f"{write.day(other.end)}, with mostly the same SKUs and doors",
        weight=float(len(other.items)),
    )


def replaced(items: pd.DataFrame) -> list[Row]:
    """Activations with a general row that a more special one replaces somewhere."""
    gone = items.drop(index=by_name(items).index)
    doors = items.groupby(["activation", "sku"])["door"].agg(["size", "count"])
    some = doors[(doors["count"] > 0) & (doors["count"] < doors["size"])].reset_index()
    pairs = pd.concat([gone[["activation", "sku"]], some[["activation", "sku"]]])
    rows = []
    for activation, mine in pairs.drop_duplicates().groupby("activation"):
        rows.append(
            _row(
                "general_row_replaced",
                str(activation),
                count=len(mine),
                example=f"SKU {mine['sku'].iloc[0]}",
                assumed="The row that names the SKU or the door is the offer there; the "
                "general row counts everywhere else.",
                todo="Nothing, if this is meant.",
                weight=0.0,
            )
        )
    return rows


def too_deep(
    calendar: Iterable[Activation], skus: pd.DataFrame, *, since: dt.date | None
) -> list[Row]:
    """Price cuts to come that are deeper than anything that the SKU's class has seen.

    Parameters
    ----------
    since : date, optional
        The last week with sales: what began by its end is the past.
    """
    klass = dict(zip(skus["sku"], skus["class"], strict=True))
    live = [a for a in calendar if a.is_live]
    today = dt.date.min if since is None else since
    past = [a for a in live if today > dt.date.min and a.start < today + dt.timedelta(7)]
    seen: dict[str, float] = {}
    for activation in past:
        for item in activation.items:
            cut, of = item.discount or 0.0, str(klass.get(item.sku))
            seen[of] = max(seen.get(of, 0.0), cut if cut < FREE else 0.0)
    rows = []
    for activation in live:
        if activation.end < today + dt.timedelta(7):
            continue
        deep = [
            i
            for i in activation.items
            if (i.discount or 0.0) < FREE  # which says nothing of the price (demand/offers.py)
            and _log(i.discount) < min(_log(seen.get(str(klass.get(i.sku)))), SUPPORTED) - 1e-9
        ]
        if deep:
            most = max(deep, key=lambda i: i.discount or 0.0)
            limit = max(seen.get(str(klass.get(most.sku)), 0.0), 1 - np.exp(SUPPORTED))
            rows.append(
                _row(
                    "discount_beyond_seen",
                    activation.activation,
                    count=len(deep),
                    example=f"SKU {most.sku} at a discount of {_percent(most.discount)}, "
                    f"{BEYOND}",
                    assumed=f"Demand responds as to {_percent(limit)} off, the deepest cut "
                    "that is known; the price is as it is stated.",
                    todo="State the lift if you know it.",
                    weight=float(len(deep)),
                )
            )
    return rows


def too_high(
    calendar: Iterable[Activation], skus: pd.DataFrame, *, seen: Mapping[str, float]
) -> list[Row]:
    """Stated lifts larger than any that was seen in the SKU's class."""
    klass = dict(zip(skus["sku"], skus["class"], strict=True))
    rows = []
    for activation in calendar:
        high = [
            i
            for i in activation.items
            if (i.lift or 0.0) > max(seen.get(str(klass.get(i.sku)), 0.0), USUAL_LIFT)
        ]
        if high and activation.is_live:
            most = max(high, key=lambda i: i.lift or 0.0)
            rows.append(
                _row(
                    "lift_beyond_seen",
                    activation.activation,
                    count=len(high),
                    example=f"SKU {most.sku} with a stated lift of "
                    f"{write.figure(most.lift or 0.0)}x, {BEYOND}",
                    assumed="What was stated counts as it stands.",
                    todo="Check the lift with who stated it.",
                    weight=float(len(high)),
                )
            )
    return rows


def too_sure(skus: pd.DataFrame) -> list[Row]:
    """SKUs that ask for a service level that no stock can give."""
    sure = skus[skus["service_level"] > MOST_SERVICE]
    return [
        _row(
            "service_beyond_reach",
            str(sku),
            count=1,
            example=f"service_level {write.figure(level)}",
            assumed=f"No stock is enough for certain: {write.percent(MOST_SERVICE, 1)} is "
            "planned for.",
            todo="Give the level that is meant: 0.95 or 0.98, seldom more.",
            weight=1.0,
        )
        for sku, level in zip(sure["sku"], sure["service_level"], strict=True)
    ]


def beyond_seen(plan: LivePlan, activation: Activation, sku: str) -> str:
    """What of an offer of a SKU is beyond anything seen, in words; '' where nothing is."""
    at = plan.sku_index.get(sku)
    items = activation.of_sku(sku)
    if at is None or not items:
        return ""
    stated = max((i.lift for i in items if i.lift is not None), default=None)
    if stated is not None:
        return (
            f"{write.figure(stated)}x is {BEYOND}; it counts as stated"
            if stated > USUAL_LIFT
            else ""
        )
    cut, deepest = activation.discount_of(sku), float(plan.base.seen[at])
    if cut >= FREE:
        usual = usual_of(plan.base.usual_discounts, activation.type)
        return (
            f"{_percent(cut)} off says nothing of the price that is paid; it counts as "
            f"{_percent(usual)} off, as is usual for its type"
        )
    if _log(cut) >= deepest - 1e-9:
        return ""
    return (
        f"{_percent(cut)} off is {BEYOND}; demand responds as to "
        f"{_percent(1 - np.exp(deepest))} off"
    )


def _log(discount: float | None) -> float:
    return float(log_paid(np.array([discount or 0.0]))[0])


def _percent(share: float | None) -> str:
    return f"{write.number(100 * (share or 0.0))}%"


def _row(
    kind: str, subject: str, *, count: int, example: str, assumed: str, todo: str, weight: float
) -> Row:
    return {
        "kind": kind, "subject": subject, "count": count, "example": example,
        "assumed": assumed, "todo": todo, "weight": weight,
    }  # fmt: skip
