"""What the stock allows of the marketing calendar, activation by activation.

Approved: stock covers it, or what was decided makes it so. Needs a decision: some SKU will
run out, nothing was decided about it, and something can still be done; it says who decides,
by when, and what. At risk: some SKU will run out and nothing can be done any more, or the
risk was accepted, or it is tight. A healthy total never hides a SKU that is short; which SKUs
are is one rule for all (`bridge.is_short`), so that every count says the same.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from forecasting import vocabulary
from forecasting.calendar import as_date
from forecasting.consensus.activations import Activation
from forecasting.inventory import actions
from forecasting.inventory.bridge import ItemRisk, is_short
from forecasting.plan import views
from forecasting.plan.live import LivePlan
from forecasting.plan.views import Verdict
from forecasting.rights import RIGHTS
from forecasting.vocabulary import Function, Status
from forecasting.weekly import options
from forecasting.weekly.decisions import Decisions
from forecasting.weekly.option import Action, calendar_deadline, situation_of
from forecasting.weekly.proposed import Proposal, ProposalList

LEAST_HELP = 0.5
"""Units that an option has to save to be named."""


class State(StrEnum):
    """What the stock allows."""

    NEEDS = "needs a decision"
    RISK = "at risk"
    APPROVED = "approved"
    CANCELLED = "cancelled"

    @property
    def label(self) -> str:
        """As shown on a page."""
        return self.value.capitalize()


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """One activation, and what the stock allows of it."""

    activation: Activation
    state: State
    why: str
    by: tuple[Function, ...] = ()
    """Who has to decide; nobody where nothing has to be decided."""
    until: dt.date | None = None
    """Last day for the first of the decisions that are worth most."""
    last_day: dt.date | None = None
    """Last day on which anything can still be done about it."""
    short_skus: int = 0
    n_skus: int = 0
    units_short: float = 0.0
    margin_at_risk: float = math.nan
    """NaN where no margin is known."""
    decided: int = 0
    """Decisions that stand about it."""
    proposed: tuple[Proposal, ...] = field(default=())
    """Proposals about it that wait for an answer."""

    @property
    def who(self) -> str:
        """Who has to decide, in words: each decides a part of it."""
        *most, last = [f.label for f in self.by] or [""]
        return f"{', '.join(most)} and {last}" if most else last


def calendar_of(
    plan: LivePlan,
    decisions: Decisions,
    proposals: ProposalList,
    *,
    weeks: int,
    today: dt.date,
) -> list[Readiness]:
    """Activations that start or run in the next weeks, by their first day.

    Parameters
    ----------
    plan : LivePlan
        The working plan.
    weeks : int
        How far ahead to look.
    today : date
        Days before it are over; within the plan's first week, that is. A plan whose data are
        old is judged as of its own first week.
    """
    begins = as_date(plan.base.weeks[0])
    today = min(max(today, begins), begins + dt.timedelta(6))
    judged = {v.activation.activation: v for v in views.verdicts(plan, weeks=weeks)}
    items: dict[str, list[ItemRisk]] = {}
    for item in views.item_risks(plan):
        items.setdefault(item.activation, []).append(item)
    found = []
    for activation in plan.activations():
        first, last = plan.scope_weeks(activation)
        if last < 0 or first >= weeks:
            continue
        verdict = judged.get(activation.activation)
        if not activation.is_live or verdict is None:
            why = "Marketing cancelled it."
            found.append(Readiness(activation=activation, state=State.CANCELLED, why=why))
            continue
        mine = items.get(activation.activation, [])
        found.append(_of(plan, verdict, mine, decisions, proposals, today))
    return found


def _of(
    plan: LivePlan,
    verdict: Verdict,
    items: Sequence[ItemRisk],
    decisions: Decisions,
    proposals: ProposalList,
    today: dt.date,
) -> Readiness:
    act = verdict.activation
    identity, names = act.activation, plan.sku_names
    short = [item for item in items if is_short(item, plan.limits)]
    open_ = [
        item for item in short
        if not decisions.is_settled(identity, names[item.sku], float(item.short.sum()))
    ]  # fmt: skip
    helping = [h for h in (_help(plan, item, today) for item in open_) if h is not None]
    state, why, by = _judged(verdict, short, open_, helping)
    days = helping if state is State.NEEDS else []
    return Readiness(
        activation=act,
        state=state,
        why=why,
        by=by,
        until=min((h.until for h in days), default=None),
        last_day=max((h.last_day for h in days), default=None),
        short_skus=len(short),
        n_skus=verdict.n_skus,
        units_short=verdict.units_short,
        margin_at_risk=verdict.margin_at_risk,
        decided=sum(d.stands for d in decisions.all if d.activation == identity),
        proposed=tuple(proposals.about(identity)),
    )


def _judged(
    verdict: Verdict,
    short: Sequence[ItemRisk],
    open_: Sequence[ItemRisk],
    best: Sequence[_Help],
) -> tuple[State, str, tuple[Function, ...]]:
    """State, why, and who has to decide."""
    if not short:
        if verdict.status is Status.GREY:
            why = "No stock, orders or forecast are known for it: they have to be imported."
            return State.NEEDS, why, (Function.PLANNING,)
        if verdict.status in (Status.AMBER, Status.RED):
            why = "Tight: some doors may run out, no SKU is short as a whole"
            if not math.isnan(verdict.margin_at_risk):
                why += f"; {vocabulary.money(verdict.margin_at_risk)} margin at risk"
            return State.RISK, f"{why}.", ()
        return State.APPROVED, "Stock covers it.", ()
    text = f"Short: {len(short)} of {_skus(verdict.n_skus)}"
    if not math.isnan(verdict.margin_at_risk):
        text += f", {vocabulary.money(verdict.margin_at_risk)} margin at risk"
    if best:
        by = {f for one in best for f in one.by}
        ordered = tuple(f for f in Function if f in by)
        left = len(open_) - len(best)
        late = f" Nothing can be done in time for {_skus(left)}." if left else ""
        return State.NEEDS, f"{text}. {_ways(best)}{late}", ordered
    if open_:
        return State.RISK, f"{text}. Nothing can be done in time any more.", ()
    return State.RISK, f"{text} in spite of what was decided, or the risk was accepted.", ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Help:
    """What can still be done about one SKU that is short."""

    action: Action
    """That gains most; REDUCE stands for both ways to change the calendar."""
    until: dt.date
    last_day: dt.date

    @property
    def by(self) -> tuple[Function, ...]:
        """Who decides it."""
        if self.action is Action.REDUCE:
            return (*RIGHTS[Action.REDUCE], *RIGHTS[Action.SHIFT])
        return RIGHTS[self.action]


def _help(plan: LivePlan, item: ItemRisk, today: dt.date) -> _Help | None:
    """What gains most of supply, by quick arithmetic; else the calendar, while it is open.

    Quick, because a whole calendar is looked through: what the Bridge says of one option is
    what the plan would show with it (judging.py), and takes so much longer.
    """
    situation = situation_of(plan, plan.sku(item.sku), item)
    before = actions.outcome(situation, plan.limits)
    gains: list[tuple[float, Action, dt.date]] = []
    for find in (options.order_more, options.expedite, options.reallocate):
        tried = find(plan, item, situation, before)
        last = tried.option.last_date
        units, margin = actions.worth(before, tried.outcome, situation.margin)
        if tried.option.is_open and last and last >= today and units >= LEAST_HELP:
            net = -math.inf if math.isnan(margin) else margin - tried.option.cost
            gains.append((net, tried.option.action, last))
    deadline = calendar_deadline(plan, plan.activation(item.activation))["last_date"]
    days = [last for _, _, last in gains] + ([deadline] if deadline >= today else [])
    if not days:
        return None
    if not gains:
        return _Help(action=Action.REDUCE, until=deadline, last_day=deadline)
    # max takes the first of equals: what keeps promise and promotion stands first.
    _, action, until = max(gains, key=lambda gain: gain[0])
    return _Help(action=action, until=until, last_day=max(days))


_WAYS: Mapping[Action, str] = {
    Action.ORDER: "order more", Action.EXPEDITE: "bring orders forward",
    Action.TRANSFER: "move stock", Action.REDUCE: "expect less of it or feature another",
}  # fmt: skip


def _ways(best: Sequence[_Help]) -> str:
    """What would help most, how often."""
    counts = {a: sum(h.action is a for h in best) for a in _WAYS}
    parts = [f"{_WAYS[a]} for {_skus(n)}" for a, n in counts.items() if n]
    return f"Best: {', '.join(parts)}."


def _skus(count: int) -> str:
    return f"{count} SKU{'' if count == 1 else 's'}"
