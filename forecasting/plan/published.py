"""The working plan's demand: what was published, moved on with the calendar.

What a change of the calendar does since is the difference of two drafts, as the calendar
stands now and as it stood then, with the inputs and agreements of then in both. The draft of
today is worked out by the same function (promoted.py, drafted.py): so the two plans differ by
what people entered since, and by nothing else, as long as both stand on the run that was
published. On a later run the published number stays, and the same difference is laid on it.
"""

from __future__ import annotations

import datetime as dt
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.consensus.activations import Activation
from forecasting.consensus.proposal import Weights
from forecasting.hierarchy import Ints
from forecasting.plan.basis import Base
from forecasting.plan.drafted import drafted
from forecasting.plan.promoted import Forecast, Promoted
from forecasting.plan.state import Standing

_CELLS_KEPT = 2_000_000
"""Cells of SKUs of which the draft of then is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A published consensus, arranged over the weeks of a plan."""

    version: int
    """Sequence number of the event that published it."""
    units: Mapping[int, Ints]
    """Of each SKU, thousandths, (D, W); -1 where nothing was published."""
    standing: Standing
    """Calendar, inputs and agreements as they stood then."""

    @classmethod
    def of(
        cls,
        base: Base,
        leaves: pd.DataFrame,
        first_week: dt.date,
        activations: Iterable[Activation],
        *,
        version: int,
        inputs: pd.DataFrame | None = None,
        agreed: pd.DataFrame | None = None,
    ) -> Published:
        """Arrange a version's leaves over the weeks of a plan.

        Parameters
        ----------
        leaves : DataFrame, one row per SKU and door
            sku, door, units (a list of weeks from `first_week` on, thousandths).
        activations : iterable of Activation
            The calendar at that moment.
        inputs : DataFrame, optional
            What every input added at that moment (Standing.of).
        agreed : DataFrame, optional
            What had been agreed on (Standing.of).
        """
        _, n_doors, n_weeks = base.shape3
        sku = pd.Index(base.skus["sku"]).get_indexer(pd.Index(leaves["sku"]))
        door = pd.Index(base.doors["door"]).get_indexer(pd.Index(leaves["door"]))
        passed = (base.weeks[0] - np.datetime64(first_week, "D")).astype(int) // 7
        units: dict[int, Ints] = {}
        for s, d, row in zip(sku.tolist(), door.tolist(), leaves["units"], strict=True):
            if s < 0 or d < 0 or passed < 0:
                continue
            if s not in units:
                units[s] = np.full((n_doors, n_weeks), -1, np.int64)
            left = np.asarray(row, dtype=np.int64)[passed : passed + n_weeks]
            units[s][d, : len(left)] = left
        standing = Standing.of(base, activations=activations, inputs=inputs, agreed=agreed)
        return cls(version=version, units=units, standing=standing)


class Since:
    """What became of a published consensus since: the demand of a working plan.

    Parameters
    ----------
    base : Base
    published : Published
    now : Standing
        The plan's own; `take` is told what changes of its calendar.
    """

    def __init__(self, base: Base, published: Published, now: Standing) -> None:
        self._published = published
        self._then = Promoted(base, published.standing)
        self._now = now
        self._drafted: OrderedDict[int, tuple[Weights, Ints]] = OrderedDict()
        self._room = max(_CELLS_KEPT // max(base.level[0].size * len(base.weeks), 1), 64)
        self._changed: set[str] = set()
        """Activations that stand otherwise than when it was published."""
        self._moved: set[int] = set()
        """SKUs whose forecast that may touch: those that they feature, and their classes."""
        self.take({*published.standing.activations, *now.activations})

    def take(self, identities: Iterable[str]) -> None:
        """Note that some activations may stand otherwise now."""
        then, now = self._published.standing, self._now
        for identity in identities:
            before, after = then.activations.get(identity), now.activations.get(identity)
            if before == after:
                self._changed.discard(identity)
            else:
                self._changed.add(identity)
        featured = [s.featured(a) for s in (then, now) for a in self._changed]
        self._moved = self._then.rivals_of(set().union(*featured))

    def units(self, sku: int, forecast: Forecast, weights: Weights) -> Ints:
        """Demand of a SKU, thousandths of a unit, (D, W).

        Parameters
        ----------
        forecast : Forecast
            As the calendar stands now, or as it would be.
        weights : Weights
            What each function's number counts for.
        """
        then = self._published.standing
        now = drafted(then, sku, forecast, weights).units
        before = self._published.units.get(sku)
        if before is None:
            return now
        change: Ints = np.zeros_like(before)
        if sku in self._moved or forecast.is_tried:
            change = now - self._drafted_then(sku, weights)
        change = change + self._now.sensed.get(sku, np.int64(0))
        return np.where(before >= 0, np.maximum(before + change, 0), now)

    def _drafted_then(self, sku: int, weights: Weights) -> Ints:
        """The draft of a SKU as the calendar stood; asked again with everything tried."""
        known = self._drafted.get(sku)
        if known is None or known[0] != weights:
            forecast = self._then.forecast(sku)
            units = drafted(self._published.standing, sku, forecast, weights).units
            known = self._drafted[sku] = (weights, units)
            if len(self._drafted) > self._room:
                self._drafted.popitem(last=False)
        return known[1]
