"""SKU: everything about one SKU on one page."""

import datetime as dt

import numpy as np
import pandas as pd
import streamlit as st

from forecasting.demand.cleansing import LONE_PEAK, PARTLY, SHUT, SOLD_OUT
from forecasting.hierarchy import THOUSANDTHS
from forecasting.inventory.bridge import group_status
from forecasting.plan import views
from forecasting.plan.basis import USUAL_LEAD_TIME_WEEKS
from pages.components import charts, download, frame, theme
from pages.components.text import plain

WHY = {
    SHUT: "Out of stock all week: not learned from, counted as the expected demand.",
    PARTLY: "Out of stock for part of the week: the missing part is estimated.",
    SOLD_OUT: "Sold out by the end of the week: demand was at least this much.",
    LONE_PEAK: "One week far above anything expected, with nothing to explain it.",
}


def page() -> None:
    if not frame.needs_forecast():
        return
    space = frame.workspace()
    plan = frame.plan()
    if not plan.sku_names:
        st.info(
            "There are no SKUs: their import was rolled back. Import them on the **Data** page."
        )
        return
    names = plan.base.skus["description"].fillna("").tolist()
    label = dict(zip(plan.sku_names, names, strict=True))
    head = st.container()
    row = st.columns([3, 2, 3])
    with row[0]:
        chosen = frame.select(
            "SKU", plan.sku_names, key="sku",
            said=lambda s: f"{s} · {label[s]}" if label[s] else s,
        )  # fmt: skip
    sku = plan.sku_index[chosen]
    with row[1]:
        at = frame.select("Door", ["All doors", *plan.base.doors["name"]], key="door")
    places = np.arange(len(plan.door_names))
    if at != "All doors":
        places = np.flatnonzero((plan.base.doors["name"] == at).to_numpy())
    frame.watch_rows([sku])
    computed = plan.sku(sku)
    attributes = plan.base.skus.iloc[sku]
    on_hand = plan.base.opening[sku, places]
    stock = float(np.nansum(on_hand)) if not np.isnan(on_hand).all() else float("nan")
    demand = computed.draft[places, :8].sum() / THOUSANDTHS
    coming = computed.arriving[places, :8].sum()
    lost = computed.projection.lost[places, :8].sum()
    with head:
        if np.isnan(stock):
            finding = (
                "There is no recent stock count, so it is not known how long stock will last."
            )
        elif lost >= 1:
            finding = f"**{theme.units(lost)} of the next 8 weeks' demand will not be met by stock** as planned."
        else:
            finding = (
                f"{theme.units(stock)} on hand and {theme.units(coming)} due meet the "
                f"{theme.units(demand)} expected in 8 weeks."
            )
        frame.title(
            f"SKU {plain(chosen)}",
            f"{plain(label[chosen])} · {plain(attributes['class'])} · {finding}",
        )
    frame.odd_beside("sku", chosen)
    if at != "All doors":
        frame.odd_beside("door", plan.door_names[int(places[0])])
    tiles = st.columns(6)
    tiles[0].metric("On hand", theme.units(stock), help=frame.term("On hand"), border=True)
    tiles[1].metric(
        "Receipts, 8 weeks", theme.units(coming), help=frame.term("Receipt"), border=True
    )
    tiles[2].metric(
        "Demand, 8 weeks", theme.units(demand), help=frame.term("Demand"), border=True
    )
    tiles[3].metric(
        "Units short, 8 weeks",
        theme.units(lost if not np.isnan(stock) else None),
        help=frame.term("Units short"),
        border=True,
    )
    price = (
        np.nanmean(plan.base.price[sku]) if not np.isnan(plan.base.price[sku]).all() else None
    )
    tiles[4].metric(
        "Regular price",
        theme.money(price) if price is None or price >= 100 else f"${price:,.2f}",
        border=True,
    )
    given = attributes["lead_time_weeks"]
    lead = USUAL_LEAD_TIME_WEEKS if pd.isna(given) else int(given)
    tiles[5].metric(
        "Lead time",
        f"{lead:d} wk{' (assumed)' if pd.isna(given) else ''}",
        help=frame.term("Lead time"),
        border=True,
    )

    since = plan.base.as_of - dt.timedelta(7 * 51)
    sold = space.store.query("sku_history", sku=chosen, since=since)
    # A week that is still running would look like a fall.
    sold = sold[pd.to_datetime(sold["week"]) <= pd.Timestamp(plan.base.as_of)]
    here = sold[sold["door"].isin([plan.door_names[d] for d in places])]
    history = here.groupby("week", as_index=False)[["units"]].sum()
    corrected = space.runs.corrections(chosen)
    corrected = corrected[corrected["door"].isin([plan.door_names[d] for d in places])]
    added = (corrected["clean"] - corrected["raw"]).groupby(corrected["week"]).sum()
    history["actual"] = history["units"] + history["week"].map(added).fillna(0.0)
    parts = views.parts_of(plan, [sku], places)
    parts = parts[parts["week"] <= plan.base.weeks[25]]
    draft = pd.DataFrame(
        {
            "layer": "Draft",
            "week": plan.base.weeks[:26],
            "units": computed.draft[places, :26].sum(axis=0) / THOUSANDTHS,
        }
    )
    st.markdown(
        "**Sales, and the forecast by its parts**, units per week"
        + (" · dotted: demand, where stock ran out" if len(corrected) else "")
    )
    st.altair_chart(
        charts.forecast(history, parts, draft),
        width="stretch",
        alt=f"A year of sales of {chosen} and 26 weeks of forecast by part",
    )
    if len(corrected):
        with st.expander(
            f"{theme.plural(len(corrected), 'week')} at a door corrected for stockouts: "
            f"{theme.units(corrected['raw'].sum())} sold, {theme.units(corrected['clean'].sum())} demand"
        ):
            doors = dict(zip(plan.door_names, plan.base.doors["name"], strict=True))
            recent = corrected.sort_values("week", ascending=False)
            st.dataframe(
                pd.DataFrame(
                    {
                        "Week": [theme.week(w) for w in recent["week"]],
                        "Door": recent["door"].map(doors),
                        "Sales, u": recent["raw"],
                        "Demand, u": recent["clean"],
                        "Why": recent["reason"].map(WHY),
                    }
                ),
                hide_index=True, height=min(38 + 35 * len(recent), 300),
                column_config={c: st.column_config.NumberColumn(format="%.1f") for c in ("Sales, u", "Demand, u")},
            )  # fmt: skip
            st.caption(
                "Recorded sales are not changed; only the demand that the forecast learns from is corrected."
            )
    left, right = st.columns([6, 5], gap="medium")
    with left:
        st.markdown("**Projected on hand**")
        fan = views.on_hand_fan(plan, sku, places)
        first, last = (
            pd.Timestamp(plan.base.weeks[0]),
            pd.Timestamp(plan.base.weeks[0]) - pd.Timedelta(7, "D"),
        )
        if computed.items:
            first = pd.Timestamp(plan.base.weeks[computed.items[0].first])
            last = pd.Timestamp(plan.base.weeks[computed.items[0].last])
        dry = np.flatnonzero(fan["after_lift"].to_numpy() < 0.5)
        gone = fan["week"].iloc[dry[0]] if len(dry) and not np.isnan(stock) else None
        if np.isnan(stock):
            st.info(
                "No stock count of the last two weeks. Import inventory to see the projection."
            )
        else:
            st.altair_chart(
                charts.projection(fan, window=(first, last), first_short=gone), width="stretch",
                alt=f"Projected on hand of {chosen}, runs out {theme.week(gone)}",
            )  # fmt: skip
    with right:
        st.markdown("**Activations**")
        rows = []
        for item in computed.items:
            act = plan.activation(item.activation)
            verdict = group_status(item.status, item.window_demand, plan.limits)
            base = item.window_demand.sum() - item.window_lift.sum()
            rows.append(
                (
                    theme.said(verdict),
                    act.name,
                    theme.week(act.start),
                    item.window_demand.sum() / base if base > 0 else None,
                    item.short.sum(),
                )
            )
        if rows:
            st.dataframe(
                pd.DataFrame(rows, columns=["Status", "Activation", "Starts", "Lift", "Short, u"]), hide_index=True,
                column_config={"Lift": st.column_config.NumberColumn(format="%.2fx", help=frame.term("Lift")), "Short, u": st.column_config.NumberColumn(format="%.1f")},
            )  # fmt: skip
        else:
            st.caption("Not featured in any planned activation.")
        st.markdown("**Open receipts**")
        due = plan.base.receipts[plan.base.receipts["sku"] == sku]
        due = due[due["door"].isin(places)]
        if len(due):
            st.dataframe(
                pd.DataFrame(
                    {
                        "Arrives": [theme.week(plan.base.weeks[w]) for w in due["week"]],
                        "Door": plan.base.doors["name"].to_numpy()[due["door"].to_numpy(dtype=int)],
                        "Units, u": due["units"],
                        "": [
                            "long past due: counted in part"
                            if chance < 1
                            else "past due: counted a week later" * bool(late)
                            for chance, late in zip(due["chance"], due["late"], strict=True)
                        ],
                    }
                ).sort_values("Arrives"),
                hide_index=True, height=180,
            )  # fmt: skip
        else:
            st.caption("Nothing is on order.")
        every = int(plan.base.rhythm[0][sku])
        if every > 1:
            st.caption(f"Its orders arrive every {('2nd', '3rd', '4th')[every - 2]} week.")
    st.markdown("**Doors**")
    known = np.where(
        computed.known[places], computed.projection.lost[places, :8].sum(axis=1), np.nan
    )
    st.dataframe(
        pd.DataFrame(
            {
                "Door": plan.base.doors["name"].to_numpy()[places],
                "Region": plan.base.doors["region"].to_numpy()[places],
                "On hand, u": on_hand,
                "Demand, 8 weeks, u": computed.draft[places, :8].sum(axis=1) / THOUSANDTHS,
                "Receipts, 8 weeks, u": computed.arriving[places, :8].sum(axis=1),
                "Short, 8 weeks, u": known,
                "Usual weeks of supply": plan.base.cover[sku, places],
            }
        ),
        hide_index=True,
        column_config={c: st.column_config.NumberColumn(format="%.1f") for c in ("Demand, 8 weeks, u", "Receipts, 8 weeks, u", "Short, 8 weeks, u", "Usual weeks of supply")},
    )  # fmt: skip
    download.spreadsheet("Download its sales history (CSV)", lambda: sold, f"{chosen}.csv")


page()
