"""The buy plan that the consensus drives.

It comes from the plan: demand that was agreed, stock, open orders and what was decided to
move. Its mirror image, what the same stock allows of the marketing calendar, is in
weekly/readiness.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from forecasting.calendar import as_date, month_label
from forecasting.hierarchy import THOUSANDTHS, Bools, Floats, Ints
from forecasting.inventory import buy_plan, netting
from forecasting.inventory.buy_plan import BuyPlan, Centre, Needs, NeedsOf, Terms
from forecasting.inventory.flows import coming_back
from forecasting.inventory.levels import Aim, Doubt, Outlook, as_if_waiting
from forecasting.inventory.netting import Asking
from forecasting.plan.by_sku import BySku
from forecasting.plan.dated import LEAD_TIME
from forecasting.plan.inbound import FIRM
from forecasting.plan.live import LivePlan
from forecasting.vocabulary import Measure
from forecasting.weekly.orders import terms_of
from forecasting.weekly.service import is_by_cost, service_by_week, services_at, waits_at

WEEKS = 26
DOORS_AT_A_TIME = 1_000
"""SKU-doors that are netted side by side: enough to be quick, few enough to stay in cache."""
COLUMNS = (
    "sku", "door", "release_week", "receipt_week", "units", "kind", "source", "lost_units",
    "lost_value",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Bought:
    """The buy plan of one SKU and what it stands on."""

    plan: BuyPlan
    terms: Terms
    centre: Centre | None
    """The distribution centre that it is ordered for, if it is."""


def of_sku(
    plan: LivePlan, sku: int, *, weeks: int = WEEKS, frozen: int | None = None
) -> Bought:
    """The buy plan of one SKU.

    Parameters
    ----------
    frozen : int, optional
        First weeks without orders; those that leadership has set if left out.
    """
    return _netted(plan, [_looked_at(plan, sku, weeks=weeks, frozen=frozen)])[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Looked:
    """What the buy plan of one SKU is worked out from."""

    sku: int
    asking: Asking
    """Where nothing is known of stock, with no demand: an order would be a guess."""
    demand: Floats
    """Expected, units, (D, W), also there."""
    lift_sd: Floats
    """Log error of the lift, (W,)."""
    least: Floats
    """Units for display, (D, W)."""
    pack: Floats
    """Units that an order is rounded up to, (D,)."""
    waits: Bools
    """Doors whose customers wait, (D,)."""


def _looked_at(plan: LivePlan, sku: int, *, weeks: int, frozen: int | None) -> _Looked:
    """Stock, demand and terms of one SKU."""
    base, limits = plan.base, plan.limits
    computed = plan.sku_with(sku, supply=FIRM)
    ahead = slice(0, weeks)
    demand = computed.draft[:, ahead] / THOUSANDTHS
    opening = np.nan_to_num(computed.opening)  # below zero: owed, and to be bought as well
    known: Floats = np.where(computed.known[:, None], demand, 0.0)
    into = base.network.weeks[base.network.n_doors :, : base.network.n_doors]
    lanes = into[into >= 0]
    terms = terms_of(base, sku, frozen=limits.frozen_buy_weeks if frozen is None else frozen)
    # No order is to wait behind a shut door.
    sold = base.ranged.share(sku)[:, : demand.shape[1]] > 0
    pace = known.mean(axis=1)
    share = pace / max(float(pace.sum()), 1e-9)
    # What is ordered for the minimum's sake beyond the half week that has sold on average.
    minimum = share * max(terms.least - pace.sum() / 2, 0.0)
    return _Looked(
        sku=sku,
        asking=Asking(
            opening=opening,
            scheduled=computed.receipts[:, ahead] + coming_back(demand, base.back[sku]),
            demand=known,
            terms=terms,
            reserve=float(plan.spare_reserve(sku).sum()) if len(lanes) else 0.0,
            reserve_weeks=int(lanes.max()) if len(lanes) else 1,
        ),
        demand=demand,
        lift_sd=plan.sku(sku).lift_sd[: demand.shape[1]],
        least=np.where(sold, base.stated(sku, "presentation_min", 0.0), 0.0),
        pack=np.maximum(terms.case, minimum),
        waits=waits_at(base, limits) | (opening < 0),
    )


def _netted(plan: LivePlan, skus: list[_Looked]) -> list[Bought]:
    """Net SKUs of one lead time side by side; one that a centre sends on, by itself."""
    ways = [plan.base.way(one.sku) for one in skus]
    direct = [one for one, way in zip(skus, ways, strict=True) if way is None]
    plans: dict[int, BuyPlan] = {}
    for by_cost in (False, True):
        alike = [d for d in direct if is_by_cost(plan.base, d.sku, plan.limits) == by_cost]
        if alike:
            found = netting.net_together([d.asking for d in alike], _needs(plan, alike))
            plans |= {d.sku: one for d, one in zip(alike, found, strict=True)}
    return [
        Bought(plan=plans[one.sku], terms=one.asking.terms, centre=None)
        if way is None
        else _through_centre(plan, one, way)
        for one, way in zip(skus, ways, strict=True)
    ]


def _through_centre(plan: LivePlan, one: _Looked, way: Ints) -> Bought:
    """The buy plan of a SKU that is ordered for a centre; `way`: weeks from there, (D,)."""
    base, longest, demand = plan.base, int(way.max()), one.demand
    asking, terms = one.asking, one.asking.terms
    safety = _safety(
        plan, one.sku, demand, least_service=plan.limits.least_service, lead_time=longest
    )
    ahead = partial(_centre_safety, plan, one.sku, demand, safety, way=longest)
    n_weeks = demand.shape[1]
    waits = np.broadcast_to(terms.waits_in(n_weeks), n_weeks)
    whole_way = {w: ahead(lead_time=w + longest) for w in np.unique(waits).tolist()}
    centre = Centre(
        stock=float(plan.spare_reserve(one.sku)[base.centre[one.sku]]),
        scheduled=due_at_centre(plan, one.sku)[: demand.shape[1]],
        weeks=way,
        safety=np.array([whole_way[w][t] for t, w in enumerate(waits.tolist())]),
        own=ahead(lead_time=longest),
    )
    result = buy_plan.net_through(
        asking.opening, asking.scheduled, asking.demand, _needs(plan, [one]), terms, centre
    )
    return Bought(plan=result, terms=terms, centre=centre)


def _needs(plan: LivePlan, skus: list[_Looked]) -> NeedsOf:
    """What doors need of some SKUs, by the forecast's own distribution."""
    base, limits = plan.base, plan.limits
    doors = [len(one.demand) for one in skus]
    opening = np.concatenate([one.asking.opening for one in skus])
    demand = np.concatenate([one.asking.demand for one in skus])
    alpha = np.repeat([base.alpha_at(one.lift_sd) for one in skus], doors, axis=0)
    lift_sd = np.repeat([one.lift_sd for one in skus], doors, axis=0)
    n_weeks = demand.shape[1]
    service = np.concatenate(
        [services_at(base, o.sku, limits, o.waits)[:, :n_weeks] for o in skus]
    )
    waits = np.concatenate([one.waits for one in skus])
    # The level that costs least is a share of cycles, whatever a stated one is.
    by_units = limits.service_by_units and not is_by_cost(base, skus[0].sku, limits)
    least = np.concatenate([one.least for one in skus])
    pack = np.concatenate([one.pack for one in skus])

    def of(rows: Ints, lead_time: int | Ints) -> Needs:
        aim = Aim(
            service=service[rows],
            waits=waits[rows],
            by_units=by_units,
            least=least[rows],
        )
        doubt = Doubt(alpha=alpha[rows], level_sd=base.level_sd, lift_sd=lift_sd[rows])
        return Outlook(
            opening[rows], demand[rows], doubt, aim, lead_time=lead_time, pack=pack[rows]
        )

    return of


