"""What the plan stands on: a run's factors and the facts of the as-of week, as arrays."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecasting.calendar import Dates, week_start, weeks_from
from forecasting.demand.intervals import USUAL_LEVEL_SD
from forecasting.demand.lift import SUPPORTED
from forecasting.demand.priors import USUAL_EVENT_SD
from forecasting.demand.selling import Ranged
from forecasting.hierarchy import Bools, Floats, Ints
from forecasting.inventory import arrivals
from forecasting.inventory.flows import share_back
from forecasting.inventory.lateness import record
from forecasting.inventory.network import Network, network
from forecasting.inventory.projection import due_weeks, lead_and_pace, usual_cover
from forecasting.plan import dated

USUAL_COVER_WEEKS = 4.0
"""Weeks of supply assumed where stock was never counted."""
USUAL_LEAD_TIME_WEEKS = 6
"""Lead time assumed where a SKU has none; the SKU page says so."""
LEAST_ALPHA = 0.02
ORDERED_AT_LEAST = 0.5
"""Share of what doors sold that orders for doors must have brought; else they were filled from
somewhere else."""
STALE_AFTER_WEEKS = 2
"""Stock counted longer ago than this is not stock that anybody knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """What the plan stands on: a run's factors and the facts of the as-of week.

    S SKUs, D selling doors, W weeks, p columns of the lift model.
    """

    run: int
    """Sequence number of the run; 0 where none was made."""
    as_of: dt.date
    weeks: Dates
    skus: pd.DataFrame
    """One row per SKU: sku, description, style, class, department, ..."""
    facts: Mapping[str, npt.NDArray[np.object_]]
    """Columns of `skus`, to ask about one SKU at a time: a frame is slow at that."""
    doors: pd.DataFrame
    """One row per selling door: door, name, region, channel, kind."""
    level: Floats
    """Units per week at index 1, NaN without forecast, (S, D)."""
    shape: Floats
    """Season and regular price, (S, W)."""
    repriced: Floats
    """What coming moves of regular price do by themselves, which is in the shape, (S, W)."""
    ranged: Ranged
    """When each SKU can be sold at each door."""
    log_lift: Floats
    """Coefficients, (S, D, p)."""
    lift_sd: Floats
    """(S, p)."""
    seen: Floats
    """Deepest log price to which each SKU's class is known to respond, (S,)."""
    usual_discounts: Mapping[str, float]
    """What each type of activation usually takes off (offers.usual_discounts)."""
    columns: tuple[str, ...]
    """Types of activation, then lift.SHAPES, then priors.BESIDE."""
    share: Floats
    """Share of each SKU in the demand of its class at a door, (S, D)."""
    log_regular: Floats
    """Log regular price in force against its mean over history, (S, D)."""
    ahead: Floats
    """Weeks of demand bought ahead of the first three weeks before they began, (S, D, 3)."""
    rivals: Ints
    """Number of the class of each SKU, (S,)."""
    event_sd: float
    """Log lift that differs from event to event, shared by weeks and doors."""
    weekday_shares: Floats | None
    """Share of a week's demand on each day, from its first on; None: a seventh each."""
    alpha: tuple[float, float]
    """Overdispersion of a week's demand of its own, without and with activation."""
    level_sd: float
    """Log error of the level, which all weeks to come share."""
    opening: Floats
    """On hand at the end of the as-of week, NaN unknown, below zero where units are owed to
    customers, (S, D)."""
    receipts: pd.DataFrame
    """Open receipts: sku, door, week (positions), units (expected), chance (that they come at
    all), planned (bool), late (bool), receipt (its name, '' in transit), expedite (earliest
    week, -1: it cannot move), slipped (weeks that its date has moved already)."""
    back: Floats
    """Share of what is sold that comes back on the shelf, (S, D)."""
    delay: Mapping[str, Floats]
    """Share of each supplier's lines by weeks late; '' is everybody's."""
    network: Network
    reserve: Floats
    """On hand at the distribution centres, 0 where nothing was counted, (S, C)."""
    centre: Ints
    """Distribution centre that a SKU's doors are filled from and its orders go to, -1 where
    they go to the doors, (S,)."""
    inbound: Floats
    """Open orders of each SKU for that centre and what is in transit there, by week, (S, W)."""
    cover: Floats
    """Weeks of supply that the usual replenishment aims at beyond its lead time; negative where
    it aims at less than the lead time's, (S, D)."""
    lead_time: Ints
    """Of the supplier, weeks, (S,)."""
    rhythm: tuple[Ints, Ints]
    """Weeks from one order of each SKU to the next, and the first week of the plan in which
    such an order may arrive, (S,) each."""
    reorder_weeks: Ints
    """Weeks from an order of a door's usual replenishment to its shelf: the supplier's lead
    time, or the way from a centre that has what its doors need until then, (S,)."""
    price: Floats
    """Regular price in force in the as-of week, NaN unknown, (S, D)."""
    price_ahead: Mapping[int, Floats]
    """Regular price of each week, of SKUs of which a change is announced, (D, W)."""
    usual_price: Floats
    """The mean of `price` over the doors where it is known, NaN where it is nowhere, (S,)."""
    usual_by_week: Floats
    """The same of the prices of each week, (S, W)."""
    unit_cost: Floats
    """NaN unknown, (S,)."""

    def price_of(self, sku: int) -> Floats:
        """Regular price of a SKU in each week, NaN unknown, (D, W)."""
        ahead = self.price_ahead.get(sku)
        if ahead is not None:
            return ahead
        return np.broadcast_to(self.price[sku][:, None], self.shape3[1:])

    def moves_of(self, sku: int) -> Floats:
        """What coming moves of regular price do by themselves, (D, W); (1, W) where all
        doors move alike.

        `repriced` is their mean over doors. It is shared out by the move of each door's own
        price: who keeps the price keeps the demand.
        """
        mean: Floats = self.repriced[sku][None]
        ahead = self.price_ahead.get(sku)
        if ahead is None:
            return mean
        selling = ~np.isnan(self.level[sku])
        if not selling.any():
            return mean
        return dated.shared_out(mean[0], self.price[sku], ahead, selling)

    def cost_of(self, sku: int) -> Floats:
        """Cost of a unit of a SKU in each week, NaN unknown, (W,)."""
        return np.broadcast_to(self.unit_cost[sku], self.weeks.shape)

    def alpha_at(self, lift_sd: Floats) -> Floats:
        """Overdispersion of each week's own demand: with activation where a lift is unsure."""
        found: Floats = np.where(lift_sd > 0, self.alpha[1], self.alpha[0])
        return found

    @property
    def shape3(self) -> tuple[int, int, int]:
        """(S, D, W)."""
        return (*self.level.shape, len(self.weeks))

    def stated(self, sku: int, fact: str, otherwise: float) -> float:
        """What files say of a SKU, or what holds where they say nothing."""
        value = self.facts[fact][sku]
        return otherwise if pd.isna(value) else float(value)

    def way(self, sku: int) -> Ints | None:
        """Weeks from the centre that a SKU is ordered for to each door, (D,).

        None where it is ordered for the doors, or the centre cannot reach all of them.
        """
        if self.centre[sku] < 0:
            return None
        return self.network.way(int(self.centre[sku]), ~np.isnan(self.level[sku]))


