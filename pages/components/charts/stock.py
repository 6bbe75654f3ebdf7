"""Stock and activations: what will be there, what runs out, what to order."""

from typing import Any, cast

import altair as alt
import pandas as pd

from forecasting.plan.views import Verdict
from pages.components import theme
from pages.components.charts.drawing import Chart, drawing
from pages.components.charts.marks import (
    DAY,
    broken,
    in_week,
    ink,
    named,
    stroke_legend,
    tip,
    told_apart,
    utc,
    week_axis,
)


@drawing
def calendar(judged: list[Verdict], first: pd.Timestamp, n_weeks: int) -> Chart:
    """Activations as bars over weeks, coloured by status, in the order given."""
    weeks = [first + pd.Timedelta(7 * i, "D") for i in range(n_weeks)]
    end = weeks[-1] + 7 * DAY
    rows = _bars_of(judged, first, end)
    pick = alt.selection_point(name="pick", fields=["activation"], on="click", toggle=False)
    x = alt.X(
        "from:T",
        scale=alt.Scale(domain=[first.isoformat(), end.isoformat()]),
        axis=week_axis(weeks),
    )
    y = alt.Y(
        "row:N",
        sort=rows["row"].tolist(),
        title=None,
        axis=alt.Axis(labelLimit=260, labelFontSize=12, labelOverlap=False),
    )
    bars = (
        alt.Chart(rows)
        .mark_bar(cornerRadius=3, height=17, cursor="pointer")
        .encode(
            x=x,
            x2=alt.X2("to:T"),
            y=y,
            color=alt.Color(
                "status:N",
                scale=theme.status_scale(),
                legend=alt.Legend(title=None, orient="top", direction="horizontal"),
            ),
            opacity=alt.condition(pick, alt.value(1.0), alt.value(0.55), empty=True),
            tooltip=[
                named("row", "Activation"), named("status", "Status"),
                named("risk", "Margin at risk"), named("short", "Units short"),
                named("out", "Runs out"),
            ],
        )
        .add_params(pick)
    )  # fmt: skip
    tags = (
        alt.Chart(rows)
        .mark_text(align="left", dx=6, fontSize=11)
        .encode(x=alt.X("to:T"), y=y, text=alt.Text("tag:N"), color=alt.value(ink()))
    )
    return cast(
        Chart,
        (bars + tags)
        .properties(height=max(27 * len(rows), 22 * len(rows) + 80))
        .configure_view(stroke=None),
    )


def _bars_of(judged: list[Verdict], first: pd.Timestamp, end: pd.Timestamp) -> pd.DataFrame:
    """One bar an activation, cut off where the weeks shown begin and end."""
    return pd.DataFrame(
        {
            "activation": [v.activation.activation for v in judged],
            "row": told_apart([f"{v.status.sign} {v.activation.name}" for v in judged]),
            "from": [max(pd.Timestamp(v.activation.start), first) for v in judged],
            "to": [min(pd.Timestamp(v.activation.end) + DAY, end) for v in judged],
            "status": [v.status.label for v in judged],
            "risk": [theme.money(v.margin_at_risk) for v in judged],
            "short": [theme.units(v.units_short) for v in judged],
            "out": [
                f"{theme.week(v.first_short)} at {v.red_cells} of {v.n_cells} SKU-doors"
                if v.first_short is not None
                else "–"
                for v in judged
            ],
            "tag": [
                theme.money(v.margin_at_risk) if v.units_short >= 1 else "" for v in judged
            ],
        }
    )


LINES = {
    "before_lift": "On hand without lift",
    "after_lift": "On hand with lift",
    "needed": "Lift so far (threshold)",
}
"""Lines of a projection."""


