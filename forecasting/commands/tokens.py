"""Verbs on tokens: the list of them, a new one, and one that opens nothing any more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from forecasting.commands.door import acting, as_json_too, database, main, opened, say
from forecasting.commands.served import echo
from forecasting.conventions import in_force
from forecasting.governance.bearer import Level
from forecasting.governance.tokens import LONGEST_DAYS, USUAL_DAYS


@main.command()
@database
@acting
@as_json_too
def tokens(db: Path, person: str, as_json: bool) -> None:
    """List the tokens of programs: one's own, as Admin everybody's."""
    with opened(db) as workspace:
        used = workspace.tokens.last_used()
        today = workspace.desk.today
        listed: list[dict[str, Any]] = [
            {
                "token": one.id, "label": one.label, "person": one.person,
                "level": one.level.value, "commands": list(one.commands), "until": one.until,
                "made_by": one.made_by, "made_at": one.made_at,
                "last_used": used.get(one.id),
                "state": "revoked" if one.is_revoked
                else "good" if one.is_good(today) else "over",
            }
            for one in workspace.tokens.of(person)
        ]  # fmt: skip
    if as_json:
        say({"tokens": listed}, as_json=True)
        return
    for one in listed:
        only = f", only {', '.join(one['commands'])}" if one["commands"] else ""
        at = one["last_used"]
        last = f"last used {in_force().moment(at, year=True)}" if at else "not used"
        echo(
            f"{one['token']} {one['state']}: '{one['label']}', {one['level']} for "
            f"{one['person']}{only}, until {one['until']}, {last}"
        )


@main.command("make-token")
@click.argument("label")
@database
@acting
@as_json_too
@click.option("--for", "owner", help="Id of the person or service that it speaks for.")
@click.option(
    "--level", type=click.Choice([each.value for each in Level]), default=Level.READ.value,
    help="How far it goes: look; do the work of the function; set what is for everybody.",
)  # fmt: skip
@click.option(
    "--days", type=click.IntRange(1, LONGEST_DAYS), default=USUAL_DAYS,
    help="For how many days it is good.",
)  # fmt: skip
@click.option("--only", "commands", multiple=True, metavar="VERB", help="For these verbs only.")
def make_token(
    label: str,
    db: Path,
    person: str,
    as_json: bool,
    owner: str | None,
    level: str,
    days: int,
    commands: tuple[str, ...],
) -> None:
    """Make a token by which a program speaks for somebody; it is shown once."""
    for each in commands:
        if each not in main.commands:
            raise click.BadParameter(f"There is no verb '{each[:80]}'.")
    with opened(db) as workspace:
        made = workspace.tokens.make(
            person, label=label, level=level, days=days, person=owner, commands=list(commands)
        )
    say(
        {
            "token": made.token.id, "secret": made.secret, "person": made.token.person,
            "level": made.token.level.value, "until": made.token.until,
        },
        as_json=as_json,
    )  # fmt: skip
    echo("Keep the secret where only the program reads it: it is not shown again.", err=True)


@main.command("revoke-token")
@click.argument("token")
@database
@acting
@as_json_too
def revoke_token(token: str, db: Path, person: str, as_json: bool) -> None:
    """Let a token open nothing any more, from now on."""
    with opened(db) as workspace:
        event = workspace.tokens.revoke(person, token)
    say({"event": event.seq, "token": token}, as_json=as_json)
