"""The marketing calendar as it leaves, and as it comes back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from data import files
from data.whole import whole
from forecasting import write
from forecasting.commands.door import (
    acting,
    as_json_too,
    database,
    main,
    opened,
    say,
    writes,
)
from forecasting.commands.served import FileIn, echo
from forecasting.errors import BadFiles, OutOfBounds, Refused
from forecasting.outputs import calendar_return, marketing_calendar
from forecasting.outputs.calendar_return import Line, Returned
from forecasting.weekly.readiness import State


@main.command("calendar")
@database
@as_json_too
@acting
@click.option("--weeks", default=marketing_calendar.WEEKS, type=click.IntRange(1, 52))
@writes(".ics", ".xlsx", ".csv", ".parquet")
def calendar_(db: Path, as_json: bool, person: str, weeks: int, out: Path) -> None:
    """Write the marketing calendar that the stock allows (.ics, .xlsx, .csv, .parquet)."""
    with opened(db) as workspace:
        seq = workspace.seq
        found = marketing_calendar.calendar(workspace, person, weeks=weeks)
        made = marketing_calendar.as_ics(found, now=workspace.desk.now, seq=seq)
    match out.suffix.lower():
        case ".ics" | ".xlsx" as ending:
            if ending == ".xlsx":
                made = marketing_calendar.as_workbook(found, seq=seq)
            with whole(out) as partial:
                partial.write_bytes(made)
        case ".csv" | ".parquet":
            files.export(marketing_calendar.frame_of(found, seq=seq), out)
        case ending:
            raise Refused(
                f"A calendar is written as .ics, .xlsx, .csv or .parquet, not '{ending}'."
            )
    counts = {state.value: sum(one.state is state for one in found) for state in State}
    say({"file": str(out), "activations": len(found), **counts}, as_json=as_json)


@main.command("import-calendar")
@click.argument("path", type=FileIn())
@database
@acting
@as_json_too
@click.option(
    "--take", multiple=True, metavar="ID", help="Take this change, by its activation."
)
@click.option("--all", "every", is_flag=True, help="Take all that nothing speaks against.")
@click.option("--missing", is_flag=True, help="Cancel what is not in the file, in its days.")
@click.option("--type", "kind", default="", help="Of new activations that state none.")
@click.option("--allow-rejects", is_flag=True, help="Take though rows cannot be read.")
@click.option("--note", default="", help="Why.")
def import_calendar(
    path: Path,
    db: Path,
    person: str,
    as_json: bool,
    take: tuple[str, ...],
    every: bool,
    missing: bool,
    kind: str,
    allow_rejects: bool,
    note: str,
) -> None:
    """Show what a marketing calendar that came back changes (.ics, .xlsx, .csv); take it."""
    if take and every:
        raise OutOfBounds("Give --take for some of the changes, or --all.")
    with opened(db) as workspace:
        with path.open("rb") as file:
            found = calendar_return.judge(
                workspace, person, file, path.name, missing=missing, kind=kind
            )
        for problem in found.problems:
            echo(str(problem), err=True)
        chosen = list(found.usual) if every else list(take)
        if chosen and found.problems and not allow_rejects:
            raise BadFiles(found.problems)
        events = (
            calendar_return.apply(workspace, person, found, take=chosen, note=note)
            if chosen
            else []
        )
    if as_json:
        say(
            {
                "file": found.name, "unchanged": found.unchanged,
                "changes": [_as_dict(line) for line in found.lines],
                "problems": [str(problem) for problem in found.problems],
                "taken": chosen, "events": [event.seq for event in events],
            },
            as_json=True,
        )  # fmt: skip
        return
    for line in found.lines:
        _tell(line, is_taken=line.identity in chosen)
    _tell_end(found, chosen)


def _as_dict(line: Line) -> dict[str, Any]:
    worth = line.worth
    return {
        "activation": line.identity, "what": line.what.value, "change": line.text,
        "units": worth.units if worth else None, "margin": worth.margin if worth else None,
        "becomes": line.becomes, "concern": line.concern, "refused": line.refusal,
        "place": line.place,
    }  # fmt: skip


def _tell(line: Line, *, is_taken: bool) -> None:
    echo(f"{'taken' if is_taken else '     '} {line.identity}: {line.text}")
    worth = line.worth
    told = [line.becomes]
    if worth is not None:
        told.append(f"{write.number(worth.units)} u of demand")
        told += [] if worth.margin is None else [f"margin {write.number(worth.margin)}"]
    echo(f"      {', '.join(told)}")
    if why := line.refusal or line.concern:
        echo(f"      ! {why}")


def _tell_end(found: Returned, chosen: list[str]) -> None:
    counted = (
        f"{write.number(len(found.lines))} changes, {write.number(found.unchanged)} as here"
    )
    if chosen:
        echo(f"{counted}; {write.number(len(chosen))} taken.")
    elif found.lines:
        echo(f"{counted}. Nothing was changed: take some with --take ID, or --all.")
    else:
        echo(f"{counted}.")
