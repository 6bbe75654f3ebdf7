"""Sessions that come and go: what the served app keeps of them.

    python -m tests.load.chaos_sessions --sessions 500

Windows without a screen (visitor.py) open, say who they are, look at some pages and close. A
session that was left is kept for a while by Streamlit, so that a reload finds it again: what
is measured is the memory after the first fifty were forgotten, and after all were.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from forecasting.sample.build import STAFF
from tests.e2e.conftest import Server
from tests.load.chaos_kills import small_company
from tests.load.visitor import Visitor

WARM = 50
GROWS = 0.10
"""Share by which memory may have grown since the first `WARM` were forgotten."""
FORGOTTEN_S = 25
"""Longer than the server is told to keep a session that was left."""
PAGES = ("", "consensus", "signals", "scorecard", "activations", "data")
NAMES = [name for _, name, function in STAFF]


def memory_mb(process: int) -> float:
    """What a process holds in memory now, MB."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("no VmRSS")


async def visits(url: str, count: int, *, first: int = 0, at_once: int = 5) -> None:
    """So many windows, a few at once: each opens a page, says who it is, and closes."""
    gate = asyncio.Semaphore(at_once)

    async def one(number: int) -> None:
        async with gate, Visitor(url, PAGES[number % len(PAGES)]) as window:
            await window.enter(NAMES[number % len(NAMES)])

    await asyncio.gather(*(one(n) for n in range(first, first + count)))


def measured(company: Path, *, sessions: int, minutes: float | None) -> dict[str, object]:
    """Memory before, after the first ones and after all, MB."""
    os.environ["STREAMLIT_SERVER_DISCONNECTED_SESSION_TTL"] = "10"  # the server inherits it
    server = Server(company, company.with_name("sessions.log"))
    end = time.monotonic() + 60 * minutes if minutes else float("inf")
    try:
        process = server._process.pid
        before = memory_mb(process)
        asyncio.run(visits(server.url, WARM))
        time.sleep(FORGOTTEN_S)
        warm, done = memory_mb(process), WARM
        while done < sessions and time.monotonic() < end:
            asyncio.run(visits(server.url, min(WARM, sessions - done), first=done))
            done += min(WARM, sessions - done)
        time.sleep(FORGOTTEN_S)
        after = memory_mb(process)
    finally:
        server.stop()
    return {
        "sessions": done,
        "mb_before": round(before),
        "mb_after_50": round(warm),
        "mb_after_all": round(after),
        "grown": round(after / warm - 1, 3),
    }


def main() -> None:
    """Open and close so many sessions, or for so many minutes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=500)
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--company", type=Path, help="One that is built already; only read.")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        company = small_company(Path(folder)) if asked.company is None else Path(
            shutil.copy(asked.company, Path(folder) / "company.duckdb")
        )  # fmt: skip
        found = measured(company, sessions=asked.sessions, minutes=asked.minutes)
    print(json.dumps(found))
    grown = found["grown"]
    assert isinstance(grown, float)
    sys.exit(grown > GROWS)


if __name__ == "__main__":
    main()
