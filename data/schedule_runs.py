"""What became of schedules: one row per run, written before its work begins."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import pandas as pd

from data.store import Store

KEPT = 100
"""Runs of one schedule that are kept, the latest."""
LONGEST_TOLD = 1_000
"""Characters of what became of a run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleRun:
    """One time that a schedule was carried out, or was to be."""

    run: str
    schedule: str
    due: dt.datetime | None
    """When it was due, UTC without a zone as all of these; None: somebody asked for it."""
    begun: dt.datetime
    ended: dt.datetime | None = None
    state: str = "running"
    """running, done or failed."""
    told: str = ""
    """What it brought, or why it was not done."""
    mark: str = ""
    """What it worked on, so that the same is not done twice; '' where that may be."""


def begin(store: Store, run: ScheduleRun) -> None:
    """Write that a run begins; the oldest ones of its schedule go."""
    with store.transaction() as cursor:
        cursor.execute(
            "insert into schedule_run values (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                run.run, run.schedule, run.due, run.begun, run.ended, run.state,
                run.told[:LONGEST_TOLD], run.mark,
            ],
        )  # fmt: skip
        cursor.execute(
            "delete from schedule_run where schedule = ? and begun < ("
            "select begun from schedule_run where schedule = ? "
            "order by begun desc limit 1 offset ?)",
            [run.schedule, run.schedule, KEPT - 1],
        )


def end(store: Store, run: ScheduleRun) -> None:
    """Write how a run ended."""
    with store.transaction() as cursor:
        cursor.execute(
            "update schedule_run set ended = ?, state = ?, told = ?, mark = ? where run = ?",
            [run.ended, run.state, run.told[:LONGEST_TOLD], run.mark, run.run],
        )


def forget(store: Store, run: ScheduleRun) -> None:
    """Take back that a run begins: nothing of it was done."""
    with store.transaction() as cursor:
        cursor.execute("delete from schedule_run where run = ?", [run.run])


def every(store: Store) -> list[ScheduleRun]:
    """Every run that is kept, oldest first."""
    rows = store.query("schedule_runs").to_dict("records")
    return [_run({str(k): v for k, v in row.items()}) for row in rows]


def _run(row: dict[str, Any]) -> ScheduleRun:
    begun = _moment(row["begun"])
    assert begun is not None
    texts = {name: str(row[name]) for name in ("run", "schedule", "state", "told", "mark")}
    due, ended = (_moment(row[name]) for name in ("due", "ended"))
    return ScheduleRun(begun=begun, due=due, ended=ended, **texts)


def _moment(value: Any) -> dt.datetime | None:
    return None if pd.isna(value) else pd.Timestamp(value).to_pydatetime()
