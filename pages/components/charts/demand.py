"""Demand and its forecasts: by parts, by version, by error."""

from typing import cast

import altair as alt
import numpy as np
import pandas as pd

from forecasting.consensus.value_added import Added
from forecasting.plan.lift_library import EIGHTY
from pages.components import theme
from pages.components.charts.marks import Drawn, ink, named, tip, utc


def forecast(
    history: pd.DataFrame,
    parts: pd.DataFrame,
    lines: pd.DataFrame,
    *,
    last_year: pd.DataFrame | None = None,
) -> Drawn:
    """History, then the forecast's parts stacked, with each layer as a line."""
    layers = [_stacked(parts), *_before(history, last_year)]
    if len(lines):
        layers.append(_layers(lines))
    return cast(
        Drawn, alt.layer(*layers).resolve_scale(color="independent").properties(height=280)
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
                legend=alt.Legend(title=None, orient="top"),
            ),
            tooltip=[
                named("part", "Part"), tip("units", "Units"),
                alt.Tooltip("week:T", title="Week", format=theme.tip_day()),
            ],
        )
    ))  # fmt: skip


def _before(history: pd.DataFrame, last_year: pd.DataFrame | None) -> list[alt.Chart]:
    """Lines of what was: sales, demand where it was more, the same weeks last year."""
    colours = theme.layer_colours()
    layers: list[alt.Chart] = []
    if last_year is not None and len(last_year):
        layers.append(
            alt.Chart(last_year.assign(week=utc(last_year["week"])))
            .mark_line(color=colours["Last year"], strokeDash=[4, 3])
            .encode(x="week:T", y="units:Q", tooltip=[tip("units", "Sales last year, u")])
        )
    if not len(history):
        return layers
    base = alt.Chart(history.assign(week=utc(history["week"])))
    # Demand lies beneath sales: it is seen where it was more.
    if "actual" in history and (history["actual"] - history["units"]).abs().max() > 0.5:
        layers.append(
            base.mark_line(color=colours["Lift"], strokeWidth=1.2, strokeDash=[2, 2])
            .encode(x="week:T", y="actual:Q", tooltip=[tip("actual", "Actual, u")])
        )  # fmt: skip
    layers.append(
        base.mark_line(color=colours["History"], strokeWidth=1.5)
        .encode(x="week:T", y="units:Q", tooltip=[tip("units", "Sales, u")])
    )  # fmt: skip
    return layers


def _layers(lines: pd.DataFrame) -> alt.Chart:
    """One line a function, and the draft, which is the strongest."""
    colours, names = theme.layer_colours(), list(dict.fromkeys(lines["layer"]))
    return cast(alt.Chart, (
        alt.Chart(lines.assign(week=utc(lines["week"])))
        .mark_line()
        .encode(
            x="week:T",
            y="units:Q",
            detail="layer:N",
            color=alt.Color(
                "layer:N",
                scale=alt.Scale(domain=names, range=[colours[n] for n in names]),
                legend=alt.Legend(title=None, orient="top"),
            ),
            strokeWidth=alt.condition(
                alt.datum.layer == "Draft", alt.value(2.6), alt.value(1.2)
            ),
            tooltip=[named("layer", "Layer"), tip("units", "Units")],
        )
    ))  # fmt: skip


def expected_and_actual(rows: pd.DataFrame) -> Drawn:
    """Expected against actual lift, one point an activation; on the line they agree."""
    most = float(max(rows["expected_lift"].max(), rows["actual_lift"].max(), 1.5)) * 1.05
    scale = alt.Scale(domain=[0.5, most], nice=False, zero=False)
    line = (
        alt.Chart(pd.DataFrame({"x": [0.5, most], "y": [0.5, most]}))
        .mark_line(strokeDash=[4, 3], color=theme.layer_colours()["Last year"])
        .encode(x=alt.X("x:Q", scale=scale), y=alt.Y("y:Q", scale=scale))
    )
    points = (
        alt.Chart(rows.assign(starts=rows["first_week"].map(theme.week)))
        .mark_circle(opacity=0.75)
        .encode(
            x=alt.X("expected_lift:Q", scale=scale, title="expected lift, times baseline"),
            y=alt.Y("actual_lift:Q", scale=scale, title="actual lift, times baseline"),
            size=alt.Size("baseline:Q", legend=None, scale=alt.Scale(range=[30, 400])),
            color=alt.Color(
                "type:N",
                scale=alt.Scale(scheme="tableau10"),
                legend=alt.Legend(title=None, orient="top", columns=5),
            ),
            tooltip=[
                named("name", "Activation"), named("type", "Type"), named("starts", "Starts"),
                alt.Tooltip("expected_lift:Q", title="Expected lift", format=".2f"),
                alt.Tooltip("actual_lift:Q", title="Actual lift", format=".2f"),
                tip("actual", "Lift, u"),
            ],
        )
    )  # fmt: skip
    return alt.layer(line, points).properties(height=330)


def walk(rows: pd.DataFrame, before: float, after: float, name: str) -> Drawn:
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
        tooltip=[named("cause", "Cause"), tip("change", "Units")],
    )
    drawn = base.mark_bar().encode(
        x=alt.X("low:Q", title="units", scale=alt.Scale(domain=[floor, highest], nice=False)),
        x2="high:Q",
        color=alt.Color(
            "kind:N",
            legend=None,
            scale=alt.Scale(
                domain=["Total", "More", "Less"],
                range=[colours["Baseline"], status["green"], status["red"]],
            ),
        ),
    )
    labels = base.mark_text(align="left", dx=4, color=ink()).encode(x="high:Q", text="label:N")
    return alt.layer(drawn, labels).properties(height=26 * len(bars) + 30)


