"""Why: one measure by any level, within anything, down to the weeks and decisions that made it."""

import pandas as pd
import streamlit as st

from forecasting import scorecard
from forecasting.calendar import quarter_label, quarters_back
from forecasting.scorecard import MEASURES, OF_LEVEL
from pages.components import charts, frame, measures, theme
from pages.components.measures import LEVEL_NAMES, next_level

WITHIN = ("department", "class", "region", "door", "type", "activation", "sku")
ASKABLE = {
    "shelf": ("department", "class", "region", "door", "sku"),
    "promotions": WITHIN,
    "bridge": ("department", "class", "sku"),
    "buy": ("department", "class", "sku"),
}  # what each source can be narrowed to
MOST_BARS = 20


def named(level: str, members: pd.Series) -> list[str]:
    """Members as people call them."""
    if level == "activation":
        names_ = {a.activation: a.name for a in frame.workspace().activations}
        return [f"{names_.get(m, m)} ({m})" for m in members]
    if level == "door":
        doors = frame.workspace().store.query("all_doors").set_index("door")["name"]
        return [f"{doors.get(m, m)} ({m})" for m in members]
    return [str(m) for m in members]


def crumbs(key: str, level: str, quarter: str, within: dict[str, str]) -> None:
    """Where one is, each part a link that goes back to it."""
    del level
    common = {"measure": key, "quarter": quarter}
    with st.container(horizontal=True, vertical_alignment="center"):
        first = "class" if "class" in OF_LEVEL[MEASURES[key].source] else "all"
        st.page_link(
            measures.PAGES["why"],
            label="All",
            query_params={**common, "level": first},
            width="content",
        )
        so_far: dict[str, str] = {}
        for name, value in within.items():
            so_far[name] = value
            st.page_link(
                measures.PAGES["why"], label=f"› {named(name, pd.Series([value]))[0]}", width="content",
                query_params={**common, "level": next_level(key, name), **so_far},
            )  # fmt: skip


def drill_table(
    key: str, level: str, quarter: str, within: dict[str, str], table: pd.DataFrame
) -> None:
    """The sums behind the ratio; a click on a row looks inside it."""
    source = MEASURES[key].source
    sums = {
        "shelf": ["promoted_days", "promoted_out", "other_days", "other_out", "units", "revenue", "lost_value", "mean_stock_cost"],
        "promotions": ["activations", "activations_out", "items", "items_out", "days", "days_out", "lost_value", "ended_cost", "excess_cost"],
        "bridge": ["cells", "actual", "missed", "wape", "bias", "wape_statistical"],
        "buy": ["cells", "actual", "missed", "wape", "bias", "wape_statistical"],
    }[source]  # fmt: skip
    shown = pd.DataFrame({LEVEL_NAMES[level]: named(level, table["member"])})
    if quarter == "all":
        shown.insert(0, "Quarter", table["quarter"].map(quarter_label))
    shown[MEASURES[key].label] = [scorecard.said(key, v) for v in table["value"]]
    for column in sums:
        shown[SUMS[column]] = table[column].astype(float)
    shares = {"wape", "bias", "wape_statistical"}
    for column in shares & set(sums):
        shown[SUMS[column]] *= 100
    picked = st.dataframe(
        shown, hide_index=True, on_select="rerun", selection_mode="single-row", placeholder="–",
        key=f"drill_{key}_{level}_{quarter}_{sorted(within.items())}",
        alt="The sums behind each value; choose a row to look inside",
        column_config={
            SUMS[c]: st.column_config.NumberColumn(
                format="%.1f %%" if c in shares else "dollar" if c in MONEY else "localized", step=None if c in shares else 1,
            )
            for c in sums
        },
    )  # fmt: skip
    st.download_button(
        "Download what is shown (CSV)", data=lambda: frame.csv(table.assign(measure=key)),
        file_name=f"{key}-by-{level}.csv", on_click="ignore", icon=":material/download:",
    )  # fmt: skip
    if picked.selection.rows:
        member = str(table["member"].iloc[picked.selection.rows[0]])
        at = str(table["quarter"].iloc[picked.selection.rows[0]])
        st.switch_page(
            measures.PAGES["why"],
            query_params=measures.link(
                measure=key, quarter=at, level=next_level(key, level),
                **{**within, level: member},
            ),
        )  # fmt: skip


