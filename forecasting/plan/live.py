"""The live plan: factors and events folded into demand, stock and risk, SKU by SKU.

One per process, shared by all sessions. The same function computes a SKU when the plan is
built and when somebody edits it. Nothing here opens a database or draws.
"""

from __future__ import annotations

import copy
import itertools
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from forecasting.consensus import proposal
from forecasting.consensus.activations import Activation
from forecasting.consensus.events import Event, Leaves
from forecasting.consensus.proposal import Weights
from forecasting.hierarchy import THOUSANDTHS, Floats, Ints
from forecasting.inventory.bridge import ItemRisk, Limits
from forecasting.inventory.projection import Routine
from forecasting.inventory.risk import Risk
from forecasting.plan.basis import Base
from forecasting.plan.drafted import drafted
from forecasting.plan.inbound import ROUTINE, Inbound
from forecasting.plan.lookup import Lookup
from forecasting.plan.promoted import Promoted
from forecasting.plan.published import Published, Since
from forecasting.plan.sku import SkuPlan, WhatIf
from forecasting.plan.state import Standing
from forecasting.plan.stock import Stock, projected
from forecasting.plan.totals import Totals
from forecasting.vocabulary import Measure

_NUMBERS = itertools.count(1)
"""Every plan of this process has a number of its own."""

_CELLS_KEPT = 4_000_000
"""Leaf cells of computed SKUs kept in memory; older ones are computed again when asked."""


