"""The sample company as a database: drawn, imported, staffed, its past cycles played.

It goes through the verbs that people have, so that nothing in it could not have come about.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd

from forecasting import scratch
from forecasting.consensus.events.record import RunMade
from forecasting.errors import Refused
from forecasting.rights import LOCAL_ADMIN
from forecasting.sample import past_cycles
from forecasting.sample.company import Sample, make_sample, parts_of
from forecasting.vocabulary import Function
from forecasting.workspace import Workspace

STAFF = (
    ("mara", "Mara Quill", Function.MARKETING),
    ("dana", "Dana Okoro", Function.PLANNING),
    ("ines", "Ines Falk", Function.MERCHANDISING),
    ("victor", "Victor Lindqvist", Function.LEADERSHIP),
    ("sam", "Sam Attwater", Function.ADMIN),
)
"""The sample company's people; all of them made up."""
LEAST_WEEKS = 80
"""Weeks of history that past cycles need: each fit learns a year before it can look ahead."""
OF_THE_COMPANY = ("doors", "lanes", "kpis", "budget")
"""Tables of which there is one for the whole company, however many parts draw it."""
WORKERS = min(os.cpu_count() or 1, 4)
"""Processes: one per processor, four at most."""
PROVED_WEEKS = 6
"""As-of weeks that the replay of the sample walks, those with an activation to judge."""
Tell = Callable[[str, float], None]
"""Told what is being done, and the share done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blueprint:
    """What company is to be built."""

    skus: int
    doors: int
    weeks: int
    seed: int
    cycles: bool
    """Its past cycles are played."""
    habits: bool
    """Its people err as they are used to."""
    proof: bool = True
    """A backtest and a replay are done, and threads are open, where past cycles are played."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What was built."""

    tables: dict[str, int]
    """Table to rows."""
    series: int
    """Series with a forecast."""


def build(db: Path, blueprint: Blueprint, tell: Tell) -> Built:
    """Build the company in a new database, and its truth in a folder beside it.

    Parameters
    ----------
    db : Path
        Must not exist.

    Raises
    ------
    Refused
        If the database exists; whatever was there before is as it was.
    """
    if db.exists():
        raise Refused(f"{db} exists already; choose another --db, or delete it first.")
    # Built beside and moved into place, so that a half-built company is never opened.
    building = db.with_name(db.name + ".building")
    building.unlink(missing_ok=True)
    truth = db.with_name(db.stem + ".truth")
    truth.mkdir(parents=True, exist_ok=True)
    clock = past_cycles.Clock()
    with scratch.gone_unless_done(building, truth):
        space = Workspace(building, clock=clock)
        try:
            built = _filled(space, clock, blueprint, truth, tell)
        finally:
            space.close()
    building.rename(db)
    return built


def _filled(
    space: Workspace, clock: past_cycles.Clock, blueprint: Blueprint, truth: Path, tell: Tell
) -> Built:
    """Fill an empty workspace."""
    counts: dict[str, int] = {}
    sizes = parts_of(blueprint.skus)
    for part, size in enumerate(sizes):
        tell("drawing the company and importing its files", 0.02 + 0.2 * part / len(sizes))
        drawn = make_sample(
            skus=size, doors=blueprint.doors, weeks=blueprint.weeks, seed=blueprint.seed,
            part=part, habits=blueprint.habits,
        )  # fmt: skip
        _import(space, drawn, counts, is_first=part == 0)
        for name, frame in drawn.truth.items():
            ending = f"-{part}" if part else ""
            frame.to_parquet(truth / f"{name}{ending}.parquet", index=False)
    for identity, name, function in STAFF:
        space.set_person(LOCAL_ADMIN.id, identity=identity, name=name, function=function)
    last = pd.Timestamp(drawn.tables["sales"]["date"].max()).date()
    last -= dt.timedelta((last.weekday() + 1) % 7)
    played = blueprint.cycles and len(sizes) == 1 and blueprint.weeks >= LEAST_WEEKS
    if played:
        past_cycles.play(
            space, clock, _cast(drawn, blueprint), last=last, known_weeks=blueprint.weeks,
            tell=lambda text, share: tell(text, 0.1 + 0.8 * share), workers=WORKERS,
        )  # fmt: skip
    clock.set(last + dt.timedelta(8), 8)  # the Monday after: the last week is complete
    run = space.runs.refresh(
        LOCAL_ADMIN.id, workers=WORKERS,
        tell=lambda text, share: tell(text, 0.9 + 0.08 * share),
    )  # fmt: skip
    if played and blueprint.proof:
        past_cycles.leave_open(space, {f: identity for identity, _, f in STAFF}, last=last)
        prove(space, tell)
    space.quarters.sum_up()
    return Built(tables=counts, series=run.told(RunMade).series)


def prove(space: Workspace, tell: Tell) -> None:
    """Do what shows whether the forecast and the Bridge can be believed.

    A few origins are enough to look at; whoever wants more asks for more on the page.
    """
    for prove in (
        partial(space.hindsight.backtest, origins=2, step=13, horizon=8),
        partial(space.hindsight.replay, last=PROVED_WEEKS),
    ):
        with suppress(Refused):  # too small a company has nothing to look back on
            prove(
                LOCAL_ADMIN.id, workers=WORKERS,
                tell=lambda text, _share: tell(f"looking back: {text}", 0.98),
            )  # fmt: skip


def _import(space: Workspace, drawn: Sample, counts: dict[str, int], *, is_first: bool) -> None:
    """Import what was drawn, and count its rows."""
    with scratch.folder("sample") as folder:
        for name, frame in drawn.tables.items():
            if is_first or name not in OF_THE_COMPANY:
                frame.to_parquet(folder / f"{name}.parquet", index=False)
        _, judged = space.import_files(LOCAL_ADMIN.id, [folder])
    for verdict in judged.verdicts:
        counts[verdict.table] = counts.get(verdict.table, 0) + verdict.accepted


def _cast(drawn: Sample, blueprint: Blueprint) -> past_cycles.Cast:
    """Who plays the past cycles, and what they cannot know."""
    launched = drawn.tables["skus"].dropna(subset="launch_date")
    days = pd.to_datetime(launched["launch_date"]).dt.date
    return past_cycles.Cast(
        people={function: identity for identity, _, function in STAFF},
        demand=drawn.truth["demand"],
        launches=dict(zip(launched["sku"], days, strict=True)),
        habits=blueprint.habits,
        seed=blueprint.seed,
    )
