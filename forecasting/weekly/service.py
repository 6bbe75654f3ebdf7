"""The service level that stock is planned for: stated, or the one that costs least."""

from __future__ import annotations

import numpy as np

from forecasting.hierarchy import Bools, Floats
from forecasting.inventory.bridge import Limits
from forecasting.inventory.newsvendor import cheapest_service
from forecasting.plan.basis import Base

SERVICE = 0.95
"""Service level of a SKU that states none."""
MOST_SERVICE = 0.999
"""Highest service level that stock is planned for: no stock is enough for certain."""


def waits_at(base: Base, limits: Limits) -> Bools:
    """Doors whose customers wait for what is not there, (D,); elsewhere the sale is lost."""
    online: Bools = (base.doors["kind"] == "online").to_numpy(dtype=bool)
    waits: Bools = np.where(online, limits.online_waits, limits.stores_wait)
    return waits


def stated_service(base: Base, sku: int, least: float) -> float:
    """Service level of a SKU: what it states, or what policy asks at least.

    No stock is enough for certain: more than `MOST_SERVICE` is planned for as that.
    """
    return min(max(base.stated(sku, "service_level", SERVICE), least), MOST_SERVICE)


def cheapest_of(base: Base, sku: int, limits: Limits, *, waits: bool) -> float:
    """Share of cycles that costs least where customers wait or do not; NaN unknown.

    Price, unit cost and holding cost are those of the files, goodwill a share of the price.
    """
    price = float(base.usual_price[sku])
    found = cheapest_service(
        np.array([price]),
        np.array([float(base.unit_cost[sku])]),
        np.array([base.stated(sku, "holding_cost", np.nan)]),
        np.array([limits.goodwill_share * price]),
        waits=waits,
    )
    return min(float(found[0]), MOST_SERVICE) if found[0] == found[0] else float("nan")


def is_by_cost(base: Base, sku: int, limits: Limits) -> bool:
    """Whether a SKU is planned for the level that costs least."""
    level = cheapest_of(base, sku, limits, waits=limits.stores_wait)
    return limits.service_by_cost and level == level


def service_of(base: Base, sku: int, limits: Limits, *, least: float | None = None) -> float:
    """Service level that a SKU is planned for, as stores have it.

    Parameters
    ----------
    least : float, optional
        What policy asks at least; what is set if left out.
    """
    at_least = limits.least_service if least is None else least
    if not is_by_cost(base, sku, limits):
        return stated_service(base, sku, at_least)
    level = cheapest_of(base, sku, limits, waits=limits.stores_wait)
    return min(max(level, at_least), MOST_SERVICE)


def services_at(base: Base, sku: int, limits: Limits, waits: Bools) -> Floats:
    """The same door by door, (D,): where customers wait, another level costs least.

    Parameters
    ----------
    waits : bool array, shape (D,)
    """
    usual = service_of(base, sku, limits)
    if not is_by_cost(base, sku, limits):
        return np.full(len(waits), usual)
    other = cheapest_of(base, sku, limits, waits=not limits.stores_wait)
    other = max(other, limits.least_service) if other == other else usual
    return np.where(waits == limits.stores_wait, usual, min(other, MOST_SERVICE))
