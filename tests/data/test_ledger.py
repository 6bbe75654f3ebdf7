"""The ledger: grouped, exactly once, and nothing acknowledged is ever lost."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data.ledger import Ledger
from data.store import Store, sql
from forecasting.consensus.events import Event, Kind, Leaves, Scope
from forecasting.consensus.events.inputs import Overridden
from forecasting.errors import DatabaseBusy
from tests.postgres import both_engines

ROOT = Path(__file__).parents[2]
WEEK = np.datetime64("2026-12-06", "D")


def event(client: str, sku: str = "A", delta: int = 1000) -> Event:
    leaves = Leaves(sku=(sku,), door=("D1",), week=np.array([WEEK]), delta=np.array([delta]))
    scope = Scope(
        product_level="sku", product=sku, first_week=WEEK.item(), last_week=WEEK.item()
    )
    return Event(
        person="dana", function="planning", client_id=client,
        body=Overridden(input="planning", before=0.0),
        scope=scope, operation="add", value=delta / 1000, reason="TREND", leaves=leaves,
    )  # fmt: skip


@pytest.fixture
def ledger(log_engine):
    store = Store()
    opened = Ledger(store, lambda _events: None)
    opened.store = store
    yield opened
    opened.close()
    store.close()


@both_engines
def test_events_are_numbered_without_gaps_and_read_back_whole(ledger):
    written = [
        ledger.submit(
            f"c{i}", lambda i=i: event(f"c{i}", f"S{i}"), touches=frozenset({f"S{i}"})
        )
        for i in range(5)
    ]
    assert [e.seq for e in written] == [1, 2, 3, 4, 5]
    back = ledger._log.read(2)
    assert [e.seq for e in back] == [3, 4, 5]
    assert back[0].leaves.sku == ("S2",)
    assert back[0].leaves.delta.tolist() == [1000]
    assert back[0].scope == written[2].scope
    assert back[0].recorded_at == written[2].recorded_at


@pytest.mark.parametrize("kept", [2, 20], ids=["the latest", "all of them"])
def test_what_is_remembered_is_what_is_kept(monkeypatch, kept):
    monkeypatch.setattr("data.ledger.REMEMBERED", kept)
    store = Store()
    ledger = Ledger(store, lambda _events: None)
    try:
        for i in range(5):
            ledger.submit(f"c{i}", lambda i=i: event(f"c{i}", f"S{i}"))
        log = ledger._log
        for seqs in ([1, 5], [5, 4, 5], [4], [3, 99], [0, 5], [99], []):
            assert numbers(ledger.events(seqs)) == numbers(log.some(seqs))
        for kinds in ([Kind.OVERRIDE], [Kind.UNDO], [Kind.UNDO, Kind.OVERRIDE]):
            assert numbers(ledger.of_kinds(*kinds)) == numbers(log.of_kinds(kinds))
        assert ledger.of_kinds(Kind.OVERRIDE)[0].leaves.sku == ("S0",)
    finally:
        ledger.close()
        store.close()


def numbers(events: list[Event]) -> list[int]:
    return [one.seq for one in events]


@both_engines
def test_a_repeated_client_id_is_answered_not_applied_twice(ledger):
    first = ledger.submit("same", lambda: event("same"))
    again = ledger.submit("same", lambda: pytest.fail("prepared twice"))
    assert again.seq == first.seq
    assert ledger.seq == 1


@both_engines
def test_a_refusal_reaches_its_caller_and_nobody_else(ledger):
    def refuse():
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        ledger.submit("bad", refuse)
    assert ledger.submit("good", lambda: event("good")).seq == 1


@both_engines
def test_events_that_touch_the_same_cells_see_each_other(ledger):
    seen = []
    ledger._on_commit = lambda events: seen.extend(e.seq for e in events)
    known = []

    def prepare(i):
        known.append(list(seen))
        return event(f"t{i}")

    threads = [
        threading.Thread(
            target=ledger.submit,
            args=(f"t{i}", lambda i=i: prepare(i)),
            kwargs={"touches": frozenset({"A"})},
        )
        for i in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert known == [list(range(1, i + 1)) for i in range(20)]


@both_engines
def test_an_import_that_fails_on_the_way_leaves_nothing(ledger):
    def broken(cursor, seq):
        cursor.execute("insert into doors (door, batch) values ('D1', ?)", [seq])
        raise RuntimeError("disk full")

    with pytest.raises(RuntimeError, match="disk full"):
        ledger.submit("x", lambda: event("x"), work=broken)
    with ledger.store.cursor() as cursor:
        assert cursor.execute("select count(*) from doors").fetchall() == [(0,)]
        assert cursor.execute("select count(*) from event").fetchall() == [(0,)]


def test_every_statement_runs_against_an_empty_database(tmp_path):
    store = Store()
    with store.cursor() as cursor:
        cursor.register("blocks", pd.DataFrame({"sku": ["A"], "block": [0]}))
        cursor.execute(
            "copy (select date '2026-01-04' as origin_week, date '2026-01-11' as target_week, "
            "'A' as sku, 'c' as class, 'D' as door, true as promoted, 1.0 as units, 1.0 as forecast, "
            "1.0 as p10, 1.0 as p50, 1.0 as p90, 1.0 as naive, 1.0 as mean13) "
            f"to '{tmp_path / 'rows.parquet'}'"
        )
        cursor.execute(
            "create temp table calendar_now as select 'A' as activation, 'A' as name, 'email' as type, "
            "'A' as sku, null::varchar as door, date '2026-01-04' as first_day, date '2026-01-04' as last_day, 0.1 as discount, false as is_sell_out"
        )
        cursor.execute(  # files that are being judged
            "create table staging.typed (_row bigint, date date, sku varchar, door varchar, units double)"
        )
        cursor.execute(
            sql("score_week"), {"low": "A", "high": "B"}
        )  # what the sums are taken from
        for path in sorted((ROOT / "data" / "queries").glob("*.sql")):
            assert sql(path.stem).startswith("--"), f"{path.name} says what one row is"
            values = parameters_of(path.stem, rows=str(tmp_path / "rows.parquet"))
            cursor.execute("explain " + sql(path.stem), values)
    store.close()


def parameters_of(name: str, rows: str = ""):
    if name in ("event_insert", "leaf_insert"):
        return [[] for _ in range(14 if name == "event_insert" else 7)]
    values = {
        "as_of": WEEK.item(), "since": WEEK.item(), "until": WEEK.item(), "first_week": WEEK.item(),
        "last_week": WEEK.item(), "known": WEEK.item(), "cycle": "2026-12", "version": 1, "least_lag": 1, "weeks": 13, "cut": WEEK.item(), "later": False, "oldest": 20, "passed": [0.0] * 8, "seq": 1, "after": 0, "last": 9, "run": 1, "most": 5, "sku": "A",
        "skus": rows if name == "sum_backtest" else ["A"], "rows": rows, "id": 1, "seqs": [1], "clients": ["x"], "kinds": ["x"], "person": "x", "function": "x", "kind": "x", "reason": "x", "activation": "x", "activations": ["x"], "versions": [1],
        "nodes": ["sku/A"], "doors": ["D"], "places": ["door/D"], "page": "consensus", "quarter": "2026-Q3", "from_quarter": "2026-Q1", "to_quarter": "2026-Q3", "horizon": "bridge", "bridge_lag": 6, "level": "class", "low": "A", "high": "B",
        "cover_weeks": 8.0, "least_in_stock": 0.9, "of_doors": True, "least": 30, "more": 2.2, "less": 0.4,
        **dict.fromkeys(("in_department", "in_class", "in_region", "in_door", "in_sku", "in_type", "in_activation"), "x"),
    }  # fmt: skip
    if name == "score_blocks":
        values["rows"] = 1000
    statement = re.sub(r"--.*", "", sql(name))
    return {key: value for key, value in values.items() if re.search(rf"\${key}\b", statement)}


def test_a_second_process_is_told_who_holds_the_file(tmp_path):
    path = tmp_path / "held.duckdb"
    code = f"import time; from pathlib import Path; from data.store import Store; s = Store(Path({str(path)!r})); print('open', flush=True); time.sleep(60)"
    holder = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout.readline().strip() == "open"
        with pytest.raises(DatabaseBusy, match=str(holder.pid)):
            Store(path)
    finally:
        holder.kill()
        holder.wait()


EDITOR = """
import sys, threading
from pathlib import Path
sys.path.insert(0, {root!r})
from forecasting.workspace import Workspace
from forecasting.consensus.events import Scope
from forecasting.calendar import as_date
space = Workspace(Path({db!r}))
plan = space.plan
week = as_date(plan.base.weeks[2])
names = [n for i, n in enumerate(plan.sku_names) if plan.sku(i).active[:, 2].any()]
lock = threading.Lock()
acks = open({acks!r}, "a", buffering=1)
def work(n):
    for i in range({each}):
        client = f"edit-{{n}}-{{i}}"
        sku = names[(n * {each} + i) % len(names)]
        scope = Scope(product_level="sku", product=sku, first_week=week, last_week=week)
        event = space.override("dana", scope, "add", 1.0, reason="TREND", client_id=client)
        with lock:
            acks.write(f"{{client}} {{event.seq}}\\n")
