"""Where SKUs are filled from, what is on its way there, and how long it takes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TypedDict

import numpy as np
import pandas as pd

from forecasting.calendar import Dates
from forecasting.hierarchy import Bools, Floats, Ints
from forecasting.inventory import arrivals
from forecasting.inventory.network import Network, network
from forecasting.inventory.projection import due_weeks
from forecasting.plan.basis import ORDERED_AT_LEAST, STALE_AFTER_WEEKS, USUAL_LEAD_TIME_WEEKS
from forecasting.plan.given import Facts, Placed, Places, weeks_until
from forecasting.plan.ordered import LINES


class Supply(TypedDict):
    """Fields of `Base` about the supply of a SKU, under their names there."""

    lead_time: Ints
    network: Network
    reserve: Floats
    centre: Ints
    inbound: Floats
    centre_lines: pd.DataFrame
    arrived: pd.DataFrame
    reorder_weeks: Ints


def supply_of(
    facts: Facts,
    places: Places,
    delay: Mapping[str, Floats],
    *,
    level: Floats,
    seasonal: Floats,
) -> Supply:
    """Where the doors are filled from, and in how many weeks."""
    lead_time = facts.skus["lead_time_weeks"].fillna(USUAL_LEAD_TIME_WEEKS)
    lead = lead_time.to_numpy(dtype=np.int64)
    between = network(facts.doors, facts.centres, facts.lanes)
    counted = places.at_centres(facts.stock)
    reserve = _reserve(counted, (len(places.sku), len(places.centre)))
    ordered_for = places.at_centres(facts.ordered_for)
    centre = _centres(counted, ordered_for, _fed(facts.supplied, places.sku), reserve)
    at_centres = lines_of(*places.at_centres(facts.receipts), places.weeks, delay)
    inbound = _inbound(
        at_centres,
        moving_of(*counted, fresh_of(counted[0], places.as_of)),
        centre,
        len(places.weeks),
    )
    reorder_weeks = _reorder_weeks(
        lead, between, centre, reserve, inbound,
        level=level, seasonal=seasonal,
    )  # fmt: skip
    return {
        "lead_time": lead, "network": between, "reserve": reserve, "centre": centre,
        "inbound": inbound, "reorder_weeks": reorder_weeks,
        "centre_lines": _promised(at_centres, len(places.door)),
        "arrived": _arrived(facts, places),
    }  # fmt: skip


def moving_of(rows: pd.DataFrame, sku: Ints, place: Ints, fresh: Bools) -> pd.DataFrame:
    """Goods in transit by the stock file: sku, door (positions), units."""
    units = rows["in_transit"].fillna(0).to_numpy(dtype=float) * fresh
    return pd.DataFrame({"sku": sku, "door": place, "units": units})[units > 0]


def lines_of(
    rows: pd.DataFrame, sku: Ints, place: Ints, weeks: Dates, delay: Mapping[str, Floats]
) -> pd.DataFrame:
    """Open order lines, as `Base.receipts` has them, and their status."""
    eta = weeks_until(rows["eta"], weeks, missing=len(weeks))
    comes = arrivals.chance(-eta, rows["supplier"].fillna("").to_numpy(object), delay)
    slipped = eta - weeks_until(rows["original_eta"], weeks, missing=10**6)
    due = pd.DataFrame(
        {
            "sku": sku,
            "door": place,
            "week": due_weeks(eta),
            "units": rows["units"].to_numpy(dtype=float) * comes,
            "chance": comes,
            "planned": (rows["status"] == "planned").to_numpy(),
            "late": eta < 0,
            "receipt": rows["receipt"].astype(str).to_numpy(),
            "expedite": np.maximum(weeks_until(rows["expedite_eta"], weeks, missing=-1), -1),
            "slipped": np.maximum(slipped, 0),
            "status": rows["status"].to_numpy(),
        }
    )
    return due[comes > 0]


def fresh_of(rows: pd.DataFrame, as_of: dt.date) -> Bools:
    """Whether stock was counted lately, (n,)."""
    days = rows["week"].to_numpy().astype("datetime64[D]")
    age = (np.datetime64(as_of) - days).astype(int)
    fresh: Bools = age // 7 <= STALE_AFTER_WEEKS
    return fresh


def _inbound(due: pd.DataFrame, moving: pd.DataFrame, centre: Ints, n_weeks: int) -> Floats:
    """What is on its way to the centre that supplies each SKU, by week, (S, W)."""
    inbound = np.zeros((len(centre), n_weeks))
    left = moving.assign(units=arrivals.beside_orders(moving, due), week=0)
    lines = pd.concat([due, left], ignore_index=True)
    at, week = lines["sku"].to_numpy(np.int64), lines["week"].to_numpy(np.int64)
    counts = (centre[at] == lines["door"].to_numpy()) & (week < n_weeks)
    np.add.at(inbound, (at[counts], week[counts]), lines["units"].to_numpy(float)[counts])
    return inbound


def _promised(due: pd.DataFrame, n_doors: int) -> pd.DataFrame:
    """Order lines for centres as `ordered.LINES` has them, at their places in the network."""
    promised: Floats = due["units"].to_numpy(float) / np.maximum(due["chance"], 1e-9)
    still_open = np.full(len(due), np.datetime64("NaT", "us"))
    lines = due.assign(door=due["door"] + n_doors, units=promised, received=still_open)
    return lines[list(LINES)].reset_index(drop=True)


def _arrived(facts: Facts, places: Places) -> pd.DataFrame:
    """What arrived, likewise."""
    (doors, s, d), (centres, t, c) = (
        at(facts.arrived) for at in (places.at_doors, places.at_centres)
    )
    found = [doors.assign(sku=s, door=d), centres.assign(sku=t, door=c + len(places.door))]
    return pd.concat(found, ignore_index=True)[list(LINES)]


def _reserve(counted: Placed, shape: tuple[int, int]) -> Floats:
    """What the distribution centres have on hand, (S, C)."""
    rows, sku, centre = counted
    reserve = np.zeros(shape)
    held = rows["on_hand"].fillna(0).to_numpy(dtype=float)
    reserve[sku, centre] = np.maximum(held, 0.0)
    return reserve


def _fed(supplied: pd.DataFrame, skus: pd.Index[str]) -> Bools:
    """SKUs of which doors sold far more than orders for doors brought, (S,)."""
    fed = np.zeros(len(skus), dtype=bool)
    at = skus.get_indexer(pd.Index(supplied["sku"]))
    brought = supplied["brought"].to_numpy(dtype=float)
    elsewhere = brought < ORDERED_AT_LEAST * supplied["sold"].to_numpy(dtype=float)
    fed[at[(at >= 0) & elsewhere]] = True
    return fed


def _centres(counted: Placed, ordered: Placed, fed: Bools, reserve: Floats) -> Ints:
    """The centre that each SKU's doors are filled from, -1 for none, (S,).

    The one that most is ordered for. Where orders do not say how doors came by what they sold,
    the one where most of the SKU was counted.
    """
    centre = np.full(len(reserve), -1, dtype=np.int64)
    _, sku, place = counted
    order = np.argsort(reserve[sku, place], kind="stable")  # the last one written stays
    order = order[fed[sku[order]]]
    centre[sku[order]] = place[order]
    rows, sku, place = ordered
    most = (rows["share"] > 0.5).to_numpy(dtype=bool)
    centre[sku[most]] = place[most]
    return centre


def _reorder_weeks(
    lead_time: Ints,
    between: Network,
    centre: Ints,
    reserve: Floats,
    inbound: Floats,
    *,
    level: Floats,
    seasonal: Floats,
) -> Ints:
    """The supplier's lead time, or the way from a centre that lasts until then, (S,)."""
    weeks = lead_time.copy()
    for sku in np.flatnonzero(centre >= 0):
        way = between.way(int(centre[sku]), ~np.isnan(level[sku]))
        if way is None:
            continue
        until = int(lead_time[sku] + way.max())
        demand = np.nansum(level[sku]) * seasonal[sku, :until].sum()
        if reserve[sku, centre[sku]] + inbound[sku, :until].sum() >= demand:
            weeks[sku] = way.max()
    return weeks
