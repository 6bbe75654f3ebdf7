"""Verbs on the database as a whole: copies of it."""

from __future__ import annotations

from pathlib import Path

import click

from data import putting_back
from data.store import restore as restored
from forecasting.commands.door import as_json_too, database, main, opened_file, say, writes
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
@click.option(
    "--replace",
    is_flag=True,
    help="Let it take the place of the database that is there; says what would be lost.",
)
@click.option("--yes", is_flag=True, help="With --replace: do it. What is there is kept.")
def restore(source: Path, db: Path, as_json: bool, replace: bool, yes: bool) -> None:
    """Put a backup where no database is yet, or in the place of the one that is there."""
    if yes and not replace:
        raise OutOfBounds("--yes belongs to --replace, which says what would be lost.")
    if not replace or not db.exists():
        restored(source, db)
        say({"file": str(db), "bytes": db.stat().st_size}, as_json=as_json)
        return
    done = putting_back.put_back(source, db, sure=yes)
    told = {
        "file": str(db), "bytes": db.stat().st_size, "kept": str(done.kept),
        "lost_events": done.lost.events, "lost": str(done.lost),
    }  # fmt: skip
    say(told, as_json=as_json)
