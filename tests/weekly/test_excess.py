"""Push back receipts: offered where there is excess, counted at once, taken back, refused."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from forecasting.calendar import as_date
from forecasting.consensus.events import Kind
from forecasting.errors import NotAllowed, Refused
from forecasting.inventory.arrivals import NEAR_WEEKS
from forecasting.inventory.bridge import BLUE
from forecasting.plan.inbound import Inbound
from forecasting.weekly import excess
from forecasting.weekly.option import Action, item_of
from tests.weekly.test_decisions import state_of


def first_open(space):
    """Something on order that can wait, of a SKU with excess."""
    for items in space.plan.items.values():
        for item in items:
            if (item.status == BLUE).any():
                option = excess.push_back(space.plan, item)
                if option.is_open:
                    name = space.plan.sku_names[item.sku]
                    return excess.for_excess(space.plan, option.activation, name)[0]
    raise AssertionError("nothing of the sample company's excess is still on order")


def left_of(space, option):
    """Units left at its doors after the activation."""
    item = item_of(space.plan, option.activation, option.sku)
    return item.on_hand[:, -1].sum()


def test_what_waits_is_counted_at_once_and_runs_nobody_out(space):
    option = first_open(space)
    sku = space.plan.sku_index[option.sku]
    before = [p.sku_with(sku, supply="firm").receipts.copy()
              for p in (space.plan, space.working_plan_for("dana"))]  # fmt: skip
    left, short = left_of(space, option), option.short_before
    event = space.decisions.decide("dana", option, owner="dana")
    assert event.kind is Kind.POSTPONE
    change = np.zeros_like(before[0])
    begin = as_date(space.plan.base.weeks[0])
    for move in option.moves:
        door = space.plan.door_index[move.to]
        assert move.arrives > move.leaves
        change[door, (move.leaves - begin).days // 7] -= move.units
        arrives = (move.arrives - begin).days // 7
        if arrives < change.shape[1]:
            change[door, arrives] += move.units
    after = [p.sku_with(sku, supply="firm").receipts
             for p in (space.plan, space.working_plan_for("dana"))]  # fmt: skip
    for was, now in zip(before, after, strict=True):
        np.testing.assert_allclose(now - was, change, atol=1e-6)
    assert left_of(space, option) <= left
    assert option.short_after == pytest.approx(short, abs=0.5)
    assert not option.effect.harmed
    item = item_of(space.plan, option.activation, option.sku)
    assert item.short.sum() == pytest.approx(option.short_after, rel=1e-6, abs=1e-6)
    # It is on the list once: nothing is pushed back a second time.
    again = excess.for_excess(space.plan, option.activation, option.sku)
    moved = {(m.receipt, m.to) for m in option.moves}
    assert not moved & {(m.receipt, m.to) for o in again for m in o.moves}


def test_taking_it_back_leaves_the_plan_as_it_was(space):
    option, before = first_open(space), state_of(space)
    event = space.decisions.decide("dana", option, owner="dana")
    assert state_of(space) != before
    space.reversals.undo("dana", event.seq)
    assert state_of(space) == before


def test_planning_decides_it_and_others_propose_it(space):
    option = first_open(space)
    for person in ("mara", "ines"):
        with pytest.raises(NotAllowed):
            space.decisions.decide(person, option, owner="dana")
    proposal = space.proposals.propose("mara", option, note="It would only be marked down")
    space.proposals.accept("dana", proposal.seq, note="Agreed")
    assert space.decisions.of(option.activation, option.sku)[0].action is Action.POSTPONE


def test_an_order_that_is_about_to_come_or_is_not_there_cannot_wait(space):
    option = first_open(space)
    unknown = tuple(replace(m, receipt="PO-none") for m in option.moves)
    lines, begin = space.plan.base.receipts, space.plan.base.weeks[0].astype("O")
    near = lines[(lines["week"] < NEAR_WEEKS) & (lines["receipt"] != "")].iloc[0]
    soon = (
        replace(
            option.moves[0], sku=space.plan.sku_names[near["sku"]],
            to=space.plan.door_names[near["door"]], receipt=near["receipt"], units=1.0,
            leaves=begin + dt.timedelta(7 * int(near["week"])),
            arrives=begin + dt.timedelta(70),
        ),
    )  # fmt: skip
    for moves in (unknown, soon):
        with pytest.raises(Refused, match="cannot be moved"):
            space.decisions.decide("dana", replace(option, moves=moves), owner="dana")


def test_once_the_files_have_the_later_date_it_is_not_pushed_back_again(space):
    option = first_open(space)
    plan, base = space.plan, space.plan.base
    move = option.moves[0]
    sku, door = plan.sku_index[move.sku], plan.door_index[move.to]
    lines = base.receipts.copy()
    mine = (lines["sku"] == sku) & (lines["door"] == door) & (lines["receipt"] == move.receipt)
    arrives = (move.arrives - as_date(base.weeks[0])).days // 7
    lines.loc[mine, "week"] = arrives
    later = Inbound(replace(base, receipts=lines), plan.door_index)
    assert not later.moved(sku, [move]).any()
    assert Inbound(base, plan.door_index).moved(sku, [move]).any()
