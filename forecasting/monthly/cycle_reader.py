"""What the monthly cycle is and was: where it stands, what was published, how it scored.

Nothing here changes anything; the verbs that do are in monthly/cycle.py.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from functools import reduce
from typing import Annotated

import pandas as pd

from data import versions
from data.closing import Closing, closing, last_closed
from data.versions import Version
from forecasting.arguments import AsMade, Columns, Name, verbs
from forecasting.calendar import as_date
from forecasting.consensus import cycle as cycles
from forecasting.consensus import proposal, value_added, walk
from forecasting.consensus.cycle import Cycle, Signature
from forecasting.consensus.events import Event, Kind
from forecasting.consensus.events.cycle import ConsensusPublished
from forecasting.consensus.proposal import Record, Weights
from forecasting.consensus.rules import Rules
from forecasting.errors import Refused, UnknownName
from forecasting.governance.desk import Desk
from forecasting.governance.policy import Policies
from forecasting.governance.projector import Projector
from forecasting.hierarchy import check_places
from forecasting.monthly import adoption, snapshot
from forecasting.monthly.standing import Standing, standing_of, voided_by
from forecasting.monthly.targets import Stale, stale
from forecasting.plan.live import LivePlan
from forecasting.rights import Person
from forecasting.vocabulary import INPUTS

Scored = Annotated[pd.DataFrame, Columns(("version", "sku", "week"))]
"""Published numbers beside actuals (`CycleReader.scored`), or some of its rows."""
_TOLD = (Kind.CYCLE, Kind.SUBMIT, Kind.SIGN, Kind.ADOPT, Kind.PUBLISH)
"""Kinds of events that a cycle is made of."""


@verbs
class CycleReader(Projector["Cycle | None"]):
    """The cycle as the ledger has it, and everything that is read of it.

    Parameters
    ----------
    desk : Desk
    plan : callable
        The live plan.
    seen_by : callable
        (person) -> the live plan as that person may see it.
    policies : Policies
        What leadership has set.
    """

    kinds = _TOLD

    def __init__(
        self,
        desk: Desk,
        *,
        plan: Callable[[], LivePlan],
        seen_by: Callable[[Person], LivePlan],
        policies: Policies,
    ) -> None:
        self._policies = policies
        self._desk = desk
        self._plan = plan
        self._seen_by = seen_by
        self._published: tuple[Cycle | None, tuple[Version, ...]] | None = None
        """Read once for each state of the cycle: versions are only added, by publishing."""
        self._scored: tuple[Cycle | None, Closing, dict[str, list[Record]]] | None = None
        self.take_up(desk.ledger)

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
            key: self._voided_by(key[1], signature.seq)
            for key, signature in now.voided(digests).items()
        }
        return standing_of(self._desk, now, digests, void, until=self._desk.ledger.seq)

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
        return standing_of(self._desk, then, version.covered, void, until=version.version)

    def signatures(self, version: Version) -> list[tuple[str, str, Signature]]:
        """Signatures that covered what was published: department, function, who and when."""
        standing = self._when_published(version).standing(version.covered)
        return [
            (department, function, signature)
            for department, signed in sorted(standing.items())
            for function, signature in sorted(signed.items())
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
        """Published numbers beside actuals: one row per SKU and week, in units.

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
        equal = self._policies.now.number("equal_share")
        return {d: proposal.weigh(r, equal_share=equal) for d, r in self._records().items()}

    def _records(self) -> dict[str, list[Record]]:
        """How each function's numbers came out, once for each publication and each import.

        Every plan that is built asks, the draft and the working plan one after the other.
        """
        state, facts, kept = self._state, closing(self._desk.store), self._scored
        if kept is None or kept[0] is not state or kept[1] is not facts:
            # Under what was looked up before: what comes meanwhile replaces one of the two.
            cells = self.scored()
            records = {} if cells.empty else value_added.records(cells)
            kept = self._scored = (state, facts, records)
        return kept[2]

    def walk(self, by: str, version: Version, skus: Sequence[int]) -> pd.DataFrame:
        """Why the draft of some SKUs is another number than in a version (walk.walk)."""
        plan = self._seen_by(self._desk.allowed(by, "read"))
        self.version(version.version)
        check_places(skus, len(plan.sku_names), "SKU")
        names = {plan.sku_names[s] for s in skus}
        before = self.parts(version)
        after = snapshot.parts_now(plan, skus, self._reasons(plan))
        return walk.walk(before[before["sku"].isin(names)], after)

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

    def stale(self, by: str, among: Sequence[AsMade[Event]] | None = None) -> list[Stale]:
        """Targets that an input does not hold any more, latest first.

        Parameters
        ----------
        among : sequence of Event, optional
            Overrides that stand, in order; all there are if left out.
        """
        hidden = self.hidden_from(self._desk.allowed(by, "read"))
        overrides, taken_back = (
            adoption.overrides(self._desk) if among is None else (among, set())
        )
        seen = [e for e in overrides if e.input_of not in hidden]
        return stale(self._plan(), seen, taken_back)

    # Inside -----------------------------------------------------------------------------

    def _last(self) -> Cycle:
        if self.current is None:
            raise Refused("No cycle was opened yet. Open one on the Cycle page.")
        return self.current

    def _voided_by(self, department: str, since: int) -> str:
        return voided_by(self._desk, self._plan(), department, since=since)

    def _reasons(self, plan: LivePlan) -> pd.DataFrame:
        return self._desk.store.query(
            "input_reasons", seq=plan.seq, first_week=as_date(plan.base.weeks[0])
        )
