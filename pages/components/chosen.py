"""Which cells of the grid the person is at, as the browser tells it: rows and columns by name."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from forecasting.plan.lines import Line
from forecasting.plan.periods import Period
from pages.components import view

FIELD = "grid_cells"
"""The field that nobody sees, into which hands.js writes what is chosen in the table."""
_MOST = 40_000
"""Characters that hands.js may write there; more is not read."""


@dataclass(frozen=True)
class Cells:
    """Some rows and columns of a grid."""

    rows: tuple[Line, ...]
    columns: tuple[Period, ...]

    @property
    def nodes(self) -> list[Line]:
        """The rows that a number can be given for."""
        return [row for row in self.rows if row.node is not None]


def field() -> None:
    """Where the browser says what is chosen; style.css keeps it from eyes and screen readers."""
    st.text_input("Cells chosen in the table", key=FIELD, live="100ms")


def at(row: Line, column: Period) -> None:
    """The person is at one cell: what was typed last."""
    st.session_state["at"] = ((row.label,), (column.label,))


def cells(rows: Sequence[Line], columns: Sequence[Period]) -> Cells | None:
    """What is chosen now, of the rows and columns that there are; None where nothing is."""
    told = st.session_state.get(FIELD)
    if told != st.session_state.get("told"):  # the hand has moved since something was typed
        st.session_state["told"] = told
        st.session_state["at"] = _read(told)
    names, labels = st.session_state.get("at") or ((), ())
    mine = tuple(row for row in rows if row.label in names)
    # A whole row is meant where its name, or what is marked at it, was chosen.
    over = tuple(c for c in columns if c.label in labels or view.head(c) in labels)
    return Cells(mine, over or tuple(columns)) if mine else None


def _read(told: object) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Names out of what the browser says, which may be anything."""
    if not isinstance(told, str) or len(told) > _MOST:
        return None
    try:
        found = json.loads(told)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    return _texts(found.get("rows")), _texts(found.get("columns"))


def _texts(given: object) -> tuple[str, ...]:
    return tuple(n for n in given if isinstance(n, str)) if isinstance(given, list) else ()
