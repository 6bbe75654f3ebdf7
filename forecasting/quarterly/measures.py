"""What the scorecard measures: each measure's name, form, source and target, in one table."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from forecasting import vocabulary, write


class Form(StrEnum):
    """How a measure is written."""

    SHARE = "share"
    POINTS = "points"
    TIMES = "times a year"
    WEEKS = "weeks"
    FACTOR = "factor"
    MONEY = "money"
    RETURN = "return"
    """A share with its sign: above zero more came back than went in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One thing that is measured."""

    key: str
    label: str
    form: Form
    source: str
    """shelf, promotions, bridge, buy, lead, tasks, spend, results or replay."""
    column: str
    """In what the source gives."""
    lower_is_better: bool
    term: str
    """In the glossary."""
    target: str = ""
    """Name of the setting that is its target."""


def _m(
    key: str, label: str, form: Form, source: str, column: str, term: str, *,
    lower: bool = False, target: str = "",
) -> Measure:  # fmt: skip
    return Measure(
        key=key, label=label, form=form, source=source, column=column, term=term,
        lower_is_better=lower, target=target,
    )  # fmt: skip


_ALL = (
    _m("exposure", "Stockout rate on promoted items", Form.SHARE, "shelf", "promoted_stockout", "Stockout rate", lower=True, target="promoted_stockout"),
    _m("event", "Activations that ran out", Form.SHARE, "promotions", "event", "Stockout rate by activation", lower=True),
    _m("item", "Featured SKU-doors that ran out", Form.SHARE, "promotions", "item", "Stockout rate by SKU-door", lower=True),
    _m("lost_demand", "Demand lost in promotions", Form.SHARE, "promotions", "lost_demand", "Stockout rate by lost demand", lower=True),
    _m("other_stockout", "Stockout rate on other items", Form.SHARE, "shelf", "other_stockout", "Stockout rate", lower=True),
    _m("stockout_gap", "Promoted less other", Form.POINTS, "shelf", "stockout_gap", "Stockout rate", lower=True),
    _m("bridge_accuracy", "Forecast accuracy for the Bridge", Form.SHARE, "bridge", "accuracy", "Accuracy", target="bridge_accuracy"),
    _m("bridge_bias", "Bias for the Bridge", Form.POINTS, "bridge", "bias", "Bias"),
    _m("bridge_promoted", "Accuracy for the Bridge, promoted", Form.SHARE, "bridge", "promoted_accuracy", "Accuracy"),
    _m("bridge_promoted_bias", "Bias for the Bridge, promoted", Form.POINTS, "bridge", "promoted_bias", "Bias"),
    _m("buy_accuracy", "Forecast accuracy for the buy", Form.SHARE, "buy", "accuracy", "Accuracy", target="buy_accuracy"),
    _m("buy_bias", "Bias for the buy", Form.POINTS, "buy", "bias", "Bias"),
    _m("buy_promoted", "Accuracy for the buy, promoted", Form.SHARE, "buy", "promoted_accuracy", "Accuracy"),
    _m("buy_promoted_bias", "Bias for the buy, promoted", Form.POINTS, "buy", "promoted_bias", "Bias"),
    _m("turn_cost", "Inventory turn at cost", Form.TIMES, "shelf", "turn_cost", "Inventory turn", target="turn"),
    _m("turn_units", "Inventory turn in units", Form.TIMES, "shelf", "turn_units", "Inventory turn"),
    _m("turn_retail", "Inventory turn at retail", Form.TIMES, "shelf", "turn_retail", "Inventory turn"),
    _m("sell_through", "Sell-through", Form.SHARE, "shelf", "sell_through", "Sell-through", target="sell_through"),
    _m("weeks_of_supply", "Weeks of supply", Form.WEEKS, "shelf", "weeks_of_supply", "Weeks of supply at the end", lower=True, target="weeks_of_supply"),
    _m("markdown_rate", "Markdown rate", Form.SHARE, "shelf", "markdown_rate", "Markdown rate", lower=True, target="markdown_rate"),
    _m("gmroi", "GMROI", Form.FACTOR, "shelf", "gmroi", "GMROI", target="gmroi"),
    _m("lost_share", "Lost sales, share", Form.SHARE, "shelf", "lost_share", "Lost sales", lower=True, target="lost_share"),
    _m("lost_value", "Lost sales", Form.MONEY, "shelf", "lost_value", "Lost sales", lower=True),
    _m("excess", "Excess after promotions", Form.SHARE, "promotions", "excess", "Excess after promotions", lower=True, target="excess"),
    _m("promotion_return", "Return on promotion spend", Form.RETURN, "results", "return_on_spend", "Return on spend"),
    _m("expedite_spend", "Spent on expediting", Form.MONEY, "spend", "expedite_spend", "Expedite spend", lower=True),
    _m("actions_on_time", "Actions done on time", Form.SHARE, "tasks", "actions_on_time", "Actions on time", target="actions_on_time"),
    _m("calibration", "Risk calibration", Form.POINTS, "replay", "calibration", "Risk calibration", lower=True),
    _m("complete", "Activations complete in time", Form.SHARE, "lead", "complete_rule", "Complete", target="complete"),
    _m("complete_8", "Complete 8 weeks before", Form.SHARE, "lead", "complete_8", "Complete"),
    _m("complete_6", "Complete 6 weeks before", Form.SHARE, "lead", "complete_6", "Complete"),
    _m("notice", "Notice of the first red", Form.WEEKS, "lead", "notice", "Notice"),
    _m("decided_in_time", "Reds decided in time", Form.SHARE, "lead", "decided_share", "Decided in time", target="decided_in_time"),
)  # fmt: skip

MEASURES: dict[str, Measure] = {measure.key: measure for measure in _ALL}
"""Every measure by key."""
STOCKOUTS = ("exposure", "event", "item", "lost_demand")
"""Definitions of the stockout rate, the headline first."""
TURNS = ("turn_cost", "turn_units", "turn_retail")
HEADLINES = ("exposure", "bridge_accuracy", "turn_cost")
BELOW = (
    "buy_accuracy", "sell_through", "weeks_of_supply", "markdown_rate", "gmroi", "lost_value",
    "excess", "promotion_return", "expedite_spend", "actions_on_time", "calibration",
)  # fmt: skip
LEAD = ("complete_8", "complete_6", "notice", "decided_in_time")
LEVELS = ("class", "department", "region", "type")
"""What the matrix can have in its rows."""
OF_LEVEL = {
    "shelf": ("all", "department", "class", "region", "channel", "door", "sku"),
    "promotions": (
        "all", "type", "activation", "department", "class", "region", "channel", "door", "sku",
    ),
    "bridge": ("all", "department", "class", "sku", "promoted"),
    "buy": ("all", "department", "class", "sku", "promoted"),
}  # fmt: skip
"""Levels that each source can be looked at."""


def in_words(key: str, value: float | None, *, change: bool = False) -> str:
    """A measure's value in words with its unit; of a change, with its sign and in points."""
    if value is None:
        return "–"
    form = MEASURES[key].form
    scale = 100 if form in (Form.POINTS, Form.SHARE) else 1
    figures = write.number(scale * value, 1, sign=change or form is Form.POINTS)
    match form:
        case Form.POINTS:
            return f"{figures} points"
        case Form.SHARE:
            return f"{figures} points" if change else write.percent(value, 1)
        case Form.RETURN:
            if change:
                return f"{write.number(100 * value, sign=True)} points"
            return write.percent(value, sign=True)
        case Form.MONEY:
            return vocabulary.money(value, sign=change)
        case Form.WEEKS:
            return f"{figures} wk"
        case Form.FACTOR:
            return f"{figures}x"
        case _:
            return figures
