"""The short form of the kills that `make chaos` does a thousand of."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.load.chaos_kills import OPENS_SECONDS, VERBS

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_whatever_is_killed_loses_nothing_acknowledged_and_leaves_nothing_half_done(company):
    """In a process of its own: one with threads, as this one, must not fork."""
    command = [sys.executable, "-m", "tests.load.chaos_kills"]
    command += ["--kills", str(2 * len(VERBS)), "--company", str(company)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    told = json.loads(done.stdout)
    assert told["wrong"] == []
    assert done.returncode == 0
    assert set(told["kills"]) == {verb.__name__ for verb in VERBS}
    assert told["acknowledged"] > 10
    assert told["slowest_opening_s"] < 3 * OPENS_SECONDS, "on a busy machine, even"
