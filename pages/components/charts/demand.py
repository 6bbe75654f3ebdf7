"""Demand and its forecasts: by parts, by version, by error."""

from collections.abc import Sequence
from typing import cast

import altair as alt
import numpy as np
import pandas as pd

from forecasting.consensus.value_added import Added
from forecasting.plan.lift_library import EIGHTY
from pages.components import theme
from pages.components.charts.drawing import Chart, drawing
from pages.components.charts.marks import (
    broken,
    in_week,
    ink,
    named,
    stroke_legend,
    tip,
    utc,
)

SALES, ACTUAL, LAST_YEAR = "Sales", "Demand where stock ran out", "Sales last year"
"""Lines of what was, beside those of the layers."""
DASHES = {ACTUAL: [2, 2], LAST_YEAR: [4, 3]}
"""What is no record of its own weeks is dashed; all other lines are whole."""


@drawing
def forecast(
    history: pd.DataFrame,
    parts: pd.DataFrame,
    lines: pd.DataFrame,
    *,
    last_year: pd.DataFrame | None = None,
) -> Chart:
    """History, then the forecast's parts stacked, with each layer as a line."""
    drawn = pd.concat([_before(history, last_year), lines.assign(week=utc(lines["week"]))])
    layers = [_stacked(parts)]
    if len(drawn):
        layers.append(_layers(broken(drawn, ["units"], by="layer")))
    return cast(
        Chart,
        alt.layer(*layers)
        .resolve_scale(color="independent", strokeDash="independent")
        .properties(height=280),
    )


def _stacked(parts: pd.DataFrame) -> alt.Chart:
    """The parts of the draft, which add up to it."""
    colours = theme.layer_colours()
    stacked = parts.assign(week=utc(parts["week"]), kind=parts["part"].str.split(":").str[0])
    kinds = [
        k for k in ("Baseline", "Lift", "Spillover", "People") if (stacked["kind"] == k).any()
    ]
    return cast(alt.Chart, (
        alt.Chart(stacked)
        .mark_bar(opacity=0.5, size=9)
        .encode(
            x=alt.X("week:T", title=None, axis=alt.Axis(format=theme.axis_day(), labelAngle=0)),
            y=alt.Y("units:Q", title="units per week"),
            color=alt.Color(
                "kind:N",
                scale=alt.Scale(domain=kinds, range=[colours[k] for k in kinds]),
                legend=alt.Legend(title="Parts of the draft", orient="bottom", symbolType="square"),
            ),
            tooltip=[named("part", "Part"), tip("units", "Units"), in_week()],
        )
    ))  # fmt: skip


def _before(history: pd.DataFrame, last_year: pd.DataFrame | None) -> pd.DataFrame:
    """Lines of what was: sales, demand where it was more, the same weeks last year."""
    found = [pd.DataFrame({"layer": [], "week": [], "units": []})]
    if last_year is not None and len(last_year):
        found.append(last_year.assign(layer=LAST_YEAR)[["layer", "week", "units"]])
    if len(history):
        # Demand lies beneath sales: it is seen where it was more.
        if "actual" in history and (history["actual"] - history["units"]).abs().max() > 0.5:
            found.append(
                pd.DataFrame(
                    {"layer": ACTUAL, "week": history["week"], "units": history["actual"]}
                )
            )
        found.append(history.assign(layer=SALES)[["layer", "week", "units"]])
    known = [one for one in found if len(one)] or found
    return pd.concat(known).assign(week=lambda rows: utc(rows["week"]))


