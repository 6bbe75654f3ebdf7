"""What publishing a consensus keeps, and what it feeds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pandas as pd

from data.versions import Snapshot
from forecasting.calendar import as_date
from forecasting.governance.desk import Desk
from forecasting.hierarchy import THOUSANDTHS
from forecasting.monthly import meaning, snapshot
from forecasting.plan.live import LivePlan


def taken(
    desk: Desk, plan: LivePlan, digests: Mapping[str, str], *, cycle: str, reasons: pd.DataFrame
) -> Snapshot:
    """The plan as the version of a cycle that is about to be written.

    Parameters
    ----------
    digests : mapping
        Department to the digest of its numbers.
    cycle : str
        Name of the cycle that publishes it.
    reasons : DataFrame
        Reasons of inputs, by SKU and week (queries/input_reasons.sql).
    """
    last = plan.base.as_of
    sales = desk.store.query(
        "demand_by_week",
        since=last - dt.timedelta(7 * 54),
        until=last + dt.timedelta(7),
    )
    digest = ":".join(f"{name}={value}" for name, value in digests.items())
    return snapshot.take(plan, cycle=cycle, digest=digest, sales=sales, reasons=reasons)


def fed(plan: LivePlan, version: Snapshot) -> dict[str, dict[str, Any]]:
    """What the publication feeds: the buy plan's demand and the marketing calendar."""
    weeks = len(plan.base.weeks)
    last = as_date(plan.base.weeks[-1])
    calendar = [a for a in plan.activations() if a.is_live]
    return {
        "buy plan": {
            "skus": len(version.skus),
            "skus_at_doors": len(version.leaves),
            "weeks": weeks,
            "units": int(plan.totals["draft"].sum()) / THOUSANDTHS,
            "from": version.first_week.isoformat(),
            "to": last.isoformat(),
        },
        "marketing calendar": {
            "activations": len(calendar),
            "featured_skus": len({i.sku for a in calendar for i in a.items}),
        },
        **meaning.meant(plan),
    }
