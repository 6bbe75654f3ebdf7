"""The command line: the same product without a browser.

Exit 0: done. Exit 2: the input or the request was refused, one clear line per problem,
nothing changed. Exit 1: our fault. With --json the result is one JSON object on standard
output; progress and notes go to standard error.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import pandas as pd

from data import failures, files
from data.ledger import utc_now
from data.store import DEFAULT_PATH, Store
from data.store import restore as put_back
from forecasting import faults, operation, scratch
from forecasting.consensus.events.cycle import ConsensusPublished
from forecasting.consensus.events.record import RunMade
from forecasting.demand.accuracy import summed
from forecasting.errors import BadFiles, Refused, StorageFailed
from forecasting.intake import oddities
from forecasting.intake.oddities import Oddity
from forecasting.monthly import buying
from forecasting.outputs import board_pack, consensus_pack, exports
from forecasting.plan import views
from forecasting.plan.inbound import SUPPLIES
from forecasting.plan.live import LivePlan
from forecasting.record import replay as past
from forecasting.rights import LOCAL_ADMIN
from forecasting.sample import past_cycles
from forecasting.sample.company import make_sample, parts_of
from forecasting.version import version
from forecasting.vocabulary import Function
from forecasting.workspace import Workspace

STAFF = (
    ("mara", "Mara Quill", Function.MARKETING),
    ("dana", "Dana Okoro", Function.PLANNING),
    ("ines", "Ines Falk", Function.MERCHANDISING),
    ("victor", "Victor Lindqvist", Function.LEADERSHIP),
    ("sam", "Sam Attwater", Function.ADMIN),
)
"""The sample company's people; all of them made up."""


def _with_log(ctx: click.Context, _option: click.Parameter, db: Path) -> Path:
    """Keep the log beside the database that is asked for, until the verb is done."""
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
_as = click.option("--as", "person", default=LOCAL_ADMIN.id, help="Who acts.")
_json = click.option("--json", "as_json", is_flag=True, help="Machine-readable result.")
_as_of = click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    default=None,
    help="A day of the as-of week (default: the last complete week).",
)
_supply = click.option("--supply", type=click.Choice(SUPPLIES), default="routine")
_plan = click.option("--plan", type=click.Choice(["working", "draft"]), default="working")
_workers = click.option(
    "--workers",
    default=lambda: min(os.cpu_count() or 1, 4),
    type=click.IntRange(1, 64),
    help="Processes that fit side by side (default: one a core, at most 4).",
)
_out = click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True)


class _Verbs(click.Group):
    """Turns refusals into exit 2 with one line per problem, and our faults into exit 1."""

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
            said = faults.in_words(error, f"'{verb}'")
            more = f"Details are in {operation.file()}." if operation.file() else _AGAIN
            click.echo(f"{said} {more}", err=True)
            sys.exit(1)


_CLICKS_OWN = (click.ClickException, click.exceptions.Exit, click.Abort)
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
def _opened(
    db: Path, *, clock: Callable[[], dt.datetime] = utc_now, create: bool = False
) -> Iterator[Workspace]:
    """The workspace of a database; a mistyped path is refused, not made, unless `create`."""
    workspace = Workspace(db, clock=clock, create=create)
    try:
        yield workspace
    finally:
        workspace.close()


@contextmanager
def _gone_unless_done(db: Path, *beside: Path) -> Iterator[None]:
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


def _plan_of(workspace: Workspace, name: str) -> LivePlan:
    """The working plan or the draft, with nothing that is collected blind."""
    if name == "working":
        return workspace.working_plan_for(LOCAL_ADMIN.id)
    return workspace.plan_for(LOCAL_ADMIN.id)


def _say(result: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(result, default=str))
        return
    for name, value in result.items():
        click.echo(f"{name}: {json.dumps(value, default=str)}")


def _tell_odd(found: Sequence[Oddity]) -> None:
    """What looks odd, in lines, the heaviest first; on standard error."""
    for line in oddities.told(found):
        click.echo(line, err=True)


def _say_with_odd(result: dict[str, Any], found: Sequence[Oddity], *, as_json: bool) -> None:
    """A result, with every oddity in it for a program, and their number for a person."""
    odd: Any = [one.as_dict() for one in found] if as_json else len(found)
    _say({**result, "odd": odd}, as_json=as_json)


