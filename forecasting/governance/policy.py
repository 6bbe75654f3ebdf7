"""What leadership has set: targets, thresholds, weights, fences and calendar rules.

A setting is an event with a reason and a day from which it is in force, so that every
number can be read with the policy of its day. What can be set, within which bounds, stands
here as data; what a setting would do is worked out before it is made (`Policies.preview`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from forecasting import conventions, write
from forecasting.arguments import Name, verbs
from forecasting.consensus.events import Event, Kind
from forecasting.consensus.events.governance import SettingChanged
from forecasting.errors import OutOfBounds, UnknownName
from forecasting.governance.desk import Desk, checked_note
from forecasting.governance.projector import Projector
from forecasting.inventory.bridge import Limits


class Group(StrEnum):
    """What a setting is about."""

    TARGET = "Targets"
    THRESHOLD = "Thresholds"
    WEIGHT = "Weights"
    FENCE = "Fences"
    CALENDAR = "Calendar rules"


class Unit(StrEnum):
    """How a value is written."""

    SHARE = "share"
    TIMES = "times a year"
    WEEKS = "weeks"
    FACTOR = "times"
    COUNT = "count"
    MONEY = "money"
    YES_NO = "yes or no"

    @property
    def sign(self) -> str:
        """What stands behind a label: the unit, or the currency."""
        return conventions.in_force().currency if self is Unit.MONEY else self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One thing that can be set."""

    name: str
    label: str
    about: str
    group: Group
    unit: Unit
    low: float
    high: float
    default: float | None = None
    """What holds until somebody sets it; None: no target."""

    def checked(self, value: float | None) -> float | None:
        """The value, if it can be.

        Raises
        ------
        OutOfBounds
            Naming the bounds.
        """
        if value is None:
            if self.group is Group.TARGET:
                return None
            raise OutOfBounds(f"{self.label} needs a value.")
        if not self.low <= value <= self.high:
            raise OutOfBounds(
                f"{self.label} lies between {self.in_words(self.low)} and {self.in_words(self.high)}; "
                f"{self.in_words(value)} does not."
            )
        whole = self.unit in (Unit.COUNT, Unit.YES_NO, Unit.WEEKS)
        if whole and value != int(value):
            raise OutOfBounds(f"{self.label} is a whole number.")
        return float(value)

    def in_words(self, value: float | None) -> str:
        """A value in words."""
        if value is None:
            return "none"
        match self.unit:
            case Unit.SHARE:
                return f"{write.figure(100 * value)}%"
            case Unit.TIMES:
                return f"{write.figure(value)} a year"
            case Unit.WEEKS:
                return f"{write.figure(value)} week{'' if value == 1 else 's'}"
            case Unit.FACTOR:
                return f"{write.figure(value)}x"
            case Unit.MONEY:
                return conventions.in_force().money(f"{value:,g}")
            case Unit.YES_NO:
                return "yes" if value else "no"
            case _:
                return write.figure(value)


def _target(
    name: str, label: str, about: str, unit: Unit = Unit.SHARE, high: float = 1.0
) -> Setting:
    return Setting(
        name=name, label=label, about=about, group=Group.TARGET, unit=unit, low=0.0, high=high
    )


def _threshold(
    name: str, label: str, about: str, unit: Unit, low: float, high: float, default: float
) -> Setting:
    return Setting(
        name=name, label=label, about=about, group=Group.THRESHOLD, unit=unit, low=low,
        high=high, default=default,
    )  # fmt: skip


