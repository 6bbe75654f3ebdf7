"""How a SKU is ordered, read from its orders: how often, and up to where."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from data.counts import stock
from tests.company import imported

AS_OF = dt.date(2026, 11, 15)
WEEKS = [AS_OF - dt.timedelta(7 * k) for k in range(39, -1, -1)]


def orders(sku: str, door: str, *, every: int, first: int, units: float = 8.0) -> pd.DataFrame:
    """Orders placed in every so many-th week, due and received three weeks later."""
    placed = WEEKS[first::every]
    due = [week + dt.timedelta(21) for week in placed]
    is_open = [day > AS_OF for day in due]
    return pd.DataFrame(
        {
            "receipt": [f"{sku}-{door}-{day}" for day in placed], "sku": sku, "door": door,
            "ordered": placed, "eta": due, "original_eta": due, "units": units,
            "status": ["confirmed" if o else "received" for o in is_open],
            "received": [None if o else day for o, day in zip(is_open, due, strict=True)],
        }
    )  # fmt: skip


@pytest.fixture(scope="module")
def ordered():
    names = ["WEEKLY", "SECOND", "FOURTH", "SELDOM", "CENTRE", "CHANCE"]
    late = orders("CHANCE", "D1", every=2, first=1)
    late.loc[late.index % 4 == 0, ["eta", "original_eta"]] += dt.timedelta(7)
    lines = [
        orders("WEEKLY", "D1", every=1, first=0),
        orders("SECOND", "D1", every=2, first=1),
        orders("SECOND", "D2", every=4, first=1),
        orders("FOURTH", "D1", every=4, first=2),
        orders("SELDOM", "D1", every=12, first=1),
        orders("CENTRE", "DC", every=2, first=1),
        late,
    ]
    counts = pd.DataFrame(
        [(day, sku, door, 5 + i) for i, day in enumerate(WEEKS) for sku in names
         for door in ("D1", "D2")],
        columns=["date", "sku", "door", "on_hand"],
    )  # fmt: skip
    sales = counts[["date", "sku", "door"]].assign(units=2.0, revenue=20.0)
    space = imported(
        {
            "skus": pd.DataFrame({"sku": names, "class": "Lamps", "lead_time_weeks": 3}),
            "doors": pd.DataFrame(
                {"door": ["D1", "D2", "DC"], "kind": ["store", "store", "dc"]}
            ),
            "sales": sales,
            "inventory": counts,
            "receipts": pd.concat(lines, ignore_index=True),
        }
    )
    yield lambda as_of: stock(space.store, as_of).set_index(["sku", "door"])
    space.close()


def test_orders_that_arrive_every_second_or_fourth_week_are_seen_to_do_so(ordered):
    found = ordered(AS_OF)
    every = found["every"].groupby("sku").first().to_dict()
    assert every == {
        "WEEKLY": 1, "SECOND": 2, "FOURTH": 4, "SELDOM": 1, "CENTRE": 1, "CHANCE": 1,
    }  # fmt: skip
    due = pd.to_datetime(found["due"].groupby("sku").first())
    last = pd.to_datetime(WEEKS)
    assert (due["SECOND"] - last[1]).days % 14 == 7
    assert (due["FOURTH"] - last[2]).days % 28 == 21
    assert due[["WEEKLY", "SELDOM", "CENTRE", "CHANCE"]].isna().all()


def test_the_position_is_what_the_last_order_left(ordered):
    """Counted are 44 at the end; 8 are ordered at a time, and three weeks' orders are open."""
    found = ordered(AS_OF)["position"]
    assert found["WEEKLY", "D1"] == 44 + 3 * 8
    # The last order was placed in the last week: two were placed in the last three.
    assert found["SECOND", "D1"] == 44 + 2 * 8
    # No order was placed for D2 in the last two weeks, one in the third.
    assert found["SECOND", "D2"] == 44 + 8
    assert pd.isna(found["CENTRE", "D1"])


def test_what_is_ordered_later_is_not_known_before(ordered):
    early = ordered(WEEKS[12])
    assert early.loc[("SECOND", "D1"), "every"] == 1
    assert early.loc[("WEEKLY", "D1"), "position"] == 17 + 3 * 8


@pytest.fixture(scope="module")
def of_late():
    """Two doors; the lamp came to D2 eight weeks ago, and three files of D2 never came."""
    begins, lost = WEEKS[-8], set(WEEKS[-5:-2])
    rows = [
        (day, sku, door, 2.0)
        for day in WEEKS
        for sku, door in (("OLD", "D1"), ("OLD", "D2"), ("LAMP", "D1"), ("LAMP", "D2"))
        if not (sku == "LAMP" and door == "D2" and day < begins)
    ]
    told = pd.DataFrame(rows, columns=["date", "sku", "door", "units"])
    counts = told[["date", "sku", "door"]].assign(on_hand=8.0)
    sales = told[~((told["door"] == "D2") & told["date"].isin(lost))].assign(revenue=20.0)
    space = imported(
        {
            "skus": pd.DataFrame({"sku": ["OLD", "LAMP"], "class": "Lamps"}),
            "doors": pd.DataFrame({"door": ["D1", "D2"], "kind": "store"}),
            "sales": sales,
            "inventory": counts,
        }
    )
    yield space.store, lost
    space.close()


def test_the_usual_cover_is_of_the_weeks_in_which_the_sku_could_be_sold(of_late):
    store, _ = of_late
    cover = stock(store, AS_OF).set_index(["sku", "door"])["cover"]
    np.testing.assert_allclose(cover, 4.0, rtol=0.01)


def test_demand_of_a_week_that_a_door_did_not_tell_is_unknown(of_late):
    store, lost = of_late
    rows = store.query("demand_by_week", since=WEEKS[0], until=AS_OF + dt.timedelta(7))
    unknown = rows[rows["units"].isna()]
    weeks = set(pd.to_datetime(unknown["week"]).dt.date)
    assert weeks == {day - dt.timedelta((day.weekday() + 1) % 7) for day in lost}
    assert set(unknown["sku"]) == {"OLD", "LAMP"}
    known = rows.dropna().set_index("sku")["units"]
    np.testing.assert_allclose(known["OLD"], 4.0)
