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
