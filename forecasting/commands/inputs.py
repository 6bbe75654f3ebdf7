"""Verbs on the own input: what it holds for some cells, and a change of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from forecasting.calendar import week_start
from forecasting.commands.door import acting, as_json_too, database, main, opened, say
from forecasting.consensus.events import Scope
from forecasting.errors import OutOfBounds
from forecasting.monthly.inputs import CLEAR
from forecasting.vocabulary import Measure, Operation

DAY = click.DateTime(["%Y-%m-%d"])
of = click.option(
    "--of", "product", default="all", metavar="LEVEL=NAME",
    help="Products: sku=, class= or department= and a name (default: all).",
)  # fmt: skip
at = click.option(
    "--at", "location", default="all", metavar="LEVEL=NAME",
    help="Places: door= or region= and a name (default: all).",
)  # fmt: skip
week = click.option("--week", type=DAY, required=True, help="A day of the first week.")
last_week = click.option(
    "--last-week", type=DAY, help="A day of the last week (default: one week)."
)
measured_in = click.option(
    "--measure", type=click.Choice([m.value for m in Measure]), default=Measure.UNITS.value
)


def some_cells(verb: Callable[..., Any]) -> Callable[..., Any]:
    """The options that name cells of the own input, and what they are measured in."""
    return of(at(week(last_week(measured_in(verb)))))


@main.command("input")
@database
@acting
@as_json_too
@some_cells
def input_(
    db: Path,
    person: str,
    as_json: bool,
    product: str,
    location: str,
    week: dt.datetime,
    last_week: dt.datetime | None,
    measure: str,
) -> None:
    """Show what the own input holds for some cells, and the state that it is of."""
    with opened(db) as workspace:
        seen = workspace.seq
        scope = _scope(product, location, week, last_week)
        amount = workspace.input_amount(person, scope, measure)
    say(
        {"scope": str(scope), "measure": measure, "value": round(amount, 3), "seen": seen},
        as_json=as_json,
    )


@main.command()
@click.argument("how", type=click.Choice([*(o.value for o in Operation), CLEAR]))
@click.argument("value", type=float, required=False)
@database
@acting
@as_json_too
@some_cells
@click.option("--activation", default="", help="Change this activation's lift instead.")
@click.option("--reason", required=True, help="Why: a code of the list of reasons.")
@click.option("--note", default="", help="More about why.")
@click.option("--evidence", default="", help="A web address of what it rests on.")
@click.option(
    "--seen", type=click.IntRange(0),
    help="The state that was looked at (`input` tells it): what others did since is kept.",
)  # fmt: skip
def override(
    how: str,
    value: float | None,
    db: Path,
    person: str,
    as_json: bool,
    product: str,
    location: str,
    week: dt.datetime,
    last_week: dt.datetime | None,
    measure: str,
    activation: str,
    reason: str,
    note: str,
    evidence: str,
    seen: int | None,
) -> None:
    """Change the own input: set it, add to it, change it by per cent, or clear it."""
    with opened(db) as workspace:
        scope = _scope(product, location, week, last_week, activation)
        event = workspace.override(
            person, scope, how, value, measure=measure, reason=reason, note=note,
            evidence=evidence, base=workspace.desk.seen(seen),
        )  # fmt: skip
    say(
        {"event": event.seq, "scope": str(scope), "units": round(event.units, 3)},
        as_json=as_json,
    )


def _scope(
    product: str,
    location: str,
    week: dt.datetime,
    last_week: dt.datetime | None,
    activation: str = "",
) -> Scope:
    of_level, of_name = _node("--of", product)
    at_level, at_name = _node("--at", location)
    try:
        first, last = week_start(week.date()), week_start((last_week or week).date())
    except OverflowError:
        raise OutOfBounds(f"No week begins so early: {week.date()}.") from None
    return Scope(
        product_level=of_level, product=of_name, location_level=at_level, location=at_name,
        first_week=first, last_week=last, activation=activation,
    )  # fmt: skip


def _node(option: str, text: str) -> tuple[str, str]:
    if text == "all":
        return "all", "all"
    level, is_named, name = text.partition("=")
    if not is_named or not name:
        raise OutOfBounds(f"Write {option} as LEVEL=NAME, like sku=A1; found '{text[:80]}'.")
    return level, name
