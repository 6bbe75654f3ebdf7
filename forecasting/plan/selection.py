"""A scope laid over the live plan: its leaves, and what an input holds in them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecasting.calendar import as_date
from forecasting.consensus.events import AGREED, TOTAL, Leaves, Scope
from forecasting.errors import OutOfBounds
from forecasting.hierarchy import THOUSANDTHS, Bools, Floats, Ints
from forecasting.plan.live import LivePlan
from forecasting.vocabulary import Measure


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The leaves of a scope, n of them: SKU by SKU, door by door, week by week."""

    plan: LivePlan
    scope: Scope
    skus: Ints
    doors: Ints
    weeks: Ints

    @classmethod
    def of(cls, plan: LivePlan, scope: Scope) -> Selection:
        """Find the leaves of a scope.

        Raises
        ------
        UnknownName
            If a node or the activation aimed at does not exist.
        OutOfBounds
            If its weeks are not inside the plan.
        """
        if scope.activation != TOTAL:
            plan.activation(scope.activation)
        skus, doors, weeks = plan.members(scope)
        first, last = as_date(plan.base.weeks[0]), as_date(plan.base.weeks[-1])
        if not len(weeks) or scope.first_week < first or scope.last_week > last:
            raise OutOfBounds(
                f"The plan runs from {first} to {last}; {scope.first_week} to "
                f"{scope.last_week} is not inside it."
            )
        return cls(plan=plan, scope=scope, skus=skus, doors=doors, weeks=weeks)

    @property
    def names(self) -> frozenset[str]:
        """Names of its SKUs."""
        return frozenset(self.plan.sku_names[s] for s in self.skus)

    def present(self, function: str) -> Ints:
        """What a function's input holds, thousandths of a unit, (n,)."""
        return self._stacked([self._input(int(s), function) for s in self.skus])

    def layer(self, name: str) -> Ints:
        """Statistical, proposed, draft, or a function's input: thousandths of a unit, (n,)."""
        return self._stacked([self.plan.sku(int(s)).layer(name) for s in self.skus])

    def own(self, function: str) -> Ints:
        """What the input adds with this aim, thousandths of a unit, (n,)."""
        if function == AGREED:
            return self._stacked([self.plan.agreement(int(s))[0] for s in self.skus])
        aim = self.scope.activation
        return self._stacked([self.plan.aimed(int(s), function, aim) for s in self.skus])

    def held(self, function: str) -> Bools:
        """Which leaves may not move in a function's input: held or frozen, (n,)."""
        held = self._stacked([self.plan.held(function, int(s)) for s in self.skus]) > 0
        return held | self.frozen()

    def frozen(self) -> Bools:
        """Which leaves lie in the weeks that nobody may change any more, (n,)."""
        inside = np.tile(self.weeks < self.plan.fence, len(self.skus) * len(self.doors))
        return inside

    def active(self) -> Bools:
        """Which leaves can hold demand: ranged, and exposed where a lift is aimed at, (n,)."""
        found = []
        for sku in self.skus:
            usable = self.plan.sku(int(sku)).active
            if self.scope.activation != TOTAL:
                usable = usable & self.plan.exposed(int(sku), self.scope.activation)
            found.append(usable)
        return self._stacked(found) > 0

    def reference(self) -> Floats:
        """Statistical forecast: the profile for leaves that are all zero, (n,)."""
        return self.layer("statistical").astype(float)

    def worth(self, measure: Measure) -> Floats | None:
        """Money that a unit of each leaf counts for in a measure, (n,); None for units.

        Raises
        ------
        OutOfBounds
            Naming a SKU that could hold demand and has no price or cost.
        """
        if measure is Measure.UNITS:
            return None
        at = np.ix_(self.doors, self.weeks)
        each = [self.plan.worth(int(s), measure)[at].ravel() for s in self.skus]
        for sku, found in zip(self.skus, each, strict=True):
            usable = self.plan.sku(int(sku)).active[at].ravel()
            if np.isnan(found[usable]).any():
                lacks = "price" if measure is Measure.REVENUE else "price or unit cost"
                raise OutOfBounds(
                    f"No {lacks} is known for {self.plan.sku_names[int(sku)]}, so nothing "
                    f"can be given in {measure}. Enter units, or import the {lacks}."
                )
        return np.nan_to_num(np.concatenate(each))

    def amount(self, values: Ints, measure: Measure) -> float:
        """What leaves come to in a measure: units, or money."""
        worth = self.worth(measure)
        counted = values if worth is None else values * worth
        return float(counted.sum()) / THOUSANDTHS

    def leaves(self, deltas: Ints, chosen: Bools) -> Leaves:
        """Some of its leaves with their deltas, by name."""
        at = np.flatnonzero(chosen)
        n_doors, n_weeks = len(self.doors), len(self.weeks)
        sku, rest = np.divmod(at, n_doors * n_weeks)
        door, week = np.divmod(rest, n_weeks)
        return Leaves(
            sku=tuple(self.plan.sku_names[s] for s in self.skus[sku]),
            door=tuple(self.plan.door_names[d] for d in self.doors[door]),
            week=self.plan.base.weeks[self.weeks[week]],
            delta=deltas[at],
        )

    def _input(self, sku: int, function: str) -> Ints:
        computed = self.plan.sku(sku)
        if self.scope.activation == TOTAL:
            return computed.input_of(function)
        lift = dict(computed.lifts).get(self.scope.activation, np.int64(0))
        held: Ints = np.maximum(lift + self.plan.aimed(sku, function, self.scope.activation), 0)
        return held

    def _stacked(self, blocks: list[Ints] | list[Bools]) -> Ints:
        at = np.ix_(self.doors, self.weeks)
        return np.concatenate([np.asarray(block)[at].ravel() for block in blocks]).astype(
            np.int64
        )
