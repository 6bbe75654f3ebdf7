"""Orders on the buy plan: proposed ones, edited and approved; approved ones, worked off."""

import datetime as dt
import hashlib
from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
import streamlit as st

from forecasting.calendar import as_date
from forecasting.errors import ConcordError
from forecasting.monthly import order_book, order_proposals
from forecasting.monthly.order_book import StandingOrder
from forecasting.plan.live import LivePlan
from forecasting.weekly.order_terms import divided
from forecasting.weekly.ordering import APPROVED, RELEASED
from pages.components import download, frame, lists, picked, proposals, theme, written
from pages.components.options import who
from pages.components.text import Markdown, ours, plain

KIND_LABELS = {"release": "Release now", "planned": "Planned release"}
EVERY_SUPPLIER = "All suppliers"
MOST_SHOWN = 2_000
_HANDED_IN = "orders handed in"
"""How often, in this window: the table begins without ticks after each time."""
MOST_NAMED = 5
WHOLE = st.column_config.NumberColumn(format="localized")
UNITS = "Whole cases, at least the minimum order. Type another number to order that."
OTB = (
    "What is left of open-to-buy, at cost, in its class and month of arrival, after this order and "
    "those above it. Below zero: over-bought. It is shown, not forbidden."
)
ASKED = "Share of replenishment cycles, or of units as the company has set, that stock is ordered to meet in full."
CHEAPEST = (
    "The share of cycles at which holding what is left and missing demand cost least together, by "
    "price, unit cost, holding cost and goodwill. Leadership may have stock ordered for it (Review, "
    "*Order for the service that costs least*); blank where one of them is unknown. It takes what is left to go "
    "on selling: that a SKU near its exit date is worth its markdown only is not in it."
)
LEFT = (
    "Units left at its doors after the activation that the order comes for, with the order: half the time "
    "(P50), and nine times in ten (P90), no more than this. As the Bridge judges it; blank where it comes "
    "for none."
)


FIRST = (
    "Take", "SKU", "What", "Units", "Order by", "Arrives", "For", "Cost", "Short without it, u",
    "Margin protected",
)  # fmt: skip
"""What is to be ordered, by when, for what, at what cost, and what it protects."""
REST = (
    "Supplier", "Doors", "Open-to-buy after", "Left over, P50", "Left over, P90",
    "Service level", "Cheapest service level",
)  # fmt: skip
"""Columns on demand."""
ON_DEMAND = (
    "Also supplier, doors, what is left of open-to-buy, what is likely to be left over after an "
    "activation, and service levels."
)
SAVES = (
    "Expected at all its doors if it is not ordered and nothing else comes but open and approved "
    "orders, until what is ordered on the day of its arrival could be there."
)


@st.cache_data(show_spinner="Working out what each order protects ...", max_entries=8)
def to_decide(
    _plan: LivePlan, _bought: pd.DataFrame, _left: pd.DataFrame, which: int, seq: int,
    kind: str, classed: str,
) -> pd.DataFrame:  # fmt: skip
    """The buy plan's orders of a kind; `which`, `seq` and `classed` say of which state."""
    del which, seq, classed
    rows = order_proposals.proposals(_plan, _bought, _left, kinds=(kind,)).head(MOST_SHOWN)
    if kind == "release":
        return order_proposals.with_worth(_plan, rows, _bought)
    return rows.assign(saves_units=np.nan, saves_margin=np.nan)


