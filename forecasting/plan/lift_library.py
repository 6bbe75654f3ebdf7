"""Experience: what past activations were worth, arranged for whoever plans the next one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.consensus.activations import Activation

EIGHTY = 1.2816
"""Half of an 80% interval, in standard deviations."""
LIKE_DISCOUNT = 0.10
"""Discounts no further apart than this are alike."""
FEW = 5
"""With fewer alike in the class, those of all classes are shown."""


def library(lifts: pd.DataFrame, activations: Iterable[Activation]) -> pd.DataFrame:
    """Every past activation and SKU, planned against actual.

    Parameters
    ----------
    lifts : DataFrame, one row per activation and SKU
        activation, sku, class, doors, first_week, baseline, actual, expected, log_sd,
        promised.
    activations : iterable of Activation

    Returns
    -------
    DataFrame, one row per activation and SKU
        activation, name, type, discount, sku, class, first_week, doors, baseline (units),
        actual, expected (units added), actual_lift, expected_lift, low, high (multipliers
        of the baseline; low to high is the 80% interval), promised (stated by people, NaN),
        as_expected (bool).
    """
    known = {a.activation: a for a in activations}
    rows = lifts[lifts["activation"].isin(list(known))].reset_index(drop=True)
    depth = {
        (a.activation, sku): a.discount_of(sku)
        for a in known.values()
        for sku in {i.sku for i in a.items}
    }
    expected = 1 + rows["expected"] / rows["baseline"]
    actual = 1 + rows["actual"] / rows["baseline"]
    centre = np.log(np.maximum(expected, 0.1))
    low, high = (np.exp(centre + side * EIGHTY * rows["log_sd"]) for side in (-1, 1))
    return rows.assign(
        name=[known[a].name for a in rows["activation"]],
        type=[known[a].type for a in rows["activation"]],
        discount=[
            depth.get(key, 0.0) for key in zip(rows["activation"], rows["sku"], strict=True)
        ],
        actual_lift=actual,
        expected_lift=expected,
        low=low,
        high=high,
        as_expected=(actual >= low) & (actual <= high),
    )


def by_activation(rows: pd.DataFrame) -> pd.DataFrame:
    """The library summed to activations: units are added, lifts come from the sums.

    Returns
    -------
    DataFrame, one row per activation, latest first
        activation, name, type, first_week, skus, baseline, actual, expected, actual_lift,
        expected_lift, promised (mean of those stated), as_expected (share of its SKUs).
    """
    found = rows.groupby(["activation", "name", "type"], as_index=False, sort=False).agg(
        first_week=("first_week", "min"),
        skus=("sku", "nunique"),
        baseline=("baseline", "sum"),
        actual=("actual", "sum"),
        expected=("expected", "sum"),
        promised=("promised", "mean"),
        as_expected=("as_expected", "mean"),
    )
    return found.assign(
        actual_lift=1 + found["actual"] / found["baseline"],
        expected_lift=1 + found["expected"] / found["baseline"],
    ).sort_values("first_week", ascending=False, ignore_index=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """Past activations like a planned one, for one SKU."""

    rows: pd.DataFrame
    """Of the library, summed to activations."""
    whose: str
    """Which they are, in words."""

    @property
    def lifts(self) -> list[float]:
        """What each was worth, times the baseline."""
        return [float(v) for v in self.rows["actual_lift"]]

    def beaten_by(self, lift: float) -> int:
        """How many of them were worth less than a lift."""
        return sum(value < lift for value in self.lifts)


def alike(rows: pd.DataFrame, *, kind: str, klass: str, discount: float) -> Alike:
    """Past activations of the same type, class and about the same discount.

    Where the class has fewer than five of them, those of all classes; where there are none
    at about that discount, those at any.
    """
    same = rows[rows["type"] == kind]
    near = same[(same["discount"] - discount).abs() <= LIKE_DISCOUNT]
    of_class = near[near["class"] == klass]
    if of_class["activation"].nunique() >= FEW:
        return Alike(rows=by_activation(of_class), whose=f"{kind} in {klass}, similar discount")
    if near["activation"].nunique() > 0:
        return Alike(rows=by_activation(near), whose=f"{kind} in any class, similar discount")
    return Alike(rows=by_activation(same), whose=f"{kind} in any class, any discount")
