"""What a plan is made from: a run's factors, the facts of its as-of week, and positions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from forecasting.calendar import Dates
from forecasting.hierarchy import Ints
from forecasting.plan import dated
from forecasting.plan.ordered import nothing_arrived


@dataclass(frozen=True, slots=True, kw_only=True)
class Factors:
    """A run's factors, as they are kept beside it."""

    run: int
    """Sequence number of the run; 0 where none was made."""
    body: Mapping[str, Any]
    """as_of (ISO date), columns, alpha, event_sd, weekday_shares, usual_discounts (not in
    older runs), blocks (of which seen: deepest log price by class)."""
    series: pd.DataFrame
    """One row per SKU and door of the run: sku, door, level, log_lift, share, log_regular,
    ahead."""
    sku_factors: pd.DataFrame
    """One row per SKU of the run: sku, shape, lift_sd, repriced (blank in older runs)."""
    spans: pd.DataFrame
    """One row per SKU, door and span of days in which it can be sold: sku, door, first_day,
    last_day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Facts of the as-of week, one frame each, as `data.facts.facts` reads them."""

    skus: pd.DataFrame
    """Every SKU."""
    doors: pd.DataFrame
    """Every selling door."""
    centres: pd.DataFrame
    """Distribution centres, as `doors`."""
    lanes: pd.DataFrame
    """One row per transfer lane: from_door, to_door, weeks, cost, min_units; empty: any two
    places."""
    stock: pd.DataFrame
    """One row per SKU and door: on_hand, in_transit, week (of the count), cover (weeks of
    supply usually on hand), position (units on hand and on order after the last order, NaN
    unknown), every (weeks from one order of the SKU to the next), due (a day in whose week
    such an order arrives, blank where that may be any)."""
    receipts: pd.DataFrame
    """One row per open receipt line: receipt, sku, door, supplier, eta, units, status,
    expedite_eta, original_eta."""
    lateness: pd.DataFrame
    """One row per supplier and weeks late: supplier, weeks, lines received."""
    ordered_for: pd.DataFrame
    """One row per SKU and centre: sku, door (the centre), share of the units ordered that
    were ordered for it."""
    supplied: pd.DataFrame
    """One row per SKU: sku, sold and brought, units that doors sold and that orders for
    doors brought."""
    prices: pd.DataFrame
    """One row per SKU and door with a price: sku, door (blank: all), regular_price."""
    announced: pd.DataFrame
    """One row per price to come: sku, door (blank: all), week, regular_price."""
    returns: pd.DataFrame
    """One row per SKU and door where something comes back: sku, door, sold, returned,
    door_sold, door_returned: units."""
    terms: pd.DataFrame = field(default_factory=dated.nothing_announced)
    """One row per cost, lead time or service level to come: sku, term (its column of `skus`),
    week, value; `skus` has what holds now."""
    arrived: pd.DataFrame = field(default_factory=nothing_arrived)
    """One row per receipt line that came lately, of SKUs that people ordered here: receipt,
    sku, door, units, received."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The positions that every array is laid out by: SKUs, doors, centres, weeks."""

    as_of: dt.date
    weeks: Dates
    sku: pd.Index[str]
    door: pd.Index[str]
    centre: pd.Index[str]

    @property
    def shape(self) -> tuple[int, int]:
        """(S, D)."""
        return len(self.sku), len(self.door)

    def at_doors(self, frame: pd.DataFrame) -> Placed:
        """Rows of known SKUs at selling doors, and the positions of both."""
        return self._at(frame, self.door)

    def at_centres(self, frame: pd.DataFrame) -> Placed:
        """Rows of known SKUs at distribution centres, and the positions of both."""
        return self._at(frame, self.centre)

    def _at(self, frame: pd.DataFrame, places: pd.Index[str]) -> Placed:
        sku = self.sku.get_indexer(pd.Index(frame["sku"]))
        place = places.get_indexer(pd.Index(frame["door"]))
        inside = (sku >= 0) & (place >= 0)
        return frame[inside], sku[inside], place[inside]


Placed = tuple[pd.DataFrame, Ints, Ints]
"""Rows of known SKUs at known places, and the positions of both."""


def weeks_until(dates: pd.Series, weeks: Dates, *, missing: int) -> Ints:
    """Position of the week of each date; `missing` where there is none."""
    days = pd.to_datetime(dates).to_numpy().astype("datetime64[D]")
    position = (days - weeks[0]).astype("timedelta64[D]").astype(np.int64) // 7
    return np.where(np.isnat(days), missing, position)
