"""Files from outside are opened by another process; this one only asks it.

A file can be made to break whoever opens it: to take all memory, to run for ever, to end
the process. So it happens in a process that may die (data/parser), within `Limits`. What
comes back is a Parquet file of our own making in a private folder, and one line of JSON.
Loading that process takes about 0.2 s, so one that is done waits a while for more.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from data.limits import LIMITS, Limits, in_words
from forecasting.errors import BadFiles, Problem

WAITS_SECONDS = 30.0
"""How long a process that is done waits for another file."""
PREFIX = "concord-files-"
ABANDONED_SECONDS = 3600.0
"""Age of a folder without an owner after which it is swept."""
_ROOT = Path(__file__).parents[1]


def ask(
    label: str, path: Path, task: str, *, kind: str, limits: Limits = LIMITS, **more: Any
) -> Any:
    """Have one thing done with a file by the process that may die.

    Parameters
    ----------
    label : str
        How messages name the file.
    path : Path
        A file, not a link.
    task : {"tables", "stage", "lines", "grid", "events", "rows"}
        What data/parser does; `more` is what it needs for that.
    kind : {".csv", ".parquet", ".xlsx", ".ics"}
        What the file says it is; a link may lead to another name.

    Raises
    ------
    BadFiles
        If the file is refused, or the process did not survive it.
    """
    asked = {"label": label, "path": str(path), "task": task, "kind": kind, **more}
    turn = _TURNS.setdefault(limits, threading.Semaphore(limits.at_once))
    if not turn.acquire(timeout=limits.seconds):
        raise _refused(label, "other files that are still being read", "to be tried later")
    try:
        answer = _answer(asked, limits)
    finally:
        turn.release()
    if "refused" in answer:
        raise BadFiles([Problem(**problem) for problem in answer["refused"]])
    return answer["found"]


@contextmanager
def private_folder() -> Iterator[Path]:
    """A folder that only we read, gone afterwards; also what killed processes left."""
    _sweep()
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    owned = (folder / "new").open("w")
    try:
        fcntl.flock(owned, fcntl.LOCK_EX)  # held as long as this process lives
        (folder / "new").rename(folder / "owner")
        yield folder
    finally:
        owned.close()
        shutil.rmtree(folder, ignore_errors=True)


def let_go() -> None:
    """End the processes that wait."""
    WAITING.let_go()


@dataclass(slots=True)
class _Process:
    """The process, and how much it has done."""

    process: subprocess.Popen[bytes]
    trouble: IO[str]
    limits: Limits
    done: int = 0
    timer: threading.Timer | None = None
    late: threading.Event = field(default_factory=threading.Event)

    @classmethod
    def start(cls, limits: Limits) -> _Process:
        trouble = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115
        process = subprocess.Popen(  # noqa: S603 - this interpreter, our module, our numbers
            [sys.executable, "-m", "data.parser", json.dumps(asdict(limits))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=trouble,
            cwd=_ROOT,
            start_new_session=True,  # Ctrl-C in a terminal is for the app
            env=_environment(),
        )
        return cls(process, trouble, limits)

    def answer(self, asked: Mapping[str, Any]) -> dict[str, Any] | None:
        """Its answer; None if it did not survive."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        watch = threading.Timer(self.limits.seconds, self._too_late)
        watch.daemon = True
        watch.start()
        try:
            with suppress(BrokenPipeError):
                self.process.stdin.write(json.dumps(asked).encode() + b"\n")
                self.process.stdin.flush()
            line = self.process.stdout.readline(self.limits.answer)
        except BaseException:  # whoever asked is gone: nobody waits for the answer
            self.kill()
            raise
        finally:
            watch.cancel()
        self.done += 1
        if not line.endswith(b"\n"):
            return None
        found: dict[str, Any] = json.loads(line)
        return found

    def _too_late(self) -> None:
        self.late.set()
        self.kill()

    def kill(self) -> None:
        """End it, whatever it does."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def end(self) -> None:
        """End it and forget it."""
        self.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.trouble):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()

    def obituary(self) -> tuple[str, str]:
        """Of what it died, and what can be done."""
        with suppress(subprocess.TimeoutExpired):  # it printed too much: it is still there
            self.process.wait(1.0)
        code = self.process.poll()
        if self.late.is_set() or code == -signal.SIGXCPU:
            most = f"a file that is read within {self.limits.seconds:g} seconds: split it"
            return f"a file that takes more than {self.limits.seconds:g} seconds to read", most
        expected = "a file as a program saves it: save it anew, or split it"
        if code is None:
            return f"more than {in_words(self.limits.answer)} to say of it", expected
        if code < 0:
            name = signal.Signals(-code).name
            return f"a file on which reading breaks off ({name})", expected
        self.trouble.seek(0)
        words = (self.trouble.read().strip().splitlines() or ["no reason given"])[-1]
        return f"a file on which reading ended ({words[:200]})", expected


class _Waiting:
    """Processes that are done and wait for another file, each for a while."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[_Process] = []

    def take(self, limits: Limits) -> _Process:
        """One that waits, or a new one."""
        with self._lock:
            for one in [one for one in self._idle if one.limits == limits]:
                self._idle.remove(one)
                assert one.timer is not None
                one.timer.cancel()
                if one.process.poll() is None:
                    return one
                one.end()
        return _Process.start(limits)

    def keep(self, one: _Process) -> None:
        """Let it wait."""
        one.timer = threading.Timer(WAITS_SECONDS, self._over, (one,))
        one.timer.daemon = True
        with self._lock:
            self._idle.append(one)
        one.timer.start()

    def let_go(self) -> None:
        """End all that wait."""
        with self._lock:
            idle, self._idle = self._idle, []
        for one in idle:
            if one.timer is not None:
                one.timer.cancel()
            one.end()

    def _over(self, one: _Process) -> None:
        with self._lock:
            if one not in self._idle:  # it was taken just now
                return
            self._idle.remove(one)
        one.end()


WAITING = _Waiting()
_TURNS: dict[Limits, threading.Semaphore] = {}


def _answer(asked: Mapping[str, Any], limits: Limits) -> dict[str, Any]:
    one = WAITING.take(limits)
    try:
        answer = one.answer(asked)
        if answer is None:
            found, expected = one.obituary()
            answer = {"refused": [asdict(_problem(str(asked["label"]), found, expected))]}
    except BaseException:
        one.end()
        raise
    if answer.get("stays") and one.done < limits.tasks:
        WAITING.keep(one)
    else:
        one.end()
    return answer


def _environment() -> dict[str, str]:
    """What the process knows of ours: no passwords, no paths, no settings."""
    kept = ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH")
    return {
        **{name: os.environ[name] for name in kept if name in os.environ},
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONUTF8": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "1",
        "ARROW_IO_THREADS": "1",
    }


def _sweep() -> None:
    """Remove the folders of processes that are no more."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            if _is_abandoned(folder):
                shutil.rmtree(folder, ignore_errors=True)


def _is_abandoned(folder: Path) -> bool:
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        return False
    try:
        owner = (folder / "owner").open()
    except FileNotFoundError:  # just being made, or its process died while making it
        return time.time() - folder.stat().st_mtime > ABANDONED_SECONDS
    with owner:
        try:
            fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def _problem(file: str, found: str, expected: str) -> Problem:
    return Problem(file=file, line=None, column="", found=found, expected=expected)


def _refused(file: str, found: str, expected: str) -> BadFiles:
    return BadFiles([_problem(file, found, expected)])
