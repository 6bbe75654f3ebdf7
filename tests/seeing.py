"""What stands outside of what somebody sees: every name that must not occur in what they get."""

import re
from collections.abc import Iterator
from typing import Any

from forecasting.workspace import Workspace

INSIDE, OUTSIDE = "Home", "Apparel"
"""Departments of the sample company."""


def names(space: Workspace) -> re.Pattern[bytes]:
    """SKUs, styles, descriptions, classes and activations that are outside alone."""
    skus = space.store.table("skus")
    is_in = skus["department"] == INSIDE
    columns = ["sku", "style", "class", "department", "description"]
    out, inside = (
        set(skus.loc[which, columns].to_numpy().ravel()) for which in (~is_in, is_in)
    )
    mine = set(skus.loc[is_in, "sku"])
    for one in space.calendar.activations:
        if one.items and not any(item.sku in mine for item in one.items):
            out |= {one.activation, one.name}
        else:
            inside |= {one.activation, one.name}
    # A name that stands within another one says nothing, such as `A045` in `CA045-RUS`.
    kept = {n for n in out - inside if not any(n in other for other in inside)}
    assert OUTSIDE in kept
    assert len(kept) > 100
    return re.compile(b"|".join(re.escape(n.encode()) for n in sorted(kept, key=len)[::-1]))


def found_in(pattern: re.Pattern[bytes], given: bytes | str) -> set[str]:
    """Names from outside in what somebody got."""
    told = given.encode() if isinstance(given, str) else given
    return {match[0].decode() for match in pattern.finditer(told)}


def blocks(node: Any) -> Iterator[Any]:
    """Everything on a page of Streamlit's test driver."""
    yield node
    for child in getattr(node, "children", {}).values():
        yield from blocks(child)
