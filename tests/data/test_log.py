"""One log, two engines: what moves between them, what is refused, and what a death in the middle leaves."""

import datetime as dt
import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import duckdb
import psycopg
import pytest

from data.ledger import Ledger
from data.log import link, moving
from data.log.embedded import Embedded
from data.log.lines import Line, digest
from data.log.link import Link, statement
from data.log.postgres import Postgres
from data.store import Store
from forecasting.consensus.events import Kind
from forecasting.errors import DatabaseBusy, NotOurs, Refused, StorageFailed
from tests import postgres
from tests.calling import called
from tests.data.test_ledger import event

ROOT = Path(__file__).parents[2]
WHEN = dt.datetime(2026, 11, 28, 12, 0, 0, 123456)


@pytest.fixture(autouse=True)
def nowhere(monkeypatch):
    monkeypatch.delenv("CONCORD_LOG", raising=False)


@pytest.fixture
def url(postgres_server):
    """The address of an empty database."""
    return postgres_server.clean()


@pytest.fixture
def path(tmp_path):
    """A database of three events, which is its own log."""
    found = tmp_path / "plan.duckdb"
    with closing(Store(found)) as store:
        written(store, "a", "b", "c")
    return found


@pytest.fixture
def moved(path, url, monkeypatch):
    """Its log stands in PostgreSQL, and whoever opens it looks there."""
    move(path, url)
    monkeypatch.setenv("CONCORD_LOG", url)


in_postgres = pytest.mark.usefixtures("moved")


def written(store, *clients, work=None):
    ledger = Ledger(store, lambda _events: None)
    for client in clients:
        ledger.submit(client, lambda client=client: event(client, client), work=work)
    ledger.close()
    return ledger


def there(url) -> tuple[list[int], list[str], str]:
    """Numbers, client ids and state of a log in PostgreSQL, asked past the code that wrote it."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "select seq, client_id from concord.event order by seq"
        ).fetchall()
        ((state,),) = connection.execute("select state from concord.log").fetchall()
    return [seq for seq, _ in rows], [client for _, client in rows], state


def digests(path, url) -> tuple[str, str]:
    """Of the file, and of the log in PostgreSQL."""
    with closing(Store(path)) as store:
        copy = Embedded(store)
        return digest(copy.lines()), digest(Postgres(Link(url), copy, id="").lines())


def move(path, url) -> moving.Moved:
    with closing(Store(path)) as store:
        return moving.to_postgres(store, url)


def cut_off(url) -> None:
    """End every other connection to the database, as a restart of the server would."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where datname = current_database() and pid <> pg_backend_pid()"
        )


def back(path, url) -> moving.Moved:
    with closing(Store(path)) as store:
        return moving.to_file(store, url)


# There and back ---------------------------------------------------------------------------


def test_a_log_is_the_same_there_and_back_again(company_copy, url, monkeypatch):
    with closing(Store(company_copy)) as store:
        before = digest(Embedded(store).lines())
    assert move(company_copy, url).digest == before
    assert digests(company_copy, url) == (before, before)
    monkeypatch.setenv("CONCORD_LOG", url)
    with closing(Store(company_copy)) as store:
        ledger = written(store, "new")
        assert ledger.of_kinds(Kind.OVERRIDE)[-1].client_id == "new"
    here, is_there = digests(company_copy, url)
    assert here == is_there != before
    monkeypatch.delenv("CONCORD_LOG")
    assert back(company_copy, url).digest == here
    with closing(Store(company_copy)) as store:
        written(store, "newer")
    assert there(url)[2] == "left"


def test_two_logs_that_differ_in_one_leaf_have_other_digests():
    lines = [
        Line.of(event("a", delta=delta).written(seq=1, recorded_at=WHEN))
        for delta in (1000, 1001, 1000)
    ]
    one, two, again = (digest([line]) for line in lines)
    assert one == again != two


