"""Plans out of the record: built anew from a run, the facts in force and the ledger.

What is in memory is always what this would give. So whatever is in doubt there is thrown away
and built again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence

from data import versions
from data.closing import last_closed
from data.facts import arrived, facts
from data.versions import Version
from forecasting.calendar import as_date
from forecasting.consensus.activations import Activation, as_imported
from forecasting.consensus.events import Event, Kind
from forecasting.consensus.events.record import RunMade
from forecasting.consensus.holds import held_by
from forecasting.consensus.overrides import undone
from forecasting.governance.desk import Desk
from forecasting.governance.policy import Policies
from forecasting.monthly.cycle import Cycles
from forecasting.plan.assembly import assemble
from forecasting.plan.given import Factors, Facts
from forecasting.plan.live import LivePlan
from forecasting.plan.ordered import ordered_at
from forecasting.plan.published import Published
from forecasting.record.runs import HORIZON_WEEKS, LONGEST_WEEKS
from forecasting.weekly import decisions
from forecasting.weekly.activations import MarketingCalendar, as_changed
from forecasting.weekly.stated_since import files_say, history_of

YEAR = dt.timedelta(7 * HORIZON_WEEKS)
_SHAPING = (
    Kind.ACTIVATION, Kind.LIFT, Kind.UNDO, Kind.HOLD, Kind.RELEASE, Kind.RUN, Kind.ADOPT,
    *decisions.KINDS, Kind.APPROVE, Kind.ORDERED, Kind.WITHDRAW, Kind.CLOSE, Kind.SENSE,
)  # fmt: skip
"""Kinds of events that shape the plan beside the overrides, which are summed in SQL."""


class Builder:
    """Builds plans from the record.

    Parameters
    ----------
    desk : Desk
    cycles : Cycles
    calendar : MarketingCalendar
    policies : Policies
    least_weeks : int
        Weeks that plans look ahead at least, whatever is set.
    """

    def __init__(
        self,
        desk: Desk,
        cycles: Cycles,
        *,
        calendar: MarketingCalendar,
        policies: Policies,
        least_weeks: int = 0,
    ) -> None:
        self._desk, self._cycles = desk, cycles
        self._calendar, self._policies = calendar, policies
        self._least_weeks = least_weeks

    def shaping(self, *, until: int | None = None) -> list[Event]:
        """Events that shape a plan, oldest first, up to a sequence number."""
        events = self._desk.ledger.of_kinds(*_SHAPING)
        return events if until is None else [e for e in events if e.seq <= until]

    def imported(self) -> Mapping[str, tuple[Activation, int]]:
        """Activations as the files in force give them (as_imported)."""
        return files_say(self._desk.store)

    def calendar_at(
        self, moment: int, events: Sequence[Event] | None = None
    ) -> dict[str, Activation]:
        """The marketing calendar as it stood at a sequence number.

        Parameters
        ----------
        events : sequence of Event, optional
            Those that shape a plan, where they were read already.
        """
        store = self._desk.store
        imported = as_imported(
            store.query("activation_rows_at", seq=moment),
            store.query("item_rows_at", seq=moment),
        )
        shaping = self.shaping() if events is None else events
        past = [e for e in shaping if e.seq <= moment]
        return as_changed(imported, past, history=history_of(store))

    def candidate(self, run: int) -> LivePlan:
        """The plan as it would be with another run."""
        seq = self._desk.ledger.seq
        events = self.shaping(until=seq)
        (made,) = [e for e in events if e.kind is Kind.RUN and e.seq == run]
        return self.on_run(seq, self._calendar.activations, events, made)

    def on_run(
        self,
        seq: int,
        activations: Collection[Activation],
        events: Sequence[Event],
        run: Event,
    ) -> LivePlan:
        """The plan as of a sequence number, on one run.

        Parameters
        ----------
        activations : collection of Activation
            The calendar at that moment.
        events : sequence of Event
            Those that shape it, up to that moment.
        """
        store, made = self._desk.store, run.told(RunMade)
        last = last_closed(store)  # None: sales were rolled back
        factors = Factors(
            run=run.seq,
            body=made.facts,
            series=store.query("run_series_of", run=run.seq),
            sku_factors=store.query("run_sku_of", run=run.seq),
            spans=store.query("run_ranged_of", run=run.seq),
        )
        # Of a past week, orders count as they stood then.
        then = last is not None and made.as_of < last
        known = Facts(
            **facts(store, made.as_of, then=then),
            arrived=arrived(store, made.as_of, skus=_ordered(events)),
        )
        weeks = max(int(self._policies.now.number("horizon_weeks")), self._least_weeks)
        base = assemble(factors, known, horizon=min(weeks, LONGEST_WEEKS))
        taken_back = undone([e for e in events if e.kind is Kind.UNDO])
        cycle = self._cycles.current.name if self._cycles.current else ""
        return LivePlan(
            base,
            activations=activations,
            inputs=store.query("input_at", seq=seq, first_week=as_date(base.weeks[0])),
            holds=held_by(events, taken_back),
            agreed=store.query("agreed_at", cycle=cycle, seq=seq) if cycle else None,
            cycle=cycle,
            fence=self._cycles.fence,
            weights=self._cycles.weights(),
            decisions=events,
            limits=self._policies.now.limits,
            seq=seq,
        )

    def version_for(self, plan: LivePlan) -> Version | None:
        """The version that a working plan beside this plan stands on; None: there is none."""
        if self._cycles.current is None:
            return None
        made = self._cycles.published()
        begins = as_date(plan.base.weeks[0])
        # An as-of week before it was made, or a year after, has nothing of it left.
        inside = [v for v in made[-1:] if v.first_week <= begins < v.first_week + YEAR]
        return inside[0] if inside else None

    def working(self, plan: LivePlan, version: Version) -> LivePlan:
        """The working plan: a published version, moved on with the calendar."""
        store = self._desk.store
        seq = self._desk.ledger.seq  # first: what comes after it is folded in by the writer
        events = self.shaping(until=seq)
        base, moment = plan.base, version.version
        return LivePlan(
            base,
            activations=self._calendar.activations,
            published=Published.of(
                base,
                versions.leaves(store, version),
                version.first_week,
                self.calendar_at(moment, events).values(),
                version=moment,
                inputs=store.query("input_at", seq=moment, first_week=as_date(base.weeks[0])),
                agreed=store.query("agreed_at", cycle=version.cycle, seq=moment),
            ),
            weights=self._cycles.weights(),
            decisions=events,
            limits=plan.limits,
            seq=seq,
        )


def _ordered(events: Iterable[Event]) -> list[str]:
    """SKUs that people ordered, whether it still counts or not."""
    changes = (event.body.supply for event in events)
    return ordered_at(m for change in changes if change is not None for m in change.moves)
