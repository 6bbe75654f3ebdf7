"""Statistical runs: what a fit reads, written as Parquet; what it made, loaded.

The fitting process never sees the database: the app writes its inputs from a cursor and
loads its factors in the transaction of the run's own event.
"""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from data.store import Store


def write_inputs(
    store: Store, items: pd.DataFrame, folder: Path, *, as_of: dt.date, horizon: int
) -> None:
    """Write what a fit needs, as known at the as-of week.

    Parameters
    ----------
    store : Store
    items : DataFrame
        Featured SKUs of every live activation: activation (position), type, sku, door,
        start, end, discount, lift.
    folder : Path
        An empty folder.
    as_of : date
        First day of the last closed week.
    horizon : int
        Weeks to forecast.
    """
    frames = {
        "history": store.query("history", as_of=as_of),
        "series": store.query("series", as_of=as_of),
        "prices": store.query("price_changes"),
        "skus": store.query("all_skus")[["sku", "class"]],
        "doors": store.query("all_doors")[["door", "kind"]],
        "items": items,
    }
    for name, frame in frames.items():
        frame.to_parquet(folder / f"{name}.parquet", index=False)
    job = {"as_of": as_of.isoformat(), "horizon": horizon}
    (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")


def read_facts(folder: Path) -> dict[str, Any]:
    """What a finished fit says of itself: as-of, columns, dispersion, seconds."""
    facts: dict[str, Any] = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    return facts


def load_factors(
    cursor: duckdb.DuckDBPyConnection, run: int, *, inputs: Path, made: Path
) -> None:
    """Insert a finished fit's factors as run `run`, within the writer's transaction."""
    cursor.execute(
        "insert into run_series (run, sku, door, level, ranged_from, ranged_to, log_lift) "
        "select ?, made.sku, made.door, made.level, series.ranged_from, series.ranged_to, "
        "made.log_lift::float[] from read_parquet(?) as made "
        "join read_parquet(?) as series using (sku, door)",
        [run, str(made / "run_series.parquet"), str(inputs / "series.parquet")],
    )
    cursor.execute(
        "insert into run_sku select ?, sku, shape::float[], lift_sd::float[] "
        "from read_parquet(?)",
        [run, str(made / "run_sku.parquet")],
    )
