"""The buy plan: what the consensus asks the suppliers for, and what it leaves to spend."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from forecasting.monthly import buying, order_book, order_proposals
from forecasting.monthly.order_book import StandingOrder
from forecasting.plan.live import LivePlan
from forecasting.weekly.ordering import APPROVED
from pages.components import (
    allowed,
    beginning,
    charts,
    conclusions,
    download,
    filters,
    frame,
    orders,
    picture,
    theme,
    written,
)
from pages.components.text import ours


@st.cache_data(show_spinner="Netting demand against stock and orders ...", max_entries=4)
def bought(_plan: LivePlan, which: int, seq: int) -> pd.DataFrame:
    del which, seq
    return buying.rows(_plan)


@st.cache_data(show_spinner="Adding up open-to-buy ...", max_entries=4)
def money_left(_plan: LivePlan, which: int, seq: int) -> pd.DataFrame:
    del which, seq
    return buying.open_to_buy(_plan)


def page() -> None:
    if not beginning.reached("Buy plan", "what to order, where and by which week"):
        return
    frame.watch_rows(None)
    head, bar = st.columns([5, 5], vertical_alignment="bottom")
    with bar.container(horizontal=True, horizontal_alignment="right"):
        _, plan = frame.which_plan()
        chosen = filters.products(plan)
    rows, inside = bought(plan, plan.number, plan.seq), chosen.skus
    if inside is not None:
        rows = rows[rows["sku"].isin(inside)]
    summed = buying.summary(plan, rows)
    standing = order_book.standing(plan, frame.workspace().orders.open)
    with head:
        frame.title("Buy plan", orders.headline(rows, summed, standing))
        filters.note(chosen, has_doors=False)
    if rows.empty and not standing:
        st.info("Nothing has to be ordered: stock and open orders cover the plan.")
        return
    tiles(rows, summed, standing)
    step = frame.steps(
        "View",
        {
            "orders": "To order", "book": "Approved and released", "late": "Too late to order",
            "money": "Open-to-buy", "calendar": "Marketing calendar",
        },
        key="view",
    )  # fmt: skip
    if step == "orders":
        to_order(plan, rows, summed)
    elif step == "book":
        orders.unreleased(plan)
        orders.book(plan)
    elif step == "late":
        orders.too_late(plan, rows)
    elif step == "money":
        open_to_buy(plan, inside)
    else:
        calendar()


def tiles(rows: pd.DataFrame, summed: pd.DataFrame, standing: Sequence[StandingOrder]) -> None:
    late = rows[rows["kind"] == "expedite"]
    lost = late[late["lost_units"] >= 0.5]
    cells = st.columns(5)
    cells[0].metric("Lost sales ahead", theme.money(lost["lost_value"].sum(min_count=1)),
                    border=True, help=f"{theme.units(lost['lost_units'].sum())} that demand is expected to miss "
                    "before an order placed today can arrive, by open orders and decided moves alone: expedite an "
                    "open order, move stock, or accept it.")  # fmt: skip
    cells[1].metric("Release now", theme.units(summed["release"].sum()), border=True,
                    help="Orders to place this week so that they arrive when they are needed. At cost: "
                    f"{theme.money(summed['release_cost'].sum(min_count=1))}.")  # fmt: skip
    waiting = [s.order for s in standing if s.order.state == APPROVED]
    cells[2].metric("Approved", theme.units(sum(o.units for o in waiting)), border=True,
                    help="Approved and not released: every plan counts them already; they can be taken back until they are released.")  # fmt: skip
    cells[3].metric("Planned release", theme.units(summed["planned"].sum()), border=True,
                    help=f"Orders to place in later weeks, up to {buying.WEEKS:d} weeks ahead.")  # fmt: skip
    below = max(float(late["units"].sum() - late["lost_units"].sum()), 0.0)
    cells[4].metric("Short of safety stock", theme.units(below), border=True,
                    help="Units that safety stocks lack of their level before an order placed today can arrive. "
                    "No sale is expected to be lost for want of them alone.")  # fmt: skip


def to_order(plan: LivePlan, rows: pd.DataFrame, summed: pd.DataFrame) -> None:
    left = money_left(plan, plan.number, plan.seq)
    orders.proposed(plan, rows, left)
    leaves = rows[(rows["kind"] == "release") & (rows["source"] != "supplier")]["units"].sum()
    if leaves:
        st.caption(
            f"Besides, {theme.units(leaves)} leave distribution centres for doors this week."
        )
    network = plan.base.network
    doors = dict(zip(network.names, network.labels, strict=True))
    with st.container(horizontal=True):
        download.spreadsheet(
            "Every line (CSV)",
            lambda: order_proposals.with_what_decides(plan, rows, left),
            "buy-plan.csv",
        )
        download.spreadsheet(
            "To release now (XLSX)", lambda: released_now(plan, rows, left, doors),
            "release-now.xlsx", sheet="Release now",
        )  # fmt: skip
    with st.expander("By class and by week"):
        by_class(summed)
        ordered = buying.without_shipments(rows)
        by_week = ordered.groupby(["release_week", "kind"], as_index=False)["units"].sum()
        shown = by_week[by_week["kind"] != "expedite"]
        picture.of(
            charts.orders(shown), title=ours("Units to release, week by week"),
            says=conclusions.orders(shown), name="releases", data=lambda: shown,
        )  # fmt: skip
    st.caption(
        "An order is planned where stock, receipts and decided moves, less demand, fall below safety "
        "stock within the lead time. Orders are whole cases, at least the minimum order over all "
        "doors, and none is planned after the exit date. Where a distribution centre supplies the "
        "doors, doors draw on the centre and the centre orders from the supplier; its stock is used first."
    )


def released_now(
    plan: LivePlan, rows: pd.DataFrame, left: pd.DataFrame, doors: dict[str, str]
) -> pd.DataFrame:
    lines = order_proposals.with_what_decides(plan, rows, left)
    return lines.assign(door_name=lines["door"].map(doors))[lines["kind"] == "release"]


def by_class(summed: pd.DataFrame) -> None:
    written.dataframe(
        pd.DataFrame(
            {
                "Class": summed["class"], "Release now, u": summed["release"],
                "At cost": summed["release_cost"], "Planned release, u": summed["planned"],
                "Too late to order, u": summed["expedite"],
            }
        ),
        hide_index=True, alt="Orders by class", placeholder="–",
        column_config={
            "Release now, u": st.column_config.NumberColumn(format="localized"),
            "Planned release, u": st.column_config.NumberColumn(format="localized"),
            "Too late to order, u": st.column_config.NumberColumn(format="localized"),
            "At cost": written.money(),
        },
    )  # fmt: skip


def open_to_buy(plan: LivePlan, inside: frozenset[str] | None) -> None:
    left = money_left(plan, plan.number, plan.seq)
    if inside is not None:
        skus = plan.base.skus
        left = left[left["class"].isin(skus.loc[skus["sku"].isin(inside), "class"])]
    if left.empty:
        st.info(
            "Prices are missing, so open-to-buy cannot be calculated. Import prices on the Data page."
        )
        return
    at = st.segmented_control("At", ["Retail", "Cost"], default="Retail", required=True)
    column = "otb" if at == "Retail" else "otb_cost"
    months = list(dict.fromkeys(left["month"]))
    wide = left.pivot_table(index="class", columns="month", values=column, aggfunc="sum")[
        months
    ]
    wide.loc["Total"] = wide.sum()
    parts = left.groupby("month", sort=False)[["sales", "markdowns", "eom", "bom", "due"]].sum()
    if at == "Retail":
        labels = ["Sales", "Markdowns", "Stock at the end", "Stock at the start", "Receipts"]
        for name, part in zip(labels, parts, strict=True):
            sign = -1 if part in ("bom", "due") else 1
            wide.loc[f"{'-' if sign < 0 else '+'} {name}"] = parts[part]
    written.dataframe(
        wide.reset_index().rename(columns={"class": "Class"}), hide_index=True,
        height="content", alt="Open-to-buy by class and month", placeholder="–",
        column_config={m: written.money() for m in months},
    )  # fmt: skip
    st.caption(
        "Open-to-buy = planned sales + planned markdowns + planned stock at the month's end - "
        "stock at its start - receipts in it. Below zero is over-bought: defer or cancel orders. "
        "Planned stock is the usual weeks of supply; markdowns are the discounts of planned activations."
    )


def calendar() -> None:
    """The same stock from Marketing's point of view."""
    found = allowed.found()
    st.markdown(allowed.finding(found))
    allowed.table(found)
    st.caption("The same stock from Marketing's point of view. Decide on the Bridge.")


page()
