"""Verbs that write what the plan says: on hand, risks, orders."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import click
import pandas as pd

from data import files
from forecasting.commands.door import (
    as_json_too,
    as_of_week,
    check_as_of,
    database,
    main,
    opened,
    plan_of,
    say,
    supplied,
    which_plan,
    written_to,
)
from forecasting.commands.served import FileOut
from forecasting.monthly import buying
from forecasting.monthly.order_proposals import with_what_decides
from forecasting.plan import views
from forecasting.record.runs import LONGEST_WEEKS
from forecasting.weekly import best_mix
from forecasting.weekly.best_mix import Aim
from forecasting.weekly.together import as_numbers, one_by_one, together
from forecasting.weekly.together import rows as mix_rows


@main.command()
@database
@as_json_too
@as_of_week
@click.option("--weeks", default=26, type=click.IntRange(1, LONGEST_WEEKS))
@supplied
@which_plan
@written_to
def project(
    db: Path,
    as_json: bool,
    as_of: dt.datetime | None,
    weeks: int,
    supply: str,
    plan: str,
    out: Path,
) -> None:
    """Write projected on hand of every SKU, door and week."""
    with opened(db, least_weeks=weeks) as workspace:
        check_as_of(workspace, as_of)
        seen = plan_of(workspace, plan)
        rows = views.projection_rows(seen, weeks=weeks, supply=supply)
    files.export(rows, out)
    sums = {n: round(float(rows[n].sum()), 1) for n in ("demand", "receipts", "lost_units")}
    say({"rows": len(rows), **sums}, as_json=as_json)


@main.command()
@database
@as_json_too
@as_of_week
@click.option("--weeks", default=8, type=click.IntRange(1, LONGEST_WEEKS))
@supplied
@which_plan
@written_to
@click.option(
    "--best-mix",
    "mix_out",
    type=FileOut(),
    help="Write the best mix of actions against what is short there as well.",
)
@click.option(
    "--aim",
    default=Aim.SERVICE.value,
    type=click.Choice([a.value for a in Aim]),
    help="What the mix is chosen for.",
)
@click.option(
    "--budget",
    type=click.FloatRange(0),
    help="Most that its actions may cost (default: no limit).",
)
@click.option(
    "--promotions",
    is_flag=True,
    help="It may also reduce or shift promotions, even where that gives up margin.",
)
def bridge(
    db: Path,
    as_json: bool,
    as_of: dt.datetime | None,
    weeks: int,
    supply: str,
    plan: str,
    out: Path,
    mix_out: Path | None,
    aim: str,
    budget: float | None,
    promotions: bool,
) -> None:
    """Write every activation, featured SKU, door and week with its risk."""
    mix: dict[str, Any] = {}
    with opened(db, least_weeks=weeks) as workspace:
        check_as_of(workspace, as_of)
        live = plan_of(workspace, plan)
        rows = views.bridge_rows(live, weeks=weeks, supply=supply)
        judged = views.verdicts(live, weeks=weeks, supply=supply)
        if mix_out is not None:
            watched = best_mix.watch_list(live, weeks=weeks)
            chosen = best_mix.best_mix(
                watched, budget=budget, aim=Aim(aim), calendar=promotions
            ).chosen
            told = together(live, chosen, watched, weeks=weeks)
            files.export(mix_rows(live, one_by_one(live, chosen)), mix_out)
            mix = {"best_mix": as_numbers(told)}
    files.export(rows, out)
    cells = rows.drop_duplicates(["activation", "sku", "door"])["status"].value_counts()
    activations = pd.Series([v.status.value for v in judged], dtype=str).value_counts()
    result = {
        "rows": len(rows),
        "cells": {str(k): int(v) for k, v in cells.items()},
        "activations": {str(k): int(v) for k, v in activations.items()},
        "lines": {v.activation.activation: f"{v.status.label} · {v.text}" for v in judged},
        "units_short": round(float(rows["units_short"].sum()), 1),
        **mix,
    }
    say(result, as_json=as_json)


@main.command("buy-plan")
@database
@as_json_too
@as_of_week
@click.option("--weeks", default=buying.WEEKS, type=click.IntRange(1, LONGEST_WEEKS))
@which_plan
@click.option(
    "--beside", is_flag=True, help="Also what decides, beside each order to release now."
)
@written_to
def buy_plan_(
    db: Path, as_json: bool, as_of: dt.datetime | None, weeks: int, plan: str, beside: bool,
    out: Path,
) -> None:  # fmt: skip
    """Write orders to release now, planned orders, and what can only be expedited."""
    with opened(db, least_weeks=weeks) as workspace:
        check_as_of(workspace, as_of)
        live = plan_of(workspace, plan)
        rows = buying.rows(live, weeks=weeks)
        if beside:
            rows = with_what_decides(live, rows, buying.open_to_buy(live))
    files.export(rows, out)
    units = rows.groupby("kind")["units"].sum()
    sums = {k: round(float(units.get(k, 0.0)), 1) for k in ("release", "planned", "expedite")}
    lost = {n: round(float(rows[n].sum()), 1) for n in ("lost_units", "lost_value")}
    say({"rows": len(rows), **sums, **lost}, as_json=as_json)
