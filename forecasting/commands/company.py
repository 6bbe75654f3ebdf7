"""The verb of a company's conventions: its calendar, its currency, and how it writes."""

from __future__ import annotations

from pathlib import Path

import click

from forecasting.commands.door import acting, as_json_too, database, main, opened, say
from forecasting.errors import OutOfBounds


@main.command()
@database
@acting
@as_json_too
@click.option(
    "--set", "changes", multiple=True, metavar="NAME=VALUE",
    help="What to set; may be given several times. Makes the database where there is none.",
)  # fmt: skip
def conventions(db: Path, person: str, as_json: bool, changes: tuple[str, ...]) -> None:
    """Show, or set, the fiscal calendar, the currency, the time zone and how numbers look."""
    given = dict(_pair(change) for change in changes)
    with opened(db, create=bool(given)) as workspace:
        if given:
            workspace.conventions.set(person, given)
        shown = workspace.conventions.now.as_dict()
    say(dict(shown), as_json=as_json)


def _pair(change: str) -> tuple[str, str]:
    name, equals, value = change.partition("=")
    if not equals:
        raise OutOfBounds(f"Say NAME=VALUE, like currency=€; found '{change[:60]}'.")
    return name.strip(), value.strip()