SUMS = {
    "promoted_days": "Promoted days", "promoted_out": "of them out", "other_days": "Other days",
    "other_out": "of other out", "units": "Sold, u", "revenue": "Revenue", "lost_value": "Lost sales",
    "mean_stock_cost": "Mean stock at cost", "activations": "Activations", "activations_out": "ran out",
    "items": "SKU-doors", "items_out": "out a day or more", "days": "Days", "days_out": "Days out",
    "ended_cost": "Stock at end", "excess_cost": "more than enough", "cells": "SKU weeks",
    "actual": "Wanted, u", "missed": "Missed, u", "wape": "WAPE", "bias": "Bias",
    "wape_statistical": "WAPE statistical",
}  # fmt: skip
MONEY = {"revenue", "lost_value", "mean_stock_cost", "ended_cost", "excess_cost"}


def evidence(quarter: str, within: dict[str, str]) -> None:
    """The cells that made a number, and the decisions about them."""
    space, person = frame.workspace(), frame.me()
    asked = {n: v for n, v in within.items() if n in ASKABLE["shelf"]}
    cells = space.quarters.cells(person.id, quarter, **asked)
    st.markdown(
        f"**The cells**: {theme.plural(len(cells), 'SKU week')} at doors in {quarter_label(quarter)}, emptiest shelves first"
    )
    st.dataframe(
        pd.DataFrame(
            {
                "Week": cells["week"].map(theme.week), "SKU": cells["sku"], "Door": cells["door"],
                "Sold, u": cells["units"], "On hand, u": cells["on_hand"],
                "Promoted days": cells["promoted_days"], "of them out": cells["promoted_out"],
                "Other days": cells["other_days"], "of other out": cells["other_out"],
                "Lost, u": cells["lost_units"], "Revenue": cells["revenue"],
            }
        ),
        hide_index=True, height=260, placeholder="–", alt="SKU weeks at doors behind the number",
        column_config={
            **{n: st.column_config.NumberColumn(format="%.1f") for n in ("Promoted days", "of them out", "Other days", "of other out", "Lost, u")},
            "Revenue": st.column_config.NumberColumn(format="dollar"),
        },
    )  # fmt: skip
    events = space.events(
        person.id, sku=within.get("sku"), activation=within.get("activation"), most=12
    )
    st.markdown("**Decisions about it**" + ("" if events else ": :gray[none on record]"))
    for event in events:
        st.markdown(
            f"- {event.recorded_at:%b %d, %Y} · {space.person(event.person).name} {event.sentence} :gray[#{event.seq}]"
        )
    with st.container(horizontal=True):
        if "sku" in within:
            st.page_link(
                "pages/explore/sku.py",
                label=f"Everything about {within['sku']}",
                query_params={"sku": within["sku"]},
                width="content",
            )
        if "activation" in within:
            st.page_link(
                "pages/weekly/activations.py",
                label="The activation",
                query_params={"activation": within["activation"]},
                width="content",
            )


