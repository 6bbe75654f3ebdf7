"""What was worked out of each SKU of a plan, kept until the SKU changes.

A page that sums over every SKU would otherwise work out all of them again after one cell was
edited, and the plan of a company is edited all day.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

from forecasting.plan.live import LivePlan

T = TypeVar("T")


class BySku(Generic[T]):
    """Values by SKU of every plan that is open; a plan that is gone takes them along.

    Parameters
    ----------
    work_out : callable
        Values of some SKUs of a plan, as pairs: nothing that it reads but the SKU itself,
        the plan's basis and its limits may decide them.
    """

    def __init__(
        self, work_out: Callable[[LivePlan, list[int]], Iterable[tuple[int, T]]]
    ) -> None:
        self._work_out = work_out
        self._of: WeakKeyDictionary[LivePlan, dict[int, tuple[Hashable, T]]] = (
            WeakKeyDictionary()
        )

    def every(self, plan: LivePlan) -> Mapping[int, T]:
        """The value of every SKU, in their order."""
        return self.of(plan, range(len(plan.sku_names)))

    def of(self, plan: LivePlan, skus: Iterable[int]) -> Mapping[int, T]:
        """The value of some SKUs, in the order given."""
        known = self._of.setdefault(plan, {})
        # Before anything is read: what is changed meanwhile is newer than what was read.
        limits, changed = plan.limits, plan.changed
        stamps = {s: (limits, changed.get(s, 0)) for s in skus}
        old = [s for s, stamp in stamps.items() if s not in known or known[s][0] != stamp]
        for sku, value in self._work_out(plan, old):
            known[sku] = (stamps[sku], value)
        return {sku: known[sku][1] for sku in stamps}
