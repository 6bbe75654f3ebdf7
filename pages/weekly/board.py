"""Board: every SKU that is short or over, featured or not, by class and with its money."""

import numpy as np
import pandas as pd
import streamlit as st

from forecasting.plan import balance, featured
from forecasting.plan.live import LivePlan
from pages.components import (
    beginning,
    charts,
    conclusions,
    download,
    filters,
    followed,
    frame,
    lists,
    picture,
    theme,
    written,
)
from pages.components.followed import What
from pages.components.text import Markdown, ours, plain

SHOWN = {"short": "Short", "over": "Excess"}


def page() -> None:
    if not beginning.reached("Board", "every SKU that is short or over in the weeks ahead"):
        return
    frame.watch_rows(None)
    head, bar = st.columns([5, 6], vertical_alignment="bottom")
    with bar.container(horizontal=True, horizontal_alignment="right"):
        _, plan = frame.which_plan()
        weeks = int(
            frame.select("Weeks ahead", [4, 8, 13, 26], key="weeks", default=8, width=110)
        )
        inside = filters.products(plan)
    rows = frame.balances(plan, weeks=weeks)
    if inside.skus is not None:
        rows = rows[rows["sku"].isin(inside.skus)].reset_index(drop=True)
    with head:
        frame.title("Board", finding(plan, rows, weeks))
        filters.note(inside, has_doors=False)
    classes(rows)
    which = frame.steps("Show", SHOWN, key="show")
    found = short_ones(rows) if which == "short" else over_ones(rows)
    if found.empty:
        st.info(f"No SKU is {'short' if which == 'short' else 'in excess'} in these weeks.")
        return
    at = table(found, which)
    one_of(plan, found.iloc[at or 0])
    download.spreadsheet("Download all SKUs (CSV)", lambda: rows, "board.csv")
    st.caption(
        f"Every SKU with a forecast, all its doors. Short: units of the next {weeks:d} weeks' demand "
        f"that stock is not expected to meet, and their margin. Excess: units at the end of these "
        f"weeks beyond {theme.number(plan.limits.excess_cover * plan.limits.target_cover_weeks)} weeks "
        "of supply, at cost."
    )


def short_ones(rows: pd.DataFrame) -> pd.DataFrame:
    """What is short, most margin first."""
    found = rows[rows["short"] >= balance.LEAST]
    return found.sort_values(["margin", "short"], ascending=False, ignore_index=True)


def over_ones(rows: pd.DataFrame) -> pd.DataFrame:
    """What is over, most money first."""
    found = rows[rows["over"] >= balance.LEAST]
    return found.sort_values(["cost", "over"], ascending=False, ignore_index=True)


def finding(plan: LivePlan, rows: pd.DataFrame, weeks: int) -> Markdown:
    """How many are short and over, and what that is worth."""
    short, over = short_ones(rows), over_ones(rows)
    until = theme.week(plan.base.weeks[min(weeks, len(plan.base.weeks)) - 1])
    unknown = int((~rows["is_known"].astype(bool)).sum())
    blank = f" · {theme.plural(unknown, 'SKU')} without a stock count" if unknown else ""
    return ours(
        f"**{len(short)} of {theme.plural(len(rows), 'SKU')} short by {until}**, "
        f"{theme.units(short['short'].sum())}, {theme.money(short['margin'].sum(min_count=1))} margin · "
        f"**{len(over)} in excess**, {theme.units(over['over'].sum())}, "
        f"{theme.money(over['cost'].sum(min_count=1))} at cost{blank}"
    )


def classes(rows: pd.DataFrame) -> None:
    """Every class in a line."""
    by = balance.by_class(rows)
    whole = st.column_config.NumberColumn(format="%,.0f")
    written.dataframe(
        pd.DataFrame(
            {
                "Class": by["class"], "SKUs": by["skus"], "Short SKUs": by["short_skus"],
                "Short, u": by["short"], "Margin at risk": by["margin"],
                "Excess SKUs": by["over_skus"], "Excess, u": by["over"], "Excess at cost": by["cost"],
            }
        ),
        hide_index=True, placeholder="–", alt="Classes with what is short and in excess, most money first",
        height=written.height(len(by), most=11),
        column_config={
            "Short, u": whole, "Excess, u": whole, "Margin at risk": written.money(),
            "Excess at cost": written.money(),
        },
    )  # fmt: skip


def table(found: pd.DataFrame, which: str) -> int | None:
    """What is short or over, the dearest first; the place of what is looked at."""
    whole = st.column_config.NumberColumn(format="%,.0f")
    is_short = which == "short"
    shown = pd.DataFrame(
        {
            "SKU": found["sku"], "Description": found["description"], "Class": found["class"],
            "On hand, u": found["on_hand"], "Demand, u": found["demand"],
            **(
                {
                    "Short, u": found["short"], "Margin at risk": found["margin"],
                    "Runs out": found["first_short"].map(theme.week),
                }
                if is_short
                else {
                    "Excess, u": found["over"], "Excess at cost": found["cost"],
                    "Weeks of supply": found["cover"].replace(np.inf, np.nan),
                }
            ),
        }
    )  # fmt: skip
    return lists.table(
        shown,
        {"Class": found["class"].tolist(), "Department": found["department"].tolist()},
        found["margin" if is_short else "cost"].tolist(), in_link=True,
        ids=found["sku"].tolist(), key=f"board_{which}", what=(ours("SKU"), ours("SKUs")),
        placeholder="–", alt=f"SKUs that are {SHOWN[which].lower()}, most money first",
        column_config={
            **{n: whole for n in ("On hand, u", "Demand, u", "Short, u", "Excess, u", "Weeks of supply")},
            "Margin at risk": written.money(), "Excess at cost": written.money(),
        },
    )  # fmt: skip


def one_of(plan: LivePlan, row: pd.Series) -> None:
    """The SKU that is looked at: its projection, and the way to everything about it."""
    sku = plan.sku_index[row["sku"]]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**{plain(row['sku'])}** · {plain(row['description'] or '')}", width="content"
        )
        followed.star(What.SKU, row["sku"])
        st.page_link(
            "pages/explore/sku.py", label=f"Everything about {plain(row['sku'])}",
            query_params={"sku": row["sku"]},
        )  # fmt: skip
    weeks = plan.base.weeks
    items = plan.sku(sku).items
    window = (pd.Timestamp(weeks[0]), pd.Timestamp(weeks[0]) - pd.Timedelta(7, "D"))
    if items:
        window = (pd.Timestamp(weeks[items[0].first]), pd.Timestamp(weeks[items[0].last]))
    soon = None if pd.isna(row["first_short"]) else row["first_short"]
    fan = featured.on_hand_fan(plan, sku, np.arange(len(plan.door_names)))
    picture.of(
        charts.projection(fan, window=window, first_short=soon), name=f"on-hand-{row['sku']}",
        title=ours("Projected on hand, all doors"), data=lambda: fan,
        says=conclusions.projection(fan, first_short=soon),
    )  # fmt: skip


page()
