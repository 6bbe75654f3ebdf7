"""From a run's factors and today's facts, as the store has them, to what a plan stands on.

In the order in which one needs the other: the forecast, what supplies a SKU, the stock of
the doors (whose usual cover depends on both), the money.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, TypedDict

import numpy as np
import pandas as pd

from forecasting.calendar import week_start, weeks_from
from forecasting.demand.intervals import USUAL_LEVEL_SD
from forecasting.demand.lift import SUPPORTED
from forecasting.demand.priors import USUAL_EVENT_SD
from forecasting.demand.selling import Ranged
from forecasting.hierarchy import Floats, Ints
from forecasting.inventory import arrivals
from forecasting.inventory.flows import share_back
from forecasting.inventory.lateness import record
from forecasting.inventory.projection import lead_and_pace, usual_cover
from forecasting.plan import dated
from forecasting.plan.basis import LEAST_ALPHA, USUAL_COVER_WEEKS, Base
from forecasting.plan.given import Factors, Facts, Placed, Places, weeks_until
from forecasting.plan.sourcing import fresh_of, lines_of, moving_of, supply_of

_SHORTEST_COVER, _LONGEST_COVER = 1.0, 16.0
"""Weeks of supply that counts may show: less is an empty door, more a remainder."""
_LONGEST_AIM = 26.0
"""Weeks of supply beyond the lead time that orders may show: half a year."""
_YEAR = 52
"""Weeks after which a season comes again."""
_USUAL_LIFT_SD = 0.3
"""Log error of a lift that no run has estimated."""


def assemble(factors: Factors, facts: Facts, *, horizon: int) -> Base:
    """Arrange a run's factors and the facts of its as-of week for `horizon` weeks after it."""
    body, skus = factors.body, facts.skus
    as_of = dt.date.fromisoformat(str(body["as_of"]))
    places = Places(
        as_of=as_of,
        weeks=weeks_from(as_of + dt.timedelta(7), horizon),
        sku=pd.Index(skus["sku"]),
        door=pd.Index(facts.doors["door"]),
        centre=pd.Index(facts.centres["door"]),
    )
    delay = record(facts.lateness)
    forecast = _forecast(factors, places)
    supply = supply_of(
        facts, places, delay, level=forecast["level"], seasonal=forecast["shape"]
    )
    stock = _stock(facts, places, forecast, delay, reorder_weeks=supply["reorder_weeks"])
    days = body.get("weekday_shares")
    return Base(
        run=factors.run,
        as_of=week_start(as_of),
        weeks=places.weeks,
        skus=skus.reset_index(drop=True),
        facts={str(name): skus[name].to_numpy(dtype=object) for name in skus},
        doors=facts.doors.reset_index(drop=True),
        rivals=_rivals(skus),
        seen=_seen(body, skus),
        usual_discounts=body.get("usual_discounts", {}),
        weekday_shares=None if days is None else np.array(days, dtype=float),
        delay=delay,
        **_errors(body),
        **forecast,
        **supply,
        **stock,
        **_money(facts, places),
    )


class _Errors(TypedDict):
    alpha: tuple[float, float]
    level_sd: float
    event_sd: float


def _errors(body: Mapping[str, Any]) -> _Errors:
    """What all weeks share, or all doors of an event, told apart from each week's own."""
    level_sd = float(body.get("level_sd", USUAL_LEVEL_SD))
    event_sd = float(body.get("event_sd", USUAL_EVENT_SD))
    alpha = float(body["alpha"])
    own = max(alpha - level_sd**2, LEAST_ALPHA)
    promoted = float(body.get("alpha_promoted", alpha)) - level_sd**2 - event_sd**2
    return {"alpha": (own, max(promoted, own)), "level_sd": level_sd, "event_sd": event_sd}


class _Forecast(TypedDict):
    level: Floats
    shape: Floats
    repriced: Floats
    ranged: Ranged
    log_lift: Floats
    lift_sd: Floats
    columns: tuple[str, ...]
    share: Floats
    log_regular: Floats
    ahead: Floats


