"""Every picture. Only this module knows altair."""

from collections.abc import Sequence
from typing import Any, cast

import altair as alt
import numpy as np
import pandas as pd
from altair.utils import schemapi

from forecasting.calendar import quarter_label, week_label
from forecasting.consensus.value_added import Added
from forecasting.plan.lift_library import EIGHTY
from forecasting.plan.views import Verdict
from pages.components import theme

_DAY = pd.Timedelta(1, "D")

# A chart is checked as a whole when it is sent; checking each of its parts when it is made
# as well doubles what it costs.
schemapi.disable_debug_mode()


Drawn = alt.Chart | alt.LayerChart | alt.FacetChart


def _told_apart(names: list[str]) -> list[str]:
    """Names, numbered where the same one comes again: a row of a chart is one name."""
    seen: dict[str, int] = {}
    found = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return found


def _week_axis(weeks: list[pd.Timestamp]) -> alt.Axis:
    labels = {int(w.timestamp() * 1000): week_label(w.date()) for w in weeks}
    cases = " : ".join(f"+datum.value == {ms} ? '{text}'" for ms, text in labels.items())
    return alt.Axis(
        values=[{"year": w.year, "month": w.month, "date": w.day} for w in weeks],
        labelExpr=f"{cases} : ''",
        labelAngle=0,
        title=None,
        grid=True,
        labelOverlap="greedy",
        labelSeparation=10,
    )


def _utc(values: pd.Series | Sequence[pd.Timestamp]) -> pd.Series:
    return pd.Series(pd.to_datetime(values))


def calendar(judged: list[Verdict], first: pd.Timestamp, n_weeks: int) -> Drawn:
    """Activations as bars over weeks, coloured by status, in the order given."""
    rows = pd.DataFrame(
        {
            "activation": [v.activation.activation for v in judged],
            "row": _told_apart([f"{v.status.sign} {v.activation.name}" for v in judged]),
            "from": [max(pd.Timestamp(v.activation.start), first) for v in judged],
            "to": [pd.Timestamp(v.activation.end) + _DAY for v in judged],
            "status": [v.status.label for v in judged],
            "At risk": [theme.money(v.margin_at_risk) + " margin" for v in judged],
            "Units short": [theme.units(v.units_short) for v in judged],
            "Runs out": [
                f"{theme.week(v.first_short)} at {v.red_cells} of {v.n_cells} SKU-doors"
                if v.first_short is not None
                else "–"
                for v in judged
            ],
            "tag": [
                f"{theme.money(v.margin_at_risk)}" if v.units_short >= 1 else "" for v in judged
            ],
        }
    )
    weeks = [first + pd.Timedelta(7 * i, "D") for i in range(n_weeks)]
    end = weeks[-1] + 7 * _DAY
    rows["to"] = rows["to"].where(rows["to"] <= end, end)
    pick = alt.selection_point(name="pick", fields=["activation"], on="click", toggle=False)
    x = alt.X(
        "from:T",
        scale=alt.Scale(domain=[first.isoformat(), end.isoformat()]),
        axis=_week_axis(weeks),
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
            x2="to:T",
            y=y,
            color=alt.Color(
                "status:N",
                scale=theme.status_scale(),
                legend=alt.Legend(title=None, orient="top", direction="horizontal"),
            ),
            opacity=alt.condition(pick, alt.value(1.0), alt.value(0.55), empty=True),
            tooltip=["row", "status", "At risk", "Units short", "Runs out"],
        )
        .add_params(pick)
    )
    tags = (
        alt.Chart(rows)
        .mark_text(align="left", dx=6, fontSize=11)
        .encode(x=alt.X("to:T"), y=y, text="tag:N", color=alt.value(_ink()))
    )
    return cast(
        Drawn,
        (bars + tags).properties(height=max(27 * len(rows), 60)).configure_view(stroke=None),
    )


