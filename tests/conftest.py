"""What tests share: strict hypothesis settings, real files and real databases."""

import fcntl
import gc
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from forecasting.workspace import Workspace
from tests import answers, postgres, template

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

FITTED = frozenset(
    [
        "against_truth",
        "buying",
        "closing",
        "conventions",
        "could_sell",
        "findings",
        "followed",
        "histories",
        "in_force",
        "launch",
        "notice",
        "levels",
        "measures",
        "model",
        "newsvendor",
        "oddities",
        "offers",
        "past_cycles",
        "process",
        "response",
        "scores",
        "season",
        "spillover",
        "statistical",
        "stockouts",
        "week_again",
        "routine_replenishment",
        "habits",
        "promotion_result",
        "steps",
        "night",
    ]
)
"""Tests that draw and fit companies of their own, or try thousands of small ones."""

LONG_FIRST = (
    "crawl",
    "past_cycles",
    "verbs",
    "against_truth",
    "cycle",
    "workspace",
    "pages",
    "accessible",
    "cli",
    "failing_storage",
    "process",
    "habits",
    "review",
    "inputs",
    "meeting",
    "decisions",
    "histories",
    "docs_examples",
    "recovery",
    "hostile",
    "import",
    "proposals",
    "ordering",
    "runs",
    "ledger",
    "log",
    "followed",
    "kills",
    "left_behind",
    "launch",
    "promotion_result",
    "could_sell",
    "findings",
    "measures",
    "one_plan",
    "conventions",
    "orders",
    "oddities",
    "exports",
    "flows",
    "options",
    "signals",
    "proposed_orders",
    "steps",
    "cycle_pages",
    "calendar_files",
    "workbook",
    "working",
    "weekly",
    "quarter",
    "sources",
)
"""Files that take longest, by processor time, the longest first. A file is one process's, so that one which takes
minutes and comes last keeps the other process waiting for all of them.
"""


IN_MEMORY = Path("/dev/shm")
"""Where files are kept in memory, on systems that have it."""
ROOM = 6e9
"""Bytes that two test processes need at most for their databases, with some to spare."""


def pytest_configure(config: pytest.Config) -> None:
    """What costs time and is no matter of the tests."""
    # Named here: as an option it would load pandas, and numpy, before `forecasting` says how.
    config.addinivalue_line("filterwarnings", "error::pandas.errors.PerformanceWarning")
    # Thousands of databases are made and thrown away; a disk would have to keep each commit.
    if IN_MEMORY.is_dir() and _holds(IN_MEMORY):
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(IN_MEMORY))


def _holds(place: Path) -> bool:
    """Whether the databases of a run find room there, and programs that tests install can run."""
    runs = not os.statvfs(place).f_flag & getattr(os, "ST_NOEXEC", 0)
    return os.access(place, os.W_OK) and runs and shutil.disk_usage(place).free > ROOM


def pytest_collection_finish(session: pytest.Session) -> None:
    """Modules and tests stay; looking for garbage need not look at them time and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long to begin or to end is marked: `make quick` leaves it out."""
    if os.environ.get("PYTEST_XDIST_WORKER"):
        place = {name: n for n, name in enumerate(LONG_FIRST)}
        items.sort(key=lambda item: place.get(item.path.stem.removeprefix("test_"), len(place)))
    for item in items:
        if item.path.stem.removeprefix("test_") in FITTED:
            item.add_marker(pytest.mark.slow)
        if {"company", "played"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.sample)


@pytest.fixture(scope="session", autouse=True)
def databases_from_a_template(tmp_path_factory):
    """Empty databases are copied, not made anew by every step (tests/template.py)."""
    with template.copied(tmp_path_factory.mktemp("template") / "empty.duckdb"):
        yield


@pytest.fixture(scope="session", autouse=True)
def answers_from_copies():
    """What copies of one company answer is asked once (tests/answers.py)."""
    with answers.known():
        yield


@pytest.fixture(scope="session")
def postgres_server():
    """A PostgreSQL of this test process; where CI runs there has to be one."""
    if postgres.programs() is None:
        missing = "there is no PostgreSQL here (initdb); the distribution has one"
        if os.environ.get(postgres.REQUIRED):
            pytest.fail(missing)
        pytest.skip(missing)
    with postgres.running() as server:
        yield server


@pytest.fixture
def log_engine(request, monkeypatch):
    """Address of a log in PostgreSQL for a test that says so (`both_engines`); '' for the file."""
    monkeypatch.delenv("CONCORD_LOG", raising=False)
    if getattr(request, "param", "file") == "file":
        return ""
    url = request.getfixturevalue("postgres_server").clean()
    monkeypatch.setenv("CONCORD_LOG", url)
    return url


@pytest.fixture(scope="session")
def shared_data() -> Path:
    if not SHARED.exists():
        pytest.skip("the real data sets are not beside this checkout (../shared/data)")
    return SHARED


def sample_company(factory: pytest.TempPathFactory, *options: str) -> Path:
    """A sample company as the command line builds it; do not write to it.

    The test processes of one run share it: whichever needs it first builds it, and the others
    wait for that one.
    """
    folder = factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        folder = folder.parent
    name = "company" + "".join(options).replace("--", "-")
    done, building = folder / name, folder / f"{name}.building"
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(building, ignore_errors=True)
            building.mkdir()
            command = [sys.executable, "-m", "forecasting", "sample"]
            command += ["--db", str(building / "concord.duckdb"), *options]
            subprocess.run(command, check=True, cwd=ROOT, capture_output=True)
            building.rename(done)
    return done / "concord.duckdb"


SMALL = ("--skus", "72", "--doors", "7", "--weeks", "110")


@pytest.fixture(scope="session")
def company(tmp_path_factory) -> Path:
    """A small sample company, built once through the command line; do not write to it."""
    return sample_company(tmp_path_factory, *SMALL, "--no-cycles")


@pytest.fixture
def company_copy(company, tmp_path) -> Path:
    """A copy of the sample company that a test may change."""
    return Path(shutil.copy(company, tmp_path / "copy.duckdb"))


@pytest.fixture
def space(company_copy, log_engine):
    """A workspace on a company of its own."""
    if log_engine:
        postgres.moved(company_copy, log_engine)
    opened = Workspace(company_copy)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def played(tmp_path_factory) -> Path:
    """A small sample company with its past cycles and a closed quarter; do not write to it."""
    return sample_company(tmp_path_factory, *SMALL, "--no-proof")


@pytest.fixture
def company_cycles(played, tmp_path):
    """A workspace on a company with past cycles, of its own."""
    opened = Workspace(Path(shutil.copy(played, tmp_path / "played.duckdb")))
    yield opened
    opened.close()
