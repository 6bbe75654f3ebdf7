"""An approved order that nobody released in its week counts from when it can still arrive."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from forecasting.calendar import as_date
from forecasting.consensus.moves import Move
from forecasting.monthly import order_book
from forecasting.plan.releases import Releases
from forecasting.weekly.order_terms import moves_of
from tests.monthly.test_ordering import due, some_of
from tests.monthly.test_ordering import lines_of as lines_for

BEGINS = dt.date(2026, 11, 29)


def order(**other) -> Move:
    given = {
        "sku": "A", "to": "D1", "units": 12.0, "leaves": BEGINS - dt.timedelta(14),
        "arrives": BEGINS + dt.timedelta(14), "cost": 0.0,
    }  # fmt: skip
    return Move(**{**given, **other})


@pytest.mark.parametrize(
    ("move", "weeks"),
    [
        (order(), 4),  # two weeks late, lead time four
        (order(leaves=BEGINS), 2),  # it can still leave this week
        (order(arrives=BEGINS + dt.timedelta(70)), 10),  # late to leave, with time to spare
        (order(arrives=BEGINS - dt.timedelta(7)), 4),  # its week of arrival is over as well
        (order(origin="D2"), 2),  # what moves is no order
        (order(receipt="R1"), 2),  # an open order that comes earlier is none either
    ],
)
def test_it_counts_a_lead_time_from_now_and_never_earlier_than_it_was_approved_for(move, weeks):
    counted = Releases().counted(1, move, begins=BEGINS, lead_time=4)
    assert counted == replace(move, arrives=BEGINS + dt.timedelta(7 * weeks))


def behind(space, weeks: int):
    """Orders of the buy plan as they would have been approved some weeks ago, and their event."""
    lines = lines_for(space, some_of(space, 2))
    plan = space.plan
    back = dt.timedelta(7 * weeks)
    moves = tuple(
        replace(m, leaves=m.leaves - back, arrives=m.arrives - back)
        for m in moves_of(plan, lines)
    )
    event = space.orders.approve("dana", lines)
    body = replace(event.body, moves=moves)
    return replace(event, body=body), moves


def test_every_plan_counts_a_late_order_later_and_a_released_one_where_it_was(space):
    event, moves = behind(space, 2)
    plan, begins = space.plan, as_date(space.plan.base.weeks[0])
    first, second = sorted({(m.sku, m.arrives) for m in moves})
    standing = plan.standing
    for sku in (first[0], second[0]):  # as if it had been read from the ledger two weeks later
        standing.moves[plan.sku_index[sku]] = {}
    standing.take_supply(event)
    for sku, arrives in (first, second):
        at = plan.sku_index[sku]
        lead = int(plan.base.lead_time[at])
        (counts,) = {m.arrives for m in standing.moves_of(at)}
        assert counts == begins + dt.timedelta(7 * lead) > arrives
        units = sum(m.units for m in moves if m.sku == sku)
        before = due(plan, sku)
        assert before[lead] >= units
    (released,) = space.orders.release("dana", [f"{event.seq}/1"])
    again = standing.without(())
    again.take_supply(released)
    at = plan.sku_index[first[0]]
    assert {m.arrives for m in again.moves_of(at)} == {first[1]}
    at = plan.sku_index[second[0]]
    assert {m.arrives for m in again.moves_of(at)} != {second[1]}


def test_what_was_not_released_in_time_is_named_and_what_was_is_not(space):
    lines = lines_for(space, some_of(space, 2))
    space.orders.approve("dana", lines)
    plan = space.plan
    assert order_book.not_released(plan, space.orders.open) == []
    # Two weeks on, by the calendar of the plan.
    weeks = plan.base.weeks + np.timedelta64(14, "D")
    later = replace(plan.base, weeks=weeks)
    plan.base, plan.standing.base = later, later
    late = order_book.not_released(plan, space.orders.open)
    assert {one.order.sku for one in late} == {line.sku for line in lines}
    for one in late:
        lead = int(later.lead_time[plan.sku_index[one.order.sku]])
        assert one.counts == as_date(weeks[0]) + dt.timedelta(7 * lead)
        assert one.in_words(as_date(weeks[0])) == "Release is late"
    first = late[0].order
    space.orders.release("dana", [first.id])
    names = [one.order.id for one in order_book.not_released(plan, space.orders.open)]
    assert first.id not in names
    assert len(names) == len(late) - 1
