"""What looks odd is found in companies that have it, and in none that have not."""

import datetime as dt

import pandas as pd
import pytest

from forecasting.errors import NotAllowed, OutOfBounds, Refused, UnknownName
from forecasting.intake import oddities
from forecasting.intake.checks import CHECKS
from forecasting.intake.oddities import Oddity
from forecasting.vocabulary import Function
from tests.company import imported
from tests.data.test_netted import by_day, returning
from tests.odd import (
    LAST,
    activation,
    changed,
    company,
    found,
    item,
    order,
    sales_with,
    sku,
    week,
    without,
)

ODD = [
    # kind, subject, what the example or the words must hold, tables
    ("budget_names", "Cupps", "Cups", changed("budget", {"date": week(-1), "class": "Cupps", "units": 9.0})),
    ("budget_names", "TRAYS", "Trays", changed("budget", {"date": week(-2), "class": "TRAYS", "value": 90.0})),
    ("missing_tables", "inventory", "grey", without("inventory")),
    ("missing_tables", "receipts", "routine", without("receipts")),
    ("missing_tables", "skus.lead_time_weeks", "6 weeks", without("skus", "lead_time_weeks")),
    ("missing_tables", "skus.unit_cost", "Margin", without("skus", "unit_cost")),
    ("weeks_of_company", "all doors", "2.0 times", company(sales=sales_with(lambda b, _: 2.0 if b == 30 else 1.0))),
    ("weeks_of_company", "all doors", "Nov 15, 2026", company(sales=sales_with(lambda b, _: 0.3 if b == 0 else 1.0))),
    ("weeks_of_doors", "MILL", "3.0 times", company(sales=sales_with(lambda b, d: 3.0 if (b, d) == (12, "MILL") else 1.0))),
    ("weeks_of_doors", "HIGH ST", "0.1 times", company(sales=sales_with(lambda b, d: 0.1 if (b, d) == (40, "HIGH ST") else 1.0))),
    ("activation_without_skus", "BARE", "Bare", changed("activations", activation("BARE", -4))),
    ("activation_without_skus", "RUNS", "Runs", changed("activations", activation("RUNS", 0, end=week(-2)))),
    ("activation_without_stock", "NEXT", "LID", changed("activation_items", item("NEXT", sku="LID"), skus=[sku("CUP"), sku("TRAY", **{"class": "Trays"}), sku("LID")])),
    ("activation_without_stock", "NEXT", "BOX-B", changed("activation_items", item("NEXT", sku=None, style="BOX"), skus=[sku("CUP"), sku("TRAY", **{"class": "Trays"}), sku("BOX-B", style="BOX")])),
    ("activation_not_ranged", "NEXT", "CUP at OUTLET", changed("activation_items", item("NEXT", door="OUTLET"), doors=[{"door": d, "kind": "store"} for d in ("HIGH ST", "MILL", "OUTLET")])),
    ("activation_not_ranged", "NEXT", "CUP", company(ranging=[{"sku": "CUP", "door": "MILL", "to": week(-1)}, {"sku": "TRAY", "door": "MILL", "to": None}])),
    ("type_never_seen", "influencer", "email", changed("activations", activation("NEW", -4, type="influencer"))),
    ("type_never_seen", "E-Mail", "email", changed("activations", activation("NEW", -2, type="E-Mail"))),
    ("launch_without_like", "Cups", "MUG", changed("skus", sku("MUG", launch_date=week(-5)))),
    ("launch_without_like", "Trays", "which is no SKU", changed("skus", sku("OVAL", launch_date=week(-5), like_sku="TRAYY", **{"class": "Trays"}))),
    ("cost_above_price", "Cups", "costs $15.00", company(skus=[sku("CUP", unit_cost=15.0), sku("TRAY", **{"class": "Trays"})])),
    ("cost_above_price", "Trays", "sells for $4.00", changed("prices", {"date": week(2), "sku": "TRAY", "regular_price": 4.0})),
    ("terms_of_no_sku", "TRAY, Cups", "from", changed("terms", {"date": week(-6), "sku": "TRAY", "class": "Cups", "supplier": None, "unit_cost": 4.0})),
    ("terms_of_no_sku", "Cups, Northmill", "on", changed("terms", {"date": week(3), "sku": None, "class": "Cups", "supplier": "Northmill", "unit_cost": 4.0})),
    ("returns_netted", "MILL", "of CUP", by_day(netted=True)),
    ("returns_netted", "MILL", "-", returning(netted=True)),
    ("stock_below_zero", "MILL", "-7", changed("inventory", {"date": LAST + dt.timedelta(7), "sku": "CUP", "door": "MILL", "on_hand": -7.0})),
    ("stock_below_zero", "HIGH ST", "TRAY", changed("inventory", {"date": LAST + dt.timedelta(7), "sku": "TRAY", "door": "HIGH ST", "on_hand": -1.0})),
    ("discount_at_the_edge", "NEXT", "100% off", company(activation_items=[item("PAST"), item("NEXT", discount=1.0)])),
    ("discount_at_the_edge", "PAST", "92% off", company(activation_items=[item("PAST", discount=0.92), item("NEXT")])),
    ("service_at_the_edge", "Cups", "CUP: 1", company(skus=[sku("CUP", service_level=1.0), sku("TRAY", **{"class": "Trays"})])),
    ("service_at_the_edge", "Trays", "0.999", company(skus=[sku("CUP"), sku("TRAY", service_level=0.999, **{"class": "Trays"})])),
    ("known_after_start", "PAST", "began", company(activations=[activation("PAST", 20, known_from=week(19)), activation("NEXT", -3)])),
    ("known_after_start", "NEXT", "known from", company(activations=[activation("PAST", 20), activation("NEXT", -3, known_from=week(-4))])),
    ("item_known_after_start", "PAST", "CUP known from", company(activation_items=[item("PAST", known_from=week(19)), item("NEXT")])),
    ("item_known_after_start", "PAST", "TRAY", changed("activation_items", item("PAST", sku="TRAY", known_from=week(18)))),
    ("sold_where_not_ranged", "MILL", "TRAY", company(ranging=[{"sku": "CUP", "door": "HIGH ST"}, {"sku": "CUP", "door": "MILL"}, {"sku": "TRAY", "door": "HIGH ST"}])),
    ("sold_where_not_ranged", "HIGH ST", "CUP", company(ranging=[{"sku": "CUP", "door": "HIGH ST", "to": week(8)}, {"sku": "CUP", "door": "MILL"}, {"sku": "TRAY", "door": "HIGH ST"}, {"sku": "TRAY", "door": "MILL"}])),
    ("stock_never_sold", "MILL", "TRAY: 80", company(sales=[r for r in company()["sales"].to_dict("records") if (r["sku"], r["door"]) != ("TRAY", "MILL")])),
    ("stock_never_sold", "HIGH ST", "CUP: 80", company(sales=[r for r in company()["sales"].to_dict("records") if (r["sku"], r["door"]) != ("CUP", "HIGH ST")])),
    ("receipts_past_due", "Northmill", "PO9", changed("receipts", order("PO9", eta=week(6)))),
    ("receipts_past_due", "orders for MILL", "PO8", changed("receipts", order("PO8", eta=week(4), supplier=None, status="in_transit"))),
    ("names_alike", "SKU 0042", "'0042' and '42'", changed("skus", sku("0042"), sku("42"))),
    ("names_alike", "door MILL", "'Mill'", changed("doors", {"door": "Mill", "kind": "store"})),
    ("names_alike", "class Cups", "'cups '", changed("skus", sku("MUG", **{"class": "cups "}))),
    ("names_nearly_alike", "channel Storse", "'Stores' (rows: 2)", company(doors=[{"door": d, "kind": "store", "channel": c} for d, c in (("HIGH ST", "Stores"), ("MILL", "Storse"), ("QUAY", "Stores"))])),
    ("names_nearly_alike", "class Cup", "'Cups'", changed("skus", sku("MUG", **{"class": "Cup"}))),
    ("names_nearly_alike", "metric trafic", "'traffic'", changed("kpis", *[{"date": week(n), "metric": m, "value": 9.0} for n, m in enumerate(("traffic", "traffic", "trafic"))])),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "subject", "holds", "tables"), ODD, ids=[f"{k}-{s}-{n}" for n, (k, s, _, _) in enumerate(ODD)]
)  # fmt: skip
def test_what_is_odd_is_named_with_an_example_and_what_to_do(kind, subject, holds, tables):
    every = found(tables)
    named = [one for one in every if (one.kind, one.subject) == (kind, subject)]
    assert len(named) == 1, [one.key for one in every]
    (one,) = named
    assert holds in one.sentence
    assert one.count > 0
    assert one.weight >= 0
    assert one.assumed
    assert one.todo
    assert [o.key for o in every if o.kind == "check_failed"] == []


