"""Does the buy plan buy well? Weekly orders on VN2 history, against a simple policy.

`python -m tests.load.buying` plays four development stretches, `--final` the last weeks, on
which nothing is chosen. Eight rounds under the challenge's rules (../shared/data/README.md):
an order placed at the end of a week can be sold from the third week after it on; 0.2 for
each unit held at the end of a week, 1.0 for each unit short, sales lost. Every round is a
fresh import of what would have been known. Both policies start from the same stock.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pandas as pd

from forecasting.monthly import buying
from tests.company import imported
from tests.load.forecasts import SHARED

ROUNDS, LEAD = 8, 2
HOLD, SHORT = 0.2, 1.0
COVER = 4.0
"""Weeks of mean-13 demand that the simple policy orders up to."""


class Rounds:
    """Weeks, series and demand of the practice rounds; arrays are series x week.

    Parameters
    ----------
    before_end : int
        Weeks of history after the last round.
    service : float
        Asked of the buy plan.
    """

    def __init__(self, before_end: int = 0, *, service: float = SHORT / (SHORT + HOLD)) -> None:
        self.service = service
        history = pd.read_parquet(SHARED / "vn2_history.parquet")
        names = [c for c in history.columns if c.lower() in ("store", "product")]
        history["sku"] = "P" + history[names[1]].astype(str)
        history["door"] = "S" + history[names[0]].astype(str)
        date = next(c for c in history.columns if str(history[c].dtype).startswith("datetime"))
        history["date"] = history[date] - pd.Timedelta(1, "D")  # the Sunday of the same week
        self.history = history
        self.weeks = np.sort(history["date"].unique())
        self.series = history[["sku", "door"]].drop_duplicates().reset_index(drop=True)
        shape = ["sku", "door"]
        wide = history.pivot_table(index=shape, columns="date", values="units")
        stocked = history.pivot_table(index=shape, columns="date", values="in_stock")
        order = pd.MultiIndex.from_frame(self.series)
        self.units = wide.reindex(order).to_numpy()
        self.in_stock = stocked.reindex(order).to_numpy().astype(bool)
        self.first = len(self.weeks) - before_end - ROUNDS
        state = pd.read_parquet(SHARED / "vn2_initial_state.parquet")
        keys = [
            "P" + state["product"].astype(str),
            "S" + state["store"].astype(str),
        ]
        start = state.set_index(keys).reindex(order).fillna(0.0)
        self.stock = start["end_inventory"].to_numpy()
        """Stock and orders under way with which the challenge begins: taken for the start
        of the practice rounds as well."""
        self.coming = start[["in_transit_wplus1", "in_transit_wplus2"]].to_numpy()

    def mean_at(self, week: int) -> np.ndarray:
        seen = np.where(self.in_stock, self.units, np.nan)[:, week - 13 : week]
        with np.errstate(all="ignore"):
            return np.nan_to_num(np.nanmean(seen, axis=1))


def play(rounds: Rounds, policy: Any) -> dict[str, float]:
    """Cost of a policy over the rounds."""
    stock = rounds.stock.copy()
    pipeline = np.concatenate([rounds.coming, np.zeros((len(stock), 1))], axis=1)
    held = short = 0.0
    met: list[float] = []
    for k in range(ROUNDS):
        week = rounds.first + k
        # The week before is closed: what is ordered now is on the shelf LEAD weeks later.
        ordered = policy(rounds, week, stock, pipeline[:, :LEAD])
        pipeline[:, LEAD] = ordered
        available = stock + pipeline[:, 0]
        demand = np.where(rounds.in_stock[:, week], rounds.units[:, week], 0.0)
        sold = np.minimum(available, demand)
        short += SHORT * float((demand - sold).sum())
        if k >= LEAD:
            met.append(float((demand <= available)[rounds.in_stock[:, week]].mean()))
        stock = available - sold
        held += HOLD * float(stock.sum())
        pipeline = np.concatenate([pipeline[:, 1:], np.zeros((len(stock), 1))], axis=1)
    return {
        "cost": round(held + short, 1),
        "held": round(held, 1),
        "short": round(short, 1),
        "delivered": round(float(np.mean(met)), 4),
    }


def simple(rounds: Rounds, week: int, stock: np.ndarray, coming: np.ndarray) -> np.ndarray:
    """Order up to so many weeks of the mean of the last thirteen in stock."""
    target = np.round(COVER * rounds.mean_at(week))
    return np.maximum(target - stock - coming.sum(axis=1), 0.0)


def ours(rounds: Rounds, week: int, stock: np.ndarray, coming: np.ndarray) -> np.ndarray:
    """What the product's buy plan releases, after a fresh import of what is known."""
    known = rounds.history[rounds.history["date"] < pd.Timestamp(rounds.weeks[week])]
    last = pd.Timestamp(rounds.weeks[week - 1])
    series = rounds.series
    receipts = pd.concat(
        [
            series.assign(
                receipt=f"R{w}", eta=last + pd.Timedelta(7 * (w + 1), "D"), units=coming[:, w],
                status="confirmed",
            )
            for w in range(coming.shape[1])
        ]
    )  # fmt: skip
    tables = {
        "skus": pd.DataFrame({"sku": sorted(series["sku"].unique())}).assign(
            **{"class": "VN2", "lead_time_weeks": LEAD, "service_level": rounds.service}
        ),
        "doors": pd.DataFrame({"door": sorted(series["door"].unique()), "kind": "store"}),
        "ranging": series,
        "sales": known.assign(in_stock=known["in_stock"].astype(float))[
            ["date", "sku", "door", "units", "in_stock"]
        ],
        "inventory": series.assign(date=last + pd.Timedelta(6, "D"), on_hand=stock),
        "receipts": receipts[receipts["units"] > 0],
    }
    space = imported(tables)
    space.runs.refresh("admin", workers=2)
    bought = buying.rows(space.plan, weeks=8)
    space.close()
    now = bought[bought["kind"] == "release"].groupby(["sku", "door"])["units"].sum()
    return now.reindex(pd.MultiIndex.from_frame(series)).fillna(0.0).to_numpy()


STRETCHES = (8, 16, 24, 40)
"""Weeks of history after each development stretch."""
ASKED = (0.70, SHORT / (SHORT + HOLD), 0.95)


def measure(before_end: int = 0) -> dict[str, Any]:
    """What weekly orders cost beside the simple policy's."""
    rounds = Rounds(before_end)
    found = {"ours": play(rounds, ours), "simple": play(rounds, simple)}
    less = 1 - found["ours"]["cost"] / found["simple"]["cost"]
    return {
        "data": "vn2", "rounds": ROUNDS, "weeks_after": before_end, **found,
        "less": round(less, 4),
    }  # fmt: skip


def by_service(before_end: int) -> dict[str, float]:
    """What is delivered of what is asked."""
    return {
        f"{asked:.4f}": play(Rounds(before_end, service=asked), ours)["delivered"]
        for asked in ASKED
    }


if __name__ == "__main__":
    for weeks in (0,) if "--final" in sys.argv else STRETCHES:
        print(measure(weeks), by_service(weeks), flush=True)
