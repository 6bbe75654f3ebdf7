"""The buy plan's orders as they are decided: one row per SKU and week of arrival.

Beside units and cost stands what decides: what is left of open-to-buy, and of an order that
comes for a promotion, what is likely to be left over after it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from forecasting.calendar import as_date, month_label
from forecasting.hierarchy import Floats
from forecasting.inventory.bridge import ItemRisk
from forecasting.inventory.shipments import SUPPLIER, Shipment, supply_change
from forecasting.plan.live import LivePlan
from forecasting.weekly import proposed_orders
from forecasting.weekly.option import situation_of
from forecasting.weekly.order_terms import OrderLine, moves_of
from forecasting.weekly.orders import left_over
from forecasting.weekly.service import cheapest_of, service_of

COLUMNS = (
    "sku", "description", "class", "supplier", "kind", "units", "places", "release_week",
    "receipt_week", "cost", "month", "otb_left", "event", "left_p50", "left_p90",
    "service", "service_cheapest",
)  # fmt: skip
BESIDE = ("event", "left_p50", "left_p90", "otb_left", "service", "service_cheapest")
"""What `with_what_decides` adds to the lines of the buy plan."""


def proposals(
    plan: LivePlan,
    bought: pd.DataFrame,
    left: pd.DataFrame,
    *,
    kinds: Sequence[str] = ("release",),
) -> pd.DataFrame:
    """Orders that suppliers are to get, the first to be released first.

    Parameters
    ----------
    bought : DataFrame
        Lines of the buy plan (`buying.rows`).
    left : DataFrame
        Open-to-buy by class and month (`buying.open_to_buy`).
    kinds : sequence of str
        release, planned.

    Returns
    -------
    DataFrame, one row per SKU and receipt week
        COLUMNS; places is the number of doors (1: a centre), cost at unit cost (NaN unknown),
        otb_left what is left at cost of its class and month after it and the rows above it
        (NaN unknown), event the activation that it comes for ('' none), left_p50 and left_p90
        the units that are left after it at its doors: half the time, and nine times in ten,
        no more than that (NaN where it comes for none), service the level that stores are
        planned for and service_cheapest the share of cycles that costs least (NaN unknown).
    """
    lines = bought[(bought["source"] == "supplier") & bought["kind"].isin(kinds)]
    if lines.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    keys = ["sku", "receipt_week", "kind"]
    rows = lines.groupby(keys, as_index=False).agg(
        units=("units", "sum"), places=("door", "nunique"), release_week=("release_week", "min")
    )
    skus = plan.base.skus.set_index("sku")
    for name in ("description", "class", "supplier"):
        rows[name] = rows["sku"].map(skus[name])
    rows["cost"] = rows["units"] * plan.base.costs_in(rows["sku"], rows["receipt_week"])
    rows["month"] = [month_label(day) for day in rows["receipt_week"].dt.date]
    order = ["release_week", "cost", "sku"]
    rows = rows.sort_values(order, ascending=[True, False, True], ignore_index=True)
    rows["otb_left"] = _money_left(rows, left)
    after = [_after_event(plan, lines, name, day) for name, day in _keys(rows)]
    rows[["event", "left_p50", "left_p90"]] = pd.DataFrame(
        after, columns=["event", "left_p50", "left_p90"], index=rows.index
    )
    at = [plan.sku_index[name] for name in rows["sku"]]
    base, limits = plan.base, plan.limits
    due = (rows["receipt_week"].to_numpy().astype("datetime64[D]") - base.weeks[0]).astype(int)
    rows["service"] = [
        service_of(base, sku, limits, week=week)
        for sku, week in zip(at, (due // 7).tolist(), strict=True)
    ]
    rows["service_cheapest"] = [
        cheapest_of(base, sku, limits, waits=limits.stores_wait) for sku in at
    ]
    return rows[list(COLUMNS)]


def with_what_decides(plan: LivePlan, bought: pd.DataFrame, left: pd.DataFrame) -> pd.DataFrame:
    """Lines of the buy plan; those to release now with what decides beside them."""
    found = proposals(plan, bought, left)[["sku", "receipt_week", *BESIDE]]
    if found.empty:
        return bought.assign(**dict.fromkeys(BESIDE, np.nan)).assign(event="")
    found = found.astype({"receipt_week": bought["receipt_week"].dtype})
    now = (bought["kind"] == "release") & (bought["source"] == "supplier")
    beside = bought[["sku", "receipt_week"]].merge(
        found, how="left", on=["sku", "receipt_week"]
    )
    beside.index = bought.index
    numbers = beside[list(BESIDE)].where(now)
    return bought.assign(**{name: numbers[name] for name in BESIDE}).fillna({"event": ""})


def with_worth(plan: LivePlan, rows: pd.DataFrame, bought: pd.DataFrame) -> pd.DataFrame:
    """Orders with what each protects, by itself.

    Parameters
    ----------
    rows : DataFrame
        Of `proposals`.
    bought : DataFrame
        Lines of the buy plan that they are made of.

    Returns
    -------
    DataFrame
        `rows` with saves_units, expected units short that the order prevents, and saves_margin,
        the margin of what is sold more for it (NaN unknown); see `proposed_orders.worth_of`.
    """
    mine = bought[(bought["source"] == "supplier") & (bought["kind"] != "expedite")]
    days = pd.to_datetime(mine["receipt_week"]).dt.date
    lines = {key: part for key, part in mine.groupby([mine["sku"], days], sort=False)}
    found = []
    for name, day in _keys(rows):
        asked = [
            OrderLine(sku=name, place=str(door), units=float(units), arrives=day)
            for door, units in lines[name, day][["door", "units"]].itertuples(index=False)
        ]
        worth = proposed_orders.worth_of(plan, moves_of(plan, asked))
        found.append((worth.units, np.nan if worth.margin is None else worth.margin))
    both = np.array(found, dtype=float).reshape(-1, 2)
    return rows.assign(saves_units=both[:, 0], saves_margin=both[:, 1])


def over_spent(rows: pd.DataFrame, left: pd.DataFrame) -> dict[tuple[str, str], float]:
    """Classes and months that some orders take below zero, and what is then left.

    Parameters
    ----------
    rows : DataFrame
        Of `proposals`, those that are chosen, with the cost that they would have.
    """
    spent = rows.groupby(["class", "month"])["cost"].sum(min_count=1)
    there = left.set_index(["class", "month"])["otb_cost"]
    after = (there.reindex(spent.index) - spent).dropna()
    return {(str(k[0]), str(k[1])): float(v) for k, v in after.items() if v < 0}  # type: ignore[index]


def _keys(rows: pd.DataFrame) -> list[tuple[str, dt.date]]:
    return list(
        zip(rows["sku"].astype(str), pd.to_datetime(rows["receipt_week"]).dt.date, strict=True)
    )


def _money_left(rows: pd.DataFrame, left: pd.DataFrame) -> Floats:
    """Open-to-buy at cost after each row and those above it, NaN unknown, (n,)."""
    if left.empty:
        return np.full(len(rows), np.nan)
    there = left.set_index(["class", "month"])["otb_cost"]
    at = pd.MultiIndex.from_frame(rows[["class", "month"]])
    spent = rows.groupby(["class", "month"], dropna=False)["cost"].cumsum()
    after: Floats = there.reindex(at).to_numpy(dtype=float) - spent.to_numpy(dtype=float)
    return after


def _after_event(
    plan: LivePlan, lines: pd.DataFrame, name: str, arrives: dt.date
) -> tuple[str, float, float]:
    """The activation that an order comes for, and what is left after it."""
    week = (arrives - as_date(plan.base.weeks[0])).days // 7
    computed = plan.sku(plan.sku_index[name])
    running = [i for i in computed.items if i.first <= week <= i.last]
    if not running or computed.risk is None:
        return "", np.nan, np.nan
    item = min(running, key=lambda i: (i.first, i.activation))
    situation = situation_of(plan, computed, item)
    mine = lines[(lines["sku"] == name) & (lines["receipt_week"] == pd.Timestamp(arrives))]
    ordered = [
        Shipment(origin=SUPPLIER, to=to, units=units, leaves=0, arrives=at, cost=0.0)
        for to, units, at in _at_doors(plan, item, mine, week)
        if at < situation.demand.shape[1]
    ]
    change = supply_change(ordered, situation.demand.shape)
    half, most = left_over(situation.with_supply(change))
    return plan.standing.activations[item.activation].name, half, most


def _at_doors(
    plan: LivePlan, item: ItemRisk, lines: pd.DataFrame, week: int
) -> list[tuple[int, float, int]]:
    """Door, units and week of arrival of an order's lines.

    What is ordered for a centre goes on to the doors of the activation, by what they sell.
    """
    found: list[tuple[int, float, int]] = []
    for line in lines.to_dict("records"):
        place, units = plan.base.network.index[line["door"]], float(line["units"])
        if place < plan.base.network.n_doors:
            found.append((place, units, week))
            continue
        way = plan.base.way(item.sku)
        sells: Any = plan.sku(item.sku).draft[item.doors][:, week : item.last + 1].sum(axis=1)
        share = sells / max(float(sells.sum()), 1e-9)
        found += [
            (int(door), units * float(part), week + (1 if way is None else int(way[door])))
            for door, part in zip(item.doors, share, strict=True)
        ]
    return found
