"""What an import does to what people have signed: known before it is done.

A signature covers the numbers of a department. Files that change an activation of it change
these numbers as a change on the page does. Where whoever imports may decide that, the
signatures become void, by name, and it is stated first. Where not, the rows are not imported:
they become proposals (`proposing`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import pandas as pd

from data import files
from data.files import Judged
from data.store import Store
from forecasting import write
from forecasting.consensus.activations import Activation, as_imported
from forecasting.weekly.stated_since import Account

NAMED = 5
"""Activations that are named; the rest are counted."""
CALENDAR = ("activations", "activation_items")
_MOVES = ("type", "start", "end", "is_live", "sell_out")
"""What of an activation moves demand, or how it is judged, beside what it features."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """What is signed in the latest cycle."""

    since: dt.date
    """The first day that the numbers are of."""
    departments: Mapping[str, Mapping[str, str]]
    """Department to function to the person who signed; those without a signature are not in
    it."""
    of_skus: Mapping[str, str]
    """SKU to its department."""
    of_styles: Mapping[str, frozenset[str]]
    """Style to its SKUs."""
    published: frozenset[str] | None = None
    """Activations that the published consensus counts; None while its cycle is open, where
    whatever changes the numbers is of it."""

    @classmethod
    def of(
        cls,
        skus: pd.DataFrame,
        since: dt.date,
        departments: Mapping[str, Mapping[str, str]],
        *,
        published: Collection[str] | None = None,
    ) -> Signed:
        """What is signed, over SKUs with their style and department.

        Parameters
        ----------
        skus : DataFrame
            One row per SKU: sku, style, department.
        """
        return cls(
            since=since,
            departments={name: by for name, by in departments.items() if by},
            of_skus=dict(zip(skus["sku"], skus["department"], strict=True)),
            of_styles={str(style): frozenset(of["sku"]) for style, of in skus.groupby("style")},
            published=None if published is None else frozenset(published),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """An activation of signed departments that files change."""

    activation: str
    before: Activation | None
    """None: it is new."""
    after: Activation | None
    """None: files that take the place of the whole calendar leave it out."""
    departments: tuple[str, ...]

    @property
    def name(self) -> str:
        """What it is called."""
        known = self.before or self.after
        return known.name if known else self.activation


def touched(
    store: Store,
    judged: Judged,
    signed: Signed | None,
    known: Mapping[str, Activation],
    accounts: Mapping[str, Account] = MappingProxyType({}),
) -> tuple[Touched, ...]:
    """What staged files change of activations of signed departments.

    Parameters
    ----------
    judged : Judged
        The import, while its rows are staged.
    known : mapping
        The calendar as it stands, by identity.
    accounts : mapping
        What was stated of activations that people changed.
    """
    tables = {v.table for v in judged.verdicts if v.accepted} & set(CALENDAR)
    if signed is None or not signed.departments or not tables:
        return ()
    after: dict[str, Activation | None] = {}
    for identity, file in staged(store, tables, signed.of_styles).items():
        told = accounts.get(identity)
        after[identity] = file if told is None else told.with_file(file)
    if "whole" in (judged.replaces.get(table) for table in tables):
        after |= dict.fromkeys(known.keys() - after.keys())
    found = []
    for identity, then in sorted(after.items()):
        now = known.get(identity)
        if departments := departments_of(now, then, signed):
            found.append(
                Touched(activation=identity, before=now, after=then, departments=departments)
            )
    return tuple(found)


def departments_of(
    now: Activation | None, then: Activation | None, signed: Signed | None
) -> tuple[str, ...]:
    """Departments whose signed numbers a change of an activation is of."""
    known = now or then
    if signed is None or known is None or not signed.departments:
        return ()
    if not _counts(now, then, known.activation, signed):
        return ()
    skus = {i.sku for one in (now, then) if one for i in one.items}
    departments = {signed.of_skus.get(sku, "") for sku in skus} & set(signed.departments)
    return tuple(sorted(departments))


def concerns(found: Iterable[Touched], signed: Signed | None) -> tuple[str, ...]:
    """What becomes void by importing all of it, in words."""
    of = list(found)
    if not of or signed is None:
        return ()
    some = listed(sorted({one.name for one in of}))
    departments = sorted({d for one in of for d in one.departments})
    activations = f"{write.number(len(of))} activation{'' if len(of) == 1 else 's'}"
    if signed.published is not None:
        return (
            f"This changes {activations} that the published consensus counts: {some}. The "
            "version stays as it was signed; the working plan moves.",
        )
    whose = "; ".join(f"{name} ({_people(signed.departments[name])})" for name in departments)
    return (
        f"This changes {activations} of signed departments: {some}. These "
        f"signatures become void, by name, as soon as it is imported: {whose}.",
    )


def listed(names: list[str]) -> str:
    """A few names, the rest counted."""
    more = f" and {write.number(len(names) - NAMED)} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def _people(signed: Mapping[str, str]) -> str:
    return ", ".join(f"{function.capitalize()}: {name}" for function, name in signed.items())


def staged(
    store: Store, tables: Collection[str], of_styles: Mapping[str, frozenset[str]]
) -> dict[str, Activation]:
    """Every activation that staged files speak of, as files will say it from then on.

    Parameters
    ----------
    tables : collection of str
        Those of the calendar that are staged.
    of_styles : mapping
        Style to its SKUs.
    """
    rows, items = (_staged(store, table, tables) for table in CALENDAR)
    names = set(rows["activation"]) | set(items["activation"])
    given = set(items["activation"])
    had = store.query("item_rows").drop(columns="batch")
    spread = _spread(items, of_styles)
    all_items = pd.concat(
        [had[had["activation"].isin(names - given)], spread], ignore_index=True
    )
    found = {
        identity: one for identity, (one, _) in as_imported(_typed(rows), all_items).items()
    }
    if only_items := names - set(found):
        told = as_imported(store.query("activation_rows"), had)
        for identity in only_items & set(told):
            mine = spread[spread["activation"] == identity]
            found[identity] = _with_items(told[identity][0], mine)
    return found


def _with_items(now: Activation, items: pd.DataFrame) -> Activation:
    """An activation with what files say that it features."""
    row = pd.DataFrame(
        [
            {
                "activation": now.activation, "name": now.name, "type": now.type,
                "start": now.start, "end": now.end, "status": now.status, "owner": now.owner,
                "channel": now.channel, "spend": now.spend, "lock_date": now.lock_date,
                "sell_out": now.sell_out, "batch": 0,
            }
        ]
    )  # fmt: skip
    return as_imported(row, items)[now.activation][0]


def _staged(store: Store, table: str, tables: Collection[str]) -> pd.DataFrame:
    if table in tables:
        return files.staged(store, table)
    columns = ["activation", "sku", "style", "door", "discount", "lift"]
    return pd.DataFrame(columns=columns, dtype=object)


def _typed(rows: pd.DataFrame) -> pd.DataFrame:
    """Staged activations as the query of imported ones gives them (activation_rows.sql)."""
    if rows.empty:
        return pd.DataFrame()
    return rows.assign(
        status=rows["status"].fillna("planned"), sell_out=rows["sell_out"].eq("yes"), batch=0
    )


def _spread(items: pd.DataFrame, of_styles: Mapping[str, frozenset[str]]) -> pd.DataFrame:
    """Staged items with one row per SKU: a style stands for all of its (item_rows.sql)."""
    rows: list[dict[str, Any]] = []
    for row in items.to_dict("records"):
        of_style = pd.isna(row["sku"])
        skus = sorted(of_styles.get(str(row["style"]), ())) if of_style else [row["sku"]]
        rows += [
            {
                "activation": row["activation"], "sku": sku, "door": row["door"],
                "discount": row["discount"], "lift": row["lift"], "of_style": of_style,
            }
            for sku in skus
        ]  # fmt: skip
    columns = ["activation", "sku", "door", "discount", "lift", "of_style"]
    return pd.DataFrame(rows, columns=columns).astype({"discount": float, "lift": float})


def _counts(
    now: Activation | None, then: Activation | None, identity: str, signed: Signed
) -> bool:
    """Whether a change is one of signed numbers that are still ahead."""
    if signed.published is not None and identity not in signed.published:
        return False
    last = max(one.end for one in (now, then) if one)
    if last < signed.since:
        return False  # over before the numbers begin
    if now is None or then is None:
        return any(one.is_live for one in (now, then) if one)
    if not (now.is_live or then.is_live):
        return False
    moved = any(getattr(now, name) != getattr(then, name) for name in _MOVES)
    return moved or set(now.items) != set(then.items)