def proposed(plan: LivePlan, bought: pd.DataFrame, left: pd.DataFrame) -> None:
    """What suppliers are to get: look, edit, choose, approve; or propose, for who may not."""
    person = frame.me()
    proposals.of_orders(person)
    line = st.columns([2, 2, 2, 4], vertical_alignment="bottom")
    with line[0]:
        kind = frame.select(
            "Show", list(KIND_LABELS), key="kind", in_words=KIND_LABELS.__getitem__
        )
    names = "".join(sorted(set(bought["sku"])))
    rows = to_decide(plan, bought, left, plan.number, plan.seq, kind, names)
    if rows.empty:
        st.info(
            "No order has to go out this week: stock, open and approved orders cover the plan."
            if kind == "release" else "No order is planned for later weeks."
        )  # fmt: skip
        return
    with line[1]:
        suppliers = [EVERY_SUPPLIER, *sorted(rows["supplier"].dropna().unique())]
        supplier = frame.select("Supplier", suppliers, key="supplier")
    with line[2]:
        every = st.toggle("All columns", key=frame.slot("order columns"), help=ON_DEMAND)
    if supplier != EVERY_SUPPLIER:
        rows = rows[rows["supplier"] == supplier].reset_index(drop=True)
    if len(rows) == MOST_SHOWN:
        st.caption(
            f"The first {theme.number(MOST_SHOWN)} orders; choose a supplier to see others."
        )
    may = person.may("order") or person.may("propose")
    edited = table(rows, key=f"{kind} {supplier}", may=may, every=every)
    if not may:
        st.caption(f"{who('order')} You can look at what it would order.")
        return
    rows = rows.assign(units=edited["Units"].astype(float), picked=edited["Take"])
    rows["cost"] = rows["units"] * plan.base.costs_in(rows["sku"], rows["receipt_week"])
    note = line[3].text_input(
        "Why (one reason for all of them)", key=frame.slot("order note"), max_chars=2000,
        placeholder="Optional",
    )  # fmt: skip
    decide(plan, bought, left, rows, note, of="" if supplier == EVERY_SUPPLIER else supplier)


def decide(
    plan: LivePlan,
    bought: pd.DataFrame,
    left: pd.DataFrame,
    rows: pd.DataFrame,
    note: str,
    *,
    of: str,
) -> None:
    """Approve the chosen orders, or all; who may not proposes the chosen to who may."""
    space, person = frame.workspace(), frame.me()
    asked, every = rows[rows["picked"]], False
    kind: Literal["primary", "secondary"] = "secondary" if asked.empty else "primary"
    with st.container(horizontal=True, vertical_alignment="center"):
        n = theme.plural(len(asked), "chosen order") if len(asked) else "the chosen"
        if person.may("order"):
            chosen = st.button(
                f"Approve {n}", disabled=asked.empty, type=kind, icon=":material/check:",
                key="approve_chosen",
            )  # fmt: skip
            whose = f" of {plain(of)}" if of else ""
            every = st.button(
                f"Approve all {theme.number(len(rows))}{whose}", key="approve_all",
                help="All orders that the table shows, with the units that stand in it.",
            )  # fmt: skip
        else:
            chosen = st.button(
                f"Propose {n} to {proposals.to('order')}", disabled=asked.empty, type=kind,
                icon=":material/how_to_vote:", key="propose_chosen",
                help="They find it on Home with what it is worth, and you see what becomes of it on yours.",
            )  # fmt: skip
        st.markdown(bill(asked if len(asked) else rows, left))
    if chosen or every:
        amounts = {
            (str(r["sku"]), as_date(r["receipt_week"].to_datetime64())): float(r["units"])
            for r in (asked if chosen else rows).to_dict("records")
        }
        verb = space.orders.approve if person.may("order") else space.proposals.propose_orders
        hand_in(verb, plan, bought, amounts, note, seen=space.seq)


def hand_in(
    verb: Callable[..., object],
    plan: LivePlan,
    bought: pd.DataFrame,
    amounts: dict[tuple[str, dt.date], float],
    note: str,
    *,
    seen: int,
) -> None:
    try:
        lines = divided(plan, bought, amounts)
    except ConcordError as error:
        frame.refused(error)
        return

    def told() -> None:
        del st.session_state[frame.slot("order note")]
        # What was proposed changes no line of the table, and its ticks would stand on.
        st.session_state[_HANDED_IN] = st.session_state.get(_HANDED_IN, 0) + 1

    frame.do(verb, frame.me().id, lines, note=note, base=seen, then=told)


def bill(rows: pd.DataFrame, left: pd.DataFrame) -> Markdown:
    """What some orders come to, and whose open-to-buy they take below zero."""
    cost = rows["cost"].sum(min_count=1)
    of = f"{theme.plural(len(rows), 'order')}, {theme.units(rows['units'].sum())}, {theme.money(cost)} at cost"
    over = order_proposals.over_spent(rows, left)
    if over:
        (klass, month), worst = min(over.items(), key=lambda item: item[1])
        more = f" and {len(over) - 1:d} more" if len(over) > 1 else ""
        of += (
            f" · over open-to-buy in {plain(klass)}, {plain(month)}{more}: "
            f"{theme.money(worst)} left at cost"
        )
    return ours(of)


