"""A fit's own process: it does one task after the other, and stopping one stops no other."""

import json
import os
import signal
from pathlib import Path

import pytest

from data.runs import read_facts
from forecasting.demand import process
from forecasting.demand.process import Waiting, run_in_process
from forecasting.demand.worker import STAYS_UP_TO_SERIES
from forecasting.errors import Cancelled, Refused


@pytest.fixture
def waiting(monkeypatch):
    """Processes of this test alone."""
    mine = Waiting()
    monkeypatch.setattr(process, "WAITING", mine)
    yield mine
    mine.let_go()


@pytest.fixture
def inputs(space):
    with space.runs.inputs(None) as folder:
        yield folder


def fit(inputs: Path, target: Path, started=lambda _running: None):
    target.mkdir()
    run_in_process("fit", inputs, target, tell=lambda *_: None, started=started)
    facts = read_facts(target)
    facts.pop("seconds")
    return facts


def test_the_process_that_did_one_task_does_the_next_to_the_same_end(waiting, inputs, tmp_path):
    handles = []
    first = fit(inputs, tmp_path / "first", handles.append)
    second = fit(inputs, tmp_path / "second", handles.append)
    assert handles[0].process.pid == handles[1].process.pid
    assert first == second


def test_a_stop_that_comes_too_late_stops_nobody_else(waiting, inputs, tmp_path):
    handles = []
    fit(inputs, tmp_path / "first", handles.append)
    fit(inputs, tmp_path / "second", lambda _running: handles[0].stop())


def test_a_stopped_task_is_cancelled_and_the_next_has_a_process_of_its_own(
    waiting, inputs, tmp_path
):
    with pytest.raises(Cancelled):
        fit(inputs, tmp_path / "first", lambda running: running.stop())
    assert fit(inputs, tmp_path / "second")["series_fitted"] > 0


def test_one_that_was_killed_while_it_waited_is_not_asked(waiting, inputs, tmp_path):
    handles = []
    fit(inputs, tmp_path / "first", handles.append)
    dead = handles[0].process
    os.killpg(dead.pid, signal.SIGKILL)
    dead.wait()
    assert fit(inputs, tmp_path / "second")["series_fitted"] > 0


def test_one_that_has_waited_long_enough_comes_to_its_end(
    waiting, inputs, tmp_path, monkeypatch
):
    monkeypatch.setattr(process, "WAITS_SECONDS", 0.05)
    handles = []
    fit(inputs, tmp_path / "first", handles.append)
    assert handles[0].process.wait(timeout=10) == 0


def test_a_task_that_fails_says_why_and_its_process_is_gone(waiting, tmp_path):
    handles = []
    with pytest.raises(Refused, match=r"job\.json"):
        fit(tmp_path / "nothing", tmp_path / "first", handles.append)
    assert handles[0].process.returncode == 1


def test_nothing_goes_on_when_whoever_asked_is_interrupted(waiting, inputs, tmp_path):
    handles = []

    def interrupted(text, share):
        raise KeyboardInterrupt

    (tmp_path / "first").mkdir()
    with pytest.raises(KeyboardInterrupt):
        run_in_process(
            "fit", inputs, tmp_path / "first", tell=interrupted, started=handles.append
        )
    assert handles[0].process.wait(timeout=10) == -signal.SIGTERM


def test_after_a_large_task_a_process_gives_its_memory_back(waiting, inputs, tmp_path):
    job = json.loads((inputs / "job.json").read_text())
    for block in job["blocks"].values():
        block["series"] += STAYS_UP_TO_SERIES
    (inputs / "job.json").write_text(json.dumps(job))
    handles = []
    fit(inputs, tmp_path / "first", handles.append)
    assert handles[0].process.returncode == 0