_ALL = (
    _target("promoted_stockout", "Stockout rate on promoted items", "At most; Marketing and Planning answer for it together."),
    _target("bridge_accuracy", "Forecast accuracy for the Bridge", "At least, six weeks ahead or more."),
    _target("buy_accuracy", "Forecast accuracy for the buy", "At least, a lead time and a week ahead or more."),
    _target("turn", "Inventory turn", "At least, at cost, a year.", Unit.TIMES, 52.0),
    _target("sell_through", "Sell-through", "At least, in a quarter."),
    _target("weeks_of_supply", "Weeks of supply", "At most, at the end of a quarter.", Unit.WEEKS, 104.0),
    _target("markdown_rate", "Markdown rate", "At most."),
    _target("gmroi", "GMROI", "At least, a year.", Unit.FACTOR, 100.0),
    _target("lost_share", "Lost sales", "At most, of demand."),
    _target("excess", "Excess after promotions", "At most, of the stock at their end."),
    _target("complete", "Activations complete in time", "At least, by the calendar rule."),
    _target("decided_in_time", "Reds decided in time", "At least."),
    _target("actions_on_time", "Actions done on time", "At least."),
    _threshold("red_probability", "Short from a risk of", "Probability of a stockout from which a SKU is Short.", Unit.SHARE, 0.02, 0.95, 0.30),
    _threshold("amber_probability", "Tight from a risk of", "Probability of a stockout from which a SKU is Tight.", Unit.SHARE, 0.01, 0.90, 0.10),
    _threshold("least_fill", "Tight below a fill rate of", "Share of demand that stock must meet.", Unit.SHARE, 0.0, 1.0, 0.90),
    _threshold("threshold_share", "Headroom must cover, of the lift", "1x: what is there without lift just covers the lift.", Unit.FACTOR, 0.0, 5.0, 1.0),
    _threshold("target_cover_weeks", "Weeks of supply that are enough", "After an activation; twice as much is Excess.", Unit.WEEKS, 1, 52, 8),
    _threshold("least_service", "Service level of at least", "For safety stock, where a SKU states less. 0%: as each SKU states.", Unit.SHARE, 0.0, 0.995, 0.0),
    _threshold("service_by_units", "A service level is a share of units", "No: a share of replenishment cycles whose demand is met in full.", Unit.YES_NO, 0, 1, 0),
    _threshold("service_by_cost", "Order for the service that costs least", "No: for the service level that is stated. Yes: where price, unit cost and holding cost are known, for the share of cycles at which stock left over and sales missed are in balance.", Unit.YES_NO, 0, 1, 0),
    _threshold("goodwill_share", "Goodwill lost with a missed unit", "Of its price, beside its margin: counts in the service that costs least.", Unit.SHARE, 0.0, 10.0, 0.0),
    _threshold("stores_wait", "Customers of stores wait", "No: what is not there is a lost sale. Where files show units owed to customers, they wait.", Unit.YES_NO, 0, 1, 0),
    _threshold("online_waits", "Customers online wait", "No: what is not there is a lost sale. Where files show units owed to customers, they wait.", Unit.YES_NO, 0, 1, 0),
    _threshold("event_in_stock", "An activation ran out below", "In-stock share of its days from which a featured SKU counts as out.", Unit.SHARE, 0.5, 1.0, 0.90),
    _threshold("listed", "Risks listed in one meeting", "The rest is counted.", Unit.COUNT, 3, 100, 15),
    _threshold("small_share", "A change is small below, of the input", "Small ones are asked what they decide; nobody is kept from making one.", Unit.SHARE, 0.0, 0.5, 0.10),
    _threshold("small_money", "and below, at regular price", "A change is small only below both.", Unit.MONEY, 0.0, 1e6, 1_000.0),
    _threshold("large_share", "A change is large from, of the input", "Large ones are asked whether they are meant: 100% is twice as much, or half. Nobody is kept from making one.", Unit.SHARE, 0.10, 10.0, 1.0),
    Setting(name="equal_share", label="Weights drawn to equal by", about="0%: the proposal weighs functions by their record alone; 100%: all the same.", group=Group.WEIGHT, unit=Unit.SHARE, low=0.0, high=1.0, default=0.5),
    Setting(name="fence_weeks", label="Frozen weeks", about="First weeks of the plan that nobody may change in a cycle.", group=Group.FENCE, unit=Unit.WEEKS, low=0, high=26, default=1),
    Setting(name="frozen_buy_weeks", label="Frozen weeks of the buy", about="First weeks in which no order is released any more: what is needed then can only be expedited.", group=Group.FENCE, unit=Unit.WEEKS, low=0, high=12, default=0),
    Setting(name="horizon_weeks", label="Weeks planned ahead", about="How far every plan looks: the grid, the projection, what is published.", group=Group.FENCE, unit=Unit.WEEKS, low=52, high=78, default=52),
    Setting(name="quorum", label="Signatures a department needs", about="Of the three functions.", group=Group.FENCE, unit=Unit.COUNT, low=1, high=3, default=3),
    Setting(name="blind", label="Collect inputs blind", about="Nobody sees the others' inputs until they are revealed together.", group=Group.FENCE, unit=Unit.YES_NO, low=0, high=1, default=1),
    Setting(name="complete_weeks", label="An activation is complete", about="SKUs, doors and discount stand so many weeks before it starts.", group=Group.CALENDAR, unit=Unit.WEEKS, low=1, high=26, default=8),
    Setting(name="late_weeks", label="A change is late", about="From so many weeks before the start on.", group=Group.CALENDAR, unit=Unit.WEEKS, low=1, high=26, default=6),
)  # fmt: skip

