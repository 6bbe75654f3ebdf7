"""Activations: what Marketing plans, as values that events add, change and cancel."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import pandas as pd

from forecasting import write
from forecasting.calendar import Dates
from forecasting.errors import OutOfBounds
from forecasting.exposure import exposure_share
from forecasting.hierarchy import Floats
from forecasting.vocabulary import MOST_LIFT

CANCELLED = "cancelled"
"""The status of an activation that does not take place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One featured SKU."""

    sku: str
    door: str | None = None
    """None: every door where the SKU is ranged."""
    discount: float | None = None
    """0 to 1; None: no price cut."""
    lift: float | None = None
    """Multiplier on baseline; None: estimated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Activation:
    """One activation with its featured SKUs."""

    activation: str
    """Its identity."""
    name: str
    type: str
    start: dt.date
    end: dt.date
    """Last day, included."""
    status: str = "planned"
    owner: str = ""
    channel: str = ""
    spend: float | None = None
    lock_date: dt.date | None = None
    sell_out: bool = False
    """Planned to sell out: running out is no miss."""
    items: tuple[Item, ...] = ()

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise OutOfBounds(f"{self.name} ends on {self.end}, before its start {self.start}.")
        for item in self.items:
            if item.discount is not None and not 0 <= item.discount <= 1:
                raise OutOfBounds(f"The discount of {item.sku} must be from 0 to 1.")
            if item.lift is not None and not 0 <= item.lift <= MOST_LIFT:
                raise OutOfBounds(
                    f"The lift of {item.sku} in {self.name} must be between 0x and "
                    f"{write.number(MOST_LIFT)}x; found {write.figure(item.lift)}x."
                )

    @property
    def is_live(self) -> bool:
        """Whether it moves demand: not cancelled."""
        return self.status != CANCELLED

    def share(self, weeks: Dates, weekday_shares: Floats | None = None) -> Floats:
        """Share of each week's demand on whose days it runs, (W,)."""
        return exposure_share(self.start, self.end, weeks, weekday_shares)

    def of_sku(self, sku: str) -> list[Item]:
        """Its items of one SKU."""
        return [item for item in self.items if item.sku == sku]

    def discount_of(self, sku: str) -> float:
        """The deepest price cut that it states for a SKU, 0 where it states none."""
        return max((item.discount or 0.0 for item in self.of_sku(sku)), default=0.0)

    def cancelled(self) -> Activation:
        """The same, called off."""
        return replace(self, status=CANCELLED)

    def with_lift(self, sku: str, lift: float | None) -> Activation:
        """The same with another stated lift of one SKU (None: the estimate again)."""
        items = tuple(replace(i, lift=lift) if i.sku == sku else i for i in self.items)
        return replace(self, items=items)

    def to_dict(self) -> dict[str, Any]:
        """As stored in an event."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Activation:
        """As read from an event."""
        fields = dict(stored)
        for name in ("start", "end", "lock_date"):
            if isinstance(fields.get(name), str):
                fields[name] = dt.date.fromisoformat(fields[name])
        fields["items"] = tuple(Item(**item) for item in fields.get("items", ()))
        return cls(**fields)


def as_imported(rows: pd.DataFrame, items: pd.DataFrame) -> dict[str, tuple[Activation, int]]:
    """Activations as files gave them, each with the last import batch that spoke of it.

    Parameters
    ----------
    rows : DataFrame, one row per activation
        activation, name, type, start, end, status, owner, channel, spend, lock_date,
        sell_out, batch.
    items : DataFrame, one row per featured SKU
        activation, sku, door, discount, lift; blank is unknown. of_style: it named the style;
        batch.
    """
    featured: dict[str, list[Item]] = {}
    columns = ["activation", "sku", "door", "discount", "lift"]
    for name, sku, door, discount, lift in by_name(items)[columns].itertuples(index=False):
        featured.setdefault(str(name), []).append(
            Item(
                sku=str(sku),
                door=None if pd.isna(door) else str(door),
                discount=None if pd.isna(discount) else float(discount),
                # Files from before there was a limit may still be in force.
                lift=None if pd.isna(lift) else min(float(lift), MOST_LIFT),
            )
        )
    last = items.groupby("activation")["batch"].max().to_dict() if "batch" in items else {}
    found = {}
    for row in rows.to_dict("records"):
        identity = str(row["activation"])
        activation = Activation(
            activation=identity,
            name=identity if pd.isna(row["name"]) else str(row["name"]),
            type=str(row["type"]),
            start=pd.Timestamp(row["start"]).date(),
            end=pd.Timestamp(row["end"]).date(),
            status=str(row["status"]),
            owner="" if pd.isna(row["owner"]) else str(row["owner"]),
            channel="" if pd.isna(row["channel"]) else str(row["channel"]),
            spend=None if pd.isna(row["spend"]) else float(row["spend"]),
            lock_date=None
            if pd.isna(row["lock_date"])
            else pd.Timestamp(row["lock_date"]).date(),
            sell_out=bool(row["sell_out"]),
            items=tuple(featured.get(identity, ())),
        )
        found[identity] = (activation, max(int(row["batch"]), int(last.get(identity, 0))))
    return found


def by_name(items: pd.DataFrame) -> pd.DataFrame:
    """Featured SKUs without rows of their style that a row of the SKU itself replaces.

    The row that names the SKU is the same offer stated more exactly: it replaces the style's
    where it runs. A price cut that it leaves blank is the style's, and the style's lift
    goes with the style's price cut.

    Parameters
    ----------
    items : DataFrame, one row per featured SKU
        activation, sku, door, discount, lift, of_style (if left out, none is).
    """
    if "of_style" not in items or not items["of_style"].astype(bool).any():
        return items
    of_style = items["of_style"].astype(bool)
    named, styled = items[~of_style], items[of_style]
    key = ["activation", "sku"]
    general = pd.MultiIndex.from_frame(named[named["door"].isna()][key])
    at_doors = pd.MultiIndex.from_frame(named[named["door"].notna()][[*key, "door"]])
    replaced = pd.MultiIndex.from_frame(styled[key]).isin(general)
    replaced |= pd.MultiIndex.from_frame(styled[[*key, "door"]]).isin(at_doors)
    stated = styled[replaced].assign(door=styled["door"].fillna("")).groupby([*key, "door"])
    stated_of = stated[["discount", "lift"]].first()
    at = pd.MultiIndex.from_frame(named[key].assign(door=named["door"].fillna("")))
    theirs = stated_of.reindex(at)
    discount = named["discount"].astype(float)
    filled = named.assign(
        discount=discount.fillna(pd.Series(theirs["discount"].to_numpy(float), named.index)),
        lift=named["lift"].astype(float).where(
            discount.notna() | named["lift"].notna(),
            pd.Series(theirs["lift"].to_numpy(float), named.index),
        ),
    )  # fmt: skip
    return pd.concat([filled, styled[~replaced]]).sort_index()
