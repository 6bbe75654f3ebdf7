"""Folders for work in between, gone when the work is, however it ends.

All folders of a process are in one, which the process holds a lock on. The system lets the
lock go when the process dies, even by kill -9; whoever starts next sweeps what nobody holds.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

PREFIX = "concord-work-"
OWNER = "owner"
"""The file in a process's folder that it holds a lock on."""
JUST_MADE_SECONDS = 60.0
"""A folder without an owner may be one whose owner is only now making it."""

_LOCK = threading.Lock()
_home: tuple[int, Path, IO[str]] | None = None
"""Of which process, where, and the lock."""


@contextmanager
def folder(what: str) -> Iterator[Path]:
    """An empty folder for one piece of work.

    Parameters
    ----------
    what : str
        A word for whoever finds it: "fit", "upload".
    """
    made = Path(tempfile.mkdtemp(prefix=f"{what}-", dir=_own()))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def lasting(what: str) -> Path:
    """An empty folder that stays until the process ends."""
    return Path(tempfile.mkdtemp(prefix=f"{what}-", dir=_own()))


def sweep() -> int:
    """Remove what processes left that are no more; how many there were."""
    swept = 0
    for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            mine = left.stat().st_uid == os.getuid() and not left.is_symlink()
            if mine and _is_left(left):
                shutil.rmtree(left, ignore_errors=True)
                swept += 1
        except OSError:  # gone meanwhile
            continue
    return swept


def _is_left(place: Path) -> bool:
    """Whether nobody holds a process's folder."""
    try:
        with (place / OWNER).open("r+") as owner:
            fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
    except BlockingIOError:
        return False
    except FileNotFoundError:
        return time.time() - place.stat().st_mtime > JUST_MADE_SECONDS


def _own() -> Path:
    """The folder of this process, made when it is first needed."""
    global _home
    with _LOCK:
        if _home is None or _home[0] != os.getpid() or not _home[1].exists():
            place = Path(tempfile.mkdtemp(prefix=PREFIX))
            lock = (place / "new").open("w")
            fcntl.flock(lock, fcntl.LOCK_EX)
            (place / "new").rename(place / OWNER)  # held before anybody can ask who holds it
            _home = (os.getpid(), place, lock)
            atexit.register(_gone, os.getpid(), place)
        return _home[1]


def _gone(process: int, place: Path) -> None:
    if process == os.getpid():
        shutil.rmtree(place, ignore_errors=True)


@contextmanager
def gone_unless_done(db: Path, *beside: Path) -> Iterator[None]:
    """Leave no new database, and no folder beside it, where what it was made for failed."""
    is_new = not db.exists()
    try:
        yield
    except BaseException:
        if is_new:
            for left in (db, db.with_name(db.name + ".wal")):
                left.unlink(missing_ok=True)
            for folder in beside:
                shutil.rmtree(folder, ignore_errors=True)
        raise
