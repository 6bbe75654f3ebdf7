"""What the usual replenishment is taken to aim at: what the last orders reached, no more."""

import numpy as np
import pandas as pd
import pytest

from forecasting.record import replay
from tests.company import imported

WEEKS, LEAD = 80, 3
FIRST = pd.Timestamp("2024-01-07")
AS_OF = FIRST + pd.Timedelta(7 * (WEEKS - 1), "D")
DEMAND = 20.0
KEPT = {"LEAN": 45.0, "RICH": 160.0}
"""Units of stock and orders under way that every order raises a shelf to."""


@pytest.fixture(scope="module")
def plan():
    """Two SKUs whose buyer orders up to the same every week, and whose price will halve."""
    rng = np.random.default_rng(3)
    sales, stock, orders = [], [], []
    for sku, kept in KEPT.items():
        for door in ("D1", "D2", "D3"):
            held, coming = kept, np.zeros(WEEKS + LEAD + 1)
            for t in range(WEEKS):
                date = FIRST + pd.Timedelta(7 * t, "D")
                demand, there = rng.poisson(DEMAND), held + coming[t]
                sold = min(demand, there)
                held = there - sold
                gap = kept - held - coming[t + 1 :].sum()
                coming[t + 1 + LEAD] += gap
                sales.append((date, sku, door, sold, sold * 4.0, sold / max(demand, 1)))
                stock.append((date, sku, door, held))
                eta = date + pd.Timedelta(7 * (1 + LEAD), "D")
                state = "confirmed" if eta > AS_OF else "received"
                placed = date + pd.Timedelta(6, "D")
                orders.append((f"PO{t}", sku, door, eta, gap, state, placed, eta))
    half = AS_OF + pd.Timedelta(7 * 3, "D")
    space = imported(
        {
            "skus": pd.DataFrame({"sku": list(KEPT), "class": "Tea", "lead_time_weeks": LEAD}),
            "doors": pd.DataFrame({"door": ["D1", "D2", "D3"], "kind": "store"}),
            "sales": pd.DataFrame(
                sales, columns=["date", "sku", "door", "units", "revenue", "in_stock"]
            ),
            "inventory": pd.DataFrame(stock, columns=["date", "sku", "door", "on_hand"]),
            "receipts": pd.DataFrame(
                orders,
                columns=["receipt", "sku", "door", "eta", "units", "status", "ordered",
                         "original_eta"],
            ).query("units > 0"),
            "prices": pd.DataFrame(
                [(d, s, p) for s in KEPT for d, p in ((FIRST, 4.0), (half, 2.0))],
                columns=["date", "sku", "regular_price"],
            ),
            "activations": pd.DataFrame(
                {"activation": ["A1"], "type": ["email"], "start": [half], "end": [half],
                 "status": ["planned"]}
            ),
            "activation_items": pd.DataFrame({"activation": ["A1", "A1"], "sku": list(KEPT)}),
        }
    )  # fmt: skip
    (moment,) = replay.moments(space.store, (), [AS_OF.date()])
    yield moment.plan()
    space.close()


def test_a_shelf_that_is_kept_short_goes_on_being_kept_short(plan):
    lean, rich = plan.sku_index["LEAN"], plan.sku_index["RICH"]
    level = np.nanmean(plan.base.level[lean])
    assert level == pytest.approx(DEMAND, rel=0.15), "demand, not what was sold"
    np.testing.assert_allclose(
        plan.base.cover[lean], KEPT["LEAN"] / plan.base.level[lean] - LEAD - 1, atol=0.3
    )
    assert (plan.base.cover[lean] < 0).all()
    assert (plan.base.cover[rich] > 1).all()
    for sku, kept in ((lean, KEPT["LEAN"]), (rich, KEPT["RICH"])):
        np.testing.assert_allclose(plan.usual(sku).aim[:, 0], kept, rtol=0.1)
    # So it is short of stock as often as before, which was nearly every week.
    assert plan.sku(lean).projection.lost[:, LEAD:8].min() > 0


def test_nobody_orders_ahead_for_a_price_that_will_fall(plan):
    for name in KEPT:
        sku = plan.sku_index[name]
        baseline = plan.sku(sku).baseline
        assert (baseline[:, 2] > 1.2 * baseline[:, 1]).all(), "half the price sells more"
        aim = plan.usual(sku).aim[:, :8]
        assert (aim.max(axis=1) < 1.1 * aim.min(axis=1)).all()
