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
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from data.ledger import utc_now
from data.store import Store
from data.versions import Version
from forecasting import conventions, operation, scratch
from forecasting.arguments import verbs
from forecasting.consensus.events import Event, Kind
from forecasting.conventions import US
from forecasting.errors import NoForecast
from forecasting.governance.audit import Audit
from forecasting.governance.conventions import CompanyConventions
from forecasting.governance.desk import Desk
from forecasting.governance.drafts import Drafts
from forecasting.governance.feeds import Feeds
from forecasting.governance.following import Following
from forecasting.governance.people import Staff
from forecasting.governance.policy import Policies, Policy
from forecasting.governance.projector import Projector
from forecasting.governance.reading import Reading
from forecasting.governance.reasons import Reasons
from forecasting.governance.recovery import Recovery
from forecasting.governance.saved_views import SavedViews
from forecasting.governance.schedules import Schedules
from forecasting.governance.seen import Seen
from forecasting.governance.tokens import Tokens
from forecasting.governance.wishes import Wishes
from forecasting.intake.imports import Imports
from forecasting.intake.oddities import Oddities
from forecasting.intake.signed_work import Signed
from forecasting.intake.sources import Sources
from forecasting.monthly.comparisons import Comparisons
from forecasting.monthly.cycle import Cycles
from forecasting.monthly.inputs import Inputs
from forecasting.monthly.minutes import Minutes
from forecasting.monthly.threads import Threads
from forecasting.plan.kept import KeptPlans
from forecasting.plan.live import LivePlan
from forecasting.quarterly import review
from forecasting.quarterly.review import Quarters
from forecasting.record.building import Builder
from forecasting.record.hindsight import Hindsight
from forecasting.record.history import History
from forecasting.record.reversals import Reversals
from forecasting.record.runs import Runs, run_in_force
from forecasting.record.steps import Steps
from forecasting.rights import LOCAL_ADMIN, Person, Remit
from forecasting.version import version
from forecasting.weekly.activations import MarketingCalendar, as_changed
from forecasting.weekly.decisions import Decisions
from forecasting.weekly.ordering import Orders
from forecasting.weekly.proposals import Proposals
from forecasting.weekly.review import Weekly
from forecasting.weekly.stated_since import history_of

