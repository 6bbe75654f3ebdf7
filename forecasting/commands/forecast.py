"""Verbs that fit: the run in force, and how well runs of the past did."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path

import click

from data import files
from forecasting.commands.door import (
    acting,
    as_json_too,
    as_of_week,
    database,
    main,
    opened,
    say,
    say_with_odd,
    side_by_side,
    tell_odd,
    teller,
    written_to,
)
from forecasting.commands.served import echo
from forecasting.demand.accuracy import summed
from forecasting.errors import StorageFailed
from forecasting.record import replay as past


@main.command()
@database
@acting
@as_json_too
@as_of_week
@side_by_side
@click.option("--full", is_flag=True, help="Fit everything, not only what changed.")
def refresh(
    db: Path, person: str, as_json: bool, as_of: dt.datetime | None, workers: int, full: bool
) -> None:
    """Cleanse history, fit baseline and lift, and put the run in force."""
    started = time.perf_counter()
    with opened(db) as workspace:
        event = workspace.runs.refresh(
            person,
            as_of=as_of.date() if as_of else None,
            workers=workers,
            full=full,
            tell=teller(),
        )
        try:
            workspace.quarters.sum_up()
        except StorageFailed as error:  # the run is in force; its sums are taken when looked at
            echo(f"The scorecard was not summed up yet. {error}", err=True)
        for line in workspace.runs.remarks(event):
            echo(line, err=True)
        odd = workspace.oddities.open(person)
    facts = event.body.write()
    told = ("as_of", "left_out", "columns", "series", "series_fitted", "weeks", "event_sd",
            "alpha")  # fmt: skip
    result = {"run": event.seq, **{name: facts[name] for name in told}}
    result["seconds"] = round(time.perf_counter() - started, 2)
    tell_odd(odd)
    say_with_odd(result, odd, as_json=as_json)


@main.command()
@database
@acting
@as_json_too
@side_by_side
@click.option("--origins", default=6, type=click.IntRange(1))
@click.option("--step", default=4, type=click.IntRange(1))
@click.option("--horizon", default=8, type=click.IntRange(1, 52))
@written_to
def backtest(
    db: Path,
    person: str,
    as_json: bool,
    workers: int,
    origins: int,
    step: int,
    horizon: int,
    out: Path,
) -> None:
    """Forecast from several past weeks and compare with actuals."""
    started = time.perf_counter()
    with opened(db) as workspace:
        result = workspace.hindsight.backtest(
            person, origins=origins, step=step, horizon=horizon, workers=workers, rows_to=out,
            tell=teller(),
        )  # fmt: skip
    seconds = round(time.perf_counter() - started, 2)
    say({**summed(result.sums), "rows": result.rows, "seconds": seconds}, as_json=as_json)


@main.command()
@database
@acting
@as_json_too
@click.option("--weeks-ahead", default=6, type=click.IntRange(1, 12))
@click.option("--last", default=26, type=click.IntRange(1, 104), help="Past weeks to walk.")
@click.option("--workers", default=1, type=click.IntRange(1, 64))
@written_to
def replay(
    db: Path, person: str, as_json: bool, weeks_ahead: int, last: int, workers: int, out: Path
) -> None:
    """Walk through history: what the Bridge would have flagged, and what then happened."""
    with opened(db) as workspace:
        made = workspace.hindsight.replay(
            person, weeks_ahead=weeks_ahead, last=last, workers=workers, tell=teller()
        )
    files.export(made.rows[list(past.CONTRACT)], out)
    for line in made.assumed:
        echo(line, err=True)
    say(
        {"rows": len(made.rows), **made.scores.as_dict(), **made.saved.as_dict()},
        as_json=as_json,
    )
