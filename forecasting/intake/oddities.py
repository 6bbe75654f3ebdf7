"""What looks odd in the data, what was assumed instead, and who lives with it.

Nothing that is odd is refused here, and nothing is altered: it is listed, ranked by how many
units it moves, until the files say otherwise or somebody accepts it by name. Each check is one
statement (`data/queries/odd_KIND.sql`, one row per subject: subject, count, example, weight,
touches) and its words in checks.py. What other modules find comes in through PROVIDERS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from data import looks
from data.closing import last_closed
from data.facts import beside, facts
from data.store import Store
from data.timing import odd_times
from forecasting import conventions, operation, write
from forecasting.arguments import verbs
from forecasting.consensus.activations import Activation
from forecasting.consensus.events import Event, Kind
from forecasting.consensus.events.record import OddAccepted, OddShownAgain
from forecasting.conventions import Conventions
from forecasting.errors import OutOfBounds, Refused, UnknownName
from forecasting.governance.desk import Desk, checked_note
from forecasting.governance.projector import Projector
from forecasting.intake.checks import CHECKS, Check
from forecasting.intake.evidence import odd_selling
from forecasting.intake.flows import odd_flows
from forecasting.intake.offers import odd_offers
from forecasting.monthly.budgets import odd_budgets
from forecasting.weekly.activations import MarketingCalendar

LOG = operation.log("oddities")


@dataclass(frozen=True, slots=True, kw_only=True)
class Oddity:
    """One thing that looks odd in the data."""

    kind: str
    """What is odd: the kind of a check, the same for everything of its sort."""
    subject: str
    """The door, SKU, class, activation, table or week concerned, as people call it."""
    count: int
    """How many rows, SKUs or weeks of the subject it is."""
    example: str
    assumed: str
    """What the numbers take for true instead."""
    todo: str
    """What mends it."""
    weight: float
    """Units that it may move: sales of 13 weeks, stock, orders or plan affected."""
    touches: frozenset[str] = frozenset()
    """What it is shown beside: 'sku/X', 'door/X', 'activation/X'; none: as its subject says."""

    @property
    def key(self) -> str:
        """What it is accepted by: the same after the next import."""
        return f"{self.kind}: {self.subject}"

    @property
    def title(self) -> str:
        """What is odd, in words."""
        return _TITLES.get(self.kind, self.kind.replace("_", " "))

    @property
    def sentence(self) -> str:
        """All of it in one line."""
        return (
            f"{self.title}: {self.subject} ({write.number(self.count)}), for example "
            f"{self.example}. "
            f"Assumed: {self.assumed} To do: {self.todo}"
        )

    def is_about(self, what: str, name: str) -> bool:
        """Whether it is to be marked beside a 'sku', a 'door' or an 'activation'."""
        if self.touches:
            return f"{what}/{name}" in self.touches
        return name in self.subject.replace(",", " ").split()

    def as_dict(self) -> dict[str, Any]:
        """As a program reads it."""
        return {
            "kind": self.kind, "title": self.title, "subject": self.subject,
            "count": self.count, "example": self.example, "assumed": self.assumed,
            "todo": self.todo, "weight": round(self.weight, 1),
        }  # fmt: skip


_TITLES = {check.kind: check.title for check in CHECKS}

Found = Oddity | Mapping[str, Any]
_FOUND_BY_A_CHECK = frozenset({"stock_below_zero", "receipts_past_due", "service_beyond_reach"})
"""What other modules find too; listed once, in a check's words."""


def _of_budgets(store: Store) -> Iterable[Found]:
    return odd_budgets(store.table("budget"))


def _of_flows(store: Store) -> Iterable[Found]:
    as_of = last_closed(store)
    if as_of is None:
        return ()
    return odd_flows({**facts(store, as_of), **beside(store, as_of)}, as_of)


PROVIDERS: tuple[Callable[[Store], Iterable[Found]], ...] = (
    odd_times, odd_selling, odd_offers, _of_budgets, _of_flows,
)  # fmt: skip
"""Functions of other modules that find oddities: each brings rows with the fields of Oddity."""