def due_at_centre(plan: LivePlan, sku: int) -> Floats:
    """What is on its way to the centre that a SKU is ordered for, by week, (W,)."""
    return plan.inbound.at_centre(sku, plan.standing.moves_of(sku))


def _safety(
    plan: LivePlan,
    sku: int,
    demand: Floats,
    *,
    least_service: float,
    lead_time: int | None = None,
    way: int | None = None,
) -> Floats:
    """Safety stock of a SKU at each door and week, (D, W): units.

    None in weeks in which it cannot be sold there: no order is to wait behind a shut door.

    Parameters
    ----------
    way : int, optional
        Weeks to the doors, which is where sales are lost; the lead time if left out.
    """
    base = plan.base
    lift_sd = plan.sku(sku).lift_sd[: demand.shape[1]]
    weeks = int(base.lead_times_of(sku)[0]) if lead_time is None else lead_time
    held = buy_plan.safety_stock(
        demand,
        alpha=base.alpha_at(lift_sd),
        level_sd=base.level_sd,
        lift_sd=lift_sd,
        lead_time=weeks,
        service=_textbook_service(plan, sku, least_service, way=weeks if way is None else way)[
            : demand.shape[1]
        ],
        least=base.stated(sku, "presentation_min", 0.0),
    )
    return np.where(base.ranged.share(sku)[:, : demand.shape[1]] > 0, held, 0.0)


