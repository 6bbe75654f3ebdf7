"""Stock at the end of a week, from counts of any day.

Shops count when they count: on a Monday, two weeks ago, or not this SKU. A count is of its
own day; what was received since is added and what was sold since taken off, day by day where
sales are by the day, else by the usual shares of the days. Where a count of shortly after is
nearer it is taken back in the same way. Older than `OLDEST_DAYS` it is stock that nobody knows.
"""

from __future__ import annotations

import datetime as dt
from itertools import accumulate
from typing import Any

import pandas as pd

from data.runs import weekday_shares
from data.store import Store

OLDEST_DAYS = 20
"""A count of the as-of week or of the two weeks before it says what the stock is."""


def stock(store: Store, as_of: dt.date, *, then: bool = True) -> pd.DataFrame:
    """Stock of every SKU and place at the end of a week (query stock).

    Parameters
    ----------
    as_of : date
        First day of the week.
    then : bool
        Only what was known at its end; else a count of the week after may say more.
    """
    shares = weekday_shares(store, as_of) or [1 / 7] * 7
    passed = [0.0, *accumulate(shares)]
    passed[-1] = 1.0  # shares are rounded
    return store.query("stock", as_of=as_of, later=not then, oldest=OLDEST_DAYS, passed=passed)


def odd_counts(counted: pd.DataFrame, as_of: dt.date) -> list[dict[str, Any]]:
    """What had to be assumed of counts that are not of the end of the as-of week.

    Parameters
    ----------
    counted : DataFrame
        `stock`, of selling doors.
    as_of : date
        First day of the week.

    Returns
    -------
    list of dict
        kind, subject, count, example, assumed, todo, weight (units in question).
    """
    end = pd.Timestamp(as_of) + pd.Timedelta(6, "D")
    day = pd.to_datetime(counted["counted"])
    rows = counted.assign(days=(end - day).dt.days)
    rows = rows.assign(
        is_missed=(pd.to_datetime(rows["door_counted"]) > day) & (rows["days"] >= 7)
    )
    old = rows[rows["days"] > OLDEST_DAYS]
    rolled = rows[(rows["days"] <= OLDEST_DAYS) & (rows["days"] != 0)]
    groups = (
        ("old count", old, "not in a count of the last weeks",
         "their stock is taken as unknown and shown grey"),
        ("left out of the last count", rolled[rolled["is_missed"]],
         "not in the last count of their door",
         "their count before was rolled forward by sales and receipts since"),
        ("count of another day", rolled[~rolled["is_missed"]],
         "not counted at the end of the as-of week",
         "their count was rolled to it by sales and receipts in between"),
    )  # fmt: skip
    return [
        _row(kind, found, what, assumed) for kind, found, what, assumed in groups if len(found)
    ]


def _row(kind: str, found: pd.DataFrame, what: str, assumed: str) -> dict[str, Any]:
    moved = (found["received"] - found["sold"]).abs()
    worst = found.assign(moved=moved).sort_values(["days", "moved"], ascending=False).iloc[0]
    doors = sorted(found["door"].unique())
    return {
        "kind": kind,
        "subject": f"{found['sku'].nunique():,} SKUs at "
        + (f"door {doors[0]}" if len(doors) == 1 else f"{len(doors):,} doors"),
        "count": len(found),
        "example": _example(worst),
        "assumed": f"{len(found):,} SKU-doors are {what}: {assumed}",
        "todo": "count them again, or send the counts of the last day of the week",
        "weight": float(found["on_hand_counted"].abs().sum() if kind == "old count"
                        else moved.sum()),
    }  # fmt: skip


def _example(one: pd.Series) -> str:
    day = pd.Timestamp(one["counted"]).date()
    days = int(one["days"])
    when = f"{days} days old" if days > 0 else f"{-days} days later"
    return (
        f"{one['sku']} at {one['door']}: counted {one['on_hand_counted']:g} on {day} ({when}), "
        f"{one['sold']:g} sold and {one['received']:g} received since, "
        f"taken as {one['on_hand']:g}"
    )
