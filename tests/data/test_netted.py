"""Units from which returns are taken off keep their total; returns beside sales stay apart."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from data.store import sql
from tests.company import imported
from tests.odd import company, sold, week

CELLS = [(s, d) for s in ("CUP", "TRAY") for d in ("HIGH ST", "MILL")]


def by_day(*, netted: bool, weeks: int = 60) -> dict[str, pd.DataFrame]:
    """The same told by the day: about two of each are sold on each of six days a week."""
    chance = np.random.default_rng(5)
    rows = []
    for s, d in CELLS:
        back = 0.0
        for n in range(weeks * 7 + 6, -1, -1):
            day = week(0) + dt.timedelta(6 - n)
            units = 0.0 if day.weekday() == 6 else float(chance.poisson(2))
            sale = sold(0, s, d, units) | {"date": day}
            if d == "HIGH ST":
                rows += [sale] * (units > 0)
            elif netted:
                rows += [sale | {"units": units - back}] * (units != back)
            else:
                rows += [sale] * (units > 0) + [sale | {"units": -back}] * (back > 0)
            back = float(chance.binomial(int(units), 0.4))
    return company(sales=rows)


def returning(*, netted: bool, weeks: int = 60) -> dict[str, pd.DataFrame]:
    """About two of each are sold a week; half of MILL's come back in the week after."""
    chance = np.random.default_rng(4)
    rows = []
    for s, d in CELLS:
        back = 0.0
        for n in range(weeks, -1, -1):
            units = float(chance.poisson(2))
            if netted and d == "MILL":
                rows.append(sold(n, s, d, units - back))
            else:
                rows.append(sold(n, s, d, units))
                if d == "MILL" and back:
                    late = sold(n, s, d, -back)
                    rows.append(late | {"date": late["date"] + dt.timedelta(2)})
            back = float(chance.binomial(int(units), 0.5))
    return company(sales=rows)


@pytest.fixture(
    params=[(made, netted) for made in (returning, by_day) for netted in (True, False)],
    ids=["netted by week", "beside in weeks", "netted by day", "beside on days"],
)
def told(request):
    made, netted = request.param
    space = imported(made(netted=netted))
    with space.store.cursor() as cursor:
        cursor.register("blocks", space.store.query("all_skus")[["sku"]].assign(block=0))
        history = cursor.execute(
            sql("history_by_block"), {"as_of": week(0), "since": week(80), "cut": []}
        ).df()
    yield netted, space.store, history
    space.close()


def test_what_a_week_has_below_nothing_is_taken_off_the_sales_before_it(told):
    netted, store, history = told
    assert (history["units"].dropna() >= 0).all()
    of_door = history.groupby("door")["units"].sum()
    rows = store.table("sales").groupby("door")["units"]
    gross = rows.apply(lambda units: units.clip(lower=0).sum())
    assert of_door["HIGH ST"] == gross["HIGH ST"]
    assert of_door["MILL"] == pytest.approx(
        rows.sum()["MILL"] if netted else gross["MILL"], abs=3
    )


def test_only_returns_that_are_told_beside_sales_come_back_in_the_plan(told):
    netted, store, _ = told
    back = store.query("returns", as_of=week(0))
    assert set(back["door"]) == (set() if netted else {"MILL"})
