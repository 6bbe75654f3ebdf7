"""The weekly demand signal: last week against what was expected, and what follows from it.

A week says little: only what lies more than two standard deviations off and is worth money
is shown, each with the likeliest cause. A correction moves the next few weeks a part of the
way, less from week to week; it is tagged as sensing, flows into the working plan and into
Planning's input, and never rewrites what was signed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.consensus.activations import Activation
from forecasting.consensus.events import Leaves, Scope
from forecasting.hierarchy import Floats
from forecasting.plan.live import LivePlan
from forecasting.plan.selection import Selection

FAR_OFF = 2.0
"""Standard deviations from which a miss is no chance."""
LEAST_MONEY = 250.0
"""Misses worth less, at regular price, are counted and not listed."""
GAIN, DECAY, WEEKS = 0.4, 0.6, 4
"""Share of the miss that the next week moves by, what is left of it each week after, and
for how many weeks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LastWeek:
    """Last week over all SKUs."""

    week: dt.date
    version: int
    """The published consensus that it is compared with."""
    expected: float
    actual: float
    """Units of demand; a week off the shelf counts for what it would have sold."""
    misses: pd.DataFrame
    """sku, description, class, expected, actual, ratio, z, money (of the miss, at regular
    price), cause; the dearest first."""
    n_small: int
    """Misses beyond two standard deviations that are worth too little to list."""


def last_week(
    plan: LivePlan,
    expected: pd.Series,
    happened: pd.DataFrame,
    activations: Sequence[Activation],
    *,
    demand: pd.Series,
    version: int,
) -> LastWeek:
    """Compare the last closed week with what was published before it.

    Parameters
    ----------
    expected : Series
        Units by SKU.
    happened : DataFrame, one row per SKU and door
        sku, door, stocked_out.
    activations : sequence of Activation
        As they stand.
    demand : Series
        Units by SKU, as every published number is scored against them.
    """
    base = plan.base
    frame = _beside(expected, demand, happened)
    frame = frame[(frame["expected"] > 0) | (frame["actual"] > 0)]
    doors = np.maximum(frame["doors"].to_numpy(), 1)
    mean = np.maximum(frame["expected"].to_numpy(), 0.1)
    # Doors scatter on their own, the level is shared.
    variance = mean + base.alpha[0] * mean**2 / doors + (base.level_sd * mean) ** 2
    frame["z"] = (frame["actual"] - frame["expected"]) / np.sqrt(variance)
    price = pd.Series(base.usual_price, index=plan.sku_names)
    frame["money"] = (frame["actual"] - frame["expected"]).abs() * price.reindex(frame.index)
    frame["ratio"] = frame["actual"] / frame["expected"].where(frame["expected"] > 0)
    far = frame[frame["z"].abs() > FAR_OFF]
    dear = far[far["money"].fillna(0.0) >= LEAST_MONEY].copy()
    skus = base.skus.set_index("sku")
    dear["description"] = skus["description"].reindex(dear.index)
    dear["class"] = skus["class"].reindex(dear.index)
    ran = _running(activations, base.as_of)
    dear["cause"] = [
        _cause(bool(z > 0), int(out), ran.get(str(sku), ()))
        for sku, z, out in zip(
            dear.index, dear["z"].tolist(), dear["out"].tolist(), strict=True
        )
    ]
    columns = [
        "sku", "description", "class", "expected", "actual", "ratio", "z", "money", "cause"
    ]  # fmt: skip
    ranked = dear.sort_values("money", ascending=False).rename_axis("sku").reset_index()
    return LastWeek(
        week=base.as_of,
        version=version,
        expected=float(frame["expected"].sum()),
        actual=float(frame["actual"].sum()),
        misses=ranked[columns],
        n_small=len(far) - len(dear),
    )


def _beside(expected: pd.Series, demand: pd.Series, happened: pd.DataFrame) -> pd.DataFrame:
    """By SKU what was expected, its demand, and its doors with those that ran out."""
    by_sku = happened.assign(out=happened["stocked_out"].fillna(False).astype(bool)).groupby(
        "sku"
    )
    sums = by_sku.agg(out=("out", "sum"), doors=("door", "size"))
    units = pd.DataFrame({"expected": expected, "actual": demand.reindex(expected.index)})
    told = units.dropna(subset="actual")  # of the others a door did not tell
    return told.join(sums, how="left").fillna(0.0)