def _layers(lines: pd.DataFrame) -> alt.Chart:
    """A line for what was and for each function, and the draft, which is the strongest."""
    known = theme.layer_colours()
    colours = known | {
        SALES: known["History"],
        ACTUAL: known["Lift"],
        LAST_YEAR: known["Last year"],
    }
    names = list(dict.fromkeys(lines["layer"]))
    return cast(alt.Chart, (
        alt.Chart(lines)
        .mark_line()
        .encode(
            x=alt.X("week:T"),
            y=alt.Y("units:Q"),
            color=alt.Color(
                "layer:N",
                scale=alt.Scale(domain=names, range=[colours[n] for n in names]),
                legend=stroke_legend(),
            ),
            strokeDash=alt.StrokeDash(
                "layer:N", legend=stroke_legend(),
                scale=alt.Scale(domain=names, range=[DASHES.get(n, [1, 0]) for n in names]),
            ),
            strokeWidth=alt.condition(
                alt.datum.layer == "Draft", alt.value(2.6), alt.value(1.4)
            ),
            tooltip=[named("layer", "Line"), tip("units", "Units"), in_week()],
        )
    ))  # fmt: skip


@drawing
def expected_and_actual(rows: pd.DataFrame, *, types: Sequence[str]) -> Chart:
    """Expected against actual lift, one point an activation; on the line they agree.

    Parameters
    ----------
    types : sequence of str
        All types there are, so that each keeps its colour.
    """
    colours = theme.member_colours(types)
    kinds = sorted(rows["type"].unique())
    most = float(max(rows["expected_lift"].max(), rows["actual_lift"].max(), 1.5)) * 1.05
    scale = alt.Scale(domain=[0.5, most], nice=False, zero=False)
    line = (
        alt.Chart(pd.DataFrame({"x": [0.5, most], "y": [0.5, most]}))
        .mark_line(strokeDash=[4, 3], color=theme.layer_colours()["Last year"])
        .encode(x=alt.X("x:Q", scale=scale), y=alt.Y("y:Q", scale=scale))
    )
    label = (
        alt.Chart(pd.DataFrame({"x": [most], "y": [most], "text": ["as expected"]}))
        .mark_text(align="right", dx=-14, dy=4, color=ink())
        .encode(
            x=alt.X("x:Q", scale=scale), y=alt.Y("y:Q", scale=scale), text=alt.Text("text:N")
        )
    )
    points = (
        alt.Chart(rows.assign(starts=rows["first_week"].map(theme.week)))
        .mark_circle(opacity=0.75)
        .encode(
            x=alt.X("expected_lift:Q", scale=scale, title="expected lift, times baseline"),
            y=alt.Y("actual_lift:Q", scale=scale, title="actual lift, times baseline"),
            size=alt.Size(
                "baseline:Q", scale=alt.Scale(range=[30, 400]),
                legend=alt.Legend(title="Baseline, u", orient="bottom", tickCount=3, format=",.0f", symbolFillColor=ink()),
            ),
            color=alt.Color(
                "type:N",
                scale=alt.Scale(domain=kinds, range=[colours[k] for k in kinds]),
                legend=alt.Legend(title=None, orient="top", columns=4),
            ),
            tooltip=[
                named("name", "Activation"), named("type", "Type"), named("starts", "Starts"),
                alt.Tooltip("expected_lift:Q", title="Expected lift, times baseline", format=".2f"),
                alt.Tooltip("actual_lift:Q", title="Actual lift, times baseline", format=".2f"),
                tip("baseline", "Baseline, u"),
                tip("actual", "Lift, u"),
            ],
        )
    )  # fmt: skip
    return alt.layer(line, label, points).properties(height=430)


