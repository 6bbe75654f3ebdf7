"""Side by side: what Marketing and Planning watch, week by week, with activations marked."""

from functools import partial

import pandas as pd
import streamlit as st

from forecasting import write
from pages.components import charts, conclusions, download, frame, measures, picture, theme
from pages.components.text import plain

ALL_CLASSES, ALL_REGIONS = "All classes", "All regions"
PLANNING = (
    ("Planning: stockout rate on promoted items", ".0%", "promoted_stockout"),
    ("Planning: inventory turn at cost (annual rate of the last 13 weeks)", ".1f", "turn_cost"),
    ("Planning: weeks of supply (at the sales of the last 4 weeks)", ".1f", "weeks_of_supply"),
    ("Planning: markdown rate", ".1%", "markdown_rate"),
)
"""Title, format and column of each measure of Planning."""
MOST_KPIS = 4
MONEY = "~s"
"""How an axis writes amounts."""

Panel = tuple[str, str, pd.DataFrame]
"""Title, format, and week and value."""


def choose() -> tuple[str, str, int]:
    """Class, region and weeks, in the link."""
    store = frame.workspace().store
    skus, doors = store.query("all_skus"), store.query("all_doors")
    regions = sorted(doors[doors["kind"] != "dc"]["region"].dropna().unique())
    classes = sorted(skus["class"].dropna().unique())
    with st.container(horizontal=True, vertical_alignment="bottom"):
        klass = frame.select("Class", [ALL_CLASSES, *classes], key="class", width=170)
        region = frame.select("Region", [ALL_REGIONS, *regions], key="region", width=170)
        weeks = frame.select("Weeks", [52, 104, 26], key="weeks", width=90)
    return klass, region, int(weeks)


def panels_of(rows: pd.DataFrame, kpis: pd.DataFrame) -> list[Panel]:
    """What Marketing watches, then what Planning does; what is not known is left out."""
    panels: list[Panel] = []
    for (metric, channel), values in kpis.groupby(["metric", "channel"]):
        where = f", {channel}" if channel else ""
        shown = ".1%" if values["value"].max() <= 1 else ",.0f"
        title = f"Marketing: {str(metric).capitalize()}{where}"
        panels.append((title, shown, values[["week", "value"]]))
    panels = panels[:MOST_KPIS]
    for title, shown, column in (
        (f"Marketing: revenue per week, {theme.currency()}", MONEY, "revenue"),
        *PLANNING,
    ):
        values = rows[["week", column]].rename(columns={column: "value"}).dropna()
        if len(values) or column == "revenue":
            panels.append((title, shown, values))
    return panels


def in_words(shown: str, value: float) -> str:
    """A value as its axis writes it."""
    if shown == MONEY:
        return str(theme.money(value))
    if shown.endswith("%"):
        return write.percent(value, int(shown[1]))
    return write.number(value, int(shown[1]) if shown[1].isdigit() else 0)


def marks_of(klass: str, first: pd.Timestamp, last: pd.Timestamp) -> pd.DataFrame:
    """The activations of these weeks that feature something of the class."""
    space = frame.workspace()
    skus = space.store.query("all_skus")
    inside = set(skus["sku"] if klass == ALL_CLASSES else skus[skus["class"] == klass]["sku"])
    acts = [
        a for a in space.calendar.activations
        if a.is_live and pd.Timestamp(a.end) >= first and pd.Timestamp(a.start) <= last
        and (klass == ALL_CLASSES or any(i.sku in inside for i in a.items))
    ]  # fmt: skip
    return pd.DataFrame(
        {
            "name": [a.name for a in acts], "type": [a.type for a in acts],
            "from": pd.to_datetime([max(pd.Timestamp(a.start), first) for a in acts]),
            "to": pd.to_datetime([pd.Timestamp(a.end) + pd.Timedelta(1, "D") for a in acts]),
        }
    )  # fmt: skip


def page() -> None:
    """What Marketing and Planning watch, on one time axis."""
    frame.watch_rows([])
    if not measures.ready("Side by side"):
        return
    frame.title(
        "Side by side",
        "**Marketing and Planning on one time axis**: how the choices of one show in the numbers of the other.",
    )
    space, person = frame.workspace(), frame.me()
    klass, region, weeks = choose()
    within = measures.link(
        **{
            "class": None if klass == ALL_CLASSES else klass,
            "region": None if region == ALL_REGIONS else region,
        }
    )
    rows = space.quarters.weeks(person.id, **within).tail(weeks)
    if rows.empty:
        st.info("There are no sales for this class and region.")
        return
    first, last = pd.Timestamp(rows["week"].min()), pd.Timestamp(rows["week"].max())
    kpis = space.quarters.kpis(person.id)
    kpis = kpis[pd.to_datetime(kpis["week"]) >= first]
    panels, marks = panels_of(rows, kpis), marks_of(klass, first, last)
    for number, (title, shown, values) in enumerate(panels):
        picture.of(
            charts.side_panel(
                title, shown, values, marks, span=(first, last + pd.Timedelta(7, "D")),
                colour="Marketing" if title.startswith("Marketing") else "Planning",
                is_last=number == len(panels) - 1,
            ),
            title=plain(title), name=f"side-{number}",
            says=conclusions.side_panel(values, marks, in_words=partial(in_words, shown)),
        )  # fmt: skip
    missing = (
        ""
        if len(kpis)
        else " No traffic or conversion is imported (table kpis on the Data page)."
    )
    st.caption(
        f"Shaded: {theme.plural(len(marks), 'activation')}. Hover for names and numbers.{missing}"
    )
    download.spreadsheet("Download week by week (CSV)", lambda: rows, "side-by-side.csv")


page()
