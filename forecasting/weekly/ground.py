"""What a proposal stands on, as it is now: whether it can still be accepted, and knowing what.

A proposal waits while others go on: the activation may be called off, somebody may decide
something else for the same SKU, the last day may pass, the stock may be sold. All of this is
read from what is in force; nothing is kept. What has changed is put in words, and the words
have a mark: whoever accepts says which words were read.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, fields, replace

import numpy as np

from forecasting import write
from forecasting.calendar import as_date
from forecasting.consensus.activations import Activation
from forecasting.consensus.events.body import CalendarEdit
from forecasting.consensus.events.proposals import ChangeProposed, OptionProposed, Worth
from forecasting.errors import ConcordError, Refused
from forecasting.hierarchy import THOUSANDTHS
from forecasting.plan.live import LivePlan
from forecasting.plan.sku import WhatIf
from forecasting.vocabulary import Measure
from forecasting.weekly.activations import MarketingCalendar
from forecasting.weekly.decisions import Decision, Decisions
from forecasting.weekly.judging import judged
from forecasting.weekly.option import Action, Option

SAME_SHARE, SAME_UNITS = 0.1, 1.0
"""A worth that moved by no more than this share, or by so few units, is the same."""
MOST_SKUS = 200
"""SKUs of an activation that is tried on the plan; of a larger one no worth is worked out."""
State = tuple[Activation | None, tuple[int, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What has become of what a proposal stands on."""

    gone: str = ""
    """Why it cannot be accepted as it is any more; '' where it can."""
    changed: tuple[str, ...] = ()
    """What is otherwise than when it was proposed, in sentences."""
    option: Option | None = None
    """Of an option, the same in today's figures; None where it cannot be done any more."""
    worth: Worth | None = None
    """Of orders, what they are worth now."""
    state: State
    """The activation, and the decisions that stand about the SKU."""

    @property
    def changes(self) -> tuple[str, ...]:
        """All that is otherwise, what forbids it first."""
        return (*([self.gone] if self.gone else []), *self.changed)

    @property
    def mark(self) -> str:
        """A short text that is another for other changes; '' where nothing has changed."""
        if not self.changes:
            return ""
        return hashlib.sha256("\x1f".join(self.changes).encode()).hexdigest()[:8]


def of(
    seq: int,
    body: OptionProposed | ChangeProposed,
    *,
    plan: LivePlan,
    calendar: MarketingCalendar,
    decisions: Decisions,
    name_of: Callable[[str], str],
) -> Ground:
    """What a proposal stands on now.

    Parameters
    ----------
    seq : int
        Number of the event that proposed it.
    plan : LivePlan
        The working plan, as whoever looks may see it.
    name_of : callable
        A person's name, by id.
    """
    state = state_of(body, calendar, decisions)
    if isinstance(body, ChangeProposed):
        return _of_change(body, state, plan)
    since = [d for d in decisions.of(body.activation, body.sku) if d.seq > seq]
    return _of_option(body, state, plan, decisions, since, name_of)


def state_of(
    body: OptionProposed | ChangeProposed, calendar: MarketingCalendar, decisions: Decisions
) -> State:
    """As much of what a proposal stands on as can be compared in no time."""
    now = calendar.at(body.activation)
    if isinstance(body, ChangeProposed):
        return now, ()
    return now, tuple(d.seq for d in decisions.of(body.activation, body.sku))


# Options --------------------------------------------------------------------------------


def option_of(body: OptionProposed) -> Option:
    """The option that was proposed, not judged yet."""
    edit = body.edit
    return Option(
        action=Action(body.right), activation=body.activation, sku=body.sku, text=body.text,
        moves=body.moves,
        before=edit.before if edit else None, after=edit.after if edit else None,
        substitute=body.substitute, lift_kept=body.lift_kept, cost=body.worth.cost,
        last_date=body.last_date,
    )  # fmt: skip


