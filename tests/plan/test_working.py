"""The working plan: what was published, and what the calendar's changes since do to it."""

import numpy as np

from forecasting.plan import views
from forecasting.workspace import Workspace
from tests.cycling import open_cycle
from tests.monthly.test_cycle import busiest, publish, scope


def test_before_anything_is_published_the_draft_is_the_working_plan(space):
    assert space.working_plan_for("dana") is space.plan
    assert space.last_version() is None


def test_an_override_after_publication_moves_the_draft_and_not_the_working_plan(space):
    sku = busiest(space)
    publish(space)
    before = space.working_plan_for("dana").totals["draft"].copy()
    np.testing.assert_array_equal(before, space.plan.totals["draft"])
    open_cycle(space, "2027-01", blind=False)
    space.override("mara", scope(space, sku), "add", 500, reason="EVENT")
    working = space.working_plan_for("dana")
    np.testing.assert_array_equal(working.totals["draft"], before)
    assert space.plan.totals["draft"][sku, 3] > before[sku, 3]


def test_a_cancelled_activation_leaves_both_plans_by_its_lift_and_its_spillover(space):
    publish(space)
    working = space.working_plan_for("dana")
    rivals = working.base.rivals

    def classmates(act):
        named = [working.sku_index[i.sku] for i in act.items]
        return len(np.setdiff1d(np.flatnonzero(np.isin(rivals, rivals[named])), named))

    coming = [a for a in working.activations() if a.is_live]
    act = max(coming, key=classmates)
    assert classmates(act)
    sku = working.sku_index[act.items[0].sku]
    lift = next(u for a, u in working.sku(sku).lifts if a == act.activation)
    before = working.totals["draft"].copy()
    space.calendar.cancel("mara", act.activation)
    working = space.working_plan_for("dana")
    gone = before - working.totals["draft"]
    assert (gone[sku][lift.sum(axis=0) > 0] > 0).all()
    named = [working.sku_index[i.sku] for i in act.items]
    assert np.delete(gone, named, axis=0).any(), "others of the class get back what it took"
    np.testing.assert_array_equal(working.totals["draft"], space.plan.totals["draft"])
    assert act.activation not in {v.activation.activation for v in views.verdicts(working)}


def test_the_working_plan_is_the_same_after_a_restart(company_copy):
    space = Workspace(company_copy)
    sku = busiest(space)
    publish(space)
    open_cycle(space, "2027-01", blind=False)
    space.override("ines", scope(space, sku), "add", 70, reason="PRICE")
    act = next(a for a in space.plan.activations() if a.is_live)
    space.calendar.cancel("mara", act.activation)
    before = space.working_plan_for("dana").totals["draft"].copy()
    space.close()
    again = Workspace(company_copy)
    np.testing.assert_array_equal(again.working_plan_for("dana").totals["draft"], before)
    again.close()


def test_a_published_plan_is_no_secret_while_the_next_inputs_are_blind(space):
    publish(space)
    open_cycle(space, "2027-01", blind=True)
    seen = space.working_plan_for("victor").totals["draft"]
    np.testing.assert_array_equal(seen, space.working_plan_for("mara").totals["draft"])
