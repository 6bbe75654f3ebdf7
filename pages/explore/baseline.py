"""Baseline: how the statistical number is made, and how good it was in past weeks."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from forecasting.calendar import as_date
from forecasting.demand.accuracy import of_sums
from forecasting.demand.lift import SHAPES
from forecasting.errors import ConcordError
from forecasting.plan.live import LivePlan
from forecasting.rights import Person
from forecasting.workspace import Workspace
from pages.components import (
    beginning,
    charts,
    conclusions,
    download,
    frame,
    picture,
    theme,
    written,
)
from pages.components.text import Markdown, ours, plain

MEASURES = {
    "wape": "Concord",
    "wape_of_naive": "Naive (last year)",
    "wape_of_mean13": "Mean of 13 weeks",
}


def _percent(value: float | None, *, sign: bool = False) -> Markdown:
    if value is None:
        return ours("–")
    return theme.percent(value, sign=sign)


def methods(facts: Mapping[str, Any]) -> None:
    st.header("How each class is forecast, and why", anchor=False)
    st.caption(
        "Each class uses the method that would have forecast its latest weeks best. SKUs that sell "
        "every week and SKUs that sell now and then are treated separately."
    )
    rows = [
        (m["class"], m["series"], m["said"])
        for block in facts.get("blocks", {}).values()
        for m in block.get("methods", [])
    ]
    if not rows:
        st.info(
            "The history is too short to test methods on its latest weeks: every class gets a level that moves "
            "slowly, and intervals typical of other companies. From about 30 weeks on, methods are chosen by test."
        )
        return
    table = pd.DataFrame(rows, columns=["Class", "SKU-doors", "How it is forecast"])
    written.dataframe(
        table.sort_values(["Class", "SKU-doors"], ascending=[True, False]), hide_index=True,
        column_config={
            "Class": st.column_config.TextColumn(width="small"),
            "SKU-doors": st.column_config.NumberColumn(width="small"),
            "How it is forecast": st.column_config.TextColumn(width=1000),
        },
        height=written.height(len(table), most=12),
    )  # fmt: skip


def responses(space: Workspace, facts: Mapping[str, Any]) -> None:
    st.header("What activations are worth", anchor=False)
    columns = facts.get("columns", [])
    kinds = [name for name in columns if name not in SHAPES][
        : max(len(columns) - len(SHAPES) - 3, 0)
    ]
    past: dict[str, int] = {}
    for act in space.calendar.activations:
        if act.is_live and act.start <= space.plan.base.as_of:
            past[act.type] = past.get(act.type, 0) + 1
    rows = []
    for block in facts.get("blocks", {}).values():
        for klass, found in block.get("responses", {}).items():
            values = dict(
                zip(columns, zip(found["log"], found["sd"], strict=True), strict=True)
            )
            for kind in kinds:
                log, sd = values[kind]
                rows.append((kind, klass, log, sd))
    if not rows:
        st.caption(
            "No activation in history: a planned one gets the lift that is typical of its type."
        )
        return
    found_ = pd.DataFrame(rows, columns=["type", "class", "log", "sd"])
    picture.of(
        charts.responses(found_), title=ours("Lift without the price cut, times baseline"),
        says=conclusions.responses(found_), name="responses", data=lambda: found_,
    )  # fmt: skip
    counted = ", ".join(f"{plain(k)} {past.get(k, 0):d}" for k in kinds)
    st.caption(
        f"Lift without the price cut, times baseline; the line is the 80% interval. Past activations: {counted}. "
        "A type with little history stays near the lift that is typical of it."
    )


def seasons(plan: LivePlan) -> None:
    st.header("Season of each class", anchor=False)
    frame_ = pd.DataFrame(plan.base.shape, columns=[as_date(w) for w in plan.base.weeks])
    frame_["class"] = plan.base.skus["class"].fillna("(none)").to_numpy()
    index = (
        frame_.groupby("class")
        .median()
        .reset_index()
        .melt("class", var_name="week", value_name="index")
    )
    classes = sorted(index["class"].unique())
    shown = classes[:12]
    drawn = index[index["class"].isin(shown)]
    picture.of(
        charts.seasons(drawn, classes=classes), title=ours("Season, times an ordinary week"),
        says=conclusions.seasons(drawn), name="seasons", data=lambda: index,
    )  # fmt: skip
    more = f" The first 12 of {len(classes)} classes." if len(classes) > 12 else ""
    st.caption(f"1.0 is an ordinary week. Flat where history shows no season.{more}")


@st.fragment(run_every=1)
def running(space: Workspace) -> None:
    if not frame.follow(space.hindsight.backtesting, "running a backtest"):
        return
    if frame.me().may("backtest") and st.button("Stop it"):
        space.hindsight.stop_backtest(frame.me().id)


SHARES = ("WAPE", "WAPE, naive forecast", "Bias", "In the 80% interval")
"""Columns of the breakdown."""


def ask(space: Workspace, person: Person) -> None:
    """The form that starts a backtest."""
    if not person.may("backtest"):
        st.caption("Planning or Admin runs backtests.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        origins = st.number_input(
            "Past weeks to start from", 1, 12, 6, key="origins", width=190
        )
        step = st.number_input("Weeks between them", 1, 13, 4, key="step", width=170)
        lags = st.number_input("Weeks ahead", 1, 26, 8, key="lags", width=130)
        start = st.button(
            "Run a backtest", disabled=space.hindsight.backtesting.progress is not None
        )
    if start:
        try:
            space.hindsight.start_backtest(
                person.id, origins=int(origins), step=int(step), horizon=int(lags)
            )
        except ConcordError as error:
            frame.refused(error)
        else:
            st.session_state["backtest running"] = True
            st.rerun()


def backtest(space: Workspace, person: Person) -> None:
    st.header("How accurate it was", anchor=False)
    result = space.hindsight.last_backtest()
    ask(space, person)
    running(space)
    if result is None:
        st.info(
            "No backtest yet. It makes the forecasts that would have been made in past weeks and compares "
            "them with the actual demand: the honest answer to *can I trust this number?*"
        )
        return
    asked = result.asked
    st.caption(
        f"By {plain(result.person)}, {theme.moment(result.made_at)}: from {plain(asked['origins'])} past weeks, "
        f"{plain(asked['step'])} weeks apart, {plain(asked['lags'])} weeks ahead; {theme.number(result.rows)} SKU-door-weeks. The promotion "
        "calendar was known, sales after each week were not."
    )
    tiles(result.sums)
    left, right = st.columns(2, gap="medium")
    with left:
        by_weeks_ahead(result.sums)
    with right:
        broken_down(result.sums)


def tiles(sums: pd.DataFrame) -> None:
    everything, promoted = of_sums(sums), of_sums(sums[sums["promoted"]])
    five = st.columns(5)
    five[0].metric("WAPE", _percent(everything["wape"]), help=frame.term("WAPE"), border=True)
    five[1].metric(
        "WAPE, promoted", _percent(promoted["wape"]), help=frame.term("WAPE"), border=True
    )
    five[2].metric(
        "WAPE, naive forecast",
        _percent(everything["wape_of_naive"]),
        help=frame.term("Naive forecast"),
        border=True,
    )
    five[3].metric(
        "Bias", _percent(everything["bias"], sign=True), help=frame.term("Bias"), border=True
    )
    five[4].metric(
        "In the 80% interval",
        _percent(everything["within_p10_p90"]),
        help=frame.term("80% interval"),
        border=True,
    )


def by_weeks_ahead(sums: pd.DataFrame) -> None:
    by_lag = pd.DataFrame(
        [
            {"lag": int(str(lag)), "forecast": label, "wape": of_sums(rows)[name]}
            for lag, rows in sums.groupby("lag")
            for name, label in MEASURES.items()
        ]
    )
    picture.of(
        charts.error_by_lag(by_lag), title=ours("Error by weeks ahead (WAPE, lower is better)"),
        says=conclusions.error_by_lag(by_lag), name="error-by-lag", data=lambda: by_lag,
    )  # fmt: skip


def broken_down(sums: pd.DataFrame) -> None:
    """Error by class, door, or promoted or not."""
    by = frame.select(
        "Broken down by",
        ["class", "door", "promoted"],
        key="by",
        in_words=str.capitalize,
        width=200,
    )
    columns = (by.capitalize(), "SKU-door-weeks", *SHARES)
    rows = []
    for name, part in sums.groupby(by):
        found = of_sums(part)
        label = {True: "Promoted", False: "Not promoted"}.get(name, name)
        shares = [found[key] for key in ("wape", "wape_of_naive", "bias", "within_p10_p90")]
        rows.append((label, found["cells"], *shares))
    table = pd.DataFrame(rows, columns=columns)
    table[list(SHARES)] = 100 * table[list(SHARES)].astype(float)
    percent = st.column_config.NumberColumn(format="%.1f%%")
    written.dataframe(
        table.sort_values("SKU-door-weeks", ascending=False), hide_index=True, placeholder="–",
        column_config={c: percent for c in SHARES}
        | {"SKU-door-weeks": st.column_config.NumberColumn(format="localized")},
    )  # fmt: skip
    download.spreadsheet("Download (CSV)", lambda: sums, "backtest.csv")


def page() -> None:
    if not beginning.reached(
        "Baseline", "how each class is forecast, and how accurate that was"
    ):
        return
    space, person = frame.workspace(), frame.me()
    frame.watch_rows(None)
    facts = space.runs.facts()
    result = space.hindsight.last_backtest()
    finding = "It has not been tested on past weeks yet."
    if result is not None:
        found = of_sums(result.sums)
        if found["wape"] is not None and found["wape_of_naive"]:
            better = 1 - found["wape"] / found["wape_of_naive"]
            finding = f"In the last backtest its error was **{theme.percent(better, digits=0)} smaller than that of the naive forecast** (last year)."
    base = space.plan.base
    frame.title(
        "Baseline",
        f"Run #{base.run:d}, as of {theme.week(base.as_of)}: {theme.number(facts.get('series', 0))} SKU-doors from "
        f"{plain(facts.get('weeks', 0))} weeks. {finding}",
    )
    backtest(space, person)
    methods(facts)
    left, right = st.columns(2, gap="medium")
    with left:
        responses(space, facts)
    with right:
        seasons(space.plan)


page()
