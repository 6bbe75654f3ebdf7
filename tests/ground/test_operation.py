"""The log: one line an event, nothing of what people wrote, and it never stops anybody."""

import logging
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecasting import faults, operation
from forecasting.calendar import as_date
from forecasting.consensus.events import Scope
from forecasting.errors import Refused
from forecasting.governance import desk
from forecasting.workspace import Workspace

ROOT = Path(__file__).parents[2]
LINE = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (INFO|WARNING|ERROR) \w+ \w+"
    r'( \w+=([A-Za-z0-9_.,:/@+%#*-]+|"([^"\\]|\\.)*"))*'
)
SECRET = "zanzibar-marmalade"


@pytest.fixture
def held(tmp_path):
    """The log of this test alone, whoever else in this process keeps one."""
    before, operation._held = operation._held, None
    if before:
        operation._HOUSE.removeHandler(before)
    mine = operation.hold(tmp_path / "concord.duckdb")
    yield tmp_path / "concord.duckdb.log"
    mine.let_go()
    if before:
        operation._held = before
        operation._HOUSE.addHandler(before)


def somewhere(space) -> Scope:
    week = as_date(space.plan.base.weeks[2])
    sku = space.plan.sku_names[0]
    return Scope(product_level="sku", product=sku, first_week=week, last_week=week)


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").split("\n")[:-1]


@given(value=st.text() | st.floats() | st.integers() | st.none(), name=st.text())
def test_whatever_a_value_holds_a_line_stays_one_line_that_can_be_read(value, name):
    record = logging.LogRecord("concord.job", logging.INFO, "", 0, "event", None, None)
    record.facts = {"value": value, "name": name}
    line = operation._Line().format(record)
    assert LINE.fullmatch(line)
    assert line.isascii()
    assert line.isprintable()


def test_a_fault_is_one_line_with_its_kind_place_and_cause(held):
    def inner():
        raise OSError(28, "No space left on device", "/somewhere")

    try:
        try:
            inner()
        except OSError as error:
            raise KeyError(SECRET) from error
    except KeyError as error:
        operation.log("desk").fault("verb_failed", error, by="dana")
    (line,) = lines(held)
    assert LINE.fullmatch(line)
    assert " ERROR desk verb_failed by=dana error=KeyError" in line
    assert "tests/ground/test_operation.py:" in line
    assert "inner" in line
    assert "cause=OSError" in line
    assert "No space left on device" in line
    assert SECRET not in line


@pytest.mark.parametrize("kind", [ValueError, KeyError, UnicodeError, Refused, LookupError])
def test_a_message_that_may_quote_what_people_wrote_is_not_in_the_log(kind):
    assert SECRET not in str(faults.for_log(kind(f"cannot read '{SECRET}'")))


def test_nothing_that_people_write_is_ever_in_the_log(held, space):
    where = somewhere(space)
    space.override("dana", where, "percent", 5, reason="OTHER", note=f"{SECRET} note")
    space.comment("dana", where, f"{SECRET} comment")
    for wrong in (f"{SECRET} value", object()):
        with pytest.raises((TypeError, ValueError, Refused)):
            space.override("dana", where, wrong, 5, reason="OTHER", note=f"{SECRET} note")
        with pytest.raises((TypeError, ValueError, Refused)):
            space.override("dana", where, "add", wrong, reason="OTHER", note=f"{SECRET} note")
    space.desk.ledger._on_commit = fails
    space.comment("dana", where, f"{SECRET} comment")
    told = held.read_text()
    assert "not_folded" in told
    assert "error=ValueError" in told
    assert SECRET not in told


def fails(events):
    raise ValueError(f"cannot fold {[event.note for event in events]}")


def test_the_log_names_start_import_refused_import_roll_back_and_stop(
    held, company_copy, tmp_path
):
    space = Workspace(company_copy)
    good, bad = tmp_path / "good", tmp_path / "bad"
    for folder, kind in ((good, "store"), (bad, SECRET)):
        folder.mkdir()
        rows = space.store.table("doors").head(1).assign(door="NEW", kind=kind)
        rows.to_csv(folder / "doors.csv", index=False)
    event, _ = space.import_files("dana", [good])
    with pytest.raises(Refused):
        space.import_files("dana", [bad])
    space.roll_back("dana", event.seq)
    space.close()
    told = lines(held)
    assert all(LINE.fullmatch(line) for line in told)
    events = [line.split()[3] for line in told]
    assert events == ["started", "import", "import", "roll_back", "stopped"]
    assert (
        f"outcome=done by=dana files=1 batch={event.seq} rows=1 proposed=0 seconds=" in told[1]
    )
    assert "outcome=refused by=dana files=1 seconds=" in told[2]
    assert SECRET not in "".join(told)


