"""Verbs of proposals."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from forecasting import write
from forecasting.commands.door import (
    acting,
    as_json_too,
    database,
    main,
    opened,
    say,
)
from forecasting.commands.orders import asked_of, because, of_the_plan
from forecasting.commands.served import echo
from forecasting.consensus.activations import Activation
from forecasting.consensus.events import Event
from forecasting.consensus.events.proposals import (
    ChangeProposed,
    OptionProposed,
    OrdersProposed,
    Proposed,
)
from forecasting.consensus.moves import order_of
from forecasting.errors import OutOfBounds, Refused
from forecasting.weekly import options
from forecasting.weekly.excess import offered
from forecasting.weekly.ground import merged
from forecasting.weekly.option import Action, Option
from forecasting.weekly.order_terms import divided_again
from forecasting.weekly.proposed import Proposal
from forecasting.workspace import Workspace

ANSWERS = ("accept", "change", "decline", "withdraw")
DAY = click.DateTime(["%Y-%m-%d"])


@main.command()
@database
@acting
@as_json_too
@click.option("--activation", help="The activation that it is about.")
@click.option("--sku", "skus", multiple=True, help="The featured SKU; or one to order.")
@click.option("--action", type=click.Choice([a.value for a in Action]), help="Which option.")
@click.option("--cancel", is_flag=True, help="That the activation is called off.")
@click.option("--start", type=DAY, help="That it begins on another day.")
@click.option("--end", type=DAY, help="That it ends on another day.")
@click.option("--lift", type=float, help="That --sku is expected to sell so many times more.")
@click.option("--orders", is_flag=True, help="Orders that the buy plan releases now.")
@of_the_plan
@because
def propose(
    db: Path,
    person: str,
    as_json: bool,
    activation: str | None,
    skus: tuple[str, ...],
    action: str | None,
    note: str,
    orders: bool,
    **given: Any,
) -> None:
    """Propose a decision to the function that may take it: --orders, or --activation."""
    which = {name: given.pop(name) for name in ("suppliers", "all_", "edited", "planned")}
    changed = any(value for value in given.values())
    if orders == (activation is not None) or (orders and (action or changed)):
        raise OutOfBounds("Say what it is about: --activation, or --orders of the buy plan.")
    if not orders and (any(which.values()) or len(skus) > 1):
        raise OutOfBounds("Several SKUs, --supplier, --all and --file go with --orders.")
    sku = skus[0] if skus else None
    with opened(db) as workspace:
        verbs = workspace.proposals
        workspace.desk.allowed(person, "propose")
        if orders:
            seen, lines = (
                workspace.desk.seen(None),
                asked_of(workspace, {"skus": skus, **which}),
            )
            event = verbs.propose_orders(person, lines, note=note, base=seen)
        elif action is not None:
            if sku is None or changed:
                raise OutOfBounds("--action goes with --sku, and with no change of days.")
            option = _option(workspace, person, activation or "", sku, action)
            event = verbs.propose(person, option, note=note)
        else:
            now = workspace.calendar.one(activation or "")
            event = verbs.propose_change(person, _changed(now, sku=sku, **given), note=note)
        _tell(workspace, event, event.seq, as_json=as_json)


@main.command()
@database
@acting
@as_json_too
@click.option("--all", "every", is_flag=True, help="Also those that were answered.")
def proposals(db: Path, person: str, as_json: bool, every: bool) -> None:
    """List proposals: what each is worth, who decides, and what has changed since."""
    with opened(db) as workspace:
        found = workspace.proposals.all if every else workspace.proposals.open
        listed = [_as_dict(workspace, person, one) for one in found]
    if as_json:
        say({"proposals": listed}, as_json=True)
        return
    for one in listed:
        echo(f"#{one['seq']} {one['state']}, to {one['to']}: {one['said']}")
        worth = f"{write.number(one['units'])} u"
        worth += "" if one["margin"] is None else f", margin {write.number(one['margin'])}"
        echo(
            f"  {worth}, as of the week of {one['as_of']}; by {one['person']}"
            + (f", until {one['due']}" if one["due"] else "")
        )
        for words in one["changes"]:
            echo(f"  ! {words} (--seen {one['mark']})")
        if one["answer"]:
            echo(f"  {one['answered_by']}: {one['answer']}")


@main.command()
@click.argument("number", type=int)
@click.argument("how", type=click.Choice(ANSWERS))
@database
@acting
@as_json_too
@click.option("--note", default="", help="The reason; needed to accept, change or decline.")
@click.option("--owner", help="Who carries it out (default: who accepts).")
@click.option("--due", type=DAY, help="By when.")
@click.option("--seen", default="", help="The mark of what has changed since (`proposals`).")
@click.option(
    "--action", type=click.Choice([a.value for a in Action]),
    help="change, of an option: decide this one instead.",
)  # fmt: skip
@click.option(
    "--units", multiple=True, metavar="N | SKU=N | SKU@WEEK=N",
    help="change: other units; of several orders, each named (0 leaves one out).",
)  # fmt: skip
@click.option("--cancel", is_flag=True, help="change, of the calendar: call it off.")
@click.option("--start", type=DAY, help="change, of the calendar: its first day.")
@click.option("--end", type=DAY, help="change, of the calendar: its last day.")
@click.option("--lift", metavar="SKU=N", help="change, of the calendar: a SKU's lift.")
def answer(
    number: int,
    how: str,
    db: Path,
    person: str,
    as_json: bool,
    note: str,
    owner: str | None,
    due: dt.datetime | None,
    seen: str,
    **other: Any,
) -> None:
    """Accept, change or decline a proposal, or withdraw one's own."""
    given = sorted(f"--{name}" for name, value in other.items() if value)
    if given and how != "change":
        raise OutOfBounds(f"{' and '.join(given)} go with 'change': {number} change ...")
    day = due.date() if due else None
    with opened(db) as workspace:
        verbs = workspace.proposals
        match how:
            case "accept":
                event = verbs.accept(person, number, note=note, owner=owner, due=day, seen=seen)
            case "change":
                event = verbs.change(
                    person, number, note=note, owner=owner, due=day, seen=seen,
                    **_other(workspace, person, verbs.one(number).body, other),
                )  # fmt: skip
            case "decline":
                event = verbs.decline(person, number, note=note)
            case _:
                event = verbs.withdraw(person, number, note=note)
        _tell(workspace, event, number, as_json=as_json)


