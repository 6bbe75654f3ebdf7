"""One option for a featured SKU that is short, as a value, and what it starts from.

What it does is told by its effect, which judging.py works out.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from forecasting import write
from forecasting.calendar import as_date
from forecasting.consensus.activations import Activation
from forecasting.consensus.moves import Move
from forecasting.errors import OutOfBounds, Refused
from forecasting.hierarchy import THOUSANDTHS
from forecasting.inventory.actions import Outcome, Situation
from forecasting.inventory.bridge import ItemRisk
from forecasting.plan.live import LivePlan
from forecasting.plan.sku import SkuPlan
from forecasting.vocabulary import money
from forecasting.weekly.effect import Effect
from forecasting.weekly.orders import Bought
from forecasting.weekly.service import SERVICE, service_of


class Action(StrEnum):
    """What can be decided about a featured SKU; its value is the right to (rights.RIGHTS)."""

    ORDER = "order"
    EXPEDITE = "expedite"
    TRANSFER = "transfer"
    POSTPONE = "postpone"
    SHIFT = "shift"
    REDUCE = "reduce"
    ACCEPT = "accept"

    @property
    def label(self) -> str:
        """As shown on a page."""
        return {
            "order": "Order more",
            "expedite": "Expedite receipts",
            "transfer": "Reallocate from other doors",
            "postpone": "Push back receipts",
            "shift": "Shift the featured SKU",
            "reduce": "Reduce the expectation",
            "accept": "Accept the risk",
        }[self.value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option, worked out."""

    action: Action
    activation: str
    sku: str
    text: str
    """What would be done, in words."""
    moves: tuple[Move, ...] = ()
    before: Activation | None = None
    after: Activation | None = None
    """The activation as it is, and as it would be."""
    substitute: str = ""
    lift_kept: float = 1.0
    """Of a reduction, the share of the lift that is left."""
    cost: float = 0.0
    effect: Effect | None = None
    """What it does; None until it is judged, or where there is nothing to judge."""
    last_date: dt.date | None = None
    """Last day on which it can be decided; None where it never could be."""
    is_past: bool = False
    """That day is over."""
    bought: Bought | None = None
    """Of an order, what it costs and is likely to leave over."""
    why_not: str = ""
    """Why there is nothing to do, '' where there is."""

    @property
    def label(self) -> str:
        """What it is, as shown on a page: less lift than none is no promotion."""
        return "Give up the promotion" if self.gives_up else self.action.label

    @property
    def gives_up(self) -> bool:
        """Whether it leaves the SKU without any lift."""
        return self.action is Action.REDUCE and not self.why_not and self.lift_kept <= 0

    @property
    def short_before(self) -> float:
        """Expected units short in the activation as it is."""
        return self.effect.of[0].short if self.effect else float("nan")

    @property
    def short_after(self) -> float:
        """The same with it; of a shift, of the SKU in its place."""
        return self.effect.of[1].short if self.effect else float("nan")

    @property
    def units_saved(self) -> float:
        """Units short in the activation that it prevents."""
        return self.short_before - self.short_after

    @property
    def margin_saved(self) -> float:
        """Margin that is earned more with it, sales given up counted; NaN: none is known."""
        return self.effect.gained if self.effect else float("nan")

    @property
    def net(self) -> float:
        """Margin saved less cost."""
        return self.margin_saved - self.cost

    @property
    def told(self) -> str:
        """What would be done, and what of sales it gives up."""
        if self.action is not Action.REDUCE or self.effect is None or self.why_not:
            return self.text
        given = (
            f"{write.number(max(self.effect.given_up, 0.0))} u of expected sales are given up"
        )
        lost = -self.effect.gained
        price = f", {money(lost)} of margin all in all" if lost >= 0.5 else ""
        return f"{self.text}; {given}{price}"

    @property
    def warning(self) -> str:
        """What else it makes short, in words; '' where nothing."""
        harmed = self.effect.harmed if self.effect else ()
        if len(harmed) <= 1:
            return "".join(h.text for h in harmed)
        return f"{harmed[0].text}, and {len(harmed) - 1} more like it"

    @property
    def is_open(self) -> bool:
        """Whether it can be decided now."""
        return not self.why_not and not self.is_past

    def check_open(self, words: str) -> None:
        """Refuse what cannot be decided any more, or not without a word.

        Raises
        ------
        Refused, OutOfBounds
        """
        if self.why_not:
            raise Refused(self.why_not.strip()[:500] or "There is nothing in it to do.")
        if self.is_past:
            raise Refused(f"The last day for it was {self.last_date}.")
        if self.action is Action.REDUCE and not words:
            raise OutOfBounds(
                "Say what changes in the campaign (spend, audience, depth, days): a lower "
                "expectation without a change of the campaign only hides the risk."
            )

    def laid_over(self, now: Activation) -> Activation:
        """An activation as a change of the calendar makes it, whatever others made of it."""
        assert self.before is not None
        assert self.after is not None
        changed = dict(zip(self.before.items, self.after.items, strict=True))
        return replace(now, items=tuple(changed.get(i, i) for i in now.items))


