"""What looks odd in stock, orders, prices and returns, and what was assumed of it.

Counted from the facts that the plan stands on, so what is reported is what was done.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from forecasting import write
from forecasting.inventory import arrivals
from forecasting.inventory.lateness import record
from forecasting.plan.basis import ORDERED_AT_LEAST
from forecasting.plan.dated import COST, LEAD_TIME, SERVICE_LEVEL

Facts = Mapping[str, pd.DataFrame]
Row = dict[str, Any]
"""kind, subject, count, example, assumed, todo, weight (units that hang on it)."""

_TERMS: Mapping[str, Callable[[float], str]] = {
    COST: lambda x: f"cost {write.price(x)}",
    LEAD_TIME: lambda x: f"lead time {write.number(x)} wk",
    SERVICE_LEVEL: lambda x: f"service level {write.figure(x)}",
}
NOTABLE_RETURNS = 0.1
"""Share of what was sold that comes back, from which a SKU at a door is named."""


def odd_flows(facts: Facts, as_of: dt.date) -> list[Row]:
    """Everything of this kind that is odd, heaviest first.

    Parameters
    ----------
    facts : mapping of name to DataFrame
        As `data.facts.facts` and `beside` read them at the end of the week of `as_of`.
    as_of : date
        First day of the last known week.
    """
    looks: tuple[Callable[[Facts, dt.date], list[Row]], ...] = (
        _twice,
        _owed,
        _old_orders,
        _returns,
        _announced,
        _terms_announced,
        _no_stock,
        _centres,
    )
    # The same files give the same words: stock comes in no order of its own.
    facts = {**facts, "stock": facts["stock"].sort_values(["sku", "door"], ignore_index=True)}
    rows = [row for look in looks for row in look(facts, as_of)]
    return sorted(rows, key=lambda row: -row["weight"])


def _row(
    kind: str,
    rows: pd.DataFrame,
    say: Callable[[Any], str],
    *,
    subject: str,
    assumed: str,
    todo: str,
    weight: float,
) -> list[Row]:
    """One line about some rows, the first as the example; none where there are none."""
    if rows.empty:
        return []
    return [
        {
            "kind": kind,
            "subject": subject,
            "count": len(rows),
            "example": say(next(rows.itertuples())),
            "assumed": assumed,
            "todo": todo,
            "weight": float(weight),
        }
    ]


def _named(rows: pd.DataFrame) -> str:
    """'MUG at S1, CUP at S2 and 3 more', by SKU and door."""
    pairs = [f"{r.sku} at {r.door}" for r in rows.head(3).itertuples()]
    more = f" and {len(rows) - 3} more" if len(rows) > 3 else ""
    return ", ".join(pairs) + more


def _expected(facts: Facts, as_of: dt.date) -> pd.DataFrame:
    """Open order lines with `week` due, `chance` that they come, and `expected` units."""
    lines = facts["receipts"]
    eta = pd.to_datetime(lines["eta"]).to_numpy().astype("datetime64[D]")
    week = (eta - np.datetime64(as_of + dt.timedelta(7))).astype(np.int64) // 7
    comes = arrivals.chance(
        -week, lines["supplier"].fillna("").to_numpy(object), record(facts["lateness"])
    )
    return lines.assign(week=week, chance=comes, expected=lines["units"] * comes)


def _twice(facts: Facts, as_of: dt.date) -> list[Row]:
    stock = facts["stock"]
    moving = stock.assign(units=stock["in_transit"].fillna(0.0))
    moving = moving[moving["units"] > 0]
    lines = _expected(facts, as_of)
    left = arrivals.beside_orders(moving, lines.assign(units=lines["expected"]))
    twice = moving.assign(same=moving["units"] - left)
    twice = twice[twice["same"] > 0].sort_values("same", ascending=False, kind="stable")
    units = twice["same"].sum()
    return _row(
        "goods_twice",
        twice,
        lambda r: (
            f"{write.number(r.same)} of {r.sku} for {r.door} are in in_transit and on an "
            "open order"
        ),
        subject=_named(twice),
        assumed=f"The same goods: {write.number(units)} units count once, on the order's date.",
        todo="Leave in_transit blank where the goods are on an open order.",
        weight=units,
    )


def _owed(facts: Facts, as_of: dt.date) -> list[Row]:
    del as_of
    below = facts["stock"][facts["stock"]["on_hand"] < 0].sort_values("on_hand", kind="stable")
    units = -below["on_hand"].sum()
    return _row(
        "stock_below_zero",
        below,
        lambda r: f"{write.number(r.on_hand)} of {r.sku} at {r.door}",
        subject=_named(below),
        assumed=f"{write.number(units)} units are owed to customers: what arrives goes to "
        "them first.",
        todo="Count it again where it is a booking error.",
        weight=units,
    )


def _old_orders(facts: Facts, as_of: dt.date) -> list[Row]:
    lines = _expected(facts, as_of)
    old = lines[lines["chance"] < 1].sort_values("eta", kind="stable")
    still, all_units = old["expected"].sum(), old["units"].sum()
    return _row(
        "receipts_past_due",
        old,
        lambda r: (
            f"{r.receipt}: {write.number(r.units)} of {r.sku} for {r.door}, due "
            f"{write.day(r.eta)} and "
            "not received"
        ),
        subject=_named(old),
        assumed=f"{write.number(still)} of {write.number(all_units)} units still come: past "
        "what the supplier's "
        "record knows, the chance halves every week.",
        todo="Give them a new eta, mark them as received, or leave them out.",
        weight=all_units - still,
    )


def _returns(facts: Facts, as_of: dt.date) -> list[Row]:
    del as_of
    back = facts["returns"]
    back = back[back["returned"] > NOTABLE_RETURNS * back["sold"]]
    back = back.sort_values("returned", ascending=False, kind="stable")
    return _row(
        "many_returns",
        back,
        lambda r: (
            f"{write.number(r.returned)} of {r.sku} came back at {r.door} in 52 weeks, "
            f"{write.number(r.sold)} were sold"
        ),
        subject=_named(back),
        assumed="They go back on the shelf a week after the sale and are sold again; demand is "
        "what is sold before returns, and so much less is ordered.",
        todo="Leave rows below zero out of sales where goods do not go back on the shelf.",
        weight=back["returned"].sum() / 4,
    )


def _announced(facts: Facts, as_of: dt.date) -> list[Row]:
    del as_of
    ahead = facts["announced"].sort_values("week", kind="stable")
    return _row(
        "prices_announced",
        ahead,
        lambda r: (
            f"{r.sku} at {r.door if pd.notna(r.door) else 'all doors'}: "
            f"{write.price(r.regular_price)} from {write.day(r.week)}"
        ),
        subject=", ".join(ahead["sku"].drop_duplicates().head(3)),
        assumed="Demand and money follow them from that week on.",
        todo="Nothing, if they hold.",
        weight=0.0,
    )


def _terms_announced(facts: Facts, as_of: dt.date) -> list[Row]:
    del as_of
    ahead = facts["terms"].sort_values("week", kind="stable")
    return _row(
        "terms_announced",
        ahead,
        lambda r: f"{_TERMS[r.term](r.value)} of {r.sku} from {write.day(r.week)}",
        subject=", ".join(ahead["sku"].drop_duplicates().head(3)),
        assumed="Each week of the plan has the value that holds then: orders their lead time, "
        "margin and open-to-buy the cost, stock the service level.",
        todo="Nothing, if they hold.",
        weight=0.0,
    )


def _no_stock(facts: Facts, as_of: dt.date) -> list[Row]:
    del as_of
    rows = facts["sold_without_stock"]
    return [
        row
        for door, mine in rows.groupby("door", sort=False)
        for row in _row(
            "sold_without_stock",
            mine,
            lambda r: (
                f"{r.sku}: {write.number(r.units)} sold in 13 weeks, counted at {r.held_at}"
            ),
            subject=str(door),
            assumed="Its stock there is not known: the risk is grey and nothing is ordered. "
            "Places that ship for it are not charged with what it sells.",
            todo="Book its sales at the door that ships them, or count the stock that it "
            "sells from as its own.",
            weight=mine["units"].sum(),
        )
    ]


def _centres(facts: Facts, as_of: dt.date) -> list[Row]:
    del as_of
    ordered = facts["ordered_for"]
    supplied = facts["supplied"]
    fed = supplied[supplied["brought"] < ORDERED_AT_LEAST * supplied["sold"]]
    held = facts["stock"][facts["stock"]["door"].isin(facts["centres"]["door"])]
    rows = held[held["sku"].isin(fed["sku"])]
    rows = rows[~rows["sku"].isin(ordered.loc[ordered["share"] > 0.5, "sku"])]
    sold = fed.set_index("sku")["sold"].reindex(rows["sku"]).sum()
    return _row(
        "centre_without_orders",
        rows,
        lambda r: (
            f"{r.sku}: orders for its doors brought less than half of what they sold in 26 "
            f"weeks, and {r.door} holds it"
        ),
        subject=_named(rows),
        assumed="The centre fills its doors, and what is ordered is ordered for the centre.",
        todo="Import the orders for the centre, received ones too.",
        weight=sold / 2,
    )
