"""A fit in a process of its own, so that nobody waits for it: how it is started and stopped.

Nothing of the model is loaded here; what the process does is in worker.py. Loading the
model takes longer than a small fit. So a process that is done waits a while for the next
task: a replay of many past weeks, or one refresh after the other, loads it once.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from forecasting.errors import Cancelled, JobFailed

Tell = Callable[[str, float], None]

WAITS_SECONDS = 30.0
"""How long a process that is done waits for another task."""
LAST_WORDS_SECONDS = 2.0
"""How long one that says nothing more may take to end by itself."""
STAYS = "What was in force before stays in force."
NAMES = {"fit": "The fit", "backtest": "The backtest"}


@dataclass(frozen=True, slots=True)
class _Process:
    """The process, and what it last complained of."""

    process: subprocess.Popen[str]
    trouble: IO[str]

    @classmethod
    def start(cls) -> _Process:
        trouble = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115
        process = subprocess.Popen(
            [sys.executable, "-m", "forecasting.demand.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=trouble,
            text=True,
            cwd=Path(__file__).parents[2],
            start_new_session=True,  # so that it can be stopped with its own processes
        )
        return cls(process, trouble)

    def does(self, task: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """What it tells while it does a task; ends with the task or with the process."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with suppress(BrokenPipeError):  # it is over already: its last words say why
            self.process.stdin.write(json.dumps(task) + "\n")
            self.process.stdin.flush()
        for line in self.process.stdout:
            told = json.loads(line)
            yield told
            if "done" in told:
                return

    def end(self) -> int:
        """Let it come to its end; its exit status."""
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):
            self.process.stdin.close()
        return self.process.wait()

    def end_all(self) -> int:
        """See that nothing of it is left, whatever became of it; its exit status."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(LAST_WORDS_SECONDS)
        # What it started may outlive it; as long as it does, the group's number is theirs.
        with suppress(ProcessLookupError, PermissionError):  # the latter: it is dead
            os.killpg(self.process.pid, signal.SIGKILL)
        return self.end()

    def last_words(self) -> str:
        """The last line it complained of."""
        self.trouble.seek(0)
        return (self.trouble.read().strip().splitlines() or ["no reason given"])[-1]


class Waiting:
    """Processes that are done and wait for another task, each for a while."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[tuple[_Process, threading.Timer]] = []

    def take(self) -> _Process:
        """One that waits, or a new one."""
        with self._lock:
            while self._idle:
                one, timer = self._idle.pop()
                timer.cancel()
                if one.process.poll() is None:
                    return one
        return _Process.start()

    def keep(self, one: _Process) -> None:
        """Let it wait."""
        timer = threading.Timer(WAITS_SECONDS, self._over, (one,))
        timer.daemon = True
        with self._lock:
            self._idle.append((one, timer))
        timer.start()

    def let_go(self) -> None:
        """Let all that wait come to their end."""
        with self._lock:
            idle, self._idle = self._idle, []
        for one, timer in idle:
            timer.cancel()
            one.end()

    def _over(self, one: _Process) -> None:
        with self._lock:
            kept = [pair for pair in self._idle if pair[0] is not one]
            if len(kept) == len(self._idle):  # it was taken just now
                return
            self._idle = kept
        one.end()


WAITING = Waiting()


@dataclass(frozen=True, slots=True)
class Running:
    """A handle on one task, for whoever wants to stop it."""

    process: subprocess.Popen[str]
    over: threading.Event = field(default_factory=threading.Event)
    """The task is done: the process may have another already."""
    stopped: threading.Event = field(default_factory=threading.Event)
    """It was ended from here, not by the system."""

    def stop(self) -> None:
        """End it and what it started; nothing that it was making is kept."""
        if not self.over.is_set():
            self.stopped.set()
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGTERM)


def run_in_process(
    task: str,
    source: Path,
    target: Path,
    *,
    tell: Tell,
    workers: int = 1,
    started: Callable[[Running], None] = lambda _running: None,
) -> None:
    """Have a task of worker.py done by another process.

    Parameters
    ----------
    task : {"fit", "backtest"}
    source, target : Path
        Folder to read; folder to write.
    tell : callable
        Told (what is being done, share done).
    workers : int
        Processes that fit blocks.
    started : callable
        Given a handle that stops the process.

    Raises
    ------
    Cancelled
        If it was stopped by whoever holds the handle.
    JobFailed
        If the process fails or is killed: why, and what to do.
    """
    one = WAITING.take()
    running = Running(one.process)
    asked = {"task": task, "source": str(source), "target": str(target), "workers": workers}
    failed: Mapping[str, Any] = {}
    try:
        started(running)
        for told in one.does(asked):
            if "done" in told:
                running.over.set()
                if told["stays"]:
                    WAITING.keep(one)
                else:
                    one.end()
                return
            if "failed" in told:
                failed = told
                continue
            tell(str(told["text"]), float(told["share"]))
    except BaseException:  # whoever asked is gone: nobody waits for the result
        running.stop()
        raise
    code = one.end_all()
    running.over.set()
    if running.stopped.is_set():
        raise Cancelled(f"It was stopped. {STAYS}")
    raise _why(NAMES[task], code, failed, one)


def _why(name: str, code: int, failed: Mapping[str, Any], one: _Process) -> JobFailed:
    """What became of a process that did not do its task, in words and for the log."""
    if failed:
        return JobFailed(f"{failed['failed']} {STAYS}", failed["facts"])
    if code < 0:
        facts = {"error": "killed", "signal": str(-code)}
        if code == -signal.SIGKILL:
            return JobFailed(
                f"{name}'s process was killed by the system (signal {-code}), most likely "
                f"because memory ran out. {STAYS} Close other programs, or give it fewer "
                "processes (--workers 1), and try again.",
                facts,
            )
        return JobFailed(
            f"{name}'s process was ended from outside (signal {-code}). {STAYS} Try again.",
            facts,
        )
    facts = {"error": "ended", "status": str(code)}
    return JobFailed(
        f"{name} stopped ({one.last_words()}). {STAYS} Try again; if it stays, report it.",
        facts,
    )
