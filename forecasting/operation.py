"""What the program does, one line an event: on standard error and in a file by the database.

`log("job").warning("job_failed", job="refresh")` is all that a module needs. A line has time,
level, part, event and facts (name=value); it never has what people wrote or files hold, and
whatever a value holds, it stays one line. Nothing is set up at import, and a log that cannot
be written stops nobody (docs/operations.md).
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TextIO

from forecasting import faults
from forecasting.errors import ConcordError

LEVEL_SETTING = "CONCORD_LOG_LEVEL"
FILE_BYTES = 1_000_000
"""Bytes of one file of the log; then the next one is begun."""
FILES_KEPT = 5
"""Former files beside the present one: six million bytes at most."""
LONGEST_VALUE = 2_000
"""Characters of one value of a line; the rest is cut off."""
NOTHING = logging.CRITICAL + 1
"""No line on standard error."""

_HOUSE = logging.getLogger("concord")
_LOCK = threading.RLock()
_PLAIN = re.compile(r"[A-Za-z0-9_.,:/@+%#*-]+")


@dataclass(frozen=True, slots=True)
class Log:
    """Where one part of the program says what it does."""

    _logger: logging.Logger

    def info(self, event: str, **facts: object) -> None:
        """Something that is meant to happen."""
        self._tell(logging.INFO, event, facts)

    def warning(self, event: str, **facts: object) -> None:
        """Something that somebody should look at."""
        self._tell(logging.WARNING, event, facts)

    def fault(self, event: str, error: BaseException, **facts: object) -> None:
        """Something that failed by our fault, with its place in the source."""
        self._tell(logging.ERROR, event, {**facts, **faults.for_log(error)})

    def _tell(self, level: int, event: str, facts: Mapping[str, object]) -> None:
        _set_up()
        if self._logger.isEnabledFor(level):
            self._logger.log(level, event, extra={"facts": facts})


def log(part: str) -> Log:
    """The log of one part of the program: "ledger", "job", "page"."""
    return Log(_HOUSE.getChild(part))


@contextmanager
def told(event: str, **facts: object) -> Iterator[dict[str, object]]:
    """Say in one line how something ended and how long it took.

    What is put into the mapping is in the line. A refusal is not our fault: of it the line has
    the kind, since its words may quote what it refuses.
    """
    to = log("workspace")
    begun, more = time.perf_counter(), dict(facts)

    def ended(outcome: str) -> dict[str, object]:
        return {"outcome": outcome, **more, "seconds": time.perf_counter() - begun}

    try:
        yield more
    except ConcordError as error:
        to.info(event, **ended("refused"), error=type(error).__name__)
        raise
    except BaseException as error:
        to.fault(event, error, **ended("failed"))
        raise
    to.info(event, **ended("done"))


class Held:
    """The log of one database, until it is let go."""

    def __init__(self, file: _File | None) -> None:
        self._file = file

    def let_go(self) -> None:
        """Close the file, if it was this one that opened it."""
        global _held, _shown
        mine, self._file = self._file, None
        if mine is None:
            return
        with _LOCK:
            _held, _shown = None, logging.WARNING
            _HOUSE.removeHandler(mine)
            _set_up()
        mine.close()  # outside: a line that is being written may be waiting for the lock


def show(level: int) -> None:
    """Say what standard error shows, beside the file: warnings, if nobody says another.

    It is so until the log is let go. `NOTHING` shows nothing: the command line says in words
    what goes wrong.
    """
    global _shown
    with _LOCK:
        _shown = level
        _set_up()


def hold(database: Path | None) -> Held:
    """Keep the log in a file beside a database.

    A process has one log: the first that asks for one decides where it is, until it lets go.

    Parameters
    ----------
    database : Path or None
        None (a database in memory) keeps no file.
    """
    global _held
    with _LOCK:
        mine = None
        if _held is None and database is not None:
            mine = _held = _File(beside(database))
            _HOUSE.addHandler(mine)
        _set_up()
        return Held(mine)


def beside(database: Path) -> Path:
    """The log of a database: its name with .log after it."""
    return database.with_name(database.name + ".log")


def file() -> Path | None:
    """The file that the log is kept in, None where there is none or it cannot be written."""
    held = _held
    return None if held is None or held.failing else Path(held.baseFilename)


def noted() -> str:
    """Where a fault was noted, as the end of a sentence."""
    path = file()
    return f"It has been noted in {path}." if path else "It has been noted on standard error."


class _Line(logging.Formatter):
    """One event as one line."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        part = record.name.removeprefix("concord.")
        facts: Mapping[str, object] = getattr(record, "facts", {})
        told = [f"{name}={_value(value)}" for name, value in facts.items()]
        words = [at.replace("+00:00", "Z"), record.levelname, part, _value(record.getMessage())]
        return " ".join([*words, *told])


def _value(value: object) -> str:
    """A value that cannot be taken for more than one: quoted where it is not plain."""
    text = f"{value:.3f}" if isinstance(value, float) else str(value)
    if len(text) > LONGEST_VALUE:
        text = text[:LONGEST_VALUE] + "..."
    return text if _PLAIN.fullmatch(text) else json.dumps(text)


class _File(RotatingFileHandler):
    """The rotating file; it notes once that it cannot be written, and goes on."""

    def __init__(self, path: Path) -> None:
        self.failing = self._failed = False
        super().__init__(
            path, maxBytes=FILE_BYTES, backupCount=FILES_KEPT, encoding="utf-8", delay=True
        )
        self.setFormatter(_Line())

    def emit(self, record: logging.LogRecord) -> None:
        self._failed = False
        self._follow_file()
        super().emit(record)  # calls handleError where it fails
        self.failing = self._failed

    def _follow_file(self) -> None:
        """Write where the name leads: another process may have rotated the files."""
        if self.stream is None:
            return
        try:
            here, there = os.fstat(self.stream.fileno()), os.stat(self.baseFilename)
            moved = (here.st_dev, here.st_ino) != (there.st_dev, there.st_ino)
        except (OSError, ValueError):
            moved = True
        if moved:
            self._drop()

    def _drop(self) -> None:
        """Let the file go; what could not be written is lost with it."""
        stream, self.stream = self.stream, None
        if stream is not None:
            with suppress(OSError, ValueError):
                stream.close()

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        del record
        error = sys.exc_info()[1]
        self._failed = True
        self._drop()
        if self.failing:  # it was reported when it began
            return
        self.failing = True
        why = error.strerror if isinstance(error, OSError) else type(error).__name__
        log("operation").warning("log_not_written", file=self.baseFilename, reason=why)


class _Shown(logging.Handler):
    """Standard error, whichever that is at the moment."""

    def emit(self, record: logging.LogRecord) -> None:
        stream: TextIO | None = sys.stderr
        try:
            if stream is not None:
                stream.write(self.format(record) + "\n")
                stream.flush()
        except (OSError, ValueError):  # nobody reads it any more
            return


_held: _File | None = None
_shown = logging.WARNING
_stderr: _Shown | None = None


def _set_up() -> None:
    """Levels and standard error, once; again where the log was taken or let go."""
    global _stderr
    with _LOCK:
        if _stderr is None:
            _stderr = _Shown()
            _stderr.setFormatter(_Line())
            _HOUSE.addHandler(_stderr)
            _HOUSE.propagate = False
        asked = os.environ.get(LEVEL_SETTING, "INFO").upper()
        level = logging.getLevelNamesMapping().get(asked, logging.INFO)
        if _HOUSE.level != level:
            _HOUSE.setLevel(level)
        if _stderr.level != _shown:
            _stderr.setLevel(_shown)
