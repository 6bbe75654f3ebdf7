"""Measures of the scorecard: over quarters, by member, side by side."""

from collections.abc import Sequence
from typing import cast

import altair as alt
import numpy as np
import pandas as pd

from forecasting.calendar import quarter_label
from pages.components import theme
from pages.components.charts.drawing import Chart, drawing
from pages.components.charts.marks import broken, in_week, ink, named, tip, told_apart

PERCENT = ("share", "points", "return")
"""Forms of measures that are given in per cent."""


@drawing
def trend(values: list[tuple[str, float | None]], *, target: float | None, kind: str) -> Chart:
    """A measure quarter by quarter, small, with its target as a line."""
    shown = ".1%" if kind in PERCENT else ".2~f"
    rows = pd.DataFrame(
        {
            "quarter": [quarter_label(q) for q, _ in values],
            "value": [np.nan if v is None else v for _, v in values],
        }
    )
    colours = theme.layer_colours()
    x = alt.X(
        "quarter:N", sort=None, title=None,
        axis=alt.Axis(labels=False, ticks=False, domain=False),
    )  # fmt: skip
    y = alt.Y(
        "value:Q", title=None, scale=alt.Scale(zero=False, padding=8),
        axis=alt.Axis(format=".0%" if kind in PERCENT else "~s", tickCount=3, grid=False),
    )  # fmt: skip
    base = alt.Chart(rows).encode(
        x=x,
        y=y,
        tooltip=[
            named("quarter", "Quarter"),
            alt.Tooltip("value:Q", title="Value", format=shown),
        ],
    )
    layers = [
        base.mark_line(color=colours["Planning"], strokeWidth=2),
        base.mark_point(color=colours["Planning"], filled=True, size=28),
    ]
    if target is not None:
        layers.append(
            alt.Chart(pd.DataFrame({"value": [target], "what": ["Target"]}))
            .mark_rule(
                color=theme.status_colours()["green"], strokeDash=[4, 3], strokeWidth=1.5
            )
            .encode(
                y=alt.Y("value:Q"),
                tooltip=[alt.Tooltip("value:Q", title="Target", format=shown)],
            )
        )
    drawn = alt.layer(*layers).properties(height=92).configure_view(stroke=None)
    # Its words are in the tile beside it; a quarter without a value would be a mark without a name.
    return cast(Chart, drawn.configure_mark(aria=False))


@drawing
def by_member(rows: pd.DataFrame, *, kind: str, before: str = "Before") -> Chart:
    """A measure by member, now against before: one bar each and a tick where it was.

    Parameters
    ----------
    rows : DataFrame, one row per member
        member, value, before (NaN unknown), target (NaN none).
    before : str
        What it is compared with, in words.
    """
    colours = theme.layer_colours()
    percent = kind in PERCENT
    shown = ".1%" if percent else ",.2~f"
    axis = alt.Axis(format=".0%" if percent else "~s", tickCount=6)
    order = rows["member"].tolist()
    y = alt.Y(
        "member:N", sort=order, title=None, axis=alt.Axis(labelLimit=260, labelOverlap=False)
    )
    marks = {"Now": colours["Planning"]}
    if rows["before"].notna().any():
        marks[before] = colours["Last year"]
    if rows["target"].notna().any():
        marks["Target"] = theme.status_colours()["green"]
    colour = alt.Color(
        "what:N", scale=alt.Scale(domain=list(marks), range=list(marks.values())),
        legend=alt.Legend(title=None, orient="top", symbolType="square"),
    )  # fmt: skip
    now = alt.Chart(rows.assign(what="Now"))
    bars = now.mark_bar(height=13).encode(
        x=alt.X("value:Q", title=None, axis=axis), y=y, color=colour,
        tooltip=[named("member", "Where"), alt.Tooltip("value:Q", title="Now", format=shown),
                 alt.Tooltip("before:Q", title=before, format=shown)],
    )  # fmt: skip
    labels = alt.Chart(rows).mark_text(align="left", dx=4, color=ink()).encode(
        x=alt.X("value:Q"), y=y, text=alt.Text("value:Q", format=shown)
    )  # fmt: skip
    layers = [bars]
    if before in marks:
        layers.append(
            alt.Chart(rows.assign(what=before))
            .mark_tick(thickness=3, height=17)
            .encode(
                x=alt.X("before:Q"), y=y, color=colour,
                tooltip=[named("member", "Where"), alt.Tooltip("before:Q", title=before, format=shown)],
            )
        )  # fmt: skip
    if "Target" in marks:
        layers.append(
            alt.Chart(rows.head(1).assign(what="Target"))
            .mark_rule(strokeDash=[4, 3])
            .encode(
                x=alt.X("target:Q"), color=colour,
                tooltip=[alt.Tooltip("target:Q", title="Target", format=shown)],
            )
        )  # fmt: skip
    drawn = alt.layer(*layers, labels).properties(height=26 * len(rows) + 90)
    return cast(Chart, drawn.configure_view(stroke=None))


