"""Which week is the last complete one: tried on files that end where somebody cut them."""

import datetime as dt

import pandas as pd
import pytest

from data.closing import closing
from forecasting import write
from tests.company import imported

FIRST = dt.date(2026, 6, 7)
"""A Sunday."""
WEEKS = 12
LAST = FIRST + dt.timedelta(7 * (WEEKS - 1))
DOORS = ("D1", "D2", "D3")


def days(door: str, *, until: dt.date, of_week=range(7), since=FIRST, units=5.0):
    """A row of sales on some days of every week."""
    every = pd.date_range(since, until)
    kept = [d for d in every if (d.day_of_week + 1) % 7 in of_week]
    return pd.DataFrame({"date": kept, "sku": "A", "door": door, "units": units})


def closed(*sales: pd.DataFrame, **tables: pd.DataFrame):
    rows = pd.concat(sales, ignore_index=True)
    space = imported(
        {
            "skus": pd.DataFrame({"sku": ["A"], "class": "Lamps"}),
            "doors": pd.DataFrame({"door": DOORS, "kind": "store"}),
            "sales": rows,
            **tables,
        }
    )
    try:
        return closing(space.store)
    finally:
        space.close()


def weekly(door: str, *, day=0, weeks=WEEKS, units=35.0) -> pd.DataFrame:
    """One row a week, dated by one of its days."""
    until = FIRST + dt.timedelta(7 * weeks - 1)
    return days(door, until=until, of_week=[day], units=units)


SATURDAY = LAST + dt.timedelta(6)


@pytest.mark.parametrize("more_days", [0, 1, 2, 5])
def test_daily_rows_that_stop_within_a_week_leave_it_out(more_days):
    until = LAST + dt.timedelta(more_days)
    found = closed(*(days(d, until=until) for d in DOORS))
    assert found.week == LAST - dt.timedelta(7)
    (running,) = found.running
    assert (running.week, running.last_day) == (LAST, until)
    assert write.day(until) in running.why


def test_a_week_is_complete_on_the_last_day_on_which_doors_usually_sell():
    monday_to_friday = range(1, 6)
    friday = LAST + dt.timedelta(5)
    shut = [days(d, until=friday, of_week=monday_to_friday) for d in DOORS]
    assert closed(*shut).week == LAST
    thursday = [s[s["date"] < pd.Timestamp(friday)] for s in shut]
    assert closed(*thursday).week == LAST - dt.timedelta(7)


def test_one_bank_holiday_at_the_end_of_a_week_before_changes_nothing():
    rows = [days(d, until=SATURDAY) for d in DOORS]
    holiday = pd.Timestamp(LAST - dt.timedelta(8))
    assert closed(*(r[r["date"] != holiday] for r in rows)).week == LAST


@pytest.mark.parametrize("day", range(7))
def test_weekly_rows_close_a_week_whatever_day_they_bear(day):
    found = closed(*(weekly(d, day=day) for d in DOORS))
    assert found.week == LAST
    assert not found.running


def test_a_week_waits_for_the_doors_that_usually_report_but_not_for_long():
    one_missing = closed(weekly("D1"), weekly("D2"), weekly("D3", weeks=WEEKS - 1))
    assert one_missing.week == LAST - dt.timedelta(7)
    assert "D3" in one_missing.running[0].why
    gone = closed(weekly("D1"), weekly("D2"), weekly("D3", weeks=WEEKS - 2))
    assert gone.week == LAST


def test_a_small_door_holds_nobody_up_and_is_named():
    found = closed(weekly("D1"), weekly("D2"), weekly("D3", weeks=WEEKS - 1, units=3.0))
    assert found.week == LAST
    assert found.silent == ("D3",)