LOG = operation.log("workspace")
Clock = Callable[[], dt.datetime]
_NO_FORECAST = (
    "There is no forecast yet. Import data on the Data page, then press Refresh "
    "(or run: python -m forecasting refresh)."
)


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
    least_weeks : int
        Weeks that plans look ahead at least, whatever is set.

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
        clock: Clock = utc_now,
        create: bool = True,
        least_weeks: int = 0,
    ) -> None:
        begun = time.perf_counter()
        self.store = Store(path, create=create)
        self._log_held, self._least_weeks = operation.hold(path), least_weeks
        try:
            self._wire(clock)
            self._take_up(build=False)
        except BaseException:  # what cannot be opened is let go: another one may have it
            self._log_held.let_go()
            self.store.close()
            raise
        _tell_started(self.seq, path, begun)

    def _wire(self, clock: Clock, make_desk: Callable[..., Desk] = Desk) -> None:
        """Make every part, each from those before it; what comes later is asked for then."""
        self._plans, self.parts = KeptPlans(), dict[Remit, Workspace]()
        self._building = threading.Lock()  # a plan is built once, whoever asks
        self._policy: Policy | None = None  # what was set when the plan was built
        self._recovery = Recovery(self.remade, self._plans.lock)
        self.desk = make_desk(self.store, self._fold, clock=clock)
        self.ledger, desk = self.desk.ledger, self.desk
        self.conventions = CompanyConventions(self.desk, changed=self._on_another_calendar)
        self.staff, self.tokens, self.wishes = Staff(desk), Tokens(desk), Wishes(desk)
        self.policies, self.reasons, self.reading = Policies(desk), Reasons(desk), Reading(desk)
        self.minutes, self.drafts = Minutes(self.desk), Drafts(self.desk)
        self.views, self.following, self.feeds = SavedViews(desk), Following(desk), Feeds(desk)
        self.calendar, self.audit = MarketingCalendar(desk), Audit(desk)
        self.oddities = Oddities(self.desk, calendar=self.calendar)
        self.comparisons = Comparisons(self.desk, plan=self._live)
        self.decisions, self.orders, self.proposals, self.weekly, self.threads = _of_week(self)
        self.cycles = Cycles(
            self.desk, plan=self._live, seen_by=self._seen_by, rebuild=self._rebuild_and_flag,
            candidate=self._candidate, policies=self.policies,
        )  # fmt: skip
        self._builder = Builder(
            self.desk, self.cycles, calendar=self.calendar, policies=self.policies,
            least_weeks=self._least_weeks,
        )  # fmt: skip
        self.history = History(self.desk, self.cycles, plan=self._live)
        self.inputs = Inputs(
            desk, plan=self._live, reasons=self.reasons, policies=self.policies
        )
        self.sources, self.schedules = Sources(self.desk), Schedules(self.desk)
        self.imports = Imports(
            self.desk, self.calendar, self._rebuild, signed=partial(_signed, self),
            proposals=self.proposals, plan=self.working_plan_for,
        )  # fmt: skip
        self.reversals = Reversals(
            self.desk, calendar=self.calendar, decisions=self.decisions, orders=self.orders,
            seen_by=self.history.seen_by,
        )  # fmt: skip
        self.steps, self.seen = Steps(self.desk, self.reversals), Seen(self.desk)
        self.runs = Runs(
            self.desk, self.cycles, calendar=self.calendar, number=self._run,
            rebuild=self._rebuild_and_flag, sum_up=self._sum_up,
        )  # fmt: skip
        self.hindsight = Hindsight(self.desk, self.runs, shaping=self._builder.shaping)
        self.quarters = Quarters(self.desk, self.policies, _of_the_rest(self))
        self._offer()
        # Each takes every committed event in this order, before the plans do: people first,
        # since every sentence names one; the cycle before what hides inputs.
        self._projectors: tuple[Projector[Any], ...] = (
            self.desk, self.staff, self.conventions, self.cycles, self.history, self.minutes,
            self.reasons, self.calendar, self.decisions, self.orders, self.proposals,
            self.reversals, self.steps, self.policies, self.quarters, self.oddities,
            self.sources, self.views, self.tokens, self.schedules, self.threads, self.feeds,
            self.reading,
        )  # fmt: skip

    def _offer(self) -> None:
        """Offer by the workspace's own name what pages, scripts and tests do most."""
        self.person, self.set_person = self.desk.person, self.staff.set_person
        self.override, self.override_all = self.inputs.override, self.inputs.override_all
        self.preview_override, self.small = self.inputs.preview_override, self.inputs.small
        self.input_amount, self.comment = self.inputs.input_amount, self.inputs.comment
        self.hold, self.release = self.inputs.hold, self.inputs.release
        self.preview_import = self.imports.preview_import
        self.import_files, self.roll_back = self.imports.import_files, self.imports.roll_back

    def close(self) -> None:
        """Finish writing and release the file."""
        self.desk.close()
        self.store.close()
        conventions.keep(US)
        LOG.info("stopped", database=self.store.path or "memory", seq=self.seq)
        self._log_held.let_go()

    # People -----------------------------------------------------------------------------

    @property
    def people(self) -> list[Person]:
        """Everybody, by function and name."""
        return self.desk.people

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
        return self._live()

    def working_plan_for(self, by: str) -> LivePlan:
        """The plan that stock is judged against, as one person may see it.

        The last published consensus and the calendar's changes since; before anything was
        published, the draft.
        """
        version = self.last_version()
        if version is None:
            return self.plan_for(by)
        self.desk.allowed(by, "read")
        # Built before the lock, which building takes.
        return self._plans.working(self.plan, partial(self._builder.working, version=version))

    def last_version(self) -> Version | None:
        """The version that the working plan stands on; None where there is none."""
        return self._builder.version_for(self.plan) if self.has_forecast else None

    def plan_for(self, by: str) -> LivePlan:
        """The live plan as one person may see it.

        While inputs are collected blind, it holds nobody's input but the person's own.

        Raises
        ------
        UnknownName, NoForecast
        """
        return self._seen_by(self.desk.allowed(by, "read"))

    @property
    def has_forecast(self) -> bool:
        """Whether there is a plan to look at."""
        return self._plans.live is not None or self.runs.in_force() is not None

    @property
    def seq(self) -> int:
        """Sequence number of the latest event."""
        return self.ledger.seq

    def touched(self, skus: Sequence[int], *, since: int) -> bool:
        """Whether any of these SKUs changed after a sequence number: one cheap look."""
        return self._plans.touched(skus, since=since)

    # What the parts ask for -------------------------------------------------------------

    def _live(self) -> LivePlan:
        """The live plan, built when it is first asked for."""
        self._recovery.wait()
        if self._plans.live is None:
            with self._building:
                if self._plans.live is None and self.has_forecast:
                    self._take_up(build=True)
        plan = self._plans.live
        if plan is None:
            raise NoForecast(_NO_FORECAST)
        return self._by_policy_of_today(plan)

    def _seen_by(self, person: Person) -> LivePlan:
        """The live plan as one person may see it."""
        return self._plans.without(self.cycles.hidden_from(person), self.plan)

    def _candidate(self, run: int) -> LivePlan:
        """The plan as it would be with another run."""
        return self._builder.candidate(run)

    def _run(self) -> int:
        """Number of the run that the plan stands on; 0 before the first."""
        return self.plan.base.run if self.has_forecast else 0

    def _run_in_force(self) -> tuple[int, dt.date | None]:
        """That number, and the last week that the run knows."""
        return self._run(), self.plan.base.as_of if self.has_forecast else None

    def _sum_up(self) -> None:
        """Sum up what the quarter reviews."""
        self.quarters.sum_up()

    # Keeping memory what the ledger says ------------------------------------------------

    def _by_policy_of_today(self, plan: LivePlan) -> LivePlan:
        """The plan by what is set today: a setting may have come into force by the clock."""
        policy = self.policies.now
        if policy is self._policy:
            return plan
        if self._policy is None or policy.weighing != self._policy.weighing:
            self._rebuild()  # what functions count for is in every proposed number
            self._recovery.wait()
            return self._plans.live or plan
        with self._plans.lock:
            self._plans.judge_by(policy.limits)
            self._policy = policy
        return plan

    def _fold(self, events: Sequence[Event]) -> None:
        """Called by the ledger's writer after each commit."""
        with self._plans.lock:
            if self._recovery.is_under_way:  # it reads the ledger once more before it ends
                self._recovery.again()
                return
            try:
                for projector in self._projectors:
                    projector.apply(events)
                self._plans.fold(events)
                if any(event.kind is Kind.SETTING for event in events):
                    self._plans.judge_by(self.policies.now.limits)
            except Exception as error:
                self._recovery.begin(error)

    def remade(self) -> None:
        """Everything in memory anew from the ledger and the facts."""
        with self._plans.lock:
            for projector in self._projectors:
                projector.take_up(self.ledger)
        with self._building:
            self._take_up(build=self._plans.live is not None)

    def _rebuild(self) -> None:
        """Take up facts or a run that changed: the calendar, and the plan if it was built.

        What changed is durable already. So where this fails, whoever asked is not told that
        it was not done: the plan is made anew in the background, and says so until it is.
        """
        try:
            with self._building:
                self._take_up(build=self._plans.live is not None)
        except Exception as error:
            with self._plans.lock:
                self._recovery.begin(error)

    def _take_up(self, *, build: bool) -> None:
        """Take the calendar, and build the plan, from the run in force, facts and ledger.

        It is built beside the one in force while people go on; what they did meanwhile is
        folded in before the new one takes its place.
        """
        seq, policy = self.seq, self.policies.now
        events = self._builder.shaping(until=seq)
        imported, history = self._builder.imported(), history_of(self.store)
        run = run_in_force([e for e in events if e.kind in (Kind.RUN, Kind.ADOPT)])
        plan = None
        if build and run is not None:
            calendar = as_changed(imported, events, history=history).values()
            plan = self._builder.on_run(seq, calendar, events, run)
        with self._plans.lock:
            later = self.ledger.tail(seq)
            last = later[-1].seq if later else seq
            now = as_changed(imported, [*events, *later], history=history)
            self.calendar.take(now, seq=last)
            if plan is not None:
                plan.fold(later)
                self._plans.replace(plan, seq=last)
                self._policy = policy
            self._plans.forget_derived()

    def _rebuild_and_flag(self) -> None:
        """Build the plan anew, and keep what the Bridge says where another run is in force."""
        self._rebuild()
        self.quarters.keep_flags()

    def _on_another_calendar(self) -> None:
        """Weeks, months and quarters are others now: what was made by them is made anew."""
        self._rebuild()
        if self.has_forecast:
            self.quarters.sum_up()


