"""Past cycles of the sample company, played through the same verbs as people have.

Its people have habits: Marketing is optimistic about events, Planning is late on trends,
Merchandising knows its launches. Without habits they are right on average and err by as
much. What the value-added page and the weights find is then known beforehand. Leadership
has set targets, and after each cycle some of what is short is decided and done.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.calendar import as_date, fiscal_quarter, quarters_back
from forecasting.consensus.activations import Activation
from forecasting.consensus.events import Scope
from forecasting.errors import Refused
from forecasting.hierarchy import THOUSANDTHS
from forecasting.vocabulary import INPUTS, Function, Reason
from forecasting.weekly import best_mix, options
from forecasting.weekly.option import Action
from forecasting.workspace import Workspace

BACK = (65, 52, 39, 26, 22, 17, 13, 9, 4)
"""Weeks before the last one at which the past cycles stood: quarter by quarter at first, then
months of 4, 5 and 4 weeks."""
REVIEWED = 13
"""Weeks before the last one after which leadership reviewed the quarter before."""
LEAST_KNOWN = 65
"""Weeks of history before the first cycle."""
TARGETS = {
    "promoted_stockout": 0.03, "bridge_accuracy": 0.80, "buy_accuracy": 0.80, "turn": 8.0,
    "sell_through": 0.70, "markdown_rate": 0.03, "gmroi": 14.0, "lost_share": 0.015,
    "excess": 0.05, "complete": 0.80, "decided_in_time": 0.75, "actions_on_time": 0.90,
}  # fmt: skip
"""What leadership has set."""
DECIDED = 8
"""Featured SKUs about which something is decided after a cycle."""
AHEAD = 13
"""Weeks that people speak about."""
OPTIMISM = 0.75
"""By how much Marketing's lift of an event is more than it is."""
NOISE = 0.08
"""Spread of what people say around what they mean."""
EVENTS = ("event", "partnership")


class Clock:
    """A time that is set by hand, a minute later at every look."""

    def __init__(self) -> None:
        self.now = dt.datetime(2000, 1, 1)

    def __call__(self) -> dt.datetime:
        """What time it is."""
        self.now += dt.timedelta(minutes=1)
        return self.now

    def set(self, day: dt.date, hour: int) -> None:
        """Make it a day and an hour."""
        self.now = dt.datetime(day.year, day.month, day.day, hour)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """Who plays, and what is true."""

    people: Mapping[Function, str]
    """Function to a person's id."""
    demand: pd.DataFrame
    """Expected demand: sku, door, week, baseline, mean."""
    launches: Mapping[str, dt.date]
    """SKU to its launch."""
    habits: bool
    seed: int


def play(
    space: Workspace,
    clock: Clock,
    cast: Cast,
    *,
    last: dt.date,
    known_weeks: int,
    tell: Callable[[str, float], None],
    workers: int = 1,
) -> None:
    """Play the past cycles, one after the other, each on what was known then.

    Parameters
    ----------
    space : Workspace
        With the company's files imported and its people known.
    clock : Clock
        The workspace's.
    cast : Cast
    last : date
        The last week with sales.
    known_weeks : int
        Weeks with sales.
    tell : callable
        Told (what is being done, share done).
    workers : int
        Processes of each fit.
    """
    rng = np.random.default_rng(cast.seed)
    missed: dict[str, float] = {}
    played = [back for back in BACK if back <= max(known_weeks - LEAST_KNOWN, 26)]
    for number, back in enumerate(played):
        as_of = last - dt.timedelta(7 * back)
        month = as_of + dt.timedelta(20)  # the one that follows
        tell(f"playing the cycle of {month:%B %Y}", number / len(played))
        if number:
            _see_to_it(space, clock, cast.people[Function.PLANNING], as_of)
        if back == REVIEWED:
            _review(space, clock, cast, as_of)
        clock.set(as_of + dt.timedelta(8), 8)
        if not number:
            _set_policy(space, cast.people[Function.LEADERSHIP])
        space.runs.refresh(cast.people[Function.PLANNING], as_of=as_of, workers=workers)
        _Month(space, clock, cast, rng, as_of).play(f"{month:%Y-%m}", missed)


