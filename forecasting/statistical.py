"""The statistical forecast of one SKU in the plan: its baseline and what activations do.

What the fit learnt (demand/lift.py, demand/spillover.py), laid over the activations as they
stand now, at all doors and weeks of one SKU at once; a test holds the two equal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from forecasting.basis import Base
from forecasting.consensus.activations import Activation, Item
from forecasting.demand import lift, priors, spillover
from forecasting.demand.lift import Exposures, Layout
from forecasting.hierarchy import Bools, Floats, Ints

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
    full = np.nan_to_num(level)[:, None] * base.shape[sku]
    return active, np.where(active, full * share, 0.0)


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
        for row, increment in zip(rows, np.split(increments, ends), strict=True):
            at = row.doors, row.weeks
            units[row.activation.activation][at] += increment * baseline[at]
            own_sd = np.hypot(_sd(base, sku, row), base.event_sd)
            sd[row.weeks] = np.maximum(sd[row.weeks], own_sd)
    return OwnLift(units=units, multiplier=multiplier, exposed=exposed, sd=sd, depth=depth)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One featured item of an activation, in the k cells in which it runs."""

    activation: Activation
    stated: float | None
    """Lift that people stated; None: what history lets expect."""
    doors: Ints
    """Position of each cell's door, (k,)."""
    weeks: Ints
    """Position of its week within the plan, (k,)."""
    share: Floats
    """Share of its week's demand on whose days the activation runs, (k,)."""
    log_price: Floats
    """Of the price that it states, 0 where it states none, (k,)."""


def _rows(
    base: Base,
    activations: Sequence[Activation],
    *,
    name: str,
    active: Bools,
    door_index: Mapping[str, int],
) -> tuple[list[_Row], Floats]:
    """Where the activations of a SKU run, and the share that they take off its price, (D, W).

    A cell has one price: the first activation that carries a discount states it.
    """
    rows: list[_Row] = []
    cut = np.zeros(active.shape)
    for activation in activations:
        share = activation.share(base.weeks, base.weekday_shares)
        within = np.flatnonzero(share > 0)
        if not len(within):
            continue
        runs = slice(int(within[0]), int(within[-1]) + 1)  # elsewhere it does nothing
        for item in activation.of_sku(name):
            cells = doors_of(item, door_index)[:, None] & active[:, runs]
            doors, weeks = np.nonzero(cells)
            weeks += runs.start
            log_price = np.zeros(len(doors))
            if item.discount:
                depth = min(item.discount, lift.DEEPEST)
                states = cut[doors, weeks] == 0
                cut[doors[states], weeks[states]] = depth
                log_price[states] = np.log1p(-depth)
            rows.append(
                _Row(
                    activation=activation,
                    stated=item.lift,
                    doors=doors,
                    weeks=weeks,
                    share=share[weeks],
                    log_price=log_price,
                )
            )
    return rows, cut


def _exposures(base: Base, sku: int, rows: Sequence[_Row]) -> Exposures:
    """Cells of the rows one below another, as the fit knows them; a series is a door."""
    kinds = tuple(dict.fromkeys(row.activation.type for row in rows))
    count = [len(row.doors) for row in rows]
    doors = np.concatenate([row.doors for row in rows])
    weeks = np.concatenate([row.weeks for row in rows])
    start = np.array([row.activation.start for row in rows], dtype="datetime64[D]")
    stated = [np.nan if row.stated is None else max(row.stated, 1e-3) for row in rows]
    return Exposures(
        activation=np.repeat(np.arange(len(rows)), count),
        series=doors,
        week=weeks,
        share=np.concatenate([row.share for row in rows]),
        kind=np.repeat([kinds.index(row.activation.type) for row in rows], count),
        log_price=np.concatenate([row.log_price for row in rows]),
        log_regular=base.log_regular[sku][doors],
        later=base.weeks[weeks] > np.repeat(start, count),
        fixed=np.repeat(np.log(stated), count),
        kinds=kinds,
        n_weeks=len(base.weeks),
    )


def _coefficients(base: Base, sku: int, columns: Sequence[str]) -> Floats:
    """What each regressor is worth at every door, (D, p); what the run did not know of, 0.

    Types of which history has no activation are worth what is generally known of them.
    """
    found = np.column_stack([_coefficient(base, sku, name) for name in columns])
    for at, name in enumerate(columns):
        if name not in base.columns and name not in lift.SHAPES:
            found[:, at] = priors.usual((name,)).mean[0]
    return found


def _sd(base: Base, sku: int, row: _Row) -> float:
    """Standard deviation of a row's log lift; none where people stated it."""
    if row.stated is not None:
        return 0.0
    kind = row.activation.type
    if kind in base.columns:
        sd = float(base.lift_sd[sku, base.columns.index(kind)])
    else:
        sd = float(priors.usual((kind,)).sd[0])
    deepest = float(row.log_price.min(initial=0.0))
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
