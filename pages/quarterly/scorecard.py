"""Scorecard: three measures that Marketing and Planning answer for, and what is behind them."""

import pandas as pd
import streamlit as st

from forecasting import scorecard
from forecasting.calendar import quarter_label, quarters_back
from forecasting.scorecard import (
    BELOW,
    LEAD,
    LEVELS,
    MEASURES,
    OF_LEVEL,
    STOCKOUTS,
    TURNS,
    Scorecard,
)
from forecasting.vocabulary import Function
from pages.components import charts, frame, measures, theme

VIEWS = {
    "card": "Scorecard",
    "why": "Why",
    "lead": "Lead time",
    "side": "Side by side",
}
DEFINITIONS = {
    "exposure": "of SKU-door-days",
    "event": "of activations",
    "item": "of featured SKU-doors",
    "lost_demand": "of demand lost",
}
BASES = {"turn_cost": "at cost", "turn_units": "in units", "turn_retail": "at retail"}
LEVEL_NAMES = {
    "all": "The company", "department": "Department", "class": "Class", "region": "Region",
    "channel": "Channel", "door": "Door", "sku": "SKU", "type": "Type of activation",
    "activation": "Activation", "promoted": "Promoted or not",
}  # fmt: skip
BELOW_LEVEL = {
    "all": "class", "department": "class", "region": "door", "channel": "door", "door": "sku",
    "type": "activation", "activation": "sku", "promoted": "class",
}  # fmt: skip
# What a click on a member of a level goes to; a class goes to its activations or SKUs.
WITHIN = ("department", "class", "region", "door", "type", "activation", "sku")
ASKABLE = {
    "shelf": ("department", "class", "region", "door", "sku"),
    "promotions": WITHIN,
    "bridge": ("department", "class", "sku"),
    "buy": ("department", "class", "sku"),
}
# What each source can be narrowed to.
IN_MATRIX = (
    "exposure", "item", "bridge_accuracy", "turn_cost", "sell_through", "gmroi",
    "markdown_rate", "lost_value", "excess",
)  # fmt: skip
MOST_BARS = 20


def finding(shown: Scorecard, keys: tuple[str, ...]) -> str:
    """Whether the two functions are winning together, in a sentence."""
    set_ = [met for key in keys if (met := shown.is_met(key)) is not None]
    said = " · ".join(
        f"{MEASURES[key].label} {scorecard.said(key, shown.value(key))}"
        + (
            f" (target {scorecard.said(key, shown.target(key))})"
            if shown.target(key) is not None
            else ""
        )
        for key in keys
    )
    if not set_:
        return f"**No shared target is set yet.** {said}."
    return f"**{sum(set_)} of {theme.plural(len(set_), 'shared target')} met in {quarter_label(shown.quarter)}.** {said}."


def names() -> str:
    """Who answers for the three measures."""
    people = [
        f"{p.name} ({p.function.label})"
        for p in frame.workspace().people
        if p.function in (Function.MARKETING, Function.PLANNING)
    ]
    return "Answered for together by " + " and ".join(people) if people else ""


def card_view(shown: Scorecard) -> None:
    bar = st.container(horizontal=True, vertical_alignment="bottom")
    with bar:
        stockout = frame.select(
            "Stockout rate", list(STOCKOUTS), key="stockout", said=DEFINITIONS.__getitem__, width=200,
            help="Exposure is the headline: of the days that promoted SKUs were to be on the shelf, the share they were not.",
        )  # fmt: skip
        turn = frame.select("Turn", list(TURNS), key="turn", said=BASES.__getitem__, width=130)
        st.caption(names())
    tiles = st.columns(3, gap="small")

    def v(key: str) -> str:
        return scorecard.said(key, shown.value(key))

    with tiles[0]:
        measures.tile(
            shown, stockout,
            [f"Other items {v('other_stockout')} · gap {v('stockout_gap')} · "
             f"by activation {v('event')}, by SKU-door {v('item')}, of demand {v('lost_demand')}"],
        )  # fmt: skip
    with tiles[1]:
        measures.tile(
            shown, "bridge_accuracy",
            [f"SKU by week, 6 weeks ahead or more. Bias {v('bridge_bias')} · promoted {v('bridge_promoted')}, bias {v('bridge_promoted_bias')}",
             f"For the buy {v('buy_accuracy')}, bias {v('buy_bias')} · promoted {v('buy_promoted')}"],
        )  # fmt: skip
    with tiles[2]:
        measures.tile(
            shown, turn,
            [f"A year of 52 weeks. At cost {v('turn_cost')} · in units {v('turn_units')} · at retail {v('turn_retail')}"],
        )  # fmt: skip
    st.markdown("**What the numbers say**")
    measures.findings(shown)
    st.markdown("**Below the three**")
    measures.table(
        shown, BELOW, alt="Further measures against target, last quarter and last year"
    )
    matrix(shown)


