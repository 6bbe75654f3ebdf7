"""What a calendar does to demand: the one place where that is worked out, for every plan.

The draft, the working plan, a plan of blind inputs and whatever is tried all ask `Promoted`
for the forecast of a SKU. So an activation that is added, moved or cancelled brings or takes
the same units in each of them: its own lift, what was bought ahead of the weeks after, and
what the other SKUs of the class lose or gain.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from forecasting.consensus.activations import Activation
from forecasting.consensus.campaigns import looks_alike
from forecasting.hierarchy import THOUSANDTHS, Bools, Floats, Ints
from forecasting.plan import statistical
from forecasting.plan.basis import Base
from forecasting.plan.state import Standing
from forecasting.plan.statistical import BOUGHT_AHEAD, OTHERS, OwnLift, baseline_of
from forecasting.plan.tries import Own, Pushed, Tries

_CELLS_KEPT = 1_000_000
"""Cells of SKUs of which it is kept what their activations do, while something is tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """The statistical forecast of one SKU under one calendar.

    Integer arrays are thousandths of a unit, (D, W). The parts are rounded, and the forecast
    is their sum: they add up exactly.
    """

    active: Bools
    """Ranged and with a forecast, (D, W)."""
    plain: Floats
    """Baseline in units, not rounded, (D, W)."""
    own: OwnLift
    baseline: Ints
    lifts: tuple[tuple[str, Ints], ...]
    """Incremental demand of each live activation, by identity."""
    spillover: Mapping[str, Ints]
    """What activations do outside their own cells, by `BOUGHT_AHEAD` and `OTHERS`."""
    lifted: Ints
    """What all its own activations add in the cells where they run."""
    statistical: Ints
    """Baseline, lifts and spillover."""
    is_tried: bool
    """The calendar is not so, but is thought to be."""


