"""What the shared grid costs: alone at 10,000 cells, and with thirty people in it at once.

`python -m tests.load.grid` prints both. The app runs as it is served, in a process of its own;
windows without a screen (visitor.py) and real browsers share the machine with it.
"""

from __future__ import annotations

import asyncio
import io
import json
import random
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
from playwright.async_api import Page, async_playwright
from playwright.async_api import TimeoutError as PlaywrightTimeout

from forecasting.calendar import as_date, week_label
from forecasting.consensus.events import Kind
from forecasting.outputs import workbook
from forecasting.plan import lines, views
from forecasting.sample.company import make_sample
from forecasting.vocabulary import INPUTS, Function
from forecasting.workspace import Workspace
from tests.company import imported
from tests.e2e.conftest import ARGS, Server, chromium_path
from tests.load.companies import sample
from tests.load.visitor import Visitor

SECONDS = 60
PEOPLE, THINK_S = 30, 2.0
EDITS = 40
FIRST_WEEK = 5
"""Column of the first week: after name, marks, description, total and difference."""


@dataclass(frozen=True)
class Company:
    """A company with ten people in each function."""

    path: Path
    names: list[str]
    weeks: list[str]
    rows: list[int]
    """Rows of its grid, below a total and subtotals, that are a SKU in which demand can stand
    in every week of the next forty."""


def company(folder: Path, *, skus: int) -> Company:
    path = sample(folder, "--skus", str(skus), "--doors", "8", "--weeks", "110", "--no-cycles")
    space = Workspace(path)
    names = []
    for n in range(PEOPLE):
        function = INPUTS[n % len(INPUTS)]
        names.append(f"{function.label} Tester {n}")
        space.set_person("admin", identity=f"t{n}", name=names[-1], function=function)
    weeks = [week_label(as_date(w)) for w in space.plan.base.weeks]
    plan = space.plan
    sold = (plan.totals["statistical"][:, :40] > 0).all(axis=1)
    every = np.arange(len(plan.sku_names))
    shown = lines.lines(plan, every, level="sku", whole=("all", "all"), sums=True)
    rows = [n for n, r in enumerate(shown) if r.kind is lines.Kind.NODE and sold[r.skus[0]]]
    space.close()
    return Company(path, names, weeks, rows)


async def window(page: Page, url: str, path: str, person: str) -> None:
    await page.goto(f"{url}/{path}")
    await page.get_by_role("button", name=f"Continue as {person}", exact=True).click(
        timeout=60_000
    )
    await page.get_by_test_id("glide-cell-1-0").first.wait_for(state="attached", timeout=60_000)
    await page.wait_for_timeout(1_500)
    reason = page.get_by_test_id("stSelectbox").filter(has_text="Reason for what you type")
    await reason.locator("input").click()
    await page.get_by_role("option", name="Trend", exact=True).click()
    await page.wait_for_timeout(1_500)
    await page.get_by_test_id("stDataFrame").first.click()  # it takes no focus before


async def type_into(page: Page, column: int, row: int, value: float) -> float:
    """Type a number into the real grid; milliseconds from Enter to the total that moves."""
    cell = page.get_by_test_id(f"glide-cell-{column}-{row}").first
    box = page.locator("#portal input, #portal textarea").first
    for _ in range(40):
        await cell.evaluate("e => { e.blur(); e.focus(); }")
        if await cell.get_attribute("aria-selected") != "true":
            await page.wait_for_timeout(50)
            continue
        await page.keyboard.press("Enter")
        try:  # a key that comes while the grid is being drawn opens nothing: once more
            await box.wait_for(timeout=1_000)
            break
        except PlaywrightTimeout:
            continue
    await box.fill(str(value))
    total = "document.querySelector('[data-testid=stMetricValue]').innerText"
    before = await page.evaluate(total)
    started = time.perf_counter()
    await page.keyboard.press("Enter")
    await page.wait_for_function(
        f"b => {total} !== b", arg=before, polling="raf", timeout=30_000
    )
    return 1_000 * (time.perf_counter() - started)


def _runs(times: Path) -> list[float]:
    """Seconds of the runs in which something was drawn; a look whether others did is none."""
    return [s for s in map(float, times.read_text().split()) if s > 0.002]


def _ms(seconds: list[float]) -> dict[str, float]:
    return {
        "p50": round(1_000 * float(np.median(seconds)), 1),
        "p95": round(1_000 * float(np.percentile(seconds, 95)), 1),
    }


async def alone(server: Server, of: Company, skus: int) -> dict[str, Any]:
    """One editor at `skus` x 52 cells: what the app takes, and what the eye waits for."""
    who, weeks = "Dana Okoro", of.weeks
    path = "consensus?level=sku&weeks=52"
    rng = random.Random(1)
    async with Visitor(server.url, path) as visitor:
        await visitor.enter(who)
        await visitor.say_why("Trend")
        await visitor.type(of.rows[0], weeks[2], 31.0)
        for _ in range(EDITS):
            row, week = rng.choice(of.rows), rng.choice(weeks[1:40])
            await visitor.type(row, week, 20.0 + len(visitor.spent))
        spent = visitor.spent[1:]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium_path(), args=ARGS)
        page = await browser.new_page(viewport={"width": 1440, "height": 900})
        await window(page, server.url, path, who)
        shown = [row for row in of.rows if row < 9]
        seen = [
            await type_into(
                page,
                rng.randrange(FIRST_WEEK + 1, FIRST_WEEK + 7),
                rng.choice(shown),
                200 + 13 * n,
            )
            for n in range(20)
        ]
        await browser.close()
    return {
        "cells": skus * len(weeks),
        "rerun_ms": _ms(spent),
        "edit_to_total_ms": {"p50": round(float(np.median(seen)), 1)},
    }