def test_a_target_that_is_not_empty_is_refused_and_left_as_it_is(path, tmp_path, url):
    other = tmp_path / "other.duckdb"
    with closing(Store(other)) as store:
        written(store, "x", "y")
    move(other, url)
    with pytest.raises(Refused, match="already: it holds 2 entries"):
        move(path, url)
    assert there(url) == ([1, 2], ["x", "y"], "in use")
    with closing(Store(path)) as store:
        written(store, "d")  # is its own log as before


def test_a_log_that_is_there_already_is_not_moved_twice(path, url, postgres_server):
    move(path, url)
    with pytest.raises(Refused, match="already"):
        move(path, url)
    with pytest.raises(Refused, match="back into the file first"):
        move(path, postgres_server.new())
    back(path, url)
    with pytest.raises(Refused, match="in the file already"):
        back(path, url)
    with pytest.raises(Refused, match="already: it holds 3"):
        move(path, url)


# Each of these statements or steps is where a process may die; dying there is what the test does.
CUTS = {
    "before anything arrived": ("forward", moving, "copied"),
    "after it arrived": ("forward", moving.marks, "put"),
    "on the way back": ("back", moving.marks, "remove"),
}


@pytest.mark.parametrize("cut", CUTS)
def test_a_move_that_was_cut_off_goes_on_where_it_was(path, url, monkeypatch, cut):
    way, module, step = CUTS[cut]
    if way == "back":
        move(path, url)

    class Died(BaseException):
        pass

    def dies(*_args, **_more):
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr(module, step, dies)
        with pytest.raises(Died):
            (move if way == "forward" else back)(path, url)
    if way == "forward":
        with closing(Store(path)) as store:  # the file is the log until all is done
            written(store, "between")
        moved = move(path, url)
        assert there(url) == ([1, 2, 3, 4], ["a", "b", "c", "between"], "in use")
        assert digests(path, url) == (moved.digest, moved.digest)
    else:
        monkeypatch.setenv("CONCORD_LOG", url)
        with pytest.raises(NotOurs, match="once more"), closing(Store(path)) as store:
            written(store, "between")
        monkeypatch.delenv("CONCORD_LOG")
        with pytest.raises(NotOurs, match="is a copy"), closing(Store(path)) as store:
            written(store, "between")
        assert back(path, url).events == 3
        with closing(Store(path)) as store:
            written(store, "after")


def test_the_last_step_of_a_move_is_done_by_whoever_opens_it(path, url, monkeypatch):
    move(path, url)
    with psycopg.connect(url) as connection:
        connection.execute("update concord.log set state = 'arriving'")
    monkeypatch.setenv("CONCORD_LOG", url)
    with closing(Store(path)) as store:
        written(store, "d")
    assert there(url) == ([1, 2, 3, 4], ["a", "b", "c", "d"], "in use")


def test_the_command_line_moves_it_and_says_what_to_set(path, url):
    def concord(*words, **more):
        return called(*words, "--db", path, "--json", env={"CONCORD_LOG": "", **more})

    there = concord("move", "--to", url)
    assert there.returncode == 0, there.stderr
    assert "CONCORD_LOG" in there.stderr
    assert concord("move", "--to", "file").returncode == 2
    returned = concord("move", "--to", "file", CONCORD_LOG=url)
    assert json.loads(returned.stdout)["digest"] == json.loads(there.stdout)["digest"]
    assert concord("move", "--to", "mysql://x/y").returncode == 2
    refused = concord("sample", CONCORD_LOG=url)
    assert refused.returncode == 2
    assert "CONCORD_LOG is set" in refused.stderr


@in_postgres
def test_whatever_a_name_holds_is_the_same_in_both(path, url):
    names = [
        'a"b',
        "a\\b",
        "{a,b}",
        "NULL",
        "a\tb\nc",
        "ä€😀",
        "'; drop table event; --",
        "\\N",
    ]
    with closing(Store(path)) as store:
        ledger = Ledger(store, lambda _events: None)
        for n, name in enumerate(names):
            made = replace(event(str(n), name), note=name, reason=name)
            ledger.submit(str(n), lambda made=made: made)
        ledger.close()
    assert len(set(digests(path, url))) == 1
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "select sku[1], note from concord.event where seq > 3 order by seq"
        )
        assert rows.fetchall() == [(name, name) for name in names]


