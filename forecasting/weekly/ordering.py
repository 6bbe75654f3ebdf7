"""Orders that Planning approved: they count in every plan, are released, or are taken back.

An approval is one decision with one reason, whatever number of orders it holds; those of one
SKU and week of arrival are one order, for all its doors or for the centre that serves them.
Each goes its own way from there: released to the supplier, taken back before that, closed
when the files have it or it will not come. The Bridge's *Order more* stands among them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from forecasting import write
from forecasting.arguments import ClientId, Name, verbs
from forecasting.consensus.events import Body, Event, Kind
from forecasting.consensus.events.body import Answering
from forecasting.consensus.events.decisions import Closed, Ordered, OrderReleased
from forecasting.consensus.events.orders import OrdersApproved, OrdersWithdrawn
from forecasting.consensus.events.undoing import MovesUndone, Undone
from forecasting.consensus.moves import Move, order_of
from forecasting.errors import Refused, UnknownName
from forecasting.governance.desk import Desk, Request, checked_note
from forecasting.governance.projector import Projector
from forecasting.plan.live import LivePlan
from forecasting.rights import Person
from forecasting.weekly.order_terms import (
    OrderLine,
    in_words,
    moves_of,
    refusals,
    spend,
)

APPROVED, RELEASED, DONE, TAKEN_BACK = "approved", "released", "done", "taken back"
NAMED = 5
"""Refused orders that are named one by one; the others are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order: a SKU, a week of arrival, a line per place."""

    seq: int
    """Number of the decision."""
    number: int
    """Which order of an approval, from 1; 0: the Bridge's *Order more*."""
    sku: str
    moves: tuple[Move, ...]
    person: str
    decided_at: dt.datetime
    note: str
    activation: str = ""
    """Of the Bridge's orders, what it was decided for."""
    state: str = APPROVED
    """approved, released, done or taken back."""

    @property
    def id(self) -> str:
        """What it is called: 812/3, or 812 where the Bridge decided it."""
        return f"{self.seq}/{self.number}" if self.number else str(self.seq)

    @property
    def units(self) -> float:
        """Over all its places."""
        return sum(m.units for m in self.moves)

    @property
    def leaves(self) -> dt.date:
        """First day of the week in which it has to go to the supplier."""
        return min(m.leaves for m in self.moves)

    @property
    def arrives(self) -> dt.date:
        """First day of the week in which it can be sold."""
        return min(m.arrives for m in self.moves)

    @property
    def is_open(self) -> bool:
        """Whether it counts until the files have it."""
        return self.state in (APPROVED, RELEASED)


Found = Mapping[tuple[int, int], Order]


