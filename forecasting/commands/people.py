"""The verbs on people: who is here, what they may change, who came, what is kept of them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from data.whole import whole
from forecasting.commands.door import (
    acting,
    as_json_too,
    database,
    main,
    opened,
    say,
    writes,
)
from forecasting.commands.served import echo
from forecasting.consensus.events.governance import PersonSet
from forecasting.conventions import in_force
from forecasting.errors import OutOfBounds
from forecasting.governance.audit import Noted
from forecasting.outputs import personal

_day = click.DateTime(["%Y-%m-%d"])


@main.command()
@database
@acting
@as_json_too
@click.option("--who", help="Only of one person, by id.")
@click.option("--kind", type=click.Choice([kind.value for kind in Noted]), help="Only this.")
@click.option("--since", type=_day, help="First day (UTC).")
@click.option("--until", type=_day, help="Last day (UTC).")
@click.option("--most", default=1000, show_default=True, help="The latest so many.")
def audit(
    db: Path,
    person: str,
    as_json: bool,
    who: str | None,
    kind: str | None,
    since: dt.datetime | None,
    until: dt.datetime | None,
    most: int,
) -> None:
    """Show who signed in and out, was refused, and downloaded or exported what."""
    with opened(db) as workspace:
        rows = workspace.audit.read(
            person, person=who, kind=kind, since=since and since.date(),
            until=until and until.date(), most=most,
        )  # fmt: skip
    if as_json:
        say({"notes": rows.astype(str).to_dict("records")}, as_json=True)
        return
    for at, what_kind, name, what in rows.itertuples(index=False):
        echo(f"{in_force().moment(at, year=True)}  {what_kind}  {name}  {what}")


@main.command()
@database
@acting
@as_json_too
@click.option("--limit", "who", metavar="ID", help="Whom to limit; alone: not any more.")
@click.option("--department", "departments", multiple=True, help="What they may change.")
@click.option("--class", "classes", multiple=True, help="Likewise, a class of products.")
@click.option("--region", "regions", multiple=True, help="Where: at doors of this region.")
@click.option(
    "--see",
    type=click.Choice(["limits", "everything"]),
    help="Whether limits to departments and classes hold for what people see, too.",
)
def people(
    db: Path,
    person: str,
    as_json: bool,
    who: str | None,
    departments: tuple[str, ...],
    classes: tuple[str, ...],
    regions: tuple[str, ...],
    see: str | None,
) -> None:
    """Show everybody and what they may change, or limit somebody to a part of the company."""
    if who is None and (departments or classes or regions):
        raise OutOfBounds("Say whom to limit: --limit ID.")
    with opened(db) as workspace:
        workspace.desk.allowed(person, "read")
        if who is not None:
            workspace.staff.limit(
                person, identity=who, departments=departments, classes=classes, regions=regions
            )
        if see is not None:
            workspace.reading.limit(person, see == "limits")
        shown = {
            one.id: {
                "name": one.name, "function": one.function.value,
                "may_change": str(one.remit),
            }
            for one in workspace.people
        }  # fmt: skip
    say(shown, as_json=as_json)


@main.command("export-person")
@click.argument("who")
@database
@acting
@as_json_too
@writes(".zip")
def export_person(who: str, db: Path, person: str, as_json: bool, out: Path) -> None:
    """Write everything that is kept of a person, as an archive of CSV and JSON."""
    with opened(db) as workspace:
        made = personal.export(workspace, person, who)
        with whole(out) as partial:
            partial.write_bytes(made)
    say({"file": str(out), "bytes": len(made)}, as_json=as_json)


@main.command()
@click.argument("who")
@database
@acting
@as_json_too
def anonymise(who: str, db: Path, person: str, as_json: bool) -> None:
    """Put a pseudonym in the place of somebody who was taken out; for good."""
    with opened(db) as workspace:
        event = personal.anonymise(workspace, person, who)
    body = event.told(PersonSet)
    say({"event": event.seq, "person": body.person, "name": body.name}, as_json=as_json)