def table(rows: pd.DataFrame, *, key: str, may: bool, every: bool) -> pd.DataFrame:
    """The orders; units and the first column can be changed by whoever may.

    `every`: also the columns that only some decisions need.
    """
    shown = pd.DataFrame(
        {
            "Take": False, "SKU": rows["sku"], "What": rows["description"],
            "Units": rows["units"], "Order by": rows["release_week"].map(theme.week),
            "Arrives": rows["receipt_week"].map(theme.week),
            "For": rows["event"].replace("", "Weekly demand"), "Cost": rows["cost"],
            "Short without it, u": rows["saves_units"], "Margin protected": rows["saves_margin"],
            "Supplier": rows["supplier"], "Doors": rows["places"],
            "Open-to-buy after": rows["otb_left"],
            "Left over, P50": rows["left_p50"], "Left over, P90": rows["left_p90"],
            "Service level": rows["service"] * 100, "Cheapest service level": rows["service_cheapest"] * 100,
        }
    )  # fmt: skip
    first = FIRST if may else FIRST[1:]
    # What is known of no order is no column: later ones do not say what is short without them.
    order = [n for n in (*first, *(REST if every else ())) if shown[n].notna().any()]
    alt = "Orders for suppliers, the first to be released first"
    if not may:
        written.dataframe(
            shown, hide_index=True, placeholder="–", column_config=columns(),
            column_order=order, alt=alt,
        )  # fmt: skip
        return shown
    # Edits are kept by the place of a row: other orders are another table.
    told = rows[["sku", "receipt_week", "units"]].to_numpy(dtype=object)
    content = hashlib.sha256(repr(told.tolist()).encode()).hexdigest()
    name = f"orders {key} {content[:12]} {st.session_state.get(_HANDED_IN, 0)}"
    open_ones = {"Take": bool, "Units": float}
    if not picked.fits_kinds(st.session_state.get(name), len(shown), open_ones):
        del st.session_state[name]
    edited: pd.DataFrame = written.data_editor(
        shown, hide_index=True, key=name, column_config=columns(), placeholder="–",
        disabled=[str(column) for column in shown if column not in open_ones], column_order=order,
    )  # fmt: skip
    return edited.assign(Units=edited["Units"].fillna(0.0))


def columns() -> dict[str, Any]:
    """How the columns of the orders are drawn."""
    number, words = st.column_config.NumberColumn, st.column_config.TextColumn
    return {
        "Take": st.column_config.CheckboxColumn("Choose", width=90, help="The orders to decide about."),
        "What": words(width="medium"),
        "Units": number(format="localized", min_value=0.0, required=True, help=UNITS),
        "Order by": words(help="First day of the week in which it has to go to the supplier."),
        "Doors": number(help="Doors that it is for; 1 where it goes to a distribution centre."),
        "Cost": written.money(help="At unit cost, of the units proposed."),
        "For": words(help="The activation that runs in the week in which it arrives, else what sells every week."),
        "Short without it, u": number(format="%,.0f", help=SAVES),
        "Margin protected": written.money(help=SAVES),
        "Open-to-buy after": written.money(help=OTB),
        "Left over, P50": number(format="%,.0f", help=LEFT),
        "Left over, P90": number(format="%,.0f", help=LEFT),
        "Service level": number(format="%.1f%%", help=ASKED),
        "Cheapest service level": number(format="%.1f%%", help=CHEAPEST),
    }  # fmt: skip


