"""A disk that is full, an engine that gives up: everybody is answered, and it goes on by itself.

The limit on the size of a file is what a full disk is to one process: it can be set, and
lifted again, anywhere and without being root.
"""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import duckdb
import pytest

from data import failures
from data.ledger import Ledger
from data.store import Store
from forecasting.consensus.events import Event
from forecasting.consensus.events.inputs import Commented
from forecasting.errors import StorageFailed
from tests.calling import called
from tests.postgres import both_engines

ROOT = Path(__file__).parents[2]

DRIVER = """
import json, resource, sys, threading, time
from pathlib import Path
sys.path.insert(0, {root!r})
from forecasting.calendar import as_date
from forecasting.consensus.events import Kind, Scope
from forecasting.errors import StorageFailed
from forecasting.workspace import Workspace

def room(size):
    filler = Path({db!r}).with_name("filler")
    if {mounted}:  # a file system of its own: filled to the last block, and emptied again
        if size == resource.RLIM_INFINITY:
            return filler.unlink()
        with filler.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                return
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

space = Workspace(Path({db!r}))
plan = space.plan
week = as_date(plan.base.weeks[4])
names = [n for i, n in enumerate(plan.sku_names) if plan.sku(i).active[:, 4].any()]

def edit(n):
    scope = Scope(product_level="sku", product=names[n % len(names)], first_week=week, last_week=week)
    started = time.monotonic()
    try:
        event = space.override("dana", scope, "add", 1.0, reason="TREND", client_id=f"edit-{{n}}")
    except StorageFailed as error:
        return "refused", time.monotonic() - started, str(error)
    return "done", time.monotonic() - started, event.seq

told = {{"before": edit(0)}}
with space.store.cursor() as cursor:
    cursor.execute("set checkpoint_threshold = {threshold!r}")
room({size})
answers = []
threads = [threading.Thread(target=lambda n=n: answers.append(edit(n))) for n in range(1, {edits})]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join(20)
told["answers"] = answers
told["asked"] = len(threads)
told["reading"] = len(space.plan.activations()), len(space.history.events("dana"))
room(resource.RLIM_INFINITY)
time.sleep({pause})
told["after"] = edit(1_000)
told["again"] = [edit(n)[0] for n in range(1, {edits})]
told["digests"] = space.plan.digests()
told["drafts"] = int(space.plan.totals["draft"].sum())
told["seq"] = space.seq
space.close()
again = Workspace(Path({db!r}))
told["digests again"] = again.plan.digests()
told["seq again"] = again.seq
told["edits"] = len([e for e in again.ledger.of_kinds(Kind.OVERRIDE) if e.client_id.startswith("edit-")])
again.close()
print(json.dumps(told))
"""


def driven(db: Path, *, mounted: bool = False, **values) -> dict:
    code = DRIVER.format(root=str(ROOT), db=str(db), mounted=mounted, **values)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return {**json.loads(done.stdout.strip().splitlines()[-1]), "log": done.stderr}


@pytest.mark.parametrize(
    ("threshold", "size"),
    [("16MB", 1), ("1KB", 2_000_000)],
    ids=["no room for the log", "no room for a checkpoint"],
)
def test_a_full_disk_answers_everybody_and_editing_resumes_without_a_restart(
    company_copy, threshold, size
):
    told = driven(company_copy, threshold=threshold, size=size, edits=13, pause=0.6)
    assert told["before"][0] == "done"
    assert len(told["answers"]) == told["asked"] == 12
    assert max(seconds for _, seconds, _ in told["answers"]) < 5
    refused = [text for what, _, text in told["answers"] if what == "refused"]
    if threshold == "1KB":
        assert "autocheckpoint failed" in told["log"], "the engine did not die"
    else:
        assert len(refused) == 12, "the disk was not full"
    assert all("space" in text or "moment" in text for text in refused)
    assert told["reading"][0] > 0
    assert told["reading"][1] > 0
    assert told["after"][0] == "done"
    # Who asks again with the same id is answered or served, never served twice.
    assert set(told["again"]) == {"done"}
    assert told["edits"] == 14
    assert told["digests"] == told["digests again"]
    assert told["seq"] == told["seq again"]


