"""`make bench`: what an edit, an import, a refresh, a projection and a forecast cost here.

Prints a table and writes build/bench.json with the keys of docs/contracts.md. Run it with
nothing else running; timings are medians of what is named beside them.
"""

import json
import resource
import shutil
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

from forecasting.calendar import as_date
from forecasting.consensus.events import Scope
from forecasting.plan import views
from forecasting.plan.live import LivePlan
from forecasting.workspace import Workspace
from tests.load import (
    bridge,
    buying,
    followed,
    forecasts,
    grid,
    oracle,
    risk,
    scorecard,
)
from tests.load.companies import sample

ROOT = Path(__file__).parents[2]
EDITS = 300


def scopes(space: Workspace, count: int) -> list[Scope]:
    """Edits on featured SKUs in a week of an activation: the dearest kind."""
    featured = [(s, items[0].first) for s, items in space.plan.items.items() if items]
    chosen = [featured[i % len(featured)] for i in range(count)]
    weeks = space.plan.base.weeks
    return [
        Scope(
            product_level="sku", product=space.plan.sku_names[s],
            first_week=as_date(weeks[w]), last_week=as_date(weeks[w]),
        )
        for s, w in chosen
    ]  # fmt: skip


def edit_to_flag(space: Workspace) -> dict[str, float]:
    spent = []
    for scope in scopes(space, EDITS):
        started = time.perf_counter()
        space.override("dana", scope, "add", 1.0, reason="TREND")
        spent.append((time.perf_counter() - started) * 1000)
    return {
        "p50": round(float(np.median(spent)), 2),
        "p95": round(float(np.percentile(spent, 95)), 2),
    }


def writers(space: Workspace, threads: int = 32, each: int = 40) -> dict[str, float]:
    spent: list[float] = []
    before = space.seq

    def work(mine: list[Scope]) -> None:
        for scope in mine:
            started = time.perf_counter()
            space.override("dana", scope, "add", 1.0, reason="TREND")
            spent.append((time.perf_counter() - started) * 1000)

    every = scopes(space, threads * each)
    pool = [threading.Thread(target=work, args=(every[n::threads],)) for n in range(threads)]
    started = time.perf_counter()
    for thread in pool:
        thread.start()
    for thread in pool:
        thread.join()
    took = time.perf_counter() - started
    return {
        "edits_per_s": round(len(every) / took, 1),
        "p95_ms": round(float(np.percentile(spent, 95)), 2),
        "lost": len(every) - (space.seq - before),
    }


def measure() -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        built = sample(Path(folder))
        path = Path(shutil.copy(built, Path(folder) / "copy.duckdb"))
        started = time.perf_counter()
        space = Workspace(path)
        start_up = time.perf_counter() - started
        plan = space.plan
        skus, doors, weeks = plan.base.shape3
        started = time.perf_counter()
        LivePlan(plan.base, activations=plan.activations())
        projected = time.perf_counter() - started
        started = time.perf_counter()
        for sku, items in plan.items.items():
            if items:
                plan.sku_with(sku, supply="planned")
        flagged = time.perf_counter() - started
        edit = edit_to_flag(space)
        concurrent = writers(space)
        rows = sum(len(space.store.table(t)) for t in ("sales", "inventory"))
        for name in ("sales", "inventory"):
            space.store.table(name).to_parquet(Path(folder) / f"{name}.parquet", index=False)
        started = time.perf_counter()
        space.import_files(
            "dana", [Path(folder) / "sales.parquet", Path(folder) / "inventory.parquet"]
        )
        imported = rows / (time.perf_counter() - started)
        run = space.runs.refresh("dana", full=True, workers=2)
        views.verdicts(space.plan)
        quarter = scorecard.measure(space)
        space.close()
    return {
        "scale": {"skus": skus, "doors": doors, "weeks": weeks},
        "edit_to_flag_ms": edit,
        "full_projection_s": round(projected, 3),
        "all_flags_s": round(flagged, 3),
        "start_up_s": round(start_up, 3),
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "writers_32": concurrent,
        "import_rows_per_s": round(imported),
        "refresh_series_per_s": round(run.body.series / run.body.facts["seconds"]),
        "scorecard": quarter,
    }


def main() -> None:
    measured = measure()
    measured["bridge"] = bridge.measure()
    measured["followed"] = followed.measure()
    measured["oracle"] = oracle.measure()
    measured["grid"] = grid.measure()
    if forecasts.SHARED.exists():
        measured["foresight"] = risk.measure()
        measured["buying"] = buying.measure()
        measured["forecast"] = forecasts.measure()
    else:
        print("no real data beside the project: the forecast is not measured")
    target = ROOT / "build" / "bench.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(measured, indent=2) + "\n", encoding="utf-8")
    for name, value in measured.items():
        print(f"{name:22} {json.dumps(value)}")
    print(f"written to {target.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
