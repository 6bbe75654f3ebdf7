"""What the history of a fit assumes where files are silent, in words.

Which weeks are evidence is decided in `could_sell` and `door_reports` (data/schema/); here is
said what that came to, door by door, for the list of what looks odd.
"""

from __future__ import annotations

from typing import Any

from data.store import Store

Row = dict[str, Any]


def odd_selling(store: Store) -> list[Row]:
    """What looks odd in when things could be sold and what doors told.

    Returns
    -------
    list of dict
        kind, subject (a door), count, example, assumed, todo, weight (units).
    """
    return [*_silent(store), *_only_when_sold(store), *_waiting(store)]


def _silent(store: Store) -> list[Row]:
    return [
        {
            "kind": "silent_doors",
            "subject": row.subject,
            "count": int(row.count_),
            "example": f"between the weeks of {row.first:%Y-%m-%d} and {row.last:%Y-%m-%d}",
            "assumed": "These weeks are unknown, not weeks without sales."
            + (" The door is still forecast." if row.is_silent_now else ""),
            "todo": "Import the door's missing sales; if it was shut, say so in ranging "
            "(to, and from when it opens again).",
            "weight": float(row.weight),
        }
        for row in _rows(store, "odd_silent_doors")
    ]


def _only_when_sold(store: Store) -> list[Row]:
    return [
        {
            "kind": "rows_when_sold",
            "subject": row.subject,
            "count": int(row.count_),
            "example": f"{row.sku}: {row.most:,} weeks without a row",
            "assumed": f"{row.count_ / row.weeks:.0%} of the weeks of its SKUs have no row: "
            "none was sold in them, as the door told of others.",
            "todo": "Nothing, if the file leaves out what did not sell; else import the rows "
            "that are missing.",
            "weight": float(row.weight),
        }
        for row in _rows(store, "odd_rows_when_sold")
    ]


def _waiting(store: Store) -> list[Row]:
    return [
        {
            "kind": "stock_waiting",
            "subject": row.subject,
            "count": int(row.count_),
            "example": f"{row.sku}: {row.weeks:,} weeks with stock",
            "assumed": "Weeks with stock before a launch, an opening or a first sale say "
            "nothing of demand.",
            "todo": "Nothing, if it waited; else check launch_date in skus and from in "
            "ranging.",
            "weight": float(row.weight),
        }
        for row in _rows(store, "odd_stock_waiting")
    ]


def _rows(store: Store, name: str) -> list[Any]:
    found = store.query(name).rename(columns={"count": "count_"})
    return list(found.itertuples(index=False))
