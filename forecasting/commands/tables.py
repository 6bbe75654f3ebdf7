"""Verbs on files and tables: in, out, and what looks odd in them."""

from __future__ import annotations

import time
from pathlib import Path

import click

from data import files
from data.files import Judged
from forecasting import scratch, write
from forecasting.commands.door import (
    acting,
    as_json_too,
    database,
    main,
    opened,
    say,
    say_with_odd,
    tell_odd,
    written_to,
)
from forecasting.commands.served import FileIn, FolderOut, echo
from forecasting.commands.sources import file_options
from forecasting.consensus.events.proposals import holders
from forecasting.errors import Refused
from forecasting.intake import dialogue, oddities
from forecasting.intake.dialogue import FileOptions
from forecasting.outputs import exports


@main.command()
@click.argument("folder", type=FolderOut())
@as_json_too
def template(folder: Path, as_json: bool) -> None:
    """Write an empty file of every table, and COLUMNS.md that explains them."""
    written = files.write_templates(folder)
    say({"files": [str(path) for path in written]}, as_json=as_json)


@main.command("import")
@click.argument("paths", nargs=-1, required=True, type=FileIn(dir_okay=True))
@database
@acting
@as_json_too
@click.option("--allow-rejects", is_flag=True, help="Load good rows, write refused ones.")
@click.option(
    "--map", "source", metavar="NAME", help="Read a file of your own form by a source."
)
@file_options
def import_(
    paths: tuple[Path, ...],
    db: Path,
    person: str,
    as_json: bool,
    allow_rejects: bool,
    source: str | None,
    options: FileOptions,
) -> None:
    """Load files or folders of files, all or nothing."""
    started = time.perf_counter()
    if options.is_anything and source is None:
        raise Refused("These options say how a source reads a file: name it with --map NAME.")
    with scratch.gone_unless_done(db), opened(db, create=True) as workspace:
        plain, mapped = paths, []
        if source is not None:
            one, told = dialogue.mapped(workspace.sources, person, paths, source, options)
            plain, mapped = (), [one]
            for line in told:
                echo(line, err=True)
        event, judged = workspace.import_files(
            person, plain, mapped=mapped, allow_rejects=allow_rejects
        )
        odd = workspace.oddities.open(person)
    tables = _told(judged)
    seconds = round(time.perf_counter() - started, 2)
    tell_odd(odd)
    result = {
        "batch": event.seq, "tables": tables, "notes": list(judged.notes), "seconds": seconds,
    }  # fmt: skip
    say_with_odd(result, odd, as_json=as_json)


def _told(judged: Judged) -> dict[str, dict[str, int]]:
    """Say what became of the rows, and write those that were refused beside their file."""
    for note in (*judged.notes, *judged.concerns):
        echo(note, err=True)
    for line in judged.proposed:
        echo(f"Proposed to {holders('signed calendar')}: {line}", err=True)
    tables = {}
    for verdict in judged.verdicts:
        tables[verdict.table] = {
            "read": verdict.read,
            "accepted": verdict.accepted,
            "rejected": verdict.rejected,
            **(
                {"proposed": judged.held[verdict.table]}
                if judged.held.get(verdict.table)
                else {}
            ),
        }
        for note in verdict.notes:
            echo(f"{verdict.label}: {note}", err=True)
        if verdict.rejected:
            target = files.write_rejects(verdict, verdict.path)
            echo(f"{write.number(verdict.rejected)} refused rows are in {target}", err=True)
    return tables


@main.command()
@database
@acting
@as_json_too
@click.option("--accept", metavar="KIND: SUBJECT", help="Live with one of them, by its name.")
@click.option("--show-again", metavar="KIND: SUBJECT", help="Take back that it was accepted.")
@click.option("--note", default="", help="Why it can stay as it is (with --accept).")
def odd(
    db: Path, person: str, as_json: bool, accept: str | None, show_again: str | None, note: str
) -> None:
    """List what looks odd in the data, what was assumed, and what to do."""
    with opened(db) as workspace:
        if accept is not None:
            workspace.oddities.accept(person, accept, note=note)
        if show_again is not None:
            workspace.oddities.show_again(person, show_again)
        every = workspace.oddities.every(person)
        found = workspace.oddities.open(person)
    if as_json:
        listed = [{"name": one.key, **one.as_dict()} for one in found]
        say({"odd": listed, "accepted": len(every) - len(found)}, as_json=True)
        return
    lines = oddities.told(found, most=len(found)) or ["Nothing looks odd in this data."]
    for line in lines:
        echo(line)
    if len(every) > len(found):
        echo(f"{write.number(len(every) - len(found))} more were accepted by name.")


@main.command()
@database
@as_json_too
@click.option("--table", type=click.Choice(list(exports.EXPORTS)), required=True)
@written_to
def export(db: Path, as_json: bool, table: str, out: Path) -> None:
    """Write any table to CSV, XLSX or Parquet."""
    with opened(db) as workspace:
        frame = exports.EXPORTS[table].made(workspace)
    files.export(frame, out)
    say({"rows": len(frame), "file": str(out)}, as_json=as_json)
