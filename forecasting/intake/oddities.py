"""What looks odd in the data, what was assumed instead, and who lives with it.

Nothing that is odd is refused here, and nothing is altered: it is said, ranked by how many
units it moves, until the files say otherwise or somebody accepts it by name. Each check is one
statement (`data/queries/odd_KIND.sql`, one row per subject: subject, count, example, weight,
touches) and its words below. What other modules find on their way comes in through PROVIDERS.
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
from forecasting import operation
from forecasting.arguments import verbs
from forecasting.consensus.activations import Activation
from forecasting.consensus.events import Event, Kind
from forecasting.consensus.events.record import OddAccepted, OddShownAgain
from forecasting.errors import OutOfBounds, Refused, UnknownName
from forecasting.governance.desk import Desk, checked_note
from forecasting.governance.projector import Projector
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
            f"{self.title}: {self.subject} ({self.count:,}), for example {self.example}. "
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """The words of one kind of oddity."""

    kind: str
    title: str
    assumed: str
    todo: str
    has_query: bool = True
    """Found by `odd_KIND.sql`; else a provider brings it."""
    of_subject: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Subject to (assumed, todo), where each has words of its own."""

    def words(self, subject: str) -> tuple[str, str]:
        """What is assumed and what to do, of one subject."""
        return self.of_subject.get(subject, (self.assumed, self.todo))


