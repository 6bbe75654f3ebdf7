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
from forecasting.consensus.events import Scope
from forecasting.hierarchy import THOUSANDTHS
from forecasting.plan import featured, ranges, views
from forecasting.plan.lines import Kind as Row
from forecasting.plan.lines import Line
from forecasting.plan.live import LivePlan
from forecasting.vocabulary import INPUTS, Measure
from pages.components import (
    charts,
    conclusions,
    followed,
    frame,
    picture,
    theme,
    trail,
    written,
)
from pages.components.chosen import Cells
from pages.components.followed import What
from pages.components.text import ours, plain

_BACK = dt.timedelta(7 * 25)
"""How much of its past a row is shown with."""


def of(
    rows: Sequence[Line],
    at: Cells | None,
    scope_of: Callable[..., Scope],
    weeks: Sequence[dt.date],
    layer: str,
) -> None:
    """The row that the person is at, or chooses, and all there is to it.

    Parameters
    ----------
    rows : sequence of Line
        Rows to choose from.
    at : Cells or None
        What is chosen in the grid: the row follows it.
    scope_of : callable
        ((level, node), (first, last) week or column) to what it stands for.
    weeks : sequence of date
        Weeks shown.
    layer : str
        What the grid shows.
    """
    nodes = {row.label: row.node for row in rows if row.node is not None}
    names = list(nodes)
    if not names:
        return
    plain_rows = [row.label for row in rows if row.kind is Row.NODE]
    _follow(at, names)
    node = frame.select("Row in detail", names, key="row", default=(plain_rows or names)[0])
    level, name = nodes[node]
    if level in (What.CLASS, What.SKU):
        followed.star(What(level), name)
    plan = frame.plan()
    scope = scope_of(nodes[node], (weeks[0], weeks[-1]))
    if at is not None and node in [row.label for row in at.rows]:
        over = scope_of(nodes[node], (at.columns[0].first, at.columns[-1].last))
        _cell(plan, over, layer)
    skus, _, _ = plan.members(scope)
    now = (plan.number, max((plan.changed.get(int(s), 0) for s in skus), default=0))
    left, right = st.columns([6, 5], gap="medium")
    with left:
        _pictures(plan, now, scope, len(weeks), theme.look())
    with right:
        _risks(plan, now, scope, repr(plan.limits))
        st.markdown("**What people changed**")
        with st.container(height=260, border=False):
            trail.of(scope)


def _follow(at: Cells | None, names: Sequence[str]) -> None:
    """Show the row that was chosen in the grid, once for every choice."""
    there = tuple(row.label for row in at.rows if row.label in names) if at else ()
    if there and st.session_state.get("followed") != there:
        st.session_state["followed"] = there
        st.session_state[frame.slot("row")] = there[0]


def _cell(plan: LivePlan, over: Scope, layer: str) -> None:
    """The cells that one is at, in words: each number, and how sure the forecast is."""
    skus, doors, weeks = plan.members(over)
    sure = ranges.interval(plan, skus, doors, weeks)
    at = np.ix_(doors, weeks)
    parts = []
    for name in (*map(str, INPUTS), "proposed", "draft"):
        units = sum(float(plan.sku(int(s)).layer(name)[at].sum()) for s in skus) / THOUSANDTHS
        if name in (layer, "draft") or abs(units - sure.units) > 0.5:
            parts.append(f"{plain(name.capitalize())} **{theme.units(units)}**")
    st.markdown(
        f"**{plain(over)}** · statistical {theme.units(sure.units)}, 80% interval "
        f"{theme.units(sure.low)} to {theme.units(sure.high)} · " + " · ".join(parts),
        help=frame.term("80% interval"),
    )


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
    drawn = pd.concat(lines)
    picture.of(
        charts.forecast(sold, parts, drawn, last_year=before), name=f"forecast-{node}",
        title=ours(f"Forecast of {plain(node)} by its parts, units per week"),
        says=conclusions.forecast(parts, drawn, last_year=before),
    )  # fmt: skip
    if len(skus) == 1:
        first, fan = pd.Timestamp(weeks[0]), featured.on_hand_fan(_plan, int(skus[0]), doors)
        picture.of(
            charts.projection(
                fan, window=(first, first - pd.Timedelta(7, "D")), first_short=None
            ),
            title=ours(f"Projected on hand of {plain(node)}"), name=f"on-hand-{node}",
            says=conclusions.projection(fan, first_short=None),
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
            "Status": found["status"].map(theme.status_label),
            "Activation": found["name"],
            "SKU": found["sku"],
            "Stockout risk, worst door": 100 * found["p_window"],
            "Short, u": found["units_short"],
        }
    )
    written.dataframe(
        shown, hide_index=True, height=written.height(len(shown), most=6),
        alt="Activations that feature this row, worst first",
        column_config={
            "Stockout risk, worst door": st.column_config.ProgressColumn(
                format="%.0f%%", min_value=0, max_value=100, help=frame.term("Stockout risk")
            ),
            "Short, u": st.column_config.NumberColumn(format="%,.0f"),
        },
    )  # fmt: skip
