"""The buy plan: what the consensus asks the suppliers for, and what it leaves to spend."""

import pandas as pd
import streamlit as st

from forecasting.monthly import buying
from forecasting.plan import views
from forecasting.plan.live import LivePlan
from pages.components import charts, download, frame, theme
from pages.components.text import Said, ours

KIND_SAID = {
    "release": "Release now", "expedite": "Too late to order: expedite", "planned": "Planned release"
}  # fmt: skip
VERDICT_SIGN = {
    "approved": "✓ Approved",
    "at risk": "◆ At risk",
    "needs a decision": "● Needs a decision",
}


@st.cache_data(show_spinner="Netting demand against stock and orders ...", max_entries=4)
def bought(_plan: LivePlan, which: int, seq: int) -> pd.DataFrame:
    del which, seq
    return buying.rows(_plan)


@st.cache_data(show_spinner="Adding up open-to-buy ...", max_entries=4)
def money_left(_plan: LivePlan, which: int, seq: int) -> pd.DataFrame:
    del which, seq
    return buying.open_to_buy(_plan)


def finding(rows: pd.DataFrame, summed: pd.DataFrame) -> Said:
    cost = summed["release_cost"].sum(min_count=1)
    leaves = rows["units"][(rows["kind"] == "release") & (rows["source"] != "supplier")].sum()
    centre = (
        f" · {theme.units(leaves)} to ship from distribution centres to doors" if leaves else ""
    )
    return ours(
        f"**{theme.units(summed['release'].sum())} to order this week, {theme.money(cost)} at cost** · "
        f"{theme.units(summed['expedite'].sum())} needed before a new order can arrive: expedite or accept"
        f"{centre}"
    )


def page() -> None:
    if not frame.needs_forecast():
        return
    frame.watch_rows(None)
    head, filters = st.columns([5, 4], vertical_alignment="bottom")
    with filters.container(horizontal=True, horizontal_alignment="right"):
        _, plan = frame.which_plan()
        inside = frame.which_class(plan)
    rows = bought(plan, plan.number, plan.seq)
    if inside is not None:
        rows = rows[rows["sku"].isin(inside)]
    summed = buying.summary(plan, rows)
    with head:
        frame.title("Buy plan", finding(rows, summed))
    if rows.empty:
        st.info("Nothing has to be ordered: stock and open orders cover the plan.")
        return
    cells = st.columns(4)
    cells[0].metric("Release now", theme.units(summed["release"].sum()), border=True,
                    help="Orders to place this week so that they arrive when they are needed.")  # fmt: skip
    cells[1].metric(
        "At cost", theme.money(summed["release_cost"].sum(min_count=1)), border=True
    )
    cells[2].metric("Planned release", theme.units(summed["planned"].sum()), border=True,
                    help=f"Orders to place in later weeks, up to {buying.WEEKS:d} weeks ahead.")  # fmt: skip
    cells[3].metric("Too late to order", theme.units(summed["expedite"].sum()), border=True,
                    help="Needed before an order placed today could arrive. Expedite an open order, move "
                    "stock, or accept the shortage.")  # fmt: skip
    step = frame.steps(
        "View", {"orders": "Orders", "money": "Open-to-buy", "calendar": "Marketing calendar"},
        key="view",
    )  # fmt: skip
    if step == "orders":
        orders(plan, rows, summed)
    elif step == "money":
        open_to_buy(plan, inside)
    else:
        calendar(plan)


