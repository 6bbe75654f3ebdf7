"""What is shown of an option is what the Bridge shows once it is decided."""

import json
import shutil
from contextlib import closing
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from forecasting.__main__ import main
from forecasting.errors import NotAllowed
from forecasting.inventory import actions
from forecasting.inventory.bridge import RED, Limits, activation_status
from forecasting.plan import views
from forecasting.plan.live import LivePlan
from forecasting.vocabulary import Status
from forecasting.weekly import best_mix, excess, judging, options, readiness
from forecasting.weekly.option import Action, situation_of
from forecasting.weekly.shifts import shift
from forecasting.weekly.together import one_by_one, parted, together
from forecasting.weekly.together import rows as mix_rows
from forecasting.workspace import Workspace
from tests.weekly.test_decisions import BY, NOTE, feature_less, short_items, with_excess

WEEKS = 8


@pytest.fixture(scope="module")
def shared(company, tmp_path_factory):
    """One workspace for all tests here: each takes back what it decides."""
    path = shutil.copy(company, tmp_path_factory.mktemp("options") / "copy.duckdb")
    with closing(Workspace(path)) as opened:
        feature_less(opened)
        yield opened


@pytest.fixture(scope="module")
def offered(shared):
    """The options of every featured SKU that is short, and of some with excess, as listed."""
    plan = shared.plan
    short = [
        options.for_shortage(plan, item.activation, plan.sku_names[item.sku])
        for item in short_items(shared)
    ]
    over = [
        excess.for_excess(plan, item.activation, plan.sku_names[item.sku])
        for item in with_excess(shared)
    ]
    return short + [found for found in over if found[0].is_open][:6]


def shown_of(plan, activation, sku):
    """What the Bridge shows of one featured SKU."""
    (row,) = views.skus_of(plan, activation).query("sku == @sku").to_dict("records")
    return [
        row["units_short"], row["margin_at_risk"], row["demand"], row["status"],
        row["red_doors"], row["doors"],
    ]  # fmt: skip


def first_order(plan, item):
    """Ordering more for one featured SKU."""
    situation = situation_of(plan, plan.sku(item.sku), item)
    before = actions.outcome(situation, plan.limits)
    return options.order_more(plan, item, situation, before).option


def told_of(reading):
    return [
        reading.short, reading.at_risk, reading.demand, reading.status, reading.red_doors,
        reading.doors,
    ]  # fmt: skip


def line_of(plan, activation):
    (found,) = [
        v for v in views.verdicts(plan, weeks=52) if v.activation.activation == activation
    ]
    return [found.units_short, found.margin_at_risk, found.status, found.red_skus, found.n_skus]


def told_line(line):
    return [line.short, line.at_risk, line.status, line.red_skus, line.skus]


def red_cells(plan):
    return {
        (plan.sku_names[i.sku], plan.activation(i.activation).name, plan.base.network.labels[d])
        for items in plan.items.values()
        for i in items
        for d in i.doors[i.status == RED]
    }


def summed(plan, skus, weeks):
    pairs = [judging.expected(plan, plan.sku(s), weeks) for s in sorted(skus)]
    return np.array(pairs).sum(axis=0)


def same(told, shown):
    for one, other in zip(told, shown, strict=True):
        if isinstance(one, float):
            assert one == pytest.approx(other, rel=1e-9, abs=1e-6, nan_ok=True)
        else:
            assert one == other


