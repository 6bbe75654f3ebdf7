"""Value added: what each step of the process, and each function, made better."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from forecasting.consensus import value_added
from forecasting.consensus.value_added import Added
from forecasting.monthly import agenda
from forecasting.plan.live import LivePlan
from forecasting.vocabulary import INPUTS, Function
from forecasting.workspace import Workspace
from pages.components import (
    beginning,
    charts,
    conclusions,
    download,
    frame,
    picture,
    scores,
    theme,
    written,
)
from pages.components.text import Markdown, ours, plain

LAGS = {
    1: "1 week or more ahead",
    4: "4 weeks or more (orders can be moved)",
    8: "8 weeks or more (calendar can be moved)",
}
BY = {
    "reason": "Reason given",
    "person": "Person",
    "type": "Type of activation",
    "class": "Class",
    "department": "Department",
}

ALL = "All departments"


@st.cache_data(show_spinner="Reading every version ...", max_entries=4)
def every_version(of: str, versions: int, run: int) -> pd.DataFrame:
    """Consensus of every version by department, class and week."""
    del of, run
    space = frame.workspace()
    facts = space.plan.base.skus.set_index("sku")[["department", "class"]]
    parts: list[pd.DataFrame] = []
    for version in space.cycles.published()[:versions]:
        rows = space.cycles.layers(version)[["sku", "week", "consensus"]]
        rows = rows.join(facts, on="sku")
        sums = rows.groupby(["department", "class", "week"], as_index=False)["consensus"].sum()
        parts.append(sums.assign(cycle=version.cycle, version=version.version))
    return pd.concat(parts, ignore_index=True)


def finding(cells: pd.DataFrame, steps: Sequence[Added]) -> Markdown:
    named = {a.name: a for a in steps}
    people = named["proposed"].added + named["consensus"].added
    verb = "better" if people > 0 else "worse"
    return ours(
        f"**The statistical forecast is {theme.points(named['statistical'].added, sign=False)} points better than the naive forecast (last year); "
        f"people made it {theme.points(abs(people), sign=False)} points {verb}.** "
        f"{theme.plural(cells['cycle'].nunique(), 'cycle')}, {theme.number(len(cells))} SKU weeks."
    )


def versions_and_actuals(space: Workspace, department: str, cells: pd.DataFrame) -> None:
    """How the forecast for the same weeks changed from cycle to cycle, and the actual demand."""
    rows = every_version(frame.sees(), len(space.cycles.published()), space.plan.base.run)
    if department != ALL:
        rows = rows[rows["department"] == department]
    lines = rows.groupby(["cycle", "week"], as_index=False)[["consensus"]].sum()
    actual = cells.groupby("week", as_index=False)[["actual"]].sum()
    last = pd.Timestamp(space.plan.base.as_of) + pd.Timedelta(13 * 7, "D")
    near = lines[lines["week"] <= last]
    picture.of(
        charts.versions(near, actual), name="versions", data=lambda: lines,
        title=ours("Every published version and the actual demand, units per week"),
        says=conclusions.versions(near, actual),
    )  # fmt: skip
    with st.expander("The same as a table"):
        wide = lines.pivot_table(index="week", columns="cycle", values="consensus")
        wide = wide[wide.index <= last].join(
            actual.set_index("week").rename(columns={"actual": "Actual"})
        )
        wide.index = [theme.week(w) for w in wide.index]
        written.dataframe(
            wide.rename_axis("Week"), placeholder="–", alt="Every version by target week",
            column_config={c: st.column_config.NumberColumn(f"{c}, u", format="localized", step=1) for c in wide.columns},
        )  # fmt: skip


def weights(plan: LivePlan) -> None:
    """What each function's number counts for in the proposal, and on what evidence."""
    rows = [
        {
            "Department": department,
            "Function": Function(r.function).label,
            "Weight": 100 * of.weight[r.function],
            "Bias correction": of.correction[r.function],
            "Typical error, u": float(np.sqrt(r.mse)),
            "Bias": 100 * r.bias,
            "Cycles": r.cycles,
            "Class weeks": r.cells,
        }
        for department, of in plan.weights.items()
        for r in of.records
    ]
    with st.expander("Weight of each function in the proposed number"):
        written.dataframe(
            pd.DataFrame(rows), hide_index=True, alt="Weights of the proposal and their evidence",
            column_config={
                "Weight": st.column_config.NumberColumn(format="%.0f%%"),
                "Bias correction": st.column_config.NumberColumn(format="%.2fx", help="What its number is multiplied by, to take out the bias it has shown."),
                "Typical error, u": st.column_config.NumberColumn(format="%,.0f", help="Root of the mean squared error of a class and week, units."),
                "Bias": st.column_config.NumberColumn(format="%+.1f%%", help=frame.term("Bias")),
                "Class weeks": st.column_config.NumberColumn(help="Classes times weeks that it was scored on."),
            },
        )  # fmt: skip
        st.caption(
            "Half of the weight is equal, half depends on how accurate each function's published input "
            "was. Below four scored cycles all weights are equal and no bias is corrected."
        )


