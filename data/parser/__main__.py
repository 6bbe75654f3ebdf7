"""The process that opens files from outside: `python -m data.parser LIMITS`.

It is told its tasks on standard input, one JSON object a line, and answers each with one
line. It takes no more memory, time and disk than its limits say: the system ends it where
it would. It ends by itself when whoever started it is gone, since its input then ends; a
signal on the parent's death would come when the *thread* that started it ends.
"""

from __future__ import annotations

import json
import os
import queue
import resource
import stat
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import duckdb

from data.limits import Limits, in_words
from data.parser import csv_file, foreign, ics_file, parquet_file, shaping, xlsx_file
from data.parser.staged import Task, bad, shown
from forecasting.errors import BadFiles
from forecasting.faults import NO_ROOM

STAYS_BELOW = 600 * 1024**2
"""Bytes in use: a process that a file has made larger gives them back by ending."""


def main() -> None:
    """Answer until there is nobody left to ask."""
    limits = Limits(**json.loads(sys.argv[1]))
    # Nothing that a library prints may look like an answer.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    _limit(limits)
    for line in _asked():
        asked = json.loads(line)
        _limit_time(limits)
        answer = _answer(asked, limits)
        answer["stays"] = answer.get("stays", True) and _pages(1) < STAYS_BELOW
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _asked() -> Iterator[str]:
    """Tasks, until the input ends; in the middle of a task too."""
    lines: queue.Queue[str] = queue.Queue()

    def listen() -> None:
        for line in sys.stdin:
            lines.put(line)
        os._exit(0)

    threading.Thread(target=listen, daemon=True).start()
    while True:
        yield lines.get()


def _answer(asked: dict[str, Any], limits: Limits) -> dict[str, Any]:
    """What a task brings; whatever goes wrong is reported of the file."""
    label = asked["label"]
    try:
        return {"found": _does(asked, limits)}
    except BadFiles as error:
        return {"refused": [asdict(problem) for problem in error.problems]}
    except (MemoryError, duckdb.OutOfMemoryException):
        found = f"a file that takes more than {in_words(limits.memory)} of memory to read"
        return {**_refusal(label, found, "a smaller file: split it"), "stays": False}
    except Exception as error:  # a file may bring out any fault of any library
        if isinstance(error, OSError) and error.errno in NO_ROOM:  # not the file's fault
            found = f"no space to read it (up to {in_words(limits.written)} in between)"
            return _refusal(label, found, "space on the disk for temporary files")
        words = str(error).split("\n")[0]
        found = f"a file that could not be read: {type(error).__name__}: {words}"
        return _refusal(label, shown(found, 300), "a file as a program saves it: save it anew")


def _refusal(label: str, found: str, expected: str) -> dict[str, Any]:
    return {"refused": [asdict(problem) for problem in bad(label, found, expected).problems]}


def _does(asked: dict[str, Any], limits: Limits) -> Any:
    path, label = Path(asked["path"]), asked["label"]
    most = {".xlsx": limits.workbook, ".ics": limits.calendar}.get(asked["kind"], limits.file)
    file = _opened(path, label, most)
    try:
        match asked["task"]:
            case "tables":
                return xlsx_file.tables_of(file, label, limits)
            case "grid":
                names, expected = asked["sheets"], asked["expected"]
                return xlsx_file.grid(file, label, names, limits, expected=expected)
            case "events":
                return ics_file.events(file, label, limits, asked["zone"])
            case "rows":
                return csv_file.rows_with(file, label, asked["column"], limits)
            case "lines":
                if "reading" in asked:
                    return foreign.lines_of(file, asked["rows"], asked["reading"])
                return csv_file.lines_of(file, asked["rows"])
            case _:
                task = Task(
                    label=label, table=asked["table"], sheet=asked["sheet"],
                    target=Path(asked["target"]), limits=limits,
                )  # fmt: skip
                if asked["task"] == "look":
                    return foreign.look(task, file, asked["kind"], asked["reading"])
                if asked["task"] == "shape":
                    return shaping.shape(task, asked)
                return _READERS[asked["kind"]](task, file)
    finally:
        os.close(file)


_READERS: dict[str, Callable[[Task, int], dict[str, Any]]] = {
    ".csv": csv_file.stage,
    ".parquet": parquet_file.stage,
    ".xlsx": xlsx_file.stage,
}


def _opened(path: Path, label: str, most: int) -> int:
    """A regular file that is no link; a pipe or a device is never waited for."""
    file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    facts = os.fstat(file)
    if stat.S_ISREG(facts.st_mode) and facts.st_size <= most:
        return file
    os.close(file)
    if not stat.S_ISREG(facts.st_mode):
        raise bad(label, "a pipe, a device or a folder", "a file")
    raise bad(label, f"a file of more than {in_words(most)}", "a smaller file: split it")


def _limit(limits: Limits) -> None:
    """Bounds of the process, beyond what it has after loading what it needs."""
    _bound(resource.RLIMIT_CORE, 0)
    _bound(resource.RLIMIT_FSIZE, limits.written)
    if addressed := _pages(0):
        _bound(resource.RLIMIT_AS, addressed + limits.memory)


def _limit_time(limits: Limits) -> None:
    """Processor time for one more task, on every thread of the engine."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    spent = used.ru_utime + used.ru_stime
    with suppress(ValueError, OSError):
        most = int(spent + 2 * limits.seconds) + 2
        resource.setrlimit(resource.RLIMIT_CPU, (most, resource.RLIM_INFINITY))


def _bound(what: int, most: int) -> None:
    with suppress(ValueError, OSError):  # macOS knows no bound on addresses
        resource.setrlimit(what, (most, most))


def _pages(which: int) -> int:
    """Bytes that are addressed (0) or in use (1); 0 where the system does not say."""
    try:
        counts = Path("/proc/self/statm").read_text(encoding="ascii").split()
    except OSError:
        return 0
    return int(counts[which]) * resource.getpagesize()


if __name__ == "__main__":
    main()
