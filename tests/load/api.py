"""32 programs and ten windows at once, as `concord serve` has them: nothing lost, conflicts named.

`python -m tests.load.api DATABASE` copies the database, serves it, and prints for programs
alone and with ten people in the grid: the p50 and p95 of an edit by API, processor time of the
server per edit, what was lost, and whether every conflict named somebody. The machine's load
before it began is printed, too: on a busy one only the processor time says something.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import numpy as np

from forecasting.calendar import as_date, week_label
from forecasting.consensus.events import Kind
from forecasting.plan import lines
from forecasting.sample.build import STAFF
from forecasting.vocabulary import INPUTS
from forecasting.workspace import Workspace
from tests.e2e.conftest import Server
from tests.load.visitor import Visitor

WRITERS, EDITS, PAUSE_S = 32, 8, 4.0
"""Programs, edits of each, and most seconds between two: 16 edits a second in all."""
WINDOWS, THINK_S = 10, 4.0
"""People in the grid, and seconds between two of their changes."""
SHARED = 4
"""Cells that every second edit is of, by If-Match: what somebody else changed is refused."""
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where demand can stand."""

    secrets: list[str]
    names: list[str]
    days: list[str]
    weeks: list[str]
    rows: list[int]
    """Of the grid, that are a SKU."""


@dataclass(kw_only=True)
class Found:
    """What a phase came to."""

    took: list[float] = field(default_factory=list)
    """Seconds of each edit that was done."""
    events: set[int] = field(default_factory=set)
    refused: list[list[str]] = field(default_factory=list)
    """Whom each conflict named."""
    others: Counter[str] = field(default_factory=Counter)
    typed: list[float] = field(default_factory=list)
    """Seconds of each change in a window, until its page stands again."""
    cpu_s: float = 0.0
    """Of the server."""


def run(database: Path) -> dict[str, object]:
    """What it came to."""
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        db = Path(shutil.copy(database, Path(folder) / "load.duckdb"))
        aim = target(db)
        server = Server(db, db.with_suffix(".served"))
        try:
            ready(server)
            alone = _phase(server, aim, windows=0)
            together = _phase(server, aim, windows=WINDOWS)
        finally:
            server.stop()
        space = Workspace(db)
        written = {event.seq for event in space.ledger.of_kinds(Kind.OVERRIDE)}
        space.close()
    return {
        "load_before": round(load, 1), "writers": WRITERS,
        "alone": _told(alone, written), "with_windows": _told(together, written),
    }  # fmt: skip


def target(db: Path) -> Target:
    """Programs of their own, and where demand can stand."""
    space = Workspace(db)
    plan = space.plan
    functions = [function for function in INPUTS for _ in range(2)]  # two of each: they meet
    for n in range(WRITERS):
        space.staff.set_person(
            "admin",
            identity=f"w{n}",
            name=f"Program {n}",
            function=functions[n % len(functions)],
        )
    sold = plan.totals["draft"][:, 8:40].min(axis=1) > 0
    every = np.arange(len(plan.sku_names))
    shown = lines.lines(plan, every, level="sku", whole=("all", "all"), sums=True)
    found = Target(
        secrets=[
            space.tokens.make("admin", label=f"w{n}", person=f"w{n}", level="write").secret
            for n in range(WRITERS)
        ],
        names=[n for n, some in zip(plan.sku_names, sold, strict=True) if some],
        days=[str(as_date(day)) for day in plan.base.weeks[8:40]],
        weeks=[week_label(as_date(day)) for day in plan.base.weeks[1:12]],
        rows=[n for n, r in enumerate(shown) if r.kind is lines.Kind.NODE and sold[r.skus[0]]],
    )
    space.close()
    return found


def ready(server: Server) -> None:
    """Wait until people may come, and what is prepared for the first of them is."""
    until = time.monotonic() + 180
    while httpx.get(f"{server.url}/readyz").status_code != 200:
        assert time.monotonic() < until, "It is not ready after three minutes."
        time.sleep(0.2)
    spent = -1.0
    while cpu_s(server.process) - spent > 0.05 and time.monotonic() < until:
        spent = cpu_s(server.process)
        time.sleep(1.0)


