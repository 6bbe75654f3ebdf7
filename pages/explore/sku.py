"""SKU: everything about one SKU on one page."""

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from forecasting import write
from forecasting.calendar import as_date
from forecasting.consensus.events import Scope
from forecasting.demand.cleansing import LONE_PEAK, PARTLY, SHUT, SOLD_OUT
from forecasting.hierarchy import THOUSANDTHS
from forecasting.inventory.bridge import group_status
from forecasting.plan import featured, views
from forecasting.plan.basis import USUAL_LEAD_TIME_WEEKS
from forecasting.plan.live import LivePlan
from forecasting.plan.sku import SkuPlan
from pages.components import (
    beginning,
    charts,
    conclusions,
    download,
    followed,
    frame,
    picture,
    theme,
    thread,
    written,
)
from pages.components.followed import What
from pages.components.text import Markdown, ours, plain

WHY = {
    SHUT: "Out of stock all week: not learned from, counted as the expected demand.",
    PARTLY: "Out of stock for part of the week: the missing part is estimated.",
    SOLD_OUT: "Sold out by the end of the week: demand was at least this much.",
    LONE_PEAK: "One week far above anything expected, with nothing to explain it.",
}


NEXT = 8
"""Weeks that the page sums up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """One SKU at the doors that were chosen."""

    plan: LivePlan
    name: str
    label: str
    sku: int
    places: np.ndarray
    """Positions of the doors."""

    @property
    def computed(self) -> SkuPlan:
        return self.plan.sku(self.sku)

    @property
    def on_hand(self) -> np.ndarray:
        """Units at each door; NaN where nobody counted."""
        found: np.ndarray = self.plan.base.opening[self.sku, self.places]
        return found

    @property
    def stock(self) -> float:
        """Units at all of them; NaN where none was counted."""
        known = self.on_hand
        return float(np.nansum(known)) if not np.isnan(known).all() else float("nan")

    @property
    def demand(self) -> float:
        return float(self.computed.draft[self.places, :NEXT].sum() / THOUSANDTHS)

    @property
    def receipts(self) -> float:
        return float(self.computed.arriving[self.places, :NEXT].sum())

    @property
    def short(self) -> float:
        """Units of demand that stock will not meet; NaN where stock is unknown."""
        lost = float(self.computed.projection.lost[self.places, :NEXT].sum())
        return float("nan") if np.isnan(self.stock) else lost


def choose(plan: LivePlan) -> tuple[Looked, str]:
    """SKU and doors, in the link; the doors in words, too."""
    names = plan.base.skus["description"].fillna("").tolist()
    label = dict(zip(plan.sku_names, names, strict=True))
    row = st.columns([3, 2, 3], vertical_alignment="bottom")
    with row[0]:
        chosen = frame.select(
            "SKU", plan.sku_names, key="sku",
            in_words=lambda s: f"{s} · {label[s]}" if label[s] else s,
        )  # fmt: skip
    with row[2]:
        followed.star(What.SKU, chosen)
    with row[1]:
        at = frame.select("Door", ["All doors", *plan.base.doors["name"]], key="door")
    places = np.arange(len(plan.door_names))
    if at != "All doors":
        places = np.flatnonzero((plan.base.doors["name"] == at).to_numpy())
    sku = plan.sku_index[chosen]
    return Looked(plan=plan, name=chosen, label=label[chosen], sku=sku, places=places), at


def finding(of: Looked) -> Markdown:
    """Whether stock lasts, in a sentence."""
    if np.isnan(of.stock):
        return ours(
            "There is no recent stock count, so it is not known how long stock will last."
        )
    if of.short >= 1:
        return ours(
            f"**{theme.units(of.short)} of the next {NEXT:d} weeks' demand will not be met by stock** as "
            "planned."
        )
    return ours(
        f"{theme.units(of.stock)} on hand and {theme.units(of.receipts)} of receipts meet the "
        f"{theme.units(of.demand)} expected in {NEXT:d} weeks."
    )


def tiles(of: Looked) -> None:
    attributes, prices = of.plan.base.skus.iloc[of.sku], of.plan.base.price[of.sku]
    six = st.columns(6)
    six[0].metric("On hand", theme.units(of.stock), help=frame.term("On hand"), border=True)
    six[1].metric(
        "Receipts, 8 weeks", theme.units(of.receipts), help=frame.term("Receipt"), border=True
    )
    six[2].metric(
        "Demand, 8 weeks", theme.units(of.demand), help=frame.term("Demand"), border=True
    )
    six[3].metric(
        "Units short, 8 weeks", theme.units(of.short), help=frame.term("Units short"),
        border=True,
    )  # fmt: skip
    price = np.nanmean(prices) if not np.isnan(prices).all() else None
    six[4].metric(
        "Regular price",
        theme.money(price) if price is None or price >= 100 else theme.price(price),
        help=frame.term("Regular price"),
        border=True,
    )
    given = attributes["lead_time_weeks"]
    lead = USUAL_LEAD_TIME_WEEKS if pd.isna(given) else int(given)
    six[5].metric(
        "Lead time",
        f"{lead:d} wk{' (assumed)' if pd.isna(given) else ''}",
        help=frame.term("Lead time"),
        border=True,
    )


def past_and_forecast(of: Looked) -> pd.DataFrame:
    """Its year and the forecast by parts, as a picture; returns its sales, door by door."""
    space, plan = frame.workspace(), of.plan
    since = plan.base.as_of - dt.timedelta(7 * 51)
    sold = space.store.query("sku_history", sku=of.name, since=since)
    # A week that is still running would look like a fall.
    sold = sold[pd.to_datetime(sold["week"]) <= pd.Timestamp(plan.base.as_of)]
    doors = [plan.door_names[d] for d in of.places]
    history = sold[sold["door"].isin(doors)].groupby("week", as_index=False)[["units"]].sum()
    corrected = space.runs.corrections(of.name)
    corrected = corrected[corrected["door"].isin(doors)]
    added = (corrected["clean"] - corrected["raw"]).groupby(corrected["week"]).sum()
    history["actual"] = history["units"] + history["week"].map(added).fillna(0.0)
    parts = views.parts_of(plan, [of.sku], of.places)
    draft = pd.DataFrame(
        {
            "layer": "Draft",
            "week": plan.base.weeks[:26],
            "units": of.computed.draft[of.places, :26].sum(axis=0) / THOUSANDTHS,
        }
    )
    parts = parts[parts["week"] <= plan.base.weeks[25]]
    picture.of(
        charts.forecast(history, parts, draft), name=f"forecast-{of.name}", data=lambda: parts,
        title=ours("A year of sales, and the forecast by its parts, units per week"),
        says=conclusions.forecast(parts, draft),
    )  # fmt: skip
    if len(corrected):
        corrections(plan, corrected)
    return sold


def corrections(plan: LivePlan, corrected: pd.DataFrame) -> None:
    """Weeks whose sales do not say what demand was, and what they count as."""
    with st.expander(
        f"{theme.plural(len(corrected), 'week')} at a door corrected for stockouts: "
        f"{theme.units(corrected['raw'].sum())} sold, {theme.units(corrected['clean'].sum())} demand"
    ):
        doors = dict(zip(plan.door_names, plan.base.doors["name"], strict=True))
        recent = corrected.sort_values("week", ascending=False)
        number = st.column_config.NumberColumn(format="%,.1f")
        written.dataframe(
            pd.DataFrame(
                {
                    "Week": [theme.week(w) for w in recent["week"]],
                    "Door": recent["door"].map(doors),
                    "Sales, u": recent["raw"],
                    "Demand, u": recent["clean"],
                    "Why": recent["reason"].map(WHY),
                }
            ),
            hide_index=True, height=written.height(len(recent), most=9),
            alt="Weeks corrected for stockouts, latest first",
            column_config={"Sales, u": number, "Demand, u": number},
        )  # fmt: skip
        st.caption(
            "Recorded sales are not changed; only the demand that the forecast learns from is corrected."
        )


def projected(of: Looked) -> None:
    if np.isnan(of.stock):
        st.markdown("**Projected on hand**")
        st.info("No stock count of the last two weeks. Import inventory to see the projection.")
        return
    weeks, items = of.plan.base.weeks, of.computed.items
    fan = featured.on_hand_fan(of.plan, of.sku, of.places)
    first, last = pd.Timestamp(weeks[0]), pd.Timestamp(weeks[0]) - pd.Timedelta(7, "D")
    if items:
        first, last = pd.Timestamp(weeks[items[0].first]), pd.Timestamp(weeks[items[0].last])
    dry = np.flatnonzero(fan["after_lift"].to_numpy() < 0.5)
    gone = fan["week"].iloc[dry[0]] if len(dry) else None
    picture.of(
        charts.projection(fan, window=(first, last), first_short=gone), data=lambda: fan,
        title=ours("Projected on hand"), name=f"on-hand-{of.name}",
        says=conclusions.projection(fan, first_short=gone),
    )  # fmt: skip


def activations(of: Looked) -> None:
    st.markdown("**Activations**")
    rows = []
    for item in of.computed.items:
        act = of.plan.activation(item.activation)
        verdict = group_status(item.status, item.window_demand, of.plan.limits)
        base = item.window_demand.sum() - item.window_lift.sum()
        lift = item.window_demand.sum() / base if base > 0 else None
        rows.append(
            (
                theme.status_label(verdict),
                act.name,
                theme.week(act.start),
                lift,
                item.short.sum(),
            )
        )
    if not rows:
        st.caption("Not featured in any planned activation.")
        return
    written.dataframe(
        pd.DataFrame(rows, columns=["Status", "Activation", "Starts", "Lift", "Short, u"]), hide_index=True,
        alt=f"Activations that feature {of.name}",
        column_config={
            "Lift": st.column_config.NumberColumn(format="%.2fx", help=frame.term("Lift")),
            "Short, u": st.column_config.NumberColumn(format="%,.0f"),
        },
    )  # fmt: skip


def receipts(of: Looked) -> None:
    st.markdown("**Open receipts**")
    base = of.plan.base
    due = base.receipts[base.receipts["sku"] == of.sku]
    due = due[due["door"].isin(of.places)].sort_values("week", kind="stable")
    if len(due):
        written.dataframe(
            pd.DataFrame(
                {
                    "Arrives": [theme.week(base.weeks[w]) for w in due["week"]],
                    "Door": base.doors["name"].to_numpy()[due["door"].to_numpy(dtype=int)],
                    "Units": due["units"],
                    "Remark": [
                        "long past due: counted in part"
                        if chance < 1
                        else "past due: counted a week later" * bool(late)
                        for chance, late in zip(due["chance"], due["late"], strict=True)
                    ],
                }
            ),
            hide_index=True, height=written.height(len(due), most=6), alt=f"Open receipts of {of.name}",
            column_config={"Units": st.column_config.NumberColumn(format="localized")},
        )  # fmt: skip
    else:
        st.caption("Nothing is on order.")
    every = int(base.rhythm[0][of.sku])
    if every > 1:
        st.caption(f"Its orders arrive every {('2nd', '3rd', '4th')[every - 2]} week.")


def doors(of: Looked) -> None:
    st.markdown("**Doors**")
    computed, places, base = of.computed, of.places, of.plan.base
    lost = computed.projection.lost[places, :NEXT].sum(axis=1)
    number = st.column_config.NumberColumn(format="%,.1f")
    written.dataframe(
        pd.DataFrame(
            {
                "Door": base.doors["name"].to_numpy()[places],
                "Region": base.doors["region"].to_numpy()[places],
                "On hand, u": of.on_hand,
                "Demand, 8 weeks, u": computed.draft[places, :NEXT].sum(axis=1) / THOUSANDTHS,
                "Receipts, 8 weeks, u": computed.arriving[places, :NEXT].sum(axis=1),
                "Short, 8 weeks, u": np.where(computed.known[places], lost, np.nan),
                "Usual weeks of supply": base.cover[of.sku, places],
            }
        ),
        hide_index=True, placeholder="–", alt=f"Doors of {of.name}",
        column_config={
            "On hand, u": st.column_config.NumberColumn(format="localized"),
            "Demand, 8 weeks, u": number, "Receipts, 8 weeks, u": number,
            "Short, 8 weeks, u": number, "Usual weeks of supply": number,
        },
    )  # fmt: skip


def comments(of: Looked, plan: LivePlan) -> None:
    """Threads on the SKU; a new one is on one of its next weeks."""
    days = [as_date(week) for week in plan.base.weeks[:NEXT]]
    scopes = {
        write.day(day): Scope(
            product_level="sku", product=of.name, first_week=day, last_week=day
        )
        for day in days
    }
    thread.of(f"sku/{of.name}", scopes=scopes)


def page() -> None:
    if not beginning.reached(
        "SKU", "everything about one SKU: sales, forecast, stock and doors"
    ):
        return
    plan = frame.plan()
    if not plan.sku_names:
        st.info(
            "There are no SKUs: their import was rolled back. Import them on the **Data** page."
        )
        return
    head = st.container()
    of, at = choose(plan)
    frame.watch_rows([of.sku])
    klass = plan.base.skus.iloc[of.sku]["class"]
    with head:
        frame.title(
            f"SKU {plain(of.name)}", f"{plain(of.label)} · {plain(klass)} · {finding(of)}"
        )
    frame.odd_beside("sku", of.name)
    if at != "All doors":
        frame.odd_beside("door", plan.door_names[int(of.places[0])])
    tiles(of)
    sold = past_and_forecast(of)
    left, right = st.columns([6, 5], gap="medium")
    with left:
        projected(of)
    with right:
        activations(of)
        receipts(of)
    doors(of)
    comments(of, plan)
    download.spreadsheet("Download its sales history (CSV)", lambda: sold, f"{of.name}.csv")


page()
