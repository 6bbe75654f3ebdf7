"""Campaigns: the same activation entered twice, under two identities, is one campaign.

Two activations of one type, in the same days or nearly, of mostly the same SKUs and doors,
whose terms do not contradict each other, are most likely one. They count once, in learning
and in planning, and are shown (forecasting/odd_offers.py): who runs both states what each
is worth. Terms that do differ count both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from forecasting.consensus.activations import Activation

ALIKE = 0.75
"""Share of their days, and of their SKUs and doors, that two have in common."""


def campaigns(activations: Sequence[Activation]) -> list[int]:
    """Position of the first activation of each one's campaign: its own where it has none."""
    found = list(range(len(activations)))
    for one, other in pairs_alike(activations):
        free = found[other] == other and found[one] == one
        if free and not contradict(activations[one], activations[other]):
            found[other] = one
    return found


def pairs_alike(activations: Sequence[Activation]) -> Iterator[tuple[int, int]]:
    """Positions of every two activations that look alike, by the start of the later one."""
    running: dict[str, list[int]] = {}
    for n in sorted(range(len(activations)), key=lambda n: (activations[n].start, n)):
        late = activations[n]
        others = running.get(late.type, [])
        others = [m for m in others if activations[m].end >= late.start]
        yield from ((m, n) for m in others if looks_alike(activations[m], late))
        running[late.type] = [*others, n]


def looks_alike(one: Activation, other: Activation) -> bool:
    """Whether type, days, SKUs and doors are mostly the same."""
    if one.type != other.type or one.activation == other.activation:
        return False
    first, last = max(one.start, other.start), min(one.end, other.end)
    if last < first:
        return False
    both = (last - first).days + 1
    either = (max(one.end, other.end) - min(one.start, other.start)).days + 1
    if both < ALIKE * either:
        return False
    mine = {(i.sku, i.door) for i in one.items}
    theirs = {(i.sku, i.door) for i in other.items}
    return len(mine & theirs) >= ALIKE * max(len(mine | theirs), 1)


def contradict(one: Activation, other: Activation) -> bool:
    """Whether both state a lift or a price cut of one SKU and door, and not the same."""
    terms = {(i.sku, i.door): (i.discount, i.lift) for i in one.items}
    return any(
        a is not None and b is not None and a != b
        for i in other.items
        if (i.sku, i.door) in terms
        for a, b in zip(terms[i.sku, i.door], (i.discount, i.lift), strict=True)
    )


def items_frame(activations: Sequence[Activation]) -> pd.DataFrame:
    """Featured SKUs of every live activation, in the calendar's order, for a fit.

    Returns
    -------
    DataFrame, one row per featured SKU
        activation (position; of the first of its campaign), identity, type, sku, door,
        start, end, discount, lift.
    """
    live = [(n, a) for n, a in enumerate(activations) if a.is_live]
    first = [live[k][0] for k in campaigns([a for _, a in live])]
    rows = [
        (n, a.activation, a.type, i.sku, i.door, a.start, a.end, i.discount, i.lift)
        for n, (_, a) in zip(first, live, strict=True)
        for i in a.items
    ]
    names = [
        "activation",
        "identity",
        "type",
        "sku",
        "door",
        "start",
        "end",
        "discount",
        "lift",
    ]
    frame = pd.DataFrame(rows, columns=names)
    frame[["discount", "lift"]] = frame[["discount", "lift"]].astype(float)
    for name in ("start", "end"):
        frame[name] = pd.to_datetime(frame[name])
    for name in ("identity", "type", "sku", "door"):
        frame[name] = frame[name].astype("string")
    return frame
