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
from forecasting.demand.priors import USUAL_EVENT_SD
from forecasting.hierarchy import Floats, Ints
from forecasting.inventory.lateness import record
from forecasting.inventory.network import Network, network
from forecasting.inventory.projection import due_weeks, lead_and_pace, usual_cover
from forecasting.selling import Ranged

USUAL_COVER_WEEKS = 4.0
"""Weeks of supply assumed where stock was never counted."""
USUAL_LEAD_TIME_WEEKS = 6
"""Lead time assumed where a SKU has none; the SKU page says so."""
LEAST_ALPHA = 0.02
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
    """Share of a week's demand on each day from Sunday on; None: a seventh each."""
    alpha: tuple[float, float]
    """Overdispersion of a week's demand of its own, without and with activation."""
    level_sd: float
    """Log error of the level, which all weeks to come share."""
    opening: Floats
    """On hand at the end of the as-of week, NaN unknown, (S, D)."""
    receipts: pd.DataFrame
    """Open receipts: sku, door, week (positions), units, planned (bool), late (bool),
    receipt (its name, '' in transit), expedite (earliest week, -1: it cannot move),
    slipped (weeks that its date has moved already)."""
    delay: Mapping[str, Floats]
    """Share of each supplier's lines by weeks late; '' is everybody's."""
    network: Network
    reserve: Floats
    """On hand at the distribution centres, 0 where nothing was counted, (S, C)."""
    centre: Ints
    """Distribution centre to which a SKU's orders go, -1 where they go to the doors, (S,)."""
    inbound: Floats
    """Open orders of each SKU for that centre, by week, (S, W)."""
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
    """Regular price, NaN unknown, (S, D)."""
    usual_price: Floats
    """The mean over the doors where it is known, NaN where it is nowhere, (S,)."""
    unit_cost: Floats
    """NaN unknown, (S,)."""

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
) -> Base:
    """Arrange a run's factors and today's facts.

    Parameters
    ----------
    run : int
        Sequence number of the run.
    run_body : mapping
        as_of (ISO date), columns, alpha, event_sd, weekday_shares.
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
    age = (np.datetime64(as_of) - rows["week"].to_numpy().astype("datetime64[D]")).astype(int)
    fresh = age // 7 <= STALE_AFTER_WEEKS
    opening[s[fresh], d[fresh]] = rows["on_hand"].to_numpy(dtype=float)[fresh]
    usual = rows["cover"].to_numpy(dtype=float)
    counted = ~np.isnan(usual)
    cover[s[counted], d[counted]] = np.clip(usual[counted], 1.0, 16.0)
    lead_time = skus["lead_time_weeks"].fillna(USUAL_LEAD_TIME_WEEKS).to_numpy(dtype=np.int64)
    lanes_between = network(doors, centres, lanes)
    reserve = _reserve(at_centres(stock), (n_skus, len(centres)))
    centre = np.full(n_skus, -1, dtype=np.int64)
    _, most, where = at_centres(ordered_for[ordered_for["share"] > 0.5])
    centre[most] = where
    inbound = _inbound(at_centres(receipts), centre, weeks)
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
    moving = rows["in_transit"].fillna(0).to_numpy(dtype=float) * fresh
    on_its_way = pd.DataFrame(
        {
            "sku": s, "door": d, "week": 0, "units": moving, "planned": False, "late": False,
            "receipt": "", "expedite": -1, "slipped": 0,
        }
    )  # fmt: skip

    rows, s, d = positions(receipts)
    eta = (rows["eta"].to_numpy().astype("datetime64[D]") - weeks[0]).astype(int) // 7
    due = pd.DataFrame(
        {
            "sku": s,
            "door": d,
            "week": due_weeks(eta),
            "units": rows["units"].to_numpy(dtype=float),
            "planned": (rows["status"] == "planned").to_numpy(),
            "late": eta < 0,
            "receipt": rows["receipt"].astype(str),
            "expedite": np.maximum(_weeks_until(rows["expedite_eta"], weeks, missing=-1), -1),
            "slipped": np.maximum(
                eta - _weeks_until(rows["original_eta"], weeks, missing=10**6), 0
            ),
        }
    )
    price = _prices(skus, prices, sku_index, door_index)
    open_receipts = pd.concat([on_its_way[moving > 0], due], ignore_index=True)
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
        delay=record(lateness),
        network=lanes_between,
        reserve=reserve,
        centre=centre,
        inbound=inbound,
        cover=cover,
        lead_time=lead_time,
        rhythm=rhythm,
        reorder_weeks=reorder_weeks,
        price=price,
        usual_price=_mean_known(price),
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


def _reserve(counted: _Placed, shape: tuple[int, int]) -> Floats:
    """What the distribution centres have on hand, (S, C)."""
    rows, sku, centre = counted
    reserve = np.zeros(shape)
    held = rows["on_hand"].fillna(0).to_numpy(dtype=float)
    reserve[sku, centre] = np.maximum(held, 0.0)
    return reserve


def _inbound(ordered: _Placed, centre: Ints, weeks: Dates) -> Floats:
    """Open orders for the centre that supplies each SKU, by week, (S, W)."""
    rows, sku, place = ordered
    inbound = np.zeros((len(centre), len(weeks)))
    week = due_weeks(_weeks_until(rows["eta"], weeks, missing=len(weeks)))
    counted = (centre[sku] == place) & (week < len(weeks))
    units = rows["units"].to_numpy(dtype=float)
    np.add.at(inbound, (sku[counted], week[counted]), units[counted])
    return inbound


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


def _prices(
    skus: pd.DataFrame,
    prices: pd.DataFrame,
    sku_index: pd.Index[str],
    door_index: pd.Index[str],
) -> Floats:
    """Regular price in force, (S, D): the door's own, the general one, the SKU's."""
    price = np.repeat(skus["unit_price"].to_numpy(dtype=float)[:, None], len(door_index), 1)
    general = prices[prices["door"].isna()]
    at = sku_index.get_indexer(pd.Index(general["sku"]))
    price[at[at >= 0]] = general["regular_price"].to_numpy(dtype=float)[at >= 0, None]
    own = prices[prices["door"].notna()]
    s = sku_index.get_indexer(pd.Index(own["sku"]))
    d = door_index.get_indexer(pd.Index(own["door"]))
    inside = (s >= 0) & (d >= 0)
    price[s[inside], d[inside]] = own["regular_price"].to_numpy(dtype=float)[inside]
    return price


def _mean_known(price: Floats) -> Floats:
    """The mean over the doors where it is known, NaN where it is nowhere, (S,)."""
    known = ~np.isnan(price)
    count = known.sum(axis=1)
    total = np.where(known, price, 0.0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
