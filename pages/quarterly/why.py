"""Why: one measure by any level, within anything, down to the weeks and decisions that made it."""

from functools import partial

import pandas as pd
import streamlit as st

from forecasting.calendar import quarter_label, quarters_back
from forecasting.quarterly import measures as measured
from forecasting.quarterly.findings import PATTERN_QUARTERS
from forecasting.quarterly.measures import MEASURES, OF_LEVEL
from pages.components import (
    charts,
    conclusions,
    download,
    frame,
    measures,
    picked,
    picture,
    theme,
    written,
)
from pages.components.measures import LEVEL_NAMES, next_level
from pages.components.text import Markdown, ours, plain

WITHIN = ("department", "class", "region", "door", "type", "activation", "sku")
ASKABLE = {
    "shelf": ("department", "class", "region", "door", "sku"),
    "promotions": WITHIN,
    "bridge": ("department", "class", "sku"),
    "buy": ("department", "class", "sku"),
}  # what each source can be narrowed to
MOST_BARS, MOST_LINES = 20, 10
NONE = float("nan")


def named(level: str, members: pd.Series) -> list[str]:
    """Members as people call them."""
    if level == "activation":
        names_ = {a.activation: a.name for a in frame.workspace().calendar.activations}
        return [f"{names_.get(m, m)} ({m})" for m in members]
    if level == "door":
        doors = frame.workspace().store.query("all_doors").set_index("door")["name"]
        return [f"{doors.get(m, m)} ({m})" for m in members]
    return [str(m) for m in members]


def crumbs(key: str, quarter: str, within: dict[str, str]) -> None:
    """Where one is, each part a link that goes back to it."""
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
                measures.PAGES["why"], label=f"› {plain(named(name, pd.Series([value]))[0])}", width="content",
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
    shown[MEASURES[key].label] = [measured.in_words(key, v) for v in table["value"]]
    for column in sums:
        shown[SUMS[column]] = table[column].astype(float)
    shares = {"wape", "bias", "wape_statistical"}
    for column in shares & set(sums):
        shown[SUMS[column]] *= 100
    event = written.dataframe(
        shown, hide_index=True, on_select="rerun", selection_mode="single-row", placeholder="–",
        key=f"drill_{key}_{level}_{quarter}_{sorted(within.items())}",
        alt="The sums behind each value; choose a row to look inside",
        column_config={
            SUMS[c]: written.money() if c in MONEY else st.column_config.NumberColumn(
                format="%.1f%%" if c in shares else "localized", step=None if c in shares else 1,
            )
            for c in sums
        },
    )  # fmt: skip
    download.spreadsheet(
        "Download what is shown (CSV)", lambda: table.assign(measure=key),
        f"{key}-by-{level}.csv",
    )  # fmt: skip
    chosen = picked.row(event, len(table))
    if chosen is not None:
        member = str(table["member"].iloc[chosen])
        at = str(table["quarter"].iloc[chosen])
        inside = {**within, level: member}
        if inside == within and at == quarter:  # looked at already: going there never ends
            return
        st.switch_page(
            measures.PAGES["why"],
            query_params=measures.link(
                measure=key, quarter=at, level=next_level(key, level), **inside
            ),
        )  # fmt: skip


SUMS = {
    "promoted_days": "Promoted days", "promoted_out": "Promoted days out", "other_days": "Other days",
    "other_out": "Other days out", "units": "Sales, u", "revenue": "Revenue", "lost_value": "Lost sales",
    "mean_stock_cost": "Mean stock at cost", "activations": "Activations", "activations_out": "Activations that ran out",
    "items": "SKU-doors", "items_out": "SKU-doors that ran out", "days": "Days", "days_out": "Days out",
    "ended_cost": "Stock at the end", "excess_cost": "Excess stock", "cells": "SKU weeks",
    "actual": "Actual, u", "missed": "Absolute error, u", "wape": "WAPE", "bias": "Bias",
    "wape_statistical": "WAPE, statistical",
}  # fmt: skip
MONEY = {"revenue", "lost_value", "mean_stock_cost", "ended_cost", "excess_cost"}


