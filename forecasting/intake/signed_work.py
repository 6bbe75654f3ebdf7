"""What an import does to what people have signed: said before it is done.

A signature covers the numbers of a department. Files that change an activation of it change
these numbers as a change on the page does, and make the signature void, by name.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from data import files
from data.files import Judged
from data.store import Store
from forecasting import write
from forecasting.consensus.activations import Activation, Item

NAMED = 5
"""Activations that are named; the rest are counted."""
_MOVES = ("type", "start", "end", "status", "sell_out")
"""Columns of an activation that move demand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """What is signed in the open cycle."""

    since: dt.date
    """The first day that the numbers are of."""
    departments: Mapping[str, Mapping[str, str]]
    """Department to function to the person who signed; those without a signature are not in
    it."""
    of_skus: Mapping[str, str]
    """SKU to its department."""
    of_styles: Mapping[str, frozenset[str]]
    """Style to its SKUs."""

    @classmethod
    def of(
        cls, skus: pd.DataFrame, since: dt.date, departments: Mapping[str, Mapping[str, str]]
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
        )


def concerns(
    store: Store,
    judged: Judged,
    signed: Signed | None,
    known: Callable[[str], Activation | None],
) -> tuple[str, ...]:
    """What staged files change of activations of signed departments, in words.

    Parameters
    ----------
    judged : Judged
        The import, while its rows are staged.
    known : callable
        The activation of a name as it stands now, None where there is none.
    """
    tables = {verdict.table for verdict in judged.verdicts if verdict.accepted}
    if signed is None or not signed.departments or not tables & {
        "activations", "activation_items",
    }:  # fmt: skip
        return ()
    rows = _rows(store, "activations", tables)
    items = _rows(store, "activation_items", tables)
    changed = _changed(rows, items, signed, known)
    touched: dict[str, set[str]] = {}
    for name, skus in changed.items():
        for department in {signed.of_skus.get(sku, "") for sku in skus}:
            if department in signed.departments:
                touched.setdefault(department, set()).add(name)
    if not touched:
        return ()
    names = sorted(set().union(*touched.values()))
    some = ", ".join(names[:NAMED]) + (
        f" and {write.number(len(names) - NAMED)} more" * (len(names) > NAMED)
    )
    whose = "; ".join(
        f"{department} ({_people(signed.departments[department])})"
        for department in sorted(touched)
    )
    one = len(names) == 1
    return (
        f"This changes {write.number(len(names))} activation{'' if one else 's'} of signed "
        "departments: "
        f"{some}. These signatures become void, by name, as soon as it is imported: {whose}.",
    )


def _people(signed: Mapping[str, str]) -> str:
    return ", ".join(f"{function.capitalize()}: {name}" for function, name in signed.items())


def _rows(store: Store, table: str, tables: Iterable[str]) -> list[dict[str, Any]]:
    if table not in tables:
        return []
    frame = files.staged(store, table)
    told = frame.astype(object).where(frame.notna(), None)
    names = [str(name) for name in told.columns]
    return [dict(zip(names, row, strict=True)) for row in told.itertuples(index=False)]


def _changed(
    rows: list[dict[str, Any]],
    items: list[dict[str, Any]],
    signed: Signed,
    known: Callable[[str], Activation | None],
) -> dict[str, set[str]]:
    """Activations that the files change, each by its name, with the SKUs that it features."""
    found: dict[str, set[str]] = {}
    ends = {str(row["activation"]): _told(row["end"]) for row in rows}
    featured: dict[str, set[str]] = {}
    differ: set[str] = set()
    for row in items:
        identity = str(row["activation"])
        style = str(row["style"]) if row["style"] is not None else ""
        skus = (
            {str(row["sku"])} if row["sku"] is not None else signed.of_styles.get(style, set())
        )
        featured.setdefault(identity, set()).update(skus)
        if any(not _is_known(known(identity), sku, row) for sku in skus):
            differ.add(identity)
    for row in rows:
        now = known(str(row["activation"]))
        if now is None or any(_moved(now, row, column) for column in _MOVES):
            differ.add(str(row["activation"]))
    for identity in differ:
        now = known(identity)
        last = max(
            [d for d in (ends.get(identity), now.end if now else None) if d], default=None
        )
        if last is not None and last < signed.since:
            continue  # over before the numbers begin
        skus = featured.get(identity, set()) | {item.sku for item in (now.items if now else ())}
        found[now.name if now else identity] = skus
    return found


def _moved(now: Activation, row: Mapping[str, Any], column: str) -> bool:
    told = row.get(column)
    return told is not None and _told(told) != getattr(now, column)


def _told(value: Any) -> Any:
    """A staged value as an activation has it."""
    if isinstance(value, dt.date | pd.Timestamp):
        return pd.Timestamp(value).date()
    if isinstance(value, str) and value in ("yes", "no"):
        return value == "yes"
    return value


def _is_known(now: Activation | None, sku: str, row: Mapping[str, Any]) -> bool:
    """Whether an activation features a SKU as a row says."""
    door = None if row["door"] is None else str(row["door"])
    same = Item(sku=sku, door=door, discount=row["discount"], lift=row["lift"])
    return now is not None and same in now.items
