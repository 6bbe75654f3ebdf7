"""The scorecard of a large company: how long its sums take, and how soon a person sees it.

`python -m tests.load.scorecard [SKUS DOORS WEEKS]` draws and imports a company (10,000 SKUs, 50
doors and 104 weeks if not stated otherwise), takes the sums, and measures in Chromium how long
the page takes until its last number stands there, and a drill likewise. `make bench` measures
the queries alone, at the scale of the sample company.
"""

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from data import scores
from forecasting.sample.company import make_sample, parts_of
from forecasting.vocabulary import Function
from forecasting.workspace import Workspace

TIMES = 5


def imported(path: Path, *, skus: int, doors: int, weeks: int) -> int:
    """A company of that size, without a forecast; returns its rows of sales."""
    space = Workspace(path)
    rows = 0
    for part, size in enumerate(parts_of(skus)):
        tables = make_sample(
            skus=size, doors=doors, weeks=weeks, seed=7, part=part, habits=True
        ).tables
        shared = ("doors", "lanes", "kpis", "budget") if part else ()
        rows += len(tables["sales"])
        with tempfile.TemporaryDirectory() as folder:
            for name, frame in tables.items():
                if name not in (*shared, "receipts"):
                    frame.to_parquet(Path(folder) / f"{name}.parquet", index=False)
            space.import_files("admin", [Path(folder)])
        print(f"  part {part + 1}, {rows:,} rows of sales", file=sys.stderr, flush=True)
    space.set_person(
        "admin", identity="victor", name="Victor Lindqvist", function=Function.LEADERSHIP
    )
    space.close()
    return rows


def queries(space: Workspace) -> dict[str, float]:
    """Seconds of drawing up a card, and of one drill; medians."""
    quarter = space.quarters.usual()
    klass = scores.shelf(space.store, "class")["member"].iloc[0]

    def timed(work) -> float:
        spent = []
        for _ in range(TIMES):
            started = time.perf_counter()
            work()
            spent.append(time.perf_counter() - started)
        return round(statistics.median(spent), 3)

    return {
        "card_s": timed(lambda: space.quarters.scorecard("victor", quarter)),
        "drill_s": timed(
            lambda: space.quarters.why("victor", "exposure", "sku", **{"class": klass})
        ),
    }


def measure(space: Workspace) -> dict[str, float]:
    """For `make bench`: taking the sums anew, a card, a drill."""
    with space.store.cursor() as cursor:
        cursor.execute("delete from score_basis")
    started = time.perf_counter()
    space.quarters.sum_up()
    return {"sum_up_s": round(time.perf_counter() - started, 3), **queries(space)}


def in_browser(path: Path) -> dict[str, float]:
    """Seconds until the page and a drill stand there; the first opening is apart."""
    from tests.e2e.conftest import ARGS, Server, chromium_path

    server = Server(path, path.with_suffix(".log"))
    url = server.url
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGS)
            page = browser.new_page(viewport={"width": 1440, "height": 900})

            def opened(path: str, seen: str) -> float:
                page.goto(f"{url}/{path}")
                button = page.get_by_role("button", name="Continue as Victor Lindqvist")
                button.wait_for(timeout=120_000)
                started = time.perf_counter()
                button.click()
                page.get_by_text(seen).first.wait_for(timeout=120_000)
                page.wait_for_selector(
                    "[data-testid=stApp][data-test-script-state=notRunning]", timeout=120_000
                )
                return time.perf_counter() - started

            first = opened("scorecard", "Click a cell to see what is behind it")
            again = [
                opened("scorecard", "Click a cell to see what is behind it")
                for _ in range(TIMES)
            ]
            drills = []
            for level in ("sku", "door", "activation", "region", "department"):
                measure_ = "item" if level == "activation" else "exposure"
                drills.append(
                    opened(
                        f"why?measure={measure_}&level={level}&class=Coats",
                        "Download what is shown",
                    )
                )
            browser.close()
    finally:
        server.stop()
    return {
        "first_paint_cold_s": round(first, 2),
        "first_paint_s": round(statistics.median(again), 2),
        "drill_s": [round(d, 2) for d in drills],
    }


def main() -> None:
    skus, doors, weeks = (int(a) for a in (sys.argv[1:4] or (10_000, 50, 104)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.duckdb"
        started = time.perf_counter()
        rows = imported(path, skus=skus, doors=doors, weeks=weeks)
        took = time.perf_counter() - started
        space = Workspace(path)
        started = time.perf_counter()
        space.quarters.sum_up(
            tell=lambda text, share: print(f"  {share:.0%} {text}", file=sys.stderr, flush=True)
        )
        summed = time.perf_counter() - started
        asked = queries(space)
        space.close()
        found = {
            "scale": {"skus": skus, "doors": doors, "weeks": weeks, "sales_rows": rows},
            "import_s": round(took, 1),
            "sum_up_s": round(summed, 1),
            **asked,
            "file_mb": round(path.stat().st_size / 2**20),
            "browser": in_browser(path),
        }
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
