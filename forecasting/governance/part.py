"""What somebody may see of an event who sees a part of the products only.

The ledger is one. Whoever reads a part of it gets every event as far as it is about the part:
leaves, moves and featured SKUs outside are left out, and an event of which nothing is left is
none. A kind of event that nobody thought of is seen only where it names nothing outside.

What a person wrote in words is theirs: the text of minutes, which everybody gets, is not
searched. Comments are seen where all that they are about is.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from forecasting.consensus.activations import Activation
from forecasting.consensus.events import Body, Event, Scope
from forecasting.consensus.events.body import CalendarEdit
from forecasting.consensus.events.calendar import ActivationSaved, LiftSet
from forecasting.consensus.events.cycle import Agreed, ConsensusPublished, RunAdopted, Signed
from forecasting.consensus.events.decisions import Closed, Decided, OrderReleased
from forecasting.consensus.events.governance import GroupSet, PersonSet, QuarterClosed
from forecasting.consensus.events.inputs import Commented, MeetingDecided, Overridden
from forecasting.consensus.events.minutes import Assigned, Assumed
from forecasting.consensus.events.orders import OrdersApproved, OrdersWithdrawn
from forecasting.consensus.events.proposals import (
    Answered,
    ChangeProposed,
    OptionProposed,
    OrdersProposed,
)
from forecasting.consensus.events.record import RunMade
from forecasting.consensus.events.undoing import CalendarUndone, MovesUndone, Undone
from forecasting.consensus.moves import Move, order_of
from forecasting.errors import Outside
from forecasting.governance.reach import Places
from forecasting.rights import Remit
from forecasting.vocabulary import Measure

ELSEWHERE = "other departments"
"""What names outside of the part are called."""
_SUM = "a change that goes beyond what you see"
_FREE = (Assigned, Assumed, MeetingDecided)
"""What is written to everybody."""


@dataclass(slots=True, kw_only=True)
class Cut:
    """Cuts events down to a part of the products.

    Parameters
    ----------
    remit : Remit
        Departments and classes that are seen.
    places : callable
        Where every SKU of the company stands.
    event : callable
        The event of a number, whole.
    activation : callable
        An activation of the whole calendar, None where there is none.
    """

    remit: Remit
    places: Callable[[], Places]
    event: Callable[[int], Event | None]
    activation: Callable[[str], Activation | None]
    _of: dict[int, bool] = field(default_factory=dict)
    """Whether an event is seen, by its number."""
    _known: tuple[Places, frozenset[str], frozenset[str]] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    # What is inside ---------------------------------------------------------------------

    @property
    def skus(self) -> frozenset[str]:
        """SKUs that are seen."""
        return self._sides()[0]

    @property
    def outside(self) -> frozenset[str]:
        """Names of SKUs, styles, classes and departments that are not."""
        return self._sides()[1]

    def _sides(self) -> tuple[frozenset[str], frozenset[str]]:
        places = self.places()
        with self._lock:
            if self._known is None or self._known[0] is not places:
                self._known = (places, *_sides(places, self.remit))
            return self._known[1:]

    def is_seen(self, seq: int) -> bool:
        """Whether anything of an event is seen."""
        if seq not in self._of:
            event = self.event(seq)
            self._of[seq] = event is not None and self.of(event) is not None
        return self._of[seq]

    def is_whole(self, seq: int) -> bool:
        """Whether all of an event is seen."""
        event = self.event(seq)
        if event is None:
            return True
        cut = self.of(event)
        return cut is not None and (cut.body, len(cut.leaves)) == (
            event.body,
            len(event.leaves),
        )

    def activation_of(self, whole: Activation | None) -> Activation | None:
        """An activation with the featured SKUs that are seen; None: it features others only."""
        if whole is None or not whole.items:
            return whole
        items = tuple(item for item in whole.items if item.sku in self.skus)
        if len(items) == len(whole.items):
            return whole
        return replace(whole, items=items) if items else None

    # Reading ----------------------------------------------------------------------------

    def of(self, event: Event) -> Event | None:
        """An event as far as it is seen; None: nothing of it is."""
        root = root_of(event.body)
        if root is not None and not self.is_seen(root):
            return None
        if len(event.leaves):
            return self._with_leaves(event)
        if event.scope is not None and not self._has(event.scope):
            return None
        body = self._body(event.body)
        if body is None:
            return None
        return event if body is event.body else replace(event, body=body)

    def _with_leaves(self, event: Event) -> Event | None:
        leaves = event.leaves
        seen = np.array([sku in self.skus for sku in leaves.sku], dtype=bool)
        if seen.all():
            return event
        if not seen.any():
            return None
        kept = replace(
            leaves,
            sku=tuple(s for s, is_in in zip(leaves.sku, seen, strict=True) if is_in),
            door=tuple(d for d, is_in in zip(leaves.door, seen, strict=True) if is_in),
            week=leaves.week[seen],
            delta=leaves.delta[seen],
        )
        event = replace(event, leaves=kept)
        match event.body:
            case Overridden() as body:
                # What was asked of the whole says what the rest is.
                mine = replace(body, before=0.0, measure=Measure.UNITS)
                return replace(event, body=mine, operation="add", value=event.units)
            case Agreed() as body:
                column = body.column or "the meeting"
                return replace(
                    event, body=replace(body, before=0.0, column=column), value=event.units
                )
        return event

    def _has(self, scope: Scope) -> bool:
        """Whether all that a scope means is seen."""
        under = self.places().under(scope).skus
        return under <= self.skus and scope.product not in self.outside

    def _body(self, body: Body) -> Body | None:
        """What is seen of what a body says; the same where that is all of it."""
        match body:
            case ActivationSaved(edit=edit):
                return self._edited(body, edit)
            case LiftSet(edit=edit, sku=sku):
                return self._edited(body, edit) if sku in self.skus else None
            case CalendarUndone(state=state):
                mine = self.activation_of(state)
                return body if mine is state else replace(body, state=mine)
            case Decided():
                return self._decided(body)
            case OptionProposed() | OrdersProposed() | ChangeProposed():
                return body if self._is_mine(body) else None
            case OrdersApproved() | OrdersWithdrawn() | MovesUndone():
                return self._moved(body)
            case Closed() | OrderReleased():
                return self._carried_out(body)
            case Undone() | Answered() | Commented() if self._names_nothing(body):
                return body
            case _ if isinstance(body, _FREE):
                return body
        return self._of_the_company(body)

    def _of_the_company(self, body: Body) -> Body | None:
        match body:
            case PersonSet(limits=limits):
                mine = tuple((function, self._known_of(remit)) for function, remit in limits)
                return body if mine == limits else replace(body, limits=mine)
            case GroupSet(remit=remit):
                known = self._known_of(remit)
                return body if known == remit else replace(body, remit=known)
            case Signed(department=department):
                return None if department in self.outside else body
            case RunAdopted(carried=carried):
                inside = {d: both for d, both in carried.items() if d not in self.outside}
                return body if inside == carried else replace(body, carried=inside)
            case ConsensusPublished(void=void):
                stays = tuple(one for one in void if one[1] not in self.outside)
                return replace(body, fed={}, void=stays)
            case RunMade(facts=facts):
                return replace(body, facts=_without(facts, self.outside))
            case QuarterClosed():
                return None  # its sums are of the company
        return body if self._names_nothing(body) else None

    def _edited(self, body: ActivationSaved | LiftSet, edit: CalendarEdit) -> Body | None:
        mine = self._edit(edit)
        if mine is edit:
            return body
        if mine.before == mine.after:  # it changed what is not seen
            return None
        return replace(body, edit=mine)

    def _edit(self, edit: CalendarEdit) -> CalendarEdit:
        before, after = (self.activation_of(one) for one in (edit.before, edit.after))
        if before is edit.before and after is edit.after:
            return edit
        return replace(edit, before=before, after=after)

    def _decided(self, body: Decided) -> Body | None:
        if body.sku not in self.skus:
            return None
        if body.edit is None or (edit := self._edit(body.edit)) is body.edit:
            return body
        if edit.before == edit.after:
            return replace(body, edit=None, text=_SUM)
        text = _SUM if self._edits_outside(body.edit) else body.text
        return replace(body, edit=edit, text=text)

    def _edits_outside(self, edit: CalendarEdit) -> bool:
        """Whether an edit changes featured SKUs that are not seen."""
        before, after = (set(one.items) if one else set() for one in (edit.before, edit.after))
        return any(item.sku not in self.skus for item in before ^ after)

    def _is_mine(self, body: OptionProposed | OrdersProposed | ChangeProposed) -> bool:
        """Whether all that was proposed is seen: a part of it cannot be accepted."""
        match body:
            case OptionProposed(sku=sku, moves=moves, edit=edit):
                edited = edit is None or not self._edits_outside(edit)
                inside = sku in self.skus and body.substitute not in self.outside
                return inside and edited and all(m.sku in self.skus for m in moves)
            case OrdersProposed(moves=moves):
                return all(m.sku in self.skus for m in moves)
            case ChangeProposed(change=change):
                return self._edit(change) is change

    def _moved(self, body: OrdersApproved | OrdersWithdrawn | MovesUndone) -> Body | None:
        moves = self._moves(body.moves)
        if len(moves) == len(body.moves):
            return body
        if not moves:
            return None
        match body:
            case MovesUndone():
                return replace(body, moves=moves)
            case OrdersWithdrawn(target=target, numbers=numbers):
                mine = self._numbers(target, numbers)
                return replace(body, moves=moves, numbers=mine, text=_of_mine(moves))
            case OrdersApproved():
                return replace(body, moves=moves, text=_of_mine(moves))

    def _carried_out(self, body: Closed | OrderReleased) -> Body | None:
        root = self.event(body.target)
        if root is None or not isinstance(root.body, OrdersApproved):
            return body
        if len(self._moves(root.body.moves)) == len(root.body.moves):
            return body
        numbers = self._numbers(body.target, body.numbers)
        if body.numbers and not numbers:
            return None
        if isinstance(body, OrderReleased):
            return replace(body, numbers=numbers, text=_SUM)
        return replace(body, numbers=numbers, text=_SUM, moves=self._moves(body.moves))

    def _moves(self, moves: Sequence[Move]) -> tuple[Move, ...]:
        return tuple(move for move in moves if move.sku in self.skus)

    def _numbers(self, target: int, numbers: Sequence[int]) -> tuple[int, ...]:
        """The orders of an approval, numbered among those that are seen."""
        root = self.event(target)
        if root is None or not isinstance(root.body, OrdersApproved):
            return tuple(numbers)
        orders = enumerate((key for key, _ in order_of(root.body.moves)), start=1)
        mine = [number for number, (sku, _) in orders if sku in self.skus]
        now = {number: n for n, number in enumerate(mine, start=1)}
        return tuple(now[number] for number in numbers if number in now)

    def _known_of(self, remit: Remit) -> Remit:
        """A remit without names that are not seen."""
        sides = {
            side: tuple(n for n in getattr(remit, side) if n not in self.outside)
            for side in ("departments", "classes")
        }
        if all(sides[side] == getattr(remit, side) for side in sides):
            return remit
        return replace(remit, **{**sides, "departments": (*sides["departments"], ELSEWHERE)})

    def _names_nothing(self, body: Body) -> bool:
        """Whether a body names nothing that is not seen."""
        about = getattr(body, "about", "")
        if isinstance(about, str) and about.startswith("activation/"):
            found = self.activation(about.partition("/")[2])
            if found is not None and self.activation_of(found) is not found:
                return False
        if isinstance(about, str) and about.startswith("decision/"):
            number = about.partition("/")[2]
            if number.isdigit() and not self.is_seen(int(number)):
                return False
        return self.outside.isdisjoint(_words(body.write()))


def completed(cut: Cut, event: Event) -> Event:
    """An event that was prepared from what is seen, with what is not seen as it is.

    Raises
    ------
    Outside
        If it follows on something of which a part only is seen, or names what is not.
    """
    root = root_of(event.body)
    if root is not None and not cut.is_whole(root):
        raise Outside(
            "This belongs to more than the products that you see. Nothing was changed. Ask "
            "somebody who sees all of it."
        )
    match event.body:
        case ActivationSaved(edit=edit) | LiftSet(edit=edit):
            return replace(event, body=replace(event.body, edit=_restored(cut, edit)))
        case Decided(edit=edit) | OptionProposed(edit=edit) if edit is not None:
            return replace(event, body=replace(event.body, edit=_restored(cut, edit)))
        case ChangeProposed(change=change) as body:
            return replace(event, body=replace(body, change=_restored(cut, change)))
    return event


def _restored(cut: Cut, edit: CalendarEdit) -> CalendarEdit:
    """An edit of an activation with the featured SKUs that are not seen."""
    now = cut.activation(edit.activation)
    if now is None:
        return edit
    if edit.before is None and cut.activation_of(now) is None:
        raise Outside(
            f"The id {edit.activation} is taken. Nothing was changed; choose another one."
        )
    hidden = tuple(item for item in now.items if item.sku not in cut.skus)
    if not hidden:
        return edit
    after = edit.after and replace(edit.after, items=(*hidden, *edit.after.items))
    before = edit.before and replace(edit.before, items=(*hidden, *edit.before.items))
    return replace(edit, before=before, after=after)


def root_of(body: Body) -> int | None:
    """Number of the event that a body follows on, None where it follows on none."""
    match body:
        case Commented(answers=first):
            return first
        case Assigned(of=first) | Assumed(of=first):
            return first
        case (
            Answered(target=target)
            | Undone(target=target)
            | Closed(target=target)
            | OrderReleased(target=target)
            | OrdersWithdrawn(target=target)
        ):
            return target
    return None


def _sides(places: Places, remit: Remit) -> tuple[frozenset[str], frozenset[str]]:
    """SKUs inside, and names outside that nothing inside has."""
    inside, known, others = set[str](), set[str](), set[str]()
    for sku, where in places.skus.items():
        is_in = where["department"] in remit.departments or where["class"] in remit.classes
        if is_in:
            inside.add(sku)
        (known if is_in else others).update((sku, *where.values()))
    return frozenset(inside), frozenset(others - known - {"(none)", ""})


def _without(told: Any, names: frozenset[str]) -> Any:
    """What a fit says of itself, without what it says of some names."""
    if isinstance(told, Mapping):
        return {k: _without(v, names) for k, v in told.items() if k not in names}
    if isinstance(told, list | tuple):
        return [_without(one, names) for one in told if not _is_of(one, names)]
    return told


def _is_of(one: Any, names: frozenset[str]) -> bool:
    values = one.values() if isinstance(one, Mapping) else (one,)
    return any(isinstance(value, str) and value in names for value in values)


def _words(told: Any) -> Iterator[str]:
    """Every text in what a body stores, and each part of a path."""
    if isinstance(told, Mapping):
        for key, value in told.items():
            yield from _words(key)
            yield from _words(value)
    elif isinstance(told, str):
        yield told
        for between in ("/", ",", "\x1f", ": "):
            if between in told:
                yield from (piece.strip() for piece in told.split(between))
    elif isinstance(told, Sequence):
        for one in told:
            yield from _words(one)


def _of_mine(moves: Sequence[Move]) -> str:
    n = len(order_of(moves))
    return f"{n} order{'s' if n != 1 else ''} of your products"
