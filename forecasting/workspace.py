"""Every verb that a person has, once.

Pages, the command line and tests all come through here, so all meet the same rights, the
same bounds and the same ledger. A verb checks the right, hands the ledger a function that
prepares the event when its turn comes, and answers once the event is durable and folded
into the live plan.
"""

from __future__ import annotations

import datetime as dt
import os
import platform
import threading
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from data import files, versions
from data.closing import last_closed
from data.facts import facts
from data.files import Judged
from data.ledger import utc_now
from data.store import Store
from data.versions import Version
from forecasting import conventions, operation, scratch
from forecasting.arguments import AsMade, ClientId, Name, OneOf, verbs
from forecasting.calendar import as_date
from forecasting.consensus.activations import Activation, as_imported
from forecasting.consensus.events import Body, Event, Kind, Scope
from forecasting.consensus.events.governance import PersonSet
from forecasting.consensus.events.inputs import Commented, Held, Overridden, Released
from forecasting.consensus.events.record import Imported, ImportRolledBack, RunMade
from forecasting.consensus.holds import held_by
from forecasting.consensus.overrides import resolve, undone
from forecasting.conventions import US
from forecasting.errors import (
    BadFiles,
    NoForecast,
    OutOfBounds,
    Refused,
    UnknownName,
)
from forecasting.governance.conventions import CompanyConventions
from forecasting.governance.desk import Desk, Request, checked_link, checked_note
from forecasting.governance.drafts import Drafts
from forecasting.governance.policy import Policies, Policy
from forecasting.governance.projector import Projector
from forecasting.governance.reasons import Reasons
from forecasting.governance.recovery import Recovery
from forecasting.hierarchy import THOUSANDTHS, Bools
from forecasting.intake.oddities import Oddities
from forecasting.monthly import small_changes
from forecasting.monthly.comparisons import Comparisons
from forecasting.monthly.cycle import Cycles
from forecasting.monthly.minutes import Minutes
from forecasting.monthly.small_changes import Small
from forecasting.plan.basis import assemble
from forecasting.plan.live import LivePlan
from forecasting.plan.published import Published
from forecasting.plan.selection import Selection
from forecasting.quarterly.review import Quarters, Sources
from forecasting.record.hindsight import Hindsight
from forecasting.record.history import History, is_input_of
from forecasting.record.reversals import Reversals
from forecasting.record.runs import HORIZON_WEEKS, Runs, run_in_force
from forecasting.rights import LOCAL_ADMIN, Person, require
from forecasting.version import version
from forecasting.vocabulary import INPUTS, Function, Measure, Operation
from forecasting.weekly import decisions
from forecasting.weekly.activations import MarketingCalendar, as_changed
from forecasting.weekly.decisions import Decisions
from forecasting.weekly.review import Weekly

LOG = operation.log("workspace")
YEAR = dt.timedelta(7 * HORIZON_WEEKS)
CALENDAR = frozenset({"activations", "activation_items"})
"""Tables that are the marketing calendar."""
CLEAR = "clear"
"""Operation of an override that takes the own input back to statistical."""
How = Annotated[Operation | str, OneOf((*Operation, CLEAR))]
"""How a change is meant, or clear."""
_SHAPING = (
    Kind.ACTIVATION, Kind.LIFT, Kind.UNDO, Kind.HOLD, Kind.RELEASE, Kind.RUN, Kind.ADOPT,
    *decisions.KINDS, Kind.CLOSE, Kind.SENSE,
)  # fmt: skip
"""Kinds of events that shape the plan beside the overrides, which are summed in SQL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One of several changes that are made together."""

    scope: Scope
    operation: How
    value: float | None
    base: int | None = None
    """Sequence number of the state it is based on, where it is another than the others'."""
    client_id: ClientId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Why:
    """What a person gives for a change: reason, note, evidence."""

    reason: str = ""
    note: str = ""
    evidence: str = ""


