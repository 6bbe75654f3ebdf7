"""Weeks in which nothing could be sold, or of which nothing is known, are no evidence."""

import numpy as np
import pandas as pd
import pytest

from forecasting.demand import worker
from forecasting.demand.selling import share_of_weeks
from forecasting.workspace import Workspace
from tests import orange_juice
from tests.company import imported

WEEKS = pd.date_range("2025-06-01", periods=60, freq="7D")
LAST = WEEKS[-1]
AHEAD = 8


def facts(sales, *, doors=("S1", "S2"), skus=None, **more):
    """A workspace with weekly sales (sku, door, units by week; NaN: no row) and other tables."""
    rows = [
        (week, sku, door, float(units))
        for sku, door, each in sales
        for week, units in zip(WEEKS, each, strict=True)
        if not np.isnan(units)
    ]
    names = sorted({sku for sku, _, _ in sales})
    known = pd.DataFrame({"sku": names, "class": "C", "unit_cost": 4.0, "unit_price": 10.0})
    if skus is not None:
        known = known.merge(pd.DataFrame(skus), on="sku", how="left")
    tables = {
        "skus": known,
        "doors": pd.DataFrame({"door": list(doors)}),
        "sales": pd.DataFrame(rows, columns=["date", "sku", "door", "units"]),
    }
    return imported({**tables, **more})


def panel_of(space):
    with space.runs.inputs(None) as folder:
        panel, exposures, known = worker.read_block(folder, "0", horizon=AHEAD)
    space.close()
    return panel, exposures, known


def told(space, sku, door):
    """Share of each week of history that a fit takes as evidence of a series, and its units."""
    panel, _, known = panel_of(space)
    names = list(zip(panel.skus[panel.sku_of], panel.doors[panel.door_of], strict=True))
    at = names.index((sku, door))
    return panel.exposure[at, :known], panel.units[at, :known], panel.open[at]


def steady(units=10.0, since=0, until=60, otherwise=np.nan):
    weeks = np.arange(60)
    return np.where((weeks >= since) & (weeks < until), units, otherwise)


def stock(sku, door, weeks, units=100):
    return pd.DataFrame({"date": WEEKS[weeks], "sku": sku, "door": door, "on_hand": units})


def ranging(*rows):
    return pd.DataFrame(rows, columns=["sku", "door", "from", "to"])


@pytest.mark.parametrize("begin", ["2026-05-03", None], ids=["a date is stated", "no date is"])
@pytest.mark.parametrize("where", ["launch_date", "from"])
@pytest.mark.parametrize("zeros", [False, True], ids=["no rows before", "rows of none before"])
def test_stock_that_waits_for_a_launch_or_an_opening_says_nothing(begin, where, zeros):
    assert str(WEEKS[48].date()) == "2026-05-03"
    sold = steady(since=48, otherwise=np.nan)
    if zeros:
        sold[40:48] = 0
    space = facts(
        [("OLD", "S1", steady()), ("OLD", "S2", steady()), ("NEW", "S2", sold)],
        skus={"sku": ["NEW"], "launch_date": [begin if where == "launch_date" else None]},
        inventory=stock("NEW", "S2", range(40, 60)),
        ranging=ranging(
            ("OLD", "S1", None, None),
            ("OLD", "S2", None, None),
            ("NEW", "S2", begin if where == "from" else None, None),
        ),
    )
    share, _, _ = told(space, "NEW", "S2")
    np.testing.assert_array_equal(share, np.arange(60) >= 48)


@pytest.mark.parametrize("is_ranged", [True, False])
def test_a_door_sells_nothing_before_it_opens_whatever_lies_in_it(is_ranged):
    listed = ranging(*[("A", door, None, None) for door in ("S1", "S2")])
    more = {"ranging": listed} if is_ranged else {}
    space = facts(
        [("A", "S1", steady()), ("A", "S2", steady(since=50))],
        inventory=stock("A", "S2", range(44, 60)),
        **more,
    )
    share, _, _ = told(space, "A", "S2")
    np.testing.assert_array_equal(share, np.arange(60) >= 50)


def test_a_slow_seller_that_sold_late_had_weeks_without_demand():
    sold = steady(0.0, otherwise=0)
    sold[[30, 59]] = 1
    space = facts(
        [("FAST", "S1", steady()), ("SLOW", "S1", np.where(sold > 0, 1, np.nan))],
        inventory=stock("SLOW", "S1", range(60)),
    )
    share, units, _ = told(space, "SLOW", "S1")
    assert share.sum() == 60
    assert units.sum() == 2


def test_every_span_of_ranging_counts_by_itself_in_history_and_ahead():
    later = LAST + pd.Timedelta(weeks=3)
    space = facts(
        [("A", "S1", steady()), ("A", "S2", np.r_[steady()[:40], np.full(10, np.nan), steady()[:10]])],
        inventory=stock("A", "S2", range(60)),
        ranging=ranging(
            ("A", "S1", None, None),
            ("A", "S2", None, WEEKS[40] - pd.Timedelta(days=1)),
            ("A", "S2", WEEKS[50], later - pd.Timedelta(days=1)),
            ("A", "S2", later + pd.Timedelta(weeks=2), None),
        ),
    )  # fmt: skip
    share, _, opened = told(space, "A", "S2")
    weeks = np.arange(60)
    np.testing.assert_array_equal(share, (weeks < 40) | (weeks >= 50))
    np.testing.assert_array_equal(opened[60:], [1, 1, 0, 0, 1, 1, 1, 1])


