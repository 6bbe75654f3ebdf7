"""What had to be assumed about time: weeks that are not over, counts of other days.

Every row says what it is about, how much of it there is, an example, what was assumed and
what to do; `weight` is the units in question, to rank them by.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd

from data.closing import Closing, closing
from data.counts import odd_counts, stock
from data.store import Store


def odd_times(store: Store, as_of: dt.date) -> list[dict[str, Any]]:
    """Weeks and counts of which a run as of a week assumes something.

    Parameters
    ----------
    as_of : date
        First day of the week.

    Returns
    -------
    list of dict
        kind, subject, count, example, assumed, todo, weight.
    """
    complete = closing(store)
    is_past = complete.week is not None and as_of < complete.week
    series = store.query("series", as_of=as_of)
    end = pd.Timestamp(as_of) + pd.Timedelta(6, "D")
    is_sold = (pd.to_datetime(series["ranged_to"]).fillna(end) >= end) & (
        pd.to_datetime(series["ranged_from"]).fillna(end) <= end
    )
    counted = stock(store, as_of, then=is_past)
    rows = counted.merge(series.loc[is_sold, ["sku", "door"]], on=["sku", "door"])
    return odd_weeks(complete, as_of) + odd_counts(rows, as_of)


def odd_weeks(complete: Closing, as_of: dt.date) -> list[dict[str, Any]]:
    """Weeks that have sales and are not over, and doors that left a week open."""
    rows = []
    for one in complete.running:
        asked = one.week <= as_of
        taken = "taken as it is, because it was asked for" if asked else "left out"
        rows.append(
            {
                "kind": "running week",
                "subject": f"week of {one.week}",
                "count": 1,
                "example": f"the last day with sales is {one.last_day}",
                "assumed": f"The week of {one.week} is not over by these sales and was "
                f"{taken}: {one.why}",
                "todo": "send the rest of the week; if it is over, refresh --as-of "
                f"{one.week} takes it as it is",
                "weight": float("inf"),
            }
        )
    if complete.silent and as_of == complete.week:
        rows.append(
            {
                "kind": "door not in the last week",
                "subject": _named(complete.silent),
                "count": len(complete.silent),
                "example": f"door {complete.silent[0]} in the week of {as_of}",
                "assumed": f"{len(complete.silent)} doors that usually report have not "
                f"reported all of the week of {as_of}, which was taken as complete",
                "todo": "send their sales",
                "weight": 0.0,
            }
        )
    if complete.begins is not None:
        first = complete.begins - dt.timedelta(7)
        rows.append(
            {
                "kind": "first week begins in its middle",
                "subject": f"week of {first}",
                "count": 1,
                "example": f"daily sales begin after the first day of the week of {first}",
                "assumed": f"The first week, of {first}, is not whole and was left out of the "
                "history that is learned from",
                "todo": "send its first days, if there are any",
                "weight": 0.0,
            }
        )
    return rows


def _named(doors: tuple[str, ...]) -> str:
    more = f" and {len(doors) - 5} more" if len(doors) > 5 else ""
    return "doors " + ", ".join(doors[:5]) + more