def of_functions(cells: pd.DataFrame, lag: int, department: str) -> None:
    """What each function's changes added, and what is behind it."""
    st.markdown("**Each function, where it changed the statistical forecast**")
    scores.table(value_added.of_functions(cells), "Function", alt="Value added by function")
    choice = st.columns(2)
    with choice[0]:
        function = frame.select(
            "Function", list(map(str, INPUTS)), key="function",
            in_words=lambda f: Function(f).label,
        )  # fmt: skip
    with choice[1]:
        by = frame.select("Split by", list(BY), key="by", in_words=BY.__getitem__)
    rows = split_rows(by, function, lag, cells)
    if department != ALL:
        rows = rows[rows["department"] == department]
    found = value_added.by(rows, by, function=function) if len(rows) else []
    sees_all = frame.me().may("value added by person")
    if found:
        space = frame.workspace()
        named = dict(space.reasons.labels()) | {p.id: p.name for p in space.people}
        scores.table(
            found, BY[by], in_words=lambda n: named.get(n, n), alt=f"Value added of {function} by {by}",
        )  # fmt: skip
    elif by == "person" and not sees_all:
        st.caption(f"You made no change for {plain(Function(function).label)} in these weeks.")
    else:
        st.caption(f"{plain(Function(function).label)} changed nothing in these weeks.")
    if by == "person":
        st.caption(
            "As the facilitator you see everybody; others see only themselves."
            if sees_all
            else "You see your own; only the facilitator sees everybody's."
        )
    st.caption(
        "Value added is the WAPE of the step before (for functions, of the statistical forecast) "
        "less its own. Below about twenty SKU weeks it is chance."
    )


def split_rows(by: str, function: str, lag: int, cells: pd.DataFrame) -> pd.DataFrame:
    """Scored cells with what they are split by."""
    match by:
        case "reason":
            return scores.with_reasons(function, lag)
        case "person":
            return scores.with_people(function, lag)
        case "type":
            return scores.with_types(cells)
        case _:
            return cells


def page() -> None:
    if not beginning.reached(
        "Value added", "which step and whose changes made the forecast better"
    ):
        return
    space = frame.workspace()
    frame.watch_rows([])
    head = st.container()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        department = frame.select(
            "Department", [ALL, *space.plan.products.names("department")],
            key="department", width=200,
        )  # fmt: skip
        lag = frame.select(
            "Published", list(LAGS), key="lag", default=agenda.LEAST_LAG,
            in_words=LAGS.__getitem__, width=330,
        )  # fmt: skip
    cells = of_department(scores.cells(lag), department)
    if cells.empty:
        with head:
            frame.title("Value added", "**Nothing can be scored yet.**")
        st.info(
            "A published cycle is scored once the weeks that it forecast have closed. Publish one "
            "on the Meeting page; the first figures appear here some weeks later."
        )
        return
    steps = value_added.staircase(cells)
    with head:
        frame.title("Value added", finding(cells, steps))
    left, right = st.columns(2, gap="medium")
    with left:
        picture.of(
            charts.staircase(steps), title=ours("The process, step by step, WAPE of each"),
            says=conclusions.staircase(steps), name="steps",
        )  # fmt: skip
        scores.table(steps, "Step", alt="Value added by step")
    with right:
        of_functions(cells, lag, department)
    weights(space.plan)
    versions_and_actuals(space, department, of_department(scores.cells(1), department))
    download.spreadsheet(
        "Download the scored SKU weeks (CSV)", lambda: cells, "value_added.csv"
    )


def of_department(cells: pd.DataFrame, department: str) -> pd.DataFrame:
    if department == ALL or cells.empty:
        return cells
    found: pd.DataFrame = cells[cells["department"] == department]
    return found


page()
