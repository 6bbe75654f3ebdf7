"""The statistical forecast of one SKU in the plan: its baseline and what activations do.

The same arithmetic as the fit's (demand/lift.py, demand/spillover.py), laid over the
activations as they stand now, at all doors and weeks of one SKU at once; a test holds the
two equal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from forecasting.basis import Base
from forecasting.calendar import Dates
from forecasting.consensus.activations import Activation, Item
from forecasting.demand import lift, priors, spillover
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
    """Where a SKU is ranged and has a forecast, and its baseline in units, (D, W)."""
    span = np.arange(len(base.weeks))
    first, last = base.ranged[0][sku], base.ranged[1][sku]
    level = base.level[sku]
    active: Bools = (
        ~np.isnan(level)[:, None] & (span >= first[:, None]) & (span <= last[:, None])
    )
    full = np.nan_to_num(level)[:, None] * base.shape[sku]
    return active, np.where(active, full, 0.0)


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
    n_doors, n_weeks = baseline.shape
    sd = np.zeros(n_weeks)
    cut = np.zeros(baseline.shape)
    in_cell, telling = np.zeros(baseline.shape, np.int64), np.zeros(baseline.shape, np.int64)
    priced = np.zeros(baseline.shape, dtype=bool)
    rows: list[_Row] = []
    for activation in activations:
        share = activation.share(base.weeks, base.weekday_shares)
        within = np.flatnonzero(share > 0)
        if not len(within):
            continue
        runs = slice(int(within[0]), int(within[-1]) + 1)  # elsewhere it does nothing
        for item in activation.of_sku(name):
            cells = doors_of(item, door_index)[:, None] & active[:, runs]
            depth = min(item.discount or 0.0, lift.DEEPEST)
            states = cells & ~priced[:, runs] & (depth > 0)
            priced[:, runs] |= states
            cut[:, runs] = np.where(states, depth, cut[:, runs])
            in_cell[:, runs] += cells
            if activation.type != lift.BARE_PRICE:
                telling[:, runs] += cells
            rows.append(
                _Row(
                    activation=activation,
                    stated=item.lift,
                    weeks=runs,
                    share=share[runs],
                    cells=cells,
                    log_price=np.where(states, np.log1p(-depth), 0.0),
                )
            )
    units: dict[str, Floats] = {a.activation: np.zeros_like(baseline) for a in activations}
    if not rows:
        return OwnLift(
            units=units,
            multiplier=np.ones_like(baseline),
            exposed=in_cell > 0,
            sd=sd,
            depth=cut,
        )
    cell = np.arange(n_doors * n_weeks).reshape(baseline.shape)
    logs, places = [], []
    for row in rows:
        runs, own_sd = row.weeks, 0.0
        if row.stated is not None:
            full = np.full(row.cells.shape, np.log(max(row.stated, 1e-3)))
        else:
            full, own_sd = _expected(
                base, sku, row.activation, weeks=base.weeks[runs], log_price=row.log_price,
                telling=telling[:, runs], in_cell=in_cell[:, runs],
            )  # fmt: skip
        logs.append(np.where(row.cells, lift.at_share(full, row.share), 0.0).ravel())
        places.append(cell[:, runs].ravel())
        sd[runs] = np.maximum(sd[runs], np.hypot(own_sd, base.event_sd))
    increments, total = lift.parts(
        np.concatenate(logs), np.concatenate(places), n_doors * n_weeks
    )
    ends = np.cumsum([len(one) for one in logs])[:-1]
    for row, increment in zip(rows, np.split(increments, ends), strict=True):
        runs, mine = row.weeks, units[row.activation.activation]
        mine[:, runs] += increment.reshape(row.cells.shape) * baseline[:, runs]
    return OwnLift(
        units=units,
        multiplier=total.reshape(baseline.shape),
        exposed=in_cell > 0,
        sd=sd,
        depth=cut,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One featured item of an activation, in the w weeks in which that runs."""

    activation: Activation
    stated: float | None
    """Lift that people stated; None: what history lets expect."""
    weeks: slice
    """The w weeks within the plan."""
    share: Floats
    """Share of each week's demand on whose days it runs, (w,)."""
    cells: Bools
    """Where it runs, (D, w)."""
    log_price: Floats
    """Of the price that it states, 0 where it states none, (D, w)."""


def _expected(
    base: Base,
    sku: int,
    activation: Activation,
    *,
    weeks: Dates,
    log_price: Floats,
    telling: Ints,
    in_cell: Ints,
) -> tuple[Floats, float]:
    """Log lift at full exposure that history lets expect in some weeks, (D, w), and its sd."""
    kind = activation.type
    if kind in base.columns:
        of_kind = _coefficient(base, sku, kind)
        sd = float(base.lift_sd[sku, base.columns.index(kind)])
    else:  # no activation of this type in history: what is generally known
        known = priors.usual((kind,))
        of_kind, sd = np.full(len(base.level[sku]), known.mean[0]), float(known.sd[0])
    full = np.broadcast_to(of_kind[:, None], log_price.shape)
    found = lift.shapes(
        log_price=log_price,
        log_regular=base.log_regular[sku][:, None],
        later=weeks > np.datetime64(activation.start, "D"),
        tells=kind != lift.BARE_PRICE,
        telling=telling,
        in_cell=in_cell,
    )
    for name, regressor in zip(lift.SHAPES, found, strict=True):
        full = full + _coefficient(base, sku, name)[:, None] * regressor
    deepest = float(np.min(log_price, initial=0.0))
    if deepest < 0 and lift.PRICE in base.columns:
        of_price = base.lift_sd[sku, base.columns.index(lift.PRICE)]
        sd = float(np.hypot(sd, of_price * deepest))
    return full, sd


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
