"""32 programs that write at once, as `concord serve` has them: nothing lost, conflicts named.

`python -m tests.load.api DATABASE` copies the database, serves it, and prints edits per second,
the p50 and p95 of one edit, what was lost, and whether every conflict named somebody.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import httpx
import numpy as np

from forecasting.calendar import as_date
from forecasting.consensus.events import Kind
from forecasting.workspace import Workspace
from tests.e2e.conftest import free_port

WRITERS, EDITS, PAUSE_S = 32, 8, 4.0
"""Programs, edits of each, and most seconds between two: 16 edits a second in all."""


def run(database: Path) -> dict[str, object]:
    """What it came to."""
    with tempfile.TemporaryDirectory() as folder:
        db = Path(shutil.copy(database, Path(folder) / "load.duckdb"))
        space = Workspace(db)
        sold = space.plan.totals["draft"][:, 8:40].min(axis=1) > 0
        names = [n for n, some in zip(space.plan.sku_names, sold, strict=True) if some]
        weeks = space.plan.base.weeks
        secrets = [
            space.tokens.make(
                ("dana", "mara", "ines")[n % 3], label=f"w{n}", level="write"
            ).secret
            for n in range(WRITERS)
        ]
        before = len(space.ledger.of_kinds(Kind.OVERRIDE))
        space.close()
        port = free_port()
        command = [sys.executable, "-m", "forecasting", "serve", "--db", str(db)]
        server = subprocess.Popen([*command, "--port", str(port)], stdout=subprocess.DEVNULL)
        try:
            url = f"http://localhost:{port}"
            _wait(url)
            took, refused, faults = _written(url, secrets, names, weeks)
        finally:
            server.terminate()
            server.wait(30)
        space = Workspace(db)
        written = len(space.ledger.of_kinds(Kind.OVERRIDE)) - before
        space.close()
    return {
        "writers": WRITERS, "asked": WRITERS * EDITS, "done": len(took), "lost": len(took) - written,
        "conflicts": len(refused), "conflicts_without_a_name": sum(not names for names in refused),
        "other_answers": dict(Counter(faults)), "p50_ms": round(float(np.percentile(took, 50)) * 1e3, 1),
        "p95_ms": round(float(np.percentile(took, 95)) * 1e3, 1),
    }  # fmt: skip


def _wait(url: str) -> None:
    for _ in range(600):
        try:
            if httpx.get(f"{url}/readyz").status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.2)
    raise TimeoutError(url)


def _written(url, secrets, names, weeks):
    took, refused, faults = [], [], []

    def writer(n: int) -> None:
        chance = np.random.default_rng(n)
        headers = {"authorization": f"Bearer {secrets[n]}"}
        with httpx.Client(base_url=f"{url}/api/v1", headers=headers, timeout=60) as client:
            for edit in range(EDITS):
                time.sleep(float(chance.uniform(0, PAUSE_S)))
                where = {
                    "of": f"sku={names[chance.integers(len(names))]}",
                    "week": str(as_date(weeks[chance.integers(8, 40)])),
                }
                body = {**where, "how": "add", "value": 1.0, "reason": "TREND"}
                begun = time.perf_counter()
                answer = client.post(
                    "/override", json=body, headers={"idempotency-key": f"{n}-{edit}"}
                )
                if answer.status_code == 200:
                    took.append(time.perf_counter() - begun)
                elif answer.status_code in (409, 412):
                    refused.append([c["by"] for c in answer.json().get("conflicts", [])])
                else:
                    faults.append(answer.json()["detail"])

    threads = [threading.Thread(target=writer, args=(n,)) for n in range(len(secrets))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return took, refused, faults


if __name__ == "__main__":
    print(json.dumps(run(Path(sys.argv[1])), indent=1))