def test_a_door_where_nothing_is_ranged_any_more_is_not_waited_for():
    ranging = pd.DataFrame(
        {
            "sku": "A",
            "door": DOORS,
            "from": None,
            "to": [None, None, LAST - dt.timedelta(1)],
        }
    ).astype({"from": "datetime64[ns]", "to": "datetime64[ns]"})
    sales = (weekly("D1"), weekly("D2"), weekly("D3", weeks=WEEKS - 1))
    assert closed(*sales, ranging=ranging).week == LAST


def test_a_weekly_row_that_holds_a_part_of_the_week_is_not_believed():
    rows = [weekly(d) for d in DOORS]
    for sales in rows:
        sales.loc[sales["date"] == pd.Timestamp(LAST), "units"] = 10.0
    found = closed(*rows)
    assert found.week == LAST - dt.timedelta(7)
    assert "less than half" in found.running[0].why
    stocked_out = [
        s.assign(in_stock=[0.2 if d == pd.Timestamp(LAST) else 1.0 for d in s["date"]])
        for s in rows
    ]
    assert closed(*stocked_out).week == LAST


def test_doors_by_the_day_and_by_the_week_are_each_judged_by_their_own_habit():
    assert closed(weekly("D1"), weekly("D2"), days("D3", until=SATURDAY)).week == LAST
    found = closed(
        weekly("D1", units=5), days("D2", until=LAST + dt.timedelta(1)),
        days("D3", until=LAST + dt.timedelta(1)),
    )  # fmt: skip
    assert found.week == LAST - dt.timedelta(7)


def test_who_goes_over_from_weeks_to_days_is_not_over_with_its_first_two_days():
    begun = [
        pd.concat([weekly(d, weeks=WEEKS - 1),
                   days(d, since=LAST, until=LAST + dt.timedelta(1))])
        for d in DOORS
    ]  # fmt: skip
    assert closed(*begun).week == LAST - dt.timedelta(7)


def test_a_first_week_that_begins_in_its_middle_is_no_history():
    wednesday = FIRST + dt.timedelta(3)
    found = closed(*(days(d, since=wednesday, until=SATURDAY) for d in DOORS))
    assert found.begins == FIRST + dt.timedelta(7)
    assert closed(*(days(d, until=SATURDAY) for d in DOORS)).begins is None
    assert closed(*(weekly(d, day=6) for d in DOORS)).begins is None


def test_a_single_week_is_all_there_is_and_without_sales_there_is_none():
    assert closed(days("D1", since=LAST, until=LAST + dt.timedelta(2))).week == LAST
    space = imported({"doors": pd.DataFrame({"door": ["D1"], "kind": "store"})})
    assert closing(space.store).week is None
    space.close()


def test_a_later_import_is_seen_and_a_rolled_back_one_forgotten(tmp_path):
    space = imported(
        {
            "skus": pd.DataFrame({"sku": ["A"], "class": "Lamps"}),
            "doors": pd.DataFrame({"door": DOORS, "kind": "store"}),
            "sales": days("D1", until=LAST + dt.timedelta(1)),
        }
    )
    assert closing(space.store).week == LAST - dt.timedelta(7)
    rest = days("D1", since=LAST + dt.timedelta(2), until=SATURDAY)
    rest.to_parquet(tmp_path / "sales.parquet")
    event, _ = space.import_files("admin", [tmp_path])
    assert closing(space.store).week == LAST
    space.roll_back("admin", event.seq)
    assert closing(space.store).week == LAST - dt.timedelta(7)
    space.close()


def test_weeks_that_begin_on_another_day_are_others_at_once():
    space = imported(
        {
            "skus": pd.DataFrame({"sku": ["A"], "class": "Lamps"}),
            "doors": pd.DataFrame({"door": DOORS, "kind": "store"}),
            "sales": pd.concat([days(d, until=SATURDAY) for d in DOORS]),
        }
    )
    assert closing(space.store).week == LAST
    space.conventions.set("admin", {"first_weekday": "monday"})
    assert closing(space.store).week.strftime("%A") == "Monday"
    space.close()
