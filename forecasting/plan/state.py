"""What events have made of a plan: the calendar, each function's input, agreements and moves.

Events are taken one by one, each answered with the SKUs that it touches; the plan works
those out anew. An array that somebody may be reading is never changed but replaced.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from forecasting.calendar import as_date
from forecasting.consensus.activations import Activation
from forecasting.consensus.events import TOTAL, Event, Leaves
from forecasting.consensus.events.cycle import Agreed, CycleOpened
from forecasting.consensus.events.inputs import Held, Overridden, Released, Resolved, Sensed
from forecasting.consensus.events.undoing import AgreementUndone, HoldUndone, InputUndone
from forecasting.consensus.moves import Move
from forecasting.hierarchy import Ints
from forecasting.plan.basis import Base
from forecasting.plan.releases import Releases

InputKey = tuple[str, str]
"""(function, aim): whose input, and the activation whose lift it means ('' for total)."""


@dataclass(slots=True, kw_only=True)
class Standing:
    """What stands of what people entered and did; mutated only under the plan's lock.

    SKUs, doors and weeks are positions in the plan; leaves outside it are passed over.
    """

    base: Base
    sku_index: dict[str, int]
    door_index: dict[str, int]
    cycle: str = ""
    """The cycle whose agreements count."""
    fence: int = 0
    """First weeks that nobody may change."""
    since: int | None = None
    """Corrections after this event count by themselves, beside what was published with it;
    None: they are in Planning's input."""
    activations: Mapping[str, Activation] = field(default_factory=dict)
    """As the calendar stands, live or not; replaced by another mapping with every change."""
    inputs: dict[int, dict[InputKey, Ints]] = field(default_factory=dict)
    """Of each SKU, what each input adds, thousandths, (D, W)."""
    holds: dict[str, Mapping[int, Ints]] = field(default_factory=dict)
    """Function to SKU to the number of the event that holds each cell, 0 where none, (D, W)."""
    agreed: dict[int, tuple[Ints, Ints]] = field(default_factory=dict)
    """Of each SKU, what agreements add to statistical, and how many stand; (D, W) each."""
    sensed: dict[int, Ints] = field(default_factory=dict)
    """Of each SKU, what was corrected week by week since the last publication, (D, W)."""
    moves: dict[int, dict[int, tuple[Move, ...]]] = field(default_factory=dict)
    """Of each SKU, the moves of supply that stand, by the decision's number."""
    releases: Releases = field(default_factory=Releases)
    """What of the orders among them went to suppliers."""
    _featuring: dict[int, list[str]] = field(default_factory=dict)
    """Of each SKU, the live activations that feature it, in the calendar's order."""
    _weeks_of: dict[str, tuple[Activation, tuple[int, int]]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        base: Base,
        *,
        activations: Iterable[Activation] = (),
        inputs: pd.DataFrame | None = None,
        holds: Mapping[str, Iterable[tuple[Leaves, int]]] | None = None,
        agreed: pd.DataFrame | None = None,
        decisions: Iterable[Event] = (),
        cycle: str = "",
        fence: int = 0,
        since: int | None = None,
    ) -> Standing:
        """What stands at one moment, from sums of the ledger.

        Parameters
        ----------
        base : Base
        activations : iterable of Activation
            As they stand then.
        inputs : DataFrame
            Sum of leaf deltas: input, activation, sku, door, week, delta (thousandths).
        holds : mapping of function to (Leaves, sequence number of the hold)
            Leaves held then.
        agreed : DataFrame
            Agreements of the open cycle: sku, door, week, delta (thousandths), standing.
        decisions : iterable of Event
            What was decided, closed, taken back about supply, and corrected; in order.
        """
        found = cls(
            base=base,
            sku_index={name: i for i, name in enumerate(base.skus["sku"].tolist())},
            door_index={name: i for i, name in enumerate(base.doors["door"].tolist())},
            cycle=cycle,
            fence=fence,
            since=since,
        )
        found.put_all(activations)
        for function, held in (holds or {}).items():
            for leaves, seq in held:
                found.hold(function, leaves, seq)
        if inputs is not None:
            for (whose, aim), rows in inputs.groupby(["input", "activation"]):
                found.add((str(whose), str(aim)), Leaves.of(rows))
        if agreed is not None and len(agreed):
            stands = agreed["standing"].to_numpy(dtype=np.int64)
            found.agree(Leaves.of(agreed), stands)
        for event in decisions:
            found.take_supply(event)
        return found

    # Reading ----------------------------------------------------------------------------

    def calendar_of(self, sku: int) -> list[Activation]:
        """Live activations that feature a SKU in the plan's weeks, in the calendar's order."""
        return [self.activations[a] for a in self._featuring.get(sku, ())]

    def featured(self, identity: str) -> set[int]:
        """SKUs that an activation features; none where there is no such activation."""
        activation = self.activations.get(identity)
        if activation is None:
            return set()
        return {self.sku_index[i.sku] for i in activation.items if i.sku in self.sku_index}

    def is_featured(self, sku: int) -> bool:
        """Whether an activation in the plan's weeks features a SKU."""
        return bool(self._featuring.get(sku))

    def is_spoken_of(self, sku: int) -> bool:
        """Whether people entered or agreed on a number of a SKU."""
        return sku in self.inputs or sku in self.agreed

    def moves_of(self, sku: int) -> list[Move]:
        """Moves of a SKU's supply that stand, each in the week in which it counts now."""
        begins, lead = as_date(self.base.weeks[0]), int(self.base.lead_time[sku])
        return [
            self.releases.counted(seq, move, begins=begins, lead_time=lead)
            for seq, mine in self.moves.get(sku, {}).items()
            for move in mine
        ]

    def weeks_of(self, activation: Activation) -> tuple[int, int]:
        """First and last week of an activation inside the plan; last < first: none."""
        kept = self._weeks_of.get(activation.activation)
        if kept is None or kept[0] is not activation:
            share = np.flatnonzero(activation.share(self.base.weeks) > 0)
            inside = (int(share[0]), int(share[-1])) if len(share) else (0, -1)
            self._weeks_of[activation.activation] = kept = (activation, inside)
        return kept[1]

    def placed(self, leaves: Leaves, values: Ints) -> dict[int, Ints]:
        """Values of leaves as (D, W) arrays by SKU."""
        _, n_doors, n_weeks = self.base.shape3
        placed: dict[int, Ints] = {}
        for cell, value in zip(self._positions(leaves), values.tolist(), strict=True):
            if cell is None:
                continue
            s, d, w = cell
            if s not in placed:
                placed[s] = np.zeros((n_doors, n_weeks), np.int64)
            placed[s][d, w] += value
        return placed

    def without(self, functions: Collection[str]) -> Standing:
        """The same as if some functions had entered nothing and nobody had agreed yet."""
        inputs = {
            sku: {key: leaves for key, leaves in of.items() if key[0] not in functions}
            for sku, of in self.inputs.items()
        }
        return replace(
            self,
            activations=self.activations,
            inputs={sku: kept for sku, kept in inputs.items() if kept},
            holds={f: held for f, held in self.holds.items() if f not in functions},
            since=None,
            agreed={},
            sensed={},
            moves=dict(self.moves),
            releases=self.releases.copy(),
            _featuring=dict(self._featuring),
            _weeks_of=dict(self._weeks_of),
        )

    # Taking -----------------------------------------------------------------------------

    def take_calendar(self, event: Event) -> set[int]:
        """Take what an event does to the calendar; the SKUs that it features or featured."""
        left = event.body.calendar
        if left is None:
            return set()
        touched = self.featured(left.activation)
        if left.after is None:
            self._drop(left.activation)
        else:
            self.put(left.after)
        return touched | self.featured(left.activation)

    def take(self, event: Event) -> set[int]:
        """Take all else that an event does; the SKUs whose numbers it touches."""
        touched: set[int] = set()
        match event.body:
            case CycleOpened(name=name, rules=rules):
                touched = set(self.agreed)
                self.agreed = {}
                self.cycle, self.fence = name, rules.fence_weeks
            case Agreed(standing=standing) | AgreementUndone(standing=standing):
                if len(event.leaves) and event.cycle == self.cycle:
                    count = np.full(len(event.leaves), standing, np.int64)
                    touched = self.agree(event.leaves, count)
            case Held():
                self.hold(event.function, event.leaves, event.seq)
            case Released():
                self._mark(event.function, event.leaves, 0)
            case HoldUndone(target=target):
                self._unhold(event.function, target)
            case Overridden() | Resolved() | Sensed() | InputUndone() if len(event.leaves):
                aim = event.scope.activation if event.scope else TOTAL
                touched = self.add((event.input_of, aim), event.leaves)
        return touched | self.take_supply(event)

    def take_supply(self, event: Event) -> set[int]:
        """Take what was decided on supply, and corrections of a published plan."""
        out = self.releases.take(event)
        now = {sku for sku, mine in self.moves.items() if out in mine} if out else set()
        return self._take_moves(event) | self._take_sensed(event) | now

    def put_all(self, activations: Iterable[Activation]) -> None:
        """Enter many activations into a calendar that has none of them."""
        new = list(activations)
        self.activations = {**self.activations, **{a.activation: a for a in new}}
        for activation in new:
            self._feature(activation)

    def put(self, activation: Activation) -> None:
        """Enter an activation into the calendar, or change it."""
        self._drop(activation.activation)
        self.activations = {**self.activations, activation.activation: activation}
        self._feature(activation)

    def _feature(self, activation: Activation) -> None:
        if not activation.is_live or self.weeks_of(activation)[1] < 0:
            return
        for sku in self.featured(activation.activation):
            names = {*self._featuring.get(sku, ()), activation.activation}
            state = self.activations
            self._featuring[sku] = sorted(names, key=lambda n: (state[n].start, n))

    def add(self, key: InputKey, leaves: Leaves) -> set[int]:
        """Add leaf deltas to an input."""
        added = self.placed(leaves, leaves.delta)
        for sku, array in added.items():
            inputs = self.inputs.get(sku, {})
            self.inputs[sku] = {**inputs, key: inputs.get(key, 0) + array}
        return set(added)

    def agree(self, leaves: Leaves, standing: Ints) -> set[int]:
        """Take agreements: what they add, and whether they stand (1) or not any more (-1)."""
        added = self.placed(leaves, leaves.delta)
        for sku, stands in self.placed(leaves, standing).items():
            delta, before = self.agreed.get(sku, (0, 0))
            self.agreed[sku] = (delta + added[sku], before + stands)
        return set(added)

    def hold(self, function: str, leaves: Leaves, seq: int) -> None:
        """Keep leaves of a function's input from changes from above."""
        self._mark(function, leaves, seq)

    def _mark(self, function: str, leaves: Leaves, seq: int) -> None:
        """Say which event holds some leaves; 0: none."""
        before = self.holds.get(function, {})
        after = dict(before)
        for sku, named in self.placed(leaves, np.ones(len(leaves), np.int64)).items():
            after[sku] = np.where(named > 0, seq, before.get(sku, np.int64(0)))
        self.holds[function] = after

    def _unhold(self, function: str, seq: int) -> None:
        """Let go what one event holds."""
        held = self.holds.get(function, {})
        self.holds[function] = {s: np.where(by == seq, 0, by) for s, by in held.items()}

    def _take_moves(self, event: Event) -> set[int]:
        """Take moves of supply that were decided, closed, or taken back."""
        change = event.body.supply
        if change is None:
            return set()
        number = change.decision or event.seq
        by_sku: dict[int, tuple[Move, ...]] = {}
        for move in change.moves:
            if move.sku in self.sku_index:
                sku = self.sku_index[move.sku]
                by_sku[sku] = (*by_sku.get(sku, ()), move)
        for sku, mine in by_sku.items():
            others = {k: m for k, m in self.moves.get(sku, {}).items() if k != number}
            # Of a decision on several orders, some may be taken back and others stand.
            kept = tuple(m for m in self.moves.get(sku, {}).get(number, ()) if m not in mine)
            standing = (*kept, *mine) if change.stands else kept
            self.moves[sku] = {**others, number: standing} if standing else others
        return set(by_sku)

    def _take_sensed(self, event: Event) -> set[int]:
        """Take a correction into the working plan; the draft has it as Planning's input."""
        if self.since is None or event.seq <= self.since or not event.body.is_sensing:
            return set()
        placed = self.placed(event.leaves, event.leaves.delta)
        for sku, delta in placed.items():
            self.sensed[sku] = self.sensed.get(sku, 0) + delta
        return set(placed)

    def _drop(self, identity: str) -> None:
        for sku in self.featured(identity):
            self._featuring[sku] = [n for n in self._featuring.get(sku, ()) if n != identity]
        self.activations = {k: a for k, a in self.activations.items() if k != identity}

    def _positions(self, leaves: Leaves) -> list[tuple[int, int, int] | None]:
        """(SKU, door, week) of each leaf; None where the plan has no such cell."""
        n_weeks = len(self.base.weeks)
        weeks = ((leaves.week - self.base.weeks[0]).astype(np.int64) // 7).tolist()
        found: list[tuple[int, int, int] | None] = []
        for name, place, week in zip(leaves.sku, leaves.door, weeks, strict=True):
            sku, door = self.sku_index.get(name), self.door_index.get(place)
            if sku is None or door is None or not 0 <= week < n_weeks:
                found.append(None)
            else:
                found.append((sku, door, week))
        return found
