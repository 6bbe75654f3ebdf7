"""The service level that stock is planned for: stated, or the one that costs least."""

from __future__ import annotations

import numpy as np

from forecasting.hierarchy import Bools, Floats
from forecasting.inventory.bridge import Limits
from forecasting.inventory.newsvendor import cheapest_service
from forecasting.plan.basis import Base
from forecasting.plan.dated import SERVICE_LEVEL

SERVICE = 0.95
"""Service level of a SKU that states none."""
MOST_SERVICE = 0.999
"""Highest service level that stock is planned for: no stock is enough for certain."""


def waits_at(base: Base, limits: Limits) -> Bools:
    """Doors whose customers wait for what is not there, (D,); elsewhere the sale is lost."""
    online: Bools = (base.doors["kind"] == "online").to_numpy(dtype=bool)
    waits: Bools = np.where(online, limits.online_waits, limits.stores_wait)
    return waits


def stated_service(base: Base, sku: int, least: float) -> Floats:
    """Service level of a SKU in each week: what it states, or what policy asks at least, (W,).

    No stock is enough for certain: more than `MOST_SERVICE` is planned for as that.
    """
    stated = base.stated_by_week(sku, SERVICE_LEVEL, SERVICE)
    return np.clip(stated, min(least, MOST_SERVICE), MOST_SERVICE)


def cheapest_of(base: Base, sku: int, limits: Limits, *, waits: bool) -> float:
    """Share of cycles that costs least where customers wait or do not; NaN unknown.

    Price and unit cost are those in force, goodwill a share of the price.
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


def service_of(base: Base, sku: int, limits: Limits, *, week: int = 0) -> float:
    """Service level that a SKU is planned for in a week of the plan, as stores have it."""
    return float(service_by_week(base, sku, limits)[week])


def service_by_week(
    base: Base, sku: int, limits: Limits, *, least: float | None = None
) -> Floats:
    """The same of every week, (W,).

    Parameters
    ----------
    least : float, optional
        What policy asks at least; what is set if left out.
    """
    at_least = limits.least_service if least is None else least
    if not is_by_cost(base, sku, limits):
        return stated_service(base, sku, at_least)
    level = cheapest_of(base, sku, limits, waits=limits.stores_wait)
    return np.full(len(base.weeks), min(max(level, at_least), MOST_SERVICE))


def services_at(base: Base, sku: int, limits: Limits, waits: Bools) -> Floats:
    """The same door by door, (D, W): where customers wait, another level costs least.

    Parameters
    ----------
    waits : bool array, shape (D,)
    """
    usual = service_by_week(base, sku, limits)
    if not is_by_cost(base, sku, limits):
        return np.repeat(usual[None], len(waits), axis=0)
    level = cheapest_of(base, sku, limits, waits=not limits.stores_wait)
    known = level == level
    other = np.full(len(usual), max(level, limits.least_service)) if known else usual
    as_usual = (waits == limits.stores_wait)[:, None]
    return np.where(as_usual, usual, np.minimum(other, MOST_SERVICE))
