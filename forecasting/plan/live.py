"""The live plan: factors and events folded into demand, stock and risk, SKU by SKU.

One per process, shared by all sessions. The same function computes a SKU when the plan is
built and when somebody edits it. A computed SKU is a frozen value that is swapped for a new
one; readers never see half a change. Nothing here opens a database or draws.
"""

from __future__ import annotations

import copy
import datetime as dt
import hashlib
import itertools
import threading
from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.consensus import proposal
from forecasting.consensus.activations import Activation
from forecasting.consensus.events import TOTAL, Event, Leaves, Scope
from forecasting.consensus.moves import Move
from forecasting.consensus.proposal import Weights
from forecasting.errors import UnknownName
from forecasting.hierarchy import THOUSANDTHS, Bools, Floats, Ints, Tree
from forecasting.inventory.bridge import ItemRisk, Limits, Prospect, assess_item
from forecasting.inventory.flows import flows, not_counting, sent_on
from forecasting.inventory.projection import (
    Projection,
    Routine,
    project,
    routine,
)
from forecasting.inventory.risk import Risk, assess
from forecasting.plan import statistical
from forecasting.plan.basis import Base
from forecasting.plan.inbound import ROUTINE, Inbound
from forecasting.plan.state import Standing
from forecasting.plan.statistical import BOUGHT_AHEAD, OTHERS, OwnLift, baseline_of, doors_of
from forecasting.vocabulary import INPUTS, Measure

RISK_WEEKS = 13
"""Weeks for which risk is assessed, or to the end of the SKU's last activation."""

_NUMBERS = itertools.count(1)

