"""Kills: a process that works on a database ends at any moment, and what it acknowledged stands.

Each turn forks a child that has everything loaded already, lets it work on a copy of a small
company, kills it after a random while, and has another child open what is left: it must open
quickly, hold everything that was acknowledged exactly once, and nothing half done.
The parent never opens a database itself, since a process with threads cannot be forked.

    python -m tests.load.chaos_kills --kills 1000
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from data import migrations
from data.store import Store, restore
from forecasting.calendar import as_date
from forecasting.consensus.events import Scope
from forecasting.workspace import Workspace
from tests.cycling import open_cycle

ROOT = Path(__file__).parents[2]
SIGNERS = ("mara", "ines", "dana")
OPENS_SECONDS = 1.0
"""To which a company of the sample's size opens again."""
Told = Callable[[str], None]


@dataclass
class Turn:
    """What one child works on."""

    db: Path
    folder: Path
    number: int


def edits(turn: Turn, told: Told) -> None:
    """Eight people change inputs as fast as they can."""
    space = Workspace(turn.db)
    plan = space.plan
    week = as_date(plan.base.weeks[3])
    names = [n for i, n in enumerate(plan.sku_names) if plan.sku(i).active[:, 3].any()]

    def work(person: int) -> None:
        for i in range(10_000):
            client = f"edit-{turn.number}-{person}-{i}"
            sku = names[(person * 7 + i) % len(names)]
            scope = Scope(product_level="sku", product=sku, first_week=week, last_week=week)
            event = space.override("dana", scope, "add", 1.0, reason="TREND", client_id=client)
            told(f"{client} {event.seq}")

    told("ready")
    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def imports(turn: Turn, told: Told) -> None:
    """One import after the other, the plan built and in use."""
    space = Workspace(turn.db)
    _ = space.plan
    told("ready")
    for i in range(1_000):
        file = turn.folder / "budget.csv"
        rows = [f"2027-01-{1 + n % 28:02d},Hats,{n + i}\n" for n in range(400)]
        file.write_text("date,class,units\n" + "".join(rows), encoding="utf-8")
        event, _ = space.import_files("admin", [file])
        told(f"import-{turn.number}-{i} {event.seq}")


def refresh(turn: Turn, told: Told) -> None:
    """One fit after the other."""
    space = Workspace(turn.db)
    told("ready")
    for i in range(100):
        event = space.runs.refresh("dana", full=True)
        told(f"refresh-{turn.number}-{i} {event.seq}")


def publish(turn: Turn, told: Told) -> None:
    """One cycle after the other, from opening to publication."""
    space = Workspace(turn.db)
    _ = space.plan
    told("ready")
    for i in range(100):
        year, month = divmod(i, 12)
        open_cycle(space, f"{2027 + year}-{month + 1:02d}")
        for department in space.plan.products.names("department"):
            for person in SIGNERS:
                space.cycles.sign(person, department)
        told(f"publish-{turn.number}-{i} {space.cycles.publish('dana').seq}")


def backup(turn: Turn, told: Told) -> None:
    """One backup after the other, while somebody goes on editing."""
    space = Workspace(turn.db)
    told("ready")
    for i in range(1_000):
        space.comment("dana", _somewhere(space), f"before copy {i}")
        space.store.backup(turn.folder / f"copy-{i}.duckdb")
        told(f"copy-{i}.duckdb {space.seq}")


def restored(turn: Turn, told: Told) -> None:
    """One restore after the other."""
    told("ready")
    for i in range(1_000):
        restore(turn.db, turn.folder / f"copy-{i}.duckdb")
        told(f"copy-{i}.duckdb 0")


def migration(turn: Turn, told: Told) -> None:
    """A database of an older version is brought up to date, many times over."""
    told("ready")
    for i in range(1_000):
        older = turn.folder / f"copy-{i}.duckdb"
        shutil.copy(turn.folder / "older.duckdb", older)
        told(f"copy-{i}.duckdb 3")
        Store(older).close()


VERBS = (edits, imports, refresh, publish, backup, restored, migration)
LONGEST_SECONDS = {"refresh": 8.0, "publish": 2.0}
"""How long a verb may work before it is killed, where that is not `USUAL_SECONDS`."""
USUAL_SECONDS = 0.8
WHILE_OPENING = 0.2
"""Share of the kills that come while the database is opened."""


