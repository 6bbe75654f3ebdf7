"""What an event touches, and whether all of it is its author's to change.

A function may be limited to a part of the company (`rights.Remit`). Whatever a person does
becomes an event before it counts, so this is where a limit holds: of every kind of event it
is known here which SKUs and doors it touches. A kind that nobody thought of touches the whole
company: it is refused to whoever is limited.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from data.store import Store
from forecasting import write
from forecasting.consensus.activations import Activation
from forecasting.consensus.events import Body, Event, Kind, Scope
from forecasting.consensus.events.body import CalendarEdit
from forecasting.consensus.events.calendar import ActivationSaved, LiftSet
from forecasting.consensus.events.cycle import Signed
from forecasting.consensus.events.decisions import Closed, Decided, OrderReleased
from forecasting.consensus.events.inputs import Commented
from forecasting.consensus.events.minutes import Assigned, Assumed
from forecasting.consensus.events.orders import OrdersApproved, OrdersWithdrawn
from forecasting.consensus.events.proposals import (
    Answered,
    ChangeProposed,
    OptionProposed,
    OrdersProposed,
)
from forecasting.consensus.events.undoing import MovesUndone, Undone
from forecasting.consensus.moves import Move, order_of
from forecasting.errors import Outside
from forecasting.rights import Person, Remit
from forecasting.vocabulary import Function

OF_A_PART = frozenset(
    {
        Kind.OVERRIDE, Kind.HOLD, Kind.RELEASE, Kind.COMMENT, Kind.ACTIVATION, Kind.LIFT,
        Kind.UNDO, Kind.AGREE, Kind.SIGN, Kind.ASSUMPTION, Kind.ACTION, Kind.DECISION,
        Kind.EXPEDITE, Kind.TRANSFER, Kind.SHIFT, Kind.REDUCE, Kind.ACCEPT, Kind.ORDER,
        Kind.CLOSE, Kind.ORDERED, Kind.APPROVE, Kind.WITHDRAW, Kind.SENSE, Kind.PROPOSE,
        Kind.ANSWER,
    }
)  # fmt: skip
"""Kinds of events that touch some SKUs and doors, or say something of them."""
OF_ONESELF = frozenset({Kind.VIEW, Kind.PERSON, Kind.TOKEN, Kind.FEED})
"""Kinds that touch no part of it: how somebody looks at it, for what they speak, and the tokens
by which programs speak for them. Who may change other people is a right of its own
(`rights.COMPANY_WIDE`)."""
OF_THE_COMPANY = frozenset(Kind) - OF_A_PART - OF_ONESELF
"""All others touch the company as a whole."""
NAMED = 3
"""Places outside that are named; the others are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """The SKUs and doors that something touches."""

    skus: frozenset[str] = frozenset()
    doors: frozenset[str] | None = frozenset()
    """None: every door."""

    def with_(self, other: Reach) -> Reach:
        """Both together."""
        every = self.doors is None or other.doors is None
        doors = None if every else (self.doors or frozenset()) | (other.doors or frozenset())
        return Reach(skus=self.skus | other.skus, doors=doors)

    @classmethod
    def of_moves(cls, moves: Iterable[Move], skus: Collection[str] = ()) -> Reach:
        """Of moves of supply, and SKUs beside them: what gives is touched like what gets."""
        found = list(moves)
        doors = {place for m in found for place in (m.to, m.origin) if place}
        return cls(skus=frozenset({*skus, *(m.sku for m in found)}), doors=frozenset(doors))

    @classmethod
    def of_edit(cls, edit: CalendarEdit) -> Reach:
        """Of a change of the calendar: the featured SKUs that it changes.

        Where more is changed than what is featured (its days, its name), or nothing at all,
        that is every one.
        """
        before, after = edit.before, edit.after
        known = [state for state in (before, after) if state is not None]
        items = set[object]()
        if before is not None and after is not None and _same_but_items(before, after):
            items = {*before.items} ^ {*after.items}
        touched = [i for state in known for i in state.items if not items or i in items]
        everywhere = any(item.door is None for item in touched)
        return cls(
            skus=frozenset(item.sku for item in touched),
            doors=None if everywhere else frozenset(str(item.door) for item in touched),
        )


def _same_but_items(before: Activation, after: Activation) -> bool:
    return replace(before, items=()) == replace(after, items=())


