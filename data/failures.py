"""What the operating system and the engine say when they cannot go on, in words for a person.

The one place where errors of storage are told from all others. A page, the command line and
the ledger's callers then meet the same sentence: what happened, what it means for what they
did, and what to do.
"""

from __future__ import annotations

import errno
import re
from pathlib import Path

import duckdb

from forecasting.errors import StorageFailed
from forecasting.faults import NO_ROOM

_SHUT = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})
"""Errors of a file or a folder that may not be written to."""
_SAYS_FULL = re.compile("No space left|File too large|quota exceeded|Disk quota", re.I)
"""The engine hands on what the system answered, as text only."""
_SAYS_SHUT = re.compile("Read-only file system|Permission denied|read-only mode", re.I)
"""Likewise, where it may not write."""
_SAYS_DEAD = re.compile("has been invalidated|Connection already closed|INTERNAL Error")
"""The engine gave the file up: nothing works until it is opened anew."""


def is_fatal(error: BaseException) -> bool:
    """Whether the engine does nothing more until the file is opened anew."""
    if isinstance(error, duckdb.FatalException | duckdb.InternalException):
        return True
    return isinstance(error, duckdb.Error) and bool(_SAYS_DEAD.search(str(error)))


def storage_failed(error: BaseException, where: Path | None = None) -> StorageFailed | None:
    """The refusal that an error of storage amounts to; None where it is another kind of error.

    Parameters
    ----------
    error : exception
        Of DuckDB or of the operating system.
    where : Path, optional
        The file that was being written, named in the sentence.
    """
    place = str(where) if where is not None else "the database"
    number = getattr(error, "errno", None) if isinstance(error, OSError) else None
    text = str(error)
    if number in NO_ROOM or (_may_say_so(error) and _SAYS_FULL.search(text)):
        return StorageFailed(
            f"There is no space left for {place}, so nothing was changed. Free some space on "
            "its disk, then do it again; the app goes on by itself, without a restart."
        )
    if number in _SHUT or (_may_say_so(error) and _SAYS_SHUT.search(text)):
        return StorageFailed(
            f"{place} may not be written, so nothing was changed. Give the account that runs "
            "Concord the right to write the file and its folder, then do it again."
        )
    if isinstance(error, duckdb.OutOfMemoryException | MemoryError):
        return StorageFailed(
            "There was not enough memory for this, so nothing was changed. Try it in smaller "
            "parts, or while less else is running."
        )
    if is_fatal(error) or isinstance(error, duckdb.IOException) or number is not None:
        return StorageFailed(
            f"{place} could not be used just now ({_first_line(text)}). Do it again in a "
            "moment; what was acknowledged before is kept."
        )
    return None


def _may_say_so(error: BaseException) -> bool:
    """Whether an error's words come from the engine: those of others prove nothing."""
    return isinstance(error, duckdb.Error)


def _first_line(text: str) -> str:
    return text.strip().split("\n")[0][:200]
