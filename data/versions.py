"""Published versions of the consensus: written once, read ever after, never altered."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection
from dataclasses import dataclass

import duckdb
import numpy as np
import pandas as pd

from data.store import Store
from forecasting.hierarchy import THOUSANDTHS

LAYERS = (
    "naive", "statistical", "marketing", "merchandising", "planning", "proposed", "consensus"
)  # fmt: skip
"""What is kept of each SKU and week, in the order in which the number was made."""

_COVERED = re.compile(r"(?:^|:)(.*?)=([0-9a-f]{32})(?=:|$)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A consensus as it is published: frames with a list of weeks, thousandths of a unit."""

    cycle: str
    as_of: dt.date
    first_week: dt.date
    run: int
    digest: str
    """Of the numbers that were signed."""
    skus: pd.DataFrame
    """sku and LAYERS."""
    parts: pd.DataFrame
    """sku, kind, name, reason, units: the consensus of each SKU is their sum."""
    leaves: pd.DataFrame
    """sku, door, units."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A published consensus, without its numbers."""

    version: int
    """Sequence number of the event that published it."""
    cycle: str
    as_of: dt.date
    first_week: dt.date
    run: int
    made_at: dt.datetime
    person: str
    digest: str
    """Of every department's numbers as they were signed: 'NAME=DIGEST', colons between."""

    @property
    def covered(self) -> dict[str, str]:
        """Department to the digest of its numbers; a name may hold colons and equal signs."""
        return dict(_COVERED.findall(self.digest))


def of_some(digest: str, departments: Collection[str]) -> str:
    """A version's digest of some departments only."""
    told = _COVERED.findall(digest)
    return ":".join(f"{name}={of}" for name, of in told if name in departments)


def write(cursor: duckdb.DuckDBPyConnection, version: int, snapshot: Snapshot) -> None:
    """Write a version within the transaction of the event that publishes it."""
    cursor.execute(
        "insert into version values (?, ?, ?, ?, ?, ?)",
        [version, snapshot.cycle, snapshot.as_of, snapshot.first_week, snapshot.run,
         snapshot.digest],
    )  # fmt: skip
    for table, frame in (
        ("version_sku", snapshot.skus),
        ("version_part", snapshot.parts),
        ("version_leaf", snapshot.leaves),
    ):
        if frame.empty:
            continue
        cursor.register("rows_of_version", frame)
        cursor.execute(
            f"insert into {table} by name "  # noqa: S608 - our own names
            "select ?::bigint as version, * from rows_of_version",
            [version],
        )
        cursor.unregister("rows_of_version")


def published(store: Store) -> list[Version]:
    """Every version, oldest first."""
    return [
        Version(
            version=int(row["version"]),
            cycle=str(row["cycle"]),
            as_of=pd.Timestamp(row["as_of"]).date(),
            first_week=pd.Timestamp(row["first_week"]).date(),
            run=int(row["run"]),
            made_at=pd.Timestamp(row["made_at"]).to_pydatetime(),
            person=str(row["person"]),
            digest=str(row["digest"]),
        )
        for row in store.query("versions").to_dict("records")
    ]


def layers(store: Store, version: Version) -> pd.DataFrame:
    """Every layer of a version: one row per SKU and week, in units."""
    return _long(store.query("version_layers", version=version.version), version, LAYERS)


def parts(store: Store, version: Version) -> pd.DataFrame:
    """What a version's consensus is the sum of: sku, kind, name, reason, week, units."""
    return _long(store.query("version_parts", version=version.version), version, ("units",))


def leaves(store: Store, version: Version) -> pd.DataFrame:
    """A version's consensus: one row per SKU and door, `units` a list of thousandths."""
    return store.query("version_leaves", version=version.version)


def _long(rows: pd.DataFrame, version: Version, columns: tuple[str, ...]) -> pd.DataFrame:
    """One row per week instead of a list of weeks, in units."""
    if rows.empty:
        return rows.assign(week=pd.Series(dtype="datetime64[us]"))
    counts = rows[columns[0]].map(len).to_numpy()
    names = [name for name in rows.columns if name not in columns]
    at = np.repeat(np.arange(len(rows)), counts)
    long = rows[names].iloc[at].reset_index(drop=True)
    position = np.concatenate([np.arange(n) for n in counts])
    long["week"] = np.datetime64(version.first_week, "D") + 7 * position
    for name in columns:
        long[name] = np.concatenate(rows[name].to_list()) / THOUSANDTHS
    return long