@dataclass(frozen=True, slots=True)
class Places:
    """Where every SKU and every door stands."""

    skus: Mapping[str, Mapping[str, str]]
    """SKU to its style, class and department."""
    doors: Mapping[str, Mapping[str, str]]
    """Door to its channel and region."""

    @classmethod
    def read(cls, store: Store) -> Places:
        """As files state them now."""
        skus = store.query("where_skus_stand").fillna("(none)").set_index("sku")
        doors = store.query("where_doors_stand").fillna("(none)").set_index("door")
        return cls(_by_name(skus), _by_name(doors))

    def names(self, level: str) -> list[str]:
        """Departments, classes or regions, in order."""
        among = self.doors if level == "region" else self.skus
        return sorted({where[level] for where in among.values()} - {"(none)"})

    def under(self, scope: Scope) -> Reach:
        """What lies in a part of the plan."""
        return Reach(
            skus=frozenset(_under(self.skus, scope.product_level, scope.product, "sku")),
            doors=frozenset(_under(self.doors, scope.location_level, scope.location, "door")),
        )

    def outside(self, remit: Remit, reach: Reach) -> list[str]:
        """What of a reach lies outside of a remit, in words; nothing where none of it does."""
        found: list[str] = []
        if remit.limits_products:
            out = [sku for sku in sorted(reach.skus) if not self._has_sku(remit, sku)]
            level = "class" if remit.classes else "department"
            found += _told(out, self.skus, level, ("SKU", "SKUs"))
        if remit.regions and (reach.skus or reach.doors):
            doors = self.doors.keys() if reach.doors is None else reach.doors
            out = [d for d in sorted(doors) if not self._has_door(remit, d)]
            found += _told(out, self.doors, "region", ("door", "doors"))
        return found

    def _has_sku(self, remit: Remit, sku: str) -> bool:
        where = self.skus.get(sku, {})
        return where.get("department") in remit.departments or (
            where.get("class") in remit.classes
        )

    def _has_door(self, remit: Remit, door: str) -> bool:
        return self.doors.get(door, {}).get("region") in remit.regions


def _by_name(rows: pd.DataFrame) -> dict[str, dict[str, str]]:
    """The other columns of each row, by the row's name."""
    texts = rows.astype(str)
    columns = [texts[name].tolist() for name in texts]
    return {
        str(name): dict(zip(texts.columns, row, strict=True))
        for name, *row in zip(rows.index, *columns, strict=True)
    }


def _under(
    among: Mapping[str, Mapping[str, str]], level: str, node: str, leaf: str
) -> Collection[str]:
    if level == "all":
        return among.keys()
    if level == leaf:
        return [node]
    return [name for name, where in among.items() if where.get(level) == node]


def _told(
    names: Sequence[str],
    among: Mapping[str, Mapping[str, str]],
    level: str,
    words: tuple[str, str],
) -> list[str]:
    """Names counted by where they stand, the largest part first."""
    counts = Counter(among.get(name, {}).get(level, "(none)") for name in names)
    told = [
        f"{write.number(n)} {words[n > 1]} of {where}" if where != "(none)"
        else f"{write.number(n)} {words[n > 1]} of no {level}"
        for where, n in counts.most_common()
    ]  # fmt: skip
    rest = len(told) - NAMED
    return told if rest <= 1 else [*told[:NAMED], f"{write.number(rest)} more such parts"]