# Inside ---------------------------------------------------------------------------------


def _other(
    workspace: Workspace, by: str, body: Proposed, other: Mapping[str, Any]
) -> dict[str, Any]:
    """What is decided instead of what was proposed, as the verb takes it."""
    fits = {
        OptionProposed: ("action", "units"), OrdersProposed: ("units",),
        ChangeProposed: ("cancel", "start", "end", "lift"),
    }[type(body)]  # fmt: skip
    given = {name: value for name, value in other.items() if value}
    if not given or given.keys() - set(fits):
        names = ", ".join(f"--{name}" for name in fits)
        raise OutOfBounds(f"Say what to decide instead of '{body.text}': {names}.")
    plan = workspace.working_plan_for(by)
    match body:
        case OptionProposed():
            action = given.get("action", body.right)
            option = _option(workspace, by, body.activation, body.sku, action)
            if "units" in given:
                option = options.in_total(plan, option, _total(given["units"]))
            return {"option": option}
        case OrdersProposed():
            amounts = _amounts(body, given["units"])
            return {"lines": divided_again(plan, body.moves, amounts)}
        case ChangeProposed():
            sku, lift = _named(given["lift"]) if "lift" in given else (None, None)
            now = merged(body, workspace.calendar.at(body.activation))
            return {"activation": _changed(
                now, cancel=other["cancel"], start=other["start"], end=other["end"], sku=sku,
                lift=lift,
            )}  # fmt: skip
    raise AssertionError(body)


