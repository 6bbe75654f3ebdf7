"""Hindsight: forecasts and flags of past weeks as they would have been, beside the actuals.

Both walk in the background; the last complete result stays until the next one is done.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import pandas as pd

from data import replays
from data import runs as fitted
from data.runs import Backtest
from forecasting import scratch
from forecasting.arguments import Between, verbs
from forecasting.consensus.events import Event
from forecasting.demand.origins import LEAST_WEEKS
from forecasting.demand.process import run_in_process
from forecasting.governance.desk import Desk
from forecasting.governance.jobs import Job, Tell
from forecasting.record import replay
from forecasting.record.replay import Replay
from forecasting.record.runs import Runs

Weeks = Annotated[int, Between(1, 520)]
"""Weeks, or weeks looked back from: at most ten years."""
Processes = Annotated[int, Between(1, 256)]
"""Processes that share the work."""


@verbs
class Hindsight:
    """Verbs of backtest and replay.

    Parameters
    ----------
    desk : Desk
    runs : Runs
    shaping : callable
        Every event that shapes the plan, oldest first.
    """

    def __init__(
        self, desk: Desk, runs: Runs, *, shaping: Callable[[], Sequence[Event]]
    ) -> None:
        self._desk, self._runs, self._shaping = desk, runs, shaping
        self.backtesting = Job("backtest")
        self.replaying = Job("replay")

    def backtest(
        self,
        by: str,
        *,
        origins: Weeks = 6,
        step: Weeks = 4,
        horizon: Weeks = 8,
        workers: Processes = 1,
        rows_to: Path | None = None,
        tell: Tell = lambda _text, _share: None,
    ) -> Backtest:
        """Forecast from several past weeks as it would have been then, and keep the result.

        Raises
        ------
        JobRunning
            If one is under way.
        Refused
            If the history is too short, or it was stopped; the last result stays.
        """
        actor = self._desk.allowed(by, "backtest")
        with self.backtesting.running(actor.name, tell) as told:
            told("collecting history", 0.0)
            with self._runs.inputs(None) as inputs, scratch.folder("backtest") as made:
                asked = {"origins": origins, "step": step, "lags": horizon}
                fitted.ask_backtest(inputs, needs=LEAST_WEEKS, **asked)
                run_in_process(
                    "backtest", inputs, made, tell=told, workers=workers,
                    started=self.backtesting.stoppable,
                )  # fmt: skip
                told("keeping the result", 0.99)
                result = fitted.load_backtest(
                    self._desk.store, by=actor.name, inputs=inputs, made=made,
                    asked=asked,
                )  # fmt: skip
                if rows_to is not None:
                    fitted.export_backtest(self._desk.store, made, rows_to)
            return result

    def start_backtest(self, by: str, *, origins: Weeks, step: Weeks, horizon: Weeks) -> None:
        """Backtest in the background; progress is told to everybody."""
        actor = self._desk.allowed(by, "backtest")
        self.backtesting.in_background(
            lambda: self.backtest(by, origins=origins, step=step, horizon=horizon),
            by=actor.name,
        )

    def stop_backtest(self, by: str) -> bool:
        """Stop the running backtest; the last complete result stays."""
        return self.backtesting.stop(self._desk.allowed(by, "backtest").name)

    def last_backtest(self) -> Backtest | None:
        """The last complete backtest, or None."""
        return fitted.last_backtest(self._desk.store)

    def replay(
        self,
        by: str,
        *,
        weeks_ahead: Weeks = 6,
        last: Weeks = 26,
        workers: Processes = 1,
        tell: Tell = lambda _text, _share: None,
    ) -> Replay:
        """What the Bridge would have flagged in past weeks, and what happened; kept.

        Parameters
        ----------
        weeks_ahead : int
            Weeks from the as-of week to the activations that are judged.
        last : int
            Most as-of weeks to walk, the latest ones.

        Raises
        ------
        JobRunning
            If one is under way.
        Refused
            If no activation is over that could have been foreseen, or it was stopped.
        """
        actor = self._desk.allowed(by, "backtest")
        events = self._shaping()
        with self.replaying.running(actor.name, tell) as told:
            made = replay.walk(
                self._desk.store, events, by=actor.name, weeks_ahead=weeks_ahead, last=last,
                workers=workers, tell=told, started=self.replaying.stoppable,
                run=self._runs.in_force(),
            )  # fmt: skip
            replays.keep(self._desk.store, made)
            return made

    def start_replay(self, by: str, *, weeks_ahead: Weeks, last: Weeks) -> None:
        """Replay in the background; progress is told to everybody."""
        actor = self._desk.allowed(by, "backtest")
        self.replaying.in_background(
            lambda: self.replay(by, weeks_ahead=weeks_ahead, last=last), by=actor.name
        )

    def stop_replay(self, by: str) -> bool:
        """Stop the running replay; the last complete result stays."""
        return self.replaying.stop(self._desk.allowed(by, "backtest").name)

    def last_replay(self) -> Replay | None:
        """The last complete replay, or None."""
        return replays.last(self._desk.store, Replay)

    def replayed(self) -> pd.DataFrame | None:
        """Rows of the last replay, if there is one."""
        last = self.last_replay()
        return None if last is None else last.rows
