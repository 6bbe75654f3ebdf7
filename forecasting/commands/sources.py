"""How files of a company's own form are read: the verb of sources, and options that say it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from data.shapes import REPLACES
from data.tables import TABLES
from forecasting.commands.door import acting, as_json_too, database, main, opened, say
from forecasting.commands.served import echo
from forecasting.intake import dialogue
from forecasting.intake.dialogue import FileOptions

_OF_SOURCE: dict[str, tuple[str, Any]] = {
    "--table": ("Which of our tables the file holds.", click.Choice(list(TABLES))),
    "--read": ("KEY=CHOICE: how a doubt is settled, as the refusal names it.", ()),
    "--column": ("OURS=THEIRS: the column that is ours; OURS= leaves it out.", ()),
    "--constant": ("OURS=VALUE: the same in every row.", ()),
    "--factor": ("OURS=NUMBER or COLUMN: units in one of theirs.", ()),
    "--value": ("OURS:WORD=OUR WORD: what one of their words means.", ()),
    "--leave-out": ("COLUMN=VALUE: rows that do not count; VALUE* begins with it.", ()),
    "--keep": ("COLUMN=VALUE: rows that count, though they look called off.", ()),
    "--on": ("THEIRS=ITS: the columns by which a second file joins.", str),
    "--replace": ("Which rows of ours give way.", click.Choice(list(REPLACES))),
    "--add-up": ("Rows of one key are added up.", bool),
}
"""Options that say how a source reads a file, with their help."""
_NAMES = {
    "--table": "table", "--read": "read", "--column": "columns", "--constant": "constants",
    "--factor": "factors", "--value": "values", "--leave-out": "leave_out",
    "--keep": "keep", "--on": "on", "--replace": "replaces", "--add-up": "added_up",
}  # fmt: skip


def file_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of a source, as one value `options`."""

    @wraps(function)
    def called(**given: Any) -> Any:
        told = {name: given.pop(name) for name in _NAMES.values()}
        kept = {name: value for name, value in told.items() if value}
        return function(**given, options=FileOptions(**kept))

    decorated: Callable[..., Any] = called
    for name, (words, kind) in reversed(_OF_SOURCE.items()):
        how: dict[str, Any] = {"multiple": True} if kind == () else {"type": kind}
        how = {"is_flag": True} if kind is bool else how
        decorated = click.option(name, _NAMES[name], help=words, **how)(decorated)
    return decorated


@main.command()
@database
@acting
@as_json_too
@click.option("--show", metavar="NAME", help="All of one source.")
@click.option("--remove", metavar="NAME", help="Forget a source; its imports stay.")
def sources(db: Path, person: str, as_json: bool, show: str | None, remove: str | None) -> None:
    """List the sources: how files of your own form are read."""
    with opened(db) as workspace:
        if remove is not None:
            workspace.sources.remove(person, remove)
        known = [workspace.sources.one(show)] if show is not None else workspace.sources.all
        told = [{"name": one.name, **one.shape.as_dict()} for one in known]
        lines = dialogue.listed(workspace.sources) if show is None else []
    if as_json or show is not None:
        say({"sources": told}, as_json=True)
        return
    for line in lines:
        echo(line)