CHECKS: tuple[Check, ...] = (
    Check(
        kind="missing_tables",
        title="Missing, and needed by the numbers",
        assumed="What is not in a file is unknown, never zero.",
        todo="Import the table, or the column, for the SKUs concerned.",
        of_subject={
            "inventory": (
                "Stock is unknown: the Bridge shows no risk (grey), and nothing is bought.",
                "Import inventory: stock of each SKU and door at the end of the last week.",
            ),
            "receipts": (
                "Nothing is on its way; only routine replenishment arrives.",
                "Import receipts: open order lines with the day they are due.",
            ),
            "prices": (
                "The regular price is unknown: money at risk is blank, and no "
                "price moves demand.",
                "Import prices, or unit_price in skus.",
            ),
            "activations": (
                "No past or coming activation explains demand: their weeks count "
                "as usual ones.",
                "Import activations and activation_items, past ones too.",
            ),
            "skus.lead_time_weeks": (
                "An order arrives 6 weeks after its release.",
                "Give lead_time_weeks in skus.",
            ),
            "skus.unit_cost": (
                "Margin is unknown: what is at risk is shown as revenue only.",
                "Give unit_cost in skus.",
            ),
        },
    ),
    Check(
        kind="weeks_of_company",
        title="Weeks in which the whole company grew or shrank by a factor",
        assumed=(
            "The weeks count as they stand: a week that is in twice, or half, "
            "moves level and season."
        ),
        todo=(
            "Compare the week with the till. Import it again where it is in twice or not whole."
        ),
    ),
    Check(
        kind="weeks_of_doors",
        title="Weeks in which a door grew or shrank by a factor",
        assumed="The weeks count as they stand for the door's level.",
        todo=(
            "Compare the door's weeks with its till, or import when it was "
            "shut (ranging from, to)."
        ),
    ),
    Check(
        kind="budget_names",
        title="A class of the budget that no SKU has",
        assumed="Its rows count nowhere: the class that is meant has no budget.",
        todo="Write the class as skus writes it, and import the budget again.",
    ),
    Check(
        kind="activation_without_skus",
        title="An activation that features no SKU",
        assumed="It lifts nothing and the Bridge cannot judge it.",
        todo="Import its activation_items, or add its SKUs on Activations.",
    ),
    Check(
        kind="activation_without_stock",
        title="Featured SKUs without stock or an order",
        assumed="They start with what the files say: nothing.",
        todo="Import their inventory or receipts, or feature other SKUs.",
    ),
    Check(
        kind="activation_not_ranged",
        title="Featured SKUs that are not ranged then or there",
        assumed="Nothing is sold where a SKU is not ranged: its lift there is zero.",
        todo="Range them for those days, or take them out of the activation.",
    ),
    Check(
        kind="type_never_seen",
        title="A type of activation without a past",
        assumed="Its lift is what is generally known of activations, not of this type.",
        todo="Write the type as past activations do, or state the lift.",
    ),
    Check(
        kind="launch_without_like",
        title="Launches without a like SKU",
        assumed="A new SKU starts as the average of its class does.",
        todo="Name a like_sku that has a history.",
    ),
    Check(
        kind="cost_above_price",
        title="Costs above prices",
        assumed="Every unit sold loses money: its margin at risk is below zero.",
        todo=(
            "Check unit_cost and regular_price: per unit, in one currency, "
            "both with or without tax."
        ),
    ),
    Check(
        kind="stock_below_zero",
        title="Stock below zero",
        assumed="It is owed to customers: what arrives serves them first.",
        todo="Count it, or import the receipts that were not booked.",
    ),
    Check(
        kind="discount_at_the_edge",
        title="Price cuts of nine tenths or more",
        assumed=(
            "It says nothing of the price that is paid: price and lift are those of what "
            "the type usually takes off here."
        ),
        todo="Write what a customer saves on average: two for one is 0.5.",
    ),
    Check(
        kind="service_at_the_edge",
        title="Service levels that ask for next to no stockouts",
        assumed=("At most 99.9 % is planned for: no stock is enough for certain."),
        todo="Give the level that is meant: .95 or .98, seldom more.",
    ),
    Check(
        kind="known_after_start",
        title="Activations that were known only after they began",
        assumed="A replay does not foresee them; they stand in it as not flagged.",
        todo="Check known_from: the day on which it entered the calendar.",
    ),
    Check(
        kind="item_known_after_start",
        title="Featured SKUs that were known only after the activation began",
        assumed="A replay does not foresee them; they stand in it as not flagged.",
        todo="Check known_from in activation_items; blank is as early as the activation.",
    ),
    Check(
        kind="sold_where_not_ranged",
        title="Sales where a SKU is not ranged",
        assumed="Nothing is forecast there from now on: ranging says where a SKU is sold.",
        todo="Add the door to the SKU's ranging, or correct the sales.",
    ),
    Check(
        kind="stock_never_sold",
        title="Stock of SKUs that the door never sold",
        assumed="No demand is known there, and the stock is left where it is.",
        todo="Check the door of the stock, or import the sales that are missing.",
    ),
    Check(
        kind="receipts_past_due",
        title="Order lines long past due",
        assumed="They are counted on less with every week beyond the supplier's longest delay.",
        todo="Say that they came (status received) or when they are due now (eta).",
    ),
    Check(
        kind="names_alike",
        title="Names that differ only by case, blanks or leading zeros",
        assumed="They are different ones: history, stock and plan are divided between them.",
        todo="Write the name the same way in every file.",
    ),
    Check(
        kind="running_week",
        title="A week that is not over",
        assumed="It is left out: the as-of week is the last complete one.",
        todo="Nothing, or take it with --as-of.",
        has_query=False,
    ),
    Check(
        kind="door_not_in_the_last_week",
        title="Doors missing from the last week",
        assumed="Their sales of that week are unknown, not zero.",
        todo="Import the rows that are missing.",
        has_query=False,
    ),
    Check(
        kind="first_week_begins_in_its_middle",
        title="A first week that begins in its middle",
        assumed="It teaches nothing.",
        todo="Nothing, or import the days before.",
        has_query=False,
    ),
    Check(
        kind="weeks_told_twice",
        title="Weeks that are there under two days",
        assumed="Both count: their units add up.",
        todo="Roll back the import that tells them again.",
        has_query=False,
    ),
    Check(
        kind="old_count",
        title="Counts too old to be rolled forward",
        assumed="Stock is unknown there, and shown as such.",
        todo="Import a newer count.",
        has_query=False,
    ),
    Check(
        kind="left_out_of_the_last_count",
        title="SKUs missing from a door's last count",
        assumed="The count before is rolled forward by sales and receipts.",
        todo="Check that the last count was whole.",
        has_query=False,
    ),
    Check(
        kind="count_of_another_day",
        title="Counts of another day than the week's end",
        assumed="They are rolled to the end of the week by sales and receipts.",
        todo="Nothing, if they are right.",
        has_query=False,
    ),
    Check(
        kind="silent_doors",
        title="Doors that told of nothing for whole weeks",
        assumed="What they sold is unknown then, not zero.",
        todo="Import the weeks, or say in ranging that the door was shut.",
        has_query=False,
    ),
    Check(
        kind="rows_when_sold",
        title="Files that hold only what sold",
        assumed="A SKU without a row sold none where its door told of others.",
        todo="Nothing, if that is so.",
        has_query=False,
    ),
    Check(
        kind="stock_waiting",
        title="Stock before a launch or an opening",
        assumed="The weeks of waiting teach nothing.",
        todo="Give launch_date, or from in ranging.",
        has_query=False,
    ),
    Check(
        kind="activations_twice",
        title="Activations that look like one entered twice",
        assumed="Of those that agree one counts; of those that differ both do.",
        todo="Take one out, or state what each adds.",
        has_query=False,
    ),
    Check(
        kind="general_row_replaced",
        title="General rows with a more special one beside them",
        assumed="The special row counts where it speaks.",
        todo="Nothing, if that is meant.",
        has_query=False,
    ),
    Check(
        kind="discount_beyond_seen",
        title="Price cuts deeper than anything seen",
        assumed="The lift is that of the deepest cut that history supports.",
        todo="State the lift if you know it.",
        has_query=False,
    ),
    Check(
        kind="lift_beyond_seen",
        title="Stated lifts beyond anything seen",
        assumed="They count as stated, up to 1,000.",
        todo="Check the number: 2 is twice the baseline.",
        has_query=False,
    ),
    Check(
        kind="budget_of_calendar_months",
        title="Budgets by calendar month",
        assumed="Each is spread over the days of its month.",
        todo="Nothing, if they are of calendar months.",
        has_query=False,
    ),
    Check(
        kind="goods_twice",
        title="Goods both in transit and on an order",
        assumed="They arrive once.",
        todo="Nothing, if they are the same goods.",
        has_query=False,
    ),
    Check(
        kind="many_returns",
        title="Much that is sent back",
        assumed="It goes back on the shelf a week after the sale.",
        todo="Check that it can be sold again.",
        has_query=False,
    ),
    Check(
        kind="prices_announced",
        title="Prices announced for later weeks",
        assumed="Demand and money follow them from that week on.",
        todo="Nothing, if they are right.",
        has_query=False,
    ),
    Check(
        kind="centre_without_orders",
        title="Centres without orders on record",
        assumed="They fill the doors from the stock that they have.",
        todo="Import the receipts of the centre and of the doors.",
        has_query=False,
    ),
    Check(
        kind="sold_without_stock",
        title="Sales at doors that hold no stock",
        assumed="No stock is projected there.",
        todo="Say where the goods come from.",
        has_query=False,
    ),
)
"""Every check, and what its findings mean."""

