"""The verbs of the monthly cycle: open, submit, reveal, agree, sign, publish, adopt a run.

What a cycle is stands in consensus/cycle.py; here rights are checked, the live plan is
asked, and the event is handed to the ledger.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial, reduce
from typing import Annotated, Any

import numpy as np
import pandas as pd

from data import versions
from data.closing import last_closed
from data.versions import Version
from forecasting.arguments import AsMade, ClientId, Columns, Name, verbs
from forecasting.calendar import as_date
from forecasting.consensus import cycle as cycles
from forecasting.consensus import proposal, value_added, walk
from forecasting.consensus.cycle import Cycle, Said, Stage
from forecasting.consensus.events import AGREED, Event, Kind, Leaves, Scope
from forecasting.consensus.events.cycle import (
    Agreed,
    ConsensusPublished,
    CycleOpened,
    CycleReopened,
    InputsRevealed,
    RunAdopted,
    Signed,
)
from forecasting.consensus.events.inputs import Resolved, Submitted
from forecasting.consensus.events.record import RunMade
from forecasting.consensus.overrides import new_total, undone
from forecasting.consensus.proposal import Weights
from forecasting.consensus.rules import Rules
from forecasting.errors import NotAllowed, OutOfBounds, Refused, UnknownName
from forecasting.governance.desk import Desk, Request, checked_note
from forecasting.governance.policy import Policies
from forecasting.governance.projector import Projector
from forecasting.hierarchy import THOUSANDTHS, check_places, spread
from forecasting.monthly import snapshot, targets
from forecasting.monthly.targets import Stale, stale
from forecasting.plan.live import LivePlan
from forecasting.plan.selection import Selection
from forecasting.rights import Person
from forecasting.vocabulary import INPUTS, Function, Operation

Scored = Annotated[pd.DataFrame, Columns(("version", "sku", "week"))]
"""Published numbers beside what was wanted (`Cycles.scored`), or some of its rows."""
_TOLD = (Kind.CYCLE, Kind.SUBMIT, Kind.SIGN, Kind.ADOPT, Kind.PUBLISH)
"""Kinds of events that a cycle is made of."""
_NEVER = dt.datetime(1970, 1, 1)
COLUMNS = ("statistical", "proposed", *map(str, INPUTS))
"""Numbers that can be agreed on as they are."""
MOVED = 0.01
"""Share by which a new run must move a department's draft for its signatures to lapse."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a cycle is, or where it was when it was published, department by department."""

    cycle: Cycle
    stage: Stage
    departments: tuple[str, ...]
    signed: dict[str, dict[str, str]]
    """Department to function to the name of who signed, where it still covers the numbers."""
    voided: dict[tuple[str, str], str]
    """(function, department) to what made the signature void."""
    submitted: dict[str, str]
    """Function to who submitted and whether it changed since."""
    missing: tuple[str, ...]
    """Departments with fewer signatures than the quorum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption:
    """What adopting a candidate run would do."""

    run: int
    as_of: dt.date
    moves: pd.DataFrame
    """One row per department: department, statistical and draft before and after (units, in
    the weeks both have), lapses (names whose signature would lapse)."""
    resolved: int
    """Inputs given as % or as a target that would be worked out again."""


@verbs
class Cycles(Projector["Cycle | None"]):
    """Verbs of the cycle.

    Parameters
    ----------
    desk : Desk
    plan : callable
        The live plan.
    seen_by : callable
        (person) -> the live plan as that person may see it.
    rebuild : callable
        Builds the live plan anew.
    candidate : callable
        (run) -> the plan as it would be with another run.
    policy : callable
        What leadership has set.
    """

    kinds = _TOLD

    def __init__(
        self,
        desk: Desk,
        *,
        plan: Callable[[], LivePlan],
        seen_by: Callable[[Person], LivePlan],
        rebuild: Callable[[], None],
        candidate: Callable[[int], LivePlan],
        policies: Policies,
    ) -> None:
        self._policies = policies
        self._desk = desk
        self._plan = plan
        self._seen_by = seen_by
        self._rebuild = rebuild
        self._candidate = candidate
        self._published: tuple[Cycle | None, tuple[Version, ...]] | None = None
        """Read once for each state of the cycle: versions are only added, by publishing."""
        self.take_up(desk.ledger)

    # Reading ----------------------------------------------------------------------------

    def _begin(self) -> Cycle | None:
        return None

    def _with(self, state: Cycle | None, events: Sequence[Event]) -> Cycle | None:
        return reduce(cycles.after, events, state)

    def _replaced(self) -> None:
        self._desk.cycle = self._state.name if self._state and self.is_open else ""

    @property
    def current(self) -> Cycle | None:
        """The open cycle, or the last one where none is."""
        return self._state

    @property
    def is_open(self) -> bool:
        """Whether a cycle is under way."""
        return self.current is not None and not self.current.closed

    @property
    def fence(self) -> int:
        """First weeks of the plan that nobody may change."""
        return self.current.rules.fence_weeks if self.current and self.is_open else 0

    def hidden_from(self, person: Person) -> tuple[str, ...]:
        """Functions whose inputs a person may not see while they are collected blind."""
        if self.current is None or not self.current.hides_inputs:
            return ()
        return tuple(str(f) for f in INPUTS if f is not person.function)

    def standing(self) -> Standing:
        """Where the cycle is; of a published one, where it was when it was published.

        Raises
        ------
        Refused
            If none was ever opened.
        """
        now = self._last()
        if now.closed and now.versions:
            return self.record(self.version(now.versions[-1]))
        digests = self._plan().digests()
        void = {
            key: self._voided_by(key[1], said.seq) for key, said in now.voided(digests).items()
        }
        return self._standing(now, digests, void, until=self._desk.ledger.seq)

    def record(self, version: Version) -> Standing:
        """What a version stood on when it was published.

        It is judged by what was kept then and by events up to then, never by the plan of
        today: an import or a refresh says nothing about what people had in front of them.
        """
        then = self._when_published(version)
        published = self._desk.ledger.event(version.version)
        told = published.told(ConsensusPublished).void if published else ()
        why = {(function, department): why for function, department, why in told}
        void = {
            key: why.get(key, "its numbers were changed before they were published")
            for key in then.voided(version.covered)
        }
        return self._standing(then, version.covered, void, until=version.version)

    def signatures(self, version: Version) -> list[tuple[str, str, Said]]:
        """Signatures that covered what was published: department, function, who and when."""
        standing = self._when_published(version).standing(version.covered)
        return [
            (department, function, said)
            for department, signed in sorted(standing.items())
            for function, said in sorted(signed.items())
        ]

    def _when_published(self, version: Version) -> Cycle:
        """The cycle as publishing left it."""
        if self.current and self.current.closed and self.current.versions[-1:] == (
            version.version,
        ):  # fmt: skip
            return self.current
        then: Cycle | None = None
        for event in self._desk.ledger.of_kinds(*_TOLD):
            if event.seq <= version.version:
                then = cycles.after(then, event)
        if then is None:
            raise UnknownName(f"No cycle published version #{version.version}.")
        return then

    def _standing(
        self,
        now: Cycle,
        digests: Mapping[str, str],
        void: Mapping[tuple[str, str], str],
        *,
        until: int,
    ) -> Standing:
        """Where a cycle is, given its departments' numbers and what was said up to a moment."""
        return Standing(
            cycle=now,
            stage=now.stage(digests),
            departments=tuple(digests),
            signed={
                department: {f: self._desk.person(said.person).name for f, said in by.items()}
                for department, by in now.standing(digests).items()
            },
            voided=dict(void),
            submitted={
                function: self._desk.person(said.person).name
                + (" (changed since)" if self._changed(function, said.seq, until) else "")
                for function, said in now.submitted.items()
            },
            missing=tuple(now.unsigned(digests)),
        )

    def published(self) -> list[Version]:
        """Every published version, oldest first."""
        state, kept = self._state, self._published
        if kept is None or kept[0] is not state:
            # Under the state that was looked up before: a publication meanwhile replaced it.
            kept = self._published = (state, tuple(versions.published(self._desk.store)))
        return list(kept[1])

    def version(self, number: int) -> Version:
        """One published version.

        Raises
        ------
        UnknownName
        """
        for version in self.published():
            if version.version == number:
                return version
        raise UnknownName(f"There is no published version #{number}.")

    def layers(self, version: Version) -> pd.DataFrame:
        """Every layer of a version: one row per SKU and week, in units."""
        return versions.layers(self._desk.store, version)

    def parts(self, version: Version) -> pd.DataFrame:
        """What a version's consensus is the sum of: sku, kind, name, reason, week, units."""
        return versions.parts(self._desk.store, version)

    def scored(self, *, least_lag: int = 1, last_week: dt.date | None = None) -> pd.DataFrame:
        """Published numbers beside what was wanted: one row per SKU and week, in units.

        Parameters
        ----------
        least_lag : int
            Weeks ahead at which the number must have been published.
        last_week : date
            Last week to score; the last complete one if not given.

        Returns
        -------
        DataFrame
            version, cycle, sku, class, department, week, lag, actual, and every layer.
        """
        store = self._desk.store
        last = last_week or last_closed(store) or dt.date.min
        cells = store.query("scored_cells", least_lag=least_lag, last_week=last)
        if cells.empty:
            return cells.assign(actual=pd.Series(dtype=float))
        since = pd.Timestamp(cells["week"].min()).date()
        actual = (
            store.query("demand_by_week", since=since, until=last + dt.timedelta(7))
            .rename(columns={"units": "actual"})
            .dropna(subset="actual")
        )  # a door did not tell
        return cells.merge(actual, on=["sku", "week"], how="inner")

    def reasons(self, cells: pd.DataFrame, function: str) -> pd.DataFrame:
        """Scored cells in which a function spoke, with the reason it gave for most of it.

        Parameters
        ----------
        cells : DataFrame
            `scored`.
        """
        given = self._desk.store.query("version_reasons", function=function)
        return cells.merge(given, on=["version", "sku", "week"], how="inner")

    def people(self, by: str, cells: Scored, function: Name) -> pd.DataFrame:
        """Scored cells in which a function spoke, with the person who gave most of it.

        The facilitator sees everybody's, everybody else only their own.

        Parameters
        ----------
        cells : DataFrame
            `scored`.
        """
        actor = self._desk.allowed(by, "read")
        given = self._desk.store.query("version_people", function=function)
        if not actor.may("value added by person"):
            given = given[given["person"] == actor.id]
        return cells.merge(given, on=["version", "sku", "week"], how="inner")

    def weights(self) -> dict[str, Weights]:
        """What each function's number counts for in each department, by its record."""
        cells = self.scored()
        if cells.empty:
            return {}
        equal = self._policies.now.number("equal_share")
        return {
            d: proposal.weigh(r, equal_share=equal)
            for d, r in value_added.records(cells).items()
        }

    def walk(self, by: str, version: Version, skus: Sequence[int]) -> pd.DataFrame:
        """Why the draft of some SKUs is another number than in a version (walk.walk)."""
        plan = self._seen_by(self._desk.person(by))
        self.version(version.version)
        check_places(skus, len(plan.sku_names), "SKU")
        names = {plan.sku_names[s] for s in skus}
        before = self.parts(version)
        after = snapshot.parts_now(plan, skus, self._reasons(plan))
        return walk.walk(before[before["sku"].isin(names)], after)

    # Verbs ------------------------------------------------------------------------------

    def rules(
        self,
        *,
        inputs_due: dt.date | None = None,
        review_due: dt.date | None = None,
        publish_due: dt.date | None = None,
    ) -> Rules:
        """Rules of the next cycle: fence, quorum and blindness as leadership has set them."""
        policy = self._policies.now
        return Rules(
            blind=bool(policy.number("blind")),
            fence_weeks=int(policy.number("fence_weeks")),
            quorum=int(policy.number("quorum")),
            inputs_due=inputs_due,
            review_due=review_due,
            publish_due=publish_due,
        )

    def open(self, by: str, name: Name, rules: Rules | None = None) -> Event:
        """Open a cycle: it pins the run in force.

        Parameters
        ----------
        rules : Rules, optional
            `rules`, with the days by which things are due; without any days if left out.

        Raises
        ------
        Refused
            If one is open already, or the name was used.
        OutOfBounds
        """
        actor = self._desk.allowed(by, "cycle")
        if not cycles.is_name(name):
            raise OutOfBounds("A cycle is named by year and month: 2026-12.")
        plan = self._plan()
        asked = rules or self.rules()
        ours = self.rules()
        if (asked.blind, asked.fence_weeks, asked.quorum) != (
            ours.blind, ours.fence_weeks, ours.quorum
        ):  # fmt: skip
            raise NotAllowed(
                "Frozen weeks, quorum and whether inputs are blind are Leadership's to set "
                "(Review, Process and policy). The facilitator sets the days."
            )

        def prepare() -> Event:
            if self.is_open:
                assert self.current is not None
                raise Refused(f"The cycle {self.current.name} is open; publish it first.")
            if name in {v.cycle for v in self.published()}:
                raise Refused(f"{name} was published already; open it again instead.")
            body = CycleOpened(name=name, run=plan.base.run, as_of=plan.base.as_of, rules=asked)
            return self._desk.event(actor, body, cycle=name)

        return self._desk.submit(prepare)

    def submit(self, by: str, *, note: str = "") -> Event:
        """Say that the own function's input is complete."""
        actor = self._desk.allowed(by, "submit")
        self._open()
        return self._desk.append(actor, Submitted(), note=checked_note(note))

    def reveal(self, by: str) -> Event:
        """Show everybody's inputs to everybody: the review begins."""
        actor = self._desk.allowed(by, "cycle")

        def prepare() -> Event:
            if self._open().revealed:
                raise Refused("The inputs are revealed already.")
            return self._desk.event(actor, InputsRevealed())

        return self._desk.submit(prepare)

    def agree(
        self,
        by: str,
        scope: Scope,
        *,
        column: Name | None = None,
        units: float | None = None,
        note: str = "",
        base: int | None = None,
        client_id: ClientId | None = None,
    ) -> Event:
        """Record what the meeting agreed on: one of the numbers on the table, or another.

        Parameters
        ----------
        column : str, optional
            statistical, proposed, marketing, merchandising or planning, leaf by leaf as it is.
        units : float, optional
            A total typed in, spread like the draft.

        Raises
        ------
        NotAllowed, Refused, OutOfBounds, ImpossibleSpread, Conflicted
        """
        actor = self._desk.allowed(by, "agree")
        if (column is None) == (units is None):
            raise OutOfBounds("Choose one of the numbers, or type one.")
        if column is not None and column not in COLUMNS:
            raise OutOfBounds(f"'{column}' is not a number that can be agreed on.")
        names = Selection.of(self._plan(), scope).names
        seen = self._desk.seen(base)

        def prepare() -> Event:
            now = self._open()
            if not now.revealed and now.rules.blind:
                raise Refused("Inputs are still collected blind; reveal them first.")
            chosen = Selection.of(self._plan(), scope)
            active, frozen = chosen.active(), chosen.frozen()
            if not (active & ~frozen).any():
                raise Refused(f"Nothing is left to agree on for {scope}: its weeks are frozen.")
            draft, statistical = chosen.layer("draft"), chosen.layer("statistical")
            if column is not None:
                target = np.where(frozen, draft, chosen.layer(column))
            else:
                assert units is not None
                total = new_total(int(draft.sum()), Operation.SET, float(units))
                target = spread(
                    draft,
                    total,
                    held=frozen,
                    active=active,
                    reference=statistical.astype(float),
                )
            deltas = (target - statistical) - chosen.own(AGREED)
            leaves = chosen.leaves(deltas, active & ~frozen)
            self._desk.refuse_conflict(
                actor, AGREED, leaves, since=seen, now=int(draft.sum()) / THOUSANDTHS
            )
            return self._desk.event(
                actor, Agreed(column=column, before=int(draft.sum()) / THOUSANDTHS),
                scope=scope, operation="set",
                value=int(target.sum()) / THOUSANDTHS, note=checked_note(note), base=seen,
                client_id=client_id, leaves=leaves,
            )  # fmt: skip

        def says(event: Event) -> bool:
            return event.scope == scope and event.told(Agreed).column == column

        request = Request.of(client_id, actor, Kind.AGREE, says)
        return self._desk.submit(prepare, request, touches=names)

    def sign(self, by: str, department: str, *, function: Name | None = None) -> Event:
        """Sign a department's numbers as they are, for the own function or as its delegate."""
        actor = self._speaking(by, function)

        def prepare() -> Event:
            now = self._open()
            if now.rules.blind and not now.revealed:
                raise Refused("Inputs are still collected blind; there is nothing to sign yet.")
            digests = self._plan().digests()
            if department not in digests:
                raise UnknownName(f"There is no department '{department}'.")
            body = Signed(department=department, digest=digests[department], run=now.run)
            return self._desk.event(actor, body, base=self._desk.ledger.seq)

        return self._desk.submit(prepare)

    def publish(self, by: str) -> Event:
        """Make the signed draft an immutable version; it becomes the working plan.

        Raises
        ------
        Refused
            Naming the departments that lack signatures.
        """
        actor = self._desk.allowed(by, "cycle")
        self._open()
        taken: list[versions.Snapshot] = []

        def prepare() -> Event:
            now, plan = self._open(), self._plan()
            digests = plan.digests()
            missing = now.unsigned(digests)
            if missing:
                raise Refused(
                    f"{', '.join(missing)} lack signatures: each department needs "
                    f"{now.rules.quorum} that cover its numbers as they are."
                )
            taken.append(self._snapshot(plan, now, digests))
            void = tuple(
                (*key, self._voided_by(key[1], said.seq))
                for key, said in now.voided(digests).items()
            )
            body = ConsensusPublished(
                run=plan.base.run, fed=self._fed(plan, taken[-1]), void=void
            )
            return self._desk.event(actor, body, base=self._desk.ledger.seq)

        event = self._desk.submit(
            prepare,
            work=lambda cursor, seq: versions.write(cursor, seq, taken[-1]),
        )
        self._rebuild()
        return event

    def reopen(self, by: str, *, note: str) -> Event:
        """Open the last published cycle again, with the reason; the version stays as it is."""
        actor = self._desk.allowed(by, "cycle")
        if not note.strip():
            raise OutOfBounds("Say why the cycle is opened again.")
        now = self._last()
        if not now.closed:
            raise Refused(f"The cycle {now.name} is open already.")
        base = self._plan().base
        body = CycleReopened(run=base.run, as_of=base.as_of)
        event = self._desk.append(actor, body, cycle=now.name, note=checked_note(note))
        self._rebuild()  # its frozen weeks are frozen again
        return event

    # Candidate runs ---------------------------------------------------------------------

    def candidates(self) -> list[Event]:
        """Runs made while the cycle had another one pinned, latest first."""
        inside = self._plan().base.run
        return [
            e for e in reversed(self._desk.ledger.of_kinds(Kind.RUN))
            if not e.told(RunMade).adopted and e.seq > inside
        ]  # fmt: skip

    def preview_adoption(self, by: str, run: int) -> Adoption:
        """What adopting a candidate would move; nothing is changed."""
        actor = self._desk.allowed(by, "read")
        adoption = self._adoption(run)[0]
        if not self.hidden_from(actor):
            return adoption
        moves = adoption.moves.assign(**{"draft before": np.nan, "draft after": np.nan})
        return replace(adoption, moves=moves)

    def adopt(self, by: str, run: int) -> Event:
        """Put a candidate run in force, and work out again what people gave as % or target.

        Signatures lapse where a department's draft moved by more than 1 %.
        """
        actor = self._desk.allowed(by, "adopt")
        self._open()
        adoption, again, carried = self._adoption(run)
        event = self._desk.append(
            actor, RunAdopted(run=run, as_of=adoption.as_of, carried=carried)
        )
        self._rebuild()
        for given in again:
            self._desk.submit(partial(self._resolved, actor, run, *given))
        return event

    def stale(self, by: str, among: Sequence[AsMade[Event]] | None = None) -> list[Stale]:
        """Targets that an input does not hold any more, latest first.

        Parameters
        ----------
        among : sequence of Event, optional
            Overrides that stand, in order; all there are if left out.
        """
        hidden = self.hidden_from(self._desk.person(by))
        overrides, taken_back = self._overrides() if among is None else (among, set())
        seen = [e for e in overrides if e.input_of not in hidden]
        return stale(self._plan(), seen, taken_back)

    def _adoption(
        self, run: int
    ) -> tuple[Adoption, list[tuple[str, str, Leaves]], dict[str, tuple[str, str]]]:
        """What a candidate would move; inputs to work out again; signatures to carry over."""
        made = {e.seq: e for e in self.candidates()}
        if run not in made:
            raise UnknownName(f"There is no candidate run #{run}.")
        before, after = self._plan(), self._candidate(run)
        again = targets.again(after, *self._overrides())
        actor = self._desk.person(made[run].person)
        for number, given in enumerate(again, start=1):
            event = self._resolved(actor, run, *given)
            after.fold([event.written(seq=after.seq + number, recorded_at=_NEVER)])
        old, new = before.digests(), after.digests()
        now = self._last()
        standing = now.standing(old)
        rows, carried = [], {}
        weeks = [as_date(w) for w in after.base.weeks]
        shared = [w for w in map(as_date, before.base.weeks) if w in set(weeks)]
        for department in old:
            moved = {
                f"{layer} {when}": _total(plan, layer, department, shared)
                for layer in ("statistical", "draft")
                for when, plan in (("before", before), ("after", after))
            }
            change = moved["draft after"] - moved["draft before"]
            lapses = abs(change) > MOVED * max(moved["draft before"], 1.0)
            signed = standing.get(department, {})
            if not lapses and department in new:
                carried[department] = (old[department], new[department])
            names = [self._desk.person(said.person).name for said in signed.values()]
            rows.append(
                {"department": department, **moved, "lapses": ", ".join(names) * lapses}
            )
        adoption = Adoption(
            run=run,
            as_of=after.base.as_of,
            moves=pd.DataFrame(rows),
            resolved=len(again),
        )
        return adoption, again, carried

    def _resolved(
        self, actor: Person, run: int, function: str, aim: str, leaves: Leaves
    ) -> Event:
        weeks = [as_date(w) for w in leaves.week]
        return self._desk.event(
            actor, Resolved(input=function, run=run), leaves=leaves,
            scope=Scope(first_week=min(weeks), last_week=max(weeks), activation=aim),
        )  # fmt: skip

    def _overrides(self) -> tuple[list[Event], set[int]]:
        """Every override, and what is taken back."""
        events = self._desk.ledger.of_kinds(Kind.OVERRIDE, Kind.SENSE, Kind.UNDO)
        return [e for e in events if e.kind is not Kind.UNDO], undone(
            [e for e in events if e.kind is Kind.UNDO]
        )

    # Inside -----------------------------------------------------------------------------

    def _last(self) -> Cycle:
        if self.current is None:
            raise Refused("No cycle was opened yet. Open one on the Cycle page.")
        return self.current

    def _open(self) -> Cycle:
        now = self._last()
        if now.closed:
            raise Refused(f"The cycle {now.name} is published. Open the next one first.")
        return now

    def _speaking(self, by: str, function: str | None) -> Person:
        person = self._desk.person(by)
        if function and person.delegate_for and person.delegate_for.value == function:
            return replace(person, function=Function(function))
        person = self._desk.allowed(by, "sign")
        if function and person.function.value != function:
            raise Refused(f"{person.name} does not speak for {function.capitalize()}.")
        return person

    def _voided_by(self, department: str, since: int) -> str:
        """What changed a department's numbers after a signature, in words."""
        plan = self._plan()
        members = plan.products.members("department", department)
        names = {plan.sku_names[s] for s in members}
        for event in self._desk.ledger.tail(since):
            touches = set(event.leaves.sku) & names or event.kind in (
                Kind.ACTIVATION, Kind.LIFT, Kind.SHIFT, Kind.REDUCE, Kind.ADOPT, Kind.RUN,
                Kind.IMPORT, Kind.ROLLBACK,
            )  # fmt: skip
            if touches:
                who = self._desk.person(event.person).name
                return f"{who} {event.sentence} (#{event.seq})"
        return "the plan changed"

    def _changed(self, function: str, since: int, until: int) -> bool:
        """Whether a function's input was changed between two moments."""
        return any(
            e.kind in (Kind.OVERRIDE, Kind.SENSE, Kind.UNDO) and e.input_of == function
            for e in self._desk.ledger.tail(since)
            if e.seq <= until
        )

    def _reasons(self, plan: LivePlan) -> pd.DataFrame:
        return self._desk.store.query(
            "input_reasons", seq=plan.seq, first_week=as_date(plan.base.weeks[0])
        )

    def _snapshot(
        self, plan: LivePlan, now: Cycle, digests: dict[str, str]
    ) -> versions.Snapshot:
        last = plan.base.as_of
        sales = self._desk.store.query(
            "demand_by_week",
            since=last - dt.timedelta(7 * 54),
            until=last + dt.timedelta(7),
        )
        digest = ":".join(f"{name}={value}" for name, value in digests.items())
        return snapshot.take(
            plan, cycle=now.name, digest=digest, sales=sales, reasons=self._reasons(plan)
        )

    def _fed(self, plan: LivePlan, taken: versions.Snapshot) -> dict[str, dict[str, Any]]:
        """What the publication feeds: the buy plan's demand and the marketing calendar."""
        weeks = len(plan.base.weeks)
        last = as_date(plan.base.weeks[-1])
        calendar = [a for a in plan.activations() if a.is_live]
        return {
            "buy plan": {
                "skus": len(taken.skus),
                "skus_at_doors": len(taken.leaves),
                "weeks": weeks,
                "units": int(plan.totals["draft"].sum()) / THOUSANDTHS,
                "from": taken.first_week.isoformat(),
                "to": last.isoformat(),
            },
            "marketing calendar": {
                "activations": len(calendar),
                "featured_skus": len({i.sku for a in calendar for i in a.items}),
            },
        }


def _total(plan: LivePlan, layer: str, department: str, weeks: Sequence[dt.date]) -> float:
    """Units of a department in some weeks."""
    at = np.isin(plan.base.weeks, np.array(weeks, dtype="datetime64[D]"))
    members = plan.products.members("department", department)
    return int(plan.totals[layer][members][:, at].sum()) / THOUSANDTHS