@verbs
class Orders(Projector[Found]):
    """Verbs on orders.

    Parameters
    ----------
    desk : Desk
    plan : callable
        The live plan.
    """

    kinds = (
        Kind.APPROVE, Kind.WITHDRAW, Kind.ORDER, Kind.ORDERED, Kind.CLOSE, Kind.UNDO,
    )  # fmt: skip

    def __init__(self, desk: Desk, *, plan: Callable[[], LivePlan]) -> None:
        self._desk, self._plan = desk, plan
        self.take_up(desk.ledger)

    @property
    def all(self) -> list[Order]:
        """Every order, the last decided first."""
        return sorted(self._state.values(), key=lambda o: (-o.seq, o.number))

    @property
    def open(self) -> list[Order]:
        """What is approved or released and not done, the next to leave first."""
        still = [o for o in self._state.values() if o.is_open]
        return sorted(still, key=lambda o: (o.leaves, o.seq, o.number))

    def of(self, skus: Collection[str]) -> list[Order]:
        """Orders of some SKUs that count until the files have them, the first decided first."""
        mine = [o for o in self._state.values() if o.is_open and o.sku in skus]
        return sorted(mine, key=lambda o: (o.seq, o.number))

    def _begin(self) -> Found:
        return {}

    def _with(self, state: Found, events: Sequence[Event]) -> Found:
        found = dict(state)
        for event in events:
            match event.body:
                case OrdersApproved() | Ordered():
                    found |= _orders_of(event)
                case OrdersWithdrawn(target=seq, numbers=numbers):
                    _turn(found, seq, numbers, TAKEN_BACK)
                case OrderReleased(target=seq, numbers=numbers):
                    _turn(found, seq, numbers, RELEASED)
                case Closed(target=seq, numbers=numbers):
                    _turn(found, seq, numbers, DONE)
                case Undone(target=seq) as back:
                    stands = isinstance(back, MovesUndone) and back.stands
                    _turn(found, seq, (), APPROVED if stands else TAKEN_BACK)
        return found

    # Verbs ------------------------------------------------------------------------------

    def approve(
        self,
        by: str,
        lines: Sequence[OrderLine],
        *,
        note: str = "",
        base: int | None = None,
        client_id: ClientId | None = None,
    ) -> Event:
        """Approve orders: all of them, or none if one cannot be placed.

        Parameters
        ----------
        lines : sequence of OrderLine
            Units by SKU, place and week of arrival, as they are to be ordered.
        base : int, optional
            Sequence number of the plan that was looked at; the present one if left out.

        Raises
        ------
        NotAllowed
            For everybody but Planning.
        Refused
            Naming what cannot be ordered and why: by the supplier's terms, or because
            somebody else ordered the same SKU since `base`.
        """
        actor = self._desk.allowed(by, "order")
        words, since = checked_note(note), self._desk.seen(base)
        asked = tuple(lines)
        if not asked:
            raise Refused("There is nothing to order in it.")

        prepare = self.prepared(actor, asked, since=since, words=words)

        def says(event: Event) -> bool:
            told = {(m.sku, m.to, m.units, m.arrives) for m in event.told(OrdersApproved).moves}
            return told == {(o.sku, o.place, o.units, o.arrives) for o in asked}

        request = Request.of(client_id, actor, Kind.APPROVE, says)
        return self._desk.submit(
            prepare, request, touches=frozenset(line.sku for line in asked)
        )

    def prepared(
        self,
        actor: Person,
        lines: Sequence[OrderLine],
        *,
        since: int,
        words: str,
        answers: Answering | None = None,
    ) -> Callable[[], Event]:
        """What prepares the event of an approval when its turn comes.

        Parameters
        ----------
        since : int
            Orders of the same SKUs that came later are refused.
        words : str
            The reason, checked.
        answers : Answering, optional
            The proposal that it accepts.
        """

        def prepare() -> Event:
            plan = self._plan()
            self.refuse_lines(plan, lines, since)
            moves = moves_of(plan, lines)
            body = OrdersApproved(
                text=in_words(moves), moves=moves, cost=spend(plan, moves), answers=answers
            )
            return self._desk.event(actor, body, note=words, base=self._desk.ledger.seq)

        return prepare

    def release(self, by: str, orders: Sequence[Name], *, note: str = "") -> list[Event]:
        """Say that approved orders went to the supplier; they are not taken back any more.

        They go on counting until the files bring them, or their week is over.

        Raises
        ------
        NotAllowed, UnknownName
        Refused
            If one of them was released, taken back or closed already: then none is.
        """

        def body(seq: int, some: Sequence[Order]) -> Body:
            _refuse_states(some, (APPROVED,), "released")
            text = in_words(_moves(some))
            return OrderReleased(target=seq, text=text, numbers=_numbers(some))

        return self._each(by, orders, body, note=note)

    def withdraw(self, by: str, orders: Sequence[Name], *, note: str = "") -> list[Event]:
        """Take approved orders back, before they are released: they count no more.

        Raises
        ------
        NotAllowed, UnknownName
        Refused
            If one of them went to the supplier, or was taken back already: then none is.
        """

        def body(seq: int, some: Sequence[Order]) -> Body:
            _refuse_states(some, (APPROVED,), "taken back")
            moves, numbers = _moves(some), _numbers(some)
            if not numbers:
                return MovesUndone(target=seq, moves=moves, stands=False)
            return OrdersWithdrawn(
                target=seq, numbers=numbers, text=in_words(moves), moves=moves
            )

        return self._each(by, orders, body, note=note)

    def close(self, by: str, orders: Sequence[Name], *, note: str = "") -> list[Event]:
        """Say that orders are in the files under another name, or will not come after all.

        Raises
        ------
        NotAllowed, UnknownName
        Refused
            If one of them is closed or was taken back already: then none is.
        """

        def body(seq: int, some: Sequence[Order]) -> Body:
            _refuse_states(some, (APPROVED, RELEASED), "closed")
            moves = _moves(some)
            return Closed(target=seq, text=in_words(moves), moves=moves, numbers=_numbers(some))

        return self._each(by, orders, body, note=note)

    def undone(self, root: Event) -> MovesUndone:
        """What the event says that takes a whole approval back, or brings it back.

        Raises
        ------
        Refused
            If some of it went to the supplier, or was given up by itself.
        """
        mine = [o for o in self._state.values() if o.seq == root.seq]
        states = {o.state for o in mine}
        if states not in ({APPROVED}, {TAKEN_BACK}) or self._was_given_up(root.seq):
            raise Refused(
                f"Not all orders of #{root.seq} are as they were approved: some were released, "
                "closed or taken back. Take the others back one by one in the buy plan."
            )
        return MovesUndone(
            target=root.seq, moves=root.told(OrdersApproved).moves,
            stands=states == {TAKEN_BACK},
        )  # fmt: skip

    # Inside -----------------------------------------------------------------------------

    def _was_given_up(self, seq: int) -> bool:
        later = self._desk.ledger.of_kinds(Kind.WITHDRAW)
        return any(e.told(OrdersWithdrawn).target == seq for e in later)

    def _each(
        self,
        by: str,
        names: Sequence[str],
        body: Callable[[int, Sequence[Order]], Body],
        *,
        note: str,
    ) -> list[Event]:
        """One event for each decision that some orders come from; all of them, or none."""
        actor, words = self._desk.allowed(by, "order"), checked_note(note)
        asked = dict.fromkeys(names)
        if not asked:
            raise Refused("No order was named.")
        some = sorted((self._named(name) for name in asked), key=lambda o: (o.seq, o.number))
        by_decision = {seq: list(mine) for seq, mine in groupby(some, key=lambda o: o.seq)}

        def prepared(seq: int, chosen: Sequence[Order]) -> Callable[[], Event]:
            def prepare() -> Event:
                now = [self._state[o.seq, o.number] for o in chosen]
                return self._desk.event(
                    actor, body(seq, now), note=words, base=self._desk.ledger.seq
                )

            return prepare

        # Before anything is written: what is refused of one decision is refused of all.
        kinds = {seq: body(seq, mine).kind for seq, mine in by_decision.items()}
        requests = [
            (Request.of(None, actor, kinds[seq]), prepared(seq, mine))
            for seq, mine in by_decision.items()
        ]
        touches = frozenset(o.sku for o in some)
        return self._desk.submit_all(requests, touches=touches)

    def _named(self, name: str) -> Order:
        seq, _, number = name.removeprefix("#").partition("/")
        try:
            key = int(seq), int(number or 0)
        except ValueError:
            key = (-1, 0)
        if key not in self._state:
            raise UnknownName(
                f"There is no order '{name[:40]}': orders are called by their number, 812/3."
            )
        return self._state[key]

    def refuse_lines(self, plan: LivePlan, lines: Sequence[OrderLine], since: int) -> None:
        """Refuse orders that cannot be placed, naming the first of them.

        Raises
        ------
        Refused
        """
        asked, found = {line.sku for line in lines}, dict[str, str]()
        for order in self.of(asked):
            if order.seq > since:
                there = f"{write.number(order.units)} u of {order.sku}"
                text = (
                    f"{there} were ordered meanwhile (#{order.id}). Look at the buy plan again."
                )
                found.setdefault(order.sku, text)
        found = {**refusals(plan, lines), **found}
        if not found:
            return
        why = list(found.values())
        more = f" And {len(why) - NAMED} more." if len(why) > NAMED else ""
        several = f"Nothing was ordered: {len(why)} cannot be ordered so. "
        head = several if len(asked) > 1 else ""
        raise Refused(head + " ".join(why[:NAMED]) + more)


