"""What `make chaos` does: hostile files, kills in the middle, sessions that come and go.

    python -m tests.load.chaos --minutes 60

Each part has a share of the minutes and stops by itself; where a number is given instead, it
does that many. One table comes out, and build/chaos.json; the exit is 0 only if nothing was
wrong.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
PARTS = {
    "files": ("tests.load.chaos_files", 0.4),
    "kills": ("tests.load.chaos_kills", 0.4),
    "sessions": ("tests.load.chaos_sessions", 0.2),
}
"""Module of each part, and its share of the minutes."""


def run(module: str, *words: str) -> dict:
    """One part, in a process of its own; what it printed as JSON, and whether it was well."""
    started = time.monotonic()
    command = [sys.executable, "-m", module, *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    at = done.stdout.find("{")
    told = json.loads(done.stdout[at:]) if at >= 0 else {"stderr": done.stderr[-2000:]}
    return {**told, "exit": done.returncode, "seconds": round(time.monotonic() - started)}


def main() -> None:
    """Run the parts that were asked for, and say what became of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--only", choices=list(PARTS))
    asked = parser.parse_args()
    found = {}
    for name, (module, share) in PARTS.items():
        if asked.only in (None, name):
            minutes = asked.minutes * (1 if asked.only else share)
            found[name] = run(module, "--minutes", f"{minutes:.2f}")
            print(name, json.dumps(found[name]), flush=True)
    target = ROOT / "build" / "chaos.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(found, indent=1), encoding="utf-8")
    sys.exit(any(part["exit"] for part in found.values()))


if __name__ == "__main__":
    main()
