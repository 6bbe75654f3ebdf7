"""Verbs on the database as a whole: copies of it."""

from __future__ import annotations

from pathlib import Path

import click

from data.store import restore as put_back
from forecasting.commands.door import as_json_too, database, main, opened_file, say, writes


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
