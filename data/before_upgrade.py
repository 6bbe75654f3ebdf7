"""A copy of a database as it was, made before its schema is brought up to date.

A newer Concord changes a database when it first opens it, and an older one does not open it
any more. So what was there before is kept beside it: whoever has to go back puts that copy in
its place with the older program (docs/how-to/upgrade.md).
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb

from data import failures, migrations
from forecasting.errors import StorageFailed
from forecasting.version import version

KEPT = 3
"""Copies that are kept; older ones go."""
SPARE = 1.1
"""Room that is asked for, in sizes of the database: the upgrade itself needs some."""
GO_ON = "CONCORD_UPGRADE_WITHOUT_BACKUP"
"""Environment variable; 1: the upgrade goes on without a copy."""


def keep(
    path: Path, connection: duckdb.DuckDBPyConnection, copy: Callable[[Path], None]
) -> Path | None:
    """Keep a copy of a database that is about to be brought up to date.

    Parameters
    ----------
    path : Path
        The database, which is open.
    copy : callable
        Writes a whole, consistent copy to a new file, or raises and leaves none.

    Returns
    -------
    Path or None
        The copy; None where the database is up to date, or nobody wants one.

    Raises
    ------
    StorageFailed
        If there is no room, or the copy cannot be read. The database is as it was.
    """
    if not _lacks_steps(connection) or os.environ.get(GO_ON) == "1":
        return None
    _check_room(path)
    made = _free_name(path)
    copy(made)
    try:
        _check_same(made, connection)
    except (duckdb.Error, StorageFailed) as error:
        made.unlink(missing_ok=True)
        raise StorageFailed(
            f"The copy of {path} that is kept before an upgrade cannot be read ({error}). The "
            f"database was not changed. Do it again; {GO_ON}=1 goes on without a copy."
        ) from error
    for old in kept_of(path)[:-KEPT]:
        old.unlink(missing_ok=True)
    return made


def kept_of(path: Path) -> list[Path]:
    """The copies that were kept of a database, the oldest first."""
    found = path.parent.glob(f"{_escaped(path.stem)}.before-*{path.suffix}")
    return sorted(found, key=lambda copy: (copy.stem.rpartition("-")[2], copy.name))


def _escaped(stem: str) -> str:
    return "".join(f"[{c}]" if c in "[*?" else c for c in stem)


def _lacks_steps(connection: duckdb.DuckDBPyConnection) -> bool:
    done = migrations.names_in(connection)
    return any(name not in done for name, _ in migrations.steps())


def _check_room(path: Path) -> None:
    log = path.with_name(path.name + ".wal")
    size = path.stat().st_size + (log.stat().st_size if log.exists() else 0)
    try:
        free = shutil.disk_usage(path.parent).free
    except OSError as error:
        raise failures.storage_failed(error, path) or error from error
    if free < size * SPARE:
        raise StorageFailed(
            f"{path} has to be brought up to date for this version, and a copy of it is kept "
            f"before that. The copy needs {_mega(size * SPARE)} MB and its disk has "
            f"{_mega(free)} MB left, so nothing was changed. Free some space; or back it up to "
            f"another disk with the version before, then start with {GO_ON}=1."
        )


def _mega(size: float) -> str:
    return f"{size / 1e6:,.0f}"


def _free_name(path: Path) -> Path:
    """A name by version and time (UTC), which sorts by time."""
    now = dt.datetime.now(dt.UTC)
    while True:
        made = path.with_name(
            f"{path.stem}.before-{version()}-{now:%Y%m%dT%H%M%SZ}{path.suffix}"
        )
        if not made.exists():
            return made
        now += dt.timedelta(seconds=1)


def _check_same(made: Path, connection: duckdb.DuckDBPyConnection) -> None:
    """Open a copy, and see that its ledger ends where the database's does."""
    asked = "select count(*), max(seq) from event"
    copied = duckdb.connect(str(made), read_only=True)
    try:
        same = copied.execute(asked).fetchall() == connection.execute(asked).fetchall()
    finally:
        copied.close()
    if not same:
        raise StorageFailed("its ledger ends elsewhere")