def projection(
    fan: pd.DataFrame, *, window: tuple[pd.Timestamp, pd.Timestamp], first_short: Any
) -> Drawn:
    """Projected on-hand before and after lift, its range, receipts and the threshold."""
    colours = theme.layer_colours()
    frame = fan.assign(week=_utc(fan["week"]))
    weeks = list(frame["week"])
    x = alt.X("week:T", axis=_week_axis(weeks))
    base = alt.Chart(frame)
    shade = (
        alt.Chart(pd.DataFrame({"a": [window[0]], "b": [window[1] + 7 * _DAY]}))
        .mark_rect(opacity=0.10, color=colours["Lift"])
        .encode(x="a:T", x2="b:T")
    )
    band = base.mark_area(opacity=0.18, color=colours["Planning"]).encode(
        x=x, y=alt.Y("low:Q", title="units on hand at week end"), y2="high:Q"
    )
    bars = base.mark_bar(size=10, color=colours["Receipts"]).encode(
        x=x, y="receipts:Q", tooltip=[_tip("receipts", "Receipts, u")]
    )
    lines = frame.melt(
        "week", ["before_lift", "after_lift", "needed"], var_name="line", value_name="units"
    )
    names = {
        "before_lift": "On hand without lift",
        "after_lift": "On hand with lift",
        "needed": "Lift so far (threshold)",
    }
    lines["line"] = lines["line"].map(names)
    drawn = (
        alt.Chart(lines)
        .mark_line(strokeWidth=2)
        .encode(
            x=x,
            y="units:Q",
            color=alt.Color(
                "line:N",
                scale=alt.Scale(
                    domain=list(names.values()),
                    range=[colours["Statistical"], colours["Planning"], colours["Lift"]],
                ),
                legend=alt.Legend(
                    title=None, orient="top", symbolType="stroke", labelLimit=220
                ),
            ),
            strokeDash=alt.StrokeDash(
                "line:N",
                scale=alt.Scale(domain=list(names.values()), range=[[5, 3], [1, 0], [2, 2]]),
                legend=None,
            ),
            tooltip=["line", _tip("units", "Units")],
        )
    )
    layers = [shade, band, bars, drawn]
    if first_short is not None and not pd.isna(first_short):
        mark = pd.DataFrame({"week": [pd.Timestamp(first_short)]})
        red = theme.status_colours()["red"]
        layers.append(
            alt.Chart(mark)
            .mark_rule(color=red, strokeWidth=2, strokeDash=[4, 3])
            .encode(x="week:T")
        )
        layers.append(
            alt.Chart(mark)
            .mark_text(color=red, align="left", dx=5, dy=6, baseline="top", text="runs out")
            .encode(x="week:T", y=alt.value(0))
        )
    return alt.layer(*layers).properties(height=270)


def forecast(
    history: pd.DataFrame,
    parts: pd.DataFrame,
    lines: pd.DataFrame,
    *,
    last_year: pd.DataFrame | None = None,
) -> Drawn:
    """History, then the forecast's parts stacked, with each layer as a line."""
    colours = theme.layer_colours()
    layers = []
    stacked = parts.assign(
        week=_utc(parts["week"]),
        kind=parts["part"].str.split(":").str[0],
    )
    kinds = [
        k for k in ("Baseline", "Lift", "Spillover", "People") if (stacked["kind"] == k).any()
    ]
    layers.append(
        alt.Chart(stacked)
        .mark_bar(opacity=0.5, size=9)
        .encode(
            x=alt.X("week:T", title=None, axis=alt.Axis(format="%b %d", labelAngle=0)),
            y=alt.Y("units:Q", title="units per week"),
            color=alt.Color(
                "kind:N",
                scale=alt.Scale(
                    domain=kinds,
                    range=[colours[k] for k in kinds],
                ),
                legend=alt.Legend(title=None, orient="top"),
            ),
            tooltip=["part", _tip("units", "Units"), alt.Tooltip("week:T", format="%b %d, %Y")],
        )
    )
    if last_year is not None and len(last_year):
        layers.append(
            alt.Chart(last_year.assign(week=_utc(last_year["week"])))
            .mark_line(color=colours["Last year"], strokeDash=[4, 3])
            .encode(x="week:T", y="units:Q")
        )
    if len(history):
        layers.append(
            alt.Chart(history.assign(week=_utc(history["week"])))
            .mark_line(color=colours["History"], strokeWidth=1.5)
            .encode(x="week:T", y="units:Q", tooltip=[_tip("units", "Sales, u")])
        )
        if "actual" in history and (history["actual"] - history["units"]).abs().max() > 0.5:
            layers.append(
                alt.Chart(history.assign(week=_utc(history["week"])))
                .mark_line(color=colours["Lift"], strokeWidth=1.2, strokeDash=[2, 2])
                .encode(x="week:T", y="actual:Q", tooltip=[_tip("actual", "Actual, u")])
            )
    if len(lines):
        names = list(dict.fromkeys(lines["layer"]))
        layers.append(
            alt.Chart(lines.assign(week=_utc(lines["week"])))
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
                tooltip=["layer", _tip("units", "Units")],
            )
        )
    return cast(
        Drawn, alt.layer(*layers).resolve_scale(color="independent").properties(height=280)
    )