@drawing
def projection(
    fan: pd.DataFrame, *, window: tuple[pd.Timestamp, pd.Timestamp], first_short: Any
) -> Chart:
    """Projected on hand with and without lift, its 80% interval, receipts and the threshold."""
    frame = broken(fan, ["before_lift", "after_lift", "needed", "low", "high"])
    x = alt.X("week:T", axis=week_axis(list(frame["week"])))
    layers = [_beneath(frame, x, window), _on_hand(frame, x)]
    if first_short is not None and not pd.isna(first_short):
        mark = alt.Chart(pd.DataFrame({"week": [pd.Timestamp(first_short)]}))
        red = theme.status_colours()["red"]
        layers += [
            mark.mark_rule(color=red, strokeWidth=2, strokeDash=[4, 3]).encode(
                x=alt.X("week:T")
            ),
            mark.mark_text(
                color=red, align="left", dx=5, dy=6, baseline="top", text="runs out"
            ).encode(x=alt.X("week:T"), y=alt.value(0)),
        ]
    # Areas and lines have a legend of their own each, above and below: side by side they
    # would be cut off at half the width.
    return cast(
        Chart,
        alt.layer(*layers)
        .resolve_scale(color="independent", strokeDash="independent")
        .properties(height=270),
    )


def _beneath(frame: pd.DataFrame, x: alt.X, window: tuple[pd.Timestamp, pd.Timestamp]) -> Any:
    """What lies beneath the lines: weeks of the activation, the interval, receipts."""
    colours = theme.layer_colours()
    drawn = {"80% interval": colours["Planning"], "Receipts": colours["Receipts"]}
    if window[1] >= window[0]:
        drawn["Weeks of the activation"] = colours["Lift"]

    colour = alt.Color(
        "kind:N",
        scale=alt.Scale(domain=list(drawn), range=list(drawn.values())),
        legend=alt.Legend(title=None, orient="bottom", symbolType="square", symbolOpacity=0.5),
    )
    layers: list[Any] = []
    if window[1] >= window[0]:
        span = {"a": window[0], "b": window[1] + 7 * DAY, "kind": "Weeks of the activation"}
        shade = alt.Chart(pd.DataFrame([span])).mark_rect(opacity=0.10)
        layers.append(shade.encode(x=alt.X("a:T"), x2=alt.X2("b:T"), color=colour))
    layers += [
        alt.Chart(frame.assign(kind="80% interval"))
        .mark_area(opacity=0.18)
        .encode(
            x=x, y=alt.Y("low:Q", title="units on hand at week end"), y2=alt.Y2("high:Q"),
            color=colour,
        ),
        alt.Chart(frame.assign(kind="Receipts"))
        .mark_bar(size=10)
        .encode(x=x, y=alt.Y("receipts:Q"), color=colour, tooltip=[tip("receipts", "Receipts, u"), in_week()]),
    ]  # fmt: skip
    return alt.layer(*layers)


def _on_hand(frame: pd.DataFrame, x: alt.X) -> Any:
    """The lines of a projection."""
    colours = theme.layer_colours()
    lines = frame.melt("week", list(LINES), var_name="line", value_name="units")
    lines["line"] = lines["line"].map(LINES)
    shown = list(LINES.values())
    return (
        alt.Chart(lines)
        .mark_line(strokeWidth=2)
        .encode(
            x=x,
            y=alt.Y("units:Q"),
            color=alt.Color(
                "line:N",
                scale=alt.Scale(
                    domain=shown,
                    range=[colours["Statistical"], colours["Planning"], colours["Lift"]],
                ),
                legend=stroke_legend(),
            ),
            strokeDash=alt.StrokeDash(
                "line:N", scale=alt.Scale(domain=shown, range=[[5, 3], [1, 0], [2, 2]]),
                legend=stroke_legend(),
            ),
            tooltip=[named("line", "Line"), tip("units", "Units"), in_week()],
        )
    )  # fmt: skip


