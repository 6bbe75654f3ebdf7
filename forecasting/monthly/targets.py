"""What people gave as a target or as per cent, worked out again on another forecast.

A `set` remembers its target, a `%` its share: where the statistical forecast under them
changes, their leaf deltas are no longer what was meant. `+/-` keeps its delta.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from forecasting.calendar import as_date
from forecasting.consensus.events import TOTAL, Event, Kind, Leaves
from forecasting.consensus.overrides import leaves_of, resolve
from forecasting.errors import ConcordError, OutOfBounds, UnknownName
from forecasting.hierarchy import Ints
from forecasting.plan.live import LivePlan
from forecasting.plan.selection import Selection
from forecasting.vocabulary import Operation

STALE = 0.02
"""Share by which a total may leave its target before it is called stale."""
_MEANT = ("set", "percent")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale:
    """A target that the input does not hold any more."""

    event: Event
    now: float
    """What the input holds now, in the measure of the event."""

    @property
    def sentence(self) -> str:
        """What was meant, and what it is."""
        in_words = self.event.measure.in_words
        return (
            f"{self.event.function.capitalize()} set "
            f"{in_words(self.event.value or 0, digits=0)} for "
            f"{self.event.scope}; it is {in_words(self.now, digits=0)} now"
        )


def stale(plan: LivePlan, events: Iterable[Event], taken_back: Collection[int]) -> list[Stale]:
    """Targets that later changes moved away from, latest first.

    Parameters
    ----------
    plan : LivePlan
    events : iterable of Event
        Overrides, in order.
    taken_back : collection of int
        Events that do not count any more.
    """
    found: list[Stale] = []
    for event in events:
        if event.operation != "set" or event.seq in taken_back or not _is_inside(plan, event):
            continue
        assert event.scope is not None
        chosen = Selection.of(plan, event.scope)
        try:
            now = chosen.amount(chosen.present(event.input_of), event.measure)
        except OutOfBounds:  # a price that was known then is known no more
            now = float("nan")
        if not abs(now - (event.value or 0.0)) <= STALE * max(abs(event.value or 0.0), 1.0):
            found.append(Stale(event=event, now=now))
    return found[::-1]


@dataclass(slots=True)
class _Replay:
    """One input with one aim, worked out event by event."""

    plan: LivePlan
    function: str
    aim: str
    deltas: dict[int, Ints] = field(default_factory=dict)
    """What it adds to each SKU, (D, W)."""

    def keep(self, event: Event) -> None:
        """Add what an event added when it was made."""
        for sku, array in self.plan.standing.placed(event.leaves, event.leaves.delta).items():
            self.deltas[sku] = self.deltas.get(sku, 0) + array

    def mean(self, event: Event) -> None:
        """Do again what the person meant."""
        assert event.scope is not None
        chosen = Selection.of(self.plan, event.scope)
        at = np.ix_(chosen.doors, chosen.weeks)
        shape = (len(chosen.doors), len(chosen.weeks))
        touched = self.plan.standing.placed(event.leaves, np.ones(len(event.leaves), np.int64))
        none = np.zeros(self.plan.base.shape3[1:], np.int64)
        own = np.concatenate([self.deltas.get(int(s), none)[at].ravel() for s in chosen.skus])
        moves = np.concatenate([touched.get(int(s), none)[at].ravel() for s in chosen.skus]) > 0
        if event.operation == "clear":
            change = np.where(moves, -own, 0)
        else:
            standing = chosen.own(self.function)
            present = np.maximum(chosen.present(self.function) - standing + own, 0)
            change = resolve(
                present, Operation(event.operation), float(event.value or 0.0),
                held=~moves, active=chosen.active(), reference=chosen.reference(),
                worth=chosen.worth(event.measure),
            )  # fmt: skip
        for i, sku in enumerate(chosen.skus.tolist()):
            block = change[i * shape[0] * shape[1] : (i + 1) * shape[0] * shape[1]]
            array = self.deltas.get(sku, none).copy()
            array[at] += block.reshape(shape)
            self.deltas[sku] = array

    def difference(self) -> Leaves:
        """What has to be added to the plan's input to hold what was meant."""
        moved = {}
        doors, weeks = self.plan.door_names, self.plan.base.weeks
        for sku, array in self.deltas.items():
            change = array - self.plan.aimed(sku, self.function, self.aim)
            name = self.plan.sku_names[sku]
            for d, w in zip(*np.nonzero(change), strict=True):
                moved[(name, doors[d], weeks[w])] = int(change[d, w])
        return leaves_of(moved)


def again(
    plan: LivePlan, events: Sequence[Event], taken_back: Collection[int]
) -> list[tuple[str, str, Leaves]]:
    """Leaf deltas that bring every input back to what its author meant.

    Parameters
    ----------
    plan : LivePlan
        The one that stands on the other forecast, with all inputs folded in.
    events : sequence of Event
        Every override and correction, in order.
    taken_back : collection of int

    Returns
    -------
    list of (function, aim, Leaves)
        Only inputs that have to change.
    """
    standing = [
        e for e in events
        if e.kind in (Kind.OVERRIDE, Kind.SENSE)
        and e.seq not in taken_back
        and e.scope is not None
    ]  # fmt: skip
    groups: dict[tuple[str, str], list[Event]] = {}
    for event in standing:
        assert event.scope is not None
        groups.setdefault((event.input_of, event.scope.activation), []).append(event)
    found = []
    for (function, aim), mine in groups.items():
        if not any(e.operation in _MEANT for e in mine) or not _is_live(plan, aim):
            continue
        replay = _Replay(plan, function, aim)
        for event in mine:
            meant = (
                event.kind is Kind.OVERRIDE  # a correction was worked out of one past week
                and event.operation in (*_MEANT, "clear")
                and _is_inside(plan, event)
            )
            try:
                replay.mean(event) if meant else replay.keep(event)
            except ConcordError:  # it cannot be met any more: what it was then stays
                replay.keep(event)
        leaves = replay.difference()
        if len(leaves):
            found.append((function, aim, leaves))
    return found


def _is_live(plan: LivePlan, aim: str) -> bool:
    return aim == TOTAL or any(a.activation == aim and a.is_live for a in plan.activations())


def _is_inside(plan: LivePlan, event: Event) -> bool:
    """Whether all its weeks are still to come, and what it speaks of and aims at still is."""
    scope = event.scope
    if scope is None or not _is_live(plan, scope.activation):
        return False
    try:
        plan.members(scope)
    except UnknownName:  # its product or door is not in the files any more
        return False
    first, last = as_date(plan.base.weeks[0]), as_date(plan.base.weeks[-1])
    return scope.first_week >= first and scope.last_week <= last
