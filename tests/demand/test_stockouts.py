"""Weeks that sold out: the faster they did, the more demand, and the less was sold."""

import numpy as np
import pandas as pd
import pytest

from forecasting.calendar import weeks_from
from forecasting.demand import cleansing, lift, model
from tests import orange_juice
from tests.company import no_items

WEEKS = weeks_from(pd.Timestamp("2024-03-03").date(), 88)
KNOWN = 80
NO_PRICE = pd.DataFrame({"sku": [], "door": [], "week": [], "regular_price": []})


def stocked(demand, stock, rng):
    """Series of one SKU at many doors, each week with so many units on the shelf and no more.

    Customers come at any time of the week; the shelf is empty from the last unit on.
    """
    emptied = rng.beta(stock, np.maximum(demand - stock, 0) + 1)
    doors = [f"D{d:03}" for d in range(len(demand))]
    series = pd.DataFrame({"sku": "A", "door": doors})
    rows = series.loc[series.index.repeat(KNOWN)].assign(
        week=np.tile(WEEKS[:KNOWN], len(doors)),
        units=np.minimum(demand, stock).ravel(),
        in_stock=np.where(demand >= stock, emptied, 1.0).ravel(),
        on_hand=np.maximum(stock - demand, 0.0).ravel(),
    )
    skus = pd.DataFrame({"sku": ["A"], "class": ["c"]})
    built = cleansing.build_panel(rows, series, NO_PRICE, skus=skus, doors=doors, weeks=WEEKS)
    return built, lift.expose(no_items(), series, kinds=[], weeks=WEEKS)


@pytest.mark.parametrize(
    ("mean", "stock"), [(60.0, 40.0), (60.0, 20.0), (20.0, 8.0), (5.0, 4.0)]
)
def test_demand_that_sold_out_is_learnt_in_full(mean, stock):
    rng = np.random.default_rng(3)
    demand = rng.poisson(mean * rng.gamma(3, 1 / 3, (120, KNOWN))).astype(float)
    panel, exposures = stocked(demand, stock, rng)
    rows = model.predict(model.fit(panel, exposures, known=KNOWN), panel)
    assert rows["forecast"].mean() == pytest.approx(demand.mean(), rel=0.05)


def test_promotions_that_ran_out_are_foreseen_like_those_that_did_not(shared_data):
    """Orange juice with full shelves, and with shelves that a quarter of its promotions empty."""
    known, last_week = 67, 114
    full, exposures = orange_juice.panel(shared_data, last_week=last_week)
    tables, _ = orange_juice.traded(shared_data, cover=6.0, last_week=last_week)
    stock = tables["inventory"].rename(columns={"date": "week"})
    history = tables["sales"].rename(columns={"date": "week"})
    emptied = cleansing.build_panel(
        history.merge(stock, on=["sku", "door", "week"]),
        history[["sku", "door"]].drop_duplicates(ignore_index=True),
        tables["prices"].rename(columns={"date": "week"}),
        skus=tables["skus"],
        doors=tables["doors"]["door"].tolist(),
        weeks=full.weeks,
    )
    foreseen = []
    for panel in (full, emptied):
        rows = model.predict(model.fit(panel, exposures, known=known), panel)
        foreseen.append(rows.loc[rows["promoted"], "forecast"].sum())
    assert foreseen[1] == pytest.approx(foreseen[0], rel=0.08)


def panel_of_weeks(rows):
    frame = pd.DataFrame(rows, columns=["units", "in_stock"])
    weeks = WEEKS[: len(frame)]
    return cleansing.build_panel(
        frame.assign(sku="A", door="D", week=weeks, on_hand=0.0),
        pd.DataFrame({"sku": ["A"], "door": ["D"]}),
        NO_PRICE,
        skus=pd.DataFrame({"sku": ["A"], "class": ["c"]}),
        doors=["D"],
        weeks=weeks,
    )


def test_many_units_tell_the_demand_however_short_they_lasted():
    built = panel_of_weeks([(3, 0.05), (40, 0.05), (0, 0.0), (3, 0.2), (40, 0.2), (3, 0.6)])
    assert built.exposure[0].tolist() == [0.0, 0.05, 0.0, 0.2, 0.2, 0.6]
    assert built.shut[0].tolist() == [True, False, True, False, False, False]
    demand, known = built.demand()
    assert known[0].tolist() == [False, True, False, False, True, True]
    np.testing.assert_allclose(demand[0], [0, 800, 0, 0, 200, 5])
