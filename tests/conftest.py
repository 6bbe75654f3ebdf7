"""What tests share: strict hypothesis settings, real files and real databases."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from forecasting.workspace import Workspace

ROOT = Path(__file__).parents[1]

settings.register_profile(
    "concord",
    derandomize=True,
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("concord")

SHARED = Path(__file__).parents[2] / "shared" / "data"
"""Real retail data, where this checkout has it beside it."""


@pytest.fixture(scope="session")
def shared_data() -> Path:
    if not SHARED.exists():
        pytest.skip("the real data sets are not beside this checkout (../shared/data)")
    return SHARED


@pytest.fixture(scope="session")
def company(tmp_path_factory) -> Path:
    """A small sample company, built once through the command line; do not write to it."""
    path = tmp_path_factory.mktemp("company") / "concord.duckdb"
    command = [sys.executable, "-m", "forecasting", "sample", "--db", str(path)]
    command += ["--skus", "72", "--doors", "7", "--weeks", "110", "--no-cycles"]
    subprocess.run(command, check=True, cwd=ROOT, capture_output=True)
    return path


@pytest.fixture
def company_copy(company, tmp_path) -> Path:
    """A copy of the sample company that a test may change."""
    return Path(shutil.copy(company, tmp_path / "copy.duckdb"))


@pytest.fixture
def space(company_copy):
    """A workspace on a company of its own."""
    opened = Workspace(company_copy)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def played(tmp_path_factory) -> Path:
    """A small sample company with its past cycles and a closed quarter; do not write to it."""
    path = tmp_path_factory.mktemp("played") / "concord.duckdb"
    command = [sys.executable, "-m", "forecasting", "sample", "--db", str(path)]
    command += ["--skus", "72", "--doors", "7", "--weeks", "110"]
    subprocess.run(command, check=True, cwd=ROOT, capture_output=True)
    return path


@pytest.fixture
def company_cycles(played, tmp_path):
    """A workspace on a company with past cycles, of its own."""
    opened = Workspace(Path(shutil.copy(played, tmp_path / "played.duckdb")))
    yield opened
    opened.close()
