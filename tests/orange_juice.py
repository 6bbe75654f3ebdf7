"""Dominick's orange juice as Concord's own files, as ../shared/data/README.md says.

Every measurement that names this data goes through here, so that it means the same.
"""

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd

from forecasting.calendar import weeks_from
from forecasting.demand.cleansing import Panel, build_panel
from forecasting.demand.lift import Exposures, expose

FIRST_WEEK = dt.date(1990, 6, 10)
"""Sunday of the fiscal week that contains the first day of Dominick's week 40."""


def convert(folder: Path, *, last_week: int = 160) -> dict[str, pd.DataFrame]:
    """Tables of the contract from the Parquet files, sales up to a Dominick's week."""
    raw = pd.read_parquet(folder / "oj_sales.parquet")
    frame = pd.DataFrame(
        {
            "number": raw["week"],
            "sku": "OJ" + raw["sku"].astype(str).str.zfill(2),
            "door": "D" + raw["store"].astype(str).str.zfill(3),
            "units": raw["units"].astype(float),
            "price": raw["price"].astype(float),
            "deal": raw["deal"].astype(int),
            "feat": raw["feat"].astype(float),
        }
    ).sort_values(["sku", "door", "number"], ignore_index=True)
    days = pd.to_timedelta((frame["number"] - 40) * 7, "D")
    frame["date"] = pd.Timestamp(FIRST_WEEK) + days
    plain = frame["price"].where(frame["deal"] == 0)
    by_series = plain.groupby([frame["sku"], frame["door"]])
    regular = by_series.ffill()
    frame["regular"] = regular.groupby([frame["sku"], frame["door"]]).bfill()
    frame["regular"] = frame["regular"].fillna(frame["price"])
    frame["discount"] = (1 - frame["price"] / frame["regular"]).clip(0, 1)
    known = frame[frame["number"] <= last_week]
    changed = frame["regular"] != frame.groupby(["sku", "door"])["regular"].shift()
    items = _items(frame)
    return {
        "skus": pd.DataFrame({"sku": sorted(frame["sku"].unique()), "class": "Orange juice"}),
        "doors": pd.DataFrame({"door": sorted(frame["door"].unique()), "kind": "store"}),
        "sales": known.assign(revenue=known["units"] * known["price"])[
            ["date", "sku", "door", "units", "revenue"]
        ],
        "prices": frame[changed][["date", "sku", "door", "regular"]].rename(
            columns={"regular": "regular_price"}
        ),
        "activations": _activations(items),
        "activation_items": items.drop(columns=["type", "date"]),
    }


def panel(folder: Path, *, last_week: int = 160) -> tuple[Panel, Exposures]:
    """The same as a panel for the demand model, with its exposures."""
    tables = convert(folder, last_week=last_week)
    sales = tables["sales"].rename(columns={"date": "week"})
    sales = sales.assign(in_stock=np.nan, on_hand=np.nan)
    series = sales[["sku", "door"]].drop_duplicates().reset_index(drop=True)
    weeks = weeks_from(FIRST_WEEK, last_week - 39)
    built = build_panel(
        sales,
        series,
        tables["prices"].rename(columns={"date": "week"}),
        skus=tables["skus"],
        doors=tables["doors"]["door"].tolist(),
        weeks=weeks,
    )
    items = tables["activation_items"].merge(
        tables["activations"][["activation", "type", "start", "end"]], on="activation"
    )
    items = items.assign(activation=pd.factorize(items["activation"])[0], lift=np.nan)
    return built, expose(items, series, kinds=["feature", "price"], weeks=weeks)


