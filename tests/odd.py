"""A company of which nothing looks odd, and what is found in one that was made from it."""

import datetime as dt
from functools import cache
from itertools import count

import pandas as pd

from data.store import Store
from data.tables import TABLES
from data.tables import Kind as ColumnKind
from forecasting.intake import oddities
from forecasting.intake.oddities import Oddity

LAST = dt.date(2026, 11, 15)
"""The last week with sales of every company here."""


def week(back: int) -> dt.date:
    return LAST - dt.timedelta(7 * back)


def company(**other: list[dict]) -> dict[str, pd.DataFrame]:
    """Two SKUs at two doors, 70 weeks of 20 a week, with nothing odd about them; tables given
    take the place of these.
    """
    cells = [(sku, door) for sku in ("CUP", "TRAY") for door in ("HIGH ST", "MILL")]
    made = {
        "doors": [{"door": d, "kind": "store"} for d in ("HIGH ST", "MILL")],
        "skus": [sku("CUP"), sku("TRAY", **{"class": "Trays"})],
        "ranging": [{"sku": s, "door": d} for s, d in cells],
        "sales": [sold(back, s, d) for back in range(70) for s, d in cells],
        "prices": [{"date": week(69), "sku": s, "regular_price": 12.0} for s in ("CUP", "TRAY")],
        "inventory": [
            {"date": week(back) + dt.timedelta(6), "sku": s, "door": d, "on_hand": 80.0}
            for back in (0, 1, 9) for s, d in cells
        ],
        "receipts": [order("PO1", eta=week(-2))],
        "activations": [activation("PAST", 20), activation("NEXT", -3)],
        "activation_items": [item("PAST"), item("NEXT")],
        "budget": [{"date": week(-1), "class": c, "units": 40.0} for c in ("Cups", "Trays")],
    } | other  # fmt: skip
    return {name: pd.DataFrame(rows) for name, rows in made.items() if rows}


def sku(name: str, **more) -> dict:
    usual = {"class": "Cups", "unit_cost": 5.0, "unit_price": 12.0, "lead_time_weeks": 4,
             "service_level": 0.95}  # fmt: skip
    return {"sku": name, **usual, **more}


def sold(back: int, name: str, door: str, units: float = 20.0) -> dict:
    return {"date": week(back), "sku": name, "door": door, "units": units}


def order(name: str, **more) -> dict:
    usual = {"sku": "CUP", "door": "MILL", "units": 60.0, "status": "confirmed",
             "supplier": "Northmill", "ordered": week(4)}  # fmt: skip
    return {"receipt": name, **usual, **more}


def activation(name: str, back: int, **more) -> dict:
    usual = {"name": name.title(), "type": "email", "start": week(back),
             "end": week(back) + dt.timedelta(6), "known_from": week(back + 12)}  # fmt: skip
    return {"activation": name, **usual, **more}


def item(name: str, **more) -> dict:
    return {"activation": name, "sku": "CUP", "discount": 0.1, **more}


@cache
def _store() -> Store:
    """One database for every company of this process: what is tried is the rows in it."""
    return Store()


_BATCHES = count(1)


def found(tables: dict[str, pd.DataFrame]) -> list[Oddity]:
    """What is odd in these rows: put in place, since how files are read is not tried here.

    Each company is a batch of its own, and the one before is taken out, its import too.
    """
    store, batch = _store(), next(_BATCHES)
    with store.transaction() as cursor:
        cursor.execute("delete from event")
        cursor.execute(
            "insert into event by name select $batch as seq, now()::timestamp as recorded_at, "
            "'admin' as person, 'admin' as function, 'import' as kind, '' as cycle, "
            "'' as operation, '{}' as body, '' as reason, '' as note, 0 as base, 'x' as client_id",
            {"batch": batch},
        )
        for name in TABLES:
            cursor.execute(f"delete from {name}")
        for name, frame in tables.items():
            dates = {
                c.name: pd.to_datetime(frame[c.name])
                for c in TABLES[name].columns if c.kind is ColumnKind.DATE and c.name in frame
            }  # fmt: skip
            cursor.register("given", frame.assign(**dates))
            insert = f"insert into {name} by name select *, $batch as batch from given"
            cursor.execute(insert, {"batch": batch})
            cursor.unregister("given")
    return oddities.found(store)


def changed(name: str, *rows: dict, **tables: list[dict]) -> dict[str, pd.DataFrame]:
    """The company with more rows in one table."""
    usual = company(**tables)
    more = pd.concat([usual.get(name, pd.DataFrame()), pd.DataFrame(list(rows))])
    return usual | {name: more}


def without(name: str, column: str = "") -> dict[str, pd.DataFrame]:
    tables = company()
    if column:
        return tables | {name: tables[name].drop(columns=column)}
    return {n: f for n, f in tables.items() if n != name}


def sales_with(change) -> list[dict]:
    """Sales of which `change(back, door)` says how many times the usual they are."""
    return [
        sold(back, s, d, 20.0 * change(back, d))
        for back in range(70) for s in ("CUP", "TRAY") for d in ("HIGH ST", "MILL")
    ]  # fmt: skip
