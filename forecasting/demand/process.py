"""A fit in a process of its own, so that nobody waits for it: how it is started and stopped.

Nothing of the model is loaded here; what the process does is in worker.py.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from forecasting.errors import Cancelled, Refused

Tell = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class Running:
    """A handle on the process, for whoever wants to stop it."""

    process: subprocess.Popen[str]

    def stop(self) -> None:
        """End it and what it started; nothing that it was making is kept."""
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
    """Run worker.py as another process.

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
    root = Path(__file__).parents[2]
    with tempfile.TemporaryFile("w+", encoding="utf-8") as trouble:
        process = subprocess.Popen(  # noqa: S603 - our own module, our own folders
            [
                sys.executable, "-m", "forecasting.demand.worker", task,
                str(source), str(target), str(workers),
            ],
            stdout=subprocess.PIPE,
            stderr=trouble,
            text=True,
            cwd=root,
            start_new_session=True,  # so that it can be stopped with its own processes
            # One thread a process: blocks are what runs side by side.
            env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        )  # fmt: skip
        started(Running(process))
        assert process.stdout is not None
        for line in process.stdout:
            told = json.loads(line)
            tell(str(told["text"]), float(told["share"]))
        code = process.wait()
        if code < 0:
            raise Cancelled("It was stopped. What was in force before stays in force.")
        if code != 0:
            trouble.seek(0)
            last = trouble.read().strip().splitlines()[-1:] or ["no reason given"]
            raise Refused(
                f"The fit stopped ({last[0]}). The forecast before it stays in force."
            )
