"""Several offers on one SKU, door and week: which of them counts, and what the customer pays.

The one rule, for learning and for planning alike:

- Within one activation the more special row replaces the general one; it is the same offer
  stated more exactly. What it leaves blank, the general row says.
- Activations that meet multiply, but there is one price: day by day the customer pays the
  best. An offer counts for what it takes off beyond the shallower offers of its days.
- A bare price cut beneath another is the same sign on the same shelf: it counts once.
- A lift that people stated speaks for its whole offer, price and all: beneath it a bare
  price cut does nothing more.
- Nine tenths off and more is how gifts and two for one are typed: it says nothing of the price
  that is paid. Such an offer takes off what its type usually does in this company.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.hierarchy import Bools, Floats, Ints

BARE_PRICE = "price"
"""The one type of activation that only cuts a price and tells nobody."""
DAYS = 7
"""Of a week."""
FREE = 0.9
"""A discount from which on nobody says what is paid: a gift, or two for one, typed as a cut."""
USUAL_CUT = 0.25
"""What a price cut takes off where none was ever stated: a usual one in retail, and half of
what two for one takes off, so that an order book is not filled by a guess."""
ANY_TYPE = ""
"""What stands for all types together in usual discounts."""


def usual_discounts(types: pd.Series, discounts: pd.Series) -> dict[str, float]:
    """What activations of each type usually take off the price, by type and for `ANY_TYPE`.

    Parameters
    ----------
    types, discounts : Series
        Of each featured SKU of the past, blank where it has no price cut (which a bare price
        cut always has, so that a blank one is not known).

    Returns
    -------
    dict
        Mean cut, as share of the regular price (by the mean of its log, which is what demand
        responds to); types of which no price is known are left out. Of all types together,
        the mean of the cuts that there were.
    """
    cut = discounts.fillna(0.0)
    known = (cut < FREE) & ((cut > 0) | (types != BARE_PRICE))
    log = np.log1p(-cut[known])
    found = {str(t): float(-np.expm1(x)) for t, x in log.groupby(types[known]).mean().items()}
    if (log < 0).any():
        found[ANY_TYPE] = float(-np.expm1(log[log < 0].mean()))
    return found


def usual_of(usual: Mapping[str, float], kind: str) -> float:
    """What a type usually takes off; of a type without a known price, what price cuts do."""
    return usual.get(kind, usual.get(ANY_TYPE, USUAL_CUT))


def paid_for(discount: float, kind: str, usual: Mapping[str, float]) -> float:
    """What an offer takes off, as far as anybody knows: one that is `FREE`, what is usual."""
    return usual_of(usual, kind) if discount >= FREE else discount


def stated_once(
    activation: Ints, place: Ints, *, general: Bools, discount: Floats, lift: Floats
) -> tuple[Ints, Floats, Floats]:
    """One row for each activation and place: the most special one.

    Parameters
    ----------
    activation, place : int array, shape (m,)
        Of each row; a place is a SKU at a door, or a door.
    general : bool array, shape (m,)
        It speaks of its place only among others.
    discount, lift : float array, shape (m,)
        NaN where nothing is stated.

    Returns
    -------
    (positions of the rows that count, in order; their discount; their lift). What a row
    leaves blank it has from rows as special, the deepest cut first, and then from the
    general one; a lift only where it states no price cut of its own, which would be another
    offer than the one that the general lift is of.
    """
    whole = np.arange(len(place))
    if len(place) < 2:
        return whole, discount, lift
    keys = activation * (int(place.max()) + 1) + place
    if len(np.unique(keys)) == len(keys):
        return whole, discount, lift
    rows = pd.DataFrame(
        {"key": keys, "row": whole, "general": general, "discount": discount, "lift": lift}
    ).sort_values(["key", "general", "discount"], ascending=[True, True, False], kind="stable")
    # The level of a row's most special ones, by itself.
    level = rows["general"] == rows.groupby("key")["general"].transform("min")
    own = rows[level].groupby("key").first()
    every = rows.groupby("key").first()
    states = own["discount"].notna() & ~own["general"]
    found = every.assign(row=own["row"], lift=own["lift"].where(states, every["lift"]))
    found = found.sort_values("row")
    return (
        found["row"].to_numpy(dtype=np.int64),
        found["discount"].to_numpy(dtype=float),
        found["lift"].to_numpy(dtype=float),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What each of m rows does in its cell, beside the others of the cell."""

    share: Floats
    """Share of the week's demand on whose days it counts."""
    above: Floats
    """Log price that shallower offers have reached already on its days, 0 for none."""
    owed: Floats
    """The same as far as it was estimated: what a stated lift already speaks for."""
    own: Floats
    """Share of its days on which it is more than another price on the same sign, 0 to 1."""