def book(plan: LivePlan) -> None:
    """What was approved: release it, take it back, close it; the action list."""
    space, person = frame.workspace(), frame.me()
    begins = as_date(plan.base.weeks[0])
    every = st.toggle("Also what is done or was taken back", key=frame.slot("all orders"))
    orders = space.orders.all if every else space.orders.open
    if not orders:
        st.info(
            "No order is approved. Approve what the first view proposes, or order on the Bridge."
        )
        return
    standing = order_book.standing(plan, orders)
    supplier = dict(zip(plan.base.skus["sku"], plan.base.skus["supplier"], strict=True))
    names = {p.id: p.name for p in space.people}
    event = written.dataframe(
        listed(standing, begins, supplier, names), hide_index=True,
        # What is chosen is kept by the place of a row: other orders are another table.
        key="book " + hashlib.sha256(" ".join(o.id for o in orders).encode()).hexdigest()[:12],
        on_select="rerun", selection_mode="multi-row", placeholder="–",
        alt="Approved and released orders, the next to leave first",
        column_config={
            "Units": WHOLE,
            "Confirmed, u": st.column_config.NumberColumn(
                format="localized",
                help="Units of an open order, or of goods that came, that the files have under a name that was "
                "not there when it was approved: they are counted there, and not twice.",
            ),
        },
    )  # fmt: skip
    rows = [standing[i] for i in picked.rows(event, len(standing))]
    if person.may("order"):
        work_off(rows, standing)
    else:
        st.caption(who("order"))
    with st.container(horizontal=True):
        for label, name in (
            ("Action list (XLSX)", "orders.xlsx"),
            ("Action list (CSV)", "orders.csv"),
        ):
            download.spreadsheet(
                label, lambda: order_book.action_list(plan, orders, names), name, sheet="Orders"
            )


def unreleased(plan: LivePlan) -> None:
    """Approved orders that did not go out in their week, by name; nothing where there are none."""
    late = order_book.not_released(plan, frame.workspace().orders.open)
    if not late:
        return
    lines = [
        f"- #{plain(s.order.id)}: {theme.units(s.order.units)} of {plain(s.order.sku)}, to leave in "
        f"{theme.week(s.order.leaves)} for {theme.week(s.order.arrives)}; it counts from "
        f"{theme.week(s.counts)}, the earliest it can arrive now"
        for s in late[:MOST_NAMED]
    ]
    more = f"\n- and {len(late) - MOST_NAMED:d} more" if len(late) > MOST_NAMED else ""
    st.warning(
        f"**{theme.plural(len(late), 'approved order')} not released in time.** Release or take back in "
        "the buy plan:\n" + "\n".join(lines) + more
    )


def work_off(rows: Sequence[StandingOrder], standing: Sequence[StandingOrder]) -> None:
    """Verbs on the chosen orders, or on all that are approved."""
    space, person = frame.workspace(), frame.me()
    approved = [s.order for s in standing if s.order.state == APPROVED]
    mine = [s.order for s in rows]

    def button(
        label: str, verb: Callable[..., object], ids: list[str], help: str, **options: str
    ) -> None:
        if st.button(label, disabled=not ids, help=help, **options):  # type: ignore[arg-type]
            frame.do(verb, person.id, ids)

    able = [o.id for o in mine if o.state == APPROVED]
    with st.container(horizontal=True):
        button(f"Release {len(able) or 'the'} chosen", space.orders.release, able, key="release", type="primary" if able else "secondary",
               icon=":material/send:",
               help="They went to the supplier: they count on, and are not taken back here any more.")  # fmt: skip
        button(f"Release all {len(approved)} approved", space.orders.release,
               [o.id for o in approved], key="release_all", help="Every order of the list that is approved and not released.")  # fmt: skip
        button(f"Take {len(able) or 'the chosen'} back", space.orders.withdraw, able, key="withdraw", icon=":material/undo:",
               help="Orders that were not released yet count no more.")  # fmt: skip
        ending = [o.id for o in mine if o.state == RELEASED]
        button(f"Close {len(ending) or 'the chosen'}", space.orders.close, ending, key="close_orders", icon=":material/done_all:",
               help="Released orders that are in the files under another name, or will not come after all.")  # fmt: skip


