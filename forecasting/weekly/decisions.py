"""What was decided about a featured SKU that runs out, until it is done.

A decision is an event with an owner and a day by which it is due. What it moves counts in
the projection at once, what it changes in the calendar is in the forecast at once; taking
it back takes both back. Once people have carried it out and the files show it, it is
closed: from then on the files speak, and what it was worth can be looked up.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from forecasting import write
from forecasting.arguments import ClientId, Name, verbs
from forecasting.calendar import as_date
from forecasting.consensus.activations import Activation
from forecasting.consensus.events import Event, Kind
from forecasting.consensus.events.body import Answering, CalendarEdit
from forecasting.consensus.events.decisions import BY_KIND, Closed, Decided, OrderReleased
from forecasting.consensus.events.undoing import MovesUndone, Undone
from forecasting.consensus.moves import Move
from forecasting.errors import OutOfBounds, Refused, UnknownName
from forecasting.governance.desk import Desk, Request, checked_note
from forecasting.governance.projector import Projector
from forecasting.governance.reach import Reach
from forecasting.inventory.network import NO_LANE
from forecasting.plan.live import LivePlan
from forecasting.rights import Person
from forecasting.weekly.movable import check_moved_order, check_new_order
from forecasting.weekly.option import Action, Option

KINDS = (
    Kind.ORDER, Kind.EXPEDITE, Kind.TRANSFER, Kind.POSTPONE, Kind.SHIFT, Kind.REDUCE,
    Kind.ACCEPT,
)  # fmt: skip
"""Kinds of events that decide."""
WORSE = 1.2
"""An accepted risk comes back when this many times the units are short."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One decision, as it stands."""

    seq: int
    action: Action
    activation: str
    sku: str
    text: str
    person: str
    owner: str
    due: dt.date
    decided_at: dt.datetime
    moves: tuple[Move, ...]
    cost: float
    units_saved: float
    margin_saved: float
    """NaN unknown."""
    weeks_ahead: int
    """Weeks from the first planned week to the activation's start when it was decided:
    lead time."""
    note: str
    short: float
    """Expected units short when it was decided."""
    state: str = "decided"
    """decided, released (an order), done or taken back."""

    @property
    def stands(self) -> bool:
        """Whether it was not taken back."""
        return self.state != "taken back"

    @property
    def is_open(self) -> bool:
        """Whether the files are still to show it."""
        return self.state in ("decided", "released")

    def is_late(self, today: dt.date) -> bool:
        """Whether it should have been done."""
        return self.is_open and self.action is not Action.ACCEPT and self.due < today


