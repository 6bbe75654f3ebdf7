"""Facts that have a date: what holds now, and what is announced to hold from a week on.

A price list says today what a unit will cost in spring. Whoever counts money in a week reads
the price of that week; here each SKU of which nothing is announced stays one value a door,
because that is nearly all of them.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from forecasting.calendar import Dates
from forecasting.hierarchy import Bools, Floats

LEAST_MOVE = 1e-3
"""Log move of price, mean over doors, from which demand is told apart by door."""
COST, LEAD_TIME, SERVICE_LEVEL = "unit_cost", "lead_time_weeks", "service_level"
"""Terms of a SKU that may have dates."""


def prices_in_force(
    skus: pd.DataFrame, prices: pd.DataFrame, doors: pd.Index[str]
) -> tuple[Floats, Bools]:
    """Regular price in force: the door's own, the general one, the SKU's.

    Parameters
    ----------
    skus : DataFrame, one row per SKU
        sku, unit_price.
    prices : DataFrame, one row per SKU and door with a price
        sku, door (blank: all), regular_price.
    doors : Index
        Selling doors.

    Returns
    -------
    (price, NaN unknown; whether a door has its own), (S, D) each
    """
    index = pd.Index(skus["sku"])
    price = np.repeat(skus["unit_price"].to_numpy(dtype=float)[:, None], len(doors), 1)
    own = np.zeros(price.shape, dtype=bool)
    general = prices[prices["door"].isna()]
    at = index.get_indexer(pd.Index(general["sku"]))
    price[at[at >= 0]] = general["regular_price"].to_numpy(dtype=float)[at >= 0, None]
    of_door = prices[prices["door"].notna()]
    s = index.get_indexer(pd.Index(of_door["sku"]))
    d = doors.get_indexer(pd.Index(of_door["door"]))
    inside = (s >= 0) & (d >= 0)
    price[s[inside], d[inside]] = of_door["regular_price"].to_numpy(dtype=float)[inside]
    own[s[inside], d[inside]] = True
    return price, own


def prices_ahead(
    now: Floats,
    own: Bools,
    announced: pd.DataFrame,
    *,
    skus: pd.Index[str],
    doors: pd.Index[str],
    weeks: Dates,
) -> Mapping[int, Floats]:
    """Regular price of each week, of the SKUs of which a change is announced.

    A general change does not reach doors that have a price of their own by then.

    Parameters
    ----------
    now : float array, shape (S, D)
        In force now.
    own : bool array, shape (S, D)
        Doors that have a price of their own.
    announced : DataFrame, one row per SKU, door (blank: all) and week
        sku, door, week, regular_price.

    Returns
    -------
    mapping of SKU to float array, shape (D, W)
    """
    sku = skus.get_indexer(pd.Index(announced["sku"]))
    door = doors.get_indexer(pd.Index(announced["door"]))
    general = announced["door"].isna().to_numpy()
    days = pd.to_datetime(announced["week"]).to_numpy().astype("datetime64[D]")
    week = (days - weeks[0]).astype("timedelta64[D]").astype(np.int64) // 7
    price = announced["regular_price"].to_numpy(dtype=float)
    usable = (sku >= 0) & (general | (door >= 0)) & (week >= 0) & (week < len(weeks))
    found: dict[int, Floats] = {}
    apart: dict[int, Bools] = {}
    for i in sorted(np.flatnonzero(usable).tolist(), key=lambda i: (week[i], not general[i])):
        s = int(sku[i])
        if s not in found:
            found[s] = np.repeat(now[s][:, None], len(weeks), 1)
            apart[s] = own[s].copy()
        if general[i]:
            found[s][~apart[s], week[i] :] = price[i]
        else:
            found[s][door[i], week[i] :] = price[i]
            apart[s][door[i]] = True
    return found


def shared_out(mean: Floats, now: Floats, ahead: Floats, selling: Bools) -> Floats:
    """What moves of price do to demand at each door, given what they do on average, (D, W).

    Parameters
    ----------
    mean : float array, shape (W,)
        Demand at the prices to come over demand at those in force, mean over selling doors.
    now : float array, shape (D,)
        Prices in force.
    ahead : float array, shape (D, W)
        Prices to come.
    selling : bool array, shape (D,)

    Notes
    -----
    In proportion to the log move of each door's price. Where doors move both up and down, the
    mean does not say which does what, and stands for all.

    Examples
    --------
    >>> now, ahead = np.array([30.0, 30.0]), np.array([[20.0], [30.0]])
    >>> shared_out(np.array([1.25]), now, ahead, np.array([True, True])).tolist()
    [[1.5], [1.0]]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        move = np.log(ahead / now[:, None])
    move = np.where(np.isfinite(move), move, 0.0)
    there = move[selling]
    usual = there.mean(axis=0)
    one_way = (there >= 0).all(axis=0) | (there <= 0).all(axis=0)
    tells = one_way & (np.abs(usual) > LEAST_MOVE)
    part = np.where(tells, move / np.where(tells, usual, 1.0), 1.0)
    found: Floats = np.maximum(1 + (mean - 1) * part, 0.0)
    return found


