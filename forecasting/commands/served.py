"""A verb of the command line that runs inside the server, for a program that asks over HTTP.

The verb is the same function. What it would open is open already, what it would print is kept,
whose name it would be given is known by a token, and the files it reads and writes are in a
folder of this one request: no caller names a place on the server.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from forecasting.rights import LOCAL_ADMIN, Person
from forecasting.workspace import Workspace

TABLES = (".csv", ".xlsx", ".parquet")
"""Forms in which a table is written."""
PLACE = "concord-files:/"
"""Before the name of a file in what is told, where the file comes along."""
ABSENT: Mapping[str, str] = {
    "serve": "It starts the server that is asked.",
    "sample": "It builds a made-up company in a database of its own.",
    "restore": "It makes a database where there is none; the one that is served is one.",
    "move": "It moves the log from under whoever has it open: stop the server for it.",
}
"""Verbs that programs do not have, and why."""
READS = frozenset({
    "template", "export", "project", "bridge", "buy-plan", "orders", "pack", "proposals",
    "calendar", "backup", "tokens", "input", "audit", "export-person",
})  # fmt: skip
"""Verbs that change nothing."""
LOOKS: Mapping[str, frozenset[str]] = {
    "odd": frozenset({"accept", "show_again", "note"}),
    "sources": frozenset({"remove"}),
    "conventions": frozenset({"changes"}),
    "inbox": frozenset({"seen"}),
    "schedules": frozenset(
        {"name", "does", "at", "days", "options", "pause", "resume", "remove", "run"}
    ),
    "people": frozenset({"who", "departments", "classes", "regions", "see"}),
}
"""Verbs that show something and also change it, with the parameters that do."""
LONG = frozenset({"refresh", "backtest", "replay"})
"""Verbs that take minutes: over HTTP they are jobs, which nobody has to wait for."""
ONLY_HERE: Mapping[str, frozenset[str]] = {"schedules": frozenset({"options"})}
"""Parameters that may name a place on the server: for the command line of its own computer."""


class FileIn(click.Path):
    """A file, or a folder of files, that a verb reads; over HTTP it is uploaded."""

    def __init__(self, *, dir_okay: bool = False) -> None:
        super().__init__(path_type=Path, dir_okay=dir_okay)


class FileOut(click.Path):
    """A file that a verb writes; over HTTP it is what is answered.

    Parameters
    ----------
    forms : str
        Endings that it may have.
    """

    def __init__(self, *forms: str) -> None:
        super().__init__(path_type=Path, dir_okay=False)
        self.forms = forms or TABLES


class FolderOut(click.Path):
    """A folder that a verb fills; over HTTP it is answered as one archive."""

    def __init__(self) -> None:
        super().__init__(path_type=Path, file_okay=False)


def public(one: click.Parameter) -> str:
    """What a parameter is called by callers: as the command line spells it."""
    if isinstance(one, click.Argument):
        return str(one.name)
    return spelled(one).lstrip("-").replace("-", "_")


def spelled(one: click.Parameter) -> str:
    """A parameter as the command line spells it, with its dashes."""
    return max(one.opts, key=len)


@dataclass(slots=True, kw_only=True)
class Served:
    """One verb that runs for a program, and what it has told so far."""

    workspace: Workspace
    person: Person
    tell: Callable[[str, float], None] = lambda _text, _share: None
    """Takes how far it is: what, and which share of all."""
    told: list[tuple[str, bool]] = field(default_factory=list)
    """Lines, each with whether it is a note beside the result."""
    results: list[dict[str, Any]] = field(default_factory=list)


_SERVED: ContextVar[Served | None] = ContextVar("served", default=None)


@contextmanager
def serving(one: Served) -> Iterator[Served]:
    """Run what follows for a program."""
    token = _SERVED.set(one)
    try:
        yield one
    finally:
        _SERVED.reset(token)


def served() -> Served | None:
    """What runs for a program here; None at the command line itself."""
    return _SERVED.get()


def reader() -> str:
    """As whom a verb reads that asks for nobody's name: nothing collected blind is seen."""
    one = _SERVED.get()
    return LOCAL_ADMIN.id if one is None else one.person.id


def for_whoever_runs_it() -> None:
    """Refuse what only whoever may read the file of the database may have: all of it at once.

    Raises
    ------
    NotAllowed
        If a program asks whose person is not Admin.
    """
    one = _SERVED.get()
    if one is not None:
        one.workspace.desk.allowed(one.person.id, "people")


def echo(text: str, *, err: bool = False) -> None:
    """Say a line: on standard output, or as a note on standard error."""
    one = _SERVED.get()
    if one is None:
        click.echo(text, err=err)
    else:
        one.told.append((text, err))
