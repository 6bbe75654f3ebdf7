"""Files and people speak of the same activations: who of them spoke last, part by part.

One rule: what people stated stands until the file itself says something else than before.
So a calendar that is imported again unchanged takes nothing from what people changed since, a
file that moves a date leaves a lift that was stated on the page, and a file of featured SKUs
counts although people changed the dates. A part is one fact: a day, the status, whether a SKU
is featured, its price cut, its lift.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any
from weakref import WeakKeyDictionary

from data.store import Store
from forecasting import write
from forecasting.consensus.activations import Activation, Item, as_imported
from forecasting.consensus.events import Event

Part = tuple[str, ...]
Parts = dict[Part, Any]
History = Callable[[str, int], Activation | None]
"""What files told of an activation at a sequence number; None: nothing yet."""

_GONE = object()
"""Value of a part that is not there."""
_FIELDS = {
    "name": "name", "type": "type", "start": "first day", "end": "last day",
    "status": "status", "owner": "owner", "channel": "channel", "spend": "spend",
    "lock_date": "lock date", "sell_out": "whether it is to sell out",
}  # fmt: skip
_OF_ITEM = {"item": "featuring {}", "discount": "price cut of {}", "lift": "lift of {}"}
_NAMED = 3
"""Activations, and parts of each, that are named; the rest are counted."""


def parts_of(activation: Activation | None) -> Parts:
    """An activation as its parts; none where there is none."""
    if activation is None:
        return {}
    parts: Parts = {(name,): getattr(activation, name) for name in _FIELDS}
    seen: Counter[tuple[str, str | None]] = Counter()
    for item in activation.items:
        place = item.sku, item.door or "", str(seen[item.sku, item.door])
        seen[item.sku, item.door] += 1
        parts |= {("item", *place): item.sku, ("discount", *place): item.discount}
        parts["lift", *place] = item.lift
    return parts


def _differing(one: Parts, other: Parts) -> list[Part]:
    return [part for part in {**one, **other} if one.get(part, _GONE) != other.get(part, _GONE)]


@dataclass(slots=True, kw_only=True)
class Account:
    """What was stated of one activation."""

    file: Activation | None = None
    """By the files, last."""
    stated: Parts = field(default_factory=dict)
    """By people, of what the files have not changed since."""
    is_gone: bool = False
    """People took back that there is such an activation."""
    last: Activation | None = None
    """As the last change by people left it."""

    def told(self, file: Activation | None) -> None:
        """Hear what the files say: what they changed is theirs."""
        if file == self.file:
            return
        if self.file is None:  # what they brought has to start from is all of it
            self.stated.clear()
        for part in _differing(parts_of(self.file), parts_of(file)):
            self.stated.pop(part, None)
        self.file, self.is_gone = file, False

    def changed(self, after: Activation | None) -> None:
        """Hear what people made of it; None: they took back that it exists."""
        self.last, self.is_gone = after, after is None
        if after is None:
            self.stated.clear()
            return
        then = parts_of(after)
        for part in _differing(self.parts, then):
            self.stated[part] = then.get(part, _GONE)

    @property
    def parts(self) -> Parts:
        """As it stands."""
        both = parts_of(self.file) | self.stated
        return {part: value for part, value in both.items() if value is not _GONE}

    def standing(self) -> Activation | None:
        """As it stands, as an activation; None where there is none."""
        if self.is_gone or ("name",) not in self.parts:
            return None
        parts, known = self.parts, self.last or self.file
        if known is None or parts == parts_of(known):
            return known
        if self.file is not None and parts == parts_of(self.file):
            return self.file
        items = tuple(
            Item(
                sku=place[0],
                door=place[1] or None,
                discount=parts.get(("discount", *place)),
                lift=parts.get(("lift", *place)),
            )
            for kind, *place in parts
            if kind == "item"
        )
        return replace(known, items=items, **{name: parts[name,] for name in _FIELDS})

    def with_file(self, file: Activation) -> Activation:
        """As it will stand when the files say that."""
        then = replace(self, stated=dict(self.stated))
        then.told(file)
        return then.standing() or file


def account(
    identity: str,
    imported: tuple[Activation, int] | None,
    events: Sequence[Event],
    history: History,
) -> Account:
    """What was stated of an activation, in the order in which it was stated.

    Parameters
    ----------
    imported : (Activation, int), optional
        What files say now, and the last import that did.
    events : sequence of Event
        Those that leave this activation otherwise, oldest first.
    history : callable
    """
    now, batch = imported or (None, 0)
    found = Account()
    for event in events:
        found.told(now if event.seq > batch else history(identity, event.seq))
        left = event.body.calendar
        assert left is not None
        found.changed(left.after)
    found.told(now)
    return found


def by_activation(events: Iterable[Event]) -> dict[str, list[Event]]:
    """Events that leave an activation otherwise, by its identity, oldest first."""
    found: dict[str, list[Event]] = {}
    for event in events:
        if event.body.calendar is not None:
            found.setdefault(event.body.calendar.activation, []).append(event)
    return found


def history_of(store: Store) -> History:
    """What files told of activations at any sequence number, read once between two imports."""
    moments: list[int] = []
    known: dict[int, dict[str, tuple[Activation, int]]] = {}

    def at(identity: str, seq: int) -> Activation | None:
        if not moments:
            moments.extend(store.query("files_changed")["seq"].tolist())
        last = max((moment for moment in moments if moment <= seq), default=0)
        if last not in known:
            known[last] = as_imported(
                store.query("activation_rows_at", seq=last),
                store.query("item_rows_at", seq=last),
            )
        return known[last].get(identity, (None, 0))[0]

    return at


_KNOWN: WeakKeyDictionary[Store, tuple[int, Mapping[str, tuple[Activation, int]]]] = (
    WeakKeyDictionary()
)


def files_say(store: Store) -> Mapping[str, tuple[Activation, int]]:
    """Activations as the files in force give them (as_imported).

    Read once for each state of the imports: a company that is opened, and its plan built, asks
    twice for the same.
    """
    state = int(store.query("facts_seq")["seq"].iloc[0])
    had = _KNOWN.get(store)
    if had is None or had[0] != state:
        rows, items = store.query("activation_rows"), store.query("item_rows")
        had = state, MappingProxyType(as_imported(rows, items))
        _KNOWN[store] = had
    return had[1]


def differences(
    accounts: Mapping[str, Account],
    staged: Mapping[str, Activation],
    *,
    of_items: bool,
    of_own: bool,
) -> tuple[str, ...]:
    """What files and people say otherwise of the same activations, and who counts, in words.

    Parameters
    ----------
    accounts : mapping
        Of activations that people changed.
    staged : mapping
        What the files that are imported say of activations.
    of_items, of_own : bool
        Whether they speak of what is featured, and of the activations themselves.
    """
    stands: dict[str, list[str]] = {}
    lost: dict[str, list[str]] = {}
    for identity, file in sorted(staged.items()):
        known = accounts.get(identity)
        if known is None or not known.stated:
            continue
        now, then = parts_of(known.file), parts_of(file)
        for part, value in known.stated.items():
            is_spoken_of = of_own if part[0] in _FIELDS else of_items
            if value == then.get(part, _GONE) or not is_spoken_of:
                continue
            as_before = then.get(part, _GONE) == now.get(part, _GONE)
            words = stands if as_before and known.file is not None else lost
            words.setdefault(file.name, []).append(_in_words(part))
    lines = []
    if stands:
        lines.append(
            "People changed this on the page after the files said it, and the files say the "
            f"same as before, so it stands as people left it: {_listed(stands)}."
        )
    if lost:
        lines.append(
            "People changed this on the page, and the files say something new, which counts "
            f"from now on: {_listed(lost)}."
        )
    return tuple(lines)


def _in_words(part: Part) -> str:
    if part[0] in _FIELDS:
        return _FIELDS[part[0]]
    return _OF_ITEM[part[0]].format(f"{part[1]} at {part[2]}" if part[2] else part[1])


def _listed(of_names: Mapping[str, list[str]]) -> str:
    some = [f"{name} ({_few(parts)})" for name, parts in of_names.items()]
    return _few(some, "; ")


def _few(words: Sequence[str], between: str = ", ") -> str:
    more = f" and {write.number(len(words) - _NAMED)} more" if len(words) > _NAMED else ""
    return between.join(words[:_NAMED]) + more