def page() -> None:
    """One measure, by any level, within anything; a click goes deeper."""
    frame.watch_rows([])
    if not measures.ready("Why"):
        return
    frame.title(
        "Why",
        "**Where a number comes from**, down to the SKU weeks and decisions that made it.",
    )
    space, person = frame.workspace(), frame.me()
    known = space.quarters.quarters()
    bar = st.container(horizontal=True, vertical_alignment="bottom")
    summed = [k for k, m in MEASURES.items() if m.source in OF_LEVEL]
    with bar:
        key = frame.select(
            "Measure", summed, key="measure", said=lambda k: MEASURES[k].label, width=330
        )
        levels = [n for n in OF_LEVEL[MEASURES[key].source] if n != "all"]
        level = frame.select(
            "By", levels, key="level", default="class", said=LEVEL_NAMES.__getitem__, width=180
        )
        options = ["all", *known["quarter"]]
        quarter = frame.select(
            "Quarter", options, key="quarter", default=space.quarters.usual(), width=170,
            said=lambda q: "The last six" if q == "all" else quarter_label(q),
        )  # fmt: skip
    measure = MEASURES[key]
    params = {n: st.query_params[n] for n in WITHIN if n in st.query_params}
    within = {n: v for n, v in params.items() if n in ASKABLE[measure.source]}
    ignored = [n for n in params if n not in within]
    crumbs(key, level, quarter, within)
    if ignored:
        st.caption(
            f"{measure.label} is not kept by {', '.join(LEVEL_NAMES[n].lower() for n in ignored)}; "
            "that part of the link is left out."
        )
    rows = space.quarters.why(person.id, key, level, **within)
    last = space.quarters.usual() if quarter == "all" else quarter
    window = [quarters_back(last, back) for back in range(6)]
    mine = rows[rows["quarter"].isin(window if quarter == "all" else [quarter])]
    mine = mine.dropna(subset=["value"])
    if mine.empty:
        st.info(
            f"{measure.label} is not known here: nothing was promoted, counted or published."
        )
        if "sku" in within:
            evidence(last, within)
        return
    st.markdown(f"**{measure.label}**", help=frame.term(measure.term))
    if quarter == "all":
        table = mine.sort_values(["quarter", "member"]).reset_index(drop=True)
        top = (
            mine.groupby("member")["value"]
            .agg(["size", "mean"])
            .nlargest(MOST_BARS, ["size", "mean"])
        )
        if mine["quarter"].nunique() > 1 and level != "activation":
            st.altair_chart(
                charts.quarters(mine[mine["member"].isin(top.index[:10])], kind=measure.form.value, target=None),
                width="stretch", alt=f"{measure.label} by {level} and quarter",
            )  # fmt: skip
        elif level == "activation":
            unknown = float("nan")
            bars = pd.DataFrame(
                {
                    "member": named(level, table["member"]),
                    "value": table["value"],
                    "before": unknown,
                    "target": unknown,
                }
            )
            st.altair_chart(
                charts.by_member(bars.tail(MOST_BARS), kind=measure.form.value), width="stretch",
                alt=f"{measure.label} of each activation, oldest first",
            )  # fmt: skip
    else:
        before = rows[rows["quarter"] == quarters_back(quarter, 4)].set_index("member")["value"]
        what = "last year"
        if before.dropna().empty:
            before = rows[rows["quarter"] == quarters_back(quarter, 1)].set_index("member")[
                "value"
            ]
            what = "last quarter"
        table = mine.sort_values("value", ascending=not measure.lower_is_better).reset_index(
            drop=True
        )
        target = space.policies.now[measure.target] if measure.target else None
        bars = pd.DataFrame(
            {
                "member": named(level, table["member"]),
                "value": table["value"],
                "before": before.reindex(table["member"]).to_numpy(dtype=float),
                "target": target if target is not None else float("nan"),
            }
        )
        st.altair_chart(
            charts.by_member(bars.head(MOST_BARS), kind=measure.form.value), width="stretch",
            alt=f"{measure.label} by {level}, worst first",
        )  # fmt: skip
        st.caption(
            f"Worst first, {min(len(bars), MOST_BARS)} of {len(bars)}. The orange tick is {what}; "
            "the dashed line is the target."
        )
    drill_table(key, level, quarter, within, table)
    if "sku" in within or (level == "sku" and len(table) <= 3):
        evidence(last, within)


page()
