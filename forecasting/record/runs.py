"""Statistical runs: made from history in a process of their own, then put in force.

Everybody goes on reading and editing meanwhile, and a run that fails leaves the one before.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import pandas as pd

from data import closing, timing
from data import runs as fitted
from data.closing import Closing
from forecasting import scratch
from forecasting.arguments import Between, verbs
from forecasting.calendar import week_start
from forecasting.consensus.campaigns import items_frame
from forecasting.consensus.events import Event, Kind
from forecasting.consensus.events.cycle import RunAdopted
from forecasting.consensus.events.record import RunMade
from forecasting.demand.process import run_in_process
from forecasting.errors import Refused
from forecasting.governance.desk import Desk
from forecasting.governance.jobs import Job, Tell
from forecasting.monthly.budgets import odd_budgets
from forecasting.monthly.cycle import Cycles
from forecasting.plan import lift_library
from forecasting.weekly.activations import MarketingCalendar

HORIZON_WEEKS = 52
"""Weeks that a plan looks ahead where leadership has set no other number."""
LONGEST_WEEKS = 78
"""Weeks for which a run has factors: the most that a plan can look ahead."""


@verbs
class Runs:
    """Verbs of statistical runs.

    Parameters
    ----------
    desk : Desk
    cycles : Cycles
        While one is open it has its run pinned.
    calendar : MarketingCalendar
    number : callable
        Number of the run that the plan stands on; 0 before the first.
    rebuild : callable
        Builds the plan anew on the run in force.
    sum_up : callable
        Brings the scorecard's sums up to date.
    """

    def __init__(
        self,
        desk: Desk,
        cycles: Cycles,
        *,
        calendar: MarketingCalendar,
        number: Callable[[], int],
        rebuild: Callable[[], None],
        sum_up: Callable[[], None],
    ) -> None:
        self._desk, self._cycles, self._calendar = desk, cycles, calendar
        self._number, self._rebuild, self._sum_up = number, rebuild, sum_up
        self.refreshing = Job("refresh")

    def refresh(
        self,
        by: str,
        *,
        as_of: dt.date | None = None,
        workers: Annotated[int, Between(1, 256)] = 1,
        full: bool = False,
        tell: Tell = lambda _text, _share: None,
    ) -> Event:
        """Make a new statistical run in a process of its own, and put it in force.

        While a cycle is open it has its run pinned: the new one is a candidate then, which
        the facilitator adopts (`cycles.adopt`). Everybody goes on reading and editing
        meanwhile; if the fit fails or is stopped, the run before stays in force. Only what
        changed since that run is fitted: blocks of classes whose history, prices and past
        activations are as they were keep their factors, unless `full`. A run is as of the
        last complete week (data/closing.py), or of the week in which `as_of` falls.

        Raises
        ------
        JobRunning
            If one is under way.
        Refused
            If there are no sales.
        JobFailed
            If the fit failed or was killed.
        """
        actor = self._desk.allowed(by, "refresh")
        with self.refreshing.running(actor.name, tell) as told:
            told("collecting history", 0.0)
            before = None if full else self.in_force()
            left_out = self._left_out(as_of)
            with (
                self.inputs(as_of, before) as inputs,
                scratch.folder("fit") as made,
            ):
                run_in_process(
                    "fit", inputs, made, tell=told, workers=workers,
                    started=self.refreshing.stoppable,
                )  # fmt: skip
                facts = fitted.read_facts(made)
                former = before.seq if before else None
                event = self._desk.submit(
                    lambda: self._desk.event(
                        actor,
                        RunMade(
                            facts=facts,
                            left_out=left_out,
                            adopted=not self._cycles.is_open,
                        ),
                    ),
                    None,
                    work=lambda cursor, seq: fitted.load_factors(
                        cursor, seq, inputs=inputs, made=made, former=former
                    ),
                )
            if event.told(RunMade).adopted:
                told("building the plan", 0.98)
                self._rebuild()
            return event

    def start_refresh(self, by: str) -> None:
        """Refresh in the background; progress is told to everybody."""
        actor = self._desk.allowed(by, "refresh")

        def work() -> None:
            self.refresh(by)
            self._sum_up()

        self.refreshing.in_background(work, by=actor.name)

    def lift_library(self) -> pd.DataFrame:
        """What every past activation was worth by the run in force (lift_library.library)."""
        lifts = self._desk.store.query("run_lifts", run=self._number())
        return lift_library.library(lifts, self._calendar.activations)

    def corrections(self, sku: str) -> pd.DataFrame:
        """Weeks of a SKU that the run in force did not take as they were sold.

        Returns
        -------
        DataFrame, one row per door and week
            door, week, reason, raw, clean: units.
        """
        return self._desk.store.query("run_corrections", run=self._number(), sku=sku)

    def complete(self) -> Closing:
        """Which weeks are complete by the sales in force, and which are running."""
        return closing.closing(self._desk.store)

    def remarks(self, run: Event) -> list[str]:
        """Which weeks a run left out as they are not over, or took all the same, in words.

        All else that it assumes stands among what looks odd in the data, and is listed there.
        """
        as_of = run.told(RunMade).as_of
        rows = timing.odd_weeks(self.complete(), as_of)
        return [
            f"Running week: {row['subject']}, for example {row['example']}. {row['assumed']}"
            for row in rows
            if row["kind"] == "running_week"
        ]

    def odd_times(self, run: Event) -> list[dict[str, Any]]:
        """What a run assumes of time, as rows of what looks odd in the data."""
        as_of = run.told(RunMade).as_of
        store = self._desk.store
        return timing.odd_times(store, as_of) + odd_budgets(store.table("budget"))

    def facts(self) -> Mapping[str, Any]:
        """What the run in force says of itself; empty where there is none."""
        run = self.in_force()
        return run.told(RunMade).facts if run else {}

    @contextmanager
    def inputs(self, as_of: dt.date | None, before: Event | None = None) -> Iterator[Path]:
        """A folder with everything a fit reads that the run before did not know."""
        last = self.complete().week
        if last is None:
            raise Refused("There are no sales to learn from. Import data first.")
        week = week_start(as_of) if as_of else last
        with scratch.folder("inputs") as folder:
            items = items_frame(self._calendar.activations)
            fitted.write_inputs(
                self._desk.store,
                items,
                folder,
                as_of=week,
                horizon=LONGEST_WEEKS,
                former=before.told(RunMade).facts if before else None,
            )
            yield folder

    def _left_out(self, as_of: dt.date | None) -> tuple[dict[str, str], ...]:
        """Weeks that have sales and are not in a run because they are not over, in words."""
        last = week_start(as_of) if as_of else self.complete().week
        return tuple(
            {"week": f"{one.week}", "last_day": f"{one.last_day}", "why": one.why}
            for one in self.complete().running
            if last is not None and one.week > last
        )

    def in_force(self) -> Event | None:
        """The run in force by the ledger, None before the first."""
        return run_in_force(self._desk.ledger.of_kinds(Kind.RUN, Kind.ADOPT))


def run_in_force(events: Sequence[Event]) -> Event | None:
    """The run that the plan stands on, given every run and adoption in order."""
    made = {e.seq: e for e in events if e.kind is Kind.RUN}
    found = None
    for event in events:
        match event.body:
            case RunAdopted(run=run):
                found = made[run]
            case RunMade(adopted=True):
                found = event
    return found