@pytest.fixture
def small_disk(tmp_path):
    """A file system of its own, where one may be mounted."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(place)]
    if os.getuid() or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no file system may be mounted here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_small_file_system_that_is_filled_and_emptied_stops_nobody_for_good(
    company, small_disk
):
    db = Path(shutil.copy(company, small_disk / "plan.duckdb"))
    told = driven(db, mounted=True, threshold="16MB", size=0, edits=13, pause=0.6)
    # The last block of the log has room for a few; the others have nowhere to go.
    assert "refused" in {what for what, *_ in told["answers"]}
    assert max(seconds for _, seconds, _ in told["answers"]) < 5
    assert told["after"][0] == "done"
    assert set(told["again"]) == {"done"}
    assert told["digests"] == told["digests again"]
    assert told["edits"] == 14


def test_a_folder_that_may_only_be_read_is_a_sentence_and_nothing_is_changed(
    company, small_disk
):
    db = Path(shutil.copy(company, small_disk / "plan.duckdb"))
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    before = db.read_bytes()
    for words in (["bridge", "--out", "x.csv"], ["import", str(ROOT / "README.md")]):
        done = cli(*words, "--db", db)
        assert done.returncode == 2, done.stderr
        assert "may not be written" in done.stderr, done.stderr
        assert "Traceback" not in done.stderr
    assert db.read_bytes() == before


def event(client: str, **fields) -> Event:
    return Event(
        person="dana", function="planning", body=Commented(), client_id=client, **fields
    )


@pytest.fixture
def ledger(log_engine, tmp_path):
    store = Store(tmp_path / "ledger.duckdb")
    taken = []
    opened = Ledger(store, lambda events: taken.extend(e.seq for e in events))
    opened.taken, opened.store = taken, store
    yield opened
    opened.close()
    store.close()


def broken(_cursor, _seq):
    raise OSError(28, "No space left on device")


@both_engines
def test_a_transaction_that_breaks_off_is_refused_in_words_and_the_next_one_is_written(ledger):
    with pytest.raises(StorageFailed, match="no space left"):
        ledger.submit("a", lambda: event("a"), work=broken)
    assert ledger.submit("b", lambda: event("b")).seq == 1
    assert ledger.taken == [1]


@both_engines
def test_a_commit_that_became_durable_before_it_broke_off_is_answered_as_done(
    ledger, monkeypatch
):
    real = ledger.store.transaction

    def breaks_after(self=ledger.store):
        from contextlib import contextmanager

        @contextmanager
        def whole():
            with real() as cursor:
                yield cursor
            raise duckdb.FatalException("the autocheckpoint failed")

        return whole()

    monkeypatch.setattr(ledger.store, "transaction", breaks_after)
    assert ledger.submit("a", lambda: event("a")).seq == 1
    monkeypatch.undo()
    assert ledger.submit("b", lambda: event("b")).seq == 2
    assert ledger.taken == [1, 2]


@both_engines
def test_one_that_cannot_be_written_does_not_take_its_neighbours_with_it(ledger):
    """A note that is no text (half a character) breaks the statement of its whole group."""
    gate, answers = threading.Event(), {}

    def ask(name, note):
        try:
            answers[name] = ledger.submit(
                name, lambda: event(name, note=note), touches=frozenset({name})
            ).seq
        except Exception as error:
            answers[name] = type(error).__name__

    first = threading.Thread(
        target=lambda: ledger.submit("gate", lambda: (gate.wait(10), event("gate"))[1])
    )
    first.start()
    time.sleep(0.05)
    notes = {"a": "fine", "b": "half \ud800 a character", "c": "fine too"}
    threads = [threading.Thread(target=ask, args=pair) for pair in notes.items()]
    for thread in threads:
        thread.start()
    time.sleep(0.1)
    gate.set()
    for thread in [first, *threads]:
        thread.join(10)
    assert {type(answers[n]) for n in ("a", "c")} == {int}
    assert not isinstance(answers["b"], int)
    assert [e.client_id for e in ledger.tail(1)] == sorted("ac", key=answers.__getitem__)


def test_a_closed_ledger_refuses_instead_of_letting_people_wait(tmp_path):
    store = Store(tmp_path / "closed.duckdb")
    ledger = Ledger(store, lambda _events: None)
    ledger.close()
    with pytest.raises(StorageFailed, match="going down"):
        ledger.submit("late", lambda: event("late"))
    ledger.close()  # twice is once
    store.close()


def test_a_dead_engine_is_opened_anew_while_others_still_hold_cursors(tmp_path):
    store = Store(tmp_path / "dead.duckdb")
    held, back = threading.Event(), threading.Event()

    def reader():
        with store.cursor():
            held.set()
            back.wait(10)

    thread = threading.Thread(target=reader)
    thread.start()
    held.wait(5)
    store._dead = True
    started = time.monotonic()
    assert store.query("versions").empty
    assert time.monotonic() - started < 5
    back.set()
    thread.join(5)
    assert not thread.is_alive()
    store.close()


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (OSError(28, "No space left on device"), "no space left"),
        (OSError(27, "File too large"), "no space left"),
        (OSError(30, "Read-only file system"), "may not be written"),
        (PermissionError(13, "Permission denied"), "may not be written"),
        (
            duckdb.IOException('Could not write file "x.wal": No space left on device'),
            "no space",
        ),
        (duckdb.OutOfMemoryException("failed to allocate"), "not enough memory"),
        (MemoryError(), "not enough memory"),
        (duckdb.FatalException("database has been invalidated"), "in a moment"),
    ],
    ids=str,
)
def test_every_failure_of_storage_is_a_sentence_that_says_what_to_do(error, says):
    found = failures.storage_failed(error, Path("plan.duckdb"))
    assert found is not None
    assert says in str(found)


@pytest.mark.parametrize(
    "error", [ValueError("No space left"), duckdb.BinderException("no column"), KeyError("x")]
)
def test_a_fault_of_ours_is_not_passed_off_as_one_of_the_disk(error):
    assert failures.storage_failed(error) is None


def cli(*words: object, most: int | None = None) -> subprocess.CompletedProcess:
    """A verb of the command line, on a disk on which no file may grow beyond some bytes."""
    limit = ""
    if most is not None:
        limit = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({most}, {most}));"
    code = f"{limit}import runpy, sys; sys.argv = {['concord', *map(str, words)]!r}; runpy.run_module('forecasting', run_name='__main__')"
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=240
    )


def content_of(path: Path) -> dict:
    """All but the notes of who asked for what: one who asks is noted, full disk or not."""
    store = Store(path)
    rows = store.query("content").query("table_name != 'audit'").to_dict("records")
    seqs = store.query("event_tail", after=0)["seq"].tolist()
    store.close()
    return {"rows": rows, "seqs": seqs}


@pytest.mark.parametrize("verb", ["import", "refresh", "backup", "export", "restore"])
def test_a_verb_that_meets_a_full_disk_says_so_and_leaves_everything_as_it_was(
    company_copy, tmp_path, verb
):
    out = tmp_path / "out"
    words = {
        "import": ["import", tmp_path / "in", "--db", company_copy],
        "refresh": ["refresh", "--full", "--workers", "1", "--db", company_copy],
        "backup": ["backup", "--db", company_copy, "--out", out / "copy.duckdb"],
        "export": ["export", "--table", "sales", "--db", company_copy, "--out", out / "s.csv"],
        "restore": ["restore", company_copy, "--db", out / "back.duckdb"],
    }[verb]
    (tmp_path / "in").mkdir()
    lines = [f"2026-{1 + n % 12:02d}-{1 + n // 12 % 28:02d},C{n},{n}\n" for n in range(20_000)]
    (tmp_path / "in" / "budget.csv").write_text("date,class,units\n" + "".join(lines))
    before = content_of(company_copy)
    done = cli(*words, most=20_000 if verb == "refresh" else 200_000)
    assert done.returncode == 2, done.stderr[-2000:]
    assert "space" in done.stderr, done.stderr[-2000:]
    assert "Traceback" not in done.stderr, done.stderr[-3000:]
    assert content_of(company_copy) == before
    assert not out.exists() or not list(out.iterdir())
    again = called(*words)
    assert again.returncode == 0, again.stderr[-2000:]


def test_a_sample_company_that_meets_a_full_disk_leaves_no_half_of_it(tmp_path):
    db = tmp_path / "new" / "sample.duckdb"
    size = ["--skus", "30", "--doors", "4", "--weeks", "70", "--no-cycles"]
    done = cli("sample", "--db", db, *size, most=300_000)
    assert done.returncode == 2, done.stderr[-2000:]
    assert "space" in done.stderr
    assert not list(db.parent.iterdir())
