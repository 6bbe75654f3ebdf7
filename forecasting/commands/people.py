"""The verb on people: who is here, and which part of the company somebody may change."""

from __future__ import annotations

from pathlib import Path

import click

from forecasting.commands.door import acting, as_json_too, database, main, opened, say
from forecasting.errors import OutOfBounds


@main.command()
@database
@acting
@as_json_too
@click.option("--limit", "who", metavar="ID", help="Whom to limit; alone: not any more.")
@click.option("--department", "departments", multiple=True, help="What they may change.")
@click.option("--class", "classes", multiple=True, help="Likewise, a class of products.")
@click.option("--region", "regions", multiple=True, help="Where: at doors of this region.")
def people(
    db: Path,
    person: str,
    as_json: bool,
    who: str | None,
    departments: tuple[str, ...],
    classes: tuple[str, ...],
    regions: tuple[str, ...],
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
        shown = {
            one.id: {
                "name": one.name, "function": one.function.value,
                "may_change": str(one.remit),
            }
            for one in workspace.people
        }  # fmt: skip
    say(shown, as_json=as_json)
