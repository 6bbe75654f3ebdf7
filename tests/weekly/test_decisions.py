"""Decisions of the Bridge: rights, effect on every plan, taking back, closing, restarts."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from forecasting.consensus.events import Kind
from forecasting.errors import NotAllowed, OutOfBounds, Refused
from forecasting.inventory import actions
from forecasting.inventory.bridge import AMBER, BLUE, RED
from forecasting.plan import views
from forecasting.weekly import best_mix, excess, options
from forecasting.weekly.best_mix import Aim
from forecasting.weekly.option import Action, item_of, situation_of
from forecasting.workspace import Workspace

BY = {
    Action.ORDER: "dana", Action.EXPEDITE: "dana", Action.TRANSFER: "dana", Action.ACCEPT: "dana",
    Action.SHIFT: "ines", Action.REDUCE: "mara", Action.POSTPONE: "dana",
}  # fmt: skip
NOTE = "A third less spend, no paid social"


def short_items(space):
    """Featured SKUs that are red or amber somewhere, most units short first."""
    items = [i for found in space.plan.items.values() for i in found]
    risky = [i for i in items if np.isin(i.status, (RED, AMBER)).any() and i.first < 8]
    return sorted(risky, key=lambda i: -i.short.sum())


def feature_less(space):
    """Leave SKUs of the class unfeatured, so that one can be featured instead."""
    item = short_items(space)[0]
    activation = next(a for a in space.calendar.activations if a.activation == item.activation)
    kept = tuple(i for i in activation.items if i.sku == space.plan.sku_names[item.sku])
    space.calendar.save("mara", replace(activation, items=kept))


def with_excess(space):
    """Featured SKUs of which a door has too much."""
    every = (item for items in space.plan.items.values() for item in items)
    return [item for item in every if (item.status == BLUE).any()]


def first_open(space, action):
    """An option of a kind that can be decided now."""
    if action is Action.SHIFT:
        feature_less(space)
    items = with_excess(space) if action is Action.POSTPONE else short_items(space)
    for item in items:
        name = space.plan.sku_names[item.sku]
        for option in excess.offered(space.plan, item.activation, name):
            if option.action is action and option.is_open:
                return option
    raise AssertionError(f"the sample company offers no way to {action.value}")


def state_of(space):
    """What the plan says, exactly."""
    plan = space.plan
    skus = range(len(plan.sku_names))
    return (
        space.plan.digests(),
        [plan.sku(s).receipts.tobytes() for s in skus],
        [(i.activation, i.p_window.tobytes()) for s in skus for i in plan.sku(s).items],
        space.calendar.activations,
    )


def short_of(space, option):
    item = item_of(space.plan, option.activation, option.sku)
    return 0.0 if item is None else item.short.sum()


@pytest.mark.parametrize("action", [Action.EXPEDITE, Action.TRANSFER])
def test_units_that_are_moved_lower_the_shortage_by_what_was_expected(space, action):
    option = first_open(space, action)
    before = short_of(space, option)
    assert before == pytest.approx(option.short_before, rel=1e-6)
    event = space.decisions.decide(BY[action], option, owner="dana")
    assert short_of(space, option) == pytest.approx(option.short_after, rel=1e-6, abs=1e-6)
    assert short_of(space, option) < before
    decision = space.decisions.of(option.activation, option.sku)[0]
    assert decision.seq == event.seq
    assert decision.weeks_ahead >= 0
    assert decision.due == option.last_date


@pytest.mark.parametrize("action", list(Action))
def test_taking_a_decision_back_restores_every_number_and_bringing_it_back_repeats_it(
    space, action
):
    option = first_open(space, action)
    before = state_of(space)
    event = space.decisions.decide(BY[action], option, owner="dana", note=NOTE)
    decided = state_of(space)
    undo = space.reversals.undo(BY[action], event.seq)
    assert state_of(space) == before
    assert not space.decisions.of(option.activation, option.sku)
    space.reversals.undo(BY[action], undo.seq)
    assert state_of(space) == decided


@pytest.mark.parametrize("action", list(Action))
def test_only_the_function_whose_lever_it_is_may_decide(space, action):
    option = first_open(space, action)
    for person in space.people:
        if person.function.value != space.person(BY[action]).function.value:
            with pytest.raises(NotAllowed):
                space.decisions.decide(person.id, option, owner="dana", note=NOTE)


def test_a_restart_finds_every_decision_as_it_stood(space):
    for action in (Action.SHIFT, Action.EXPEDITE, Action.ACCEPT):
        space.decisions.decide(BY[action], first_open(space, action), owner="dana", note=NOTE)
    taken = space.decisions.decide("dana", first_open(space, Action.TRANSFER), owner="dana")
    space.reversals.undo("dana", taken.seq)
    before, decisions, path = state_of(space), space.decisions.all, space.store.path
    space.close()
    again = Workspace(path)
    assert state_of(again) == before
    assert again.decisions.all == decisions
    again.close()


def test_a_sku_without_open_orders_has_nothing_to_bring_forward(space):
    item = short_items(space)[0]
    name = space.plan.sku_names[item.sku]
    space.plan.inbound._spans.pop(item.sku, None)
    ways = {o.action: o for o in options.for_shortage(space.plan, item.activation, name)}
    assert "No open order" in ways[Action.EXPEDITE].why_not


def test_a_closed_decision_counts_no_more_and_cannot_be_taken_back(space):
    option = first_open(space, Action.TRANSFER)
    before = short_of(space, option)
    event = space.decisions.decide("dana", option, owner="dana")
    space.decisions.close("dana", event.seq)
    assert short_of(space, option) == pytest.approx(before)
    assert space.decisions.all[0].state == "done"
    with pytest.raises(Refused, match="carried out"):
        space.reversals.undo("dana", event.seq)
    with pytest.raises(Refused, match="done already"):
        space.decisions.close("dana", event.seq)


def test_a_transfer_conserves_units_and_never_empties_its_giver(space):
    option = first_open(space, Action.TRANSFER)
    sku = space.plan.sku_index[option.sku]
    before = space.plan.sku(sku)
    space.decisions.decide("dana", option, owner="dana")
    after = space.plan.sku(sku)
    from_centres = sum(m.units for m in option.moves if m.origin not in space.plan.door_index)
    change = (after.receipts - before.receipts).sum()
    assert change == pytest.approx(from_centres)
    for move in option.moves:
        if move.origin in space.plan.door_index:
            giver = space.plan.door_index[move.origin]
            assert (
                after.projection.lost[giver].sum() <= before.projection.lost[giver].sum() + 1e-6
            )


def test_a_transfer_waits_until_it_is_needed_and_is_there_when_the_activation_begins(space):
    waited = 0
    for item in short_items(space):
        name = space.plan.sku_names[item.sku]
        begins = space.plan.base.weeks[item.first]
        for option in options.for_shortage(space.plan, item.activation, name):
            if option.action is not Action.TRANSFER or not option.is_open:
                continue
            for move in option.moves:
                way = (move.arrives - move.leaves).days // 7
                soonest = space.plan.base.weeks[way]
                assert np.datetime64(move.arrives) == max(begins, soonest)
                waited += np.datetime64(move.leaves) > space.plan.base.weeks[0]
    assert waited


def test_units_that_are_gone_meanwhile_cannot_be_moved_twice(space):
    option = first_open(space, Action.TRANSFER)
    move = option.moves[0]
    everything = replace(
        move,
        units=float(
            np.nan_to_num(space.plan.base.opening[space.plan.sku_index[move.sku]]).sum() + 500
        ),
    )
    with pytest.raises(Refused, match="any more"):
        space.decisions.decide("dana", replace(option, moves=(everything,)), owner="dana")
    early = replace(move, arrives=move.leaves)
    with pytest.raises(Refused, match="takes"):
        space.decisions.decide("dana", replace(option, moves=(early,)), owner="dana")


def test_an_order_cannot_be_brought_forward_twice(space):
    option = first_open(space, Action.EXPEDITE)
    space.decisions.decide("dana", option, owner="dana")
    with pytest.raises(Refused, match="any more"):
        space.decisions.decide("dana", option, owner="dana")


def test_a_lower_expectation_needs_to_say_what_changes_in_the_campaign(space):
    option = first_open(space, Action.REDUCE)
    with pytest.raises(OutOfBounds, match="Say what changes"):
        space.decisions.decide("mara", option, owner="mara")
    before = space.plan.totals["statistical"].sum()
    space.decisions.decide("mara", option, owner="mara", note=NOTE)
    assert space.plan.totals["statistical"].sum() < before
    assert short_of(space, option) < option.short_before


def test_shifting_the_featured_sku_moves_the_lift_to_the_substitute(space):
    option = first_open(space, Action.SHIFT)
    old, new = (space.plan.sku_index[s] for s in (option.sku, option.substitute))
    lift = lambda s: dict(space.plan.sku(s).lifts).get(option.activation)  # noqa: E731
    assert lift(old).sum() > 0
    assert lift(new) is None
    space.decisions.decide("ines", option, owner="ines")
    assert lift(old) is None
    assert lift(new).sum() > 0


def test_a_change_of_the_activation_in_between_refuses_what_was_worked_out_before(space):
    option = first_open(space, Action.SHIFT)
    space.calendar.set_lift("mara", option.activation, option.sku, 1.1)
    with pytest.raises(Refused, match="changed meanwhile"):
        space.decisions.decide("ines", option, owner="ines")


def test_an_accepted_risk_stays_accepted_until_it_is_worse(space):
    option = first_open(space, Action.ACCEPT)
    space.decisions.decide("dana", option, owner="dana")
    accepted = space.decisions.is_accepted
    short = option.short_before
    assert accepted(option.activation, option.sku, short)
    assert accepted(option.activation, option.sku, short * 1.1)
    assert not accepted(option.activation, option.sku, short * 1.5 + 5)


def test_what_is_past_is_shown_as_past_and_cannot_be_decided(space):
    option = first_open(space, Action.TRANSFER)
    past = replace(option, is_past=True, last_date=space.plan.base.as_of)
    with pytest.raises(Refused, match="last day"):
        space.decisions.decide("dana", past, owner="dana")


def test_the_best_mix_keeps_the_budget_and_more_money_never_saves_less(space):
    watched = best_mix.watch_list(space.plan)
    free = best_mix.best_mix(watched)
    assert free.chosen
    assert free.cost > 0
    net = []
    for share in (0.0, 0.25, 0.5, 1.0):
        mix = best_mix.best_mix(watched, budget=share * free.cost)
        assert mix.cost <= share * free.cost + 1e-6
        net.append(len(mix.left))
    assert net == sorted(net, reverse=True)
    assert net[-1] == len(free.left)


def test_the_options_of_one_sku_are_not_added_up(space):
    """Benefits are concave: together they save at most what they save one by one."""
    checked = 0
    for item in short_items(space)[:30]:
        menu = best_mix._menu(space.plan, item, short=frozenset())
        both = [c for c in menu if len(c.options) == 2 and c.is_supply]
        for one in both:
            alone = [
                o.units_saved
                for o in options.for_shortage(
                    space.plan, item.activation, space.plan.sku_names[item.sku]
                )
                if o.action in (Action.EXPEDITE, Action.TRANSFER)
            ]
            assert one.units <= sum(alone) + 1e-6 + 0.02 * sum(alone)
            checked += 1
    assert checked


def test_decisions_are_in_the_ledger_in_plain_words(space):
    option = first_open(space, Action.EXPEDITE)
    event = space.decisions.decide("dana", option, owner="dana", due=dt.date(2026, 12, 1))
    assert event.kind is Kind.EXPEDITE
    assert option.text in event.sentence
    assert views.verdicts(space.plan)


def test_each_function_decides_its_part_of_a_mix_line_by_line(space):
    mix = best_mix.best_mix(best_mix.watch_list(space.plan), calendar=True)
    with pytest.raises(NotAllowed):
        space.decisions.decide_all("dana", mix.chosen, owner="dana")
    assert not space.decisions.all
    before = sum(w.units_short for w in best_mix.watch_list(space.plan))
    events = []
    for person in ("mara", "dana", "ines"):
        mine = [o for o in mix.chosen if space.person(person).may(o.action)]
        events += space.decisions.decide_all(person, mine, owner=person, note=NOTE)
    assert len(events) == len(mix.chosen) == len(space.decisions.open)
    after = sum(w.units_short for w in best_mix.watch_list(space.plan))
    assert after < 0.7 * before
    for event in reversed(events):
        space.reversals.undo("dana", event.seq)
    assert sum(w.units_short for w in best_mix.watch_list(space.plan)) == pytest.approx(before)


def test_two_skus_of_one_activation_can_be_reduced_one_after_the_other(space):
    mix = best_mix.best_mix(best_mix.watch_list(space.plan), calendar=True)
    less = mix.of(Action.REDUCE)
    names = [o.activation for o in less]
    activation = max(names, key=names.count)
    twice = [o for o in less if o.activation == activation][:2]
    assert len(twice) == 2
    for option in twice:
        space.decisions.decide("mara", option, owner="mara", note=NOTE)
    now = next(a for a in space.calendar.activations if a.activation == activation)
    for option in twice:
        (lift,) = {i.lift for i in option.after.items if i.sku == option.sku}
        assert {i.lift for i in now.items if i.sku == option.sku} == {lift}


def test_a_mix_for_service_leaves_fewest_short_and_one_for_margin_earns_most(space):
    watched = best_mix.watch_list(space.plan)
    service, margin = (best_mix.best_mix(watched, aim=aim, calendar=True) for aim in Aim)
    assert len(service.left) < len(margin.left)
    assert service.units_saved > margin.units_saved
    assert margin.net >= service.net
    assert margin.net >= 0
    assert not margin.of(Action.REDUCE)


def test_nobody_stands_in_for_two_and_nobody_who_is_short_stands_in(space):
    watched = best_mix.watch_list(space.plan)
    for aim in Aim:
        mix = best_mix.best_mix(watched, aim=aim, calendar=True)
        instead = [o.substitute for o in mix.of(Action.SHIFT)]
        assert len(instead) == len(set(instead))
        assert not set(instead) & {w.sku for w in watched}


def test_what_is_left_of_a_lift_is_the_most_that_stock_supports(space):
    """The grid of shares agrees with working each of them out in full."""
    checked = 0
    for item in short_items(space):
        situation = situation_of(space.plan, space.plan.sku(item.sku), item)
        limits = space.plan.limits
        share = actions.supported_lift(situation, actions.outcome(situation, limits), limits)
        if not 0 < share < 1:
            continue
        for tried, meets in ((share, True), (share + 1 / 64, False)):
            outcome = actions.outcome(situation.with_lift(tried), limits)
            assert outcome.meets(limits) is meets
        checked += 1
    assert checked >= 3


def test_what_a_decision_did_is_looked_up_once_its_activation_is_over(space):
    assert space.weekly.what_decisions_did("dana").empty
    option = first_open(space, Action.EXPEDITE)
    event = space.decisions.decide("dana", option, owner="dana")
    assert space.weekly.what_decisions_did("dana").empty  # it is still to come
    activation = next(
        a for a in space.calendar.activations if a.activation == option.activation
    )
    past = space.plan.base.as_of
    space.calendar.save("mara", replace(activation, start=past, end=past + dt.timedelta(6)))
    (did,) = space.weekly.what_decisions_did("dana").to_dict("records")
    assert did["seq"] == event.seq
    assert did["units"] == sum(m.units for m in option.moves)
    assert 0 <= did["used"] <= did["units"]
    assert 0 <= did["ran_out"] <= did["doors"]
