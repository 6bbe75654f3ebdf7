"""The marketing calendar: every activation, what it features, and who changes it.

What files brought is where it starts; what people say of it since is in the ledger, and so
is what decisions of the Bridge changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from forecasting.arguments import LONGEST_NAME, Name, in_words, verbs
from forecasting.consensus.activations import Activation
from forecasting.consensus.events import Conflict, Event, Kind
from forecasting.consensus.events.body import Answering, CalendarEdit
from forecasting.consensus.events.calendar import ActivationSaved, LiftSet
from forecasting.errors import Conflicted, OutOfBounds, UnknownName
from forecasting.governance.desk import Desk, checked_note
from forecasting.governance.projector import Projector
from forecasting.rights import Person
from forecasting.weekly.stated_since import History, account, by_activation

STATUSES = ("planned", "confirmed", "cancelled", "done")
"""As files are held to (data.tables)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Names that an activation may speak of."""

    skus: frozenset[str]
    doors: frozenset[str]


@verbs
class MarketingCalendar(Projector[Mapping[str, Activation]]):
    """Verbs of activations.

    Parameters
    ----------
    desk : Desk
    """

    kinds = (Kind.ACTIVATION, Kind.LIFT, Kind.SHIFT, Kind.REDUCE, Kind.UNDO)

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._state = self._begin()

    def take(self, activations: Mapping[str, Activation], *, seq: int) -> None:
        """Put other activations in the place of all there were: files brought them.

        Parameters
        ----------
        seq : int
            The last event that is in them.
        """
        self._state, self._taken = dict(activations), seq

    def _begin(self) -> Mapping[str, Activation]:
        return {}

    def _with(
        self, state: Mapping[str, Activation], events: Sequence[Event]
    ) -> Mapping[str, Activation]:
        now = dict(state)
        for event in events:
            left = event.body.calendar
            if left is None:  # a move, or the undoing of something else
                continue
            if left.after is None:
                now.pop(left.activation, None)
            else:
                now[left.activation] = left.after
        return now

    @property
    def activations(self) -> list[Activation]:
        """Every activation, past and planned, by start."""
        return sorted(self._state.values(), key=lambda a: (a.start, a.activation))

    def at(self, identity: str) -> Activation | None:
        """One activation, None if there is none of that name."""
        return self._state.get(identity)

    def one(self, identity: str) -> Activation:
        """One activation.

        Raises
        ------
        UnknownName
        """
        if identity not in self._state:
            raise UnknownName(f"There is no activation '{identity}'.")
        return self._state[identity]

    def save(
        self, by: str, activation: Activation, *, base: int | None = None, note: str = ""
    ) -> Event:
        """Add an activation, or change one.

        Raises
        ------
        NotAllowed, UnknownName, OutOfBounds, Conflicted
        """
        actor = self._desk.allowed(by, "activation")
        self.check(activation)
        seen = self._desk.seen(base)
        return self._desk.submit(
            lambda: self.saved(actor, activation, seen=seen, words=checked_note(note)), None
        )

    def saved(
        self,
        actor: Person,
        activation: Activation,
        *,
        seen: int,
        words: str,
        answers: Answering | None = None,
    ) -> Event:
        """The event that adds or changes an activation, made when its turn comes.

        Parameters
        ----------
        actor : Person
            Whose right to it was checked.
        seen : int
            Sequence number of the state that the person looked at.
        answers : Answering, optional
            The proposal that is accepted by it.

        Raises
        ------
        Conflicted
            If somebody else changed it since.
        """
        identity = activation.activation
        before = self._state.get(identity)
        self._refuse_conflict(actor, identity, seen)
        edit = CalendarEdit(activation=identity, before=before, after=activation)
        body = ActivationSaved(edit=edit, answers=answers)
        return self._desk.event(actor, body, note=words, base=seen)

    def cancel(
        self, by: str, identity: Name, *, base: int | None = None, note: str = ""
    ) -> Event:
        """Call an activation off: its lift goes, everywhere and at once."""
        self._desk.allowed(by, "activation")
        return self.save(by, self.one(identity).cancelled(), base=base, note=note)

    def set_lift(
        self,
        by: str,
        identity: Name,
        sku: Name,
        lift: float | None,
        *,
        base: int | None = None,
        note: str = "",
    ) -> Event:
        """State the lift of one featured SKU as a multiplier; None: the estimate again."""
        actor = self._desk.allowed(by, "lift")
        before = self.one(identity)
        if sku not in {item.sku for item in before.items}:
            raise UnknownName(f"{before.name} does not feature '{sku}'.")
        before.with_lift(sku, lift)
        seen = self._desk.seen(base)

        def prepare() -> Event:
            now = self.one(identity)
            self._refuse_conflict(actor, identity, seen)
            edit = CalendarEdit(activation=identity, before=now, after=now.with_lift(sku, lift))
            return self._desk.event(
                actor, LiftSet(sku=sku, edit=edit), value=lift, note=checked_note(note),
                base=seen,
            )  # fmt: skip

        return self._desk.submit(prepare, None)

    def _refuse_conflict(self, actor: Person, identity: str, seen: int) -> None:
        for event in reversed(self._desk.ledger.tail(seen)):
            left = event.body.calendar
            if left and left.activation == identity and event.person != actor.id:
                name = self._desk.person(event.person).name
                raise Conflicted([Conflict(theirs=event, name=name, now=float("nan"))])

    def known(self) -> Known:
        """Every SKU and door there is, for whoever checks many activations."""
        store = self._desk.store
        return Known(
            skus=frozenset(store.query("all_skus")["sku"]),
            doors=frozenset(store.query("all_doors")["door"]),
        )

    def check(self, activation: Activation, known: Known | None = None) -> None:
        """Refuse an activation that cannot stand in the calendar.

        Raises
        ------
        OutOfBounds, UnknownName
        """
        if not activation.activation.strip() or not activation.type.strip():
            raise OutOfBounds("An activation needs an identity and a type.")
        if len(activation.activation) > LONGEST_NAME:
            raise OutOfBounds(
                f"The identity of an activation has at most {LONGEST_NAME} characters; found "
                f"{in_words(activation.activation)}."
            )
        if activation.status not in STATUSES:
            raise OutOfBounds(
                f"The status of an activation is {', '.join(STATUSES)}; found "
                f"{in_words(activation.status)}."
            )
        if activation.spend is not None and activation.spend < 0:
            raise OutOfBounds("The spend of an activation is not below zero.")
        names = known or self.known()
        for item in activation.items:
            if item.sku not in names.skus:
                raise UnknownName(f"There is no SKU '{item.sku}'.")
            if item.door is not None and item.door not in names.doors:
                raise UnknownName(f"There is no door '{item.door}'.")


def as_changed(
    imported: Mapping[str, tuple[Activation, int]],
    events: Sequence[Event],
    *,
    history: History,
) -> dict[str, Activation]:
    """Activations as they stand by files and by people (see `said`).

    Parameters
    ----------
    imported : mapping
        Identity to what files state of it, and the last batch that did (as_imported).
    events : sequence of Event
        Oldest first; those that leave the calendar alone are passed over.
    history : callable
        What files stated of it before.
    """
    found = {identity: activation for identity, (activation, _) in imported.items()}
    for identity, mine in by_activation(events).items():
        known = imported.get(identity)
        left = mine[-1].body.calendar
        assert left is not None
        if known is None:  # never in a file; or left out of it since
            now = None if history(identity, mine[-1].seq) else left.after
        elif mine[0].seq < known[1]:
            now = account(identity, known, mine, history).standing()
        else:
            now = left.after
        if now is not None:
            found[identity] = now
        else:
            found.pop(identity, None)
    return found