@drawing
def gantt(rows: pd.DataFrame) -> Chart:
    """The activation calendar: one bar each, coloured by status."""
    rows = rows.assign(name=told_apart(rows["name"].tolist()))
    return cast(
        Chart,
        (
            alt.Chart(rows)
            .mark_bar(cornerRadius=3, height=13)
            .encode(
                x=alt.X(
                    "from:T",
                    title=None,
                    axis=alt.Axis(
                        format=theme.axis_day(),
                        labelAngle=0,
                        tickCount=alt.TimeIntervalStep(interval="week", step=1),
                    ),
                ),
                x2=alt.X2("to:T"),
                y=alt.Y(
                    "name:N",
                    sort=rows["name"].tolist(),
                    title=None,
                    axis=alt.Axis(labelLimit=240, labelOverlap=False),
                ),
                color=alt.Color(
                    "status:N",
                    scale=theme.status_scale(),
                    legend=alt.Legend(title=None, orient="top"),
                ),
                tooltip=[
                    named("name", "Activation"),
                    named("type", "Type"),
                    named("status", "Status"),
                    named("dates", "Dates"),
                ],
            )
            .properties(height=max(24 * len(rows) + 20, 20 * len(rows) + 80))
        ),
    )


@drawing
def orders(by_week: pd.DataFrame) -> Chart:
    """Units to release week by week: what goes out now set apart from what is planned."""
    colours = theme.layer_colours()
    frame = by_week.assign(
        week=utc(by_week["release_week"]),
        what=by_week["kind"].map({"release": "Release now", "planned": "Planned release"}),
    )
    weeks = sorted(frame["week"].unique())
    return cast(
        Chart,
        (
            alt.Chart(frame)
            .mark_bar(size=12)
            .encode(
                x=alt.X("week:T", axis=week_axis([pd.Timestamp(w) for w in weeks[::3]])),
                y=alt.Y("units:Q", title="units to release"),
                color=alt.Color(
                    "what:N",
                    title=None,
                    scale=alt.Scale(
                        domain=["Release now", "Planned release"],
                        range=[colours["Planning"], colours["Earlier"]],
                    ),
                    legend=alt.Legend(orient="top"),
                ),
                tooltip=[
                    named("what", "Order"),
                    alt.Tooltip("units:Q", title="Units", format=",.0f"),
                    in_week(),
                ],
            )
            .properties(height=250)
            .configure_view(stroke=None)
        ),
    )


@drawing
def calibration(tenths: pd.DataFrame) -> Chart:
    """Share that ran out against the predicted stockout risk, tenth by tenth."""
    colours = theme.layer_colours()
    frame = tenths[tenths["cells"] > 0].assign(
        predicted=lambda f: 100 * f["said"], happened=lambda f: 100 * f["happened"]
    )
    line = (
        alt.Chart(pd.DataFrame({"a": [0, 100]}))
        .mark_line(strokeDash=[4, 4], color=colours["History"])
        .encode(x=alt.X("a:Q"), y=alt.Y("a:Q"))
    )
    label = (
        alt.Chart(pd.DataFrame({"a": [100], "text": ["as predicted"]}))
        .mark_text(align="left", dx=5, color=ink())  # beside the plot, where no point is
        .encode(x=alt.X("a:Q"), y=alt.Y("a:Q"), text=alt.Text("text:N"))
    )
    points = (
        alt.Chart(frame)
        .mark_point(filled=True, opacity=0.9, color=colours["Planning"])
        .encode(
            x=alt.X("predicted:Q", title="stockout risk, %", scale=alt.Scale(domain=[0, 100])),
            y=alt.Y("happened:Q", title="ran out, %", scale=alt.Scale(domain=[0, 100])),
            size=alt.Size(
                "cells:Q",
                title="SKU-doors",
                scale=alt.Scale(range=[60, 500]),
                legend=alt.Legend(
                    orient="top",
                    tickCount=3,
                    format=",.0f",
                    symbolFillColor=colours["Planning"],
                ),
            ),
            tooltip=[
                alt.Tooltip("predicted:Q", format=".0f", title="stockout risk, %"),
                alt.Tooltip("happened:Q", format=".0f", title="ran out, %"),
                alt.Tooltip("cells:Q", format=",", title="SKU-doors"),
            ],
        )
    )
    return cast(
        Chart, (line + label + points).properties(height=310).configure_view(stroke=None)
    )
