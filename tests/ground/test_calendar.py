"""The 4-5-4 calendar against NRF's published years and its own invariants."""

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecasting import calendar as cal
from forecasting.calendar import Comparison, FiscalCalendar, NamedBy, Pattern, YearEnd
from forecasting.errors import OutOfBounds
from forecasting.exposure import exposure_share

DATES = st.dates(dt.date(1995, 1, 29), dt.date(2060, 12, 31))


@pytest.mark.parametrize(
    ("year", "start", "q1", "q2", "q3", "end", "weeks"),
    [
        (
            2023,
            "2023-01-29",
            "2023-04-29",
            "2023-07-29",
            "2023-10-28",
            "2024-02-03",
            53,
        ),
        (
            2024,
            "2024-02-04",
            "2024-05-04",
            "2024-08-03",
            "2024-11-02",
            "2025-02-01",
            52,
        ),
        (
            2025,
            "2025-02-02",
            "2025-05-03",
            "2025-08-02",
            "2025-11-01",
            "2026-01-31",
            52,
        ),
        (
            2026,
            "2026-02-01",
            "2026-05-02",
            "2026-08-01",
            "2026-10-31",
            "2027-01-30",
            52,
        ),
        (
            2027,
            "2027-01-31",
            "2027-05-01",
            "2027-07-31",
            "2027-10-30",
            "2028-01-29",
            52,
        ),
        (
            2028,
            "2028-01-30",
            "2028-04-29",
            "2028-07-29",
            "2028-10-28",
            "2029-02-03",
            53,
        ),
        (
            2029,
            "2029-02-04",
            "2029-05-05",
            "2029-08-04",
            "2029-11-03",
            "2030-02-02",
            52,
        ),
    ],
)
def test_years_start_and_end_where_nrf_says(year, start, q1, q2, q3, end, weeks):
    assert cal.year_start(year) == dt.date.fromisoformat(start)
    assert cal.year_start(year + 1) - cal.DAY == dt.date.fromisoformat(end)
    assert cal.weeks_in_year(year) == weeks
    for quarter, last_day in enumerate((q1, q2, q3, end), 1):
        last_week = cal.period_weeks(year, 3 * quarter)[-1]
        assert last_week + dt.timedelta(6) == dt.date.fromisoformat(last_day)


def test_the_53_week_years_are_the_known_ones():
    years = [y for y in range(1995, 2052) if cal.weeks_in_year(y) == 53]
    assert years == [1995, 2000, 2006, 2012, 2017, 2023, 2028, 2034, 2040, 2045, 2051]


@pytest.mark.parametrize(
    ("date", "year", "week", "month"),
    [
        ("2024-02-03", 2023, 53, "Jan"),
        ("2024-02-04", 2024, 1, "Feb"),
        ("2025-11-28", 2025, 43, "Nov"),
        ("2024-12-31", 2024, 48, "Dec"),
        ("2026-11-22", 2026, 43, "Nov"),
    ],
)
def test_known_dates_fall_in_known_weeks(date, year, week, month):
    name = cal.fiscal_week(dt.date.fromisoformat(date))
    assert (name.year, name.week) == (year, week)
    assert cal.NRF.month_name(name.period) == month


def test_months_of_2026_start_on_the_published_sundays():
    starts = cal.NRF.period_starts(2026)
    assert " ".join(f"{d:%m-%d}" for d in starts) == (
        "02-01 03-01 04-05 05-03 05-31 07-05 08-02 08-30 10-04 11-01 11-29 01-03"
    )
    assert starts[-1].year == 2027


def test_last_year_by_number_restated_and_event():
    first_of_2024 = dt.date(2024, 2, 4)
    week_53 = dt.date(2024, 1, 28)
    assert cal.last_year(first_of_2024) == dt.date(2023, 1, 29)
    restated = Comparison.RESTATED
    assert cal.last_year(first_of_2024, mode=restated) == dt.date(2023, 2, 5)
    assert cal.last_year(week_53) is None
    assert cal.fiscal_week(cal.last_year(week_53, mode=restated)).start == dt.date(2023, 1, 29)
    easter = {dt.date(2026, 4, 5): dt.date(2025, 4, 20)}
    by_event = cal.last_year(dt.date(2026, 4, 8), mode=Comparison.EVENT, events=easter)
    assert (cal.fiscal_week(by_event).year, cal.fiscal_week(by_event).week) == (2025, 12)
    other = cal.last_year(dt.date(2026, 5, 3), mode=Comparison.EVENT, events=easter)
    assert cal.fiscal_week(other).week == cal.fiscal_week(dt.date(2026, 5, 3)).week


@given(DATES)
def test_every_date_is_in_exactly_one_sunday_to_saturday_week(date):
    name = cal.fiscal_week(date)
    assert name.start.weekday() == 6
    assert name.start <= date <= name.start + dt.timedelta(6)
    assert 1 <= name.week <= cal.weeks_in_year(name.year)
    assert cal.week_start(date) == name.start


@given(DATES)
def test_restated_comparison_keeps_the_weekday(date):
    partner = cal.last_year(date, mode=Comparison.RESTATED)
    assert (cal.week_start(date) - partner).days == 364


@given(st.integers(1995, 2059))
def test_months_are_4_5_4_and_quarters_are_their_sums(year):
    lengths = [len(cal.period_weeks(year, period)) for period in range(1, 13)]
    january = 5 if cal.weeks_in_year(year) == 53 else 4
    assert lengths == [4, 5, 4] * 3 + [4, 5, january]
    weeks = [w for period in range(1, 13) for w in cal.period_weeks(year, period)]
    assert weeks == [cal.year_start(year) + i * cal.WEEK for i in range(sum(lengths))]
    assert weeks[-1] + cal.WEEK == cal.year_start(year + 1)
    assert all(
        cal.fiscal_week(w).period == period
        for period in range(1, 13)
        for w in cal.period_weeks(year, period)
    )


