"""The level that costs least: against the costs of a plain simulation, and as it is asked for."""

import numpy as np
import pytest

from forecasting.inventory.levels import Aim, Doubt, Outlook
from forecasting.inventory.newsvendor import cheapest_service
from forecasting.monthly import buying, order_proposals
from forecasting.weekly.service import MOST_SERVICE, cheapest_of, service_of

WORLDS, WEEKS, WARM = 800, 45, 15


def cost_of(asked, *, price, cost, holding, goodwill, waits, mean, alpha, lead, seed=5):
    """What a week costs a shop that orders for a share of cycles: held, and missed or late."""
    rng = np.random.default_rng(seed)
    n = len(asked) * WORLDS
    aim = Aim(service=np.repeat(asked, WORLDS), waits=np.full(n, waits))
    doubt = Doubt(alpha=np.full(lead + 1, alpha), level_sd=0.0, lift_sd=np.zeros(lead + 1))
    stock, coming = np.full(n, 1.5 * mean), np.full((n, lead), float(mean))
    demand, total = np.full((n, lead + 1), float(mean)), np.zeros(len(asked))
    for week in range(WEEKS):
        outlook = Outlook(stock, demand, doubt, aim, lead_time=lead)
        for ahead in range(lead):
            outlook.arrive(coming[:, ahead])
        arriving = np.column_stack([coming, np.ceil(outlook.lacking() - 1e-9)])
        # The same surprises at every level: only the level differs.
        drawn = rng.poisson(mean * rng.gamma(1 / alpha, alpha, WORLDS)).astype(float)
        left = stock + arriving[:, 0] - np.tile(drawn, len(asked))
        short = np.maximum(-left, 0.0)
        if week >= WARM:
            missed = goodwill if waits else price - cost + goodwill
            spent = holding * np.maximum(left, 0.0) + missed * short
            total += spent.reshape(len(asked), -1).mean(axis=1)
        stock, coming = (left if waits else np.maximum(left, 0.0)), arriving[:, 1:]
    return total / (WEEKS - WARM)


@pytest.mark.parametrize("waits", [False, True])
@pytest.mark.parametrize(
    ("price", "cost", "holding", "goodwill", "lead"),
    [(20.0, 12.0, 1.0, 2.0, 0), (20.0, 16.0, 1.0, 5.0, 2), (30.0, 29.0, 1.0, 2.0, 1)],
)
def test_no_other_level_costs_noticeably_less(price, cost, holding, goodwill, lead, waits):
    money = {"price": price, "cost": cost, "holding": holding, "goodwill": goodwill}
    one = {name: np.array([value]) for name, value in money.items()}
    best = float(cheapest_service(**one, waits=waits)[0])
    around = np.array(
        [best - 0.15, best - 0.08, best, 1 - 0.6 * (1 - best), 1 - 0.3 * (1 - best)]
    )
    spent = cost_of(around, **money, waits=waits, mean=30, alpha=0.2, lead=lead)
    assert spent[2] <= 1.015 * spent.min()
    assert spent[2] < 0.99 * spent[[0, -1]].max()


def test_what_is_not_known_gives_no_level():
    one, no = np.array([10.0]), np.array([np.nan])
    zero = np.array([0.0])
    for given in (
        (no, one, one, one), (one, no, one, one), (one, one, no, one), (one, one, zero, one),
        (one, 2 * one, one, zero),
    ):  # fmt: skip
        assert np.isnan(cheapest_service(*given, waits=False)[0])
    assert np.isnan(cheapest_service(one, one, one, zero, waits=True)[0])


def test_a_company_may_order_for_it_and_sees_it_beside_the_stated_one(space):
    plan = space.plan
    before = buying.rows(plan)
    found = order_proposals.proposals(plan, before, buying.open_to_buy(plan))
    base = plan.base
    for row in found.to_dict("records"):
        sku = plan.sku_index[row["sku"]]
        price, cost = base.usual_price[sku], base.unit_cost[sku]
        held = base.stated(sku, "holding_cost", np.nan)
        assert row["service_cheapest"] == pytest.approx(
            min((price - cost) / (price - cost + held), MOST_SERVICE)
        )
        assert row["service"] == min(base.stated(sku, "service_level", 0.95), MOST_SERVICE)
    space.policies.change("victor", "service_by_units", 1, why="So we count")
    space.policies.change("victor", "service_by_cost", 1, why="Stock is dear")
    limits = space.plan.limits
    level = [cheapest_of(base, s, limits, waits=False) for s in range(len(plan.sku_names))]
    asked = [service_of(base, s, limits) for s in range(len(plan.sku_names))]
    np.testing.assert_allclose(asked, level)
    # Here holding is cheap beside the margin: more is bought.
    after = buying.rows(space.plan)
    of = lambda rows: rows[(rows["kind"] != "expedite") & (rows["source"] == "supplier")]  # noqa: E731
    assert of(after)["units"].sum() > of(before)["units"].sum()