threads = [threading.Thread(target=work, args=(n,)) for n in range(32)]
[t.start() for t in threads]; [t.join() for t in threads]
print("done", flush=True)
space.close()
"""


@pytest.mark.slow
def test_two_thousand_edits_survive_a_kill_in_the_middle_each_exactly_once(
    company_copy, tmp_path
):
    acks = tmp_path / "acks.txt"
    code = EDITOR.format(root=str(ROOT), db=str(company_copy), acks=str(acks), each=63)

    def run() -> subprocess.Popen:
        return subprocess.Popen(
            [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )

    first = run()
    deadline = time.monotonic() + 120
    while not acks.exists() or len(acks.read_text().splitlines()) < 700:
        assert time.monotonic() < deadline, "the edits never got going"
        assert first.poll() is None, "the editor ended before it could be killed"
        time.sleep(0.02)
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    before = [line.split() for line in acks.read_text().splitlines()]
    assert 700 <= len(before) < 2016
    # The same clients try everything again; what was done is answered, not repeated.
    second = run()
    assert second.stdout.read().strip() == "done"
    assert second.wait() == 0
    after = [line.split() for line in acks.read_text().splitlines()][len(before) :]
    assert len(after) == 2016
    assert dict(before).items() <= dict(after).items()
    store = Store(company_copy)
    with store.cursor() as cursor:
        clients, events, units = cursor.execute(
            "select count(distinct client_id), count(*), (select sum(delta) from leaf) from event "
            "where client_id like 'edit-%'"
        ).fetchall()[0]
        seqs = [s for (s,) in cursor.execute("select seq from event order by seq").fetchall()]
        bodies = cursor.execute("select body from event limit 1").fetchall()
    store.close()
    assert clients == events == 2016
    assert units == 2016 * 1000
    assert seqs == list(range(1, len(seqs) + 1))
    assert json.loads(bodies[0][0])
