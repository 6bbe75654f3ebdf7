"""The file contract as data: every table that can be imported, column by column.

Everything that reads, checks, stores, documents or offers a template of a table works
from here, so that a column is described once.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from forecasting.vocabulary import MOST_LIFT


class Kind(StrEnum):
    """What a column holds."""

    ID = "id"
    TEXT = "text"
    DATE = "date"
    NUMBER = "number"
    WHOLE = "whole"
    SHARE = "share"
    CHOICE = "choice"


SQL_TYPES = {
    Kind.ID: "varchar",
    Kind.TEXT: "varchar",
    Kind.DATE: "date",
    Kind.NUMBER: "double",
    Kind.WHOLE: "bigint",
    Kind.SHARE: "double",
    Kind.CHOICE: "varchar",
}

BEYOND_ANY_RETAILER = 1e10
"""No count or amount of one line is larger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a table."""

    name: str
    kind: Kind
    about: str
    example: str = ""
    required: bool = False
    low: float | None = None
    """Smallest value allowed; None: minus the largest."""
    high: float | None = None
    """Largest value allowed; None: what is beyond any retailer."""
    choices: tuple[str, ...] = ()
    refers_to: tuple[str, str] | None = None
    """(table, column) in which the value must exist."""

    @property
    def sql_type(self) -> str:
        """Type of the stored column."""
        return SQL_TYPES[self.kind]

    @property
    def expected(self) -> str:
        """What is expected, in words, for an error."""
        match self.kind:
            case Kind.ID:
                return "a name of 1 to 200 characters without control characters"
            case Kind.TEXT:
                return "text of at most 2,000 characters"
            case Kind.DATE:
                return "a date as YYYY-MM-DD between 1990 and 2100"
            case Kind.NUMBER:
                least = "" if self.low is None else f" of at least {self.low:g}"
                most = (
                    ", below 10,000,000,000"
                    if self.high is None
                    else f", at most {self.high:,g}"
                )
                return f"a plain number{least}{most}"
            case Kind.WHOLE:
                least = "" if self.low is None else f" of at least {self.low:g}"
                return f"a whole number{least}"
            case Kind.SHARE:
                return "a share between 0 and 1"
            case Kind.CHOICE:
                return "one of " + ", ".join(self.choices)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table of the contract."""

    name: str
    about: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    """Columns of which no combination may stand twice in one import."""
    replaces_by: tuple[str, ...] = ()
    """A later import of these values replaces every row an earlier one gave them."""
    spans: tuple[tuple[str, str], ...] = ()
    """(start, end) columns: an end before its start is refused."""
    one_of: tuple[str, ...] = ()
    """At least one of these columns must be filled in every row."""

    def column(self, name: str) -> Column:
        """The column of that name."""
        return next(column for column in self.columns if column.name == name)

    @property
    def names(self) -> tuple[str, ...]:
        """Column names, in the order of the contract."""
        return tuple(column.name for column in self.columns)

    @property
    def is_dated(self) -> bool:
        """Whether a row speaks of one day, so that a later import leaves other days alone."""
        return "date" in self.replaces_by


def _id(name: str, about: str, example: str, **more: object) -> Column:
    return Column(name=name, kind=Kind.ID, about=about, example=example, **more)  # type: ignore[arg-type]


def _text(name: str, about: str, example: str = "") -> Column:
    return Column(name=name, kind=Kind.TEXT, about=about, example=example)


def _date(name: str, about: str, example: str = "", *, required: bool = False) -> Column:
    return Column(name=name, kind=Kind.DATE, about=about, example=example, required=required)


def _number(
    name: str,
    about: str,
    example: str = "",
    *,
    required: bool = False,
    low: float | None = 0.0,
    high: float | None = None,
) -> Column:
    return Column(
        name=name,
        kind=Kind.NUMBER,
        about=about,
        example=example,
        required=required,
        low=low,
        high=high,
    )


def _whole(name: str, about: str, example: str = "", *, low: float = 0) -> Column:
    return Column(name=name, kind=Kind.WHOLE, about=about, example=example, low=low)


def _share(name: str, about: str, example: str = "") -> Column:
    return Column(name=name, kind=Kind.SHARE, about=about, example=example)


def _choice(
    name: str, about: str, choices: tuple[str, ...], *, required: bool = False
) -> Column:
    return Column(
        name=name,
        kind=Kind.CHOICE,
        about=about,
        example=choices[0],
        choices=choices,
        required=required,
    )


_SKU = _id("sku", "the SKU", "CT-001-NAVY-M", required=True, refers_to=("skus", "sku"))
_DOOR = _id("door", "the door", "D01", required=True, refers_to=("doors", "door"))