def assemble(
    *,
    run: int,
    run_body: Mapping[str, Any],
    horizon: int,
    skus: pd.DataFrame,
    doors: pd.DataFrame,
    series: pd.DataFrame,
    sku_factors: pd.DataFrame,
    spans: pd.DataFrame,
    stock: pd.DataFrame,
    receipts: pd.DataFrame,
    prices: pd.DataFrame,
    centres: pd.DataFrame,
    lanes: pd.DataFrame,
    lateness: pd.DataFrame,
    ordered_for: pd.DataFrame,
    supplied: pd.DataFrame,
    announced: pd.DataFrame,
    returns: pd.DataFrame,
) -> Base:
    """Arrange a run's factors and today's facts.

    Parameters
    ----------
    run : int
        Sequence number of the run.
    run_body : mapping
        as_of (ISO date), columns, alpha, event_sd, weekday_shares, usual_discounts (not in
        older runs), blocks (of which seen: deepest log price by class).
    horizon : int
        Weeks of the plan.
    skus, doors : DataFrame
        Every SKU; every selling door.
    series : DataFrame, one row per SKU and door of the run
        sku, door, level, log_lift, share, log_regular, ahead.
    sku_factors : DataFrame, one row per SKU of the run
        sku, shape, lift_sd, repriced (blank in older runs).
    spans : DataFrame, one row per SKU, door and span of days in which it can be sold
        sku, door, first_day, last_day.
    stock : DataFrame, one row per SKU and door
        sku, door, on_hand, in_transit, week (of the count), cover (weeks of supply usually
        on hand), position (units on hand and on order after the last order, NaN unknown),
        every (weeks from one order of the SKU to the next), due (a day in whose week such an
        order arrives, blank where that may be any).
    receipts : DataFrame, one row per open receipt line
        receipt, sku, door, eta, units, status, expedite_eta, original_eta.
    prices : DataFrame, one row per SKU and door with a price
        sku, door (blank: all), regular_price.
    centres : DataFrame
        Distribution centres, as `doors`.
    lanes : DataFrame, one row per transfer lane
        from_door, to_door, weeks, cost, min_units; empty: any two places.
    lateness : DataFrame, one row per supplier and weeks late
        supplier, weeks, lines received.
    ordered_for : DataFrame, one row per SKU and centre
        sku, door (the centre), share of the units ordered that were ordered for it.
    supplied : DataFrame, one row per SKU
        sku, sold and brought: units that doors sold, and that orders for doors brought.
    announced : DataFrame, one row per price to come
        sku, door (blank: all), week, regular_price.
    returns : DataFrame, one row per SKU and door where something comes back
        sku, door, sold, returned, door_sold, door_returned: units.
    """
    as_of = dt.date.fromisoformat(str(run_body["as_of"]))
    level_sd = float(run_body.get("level_sd", USUAL_LEVEL_SD))
    event_sd = float(run_body.get("event_sd", USUAL_EVENT_SD))
    alpha = float(run_body["alpha"])
    # What all weeks share, or all doors of an event, is told apart from each week's own.
    own = max(alpha - level_sd**2, LEAST_ALPHA)
    promoted = float(run_body.get("alpha_promoted", alpha)) - level_sd**2 - event_sd**2
    weeks = weeks_from(as_of + dt.timedelta(7), horizon)
    columns = tuple(run_body["columns"])
    days = run_body.get("weekday_shares")
    sku_index, door_index = pd.Index(skus["sku"]), pd.Index(doors["door"])
    centre_index = pd.Index(centres["door"])
    n_skus, n_doors, p = len(skus), len(doors), len(columns)
    shape2 = (n_skus, n_doors)

    def positions(frame: pd.DataFrame) -> _Placed:
        return _positions(frame, sku_index, door_index)

    def at_centres(frame: pd.DataFrame) -> _Placed:
        return _positions(frame, sku_index, centre_index)

    rows, s, d = positions(series)
    level = np.full(shape2, np.nan)
    level[s, d] = rows["level"].to_numpy(dtype=float)
    log_lift, ahead = np.zeros((n_skus, n_doors, p)), np.zeros((n_skus, n_doors, 3))
    share, log_regular = np.zeros(shape2), np.zeros(shape2)
    if len(rows):
        log_lift[s, d] = np.stack(rows["log_lift"].to_list())
        ahead[s, d] = np.stack(rows["ahead"].to_list())
        share[s, d] = rows["share"].to_numpy(dtype=float)
        log_regular[s, d] = rows["log_regular"].to_numpy(dtype=float)
    ranged = Ranged.of(*positions(spans), weeks=weeks, shape=shape2)
    shape, lift_sd = np.ones((n_skus, horizon)), np.full((n_skus, p), 0.3)
    repriced = np.ones((n_skus, horizon))
    at = sku_index.get_indexer(pd.Index(sku_factors["sku"]))
    known = sku_factors[at >= 0]
    if len(known):
        shape[at[at >= 0]] = np.stack(known["shape"].to_list())[:, :horizon]
        lift_sd[at[at >= 0]] = np.stack(known["lift_sd"].to_list())
        kept = known["repriced"].notna().to_numpy()
        if kept.any():
            moves = np.stack(known["repriced"][kept].to_list())
            repriced[at[at >= 0][kept]] = moves[:, :horizon]

    rows, s, d = positions(stock)
    opening, cover = np.full(shape2, np.nan), np.full(shape2, USUAL_COVER_WEEKS)
    fresh = _fresh(rows, as_of)
    opening[s[fresh], d[fresh]] = rows["on_hand"].to_numpy(dtype=float)[fresh]
    moving = _moving(rows, s, d, fresh)
    usual = rows["cover"].to_numpy(dtype=float)
    counted = ~np.isnan(usual)
    cover[s[counted], d[counted]] = np.clip(usual[counted], 1.0, 16.0)
    lead_time = skus["lead_time_weeks"].fillna(USUAL_LEAD_TIME_WEEKS).to_numpy(dtype=np.int64)
    lanes_between = network(doors, centres, lanes)
    reserve = _reserve(at_centres(stock), (n_skus, len(centres)))
    centre = _centres(
        at_centres(stock), at_centres(ordered_for), _fed(supplied, sku_index), reserve
    )
    delay = record(lateness)
    inbound = _inbound(at_centres(receipts), at_centres(stock), centre, weeks, as_of, delay)
    reorder_weeks = _reorder_weeks(
        lead_time, lanes_between, centre, reserve, inbound, level=level, seasonal=shape
    )
    # Who orders up to a position has less of it on hand the more is on its way. It may well be
    # less than the baseline of the lead time: buyers see what an empty shelf sold.
    position = rows["position"].to_numpy(dtype=float)
    now = np.zeros(1, dtype=np.int64)
    lead, pace = (
        x[:, 0] for x in lead_and_pace(shape / repriced, now, lead_time=reorder_weeks)
    )
    told = ~np.isnan(position) & (level[s, d] * np.minimum(lead, pace)[s] > 0)
    of, at_door = s[told], d[told]
    aimed = usual_cover(
        position[told] / level[of, at_door], lead[of], pace[of], lead_time=reorder_weeks[of]
    )
    cover[of, at_door] = np.minimum(aimed, 26.0)
    rhythm = np.ones(n_skus, dtype=np.int64), np.zeros(n_skus, dtype=np.int64)
    every = rows["every"].to_numpy(dtype=np.int64)
    rhythm[0][s] = every
    rhythm[1][s] = _weeks_until(rows["due"], weeks, missing=0) % every
    due = _lines(*positions(receipts), weeks, delay)
    left = arrivals.beside_orders(moving, due)
    on_its_way = moving.assign(
        units=left, week=0, chance=1.0, planned=False, late=False, receipt="", expedite=-1,
        slipped=0, status="in_transit",
    )[left > 0]  # fmt: skip
    open_receipts = pd.concat([on_its_way, due], ignore_index=True).drop(columns="status")
    price, own_price = dated.prices_in_force(skus, prices, door_index)
    ahead_of = dated.prices_ahead(
        price, own_price, announced, skus=sku_index, doors=door_index, weeks=weeks
    )
    usual_price = dated.usual_of(price)
    rows, s, d = positions(returns)
    back = np.zeros(shape2)
    at_door = rows["door_returned"] / rows["door_sold"].clip(lower=1)
    back[s, d] = share_back(
        *(c.to_numpy(dtype=float) for c in (rows["sold"], rows["returned"], at_door))
    )
    return Base(
        run=run,
        as_of=week_start(as_of),
        weeks=weeks,
        skus=skus.reset_index(drop=True),
        facts={str(name): skus[name].to_numpy(dtype=object) for name in skus},
        doors=doors.reset_index(drop=True),
        level=level,
        shape=shape,
        repriced=repriced,
        ranged=ranged,
        log_lift=log_lift,
        lift_sd=lift_sd,
        seen=_seen(run_body, skus),
        usual_discounts=run_body.get("usual_discounts", {}),
        columns=columns,
        share=share,
        log_regular=log_regular,
        ahead=ahead,
        rivals=pd.factorize(skus["department"].fillna("") + "\x1f" + skus["class"].fillna(""))[
            0
        ].astype(np.int64),
        event_sd=event_sd,
        weekday_shares=None if days is None else np.array(days, dtype=float),
        alpha=(own, max(promoted, own)),
        level_sd=level_sd,
        opening=opening,
        receipts=open_receipts[open_receipts["week"] < horizon],
        back=back,
        delay=delay,
        network=lanes_between,
        reserve=reserve,
        centre=centre,
        inbound=inbound,
        cover=cover,
        lead_time=lead_time,
        rhythm=rhythm,
        reorder_weeks=reorder_weeks,
        price=price,
        price_ahead=ahead_of,
        usual_price=usual_price,
        usual_by_week=dated.by_week(usual_price, ahead_of, horizon),
        unit_cost=skus["unit_cost"].to_numpy(dtype=float),
    )


