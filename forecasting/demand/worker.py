"""A fit in a process of its own: files in, files out, no database.

`python -m forecasting.demand.worker` is told its tasks on standard input, one JSON object a
line: "fit" reads the history that the app wrote to one folder, fits, and writes the factors
of a run to another; "backtest" does the same for several past weeks and writes what would
have been forecast. Progress goes to standard output, one JSON object a line. A crash ends
the process and leaves nothing behind that anybody would mistake for a run.

History comes in blocks of whole classes. One block at a time is in memory, per process.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from forecasting import child, conventions, faults
from forecasting.calendar import Dates
from forecasting.conventions import Conventions
from forecasting.demand import (
    backtest,
    cleansing,
    intervals,
    library,
    lift,
    model,
    offers,
    origins,
    priors,
    promotion_result,
)
from forecasting.demand.cleansing import Panel, build_panel
from forecasting.demand.intervals import Calibration, Residuals
from forecasting.demand.lift import Exposures
from forecasting.demand.priors import Prior
from forecasting.demand.process import NAMES, Tell
from forecasting.demand.selling import CouldSell
from forecasting.hierarchy import Floats

LEARN_FROM_SERIES = 10_000
"""Series of the blocks from which the company's own prior is learnt."""
RESIDUALS_PER_BLOCK = 60_000
"""Held-out cells that a block sends back, about: every k-th is kept. The shape of errors is
learnt from all blocks together, and one process holds them all."""
STAYS_UP_TO_SERIES = 20_000
"""After a larger task a process does not wait for another: it gives its memory back."""


def read_block(source: Path, block: str, *, horizon: int) -> tuple[Panel, Exposures, int]:
    """One block's panel over history and horizon, its exposures, and weeks of history."""
    job = _job(source)
    mine = [("block", "==", int(block))]
    series = pd.read_parquet(source / "series.parquet", filters=mine)
    series = series.sort_values(["sku", "door"], ignore_index=True)
    skus = pd.read_parquet(source / "skus.parquet", filters=mine)
    skus = skus[skus["sku"].isin(series["sku"].unique())].reset_index(drop=True)
    folder = source / "history" / f"block={int(block)}"
    history = (
        pd.read_parquet(folder)
        if folder.exists()
        else pd.DataFrame(columns=["sku", "door", "week", "units", "in_stock", "on_hand"])
    )
    weeks = _weeks(job, horizon)
    known = len(weeks) - horizon
    filters = [("sku", "in", skus["sku"].tolist())]
    panel = build_panel(
        history,
        series,
        pd.read_parquet(source / "prices.parquet", filters=filters),
        skus=skus,
        doors=pd.read_parquet(source / "doors.parquet")["door"].tolist(),
        weeks=weeks,
        could_sell=CouldSell(
            spans=pd.read_parquet(source / "spans.parquet", filters=mine),
            door_weeks=pd.read_parquet(source / "door_weeks.parquet"),
            known=known,
        ),
    )
    shares = job["weekday_shares"]
    exposures = lift.expose(
        pd.read_parquet(source / "items.parquet", filters=filters),
        series,
        kinds=job["kinds"],
        weeks=weeks,
        weekday_shares=None if shares is None else np.array(shares),
        usual=_usual_discounts(source, job),
    )
    # What cannot be bought there is not promoted there, whatever the calendar says.
    possible = panel.open[exposures.series, exposures.week] > 0
    return panel, exposures.take(possible), known