def _somewhere(space: Workspace) -> Scope:
    week = as_date(space.plan.base.weeks[3])
    return Scope(
        product_level="sku", product=space.plan.sku_names[0], first_week=week, last_week=week
    )


def older_database(path: Path) -> None:
    """A database with three events, as the first version of the schema left it."""
    connection = duckdb.connect(str(path))
    connection.execute("create table migration (name varchar, applied_at timestamp)")
    name, statements = migrations.steps()[0]
    for statement in statements:
        connection.execute(statement)
    connection.execute("insert into migration values (?, now()::timestamp)", [name])
    connection.execute(
        "insert into event select n, now()::timestamp, 'dana', 'planning', 'comment', '', null, "
        "'', null, '{}', '', 'kept', 0, 'old-' || n from range(1, 4) as r(n)"
    )
    connection.close()


HALF_DONE = {
    "rows of an import without its event": "select count(*) from budget where batch not in "
    "(select seq from event where kind = 'import')",
    "an import's event without its rows": "select count(*) from event where kind = 'import' "
    "and body like '%400 budget%' and (select count(*) from budget where batch = seq) <> 400",
    "a version without its event": "select count(*) from version where version not in "
    "(select seq from event where kind = 'publish')",
    "a publication without its version": "select count(*) from event where kind = 'publish' "
    "and seq not in (select version from version)",
    "a version without its leaves": "select count(*) from version where version not in "
    "(select version from version_leaf)",
    "a run's factors without its event": "select count(distinct run) from run_series where run "
    "not in (select seq from event where kind = 'run')",
    "a run without its factors": "select count(*) from event where kind = 'run' and seq not in "
    "(select run from run_series)",
    "leaves without their event": "select count(*) from leaf where seq not in "
    "(select seq from event)",
    "a client id twice": "select count(*) - count(distinct client_id) from event",
    "a gap in the numbers": "select max(seq) - count(*) from event",
}
"""What must never be found, as statements that count it."""


def looked_at(turn: Turn, acks: Path, verb: str) -> dict:
    """What a database holds after the kill, and what is wrong with that."""
    lines = [line.split() for line in acks.read_text().splitlines() if line.endswith(" .")]
    lines = [line for line in lines if line != ["ready", "."]]
    wrong: list[str] = []
    started = time.perf_counter()
    store = Store(turn.db)
    seconds = time.perf_counter() - started
    with store.cursor() as cursor:
        for what, statement in HALF_DONE.items():
            ((count,),) = cursor.execute(statement).fetchall()
            if count:
                wrong.append(f"{what} ({count})")
        known = dict(cursor.execute("select client_id, seq from event").fetchall())
        seqs = {seq for (seq,) in cursor.execute("select seq from event").fetchall()}
    store.close()
    copies = verb in ("backup", "restored", "migration")
    for name, seq, _ in lines:
        if copies:
            wrong += _copy_is_whole(turn.folder / name, int(seq))
        elif verb == "edits" and known.get(name) != int(seq):
            wrong.append(f"{name} was acknowledged as {seq} and is {known.get(name)}")
        elif int(seq) not in seqs:
            wrong.append(f"{name} was acknowledged as {seq} and is lost")
    if verb != "migration":
        for stray in turn.folder.glob("copy-*.duckdb"):
            if stray.name not in {name for name, *_ in lines}:  # made whole, not yet told
                wrong += _copy_is_whole(stray, 0)
    return {"acknowledged": len(lines), "opens": seconds, "wrong": wrong}


def _copy_is_whole(path: Path, least: int) -> list[str]:
    if not path.exists():
        return [f"{path.name} was acknowledged and is not there"]
    try:
        store = Store(path)
        found = len(store.query("event_tail", after=0))
        store.close()
    except Exception as error:
        return [f"{path.name} does not open: {error}"]
    return [] if found >= least else [f"{path.name} holds {found} events, not {least}"]