@verbs
class Decisions(Projector[Mapping[int, Decision]]):
    """Verbs of the Bridge.

    Parameters
    ----------
    desk : Desk
    plan : callable
        The live plan.
    activation : callable
        An activation as it stands, by identity.
    """

    kinds = (*KINDS, Kind.CLOSE, Kind.ORDERED, Kind.UNDO)

    def __init__(
        self,
        desk: Desk,
        *,
        plan: Callable[[], LivePlan],
        activation: Callable[[str], Activation],
    ) -> None:
        self._desk, self._plan, self._activation = desk, plan, activation
        self.take_up(desk.ledger)

    @property
    def all(self) -> list[Decision]:
        """Every decision, latest first."""
        found = self._state
        return [found[seq] for seq in sorted(found, reverse=True)]

    @property
    def open(self) -> list[Decision]:
        """What is still to be carried out, next due first."""
        todo = [d for d in self.all if d.is_open and d.action is not Action.ACCEPT]
        return sorted(todo, key=lambda d: (d.due, d.seq))

    def of(self, activation: str, sku: str) -> list[Decision]:
        """What stands about one featured SKU, latest first."""
        return [d for d in self.all if d.stands and (d.activation, d.sku) == (activation, sku)]

    def is_accepted(self, activation: str, sku: str, short: float) -> bool:
        """Whether its risk was accepted and has not become worse since."""
        accepted = [d for d in self.of(activation, sku) if d.action is Action.ACCEPT]
        return bool(accepted) and short <= WORSE * accepted[0].short + 1.0

    def is_settled(self, activation: str, sku: str, short: float) -> bool:
        """Whether something was decided about it, and an accepted risk is not worse."""
        standing = self.of(activation, sku)
        acted = any(d.action is not Action.ACCEPT for d in standing)
        return acted or self.is_accepted(activation, sku, short)

    def _begin(self) -> Mapping[int, Decision]:
        return {}

    def _with(
        self, state: Mapping[int, Decision], events: Sequence[Event]
    ) -> Mapping[int, Decision]:
        found = dict(state)
        for event in events:
            match event.body:
                case Decided() as body:
                    found[event.seq] = _decision(event, body)
                case OrderReleased(target=seq) if seq in found:
                    found[seq] = replace(found[seq], state="released")
                case Closed(target=seq) if seq in found:
                    found[seq] = replace(found[seq], state="done")
                case Undone(target=seq) if seq in found:
                    back = "taken back" if found[seq].stands else "decided"
                    found[seq] = replace(found[seq], state=back)
        return found

    def decide(
        self,
        by: str,
        option: Option,
        *,
        owner: Name,
        due: dt.date | None = None,
        note: str = "",
        client_id: ClientId | None = None,
    ) -> Event:
        """Decide for one option.

        Parameters
        ----------
        option : Option
            As it was worked out; it is checked again when its turn comes.
        owner : str
            Who carries it out.
        due : date, optional
            By when; the last day on which it still works if left out.

        Raises
        ------
        NotAllowed
            Planning orders, expedites, pushes back, moves and accepts; Merchandising
            shifts; Marketing reduces.
        Refused
            If it is too late, or what it stands on has changed meanwhile.
        """
        actor = self._desk.allowed(by, option.action)
        words = checked_note(note)
        prepare = self.prepared(actor, option, owner=owner, due=due, words=words)

        def says(event: Event) -> bool:
            body, asked = event.told(Decided), (option.activation, option.sku, option.told)
            return (body.activation, body.sku, body.text) == asked

        request = Request.of(client_id, actor, Kind(option.action.value), says)
        return self._desk.submit(prepare, request, touches=touched_by(option))

    def prepared(
        self,
        actor: Person,
        option: Option,
        *,
        owner: str,
        due: dt.date | None,
        words: str,
        answers: Answering | None = None,
    ) -> Callable[[], Event]:
        """What makes the event that decides for an option, when its turn comes.

        Parameters
        ----------
        actor : Person
            Whose right to it was checked.
        answers : Answering, optional
            The proposal that is accepted by it.

        Raises
        ------
        Refused, OutOfBounds, UnknownName
            Here, or when it is called.
        """
        self._desk.person(owner)
        option.check_open(words)
        plan = self._plan()
        before = self._activation(option.activation)
        day = due or option.last_date or before.start
        start = (np.datetime64(before.start, "D") - plan.base.weeks[0]).astype(int) // 7

        def prepare() -> Event:
            body = _decided(
                option, owner=owner, due=day, weeks_ahead=int(start) + 1,
                edit=self.edit_of(option), answers=answers,
            )  # fmt: skip
            return self._desk.event(actor, body, note=words, base=self._desk.ledger.seq)

        return prepare

    def edit_of(self, option: Option) -> CalendarEdit | None:
        """What an option changes in the calendar as it is now; None: nothing.

        Raises
        ------
        Refused, UnknownName, OutOfBounds
            If it cannot be carried out any more.
        """
        if option.moves:
            self._check_moves(option)
        elif option.after is not None:
            now = self._activation(option.activation)
            return CalendarEdit(
                activation=option.activation, before=now, after=_after(option, now)
            )
        elif option.action is not Action.ACCEPT:
            raise Refused("There is nothing in it to carry out.")
        return None

    def decide_all(
        self, by: str, chosen: Sequence[Option], *, owner: Name, note: str = ""
    ) -> list[Event]:
        """Decide for several at once, each an event of its own that can be taken back.

        Of a mix each function decides its own part: what is left is worked out anew.

        Raises
        ------
        NotAllowed, Refused
            Before anything is written where a right is missing; what was written before
            one that does not work any more stands.
        """
        for one in chosen:
            self._desk.allowed(by, one.action, at=Reach.of_moves(one.moves, touched_by(one)))
        return [self.decide(by, option, owner=owner, note=note) for option in chosen]

    def close(self, by: str, seq: int, *, note: str = "") -> Event:
        """Say that a decision was carried out and the files show it.

        What it moves is not counted any more, since stock and orders of the files hold it.
        """
        actor = self._desk.allowed(by, "read")
        found = self._state.get(seq)
        if found is None:
            raise UnknownName(f"There is no decision #{seq}.")
        if actor.id != found.owner:
            actor = self._desk.allowed(by, found.action)
        if not found.is_open:
            raise Refused(f"Decision #{seq} is {found.state} already.")
        body = Closed(target=seq, text=found.text, moves=found.moves)
        return self._desk.append(actor, body, note=checked_note(note))

    def release(self, by: str, seq: int, *, note: str = "") -> Event:
        """Say that an approved order went to the supplier; it is not taken back any more.

        It goes on counting until the files bring it, or its week is over.

        Raises
        ------
        UnknownName, NotAllowed
        Refused
            If it is no order, or was released, closed or taken back already.
        """
        actor = self._desk.allowed(by, "order")
        words = checked_note(note)

        def prepare() -> Event:
            found = self._state.get(seq)
            if found is None:
                raise UnknownName(f"There is no decision #{seq}.")
            if found.action is not Action.ORDER:
                raise Refused(f"Decision #{seq} is no order: only an order is released.")
            if found.state != "decided":
                raise Refused(f"Order #{seq} is {found.state} already.")
            body = OrderReleased(target=seq, text=found.text)
            return self._desk.event(actor, body, note=words, base=self._desk.ledger.seq)

        return self._desk.submit(prepare)

    def undone(self, root: Event) -> Undone:
        """What the event says that takes a decision on supply back, or brings it back.

        Raises
        ------
        Refused
            If it was carried out.
        """
        found = self._state[root.seq]
        if found.state == "released":
            raise Refused(
                f"Order #{root.seq} went to the supplier; it cannot be taken back here. Cancel "
                "it with them: the next import shows it."
            )
        if found.state == "done":
            raise Refused(f"Decision #{root.seq} was carried out; it cannot be taken back.")
        if not found.moves:
            return Undone(target=root.seq)
        return MovesUndone(target=root.seq, moves=found.moves, stands=not found.stands)

    def _check_moves(self, option: Option) -> None:
        """Refuse what cannot be carried out, whoever worked it out."""
        plan = self._plan()
        network, begin = plan.base.network, as_date(plan.base.weeks[0])
        taken: dict[tuple[str, str], float] = {}
        for move in option.moves:
            sku = plan.sku_index.get(move.sku)
            if sku is None or move.to not in plan.door_index:
                raise UnknownName(f"There is no '{move.sku}' at '{move.to}'.")
            if not 0 < move.units < 1e9 or move.cost < 0:
                raise OutOfBounds("A move needs units above zero and a cost of zero or more.")
            if move.receipt:
                check_moved_order(plan, sku, move)
                continue
            if move.is_order:
                check_new_order(plan, sku, move)
                continue
            origin = network.index.get(move.origin)
            if origin is None:
                raise UnknownName(f"There is no door or centre '{move.origin}'.")
            weeks = int(network.weeks[origin, plan.door_index[move.to]])
            if weeks == NO_LANE:
                raise Refused(f"No lane leads from {move.origin} to {move.to}.")
            if move.leaves < begin or (move.arrives - move.leaves).days < 7 * weeks:
                raise Refused(
                    f"A transfer from {move.origin} to {move.to} takes {weeks} weeks."
                )
            key = (move.sku, move.origin)
            taken[key] = taken.get(key, 0.0) + move.units
            if taken[key] > _there(plan, sku, origin) + 1e-6:
                raise Refused(
                    f"{network.labels[origin]} does not have {write.number(taken[key])} u of "
                    f"{move.sku} any more. Look at the options again."
                )


