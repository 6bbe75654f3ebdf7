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
    none = np.zeros(baseline.shape, dtype=bool)
    cut = np.zeros(baseline.shape)
    rows: list[tuple[str, Activation, Item, Bools, Floats, Floats]] = []
    priced = none.copy()
    for activation in activations:
        share = activation.share(base.weeks, base.weekday_shares)
        for item in activation.items:
            if item.sku != name:
                continue
            cells = doors_of(item, door_index)[:, None] & (share > 0) & active
            depth = min(item.discount or 0.0, lift.DEEPEST)
            states = cells & ~priced if depth > 0 else none
            priced = priced | states
            cut = np.where(states, depth, cut)
            log_price = np.where(states, np.log1p(-depth), 0.0)
            rows.append((activation.activation, activation, item, cells, share, log_price))
    units: dict[str, Floats] = {a.activation: np.zeros_like(baseline) for a in activations}
    if not rows:
        return OwnLift(
            units=units, multiplier=np.ones_like(baseline), exposed=none, sd=sd, depth=cut
        )
    in_cell = np.sum([cells for _, _, _, cells, _, _ in rows], axis=0)
    telling = np.sum(
        [cells & (a.type != lift.BARE_PRICE) for _, a, _, cells, _, _ in rows], axis=0
    )
    logs = np.zeros((len(rows), n_doors, n_weeks))
    for i, (_, activation, item, cells, share, log_price) in enumerate(rows):
        own_sd = 0.0
        runs = np.flatnonzero(share > 0)  # outside its weeks there is nothing to work out
        if item.lift is not None:
            full = np.full((n_doors, len(runs)), np.log(max(item.lift, 1e-3)))
        else:
            full, own_sd = _expected(
                base, sku, activation, weeks=base.weeks[runs], log_price=log_price[:, runs],
                telling=telling[:, runs], in_cell=in_cell[:, runs],
            )  # fmt: skip
        logs[i][:, runs] = np.where(cells[:, runs], lift.at_share(full, share[runs]), 0.0)
        sd = np.maximum(sd, np.where(share > 0, np.hypot(own_sd, base.event_sd), 0.0))
    cell = np.tile(np.arange(n_doors * n_weeks), len(rows))
    increments, total = lift.parts(logs.ravel(), cell, n_doors * n_weeks)
    for (identity, *_), increment in zip(rows, increments.reshape(logs.shape), strict=True):
        units[identity] = units[identity] + increment * baseline
    return OwnLift(
        units=units,
        multiplier=total.reshape(baseline.shape),
        exposed=in_cell > 0,
        sd=sd,
        depth=cut,
    )


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
