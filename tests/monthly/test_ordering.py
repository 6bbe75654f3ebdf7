"""Orders of the buy plan: approved together, counted at once, matched, released, taken back."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from forecasting.errors import NotAllowed, OutOfBounds, Refused, UnknownName
from forecasting.monthly import buying, order_book
from forecasting.weekly.option import Action
from forecasting.weekly.order_terms import OrderLine, divided
from forecasting.workspace import Workspace
from tests.weekly.test_decisions import first_open, state_of

FRESH: dict[int, pd.DataFrame] = {}
"""The buy plan of the sample company as it is built, by its last event."""


def rows_of(space) -> pd.DataFrame:
    if not FRESH:
        FRESH[space.seq] = buying.rows(space.plan)
    return FRESH[space.seq] if space.seq in FRESH else buying.rows(space.plan)


def to_release(space) -> dict[tuple[str, dt.date], float]:
    """Orders that the buy plan asks for this week: units by SKU and week of arrival."""
    rows = rows_of(space)
    mine = rows[(rows["kind"] == "release") & (rows["source"] == "supplier")]
    return dict(mine.groupby(["sku", mine["receipt_week"].dt.date])["units"].sum())


def lines_of(space, amounts) -> list[OrderLine]:
    return divided(space.plan, rows_of(space), amounts)


def some_of(space, n=3):
    return dict(list(to_release(space).items())[:n])


def due(plan, name) -> np.ndarray:
    """What is due at all doors of a SKU, firmly."""
    return plan.sku_with(plan.sku_index[name], supply="firm").receipts.sum(axis=0)


def test_several_orders_are_one_decision_that_every_plan_counts_at_once(space):
    amounts = some_of(space)
    plans = space.plan, space.working_plan_for("dana")
    before = [{sku: due(p, sku).sum() for sku, _ in amounts} for p in plans]
    last = space.seq
    event = space.orders.approve("dana", lines_of(space, amounts), note="For Christmas")
    assert space.seq == last + 1
    assert event.note == "For Christmas"
    plans = space.plan, space.working_plan_for("dana")
    for plan, then in zip(plans, before, strict=True):
        for (sku, _), units in amounts.items():
            assert due(plan, sku).sum() == pytest.approx(then[sku] + units)
    assert [(o.sku, o.arrives) for o in space.orders.open] == sorted(
        amounts, key=lambda key: (space.orders.open[0].leaves, key)
    )


def test_what_was_approved_is_not_asked_for_again(space):
    amounts = to_release(space)
    space.orders.approve("dana", lines_of(space, amounts))
    assert to_release(space) == {}


def test_edited_units_are_divided_in_whole_cases_and_no_others_are_taken(space):
    (sku, arrives), units = next(iter(to_release(space).items()))
    case = space.plan.base.stated(space.plan.sku_index[sku], "case_pack", 1.0)
    lines = lines_of(space, {(sku, arrives): units + 3 * case})
    assert sum(line.units for line in lines) == units + 3 * case
    assert all(line.units % case == 0 for line in lines)
    with pytest.raises(OutOfBounds, match="cases of"):
        lines_of(space, {(sku, arrives): units + 0.5 * case})
    with pytest.raises(OutOfBounds, match="no order of"):
        lines_of(space, {(sku, arrives - dt.timedelta(700)): units})


def test_all_are_approved_or_none_and_each_that_cannot_be_is_named(space):
    lines = lines_of(space, some_of(space))
    seq, before = space.seq, state_of(space)
    sooner = [replace(line, arrives=line.arrives - dt.timedelta(700)) for line in lines]
    first = [line for line in lines if line.sku != lines[-1].sku]
    wrong = [
        ([*first, *(x for x in sooner if x.sku == lines[-1].sku)], "cannot come"),
        ([replace(lines[0], place="MOON"), *lines[1:]], "MOON"),
        ([replace(lines[0], sku="NONE"), *lines[1:]], "no SKU 'NONE'"),
        ([replace(lines[0], units=0.0), *lines[1:]], "above zero"),
        ([replace(lines[0], units=lines[0].units + 0.25), *lines[1:]], "in cases"),
        ([lines[0], *lines], "twice"),
        ([], "nothing to order"),
    ]
    for asked, told in wrong:
        with pytest.raises(Refused, match=told):
            space.orders.approve("dana", asked)
    with pytest.raises(Refused, match="Nothing was ordered"):
        space.orders.approve("dana", sooner)
    assert (space.seq, state_of(space)) == (seq, before)


def test_less_than_the_minimum_order_is_refused(space):
    base = space.plan.base
    for sku, arrives in to_release(space):
        at = space.plan.sku_index[sku]
        least, case = base.stated(at, "moq", 0.0), base.stated(at, "case_pack", 1.0)
        if least > case:
            lines = lines_of(space, {(sku, arrives): case})
            with pytest.raises(Refused, match="is ordered from"):
                space.orders.approve("dana", lines)
            return
    raise AssertionError("no order of the sample has a minimum")


def test_only_planning_has_orders_to_decide(space):
    lines = lines_of(space, some_of(space))
    event = space.orders.approve("dana", lines)
    mine = [o.id for o in space.orders.open]
    for by in ("mara", "ines", "victor", "admin"):
        with pytest.raises(NotAllowed):
            space.orders.approve(by, lines)
        for verb in (space.orders.release, space.orders.withdraw, space.orders.close):
            with pytest.raises(NotAllowed):
                verb(by, mine)
    assert space.seq == event.seq


def test_who_looked_before_somebody_ordered_is_told_so(space):
    lines, seen = lines_of(space, some_of(space)), space.seq
    first = [line for line in lines if line.sku == lines[0].sku]
    space.orders.approve("dana", first, base=seen)
    with pytest.raises(Refused, match="ordered meanwhile"):
        space.orders.approve("dana", lines, base=seen)
    assert len(space.orders.all) == 1


def test_a_request_sent_twice_orders_once(space):
    lines = lines_of(space, some_of(space))
    one = space.orders.approve("dana", lines, client_id="a")
    assert space.orders.approve("dana", lines, client_id="a").seq == one.seq == space.seq
    with pytest.raises(Refused, match="another one"):
        space.orders.approve("dana", lines[1:], client_id="a")


def test_orders_are_taken_back_until_they_are_released(space):
    amounts = some_of(space)
    before = state_of(space)
    space.orders.approve("dana", lines_of(space, amounts))
    first, second, third = (o.id for o in space.orders.open)
    space.orders.release("dana", [first])
    counted = {sku: due(space.plan, sku).sum() for sku, _ in amounts}
    with pytest.raises(Refused, match=r"is released already.*cancelled with them"):
        space.orders.withdraw("dana", [first, second])
    space.orders.withdraw("dana", [second])
    with pytest.raises(Refused, match="taken back already"):
        space.orders.release("dana", [second, third])
    states = {o.id: o.state for o in space.orders.all}
    assert states == {first: "released", second: "taken back", third: "approved"}
    units = {o.sku: o.units for o in space.orders.all}
    gone = next(o.sku for o in space.orders.all if o.id == second)
    for sku, _ in amounts:
        lost = units[sku] if sku == gone else 0.0
        assert due(space.plan, sku).sum() == pytest.approx(counted[sku] - lost)
    with pytest.raises(Refused, match="one by one"):
        space.reversals.undo("dana", space.orders.all[0].seq)
    space.orders.withdraw("dana", [third])
    space.orders.close("dana", [first])
    assert state_of(space) == before
    assert space.orders.open == []


def test_a_whole_approval_is_taken_back_and_brought_back_like_any_change(space):
    before = state_of(space)
    event = space.orders.approve("dana", lines_of(space, some_of(space)))
    after = state_of(space)
    back = space.reversals.undo("dana", event.seq)
    assert state_of(space) == before
    assert space.orders.open == []
    space.reversals.undo("dana", back.seq)
    assert state_of(space) == after
    assert {o.state for o in space.orders.all} == {"approved"}


def test_the_bridges_order_stands_among_them(space):
    option = first_open(space, Action.ORDER)
    event = space.decisions.decide("dana", option, owner="dana")
    (order,) = space.orders.open
    assert (order.id, order.activation) == (str(event.seq), option.activation)
    amounts = {k: u for k, u in to_release(space).items() if k[0] != option.sku}
    space.orders.approve("dana", lines_of(space, dict(list(amounts.items())[:1])))
    space.orders.release("dana", [o.id for o in space.orders.open])
    assert {o.state for o in space.orders.all} == {"released"}
    assert space.decisions.of(option.activation, option.sku)[0].state == "released"


def test_the_bridges_order_is_taken_back_in_the_buy_plan_too(space):
    before = state_of(space)
    option = first_open(space, Action.ORDER)
    event = space.decisions.decide("dana", option, owner="dana")
    space.orders.withdraw("dana", [str(event.seq)])
    assert state_of(space) == before
    assert space.decisions.of(option.activation, option.sku) == []
    assert space.reversals.has_taken_back(event.seq)


def test_an_order_that_is_not_there_is_named(space):
    for name in ("", "x", "9999/1", "1/2/3", "-1"):
        with pytest.raises(UnknownName, match="There is no order"):
            space.orders.release("dana", [name])


def test_a_restart_finds_orders_as_they_stood(space):
    space.orders.approve("dana", lines_of(space, some_of(space)))
    first, second, _ = (o.id for o in space.orders.open)
    space.orders.release("dana", [first])
    space.orders.withdraw("dana", [second])
    before, orders, path = state_of(space), space.orders.all, space.store.path
    space.close()
    again = Workspace(path)
    assert again.orders.all == orders
    assert state_of(again) == before
    again.close()


def import_table(space, folder, table, rows):
    path = folder / f"{table}.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    space.import_files("dana", [path])


def receipts_for(order, *, name="PO-1", share=1.0, weeks_later=0, received=None):
    """Lines that a supplier's system has of an order."""
    return [
        {
            "receipt": name, "sku": m.sku, "door": m.to, "units": round(m.units * share),
            "eta": received or m.arrives + dt.timedelta(7 * weeks_later),
            "status": "received" if received else "confirmed", "ordered": m.leaves,
            "received": received,
        }
        for m in order.moves
    ]  # fmt: skip


