"""The facts that a plan stands on, as they were known at the end of a week."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pandas as pd

from data.counts import stock
from data.store import Store


def facts(store: Store, as_of: dt.date, *, then: bool = False) -> dict[str, pd.DataFrame]:
    """Master data, stock, orders and prices, one frame for each field of
    `forecasting.plan.given.Facts`.

    Parameters
    ----------
    as_of : date
        First day of the week.
    then : bool
        Orders and counts as they stood at the end of that week, not as the files have them
        now.
    """
    doors = store.query("all_doors")
    is_centre = doors["kind"] == "dc"
    return {
        "skus": store.query("skus_at", as_of=as_of),
        "doors": doors[~is_centre],
        "centres": doors[is_centre],
        "lanes": store.table("lanes"),
        "stock": stock(store, as_of, then=then),
        "receipts": store.query("receipts_known_at", as_of=as_of)
        if then
        else store.query("open_receipts", as_of=as_of),
        "lateness": store.query("lateness", as_of=as_of),
        "ordered_for": store.query("ordered_for", as_of=as_of),
        "supplied": store.query("supplied", as_of=as_of),
        "prices": store.query("prices_in_force", as_of=as_of),
        "announced": store.query("prices_announced", as_of=as_of),
        "terms": store.query("terms_ahead", as_of=as_of),
        "returns": store.query("returns", as_of=as_of),
    }


def arrived(store: Store, as_of: dt.date, *, skus: Sequence[str]) -> pd.DataFrame:
    """Receipt lines of some SKUs that came by the end of a week: receipt, sku, door, units,
    received.
    """
    return store.query("arrived", as_of=as_of, skus=list(skus))


def beside(store: Store, as_of: dt.date) -> dict[str, pd.DataFrame]:
    """What no number stands on, and what is odd shows in: see `forecasting.intake.flows`."""
    return {
        "sold_without_stock": store.query("sold_without_stock", as_of=as_of),
    }