def _forecast(factors: Factors, places: Places) -> _Forecast:
    """The run's factors, where it forecast a SKU; what is neutral elsewhere."""
    columns = tuple(factors.body["columns"])
    (n_skus, n_doors), n_weeks, p = places.shape, len(places.weeks), len(columns)
    level = np.full(places.shape, np.nan)
    log_lift, ahead = np.zeros((n_skus, n_doors, p)), np.zeros((n_skus, n_doors, 3))
    share, log_regular = np.zeros(places.shape), np.zeros(places.shape)
    rows, s, d = places.at_doors(factors.series)
    if len(rows):
        level[s, d] = rows["level"].to_numpy(dtype=float)
        log_lift[s, d] = np.stack(rows["log_lift"].to_list())
        ahead[s, d] = np.stack(rows["ahead"].to_list())
        share[s, d] = rows["share"].to_numpy(dtype=float)
        log_regular[s, d] = rows["log_regular"].to_numpy(dtype=float)
    shape, lift_sd = np.ones((n_skus, n_weeks)), np.full((n_skus, p), _USUAL_LIFT_SD)
    repriced = np.ones((n_skus, n_weeks))
    at = places.sku.get_indexer(pd.Index(factors.sku_factors["sku"]))
    known, at = factors.sku_factors[at >= 0], at[at >= 0]
    if len(known):
        shape[at] = _weeks_of(np.stack(known["shape"].to_list()), n_weeks)
        lift_sd[at] = np.stack(known["lift_sd"].to_list())
        kept = known["repriced"].notna().to_numpy()
        if kept.any():
            told = np.stack(known["repriced"][kept].to_list())
            repriced[at[kept]] = _weeks_of(told, n_weeks, yearly=False)
    spans = places.at_doors(factors.spans)
    return {
        "level": level, "shape": shape, "repriced": repriced, "log_lift": log_lift,
        "lift_sd": lift_sd, "columns": columns, "share": share, "log_regular": log_regular,
        "ahead": ahead, "ranged": Ranged.of(*spans, weeks=places.weeks, shape=places.shape),
    }  # fmt: skip


def _weeks_of(factors: Floats, n_weeks: int, *, yearly: bool = True) -> Floats:
    """The first weeks of a run's factors, (S, n_weeks).

    An older run has fewer: what is beyond is as it was a year before, or as it was last.
    """
    more = n_weeks - factors.shape[1]
    if more <= 0:
        return factors[:, :n_weeks]
    last = factors[:, -_YEAR:][:, :more] if yearly else factors[:, -1:].repeat(more, axis=1)
    return np.hstack([factors, last])


class _Stock(TypedDict):
    opening: Floats
    receipts: pd.DataFrame
    back: Floats
    cover: Floats
    rhythm: tuple[Ints, Ints]


def _stock(
    facts: Facts,
    places: Places,
    forecast: _Forecast,
    delay: Mapping[str, Floats],
    *,
    reorder_weeks: Ints,
) -> _Stock:
    """What the doors have and get, and how much they usually keep."""
    rows, s, d = places.at_doors(facts.stock)
    fresh = fresh_of(rows, places.as_of)
    opening = np.full(places.shape, np.nan)
    opening[s[fresh], d[fresh]] = rows["on_hand"].to_numpy(dtype=float)[fresh]
    every = rows["every"].to_numpy(dtype=np.int64)
    rhythm = np.ones(len(places.sku), np.int64), np.zeros(len(places.sku), np.int64)
    rhythm[0][s] = every
    rhythm[1][s] = weeks_until(rows["due"], places.weeks, missing=0) % every
    due = lines_of(*places.at_doors(facts.receipts), places.weeks, delay)
    return {
        "opening": opening,
        "receipts": _open_receipts(due, moving_of(rows, s, d, fresh), len(places.weeks)),
        "back": _back(places.at_doors(facts.returns), places.shape),
        "cover": _cover((rows, s, d), forecast, reorder_weeks),
        "rhythm": rhythm,
    }


