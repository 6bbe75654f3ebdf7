"""Statistical runs: what a fit reads, written as Parquet; what it made, loaded.

The fitting process never sees the database: the app writes its inputs from a cursor and
loads its factors in the transaction of the run's own event. History is written in blocks
of whole classes, so that a fit holds one block at a time in memory, and so that only the
blocks whose history or past activations changed are fitted again.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from data import files
from data.closing import Closing, closing
from data.store import Store, sql
from forecasting import conventions
from forecasting.errors import OutOfBounds, Refused

LONGEST_HISTORY_WEEKS = 156
"""Three years, so that a season is seen three times; older weeks are not read for a fit."""
BLOCK_SERIES = 6_000
"""A block is filled with classes up to so many series."""
SERIES_COLUMNS = "sku, door, level, log_lift, share, log_regular, ahead"
LIFT_COLUMNS = (
    "activation, sku, doors, first_week, baseline, actual, expected, log_sd, promised"
)
RESULT_COLUMNS = (
    "activation, sku, first_week, last_week, base, lift, expected, lost, taken, ahead, "
    "variance, common"
)
MADE = "promotion results"
"""What a run holds beside its factors: a block fitted before it did is fitted once more."""
LARGEST_BLOCK = 15_000
"""A class with more is divided; its parts then do not see each other's activations."""


