"""The statistical forecast of one SKU in the plan: its baseline and what activations do.

What the fit learnt (demand/lift.py, demand/spillover.py), laid over the activations as they
stand now, at all doors and weeks of one SKU at once; a test holds the two equal.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from forecasting.calendar import Dates
from forecasting.consensus.activations import Activation, Item
from forecasting.consensus.campaigns import campaigns
from forecasting.demand import lift, offers, priors, spillover
from forecasting.demand.lift import Exposures, Layout
from forecasting.exposure import demand_before
from forecasting.hierarchy import Bools, Floats, Ints
from forecasting.plan.basis import Base

BOUGHT_AHEAD, OTHERS = "bought ahead", "other activations"
"""Names of the parts that activations have outside their own cells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnLift:
    """What the activations of one SKU do in the cells where they run."""

    units: Mapping[str, Floats]
    """Incremental units of each activation, by identity, (D, W)."""
    multiplier: Floats
    """Demand with them over demand without, (D, W)."""
    exposed: Bools
    """An activation runs, (D, W)."""
    sd: Floats
    """Standard deviation of the log lift, shared by doors, (W,)."""
    depth: Floats
    """Share that the discount in force takes off the regular price, (D, W)."""


def baseline_of(base: Base, sku: int) -> tuple[Bools, Floats]:
    """Where a SKU can be sold and has a forecast, and its baseline in units, (D, W).

    Of a week in which it can be sold on some days only, the baseline is theirs.
    """
    share = base.ranged.share(sku)
    level = base.level[sku]
    active: Bools = ~np.isnan(level)[:, None] & (share > 0)
    shape = base.shape[sku]
    if sku in base.price_ahead:  # doors whose price moves otherwise follow their own
        shape = shape / base.repriced[sku] * base.moves_of(sku)
    return active, np.where(active, level[:, None] * shape * share, 0.0)


def doors_of(item: Item, door_index: Mapping[str, int]) -> Bools:
    """Where an item runs, (D,)."""
    at: Bools = np.full(len(door_index), item.door is None)
    if item.door is not None and item.door in door_index:
        at[door_index[item.door]] = True
    return at


def own_lift(
    base: Base,
    sku: int,
    *,
    name: str,
    activations: Sequence[Activation],
    active: Bools,
    baseline: Floats,
    door_index: Mapping[str, int],
) -> OwnLift:
    """What a SKU's own activations do to it, door by door and week by week.

    Parameters
    ----------
    base : Base
    sku : int
        Position of the SKU.
    name : str
        Its identity.
    activations : sequence of Activation
        Those that feature it, in the calendar's order.
    active : bool array, shape (D, W)
    baseline : float array, shape (D, W)
        Units.
    door_index : mapping
        Position of each door.
    """
    rows, depth = _rows(base, activations, name=name, active=active, door_index=door_index)
    units: dict[str, Floats] = {a.activation: np.zeros_like(baseline) for a in activations}
    multiplier, exposed = np.ones_like(baseline), np.zeros(baseline.shape, dtype=bool)
    sd = np.zeros(baseline.shape[1])
    if rows:
        layout = Layout.of(_exposures(base, sku, rows))
        logs = layout.log_lifts(_coefficients(base, sku, layout.exposures.columns))
        increments, total = lift.parts(logs, layout.cell, len(layout.series))
        multiplier[layout.series, layout.week] = total
        exposed[layout.series, layout.week] = True
        ends = np.cumsum([len(row.doors) for row in rows])[:-1]
        paid = lift.log_paid(np.array([row.discount for row in rows]))
        each = zip(rows, np.split(increments, ends), paid.tolist(), strict=True)
        for row, increment, log_paid in each:
            at = row.doors, row.weeks
            units[row.activation.activation][at] += increment * baseline[at]
            own_sd = np.hypot(_sd(base, sku, row, log_paid), base.event_sd)
            sd[row.weeks] = np.maximum(sd[row.weeks], own_sd)
    return OwnLift(units=units, multiplier=multiplier, exposed=exposed, sd=sd, depth=depth)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One featured item of an activation, in the k cells in which it runs."""

    activation: Activation
    stated: float
    """Lift that people stated; NaN: what history lets expect."""
    doors: Ints
    """Position of each cell's door, (k,)."""
    weeks: Ints
    """Position of its week within the plan, (k,)."""
    share: Floats
    """Share of its week's demand on whose days the activation runs, (k,)."""
    discount: float
    """Share that it takes off the regular price, 0 for nothing."""