def gantt(rows: pd.DataFrame) -> Drawn:
    """The activation calendar: one bar each, coloured by status."""
    rows = rows.assign(name=_told_apart(rows["name"].tolist()))
    return cast(
        Drawn,
        (
            alt.Chart(rows)
            .mark_bar(cornerRadius=3, height=13)
            .encode(
                x=alt.X("from:T", title=None, axis=alt.Axis(format="%b %d", labelAngle=0)),
                x2="to:T",
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
                tooltip=["name", "type", "status", "dates"],
            )
            .properties(height=max(24 * len(rows) + 20, 80))
        ),
    )


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
                "name", "type", "starts",
                alt.Tooltip("expected_lift:Q", title="Expected lift", format=".2f"),
                alt.Tooltip("actual_lift:Q", title="Actual lift", format=".2f"),
                _tip("actual", "Lift, u"),
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
            "cause": [f"Published in {name}", *rows["cause"], "Draft now"],
            "low": [0.0, *np.minimum(ends - rows["change"], ends), 0.0],
            "high": [before, *np.maximum(ends - rows["change"], ends), after],
            "change": [before, *rows["change"], after],
            "kind": ["Total", *np.where(rows["change"] >= 0, "More", "Less"), "Total"],
            "said": [
                f"{before:,.0f}",
                *(f"{c:+,.0f}" for c in rows["change"]),
                f"{after:,.0f}",
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
        tooltip=["cause", _tip("change", "Units")],
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
    said = base.mark_text(align="left", dx=4, color=_ink()).encode(x="high:Q", text="said:N")
    return alt.layer(drawn, said).properties(height=26 * len(bars) + 30)


def staircase(steps: list[Added]) -> Drawn:
    """WAPE of each step of the process."""
    rows = pd.DataFrame(
        {"step": [s.name.capitalize() for s in steps], "wape": [s.wape for s in steps]}
    )
    base = alt.Chart(rows).encode(
        x=alt.X("step:N", sort=None, title=None, axis=alt.Axis(labelAngle=0)),
        y=alt.Y("wape:Q", title="WAPE", axis=alt.Axis(format="%"), scale=alt.Scale(zero=True)),
        tooltip=["step", alt.Tooltip("wape:Q", title="WAPE", format=".1%")],
    )
    bars = base.mark_bar(color=theme.layer_colours()["Planning"], size=46)
    said = base.mark_text(dy=-8, color=_ink()).encode(text=alt.Text("wape:Q", format=".1%"))
    return alt.layer(bars, said).properties(height=210)


def versions(lines: pd.DataFrame, actual: pd.DataFrame) -> Drawn:
    """Every version by week, the latest strongest, and the actual demand."""
    drawn = lines.assign(week=_utc(lines["week"]))
    names = sorted(drawn["cycle"].unique())
    each = (
        alt.Chart(drawn)
        .mark_line(strokeWidth=1.6)
        .encode(
            x=alt.X("week:T", title=None, axis=alt.Axis(format="%b %d", labelAngle=0)),
            y=alt.Y("consensus:Q", title="units per week"),
            color=alt.Color(
                "cycle:N",
                scale=alt.Scale(domain=names, scheme="tableau10"),
                legend=alt.Legend(title=None, orient="top"),
            ),
            tooltip=["cycle", _tip("consensus", "Units"), alt.Tooltip("week:T", format="%b %d, %Y")],
        )
    )  # fmt: skip
    happened = (
        alt.Chart(actual.assign(week=_utc(actual["week"])))
        .mark_line(strokeWidth=2.8, color=_ink())
        .encode(x="week:T", y="actual:Q", tooltip=[_tip("actual", "Actual, u")])
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
            tooltip=["forecast", "lag", alt.Tooltip("wape:Q", title="WAPE", format=".1%")],
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
            "type", "class", alt.Tooltip("lift:Q", title="Lift", format=".2f"),
            alt.Tooltip("low:Q", title="P10", format=".2f"), alt.Tooltip("high:Q", title="P90", format=".2f"),
        ],
    )  # fmt: skip
    colour = theme.layer_colours()["Lift"]
    ranges = base.mark_rule(color=colour, opacity=0.55).encode(
        x=alt.X("low:Q", title="lift, times baseline", scale=alt.Scale(zero=False)), x2="high:Q"
    )
    points = base.mark_circle(color=colour, size=28, opacity=1).encode(x="lift:Q")
    kinds = shown["type"].nunique()
    return alt.layer(ranges, points).properties(height=max(60 * kinds, 160))


