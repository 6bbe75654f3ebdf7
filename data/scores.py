"""What the scorecard is made of: sums of the facts, kept so that a page opens at once.

What each measure is stands in SQL: `cell_week` at its finest grain (0018_could_sell.sql
in schema/), and what is summed, shared and divided from it (0007_scorecard.sql). Here the sums
are taken, SKUs in blocks so that a large company fits in memory, and read.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from data.store import Store, sql
from forecasting.errors import UnknownName

BLOCK_ROWS = 5_000_000
"""Sales rows that are summed at once."""
BRIDGE_LAG = 6
"""Weeks ahead at which the Bridge's forecast is scored, at least."""
_KEPT = (
    "score_basis", "featured", "score_quarter", "cell_quarter", "class_quarter", "class_week",
    "activation_cell", "forecast_cell",
)  # fmt: skip
_BY_BLOCK = ("score_cells", "score_class_weeks", "score_activations")

Tell = Callable[[str, float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What the kept sums were taken from."""

    made_at: dt.datetime
    seq: int
    """The last event that they know of."""
    run: int
    """The statistical run that says what was lost; 0: none."""
    run_as_of: dt.date | None
    """The last week that it knows."""
    as_of: dt.date
    """Last week that is in them."""
    calendar: str
    """Digest of the activations that had begun."""


def basis(store: Store) -> Basis | None:
    """What the kept sums were taken from; None where none were taken yet."""
    found = store.query("score_basis")
    if found.empty:
        return None
    row = found.iloc[0]
    return Basis(
        made_at=row["made_at"].to_pydatetime(),
        seq=int(row["seq"]),
        run=int(row["run"]),
        run_as_of=None if pd.isna(row["run_as_of"]) else pd.Timestamp(row["run_as_of"]).date(),
        as_of=pd.Timestamp(row["as_of"]).date(),
        calendar=str(row["calendar"]),
    )


def summed(
    store: Store,
    made: Basis,
    featured: pd.DataFrame,
    *,
    tell: Tell = lambda _text, _share: None,
) -> None:
    """Take every sum anew, in one transaction: until it ends, readers see the former ones.

    Parameters
    ----------
    store : Store
    made : Basis
        What they are taken from.
    featured : DataFrame, one row per activation and featured SKU
        activation, name, type, sku, door (None: all ranged doors), first_day, last_day,
        discount, is_sell_out. Only activations that have begun and were not called off.
    """
    with store.transaction() as cursor:
        for table in _KEPT:
            cursor.execute(f"delete from {table}")
        cursor.execute(
            "insert into score_basis values (?, ?, ?, ?, ?, ?)",
            [made.made_at, made.seq, made.run, made.run_as_of, made.as_of, made.calendar],
        )
        if len(featured):
            cursor.register("calendar_now", featured)
            cursor.execute(sql("score_featured"), {"as_of": made.as_of})
            cursor.unregister("calendar_now")
        quarters = cursor.execute(sql("score_quarters"), {"as_of": made.as_of}).df()
        if len(quarters):
            cursor.register("quarters_now", quarters)
            cursor.execute("insert into score_quarter by name select * from quarters_now")
            cursor.unregister("quarters_now")
        blocks = cursor.execute(sql("score_blocks"), {"rows": BLOCK_ROWS}).fetchall()
        for number, (low, high) in enumerate(blocks):
            tell("summing up for the scorecard", number / len(blocks))
            cursor.execute(sql("score_week"), {"low": low, "high": high})
            for name in _BY_BLOCK:
                cursor.execute(sql(name))
        cursor.execute("drop table if exists block_week")
        cursor.execute(sql("score_classes"))
        ((since,),) = cursor.execute(sql("first_foreseen")).fetchall()
        if since is not None:
            cursor.execute(
                sql("score_forecasts"),
                {"as_of": made.as_of, "bridge_lag": BRIDGE_LAG, "since": since},
            )


def keep_flags(store: Store, run: int, rows: pd.DataFrame) -> None:
    """Keep what the Bridge flagged when a run came into force.

    Parameters
    ----------
    rows : DataFrame, one row per activation ahead and featured SKU
        as_of, activation, sku, status, units_short, margin_at_risk.
    """
    with store.transaction() as cursor:
        cursor.register("flagged", rows)
        cursor.execute("insert into flag by name select ? as run, * from flagged", [run])
        cursor.unregister("flagged")


def has_flags(store: Store, run: int) -> bool:
    """Whether what the Bridge flagged is kept of a run."""
    return len(store.query("flagged", run=run)) > 0


def flags(store: Store) -> pd.DataFrame:
    """What the Bridge flagged, at every past week in which a forecast came into force."""
    return store.query("flags")


WITHIN = ("department", "class", "region", "door", "sku")


def shelf(store: Store, level: str, **within: Any) -> pd.DataFrame:
    """Shelf and stock by quarter and the members of a level (macro shelf_scores).

    Parameters
    ----------
    level : str
        all, department, class, region, channel, door or sku.
    within : str
        department, class, region, door, sku: one to look inside.
    """
    return store.query("scores_of_shelf", level=level, **_all(WITHIN, within))


def promotions(store: Store, level: str, **within: Any) -> pd.DataFrame:
    """Promotions by quarter and the members of a level (macro promotion_scores).

    Parameters
    ----------
    level : str
        all, type, activation, department, class, region, channel, door or sku.
    within : str
        department, class, region, door, sku, type, activation: one to look inside;
        least_in_stock, cover_weeks: the limits of an event that ran out and of excess.
    """
    limits = {
        "least_in_stock": within.pop("least_in_stock", 0.9),
        "cover_weeks": within.pop("cover_weeks", 8.0),
    }
    names = (*WITHIN, "type", "activation")
    return store.query("scores_of_promotions", level=level, **limits, **_all(names, within))


def forecasts(store: Store, horizon: str, level: str, **within: Any) -> pd.DataFrame:
    """Accuracy by quarter and the members of a level (macro forecast_scores).

    Parameters
    ----------
    horizon : str
        bridge or buy.
    level : str
        all, department, class, sku or promoted.
    within : str
        department, class, sku: one to look inside.
    """
    return store.query(
        "scores_of_forecasts", horizon=horizon, level=level,
        **_all(("department", "class", "sku"), within),
    )  # fmt: skip


def weeks(store: Store, **within: Any) -> pd.DataFrame:
    """Week by week, within one department, class, region or door (macro week_scores)."""
    return store.query(
        "scores_of_weeks", **_all(("department", "class", "region", "door"), within)
    )


def cells(store: Store, quarter: str, **within: Any) -> pd.DataFrame:
    """The rows that made a number: SKU, door and week of a quarter (view cell_week)."""
    return store.query("scored_weeks", quarter=quarter, **_all(WITHIN, within))


def quarters(store: Store) -> pd.DataFrame:
    """Quarters in the sums, oldest first: quarter, first_week, last_week, weeks, is_whole."""
    return store.query("quarters")


def promotion_rows(store: Store, *, cover_weeks: float) -> pd.DataFrame:
    """Every promotion, class by class (queries/promotion_rows.sql)."""
    return store.query("promotion_rows", cover_weeks=cover_weeks)


def forecast_rows(store: Store, horizon: str, *, since: str, until: str) -> pd.DataFrame:
    """Scored cells of some quarters (queries/forecast_rows.sql)."""
    return store.query("forecast_rows", horizon=horizon, from_quarter=since, to_quarter=until)


def _all(names: tuple[str, ...], given: dict[str, Any]) -> dict[str, Any]:
    """Every parameter of a query, null where nothing was asked."""
    unknown = set(given) - set(names)
    if unknown:
        raise UnknownName(
            f"These scores are looked at within {', '.join(names)}; not within "
            f"{', '.join(sorted(unknown))}."
        )
    return {f"in_{name}": given.get(name) for name in names}
