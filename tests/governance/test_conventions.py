"""A company's calendar and its way to write: set once, in force everywhere, kept for good."""

import datetime as dt
from contextlib import closing

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data import fiscal
from data.store import Store
from forecasting import calendar, conventions
from forecasting.calendar import FiscalCalendar, NamedBy, Pattern, YearEnd
from forecasting.consensus.events import Scope
from forecasting.conventions import US, Conventions
from forecasting.errors import NotAllowed, OutOfBounds, Refused
from forecasting.vocabulary import Measure, money
from forecasting.workspace import Workspace
from tests.ground.test_calendar import CALENDARS

MONDAY = dt.timedelta(1)
ISO = {"pattern": "calendar months", "first_weekday": "Monday", "first_month": 1}


@pytest.fixture(autouse=True)
def _as_before():
    yield
    conventions.keep(US)


def tables(since: dt.date, *, weeks: int = 30) -> dict[str, pd.DataFrame]:
    """Three SKUs at two doors with daily sales from a first day of a week on."""
    rng = np.random.default_rng(5)
    days = [since + dt.timedelta(n) for n in range(7 * weeks)]
    cells = [(day, sku, door) for day in days for sku in ("A1", "A2", "B1") for door in "NS"]
    sold = pd.DataFrame(cells, columns=["date", "sku", "door"])
    sold["units"] = rng.poisson(4.0, len(sold)).astype(float)
    sold["revenue"] = sold["units"] * 10.0
    last = sold[sold["date"] == days[-1]]
    return {
        "skus": pd.DataFrame(
            {"sku": ["A1", "A2", "B1"], "class": ["A", "A", "B"], "department": "All",
             "unit_cost": 4.0, "unit_price": 10.0}
        ),
        "doors": pd.DataFrame({"door": ["N", "S"], "region": "R", "channel": "stores"}),
        "sales": sold,
        "inventory": last[["date", "sku", "door"]].assign(on_hand=60.0),
    }  # fmt: skip


def opened(changes: dict, *, since: dt.date, folder) -> Workspace:
    """A workspace with a calendar, those tables and a forecast."""
    space = Workspace()
    if changes:
        space.conventions.set("admin", changes)
    for name, frame in tables(since).items():
        frame.to_parquet(folder / f"{name}-{since}.parquet", index=False)
    files = sorted(folder.glob(f"*-{since}.parquet"))
    named = [path.rename(folder / f"{path.name.split('-')[0]}.parquet") for path in files]
    space.import_files("admin", named)
    space.runs.refresh("admin")
    return space


@settings(max_examples=12)
@given(CALENDARS)
def test_statements_go_by_the_same_calendar_as_python(of):
    with closing(Store(None)) as store:
        with store.transaction() as cursor:
            fiscal.write(cursor, of)
        with store.cursor() as cursor:
            rows = cursor.execute(
                "select day::date, week_of(day::date), day_of_week(day::date), year, number, "
                "period, quarter from generate_series(date '1995-01-01', date '2060-01-01', "
                "interval 5 day) as days(day) join fiscal_week on week = week_of(day::date)"
            ).fetchall()
    assert len(rows) == 4749
    for day, week, place, year, number, period, quarter in rows:
        named = of.week(day)
        assert (week, place) == (named.start, (day - named.start).days)
        assert (year, number, period) == (named.year, named.week, named.period)
        assert quarter == named.quarter_name


def test_weeks_that_begin_a_day_later_give_the_same_forecast_a_day_later(tmp_path):
    sunday = dt.date(2026, 3, 1)
    with closing(opened({}, since=sunday, folder=tmp_path)) as space:
        usual = space.plan
        units, weeks = usual.totals["draft"].copy(), usual.base.weeks.copy()
        stock = space.plan.base.opening.copy()
    later = sunday + MONDAY
    with closing(opened({"first_weekday": "Monday"}, since=later, folder=tmp_path)) as space:
        plan = space.plan
        assert calendar.as_date(plan.base.weeks[0]).strftime("%A") == "Monday"
        np.testing.assert_array_equal(plan.base.weeks, weeks + np.timedelta64(1, "D"))
        np.testing.assert_allclose(plan.totals["draft"], units, rtol=1e-9)
        np.testing.assert_array_equal(space.plan.base.opening, stock)


def test_a_company_with_iso_weeks_plans_and_closes_its_books_by_them(tmp_path):
    space = opened(ISO, since=dt.date(2025, 12, 29), folder=tmp_path)
    with closing(space):
        space.quarters.sum_up()
        quarters = space.store.query("quarters")
        assert quarters["quarter"].tolist() == ["2026-Q1", "2026-Q2", "2026-Q3"]
        assert quarters["is_whole"].tolist() == [True, True, False]
        first = calendar.as_date(space.plan.base.weeks[0])
        assert (
            calendar.week_label(first)
            == f"W{first.isocalendar().week:02d} {first:%b} {first.day}"
        )
        space.set_person("admin", identity="dana", name="Dana", function="planning")
        scope = Scope(product_level="sku", product="A1", first_week=first, last_week=first)
        event = space.override("dana", scope, "set", 100.0, reason="TREND")
        assert f"W{first.isocalendar().week:02d}" in event.sentence
        with pytest.raises(OutOfBounds, match="first days"):
            Scope(first_week=first - MONDAY, last_week=first)