def listed(
    standing: Sequence[StandingOrder],
    begins: dt.date,
    supplier: dict[str, str],
    names: dict[str, str],
) -> pd.DataFrame:
    """The orders of the book, a line each."""
    orders = [s.order for s in standing]
    return pd.DataFrame(
        {
            "Order": [f"#{o.id}" for o in orders],
            "State": [s.in_words(begins) for s in standing],
            "SKU": [o.sku for o in orders],
            "Supplier": [supplier.get(o.sku) for o in orders],
            "Units": [o.units for o in orders],
            "Release": [theme.week(o.leaves) for o in orders],
            "Arrives": [theme.week(s.counts or s.order.arrives) for s in standing],
            "Confirmed, u": [s.confirmed for s in standing],
            "Receipt": [" ".join(s.receipts) for s in standing],
            "By": [names.get(o.person, o.person) for o in orders],
            "Why": [
                o.note or (f"Bridge: {o.activation}" if o.activation else "") for o in orders
            ],
        }
    )


def too_late(plan: LivePlan, bought: pd.DataFrame) -> None:
    """What is expected to be lost before an order can arrive, SKU by SKU; the rest in a line."""
    late = bought[bought["kind"] == "expedite"]
    lost = late[late["lost_units"] >= 0.5]
    rest = max(float(late["units"].sum() - late["lost_units"].sum()), 0.0)
    if lost.empty:
        st.info("No sale is expected to be lost before a new order can arrive.")
    else:
        skus = plan.base.skus.set_index("sku")
        rows = lost.groupby("sku", as_index=False).agg(
            units=("lost_units", "sum"), value=("lost_value", "sum"), doors=("door", "nunique"),
            first=("receipt_week", "min"), last=("receipt_week", "max"), needed=("units", "sum"),
        )  # fmt: skip
        rows = rows.sort_values("units", ascending=False, ignore_index=True)
        lists.table(
            pd.DataFrame(
                {
                    "SKU": rows["sku"], "What": rows["sku"].map(skus["description"]),
                    "Lost sales, u": rows["units"], "Lost sales": rows["value"], "Doors": rows["doors"],
                    "From": rows["first"].map(theme.week), "To": rows["last"].map(theme.week),
                    "Short of service level, u": rows["needed"],
                }
            ),
            {
                "Class": rows["sku"].map(skus["class"]).fillna("").astype(str).tolist(),
                "Supplier": rows["sku"].map(skus["supplier"]).fillna("").astype(str).tolist(),
            },
            rows["value"].astype(float).tolist(),
            ids=rows["sku"].tolist(), key="too_late", what=(ours("SKU"), ours("SKUs")),
            picks=False, placeholder="–",
            alt="SKUs that lose sales before a new order can arrive, most first",
            column_config={
                "Lost sales, u": st.column_config.NumberColumn(
                    format="%,.0f", help="Units that demand is expected to miss, by open orders and decided moves alone."
                ),
                "Lost sales": written.money(help="At the price paid in each week."),
                "Short of service level, u": st.column_config.NumberColumn(
                    format="localized", help="To reach the service level in these weeks, in whole cases."
                ),
            },
        )  # fmt: skip
    st.caption(
        f"Besides, {theme.units(rest)} would be needed to have every safety stock at its level in "
        "these weeks; no sale is expected to be lost for want of them alone. Expedite an open order or "
        "move stock on the Bridge, or accept it."
    )


def headline(
    rows: pd.DataFrame, summed: pd.DataFrame, book_: Sequence[StandingOrder]
) -> Markdown:
    """What will be lost, and what to release today."""
    late = rows[(rows["kind"] == "expedite") & (rows["lost_units"] >= 0.5)]
    text = "**No sale is expected to be lost before a new order can arrive**"
    if len(late):
        value = late["lost_value"].sum(min_count=1)
        text = (
            f"**{theme.units(late['lost_units'].sum())} of sales, {theme.money(value)}, will be lost** from "
            f"{theme.week(late['receipt_week'].min())} to {theme.week(late['receipt_week'].max())}, "
            "before a new order can arrive"
        )
    cost = summed["release_cost"].sum(min_count=1)
    text += f" · **{theme.units(summed['release'].sum())} to release today, {theme.money(cost)} at cost**"
    approved = [s for s in book_ if s.order.state == APPROVED]
    if approved:
        text += f" · {theme.plural(len(approved), 'order')} approved and not released"
        behind = sum(s.is_late for s in approved)
        text += f", **{behind:d} of them too late for their week**" if behind else ""
    return ours(text)
