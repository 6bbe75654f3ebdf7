"""Linear algebra takes one processor, whatever is imported first of ours."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = """
import os
import {module}
import numpy
many = numpy.ones((600, 600))
many @ many
print(len(os.listdir("/proc/self/task")))
"""
NAMES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def threads(module: str, **settings: str) -> int:
    env = {name: value for name, value in os.environ.items() if name not in NAMES}
    done = subprocess.run(
        [sys.executable, "-c", CODE.format(module=module)],
        cwd=ROOT, env=env | settings, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    return int(done.stdout)


@pytest.mark.skipif(
    (os.cpu_count() or 1) < 2 or not Path("/proc/self/task").is_dir(),
    reason="counts threads as Linux does, where there could be two",
)
@pytest.mark.parametrize("module", ["forecasting.demand.season", "forecasting.hierarchy"])
def test_linear_algebra_has_one_thread_unless_somebody_asks_for_more(module):
    asked_for_one = threads(module, **dict.fromkeys(NAMES, "1"))
    assert threads(module) == asked_for_one
    assert threads(module, OPENBLAS_NUM_THREADS="2") > asked_for_one