def situation_of(plan: LivePlan, computed: SkuPlan, item: ItemRisk) -> Situation:
    """What the actions on one featured SKU start from."""
    base, sku = plan.base, item.sku
    risk = computed.risk
    assert risk is not None
    ahead = slice(0, risk.demand.shape[2])
    lifts = dict(computed.lifts)[item.activation] / THOUSANDTHS
    margin = base.price_of(sku) * (1 - computed.depth) - base.cost_of(sku)
    return Situation(
        doors=item.doors,
        first=item.first,
        last=item.last,
        opening=computed.stock,
        receipts=computed.firm[:, ahead],
        doubt=computed.late[1][:, ahead],
        late=computed.late[0][:, ahead],
        demand=computed.draft[:, ahead] / THOUSANDTHS,
        lift_units=lifts[:, ahead],
        lift_sd=computed.lift_sd[ahead],
        alpha=base.alpha_at(computed.lift_sd[ahead]),
        level_sd=base.level_sd,
        usual=computed.usual,
        known=computed.known,
        margin=margin[:, ahead],
        service=service_of(base, sku, plan.limits, week=item.first),
        presentation=base.stated(sku, "presentation_min", 0.0),
        assessed=risk,
    )


def item_of(plan: LivePlan, activation: str, sku: str) -> ItemRisk | None:
    """The verdict on one featured SKU; None where it is not judged."""
    at = plan.sku_index.get(sku)
    items = plan.sku(at).items if at is not None else ()
    return next((i for i in items if i.activation == activation), None)


def gap_to_service(plan: LivePlan, activation: str, sku: str) -> tuple[float, float]:
    """Units that a featured SKU lacks of its service level, over all doors; that level."""
    item = item_of(plan, activation, sku)
    if item is None:
        return 0.0, SERVICE
    situation = situation_of(plan, plan.sku(item.sku), item)
    return float(situation.lacking.sum()), situation.service


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """An option that was found, and where quick arithmetic says that it leaves the SKU."""

    option: Option
    situation: Situation
    outcome: Outcome


def calendar_deadline(plan: LivePlan, activation: Activation) -> dict[str, Any]:
    """Until when the calendar can be changed: the lock date, else the day before it starts.

    Returns
    -------
    dict
        last_date, is_past: fields of an Option.
    """
    last = activation.lock_date or activation.start - dt.timedelta(1)
    return {"last_date": last, "is_past": last < as_date(plan.base.weeks[0])}


def blank(plan: LivePlan, item: ItemRisk, action: Action) -> Option:
    """An option of a featured SKU before anything is tried."""
    return Option(
        action=action,
        activation=item.activation,
        sku=plan.sku_names[item.sku],
        text="",
    )