@dataclass(slots=True)
class Reaches:
    """Knows what events touch, and refuses what is outside of somebody's part.

    Parameters
    ----------
    store : Store
    event : callable
        The event of a number.
    """

    store: Store
    event: Callable[[int], Event | None]
    _places: Places | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def places(self) -> Places:
        """Where SKUs and doors stand."""
        with self._lock:
            if self._places is None:
                self._places = Places.read(self.store)
            return self._places

    def forget(self) -> None:
        """Files were imported: where SKUs and doors stand is read again."""
        with self._lock:
            self._places = None

    def refuse(self, person: Person, event: Event, *, others: Iterable[Person]) -> None:
        """Refuse an event that touches more than its author may change.

        Whoever speaks for another function as its delegate may change what is theirs by
        their own limits, and no more than those who speak for that function together.

        Raises
        ------
        Outside
        """
        function = Function(event.function)
        if function in person.functions:
            bounds = [(person.name, person.remit_for(function))]
        else:
            bounds = [(person.name, person.remit), *_together(function, others)]
        bounds = [(name, remit) for name, remit in bounds if not remit.is_everywhere]
        if not bounds or event.kind in OF_ONESELF:
            return
        if event.kind in OF_THE_COMPANY:
            name, remit = bounds[0]
            raise Outside(
                f"{name} may change {remit} only; this is done for the whole company. Nothing "
                "was changed."
            )
        reach = self.of(event)
        for name, remit in bounds:
            self.refuse_reach(name, remit, reach)

    def refuse_reach(self, name: str, remit: Remit, reach: Reach) -> None:
        """Refuse a reach that is not inside a remit.

        Raises
        ------
        Outside
        """
        if remit.is_everywhere:
            return
        where = self.places.outside(remit, reach)
        if where:
            raise refusal(name, remit, where)

    def of(self, event: Event) -> Reach:
        """What an event touches."""
        leaves, body = event.leaves, event.body
        if len(leaves):
            return Reach(skus=frozenset(leaves.sku), doors=frozenset(leaves.door))
        match body:
            case Assigned(of=first) | Assumed(of=first) if first and body.owner == event.person:
                return Reach()  # whoever was asked by name says how it came out
            case Commented(answers=first) if first:
                return Reach()  # whoever is asked in a thread can answer
            case Closed() if self._is_owners(body, event.person):
                return Reach()
            case Signed():
                skus = self.places.skus
                mine = (s for s, at in skus.items() if at["department"] == body.department)
                return Reach(skus=frozenset(mine), doors=None)
            case Answered(target=target) | Undone(target=target) | Closed(target=target):
                return self._of_answer(body, target)
            case OrderReleased():
                return self._of_orders(body)
        if event.scope is not None:
            return self.places.under(event.scope)
        return _of_body(body)

    def _of_answer(self, body: Body, target: int) -> Reach:
        """Of what follows on an event before it: what that one touched."""
        moves = body.moves if isinstance(body, MovesUndone | Closed) else ()
        root = self.event(target)
        if moves or root is None:
            return Reach.of_moves(moves)
        return self.of(root)

    def _of_orders(self, body: OrderReleased) -> Reach:
        """Of some orders of an approval, by their numbers; of all where none is named."""
        root = self.event(body.target)
        if root is None or not body.numbers or not isinstance(root.body, OrdersApproved):
            return Reach() if root is None else self.of(root)
        orders = dict(enumerate((mine for _, mine in order_of(root.body.moves)), start=1))
        return Reach.of_moves(move for n in body.numbers for move in orders.get(n, ()))

    def _is_owners(self, body: Closed, person: str) -> bool:
        root = self.event(body.target)
        return root is not None and isinstance(root.body, Decided) and root.body.owner == person


def _of_body(body: Body) -> Reach:
    """Of what a body says itself; nothing where it speaks of no part of the company."""
    match body:
        case Decided() | OptionProposed():
            found = Reach.of_moves(body.moves)
            if body.edit is not None:
                found = found.with_(Reach.of_edit(body.edit))
            alone = not body.moves and body.edit is None
            return found.with_(
                Reach(skus=frozenset({body.sku}), doors=None if alone else frozenset())
            )
        case OrdersApproved() | OrdersProposed() | OrdersWithdrawn():
            return Reach.of_moves(body.moves)
        case ActivationSaved() | LiftSet():
            return Reach.of_edit(body.edit)
        case ChangeProposed():
            return Reach.of_edit(body.change)
    return Reach()


def is_inside(places: Places, remit: Remit, body: Body) -> bool:
    """Whether all that a body speaks of is inside of a remit."""
    return remit.is_everywhere or not places.outside(remit, _of_body(body))


def _together(function: Function, people: Iterable[Person]) -> list[tuple[str, Remit]]:
    """What those who speak for a function may change together; nothing where one may all."""
    remits = [p.remit_for(function) for p in people if function in p.functions]
    if not remits or any(remit.is_everywhere for remit in remits):
        return []
    whole = remits[0]
    for remit in remits[1:]:
        whole = whole.with_(remit)
    return [(f"{function.label} together", whole)]


def refusal(name: str, remit: Remit, where: Sequence[str]) -> Outside:
    """The refusal of what lies outside of a remit."""
    return Outside(
        f"{name} may change {remit} only. Outside of it: {', '.join(where)}. Nothing was "
        "changed. Choose what is yours alone, or ask whoever has the rest.",
        tuple(where),
    )