def matrix(shown: Scorecard) -> None:
    """Members of a level, coloured by how far each is from target; a click looks inside."""
    head = st.columns([3, 9], vertical_alignment="bottom")
    with head[0]:
        level = frame.select("Rows", list(LEVELS), key="rows", said=LEVEL_NAMES.__getitem__)
    with head[1]:
        st.caption(
            "Click a cell to see what is behind it. ● worse than target, ✓ at target or better."
        )
    rows = pd.DataFrame(shown.matrix.get(level, []))
    if rows.empty:
        st.markdown(":gray[Nothing is known at this level in this quarter.]")
        return
    columns = [key for key in IN_MATRIX if key in rows and rows[key].notna().any()]
    met = {
        key: [shown.meets(key, None if pd.isna(v) else float(v)) for v in rows[key]]
        for key in columns
    }
    sign = {None: "", True: "✓ ", False: "● "}
    said = pd.DataFrame({"": rows["member"]})
    for key in columns:
        said[MEASURES[key].label] = [
            sign[ok] + scorecard.said(key, None if pd.isna(v) else float(v))
            for v, ok in zip(rows[key], met[key], strict=True)
        ]
    colours = theme.status_colours()
    ink = {None: "", True: f"color: {colours['green']}", False: f"color: {colours['red']}"}

    def shade(_: pd.Series, key: str) -> list[str]:
        return [ink[ok] for ok in met[key]]

    styled = said.style
    for key in columns:
        styled = styled.apply(shade, key=key, subset=[MEASURES[key].label])
    picked = st.dataframe(
        styled, hide_index=True, on_select="rerun", selection_mode="single-cell", key=f"matrix_{level}",
        alt=f"Measures by {level}",
        column_config={MEASURES[k].label: st.column_config.TextColumn(help=frame.term(MEASURES[k].term)) for k in columns},
    )  # fmt: skip
    if picked.selection.cells:
        row, column = picked.selection.cells[0]
        by_label = {MEASURES[k].label: k for k in columns}
        key = by_label.get(column, columns[0])
        member = str(rows["member"].iloc[row])
        st.switch_page(
            measures.PAGE,
            query_params=measures.link(
                view="why", measure=key, quarter=shown.quarter, level=next_level(key, level),
                **{level: member},
            ),
        )  # fmt: skip


def next_level(key: str, level: str) -> str:
    """Where a click on a member of a level goes."""
    levels = OF_LEVEL[MEASURES[key].source]
    if level == "class":
        return "activation" if "activation" in levels else "sku"
    below = BELOW_LEVEL.get(level, "sku")
    return below if below in levels else "sku"