def touched_by(option: Option) -> frozenset[str]:
    """SKUs that deciding for an option touches."""
    return frozenset({option.sku, *(move.sku for move in option.moves)})


def _decision(event: Event, body: Decided) -> Decision:
    return Decision(
        seq=event.seq,
        action=Action(event.kind.value),
        activation=body.activation,
        sku=body.sku,
        text=body.text,
        person=event.person,
        owner=body.owner,
        due=body.due,
        decided_at=event.recorded_at,
        moves=body.moves,
        cost=body.cost,
        units_saved=body.units_saved,
        margin_saved=float("nan") if body.margin_saved is None else body.margin_saved,
        weeks_ahead=body.weeks_ahead,
        note=event.note,
        short=body.short,
    )


def _decided(
    option: Option,
    *,
    owner: str,
    due: dt.date,
    weeks_ahead: int,
    edit: CalendarEdit | None,
    answers: Answering | None,
) -> Decided:
    """What the ledger keeps of an option that was decided."""
    margin = option.margin_saved
    return BY_KIND[Kind(option.action.value)](
        activation=option.activation,
        sku=option.sku,
        text=option.told,
        owner=owner,
        due=due,
        cost=round(option.cost, 2),
        units_saved=_known(option.units_saved),
        margin_saved=None if pd.isna(margin) else round(margin, 2),
        short=_known(option.short_before),
        weeks_ahead=weeks_ahead,
        moves=option.moves,
        edit=edit,
        answers=answers,
    )


def _known(units: float) -> float:
    """Units as they are kept; none where an option was not judged."""
    return 0.0 if pd.isna(units) else round(units, 3)


def _after(option: Option, now: Activation) -> Activation:
    """The activation as an option leaves it, given what it has become meanwhile.

    What was changed about other SKUs stands: several options for one activation can be
    decided one after the other.

    Raises
    ------
    Refused
        If the activation itself, or this SKU's part in it, was changed.
    """
    assert option.before is not None
    mine, theirs = (activation.of_sku(option.sku) for activation in (now, option.before))
    same = replace(now, items=()) == replace(option.before, items=()) and mine == theirs
    if not same or any(i.sku == option.substitute for i in now.items):
        raise Refused(f"{now.name} was changed meanwhile. Look at the options again.")
    return option.laid_over(now)


def _there(plan: LivePlan, sku: int, place: int) -> float:
    """Units at a place that nobody has decided on yet."""
    n_doors = plan.base.network.n_doors
    if place >= n_doors:
        return float(plan.spare_reserve(sku)[place - n_doors])
    opening = float(np.nan_to_num(plan.base.opening[sku, place]))
    name = plan.door_names[place]
    gone = sum(
        m.units
        for m in plan.standing.moves_of(sku)
        if m.origin == name and m.leaves >= as_date(plan.base.weeks[0])
    )
    return opening - gone