def fit_folder(source: Path, target: Path, *, tell: Tell, workers: int = 1) -> None:
    """Fit what lies in one folder and write the run's factors to another."""
    started = time.perf_counter()
    job = _job(source)
    columns = (*job["kinds"], *lift.SHAPES, *priors.BESIDE)
    todo = [name for name in job["blocks"] if name not in job["reused"]]
    for folder in ("series", "skus", "corrections", "lifts", "results"):
        (target / folder).mkdir(parents=True, exist_ok=True)
    prior = Prior.from_json(job["prior"]) if job["reused"] else None
    if len(job["blocks"]) > 1 and prior is None:
        prior = _company_prior(source, job["blocks"], columns, workers=workers, tell=tell)
    done: dict[str, dict[str, Any]] = {}
    fitting = _each(
        _fit_block, todo, workers, source, target, prior,
        tell=lambda text, share: tell(text, 0.2 + 0.75 * share),
    )  # fmt: skip
    for name, body in fitting:
        done[name] = body
        if prior is None:  # the only block: its classes have settled what they agree on
            prior = Prior.from_json(body["prior"])
        tell(f"fitted {_series(job, done):,} of {_series(job, todo):,} series",
             0.2 + 0.75 * _series(job, done) / max(_series(job, todo), 1))  # fmt: skip
    tell("writing the run", 0.96)
    calibration, event_sd = _uncertainty(job, done)
    blocks = {
        name: {**job["blocks"][name], **done[name]}
        if name in done
        else job["former_blocks"][name]
        for name in job["blocks"]
    }
    facts = {
        "as_of": job["as_of"],
        "columns": list(columns),
        "prior": (prior or priors.usual(columns)).as_json(),
        "calibration": calibration.as_json(),
        "event_sd": round(event_sd, 5),
        "alpha": calibration.alpha_steady,
        "alpha_promoted": round(calibration.alpha_promoted, 5),
        "level_sd": round(calibration.level_sd, 5),
        "weekday_shares": job["weekday_shares"],
        "usual_discounts": _usual_discounts(source, job),
        "blocks": blocks,
        "series": sum(b["series"] for b in blocks.values()),
        "series_fitted": _series(job, done),
        "weeks": len(_weeks(job, 0)),
        "seconds": round(time.perf_counter() - started, 2),
    }
    (target / "run.json").write_text(json.dumps(facts), encoding="utf-8")


def _usual_discounts(source: Path, job: Mapping[str, Any]) -> dict[str, float]:
    """What each type of activation has taken off in this company (offers.usual_discounts)."""
    items = pd.read_parquet(source / "items.parquet", columns=["type", "start", "discount"])
    past = items[items["start"] < pd.Timestamp(job["as_of"]) + pd.Timedelta(7, "D")]
    return offers.usual_discounts(past["type"], past["discount"])


def _company_prior(
    source: Path,
    blocks: Mapping[str, Mapping[str, Any]],
    columns: tuple[str, ...],
    *,
    workers: int,
    tell: Tell,
) -> Prior:
    """What the classes of some blocks agree on, to believe of all of them."""
    usual = priors.usual(columns)
    tell("what the company responds to", 0.02)
    each = _each(
        _learn, _to_learn_from(blocks), workers, source, usual,
        tell=lambda _text, share: tell("what the company responds to", 0.2 * share),
    )  # fmt: skip
    return priors.learnt(usual, [pair for _, pairs in each for pair in pairs])


def _uncertainty(
    job: Mapping[str, Any], done: Mapping[str, dict[str, Any]]
) -> tuple[Calibration, float]:
    """Calibration and spread of events of the run; takes the residuals out of what was done.

    Where blocks are reused, those of the run that they come from stay in force: intervals of
    one run are of one making.
    """
    residuals = [body.pop("residuals") for body in done.values()]
    kept = [r for r in residuals if r is not None]
    if job["reused"]:
        return Calibration.from_json(job["calibration"]), float(job["event_sd"])
    calibration = (
        intervals.calibrate(Residuals.together(kept)) if kept else intervals.uncalibrated()
    )
    weights = [max(body["series"], 1) for body in done.values()]
    spreads = [body["event_sd"] for body in done.values()]
    event_sd = float(np.average(spreads, weights=weights)) if spreads else priors.USUAL_EVENT_SD
    surprises = [body["surprise"] for body in done.values()] or [(0.0, 0.0)]
    plain, promoted = np.average(surprises, axis=0, weights=weights or [1])
    return replace(calibration, surprise=(float(plain), float(promoted))), event_sd


