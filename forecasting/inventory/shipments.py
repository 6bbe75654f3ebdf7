"""Units on their way from one place to a door, and what they do to the supply."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecasting.hierarchy import Floats, Ints

SUPPLIER = -2
"""Who gives where units are newly ordered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipment:
    """Units that go from one place to a door, by positions."""

    origin: int
    """Place that gives; -1 for an order that comes earlier, SUPPLIER for a new one."""
    to: int
    units: float
    leaves: int
    """Week in which it leaves; of an order, in which it was due."""
    arrives: int
    """First week in which it can be sold."""
    cost: float
    receipt: str = ""


def supply_change(shipments: list[Shipment], shape: tuple[int, ...]) -> Floats:
    """What shipments add to and take from the supply, (D, R)."""
    change = np.zeros(shape)
    for one in shipments:
        giver = one.to if one.origin < 0 else one.origin
        if one.origin != SUPPLIER and giver < shape[0] and one.leaves < shape[1]:
            change[giver, one.leaves] -= one.units
        if one.arrives < shape[1]:
            change[one.to, one.arrives] += one.units
    return change


def sent(
    units: Floats, origin: Ints, to: Ints, leaves: Ints, arrives: Ints, cost: Floats
) -> list[Shipment]:
    """What is really sent, of every lane's units, weeks and cost."""
    return [
        Shipment(
            origin=int(origin[i]), to=int(to[i]), units=float(units[i]), leaves=int(leaves[i]),
            arrives=int(arrives[i]), cost=float(cost[i]),
        )
        for i in np.flatnonzero(units > 0)
    ]  # fmt: skip
