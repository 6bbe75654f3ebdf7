"""Verbs of the cycle: publishing a signed consensus, and its packs."""

from __future__ import annotations

from pathlib import Path

import click

from forecasting.commands.door import (
    acting,
    as_json_too,
    database,
    main,
    opened,
    say,
    writes,
)
from forecasting.commands.served import reader
from forecasting.consensus.events.cycle import ConsensusPublished
from forecasting.errors import Refused
from forecasting.outputs import board_pack, consensus_pack


@main.command()
@database
@acting
@as_json_too
@click.option("--cycle", required=True, help="The open cycle: 2026-12.")
def publish(db: Path, person: str, as_json: bool, cycle: str) -> None:
    """Publish a cycle whose departments are all signed."""
    with opened(db) as workspace:
        current = workspace.cycles.current
        if current is None or current.name != cycle or current.closed:
            raise Refused(f"The cycle {cycle} is not open.")
        event = workspace.cycles.publish(person)
    say(
        {"version": event.seq, "cycle": cycle, **event.told(ConsensusPublished).fed},
        as_json=as_json,
    )


@main.command("pack")
@database
@as_json_too
@click.option(
    "--version", "number", type=int, help="A published version; the last if left out."
)
@click.option("--quarter", help="The board's pack of a quarter instead: 2026-Q3.")
@writes(".html", ".pdf", ".xlsx")
def pack_(db: Path, as_json: bool, number: int | None, quarter: str | None, out: Path) -> None:
    """Write the pack of a version (.html, .pdf, .xlsx) or of a quarter (.html, .pdf)."""
    if quarter is not None:
        if out.suffix.lower() not in (".html", ".pdf"):
            raise Refused(f"A quarter's pack is written as .html or .pdf, not '{out.suffix}'.")
        with opened(db) as workspace:
            workspace.quarters.sum_up()
            if out.suffix.lower() == ".pdf":
                out.write_bytes(board_pack.as_pdf(workspace, reader(), quarter))
            else:
                page = board_pack.as_html(workspace, reader(), quarter)
                out.write_text(page, encoding="utf-8")
        say({"file": str(out), "quarter": quarter}, as_json=as_json)
        return
    if out.suffix.lower() not in (".html", ".pdf", ".xlsx"):
        raise Refused(f"A pack is written as .html, .pdf or .xlsx, not '{out.suffix}'.")
    with opened(db) as workspace:
        published = workspace.cycles.published()
        if not published:
            raise Refused("Nothing was published yet.")
        chosen = number or published[-1].version
        if out.suffix.lower() == ".html":
            out.write_text(consensus_pack.as_html(workspace, chosen), encoding="utf-8")
        elif out.suffix.lower() == ".pdf":
            out.write_bytes(consensus_pack.as_pdf(workspace, chosen))
        else:
            out.write_bytes(consensus_pack.as_workbook(workspace, chosen))
    say({"file": str(out), "version": chosen}, as_json=as_json)