def _weeks_until(dates: pd.Series, weeks: Dates, *, missing: int) -> Ints:
    """Position of the week of each date; `missing` where there is none."""
    days = pd.to_datetime(dates).to_numpy().astype("datetime64[D]")
    position = (days - weeks[0]).astype("timedelta64[D]").astype(np.int64) // 7
    return np.where(np.isnat(days), missing, position)


_Placed = tuple[pd.DataFrame, Ints, Ints]
"""Rows of known SKUs at known places, and the positions of both."""


def _positions(frame: pd.DataFrame, skus: pd.Index[str], places: pd.Index[str]) -> _Placed:
    sku = skus.get_indexer(pd.Index(frame["sku"]))
    place = places.get_indexer(pd.Index(frame["door"]))
    inside = (sku >= 0) & (place >= 0)
    return frame[inside], sku[inside], place[inside]


def _seen(run_body: Mapping[str, Any], skus: pd.DataFrame) -> Floats:
    """Deepest log price to which each SKU's class is known to respond, (S,)."""
    deepest: dict[str, float] = {}
    for block in run_body.get("blocks", {}).values():
        for klass, log in block.get("seen", {}).items():
            deepest[klass] = min(deepest.get(klass, SUPPORTED), float(log))
    classes = skus["class"].fillna("(none)")
    return np.array([deepest.get(str(klass), SUPPORTED) for klass in classes], dtype=float)


