"""Open orders that come later: no door has less than it needs, and nothing gets lost."""

from dataclasses import replace

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasting.inventory.arrivals import NEAR_WEEKS
from forecasting.inventory.order_lines import OrderLines
from forecasting.inventory.pushing_back import LEAST_WEEKS, movable, push_back
from forecasting.inventory.shipments import supply_change

WEEKS = 12
NONE = np.zeros((1, WEEKS))


def lines_of(rows):
    """Order lines of (door, week, units)."""
    frame = pd.DataFrame(rows, columns=["door", "week", "units"])
    named = [f"PO{n}" for n in range(len(frame))]
    return OrderLines.of(
        frame.assign(receipt=named, chance=1.0, expedite=-1, planned=False, slipped=0)
    )


def due(lines, doors):
    found = np.zeros((doors, WEEKS))
    np.add.at(found, (lines.door, lines.week), lines.units)
    return found


def available(opening, arriving, demand):
    """Units there in each week before it sells, (D, W)."""
    stock, found = opening.copy(), np.zeros(demand.shape)
    for week in range(demand.shape[1]):
        found[:, week] = stock + arriving[:, week]
        stock = np.maximum(found[:, week] - demand[:, week], 0.0)
    return found


units = st.integers(0, 30).map(float)
rows = st.lists(st.tuples(st.integers(0, 1), st.integers(0, WEEKS - 1), units), max_size=6)


@settings(max_examples=60, deadline=None)
@given(
    opening=st.lists(units, min_size=2, max_size=2),
    demand=st.lists(st.integers(0, 9).map(float), min_size=2 * WEEKS, max_size=2 * WEEKS),
    rows=rows, enough=st.integers(1, 5),
)  # fmt: skip
def test_no_door_ever_has_less_than_it_needs_or_than_it_would_have_had(
    opening, demand, rows, enough
):
    stock, asked = np.array(opening), np.array(demand).reshape(2, WEEKS)
    lines = lines_of(rows)
    able = movable(lines, (0, 1), n_weeks=WEEKS)
    later = push_back(stock, due(lines, 2), asked, able, enough=enough, safety=0 * asked)
    without = available(stock, due(lines, 2), asked)
    with_it = available(stock, due(lines, 2) + supply_change(later, asked.shape), asked)
    ahead = np.stack([asked[:, t : t + enough].sum(axis=1) for t in range(WEEKS)], axis=1)
    assert (with_it >= np.minimum(without, ahead) - 1e-9).all()
    assert all(one.arrives - one.leaves >= LEAST_WEEKS for one in later)
    assert all(one.leaves >= NEAR_WEEKS for one in later)


def test_a_door_that_needs_its_order_when_it_is_due_keeps_it():
    lines = lines_of([(0, 3, 40.0)])
    assert not push_back(
        np.array([30.0]), due(lines, 1), np.full((1, WEEKS), 10.0), lines, enough=2, safety=NONE
    )


def test_what_is_never_needed_is_taken_out_of_the_plan():
    lines = lines_of([(0, 3, 40.0)])
    later = push_back(
        np.array([900.0]),
        due(lines, 1),
        np.full((1, WEEKS), 10.0),
        lines,
        enough=2,
        safety=NONE,
    )
    assert [(one.leaves, one.arrives) for one in later] == [(3, WEEKS)]
    assert supply_change(later, (1, WEEKS)).sum() == -40.0


def test_what_may_be_on_a_truck_has_no_name_or_is_only_planned_does_not_move():
    lines = lines_of([(0, NEAR_WEEKS - 1, 4.0), (0, 5, 4.0), (1, 5, 4.0), (0, 6, 4.0)])
    names = np.array(["PO0", "PO1", "PO2", ""], dtype=object)
    lines = replace(lines, receipt=names)
    able = movable(lines, [0], n_weeks=WEEKS)
    assert able.receipt.tolist() == ["PO1"]
    planned = replace(lines, planned=np.array([False, True, False, False]))
    assert not len(movable(planned, [0], n_weeks=WEEKS))
