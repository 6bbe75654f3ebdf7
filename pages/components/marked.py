"""The grid to look at: every cell with its marks, by shape as well as colour, and a legend."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st
from pandas.io.formats.style import Styler

from forecasting.consensus.events import Kind, Scope
from forecasting.monthly import marks
from forecasting.monthly.marks import Mark, Marked
from forecasting.plan.lines import Kind as Row
from forecasting.plan.lines import Line
from forecasting.plan.live import LivePlan
from forecasting.plan.periods import Period
from pages.components import frame, theme
from pages.components.text import plain

_INK = {
    Mark.CHANGED: "People", Mark.HELD: "Planning", Mark.AGREED: "Merchandising",
    Mark.STALE: "Lift", Mark.COMMENTED: "Marketing", Mark.FROZEN: "History",
}  # fmt: skip


def found(
    plan: LivePlan,
    layer: str,
    rows: Sequence[Line],
    columns: Sequence[Period],
    doors: np.ndarray,
) -> Marked:
    """What is to be marked at every cell; a sum has no marks of its own."""
    nodes = [row for row in rows if row.kind is Row.NODE]
    empty = {mark: np.zeros((len(rows), len(columns)), dtype=bool) for mark in Mark}
    if not nodes:
        return empty
    skus = np.concatenate([row.skus for row in nodes])
    groups = np.repeat(np.arange(len(nodes)), [len(row.skus) for row in nodes])
    of_nodes = marks.marks(
        plan, layer, skus=skus, groups=groups, doors=doors, columns=columns,
        commented=_commented(),
    )  # fmt: skip
    at = [n for n, row in enumerate(rows) if row.kind is Row.NODE]
    for mark, cells in of_nodes.items():
        empty[mark][at] = cells
    empty[Mark.FROZEN][:] = of_nodes[Mark.FROZEN][:1]
    return empty


def _commented() -> list[Scope]:
    """Parts of the plan that a comment stands on and that this person may see."""
    space = frame.workspace()
    comments = space.ledger.of_kinds(Kind.COMMENT)
    seen = space.history.seen_by(frame.me().id, comments)
    return [
        e.scope for e in seen
        if e.scope is not None and not space.reversals.has_taken_back(e.seq)
    ]  # fmt: skip


def legend(marked: Marked) -> None:
    """What each sign means; only those that stand in the grid."""
    there = [mark for mark in Mark if marked[mark].any()]
    if there:
        st.caption(
            "  ·  ".join(
                f"{plain(mark.sign)} {plain(mark.value)}: {plain(mark.about)}" for mark in there
            )
        )


def styled(
    table: pd.DataFrame,
    rows: Sequence[Line],
    columns: Sequence[Period],
    marked: Marked,
    *,
    digits: int,
) -> Styler:
    """A table whose cells show their marks; what they hold stays a number."""
    labels = [column.label for column in columns]
    colours = theme.layer_colours()
    css = np.full(table.shape, "", dtype=object)
    css[[row.kind is not Row.NODE for row in rows]] = "font-weight: 600"
    drawn = table.style
    for name in table.select_dtypes("number").columns:
        drawn = drawn.format(partial(_number, digits=digits * (name in labels)), subset=[name])
    for at, label in enumerate(labels):
        place = table.columns.get_indexer(pd.Index([label]))[0]
        alike: dict[tuple[Mark, ...], list[int]] = {}
        for n in np.flatnonzero(np.any([cells[:, at] for cells in marked.values()], axis=0)):
            alike.setdefault(tuple(marks.of_cell(marked, int(n), at)), []).append(int(n))
        for together, where in alike.items():
            ink = colours[_INK[together[0]]]
            css[where, place] += f"; color: {ink}; background-color: {ink}22"
            drawn = drawn.format(
                partial(_number, digits=digits, signs="".join(mark.sign for mark in together)),
                subset=pd.IndexSlice[table.index[where], label],
            )  # fmt: skip
    return drawn.apply(lambda _: css, axis=None)


def _number(value: float, *, digits: int, signs: str = "") -> str:
    """A number after its signs, a dash where it is not known."""
    text = "–" if pd.isna(value) else str(theme.number(value, digits=digits))
    return f"{signs} {text}".strip()
