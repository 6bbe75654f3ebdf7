"""When a SKU could be sold at a door, week by week: the spans of days that the facts state.

What the spans are is decided in one place (`could_sell` in data/schema/); here they are laid
over weeks, for the history of a fit and for the weeks of a plan alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecasting.calendar import Dates
from forecasting.hierarchy import Floats, Ints

Masks = npt.NDArray[np.uint8]

_EACH_DAY = 1 << np.arange(8)
"""Powers of two, one for each day of a week and one beyond: a span of days is a difference."""
_SHARE = np.array([bin(mask).count("1") / 7 for mask in range(128)])
"""Share of the week of every set of days."""
NEVER = np.datetime64("2262-01-01", "D")
"""First day of what does not come."""
ALWAYS = np.datetime64("1990-01-01", "D")
"""First day of what has no beginning."""


def days_within(weeks: Dates, first: Dates, last: Dates) -> Masks:
    """Days of each week within each span, bit k for day k of the week, (m, T).

    Parameters
    ----------
    weeks : datetime64 array, shape (T,)
    first, last : datetime64 array, shape (m,)
        Days, both included; last before first: an empty span.
    """
    begins = (first[:, None] - weeks).astype(np.int64).clip(0, 7)
    ends = ((last[:, None] - weeks).astype(np.int64) + 1).clip(0, 7)
    found: Masks = (_EACH_DAY[ends] - _EACH_DAY[np.minimum(begins, ends)]).astype(np.uint8)
    return found


def share_of_weeks(place: Ints, n: int, weeks: Dates, first: Dates, last: Dates) -> Floats:
    """Share of each week within any of the spans of each of n places, 0 to 1, (n, T)."""
    masks = np.zeros((n, len(weeks)), dtype=np.uint8)
    np.bitwise_or.at(masks, place, days_within(weeks, first, last))
    shares: Floats = _SHARE[masks]
    return shares


def days_of(dates: pd.Series, *, missing: np.datetime64) -> Dates:
    """Dates as days; `missing` where there is none."""
    days = pd.to_datetime(dates).to_numpy().astype("datetime64[D]")
    return np.where(np.isnat(days), missing, days)


@dataclass(frozen=True, slots=True, kw_only=True)
class CouldSell:
    """What the facts say of when SKUs could be sold and of when doors told what they sold."""

    spans: pd.DataFrame
    """One row per series and span: sku, door, first_day, last_day, since (the first week of
    history that tells the demand, blank where none does)."""
    door_weeks: pd.DataFrame
    """One row per door and week: door, week, is_told (sales came in, or none were made),
    is_counted (stock was counted)."""
    known: int
    """Weeks of history; in those after them, what is stated is all there is."""

    def share(self, place: Ints, n: int, weeks: Dates) -> Floats:
        """Share of each week in which each of n series could be sold, (n, T).

        Parameters
        ----------
        place : int array
            Series of each span, -1 for none.
        """
        inside = place >= 0
        spans, at = self.spans[inside], place[inside]
        first = days_of(spans["first_day"], missing=ALWAYS)
        last = days_of(spans["last_day"], missing=NEVER)
        since = days_of(spans["since"], missing=NEVER)
        past = share_of_weeks(at, n, weeks[: self.known], np.maximum(first, since), last)
        ahead = share_of_weeks(at, n, weeks[self.known :], first, last)
        return np.concatenate([past, ahead], axis=1)

    def of_doors(self, name: str, doors: pd.Index[str], weeks: Dates) -> npt.NDArray[np.bool_]:
        """Whether each door did something in each week (a column of `door_weeks`), (D, T)."""
        did = np.zeros((len(doors), len(weeks)), dtype=bool)
        door = doors.get_indexer(pd.Index(self.door_weeks["door"]))
        days = days_of(self.door_weeks["week"], missing=ALWAYS)
        week = (days - weeks[0]).astype(np.int64) // 7
        inside = (door >= 0) & (week >= 0) & (week < self.known)
        did[door[inside], week[inside]] = self.door_weeks[name].to_numpy(dtype=bool)[inside]
        return did


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranged:
    """Spans of days in which SKUs can be sold in the weeks of a plan, in the order of SKUs."""

    weeks: Dates
    n_doors: int
    begins: Ints
    """Position of the first span of each SKU, and the number of all spans, (S + 1,)."""
    door: Ints
    first: Dates
    last: Dates

    @staticmethod
    def of(
        spans: pd.DataFrame, sku: Ints, door: Ints, *, weeks: Dates, shape: tuple[int, int]
    ) -> Ranged:
        """Arrange spans (first_day, last_day) by the positions of their SKU and door."""
        order = np.argsort(sku, kind="stable")
        return Ranged(
            weeks=weeks,
            n_doors=shape[1],
            begins=np.searchsorted(sku[order], np.arange(shape[0] + 1)),
            door=door[order],
            first=days_of(spans["first_day"], missing=ALWAYS)[order],
            last=days_of(spans["last_day"], missing=NEVER)[order],
        )

    def share(self, sku: int) -> Floats:
        """Share of each week in which a SKU can be sold at each door, (D, W)."""
        mine = slice(self.begins[sku], self.begins[sku + 1])
        return share_of_weeks(
            self.door[mine], self.n_doors, self.weeks, self.first[mine], self.last[mine]
        )
