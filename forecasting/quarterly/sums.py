"""The sums that scorecards are drawn from, kept beside the record, taken anew where stale."""

from __future__ import annotations

import datetime as dt
import hashlib
import threading
from collections.abc import Callable

import pandas as pd

from data import scores
from data.closing import last_closed
from data.scores import Basis
from forecasting import conventions
from forecasting.consensus.events import Kind
from forecasting.consensus.overrides import undone
from forecasting.governance.desk import Desk
from forecasting.governance.jobs import Job, Tell
from forecasting.plan import views
from forecasting.plan.live import LivePlan
from forecasting.quarterly import notice
from forecasting.weekly.activations import MarketingCalendar

FLAG_WEEKS = 12
"""How far ahead what the Bridge says is kept, week by week."""


class Sums:
    """What was kept of every week, and whether it still knows all there is.

    Parameters
    ----------
    desk : Desk
    plan : callable
        The working plan, as everybody may see it.
    calendar : MarketingCalendar
    run : callable
        Number of the run in force and the last week it knows; 0 and None before the first.
    """

    def __init__(
        self,
        desk: Desk,
        *,
        plan: Callable[[], LivePlan],
        calendar: MarketingCalendar,
        run: Callable[[], tuple[int, dt.date | None]],
    ) -> None:
        self._desk, self._plan, self._activities, self._run = desk, plan, calendar, run
        self.summing = Job("scorecard")
        self._one_at_a_time = threading.Lock()

    def has_sales(self) -> bool:
        """Whether there is anything to sum."""
        store = self._desk.store
        return scores.basis(store) is not None or len(store.query("any_sales")) > 0

    def is_fresh(self) -> bool:
        """Whether the kept sums know every import, the run in force and the calendar."""
        had = scores.basis(self._desk.store)
        if had is None:
            return False
        summed = self._desk.ledger.of_kinds(Kind.IMPORT, Kind.ROLLBACK, Kind.PUBLISH)
        return (
            had.seq >= max((e.seq for e in summed), default=0)
            and had.run == self._run()[0]
            and had.calendar == self._calendar(had.as_of)[1]
        )

    def keep_up(self, *, tell: Tell = lambda _text, _share: None) -> None:
        """Take the sums anew where they are not fresh; one at a time."""
        with self._one_at_a_time:
            if self.is_fresh():
                return
            store = self._desk.store
            as_of = last_closed(store)
            if as_of is None:
                return
            featured, digest = self._calendar(as_of)
            run, run_as_of = self._run()
            made = Basis(
                made_at=dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0),
                seq=self._desk.ledger.seq,
                run=run,
                run_as_of=run_as_of,
                as_of=as_of,
                calendar=digest,
            )
            scores.summed(store, made, featured, tell=tell)

    def sum_up(self, *, tell: Tell = lambda _text, _share: None) -> None:
        """The same where it has to be, with its progress told to everybody."""
        if not self.is_fresh():
            with self.summing.running("Concord", tell) as told:
                self.keep_up(tell=told)

    def _calendar(self, as_of: dt.date) -> tuple[pd.DataFrame, str]:
        """Featured SKUs of what had begun by a week, and a digest of them."""
        ledger = self._desk.ledger
        taken_back = undone(ledger.of_kinds(Kind.UNDO))
        swaps = [
            e for e in ledger.of_kinds(Kind.ACTIVATION, Kind.SHIFT) if e.seq not in taken_back
        ]
        rows = [
            (a.activation, a.name, a.type, *run, a.sell_out)
            for a in self._activities.activations
            if a.is_live and a.start <= as_of + dt.timedelta(6)
            for run in notice.featured_days(a, swaps)
        ]
        names = [
            "activation", "name", "type", "sku", "door", "first_day", "last_day", "discount",
            "is_sell_out",
        ]  # fmt: skip
        frame = pd.DataFrame(rows, columns=names).astype(
            {"door": object, "first_day": object, "last_day": object, "discount": float,
             "is_sell_out": bool}
        )  # fmt: skip
        told = repr((rows, conventions.in_force().fiscal))  # quarters are named by it
        digest = hashlib.blake2b(told.encode(), digest_size=16).hexdigest()
        return frame, digest

    def keep_flags(self) -> None:
        """Keep what the Bridge says when a run comes into force: once, as it first was."""
        store, (run, _) = self._desk.store, self._run()
        if run and not scores.has_flags(store, run):
            scores.keep_flags(store, run, views.flag_rows(self._plan(), weeks=FLAG_WEEKS))
