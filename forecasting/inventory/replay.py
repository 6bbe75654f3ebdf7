"""What the Bridge would have flagged in past weeks, compared with what then happened.

A cell is one featured SKU at one door in one activation. Where activations share a SKU, a
door and a week, the cell counts once. Only cells of which the outcome is known are scored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from forecasting.hierarchy import Bools, Floats

TENTHS = np.linspace(0, 1, 11)
"""Bounds of the ten classes of risk by which it is seen whether 30% means three in ten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """How well flags foresaw what happened. NaN where there is nothing to divide by."""

    cells: int
    base_rate: float
    """Share of cells that ran out."""
    recall: float
    """Of the cells that ran out, the share that was red."""
    precision: float
    """Of the red cells, the share that ran out."""
    brier: float
    """Mean square of probability less outcome; lower is better."""
    skill: float
    """1 less the Brier score over that of always saying the base rate."""
    auc: float
    """Probability that a cell that ran out had the higher risk than one that did not."""
    lost_in_red: float
    """Share of the units lost that was lost in red cells."""
    calibration: pd.DataFrame
    """One row per tenth of risk: low, high, cells, `said` (mean probability), happened."""

    def as_dict(self) -> dict[str, Any]:
        """Rounded, as a program reads it; NaN is None."""
        names = (
            "base_rate", "recall", "precision", "brier", "skill", "auc", "lost_in_red"
        )  # fmt: skip
        found: dict[str, Any] = {"cells": self.cells}
        for name in names:
            value = float(getattr(self, name))
            found[name] = None if np.isnan(value) else round(value, 4)
        rows = self.calibration[self.calibration["cells"] > 0]
        found["calibration"] = rows.round(4).to_dict("records")
        return found


