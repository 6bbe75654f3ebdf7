"""The verb that sets how a company writes, and its fiscal calendar.

What is set lasts in the ledger; what SQL needs of it is written in the same transaction.
Money, numbers, days and the time zone are only how things are shown and can be changed at
any time. The calendar is what things are: a week names every input, a quarter every closed
review. So which day a week begins on is set before the first forecast, and how weeks make
months and years before the first consensus is published and the first quarter closed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from data import fiscal
from forecasting import conventions
from forecasting.arguments import verbs
from forecasting.calendar import FiscalCalendar
from forecasting.consensus.events import Event, Kind
from forecasting.consensus.events.governance import ConventionsSet
from forecasting.conventions import US, Conventions
from forecasting.errors import OutOfBounds, Refused
from forecasting.governance.desk import Desk
from forecasting.governance.projector import Projector


@verbs
class CompanyConventions(Projector[Conventions]):
    """How the company writes, as it is in force.

    Parameters
    ----------
    desk : Desk
    changed : callable
        Called when another fiscal calendar has come into force.
    """

    kinds = (Kind.CONVENTIONS,)

    def __init__(self, desk: Desk, *, changed: Callable[[], None]) -> None:
        self._desk = desk
        self._changed = changed
        self.take_up(desk.ledger)

    def _begin(self) -> Conventions:
        return US

    def _with(self, state: Conventions, events: Sequence[Event]) -> Conventions:
        return events[-1].told(ConventionsSet).conventions if events else state

    def _replaced(self) -> None:
        conventions.keep(self._state)

    @property
    def now(self) -> Conventions:
        """What is in force."""
        return self._state

    def set(self, by: str, changes: Mapping[str, str | int]) -> Event:
        """Set some of the conventions.

        Parameters
        ----------
        changes : mapping
            Names of `Conventions.as_dict` to values.

        Raises
        ------
        NotAllowed, OutOfBounds
        Refused
            If the calendar stands under a forecast, a published consensus or a closed
            quarter already.
        """
        actor = self._desk.allowed(by, "conventions")
        another: list[FiscalCalendar] = []  # only another one, known when its turn comes

        def prepare() -> Event:
            before = self._state
            after = before.with_(changes)
            another[:] = [after.fiscal] if after.fiscal != before.fiscal else []
            if after == before:
                raise OutOfBounds("That is how it is set already.")
            if another:
                self._check_calendar(before.fiscal, after.fiscal)
            was, now = before.as_dict(), after.as_dict()
            changed = {name: now[name] for name in now if now[name] != was[name]}
            body = ConventionsSet(conventions=after, changed=changed)
            return self._desk.event(actor, body)

        def work(cursor: Any, _seq: int) -> None:
            for calendar in another:
                fiscal.write(cursor, calendar)

        event = self._desk.submit(prepare, work=work)
        if another:
            self._changed()
        return event

    def _check_calendar(self, before: FiscalCalendar, after: FiscalCalendar) -> None:
        """Refuse another calendar under what is named by the one before."""
        ledger = self._desk.ledger
        if before.first_weekday != after.first_weekday and ledger.of_kinds(Kind.RUN):
            raise Refused(
                "Weeks cannot begin on another day once there is a forecast: every input is "
                "kept by the first day of its week. Make a new workspace (--db), set its "
                "first weekday, and import the same files into it."
            )
        if ledger.of_kinds(Kind.PUBLISH, Kind.QUARTER):
            raise Refused(
                "The fiscal calendar cannot be changed once a consensus is published or a "
                "quarter is closed: what was signed is named by its months and quarters. "
                "Make a new workspace (--db), set its calendar, and import the same files."
            )