def backtest_folder(source: Path, target: Path, *, tell: Tell, workers: int = 1) -> None:
    """Forecast what lies in one folder from several past weeks, and write every cell."""
    job = _job(source)
    (target / "rows").mkdir(parents=True, exist_ok=True)
    ends = origins.weeks_known(
        len(_weeks(job, 0)),
        origins=int(job["origins"]),
        step=int(job["step"]),
        horizon=int(job["lags"]),
    )
    tasks = [f"{name} {end}" for name in job["blocks"] for end in ends]
    tried = 0
    trying = _each(
        _backtest_origin, tasks, workers, source, target, int(job["lags"]),
        tell=lambda _text, _share: None,
    )  # fmt: skip
    for number, (task, _) in enumerate(trying, start=1):
        tried += int(job["blocks"][task.split()[0]]["series"])
        tell(f"{tried:,} series forecast, from {len(ends)} weeks", 0.98 * number / len(tasks))


def _learn(
    block: str, source: Path, prior: Prior, progress: Tell = model.silent
) -> list[tuple[Floats, Floats]]:
    """What the classes of one block respond like."""
    panel, exposures, known = _block(source, block)
    factors = model.fit(panel, exposures, known=known, prior=prior, progress=progress)
    return list(zip(factors.response.classes, factors.response.class_sd, strict=True))


def _fit_block(
    block: str, source: Path, target: Path, prior: Prior | None, progress: Tell = model.silent
) -> dict[str, Any]:
    """Fit one block, write its factors, and say what everybody needs of it."""
    panel, exposures, known = _block(source, block)
    factors = model.fit(panel, exposures, known=known, prior=prior, progress=progress)
    level, share, shape, repriced = factors.in_force(panel)
    pd.DataFrame(
        {
            "sku": panel.skus[panel.sku_of],
            "door": panel.doors[panel.door_of],
            "level": level,
            "log_lift": list(factors.response.series),
            "share": share,
            "log_regular": panel.followed_price[:, known - 1],
            "ahead": list(factors.ahead),
        }
    ).to_parquet(target / "series" / f"{block}.parquet", index=False)
    pd.DataFrame(
        {
            "sku": panel.skus,
            "shape": list(shape),
            "lift_sd": list(factors.response.sku_sd),
            "repriced": list(repriced),
        }
    ).to_parquet(target / "skus" / f"{block}.parquet", index=False)
    cleansing.corrections(panel, factors.clean, known).to_parquet(
        target / "corrections" / f"{block}.parquet", index=False
    )
    lifts = library.past_lifts(panel, exposures, factors)
    results = promotion_result.results(panel, exposures, factors)
    for folder, rows in (("lifts", lifts), ("results", results)):
        _identified(rows, source).to_parquet(target / folder / f"{block}.parquet", index=False)
    residuals = factors.residuals
    return {
        "methods": [
            {"class": panel.class_names[m.of_class], "series": m.series, "said": m.in_words,
             "intermittent": m.intermittent, "smoothing": m.pace.smoothing,
             "together": m.pace.together,
             "growth": round(m.growth, 5)}
            for m in factors.methods
        ],
        "responses": {
            panel.class_names[c]: {
                "log": np.round(factors.response.classes[c], 4).tolist(),
                "sd": np.round(factors.response.class_sd[c], 4).tolist(),
            }
            for c in np.unique(panel.classes)
        },
        "seen": _seen(panel, exposures, known),
        "series": len(panel.sku_of),
        "prior": factors.prior.as_json(),
        "event_sd": factors.event_sd,
        "surprise": factors.calibration.surprise,
        "residuals": residuals.thinned(RESIDUALS_PER_BLOCK) if residuals else None,
    }  # fmt: skip


def _identified(rows: pd.DataFrame, source: Path) -> pd.DataFrame:
    """Rows with the identity of each activation instead of its position in the calendar."""
    items = pd.read_parquet(source / "items.parquet", columns=["activation", "identity"])
    identity = items.drop_duplicates("activation").set_index("activation")["identity"]
    return rows.assign(activation=rows["activation"].map(identity).astype("string"))


