"""Files that are there whole, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from data import failures


@contextmanager
def whole(target: Path) -> Iterator[Path]:
    """A path beside a target, with its ending: it takes the target's place when all is written.

    Where that fails it goes, and what stood at the target before still stands there.

    Raises
    ------
    StorageFailed
        If there is no room or no right to write.
    """
    partial = target.with_name(f".{target.stem}.partial{target.suffix}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        partial.unlink(missing_ok=True)
        yield partial
        partial.replace(target)
    except OSError as error:
        raise failures.storage_failed(error, target) or error from error
    finally:
        for left in (partial, partial.with_name(partial.name + ".wal")):
            left.unlink(missing_ok=True)
