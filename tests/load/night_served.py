"""A night as it is: `concord serve`, schedules by its own clock, five people in the grid.

`python -m tests.load.night_served company.duckdb` works on a copy and prints how long a change
takes while nothing runs by itself and while import, refresh, replay and digest do: in a window,
until its page stands again, and by API. Nobody may be refused, nothing lost, and mails arrive.
tests/load/night.py is the same within one process, without pages.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import numpy as np

from forecasting.conventions import in_force
from forecasting.governance import addresses
from forecasting.governance.wishes import Rhythm
from forecasting.outputs import post
from forecasting.sample.build import STAFF
from forecasting.vocabulary import INPUTS
from forecasting.workspace import Workspace
from tests.e2e.conftest import Server
from tests.load.api import Found, Target, cpu_s, ready, target
from tests.load.night import NIGHT
from tests.load.visitor import Visitor
from tests.sink import sink

WINDOWS, THINK_S = 5, 2.0
"""People in the grid, and seconds between two changes of one."""
QUIET_S, LONGEST_S = 60.0, 1_800.0
AHEAD_MINUTES = 3
"""Until the first schedule: longer than four commands take on a machine that is busy."""


@dataclass
class Phase:
    """What people felt while something else happened."""

    typed: list[float] = field(default_factory=list)
    """Seconds of each change in a window, until its page stands again."""
    by_api: Found = field(default_factory=Found)
    seconds: float = 0.0
    cpu_s: float = 0.0
    """Of the server, without its children."""
    began: float = 0.0

    def begin(self, server: Server) -> None:
        """Count from now on: what was entered before stays, how long it took does not."""
        self.typed, self.by_api.took = [], []
        self.began, self.cpu_s = time.monotonic(), -cpu_s(server.process)

    def end(self, server: Server) -> None:
        """Count no more."""
        self.seconds = time.monotonic() - self.began
        self.cpu_s += cpu_s(server.process)

    def told(self) -> dict[str, object]:
        def p95(seconds: list[float]) -> float | None:
            return round(float(np.percentile(seconds, 95)) * 1e3, 1) if seconds else None

        return {
            "seconds": round(self.seconds), "typed": len(self.typed),
            "typed_p95_ms": p95(self.typed), "by_api": len(self.by_api.took),
            "by_api_p95_ms": p95(self.by_api.took),
            "refused": len(self.by_api.refused) + self.by_api.others.total(),
            "others": dict(self.by_api.others),
            "server_cpu_share": round(self.cpu_s / max(self.seconds, 1e-9), 2),
        }  # fmt: skip


def prepared(db: Path, folder: Path, port: int) -> None:
    """What the night needs: a file to import, where mails go, and who wishes one."""
    incoming, channels = folder / "incoming", folder / "channels.toml"
    incoming.mkdir()
    channels.write_text(
        f'link = "https://concord.shop.example"\n[mail]\nhost = "127.0.0.1"\n'
        f'port = {port}\nfrom = "concord@shop.example"\nsecurity = "none"\n'
    )
    os.environ[addresses.INCOMING] = str(incoming)  # the server inherits them
    os.environ[post.SETTINGS] = str(channels)
    space = Workspace(db)
    day = space.desk.today + dt.timedelta(30)
    (incoming / "activations.csv").write_text(
        f"activation,name,type,start,end\nNIGHT,Of the night,email,{day},{day}\n"
    )
    soon = in_force().local(space.desk.now) + dt.timedelta(minutes=5)
    space.wishes.set("mara", Rhythm.DAILY, address="mara@shop.example", at=f"{soon:%H:%M}")
    space.minutes.assign("dana", "Look at the night's figures", owner="mara",
                         due=space.desk.today)  # fmt: skip
    space.close()


def run(database: Path) -> dict[str, object]:
    """What it came to."""
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as name, sink() as mails:
        folder = Path(name)
        db = Path(shutil.copy(database, folder / "night.duckdb"))
        prepared(db, folder, mails.port)
        aim = target(db)
        server = Server(db, folder / "served.log")
        try:
            ready(server)
            quiet = asyncio.run(people(server, aim, lambda _: time.sleep(QUIET_S), "quiet"))
            runs: dict[str, tuple[str, str]] = {}
            schedule(db)
            busy = asyncio.run(
                people(server, aim, lambda phase: the_night(server, aim, phase, runs), "busy")
            )
            until = time.monotonic() + 150  # the post goes once a minute
            while not mails.mails and time.monotonic() < until:
                time.sleep(1)
        finally:
            server.stop()
        log = (folder / "served.log").read_text()
        space = Workspace(db)
        kept = {event.seq for event in space.ledger.tail(0)}
        space.close()
    made = quiet.by_api.events | busy.by_api.events
    return {
        "load_before": round(load, 1), "runs": runs, "quiet": quiet.told(),
        "night": busy.told(), "lost": len(made - kept), "mails": len(mails.mails),
        "tracebacks": log.count("Traceback"),
    }  # fmt: skip


def schedule(db: Path) -> None:
    """Schedules in the coming minutes, set by the command line while the app runs."""
    now = in_force().local(dt.datetime.now(dt.UTC).replace(tzinfo=None))
    at = f"{now + dt.timedelta(minutes=AHEAD_MINUTES):%H:%M}"
    for does in NIGHT:
        more = ["--option", "folder=."] if does.value == "import" else []
        command = [sys.executable, "-m", "forecasting", "schedules", "--db", str(db)]
        command += ["--as", "dana", "--save", does.value, "--does", does.value, "--at", at]
        subprocess.run([*command, *more], check=True, capture_output=True)


def the_night(
    server: Server, target: Target, phase: Phase, runs: dict[str, tuple[str, str]]
) -> None:
    """Wait for the schedules; what is measured begins with the first of them."""
    with _asking(server, target) as client:
        until, has_begun = time.monotonic() + LONGEST_S, False
        while time.monotonic() < until:
            told = client.get("/schedules").json()["result"]["schedules"]
            runs.update({one["name"]: (one["state"], one["told"]) for one in told})
            if not has_begun and any(state for state, _ in runs.values()):
                has_begun = True
                phase.begin(server)
            if all(runs[does.value][0] in ("done", "failed") for does in NIGHT):
                return
            time.sleep(1)


def _asking(server: Server, target: Target, n: int = 0) -> httpx.Client:
    headers = {"authorization": f"Bearer {target.secrets[n]}"}
    return httpx.Client(base_url=f"{server.url}/api/v1", headers=headers, timeout=120)


async def people(
    server: Server, target: Target, meanwhile: Callable[[Phase], None], tag: str
) -> Phase:
    """Five windows and two programs change what is theirs while something else happens."""
    phase, over = Phase(), threading.Event()
    names = [name for _, name, function in STAFF if function in INPUTS]
    entered = asyncio.Barrier(WINDOWS + 1)

    async def window(n: int) -> None:
        chance = np.random.default_rng(n)
        async with Visitor(server.url, "consensus?level=sku") as one:
            await one.enter(names[n % len(names)])
            await entered.wait()
            mine = [row for row in target.rows if row < 60][n::WINDOWS] or target.rows[:1]
            while not over.is_set():
                row, week = chance.choice(mine), chance.choice(target.weeks)
                seconds = await one.type(int(row), str(week), float(20 + len(one.spent)))
                phase.typed.append(seconds)
                await asyncio.sleep(THINK_S)

    def program(n: int) -> None:
        chance, made = np.random.default_rng(n), 0
        with _asking(server, target, n) as client:
            while not over.wait(float(chance.uniform(0, THINK_S))):
                body = {
                    "of": f"sku={chance.choice(target.names)}", "how": "add", "value": 1.0,
                    "week": str(chance.choice(target.days)), "reason": "TREND",
                }  # fmt: skip
                key, begun = f"{tag}-{n}-{made}", time.perf_counter()
                answer = client.post("/override", json=body, headers={"idempotency-key": key})
                made += 1
                if answer.status_code == 200:
                    phase.by_api.took.append(time.perf_counter() - begun)
                    phase.by_api.events.add(int(answer.json()["result"]["event"]))
                else:
                    phase.by_api.others[f"{answer.status_code} {answer.text[:200]}"] += 1

    windows = [asyncio.create_task(window(n)) for n in range(WINDOWS)]
    programs = [threading.Thread(target=program, args=(n,)) for n in range(2)]
    await entered.wait()
    phase.begin(server)
    for one in programs:
        one.start()
    try:
        await asyncio.to_thread(meanwhile, phase)
    finally:
        over.set()
    phase.end(server)
    await asyncio.gather(*windows)
    for one in programs:
        await asyncio.to_thread(one.join)
    return phase


if __name__ == "__main__":
    print(json.dumps(run(Path(sys.argv[1])), indent=1))
