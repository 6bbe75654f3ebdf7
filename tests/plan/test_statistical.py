"""The plan's arithmetic is the fit's: laid over the same calendar, they say the same."""

import json

import numpy as np
import pytest

from data import runs
from forecasting import workspace as workspace_module
from forecasting.consensus.campaigns import items_frame
from forecasting.demand import model
from forecasting.demand.worker import read_block
from forecasting.hierarchy import THOUSANDTHS
from forecasting.record.runs import LONGEST_WEEKS


@pytest.fixture(scope="module")
def both(company, tmp_path_factory):
    """The plan, and the block's own prediction, of one company."""
    space = workspace_module.Workspace(company)
    folder = tmp_path_factory.mktemp("inputs")
    runs.write_inputs(
        space.store, items_frame(space.calendar.activations), folder,
        as_of=space.plan.base.as_of, horizon=LONGEST_WEEKS,
    )  # fmt: skip
    job = json.loads((folder / "job.json").read_text())
    assert list(job["blocks"]) == ["0"]
    panel, exposures, known = read_block(folder, "0", horizon=LONGEST_WEEKS)
    run = space.history.events("dana", kind="run", most=1)[0]
    factors = model.fit(panel, exposures, known=known)
    assert factors.prior.as_json() == run.body.facts["prior"]
    yield space.plan, panel, model.predict(factors, panel)
    space.close()


def test_every_cell_of_the_plan_is_what_the_fit_forecast(both):
    plan, panel, rows = both
    ahead = len(plan.base.weeks)
    forecast = rows["forecast"].to_numpy().reshape(-1, LONGEST_WEEKS)[:, :ahead]
    baseline = rows["baseline"].to_numpy().reshape(-1, LONGEST_WEEKS)[:, :ahead]
    lifted = 0
    for i, (s, d) in enumerate(zip(panel.sku_of, panel.door_of, strict=True)):
        sku = plan.sku_index[panel.skus[s]]
        door = plan.door_index[panel.doors[d]]
        computed = plan.sku(sku)
        active = computed.active[door]
        if not active.any():
            continue
        np.testing.assert_allclose(
            computed.baseline[door][active] / THOUSANDTHS,
            baseline[i][active],
            rtol=2e-3,
            atol=2e-3,
        )
        np.testing.assert_allclose(
            computed.statistical[door][active] / THOUSANDTHS,
            forecast[i][active],
            rtol=0.02,
            atol=0.01,
        )
        lifted += int((np.abs(forecast[i] - baseline[i]) > 0.05).sum())
    assert lifted > 200


def test_cancelling_an_activation_gives_its_class_back_what_it_took(space):
    plan = space.plan
    base = plan.base
    act, others = max(
        (
            (a, [s for s in np.flatnonzero(of_class).tolist() if plan.sku_names[s] not in own])
            for a in plan.activations()
            for own in [{i.sku for i in a.items}]
            for of_class in [
                np.isin(base.rivals, [base.rivals[plan.sku_index[name]] for name in own])
            ]
        ),
        key=lambda pair: len(pair[1]),
    )
    assert others
    before = {s: plan.sku(s).statistical for s in range(len(plan.sku_names))}
    event = space.calendar.cancel("mara", act.activation)
    assert any(np.any(plan.sku(s).statistical != before[s]) for s in others)
    for s in others:
        assert plan.totals["statistical"][s].sum() == plan.sku(s).statistical.sum()
    space.reversals.undo("mara", event.seq)
    for s, statistical in before.items():
        np.testing.assert_array_equal(plan.sku(s).statistical, statistical)