def _teller() -> Callable[[str, float], None]:
    started = time.monotonic()

    def tell(text: str, share: float) -> None:
        spent = time.monotonic() - started
        left = f", {spent / share - spent:.0f} s left" if share > 0.05 else ""
        click.echo(f"  {share:4.0%}  {text}{left}", err=True)

    return tell


@main.command()
@_db
@_json
@click.option("--skus", default=240, type=click.IntRange(9, 100_000))
@click.option("--doors", default=12, type=click.IntRange(3, 500))
@click.option("--weeks", default=130, type=click.IntRange(60, 520))
@click.option("--seed", default=7)
@click.option("--cycles/--no-cycles", default=True, help="Play six past consensus cycles.")
@click.option(
    "--habits/--no-habits", default=True, help="People and buyers err as they are used to."
)
def sample(
    db: Path,
    as_json: bool,
    skus: int,
    doors: int,
    weeks: int,
    seed: int,
    cycles: bool,
    habits: bool,
) -> None:
    """Build a made-up retailer with known truth, its past cycles and its forecast."""
    started = time.perf_counter()
    if db.exists():
        raise Refused(f"{db} exists already; choose another --db, or delete it first.")
    tell = _teller()
    # Built beside and moved into place, so that a half-built company is never opened.
    building = db.with_name(db.name + ".building")
    building.unlink(missing_ok=True)
    truth = db.with_name(db.stem + ".truth")
    truth.mkdir(parents=True, exist_ok=True)
    counts: dict[str, int] = {}
    sizes = parts_of(skus)
    clock = past_cycles.Clock()
    with (
        _gone_unless_done(building, truth),
        _opened(building, clock=clock, create=True) as workspace,
    ):
        for part, size in enumerate(sizes):
            tell("drawing the company and importing its files", 0.02 + 0.2 * part / len(sizes))
            drawn = make_sample(
                skus=size, doors=doors, weeks=weeks, seed=seed, part=part, habits=habits
            )
            tables = drawn.tables
            if part:  # of these there is one for the whole company
                tables = {
                    n: f
                    for n, f in tables.items()
                    if n not in ("doors", "lanes", "kpis", "budget")
                }
            with scratch.folder("sample") as folder:
                for name, frame in tables.items():
                    frame.to_parquet(folder / f"{name}.parquet", index=False)
                _, judged = workspace.import_files(LOCAL_ADMIN.id, [folder])
            for verdict in judged.verdicts:
                counts[verdict.table] = counts.get(verdict.table, 0) + verdict.accepted
            for name, frame in drawn.truth.items():
                ending = f"-{part}" if part else ""
                frame.to_parquet(truth / f"{name}{ending}.parquet", index=False)
        for identity, name, function in STAFF:
            workspace.set_person(
                LOCAL_ADMIN.id, identity=identity, name=name, function=function
            )
        last = pd.Timestamp(drawn.tables["sales"]["date"].max()).date()
        last -= dt.timedelta((last.weekday() + 1) % 7)
        if cycles and len(sizes) == 1 and weeks >= 80:
            launched = drawn.tables["skus"].dropna(subset="launch_date")
            past_cycles.play(
                workspace,
                clock,
                past_cycles.Cast(
                    people={f: i for i, _, f in STAFF},
                    demand=drawn.truth["demand"],
                    launches={
                        sku: pd.Timestamp(day).date()
                        for sku, day in zip(
                            launched["sku"], launched["launch_date"], strict=True
                        )
                    },
                    habits=habits,
                    seed=seed,
                ),
                last=last,
                known_weeks=weeks,
                tell=lambda text, share: tell(text, 0.1 + 0.8 * share),
                workers=min(os.cpu_count() or 1, 4),
            )
        clock.set(last + dt.timedelta(8), 8)
        run = workspace.runs.refresh(
            LOCAL_ADMIN.id,
            workers=min(os.cpu_count() or 1, 4),
            tell=lambda text, share: tell(text, 0.9 + 0.08 * share),
        )
        workspace.quarters.sum_up()
    building.rename(db)
    seconds = round(time.perf_counter() - started, 1)
    result = {"tables": counts, "series": run.told(RunMade).series, "seconds": seconds}
    _say(result, as_json=as_json)


