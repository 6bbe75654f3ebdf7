"""A drawn company whose truth is known, arranged for the demand model."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from forecasting.calendar import weeks_from
from forecasting.demand import cleansing, lift
from forecasting.demand.cleansing import Panel
from forecasting.demand.lift import Exposures
from forecasting.hierarchy import Floats
from forecasting.sample.company import Sample, make_sample
from forecasting.workspace import Workspace


@dataclass(frozen=True)
class Company:
    """What a fit would be given, and what the truth was."""

    sample: Sample
    panel: Panel
    """History and `ahead` weeks."""
    exposures: Exposures
    known: int
    items: pd.DataFrame
    history: pd.DataFrame


def draw(*, skus=120, doors=8, weeks=120, seed=11, ahead=8, keep_in_stock=True) -> Company:
    sample = make_sample(skus=skus, doors=doors, weeks=weeks, seed=seed)
    tables = sample.tables
    sales = tables["sales"].rename(columns={"date": "week"})
    stock = tables["inventory"].rename(columns={"date": "week"})
    stock = stock[["week", "sku", "door", "on_hand"]]
    history = sales.merge(stock, on=["week", "sku", "door"], how="left")
    if not keep_in_stock:
        history["in_stock"] = np.nan
    series = tables["ranging"][["sku", "door"]].sort_values(["sku", "door"], ignore_index=True)
    calendar = weeks_from(sales["week"].min().date(), weeks + ahead)
    prices = tables["prices"].rename(columns={"date": "week"})
    prices["week"] = pd.to_datetime(prices["week"])
    panel = cleansing.build_panel(
        history,
        series,
        prices,
        skus=tables["skus"],
        doors=tables["doors"]["door"].tolist(),
        weeks=calendar,
    )
    acts = tables["activations"].reset_index(names="position")
    styles = tables["activation_items"].drop(columns="sku")
    items = styles.merge(tables["skus"][["sku", "style"]], on="style").merge(
        acts[["activation", "position", "type", "start", "end"]], on="activation"
    )
    items = items.assign(name=items["activation"], activation=items["position"], lift=np.nan)
    items = items.sort_values("position")
    exposures = lift.expose(items, series, kinds=sorted(items["type"].unique()), weeks=calendar)
    return Company(sample, panel, exposures, weeks, items, history)


def panel_of(units, series, *, skus, doors, weeks) -> Panel:
    """Units of whole weeks in stock, (n, T), as the panel of some series; no price is known."""
    known = units.shape[1]
    rows = series.loc[series.index.repeat(known)].assign(
        week=np.tile(weeks[:known], len(series)), units=units.ravel(), in_stock=1.0, on_hand=9.0
    )
    none = pd.DataFrame({"sku": [], "door": [], "week": [], "regular_price": []})
    return cleansing.build_panel(rows, series, none, skus=skus, doors=doors, weeks=weeks)


def imported(tables: dict[str, pd.DataFrame]) -> Workspace:
    """A workspace in memory that holds some tables of the contract."""
    space = Workspace()
    with tempfile.TemporaryDirectory() as folder:
        for name, frame in tables.items():
            frame.to_parquet(Path(folder) / f"{name}.parquet", index=False)
        space.import_files("admin", sorted(Path(folder).glob("*.parquet")))
    return space


def beside_truth(company: Company, rows: pd.DataFrame) -> pd.DataFrame:
    """Forecast rows beside the true baseline, mean and demand of their cells."""
    panel = company.panel
    named = rows.rename(columns={"baseline": "our_baseline"}).assign(
        sku=panel.skus[panel.sku_of[rows["series"]]],
        door=panel.doors[panel.door_of[rows["series"]]],
        week=panel.weeks[company.known :][rows["week"]],
    )
    return company.sample.truth["demand"].merge(named, on=["sku", "door", "week"])


def placed(
    frame: pd.DataFrame,
    column: str,
    *,
    skus: Sequence[str],
    doors: Sequence[str],
    weeks: pd.DatetimeIndex,
    when: str = "week",
) -> Floats:
    """A column of a table laid out as SKU x door x week; 0 where it has no row."""
    found = np.zeros((len(skus), len(doors), len(weeks)))
    at = (
        pd.Index(skus).get_indexer(frame["sku"]),
        pd.Index(doors).get_indexer(frame["door"]),
        weeks.get_indexer(pd.to_datetime(frame[when])),
    )
    inside = np.all([where >= 0 for where in at], axis=0)
    sku, door, week = (where[inside] for where in at)
    found[sku, door, week] = frame[column].to_numpy(dtype=float)[inside]
    return found


def no_items() -> pd.DataFrame:
    """Featured SKUs of a company that plans no activation."""
    names = ["activation", "type", "sku", "door", "start", "end", "discount", "lift"]
    frame = pd.DataFrame({name: pd.Series(dtype=object) for name in names})
    return frame.assign(
        start=pd.to_datetime(frame["start"]), end=pd.to_datetime(frame["end"]),
        discount=frame["discount"].astype(float), lift=frame["lift"].astype(float),
    )  # fmt: skip