@pytest.mark.parametrize("release", [False, True])
def test_an_order_that_the_next_import_brings_as_open_counts_once(space, tmp_path, release):
    amounts = some_of(space, 1)
    ((sku, _),) = amounts
    space.orders.approve("dana", lines_of(space, amounts))
    (order,) = space.orders.open
    if release:
        space.orders.release("dana", [order.id])
    before = due(space.plan, sku)
    import_table(space, tmp_path, "receipts", receipts_for(order, weeks_later=1))
    after = due(space.plan, sku)
    assert after.sum() == pytest.approx(before.sum())
    week = (order.arrives - space.plan.base.weeks[0].astype(object)).days // 7
    # It comes when the supplier says, not when it was asked for.
    assert after[week + 1] - before[week + 1] == pytest.approx(order.units)
    assert after[week] - before[week] == pytest.approx(-order.units)
    working = space.working_plan_for("dana")
    assert due(working, sku).sum() == pytest.approx(before.sum())


def test_what_a_supplier_confirms_less_of_is_still_waited_for(space, tmp_path):
    amounts = some_of(space, 1)
    ((sku, _),) = amounts
    space.orders.approve("dana", lines_of(space, amounts))
    (order,) = space.orders.open
    before = due(space.plan, sku).sum()
    import_table(space, tmp_path, "receipts", receipts_for(order, share=0.5))
    assert due(space.plan, sku).sum() == pytest.approx(before)
    (found,) = order_book.standing(space.plan, [order])
    half = sum(round(m.units * 0.5) for m in order.moves)
    assert (found.confirmed, found.receipts) == (pytest.approx(half), ("PO-1",))