# Which log a file goes by ------------------------------------------------------------------


def opened(path, url, monkeypatch):
    monkeypatch.setenv("CONCORD_LOG", url)
    with closing(Store(path)) as store:
        written(store)


def test_a_copy_without_its_log_is_not_written_to(path, url):
    move(path, url)
    with (
        pytest.raises(NotOurs, match="in PostgreSQL at this computer/"),
        closing(Store(path)) as s,
    ):
        written(s, "d")


def test_a_file_that_has_not_moved_is_not_mixed_with_a_log(path, url, tmp_path, monkeypatch):
    with pytest.raises(NotOurs, match=r"3 entries and the log at .* has none.*move --to"):
        opened(path, url, monkeypatch)
    move(path, url)
    stranger = tmp_path / "stranger.duckdb"
    with pytest.raises(NotOurs, match="no copy of it"):
        opened(stranger, url, monkeypatch)


def test_a_copy_is_not_opened_on_another_companys_log(path, url, postgres_server, monkeypatch):
    another = postgres_server.new()
    move(path, url)
    with pytest.raises(NotOurs, match="there is none"):
        opened(path, another, monkeypatch)
    opened(path.with_name("second.duckdb"), another, monkeypatch)  # a new company begins there
    with pytest.raises(NotOurs, match="no copy of it"):
        opened(path, another, monkeypatch)


@pytest.mark.parametrize("wrong", ["mysql://a/b", "postgresql://a:b@[::1", "C:/log"])
def test_an_address_that_is_none_is_refused_without_repeating_it(path, wrong, monkeypatch):
    with pytest.raises(Refused, match="postgresql://person@host/database") as refused:
        opened(path, wrong, monkeypatch)
    assert "a:b" not in str(refused.value)


def test_a_log_that_has_begun_and_holds_nothing_yet_is_not_moved_over(path, url, monkeypatch):
    opened(path.with_name("new.duckdb"), url, monkeypatch)
    with pytest.raises(Refused, match="already: it holds 0 entries"):
        move(path, url)
    opened(path.with_name("new.duckdb"), url, monkeypatch)


def test_without_the_driver_it_says_what_to_install(path, monkeypatch):
    monkeypatch.setitem(sys.modules, "data.log.link", None)
    with pytest.raises(Refused, match=r"pip install 'concord\[postgres\]'"):
        opened(path, "postgresql://concord@/x", monkeypatch)


def test_a_server_that_is_not_there_is_a_sentence(path, url, tmp_path, monkeypatch):
    move(path, url)
    with pytest.raises(StorageFailed, match="does not answer"):
        opened(path, f"postgresql://concord:secret@/x?host={tmp_path}", monkeypatch)


def test_a_second_concord_on_one_log_is_refused_until_the_first_has_ended(
    path, url, monkeypatch
):
    move(path, url)
    second = path.with_name("second.duckdb")
    with closing(Store(path)) as store:
        store.backup(second)
    monkeypatch.setenv("CONCORD_LOG", url)
    with closing(Store(path)) as store:
        ledger = Ledger(store, lambda _events: None)
        with pytest.raises(DatabaseBusy, match=rf"in use \(concord .* {os.getpid()}, since"):
            opened(second, url, monkeypatch)
        ledger.submit("d", lambda: event("d"))
        ledger.close()
    with closing(Store(second)) as store:  # takes what it lacks
        assert written(store, "e").seq == 5
    assert there(url)[0] == [1, 2, 3, 4, 5]


# What one of the two lacks -----------------------------------------------------------------


def test_an_older_copy_takes_what_it_lacks_but_not_rows_that_only_the_other_has(
    path, url, monkeypatch
):
    move(path, url)
    older = path.with_name("older.duckdb")
    with closing(Store(path)) as store:
        store.backup(older)
    monkeypatch.setenv("CONCORD_LOG", url)
    with closing(Store(path)) as store:
        written(store, "d", "e")
    opened(older, url, monkeypatch)
    monkeypatch.delenv("CONCORD_LOG")
    assert len(set(digests(older, url))) == 1
    oldest = path.with_name("oldest.duckdb")
    with closing(Store(older)) as store:
        store.backup(oldest)
    monkeypatch.setenv("CONCORD_LOG", url)
    with closing(Store(path)) as store:
        written(store, "rows", work=door)
    with pytest.raises(NotOurs, match=r"#6 \(override\)"):
        opened(oldest, url, monkeypatch)