_ALL = (
    Table(
        name="skus",
        about="one SKU; money is per unit, weeks are whole",
        key=("sku",),
        replaces_by=("sku",),
        spans=(("launch_date", "exit_date"),),
        columns=(
            _id("sku", "identifier", "CT-001-NAVY-M", required=True),
            _text("description", "what people call it", "Wool coat, navy, M"),
            _text("style", "style it belongs to", "CT-001"),
            _id("class", "class, the level at which season is shared", "Coats", required=True),
            _text("department", "department", "Apparel"),
            _text("colour", "colour", "navy"),
            _text("size", "size", "M"),
            _number("unit_cost", "cost of one unit", "48.00"),
            _number("unit_price", "regular price of one unit", "120.00"),
            _whole("case_pack", "units per case", "6", low=1),
            _whole("moq", "smallest order, units", "120"),
            _whole("lead_time_weeks", "weeks from release to the shelf", "6"),
            _share("service_level", "probability of no stockout in a cycle", "0.95"),
            _number("holding_cost", "cost of holding one unit for a week", "0.20"),
            _whole("expedite_weeks", "weeks an expedited order can gain", "2"),
            _number("expedite_cost", "extra cost of one expedited unit", "4.00"),
            _number("presentation_min", "units a door needs for display", "2"),
            _date("launch_date", "first day on sale", "2024-02-04"),
            _date("exit_date", "last day on sale"),
            _text("like_sku", "SKU whose history stands in for a new one"),
            _text("supplier", "who makes it", "Northmill"),
        ),
    ),
    Table(
        name="doors",
        about="one selling or supply location",
        key=("door",),
        replaces_by=("door",),
        columns=(
            _id("door", "identifier", "D01", required=True),
            _text("name", "what people call it", "Lyon Centre"),
            _text("region", "region", "South"),
            _text("channel", "channel", "Stores"),
            _choice("kind", "what it is (blank: store)", ("store", "online", "dc")),
            _whole("transfer_weeks", "weeks a transfer from or to it takes", "1"),
            _number("transfer_cost", "cost of moving one unit", "2.50"),
        ),
    ),
    Table(
        name="ranging",
        about="where and when a SKU is sold, a row for each span of days: a door that is shut "
        "for a while has one row until then and one from when it opens; without any row of a "
        "SKU: where it sold or was stocked in the last 13 weeks",
        replaces_by=("sku",),
        spans=(("from", "to"),),
        columns=(
            _SKU,
            _DOOR,
            _date("from", "first day (blank: always)", "2024-02-04"),
            _date("to", "last day (blank: no end)"),
        ),
    ),
    Table(
        name="lanes",
        about="one transfer lane; without it: any two doors at the doors' own weeks "
        "and cost",
        key=("from_door", "to_door"),
        replaces_by=("from_door", "to_door"),
        columns=(
            _id("from_door", "giving door", "D01", required=True, refers_to=("doors", "door")),
            _id("to_door", "taking door", "D02", required=True, refers_to=("doors", "door")),
            _whole("weeks", "weeks it takes", "1"),
            _number("cost", "cost of moving one unit", "2.50"),
            _number("min_units", "smallest move", "3"),
        ),
    ),
    Table(
        name="sales",
        about="units sold of one SKU at one door in a day or week; several rows of one "
        "day are summed. What has no row in a week in which its door sold anything sold none; a "
        "week in which a door has no row at all is unknown (Metrics, Which weeks are evidence)",
        replaces_by=("sku", "door", "date"),
        columns=(
            _date("date", "day, or any day of the fiscal week", "2026-11-15", required=True),
            _SKU,
            _DOOR,
            _number("units", "units sold; negative is a return", "12", required=True, low=None),
            _number("revenue", "money taken", "1440.00", low=None),
            _number("markdown", "money given away by permanent price cuts", "0"),
            _share("in_stock", "share of the period on the shelf (0-1)", "1"),
        ),
    ),
    Table(
        name="prices",
        about="regular price from a date on",
        replaces_by=("sku", "door", "date"),
        columns=(
            _date("date", "first day of the price", "2026-02-01", required=True),
            _SKU,
            _id("door", "door (blank: all)", "", refers_to=("doors", "door")),
            _number("regular_price", "price of one unit", "120.00", required=True),
        ),
    ),
    Table(
        name="terms",
        about="what holds from a date on where skus has one value for ever: of a SKU, or of "
        "all SKUs of a class, of a supplier, or of both; blank: as it was. The latest row holds "
        "that speaks most closely of a SKU: its own, then its supplier's, then its class's, "
        "then what skus says",
        key=("date", "sku", "class", "supplier"),
        replaces_by=("date", "sku", "class", "supplier"),
        one_of=("sku", "class", "supplier"),
        columns=(
            _date("date", "first day on which it holds", "2027-01-04", required=True),
            _id("sku", "SKU (or a class or supplier)", "CT-001-NAVY-M", refers_to=("skus", "sku")),
            _id("class", "all SKUs of a class", "", refers_to=("skus", "class")),
            _id("supplier", "all SKUs of a supplier", "", refers_to=("skus", "supplier")),
            _number("unit_cost", "cost of one unit", "51.00"),
            _whole("lead_time_weeks", "weeks from release to the shelf of what is released then", "9"),
            _share("service_level", "probability of no stockout in a cycle", "0.97"),
        ),
    ),
    Table(
        name="inventory",
        about="stock at the end of a date",
        key=("date", "sku", "door"),
        replaces_by=("sku", "door", "date"),
        columns=(
            _date("date", "day", "2026-11-21", required=True),
            _SKU,
            _DOOR,
            _number("on_hand", "units in stock; below zero: owed to customers", "34", required=True, low=None),
            _number("in_transit", "units shipped to this door, not yet there", "0"),
        ),
    ),
    Table(
        name="receipts",
        about="one line of an order; received ones are the supplier's record",
        replaces_by=("receipt", "sku", "door"),
        columns=(
            _id("receipt", "order or delivery", "PO-1042", required=True),
            _SKU,
            _DOOR,
            _date("eta", "day it is due", "2026-12-06", required=True),
            _number("units", "units", "60", required=True),
            _choice("status", "state (blank: confirmed)", ("confirmed", "planned", "in_transit", "received")),
            _text("supplier", "who delivers", "Northmill"),
            _date("ordered", "day it was ordered", "2026-10-25"),
            _date("original_eta", "day it was first due", "2026-11-29"),
            _date("received", "day it came"),
            _date("expedite_eta", "earliest day if expedited", "2026-11-29"),
        ),
    ),
    Table(
        name="activations",
        about="one marketing activation, past or planned",
        key=("activation",),
        replaces_by=("activation",),
        spans=(("start", "end"),),
        columns=(
            _id("activation", "identifier", "A-2026-43", required=True),
            _text("name", "what people call it", "Holiday e-mail"),
            _id("type", "price, feature, display, email, social, event, partnership, ...", "email", required=True),
            _date("start", "first day", "2026-11-29", required=True),
            _date("end", "last day", "2026-12-19", required=True),
            _choice("status", "state (blank: planned)", ("planned", "confirmed", "cancelled", "done")),
            _text("owner", "who answers for it", "Ada Sample"),
            _text("channel", "where it runs", "e-mail"),
            _number("spend", "money spent", "20000"),
            _date("lock_date", "last day on which it can be changed", "2026-11-20"),
            _date("known_from", "day it entered the calendar", "2026-10-01"),
            _choice("sell_out", "planned to sell out, so that running out is no miss (blank: no)", ("no", "yes")),
        ),
    ),
    Table(
        name="activation_items",
        about="one featured SKU or style of an activation",
        replaces_by=("activation",),
        one_of=("sku", "style"),
        columns=(
            _id("activation", "the activation", "A-2026-43", required=True, refers_to=("activations", "activation")),
            _id("sku", "featured SKU (or a style)", "CT-001-NAVY-M", refers_to=("skus", "sku")),
            _id("style", "featured style (all its SKUs)", "", refers_to=("skus", "style")),
            _id("door", "door (blank: all ranged doors)", "", refers_to=("doors", "door")),
            _share("discount", "price cut (0-1; one free with one bought: 0.5)", "0.2"),
            _number("lift", "multiplier on baseline (blank: estimated)", "1.8", high=MOST_LIFT),
            _date("known_from", "day it entered the calendar", "2026-10-01"),
        ),
    ),
    Table(
        name="budget",
        about="a target, never mixed with the forecast",
        replaces_by=("date", "class", "sku"),
        one_of=("class", "sku"),
        columns=(
            _date("date", "any day of the week or month", "2026-11-01", required=True),
            _id("class", "class (or a SKU)", "Coats"),
            _id("sku", "SKU (or a class)", "", refers_to=("skus", "sku")),
            _number("units", "units", "420"),
            _number("value", "money at retail", "50400"),
        ),
    ),
    Table(
        name="kpis",
        about="what Marketing watches",
        replaces_by=("date", "metric", "channel"),
        columns=(
            _date("date", "day or any day of the week", "2026-11-15", required=True),
            _id("metric", "traffic, conversion, ...", "traffic", required=True),
            _text("channel", "channel", "online"),
            _number("value", "value", "51200", required=True, low=None),
        ),
    ),
)  # fmt: skip

TABLES: dict[str, Table] = {table.name: table for table in _ALL}
"""Every table of the contract, by name, masters before what refers to them."""