def leave_open(space: Workspace, people: Mapping[Function, str], *, last: dt.date) -> None:
    """Leave threads that nobody has ended: comments on a class, an action, an assumption.

    Parameters
    ----------
    space : Workspace
        With a forecast.
    people : mapping
        Whom each function is spoken for by.
    last : date
        The last week with sales.
    """
    planner, marketing = people[Function.PLANNING], people[Function.MARKETING]
    plan = space.plan
    first = as_date(plan.base.weeks[0])
    name = sorted(plan.products.names("class"))[0]
    scope = Scope(
        product_level="class", product=name, first_week=first,
        last_week=as_date(plan.base.weeks[3]),
    )  # fmt: skip
    space.comment(marketing, scope, f"Does the next offer really reach all of {name}?")
    space.comment(planner, scope, "All but the two latest SKUs: their stock comes too late.")
    space.minutes.assign(
        marketing, f"Ask for a second date for the late SKUs in {name}",
        owner=planner, due=last + dt.timedelta(14),
    )  # fmt: skip
    space.minutes.assume(
        planner, "The supplier keeps the dates that it confirmed in autumn", owner=planner,
        watch="order lines late in the weekly review", review=last + dt.timedelta(21),
    )  # fmt: skip


def _see_to_it(space: Workspace, clock: Clock, planner: str, until: dt.date) -> None:
    """Do what is due since the last cycle: most of it on its day, every fourth thing late."""
    decided = [(d.due, d.seq, True) for d in space.decisions.open]
    asked = [(a.due, a.seq, False) for a in space.minutes.actions if not a.is_done]
    due = sorted(t for t in decided + asked if t[0] <= until)
    for number, (day, seq, is_decision) in enumerate(due):
        clock.set(
            until + dt.timedelta(7) if number % 4 == 3 else max(day, clock.now.date()), 12
        )
        if is_decision:
            space.decisions.close(planner, seq, note="Arrived")
        else:
            space.minutes.close(planner, seq)


def _review(space: Workspace, clock: Clock, cast: Cast, as_of: dt.date) -> None:
    """Leadership's review of the quarter that has ended: two decisions, then it is closed."""
    leader = cast.people[Function.LEADERSHIP]
    quarter = quarters_back(fiscal_quarter(as_of), 1)
    clock.set(as_of + dt.timedelta(6), 9)
    space.quarters.sum_up()
    if quarter not in set(space.quarters.quarters()["quarter"]):
        return
    told = space.quarters.decide(
        leader, quarter, "Marketing's calendar reaches every buyer eight weeks ahead",
        owner=cast.people[Function.MARKETING], due=as_of + dt.timedelta(60),
    )  # fmt: skip
    space.quarters.decide(
        leader, quarter, "Planning looks at what is left after each event before it buys again",
        owner=cast.people[Function.PLANNING], due=as_of + dt.timedelta(120),
    )  # fmt: skip
    space.quarters.close(leader, quarter, note="Reviewed with Marketing and Planning")
    clock.set(as_of + dt.timedelta(7), 9)
    space.quarters.settle(cast.people[Function.MARKETING], told.seq)


def _set_policy(space: Workspace, leader: str) -> None:
    """Targets that CMO and VP Planning answer for together; every week can be changed."""
    for name, value in TARGETS.items():
        space.policies.change(leader, name, value, why="Agreed for the year")
    space.policies.change(leader, "fence_weeks", 0, why="Nothing is frozen yet")


