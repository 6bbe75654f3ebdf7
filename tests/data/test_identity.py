"""A file is looked at before it is written to: only a database of ours is opened."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from data import migrations
from data.store import Store, restore
from forecasting.errors import NoDatabase, NotOurs, Refused
from tests import template
from tests.calling import called


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def made(path: Path, *statements: str) -> Path:
    connection = duckdb.connect(str(path))
    for statement in statements:
        connection.execute(statement)
    connection.close()
    return path


FOREIGN = {
    "another program's": ["create table customers (id int)"],
    "one with a table of the same name": ["create table migration (version int)"],
    "one whose migrations are others": [
        "create table migration (name varchar, applied_at timestamp)",
        "insert into migration values ('001_users', now()::timestamp)",
    ],
    "a view only": ["create table x as select 1 as a", "create view v as select * from x"],
}


@pytest.mark.parametrize("statements", FOREIGN.values(), ids=FOREIGN)
def test_a_foreign_database_is_refused_and_left_byte_for_byte(tmp_path, statements):
    path = made(tmp_path / "theirs.duckdb", *statements)
    before = digest(path)
    with pytest.raises(NotOurs, match="another program"):
        Store(path)
    assert digest(path) == before
    with pytest.raises(NotOurs):
        restore(path, tmp_path / "target.duckdb")
    assert [p.name for p in tmp_path.iterdir()] == ["theirs.duckdb"]


@pytest.mark.parametrize(
    "content", [b"hello " * 5_000, b"\x89PNG" + bytes(9_000), b"x"], ids=len
)
def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(tmp_path, content):
    path = tmp_path / "picture.duckdb"
    path.write_bytes(content)
    with pytest.raises(NotOurs):
        Store(path)
    assert path.read_bytes() == content


def test_a_newer_versions_database_is_refused_by_name_of_the_step(tmp_path):
    path = tmp_path / "newer.duckdb"
    Store(path).close()
    made(path, "insert into migration values ('9999_later', now()::timestamp)")
    before = digest(path)
    with pytest.raises(NotOurs, match=r"newer version of Concord.*9999_later"):
        Store(path)
    assert digest(path) == before


def test_a_log_of_another_copy_is_refused_and_nothing_is_merged(tmp_path):
    """Two copies go on apart; the log of one lands beside the other."""
    one, other = tmp_path / "one.duckdb", tmp_path / "other.duckdb"
    Store(one).close()
    shutil.copy(one, other)
    insert = (
        "insert into event select n, now()::timestamp, 'p', 'planning', 'comment', '', null, '', "
        "null, '{{}}', '', '', 0, '{who}' || n from range({first}, {last}) as r(n)"
    )
    made(one, insert.format(who="one", first=1, last=4))
    # Killed, so that what it wrote is still in the log.
    code = f"import duckdb, os; c = duckdb.connect({str(other)!r}); c.execute({insert.format(who='other', first=1, last=6)!r}); os._exit(0)"
    subprocess.run([sys.executable, "-c", code], check=True)
    log = other.with_name("other.duckdb.wal")
    shutil.copy(log, tmp_path / "one.duckdb.wal")
    before = digest(one)
    with pytest.raises(NotOurs, match="two histories"):
        Store(one)
    assert digest(one) == before
    assert digest(tmp_path / "one.duckdb.wal") == digest(log)
    (tmp_path / "one.duckdb.wal").unlink()
    store = Store(one)
    assert len(store.query("event_tail", after=0)) == 3
    store.close()
    store = Store(other)  # its own log is its own
    assert len(store.query("event_tail", after=0)) == 5
    store.close()


@pytest.mark.parametrize(
    "name",
    ["staging", "Staging", "memory", "temp", "system", "main", "it's", 'say "yes"', "a b"],
)
def test_a_database_may_be_called_anything(tmp_path, name):
    path = tmp_path / f"{name}.duckdb"
    for _ in range(2):
        store = Store(path)
        assert store.query("versions").empty
        store.close()
    copy = tmp_path / "copy" / f"{name}.duckdb"
    store = Store(path)
    store.backup(copy)
    store.close()
    restore(copy, tmp_path / "back" / f"{name}.duckdb")
    Store(tmp_path / "back" / f"{name}.duckdb").close()


def test_an_empty_file_is_a_database_that_was_never_begun(tmp_path):
    path = tmp_path / "empty.duckdb"
    path.touch()
    store = Store(path)
    assert store.query("versions").empty
    store.close()


@pytest.mark.parametrize(
    "words",
    [
        ["export", "--table", "sales", "--out", "out.csv"],
        ["refresh"],
        ["bridge", "--out", "out.parquet"],
        ["project", "--out", "out.parquet"],
        ["buy-plan", "--out", "out.csv"],
        ["backup", "--out", "copy.duckdb"],
        ["publish", "--cycle", "2026-12"],
        ["pack", "--out", "pack.html"],
        ["replay", "--out", "out.parquet"],
    ],
    ids=lambda words: words[0],
)
def test_a_mistyped_path_is_refused_and_no_database_appears(tmp_path, words):
    words = [tmp_path / w if "." in w else w for w in words]
    done = called(*words, "--db", tmp_path / "typo" / "concrod.duckdb")
    assert done.returncode == 2, done.stderr
    assert "There is no database at" in done.stderr
    assert list(tmp_path.rglob("*")) == []


def test_a_refused_import_leaves_no_new_database(tmp_path):
    (tmp_path / "skus.csv").write_text("name\nx\n", encoding="utf-8")
    db = tmp_path / "new.duckdb"
    done = called("import", tmp_path / "skus.csv", "--db", db)
    assert done.returncode == 2
    assert not db.exists()
    (tmp_path / "skus.csv").write_text("sku,class\nA,Hats\n", encoding="utf-8")
    assert called("import", tmp_path / "skus.csv", "--db", db).returncode == 0
    assert db.exists()


def test_a_restore_only_reads_the_backup_and_never_replaces_a_database(tmp_path):
    store = Store(tmp_path / "plan.duckdb")
    store.backup(tmp_path / "backup.duckdb")
    store.close()
    before = digest(tmp_path / "backup.duckdb")
    restore(tmp_path / "backup.duckdb", tmp_path / "again.duckdb")
    assert digest(tmp_path / "backup.duckdb") == before
    with pytest.raises(Refused, match="move it away"):
        restore(tmp_path / "backup.duckdb", tmp_path / "again.duckdb")
    with pytest.raises(NoDatabase):
        restore(tmp_path / "nowhere.duckdb", tmp_path / "more.duckdb")
    assert not (tmp_path / "more.duckdb").exists()


def test_a_migration_that_dies_on_the_way_goes_on_where_it_was(tmp_path, monkeypatch):
    path = tmp_path / "half.duckdb"
    Store(path).close()
    steps = migrations.steps()
    later = (
        *steps,
        ("9998_more", ("create table more (x int)", "insert into nowhere values (1)")),
    )
    monkeypatch.setattr(migrations, "steps", lambda: later)
    with pytest.raises(duckdb.CatalogException):
        Store(path)
    fixed = (*steps, ("9998_more", ("create table more (x int)",)))
    monkeypatch.setattr(migrations, "steps", lambda: fixed)
    store = Store(path)
    with store.cursor() as cursor:
        assert cursor.execute("select count(*) from more").fetchall() == [(0,)]
    store.close()


def test_a_database_copied_from_the_template_of_tests_is_the_one_that_the_steps_make(tmp_path):
    """So that no test stands on another schema than the product makes (tests/template.py)."""
    copied = Store(tmp_path / "copied.duckdb")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrations, "apply", template.by_steps)
        made = Store(tmp_path / "made.duckdb")
    made.backup(tmp_path / "again.duckdb")  # what is copied is spelled as a copy spells it
    made.close()
    made = Store(tmp_path / "again.duckdb")
    assert schema_of(copied) == schema_of(made)
    for store in (copied, made):
        store.close()


def schema_of(store):
    """Everything that a database is, but for when each step was taken."""
    of = "where not internal and database_name = current_database()"
    with store.cursor() as cursor:
        found = {
            kind: sorted(map(str, cursor.execute(f"{asked} {of}").fetchall()))
            for kind, asked in {
                "tables": "select table_name, sql from duckdb_tables()",
                "columns": "select table_name, column_name, column_index, data_type, is_nullable, column_default from duckdb_columns()",
                "views": "select view_name, sql from duckdb_views()",
                "macros": "select function_name, function_type, parameters, macro_definition from duckdb_functions()",
            }.items()
        }
        of = of.removeprefix("where not internal and ")
        for kind in ("constraints", "indexes", "sequences"):
            asked = f"select columns(c -> c not like '%_oid' and c <> 'database_name') from duckdb_{kind}() where {of}"
            found[kind] = sorted(map(str, cursor.execute(asked).fetchall()))
        for (name,) in cursor.execute(
            f"select table_name from duckdb_tables() where {of}"
        ).fetchall():
            columns = "name" if name == "migration" else "*"
            found[f"rows of {name}"] = cursor.execute(
                f'select {columns} from "{name}" order by all'
            ).fetchall()
    return found
