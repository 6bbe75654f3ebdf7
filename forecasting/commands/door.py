"""What every verb of the command line shares: its options, its refusals, how it answers.

Exit 0: done. Exit 2: the input or the request was refused, one clear line per problem,
nothing changed. Exit 1: our fault. With --json the result is one JSON object on standard
output; progress and notes go to standard error.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from data import failures
from data.ledger import utc_now
from data.store import DEFAULT_PATH, Store
from forecasting import faults, operation, write
from forecasting.commands import elsewhere, running
from forecasting.commands.served import (
    ABSENT,
    TABLES,
    FileOut,
    echo,
    for_whoever_runs_it,
    reader,
    served,
)
from forecasting.errors import BadFiles, DatabaseBusy, OutOfBounds, Refused
from forecasting.governance.audit import Noted
from forecasting.intake import oddities
from forecasting.intake.oddities import Oddity
from forecasting.outputs.part import seen_by
from forecasting.plan.inbound import SUPPLIES
from forecasting.plan.live import LivePlan
from forecasting.rights import LOCAL_ADMIN
from forecasting.version import version
from forecasting.workspace import Workspace

_F = TypeVar("_F", bound=Callable[..., Any])


def _with_log(ctx: click.Context, _option: click.Parameter, db: Path) -> Path:
    """Keep the log beside the database that is asked for, until the verb is done."""
    if served() is not None:  # the server keeps its own
        return db
    operation.show(operation.NOTHING)
    ctx.find_root().call_on_close(operation.hold(db).let_go)
    return db


_db = click.option(
    "--db",
    type=click.Path(path_type=Path, dir_okay=False),
    callback=_with_log,
    default=lambda: Path(os.environ.get("CONCORD_DB", DEFAULT_PATH)),
    help="Database file (default: CONCORD_DB, else data/local/concord.duckdb).",
)
_SERVER, _FILE, _OPEN = "concord.server", "concord.token_file", "concord.open"


def _keep(ctx: click.Context, option: click.Parameter, value: Any) -> None:
    ctx.meta[_SERVER if option.name == "server" else _FILE] = value


_server = click.option(
    "--server", envvar="CONCORD_SERVER", expose_value=False, callback=_keep, metavar="URL",
    help="Have a running Concord do it, at this address (default: CONCORD_SERVER).",
)  # fmt: skip
_token_file = click.option(
    "--token-file", envvar=elsewhere.TOKEN_FILE, expose_value=False, callback=_keep,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where the token for --server is (default: the token in CONCORD_TOKEN).",
)  # fmt: skip


def database(verb: _F) -> _F:
    """The options of a verb that works on a company: its file, or a server that has it."""
    return _db(_server(_token_file(verb)))


acting = click.option("--as", "person", default=LOCAL_ADMIN.id, help="Who acts.")
as_json_too = click.option("--json", "as_json", is_flag=True, help="Machine-readable result.")
as_of_week = click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    default=None,
    help="A day of the as-of week (default: the last complete week).",
)
supplied = click.option("--supply", type=click.Choice(SUPPLIES), default="routine")
which_plan = click.option("--plan", type=click.Choice(["working", "draft"]), default="working")
side_by_side = click.option(
    "--workers",
    default=lambda: min(os.cpu_count() or 1, 4),
    type=click.IntRange(1, 64),
    help="Processes that fit side by side (default: one a core, at most 4).",
)


def writes(*forms: str) -> Callable[[_F], _F]:
    """The option of a file that a verb writes, in one of some forms."""
    return click.option("--out", type=FileOut(*forms), required=True)


written_to = writes(*TABLES)


class _Verb(click.Command):
    """Is done by a server where one is named, or where one on this computer has the file."""

    def invoke(self, ctx: click.Context) -> Any:
        if served() is not None:
            return super().invoke(ctx)
        if url := ctx.meta.get(_SERVER):
            return elsewhere.through(ctx, elsewhere.named(url, ctx.meta.get(_FILE)))
        is_done = False
        try:
            made = super().invoke(ctx)
            is_done = True
            return made
        except DatabaseBusy as busy:
            there = running.found(ctx.params["db"]) if "db" in ctx.params else None
            if there is None or self.name in ABSENT:
                raise
            try:
                return elsewhere.through(ctx, there)
            except elsewhere.NotReached:
                raise busy from None
        finally:
            _written(ctx, is_done=is_done)


class _Verbs(click.Group):
    """Turns refusals into exit 2 with one line per problem, and our faults into exit 1."""

    command_class = _Verb

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BadFiles as error:
            for problem in error.problems:
                click.echo(str(problem), err=True)
            sys.exit(2)
        except Refused as error:
            click.echo(f"{error.title}: {error}", err=True)
            sys.exit(2)
        except _CLICKS_OWN:
            raise
        except Exception as error:
            known = failures.storage_failed(error, _file_of(error))
            if known is not None:  # of the disk or the machine, not of ours
                click.echo(f"{known.title}: {known}", err=True)
                sys.exit(2)
            verb = ctx.invoked_subcommand or ""
            operation.log("cli").fault("verb_failed", error, verb=verb)
            if ctx.params["debug"]:
                raise
            text = faults.in_words(error, f"'{verb}'")
            more = f"Details are in {operation.file()}." if operation.file() else _AGAIN
            click.echo(f"{text} {more}", err=True)
            sys.exit(1)


_CLICKS_OWN = (
    click.ClickException,
    click.exceptions.Exit,
    click.Abort,
    BrokenPipeError,  # whoever reads has enough: `concord odd | head`
)
_AGAIN = "CONCORD_DEBUG=1 shows where it happened."


def _file_of(error: BaseException) -> Path | None:
    """The file that the operating system complained of."""
    name = getattr(error, "filename", None)
    return Path(name) if isinstance(name, str) else None


@click.group(cls=_Verbs)
@click.version_option(version(), prog_name="concord")
@click.option(
    "--debug", is_flag=True, envvar="CONCORD_DEBUG", help="Show where a fault of ours happened."
)
def main(debug: bool) -> None:  # _Verbs looks at it
    """Concord: one forecast that Marketing, Planning and Merchandising agree on."""


@contextmanager
def opened(
    db: Path,
    *,
    clock: Callable[[], dt.datetime] = utc_now,
    create: bool = False,
    least_weeks: int = 0,
) -> Iterator[Workspace]:
    """The workspace of a database; a mistyped path is refused, not made, unless `create`."""
    one = served()
    if one is not None:
        _check_reach(one.workspace, least_weeks)
        yield one.workspace  # what was made is noted when it is answered
        return
    workspace = Workspace(db, clock=clock, create=create, least_weeks=least_weeks)
    ctx = click.get_current_context(silent=True)
    writes_a_file = ctx is not None and ctx.params.get("out") is not None
    try:
        yield _as_seen(workspace)
    except BaseException:
        workspace.close()
        raise
    if ctx is not None and writes_a_file:
        ctx.meta.setdefault(_OPEN, []).append(workspace)  # until what it is for is written
    else:
        workspace.close()


def _as_seen(workspace: Workspace) -> Workspace:
    """The workspace as far as whoever acts sees it."""
    ctx = click.get_current_context(silent=True)
    by = ctx.params.get("person") if ctx is not None else None
    if by is None or not workspace.reading.is_limited:
        return workspace
    return seen_by(workspace, workspace.person(str(by)))


def _written(ctx: click.Context, *, is_done: bool) -> None:
    """Note a file of the company's that a verb wrote, and let go of the database."""
    for workspace in ctx.meta.pop(_OPEN, ()):
        try:
            if is_done:
                who = str(ctx.params.get("person") or LOCAL_ADMIN.id)
                out = Path(ctx.params["out"]).name
                workspace.desk.audit.note(Noted.EXPORTED, who, f"{ctx.info_name}: {out}")
        finally:
            workspace.close()