def _orders_of(event: Event) -> dict[tuple[int, int], Order]:
    """The orders of one decision."""
    body = event.body
    bridge = isinstance(body, Ordered)
    assert isinstance(body, Ordered | OrdersApproved)
    if not body.moves:
        return {}
    given = [body.moves] if bridge else [mine for _, mine in order_of(body.moves)]
    return {
        (event.seq, number): Order(
            seq=event.seq,
            number=number,
            sku=mine[0].sku,
            moves=tuple(mine),
            person=event.person,
            decided_at=event.recorded_at,
            note=event.note,
            activation=body.activation if isinstance(body, Ordered) else "",
        )
        for number, mine in enumerate(given, start=0 if bridge else 1)
    }


def _turn(
    found: dict[tuple[int, int], Order], seq: int, numbers: Sequence[int], state: str
) -> None:
    """Say of orders of a decision what became of them; of all where no number is named."""
    for key in [k for k in found if k[0] == seq and (not numbers or k[1] in numbers)]:
        found[key] = replace(found[key], state=state)


def _moves(orders: Iterable[Order]) -> tuple[Move, ...]:
    return tuple(move for order in orders for move in order.moves)


def _numbers(orders: Iterable[Order]) -> tuple[int, ...]:
    return tuple(order.number for order in orders if order.number)


def _refuse_states(orders: Sequence[Order], able: tuple[str, ...], what: str) -> None:
    """Refuse a verb on orders that are not in a state for it, naming them."""
    wrong = [o for o in orders if o.state not in able]
    if not wrong:
        return
    text = ", ".join(f"#{o.id} ({o.sku}) is {o.state} already" for o in wrong[:NAMED])
    more = f", and {len(wrong) - NAMED} more" if len(wrong) > NAMED else ""
    hint = ""
    if what == "taken back" and any(o.state == RELEASED for o in wrong):
        hint = (
            " What went to the supplier is cancelled with them; close it here once they agreed."
        )
    raise Refused(f"Nothing was {what}: {text}{more}.{hint}")