def seasons(rows: pd.DataFrame) -> Drawn:
    """Seasonal index by class over the coming weeks."""
    return cast(Drawn, (
        alt.Chart(rows.assign(week=_utc(rows["week"])))
        .mark_line(strokeWidth=1.6)
        .encode(
            x=alt.X("week:T", title=None, axis=alt.Axis(format="%b", labelAngle=0)),
            y=alt.Y("index:Q", title="season, 1 = an ordinary week", scale=alt.Scale(zero=False)),
            color=alt.Color(
                "class:N",
                scale=alt.Scale(scheme="tableau20"),
                legend=alt.Legend(title=None, orient="top", columns=4),
            ),
            tooltip=["class", alt.Tooltip("week:T", format="%b %d, %Y"), alt.Tooltip("index:Q", format=".2f")],
        )
        .properties(height=330)
    ))  # fmt: skip


def _tip(field: str, title: str) -> alt.Tooltip:
    return alt.Tooltip(f"{field}:Q", title=title, format=",.1f")


def orders(by_week: pd.DataFrame) -> Drawn:
    """Units to release week by week: what goes out now set apart from what is planned."""
    colours = theme.layer_colours()
    frame = by_week.assign(
        week=_utc(by_week["release_week"]),
        what=by_week["kind"].map({"release": "Release now", "planned": "Planned"}),
    )
    weeks = sorted(frame["week"].unique())
    return cast(
        Drawn,
        (
            alt.Chart(frame)
            .mark_bar(size=12)
            .encode(
                x=alt.X("week:T", axis=_week_axis([pd.Timestamp(w) for w in weeks[::3]])),
                y=alt.Y("units:Q", title="units to release"),
                color=alt.Color(
                    "what:N",
                    title=None,
                    scale=alt.Scale(
                        domain=["Release now", "Planned"],
                        range=[colours["Lift"], colours["Receipts"]],
                    ),
                    legend=alt.Legend(orient="top"),
                ),
                tooltip=["what", alt.Tooltip("units:Q", format=",.0f")],
            )
            .properties(height=250)
            .configure_view(stroke=None)
        ),
    )


def calibration(tenths: pd.DataFrame) -> Drawn:
    """Share that ran out against the predicted stockout risk, tenth by tenth."""
    colours = theme.layer_colours()
    frame = tenths[tenths["cells"] > 0].assign(
        predicted=lambda f: 100 * f["said"], happened=lambda f: 100 * f["happened"]
    )
    line = (
        alt.Chart(pd.DataFrame({"a": [0, 100]}))
        .mark_line(strokeDash=[4, 4], color=colours["History"])
        .encode(x="a:Q", y="a:Q")
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
                legend=alt.Legend(orient="top", values=[50, 500, 2000]),
            ),
            tooltip=[
                alt.Tooltip("predicted:Q", format=".0f", title="stockout risk, %"),
                alt.Tooltip("happened:Q", format=".0f", title="ran out, %"),
                alt.Tooltip("cells:Q", format=",", title="SKU-doors"),
            ],
        )
    )
    return cast(Drawn, (line + points).properties(height=310).configure_view(stroke=None))


def trend(values: list[tuple[str, float | None]], *, target: float | None, kind: str) -> Drawn:
    """A measure quarter by quarter, small, with its target as a line."""
    shown = ".1%" if kind in ("share", "points") else ".2~f"
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
        axis=alt.Axis(format=".0%" if kind in ("share", "points") else "~s", tickCount=3, grid=False),
    )  # fmt: skip
    base = alt.Chart(rows).encode(
        x=x, y=y, tooltip=["quarter", alt.Tooltip("value:Q", format=shown)]
    )
    layers = [
        base.mark_line(color=colours["Planning"], strokeWidth=2),
        base.mark_point(color=colours["Planning"], filled=True, size=28),
    ]
    if target is not None:
        layers.append(
            alt.Chart(pd.DataFrame({"value": [target], "what": ["Target"]}))
            .mark_rule(color=colours["Lift"], strokeDash=[4, 3], strokeWidth=1.5)
            .encode(y="value:Q", tooltip=["what", alt.Tooltip("value:Q", format=shown)])
        )
    return cast(Drawn, alt.layer(*layers).properties(height=92).configure_view(stroke=None))


