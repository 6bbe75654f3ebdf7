"""A fit's own process: it does one task after the other, and stopping one stops no other."""

import json
import os
import signal
import threading
import time
from pathlib import Path

import pytest

from data.runs import read_facts
from forecasting.demand import process
from forecasting.demand.process import Waiting, run_in_process
from forecasting.demand.worker import STAYS_UP_TO_SERIES
from forecasting.errors import Cancelled, JobFailed, Refused


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


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        (signal.SIGKILL, "killed by the system (signal 9), most likely because memory ran out"),
        (signal.SIGTERM, "ended from outside (signal 15)"),
    ],
)
def test_one_that_others_kill_was_not_stopped_and_says_what_to_do(
    waiting, inputs, tmp_path, sent, text
):
    with pytest.raises(JobFailed) as failed:
        fit(inputs, tmp_path / "first", lambda running: os.kill(running.process.pid, sent))
    assert text in str(failed.value)
    assert "stays in force" in str(failed.value)
    assert failed.value.facts["signal"] == str(sent.value)


@pytest.mark.skipif(not Path("/proc").exists(), reason="asks /proc who runs")
@pytest.mark.parametrize("whom", ["the process", "one of its own"])
def test_where_it_fits_in_several_and_one_is_killed_all_are_gone_and_it_says_so(
    waiting, inputs, tmp_path, whom
):
    job = json.loads((inputs / "job.json").read_text())
    job |= {"origins": 12, "step": 2, "lags": 4}
    (inputs / "job.json").write_text(json.dumps(job))
    handles = []

    def kill():
        pid = handles[0].process.pid
        deadline = time.monotonic() + 60
        while len(group := workers_of(pid)) < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
        os.kill(pid if whom == "the process" else group[-1], signal.SIGKILL)

    def started(running):
        handles.append(running)
        threading.Thread(target=kill).start()

    (tmp_path / "rows").mkdir()
    with pytest.raises(JobFailed, match="memory ran out"):
        run_in_process(
            "backtest", inputs, tmp_path, tell=lambda *_: None, workers=2, started=started
        )
    deadline = time.monotonic() + 5
    while workers_of(handles[0].process.pid):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def workers_of(leader: int) -> list[int]:
    """Processes of a pool in the group of one."""
    found = []
    for place in Path("/proc").iterdir():
        try:
            told = (place / "cmdline").read_bytes()
            if b"spawn_main" in told and os.getpgid(int(place.name)) == leader:
                found.append(int(place.name))
        except (OSError, ValueError):
            continue
    return found


def test_the_log_may_have_the_place_of_a_fault_but_nothing_that_files_hold(
    waiting, inputs, tmp_path
):
    (inputs / "job.json").write_text("a note that nobody else may read")
    with pytest.raises(JobFailed, match="JSONDecodeError") as failed:
        run_in_process("fit", inputs, tmp_path, tell=lambda *_: None)
    assert failed.value.facts["error"] == "JSONDecodeError"
    assert "forecasting/demand/worker.py:" in failed.value.facts["trace"]
    assert "note" not in str(failed.value.facts)
