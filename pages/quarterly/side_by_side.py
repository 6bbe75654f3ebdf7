"""Side by side: what Marketing and Planning watch, week by week, with activations marked."""

import pandas as pd
import streamlit as st

from pages.components import charts, download, frame, measures, theme


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
        st.info("There are no sales for this class and region.")
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

    panels.append(("Marketing: revenue per week, $", "~s", of("revenue")))
    for title, shown, column in (
        ("Planning: stockout rate on promoted items", ".0%", "promoted_stockout"),
        (
            "Planning: inventory turn at cost (annual rate of the last 13 weeks)",
            ".1f",
            "turn_cost",
        ),
        (
            "Planning: weeks of supply (at the sales of the last 4 weeks)",
            ".1f",
            "weeks_of_supply",
        ),
        ("Planning: markdown rate", ".1%", "markdown_rate"),
    ):
        if len(of(column)):
            panels.append((title, shown, of(column)))
    acts = [
        a for a in space.calendar.activations
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
    download.spreadsheet("Download week by week (CSV)", lambda: rows, "side-by-side.csv")


page()