def door(cursor, seq):
    cursor.execute("insert into doors (door, batch) values ('D1', ?)", [seq])


@in_postgres
def test_a_log_that_was_restored_from_an_older_backup_takes_what_it_lacks(
    path, url, monkeypatch
):
    with closing(Store(path)) as store:
        written(store, "d", "e")
    with psycopg.connect(url) as connection:  # as a backup had it
        connection.execute("delete from concord.event where seq > 3")
        connection.execute("update concord.log set head = 3")
    opened(path, url, monkeypatch)
    assert there(url) == ([1, 2, 3, 4, 5], ["a", "b", "c", "d", "e"], "in use")


def test_two_histories_are_refused(path, url, monkeypatch):
    move(path, url)
    with psycopg.connect(url) as connection:
        connection.execute("update concord.event set client_id = 'other' where seq = 3")
    with pytest.raises(NotOurs, match="different histories: #3"):
        opened(path, url, monkeypatch)


DIES = """
import os, sys
from pathlib import Path
sys.path.insert(0, {root!r})
from data.ledger import Ledger
from data.log.postgres import Postgres
from data.store import Store
from tests.data.test_ledger import event
from tests.data.test_log import door
store = Store(Path({db!r}))
ledger = Ledger(store, lambda _events: None)
commit = Postgres._commit
def dies(self, connection):
    if {after}:
        commit(self, connection)
    os._exit(9)
Postgres._commit = dies
ledger.submit("d", lambda: event("d"), work=door if {brings} else None)
"""


@pytest.mark.parametrize(("brings", "after"), [(False, True), (True, False)])
@in_postgres
def test_a_death_between_the_two_commits_leaves_the_event_once_in_both(
    path, url, brings, after
):
    """Alone: the log commits first. With rows: the file does, which has them."""
    code = DIES.format(root=str(ROOT), db=str(path), after=after, brings=brings)
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 9
    with closing(Store(path)) as store:
        ledger = Ledger(store, lambda _events: None)
        assert ledger.seq == 4
        again = ledger.submit("d", lambda: event("d"), work=door if brings else None)
        assert again.seq == 4
        ledger.close()
        with store.cursor() as cursor:
            doors = cursor.execute("select batch from doors").fetchall()
    assert doors == ([(4,)] if brings else [])
    assert there(url)[:2] == ([1, 2, 3, 4], ["a", "b", "c", "d"])
    assert len(set(digests(path, url))) == 1


# PostgreSQL goes away ----------------------------------------------------------------------


class Writers:
    """Threads that write one event after the other, each until it is acknowledged."""

    def __init__(self, ledger, threads=6, tell=lambda _client, _seq: None):
        self.ledger, self.acknowledged, self.refused = ledger, {}, []
        self._tell = tell
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._write, args=(n,)) for n in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def _write(self, n):
        i = 0
        while not self._stop.is_set():
            client, i = f"{n}-{i}", i + 1
            while client not in self.acknowledged:
                try:
                    made = self.ledger.submit(
                        client, lambda c=client: event(c, f"S{n}"), touches=frozenset({f"S{n}"})
                    )
                    self.acknowledged[client] = made.seq
                    self._tell(client, made.seq)
                except StorageFailed as error:
                    self.refused.append(str(error))
                    time.sleep(0.05)

    def until(self, more, seconds=30.0):
        """Wait until so many more were acknowledged; how long it took."""
        begun, goal = time.monotonic(), len(self.acknowledged) + more
        while len(self.acknowledged) < goal:
            assert time.monotonic() - begun < seconds, self.refused[-1:]
            time.sleep(0.01)
        return time.monotonic() - begun

    def end(self):
        self._stop.set()
        for thread in self._threads:
            thread.join(30)
            assert not thread.is_alive()


