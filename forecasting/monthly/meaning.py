"""What a version means in money, stock and orders, worked out once: when it is published.

Prices, stock and orders move on afterwards, so a pack that looked them up again would tell
another story each time. What stood then is kept with the publication, in plain figures.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from forecasting.consensus.activations import Activation
from forecasting.hierarchy import THOUSANDTHS
from forecasting.monthly import buying
from forecasting.monthly.agenda import WEEKS
from forecasting.plan.live import LivePlan
from forecasting.plan.views import Verdict, verdicts
from forecasting.vocabulary import Measure


def meant(plan: LivePlan) -> dict[str, dict[str, Any]]:
    """Money by department, risk by activation, orders by class; `None` is not known.

    Returns
    -------
    dict
        money: weeks, departments (name, units, revenue, margin, unpriced units);
        risk: weeks, activations (see `_risk`); orders: weeks, classes (see
        `buying.summary`). Units, and amounts in the currency of the files.
    """
    return {"money": _money(plan), "risk": _risks(plan), "orders": _orders(plan)}


def _money(plan: LivePlan) -> dict[str, Any]:
    weeks = min(WEEKS, len(plan.base.weeks))
    rows = []
    departments = plan.base.skus["department"].fillna("").astype(str)
    for name in sorted(departments.unique()):
        units = unpriced = revenue = margin = 0.0
        for at in np.flatnonzero(departments.to_numpy() == name):
            sku = int(at)
            draft = plan.sku(sku).draft[:, :weeks] / THOUSANDTHS
            paid = plan.worth(sku, Measure.REVENUE)[:, :weeks]
            kept = plan.worth(sku, Measure.MARGIN)[:, :weeks]
            units += float(draft.sum())
            unpriced += float(draft[np.isnan(paid) | np.isnan(kept)].sum())
            revenue += float(np.nansum(draft * paid))
            margin += float(np.nansum(draft * kept))
        rows.append(
            {
                "name": name, "units": units, "revenue": revenue, "margin": margin,
                "unpriced": unpriced,
            }
        )  # fmt: skip
    return {"weeks": weeks, "departments": rows}


def _risks(plan: LivePlan) -> dict[str, Any]:
    judged = verdicts(plan, weeks=WEEKS)
    return {"weeks": WEEKS, "activations": [_risk(one, one.activation) for one in judged]}


def _risk(one: Verdict, of: Activation) -> dict[str, Any]:
    return {
        "activation": of.activation, "name": of.name, "type": of.type,
        "start": of.start.isoformat(), "end": of.end.isoformat(), "status": str(one.status),
        "skus": one.n_skus, "red_skus": one.red_skus, "doors": one.n_doors,
        "lift": one.lift_units, "short": one.units_short, "margin": _known(one.margin_at_risk),
        "first": None if one.first_short is None else one.first_short.date().isoformat(),
    }  # fmt: skip


def _orders(plan: LivePlan) -> dict[str, Any]:
    found = buying.summary(plan, buying.rows(plan))
    rows = [
        {"name": str(row["class"])}
        | {
            key: _known(float(row[key]))
            for key in ("release", "release_cost", "planned", "planned_cost", "expedite")
        }
        for row in found.to_dict("records")
    ]
    return {"weeks": buying.WEEKS, "classes": rows}


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value