def _of_week(space: Workspace) -> tuple[Decisions, Orders, Proposals, Weekly, Threads]:
    """What the weekly review does and is spoken of, on one desk and one calendar."""
    desk, calendar, live = space.desk, space.calendar, lambda: space.plan
    decisions = Decisions(desk, plan=live, activation=calendar.one)
    orders = Orders(desk, plan=live)
    proposals = Proposals(
        desk, plan=space.working_plan_for, calendar=calendar, decisions=decisions, orders=orders
    )
    weekly = Weekly(desk, plan=live, calendar=calendar, decisions=decisions)
    threads = Threads(desk, plan=live, activation=calendar.one, decisions=decisions)
    return decisions, orders, proposals, weekly, threads


def _of_the_rest(space: Workspace) -> review.Sources:
    """What a quarter is made from besides its own events."""
    return review.Sources(
        plan=partial(space.working_plan_for, LOCAL_ADMIN.id), draft=lambda: space.plan,
        calendar=space.calendar, decisions=space.decisions,
        replayed=space.hindsight.replayed, run=space._run_in_force,
    )  # fmt: skip


def _signed(space: Workspace) -> Signed | None:
    """What is signed in the latest cycle, for who changes it by files."""
    now = space.cycles.current
    if now is None or not now.signatures or not space.has_forecast:
        return None
    base, departments = space.plan.base, space.cycles.standing().signed
    published = space._builder.calendar_at(now.versions[-1]) if now.closed else None
    return Signed.of(base.skus, base.as_of, departments, published=published)


def _tell_started(seq: int, path: Path | None, begun: float) -> None:
    """Note what was opened, by which program, and sweep what dead ones left."""
    LOG.info(
        "started", version=version(), database=path or "memory", seq=seq, process=os.getpid(),
        python=platform.python_version(), left_by_others=scratch.sweep() if path else 0,
        seconds=time.perf_counter() - begun,
    )  # fmt: skip
