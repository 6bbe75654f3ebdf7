"""Hearth & Hem, a made-up apparel and home brand with a known truth.

Demand is drawn from a stated process (season, trend, launches and exits, lifts that vary
by SKU and by event, counts that scatter more than Poisson), and a planner who foresees
only part of each lift orders against it, so that promoted items do sell out. What the
process was is returned beside the files, for tests. The same seed gives the same company.

How its noise compares with real retail data is measured in docs/sample.md.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecasting.calendar import weeks_from
from forecasting.sample.master import (
    LATE as LATE,
)
from forecasting.sample.master import (
    TRUE_ELASTICITY as TRUE_ELASTICITY,
)
from forecasting.sample.master import (
    draw_activations,
    draw_doors,
    draw_skus,
    lanes,
)
from forecasting.sample.world import (
    COVERED as COVERED,
)
from forecasting.sample.world import (
    EVENT_SD as EVENT_SD,
)
from forecasting.sample.world import (
    FORESEEN as FORESEEN,
)
from forecasting.sample.world import (
    TRUE_LIFT as TRUE_LIFT,
)
from forecasting.sample.world import (
    World,
)

AS_OF = dt.date(2026, 11, 15)
"""First day of the last closed week; the plan starts a week later, with Thanksgiving."""

AHEAD = 52
"""Weeks after the last closed one for which the truth is known."""

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A company: its files and the truth behind them."""

    tables: dict[str, pd.DataFrame]
    """Frames with the columns of data/tables.py."""
    truth: dict[str, pd.DataFrame]
    """`demand`: sku, door, week, baseline, mean, demand, foreseen by buyers (units, history and
    future);
    `lifts`: activation, sku, log_lift; `events`: activation, log_event (what made it better or
    worse than usual, in log_lift already); `buyers`: sku, door, opinion (of the need, what is
    ordered), covered (weeks beyond the lead time)."""
    overlooked: str = ""
    """With habits: the class whose promotions nobody orders for."""


PART = 1_000
"""SKUs that are drawn at once: a larger company comes in parts, each imported by itself."""


def parts_of(skus: int) -> list[int]:
    """How many SKUs each part of a company has."""
    return [min(PART, skus - done) for done in range(0, skus, PART)]


def make_sample(
    *,
    skus: int = 240,
    doors: int = 12,
    weeks: int = 130,
    seed: int = 7,
    part: int = 0,
    habits: bool = False,
    foreseen: float = FORESEEN,
    covered: int = COVERED,
) -> Sample:
    """Draw a company, or one part of a large one.

    Parameters
    ----------
    skus, doors, weeks : int
        Size; `doors` counts the online door and the distribution centre.
    seed : int
        The same seed and size give the same company, to the last unit.
    part : int
        Number of the part; its SKUs and activations have names of their own.
    habits : bool
        Its buyers err as they are used to: one class is never told of its promotions,
        events are bought as if they went on for weeks. And what leaves is cleared at a cut
        price. Demand but for the clearances is the same without.
    foreseen : float
        Share of a lift that buyers order for; 0: nobody tells them of promotions.
    covered : int
        Weeks that they cover beyond the lead time.
    """
    rng = np.random.default_rng([seed, part] if part else seed)
    calendar = weeks_from(AS_OF - dt.timedelta(7 * (weeks - 1)), weeks + AHEAD)
    sku_table = draw_skus(rng, skus, calendar, weeks, first_style=part * PART)
    door_table = draw_doors(doors)
    selling = door_table[door_table["kind"] != "dc"]["door"].tolist()
    activations, items = draw_activations(rng, sku_table, calendar, weeks)
    world = World(rng, sku_table, selling, calendar, weeks, activations, items)
    world.foreseen, world.covered = foreseen, covered
    if habits:
        world.clear_what_leaves(np.random.default_rng([seed, part, 1]))
        world.overlook(_most_promoted(sku_table, activations, items, calendar[weeks - 1]))
    history = world.trade(np.random.default_rng([seed, part, 2]))
    tables = {
        "skus": sku_table.drop(columns=["rate", "elasticity"]),
        "doors": door_table,
        "ranging": world.ranging(),
        "lanes": lanes(door_table),
        "prices": world.prices(),
        "activations": activations,
        "activation_items": items,
        **history,
        "budget": world.budget(),
        "kpis": world.kpis(),
    }
    _plant_problems(tables, rng)
    truth = world.truth()
    if part:
        _name_apart(tables, truth, part)
    return Sample(tables=tables, truth=truth, overlooked=world.overlooked)