def _rows(
    base: Base,
    activations: Sequence[Activation],
    *,
    name: str,
    active: Bools,
    door_index: Mapping[str, int],
) -> tuple[list[_Row], Floats]:
    """Where the activations of a SKU run, and the share that they take off its price, (D, W).

    A cell has one price: the best.
    """
    rows: list[_Row] = []
    cut = np.zeros(active.shape)
    offered = offers_of(activations, name, door_index)
    for activation, mine in zip(activations, offered, strict=True):
        share = activation.share(base.weeks, base.weekday_shares)
        within = np.flatnonzero(share > 0)
        if not len(within):
            continue
        runs = slice(int(within[0]), int(within[-1]) + 1)  # elsewhere it does nothing
        for offer in mine:
            cells = offer.at[:, None] & active[:, runs]
            doors, weeks = np.nonzero(cells)
            weeks += runs.start
            discount = offers.paid_for(offer.discount, activation.type, base.usual_discounts)
            cut[doors, weeks] = np.maximum(cut[doors, weeks], discount)
            rows.append(
                _Row(
                    activation=activation,
                    stated=offer.stated,
                    doors=doors,
                    weeks=weeks,
                    share=share[weeks],
                    discount=discount,
                )
            )
    return rows, cut


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What an activation offers of one SKU at some doors."""

    at: Bools
    """(D,)."""
    discount: float
    """Share of the regular price, 0 for nothing."""
    stated: float
    """Lift that people stated; NaN: what history lets expect."""


def offers_of(
    activations: Sequence[Activation], name: str, door_index: Mapping[str, int]
) -> list[list[Offer]]:
    """What each of some activations offers of one SKU.

    A door has one offer of a campaign (offers.said_once), whatever rows speak of it.
    """
    found: list[list[Offer]] = [[] for _ in activations]
    offered = [(n, i) for n, a in enumerate(activations) for i in a.of_sku(name)]
    places = [np.flatnonzero(doors_of(item, door_index)) for _, item in offered]
    of_item = np.repeat(np.arange(len(offered)), [len(at) for at in places])
    if not len(of_item):
        return found
    at = np.concatenate(places)
    campaign = np.array(campaigns(activations), dtype=np.int64)
    owner = np.array([n for n, _ in offered], dtype=np.int64)
    discount, lifts = (
        np.array([getattr(item, part) for _, item in offered], dtype=float)
        for part in ("discount", "lift")
    )
    kept, cut, stated = offers.stated_once(
        campaign[owner][of_item],
        at,
        general=np.array([item.door is None for _, item in offered])[of_item],
        discount=discount[of_item],
        lift=lifts[of_item],
    )
    if len(kept) == len(at):  # as nearly always: each row is an offer of its own
        for (n, item), doors in zip(offered, places, strict=True):
            where = np.zeros(len(door_index), dtype=bool)
            where[doors] = True
            known = np.nan if item.lift is None else item.lift
            found[n].append(Offer(at=where, discount=item.discount or 0.0, stated=known))
        return found
    whose, n_doors = owner[of_item][kept], len(door_index)
    return _merged(found, at[kept], whose, discount=cut, stated=stated, n_doors=n_doors)


def _merged(
    found: list[list[Offer]],
    at: Ints,
    owner: Ints,
    *,
    discount: Floats,
    stated: Floats,
    n_doors: int,
) -> list[list[Offer]]:
    """Doors with the same terms of an activation as one offer, added to those `found`."""
    none = -1.0
    terms = np.column_stack([owner, np.nan_to_num(discount), np.nan_to_num(stated, nan=none)])
    where: dict[tuple[float, ...], list[int]] = {}
    for door, term in zip(at.tolist(), terms.tolist(), strict=True):
        where.setdefault(tuple(term), []).append(door)
    for (whose, discounted, lifted), doors in where.items():
        known = np.nan if lifted == none else lifted
        there = np.zeros(n_doors, dtype=bool)
        there[doors] = True
        found[int(whose)].append(Offer(at=there, discount=discounted, stated=known))
    return found


def _exposures(base: Base, sku: int, rows: Sequence[_Row]) -> Exposures:
    """Cells of the rows one below another, as the fit knows them; a series is a door."""
    kinds = tuple(dict.fromkeys(row.activation.type for row in rows))
    count = [len(row.doors) for row in rows]
    doors = np.concatenate([row.doors for row in rows])
    weeks = np.concatenate([row.weeks for row in rows])

    def each(values: Sequence[float]) -> Floats:
        return np.repeat(np.array(values, dtype=float), count)

    start = _days([row.activation.start for row in rows], count)
    end = _days([row.activation.end for row in rows], count)
    log_price = lift.log_paid(each([row.discount for row in rows]))
    return Exposures(
        activation=np.repeat(np.arange(len(rows)), count),
        series=doors,
        week=weeks,
        share=np.concatenate([row.share for row in rows]),
        kind=np.repeat([kinds.index(row.activation.type) for row in rows], count),
        days=lift.days_within(start, end, base.weeks[weeks]),
        log_price=np.maximum(log_price, base.seen[sku]),
        log_regular=base.log_regular[sku][doors],
        later=base.weeks[weeks] > start,
        fixed=lift.log_stated(each([row.stated for row in rows])),
        kinds=kinds,
        n_weeks=len(base.weeks),
        before=demand_before(base.weekday_shares),
    )


def _days(days: Sequence[dt.date], count: Sequence[int]) -> Dates:
    repeated: Dates = np.repeat(np.array(days, dtype="datetime64[D]"), count)
    return repeated


def _coefficients(base: Base, sku: int, columns: Sequence[str]) -> Floats:
    """What each regressor is worth at every door, (D, p); what the run did not know of, 0.

    Types of which history has no activation are worth what is generally known of them.
    """
    found = np.column_stack([_coefficient(base, sku, name) for name in columns])
    for at, name in enumerate(columns):
        if name not in base.columns and name not in lift.SHAPES:
            found[:, at] = priors.usual((name,)).mean[0]
    return found


def _sd(base: Base, sku: int, row: _Row, log_paid: float) -> float:
    """Standard deviation of a row's log lift; none where people stated it."""
    if not np.isnan(row.stated):
        return 0.0
    kind = row.activation.type
    if kind in base.columns:
        sd = float(base.lift_sd[sku, base.columns.index(kind)])
    else:
        sd = float(priors.usual((kind,)).sd[0])
    deepest = max(log_paid, float(base.seen[sku]))
    if deepest < 0 and lift.PRICE in base.columns:
        of_price = base.lift_sd[sku, base.columns.index(lift.PRICE)]
        sd = float(np.hypot(sd, of_price * deepest))
    return sd


