"""What is kept of a database before a newer version changes it, and the way back."""

import lzma
import shutil
from collections import namedtuple

import duckdb
import pytest

from data import before_upgrade, migrations, store
from data.store import Store, restore
from forecasting.errors import StorageFailed
from tests.governance.test_old_ledgers import LEDGERS

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
    monkeypatch.setattr(store, "_copy", breaks)
    with pytest.raises(StorageFailed, match="no space left"):
        Store(old)
    assert steps_of(old) == was
    assert [p.name for p in old.parent.iterdir()] == [old.name]


def test_a_copy_that_does_not_hold_the_ledger_is_not_kept(old, monkeypatch):
    was = steps_of(old)
    monkeypatch.setattr(store, "_copy", lambda _c, _s, target: Store(target).close())
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
