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

from forecasting.errors import Cancelled, Refused

Tell = Callable[[str, float], None]

WAITS_SECONDS = 30.0
"""How long a process that is done waits for another task."""


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
            # One thread a process: blocks are what runs side by side.
            env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
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

    def stop(self) -> None:
        """End it and what it started; nothing that it was making is kept."""
        if not self.over.is_set():
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
        If it was stopped.
    Refused
        If the process fails; its last words are in the message.
    """
    one = WAITING.take()
    running = Running(one.process)
    asked = {"task": task, "source": str(source), "target": str(target), "workers": workers}
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
            tell(str(told["text"]), float(told["share"]))
    except BaseException:  # whoever asked is gone: nobody waits for the result
        running.stop()
        raise
    code = one.end()
    if code < 0:
        raise Cancelled("It was stopped. What was in force before stays in force.")
    raise Refused(
        f"The fit stopped ({one.last_words()}). The forecast before it stays in force."
    )
