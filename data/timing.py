"""What had to be assumed about time: weeks that are not over, counts of other days.

Every row says what it is about, how much of it there is, an example, what was assumed and
what to do; `weight` is the units in question, to rank them by.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pandas as pd

from data.closing import Closing, Running, closing
from data.counts import odd_counts, stock
from data.store import Store
from forecasting import write


def odd_times(store: Store, as_of: dt.date | None = None) -> list[dict[str, Any]]:
    """Weeks and counts of which a run as of a week assumes something.

    Parameters
    ----------
    as_of : date, optional
        First day of the week; the last complete one if not given.

    Returns
    -------
    list of dict
        kind, subject, count, example, assumed, todo, weight (units), touches.
    """
    complete = closing(store)
    week = as_of or complete.week
    if week is None:
        return []
    series = store.query("series", as_of=week)
    end = pd.Timestamp(week) + pd.Timedelta(6, "D")
    is_sold = (pd.to_datetime(series["ranged_to"]).fillna(end) >= end) & (
        pd.to_datetime(series["ranged_from"]).fillna(end) <= end
    )
    is_past = complete.week is not None and week < complete.week
    counted = stock(store, week, then=is_past)
    rows = counted.merge(series.loc[is_sold, ["sku", "door"]], on=["sku", "door"])
    twice = store.query("weeks_told_twice", as_of=week).to_dict("records")
    return [*odd_weeks(complete, week), *map(_twice, twice), *odd_counts(rows, week)]


def odd_weeks(complete: Closing, as_of: dt.date) -> list[dict[str, Any]]:
    """Weeks that have sales and are not over, and doors that left a week open."""
    rows = [_running(one, is_taken=one.week <= as_of) for one in complete.running]
    if complete.silent and as_of == complete.week:
        rows += [_silent(door, as_of) for door in complete.silent]
    if complete.begins is not None:
        rows.append(_cut(complete.begins - dt.timedelta(7)))
    return rows


def _running(one: Running, *, is_taken: bool) -> dict[str, Any]:
    taken = (
        "It was taken as it is, because it was asked for by --as-of."
        if is_taken
        else "It was left out: the as-of week is the last one that is over."
    )
    return {
        "kind": "running_week",
        "subject": f"week of {one.week}",
        "count": 1,
        "example": one.why,
        "assumed": f"The week is not over by its sales. {taken}",
        "todo": "Import the rest of the week. If this is all of it, refresh with --as-of "
        f"{one.week}.",
        "weight": one.usual,
        "touches": frozenset(),
    }


def _silent(door: str, as_of: dt.date) -> dict[str, Any]:
    return {
        "kind": "door_not_in_the_last_week",
        "subject": door,
        "count": 1,
        "example": f"the week of {write.day(as_of)}",
        "assumed": "The week is over: the doors that usually sell most have reported.",
        "todo": "Import the sales of the door.",
        "weight": 0.0,
        "touches": frozenset({f"door/{door}"}),
    }


def _twice(row: Mapping[Any, Any]) -> dict[str, Any]:
    first, last = (pd.Timestamp(row[name]).date() for name in ("first_day", "last_day"))
    return {
        "kind": "weeks_told_twice",
        "subject": str(row["door"]),
        "count": int(row["twice"]),
        "example": f"{row['sku']} has the same units on {write.day(first)} and on "
        f"{write.day(last)}",
        "assumed": "Rows of one week are added up: as it stands, these weeks sold double.",
        "todo": "If it is one sale, import the weeks once: under one day.",
        "weight": float(row["units"]),
        "touches": frozenset({f"door/{row['door']}"}),
    }


def _cut(first: dt.date) -> dict[str, Any]:
    return {
        "kind": "first_week_begins_in_its_middle",
        "subject": f"week of {first}",
        "count": 1,
        "example": "daily rows begin after the day on which a week usually does",
        "assumed": "Nothing is learned from that week.",
        "todo": "Import its first days, if there are any.",
        "weight": 0.0,
        "touches": frozenset(),
    }
