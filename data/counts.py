"""Stock at the end of a week, from counts of any day.

Shops count when they count: on a Monday, two weeks ago, or not this SKU. A count is of its
own day; what was received since is added and what was sold since taken off, day by day where
sales are by the day, else by the usual shares of the days. Where a count of shortly after is
nearer it is taken back in the same way. Older than `OLDEST_DAYS` it is stock that nobody knows.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import pandas as pd

from data.runs import weekday_shares
from data.store import Store
from forecasting import write

OLDEST_DAYS = 20
"""A count of the as-of week or of the two weeks before it says what the stock is."""
A_WEEK = 7
"""Days. A count that is at least so old, and whose door has counted since, left the SKU out."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """One way in which a count is not of the end of the as-of week."""

    name: str
    assumed: str
    todo: str


_OLD = _Kind(
    name="old_count",
    assumed="Their stock is unknown, and grey.",
    todo="Count them, and import inventory.",
)
_MISSED = _Kind(
    name="left_out_of_the_last_count",
    assumed="Their count before was rolled forward by sales and receipts since.",
    todo="Send a line of each SKU that is counted, zero or not.",
)
_OTHER_DAY = _Kind(
    name="count_of_another_day",
    assumed="The count was rolled to the end of the as-of week by sales and receipts between.",
    todo="Nothing, if the day is right; else send the count of the last day of the week.",
)


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
    list of dict, one per kind and door
        kind, subject (the door), count (SKUs), example, assumed, todo, weight (units in
        question), touches.
    """
    if counted.empty:
        return []
    day = pd.to_datetime(counted["counted"])
    end = pd.Timestamp(as_of) + pd.Timedelta(6, "D")
    rows = counted.assign(days=(end - day).dt.days)
    is_old = rows["days"] > OLDEST_DAYS
    is_missed = (
        (pd.to_datetime(rows["door_counted"]) > day) & (rows["days"] >= A_WEEK) & ~is_old
    )
    is_other = (rows["days"] != 0) & ~is_old & ~is_missed
    groups = ((_OLD, is_old), (_MISSED, is_missed), (_OTHER_DAY, is_other))
    return [
        _row(kind, str(door), mine)
        for kind, which in groups
        for door, mine in rows[which].groupby("door")
    ]


def _row(kind: _Kind, door: str, mine: pd.DataFrame) -> dict[str, Any]:
    moved = (mine["received"] - mine["sold"]).abs()
    in_question = mine["on_hand_counted"].abs() if kind is _OLD else moved
    worst = mine.assign(moved=moved).sort_values(["days", "moved"], ascending=False)
    return {
        "kind": kind.name,
        "subject": door,
        "count": len(mine),
        "example": _example(worst.iloc[0], is_rolled=kind is not _OLD),
        "assumed": kind.assumed,
        "todo": kind.todo,
        "weight": float(in_question.sum()),
        "touches": frozenset({f"door/{door}", *(f"sku/{sku}" for sku in mine["sku"])}),
    }


def _example(one: pd.Series, *, is_rolled: bool) -> str:
    days = int(one["days"])
    when = f"{days} days before" if days > 0 else f"{-days} days after"
    counted = (
        f"{one['sku']}, counted {write.figure(one['on_hand_counted'])} on "
        f"{write.day(pd.Timestamp(one['counted']))}, {when} the end of the as-of week"
    )
    if not is_rolled:
        return counted
    moved = (
        f"{write.figure(abs(one['sold']))} sold and "
        f"{write.figure(abs(one['received']))} received in between"
    )
    return f"{counted}: {moved}, taken as {write.figure(one['on_hand'])}"