def settle(
    cell: Ints,
    *,
    share: Floats,
    log_price: Floats,
    bare: Bools,
    stated: Bools,
    days: tuple[Ints, Ints],
    before: Floats,
) -> Settled:
    """Lay the offers of each cell one over another, the shallowest first.

    Parameters
    ----------
    cell : int array, shape (m,)
    share : float array, shape (m,)
        Share of the week's demand on whose days each runs.
    log_price : float array, shape (m,)
        log(1 - discount) of each, 0 without a price cut.
    bare : bool array, shape (m,)
        It cuts a price and tells nobody.
    stated : bool array, shape (m,)
        People stated its lift.
    days : (first, last) int arrays, shape (m,) each
        Of the week on which each runs, 0 to 6.
    before : float array, shape (8,)
        Share of a week's demand before each day.
    """
    nothing = np.zeros(len(cell))
    alone = Settled(share=share, above=nothing, owed=nothing, own=np.ones(len(cell)))
    priced = np.flatnonzero(log_price < 0)
    if not len(priced):
        return alone
    _, of_cell, count = np.unique(cell[priced], return_inverse=True, return_counts=True)
    priced = priced[count[of_cell] > 1]
    if not len(priced):
        return alone
    # Of equally deep ones a stated lift is over the others: it speaks for the price.
    order = np.lexsort((priced, stated[priced], -log_price[priced], cell[priced]))
    rows = priced[order]
    pile = _Pile(
        rows=rows,
        of_cell=np.unique(cell[rows], return_inverse=True)[1],
        runs=_on_days(days[0][rows], days[1][rows]),
        worth=np.diff(before),
    )
    return _laid(pile, alone, log_price=log_price[rows], bare=bare[rows], stated=stated[rows])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pile:
    """Rows that share a cell with another price, cell by cell, the shallowest first."""

    rows: Ints
    of_cell: Ints
    runs: Bools
    """On which days each runs, (k, 7)."""
    worth: Floats
    """Share of the week's demand on each day, (7,)."""

    @property
    def layers(self) -> list[Ints]:
        """Rows at each height, at most one of a cell in each."""
        starts = np.flatnonzero(np.diff(self.of_cell, prepend=-1))
        height = np.arange(len(self.rows)) - starts[self.of_cell]
        return [np.flatnonzero(height == h) for h in range(int(height.max()) + 1)]

    def mean(self, of_days: Floats | Bools, runs: Bools) -> Floats:
        """A value of days, (k, 7), over the days on which rows run, (k,)."""
        weight = runs * np.maximum(self.worth, 1e-12)
        found: Floats = (of_days * weight).sum(axis=1) / np.maximum(weight.sum(axis=1), 1e-12)
        return found


def _on_days(first: Ints, last: Ints) -> Bools:
    at = np.arange(DAYS)
    runs: Bools = (at >= first[:, None]) & (at <= last[:, None])
    return runs


def _laid(
    pile: _Pile, alone: Settled, *, log_price: Floats, bare: Bools, stated: Bools
) -> Settled:
    n_cells = int(pile.of_cell.max()) + 1
    runs, layers = _uncovered(pile, bare=bare, stated=stated), pile.layers
    lost = (pile.runs & ~runs) @ pile.worth
    above, owed, own = np.zeros(len(runs)), np.zeros(len(runs)), np.ones(len(runs))
    reached = np.zeros((n_cells, DAYS))
    signed, spoken = np.zeros((n_cells, DAYS), bool), np.zeros((n_cells, DAYS), bool)
    for layer in layers:
        at, on = pile.of_cell[layer], runs[layer]
        above[layer] = pile.mean(reached[at], on)
        owed[layer] = pile.mean(np.where(spoken[at], 0.0, reached[at]), on)
        own[layer] = 1 - bare[layer] * pile.mean(signed[at], on)
        deep = np.where(on, log_price[layer][:, None], 0.0)
        reached[at] = np.minimum(reached[at], deep)
        signed[at] |= on & bare[layer][:, None]
        spoken[at] |= on & stated[layer][:, None]
    found = [part.copy() for part in (alone.share, alone.above, alone.owed, alone.own)]
    for part, of_pile in zip(found[1:], (above, owed, own), strict=True):
        part[pile.rows] = of_pile
    found[0][pile.rows] = np.maximum(found[0][pile.rows] - lost, 0.0)
    found[0][pile.rows[~runs.any(axis=1)]] = 0.0
    return Settled(share=found[0], above=found[1], owed=found[2], own=found[3])


def _uncovered(pile: _Pile, *, bare: Bools, stated: Bools) -> Bools:
    """Days on which rows count, (k, 7): a bare price cut not beneath a stated lift."""
    runs = pile.runs.copy()
    covered = np.zeros((int(pile.of_cell.max()) + 1, DAYS), dtype=bool)
    for layer in reversed(pile.layers):
        at = pile.of_cell[layer]
        runs[layer] &= ~(covered[at] & bare[layer][:, None])
        covered[at] |= pile.runs[layer] & stated[layer][:, None]
    return runs
