"""The words of what can look odd in the data: what it is, what is assumed, what mends it.

What is found is oddities.py's; here it is put in words, for pages, the command line and docs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


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


_LASTING = "It is taken for lasting: the forecast goes on from the level of the latest weeks."

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
        kind="step_of_company",
        title="The whole company's level has changed and stayed so",
        assumed=_LASTING,
        todo=(
            "Check whether the files changed (a door or channel more or less, cases for "
            "units). If trade did, accept it by name."
        ),
        has_query=False,
    ),
    Check(
        kind="step_of_doors",
        title="Doors of which the level has changed and stayed so",
        assumed=_LASTING,
        todo=(
            "Check whether its file changed (cases for units, tills missing, another "
            "door's sales in it). If trade did, accept it by name."
        ),
        has_query=False,
    ),
    Check(
        kind="step_of_skus",
        title="SKUs of which the level has changed and stayed so",
        assumed=_LASTING,
        todo=(
            "Import what explains it (an activation, a price, a SKU that took its place, "
            "cases for units). If trade changed, accept it by name."
        ),
        has_query=False,
    ),
    Check(
        kind="budget_names",
        title="A class of the budget that no SKU has",
        assumed="Its rows count nowhere: the class that is meant has no budget.",
        todo="Write the class as skus writes it, and import the budget again.",
    ),
    Check(
        kind="terms_of_no_sku",
        title="Rows of terms that no SKU matches",
        assumed="They count nowhere: a row speaks of the SKUs that match all that it names.",
        todo="Give SKU, class and supplier as skus has them, or leave out what is not needed.",
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
            "Check unit_cost (in skus or terms) and regular_price: per unit, in one currency, "
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
        assumed=("At most 99.9% is planned for: no stock is enough for certain."),
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
        kind="names_nearly_alike",
        title="Names that may be one, misspelt",
        assumed="They are different ones: totals, season and lift are divided between them.",
        todo="Write it the same way in every file; accept it by name if there are both.",
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
        kind="returns_netted",
        title="Doors that tell units with returns taken off",
        assumed="What they tell is net by the week, and so is what is foreseen and bought; "
        "nothing more comes back.",
        todo="Nothing, if goods go back on the shelf. Else import what was sold, and returns "
        "as rows of their own.",
    ),
    Check(
        kind="prices_announced",
        title="Prices announced for later weeks",
        assumed="Demand and money follow them from that week on.",
        todo="Nothing, if they are right.",
        has_query=False,
    ),
    Check(
        kind="terms_announced",
        title="Costs, lead times or service levels that change in later weeks",
        assumed="Each week of the plan has the value that holds then.",
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


def check_of(kind: str) -> Check:
    """The words of a kind."""
    return next(check for check in CHECKS if check.kind == kind)


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