STEP_NAMES = {"naive": "Naive (last year)"}
"""Steps whose plain name says too little."""


def staircase(steps: list[Added]) -> Drawn:
    """WAPE of each step of the process."""
    rows = pd.DataFrame(
        {
            "step": [STEP_NAMES.get(s.name, s.name.capitalize()) for s in steps],
            "wape": [s.wape for s in steps],
        }
    )
    base = alt.Chart(rows).encode(
        x=alt.X("step:N", sort=None, title=None, axis=alt.Axis(labelAngle=0)),
        y=alt.Y("wape:Q", title="WAPE", axis=alt.Axis(format="%"), scale=alt.Scale(zero=True)),
        tooltip=[named("step", "Step"), alt.Tooltip("wape:Q", title="WAPE", format=".1%")],
    )
    bars = base.mark_bar(color=theme.layer_colours()["Planning"], size=46)
    labels = base.mark_text(dy=-8, color=ink()).encode(text=alt.Text("wape:Q", format=".1%"))
    return alt.layer(bars, labels).properties(height=210)


def versions(lines: pd.DataFrame, actual: pd.DataFrame) -> Drawn:
    """Every version by week, the latest strongest, and the actual demand."""
    drawn = lines.assign(week=utc(lines["week"]))
    names = sorted(drawn["cycle"].unique())
    each = (
        alt.Chart(drawn)
        .mark_line(strokeWidth=1.6)
        .encode(
            x=alt.X("week:T", title=None, axis=alt.Axis(format=theme.axis_day(), labelAngle=0)),
            y=alt.Y("consensus:Q", title="units per week"),
            color=alt.Color(
                "cycle:N",
                scale=alt.Scale(domain=names, scheme="tableau10"),
                legend=alt.Legend(title=None, orient="top"),
            ),
            tooltip=[named("cycle", "Cycle"), tip("consensus", "Units"), alt.Tooltip("week:T", title="Week", format=theme.tip_day())],
        )
    )  # fmt: skip
    happened = (
        alt.Chart(actual.assign(week=utc(actual["week"])))
        .mark_line(strokeWidth=2.8, color=ink())
        .encode(x="week:T", y="actual:Q", tooltip=[tip("actual", "Actual, u")])
    )
    return alt.layer(each, happened).properties(height=300)


def error_by_lag(rows: pd.DataFrame) -> Drawn:
    """Error of several forecasts by weeks ahead."""
    colours = theme.layer_colours()
    names = list(dict.fromkeys(rows["forecast"]))
    return cast(Drawn, (
        alt.Chart(rows)
        .mark_line(point=True)
        .encode(
            x=alt.X("lag:O", title="lag, weeks ahead", axis=alt.Axis(labelAngle=0)),
            y=alt.Y("wape:Q", title="WAPE", axis=alt.Axis(format="%"), scale=alt.Scale(zero=True)),
            color=alt.Color(
                "forecast:N",
                scale=alt.Scale(
                    domain=names,
                    range=[colours["Planning"], colours["Last year"], colours["History"]][: len(names)],
                ),
                legend=alt.Legend(title=None, orient="top"),
            ),
            strokeDash=alt.StrokeDash("forecast:N", legend=None, scale=alt.Scale(domain=names, range=[[1, 0], [4, 3], [2, 2]])),
            tooltip=[named("forecast", "Forecast"), named("lag", "Weeks ahead"), alt.Tooltip("wape:Q", title="WAPE", format=".1%")],
        )
        .properties(height=290)
    ))  # fmt: skip


def responses(rows: pd.DataFrame) -> Drawn:
    """Lift of each type of activation: a point a class, with its 80 % interval."""
    shown = rows.assign(
        lift=np.exp(rows["log"]),
        low=np.exp(rows["log"] - EIGHTY * rows["sd"]),
        high=np.exp(rows["log"] + EIGHTY * rows["sd"]),
    )
    base = alt.Chart(shown).encode(
        y=alt.Y("type:N", title=None),
        yOffset=alt.YOffset("class:N"),
        tooltip=[
            named("type", "Type"), named("class", "Class"), alt.Tooltip("lift:Q", title="Lift", format=".2f"),
            alt.Tooltip("low:Q", title="P10", format=".2f"), alt.Tooltip("high:Q", title="P90", format=".2f"),
        ],
    )  # fmt: skip
    colour = theme.layer_colours()["Lift"]
    ranges = base.mark_rule(color=colour, opacity=0.55).encode(
        x=alt.X(
            "low:Q",
            title="lift, times baseline",
            scale=alt.Scale(zero=False),
            axis=alt.Axis(tickCount=8),
        ),
        x2="high:Q",
    )
    points = base.mark_circle(color=colour, size=28, opacity=1).encode(x="lift:Q")
    kinds = shown["type"].nunique()
    return alt.layer(ranges, points).properties(height=max(60 * kinds, 160))


def seasons(rows: pd.DataFrame) -> Drawn:
    """Seasonal index by class over the coming weeks."""
    return cast(Drawn, (
        alt.Chart(rows.assign(week=utc(rows["week"])))
        .mark_line(strokeWidth=1.6)
        .encode(
            x=alt.X("week:T", title=None, axis=alt.Axis(format="%b", labelAngle=0)),
            y=alt.Y("index:Q", title="season, 1 = an ordinary week", scale=alt.Scale(zero=False)),
            color=alt.Color(
                "class:N",
                scale=alt.Scale(scheme="tableau20"),
                legend=alt.Legend(title=None, orient="top", columns=4),
            ),
            tooltip=[named("class", "Class"), alt.Tooltip("week:T", title="Week", format=theme.tip_day()), alt.Tooltip("index:Q", title="Season", format=".2f")],
        )
        .properties(height=330)
    ))  # fmt: skip