def _name_apart(
    tables: dict[str, pd.DataFrame], truth: dict[str, pd.DataFrame], part: int
) -> None:
    """Give a part's activations names of their own."""
    named = (truth["lifts"], truth["events"])
    for frame in (tables["activations"], tables["activation_items"], *named):
        frame["activation"] += f"-{part}"


def _most_promoted(
    skus: pd.DataFrame,
    activations: pd.DataFrame,
    items: pd.DataFrame,
    last: np.datetime64,
) -> str:
    """The class with the most activations in the last six quarters."""
    recent = activations[
        (pd.to_datetime(activations["start"]) <= last)
        & (pd.to_datetime(activations["start"]) > last - np.timedelta64(7 * 78, "D"))
    ]
    classes = skus.drop_duplicates("style").set_index("style")["class"]
    featured = items[items["activation"].isin(recent["activation"])]
    pairs = featured.assign(klass=featured["style"].map(classes))[["activation", "klass"]]
    return str(pairs.drop_duplicates()["klass"].value_counts().sort_index().idxmax())


def _plant_problems(tables: dict[str, pd.DataFrame], rng: np.random.Generator) -> None:
    """Give the coming weeks one problem of every kind, so that there is something to decide.

    Short everywhere (Holiday e-mail), short because a receipt slipped (Hollow Press drop),
    short at some doors behind a healthy total (Gift social push), unknown stock (Lamp
    display), far too much stock (Winter sale); the others are left as trade left them.
    """
    skus = tables["skus"].set_index("sku")
    stock, receipts = tables["inventory"], tables["receipts"]
    acts = tables["activations"]
    items = tables["activation_items"].merge(acts[["activation", "name"]], on="activation")
    featured = {
        name: set(skus.index[skus["style"].isin(styles)])
        for name, styles in items.groupby("name")["style"]
    }
    now = (stock["date"] == stock["date"].max()).to_numpy()
    is_open = (receipts["status"] == "confirmed").to_numpy()

    def scale(rows: Bools, factor: float) -> None:
        on_hand = stock["on_hand"].to_numpy(dtype=float)
        stock["on_hand"] = np.where(rows, np.floor(on_hand * factor), on_hand)

    def of(name: str, frame: pd.DataFrame) -> Bools:
        return frame["sku"].isin(featured.get(name, set())).to_numpy()

    scale(now & of("Holiday e-mail", stock), 0.55)
    slipped = is_open & of("Hollow Press drop", receipts)
    receipts["eta"] = receipts["eta"] + pd.to_timedelta(np.where(slipped, 21, 0), "D")
    scale(now & of("Hollow Press drop", stock), 0.6)
    social = now & of("Gift social push", stock)
    doors = sorted(stock["door"].unique())
    poor = stock["door"].isin(doors[::3]).to_numpy()
    scale(social & poor, 0.15)
    scale(social & ~poor, 1.6)
    scale(now & of("Winter sale", stock), 5.0)
    scale(now & of("White week social push", stock), 1.8)
    blind = sorted(featured.get("Lamp display", set()))[::2]
    lately = (stock["date"] > stock["date"].max() - pd.Timedelta(35, "D")).to_numpy()
    uncounted = lately & stock["sku"].isin(blind).to_numpy()
    tables["inventory"] = stock[~uncounted].reset_index(drop=True)
    # The warehouse keeps a reserve of some SKUs.
    reserve = rng.permutation(skus.index.to_numpy())[: len(skus) // 3]
    tables["inventory"] = pd.concat(
        [
            tables["inventory"],
            pd.DataFrame(
                {
                    "date": stock["date"].max(),
                    "sku": reserve,
                    "door": "DC1",
                    "on_hand": rng.integers(10, 60, len(reserve)),
                    "in_transit": 0,
                }
            ),
        ],
        ignore_index=True,
    )
