"""From sales to demand history: one row per series, one column per week.

Sales are demand cut off by what was on the shelf. A week that was in stock for 40% of
its days is taken as 40% of a week of evidence, not as a weak week; a week that was
hardly on the shelf is no evidence at all. Where only the closing stock is known, a week
that ended empty counts as "at least this much". Raw sales are kept beside.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecasting.calendar import Dates
from forecasting.demand.selling import CouldSell
from forecasting.hierarchy import Bools, Floats, Ints

LEAST_SHARE = 0.10
"""Below this share of the week on the shelf, sales say nothing."""

MANY = 20.0
"""Units that tell the demand, however little of the week they took."""

ENOUGH_SHARE = 0.5
"""From this share of the week on the shelf, sales tell demand well enough."""

FURTHEST_PRICE = 0.4
"""Log of the regular price against its mean beyond which demand follows it no further."""

ENOUGH_OUTSIDE = 8
"""Weeks with sales from which on a SKU was sold, whatever is stated of when it could be."""

PEAK = 6.0
"""Standard deviations above expectation from which a lone week is not believed."""
NOT_STATED = -10_000
"""Launch week of a SKU without a launch date."""
_BESIDE_PEAK = 2.5
"""Where the week before or after was this high too, it is not a lone peak."""

PARTLY, SOLD_OUT, LONE_PEAK = "partly on the shelf", "ended empty", "lone peak"
SHUT = "empty shelf"
"""Reasons for which a fit does not take a week as it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Weekly history of n series (SKU at a door) over T weeks."""

    skus: npt.NDArray[np.object_]
    """Names of all SKUs, shape (S,)."""
    doors: npt.NDArray[np.object_]
    """Names of all doors, shape (D,)."""
    classes: Ints
    """Class of each SKU, 0 to C - 1, shape (S,)."""
    class_names: tuple[str, ...]
    """Shape (C,)."""
    departments: Ints
    """Department of each class, shape (C,)."""
    like: Ints
    """SKU whose pace stands in for each SKU's while it is new, -1 for none, shape (S,)."""
    launch: Ints
    """Week of each SKU's launch as stated, far below 0 where it is not, shape (S,)."""
    sku_of: Ints
    """SKU of each series, shape (n,)."""
    door_of: Ints
    """Door of each series, shape (n,)."""
    weeks: Dates
    """Week starts, shape (T,)."""
    units: Floats
    """Demand seen, units, not negative; 0 where there is no evidence; (n, T)."""
    exposure: Floats
    """Share of the week that the units are evidence for, 0 to 1; (n, T)."""
    sold_out: Bools
    """The week ended empty and nobody knows when: units are a lower bound; (n, T)."""
    shut: Bools
    """The shelf is known to have been empty for nearly all of the week: no evidence; (n, T)."""
    open: Floats
    """Share of the week in which the SKU could be sold at the door; (n, T)."""
    regular_price: Floats
    """Log of regular price against the series' mean; 0 where unknown; (n, T)."""

    @property
    def followed_price(self) -> Floats:
        """Regular price as far as demand follows it: a third off or half as much again, (n, T).

        A price that stays further off is a new one: the power that small moves show says
        nothing of a halving.
        """
        return np.clip(self.regular_price, -FURTHEST_PRICE, FURTHEST_PRICE)

    def demand(self) -> tuple[Floats, Bools]:
        """Demand to compare a forecast with, and in which cells it is known, (n, T).

        Sales over the share of the week on the shelf. To leave out every week that was not
        fully in stock would leave out the weeks of most demand.
        """
        known: Bools = _tells(self.exposure, self.units, ENOUGH_SHARE) & ~self.sold_out
        return np.where(known, self.units / np.where(known, self.exposure, 1.0), 0.0), known

    def until(self, n_weeks: int) -> Panel:
        """The first weeks only, as they were known then."""
        return replace(
            self,
            weeks=self.weeks[:n_weeks],
            units=self.units[:, :n_weeks],
            exposure=self.exposure[:, :n_weeks],
            sold_out=self.sold_out[:, :n_weeks],
            shut=self.shut[:, :n_weeks],
            open=self.open[:, :n_weeks],
            regular_price=self.regular_price[:, :n_weeks],
        )