def _total(units: Sequence[str]) -> float:
    if len(units) != 1:
        raise OutOfBounds("Give --units once: how many all in all.")
    return _number(units[0])


def _amounts(body: OrdersProposed, units: Sequence[str]) -> dict[tuple[str, dt.date], float]:
    """Units by order, as named: N where there is one order, SKU=N, or SKU@WEEK=N."""
    orders = [key for key, _ in order_of(body.moves)]
    found: dict[tuple[str, dt.date], float] = {}
    for text in units:
        name, is_named, _ = text.rpartition("=")
        value = _number(text.rpartition("=")[2])
        sku, _, week = name.partition("@")
        mine = [k for k in orders if not is_named or k[0] == sku]
        if week:
            mine = [k for k in mine if str(k[1]) == week]
        if len(mine) != 1:
            known = ", ".join(f"{k[0]}@{k[1]}" for k in orders[:5])
            raise OutOfBounds(f"'{text[:80]}' names no single order; there are {known}.")
        found[mine[0]] = value
    return found


def _named(text: str) -> tuple[str, float]:
    name, is_named, value = text.rpartition("=")
    if not is_named:
        raise OutOfBounds(f"Write '{text[:80]}' as SKU=N.")
    return name, _number(value)


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise OutOfBounds(f"'{text[:80]}' is no number of units.")
    return value


def _option(workspace: Workspace, by: str, activation: str, sku: str, action: str) -> Option:
    found = offered(workspace.working_plan_for(by), activation, sku)
    mine = [o for o in found if o.action.value == action]
    if not mine:
        raise Refused(f"'{sku}' in '{activation}' is not judged: nothing is offered for it.")
    return next((o for o in mine if o.is_open), mine[0])


def _changed(
    now: Activation,
    *,
    cancel: bool,
    start: dt.datetime | None,
    end: dt.datetime | None,
    sku: str | None,
    lift: float | None,
) -> Activation:
    """An activation as it is proposed to be."""
    if cancel:
        return now.cancelled()
    if lift is not None:
        if sku is None or not now.of_sku(sku):
            raise OutOfBounds(f"--lift goes with --sku, a SKU that {now.name} features.")
        now = now.with_lift(sku, lift)
    first = start.date() if start else now.start
    return replace(now, start=first, end=end.date() if end else now.end)


def _as_dict(workspace: Workspace, by: str, one: Proposal) -> dict[str, Any]:
    """A proposal for a program, with what has changed since where it waits."""
    changes: tuple[str, ...] = ()
    mark = ""
    if one.is_open and workspace.has_forecast:
        looked = workspace.proposals.look(by, one.seq)
        changes, mark = looked.changes, looked.mark
    worth = one.body.worth
    return {
        "seq": one.seq, "state": one.state, "to": " or ".join(f.label for f in one.to),
        "activation": one.body.activation, "sku": one.sku, "said": one.body.text,
        "units": worth.units, "margin": worth.margin, "cost": worth.cost,
        "net": None if math.isnan(one.net) else one.net,
        "first_week": worth.first_week, "last_week": worth.last_week, "as_of": worth.as_of,
        "due": one.due, "person": one.person, "note": one.note, "changes": changes,
        "mark": mark, "answered_by": one.answered_by, "answer": one.answer,
        "decision": one.decision,
    }  # fmt: skip


def _tell(workspace: Workspace, event: Event, number: int, *, as_json: bool) -> None:
    found = workspace.proposals.one(number)
    result = {
        "event": event.seq, "proposal": number, "state": found.state, "said": found.body.text,
        "to": " or ".join(f.label for f in found.to), "decision": found.decision,
        "units": found.body.worth.units, "margin": found.body.worth.margin,
    }  # fmt: skip
    say(result, as_json=as_json)