def test_every_option_says_before_and_after_what_the_bridge_says_then(shared, offered):
    """Every kind, in every activation of the weeks ahead, decided and taken back."""
    space, decided = shared, []
    for option in (o for found in offered for o in found if o.is_open):
        plan, effect = space.plan, option.effect
        same(told_of(effect.of[0]), shown_of(plan, option.activation, option.sku))
        same(told_line(effect.line[0]), line_of(plan, option.activation))
        touched = judging.touched_by(plan, option)
        weeks = int((np.datetime64(effect.until) - plan.base.weeks[0]).astype(int)) // 7 + 1
        same([effect.short.without, effect.earned.without], summed(plan, touched, weeks))
        before = red_cells(plan)
        event = space.decisions.decide(BY[option.action], option, owner="dana", note=NOTE)
        plan = space.plan
        sku = option.substitute or option.sku
        same(told_of(effect.of[1]), shown_of(plan, option.activation, sku))
        same(told_line(effect.line[1]), line_of(plan, option.activation))
        same([effect.short.with_it, effect.earned.with_it], summed(plan, touched, weeks))
        harmed = {(h.sku, h.activation, d) for h in effect.harmed for d in h.doors}
        assert harmed == red_cells(plan) - before
        space.reversals.undo(BY[option.action], event.seq)
        assert option.units_saved == effect.of[0].short - effect.of[1].short
        assert option.margin_saved == effect.earned.with_it - effect.earned.without
        decided.append((option.action, option.activation))
    assert {action for action, _ in decided} == set(Action)
    assert len({activation for _, activation in decided}) >= 3


def test_a_shift_to_a_sku_that_is_short_itself_says_at_how_many_doors_and_ranks_behind(shared):
    """Whoever stands in, also SKUs that stock would not suggest."""
    plan, warned = shared.plan, 0
    for item in short_items(shared)[:12]:
        alike = np.flatnonzero(plan.base.rivals == plan.base.rivals[item.sku]).tolist()
        featured = {i.sku for i in plan.activation(item.activation).items}
        free = [s for s in alike if plan.sku_names[s] not in featured]
        found = [o for o in shift(plan, item, instead=free, most=len(free)) if o.effect]
        for option in found:
            effect = option.effect
            reds = effect.of[1].red_doors
            mine = [h for h in effect.harmed if h.sku == option.substitute and h.is_new]
            assert [(h.red_doors, h.of) for h in mine] == [(reds, effect.of[1].doors)] * (
                reds > 0
            )
            if reds:
                assert f"short at {reds} of {effect.of[1].doors} doors" in option.warning
                warned += 1
        behind = [bool(o.warning) for o in found]
        assert behind == sorted(behind)
    assert warned


def test_options_that_leave_another_short_come_after_those_that_do_not(offered):
    seen = 0
    for found in offered:
        warned = [bool(o.warning) for o in found[:-1] if o.is_open]
        assert warned == sorted(warned)
        seen += any(warned)
    assert seen


def test_a_reduction_to_no_lift_is_named_as_giving_up_the_promotion_with_its_price(offered):
    named = 0
    for option in (o for found in offered for o in found):
        if option.action is not Action.REDUCE or option.why_not:
            continue
        assert "u of expected sales are given up" in option.told
        assert option.gives_up == (option.effect.of[1].lift < 1.05)
        if option.gives_up:
            assert option.label == "Give up the promotion"
            assert option.told.startswith(f"Give up the promotion of {option.sku}")
            named += 1
        else:
            assert "so that it lifts" in option.told
    assert named


def test_the_mix_gives_up_nothing_unless_it_is_asked_to(shared):
    watched = best_mix.watch_list(shared.plan)
    for aim in best_mix.Aim:
        mix = best_mix.best_mix(watched, aim=aim)
        assert not mix.of(Action.REDUCE, Action.SHIFT)
        assert mix.chosen
        for option in one_by_one(shared.plan, mix.chosen):
            assert option.net >= 0
        assert together(shared.plan, mix.chosen, watched, weeks=WEEKS).net > 0
    asked = best_mix.best_mix(watched, calendar=True)
    assert asked.of(Action.REDUCE)
    assert len(asked.left) < len(best_mix.best_mix(watched).left)