def build_panel(
    history: pd.DataFrame,
    ranging: pd.DataFrame,
    prices: pd.DataFrame,
    *,
    skus: pd.DataFrame,
    doors: list[str],
    weeks: Dates,
    could_sell: CouldSell | None = None,
) -> Panel:
    """Arrange weekly history as a panel.

    Parameters
    ----------
    history : DataFrame, one row per (sku, door, week)
        units, in_stock (share, NaN unknown), on_hand (week end, NaN unknown).
    ranging : DataFrame, one row per series
        sku, door.
    prices : DataFrame, one row per price change
        sku, door (blank: all), week, regular_price.
    skus : DataFrame, one row per SKU
        sku, class; department, like_sku and launch_date if known.
    doors : list of str
        Every door.
    weeks : datetime64 array, shape (T,)
        The weeks asked for, consecutive.
    could_sell : CouldSell, optional
        When each series could be sold and which doors told what they sold. If not given,
        always, and a week without a row is one that nobody knows of.
    """
    sku_names = skus["sku"].to_numpy(dtype=object)
    door_names = np.array(doors, dtype=object)
    grid = _Grid.of(ranging, pd.Index(sku_names), pd.Index(door_names))
    classes, class_names, departments = _classes(skus)
    row, shape = grid.series_of(history), (len(ranging), len(weeks))
    sales, in_stock, on_hand = (
        _placed(history, name, row, weeks, shape) for name in ("units", "in_stock", "on_hand")
    )
    opened, none_sold = _when_open(could_sell, sales, on_hand, grid, weeks)
    # No row of a door that told what it sold, and something to sell: a true zero. Else unknown.
    sales = np.where(np.isnan(sales) & none_sold, 0.0, sales)
    units, exposure, sold_out, shut = _evidence(sales, in_stock, on_hand, opened)
    return Panel(
        skus=sku_names,
        doors=door_names,
        classes=classes,
        class_names=class_names,
        departments=departments,
        like=_like(skus, grid.skus),
        launch=_launch_weeks(skus, weeks),
        sku_of=grid.sku_of,
        door_of=grid.door_of,
        weeks=weeks,
        units=units,
        exposure=exposure,
        sold_out=sold_out,
        shut=shut,
        open=opened,
        regular_price=_log_prices(prices, grid, weeks),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grid:
    """Where the series lie among SKUs and doors."""

    skus: pd.Index[str]
    doors: pd.Index[str]
    sku_of: Ints
    """SKU of each series, (n,)."""
    door_of: Ints
    series: Ints
    """Series of each SKU at each door, -1 where there is none, (S, D)."""

    @staticmethod
    def of(ranging: pd.DataFrame, skus: pd.Index[str], doors: pd.Index[str]) -> _Grid:
        """The grid of series in the order of `ranging`."""
        sku_of = skus.get_indexer(pd.Index(ranging["sku"]))
        door_of = doors.get_indexer(pd.Index(ranging["door"]))
        series = np.full((len(skus), len(doors)), -1, dtype=np.int64)
        series[sku_of, door_of] = np.arange(len(ranging))
        return _Grid(skus=skus, doors=doors, sku_of=sku_of, door_of=door_of, series=series)

    def series_of(self, rows: pd.DataFrame) -> Ints:
        """Series of each row by its sku and door, -1 where there is none, (m,)."""
        sku = self.skus.get_indexer(pd.Index(rows["sku"]))
        found: Ints = self.series[sku, self.doors.get_indexer(pd.Index(rows["door"]))]
        return found


def _when_open(
    could_sell: CouldSell | None, sales: Floats, on_hand: Floats, grid: _Grid, weeks: Dates
) -> tuple[Floats, Bools]:
    """Share of a week in which it could be sold, and where no row means none sold, (n, T)."""
    if could_sell is None:
        return np.ones(sales.shape), on_hand > 0
    opened = could_sell.share(grid.series_of(could_sell.spans), len(sales), weeks)
    opened = np.where(_sold_all_the_same(sales, opened), 1.0, opened)
    none = _none_sold(could_sell, sales, on_hand, grid.door_of, grid.doors, weeks)
    return opened, none


def _evidence(
    sales: Floats, in_stock: Floats, on_hand: Floats, opened: Floats
) -> tuple[Floats, Floats, Bools, Bools]:
    """Units, exposure, weeks that sold out and weeks with an empty shelf, (n, T) each.

    Sales, share in stock and closing stock are NaN where they are not known; `opened` is
    the share of the week in which it could be sold.
    """
    # A last day that is a Sunday may mean its week: a small part of a week says nothing.
    known = ~np.isnan(sales) & (opened >= ENOUGH_SHARE)
    on_shelf = np.where(np.isnan(in_stock), 1.0, in_stock)
    tells = _tells(on_shelf, sales, LEAST_SHARE)
    evidence = known & tells
    return (
        np.where(evidence, np.maximum(np.nan_to_num(sales), 0.0), 0.0),
        np.where(evidence, on_shelf * opened, 0.0),
        known & np.isnan(in_stock) & (on_hand <= 0),
        known & ~tells,
    )


def _placed(
    history: pd.DataFrame, name: str, row: Ints, weeks: Dates, shape: tuple[int, int]
) -> Floats:
    """A column of history laid out by series (-1: none) and week, NaN without a row, (n, T)."""
    column = (history["week"].to_numpy().astype("datetime64[D]") - weeks[0]).astype(int) // 7
    inside = (row >= 0) & (column >= 0) & (column < len(weeks))
    placed = np.full(shape, np.nan)
    placed[row[inside], column[inside]] = history[name].to_numpy(dtype=float)[inside]
    return placed


def _none_sold(
    could_sell: CouldSell,
    sales: Floats,
    on_hand: Floats,
    door_of: Ints,
    doors: pd.Index[str],
    weeks: Dates,
) -> Bools:
    """Weeks in which no row means that none was sold: the door told, and had it, (n, T)."""
    told = could_sell.of_doors("is_told", doors, weeks)[door_of]
    counted = could_sell.of_doors("is_counted", doors, weeks)[door_of]
    none: Bools = told & _on_the_shelf(sales, on_hand, counted)
    return none


def _tells(share: Floats, units: Floats, least: float) -> Bools:
    """Whether weeks were on the shelf for long, or sold, enough to tell the demand."""
    enough: Bools = (share >= least) | ((share > 0) & (units >= MANY))
    return enough


def _on_the_shelf(sales: Floats, on_hand: Floats, counted: Bools) -> Bools:
    """Whether a week without sales had something to sell, by the counts, (n, T).

    A count says so itself. Where the door counted and this SKU is in no row, it was not there,
    unless counts leave it out in most weeks in which it sold. Where nobody counted, it is
    where it was by the last count or sale.
    """
    blank = np.isnan(on_hand)
    sold = (sales > 0) & counted
    listed = (sold & ~blank).sum(axis=1) >= 0.5 * sold.sum(axis=1)
    absent = counted & blank & listed[:, None]
    held = np.where(blank & (sales > 0), 1.0, on_hand)  # what sold was there
    last = pd.DataFrame(held).ffill(axis=1).to_numpy()
    there: Bools = ~absent & ~(last <= 0)
    return there


def _sold_all_the_same(sales: Floats, opened: Floats) -> Bools:
    """Weeks in which a series sold though it is stated that it could not be, (n, T).

    A few units are orders taken ahead, leftovers and errors. Two months at half its usual pace
    or more are sales: then what is stated of when it could be sold is wrong.
    """
    sold = sales > 0
    outside, inside = sold & (opened == 0), sold & (opened > 0)
    often = outside.sum(axis=1) >= ENOUGH_OUTSIDE
    many = _mean_where(sales, outside) >= 0.5 * _mean_where(sales, inside)
    found: Bools = outside & (often & many)[:, None]
    return found


def _mean_where(values: Floats, chosen: Bools) -> Floats:
    mean: Floats = np.where(chosen, values, 0.0).sum(axis=1) / np.maximum(chosen.sum(axis=1), 1)
    return mean


def lone_peaks(units: Floats, expected: Floats, known: Bools, *, alpha: float) -> Bools:
    """Weeks far above anything expected, with nothing to explain them, (n, T).

    A bulk order or a typing error is not demand that will come again. A level that really
    rose stays high, and two high weeks in a row are believed.

    Parameters
    ----------
    units, expected : float array, shape (n, T)
    known : bool array, shape (n, T)
        Weeks to look at: with evidence and without an activation.
    alpha : float
        Overdispersion.
    """
    spread = np.sqrt(expected + alpha * expected**2 + 1.0)
    height = np.where(known, (units - expected) / spread, 0.0)
    beside = np.zeros_like(height)
    beside[:, 1:] = height[:, :-1]
    beside[:, :-1] = np.maximum(beside[:, :-1], height[:, 1:])
    peaks: Bools = (height > PEAK) & (beside < _BESIDE_PEAK)
    return peaks


def corrections(panel: Panel, clean: Floats, weeks: int) -> pd.DataFrame:
    """Weeks that were not taken as they were.

    Parameters
    ----------
    panel : Panel
    clean : float array, shape (n, T)
        Demand of whole weeks as history lets believe it.
    weeks : int
        T.

    Returns
    -------
    DataFrame, one row per corrected week
        sku, door, week, reason, raw, clean: units.
    """
    raw = panel.units[:, :weeks]
    # Nothing is missing of the days on which nothing could be sold.
    clean = clean * panel.open[:, :weeks]
    series, week = np.nonzero(np.abs(clean - raw) > 0.05)
    return pd.DataFrame(
        {
            "sku": panel.skus[panel.sku_of[series]],
            "door": panel.doors[panel.door_of[series]],
            "week": panel.weeks[week],
            "reason": np.select(
                [
                    panel.shut[series, week],
                    panel.exposure[series, week] < 1,
                    clean[series, week] > raw[series, week],
                ],
                [SHUT, PARTLY, SOLD_OUT],
                default=LONE_PEAK,
            ),
            "raw": raw[series, week],
            "clean": clean[series, week],
        }
    )


def _classes(skus: pd.DataFrame) -> tuple[Ints, tuple[str, ...], Ints]:
    """Class of each SKU, the classes' names, and the department of each class."""
    department = (
        skus["department"].fillna("") if "department" in skus else pd.Series("", skus.index)
    )
    pairs = list(zip(department, skus["class"].fillna("(none)"), strict=True))
    found = sorted(set(pairs))
    position = {pair: i for i, pair in enumerate(found)}
    names = sorted({d for d, _ in found})
    return (
        np.array([position[pair] for pair in pairs], dtype=np.int64),
        tuple(c for _, c in found),
        np.array([names.index(d) for d, _ in found], dtype=np.int64),
    )


def _like(skus: pd.DataFrame, sku_index: pd.Index[str]) -> Ints:
    """Position of each SKU's like SKU, -1 where none is stated."""
    if "like_sku" not in skus:
        return np.full(len(skus), -1, dtype=np.int64)
    return sku_index.get_indexer(pd.Index(skus["like_sku"])).astype(np.int64)


def _launch_weeks(skus: pd.DataFrame, weeks: Dates) -> Ints:
    """Position of the week of each SKU's launch date; far below 0 where there is none."""
    if "launch_date" not in skus:
        return np.full(len(skus), NOT_STATED, dtype=np.int64)
    days = pd.to_datetime(skus["launch_date"]).to_numpy().astype("datetime64[D]")
    week = (days - weeks[0]).astype("timedelta64[D]").astype(np.int64) // 7
    return np.where(np.isnat(days), NOT_STATED, week)


def _log_prices(prices: pd.DataFrame, grid: _Grid, weeks: Dates) -> Floats:
    """Log regular price of each series against its own mean, carried forward then back."""
    general, own = (np.full((len(grid.sku_of), len(weeks)), np.nan) for _ in range(2))
    ordered = prices.sort_values("week", kind="stable")
    sku = grid.skus.get_indexer(pd.Index(ordered["sku"]))
    everywhere = ordered["door"].isna().to_numpy()
    door = grid.doors.get_indexer(pd.Index(ordered["door"]))
    since = ordered["week"].to_numpy().astype("datetime64[D]")
    column = np.maximum((since - weeks[0]).astype(int) // 7, 0)
    value = ordered["regular_price"].to_numpy(dtype=float)
    usable = (sku >= 0) & (everywhere | (door >= 0)) & (column < len(weeks)) & (value > 0)
    for i in np.flatnonzero(usable):
        at_doors = slice(None) if everywhere[i] else slice(door[i], door[i] + 1)
        rows = grid.series[sku[i], at_doors]
        (general if everywhere[i] else own)[rows[rows >= 0], column[i]] = value[i]
    # A door's own price outranks the general one, also one that comes later.
    level = pd.DataFrame(own).ffill(axis=1).fillna(pd.DataFrame(general).ffill(axis=1))
    filled = level.bfill(axis=1).to_numpy()
    some = ~np.isnan(filled).all(axis=1)
    logs = np.zeros_like(filled)
    logs[some] = np.log(filled[some])
    logs[some] -= logs[some].mean(axis=1, keepdims=True)
    return logs