def test_postgres_killed_while_people_write_loses_nothing_and_doubles_nothing(
    tmp_path, monkeypatch
):
    if postgres.programs() is None and not os.environ.get(postgres.REQUIRED):
        pytest.skip("there is no PostgreSQL here (initdb); the distribution has one")
    with postgres.running(is_durable=True) as server:
        url = server.new()
        monkeypatch.setenv("CONCORD_LOG", url)
        with closing(Store(tmp_path / "plan.duckdb")) as store:
            folded = []
            ledger = Ledger(store, lambda events: folded.extend(e.seq for e in events))
            writers = Writers(ledger)
            for _ in range(2):
                writers.until(40)
                server.stop("immediate")
                told = len(writers.refused)
                while len(writers.refused) < told + 12:
                    time.sleep(0.01)
                assert ledger.tail(0)[-1].seq == ledger.seq  # reading goes on
                server.start()
                writers.until(1)  # alone, within a second or so
            writers.end()
            ledger.close()
        assert all("does not answer" in text for text in writers.refused)
        assert any("nothing can be changed until it is back" in t for t in writers.refused)
        seqs, clients, _ = there(url)
        assert seqs == list(range(1, len(seqs) + 1)) == folded
        assert len(set(clients)) == len(clients)
        by_client = dict(zip(clients, seqs, strict=True))
        assert writers.acknowledged == by_client
        monkeypatch.delenv("CONCORD_LOG")
        assert len(set(digests(tmp_path / "plan.duckdb", url))) == 1


WRITES = """
import sys
from pathlib import Path
sys.path.insert(0, {root!r})
from data.ledger import Ledger
from data.store import Store
from tests.data.test_log import Writers
ledger = Ledger(Store(Path({db!r})), lambda _events: None)
Writers(ledger, tell=lambda client, seq: print(f"{{client}} {{seq}}{{chr(10)}}", end="", flush=True))
"""


@in_postgres
def test_a_writer_that_is_killed_loses_nothing_that_it_acknowledged(path, url, monkeypatch):
    code = WRITES.format(root=str(ROOT), db=str(path))
    told = {}
    writer = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    for _line in range(120):
        client, seq = writer.stdout.readline().split()
        told.setdefault(client, set()).add(int(seq))
    os.kill(writer.pid, signal.SIGKILL)
    for line in writer.stdout.read().splitlines():
        with suppress(ValueError):  # the last line may be half of one
            client, seq = line.split()
            told.setdefault(client, set()).add(int(seq))
    writer.wait()
    opened(path, url, monkeypatch)
    seqs, clients, _ = there(url)
    assert seqs == list(range(1, len(seqs) + 1))
    by_client = dict(zip(clients, seqs, strict=True))
    assert len(by_client) == len(clients)
    for client, numbers in told.items():
        assert numbers == {by_client[client]}
    assert len(told) >= 120
    assert len(set(digests(path, url))) == 1


@in_postgres
def test_a_connection_that_was_cut_while_nobody_wrote_is_made_anew_without_a_word(path, url):
    with closing(Store(path)) as store:
        ledger = Ledger(store, lambda _events: None)
        cut_off(url)
        assert ledger.submit("d", lambda: event("d")).seq == 4
        ledger.close()


@in_postgres
def test_a_frozen_postgres_is_a_sentence_and_writing_goes_on_when_it_thaws(
    path, url, monkeypatch
):
    """It answers on the wire, so that no timeout of the network ends the wait."""
    with closing(Store(path)) as store:
        ledger = Ledger(store, lambda _events: None)
        with psycopg.connect(url) as connection:
            ((backend,),) = connection.execute(
                "select pid from pg_locks where locktype = 'advisory' and granted"
            ).fetchall()
        os.kill(backend, signal.SIGSTOP)
        try:
            with monkeypatch.context() as patch:
                patch.setattr(link, "STATEMENT_SECONDS", 0.5)
                patch.setattr(link, "LOCK_SECONDS", 0.0)
                with pytest.raises(Refused, match=r"PostgreSQL|in use"):
                    ledger.submit("d", lambda: event("d"))
            assert ledger.seq == 3
        finally:
            os.kill(backend, signal.SIGCONT)
        begun = time.monotonic()
        while ledger.seq == 3:
            with suppress(Refused):
                ledger.submit("d", lambda: event("d"))
            assert time.monotonic() - begun < 30
        ledger.close()
    assert there(url)[0] == [1, 2, 3, 4]