def _textbook_service(plan: LivePlan, sku: int, least: float, *, way: int) -> Floats:
    """Service level for the textbook's safety stock, in which customers wait, (W,)."""
    service = service_by_week(plan.base, sku, plan.limits, least=least)
    if waits_at(plan.base, plan.limits).all():
        return service
    return as_if_waiting(service, weeks=way + buy_plan.REVIEW_WEEKS)


def _centre_safety(
    plan: LivePlan, sku: int, demand: Floats, at_doors: Floats, *, lead_time: int, way: int
) -> Floats:
    """Safety stock of the centre, (W,): what all doors together need beyond their own.

    Chance evens out over doors, errors of level and lift do not: the doors' sum is judged
    over the whole way from the supplier, and what they hold themselves counts.

    Parameters
    ----------
    lead_time : int
        Weeks from the order to the doors.
    way : int
        Of them from the centre on. What doors lack they ask for again, so at the centre nothing
        is lost: sales are, and only over the way.
    """
    base = plan.base
    lift_sd = plan.sku(sku).lift_sd[: demand.shape[1]]
    together = demand.sum(axis=0)
    squares = (demand**2).sum(axis=0) / np.maximum(together, 1e-9) ** 2
    (safety,) = buy_plan.safety_stock(
        together[None],
        alpha=base.alpha_at(lift_sd) * squares,
        level_sd=base.level_sd,
        lift_sd=lift_sd,
        lead_time=lead_time,
        service=_textbook_service(plan, sku, plan.limits.least_service, way=way)[
            : demand.shape[1]
        ],
    )
    beyond: Floats = np.maximum(safety - at_doors.sum(axis=0), 0.0)
    return beyond


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
    cost = np.array([plan.base.cost_of(sku)[0] for sku in range(len(units))], dtype=float)
    return float(units.sum()), float((units * np.nan_to_num(cost)).sum())