def _of_option(
    body: OptionProposed,
    state: State,
    plan: LivePlan,
    decisions: Decisions,
    since: list[Decision],
    name_of: Callable[[str], str],
) -> Ground:
    now, _ = state
    gone = _activation_gone(now, body.activation) or _past(body.last_date, plan)
    if not gone and now is not None and not now.of_sku(body.sku):
        gone = f"{now.name} does not feature {body.sku} any more."
    changed = []
    for decision in since:
        who = name_of(decision.person)
        words = f"{who} decided since then: {decision.text} (#{decision.seq})."
        if decision.text.startswith(body.text):  # it may go on with what is given up
            gone = gone or f"{who} decided the same already (#{decision.seq})."
        else:
            changed.append(words)
    if gone:
        return Ground(gone=gone, changed=tuple(changed), state=state)
    proposed = option_of(body)
    try:
        decisions.edit_of(proposed)
    except ConcordError as error:
        return Ground(gone=str(error), changed=tuple(changed), state=state)
    found = judged(plan, proposed)
    changed += _moved(body, found)
    return Ground(changed=tuple(changed), option=found, state=state)


def _moved(body: OptionProposed, found: Option) -> list[str]:
    """What an option that can still be done is worth now, where that is not the same."""
    if found.effect is None:
        return [f"{body.sku} is not judged any more: its stock or its forecast is not known."]
    if body.right == Action.ACCEPT.value:
        was, now = body.short_before, found.short_before
        if is_same(was, now):
            return []
        return [
            f"{write.number(now)} u are expected to be short now; {write.number(was)} u "
            "when it was proposed."
        ]
    was, now = body.worth.units, found.units_saved
    words = (
        [f"Beside what it saves: {found.warning}."]
        if found.warning and found.warning != body.warning
        else []
    )
    if not is_same(was, now):
        words.append(
            f"It saves {write.number(now)} u now; {write.number(was)} u when it was proposed: "
            "stock, orders, demand or other decisions are others now."
        )
    return words


def is_same(was: float, now: float) -> bool:
    """Whether a worth is still what it was, for somebody who decides by it."""
    return abs(now - was) <= max(SAME_SHARE * abs(was), SAME_UNITS)


# Changes of the calendar ----------------------------------------------------------------


def _of_change(body: ChangeProposed, state: State, plan: LivePlan) -> Ground:
    edit, (now, _) = body.change, state
    assert edit.after is not None
    if edit.before is not None and (gone := _activation_gone(now, edit.name)):
        return Ground(gone=gone, state=state)
    if now == edit.after:
        return Ground(gone=f"{edit.after.name} is so in the calendar already.", state=state)
    last = max(edit.after.end, now.end if now else edit.after.end)
    if last < as_date(plan.base.weeks[0]):
        return Ground(gone=f"{edit.after.name} is over.", state=state)
    both = sorted(_changed_fields(edit.before, now) & _changed_fields(edit.before, edit.after))
    others = sorted(_changed_fields(edit.before, now) - set(both))
    changed = []
    if others:
        changed.append(
            f"Changed by others since then, and it stays so: {listed(others)} of "
            f"{edit.after.name}."
        )
    if both:
        changed.append(
            f"Changed by others too, since then: {listed(both)} of {edit.after.name}; "
            "accepting puts what is proposed in its place."
        )
    return Ground(changed=tuple(changed), state=state)


def proposed_change(
    before: Activation | None, after: Activation, *, right: str, worth: Worth, file: str = ""
) -> ChangeProposed:
    """What the event says that proposes a change of the calendar.

    Raises
    ------
    Refused
        If the calendar says so already.
    """
    if before == after:
        raise Refused(f"{after.name} is so in the calendar already.")
    edit = CalendarEdit(activation=after.activation, before=before, after=after)
    return ChangeProposed(
        right=right, text=stated_of(before, after), activation=after.activation, worth=worth,
        file=file, change=edit,
    )  # fmt: skip


def merged(body: ChangeProposed, now: Activation | None) -> Activation:
    """The activation as a proposal makes it, whatever others made of it meanwhile."""
    assert body.change.after is not None
    return rebased(body.change.before, body.change.after, now)


def rebased(before: Activation | None, after: Activation, now: Activation | None) -> Activation:
    """A change of an activation, made to what it is now: its other fields stay."""
    if now is None or before is None:
        return after
    mine = _changed_fields(before, after)
    return replace(now, **{name: getattr(after, name) for name in mine})