def _check_reach(workspace: Workspace, weeks: int) -> None:
    """The plan of a running app looks as far ahead as it does."""
    reach = len(workspace.plan.base.weeks) if weeks and workspace.has_forecast else weeks
    if weeks > reach:
        raise OutOfBounds(
            f"The running app looks {reach} weeks ahead; ask for at most so many, or stop it "
            "and ask the database itself."
        )


@contextmanager
def opened_file(db: Path) -> Iterator[Store]:
    """The database as a file, for whoever may have all of it."""
    one = served()
    if one is not None:
        for_whoever_runs_it()
        yield one.workspace.store
        return
    store = Store(db, create=False)
    try:
        yield store
    finally:
        store.close()


def plan_of(workspace: Workspace, name: str) -> LivePlan:
    """The working plan or the draft, with nothing that is collected blind."""
    if name == "working":
        return workspace.working_plan_for(reader())
    return workspace.plan_for(reader())


def say(result: dict[str, Any], *, as_json: bool) -> None:
    """Answer on standard output: one JSON object for a program, lines for a person."""
    one = served()
    if one is not None:
        one.results.append(result)
    if as_json:
        echo(json.dumps(result, default=str))
        return
    for name, value in result.items():
        echo(f"{name}: {json.dumps(value, default=str)}")


def tell_odd(found: Sequence[Oddity]) -> None:
    """What looks odd, in lines, the heaviest first; on standard error."""
    for line in oddities.told(found):
        echo(line, err=True)


def say_with_odd(result: dict[str, Any], found: Sequence[Oddity], *, as_json: bool) -> None:
    """A result, with every oddity in it for a program, and their number for a person."""
    odd: Any = [one.as_dict() for one in found] if as_json else len(found)
    say({**result, "odd": odd}, as_json=as_json)


def teller() -> Callable[[str, float], None]:
    """What tells progress on standard error, with the time that is left by what was spent."""
    one = served()
    if one is not None:  # whoever asked looks when they like
        return one.tell
    started = time.monotonic()

    def tell(text: str, share: float) -> None:
        spent = time.monotonic() - started
        left = f", {write.number(spent / share - spent)} s left" if share > 0.05 else ""
        echo(f"  {write.percent(share):>4}  {text}{left}", err=True)

    return tell


def check_as_of(workspace: Workspace, as_of: dt.datetime | None) -> None:
    """A projection starts from the run in force; another week needs another run."""
    if as_of is None:
        return
    base = workspace.plan.base
    asked = as_of.date()
    if not base.as_of <= asked < base.as_of + dt.timedelta(7):
        raise Refused(
            f"The forecast in force is as of the week of {base.as_of}. Run "
            f"'refresh --as-of {asked}' first."
        )
