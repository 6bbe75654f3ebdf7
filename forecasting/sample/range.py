"""What the made-up company sells where and when, before anybody wants any of it.

Nothing here is drawn: chance comes in from outside (world.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecasting.calendar import as_date, week_numbers
from forecasting.sample.master import CLASSES

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

CLEARING_CUT = 0.30
"""With habits: by how much the price of a SKU is cut before it leaves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """SKUs, doors and weeks, and what follows from them alone."""

    skus: pd.DataFrame
    """As drawn by master.draw_skus."""
    doors: tuple[str, ...]
    calendar: npt.NDArray[np.datetime64]
    """First day of every week, history and future."""
    weeks: int
    """Weeks of history."""

    def season(self, drift: Floats) -> Floats:
        """Season and trend of each SKU, 1 in a usual week, (SKUs, weeks).

        Parameters
        ----------
        drift : float array, shape (SKUs,)
            Log growth of each SKU in a year.
        """
        numbers = week_numbers(self.calendar)
        swing = {name: s for _, name, _, _, s, _ in CLASSES}
        peak = {name: p for _, name, _, _, _, p in CLASSES}
        winter = np.cos(2 * np.pi * (numbers - 46) / 52.18)
        holiday = np.exp(-0.5 * ((numbers - 46) / 1.8) ** 2)
        classes = self.skus["class"]
        years = np.arange(len(self.calendar)) / 52.18
        trend: Floats = drift[:, None] * (years - years[self.weeks])
        season = (
            classes.map(swing).to_numpy()[:, None] * winter
            + classes.map(peak).to_numpy()[:, None] * holiday
        )
        shape: Floats = np.exp(season + trend)
        return shape

    def life(self) -> Floats:
        """How far each SKU is on sale: it grows from its launch on, and ends, (SKUs, weeks)."""
        launch = pd.to_datetime(self.skus["launch_date"]).to_numpy().astype("datetime64[D]")
        leave = pd.to_datetime(self.skus["exit_date"]).to_numpy().astype("datetime64[D]")
        age = (self.calendar - launch[:, None]).astype("timedelta64[D]").astype(float) / 7
        age = np.where(np.isnat(launch)[:, None], np.inf, age)
        alive = np.where(age < 0, 0.0, 1 - 0.6 * np.exp(-np.maximum(age, 0) / 3))
        left = ~np.isnat(leave)[:, None] & (self.calendar > leave[:, None])
        life: Floats = np.where(left, 0.0, alive)
        return life

    def cells(self, where: tuple[npt.NDArray[np.intp], ...]) -> dict[str, Any]:
        """Week, SKU and door of cells by their places: SKU, door, week."""
        return {
            "date": self.calendar[where[2]],
            "sku": self.skus["sku"].to_numpy()[where[0]],
            "door": np.array(self.doors, dtype=object)[where[1]],
        }

    def prices(self, cleared: Floats) -> pd.DataFrame:
        """Regular prices: from the first week on, and from each clearance on.

        Parameters
        ----------
        cleared : float array, shape (SKUs, weeks)
            Share by which the regular price is cut for good.
        """
        price = self.skus[["sku", "unit_price"]].rename(columns={"unit_price": "regular_price"})
        first = price.assign(date=as_date(self.calendar[0]), door=None)
        known = cleared[:, : self.weeks]
        sku = np.flatnonzero(known.any(axis=1))
        cut = price.iloc[sku].assign(
            regular_price=(price["regular_price"].to_numpy()[sku] * (1 - CLEARING_CUT)).round(
                2
            ),
            date=self.calendar[known[sku].argmax(axis=1)],
            door=None,
        )
        return pd.concat([first, cut], ignore_index=True) if len(cut) else first

    def sold_at(self, ranged: Bools) -> pd.DataFrame:
        """Where each SKU is sold, from its launch to its exit; `ranged` is (SKUs, doors)."""
        where = np.nonzero(ranged)
        return pd.DataFrame(
            {
                "sku": self.skus["sku"].to_numpy()[where[0]],
                "door": np.array(self.doors, dtype=object)[where[1]],
                "from": self.skus["launch_date"].to_numpy()[where[0]],
                "to": self.skus["exit_date"].to_numpy()[where[0]],
            }
        )
