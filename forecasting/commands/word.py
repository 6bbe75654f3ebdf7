"""Verbs of what needs somebody, and of what the app does by itself."""

from __future__ import annotations

from pathlib import Path

import click

from forecasting.commands.door import acting, as_json_too, database, main, opened, say
from forecasting.commands.served import echo, served
from forecasting.conventions import in_force
from forecasting.errors import OutOfBounds, Refused
from forecasting.governance.schedules import Does
from forecasting.governance.timetable import days_of
from forecasting.intake import dialogue
from forecasting.outputs import inbox as needs
from forecasting.outputs.clockwork import Clockwork
from forecasting.workspace import Workspace


@main.command()
@database
@acting
@as_json_too
@click.option("--seen", is_flag=True, help="Note that all of it was seen.")
def inbox(db: Path, person: str, as_json: bool, seen: bool) -> None:
    """List what needs somebody, new things first."""
    with opened(db) as workspace:
        if served() is None:  # the app looks for risks by itself, and while nobody waits
            needs.notice(workspace)
        found = needs.items(workspace, person)
        if seen:
            needs.mark_seen(workspace, person, [one.key for one in found])
        lines = needs.in_lines(found)
    if as_json:
        told = [
            {
                "need": one.need.value, "text": one.text, "since": one.since, "due": one.due,
                "new": one.is_new, "page": one.page, "link": dict(one.link), "key": one.key,
            }
            for one in found
        ]  # fmt: skip
        say({"inbox": told, "new": needs.new_count(found)}, as_json=True)
        return
    for line in lines or ["Nothing needs you."]:
        echo(line)


@main.command()
@database
@acting
@as_json_too
@click.option(
    "--save", "name", metavar="NAME", help="Make or change one; with --does and --at."
)
@click.option("--does", type=click.Choice([does.value for does in Does]), help="What it does.")
@click.option("--at", metavar="HH:MM", help="Time of day where the company is.")
@click.option("--days", default="every", help="mon,wed, mon-fri or every (default).")
@click.option(
    "--option", "options", multiple=True, metavar="NAME=VALUE",
    help="What it is told besides, such as from=/srv/incoming.",
)  # fmt: skip
@click.option("--pause", metavar="NAME", help="Let one rest.")
@click.option("--resume", metavar="NAME", help="Let it go on.")
@click.option("--remove", metavar="NAME", help="Take one away.")
@click.option("--run", metavar="NAME", help="Carry one out now.")
def schedules(
    db: Path,
    person: str,
    as_json: bool,
    name: str | None,
    does: str | None,
    at: str | None,
    days: str,
    options: tuple[str, ...],
    pause: str | None,
    resume: str | None,
    remove: str | None,
    run: str | None,
) -> None:
    """List what the app does by itself, and change it."""
    with opened(db) as workspace:
        if name is not None:
            if does is None or at is None:
                raise OutOfBounds("Say what it does and when: --does refresh --at 03:15.")
            workspace.schedules.save(
                person, name, Does(does), at=at, days=days_of(days),
                options=dialogue.pairs(options, "--option"),
            )  # fmt: skip
        if pause is not None:
            workspace.schedules.pause(person, pause)
        if resume is not None:
            workspace.schedules.pause(person, resume, paused=False)
        if remove is not None:
            workspace.schedules.remove(person, remove)
        if run is not None:
            workspace.schedules.run_now(person, run)
            if served() is None:  # the app itself takes it up within seconds
                _carry_out(workspace, run)
        told = _listed(workspace)
    if as_json:
        say({"schedules": told}, as_json=True)
        return
    for one in told or [{"name": "Nothing is done by itself yet."}]:
        echo("  ".join(str(value) for value in one.values() if value))


def _listed(workspace: Workspace) -> list[dict[str, str]]:
    moment = in_force().moment
    rows = []
    for one in workspace.schedules.all:
        last, following = workspace.schedules.last(one.name), workspace.schedules.next_run(one)
        rows.append(
            {
                "name": one.name, "does": one.does.value, "when": str(one.when),
                "by": one.person, "next": moment(following) if following else "paused",
                "state": last.state if last else "", "told": last.told if last else "",
            }
        )  # fmt: skip
    return rows


def _carry_out(workspace: Workspace, name: str) -> None:
    """Do what was asked for, where no app does it."""
    Clockwork(lambda: workspace).look()
    last = workspace.schedules.last(name)
    if last is None or last.state != "done":
        raise Refused(last.told if last else f"'{name}' was not carried out.")