def cells_of(rows: pd.DataFrame) -> pd.DataFrame:
    """Cells of a replay, each once.

    Parameters
    ----------
    rows : DataFrame, one row per activation, SKU, door and week
        as_of, activation, sku, door, week, p_window, flagged, stocked_out (None unknown),
        units_short (expected), units_lost (what was lost, NaN unknown). Rows of which nothing
        was given (p_window NaN: entered too late) are left out: they are no forecast.

    Returns
    -------
    DataFrame, one row per SKU, door and weeks of an activation
        sku, door, first_week, p, flagged, out, units_short, units_lost.
    """
    is_known = rows["stocked_out"].notna() & rows["p_window"].notna()
    known = rows[is_known].astype({"stocked_out": bool})
    by_activation = known.groupby(["activation", "sku", "door"], sort=False).agg(
        first_week=("week", "min"), weeks=("week", "size"), p=("p_window", "max"),
        flagged=("flagged", "max"), out=("stocked_out", "max"),
        units_short=("units_short", "sum"), units_lost=("units_lost", "sum"),
    )  # fmt: skip
    return (
        by_activation.groupby(["sku", "door", "first_week", "weeks"], sort=False)
        .agg(
            p=("p", "max"),
            flagged=("flagged", "max"),
            out=("out", "max"),
            units_short=("units_short", "sum"),
            units_lost=("units_lost", "max"),
        )
        .reset_index()
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What a recommended mix would have brought, compared with what happened."""

    moves: int
    units: float
    """Lost units that moves would have sold, less those that givers would have lacked."""
    cuts: int
    """Featured SKUs of which less would have been expected, or another been featured."""
    prevented: float
    """Lost units that smaller lifts would not have asked for."""
    given_up: float
    """Units that were sold and would not have been."""
    margin: float
    """Of what moves sell more, less of what is given up; NaN where no margin is known."""
    cost: float
    """Of moves."""

    @property
    def not_short(self) -> float:
        """Lost units that would not have been."""
        return self.units + self.prevented

    @property
    def net(self) -> float:
        """Margin less cost."""
        return self.margin - self.cost

    def as_dict(self) -> dict[str, Any]:
        """Rounded, as a program reads it; NaN is None."""
        return {
            "moves": self.moves,
            "units_saved": round(self.units, 1),
            "calendar_changes": self.cuts,
            "units_prevented": round(self.prevented, 1),
            "units_given_up": round(self.given_up, 1),
            "margin_saved": None if np.isnan(self.margin) else round(self.margin, 2),
            "cost": round(self.cost, 2),
        }


def saved_by(moves: pd.DataFrame, cuts: pd.DataFrame) -> Saved:
    """Sum up what was compared with what happened (`compared_with_actuals`)."""
    net = moves["saved"] - moves["lacked"]
    margin = pd.concat([net * moves["unit_margin"], -cuts["given_up"] * cuts["unit_margin"]])
    return Saved(
        moves=len(moves),
        units=float(net.sum()),
        cuts=len(cuts[["activation", "sku"]].drop_duplicates()),
        prevented=float(cuts["prevented"].sum()),
        given_up=float(cuts["given_up"].sum()),
        margin=float(margin.sum(min_count=1)) if len(margin) else 0.0,
        cost=float(moves["cost"].sum()),
    )


_Lost = dict[Any, dict[Any, float]]
"""Units lost by SKU and door, week by week."""


def compared_with_actuals(
    moves: pd.DataFrame, cuts: pd.DataFrame, happened: pd.DataFrame, rows: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Moves and smaller lifts beside what they would have come to; moves come first.

    Parameters
    ----------
    moves : DataFrame, one row per move
        activation, sku, door (that gets them), origin (that gives them; blank where an
        order comes earlier), units, leaves (week; of an order, in which it was due),
        arrives (week).
    cuts : DataFrame, one row per activation, featured SKU, door and week
        sku, door, week, cut (share of demand that would not have come).
    happened : DataFrame, one row per SKU, door and week
        units (sold), on_hand (at its end, NaN unknown), units_lost (NaN unknown).
    rows : DataFrame, one row per activation, featured SKU, door and week
        Which weeks each activation had.

    Returns
    -------
    moves : DataFrame
        With `saved`: units that were lost in the activation and that the move would have had
        there; a lost unit is saved once. And with `lacked`: units that the giver, or the
        door from the week on in which its order was due, would have lacked until the
        activation's end, for all that was counted there.
    cuts : DataFrame
        With `prevented`: units lost all the same that would not have been asked for, each
        once; and with `given_up`: units that were sold and would not have been. What was
        demand is what was sold and lost; the lift that is cut is the share that was expected
        of it.
    """
    places = {key: place.set_index("week") for key, place in happened.groupby(["sku", "door"])}
    lost: _Lost = {
        key: place["units_lost"].fillna(0.0).to_dict() for key, place in places.items()
    }
    counted = {key: place["on_hand"].dropna() for key, place in places.items()}
    saved, lacked = _moved(moves, lost, counted, rows)
    prevented, given_up = _cut(cuts, lost, happened)
    return (
        moves.assign(saved=saved, lacked=lacked),
        cuts.assign(prevented=prevented, given_up=given_up),
    )


def _moved(
    moves: pd.DataFrame, lost: _Lost, counted: Mapping[Any, pd.Series], rows: pd.DataFrame
) -> tuple[Floats, Floats]:
    """Saved and lacked by each move; what it saves is lost no more."""
    span = rows.groupby("activation")["week"].agg(["min", "max"])
    first, last = span["min"].to_dict(), span["max"].to_dict()
    saved, lacked = np.zeros(len(moves)), np.zeros(len(moves))
    lines = moves.to_dict("records")
    # What comes first is used first.
    for i in np.argsort(moves["arrives"].to_numpy(), kind="stable"):
        line = lines[i]
        begin, end = first[line["activation"]], last[line["activation"]]
        there = lost.get((line["sku"], line["door"]), {})
        # An order that comes earlier is extra only until it would have come anyway.
        until = end if line["origin"] else min(end, line["leaves"] - pd.Timedelta(7, "D"))
        left = float(line["units"])
        for week in sorted(w for w in there if max(begin, line["arrives"]) <= w <= until):
            sold = min(left, there[week])
            there[week] -= sold
            left -= sold
        saved[i] = line["units"] - left
        given = line["units"] if line["origin"] else saved[i]
        stock = counted.get((line["sku"], line["origin"] or line["door"]))
        if stock is not None:
            later = stock[(stock.index >= line["leaves"]) & (stock.index <= end)]
            if len(later):
                lacked[i] = max(given - max(float(later.min()), 0.0), 0.0)
    return saved, lacked


def _cut(cuts: pd.DataFrame, lost: _Lost, happened: pd.DataFrame) -> tuple[Floats, Floats]:
    """Prevented and given up by each cut; what it prevents is lost no more."""
    demand = (happened["units"] + happened["units_lost"].fillna(0.0)).to_numpy(dtype=float)
    keys = zip(happened["sku"], happened["door"], happened["week"], strict=True)
    of_week = dict(zip(keys, demand, strict=True))
    prevented, given_up = np.zeros(len(cuts)), np.zeros(len(cuts))
    for i, line in enumerate(cuts.to_dict("records")):
        less = line["cut"] * of_week.get((line["sku"], line["door"], line["week"]), 0.0)
        there = lost.get((line["sku"], line["door"]), {})
        prevented[i] = min(less, there.get(line["week"], 0.0))
        if prevented[i]:
            there[line["week"]] -= prevented[i]
        given_up[i] = less - prevented[i]
    return prevented, given_up


def score(p: Floats, flagged: Bools, out: Bools, lost: Floats) -> Scores:
    """Score probabilities and flags against outcomes.

    Parameters
    ----------
    p : float array, shape (n,)
        Probability of a stockout in the window.
    flagged, out : bool array, shape (n,)
        Red; ran out.
    lost : float array, shape (n,)
        Units lost.

    Notes
    -----
    Brier, G. (1950), Verification of forecasts expressed in terms of probability.
    """
    n, happened = len(p), int(out.sum())
    rate = happened / n if n else np.nan
    brier = float(np.mean((p - out) ** 2)) if n else np.nan
    always = rate * (1 - rate)
    pairs = happened * (n - happened)
    ranks = pd.Series(p).rank()[out].sum() - happened * (happened + 1) / 2
    tenth = np.clip(np.digitize(p, TENTHS) - 1, 0, 9)
    count = np.bincount(tenth, minlength=10)
    with np.errstate(invalid="ignore", divide="ignore"):
        calibration = pd.DataFrame(
            {
                "low": TENTHS[:-1],
                "high": TENTHS[1:],
                "cells": count,
                "said": np.bincount(tenth, p, 10) / count,
                "happened": np.bincount(tenth, out, 10) / count,
            }
        )
    return Scores(
        cells=n,
        base_rate=rate,
        recall=_ratio(int((flagged & out).sum()), happened),
        precision=_ratio(int((flagged & out).sum()), int(flagged.sum())),
        brier=brier,
        skill=1 - _ratio(brier, always),
        auc=_ratio(float(ranks), pairs),
        lost_in_red=_ratio(float(lost[flagged].sum()), float(lost.sum())),
        calibration=calibration,
    )


def scored(cells: pd.DataFrame) -> Scores:
    """Score the cells of a replay (`cells_of`)."""
    return score(
        cells["p"].to_numpy(dtype=float),
        cells["flagged"].to_numpy(dtype=bool),
        cells["out"].to_numpy(dtype=bool),
        np.nan_to_num(cells["units_lost"].to_numpy(dtype=float)),
    )


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")
