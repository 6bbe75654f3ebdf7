"""What the plan stands on: a run's factors and the facts of the as-of week, as arrays."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecasting.calendar import Dates
from forecasting.demand.selling import Ranged
from forecasting.hierarchy import Floats, Ints
from forecasting.inventory.network import Network
from forecasting.plan import dated

USUAL_COVER_WEEKS = 4.0
"""Weeks of supply assumed where stock was never counted."""
USUAL_LEAD_TIME_WEEKS = 6
"""Lead time assumed where a SKU has none; the SKU page says so."""
LEAST_ALPHA = 0.02
"""Overdispersion of a week's own demand at the least: what all weeks share does not explain
every week to the unit."""
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
    centre_lines: pd.DataFrame
    """Open order lines for distribution centres, as `ordered.LINES`."""
    arrived: pd.DataFrame
    """Lines that came lately, of SKUs that people ordered here, as `ordered.LINES`."""
    cover: Floats
    """Weeks of supply that the usual replenishment aims at beyond its lead time; negative where
    it aims at less than the lead time's, (S, D)."""
    lead_time: Ints
    """Of the supplier, weeks, in force in the as-of week, (S,)."""
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
    """In force in the as-of week, NaN unknown, (S,)."""
    terms_ahead: Mapping[str, Mapping[int, Floats]] = field(default_factory=dict)
    """Costs, lead times and service levels of each week, of SKUs of which one is announced:
    column of `skus` to SKU to (W,)."""

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
        ahead = self.terms_ahead.get(dated.COST, {}).get(sku)
        return (
            np.broadcast_to(self.unit_cost[sku], self.weeks.shape) if ahead is None else ahead
        )

    def cost_in(self, sku: int, day: dt.date) -> float:
        """Cost of a unit in the week of a day; NaN unknown.

        A day before the plan or beyond it is taken as its first week or its last.
        """
        week = int((np.datetime64(day, "D") - self.weeks[0]).astype(int)) // 7
        return float(self.cost_of(sku)[min(max(week, 0), len(self.weeks) - 1)])

    def costs_in(self, skus: pd.Series, days: pd.Series) -> Floats:
        """The same for many: names of SKUs, and days, (n,) each."""
        at = pd.Index(self.skus["sku"]).get_indexer(pd.Index(skus))
        cost: Floats = self.unit_cost[at]
        changes = np.isin(at, list(self.terms_ahead.get(dated.COST, {})))
        dates = pd.to_datetime(days).dt.date.to_numpy()
        for n in np.flatnonzero(changes):
            cost[n] = self.cost_in(int(at[n]), dates[n])
        return cost

    def lead_times_of(self, sku: int) -> Ints:
        """Weeks that an order takes that is released in each week, (W,)."""
        ahead = self.terms_ahead.get(dated.LEAD_TIME, {}).get(sku)
        if ahead is None:
            return np.broadcast_to(self.lead_time[sku], self.weeks.shape)
        known = np.where(np.isnan(ahead), self.lead_time[sku], ahead)
        return known.astype(np.int64)

    def stated_by_week(self, sku: int, fact: str, otherwise: float) -> Floats:
        """What files say of a SKU in each week, or what holds where they say nothing, (W,)."""
        ahead = self.terms_ahead.get(fact, {}).get(sku)
        if ahead is None:
            return np.full(len(self.weeks), self.stated(sku, fact, otherwise))
        return np.where(np.isnan(ahead), otherwise, ahead)

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