@drawing
def quarters(rows: pd.DataFrame, *, kind: str, every: Sequence[str]) -> Chart:
    """A measure quarter by quarter, one line a member; a quarter without a value breaks it.

    Parameters
    ----------
    every : sequence of str
        All members there are, so that each keeps its colour.
    """
    colours = theme.member_colours(every)
    members = sorted(rows["member"].unique())
    whole = pd.MultiIndex.from_product(
        [members, sorted(rows["quarter"].unique())], names=["member", "quarter"]
    )
    rows = rows.set_index(["member", "quarter"])[["value"]].reindex(whole).reset_index()
    percent = kind in PERCENT
    shown = ".1%" if percent else ",.2~f"
    drawn = rows.assign(quarter=rows["quarter"].map(quarter_label))
    lines = (
        alt.Chart(drawn)
        .mark_line(point=True, strokeWidth=2)
        .encode(
            x=alt.X("quarter:N", sort=None, title=None, axis=alt.Axis(labelAngle=0)),
            y=alt.Y("value:Q", title=None, axis=alt.Axis(format=".0%" if percent else "~s")),
            color=alt.Color("member:N", scale=alt.Scale(domain=members, range=[colours[m] for m in members]),
                            legend=alt.Legend(title=None, orient="top", columns=5)),
            tooltip=[named("member", "Where"), named("quarter", "Quarter"), alt.Tooltip("value:Q", title="Value", format=shown)],
        )
    )  # fmt: skip
    return cast(Chart, lines.properties(height=260).configure_view(stroke=None))


@drawing
def results(rows: pd.DataFrame) -> Chart:
    """Margin that activations added with its interval; ticks for what was planned and spent.

    Parameters
    ----------
    rows : DataFrame, one row per activation, the latest first
        name, margin, margin_low, margin_high, planned_margin, spend: money, NaN unknown.
    """
    colours = theme.layer_colours()
    drawn = rows.assign(name=told_apart(rows["name"].tolist()))
    y = alt.Y(
        "name:N", sort=drawn["name"].tolist(), title=None,
        axis=alt.Axis(labelLimit=230, labelOverlap=False),
    )  # fmt: skip
    axis = alt.Axis(format="~s", tickCount=6)
    base = alt.Chart(drawn.assign(what="80% interval"))
    tips = [
        named("name", "Activation"), tip("margin", "Margin added"), tip("margin_low", "P10"),
        tip("margin_high", "P90"), tip("planned_margin", "Planned margin added"),
        tip("spend", "Spend"),
    ]  # fmt: skip
    scale = alt.Scale(
        domain=["Margin added", "80% interval", "Planned margin added", "Spend"],
        range=[colours["Planning"], colours["Earlier"], colours["Baseline"], colours["Lift"]],
    )
    legend = alt.Legend(title=None, orient="top", columns=2)  # read at half a window, too

    columns = {
        "Margin added": "margin",
        "Planned margin added": "planned_margin",
        "Spend": "spend",
    }

    def marked(kind: str) -> alt.Chart:
        return alt.Chart(drawn.assign(what=kind)).encode(
            x=alt.X(f"{columns[kind]}:Q", title=None, axis=axis), y=y, tooltip=tips,
            color=alt.Color("what:N", scale=scale, legend=legend),
        )  # fmt: skip

    layers = [
        alt.Chart(pd.DataFrame({"zero": [0.0]}))
        .mark_rule(color=ink(), opacity=0.5)
        .encode(x=alt.X("zero:Q")),
        base.mark_rule(strokeWidth=4).encode(
            x=alt.X("margin_low:Q", title=None, axis=axis),
            x2=alt.X2("margin_high:Q"),
            y=y,
            tooltip=tips,
            color=alt.Color("what:N", scale=scale, legend=legend),
        ),
        marked("Planned margin added").mark_tick(thickness=3, height=16),
        marked("Spend").mark_tick(thickness=3, height=16),
        marked("Margin added").mark_point(filled=True, size=70),
    ]
    return cast(
        Chart,
        alt.layer(*layers).properties(height=30 * len(drawn) + 80).configure_view(stroke=None),
    )


@drawing
def side_panel(
    title: str, shown: str, rows: pd.DataFrame, marks: pd.DataFrame, *,
    span: tuple[pd.Timestamp, pd.Timestamp], colour: str, is_last: bool,
) -> Chart:  # fmt: skip
    """One measure week by week, activations shaded; panels below each other share their weeks.

    Parameters
    ----------
    rows : DataFrame
        week, value.
    marks : DataFrame, one row per activation
        name, type, from, to.
    span : first and last day of the axis.
    colour : str
        A layer whose colour the line has.
    """
    scale = alt.Scale(domain=[day.isoformat() for day in span])
    x_axis = alt.Axis(
        format="%b %Y", tickCount="month", labels=is_last, ticks=is_last, labelAngle=0
    )
    # The same room for labels in every panel, so that weeks lie below each other.
    y_axis = alt.Axis(format=shown, tickCount=3, minExtent=46, maxExtent=46)
    whole = broken(rows, ["value"])
    line = (
        alt.Chart(whole)
        # A week alone between two unknown ones would be no line at all: points show it.
        .mark_line(
            strokeWidth=1.8,
            color=theme.layer_colours()[colour],
            point={"size": 14} if whole["value"].isna().any() else False,
        )
        .encode(
            x=alt.X("week:T", title=None, scale=scale, axis=x_axis),
            y=alt.Y("value:Q", title=None, scale=alt.Scale(zero=False), axis=y_axis),
            tooltip=[
                in_week(),
                alt.Tooltip("value:Q", title=title, format=shown),
            ],
        )
    )
    layers = [line]
    if len(marks):
        shade = (
            alt.Chart(marks)
            .mark_rect(opacity=0.16, color=theme.layer_colours()["Lift"])
            .encode(
                x=alt.X("from:T", scale=scale),
                x2=alt.X2("to:T"),
                tooltip=[named("name", "Activation"), named("type", "Type")],
            )
        )
        layers.insert(0, shade)
    height = 138 if is_last else 112
    return cast(
        Chart,
        alt.layer(*layers).properties(height=height).configure_view(stroke=None),
    )