@main.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@_json
def template(folder: Path, as_json: bool) -> None:
    """Write an empty file of every table, and COLUMNS.md that explains them."""
    written = files.write_templates(folder)
    _say({"files": [str(path) for path in written]}, as_json=as_json)


@main.command("import")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@_db
@_as
@_json
@click.option("--allow-rejects", is_flag=True, help="Load good rows, write refused ones.")
def import_(
    paths: tuple[Path, ...], db: Path, person: str, as_json: bool, allow_rejects: bool
) -> None:
    """Load files or folders of files, all or nothing."""
    started = time.perf_counter()
    with _gone_unless_done(db), _opened(db, create=True) as workspace:
        event, judged = workspace.import_files(person, paths, allow_rejects=allow_rejects)
        odd = workspace.oddities.open(person)
    for note in judged.notes:
        click.echo(note, err=True)
    tables = {}
    for verdict in judged.verdicts:
        tables[verdict.table] = {
            "read": verdict.read,
            "accepted": verdict.accepted,
            "rejected": verdict.rejected,
        }
        for note in verdict.notes:
            click.echo(f"{verdict.label}: {note}", err=True)
        if verdict.rejected:
            target = files.write_rejects(verdict, verdict.path)
            click.echo(f"{verdict.rejected:,} refused rows are in {target}", err=True)
    seconds = round(time.perf_counter() - started, 2)
    _tell_odd(odd)
    result = {"batch": event.seq, "tables": tables, "seconds": seconds}
    _say_with_odd(result, odd, as_json=as_json)


@main.command()
@_db
@_as
@_json
@_as_of
@_workers
@click.option("--full", is_flag=True, help="Fit everything, not only what changed.")
def refresh(
    db: Path, person: str, as_json: bool, as_of: dt.datetime | None, workers: int, full: bool
) -> None:
    """Cleanse history, fit baseline and lift, and put the run in force."""
    started = time.perf_counter()
    with _opened(db) as workspace:
        event = workspace.runs.refresh(
            person,
            as_of=as_of.date() if as_of else None,
            workers=workers,
            full=full,
            tell=_teller(),
        )
        try:
            workspace.quarters.sum_up()
        except StorageFailed as error:  # the run is in force; its sums are taken when looked at
            click.echo(f"The scorecard was not summed up yet. {error}", err=True)
        for line in workspace.runs.remarks(event):
            click.echo(line, err=True)
        odd = workspace.oddities.open(person)
    facts = event.body.write()
    told = ("as_of", "left_out", "columns", "series", "series_fitted", "weeks", "event_sd",
            "alpha")  # fmt: skip
    result = {"run": event.seq, **{name: facts[name] for name in told}}
    result["seconds"] = round(time.perf_counter() - started, 2)
    _tell_odd(odd)
    _say_with_odd(result, odd, as_json=as_json)


@main.command()
@_db
@_as
@_json
@click.option("--accept", metavar="KIND: SUBJECT", help="Live with one of them, by its name.")
@click.option("--show-again", metavar="KIND: SUBJECT", help="Take back that it was accepted.")
@click.option("--note", default="", help="Why it can stay as it is (with --accept).")
def odd(
    db: Path, person: str, as_json: bool, accept: str | None, show_again: str | None, note: str
) -> None:
    """List what looks odd in the data, what was assumed, and what to do."""
    with _opened(db) as workspace:
        if accept is not None:
            workspace.oddities.accept(person, accept, note=note)
        if show_again is not None:
            workspace.oddities.show_again(person, show_again)
        every = workspace.oddities.every(person)
        found = workspace.oddities.open(person)
    if as_json:
        listed = [{"name": one.key, **one.as_dict()} for one in found]
        _say({"odd": listed, "accepted": len(every) - len(found)}, as_json=True)
        return
    lines = oddities.told(found, most=len(found)) or ["Nothing looks odd in this data."]
    for line in lines:
        click.echo(line)
    if len(every) > len(found):
        click.echo(f"{len(every) - len(found):,} more were accepted by name.")


