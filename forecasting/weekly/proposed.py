"""Proposals as they stand: what waits for whom, and what became of each."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from forecasting.arguments import verbs
from forecasting.consensus.events import Body, Event, Kind
from forecasting.consensus.events.body import Answering
from forecasting.consensus.events.proposals import (
    Answered,
    ChangeProposed,
    OptionProposed,
    OrdersProposed,
    Proposed,
)
from forecasting.errors import Refused, UnknownName
from forecasting.governance.desk import Desk
from forecasting.governance.projector import Projector
from forecasting.governance.reach import is_inside
from forecasting.plan.live import LivePlan
from forecasting.rights import RIGHTS, Person
from forecasting.vocabulary import Function
from forecasting.weekly import ground, proposed_orders
from forecasting.weekly.activations import MarketingCalendar
from forecasting.weekly.decisions import KINDS, Decisions
from forecasting.weekly.ground import Ground
from forecasting.weekly.ordering import Orders


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """One proposal, as it stands."""

    seq: int
    body: OptionProposed | ChangeProposed | OrdersProposed
    person: str
    function: str
    """What its author spoke for."""
    proposed_at: dt.datetime
    note: str
    base: int
    """Number of the last event that its figures know."""
    state: str = "open"
    """open, accepted, changed (accepted with other values), declined or withdrawn."""
    answered_by: str = ""
    answered_at: dt.datetime | None = None
    answer: str = ""
    """The reason that was given."""
    decision: int | None = None
    """Number of the event that decided it; None where nothing was decided."""

    @property
    def is_open(self) -> bool:
        """Whether it waits for an answer."""
        return self.state == "open"

    @property
    def to(self) -> tuple[Function, ...]:
        """The functions that may decide it."""
        return RIGHTS[self.body.right]

    @property
    def sku(self) -> str:
        """The one SKU that it is about; '' where it is about an activation, or several."""
        match self.body:
            case OptionProposed(sku=sku):
                return sku
            case OrdersProposed(skus=(sku,)):
                return sku
        return ""

    @property
    def due(self) -> dt.date | None:
        """Last day on which it could be decided, as it was proposed; None: that was over."""
        proposed = self.proposed_at.date()
        if isinstance(self.body, OptionProposed):
            days = [self.body.last_date]
        elif isinstance(self.body, OrdersProposed):
            days = [proposed_orders.last_day(self.body)]
        else:
            after = self.body.change.after or self.body.change.before
            # What is proposed after the calendar was locked can be decided until it begins.
            days = [after.lock_date, after.start - dt.timedelta(1)] if after else []
        return min((day for day in days if day and day >= proposed), default=None)

    @property
    def net(self) -> float:
        """Margin less cost, as it was proposed; NaN where no margin is known."""
        worth = self.body.worth
        return math.nan if worth.margin is None else worth.margin - worth.cost


@verbs
class ProposalList(Projector[Mapping[int, Proposal]]):
    """What is read of proposals.

    Parameters
    ----------
    desk : Desk
    plan : callable
        Given a person's id, the working plan as that person may see it.
    calendar : MarketingCalendar
    decisions : Decisions
    orders : Orders
    """

    kinds = (Kind.PROPOSE, Kind.ANSWER, *KINDS, Kind.ACTIVATION, Kind.APPROVE)

    def __init__(
        self,
        desk: Desk,
        *,
        plan: Callable[[str], LivePlan],
        calendar: MarketingCalendar,
        decisions: Decisions,
        orders: Orders,
    ) -> None:
        self._desk, self._plan = desk, plan
        self._calendar, self._decisions, self._orders = calendar, decisions, orders
        self.take_up(desk.ledger)

    # Reading ----------------------------------------------------------------------------

    @property
    def all(self) -> list[Proposal]:
        """Every proposal, latest first."""
        found = self._state
        return [found[seq] for seq in sorted(found, reverse=True)]

    @property
    def open(self) -> list[Proposal]:
        """What waits for an answer: first what has to be decided first, then what is dear."""

        def key(one: Proposal) -> tuple[dt.date, float, int]:
            return one.due or dt.date.max, -(0.0 if math.isnan(one.net) else one.net), one.seq

        return sorted((one for one in self._state.values() if one.is_open), key=key)

    def waiting_for(self, person: Person) -> list[Proposal]:
        """Open ones that this person may decide: of their right and of their part."""
        mine = [one for one in self.open if person.may(one.body.right)]
        return [one for one in mine if is_inside(self._desk.places, person.remit, one.body)]

    def made_by(self, person: Person) -> list[Proposal]:
        """A person's own, latest first."""
        return [one for one in self.all if one.person == person.id]

    def about(self, activation: str, sku: str = "") -> list[Proposal]:
        """Open ones about an activation, or about one SKU that it features."""
        return [
            one for one in self.open
            if one.body.activation == activation and (not sku or one.sku in ("", sku))
        ]  # fmt: skip

    def one(self, seq: int) -> Proposal:
        """One proposal.

        Raises
        ------
        UnknownName
        """
        if seq not in self._state:
            raise UnknownName(f"There is no proposal #{seq}.")
        return self._state[seq]

    def look(self, by: str, seq: int) -> Ground:
        """What has become of what a proposal stands on."""
        self._desk.allowed(by, "read")
        found = self.one(seq)
        if isinstance(found.body, OrdersProposed):
            return proposed_orders.ground_of(
                found.seq, found.body, plan=self._plan(by), orders=self._orders,
                name_of=self._name_of,
            )  # fmt: skip
        return ground.of(
            found.seq, found.body, plan=self._plan(by), calendar=self._calendar,
            decisions=self._decisions, name_of=self._name_of,
        )  # fmt: skip

    def _name_of(self, person: str) -> str:
        return self._desk.person(person).name

    def _state_of(self, body: Proposed) -> ground.State:
        """As much of what a proposal stands on as can be compared in no time."""
        if isinstance(body, OrdersProposed):
            return proposed_orders.state_of(body, self._orders)
        assert isinstance(body, OptionProposed | ChangeProposed)
        return ground.state_of(body, self._calendar, self._decisions)

    def _still_open(self, seq: int) -> Proposal:
        found = self.one(seq)
        if not found.is_open:
            who = self._desk.person(found.answered_by).name
            how = "accepted with other values" if found.state == "changed" else found.state
            raise Refused(f"Proposal #{seq} was {how} by {who} already.")
        return found

    def _if_still(
        self, looked: Ground, seq: int, make: Callable[[], Event]
    ) -> Callable[[], Event]:
        """The same event, unless somebody was faster than the look at the proposal."""

        def prepare() -> Event:
            found = self._still_open(seq)
            if self._state_of(found.body) != looked.state:
                raise Refused("Somebody changed what it stands on just now. Look at it again.")
            return make()

        return prepare

    def _begin(self) -> Mapping[int, Proposal]:
        return {}

    def _with(
        self, state: Mapping[int, Proposal], events: Sequence[Event]
    ) -> Mapping[int, Proposal]:
        found = dict(state)
        for event in events:
            match event.body:
                case OptionProposed() | ChangeProposed() | OrdersProposed() as body:
                    found[event.seq] = Proposal(
                        seq=event.seq, body=body, person=event.person,
                        function=event.function, proposed_at=event.recorded_at,
                        note=event.note, base=event.base,
                    )  # fmt: skip
                case Answered(target=seq, withdrawn=withdrawn) if seq in found:
                    how = "withdrawn" if withdrawn else "declined"
                    found[seq] = _closed(found[seq], event, how)
                case Body(answering=Answering(proposal=seq, changed=changed)) if seq in found:
                    how = "changed" if changed else "accepted"
                    found[seq] = replace(_closed(found[seq], event, how), decision=event.seq)
        return found


def _closed(found: Proposal, event: Event, state: str) -> Proposal:
    return replace(
        found, state=state, answered_by=event.person, answered_at=event.recorded_at,
        answer=event.note,
    )  # fmt: skip