def push_of(base: Base, sku: int, own: OwnLift) -> Floats:
    """What a SKU's lift adds to the demand of its class, in shares of the class, (D, W)."""
    push: Floats = base.share[sku][:, None] * (own.multiplier - 1)
    return push


def spillover_of(base: Base, sku: int, own: OwnLift, others: Floats) -> tuple[Floats, Floats]:
    """What demand is multiplied by for what was bought ahead, and for other SKUs, (D, W).

    Parameters
    ----------
    others : float array, shape (D, W)
        What the rest of the class adds to the demand of the class, in shares of it.
    """
    ahead = spillover.bought_ahead(own.multiplier, own.exposed, before=base.ahead[sku])
    stocked = _coefficient(base, sku, priors.STOCKED)[:, None]
    rivals = _coefficient(base, sku, priors.RIVALS)[:, None]
    return np.exp(stocked * ahead), np.maximum(1 + others, spillover.LEAST_OTHERS) ** rivals


def _coefficient(base: Base, sku: int, column: str) -> Floats:
    """One coefficient at every door, (D,); 0 where the run did not know of it."""
    if column not in base.columns:
        return np.zeros(base.log_lift.shape[1])
    of_doors: Floats = base.log_lift[sku, :, base.columns.index(column)]
    return of_doors