@pytest.mark.parametrize("brings", [False, True], ids=["alone", "with rows"])
@pytest.mark.parametrize("durable", [False, True], ids=["taken back", "kept"])
@in_postgres
def test_a_file_that_fails_at_its_commit_ends_with_the_same_in_both(
    path, url, monkeypatch, brings, durable
):
    with closing(Store(path)) as store:
        ledger = Ledger(store, lambda _events: None)
        real, left = store.transaction, ["once"]

        @contextmanager
        def breaks():
            with real() as cursor:
                yield cursor
                if left and not durable:
                    left.pop()
                    raise duckdb.IOException("the disk failed")
            if left:
                left.pop()
                raise StorageFailed("the disk failed")

        monkeypatch.setattr(store, "transaction", breaks)
        work = door if brings else None
        with suppress(StorageFailed):  # or it is found that it is there
            ledger.submit("d", lambda: event("d"), work=work)
        assert ledger.submit("d", lambda: event("d"), work=work).seq == 4
        assert ledger.submit("e", lambda: event("e")).seq == 5
        ledger.close()
    assert there(url)[1] == ["a", "b", "c", "d", "e"]
    assert len(set(digests(path, url))) == 1


@in_postgres
def test_whoever_lost_the_log_to_another_is_refused_in_words(path, url):
    with closing(Store(path)) as store:
        ledger = Ledger(store, lambda _events: None)
        taker = Link(url)
        cut_off(url)
        taker.get(patience=5)
        for _ in range(2):
            with pytest.raises(Refused, match="One Concord at a time"):
                ledger.submit("d", lambda: event("d"))
            time.sleep(0.3)
        taker.drop()
        while True:
            with suppress(Refused):
                assert ledger.submit("d", lambda: event("d")).seq == 4
                break
        ledger.close()
    assert there(url)[0] == [1, 2, 3, 4]


# Waiting, and what PostgreSQL cannot keep --------------------------------------------------


@postgres.both_engines
def test_whoever_waits_for_more_is_told_when_there_is(log_engine):
    with closing(Store()) as store:
        ledger = Ledger(store, lambda _events: None)
        assert not ledger._log.wait(0, 0.01)
        answers = []
        waiting = threading.Thread(target=lambda: answers.append(ledger._log.wait(0, 20)))
        waiting.start()
        ledger.submit("a", lambda: event("a"))
        waiting.join(30)
        assert answers == [True]
        assert ledger._log.wait(0, 0)
        assert not ledger._log.wait(1, 0.01)
        ledger.close()


@in_postgres
def test_waiting_goes_on_over_a_connection_that_was_cut(path, url):
    with closing(Store(path)) as store:
        ledger = Ledger(store, lambda _events: None)
        assert ledger._log.wait(2, 0)
        cut_off(url)
        ledger.submit("d", lambda: event("d"))
        assert ledger._log.wait(3, 10)
        ledger.close()


@in_postgres
def test_a_text_that_postgres_cannot_keep_is_refused_and_its_neighbours_are_not(path):
    with closing(Store(path)) as store:
        ledger = Ledger(store, lambda _events: None)
        with pytest.raises(Refused, match="cannot be kept"):
            ledger.submit("d", lambda: replace(event("d"), note="a\0b"))
        assert ledger.submit("e", lambda: event("e")).seq == 4
        ledger.close()


def test_every_statement_says_what_one_row_is():
    folder = ROOT / "data" / "log" / "statements"
    for found in folder.glob("*.sql"):
        assert statement(found.stem).startswith("-- "), found.name
