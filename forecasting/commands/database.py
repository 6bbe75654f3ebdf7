"""Verbs on the database as a whole: copies of it, and where its log is."""

from __future__ import annotations

import os
from pathlib import Path

import click

from data.log.choosing import SETTING, link_to
from data.store import restore as put_back
from forecasting.commands.door import as_json_too, database, main, opened_file, say, writes
from forecasting.commands.served import echo
from forecasting.errors import OutOfBounds


@main.command()
@database
@as_json_too
@writes(".duckdb")
def backup(db: Path, as_json: bool, out: Path) -> None:
    """Write a consistent copy of the database to a new file."""
    with opened_file(db) as store:
        store.backup(out)
    say({"file": str(out), "bytes": out.stat().st_size}, as_json=as_json)


@main.command()
@click.argument("source", type=click.Path(path_type=Path, dir_okay=False))
@database
@as_json_too
def restore(source: Path, db: Path, as_json: bool) -> None:
    """Put a backup in the place of a database that does not exist yet."""
    put_back(source, db)
    say({"file": str(db), "bytes": db.stat().st_size}, as_json=as_json)


@main.command()
@database
@as_json_too
@click.option(
    "--to", "target", required=True, metavar="URL|file",
    help="An empty database of PostgreSQL (postgresql://person@host/database), or 'file'.",
)  # fmt: skip
def move(db: Path, as_json: bool, target: str) -> None:
    """Move the log of a company to PostgreSQL, or from there back into its file."""
    from_there = os.environ.get(SETTING, "").strip()
    is_back = target.strip().lower() == "file"
    if is_back and not from_there:
        raise OutOfBounds(f"Set {SETTING} to the address of the log that is to come back.")
    link_to(from_there if is_back else target)  # a wrong address is refused first
    from data.log.moving import to_file, to_postgres  # needs the driver

    with opened_file(db) as store:
        moved = to_file(store, from_there) if is_back else to_postgres(store, target)
    echo(_AFTER_BACK if is_back else _AFTER, err=True)
    result = {"events": moved.events, "digest": moved.digest, "log": moved.place}
    say(result, as_json=as_json)


_AFTER = (
    f"Set {SETTING} to that address wherever Concord runs on this database. Back up both from "
    "now on: PostgreSQL has what people entered, the file has what was imported and fitted."
)
_AFTER_BACK = f"Take {SETTING} out wherever Concord runs on this database."