def orders(plan: LivePlan, rows: pd.DataFrame, summed: pd.DataFrame) -> None:
    left, right = st.columns([5, 6], gap="medium")
    with left:
        by_class(summed)
    with right:
        ordered = buying.without_shipments(rows)
        by_week = ordered.groupby(["release_week", "kind"], as_index=False)["units"].sum()
        st.altair_chart(charts.orders(by_week[by_week["kind"] != "expedite"]), width="stretch",
                        alt="Units to release, week by week")  # fmt: skip
    by_sku(plan, rows)
    network = plan.base.network
    doors = dict(zip(network.names, network.said, strict=True))
    named = rows.assign(door_name=rows["door"].map(doors))
    with st.container(horizontal=True):
        download.spreadsheet("Every line (CSV)", lambda: rows, "buy-plan.csv")
        download.spreadsheet(
            "To release now (XLSX)", lambda: named[named["kind"] == "release"],
            "release-now.xlsx", sheet="Release now",
        )  # fmt: skip
    st.caption(
        "An order is planned where stock, receipts and decided moves, less demand, fall below safety "
        "stock within the lead time. Orders are whole cases, at least the minimum order over all "
        "doors, and none is planned after the exit date. Where a distribution centre supplies the "
        "doors, doors draw on the centre and the centre orders from the supplier; its stock is used first."
    )


def by_class(summed: pd.DataFrame) -> None:
    st.dataframe(
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
            "At cost": theme.money_column(),
        },
    )  # fmt: skip


def by_sku(plan: LivePlan, rows: pd.DataFrame) -> None:
    """Orders of one kind, SKU by SKU, the earliest first."""
    kind = frame.select(
        "Show",
        ["release", "expedite", "planned"],
        key="kind",
        said=KIND_SAID.__getitem__,
        width=260,
    )
    shown = rows[rows["kind"] == kind]
    skus = plan.base.skus.set_index("sku")
    orders_ = shown.groupby(["sku", "receipt_week", "source"], as_index=False).agg(
        units=("units", "sum"), doors=("door", "nunique"), release=("release_week", "min")
    )
    orders_ = orders_.sort_values(["release", "units"], ascending=[True, False])
    st.dataframe(
        pd.DataFrame(
            {
                "SKU": orders_["sku"], "What": orders_["sku"].map(skus["description"]),
                "Supplier": orders_["sku"].map(skus["supplier"]).where(
                    orders_["source"] == "supplier", "Distribution centre"
                ),
                "Units": orders_["units"], "Doors": orders_["doors"],
                "Release": orders_["release"].map(theme.week),
                "Arrives": orders_["receipt_week"].map(theme.week),
                "Cost": orders_["units"] * orders_["sku"].map(skus["unit_cost"]),
            }
        ).head(2000),
        hide_index=True, height=340, alt=f"Orders: {KIND_SAID[kind]}", placeholder="–",
        column_config={
            "Units": st.column_config.NumberColumn(format="localized"),
            "Cost": theme.money_column(),
        },
    )  # fmt: skip


def open_to_buy(plan: LivePlan, inside: set[str] | None) -> None:
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
    st.dataframe(
        wide.reset_index().rename(columns={"class": "Class"}), hide_index=True,
        height="content", alt="Open-to-buy by class and month", placeholder="–",
        column_config={m: theme.money_column() for m in months},
    )  # fmt: skip
    st.caption(
        "Open-to-buy = planned sales + planned markdowns + planned stock at the month's end - "
        "stock at its start - receipts in it. Below zero is over-bought: defer or cancel orders. "
        "Planned stock is the usual weeks of supply; markdowns are the discounts of planned activations."
    )


def calendar(plan: LivePlan) -> None:
    judged = views.verdicts(plan)
    frame_ = buying.calendar(plan, judged, frame.workspace().decisions)
    counts = frame_["verdict"].value_counts()
    st.markdown(
        f"**{theme.plural(int(counts.get('approved', 0)), 'activation')}** approved · "
        f"**{counts.get('at risk', 0):d}** at risk · "
        f"{theme.plural(int(counts.get('needs a decision', 0)), 'needs', 'need')} a decision"
    )
    st.dataframe(
        pd.DataFrame(
            {
                "Verdict": frame_["verdict"].map(VERDICT_SIGN), "Activation": frame_["name"],
                "Starts": frame_["start"], "Why": frame_["why"],
            }
        ),
        hide_index=True, alt="Activations and whether the buy plan covers them",
    )  # fmt: skip
    st.caption("The same stock from Marketing's point of view. Decide on the Bridge.")


page()
