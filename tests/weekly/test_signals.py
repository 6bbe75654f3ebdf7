"""The weekly review: last week's misses, and corrections that rewrite nothing signed."""

import numpy as np
import pandas as pd
import pytest

from forecasting.calendar import as_date
from forecasting.errors import NotAllowed, OutOfBounds
from forecasting.inventory.bridge import RED
from forecasting.monthly import buying
from forecasting.plan import views
from forecasting.weekly import options, readiness, signals
from forecasting.weekly.option import Action
from tests.monthly.test_cycle import publish
from tests.weekly.test_decisions import first_open


def top_sku(space):
    return space.plan.sku_names[int(space.plan.totals["draft"][:, :4].sum(axis=1).argmax())]


def test_a_correction_moves_the_next_four_weeks_less_and_less(space):
    sku = top_sku(space)
    at = space.plan.sku_index[sku]
    before = space.plan.totals["planning"][at].copy()
    space.weekly.sense("dana", sku, 1.5)
    moved = space.plan.totals["planning"][at] / before - 1
    np.testing.assert_allclose(moved[:4], [0.2, 0.12, 0.072, 0.0432], atol=0.01)
    assert (moved[4:] == 0).all()


def test_a_correction_counts_in_the_working_plan_and_leaves_the_version_as_it_was(space):
    publish(space)
    version = space.last_version()
    working = space.working_plan_for("dana")
    sku = top_sku(space)
    at = working.sku_index[sku]
    before = working.totals["draft"][at].copy()
    kept = space.store.query("version_leaves", version=version.version)
    event = space.weekly.sense("dana", sku, 0.5)
    after = space.working_plan_for("dana").totals["draft"][at]
    assert after[:4].sum() < before[:4].sum()
    assert (after[4:] == before[4:]).all()
    pd.testing.assert_frame_equal(
        space.store.query("version_leaves", version=version.version), kept
    )
    space.reversals.undo("dana", event.seq)
    assert (space.working_plan_for("dana").totals["draft"][at] == before).all()


def test_a_working_plan_made_anew_holds_the_corrections_since(space):
    publish(space)
    space.working_plan_for("dana")
    space.weekly.sense("dana", top_sku(space), 1.8)
    before = space.working_plan_for("dana").digests()
    space._rebuild()
    assert space.working_plan_for("dana").digests() == before


def test_only_planning_corrects_and_only_by_what_a_week_can_be(space):
    for person in ("mara", "ines", "victor"):
        with pytest.raises(NotAllowed):
            space.weekly.sense(person, top_sku(space), 1.2)
    with pytest.raises(OutOfBounds):
        space.weekly.sense("dana", top_sku(space), -1.0)


def test_last_week_is_compared_with_what_was_published_and_misses_have_a_cause(space):
    plan = space.plan
    skus = plan.sku_names
    expected = pd.Series(100.0, index=skus)
    happened = pd.MultiIndex.from_product([skus, plan.door_names], names=["sku", "door"])
    happened = happened.to_frame(index=False).assign(
        units=100.0 / len(plan.door_names), stocked_out=False
    )
    first, second = happened["sku"] == skus[0], happened["sku"] == skus[1]
    happened.loc[first, "units"] *= 7
    happened.loc[second, "units"] *= 0.05
    happened.loc[happened.index[second][0], "stocked_out"] = True
    demand = happened.groupby("sku")["units"].sum()
    found = signals.last_week(plan, expected, happened, (), demand=demand, version=7)
    assert set(found.misses["sku"]) == set(skus[:2])
    by_sku = found.misses.set_index("sku")["cause"]
    assert by_sku[skus[0]] == "demand itself: nothing was active"
    assert by_sku[skus[1]] == "ran out at 1 door"
    assert found.misses["money"].is_monotonic_decreasing


def test_without_a_published_consensus_there_is_nothing_to_hold_last_week_against(space):
    assert space.weekly.last_week("dana") is None


def test_late_orders_name_the_activations_that_wait_for_them(space):
    late = space.weekly.late_receipts("dana")
    assert len(late)
    assert (late["past_due"] | (late["weeks_late"] > 0)).all()
    waiting = late[late["waits"] != ""]
    featured = {i.sku for a in space.plan.activations() if a.is_live for i in a.items}
    assert set(waiting["sku"]) <= featured


def test_the_calendar_asks_for_a_decision_until_every_red_sku_has_one(space):
    def verdict_of(identity):
        found = readiness.calendar_of(
            space.plan, space.decisions, space.proposals, weeks=26,
            today=as_date(space.plan.base.weeks[0]),
        )  # fmt: skip
        return next(one.state for one in found if one.activation.activation == identity)

    judged = next(v for v in views.verdicts(space.plan) if v.red_cells and v.status == "red")
    identity = judged.activation.activation
    assert verdict_of(identity) == "needs a decision"
    for items in list(space.plan.items.values()):
        for item in items:
            if item.activation == identity and (item.status == RED).any():
                option = next(
                    o
                    for o in options.for_shortage(
                        space.plan, identity, space.plan.sku_names[item.sku]
                    )
                    if o.action is Action.ACCEPT
                )
                space.decisions.decide("dana", option, owner="dana")
    assert verdict_of(identity) == "at risk"


def test_the_buy_plan_orders_whole_cases_at_least_the_minimum_and_never_in_the_past(space):
    rows = buying.rows(space.plan)
    skus = space.plan.base.skus.set_index("sku")
    ordered = rows[(rows["source"] == "supplier") & (rows["kind"] != "expedite")]
    assert len(ordered)
    case = ordered["sku"].map(skus["case_pack"]).fillna(1)
    np.testing.assert_allclose(ordered["units"] % case, 0, atol=1e-9)
    together = ordered.groupby(["sku", "receipt_week"])["units"].sum().reset_index()
    assert (together["units"] >= together["sku"].map(skus["moq"]).fillna(0)).all()
    assert (rows["release_week"] >= pd.Timestamp(space.plan.base.weeks[0])).all()
    weeks = (ordered["receipt_week"] - ordered["release_week"]).dt.days // 7
    lead = ordered["sku"].map(skus["lead_time_weeks"]).fillna(6)
    assert (weeks.to_numpy() == lead.to_numpy()).all()


def test_a_decision_to_move_units_changes_the_buy_plan(space):
    option = first_open(space, Action.EXPEDITE)
    sku = space.plan.sku_index[option.sku]
    before = buying.of_sku(space.plan, sku).plan.on_hand
    space.decisions.decide("dana", option, owner="dana")
    after = buying.of_sku(space.plan, sku).plan.on_hand
    for move in option.moves:
        week = (np.datetime64(move.arrives) - space.plan.base.weeks[0]).astype(int) // 7
        assert (
            after[space.plan.door_index[move.to], week]
            >= before[space.plan.door_index[move.to], week]
        )
    assert (after > before + 1).any()