def found(store: Store) -> list[Oddity]:
    """Everything that looks odd in the data in force, what moves most units first."""
    rows: list[Oddity] = []
    with looks.at_once(store):
        checks = {f"odd_{check.kind}": check for check in CHECKS if check.has_query}
        for name, answer in looks.answers(store, list(checks)):
            if isinstance(answer, Exception):  # it says so, and takes nothing else with it
                rows.append(_broken(name, answer))
            else:
                rows += [_as_oddity(checks[name], row) for row in answer.to_dict("records")]
        for provider in PROVIDERS:
            rows += [r for r in _provided(store, provider) if r.kind not in _FOUND_BY_A_CHECK]
    return sorted(rows, key=lambda one: (-one.weight, one.kind, one.subject))


def still_so(one: Oddity, calendar: Mapping[str, Activation]) -> bool:
    """Whether it holds for the calendar as people have changed it since it was imported."""
    named = {t.removeprefix(_ACTIVATION) for t in one.touches if t.startswith(_ACTIVATION)}
    known = [calendar[name] for name in named if name in calendar]
    if not named or len(known) < len(named):
        return True
    if one.kind == "activation_without_skus":
        return any(a.is_live and not a.items for a in known)
    return any(a.is_live for a in known)


_ACTIVATION = "activation/"


def _as_oddity(check: Check, row: Mapping[Any, Any]) -> Oddity:
    subject = str(row["subject"])
    assumed, todo = check.words(subject)
    return Oddity(
        kind=check.kind, subject=subject, count=int(row["count"]),
        example=write.written(str(row["example"])),
        assumed=assumed, todo=todo, weight=float(row["weight"] or 0.0),
        touches=frozenset(map(str, row["touches"])),
    )  # fmt: skip


def _provided(store: Store, provider: Callable[[Store], Iterable[Found]]) -> list[Oddity]:
    try:
        return [
            one if isinstance(one, Oddity) else Oddity(**{str(k): v for k, v in one.items()})
            for one in provider(store)
        ]
    except Exception as error:
        return [_broken(getattr(provider, "__name__", "a check"), error)]


def _broken(name: str, error: Exception) -> Oddity:
    LOG.fault("check_failed", error, check=name)
    return Oddity(
        kind="check_failed", subject=name, count=1, example=type(error).__name__,
        assumed="Nothing was looked at here.", todo="Report it with the log.", weight=0.0,
    )  # fmt: skip


def frame_of(oddities: Iterable[Oddity]) -> pd.DataFrame:
    """One row per oddity, in their order: the columns of Oddity.as_dict."""
    names = ["kind", "title", "subject", "count", "example", "assumed", "todo", "weight"]
    return pd.DataFrame([one.as_dict() for one in oddities], columns=names)


