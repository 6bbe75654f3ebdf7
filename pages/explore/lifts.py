"""Lift library: what every past activation was worth, planned against actual."""

import pandas as pd
import streamlit as st

from forecasting.plan import lift_library
from pages.components import (
    beginning,
    charts,
    conclusions,
    download,
    frame,
    picture,
    results,
    theme,
    written,
)
from pages.components.text import ours


def choose(rows: pd.DataFrame) -> pd.DataFrame:
    """Activations of a type in a class."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kinds = ["Any type", *sorted(rows["type"].unique())]
        kind = frame.select("Type", kinds, key="type", width=190)
        classes = ["Any class", *sorted(rows["class"].dropna().unique())]
        klass = frame.select("Class", classes, key="class", width=220)
    found: pd.DataFrame = rows[
        ((rows["type"] == kind) | (kind == kinds[0]))
        & ((rows["class"] == klass) | (klass == classes[0]))
    ]
    return found


def tiles(chosen: pd.DataFrame) -> None:
    off = chosen["expected"].sum() - chosen["actual"].sum()
    four = st.columns(4)
    middle = chosen["actual_lift"].median()
    four[0].metric("Median lift", theme.times(middle), help=frame.term("Lift"), border=True)
    low, high = chosen["actual_lift"].quantile([0.1, 0.9])
    four[1].metric(
        "Lift, 80% interval",
        f"{theme.times(low)} to {theme.times(high)}",
        help=frame.term("80% interval"),
        border=True,
    )
    four[2].metric(
        "Expected less actual lift", theme.units(off, sign=True),
        help="Units that the model expects of these activations, less the units that they added. Above zero: it expects too much.",
        border=True,
    )  # fmt: skip
    four[3].metric("Featured SKUs", theme.number(len(chosen)), border=True)


def with_results(summed: pd.DataFrame, chosen: pd.DataFrame) -> pd.DataFrame:
    """Activations with what they added on balance, over the same SKUs; NaN while they run."""
    mine = results.results().skus.merge(chosen[["activation", "sku"]], on=["activation", "sku"])
    sums = mine.groupby("activation")[["lift", "added", "margin"]].sum(min_count=1)
    return summed.join(sums, on="activation")


def by_activation(summed: pd.DataFrame) -> None:
    st.markdown("**By activation**, latest first")
    shown = pd.DataFrame(
        {
            "Activation": summed["name"],
            "Type": summed["type"],
            "Starts": [theme.week(w) for w in summed["first_week"]],
            "SKUs": summed["skus"],
            "Stated lift": summed["promised"],
            "Expected lift": summed["expected_lift"],
            "Actual lift": summed["actual_lift"],
            "Lift, u": summed["lift"].fillna(summed["actual"]),
            "Added, u": summed["added"],
            "Margin added": summed["margin"],
        }
    )
    lift = st.column_config.NumberColumn(format="%.2fx")
    written.dataframe(
        shown, hide_index=True, height=written.height(len(shown), most=12), placeholder="–",
        column_config={
            "Stated lift": st.column_config.NumberColumn(format="%.2fx", help="The lift that Marketing stated beforehand, times baseline."),
            "Expected lift": st.column_config.NumberColumn(format="%.2fx", help="What the model expects of such an activation, this one included in what it has learned."),
            "Actual lift": lift, "Lift, u": st.column_config.NumberColumn(format="%,.0f"),
            "Added, u": st.column_config.NumberColumn(format="%,.0f", help=frame.term("Added")),
            "Margin added": written.money(help=frame.term("Margin added")),
        },
    )  # fmt: skip


def by_sku(summed: pd.DataFrame, chosen: pd.DataFrame) -> None:
    """One activation, SKU by SKU."""
    names = dict(zip(summed["activation"], summed["name"], strict=True))
    one = frame.select(
        "SKU by SKU", list(names), key="activation", in_words=names.__getitem__, width=420
    )
    mine = chosen[chosen["activation"] == one]
    written.dataframe(
        pd.DataFrame(
            {
                "SKU": mine["sku"],
                "Class": mine["class"],
                "Discount": 100 * mine["discount"],
                "Doors": mine["doors"],
                "Baseline, u": mine["baseline"],
                "Expected lift": mine["expected_lift"],
                "P10": mine["low"],
                "P90": mine["high"],
                "Actual lift": mine["actual_lift"],
                "Lift, u": mine["actual"],
                "80% interval": ["within" if ok else "outside" for ok in mine["as_expected"]],
            }
        ),
        hide_index=True, placeholder="–",
        column_config={
            "80% interval": st.column_config.TextColumn(help="Whether the actual lift was between P10 and P90."),
            "Discount": st.column_config.NumberColumn(format="%.0f%%"),
            **{c: st.column_config.NumberColumn(format="%.2fx") for c in ("Expected lift", "P10", "P90", "Actual lift")},
            **{c: st.column_config.NumberColumn(format="%,.0f") for c in ("Baseline, u", "Lift, u")},
        },
    )  # fmt: skip
    st.caption(
        "Measured in the doors and weeks that were in stock, compared with the baseline of the same weeks. "
        "Where activations overlapped, sales above the baseline are split in the model's proportions."
    )


def page() -> None:
    if not beginning.reached(
        "Lift library", "what past activations were worth, beside what was expected"
    ):
        return
    frame.watch_rows(None)
    rows = frame.lift_library()
    if rows.empty:
        frame.title("Lift library", "No past activation yet.")
        st.info(
            "Import `activations` and `activation_items` with their past on the **Data** page and "
            "refresh: the actual lift of each is measured here and improves the next estimate."
        )
        return
    head = st.container()
    chosen = choose(rows)
    if chosen.empty:
        with head:
            frame.title("Lift library", "No past activation of this type in this class.")
        return
    summed = with_results(lift_library.by_activation(chosen), chosen)
    with head:
        frame.title(
            "Lift library",
            f"**{theme.plural(len(summed), 'past activation')}**, lift in the doors and weeks in stock: "
            f"{theme.units(chosen['actual'].sum())}; the model expects "
            f"{theme.units(chosen['expected'].sum())}. "
            f"{theme.percent(chosen['as_expected'].mean(), digits=0)} of featured SKUs were within their 80% interval "
            "(80% should be).",
        )
    tiles(chosen)
    all_skus = len(chosen) == len(rows[rows["activation"].isin(chosen["activation"])])
    kind = str(chosen["type"].iloc[0]) if chosen["type"].nunique() == 1 else "any type"
    st.markdown(results.realised(chosen, kind, whole=all_skus))
    left, right = st.columns([4, 7], gap="medium")
    with left:
        picture.of(
            charts.expected_and_actual(summed, types=rows["type"].unique().tolist()),
            title=ours("Expected and actual lift, one point per activation"),
            says=conclusions.expected_and_actual(summed), name="lifts", data=lambda: summed,
        )  # fmt: skip
    with right:
        by_activation(summed)
    by_sku(summed, chosen)
    download.spreadsheet(
        "Download (CSV)", lambda: chosen.drop(columns="log_sd"), "lift_library.csv"
    )


page()
