"""Holds: leaves that stay as they are when a total above them is changed."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from forecasting.consensus.events import Event, Kind, Leaves
from forecasting.consensus.overrides import leaves_of
from forecasting.vocabulary import INPUTS

Held = dict[str, list[tuple[Leaves, int]]]
"""Function to leaves and the sequence number of the event that holds them."""


def held_by(events: Sequence[Event], taken_back: Collection[int]) -> Held:
    """Leaves held after some events: later holds and releases win over earlier ones.

    Parameters
    ----------
    events : sequence of Event
        In order.
    taken_back : collection of int
        Sequence numbers of events that do not count any more.
    """
    holder: dict[str, dict[tuple[str, str, np.datetime64], int]] = {f: {} for f in INPUTS}
    for event in events:
        if event.kind is Kind.HOLD and event.seq not in taken_back:
            holder[event.function].update(dict.fromkeys(event.leaves.keys(), event.seq))
        elif event.kind is Kind.RELEASE:
            for leaf in sorted(event.leaves.keys()):
                holder[event.function].pop(leaf, None)
    return {
        function: [
            (leaves_of({leaf: 0 for leaf, by in cells.items() if by == seq}), seq)
            for seq in sorted(set(cells.values()))
        ]
        for function, cells in holder.items()
    }