class LivePlan(Lookup):
    """The plan in memory.

    Parameters
    ----------
    base : Base
        Factors and facts.
    activations : iterable of Activation
        As they stand now.
    inputs, holds, agreed, cycle, fence
        What people entered and agreed on (Standing.of).
    weights : mapping of department to Weights
        What each function's number counts for; equal where none are given.
    published : Published, optional
        Makes it a working plan: demand is what was published, and what the calendar's
        changes since then do to it.
    decisions : iterable of Event
        What was decided, closed or taken back about supply, and what was corrected, in
        order.
    limits : Limits, optional
        Where one status ends and the next begins.
    seq : int
        Sequence number up to which all this is folded.
    standing : Standing, optional
        What people entered and did, in one; the plan goes on with it as its own.
    """

    def __init__(
        self,
        base: Base,
        *,
        activations: Iterable[Activation] = (),
        inputs: pd.DataFrame | None = None,
        holds: Mapping[str, Iterable[tuple[Leaves, int]]] | None = None,
        agreed: pd.DataFrame | None = None,
        cycle: str = "",
        fence: int = 0,
        weights: Mapping[str, Weights] | None = None,
        published: Published | None = None,
        decisions: Iterable[Event] = (),
        limits: Limits | None = None,
        seq: int = 0,
        standing: Standing | None = None,
    ) -> None:
        super().__init__(
            base,
            standing or Standing.of(
                base, activations=activations, inputs=inputs, holds=holds, agreed=agreed,
                decisions=decisions, cycle=cycle, fence=fence,
                since=published.version if published else None,
            ),
        )  # fmt: skip
        self.number = next(_NUMBERS)
        """Its own: no other plan of this process has it."""
        self.signed_as: Callable[[], Mapping[str, str]] | None = None
        """Digests of the plan that this one is a part of; None: it is no part."""
        self.weights = dict(weights or {})
        self.limits = limits or Limits()
        self.seq = seq
        self._departments: list[str] = self.products.nodes["department"].astype(str).tolist()
        self.inbound = Inbound(base, self.door_index)
        """What is on its way to the doors."""
        self._lock = threading.RLock()
        self._promoted = Promoted(base, self.standing)
        self._since = Since(base, published, self.standing) if published else None
        self._stock = Stock(base, self.inbound, self.standing)
        n_skus, n_doors, n_weeks = base.shape3
        self._computed: OrderedDict[int, SkuPlan] = OrderedDict()
        self._room = max(_CELLS_KEPT // max(n_doors * n_weeks, 1), 64)
        self._totals = Totals(n_skus, n_weeks)
        self._items_of: dict[int, tuple[ItemRisk, ...]] = {}
        for classmates in self._promoted.by_class():
            for sku in classmates:
                self._renew(sku)
        self.items: Mapping[int, tuple[ItemRisk, ...]] = dict(self._items_of)
        """Verdicts by SKU; replaced by another mapping with every change."""
        self.changed: Mapping[int, int] = {}
        """SKU to the sequence number of its last change; replaced likewise."""

    def without(self, functions: Collection[str]) -> LivePlan:
        """The same plan as if some functions had entered nothing and nobody had agreed yet."""
        with self._lock:
            return LivePlan(
                self.base, standing=self.standing.without(functions), limits=self.limits,
                weights=self.weights, seq=self.seq,
            )  # fmt: skip

    # Reading ----------------------------------------------------------------------------

    @property
    def totals(self) -> Mapping[str, Ints]:
        """Thousandths of a unit by SKU and week over all doors, by layer; not to be changed."""
        return _Shown(self)

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers of `totals`."""
        return tuple(self._totals)

    def total(self, layer: str) -> Ints:
        """One layer of `totals`, (S, W): the same array until something changes."""
        if self._totals.is_shown(layer):
            return self._totals[layer]
        with self._lock:
            return self._totals[layer]

    def sku(self, sku: int) -> SkuPlan:
        """Everything about one SKU, as it stands."""
        computed = self._computed.get(sku)
        if computed is None:
            with self._lock:
                computed = self._compute(sku, supply=ROUTINE)
                self._keep(computed)
        return computed

    def sku_with(self, sku: int, *, supply: str) -> SkuPlan:
        """The same, counting another supply."""
        if supply == ROUTINE:
            return self.sku(sku)
        with self._lock:
            return self._compute(sku, supply=supply)

    def sku_if(self, sku: int, tried: WhatIf, *, supply: str = ROUTINE) -> SkuPlan:
        """The same, had something else been decided; nothing is changed.

        Demand is what it will be once it is decided: a test compares them.
        """
        with self._lock:
            return self._compute(sku, supply=supply, tried=tried)

    def judged_by(self, limits: Limits) -> dict[int, tuple[ItemRisk, ...]]:
        """Verdicts by SKU, had the Bridge other limits; nothing is changed."""
        with self._lock:
            other = copy.copy(self)
            other.number = next(_NUMBERS)
            other.limits = limits
            return {
                sku: other._compute(sku, supply=ROUTINE).items
                for sku, items in self._items_of.items()
                if items
            }

    def judge_by(self, limits: Limits) -> None:
        """Judge every featured SKU by other limits from now on."""
        with self._lock:
            self.limits = limits
            self._computed.clear()
            for sku in [s for s, items in self._items_of.items() if items]:
                self._renew(sku)
            self.items = dict(self._items_of)

    def usual(self, sku: int) -> Routine:
        """The usual replenishment of a SKU: it knows level and season, no move of price."""
        return self._stock.usual(sku)

    def spare_reserve(self, sku: int) -> Floats:
        """Units at each distribution centre that nobody has decided on yet, (C,)."""
        return self._stock.spare_reserve(sku)

    def worth(self, sku: int, measure: Measure) -> Floats:
        """What a unit counts for in a measure, NaN where no price or cost is known, (D, W).

        Revenue is at the regular price of that week less the discount in force, margin what
        is left of that after the unit cost.
        """
        paid: Floats = self.base.price_of(sku) * (1 - self.sku(sku).depth)
        match measure:
            case Measure.UNITS:
                return np.ones_like(paid)
            case Measure.REVENUE:
                return paid
            case Measure.MARGIN:
                margin: Floats = paid - self.base.cost_of(sku)
                return margin

    def digests(self) -> dict[str, str]:
        """Digest of each department's draft numbers and the run they stand on.

        Two drafts have the same digest only where every SKU, door and week holds the same.
        """
        found: dict[str, str] = {}
        if self.signed_as is not None:
            here = self.products.names("department")
            return {name: told for name, told in self.signed_as().items() if name in here}
        with self._lock:
            for department in self.products.names("department"):
                skus = self.products.members("department", department).tolist()
                about = f"{department}\x1f{self.base.run}\x1f{self.base.as_of}"
                named = ((self.sku_names[sku], sku) for sku in skus)
                found[department] = self._totals.digest(about, named)
        return found

    # Folding ----------------------------------------------------------------------------

    def fold(self, events: Sequence[Event]) -> set[int]:
        """Take events into the plan; return the SKUs that changed.

        Events that are in it already are passed over.
        """
        with self._lock:
            new = [e for e in events if e.seq > self.seq]
            if not new:
                return set()
            touched: set[int] = set()
            promoted: set[int] = set()
            before = self.standing.activations
            for event in new:
                promoted |= self.standing.take_calendar(event)
                touched |= self.standing.take(event)
            if promoted:
                if self._since is not None:
                    after = self.standing.activations
                    changed = {
                        a for a in {*before, *after} if before.get(a) is not after.get(a)
                    }
                    self._since.take(changed)
                touched |= self._promoted.take(promoted)
            for sku in touched:
                self._renew(sku)
            self._promoted.forget()
            # Last, in the order in which readers look: who sees the number sees the change.
            if touched:
                self._totals.turn()
                self.items = dict(self._items_of)
                self.changed = {**self.changed, **dict.fromkeys(touched, new[-1].seq)}
            self.seq = new[-1].seq
            return touched

    def _renew(self, sku: int) -> None:
        """Work out a SKU anew: all of it where somebody looks at it, else its totals."""
        is_looked_at = self.standing.is_featured(sku) or self.standing.is_spoken_of(sku)
        if not (self._since or is_looked_at or sku in self._items_of):
            self._computed.pop(sku, None)
            forecast = self._promoted.forecast(sku)
            layers = dict.fromkeys(self._totals, forecast.statistical)
            layers["baseline"] = forecast.baseline
            self._totals.put(sku, layers)
            return
        computed = self._compute(sku, supply=ROUTINE)
        self._totals.put(sku, {name: computed.layer(name) for name in self._totals})
        if computed.items or sku in self._items_of:
            self._items_of[sku] = computed.items
        self._keep(computed)

    def _keep(self, computed: SkuPlan) -> None:
        self._computed[computed.sku] = computed
        while len(self._computed) > self._room:
            self._computed.popitem(last=False)

    # Computing --------------------------------------------------------------------------

    def _compute(self, sku: int, *, supply: str, tried: WhatIf | None = None) -> SkuPlan:
        other = tried.activations if tried else ()
        forecast = self._promoted.forecast(sku, other)
        weights = self.weights.get(self._departments[sku], proposal.EQUAL)
        of_people = drafted(self.standing, sku, forecast, weights)
        draft = of_people.units
        if self._since is not None:
            draft = self._since.units(sku, forecast, weights)
        demand = draft / THOUSANDTHS
        supplied = self._stock.supplied(
            sku, demand, forecast.plain, supply=supply, tried=tried.moves if tried else ()
        )
        projection = projected(supplied, draft)
        risk: Risk | None = None
        items: tuple[ItemRisk, ...] = ()
        if forecast.lifts:
            calendar = {a.activation: a for a in self._promoted.calendar_of(sku, other)}
            ends = max(self.scope_weeks(a)[1] for a in calendar.values())
            risk = self._stock.assessed(supplied, demand, forecast, ends)
            ahead = self._stock.prospect(
                sku, supplied, demand, forecast, projection=projection, risk=risk
            )
            items = self._stock.judged(ahead, forecast, calendar, self.limits)
        return SkuPlan(
            sku=sku,
            active=forecast.active,
            baseline=forecast.baseline,
            lifts=forecast.lifts,
            lift_sd=forecast.own.sd,
            depth=forecast.own.depth,
            spillover=forecast.spillover,
            deltas=of_people.deltas,
            statistical=of_people.statistical,
            voices=of_people.voices,
            proposed=of_people.proposed,
            agreed=of_people.agreed,
            draft=draft,
            opening=supplied.opening,
            receipts=supplied.receipts,
            returned=supplied.beside.returned,
            owed=supplied.beside.owed,
            sent=supplied.sent,
            late=supplied.late,
            routine=supplied.beside.routine,
            usual=supplied.usual,
            projection=projection,
            risk=risk, known=supplied.known, items=items,
        )  # fmt: skip


class _Shown(Mapping[str, Ints]):
    """The layers of a plan's totals, each as it is when it is looked at."""

    def __init__(self, plan: LivePlan) -> None:
        self._plan = plan

    def __getitem__(self, layer: str) -> Ints:
        return self._plan.total(layer)

    def __iter__(self) -> Iterator[str]:
        return iter(self._plan.layers)

    def __len__(self) -> int:
        return len(self._plan.layers)
