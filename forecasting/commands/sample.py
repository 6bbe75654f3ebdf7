"""The verb that builds the made-up retailer."""

from __future__ import annotations

import time
from pathlib import Path

import click

from data.log.choosing import refuse_elsewhere
from forecasting.commands.door import as_json_too, database, main, say, teller
from forecasting.sample.build import Blueprint, build


@main.command()
@database
@as_json_too
@click.option("--skus", default=240, type=click.IntRange(9, 100_000))
@click.option("--doors", default=12, type=click.IntRange(3, 500))
@click.option("--weeks", default=130, type=click.IntRange(60, 520))
@click.option("--seed", default=7)
@click.option("--cycles/--no-cycles", default=True, help="Play six past consensus cycles.")
@click.option(
    "--habits/--no-habits", default=True, help="People and buyers err as they are used to."
)
@click.option(
    "--proof/--no-proof",
    default=True,
    help="Do a backtest and a replay, and leave threads open.",
)
def sample(
    db: Path,
    as_json: bool,
    skus: int,
    doors: int,
    weeks: int,
    seed: int,
    cycles: bool,
    habits: bool,
    proof: bool,
) -> None:
    """Build a made-up retailer with known truth, its past cycles and its forecast."""
    refuse_elsewhere()
    started = time.perf_counter()
    blueprint = Blueprint(
        skus=skus,
        doors=doors,
        weeks=weeks,
        seed=seed,
        cycles=cycles,
        habits=habits,
        proof=proof,
    )
    built = build(db, blueprint, teller())
    seconds = round(time.perf_counter() - started, 1)
    say({"tables": built.tables, "series": built.series, "seconds": seconds}, as_json=as_json)
