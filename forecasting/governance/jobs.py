"""Long work that one person starts and everybody sees: one at a time of its kind.

Its progress is shared and it can be stopped. However it ends, by an exception of any kind or
by somebody's hand, how it ended is kept for whoever was not looking.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from forecasting import conventions, faults, operation, write
from forecasting.demand.process import STAYS
from forecasting.errors import Cancelled, ConcordError, JobFailed, JobRunning

Tell = Callable[[str, float], None]

LOG = operation.log("job")


class Stoppable(Protocol):
    """Something that can be ended from outside."""

    def stop(self) -> None:
        """End it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where running work is."""

    text: str
    share: float
    started: float
    """time.monotonic() at its start."""
    by: str

    def left(self, now: float | None = None) -> float | None:
        """Seconds that it will still take at this pace; None while that is a guess."""
        spent = (time.monotonic() if now is None else now) - self.started
        if self.share < 0.08 or spent < 1.0:
            return None
        return spent / self.share - spent


class State(StrEnum):
    """What became of work."""

    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of the last work of a kind."""

    job: str
    state: State
    by: str
    """Name of whoever started it."""
    started: dt.datetime
    """UTC without a zone, as `ended`."""
    ended: dt.datetime | None = None
    reason: str = ""
    """Why it was not done, and what to do; '' where it was, or is being done."""

    @property
    def seconds(self) -> float:
        """How long it took; up to now while it runs."""
        return ((self.ended or _now()) - self.started).total_seconds()

    def __str__(self) -> str:
        begun = conventions.in_force().moment(self.started)
        match self.state:
            case State.RUNNING:
                return f"{self.by} started the {self.job} at {begun}; it is under way."
            case State.DONE:
                return (
                    f"The last {self.job} is done: {self.by} started it at {begun}, "
                    f"and it took {write.number(self.seconds)} s."
                )
        return (
            f"The last {self.job} {_ENDED[self.state]}: {self.reason} {self.by} started it at "
            f"{begun}."
        )


_ENDED = {State.STOPPED: "was stopped", State.FAILED: "failed"}
"""How a job that was not finished is told of."""


class Job:
    """Work of one kind.

    Parameters
    ----------
    name : str
        What it is called where somebody has to wait: "refresh", "backtest".
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._lock = threading.Lock()
        """Held for a moment, while the work is taken up or ends."""
        self._is_taken = False
        """From the moment that work is asked for until it ended."""
        self._promised_to: threading.Thread | None = None
        """The thread that the place was taken for, until it begins."""
        self._progress: Progress | None = None
        self._outcome: Outcome | None = None
        self._handles: list[Stoppable] = []
        self._stopped_by = ""

    @property
    def progress(self) -> Progress | None:
        """Where it is, or None."""
        return self._progress

    @property
    def outcome(self) -> Outcome | None:
        """What became of the last one, or that it is under way; None before the first."""
        return self._outcome

    @property
    def error(self) -> str:
        """Why the last one was not done; '' if it was, or is under way."""
        return self._outcome.reason if self._outcome else ""

    @contextmanager
    def running(self, by: str, tell: Tell) -> Iterator[Tell]:
        """Hold the only place for it; tell everybody how it goes, and keep how it ended.

        Raises
        ------
        JobRunning
            If one is under way.
        """
        if self._promised_to is threading.current_thread():
            self._promised_to = None
        else:
            self._take(by)

        def told(text: str, share: float) -> None:
            if self._progress is not None:
                self._progress = replace(self._progress, text=text, share=share, by=by)
            tell(text, share)

        try:
            yield told
        except BaseException as error:
            self._failed(error)
            raise
        else:
            self._ended(State.DONE)

    def stoppable(self, handle: Stoppable) -> None:
        """Remember how the running work is stopped; at once, if that was asked for before."""
        self._handles.append(handle)
        if self._stopped_by:  # after it is in the list: none is missed
            handle.stop()

    def stop(self, by: str) -> bool:
        """Stop it; whether there was anything to stop.

        Parameters
        ----------
        by : str
            Name of whoever stops it: the others read it.
        """
        if self._progress is None:
            return False
        self._stopped_by = by
        for handle in list(self._handles):
            handle.stop()
        return True

    def in_background(self, work: Callable[[], object], *, by: str = "Concord") -> None:
        """Do the work in a thread of its own; how it ends is kept, not raised.

        The place is taken here and now, so that of two who ask at once one is refused.

        Raises
        ------
        JobRunning
            If one is under way.
        """

        def run() -> None:
            try:
                work()
            except BaseException as error:
                self._in_vain(error)
            else:
                self._in_vain(None)

        thread = threading.Thread(target=run, name=self.name, daemon=True)
        self._take(by)
        self._promised_to = thread
        try:
            thread.start()
        except BaseException as error:  # the system gives no more threads
            self._in_vain(error, thread)
            raise

    def _take(self, by: str) -> None:
        with self._lock:
            if self._is_taken:
                raise JobRunning(
                    f"A {self.name} is under way. Wait until it is done; its progress is shown."
                )
            self._is_taken = True
            self._stopped_by = ""
            self._handles = []
            self._outcome = Outcome(job=self.name, state=State.RUNNING, by=by, started=_now())
            self._progress = Progress(
                text="starting", share=0.0, started=time.monotonic(), by=by
            )
        LOG.info("job_started", job=self.name, by=by)

    def _in_vain(
        self, error: BaseException | None, thread: threading.Thread | None = None
    ) -> None:
        """In the background: give the place back where the work never took it."""
        if self._promised_to is (thread or threading.current_thread()):
            self._promised_to = None
            if error is None:
                self._ended(State.DONE)
            else:
                self._failed(error)
        elif error is not None and not isinstance(error, ConcordError) and not _is_told(error):
            LOG.fault("job_afterwards_failed", error, job=self.name)

    def _failed(self, error: BaseException) -> None:
        """Keep why it was not done."""
        if isinstance(error, Cancelled) or not isinstance(error, Exception):
            who = self._stopped_by
            reason = f"{who} stopped it. {STAYS}" if who else f"It was interrupted. {STAYS}"
            self._ended(State.STOPPED, reason)
            return
        facts: dict[str, object] = {"error": type(error).__name__}
        if isinstance(error, JobFailed):
            facts |= error.facts
        elif not isinstance(error, ConcordError):
            facts = dict(faults.for_log(error))
            _mark_told(error)
        self._ended(State.FAILED, self._why(error), **facts)

    def _why(self, error: Exception) -> str:
        if isinstance(error, ConcordError):
            return str(error)
        reason = faults.in_words(error, f"The {self.name}")
        return f"{reason} {STAYS} {operation.noted()}"

    def _ended(self, state: State, reason: str = "", **facts: object) -> None:
        with self._lock:  # who sees that it is over may start the next
            assert self._outcome is not None
            ended = replace(self._outcome, state=state, ended=_now(), reason=reason)
            stopped_by = self._stopped_by
            self._outcome, self._progress, self._handles = ended, None, []
            self._is_taken = False
        about = {"job": self.name, "by": ended.by, "seconds": ended.seconds}
        if state is State.FAILED:
            LOG.warning("job_failed", **about, **facts)
        elif state is State.STOPPED:
            LOG.info("job_stopped", **about, stopped_by=stopped_by)
        else:
            LOG.info("job_done", **about)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC).replace(tzinfo=None)


def _mark_told(error: BaseException) -> None:
    with suppress(AttributeError):
        error.is_told = True  # type: ignore[attr-defined]


def _is_told(error: BaseException) -> bool:
    return bool(getattr(error, "is_told", False))
