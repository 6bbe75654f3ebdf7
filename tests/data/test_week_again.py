"""A week of a door is told once: sent again under another day it is refused before it adds up."""

import datetime as dt

import pandas as pd
import pytest

from data.timing import odd_times
from forecasting.errors import BadFiles
from tests.company import imported

FIRST = dt.date(2026, 6, 7)
WEEKS = [FIRST + dt.timedelta(7 * n) for n in range(8)]


def weekly(day: int, *, weeks=WEEKS, door="D1", units=10.0) -> pd.DataFrame:
    dates = [w + dt.timedelta(day) for w in weeks]
    return pd.DataFrame({"date": dates, "sku": "A", "door": door, "units": units})


def daily(since: dt.date, days: int, *, units=2.0) -> pd.DataFrame:
    dates = [since + dt.timedelta(n) for n in range(days)]
    return pd.DataFrame({"date": dates, "sku": "A", "door": "D1", "units": units})


@pytest.fixture
def send(tmp_path):
    """Import sales into a company that has some, and say what they come to."""
    spaces = []

    def then(first: pd.DataFrame, *later: pd.DataFrame, allow_rejects=False) -> float:
        space = imported(
            {
                "skus": pd.DataFrame({"sku": ["A"], "class": "Lamps"}),
                "doors": pd.DataFrame({"door": ["D1", "D2"], "kind": "store"}),
                "sales": first,
            }
        )
        spaces.append(space)
        for rows in later:
            rows.to_parquet(tmp_path / "sales.parquet")
            space.import_files("admin", [tmp_path], allow_rejects=allow_rejects)
        return float(space.store.table("sales")["units"].sum())

    yield then
    for space in spaces:
        space.close()


@pytest.mark.parametrize(("had", "sent"), [(0, 6), (6, 0), (1, 5), (3, 4)])
def test_the_same_weeks_under_another_day_are_refused(send, had, sent):
    with pytest.raises(BadFiles, match="its week is there already, on another day"):
        send(weekly(had), weekly(sent))


def test_one_week_under_another_day_is_refused_too(send):
    with pytest.raises(BadFiles, match="week is there already"):
        send(weekly(0), weekly(6, weeks=WEEKS[-1:]))


def test_new_weeks_go_in_whatever_day_they_bear_from_now_on(send):
    assert send(weekly(0, weeks=WEEKS[:5]), weekly(6), allow_rejects=True) == 80.0


def test_a_week_that_is_there_by_the_week_is_not_added_by_the_day_nor_the_other_way(send):
    with pytest.raises(BadFiles, match="already"):
        send(weekly(0), daily(WEEKS[-1] + dt.timedelta(1), 13))
    with pytest.raises(BadFiles, match="already"):
        send(daily(FIRST, 55), weekly(6, units=14.0))
    with pytest.raises(BadFiles, match="already"):
        send(daily(FIRST, 56), weekly(0, units=14.0))


@pytest.mark.parametrize("cut", [3, 24, 31])
def test_days_that_follow_days_are_added_wherever_the_file_was_cut(send, cut):
    whole = daily(FIRST, 42)
    assert send(whole[:cut], whole[cut:]) == 84.0
    nightly = [whole[n : n + 1] for n in range(cut, cut + 3)]
    assert send(whole[:cut], *nightly) == 2.0 * (cut + 3)


def test_what_is_sent_again_under_its_own_day_replaces_and_another_door_is_its_own(send):
    assert send(weekly(0), weekly(0, units=7.0)) == 56.0
    assert send(weekly(0), weekly(6, door="D2")) == 160.0


def test_returns_of_another_day_come_off(send):
    assert send(weekly(0), weekly(3, weeks=WEEKS[:2], units=-1.0)) == 78.0


def test_weeks_that_one_file_tells_twice_are_listed_by_door():
    both = pd.concat(
        [weekly(0), weekly(6), weekly(0, door="D2"), weekly(3, door="D2", units=4)]
    )
    space = imported(
        {
            "skus": pd.DataFrame({"sku": ["A"], "class": "Lamps"}),
            "doors": pd.DataFrame({"door": ["D1", "D2"], "kind": "store"}),
            "sales": both,
        }
    )
    (found,) = [r for r in odd_times(space.store) if r["kind"] == "weeks_told_twice"]
    assert (found["subject"], found["count"]) == ("D1", len(WEEKS))
    space.close()