class Promoted:
    """One calendar laid over a basis.

    Parameters
    ----------
    base : Base
        Factors and facts.
    standing : Standing
        Whose calendar it is; asked anew each time, so that it may change (see `take`).
    """

    def __init__(self, base: Base, standing: Standing) -> None:
        self._base = base
        self._standing = standing
        self._names: list[str] = base.skus["sku"].tolist()
        self._classmates: dict[int, list[int]] = {
            int(c): np.flatnonzero(base.rivals == c).tolist() for c in np.unique(base.rivals)
        }
        self._push: dict[int, Floats] = {}
        """What each featured SKU's lift adds to its class, in shares of it, (D, W)."""
        self._pressure: dict[int, Floats | None] = {}
        """The same summed over a class, of classes that were asked for; None: nothing."""
        self._owned: dict[int, Own] = {}
        """What own activations do is needed twice, for the class and for the SKU itself: it
        is kept while a class is worked out, no longer."""
        self._tries = Tries(
            room=max(_CELLS_KEPT // max(len(base.doors) * len(base.weeks), 1), 64)
        )

    # Reading ----------------------------------------------------------------------------

    def forecast(self, sku: int, tried: Sequence[Activation] = ()) -> Forecast:
        """The statistical forecast of a SKU as the calendar stands, or as it would be.

        Parameters
        ----------
        sku : int
        tried : sequence of Activation
            Activations as they would be; the calendar stays as it is.
        """
        active, plain, own = of_sku = self._own(sku, tried)
        ahead, rivals = statistical.spillover_of(
            self._base, sku, own, self._others(sku, of_sku, tried)
        )
        promoted = plain * own.multiplier
        baseline = _milli(plain)
        lifts = tuple((a, _milli(units)) for a, units in own.units.items())
        spilt = {
            BOUGHT_AHEAD: _milli(promoted * (ahead - 1)),
            OTHERS: _milli(promoted * ahead * (rivals - 1)),
        }
        lifted = sum((units for _, units in lifts), np.zeros_like(baseline))
        return Forecast(
            active=active,
            plain=plain,
            own=own,
            baseline=baseline,
            lifts=lifts,
            spillover=spilt,
            lifted=lifted,
            statistical=baseline + lifted + sum(spilt.values(), np.int64(0)),
            is_tried=bool(tried),
        )

    def calendar_of(self, sku: int, tried: Sequence[Activation] = ()) -> list[Activation]:
        """Live activations that feature a SKU, in the calendar's order."""
        found = self._standing.calendar_of(sku)
        if not tried:
            return found
        names = {other.activation for other in tried}
        found = [a for a in found if a.activation not in names]
        for other in tried:
            inside = other.is_live and self._standing.weeks_of(other)[1] >= 0
            if inside and other.of_sku(self._names[sku]):
                found.append(other)
        return sorted(found, key=lambda a: (a.start, a.activation))

    def rivals_of(self, skus: Iterable[int]) -> set[int]:
        """All SKUs of the classes of some, themselves included."""
        groups = {int(self._base.rivals[sku]) for sku in skus}
        return {sku for group in groups for sku in self._classmates[group]}

    # Changing ---------------------------------------------------------------------------

    def by_class(self) -> Iterator[list[int]]:
        """Every class, worked out: the forecasts of its SKUs are quickest asked for now."""
        for group, classmates in self._classmates.items():
            self._work_out(group)
            yield classmates
            self._owned = {}

    def take(self, promoted: Iterable[int]) -> set[int]:
        """Follow a change of the calendar; the SKUs whose forecast it touches.

        Parameters
        ----------
        promoted : iterable of int
            SKUs that the changed activations feature or featured.
        """
        touched = set(promoted)
        self._tries.forget(touched)
        moved = {int(self._base.rivals[s]) for s in sorted(touched) if self._press(s)}
        for group in moved:
            self._sum_up(group)
        return touched.union(*(self._classmates[group] for group in moved))

    def forget(self) -> None:
        """Drop what `take` kept for the forecasts that are asked for right after it."""
        self._owned = {}

    # Inside -----------------------------------------------------------------------------

    def _own(self, sku: int, tried: Sequence[Activation] = ()) -> Own:
        if not tried and sku in self._owned:
            return self._owned[sku]
        if tried and sku not in self._changed_by(tried, int(self._base.rivals[sku])):
            found = self._tries.own(sku)
            return found or self._tries.keep(sku, self._own(sku))
        active, baseline = baseline_of(self._base, sku)
        own = statistical.own_lift(
            self._base,
            sku,
            name=self._names[sku],
            activations=self.calendar_of(sku, tried),
            active=active,
            baseline=baseline,
            door_index=self._standing.door_index,
        )
        return active, baseline, own

    def _others(self, sku: int, mine: Own, tried: Sequence[Activation]) -> Floats:
        """What the rest of the class adds to its demand, in shares of it, (D, W)."""
        group = int(self._base.rivals[sku])
        if group not in self._pressure:
            self._work_out(group)
            self._owned = {}
        pushed: Pushed = self._push, self._pressure[group]
        push, pressure = self._pushed_if(tried, group) if tried else pushed
        if pressure is None:
            return np.zeros_like(mine[1])
        others: Floats = pressure - push.get(sku, 0.0)
        return others

    def _pushed_if(self, tried: Sequence[Activation], group: int) -> Pushed:
        """What each SKU of a class would add to it, and all of them."""
        found = self._tries.pushed(tried, group)
        if found is None:
            push = {s: self._push[s] for s in self._classmates[group] if s in self._push}
            for other in self._changed_by(tried, group):
                own = self._own(other, tried)[2]
                push.pop(other, None)
                if own.units:
                    push[other] = statistical.push_of(self._base, other, own)
            found = push, self._summed(push, group)
            self._tries.push(tried, group, found)
        return found

    def _changed_by(self, tried: Sequence[Activation], group: int) -> set[int]:
        """SKUs of a class whose own lift may be another with activations as they would be."""
        found = self._tries.changed(tried, group)
        if found is None:
            found = set[int]().union(*(self._changed_by_one(one, group) for one in tried))
            self._tries.change(tried, group, found)
        return found

    def _changed_by_one(self, tried: Activation, group: int) -> set[int]:
        before = self._standing.activations.get(tried.activation)
        both = [a for a in (before, tried) if a is not None]
        index = self._standing.sku_index
        named = {i.sku for a in both for i in a.items if i.sku in index}
        named = {name for name in named if self._base.rivals[index[name]] == group}
        if before is None or _when(before) != _when(tried) or self._is_doubled(both):
            return {index[name] for name in named}
        return {index[name] for name in named if before.of_sku(name) != tried.of_sku(name)}

    def _is_doubled(self, both: Sequence[Activation]) -> bool:
        """Whether another activation is the same campaign, so that all its SKUs may move."""
        live = [a for a in self._standing.activations.values() if a.is_live]
        return any(looks_alike(one, other) for one in both for other in live)

    def _work_out(self, group: int) -> None:
        featured = [s for s in self._classmates[group] if self._standing.is_featured(s)]
        for sku in featured:
            self._press(sku)
        self._sum_up(group)

    def _press(self, sku: int) -> bool:
        """Note what a SKU's lift adds to its class; whether that changed."""
        self._owned.pop(sku, None)
        self._owned[sku] = of_sku = self._own(sku)
        own = of_sku[2]
        before = self._push.pop(sku, None)
        after = statistical.push_of(self._base, sku, own) if own.units else None
        if after is not None:
            self._push[sku] = after
        if before is None or after is None:
            return before is not after
        return not np.array_equal(before, after)

    def _sum_up(self, group: int) -> None:
        self._pressure[group] = self._summed(self._push, group)

    def _summed(self, push: Mapping[int, Floats], group: int) -> Floats | None:
        """Sum over a class, in one order, so that the same calendar gives the same sum."""
        pushes = [push[s] for s in self._classmates[group] if s in push]
        return np.sum(pushes, axis=0) if pushes else None


def _milli(units: Floats) -> Ints:
    """Units as thousandths, to the nearest."""
    return np.rint(units * THOUSANDTHS).astype(np.int64)


def _when(activation: Activation) -> tuple[object, ...]:
    """What of an activation counts for all its SKUs."""
    return activation.is_live, activation.type, activation.start, activation.end