def _reserve(counted: _Placed, shape: tuple[int, int]) -> Floats:
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


def _centres(counted: _Placed, ordered: _Placed, fed: Bools, reserve: Floats) -> Ints:
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


def _moving(rows: pd.DataFrame, sku: Ints, place: Ints, fresh: Bools) -> pd.DataFrame:
    """Goods in transit by the stock file: sku, door (positions), units."""
    units = rows["in_transit"].fillna(0).to_numpy(dtype=float) * fresh
    return pd.DataFrame({"sku": sku, "door": place, "units": units})[units > 0]


def _lines(
    rows: pd.DataFrame, sku: Ints, place: Ints, weeks: Dates, delay: Mapping[str, Floats]
) -> pd.DataFrame:
    """Open order lines, as `Base.receipts` has them, and their status."""
    eta = _weeks_until(rows["eta"], weeks, missing=len(weeks))
    comes = arrivals.chance(-eta, rows["supplier"].fillna("").to_numpy(object), delay)
    slipped = eta - _weeks_until(rows["original_eta"], weeks, missing=10**6)
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
            "expedite": np.maximum(_weeks_until(rows["expedite_eta"], weeks, missing=-1), -1),
            "slipped": np.maximum(slipped, 0),
            "status": rows["status"].to_numpy(),
        }
    )
    return due[comes > 0]


