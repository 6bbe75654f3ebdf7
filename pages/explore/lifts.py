"""Lift library: what every past activation was worth, planned against actual."""

import pandas as pd
import streamlit as st

from forecasting.plan import lift_library
from pages.components import charts, download, frame, theme


def page() -> None:
    if not frame.needs_forecast():
        return
    frame.watch_rows(None)
    rows = frame.lift_library()
    if rows.empty:
        frame.title("Lift library", "No past activation yet.")
        st.info(
            "Import `activations` and `activation_items` with their past on the **Data** page and "
            "refresh: what each of them was worth is measured here and feeds the next estimate."
        )
        return
    head = st.container()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kinds = ["Any type", *sorted(rows["type"].unique())]
        kind = frame.select("Type", kinds, key="type", width=190)
        classes = ["Any class", *sorted(rows["class"].dropna().unique())]
        klass = frame.select("Class", classes, key="class", width=220)
    chosen = rows[
        ((rows["type"] == kind) | (kind == kinds[0]))
        & ((rows["class"] == klass) | (klass == classes[0]))
    ]
    if chosen.empty:
        with head:
            frame.title("Lift library", "Nothing of this type in this class.")
        return
    summed = lift_library.by_activation(chosen)
    off = chosen["expected"].sum() - chosen["actual"].sum()
    inside = chosen["as_expected"].mean()
    with head:
        frame.title(
            "Lift library",
            f"**{theme.plural(len(summed), 'past activation')}** added "
            f"{theme.units(chosen['actual'].sum())}; the model explains "
            f"{theme.units(chosen['expected'].sum())} of it. "
            f"{inside:.0%} of featured SKUs came out within the range it would give them (80 % should).",
        )
    tiles = st.columns(4)
    middle = chosen["actual_lift"].median()
    tiles[0].metric("Median lift", f"{middle:.2f}x", help=frame.term("Lift"), border=True)
    low, high = chosen["actual_lift"].quantile([0.1, 0.9])
    tiles[1].metric("Eight of ten SKUs", f"{low:.2f}x to {high:.2f}x", border=True)
    tiles[2].metric(
        "Explained less actual", theme.units(off, sign=True),
        help="Units that the model explains, minus units that the activations added. Above zero: it gives them too much.",
        border=True,
    )  # fmt: skip
    tiles[3].metric("Featured SKUs", f"{len(chosen):,}", border=True)
    left, right = st.columns([5, 6], gap="medium")
    with left:
        st.markdown("**Expected against actual**, one point an activation")
        st.altair_chart(
            charts.expected_and_actual(summed), width="stretch",
            alt="Expected against actual lift of past activations",
        )  # fmt: skip
    with right:
        st.markdown("**By activation**, latest first")
        shown = pd.DataFrame(
            {
                "Activation": summed["name"],
                "Type": summed["type"],
                "Starts": [theme.week(w) for w in summed["first_week"]],
                "SKUs": summed["skus"],
                "Stated": summed["promised"],
                "Expected": summed["expected_lift"],
                "Actual": summed["actual_lift"],
                "Added, u": summed["actual"],
            }
        )
        lift = st.column_config.NumberColumn(format="%.2fx")
        st.dataframe(
            shown, hide_index=True, height=330, placeholder="–",
            column_config={
                "Stated": st.column_config.NumberColumn(format="%.2fx", help="The lift that people stated before, times baseline."),
                "Expected": st.column_config.NumberColumn(format="%.2fx", help="What the model, having seen it, would expect of such an activation."),
                "Actual": lift, "Added, u": st.column_config.NumberColumn(format="%.0f"),
            },
        )  # fmt: skip
    names = dict(zip(summed["activation"], summed["name"], strict=True))
    one = frame.select(
        "SKU by SKU", list(names), key="activation", said=names.__getitem__, width=420
    )
    mine = chosen[chosen["activation"] == one]
    st.dataframe(
        pd.DataFrame(
            {
                "SKU": mine["sku"],
                "Class": mine["class"],
                "Discount": mine["discount"],
                "Doors": mine["doors"],
                "Baseline, u": mine["baseline"],
                "Expected": mine["expected_lift"],
                "From": mine["low"],
                "To": mine["high"],
                "Actual": mine["actual_lift"],
                "Added, u": mine["actual"],
                "": ["" if ok else "outside its range" for ok in mine["as_expected"]],
            }
        ),
        hide_index=True, placeholder="–",
        column_config={
            "Discount": st.column_config.NumberColumn(format="percent"),
            **{c: st.column_config.NumberColumn(format="%.2fx") for c in ("Expected", "From", "To", "Actual")},
            **{c: st.column_config.NumberColumn(format="%.0f") for c in ("Baseline, u", "Added, u")},
        },
    )  # fmt: skip
    st.caption(
        "Measured over the doors and weeks that were in stock, against the baseline of the same weeks. "
        "Where activations met, what was sold beyond the baseline is split as the model splits it."
    )
    download.spreadsheet(
        "Download (CSV)", lambda: chosen.drop(columns="log_sd"), "lift_library.csv"
    )


page()
