"""Order more: offered in time, counted at once, matched with what the files bring, released."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from forecasting.consensus.moves import Move
from forecasting.errors import NotAllowed, OutOfBounds, Refused
from forecasting.plan.inbound import Inbound
from forecasting.weekly import options
from forecasting.weekly.option import Action
from forecasting.workspace import Workspace
from tests.weekly.test_decisions import first_open, short_of, state_of


def test_an_order_lowers_the_shortage_by_what_was_expected_and_comes_first(space):
    option = first_open(space, Action.ORDER)
    assert options.for_shortage(space.plan, option.activation, option.sku)[0] == option
    before = short_of(space, option)
    space.decisions.decide("dana", option, owner="dana")
    assert short_of(space, option) == pytest.approx(option.short_after, rel=1e-6, abs=1e-6)
    assert short_of(space, option) < before


def test_an_order_is_whole_cases_at_least_the_minimum_and_says_what_is_left(space):
    option = first_open(space, Action.ORDER)
    plan, sku = space.plan, space.plan.sku_index[option.sku]
    case = plan.base.stated(sku, "case_pack", 1.0)
    assert all(m.units % case == 0 for m in option.moves)
    bought = option.bought
    assert bought is not None
    assert bought.units >= plan.base.stated(sku, "moq", 0.0)
    assert bought.units == sum(m.units for m in option.moves)
    assert bought.left[0] <= bought.left[1]
    assert bought.left[0] >= bought.left_without[0]
    assert 0 < bought.stated <= bought.aim < 1


def test_both_plans_count_an_order_at_once(space):
    option = first_open(space, Action.ORDER)
    sku = space.plan.sku_index[option.sku]
    plans = space.plan, space.working_plan_for("dana")
    before = [p.sku_with(sku, supply="firm").receipts.sum() for p in plans]
    space.decisions.decide("dana", option, owner="dana")
    plans = space.plan, space.working_plan_for("dana")
    after = [p.sku_with(sku, supply="firm").receipts.sum() for p in plans]
    units = sum(m.units for m in option.moves)
    assert np.subtract(after, before) == pytest.approx([units, units])


def test_a_released_order_counts_on_and_is_not_taken_back(space):
    option = first_open(space, Action.ORDER)
    event = space.decisions.decide("dana", option, owner="dana")
    counted = state_of(space)
    with pytest.raises(NotAllowed):
        space.decisions.release("mara", event.seq)
    space.decisions.release("dana", event.seq)
    assert state_of(space) == counted
    with pytest.raises(Refused, match="went to the supplier"):
        space.reversals.undo("dana", event.seq)
    with pytest.raises(Refused, match="already"):
        space.decisions.release("dana", event.seq)
    assert space.decisions.open[0].state == "released"


def test_only_an_order_is_released(space):
    option = first_open(space, Action.TRANSFER)
    event = space.decisions.decide("dana", option, owner="dana")
    with pytest.raises(Refused, match="no order"):
        space.decisions.release("dana", event.seq)


def test_an_order_that_comes_sooner_than_its_lead_time_or_in_broken_cases_is_refused(space):
    option = first_open(space, Action.ORDER)
    sooner = tuple(replace(m, arrives=m.arrives - dt.timedelta(70)) for m in option.moves)
    with pytest.raises(Refused, match="cannot come"):
        space.decisions.decide("dana", replace(option, moves=sooner), owner="dana")
    broken = tuple(replace(m, units=m.units + 0.5) for m in option.moves)
    with pytest.raises(OutOfBounds, match="cases"):
        space.decisions.decide("dana", replace(option, moves=broken), owner="dana")


def test_an_open_order_that_the_files_bring_later_is_the_one_that_was_decided(space):
    plan = space.plan
    base = plan.base
    line = base.receipts[base.receipts["receipt"] != ""].iloc[0]
    sku, door = int(line["sku"]), int(line["door"])
    begin = base.weeks[0].astype("datetime64[D]").item()
    order = Move(
        sku=plan.sku_names[sku], to=plan.door_names[door], units=100.0, leaves=begin,
        arrives=begin + dt.timedelta(70), cost=0.0, known=(),
    )  # fmt: skip
    inbound = Inbound(base, plan.door_index)
    there = inbound.lines(sku)
    names = tuple(str(r) for r in there.receipt[there.door == door])
    known = replace(order, known=names)
    assert inbound.moved(sku, [known]).sum() == pytest.approx(100.0)
    mine = (there.door == door) & (there.receipt != "")
    promised = float((there.units[mine] / there.chance[mine]).sum())
    # A line that was not there when it was decided is it; two orders share its units.
    two = inbound.moved(sku, [order, order]).sum()
    assert two == pytest.approx(max(200.0 - promised, 0.0))


def test_a_restart_finds_an_order_as_it_stood(space):
    option = first_open(space, Action.ORDER)
    event = space.decisions.decide("dana", option, owner="dana")
    space.decisions.release("dana", event.seq)
    before, path = state_of(space), space.store.path
    decisions = space.decisions.all
    space.close()
    again = Workspace(path)
    assert again.decisions.all == decisions
    assert state_of(again) == before
    again.close()
