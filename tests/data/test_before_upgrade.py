"""What is kept of a database before a newer version changes it, and the way back."""

import errno
import json
import lzma
import os
import re
import shutil
import signal
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import duckdb
import pytest

from data import before_upgrade, migrations, putting_back, store
from data.store import Store, restore
from forecasting.errors import StorageFailed
from forecasting.vocabulary import Function
from forecasting.workspace import Workspace
from tests.calling import called
from tests.governance.test_old_ledgers import LEDGERS

ROOT = Path(__file__).parents[2]
Usage = namedtuple("Usage", "total used free")


@pytest.fixture(scope="module")
def written_before(tmp_path_factory):
    """A company that old code wrote."""
    path = tmp_path_factory.mktemp("old") / "old.duckdb"
    path.write_bytes(lzma.decompress((LEDGERS / "2026-11.duckdb.xz").read_bytes()))
    return path


@pytest.fixture
def old(written_before, tmp_path):
    return shutil.copy(written_before, tmp_path / "company.duckdb")


def steps_of(path):
    with duckdb.connect(str(path), read_only=True) as connection:
        return migrations.names_in(connection)


def ledger_of(path):
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute("select bit_xor(hash(event)), count(*) from event").fetchall()


def test_what_a_database_was_is_kept_once_and_opens_again_in_its_place(old):
    was, before = steps_of(old), ledger_of(old)
    Store(old).close()
    (copy,) = before_upgrade.kept_of(old)
    assert (steps_of(copy), ledger_of(copy)) == (was, before)
    assert steps_of(old) > was
    Store(old).close()
    assert before_upgrade.kept_of(old) == [copy]  # nothing to bring up to date
    back = old.with_name("back.duckdb")
    restore(copy, back)
    assert (steps_of(back), ledger_of(back)) == (was, before)


def test_of_a_new_database_nothing_is_kept(tmp_path):
    Store(tmp_path / "new.duckdb").close()
    assert [p.name for p in tmp_path.iterdir()] == ["new.duckdb"]


def test_without_room_nothing_is_changed_unless_whoever_runs_it_goes_on(old, monkeypatch):
    was, little = steps_of(old), Usage(10**9, 10**9 - 5_000, 5_000)
    monkeypatch.setattr(before_upgrade.shutil, "disk_usage", lambda _: little)
    with pytest.raises(StorageFailed, match=f"a copy of it is kept.*{before_upgrade.GO_ON}=1"):
        Store(old)
    assert steps_of(old) == was
    assert before_upgrade.kept_of(old) == []
    monkeypatch.setenv(before_upgrade.GO_ON, "1")
    Store(old).close()
    assert steps_of(old) > was
    assert before_upgrade.kept_of(old) == []


def test_a_copy_that_breaks_off_leaves_the_database_and_no_half_copy(old, monkeypatch):
    def breaks(_cursor, _source, target):
        target.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    was = steps_of(old)
    monkeypatch.setattr(store, "copied_into", breaks)
    with pytest.raises(StorageFailed, match="no space left"):
        Store(old)
    assert steps_of(old) == was
    assert [p.name for p in old.parent.iterdir()] == [old.name]


def test_a_copy_that_does_not_hold_the_ledger_is_not_kept(old, monkeypatch):
    was = steps_of(old)
    monkeypatch.setattr(store, "copied_into", lambda _c, _s, target: Store(target).close())
    with pytest.raises(StorageFailed, match="cannot be read"):
        Store(old)
    assert (steps_of(old), before_upgrade.kept_of(old)) == (was, [])


def test_the_last_three_are_kept(written_before, old):
    for _ in range(5):
        shutil.copy(written_before, old)
        Store(old).close()
    kept = before_upgrade.kept_of(old)
    assert len(kept) == before_upgrade.KEPT
    assert len({copy.name for copy in kept}) == before_upgrade.KEPT


# The way back -------------------------------------------------------------------------------


@pytest.fixture
def upgraded(old):
    """A company that was upgraded and went on, and the copy of before."""
    space = Workspace(old)
    (copy,) = before_upgrade.kept_of(old)
    space.set_person("admin", identity="late", name="Late", function=Function.PLANNING)
    space.close()
    return old, copy


def put_back_in(target, copy, *words):
    return called("restore", copy, "--db", target, "--replace", *words)


def test_the_way_back_says_what_is_lost_and_keeps_what_was_there(upgraded):
    target, copy = upgraded
    was, now = ledger_of(copy), ledger_of(target)
    told = put_back_in(target, copy)
    assert told.returncode == 2
    assert re.search(
        r"lost: 1 event after #\d+, from .* UTC, by admin \(1 person\)", told.stderr
    )
    assert "--yes" in told.stderr
    assert ledger_of(target) == now
    done = put_back_in(target, copy, "--yes", "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["lost_events"] == 1
    assert ledger_of(target) == was
    assert steps_of(target) == steps_of(copy)
    assert ledger_of(answer["kept"]) == now
    assert put_back_in(answer["kept"], target).returncode == 2  # the way forth is one, too


def test_a_database_that_is_open_or_another_companys_copy_is_refused(upgraded, tmp_path):
    target, copy = upgraded
    other = tmp_path / "other.duckdb"
    space = Workspace(other)
    space.set_person("admin", identity="x", name="X", function=Function.PLANNING)
    space.close()
    told = put_back_in(target, other, "--yes")
    assert told.returncode == 2
    assert "is no copy of" in told.stderr
    holds = subprocess.Popen(
        [sys.executable, "-c",
         f"import duckdb; c = duckdb.connect({str(target)!r}); print('open', flush=True); input()"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert holds.stdout.readline() == "open\n"
        told = put_back_in(target, copy, "--yes")
        assert told.returncode == 2
        assert f"process {holds.pid}" in told.stderr
    finally:
        holds.communicate("\n")
    assert put_back_in(target, copy, "--yes").returncode == 0


DIES = """
import os, signal, sys
from pathlib import Path
from data import putting_back
def dies(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)
where, name, source, target = sys.argv[1:]
setattr({"module": putting_back, "path": Path}[where], name, dies)
putting_back.put_back(Path(source), Path(target), sure=True)
"""


@pytest.mark.parametrize(
    ("where", "name"),
    [("module", "copied_into"), ("module", "_check_same"), ("module", "_second_name"),
     ("path", "replace")],
)  # fmt: skip
def test_killed_at_any_step_the_database_is_the_one_that_was_there(upgraded, where, name):
    target, copy = upgraded
    now = ledger_of(target)
    done = subprocess.run(
        [sys.executable, "-c", DIES, where, name, str(copy), str(target)],
        cwd=ROOT, capture_output=True,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert ledger_of(target) == now
    assert put_back_in(target, copy, "--yes").returncode == 0
    assert ledger_of(target) == ledger_of(copy)


def test_where_a_file_has_no_second_name_it_is_copied(upgraded, monkeypatch):
    target, copy = upgraded
    now = ledger_of(target)

    def no_links(*_):
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", no_links)
    done = putting_back.put_back(copy, target, sure=True)
    assert ledger_of(done.kept) == now
    assert ledger_of(target) == ledger_of(copy)
