"""Every verb that a person has, once.

Pages, the command line and tests all come through here, so all meet the same rights, the
same bounds and the same ledger. A verb checks the right, hands the ledger a function that
prepares the event when its turn comes, and answers once the event is durable and folded
into the live plan.
"""

from __future__ import annotations

import datetime as dt
import tempfile
import threading
import uuid
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from data import files, replays, runs, versions
from data.facts import facts
from data.files import Judged
from data.ledger import utc_now
from data.runs import Backtest
from data.store import Store
from data.versions import Version
from forecasting import decisions, experience, nudges, replaying, signals
from forecasting.basis import assemble
from forecasting.calendar import as_date, week_start
from forecasting.comparisons import Comparisons
from forecasting.consensus.activations import (
    Activation,
    as_changed,
    as_imported,
    items_frame,
)
from forecasting.consensus.events import Conflict, Event, Kind, Leaves, Scope
from forecasting.consensus.holds import held_by
from forecasting.consensus.overrides import (
    StackedChange,
    inverse,
    leaves_of,
    resolve,
    undone,
)
from forecasting.cycles import Cycles
from forecasting.decisions import Decisions
from forecasting.demand.backtest import LEAST_WEEKS
from forecasting.demand.worker import run_in_process
from forecasting.desk import Desk, checked_link, checked_note
from forecasting.drafts import Drafts
from forecasting.errors import (
    BadFiles,
    Conflicted,
    NoForecast,
    OutOfBounds,
    Refused,
    UnknownName,
)
from forecasting.hierarchy import THOUSANDTHS, Bools, Tree
from forecasting.jobs import Job, Tell
from forecasting.minutes import Minutes
from forecasting.nudges import Small
from forecasting.plan import LivePlan, Published
from forecasting.policy import Policies
from forecasting.quarter import Quarters, Sources
from forecasting.reasons import Reasons
from forecasting.replaying import Replay
from forecasting.rights import LOCAL_ADMIN, Person, require
from forecasting.selection import Selection
from forecasting.signals import LastWeek
from forecasting.vocabulary import INPUTS, Function, Measure, Operation, Reason

HORIZON_WEEKS = 52
YEAR = dt.timedelta(7 * HORIZON_WEEKS)
CLEAR = "clear"
"""Operation of an override that takes the own input back to statistical."""
_SHAPING = (
    Kind.ACTIVATION, Kind.LIFT, Kind.UNDO, Kind.HOLD, Kind.RELEASE, Kind.RUN, Kind.ADOPT,
    *decisions.KINDS, Kind.CLOSE, Kind.SENSE,
)  # fmt: skip
"""Kinds of events that shape the plan beside the overrides, which are summed in SQL."""

_LEAFLESS = (Kind.COMMENT, Kind.UNDO)
"""Kinds of events that speak of cells without touching their leaves."""

UNDOABLE = frozenset(
    {
        Kind.OVERRIDE, Kind.AGREE, Kind.SENSE, Kind.HOLD, Kind.COMMENT, Kind.ACTIVATION,
        Kind.LIFT, Kind.UNDO, *decisions.KINDS,
    }
)  # fmt: skip
"""Kinds of events that can be taken back (`Workspace.undo`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One of several changes that are made together."""

    scope: Scope
    operation: Operation | str
    value: float | None
    base: int | None = None
    """Sequence number of the state it is based on, where it is another than the others'."""
    client_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Why:
    """What a person gives for a change: reason, note, evidence."""

    reason: str = ""
    note: str = ""
    evidence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoPreview:
    """What taking an event back would do."""

    event: Event
    leaves: Leaves
    """Deltas that would be written."""
    n_superseded: int
    """Leaves left alone, because somebody changed them later or they are back already."""


