"""The weekly review: last week compared with what was expected, and what follows from it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import partial

import pandas as pd

from forecasting.arguments import ClientId, Name, verbs
from forecasting.calendar import as_date, week_start
from forecasting.consensus.events import Event, Kind, Scope
from forecasting.consensus.events.inputs import Sensed
from forecasting.errors import OutOfBounds, Refused
from forecasting.governance.desk import Desk, Request, checked_note
from forecasting.plan.live import LivePlan
from forecasting.vocabulary import Reason
from forecasting.weekly import moved as of_moves
from forecasting.weekly import signals
from forecasting.weekly.activations import MarketingCalendar
from forecasting.weekly.decisions import Decisions
from forecasting.weekly.option import Action
from forecasting.weekly.past import Past
from forecasting.weekly.signals import LastWeek


@verbs
class Weekly:
    """Verbs of the weekly review.

    Parameters
    ----------
    desk : Desk
    plan : callable
        The live plan.
    calendar : MarketingCalendar
    decisions : Decisions
    """

    def __init__(
        self,
        desk: Desk,
        *,
        plan: Callable[[], LivePlan],
        calendar: MarketingCalendar,
        decisions: Decisions,
    ) -> None:
        self._desk, self._plan = desk, plan
        self._calendar, self._decisions = calendar, decisions
        self._past = Past(desk.store, plan)

    def last_week(self, by: str) -> LastWeek | None:
        """The last closed week against what was published before it; None without that."""
        self._desk.allowed(by, "read")
        base = self._plan().base
        known = self._past.query("scored_cells", least_lag=1, last_week=base.as_of)
        mine = known[pd.to_datetime(known["week"]) == pd.Timestamp(base.as_of)]
        if mine.empty:
            return None
        # What every published number is scored against: one week has one demand on every page.
        demand = self._past.query(
            "demand_by_week", since=base.as_of, until=base.as_of + dt.timedelta(7)
        )
        activations = self._calendar.activations
        work_out = partial(
            signals.last_week,
            self._plan(), mine.set_index("sku")["consensus"], self._happened(base.as_of),
            activations, demand=demand.set_index("sku")["units"],
            version=int(mine["version"].iloc[0]),
        )  # fmt: skip
        return self._past.told("last week", work_out, activations)

    def sense(
        self,
        by: str,
        sku: Name,
        ratio: float,
        *,
        note: str = "",
        client_id: ClientId | None = None,
    ) -> Event:
        """Correct the next weeks of a SKU a part of the way that last week was off.

        It counts in the working plan and in Planning's input of the draft; what was
        published stays as it was.

        Parameters
        ----------
        ratio : float
            Last week's demand over what was expected of it.
        """
        actor = self._desk.allowed(by, "sense")
        if not 0 <= ratio < 100:
            raise OutOfBounds("A ratio of demand to expectation lies between 0 and 100.")
        weeks = self._plan().base.weeks
        scope = Scope(
            product_level="sku", product=sku, first_week=as_date(weeks[0]),
            last_week=as_date(weeks[signals.WEEKS - 1]),
        )  # fmt: skip

        def prepare() -> Event:
            leaves = signals.corrected(self._plan(), scope, ratio)
            if not len(leaves):
                raise Refused(f"A correction of {sku} changes nothing in the next weeks.")
            return self._desk.event(
                actor, Sensed(input=actor.function.value), scope=scope, operation="percent",
                value=round(100 * (float(signals.factors(ratio)[0]) - 1), 3),
                reason=Reason.TREND.value, note=checked_note(note), base=self._desk.ledger.seq,
                leaves=leaves,
            )  # fmt: skip

        request = Request.of(client_id, actor, Kind.SENSE, lambda e: e.scope == scope)
        return self._desk.submit(prepare, request, touches=frozenset({sku}))

    def late_receipts(self, by: str) -> pd.DataFrame:
        """Open orders past due or promised later than they were (signals.late_receipts)."""
        self._desk.allowed(by, "read")
        plan = self._plan()
        orders = self._past.query("open_receipts", as_of=plan.base.as_of)
        work_out = partial(signals.late_receipts, plan, orders[orders["received"].isna()])
        return self._past.told("late receipts", work_out, plan.activations())

    def what_decisions_did(self, by: str) -> pd.DataFrame:
        """What moves brought, of decisions whose activation is over by the as-of week.

        Returns
        -------
        DataFrame, one row per decision
            seq, activation, sku, said, weeks_ahead, units (moved), used (of them gone by the
            end of the activation: its end stock is left), ran_out (doors that ran out all
            the same), doors. `used` is NaN where no stock was counted.
        """
        self._desk.allowed(by, "read")
        as_of = self._plan().base.as_of
        past = [a for a in self._calendar.activations if week_start(a.end) <= as_of]
        over = {a.activation: a for a in past}
        moved = [
            d for d in self._decisions.all
            if d.moves and d.stands and d.activation in over
            and d.action is not Action.POSTPONE  # it brings nothing to an activation
        ]  # fmt: skip
        if not moved:
            return of_moves.what_they_did([], over, pd.DataFrame())
        since = min(week_start(over[d.activation].start) for d in moved)
        work_out = partial(of_moves.what_they_did, moved, over, self._happened(since))
        return self._past.told("what decisions did", work_out, moved, over)

    def _happened(self, since: dt.date) -> pd.DataFrame:
        """What the files say of every week from one on, and the run of what was lost."""
        base = self._plan().base
        return self._past.query(
            "outcomes", since=since, until=base.as_of + dt.timedelta(7), run=base.run,
            known=base.as_of,
        )  # fmt: skip