def usual_of(price: Floats) -> Floats:
    """The mean over the doors where it is known, NaN where it is nowhere, (n,).

    Parameters
    ----------
    price : float array, shape (n, D)
    """
    known = ~np.isnan(price)
    count = known.sum(axis=1)
    total = np.where(known, price, 0.0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def by_week(usual: Floats, ahead: Mapping[int, Floats], n_weeks: int) -> Floats:
    """The mean over the doors week by week, (S, W)."""
    found = np.broadcast_to(usual[:, None], (len(usual), n_weeks))
    if ahead:
        found = found.copy()
        for sku, price in ahead.items():
            found[sku] = usual_of(price.T)
    return found


def nothing_announced() -> pd.DataFrame:
    """Terms to come where none are."""
    return pd.DataFrame({"sku": [], "term": [], "week": [], "value": []})


def terms_ahead(
    skus: pd.DataFrame, announced: pd.DataFrame, weeks: Dates
) -> Mapping[str, Mapping[int, Floats]]:
    """Costs, lead times and service levels of each week, of the SKUs of which some change.

    Parameters
    ----------
    skus : DataFrame, one row per SKU
        sku, and what holds now, NaN unknown.
    announced : DataFrame, one row per SKU, term and week
        sku, term, week, value.

    Returns
    -------
    mapping of term to mapping of SKU to float array, shape (W,)

    Examples
    --------
    >>> skus = pd.DataFrame({"sku": ["A", "B"], "unit_cost": [12.0, 5.0]})
    >>> weeks = np.array(["2027-01-03", "2027-01-10"], dtype="datetime64[D]")
    >>> rise = pd.DataFrame(
    ...     {"sku": ["A"], "term": ["unit_cost"], "week": [weeks[1]], "value": [14.2]}
    ... )
    >>> {s: w.tolist() for s, w in terms_ahead(skus, rise, weeks)["unit_cost"].items()}
    {0: [12.0, 14.2]}
    """
    at = pd.Index(skus["sku"]).get_indexer(pd.Index(announced["sku"]))
    days = pd.to_datetime(announced["week"]).to_numpy().astype("datetime64[D]")
    week = (days - weeks[0]).astype("timedelta64[D]").astype(np.int64) // 7
    usable = np.flatnonzero((at >= 0) & (week >= 0) & (week < len(weeks)))
    terms = announced["term"].to_numpy(object)
    values = announced["value"].to_numpy(dtype=float)
    found: dict[str, dict[int, Floats]] = {}
    for i in sorted(usable.tolist(), key=lambda i: week[i]):
        of_term, sku = found.setdefault(str(terms[i]), {}), int(at[i])
        if sku not in of_term:
            of_term[sku] = np.full(len(weeks), float(skus[terms[i]].iloc[sku]))
        of_term[sku][week[i] :] = values[i]
    return found