class Workspace:
    """The product, without a screen.

    Parameters
    ----------
    path : Path or None
        The database file; None keeps it in memory.
    clock : callable
        What time it is, UTC without a zone; what events are stamped with.

    Raises
    ------
    DatabaseBusy
        If another process holds the file.
    """

    def __init__(
        self, path: Path | None = None, *, clock: Callable[[], dt.datetime] = utc_now
    ) -> None:
        self.store = Store(path)
        self._activations: dict[str, Activation] = {}
        self._taken_back: set[int] = set()
        self._spoken_of: defaultdict[str, int] = defaultdict(int)
        """SKU to the latest event of its leaves since the start; '' to one of no leaves."""
        self._plan: LivePlan | None = None
        self._built_at = 0
        """Sequence number at which the plan was built: all of it may have changed then."""
        self._working: LivePlan | None = None
        """The working plan where something was published, made when it is first asked for."""
        self._blinded: dict[tuple[str, ...], LivePlan] = {}
        """The plan without the inputs of some functions, for those who may not see them."""
        self.refreshing = Job("refresh")
        self.backtesting = Job("backtest")
        self.replaying = Job("replay")
        self._folding = threading.Lock()
        self.desk = Desk(self.store, self._fold, clock=clock)
        self.ledger = self.desk.ledger
        self.policies = Policies(self.desk, rebuild=self._rebuild)
        self.cycles = Cycles(
            self.desk,
            plan=lambda: self.plan,
            seen_by=lambda person: self.plan_for(person.id),
            rebuild=self._rebuild_and_flag,
            candidate=self._with_run,
            policy=lambda: self.policies.now,
        )
        self.minutes = Minutes(self.desk)
        self.reasons = Reasons(self.desk)
        self.drafts = Drafts(self.desk)
        self.comparisons = Comparisons(self.desk, plan=lambda: self.plan)
        self.decisions = Decisions(
            self.desk, plan=lambda: self.plan, activation=self._activation
        )
        self.summing = Job("scorecard")
        self.quarters = Quarters(
            self.desk,
            self.policies,
            Sources(
                plan=lambda: self.working_plan_for(LOCAL_ADMIN.id),
                draft=lambda: self.plan,
                activations=lambda: self.activations,
                decisions=lambda: self.decisions.all,
                replayed=self._replayed,
                run=lambda: (self._run, self._plan.base.as_of if self._plan else None),
            ),
        )
        self._taken_back = set(undone(self.ledger.of_kinds(Kind.UNDO)))
        self._rebuild()

    def close(self) -> None:
        """Finish writing and release the file."""
        self.ledger.close()
        self.store.close()

    # People -----------------------------------------------------------------------------

    @property
    def people(self) -> list[Person]:
        """Everybody, by function and name."""
        return self.desk.people

    def person(self, identity: str) -> Person:
        """One person.

        Raises
        ------
        UnknownName
        """
        return self.desk.person(identity)

    def set_person(
        self,
        by: str,
        *,
        identity: str,
        name: str,
        function: Function,
        delegate_for: Function | None = None,
    ) -> Event:
        """Add a person, or give one another name, function or delegation."""
        actor = self.desk.allowed(by, "people")
        if not identity.strip() or not name.strip():
            raise OutOfBounds("A person needs an id and a name.")
        if identity == LOCAL_ADMIN.id:
            raise OutOfBounds("The local admin stays as it is.")
        if delegate_for is not None and delegate_for not in INPUTS:
            raise OutOfBounds("Only a function that signs can have a delegate.")
        body = {
            "id": identity,
            "name": name.strip(),
            "function": function.value,
            "delegate_for": delegate_for.value if delegate_for else None,
        }
        return self.desk.append(actor, Kind.PERSON, body=body)

    # The plan ---------------------------------------------------------------------------

    @property
    def plan(self) -> LivePlan:
        """The live plan.

        Raises
        ------
        NoForecast
            Before the first refresh.
        """
        if self._plan is None:
            raise NoForecast(
                "There is no forecast yet. Import data on the Data page, then press Refresh "
                "(or run: python -m forecasting refresh)."
            )
        return self._plan

    def working_plan_for(self, by: str) -> LivePlan:
        """The plan that stock is judged against, as one person may see it.

        The last published consensus and the calendar's changes since; before anything was
        published, the draft.
        """
        version = self.last_version()
        if version is None:
            return self.plan_for(by)
        self.person(by)
        self._keep_policy()
        with self._folding:
            if self._working is None:
                self._working = self._working_plan(version)
            return self._working

    def last_version(self) -> Version | None:
        """The version that the working plan stands on; None where there is none."""
        current = self.cycles.current
        if current is None or self._plan is None:
            return None
        made = self.cycles.published()
        begins = as_date(self._plan.base.weeks[0])
        # An as-of week before it was made, or a year after, has nothing of it left.
        inside = [v for v in made[-1:] if v.first_week <= begins < v.first_week + YEAR]
        return inside[0] if inside else None

    def _working_plan(self, version: Version) -> LivePlan:
        imported = as_imported(
            self.store.query("activation_rows"), self.store.query("item_rows")
        )
        then = {k: v for k, v in imported.items() if v[1] <= version.version}
        events = self.ledger.of_kinds(*_SHAPING)
        before = [e for e in events if e.seq <= version.version]
        base = self.plan.base
        return LivePlan(
            base,
            activations=self._activations.values(),
            published=Published.of(
                base,
                versions.leaves(self.store, version),
                version.first_week,
                as_changed(then, before),
                version=version.version,
            ),
            decisions=events,
            limits=self.plan.limits,
            seq=self.seq,
        )

    def _keep_policy(self) -> None:
        """Judge by the limits of today, where a setting has come into force meanwhile."""
        if self._plan is not None and self._plan.limits != self.policies.now.limits:
            with self._folding:
                self._judge_anew()

    def _judge_anew(self) -> None:
        limits = self.policies.now.limits
        for plan in (self._plan, self._working, *self._blinded.values()):
            if plan is not None and plan.limits != limits:
                plan.judge_by(limits)

    def plan_for(self, by: str) -> LivePlan:
        """The live plan as one person may see it.

        While inputs are collected blind, it holds nobody's input but the person's own.

        Raises
        ------
        UnknownName, NoForecast
        """
        hidden = self.cycles.hidden_from(self.person(by))
        self._keep_policy()
        if not hidden:
            return self.plan
        with self._folding:
            if hidden not in self._blinded:
                now = self.plan
                self._blinded[hidden] = now.without(hidden)
            return self._blinded[hidden]

    @property
    def has_forecast(self) -> bool:
        """Whether there is a plan to look at."""
        return self._plan is not None

    @property
    def seq(self) -> int:
        """Sequence number of the latest event."""
        return self.ledger.seq

    def touched(self, skus: Sequence[int], *, since: int) -> bool:
        """Whether any of these SKUs changed after a sequence number: one cheap look."""
        if self._plan is None:
            return False
        if since < self._built_at:
            return True
        changed = self._plan.changed
        return any(changed.get(sku, 0) > since for sku in skus)

    # Inputs -----------------------------------------------------------------------------

    def override(
        self,
        by: str,
        scope: Scope,
        operation: Operation | str,
        value: float | None,
        *,
        measure: Measure | str = Measure.UNITS,
        reason: Reason | str,
        note: str = "",
        evidence: str = "",
        base: int | None = None,
        client_id: str | None = None,
    ) -> Event:
        """Change the own function's input.

        Parameters
        ----------
        by : str
            Who.
        scope : Scope
            What; `scope.activation` aims at one activation's lift instead of the total.
        operation : Operation or 'clear'
            How the value is meant.
        value : float or None
            In `measure` for set and add, per cent for percent; None with clear.
        measure : Measure
            Units, or money: revenue, or margin. Money becomes units at the price of the
            week and in the proportions that the cells have.
        reason : str
            Why: a code of the list (`reasons`); some need a note.
        evidence : str
            Link to what it rests on.
        base : int, optional
            Sequence number of the state that the person looked at; the present one if
            left out. Somebody else's later change of the same cells is a conflict.
        client_id : str, optional
            The request's own id; a repeated one is answered with the first event.

        Raises
        ------
        NotAllowed, UnknownName, OutOfBounds, ImpossibleSpread, Conflicted
            Nothing is changed.
        """
        why = self._why(reason, note, evidence)
        prepare = self._prepared(by, scope, operation, value, Measure(measure), base, why)
        names = Selection.of(self.plan, scope).names
        return self.desk.submit(prepare, client_id, touches=names)

    def override_all(
        self,
        by: str,
        changes: Sequence[Change],
        *,
        measure: Measure | str = Measure.UNITS,
        reason: Reason | str,
        note: str = "",
        evidence: str = "",
        base: int | None = None,
    ) -> list[Event]:
        """Several changes at once: every one of them, or none if one is refused.

        Raises
        ------
        NotAllowed, UnknownName, ImpossibleSpread, Conflicted
        OutOfBounds
            If two of them mean the same cell, too.
        """
        seen = self.seq if base is None else base
        why = self._why(reason, note, evidence)
        prepares: dict[str, Callable[[], Event]] = {}
        for one in changes:
            from_when = one.base if one.base is not None else seen
            prepare = self._prepared(
                by, one.scope, one.operation, one.value, Measure(measure), from_when, why
            )
            prepares[one.client_id or uuid.uuid4().hex] = prepare
        touches = _apart(Selection.of(self.plan, one.scope) for one in changes)
        return self.desk.submit_all(prepares, touches=touches)

    def changes_since(self, by: str, seq: int) -> list[Event]:
        """What others decided after a moment and this person may see, latest first."""
        self.desk.allowed(by, "read")
        told = (Kind.IMPORT, Kind.RUN, Kind.PERSON, Kind.RESOLVE)
        others = [e for e in self.ledger.tail(seq) if e.person != by and e.kind not in told]
        return self._seen_by(by, others[::-1])

    def preview_override(
        self,
        by: str,
        scopes: Sequence[Scope],
        operation: Operation | str,
        value: float | None,
        *,
        measure: Measure | str = Measure.UNITS,
        base: int | None = None,
    ) -> list[Event]:
        """What a change of some rows would be written as now, or why it would not.

        Nothing is changed.

        Raises
        ------
        NotAllowed, UnknownName, OutOfBounds, ImpossibleSpread, Conflicted
        """
        in_what, no_reason = Measure(measure), _Why()
        return [
            self._prepared(by, scope, operation, value, in_what, base, no_reason)()
            for scope in scopes
        ]

    def small(self, by: str, event: Event) -> Small | None:
        """What is small about an override, written or previewed: worth asking what it decides.

        None where nothing is. What counts as small is Leadership's to set.
        """
        self.desk.allowed(by, "read")
        policy = self.policies.now
        return nudges.small(
            self.plan, event, share=policy.number("small_share"),
            money=policy.number("small_money"),
        )  # fmt: skip

    def _why(self, reason: Reason | str, note: str, evidence: str) -> _Why:
        return _Why(
            reason=self.reasons.check(str(reason), note),
            note=checked_note(note),
            evidence=checked_link(evidence),
        )

    def _prepared(
        self,
        by: str,
        scope: Scope,
        operation: Operation | str,
        value: float | None,
        measure: Measure,
        base: int | None,
        why: _Why,
    ) -> Callable[[], Event]:
        """An override that is ready for its turn."""
        actor = self.desk.allowed(by, "override")
        operation = CLEAR if operation == CLEAR else Operation(operation)
        if operation != CLEAR and value is None:
            raise OutOfBounds("Enter a number.")
        seen = self.seq if base is None else base
        function = actor.function.value

        def prepare() -> Event:
            chosen = Selection.of(self.plan, scope)
            if chosen.frozen().all():
                raise Refused(
                    f"{scope} is frozen: the first {self.plan.fence} weeks of the plan cannot "
                    "be changed in this cycle."
                )
            present, held, active = (
                chosen.present(function),
                chosen.held(function),
                chosen.active(),
            )
            if operation == CLEAR:
                deltas = np.where(held, 0, -chosen.own(function))
                if not deltas.any():
                    raise OutOfBounds(
                        "Your input adds nothing of its own here, so there is nothing to clear."
                    )
            else:
                assert value is not None
                deltas = resolve(
                    present,
                    Operation(operation),
                    float(value),
                    held=held,
                    active=active,
                    reference=chosen.reference(),
                    worth=chosen.worth(measure),
                )
            leaves = chosen.leaves(deltas, deltas != 0 if deltas.any() else active)
            self.desk.refuse_conflict(
                actor, function, leaves, aim=scope.activation, since=seen,
                now=chosen.amount(present, measure), measure=measure,
            )  # fmt: skip
            body: dict[str, Any] = {
                "input": function,
                "before": int(present.sum()) / THOUSANDTHS,
            }
            if measure is not Measure.UNITS and operation != CLEAR:
                body["measure"] = measure.value
            if why.evidence:
                body["evidence"] = why.evidence
            return self.desk.event(
                actor,
                Kind.OVERRIDE,
                scope=scope,
                operation=str(operation),
                value=value,
                body=body,
                reason=why.reason,
                note=why.note,
                base=seen,
                leaves=leaves,
            )

        return prepare

    def input_amount(
        self, by: str, scope: Scope, measure: Measure | str = Measure.UNITS
    ) -> float:
        """What the person's own input holds for a scope, in units or money."""
        actor = self.desk.allowed(by, "read")
        chosen = Selection.of(self.plan, scope)
        return chosen.amount(chosen.present(actor.function.value), Measure(measure))

    def hold(self, by: str, scope: Scope, *, client_id: str | None = None) -> Event:
        """Hold cells of the own input: totals above spread around them."""
        return self._hold(by, scope, Kind.HOLD, client_id)

    def release(self, by: str, scope: Scope, *, client_id: str | None = None) -> Event:
        """Let held cells move again."""
        return self._hold(by, scope, Kind.RELEASE, client_id)

    def comment(
        self, by: str, scope: Scope, text: str, *, client_id: str | None = None
    ) -> Event:
        """Say something about a part of the plan."""
        actor = self.desk.allowed(by, "comment")
        if not text.strip():
            raise OutOfBounds("A comment needs words.")
        Selection.of(self.plan, scope)
        return self.desk.append(
            actor, Kind.COMMENT, scope=scope, note=checked_note(text), client_id=client_id
        )

    # Weekly signals ---------------------------------------------------------------------

    def last_week(self, by: str) -> LastWeek | None:
        """The last closed week against what was published before it; None without that."""
        self.desk.allowed(by, "read")
        base = self.plan.base
        known = self.store.query("scored_cells", least_lag=1, last_week=base.as_of)
        mine = known[pd.to_datetime(known["week"]) == pd.Timestamp(base.as_of)]
        if mine.empty:
            return None
        happened = self.store.query(
            "outcomes", since=base.as_of, until=base.as_of + dt.timedelta(7)
        )
        return signals.last_week(
            self.plan, mine.set_index("sku")["consensus"], happened, self.activations,
            version=int(mine["version"].iloc[0]),
        )  # fmt: skip

    def sense(
        self, by: str, sku: str, ratio: float, *, note: str = "", client_id: str | None = None
    ) -> Event:
        """Correct the next weeks of a SKU a part of the way that last week was off.

        It counts in the working plan and in Planning's input of the draft; what was
        published stays as it was.

        Parameters
        ----------
        ratio : float
            Last week's demand over what was expected of it.
        """
        actor = self.desk.allowed(by, "sense")
        if not 0 <= ratio < 100:
            raise OutOfBounds("A ratio of demand to expectation lies between 0 and 100.")
        weeks = self.plan.base.weeks
        scope = Scope(
            product_level="sku", product=sku, first_week=as_date(weeks[0]),
            last_week=as_date(weeks[signals.WEEKS - 1]),
        )  # fmt: skip

        def prepare() -> Event:
            leaves = signals.corrected(self.plan, scope, ratio)
            if not len(leaves):
                raise Refused(f"A correction of {sku} changes nothing in the next weeks.")
            return self.desk.event(
                actor, Kind.SENSE, scope=scope, operation="percent",
                value=round(100 * (float(signals.factors(ratio)[0]) - 1), 3),
                body={"input": actor.function.value, "sensing": True},
                reason=Reason.TREND.value, note=checked_note(note), base=self.seq,
                leaves=leaves,
            )  # fmt: skip

        return self.desk.submit(prepare, client_id, touches=frozenset({sku}))

    def told_since(self, by: str, moment: dt.datetime) -> list[Event]:
        """What a weekly review decided after a moment, oldest first."""
        self.desk.allowed(by, "read")
        kinds = (*decisions.KINDS, Kind.CLOSE, Kind.SENSE, Kind.ACTION, Kind.DECISION)
        events = [e for e in self.ledger.of_kinds(*kinds) if e.recorded_at >= moment]
        return self._seen_by(by, events)

    def late_receipts(self, by: str) -> pd.DataFrame:
        """Open orders past due or promised later than they were (signals.late_receipts)."""
        self.desk.allowed(by, "read")
        return signals.late_receipts(self.plan, self.store.query("open_receipts"))

    def what_decisions_did(self, by: str) -> pd.DataFrame:
        """What moves came to, of decisions whose activation is over by the as-of week.

        Returns
        -------
        DataFrame, one row per decision
            seq, activation, sku, said, weeks_ahead, units (moved), used (of them gone by the
            end of the activation: its end stock is left), ran_out (doors that ran out all
            the same), doors. `used` is NaN where no stock was counted.
        """
        self.desk.allowed(by, "read")
        as_of = self.plan.base.as_of
        over = {a.activation: a for a in self.activations if week_start(a.end) <= as_of}
        moved = [
            d for d in self.decisions.all
            if d.moves and d.stands and d.activation in over
        ]  # fmt: skip
        if not moved:
            return decisions.what_they_did([], over, pd.DataFrame())
        since = min(week_start(over[d.activation].start) for d in moved)
        happened = self.store.query("outcomes", since=since, until=as_of + dt.timedelta(7))
        return decisions.what_they_did(moved, over, happened)

    # Activations ------------------------------------------------------------------------

    @property
    def activations(self) -> list[Activation]:
        """Every activation, past and planned, by start."""
        return sorted(self._activations.values(), key=lambda a: (a.start, a.activation))

    def save_activation(
        self, by: str, activation: Activation, *, base: int | None = None, note: str = ""
    ) -> Event:
        """Add an activation, or change one.

        Raises
        ------
        NotAllowed, UnknownName, OutOfBounds, Conflicted
        """
        actor = self.desk.allowed(by, "activation")
        self._check_items(activation)
        seen = self.seq if base is None else base
        identity = activation.activation

        def prepare() -> Event:
            before = self._activations.get(identity)
            self._refuse_activation_conflict(actor, identity, seen)
            body = {
                "activation": identity,
                "before": before.to_dict() if before else None,
                "after": activation.to_dict(),
            }
            return self.desk.event(
                actor, Kind.ACTIVATION, body=body, note=checked_note(note), base=seen
            )

        return self.desk.submit(prepare, None)

    def cancel_activation(
        self, by: str, identity: str, *, base: int | None = None, note: str = ""
    ) -> Event:
        """Call an activation off: its lift goes, everywhere and at once."""
        self.desk.allowed(by, "activation")
        return self.save_activation(
            by, self._activation(identity).cancelled(), base=base, note=note
        )

    def set_lift(
        self,
        by: str,
        identity: str,
        sku: str,
        lift: float | None,
        *,
        base: int | None = None,
        note: str = "",
    ) -> Event:
        """State the lift of one featured SKU as a multiplier; None: the estimate again."""
        actor = self.desk.allowed(by, "lift")
        before = self._activation(identity)
        if sku not in {item.sku for item in before.items}:
            raise UnknownName(f"{before.name} does not feature '{sku}'.")
        before.with_lift(sku, lift)
        seen = self.seq if base is None else base

        def prepare() -> Event:
            now = self._activation(identity)
            self._refuse_activation_conflict(actor, identity, seen)
            body = {
                "activation": identity,
                "sku": sku,
                "before": now.to_dict(),
                "after": now.with_lift(sku, lift).to_dict(),
            }
            return self.desk.event(
                actor, Kind.LIFT, body=body, value=lift, note=checked_note(note), base=seen
            )

        return self.desk.submit(prepare, None)

    # Taking back ------------------------------------------------------------------------

    def preview_undo(self, by: str, seq: int) -> UndoPreview:
        """What taking one change back would do; nothing is changed."""
        actor = self.desk.allowed(by, "undo")
        return self._undo_of(actor, seq)[0]

    def undo(self, by: str, seq: int, *, client_id: str | None = None) -> Event:
        """Take one change back; taking that back brings the change back.

        Raises
        ------
        NotAllowed
            If it is another person's change and the actor does not facilitate.
        Refused
            If nothing is left to take back.
        """
        actor = self.desk.allowed(by, "undo")
        self._undo_of(actor, seq)

        def prepare() -> Event:
            preview, body, aim = self._undo_of(actor, seq)
            return self.desk.event(
                actor,
                Kind.UNDO,
                scope=aim,
                body=body,
                base=self.seq,
                client_id=client_id,
                leaves=preview.leaves,
            )

        return self.desk.submit(prepare, client_id)

    # History ----------------------------------------------------------------------------

    def events(
        self,
        by: str,
        *,
        person: str | None = None,
        function: str | None = None,
        kind: str | None = None,
        reason: str | None = None,
        product: tuple[str, str] | None = None,
        location: tuple[str, str] | None = None,
        activation: str | None = None,
        most: int = 300,
    ) -> list[Event]:
        """Events that match every filter, latest first.

        Parameters
        ----------
        product, location : (level, name)
            A node of the assortment or of the locations: what touches any part of it.

        Raises
        ------
        UnknownName
            If there is no such node.
        """
        self.desk.allowed(by, "read")
        skus, nodes = _part_of(self.plan.products, "sku", product) if product else (None, None)
        doors, places = (
            _part_of(self.plan.locations, "door", location) if location else (None, None)
        )
        found = self.store.query(
            "ledger_of",
            person=person,
            function=function,
            kind=kind,
            reason=reason,
            skus=skus,
            nodes=nodes,
            doors=doors,
            places=places,
            activation=activation,
            most=most,
        )
        return self._seen_by(by, self.ledger.events(found["seq"].tolist())[::-1])

    def is_taken_back(self, seq: int) -> bool:
        """Whether a change stands taken back."""
        return seq in self._taken_back

    def last_word(self, scope: Scope) -> int:
        """Sequence number after which nobody has said anything of a scope (`cell_history`).

        It may be later than the last word was, never earlier; 0: nothing since the start.
        """
        names = self.plan.sku_names
        skus = self.plan.members(scope)[0].tolist()
        return max(self._spoken_of[name] for name in ("", *(names[s] for s in skus)))

    def cell_history(self, by: str, scope: Scope) -> list[Event]:
        """Events that touched any cell of a scope, and comments on it, latest first."""
        self.desk.allowed(by, "read")
        node = (scope.product_level, scope.product)
        skus, nodes = _part_of(self.plan.products, "sku", node)
        found = self.store.query(
            "cell_events",
            skus=skus,
            nodes=nodes,
            first_week=scope.first_week,
            last_week=scope.last_week,
        )
        return self._seen_by(by, self.ledger.events(found["seq"].tolist())[::-1])

    def input_at(self, by: str, seq: int) -> pd.DataFrame:
        """What every input added at a past moment: input, activation, sku, door, week,
        units.
        """
        self.desk.allowed(by, "read")
        rows = self.store.query("input_at", seq=seq, first_week=dt.date(1990, 1, 1))
        rows = rows[~rows["input"].isin(self.cycles.hidden_from(self.person(by)))]
        return rows.assign(units=rows["delta"] / THOUSANDTHS).drop(columns="delta")

    def _seen_by(self, by: str, events: list[Event]) -> list[Event]:
        """Without what others said while inputs are collected blind."""
        hidden = self.cycles.hidden_from(self.person(by))
        since = self.cycles.current.opened if self.cycles.current else 0
        return [e for e in events if e.seq < since or not _is_input_of(e, hidden)]

    # Data -------------------------------------------------------------------------------

    def preview_import(self, by: str, paths: Sequence[Path]) -> Judged:
        """Read and judge files; nothing is written."""
        self.desk.allowed(by, "import")
        with files.judged(self.store, paths) as judged:
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
        actor = self.desk.allowed(by, "import")
        with files.judged(self.store, paths) as judged:
            if judged.problems or (judged.all_problems and not allow_rejects):
                raise BadFiles(judged.all_problems)
            names = [v.table for v in judged.verdicts if v.accepted]
            if not names:
                raise Refused("There is nothing in these files to import.")
            counts = {v.table: [v.read, v.accepted, v.rejected] for v in judged.verdicts}
            body = {"summary": judged.summary, "tables": counts}
            event = self.desk.submit(
                lambda: self.desk.event(actor, Kind.IMPORT, body=body),
                None,
                work=lambda cursor, seq: files.insert_staged(cursor, seq, names),
            )
        self._rebuild()
        return event, judged

    def roll_back(self, by: str, batch: int) -> Event:
        """Take an import out of force; its rows stay on record."""
        actor = self.desk.allowed(by, "import")
        known = self.store.query("batches")
        row = known[known["batch"] == batch]
        if row.empty:
            raise UnknownName(f"There is no import #{batch}.")
        if bool(row["rolled_back"].iloc[0]):
            raise Refused(f"Import #{batch} is rolled back already.")
        event = self.desk.append(actor, Kind.ROLLBACK, body={"batch": batch})
        self._rebuild()
        return event

    # Refresh and backtest ---------------------------------------------------------------

    def refresh(
        self,
        by: str,
        *,
        as_of: dt.date | None = None,
        workers: int = 1,
        full: bool = False,
        tell: Tell = lambda _text, _share: None,
    ) -> Event:
        """Make a new statistical run in a process of its own, and put it in force.

        While a cycle is open it has its run pinned: the new one is a candidate then, which
        the facilitator adopts (`cycles.adopt`). Everybody goes on reading and editing
        meanwhile; if the fit fails or is stopped, the run before stays in force. Only what
        changed since that run is fitted: blocks of classes whose history, prices and past
        activations are as they were keep their factors, unless `full`.

        Raises
        ------
        RefreshRunning
            If one is under way.
        Refused
            If there are no sales, or the fit failed.
        """
        actor = self.desk.allowed(by, "refresh")
        with self.refreshing.running(actor.name, tell) as told:
            told("collecting history", 0.0)
            before = None if full else self._run_in_force()
            with (
                self._fit_inputs(as_of, before) as inputs,
                tempfile.TemporaryDirectory() as folder,
            ):
                made = Path(folder)
                run_in_process(
                    "fit", inputs, made, tell=told, workers=workers,
                    started=self.refreshing.stoppable,
                )  # fmt: skip
                facts = runs.read_facts(made)
                former = before.seq if before else None
                event = self.desk.submit(
                    lambda: self.desk.event(
                        actor, Kind.RUN, body={**facts, "adopted": not self.cycles.is_open}
                    ),
                    None,
                    work=lambda cursor, seq: runs.load_factors(
                        cursor, seq, inputs=inputs, made=made, former=former
                    ),
                )
            if event.body["adopted"]:
                told("building the plan", 0.98)
                self._rebuild_and_flag()
            return event

    def start_refresh(self, by: str) -> None:
        """Refresh in the background; progress is told to everybody."""
        self.desk.allowed(by, "refresh")

        def work() -> None:
            self.refresh(by)
            self.sum_up()

        self.refreshing.in_background(work)

    def sum_up(self, *, tell: Tell = lambda _text, _share: None) -> None:
        """Take the scorecard's sums anew where something they stand on has changed."""
        if not self.quarters.is_fresh():
            with self.summing.running("Concord", tell) as told:
                self.quarters.keep_up(tell=told)

    def start_summing(self, by: str) -> None:
        """The same in the background; progress is told to everybody."""
        self.desk.allowed(by, "read")
        self.summing.in_background(self.sum_up)

    def backtest(
        self,
        by: str,
        *,
        origins: int = 6,
        step: int = 4,
        horizon: int = 8,
        workers: int = 1,
        rows_to: Path | None = None,
        tell: Tell = lambda _text, _share: None,
    ) -> Backtest:
        """Forecast from several past weeks as it would have been then, and keep the result.

        Raises
        ------
        RefreshRunning
            If one is under way.
        Refused
            If the history is too short, or it was stopped; the last result stays.
        """
        actor = self.desk.allowed(by, "backtest")
        with self.backtesting.running(actor.name, tell) as told:
            told("collecting history", 0.0)
            with self._fit_inputs(None) as inputs, tempfile.TemporaryDirectory() as folder:
                asked = {"origins": origins, "step": step, "lags": horizon}
                runs.ask_backtest(inputs, needs=LEAST_WEEKS, **asked)
                run_in_process(
                    "backtest", inputs, Path(folder), tell=told, workers=workers,
                    started=self.backtesting.stoppable,
                )  # fmt: skip
                told("keeping the result", 0.99)
                result = runs.load_backtest(
                    self.store, by=actor.name, inputs=inputs, made=Path(folder), asked=asked
                )
                if rows_to is not None:
                    runs.export_backtest(self.store, Path(folder), rows_to)
            return result

    def start_backtest(self, by: str, *, origins: int, step: int, horizon: int) -> None:
        """Backtest in the background; progress is told to everybody."""
        self.desk.allowed(by, "backtest")
        self.backtesting.in_background(
            lambda: self.backtest(by, origins=origins, step=step, horizon=horizon)
        )

    def stop_backtest(self, by: str) -> bool:
        """Stop the running backtest; the last complete result stays."""
        self.desk.allowed(by, "backtest")
        return self.backtesting.stop()

    def last_backtest(self) -> Backtest | None:
        """The last complete backtest, or None."""
        return runs.last_backtest(self.store)

    def replay(
        self,
        by: str,
        *,
        weeks_ahead: int = 6,
        last: int = 26,
        workers: int = 1,
        tell: Tell = lambda _text, _share: None,
    ) -> Replay:
        """What the Bridge would have said in past weeks, and what happened; kept.

        Parameters
        ----------
        weeks_ahead : int
            Weeks from the as-of week to the activations that are judged.
        last : int
            Most as-of weeks to walk, the latest ones.

        Raises
        ------
        RefreshRunning
            If one is under way.
        Refused
            If no activation is over that could have been foreseen, or it was stopped.
        """
        actor = self.desk.allowed(by, "backtest")
        events = self.ledger.of_kinds(*_SHAPING)
        with self.replaying.running(actor.name, tell) as told:
            made = replaying.walk(
                self.store, events, by=actor.name, weeks_ahead=weeks_ahead, last=last,
                workers=workers, tell=told, started=self.replaying.stoppable,
            )  # fmt: skip
            replays.keep(self.store, made)
            return made

    def start_replay(self, by: str, *, weeks_ahead: int, last: int) -> None:
        """Replay in the background; progress is told to everybody."""
        self.desk.allowed(by, "backtest")
        self.replaying.in_background(
            lambda: self.replay(by, weeks_ahead=weeks_ahead, last=last)
        )

    def stop_replay(self, by: str) -> bool:
        """Stop the running replay; the last complete result stays."""
        self.desk.allowed(by, "backtest")
        return self.replaying.stop()

    def last_replay(self) -> Replay | None:
        """The last complete replay, or None."""
        return replays.last(self.store, Replay)

    def lift_library(self) -> pd.DataFrame:
        """What every past activation was worth by the run in force (experience.library)."""
        lifts = self.store.query("run_lifts", run=self._run)
        return experience.library(lifts, self.activations)

    def corrections(self, sku: str) -> pd.DataFrame:
        """Weeks of a SKU that the run in force did not take as they were sold.

        Returns
        -------
        DataFrame, one row per door and week
            door, week, reason, raw, clean: units.
        """
        return self.store.query("run_corrections", run=self._run, sku=sku)

    def run_facts(self) -> Mapping[str, Any]:
        """What the run in force says of itself; empty where there is none."""
        run = self._run_in_force()
        return run.body if run else {}

    @contextmanager
    def _fit_inputs(self, as_of: dt.date | None, before: Event | None = None) -> Iterator[Path]:
        """A folder with everything a fit reads that the run before did not know."""
        last = self.store.query("last_sales_week")["week"].iloc[0]
        if pd.isna(last):
            raise Refused("There are no sales to learn from. Import data first.")
        week = week_start(as_of) if as_of else pd.Timestamp(last).date()
        with tempfile.TemporaryDirectory() as folder:
            items = items_frame(self.activations)
            runs.write_inputs(
                self.store,
                items,
                Path(folder),
                as_of=week,
                horizon=HORIZON_WEEKS,
                former=before.body if before else None,
            )
            yield Path(folder)

    @property
    def _run(self) -> int:
        """Number of the run that the plan stands on; 0 before the first."""
        return self._plan.base.run if self._plan else 0

    def _replayed(self) -> pd.DataFrame | None:
        """Rows of the last replay, if there is one."""
        last = self.last_replay()
        return None if last is None else last.rows

    def _run_in_force(self) -> Event | None:
        return _in_force(self.ledger.of_kinds(Kind.RUN, Kind.ADOPT))

    def _with_run(self, run: int) -> LivePlan:
        """The plan as it would be with another run."""
        seq = self.seq
        events = [e for e in self.ledger.of_kinds(*_SHAPING) if e.seq <= seq]
        (made,) = [e for e in events if e.kind is Kind.RUN and e.seq == run]
        return self._on_run(seq, self._activations, events, made)

    # Inside -----------------------------------------------------------------------------

    def _hold(self, by: str, scope: Scope, kind: Kind, client_id: str | None) -> Event:
        actor = self.desk.allowed(by, "hold")
        chosen = Selection.of(self.plan, scope)
        active = chosen.active()
        leaves = chosen.leaves(np.zeros(len(active), np.int64), active)
        return self.desk.append(actor, kind, scope=scope, leaves=leaves, client_id=client_id)

    def _refuse_activation_conflict(self, actor: Person, identity: str, seen: int) -> None:
        for event in reversed(self.ledger.tail(seen)):
            if event.body.get("activation") == identity and event.person != actor.id:
                name = self.person(event.person).name
                raise Conflicted([Conflict(theirs=event, name=name, now=float("nan"))])

    def _activation(self, identity: str) -> Activation:
        if identity not in self._activations:
            raise UnknownName(f"There is no activation '{identity}'.")
        return self._activations[identity]

    def _check_items(self, activation: Activation) -> None:
        if not activation.activation.strip() or not activation.type.strip():
            raise OutOfBounds("An activation needs an identity and a type.")
        skus = set(self.store.query("all_skus")["sku"])
        doors = set(self.store.query("all_doors")["door"])
        for item in activation.items:
            if item.sku not in skus:
                raise UnknownName(f"There is no SKU '{item.sku}'.")
            if item.door is not None and item.door not in doors:
                raise UnknownName(f"There is no door '{item.door}'.")

    def _undo_of(
        self, actor: Person, seq: int
    ) -> tuple[UndoPreview, dict[str, Any], Scope | None]:
        """Preview, body and aim of the event that takes `seq` back."""
        found = self.ledger.event(seq)
        # What is collected blind is not there for others, whatever number they guess.
        event = next(iter(self._seen_by(actor.id, [found] if found else [])), None)
        if event is None:
            raise UnknownName(f"There is no change #{seq}.")
        if event.person != actor.id:
            require(actor, "undo others' changes")
        root = event
        if event.kind is Kind.UNDO:
            found = self.ledger.event(int(event.body["target"]))
            assert found is not None
            root = found
            if (root.seq in self._taken_back) is False:
                raise Refused(f"#{root.seq} has been brought back already.")
        elif root.seq in self._taken_back:
            raise Refused(f"#{root.seq} has been taken back already.")
        body: dict[str, Any] = {"target": root.seq}
        match root.kind:
            case Kind.OVERRIDE | Kind.AGREE | Kind.SENSE:
                return self._undo_override(root, body)
            case Kind.EXPEDITE | Kind.TRANSFER | Kind.ACCEPT:
                body |= self.decisions.undone(root)
                return UndoPreview(event=root, leaves=Leaves(), n_superseded=0), body, None
            case Kind.ACTIVATION | Kind.LIFT | Kind.SHIFT | Kind.REDUCE:
                if root.kind in decisions.KINDS:
                    self.decisions.undone(root)
                preview, body = self._undo_activation(root, body)
                return preview, body, None
            case Kind.HOLD if event.kind is not Kind.UNDO:
                body["hold"] = True
                return UndoPreview(event=root, leaves=Leaves(), n_superseded=0), body, None
            case Kind.COMMENT:
                return UndoPreview(event=root, leaves=Leaves(), n_superseded=0), body, None
        raise Refused(f"A change of the kind '{root.kind.value}' cannot be taken back here.")

    def _undo_override(
        self, root: Event, body: dict[str, Any]
    ) -> tuple[UndoPreview, dict[str, Any], Scope | None]:
        rows = self.store.query("leaf_stack", seq=root.seq)
        stack = [
            StackedChange(
                seq=int(seq),
                leaf=(str(sku), str(door), np.datetime64(week, "D")),
                delta=int(delta),
                is_undo=bool(is_undo),
            )
            for seq, sku, door, week, delta, is_undo in rows.itertuples(index=False)
        ]
        leaves, superseded = inverse(stack, self._taken_back ^ {root.seq})
        preview = UndoPreview(event=root, leaves=leaves, n_superseded=len(superseded))
        body["input"] = root.input_of
        if root.kind is Kind.SENSE:
            body["sensing"] = True
        if root.kind is Kind.AGREE:
            if root.cycle != self.desk.cycle:
                raise Refused(
                    f"#{root.seq} was agreed in the cycle {root.cycle}, which is over."
                )
            body["standing"] = 1 if root.seq in self._taken_back else -1
            # Every leaf says that the agreement stands no more, moved or not.
            kept = leaves.by_leaf()
            leaves = leaves_of({leaf: kept.get(leaf, 0) for leaf in root.leaves.by_leaf()})
            preview = replace(preview, leaves=leaves)
        return preview, body, root.scope

    def _undo_activation(
        self, root: Event, body: dict[str, Any]
    ) -> tuple[UndoPreview, dict[str, Any]]:
        identity = str(root.body["activation"])
        back = root.seq in self._taken_back
        left = root.body["before"] if back else root.body["after"]
        # What came after it and was taken back itself is not in the way.
        if left is None or Activation.from_dict(left) != self._activations.get(identity):
            for later in self.ledger.tail(root.seq):
                if later.body.get("activation") != identity:
                    continue
                if later.kind is not Kind.UNDO or later.body.get("target") != root.seq:
                    name = self.person(later.person).name
                    raise Refused(
                        f"{name} changed {identity} after that (#{later.seq}); "
                        "take that back first."
                    )
        state = root.body["after"] if back else root.body["before"]
        body |= {"activation": identity, "activation_state": state}
        return UndoPreview(event=root, leaves=Leaves(), n_superseded=0), body

    def _fold(self, events: Sequence[Event]) -> None:
        """Called by the ledger's writer after each commit."""
        with self._folding:
            for event in events:
                self._note_event(event)
            if self._plan is not None:
                self._plan.fold(events)
            if any(event.kind in (Kind.CYCLE, Kind.PUBLISH) for event in events):
                self._blinded.clear()
                self._working = None
            if any(event.kind is Kind.SETTING for event in events):
                self._judge_anew()
            if self._working is not None:
                told = ("activation", "moves", "sensing")
                self._working.fold([e for e in events if any(n in e.body for n in told)])
            for hidden, plan in self._blinded.items():
                plan.fold([event for event in events if not _is_input_of(event, hidden)])

    def _note_event(self, event: Event) -> None:
        self.cycles.note(event)
        self.minutes.note(event)
        self.reasons.note(event)
        self.decisions.note(event)
        self.policies.note(event)
        self.quarters.note(event)
        for name in set(event.leaves.sku) or ({""} if event.kind in _LEAFLESS else ()):
            self._spoken_of[name] = event.seq
        match event.kind:
            case Kind.PERSON:
                self.desk.note(event)
            case Kind.UNDO:
                self._taken_back ^= {int(event.body["target"])}
                if "activation" in event.body:
                    self._put(str(event.body["activation"]), event.body["activation_state"])
            case Kind.ACTIVATION | Kind.LIFT | Kind.SHIFT | Kind.REDUCE:
                self._put(str(event.body["activation"]), event.body["after"])

    def _put(self, identity: str, state: Mapping[str, Any] | None) -> None:
        if state is None:
            self._activations.pop(identity, None)
        else:
            self._activations[identity] = Activation.from_dict(state)

    def _rebuild(self) -> None:
        """Build the plan anew from the run in force, the facts and the ledger.

        It is built beside the one in force while people go on; what they did meanwhile is
        folded in before the new one takes its place.
        """
        seq = self.seq
        events = [e for e in self.ledger.of_kinds(*_SHAPING) if e.seq <= seq]
        imported = as_imported(
            self.store.query("activation_rows"), self.store.query("item_rows")
        )
        activations = as_changed(imported, events)
        plan = self._built(seq, activations, events)
        with self._folding:
            later = self.ledger.tail(seq)
            self._activations = as_changed(imported, [*events, *later])
            if plan is not None:
                plan.fold(later)
                self._plan, self._built_at = plan, self.seq
            self._blinded.clear()
            self._working = None

    def _rebuild_and_flag(self) -> None:
        """Build the plan anew, and keep what the Bridge says where another run is in force."""
        self._rebuild()
        self.quarters.keep_flags()

    def _built(
        self, seq: int, activations: Mapping[str, Activation], events: Sequence[Event]
    ) -> LivePlan | None:
        """The plan as of a sequence number; None where no run was made."""
        run = _in_force([e for e in events if e.kind in (Kind.RUN, Kind.ADOPT)])
        return None if run is None else self._on_run(seq, activations, events, run)

    def _on_run(
        self,
        seq: int,
        activations: Mapping[str, Activation],
        events: Sequence[Event],
        run: Event,
    ) -> LivePlan:
        """The plan as of a sequence number, on one run."""
        as_of = dt.date.fromisoformat(run.body["as_of"])
        last = self.store.query("last_sales_week")["week"].iloc[0]
        base = assemble(
            run=run.seq,
            run_body=run.body,
            horizon=HORIZON_WEEKS,
            series=self.store.query("run_series_of", run=run.seq),
            sku_factors=self.store.query("run_sku_of", run=run.seq),
            # Of a past week, orders count as they stood then.
            **facts(self.store, as_of, then=as_of < pd.Timestamp(last).date()),
        )
        taken_back = undone([e for e in events if e.kind is Kind.UNDO])
        cycle = self.cycles.current.name if self.cycles.current else ""
        return LivePlan(
            base,
            activations=activations.values(),
            inputs=self.store.query("input_at", seq=seq, first_week=as_date(base.weeks[0])),
            holds=held_by(events, taken_back),
            agreed=self.store.query("agreed_at", cycle=cycle, seq=seq) if cycle else None,
            cycle=cycle,
            fence=self.cycles.fence,
            weights=self.cycles.weights(),
            decisions=events,
            limits=self.policies.now.limits,
            seq=seq,
        )