def _cover(counted: Placed, forecast: _Forecast, reorder_weeks: Ints) -> Floats:
    """Weeks of supply that the usual replenishment aims at beyond its lead time, (S, D)."""
    rows, s, d = counted
    level, plain = forecast["level"], forecast["shape"] / forecast["repriced"]
    cover = np.full(level.shape, USUAL_COVER_WEEKS)
    usual = rows["cover"].to_numpy(dtype=float)
    known = ~np.isnan(usual)
    cover[s[known], d[known]] = np.clip(usual[known], _SHORTEST_COVER, _LONGEST_COVER)
    # Who orders up to a position has less of it on hand the more is on its way. It may well be
    # less than the baseline of the lead time: buyers see what an empty shelf sold.
    position = rows["position"].to_numpy(dtype=float)
    now = np.zeros(1, dtype=np.int64)
    lead, pace = (x[:, 0] for x in lead_and_pace(plain, now, lead_time=reorder_weeks))
    told = ~np.isnan(position) & (level[s, d] * np.minimum(lead, pace)[s] > 0)
    s, d = s[told], d[told]
    aimed = usual_cover(
        position[told] / level[s, d], lead[s], pace[s], lead_time=reorder_weeks[s]
    )
    cover[s, d] = np.minimum(aimed, _LONGEST_AIM)
    return cover


def _open_receipts(due: pd.DataFrame, moving: pd.DataFrame, n_weeks: int) -> pd.DataFrame:
    """Order lines, and goods in transit that no line tells of, as `Base.receipts`."""
    left = arrivals.beside_orders(moving, due)
    on_its_way = moving.assign(
        units=left, week=0, chance=1.0, planned=False, late=False, receipt="", expedite=-1,
        slipped=0, status="in_transit",
    )[left > 0]  # fmt: skip
    receipts = pd.concat([on_its_way, due], ignore_index=True).drop(columns="status")
    return receipts[receipts["week"] < n_weeks]


def _back(returned: Placed, shape: tuple[int, int]) -> Floats:
    """Share of what is sold that comes back on the shelf, (S, D)."""
    rows, s, d = returned
    back = np.zeros(shape)
    share_at_door = rows["door_returned"] / rows["door_sold"].clip(lower=1)
    back[s, d] = share_back(
        *(c.to_numpy(dtype=float) for c in (rows["sold"], rows["returned"], share_at_door))
    )
    return back


class _Money(TypedDict):
    price: Floats
    price_ahead: Mapping[int, Floats]
    usual_price: Floats
    usual_by_week: Floats
    unit_cost: Floats
    terms_ahead: Mapping[str, Mapping[int, Floats]]


def _money(facts: Facts, places: Places) -> _Money:
    """Prices, costs and terms, now and to come."""
    price, own = dated.prices_in_force(facts.skus, facts.prices, places.door)
    ahead = dated.prices_ahead(
        price, own, facts.announced, skus=places.sku, doors=places.door, weeks=places.weeks
    )
    usual = dated.usual_of(price)
    return {
        "price": price, "price_ahead": ahead, "usual_price": usual,
        "usual_by_week": dated.by_week(usual, ahead, len(places.weeks)),
        "unit_cost": facts.skus["unit_cost"].to_numpy(dtype=float),
        "terms_ahead": dated.terms_ahead(facts.skus, facts.terms, places.weeks),
    }  # fmt: skip


def _rivals(skus: pd.DataFrame) -> Ints:
    """Number of each SKU's class, (S,): SKUs of one class take demand from each other."""
    classes = skus["department"].fillna("") + "\x1f" + skus["class"].fillna("")
    return pd.factorize(classes)[0].astype(np.int64)


def _seen(run_body: Mapping[str, Any], skus: pd.DataFrame) -> Floats:
    """Deepest log price to which each SKU's class is known to respond, (S,)."""
    deepest: dict[str, float] = {}
    for block in run_body.get("blocks", {}).values():
        for klass, log in block.get("seen", {}).items():
            deepest[klass] = min(deepest.get(klass, SUPPORTED), float(log))
    classes = skus["class"].fillna("(none)")
    return np.array([deepest.get(str(klass), SUPPORTED) for klass in classes], dtype=float)