def _phase(server: Server, target: Target, *, windows: int) -> Found:
    """Programs write, while so many people have the grid open and type."""
    found, over, ready = Found(), threading.Event(), threading.Event()

    async def window(n: int, entered: list[int]) -> None:
        chance = np.random.default_rng(1_000 + n)
        names = [name for _, name, function in STAFF if function in INPUTS]
        async with Visitor(server.url, "consensus?level=sku") as one:
            await one.enter(names[n % len(names)])
            entered.append(n)
            if len(entered) == windows:
                ready.set()
            mine = [row for row in target.rows if row < 60][n::windows] or target.rows[:1]
            while not over.is_set():
                await asyncio.sleep(THINK_S)
                row, week = chance.choice(mine), chance.choice(target.weeks)
                await one.type(int(row), str(week), float(20 + len(one.spent)))
            found.typed += one.spent

    async def people() -> None:
        entered: list[int] = []
        await asyncio.gather(*(window(n, entered) for n in range(windows)))

    looking = threading.Thread(target=lambda: asyncio.run(people()))
    if windows:
        looking.start()
        assert ready.wait(180)
    before = cpu_s(server.process)
    writers = [
        threading.Thread(target=_writer, args=(server.url, target, n, windows, found))
        for n in range(WRITERS)
    ]
    for one in writers:
        one.start()
    for one in writers:
        one.join()
    found.cpu_s = cpu_s(server.process) - before
    over.set()
    if windows:
        looking.join()
    return found


def _writer(url: str, target: Target, n: int, phase: int, found: Found) -> None:
    """One program: cells of its own, and every second time one of all, as it looked at it."""
    chance = np.random.default_rng(100 * phase + n)
    headers = {"authorization": f"Bearer {target.secrets[n]}"}
    with httpx.Client(base_url=f"{url}/api/v1", headers=headers, timeout=60) as client:
        for edit in range(EDITS):
            is_shared = edit % 2 == 1
            sku = chance.integers(SHARED) if is_shared else chance.integers(len(target.names))
            where = {"of": f"sku={target.names[sku]}", "week": str(chance.choice(target.days))}
            more = {"idempotency-key": f"{phase}-{n}-{edit}"}
            if is_shared:  # looked at before the pause: others come between
                where["week"] = target.days[0]
                more["if-match"] = client.get("/input", params=where).headers["etag"]
            time.sleep(float(chance.uniform(0, PAUSE_S)))
            body = {**where, "how": "add", "value": 1.0, "reason": "TREND"}
            begun = time.perf_counter()
            answer = client.post("/override", json=body, headers=more)
            spent = time.perf_counter() - begun
            if answer.status_code == 200:
                found.took.append(spent)
                found.events.add(int(answer.json()["result"]["event"]))
            elif answer.status_code in (409, 412):
                found.refused.append([c["by"] for c in answer.json().get("conflicts", [])])
            else:
                found.others[f"{answer.status_code} {answer.text[:200]}"] += 1


def cpu_s(process: int) -> float:
    """Processor time of a process so far, its children's aside."""
    told = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(told[11]) + int(told[12])) / TICKS_PER_S


def _told(found: Found, written: set[int]) -> dict[str, object]:
    def ms(seconds: list[float]) -> dict[str, float]:
        if not seconds:
            return {}
        p50, p95 = np.percentile(seconds, [50, 95]) * 1e3
        return {"p50": round(float(p50), 1), "p95": round(float(p95), 1)}

    return {
        "edits": len(found.took), "edit_ms": ms(found.took), "lost": len(found.events - written),
        "conflicts": len(found.refused),
        "conflicts_without_a_name": sum(not names for names in found.refused),
        "other_answers": dict(found.others),
        "server_cpu_ms_per_request": round(1e3 * found.cpu_s / (WRITERS * EDITS * 1.5), 1),
        "typed": len(found.typed), "typed_ms": ms(found.typed),
    }  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(run(Path(sys.argv[1])), indent=1))
