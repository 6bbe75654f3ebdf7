"""The company's fiscal calendar, for SQL: which week a day is of, and what weeks are called.

Statements say `week_of(day)`, `day_of_week(day)` and join `fiscal_week`; here these are made
by the calendar of forecasting/calendar.py. They last in the database, and are written in the
transaction of the event that sets a calendar.
"""

from __future__ import annotations

import duckdb
import pandas as pd

from data.quoting import literal, sql
from forecasting.calendar import WEEKDAYS, FiscalCalendar, weeks_of

# Days since the first weekday, where dayofweek counts them from Sunday on.
_DAY = "create or replace macro day_of_week(d) as (dayofweek(d)::int + {later}) % 7"
_WEEK = "create or replace macro week_of(d) as (d - (dayofweek(d)::int + {later}) % 7)::date"


def write(cursor: duckdb.DuckDBPyConnection, calendar: FiscalCalendar) -> None:
    """Let the statements go by a calendar, from the end of this transaction on."""
    later = literal((len(WEEKDAYS) - calendar.first_day) % len(WEEKDAYS))
    cursor.execute(sql(_DAY, later=later))
    cursor.execute(sql(_WEEK, later=later))
    weeks = weeks_of(calendar)
    frame = pd.DataFrame(
        {
            "week": [one.start for one in weeks],
            "year": [one.year for one in weeks],
            "number": [one.week for one in weeks],
            "period": [one.period for one in weeks],
            "quarter": [one.quarter_name for one in weeks],
        }
    )
    cursor.execute("delete from fiscal_week")
    cursor.register("named", frame)
    cursor.execute("insert into fiscal_week by name select * from named")
    cursor.unregister("named")