def write_inputs(
    store: Store,
    items: pd.DataFrame,
    folder: Path,
    *,
    as_of: dt.date,
    horizon: int,
    former: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
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
    former : mapping, optional
        What the run in force says of itself; blocks that are as they were then are left
        out of the job.

    Returns
    -------
    dict
        The job: as_of, first_week, horizon, kinds, weekday_shares, blocks (name, series,
        fingerprint), reused (names of blocks), and prior and calibration if reused.
    """
    series = store.query("series", as_of=as_of)
    skus = store.query("all_skus")[["sku", "class", "department", "like_sku", "launch_date"]]
    skus = skus.assign(block=_blocks(skus, series))
    since, cut = _history_of(closing(store), as_of)
    prints = _write_history(store, skus, folder, as_of=as_of, since=since, cut=cut)
    first = _first_week(store, as_of=as_of, since=since)
    facts = _facts(store, as_of)
    _write(facts | {"series": series, "skus": skus, "items": items}, folder)
    past = items[items["start"] < pd.Timestamp(as_of) + pd.Timedelta(7, "D")]
    of_each = (past, facts["prices"], facts["spans"])
    kinds = sorted(items["type"].unique())
    # What every block was fitted on, beside its own history, activations, prices and spans.
    fiscal = str(conventions.in_force().fiscal)
    of_all = [as_of, horizon, kinds, facts["door_weeks"], fiscal, MADE]
    job: dict[str, Any] = {
        "as_of": as_of.isoformat(),
        "first_week": first.isoformat(),
        "horizon": horizon,
        "kinds": kinds,
        "weekday_shares": weekday_shares(store, as_of),
        "conventions": conventions.in_force().as_dict(),
        "blocks": _as_fitted(series, skus, prints, of_all=of_all, of_each=of_each),
    }
    job |= _reused(job, former)
    (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")
    return job


def _facts(store: Store, as_of: dt.date) -> dict[str, pd.DataFrame]:
    """What a fit is told beside history, SKUs and series: spans, weeks of doors, prices."""
    return {
        "spans": store.query("could_sell_until", as_of=as_of),
        "door_weeks": store.query("door_weeks", as_of=as_of),
        "prices": store.query("price_changes"),
        "doors": store.query("all_doors")[["door", "kind"]],
    }


def _as_fitted(
    series: pd.DataFrame,
    skus: pd.DataFrame,
    history: Mapping[int, str],
    *,
    of_all: Sequence[Any],
    of_each: Sequence[pd.DataFrame],
) -> dict[str, dict[str, Any]]:
    """Size of each block, and a fingerprint of all that it is fitted on.

    Parameters
    ----------
    series, skus : DataFrame
        SKUs with the block of each.
    history : mapping
        Block to what its history comes to.
    of_all : sequence
        What is the same for every block.
    of_each : sequence of DataFrame
        Facts by sku, of which each block has its own.
    """
    counts = series.merge(skus[["sku", "block"]], on="sku").groupby("block").size()
    return {
        str(block): {
            "series": int(counts[block]),
            "fingerprint": _digest(
                [
                    *of_all,
                    history.get(int(block), ""),
                    *(_of(facts, skus, block) for facts in of_each),
                ]
            ),
        }
        for block in sorted(counts.index)
    }


def _history_of(complete: Closing, as_of: dt.date) -> tuple[dt.date, tuple[str, ...]]:
    """First day of the history of a fit, and doors whose last week is left out of it."""
    since = as_of - dt.timedelta(7 * (LONGEST_HISTORY_WEEKS - 1))
    cut = complete.silent if complete.week == as_of else ()
    if complete.begins is not None and complete.begins <= as_of:
        # What is sold in a part of a week is no week's demand.
        since = max(since, complete.begins)
    return since, cut


def _first_week(store: Store, *, as_of: dt.date, since: dt.date) -> dt.date:
    """The first week that there is something to learn from.

    Raises
    ------
    OutOfBounds
        If there is none.
    """
    first = store.query("first_week", as_of=as_of, since=since)["week"].iloc[0]
    if pd.isna(first):
        raise OutOfBounds(
            f"There is nothing to learn from as of the week of {as_of}: there are no sales and "
            "no stock in the years up to it. Name a week that the data has."
        )
    return pd.Timestamp(first).date()


def _write_history(
    store: Store,
    skus: pd.DataFrame,
    folder: Path,
    *,
    as_of: dt.date,
    since: dt.date,
    cut: tuple[str, ...],
) -> dict[int, str]:
    """Write the weekly history, a folder a block, and what that of each block comes to."""
    with store.cursor() as cursor:
        cursor.register("blocks", skus[["sku", "block"]])
        cursor.execute(
            f"copy ({sql('history_by_block')}) to '{_quoted(folder / 'history')}' "
            "(format parquet, partition_by (block), overwrite)",
            {"as_of": as_of, "since": since, "cut": list(cut)},
        )
        return _fingerprints(cursor, folder)


def _write(frames: Mapping[str, pd.DataFrame], folder: Path) -> None:
    """Write tables as Parquet; series and spans with the block of their SKU."""
    block = frames["skus"][["sku", "block"]]
    blocked = {name: frames[name].merge(block, on="sku") for name in ("series", "spans")}
    for name, frame in {**frames, **blocked}.items():
        # A table without rows would be written as if its columns held nothing at all.
        texts = [c for c in ("sku", "door") if c in frame.columns]
        frame.astype(dict.fromkeys(texts, "string")).to_parquet(
            folder / f"{name}.parquet", index=False
        )


def read_facts(folder: Path) -> dict[str, Any]:
    """What a finished fit says of itself: as-of, columns, calibration, methods, seconds."""
    facts: dict[str, Any] = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    return facts


def load_factors(
    cursor: duckdb.DuckDBPyConnection,
    run: int,
    *,
    inputs: Path,
    made: Path,
    former: int | None = None,
) -> None:
    """Insert a finished fit's factors as run `run`, within the writer's transaction.

    Blocks that were not fitted again are taken over from run `former`.
    """
    job = json.loads((inputs / "job.json").read_text(encoding="utf-8"))
    if any(made.glob("series/*.parquet")):
        cursor.execute(
            f"insert into run_series (run, {SERIES_COLUMNS}, ranged_from, ranged_to) "
            "select ?, made.sku, made.door, made.level, made.log_lift::float[], made.share, "
            "made.log_regular, made.ahead::float[], series.ranged_from, series.ranged_to "
            "from read_parquet(?) as made join read_parquet(?) as series using (sku, door)",
            [run, str(made / "series" / "*.parquet"), str(inputs / "series.parquet")],
        )
        cursor.execute(
            "insert into run_sku (run, sku, shape, lift_sd, repriced) select ?, sku, "
            "shape::float[], lift_sd::float[], repriced::float[] from read_parquet(?)",
            [run, str(made / "skus" / "*.parquet")],
        )
        cursor.execute(
            "insert into run_correction select ?, sku, door, week, reason, raw, clean "
            "from read_parquet(?)",
            [run, str(made / "corrections" / "*.parquet")],
        )
        for table, names, folder in (
            ("run_lift", LIFT_COLUMNS, "lifts"),
            ("run_result", RESULT_COLUMNS, "results"),
        ):
            cursor.execute(
                f"insert into {table} select ?, {names} from read_parquet(?)",
                [run, str(made / folder / "*.parquet")],
            )
    cursor.execute(
        "insert into run_ranged select ?, sku, door, first_day, last_day "
        "from read_parquet(?) where last_day >= ?::date + 7",
        [run, str(inputs / "spans.parquet"), job["as_of"]],
    )
    if job["reused"]:
        skus = pd.read_parquet(inputs / "skus.parquet")
        kept = skus[skus["block"].isin([int(b) for b in job["reused"]])][["sku"]]
        _take_over(cursor, run, former, kept)


def _take_over(
    cursor: duckdb.DuckDBPyConnection, run: int, former: int | None, kept: pd.DataFrame
) -> None:
    """Insert what a former run holds of some SKUs as a run's own."""
    cursor.register("kept", kept)
    for table, names in (
        ("run_series", f"{SERIES_COLUMNS}, ranged_from, ranged_to"),
        ("run_sku", "sku, shape, lift_sd, repriced"),
        ("run_correction", "sku, door, week, reason, raw, clean"),
        ("run_lift", LIFT_COLUMNS),
        ("run_result", RESULT_COLUMNS),
    ):
        cursor.execute(
            f"insert into {table} (run, {names}) select ?, {names} from {table} "
            "where run = ? and sku in (select sku from kept)",
            [run, former],
        )
    cursor.unregister("kept")


def read_factors(
    *, inputs: Path, made: Path
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """A finished full fit's factors as the plan takes them, without loading them.

    Returns
    -------
    series : DataFrame, one row per SKU and door
        sku, door, level, log_lift, share, log_regular, ahead.
    skus : DataFrame, one row per SKU
        sku, shape, lift_sd, repriced.
    spans : DataFrame, one row per SKU, door and span of days in which it could be sold
        sku, door, first_day, last_day.
    """
    spans = pd.read_parquet(inputs / "spans.parquet")
    return _all_of(made / "series"), _all_of(made / "skus"), spans


def _all_of(folder: Path) -> pd.DataFrame:
    return pd.concat([pd.read_parquet(p) for p in sorted(folder.glob("*.parquet"))])


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtest:
    """A complete backtest: what was asked, and its cells summed up."""

    made_at: dt.datetime
    person: str
    asked: dict[str, int]
    """origins, step, lags."""
    rows: int
    """Cells that were scored."""
    sums: pd.DataFrame
    """One row per origin, lag, class, door and promoted or not: cells, units, forecast,
    inside (P10 to P90), and sums of absolute errors error_p50, error_naive, error_mean13."""


def ask_backtest(folder: Path, *, needs: int, origins: int, step: int, lags: int) -> None:
    """Say in a job what a backtest is to do, with `needs` weeks before its first origin.

    Raises
    ------
    Refused
        If the history is too short for it.
    """
    job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    first, last = (dt.date.fromisoformat(job[n]) for n in ("first_week", "as_of"))
    weeks = (last - first).days // 7 + 1
    if weeks < needs + lags:
        raise Refused(
            f"There are {weeks} weeks of history; a backtest of {lags} weeks ahead "
            f"needs at least {needs + lags}."
        )
    job |= {"origins": origins, "step": step, "lags": lags}
    (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")


def load_backtest(
    store: Store, *, by: str, inputs: Path, made: Path, asked: dict[str, int]
) -> Backtest:
    """Sum a finished backtest's cells and keep the sums as the last complete result."""
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    with store.transaction() as cursor:
        sums = cursor.execute(
            sql("sum_backtest"),
            {"rows": str(made / "rows" / "*.parquet"), "skus": str(inputs / "skus.parquet")},
        ).df()
        cells = int(sums["cells"].sum())
        # Counted, not taken from the clock: a clock set back would hide the new result.
        ((number,),) = cursor.execute(
            "select coalesce(max(id), 0) + 1 from backtest"
        ).fetchall()
        cursor.execute(
            "insert into backtest values (?, ?, ?, ?)",
            [number, now, by, json.dumps({**asked, "rows": cells})],
        )
        cursor.register("sums", sums)
        cursor.execute("insert into backtest_sum by name select ? as id, * from sums", [number])
        cursor.unregister("sums")
    return Backtest(made_at=now, person=by, asked=asked, rows=cells, sums=sums)


def last_backtest(store: Store) -> Backtest | None:
    """The last complete backtest, or None."""
    found = store.query("last_backtest")
    if found.empty:
        return None
    one = found.iloc[0]
    body = json.loads(one["body"])
    return Backtest(
        made_at=one["made_at"].to_pydatetime(),
        person=str(one["person"]),
        asked={name: int(body[name]) for name in ("origins", "step", "lags")},
        rows=int(body["rows"]),
        sums=store.query("backtest_sums", id=int(one["id"])),
    )


def export_backtest(store: Store, made: Path, target: Path) -> None:
    """Write every cell of a finished backtest to one file: the contract's columns."""
    with store.cursor() as cursor:
        rows = cursor.execute(
            "select * exclude (mean13) from read_parquet(?) "
            "order by origin_week, sku, door, target_week",
            [str(made / "rows" / "*.parquet")],
        ).df()
    files.export(rows, target)


def weekday_shares(store: Store, as_of: dt.date) -> list[float] | None:
    """Share of demand on each day from its first on; None where sales are not daily."""
    days = store.query("weekday_sales", as_of=as_of).set_index("day").reindex(range(7))
    rows = days["sold_on"].fillna(0)
    if rows.sum() == 0 or rows.min() < 0.03 * rows.sum():
        return None
    units = days["units"].fillna(0.0)
    return [round(float(share), 5) for share in units / units.sum()]


def _blocks(skus: pd.DataFrame, series: pd.DataFrame) -> pd.Series:
    """Block of each SKU: whole classes, in order, until a block is full."""
    count = skus["sku"].map(series.groupby("sku").size()).fillna(0).to_numpy()
    key = skus["department"].fillna("") + "\x1f" + skus["class"].fillna("")
    block = np.zeros(len(skus), dtype=np.int64)
    number, filled = 0, 0.0
    for _, rows in pd.Series(np.arange(len(skus))).groupby(key.to_numpy(), sort=True):
        at = rows.to_numpy()
        size = count[at].sum()
        if filled and filled + size > BLOCK_SERIES:
            number, filled = number + 1, 0.0
        if size > LARGEST_BLOCK:
            part = (np.cumsum(count[at]) // BLOCK_SERIES).astype(np.int64)
            block[at] = number + part
            number, filled = number + int(part.max()) + 1, 0.0
            continue
        block[at] = number
        filled += size
    return pd.Series(block, index=skus.index)


def _fingerprints(cursor: duckdb.DuckDBPyConnection, folder: Path) -> dict[int, str]:
    """What the history of each block comes to."""
    if not any((folder / "history").rglob("*.parquet")):
        return {}
    rows = cursor.execute(
        "select block, count(*), bit_xor(hash(sku, door, week, units, in_stock, on_hand)) "
        "from read_parquet(?, hive_partitioning = true) group by block",
        [str(folder / "history" / "*" / "*.parquet")],
    ).fetchall()
    return {int(block): f"{count}:{mixed}" for block, count, mixed in rows}


def _unchanged(job: Mapping[str, Any], former: Mapping[str, Any] | None) -> list[str]:
    """Blocks that the run in force was fitted on just as they are."""
    if not former or "prior" not in former:
        return []
    before = former["blocks"]
    return [
        name
        for name, block in job["blocks"].items()
        if before.get(name, {}).get("fingerprint") == block["fingerprint"]
    ]


def _reused(job: Mapping[str, Any], former: Mapping[str, Any] | None) -> dict[str, Any]:
    """What a job takes over from the run in force."""
    same = _unchanged(job, former)
    if not same or former is None:
        return {"reused": same}
    kept = {name: former[name] for name in ("prior", "calibration", "event_sd")}
    return {"reused": same, **kept, "former_blocks": former["blocks"]}


def _of(frame: pd.DataFrame, skus: pd.DataFrame, block: int) -> pd.DataFrame:
    return frame[frame["sku"].isin(skus.loc[skus["block"] == block, "sku"])]


def _digest(values: list[Any]) -> str:
    text = [
        "\n".join(
            sorted(
                v.drop(columns="activation", errors="ignore").to_csv(index=False).split("\n")
            )
        )
        if isinstance(v, pd.DataFrame)
        else str(v)
        for v in values
    ]
    return hashlib.sha256("\n".join(text).encode()).hexdigest()[:24]


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