@main.command()
@_db
@_as
@_json
@_workers
@click.option("--origins", default=6, type=click.IntRange(1))
@click.option("--step", default=4, type=click.IntRange(1))
@click.option("--horizon", default=8, type=click.IntRange(1, 52))
@_out
def backtest(
    db: Path,
    person: str,
    as_json: bool,
    workers: int,
    origins: int,
    step: int,
    horizon: int,
    out: Path,
) -> None:
    """Forecast from several past weeks and compare with what came."""
    started = time.perf_counter()
    with _opened(db) as workspace:
        result = workspace.hindsight.backtest(
            person, origins=origins, step=step, horizon=horizon, workers=workers, rows_to=out,
            tell=_teller(),
        )  # fmt: skip
    seconds = round(time.perf_counter() - started, 2)
    _say({**summed(result.sums), "rows": result.rows, "seconds": seconds}, as_json=as_json)


@main.command()
@_db
@_json
@_as_of
@click.option("--weeks", default=26, type=click.IntRange(1, 52))
@_supply
@_plan
@_out
def project(
    db: Path,
    as_json: bool,
    as_of: dt.datetime | None,
    weeks: int,
    supply: str,
    plan: str,
    out: Path,
) -> None:
    """Write projected on-hand of every SKU, door and week."""
    with _opened(db) as workspace:
        _check_as_of(workspace, as_of)
        seen = _plan_of(workspace, plan)
        rows = views.projection_rows(seen, weeks=weeks, supply=supply)
    files.export(rows, out)
    sums = {n: round(float(rows[n].sum()), 1) for n in ("demand", "receipts", "lost_units")}
    _say({"rows": len(rows), **sums}, as_json=as_json)


@main.command()
@_db
@_json
@_as_of
@click.option("--weeks", default=8, type=click.IntRange(1, 52))
@_supply
@_plan
@_out
def bridge(
    db: Path,
    as_json: bool,
    as_of: dt.datetime | None,
    weeks: int,
    supply: str,
    plan: str,
    out: Path,
) -> None:
    """Write every activation, featured SKU, door and week with its risk."""
    with _opened(db) as workspace:
        _check_as_of(workspace, as_of)
        live = _plan_of(workspace, plan)
        rows = views.bridge_rows(live, weeks=weeks, supply=supply)
        judged = views.verdicts(live, weeks=weeks, supply=supply)
    files.export(rows, out)
    cells = rows.drop_duplicates(["activation", "sku", "door"])["status"].value_counts()
    activations = pd.Series([v.status.value for v in judged], dtype=str).value_counts()
    result = {
        "rows": len(rows),
        "cells": {str(k): int(v) for k, v in cells.items()},
        "activations": {str(k): int(v) for k, v in activations.items()},
        "units_short": round(float(rows["units_short"].sum()), 1),
    }
    _say(result, as_json=as_json)


@main.command("buy-plan")
@_db
@_json
@_as_of
@click.option("--weeks", default=buying.WEEKS, type=click.IntRange(1, 52))
@_plan
@_out
def buy_plan_(
    db: Path, as_json: bool, as_of: dt.datetime | None, weeks: int, plan: str, out: Path
) -> None:
    """Write orders to release now, planned orders, and what can only be expedited."""
    with _opened(db) as workspace:
        _check_as_of(workspace, as_of)
        rows = buying.rows(_plan_of(workspace, plan), weeks=weeks)
    files.export(rows, out)
    units = rows.groupby("kind")["units"].sum()
    sums = {k: round(float(units.get(k, 0.0)), 1) for k in ("release", "planned", "expedite")}
    _say({"rows": len(rows), **sums}, as_json=as_json)


@main.command()
@_db
@_as
@_json
@click.option("--weeks-ahead", default=6, type=click.IntRange(1, 12))
@click.option("--last", default=26, type=click.IntRange(1, 104), help="Past weeks to walk.")
@click.option("--workers", default=1, type=click.IntRange(1, 64))
@_out
def replay(
    db: Path, person: str, as_json: bool, weeks_ahead: int, last: int, workers: int, out: Path
) -> None:
    """Walk through history: what the Bridge would have flagged, and what then happened."""
    with _opened(db) as workspace:
        made = workspace.hindsight.replay(
            person, weeks_ahead=weeks_ahead, last=last, workers=workers, tell=_teller()
        )
    files.export(made.rows[list(past.CONTRACT)], out)
    for line in made.assumed:
        click.echo(line, err=True)
    _say(
        {"rows": len(made.rows), **made.scores.as_dict(), **made.saved.as_dict()},
        as_json=as_json,
    )


