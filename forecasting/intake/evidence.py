"""What the history of a fit assumes where files are silent, in words.

Which weeks are evidence is decided in `could_sell` and `door_reports` (data/schema/); here is
told how much that was, door by door, for the list of what looks odd.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from data.closing import last_closed
from data.store import Store
from forecasting import write
from forecasting.intake.checks import check_of

Row = dict[str, Any]


def odd_selling(store: Store) -> list[Row]:
    """What looks odd in when things could be sold and what doors told.

    Returns
    -------
    list of dict
        kind, subject (a door), count, example, assumed, todo, weight (units).
    """
    as_of = last_closed(store)
    if as_of is None:
        return []
    return [
        *_silent(store, as_of), *_only_when_sold(store), *_waiting(store, as_of),
        *_stepped(store, as_of),
    ]  # fmt: skip


def _silent(store: Store, as_of: dt.date) -> list[Row]:
    return [
        {
            "kind": "silent_doors",
            "subject": row.subject,
            "count": int(row.count_),
            "example": f"between the weeks of {write.day(row.first)} and {write.day(row.last)}",
            "assumed": "These weeks are unknown, not weeks without sales."
            + (" The door is still forecast." if row.is_silent_now else ""),
            "todo": "Import the door's missing sales; if it was shut, say so in ranging "
            "(to, and from when it opens again).",
            "weight": float(row.weight),
        }
        for row in _rows(store, "odd_silent_doors", as_of=as_of)
    ]


def _only_when_sold(store: Store) -> list[Row]:
    return [
        {
            "kind": "rows_when_sold",
            "subject": row.subject,
            "count": int(row.count_),
            "example": f"{row.sku}: {write.number(row.most)} weeks without a row",
            "assumed": f"{write.percent(row.count_ / row.weeks)} of the weeks of its SKUs "
            "have no row: "
            "none was sold in them, as the door told of others.",
            "todo": "Nothing, if the file leaves out what did not sell; else import the rows "
            "that are missing.",
            "weight": float(row.weight),
        }
        for row in _rows(store, "odd_rows_when_sold")
    ]


def _waiting(store: Store, as_of: dt.date) -> list[Row]:
    return [
        {
            "kind": "stock_waiting",
            "subject": row.subject,
            "count": int(row.count_),
            "example": f"{row.sku}: {write.number(row.weeks)} weeks with stock",
            "assumed": "Weeks with stock before a launch, an opening or a first sale say "
            "nothing of demand.",
            "todo": "Nothing, if it waited; else check launch_date in skus and from in "
            "ranging.",
            "weight": float(row.weight),
        }
        for row in _rows(store, "odd_stock_waiting", as_of=as_of)
    ]


def _stepped(store: Store, as_of: dt.date) -> list[Row]:
    """SKUs, doors and the company of which the level has changed and stayed so."""
    return [
        {
            "kind": kind,
            # What is accepted is this step, for all weeks to come; not the next one.
            "subject": f"{row.subject} since {row.start.date().isoformat()}",
            "count": 1,
            "example": f"{write.number(row.after)} units a week in the {row.n} weeks since the "
            f"week of {write.day(row.start)}, {write.number(row.before)} before",
            "assumed": check_of(kind).assumed,
            "todo": check_of(kind).todo,
            "weight": WEIGHED_WEEKS * abs(row.after - row.before),
            "touches": frozenset({f"{row.level}/{row.subject}"} - {"company/all doors"}),
        }
        for row in _rows(store, "steps_in_level", as_of=as_of)
        for kind in [_STEP_OF[row.level]]
    ]


_STEP_OF = {"sku": "step_of_skus", "door": "step_of_doors", "company": "step_of_company"}
WEIGHED_WEEKS = 13


def _rows(store: Store, name: str, **given: Any) -> list[Any]:
    found = store.query(name, **given).rename(columns={"count": "count_"})
    return list(found.itertuples(index=False))