def _forked(work: Callable[[], object], log: Path) -> int:
    """Do something in a child of its own; its process id."""
    pid = os.fork()
    if pid:
        return pid
    os.setsid()
    with log.open("a") as sink:
        os.dup2(sink.fileno(), 2)
        os.dup2(sink.fileno(), 1)
    try:
        work()
        os._exit(0)
    except BaseException:
        import traceback

        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)


@dataclass
class Outcome:
    """What a number of kills came to."""

    kills: Counter = field(default_factory=Counter)
    acknowledged: int = 0
    slowest_opening: float = 0.0
    wrong: list[str] = field(default_factory=list)


def kill(
    turn: Turn,
    verb: Callable[[Turn, Told], None],
    outcome: Outcome,
    *,
    after: float,
    opening: bool,
) -> None:
    """One turn: work, kill some seconds after it began (or after its process did), look."""
    acks, log = turn.folder / "acks.txt", turn.folder / "log.txt"
    acks.touch()
    if verb is migration:
        older_database_in_child(turn.folder / "older.duckdb", log)

    def work() -> None:
        lock = threading.Lock()
        with acks.open("a", buffering=1) as file:

            def told(line: str) -> None:
                with lock:  # a line that is whole was acknowledged
                    file.write(f"{line} .\n")

            verb(turn, told)

    pid = _forked(work, log)
    if not opening:
        deadline = time.monotonic() + 30
        while "ready" not in acks.read_text() and time.monotonic() < deadline:
            time.sleep(0.01)
    time.sleep(after)
    os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        outcome.wrong.append(f"{verb.__name__} failed by itself: {log.read_text()[-1500:]}")
    result = turn.folder / "result.json"
    pid = _forked(
        lambda: result.write_text(json.dumps(looked_at(turn, acks, verb.__name__))), log
    )
    os.waitpid(pid, 0)
    outcome.kills[verb.__name__] += 1
    if not result.exists():
        outcome.wrong.append(f"{verb.__name__}: does not open again: {log.read_text()[-1500:]}")
        return
    found = json.loads(result.read_text())
    outcome.acknowledged += found["acknowledged"]
    outcome.slowest_opening = max(outcome.slowest_opening, found["opens"])
    outcome.wrong += [f"{verb.__name__} after {after:.2f} s: {what}" for what in found["wrong"]]


def older_database_in_child(path: Path, log: Path) -> None:
    os.waitpid(_forked(lambda: older_database(path), log), 0)


def kills(company: Path, *, times: int, seed: int = 1, minutes: float | None = None) -> Outcome:
    """Kill so many times, each verb in its turn."""
    outcome, draw = Outcome(), random.Random(seed)
    end = time.monotonic() + 60 * minutes if minutes else float("inf")
    for number in range(times):
        if time.monotonic() > end:
            break
        verb = VERBS[number % len(VERBS)]
        with tempfile.TemporaryDirectory() as folder:
            db = Path(shutil.copy(company, Path(folder) / "plan.duckdb"))
            turn = Turn(db=db, folder=Path(folder), number=number)
            longest = LONGEST_SECONDS.get(verb.__name__, USUAL_SECONDS)
            opening = draw.random() < WHILE_OPENING
            kill(turn, verb, outcome, after=draw.uniform(0.02, longest), opening=opening)
    return outcome


def small_company(folder: Path) -> Path:
    """A small company as the command line builds it."""
    company = folder / "company.duckdb"
    build = [sys.executable, "-m", "forecasting", "sample", "--db", str(company)]
    small = ["--skus", "72", "--doors", "7", "--weeks", "110", "--no-cycles"]
    subprocess.run([*build, *small], check=True, cwd=ROOT, capture_output=True)
    return company


def main() -> None:
    """Build a small company, kill, and say what became of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--company", type=Path, help="One that is built already; only copied.")
    asked = parser.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        company = asked.company or small_company(Path(folder))
        outcome = kills(company, times=asked.kills, seed=asked.seed, minutes=asked.minutes)
    print(
        json.dumps(
            {
                "kills": dict(outcome.kills),
                "acknowledged": outcome.acknowledged,
                "slowest_opening_s": round(outcome.slowest_opening, 3),
                "wrong": outcome.wrong,
                "seconds": round(time.monotonic() - started),
            },
            indent=1,
        )
    )
    sys.exit(bool(outcome.wrong))


if __name__ == "__main__":
    main()
