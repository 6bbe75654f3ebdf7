"""A consensus as it is published: every layer and part of the live plan, as lists of weeks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import numpy as np
import pandas as pd

from data.versions import LAYERS, Snapshot
from forecasting.calendar import Comparison, as_date, last_year
from forecasting.consensus import proposal
from forecasting.consensus.walk import AGREEMENT, BASELINE, FLOOR, LIFT, SPILLOVER, VOICE
from forecasting.hierarchy import THOUSANDTHS, Ints
from forecasting.plan.live import LivePlan
from forecasting.plan.sku import SkuPlan
from forecasting.vocabulary import INPUTS

RECENT_WEEKS = 13
"""A quarter: its mean stands in for the naive forecast where the week a year before is not
known."""
Reasons = dict[tuple[str, str], dict[str, Ints]]
"""(SKU, function) to what its input adds by reason, (W,), thousandths."""


def take(
    plan: LivePlan, *, cycle: str, digest: str, sales: pd.DataFrame, reasons: pd.DataFrame
) -> Snapshot:
    """Everything that a published version keeps.

    Parameters
    ----------
    plan : LivePlan
    cycle : str
    digest : str
        Of what was signed.
    sales : DataFrame, one row per SKU and week
        sku, week, units of demand, for the naive forecast: the year before the as-of week.
    reasons : DataFrame, one row per input, aim, reason, SKU and week
        What inputs add: input, activation, reason, sku, week, delta (thousandths).
    """
    by_reason = _reasons(plan, reasons)
    naive = _naive(plan, sales)
    skus, parts, leaves = [], [], []
    for s, name in enumerate(plan.sku_names):
        computed = plan.sku(s)
        if not computed.active.any():
            continue
        layers = {
            layer: computed.layer(layer).sum(axis=0)
            for layer in ("statistical", "proposed", *map(str, INPUTS))
        }
        layers |= {"consensus": computed.draft.sum(axis=0), "naive": naive[s]}
        skus.append({"sku": name, **{layer: layers[layer] for layer in LAYERS}})
        parts += [
            {"sku": name, "kind": kind, "name": what, "reason": why, "units": units}
            for kind, what, why, units in _parts(computed, name, by_reason)
            if kind == BASELINE or units.any()
        ]
        leaves += [
            {"sku": name, "door": plan.door_names[d], "units": computed.draft[d]}
            for d in np.flatnonzero(computed.active.any(axis=1))
        ]
    return Snapshot(
        cycle=cycle,
        as_of=plan.base.as_of,
        first_week=as_date(plan.base.weeks[0]),
        run=plan.base.run,
        digest=digest,
        skus=pd.DataFrame(skus, columns=["sku", *LAYERS]),
        parts=pd.DataFrame(parts, columns=["sku", "kind", "name", "reason", "units"]),
        leaves=pd.DataFrame(leaves, columns=["sku", "door", "units"]),
    )


def parts_now(plan: LivePlan, skus: Iterable[int], reasons: pd.DataFrame) -> pd.DataFrame:
    """The draft of some SKUs as the sum of its parts, in the form that versions have.

    Returns
    -------
    DataFrame, one row per SKU, part and week
        sku, kind, name, reason, week, units.
    """
    by_reason = _reasons(plan, reasons)
    found = [
        (plan.sku_names[s], kind, what, why, units)
        for s in skus
        for kind, what, why, units in _parts(plan.sku(s), plan.sku_names[s], by_reason)
        if units.any()
    ]
    rows = pd.DataFrame(found, columns=["sku", "kind", "name", "reason", "units"])
    at = np.repeat(np.arange(len(rows)), len(plan.base.weeks))
    long = rows.drop(columns="units").iloc[at].reset_index(drop=True)
    units = np.concatenate(rows["units"].to_list()) if found else np.zeros(0)
    return long.assign(week=np.tile(plan.base.weeks, len(rows)), units=units / THOUSANDTHS)


def _parts(
    computed: SkuPlan, name: str, by_reason: Reasons
) -> list[tuple[str, str, str, Ints]]:
    """(kind, name, reason, units by week) of every part; they add up to the draft."""
    found = [(BASELINE, "", "", computed.baseline.sum(axis=0))]
    found += [(LIFT, act, "", units.sum(axis=0)) for act, units in computed.lifts]
    found += [(SPILLOVER, n, "", units.sum(axis=0)) for n, units in computed.spillover.items()]
    for voice, units in computed.voices.items():
        whole = units.sum(axis=0)
        if voice == proposal.FLOOR:
            found.append((FLOOR, "", "", whole))
            continue
        split = by_reason.get((name, voice), {})
        found += [(VOICE, voice, why, part) for why, part in _shared_out(whole, split)]
    found.append((AGREEMENT, "", "", (computed.draft - computed.proposed).sum(axis=0)))
    return found


def _shared_out(whole: Ints, split: dict[str, Ints]) -> list[tuple[str, Ints]]:
    """A function's part by the reasons given, each as it had in the function's own input."""
    if not split:
        return [("", whole)]
    names = sorted(split)
    moves = np.stack([split[n] for n in names]).astype(float)
    total = moves.sum(axis=0)
    share = np.where(total != 0, moves / np.where(total == 0, 1.0, total), 1.0 / len(names))
    given = np.rint(share * whole).astype(np.int64)
    given[0] += whole - given.sum(axis=0)
    return list(zip(names, given, strict=True))


def _reasons(plan: LivePlan, rows: pd.DataFrame) -> Reasons:
    """What every input adds by reason; what aims at an activation that is off does not."""
    live = {a.activation for a in plan.activations() if a.is_live}
    at = (rows["week"].to_numpy().astype("datetime64[D]") - plan.base.weeks[0]).astype(
        np.int64
    ) // 7
    found: Reasons = {}
    for sku, function, aim, why, week, delta in zip(
        rows["sku"], rows["input"], rows["activation"], rows["reason"], at, rows["delta"],
        strict=True,
    ):  # fmt: skip
        if (aim and aim not in live) or not 0 <= week < len(plan.base.weeks):
            continue
        by_name = found.setdefault((sku, function), {})
        if why not in by_name:
            by_name[why] = np.zeros(len(plan.base.weeks), np.int64)
        by_name[why][week] += delta
    return found


def _naive(plan: LivePlan, sales: pd.DataFrame) -> Ints:
    """Seasonal naive forecast by SKU and week, thousandths.

    What the SKU sold in the same week a year before; where it did not sell then, the mean
    of its last weeks.
    """
    weeks = [as_date(w) for w in plan.base.weeks]
    last = plan.base.as_of
    # A week without a row sold none; one without a number is not known.
    wide = sales.assign(week=pd.to_datetime(sales["week"]).dt.date).pivot(
        index="sku", columns="week", values="units"
    )
    told = sales.assign(week=pd.to_datetime(sales["week"]).dt.date, is_told=True).pivot(
        index="sku", columns="week", values="is_told"
    )
    wide, told = wide.reindex(plan.sku_names), told.reindex(plan.sku_names)
    recent = [last - dt.timedelta(7 * k) for k in range(RECENT_WEEKS)]
    of_recent = wide.reindex(columns=recent).to_numpy(dtype=float)
    lost = np.isnan(of_recent) & told.reindex(columns=recent).notna().to_numpy()
    mean = np.nansum(of_recent, axis=1) / np.maximum((~lost).sum(axis=1), 1)
    partners = [last_year(w, mode=Comparison.WEEK_NUMBER) or last for w in weeks]
    # A week further away than a year has no week that is known a year before it.
    known = [p if p <= last else None for p in partners]
    found = wide.reindex(columns=[p or dt.date(1900, 1, 1) for p in known]).to_numpy()
    units = np.where(np.isnan(found), mean[:, None], found)
    thousandths: Ints = np.rint(units * THOUSANDTHS).astype(np.int64)
    return thousandths