@main.command()
@_db
@_json
@click.option("--table", type=click.Choice(list(exports.EXPORTS)), required=True)
@_out
def export(db: Path, as_json: bool, table: str, out: Path) -> None:
    """Write any table to CSV, XLSX or Parquet."""
    with _opened(db) as workspace:
        frame = exports.EXPORTS[table].made(workspace)
    files.export(frame, out)
    _say({"rows": len(frame), "file": str(out)}, as_json=as_json)


@main.command()
@_db
@_as
@_json
@click.option("--cycle", required=True, help="The open cycle: 2026-12.")
def publish(db: Path, person: str, as_json: bool, cycle: str) -> None:
    """Publish a cycle whose departments are all signed."""
    with _opened(db) as workspace:
        current = workspace.cycles.current
        if current is None or current.name != cycle or current.closed:
            raise Refused(f"The cycle {cycle} is not open.")
        event = workspace.cycles.publish(person)
    _say(
        {"version": event.seq, "cycle": cycle, **event.told(ConsensusPublished).fed},
        as_json=as_json,
    )


@main.command("pack")
@_db
@_json
@click.option(
    "--version", "number", type=int, help="A published version; the last if left out."
)
@click.option("--quarter", help="The board's pack of a quarter instead: 2026-Q3.")
@_out
def pack_(db: Path, as_json: bool, number: int | None, quarter: str | None, out: Path) -> None:
    """Write the pack of a published version (.html, .xlsx), or of a quarter (.html)."""
    if quarter is not None:
        if out.suffix.lower() != ".html":
            raise Refused(f"A quarter's pack is written as .html, not '{out.suffix}'.")
        with _opened(db) as workspace:
            workspace.quarters.sum_up()
            out.write_text(
                board_pack.as_html(workspace, LOCAL_ADMIN.id, quarter), encoding="utf-8"
            )
        _say({"file": str(out), "quarter": quarter}, as_json=as_json)
        return
    if out.suffix.lower() not in (".html", ".xlsx"):
        raise Refused(f"A pack is written as .html or .xlsx, not '{out.suffix}'.")
    with _opened(db) as workspace:
        published = workspace.cycles.published()
        if not published:
            raise Refused("Nothing was published yet.")
        chosen = number or published[-1].version
        if out.suffix.lower() == ".html":
            out.write_text(consensus_pack.as_html(workspace, chosen), encoding="utf-8")
        else:
            out.write_bytes(consensus_pack.as_workbook(workspace, chosen))
    _say({"file": str(out), "version": chosen}, as_json=as_json)


@main.command()
@_db
@_json
@_out
def backup(db: Path, as_json: bool, out: Path) -> None:
    """Write a consistent copy of the database to a new file."""
    store = Store(db, create=False)
    try:
        store.backup(out)
    finally:
        store.close()
    _say({"file": str(out), "bytes": out.stat().st_size}, as_json=as_json)


@main.command()
@click.argument("source", type=click.Path(path_type=Path, dir_okay=False))
@_db
@_json
def restore(source: Path, db: Path, as_json: bool) -> None:
    """Put a backup in the place of a database that does not exist yet."""
    put_back(source, db)
    _say({"file": str(db), "bytes": db.stat().st_size}, as_json=as_json)


@main.command()
@_db
@click.option("--port", default=8501)
def serve(db: Path, port: int) -> None:
    """Start the app on this machine."""
    from streamlit.runtime.pages_manager import PagesManager
    from streamlit.web import cli

    # Until app.py has run once, Streamlit takes pages/ for its own folder of pages and
    # answers a first deep link with "Page not found". Say beforehand that it is not.
    PagesManager.uses_pages_directory = False
    os.environ["CONCORD_DB"] = str(db.resolve())  # it was said where one stands now
    root = Path(__file__).parents[1]
    os.chdir(root)  # .streamlit/config.toml is read from here
    sys.argv = ["streamlit", "run", str(root / "served.py"), f"--server.port={port}"]
    sys.exit(cli.main())


def _check_as_of(workspace: Workspace, as_of: dt.datetime | None) -> None:
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


if __name__ == "__main__":
    main()
