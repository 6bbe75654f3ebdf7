"""Several offers on one SKU, door and week: one price, the more special row, no sign twice."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecasting.calendar import weeks_from
from forecasting.demand import lift, model, offers
from forecasting.demand.offers import paid_for, usual_discounts
from tests import company

WEEKS = weeks_from(dt.date(2026, 3, 1), 5)
SERIES = pd.DataFrame({"sku": ["A", "A"], "door": ["D", "E"]})
KINDS = ["display", "email", "feature", "price"]
WORTH = {
    "email": 0.2, "feature": 0.4, "display": 0.3, "price": 0.1, lift.PRICE: -2.0,
    lift.DEEP: 0.5,
}  # fmt: skip
"""What each regressor is worth here."""


def items(*rows):
    names = ["activation", "type", "door", "start", "end", "discount", "lift"]
    frame = pd.DataFrame(rows, columns=names).assign(sku="A")
    frame[["start", "end"]] = frame[["start", "end"]].apply(pd.to_datetime)
    frame[["discount", "lift"]] = frame[["discount", "lift"]].astype(float)
    return frame


def times(*rows, door="D", week=0):
    """What demand of a door and week is multiplied by."""
    exposures = lift.expose(items(*rows), SERIES, kinds=KINDS, weeks=WEEKS)
    layout = lift.Layout.of(exposures)
    worth = np.array([WORTH.get(name, 0.0) for name in exposures.columns])
    logs = layout.log_lifts(np.tile(worth, (len(SERIES), 1)))
    _, multiplier = lift.parts(logs, layout.cell, len(layout.series))
    at = (layout.series == list(SERIES["door"]).index(door)) & (layout.week == week)
    return float(multiplier[at][0]) if at.any() else 1.0


def offer(n, kind, discount=None, stated=None, *, door=None, days=("2026-03-01", "2026-03-07")):
    return (n, kind, door, *days, discount, stated)


def alone(kind, discount=None):
    return times(offer(0, kind, discount))


CUTS = st.sampled_from([0.05, 0.2, 0.4, 0.6])


@given(st.lists(CUTS, min_size=1, max_size=4))
def test_of_bare_price_cuts_in_one_week_the_deepest_counts_as_if_it_were_alone(cuts):
    together = times(*(offer(n, "price", cut) for n, cut in enumerate(cuts)))
    assert together == pytest.approx(alone("price", max(cuts)))


@given(CUTS, CUTS, st.sampled_from(["email", "feature", "display"]))
def test_a_message_multiplies_and_the_best_price_counts_once(theirs, cut, kind):
    together = times(offer(0, kind, theirs), offer(1, "price", cut))
    message, tag = alone(kind), alone("price", max(cut, theirs))
    assert together == pytest.approx(message * tag)
    assert times(offer(0, kind), offer(1, "price", cut)) == pytest.approx(
        message * alone("price", cut)
    )


def test_a_flash_of_some_days_leaves_the_other_days_at_the_price_of_the_sale():
    flash = offer(1, "price", 0.4, days=("2026-03-03", "2026-03-04"))
    together = times(offer(0, "price", 0.2), flash)
    by_day = (5 * alone("price", 0.2) + 2 * alone("price", 0.4)) / 7
    assert together == pytest.approx(by_day)


def test_two_sales_one_after_the_other_in_a_week_both_have_their_price():
    first = offer(0, "price", 0.2, days=("2026-03-01", "2026-03-03"))
    second = offer(1, "price", 0.2, days=("2026-03-04", "2026-03-07"))
    assert times(first, second) > 0.95 * alone("price", 0.2)


def test_a_row_for_a_door_replaces_the_row_for_all_there_and_nowhere_else():
    rows = offer(0, "price", 0.2), offer(0, "price", 0.4, door="E")
    assert times(*rows, door="D") == pytest.approx(alone("price", 0.2))
    assert times(*rows, door="E") == pytest.approx(alone("price", 0.4))
    shallower = offer(0, "price", 0.4), offer(0, "price", 0.2, door="E")
    assert times(*shallower, door="E") == pytest.approx(alone("price", 0.2))


def test_what_a_special_row_leaves_blank_the_general_row_says():
    named = offer(0, "price", 0.2, 1.5), offer(0, "price", None, None, door="E")
    assert times(*named, door="E") == pytest.approx(1.5)
    deeper = offer(0, "price", 0.2, 1.5), offer(0, "price", 0.4, None, door="E")
    assert times(*deeper, door="E") == pytest.approx(alone("price", 0.4))
    none = offer(0, "email", 0.2), offer(0, "email", 0.0, None, door="E")
    assert times(*none, door="E") == pytest.approx(alone("email"))


def test_the_same_row_twice_is_one_offer():
    assert times(offer(0, "feature", 0.2, 2.0), offer(0, "feature", 0.2, 2.0)) == pytest.approx(
        2
    )


@pytest.mark.parametrize("stated", [0.0, 0.5, 1.0, 50.0, 1000.0])
def test_a_stated_lift_is_what_was_stated(stated):
    assert times(offer(0, "price", 0.4, stated)) == pytest.approx(stated, abs=1e-6)


def test_a_stated_lift_speaks_for_its_whole_offer_price_and_all():
    flash = offer(1, "price", 0.4, 3.0)
    assert times(offer(0, "price", 0.2), flash) == pytest.approx(3.0)
    assert times(offer(0, "price", 0.2, 1.5), flash) == pytest.approx(3.0)
    assert times(offer(0, "email", 0.2), flash) == pytest.approx(3.0 * alone("email"))
    # A deeper cut than the one it was stated for adds what it takes off beyond.
    beyond = alone("price", 0.4) / (alone("price", 0.2) / alone("price"))
    over = times(offer(0, "email", 0.2, 2.0), offer(1, "price", 0.4))
    assert over == pytest.approx(2.0 * beyond)


def test_a_lift_stated_in_the_past_is_for_history_to_say():
    rows = items(offer(0, "price", 0.2), offer(1, "price", 0.4, 9.0))
    exposures = lift.expose(rows, SERIES, kinds=KINDS, weeks=WEEKS).unstated(5)
    design = lift.Layout.of(exposures).of_cells()
    assert np.exp(design[0, exposures.columns.index(lift.PRICE)]) == pytest.approx(0.6)


@given(st.sampled_from([0.41, 0.7, 0.89]), st.sampled_from([None, 0.2, 0.6]))
def test_an_estimate_goes_no_deeper_than_its_class_has_seen(planned, seen):
    past = [] if seen is None else [offer(0, "price", seen)]
    coming = offer(1, "price", planned, days=("2026-03-22", "2026-03-28"))
    rows = lift.expose(items(*past, coming), SERIES, kinds=KINDS, weeks=WEEKS)
    held = rows.held_back(3, rows.seen(3, np.zeros(2, dtype=int)))
    limit = max(0.4, seen or 0.0)
    np.testing.assert_allclose(held.log_price[held.week == 3], np.log(1 - min(planned, limit)))
    np.testing.assert_allclose(held.log_price[held.week == 0], np.log(1 - (seen or 0)))


TOLD = st.lists(
    st.tuples(st.sampled_from(KINDS), st.sampled_from([None, 0.1, 0.3, 0.6, 0.9, 1.0])),
    max_size=6,
)


@given(TOLD, st.sampled_from(KINDS), st.sampled_from([0.9, 0.95, 1.0]))
def test_an_offer_typed_as_free_takes_off_what_its_type_usually_does(past, kind, free):
    told = pd.DataFrame(past, columns=["type", "discount"]).astype({"discount": float})
    usual = usual_discounts(told["type"], told["discount"])
    rows = items(offer(0, kind, free), offer(1, kind, free, days=("2026-03-22", "2026-03-28")))
    exposures = lift.expose(rows, SERIES, kinds=KINDS, weeks=WEEKS, usual=usual)
    (log,) = set(exposures.log_price.tolist())  # one rule for the past and what comes
    assert log == pytest.approx(np.log1p(-paid_for(free, kind, usual)))
    cuts = [cut for _, cut in past if cut is not None and cut < 0.9]
    assert np.expm1(log) >= -max([*cuts, 0.0]) - 1e-9 if cuts else -np.expm1(log) <= 0.25 + 1e-9
    mine = [cut for of, cut in past if of == kind and cut is not None and cut < 0.9]
    if mine and len(set(mine)) == 1 and all(d == mine[0] for of, d in past if of == kind):
        assert -np.expm1(log) == pytest.approx(mine[0])
    assert paid_for(0.3, kind, usual) == 0.3


@given(
    st.lists(
        st.tuples(
            st.sampled_from(KINDS), st.sampled_from([None, 0.0, 0.2, 0.4, 1.0]),
            st.sampled_from([None, 0.0, 0.5, 50.0, 1000.0]), st.sampled_from([None, "D", "E"]),
            st.integers(0, 6), st.integers(0, 20),
        ),
        min_size=1, max_size=6,
    )
)  # fmt: skip
def test_whatever_meets_in_a_week_its_parts_are_finite_and_add_up(drawn):
    rows = [
        offer(n, kind, cut, stated, door=door, days=(
            dt.date(2026, 3, 1) + dt.timedelta(first),
            dt.date(2026, 3, 1) + dt.timedelta(first + length),
        ))
        for n, (kind, cut, stated, door, first, length) in enumerate(drawn)
    ]  # fmt: skip
    exposures = lift.expose(items(*rows), SERIES, kinds=KINDS, weeks=WEEKS)
    layout = lift.Layout.of(exposures)
    worth = np.array([WORTH.get(name, 0.0) for name in exposures.columns])
    logs = layout.log_lifts(np.tile(worth, (len(SERIES), 1)))
    parts, total = lift.parts(logs, layout.cell, len(layout.series))
    assert np.isfinite(parts).all()
    assert np.isfinite(total).all()
    assert (total >= 0).all()
    sums = np.bincount(layout.cell, parts, minlength=len(total))
    np.testing.assert_allclose(sums, total - 1, rtol=1e-6, atol=1e-6)
    assert np.isfinite(layout.design).all()


def test_rows_that_meet_nobody_are_left_as_they_are():
    found = offers.settle(
        np.array([0, 1, 2]), share=np.array([1.0, 0.5, 1.0]),
        log_price=np.log([0.8, 0.6, 1.0]), bare=np.array([True, True, False]),
        stated=np.zeros(3, bool), days=(np.zeros(3, int), np.full(3, 6)),
        before=np.arange(8) / 7,
    )  # fmt: skip
    assert found.share.tolist() == [1.0, 0.5, 1.0]
    assert found.above.tolist() == [0, 0, 0]
    assert found.own.tolist() == [1, 1, 1]


KNOWN, ALL = 100, weeks_from(dt.date(2024, 1, 7), 112)
SKUS = pd.DataFrame({"sku": [f"S{i:02d}" for i in range(12)], "class": "a", "department": "d"})
DOORS = ["D0", "D1", "D2"]
EVERY = pd.DataFrame([(s, d) for s in SKUS["sku"] for d in DOORS], columns=["sku", "door"])


def entered(*, overlapping):
    """Sales of 20% with a flash of 40% in their middle week, entered one way or the other."""
    rows, number = [], 0
    for s, sku in enumerate(SKUS["sku"]):
        for first in [*range(6 + s % 5, KNOWN - 3, 17), KNOWN + 2]:
            weeks = [pd.Timestamp(ALL[first + k]).date() for k in range(3)]
            spans = (
                [(0, 2, 0.2), (1, 1, 0.4)]
                if overlapping
                else [(0, 0, 0.2), (1, 1, 0.4), (2, 2, 0.2)]
            )
            for begin, end, cut in spans:
                last = weeks[end] + dt.timedelta(6)
                rows.append((number, "price", sku, None, weeks[begin], last, cut, np.nan))
                number += 1
    columns = ["activation", "type", "sku", "door", "start", "end", "discount", "lift"]
    frame = pd.DataFrame(rows, columns=columns)
    frame[["start", "end"]] = frame[["start", "end"]].apply(pd.to_datetime)
    return frame.sort_values(["start", "activation"], ignore_index=True)


def test_lifts_learnt_from_offers_within_offers_are_as_right_as_from_clean_ones():
    rng = np.random.default_rng(5)
    clean = lift.expose(entered(overlapping=False), EVERY, kinds=["price"], weeks=ALL)
    truth = np.zeros((len(EVERY), len(ALL)))
    truth[clean.series, clean.week] = -2.2 * clean.log_price
    mean = rng.uniform(6, 12, (len(EVERY), 1)) * np.exp(truth)
    units = rng.poisson(mean)
    panel = company.panel_of(units[:, :KNOWN], EVERY, skus=SKUS, doors=DOORS, weeks=ALL)
    coming, missed = truth[:, KNOWN:] > 0, {}
    for overlapping in (False, True):
        items_ = entered(overlapping=overlapping)
        exposures = lift.expose(items_, EVERY, kinds=["price"], weeks=ALL)
        told = model.predict(model.fit(panel, exposures, known=KNOWN), panel)
        forecast = told["forecast"].to_numpy().reshape(mean.shape[0], -1)
        missed[overlapping] = np.abs(forecast - mean[:, KNOWN:])[coming].sum()
    demand = mean[:, KNOWN:][coming].sum()
    assert missed[False] < 0.2 * demand
    assert missed[True] < max(1.1 * missed[False], 0.08 * demand)
