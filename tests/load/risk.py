"""Does the Bridge see ahead? Its flags six weeks before, compared with what happened.

On real demand: orange juice from ../shared/data, its promotions as activations, stock
replenished by somebody who ignores them (tests/orange_juice.py). At eight as-of weeks the
product is set back to what was known then; every featured SKU and store is scored.
`python -m tests.load.risk --development` leaves the test weeks alone.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from forecasting.consensus.activations import Activation
from forecasting.inventory.bridge import Limits
from forecasting.inventory.replay import cells_of, scored
from forecasting.plan.inbound import FIRM, ROUTINE
from forecasting.plan.live import LivePlan
from forecasting.record import replay
from forecasting.record.replay import Moment
from forecasting.workspace import Workspace
from tests import orange_juice
from tests.company import imported
from tests.load.forecasts import DEVELOPMENT_WEEK, LAST_WEEK, SHARED

AHEAD, ORIGINS = 6, 8
COVER = 6.0
"""Weeks; 20 to 35% of promoted cells run out with it."""


def company(last_week: int) -> tuple[Workspace, pd.DataFrame]:
    """The imported company, and what it lost week by week."""
    tables, lost = orange_juice.traded(SHARED, cover=COVER, last_week=last_week)
    return imported(tables), lost


def without_lift(moment: Moment) -> Moment:
    """The same with a calendar that expects nothing of anything."""

    def flat(activation: Activation) -> Activation:
        items = tuple(replace(i, lift=1.0, discount=None) for i in activation.items)
        return replace(activation, items=items)

    return replace(moment, activations=tuple(flat(a) for a in moment.activations))


def certain(plan: LivePlan, rows: pd.DataFrame) -> pd.DataFrame:
    """Rows judged as if the forecast were sure to come true."""
    week = ((rows["week"] - pd.Timestamp(plan.base.weeks[0])).dt.days // 7).to_numpy()
    sku = rows["sku"].map(plan.sku_index).to_numpy()
    door = rows["door"].map(plan.door_index).to_numpy()
    lost = {s: plan.sku(s).projection.lost for s in np.unique(sku)}
    short = np.array([lost[s][d, w] > 0.5 for s, d, w in zip(sku, door, week, strict=True)])
    return rows.assign(flagged=short, p_window=short.astype(float))


def measure(last_week: int = LAST_WEEK) -> dict[str, Any]:
    space, lost = company(last_week)
    weeks = replay.as_of_weeks(space.store, (), weeks_ahead=AHEAD, last=ORIGINS)
    found: dict[str, list[pd.DataFrame]] = {}
    ways: dict[str, Callable[[Moment, LivePlan], pd.DataFrame]] = {
        "product": lambda _, p: replay.foreseen(p, weeks_ahead=AHEAD),
        "no lift": lambda m, _: replay.foreseen(without_lift(m).plan(), weeks_ahead=AHEAD),
        "no uncertainty": lambda _, p: certain(
            p, replay.foreseen(p, weeks_ahead=AHEAD, supply=ROUTINE)
        ),
        "orders only": lambda _, p: replay.foreseen(p, weeks_ahead=AHEAD, supply=FIRM),
    }
    for moment in replay.moments(space.store, (), weeks, workers=2):
        plan = moment.plan()
        for name, way in ways.items():
            found.setdefault(name, []).append(way(moment, plan))
    # Red has two doors; this is what the first one alone would have shown.
    limit = Limits().red_probability
    found["probability alone"] = [
        rows.assign(flagged=rows["p_window"] > limit) for rows in found["product"]
    ]
    end = lost["week"].max().date()
    result: dict[str, Any] = {"weeks_ahead": AHEAD, "origins": len(weeks)}
    for name, frames in found.items():
        rows = pd.concat(frames)
        happened = replay.happened_since(space.store, rows["week"], end)
        rows = replay.with_outcomes(rows, happened)
        rows = rows.drop(columns="units_lost").merge(
            lost[["sku", "door", "week", "units_lost"]], on=["sku", "door", "week"]
        )
        result[name] = scored(cells_of(rows)).as_dict()
    space.close()
    return result


def in_words(result: dict[str, Any]) -> str:
    lines = []
    for name, scores in result.items():
        if not isinstance(scores, dict):
            continue
        lines.append(
            f"{name:15} cells {scores['cells']}  out {scores['base_rate']:.2f}  skill "
            f"{scores['skill']:.3f}  AUC {scores['auc']:.3f}  recall {scores['recall']:.2f}  "
            f"precision {scores['precision']:.2f}  lost in red {scores['lost_in_red']:.2f}"
        )
        lines += [
            f"    {t['low']:.1f}-{t['high']:.1f} {t['cells']:6} expected {t['said']:.2f} "
            f"happened {t['happened']:.2f}"
            for t in scores["calibration"]
        ]
    return "\n".join(lines)


if __name__ == "__main__":
    development = "--development" in sys.argv
    print(in_words(measure(DEVELOPMENT_WEEK if development else LAST_WEEK)))
