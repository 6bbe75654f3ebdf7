"""What a plan answers without working a SKU out: names, scopes, and what people stated."""

from __future__ import annotations

import numpy as np

from forecasting.consensus.activations import Activation
from forecasting.consensus.events import Scope
from forecasting.errors import UnknownName
from forecasting.hierarchy import Bools, Ints, Tree
from forecasting.plan.basis import Base
from forecasting.plan.state import Standing
from forecasting.plan.statistical import doors_of


class Lookup:
    """Names to positions, and what the ledger says at a position.

    Parameters
    ----------
    base : Base
        Factors and facts.
    standing : Standing
        What people entered and did.
    """

    def __init__(self, base: Base, standing: Standing) -> None:
        self.base = base
        self.standing = standing
        """What people entered and did, as it stands."""
        self.products = Tree.of(base.skus, ["department", "class", "style"], leaf="sku")
        self.locations = Tree.of(base.doors, ["region", "channel"], leaf="door")
        self.sku_names: list[str] = base.skus["sku"].tolist()
        self.door_names: list[str] = base.doors["door"].tolist()
        self.sku_index, self.door_index = standing.sku_index, standing.door_index

    @property
    def fence(self) -> int:
        """First weeks that nobody may change."""
        return self.standing.fence

    def activation(self, identity: str) -> Activation:
        """One activation as it stands.

        Raises
        ------
        UnknownName
        """
        found = self.standing.activations.get(identity)
        if found is None:
            raise UnknownName(f"There is no activation '{identity}'.")
        return found

    def activations(self) -> list[Activation]:
        """All activations that touch the plan's weeks, by start."""
        last = self.base.weeks[-1] + np.timedelta64(6, "D")
        inside = [
            a
            for a in self.standing.activations.values()
            if np.datetime64(a.end, "D") >= self.base.weeks[0]
            and np.datetime64(a.start, "D") <= last
        ]
        return sorted(inside, key=lambda a: (a.start, a.activation))

    def held(self, function: str, sku: int) -> Bools:
        """Which cells of a function's input are held, (D, W)."""
        _, n_doors, n_weeks = self.base.shape3
        held = self.standing.holds.get(function, {}).get(sku)
        return np.zeros((n_doors, n_weeks), dtype=bool) if held is None else held > 0

    def aimed(self, sku: int, function: str, aim: str) -> Ints:
        """What a function's input adds with one aim, thousandths of a unit, (D, W)."""
        _, n_doors, n_weeks = self.base.shape3
        found = self.standing.inputs.get(sku, {}).get((function, aim))
        return np.zeros((n_doors, n_weeks), np.int64) if found is None else found

    def exposed(self, sku: int, identity: str) -> Bools:
        """Cells in which an activation features a SKU, (D, W)."""
        activation = self.activation(identity)
        name = self.sku_names[sku]
        doors = [doors_of(item, self.door_index) for item in activation.of_sku(name)]
        at: Bools = np.any(doors, axis=0) if doors else np.zeros(self.base.shape3[1], bool)
        return at[:, None] & (activation.share(self.base.weeks) > 0)

    def members(self, scope: Scope) -> tuple[Ints, Ints, Ints]:
        """Positions of the SKUs, doors and weeks of a scope.

        Raises
        ------
        UnknownName
            If a node does not exist.
        """
        first = (np.datetime64(scope.first_week, "D") - self.base.weeks[0]).astype(int) // 7
        last = (np.datetime64(scope.last_week, "D") - self.base.weeks[0]).astype(int) // 7
        weeks = np.arange(max(first, 0), min(last, len(self.base.weeks) - 1) + 1)
        return (
            self.products.members(scope.product_level, scope.product),
            self.locations.members(scope.location_level, scope.location),
            weeks,
        )

    def scope_weeks(self, activation: Activation) -> tuple[int, int]:
        """First and last week of an activation inside the plan; last < first: none."""
        return self.standing.weeks_of(activation)

    def agreement(self, sku: int) -> tuple[Ints, Bools]:
        """What agreements add to a SKU's statistical number, and where they stand, (D, W)."""
        _, n_doors, n_weeks = self.base.shape3
        none = np.zeros((n_doors, n_weeks), np.int64)
        change, standing = self.standing.agreed.get(sku, (none, none))
        return change, standing > 0
