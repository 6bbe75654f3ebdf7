"""Orders of the buy plan proposed: worth, accepted, changed, declined, and what came between."""

import datetime as dt

import pytest

from forecasting.consensus.events.orders import OrdersApproved
from forecasting.errors import NotAllowed, OutOfBounds, Refused
from forecasting.weekly import proposed_orders
from forecasting.weekly.order_terms import divided_again, lines_of
from forecasting.weekly.proposed import Proposal
from forecasting.workspace import Workspace
from tests.monthly.test_ordering import lines_of as lines_for
from tests.monthly.test_ordering import some_of
from tests.weekly.test_decisions import state_of


def proposed(space, n=2, by="mara") -> Proposal:
    lines = lines_for(space, some_of(space, n))
    event = space.proposals.propose_orders(by, lines, note="For Christmas", base=space.seq)
    return space.proposals.one(event.seq)


@pytest.mark.parametrize("by", ["mara", "ines"])
def test_proposed_orders_change_nothing_until_planning_accepts_them(space, by):
    amounts, before = some_of(space, 2), state_of(space)
    found = proposed(space, by=by)
    assert state_of(space) == before
    assert space.orders.open == []
    assert found in space.proposals.waiting_for(space.person("dana"))
    for other in ("mara", "ines", "victor", "admin"):
        assert found not in space.proposals.waiting_for(space.person(other))
        with pytest.raises(NotAllowed):
            space.proposals.accept(other, found.seq, note="Yes")
    assert space.proposals.look("dana", found.seq).changes == ()
    event = space.proposals.accept("dana", found.seq, note="Yes")
    assert event.told(OrdersApproved).answering.by == space.person(by).name
    assert f"as {space.person(by).name} proposed (#{found.seq})" in event.sentence
    ordered = {(o.sku, o.arrives): o.units for o in space.orders.open}
    assert ordered == amounts
    answered = space.proposals.one(found.seq)
    assert (answered.state, answered.decision) == ("accepted", event.seq)


def test_what_orders_are_worth_is_what_is_short_without_them_and_with_them(space):
    found = proposed(space, n=3)
    worth = found.body.worth
    assert worth.units > 0
    parts = [
        proposed_orders.worth_of(space.plan, [m for m in found.body.moves if m.sku == sku])
        for sku in found.body.skus
    ]
    assert worth.units == pytest.approx(sum(p.units for p in parts), abs=0.01)
    assert worth.margin == pytest.approx(sum(p.margin for p in parts), abs=0.05)
    space.proposals.accept("dana", found.seq, note="Yes")
    # A second time they prevent less: what is approved is counted.
    again = proposed_orders.worth_of(space.plan, found.body.moves)
    assert again.units < worth.units


def test_accepted_with_other_units_they_are_changed_and_one_left_out_is_not_ordered(space):
    found = proposed(space)
    first, second = ((m.sku, m.arrives) for m in (found.body.moves[0], found.body.moves[-1]))
    assert first != second
    case = space.plan.base.stated(space.plan.sku_index[first[0]], "case_pack", 1.0)
    more = sum(m.units for m in found.body.moves if m.sku == first[0]) + 2 * case
    lines = divided_again(space.plan, found.body.moves, {first: more, second: 0})
    event = space.proposals.change("dana", found.seq, lines=lines, note="More of the first")
    assert "changed from what" in event.sentence
    assert [(o.sku, o.units) for o in space.orders.open] == [(first[0], more)]
    assert space.proposals.one(found.seq).state == "changed"


def test_they_are_changed_only_into_orders_of_the_same_skus_that_can_be_placed(space):
    found = proposed(space, n=1)
    (key, _), (other, more) = list(some_of(space, 2).items())
    case = space.plan.base.stated(space.plan.sku_index[key[0]], "case_pack", 1.0)
    for lines in ((), lines_for(space, {other: more})):
        with pytest.raises(OutOfBounds, match="of what was proposed"):
            space.proposals.change("dana", found.seq, lines=lines, note="Rather")
    with pytest.raises(OutOfBounds, match="cases of"):
        divided_again(space.plan, found.body.moves, {key: case / 2})
    with pytest.raises(OutOfBounds, match="was proposed"):
        divided_again(space.plan, found.body.moves, {other: more})
    assert space.orders.open == []
    assert space.proposals.one(found.seq).is_open


def test_declined_with_a_reason_or_withdrawn_nothing_is_ordered(space):
    found = proposed(space, n=1)
    with pytest.raises(OutOfBounds, match="Say why"):
        space.proposals.decline("dana", found.seq, note="")
    event = space.proposals.decline("dana", found.seq, note="No money left")
    assert event.sentence.endswith("because: No money left")
    again = proposed(space, n=1)
    space.proposals.withdraw("mara", again.seq)
    assert space.proposals.one(again.seq).state == "withdrawn"
    assert space.orders.open == []


def test_nobody_proposes_orders_that_they_may_approve_or_have_proposed(space):
    found = proposed(space)
    lines = lines_for(space, some_of(space, 1))
    with pytest.raises(Refused, match="may decide this"):
        space.proposals.propose_orders("dana", lines)
    with pytest.raises(Refused, match=f"#{found.seq} waits"):
        space.proposals.propose_orders("mara", lines)
    for other in ("victor", "admin"):
        with pytest.raises(NotAllowed):
            space.proposals.propose_orders(other, lines)
    with pytest.raises(Refused, match="nothing to order"):
        space.proposals.propose_orders("ines", [])
    early = [
        line.__class__(sku=line.sku, place=line.place, units=line.units,
                       arrives=line.arrives - dt.timedelta(7))
        for line in lines
    ]  # fmt: skip
    with pytest.raises(Refused, match="the earliest is"):
        space.proposals.propose_orders("ines", early)


def test_what_somebody_ordered_meanwhile_is_stated_and_not_accepted_unseen(space):
    found = proposed(space, n=1)
    space.orders.approve("dana", lines_of(found.body.moves), note="I had seen it")
    looked = space.proposals.look("dana", found.seq)
    assert "Dana" in looked.changed[0]
    assert "since then" in looked.changed[0]
    with pytest.raises(Refused, match="Since it was proposed"):
        space.proposals.accept("dana", found.seq, note="Yes")
    space.proposals.accept("dana", found.seq, note="Twice, then", seen=looked.mark)
    assert len(space.orders.open) == 2


def test_a_restart_finds_proposed_orders_as_they_stood(space):
    first, second = proposed(space, n=1), None
    space.proposals.accept("dana", first.seq, note="Yes")
    second = proposed(space, n=1, by="ines")
    before, path = space.proposals.all, space.store.path
    space.close()
    again = Workspace(path)
    assert again.proposals.all == before
    assert again.proposals.one(second.seq).is_open
    again.close()


def test_a_request_sent_again_proposes_once_and_accepts_once(space):
    lines = lines_for(space, some_of(space, 1))
    one = space.proposals.propose_orders("mara", lines, client_id="p1")
    assert space.proposals.propose_orders("mara", lines, client_id="p1").seq == one.seq
    done = space.proposals.accept("dana", one.seq, note="Yes", client_id="a1")
    assert space.proposals.accept("dana", one.seq, note="Yes", client_id="a1").seq == done.seq
    assert len(space.orders.open) == 1