@drawing
def walk(rows: pd.DataFrame, before: float, after: float, name: str) -> Chart:
    """From one forecast to the other, cause by cause."""
    colours, status = theme.layer_colours(), theme.status_colours()
    ends = rows["change"].cumsum() + before
    bars = pd.DataFrame(
        {
            "cause": [f"Consensus of {name}", *rows["cause"], "Draft now"],
            "low": [0.0, *np.minimum(ends - rows["change"], ends), 0.0],
            "high": [before, *np.maximum(ends - rows["change"], ends), after],
            "change": [before, *rows["change"], after],
            "kind": ["Total", *np.where(rows["change"] >= 0, "More", "Less"), "Total"],
            "label": [
                theme.number(before),
                *(theme.number(c, sign=True) for c in rows["change"]),
                theme.number(after),
            ],
        }
    )
    # The totals would hide the steps: the axis begins a little below the lowest of them.
    lowest = float(min(bars["low"][1:-1].min() if len(rows) else before, before, after))
    highest = float(bars["high"].max())
    floor = max(lowest - 0.15 * max(highest - lowest, 1.0), 0.0)
    bars["low"] = bars["low"].clip(lower=floor)
    base = alt.Chart(bars).encode(
        y=alt.Y("cause:N", sort=None, title=None, axis=alt.Axis(labelLimit=260)),
        tooltip=[named("cause", "Cause"), tip("change", "Units, total or change")],
    )
    drawn = base.mark_bar().encode(
        x=alt.X("low:Q", title="units", scale=alt.Scale(domain=[floor, highest], nice=False)),
        x2=alt.X2("high:Q"),
        color=alt.Color(
            "kind:N",
            legend=alt.Legend(title=None, orient="top", symbolType="square"),
            scale=alt.Scale(
                domain=["Total", "More", "Less"],
                range=[colours["Baseline"], status["green"], status["red"]],
            ),
        ),
    )
    labels = base.mark_text(align="left", dx=4, color=ink()).encode(
        x=alt.X("high:Q"), text=alt.Text("label:N")
    )
    return alt.layer(drawn, labels).properties(height=26 * len(bars) + 80)


STEP_NAMES = {"naive": "Naive (last year)"}
"""Steps whose plain name says too little."""


@drawing
def staircase(steps: list[Added]) -> Chart:
    """WAPE of each step of the process."""
    rows = pd.DataFrame(
        {
            "step": [STEP_NAMES.get(s.name, s.name.capitalize()) for s in steps],
            "wape": [s.wape for s in steps],
        }
    )
    base = alt.Chart(rows).encode(
        x=alt.X("step:N", sort=None, title=None, axis=alt.Axis(labelAngle=0)),
        y=alt.Y(
            "wape:Q", title="WAPE", axis=alt.Axis(format=".0%"), scale=alt.Scale(zero=True)
        ),
        tooltip=[named("step", "Step"), alt.Tooltip("wape:Q", title="WAPE", format=".1%")],
    )
    bars = base.mark_bar(color=theme.layer_colours()["Planning"], size=46)
    labels = base.mark_text(dy=-8, color=ink()).encode(text=alt.Text("wape:Q", format=".1%"))
    return alt.layer(bars, labels).properties(height=210)


@drawing
def versions(lines: pd.DataFrame, actual: pd.DataFrame) -> Chart:
    """Every version by week, the latest strongest, and the actual demand."""
    cycles = sorted(lines["cycle"].unique())
    names = [*cycles, "Actual"]
    drawn = pd.concat(
        [
            lines.rename(columns={"cycle": "line", "consensus": "units"}),
            actual.rename(columns={"actual": "units"}).assign(line="Actual"),
        ]
    )
    drawn = broken(drawn[["line", "week", "units"]], ["units"], by="line")
    return cast(Chart, (
        alt.Chart(drawn)
        .mark_line()
        .encode(
            x=alt.X("week:T", title=None, axis=alt.Axis(format=theme.axis_day(), labelAngle=0)),
            y=alt.Y("units:Q", title="units per week"),
            color=alt.Color(
                "line:N",
                scale=alt.Scale(domain=names, range=[*theme.shades(len(cycles)), ink()]),
                legend=alt.Legend(title=None, orient="top", columns=8, symbolType="stroke"),
            ),
            strokeWidth=alt.condition(
                alt.datum.line == "Actual", alt.value(2.8), alt.value(1.6)
            ),
            tooltip=[named("line", "Version"), tip("units", "Units"), in_week()],
        )
        .properties(height=300)
    ))  # fmt: skip


