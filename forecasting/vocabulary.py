"""The words of the trade, once: codes, labels and the glossary behind every tooltip.

`docs/glossary.md` is generated from `GLOSSARY`, and a test keeps the two equal.
"""

from __future__ import annotations

from enum import StrEnum

from forecasting import conventions

MOST_LIFT = 1_000.0
"""Largest lift that can be stated: far beyond anything that a shop has seen."""


class Function(StrEnum):
    """Who a person speaks for."""

    MARKETING = "marketing"
    MERCHANDISING = "merchandising"
    PLANNING = "planning"
    LEADERSHIP = "leadership"
    ADMIN = "admin"

    @property
    def label(self) -> str:
        """As shown on a page."""
        return self.value.capitalize()


INPUTS = (Function.MARKETING, Function.MERCHANDISING, Function.PLANNING)
"""The functions that give an input to the consensus."""


class Status(StrEnum):
    """Verdict on one featured SKU, or on a whole activation."""

    RED = "red"
    AMBER = "amber"
    GREEN = "green"
    BLUE = "blue"
    GREY = "grey"

    @property
    def label(self) -> str:
        """The word that goes with the colour."""
        return {
            "red": "Short",
            "amber": "Tight",
            "green": "Covered",
            "blue": "Excess",
            "grey": "No data",
        }[self.value]

    @property
    def sign(self) -> str:
        """The shape that goes with the colour, for those who cannot tell colours."""
        return {"red": "●", "amber": "◆", "green": "✓", "blue": "■", "grey": "○"}[self.value]


WORST_FIRST = (Status.RED, Status.AMBER, Status.GREY, Status.BLUE, Status.GREEN)
"""Statuses in the order in which people look at them."""


class Operation(StrEnum):
    """How people say a change."""

    SET = "set"
    ADD = "add"
    PERCENT = "percent"


class Measure(StrEnum):
    """What a forecast is counted in."""

    UNITS = "units"
    REVENUE = "revenue"
    MARGIN = "margin"

    @property
    def unit(self) -> str:
        """The sign that goes with an amount of it: u, or the currency's."""
        return "u" if self is Measure.UNITS else conventions.in_force().currency

    def in_words(self, value: float, *, sign: bool = False, digits: int = 1) -> str:
        """An amount of it: '1,200 u', '$1,200'; what is not known says so."""
        if value != value:
            return "unknown"
        plus = "+" if sign and value >= 0 else ""
        size = f"{abs(value):,.{digits}f}"
        size = size.rstrip("0").rstrip(".") if "." in size else size
        minus = "-" if value < 0 and size != "0" else ""
        here = conventions.in_force()
        if self is Measure.UNITS:
            return f"{here.spelled(f'{minus}{plus}{size}')} u"
        return here.money(f"{minus}{plus}{size}")


def money(value: float, *, sign: bool = False) -> str:
    """A sum as it stands in a sentence, three significant digits at most: $48k, $1.25M."""
    size = abs(value)
    before = "-" if value <= -0.5 else "+" if sign and value >= 0.5 else ""
    if size >= 1e6:
        figures = f"{size / 1e6:,.3g}M"
    elif size >= 1e3:
        figures = f"{size / 1e3:,.{0 if size >= 1e4 else 1}f}k"
    else:
        figures = f"{size:,.0f}"
    return conventions.in_force().money(before + figures)


class Reason(StrEnum):
    """Why a number was changed."""

    PROMO_ADD = "PROMO_ADD"
    PROMO_CHANGE = "PROMO_CHANGE"
    PROMO_CANCEL = "PROMO_CANCEL"
    PRICE = "PRICE"
    NEW_ITEM = "NEW_ITEM"
    EXIT = "EXIT"
    ASSORTMENT = "ASSORTMENT"
    COMPETITOR = "COMPETITOR"
    WEATHER = "WEATHER"
    EVENT = "EVENT"
    TREND = "TREND"
    STOCKOUT_FIX = "STOCKOUT_FIX"
    SUPPLY = "SUPPLY"
    TARGET_PRESSURE = "TARGET_PRESSURE"
    DATA_FIX = "DATA_FIX"
    OTHER = "OTHER"

    @property
    def label(self) -> str:
        """As shown in a list."""
        return {
            "PROMO_ADD": "Promotion added",
            "PROMO_CHANGE": "Promotion changed",
            "PROMO_CANCEL": "Promotion cancelled",
            "PRICE": "Price",
            "NEW_ITEM": "New item",
            "EXIT": "Exit",
            "ASSORTMENT": "Assortment or door",
            "COMPETITOR": "Competitor",
            "WEATHER": "Weather",
            "EVENT": "Event or holiday",
            "TREND": "Trend",
            "STOCKOUT_FIX": "Corrects a past stockout",
            "SUPPLY": "Supply",
            "TARGET_PRESSURE": "To meet a target",
            "DATA_FIX": "Data was wrong",
            "OTHER": "Other (say what)",
        }[self.value]