def test_every_check_is_tried_with_two_companies_at_least():
    tried = [kind for kind, *_ in ODD]
    assert {c.kind for c in CHECKS if c.has_query and tried.count(c.kind) < 2} == set()


def test_nothing_looks_odd_in_a_company_that_has_nothing_odd():
    assert [one.sentence for one in found(company())] == []


def test_only_what_is_true_looks_odd_in_the_sample_company(space):
    """It features a style or two that have left the range by then. What other modules find is
    tried where they are."""
    skus = space.store.table("skus").set_index("sku")
    ours = {check.kind for check in CHECKS if check.has_query}
    for one in (one for one in space.oddities.open("dana") if one.kind in ours):
        assert one.kind == "activation_not_ranged", one.sentence
        begins = space.calendar.one(one.subject).start
        left = {name for _, name in (t.split("/") for t in one.touches)} - {one.subject}
        assert left
        assert (
            pd.to_datetime(skus.loc[sorted(left), "exit_date"]) < pd.Timestamp(begins)
        ).all()


@pytest.mark.parametrize(
    ("one", "other"), [("Shirts", "Skirts"), ("North", "South"), ("Line 1", "Line 2")]
)
def test_another_letter_or_digit_is_another_name(one, other):
    doors = [
        {"door": d, "kind": "store", "region": r}
        for d, r in (("HIGH ST", one), ("MILL", other))
    ]
    assert [o.key for o in found(company(doors=doors))] == []


