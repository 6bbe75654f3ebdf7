"""The service level that costs least: stock left over against sales and goodwill missed.

A unit more is held at the end of the week if it was not needed, or else saves what a missed
unit costs; at the least cost the two are in balance (the critical ratio of the newsvendor:
Arrow, K., Harris, T. and Marschak, J. (1951), Optimal inventory policy). What is left over
goes on selling, so it costs its holding for a week and no more.
"""

from __future__ import annotations

import numpy as np

from forecasting.hierarchy import Floats


def cheapest_service(
    price: Floats, cost: Floats, holding: Floats, goodwill: Floats, *, waits: bool
) -> Floats:
    """Share of cycles met in full that costs least, NaN where that cannot be stated.

    Parameters
    ----------
    price, cost : float array
        What a unit sells for, and its unit cost, in money.
    holding : float array
        Cost of holding a unit for a week.
    goodwill : float array
        What it costs beside the margin that a customer does not get a unit in a week.
    waits : bool
        Customers wait for what is not there: goodwill is lost, the margin is not.

    Examples
    --------
    >>> one = np.array([1.0])
    >>> cheapest_service(20 * one, 12 * one, 0.5 * one, one, waits=False).round(4)
    array([0.9474])
    >>> cheapest_service(20 * one, 12 * one, 0.5 * one, one, waits=True).round(4)
    array([0.6667])
    """
    missed = goodwill if waits else price - cost + goodwill
    known = (missed > 0) & (holding > 0) & ~np.isnan(price + cost)
    ratio: Floats = np.where(known, missed, np.nan) / np.where(known, missed + holding, 1.0)
    return ratio
