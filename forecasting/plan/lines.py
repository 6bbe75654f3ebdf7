"""The rows of a grid: nodes of the assortment under their subtotals, and the total of all.

A total counts everything that the filters choose, whichever rows are shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd

from forecasting.hierarchy import Floats, Ints
from forecasting.plan import views
from forecasting.plan.live import LivePlan
from forecasting.vocabulary import Measure

ABOVE = {"class": "department", "style": "class", "sku": "class"}
"""What rows of a level are added up by."""
TOTAL = "Total"
SIGN = "∑ "
"""Stands before the name of a row that adds others up."""


class Kind(StrEnum):
    """What a row is."""

    TOTAL = "total"
    SUBTOTAL = "subtotal"
    NODE = "node"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row."""

    label: str
    kind: Kind
    node: tuple[str, str] | None
    """Level and name of what it stands for; None where it is a sum of single SKUs, which is
    no node that a number could be given for."""
    skus: Ints
    """Positions of the SKUs that it adds up."""


def lines(
    plan: LivePlan, skus: Ints, level: str, *, whole: tuple[str, str] | None, sums: bool
) -> list[Line]:
    """Every row of a grid, from above: the total, then nodes under their subtotals.

    Parameters
    ----------
    plan : LivePlan
    skus : int array
        SKUs that the filters choose.
    level : str
        department, class, style or sku.
    whole : (level, name) or None
        The node that all of them make up; None where they are none, as the SKUs of an
        activation.
    sums : bool
        Whether there are a total and subtotals.
    """
    names, groups = plan.products.grouped(level, skus)
    rows = [
        Line(label=str(name), kind=Kind.NODE, node=(level, str(name)), skus=skus[groups == at])
        for at, name in enumerate(names)
    ]
    if not sums:
        return rows
    total = Line(label=TOTAL, kind=Kind.TOTAL, node=whole, skus=skus)
    above = ABOVE.get(level)
    parents = plan.products.nodes[above] if above else None
    if above is None or parents is None or len({*parents[skus].tolist()}) < 2:
        return [total, *rows]
    found = [total]
    for parent in dict.fromkeys(str(parents[row.skus[0]]) for row in rows):
        members = skus[parents[skus] == parent]
        # Where the filters leave some of its SKUs out, its sum is not the node's number.
        is_all = len(members) == len(plan.products.members(above, parent))
        found.append(
            Line(
                label=SIGN + parent,
                kind=Kind.SUBTOTAL,
                node=(above, parent) if is_all else None,
                skus=members,
            )
        )
        found += [row for row in rows if str(parents[row.skus[0]]) == parent]
    return found


def by_week(
    plan: LivePlan,
    layer: str,
    rows: Sequence[Line],
    skus: Ints,
    *,
    location: tuple[str, str],
    weeks: int,
    measure: Measure,
) -> pd.DataFrame:
    """What a layer holds in the first weeks, a row a line.

    Parameters
    ----------
    rows : sequence of Line
    skus : int array
        All that the filters choose: the lines' SKUs are among them.
    location : (level, name)
    measure : Measure
        Money is NaN where some of it has no price or cost.
    """
    leaves = views.grid(
        plan, layer=layer, level="sku", skus=skus, location_level=location[0],
        location=location[1], weeks=np.arange(weeks), measure=measure,
    )  # fmt: skip
    values: Floats = leaves.to_numpy(dtype=float)
    place = np.full(len(plan.sku_names), -1)
    place[skus] = np.arange(len(skus))
    sums = [
        values[place[row.skus]].sum(axis=0) if len(row.skus) > 1 else values[place[row.skus[0]]]
        for row in rows
    ]
    stacked = np.stack(sums) if sums else np.empty((0, weeks))
    return pd.DataFrame(stacked, index=[row.label for row in rows], columns=leaves.columns)
