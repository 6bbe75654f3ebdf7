"""The buy plan and the marketing calendar that the consensus drives.

Both come from the same plan: demand that was agreed, stock, open orders and what was
decided to move. The calendar is the buy plan's mirror image: each activation is approved,
at risk, or needs a decision.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from forecasting.basis import stated
from forecasting.calendar import as_date, month_label
from forecasting.decisions import Decisions
from forecasting.hierarchy import THOUSANDTHS, Floats
from forecasting.inventory import buy_plan
from forecasting.inventory.buy_plan import BuyPlan, Terms
from forecasting.options import service_of
from forecasting.plan import FIRM, LivePlan
from forecasting.views import Verdict, skus_of
from forecasting.vocabulary import Status

WEEKS = 26
COLUMNS = ("sku", "door", "release_week", "receipt_week", "units", "kind", "source")


def of_sku(plan: LivePlan, sku: int, *, weeks: int = WEEKS) -> tuple[BuyPlan, Terms]:
    """The buy plan of one SKU and the terms it stands on."""
    base, row = plan.base, plan.base.skus.iloc[sku]
    computed = plan.sku_with(sku, supply=FIRM)
    ahead = slice(0, weeks)
    exit_date = row["exit_date"]
    last = None
    if not pd.isna(exit_date):
        last = int((np.datetime64(exit_date, "D") - base.weeks[0]).astype(int)) // 7
    terms = Terms(
        lead_time=int(base.lead_time[sku]),
        case=stated(row["case_pack"], 1.0),
        least=stated(row["moq"], 0.0),
        last=last,
    )
    demand = computed.draft[:, ahead] / THOUSANDTHS
    safety = _safety(plan, sku, demand, least_service=plan.limits.least_service)
    # Where nothing is known of stock, an order would be a guess.
    demand = np.where(computed.known[:, None], demand, 0.0)
    into = base.network.weeks[base.network.n_doors :, : base.network.n_doors]
    lanes = into[into >= 0]
    result = buy_plan.net(
        np.maximum(np.nan_to_num(computed.opening), 0.0),
        computed.receipts[:, ahead],
        demand,
        safety,
        terms,
        reserve=float(plan.spare_reserve(sku).sum()) if len(lanes) else 0.0,
        reserve_weeks=int(lanes.max()) if len(lanes) else 1,
    )
    return result, terms


def _safety(plan: LivePlan, sku: int, demand: Floats, *, least_service: float) -> Floats:
    """Safety stock of a SKU at each door and week, (D, W): units."""
    base, row = plan.base, plan.base.skus.iloc[sku]
    lift_sd = plan.sku(sku).lift_sd[: demand.shape[1]]
    return buy_plan.safety_stock(
        demand,
        alpha=base.alpha_at(lift_sd),
        level_sd=base.level_sd,
        lift_sd=lift_sd,
        lead_time=int(base.lead_time[sku]),
        service=service_of(row, least_service),
        least=stated(row["presentation_min"], 0.0),
    )


def safety_stock(plan: LivePlan, *, least_service: float) -> tuple[float, float]:
    """Safety stock of all SKUs at the end of the first planned week: units and cost.

    Parameters
    ----------
    least_service : float
        Service level that policy asks at least.
    """
    units = np.zeros(len(plan.sku_names))
    for sku in range(len(units)):
        demand = plan.sku(sku).draft[:, :WEEKS] / THOUSANDTHS
        units[sku] = _safety(plan, sku, demand, least_service=least_service)[:, 0].sum()
    return float(units.sum()), float((units * np.nan_to_num(plan.base.unit_cost)).sum())


def rows(plan: LivePlan, *, weeks: int = WEEKS) -> pd.DataFrame:
    """Every order to release now, every planned one, and what can only be expedited.

    Returns
    -------
    DataFrame, one row per SKU, door and receipt week
        sku, door, release_week, receipt_week (dates), units, kind (release, planned,
        expedite), source (supplier or centre). An `expedite` is an exception: its release
        week would be over.
    """
    frames = []
    doors = np.array(plan.door_names)
    for sku in range(len(plan.sku_names)):
        result, terms = of_sku(plan, sku, weeks=weeks)
        found = pd.DataFrame(buy_plan.rows_of(result, terms.lead_time))
        if found.empty:
            continue
        frames.append(
            pd.DataFrame(
                {
                    "sku": plan.sku_names[sku],
                    "door": doors[found["door"]],
                    "release_week": pd.to_datetime(plan.base.weeks[found["release"]]),
                    "receipt_week": pd.to_datetime(plan.base.weeks[found["receipt"]]),
                    "units": found["units"],
                    "kind": found["kind"],
                    "source": found["source"],
                }
            )
        )
    if not frames:
        return pd.DataFrame(columns=list(COLUMNS))
    every = pd.concat(frames, ignore_index=True)
    order = pd.Categorical(every["kind"], ["release", "expedite", "planned"], ordered=True)
    return every.assign(_order=order).sort_values(
        ["_order", "release_week", "sku", "door", "receipt_week"], ignore_index=True
    )[list(COLUMNS)]


def summary(plan: LivePlan, bought: pd.DataFrame) -> pd.DataFrame:
    """Orders summed up by class: units and cost to release now, planned, to expedite.

    Returns
    -------
    DataFrame, one row per class
        class, release, planned, expedite (units), release_cost, planned_cost (NaN where a
        unit cost is missing).
    """
    skus = plan.base.skus.set_index("sku")
    told = bought[bought["source"] == "supplier"]
    told = told.assign(
        klass=told["sku"].map(skus["class"]),
        cost=told["units"] * told["sku"].map(skus["unit_cost"]),
    )
    units = told.pivot_table(
        index="klass", columns="kind", values="units", aggfunc="sum", fill_value=0.0
    )
    cost = told.groupby(["klass", "kind"])["cost"].sum(min_count=1).unstack()
    kinds = ["release", "planned", "expedite"]
    units = units.reindex(columns=kinds, fill_value=0.0)
    cost = cost.reindex(columns=kinds).add_suffix("_cost")[["release_cost", "planned_cost"]]
    return units.join(cost).reset_index(names="class")


def open_to_buy(plan: LivePlan, *, weeks: int = WEEKS) -> pd.DataFrame:
    """Open-to-buy by class and fiscal month, at retail and at cost.

    Returns
    -------
    DataFrame, one row per class and month
        class, month, sales, eom, bom, due, otb (retail money), otb_cost (NaN without
        costs). Below zero is over-bought.

    Notes
    -----
    Planned stock at the end of a month is the usual weeks of supply of the demand after
    it. Markdowns are not planned here and count as none; sales are at regular price.
    """
    base = plan.base
    price = base.usual_price
    month = np.array([month_label(as_date(w)) for w in base.weeks[:weeks]])
    months = list(dict.fromkeys(month))
    classes = base.skus["class"].to_numpy()
    found: dict[tuple[str, str], np.ndarray] = {}
    for sku in range(len(plan.sku_names)):
        if np.isnan(price[sku]):
            continue
        computed = plan.sku_with(sku, supply=FIRM)
        demand = computed.draft.sum(axis=0) / THOUSANDTHS
        due = computed.receipts.sum(axis=0)
        opening = float(np.nansum(np.maximum(computed.opening, 0.0)))
        known = base.cover[sku][~np.isnan(base.level[sku])]
        cover = float(np.median(known)) if len(known) else 4.0
        bom = opening
        share = base.unit_cost[sku] / price[sku]
        for name in months:
            inside = np.flatnonzero(month == name)
            after = demand[inside[-1] + 1 : inside[-1] + 5]
            eom = cover * (after.mean() if len(after) else demand[inside].mean())
            line = np.array(
                [demand[inside].sum(), eom, bom, due[inside].sum(), 0.0]
            ) * price[sku]  # fmt: skip
            left = line[0] + line[1] - line[2] - line[3]
            line[4] = left * share
            key = (str(classes[sku]), name)
            found[key] = found.get(key, np.zeros(5)) + line
            bom = eom
    return pd.DataFrame(
        [
            {
                "class": klass, "month": name, "sales": v[0], "eom": v[1], "bom": v[2],
                "due": v[3],
                "otb": float(buy_plan.open_to_buy(v[0], np.zeros(1), v[1], v[2], v[3])[0]),
                "otb_cost": v[4],
            }
            for (klass, name), v in found.items()
        ]
    )  # fmt: skip


def calendar(plan: LivePlan, judged: list[Verdict], decisions: Decisions) -> pd.DataFrame:
    """The marketing calendar that the buy plan allows.

    Returns
    -------
    DataFrame, one row per activation
        activation, name, start, verdict (approved, at risk, needs a decision), why.
    """
    found = []
    for verdict in judged:
        activation = verdict.activation
        skus = skus_of(plan, activation.activation)
        red = skus[skus["status"] == Status.RED.value]
        open_ones = sum(
            not decisions.is_settled(activation.activation, sku, short)
            for sku, short in zip(red["sku"], red["units_short"], strict=True)
        )
        if verdict.status is Status.GREY:
            said, why = "needs a decision", "stock or forecast is not known"
        elif verdict.status is Status.RED and open_ones:
            said, why = "needs a decision", f"{open_ones} of its SKUs will run out"
        elif verdict.status in (Status.RED, Status.AMBER):
            said, why = "at risk", "stock is tight; what can be done is decided or accepted"
            if verdict.status is Status.AMBER:
                why = "stock is tight"
        else:
            said, why = "approved", "stock covers it"
        found.append(
            {"activation": activation.activation, "name": activation.name,
             "start": activation.start, "verdict": said, "why": why}
        )  # fmt: skip
    return pd.DataFrame(found, columns=["activation", "name", "start", "verdict", "why"])