def why_view() -> None:
    """One measure, by any level, within anything; a click goes deeper."""
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
                charts.quarters(mine[mine["member"].isin(top.index[:10])], kind=measure.kind.value, target=None),
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
                charts.by_member(bars.tail(MOST_BARS), kind=measure.kind.value), width="stretch",
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
            charts.by_member(bars.head(MOST_BARS), kind=measure.kind.value), width="stretch",
            alt=f"{measure.label} by {level}, worst first",
        )  # fmt: skip
        st.caption(
            f"Worst first, {min(len(bars), MOST_BARS)} of {len(bars)}. The orange tick is {what}; "
            "the dashed line is the target."
        )
    drill_table(key, level, quarter, within, table)
    if "sku" in within or (level == "sku" and len(table) <= 3):
        evidence(last, within)


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
    common = {"view": "why", "measure": key, "quarter": quarter}
    with st.container(horizontal=True, vertical_alignment="center"):
        first = "class" if "class" in OF_LEVEL[MEASURES[key].source] else "all"
        st.page_link(
            measures.PAGE, label="All", query_params={**common, "level": first}, width="content"
        )
        so_far: dict[str, str] = {}
        for name, value in within.items():
            so_far[name] = value
            st.page_link(
                measures.PAGE, label=f"› {named(name, pd.Series([value]))[0]}", width="content",
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
            measures.PAGE,
            query_params=measures.link(
                view="why", measure=key, quarter=at, level=next_level(key, level),
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


def lead_view(shown: Scorecard) -> None:
    """How early things were known and decided."""
    st.markdown(lead_finding(shown))
    for column, key in zip(st.columns(4, gap="small"), LEAD, strict=True):
        with column:
            measures.tile(shown, key, [])
    rows = pd.DataFrame(list(shown.lead))
    left, right = st.columns([3, 1], gap="medium")
    with left:
        st.markdown(f"**Activations that began in {quarter_label(shown.quarter)}**")
        if rows.empty:
            st.markdown(":gray[None began.]")
        else:
            st.dataframe(
                pd.DataFrame(
                    {
                        "Activation": rows["name"], "Type": rows["type"], "Starts": rows["start"],
                        "Complete, weeks before": rows["complete_weeks"].astype(float),
                        "First red, weeks before": rows["notice_weeks"].astype(float),
                        "Red SKUs": rows["reds"], "Decided in time": rows["decided"], "Late changes": rows["late"],
                    }
                ),
                hide_index=True, placeholder="–", alt="Activations and how early each was known and decided",
                column_config={
                    "Complete, weeks before": st.column_config.NumberColumn(format="%.1f", help=frame.term("Complete")),
                    "First red, weeks before": st.column_config.NumberColumn(format="%.0f", help=frame.term("Notice")),
                    "Decided in time": st.column_config.NumberColumn(help=frame.term("Decided in time")),
                },
            )  # fmt: skip
    with right:
        st.markdown("**Late additions and changes**")
        if not shown.late_by:
            st.markdown(":green[✓] None by any function.")
        for function, count in sorted(shown.late_by.items(), key=lambda kv: -kv[1]):
            st.markdown(f"{Function(function).label}: **{count}**")
        late = int(frame.workspace().policies.now.number("late_weeks"))
        st.caption(f"Late: from {late} weeks before the start on.")
    due(shown)


def due(shown: Scorecard) -> None:
    """Actions and decisions that were due in the quarter."""
    tasks = pd.DataFrame(list(shown.tasks))
    st.markdown(
        f"**Actions and decisions due in {quarter_label(shown.quarter)}**",
        help=frame.term("Actions on time"),
    )
    if tasks.empty:
        st.markdown(":gray[None was due.]")
        return
    space = frame.workspace()
    st.dataframe(
        pd.DataFrame(
            {
                "What": tasks["said"], "Who": tasks["owner"].map(lambda o: space.person(o).name),
                "Due": tasks["due"], "Done": tasks["done"], "On time": tasks["on_time"].map({True: "✓", False: "● late"}),
            }
        ),
        hide_index=True, placeholder="open", height=280, alt="Actions and decisions that were due",
    )  # fmt: skip


def lead_finding(shown: Scorecard) -> str:
    reds = sum(row["reds"] for row in shown.lead)
    decided = sum(row["decided"] for row in shown.lead)
    complete = shown.value("complete_8")
    said = (
        f"**{decided} of {theme.plural(reds, 'red featured SKU')} decided while something could still be done.** "
        if reds
        else "**No featured SKU was red before its start.** "
    )
    if complete is not None:
        said += f"{scorecard.said('complete_8', complete)} of activations stood 8 weeks before their start"
        notice = shown.value("notice")
        said += (
            f"; the first red came {notice:.0f} weeks before." if notice is not None else "."
        )
    return said


def side_view() -> None:
    """What Marketing and Planning watch, on one time axis."""
    space, person = frame.workspace(), frame.me()
    skus = space.store.query("all_skus")
    doors = space.store.query("all_doors")
    bar = st.container(horizontal=True, vertical_alignment="bottom")
    with bar:
        klass = frame.select(
            "Class",
            ["All classes", *sorted(skus["class"].dropna().unique())],
            key="class",
            width=170,
        )
        regions = sorted(doors[doors["kind"] != "dc"]["region"].dropna().unique())
        region = frame.select("Region", ["All regions", *regions], key="region", width=170)
        weeks = frame.select("Weeks", [52, 104, 26], key="weeks", width=90)
    within = measures.link(
        **{
            "class": None if klass == "All classes" else klass,
            "region": None if region == "All regions" else region,
        }
    )
    rows = space.quarters.weeks(person.id, **within).tail(int(weeks))
    if rows.empty:
        st.info("Nothing was sold here.")
        return
    first = pd.Timestamp(rows["week"].min())
    kpis = space.quarters.kpis(person.id)
    kpis = kpis[pd.to_datetime(kpis["week"]) >= first]
    panels = []
    for (metric, channel), values in kpis.groupby(["metric", "channel"]):
        where = f", {channel}" if channel else ""
        shown = ".1%" if values["value"].max() <= 1 else "~s"
        panels.append(
            (f"Marketing: {str(metric).capitalize()}{where}", shown, values[["week", "value"]])
        )
    panels = panels[:4]

    def of(column: str) -> pd.DataFrame:
        return rows[["week", column]].rename(columns={column: "value"}).dropna()

    panels.append(("Marketing: revenue a week, $", "~s", of("revenue")))
    for title, shown, column in (
        ("Planning: stockout rate on promoted items", ".0%", "promoted_stockout"),
        ("Planning: inventory turn at cost, a year, of 13 weeks", ".1f", "turn_cost"),
        ("Planning: weeks of supply at the pace of 4 weeks", ".1f", "weeks_of_supply"),
        ("Planning: markdown rate", ".1%", "markdown_rate"),
    ):
        if len(of(column)):
            panels.append((title, shown, of(column)))
    acts = [
        a for a in space.activations
        if a.is_live and pd.Timestamp(a.end) >= first and pd.Timestamp(a.start) <= pd.Timestamp(rows["week"].max())
        and (klass == "All classes" or skus[skus["sku"].isin([i.sku for i in a.items])]["class"].eq(klass).any())
    ]  # fmt: skip
    marks = pd.DataFrame(
        {
            "name": [a.name for a in acts], "type": [a.type for a in acts],
            "from": pd.to_datetime([max(pd.Timestamp(a.start), first) for a in acts]),
            "to": pd.to_datetime([pd.Timestamp(a.end) + pd.Timedelta(1, "D") for a in acts]),
        }
    )  # fmt: skip
    last = pd.Timestamp(rows["week"].max()) + pd.Timedelta(7, "D")
    for number, (title, shown, values) in enumerate(panels):
        st.altair_chart(
            charts.side_panel(
                title, shown, values, marks, span=(first, last),
                colour="Marketing" if title.startswith("Marketing") else "Planning",
                is_last=number == len(panels) - 1,
            ),
            width="stretch", alt=f"{title} week by week, activations shaded",
        )  # fmt: skip
    missing = (
        ""
        if len(kpis)
        else " No traffic or conversion is imported (table kpis on the Data page)."
    )
    st.caption(
        f"Shaded: {theme.plural(len(acts), 'activation')}. Hover for names and numbers.{missing}"
    )
    st.download_button(
        "Download week by week (CSV)", data=lambda: frame.csv(rows), file_name="side-by-side.csv",
        on_click="ignore", icon=":material/download:",
    )  # fmt: skip


def page() -> None:
    frame.watch_rows([])
    head = st.container()
    if not measures.fresh():
        with head:
            frame.title("Scorecard", "**There is nothing to measure yet.**")
        st.info(
            "The scorecard needs sales. Import your files on the **Data** page; stock makes turn "
            "and stockouts known, published cycles make accuracy known."
        )
        st.page_link("pages/setup/data.py", label="Go to Data", icon=":material/upload:")
        return
    bar = st.columns([4, 8], vertical_alignment="bottom")
    with bar[0]:
        view = frame.steps("View", VIEWS, key="view")
    if view == "why":
        with head:
            frame.title(
                "Scorecard",
                "**Why**: where a number comes from, down to the SKU weeks and decisions that made it.",
            )
        why_view()
        return
    if view == "side":
        with head:
            frame.title(
                "Scorecard",
                "**Marketing and Planning side by side**: what either's choices did to the other's numbers.",
            )
        side_view()
        return
    with bar[1]:
        quarter = measures.which_quarter()
    shown = measures.card(quarter)
    with head:
        frame.title("Scorecard", finding(shown, scorecard.HEADLINES))
        if shown.closed:
            st.markdown(
                f":material/lock: Closed by {shown.closed['by']} on {shown.closed['at']} UTC; these numbers do not change any more."
            )
        elif not shown.is_whole:
            st.caption(
                f"{quarter_label(quarter)} is under way: {shown.weeks} weeks up to {theme.week(shown.as_of)} are known."
            )
    if view == "card":
        card_view(shown)
    else:
        lead_view(shown)


page()
