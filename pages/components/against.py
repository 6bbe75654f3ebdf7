"""A forecast beside what is no forecast: last year's sales, the budget."""

from collections.abc import Sequence

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from forecasting.monthly.comparisons import compared
from forecasting.vocabulary import Measure
from pages.components import frame, theme


def reference(label: str, draft: np.ndarray, held_to: np.ndarray, help: str) -> None:
    """A forecast against a reference, over the weeks in which that is known, (W,) each."""
    held = compared(draft, held_to)
    part = (
        f" Known for {held.weeks:d} of {len(draft)} weeks." if held.weeks < len(draft) else ""
    )
    st.metric(label, theme.percent(held.change, sign=True), help=help + part, border=True)


def both(
    draft: np.ndarray,
    skus: np.ndarray,
    measure: Measure,
    columns: Sequence[DeltaGenerator],
    *,
    everywhere: bool = True,
) -> None:
    """Two tiles: against last year's sales, and against the budget.

    Parameters
    ----------
    draft : array, shape (W,)
        The first weeks of the plan, in the measure; NaN unknown.
    everywhere : bool
        It is of all doors: neither is known door by door.
    """
    space, person = frame.workspace(), frame.me()
    weeks = np.arange(len(draft))
    unknown = np.full(len(draft), np.nan)
    with columns[0]:
        reference(
            "Draft vs last year's sales", draft,
            space.comparisons.last_year(person.id, skus, weeks, measure) if everywhere else unknown,
            "The same fiscal weeks a year ago: sales, not demand. Only for all doors together.",
        )  # fmt: skip
    with columns[1]:
        reference(
            "Draft vs budget", draft,
            space.comparisons.budget(person.id, skus, weeks, measure) if everywhere else unknown,
            "The budget is a target and never part of the forecast. Known in units and revenue, for "
            "whole classes at all doors.",
        )  # fmt: skip
