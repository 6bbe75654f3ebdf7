"""The verbs of the monthly cycle: open, submit, reveal, agree, sign, publish, adopt a run.

What a cycle is stands in consensus/cycle.py; here rights are checked, the live plan is
asked, and the event is handed to the ledger. What is read of a cycle: cycle_reader.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from data import versions
from forecasting.arguments import ClientId, Name, verbs
from forecasting.consensus import cycle as cycles
from forecasting.consensus.cycle import Cycle
from forecasting.consensus.events import AGREED, Event, Kind, Scope
from forecasting.consensus.events.cycle import (
    Agreed,
    ConsensusPublished,
    CycleOpened,
    CycleReopened,
    InputsRevealed,
    RunAdopted,
    Signed,
)
from forecasting.consensus.events.inputs import Submitted
from forecasting.consensus.events.record import RunMade
from forecasting.consensus.rules import Rules
from forecasting.errors import NotAllowed, OutOfBounds, Refused, UnknownName
from forecasting.governance.desk import Desk, Request, checked_note
from forecasting.governance.policy import Policies
from forecasting.hierarchy import THOUSANDTHS
from forecasting.monthly import adoption, publishing
from forecasting.monthly.adoption import Adoption, Outcome
from forecasting.monthly.agreeing import agreed, check_choice
from forecasting.monthly.cycle_reader import CycleReader
from forecasting.plan.live import LivePlan
from forecasting.plan.selection import Selection
from forecasting.rights import Person
from forecasting.vocabulary import Function


@verbs
class Cycles(CycleReader):
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
    policies : Policies
        What leadership has set.
    """

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
        self._rebuild = rebuild
        self._candidate = candidate
        super().__init__(desk, plan=plan, seen_by=seen_by, policies=policies)

    # Verbs ------------------------------------------------------------------------------

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
        check_choice(column, units)
        names = Selection.of(self._plan(), scope).names
        seen = self._desk.seen(base)

        def prepare() -> Event:
            now = self._open()
            if not now.revealed and now.rules.blind:
                raise Refused("Inputs are still collected blind; reveal them first.")
            chosen = Selection.of(self._plan(), scope)
            target, leaves = agreed(chosen, column, units)
            before = int(chosen.layer("draft").sum()) / THOUSANDTHS
            self._desk.refuse_conflict(actor, AGREED, leaves, since=seen, now=before)
            return self._desk.event(
                actor, Agreed(column=column, before=before),
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
            taken.append(
                publishing.taken(
                    self._desk, plan, digests, cycle=now.name, reasons=self._reasons(plan)
                )
            )
            void = tuple(
                (*key, self._voided_by(key[1], signature.seq))
                for key, signature in now.voided(digests).items()
            )
            body = ConsensusPublished(
                run=plan.base.run, fed=publishing.fed(plan, taken[-1]), void=void
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
        found = self._outcome(run).adoption
        if not self.hidden_from(actor):
            return found
        moves = found.moves.assign(**{"draft before": np.nan, "draft after": np.nan})
        return replace(found, moves=moves)

    def adopt(self, by: str, run: int) -> Event:
        """Put a candidate run in force, and work out again what people gave as % or target.

        Signatures lapse where a department's draft moved by more than 1%.
        """
        actor = self._desk.allowed(by, "adopt")
        self._open()
        found = self._outcome(run)
        event = self._desk.append(
            actor, RunAdopted(run=run, as_of=found.adoption.as_of, carried=found.carried)
        )
        self._rebuild()
        for given in found.again:
            self._desk.submit(partial(adoption.resolved, self._desk, actor, run, *given))
        return event

    def _outcome(self, run: int) -> Outcome:
        made = {e.seq: e for e in self.candidates()}
        if run not in made:
            raise UnknownName(f"There is no candidate run #{run}.")
        before, after = self._plan(), self._candidate(run)
        return adoption.outcome(self._desk, self._last(), made[run], before=before, after=after)

    # Inside -----------------------------------------------------------------------------

    def _open(self) -> Cycle:
        now = self._last()
        if now.closed:
            raise Refused(f"The cycle {now.name} is published. Open the next one first.")
        return now

    def _speaking(self, by: str, function: str | None) -> Person:
        person = self._desk.allowed(by, "read")
        if function and person.delegate_for and person.delegate_for.value == function:
            return replace(person, function=Function(function))
        person = self._desk.allowed(by, "sign")
        if function and person.function.value != function:
            raise Refused(f"{person.name} does not speak for {function.capitalize()}.")
        return person