@pytest.mark.parametrize("back", [5, 33])
def test_a_week_that_an_activation_explains_is_not_odd(back):
    tables = company(
        sales=sales_with(lambda b, _: 3.0 if b == back else 1.0),
        activations=[activation("PAST", back), activation("NEXT", -3)],
    )
    assert [one.key for one in found(tables)] == []


def test_a_peak_that_comes_every_year_is_not_odd():
    tables = company(sales=sales_with(lambda b, _: 2.4 if b in (6, 58) else 1.0))
    assert [one.key for one in found(tables)] == []


def test_what_moves_most_units_comes_first():
    tables = company(
        sales=sales_with(lambda b, _: 2.5 if b == 30 else 1.0),
        inventory=[{"date": LAST, "sku": "CUP", "door": "MILL", "on_hand": -3.0}],
    )
    every = found(tables)
    kinds = [one.kind for one in every]
    assert kinds.index("weeks_of_company") < kinds.index("stock_below_zero")
    assert [one.weight for one in every] == sorted((o.weight for o in every), reverse=True)


def test_an_activation_that_was_cancelled_in_the_app_is_not_spoken_of(space_of_two):
    space = space_of_two
    names = {one.subject for one in space.oddities.open("dana")}
    assert "BARE" in names
    space.calendar.cancel("mara", "BARE")
    assert "BARE" not in {one.subject for one in space.oddities.open("dana")}


@pytest.fixture
def space_of_two():
    """A company with an activation without SKUs and a door with stock below zero."""
    tables = changed("activations", activation("BARE", -4))
    below = {"date": LAST + dt.timedelta(7), "sku": "CUP", "door": "MILL", "on_hand": -7.0}
    tables["inventory"] = pd.concat([tables["inventory"], pd.DataFrame([below])])
    space = imported(tables)
    people = (("mara", Function.MARKETING), ("dana", Function.PLANNING))
    for identity, function in people:
        space.set_person("admin", identity=identity, name=identity.title(), function=function)
    yield space
    space.close()