async def together(server: Server, of: Company, skus: int) -> dict[str, Any]:
    """Thirty people with an edit each two seconds, beside two real browsers."""
    path = "consensus?level=sku&weeks=13"
    weeks, until = of.weeks, 0.0
    others = [row for row in of.rows if row >= 9]

    async def person(n: int) -> tuple[int, list[float]]:
        rng = random.Random(n)
        async with Visitor(server.url, path) as visitor:
            await visitor.enter(of.names[n])
            await visitor.say_why("Trend")
            await start.wait()
            await asyncio.sleep(rng.uniform(0, THINK_S))
            while time.perf_counter() < until:
                began = time.perf_counter()
                # Rows of one's own: what is measured is load, not quarrels.
                mine = others[n // len(INPUTS) :: PEOPLE // len(INPUTS)]
                await visitor.type(
                    rng.choice(mine), rng.choice(weeks[1:12]), 20.0 + len(visitor.spent)
                )
                await asyncio.sleep(max(THINK_S - (time.perf_counter() - began), 0.0))
            return len(visitor.spent), visitor.spent

    async def looker(page: Page, n: int) -> list[float]:
        await start.wait()
        seen, shown = [], [row for row in of.rows if row < 9]
        while time.perf_counter() < until:
            row = shown[len(seen) % len(shown)]
            seen.append(await type_into(page, FIRST_WEEK + 1 + n, row, 300.0 + len(seen)))
            await asyncio.sleep(THINK_S)
        return seen

    start = asyncio.Event()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium_path(), args=ARGS)
        pages = [await browser.new_page() for _ in range(2)]
        for page, who in zip(pages, ("Dana Okoro", "Mara Quill"), strict=True):
            await window(page, server.url, path, who)
        people = [asyncio.create_task(person(n)) for n in range(PEOPLE)]
        await asyncio.sleep(8)  # everybody has come in
        until = time.perf_counter() + SECONDS
        lookers = [asyncio.create_task(looker(page, n)) for n, page in enumerate(pages)]
        start.set()
        done = await asyncio.gather(*people)
        seen = [ms for each in await asyncio.gather(*lookers) for ms in each]
        await browser.close()
    spent = [s for _, each in done for s in each]
    return {
        "people": PEOPLE,
        "cells": skus * 13,
        "edits": sum(n for n, _ in done) + len(seen),
        "edits_per_s": round((len(spent) + len(seen)) / SECONDS, 1),
        "rerun_ms": _ms(spent),
        "edit_to_total_ms": {"p50": round(float(np.median(seen)), 1), "n": len(seen)},
    }


def sheet(typed: int) -> dict[str, Any]:
    """An input of 50,000 cells out to a workbook, some of them typed over, and back."""
    space = imported(make_sample(skus=1_000, doors=8, weeks=104, seed=3).tables)
    space.runs.refresh("admin", workers=2)
    space.set_person("admin", identity="dana", name="Dana", function=Function.PLANNING)
    grid = views.grid(
        space.plan, layer="planning", level="sku", skus=np.arange(1_000), weeks=np.arange(50)
    )
    started = time.perf_counter()
    file = workbook.export(space, "dana", grid, level="sku")
    exported = time.perf_counter() - started
    book = openpyxl.load_workbook(io.BytesIO(file))
    for n in range(typed):
        cell = book["Forecast"].cell(3 + n % 1_000, 3 + n // 1_000)
        cell.value = cell.value * 1.2 + 3
    back = io.BytesIO()
    book.save(back)
    started = time.perf_counter()
    returned = workbook.judge(space, "dana", back, "planning.xlsx")
    written = workbook.apply(space, "dana", returned, reason="TREND")
    taken = time.perf_counter() - started
    space.close()
    return {
        "cells": grid.size,
        "typed": len(returned.cells),
        "written": len(written),
        "export_s": round(exported, 2),
        "judge_and_write_s": round(taken, 2),
    }


def measure() -> dict[str, Any]:
    found: dict[str, Any] = {"sheet": sheet(1_000)}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for what, skus, run in (("alone", 200, alone), ("together", 100, together)):
            (folder / what).mkdir()
            made = company(folder / what, skus=skus)
            times = folder / f"{what}.times"
            server = Server(
                made.path, folder / f"{what}.log", start=["-m", "tests.load.served", str(times)]
            )
            try:
                found[what] = asyncio.run(run(server, made, skus))
                found[what] |= {"server_ms": _ms(_runs(times))}
            finally:
                server.stop()
            if what == "together":
                space = Workspace(made.path)
                written = len(space.ledger.of_kinds(Kind.OVERRIDE))
                found[what]["lost"] = found[what]["edits"] - written
                space.close()
    return found


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
