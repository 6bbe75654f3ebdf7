"""Which weeks are complete: what is sold in them is known, so a plan may start behind them.

A file is cut where somebody cut it. Two days of a week are no week: taken as one they pull
every level down, and a week of demand is lost between the stock and the plan. So a week is
not believed to be over because it has rows:

- A door that reports by the day is done with a week when its rows reach the day that they
  usually reach (doors that are shut on Sunday have no row of Sunday), or go on after it.
- A door that reports by the week (all its rows on one day of the week) is done when it has
  its row.
- Waited for is who reported in the week before and still ranges something. The week is
  complete when doors of `ENOUGH` of their usual units are done; a door that stays silent for
  longer holds nobody up.
- A row of a week says nothing of how much of the week is in it. Where the doors that report
  by the week sold less than `LEAST_OF_WEAKEST` of the weakest of the weeks before, it is not
  believed to be over.

The last complete week is the as-of week; `refresh --as-of` overrules it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from data.store import Store
from forecasting import calendar, write

ENOUGH = 0.8
"""Share of the usual units of the doors that are waited for."""
LEAST_OF_WEAKEST = 0.5
"""Share of the weakest week before that a week must have sold to be taken as whole. Weeks
scatter, but one of which only some days are in falls far below them all."""
LOOKED_AT_WEEKS = 13
"""A week is judged by so many before it."""
LEAST_WEEKS = 8
"""Weeks before it that a week's units are compared with; with fewer nothing is reported."""
USUAL_WEEKS = 8
"""Weeks by which it is judged to which day a door's rows usually reach."""
USUALLY = 0.8
"""Share of those weeks in which they did."""
SAME_DAY = 0.95
"""Share of a door's rows on one day of the week from which on it reports by the week."""
CADENCE_WEEKS = 4
"""Weeks by which it is judged whether a door reports by the day or by the week."""
MOST_RUNNING = 4
"""Weeks at the end that may be incomplete."""
LAST_DAY = 6
"""Of a week, counted from 0."""
WEEK = dt.timedelta(7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A week that has sales and is not complete."""

    week: dt.date
    last_day: dt.date
    """The last day with sales."""
    why: str
    """In words, behind 'because'."""
    usual: float
    """Units that a week before it sold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """What is complete."""

    week: dt.date | None
    """First day of the last complete week; None without sales."""
    running: tuple[Running, ...]
    """Weeks with sales behind it, oldest first."""
    silent: tuple[str, ...]
    """Doors that were waited for in that week and did not report all of it."""
    begins: dt.date | None
    """First whole week, where daily rows begin within the week before it."""


_KNOWN: WeakKeyDictionary[Store, tuple[tuple[int, int], Closing]] = WeakKeyDictionary()


def closing(store: Store) -> Closing:
    """What is complete by the imports in force; looked up once for each state of them.

    Weeks that begin on another day are others, so that is part of the state.
    """
    seq = int(store.query("facts_seq")["seq"].iloc[0])
    state = (seq, calendar.in_force().first_day)
    had = _KNOWN.get(store)
    if had is None or had[0] != state:
        had = (state, _closing(store))
        _KNOWN[store] = had
    return had[1]


def last_closed(store: Store) -> dt.date | None:
    """First day of the last complete week; None without sales."""
    return closing(store).week


def _closing(store: Store) -> Closing:
    days = _dated(store.query("reported_days", weeks=LOOKED_AT_WEEKS + MOST_RUNNING))
    if days.empty:
        return Closing(week=None, running=(), silent=(), begins=None)
    spans, running = store.query("door_spans"), list[Running]()
    weeks = sorted(days["week"].unique(), reverse=True)
    for week in weeks[: MOST_RUNNING + 1]:
        judged = _judge(days, week, spans)
        if judged.is_complete:
            return Closing(
                week=week, running=tuple(running), silent=judged.silent, begins=_begins(store)
            )
        last_day = days.loc[days["week"] == week, "date"].max()
        usual = float(days.loc[days["week"] < week].groupby("week")["units"].sum().mean())
        one = Running(week=week, last_day=last_day, why=judged.why, usual=usual)
        running.insert(0, one)
    # Nothing that is new is complete by this: such a company has to do with what there is.
    return Closing(week=weeks[0], running=(), silent=(), begins=_begins(store))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    why: str = ""
    silent: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        return not self.why


def _dated(days: pd.DataFrame) -> pd.DataFrame:
    """Days with their week and their place in it, 0 to 6."""
    dates = pd.to_datetime(days["date"])
    day = (dates.dt.day_of_week + 1 - calendar.in_force().first_day) % 7
    week = (dates - pd.to_timedelta(day, "D")).dt.date
    return days.assign(date=dates.dt.date, week=week, day=day)


def _judge(days: pd.DataFrame, week: dt.date, spans: pd.DataFrame) -> _Judged:
    """Whether a week is complete, by its own days, those before it and those after it."""
    before = days[days["week"] < week]
    if before.empty:
        return _Judged()
    waited = _waited_for(before, week, spans)
    if not waited:
        return _Judged()
    since = week - LOOKED_AT_WEEKS * WEEK
    mine = before[before["door"].isin(waited) & (before["week"] >= since)].groupby("door")
    usual = (mine["units"].sum() / mine["week"].nunique()).reindex(waited).fillna(0.0)
    done = [_is_done(days[days["door"] == door], week) for door in waited]
    missing = tuple(door for door, is_done in zip(waited, done, strict=True) if not is_done)
    weights = usual.to_numpy(dtype=float) + 1e-9
    if weights[np.array(done)].sum() < ENOUGH * weights.sum():
        return _Judged(why=_who_is_missing(days, week, missing, len(waited)))
    why = _shrunk(days, week) if week == days["week"].max() else ""
    return _Judged(why=why, silent=missing)


def _waited_for(before: pd.DataFrame, week: dt.date, spans: pd.DataFrame) -> list[str]:
    """Doors that reported in the week before and range something in this one."""
    reported = sorted(before.loc[before["week"] == before["week"].max(), "door"].unique())
    ends = pd.to_datetime(spans["until"]) >= pd.Timestamp(week)
    begins = pd.to_datetime(spans["since"]) <= pd.Timestamp(week) + pd.Timedelta(6, "D")
    limited, still = set(spans["door"]), set(spans.loc[ends & begins, "door"])
    return [door for door in reported if door not in limited or door in still]


def is_by_week(day: pd.Series) -> bool:
    """Whether a door's rows, by their day of the week, are reports of weeks."""
    return bool(day.value_counts(normalize=True).iloc[0] >= SAME_DAY)


def _is_done(mine: pd.DataFrame, week: dt.date) -> bool:
    """Whether one door has reported all of a week that it is going to."""
    if (mine["week"] > week).any():
        return True
    own = mine.loc[mine["week"] == week, "day"]
    if own.empty:
        return False
    before = mine[mine["week"] < week]
    latest = before[before["week"] >= before["week"].max() - (CADENCE_WEEKS - 1) * WEEK]
    if is_by_week(latest["day"]):
        if set(own) <= set(latest["day"]):
            return True
        return bool(own.max() == LAST_DAY)  # it is told by the day from now on
    return int(own.max()) >= _usual_end(before)


def _usual_end(before: pd.DataFrame) -> int:
    """The day of the week that a door's daily rows usually reach."""
    by_week = before.groupby("week")["day"]
    ends = by_week.max()[by_week.nunique() > 1].iloc[-USUAL_WEEKS:]
    if ends.empty:
        ends = by_week.max()
    return int(np.quantile(ends.to_numpy(), 1 - USUALLY, method="lower"))


def _who_is_missing(
    days: pd.DataFrame, week: dt.date, missing: Sequence[str], waited: int
) -> str:
    last = days.loc[days["week"] == week, "date"].max()
    named = ", ".join(missing[:5]) + (" and others" if len(missing) > 5 else "")
    return (
        f"its rows reach {last:%A}, {write.day(last)}, and {len(missing)} of the "
        f"{waited} doors that usually report have not reported to its end ({named})"
    )


def _shrunk(days: pd.DataFrame, week: dt.date) -> str:
    """Why a week reported in single rows is not believed to be whole; '' where it is."""
    by_week = days.groupby("door")["day"].transform(is_by_week).astype(bool)
    rows = days[by_week]
    own = rows[rows["week"] == week]
    if own.empty or own["in_stock"].fillna(1.0).mean() < 1:
        return ""  # what ran out explains that less was sold
    doors = own["door"].unique()
    units = rows[rows["door"].isin(doors)].groupby("week")["units"].sum()
    here, before = float(units[week]), units[units.index < week]
    if len(before) < LEAST_WEEKS or here >= LEAST_OF_WEAKEST * before.min():
        return ""
    return (
        f"{write.number(here)} units are in its rows, less than half of the weakest of the "
        f"{len(before)} weeks before ({write.number(before.min())}), as if it were still "
        "running"
    )


def _begins(store: Store) -> dt.date | None:
    """The week after the first one, where daily rows begin within that."""
    days = _dated(store.query("first_days", weeks=USUAL_WEEKS + 1))
    first: dt.date = days["week"].min()
    rest = days[days["week"] > first]
    cut = [
        bool(mine.loc[mine["week"] == first, "day"].min() > _usual_start(later))
        for door, mine in days[days["week"] == first].groupby("door")
        if len(later := rest[rest["door"] == door]) and not is_by_week(later["day"])
    ]
    is_whole = sum(cut) <= (1 - ENOUGH) * len(cut)
    return None if is_whole else first + WEEK


def _usual_start(later: pd.DataFrame) -> int:
    """The day of the week on which a door's rows usually begin."""
    begins = later.groupby("week")["day"].min()
    return int(np.quantile(begins.to_numpy(), USUALLY, method="higher"))