def evidence(quarter: str, within: dict[str, str]) -> None:
    """The cells that made a number, and the decisions about them."""
    space, person = frame.workspace(), frame.me()
    asked = {n: v for n, v in within.items() if n in ASKABLE["shelf"]}
    cells = space.quarters.cells(person.id, quarter, **asked)
    st.markdown(
        f"**SKU-door-weeks behind it**: {theme.number(len(cells))} in {plain(quarter_label(quarter))}, emptiest shelves first"
    )
    written.dataframe(
        pd.DataFrame(
            {
                "Week": cells["week"].map(theme.week), "SKU": cells["sku"], "Door": cells["door"],
                "Sales, u": cells["units"], "On hand, u": cells["on_hand"],
                "Promoted days": cells["promoted_days"], "Promoted days out": cells["promoted_out"],
                "Other days": cells["other_days"], "Other days out": cells["other_out"],
                "Lost sales, u": cells["lost_units"], "Revenue": cells["revenue"],
            }
        ),
        hide_index=True, height=written.height(len(cells), most=8), placeholder="–", alt="SKU-door-weeks behind the number",
        column_config={
            **{n: st.column_config.NumberColumn(format="%,.1f") for n in ("Promoted days", "Promoted days out", "Other days", "Other days out", "Lost sales, u")},
            "Revenue": written.money(),
        },
    )  # fmt: skip
    sku = within.get("sku") if space.has_forecast else None
    events = space.history.events(
        person.id, product=("sku", sku) if sku else None, activation=within.get("activation"),
        most=12,
    )  # fmt: skip
    st.markdown("**Decisions about it**" + ("" if events else ": :gray[none on record]"))
    for event in events:
        st.markdown(
            f"- {theme.moment(event.recorded_at, year=True)} · {plain(space.person(event.person).name)} {plain(event.sentence)} :gray[#{event.seq:d}]"
        )
    with st.container(horizontal=True):
        if "sku" in within:
            st.page_link(
                "pages/explore/sku.py",
                label=f"Everything about {plain(within['sku'])}",
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


def words_of(key: str) -> conclusions.InWords:
    """Writes values of a measure."""
    return partial(measured.in_words, key)


def over_quarters(key: str, level: str, mine: pd.DataFrame) -> pd.DataFrame:
    """The last six quarters: lines of the worst members, or one bar an activation."""
    measure = MEASURES[key]
    table = mine.sort_values(["quarter", "member"], ignore_index=True)
    if level == "activation":
        bars = table.assign(member=named(level, table["member"]), before=NONE, target=NONE)
        bars = bars.tail(MOST_BARS)
        picture.of(
            charts.by_member(bars, kind=measure.form.value), name=f"{key}-{level}",
            title=ours(f"{plain(measure.label)} of each activation, oldest first"),
            says=conclusions.by_member(
                bars, in_words=words_of(key), lower_is_better=measure.lower_is_better
            ),
        )  # fmt: skip
    elif table["quarter"].nunique() > 1:
        worst = table.groupby("member")["value"].mean()
        shown = worst.sort_values(ascending=not measure.lower_is_better).index[:MOST_LINES]
        drawn = table[table["member"].isin(shown)]
        picture.of(
            charts.quarters(drawn, kind=measure.form.value, every=table["member"].unique().tolist()),
            title=ours(f"{plain(measure.label)} by {plain(LEVEL_NAMES[level].lower())} and quarter"),
            says=conclusions.quarters(drawn, in_words=words_of(key)), name=f"{key}-{level}",
        )  # fmt: skip
    return table


def in_quarter(
    key: str, level: str, quarter: str, rows: pd.DataFrame, mine: pd.DataFrame
) -> pd.DataFrame:
    """One quarter: a bar for each member, worst first, beside what it was."""
    measure = MEASURES[key]
    compared, what = quarters_back(quarter, 4), "last year"
    if not rows.loc[rows["quarter"] == compared, "value"].notna().any():
        compared, what = quarters_back(quarter, 1), "last quarter"
    before = rows[rows["quarter"] == compared].set_index("member")["value"]
    table = mine.sort_values("value", ascending=not measure.lower_is_better, ignore_index=True)
    target = frame.workspace().policies.now[measure.target] if measure.target else None
    bars = table.assign(
        before=before.reindex(table["member"]).to_numpy(dtype=float),
        target=NONE if target is None else target,
        member=named(level, table["member"]),
    )
    picture.of(
        charts.by_member(bars.head(MOST_BARS), kind=measure.form.value, before=what.capitalize()),
        title=ours(
            f"{plain(measure.label)} by {plain(LEVEL_NAMES[level].lower())}, worst first, "
            f"{plain(min(len(bars), MOST_BARS))} of {len(bars)}"
        ),
        says=conclusions.by_member(
            bars, in_words=words_of(key), lower_is_better=measure.lower_is_better
        ),
        name=f"{key}-{level}",
    )  # fmt: skip
    return table


def choose(known: pd.DataFrame) -> tuple[str, str, str]:
    """What is looked at: measure, level and quarter, all in the link."""
    summed = [k for k, m in MEASURES.items() if m.source in OF_LEVEL]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        key = frame.select(
            "Measure", summed, key="measure", in_words=lambda k: MEASURES[k].label, width=330
        )
        levels = [n for n in OF_LEVEL[MEASURES[key].source] if n != "all"]
        level = frame.select(
            "By",
            levels,
            key="level",
            default="class",
            in_words=LEVEL_NAMES.__getitem__,
            width=180,
        )
        quarter = frame.select(
            "Quarter", ["all", *known["quarter"]], key="quarter", width=170,
            default=frame.workspace().quarters.usual(),
            in_words=lambda q: "The last six" if q == "all" else quarter_label(q),
        )  # fmt: skip
    return key, level, quarter


def finding(key: str, quarter: str) -> Markdown:
    """The number that is unfolded below, for the whole company."""
    label = plain(MEASURES[key].label)
    below = "below, what is behind it, down to the weeks and decisions that made it."
    if quarter == "all":
        return ours(f"**{label} over the last six quarters**; {below}")
    value = plain(measured.in_words(key, measures.card(quarter).value(key)))
    return ours(
        f"**{label}: {value} in {plain(quarter_label(quarter))}, the whole company**; {below}"
    )


def page() -> None:
    frame.watch_rows([])
    if not measures.ready("Why"):
        return
    space, person = frame.workspace(), frame.me()
    head = st.container()
    key, level, quarter = choose(space.quarters.quarters())
    measure = MEASURES[key]
    with head:
        frame.title("Why", finding(key, quarter))
    told = {n: picked.word(st.query_params.get(n)) for n in WITHIN}
    params = {n: text for n, text in told.items() if text is not None}
    within = {n: v for n, v in params.items() if n in ASKABLE[measure.source]}
    crumbs(key, quarter, within)
    if ignored := [LEVEL_NAMES[n].lower() for n in params if n not in within]:
        st.caption(
            f"{plain(measure.label)} is not kept by {', '.join(plain(i) for i in ignored)}; that part of the link is "
            "ignored."
        )
    rows = space.quarters.why(person.id, key, level, **within)
    last = (space.quarters.usual() or "") if quarter == "all" else quarter
    window = [quarters_back(last, back) for back in range(PATTERN_QUARTERS)]
    asked = window if quarter == "all" else [quarter]
    mine = rows[rows["quarter"].isin(asked)].dropna(subset=["value"])
    if mine.empty:
        st.info(
            f"{plain(measure.label)} is not known here: nothing was promoted, counted or published."
        )
    else:
        st.markdown(f"**{plain(measure.label)}**", help=frame.term(measure.term))
        if quarter == "all":
            table = over_quarters(key, level, mine)
        else:
            table = in_quarter(key, level, quarter, rows, mine)
        drill_table(key, level, quarter, within, table)
    if "sku" in within:
        evidence(last, within)


page()