def rows(plan: LivePlan, *, weeks: int = WEEKS, frozen: int | None = None) -> pd.DataFrame:
    """Every order to release now, every planned one, and what can only be expedited.

    Returns
    -------
    DataFrame, one row per SKU, door or centre, and receipt week
        sku, door, release_week, receipt_week (dates), units, kind (release, planned,
        expedite), source (supplier or centre). An `expedite` is an exception: its release
        week would be over; units are what is needed for the service level, lost_units and
        lost_value (at the price paid, NaN unknown) what demand is expected to miss of them.
    """
    if (weeks, frozen) == (WEEKS, None):
        lines = list(_LINES.every(plan).values())
    else:
        skus = range(len(plan.sku_names))
        lines = [one for _, one in _lines_of(plan, skus, weeks=weeks, frozen=frozen)]
    if not lines:
        return pd.DataFrame(columns=list(COLUMNS)).astype(
            {"units": float, "lost_units": float, "lost_value": float}
        )
    columns = {name: np.concatenate([f[name] for f in lines]) for name in lines[0]}
    dates = pd.to_datetime(plan.base.weeks)
    every = pd.DataFrame(
        {
            "sku": np.array(plan.sku_names, dtype=object)[columns["sku"]],
            "door": np.array(plan.base.network.names, dtype=object)[columns["door"]],
            "release_week": dates[columns["release"]],
            "receipt_week": dates[columns["receipt"]],
            "units": columns["units"],
            "kind": columns["kind"],
            "source": columns["source"],
            "lost_units": columns["lost"],
            "lost_value": columns["lost_value"],
        }
    )
    order = pd.Categorical(every["kind"], ["release", "expedite", "planned"], ordered=True)
    return every.assign(_order=order).sort_values(
        ["_order", "release_week", "sku", "door", "receipt_week"], ignore_index=True
    )[list(COLUMNS)]


def _lines_of(
    plan: LivePlan, skus: Iterable[int], *, weeks: int = WEEKS, frozen: int | None = None
) -> Iterator[tuple[int, dict[str, np.ndarray]]]:
    """Order lines of some SKUs."""
    for sku, one in _all(plan, skus, weeks=weeks, frozen=frozen):
        yield sku, _lines(plan, sku, one)