def told(oddities: Sequence[Oddity], *, most: int = 12) -> list[str]:
    """What the command line says of them: the heaviest in a line each, and how many more."""
    if not oddities:
        return []
    n = len(oddities)
    lines = [
        f"{write.number(n)} {'thing looks' if n == 1 else 'things look'} odd in this data:"
    ]
    lines += [f"- {one.sentence}" for one in oddities[:most]]
    if n > most:
        lines.append(
            f"and {write.number(n - most)} more: python -m forecasting odd, or the Data page."
        )
    return lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """What somebody decided to live with."""

    person: str
    count: int
    """How much of it there was: more of it is shown again."""
    note: str
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What was accepted, by key, and the last event that changed the data."""

    accepted: Mapping[str, Accepted] = field(default_factory=dict)
    changed: int = 0


@verbs
class Oddities(Projector[_Seen]):
    """Reads what looks odd, and accepts it by name.

    Parameters
    ----------
    desk : Desk
    calendar : MarketingCalendar
    """

    kinds = (Kind.ACCEPT_ODD, Kind.IMPORT, Kind.ROLLBACK)

    def __init__(self, desk: Desk, *, calendar: MarketingCalendar) -> None:
        self._desk, self._calendar = desk, calendar
        self._known: tuple[tuple[int, Conventions], tuple[Oddity, ...]] | None = None
        self.take_up(desk.ledger)

    def _begin(self) -> _Seen:
        return _Seen()

    def _with(self, state: _Seen, events: Sequence[Event]) -> _Seen:
        accepted, changed = dict(state.accepted), state.changed
        for event in events:
            match event.body:
                case OddAccepted(key=key, count=count):
                    accepted[key] = Accepted(
                        person=event.person, count=count, note=event.note, seq=event.seq
                    )
                case OddShownAgain(key=key):
                    accepted.pop(key, None)
                case _:
                    changed = event.seq
        return _Seen(accepted=accepted, changed=changed)

    def every(self, by: str) -> list[Oddity]:
        """All of them, accepted or not, what moves most units first."""
        self._desk.allowed(by, "read")
        return self._all()

    def open(self, by: str) -> list[Oddity]:
        """Those that nobody has accepted, what moves most units first."""
        self._desk.allowed(by, "read")
        return [one for one in self._all() if not self.is_accepted(one)]

    def is_accepted(self, one: Oddity) -> bool:
        """Whether somebody lives with it, as much of it as there is now."""
        taken = self._state.accepted.get(one.key)
        return taken is not None and one.count <= taken.count

    def accepted(self, key: str) -> Accepted | None:
        """Who accepted it last, and why."""
        return self._state.accepted.get(key)

    def marks(self, what: str) -> Mapping[str, int]:
        """How many open ones there are beside each 'sku', 'door' or 'activation' they name."""
        counts: dict[str, int] = {}
        for one in (o for o in self._all() if not self.is_accepted(o)):
            for place in one.touches:
                of, _, name = place.partition("/")
                if of == what:
                    counts[name] = counts.get(name, 0) + 1
        return counts

    def beside(self, what: str, name: str) -> int:
        """How many open ones are about one 'sku', 'door' or 'activation'."""
        return sum(one.is_about(what, name) for one in self._all() if not self.is_accepted(one))

    def accept(self, by: str, key: str, *, note: str) -> Event:
        """Live with one of them, by name: it is shown folded until there is more of it.

        Raises
        ------
        NotAllowed, UnknownName, OutOfBounds, Refused
            Nothing is changed.
        """
        actor = self._desk.allowed(by, "accept what is odd")
        words = checked_note(note)
        if not words:
            raise OutOfBounds("Say in a note why it can stay as it is.")
        one = self._named(key)

        def prepare() -> Event:
            if self.is_accepted(one):
                raise Refused(f"'{one.key}' is accepted already.")
            body = OddAccepted(
                key=one.key, title=one.title, subject=one.subject, count=one.count
            )
            return self._desk.event(actor, body, note=words)

        return self._desk.submit(prepare)

    def show_again(self, by: str, key: str) -> Event:
        """Take back that one was accepted.

        Raises
        ------
        NotAllowed, Refused
        """
        actor = self._desk.allowed(by, "accept what is odd")

        def prepare() -> Event:
            if key not in self._state.accepted:
                raise Refused(
                    f"'{key[:200]}' was not accepted, so there is nothing to take back."
                )
            return self._desk.event(actor, OddShownAgain(key=key))

        return self._desk.submit(prepare)

    def _named(self, key: str) -> Oddity:
        one = next((one for one in self._all() if one.key == key), None)
        if one is None:
            raise UnknownName(
                f"Nothing odd is called '{key[:200]}' now; 'odd' lists what is, by name."
            )
        return one

    def _all(self) -> list[Oddity]:
        """Found once for every state of the data and way of writing, however many look."""
        known, state = self._known, (self._state.changed, conventions.in_force())
        if known is None or known[0] != state:
            known = self._known = (state, tuple(found(self._desk.store)))
        calendar = {a.activation: a for a in self._calendar.activations}
        return [one for one in known[1] if still_so(one, calendar)]
