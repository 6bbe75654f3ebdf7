"""Stock at the end of a week, from counts of any day and of any time ago."""

import datetime as dt

import pandas as pd
import pytest

from data.counts import OLDEST_DAYS, odd_counts, stock
from forecasting.plan.basis import STALE_AFTER_WEEKS
from tests.company import imported

AS_OF = dt.date(2026, 10, 4)
"""A Sunday; the week ends on Saturday 10-10."""
END = AS_OF + dt.timedelta(6)
WEEKS = [AS_OF - dt.timedelta(7 * n) for n in range(9, -1, -1)]
PER_DAY = 4.0


def sold(sku: str, door: str, *, by: str, label: int = 0) -> pd.DataFrame:
    """Four a day, told by the day or by the week."""
    if by == "day":
        dates, units = list(pd.date_range(WEEKS[0], END).date), PER_DAY
    else:
        dates, units = [w + dt.timedelta(label) for w in WEEKS], 7 * PER_DAY
    return pd.DataFrame({"date": dates, "sku": sku, "door": door, "units": units})


def company(sales, counts, receipts=None):
    names = sorted({*sales["sku"], *(c[1] for c in counts)})
    tables = {
        "skus": pd.DataFrame({"sku": names, "class": "Lamps"}),
        "doors": pd.DataFrame({"door": ["D1", "DC"], "kind": ["store", "dc"]}),
        "sales": sales,
        "inventory": pd.DataFrame(counts, columns=["date", "sku", "door", "on_hand"]).assign(
            in_transit=0.0
        ),
    }
    if receipts is not None:
        tables["receipts"] = pd.DataFrame(
            receipts, columns=["receipt", "sku", "door", "eta", "units", "status", "received"]
        )
    return imported(tables)


def found(space, *, then=False):
    frame = stock(space.store, AS_OF, then=then).set_index(["sku", "door"])
    return frame


@pytest.fixture(scope="module", params=["day", "week", "week, dated by its end"])
def counted(request):
    """Each SKU sold four a day and was counted on another day; D1 is counted on Saturdays."""
    label = 6 if request.param.endswith("end") else 0
    by = request.param[:4].rstrip(",")
    cases = {"SATURDAY": 0, "MONDAY": 5, "FORTNIGHT": 14, "LONG-AGO": 28, "EMPTY": 2}
    saturdays = [w + dt.timedelta(6) for w in WEEKS]
    counts = [(day, "SATURDAY", "D1", 100.0) for day in saturdays]
    counts += [
        (END - dt.timedelta(ago), sku, "D1", 1.0 if sku == "EMPTY" else 100.0)
        for sku, ago in cases.items() if sku != "SATURDAY"
    ]  # fmt: skip
    counts += [(END - dt.timedelta(9), "MONDAY", "DC", 500.0)]
    sales = pd.concat(
        [sold(s, "D1", by="day" if by.startswith("day") else "week", label=label)
         for s in cases]
    )  # fmt: skip
    receipts = [
        ("R1", "FORTNIGHT", "D1", END - dt.timedelta(3), 30.0, "received", None),
        ("R2", "FORTNIGHT", "D1", END - dt.timedelta(20), 70.0, "received", None),
        ("R3", "FORTNIGHT", "D1", END, 9.0, "received", END + dt.timedelta(1)),
        ("R4", "FORTNIGHT", "D1", END - dt.timedelta(1), 11.0, "confirmed", None),
        ("R5", "MONDAY", "DC", END - dt.timedelta(1), 40.0, "received", None),
    ]
    space = company(sales, counts, receipts)
    yield space
    space.close()


@pytest.mark.parametrize(
    ("sku", "expected"),
    [
        ("SATURDAY", 100),
        ("MONDAY", 100 - 5 * PER_DAY),
        ("FORTNIGHT", 100 - 14 * PER_DAY + 30),
        ("EMPTY", 0),
    ],
)
def test_a_count_is_rolled_to_the_end_of_the_week_by_sales_and_receipts_since(
    counted, sku, expected
):
    assert found(counted)["on_hand"][sku, "D1"] == pytest.approx(expected)


def test_a_count_of_long_ago_and_one_of_a_centre_stay_as_they_were_counted(counted):
    rows = found(counted)
    assert rows["on_hand"]["LONG-AGO", "D1"] == 100
    assert (AS_OF - pd.Timestamp(rows["week"]["LONG-AGO", "D1"]).date()).days // 7 > (
        STALE_AFTER_WEEKS
    )
    assert rows["on_hand"]["MONDAY", "DC"] == 500
    assert OLDEST_DAYS == 7 * STALE_AFTER_WEEKS + 6


def test_what_was_rolled_is_listed_with_the_worst_of_it(counted):
    rows = found(counted).reset_index()
    by_kind = {r["kind"]: r for r in odd_counts(rows[rows["door"] == "D1"], AS_OF)}
    assert {r["subject"] for r in by_kind.values()} == {"D1"}
    assert by_kind["old_count"]["example"].startswith("LONG-AGO, counted 100")
    assert by_kind["left_out_of_the_last_count"]["count"] == 1
    assert "sku/FORTNIGHT" in by_kind["left_out_of_the_last_count"]["touches"]
    assert by_kind["count_of_another_day"]["count"] == 2  # MONDAY and EMPTY
    assert odd_counts(rows[rows["sku"] == "SATURDAY"], AS_OF) == []


@pytest.mark.parametrize("by", ["day", "week"])
def test_a_count_of_the_morning_after_is_taken_back_but_not_for_a_past_plan(by):
    sunday = END + dt.timedelta(1)
    sales = sold("A", "D1", by=by)
    if by == "day":
        extra = pd.DataFrame({"date": [sunday], "sku": "A", "door": "D1", "units": [PER_DAY]})
        sales = pd.concat([sales, extra])
    space = company(sales, [(END - dt.timedelta(13), "A", "D1", 300.0),
                            (sunday, "A", "D1", 60.0)])  # fmt: skip
    now, then = found(space), found(space, then=True)
    assert now["on_hand"]["A", "D1"] == (60 + PER_DAY if by == "day" else 60)
    assert then["on_hand"]["A", "D1"] == pytest.approx(300 - 13 * PER_DAY)
    space.close()


@pytest.mark.parametrize("label", [0, 1, 6])
def test_counts_that_bear_the_name_of_their_week_are_of_its_end(label):
    sales = sold("A", "D1", by="week", label=label)
    counts = [(w + dt.timedelta(label), "A", "D1", 50.0) for w in WEEKS]
    space = company(sales, counts)
    row = found(space).loc["A", "D1"]
    assert (row["on_hand"], row["sold"]) == (50, 0)
    space.close()


def test_what_arrived_after_the_week_is_on_its_way_and_not_lost(counted):
    orders = counted.store.query("open_receipts", as_of=AS_OF).set_index("receipt")
    assert sorted(orders.index) == ["R3", "R4"]
    assert pd.Timestamp(orders["eta"]["R3"]).date() == END + dt.timedelta(1)
