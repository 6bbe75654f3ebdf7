"""Whoever is killed leaves no process and no folder."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from forecasting import scratch

ROOT = Path(__file__).parents[2]


def running_below(folder: Path) -> list[str]:
    """Processes that have a temporary folder of their own: those of one test."""
    found = []
    for place in Path("/proc").iterdir():
        if not place.name.isdigit():
            continue
        try:
            told = (place / "environ").read_bytes()
            state = (place / "stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            continue
        if f"TMPDIR={folder}".encode() in told.split(b"\0") and state != "Z":
            found.append(place.name)
    return found


def start(code: str, folder: Path) -> subprocess.Popen:
    folder.mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "TMPDIR": str(folder)}, start_new_session=True,
    )  # fmt: skip


def until(what, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.skipif(not Path("/proc").exists(), reason="asks /proc who runs")
@pytest.mark.parametrize("workers", [1, 2])
def test_killed_in_a_backtest_it_leaves_no_process_and_the_next_start_sweeps_its_folders(
    company_copy, tmp_path, workers
):
    folder = tmp_path / "tmp"
    code = (
        "from forecasting.workspace import Workspace; from pathlib import Path\n"
        f"space = Workspace(Path({str(company_copy)!r}))\n"
        "space.hindsight.backtest('dana', origins=12, horizon=4, step=2, "
        f"workers={workers}, tell=lambda t, s: print(t, flush=True))"
    )
    app = start(code, folder)
    until(lambda: len(running_below(folder)) >= (2 if workers == 1 else 4))
    os.kill(app.pid, signal.SIGKILL)
    app.wait()
    until(lambda: not running_below(folder), seconds=5.0)
    assert list(folder.glob(f"{scratch.PREFIX}*"))
    after = start(code.split("space.hindsight")[0] + "space.close()", folder)
    assert after.wait(60) == 0
    assert not list(folder.iterdir())
    assert "left_by_others=1" in Path(f"{company_copy}.log").read_text()


def test_folders_go_with_the_work_and_with_the_process(tmp_path):
    app = start(
        "from forecasting import scratch\n"
        "made = []\n"
        "try:\n"
        "    with scratch.folder('fit') as one:\n"
        "        (one / 'x').write_text('x'); made.append(one); raise KeyError\n"
        "except KeyError: pass\n"
        "assert not made[0].exists()\n"
        "stays = scratch.lasting('upload'); assert stays.is_dir()\n"
        "print(scratch.sweep())",
        tmp_path / "tmp",
    )
    assert app.communicate(timeout=60)[0] == "0\n"  # what one holds itself is not swept
    assert not list((tmp_path / "tmp").iterdir())


def test_what_a_living_process_holds_is_not_swept(tmp_path):
    hold = "from forecasting import scratch; scratch.lasting('fit'); print('holds', flush=True); input()"
    living = subprocess.Popen(
        [sys.executable, "-c", hold], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        text=True, env={**os.environ, "TMPDIR": str(tmp_path)},
    )  # fmt: skip
    assert living.stdout.readline() == "holds\n"
    sweep = "from forecasting import scratch; print(scratch.sweep())"
    assert start(sweep, tmp_path).communicate(timeout=60)[0] == "0\n"
    living.kill()
    living.wait()
    assert start(sweep, tmp_path).communicate(timeout=60)[0] == "1\n"
    assert not list(tmp_path.glob(f"{scratch.PREFIX}*"))