def test_a_few_units_sold_while_it_is_shut_are_no_pace_but_months_of_sales_are():
    shut = ranging(("A", "S1", None, WEEKS[20]), ("A", "S1", WEEKS[40], None))
    stray = np.r_[steady()[:20], np.full(20, 1.0), steady()[:20]]
    share, _, _ = told(facts([("A", "S1", stray)], ranging=shut), "A", "S1")
    assert share[21:40].sum() == 0
    share, _, _ = told(facts([("A", "S1", steady())], ranging=shut), "A", "S1")
    assert share[21:40].sum() == 19


# A last week in which most is missing is not over yet: tests/data/test_closing.py.
@pytest.mark.parametrize("gap", [(57, 60), (30, 33), (55, 57)])
@pytest.mark.parametrize("is_counted", [True, False])
def test_weeks_of_a_door_whose_file_is_missing_are_unknown(gap, is_counted):
    missing = steady()
    missing[gap[0] : gap[1]] = np.nan
    more = {"inventory": stock("A", "S2", range(60))} if is_counted else {}
    space = facts([("A", "S1", steady()), ("A", "S2", missing), ("B", "S2", missing)], **more)
    share, _, _ = told(space, "A", "S2")
    np.testing.assert_array_equal(share == 0, np.isnan(missing))


@pytest.mark.parametrize("counts", ["none", "last", "every fourth", "every"])
def test_a_door_that_told_of_others_sold_none_of_this_one(counts):
    every_second = np.where(np.arange(60) % 2, 10, np.nan)
    when = {"none": [], "last": [59], "every fourth": range(0, 60, 4), "every": range(60)}
    rows = pd.concat([stock(s, "S1", list(when[counts])) for s in ("BREAD", "TEA")])
    space = facts(
        [("BREAD", "S1", steady(50)), ("TEA", "S1", every_second)],
        **({} if rows.empty else {"inventory": rows}),
    )
    share, units, _ = told(space, "TEA", "S1")
    assert share[1:].sum() == 59
    assert units.sum() == 300


def test_a_shelf_that_was_counted_empty_or_not_at_all_among_others_sold_none_for_want_of_stock():
    sold = steady()
    sold[30:40] = np.nan
    held = pd.concat(
        [stock("BREAD", "S1", range(60)), stock("TEA", "S1", [*range(30), *range(40, 60)])]
    )
    space = facts([("BREAD", "S1", steady(50)), ("TEA", "S1", sold)], inventory=held)  # fmt: skip
    share, _, _ = told(space, "TEA", "S1")
    np.testing.assert_array_equal(share == 0, np.isnan(sold))
    held = pd.concat([stock("TEA", "S1", [20], 50), stock("TEA", "S1", [29], 0)])
    space = facts([("BREAD", "S1", steady(50)), ("TEA", "S1", sold)], inventory=held)
    share, _, _ = told(space, "TEA", "S1")
    assert share[30:40].sum() == 0


def test_a_door_that_often_goes_without_a_sale_is_believed_to_have_sold_none():
    now_and_then = np.where(np.arange(60) % 8 == 3, 1, np.nan)
    now_and_then[59] = 1
    space = facts([("A", "S1", steady()), ("A", "S2", now_and_then)])
    share, _, _ = told(space, "A", "S2")
    assert share[3:].sum() == 57


def test_spans_in_sql_and_in_python_are_the_same_days():
    weeks = WEEKS.to_numpy().astype("datetime64[D]")[:6]
    rng = np.random.default_rng(0)
    first = weeks[0] + rng.integers(-20, 60, 200)
    last = first + rng.integers(-5, 40, 200)
    place = rng.integers(0, 50, 200)
    ours = share_of_weeks(place, 50, weeks, first, last)
    space = Workspace()
    with space.store.cursor() as cursor:
        cursor.register("spans", pd.DataFrame({"place": place, "first": first, "last": last}))
        cursor.register("weeks", pd.DataFrame({"week": weeks}))
        found = cursor.execute(
            "select place, week, bit_count(days_open(week::date, list({first: first::date, "
            "last: last::date}))) / 7 as share from spans, weeks group by place, week"
        ).df()
    space.close()
    table = found.pivot(index="place", columns="week", values="share")
    np.testing.assert_allclose(ours[table.index], table.to_numpy())


@pytest.mark.parametrize(
    ("units", "every", "is_known"), [(300, 9, False), (120, 2, True), (1, 9, True)],
    ids=["a large shop", "a buyer of every other week", "a stall"],
)  # fmt: skip
def test_a_week_without_a_row_is_one_without_demand_where_pace_or_habit_say_so(
    units, every, is_known
):
    """Several gaps among sixty weeks make a gap usual, but not a nought of a large shop."""
    rows = np.where(np.arange(60) % every, float(units), np.nan)
    space = facts([("A", "S1", steady()), ("A", "S2", rows)])
    share, _, _ = told(space, "A", "S2")
    np.testing.assert_array_equal(share[1:] > 0, ~np.isnan(rows[1:]) | is_known)


def test_weeks_for_which_a_store_of_orange_juice_sent_nothing_are_unknown(shared_data):
    """What its absent rows mean decides how well later weeks are forecast."""
    tables = orange_juice.convert(shared_data, last_week=114)
    panel, _, known = panel_of(imported(tables))
    dates = tables["sales"].groupby("door")["date"].agg(set)
    weeks = pd.to_datetime(panel.weeks[:known])
    sent = np.array([[w in dates[d] for w in weeks] for d in panel.doors])[panel.door_of]
    assert not (panel.exposure[:, :known] > 0)[~sent].any()
    assert (panel.exposure[:, :known] > 0)[sent].all()