def _running(activations: Sequence[Activation], week: dt.date) -> Mapping[str, tuple[str, ...]]:
    """Names of the activations that featured each SKU in a week."""
    found: dict[str, tuple[str, ...]] = {}
    end = week + dt.timedelta(6)
    for activation in activations:
        if activation.is_live and activation.start <= end and activation.end >= week:
            for sku in {i.sku for i in activation.items}:
                found[sku] = (*found.get(sku, ()), activation.name)
    return found


def _cause(above: bool, out: int, ran: Sequence[str]) -> str:
    """The likeliest cause of a miss, in words."""
    parts = []
    if ran:
        parts.append(f"{' and '.join(ran)} {'lifted more' if above else 'lifted less'}")
    if out:
        parts.append(f"ran out at {out} {'door' if out == 1 else 'doors'}")
    if not parts:
        parts.append("demand itself: nothing was active" if above else "demand itself fell")
    return "; ".join(parts)


def factors(ratio: float) -> Floats:
    """What the next weeks are multiplied by, given last week's actual over expected.

    Examples
    --------
    >>> factors(1.5).round(3).tolist()
    [1.2, 1.12, 1.072, 1.043]
    """
    pull: Floats = GAIN * DECAY ** np.arange(WEEKS, dtype=float)
    return 1 + pull * (float(np.clip(ratio, 0.2, 3.0)) - 1)


def corrected(plan: LivePlan, scope: Scope, ratio: float) -> Leaves:
    """Leaf deltas of a correction of the next weeks of one SKU."""
    chosen = Selection.of(plan, scope)
    draft, active = chosen.layer("draft"), chosen.active()
    of_week = np.tile(factors(ratio)[: len(chosen.weeks)], len(chosen.skus) * len(chosen.doors))
    deltas = np.rint(draft * (of_week - 1)).astype(np.int64)
    return chosen.leaves(deltas, active & (deltas != 0))


def late_receipts(plan: LivePlan, open_receipts: pd.DataFrame) -> pd.DataFrame:
    """Open orders that are past due, or promised later than they were.

    Returns
    -------
    DataFrame, one row per order and SKU, those first that an activation waits for
        receipt, sku, supplier, doors, units, promised (original date), eta, weeks_late,
        past_due, waits (names of the activations that feature the SKU in these weeks).
    """
    as_of_end = pd.Timestamp(plan.base.as_of) + pd.Timedelta(7, "D")
    frame = open_receipts.assign(
        eta=pd.to_datetime(open_receipts["eta"]),
        promised=pd.to_datetime(open_receipts["original_eta"]),
    )
    past = frame["eta"] < as_of_end
    slipped = frame["promised"].notna() & (frame["eta"] > frame["promised"])
    frame = frame[past | slipped].assign(past_due=past[past | slipped])
    if frame.empty:
        names = ("receipt", "sku", "supplier", "doors", "units", "promised", "eta",
                 "weeks_late", "past_due", "waits")  # fmt: skip
        return pd.DataFrame(columns=list(names))
    waits: dict[str, list[str]] = {}
    for activation in plan.activations():
        if activation.is_live:
            for sku in {i.sku for i in activation.items}:
                waits.setdefault(sku, []).append(activation.name)
    grouped = frame.groupby(["receipt", "sku"], as_index=False).agg(
        supplier=("supplier", "first"), doors=("door", "nunique"), units=("units", "sum"),
        promised=("promised", "min"), eta=("eta", "max"), past_due=("past_due", "any"),
    )  # fmt: skip
    today = grouped["eta"].where(~grouped["past_due"], as_of_end)
    late = (today - grouped["promised"].fillna(grouped["eta"])).dt.days // 7
    grouped["weeks_late"] = late.clip(lower=0)
    grouped["waits"] = [", ".join(waits.get(sku, ())) for sku in grouped["sku"]]
    return grouped.sort_values(
        ["waits", "units"], key=lambda c: c == "" if c.name == "waits" else -c
    ).reset_index(drop=True)