def test_the_mix_orders_more_where_lead_time_allows_and_says_what_it_buys(shared):
    plan = shared.plan
    watched = best_mix.watch_list(plan)
    mix = best_mix.best_mix(watched)
    orders = mix.of(Action.ORDER)
    assert orders
    table = mix_rows(plan, one_by_one(plan, mix.chosen)).set_index("action")
    assert set(table.loc["Order more", "decided_by"]) == {"Planning"}
    for option in orders:
        assert option.is_open
        assert option.bought.spend > 0
    bought = sum(o.bought.spend for o in orders)
    told = together(plan, mix.chosen, watched, weeks=WEEKS)
    assert told.buys == pytest.approx(bought) == pytest.approx(table["buys"].sum(), abs=0.5)
    # What is bought is no cost: it is not in the budget.
    free = best_mix.best_mix(watched, budget=0.0)
    assert free.cost == 0
    assert free.of(Action.ORDER)


def test_of_a_sku_that_leaves_after_the_activation_no_more_is_ordered_than_sells_in_it(shared):
    item, option = next(
        (i, o) for i in short_items(shared) if (o := first_order(shared.plan, i)).is_open
    )
    assert option.bought.stranded == 0
    assert option.bought.loss == 0
    plan, base = shared.plan, shared.plan.base
    exits = base.facts["exit_date"].astype(object)
    exits[item.sku] = pd.Timestamp(base.weeks[item.last]) + pd.Timedelta(days=6)
    least = base.facts["moq"].astype(object)
    least[item.sku] = 4 * option.bought.units
    units = [option.bought.units]
    for facts in ({"exit_date": exits}, {"exit_date": exits, "moq": least}):
        leaving = LivePlan(
            replace(base, facts={**base.facts, **facts}), activations=plan.activations(),
            limits=plan.limits,
        )  # fmt: skip
        same = next(i for i in leaving.items[item.sku] if i.activation == item.activation)
        last = first_order(leaving, same)
        units.append(last.bought.units if last.is_open else 0.0)
    assert units[1] <= units[0]
    if last.is_open:  # for the minimum's sake: what it leaves is known to be lost
        assert last.bought.stranded > 0
        each = last.bought.spend / last.bought.units
        assert last.bought.loss == pytest.approx(last.bought.stranded * each)


def test_what_supply_can_still_do_is_stated_as_the_plan_says_it(shared):
    """The list of what is short is drawn up by quick arithmetic: it comes to the same."""
    plan, compared = shared.plan, 0
    for one in best_mix.watch_list(plan):
        if one.best.options:
            told = together(plan, one.best.options, [one], weeks=WEEKS)
            assert one.best.margin == pytest.approx(told.earned.more, rel=1e-9, abs=1e-6)
            assert one.best.cost == pytest.approx(told.cost)
            compared += 1
    assert compared >= 5


@pytest.mark.parametrize("calendar", [False, True], ids=["supply", "promotions as well"])
def test_the_sums_of_what_is_ticked_are_what_the_bridge_says_then(shared, calendar):
    plan = shared.plan
    watched = best_mix.watch_list(plan)
    mix = best_mix.best_mix(watched, calendar=calendar)
    taken = [n % 3 != 1 for n in range(len(mix.chosen))]
    chosen = [
        o for o, yes in zip(one_by_one(plan, mix.chosen, taken), taken, strict=True) if yes
    ]
    told = together(plan, chosen, watched, weeks=WEEKS)

    def shown():
        judged = views.verdicts(shared.plan, weeks=WEEKS)
        return [sum(v.units_short for v in judged), sum(v.margin_at_risk for v in judged)]

    same([told.short.without, told.at_risk.without], shown())
    events = []
    for option in chosen:
        event = shared.decisions.decide(BY[option.action], option, owner="dana", note=NOTE)
        events.append(event)
    same([told.short.with_it, told.at_risk.with_it], shown())
    by_sku = {}
    for option in chosen:
        by_sku[option.activation, option.sku] = option
    if not calendar:  # each SKU by itself: the last of its lines says where it ends
        for (activation, sku), option in by_sku.items():
            same(told_of(option.effect.of[1]), shown_of(shared.plan, activation, sku))
        assert told.earned.more == pytest.approx(sum(o.margin_saved for o in chosen), abs=1e-6)
    for event in reversed(events):
        shared.reversals.undo("dana", event.seq)
    same([told.short.without, told.at_risk.without], shown())