def _seen(panel: Panel, exposures: Exposures, known: int) -> dict[str, float]:
    """Deepest log price that each class has seen, or that is supported (lift.SUPPORTED)."""
    of_class = panel.classes[panel.sku_of]
    deepest = exposures.seen(known, of_class)
    found: dict[str, float] = {}
    for c in np.unique(of_class).tolist():
        name, log = panel.class_names[c], float(deepest[of_class == c][0])
        found[name] = min(found.get(name, 0.0), log)
    return found


def _backtest_origin(
    task: str, source: Path, target: Path, lags: int, progress: Tell = model.silent
) -> None:
    """Forecast one block from one past week."""
    block, end = task.split()
    progress("a past week", 0.0)
    panel, exposures, _ = read_block(source, block, horizon=0)
    rows = backtest.one_origin(panel, exposures, known=int(end), horizon=lags)
    rows.to_parquet(target / "rows" / f"{block}-{end}.parquet", index=False)


def _job(source: Path) -> dict[str, Any]:
    """What is asked, as it was written beside the history."""
    job: dict[str, Any] = json.loads((source / "job.json").read_text(encoding="utf-8"))
    conventions.keep(Conventions.read(job["conventions"]))  # this process serves that company
    return job


def _block(source: Path, block: str) -> tuple[Panel, Exposures, int]:
    job = _job(source)
    return read_block(source, block, horizon=int(job["horizon"]))


def _to_learn_from(blocks: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """A few blocks, the same ones each time, with enough series together."""
    order = np.random.default_rng(0).permutation(list(blocks))
    chosen: list[str] = []
    for name in order:
        chosen.append(str(name))
        if sum(blocks[n]["series"] for n in chosen) >= LEARN_FROM_SERIES:
            break
    return chosen


def _series(job: Mapping[str, Any], names: Any) -> int:
    return sum(int(job["blocks"][name]["series"]) for name in names)


def _each(
    work: Callable[..., Any], names: Sequence[str], workers: int, *args: Any, tell: Tell
) -> Iterator[tuple[str, Any]]:
    """Do the work for every block (or task), in this process or in several, as it is done.

    In this process each block's own progress is told, as a share of all.
    """
    if min(workers, len(names)) <= 1:
        for i, name in enumerate(names):

            def told(text: str, share: float, *, done: int = i) -> None:
                tell(text, (done + share) / len(names))

            yield name, work(name, *args, progress=told)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        min(workers, len(names)), mp_context=context, initializer=child.end_with_parent
    ) as pool:
        futures = {pool.submit(work, name, *args): name for name in names}
        for future in as_completed(futures):
            yield futures[future], future.result()


def _weeks(job: Mapping[str, Any], horizon: int) -> Dates:
    since, as_of = np.datetime64(job["first_week"], "D"), np.datetime64(job["as_of"], "D")
    known = int((as_of - since) / np.timedelta64(7, "D")) + 1
    weeks: Dates = since + 7 * np.arange(known + horizon).astype("timedelta64[D]")
    return weeks


def main() -> None:
    """Entry point of the process: tasks come line by line, until there are no more."""

    def say(told: Mapping[str, Any]) -> None:
        print(json.dumps(told), flush=True)

    def tell(text: str, share: float) -> None:
        say({"text": text, "share": round(share, 4)})

    asked = child.Tasks()
    for line in asked:
        try:
            stays = _do(json.loads(line), tell)
        except Exception as error:
            # Whoever asked is told in words; the place in the source is for the log.
            words = faults.in_words(error, NAMES[json.loads(line)["task"]])
            asked.done()
            say({"failed": words, "facts": faults.for_log(error)})
            sys.exit(1)
        asked.done()
        say({"done": True, "stays": stays})
        if not stays:
            return


def _do(asked: Mapping[str, Any], tell: Tell) -> bool:
    """Do one task; whether this process stays for another."""
    work = {"fit": fit_folder, "backtest": backtest_folder}[asked["task"]]
    source, target = Path(asked["source"]), Path(asked["target"])
    work(source, target, tell=tell, workers=int(asked["workers"]))
    job = _job(source)
    return _series(job, job["blocks"]) <= STAYS_UP_TO_SERIES


if __name__ == "__main__":
    main()
