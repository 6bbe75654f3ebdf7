"""Walk: why the number is another one than last time, part by part, exactly.

A forecast is the sum of its parts: baseline, the lift of each activation, spillover, what
each function added and why, what the meeting agreed beyond that. The change between two
forecasts of the same weeks is then the sum of the changes of their parts.
"""

from __future__ import annotations

import pandas as pd

KINDS = ("baseline", "lift", "spillover", "voice", "floor", "agreement")
"""Kinds of parts, in the order in which the number is made."""
BASELINE, LIFT, SPILLOVER, VOICE, FLOOR, AGREEMENT = KINDS


def walk(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Change of every part between two forecasts, over the weeks and SKUs given.

    Parameters
    ----------
    before, after : DataFrame, one row per SKU, part and week
        sku, kind, name, reason, week, units. Weeks that only one of them has are left out.

    Returns
    -------
    DataFrame, one row per part that changed or stands, largest change first within its kind
        kind, name, reason, before, after, change: units. `change` adds up to the change of
        the forecast.
    """
    shared = set(before["week"].unique()) & set(after["week"].unique())
    sums = [
        part[part["week"].isin(shared)].groupby(["kind", "name", "reason"])["units"].sum()
        for part in (before, after)
    ]
    both = pd.concat(sums, axis=1, keys=["before", "after"]).fillna(0.0).reset_index()
    both["change"] = both["after"] - both["before"]
    order = {kind: i for i, kind in enumerate(KINDS)}
    both = both.assign(rank=both["kind"].map(order), size=-both["change"].abs())
    both = both.sort_values(["rank", "size", "name", "reason"], ignore_index=True)
    return both[["kind", "name", "reason", "before", "after", "change"]]