def test_of_a_mix_each_decides_his_own_part_and_is_told_whose_the_rest_is(shared):
    watched = best_mix.watch_list(shared.plan)
    chosen = best_mix.best_mix(watched, calendar=True).chosen
    for name in ("mara", "ines", "dana", "victor"):
        person = shared.person(name)
        part = parted(person, chosen)
        assert len(part.mine) + len(part.others) == len(chosen)
        assert all(person.may(o.action) for o in part.mine)
        assert ("Planning to decide" in part.text) == (name != "dana")
        assert ("Marketing to decide" in part.text) == (name != "mara")
        if part.others:
            with pytest.raises(NotAllowed):
                shared.decisions.decide_all(name, list(part.others), owner=name, note=NOTE)
    assert not shared.decisions.open


@pytest.mark.parametrize(
    ("by_share", "red_skus", "at_risk", "lift", "status"),
    [
        ("green", 0, 5.0, 100.0, "green"),
        ("green", 8, 5.0, 100.0, "amber"),
        ("blue", 1, 0.0, 100.0, "amber"),
        ("green", 0, 10.0, 100.0, "amber"),
        ("green", 0, 20.0, 100.0, "red"),
        ("amber", 0, 20.0, 100.0, "red"),
        ("grey", 0, 20.0, 100.0, "red"),
        ("grey", 3, 5.0, 100.0, "grey"),
        ("red", 0, 0.0, 100.0, "red"),
        ("green", 0, 50.0, -10.0, "green"),
        ("green", 0, float("nan"), float("nan"), "green"),
    ],
)
def test_an_activation_is_coloured_by_money_as_well_as_by_share(
    by_share, red_skus, at_risk, lift, status
):
    found = activation_status(
        Status(by_share), red_skus=red_skus, at_risk=at_risk, lift=lift, limits=Limits()
    )
    assert found is Status(status)


def test_every_count_of_short_skus_is_the_same(shared):
    plan, today = shared.working_plan_for("dana"), shared.desk.today
    shown = {v.activation.activation: v for v in views.verdicts(plan, weeks=WEEKS)}
    judged = readiness.calendar_of(
        plan, shared.decisions, shared.proposals, weeks=WEEKS, today=today
    )
    compared = 0
    for one in judged:
        verdict = shown.get(one.activation.activation)
        if verdict is None:
            continue
        assert one.short_skus == verdict.red_skus
        if one.short_skus:
            assert one.why.startswith(f"Short: {verdict.red_skus} of {verdict.n_skus} SKU")
        else:
            assert "Short:" not in one.why
        compared += 1
    assert compared >= 5


def test_nothing_is_called_covered_of_which_a_sku_is_short(shared):
    for verdict in views.verdicts(shared.plan, weeks=52):
        assert verdict.text.startswith(f"Short: {verdict.red_skus} of {verdict.n_skus} SKU")
        if verdict.red_skus:
            assert verdict.status not in (Status.GREEN, Status.BLUE)


def test_the_command_writes_the_mix_that_the_page_shows_and_gives_nothing_up_unasked(
    company_copy, tmp_path
):
    out, mix = tmp_path / "bridge.csv", tmp_path / "mix.csv"
    asked = ["bridge", "--db", str(company_copy), "--out", str(out), "--best-mix", str(mix)]
    found = {}
    for more in ((), ("--promotions",)):
        ran = CliRunner().invoke(main, [*asked, "--json", *more])
        assert ran.exit_code == 0, ran.output
        found[more] = json.loads(ran.stdout)["best_mix"], pd.read_csv(mix)
        told, rows = found[more]
        assert told["actions"] == len(rows) > 0
        assert told["net"] == pytest.approx(told["margin"] - told["cost"], abs=0.11)
        assert told["short_after"] < told["short_before"]
    told, rows = found[()]
    assert (rows["net"] >= 0).all()
    assert set(rows["decided_by"]) == {"Planning"}
    assert "Marketing" in set(found["--promotions",][1]["decided_by"])