def test_a_slow_edit_is_noted_and_a_quick_one_is_not(held, space, monkeypatch):
    monkeypatch.setattr(desk, "SLOW_SECONDS", 60.0)
    space.comment("dana", somewhere(space), "quick")
    assert "slow_verb" not in held.read_text()
    monkeypatch.setattr(desk, "SLOW_SECONDS", 0.0)
    event = space.comment("dana", somewhere(space), "slow")
    line = lines(held)[-1]
    assert f"WARNING desk slow_verb verb=comment by=dana seq={event.seq} events=1" in line


def test_files_rotate_and_the_oldest_goes(held, monkeypatch):
    monkeypatch.setattr(operation._held, "maxBytes", 300)
    for number in range(60):
        operation.log("job").info("job_done", number=number)
    kept = sorted(held.parent.glob("*.log*"))
    assert len(kept) == operation.FILES_KEPT + 1
    assert all(path.stat().st_size <= 300 for path in kept)
    assert "number=59" in held.read_text()


def test_a_log_that_was_moved_away_is_begun_anew(held):
    operation.log("job").info("first")
    held.rename(held.with_name("elsewhere"))
    operation.log("job").info("second")
    assert "second" in held.read_text()
    assert "first" not in held.read_text()


def test_a_log_that_cannot_be_written_is_reported_once_stops_nobody_and_resumes(held, capsys):
    held.mkdir()  # nobody, not even root, can write lines into a folder
    for number in range(5):
        operation.log("job").info("job_done", number=number)
    text = capsys.readouterr().err
    assert text.count("log_not_written") == 1
    assert "Is a directory" in text
    assert operation.file() is None
    held.rmdir()
    operation.log("job").info("job_done", number=5)
    assert "number=5" in held.read_text()
    assert operation.file() == held


@pytest.mark.skipif(os.getuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_stops_nobody(held, capsys):
    held.parent.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        operation.log("job").info("job_done")
    finally:
        held.parent.chmod(stat.S_IRWXU)
    assert "Permission denied" in capsys.readouterr().err


def test_a_full_disk_stops_nobody(tmp_path):
    done = python(
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500))\n"
        "from forecasting import operation\nfrom pathlib import Path\n"
        f"operation.hold(Path({str(tmp_path / 'x.duckdb')!r}))\n"
        "for n in range(50): operation.log('job').info('job_done', number=n)\n"
        "print('went on')"
    )
    assert done.stdout == "went on\n", done.stderr
    assert done.stderr.count("log_not_written") == 1
    assert "Traceback" not in done.stderr


def test_nothing_is_set_up_at_import_and_only_warnings_are_shown_without_a_database():
    done = python(
        "import logging\nbefore = list(logging.root.handlers)\n"
        "import forecasting.workspace\nfrom forecasting import operation\n"
        "assert logging.root.handlers == before\n"
        "assert not logging.getLogger('concord').handlers\n"
        "for _ in range(3):\n"
        "    operation.hold(None)\n"
        "operation.log('job').info('quiet')\noperation.log('job').warning('loud')"
    )
    assert [line.split()[3] for line in done.stderr.splitlines()] == ["loud"]


@pytest.mark.parametrize(
    ("level", "text"), [("ERROR", ""), ("nonsense", "loud"), ("info", "loud")]
)
def test_the_level_is_a_setting_and_nonsense_is_the_usual_one(level, text):
    done = python(
        "from forecasting import operation; operation.log('job').warning('loud')",
        CONCORD_LOG_LEVEL=level,
    )
    assert text in done.stderr
    assert bool(text) == bool(done.stderr)


def python(code: str, **settings: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60,
        env={**os.environ, **settings},
    )  # fmt: skip