def _inbound(
    ordered: _Placed,
    counted: _Placed,
    centre: Ints,
    weeks: Dates,
    as_of: dt.date,
    delay: Mapping[str, Floats],
) -> Floats:
    """What is on its way to the centre that supplies each SKU, by week, (S, W)."""
    inbound = np.zeros((len(centre), len(weeks)))
    due = _lines(*ordered, weeks, delay)
    rows, sku, place = counted
    moving = _moving(rows, sku, place, _fresh(rows, as_of))
    left = moving.assign(units=arrivals.beside_orders(moving, due), week=0)
    lines = pd.concat([due, left], ignore_index=True)
    at, week = lines["sku"].to_numpy(np.int64), lines["week"].to_numpy(np.int64)
    counts = (centre[at] == lines["door"].to_numpy()) & (week < len(weeks))
    np.add.at(inbound, (at[counts], week[counts]), lines["units"].to_numpy(float)[counts])
    return inbound


def _fresh(rows: pd.DataFrame, as_of: dt.date) -> Bools:
    """Whether stock was counted lately, (n,)."""
    days = rows["week"].to_numpy().astype("datetime64[D]")
    age = (np.datetime64(as_of) - days).astype(int)
    fresh: Bools = age // 7 <= STALE_AFTER_WEEKS
    return fresh


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
        wanted = np.nansum(level[sku]) * seasonal[sku, :until].sum()
        if reserve[sku, centre[sku]] + inbound[sku, :until].sum() >= wanted:
            weeks[sku] = way.max()
    return weeks