def test_exposure_counts_the_days_of_each_week():
    weeks = cal.weeks_from(dt.date(2026, 4, 5), 3)
    share = exposure_share(dt.date(2026, 4, 9), dt.date(2026, 4, 13), weeks)
    np.testing.assert_allclose(share, [3 / 7, 2 / 7, 0])


def test_weeks_are_labelled_as_people_read_them():
    assert cal.week_label(dt.date(2026, 11, 24)) == "W43 Nov 22"
    assert cal.month_label(dt.date(2026, 11, 24)) == "Nov FY26"


@pytest.mark.parametrize(
    "shares", [None, np.array([0.15, 0.10, 0.10, 0.11, 0.13, 0.18, 0.23]), np.full(7, 0.1)]
)
def test_a_whole_week_is_exactly_all_of_it(shares):
    sunday = dt.date(2026, 4, 5)
    weeks = cal.weeks_from(sunday, 2)
    share = exposure_share(sunday, sunday + dt.timedelta(6), weeks, shares)
    assert share.tolist() == [1.0, 0.0]


# Other companies' calendars ----------------------------------------------------------------

CALENDARS = st.builds(
    FiscalCalendar,
    pattern=st.sampled_from(Pattern),
    first_weekday=st.sampled_from(cal.WEEKDAYS),
    first_month=st.integers(1, 12),
    year_end=st.sampled_from(YearEnd),
    named_by=st.sampled_from(NamedBy),
)
ISO = FiscalCalendar(pattern=Pattern.CALENDAR_MONTHS, first_weekday="Monday", first_month=1)


@given(CALENDARS, DATES)
def test_in_every_calendar_a_date_is_in_one_week_of_one_month_of_one_year(calendar, date):
    week = calendar.week(date)
    assert week.start <= date < week.start + cal.WEEK
    assert f"{week.start:%A}" == calendar.first_weekday
    assert week.start in calendar.period_weeks(week.year, week.period)
    assert week.start == calendar.year_start(week.year) + (week.week - 1) * cal.WEEK
    assert 1 <= week.week <= calendar.weeks_in_year(week.year) <= 53


@given(CALENDARS, st.integers(1995, 2059))
def test_in_every_calendar_months_fill_a_year_and_a_year_begins_near_its_month(calendar, year):
    weeks = [w for period in range(1, 13) for w in calendar.period_weeks(year, period)]
    start = calendar.year_start(year)
    assert weeks == [start + i * cal.WEEK for i in range(calendar.weeks_in_year(year))]
    later = calendar.named_by is NamedBy.END and calendar.first_month > 1
    first = dt.date(year - later, calendar.first_month, 1)
    assert -7 < (start - first).days <= 3
    if calendar.pattern is not Pattern.CALENDAR_MONTHS:
        lengths = [len(calendar.period_weeks(year, period)) for period in range(1, 12)]
        assert lengths == list(calendar.pattern.weeks[:-1])
    else:
        assert all(
            (calendar.period_weeks(year, p)[0] + dt.timedelta(3)).month
            == (calendar.first_month - 2 + p) % 12 + 1
            for p in range(1, 13)
        )


@given(DATES)
def test_calendar_months_with_weeks_from_monday_are_numbered_as_iso_8601_has_them(date):
    week = ISO.week(date)
    assert (week.year, week.week) == date.isocalendar()[:2]


def test_known_calendars_of_other_companies():
    """A 4-4-5 year to the last Saturday of September, as US filers state it (fiscal 2023 has
    53 weeks, to 30 September), and one named by the year in which it ends.
    """
    last_saturday = FiscalCalendar(
        pattern=Pattern.FOUR_FOUR_FIVE, first_month=10, year_end=YearEnd.LAST,
        named_by=NamedBy.END,
    )  # fmt: skip
    ends = {y: last_saturday.year_start(y + 1) - cal.DAY for y in (2022, 2023, 2024)}
    assert {y: d.isoformat() for y, d in ends.items()} == {
        2022: "2022-09-24", 2023: "2023-09-30", 2024: "2024-09-28",
    }  # fmt: skip
    assert last_saturday.weeks_in_year(2023) == 53
    assert last_saturday.month_name(1) == "Oct"


def test_years_may_be_listed_where_a_company_decided_otherwise():
    decreed = FiscalCalendar(year_starts=(dt.date(2023, 1, 29), dt.date(2024, 1, 28)))
    assert decreed.weeks_in_year(2023) == 52
    assert decreed.weeks_in_year(2024) == 53
    assert decreed.year_start(2025) == cal.NRF.year_start(2025)
    assert decreed.week(dt.date(2024, 1, 28)).week == 1


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"first_weekday": "Someday"}, "found 'Someday'"),
        ({"first_month": 13}, "found 13"),
        ({"year_starts": (dt.date(2024, 1, 29),)}, "is a Monday"),
        ({"year_starts": (dt.date(2024, 6, 2),)}, "near the first of Feb"),
        ({"year_starts": (dt.date(2024, 1, 21),)}, "would have 51"),
        ({"year_starts": (dt.date(2024, 2, 4),), "pattern": Pattern.CALENDAR_MONTHS}, "53 weeks"),
    ],
)  # fmt: skip
def test_a_calendar_that_cannot_be_is_refused_in_words(wrong, says):
    with pytest.raises(OutOfBounds, match=says):
        FiscalCalendar(**wrong)