def _all(
    plan: LivePlan, skus: Iterable[int], *, weeks: int, frozen: int | None
) -> Iterator[tuple[int, Bought]]:
    """The buy plan of SKUs, so many doors at a time as are quickest."""
    per_time = max(DOORS_AT_A_TIME // max(plan.base.network.n_doors, 1), 1)
    alike: dict[tuple[int, bytes], list[int]] = {}
    changing = plan.base.terms_ahead.get(LEAD_TIME, {})
    for sku in skus:
        change = plan.base.lead_times_of(sku).tobytes() if sku in changing else b""
        alike.setdefault((int(plan.base.lead_time[sku]), change), []).append(sku)
    for _, mine in sorted(alike.items()):
        for first in range(0, len(mine), per_time):
            now = mine[first : first + per_time]
            looked = [_looked_at(plan, sku, weeks=weeks, frozen=frozen) for sku in now]
            yield from zip(now, _netted(plan, looked), strict=True)


def _lines(plan: LivePlan, sku: int, one: Bought) -> dict[str, np.ndarray]:
    """Order lines of one SKU; door: the place in the network."""
    waits = one.terms.waits_in(one.plan.orders.shape[1])
    found = buy_plan.rows_of(one.plan, waits, centre=one.centre)
    door = np.asarray(found["door"])
    n_doors = plan.base.network.n_doors
    centre = n_doors + max(int(plan.base.centre[sku]), 0)
    lost = np.asarray(found["lost"], dtype=float)
    price = np.zeros(len(door))
    if lost.any():
        paid = plan.worth(sku, Measure.REVENUE)
        at = lost > 0
        price[at] = paid[door[at], np.asarray(found["receipt"])[at]]
    return {
        "lost": lost,
        "lost_value": lost * price,
        "sku": np.full(len(door), sku),
        "door": np.where(door < n_doors, door, centre),
        **{name: np.asarray(found[name]) for name in ("release", "receipt", "units")},
        **{name: np.asarray(found[name], dtype=object) for name in ("kind", "source")},
    }


def without_shipments(bought: pd.DataFrame) -> pd.DataFrame:
    """Orders, and what can only be expedited, without what a centre sends to its doors.

    A unit that is ordered for a centre and sent on from there is bought once.
    """
    return bought[(bought["source"] == "supplier") | (bought["kind"] == "expedite")]


def summary(plan: LivePlan, bought: pd.DataFrame) -> pd.DataFrame:
    """Orders summed up by class: units and cost to release now, planned, to expedite.

    Returns
    -------
    DataFrame, one row per class
        class, release, planned, expedite (units), release_cost, planned_cost (NaN where a
        unit cost is missing).
    """
    skus = plan.base.skus.set_index("sku")
    told = without_shipments(bought)
    told = told.assign(
        klass=told["sku"].map(skus["class"]),
        cost=told["units"] * plan.base.costs_in(told["sku"], told["receipt_week"]),
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
        class, month, sales, markdowns, eom, bom, due, otb (retail money), otb_cost (NaN
        without costs). Below zero is over-bought.

    Notes
    -----
    Planned stock at the end of a month is the usual weeks of supply of the demand after
    it. Markdowns are what the calendar's discounts take off the regular price of what is
    expected to sell; sales are at the price paid, net of what comes back. Prices are those of
    each week; stock of a month is valued at the price of its last, so a cut revalues it.
    """
    if weeks == WEEKS:
        of_skus = _MONEY.every(plan)
    else:
        of_skus = dict(_money_of(plan, range(len(plan.sku_names)), weeks=weeks))
    classes = plan.base.skus["class"].to_numpy()
    found: dict[tuple[str, str], np.ndarray] = {}
    for sku, lines in of_skus.items():
        for name, line in lines.items():
            key = (str(classes[sku]), name)
            found[key] = found.get(key, np.zeros(6)) + line
    return pd.DataFrame([_month_of(*named, line) for named, line in found.items()])


def _money_of(
    plan: LivePlan, skus: Iterable[int], *, weeks: int = WEEKS
) -> Iterator[tuple[int, dict[str, Floats]]]:
    """Of SKUs, by month: sales, markdowns, eom, bom, due; cost left. No price: nothing."""
    base = plan.base
    price = base.usual_by_week
    month = np.array([month_label(as_date(w)) for w in base.weeks[:weeks]])
    months = {name: np.flatnonzero(month == name) for name in dict.fromkeys(month)}
    for sku in skus:
        if np.isnan(price[sku, 0]):
            yield sku, {}
            continue
        computed = plan.sku_with(sku, supply=FIRM)
        gross = computed.draft / THOUSANDTHS
        kept = gross - coming_back(gross, base.back[sku])
        demand, net = gross.sum(axis=0), kept.sum(axis=0)
        cut = (kept * computed.depth).sum(axis=0)
        due = computed.receipts.sum(axis=0) + due_at_centre(plan, sku)
        opening = float(np.nansum(np.maximum(computed.opening, 0.0)))
        opening += float(plan.spare_reserve(sku).sum())
        known = base.cover[sku][~np.isnan(base.level[sku])]
        cover = float(np.median(known)) if len(known) else 4.0
        bom = opening
        cost = base.cost_of(sku)
        lines: dict[str, Floats] = {}
        for name, inside in months.items():
            after = demand[inside[-1] + 1 : inside[-1] + 5]
            eom = cover * (after.mean() if len(after) else demand[inside].mean())
            flow = np.stack([net - cut, cut, due])[:, inside]
            sold, marked, come = (flow * price[sku, inside]).sum(axis=1)
            last = inside[-1]
            line = np.array(
                [sold, marked, eom * price[sku, last], bom * price[sku, last], come, 0.0]
            )
            sales, cuts, ordered = flow.sum(axis=1)
            held = np.array(eom), np.array(bom)
            line[5] = buy_plan.open_to_buy(sales, cuts, *held, ordered) * cost[last]
            lines[str(name)] = line
            bom = eom
        yield sku, lines


_LINES = BySku(_lines_of)
_MONEY = BySku(_money_of)


def _month_of(klass: str, month: str, line: Floats) -> dict[str, Any]:
    """One class and month of open-to-buy: sales, markdowns, eom, bom, due; cost left."""
    return {
        "class": klass, "month": month, "sales": line[0], "markdowns": line[1], "eom": line[2],
        "bom": line[3], "due": line[4], "otb": float(buy_plan.open_to_buy(*line[:5])),
        "otb_cost": line[5],
    }  # fmt: skip