GLOSSARY: dict[str, str] = {
    "80% interval": "Range, from P10 to P90, that holds the actual in 80% of cases.",
    "Accuracy": "1 less WAPE of the published consensus, SKU by week over all doors, by the "
    "last version published in time: six weeks ahead or more for the Bridge, a lead time and "
    "a week or more for the buy. Not below zero.",
    "Actions on time": "Of actions and decisions that were due, the share done by their day.",
    "Activation": "One thing Marketing does that moves demand: a price cut, a feature, an "
    "e-mail, a social push, an event, a partnership drop.",
    "Actual": "Demand of a week that has closed: what was sold, plus an estimate of what would "
    "have been sold while shelves were empty.",
    "Added": "What an activation added to demand on balance: its lift, less what other SKUs of "
    "the class lost to it, less what was bought ahead of the weeks after it. Below zero it "
    "took more than it brought.",
    "Approved": "An order that Planning has decided on and that has not gone out yet: every "
    "plan counts it, and it can be taken back.",
    "As of": "The last closed week: its sales and closing stock are known. The plan starts in "
    "the week after.",
    "At risk": "Expected units short in the activation, times the promoted price (revenue) or "
    "the promoted price less unit cost (margin).",
    "Backtest": "Forecasts made as they would have been made in past weeks, compared with the "
    "actual demand of the weeks after.",
    "Baseline": "Expected demand at regular price with no activation, in units: level, season "
    "and trend.",
    "Best mix": "The cheapest combination of options that brings as many short SKUs as can be "
    "to their service target within a budget, or the one with most margin; worked out "
    "together. Only actions that earn more than they cost; less promotion or another SKU only "
    "where that is asked for.",
    "Bias": "Forecast less actual demand, over actual demand: above zero is too much.",
    "Bias correction": "What a function's number is multiplied by in the proposal, to take out "
    "the bias that it has shown.",
    "Bought ahead": "What is missing in the up to three weeks after an activation, since "
    "customers bought it earlier.",
    "Bridge": "Every planned activation mapped against the projected on hand of its featured "
    "SKUs, 6 to 8 weeks ahead.",
    "Buy plan": "What to order and when: demand and safety stock netted against stock and "
    "open orders, a lead time ahead.",
    "Change": "One plan less another, in units, money or per cent.",
    "Class week": "One class in one week, over all its SKUs and doors.",
    "Complete": "An activation is complete once its dates, SKUs, doors and discount stand as "
    "they then ran.",
    "Confirmed": "Units of an approved or released order that order lines or receipts in the "
    "files have brought.",
    "Consensus": "The one demand forecast that Marketing, Merchandising and Planning agree on.",
    "Correct flags": "In a replay: of the SKU-doors that were red, the share that ran out.",
    "Cost": "Of units, at unit cost; of an option, what it takes to expedite or move units.",
    "Covered": "Status: stock is likely to meet the demand of the activation.",
    "Cycle": "One round of the consensus: inputs, review, signatures, publication.",
    "Decided in time": "Of featured SKUs that were red before their start, the share about "
    "which something was decided while it could still be done.",
    "Decision": "An option that somebody has chosen: what is done, by whom, by when. It "
    "counts in the plan at once and can be taken back.",
    "Demand": "What customers want to buy, whether or not it is on the shelf. Sales are what "
    "was sold.",
    "Disagreement": "Largest less smallest number of the functions for the same weeks, "
    "over the statistical forecast.",
    "Door": "A selling location: a store, or an online shop.",
    "Downside": "Revenue below that of the draft if demand is at P10.",
    "Draft": "The open cycle's plan: agreed where agreed, else proposed, else statistical.",
    "Error": "Actual less forecast, or forecast less actual where bias is meant; "
    "absolute: without its sign.",
    "Exception": "A SKU on which the functions disagree, or whose assumption has expired.",
    "Excess": "Status: far more weeks of supply are left after the activation than are enough.",
    "Excess after promotions": "Stock at the end of activations beyond the weeks of supply "
    "that are enough, at the pace of the four weeks behind, over that stock; at cost.",
    "Expedite spend": "What decisions to bring orders forward cost, of those that stand.",
    "Featured SKU": "A SKU that an activation puts in front of customers.",
    "Fill rate": "Share of expected demand that stock will meet.",
    "Flagged in time": "In a replay: of the SKU-doors that ran out, the share that was "
    "red some weeks before.",
    "Forecast": "Expected demand by SKU, door and week, before stock is looked at.",
    "GMROI": "Gross margin of a year (after markdowns) over mean stock at cost.",
    "Headroom": "Projected on hand at the end of the week if this activation had no lift; "
    "below zero when stock is already short without it.",
    "Hold": "A cell that stays as it is when a total above it is changed.",
    "Input": "One function's own view of demand. Marketing, Merchandising and Planning each "
    "have one; nobody edits another's.",
    "Inventory turn": "What was sold in a year (52 weeks) over mean stock: cost over cost, "
    "units over units, or revenue over stock at retail. Mean of the week ends and the "
    "opening.",
    "Lag": "Weeks from the last known week to the week that is forecast: the first is lag 1.",
    "Lead time": "Weeks from releasing an order to the first day its units can be sold.",
    "Left at the end": "Stock of the featured SKUs at the end of an activation's last week, "
    "where it was counted; in money at unit cost.",
    "Left over": "Units of an order that are likely to be there still once the activation that "
    "it came for is over.",
    "Lift": "What an activation does to baseline demand: 1.8x means 80% more.",
    "Lift library": "What every past activation was worth, beside what was expected of it.",
    "Lost sales": "Demand beyond what was sold while shelves were empty, at the "
    "price in force. An estimate of the forecast model; nothing is taken as bought later.",
    "Margin": "Revenue less unit cost, of the units in demand.",
    "Margin added": "What an activation earned: margin of what was sold at the price paid, "
    "less what would have been earned without it at the regular price, less the margin of what "
    "other SKUs lost and of what was bought ahead. Before its spend.",
    "Margin saved": "Expected margin of everything that the SKUs concerned sell with an "
    "option, less the same without it; sales given up count against it.",
    "Markdown rate": "Money given away by permanent price cuts over net sales. Discounts of "
    "activations are not in it.",
    "Median": "The middle value: half of the values lie below it.",
    "Naive forecast": "Demand of the same week last year, taken as the forecast: the "
    "least that any forecast has to beat.",
    "Net": "Margin saved less the cost of the option.",
    "No data": "Status: stock, receipts or forecast are missing or old. What is unknown "
    "is never shown as covered.",
    "Notice": "Weeks from the first week at whose end the Bridge was red to the start of the "
    "activation.",
    "On hand": "Units in stock at a door, at the end of the last closed week unless "
    "another week is named.",
    "Open-to-buy": "Money left to spend on stock in a month; below zero is over-bought.",
    "Option": "One way to deal with a shortage: order more, expedite, reallocate, shift the "
    "featured SKU, reduce the expectation, or accept the risk.",
    "Other days": "Days on which a SKU could be sold at a door and no activation featured it.",
    "Override": "A function's change to its own input, with a reason.",
    "P10": "Lower end of the 80% interval: one time in ten it is less.",
    "P50": "What happens is below it half of the time.",
    "P90": "Upper end of the 80% interval: one time in ten it is more.",
    "Point": "Percentage point: from 30% to 28% is two points.",
    "Preventable": "In a replay: units lost that the best mix at the time would have "
    "prevented.",
    "Projected on hand": "Stock expected at the end of a week: stock now, plus receipts, less "
    "demand; never below zero.",
    "Projection": "Stock week by week as far as the plan reaches: on hand, plus receipts, less "
    "demand.",
    "Promoted days": "Days on which an activation features a SKU at a door where it is ranged.",
    "Promotion result": "What an activation added, in units and margin, and the return on "
    "its spend; what was planned beside it.",
    "Proposed": "Statistical forecast plus the mean change of the functions that changed the "
    "cell.",
    "Ran out": "The shelf was empty for part of the activation.",
    "Push back": "To have an order that is on its way come later, so that stock of which there "
    "is too much already does not grow; an order that is late by itself has slipped.",
    "Receipt": "Units due from a supplier at a door.",
    "Red": "Short: somebody has to decide what to do.",
    "Regular price": "Price of a unit without any discount.",
    "Release": "Placing an order. Now: this week; planned: in a later week.",
    "Replay": "Past weeks with what was known then: what the Bridge would have shown, "
    "compared with what happened.",
    "Return on spend": "Margin added less spend, over spend: at 0% an activation has paid for "
    "itself, below zero it cost more than it brought.",
    "Revenue": "Units in demand, at the regular price less the discount of the "
    "activation that runs in the week.",
    "Risk calibration": "Mean stockout risk less the share that ran out, in the last "
    "replay: above zero is too gloomy.",
    "Risk skill": "In a replay: how much better the stockout risks were than giving every "
    "SKU-door the average risk. 1 is perfect, 0 is no better.",
    "Routine replenishment": "The re-ordering that history shows: as often as the SKU is "
    "ordered, it fills stock and orders up to where the last order left them. It knows level "
    "and season, no activation and no coming change of price, and can only arrive after the "
    "lead time.",
    "Safety stock": "Units to have at the end of a week beyond expected demand, for the doubt "
    "in the forecast over lead time and review.",
    "Sales": "What was sold. Demand also counts what would have been sold while shelves were "
    "empty.",
    "Season": "How much more or less a class sells in a week of the year than in an "
    "ordinary week.",
    "Sell-through": "Sold in the quarter over what could have been: sold and left at its end. "
    "Net of returns.",
    "Sensing": "A correction of the next four weeks after last week's demand; it counts at "
    "once and rewrites nothing that was signed.",
    "Service level": "Share of replenishment cycles, or of units where the company says so, "
    "that stock is to meet in full.",
    "Short": "Status: stockout risk is high, or stock meets too little of demand. "
    "Leadership sets both limits.",
    "Shortage": "Demand that stock will not meet: units short.",
    "Signature": "A function's agreement to a department's numbers as they are; any later "
    "change of them voids it.",
    "SKU week": "One SKU in one week, over all doors: the unit in which forecasts are scored.",
    "SKU-door": "One SKU at one door.",
    "Spend": "What Marketing paid for an activation, as the calendar states it. Discounts are "
    "not in it: they are in the margin.",
    "Spillover": "What activations do outside their own weeks and SKUs: customers who bought "
    "ahead stay away for up to three weeks, and other SKUs of the class lose or gain.",
    "Statistical": "Baseline plus the expected lift of every activation, before anybody "
    "changes anything.",
    "Status of an activation": "Short: a fifth of its demand is at SKU-doors that are Short, "
    "or a fifth of the margin that its lift is to earn is at risk. Tight: a fifth of its "
    "demand is Short or Tight, a tenth of that margin is at risk, or any of its SKUs is Short. "
    "The margin at risk that is shown is the one that it is judged by.",
    "Stockout rate": "Of SKU-door-days on which it is known, the share that the shelf was "
    "empty; promoted: days of activations, where the SKU is ranged. A day counts once.",
    "Stockout rate by activation": "Activations with a featured SKU out for more than a tenth "
    "of its days, over activations.",
    "Stockout rate by lost demand": "Sales lost in activations over sales made and lost, in "
    "money.",
    "Stockout rate by SKU-door": "Featured SKUs at doors that were out for a day or more, "
    "over all of them.",
    "Stockout risk": "Probability that demand is not met in full in at least one week.",
    "Taken from others": "What other SKUs of the class lost to an activation at the same "
    "doors; below zero they gained.",
    "Threshold": "Headroom must cover the expected lift so far, times a share set per "
    "activation type (1.0: all of it).",
    "Tight": "Status: stockout risk is worth watching, or stock does not cover the lift.",
    "Too late to order": "Needed before an order placed today could arrive: expedite, "
    "move stock or accept the shortage.",
    "Units": "Pieces of a SKU; shown as u.",
    "Units short": "Expected demand that stock will not meet, in units.",
    "Upside": "Revenue above that of the draft if demand is at P90.",
    "Value added": "How much a step or a function improved the forecast: the WAPE of what "
    "it is compared with, less its own, in points. Above zero is better.",
    "Version": "A published consensus; it never changes.",
    "WAPE": "Weighted absolute percentage error: the errors of all SKU weeks, added up without "
    "sign, over actual demand. Judged by the median forecast; lower is better.",
    "Weeks of supply": "How long stock lasts against forward demand.",
    "Weeks of supply at the end": "Stock at the end of the quarter over what was sold in a "
    "week of it.",
    "Weight": "Share that a function's number has in the proposed number.",
    "Working plan": "The latest published consensus plus the decisions taken since; before "
    "anything is published, the draft.",
}
"""Term to definition; every term shown on a page is here."""