@drawing
def error_by_lag(rows: pd.DataFrame) -> Chart:
    """Error of several forecasts by weeks ahead."""
    colours = theme.layer_colours()
    names = list(dict.fromkeys(rows["forecast"]))
    return cast(Chart, (
        alt.Chart(rows)
        .mark_line(point=True)
        .encode(
            x=alt.X("lag:O", title="Weeks ahead", axis=alt.Axis(labelAngle=0)),
            y=alt.Y("wape:Q", title="WAPE", axis=alt.Axis(format=".0%"), scale=alt.Scale(zero=True)),
            color=alt.Color(
                "forecast:N",
                scale=alt.Scale(
                    domain=names,
                    range=[colours["Planning"], colours["Last year"], colours["History"]][: len(names)],
                ),
                legend=stroke_legend(),
            ),
            strokeDash=alt.StrokeDash("forecast:N", legend=stroke_legend(), scale=alt.Scale(domain=names, range=[[1, 0], [4, 3], [2, 2]])),
            tooltip=[named("forecast", "Forecast"), named("lag", "Weeks ahead"), alt.Tooltip("wape:Q", title="WAPE", format=".1%")],
        )
        .properties(height=290)
    ))  # fmt: skip


@drawing
def responses(rows: pd.DataFrame) -> Chart:
    """Lift of each type of activation: a point a class, with its 80% interval."""
    shown = rows.assign(
        lift=np.exp(rows["log"]),
        low=np.exp(rows["log"] - EIGHTY * rows["sd"]),
        high=np.exp(rows["log"] + EIGHTY * rows["sd"]),
    )
    classes = sorted(shown["class"].unique())
    colours = theme.member_colours(classes)
    base = alt.Chart(shown).encode(
        y=alt.Y("type:N", title=None),
        yOffset=alt.YOffset("class:N"),
        color=alt.Color(
            "class:N", scale=alt.Scale(domain=classes, range=[colours[c] for c in classes]),
            legend=alt.Legend(title="Lift, 80% interval", orient="top", columns=5),
        ),
        tooltip=[
            named("type", "Type"), named("class", "Class"),
            alt.Tooltip("lift:Q", title="Lift, times baseline", format=".2f"),
            alt.Tooltip("low:Q", title="P10, times baseline", format=".2f"),
            alt.Tooltip("high:Q", title="P90, times baseline", format=".2f"),
        ],
    )  # fmt: skip
    ranges = base.mark_rule(opacity=0.6).encode(
        x=alt.X(
            "low:Q",
            title="lift, times baseline",
            scale=alt.Scale(zero=False),
            axis=alt.Axis(tickCount=8),
        ),
        x2=alt.X2("high:Q"),
    )
    points = base.mark_circle(size=28, opacity=1).encode(x=alt.X("lift:Q"))
    kinds = shown["type"].nunique()
    return alt.layer(ranges, points).properties(height=max(60 * kinds, 160))


@drawing
def seasons(rows: pd.DataFrame, *, classes: Sequence[str]) -> Chart:
    """Seasonal index by class over the coming weeks.

    Parameters
    ----------
    classes : sequence of str
        All there are, so that each keeps its colour.
    """
    colours = theme.member_colours(classes)
    shown = sorted(rows["class"].unique())
    return cast(Chart, (
        alt.Chart(rows.assign(week=utc(rows["week"])))
        .mark_line(strokeWidth=1.6)
        .encode(
            x=alt.X("week:T", title=None, axis=alt.Axis(format="%b", labelAngle=0)),
            y=alt.Y("index:Q", title="season, 1 = an ordinary week", scale=alt.Scale(zero=False)),
            color=alt.Color(
                "class:N",
                scale=alt.Scale(domain=shown, range=[colours[c] for c in shown]),
                legend=alt.Legend(title=None, orient="top", columns=4, symbolType="stroke"),
            ),
            tooltip=[named("class", "Class"), in_week(), alt.Tooltip("index:Q", title="Times an ordinary week", format=".2f")],
        )
        .properties(height=330)
    ))  # fmt: skip
