"""A week that is still running is left out of a run, in words, and may be asked for."""

import datetime as dt

import pandas as pd
import pytest

from data.counts import stock
from tests.company import imported

FIRST = dt.date(2025, 8, 17)
WEEKS = 60
LAST = FIRST + dt.timedelta(7 * WEEKS)
"""The week that is running: only its Sunday and Monday have sales."""
PER_DAY = 6.0


@pytest.fixture(scope="module")
def space():
    """Daily sales from a Wednesday on until two days into a week; counts of every Saturday."""
    days = pd.date_range(FIRST + dt.timedelta(3), LAST + dt.timedelta(1))
    saturdays = pd.date_range(FIRST + dt.timedelta(6), LAST, freq="7D")
    cells = [(sku, door) for sku in ("A", "B") for door in ("D1", "D2")]
    made = imported(
        {
            "skus": pd.DataFrame(
                {"sku": ["A", "B"], "class": "Lamps", "unit_price": 30.0, "lead_time_weeks": 4}
            ),
            "doors": pd.DataFrame({"door": ["D1", "D2"], "kind": "store"}),
            "sales": pd.concat(
                [pd.DataFrame({"date": days, "sku": s, "door": d, "units": PER_DAY})
                 for s, d in cells]
            ),
            "inventory": pd.concat(
                [pd.DataFrame({"date": saturdays, "sku": s, "door": d, "on_hand": 300.0})
                 for s, d in cells]
            ),
        }
    )  # fmt: skip
    yield made
    made.close()


def test_a_refresh_is_as_of_the_last_week_that_is_over_and_says_what_it_left_out(space):
    event = space.runs.refresh("admin")
    before = LAST - dt.timedelta(7)
    assert space.plan.base.as_of == before
    assert [one["week"] for one in event.body.left_out] == [f"{LAST}"]
    assert any(f"week of {LAST}" in line for line in space.runs.remarks(event))
    level = space.plan.base.level * space.plan.base.shape[:, :1]
    assert level == pytest.approx(7 * PER_DAY, rel=0.03)
    assert space.plan.base.opening == pytest.approx(300.0)
    # The first week has four days: taken as a week it would teach that demand has grown.
    corrected = space.store.query("run_corrections", run=event.seq, sku="A")
    assert corrected.empty
    assert space.quarters.sum_up() is None


def test_a_running_week_that_is_asked_for_is_taken_and_listed_as_running(space):
    event = space.runs.refresh("admin", as_of=LAST + dt.timedelta(1))
    assert space.plan.base.as_of == LAST
    assert event.body.left_out == ()
    (found,) = [r for r in space.runs.odd_times(event) if r["kind"] == "running_week"]
    assert "asked for" in found["assumed"]
    rolled = stock(space.store, LAST, then=False)
    assert rolled["on_hand"].tolist() == [300 - 2 * PER_DAY] * 4