def test_what_is_accepted_by_name_is_folded_until_there_is_more_of_it(space_of_two, tmp_path):
    space = space_of_two
    key = "stock_below_zero: MILL"
    assert space.oddities.beside("door", "MILL") == 1
    event = space.oddities.accept("dana", key, note="Counted again on Monday")
    assert "Stock below zero: MILL" in event.sentence
    assert key not in [one.key for one in space.oddities.open("dana")]
    assert key in [one.key for one in space.oddities.every("dana")]
    assert space.oddities.accepted(key).note == "Counted again on Monday"
    assert space.oddities.beside("door", "MILL") == 0
    with pytest.raises(Refused, match="accepted already"):
        space.oddities.accept("dana", key, note="Again")
    more = tmp_path / "inventory.csv"
    more.write_text(f"date,sku,door,on_hand\n{LAST + dt.timedelta(8)},TRAY,MILL,-2\n")
    space.import_files("admin", [more])
    assert key in [one.key for one in space.oddities.open("dana")]


def test_what_was_accepted_can_be_shown_again(space_of_two):
    oddities_ = space_of_two.oddities
    key = "activation_without_skus: BARE"
    oddities_.accept("admin", key, note="Its SKUs come next week")
    assert key not in [one.key for one in oddities_.open("dana")]
    oddities_.show_again("dana", key)
    assert key in [one.key for one in oddities_.open("dana")]
    with pytest.raises(Refused, match="not accepted"):
        oddities_.show_again("dana", key)


def test_accepting_needs_the_right_a_name_and_a_note(space_of_two):
    oddities_ = space_of_two.oddities
    key = "stock_below_zero: MILL"
    with pytest.raises(NotAllowed):
        oddities_.accept("mara", key, note="Fine")
    with pytest.raises(OutOfBounds, match="note"):
        oddities_.accept("dana", key, note="  ")
    with pytest.raises(UnknownName):
        oddities_.accept("dana", "stock_below_zero: HIGH ST", note="Fine")
    assert key in [one.key for one in oddities_.open("dana")]


def test_marks_count_what_is_open_beside_each_name(space_of_two):
    oddities_ = space_of_two.oddities
    assert oddities_.marks("door") == {"MILL": 1}
    assert oddities_.marks("activation") == {"BARE": 1}
    assert oddities_.marks("sku") == {"CUP": 1}


ROW = {"kind": "door_silent", "subject": "MILL", "count": 3, "example": "week 40",
       "assumed": "Unknown.", "todo": "Import it.", "weight": 1e6}  # fmt: skip


@pytest.mark.parametrize("row", [ROW, Oddity(**ROW)], ids=["a row", "an oddity"])
def test_other_modules_bring_what_they_find(monkeypatch, space_of_two, row):
    monkeypatch.setattr(oddities, "PROVIDERS", (lambda _store: [row],))
    first = space_of_two.oddities.open("dana")[0]
    assert (first.title, first.subject) == ("door silent", "MILL")
    assert space_of_two.oddities.beside("door", "MILL") == 2


def test_a_check_that_breaks_says_so_and_takes_nothing_else_with_it(monkeypatch, space_of_two):
    def broken(_store):
        raise ZeroDivisionError

    monkeypatch.setattr(oddities, "PROVIDERS", (broken, lambda _store: [ROW]))
    keys = [one.key for one in space_of_two.oddities.open("dana")]
    assert "check_failed: broken" in keys
    assert "door_silent: MILL" in keys


def test_the_command_line_says_the_heaviest_and_how_many_more():
    many = [Oddity(**{**ROW, "subject": f"D{n}"}) for n in range(15)]
    lines = oddities.told(many)
    assert lines[0] == "15 things look odd in this data:"
    assert len(lines) == 14
    assert "3 more" in lines[-1]
    assert oddities.told([]) == []