_CELLS_KEPT = 4_000_000
"""Leaf cells of computed SKUs kept in memory; older ones are computed again when asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SkuPlan:
    """Everything the plan says of one SKU, door by door and week by week.

    Integer arrays are thousandths of a unit, (D, W).
    """

    sku: int
    active: Bools
    """Ranged and with a forecast, (D, W)."""
    baseline: Ints
    lifts: tuple[tuple[str, Ints], ...]
    """Incremental demand of each live activation, by identity."""
    lift_sd: Floats
    """Standard deviation of the log lift of its activations, shared by doors, (W,)."""
    depth: Floats
    """Share that the discount in force takes off the regular price, (D, W)."""
    spillover: Mapping[str, Ints]
    """What activations do outside their own cells: `BOUGHT_AHEAD` takes back in the weeks
    after, `OTHERS` is what other SKUs of the class take or bring."""
    deltas: Mapping[str, Ints]
    """What each function's input adds, by function."""
    statistical: Ints
    voices: Mapping[str, Ints]
    """What each function adds to the proposed number (proposal.parts)."""
    proposed: Ints
    agreed: Bools | None
    """Cells that people agreed on in the open cycle; None where there are none."""
    draft: Ints
    """Agreed where agreed, else proposed, else statistical."""
    opening: Floats
    receipts: Floats
    """Open receipts counted and what was decided to move, units, (D, W)."""
    returned: Floats
    """What customers are expected to bring back on the shelf, units, (D, W)."""
    owed: Floats
    """What arrives and goes to customers who ordered before, units, (D, W)."""
    sent: Floats | None
    """What a centre sends that has not enough for the usual replenishment, units, (D, W);
    None where there is no such centre."""
    late: tuple[Floats, Floats]
    """What late suppliers change of the receipts on average, and the variance of what has
    arrived by each week, (D, W) each."""
    routine: Floats
    """Routine replenishment counted, units, (D, W)."""
    usual: Routine | None
    """The rule behind it, as risk reads it; None where it is not counted."""
    projection: Projection
    no_lift: Projection
    """The same had no activation any lift."""
    risk: Risk | None
    """None where there is no activation to judge."""
    known: Bools
    """Stock and forecast are known, (D,)."""
    items: tuple[ItemRisk, ...]

    @property
    def arriving(self) -> Floats:
        """What is expected to arrive: orders, as late as their supplier's record says, returns
        and routine replenishment, units, (D, W).
        """
        return self._ordered + self.returned + self.routine

    @property
    def firm(self) -> Floats:
        """The same without routine replenishment, less what is owed already: what of it is
        there for demand to come, units, (D, W).
        """
        return self._ordered + self.returned - self.owed

    @property
    def _ordered(self) -> Floats:
        ordered: Floats = self.receipts + self.late[0]
        return ordered if self.sent is None else ordered + self.sent

    def layer(self, name: str) -> Ints:
        """Statistical, proposed, draft, or a function's whole input."""
        match name:
            case "statistical":
                return self.statistical
            case "proposed":
                return self.proposed
            case "draft":
                return self.draft
        return self.input_of(name)

    def input_of(self, function: str) -> Ints:
        """One function's whole input: the statistical forecast and what it adds."""
        delta = self.deltas.get(function)
        return self.statistical if delta is None else np.maximum(self.statistical + delta, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A published consensus, laid over a plan: what the working plan stands on."""

    version: int
    """Sequence number of the event that published it."""
    units: Mapping[int, Ints]
    """Of each SKU, thousandths, (D, W); -1 where nothing was published."""
    activations: Mapping[str, Activation]
    """The calendar at that moment: what changed since is a decision taken since."""

    @classmethod
    def of(
        cls,
        base: Base,
        leaves: pd.DataFrame,
        first_week: dt.date,
        activations: Mapping[str, Activation],
        *,
        version: int,
    ) -> Published:
        """Arrange a version's leaves over the weeks of a plan.

        Parameters
        ----------
        leaves : DataFrame, one row per SKU and door
            sku, door, units (a list of weeks from `first_week` on, thousandths).
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
        return cls(version=version, units=units, activations=activations)


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """Something that is tried on a SKU and changes nothing."""

    activation: Activation | None = None
    """An activation as it would be."""
    moves: tuple[Move, ...] = ()
    """Units that would be elsewhere, or earlier."""


class LivePlan:
    """The plan in memory.

    Parameters
    ----------
    base : Base
        Factors and facts.
    activations : iterable of Activation
        As they stand now.
    inputs : DataFrame
        Sum of leaf deltas: input, activation, sku, door, week, delta (thousandths).
    holds : mapping of function to Leaves
        Leaves held now.
    agreed : DataFrame
        Agreements of the open cycle: sku, door, week, delta (thousandths), standing.
    cycle : str
        Name of the open cycle, '' if there is none.
    fence : int
        First weeks that nobody may change.
    weights : mapping of department to Weights
        What each function's number counts for; equal where none are given.
    published : Published, optional
        Makes it a working plan: demand is what was published, and what the calendar's
        changes since then do to it.
    decisions : iterable of Event
        What was decided, closed or taken back about supply, and what was corrected, in
        order.
    seq : int
        Sequence number up to which all this is folded.
    standing : Standing, optional
        What people said and did, in one; the plan goes on with it as its own.
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
        self.number = next(_NUMBERS)
        """Its own: no other plan of this process has it."""
        self.base = base
        self._published = published
        self.weights = dict(weights or {})
        self.limits = limits or Limits()
        self.seq = seq
        self.products = Tree.of(base.skus, ["department", "class", "style"], leaf="sku")
        self.locations = Tree.of(base.doors, ["region", "channel"], leaf="door")
        self.sku_names: list[str] = base.skus["sku"].tolist()
        self.door_names: list[str] = base.doors["door"].tolist()
        self.sku_index = {name: i for i, name in enumerate(self.sku_names)}
        self.door_index = {name: i for i, name in enumerate(self.door_names)}
        self._lock = threading.RLock()
        self.standing = standing or Standing(
            base=base,
            sku_index=self.sku_index,
            door_index=self.door_index,
            cycle=cycle,
            fence=fence,
            since=published.version if published else None,
        )
        """What people said and did, as it stands."""
        n_skus, n_doors, n_weeks = base.shape3
        self.inbound = Inbound(base, self.door_index)
        """What is on its way to the doors."""
        self._owned: dict[int, tuple[Bools, Floats, OwnLift]] = {}
        """Kept while a class is built, no longer."""
        self._usual: dict[int, Routine] = {}
        self._computed: OrderedDict[int, SkuPlan] = OrderedDict()
        self._room = max(_CELLS_KEPT // max(n_doors * n_weeks, 1), 64)
        self._totals: dict[str, Ints] = {
            name: np.zeros((n_skus, n_weeks), np.int64)
            for name in ("baseline", "statistical", "proposed", "draft", *INPUTS)
        }
        """By layer; changed in place under the lock, and read through `totals`."""
        self._shown: dict[str, tuple[int, Ints]] = {}
        """By layer, what readers were given, and how often it had changed by then."""
        self._turn = 0
        """How often anything was worked out anew."""
        self._departments: list[str] = self.products.nodes["department"].astype(str).tolist()
        self._digest: list[bytes] = [b""] * n_skus
        """Of each SKU's draft, door by door and week by week."""
        self._items_of: dict[int, tuple[ItemRisk, ...]] = {}
        self.items: Mapping[int, tuple[ItemRisk, ...]] = {}
        """Verdicts by SKU; replaced by another mapping with every change."""
        self.changed: Mapping[int, int] = {}
        """SKU to the sequence number of its last change; replaced likewise."""
        self._classmates: dict[int, Ints] = {
            int(c): np.flatnonzero(base.rivals == c) for c in np.unique(base.rivals)
        }
        self._push: dict[int, Floats] = {}
        """What each featured SKU's lift adds to its class, in shares of it, (D, W)."""
        self._pressure: dict[int, Floats] = {}
        """The same summed over a class."""
        self.standing.put_all(activations)
        for function, held in (holds or {}).items():
            for leaves, seq_of_hold in held:
                self.standing.hold(function, leaves, seq_of_hold)
        if inputs is not None:
            for (whose, aim), rows in inputs.groupby(["input", "activation"]):
                self.standing.add((str(whose), str(aim)), Leaves.of(rows))
        if agreed is not None and len(agreed):
            stands = agreed["standing"].to_numpy(dtype=np.int64)
            self.standing.agree(Leaves.of(agreed), stands)
        for event in decisions:
            self.standing.take_supply(event)
        for group, classmates in self._classmates.items():
            # What a SKU's own activations do is needed twice: for its class, and for itself.
            featured = [s for s in classmates.tolist() if self.standing.is_featured(s)]
            self._owned = {sku: self._own(sku) for sku in featured}
            for sku in featured:
                self._press(sku)
            self._sum_pressure(group)
            for sku in classmates.tolist():
                if self._published or self._is_shown(sku):
                    self._refresh(sku)
                else:  # only its totals are needed until somebody looks at it
                    self._retotal(sku)
        self._owned = {}
        self.items = dict(self._items_of)

    @property
    def fence(self) -> int:
        """First weeks that nobody may change."""
        return self.standing.fence

    def without(self, functions: Collection[str]) -> LivePlan:
        """The same plan as if some functions had said nothing and nobody had agreed yet."""
        with self._lock:
            return LivePlan(
                self.base,
                standing=self.standing.without(functions),
                limits=self.limits,
                weights=self.weights,
                seq=self.seq,
            )

    # Reading ----------------------------------------------------------------------------

    @property
    def totals(self) -> Mapping[str, Ints]:
        """Thousandths of a unit by SKU and week over all doors, by layer; not to be changed."""
        return _Totals(self)

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers of `totals`."""
        return tuple(self._totals)

    def total(self, layer: str) -> Ints:
        """One layer of `totals`, (S, W): the same array until something changes."""
        shown = self._shown.get(layer)
        if shown is None or shown[0] != self._turn:
            with self._lock:
                units = self._totals[layer].copy()
                units.flags.writeable = False
                self._shown[layer] = shown = (self._turn, units)
        return shown[1]

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

    def sku_if(self, sku: int, tried: WhatIf) -> SkuPlan:
        """The same, had something else been decided; nothing is changed.

        What other SKUs of the class lose or gain by another lift is left as it is.
        """
        with self._lock:
            return self._compute(sku, supply=ROUTINE, tried=tried)

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
                self._refresh(sku)
            self.items = dict(self._items_of)

    def spare_reserve(self, sku: int) -> Floats:
        """Units at each distribution centre that nobody has decided on yet, (C,)."""
        left = self.base.reserve[sku].copy()
        network = self.base.network
        for move in self.standing.moves_of(sku):
            at = network.index.get(move.origin, -1) - network.n_doors
            if at >= 0 and np.datetime64(move.leaves, "D") >= self.base.weeks[0]:
                left[at] -= move.units
        spare: Floats = np.maximum(left, 0.0)
        return spare

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

    def digests(self) -> dict[str, str]:
        """Digest of each department's draft numbers and the run they stand on.

        Two drafts have the same digest only where every SKU, door and week holds the same.
        """
        found: dict[str, str] = {}
        with self._lock:
            for department in self.products.names("department"):
                mixed = hashlib.blake2b(digest_size=16)
                mixed.update(f"{department}\x1f{self.base.run}\x1f{self.base.as_of}".encode())
                for sku in self.products.members("department", department).tolist():
                    mixed.update(self.sku_names[sku].encode() + b"\x1f" + self._digest[sku])
                found[department] = mixed.hexdigest()
        return found

    def agreement(self, sku: int) -> tuple[Ints, Bools]:
        """What agreements add to a SKU's statistical number, and where they stand, (D, W)."""
        _, n_doors, n_weeks = self.base.shape3
        none = np.zeros((n_doors, n_weeks), np.int64)
        change, standing = self.standing.agreed.get(sku, (none, none))
        return change, standing > 0

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
            for event in new:
                promoted |= self.standing.take_calendar(event)
                touched |= self.standing.take(event)
            touched |= promoted | self._beside(promoted)
            for sku in touched:
                if self._published or self._is_shown(sku) or sku in self._items_of:
                    self._refresh(sku)
                else:
                    self._computed.pop(sku, None)
                    self._retotal(sku)
            # Last, in the order in which readers look: who sees the number sees the change.
            if touched:
                self._turn += 1
                self.items = dict(self._items_of)
                self.changed = {**self.changed, **dict.fromkeys(touched, new[-1].seq)}
            self.seq = new[-1].seq
            return touched

    def _beside(self, promoted: set[int]) -> set[int]:
        """SKUs of the same class as some whose lift changed: they lose or gain by it."""
        moved = {int(self.base.rivals[sku]) for sku in promoted if self._press(sku)}
        for group in moved:
            self._sum_pressure(group)
        return {int(sku) for group in moved for sku in self._classmates[group]}

    def _is_shown(self, sku: int) -> bool:
        """Whether more than a SKU's totals is wanted before anybody looks at it."""
        return self.standing.is_featured(sku) or self.standing.is_spoken_of(sku)

    def _refresh(self, sku: int) -> None:
        computed = self._compute(sku, supply=ROUTINE)
        self._totals["baseline"][sku] = computed.baseline.sum(axis=0)
        self._totals["statistical"][sku] = computed.statistical.sum(axis=0)
        self._totals["proposed"][sku] = computed.proposed.sum(axis=0)
        self._totals["draft"][sku] = computed.draft.sum(axis=0)
        self._digest[sku] = _digest_of(computed.draft)
        for function in INPUTS:
            self._totals[function][sku] = computed.input_of(function).sum(axis=0)
        if computed.items or sku in self._items_of:
            self._items_of[sku] = computed.items
        self._keep(computed)

    def _keep(self, computed: SkuPlan) -> None:
        self._computed[computed.sku] = computed
        while len(self._computed) > self._room:
            self._computed.popitem(last=False)

    # Computing --------------------------------------------------------------------------

    def _compute(self, sku: int, *, supply: str, tried: WhatIf | None = None) -> SkuPlan:
        base = self.base
        calendar = self._calendar_of(sku, tried)
        active, baseline, own, outside = self._statistical(sku, calendar if tried else None)
        base_milli = _milli(baseline)
        lift_milli = tuple((a, _milli(units)) for a, units in own.units.items())
        spilt = {name: _milli(units) for name, units in outside.items()}
        # The parts are rounded, and the forecast is their sum: they add up exactly.
        lifted = sum((units for _, units in lift_milli), np.zeros_like(base_milli))
        statistical: Ints = base_milli + lifted + sum(spilt.values(), np.int64(0))
        deltas = self._deltas(sku, {a for a, _ in lift_milli})
        weights = self.weights.get(self._departments[sku], proposal.EQUAL)
        voices = proposal.parts(statistical, deltas, weights)
        proposed = draft = proposal.total(statistical, voices)
        agreed: Bools | None = None
        if sku in self.standing.agreed:
            change, standing = self.standing.agreed[sku]
            agreed = standing > 0
            draft = np.where(agreed, np.maximum(statistical + change, 0), proposed)
        if self._published is not None:
            draft = self._working(sku, draft, baseline, active, own, calendar)
        elif tried is not None and tried.activation is not None and agreed is not None:
            # What was agreed moves with the calendar, as the working plan does.
            now = self._own(sku)[2]
            moved = _milli(baseline * (own.multiplier - now.multiplier))
            agreed_now = np.maximum(self._compute(sku, supply=supply).draft + moved, 0)
            draft = np.where(agreed, agreed_now, draft)
        opening = base.opening[sku]
        known: Bools = ~np.isnan(opening) & ~np.isnan(base.level[sku])
        stock = np.maximum(np.nan_to_num(opening), 0.0)
        receipts = self.inbound.receipts(sku, supply=supply)
        late = self.inbound.late(sku, supply=supply)
        moves = (*self.standing.moves_of(sku), *(tried.moves if tried else ()))
        if moves:
            receipts = receipts + self.inbound.moved(sku, moves)
        demand = draft / THOUSANDTHS
        plain = np.maximum(draft - lifted, 0)
        usual = self._usual_of(sku, baseline) if supply == ROUTINE else None
        sent = self._sent(sku, stock, receipts + late[0], demand, baseline) if usual else None
        on_order = receipts + late[0] if sent is None else receipts + late[0] + sent
        beside = flows(
            np.nan_to_num(opening), on_order, demand, usual=usual, back=base.back[sku]
        )
        usual = usual and not_counting(usual, beside.returned)
        firm = on_order + beside.returned - beside.owed
        arriving = firm + beside.routine
        projection = project(stock, arriving, demand)
        risk = None
        items: tuple[ItemRisk, ...] = ()
        if lift_milli:
            ends = max(self.scope_weeks(a)[1] for a in calendar)
            ahead = slice(0, max(ends + 2, RISK_WEEKS))
            risk = assess(
                stock,
                firm[:, ahead],
                demand[:, ahead],
                lift_sd=own.sd[ahead],
                alpha=base.alpha_at(own.sd[ahead]),
                level_sd=base.level_sd,
                usual=usual,
                doubt=late[1][:, ahead],
            )
            prospect = Prospect(
                sku=sku,
                doors=np.arange(len(stock)),
                demand=demand,
                lift_units=lifted / THOUSANDTHS,
                opening=stock,
                projection=projection,
                risk=risk,
                known=known,
                price=base.price_of(sku) * (1 - own.depth),
                unit_cost=base.cost_of(sku),
            )
            items = self._items(calendar, lift_milli, active, prospect)
        return SkuPlan(
            sku=sku,
            active=active,
            baseline=base_milli,
            lifts=lift_milli,
            lift_sd=own.sd,
            depth=own.depth,
            spillover=spilt,
            deltas=deltas,
            statistical=statistical,
            voices=voices,
            proposed=proposed,
            agreed=agreed,
            draft=draft,
            opening=opening,
            receipts=receipts,
            returned=beside.returned,
            owed=beside.owed,
            sent=sent,
            late=late,
            routine=beside.routine,
            usual=usual,
            projection=projection,
            no_lift=project(stock, arriving, plain / THOUSANDTHS),
            risk=risk,
            known=known,
            items=items,
        )

    def usual(self, sku: int) -> Routine:
        """The usual replenishment of a SKU: it knows level and season, no move of price."""
        return self._usual_of(sku, baseline_of(self.base, sku)[1])

    def _usual_of(self, sku: int, baseline: Floats) -> Routine:
        if sku not in self._usual:
            self._usual[sku] = routine(
                baseline / self.base.moves_of(sku),
                cover=self.base.cover[sku],
                lead_time=int(self.base.reorder_weeks[sku]),
                every=int(self.base.rhythm[0][sku]),
                first=int(self.base.rhythm[1][sku]),
            )
        return self._usual[sku]

    def _sent(
        self, sku: int, stock: Floats, on_order: Floats, demand: Floats, baseline: Floats
    ) -> Floats | None:
        """What a centre sends its doors that has not enough until a new order; None: no such.

        One that has enough is the usual replenishment itself, within its way.
        """
        base, centre = self.base, int(self.base.centre[sku])
        way = base.way(sku)
        if way is None or base.reorder_weeks[sku] < base.lead_time[sku]:
            return None
        has = float(self.spare_reserve(sku)[centre])
        if has + base.inbound[sku].sum() <= 0:
            return None
        asks = routine(
            baseline / base.moves_of(sku), cover=base.cover[sku], lead_time=int(way.max())
        )
        return sent_on(stock, on_order, demand, asks, has, base.inbound[sku])

    def _calendar_of(self, sku: int, tried: WhatIf | None = None) -> list[Activation]:
        """Live activations that feature a SKU, in the calendar's order."""
        found = self.standing.calendar_of(sku)
        if tried is None or tried.activation is None:
            return found
        other, name = tried.activation, self.sku_names[sku]
        found = [a for a in found if a.activation != other.activation]
        inside = other.is_live and self.scope_weeks(other)[1] >= 0
        if inside and other.of_sku(name):
            found.append(other)
        return sorted(found, key=lambda a: (a.start, a.activation))

    def _working(
        self,
        sku: int,
        draft: Ints,
        baseline: Floats,
        active: Bools,
        own: OwnLift,
        now: Sequence[Activation],
    ) -> Ints:
        """What was published of a SKU, and what changes of the calendar since do to it."""
        assert self._published is not None
        before = self._published.units.get(sku)
        if before is None:
            return draft
        name, then = self.sku_names[sku], self._published.activations
        features = [a for a in then.values() if a.is_live and a.of_sku(name)]
        inside = [a for a in features if self.scope_weeks(a)[1] >= 0]
        decided: Ints = np.zeros_like(before)
        if {a.activation: a for a in inside} != {a.activation: a for a in now}:
            old = statistical.own_lift(
                self.base,
                sku,
                name=name,
                activations=sorted(inside, key=lambda a: (a.start, a.activation)),
                active=active,
                baseline=baseline,
                door_index=self.door_index,
            )
            decided = _milli(baseline * (own.multiplier - old.multiplier))
        sensed = self.standing.sensed.get(sku, np.int64(0))
        return np.where(before >= 0, np.maximum(before + decided + sensed, 0), draft)

    def _own(
        self, sku: int, calendar: Sequence[Activation] | None = None
    ) -> tuple[Bools, Floats, OwnLift]:
        """Where a SKU is active, its baseline, and what its own activations do."""
        if calendar is None and sku in self._owned:
            return self._owned[sku]
        active, baseline = baseline_of(self.base, sku)
        own = statistical.own_lift(
            self.base,
            sku,
            name=self.sku_names[sku],
            activations=self._calendar_of(sku) if calendar is None else calendar,
            active=active,
            baseline=baseline,
            door_index=self.door_index,
        )
        return active, baseline, own

    def _statistical(
        self, sku: int, calendar: Sequence[Activation] | None = None
    ) -> tuple[Bools, Floats, OwnLift, dict[str, Floats]]:
        """The same, and what activations do to it from outside its cells, in units."""
        active, baseline, own = self._own(sku, calendar)
        others = self._pressure.get(int(self.base.rivals[sku]))
        mine = self._push.get(sku)
        pressed = (
            np.zeros_like(baseline)
            if others is None
            else others - (0.0 if mine is None else mine)
        )
        ahead, rivals = statistical.spillover_of(self.base, sku, own, pressed)
        lifted = baseline * own.multiplier
        return (
            active,
            baseline,
            own,
            {
                BOUGHT_AHEAD: lifted * (ahead - 1),
                OTHERS: lifted * ahead * (rivals - 1),
            },
        )

    def _press(self, sku: int) -> bool:
        """Note what a SKU's lift adds to its class; whether that changed."""
        _, _, own = self._own(sku)
        before = self._push.pop(sku, None)
        after = statistical.push_of(self.base, sku, own) if own.units else None
        if after is not None:
            self._push[sku] = after
        if before is None or after is None:
            return before is not after
        return not np.array_equal(before, after)

    def _sum_pressure(self, group: int) -> None:
        """Sum over a class, in one order, so that the same calendar gives the same sum."""
        pushes = [self._push[s] for s in self._classmates[group].tolist() if s in self._push]
        self._pressure.pop(group, None)
        if pushes:
            self._pressure[group] = np.sum(pushes, axis=0)

    def _retotal(self, sku: int) -> None:
        """Totals of a SKU that nobody edits and nothing features."""
        _, baseline, _, outside = self._statistical(sku)
        plain = _milli(baseline)
        total = plain + sum((_milli(units) for units in outside.values()), np.int64(0))
        self._digest[sku] = _digest_of(total)
        for name, layer in self._totals.items():
            layer[sku] = (plain if name == "baseline" else total).sum(axis=0)

    def _deltas(self, sku: int, live: set[str]) -> dict[str, Ints]:
        """What each function adds; what it aimed at an activation goes with it."""
        deltas: dict[str, Ints] = {}
        for (function, aim), leaves in self.standing.inputs.get(sku, {}).items():
            if aim == TOTAL or aim in live:
                deltas[function] = deltas.get(function, 0) + leaves
        return deltas

    def _items(
        self,
        calendar: Sequence[Activation],
        lifts: tuple[tuple[str, Ints], ...],
        active: Bools,
        prospect: Prospect,
    ) -> tuple[ItemRisk, ...]:
        found = []
        # Most activations run at the same doors: what lies ahead there is cut out once.
        there: dict[bytes, Prospect] = {}
        by_name = {a.activation: a for a in calendar}
        for name, units in lifts:
            activation = by_name[name]
            first, last = self.scope_weeks(activation)
            mine = activation.of_sku(self.sku_names[prospect.sku])
            at = active[:, first : last + 1].any(axis=1)
            at &= np.any([doors_of(item, self.door_index) for item in mine], axis=0)
            if not at.any():
                continue
            if (places := at.tobytes()) not in there:
                there[places] = prospect.at(at)
            found.append(
                assess_item(
                    there[places],
                    activation=name,
                    kind=activation.type,
                    first=first,
                    last=last,
                    lift_units=units[at, first : last + 1] / THOUSANDTHS,
                    limits=self.limits,
                )
            )
        return tuple(found)


class _Totals(Mapping[str, Ints]):
    """The layers of a plan's totals, each as it is when it is looked at."""

    def __init__(self, plan: LivePlan) -> None:
        self._plan = plan

    def __getitem__(self, layer: str) -> Ints:
        return self._plan.total(layer)

    def __iter__(self) -> Iterator[str]:
        return iter(self._plan.layers)

    def __len__(self) -> int:
        return len(self._plan.layers)


def _milli(units: Floats) -> Ints:
    return np.rint(units * THOUSANDTHS).astype(np.int64)


def _digest_of(units: Ints) -> bytes:
    return hashlib.blake2b(np.ascontiguousarray(units).tobytes(), digest_size=16).digest()
