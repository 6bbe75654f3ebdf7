"""The sample's past cycles: planted habits are found, and without habits nothing is."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from forecasting.consensus import value_added
from forecasting.consensus.value_added import STEPS
from forecasting.monthly import agenda
from forecasting.quarterly import findings
from forecasting.workspace import Workspace
from tests.conftest import sample_company


@pytest.fixture(scope="module", params=["small", "another"])
def with_habits(request, played, tmp_path_factory):
    folder = tmp_path_factory.mktemp("habits")
    built = played if request.param == "small" else another(tmp_path_factory, "--habits")
    space = Workspace(Path(shutil.copy(built, folder)))
    yield space
    space.close()


@pytest.fixture(scope="module")
def without_habits(tmp_path_factory):
    built = another(tmp_path_factory, "--no-habits")
    space = Workspace(Path(shutil.copy(built, tmp_path_factory.mktemp("none"))))
    yield space
    space.close()


def another(factory, habits):
    size = ("--skus", "90", "--doors", "6", "--weeks", "110", "--seed", "31")
    return sample_company(factory, *size, habits, "--no-proof")


def found(space):
    cells = space.cycles.scored(least_lag=agenda.LEAST_LAG)
    return cells, {a.name: a for a in value_added.of_functions(cells)}


def test_six_cycles_were_published_at_the_times_they_say(with_habits):
    published = with_habits.cycles.published()
    assert len(published) == 7  # a quarter before, then month by month
    assert [v.cycle for v in published] == sorted({v.cycle for v in published})
    for version in published:
        assert 7 < (version.made_at.date() - version.as_of).days < 21


def test_nothing_scored_was_known_when_it_was_forecast(with_habits):
    cells = with_habits.cycles.scored(least_lag=4)
    assert (cells["lag"] >= 4).all()
    as_of = cells["as_of"].to_numpy().astype("datetime64[D]")
    week = cells["week"].to_numpy().astype("datetime64[D]")
    assert (((week - as_of).astype(int) // 7) == cells["lag"]).all()
    assert not cells.duplicated(["sku", "week"]).any()


def test_optimism_about_events_is_found(with_habits):
    _, functions = found(with_habits)
    marketing = functions["marketing"]
    assert marketing.added < -0.05
    assert marketing.is_sure
    assert marketing.bias > 0.15


def test_the_finding_of_it_names_marketing(with_habits):
    _, functions = found(with_habits)
    named = {
        (f.kind, f.member): f
        for f in findings.of_functions(list(functions.values()), quarter="2026-Q3")
    }
    assert "too high" in named["hurts", "marketing"].text


def test_no_function_is_named_where_there_is_no_habit(without_habits):
    _, functions = found(without_habits)
    assert not [
        f
        for f in findings.of_functions(list(functions.values()), quarter="2026-Q3")
        if f.kind == "hurts"
    ]


def test_weights_trust_those_who_were_right(with_habits):
    weights = with_habits.cycles.weights()
    assert weights
    for of in weights.values():
        assert sum(of.weight.values()) == pytest.approx(1)
        assert all(r.cycles == 7 for r in of.records)
    merchandising = np.mean([w.weight["merchandising"] for w in weights.values()])
    marketing = np.mean([w.weight["marketing"] for w in weights.values()])
    assert merchandising > marketing


def test_where_there_is_no_habit_no_function_is_found_to_hurt(without_habits):
    _, functions = found(without_habits)
    assert not [a for a in functions.values() if a.is_sure and a.added < -0.05]
    assert abs(functions["marketing"].bias) < 0.15 or functions["marketing"].cells < 20


def test_what_the_steps_add_is_what_the_process_adds(with_habits):
    cells, _ = found(with_habits)
    steps = value_added.staircase(cells)
    assert [s.name for s in steps] == list(STEPS)
    assert value_added.summed(steps) == pytest.approx(steps[0].wape - steps[-1].wape, abs=1e-12)


def test_the_guides_example_of_value_added():
    actual = [100.0, 80.0, 150.0, 60.0]
    cells = pd.DataFrame(
        {
            "week": [1, 2, 3, 4], "actual": actual,
            "naive": [85.0, 95.0, 120.0, 65.0 - 0.0],
            "statistical": [95.0, 85.0, 140.0, 65.0],
            "proposed": [95.0, 85.0, 140.0, 65.0], "consensus": [110.0, 85.0, 145.0, 73.0],
        }
    )  # fmt: skip
    steps = {s.name: s for s in value_added.staircase(cells)}
    assert steps["statistical"].wape == pytest.approx(25 / 390)
    assert steps["statistical"].added == pytest.approx((65 - 25) / 390)
    assert steps["consensus"].bias == pytest.approx(23 / 390)
    assert steps["proposed"].added == 0
