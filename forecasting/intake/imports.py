"""Files in, and out of force again: the verbs of importing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from data import files
from data.files import Judged
from forecasting import operation
from forecasting.arguments import verbs
from forecasting.consensus.events import Event
from forecasting.consensus.events.record import Imported, ImportRolledBack
from forecasting.errors import BadFiles, Refused, UnknownName
from forecasting.governance.desk import Desk
from forecasting.rights import Person, require

CALENDAR = frozenset({"activations", "activation_items"})
"""Tables that are the marketing calendar."""


@verbs
class Imports:
    """Verbs of importing.

    Parameters
    ----------
    desk : Desk
    rebuild : callable
        Takes up facts that changed, into the calendar and the plan.
    """

    def __init__(self, desk: Desk, *, rebuild: Callable[[], None]) -> None:
        self._desk, self._rebuild = desk, rebuild

    def preview_import(self, by: str, paths: Sequence[Path]) -> Judged:
        """Read and judge files; nothing is written."""
        actor = self._desk.allowed(by, "import the calendar")
        with files.judged(self._desk.store, paths) as judged:
            _require_tables(actor, judged)
            return judged

    def import_files(
        self, by: str, paths: Sequence[Path], *, allow_rejects: bool = False
    ) -> tuple[Event, Judged]:
        """Import files, all or nothing; or all good rows, if that is allowed.

        Raises
        ------
        BadFiles
            Naming file, line, column, found and expected; the database is as before.
        """
        actor = self._desk.allowed(by, "import the calendar")
        with (
            operation.told("import", by=actor.id, files=len(paths)) as told,
            files.judged(self._desk.store, paths) as judged,
        ):
            _require_tables(actor, judged)
            if judged.problems or (judged.all_problems and not allow_rejects):
                raise BadFiles(judged.all_problems)
            names = [v.table for v in judged.verdicts if v.accepted]
            if not names:
                raise Refused("There is nothing in these files to import.")
            counts = {v.table: [v.read, v.accepted, v.rejected] for v in judged.verdicts}
            body = Imported(summary=judged.summary, tables=counts)
            event = self._desk.submit(
                lambda: self._desk.event(actor, body),
                None,
                work=lambda cursor, seq: files.insert_staged(cursor, seq, names),
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
    if any(verdict.table not in CALENDAR for verdict in judged.verdicts):
        require(actor, "import")