SETTINGS: dict[str, Setting] = {setting.name: setting for setting in _ALL}
"""Everything that can be set, by name, in the order in which it is shown."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Every setting as it is in force on one day."""

    values: Mapping[str, float | None] = field(
        default_factory=lambda: {name: s.default for name, s in SETTINGS.items()}
    )

    def __getitem__(self, name: str) -> float | None:
        return self.values[name]

    def number(self, name: str) -> float:
        """A setting that always has a value."""
        value = self.values[name]
        assert value is not None
        return value

    def with_(self, name: str, value: float | None) -> Policy:
        """The same with one setting changed."""
        return Policy({**self.values, name: value})

    @property
    def limits(self) -> Limits:
        """What the Bridge judges by."""
        return Limits(
            red_probability=self.number("red_probability"),
            amber_probability=self.number("amber_probability"),
            least_fill=self.number("least_fill"),
            threshold_share=self.number("threshold_share"),
            target_cover_weeks=self.number("target_cover_weeks"),
            least_service=self.number("least_service"),
            service_by_units=bool(self.number("service_by_units")),
            service_by_cost=bool(self.number("service_by_cost")),
            goodwill_share=self.number("goodwill_share"),
            stores_wait=bool(self.number("stores_wait")),
            online_waits=bool(self.number("online_waits")),
            frozen_buy_weeks=int(self.number("frozen_buy_weeks")),
        )

    @property
    def weighing(self) -> tuple[float | None, ...]:
        """What the proposal is weighed by, and for how many weeks: plans are built by it."""
        return tuple(
            value for name, value in self.values.items()
            if SETTINGS[name].group is Group.WEIGHT or name == "horizon_weeks"
        )  # fmt: skip

    def check(self) -> None:
        """Refuse settings that contradict each other.

        Raises
        ------
        OutOfBounds
        """
        if self.number("amber_probability") > self.number("red_probability"):
            raise OutOfBounds("Tight must begin at a lower risk than Short.")
        if self.number("late_weeks") > self.number("complete_weeks"):
            raise OutOfBounds(
                "A change cannot be late before the activation has to be complete."
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One setting that somebody made."""

    seq: int
    name: str
    value: float | None
    effective: dt.date
    person: str
    made_at: dt.datetime
    why: str


@verbs
class Policies(Projector[tuple[Change, ...]]):
    """Verbs of policy.

    Parameters
    ----------
    desk : Desk
    """

    kinds = (Kind.SETTING,)

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.take_up(desk.ledger)
        self._today: tuple[dt.date, tuple[Change, ...], Policy] | None = None
        """What `now` was worked out from, and what it was."""

    def _begin(self) -> tuple[Change, ...]:
        return ()

    def _with(self, state: tuple[Change, ...], events: Sequence[Event]) -> tuple[Change, ...]:
        made = (
            Change(
                seq=event.seq,
                name=body.name,
                value=body.value,
                effective=body.effective,
                person=event.person,
                made_at=event.recorded_at,
                why=event.note,
            )
            for event, body in ((e, e.told(SettingChanged)) for e in events)
        )
        return (*state, *made)

    @property
    def changes(self) -> list[Change]:
        """Every change, latest first."""
        return list(self._state[::-1])

    def at(self, day: dt.date) -> Policy:
        """The policy in force on a day: of each setting the last one made for it."""
        values = dict(Policy().values)
        for change in sorted(self._state, key=lambda c: (c.effective, c.seq)):
            if change.effective <= day:
                values[change.name] = change.value
        return Policy(values)

    @property
    def now(self) -> Policy:
        """The policy in force today; the same object until a setting or the day changes it."""
        day, changes, kept = self._desk.today, self._state, self._today
        if kept is None or kept[0] != day or kept[1] is not changes:
            self._today = kept = (day, changes, self.at(day))
        return kept[2]

    def tried(self, name: str, value: float | None) -> Policy:
        """The policy of today, had a setting another value.

        Raises
        ------
        UnknownName, OutOfBounds
        """
        if name not in SETTINGS:
            raise UnknownName(f"There is no setting '{name}'.")
        policy = self.now.with_(name, SETTINGS[name].checked(value))
        policy.check()
        return policy

    def change(
        self,
        by: str,
        name: Name,
        value: float | None,
        *,
        why: str,
        effective: dt.date | None = None,
    ) -> Event:
        """Set one thing from a day on.

        Raises
        ------
        NotAllowed
            Leadership sets policy.
        UnknownName, OutOfBounds
            Nothing is changed.
        """
        actor = self._desk.allowed(by, "settings")
        if not why.strip():
            raise OutOfBounds("Say why: policy without a reason is changed back by the next.")
        words = checked_note(why)
        day = effective or self._desk.today
        if day < self._desk.today:
            raise OutOfBounds("A setting holds from today on, or from a later day.")

        def prepare() -> Event:
            policy = self.tried(name, value)
            before = self.now[name]
            if before == policy[name]:
                raise OutOfBounds(
                    f"{SETTINGS[name].label} is {SETTINGS[name].in_words(before)} already."
                )
            body = SettingChanged(
                name=name,
                value=policy[name],
                before=before,
                effective=day,
                text=f"{SETTINGS[name].label}: {SETTINGS[name].in_words(policy[name])} "
                f"(was {SETTINGS[name].in_words(before)}) from {day}",
            )
            return self._desk.event(actor, body, note=words)

        return self._desk.submit(prepare)
