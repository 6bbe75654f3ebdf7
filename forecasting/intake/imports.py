"""Files in, and out of force again: the verbs of importing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from data import files
from data.files import Judged
from forecasting import operation
from forecasting.arguments import verbs
from forecasting.consensus.events import Event, Kind
from forecasting.consensus.events.proposals import holders
from forecasting.consensus.events.record import Imported, ImportRolledBack
from forecasting.errors import BadFiles, Refused, UnknownName
from forecasting.governance.desk import Desk, Request
from forecasting.intake import budget_names, proposing, signed_work, sources
from forecasting.intake.signed_work import Signed, Touched
from forecasting.intake.sources import Mapped
from forecasting.plan.live import LivePlan
from forecasting.rights import Person
from forecasting.weekly.activations import MarketingCalendar
from forecasting.weekly.proposed import ProposalList
from forecasting.weekly.stated_since import (
    Account,
    account,
    by_activation,
    differences,
    files_say,
    history_of,
)


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
        What is signed in the latest cycle; None where nothing is.
    proposals : ProposalList
    plan : callable
        Given a person's id, the working plan as that person may see it.
    """

    def __init__(
        self,
        desk: Desk,
        calendar: MarketingCalendar,
        rebuild: Callable[[], None],
        *,
        signed: Callable[[], Signed | None],
        proposals: ProposalList,
        plan: Callable[[str], LivePlan],
    ) -> None:
        self._desk, self._calendar = desk, calendar
        self._rebuild, self.signed = rebuild, signed
        self._proposals, self._plan = proposals, plan

    def preview_import(
        self, by: str, paths: Sequence[Path], *, mapped: Sequence[Mapped] = ()
    ) -> Judged:
        """Read and judge files, some of them by a shape; nothing is written."""
        actor = self._desk.allowed(by, "import the calendar")
        with files.judged(self._desk.store, paths, shaped=sources.shaped(mapped)) as judged:
            _require_tables(actor, judged)
            return self._with_concerns(actor, judged)[0]

    def _with_concerns(self, actor: Person, judged: Judged) -> tuple[Judged, list[Touched]]:
        """With what it would do to what people have signed; what of it is to be proposed.

        Rows of that are not staged any more afterwards.
        """
        odd = budget_names.remarks(self._desk.store, judged)
        judged = replace(judged, notes=(*judged.notes, *odd))
        if not any(verdict.table in sources.CALENDAR for verdict in judged.verdicts):
            return judged, []
        store, signed = self._desk.store, self.signed()
        known = {a.activation: a for a in self._calendar.activations}
        judged, accounts = self._with_differences(judged)
        found = list(signed_work.touched(store, judged, signed, known, accounts))
        if actor.may("import") or actor.may(proposing.RIGHT):
            return replace(judged, concerns=signed_work.concerns(found, signed)), []
        return proposing.set_aside(store, judged, found), found

    def _with_differences(self, judged: Judged) -> tuple[Judged, dict[str, Account]]:
        """With what people stated otherwise of the same activations, and all they stated."""
        store = self._desk.store
        tables = {v.table for v in judged.verdicts if v.accepted} & set(sources.CALENDAR)
        events = by_activation(self._desk.ledger.of_kinds(*MarketingCalendar.kinds))
        if not tables or not events:
            return judged, {}
        skus = store.query("all_skus")
        styles = {str(k): frozenset(of["sku"]) for k, of in skus.groupby("style")}
        staged = signed_work.staged(store, tables, styles)
        imported, history = files_say(store), history_of(store)
        accounts = {
            name: account(name, imported.get(name), events[name], history)
            for name in staged.keys() & events.keys()
        }
        told = differences(
            accounts, staged, of_items="activation_items" in tables,
            of_own="activations" in tables,
        )  # fmt: skip
        return replace(judged, notes=(*judged.notes, *told)), accounts

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
            judged, found = self._with_concerns(actor, judged)
            event = self._written(actor, judged, found)
            told["batch"], told["rows"] = event.seq, judged.at_once
            told["proposed"] = event.told(Imported).proposed
        self._rebuild()
        return event, judged

    def _written(self, actor: Person, judged: Judged, found: Sequence[Touched]) -> Event:
        """Write what is imported and what is proposed, in one transaction."""
        held = judged.held
        names = [v.table for v in judged.verdicts if v.accepted > held.get(v.table, 0)]
        asked = (
            proposing.requests(
                self._desk, actor, [(t.before, t.after) for t in found],
                calendar=self._calendar, plan=self._plan,
                proposals=self._proposals, summary=_named(judged),
            )
            if found
            else []
        )  # fmt: skip
        if found and not names and not asked:
            raise Refused(
                f"All of it is proposed to {holders(proposing.RIGHT)} already and waits there."
            )
        if not names and not asked:
            raise Refused("There is nothing in these files to import.")
        counts = {v.table: [v.read, v.accepted, v.rejected] for v in judged.verdicts}
        body = Imported(
            summary=judged.summary, tables=counts, replaces=judged.replaces,
            proposed=sum(request.kind is Kind.PROPOSE for request, _ in asked),
        )  # fmt: skip

        first = (Request.of(None, actor, Kind.IMPORT), lambda: self._desk.event(actor, body))
        made = self._desk.submit_all(
            [first, *asked], touches=frozenset(),
            work=lambda cursor, seq: files.insert_staged(cursor, seq, names, judged.replaces),
        )  # fmt: skip
        return made[0]

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


def _named(judged: Judged) -> str:
    """The files of an import, in words."""
    return ", ".join(dict.fromkeys(v.label for v in judged.verdicts))[:200]


def _require_tables(actor: Person, judged: Judged) -> None:
    """Refuse tables that are not the person's to import: Marketing has its calendar."""
    for verdict in judged.verdicts:
        sources.require_table(actor, verdict.table)