@dataclass(slots=True)
class _Month:
    """One past cycle."""

    space: Workspace
    clock: Clock
    cast: Cast
    rng: np.random.Generator
    as_of: dt.date

    def play(self, name: str, missed: dict[str, float]) -> None:
        """Open, fill in, agree, sign, publish; `missed` is what Planning saw last time."""
        facilitator = self.cast.people[Function.PLANNING]
        cycles = self.space.cycles
        cycles.open(facilitator, name)
        self._day(9)
        self._marketing()
        cycles.submit(self.cast.people[Function.MARKETING])
        self._day(10)
        self._merchandising()
        cycles.submit(self.cast.people[Function.MERCHANDISING])
        self._day(11)
        self._planning(missed)
        cycles.submit(facilitator)
        self._day(14)
        cycles.reveal(facilitator)
        self._agree()
        for department in self.space.plan.products.names("department"):
            for function in INPUTS:
                cycles.sign(self.cast.people[function], department)
        cycles.publish(facilitator)
        self._act(name)

    def _act(self, name: str) -> None:
        """Decide about some of what is short, and ask for what has to be done."""
        space, planner = self.space, self.cast.people[Function.PLANNING]
        plan = space.working_plan_for(planner)
        watched = best_mix.watch_list(plan, weeks=8)[:DECIDED]
        for number, one in enumerate(watched):
            ways = options.for_shortage(plan, one.activation, one.sku, alone=True)
            good = [
                o for o in ways if o.is_open and o.action in (Action.EXPEDITE, Action.TRANSFER)
            ]
            chosen = [o for o in good if o.units_saved >= 1] or [
                o for o in ways if o.action is Action.ACCEPT and number % 2
            ]
            for option in chosen[:1]:
                due = max(option.last_date or self.as_of, self.as_of + dt.timedelta(21))
                with suppress(Refused):  # taken by the one before
                    space.decisions.decide(planner, option, owner=planner, due=due)
        day = self.as_of + dt.timedelta(28)
        space.minutes.assign(
            planner, f"Check stock at the doors before the activations of {name}",
            owner=planner, due=day,
        )  # fmt: skip
        space.minutes.assign(
            self.cast.people[Function.MARKETING],
            "Send the next calendar with SKUs, doors and depth",
            owner=self.cast.people[Function.MARKETING], due=day,
        )  # fmt: skip

    def _day(self, day: int) -> None:
        self.clock.set(self.as_of + dt.timedelta(day), 9)

    def _scope(
        self, level: str, product: str, first: int, last: int, *, aim: str = ""
    ) -> Scope:
        weeks = self.space.plan.base.weeks
        return Scope(
            product_level=level,
            product=product,
            first_week=as_date(weeks[first]),
            last_week=as_date(weeks[last]),
            activation=aim,
        )

    def _true(self, skus: set[str], first: int, last: int) -> float:
        """Expected demand of some SKUs in some weeks ahead."""
        weeks = self.space.plan.base.weeks
        rows = self.cast.demand
        inside = rows["sku"].isin(skus) & rows["week"].between(weeks[first], weeks[last])
        return float(rows.loc[inside, "mean"].sum())

    def _marketing(self) -> None:
        """Events that come into view: more lift than they have, or as much give or take."""
        plan = self.space.plan
        for act in plan.activations():
            first, last = plan.scope_weeks(act)
            if act.type not in EVENTS or not act.is_live or not 1 <= first < AHEAD:
                continue
            if self._spoken_of(act):
                continue
            more = (OPTIMISM if self.cast.habits else 0.0) + self.rng.normal(0, NOISE)
            for sku in sorted({i.sku for i in act.items}):
                self._say(
                    Function.MARKETING, "percent", 100 * more, Reason.EVENT,
                    self._scope("sku", sku, first, min(last, AHEAD - 1), aim=act.activation),
                )  # fmt: skip

    def _spoken_of(self, act: Activation) -> bool:
        plan = self.space.plan
        marketing = str(Function.MARKETING)
        return any(
            plan.aimed(plan.sku_index[i.sku], marketing, act.activation).any()
            for i in act.items
            if i.sku in plan.sku_index
        )

    def _merchandising(self) -> None:
        """Launches: what they will come to, or that give or take a good deal."""
        scatter = NOISE if self.cast.habits else 6 * NOISE
        for sku, day in sorted(self.cast.launches.items()):
            age = (self.as_of - day).days // 7
            if not -4 <= age <= 10 or sku not in self.space.plan.sku_index:
                continue
            first = max(-age, 0)
            units = self._true({sku}, first, AHEAD - 1) * np.exp(self.rng.normal(0, scatter))
            self._say(
                Function.MERCHANDISING, "set", round(units), Reason.NEW_ITEM,
                self._scope("sku", sku, first, AHEAD - 1),
            )  # fmt: skip

    def _planning(self, missed: dict[str, float]) -> None:
        """Trends of classes: as they were a cycle ago, or as they are give or take."""
        plan = self.space.plan
        for klass in plan.products.names("class"):
            members = plan.products.members("class", klass)
            statistical = plan.totals["statistical"][members, :AHEAD].sum() / THOUSANDTHS
            true = self._true({plan.sku_names[s] for s in members}, 0, AHEAD - 1)
            if not statistical > 0:
                continue
            now = true / statistical - 1
            seen = missed.get(klass) if self.cast.habits else now
            missed[klass] = now
            if seen is None:
                continue
            # It is late, and it makes of the trend it saw more than there was.
            stated = 2.0 * seen if self.cast.habits else seen
            stated = float(np.clip(stated + self.rng.normal(0, 0.02), -0.4, 0.4))
            self._say(
                Function.PLANNING, "set", round(statistical * (1 + stated)), Reason.TREND,
                self._scope("class", klass, 0, AHEAD - 1),
            )  # fmt: skip

    def _agree(self) -> None:
        """The meeting takes the proposal where functions are furthest apart."""
        plan = self.space.plan
        apart = np.abs(plan.totals["marketing"][:, :8] - plan.totals["planning"][:, :8]).sum(
            axis=1
        )
        for sku in [s for s in np.argsort(apart)[::-1][:3].tolist() if apart[s] > 0]:
            scope = self._scope("sku", plan.sku_names[sku], 0, 7)
            self.space.cycles.agree(
                self.cast.people[Function.PLANNING], scope, column="proposed",
                note="Furthest apart in this cycle",
            )  # fmt: skip

    def _say(
        self, function: Function, operation: str, value: float, reason: Reason, scope: Scope
    ) -> None:
        try:
            self.space.override(
                self.cast.people[function], scope, operation, value, reason=reason
            )
        except Refused:  # not ranged there yet, say: people would shrug, too
            return