def by_member(rows: pd.DataFrame, *, kind: str) -> Drawn:
    """A measure by member, now against before: one bar each and a tick where it was.

    Parameters
    ----------
    rows : DataFrame, one row per member
        member, value, before (NaN unknown), target (NaN none).
    """
    colours = theme.layer_colours()
    percent = kind in ("share", "points")
    shown = ".1%" if percent else ",.2~f"
    axis = alt.Axis(format=".0%" if percent else "~s")
    order = rows["member"].tolist()
    y = alt.Y(
        "member:N", sort=order, title=None, axis=alt.Axis(labelLimit=260, labelOverlap=False)
    )
    base = alt.Chart(rows)
    bars = base.mark_bar(color=colours["Planning"], height=13).encode(
        x=alt.X("value:Q", title=None, axis=axis), y=y,
        tooltip=["member", alt.Tooltip("value:Q", title="Now", format=shown),
                 alt.Tooltip("before:Q", title="Before", format=shown)],
    )  # fmt: skip
    said = base.mark_text(align="left", dx=4, color=_ink()).encode(
        x="value:Q", y=y, text=alt.Text("value:Q", format=shown)
    )
    before = base.mark_tick(color=colours["Lift"], thickness=3, height=17).encode(
        x="before:Q", y=y, tooltip=[alt.Tooltip("before:Q", title="Before", format=shown)]
    )
    layers = [bars, before, said]
    if rows["target"].notna().any():
        layers.append(
            alt.Chart(rows.head(1))
            .mark_rule(color=theme.status_colours()["green"], strokeDash=[4, 3])
            .encode(x="target:Q", tooltip=[alt.Tooltip("target:Q", format=shown)])
        )
    return cast(
        Drawn,
        alt.layer(*layers).properties(height=24 * len(rows) + 30).configure_view(stroke=None),
    )


def quarters(rows: pd.DataFrame, *, kind: str) -> Drawn:
    """A measure quarter by quarter, one line a member."""
    percent = kind in ("share", "points")
    shown = ".1%" if percent else ",.2~f"
    drawn = rows.assign(quarter=rows["quarter"].map(quarter_label))
    lines = (
        alt.Chart(drawn)
        .mark_line(point=True, strokeWidth=2)
        .encode(
            x=alt.X("quarter:N", sort=None, title=None, axis=alt.Axis(labelAngle=0)),
            y=alt.Y("value:Q", title=None, axis=alt.Axis(format=".0%" if percent else "~s")),
            color=alt.Color("member:N", scale=alt.Scale(scheme="tableau10"),
                            legend=alt.Legend(title=None, orient="top", columns=5)),
            tooltip=["member", "quarter", alt.Tooltip("value:Q", format=shown)],
        )
    )  # fmt: skip
    return cast(Drawn, lines.properties(height=260).configure_view(stroke=None))


def side_panel(
    title: str, shown: str, rows: pd.DataFrame, marks: pd.DataFrame, *,
    span: tuple[pd.Timestamp, pd.Timestamp], colour: str, is_last: bool,
) -> Drawn:  # fmt: skip
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
        format="%b %y", tickCount="month", labels=is_last, ticks=is_last, labelAngle=0
    )
    # The same room for labels in every panel, so that weeks lie below each other.
    y_axis = alt.Axis(format=shown, tickCount=3, minExtent=46, maxExtent=46)
    line = (
        alt.Chart(rows.assign(week=_utc(rows["week"])))
        .mark_line(strokeWidth=1.8, color=theme.layer_colours()[colour])
        .encode(
            x=alt.X("week:T", title=None, scale=scale, axis=x_axis),
            y=alt.Y("value:Q", title=None, scale=alt.Scale(zero=False), axis=y_axis),
            tooltip=[
                alt.Tooltip("week:T", format="%b %d, %Y"),
                alt.Tooltip("value:Q", title=title, format=shown),
            ],
        )
    )
    layers = [line]
    if len(marks):
        shade = (
            alt.Chart(marks)
            .mark_rect(opacity=0.16, color=theme.layer_colours()["Lift"])
            .encode(x=alt.X("from:T", scale=scale), x2="to:T", tooltip=["name", "type"])
        )
        layers.insert(0, shade)
    named = alt.TitleParams(title, anchor="start", fontSize=12, fontWeight="normal", dy=4)
    height = 138 if is_last else 112
    return cast(
        Drawn,
        alt.layer(*layers).properties(height=height, title=named).configure_view(stroke=None),
    )


def _ink() -> str:
    return "#e8edf2" if theme.mode() == "dark" else "#26323d"