def _apart(selections: Iterable[Selection]) -> frozenset[str]:
    """SKUs of changes made together; two of one cell are refused: each would undo the other."""
    taken: dict[str, Bools] = {}
    names: set[str] = set()
    for chosen in selections:
        aim = chosen.scope.activation
        if aim not in taken:
            taken[aim] = np.zeros(chosen.plan.base.shape3, dtype=bool)
        at = np.ix_(chosen.skus, chosen.doors, chosen.weeks)
        if taken[aim][at].any():
            raise OutOfBounds(f"Two of these changes mean the same cells: {chosen.scope}.")
        taken[aim][at] = True
        names |= chosen.names
    return frozenset(names)


def _part_of(tree: Tree, leaf: str, node: tuple[str, str]) -> tuple[list[str], list[str]]:
    """Leaves under a node, and every node ('level/name') that has any of them."""
    at = tree.members(*node)
    nodes = [
        f"{level}/{name}"
        for level, names in tree.nodes.items()
        for name in dict.fromkeys(names[at].tolist())
    ]
    return tree.nodes[leaf][at].tolist(), nodes


def _is_input_of(event: Event, functions: Collection[str]) -> bool:
    """Whether an event says something of an input of one of these functions."""
    spoken = (
        Kind.OVERRIDE, Kind.SENSE, Kind.UNDO, Kind.RESOLVE, Kind.HOLD, Kind.RELEASE
    )  # fmt: skip
    if event.kind not in spoken or "activation" in event.body:
        return False
    return event.input_of in functions


def _in_force(events: Sequence[Event]) -> Event | None:
    """The run that the plan stands on, given every run and adoption in order."""
    made = {e.seq: e for e in events if e.kind is Kind.RUN}
    found = None
    for event in events:
        if event.kind is Kind.ADOPT:
            found = made[int(event.body["run"])]
        elif event.body.get("adopted", True):
            found = event
    return found
