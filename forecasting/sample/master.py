"""What the made-up company states: SKUs, doors, lanes and its calendar of activations."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecasting.calendar import as_date, week_numbers

TRUE_ELASTICITY = -2.4
"""Log demand per log price."""
ELASTICITY_SD = 0.5
"""Spread of SKUs around it."""
# department, class, units per store and week, price, summer-to-winter swing, holiday peak
CLASSES = (
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


def draw_skus(
    rng: np.random.Generator,
    count: int,
    calendar: npt.NDArray[np.datetime64],
    weeks: int,
    *,
    first_style: int,
) -> pd.DataFrame:
    """Styles class by class until there are enough SKUs; some launched or left of late."""
    rows: list[dict[str, Any]] = []
    style_no = first_style
    while len(rows) < count:
        department, klass, rate, price, _, _ = CLASSES[style_no % len(CLASSES)]
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
                        "elasticity": TRUE_ELASTICITY + rng.normal(0, ELASTICITY_SD),
                    }
                )
                if fate < 0.12:  # launched during the history
                    back = int(rng.integers(4, weeks // 2))
                    rows[-1]["launch_date"] = as_date(calendar[weeks - back])
                elif fate < 0.20:  # discontinued, some of them in the coming weeks
                    leaves = weeks + int(rng.integers(-30, 12))
                    rows[-1]["exit_date"] = as_date(calendar[leaves]) + dt.timedelta(6)
    return pd.DataFrame(rows[:count])


def draw_doors(count: int) -> pd.DataFrame:
    """Stores, the online shop and the warehouse: `count` in all."""
    rows = []
    for i in range(count - 2):
        name, region = _STORES[i % len(_STORES)]
        again = f" {i // len(_STORES) + 1}" if i >= len(_STORES) else ""
        rows.append((f"D{i + 1:02d}", name + again, region, "Stores", "store", 1, 1.8))
    rows.append(("WEB", "Online shop", "Online", "Online", "online", 1, 1.2))
    rows.append(("DC1", "Central warehouse", "Supply", "Supply", "dc", 1, 1.0))
    names = ["door", "name", "region", "channel", "kind", "transfer_weeks", "transfer_cost"]
    return pd.DataFrame(rows, columns=names)


def lanes(doors: pd.DataFrame) -> pd.DataFrame:
    """Transfer lanes between stores, and from the warehouse to everybody."""
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


def draw_activations(
    rng: np.random.Generator,
    skus: pd.DataFrame,
    calendar: npt.NDArray[np.datetime64],
    weeks: int,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Activations of the past years and the coming weeks, and the styles they feature."""
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
                "spend": float(rng.integers(4, 40)) * 100,
                "lock_date": start - dt.timedelta(14),
                "known_from": known,
            }
        )
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
            for style in _featured(rng, skus, klass, kind)
        ]
    return pd.DataFrame(activations), pd.DataFrame(items)


def _featured(
    rng: np.random.Generator, skus: pd.DataFrame, klass: str, kind: str
) -> npt.NDArray[np.object_]:
    """Styles that an activation features, which is led by a class."""
    styles: npt.NDArray[np.object_] = skus[skus["class"] == klass]["style"].unique()
    if kind == "event":  # site-wide: the lead class and some of every other one
        others = skus[skus["class"] != klass]["style"].unique()
        some = rng.permutation(others)[: max(len(others) // 4, 1)]
        return np.concatenate([styles, some])
    if kind == "partnership":
        return styles[:2]
    return rng.permutation(styles)[: max(2, len(styles) // 2)]
