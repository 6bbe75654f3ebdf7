"""One row of the grid in detail: its forecast by parts, its stock, its risks, its trail.

Pictures are drawn once a change, for everybody who looks at the same row; an edit of another
row sends them again and works nothing out.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from forecasting.calendar import as_date
from forecasting.consensus.events import Event, Scope
from forecasting.plan import views
from forecasting.plan.live import LivePlan
from forecasting.vocabulary import INPUTS, Measure
from pages.components import charts, frame, theme, trail

_BACK = dt.timedelta(7 * 25)
"""How much of its past a row is shown with."""


def of(nodes: Sequence[str], within: Callable[[str], Scope], count: int) -> None:
    """Choose a row, and show all there is to it.

    Parameters
    ----------
    nodes : sequence of str
        Rows to choose from.
    within : callable
        Node to the scope it stands for, over the weeks shown.
    count : int
        Weeks shown.
    """
    node = frame.select("Row in detail", list(nodes), key="row")
    plan, scope = frame.plan(), within(node)
    skus, _, _ = plan.members(scope)
    now = (plan.number, max((plan.changed.get(int(s), 0) for s in skus), default=0))
    st.session_state["row in detail"] = scope
    left, right = st.columns([6, 5], gap="medium")
    with left:
        _pictures(plan, now, scope, count, theme.mode())
    with right:
        _risks(plan, now, scope, repr(plan.limits))
        st.markdown("**What people changed**")
        with st.container(height=260, border=False):
            trail.of(scope)


def follow(wrote: Sequence[Event]) -> None:
    """Redraw the page where what the person just wrote touches the row in detail."""
    scope = st.session_state.get("row in detail")
    if not wrote or scope is None:
        return
    plan = frame.plan()
    names = {plan.sku_names[s] for s in plan.members(scope)[0]}
    if any(names.intersection(event.leaves.sku) for event in wrote):
        st.rerun()


@st.cache_data(show_spinner=False, max_entries=128, hash_funcs={Scope: str})
def _pictures(_plan: LivePlan, now: Any, scope: Scope, count: int, mode: str) -> None:
    """`now` and `mode` say when it has to be drawn again."""
    del now, mode
    space, person = frame.workspace(), frame.me()
    skus, doors, _ = _plan.members(scope)
    everywhere = scope.location_level == "all"
    node, weeks = scope.product, [as_date(w) for w in _plan.base.weeks[:count]]
    parts = views.parts_of(_plan, [int(s) for s in skus], doors)
    parts = parts[parts["week"] <= _plan.base.weeks[count - 1]]
    layers = {
        name: views.grid(
            _plan, layer=name, level=scope.product_level, skus=skus,
            location_level=scope.location_level, location=scope.location, weeks=np.arange(count),
        ).to_numpy()[0]
        for name in ("statistical", *map(str, INPUTS), "draft")
    }  # fmt: skip
    lines = [
        pd.DataFrame({"layer": name.capitalize(), "week": weeks, "units": units})
        for name, units in layers.items()
        if name == "draft" or (units != layers["statistical"]).any()
    ]
    sold, before = pd.DataFrame({"week": [], "units": []}), None
    if everywhere:
        as_of = _plan.base.as_of
        rows = space.store.query("sales_of", since=as_of - _BACK, until=as_of + dt.timedelta(7))
        names = [_plan.sku_names[s] for s in skus]
        sold = rows[rows["sku"].isin(names)].groupby("week", as_index=False)[["units"]].sum()
        ago = space.comparisons.last_year(person.id, skus, np.arange(count), Measure.UNITS)
        before = pd.DataFrame({"week": weeks, "units": ago}).dropna()
    st.altair_chart(
        charts.forecast(sold, parts, pd.concat(lines), last_year=before),
        width="stretch", alt=f"Forecast of {node} by its parts, with each function's input",
    )  # fmt: skip
    st.caption(
        "Units a week. Grey line: sales. Dashed: sales last year. Bars: the parts that add up to "
        "the draft."
    )
    if len(skus) == 1:
        first = pd.Timestamp(weeks[0])
        st.altair_chart(
            charts.projection(
                views.on_hand_fan(_plan, int(skus[0]), doors),
                window=(first, first - pd.Timedelta(7, "D")), first_short=None,
            ),
            width="stretch", alt=f"Projected on hand of {node}",
        )  # fmt: skip


@st.cache_data(show_spinner=False, max_entries=128, hash_funcs={Scope: str})
def _risks(_plan: LivePlan, now: Any, scope: Scope, limits: str) -> None:
    """`now` and `limits` say when it has to be drawn again."""
    del now, limits
    found = views.risks_of(_plan, _plan.members(scope)[0])
    st.markdown("**Activations that feature it**")
    if found.empty:
        st.caption("Not featured in any planned activation.")
        return
    shown = pd.DataFrame(
        {
            "Status": found["status"].map(theme.said),
            "Activation": found["name"],
            "SKU": found["sku"],
            "Stockout risk, worst door": 100 * found["p_window"],
            "Short, u": found["units_short"],
        }
    )
    st.dataframe(
        shown, hide_index=True, height=min(36 + 32 * len(shown), 210),
        alt="Activations that feature this row, worst first",
        column_config={
            "Stockout risk, worst door": st.column_config.ProgressColumn(
                format="%.0f %%", min_value=0, max_value=100, help=frame.term("Stockout risk")
            ),
            "Short, u": st.column_config.NumberColumn(format="%,.1f"),
        },
    )  # fmt: skip