def _items(frame: pd.DataFrame) -> pd.DataFrame:
    """One item per promoted cell and type; the discount is stated once per cell."""
    parts = []
    for kind, chosen in (("price", frame["deal"] == 1), ("feature", frame["feat"] > 0)):
        cells = frame[chosen]
        stated = (
            cells["discount"]
            if kind == "price"
            else cells["discount"].where(cells["deal"] == 0)
        )
        parts.append(
            pd.DataFrame(
                {
                    "activation": kind + "-" + cells["number"].astype(str),
                    "type": kind,
                    "date": cells["date"],
                    "sku": cells["sku"],
                    "style": None,
                    "door": cells["door"],
                    "discount": stated.where(stated > 0, np.nan),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _activations(items: pd.DataFrame) -> pd.DataFrame:
    one = items.drop_duplicates("activation")
    return pd.DataFrame(
        {
            "activation": one["activation"],
            "type": one["type"],
            "start": one["date"],
            "end": one["date"] + pd.Timedelta(6, "D"),
            "status": "done",
        }
    )


def promoted_cells(folder: Path) -> pd.DataFrame:
    """(week start, sku, door) of cells that count as promoted: deal, or feature > 0.5."""
    raw = pd.read_parquet(folder / "oj_sales.parquet")
    chosen = raw[(raw["deal"] == 1) | (raw["feat"] > 0.5)]
    return pd.DataFrame(
        {
            "week": pd.Timestamp(FIRST_WEEK) + pd.to_timedelta((chosen["week"] - 40) * 7, "D"),
            "sku": "OJ" + chosen["sku"].astype(str).str.zfill(2),
            "door": "D" + chosen["store"].astype(str).str.zfill(3),
        }
    )


def made_up_stock(
    tables: dict[str, pd.DataFrame], *, weeks: float = 2.5
) -> dict[str, pd.DataFrame]:
    """Stock that the data set does not have, so that the Bridge has something to judge.

    Every SKU and store holds `weeks` times its mean weekly sales at the end of every tenth
    week. Nothing that is measured of the forecast depends on it.
    """
    sales = tables["sales"]
    mean = sales.groupby(["sku", "door"], as_index=False)["units"].mean()
    dates = sorted(sales["date"].unique())[::-10]
    counts = mean.merge(pd.DataFrame({"date": dates}), how="cross")
    return {
        "inventory": pd.DataFrame(
            {
                "date": counts["date"],
                "sku": counts["sku"],
                "door": counts["door"],
                "on_hand": np.ceil(counts["units"] * weeks),
            }
        )
    }


LEAD_WEEKS = 3


def traded(
    folder: Path, *, cover: float, last_week: int = 160
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """The same company with stock that somebody replenishes who ignores promotions.

    Demand is what was sold. Every week each SKU and store orders up to lead time, the
    week of review and `cover` weeks of what it usually sells without a promotion (mean of
    its last eight weeks without one); an order is on the shelf `LEAD_WEEKS` later. What
    stock does not allow is not sold, so that sales, stock and orders are what this
    company's files would hold; demand is kept apart, for the scores only.

    Returns
    -------
    tables : dict of DataFrame
        Tables of the contract.
    lost : DataFrame, one row per SKU, door and week with demand
        sku, door, week, demand, units_lost.
    """
    tables = convert(folder, last_week=last_week)
    sales = tables["sales"]
    skus, doors = tables["skus"]["sku"].tolist(), tables["doors"]["door"].tolist()
    weeks = weeks_from(FIRST_WEEK, last_week - 39)
    shape = (len(skus), len(doors), len(weeks))
    s = pd.Index(skus).get_indexer(sales["sku"])
    d = pd.Index(doors).get_indexer(sales["door"])
    w = ((sales["date"] - pd.Timestamp(FIRST_WEEK)).dt.days // 7).to_numpy()
    demand = np.full(shape, np.nan)
    demand[s, d, w] = sales["units"]
    promoted = np.zeros(shape, dtype=bool)
    items = tables["activation_items"].merge(tables["activations"], on="activation")
    at = ((items["start"] - pd.Timestamp(FIRST_WEEK)).dt.days // 7).to_numpy()
    inside = at < len(weeks)
    where = (
        pd.Index(skus).get_indexer(items["sku"]),
        pd.Index(doors).get_indexer(items["door"]),
    )
    promoted[where[0][inside], where[1][inside], at[inside]] = True
    trade = _Trade(demand, promoted, cover)
    cells = np.nonzero(~np.isnan(demand))
    named = {
        "sku": np.array(skus)[cells[0]],
        "door": np.array(doors)[cells[1]],
        "date": pd.to_datetime(weeks[cells[2]]),
    }
    units, sold = demand[cells], trade.sold[cells]
    price = sales["revenue"].to_numpy() / np.maximum(sales["units"].to_numpy(), 1e-9)
    of_cell = np.zeros(shape)
    of_cell[s, d, w] = price
    share = np.where(units > 0, sold / np.maximum(units, 1e-9), 1.0)
    tables["sales"] = pd.DataFrame(
        {**named, "units": sold, "revenue": sold * of_cell[cells], "in_stock": share}
    )
    tables["inventory"] = pd.DataFrame({**named, "on_hand": trade.on_hand[cells]})
    tables["receipts"] = _orders(trade.ordered, skus, doors, weeks)
    tables["skus"] = tables["skus"].assign(lead_time_weeks=LEAD_WEEKS)
    known_from = tables["activations"]["start"] - pd.Timedelta(56, "D")
    tables["activations"] = tables["activations"].assign(known_from=known_from)
    lost = pd.DataFrame(named).rename(columns={"date": "week"})
    return tables, lost.assign(demand=units, units_lost=units - sold)


class _Trade:
    """Selling and re-ordering week by week; arrays are SKU x door x week."""

    def __init__(self, demand: np.ndarray, promoted: np.ndarray, cover: float) -> None:
        n_weeks = demand.shape[2]
        plain = np.where(promoted, np.nan, demand)
        self.sold, self.on_hand = np.zeros_like(demand), np.zeros_like(demand)
        self.ordered = np.zeros_like(demand)
        arriving = np.zeros((*demand.shape[:2], n_weeks + LEAD_WEEKS + 1))
        usual = _mean_of_last(plain[:, :, :20], 20, np.nan_to_num(demand).mean(axis=2))
        stock = np.ceil(usual * (1 + cover))
        for t in range(n_weeks):
            available = stock + arriving[:, :, t]
            self.sold[:, :, t] = np.minimum(np.nan_to_num(demand[:, :, t]), available)
            stock = available - self.sold[:, :, t]
            self.on_hand[:, :, t] = stock
            # Ordered at the end of week t, on the shelf from the start of t + 1 + lead on.
            lately = np.where(promoted, np.nan, self.sold)[:, :, max(0, t - 25) : t + 1]
            usual = _mean_of_last(lately, 8, usual)
            position = stock + arriving[:, :, t + 1 :].sum(axis=2)
            gap = np.ceil(np.maximum(usual * (LEAD_WEEKS + 1 + cover) - position, 0))
            arriving[:, :, t + 1 + LEAD_WEEKS] += gap
            self.ordered[:, :, t] = gap


def _mean_of_last(values: np.ndarray, count: int, otherwise: np.ndarray) -> np.ndarray:
    """Mean of the last `count` values that are there along the last axis."""
    there = ~np.isnan(values)
    rank = np.cumsum(there[:, :, ::-1], axis=2)[:, :, ::-1]
    chosen = there & (rank <= count)
    n = chosen.sum(axis=2)
    mean = np.where(chosen, values, 0).sum(axis=2) / np.maximum(n, 1)
    return np.where(n >= 3, mean, otherwise)


def _orders(ordered: np.ndarray, skus: list[str], doors: list[str], weeks) -> pd.DataFrame:
    """Orders as receipts; those whose day has passed are received."""
    s, d, t = np.nonzero(ordered)
    due = pd.to_datetime(weeks[t]) + pd.Timedelta(7 * (1 + LEAD_WEEKS), "D")
    is_open = due > pd.Timestamp(weeks[-1])
    return pd.DataFrame(
        {
            "receipt": [f"PO{n:03d}" for n in t],
            "sku": np.array(skus)[s],
            "door": np.array(doors)[d],
            "eta": due,
            "units": ordered[s, d, t],
            "status": np.where(is_open, "confirmed", "received"),
            "ordered": pd.to_datetime(weeks[t]) + pd.Timedelta(6, "D"),
            "original_eta": due,
            "received": due.where(~is_open),
        }
    )
