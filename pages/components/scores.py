"""What was scored: read once for everybody, and as tables."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import streamlit as st

from forecasting.consensus import value_added
from forecasting.consensus.value_added import Added
from forecasting.monthly import agenda
from pages.components import frame, theme, written
from pages.components.charts.demand import STEP_NAMES
from pages.components.text import Markdown, ours


def cells(lag: int = agenda.LEAST_LAG) -> pd.DataFrame:
    """Published numbers beside the actual demand, by SKU and week (Cycles.scored)."""
    space = frame.workspace()
    return _cells(frame.sees(), len(space.cycles.published()), space.plan.base.run, lag)


@st.cache_data(show_spinner="Scoring past cycles ...", max_entries=6)
def _cells(of: str, versions: int, run: int, lag: int) -> pd.DataFrame:
    """`versions` and `run` say when it has to be scored again, `of` for whom."""
    del of, versions, run
    return frame.workspace().cycles.scored(least_lag=lag)


def with_reasons(function: str, lag: int = agenda.LEAST_LAG) -> pd.DataFrame:
    """The cells in which a function spoke, with the reason it gave."""
    space = frame.workspace()
    return _with_reasons(
        frame.sees(), len(space.cycles.published()), space.plan.base.run, lag, function
    )


@st.cache_data(show_spinner=False, max_entries=12)
def _with_reasons(of: str, versions: int, run: int, lag: int, function: str) -> pd.DataFrame:
    return frame.workspace().cycles.reasons(_cells(of, versions, run, lag), function)


def with_people(function: str, lag: int = agenda.LEAST_LAG) -> pd.DataFrame:
    """The cells in which a function spoke, by person: everybody's for the facilitator, one's
    own for everybody else.
    """
    return frame.workspace().cycles.people(frame.me().id, cells(lag), function)


def with_types(cells: pd.DataFrame) -> pd.DataFrame:
    """Scored cells with the type of activation that promoted each; once for every type."""
    promoted = frame.workspace().quarters.promoted(frame.me().id)
    merged = cells.assign(week=pd.to_datetime(cells["week"])).merge(
        promoted.assign(week=pd.to_datetime(promoted["week"])), on=["sku", "week"], how="left"
    )
    return merged.assign(type=merged["type"].fillna("no activation"))


def by_reason(function: str) -> dict[str, Added]:
    """What a function's changes added, by reason; '' for all of them."""
    space = frame.workspace()
    return _by_reason(
        frame.sees(), len(space.cycles.published()), space.plan.base.run, function
    )


@st.cache_data(show_spinner=False, max_entries=6)
def _by_reason(of: str, versions: int, run: int, function: str) -> dict[str, Added]:
    scored = _cells(of, versions, run, agenda.LEAST_LAG)
    if scored.empty:
        return {}
    every = {a.name: a for a in value_added.of_functions(scored)}
    reasons = _with_reasons(of, versions, run, agenda.LEAST_LAG, function)
    each = value_added.by(reasons, "reason", function=function)
    return {"": every[function], **{a.name: a for a in each}}


def points(value: float) -> Markdown:
    """Percentage points of WAPE, with sign."""
    return ours("–" if np.isnan(value) else f"{theme.points(value)} points")


def table(
    rows: list[Added], what: str, *, in_words: Callable[[str], str] = str.capitalize, alt: str
) -> None:
    """Draw value added as a table, one row each."""
    written.dataframe(
        pd.DataFrame(
            {
                what: [STEP_NAMES.get(a.name) or in_words(a.name) for a in rows],
                "SKU weeks": [a.cells for a in rows],
                "WAPE": [100 * a.wape for a in rows],
                "Bias": [100 * a.bias for a in rows],
                "Value added": [points(a.added) for a in rows],
                "80% interval": [
                    "–" if np.isnan(a.low) else f"{theme.points(a.low)} to {theme.points(a.high)}"
                    for a in rows
                ],
            }
        ),
        hide_index=True, alt=alt,
        column_config={
            "WAPE": st.column_config.NumberColumn(format="%.1f%%", help=frame.term("WAPE")),
            "Bias": st.column_config.NumberColumn(format="%+.1f%%", help=frame.term("Bias")),
            "Value added": st.column_config.TextColumn(help=frame.term("Value added")),
            "SKU weeks": st.column_config.NumberColumn(format="localized", help=frame.term("SKU week")),
            "80% interval": st.column_config.TextColumn(help=frame.term("80% interval")),
        },
    )  # fmt: skip
