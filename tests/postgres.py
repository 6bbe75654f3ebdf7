"""A PostgreSQL of the tests' own: made in a folder of its own, reached over a socket, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

both_engines = pytest.mark.parametrize("log_engine", ["file", "postgres"], indirect=True)
"""A test that holds wherever events stand for good (`log_engine` in conftest.py)."""
REQUIRED = "CONCORD_REQUIRE_POSTGRES"
"""Set where CI runs: a test that would skip for want of PostgreSQL fails."""


def programs() -> Path | None:
    """The folder of initdb and pg_ctl; None where there is none."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent
    distributions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return distributions[-1].parent if distributions else None


class Server:
    """A PostgreSQL in a folder, started and stopped at will.

    Parameters
    ----------
    folder : Path
        Short, since a socket's name is.
    is_durable : bool
        Whether what is committed is on the disk: only where it is killed.
    """

    def __init__(self, folder: Path, *, is_durable: bool = False) -> None:
        self.folder, self._bin = folder, programs()
        self._data = folder / "data"
        # It will not run as root: somebody who owns nothing else does it then.
        self._user = None if os.getuid() else _unprivileged()
        if self._user:
            shutil.chown(folder, self._user)
        self._run(
            "initdb", "-U", "concord", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"
        )
        quick = "" if is_durable else " -c fsync=off -c full_page_writes=off"
        self._options = f"-k {folder} -c listen_addresses='' -c shared_buffers=16MB{quick}"
        self.start()

    def start(self) -> None:
        self._run(
            "pg_ctl", "-w", "-t", "60", "-s", "-l", str(self.folder / "server.log"),
            "-o", self._options, "start",
        )  # fmt: skip

    def stop(self, mode: str = "immediate") -> None:
        self._run("pg_ctl", "-w", "-s", "-m", mode, "stop")

    def url(self, database: str) -> str:
        return f"postgresql://concord@/{database}?host={self.folder}"

    def clean(self) -> str:
        """The address of the database that tests share, empty again: sooner done than another one."""
        url = self.url("postgres")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where datname = current_database() and pid <> pg_backend_pid()"
            )
            connection.execute("drop schema if exists concord cascade")
        return url

    def new(self) -> str:
        """The address of an empty database of its own."""
        name = f"log_{uuid.uuid4().hex[:12]}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"create database {name}")
        return self.url(name)

    def _run(self, program: str, *words: str) -> None:
        subprocess.run(
            [str(self._bin / program), "-D", str(self._data), *words],
            check=True, cwd=self.folder, user=self._user, timeout=120,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip


@contextmanager
def running(*, is_durable: bool = False) -> Iterator[Server]:
    """A server for the while."""
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    server = None
    try:
        server = Server(folder, is_durable=is_durable)
        yield server
    finally:
        if server is not None:
            with suppress(subprocess.CalledProcessError):  # a test may have stopped it
                server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def moved(db: Path, url: str) -> None:
    """Move the log of a database file to PostgreSQL."""
    from data.log.moving import to_postgres
    from data.store import Store

    store = Store(db)
    try:
        to_postgres(store, url)
    finally:
        store.close()


def _unprivileged() -> str:
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    raise RuntimeError("there is no account that PostgreSQL could run as")