@verbs
class Workspace:
    """The product, without a screen.

    Parameters
    ----------
    path : Path or None
        The database file; None keeps it in memory.
    clock : callable
        What time it is, UTC without a zone; what events are stamped with.
    create : bool
        Whether a database that does not exist is made.

    Raises
    ------
    NoDatabase, NotOurs, StorageFailed
    DatabaseBusy
        If another process holds the file.
    """

    def __init__(
        self,
        path: Path | None = None,
        *,
        clock: Callable[[], dt.datetime] = utc_now,
        create: bool = True,
    ) -> None:
        begun = time.perf_counter()
        self.store = Store(path, create=create)
        self._log_held = operation.hold(path)
        try:
            self._wire(clock)
        except BaseException:  # what cannot be opened is let go: another one may have it
            self._log_held.let_go()
            self.store.close()
            raise
        LOG.info(
            "started", version=version(), database=path or "memory", seq=self.seq,
            process=os.getpid(),
            python=platform.python_version(), left_by_others=scratch.sweep() if path else 0,
            seconds=time.perf_counter() - begun,
        )  # fmt: skip

    def _wire(self, clock: Callable[[], dt.datetime]) -> None:
        self._plan: LivePlan | None = None
        """The live plan, built when it is first asked for: importing files needs none."""
        self._building = threading.Lock()
        self._built_at = 0
        """Sequence number at which the plan was built: all of it may have changed then."""
        self._working: LivePlan | None = None
        """The working plan where something was published, made when it is first asked for."""
        self._blinded: dict[tuple[str, ...], LivePlan] = {}
        """The plan without the inputs of some functions, for those who may not see them."""
        self._folding = threading.Lock()
        self._policy: Policy | None = None
        """What was set when the plan was built."""
        self._recovery = Recovery(self._remade, self._folding)
        self.desk = Desk(self.store, self._fold, clock=clock)
        self.ledger = self.desk.ledger
        self.conventions = CompanyConventions(self.desk, changed=self._on_another_calendar)
        self.policies = Policies(self.desk)
        self.cycles = Cycles(
            self.desk,
            plan=lambda: self.plan,
            seen_by=lambda person: self.plan_for(person.id),
            rebuild=self._rebuild_and_flag,
            candidate=self._with_run,
            policy=lambda: self.policies.now,
        )
        self.history = History(self.desk, self.cycles, plan=lambda: self.plan)
        self.minutes = Minutes(self.desk)
        self.reasons = Reasons(self.desk)
        self.drafts = Drafts(self.desk)
        self.comparisons = Comparisons(self.desk, plan=lambda: self.plan)
        self.calendar = MarketingCalendar(self.desk)
        self.oddities = Oddities(self.desk, calendar=lambda: self.calendar.activations)
        self.decisions = Decisions(
            self.desk, plan=lambda: self.plan, activation=self.calendar.one
        )
        self.reversals = Reversals(
            self.desk, calendar=self.calendar, decisions=self.decisions,
            seen_by=self.history.seen_by,
        )  # fmt: skip
        self.weekly = Weekly(
            self.desk, plan=lambda: self.plan, calendar=self.calendar,
            decisions=self.decisions,
        )  # fmt: skip
        self.runs = Runs(
            self.desk, self.cycles, calendar=self.calendar, number=lambda: self._run,
            rebuild=self._rebuild_and_flag, sum_up=lambda: self.quarters.sum_up(),
        )  # fmt: skip
        self.hindsight = Hindsight(
            self.desk, self.runs, shaping=lambda: self.ledger.of_kinds(*_SHAPING)
        )
        self.quarters = Quarters(
            self.desk,
            self.policies,
            Sources(
                plan=lambda: self.working_plan_for(LOCAL_ADMIN.id),
                draft=lambda: self.plan,
                activations=lambda: self.calendar.activations,
                decisions=lambda: self.decisions.all,
                replayed=self.hindsight.replayed,
                run=lambda: (self._run, self.plan.base.as_of if self.has_forecast else None),
            ),
        )
        self._projectors: tuple[Projector[Any], ...] = (
            self.desk, self.conventions, self.cycles, self.history, self.minutes, self.reasons,
            self.calendar, self.decisions, self.reversals, self.policies, self.quarters,
            self.oddities,
        )  # fmt: skip
        """What takes every committed event, in this order, before the plan does."""
        self._take_up(build=False)

    def close(self) -> None:
        """Finish writing and release the file."""
        self.ledger.close()
        self.store.close()
        conventions.keep(US)
        LOG.info("stopped", database=self.store.path or "memory", seq=self.seq)
        self._log_held.let_go()

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
        identity: Name,
        name: Name,
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
        body = PersonSet(
            person=identity, name=name.strip(), function=function, delegate_for=delegate_for
        )
        return self.desk.append(actor, body)

    # The plan ---------------------------------------------------------------------------

    @property
    def plan(self) -> LivePlan:
        """The live plan.

        Raises
        ------
        NoForecast
            Before the first refresh.
        Rebuilding
            While it is made anew from the ledger.
        """
        self._recovery.wait()
        if self._plan is None:
            with self._building:
                if self._plan is None and self.has_forecast:
                    self._take_up(build=True)
        plan = self._plan
        if plan is None:
            raise NoForecast(
                "There is no forecast yet. Import data on the Data page, then press Refresh "
                "(or run: python -m forecasting refresh)."
            )
        return self._by_policy_of_today(plan)

    def working_plan_for(self, by: str) -> LivePlan:
        """The plan that stock is judged against, as one person may see it.

        The last published consensus and the calendar's changes since; before anything was
        published, the draft.
        """
        version = self.last_version()
        if version is None:
            return self.plan_for(by)
        self.person(by)
        plan = self.plan  # built before the lock, which building takes
        with self._folding:
            if self._working is None:
                self._working = self._working_plan(self._plan or plan, version)
            return self._working

    def last_version(self) -> Version | None:
        """The version that the working plan stands on; None where there is none."""
        current = self.cycles.current
        if current is None or not self.has_forecast:
            return None
        made = self.cycles.published()
        begins = as_date(self.plan.base.weeks[0])
        # An as-of week before it was made, or a year after, has nothing of it left.
        inside = [v for v in made[-1:] if v.first_week <= begins < v.first_week + YEAR]
        return inside[0] if inside else None

    def _working_plan(self, plan: LivePlan, version: Version) -> LivePlan:
        seq = self.seq  # first: what is committed after it is folded in by the writer
        events = [e for e in self.ledger.of_kinds(*_SHAPING) if e.seq <= seq]
        base, moment = plan.base, version.version
        imported = as_imported(
            self.store.query("activation_rows_at", seq=moment),
            self.store.query("item_rows_at", seq=moment),
        )
        first_week = as_date(base.weeks[0])
        return LivePlan(
            base,
            activations=self.calendar.activations,
            published=Published.of(
                base,
                versions.leaves(self.store, version),
                version.first_week,
                as_changed(imported, [e for e in events if e.seq <= moment]).values(),
                version=moment,
                inputs=self.store.query("input_at", seq=moment, first_week=first_week),
                agreed=self.store.query("agreed_at", cycle=version.cycle, seq=moment),
            ),
            weights=self.cycles.weights(),
            decisions=events,
            limits=plan.limits,
            seq=seq,
        )

    def _by_policy_of_today(self, plan: LivePlan) -> LivePlan:
        """The plan by what is set today: a setting may have come into force by the clock."""
        policy = self.policies.now
        if policy is self._policy:
            return plan
        if self._policy is None or policy.weighing != self._policy.weighing:
            self._rebuild()  # what functions count for is in every proposed number
            self._recovery.wait()
            return self._plan or plan
        with self._folding:
            self._judge_anew()
            self._policy = policy
        return plan

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
        plan = self.plan  # built before the lock, which building takes
        if not hidden:
            return plan
        with self._folding:
            if hidden not in self._blinded:
                self._blinded[hidden] = (self._plan or plan).without(hidden)
            return self._blinded[hidden]

    @property
    def has_forecast(self) -> bool:
        """Whether there is a plan to look at."""
        return self._plan is not None or self.runs.in_force() is not None

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
        operation: How,
        value: float | None,
        *,
        measure: Measure | str = Measure.UNITS,
        reason: Name,
        note: str = "",
        evidence: str = "",
        base: int | None = None,
        client_id: ClientId | None = None,
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
        one = Change(scope=scope, operation=operation, value=value, client_id=client_id)
        prepare = self._prepared(by, scope, operation, value, Measure(measure), base, why)
        names = Selection.of(self.plan, scope).names
        return self.desk.submit(prepare, self._request(by, one, measure), touches=names)

    def override_all(
        self,
        by: str,
        changes: Sequence[Change],
        *,
        measure: Measure | str = Measure.UNITS,
        reason: Name,
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
        seen = self.desk.seen(base)
        why = self._why(reason, note, evidence)
        self.desk.allowed(by, "override")
        asked: list[tuple[Request, Callable[[], Event]]] = []
        for one in changes:
            from_when = one.base if one.base is not None else seen
            prepare = self._prepared(
                by, one.scope, one.operation, one.value, Measure(measure), from_when, why
            )
            asked.append((self._request(by, one, measure), prepare))
        touches = _apart(Selection.of(self.plan, one.scope) for one in changes)
        return self.desk.submit_all(asked, touches=touches)

    def preview_override(
        self,
        by: str,
        scopes: Sequence[Scope],
        operation: How,
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
        self.desk.allowed(by, "override")
        in_what, no_reason = Measure(measure), _Why()
        return [
            self._prepared(by, scope, operation, value, in_what, base, no_reason)()
            for scope in scopes
        ]

    def small(self, by: str, event: AsMade[Event]) -> Small | None:
        """What is small about an override, written or previewed: worth asking what it decides.

        None where nothing is. What counts as small is Leadership's to set.
        """
        self.desk.allowed(by, "read")
        policy = self.policies.now
        return small_changes.small(
            self.plan, event, share=policy.number("small_share"),
            money=policy.number("small_money"),
        )  # fmt: skip

    def _request(self, by: str, one: Change, measure: Measure | str) -> Request:
        """A change under its client's id: the same person, cells and number."""
        asked: tuple[object, ...] = (one.scope, str(one.operation), one.value)
        if one.operation != CLEAR:
            asked = (*asked, Measure(measure))

        def says(event: Event) -> bool:
            told = (event.scope, event.operation, event.value, event.measure)
            return told[: len(asked)] == asked

        return Request.of(one.client_id, self.desk.person(by), Kind.OVERRIDE, says)

    def _why(self, reason: str, note: str, evidence: str) -> _Why:
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
        seen = self.desk.seen(base)
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
            body = Overridden(
                input=function,
                before=int(present.sum()) / THOUSANDTHS,
                measure=Measure.UNITS if operation == CLEAR else measure,
                evidence=why.evidence,
            )
            return self.desk.event(
                actor,
                body,
                scope=scope,
                operation=str(operation),
                value=value,
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

    def hold(self, by: str, scope: Scope, *, client_id: ClientId | None = None) -> Event:
        """Hold cells of the own input: totals above spread around them."""
        return self._hold(by, scope, Held(), client_id)

    def release(self, by: str, scope: Scope, *, client_id: ClientId | None = None) -> Event:
        """Let held cells move again."""
        return self._hold(by, scope, Released(), client_id)

    def comment(
        self, by: str, scope: Scope, text: str, *, client_id: ClientId | None = None
    ) -> Event:
        """Say something about a part of the plan."""
        actor = self.desk.allowed(by, "comment")
        if not text.strip():
            raise OutOfBounds("A comment needs words.")
        Selection.of(self.plan, scope)
        return self.desk.append(
            actor, Commented(), scope=scope, note=checked_note(text), client_id=client_id
        )

    # Data -------------------------------------------------------------------------------

    def preview_import(self, by: str, paths: Sequence[Path]) -> Judged:
        """Read and judge files; nothing is written."""
        actor = self.desk.allowed(by, "import the calendar")
        with files.judged(self.store, paths) as judged:
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
        actor = self.desk.allowed(by, "import the calendar")
        with (
            operation.told("import", by=actor.id, files=len(paths)) as told,
            files.judged(self.store, paths) as judged,
        ):
            _require_tables(actor, judged)
            if judged.problems or (judged.all_problems and not allow_rejects):
                raise BadFiles(judged.all_problems)
            names = [v.table for v in judged.verdicts if v.accepted]
            if not names:
                raise Refused("There is nothing in these files to import.")
            counts = {v.table: [v.read, v.accepted, v.rejected] for v in judged.verdicts}
            body = Imported(summary=judged.summary, tables=counts)
            event = self.desk.submit(
                lambda: self.desk.event(actor, body),
                None,
                work=lambda cursor, seq: files.insert_staged(cursor, seq, names),
            )
            told["batch"], told["rows"] = event.seq, sum(v.accepted for v in judged.verdicts)
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
        with operation.told("roll_back", by=actor.id, batch=batch):
            event = self.desk.append(actor, ImportRolledBack(batch=batch))
        self._rebuild()
        return event

    # Inside -----------------------------------------------------------------------------

    def _hold(
        self, by: str, scope: Scope, body: Held | Released, client_id: str | None
    ) -> Event:
        actor = self.desk.allowed(by, "hold")
        chosen = Selection.of(self.plan, scope)
        active = chosen.active()
        leaves = chosen.leaves(np.zeros(len(active), np.int64), active)
        return self.desk.append(actor, body, scope=scope, leaves=leaves, client_id=client_id)

    @property
    def _run(self) -> int:
        """Number of the run that the plan stands on; 0 before the first."""
        return self.plan.base.run if self.has_forecast else 0

    def _with_run(self, run: int) -> LivePlan:
        """The plan as it would be with another run."""
        seq = self.seq
        events = [e for e in self.ledger.of_kinds(*_SHAPING) if e.seq <= seq]
        (made,) = [e for e in events if e.kind is Kind.RUN and e.seq == run]
        return self._on_run(seq, self.calendar.activations, events, made)

    def _fold(self, events: Sequence[Event]) -> None:
        """Called by the ledger's writer after each commit."""
        with self._folding:
            if self._recovery.is_under_way:  # it reads the ledger once more before it ends
                self._recovery.again()
                return
            try:
                self._folded(events)
            except Exception as error:
                self._recovery.begin(error)

    def _folded(self, events: Sequence[Event]) -> None:
        for projector in self._projectors:
            projector.apply(events)
        if self._plan is not None:
            self._plan.fold(events)
        if any(event.kind in (Kind.CYCLE, Kind.PUBLISH) for event in events):
            self._drop_derived()
        if any(event.kind is Kind.SETTING for event in events):
            self._judge_anew()
        try:
            if self._working is not None:
                self._working.fold([e for e in events if _is_of_working_plan(e.body)])
            for hidden, plan in self._blinded.items():
                plan.fold([event for event in events if not is_input_of(event, hidden)])
        except Exception as error:
            # They are made of the plan and the ledger when they are next asked for.
            LOG.fault("derived_plan_dropped", error, seq=events[-1].seq)
            self._drop_derived()

    def _drop_derived(self) -> None:
        """Forget the plans that are made from the live one; `_folding` is held."""
        self._blinded.clear()
        self._working = None

    def _remade(self) -> None:
        """Everything in memory anew from the ledger and the facts."""
        with self._folding:
            for projector in self._projectors:
                projector.take_up(self.ledger)
        with self._building:
            self._take_up(build=self._plan is not None)

    def _rebuild(self) -> None:
        """Take up facts or a run that changed: the calendar, and the plan if it was built.

        What changed is durable already. So where this fails, whoever asked is not told that
        it was not done: the plan is made anew in the background, and says so until it is.
        """
        try:
            with self._building:
                self._take_up(build=self._plan is not None)
        except Exception as error:
            with self._folding:
                self._recovery.begin(error)

    def _take_up(self, *, build: bool) -> None:
        """Take the calendar, and build the plan, from the run in force, facts and ledger.

        It is built beside the one in force while people go on; what they did meanwhile is
        folded in before the new one takes its place.
        """
        seq, policy = self.seq, self.policies.now
        events = [e for e in self.ledger.of_kinds(*_SHAPING) if e.seq <= seq]
        imported = self._imported()
        run = run_in_force([e for e in events if e.kind in (Kind.RUN, Kind.ADOPT)])
        plan = None
        if build and run is not None:
            plan = self._on_run(seq, as_changed(imported, events).values(), events, run)
        with self._folding:
            later = self.ledger.tail(seq)
            last = later[-1].seq if later else seq
            self.calendar.take(as_changed(imported, [*events, *later]), seq=last)
            if plan is not None:
                plan.fold(later)
                self._plan, self._built_at, self._policy = plan, last, policy
            self._drop_derived()

    def _imported(self) -> dict[str, tuple[Activation, int]]:
        return as_imported(self.store.query("activation_rows"), self.store.query("item_rows"))

    def _rebuild_and_flag(self) -> None:
        """Build the plan anew, and keep what the Bridge says where another run is in force."""
        self._rebuild()
        self.quarters.keep_flags()

    def _on_another_calendar(self) -> None:
        """Weeks, months and quarters are others now: what was made by them is made anew."""
        self._rebuild()
        if self.has_forecast:
            self.quarters.sum_up()

    def _on_run(
        self,
        seq: int,
        activations: Collection[Activation],
        events: Sequence[Event],
        run: Event,
    ) -> LivePlan:
        """The plan as of a sequence number, on one run."""
        made = run.told(RunMade)
        as_of = made.as_of
        last = last_closed(self.store)  # None: sales were rolled back
        base = assemble(
            run=run.seq,
            run_body=made.facts,
            horizon=HORIZON_WEEKS,
            series=self.store.query("run_series_of", run=run.seq),
            sku_factors=self.store.query("run_sku_of", run=run.seq),
            spans=self.store.query("run_ranged_of", run=run.seq),
            # Of a past week, orders count as they stood then.
            **facts(self.store, as_of, then=last is not None and as_of < last),
        )
        taken_back = undone([e for e in events if e.kind is Kind.UNDO])
        cycle = self.cycles.current.name if self.cycles.current else ""
        return LivePlan(
            base,
            activations=activations,
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


def _is_of_working_plan(body: Body) -> bool:
    """Whether it changes what stock is judged against: calendar, supply or a correction."""
    return bool(body.calendar or body.supply or body.is_sensing)


def _require_tables(actor: Person, judged: Judged) -> None:
    """Refuse tables that are not the person's to import: Marketing has its calendar."""
    if any(verdict.table not in CALENDAR for verdict in judged.verdicts):
        require(actor, "import")


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
