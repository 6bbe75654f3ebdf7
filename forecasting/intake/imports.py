"""Files in, and out of force again: the verbs of importing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from data import files
from data.files import Judged
from forecasting import operation
from forecasting.arguments import verbs
from forecasting.consensus.events import Event
from forecasting.consensus.events.record import Imported, ImportRolledBack
from forecasting.errors import BadFiles, Refused, UnknownName
from forecasting.governance.desk import Desk
from forecasting.intake import signed_work, sources
from forecasting.intake.signed_work import Signed
from forecasting.intake.sources import Mapped
from forecasting.rights import Person
from forecasting.weekly.activations import MarketingCalendar


@verbs
class Imports:
    """Verbs of importing.

    Parameters
    ----------
    desk : Desk
    calendar : MarketingCalendar
    rebuild : callable
        Takes up facts that changed, into the calendar and the plan.
    signed : callable
        What is signed in the open cycle; None where no cycle is open.
    """

    def __init__(
        self,
        desk: Desk,
        calendar: MarketingCalendar,
        rebuild: Callable[[], None],
        *,
        signed: Callable[[], Signed | None],
    ) -> None:
        self._desk, self._calendar = desk, calendar
        self._rebuild, self._signed = rebuild, signed

    def preview_import(
        self, by: str, paths: Sequence[Path], *, mapped: Sequence[Mapped] = ()
    ) -> Judged:
        """Read and judge files, some of them by a shape; nothing is written."""
        actor = self._desk.allowed(by, "import the calendar")
        with files.judged(self._desk.store, paths, shaped=sources.shaped(mapped)) as judged:
            _require_tables(actor, judged)
            return self._with_concerns(judged)

    def _with_concerns(self, judged: Judged) -> Judged:
        """With what it would do to what people have signed."""
        if not any(verdict.table in sources.CALENDAR for verdict in judged.verdicts):
            return judged
        found = signed_work.concerns(
            self._desk.store, judged, self._signed(), self._calendar.at
        )
        return replace(judged, concerns=found)

    def import_files(
        self,
        by: str,
        paths: Sequence[Path],
        *,
        mapped: Sequence[Mapped] = (),
        allow_rejects: bool = False,
    ) -> tuple[Event, Judged]:
        """Import files, all or nothing; or all good rows, if that is allowed.

        Parameters
        ----------
        paths : sequence of Path
            Files in our own form, named after their tables, and folders of them.
        mapped : sequence of Mapped
            Files in any other form, each with its shape.

        Raises
        ------
        BadFiles
            Naming file, line, column, found and expected; the database is as before.
        """
        actor = self._desk.allowed(by, "import the calendar")
        anew = [replace(one, read=None) for one in mapped]
        with (
            operation.told("import", by=actor.id, files=len(paths) + len(mapped)) as told,
            files.judged(self._desk.store, paths, shaped=sources.shaped(anew)) as judged,
        ):
            _require_tables(actor, judged)
            if judged.problems or (judged.all_problems and not allow_rejects):
                raise BadFiles(judged.all_problems)
            judged = self._with_concerns(judged)
            names = [v.table for v in judged.verdicts if v.accepted]
            if not names:
                raise Refused("There is nothing in these files to import.")
            counts = {v.table: [v.read, v.accepted, v.rejected] for v in judged.verdicts}
            body = Imported(summary=judged.summary, tables=counts, replaces=judged.replaces)
            event = self._desk.submit(
                lambda: self._desk.event(actor, body),
                None,
                work=lambda cursor, seq: files.insert_staged(
                    cursor, seq, names, judged.replaces
                ),
            )
            told["batch"], told["rows"] = event.seq, sum(v.accepted for v in judged.verdicts)
        self._rebuild()
        return event, judged

    def roll_back(self, by: str, batch: int) -> Event:
        """Take an import out of force; its rows stay on record."""
        actor = self._desk.allowed(by, "import")
        known = self._desk.store.query("batches")
        row = known[known["batch"] == batch]
        if row.empty:
            raise UnknownName(f"There is no import #{batch}.")
        if bool(row["rolled_back"].iloc[0]):
            raise Refused(f"Import #{batch} is rolled back already.")
        with operation.told("roll_back", by=actor.id, batch=batch):
            event = self._desk.append(actor, ImportRolledBack(batch=batch))
        self._rebuild()
        return event


def _require_tables(actor: Person, judged: Judged) -> None:
    """Refuse tables that are not the person's to import: Marketing has its calendar."""
    for verdict in judged.verdicts:
        sources.require_table(actor, verdict.table)
