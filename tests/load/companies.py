"""Companies that are measured, made as a user makes them."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def sample(folder: Path, *options: str) -> Path:
    path = folder / "bench.duckdb"
    command = [sys.executable, "-m", "forecasting", "sample", "--db", str(path), *options]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return path
