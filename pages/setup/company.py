"""Company: its fiscal calendar, its currency and time zone, and how it writes numbers."""

import datetime as dt
from collections.abc import Mapping

import streamlit as st

from forecasting.calendar import (
    MONTHS_OF_YEAR,
    WEEKDAYS,
    Days,
    NamedBy,
    Pattern,
    YearEnd,
)
from forecasting.conventions import MOST_DECIMALS, Conventions, Numbers, Place, zones
from pages.components import frame
from pages.components.text import Markdown, ours, plain

PATTERNS = {
    Pattern.FOUR_FIVE_FOUR: "4-5-4 weeks (National Retail Federation)",
    Pattern.FOUR_FOUR_FIVE: "4-4-5 weeks",
    Pattern.FIVE_FOUR_FOUR: "5-4-4 weeks",
    Pattern.CALENDAR_MONTHS: "Calendar months: a week belongs to the month that has most of it",
}
ENDS = {
    YearEnd.NEAREST: "nearest to the end of the month before the first",
    YearEnd.LAST: "last in the month before the first",
}
NAMES = {
    NamedBy.START: "calendar year it starts in",
    NamedBy.END: "calendar year it ends in",
}
PLACES = {Place.BEFORE: "before the amount", Place.AFTER: "after the amount"}


def page() -> None:
    space, person = frame.workspace(), frame.me()
    frame.watch_rows([])
    now = space.conventions.now
    frame.title("Company", _finding(now))
    may = person.may("conventions")
    with st.form("conventions", width=760):
        changes = {**_calendar(now, may=may), **_writing(now, may=may)}
        done = st.form_submit_button("Save", type="primary", disabled=not may)
    if done:
        was = now.as_dict()
        frame.do(
            space.conventions.set,
            person.id,
            {name: value for name, value in changes.items() if value != was[name]},
        )
    if not may:
        st.caption("Planning and Admin change these.")
    st.caption(
        "Amounts are not converted: they stay in the currency of your files. The first weekday "
        "is fixed by the first forecast; the rest of the calendar by the first published "
        "consensus or closed quarter."
    )


def _finding(now: Conventions) -> Markdown:
    """The calendar and the amounts in force, by example."""
    year = now.fiscal.week(dt.date.today()).year
    first = now.fiscal.year_start(year)
    weeks = now.fiscal.weeks_in_year(year)
    return ours(
        f"**Fiscal year {year:d} starts on {plain(f'{first:%A}')}, {plain(now.day(first))}, and "
        f"has {weeks:d} weeks.** An amount looks like {plain(now.price(1234.5))}."
    )


def _calendar(now: Conventions, *, may: bool) -> Mapping[str, str | int]:
    of = now.fiscal
    st.markdown("**Fiscal calendar**")
    left, right = st.columns(2)
    pattern = left.selectbox(
        "Weeks of the three months of a quarter", list(PATTERNS), list(PATTERNS).index(of.pattern),
        format_func=PATTERNS.__getitem__, disabled=not may,
    )  # fmt: skip
    weekday = right.selectbox(
        "First day of a week", WEEKDAYS, WEEKDAYS.index(of.first_weekday), disabled=not may
    )
    month = left.selectbox(
        "First month of the year", range(1, 13), of.first_month - 1,
        format_func=lambda m: MONTHS_OF_YEAR[m - 1], disabled=not may,
    )  # fmt: skip
    ends = right.selectbox(
        "A year ends on the last day of a week that is", list(ENDS), list(ENDS).index(of.year_end),
        format_func=ENDS.__getitem__, disabled=not may,
        help="Not used with calendar months.",
    )  # fmt: skip
    named = left.selectbox(
        "A year is called by the", list(NAMES), list(NAMES).index(of.named_by),
        format_func=NAMES.__getitem__, disabled=not may,
    )  # fmt: skip
    starts = right.text_input(
        "First days of years that do not follow the rule", str(now.as_dict()["year_starts"]),
        placeholder="2024-02-04, 2025-02-02", disabled=not may,
        help="Leave empty to go by the rule. These dates decide which years have 53 weeks.",
    )  # fmt: skip
    return {
        "pattern": str(pattern), "first_weekday": str(weekday), "first_month": int(month or 1),
        "year_end": str(ends), "named_by": str(named), "year_starts": starts.strip(),
    }  # fmt: skip


def _writing(now: Conventions, *, may: bool) -> Mapping[str, str | int]:
    st.markdown("**Currency, numbers, dates and time zone**")
    left, right = st.columns(2)
    currency = left.text_input("Currency", now.currency, max_chars=4, disabled=not may)
    place = right.selectbox(
        "The currency stands", list(PLACES), list(PLACES).index(now.place),
        format_func=PLACES.__getitem__, disabled=not may,
    )  # fmt: skip
    numbers = left.selectbox(
        "Numbers look like", [str(n) for n in Numbers], list(Numbers).index(now.numbers),
        disabled=not may,
    )  # fmt: skip
    decimals = right.number_input(
        "Decimals of a price", 0, MOST_DECIMALS, now.decimals, disabled=not may
    )
    days = left.selectbox(
        "Dates look like", [str(d) for d in Days], list(Days).index(now.days), disabled=not may
    )
    zone = right.selectbox("Time zone", zones(), zones().index(now.zone), disabled=not may)
    return {
        "currency": currency.strip(), "place": str(place), "numbers": str(numbers),
        "decimals": int(decimals), "days": str(days), "zone": str(zone),
    }  # fmt: skip


page()
