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
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecasting.calendar import as_date, exposure_share, week_numbers, weeks_from

AS_OF = dt.date(2026, 11, 15)
"""First day of the last closed week; the plan starts a week later, with Thanksgiving."""
AHEAD = 52
"""Weeks after the last closed one for which the truth is known."""

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

# department, class, units per store and week, price, summer-to-winter swing, holiday peak
_CLASSES = (
    ("Apparel", "Coats", 1.3, 129.0, 0.55, 0.25),
    ("Apparel", "Knitwear", 3.0, 69.0, 0.40, 0.45),
    ("Apparel", "Shirts", 4.2, 49.0, -0.12, 0.20),
    ("Apparel", "Trousers", 3.4, 59.0, 0.05, 0.10),
    ("Apparel", "Scarves", 2.2, 35.0, 0.60, 0.65),
    ("Home", "Bedding", 2.6, 89.0, 0.10, 0.20),
    ("Home", "Lighting", 1.1, 75.0, 0.15, 0.25),
    ("Home", "Kitchen", 3.8, 32.0, 0.02, 0.50),
    ("Home", "Candles", 6.5, 18.0, 0.25, 0.80),
)
_ONE_OF = {
    "Coats": "Coat", "Knitwear": "Jumper", "Shirts": "Shirt", "Trousers": "Trousers",
    "Scarves": "Scarf", "Bedding": "Duvet set", "Lighting": "Lamp", "Kitchen": "Pan",
    "Candles": "Candle",
}  # fmt: skip
_COLOURS = ("navy", "grey", "ivory", "rust", "sage", "black")
_SIZES = {"Apparel": ("S", "M", "L"), "Home": ("one size",)}
_STORES = (
    ("Northgate", "North"), ("Harbour Street", "Coast"), ("Old Mill", "South"),
    ("Kirkwell", "North"), ("Pier Six", "Coast"), ("Vineyard Row", "South"),
    ("Elmfield", "North"), ("Saltmarsh", "Coast"), ("Olive Court", "South"),
    ("Larkhill", "North"), ("Beacon Quay", "Coast"), ("Terrace Park", "South"),
)  # fmt: skip
LATE = {"Northmill": 0.06, "Sunloom": 0.15, "Tallis & Co": 0.28, "Quillworks": 0.10}
"""Supplier to the probability, twice drawn, of a week's delay."""

