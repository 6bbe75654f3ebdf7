"""What is kept of every SKU is worked out anew for those that changed, and is what it is if all were.

The buy plan, and verdicts that count another supply.
"""

import gc
import random

import numpy as np
import pandas as pd
import pytest

from forecasting.calendar import as_date
from forecasting.consensus.events import Scope
from forecasting.inventory.bridge import Limits
from forecasting.monthly import buying
from forecasting.plan import views
from forecasting.plan.by_sku import BySku
from forecasting.plan.inbound import FIRM, PLANNED
from forecasting.sample.company import make_sample
from forecasting.vocabulary import Function
from tests.company import imported


@pytest.fixture(scope="module")
def shop():
    space = imported(make_sample(skus=16, doors=3, weeks=70, seed=8).tables)
    space.staff.set_person("admin", identity="pia", name="Pia", function=Function.PLANNING)
    space.runs.refresh("admin", workers=1)
    yield space
    space.close()


def anew(plan):
    """Order lines and open-to-buy without anything that was kept."""
    skus = range(len(plan.sku_names))
    frozen = plan.limits.frozen_buy_weeks
    return buying.rows(plan, frozen=frozen), dict(buying._money_of(plan, skus))


def same(plan):
    rows, money = anew(plan)
    for supply in (FIRM, PLANNED):
        judged = views.item_risks(plan, supply=supply)
        featured = [sku for sku, items in plan.items.items() if items]
        again = [i for sku in featured for i in plan.sku_with(sku, supply=supply).items]
        assert judged
        assert [(i.sku, i.activation) for i in judged] == [(i.sku, i.activation) for i in again]
        for one, other in zip(judged, again, strict=True):
            np.testing.assert_array_equal(one.units_short, other.units_short)
            np.testing.assert_array_equal(one.status, other.status)
    pd.testing.assert_frame_equal(buying.rows(plan), rows)
    kept = buying._MONEY.every(plan)
    assert list(kept) == list(money)
    for sku, lines in money.items():
        assert list(kept[sku]) == list(lines)
        for month, line in lines.items():
            np.testing.assert_array_equal(kept[sku][month], line)


def test_after_any_edits_it_is_what_it_would_be_if_all_were_worked_out(shop):
    plan, chance = shop.plan, random.Random(4)
    weeks = plan.base.weeks
    same(plan)
    for number in range(4):
        for sku in chance.sample(plan.sku_names, 2):
            first = chance.randrange(3, 12)
            scope = Scope(
                product_level="sku", product=sku, first_week=as_date(weeks[first]),
                last_week=as_date(weeks[first + 3]),
            )  # fmt: skip
            shop.override("pia", scope, "percent", 20.0 + 9 * number, reason="TREND")
        assert shop.plan is plan
        same(plan)
    plan.judge_by(Limits(least_service=0.99))
    same(plan)


def test_only_skus_that_changed_are_worked_out(shop):
    plan, asked = shop.plan, []

    def work_out(_, skus):
        asked.append(skus)
        return [(sku, f"of {sku}") for sku in skus]

    names = BySku(work_out)
    assert list(names.every(plan)) == list(range(16))
    names.every(plan)
    week = plan.base.weeks[4]
    scope = Scope(
        product_level="sku", product=plan.sku_names[5], first_week=as_date(week),
        last_week=as_date(week),
    )  # fmt: skip
    shop.override("pia", scope, "percent", 50.0, reason="TREND")
    changed = [sku for sku, seq in plan.changed.items() if seq == plan.seq]
    names.every(plan)
    assert [len(skus) for skus in asked] == [16, 0, len(changed)]
    assert 5 in asked[-1]


def test_a_plan_that_is_gone_takes_what_was_kept_of_it_along(shop):
    names = BySku(lambda _, skus: [(sku, sku) for sku in skus])
    other = shop.plan.without(())
    names.every(other)
    assert len(names._of) == 1
    del other
    gc.collect()
    assert len(names._of) == 0