def _changed_fields(before: Activation | None, after: Activation | None) -> set[str]:
    if after is None:
        return set()
    names = {f.name for f in fields(Activation)}
    if before is None:
        return names
    return {n for n in names if getattr(before, n) != getattr(after, n)}


def stated_of(before: Activation | None, after: Activation) -> str:
    """A change of the calendar in words."""
    if before is None:
        return f"Add {after.name}, {after.start} to {after.end}"
    if before.is_live and not after.is_live:
        return f"Cancel {after.name}"
    parts = []
    if (before.start, before.end) != (after.start, after.end):
        parts.append(f"{after.start} to {after.end} instead of {before.start} to {before.end}")
    if before.name != after.name:
        parts.append(f"called {after.name}")
    was, now = ({i.sku for i in one.items} for one in (before, after))
    if more := sorted(now - was):
        parts.append(f"with {listed(more)}")
    if less := sorted(was - now):
        parts.append(f"without {listed(less)}")
    if was == now and set(before.items) != set(after.items):
        both = set(before.items) ^ set(after.items)
        parts.append(
            f"other price cuts, lifts or doors of {listed(sorted({i.sku for i in both}))}"
        )
    shown = {"start", "end", "name", "items", "activation"}
    rest = sorted(_changed_fields(before, after) - shown)
    for name in rest:
        value, former = (in_a_word(getattr(one, name)) for one in (after, before))
        parts.append(f"{_WORDS.get(name, name)} {value} instead of {former}")
    return f"Change {before.name}: {'; '.join(parts) or 'nothing'}"


_WORDS = {
    "lock_date": "lock date", "sell_out": "planned to sell out", "activation": "identity",
    "items": "featured SKUs", "start": "first day", "end": "last day",
}  # fmt: skip


def in_a_word(value: object) -> str:
    """What a field of an activation holds, in words."""
    match value:
        case None | "":
            return "none"
        case bool():
            return "yes" if value else "no"
        case float():
            return write.figure(value)
    return str(value)


def listed(names: list[str]) -> str:
    """A few names in words, the rest counted."""
    labels = [_WORDS.get(name, name) for name in names]
    if len(labels) <= 3:
        return ", ".join(labels)
    return f"{', '.join(labels[:3])} and {len(labels) - 3} more"


def worth_of(plan: LivePlan, before: Activation | None, after: Activation) -> Worth:
    """What a change of the calendar does to demand: units, and their margin, of all weeks."""
    weeks = plan.base.weeks
    units, margin, known = 0.0, 0.0, False
    names = {i.sku for one in (before, after) if one for i in one.items}
    skus = sorted(plan.sku_index[n] for n in names if n in plan.sku_index)
    for sku in skus if len(skus) <= MOST_SKUS else ():
        now, then = plan.sku(sku).draft, plan.sku_if(sku, WhatIf(activations=(after,))).draft
        more = (then - now) / THOUSANDTHS
        each = plan.worth(sku, Measure.MARGIN)
        known |= bool((~np.isnan(each)).any())
        units += float(more.sum())
        margin += float((more * np.nan_to_num(each)).sum())
    return Worth(
        units=round(units, 3), margin=round(margin, 2) if known else None, cost=0.0,
        first_week=as_date(weeks[0]), last_week=as_date(weeks[-1]), as_of=plan.base.as_of,
    )  # fmt: skip


def no_worth(plan: LivePlan) -> Worth:
    """Of a change whose worth nobody worked out."""
    weeks = plan.base.weeks
    return Worth(
        units=0.0, margin=None, cost=0.0, first_week=as_date(weeks[0]),
        last_week=as_date(weeks[-1]), as_of=plan.base.as_of,
    )  # fmt: skip


def _activation_gone(now: Activation | None, name: str) -> str:
    if now is None:
        return f"{name} is not in the calendar any more."
    return "" if now.is_live else f"{now.name} was cancelled."


def _past(last: dt.date | None, plan: LivePlan) -> str:
    if last is None or last >= as_date(plan.base.weeks[0]):
        return ""
    return f"The last day for it was {last}."