_TITLES = {check.kind: check.title for check in CHECKS}

Found = Oddity | Mapping[str, Any]
_SAID_BY_A_CHECK = frozenset({"stock_below_zero", "receipts_past_due", "service_beyond_reach"})
"""What other modules find too; said once, in a check's words."""


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
    checks = {f"odd_{check.kind}": check for check in CHECKS if check.has_query}
    rows: list[Oddity] = []
    for name, answer in looks.answers(store, list(checks)):
        if isinstance(answer, Exception):  # it says so, and takes nothing else with it
            rows.append(_broken(name, answer))
        else:
            rows += [_as_oddity(checks[name], row) for row in answer.to_dict("records")]
    for provider in PROVIDERS:
        rows += [r for r in _provided(store, provider) if r.kind not in _SAID_BY_A_CHECK]
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
        kind=check.kind, subject=subject, count=int(row["count"]), example=str(row["example"]),
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
    lines = [f"{n:,} {'thing looks' if n == 1 else 'things look'} odd in this data:"]
    lines += [f"- {one.sentence}" for one in oddities[:most]]
    if n > most:
        lines.append(f"and {n - most:,} more: python -m forecasting odd, or the Data page.")
    return lines


def chapter() -> str:
    """What is assumed where the data is silent, as Markdown: part of docs/files.md."""
    lines = [
        "",
        "## What is assumed where your data is silent",
        "",
        "After every import and refresh Concord says what looks odd, what moves most units "
        "first: on the Data page, on the command line (`odd`) and in `--json`. It stays there "
        "until the files say otherwise, or until Planning or Admin accepts it by name; it "
        "comes back when there is more of it than was accepted.",
        "",
        "| what looks odd | what is assumed | what to do |",
        "|---|---|---|",
    ]
    for check in CHECKS:
        if not check.of_subject:
            lines.append(f"| {check.title} | {check.assumed} | {check.todo} |")
        for subject, (assumed, todo) in check.of_subject.items():
            lines.append(f"| {check.title}: {subject} | {assumed} | {todo} |")
    return "\n".join(lines) + "\n"


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
        self._known: tuple[int, tuple[Oddity, ...]] | None = None
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
        """Found once for every state of the data, however many look."""
        known, changed = self._known, self._state.changed
        if known is None or known[0] != changed:
            known = self._known = (changed, tuple(found(self._desk.store)))
        calendar = {a.activation: a for a in self._calendar.activations}
        return [one for one in known[1] if still_so(one, calendar)]