def test_an_order_that_came_ahead_of_its_week_is_in_the_count_and_counts_no_more(
    space, tmp_path
):
    base = space.plan.base
    amounts = some_of(space, 1)
    ((sku, _),) = amounts
    space.orders.approve("dana", lines_of(space, amounts))
    (order,) = space.orders.open
    with_it = due(space.plan, sku).sum()
    # The order was decided for a plan that has begun meanwhile: what leaves today comes today.
    came = base.as_of + dt.timedelta(6)
    early = [replace(m, leaves=base.as_of) for m in order.moves]
    at = space.plan.sku_index[sku]
    import_table(space, tmp_path, "receipts", receipts_for(order, received=came))
    plan = space.plan
    assert due(plan, sku).sum() == pytest.approx(with_it)  # it cannot have come before it left
    moved = plan.inbound.moved(at, early, supply="firm")
    assert moved.sum() == pytest.approx(0.0)
    matched = plan.inbound.matched(at, early)
    assert sum(m.came for m in matched) == pytest.approx(order.units)


def test_a_line_that_was_open_when_it_was_decided_is_not_the_order(space, tmp_path):
    amounts = some_of(space, 1)
    ((sku, arrives),) = amounts
    lines = lines_of(space, amounts)
    line = lines[0]
    there = [{"receipt": "OLD", "sku": sku, "door": line.place, "units": 1000, "eta": arrives,
              "status": "confirmed", "ordered": space.plan.base.as_of, "received": None}]  # fmt: skip
    import_table(space, tmp_path, "receipts", there)
    before = due(space.plan, sku).sum()
    space.orders.approve("dana", lines)
    ordered = sum(one.units for one in lines)
    assert due(space.plan, sku).sum() == pytest.approx(before + ordered)
