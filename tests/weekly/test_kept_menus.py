"""What can still be done is kept for SKUs that nothing touched, and is what it would be anew."""

import random
from dataclasses import replace

import pytest

from forecasting.calendar import as_date
from forecasting.consensus.events import Scope
from forecasting.sample.company import make_sample
from forecasting.vocabulary import Function
from forecasting.weekly import best_mix, excess
from tests.company import imported


@pytest.fixture(scope="module")
def shop():
    space = imported(make_sample(skus=60, doors=4, weeks=80, seed=12).tables)
    space.staff.set_person("admin", identity="pia", name="Pia", function=Function.PLANNING)
    space.staff.set_person("admin", identity="mo", name="Mo", function=Function.MARKETING)
    space.runs.refresh("admin", workers=1)
    yield space
    space.close()


def in_words(watched):
    return [
        (w.activation, w.sku, w.status, w.units_short, w.best.margin, w.best.cost,
         [(c.meets, c.cost, c.margin, c.units, c.pays,
           [(o.text, o.moves, o.substitute, o.lift_kept, o.cost) for o in c.options])
          for c in w.menu])
        for w in watched
    ]  # fmt: skip


def same(plan, **asked):
    kept = in_words(best_mix.watch_list(plan, **asked))
    best_mix._MENUS.clear()
    assert kept == in_words(best_mix.watch_list(plan, **asked))
    return kept


def test_after_any_change_the_menus_are_what_they_would_be_if_all_were_worked_out(shop):
    plan, chance = shop.plan, random.Random(7)
    first = same(plan)
    assert len(first) > 3
    weeks = plan.base.weeks
    for number in range(3):
        sku = chance.choice(first)[1]
        scope = Scope(
            product_level="sku", product=sku, first_week=as_date(weeks[1]),
            last_week=as_date(weeks[6]),
        )  # fmt: skip
        shop.override("pia", scope, "percent", 40.0 + number, reason="TREND")
        same(plan)
    planned = next(a for a in plan.activations() if a.activation == first[0][0])
    others = [s for s in plan.sku_names if s not in {i.sku for i in planned.items}]
    added = replace(planned.items[0], sku=chance.choice(others))
    shop.calendar.save("mo", replace(planned, items=(*planned.items, added)))
    same(plan)
    plan.judge_by(replace(plan.limits, red_probability=0.2))
    same(plan)
    same(plan, weeks=4)


def test_what_is_offered_is_the_same_while_what_it_stands_on_is(shop):
    plan, known, held, changed = shop.plan, {}, 0, 0
    risks = [(w.activation, w.sku) for w in best_mix.watch_list(plan)]
    week = as_date(plan.base.weeks[3])
    rivals = plan.base.rivals
    classes = {rivals[plan.sku_index[sku]]: (act, sku) for act, sku in risks}
    for touched in [None, *(sku for _, sku in classes.values())]:
        if touched:
            scope = Scope(product_level="sku", product=touched, first_week=week, last_week=week)
            shop.override("pia", scope, "percent", 7.0, reason="TREND")
        for risk in classes.values():
            now = excess.stands_on(plan, *risk), repr(excess.offered(plan, *risk))
            before = known.get(risk)
            if before and before[0] == now[0]:
                assert before[1] == now[1]
                held += 1
            changed += before is not None and before[0] != now[0]
            known[risk] = now
    assert held
    assert changed


def test_a_menu_of_a_sku_that_nothing_touched_is_not_worked_out_again(shop, monkeypatch):
    plan, asked = shop.plan, []
    first = best_mix.watch_list(plan)
    whole = best_mix._menu

    def counted(plan, item, *, short):
        asked.append(plan.sku_names[item.sku])
        return whole(plan, item, short=short)

    monkeypatch.setattr(best_mix, "_menu", counted)
    best_mix.watch_list(plan)
    assert asked == []
    one = first[0].sku
    week = as_date(plan.base.weeks[2])
    scope = Scope(product_level="sku", product=one, first_week=week, last_week=week)
    shop.override("pia", scope, "percent", 3.0, reason="TREND")
    again = {w.sku for w in best_mix.watch_list(plan)}
    rivals = plan.base.rivals
    near = {s for s in again if rivals[plan.sku_index[s]] == rivals[plan.sku_index[one]]}
    assert one in asked
    assert set(asked) <= near