TRUE_LIFT = {
    "email": 0.16,
    "social": 0.24,
    "feature": 0.42,
    "display": 0.28,
    "event": 0.48,
    "partnership": 0.75,
    "price": 0.05,
}
"""Mean log lift of each type of activation, before its discount."""
TRUE_ELASTICITY = -2.4
"""Log demand per log price."""
_SKU_SD, EVENT_SD, _ELASTICITY_SD = 0.16, 0.14, 0.5
FORESEEN = 0.45
"""Share of a lift that the planner of this company orders for."""
_EVENT_HOPE, _HOPE_WEEKS = 0.9, 6
"""With habits: the least log lift that an event is bought for, and for how many weeks."""
COVERED, _LEAN = 5, 2
"""Weeks covered beyond the lead time, and with habits those of the class nobody tells."""
_CLEARING_WEEKS, _CLEARING_CUT = 6, 0.30
"""With habits: for how long and by how much the price of a SKU is cut before it leaves."""


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
    sku_table = _draw_skus(rng, skus, calendar, weeks, first_style=part * PART)
    door_table = _draw_doors(doors)
    selling = door_table[door_table["kind"] != "dc"]["door"].tolist()
    activations, items = _draw_activations(rng, sku_table, calendar, weeks)
    world = _World(rng, sku_table, selling, calendar, weeks, activations, items)
    world.foreseen, world.covered = foreseen, covered
    if habits:
        world.clear_what_leaves(np.random.default_rng([seed, part, 1]))
        world.overlook(_most_promoted(sku_table, activations, items, calendar[weeks - 1]))
    history = world.trade(np.random.default_rng([seed, part, 2]))
    tables = {
        "skus": sku_table.drop(columns=["rate", "elasticity"]),
        "doors": door_table,
        "ranging": world.ranging(),
        "lanes": _lanes(door_table),
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
        named = (truth["lifts"], truth["events"])
        for frame in (tables["activations"], tables["activation_items"], *named):
            frame["activation"] += f"-{part}"
    return Sample(tables=tables, truth=truth, overlooked=world.overlooked)


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


def _draw_skus(
    rng: np.random.Generator,
    count: int,
    calendar: npt.NDArray[np.datetime64],
    weeks: int,
    *,
    first_style: int,
) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    style_no = first_style
    while len(rows) < count:
        department, klass, rate, price, _, _ = _CLASSES[style_no % len(_CLASSES)]
        style_no += 1
        style = f"{klass[:2].upper()}{style_no:03d}"
        pace = rate * rng.lognormal(0, 0.55)
        style_price = round(price * rng.lognormal(0, 0.22)) - 0.05
        supplier = list(LATE)[int(rng.integers(len(LATE)))]
        lead = int(rng.integers(3, 8)) if department == "Apparel" else int(rng.integers(2, 6))
        fate = rng.random()
        for colour in rng.permutation(_COLOURS)[: int(rng.integers(2, 4))]:
            for size in _SIZES[department]:
                share = {"S": 0.75, "M": 1.35, "L": 0.9}.get(size, 1.0)
                ending = "" if size == "one size" else f"-{size}"
                rows.append(
                    {
                        "sku": f"{style}-{colour[:3].upper()}{ending}",
                        "description": f"{_ONE_OF[klass]} {style_no}, {colour}"
                        + ("" if size == "one size" else f", {size}"),
                        "style": style,
                        "class": klass,
                        "department": department,
                        "colour": colour,
                        "size": size,
                        "unit_cost": round(style_price * 0.42, 2),
                        "unit_price": style_price,
                        "case_pack": 2 if price > 60 else 4,
                        "moq": 24,
                        "lead_time_weeks": lead,
                        "service_level": 0.95,
                        "holding_cost": round(style_price * 0.42 * 0.004, 3),
                        "expedite_weeks": max(lead // 2, 1),
                        "expedite_cost": round(1.5 + style_price * 0.03, 2),
                        "presentation_min": 1,
                        "launch_date": None,
                        "exit_date": None,
                        "like_sku": None,
                        "supplier": supplier,
                        "rate": pace * share * rng.lognormal(0, 0.3),
                        "elasticity": TRUE_ELASTICITY + rng.normal(0, _ELASTICITY_SD),
                    }
                )
                if fate < 0.12:  # launched during the history
                    back = int(rng.integers(4, weeks // 2))
                    rows[-1]["launch_date"] = as_date(calendar[weeks - back])
                elif fate < 0.20:  # discontinued, some of them in the coming weeks
                    leaves = weeks + int(rng.integers(-30, 12))
                    rows[-1]["exit_date"] = as_date(calendar[leaves]) + dt.timedelta(6)
    return pd.DataFrame(rows[:count])


def _draw_doors(count: int) -> pd.DataFrame:
    rows = []
    for i in range(count - 2):
        name, region = _STORES[i % len(_STORES)]
        again = f" {i // len(_STORES) + 1}" if i >= len(_STORES) else ""
        rows.append((f"D{i + 1:02d}", name + again, region, "Stores", "store", 1, 1.8))
    rows.append(("WEB", "Online shop", "Online", "Online", "online", 1, 1.2))
    rows.append(("DC1", "Central warehouse", "Supply", "Supply", "dc", 1, 1.0))
    names = ["door", "name", "region", "channel", "kind", "transfer_weeks", "transfer_cost"]
    return pd.DataFrame(rows, columns=names)


def _lanes(doors: pd.DataFrame) -> pd.DataFrame:
    stores = doors[doors["kind"] == "store"].to_dict("records")
    pairs = [
        (a["door"], b["door"], *((1, 1.5) if a["region"] == b["region"] else (2, 2.5)), 3)
        for a in stores
        for b in stores
        if a is not b
    ]
    # The warehouse ships to everybody, any number of units.
    pairs += [
        ("DC1", door, 1, 1.0, 1)
        for door, kind in doors[["door", "kind"]].itertuples(index=False)
        if kind != "dc"
    ]
    return pd.DataFrame(pairs, columns=["from_door", "to_door", "weeks", "cost", "min_units"])


# Fiscal week (or week of the plan), length, type, discount, name (and lead class).
_YEARLY = (
    (3, 2, "email", 0.0, "Spring preview e-mail"),
    (7, 1, "social", 0.0, "Festival social push"),
    (10, 1, "price", 0.20, "Easter price cut"),
    (13, 2, "feature", 0.0, "Bedroom feature"),
    (15, 1, "event", 0.15, "Mid-season site-wide"),
    (18, 2, "price", 0.25, "Shirt weeks"),
    (21, 1, "partnership", 0.0, "Studio Ember drop"),
    (24, 2, "event", 0.25, "Summer site-wide"),
    (28, 1, "email", 0.10, "Last of summer e-mail"),
    (30, 2, "display", 0.0, "Back to desk display"),
    (33, 1, "social", 0.0, "Autumn social push"),
    (35, 2, "feature", 0.10, "Knit feature"),
    (38, 1, "price", 0.20, "Cosy price cut"),
    (40, 1, "partnership", 0.0, "Hollow Press drop"),
    (43, 1, "event", 0.30, "Thanksgiving site-wide"),
    (45, 2, "email", 0.15, "Holiday e-mail"),
    (46, 1, "social", 0.0, "Gift social push"),
    (49, 2, "price", 0.35, "Winter sale"),
)  # fmt: skip
_COMING = (
    (0, 1, "event", 0.30, "Thanksgiving site-wide", "Candles"),
    (1, 1, "price", 0.20, "Kitchen price week", "Kitchen"),
    (1, 2, "display", 0.0, "Lamp display", "Lighting"),
    (2, 3, "email", 0.15, "Holiday e-mail", "Scarves"),
    (2, 1, "partnership", 0.0, "Hollow Press drop", "Bedding"),
    (3, 1, "social", 0.0, "Gift social push", "Candles"),
    (3, 2, "feature", 0.10, "Knit feature", "Knitwear"),
    (4, 1, "price", 0.25, "Shirt clearance", "Shirts"),
    (5, 1, "email", 0.0, "New year preview e-mail", "Trousers"),
    (5, 2, "price", 0.35, "Winter sale", "Coats"),
    (6, 1, "social", 0.10, "White week social push", "Bedding"),
    (7, 1, "feature", 0.0, "Desk feature", "Lighting"),
)  # fmt: skip
_OWNERS = ("Mara Quill (fictional)", "Theo Brandt (fictional)")


def _draw_activations(
    rng: np.random.Generator,
    skus: pd.DataFrame,
    calendar: npt.NDArray[np.datetime64],
    weeks: int,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    plan: list[tuple[int, int, str, float, str, str]] = []
    numbers = week_numbers(calendar)
    classes = list(skus["class"].unique())
    for t in range(weeks):
        for week, length, kind, discount, name in _YEARLY:
            if numbers[t] == week and t + length <= weeks:
                klass = classes[int(rng.integers(len(classes)))]
                plan.append((t, length, kind, discount, name, klass))
    for t, length, kind, discount, name, klass in _COMING:
        lead = klass if klass in classes else classes[t % len(classes)]
        plan.append((weeks + t, length, kind, discount, name, lead))
    activations, items = [], []
    for number, (t, length, kind, discount, name, klass) in enumerate(plan, 1):
        start = as_date(calendar[t]) + dt.timedelta(4 if kind == "event" else 0)
        end = as_date(calendar[t + length - 1]) + dt.timedelta(6)
        identity = f"A{number:03d}"
        known = start - dt.timedelta(int(rng.integers(40, 110)))
        done = t + length <= weeks
        activations.append(
            {
                "activation": identity,
                "name": f"{name} {start:%b %Y}" if done else name,
                "type": kind,
                "start": start,
                "end": end,
                "status": "done" if done else ("confirmed" if t < weeks + 4 else "planned"),
                "owner": _OWNERS[number % 2],
                "channel": {"email": "e-mail", "social": "social"}.get(kind, "all"),
                "spend": float(rng.integers(4, 40)) * 1000,
                "lock_date": start - dt.timedelta(14),
                "known_from": known,
            }
        )
        styles = skus[skus["class"] == klass]["style"].unique()
        if kind == "event":  # site-wide: the lead class and some of every other one
            others = skus[skus["class"] != klass]["style"].unique()
            some = rng.permutation(others)[: max(len(others) // 4, 1)]
            styles = np.concatenate([styles, some])
        elif kind == "partnership":
            styles = styles[:2]
        else:
            styles = rng.permutation(styles)[: max(2, len(styles) // 2)]
        items += [
            {
                "activation": identity,
                "sku": None,
                "style": style,
                "door": None,
                "discount": discount,
                "lift": None,
                "known_from": known,
            }
            for style in styles
        ]
    return pd.DataFrame(activations), pd.DataFrame(items)


class _World:
    """The drawn demand and the trade against it; arrays are SKU x door x week."""

    def __init__(
        self,
        rng: np.random.Generator,
        skus: pd.DataFrame,
        doors: list[str],
        calendar: npt.NDArray[np.datetime64],
        weeks: int,
        activations: pd.DataFrame,
        items: pd.DataFrame,
    ) -> None:
        self.rng, self.skus, self.doors = rng, skus, doors
        self.calendar, self.weeks = calendar, weeks
        n_skus, n_doors, n_weeks = len(skus), len(doors), len(calendar)
        size = rng.lognormal(0, 0.35, n_doors)
        size[-1] = 2.6  # online
        taste = rng.lognormal(0, 0.25, (n_skus, n_doors))
        self.ranged = rng.random((n_skus, n_doors)) < 0.88
        self.ranged[:, -1] = True
        level = skus["rate"].to_numpy()[:, None] * size * taste * self.ranged
        shape = self._season() * self._life()
        self.baseline: Floats = level[:, :, None] * shape[:, None, :]
        self.cleared = np.zeros((n_skus, n_weeks))
        """Share by which the regular price is cut for good."""
        self.overlooked = ""
        self.hopeful = False
        self.foreseen, self.covered = FORESEEN, COVERED
        self.event_lift = np.zeros((n_skus, n_weeks))
        self.events: list[tuple[str, float]] = []
        self.opinion: Floats = np.ones((n_skus, n_doors))
        self.log_lift, self.cuts, self.lift_rows = self._lifts(activations, items)
        mean = self.baseline * np.exp(self.log_lift)[:, None, :]
        # After a promotion a tenth of its extra units is missing for two weeks.
        extra = np.maximum(mean - self.baseline, 0)
        mean[:, :, 1:] -= 0.06 * extra[:, :, :-1]
        mean[:, :, 2:] -= 0.04 * extra[:, :, :-2]
        self.mean: Floats = np.maximum(mean, 0.0)
        shock = rng.lognormal(-0.5 * 0.10**2, 0.10, (n_skus, 1, n_weeks))
        spread = 6.0  # gamma shape: variance = mean + mean^2 / 6
        self.demand: Ints = rng.poisson(
            self.mean * shock * rng.gamma(spread, 1 / spread, (n_skus, n_doors, n_weeks))
        )

    def _season(self) -> Floats:
        numbers = week_numbers(self.calendar)
        swing = {name: s for _, name, _, _, s, _ in _CLASSES}
        peak = {name: p for _, name, _, _, _, p in _CLASSES}
        winter = np.cos(2 * np.pi * (numbers - 46) / 52.18)
        holiday = np.exp(-0.5 * ((numbers - 46) / 1.8) ** 2)
        classes = self.skus["class"]
        years = np.arange(len(self.calendar)) / 52.18
        drift = self.rng.normal(0.03, 0.06, len(self.skus))
        trend: Floats = drift[:, None] * (years - years[self.weeks])
        season = (
            classes.map(swing).to_numpy()[:, None] * winter
            + classes.map(peak).to_numpy()[:, None] * holiday
        )
        shape: Floats = np.exp(season + trend)
        return shape

    def _life(self) -> Floats:
        launch = pd.to_datetime(self.skus["launch_date"]).to_numpy().astype("datetime64[D]")
        leave = pd.to_datetime(self.skus["exit_date"]).to_numpy().astype("datetime64[D]")
        age = (self.calendar - launch[:, None]).astype("timedelta64[D]").astype(float) / 7
        age = np.where(np.isnat(launch)[:, None], np.inf, age)
        alive = np.where(age < 0, 0.0, 1 - 0.6 * np.exp(-np.maximum(age, 0) / 3))
        left = ~np.isnat(leave)[:, None] & (self.calendar > leave[:, None])
        life: Floats = np.where(left, 0.0, alive)
        return life

    def _lifts(
        self, activations: pd.DataFrame, items: pd.DataFrame
    ) -> tuple[Floats, Floats, list[tuple[str, str, float]]]:
        """Log lift and price cut per SKU and week; and the log lift of every item."""
        by_style = self.skus.groupby("style").indices
        own = self.rng.normal(0, _SKU_SD, len(self.skus))
        elasticity = self.skus["elasticity"].to_numpy()
        log_lift = np.zeros((len(self.skus), len(self.calendar)))
        cuts = np.zeros_like(log_lift)
        rows: list[tuple[str, str, float]] = []
        styles = items.groupby("activation")[["style", "discount"]]
        for act in activations.to_dict("records"):
            exposure = exposure_share(act["start"], act["end"], self.calendar)
            event = self.rng.normal(0, EVENT_SD)
            self.events.append((act["activation"], event))
            for style, discount in styles.get_group(act["activation"]).to_numpy():
                where = by_style[style]
                # A cell has one price: the first activation with a discount states it.
                cut = np.where(cuts[where] > 0, 0.0, discount * (exposure > 0))
                price = elasticity[where, None] * np.log(1 - cut)
                effect = TRUE_LIFT[act["type"]] + own[where, None] + event + price
                log_lift[where] += effect * exposure
                if act["type"] == "event":
                    self.event_lift[where] += effect * exposure
                cuts[where] += cut
                rows += [
                    (act["activation"], self.skus["sku"].iloc[i], float(e[exposure > 0].mean()))
                    for i, e in zip(where, effect, strict=True)
                ]
        return log_lift, cuts, rows

    def clear_what_leaves(self, rng: np.random.Generator) -> None:
        """Cut the price of SKUs in their last weeks; more is wanted then."""
        leave = pd.to_datetime(self.skus["exit_date"]).to_numpy().astype("datetime64[D]")
        weeks_left = (leave[:, None] - self.calendar).astype("timedelta64[D]").astype(float) / 7
        clearing = (weeks_left >= 0) & (weeks_left < _CLEARING_WEEKS)
        self.cleared = np.where(clearing, _CLEARING_CUT, 0.0)
        more = (1 - self.cleared) ** self.skus["elasticity"].to_numpy()[:, None] - 1
        extra = self.mean * more[:, None, :]
        self.baseline = self.baseline * (1 + more[:, None, :])
        self.mean = self.mean + extra
        self.demand = self.demand + rng.poisson(extra)

    def overlook(self, klass: str) -> None:
        """Let the buyers of one class not hear of promotions, and all others love events."""
        self.overlooked, self.hopeful = klass, True

    def _foreseen(self) -> Floats:
        """What the buyers order for."""
        believed = self.foreseen * self.log_lift
        if self.hopeful:
            # An event is expected to be larger than it will be, and to go on.
            hope = np.where(self.event_lift > 0, np.maximum(self.event_lift, _EVENT_HOPE), 0.0)
            lasting = np.maximum.reduce(
                [np.pad(hope, ((0, 0), (k, 0)))[:, : hope.shape[1]] for k in range(_HOPE_WEEKS)]
            )
            believed = np.maximum(believed, lasting)
        if self.overlooked:
            mine = (self.skus["class"] == self.overlooked).to_numpy()
            # Nobody tells them; what sells out is not even ordered again for the week after.
            believed = np.where(mine[:, None], -0.6 * self.log_lift, believed)
        foreseen: Floats = self.baseline * np.exp(believed)[:, None, :]
        return foreseen

    def _safety(self) -> Ints:
        """Weeks that are covered beyond the lead time: review and safety."""
        weeks: Ints = np.where(self.skus["class"] == self.overlooked, _LEAN, self.covered)
        return weeks

    def trade(self, clock: np.random.Generator) -> dict[str, pd.DataFrame]:
        """Sell, count and re-order week by week; return what the company's files hold.

        Parameters
        ----------
        clock : Generator
            Says at which moment of a week the last unit went.
        """
        rng, weeks = self.rng, self.weeks
        shape = self.demand.shape[:2]
        lead = self.skus["lead_time_weeks"].to_numpy()
        pack = self.skus["case_pack"].to_numpy()[:, None]
        late = self.skus["supplier"].map(LATE).to_numpy()
        foreseen = self._foreseen()
        on_hand = np.ceil(foreseen[:, :, :6].sum(axis=2)).astype(np.int64)
        arriving = np.zeros((*shape, len(self.calendar)), dtype=np.int64)
        opinion = self.opinion = rng.lognormal(0, 0.12, shape)
        sold = np.zeros((*shape, weeks), dtype=np.int64)
        on_shelf = np.ones((*shape, weeks))
        stock = np.zeros((*shape, weeks), dtype=np.int64)
        orders: list[pd.DataFrame] = []
        for t in range(weeks):
            available = on_hand + arriving[:, :, t]
            demand = self.demand[:, :, t]
            sold[:, :, t] = np.minimum(demand, available)
            # Customers come at any moment: the shelf is empty once the last unit is sold.
            unmet = np.maximum(demand - available, 0)
            emptied = clock.beta(np.maximum(available, 1), unmet + 1)
            on_shelf[:, :, t] = np.where(unmet > 0, emptied, 1.0) * (available > 0)
            on_hand = available - sold[:, :, t]
            stock[:, :, t] = on_hand
            reviewed = (np.arange(shape[0]) + t) % 2 == 0
            # The planner covers lead time, review period and some weeks of safety.
            span = np.arange(len(self.calendar))
            window = (span > t) & (span[None, :] <= t + (lead + self._safety())[:, None])
            need = (foreseen * window[:, None, :]).sum(axis=2) * opinion
            position = on_hand + arriving[:, :, t + 1 :].sum(axis=2)
            gap = np.maximum(need - position, 0) * reviewed[:, None] * self.ranged
            units = (np.ceil(gap / pack) * pack).astype(np.int64)
            slip = rng.binomial(2, late)
            orders.append(self._order(t, units, lead, slip, arriving))
        return {
            "sales": self._sales(sold, on_shelf),
            "inventory": self._inventory(stock),
            "receipts": pd.concat(orders, ignore_index=True),
        }

    def _order(
        self, t: int, units: Ints, lead: Ints, slip: Ints, arriving: Ints
    ) -> pd.DataFrame:
        """Place orders, late ones included, and write them as the files would hold them."""
        where = np.nonzero(units)
        last = len(self.calendar) - 1
        due = np.minimum(t + 1 + lead[where[0]], last)
        comes = np.minimum(due + slip[where[0]], last)
        arriving[where[0], where[1], comes] += units[where]
        is_open = comes >= self.weeks
        # A delay is announced three weeks ahead; before that the original date stands.
        eta = np.where(due < self.weeks + 3, comes, due)
        gain = self.skus["expedite_weeks"].to_numpy()[where[0]]
        gained = np.maximum(eta - gain, np.where(is_open, self.weeks + 1, t + 2))
        never = np.datetime64("NaT", "D")
        frame = pd.DataFrame(
            {
                "receipt": f"PO{t:03d}",
                "sku": self.skus["sku"].to_numpy()[where[0]],
                "door": np.array(self.doors, dtype=object)[where[1]],
                "eta": self.calendar[eta],
                "units": units[where],
                "status": np.where(is_open, "confirmed", "received"),
                "supplier": self.skus["supplier"].to_numpy()[where[0]],
                "ordered": self.calendar[t],
                "original_eta": self.calendar[due],
                "received": np.where(is_open, never, self.calendar[comes]),
                "expedite_eta": np.where(
                    gained < eta, self.calendar[np.minimum(gained, last)], never
                ),
            }
        )
        # Of received orders the last year is on record.
        return frame if t >= self.weeks - 52 else frame[is_open]

    def _alive(self) -> npt.NDArray[np.bool_]:
        return (self.baseline[:, :, : self.weeks] > 0) & self.ranged[:, :, None]

    def _cells(self, where: tuple[npt.NDArray[np.intp], ...]) -> dict[str, Any]:
        return {
            "date": self.calendar[where[2]],
            "sku": self.skus["sku"].to_numpy()[where[0]],
            "door": np.array(self.doors, dtype=object)[where[1]],
        }

    def _sales(self, sold: Ints, on_shelf: Floats) -> pd.DataFrame:
        where = np.nonzero(self._alive())
        price = self.skus["unit_price"].to_numpy()[where[0]]
        units = sold[where]
        cut = self.cuts[where[0], where[2]]
        cleared = self.cleared[where[0], where[2]]
        return pd.DataFrame(
            {
                **self._cells(where),
                "units": units,
                "revenue": np.round(units * price * (1 - cleared) * (1 - cut), 2),
                "markdown": np.round(units * price * cleared, 2),
                "in_stock": np.round(on_shelf[where], 3),
            }
        )

    def prices(self) -> pd.DataFrame:
        """Regular prices: from the first week on, and from each clearance on."""
        price = self.skus[["sku", "unit_price"]].rename(columns={"unit_price": "regular_price"})
        first = price.assign(date=as_date(self.calendar[0]), door=None)
        known = self.cleared[:, : self.weeks]
        sku = np.flatnonzero(known.any(axis=1))
        cut = price.iloc[sku].assign(
            regular_price=(price["regular_price"].to_numpy()[sku] * (1 - _CLEARING_CUT)).round(
                2
            ),
            date=self.calendar[known[sku].argmax(axis=1)],
            door=None,
        )
        return pd.concat([first, cut], ignore_index=True) if len(cut) else first

    def _inventory(self, stock: Ints) -> pd.DataFrame:
        where = np.nonzero(self._alive())
        return pd.DataFrame({**self._cells(where), "on_hand": stock[where], "in_transit": 0})

    def ranging(self) -> pd.DataFrame:
        """Where each SKU is sold, from its launch to its exit."""
        where = np.nonzero(self.ranged)
        return pd.DataFrame(
            {
                "sku": self.skus["sku"].to_numpy()[where[0]],
                "door": np.array(self.doors, dtype=object)[where[1]],
                "from": self.skus["launch_date"].to_numpy()[where[0]],
                "to": self.skus["exit_date"].to_numpy()[where[0]],
            }
        )

    def budget(self) -> pd.DataFrame:
        """Class budgets by week: made early, three per cent above an older truth."""
        rows = []
        price = self.skus["unit_price"].to_numpy()
        units = self.baseline.sum(axis=1) * np.exp(0.6 * self.log_lift)
        for klass, where in self.skus.groupby("class").indices.items():
            target = units[where].sum(axis=0) * 1.03
            value = (units[where] * price[where, None]).sum(axis=0) * 1.03
            rows += [
                {"date": as_date(w), "class": klass, "sku": None,
                 "units": round(float(u)), "value": round(float(v))}
                for w, u, v in zip(self.calendar, target, value, strict=True)
            ]  # fmt: skip
        return pd.DataFrame(rows)

    def kpis(self) -> pd.DataFrame:
        """Weekly traffic and conversion online, moved by what was active."""
        weeks = self.calendar[: self.weeks]
        push = self.log_lift[:, : self.weeks].mean(axis=0)
        units = self.demand[:, -1, : self.weeks].sum(axis=0)
        traffic = 40_000 * np.exp(push) * self.rng.lognormal(0, 0.04, self.weeks)
        values = {"traffic": np.round(traffic), "conversion": np.round(units / traffic, 4)}
        frames = [
            pd.DataFrame({"date": weeks, "metric": m, "channel": "online", "value": v})
            for m, v in values.items()
        ]
        return pd.concat(frames, ignore_index=True)

    def truth(self) -> dict[str, pd.DataFrame]:
        """Demand as drawn, cell by cell, and the lift of every featured SKU."""
        where = np.nonzero(self.baseline > 0)
        cells = self._cells(where)
        demand = pd.DataFrame(
            {
                "week": cells["date"],
                "sku": cells["sku"],
                "door": cells["door"],
                "baseline": self.baseline[where],
                "mean": self.mean[where],
                "demand": self.demand[where],
                "foreseen": self._foreseen()[where],
            }
        )
        s, d = np.nonzero(self.ranged)
        return {
            "demand": demand,
            "lifts": pd.DataFrame(self.lift_rows, columns=["activation", "sku", "log_lift"]),
            "events": pd.DataFrame(self.events, columns=["activation", "log_event"]),
            "buyers": pd.DataFrame(
                {
                    "sku": self.skus["sku"].to_numpy()[s],
                    "door": np.array(self.doors, dtype=object)[d],
                    "opinion": self.opinion[s, d],
                    "covered": self._safety()[s],
                }
            ),
        }


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
