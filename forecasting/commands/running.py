"""The note that a running app leaves beside its database, so that the command line finds it.

It holds an address and a secret of this one run, for its owner's eyes only: whoever may read it
may read the database, too. A process that is killed leaves its note behind; whether somebody is
there is asked of the system and then of the address, never taken from the note.
"""

from __future__ import annotations

import atexit
import json
import os
import secrets
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from forecasting import operation
from forecasting.commands.elsewhere import Server

LOG = operation.log("serve")
ENDING = ".serving"
MOST_BYTES = 4_096


@dataclass(frozen=True, slots=True)
class _Left:
    path: Path
    secret: str


_left: _Left | None = None


def beside(db: Path) -> Path:
    """The note of a database: its name with .serving after it."""
    return db.with_name(db.name + ENDING)


def secret() -> str:
    """What opens the app of this process to the command line of this computer; '': nothing."""
    return _left.secret if _left else ""


def announce(db: Path, url: str) -> None:
    """Leave the note: this process has the database, and answers at an address."""
    global _left
    path, made = beside(db.resolve()), secrets.token_urlsafe(32)
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    note = {"url": url, "secret": made, "process": os.getpid()}
    try:
        partial.unlink(missing_ok=True)
        # For the owner alone from its first moment on, and nobody's link is followed.
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(note, file)
        partial.replace(path)
    except OSError as error:  # the app runs all the same; the command line refuses as before
        LOG.warning("note_not_left", file=path, reason=error.strerror)
        return
    _left = _Left(path, made)
    atexit.register(leave)


def leave() -> None:
    """Take the note away, if it is this process's own."""
    global _left
    mine, _left = _left, None
    if mine is None:
        return
    with suppress(OSError, ValueError):
        if json.loads(mine.path.read_text(encoding="utf-8")).get("secret") == mine.secret:
            mine.path.unlink()


def found(db: Path) -> Server | None:
    """The app on this computer that has a database, by its note; None: nobody says so."""
    try:
        handle = os.open(beside(db.resolve()), os.O_RDONLY | os.O_NOFOLLOW)
        with os.fdopen(handle, encoding="utf-8") as file:
            about = os.fstat(file.fileno())
            if about.st_uid not in (os.getuid(), 0) or stat.S_IMODE(about.st_mode) & 0o077:
                return None  # others may have written it
            note = json.loads(file.read(MOST_BYTES))
        os.kill(int(note["process"]), 0)
        return Server(url=str(note["url"]), token=str(note["secret"]), is_here=True)
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        return None
