"""Between which places stock can be moved, how long that takes and what it costs.

Places are the selling doors, then the distribution centres, in the order of the plan.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.hierarchy import Bools, Floats, Ints

USUAL_TRANSFER_WEEKS = 1
"""Weeks of a transfer where a door says nothing."""
NO_LANE = -1
"""Weeks between two places where nothing can be moved: no way takes less than none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """Lanes between P places, D doors first."""

    names: tuple[str, ...]
    """Identities of the places, (P,)."""
    labels: tuple[str, ...]
    """What people call them, (P,)."""
    n_doors: int
    weeks: Ints
    """From place to place, (P, P); NO_LANE where there is none. Units that leave in a week
    can be sold at the other end that many weeks later."""
    cost: Floats
    """Per unit, (P, P); 0 where none is known."""
    least: Floats
    """Smallest move, units, (P, P)."""

    @property
    def index(self) -> dict[str, int]:
        """Position of each place."""
        return {name: i for i, name in enumerate(self.names)}

    def way(self, centre: int, doors: Bools) -> Ints | None:
        """Weeks from a distribution centre to each door, (D,).

        None where no lane leads from there to all of `doors`; a week to any other.
        """
        weeks = self.weeks[self.n_doors + centre, : self.n_doors]
        if (weeks[doors] == NO_LANE).any():
            return None
        return np.where(weeks == NO_LANE, USUAL_TRANSFER_WEEKS, weeks)


def network(doors: pd.DataFrame, centres: pd.DataFrame, lanes: pd.DataFrame) -> Network:
    """Arrange what files say of transfers.

    Parameters
    ----------
    doors, centres : DataFrame, one row per place
        door, name, transfer_weeks, transfer_cost.
    lanes : DataFrame, one row per lane
        from_door, to_door, weeks, cost, min_units; empty: every two places, at the longer
        time and the higher cost of the two.
    """
    places = pd.concat([doors, centres], ignore_index=True)
    weeks = places["transfer_weeks"].fillna(USUAL_TRANSFER_WEEKS).to_numpy(dtype=np.int64)
    cost = places["transfer_cost"].fillna(0.0).to_numpy(dtype=float)
    between = np.maximum(weeks[:, None], weeks)
    price = np.maximum(cost[:, None], cost)
    least = np.ones(price.shape)
    if len(lanes):
        index = pd.Index(places["door"])
        start, end = index.get_indexer(lanes["from_door"]), index.get_indexer(lanes["to_door"])
        inside = (start >= 0) & (end >= 0)
        at = (start[inside], end[inside])
        usual_weeks, usual_cost = between[at], price[at]
        between = np.full_like(between, NO_LANE)
        told = lanes[inside]
        between[at] = told["weeks"].fillna(pd.Series(usual_weeks, told.index))
        price[at] = told["cost"].fillna(pd.Series(usual_cost, told.index))
        least[at] = told["min_units"].fillna(1).clip(lower=1)
    np.fill_diagonal(between, NO_LANE)
    between[:, len(doors) :] = NO_LANE  # nothing is moved back to a centre
    return Network(
        names=tuple(places["door"]),
        labels=tuple(places["name"]),
        n_doors=len(doors),
        weeks=between,
        cost=price,
        least=least,
    )
