"""Verbs on orders of the buy plan: approve, release, take back, close; and their list."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from data import files, reading
from forecasting.commands.door import (
    acting,
    as_json_too,
    database,
    main,
    opened,
    say,
    written_to,
)
from forecasting.commands.served import FileIn, reader
from forecasting.errors import OutOfBounds, Refused
from forecasting.monthly import buying, order_book
from forecasting.weekly.order_terms import OrderLine, divided
from forecasting.weekly.ordering import APPROVED, RELEASED, Order
from forecasting.workspace import Workspace

of_suppliers = click.option("--supplier", "suppliers", multiple=True, help="All of a supplier.")
of_skus = click.option("--sku", "skus", multiple=True, help="All of a SKU.")
every = click.option("--all", "all_", is_flag=True, help="All of them.")
because = click.option("--note", default="", help="The one reason for all of them.")
named = click.argument("orders", nargs=-1)
_IN_FILE = ("sku", "door", "receipt_week", "units")


def meant(verb: Callable[..., None]) -> Callable[..., None]:
    """Which orders a verb is for, and why."""
    return named(of_skus(of_suppliers(every(because(verb)))))


edited_file = click.option(
    "--file", "edited", type=FileIn(),
    help="Lines of `buy-plan --out x.csv`: those that you want, units as you want them.",
)  # fmt: skip
also_planned = click.option(
    "--planned", is_flag=True, help="Of the file, also what is planned for later weeks."
)


def of_the_plan(verb: Callable[..., None]) -> Callable[..., None]:
    """Which orders of the buy plan a verb is for."""
    return of_suppliers(every(edited_file(also_planned(verb))))


@main.command()
@database
@acting
@as_json_too
@of_skus
@of_the_plan
@because
def approve(db: Path, person: str, as_json: bool, note: str, **which: Any) -> None:
    """Approve orders that the buy plan releases now, or those of a file: all or none."""
    with opened(db) as workspace:
        workspace.desk.allowed(person, "order")
        seen, lines = workspace.desk.seen(None), asked_of(workspace, which)
        event = workspace.orders.approve(person, lines, note=note, base=seen)
        made = [o for o in workspace.orders.all if o.seq == event.seq]
    _tell(made, as_json=as_json)


@main.command()
@database
@acting
@as_json_too
@meant
def release(db: Path, person: str, as_json: bool, note: str, **which: Any) -> None:
    """Say that approved orders went to the supplier: by number, SKU, supplier, or all."""
    _each(db, person, which, (APPROVED,), lambda w: w.orders.release, note, as_json=as_json)


@main.command("take-back")
@database
@acting
@as_json_too
@meant
def take_back(db: Path, person: str, as_json: bool, note: str, **which: Any) -> None:
    """Take approved orders back before they are released: they count no more."""
    _each(db, person, which, (APPROVED,), lambda w: w.orders.withdraw, note, as_json=as_json)


@main.command("close-orders")
@database
@acting
@as_json_too
@meant
def close_orders(db: Path, person: str, as_json: bool, note: str, **which: Any) -> None:
    """Say that released orders are in the files under another name, or will not come."""
    _each(db, person, which, (RELEASED,), lambda w: w.orders.close, note, as_json=as_json)


@main.command()
@database
@as_json_too
@click.option("--all", "all_", is_flag=True, help="Also what is done or was taken back.")
@written_to
def orders(db: Path, as_json: bool, all_: bool, out: Path) -> None:
    """Write the action list: orders approved and released, and what the files have of them."""
    with opened(db) as workspace:
        plan = workspace.working_plan_for(reader())
        chosen = workspace.orders.all if all_ else workspace.orders.open
        people = {p.id: p.name for p in workspace.people}
        rows = order_book.action_list(plan, chosen, people)
    files.export(rows, out)
    states = rows.drop_duplicates("order")["state"].value_counts()
    say(
        {"rows": len(rows), "orders": {str(k): int(v) for k, v in states.items()}},
        as_json=as_json,
    )


def asked_of(workspace: Workspace, which: Mapping[str, Any]) -> list[OrderLine]:
    """The lines that are meant; see `of_the_plan`."""
    skus, suppliers, edited = which["skus"], which["suppliers"], which["edited"]
    if sum(map(bool, (skus or suppliers, which["all_"], edited))) != 1:
        raise Refused("Say which orders: --sku, --supplier, --all, or --file.")
    if edited is not None:
        return _of_file(edited, ("release", "planned") if which["planned"] else ("release",))
    return _proposed(workspace, skus, suppliers)


def _proposed(
    workspace: Workspace, skus: Sequence[str], suppliers: Sequence[str]
) -> list[OrderLine]:
    """What the buy plan asks suppliers for this week, of those that were named."""
    plan = workspace.working_plan_for(reader())
    rows = buying.rows(plan)
    mine = rows[(rows["kind"] == "release") & (rows["source"] == "supplier")]
    if skus or suppliers:
        supplier = mine["sku"].map(plan.base.skus.set_index("sku")["supplier"])
        mine = mine[mine["sku"].isin(skus) | supplier.isin(suppliers)]
    amounts = mine.groupby(["sku", mine["receipt_week"].dt.date])["units"].sum()
    if amounts.empty:
        raise Refused("The buy plan releases no such order this week.")
    return divided(plan, rows, {(str(k[0]), k[1]): float(v) for k, v in amounts.items()})  # type: ignore[index]


def _of_file(path: Path, kinds: tuple[str, ...]) -> list[OrderLine]:
    """Order lines of a CSV file that the buy plan was written to."""
    try:
        path.stat()
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}.") from error
    header, rows = reading.records(path)
    missing = [name for name in _IN_FILE if name not in header]
    if missing:
        raise Refused(
            f"{path.name} lacks {', '.join(missing)}: write it with `buy-plan --out`."
        )
    return [
        _line(f"{path.name}, line {line}", row)
        for line, row in rows
        if row.get("kind", "release") in kinds and row.get("source", "supplier") == "supplier"
    ]


def _line(where: str, row: Mapping[str, str]) -> OrderLine:
    try:
        sku, place, day, units = (row[name] for name in _IN_FILE)
        return OrderLine(
            sku=sku, place=place, units=float(units), arrives=dt.date.fromisoformat(day[:10])
        )
    except ValueError as error:
        raise OutOfBounds(
            f"{where}: units are a number and receipt_week a day, 2026-12-27; {error}."
        ) from error


def _each(
    db: Path,
    person: str,
    which: dict[str, Any],
    states: tuple[str, ...],
    verb: Callable[[Workspace], Callable[..., Any]],
    note: str,
    *,
    as_json: bool,
) -> None:
    """One verb on the orders that were named, of one state."""
    with opened(db) as workspace:
        workspace.desk.allowed(person, "order")
        names = _named(workspace, which, states)
        verb(workspace)(person, names, note=note)
        told = {o.id: o for o in workspace.orders.all}
        made = [told[name.removeprefix("#")] for name in names]
    _tell(made, as_json=as_json)


def _named(workspace: Workspace, which: dict[str, Any], states: tuple[str, ...]) -> list[str]:
    """Numbers of the orders that are meant."""
    numbers: tuple[str, ...] = which["orders"]
    skus, suppliers = which["skus"], which["suppliers"]
    if sum(map(bool, (numbers, skus or suppliers, which["all_"]))) != 1:
        raise Refused("Say which orders: their numbers, --sku, --supplier, or --all.")
    if numbers:
        return list(dict.fromkeys(numbers))
    able = [o for o in workspace.orders.open if o.state in states]
    if not which["all_"]:
        base = workspace.plan.base
        supplier = dict(zip(base.skus["sku"], base.skus["supplier"], strict=True))
        able = [o for o in able if o.sku in skus or supplier.get(o.sku) in suppliers]
    if not able:
        raise Refused(f"No such order is {' or '.join(states)}.")
    return [o.id for o in able]


def _tell(made: Sequence[Order], *, as_json: bool) -> None:
    units = sum(o.units for o in made)
    days: list[dt.date] = sorted({o.leaves for o in made})
    say(
        {
            "orders": [o.id for o in made], "state": made[0].state if made else "",
            "units": round(units, 1), "release_weeks": days,
        },
        as_json=as_json,
    )  # fmt: skip
