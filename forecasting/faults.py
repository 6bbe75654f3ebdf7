"""What went wrong by our own fault: in words for a person, and in one line for the log.

A message of an exception often quotes what it stumbled over: a cell, a note, a name. A person
who was working with it may see that; the log may not. So the log has the kind and the place
of every fault, and the message only of those kinds that speak of the machine.
"""

from __future__ import annotations

import errno
import traceback
from pathlib import Path

ROOT = Path(__file__).parents[1]
MOST_FRAMES = 40
"""Of one traceback, the innermost ones."""
MOST_CHARACTERS = 300
"""Characters of a message, for a person."""
NO_ROOM = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)
"""A full disk, a file that may not become larger, a quota that is used up: one remedy for
all."""
_OF_THE_MACHINE = (
    OSError, MemoryError, RuntimeError, AttributeError, NameError, ImportError, TypeError,
    ArithmeticError, IndexError,
)  # fmt: skip
_ALSO = ("IOException", "OutOfMemoryException", "FatalException", "ConnectionException")
"""The database engine's own, by name: only `data` knows the engine."""


def is_no_memory(error: BaseException) -> bool:
    """Whether it says that memory ran out."""
    return isinstance(error, MemoryError) or _kind(error) == "OutOfMemoryException"


def is_no_room(error: BaseException) -> bool:
    """Whether it says that a disk is full, or a file as large as it may be."""
    if isinstance(error, OSError):
        return error.errno in NO_ROOM
    message = str(error).lower()
    return _kind(error) in _ALSO and ("no space left" in message or "file too large" in message)


def in_words(error: BaseException, doing: str = "It") -> str:
    """What happened and what to do next, for whoever waits.

    Parameters
    ----------
    error : BaseException
        Anything but a refusal, which has words of its own.
    doing : str
        What failed, as the subject of a sentence: "The refresh".

    Examples
    --------
    >>> in_words(MemoryError(), "The refresh")  # doctest: +NORMALIZE_WHITESPACE
    'The refresh ran out of memory. Close other programs, or give it fewer processes
    (--workers 1), and try again.'
    """
    if is_no_memory(error):
        return (
            f"{doing} ran out of memory. Close other programs, or give it fewer processes "
            "(--workers 1), and try again."
        )
    if is_no_room(error):
        where = (
            f" for {error.filename}" if isinstance(error, OSError) and error.filename else ""
        )
        return f"{doing} found no room left on the disk{where}. Free some space and try again."
    if _kind(error) == "BrokenProcessPool":
        return (
            f"{doing} lost one of its processes: the system ended it, most likely because "
            "memory ran out. Close other programs, or give it fewer processes (--workers 1), "
            "and try again."
        )
    message = " ".join(str(error).split())[:MOST_CHARACTERS]
    text = f"{_kind(error)}: {message}" if message else _kind(error)
    return f"{doing} failed by a fault of ours ({text}). Try again; if it stays, report it."


def for_log(error: BaseException) -> dict[str, str]:
    """Kind, place and causes of a fault, without what people wrote or files hold.

    Returns
    -------
    dict
        error, `said` (where the message speaks of the machine only), trace (innermost frame
        last), and the same of the cause, where there is one: cause, cause_said, cause_trace.
    """
    told = _one(error)
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        before = _one(cause)
        told["cause"] = before.pop("error")
        told |= {f"cause_{name}": text for name, text in before.items()}
    return told


def _one(error: BaseException) -> dict[str, str]:
    told = {"error": _kind(error)}
    if isinstance(error, _OF_THE_MACHINE) or _kind(error) in _ALSO:
        told["said"] = str(error)
    frames = traceback.extract_tb(error.__traceback__)[-MOST_FRAMES:]
    if frames:
        told["trace"] = " > ".join(f"{_short(f.filename)}:{f.lineno} {f.name}" for f in frames)
    return told


def _kind(error: BaseException) -> str:
    return type(error).__name__


def _short(name: str) -> str:
    """A source file from our root or from the last folder that says whose it is."""
    path = Path(name)
    if path.is_relative_to(ROOT) and "site-packages" not in path.parts:
        return path.relative_to(ROOT).as_posix()
    parts = path.parts
    after = len(parts) - parts[::-1].index("site-packages") if "site-packages" in parts else -2
    return "/".join(parts[after:])
