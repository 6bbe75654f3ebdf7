"""A forecast beside what is no forecast: last year's sales, the budget."""

from collections.abc import Callable, Sequence

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from forecasting.monthly.comparisons import compared
from forecasting.vocabulary import Measure
from pages.components import frame, theme
from pages.components.text import plain


def reference(
    label: str,
    draft: np.ndarray,
    held_to: np.ndarray,
    help: str,
    *,
    because: Callable[[], str] = str,
) -> None:
    """A forecast against a reference, over the weeks in which that is known, (W,) each.

    `because` says why it may not be known for all of them.
    """
    held = compared(draft, held_to)
    part = ""
    if held.weeks < len(draft):
        part = f" Known for {held.weeks:d} of {len(draft)} weeks." + plain(because())
    known = f", {theme.plural(held.weeks, 'week')}" if held.weeks else ""
    st.metric(
        label + known, theme.percent(held.change, sign=True), help=help + part, border=True
    )


def misspelt() -> str:
    """Classes of the budget that no SKU has, where there are any: what they are for is missing."""
    odd = frame.workspace().oddities.open(frame.me().id)
    named = [one for one in odd if one.kind == "budget_names"]
    if not named:
        return ""
    told = "; ".join(f"{plain(one.subject)} ({plain(one.example)})" for one in named[:3])
    return f" The budget names classes that no SKU has, which count nowhere: {told}. See Data."


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
            "whole classes at all doors.", because=misspelt,
        )  # fmt: skip
