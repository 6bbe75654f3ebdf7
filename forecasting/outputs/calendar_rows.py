"""What a row of a marketing calendar that came back states otherwise than it was.

A file went through spreadsheets and calendar programs: blanks were joined, numbers rounded,
an apostrophe or what the stock allows stands before a name. None of that is a change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from data import leaving
from data.came_back import Featured, Row
from forecasting.consensus.activations import CANCELLED, Activation, Item
from forecasting.outputs.marketing_calendar import as_text
from forecasting.weekly.readiness import State


def stated(row: Row, was: Activation) -> dict[str, Any]:
    """Fields that a row states otherwise than they were, with their values."""
    mine: dict[str, Any] = {}
    for name, value in row.values.items():
        if name == "is_live":
            if value is False and was.is_live:
                mine["status"] = CANCELLED
            elif value is True and not was.is_live:
                mine["status"] = "planned"
        elif name == "type" and row.is_event:
            continue  # categories are what programs make of them
        elif value is None and name in ("name", "type", "status", "start", "end"):
            continue  # blank: not stated
        elif not _is_same(name, value, getattr(was, name)):
            given = _without_state(value) if row.is_event and name == "name" else value
            if not (name == "name" and plain(given) == plain(as_text(was.name))):
                mine[name] = "" if given is None and name in ("owner", "channel") else given
    if row.items is not None:
        items = _items(row.items, was)
        if set(items) != set(was.items):
            mine["items"] = items
    return mine


def _is_same(name: str, told: Any, was: Any) -> bool:
    if name == "spend":
        return (told is None) == (was is None) and (told is None or round(was, 2) == told)
    if isinstance(was, str):
        return plain(told) in (plain(was), plain(leaving.defused(was)))
    return bool(told == was)


def _items(told: Sequence[Featured], was: Activation) -> tuple[Item, ...]:
    """Featured SKUs as stated; one that says what was known is that one."""
    skus = {leaving.defused(i.sku): i.sku for i in was.items}
    doors = {leaving.defused(i.door): i.door for i in was.items if i.door is not None}
    known = {(i.sku, i.door): i for i in was.items}
    found = []
    for one in told:
        item = item_of(
            replace(
                one, sku=skus.get(one.sku, one.sku),
                door=one.door and doors.get(one.door, one.door),
            )
        )  # fmt: skip
        old = known.get((item.sku, item.door))
        same = old is not None and all(
            _near(getattr(old, n), getattr(item, n)) for n in ("discount", "lift")
        )
        found.append(old if old is not None and same else item)
    return tuple(dict.fromkeys(found))


def item_of(one: Featured) -> Item:
    """A featured SKU as an activation has it."""
    return Item(sku=one.sku, door=one.door, discount=one.discount, lift=one.lift)


def _near(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= 1e-9 * max(abs(one), abs(other), 1.0)


def _without_state(name: str) -> str:
    """A name without what stood before it when it went out."""
    for state in State:
        if name.startswith(f"{state.label}: "):
            return name.removeprefix(f"{state.label}: ").strip()
    return name


def plain(name: object) -> str:
    """A name as two are compared: blanks and line ends are alike."""
    return " ".join(str(name or "").split())