def test_what_is_set_lasts_and_is_in_force_where_the_workspace_is_opened_again(tmp_path):
    path = tmp_path / "concord.duckdb"
    with closing(Workspace(path)) as space:
        event = space.conventions.set("admin", {**ISO, "currency": "€", "place": "after"})
        assert "currency €" in event.sentence
        now = space.conventions.now
    assert conventions.in_force() is US
    assert calendar.week_start(dt.date(2026, 11, 28)) == dt.date(2026, 11, 22)
    with closing(Workspace(path)) as space:
        assert space.conventions.now == now == conventions.in_force()
        assert calendar.week_start(dt.date(2026, 11, 28)) == dt.date(2026, 11, 23)
        week = space.store.ask("select week_of(date '2026-11-28') as week", {})
        assert week["week"].iloc[0] == pd.Timestamp("2026-11-23")


def test_the_day_weeks_begin_on_is_fixed_by_the_first_forecast_and_quarters_may_still_move(
    tmp_path,
):
    with closing(opened({}, since=dt.date(2026, 3, 1), folder=tmp_path)) as space:
        with pytest.raises(Refused, match="once there is a forecast"):
            space.conventions.set("admin", {"first_weekday": "Monday"})
        assert space.conventions.now == US
        space.conventions.set("admin", {"first_month": 1})
        quarters = space.store.query("quarters")
        assert quarters["quarter"].tolist() == ["2026-Q1", "2026-Q2", "2026-Q3"]
        assert [day.month for day in quarters["first_week"]] == [3, 4, 7]


def test_after_a_consensus_was_published_the_calendar_stays(company_cycles):
    with pytest.raises(Refused, match="published"):
        company_cycles.conventions.set("admin", {"pattern": "4-4-5"})
    company_cycles.conventions.set("admin", {"currency": "CHF"})


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"currency": "much too long"}, "1 to 4"),
        ({"currency": "<b>"}, "sign or letters"),
        ({"decimals": 9}, "0 to 3"),
        ({"zone": "Mars/Base"}, "time zone"),
        ({"numbers": "1_234"}, "numbers is one of"),
        ({"colour": "red"}, "no convention 'colour'"),
        ({"year_starts": "2024-02-04, soon"}, "YYYY-MM-DD"),
        ({"first_month": "x"}, "number"),
        ({}, "already"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_changed(changes, says):
    with closing(Workspace()) as space:
        with pytest.raises(OutOfBounds, match=says):
            space.conventions.set("admin", changes)
        assert space.conventions.now == US
        assert space.seq == 0


def test_marketing_does_not_set_the_calendar():
    with closing(Workspace()) as space:
        space.set_person("admin", identity="mara", name="Mara", function="marketing")
        with pytest.raises(NotAllowed, match="set the currency"):
            space.conventions.set("mara", {"currency": "€"})


@given(
    st.builds(
        Conventions,
        currency=st.sampled_from(["$", "€", "CHF", "kr", "¥"]),
        numbers=st.sampled_from(conventions.Numbers),
        days=st.sampled_from(calendar.Days),
        place=st.sampled_from(conventions.Place),
        zone=st.sampled_from(["UTC", "Europe/Vienna", "America/New_York"]),
        fiscal=st.builds(
            FiscalCalendar,
            pattern=st.sampled_from(Pattern),
            year_end=st.sampled_from(YearEnd),
            named_by=st.sampled_from(NamedBy),
        ),
    )
)
def test_conventions_are_read_as_they_were_written(of):
    assert Conventions.read(of.as_dict()) == of


def test_money_numbers_days_and_moments_are_written_as_the_company_does():
    assert (money(1234), money(-5), Measure.REVENUE.in_words(1200)) == (
        "$1.2k",
        "-$5",
        "$1,200",
    )
    conventions.keep(
        Conventions(
            currency="€", place=conventions.Place.AFTER, numbers=conventions.Numbers.COMMA,
            days=calendar.Days.DAY_FIRST, zone="Europe/Vienna",
        )
    )  # fmt: skip
    assert money(1234) == "1,2k\u00a0€"
    assert money(-5) == "-5\u00a0€"
    assert Measure.REVENUE.in_words(1200) == "1.200\u00a0€"
    assert Measure.UNITS.in_words(1200.5) == "1.200,5 u"
    here = conventions.in_force()
    assert here.price(12.5) == "12,50\u00a0€"
    assert calendar.week_label(dt.date(2026, 11, 24)) == "W43 22 Nov"
    assert here.moment(dt.datetime(2026, 7, 1, 23, 30)) == "2 Jul 01:30 CEST"
