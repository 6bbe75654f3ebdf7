"""A fit in a process of its own: files in, files out, no database.

`python -m forecasting.demand.worker IN OUT` reads the history that the app wrote, fits, and
writes the factors of a run. Progress goes to standard output, one JSON object a line. A
crash leaves nothing behind that anybody would mistake for a run.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from forecasting.calendar import Dates
from forecasting.demand import lift, model
from forecasting.demand.cleansing import Panel, build_panel
from forecasting.errors import Refused

LONGEST_HISTORY_WEEKS = 156


def fit_in_process(source: Path, target: Path, *, tell: Callable[[str, float], None]) -> None:
    """Run this module as another process, so that nobody waits for the fit.

    Raises
    ------
    Refused
        If the process fails; its last words are in the message.
    """
    root = Path(__file__).parents[2]
    with tempfile.TemporaryFile("w+", encoding="utf-8") as trouble:
        process = subprocess.Popen(  # noqa: S603 - our own module, our own folders
            [sys.executable, "-m", "forecasting.demand.worker", str(source), str(target)],
            stdout=subprocess.PIPE,
            stderr=trouble,
            text=True,
            cwd=root,
        )
        assert process.stdout is not None
        for line in process.stdout:
            told = json.loads(line)
            tell(str(told["text"]), float(told["share"]))
        if process.wait() != 0:
            trouble.seek(0)
            last = trouble.read().strip().splitlines()[-1:] or ["no reason given"]
            raise Refused(
                f"The fit stopped ({last[0]}). The forecast before it stays in force."
            )


def read_panel(folder: Path, *, horizon: int) -> tuple[Panel, lift.Exposures, int]:
    """The panel over history and horizon, every exposure, and the weeks of history."""
    frames = {
        name: pd.read_parquet(folder / f"{name}.parquet")
        for name in ("history", "series", "prices", "skus", "doors", "items")
    }
    job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    weeks = _weeks(frames["history"], np.datetime64(job["as_of"], "D"), horizon)
    panel = build_panel(
        frames["history"],
        frames["series"],
        frames["prices"],
        skus=frames["skus"],
        doors=frames["doors"]["door"].tolist(),
        weeks=weeks,
    )
    items = frames["items"]
    exposures = lift.expose(
        items, frames["series"], kinds=sorted(items["type"].unique()), weeks=weeks
    )
    return panel, exposures, len(weeks) - horizon


def fit_folder(source: Path, target: Path, *, tell: Callable[[str, float], None]) -> None:
    """Fit what lies in one folder and write the run's factors to another."""
    started = time.perf_counter()
    job = json.loads((source / "job.json").read_text(encoding="utf-8"))
    horizon = int(job["horizon"])
    tell("reading history", 0.02)
    panel, exposures, n_weeks = read_panel(source, horizon=horizon)
    history = panel.until(n_weeks)
    future = panel.weeks[n_weeks:]
    factors = model.fit(
        history,
        exposures.take(exposures.week < n_weeks),
        weeks=future,
        progress=lambda text, share: tell(text, 0.1 + 0.8 * share),
    )
    tell("writing the run", 0.95)
    _write(panel, factors, n_weeks, target)
    series = pd.read_parquet(source / "series.parquet")
    facts = {
        "as_of": job["as_of"],
        "columns": list(factors.response.columns),
        "pooled": dict(
            zip(factors.response.columns, factors.response.pooled.tolist(), strict=True)
        ),
        "alpha": factors.alpha,
        "alpha_promoted": factors.alpha_promoted,
        "series": len(series),
        "weeks": n_weeks,
        "seconds": round(time.perf_counter() - started, 2),
    }
    (target / "run.json").write_text(json.dumps(facts), encoding="utf-8")


def _weeks(history: pd.DataFrame, as_of: np.datetime64, horizon: int) -> Dates:
    first = history["week"].to_numpy().astype("datetime64[D]").min()
    length = int((as_of - first).astype(int)) // 7 + 1
    kept = min(length, LONGEST_HISTORY_WEEKS)
    start = as_of - np.timedelta64(7 * (kept - 1), "D")
    weeks: Dates = start + np.arange(kept + horizon) * np.timedelta64(7, "D")
    return weeks


def _write(panel: Panel, factors: model.Factors, n_weeks: int, target: Path) -> None:
    """Level and response of every series; shape and spread of every SKU."""
    target.mkdir(parents=True, exist_ok=True)
    now = panel.regular_price[:, [n_weeks - 1]]
    moves = np.exp(factors.price[:, None] * (panel.regular_price[:, n_weeks:] - now))
    level = factors.level * np.exp(factors.price * now[:, 0])
    shape = factors.season[panel.classes].copy()
    for s in np.unique(panel.sku_of):
        shape[s] *= moves[panel.sku_of == s].mean(axis=0)
    pd.DataFrame(
        {
            "sku": panel.skus[panel.sku_of],
            "door": panel.doors[panel.door_of],
            "level": level,
            "log_lift": list(factors.response.series),
        }
    ).to_parquet(target / "run_series.parquet", index=False)
    pd.DataFrame(
        {
            "sku": panel.skus,
            "shape": list(shape),
            "lift_sd": list(factors.response.sku_sd),
        }
    ).to_parquet(target / "run_sku.parquet", index=False)


def main() -> None:
    """Entry point of the process."""

    def tell(text: str, share: float) -> None:
        print(json.dumps({"text": text, "share": share}), flush=True)

    fit_folder(Path(sys.argv[1]), Path(sys.argv[2]), tell=tell)


if __name__ == "__main__":
    main()
