"""The plans that one process keeps: the live one, and those that are made of it.

People look at three kinds of plan. The live one holds everything that was entered. The working
plan is what was published, moved on with the calendar; stock is judged against it. And while
inputs are collected blind, whoever may not see them gets the live one without them. The last
two are made when they are first asked for, and forgotten where they might not hold any more.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from forecasting import operation
from forecasting.consensus.events import Body, Event, Kind
from forecasting.consensus.overrides import is_input_of
from forecasting.inventory.bridge import Limits
from forecasting.plan.live import LivePlan

LOG = operation.log("plans")


class KeptPlans:
    """The plans, changed under one lock; each of them may be read without it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        """Held while events are folded, or another plan takes the place of one."""
        self.live: LivePlan | None = None
        """None until it is first asked for: importing files needs none."""
        self._built_at = 0
        """Sequence number at which it was built: all of it may have changed then."""
        self._working: LivePlan | None = None
        self._blinded: dict[tuple[str, ...], LivePlan] = {}
        """By the functions whose inputs it is without."""

    def replace(self, live: LivePlan, *, seq: int) -> None:
        """Put a plan in the place of the live one; the lock is held."""
        self.live, self._built_at = live, seq

    def fold(self, events: Sequence[Event]) -> None:
        """Take committed events; the lock is held."""
        if self.live is not None:
            self.live.fold(events)
        if any(event.kind in (Kind.CYCLE, Kind.PUBLISH) for event in events):
            self.forget_derived()
        try:
            if self._working is not None:
                self._working.fold([e for e in events if _is_of_working_plan(e.body)])
            for hidden, plan in self._blinded.items():
                plan.fold([event for event in events if not is_input_of(event, hidden)])
        except Exception as error:
            # They are made of the plan and the ledger when they are next asked for.
            LOG.fault("derived_plan_dropped", error, seq=events[-1].seq)
            self.forget_derived()

    def forget_derived(self) -> None:
        """Forget the plans that are made from the live one; the lock is held."""
        self._blinded.clear()
        self._working = None

    def judge_by(self, limits: Limits) -> None:
        """Judge risk by other limits, in every plan; the lock is held."""
        for plan in (self.live, self._working, *self._blinded.values()):
            if plan is not None and plan.limits != limits:
                plan.judge_by(limits)

    def working(self, live: LivePlan, make: Callable[[LivePlan], LivePlan]) -> LivePlan:
        """The working plan, made of the live one where there is none yet."""
        with self.lock:
            if self._working is None:
                self._working = make(self.live or live)
            return self._working

    def without(self, hidden: tuple[str, ...], live: LivePlan) -> LivePlan:
        """The live plan without the inputs of some functions."""
        if not hidden:
            return live
        with self.lock:
            if hidden not in self._blinded:
                self._blinded[hidden] = (self.live or live).without(hidden)
            return self._blinded[hidden]

    def touched(self, skus: Sequence[int], *, since: int) -> bool:
        """Whether any of these SKUs changed after a sequence number: one cheap look."""
        if self.live is None:
            return False
        if since < self._built_at:
            return True
        changed = self.live.changed
        return any(changed.get(sku, 0) > since for sku in skus)


def _is_of_working_plan(body: Body) -> bool:
    """Whether it changes what stock is judged against: calendar, supply or a correction."""
    return bool(body.calendar or body.supply or body.is_sensing)
