"""What is worked out of a class while something is tried on it, so that it is not done twice.

An option that changes the calendar moves every featured SKU of a class. Each of them asks the
same: what the changed activations press on the class, and what its own, which stay, do.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence

from forecasting.consensus.activations import Activation
from forecasting.hierarchy import Bools, Floats
from forecasting.plan.statistical import OwnLift

Own = tuple[Bools, Floats, OwnLift]
"""Where a SKU is active, its baseline in units, and what its own activations do."""
Pushed = tuple[Mapping[int, Floats], Floats | None]
"""What each SKU of a class adds to it, in shares of it, (D, W), and their sum."""


class Tries:
    """What is kept of the calendar as it is, and of the last one that was tried.

    Parameters
    ----------
    room : int
        SKUs of which is kept what their own activations do.
    """

    def __init__(self, *, room: int) -> None:
        self._room = room
        self._own: OrderedDict[int, Own] = OrderedDict()
        self._tried: Sequence[Activation] = ()
        self._changed: dict[int, set[int]] = {}
        self._pushed: dict[int, Pushed] = {}

    def forget(self, skus: Iterable[int]) -> None:
        """The calendar is another one: of some SKUs, and of whatever was tried."""
        for sku in skus:
            self._own.pop(sku, None)
        self._tried, self._changed, self._pushed = (), {}, {}

    def own(self, sku: int) -> Own | None:
        """What a SKU's activations do as the calendar stands, if it is known."""
        return self._own.get(sku)

    def keep(self, sku: int, own: Own) -> Own:
        """Remember it."""
        self._own[sku] = own
        if len(self._own) > self._room:
            self._own.popitem(last=False)
        return own

    def changed(self, tried: Sequence[Activation], group: int) -> set[int] | None:
        """SKUs of a class whose own lift a calendar changes, if it was asked before."""
        return self._changed.get(group) if tried is self._tried else None

    def change(self, tried: Sequence[Activation], group: int, skus: set[int]) -> None:
        """Remember it."""
        self._turn_to(tried)
        self._changed[group] = skus

    def pushed(self, tried: Sequence[Activation], group: int) -> Pushed | None:
        """What a class's SKUs add to it under a calendar, if it was asked before."""
        return self._pushed.get(group) if tried is self._tried else None

    def push(self, tried: Sequence[Activation], group: int, found: Pushed) -> None:
        """Remember it."""
        self._turn_to(tried)
        self._pushed[group] = found

    def _turn_to(self, tried: Sequence[Activation]) -> None:
        if tried is not self._tried:
            self._tried, self._changed, self._pushed = tried, {}, {}
